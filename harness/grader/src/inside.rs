//! Questions that a helper of the watcher answers inside the mount namespace of a stage.
//!
//! The helper has the watcher's privileges there. It reads, and never writes; it follows no symbolic
//! link, and opens nothing that could keep it waiting.

use nix::fcntl::{OFlag, OpenHow, ResolveFlag};
use std::io::Read;

/// The mounts of the mount namespace that the caller has joined, through a procfs opened before.
pub(super) fn own_mounts(procfs: &std::fs::File) -> Result<String, String> {
    let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC;
    let file = nix::fcntl::openat(procfs, "self/mountinfo", flags, nix::sys::stat::Mode::empty())
        .map_err(|errno| format!("opening mountinfo: {errno}"))?;
    let mut text = String::new();
    std::fs::File::from(file)
        .read_to_string(&mut text)
        .map_err(|error| format!("reading mountinfo: {error}"))?;
    Ok(text)
}

/// The PIDs that a procfs at this path shows, each with the inode number of the PID namespace in
/// which the process is. It never blocks, whatever a submission has put there instead.
pub(super) fn shown_by_procfs(path: &std::path::Path) -> Result<Vec<(i32, u64)>, String> {
    use nix::fcntl::AtFlags;
    let flags = OFlag::O_DIRECTORY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let how = OpenHow::new().flags(flags).resolve(ResolveFlag::RESOLVE_NO_SYMLINKS);
    let failed = |what: &'static str| move |errno: nix::errno::Errno| format!("{what}: {}", errno.desc());
    let directory = nix::fcntl::openat2(nix::fcntl::AT_FDCWD, path, how).map_err(failed("open"))?;
    let mut directory = nix::dir::Dir::from_fd(directory).map_err(failed("open"))?;
    let about = nix::sys::statfs::fstatfs(&directory).map_err(failed("fstatfs"))?;
    if about.filesystem_type() != nix::sys::statfs::PROC_SUPER_MAGIC {
        return Err("it is on a file system of another type".to_string());
    }
    let names: Vec<_> = directory.iter().flatten().map(|entry| entry.file_name().to_owned()).collect();
    let mut shown: Vec<(i32, u64)> = names
        .iter()
        .filter_map(|name| {
            let pid: i32 = name.to_str().ok()?.parse().ok()?;
            let link = format!("{pid}/ns/pid");
            let namespace = nix::sys::stat::fstatat(&directory, link.as_str(), AtFlags::empty()).ok()?;
            Some((pid, namespace.st_ino))
        })
        .collect();
    shown.sort_unstable();
    Ok(shown)
}
