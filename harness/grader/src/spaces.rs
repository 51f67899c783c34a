//! The namespaces of a stage, held open by the watcher, and children that go into them.
//!
//! Which namespaces a stage has is decided in `build`.

use super::fork::ask_child;
use super::observed::PROC;
use nsconform_sys::kind::Kind;
use std::os::fd::{AsRawFd, OwnedFd};

/// The namespaces of a stage, or of a process on it.
pub(super) struct Spaces(pub(super) Vec<(Kind, OwnedFd)>);

impl Spaces {
    fn get(&self, kind: Kind) -> Option<&OwnedFd> {
        self.0.iter().find(|(there, _)| *there == kind).map(|(_, space)| space)
    }

    /// The kinds that this kernel has.
    pub(super) fn kinds(&self) -> impl Iterator<Item = Kind> + '_ {
        self.0.iter().map(|(kind, _)| *kind)
    }

    pub(super) fn inode(&self, kind: Kind) -> Result<u64, String> {
        let space = self.get(kind).ok_or_else(|| format!("the kernel has no {} namespaces", kind.link()))?;
        nix::sys::stat::fstat(space).map(|about| about.st_ino).map_err(|errno| format!("fstat: {errno}"))
    }

    /// Moves the calling process into those of these kinds; the PID namespace takes effect for its
    /// children alone.
    pub(super) fn join(&self, kinds: &[Kind]) -> Result<(), String> {
        for kind in kinds {
            let Some(space) = self.get(*kind) else { continue };
            join(*kind, space)?;
        }
        Ok(())
    }
}

/// Moves the calling process into a namespace.
pub(super) fn join(kind: Kind, space: &OwnedFd) -> Result<(), String> {
    // SAFETY: plain call on an open descriptor.
    if unsafe { libc::setns(space.as_raw_fd(), 0) } == -1 {
        let errno = nsconform_sys::errno::Errno::last();
        return Err(format!("setns({}): {}", kind.link(), errno.describe()));
    }
    Ok(())
}

/// The order in which a process can join them: the first decides on the right to join the others.
pub(super) const JOINED: [Kind; 6] = [Kind::User, Kind::Mnt, Kind::Uts, Kind::Ipc, Kind::Net, Kind::Cgroup];

/// Has the next fork in the calling process put the child into a PID namespace.
pub(super) fn in_pid_namespace<T, E: From<String>>(
    spaces: &Spaces,
    fork: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    spaces.join(&[Kind::Pid])?;
    let forked = fork();
    let own = std::fs::File::open(format!("{PROC}/1/ns/pid")).map(OwnedFd::from);
    let own = own.map_err(|error| format!("opening the watcher's PID namespace: {error}"))?;
    join(Kind::Pid, &own)?;
    forked
}

/// Has a child join namespaces and answer a question there, with the watcher's privileges: nothing
/// in there may be reached by a path that the submission can change.
///
/// # Errors
/// The question's own error, or the reason why the child could not ask it.
pub(super) fn ask_inside(
    spaces: &Spaces,
    kinds: &[Kind],
    question: impl FnOnce() -> Result<String, String>,
) -> Result<String, String> {
    ask_child(|| {
        spaces.join(kinds)?;
        question()
    })
}
