//! Everything that a process inherits by fork(2) and execve(2) and that a case could notice: one
//! table that sets each of it to a known value, whoever started nsconform.
//!
//! Namespaces, mounts, the root directory and descriptors are the business of the sandbox. Kept on
//! purpose, since whoever started nsconform chose it and no trace shows it: nice value, I/O
//! priority, processor affinity, the policies SCHED_BATCH and SCHED_IDLE, oom_score_adj. Lost by
//! fork(2) or by setsid(2) of a director: timers, the parent-death signal, the subreaper mark, the
//! controlling terminal. Never taken back by the kernel: no_new_privs.

use crate::capability::{Capabilities, CapabilitySets, capability_set, find_capabilities, set_capabilities};
use crate::errno::Errno;
use crate::limit::{self, ResourceLimit};
use crate::signals;

/// One attribute.
pub struct Attribute {
    /// The name that its manual page gives it.
    pub name: &'static str,
    /// Sets it in the calling process.
    pub set: fn() -> Result<(), Errno>,
}

/// Every attribute that is set.
pub static ALL: &[Attribute] = &[
    Attribute { name: "umask", set: set_umask },
    Attribute { name: "signal dispositions", set: set_dispositions },
    Attribute { name: "signal mask", set: signals::unblock_all },
    Attribute { name: "personality", set: set_personality },
    Attribute { name: "scheduling policy", set: leave_real_time },
    Attribute { name: "timer slack", set: set_timer_slack },
    Attribute { name: "dumpable", set: || unless(is_dumpable, || control(libc::PR_SET_DUMPABLE, 1)) },
    // Where prctl(2) is refused: execve(2), by which we were started, clears it.
    Attribute { name: "keep capabilities", set: || unless(|| true, || control(libc::PR_SET_KEEPCAPS, 0)) },
    Attribute { name: "ambient capabilities", set: clear_ambient },
    Attribute { name: "inheritable capabilities", set: clear_inheritable },
    Attribute { name: "securebits", set: clear_securebits },
    Attribute {
        name: "transparent huge pages",
        set: || unless(|| true, || optional(control(libc::PR_SET_THP_DISABLE, 0))),
    },
    Attribute { name: "time-stamp counter", set: allow_time_stamps },
    Attribute {
        name: "machine check policy",
        set: || unless(|| true, || optional(control(PR_MCE_KILL, PR_MCE_KILL_CLEAR))),
    },
    Attribute { name: "session keyring", set: leave_session_keyring },
    Attribute { name: "environment", set: clear_environment },
];

/// Sets every attribute in the calling process, which must have one thread.
///
/// # Errors
/// Says which attribute cannot be set and why.
pub fn set_all() -> Result<(), String> {
    ALL.iter().try_for_each(|attribute| {
        (attribute.set)().map_err(|errno| format!("setting {}: {}", attribute.name, errno.describe()))
    })
}

/// In nanoseconds: what PR_SET_TIMERSLACK(2const) names as the value of the first process.
const USUAL_TIMER_SLACK: libc::c_ulong = 50_000;

// Numbers from linux/prctl.h.
const PR_MCE_KILL: libc::c_int = 33;
const PR_MCE_KILL_CLEAR: libc::c_ulong = 0;
const PR_SET_TSC: libc::c_int = 26;
const PR_TSC_ENABLE: libc::c_ulong = 1;

fn control(operation: libc::c_int, value: libc::c_ulong) -> Result<(), Errno> {
    let none: libc::c_ulong = 0;
    // SAFETY: these operations take numbers only.
    Errno::result(unsafe { libc::prctl(operation, value, none, none, none) }).map(drop)
}

/// Where the kernel has no such attribute, none is inherited.
fn optional(result: Result<(), Errno>) -> Result<(), Errno> {
    match result {
        Err(Errno(libc::EINVAL | libc::ENOSYS)) => Ok(()),
        other => other,
    }
}

/// Takes another proof that an attribute has its usual value where the call that sets it is refused, by a
/// filter for one.
fn unless(is_usual: fn() -> bool, set: impl FnOnce() -> Result<(), Errno>) -> Result<(), Errno> {
    match set() {
        Err(errno) if errno.may_be_a_refusal() && is_usual() => Ok(()),
        other => other,
    }
}

/// Where it cannot be set, no trace shows it.
fn set_timer_slack() -> Result<(), Errno> {
    unless(|| true, || control(libc::PR_SET_TIMERSLACK, USUAL_TIMER_SLACK))
}

/// Whether the files of the calling process in /proc are its own: those of one that is not dumpable are
/// root's (proc(5)).
pub fn is_dumpable() -> bool {
    use std::os::unix::fs::MetadataExt;
    // SAFETY: takes no argument and never fails.
    let own = unsafe { libc::geteuid() };
    std::fs::metadata("/proc/self/status").is_ok_and(|found| found.uid() == own)
}

/// Whether the securebits of the calling process can be asked for. A new user namespace has the usual
/// ones (user_namespaces(7)).
pub fn securebits_are_told() -> bool {
    let none: libc::c_ulong = 0;
    // SAFETY: takes numbers only.
    unsafe { libc::prctl(libc::PR_GET_SECUREBITS, none, none, none, none) != -1 }
}

/// Whether root gets no capabilities at execve(2): SECBIT_NOROOT (capabilities(7)).
pub fn root_gains_nothing() -> bool {
    /// From linux/securebits.h.
    const SECBIT_NOROOT: libc::c_int = 1;
    let none: libc::c_ulong = 0;
    // SAFETY: takes numbers only.
    let bits = unsafe { libc::prctl(libc::PR_GET_SECUREBITS, none, none, none, none) };
    // SAFETY: takes no argument and never fails.
    bits != -1 && bits & SECBIT_NOROOT != 0 && unsafe { libc::geteuid() } == 0
}

fn set_umask() -> Result<(), Errno> {
    // SAFETY: takes a number only; never fails.
    unsafe { libc::umask(0o022) };
    Ok(())
}

/// SIGPIPE stays ignored: a runner that has gone is seen where its socket is written to. Directors
/// set it themselves.
fn set_dispositions() -> Result<(), Errno> {
    let ours = [libc::SIGPIPE, libc::SIGKILL, libc::SIGSTOP];
    for signal in (1..=libc::SIGRTMAX()).filter(|signal| !ours.contains(signal)) {
        // SAFETY: sets the default disposition; there is no handler of ours. The C library keeps
        // two numbers to itself and refuses them.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    Ok(())
}

fn set_personality() -> Result<(), Errno> {
    let is_usual =
        || std::fs::read_to_string("/proc/self/personality").is_ok_and(|text| text == "00000000\n");
    // SAFETY: takes a number only. 0 is PER_LINUX without any flag.
    unless(is_usual, || Errno::result(unsafe { libc::personality(0) }).map(drop))
}

/// A case that goes round in circles must not keep the processor from everybody.
fn leave_real_time() -> Result<(), Errno> {
    // SAFETY: takes a number only.
    let policy = Errno::result(unsafe { libc::sched_getscheduler(0) })? as libc::c_int;
    if matches!(policy & !libc::SCHED_RESET_ON_FORK, libc::SCHED_OTHER | libc::SCHED_BATCH | libc::SCHED_IDLE)
    {
        return Ok(());
    }
    // SAFETY: all-zero is the parameter of SCHED_OTHER, and outlives the call.
    let parameter: libc::sched_param = unsafe { std::mem::zeroed() };
    // SAFETY: as above.
    Errno::result(unsafe { libc::sched_setscheduler(0, libc::SCHED_OTHER, &parameter) }).map(drop)
}

fn clear_ambient() -> Result<(), Errno> {
    let are_none = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        capability_set(&status, "CapAmb").is_some_and(|ambient| ambient.is_empty())
    };
    let clear = || control(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_CLEAR_ALL as libc::c_ulong);
    unless(are_none, || optional(clear()))
}

fn clear_inheritable() -> Result<(), Errno> {
    let sets = find_capabilities()?;
    if sets.inheritable.is_empty() {
        return Ok(());
    }
    set_capabilities(&CapabilitySets { inheritable: Capabilities::empty(), ..sets })
}

fn clear_securebits() -> Result<(), Errno> {
    let none: libc::c_ulong = 0;
    if !securebits_are_told() {
        // The sandbox is a user namespace then, which has cleared them.
        return Ok(());
    }
    // SAFETY: takes numbers only.
    let bits = Errno::result(unsafe { libc::prctl(libc::PR_GET_SECUREBITS, none, none, none, none) })?;
    // PR_SET_KEEPCAPS has cleared its bit; setting the others needs CAP_SETPCAP.
    if bits == 0 { Ok(()) } else { control(libc::PR_SET_SECUREBITS, 0) }
}

fn allow_time_stamps() -> Result<(), Errno> {
    // Processors without such a counter have no such operation; no trace shows whether it may be read.
    unless(|| true, || optional(control(PR_SET_TSC, PR_TSC_ENABLE)))
}

/// A new anonymous keyring: what the starter keeps in its own can be neither read nor used.
fn leave_session_keyring() -> Result<(), Errno> {
    const KEYCTL_JOIN_SESSION_KEYRING: libc::c_long = 1;
    let anonymous = std::ptr::null::<libc::c_char>();
    // SAFETY: takes a number and a null pointer.
    match Errno::result(unsafe { libc::syscall(libc::SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, anonymous) }) {
        // Without keyrings, or where a filter hides them, none can be reached either; where the
        // quota of the user is used up, no trace shows the old one.
        Ok(_) | Err(Errno(libc::ENOSYS | libc::EPERM | libc::EDQUOT | libc::EACCES)) => Ok(()),
        Err(errno) => Err(errno),
    }
}

/// The one variable that a program may need to find its libraries again at execve(2).
const KEPT_VARIABLE: &str = "LD_LIBRARY_PATH";

fn clear_environment() -> Result<(), Errno> {
    let names: Vec<_> =
        std::env::vars_os().map(|(name, _)| name).filter(|name| name != KEPT_VARIABLE).collect();
    for name in names {
        // SAFETY: the process has one thread.
        unsafe { std::env::remove_var(name) };
    }
    Ok(())
}

/// A resource limit that cases depend on.
struct UsualLimit {
    limit: ResourceLimit,
    /// The soft limit is set to this, or to the hard limit where that is lower.
    usual: libc::rlim_t,
    /// With less than this the engine itself cannot work.
    least: libc::rlim_t,
}

const MIB: libc::rlim_t = 1 << 20;

const fn wanted(limit: ResourceLimit, usual: libc::rlim_t, least: libc::rlim_t) -> UsualLimit {
    UsualLimit { limit, usual, least }
}

const LIMITS: [UsualLimit; 10] = [
    wanted(limit::NOFILE, 1024, 200),
    // No least number: the cases for which there are too few processes say so themselves, and the
    // others are tested.
    wanted(limit::NPROC, libc::RLIM_INFINITY, 0),
    wanted(limit::AS, libc::RLIM_INFINITY, 256 * MIB),
    wanted(limit::DATA, libc::RLIM_INFINITY, 16 * MIB),
    wanted(limit::STACK, 8 * MIB, MIB),
    wanted(limit::FSIZE, libc::RLIM_INFINITY, MIB),
    wanted(limit::CPU, libc::RLIM_INFINITY, 10),
    wanted(limit::SIGPENDING, libc::RLIM_INFINITY, 0),
    wanted(limit::MSGQUEUE, 819_200, 0),
    wanted(limit::MEMLOCK, 8 * MIB, 0),
];

/// Sets the resource limits of the calling process: the soft ones to their usual values, as far as
/// the hard ones allow; a hard one is raised where that is allowed.
///
/// # Errors
/// Names a hard limit with which nothing can be tested.
pub fn set_limits() -> Result<(), String> {
    LIMITS.iter().try_for_each(|UsualLimit { limit, usual, least }| {
        let failed = |call: &str, errno: Errno| format!("{call} of {}: {}", limit.name, errno.describe());
        let found = limit.find().map_err(|errno| failed("getrlimit", errno))?;
        if found.rlim_max < *usual {
            let raised = libc::rlimit { rlim_cur: *usual, rlim_max: *usual };
            if limit.set(raised).is_ok() {
                return Ok(());
            }
        }
        if found.rlim_max < *least {
            return Err(format!("{} is {}: at least {least} are needed", limit.name, found.rlim_max));
        }
        let soft = (*usual).min(found.rlim_max);
        if soft == found.rlim_cur {
            return Ok(());
        }
        match limit.set(libc::rlimit { rlim_cur: soft, rlim_max: found.rlim_max }) {
            // Where it may not be set, that which was inherited is taken if it is enough.
            Err(errno) if errno.may_be_a_refusal() && found.rlim_cur >= *least => Ok(()),
            other => other.map_err(|errno| failed("setrlimit", errno)),
        }
    })
}
