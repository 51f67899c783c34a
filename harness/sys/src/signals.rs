//! The signal mask of the calling thread, with the answer of each call looked at: pthread_sigmask(3) gives
//! the error as its value.
//!
//! Dispositions are set in `inherited`.

use crate::errno::Errno;

fn change_mask(how: libc::c_int, set: &libc::sigset_t) -> Result<(), Errno> {
    // SAFETY: the set outlives the call; the old one is not asked for.
    match unsafe { libc::pthread_sigmask(how, set, std::ptr::null_mut()) } {
        0 => Ok(()),
        errno => Err(Errno(errno)),
    }
}

/// Blocks a signal.
///
/// # Errors
/// Those of sigprocmask(2).
pub fn block(signal: libc::c_int) -> Result<(), Errno> {
    // SAFETY: all-zero is a valid set, which sigemptyset(3) and sigaddset(3) fill.
    let set = unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut set);
        libc::sigaddset(&mut set, signal);
        set
    };
    change_mask(libc::SIG_BLOCK, &set)
}

/// Unblocks every signal. Where sigprocmask(2) is refused it is enough that none is blocked.
///
/// # Errors
/// Those of sigprocmask(2).
pub fn unblock_all() -> Result<(), Errno> {
    // SAFETY: all-zero is a valid set, which sigfillset(3) fills.
    let set = unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&mut set);
        set
    };
    match change_mask(libc::SIG_UNBLOCK, &set) {
        Err(errno) if errno.may_be_a_refusal() && none_is_blocked() => Ok(()),
        other => other,
    }
}

/// Whether /proc says that the calling thread blocks no signal.
fn none_is_blocked() -> bool {
    let status = std::fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
    let blocked = status.lines().find_map(|line| line.strip_prefix("SigBlk:"));
    blocked.is_some_and(|set| set.trim().bytes().all(|digit| digit == b'0'))
}
