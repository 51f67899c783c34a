//! Waits for children, each with a deadline of its own: whatever the kernel does, the caller goes on.
//!
//! Whom to wait for, and what follows when a child does not end, is the business of the caller.

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

/// Reaps a child of the caller and gives its wait status; none if it has not ended in this time.
///
/// # Errors
/// Those of waitpid(2): ECHILD where it is no child of the caller.
pub fn within(pid: i32, time: Duration) -> std::io::Result<Option<i32>> {
    let end = Instant::now() + time;
    let pidfd = pidfd(pid);
    loop {
        let mut status = 0;
        // SAFETY: the status outlives the call.
        match unsafe { libc::waitpid(pid, &mut status, libc::WNOHANG) } {
            0 => {}
            -1 => match std::io::Error::last_os_error() {
                error if error.kind() == std::io::ErrorKind::Interrupted => {}
                error => return Err(error),
            },
            _ => return Ok(Some(status)),
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
        // SAFETY: the status may be null.
        match unsafe { libc::waitpid(-1, std::ptr::null_mut(), libc::WNOHANG) } {
            0 if Instant::now() >= end => return false,
            0 => std::thread::sleep(PAUSE),
            -1 if std::io::Error::last_os_error().kind() != std::io::ErrorKind::Interrupted => return true,
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
