//! Pseudo-terminals and job control: pts(4), tty_ioctl(4), tcgetpgrp(3).
//!
//! The files of a terminal are opened by `open` of `file`; typing is `write` to its master.

use super::argument::{Descriptor, Pid};
use super::calls;
use super::file::OpenFlags;
use crate::outcome::{check, check_pid};

calls! {
    /// Calls about pseudo-terminals and job control.
    Terminal, TerminalCalls, actor:

    /// Unlocks the terminal that belongs to an open master, so that it can be opened.
    ioctl_tiocsptlck(fd: Descriptor) => "ioctl({}, TIOCSPTLCK, [0])" {
        let unlocked: libc::c_int = 0;
        // SAFETY: the number outlives the call.
        check(unsafe { libc::ioctl(fd.0, libc::TIOCSPTLCK, &unlocked) })
    }

    /// Makes a terminal the controlling one of the caller, which must lead a session without one.
    ioctl_tiocsctty(fd: Descriptor) => "ioctl({}, TIOCSCTTY, 0)" {
        // SAFETY: takes numbers only.
        check(unsafe { libc::ioctl(fd.0, libc::TIOCSCTTY, 0) })
    }

    /// Asks for the foreground process group of a terminal, in the caller's PID namespace. Through the master anybody may ask, through the terminal only who has it as its controlling one.
    tcgetpgrp(fd: Descriptor) asks {
        // SAFETY: takes a number only.
        check_pid(unsafe { libc::tcgetpgrp(fd.0) })
    }

    /// Makes a process group of the caller's session the foreground one of its terminal.
    tcsetpgrp(fd: Descriptor, group: Pid) {
        // SAFETY: takes numbers only.
        check(unsafe { libc::tcsetpgrp(fd.0, group.number) })
    }

    /// Opens the terminal that belongs to an open master, wherever it is mounted.
    ioctl_tiocgptpeer(fd: Descriptor, flags: OpenFlags) => "ioctl({}, TIOCGPTPEER, {})" {
        // SAFETY: takes numbers only.
        check(unsafe { libc::ioctl(fd.0, libc::TIOCGPTPEER, flags.bits()) })
    }
}
