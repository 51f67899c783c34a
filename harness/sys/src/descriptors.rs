//! Closing descriptors that a process has inherited and must not keep.
//!
//! Which ones may stay is the business of the caller.

use crate::errno::Errno;
use std::os::fd::RawFd;

/// Closes every descriptor from `first` to `last`, both included.
///
/// close_range(2) does that in one call. Where the kernel lacks it or a filter refuses it, procfs
/// lists what is open; where there is none, each number up to RLIMIT_NOFILE is tried.
///
/// # Errors
/// Says why the open descriptors cannot be found.
pub fn close_between(first: RawFd, last: RawFd) -> Result<(), String> {
    if first > last {
        return Ok(());
    }
    let (low, high) = (first as libc::c_uint, last as libc::c_uint);
    // SAFETY: closes descriptors; the caller says that nobody uses them.
    match Errno::result(unsafe { libc::syscall(libc::SYS_close_range, low, high, 0) }) {
        Ok(_) => Ok(()),
        Err(_) => close_each(first, last),
    }
}

/// Closes every descriptor from `first` on.
///
/// # Errors
/// As [`close_between`].
pub fn close_from(first: RawFd) -> Result<(), String> {
    close_between(first, RawFd::MAX)
}

/// More descriptors than this one by one take too long, and no process of ours has had as many.
const MOST: u64 = 1 << 20;

fn close_each(first: RawFd, last: RawFd) -> Result<(), String> {
    let open: Vec<RawFd> = match std::fs::read_dir("/proc/self/fd") {
        Ok(entries) => {
            entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
        }
        Err(_) => {
            let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
            // SAFETY: the limit outlives the call.
            Errno::result(unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) })
                .map_err(|errno| format!("getrlimit(RLIMIT_NOFILE): {}", errno.describe()))?;
            // The limit may have been lowered below a number that is open: the hard one is higher.
            (0..limit.rlim_max.min(MOST) as RawFd).collect()
        }
    };
    for descriptor in open.into_iter().filter(|number| (first..=last).contains(number)) {
        // SAFETY: as above. The one that listed the others is closed already: EBADF is no error.
        unsafe { libc::close(descriptor) };
    }
    Ok(())
}

/// The lowest descriptor from `first` to `last` that is open, if there is one.
pub fn open_between(first: RawFd, last: RawFd) -> Option<RawFd> {
    // SAFETY: takes numbers only.
    (first..=last).find(|descriptor| unsafe { libc::fcntl(*descriptor, libc::F_GETFD) } != -1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    /// In a child, since a test program has descriptors that it uses.
    #[rstest]
    #[case::by_the_call(close_between)]
    #[case::one_by_one(close_each)]
    fn what_lies_between_is_closed_and_nothing_else(#[case] close: fn(RawFd, RawFd) -> Result<(), String>) {
        // SAFETY: glibc keeps its allocator consistent over fork(3); the child ends by _exit.
        let child = unsafe { libc::fork() };
        if child == 0 {
            // SAFETY: as above; the numbers are free or the child's own.
            let right = unsafe {
                let opened = [300, 301, 302].iter().all(|number| libc::dup2(0, *number) == *number);
                let closed = close(301, 301).is_ok();
                opened
                    && closed
                    && open_between(300, 300) == Some(300)
                    && open_between(301, 301).is_none()
                    && open_between(301, 302) == Some(302)
            };
            // SAFETY: as above.
            unsafe { libc::_exit(i32::from(!right)) }
        }
        let status = crate::reap::within(child, std::time::Duration::from_secs(20)).unwrap();
        assert_eq!(status, Some(0));
    }
}
