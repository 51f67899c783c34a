//! Processes: their creation, end, numbers, relations and signals.
//!
//! clone(2), exit(2), wait(2), kill(2), sigaction(2), prctl(2) and their relatives. Calls about the
//! namespaces of a process live in `namespace`, those about its user ids and capabilities in
//! `identity`.

use super::argument::{Argument, ArgumentKind, Descriptor, Pathname, Pid, Unshown, constants, flags};
use super::calls;
use super::reading::{Cursor, SyntaxError};
use crate::actor::Creation;
use crate::outcome::{Answer, Errno, Value, check, check_pid};
use nsconform_sys::kind::Flags;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};

constants! {
    /// A signal, by the names of signal(7).
    Signal: i32 {
        SIGHUP = 1, SIGINT = 2, SIGQUIT = 3, SIGILL = 4, SIGTRAP = 5, SIGABRT = 6, SIGBUS = 7,
        SIGFPE = 8, SIGKILL = 9, SIGUSR1 = 10, SIGSEGV = 11, SIGUSR2 = 12, SIGPIPE = 13,
        SIGALRM = 14, SIGTERM = 15, SIGCHLD = 17, SIGCONT = 18, SIGSTOP = 19, SIGTSTP = 20,
        SIGTTIN = 21, SIGTTOU = 22, SIGURG = 23, SIGXCPU = 24, SIGXFSZ = 25, SIGVTALRM = 26,
        SIGPROF = 27, SIGWINCH = 28, SIGIO = 29, SIGPWR = 30, SIGSYS = 31, SIGRTMIN = 34,
    }
}

constants! {
    /// The effect that sigaction(2) gives to a signal.
    Disposition: i32 { SIG_DFL = 0, SIG_IGN = 1, HANDLER = 2 }
}

constants! {
    /// Whether sigprocmask(2) adds to the blocked signals or takes from them.
    MaskChange: i32 { SIG_BLOCK = libc::SIG_BLOCK, SIG_UNBLOCK = libc::SIG_UNBLOCK }
}

constants! {
    /// The first two arguments of reboot(2).
    RebootMagic: u32 {
        LINUX_REBOOT_MAGIC1 = 0xfee1_dead, LINUX_REBOOT_MAGIC2 = 672_274_793,
        LINUX_REBOOT_MAGIC2A = 85_072_278, LINUX_REBOOT_MAGIC2B = 369_367_448,
        LINUX_REBOOT_MAGIC2C = 537_993_216,
    }
}

constants! {
    /// The command of reboot(2).
    RebootCommand: u32 {
        LINUX_REBOOT_CMD_RESTART = 0x0123_4567, LINUX_REBOOT_CMD_HALT = 0xcdef_0123,
        LINUX_REBOOT_CMD_POWER_OFF = 0x4321_fedc, LINUX_REBOOT_CMD_CAD_ON = 0x89ab_cdef,
        LINUX_REBOOT_CMD_CAD_OFF = 0,
    }
}

flags! {
    /// The options of waitpid(2) and waitid(2).
    WaitOptions: i32 {
        WNOHANG = 1, WUNTRACED = 2, WEXITED = 4, WCONTINUED = 8, WNOWAIT = 0x0100_0000,
        __WALL = 0x4000_0000, __WCLONE = i32::MIN,
    }
}

/// The cgroup in which clone3(2) creates a child: the descriptor of its directory; nothing where the
/// child starts in its creator's cgroup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ChildCgroup(pub Option<i32>);

impl Argument for ChildCgroup {
    const KIND: ArgumentKind = ArgumentKind::Structure;

    fn read(cursor: &mut Cursor<'_>) -> Result<ChildCgroup, SyntaxError> {
        match cursor.accept(", cgroup=") {
            true => cursor.number().map(|fd: i32| ChildCgroup(Some(fd))),
            false => Ok(ChildCgroup(None)),
        }
    }

    fn show(&self) -> String {
        self.0.map(|fd| format!(", cgroup={fd}")).unwrap_or_default()
    }
}

calls! {
    /// Calls about processes and signals.
    Process, ProcessCalls, actor:

    /// Creates a process, in new namespaces where flags say so.
    clone(child: Unshown<String>, flags: Flags) {
        let how =
            Creation { flags, exit_signal: libc::SIGCHLD, set_tid: Vec::new(), cgroup: None, extended: false };
        Ok(actor.create(&with_thread_rule(how))?.named(&child.0))
    }

    /// Creates a process by the newer call, which takes all flags, the signal sent at the child's end, chosen PIDs, and the directory of the child's cgroup.
    clone3(child: Unshown<String>, flags: Flags, exit_signal: Signal, set_tid: Vec<i32>, cgroup: ChildCgroup) => "clone3({flags={}, exit_signal={}, set_tid={}{}})" {
        let how = Creation { flags, exit_signal: exit_signal.0, set_tid, cgroup: cgroup.0, extended: true };
        Ok(actor.create(&how)?.named(&child.0))
    }

    /// Creates a child as vfork(2) does, which ends at once.
    vfork() composes "clone(2) with CLONE_VM|CLONE_VFORK, and exit(0) in the child" {
        extern "C" fn end(_: *mut libc::c_void) -> libc::c_int {
            0
        }
        let mut stack = vec![0u64; 2048];
        let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
        // SAFETY: the stack is the child's alone and outlives it, as the call returns when it has ended;
        // the child returns at once, upon which the C library calls exit(2) and nothing else.
        check_pid(unsafe { libc::clone(end, stack.as_mut_ptr_range().end.cast(), flags, std::ptr::null_mut()) })
    }

    /// Tells the two numbers that clone3 with CLONE_PARENT_SETTID and CLONE_CHILD_SETTID has stored in the memory of the process, 0 where it has stored none.
    stored_tids() observes "the two variables of which clone3(2) is given the addresses" {
        Ok(Value::fields([
            ("parent_tid", Value::Pid(crate::actor::PARENT_TID.load(Ordering::SeqCst))),
            ("child_tid", Value::Pid(crate::actor::CHILD_TID.load(Ordering::SeqCst))),
        ]))
    }

    /// Replaces the program of the process by another one; the process stays the same.
    execve(path: Pathname) {
        actor.execute(path.c_string()?.as_c_str())
    }

    /// Creates a process by clone3(2) whose arguments are a structure of another size than the one of linux/sched.h, with zeros behind what is known, or a 1 in the last byte; the child, if there is one, ends at once and is waited for.
    clone3_sized(size: i64, last_byte: bool) => "clone3({exit_signal=SIGCHLD}, {}, last byte {})" composes "clone3(2), in the child exit(2), and waitpid(2)" {
        let mut arguments = vec![0u8; usize::try_from(size).unwrap_or(0).max(size_of::<libc::clone_args>())];
        let exit_signal = std::mem::offset_of!(libc::clone_args, exit_signal);
        arguments[exit_signal..exit_signal + size_of::<u64>()].copy_from_slice(&(libc::SIGCHLD as u64).to_ne_bytes());
        if let (true, Some(last)) = (last_byte, arguments.last_mut()) {
            *last = 1;
        }
        // SAFETY: without CLONE_VM the child has a copy of everything, and ends at once; the array has at
        // least as many bytes as the size says.
        unsafe {
            let pid = libc::syscall(libc::SYS_clone3, arguments.as_ptr(), size);
            if pid == 0 {
                libc::_exit(0);
            }
            check(pid)?;
            check(libc::waitpid(pid as i32, std::ptr::null_mut(), 0))?;
        }
        Ok(Value::word("a child"))
    }

    /// Ends the process with an exit status.
    exit(status: i32) {
        actor.exit(status, true)
    }

    /// Ends the calling thread; the process lives on while it has others.
    exit_thread(status: i32) => "syscall(SYS_exit, {})" {
        actor.exit(status, false)
    }

    /// Writes to address 0, which the processor refuses: the kernel sends SIGSEGV.
    null_dereference() composes "a store to address 0, by no call" {
        // SAFETY: none; the fault is the purpose. Nothing of this process is used afterwards.
        unsafe { std::ptr::null_mut::<u8>().write_volatile(1) };
        Ok(Value::ZERO)
    }

    /// Keeps the caller, and the processes that it will create, on the processor on which it runs. No claim is about that, so it counts as changing nothing.
    sched_setaffinity_current() => "sched_setaffinity(0, [sched_getcpu()])" asks {
        // SAFETY: all-zero is a valid cpu_set_t; CPU_SET checks its bounds; the set outlives the call.
        unsafe {
            let mut set: libc::cpu_set_t = std::mem::zeroed();
            let Value::Number(processor) = check(libc::sched_getcpu())? else { unreachable!() };
            libc::CPU_SET(processor as usize, &mut set);
            check(libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &set))
        }
    }

    /// Asks for the process's own PID, in its own PID namespace.
    getpid() asks {
        Ok(Value::Pid(nix::unistd::getpid().as_raw()))
    }

    /// Asks for the PID of the parent, in the caller's PID namespace; 0 if the parent is outside.
    getppid() asks {
        Ok(Value::Pid(nix::unistd::getppid().as_raw()))
    }

    /// Asks for the thread's own number, in its own PID namespace.
    gettid() asks {
        Ok(Value::Pid(nix::unistd::gettid().as_raw()))
    }

    /// Asks for the process group of a process (0: the caller).
    getpgid(pid: Pid) asks {
        // SAFETY: takes a number only.
        check_pid(unsafe { libc::getpgid(pid.number) })
    }

    /// Asks for the session of a process (0: the caller).
    getsid(pid: Pid) asks {
        // SAFETY: takes a number only.
        check_pid(unsafe { libc::getsid(pid.number) })
    }

    /// Makes the caller the leader of a new session and process group.
    setsid() {
        // SAFETY: takes nothing.
        check_pid(unsafe { libc::setsid() })
    }

    /// Puts a process into a process group (0, 0: the caller into one of its own).
    setpgid(pid: Pid, group: i32) {
        // SAFETY: takes numbers only.
        check(unsafe { libc::setpgid(pid.number, group) })
    }

    /// Waits until a child has ended (or, with options, stopped or continued) and tells how.
    waitpid(pid: Pid, options: WaitOptions) asks {
        let mut status = 0;
        // SAFETY: `status` outlives the call.
        let ended = unsafe { libc::waitpid(pid.number, &mut status, options.bits()) };
        match check_pid(ended)? {
            Value::Pid(0) => Ok(Value::ZERO),
            pid => Ok(Value::fields([("pid", pid), ("status", wait_status(status))])),
        }
    }

    /// Waits as waitpid does, and tells what the kernel says of the child in a siginfo_t; WNOWAIT leaves the child waitable.
    waitid(pid: Pid, options: WaitOptions) asks {
        // SAFETY: all-zero is a valid siginfo_t; it outlives the call.
        let info = unsafe {
            let mut info: libc::siginfo_t = std::mem::zeroed();
            check(libc::waitid(libc::P_PID, pid.number as libc::id_t, &mut info, options.bits()))?;
            info
        };
        // SAFETY: waitid fills these members.
        let (child, status) = unsafe { (info.si_pid(), info.si_status()) };
        Ok(Value::fields([
            ("si_pid", Value::Pid(child)),
            ("si_code", Value::word(child_code(info.si_code))),
            ("si_status", if info.si_code == libc::CLD_EXITED {
                Value::Number(status.into())
            } else {
                Value::word(Argument::show(&Signal(status)))
            }),
        ]))
    }

    /// Sends a signal to a process (0 as the signal: only asks whether one could).
    kill(pid: Pid, signal: Signal) {
        // SAFETY: takes numbers only.
        check(unsafe { libc::kill(pid.number, signal.0) })
    }

    /// Sends a signal to the process that a pidfd stands for.
    pidfd_send_signal(fd: Descriptor, signal: Signal) {
        // SAFETY: the siginfo pointer may be null.
        check(unsafe { libc::syscall(libc::SYS_pidfd_send_signal, fd.0, signal.0, 0, 0) })
    }

    /// Sets what a signal does: the default action, nothing, or a handler that notes the signal.
    sigaction(signal: Signal, disposition: Disposition) => "sigaction({}, {sa_handler={}})" {
        set_disposition(signal, disposition)
    }

    /// Adds a signal to the blocked ones, or takes it from them.
    sigprocmask(change: MaskChange, signal: Signal) => "sigprocmask({}, [{}])" {
        // SAFETY: the set outlives the call.
        check(unsafe { libc::sigprocmask(change.0, &only(signal)?, std::ptr::null_mut()) })
    }

    /// Takes a pending signal without waiting: EAGAIN if there is none.
    sigtimedwait(signal: Signal) => "sigtimedwait([{}], {tv_sec=0, tv_nsec=0})" asks {
        let info = take_pending(signal)?;
        // SAFETY: these signals come from kill(2), which fills si_pid.
        let sender = unsafe { info.si_pid() };
        Ok(Value::fields([
            ("si_signo", Value::word(Argument::show(&Signal(info.si_signo)))),
            ("si_pid", Value::Pid(sender)),
        ]))
    }

    /// Takes a pending signal without waiting, as sigtimedwait does, and tells all that the kernel says of its sender.
    sigtimedwait_sender(signal: Signal) => "sigtimedwait([{}], {si_code, si_pid, si_uid}, {tv_sec=0, tv_nsec=0})" asks {
        let info = take_pending(signal)?;
        // SAFETY: these signals come from kill(2), rt_sigqueueinfo(2) or mq_send(2), which fill both.
        let (pid, uid) = unsafe { (info.si_pid(), info.si_uid()) };
        Ok(Value::fields([
            ("si_code", Value::word(signal_code(info.si_code))),
            ("si_pid", Value::Pid(pid)),
            ("si_uid", Value::Number(uid.into())),
        ]))
    }

    /// Queues a signal of code SI_QUEUE with the sender that the caller writes.
    rt_sigqueueinfo(pid: Pid, signal: Signal, si_pid: Pid, si_uid: i32) => "rt_sigqueueinfo({}, {}, {si_code=SI_QUEUE, si_pid={}, si_uid={}})" {
        // The beginning of a siginfo_t on every 64-bit architecture: number, errno, code, padding,
        // and, for this code, the sender's PID and user id.
        let mut info = [0i32; 32];
        (info[0], info[2], info[4], info[5]) = (signal.0, libc::SI_QUEUE, si_pid.number, si_uid);
        // SAFETY: the array has the size of a siginfo_t and outlives the call.
        check(unsafe { libc::syscall(libc::SYS_rt_sigqueueinfo, pid.number, signal.0, info.as_ptr()) })
    }

    /// Begins to trace a process, without stopping it.
    ptrace_seize(pid: Pid) => "ptrace(PTRACE_SEIZE, {})" {
        // SAFETY: takes numbers only.
        check(unsafe { libc::ptrace(libc::PTRACE_SEIZE, pid.number, 0, 0) })
    }

    /// Lists the signals that handlers of this process have noted since the last time, with their senders.
    caught() observes "the list that the signal handlers of the process keep; reading empties it" {
        Ok(Value::List(take_caught_signals()))
    }

    /// Waits until a handler of this process has noted a signal, and lists what was noted, with the senders.
    wait_caught() observes "the list that the signal handlers of the process keep; sigsuspend(2) while it is empty" {
        // SAFETY: the sets are filled before they are used and outlive the calls. A signal cannot
        // arrive between the look at the list and the wait, which alone lets it in.
        unsafe {
            let mut all: libc::sigset_t = std::mem::zeroed();
            let mut before: libc::sigset_t = std::mem::zeroed();
            libc::sigfillset(&mut all);
            check(libc::sigprocmask(libc::SIG_SETMASK, &all, &mut before))?;
            while CAUGHT_COUNT.load(Ordering::SeqCst) == 0 {
                libc::sigsuspend(&before);
            }
            check(libc::sigprocmask(libc::SIG_SETMASK, &before, std::ptr::null_mut()))?;
        }
        Ok(Value::List(take_caught_signals()))
    }

    /// Opens a descriptor from which a blocked signal is read.
    signalfd(signal: Signal) => "signalfd(-1, [{}], SFD_NONBLOCK)" {
        // SAFETY: the set outlives the call.
        check(unsafe { libc::signalfd(-1, &only(signal)?, libc::SFD_NONBLOCK | libc::SFD_CLOEXEC) })
    }

    /// Takes a signal from a descriptor of signalfd, and tells its sender; EAGAIN if none is pending.
    read_signalfd(fd: Descriptor) => "read({}, {ssi_signo, ssi_pid, ssi_uid})" asks {
        // SAFETY: all-zero is a valid signalfd_siginfo; pointer and length describe it.
        let info = unsafe {
            let mut info: libc::signalfd_siginfo = std::mem::zeroed();
            check(libc::read(fd.0, (&raw mut info).cast(), size_of_val(&info)) as i64)?;
            info
        };
        Ok(Value::fields([
            ("ssi_signo", Value::word(Argument::show(&Signal(info.ssi_signo as i32)))),
            ("ssi_pid", Value::Pid(info.ssi_pid as i32)),
            ("ssi_uid", Value::Number(info.ssi_uid.into())),
        ]))
    }

    /// Restarts or stops what the caller takes for the machine: in a PID namespace only its init ends. Asked of the kernel only below the sealed PID namespace; elsewhere ECANCELED.
    reboot(command: RebootCommand) {
        reboot_below(RebootMagic::LINUX_REBOOT_MAGIC1, RebootMagic::LINUX_REBOOT_MAGIC2, command)
    }

    /// As reboot, with magic numbers of the script's choice.
    reboot_magic(first: RebootMagic, second: RebootMagic, command: RebootCommand) => "reboot({}, {}, {})" {
        reboot_below(first, second, command)
    }

    /// Marks the caller as a subreaper: orphans among its descendants become its children.
    prctl_set_child_subreaper(on: bool) => "prctl(PR_SET_CHILD_SUBREAPER, {})" {
        nix::sys::prctl::set_child_subreaper(on)?;
        Ok(Value::ZERO)
    }

    /// Asks whether the caller is marked as a subreaper.
    prctl_get_child_subreaper() => "prctl(PR_GET_CHILD_SUBREAPER)" asks {
        Ok(Value::Number(nix::sys::prctl::get_child_subreaper()?.into()))
    }

    /// Asks for a signal to be sent to the caller when its parent ends.
    prctl_set_pdeathsig(signal: Signal) => "prctl(PR_SET_PDEATHSIG, {})" {
        // SAFETY: takes numbers only.
        check(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, signal.0) })
    }
}

/// reboot(2), if it can only reach the init of a PID namespace made by the case.
fn reboot_below(first: RebootMagic, second: RebootMagic, command: RebootCommand) -> Answer {
    if !is_below_sealed_namespace() {
        return Err(Errno(libc::ECANCELED));
    }
    // SAFETY: takes numbers only. That it does not end the machine is made sure of above.
    check(unsafe { libc::syscall(libc::SYS_reboot, first.0, second.0, command.0, 0) })
}

/// Takes a pending signal without waiting.
fn take_pending(signal: Signal) -> Result<libc::siginfo_t, Errno> {
    let set = only(signal)?;
    let none = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: all-zero is a valid siginfo_t; all three outlive the call.
    unsafe {
        let mut info: libc::siginfo_t = std::mem::zeroed();
        check(libc::sigtimedwait(&set, &mut info, &none)).map(|_| info)
    }
}

/// The set with this signal alone.
fn only(signal: Signal) -> Result<libc::sigset_t, Errno> {
    // SAFETY: sigemptyset fills the set, which outlives both calls.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut set);
        check(libc::sigaddset(&mut set, signal.0)).map(|_| set)
    }
}

/// Whether reboot(2) of the caller can only reach the init of a PID namespace made by the case.
/// Two things must both be seen in /proc: that our PID namespace is not the initial one, and that
/// we have a PID in a namespace above it, too. Where /proc does not tell, the answer is no.
fn is_below_sealed_namespace() -> bool {
    use std::os::unix::fs::MetadataExt;
    let outside_initial = std::fs::metadata("/proc/self/ns/pid")
        .is_ok_and(|namespace| namespace.ino() != nsconform_sys::machine::INITIAL_PID_NAMESPACE);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let levels = status.lines().find_map(|line| line.strip_prefix("NSpid:")).unwrap_or_default();
    outside_initial && levels.split_whitespace().count() >= 2
}

/// clone(2) with CLONE_THREAD or CLONE_PARENT takes the exit signal from elsewhere; raw callers
/// of CLONE_THREAD pass none.
fn with_thread_rule(mut how: Creation) -> Creation {
    if how.flags.contains(Flags::CLONE_THREAD) {
        how.exit_signal = 0;
    }
    how
}

/// A wait status in the words of wait(2).
pub(super) fn wait_status(status: i32) -> Value {
    if libc::WIFEXITED(status) {
        Value::word(format!("exited({})", libc::WEXITSTATUS(status)))
    } else if libc::WIFSIGNALED(status) {
        Value::word(format!("killed({})", Signal(libc::WTERMSIG(status)).show()))
    } else if libc::WIFSTOPPED(status) {
        Value::word(format!("stopped({})", Signal(libc::WSTOPSIG(status)).show()))
    } else {
        Value::word("continued")
    }
}

fn signal_code(code: i32) -> String {
    match code {
        libc::SI_USER => "SI_USER".to_string(),
        libc::SI_QUEUE => "SI_QUEUE".to_string(),
        libc::SI_TKILL => "SI_TKILL".to_string(),
        libc::SI_MESGQ => "SI_MESGQ".to_string(),
        SI_KERNEL => "SI_KERNEL".to_string(),
        other => other.to_string(),
    }
}

/// `SI_KERNEL` of asm-generic/siginfo.h: the kernel itself is the sender.
const SI_KERNEL: i32 = 0x80;

fn child_code(code: i32) -> &'static str {
    match code {
        libc::CLD_EXITED => "CLD_EXITED",
        libc::CLD_KILLED => "CLD_KILLED",
        libc::CLD_DUMPED => "CLD_DUMPED",
        libc::CLD_STOPPED => "CLD_STOPPED",
        libc::CLD_CONTINUED => "CLD_CONTINUED",
        libc::CLD_TRAPPED => "CLD_TRAPPED",
        _ => "unknown",
    }
}

/// The most signals that a process can note before the script asks for them.
const NOTED: usize = 32;
static CAUGHT: [[AtomicI32; 2]; NOTED] = [const { [const { AtomicI32::new(0) }; 2] }; NOTED];
static CAUGHT_COUNT: AtomicUsize = AtomicUsize::new(0);

extern "C" fn note_signal(signal: libc::c_int, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    let index = CAUGHT_COUNT.fetch_add(1, Ordering::SeqCst);
    if let Some([number, sender]) = CAUGHT.get(index) {
        number.store(signal, Ordering::SeqCst);
        // SAFETY: the kernel passes a valid siginfo_t; si_pid is the first member of most kinds.
        sender.store(unsafe { (*info).si_pid() }, Ordering::SeqCst);
    }
}

/// A new process has caught nothing yet, whatever its creator had.
pub(crate) fn forget_caught_signals() {
    CAUGHT_COUNT.store(0, Ordering::SeqCst);
}

fn take_caught_signals() -> Vec<Value> {
    let count = CAUGHT_COUNT.swap(0, Ordering::SeqCst).min(NOTED);
    CAUGHT[..count]
        .iter()
        .map(|[signal, sender]| {
            Value::fields([
                ("si_signo", Value::word(Signal(signal.load(Ordering::SeqCst)).show())),
                ("si_pid", Value::Pid(sender.load(Ordering::SeqCst))),
            ])
        })
        .collect()
}

fn set_disposition(signal: Signal, disposition: Disposition) -> Answer {
    // SAFETY: all-zero is a valid sigaction; the handler is async-signal-safe (atomics only).
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = match disposition {
            Disposition::SIG_DFL => libc::SIG_DFL,
            Disposition::SIG_IGN => libc::SIG_IGN,
            _ => note_signal as *const () as usize,
        };
        action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
        check(libc::sigaction(signal.0, &action, std::ptr::null_mut()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A process with one PID may be in the initial PID namespace: reboot(2) must not be reached.
    #[test]
    fn reboot_is_refused_outside_a_nested_namespace() {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let levels = status.lines().find(|line| line.starts_with("NSpid:")).unwrap();
        let nested = levels.split_whitespace().count() > 2;
        assert_eq!(is_below_sealed_namespace(), nested);
    }
}
