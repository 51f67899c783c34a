//! Sealing: the place where cases run, and the credentials that their processes start with.
//!
//! The fork server prepares a *template* once: a mount namespace (inside a user namespace where it
//! is not privileged) whose root is a read-only tmpfs with nothing but mount points and the
//! program itself. Each director then gets PID, mount, UTS and IPC namespaces of its own made from
//! it, with a fresh procfs and a scratch tmpfs. Nothing of the host's file system can be reached
//! by path, and when the director, PID 1 of its namespace, ends, the kernel ends everything else.

use crate::ids::{self, Ids};
use crate::proof::{self, MountNamespace};
use nix::mount::MsFlags;
use nsconform_sys::capability::{Capabilities, CapabilitySets, find_capabilities, set_capabilities};
use nsconform_sys::directory::{change_directory, make_directory};
use nsconform_sys::errno::Errno;
use nsconform_sys::reap;
use nsconform_sys::sandbox::{
    RunningProgram, cover_with_new_root, in_initial_user_namespace, leave_namespaces, map_ids, mount,
    move_over_root, pivot_into, pivoting_is_refused, set_loopback_up, step,
};
use nsconform_sys::{descriptors, inherited, limit, signals};
use serde::{Deserialize, Serialize};
use std::os::fd::RawFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// `st_ino` of the PID namespace in which nsconform was started, 0 if /proc does not tell. Known
/// to directors and their processes by inheritance: inside the seal nothing tells it.
static STARTED_IN: AtomicU64 = AtomicU64::new(0);

/// Whether nsconform was started in the initial PID namespace, so that the sealed one is the first
/// level below it.
pub fn started_in_initial_pid_namespace() -> bool {
    STARTED_IN.load(Ordering::Relaxed) == nsconform_sys::machine::INITIAL_PID_NAMESPACE
}

/// How the template is privileged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// The machine lets us create mount, PID, UTS and IPC namespaces as we are.
    Privileged,
    /// We are the root of a user namespace of our own that maps the ids that we may map, one at least.
    UserNamespace,
}

/// The credentials that a process of a case starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Credentials {
    /// Uid 0 with all capabilities over the PID, mount, UTS and IPC namespaces it is in.
    Root,
    /// An ordinary user, uid and gid 1000, without any capability.
    User,
    /// As [`Credentials::Root`], in the user namespace that nsconform was started in, with the
    /// privileges that it was started with.
    StartedAsRoot,
}

impl Credentials {
    /// The credentials in words, for people.
    pub fn describe(self) -> &'static str {
        match self {
            Credentials::Root => "root of a sealed set of namespaces",
            Credentials::User => "an ordinary user without capabilities",
            Credentials::StartedAsRoot => "root outside any user namespace of nsconform's own",
        }
    }

    /// Turns the calling process, a child of the director, into one with these credentials.
    ///
    /// # Errors
    /// Says which call failed and why.
    pub fn enter(self) -> Result<(), String> {
        set_alarm(libc::SIG_DFL)?;
        match self {
            Credentials::Root | Credentials::StartedAsRoot => Ok(()),
            // A user namespace of our own may map one id only.
            Credentials::User => become_user_by_setuid()
                .or_else(|why| become_user_by_namespace().map_err(|also| format!("{why}; {also}"))),
        }
    }
}

/// The uid and gid of [`Credentials::User`].
pub const USER_ID: u32 = 1000;

/// A process that changed its ids is not dumpable: its /proc files would belong to root.
fn become_dumpable() -> Result<(), String> {
    match step("prctl(PR_SET_DUMPABLE)", nix::sys::prctl::set_dumpable(true)) {
        Err(why) if !inherited::is_dumpable() => Err(why),
        _ => Ok(()),
    }
}

fn become_user_by_setuid() -> Result<(), String> {
    // Asked before anything is changed, so that there is still another way.
    step("prctl(PR_GET_DUMPABLE)", nix::sys::prctl::get_dumpable())?;
    let (uid, gid) = (nix::unistd::Uid::from_raw(USER_ID), nix::unistd::Gid::from_raw(USER_ID));
    step("setgroups", nix::unistd::setgroups(&[]))?;
    step("setresgid", nix::unistd::setresgid(gid, gid, gid))?;
    step("setresuid", nix::unistd::setresuid(uid, uid, uid))?;
    become_dumpable()
}

/// In a user namespace that maps one id an ordinary user is had by one more user namespace, in
/// which that id is called 1000, and by dropping every capability there.
fn become_user_by_namespace() -> Result<(), String> {
    step("unshare(CLONE_NEWUSER)", nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWUSER))?;
    map_ids(&format!("{USER_ID} 0 1"), &format!("{USER_ID} 0 1"))?;
    let (uid, gid) = (nix::unistd::Uid::from_raw(USER_ID), nix::unistd::Gid::from_raw(USER_ID));
    step("setresgid", nix::unistd::setresgid(gid, gid, gid))?;
    step("setresuid", nix::unistd::setresuid(uid, uid, uid))?;
    drop_capabilities()?;
    become_dumpable()
}

fn drop_capabilities() -> Result<(), String> {
    let none = Capabilities::empty();
    set_capabilities(&CapabilitySets { effective: none, permitted: none, inheritable: none })
        .map(drop)
        .map_err(|errno| format!("capset: {}", errno.describe()))
}

/// Without one of these root is not what cases that start as root expect; a user namespace of our
/// own then has them all.
const ROOT_CAPABILITIES: [Capabilities; 17] = [
    Capabilities::CAP_CHOWN,
    Capabilities::CAP_DAC_OVERRIDE,
    Capabilities::CAP_FOWNER,
    Capabilities::CAP_KILL,
    Capabilities::CAP_SETGID,
    Capabilities::CAP_SETUID,
    Capabilities::CAP_SETPCAP,
    Capabilities::CAP_NET_BIND_SERVICE,
    Capabilities::CAP_NET_ADMIN,
    Capabilities::CAP_NET_RAW,
    Capabilities::CAP_IPC_OWNER,
    Capabilities::CAP_SYS_CHROOT,
    Capabilities::CAP_SYS_PTRACE,
    Capabilities::CAP_SYS_ADMIN,
    Capabilities::CAP_SYS_BOOT,
    Capabilities::CAP_SYS_TIME,
    Capabilities::CAP_SETFCAP,
];

fn has_capabilities_of_root() -> bool {
    find_capabilities().is_ok_and(|sets| ROOT_CAPABILITIES.iter().all(|one| sets.effective.contains(*one)))
}

/// Why sealed namespaces cannot be had here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealFailure {
    /// Which call failed and how.
    pub what: String,
}

/// Prepares the template in the calling process, which becomes the fork server. Gives the isolation that its
/// directors need: more where the old root lies beneath that of the template.
///
/// # Errors
/// Says which call failed: without a template nothing can be tested.
pub fn prepare_template(isolation: Isolation) -> Result<(Mode, Isolation), SealFailure> {
    if let Ok(namespace) = std::fs::metadata("/proc/self/ns/pid") {
        STARTED_IN.store(namespace.ino(), Ordering::Relaxed);
    }
    let prepared = || {
        inherited::set_limits()?;
        // Found before a chroot is left, where that is allowed: its path means another file outside.
        let found = RunningProgram::at(Path::new(PROGRAM));
        let outside = proof::identities();
        let (mode, own) = enter_template_namespaces(isolation)?;
        proof::mounts_are_apart(&outside)?;
        proof::remember(&proof::identities());
        inherited::set_all()?;
        // An ordinary user may copy mounts only in the user namespace that it has now.
        let program = if found.is_empty() { RunningProgram::at(Path::new(PROGRAM)) } else { found };
        proof::remember_files(program.places());
        let root = if pivoting_is_refused() { NewRoot::Cover } else { NewRoot::Own };
        build_template(mode, &program, root)?;
        proof::root_is_the_namespaces(own.as_ref())?;
        Ok(match root {
            NewRoot::Own => (mode, isolation),
            NewRoot::Cover => (Mode::UserNamespace, Isolation::Covered),
        })
    };
    prepared().map_err(|what| SealFailure { what })
}

/// How far the template is kept from the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// As the privilege at hand allows: root's cases are tested with root's privileges.
    Usual,
    /// In a user namespace in any case, and each run in one of its own inside that. For runs that
    /// are tampered with: a script that goes on after a namespace was withheld must reach neither
    /// the machine's own settings nor what it shares with other runs, such as the limits of the
    /// template's user namespace or the devices of its network namespace.
    UserNamespace,
    /// As an ordinary user has it, where root starts it too, and each run in a user namespace of its own. For
    /// scripts that nobody has read: root's id may write settings of the machine and make cgroups in any
    /// user namespace.
    Unprivileged,
    /// Each run in a user namespace of its own inside the template, since pivot_root(2) is refused: the old
    /// root lies beneath that of the template, and only in a less privileged mount namespace nobody can
    /// uncover it (mount_namespaces(7)).
    Covered,
}

/// How the template gets its root directory.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NewRoot {
    /// It becomes that of the mount namespace, and the old one is gone.
    Own,
    /// It lies over the old one.
    Cover,
}

/// Gives the mode, and the mount namespace that the template is built in, where it can be named.
fn enter_template_namespaces(isolation: Isolation) -> Result<(Mode, Option<MountNamespace>), String> {
    // A network namespace keeps even a wrongly written case away from the machine's network.
    // Where none can be had, the cases that need one are skipped by their own probes.
    let isolate_network = || {
        if leave_namespaces(libc::CLONE_NEWNET).is_ok() {
            set_loopback_up();
        }
    };
    // Securebits that nobody can ask for may be any: a user namespace has the usual ones.
    let privileged = has_capabilities_of_root()
        && inherited::securebits_are_told()
        && leave_namespaces(libc::CLONE_NEWNS).is_ok();
    if privileged {
        // Whoever was started in a chroot leaves it here, within a copy of the mounts: the new root
        // must be that of the mount namespace, and no user namespace can be created in a chroot.
        let own = MountNamespace::own();
        if let Some(own) = &own {
            // Where setns(2) is refused the proof of the root directory, which comes last, has
            // another way or says so.
            let _ = own.enter();
        }
        if isolation == Isolation::Usual {
            isolate_network();
            return Ok((Mode::Privileged, own));
        }
    }
    match isolation {
        // Who changes its ids has to be made dumpable again.
        Isolation::Usual if inherited::securebits_are_told() => ids::enter_user_namespace(Ids::AllThatMayBe)?,
        Isolation::Unprivileged => ids::enter_user_namespace(Ids::NotRoot)?,
        _ => ids::enter_user_namespace(Ids::One)?,
    }
    let (root_uid, root_gid) = (nix::unistd::Uid::from_raw(0), nix::unistd::Gid::from_raw(0));
    step("setresgid", nix::unistd::setresgid(root_gid, root_gid, root_gid))?;
    step("setresuid", nix::unistd::setresuid(root_uid, root_uid, root_uid))?;
    isolate_network();
    Ok((Mode::UserNamespace, MountNamespace::own()))
}

fn build_template(mode: Mode, program: &RunningProgram, root: NewRoot) -> Result<(), String> {
    let covered = cover_with_new_root(TEMPLATE, "mode=755,size=64k")?;
    let at = |path: &str| format!("{covered}{path}");
    for directory in ["/proc", "/sys", "/tmp"] {
        make_directory(at(directory))?;
    }
    program.bind_below(Path::new(covered))?;
    if mode == Mode::UserNamespace || root == NewRoot::Cover || !in_initial_user_namespace() {
        // A user namespace may mount proc and sysfs only where a fully visible one is mounted. Where
        // that is refused, the probes of the cases that need one say so.
        for source in ["/proc", "/sys"] {
            let bind = MsFlags::MS_BIND | MsFlags::MS_REC;
            let _ = mount(Some(source), &at(source), None, bind, None);
        }
    }
    match root {
        NewRoot::Own => pivot_into(covered)?,
        NewRoot::Cover => move_over_root(covered)?,
    }
    // The mount, and the file system itself: a script that binds it elsewhere cannot write either.
    let mount_only = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY;
    step("making the template read-only", mount(None, "/", None, mount_only, None))?;
    let whole = MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
    step("making the file system of the template read-only", mount(None, "/", None, whole, None))
}

/// The name of the file system of the template.
pub(crate) const TEMPLATE: &str = "nsconform";

/// Where a case finds the program that `execve` in a script starts.
pub const PROGRAM: &str = "/program";

/// The namespaces that every director gets for itself.
const SEALED: libc::c_int = libc::CLONE_NEWPID | libc::CLONE_NEWNS | libc::CLONE_NEWUTS | libc::CLONE_NEWIPC;

impl Isolation {
    /// The namespaces that a director gets by clone(2).
    pub fn of_director(self) -> libc::c_int {
        match self {
            Isolation::Usual => SEALED,
            Isolation::UserNamespace | Isolation::Unprivileged | Isolation::Covered => {
                SEALED | libc::CLONE_NEWUSER
            }
        }
    }
}

/// Has a director, which has just been created, end with the fork server, of which it gets a pidfd.
/// The first that it does.
///
/// A server that ended before the parent-death signal was asked for is seen by its pidfd. There is
/// no moment between the two: an ending process signals its children and becomes a zombie within one
/// lock of the kernel's, and setsid(2), which takes that lock, waits until it has done both.
///
/// Where the parent-death signal is refused the director's own timer ends it after `otherwise`, which is
/// longer than any job waits.
///
/// # Errors
/// Says which call failed.
pub fn end_with_server(server: RawFd, otherwise: Duration) -> Result<(), String> {
    // SAFETY: takes numbers only.
    let signal =
        called("prctl(PR_SET_PDEATHSIG)", unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) });
    if signal.is_err() {
        set_timer(otherwise);
    }
    leave_session()?;
    if reap::readable(server, Duration::ZERO) {
        // SAFETY: ends the director.
        unsafe { libc::_exit(1) }
    }
    Ok(())
}

/// A session of the director's own, without a terminal. Where setsid(2) is refused a process group of its own
/// keeps the signals of the starter's terminal away; the terminal itself cannot be opened in the sealed
/// place. setpgid(2) takes the lock of which [`end_with_server`] speaks, too.
fn leave_session() -> Result<(), String> {
    let done = nix::unistd::setsid().map(drop);
    let own = nix::unistd::Pid::from_raw(0);
    let done = match done {
        Err(errno) if Errno::from(errno).may_be_a_refusal() => nix::unistd::setpgid(own, own).or(done),
        _ => done,
    };
    step("setsid", done)
}

/// Has a director end at SIGALRM: SIGKILL ends an init only where the kernel forces it on one, but
/// any kernel runs a handler. The server sends it to a director that SIGKILL did not end, and after
/// `longest` the director's own timer does.
///
/// # Errors
/// Says which call failed.
pub fn end_at_alarm(longest: Duration) -> Result<(), String> {
    extern "C" fn leave(_: libc::c_int) {
        // SAFETY: async-signal-safe; ends the director.
        unsafe { libc::_exit(1) }
    }
    set_alarm(leave as *const () as libc::sighandler_t)?;
    set_timer(longest);
    Ok(())
}

/// Has the kernel send SIGALRM after this time. A new process inherits no timer.
fn set_timer(time: Duration) {
    // SAFETY: takes a number only.
    unsafe { libc::alarm(u32::try_from(time.as_secs()).unwrap_or(u32::MAX)) };
}

fn set_alarm(disposition: libc::sighandler_t) -> Result<(), String> {
    // SAFETY: the disposition is the default or an async-signal-safe handler.
    match unsafe { libc::signal(libc::SIGALRM, disposition) } {
        libc::SIG_ERR => Err(format!("signal(SIGALRM): {}", Errno::last().describe())),
        _ => Ok(()),
    }
}

/// The result of a system call of the engine; an error says which one failed and how.
fn called(call: &str, returned: impl Into<i64>) -> Result<i64, String> {
    Errno::result(returned).map_err(|errno| format!("{call}: {}", errno.describe()))
}

/// 1 rather than 0: with a limit of 1 the kernel starts no core dump program either (core(5)); it would
/// run outside the seal. Who was started with a hard limit of 0 may not raise it, and keeps it.
/// Where no limit may be set there must be no such program.
fn limit_cores() -> Result<(), String> {
    let set = |most| limit::CORE.set(libc::rlimit { rlim_cur: most, rlim_max: most });
    let Err(errno) = set(1).or_else(|_| set(0)) else { return Ok(()) };
    let pattern = std::fs::read("/proc/sys/kernel/core_pattern").unwrap_or_else(|_| b"|".to_vec());
    match pattern.starts_with(b"|") {
        true => Err(format!("setrlimit(RLIMIT_CORE): {}", errno.describe())),
        false => Ok(()),
    }
}

/// Completes the seal in a director, which has just been created with the namespaces of
/// [`Isolation::of_director`].
///
/// # Errors
/// Says which call failed.
pub fn complete_seal(isolation: Isolation) -> Result<(), String> {
    if isolation != Isolation::Usual {
        map_ids("0 0 1", "0 0 1")?;
    }
    if isolation == Isolation::Covered {
        proof::root_cannot_be_uncovered()?;
    }
    let pid = nix::unistd::getpid().as_raw();
    if pid != 1 {
        return Err(format!("the director is PID {pid} of its PID namespace, not 1"));
    }
    // Rust's runtime ignores it; the server has set all others to their defaults.
    // SAFETY: sets the default disposition.
    if unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) } == libc::SIG_ERR {
        return Err(format!("signal(SIGPIPE): {}", Errno::last().describe()));
    }
    descriptors::close_from(3)?;
    // Where a masked /proc forbids a fresh procfs, cases that need one are skipped by their probe.
    let strict = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    let _ = mount(Some("proc"), "/proc", Some("proc"), strict, None);
    // The server blocks SIGCHLD for its signalfd. Where the call is refused the new procfs tells the mask.
    signals::unblock_all().map_err(|errno| format!("sigprocmask: {}", errno.describe()))?;
    proof::namespaces_are_new()?;
    limit_cores()?;
    let scratch = Some("mode=1777,size=16m");
    step(
        "mounting the scratch tmpfs",
        mount(Some("scratch"), "/tmp", Some("tmpfs"), MsFlags::empty(), scratch),
    )?;
    change_directory("/tmp")?;
    // Some containers refuse these. The cases whose traces show the names have a requirement that
    // finds it out.
    let _ = nix::unistd::sethostname(HOST_NAME);
    // SAFETY: the pointer and length describe a string constant.
    let _ = unsafe { libc::setdomainname(DOMAIN_NAME.as_ptr().cast(), DOMAIN_NAME.len()) };
    Ok(())
}

/// The host name of the sealed place.
pub const HOST_NAME: &str = "sealed";
/// The NIS domain name of the sealed place.
pub const DOMAIN_NAME: &str = "sealed.domain";
