//! Interrupts while the cache is being written: they wait until nothing unfinished lies around, and
//! then do what they would have done.

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use std::io;
use std::os::fd::AsFd;

fn signals() -> SigSet {
    [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP].into_iter().collect()
}

/// Holds interrupts back from this thread until dropped.
pub struct Hold {
    before: SigSet,
}

impl Hold {
    /// Begins to hold them back.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn begin() -> io::Result<Hold> {
        let before = SigSet::thread_get_mask()?;
        signals().thread_block()?;
        Ok(Hold { before })
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        // The mask was right before; there is nobody to tell.
        let _ = self.before.thread_set_mask();
    }
}

/// A descriptor that is readable while an interrupt is held back.
///
/// # Errors
/// When the kernel has none left.
pub fn descriptor() -> io::Result<SignalFd> {
    Ok(SignalFd::with_flags(&signals(), SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?)
}

/// Whether an interrupt is held back.
pub fn pending() -> bool {
    descriptor().is_ok_and(|descriptor| {
        let mut watched = [PollFd::new(descriptor.as_fd(), PollFlags::POLLIN)];
        poll(&mut watched, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Runs something while an interrupt is held back, and takes it away afterwards.
    pub(crate) fn interrupted<T>(run: impl FnOnce() -> T) -> T {
        let hold = Hold::begin().unwrap();
        nix::sys::signal::raise(Signal::SIGHUP).unwrap();
        let result = run();
        assert_eq!(signals().wait().unwrap(), Signal::SIGHUP);
        drop(hold);
        result
    }

    #[test]
    fn an_interrupt_is_noticed_and_stays() {
        assert!(!pending());
        interrupted(|| assert!(pending() && pending()));
        assert!(!pending());
    }
}
