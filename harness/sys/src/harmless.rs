//! System calls in a harmless form: arguments with which any kernel that has the call changes
//! nothing, and answers neither EPERM nor ENOSYS to root of a sealed place. So a call that somebody
//! refuses, a filter or a kernel without it, is found before a script makes it in earnest.
//!
//! Calls that a right kernel refuses in some sealed places, whatever their arguments, are not here:
//! setgroups(2), which a user namespace may deny; acct(2), open_by_handle_at(2), swapoff(2) and
//! syslog(2), which need a capability over the whole machine. Nor is a call that the C library need not
//! make, such as clock_gettime(2). Which script makes which call is the business of whoever asks.

use crate::errno::Errno;
use crate::numbers::{SYS_FCHROOT, SYS_LISTMOUNT, SYS_OPEN_TREE_ATTR, SYS_STATMOUNT};
use crate::reap;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

/// A system call and the arguments with which it is harmless.
pub struct Harmless {
    /// Its name; that of socket(2) with its family.
    pub name: &'static str,
    /// Its number.
    pub number: libc::c_long,
    arguments: [libc::c_long; 5],
}

const fn call(name: &'static str, number: libc::c_long, arguments: [libc::c_long; 5]) -> Harmless {
    Harmless { name, number, arguments }
}

/// No descriptor, no such operation, every flag at once.
const NO: libc::c_long = -1;
/// A pointer that leads nowhere: EFAULT once everything before is allowed.
const NOWHERE: libc::c_long = 0;
/// Another one, for calls to which a null pointer is none.
const OUT_OF_REACH: libc::c_long = 1;
/// Above every PID that there can be (`kernel.pid_max`): ESRCH.
const NOBODY: libc::c_long = 0x3fff_ffff;
/// A key of System V objects that nothing here makes: ENOENT.
const NO_KEY: libc::c_long = 0x7fff_ffff;
/// A flag of fanotify_init(2) that no kernel knows.
const UNKNOWN: libc::c_long = 1 << 30;

/// The calls, in alphabetical order.
pub static CALLS: &[Harmless] = &[
    call("accept", libc::SYS_accept, [NO, NOWHERE, NOWHERE, 0, 0]),
    call("add_key", libc::SYS_add_key, [NOWHERE, NOWHERE, NOWHERE, 0, 0]),
    call("bind", libc::SYS_bind, [NO, NOWHERE, 0, 0, 0]),
    call("capget", libc::SYS_capget, [NOWHERE, NOWHERE, 0, 0, 0]),
    call("capset", libc::SYS_capset, [NOWHERE, NOWHERE, 0, 0, 0]),
    call("chdir", libc::SYS_chdir, [NOWHERE, 0, 0, 0, 0]),
    #[cfg(target_arch = "x86_64")]
    call("chmod", libc::SYS_chmod, [NOWHERE, 0, 0, 0, 0]),
    #[cfg(target_arch = "x86_64")]
    call("chown", libc::SYS_chown, [NOWHERE, NO, NO, 0, 0]),
    call("chroot", libc::SYS_chroot, [NOWHERE, 0, 0, 0, 0]),
    call("clock_adjtime", libc::SYS_clock_adjtime, [NO, NOWHERE, 0, 0, 0]),
    call("clock_nanosleep", libc::SYS_clock_nanosleep, [NO, 0, NOWHERE, NOWHERE, 0]),
    // A thread that shares no signal handlers: EINVAL.
    call("clone", libc::SYS_clone, [libc::CLONE_THREAD as libc::c_long, 0, 0, 0, 0]),
    // A structure of no bytes: EINVAL.
    call("clone3", libc::SYS_clone3, [NOWHERE, 0, 0, 0, 0]),
    call("close", libc::SYS_close, [NO, 0, 0, 0, 0]),
    call("connect", libc::SYS_connect, [NO, NOWHERE, 0, 0, 0]),
    call("execve", libc::SYS_execve, [NOWHERE, NOWHERE, NOWHERE, 0, 0]),
    // An ordinary user may have a group that reports identifiers, but not with an unknown flag: EINVAL.
    call(
        "fanotify_init",
        libc::SYS_fanotify_init,
        [libc::FAN_REPORT_FID as libc::c_long | UNKNOWN, 0, 0, 0, 0],
    ),
    call("fanotify_mark", libc::SYS_fanotify_mark, [NO, NO, 0, NO, NOWHERE]),
    call("fchroot", SYS_FCHROOT, [NO, NO, 0, 0, 0]),
    call("fcntl", libc::SYS_fcntl, [NO, 0, 0, 0, 0]),
    call("fsconfig", libc::SYS_fsconfig, [NO, NO, NOWHERE, NOWHERE, 0]),
    call("fsmount", libc::SYS_fsmount, [NO, NO, NO, 0, 0]),
    call("fsopen", libc::SYS_fsopen, [NOWHERE, NO, 0, 0, 0]),
    call("fspick", libc::SYS_fspick, [NO, NOWHERE, NO, 0, 0]),
    // Nobody waits at no address.
    call("futex", libc::SYS_futex, [NOWHERE, libc::FUTEX_WAKE as libc::c_long, 0, 0, 0]),
    call("getcwd", libc::SYS_getcwd, [NOWHERE, 0, 0, 0, 0]),
    call("getdents64", libc::SYS_getdents64, [NO, NOWHERE, 0, 0, 0]),
    call("getegid", libc::SYS_getegid, [0, 0, 0, 0, 0]),
    call("geteuid", libc::SYS_geteuid, [0, 0, 0, 0, 0]),
    call("getgroups", libc::SYS_getgroups, [NO, NOWHERE, 0, 0, 0]),
    call("getitimer", libc::SYS_getitimer, [NO, NOWHERE, 0, 0, 0]),
    call("getpeername", libc::SYS_getpeername, [NO, NOWHERE, NOWHERE, 0, 0]),
    call("getpgid", libc::SYS_getpgid, [0, 0, 0, 0, 0]),
    call("getpid", libc::SYS_getpid, [0, 0, 0, 0, 0]),
    call("getppid", libc::SYS_getppid, [0, 0, 0, 0, 0]),
    call("getpriority", libc::SYS_getpriority, [NO, 0, 0, 0, 0]),
    call("getresgid", libc::SYS_getresgid, [NOWHERE, NOWHERE, NOWHERE, 0, 0]),
    call("getresuid", libc::SYS_getresuid, [NOWHERE, NOWHERE, NOWHERE, 0, 0]),
    call("getsid", libc::SYS_getsid, [0, 0, 0, 0, 0]),
    call("getsockname", libc::SYS_getsockname, [NO, NOWHERE, NOWHERE, 0, 0]),
    call("getsockopt", libc::SYS_getsockopt, [NO, 0, 0, NOWHERE, NOWHERE]),
    call("gettid", libc::SYS_gettid, [0, 0, 0, 0, 0]),
    call("getxattr", libc::SYS_getxattr, [NOWHERE, NOWHERE, NOWHERE, 0, 0]),
    call("inotify_add_watch", libc::SYS_inotify_add_watch, [NO, NOWHERE, 0, 0, 0]),
    #[cfg(target_arch = "x86_64")]
    call("inotify_init", libc::SYS_inotify_init, [0, 0, 0, 0, 0]),
    call("inotify_init1", libc::SYS_inotify_init1, [NO, 0, 0, 0, 0]),
    call("ioctl", libc::SYS_ioctl, [NO, 0, 0, 0, 0]),
    call("kcmp", libc::SYS_kcmp, [NOBODY, NOBODY, 0, 0, 0]),
    call("keyctl", libc::SYS_keyctl, [NO, 0, 0, 0, 0]),
    call("kill", libc::SYS_kill, [NOBODY, 0, 0, 0, 0]),
    #[cfg(target_arch = "x86_64")]
    call("link", libc::SYS_link, [NOWHERE, NOWHERE, 0, 0, 0]),
    call("listen", libc::SYS_listen, [NO, 0, 0, 0, 0]),
    call("listmount", SYS_LISTMOUNT, [NOWHERE, NOWHERE, 0, NO, 0]),
    call("lseek", libc::SYS_lseek, [NO, 0, NO, 0, 0]),
    #[cfg(target_arch = "x86_64")]
    call("mkdir", libc::SYS_mkdir, [NOWHERE, 0, 0, 0, 0]),
    call("mknodat", libc::SYS_mknodat, [NO, NOWHERE, 0, 0, 0]),
    call("mlockall", libc::SYS_mlockall, [NO, 0, 0, 0, 0]),
    call("mount", libc::SYS_mount, [NOWHERE, NOWHERE, NOWHERE, 0, NOWHERE]),
    call("mount_setattr", libc::SYS_mount_setattr, [NO, NOWHERE, NO, NOWHERE, 0]),
    call("move_mount", libc::SYS_move_mount, [NO, NOWHERE, NO, NOWHERE, NO]),
    call("mq_getsetattr", libc::SYS_mq_getsetattr, [NO, NOWHERE, NOWHERE, 0, 0]),
    call("mq_notify", libc::SYS_mq_notify, [NO, NOWHERE, 0, 0, 0]),
    call("mq_open", libc::SYS_mq_open, [NOWHERE, 0, 0, NOWHERE, 0]),
    call("mq_timedreceive", libc::SYS_mq_timedreceive, [NO, NOWHERE, 0, NOWHERE, NOWHERE]),
    call("mq_timedsend", libc::SYS_mq_timedsend, [NO, NOWHERE, 0, 0, NOWHERE]),
    call("mq_unlink", libc::SYS_mq_unlink, [NOWHERE, 0, 0, 0, 0]),
    call("msgctl", libc::SYS_msgctl, [NO, NO, NOWHERE, 0, 0]),
    call("msgget", libc::SYS_msgget, [NO_KEY, 0, 0, 0, 0]),
    call("msgrcv", libc::SYS_msgrcv, [NO, NOWHERE, NO, 0, 0]),
    call("msgsnd", libc::SYS_msgsnd, [NO, NOWHERE, NO, 0, 0]),
    call("name_to_handle_at", libc::SYS_name_to_handle_at, [NO, NOWHERE, NOWHERE, NOWHERE, NO]),
    call("newfstatat", libc::SYS_newfstatat, [NO, NOWHERE, NOWHERE, NO, 0]),
    call("open_tree", libc::SYS_open_tree, [NO, NOWHERE, NO, 0, 0]),
    call("open_tree_attr", SYS_OPEN_TREE_ATTR, [NO, NOWHERE, NO, NOWHERE, 0]),
    call("openat", libc::SYS_openat, [NO, NOWHERE, 0, 0, 0]),
    // The value that only asks.
    call("personality", libc::SYS_personality, [0xffff_ffff, 0, 0, 0, 0]),
    call("pidfd_getfd", libc::SYS_pidfd_getfd, [NO, NO, NO, 0, 0]),
    call("pidfd_open", libc::SYS_pidfd_open, [NO, 0, 0, 0, 0]),
    call("pidfd_send_signal", libc::SYS_pidfd_send_signal, [NO, 0, NOWHERE, 0, 0]),
    call("pipe2", libc::SYS_pipe2, [NOWHERE, NO, 0, 0, 0]),
    call("pivot_root", libc::SYS_pivot_root, [NOWHERE, NOWHERE, 0, 0, 0]),
    #[cfg(target_arch = "x86_64")]
    call("poll", libc::SYS_poll, [NOWHERE, NO, 0, 0, 0]),
    call("prctl", libc::SYS_prctl, [NO, 0, 0, 0, 0]),
    call("pread64", libc::SYS_pread64, [NO, NOWHERE, 0, 0, 0]),
    call("prlimit64", libc::SYS_prlimit64, [0, NO, NOWHERE, NOWHERE, 0]),
    call("ptrace", libc::SYS_ptrace, [NO, NOBODY, 0, 0, 0]),
    call("pwrite64", libc::SYS_pwrite64, [NO, NOWHERE, 0, 0, 0]),
    call("read", libc::SYS_read, [NO, NOWHERE, 0, 0, 0]),
    #[cfg(target_arch = "x86_64")]
    call("readlink", libc::SYS_readlink, [NOWHERE, NOWHERE, 0, 0, 0]),
    // Not the magic numbers: EINVAL.
    call("reboot", libc::SYS_reboot, [0, 0, 0, NOWHERE, 0]),
    call("recvfrom", libc::SYS_recvfrom, [NO, NOWHERE, 0, 0, NOWHERE]),
    call("recvmsg", libc::SYS_recvmsg, [NO, NOWHERE, 0, 0, 0]),
    #[cfg(target_arch = "x86_64")]
    call("rename", libc::SYS_rename, [NOWHERE, NOWHERE, 0, 0, 0]),
    call("request_key", libc::SYS_request_key, [NOWHERE, NOWHERE, NOWHERE, 0, 0]),
    #[cfg(target_arch = "x86_64")]
    call("rmdir", libc::SYS_rmdir, [NOWHERE, 0, 0, 0, 0]),
    call("rt_sigaction", libc::SYS_rt_sigaction, [NO, NOWHERE, NOWHERE, 8, 0]),
    call("rt_sigprocmask", libc::SYS_rt_sigprocmask, [NO, NOWHERE, NOWHERE, 8, 0]),
    call("rt_sigqueueinfo", libc::SYS_rt_sigqueueinfo, [NOBODY, 0, NOWHERE, 0, 0]),
    // A mask of no bytes: EINVAL.
    call("rt_sigsuspend", libc::SYS_rt_sigsuspend, [NOWHERE, 0, 0, 0, 0]),
    // A mask of no bytes: EINVAL.
    call("rt_sigtimedwait", libc::SYS_rt_sigtimedwait, [NOWHERE, NOWHERE, NOWHERE, 0, 0]),
    call("sched_getscheduler", libc::SYS_sched_getscheduler, [0, 0, 0, 0, 0]),
    call("sched_setaffinity", libc::SYS_sched_setaffinity, [0, 8, NOWHERE, 0, 0]),
    call("sched_setscheduler", libc::SYS_sched_setscheduler, [0, NO, NOWHERE, 0, 0]),
    call("seccomp", libc::SYS_seccomp, [NO, 0, NOWHERE, 0, 0]),
    call("semctl", libc::SYS_semctl, [NO, 0, NO, 0, 0]),
    call("semget", libc::SYS_semget, [NO_KEY, 0, 0, 0, 0]),
    call("semop", libc::SYS_semop, [NO, NOWHERE, 0, 0, 0]),
    call("semtimedop", libc::SYS_semtimedop, [NO, NOWHERE, 0, NOWHERE, 0]),
    call("sendmsg", libc::SYS_sendmsg, [NO, NOWHERE, 0, 0, 0]),
    call("sendto", libc::SYS_sendto, [NO, NOWHERE, 0, 0, NOWHERE]),
    // A name of less than no bytes: EINVAL.
    call("setdomainname", libc::SYS_setdomainname, [NOWHERE, NO, 0, 0, 0]),
    // A name of less than no bytes: EINVAL.
    call("sethostname", libc::SYS_sethostname, [NOWHERE, NO, 0, 0, 0]),
    call("setitimer", libc::SYS_setitimer, [NO, OUT_OF_REACH, NOWHERE, 0, 0]),
    call("setns", libc::SYS_setns, [NO, 0, 0, 0, 0]),
    call("setpgid", libc::SYS_setpgid, [0, NO, 0, 0, 0]),
    call("setpriority", libc::SYS_setpriority, [NO, 0, 0, 0, 0]),
    // Nothing is to be changed.
    call("setresgid", libc::SYS_setresgid, [NO, NO, NO, 0, 0]),
    // Nothing is to be changed.
    call("setresuid", libc::SYS_setresuid, [NO, NO, NO, 0, 0]),
    // The child that calls ends with its session.
    call("setsid", libc::SYS_setsid, [0, 0, 0, 0, 0]),
    call("setsockopt", libc::SYS_setsockopt, [NO, 0, 0, NOWHERE, 0]),
    call("settimeofday", libc::SYS_settimeofday, [OUT_OF_REACH, NOWHERE, 0, 0, 0]),
    call("setxattr", libc::SYS_setxattr, [NOWHERE, NOWHERE, NOWHERE, 0, 0]),
    call("shmat", libc::SYS_shmat, [NO, NOWHERE, NO, 0, 0]),
    call("shmctl", libc::SYS_shmctl, [NO, NO, NOWHERE, 0, 0]),
    call("shmdt", libc::SYS_shmdt, [OUT_OF_REACH, 0, 0, 0, 0]),
    call("shmget", libc::SYS_shmget, [NO_KEY, 0, 0, 0, 0]),
    // A mask of no bytes: EINVAL.
    call("signalfd4", libc::SYS_signalfd4, [NO, NOWHERE, 0, 0, 0]),
    // Every flag at once: EINVAL.
    call("socket", libc::SYS_socket, [libc::AF_UNIX as libc::c_long, NO, 0, 0, 0]),
    call("socket(AF_INET)", libc::SYS_socket, [libc::AF_INET as libc::c_long, NO, 0, 0, 0]),
    call("socket(AF_INET6)", libc::SYS_socket, [libc::AF_INET6 as libc::c_long, NO, 0, 0, 0]),
    call(
        "socket(AF_NETLINK)",
        libc::SYS_socket,
        [libc::AF_NETLINK as libc::c_long, libc::SOCK_RAW as libc::c_long, 0, 0, 0],
    ),
    call("socket(AF_PACKET)", libc::SYS_socket, [libc::AF_PACKET as libc::c_long, NO, 0, 0, 0]),
    call("socket(AF_UNIX)", libc::SYS_socket, [libc::AF_UNIX as libc::c_long, NO, 0, 0, 0]),
    call("socketpair", libc::SYS_socketpair, [libc::AF_UNIX as libc::c_long, NO, 0, NOWHERE, 0]),
    call("statfs", libc::SYS_statfs, [NOWHERE, NOWHERE, 0, 0, 0]),
    call("statmount", SYS_STATMOUNT, [NOWHERE, NOWHERE, 0, NO, 0]),
    call("statx", libc::SYS_statx, [NO, NOWHERE, NO, 0, NOWHERE]),
    #[cfg(target_arch = "x86_64")]
    call("symlink", libc::SYS_symlink, [NOWHERE, NOWHERE, 0, 0, 0]),
    call("timer_create", libc::SYS_timer_create, [NO, NOWHERE, NOWHERE, 0, 0]),
    call("timer_settime", libc::SYS_timer_settime, [NO, 0, NOWHERE, NOWHERE, 0]),
    call("timerfd_create", libc::SYS_timerfd_create, [NO, NO, 0, 0, 0]),
    call("timerfd_gettime", libc::SYS_timerfd_gettime, [NO, NOWHERE, 0, 0, 0]),
    call("timerfd_settime", libc::SYS_timerfd_settime, [NO, NO, NOWHERE, NOWHERE, 0]),
    // In a child.
    call("umask", libc::SYS_umask, [0o022, 0, 0, 0, 0]),
    call("umount2", libc::SYS_umount2, [NOWHERE, NO, 0, 0, 0]),
    call("uname", libc::SYS_uname, [NOWHERE, 0, 0, 0, 0]),
    #[cfg(target_arch = "x86_64")]
    call("unlink", libc::SYS_unlink, [NOWHERE, 0, 0, 0, 0]),
    // No flag: nothing is to be left.
    call("unshare", libc::SYS_unshare, [0, 0, 0, 0, 0]),
    call("utimensat", libc::SYS_utimensat, [NO, NOWHERE, NOWHERE, NO, 0]),
    call("wait4", libc::SYS_wait4, [NO, NOWHERE, NO, NOWHERE, 0]),
    call("waitid", libc::SYS_waitid, [NO, 0, NOWHERE, NO, NOWHERE]),
    call("write", libc::SYS_write, [NO, NOWHERE, 0, 0, 0]),
];

/// How somebody refuses a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// With this errno: EPERM, or ENOSYS as a kernel without the call.
    Fails(Errno),
    /// The process that calls is ended by this signal, as seccomp(2) does.
    Ends(i32),
}

/// How long all calls may take.
const TIME: Duration = Duration::from_secs(5);

/// Marks of a call that the child has not reached, and of one that it has begun.
const NOT_REACHED: i32 = -1;
const BEGUN: i32 = -2;

impl Harmless {
    /// Makes the call; gives the error if that is one of a refusal, otherwise 0: the harmless form
    /// provokes any other answer.
    fn ask(&self) -> i32 {
        let [first, second, third, fourth, fifth] = self.arguments;
        // SAFETY: the arguments are numbers, or pointers that lead nowhere, with which the call changes
        // nothing but its caller, a child that ends.
        let answer = unsafe { libc::syscall(self.number, first, second, third, fourth, fifth) };
        match Errno::result(answer) {
            Err(errno) if REFUSALS.contains(&errno.0) => errno.0,
            _ => 0,
        }
    }
}

/// Makes each of [`CALLS`], as root of a sealed place, and gives those that are refused. One child makes
/// them all; another goes on behind a call that ends it.
pub fn refused() -> Vec<(&'static Harmless, Refusal)> {
    let Some(answers) = SharedAnswers::new() else { return Vec::new() };
    let seen = |index: usize| answers.0[index].load(Ordering::SeqCst);
    let mut refused = Vec::new();
    let mut next = 0;
    while next < CALLS.len() {
        let act = || {
            for (call, answer) in CALLS.iter().zip(answers.0).skip(next) {
                answer.store(BEGUN, Ordering::SeqCst);
                answer.store(call.ask(), Ordering::SeqCst);
            }
            0
        };
        // SAFETY: the child makes system calls only.
        let status = unsafe { reap::status_of_child(TIME, act) };
        let answered = (next..CALLS.len()).take_while(|index| seen(*index) >= 0);
        let stopped = next + answered.clone().count();
        refused.extend(answered.filter(|index| seen(*index) > 0).map(|index| {
            let errno = Errno(seen(index));
            (&CALLS[index], Refusal::Fails(errno))
        }));
        if stopped == CALLS.len() || seen(stopped) == NOT_REACHED {
            // There is no child to be had, or something else has ended it.
            break;
        }
        // A call that does not come back is no refusal.
        if let Some(status) = status.filter(|status| libc::WIFSIGNALED(*status)) {
            refused.push((&CALLS[stopped], Refusal::Ends(libc::WTERMSIG(status))));
        }
        next = stopped + 1;
    }
    refused
}

/// Calls whose harmless forms need a capability.
const PRIVILEGED: [&str; 10] = [
    "fsmount",
    "fsopen",
    "fspick",
    "mount",
    "mount_setattr",
    "move_mount",
    "pivot_root",
    "reboot",
    "setdomainname",
    "sethostname",
];

/// As [`refused`], for a caller outside of a sealed place: without the calls that need a capability.
pub fn refused_to_anybody() -> Vec<(&'static Harmless, Refusal)> {
    refused().into_iter().filter(|(call, _)| !PRIVILEGED.contains(&call.name)).collect()
}

/// An answer for each call, in memory that a child shares.
struct SharedAnswers(&'static [AtomicI32]);

impl SharedAnswers {
    /// None where there is no memory.
    fn new() -> Option<SharedAnswers> {
        let length = CALLS.len() * size_of::<AtomicI32>();
        let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_ANONYMOUS);
        // SAFETY: a new mapping, which is kept until it is dropped here; zeros are valid numbers.
        let answers = unsafe {
            let start = libc::mmap(std::ptr::null_mut(), length, access, kind, -1, 0);
            if start == libc::MAP_FAILED {
                return None;
            }
            std::slice::from_raw_parts(start.cast::<AtomicI32>(), CALLS.len())
        };
        answers.iter().for_each(|answer| answer.store(NOT_REACHED, Ordering::SeqCst));
        Some(SharedAnswers(answers))
    }
}

impl Drop for SharedAnswers {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and nothing refers to it any longer.
        unsafe { libc::munmap(self.0.as_ptr().cast_mut().cast(), std::mem::size_of_val(self.0)) };
    }
}

/// The errors that a right kernel answers to none of the harmless forms; EAFNOSUPPORT where a family of
/// sockets is not built in.
const REFUSALS: [i32; 3] = [libc::EPERM, libc::ENOSYS, libc::EAFNOSUPPORT];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_is_there_once_in_alphabetical_order() {
        let names: Vec<&str> = CALLS.iter().map(|call| call.name).collect();
        assert!(names.is_sorted_by(|one, next| one < next), "{names:?}");
    }

    /// The names of the refused calls, asked by a child that is root of a user namespace, as in a sealed
    /// place, after it has done something: the names go through a pipe.
    fn refused_after(prepare: fn()) -> Vec<String> {
        let (mut reader, writer) = std::io::pipe().unwrap();
        // SAFETY: glibc keeps its allocator consistent over fork(3); the child ends by _exit.
        let child = unsafe { libc::fork() };
        if child == 0 {
            const SEALED: libc::c_int = libc::CLONE_NEWUSER | libc::CLONE_NEWNS | libc::CLONE_NEWUTS;
            // SAFETY: takes a number only.
            let sealed = unsafe { libc::unshare(SEALED) } == 0;
            prepare();
            let found: Vec<String> = match sealed {
                true => refused().iter().map(|(call, how)| format!("{} {how:?}", call.name)).collect(),
                false => Vec::new(),
            };
            let mut writer = writer;
            let written = std::io::Write::write_all(&mut writer, found.join("\n").as_bytes());
            // SAFETY: as above.
            unsafe { libc::_exit(i32::from(written.is_err())) }
        }
        drop(writer);
        let found = std::io::read_to_string(&mut reader).unwrap();
        reap::within(child, Duration::from_secs(60)).unwrap().unwrap();
        found.lines().map(str::to_string).collect()
    }

    #[test]
    fn root_is_refused_nothing() {
        let mut refused = refused_after(|| {});
        // reboot(2) asks for a capability over the PID namespace that the caller is in; some calls are
        // newer than kernels that are in use.
        let newer = ["fchroot", "listmount", "open_tree_attr", "statmount"];
        refused
            .retain(|line| !line.starts_with("reboot ") && !newer.iter().any(|name| line.starts_with(name)));
        assert_eq!(refused, [""; 0]);
    }

    #[test]
    fn privileged_calls_are_asked() {
        let asked = |name: &&str| CALLS.iter().any(|call| call.name == *name);
        assert!(PRIVILEGED.iter().all(asked));
    }

    /// Puts the caller under a filter that answers chroot(2) with ENOSYS and ends who calls getsid(2).
    fn be_filtered() {
        const OF_NUMBER: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
        const EQUALS: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
        const ANSWER: u16 = (libc::BPF_RET | libc::BPF_K) as u16;
        let step = |code, k, jf| libc::sock_filter { code, jt: 0, jf, k };
        let mut steps = [
            step(OF_NUMBER, 0, 0),
            step(EQUALS, libc::SYS_chroot as u32, 1),
            step(ANSWER, libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32, 0),
            step(EQUALS, libc::SYS_getsid as u32, 1),
            step(ANSWER, libc::SECCOMP_RET_KILL_PROCESS, 0),
            step(ANSWER, libc::SECCOMP_RET_ALLOW, 0),
        ];
        let program = libc::sock_fprog { len: steps.len() as u16, filter: steps.as_mut_ptr() };
        // SAFETY: the program and its steps outlive the call.
        unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) };
    }

    #[test]
    fn a_filter_refuses_by_an_error_or_by_a_signal() {
        let refused = refused_after(be_filtered);
        for expected in ["chroot Fails(Errno(38))", "getsid Ends(31)"] {
            assert!(refused.iter().any(|line| line == expected), "{refused:?}");
        }
        assert!(!refused.iter().any(|line| line.starts_with("unshare")), "{refused:?}");
    }
}
