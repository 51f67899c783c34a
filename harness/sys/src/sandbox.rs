//! Steps of which a sandbox is built: mounts, the root directory, id maps, and the files that the
//! running program needs inside.
//!
//! In which order they are taken, and what is done where one is refused, is the business of whoever
//! builds the sandbox.

use crate::directory::make_directories;
use crate::errno::Errno;
use crate::mountinfo;
use crate::mounting::attach;
pub use crate::mounting::mount;
pub use crate::pivot::{move_over_root, pivot_into, pivoting_is_refused};
use crate::reap;
use nix::mount::MsFlags;
use std::ffi::{CStr, CString};
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The result of one step; an error says which step failed and how.
///
/// # Errors
/// That of the step, in words.
pub fn step<T>(what: &str, result: nix::Result<T>) -> Result<T, String> {
    result.map_err(|errno| format!("{what}: {}", Errno::from(errno).describe()))
}

/// Puts the caller into new namespaces by unshare(2). Where that call is refused whatever it is asked for,
/// a child goes on in its place, which clone(2) made in them, and the caller ends when the child does: so
/// this is for processes of which nobody needs the number.
///
/// # Errors
/// Those of unshare(2) and clone(2).
pub fn leave_namespaces(flags: libc::c_int) -> Result<(), Errno> {
    let unshare = |flags| {
        // SAFETY: takes a number only.
        Errno::result(unsafe { libc::unshare(flags) }).map(drop)
    };
    match unshare(flags) {
        Err(errno) if errno.may_be_a_refusal() && unshare(0).is_err() => go_on_in_child(flags),
        other => other,
    }
}

/// Has a child in new namespaces go on, which ends with the caller.
fn go_on_in_child(flags: libc::c_int) -> Result<(), Errno> {
    let flags = libc::c_long::from(flags | libc::SIGCHLD);
    // SAFETY: without CLONE_VM the child has a copy of everything, and whoever seals has one thread; no
    // pointer is passed.
    match Errno::result(unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) })? {
        0 => {
            // Where it is refused the end of its socket ends the child. Its parent may be in another
            // PID namespace, so that no number tells whether it has ended before.
            // SAFETY: takes numbers only.
            unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
            Ok(())
        }
        child => {
            let status = loop {
                match reap::wait(child as i32, 0) {
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                    Ok(Some((_, status))) => break status,
                    // Nobody is left to wait for.
                    Ok(None) | Err(_) => break 0,
                }
            };
            // SAFETY: ends the process, of which the child has taken the place.
            unsafe { libc::_exit(libc::WEXITSTATUS(status)) }
        }
    }
}

/// Writes a text to an existing file.
///
/// # Errors
/// Says which file and why.
pub fn write_file(path: &str, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|error| format!("writing {path}: {}", Errno::from(error).describe()))
}

/// Writes the id maps of the calling process.
pub fn map_ids(uid_map: &str, gid_map: &str) -> Result<(), String> {
    write_file("/proc/self/uid_map", uid_map)?;
    write_file("/proc/self/setgroups", "deny")?;
    write_file("/proc/self/gid_map", gid_map)
}

/// The loopback of the template is up, as a host's is, so that a script can tell the template's
/// network namespace from a new one: a lie about the script's own shows. If it stays down nothing
/// else changes.
pub fn set_loopback_up() {
    // SAFETY: all-zero is a valid ifreq, which outlives the call; the descriptor is closed here.
    unsafe {
        let socket = libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0);
        let mut request: libc::ifreq = std::mem::zeroed();
        request.ifr_name[..2].copy_from_slice(&[b'l' as _, b'o' as _]);
        request.ifr_ifru.ifru_flags = libc::IFF_UP as _;
        libc::ioctl(socket, libc::SIOCSIFFLAGS as _, &request);
        libc::close(socket);
    }
}

/// Directories one of which the template is mounted over, in a mount namespace of our own.
const COVERED: [&str; 5] = ["/tmp", "/mnt", "/media", "/run", "/dev"];

/// Makes every mount of the caller's mount namespace private, and mounts a tmpfs that is to become
/// the root directory over one of its directories, which is given.
///
/// Each step is proved by what shows afterwards: on a kernel that says it was done and did nothing,
/// whatever follows would be done to the machine.
///
/// # Errors
/// Says which step failed.
pub fn cover_with_new_root(source: &str, options: &str) -> Result<&'static str, String> {
    step("making / private", mount(None, "/", None, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None))?;
    // Where no procfs tells, the call is believed.
    let mounts = mountinfo::all_mounts(&std::fs::read(mountinfo::OWN).unwrap_or_default())?;
    if let Some(shared) = mounts.iter().find(|mount| !mount.is_private()) {
        let place = shared.point.display();
        return Err(format!("making / private gives 0, and the mount on {place} is still shared"));
    }
    let covered = COVERED
        .into_iter()
        .find(|path| Path::new(path).is_dir())
        .ok_or_else(|| format!("none of {} is a directory", COVERED.join(", ")))?;
    let before = identity(covered)?;
    step(
        &format!("mounting a tmpfs on {covered}"),
        mount(Some(source), covered, Some("tmpfs"), MsFlags::empty(), Some(options)),
    )?;
    match identity(covered)? == before {
        true => {
            Err(format!("mounting a tmpfs on {covered} gives 0, and the directory is the same as before"))
        }
        false => Ok(covered),
    }
}

/// The device and the inode of a file or directory (stat(2)).
///
/// # Errors
/// When it cannot be looked at.
pub fn identity(path: &str) -> Result<(u64, u64), String> {
    use std::os::unix::fs::MetadataExt;
    let found = std::fs::metadata(path)
        .map_err(|error| format!("stat of {path}: {}", Errno::from(error).describe()))?;
    Ok((found.dev(), found.ino()))
}

/// Whether all ids are mapped to themselves, as in the user namespace that the machine started in.
pub fn in_initial_user_namespace() -> bool {
    let map = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    map.split_whitespace().eq(["0", "0", "4294967295"])
}

/// The running program and what it needs to be started again: its loader and libraries, if it is
/// not static. Each file as a detached mount (open_tree(2)) with the place where a case shall find
/// it: the template may be mounted over the directory that holds it, and there may be no /proc.
pub struct RunningProgram {
    files: Vec<(OwnedFd, PathBuf)>,
}

impl RunningProgram {
    /// The program as it runs, to be found at `place` inside.
    pub fn at(place: &Path) -> RunningProgram {
        let executable =
            std::env::current_exe().ok().or_else(|| std::env::args_os().next().map(PathBuf::from));
        let places = libraries().into_iter().map(|library| (library.clone(), library));
        let files = places
            .chain(executable.map(|executable| (executable, place.to_path_buf())))
            .filter_map(|(file, place)| Some((detached(&file)?, place)))
            .collect();
        RunningProgram { files }
    }

    /// The places of the files inside.
    pub fn places(&self) -> Vec<PathBuf> {
        self.files.iter().map(|(_, place)| place.clone()).collect()
    }

    /// Whether no file could be taken.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Binds the files at their places below a new root.
    ///
    /// # Errors
    /// Says which step failed.
    pub fn bind_below(&self, root: &Path) -> Result<(), String> {
        for (file, place) in &self.files {
            let target = root.join(place.strip_prefix("/").unwrap_or(place));
            if let Some(parent) = target.parent() {
                make_directories(parent)?;
            }
            std::fs::write(&target, "").map_err(|error| format!("creating {}: {error}", target.display()))?;
            let target = CString::new(target.as_os_str().as_bytes()).map_err(|error| error.to_string())?;
            step(&format!("binding {}", place.display()), attach(file, &target))?;
        }
        Ok(())
    }
}

/// The files that the running program needs to be started again, apart from its own: the loader
/// that it names and the libraries that are mapped. Empty if it is static.
pub fn libraries() -> Vec<PathBuf> {
    let executable = std::env::current_exe().ok().or_else(|| std::env::args_os().next().map(PathBuf::from));
    let mut libraries: Vec<PathBuf> = std::fs::read_to_string("/proc/self/maps")
        .unwrap_or_default()
        .lines()
        .filter_map(|line| line.split_once('/').map(|(_, rest)| PathBuf::from(format!("/{rest}"))))
        .filter(|path| Some(path) != executable.as_ref() && path.is_file())
        .collect();
    libraries.extend(interpreter());
    libraries.sort();
    libraries.dedup();
    libraries
}

/// A bind mount of a file that is attached nowhere yet.
fn detached(file: &Path) -> Option<OwnedFd> {
    /// `OPEN_TREE_CLONE` and `OPEN_TREE_CLOEXEC` of linux/mount.h.
    const CLONE: libc::c_int = 1 | libc::O_CLOEXEC;
    let path = CString::new(file.as_os_str().as_bytes()).ok()?;
    // SAFETY: the path is a C string that outlives the call; the result is new and ours.
    unsafe {
        let tree = libc::syscall(libc::SYS_open_tree, libc::AT_FDCWD, path.as_ptr(), CLONE);
        (tree >= 0).then(|| OwnedFd::from_raw_fd(tree as RawFd))
    }
}

/// The path of the loader that the running program names (PT_INTERP), if it is dynamic.
fn interpreter() -> Option<PathBuf> {
    extern "C" fn first_object(
        info: *mut libc::dl_phdr_info,
        _: usize,
        found: *mut libc::c_void,
    ) -> libc::c_int {
        // SAFETY: dl_iterate_phdr passes valid program headers; PT_INTERP holds a C string that is
        // mapped with the program.
        unsafe {
            let info = &*info;
            for index in 0..usize::from(info.dlpi_phnum) {
                let header = &*info.dlpi_phdr.add(index);
                if header.p_type == libc::PT_INTERP {
                    let address = info.dlpi_addr as usize + header.p_vaddr as usize;
                    *found.cast::<Option<CString>>() = Some(CStr::from_ptr(address as *const _).to_owned());
                }
            }
        }
        // The first object is the program itself; the others are its libraries.
        1
    }
    let mut found: Option<CString> = None;
    // SAFETY: the callback writes to `found`, which outlives the call.
    unsafe { libc::dl_iterate_phdr(Some(first_object), (&raw mut found).cast()) };
    found.map(|path| PathBuf::from(std::ffi::OsStr::from_bytes(path.as_bytes())))
}
