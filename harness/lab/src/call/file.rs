//! Files, directories and descriptors, and the text files of /proc.
//!
//! Mounts live in `mount`; ownership as such lives in `identity`.

use super::argument::{Argument, ArgumentKind, Descriptor, Pathname, Text, constants, flag_names, flags};
use super::calls;
use super::reading::{Cursor, SyntaxError};
use crate::outcome::{Errno, Value, check};
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;

bitflags::bitflags! {
    /// The flags of open(2).
    #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
    pub struct OpenFlags: i32 {
        #[allow(missing_docs)] const O_WRONLY = libc::O_WRONLY;
        #[allow(missing_docs)] const O_RDWR = libc::O_RDWR;
        #[allow(missing_docs)] const O_CREAT = libc::O_CREAT;
        #[allow(missing_docs)] const O_EXCL = libc::O_EXCL;
        #[allow(missing_docs)] const O_NOCTTY = libc::O_NOCTTY;
        #[allow(missing_docs)] const O_TRUNC = libc::O_TRUNC;
        #[allow(missing_docs)] const O_NONBLOCK = libc::O_NONBLOCK;
        // It holds the bit of O_DIRECTORY: the first name that fits is printed.
        #[allow(missing_docs)] const O_TMPFILE = libc::O_TMPFILE;
        #[allow(missing_docs)] const O_DIRECTORY = libc::O_DIRECTORY;
        #[allow(missing_docs)] const O_NOFOLLOW = libc::O_NOFOLLOW;
        #[allow(missing_docs)] const O_CLOEXEC = libc::O_CLOEXEC;
        #[allow(missing_docs)] const O_PATH = libc::O_PATH;
        const _ = !0;
    }
}

impl Argument for OpenFlags {
    const KIND: ArgumentKind = ArgumentKind::Flags(super::reading::flag_words::<OpenFlags>);

    fn read(cursor: &mut Cursor<'_>) -> Result<OpenFlags, SyntaxError> {
        if cursor.accept("O_RDONLY") && !cursor.accept("|") { Ok(O_RDONLY) } else { cursor.flags() }
    }

    /// Reading has no bit of its own; strace(1) names it where no other access is asked for.
    fn show(&self) -> String {
        let access = self.bits() & libc::O_ACCMODE;
        match (access == libc::O_RDONLY && !self.contains(OpenFlags::O_PATH), self.is_empty()) {
            (true, true) => "O_RDONLY".to_string(),
            (true, false) => format!("O_RDONLY|{}", flag_names(self)),
            (false, _) => flag_names(self),
        }
    }
}

/// open(2) for reading only, which has no bit of its own.
pub const O_RDONLY: OpenFlags = OpenFlags::empty();

flags! {
    /// The flags of mounts in the answer of statfs(2) and statvfs(3).
    StatfsFlags: u64 {
        ST_RDONLY = 1, ST_NOSUID = 2, ST_NODEV = 4, ST_NOEXEC = 8, ST_SYNCHRONOUS = 0x10,
        ST_MANDLOCK = 0x40, ST_NOATIME = 0x400, ST_NODIRATIME = 0x800, ST_RELATIME = 0x1000,
        ST_NOSYMFOLLOW = 0x2000,
    }
}

/// The bit of the flags that says only that they are filled (`ST_VALID` of linux/statfs.h).
const ST_VALID: u64 = 0x20;

flags! {
    /// The events of poll(2).
    PollEvents: i16 {
        POLLIN = libc::POLLIN, POLLPRI = libc::POLLPRI, POLLOUT = libc::POLLOUT,
        POLLERR = libc::POLLERR, POLLHUP = libc::POLLHUP, POLLNVAL = libc::POLLNVAL,
    }
}

constants! {
    /// The start of a relative path: the current directory, or a descriptor of another one.
    Directory: i32 { AT_FDCWD = libc::AT_FDCWD }
}

impl From<i32> for Directory {
    fn from(fd: i32) -> Directory {
        Directory(fd)
    }
}

/// The permission bits of a file, printed in octal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FileMode(pub u32);

impl From<i32> for FileMode {
    fn from(mode: i32) -> FileMode {
        FileMode(mode as u32)
    }
}

impl Argument for FileMode {
    const KIND: ArgumentKind = ArgumentKind::Mode;

    fn read(cursor: &mut Cursor<'_>) -> Result<FileMode, SyntaxError> {
        cursor.number().map(FileMode)
    }

    fn show(&self) -> String {
        format!("{:#o}", self.0).replacen("0o", "0", 1)
    }
}

/// The longest file that `cat` reads, in bytes; a longer one is an error of the case.
const READ_LIMIT: u64 = 32 * 1024;

calls! {
    /// Calls about files, directories and descriptors.
    File, FileCalls, actor:

    /// Opens a file.
    open(path: Pathname, flags: OpenFlags) {
        // SAFETY: the path is a C string that outlives the call.
        check(unsafe { libc::open(path.c_string()?.as_ptr(), flags.bits(), 0o666) })
    }

    /// Opens a file by a path that begins at an open directory.
    openat(directory: Directory, path: Pathname, flags: OpenFlags) {
        // SAFETY: the path is a C string that outlives the call.
        check(unsafe { libc::openat(directory.0, path.c_string()?.as_ptr(), flags.bits(), 0o666) })
    }

    /// Closes a descriptor.
    close(fd: Descriptor) {
        // SAFETY: scripts hold descriptors as numbers; none is owned by Rust objects here.
        check(unsafe { libc::close(fd.0) })
    }

    /// Writes to a descriptor, in one write(2).
    write(fd: Descriptor, text: Text) {
        // SAFETY: pointer and length describe `text`.
        let written = unsafe { libc::write(fd.0, text.0.as_ptr().cast(), text.0.len()) };
        check(written as i64)
    }

    /// Reads from a descriptor, in one read(2).
    read(fd: Descriptor) {
        let mut buffer = vec![0; READ_LIMIT as usize];
        // SAFETY: pointer and length describe `buffer`.
        let count = unsafe { libc::read(fd.0, buffer.as_mut_ptr().cast(), buffer.len()) };
        check(count as i64)?;
        buffer.truncate(count as usize);
        Ok(Value::Text(buffer))
    }

    /// Reads a whole file: open, read, close.
    cat(path: Pathname) observes "the file, by open(2), read(2) and close(2)" {
        use std::io::Read;
        let mut content = Vec::new();
        std::fs::File::open(path_of(&path))?.take(READ_LIMIT).read_to_end(&mut content)?;
        Ok(Value::Text(content))
    }

    /// Counts the lines of a file that hold a text.
    grep_count(text: Text, path: Pathname) => "grep -cF {} {}" observes "the file, by open(2), read(2) and close(2)" {
        let content = std::fs::read(path_of(&path))?;
        let holds = |line: &[u8]| line.windows(text.0.len().max(1)).any(|window| window == text.0.as_slice());
        Ok(Value::Number(content.split(|byte| *byte == b'\n').filter(|line| holds(line)).count() as i64))
    }

    /// Compares the contents of two files, and tells 0 where they are equal and 1 where they differ, as cmp(1) does.
    cmp(first: Pathname, second: Pathname) observes "both files, by open(2), read(2) and close(2)" {
        let equal = std::fs::read(path_of(&first))? == std::fs::read(path_of(&second))?;
        Ok(Value::Number(i64::from(!equal)))
    }

    /// Writes a text to an existing file, in one write(2): open, write, close.
    echo(text: Text, path: Pathname) => "echo {} > {}" composes "open(2) with O_WRONLY, one write(2), and close(2)" {
        // SAFETY: the path is a C string and the buffer is described by pointer and length; the
        // descriptor is closed on every way out.
        unsafe {
            let fd = libc::open(path.c_string()?.as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC);
            check(fd)?;
            let written = check(libc::write(fd, text.0.as_ptr().cast(), text.0.len()) as i64);
            libc::close(fd);
            written
        }
    }

    /// Creates an empty regular file, or fails if the name is taken.
    creat_excl(path: Pathname) composes "open(2) with O_CREAT|O_EXCL, and close(2)" {
        std::fs::File::create_new(path_of(&path))?;
        Ok(Value::ZERO)
    }

    /// Reads the text of a symbolic link. That of a link in /proc/PID/ns names the kind of namespace and the number that identifies it; the trace prints a letter for the number.
    readlink(path: Pathname) asks {
        let link = nix::fcntl::readlink(path.c_string()?.as_c_str())?;
        let text = link.as_encoded_bytes();
        Ok(super::namespace::namespace_from_link(text).unwrap_or_else(|| Value::text(text)))
    }

    /// Lists the names in a directory, sorted.
    readdir(path: Pathname) observes "the directory, by open(2), getdents64(2) and close(2)" {
        let mut names: Vec<Vec<u8>> = std::fs::read_dir(path_of(&path))?
            .map(|entry| entry.map(|entry| entry.file_name().as_bytes().to_vec()))
            .collect::<Result<_, _>>()?;
        names.sort();
        Ok(Value::List(names.into_iter().map(|name| Value::word(String::from_utf8_lossy(&name))).collect()))
    }

    /// Lists the numeric names in a directory, in numeric order: in a procfs, the processes it shows.
    readdir_numeric(path: Pathname) observes "the directory, by open(2), getdents64(2) and close(2); of it the numbers" {
        let mut numbers: Vec<i32> = std::fs::read_dir(path_of(&path))?
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .collect();
        numbers.sort_unstable();
        Ok(Value::List(numbers.into_iter().map(Value::Pid).collect()))
    }

    /// Reads the value after a key in a file of `key: value` lines, as /proc/PID/status is.
    field(path: Pathname, key: Text) observes "the file, by open(2), read(2) and close(2); of it the line with the key" {
        let content = std::fs::read(path_of(&path))?;
        let wanted = [key.0.as_slice(), b":"].concat();
        let line = content
            .split(|byte| *byte == b'\n')
            .find_map(|line| line.strip_prefix(wanted.as_slice()))
            .ok_or(Errno(libc::ENOENT))?;
        let line = String::from_utf8_lossy(line).into_owned();
        let words: Vec<&str> = line.split_whitespace().collect();
        let pid = |word: &str| word.parse().map_or_else(|_| Value::word(word), Value::Pid);
        Ok(match (key.0.as_slice(), words.as_slice()) {
            (b"Pid" | b"PPid" | b"Tgid" | b"TracerPid", [word]) => pid(word),
            // The first is the PID where the procfs was mounted, the others those in the namespaces
            // below.
            (b"NSpid", [first, below @ ..]) => {
                Value::List(std::iter::once(pid(first)).chain(below.iter().copied().map(number_or_word)).collect())
            }
            _ => Value::word(words.join(" ")),
        })
    }

    /// Lists the PIDs in a file with one in each line, as cgroup.procs is.
    pids(path: Pathname) observes "the file, by open(2), read(2) and close(2)" {
        let content = std::fs::read_to_string(path_of(&path))?;
        let pids: Result<Vec<i32>, _> = content.lines().map(str::parse).collect();
        Ok(Value::List(pids.map_err(|_| Errno(libc::EPROTO))?.into_iter().map(Value::Pid).collect()))
    }

    /// Lists the words in a file, as /proc/sys/kernel/sem holds four numbers.
    words(path: Pathname) observes "the file, by open(2), read(2) and close(2)" {
        let content = std::fs::read_to_string(path_of(&path))?;
        Ok(Value::List(content.split_whitespace().map(number_or_word).collect()))
    }

    /// Reads a number from a file and tells its sign: 1, 0 or -1.
    sign(path: Pathname) observes "the file, by open(2), read(2) and close(2); of it the sign of the number" {
        let text = String::from_utf8_lossy(&std::fs::read(path_of(&path))?).into_owned();
        let number: i64 = text.trim().parse().map_err(|_| Errno(libc::EPROTO))?;
        Ok(Value::Number(number.signum()))
    }

    /// Asks which file the first mapping of the caller is of (the answer itself is not shown).
    readlink_map_file() observes "the first link in /proc/self/map_files, by readlink(2)" {
        std::fs::read_link(first_map_file()?)?;
        Ok(Value::ZERO)
    }

    /// Opens the file of the first mapping of the caller through its link.
    open_map_file() composes "open(2) of the first link in /proc/self/map_files" {
        let path = CString::new(first_map_file()?.as_os_str().as_bytes()).map_err(|_| Errno(libc::EINVAL))?;
        // SAFETY: the path is a C string that outlives the call.
        check(unsafe { libc::open(path.as_ptr(), libc::O_RDONLY) })
    }

    /// Copies the content of a file into a new one, which anybody may read and execute.
    copy(source: Pathname, target: Pathname) composes "open(2) with O_CREAT|O_EXCL, and copy_file_range(2) or read(2) and write(2)" {
        use std::os::unix::fs::PermissionsExt;
        let mut source = std::fs::File::open(path_of(&source))?;
        let mut target = std::fs::File::create_new(path_of(&target))?;
        std::io::copy(&mut source, &mut target)?;
        target.set_permissions(std::fs::Permissions::from_mode(0o755))?;
        Ok(Value::ZERO)
    }

    /// Gives a file one more name.
    link(old: Pathname, new: Pathname) {
        let (old, new) = (old.c_string()?, new.c_string()?);
        // SAFETY: both paths are C strings that outlive the call.
        check(unsafe { libc::link(old.as_ptr(), new.as_ptr()) })
    }

    /// Makes a symbolic link: a file that holds a path.
    symlink(target: Pathname, path: Pathname) {
        let (target, path) = (target.c_string()?, path.c_string()?);
        // SAFETY: both paths are C strings that outlive the call.
        check(unsafe { libc::symlink(target.as_ptr(), path.as_ptr()) })
    }

    /// Makes the file of a character device.
    mknod(path: Pathname, mode: FileMode, major: i32, minor: i32) => "mknod({}, S_IFCHR|{}, makedev({}, {}))" {
        let device = libc::makedev(major as u32, minor as u32);
        // SAFETY: the path is a C string that outlives the call.
        check(unsafe { libc::mknod(path.c_string()?.as_ptr(), libc::S_IFCHR | mode.0, device) })
    }

    /// Makes the file of a block device.
    mknod_block(path: Pathname, mode: FileMode, major: i32, minor: i32) => "mknod({}, S_IFBLK|{}, makedev({}, {}))" {
        let device = libc::makedev(major as u32, minor as u32);
        // SAFETY: the path is a C string that outlives the call.
        check(unsafe { libc::mknod(path.c_string()?.as_ptr(), libc::S_IFBLK | mode.0, device) })
    }

    /// Makes a directory.
    mkdir(path: Pathname, mode: FileMode) {
        // SAFETY: the path is a C string that outlives the call.
        check(unsafe { libc::mkdir(path.c_string()?.as_ptr(), mode.0) })
    }

    /// Removes an empty directory.
    rmdir(path: Pathname) {
        // SAFETY: the path is a C string that outlives the call.
        check(unsafe { libc::rmdir(path.c_string()?.as_ptr()) })
    }

    /// Removes a name of a file.
    unlink(path: Pathname) {
        // SAFETY: the path is a C string that outlives the call.
        check(unsafe { libc::unlink(path.c_string()?.as_ptr()) })
    }

    /// Gives a file another name.
    rename(old: Pathname, new: Pathname) {
        let (old, new) = (old.c_string()?, new.c_string()?);
        // SAFETY: both paths are C strings that outlive the call.
        check(unsafe { libc::rename(old.as_ptr(), new.as_ptr()) })
    }

    /// Sets which permission bits new files shall not get, and tells which those were before.
    umask(mask: FileMode) {
        // SAFETY: takes a number only.
        Ok(Value::Octal(unsafe { libc::umask(mask.0) }))
    }

    /// Changes the current directory.
    chdir(path: Pathname) {
        // SAFETY: the path is a C string that outlives the call.
        check(unsafe { libc::chdir(path.c_string()?.as_ptr()) })
    }

    /// Asks for the current directory.
    getcwd() asks {
        Ok(Value::text(nix::unistd::getcwd()?.as_os_str().as_bytes()))
    }

    /// Asks who owns a file, in the caller's user namespace, and its permissions.
    stat_owner(path: Pathname) => "stat({})" asks {
        use std::os::unix::fs::MetadataExt;
        let metadata = std::fs::metadata(path_of(&path))?;
        Ok(Value::fields([
            ("st_mode", Value::Octal(metadata.mode() & 0o7777)),
            ("st_uid", Value::Number(metadata.uid().into())),
            ("st_gid", Value::Number(metadata.gid().into())),
        ]))
    }

    /// Gives a file to another owner and group (-1: unchanged).
    chown(path: Pathname, uid: i32, gid: i32) {
        // SAFETY: the path is a C string that outlives the call.
        check(unsafe { libc::chown(path.c_string()?.as_ptr(), uid as libc::uid_t, gid as libc::gid_t) })
    }

    /// Changes the permissions of a file.
    chmod(path: Pathname, mode: FileMode) {
        // SAFETY: the path is a C string that outlives the call.
        check(unsafe { libc::chmod(path.c_string()?.as_ptr(), mode.0) })
    }

    /// Asks, without waiting, which of the events have come to a descriptor; POLLERR and POLLHUP are always asked for.
    poll(fd: Descriptor, events: PollEvents) => "poll([{fd={}, events={}}], 1, 0)" asks {
        let mut polled = libc::pollfd { fd: fd.0, events: events.bits(), revents: 0 };
        // SAFETY: there is one, and it outlives the call.
        check(unsafe { libc::poll(&mut polled, 1, 0) })?;
        Ok(Value::word(PollEvents::from_bits_retain(polled.revents).show()))
    }

    /// Asks for the type and the permissions of a file, whoever owns it.
    stat_mode(path: Pathname) observes "stat(2), of its answer st_mode" {
        use std::os::unix::fs::MetadataExt;
        Ok(Value::Octal(std::fs::metadata(path_of(&path))?.mode()))
    }

    /// Asks for the type and the permissions of a file, and of a symbolic link as such.
    lstat_mode(path: Pathname) observes "lstat(2), of its answer st_mode" {
        use std::os::unix::fs::MetadataExt;
        Ok(Value::Octal(std::fs::symlink_metadata(path_of(&path))?.mode()))
    }

    /// Asks which file a path leads to: two paths lead to the same file if both numbers agree.
    stat_identity(path: Pathname) observes "stat(2), of its answer st_dev and st_ino" {
        use std::os::unix::fs::MetadataExt;
        let metadata = std::fs::metadata(path_of(&path))?;
        Ok(Value::fields([
            ("st_dev", Value::volatile("device", metadata.dev())),
            ("st_ino", Value::volatile("inode", metadata.ino())),
        ]))
    }

    /// Sets the times of the last access to a file and of its last change, in seconds since 1970.
    utimensat(path: Pathname, atime: i64, mtime: i64) => "utimensat(AT_FDCWD, {}, [{tv_sec={}}, {tv_sec={}}], 0)" {
        let time = |seconds| libc::timespec { tv_sec: seconds, tv_nsec: 0 };
        let times = [time(atime), time(mtime)];
        // SAFETY: the path is a C string; it and both times outlive the call.
        check(unsafe { libc::utimensat(libc::AT_FDCWD, path.c_string()?.as_ptr(), times.as_ptr(), 0) })
    }

    /// Asks for the time of the last access to a file, in seconds since 1970, or `now` if it is less than a day away.
    stat_atime(path: Pathname) observes "stat(2), of its answer st_atime; clock_gettime(2) with CLOCK_REALTIME" {
        use std::os::unix::fs::MetadataExt;
        const DAY: u64 = 24 * 60 * 60;
        let accessed = std::fs::metadata(path_of(&path))?.atime();
        let now = nix::time::clock_gettime(nix::time::ClockId::CLOCK_REALTIME)?.tv_sec();
        Ok(if accessed.abs_diff(now) < DAY { Value::word("now") } else { Value::Number(accessed) })
    }

    /// Asks for the number of the mount that a path leads to. Numbers of ended mounts are used again.
    statx_mnt_id(path: Pathname) => "statx(AT_FDCWD, {}, 0, STATX_MNT_ID, {stx_mnt_id})" asks {
        Ok(Value::volatile("mount", statx_mount(&path, libc::STATX_MNT_ID)?))
    }

    /// Asks for the number of the mount that a path leads to, which no other mount ever gets; EOPNOTSUPP if the kernel does not tell it.
    statx_mnt_id_unique(path: Pathname) => "statx(AT_FDCWD, {}, 0, STATX_MNT_ID_UNIQUE, {stx_mnt_id})" asks {
        Ok(super::statmount::unique(unique_mount_number(&path)?))
    }

    /// Asks for the magic number of the file system that a file is on.
    statfs_type(path: Pathname) observes "statfs(2), of its answer f_type" {
        // SAFETY: all-zero is a valid statfs; it and the path outlive the call.
        let answer = unsafe {
            let mut answer: libc::statfs = std::mem::zeroed();
            check(libc::statfs(path.c_string()?.as_ptr(), &mut answer))?;
            answer
        };
        Ok(Value::Hex(answer.f_type as u64))
    }

    /// Asks for the flags of the mount that a path leads to.
    statfs_flags(path: Pathname) observes "statvfs(3), of its answer f_flag" {
        // SAFETY: all-zero is a valid statvfs; it and the path outlive the call.
        let answer = unsafe {
            let mut answer: libc::statvfs = std::mem::zeroed();
            check(libc::statvfs(path.c_string()?.as_ptr(), &mut answer))?;
            answer
        };
        Ok(Value::word(StatfsFlags::from_bits_retain(answer.f_flag & !ST_VALID).show()))
    }

    /// Sets the offset at which the next read or write of a descriptor starts, counted from the start of the file.
    lseek(fd: Descriptor, offset: i64) => "lseek({}, {}, SEEK_SET)" {
        // SAFETY: takes numbers only.
        check(unsafe { libc::lseek(fd.0, offset, libc::SEEK_SET) })
    }

    /// Writes to a descriptor at an offset, in one pwrite(2).
    pwrite(fd: Descriptor, text: Text, offset: i64) {
        // SAFETY: pointer and length describe `text`.
        let written = unsafe { libc::pwrite(fd.0, text.0.as_ptr().cast(), text.0.len(), offset) };
        check(written as i64)
    }
}

/// `STATX_MNT_ID_UNIQUE` of linux/stat.h, since Linux 6.8.
const STATX_MNT_ID_UNIQUE: u32 = 0x4000;

/// The number of the mount that a path leads to, which no other mount ever gets.
pub(super) fn unique_mount_number(path: &Text) -> Result<u64, Errno> {
    statx_mount(path, STATX_MNT_ID_UNIQUE)
}

/// statx(2), of its answer stx_mnt_id; EOPNOTSUPP if the kernel leaves out what is asked for.
fn statx_mount(path: &Text, wanted: u32) -> Result<u64, Errno> {
    let path = path.c_string()?;
    // SAFETY: all-zero is a valid statx; it and the path outlive the call.
    let answer = unsafe {
        let mut answer: libc::statx = std::mem::zeroed();
        check(libc::statx(libc::AT_FDCWD, path.as_ptr(), 0, wanted, &mut answer))?;
        answer
    };
    if answer.stx_mask & wanted == 0 { Err(Errno(libc::EOPNOTSUPP)) } else { Ok(answer.stx_mnt_id) }
}

/// The link of the caller's mapping at the lowest address.
fn first_map_file() -> Result<std::path::PathBuf, Errno> {
    let links = std::fs::read_dir("/proc/self/map_files")?.collect::<Result<Vec<_>, _>>()?;
    links.into_iter().map(|link| link.path()).min().ok_or(Errno(libc::ENOENT))
}

/// A number, or a word where it is none.
pub(crate) fn number_or_word(word: &str) -> Value {
    word.parse().map_or_else(|_| Value::word(word), Value::Number)
}

/// The bytes of a path as the standard library takes it.
pub(crate) fn path_of(path: &Text) -> &std::path::Path {
    std::path::Path::new(std::ffi::OsStr::from_bytes(&path.0))
}
