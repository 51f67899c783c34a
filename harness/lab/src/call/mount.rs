//! Mounts, their propagation and their records: mount(2), umount(2), pivot_root(2), chroot(2),
//! open_tree(2), move_mount(2), mount_setattr(2), proc_pid_mountinfo(5).
//!
//! Mount *namespaces* are created and joined as all others are: see `process` and `namespace`. New
//! file systems by descriptor live in `fscontext`, the system calls that ask about mounts in
//! `statmount`.

use super::argument::{Argument, ArgumentKind, Descriptor, Pathname, Text, flags};
use super::calls;
use super::file::Directory;
use super::reading::{Cursor, SyntaxError};
use crate::outcome::{Answer, Errno, Value, check};
use libc::mount_attr;
use nsconform_sys::mountinfo::{self, MountInfo};
use nsconform_sys::numbers::{SYS_FCHROOT, SYS_OPEN_TREE_ATTR};
use serde::{Deserialize, Serialize};
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;

flags! {
    /// The flags of mount(2).
    MountFlags: u64 {
        MS_MGC_VAL = 0xC0ED_0000, MS_RDONLY = 1, MS_NOSUID = 2, MS_NODEV = 4, MS_NOEXEC = 8, MS_SYNCHRONOUS = 0x10,
        MS_REMOUNT = 0x20, MS_MANDLOCK = 0x40, MS_DIRSYNC = 0x80, MS_NOSYMFOLLOW = 0x100,
        MS_NOATIME = 0x400, MS_NODIRATIME = 0x800, MS_BIND = 0x1000, MS_MOVE = 0x2000,
        MS_REC = 0x4000, MS_SILENT = 0x8000, MS_UNBINDABLE = 1 << 17, MS_PRIVATE = 1 << 18,
        MS_SLAVE = 1 << 19, MS_SHARED = 1 << 20, MS_RELATIME = 1 << 21, MS_STRICTATIME = 1 << 24,
        MS_LAZYTIME = 1 << 25,
    }
}

flags! {
    /// The flags of umount2(2).
    UmountFlags: i32 { MNT_FORCE = 1, MNT_DETACH = 2, MNT_EXPIRE = 4, UMOUNT_NOFOLLOW = 8 }
}

flags! {
    /// The flags of open_tree(2).
    OpenTreeFlags: u32 {
        OPEN_TREE_CLONE = 1, OPEN_TREE_NAMESPACE = 2, AT_SYMLINK_NOFOLLOW = 0x100,
        AT_EMPTY_PATH = 0x1000, AT_RECURSIVE = 0x8000, OPEN_TREE_CLOEXEC = libc::O_CLOEXEC as u32,
    }
}

flags! {
    /// The flags of move_mount(2).
    MoveMountFlags: u32 {
        MOVE_MOUNT_F_SYMLINKS = 1, MOVE_MOUNT_F_EMPTY_PATH = 4, MOVE_MOUNT_T_SYMLINKS = 0x10,
        MOVE_MOUNT_T_EMPTY_PATH = 0x40, MOVE_MOUNT_SET_GROUP = 0x100,
        MOVE_MOUNT_BENEATH = 0x200,
    }
}

flags! {
    /// The flags of mount_setattr(2).
    SetAttrFlags: u32 { AT_EMPTY_PATH = 0x1000, AT_RECURSIVE = 0x8000 }
}

flags! {
    /// The attributes that mount_setattr(2) sets and clears.
    MountAttributes: u64 {
        MOUNT_ATTR_RDONLY = 1, MOUNT_ATTR_NOSUID = 2, MOUNT_ATTR_NODEV = 4, MOUNT_ATTR_NOEXEC = 8,
        MOUNT_ATTR__ATIME = 0x70, MOUNT_ATTR_NOATIME = 0x10, MOUNT_ATTR_STRICTATIME = 0x20,
        MOUNT_ATTR_NODIRATIME = 0x80, MOUNT_ATTR_IDMAP = 0x10_0000, MOUNT_ATTR_NOSYMFOLLOW = 0x20_0000,
    }
}

/// A string of mount(2) that may be absent: an empty text is a null pointer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextOrNull(Text);

impl<T: Into<Text>> From<T> for TextOrNull {
    fn from(text: T) -> TextOrNull {
        TextOrNull(text.into())
    }
}

impl Argument for TextOrNull {
    const KIND: ArgumentKind = ArgumentKind::Text;

    fn read(cursor: &mut Cursor<'_>) -> Result<TextOrNull, SyntaxError> {
        if cursor.accept("NULL") { Ok(TextOrNull::from("")) } else { Text::read(cursor).map(TextOrNull) }
    }

    fn show(&self) -> String {
        if self.0.0.is_empty() { "NULL".to_string() } else { self.0.show() }
    }

    fn resolve(&mut self, pid: &dyn Fn(&str) -> Option<i32>) {
        self.0.resolve(pid);
    }
}

impl TextOrNull {
    /// The bytes of the string; none if it is absent.
    pub(crate) fn text(&self) -> &[u8] {
        &self.0.0
    }

    /// The bytes with a terminating null; none if the string is absent.
    pub(crate) fn c_string(&self) -> Result<Option<CString>, Errno> {
        if self.0.0.is_empty() { Ok(None) } else { self.0.c_string().map(Some) }
    }
}

/// mount_setattr(2) with this structure, of its true size.
fn set_attributes(
    directory: Directory,
    path: &Pathname,
    flags: SetAttrFlags,
    attributes: &mount_attr,
) -> Answer {
    let path = path.c_string()?;
    // SAFETY: the path is a C string, the structure has the size given; both outlive the call.
    check(unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            directory.0,
            path.as_ptr(),
            flags.bits(),
            std::ptr::from_ref(attributes),
            size_of::<mount_attr>(),
        )
    })
}

/// The root of failfs, as a directory descriptor (linux/fcntl.h, since Linux 7.3).
const FD_FAILFS_ROOT: i32 = -10004;

/// The pointer of a string that may be absent.
pub(crate) fn pointer(text: &Option<CString>) -> *const libc::c_char {
    text.as_ref().map_or(std::ptr::null(), |text| text.as_ptr())
}

calls! {
    /// Calls about mounts.
    Mount, MountCalls, actor:

    /// Mounts a file system or, by flags, binds, moves or remounts a mount or changes its propagation type.
    mount(source: TextOrNull, target: Pathname, fstype: TextOrNull, flags: MountFlags, data: TextOrNull) {
        let (source, target) = (source.c_string()?, target.c_string()?);
        let (fstype, data) = (fstype.c_string()?, data.c_string()?);
        // SAFETY: all strings are null or C strings that outlive the call.
        check(unsafe {
            libc::mount(pointer(&source), target.as_ptr(), pointer(&fstype), flags.bits() as libc::c_ulong, pointer(&data).cast())
        })
    }

    /// Unmounts what is mounted last at a place.
    umount(target: Pathname) {
        // SAFETY: the path is a C string that outlives the call.
        check(unsafe { libc::umount2(target.c_string()?.as_ptr(), 0) })
    }

    /// Unmounts what is mounted last at a place, in the manner that flags ask for.
    umount2(target: Pathname, flags: UmountFlags) {
        // SAFETY: the path is a C string that outlives the call.
        check(unsafe { libc::umount2(target.c_string()?.as_ptr(), flags.bits()) })
    }

    /// Unmounts what umount2(2) with MNT_EXPIRE has marked, by further such calls: one is enough
    /// unless a mount is made or removed somewhere on the machine just while the kernel looks up
    /// the path. It then begins anew, drops its reference to the mount, and with it the mark.
    umount_marked(target: Pathname) composes "umount2(2) with MNT_EXPIRE, up to ten times" {
        const TRIES: usize = 10;
        let target = target.c_string()?;
        // SAFETY: the path is a C string that outlives the call.
        let once = || check(unsafe { libc::umount2(target.as_ptr(), libc::MNT_EXPIRE) });
        let lost = |answer: &Answer| *answer == Err(Errno(libc::EAGAIN));
        (1..TRIES).map(|_| once()).find(|answer| !lost(answer)).unwrap_or_else(once)
    }

    /// Makes another mount the root of the mount namespace and moves the old root to a directory in it.
    pivot_root(new_root: Pathname, put_old: Pathname) {
        let (new_root, put_old) = (new_root.c_string()?, put_old.c_string()?);
        // SAFETY: both paths are C strings that outlive the call.
        check(unsafe { libc::syscall(libc::SYS_pivot_root, new_root.as_ptr(), put_old.as_ptr()) })
    }

    /// Changes what the caller's absolute paths start from.
    chroot(path: Pathname) {
        // SAFETY: the path is a C string that outlives the call.
        check(unsafe { libc::chroot(path.c_string()?.as_ptr()) })
    }

    /// The same by a descriptor of a directory.
    fchroot(fd: Descriptor) => "fchroot({}, 0)" {
        // SAFETY: takes numbers only.
        check(unsafe { libc::syscall(SYS_FCHROOT, fd.0, 0) })
    }

    /// Makes the root of failfs, in which every lookup fails, what the caller's absolute paths start from.
    fchroot_failfs() => "fchroot(FD_FAILFS_ROOT, 0)" {
        // SAFETY: takes numbers only.
        check(unsafe { libc::syscall(SYS_FCHROOT, FD_FAILFS_ROOT, 0) })
    }

    /// Opens a mount or, with OPEN_TREE_CLONE, a copy of it that is in no mount namespace.
    open_tree(directory: Directory, path: Pathname, flags: OpenTreeFlags) {
        let path = path.c_string()?;
        // SAFETY: the path is a C string that outlives the call.
        check(unsafe { libc::syscall(libc::SYS_open_tree, directory.0, path.as_ptr(), flags.bits()) })
    }

    /// Moves a mount, or attaches one that open_tree has copied.
    move_mount(from: Directory, from_path: Pathname, to: Directory, to_path: Pathname, flags: MoveMountFlags) {
        let (from_path, to_path) = (from_path.c_string()?, to_path.c_string()?);
        // SAFETY: both paths are C strings that outlive the call.
        check(unsafe {
            libc::syscall(libc::SYS_move_mount, from.0, from_path.as_ptr(), to.0, to_path.as_ptr(), flags.bits())
        })
    }

    /// Clears and sets attributes of a mount and changes its propagation type; with AT_RECURSIVE those of a whole tree of mounts.
    mount_setattr(directory: Directory, path: Pathname, flags: SetAttrFlags, attr_clr: MountAttributes, attr_set: MountAttributes, propagation: MountFlags) => "mount_setattr({}, {}, {}, {attr_clr={}, attr_set={}, propagation={}})" {
        let attributes = mount_attr {
            attr_set: attr_set.bits(), attr_clr: attr_clr.bits(), propagation: propagation.bits(), userns_fd: 0,
        };
        set_attributes(directory, &path, flags, &attributes)
    }

    /// Clears and sets attributes of a mount, among which MOUNT_ATTR_IDMAP takes the id maps of the user namespace that a descriptor refers to.
    mount_setattr_userns(directory: Directory, path: Pathname, flags: SetAttrFlags, attr_clr: MountAttributes, attr_set: MountAttributes, userns_fd: i64) => "mount_setattr({}, {}, {}, {attr_clr={}, attr_set={}, userns_fd={}})" {
        let attributes = mount_attr {
            attr_set: attr_set.bits(), attr_clr: attr_clr.bits(), propagation: 0, userns_fd: userns_fd as u64,
        };
        set_attributes(directory, &path, flags, &attributes)
    }

    /// Sets attributes of a mount by a structure that is said to have so many bytes; the last of them has this value, all that are not named are zero.
    mount_setattr_sized(path: Pathname, attr_set: MountAttributes, last_byte: i32, size: i64) => "mount_setattr(AT_FDCWD, {}, 0, {attr_set={}, last byte {}}, {})" {
        let path = path.c_string()?;
        let length = usize::try_from(size).map_err(|_| Errno(libc::EINVAL))?;
        let mut structure = vec![0; length.max(size_of::<mount_attr>())];
        structure[..size_of::<u64>()].copy_from_slice(&attr_set.bits().to_ne_bytes());
        if length > size_of::<mount_attr>() {
            structure[length - 1] = last_byte as u8;
        }
        // SAFETY: the path is a C string, and the buffer has at least the size given; both outlive the call.
        check(unsafe {
            libc::syscall(libc::SYS_mount_setattr, libc::AT_FDCWD, path.as_ptr(), 0, structure.as_ptr(), length)
        })
    }

    /// Opens a mount or a copy of it as open_tree does, and changes the attributes of what it opens as mount_setattr does.
    open_tree_attr(directory: Directory, path: Pathname, flags: OpenTreeFlags, attr_clr: MountAttributes, attr_set: MountAttributes, userns_fd: i64) => "open_tree_attr({}, {}, {}, {attr_clr={}, attr_set={}, userns_fd={}})" {
        let path = path.c_string()?;
        let attributes = mount_attr {
            attr_set: attr_set.bits(), attr_clr: attr_clr.bits(), propagation: 0, userns_fd: userns_fd as u64,
        };
        // SAFETY: the path is a C string, the structure has the size given; both outlive the call.
        check(unsafe {
            libc::syscall(
                SYS_OPEN_TREE_ATTR,
                directory.0,
                path.as_ptr(),
                flags.bits(),
                &raw const attributes,
                size_of::<mount_attr>(),
            )
        })
    }

    /// Opens a mount or a copy of it as open_tree does, and changes no attributes.
    open_tree_attr_null(directory: Directory, path: Pathname, flags: OpenTreeFlags) => "open_tree_attr({}, {}, {}, NULL, 0)" {
        let path = path.c_string()?;
        // SAFETY: the path is a C string that outlives the call.
        check(unsafe { libc::syscall(SYS_OPEN_TREE_ATTR, directory.0, path.as_ptr(), flags.bits(), 0, 0) })
    }

    /// Opens a mount of which the path is at an address where nothing is.
    open_tree_null(directory: Directory, flags: OpenTreeFlags) => "open_tree({}, NULL, {})" {
        // SAFETY: takes numbers and a null pointer.
        check(unsafe { libc::syscall(libc::SYS_open_tree, directory.0, 0, flags.bits()) })
    }

    /// Moves a mount to a place of which the path is at an address where nothing is.
    move_mount_null(from: Directory, from_path: Pathname, to: Directory, flags: MoveMountFlags) => "move_mount({}, {}, {}, NULL, {})" {
        let from_path = from_path.c_string()?;
        // SAFETY: the first path is a C string that outlives the call, the second a null pointer.
        check(unsafe {
            libc::syscall(libc::SYS_move_mount, from.0, from_path.as_ptr(), to.0, 0, flags.bits())
        })
    }

    /// Reads from /proc/self/mountinfo how a mount propagates: the peer groups it belongs to or receives from; nothing for a private mount.
    propagation(mount_point: Pathname) observes "/proc/thread-self/mountinfo" {
        Ok(Value::List(optional(topmost(&records(OWN_MOUNTINFO)?, &mount_point.0)?)))
    }

    /// Reads from the mountinfo file of another process how a mount propagates, as that process would see it.
    propagation_of(file: Pathname, mount_point: Pathname) observes "the file, which has the format of proc_pid_mountinfo(5)" {
        let records = records(super::file::path_of(&file))?;
        Ok(Value::List(optional(topmost(&records, &mount_point.0)?)))
    }

    /// Reads from /proc/self/mountinfo what is mounted at a place (the topmost mount, if several are stacked there); ENOENT if nothing is.
    mountinfo(mount_point: Pathname) observes "/proc/thread-self/mountinfo" {
        topmost(&records(OWN_MOUNTINFO)?, &mount_point.0).map(shown)
    }

    /// Looks which mount a path leads into, by the number of the mount in /proc/self/fdinfo, and reads the whole record of it from /proc/self/mountinfo.
    mount_of(path: Pathname) observes "/proc/thread-self/fdinfo, and /proc/thread-self/mountinfo" {
        mount_with(mount_number(super::file::path_of(&path))?).map(|mount| whole_record(&mount))
    }

    /// Reads from /proc/self/mountinfo the whole record of what is mounted at a place, in the order of its fields; of the options of the file system only the first.
    mountinfo_record(mount_point: Pathname) observes "/proc/thread-self/mountinfo" {
        topmost(&records(OWN_MOUNTINFO)?, &mount_point.0).map(whole_record)
    }

    /// Reads from /proc/self/mountinfo on which place the parent of what is mounted at a place lies; ENOENT if the file does not list the parent.
    mount_parent(mount_point: Pathname) observes "/proc/thread-self/mountinfo" {
        parent_place(&records(OWN_MOUNTINFO)?, &mount_point.0)
    }

    /// Reads from the mountinfo file of another process on which place the parent of a mount lies; ENOENT if the file does not list the parent.
    mount_parent_of(file: Pathname, mount_point: Pathname) observes "the file, which has the format of proc_pid_mountinfo(5)" {
        parent_place(&records(super::file::path_of(&file))?, &mount_point.0)
    }

    /// Reads from /proc/self/mountinfo which flags that hold for a whole file system are set at a place: ro or rw, sync, dirsync and lazytime.
    superblock_flags(mount_point: Pathname) observes "/proc/thread-self/mountinfo" {
        let records = records(OWN_MOUNTINFO)?;
        let options = topmost(&records, &mount_point.0)?.superblock.split(',');
        let flags = options.filter(|option| SUPERBLOCK_FLAGS.contains(option));
        Ok(Value::word(flags.collect::<Vec<_>>().join(",")))
    }

    /// Lists from /proc/self/mountinfo the places at and below a directory where something is mounted, sorted; a place appears as often as mounts are stacked there.
    mount_points(directory: Pathname) observes "/proc/thread-self/mountinfo" {
        Ok(mount_points_below(&records(OWN_MOUNTINFO)?, &directory.0))
    }

    /// Lists from the mountinfo file of another process the places at and below a directory where something is mounted, sorted.
    mount_points_of(file: Pathname, directory: Pathname) observes "the file, which has the format of proc_pid_mountinfo(5)" {
        Ok(mount_points_below(&records(super::file::path_of(&file))?, &directory.0))
    }

    /// Reads from the mountinfo file of a process all its mounts, by their places; peer groups get numbers from 1 on in this answer.
    mount_tree(file: Pathname) observes "the file, which has the format of proc_pid_mountinfo(5)" {
        Ok(drawn(&records(super::file::path_of(&file))?, &mut Vec::new()))
    }

    /// Reads from the mountinfo files of two processes all their mounts, by their places; peer groups get numbers from 1 on in this answer, the same in both trees.
    mount_trees(first: Pathname, second: Pathname) observes "both files, which have the format of proc_pid_mountinfo(5)" {
        let mut groups = Vec::new();
        let first = drawn(&records(super::file::path_of(&first))?, &mut groups);
        let second = drawn(&records(super::file::path_of(&second))?, &mut groups);
        Ok(Value::fields([("first", first), ("second", second)]))
    }

    /// Reads from /proc/self/mountinfo the number of the mount at a place. Numbers of ended mounts are used again.
    mount_id(mount_point: Pathname) observes "/proc/thread-self/mountinfo" {
        let records = records(OWN_MOUNTINFO)?;
        Ok(Value::volatile("mount", topmost(&records, &mount_point.0)?.id))
    }
}

/// Where a process finds its own mounts; `self` would be the first thread of the process, which
/// may be in another mount namespace.
const OWN_MOUNTINFO: &str = "/proc/thread-self/mountinfo";

/// A mount without what differs between machines: the options of its file system depend on them, but
/// for the first, `ro` or `rw`.
fn shown(mount: &MountInfo) -> Value {
    Value::fields([
        ("root", Value::text(mount.root.as_os_str().as_bytes())),
        ("options", Value::word(&mount.options)),
        ("optional", Value::List(optional(mount))),
        ("fstype", Value::word(&mount.filesystem)),
        ("source", Value::text(mount.source.as_bytes())),
        ("superblock", Value::word(first_option(&mount.superblock))),
    ])
}

/// All that a line of mountinfo says of a mount; of the options of the file system only the first.
fn whole_record(mount: &MountInfo) -> Value {
    Value::fields([
        ("id", Value::volatile("mount", mount.id)),
        ("parent", Value::volatile("mount", mount.parent)),
        ("device", Value::volatile("device", mount.device)),
        ("root", Value::text(mount.root.as_os_str().as_bytes())),
        ("mount_point", Value::text(mount.point.as_os_str().as_bytes())),
        ("options", Value::word(&mount.options)),
        ("optional", Value::List(optional(mount))),
        ("fstype", Value::word(&mount.filesystem)),
        ("source", Value::text(mount.source.as_bytes())),
        ("superblock", Value::word(first_option(&mount.superblock))),
    ])
}

/// The options of a file system that stand for flags of mount(2), whatever its type.
const SUPERBLOCK_FLAGS: [&str; 5] = ["ro", "rw", "sync", "dirsync", "lazytime"];

/// The first of the options of a file system, `ro` or `rw`.
fn first_option(options: &str) -> &str {
    options.split(',').next().unwrap_or_default()
}

/// The mount point of the parent of what is mounted at a place.
fn parent_place(records: &[MountInfo], mount_point: &[u8]) -> Answer {
    let mount = topmost(records, mount_point)?;
    let parent = records.iter().find(|record| record.id == mount.parent).ok_or(Errno(libc::ENOENT))?;
    Ok(Value::text(parent.point.as_os_str().as_bytes()))
}

/// All mounts, each behind the one that it is on and sorted by place, without what differs from run to run. A
/// new peer group gets the next number and is added to `groups`.
fn drawn(records: &[MountInfo], groups: &mut Vec<String>) -> Value {
    // Mounts on several mounts of one place stay together with the one that they are on.
    let way = |mount: &&MountInfo| {
        let above = |mount: &&MountInfo| {
            let (parent, own) = (mount.parent, mount.id);
            records.iter().find(|other| other.id == parent && other.id != own)
        };
        let step = |mount: &MountInfo| (mount.point.clone(), mount.root.clone(), mount.options.clone());
        let way = std::iter::successors(Some(*mount), above).take(records.len()).map(step);
        let mut way: Vec<_> = way.collect();
        way.reverse();
        way
    };
    let mut sorted: Vec<&MountInfo> = records.iter().collect();
    sorted.sort_by_cached_key(way);
    let mut numbered = |field: &String| match field.split_once(':') {
        // It says which of the groups above can be seen from the reader's root, and no more.
        Some(("propagate_from", _)) => None,
        Some((relation, group)) => {
            let place = groups.iter().position(|known| known == group).unwrap_or_else(|| {
                groups.push(group.to_string());
                groups.len() - 1
            });
            Some(Value::word(format!("{relation}:{}", place + 1)))
        }
        None => Some(Value::word(field)),
    };
    let mut draw = |mount: &&MountInfo| {
        let parent = records.iter().find(|record| record.id == mount.parent && record.id != mount.id);
        let parent = parent.map_or(Value::word("none"), |on| Value::text(on.point.as_os_str().as_bytes()));
        let optional = mount.propagation.iter().filter_map(&mut numbered).collect();
        Value::fields([
            ("at", Value::text(mount.point.as_os_str().as_bytes())),
            ("on", parent),
            ("root", Value::text(mount.root.as_os_str().as_bytes())),
            ("options", Value::word(&mount.options)),
            ("optional", Value::List(optional)),
            ("fstype", Value::word(&mount.filesystem)),
        ])
    };
    Value::List(sorted.iter().map(&mut draw).collect())
}

/// How it propagates; numbers of peer groups get stable names.
fn optional(mount: &MountInfo) -> Vec<Value> {
    let field = |field: &String| match field.split_once(':') {
        Some((relation @ ("shared" | "master" | "propagate_from"), group)) => match group.parse() {
            Ok(group) => Value::PeerGroup { relation: relation.to_string(), group },
            Err(_) => Value::word(field),
        },
        _ => Value::word(field),
    };
    mount.propagation.iter().map(field).collect()
}

/// The mounts that a file tells of; EPROTO if one of its lines cannot be read.
fn records(file: impl AsRef<std::path::Path>) -> Result<Vec<MountInfo>, Errno> {
    mountinfo::all_mounts(&std::fs::read(file)?).map_err(|_| Errno(libc::EPROTO))
}

/// The number of the mount that a path leads into.
fn mount_number(path: &std::path::Path) -> Result<u64, Errno> {
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::OpenOptionsExt;
    let file = std::fs::File::options().read(true).custom_flags(libc::O_PATH).open(path)?;
    let told = std::fs::read_to_string(format!("/proc/thread-self/fdinfo/{}", file.as_raw_fd()))?;
    let number = told.lines().find_map(|line| line.strip_prefix("mnt_id:")?.trim().parse().ok());
    number.ok_or(Errno(libc::EPROTO))
}

/// The caller's mount with this number; ENOENT if it has none, as where a path leads into a mount of
/// another namespace.
fn mount_with(number: u64) -> Result<MountInfo, Errno> {
    records(OWN_MOUNTINFO)?.into_iter().find(|record| record.id == number).ok_or(Errno(libc::ENOENT))
}

/// The mount at a place that no other mount there covers. The order of the file does not tell:
/// a mount that was moved keeps its position.
fn topmost<'r>(records: &'r [MountInfo], mount_point: &[u8]) -> Result<&'r MountInfo, Errno> {
    let stack = || records.iter().filter(|record| record.point.as_os_str().as_bytes() == mount_point);
    stack().rfind(|lower| !stack().any(|upper| upper.parent == lower.id)).ok_or(Errno(libc::ENOENT))
}

fn mount_points_below(records: &[MountInfo], directory: &[u8]) -> Value {
    let below = |path: &[u8]| {
        path.strip_prefix(directory)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/") || directory.ends_with(b"/"))
    };
    let mut places: Vec<&[u8]> =
        records.iter().map(|record| record.point.as_os_str().as_bytes()).filter(|path| below(path)).collect();
    places.sort();
    Value::List(places.into_iter().map(Value::text).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &[u8] = b"30 25 0:26 / /a rw,nosuid shared:7 master:3 - tmpfs none rw,size=1k
36 30 0:27 /x\\040y /a ro unbindable - tmpfs b\\134c ro
28 36 0:4 mnt:[4026531841] /a/z rw - nsfs nsfs rw
29 30 0:28 / /ab rw - tmpfs none rw";

    fn parsed() -> Vec<MountInfo> {
        LINES.split(|byte| *byte == b'\n').map(|line| MountInfo::read(line).unwrap()).collect()
    }

    #[test]
    fn the_mount_that_is_not_covered_is_found() {
        let records = parsed();
        let top = topmost(&records, b"/a").unwrap();
        assert_eq!((top.id, top.root.to_str(), top.source.to_str()), (36, Some("/x y"), Some("b\\c")));
        assert_eq!(topmost(&records, b"/b"), Err(Errno(libc::ENOENT)));
    }

    #[test]
    fn optional_fields_name_peer_groups() {
        let group = |relation: &str, group| Value::PeerGroup { relation: relation.into(), group };
        let records = parsed();
        assert_eq!(optional(&records[0]), [group("shared", 7), group("master", 3)]);
        assert_eq!(optional(&records[1]), [Value::word("unbindable")]);
        assert_eq!(optional(&records[2]), []);
    }

    #[test]
    fn the_place_of_a_parent_is_found_where_the_file_lists_it() {
        let records = parsed();
        assert_eq!(parent_place(&records, b"/a"), Ok(Value::text("/a")));
        assert_eq!(parent_place(&records, b"/ab"), Ok(Value::text("/a")));
        assert_eq!(topmost(&records, b"/ab").unwrap().device, libc::makedev(0, 28));
        let listed = &records[..1];
        assert_eq!(parent_place(listed, b"/a"), Err(Errno(libc::ENOENT)));
    }

    #[test]
    fn a_tree_has_places_for_numbers() {
        let mut groups = Vec::new();
        let Value::List(drawn) = drawn(&parsed(), &mut groups) else { unreachable!() };
        let shown = |mount: &Value, name: &str| match mount {
            Value::Fields(fields) => fields.iter().find(|(other, _)| other == name).unwrap().1.clone(),
            _ => unreachable!(),
        };
        let places: Vec<(Value, Value)> =
            drawn.iter().map(|mount| (shown(mount, "at"), shown(mount, "on"))).collect();
        let on = |at: &str, on: &str| (Value::text(at), Value::text(on));
        let none = (Value::text("/a"), Value::word("none"));
        assert_eq!(places, [none, on("/a", "/a"), on("/a/z", "/a"), on("/ab", "/a")]);
        let words = Value::List(vec![Value::word("shared:1"), Value::word("master:2")]);
        assert_eq!((shown(&drawn[0], "optional"), groups), (words, vec!["7".to_string(), "3".to_string()]));
    }

    #[test]
    fn a_tree_does_not_depend_on_the_order_of_the_file() {
        // Two mounts are at /a, one on the other, and each has mounts at /a/b of its own.
        let lines = [
            "1 0 0:1 / / rw - tmpfs none rw",
            "2 1 0:2 / /a rw - tmpfs none rw",
            "3 2 0:2 / /a rw - tmpfs none rw",
            "4 2 0:3 /x /a/b rw - tmpfs none rw",
            "5 3 0:3 /y /a/b rw - tmpfs none rw",
            "6 4 0:3 /z /a/b rw - tmpfs none rw",
        ];
        let records = |lines: &[&str]| -> Vec<MountInfo> {
            lines.iter().map(|line| MountInfo::read(line.as_bytes()).unwrap()).collect()
        };
        let mut turned = lines;
        turned.reverse();
        let drawing = |lines: &[&str]| drawn(&records(lines), &mut Vec::new());
        assert_eq!(drawing(&lines), drawing(&turned));
    }

    #[test]
    fn places_below_a_directory_are_listed() {
        let places = |below: &[u8]| match mount_points_below(&parsed(), below) {
            Value::List(places) => places.len(),
            _ => unreachable!(),
        };
        assert_eq!((places(b"/a"), places(b"/"), places(b"/b")), (3, 4, 0));
    }
}
