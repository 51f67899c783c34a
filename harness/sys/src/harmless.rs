//! System calls in a harmless form: arguments with which any kernel that has the call changes
//! nothing, and answers neither EPERM nor ENOSYS to root of a sealed place. So a call that somebody
//! refuses, a filter or a kernel without it, is found before a script makes it in earnest.
//!
//! Calls that a right kernel refuses in some sealed places are not here: setgroups(2), which a user
//! namespace may deny. Which script makes which call is the business of whoever asks.

use crate::errno::Errno;
use crate::reap;
use std::time::Duration;

/// A system call and the arguments with which it is harmless.
pub struct Harmless {
    /// Its name; that of socket(2) with its family.
    pub name: &'static str,
    number: libc::c_long,
    arguments: [libc::c_long; 5],
}

const fn call(name: &'static str, number: libc::c_long, arguments: [libc::c_long; 5]) -> Harmless {
    Harmless { name, number, arguments }
}

/// No descriptor, no process, no such operation, every flag at once.
const NO: libc::c_long = -1;
/// A pointer that leads nowhere: EFAULT once everything before is allowed.
const NOWHERE: libc::c_long = 0;

/// The calls, in alphabetical order.
pub static CALLS: &[Harmless] = &[
    call("capget", libc::SYS_capget, [NOWHERE, NOWHERE, 0, 0, 0]),
    call("capset", libc::SYS_capset, [NOWHERE, NOWHERE, 0, 0, 0]),
    call("chroot", libc::SYS_chroot, [NOWHERE, 0, 0, 0, 0]),
    // A thread that shares no signal handlers: EINVAL.
    call("clone", libc::SYS_clone, [libc::CLONE_THREAD as libc::c_long, 0, 0, 0, 0]),
    // A structure of no bytes: EINVAL.
    call("clone3", libc::SYS_clone3, [NOWHERE, 0, 0, 0, 0]),
    call("mount", libc::SYS_mount, [NOWHERE, NOWHERE, NOWHERE, 0, NOWHERE]),
    call("mount_setattr", libc::SYS_mount_setattr, [NO, NOWHERE, NO, NOWHERE, 0]),
    call("move_mount", libc::SYS_move_mount, [NO, NOWHERE, NO, NOWHERE, NO]),
    call("open_tree", libc::SYS_open_tree, [NO, NOWHERE, NO, 0, 0]),
    call("pidfd_open", libc::SYS_pidfd_open, [NO, 0, 0, 0, 0]),
    call("pidfd_send_signal", libc::SYS_pidfd_send_signal, [NO, 0, NOWHERE, 0, 0]),
    call("pivot_root", libc::SYS_pivot_root, [NOWHERE, NOWHERE, 0, 0, 0]),
    call("prctl", libc::SYS_prctl, [NO, 0, 0, 0, 0]),
    // Not the magic numbers: EINVAL.
    call("reboot", libc::SYS_reboot, [0, 0, 0, NOWHERE, 0]),
    call("sched_setaffinity", libc::SYS_sched_setaffinity, [0, 8, NOWHERE, 0, 0]),
    // A name of less than no bytes: EINVAL.
    call("setdomainname", libc::SYS_setdomainname, [NOWHERE, NO, 0, 0, 0]),
    call("sethostname", libc::SYS_sethostname, [NOWHERE, NO, 0, 0, 0]),
    call("setns", libc::SYS_setns, [NO, 0, 0, 0, 0]),
    // Nothing is to be changed.
    call("setresgid", libc::SYS_setresgid, [NO, NO, NO, 0, 0]),
    call("setresuid", libc::SYS_setresuid, [NO, NO, NO, 0, 0]),
    call("socket(AF_NETLINK)", libc::SYS_socket, [libc::AF_NETLINK as _, libc::SOCK_RAW as _, 0, 0, 0]),
    call("umount2", libc::SYS_umount2, [NOWHERE, NO, 0, 0, 0]),
    // No flag: nothing is to be left.
    call("unshare", libc::SYS_unshare, [0, 0, 0, 0, 0]),
];

/// How somebody refuses a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// With this errno: EPERM, or ENOSYS as a kernel without the call.
    Fails(Errno),
    /// The process that calls is ended by this signal, as seccomp(2) does.
    Ends(i32),
}

/// How long one call may take.
const TIME: Duration = Duration::from_secs(1);

impl Harmless {
    /// Makes the call in a child, as root of a sealed place; gives the refusal, if there is one. Any
    /// other answer, which the harmless form provokes, is none.
    pub fn refused(&self) -> Option<Refusal> {
        let [first, second, third, fourth, fifth] = self.arguments;
        let act = || {
            // SAFETY: the arguments are numbers, or pointers that lead nowhere, with which the call
            // changes nothing.
            let answer = unsafe { libc::syscall(self.number, first, second, third, fourth, fifth) };
            match Errno::result(answer) {
                Err(errno) if REFUSALS.contains(&errno.0) => errno.0,
                _ => 0,
            }
        };
        // SAFETY: the child makes one system call.
        let status = unsafe { reap::status_of_child(TIME, act) }?;
        match libc::WIFSIGNALED(status) {
            true => Some(Refusal::Ends(libc::WTERMSIG(status))),
            false => Some(libc::WEXITSTATUS(status))
                .filter(|code| *code != 0)
                .map(|code| Refusal::Fails(Errno(code))),
        }
    }
}

/// The errors that a right kernel answers to none of the harmless forms.
const REFUSALS: [i32; 2] = [libc::EPERM, libc::ENOSYS];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_is_there_once() {
        let names: std::collections::BTreeSet<&str> = CALLS.iter().map(|call| call.name).collect();
        assert_eq!(names.len(), CALLS.len());
    }

    /// In a child that is root of a user namespace: as in a sealed place.
    #[test]
    fn root_is_refused_nothing() {
        // SAFETY: glibc keeps its allocator consistent over fork(3); the child ends by _exit.
        let child = unsafe { libc::fork() };
        if child == 0 {
            const SEALED: libc::c_int = libc::CLONE_NEWUSER | libc::CLONE_NEWNS | libc::CLONE_NEWUTS;
            // SAFETY: takes a number only.
            let sealed = unsafe { libc::unshare(SEALED) } == 0;
            // reboot(2) asks for a capability over the PID namespace that the caller is in.
            let refused = CALLS.iter().position(|call| call.name != "reboot" && call.refused().is_some());
            let first = refused.filter(|_| sealed).map_or(0, |index| index as i32 + 1);
            // SAFETY: as above.
            unsafe { libc::_exit(first) }
        }
        let status = reap::within(child, Duration::from_secs(60)).unwrap().unwrap();
        let first = libc::WEXITSTATUS(status) as usize;
        assert_eq!(first, 0, "{} is refused", CALLS[first.saturating_sub(1)].name);
    }
}
