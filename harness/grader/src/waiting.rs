//! The system call in which a process waits, as /proc/PID/syscall shows it: proc_pid_syscall(5).
//!
//! Who asks, and for which process, is in `observed`.

/// The number of the call and its arguments; none if the process is in no call, or runs.
pub(super) fn call(text: &str) -> Option<(i64, [u64; 6])> {
    let mut words = text.split_whitespace();
    let number = words.next()?.parse().ok()?;
    let mut arguments = [0; 6];
    for (argument, word) in arguments.iter_mut().zip(words) {
        *argument = u64::from_str_radix(word.trim_start_matches("0x"), 16).ok()?;
    }
    Some((number, arguments))
}

/// Whether this call ends by itself after some time. Of calls that were interrupted by a stop the kernel
/// shows restart_syscall(2), and not which they were: those count as endless.
pub(super) fn has_time_limit(call: i64, arguments: &[u64; 6]) -> bool {
    /// FUTEX_WAIT and FUTEX_WAIT_BITSET of linux/futex.h, without the flags.
    const FUTEX_WAITS: [u64; 2] = [0, 9];
    let milliseconds = |number: usize| arguments[number] as i32 > 0;
    let structure = |number: usize| arguments[number] != 0;
    #[cfg(target_arch = "x86_64")]
    match call {
        libc::SYS_poll => return milliseconds(2),
        libc::SYS_select => return structure(4),
        libc::SYS_epoll_wait => return milliseconds(3),
        _ => {}
    }
    match call {
        libc::SYS_nanosleep | libc::SYS_clock_nanosleep => true,
        libc::SYS_ppoll | libc::SYS_rt_sigtimedwait => structure(2),
        libc::SYS_pselect6 => structure(4),
        libc::SYS_epoll_pwait => milliseconds(3),
        libc::SYS_epoll_pwait2 | libc::SYS_semtimedop => structure(3),
        libc::SYS_mq_timedreceive => structure(4),
        libc::SYS_futex => FUTEX_WAITS.contains(&(arguments[1] & 0x7f)) && structure(3),
        _ => false,
    }
}

/// Whether this call creates a process: vfork(2), or clone(2) with CLONE_VFORK, waits for that.
pub(super) fn creates_a_process(call: i64) -> bool {
    #[cfg(target_arch = "x86_64")]
    let creating = [libc::SYS_vfork, libc::SYS_clone, libc::SYS_clone3];
    #[cfg(not(target_arch = "x86_64"))]
    let creating = [libc::SYS_clone, libc::SYS_clone3];
    creating.contains(&call)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_kernel_is_read() {
        let text = "271 0x7ffe 0x1 0x55d0 0x0 0x8 0x0 0x7ffe1 0x7f2b\n";
        assert_eq!(call(text), Some((271, [0x7ffe, 1, 0x55d0, 0, 8, 0])));
        assert_eq!(call("running\n"), None);
        assert_eq!(call("-1 0x7ffe 0x7f2b\n"), Some((-1, [0x7ffe, 0x7f2b, 0, 0, 0, 0])));
    }

    #[test]
    fn time_limits_are_seen() {
        let endless = [0, 1, 0, 0, 0, 0];
        assert!(!has_time_limit(libc::SYS_read, &[0, 1, 1, 1, 1, 1]));
        assert!(!has_time_limit(libc::SYS_ppoll, &endless));
        assert!(has_time_limit(libc::SYS_ppoll, &[0, 1, 0x7ffe, 0, 0, 0]));
        assert!(has_time_limit(libc::SYS_nanosleep, &endless));
        assert!(has_time_limit(libc::SYS_epoll_pwait, &[4, 1, 1, 100, 0, 0]));
        assert!(!has_time_limit(libc::SYS_epoll_pwait, &[4, 1, 1, u64::from(u32::MAX), 0, 0]));
        // FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME, and FUTEX_WAKE.
        assert!(has_time_limit(libc::SYS_futex, &[0, 0x189, 0, 0x7ffe, 0, 0]));
        assert!(!has_time_limit(libc::SYS_futex, &[0, 1, 0, 0x7ffe, 0, 0]));
    }
}
