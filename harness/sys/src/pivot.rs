//! Another root directory: a mount point becomes it, and the old one is taken away.
//!
//! The mount itself is made in `sandbox`; the proof that nothing leads out is the business of whoever
//! seals.

use crate::directory::{change_directory, make_directory};
use crate::errno::Errno;
use crate::mountinfo;
use crate::reap;
use crate::sandbox::{self, identity, step};
use nix::mount::{MntFlags, MsFlags};
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// How long the helper and its creator wait for each other.
const TIME: Duration = Duration::from_secs(10);

/// The place of the old root below the new one, where umount2(2) is refused.
const OLD: &str = "old";

/// Makes a mount point the root directory and takes the old one away.
///
/// # Errors
/// Says which step failed, or did nothing: what follows is done to the root directory.
pub fn pivot_into(covered: &str) -> Result<(), String> {
    let new = identity(covered)?;
    change_directory(covered)?;
    if unmounting_is_refused() {
        pivot_and_remove(covered, new)?;
    } else {
        pivot(".", new)?;
        step("detaching the old root", nix::mount::umount2(".", MntFlags::MNT_DETACH))?;
    }
    // The old root was mounted on top of the new one, where ".." of the root leads.
    if identity("/..")? != new {
        return Err("umount2(MNT_DETACH) gives 0, and the old root is still mounted".to_string());
    }
    change_directory("/")
}

/// Makes the working directory the root directory, and puts the old one at a place below it.
fn pivot(old: &str, new: (u64, u64)) -> Result<(), String> {
    step("pivot_root", nix::unistd::pivot_root(".", old))?;
    match identity("/")? == new {
        true => Ok(()),
        false => Err("pivot_root gives 0, and the root directory is still the old one".to_string()),
    }
}

/// Whether pivot_root(2) is refused to somebody who may mount: without paths it gives EFAULT.
pub fn pivoting_is_refused() -> bool {
    let nothing = std::ptr::null::<libc::c_char>();
    // SAFETY: null pointers are no paths.
    let answer = unsafe { libc::syscall(libc::SYS_pivot_root, nothing, nothing) };
    Errno::refuses(answer)
}

/// Makes a mount point the root directory without pivot_root(2): it is moved over the old one, which stays
/// beneath it. Whoever may unmount or move it finds the old one, so this is no sandbox by itself: the caller
/// goes on in a less privileged mount namespace, in which all mounts are locked together
/// (mount_namespaces(7)).
///
/// # Errors
/// Says which step failed, or did nothing.
pub fn move_over_root(covered: &str) -> Result<(), String> {
    let new = identity(covered)?;
    hide_kernel_file_systems(covered)?;
    change_directory(covered)?;
    let moved = sandbox::mount(Some("."), "/", None, MsFlags::MS_MOVE, None);
    step("pivot_root is refused, and so is moving a mount over /", moved)?;
    step("pivot_root is refused, and so is chroot", nix::unistd::chroot("."))?;
    if identity("/")? != new {
        return Err("chroot gives 0, and the root directory is still the old one".to_string());
    }
    change_directory("/")
}

/// Covers each procfs and sysfs of the old root. A user namespace may mount a new one only where one is fully
/// visible in its mount namespace (mount_namespaces(7)), and these, which nobody can reach any more, would
/// count. They cannot be unmounted where they are locked.
fn hide_kernel_file_systems(covered: &str) -> Result<(), String> {
    let mounts = mountinfo::mounts_of(mountinfo::OWN).unwrap_or_default();
    // A part of one is never fully visible. Whatever lies beneath another mount goes first.
    let whole = mounts.iter().rev().filter(|mount| mount.root == Path::new("/"));
    for mount in whole.filter(|mount| !mount.point.starts_with(covered)) {
        let (Some(point), "proc" | "sysfs") = (mount.point.to_str(), mount.filesystem.as_str()) else {
            continue;
        };
        let hidden = sandbox::mount(Some("hidden"), point, Some("tmpfs"), MsFlags::empty(), Some("size=4k"));
        step(&format!("pivot_root is refused, and so is covering {point}"), hidden)?;
    }
    Ok(())
}

/// Whether umount2(2) is refused whatever it is asked for: without a path it gives EFAULT.
fn unmounting_is_refused() -> bool {
    // SAFETY: a null pointer is no path.
    let answer = unsafe { libc::umount2(std::ptr::null(), 0) };
    Errno::refuses(answer)
}

/// As umount2(2) would: whoever removes a directory on which something is mounted in another mount
/// namespace than its own detaches that (rmdir(2), Linux 3.18). So a helper, which has gone into a copy
/// of the mounts before, removes the place of the old root.
fn pivot_and_remove(covered: &str, new: (u64, u64)) -> Result<(), String> {
    make_directory(OLD)?;
    let removed = format!("{covered}/{OLD}");
    let (ours, theirs) = UnixStream::pair().map_err(|error| format!("socketpair: {error}"))?;
    // SAFETY: whoever builds a sandbox has one thread, so the child's copy of the heap is consistent.
    let helper = match unsafe { libc::fork() } {
        -1 => return Err(format!("fork: {}", Errno::last().describe())),
        0 => {
            drop(ours);
            let said = remove_when_told(&theirs, &removed).err().unwrap_or_default();
            // Whoever does not hear it says that there was no answer.
            let _ = { &theirs }.write_all(format!("{said}\n").as_bytes());
            // SAFETY: ends the helper without running what its creator will run at its exit.
            unsafe { libc::_exit(0) }
        }
        helper => helper,
    };
    drop(theirs);
    let done = hear(&ours).and_then(|()| pivot(OLD, new)).and_then(|()| {
        // The directory that the helper's path names is the one that it saw before.
        { &ours }.write_all(b"!").map_err(|error| format!("telling the helper: {error}"))?;
        hear(&ours)
    });
    reap::kill_within(helper, TIME);
    done?;
    match Path::new("/").join(OLD).symlink_metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        _ => Err("rmdir gives 0, and the old root is still mounted".to_string()),
    }
}

/// Goes into a copy of the mounts, says so, and removes the directory once it is told.
fn remove_when_told(creator: &UnixStream, directory: &str) -> Result<(), String> {
    step("unshare(CLONE_NEWNS)", nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNS))?;
    { creator }.write_all(b"\n").map_err(|error| format!("telling the creator: {error}"))?;
    if !reap::readable(creator.as_raw_fd(), TIME) || !matches!({ creator }.read(&mut [0]), Ok(1)) {
        return Err("the creator of the helper has said nothing".to_string());
    }
    std::fs::remove_dir(directory)
        .map_err(|error| format!("detaching the old root by rmdir: {}", Errno::from(error).describe()))
}

/// Waits for the line of the other end: an empty one says that all went well.
fn hear(other: &UnixStream) -> Result<(), String> {
    let mut line = [0; 512];
    let heard = match reap::readable(other.as_raw_fd(), TIME) {
        true => { other }.read(&mut line).unwrap_or(0),
        false => 0,
    };
    match String::from_utf8_lossy(&line[..heard]).trim_end_matches('\n') {
        _ if heard == 0 => Err("the helper that detaches the old root has said nothing".to_string()),
        "" => Ok(()),
        why => Err(why.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether this succeeds in a child that is root of its own user and mount namespace.
    fn succeeds(act: fn() -> Result<(), String>) -> bool {
        let (uid, gid) = (nix::unistd::geteuid(), nix::unistd::getegid());
        let act = || {
            let done = sandbox::leave_namespaces(libc::CLONE_NEWUSER | libc::CLONE_NEWNS)
                .map_err(|errno| errno.describe())
                .and_then(|()| sandbox::map_ids(&format!("0 {uid} 1"), &format!("0 {gid} 1")))
                .and_then(|()| act());
            done.as_ref().inspect_err(|why| eprintln!("{why}")).map_or(1, |()| 0)
        };
        // SAFETY: glibc keeps its allocator consistent over fork(3), which is all that the child uses.
        unsafe { reap::status_of_child(Duration::from_secs(20), act) == Some(0) }
    }

    #[test]
    fn the_old_root_is_taken_away_without_umount2() {
        assert!(succeeds(|| {
            let covered = sandbox::cover_with_new_root("new", "mode=755")?;
            for directory in ["/proc", "/tmp"] {
                make_directory(format!("{covered}{directory}"))?;
            }
            let bind = MsFlags::MS_BIND | MsFlags::MS_REC;
            let proc = format!("{covered}/proc");
            step("binding /proc", sandbox::mount(Some("/proc"), &proc, None, bind, None))?;
            let new = identity(covered)?;
            change_directory(covered)?;
            pivot_and_remove(covered, new)?;
            if identity("/..")? != new {
                return Err("the old root is still there".to_string());
            }
            let table = std::fs::read(mountinfo::OWN).map_err(|error| error.to_string())?;
            let left = mountinfo::all_mounts(&table)?;
            let outside =
                left.iter().find(|mount| !mount.point.starts_with("/proc") && mount.point != Path::new("/"));
            match outside {
                None if left.iter().filter(|mount| mount.point == Path::new("/")).count() == 1 => Ok(()),
                _ => Err(format!("{left:?}")),
            }
        }));
    }
}
