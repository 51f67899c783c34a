//! Waits for children, each with a deadline of its own: whatever the kernel does, the caller goes on.
//!
//! Whom to wait for, and what follows when a child does not end, is the business of the caller.

use crate::errno::Errno;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::{Duration, Instant};

/// How long a wait without a pidfd sleeps between two questions.
const PAUSE: Duration = Duration::from_micros(500);

/// A pidfd of a process (pidfd_open(2)); none where the kernel has no such call or refuses it.
pub fn pidfd(pid: i32) -> Option<OwnedFd> {
    // SAFETY: takes numbers only; the result is new and ours.
    unsafe {
        let descriptor = libc::syscall(libc::SYS_pidfd_open, pid, 0);
        (descriptor >= 0).then(|| OwnedFd::from_raw_fd(descriptor as RawFd))
    }
}

/// waitpid(2) for one child, or for any (-1): gives its PID and its wait status; none where `options` has
/// WNOHANG and no such child has ended. Where wait4(2) is refused, by which the C library makes it, by
/// waitid(2).
///
/// # Errors
/// Those of waitpid(2).
pub fn wait(pid: i32, options: libc::c_int) -> std::io::Result<Option<(i32, i32)>> {
    let mut status = 0;
    // SAFETY: the status outlives the call.
    match unsafe { libc::waitpid(pid, &mut status, options) } {
        0 => Ok(None),
        -1 => match Errno::last() {
            refused if refused.may_be_a_refusal() => wait_by_waitid(pid, options).map_err(|error| {
                // The refusal of the usual call tells more.
                let too = error.raw_os_error().is_some_and(|errno| Errno(errno).may_be_a_refusal());
                if too { std::io::Error::from_raw_os_error(refused.0) } else { error }
            }),
            errno => Err(std::io::Error::from_raw_os_error(errno.0)),
        },
        ended => Ok(Some((ended, status))),
    }
}

fn wait_by_waitid(pid: i32, options: libc::c_int) -> std::io::Result<Option<(i32, i32)>> {
    let (kind, id) = if pid == -1 { (libc::P_ALL, 0) } else { (libc::P_PID, pid as libc::id_t) };
    // SAFETY: all-zero is a valid siginfo_t, which outlives the call and of which the fields are read that
    // waitid(2) fills in.
    let (ended, code, value) = unsafe {
        let mut found: libc::siginfo_t = std::mem::zeroed();
        if libc::waitid(kind, id, &mut found, options | libc::WEXITED) == -1 {
            return Err(std::io::Error::last_os_error());
        }
        (found.si_pid(), found.si_code, found.si_status())
    };
    /// The bit of a wait status that tells of a core dump.
    const DUMPED: i32 = 0x80;
    let status = match code {
        libc::CLD_EXITED => (value & 0xff) << 8,
        libc::CLD_DUMPED => value | DUMPED,
        _ => value,
    };
    Ok((ended != 0).then_some((ended, status)))
}

/// Reaps a child of the caller and gives its wait status; none if it has not ended in this time.
///
/// # Errors
/// Those of waitpid(2): ECHILD where it is no child of the caller.
pub fn within(pid: i32, time: Duration) -> std::io::Result<Option<i32>> {
    let end = Instant::now() + time;
    let pidfd = pidfd(pid);
    loop {
        match wait(pid, libc::WNOHANG) {
            Ok(None) => {}
            Ok(Some((_, status))) => return Ok(Some(status)),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(None);
        }
        match &pidfd {
            // A kernel whose pidfd tells nothing is asked again all the same.
            Some(pidfd) => {
                readable(pidfd.as_raw_fd(), left.min(Duration::from_millis(100)));
            }
            None => std::thread::sleep(PAUSE.min(left)),
        }
    }
}

/// Kills a child of the caller and reaps it; whether it has ended in this time.
pub fn kill_within(pid: i32, time: Duration) -> bool {
    // SAFETY: signals a child that is not reaped yet, so its number is nobody else's.
    unsafe { libc::kill(pid, libc::SIGKILL) };
    !matches!(within(pid, time), Ok(None))
}

/// Has a child do something and gives its wait status (waitpid(2)): it ends with the number that `act`
/// gives. None where there is no child to be had, or it has not ended in this time: it is killed then.
///
/// # Safety
/// `act` makes system calls only: a child of a process with several threads can do nothing else.
pub unsafe fn status_of_child(time: Duration, act: impl FnOnce() -> i32) -> Option<i32> {
    // SAFETY: the caller's.
    match unsafe { libc::fork() } {
        -1 => None,
        // SAFETY: ends the child without running what its parent will run at its exit.
        0 => unsafe { libc::_exit(act()) },
        child => match within(child, time) {
            Ok(Some(status)) => Some(status),
            Ok(None) => {
                kill_within(child, time);
                None
            }
            Err(_) => None,
        },
    }
}

/// Reaps all children of the caller; whether none is left after this time.
pub fn all_within(time: Duration) -> bool {
    let end = Instant::now() + time;
    loop {
        match wait(-1, libc::WNOHANG) {
            Ok(None) if Instant::now() >= end => return false,
            Ok(None) => std::thread::sleep(PAUSE),
            Err(error) if error.kind() != std::io::ErrorKind::Interrupted => return true,
            _ => {}
        }
    }
}

/// Whether a descriptor is readable, or at its end, within this time.
pub fn readable(descriptor: RawFd, time: Duration) -> bool {
    let end = Instant::now() + time;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let mut poll = libc::pollfd { fd: descriptor, events: libc::POLLIN, revents: 0 };
        let timeout = libc::c_int::try_from(left.as_micros().div_ceil(1000)).unwrap_or(libc::c_int::MAX);
        // SAFETY: the pollfd outlives the call.
        match unsafe { libc::poll(&mut poll, 1, timeout) } {
            ready if ready > 0 => return true,
            -1 if std::io::Error::last_os_error().kind() != std::io::ErrorKind::Interrupted => return false,
            _ if Instant::now() >= end => return false,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A child that ends by SIGKILL alone.
    fn patient_child() -> i32 {
        // SAFETY: the child makes async-signal-safe system calls only.
        match unsafe { libc::fork() } {
            0 => loop {
                // SAFETY: as above.
                unsafe { libc::pause() };
            },
            pid => pid,
        }
    }

    #[test]
    fn a_child_that_does_not_end_is_waited_for_no_longer_than_said() {
        let child = patient_child();
        assert_eq!(within(child, Duration::from_millis(20)).unwrap(), None);
        assert!(kill_within(child, Duration::from_secs(20)));
        assert_eq!(within(child, Duration::ZERO).unwrap_err().raw_os_error(), Some(libc::ECHILD));
    }

    #[test]
    fn both_calls_tell_the_same_of_a_child() {
        let ends: [fn() -> i32; 2] = [
            || 7,
            || {
                // SAFETY: ends the child.
                unsafe { libc::raise(libc::SIGTERM) }
            },
        ];
        for end in ends {
            let told = [wait, wait_by_waitid].map(|wait| {
                // SAFETY: the child makes one system call at most.
                let child = match unsafe { libc::fork() } {
                    // SAFETY: ends the child.
                    0 => unsafe { libc::_exit(end()) },
                    child => child,
                };
                let (ended, status) = wait(child, 0).unwrap().expect("it waits");
                assert_eq!(ended, child);
                status
            });
            assert_eq!(told[0], told[1]);
        }
    }

    #[test]
    fn a_child_that_goes_on_tells_neither_call_anything() {
        let child = patient_child();
        assert_eq!(wait(child, libc::WNOHANG).unwrap(), None);
        assert_eq!(wait_by_waitid(child, libc::WNOHANG).unwrap(), None);
        assert!(kill_within(child, Duration::from_secs(20)));
        assert_eq!(wait_by_waitid(child, 0).unwrap_err().raw_os_error(), Some(libc::ECHILD));
    }

    #[test]
    fn a_child_that_is_late_has_no_status() {
        let sleep = || {
            // SAFETY: takes no argument.
            unsafe { libc::pause() }
        };
        // SAFETY: the child makes one system call.
        assert_eq!(unsafe { status_of_child(Duration::from_millis(20), sleep) }, None);
    }

    #[test]
    fn the_status_of_a_child_is_given() {
        // SAFETY: the child makes no call at all.
        let status = unsafe { status_of_child(Duration::from_secs(20), || 7) }.expect("it has ended");
        assert!(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 7);
    }
}
