//! Resource limits and priorities of processes, and calls that govern the whole machine:
//! getrlimit(2), setpriority(2), sched(7), acct(2), swapoff(2), syslog(2), adjtimex(2).
//!
//! The calls about the machine are made with arguments that change nothing should they be allowed:
//! scripts show that they are refused.

use super::argument::{Pathname, Pid, constants};
use super::calls;
use crate::outcome::{Answer, Errno, Value, check};

constants! {
    /// The resource that a limit is about.
    Rlimit: u32 {
        RLIMIT_NPROC = libc::RLIMIT_NPROC, RLIMIT_NOFILE = libc::RLIMIT_NOFILE,
        RLIMIT_SIGPENDING = libc::RLIMIT_SIGPENDING,
        RLIMIT_MEMLOCK = libc::RLIMIT_MEMLOCK,
        RLIMIT_MSGQUEUE = libc::RLIMIT_MSGQUEUE,
    }
}

constants! {
    /// A scheduling policy of sched(7).
    SchedulingPolicy: i32 { SCHED_FIFO = libc::SCHED_FIFO, SCHED_BATCH = libc::SCHED_BATCH }
}

calls! {
    /// Calls about limits, priorities and the whole machine.
    Limit, LimitCalls, actor:

    /// Sets a limit of the caller.
    setrlimit(resource: Rlimit, soft: i64, hard: i64) => "setrlimit({}, {rlim_cur={}, rlim_max={}})" {
        let limit = libc::rlimit { rlim_cur: soft as u64, rlim_max: hard as u64 };
        // SAFETY: the limit outlives the call.
        check(unsafe { libc::setrlimit(resource.0 as _, &limit) })
    }

    /// Asks for a limit of the caller.
    getrlimit(resource: Rlimit) asks {
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: the limit outlives the call.
        check(unsafe { libc::getrlimit(resource.0 as _, &mut limit) })?;
        Ok(Value::fields([
            ("rlim_cur", Value::Number(limit.rlim_cur as i64)),
            ("rlim_max", Value::Number(limit.rlim_max as i64)),
        ]))
    }

    /// Asks whether the limits of a process may be read (the limits themselves are not shown).
    prlimit(pid: Pid, resource: Rlimit) => "prlimit({}, {}, NULL)" asks {
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: the limit outlives the call.
        check(unsafe { libc::prlimit(pid.number, resource.0 as _, std::ptr::null(), &mut limit) })
    }

    /// Keeps all memory that the caller has now in main memory.
    mlockall() => "mlockall(MCL_CURRENT)" {
        // SAFETY: takes a number only.
        check(unsafe { libc::mlockall(libc::MCL_CURRENT) })
    }

    /// Asks for the nice value of a process.
    getpriority(pid: Pid) => "getpriority(PRIO_PROCESS, {})" asks {
        // SAFETY: takes numbers only. The system call itself gives 20 minus the nice value, so that
        // -1 is an error.
        let answer = check(unsafe { libc::syscall(libc::SYS_getpriority, libc::PRIO_PROCESS, pid.number) })?;
        let Value::Number(reversed) = answer else { unreachable!() };
        Ok(Value::Number(20 - reversed))
    }

    /// Sets the nice value of a process.
    setpriority(pid: Pid, value: i32) => "setpriority(PRIO_PROCESS, {}, {})" {
        // SAFETY: takes numbers only.
        check(unsafe { libc::setpriority(libc::PRIO_PROCESS, pid.number as libc::id_t, value) })
    }

    /// Asks for the scheduling policy of a process.
    sched_getscheduler(pid: Pid) asks {
        // SAFETY: takes a number only.
        check(unsafe { libc::sched_getscheduler(pid.number) })
    }

    /// Sets the scheduling policy of a process, with priority 1 where the policy has priorities.
    sched_setscheduler(pid: Pid, policy: SchedulingPolicy) {
        let priority = i32::from(policy == SchedulingPolicy::SCHED_FIFO);
        let parameter = libc::sched_param { sched_priority: priority };
        // SAFETY: the parameter outlives the call.
        check(unsafe { libc::sched_setscheduler(pid.number, policy.0, &parameter) })
    }

    /// Asks to write accounting records to a file.
    acct(path: Pathname) {
        // SAFETY: the path is a C string that outlives the call.
        check(unsafe { libc::acct(path.c_string()?.as_ptr()) })
    }

    /// Asks to stop swapping to a file.
    swapoff(path: Pathname) {
        // SAFETY: the path is a C string that outlives the call.
        check(unsafe { libc::swapoff(path.c_string()?.as_ptr()) })
    }

    /// Asks to set which messages of the kernel go to the console; a level of 0, which does not exist, is EINVAL for who may.
    syslog_console_level(level: i32) => "syslog(SYSLOG_ACTION_CONSOLE_LEVEL, NULL, {})" {
        if level > 0 {
            return Err(Errno(libc::ECANCELED));
        }
        // SAFETY: this action takes no buffer.
        check(unsafe { libc::syscall(libc::SYS_syslog, SYSLOG_ACTION_CONSOLE_LEVEL, 0, level) })
    }

    /// Asks to set the length of a tick of the machine's clock, in microseconds; a tick of 0, which is out of range, is EINVAL for who may.
    adjtimex_tick(tick: i32) => "adjtimex({modes=ADJ_TICK, tick={}})" {
        if tick > 0 {
            return Err(Errno(libc::ECANCELED));
        }
        adjust(tick)
    }
}

/// `SYSLOG_ACTION_CONSOLE_LEVEL` of linux/syslog.h.
const SYSLOG_ACTION_CONSOLE_LEVEL: i32 = 8;

fn adjust(tick: i32) -> Answer {
    // SAFETY: all-zero is a valid timex; it outlives the call.
    check(unsafe {
        let mut change: libc::timex = std::mem::zeroed();
        change.modes = libc::ADJ_TICK;
        change.tick = tick.into();
        libc::adjtimex(&mut change)
    })
}
