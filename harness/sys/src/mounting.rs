//! mount(2), and the calls of the newer mount API (Linux 5.12) that do the same where it is refused.
//!
//! Which mounts a sandbox has is the business of `sandbox` and of whoever builds one.

use crate::errno::Errno;
use nix::mount::MsFlags;
use std::ffi::CString;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// mount(2).
///
/// # Errors
/// Those of mount(2).
pub fn mount(
    source: Option<&str>,
    target: &str,
    kind: Option<&str>,
    flags: MsFlags,
    data: Option<&str>,
) -> nix::Result<()> {
    let done = nix::mount::mount(source, target, kind, flags, data);
    match done {
        Err(errno) if Errno::from(errno).may_be_a_refusal() && is_refused() => {
            // The first refusal tells more than that of another call.
            otherwise(source, target, kind, flags, data).or(done)
        }
        _ => done,
    }
}

/// Whether mount(2) is refused whatever it is asked for: without a target it gives EFAULT.
fn is_refused() -> bool {
    let nothing = std::ptr::null::<libc::c_char>();
    // SAFETY: null pointers are no target.
    let answer = unsafe { libc::mount(nothing, nothing, nothing, 0, nothing.cast()) };
    Errno::refuses(answer)
}

/// The flags of a mount by themselves, and as attributes of one.
const ATTRIBUTES: [(MsFlags, u64); 4] = [
    (MsFlags::MS_RDONLY, libc::MOUNT_ATTR_RDONLY),
    (MsFlags::MS_NOSUID, libc::MOUNT_ATTR_NOSUID),
    (MsFlags::MS_NODEV, libc::MOUNT_ATTR_NODEV),
    (MsFlags::MS_NOEXEC, libc::MOUNT_ATTR_NOEXEC),
];

/// As [`mount`], by other calls.
fn otherwise(
    source: Option<&str>,
    target: &str,
    kind: Option<&str>,
    flags: MsFlags,
    data: Option<&str>,
) -> nix::Result<()> {
    let set =
        ATTRIBUTES.iter().filter(|(flag, _)| flags.contains(*flag)).map(|(_, attribute)| attribute).sum();
    let recursive = if flags.contains(MsFlags::MS_REC) { libc::AT_RECURSIVE as libc::c_uint } else { 0 };
    let place = text(target)?;
    if flags.contains(MsFlags::MS_PRIVATE) {
        return set_attributes(&place, recursive, 0, libc::MS_PRIVATE);
    }
    if flags.contains(MsFlags::MS_REMOUNT | MsFlags::MS_BIND) {
        return set_attributes(&place, 0, set, 0);
    }
    if flags.contains(MsFlags::MS_REMOUNT) {
        let how = libc::FSPICK_CLOEXEC;
        // SAFETY: the path is a C string that outlives the call.
        let context =
            opened(unsafe { libc::syscall(libc::SYS_fspick, libc::AT_FDCWD, place.as_ptr(), how) })?;
        configure(&context, libc::FSCONFIG_SET_FLAG, Some("ro"), None)?;
        return configure(&context, libc::FSCONFIG_CMD_RECONFIGURE, None, None);
    }
    let tree = if flags.contains(MsFlags::MS_BIND) {
        let source = text(source.unwrap_or_default())?;
        let how = libc::OPEN_TREE_CLONE | libc::OPEN_TREE_CLOEXEC | recursive;
        // SAFETY: as above.
        opened(unsafe { libc::syscall(libc::SYS_open_tree, libc::AT_FDCWD, source.as_ptr(), how) })?
    } else {
        let kind = text(kind.unwrap_or_default())?;
        // SAFETY: as above.
        let context =
            opened(unsafe { libc::syscall(libc::SYS_fsopen, kind.as_ptr(), libc::FSOPEN_CLOEXEC) })?;
        configure(&context, libc::FSCONFIG_SET_STRING, Some("source"), source)?;
        for option in data.unwrap_or_default().split(',').filter(|option| !option.is_empty()) {
            match option.split_once('=') {
                Some((key, value)) => configure(&context, libc::FSCONFIG_SET_STRING, Some(key), Some(value))?,
                None => configure(&context, libc::FSCONFIG_SET_FLAG, Some(option), None)?,
            }
        }
        configure(&context, libc::FSCONFIG_CMD_CREATE, None, None)?;
        let how = libc::FSMOUNT_CLOEXEC;
        // SAFETY: takes numbers only.
        opened(unsafe { libc::syscall(libc::SYS_fsmount, context.as_raw_fd(), how, set) })?
    };
    attach(&tree, &place)
}

/// Attaches a detached mount to an existing file or directory, by move_mount(2).
///
/// # Errors
/// Those of move_mount(2).
pub fn attach(tree: &OwnedFd, target: &CString) -> nix::Result<()> {
    // SAFETY: the strings outlive the call.
    nix::Error::result(unsafe {
        libc::syscall(
            libc::SYS_move_mount,
            tree.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_FDCWD,
            target.as_ptr(),
            libc::MOVE_MOUNT_F_EMPTY_PATH,
        )
    })
    .map(drop)
}

fn text(text: &str) -> nix::Result<CString> {
    CString::new(text).map_err(|_| nix::Error::EINVAL)
}

fn opened(returned: libc::c_long) -> nix::Result<OwnedFd> {
    // SAFETY: the call has just made it for us.
    nix::Error::result(returned).map(|number| unsafe { OwnedFd::from_raw_fd(number as RawFd) })
}

fn configure(
    context: &OwnedFd,
    command: libc::fsconfig_command,
    key: Option<&str>,
    value: Option<&str>,
) -> nix::Result<()> {
    let (key, value) = (key.map(text).transpose()?, value.map(text).transpose()?);
    let pointer = |text: &Option<CString>| text.as_ref().map_or(std::ptr::null(), |text| text.as_ptr());
    // SAFETY: the strings are C strings that outlive the call, or null.
    nix::Error::result(unsafe {
        libc::syscall(libc::SYS_fsconfig, context.as_raw_fd(), command, pointer(&key), pointer(&value), 0)
    })
    .map(drop)
}

fn set_attributes(place: &CString, how: libc::c_uint, set: u64, propagation: u64) -> nix::Result<()> {
    let attributes = libc::mount_attr { attr_set: set, attr_clr: 0, propagation, userns_fd: 0 };
    // SAFETY: the path and the structure, of this size, outlive the call.
    nix::Error::result(unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            libc::AT_FDCWD,
            place.as_ptr(),
            how,
            &raw const attributes,
            size_of::<libc::mount_attr>(),
        )
    })
    .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reap;
    use crate::sandbox::{identity, map_ids};
    use std::time::Duration;

    /// Does something in a child with a user and a mount namespace of its own; whether that succeeded.
    fn succeeds(act: fn() -> Result<(), String>) -> bool {
        let (uid, gid) = (nix::unistd::geteuid(), nix::unistd::getegid());
        // SAFETY: glibc keeps its allocator consistent over fork(3); the child ends by _exit.
        let child = unsafe { libc::fork() };
        if child == 0 {
            // SAFETY: takes a number only.
            let apart = unsafe { libc::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNS) } == 0;
            let mapped = map_ids(&format!("0 {uid} 1"), &format!("0 {gid} 1"));
            // Where there are no user namespaces nothing is tried.
            let done = if apart { mapped.and_then(|()| act()) } else { Ok(()) };
            if let Err(why) = &done {
                eprintln!("{why}");
            }
            // SAFETY: as above.
            unsafe { libc::_exit(i32::from(done.is_err())) }
        }
        reap::within(child, Duration::from_secs(20)).unwrap() == Some(0)
    }

    fn done(what: &str, result: nix::Result<()>) -> Result<(), String> {
        result.map_err(|errno| format!("{what}: {errno}"))
    }

    #[test]
    fn the_newer_calls_do_the_same() {
        assert!(succeeds(|| {
            let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
            done("private", otherwise(None, "/", None, private, None))?;
            let before = identity("/tmp")?;
            let options = Some("mode=755,size=64k");
            done("tmpfs", otherwise(Some("here"), "/tmp", Some("tmpfs"), MsFlags::MS_NOSUID, options))?;
            if identity("/tmp")? == before {
                return Err("nothing is mounted".to_string());
            }
            std::fs::create_dir("/tmp/x").map_err(|error| error.to_string())?;
            let bind = MsFlags::MS_BIND | MsFlags::MS_REC;
            done("bind", otherwise(Some("/proc"), "/tmp/x", None, bind, None))?;
            let whole = MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
            done("a mount that is read-only", otherwise(None, "/tmp", None, whole | MsFlags::MS_BIND, None))?;
            done("a file system that is read-only", otherwise(None, "/tmp", None, whole, None))?;
            let table = std::fs::read(crate::mountinfo::OWN).map_err(|error| error.to_string())?;
            let line = String::from_utf8_lossy(&table)
                .lines()
                .find(|line| line.contains(" here "))
                .map(str::to_string);
            match line {
                Some(line) if line.contains(" /tmp ro,nosuid") && line.contains(" tmpfs here ro") => Ok(()),
                other => Err(format!("{other:?}")),
            }
        }));
    }
}
