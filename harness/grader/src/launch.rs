//! Starting things: the watcher's namespaces, the stage's, and programs on the stage.
//!
//! Everything here forks from the watcher (or makes the watcher), which has one thread. What is
//! done with what was started lives in `stage` and `run`.

use super::assignment::Ground;
use super::cgroup::Cgroup;
use super::observed::{ObservedProcess, PROC};
use super::place::{self, Program};
use super::stage::CheckAbort;
use nix::fcntl::OFlag;
use nix::unistd::{ForkResult, Gid, Pid, Uid};
use nsconform_sys::kind::{Flags, Kind, flag_names};
use nsconform_sys::sandbox;
use std::ffi::CString;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;

/// The uid and gid of [`Ground::User`] on the stage.
const USER: u32 = 1000;
/// What the stage's one id is called in the watcher's user namespace, where that maps several.
const UNPRIVILEGED: u32 = 1000;
/// How many ids the watcher's user namespace maps, where several can be had.
const IDS: u32 = 4096;
/// The first id of the machine's that is used for them: far from those of users, services and the
/// usual containers.
const FIRST_ID: u32 = 1_900_000_000;

/// What the machine has to offer for a grading.
#[derive(Clone, Copy)]
pub(super) struct HostSupport<'g> {
    /// Whether the watcher's user namespace maps several ids; if not, everything has the id of whoever grades.
    pub(super) several: bool,
    /// Whether setgroups(2) had to be denied in it.
    pub(super) setgroups_denied: bool,
    /// How many processes the machine has of the id that a submission gets.
    pub(super) processes: u64,
    /// What keeps the limits of all processes of a submission together, if it can be had.
    pub(super) cgroup: Option<&'g Cgroup>,
}

/// Limits that the kernel keeps for each program that is started.
#[derive(Clone, Copy)]
pub(super) struct Limits<'w> {
    /// RLIMIT_NPROC.
    pub(super) processes: u64,
    /// Those for all of them together.
    pub(super) cgroup: Option<&'w Cgroup>,
}

/// Creates the watcher: a child that is PID 1 and root of namespaces of its own. Returns in the
/// child with what its user namespace offers, in the caller with its PID.
///
/// # Errors
/// Says which call failed: without user namespaces nothing can be graded.
pub(super) fn become_watcher() -> Result<Result<HostSupport<'static>, Pid>, String> {
    let flags = libc::CLONE_NEWUSER
        | libc::CLONE_NEWPID
        | libc::CLONE_NEWNS
        | libc::CLONE_NEWIPC
        | libc::CLONE_NEWUTS
        | libc::CLONE_NEWNET
        | libc::SIGCHLD;
    let (mut mapped, maps) = std::io::pipe().map_err(|error| format!("pipe: {error}"))?;
    // SAFETY: without CLONE_VM the child has a copy of everything, and the caller has one thread.
    let pid = unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) };
    match pid {
        -1 => Err(format!(
            "clone(CLONE_NEWUSER|CLONE_NEWPID|...): {}",
            nsconform_sys::errno::Errno::last().describe()
        )),
        0 => {
            drop(maps);
            let mut said = [0; 2];
            if mapped.read_exact(&mut said).is_err() {
                // SAFETY: ends the child, which has done nothing yet.
                unsafe { libc::_exit(1) }
            }
            let [several, setgroups_denied] = said.map(|byte| byte == b'y');
            // SAFETY: plain calls on numbers.
            unsafe {
                libc::setresgid(0, 0, 0);
                libc::setresuid(0, 0, 0);
                // A parent that ended before this is noticed at the first word to it.
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
                // The change of ids took it away, and with it the sight of our children's /proc.
                libc::prctl(libc::PR_SET_DUMPABLE, 1);
            }
            Ok(Ok(HostSupport { several, setgroups_denied, processes: 0, cgroup: None }))
        }
        pid => {
            let pid = Pid::from_raw(pid as i32);
            let (several, denied) = map_watcher(pid)?;
            let letter = |yes| if yes { b'y' } else { b'n' };
            let _ = (&maps).write_all(&[letter(several), letter(denied)]);
            Ok(Err(pid))
        }
    }
}

/// Maps the ids of the watcher's user namespace: several where our privileges allow it.
fn map_watcher(watcher: Pid) -> Result<(bool, bool), String> {
    let write = |file: &str, text: &str| {
        let path = format!("/proc/{watcher}/{file}");
        std::fs::write(&path, text).map_err(|error| format!("writing {path}: {error}"))
    };
    for first in [FIRST_ID, USER] {
        let map = format!("0 {} 1\n1 {first} {IDS}", 0);
        if nix::unistd::geteuid().is_root() && write("uid_map", &map).is_ok() {
            write("gid_map", &map)?;
            return Ok((true, false));
        }
    }
    write("setgroups", "deny")?;
    write("uid_map", &format!("0 {} 1", nix::unistd::geteuid()))?;
    write("gid_map", &format!("0 {} 1", nix::unistd::getegid()))?;
    Ok((false, true))
}

/// How many processes the machine has of the id that submissions get: what RLIMIT_NPROC counts.
pub(super) fn processes_of_submissions(several: bool) -> u64 {
    let uid = if several { FIRST_ID + UNPRIVILEGED - 1 } else { nix::unistd::geteuid().as_raw() };
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter(|entry| entry.metadata().is_ok_and(|about| about.uid() == uid)).count() as u64
}

/// The namespaces of a stage, or of a process on it.
pub(super) struct Spaces(Vec<(Kind, OwnedFd)>);

impl Spaces {
    /// Opens those of a process.
    pub(super) fn of(process: &ObservedProcess<'_>) -> Result<Spaces, CheckAbort> {
        let mut spaces = Vec::new();
        for kind in Kind::ALL {
            if process.path(&format!("ns/{}", kind.link())).exists() {
                spaces.push((kind, Spaces::open(process, kind)?));
            }
        }
        Ok(Spaces(spaces))
    }

    pub(super) fn open(process: &ObservedProcess<'_>, kind: Kind) -> Result<OwnedFd, CheckAbort> {
        let path = process.path(&format!("ns/{}", kind.link()));
        match std::fs::File::open(&path) {
            Ok(file) => Ok(file.into()),
            Err(error) => {
                let expected = "the process is still there to be looked at";
                Err(CheckAbort::mismatch(
                    expected,
                    format!("its ns/{} cannot be opened: {error}", kind.link()),
                ))
            }
        }
    }

    fn get(&self, kind: Kind) -> Option<&OwnedFd> {
        self.0.iter().find(|(there, _)| *there == kind).map(|(_, space)| space)
    }

    /// The kinds that this kernel has.
    pub(super) fn kinds(&self) -> impl Iterator<Item = Kind> + '_ {
        self.0.iter().map(|(kind, _)| *kind)
    }

    pub(super) fn inode(&self, kind: Kind) -> Result<u64, String> {
        let space = self.get(kind).ok_or_else(|| format!("the kernel has no {} namespaces", kind.link()))?;
        nix::sys::stat::fstat(space).map(|about| about.st_ino).map_err(|errno| format!("fstat: {errno}"))
    }

    /// Moves the calling process into those of these kinds; the PID namespace takes effect for its
    /// children alone.
    fn join(&self, kinds: &[Kind]) -> Result<(), String> {
        for kind in kinds {
            let Some(space) = self.get(*kind) else { continue };
            // SAFETY: plain call on an open descriptor.
            if unsafe { libc::setns(space.as_raw_fd(), 0) } == -1 {
                let errno = nsconform_sys::errno::Errno::last();
                return Err(format!("setns({}): {}", kind.link(), errno.describe()));
            }
        }
        Ok(())
    }
}

/// The order in which a process can join them: what it may do with the others depends on the first.
const JOINED: [Kind; 6] = [Kind::User, Kind::Mnt, Kind::Uts, Kind::Ipc, Kind::Net, Kind::Cgroup];

/// fork(2), with the child in this cgroup from the start.
///
/// # Safety
/// That of fork(2): the caller has one thread.
pub(super) unsafe fn fork_into(cgroup: Option<&Cgroup>) -> Result<ForkResult, String> {
    let Some(cgroup) = cgroup else {
        // SAFETY: the caller's.
        return unsafe { nix::unistd::fork() }.map_err(|errno| format!("fork: {errno}"));
    };
    // linux/sched.h; the constant of the library is too narrow.
    const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;
    // SAFETY: all-zero is what clone3(2) takes for what is not asked for.
    let mut arguments: libc::clone_args = unsafe { std::mem::zeroed() };
    arguments.flags = CLONE_INTO_CGROUP;
    arguments.exit_signal = libc::SIGCHLD as u64;
    arguments.cgroup = cgroup.as_raw_fd() as u64;
    // SAFETY: without CLONE_VM the child has a copy of everything; the structure outlives the call.
    match unsafe { libc::syscall(libc::SYS_clone3, &raw const arguments, size_of_val(&arguments)) } {
        -1 => Err(format!("clone3(CLONE_INTO_CGROUP): {}", nsconform_sys::errno::Errno::last().describe())),
        0 => Ok(ForkResult::Child),
        pid => Ok(ForkResult::Parent { child: Pid::from_raw(pid as i32) }),
    }
}

/// Forks, and has the child write down what went wrong in a pipe that its exec closes. Gives its
/// PID once it has executed a program, or ended.
fn fork_and_exec(
    cgroup: Option<&Cgroup>,
    child: impl FnOnce() -> Result<std::convert::Infallible, String>,
) -> Result<Pid, String> {
    let (mut trouble, ours) = std::io::pipe().map_err(|error| format!("pipe: {error}"))?;
    // SAFETY: the watcher has one thread, so the child's copy of the heap is consistent.
    match unsafe { fork_into(cgroup) }? {
        ForkResult::Child => {
            drop(trouble);
            // The pipe's end is kept by number: everything else is closed before the exec.
            let number = keep_as(ours.as_raw_fd(), KEPT);
            let Err(why) = child();
            // SAFETY: writes a string that outlives the call to our own descriptor, and ends.
            unsafe {
                libc::write(number, why.as_ptr().cast(), why.len());
                libc::_exit(126)
            }
        }
        ForkResult::Parent { child } => {
            drop(ours);
            let mut text = String::new();
            trouble.read_to_string(&mut text).map_err(|error| format!("reading a pipe: {error}"))?;
            if text.is_empty() { Ok(child) } else { Err(text) }
        }
    }
}

/// The number that a program's last descriptor has until its exec.
const KEPT: RawFd = 3;

fn keep_as(descriptor: RawFd, number: RawFd) -> RawFd {
    // SAFETY: plain calls on our own descriptors.
    unsafe {
        if descriptor == number {
            libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC);
            return number;
        }
        libc::dup3(descriptor, number, libc::O_CLOEXEC)
    }
}

/// Makes the namespaces of a stage; gives its PID 1 and the namespaces.
///
/// # Errors
/// Says which call failed.
pub(super) fn open_stage(
    offer: &HostSupport<'_>,
    ground: Ground,
    several_ids: bool,
    host_name: &str,
) -> Result<(Pid, Spaces), String> {
    // SAFETY: without CLONE_VM the child has a copy of everything, and the watcher has one thread.
    let init = unsafe { libc::syscall(libc::SYS_clone, libc::CLONE_NEWPID | libc::SIGCHLD, 0, 0, 0, 0) };
    let init = match init {
        -1 => return Err(format!("clone(CLONE_NEWPID): {}", nsconform_sys::errno::Errno::last().describe())),
        0 => reap_for_ever(),
        pid => Pid::from_raw(pid as i32),
    };
    let open = |path: String| {
        std::fs::File::open(&path).map(OwnedFd::from).map_err(|error| format!("opening {path}: {error}"))
    };
    let inside = Spaces(vec![(Kind::Pid, open(format!("{PROC}/{init}/ns/pid"))?)]);
    let outer = if offer.several { UNPRIVILEGED } else { 0 };
    let inner = if ground == Ground::Root { 0 } else { USER };
    let map = match several_ids {
        true => format!("{inner} {outer} 1\n{} {} 1000", inner + 1, outer + 1),
        false => format!("{inner} {outer} 1"),
    };
    let (mut ours, mut theirs) = UnixStream::pair().map_err(|error| format!("socketpair: {error}"))?;
    let builder = in_pid_namespace(&inside, || {
        // SAFETY: as above.
        match unsafe { fork_into(offer.cgroup) }? {
            ForkResult::Parent { child } => Ok(child),
            ForkResult::Child => build(&mut theirs, outer, host_name),
        }
    })?;
    drop(theirs);
    hear(&mut ours)?;
    for file in ["uid_map", "gid_map"] {
        let path = format!("{PROC}/{builder}/{file}");
        std::fs::write(&path, &map).map_err(|error| format!("writing {path}: {error}"))?;
    }
    ours.write_all(DONE.as_bytes()).map_err(|error| format!("writing to a socket: {error}"))?;
    hear(&mut ours)?;
    let mut spaces = inside;
    for kind in JOINED.into_iter().chain([Kind::Time]) {
        let path = format!("{PROC}/{builder}/ns/{}", kind.link());
        if std::path::Path::new(&path).exists() {
            spaces.0.push((kind, open(path)?));
        }
    }
    let _ = nix::sys::signal::kill(builder, nix::sys::signal::Signal::SIGKILL);
    let _ = nix::sys::wait::waitpid(builder, None);
    Ok((init, spaces))
}

/// The life of a stage's PID 1: it adopts orphans and reaps them.
fn reap_for_ever() -> ! {
    // SAFETY: closes everything, the watcher's channel too; then only waits.
    unsafe {
        libc::syscall(libc::SYS_close_range, 0, libc::c_uint::MAX, 0);
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

/// What builder and watcher say to each other when a step is done; anything else is what went wrong.
const DONE: &str = "done";

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

/// The life of a child that makes a stage, in the stage's PID namespace: it says when its ids are
/// to be mapped, goes on once they are, and waits for its namespaces to be opened and its end.
fn build(watcher: &mut UnixStream, outer: u32, host_name: &str) -> ! {
    let mut told = |step: Result<(), String>| {
        let _ = watcher.write_all(step.err().as_deref().unwrap_or(DONE).as_bytes());
        let _ = hear(watcher);
    };
    told(begin(outer));
    told(finish(host_name));
    // SAFETY: ends the child; nothing of the watcher's is run twice.
    unsafe { libc::_exit(1) }
}

/// First half of making a stage: file systems, and the user namespace.
fn begin(outer: u32) -> Result<(), String> {
    place::copy_for_stage(outer)?;
    // What follows is owned by the id that submissions have.
    let (uid, gid) = (Uid::from_raw(outer), Gid::from_raw(outer));
    sandbox::step("setresgid", nix::unistd::setresgid(gid, gid, gid))?;
    sandbox::step("setresuid", nix::unistd::setresuid(uid, uid, uid))?;
    // The change of ids hides our /proc files from the watcher.
    // SAFETY: plain call on numbers.
    unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 1) };
    sandbox::step("unshare(CLONE_NEWUSER)", nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWUSER))
}

/// Second half, once its ids are mapped: the namespaces that the stage's user namespace owns.
fn finish(host_name: &str) -> Result<(), String> {
    use nix::sched::CloneFlags;
    let flags = CloneFlags::CLONE_NEWNS
        | CloneFlags::CLONE_NEWUTS
        | CloneFlags::CLONE_NEWIPC
        | CloneFlags::CLONE_NEWNET
        | CloneFlags::CLONE_NEWCGROUP;
    sandbox::step("unshare", nix::sched::unshare(flags))?;
    sandbox::step("sethostname", nix::unistd::sethostname(host_name))?;
    // As systemd has it on the machines where students try their programs.
    use nix::mount::MsFlags;
    sandbox::step(
        "making / shared",
        sandbox::mount(None, "/", None, MsFlags::MS_REC | MsFlags::MS_SHARED, None),
    )
}

/// Has the next fork in the calling process put the child into a PID namespace.
fn in_pid_namespace<T>(spaces: &Spaces, fork: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    spaces.join(&[Kind::Pid])?;
    let forked = fork();
    let own = std::fs::File::open(format!("{PROC}/1/ns/pid")).map(OwnedFd::from);
    let own = own.map_err(|error| format!("opening the watcher's PID namespace: {error}"))?;
    Spaces(vec![(Kind::Pid, own)]).join(&[Kind::Pid])?;
    forked
}

/// Has a child join namespaces and answer a question there, with the watcher's privileges.
pub(super) fn ask_inside(
    spaces: &Spaces,
    kinds: &[Kind],
    question: impl FnOnce() -> String,
) -> Result<String, String> {
    let (mut answer, mut says) = std::io::pipe().map_err(|error| format!("pipe: {error}"))?;
    // SAFETY: the watcher has one thread, so the child's copy of the heap is consistent.
    let child = match unsafe { nix::unistd::fork() }.map_err(|errno| format!("fork: {errno}"))? {
        ForkResult::Child => {
            let (status, said) = match spaces.join(kinds) {
                Ok(()) => (0, question()),
                Err(why) => (1, why),
            };
            let _ = says.write_all(said.as_bytes());
            // SAFETY: ends the child; nothing of the watcher's is run twice.
            unsafe { libc::_exit(status) }
        }
        ForkResult::Parent { child } => child,
    };
    drop(says);
    let mut text = String::new();
    let read = answer.read_to_string(&mut text);
    let ended = nix::sys::wait::waitpid(child, None);
    read.map_err(|error| format!("reading a pipe: {error}"))?;
    match ended {
        Ok(nix::sys::wait::WaitStatus::Exited(_, 0)) => Ok(text),
        _ => Err(text),
    }
}

/// The mounts of the mount namespace that the caller has joined, through a procfs opened before.
pub(super) fn own_mounts(procfs: &std::fs::File) -> String {
    let open = nix::fcntl::openat(procfs, "self/mountinfo", OFlag::O_RDONLY, nix::sys::stat::Mode::empty());
    let mut text = String::new();
    match open {
        Ok(file) => match std::fs::File::from(file).read_to_string(&mut text) {
            Ok(_) => text,
            Err(error) => error.to_string(),
        },
        Err(errno) => errno.to_string(),
    }
}

/// The PIDs that a procfs at this path shows, each with the inode number of the PID namespace in
/// which the process is. What a submission may have put there instead is never waited for.
pub(super) fn shown_by_procfs(path: &std::path::Path) -> Result<Vec<(i32, u64)>, String> {
    use nix::fcntl::AtFlags;
    let flags = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let failed = |what: &'static str| move |errno: nix::errno::Errno| format!("{what}: {}", errno.desc());
    let mut directory =
        nix::dir::Dir::open(path, flags, nix::sys::stat::Mode::empty()).map_err(failed("open"))?;
    let about = nix::sys::statfs::fstatfs(&directory).map_err(failed("fstatfs"))?;
    if about.filesystem_type() != nix::sys::statfs::PROC_SUPER_MAGIC {
        return Err("it is on a file system of another type".to_string());
    }
    let names: Vec<_> = directory.iter().flatten().map(|entry| entry.file_name().to_owned()).collect();
    let mut shown: Vec<(i32, u64)> = names
        .iter()
        .filter_map(|name| {
            let pid: i32 = name.to_str().ok()?.parse().ok()?;
            let link = format!("{pid}/ns/pid");
            let namespace = nix::sys::stat::fstatat(&directory, link.as_str(), AtFlags::empty()).ok()?;
            Some((pid, namespace.st_ino))
        })
        .collect();
    shown.sort_unstable();
    Ok(shown)
}

/// What standard input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A pipe that the check writes to.
    Pipe,
    /// Nothing: /dev/null.
    Null,
    /// A terminal of its own, the controlling one of a new session, which standard output and
    /// standard error are as well.
    Terminal,
}

/// A program to be started on the stage.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The words; none of them the program's own name if it is the submission.
    words: Vec<String>,
    is_submission: bool,
    input: Input,
    full_output: bool,
    /// Namespaces it gets on top of the stage's.
    new: Flags,
    host_name: Option<String>,
    without_capabilities: bool,
    joins: Option<(i32, Vec<Kind>)>,
    /// The words of a program of the system's that is to start it.
    starter: Vec<String>,
    subreaper: bool,
    most_processes: Option<u64>,
}

impl Launch {
    /// The submission with these arguments.
    pub fn submission<S: AsRef<str>>(arguments: &[S]) -> Launch {
        let words = arguments.iter().map(|word| word.as_ref().to_string()).collect();
        Launch {
            words,
            is_submission: true,
            input: Input::Pipe,
            full_output: false,
            new: Flags::empty(),
            host_name: None,
            without_capabilities: false,
            joins: None,
            starter: Vec::new(),
            subreaper: false,
            most_processes: None,
        }
    }

    /// A program of the system's, found in PATH: something for a submission to find or join.
    pub fn system<S: AsRef<str>>(words: &[S]) -> Launch {
        Launch { is_submission: false, input: Input::Null, ..Launch::submission(words) }
    }

    /// With this standard input.
    pub fn input(mut self, input: Input) -> Launch {
        self.input = input;
        self
    }

    /// With a full pipe as its standard output: whoever writes to it waits, and can be looked at,
    /// until [`Run::make_room`](super::Run::make_room).
    pub fn full_output(mut self) -> Launch {
        self.full_output = true;
        self
    }

    /// In new namespaces of these kinds; with CLONE_NEWPID it is PID 1 of the new one.
    pub fn new_namespaces(mut self, flags: Flags) -> Launch {
        self.new = flags;
        self
    }

    /// With this host name, in a new UTS namespace.
    pub fn host_name(mut self, name: &str) -> Launch {
        self.host_name = Some(name.to_string());
        self
    }

    /// Without any capability, whatever its uid.
    pub fn without_capabilities(mut self) -> Launch {
        self.without_capabilities = true;
        self
    }

    /// In the namespaces of these kinds that a process of the stage is in.
    pub fn joining(mut self, process: &ObservedProcess<'_>, kinds: &[Kind]) -> Launch {
        self.joins = Some((process.pid, kinds.to_vec()));
        self
    }

    /// Started by a program of the system's, found in PATH: that gets the words of this program
    /// after its own.
    pub fn started_by<S: AsRef<str>>(mut self, words: &[S]) -> Launch {
        self.starter = words.iter().map(|word| word.as_ref().to_string()).collect();
        self
    }

    /// As a subreaper (PR_SET_CHILD_SUBREAPER(2const)), which gets the orphans among its
    /// descendants. That is the process that is started and none of its children.
    pub fn subreaper(mut self) -> Launch {
        self.subreaper = true;
        self
    }

    /// With this RLIMIT_NPROC, if that is less than others have: 0 lets it create no process.
    pub fn most_processes(mut self, most: u64) -> Launch {
        self.most_processes = Some(most);
        self
    }

    pub(super) fn words(&self, program: &Program) -> Vec<String> {
        let own = self.is_submission.then(|| program.path());
        self.starter.iter().cloned().chain(own).chain(self.words.iter().cloned()).collect()
    }

    /// What precedes the prompt in the report.
    pub(super) fn describe(&self) -> String {
        let mut parts = Vec::new();
        if self.input == Input::Terminal {
            parts.push("on a terminal".to_string());
        }
        if self.full_output {
            parts.push("standard output is a full pipe".to_string());
        }
        if !self.new.is_empty() {
            parts.push(format!("in new namespaces: {}", flag_names(&self.new)));
        }
        if let Some(name) = &self.host_name {
            parts.push(format!("host name {name}"));
        }
        if self.without_capabilities {
            parts.push("without capabilities".to_string());
        }
        if self.subreaper {
            parts.push("as a subreaper".to_string());
        }
        if let Some(most) = self.most_processes {
            parts.push(format!("RLIMIT_NPROC {most}"));
        }
        if let Some((_, kinds)) = &self.joins {
            let kinds: Vec<_> = kinds.iter().map(|kind| kind.link()).collect();
            parts.push(format!("in the {} of another process", kinds.join(", ")));
        }
        if parts.is_empty() { String::new() } else { format!("({}) ", parts.join(", ")) }
    }
}

/// A program that runs.
pub(super) struct Started {
    /// Its PID; none if it is PID 1 of a new namespace, whose number only /proc tells.
    pub(super) pid: Option<i32>,
    pub(super) input: Option<OwnedFd>,
    pub(super) output: Option<OwnedFd>,
    pub(super) error: Option<OwnedFd>,
    /// How many bytes its standard output was filled with.
    pub(super) filled: usize,
}

fn pipe() -> Result<(OwnedFd, OwnedFd), CheckAbort> {
    nix::unistd::pipe2(OFlag::O_CLOEXEC).map_err(|errno| CheckAbort::Engine(format!("pipe: {errno}")))
}

fn nonblocking(end: OwnedFd) -> Result<OwnedFd, CheckAbort> {
    nix::fcntl::fcntl(&end, nix::fcntl::FcntlArg::F_SETFL(OFlag::O_NONBLOCK))
        .map_err(|errno| CheckAbort::Engine(format!("fcntl: {errno}")))?;
    Ok(end)
}

/// Fills a pipe; tells with how many bytes.
fn fill(end: &OwnedFd) -> Result<usize, CheckAbort> {
    let engine = |errno| CheckAbort::Engine(format!("filling a pipe: {errno}"));
    // The least that the kernel allows: a page.
    let size = nix::fcntl::fcntl(end, nix::fcntl::FcntlArg::F_SETPIPE_SZ(1)).map_err(engine)? as usize;
    nix::unistd::write(end, &vec![b'\n'; size]).map_err(engine)
}

/// Starts a program on the stage.
pub(super) fn start(
    launch: &Launch,
    program: &Program,
    spaces: &Spaces,
    ground: Ground,
    limits: &Limits<'_>,
) -> Result<Started, CheckAbort> {
    let words = launch.words(program);
    let (standard, ends) = streams(launch.input)?;
    let filled = if launch.full_output { fill(&standard[1])? } else { 0 };
    let joined = match &launch.joins {
        None => None,
        Some((pid, kinds)) => {
            let mut spaces = Vec::new();
            for kind in kinds {
                let path = format!("{PROC}/{pid}/ns/{}", kind.link());
                let file = std::fs::File::open(&path)
                    .map_err(|error| CheckAbort::Engine(format!("opening {path}: {error}")))?;
                spaces.push((*kind, OwnedFd::from(file)));
            }
            Some((Spaces(spaces), kinds.clone()))
        }
    };
    let child = || -> Result<std::convert::Infallible, String> {
        enter_stage(spaces, ground)?;
        if let Some((others, kinds)) = &joined {
            others.join(kinds)?;
        }
        let numbers = [standard[0].as_raw_fd(), standard[1].as_raw_fd(), standard[2].as_raw_fd()];
        unshare_further(launch)?;
        settle(numbers, launch, limits)?;
        execute(&words, launch.is_submission && launch.starter.is_empty())
    };
    let started = in_pid_namespace(spaces, || fork_and_exec(limits.cgroup, child));
    drop(standard);
    let pid = match started {
        Ok(pid) => pid,
        Err(why) if why.starts_with("execve") => {
            let expected = format!("{} can be executed", program.name);
            return Err(CheckAbort::mismatch(expected, why));
        }
        Err(why) => return Err(CheckAbort::Engine(why)),
    };
    let [input, output, error] = ends;
    let has_own_pid_namespace = launch.new.contains(Flags::CLONE_NEWPID);
    if has_own_pid_namespace {
        // This is the process that created PID 1 and ends: it must not be taken for that one.
        nix::sys::wait::waitpid(pid, None)
            .map_err(|errno| CheckAbort::Engine(format!("waitpid: {errno}")))?;
    }
    let pid = (!has_own_pid_namespace).then_some(pid.as_raw());
    Ok(Started { pid, input, output, error, filled })
}

/// The program's ends of its standard streams, and the watcher's.
fn streams(input: Input) -> Result<([OwnedFd; 3], [Option<OwnedFd>; 3]), CheckAbort> {
    let engine = |what: &str, error: &dyn std::fmt::Display| CheckAbort::Engine(format!("{what}: {error}"));
    if input == Input::Terminal {
        let pair = nix::pty::openpty(None, None).map_err(|errno| engine("openpty", &errno))?;
        let copy = |end: &OwnedFd| end.try_clone().map_err(|error| engine("dup", &error));
        let master = nonblocking(pair.master)?;
        let standard = [copy(&pair.slave)?, copy(&pair.slave)?, pair.slave];
        return Ok((standard, [Some(copy(&master)?), Some(master), None]));
    }
    let (output, their_output) = pipe()?;
    let (error, their_error) = pipe()?;
    let (their_input, input) = match input {
        Input::Null => {
            let null = std::fs::File::open("/dev/null").map_err(|error| engine("/dev/null", &error))?;
            (null.into(), None)
        }
        _ => {
            let (theirs, ours) = pipe()?;
            (theirs, Some(nonblocking(ours)?))
        }
    };
    let ends = [input, Some(nonblocking(output)?), Some(nonblocking(error)?)];
    Ok(([their_input, their_output, their_error], ends))
}

fn enter_stage(spaces: &Spaces, ground: Ground) -> Result<(), String> {
    let id = if ground == Ground::Root { 0 } else { USER };
    // Where it is denied there are no further groups to leave.
    let _ = nix::unistd::setgroups(&[]);
    // Until its exec this is a copy of the watcher: nobody on the stage may look into it. Other
    // children of the watcher stay out of the stage's user namespace, which protects them.
    // SAFETY: plain call on numbers.
    let hide = || unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0) };
    hide();
    spaces.join(&JOINED)?;
    let (uid, gid) = (Uid::from_raw(id), Gid::from_raw(id));
    sandbox::step("setresgid", nix::unistd::setresgid(gid, gid, gid))?;
    sandbox::step("setresuid", nix::unistd::setresuid(uid, uid, uid))?;
    // fs.suid_dumpable may say otherwise after a change of ids.
    hide();
    Ok(())
}

/// Goes into further namespaces. A new PID namespace needs a child to be its PID 1: a sibling of
/// ours, so that the watcher is its parent; we end.
fn unshare_further(launch: &Launch) -> Result<(), String> {
    let mut flags = launch.new;
    if launch.host_name.is_some() {
        flags |= Flags::CLONE_NEWUTS;
    }
    let own_pid_namespace = flags.contains(Flags::CLONE_NEWPID);
    flags.remove(Flags::CLONE_NEWPID);
    if !flags.is_empty() {
        let flags = nix::sched::CloneFlags::from_bits_retain(flags.bits() as libc::c_int);
        sandbox::step("unshare", nix::sched::unshare(flags))?;
    }
    if let Some(name) = &launch.host_name {
        sandbox::step("sethostname", nix::unistd::sethostname(name))?;
    }
    if own_pid_namespace {
        let flags = libc::CLONE_NEWPID | libc::CLONE_PARENT;
        // SAFETY: without CLONE_VM the child has a copy of everything, and we have one thread.
        match unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) } {
            -1 => {
                return Err(format!(
                    "clone(CLONE_NEWPID): {}",
                    nsconform_sys::errno::Errno::last().describe()
                ));
            }
            0 => {}
            // SAFETY: ends this process; nothing of the watcher's is run twice.
            _ => unsafe { libc::_exit(0) },
        }
    }
    Ok(())
}

/// Standard streams, session, signals, limits: what a program finds when it starts.
fn settle(numbers: [RawFd; 3], launch: &Launch, limits: &Limits) -> Result<(), String> {
    // SAFETY: plain calls on our own descriptors and on structures that outlive them.
    unsafe {
        libc::setsid();
        // Above the numbers to be taken, so that none is overwritten before it is used.
        let high = numbers.map(|number| libc::fcntl(number, libc::F_DUPFD_CLOEXEC, 10));
        for (number, descriptor) in high.into_iter().enumerate() {
            libc::dup2(descriptor, number as RawFd);
        }
        if launch.input == Input::Terminal {
            libc::ioctl(0, libc::TIOCSCTTY, 0);
        }
        libc::syscall(libc::SYS_close_range, KEPT + 1, libc::c_uint::MAX, 0);
        // `struct sigaction` of the kernel, all zero: SIG_DFL. The C library refuses to touch two
        // signals that it uses itself, and whoever grades may have been started with them ignored.
        let default = [0_u64; 4];
        for signal in 1..=64 {
            libc::syscall(libc::SYS_rt_sigaction, signal, default.as_ptr(), std::ptr::null::<u64>(), 8);
        }
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &none, std::ptr::null_mut());
        libc::umask(0o022);
        let rlimits = [
            (libc::RLIMIT_NPROC, launch.most_processes.unwrap_or(limits.processes)),
            // Twice what all of them may use together: the watcher says so before.
            (libc::RLIMIT_DATA, 2 * super::stage::MOST_MEMORY),
            (libc::RLIMIT_FSIZE, 32 << 20),
            (libc::RLIMIT_NOFILE, 256),
            // 1 rather than 0, as a core dump program is not started either then (core(5)).
            (libc::RLIMIT_CORE, 1),
            (libc::RLIMIT_CPU, 60),
        ];
        for (which, most) in rlimits {
            let mut now: libc::rlimit = std::mem::zeroed();
            libc::getrlimit(which, &mut now);
            let most = (most as libc::rlim_t).min(now.rlim_max);
            libc::setrlimit(which, &libc::rlimit { rlim_cur: most, rlim_max: most });
        }
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        if launch.subreaper {
            libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
        }
        if launch.without_capabilities {
            for capability in 0..64 {
                libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0);
            }
        }
    }
    sandbox::step("chdir", nix::unistd::chdir("/tmp"))
}

/// The environment of every program on the stage.
const ENVIRONMENT: [&str; 4] =
    ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/tmp", "LANG=C", "TERM=dumb"];

fn execute(words: &[String], is_submission: bool) -> Result<std::convert::Infallible, String> {
    let strings = |words: &[&str]| -> Result<Vec<CString>, String> {
        words.iter().map(|word| CString::new(*word).map_err(|error| error.to_string())).collect()
    };
    let words = strings(&words.iter().map(String::as_str).collect::<Vec<_>>())?;
    let environment = strings(&ENVIRONMENT)?;
    let Some(program) = words.first() else { return Err("there is nothing to execute".to_string()) };
    let executed = if is_submission {
        nix::unistd::execve(program, &words, &environment)
    } else {
        nix::unistd::execvpe(program, &words, &environment)
    };
    let Err(errno) = executed;
    let hint = match errno {
        nix::errno::Errno::ENOEXEC => " (a script begins with #! and its interpreter)",
        nix::errno::Errno::ENOENT => " (its interpreter or loader is not among the system's programs)",
        _ => "",
    };
    Err(format!("execve({}): {}{hint}", program.to_string_lossy(), errno.desc()))
}
