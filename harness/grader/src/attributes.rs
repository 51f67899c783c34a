//! Every attribute that a process inherits and that no namespace separates: each program on a stage
//! starts with the same, whoever grades and however the grader was started.
//!
//! | attribute | value | left as it is |
//! |---|---|---|
//! | session keyring | new, anonymous, empty; thread and process keyrings are not inherited | without keyctl(2) |
//! | session, controlling terminal | new session; none, or the check's own terminal | |
//! | descriptors | 0, 1, 2 | never: a grading without that is refused |
//! | signal dispositions, mask | default, empty | |
//! | umask | 022 | |
//! | scheduling policy | SCHED_OTHER | a lower priority (nice) than usual |
//! | I/O priority | none: it follows from the nice value | |
//! | timer slack | 50 µs | |
//! | memory policy | default | |
//! | OOM score | 1000: the kernel ends a submission first | |
//! | core dump filter | 0x33; and RLIMIT_CORE forbids dumps | |
//! | personality | PER_LINUX | |
//! | securebits, ambient set | none | |
//! | no_new_privs | set | |
//! | huge pages, page merging, reading of the time stamp counter | as usual | MDWE, seccomp filters, speculation controls, landlock: those can only be tightened |
//! | resource limits | the table [`LIMITS`] | a hard limit of the grader's that is lower |
//! | supplementary groups | none | where an ordinary user grades: setgroups(2) is denied there |
//! | environment | the table [`ENVIRONMENT`] | |
//! | directory, root | /tmp, that of the stage | |
//!
//! A test starts the grader with other values of all of these and has a program of the stage look.

use super::abort::MOST_MEMORY;
use super::observed::PROC;
use nix::fcntl::OFlag;
use nix::sys::stat::Mode;
use std::os::fd::{OwnedFd, RawFd};

/// The environment of every program on the stage.
pub const ENVIRONMENT: [&str; 4] =
    ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/tmp", "LANG=C", "TERM=dumb"];

/// The working directory of every submission.
pub const DIRECTORY: &str = "/tmp";

/// No limit of ours: the grader's own stays.
const UNLIMITED: u64 = libc::RLIM_INFINITY;

/// The resource limits of every program but RLIMIT_NPROC, which depends on the machine.
const LIMITS: [(libc::__rlimit_resource_t, u64); 15] = [
    // Twice as much as all of them may use together: the watcher says so before.
    (libc::RLIMIT_DATA, 2 * MOST_MEMORY),
    (libc::RLIMIT_FSIZE, 32 << 20),
    (libc::RLIMIT_NOFILE, 256),
    // 1 rather than 0, as a core dump program is not started either then (core(5)).
    (libc::RLIMIT_CORE, 1),
    (libc::RLIMIT_CPU, 60),
    (libc::RLIMIT_STACK, 8 << 20),
    (libc::RLIMIT_MEMLOCK, 64 << 10),
    (libc::RLIMIT_NICE, 0),
    (libc::RLIMIT_RTPRIO, 0),
    (libc::RLIMIT_RTTIME, UNLIMITED),
    (libc::RLIMIT_SIGPENDING, 1024),
    (libc::RLIMIT_MSGQUEUE, 819_200),
    (libc::RLIMIT_AS, UNLIMITED),
    (libc::RLIMIT_RSS, UNLIMITED),
    (libc::RLIMIT_LOCKS, UNLIMITED),
];

/// Files of the calling process that are written when its own procfs is out of reach.
pub(super) struct OwnFiles {
    oom_score: Option<OwnedFd>,
    core_filter: Option<OwnedFd>,
    /// Its descriptors, where close_range(2) cannot be used.
    descriptors: Option<Vec<RawFd>>,
}

impl OwnFiles {
    /// Opens them, in the watcher's mount namespace and in the process that is to be started.
    ///
    /// # Errors
    /// When its descriptors could not be closed: nothing can be started then.
    pub(super) fn open() -> Result<OwnFiles, String> {
        let file = |name: &str| {
            let path = format!("{PROC}/self/{name}");
            nix::fcntl::open(path.as_str(), OFlag::O_WRONLY | OFlag::O_CLOEXEC, Mode::empty()).ok()
        };
        let descriptors = if can_close_range() { None } else { Some(descriptors()?) };
        Ok(OwnFiles { oom_score: file("oom_score_adj"), core_filter: file("coredump_filter"), descriptors })
    }

    /// Writes the attributes that are files; a child that is created afterwards inherits them.
    ///
    /// # Errors
    /// Says which attribute the kernel refused.
    pub(super) fn write(&self) -> Result<(), String> {
        for (file, name, text) in
            [(&self.oom_score, "oom_score_adj", "1000"), (&self.core_filter, "coredump_filter", "0x33")]
        {
            // A kernel may be built without one.
            let Some(file) = file else { continue };
            nix::unistd::write(file, text.as_bytes()).map_err(|errno| format!("{name}: {errno}"))?;
        }
        Ok(())
    }

    /// Closes all descriptors from this one on.
    ///
    /// # Errors
    /// When one may be left open.
    pub(super) fn close_from(&self, first: RawFd) -> Result<(), String> {
        match &self.descriptors {
            None => close_range(first),
            Some(descriptors) => {
                for number in descriptors.iter().filter(|number| **number >= first) {
                    // SAFETY: whoever calls this uses none of these descriptors any more.
                    unsafe { libc::close(*number) };
                }
                Ok(())
            }
        }
    }
}

/// Whether the kernel has close_range(2) and no filter refuses it; asked with a range that is empty.
fn can_close_range() -> bool {
    // SAFETY: there is no such descriptor.
    unsafe { libc::syscall(libc::SYS_close_range, libc::c_uint::MAX, libc::c_uint::MAX, 0) == 0 }
}

/// close_range(2) from this descriptor on.
pub(super) fn close_range(first: RawFd) -> Result<(), String> {
    // SAFETY: whoever calls this uses none of these descriptors any more.
    match unsafe { libc::syscall(libc::SYS_close_range, first as libc::c_uint, libc::c_uint::MAX, 0) } {
        0 => Ok(()),
        _ => Err(format!("close_range: {}", nsconform_sys::errno::Errno::last().describe())),
    }
}

/// The descriptors of the calling process, by its procfs.
fn descriptors() -> Result<Vec<RawFd>, String> {
    let why = |error: std::io::Error| {
        format!("close_range(2) cannot be used here, and {PROC}/self/fd cannot be read: {error}")
    };
    let mut numbers = Vec::new();
    for entry in std::fs::read_dir(format!("{PROC}/self/fd")).map_err(why)? {
        let entry = entry.map_err(why)?;
        numbers.extend(entry.file_name().to_str().and_then(|name| name.parse::<RawFd>().ok()));
    }
    Ok(numbers)
}

/// Closes all descriptors of the calling process from this one on, by whatever means there is.
pub(super) fn close_all_from(first: RawFd) -> Result<(), String> {
    if can_close_range() {
        return close_range(first);
    }
    for number in descriptors()? {
        if number >= first {
            // SAFETY: as above.
            unsafe { libc::close(number) };
        }
    }
    Ok(())
}

/// Gives the calling process the attributes of the table, but session, descriptors and those that are
/// files. It is on the stage already, with the ids that the program has there.
///
/// # Errors
/// Says which attribute the kernel refused.
pub(super) fn set(most_processes: u64) -> Result<(), String> {
    new_session_keyring()?;
    reset_signals();
    // SAFETY: plain calls on numbers, and on structures that outlive them.
    unsafe {
        libc::umask(0o022);
        let usual: libc::sched_param = std::mem::zeroed();
        if libc::sched_setscheduler(0, libc::SCHED_OTHER, &usual) == -1 {
            return Err(format!("sched_setscheduler: {}", nsconform_sys::errno::Errno::last().describe()));
        }
        // A lower priority than the grader's own nobody can get back; a higher one is given up.
        libc::setpriority(libc::PRIO_PROCESS, 0, libc::getpriority(libc::PRIO_PROCESS, 0).max(0));
        // IOPRIO_WHO_PROCESS, and IOPRIO_CLASS_NONE.
        libc::syscall(libc::SYS_ioprio_set, 1, 0, 0);
        // MPOL_DEFAULT; a kernel may have no memory policies.
        libc::syscall(libc::SYS_set_mempolicy, 0, std::ptr::null::<libc::c_ulong>(), 0);
        libc::personality(0);
        libc::prctl(libc::PR_SET_TIMERSLACK, 50_000, 0, 0, 0);
        libc::prctl(libc::PR_SET_THP_DISABLE, 0, 0, 0, 0);
        libc::prctl(PR_SET_MEMORY_MERGE, 0, 0, 0, 0);
        libc::prctl(libc::PR_SET_TSC, libc::PR_TSC_ENABLE, 0, 0, 0);
        libc::prctl(libc::PR_MCE_KILL, libc::PR_MCE_KILL_CLEAR, 0, 0, 0);
        libc::prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
        libc::prctl(libc::PR_SET_SECUREBITS, 0, 0, 0, 0);
        for (which, most) in LIMITS.into_iter().chain([(libc::RLIMIT_NPROC, most_processes)]) {
            let mut now: libc::rlimit = std::mem::zeroed();
            libc::getrlimit(which, &mut now);
            let most = (most as libc::rlim_t).min(now.rlim_max);
            if libc::setrlimit(which, &libc::rlimit { rlim_cur: most, rlim_max: most }) == -1 {
                return Err(format!(
                    "setrlimit({which}): {}",
                    nsconform_sys::errno::Errno::last().describe()
                ));
            }
        }
        if libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 {
            return Err(format!("PR_SET_NO_NEW_PRIVS: {}", nsconform_sys::errno::Errno::last().describe()));
        }
    }
    Ok(())
}

/// Gives all signals the default disposition, and blocks none.
pub(super) fn reset_signals() {
    // SAFETY: plain calls on structures that outlive them.
    unsafe {
        // `struct sigaction` of the kernel, all zero: SIG_DFL. The C library refuses to touch two
        // signals that it uses itself, and whoever grades may have been started with them ignored.
        let default = [0_u64; 4];
        for signal in 1..=64 {
            libc::syscall(libc::SYS_rt_sigaction, signal, default.as_ptr(), std::ptr::null::<u64>(), 8);
        }
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &none, std::ptr::null_mut());
    }
}

/// linux/prctl.h, since Linux 6.4.
const PR_SET_MEMORY_MERGE: libc::c_int = 67;

/// Leaves the session keyring that was inherited for a new one that is empty: keyrings(7). Where
/// keyctl(2) is not there or is filtered, a submission has no keys either.
pub(super) fn new_session_keyring() -> Result<(), String> {
    /// KEYCTL_JOIN_SESSION_KEYRING of linux/keyctl.h; without a name the keyring is anonymous.
    const JOIN_SESSION_KEYRING: libc::c_int = 1;
    // SAFETY: plain call.
    let joined =
        unsafe { libc::syscall(libc::SYS_keyctl, JOIN_SESSION_KEYRING, std::ptr::null::<libc::c_char>()) };
    match joined {
        -1 => match nix::errno::Errno::last() {
            nix::errno::Errno::ENOSYS | nix::errno::Errno::EPERM => Ok(()),
            errno => Err(format!("KEYCTL_JOIN_SESSION_KEYRING: {errno}")),
        },
        _ => Ok(()),
    }
}
