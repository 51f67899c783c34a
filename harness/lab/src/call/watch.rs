//! Instances that watch files: inotify(7), fanotify(7).

use super::argument::flags;
use super::calls;
use crate::outcome::check;

flags! {
    /// The flags of fanotify_init(2).
    FanotifyFlags: u32 { FAN_CLOEXEC = libc::FAN_CLOEXEC, FAN_REPORT_FID = libc::FAN_REPORT_FID }
}

calls! {
    /// Calls that make instances which watch files.
    Watch, WatchCalls, actor:

    /// Makes an inotify instance.
    inotify_init() {
        // SAFETY: takes nothing.
        check(unsafe { libc::inotify_init() })
    }

    /// Makes a fanotify group.
    fanotify_init(flags: FanotifyFlags) => "fanotify_init({}, O_RDONLY)" {
        // SAFETY: takes numbers only.
        check(unsafe { libc::fanotify_init(flags.bits(), libc::O_RDONLY as u32) })
    }
}
