//! Proof that the sealed place leads nowhere out: asked of the kernel before the place is used,
//! never concluded from the steps that built it.
//!
//! The steps live in `seal`.

use crate::seal::TEMPLATE;
use nsconform_sys::errno::Errno;
use nsconform_sys::mountinfo;
use nsconform_sys::sandbox::{identity, mount};
use nsconform_sys::{descriptors, reap};
use std::ffi::CStr;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A mount namespace that can be joined: its file on nsfs, or a pidfd of a process in it.
pub(crate) struct MountNamespace(OwnedFd);

impl MountNamespace {
    /// That of the calling process; none where neither procfs nor a pidfd names it.
    pub(crate) fn own() -> Option<MountNamespace> {
        let file = std::fs::File::open("/proc/self/ns/mnt").ok().map(OwnedFd::from);
        file.or_else(|| reap::pidfd(nix::unistd::getpid().as_raw())).map(MountNamespace)
    }

    /// Joins it. The kernel then makes its root the root and the working directory of the caller:
    /// so the caller leaves a chroot.
    pub(crate) fn enter(&self) -> Result<(), String> {
        // SAFETY: takes numbers only.
        Errno::result(unsafe { libc::setns(self.0.as_raw_fd(), libc::CLONE_NEWNS) })
            .map(drop)
            .map_err(|errno| format!("setns(CLONE_NEWNS): {}", errno.describe()))
    }
}

/// The kinds of namespaces without which a director would act on the host.
const KINDS: [&str; 3] = ["mnt", "uts", "ipc"];

/// `st_ino` of the namespaces of [`KINDS`] that the fork server is in; 0 where it is not known. By
/// inheritance known to the directors.
static OF_SERVER: [AtomicU64; KINDS.len()] = [const { AtomicU64::new(0) }; KINDS.len()];

/// The places of the program and its libraries, which are mounts of their own.
static FILES: OnceLock<Vec<PathBuf>> = OnceLock::new();

/// Keeps the places of the program's files for [`leads_nowhere_out`].
pub(crate) fn remember_files(places: Vec<PathBuf>) {
    FILES.get_or_init(|| places);
}

/// `st_ino` of the namespaces of [`KINDS`] that the caller is in; 0 where no procfs tells.
pub(crate) fn identities() -> [u64; KINDS.len()] {
    KINDS.map(|kind| std::fs::metadata(format!("/proc/self/ns/{kind}")).map_or(0, |found| found.ino()))
}

/// Keeps the identities of the fork server for [`namespaces_are_new`].
pub(crate) fn remember(identities: &[u64; KINDS.len()]) {
    for (place, identity) in OF_SERVER.iter().zip(identities) {
        place.store(*identity, Ordering::Relaxed);
    }
}

/// Proves that the caller has left the mount namespace that it was in: what follows mounts.
///
/// # Errors
/// When the kernel gave no new one although it said so.
pub(crate) fn mounts_are_apart(outside: &[u64; KINDS.len()]) -> Result<(), String> {
    match identities() {
        [now, ..] if now != 0 && now == outside[0] => {
            Err("unshare(CLONE_NEWNS) gives 0, and the mount namespace is still that of the host".to_string())
        }
        _ => Ok(()),
    }
}

/// Proves that a director is in namespaces of its own: what follows sets names.
///
/// # Errors
/// Names the namespace that is still that of the fork server.
pub(crate) fn namespaces_are_new() -> Result<(), String> {
    for ((kind, of_server), now) in KINDS.iter().zip(&OF_SERVER).zip(identities()) {
        if now != 0 && now == of_server.load(Ordering::Relaxed) {
            return Err(format!("clone(2) with the flag for a new {kind} namespace gives the old one"));
        }
    }
    Ok(())
}

const REMEDY: &str = "start nsconform as root, or outside of the chroot";

/// Proves that the root directory of the caller is the root of its mount namespace: in a chroot
/// whose root is a mount point pivot_root(2) moves the caller's root and not the namespace's, and
/// setns(2) leads back to the host.
///
/// # Errors
/// Says what leads out, or that nothing can be proved.
pub(crate) fn root_is_the_namespaces(own: Option<&MountNamespace>) -> Result<(), String> {
    let before = identity("/")?;
    match own.map(MountNamespace::enter) {
        Some(Ok(())) if identity("/")? == before => Ok(()),
        Some(Ok(())) => Err(format!(
            "started in a chroot: the root of the sealed mount namespace is not the sealed root, and \
             setns(2) would lead to the host; {REMEDY}"
        )),
        // A user namespace cannot be created by a process in a chroot (unshare(2), EPERM).
        joined if creates_user_namespace() => {
            drop(joined);
            Ok(())
        }
        joined => {
            let why = match joined {
                Some(Err(why)) => why,
                _ => "there is neither /proc/self/ns/mnt nor a pidfd".to_string(),
            };
            Err(format!("it cannot be proved that the sealed root leads nowhere out: {why}; {REMEDY}"))
        }
    }
}

/// Proves, in a director, that nobody can take the root directory away, beneath which the old one lies: by
/// trying. Where that is possible the director is lost, and ends.
///
/// # Errors
/// Says how the old root can be reached.
pub(crate) fn root_cannot_be_uncovered() -> Result<(), String> {
    let uncovered = |call: &str| {
        Err(format!(
            "pivot_root is refused, and {call} uncovers the old root, which lies beneath the sealed one"
        ))
    };
    if nix::mount::umount2("/", nix::mount::MntFlags::MNT_DETACH).is_ok() {
        return uncovered("umount2(MNT_DETACH)");
    }
    let by_moving = nix::mount::MsFlags::MS_MOVE;
    match mount(Some("/"), "/tmp", None, by_moving, None) {
        Ok(()) => uncovered("mount(MS_MOVE)"),
        Err(_) => Ok(()),
    }
}

fn creates_user_namespace() -> bool {
    // SAFETY: takes a number only.
    let act = || i32::from(unsafe { libc::unshare(libc::CLONE_NEWUSER) } != 0);
    // SAFETY: the child makes one system call.
    unsafe { reap::status_of_child(Duration::from_secs(10), act) == Some(0) }
}

/// Whether the caller is in a chroot: it is where its root is no mount point. Where the root shows a part of a
/// file system it may be, or be in a container; then, and where nothing tells, none. Good for a message
/// alone.
pub(crate) fn seems_a_chroot() -> Option<bool> {
    let root = Path::new("/");
    match mountinfo::mounts_of(mountinfo::OWN) {
        Ok(mounts) => match mounts.iter().find(|mount| mount.point == root) {
            None => Some(true),
            Some(mount) if mount.root == root => Some(false),
            Some(_) => None,
        },
        // No procfs. A mount point may be the root of a chroot all the same.
        Err(_) => is_mount_point(c"/").filter(|is| !is).map(|_| true),
    }
}

/// Whether something is mounted on this directory (statx(2), Linux 5.8); none where it is not told.
fn is_mount_point(directory: &CStr) -> Option<bool> {
    // SAFETY: all-zero is a valid statx; it and the path outlive the call.
    let found = unsafe {
        let mut found: libc::statx = std::mem::zeroed();
        let told = libc::statx(libc::AT_FDCWD, directory.as_ptr(), 0, libc::STATX_BASIC_STATS, &mut found);
        (told == 0).then_some(found)
    }?;
    let mount_root = libc::STATX_ATTR_MOUNT_ROOT as u64;
    (found.stx_attributes_mask & mount_root != 0).then_some(found.stx_attributes & mount_root != 0)
}

/// Proves, in a sealed director, that no descriptor, working directory or mount leads out.
///
/// # Errors
/// Says what does.
pub fn leads_nowhere_out() -> Result<(), String> {
    /// Every number that the engine or a case uses is far below.
    const LAST: RawFd = 4096;
    for standard in 0..=2 {
        let metadata = std::fs::metadata(format!("/proc/self/fd/{standard}"));
        let harmless = |kind: std::fs::FileType| kind.is_char_device() || kind.is_fifo();
        if metadata.is_ok_and(|found| !harmless(found.file_type())) {
            return Err(format!("descriptor {standard} leads out of the sealed place"));
        }
    }
    if let Some(open) = descriptors::open_between(3, LAST) {
        return Err(format!("descriptor {open} leads out of the sealed place"));
    }
    let directory = std::env::current_dir()
        .or_else(|error| std::fs::read_link("/proc/self/cwd").map_err(|_| error))
        .map_err(|error| format!("getcwd: {}", Errno::from(error).describe()))?;
    if directory != Path::new("/tmp") {
        return Err(format!("the working directory is {}, not /tmp", directory.display()));
    }
    // Without a procfs there is no table; the root was proved in the template.
    match std::fs::read(mountinfo::OWN) {
        Ok(table) => mounts_are_ours(&table),
        Err(_) => Ok(()),
    }
}

fn mounts_are_ours(table: &[u8]) -> Result<(), String> {
    let files = FILES.get().map_or(&[][..], Vec::as_slice);
    for mount in mountinfo::all_mounts(table)? {
        let place = mount.point.as_path();
        let ours = match place.to_str() {
            Some("/") => mount.filesystem == "tmpfs" && mount.source == TEMPLATE,
            Some("/tmp") => mount.filesystem == "tmpfs",
            // The engine's own, or copies of what was mounted there outside.
            _ => {
                place.starts_with("/proc")
                    || place.starts_with("/sys")
                    || files.iter().any(|file| file == place)
            }
        };
        if !ours {
            return Err(format!("the mount on {} leads out of the sealed place", place.display()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const ROOT: &str = "1 1 0:30 / / ro,relatime - tmpfs nsconform ro,size=64k,mode=755";

    #[rstest]
    #[case::the_template(ROOT, true)]
    #[case::a_fresh_procfs("2 1 0:31 / /proc rw - proc proc rw", true)]
    #[case::the_scratch("2 1 0:32 / /tmp rw - tmpfs scratch rw", true)]
    #[case::the_program("2 1 8:1 /usr/bin/x /program rw - ext4 /dev/sda1 rw", true)]
    #[case::no_mount("nothing that can be read", false)]
    #[case::another_root("1 1 8:1 / / rw - ext4 /dev/sda1 rw", false)]
    #[case::another_file_system("2 1 8:1 / /mnt rw - ext4 /dev/sda1 rw", false)]
    #[case::the_host_on_the_scratch("2 1 8:1 / /tmp rw - ext4 /dev/sda1 rw", false)]
    fn foreign_mounts_are_refused(#[case] line: &str, #[case] ours: bool) {
        remember_files(vec![PathBuf::from(crate::seal::PROGRAM)]);
        assert_eq!(mounts_are_ours(line.as_bytes()).is_ok(), ours);
    }
}
