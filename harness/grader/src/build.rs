//! Building a stage: its namespaces, its PID 1, and the descriptors by which the watcher reaches
//! into it.
//!
//! All of it happens before a submission's first instruction. Afterwards the watcher uses no path in
//! there: it opens the directories that it needs before anybody can change the meaning of their
//! names. The operations of a check on the finished stage live in `stage`.

use super::assignment::SubmissionCredentials;
use super::attributes;
use super::fork::{OWN_WORK, fork_into, reap};
use super::given::Given;
use super::observed::PROC;
use super::place;
use super::spaces::{JOINED, Spaces, in_pid_namespace};
use super::watcher::{HostSupport, UNPRIVILEGED, ids_of};
use nix::sched::CloneFlags;
use nix::unistd::{ForkResult, Gid, Pid, Uid};
use nsconform_sys::kind::Kind;
use nsconform_sys::sandbox;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;

/// A stage that has been built.
pub(super) struct Built {
    /// Its PID 1, as the watcher numbers it.
    pub(super) init: Pid,
    /// The namespaces in which a submission starts.
    pub(super) spaces: Spaces,
    /// The same, with a mount namespace that no submission is ever in: nothing can be put in the place
    /// of the system's programs there.
    pub(super) backstage: Spaces,
    /// Where the watcher puts files for a submission.
    pub(super) given: Given,
}

/// Makes the namespaces of a stage.
///
/// # Errors
/// Says which call failed.
pub(super) fn build(
    support: &HostSupport<'_>,
    starts_as: SubmissionCredentials,
    several_ids: bool,
    scratch: u32,
    host_name: &str,
) -> Result<Built, String> {
    // SAFETY: without CLONE_VM the child has a copy of everything, and the watcher has one thread.
    let init = unsafe { libc::syscall(libc::SYS_clone, libc::CLONE_NEWPID | libc::SIGCHLD, 0, 0, 0, 0) };
    let init = match init {
        -1 => return Err(format!("clone(CLONE_NEWPID): {}", nsconform_sys::errno::Errno::last().describe())),
        0 => reap_for_ever(),
        pid => Pid::from_raw(pid as i32),
    };
    let built = build_around(init, support, starts_as, several_ids, scratch, host_name);
    if built.is_err() {
        let _ = nix::sys::signal::kill(init, nix::sys::signal::Signal::SIGKILL);
        reap(init);
    }
    built
}

fn build_around(
    init: Pid,
    support: &HostSupport<'_>,
    starts_as: SubmissionCredentials,
    several_ids: bool,
    scratch: u32,
    host_name: &str,
) -> Result<Built, String> {
    let open = |path: String| {
        std::fs::File::open(&path).map(OwnedFd::from).map_err(|error| format!("opening {path}: {error}"))
    };
    let mut spaces = Spaces(vec![(Kind::Pid, open(format!("{PROC}/{init}/ns/pid"))?)]);
    let outer = if support.several { UNPRIVILEGED } else { 0 };
    let maps = ids_of(starts_as).map(|inner| match several_ids {
        true => format!("{inner} {outer} 1\n{} {} 1000", inner + 1, outer + 1),
        false => format!("{inner} {outer} 1"),
    });
    let (mut ours, mut theirs) = UnixStream::pair().map_err(|error| format!("socketpair: {error}"))?;
    for end in [&ours, &theirs] {
        end.set_read_timeout(Some(OWN_WORK)).map_err(|error| format!("setsockopt: {error}"))?;
    }
    let cgroup = support.cgroup.map(AsFd::as_fd);
    let builder = in_pid_namespace(&spaces, || {
        // SAFETY: as above.
        match unsafe { fork_into(cgroup) }? {
            ForkResult::Parent { child } => Ok::<Pid, String>(child),
            ForkResult::Child => live_as_builder(&mut theirs, outer, scratch, host_name),
        }
    })?;
    drop(theirs);
    let file = |name: &str| format!("{PROC}/{builder}/{name}");
    let mut step = || -> Result<(), String> { hear(&mut ours) };
    let built = (|| {
        step()?;
        let given =
            Given { directory: open(file(&format!("fd/{GIVEN}")))?, scratch: open(file("root/tmp"))? };
        for (name, map) in ["uid_map", "gid_map"].into_iter().zip(&maps) {
            let path = file(name);
            std::fs::write(&path, map).map_err(|error| format!("writing {path}: {error}"))?;
        }
        Ok::<Given, String>(given)
    })();
    let finished = built.and_then(|given| {
        say(&mut ours, DONE)?;
        hear(&mut ours)?;
        let mut backstage = Vec::new();
        for kind in JOINED {
            let path = file(&format!("ns/{}", kind.link()));
            if std::path::Path::new(&path).exists() {
                backstage.push((kind, open(path)?));
            }
        }
        backstage.push((Kind::Pid, open(format!("{PROC}/{init}/ns/pid"))?));
        say(&mut ours, DONE)?;
        hear(&mut ours)?;
        for kind in JOINED.into_iter().chain([Kind::Time]) {
            let path = file(&format!("ns/{}", kind.link()));
            if std::path::Path::new(&path).exists() {
                spaces.0.push((kind, open(path)?));
            }
        }
        Ok(Built { init, spaces, backstage: Spaces(backstage), given })
    });
    let _ = nix::sys::signal::kill(builder, nix::sys::signal::Signal::SIGKILL);
    reap(builder);
    finished
}

/// The life of a stage's PID 1: it adopts orphans and reaps them.
fn reap_for_ever() -> ! {
    if attributes::close_all_from(0).is_err() {
        // SAFETY: ends the child, which has done nothing: the stage is not built.
        unsafe { libc::_exit(1) }
    }
    // SAFETY: plain calls on structures that outlive them.
    unsafe {
        libc::prctl(libc::PR_SET_NAME, c"init".as_ptr());
        let mut children: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut children);
        libc::sigaddset(&mut children, libc::SIGCHLD);
        libc::sigprocmask(libc::SIG_BLOCK, &children, std::ptr::null_mut());
        loop {
            while libc::waitpid(-1, std::ptr::null_mut(), libc::WNOHANG) > 0 {}
            libc::sigwaitinfo(&children, std::ptr::null_mut());
        }
    }
}

/// Builder and watcher tell each other that a step is done; anything else says how it failed.
const DONE: &str = "done";

/// The builder's descriptor of the directory of files for a submission: above those that it has by
/// itself, however many gradings are under way, as the socket to the watcher must not be replaced.
const GIVEN: i32 = 100;

fn say(socket: &mut UnixStream, text: &str) -> Result<(), String> {
    socket.write_all(text.as_bytes()).map_err(|error| format!("writing to a socket: {error}"))
}

/// Waits for the other side's step.
fn hear(socket: &mut UnixStream) -> Result<(), String> {
    let mut buffer = [0; 512];
    match socket.read(&mut buffer) {
        Ok(0) => Err("a builder of the stage has ended".to_string()),
        Ok(length) if &buffer[..length] == DONE.as_bytes() => Ok(()),
        Ok(length) => Err(String::from_utf8_lossy(&buffer[..length]).into_owned()),
        Err(error) => Err(format!("reading from a socket: {error}")),
    }
}

/// The life of a child that makes a stage, in the stage's PID namespace: it does one step after the
/// other, and waits in between for the watcher to do its own, and at last for its end.
fn live_as_builder(watcher: &mut UnixStream, outer: u32, scratch: u32, host_name: &str) -> ! {
    let mut told = |step: Result<(), String>| {
        let _ = say(watcher, step.err().as_deref().unwrap_or(DONE));
        let _ = hear(watcher);
    };
    told(begin(outer, scratch));
    told(unshare_all(host_name));
    told(set_stage());
    // SAFETY: ends the child; nothing of the watcher's is run twice.
    unsafe { libc::_exit(1) }
}

/// First step: file systems, and the user namespace.
fn begin(outer: u32, scratch: u32) -> Result<(), String> {
    let given = place::copy_for_stage(outer, scratch)?;
    use std::os::fd::AsRawFd;
    // SAFETY: plain call on our own descriptor; the watcher opens it anew by this number.
    if unsafe { libc::dup2(given.as_raw_fd(), GIVEN) } == -1 {
        return Err(format!("dup2: {}", nsconform_sys::errno::Errno::last().describe()));
    }
    std::mem::forget(given);
    // The id of submissions owns everything from here on.
    let (uid, gid) = (Uid::from_raw(outer), Gid::from_raw(outer));
    sandbox::step("setresgid", nix::unistd::setresgid(gid, gid, gid))?;
    sandbox::step("setresuid", nix::unistd::setresuid(uid, uid, uid))?;
    // The change of ids hides our /proc files from the watcher.
    // SAFETY: plain call on numbers.
    unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 1) };
    sandbox::step("unshare(CLONE_NEWUSER)", nix::sched::unshare(CloneFlags::CLONE_NEWUSER))
}

/// Second step, once its ids are mapped: the namespaces that the stage's user namespace owns. The
/// mount namespace of this step is the one backstage.
fn unshare_all(host_name: &str) -> Result<(), String> {
    let flags = CloneFlags::CLONE_NEWNS
        | CloneFlags::CLONE_NEWUTS
        | CloneFlags::CLONE_NEWIPC
        | CloneFlags::CLONE_NEWNET
        | CloneFlags::CLONE_NEWCGROUP;
    sandbox::step("unshare", nix::sched::unshare(flags))?;
    sandbox::step("sethostname", nix::unistd::sethostname(host_name))?;
    propagate(nix::mount::MsFlags::MS_PRIVATE)
}

/// Third step: the mount namespace of the stage, whose mounts tell nothing to the one backstage.
fn set_stage() -> Result<(), String> {
    sandbox::step("unshare(CLONE_NEWNS)", nix::sched::unshare(CloneFlags::CLONE_NEWNS))?;
    // As systemd has it on the machines where students try their programs.
    propagate(nix::mount::MsFlags::MS_SHARED)
}

fn propagate(how: nix::mount::MsFlags) -> Result<(), String> {
    let flags = nix::mount::MsFlags::MS_REC | how;
    sandbox::step("changing the propagation of /", sandbox::mount(None, "/", None, flags, None))
}
