//! Programs on the stage: how a check describes one, and how it is started.
//!
//! Attributes that every program has in common are in `attributes`; a program that runs is in `run`.

use super::abort::CheckAbort;
use super::assignment::SubmissionCredentials;
use super::attributes::{self, DIRECTORY, ENVIRONMENT, OwnFiles};
use super::cgroup::Cgroup;
use super::fork::{self, BeforeExec, ForkFailure, KEPT, fork_and_exec};
use super::observed::PROC;
use super::place::Program;
use super::run::Filling;
use super::spaces::{JOINED, Spaces, in_pid_namespace};
use super::watcher::ids_of;
use nix::fcntl::OFlag;
use nix::unistd::{Gid, Uid};
use nsconform_sys::kind::{Flags, flag_names};
use nsconform_sys::sandbox;
use std::ffi::CString;
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};

/// Limits that the kernel keeps for each program that is started.
#[derive(Clone, Copy)]
pub(super) struct Limits<'w> {
    /// RLIMIT_NPROC.
    pub(super) processes: u64,
    /// Those for all of them together.
    pub(super) cgroup: Option<&'w Cgroup>,
}

/// The file that standard input is.
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
    /// The words of a program of the system's that is to start it.
    starter: Vec<String>,
    subreaper: bool,
    most_processes: Option<u64>,
    /// A directory that precedes the others in PATH.
    searched_first: Option<String>,
    /// Where on the stage it starts, if it is to start there and is no submission.
    directory: Option<String>,
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
            starter: Vec::new(),
            subreaper: false,
            most_processes: None,
            searched_first: None,
            directory: None,
        }
    }

    /// A program of the system's, found in PATH: something for a submission to find or join.
    pub fn system<S: AsRef<str>>(words: &[S]) -> Launch {
        Launch { is_submission: false, input: Input::Null, ..Launch::submission(words) }
    }

    /// A shell command of a submission's, in this directory of the stage.
    pub(super) fn command(text: &str, directory: &str) -> Launch {
        let directory = Some(directory.to_string());
        Launch { directory, ..Launch::system(&["sh", "-c", text]) }
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

    /// Started by a program of the system's, found in PATH: that gets the words of this program
    /// after its own. As it runs in the submission's mount namespace, it must come before any other
    /// run of the submission on the stage.
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

    /// With this directory before the others in PATH.
    pub fn searched_first(mut self, directory: &str) -> Launch {
        self.searched_first = Some(directory.to_string());
        self
    }

    /// The environment of the program.
    fn environment(&self) -> Vec<String> {
        let path = format!("PATH={}:", self.searched_first.as_deref().unwrap_or_default());
        let usual = ENVIRONMENT.iter();
        match self.searched_first {
            Some(_) => usual.map(|variable| variable.replace("PATH=", &path)).collect(),
            None => usual.map(ToString::to_string).collect(),
        }
    }

    /// Whether it starts where submissions do, rather than backstage.
    pub(super) fn is_on_stage(&self) -> bool {
        self.is_submission || self.has_starter() || self.directory.is_some()
    }

    /// Whether its standard streams are a terminal.
    pub(super) fn is_on_terminal(&self) -> bool {
        self.input == Input::Terminal
    }

    /// Whether a program of the system's starts it, which must be what it seems to be.
    pub(super) fn has_starter(&self) -> bool {
        !self.starter.is_empty()
    }

    pub(super) fn words(&self, program: &Program) -> Vec<String> {
        let own = self.is_submission.then(|| program.path());
        self.starter.iter().cloned().chain(own).chain(self.words.iter().cloned()).collect()
    }

    /// The conditions of this start, which precede the prompt in the report.
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
        if let Some(directory) = &self.searched_first {
            parts.push(format!("PATH begins with {directory}"));
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
    /// The bytes that its standard output was filled with.
    pub(super) filling: Option<Filling>,
}

fn pipe() -> Result<(OwnedFd, OwnedFd), CheckAbort> {
    nix::unistd::pipe2(OFlag::O_CLOEXEC).map_err(|errno| CheckAbort::Engine(format!("pipe: {errno}")))
}

fn nonblocking(end: OwnedFd) -> Result<OwnedFd, CheckAbort> {
    nix::fcntl::fcntl(&end, nix::fcntl::FcntlArg::F_SETFL(OFlag::O_NONBLOCK))
        .map_err(|errno| CheckAbort::Engine(format!("fcntl: {errno}")))?;
    Ok(end)
}

/// Fills a pipe.
fn fill(end: &OwnedFd) -> Result<Filling, CheckAbort> {
    let engine = |errno| CheckAbort::Engine(format!("filling a pipe: {errno}"));
    // The least that the kernel allows: a page.
    let size = nix::fcntl::fcntl(end, nix::fcntl::FcntlArg::F_SETPIPE_SZ(1)).map_err(engine)? as usize;
    let bytes = nix::unistd::write(end, &vec![b'\n'; size]).map_err(engine)?;
    // An end of its own: the submission's must not become one that never blocks.
    let path = format!("{PROC}/self/fd/{}", end.as_raw_fd());
    let flags = OFlag::O_WRONLY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let end = nix::fcntl::open(path.as_str(), flags, nix::sys::stat::Mode::empty()).map_err(engine)?;
    Ok(Filling { bytes, end })
}

/// The namespaces and the limits that a program is started with.
pub(super) struct Start<'s> {
    pub(super) program: &'s Program,
    pub(super) spaces: &'s Spaces,
    pub(super) starts_as: SubmissionCredentials,
    pub(super) limits: Limits<'s>,
}

/// Starts a program on the stage. `patience` is asked every few milliseconds whether to go on waiting
/// for its exec: a submission can stop it before.
pub(super) fn start(
    launch: &Launch,
    start: &Start<'_>,
    patience: &mut dyn FnMut() -> Result<(), CheckAbort>,
) -> Result<Started, CheckAbort> {
    let Start { program, spaces, starts_as, limits } = start;
    let words = launch.words(program);
    let (standard, ends) = streams(launch.input)?;
    let filling = launch.full_output.then(|| fill(&standard[1])).transpose()?;
    let child = || -> Result<std::convert::Infallible, BeforeExec> {
        // Its descriptors are closed by number before the exec: nothing may close them again if that
        // fails.
        let files = ManuallyDrop::new(OwnFiles::open()?);
        files.write()?;
        enter_stage(spaces, *starts_as)?;
        let numbers = [standard[0].as_raw_fd(), standard[1].as_raw_fd(), standard[2].as_raw_fd()];
        unshare_further(launch)?;
        settle(numbers, launch, limits, &files)?;
        execute(&words, &launch.environment(), launch.is_submission && launch.starter.is_empty())
    };
    let cgroup = limits.cgroup.map(AsFd::as_fd);
    let started = in_pid_namespace(spaces, || Ok::<_, String>(fork_and_exec(cgroup, child, patience)));
    drop(standard);
    let pid = match started.map_err(CheckAbort::Engine)? {
        Ok(pid) => pid,
        Err(ForkFailure::Exec(why)) => {
            let expected = format!("{} can be executed", program.name);
            return Err(CheckAbort::mismatch(expected, why));
        }
        Err(ForkFailure::Step(why)) => return Err(CheckAbort::Engine(why)),
        Err(ForkFailure::Impatience(abort)) => return Err(abort),
    };
    let [input, output, error] = ends;
    let has_own_pid_namespace = launch.new.contains(Flags::CLONE_NEWPID);
    if has_own_pid_namespace {
        // This is the process that created PID 1 and ends: it must not be taken for that one.
        fork::reap(pid);
    }
    let pid = (!has_own_pid_namespace).then_some(pid.as_raw());
    Ok(Started { pid, input, output, error, filling })
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

fn enter_stage(spaces: &Spaces, starts_as: SubmissionCredentials) -> Result<(), String> {
    let [user, group] = ids_of(starts_as);
    // Where it is denied there are no further groups to leave.
    let _ = nix::unistd::setgroups(&[]);
    // Until its exec this is a copy of the watcher: nobody on the stage may look into it. Other
    // children of the watcher stay out of the stage's user namespace, which protects them.
    // SAFETY: plain call on numbers.
    let hide = || unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0) };
    hide();
    spaces.join(&JOINED)?;
    let (uid, gid) = (Uid::from_raw(user), Gid::from_raw(group));
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

/// Everything that a program finds when it starts: standard streams, session, attributes.
fn settle(numbers: [RawFd; 3], launch: &Launch, limits: &Limits<'_>, files: &OwnFiles) -> Result<(), String> {
    attributes::set(launch.most_processes.unwrap_or(limits.processes))?;
    // SAFETY: plain calls on our own descriptors and on numbers.
    unsafe {
        libc::setsid();
        // Above the numbers to be taken, so that none is overwritten before it is used.
        let high = numbers.map(|number| libc::fcntl(number, libc::F_DUPFD_CLOEXEC, 10));
        for (number, descriptor) in high.into_iter().enumerate() {
            if libc::dup2(descriptor, number as RawFd) == -1 {
                return Err(format!("dup2: {}", nsconform_sys::errno::Errno::last().describe()));
            }
        }
        if launch.input == Input::Terminal && libc::ioctl(0, libc::TIOCSCTTY, 0) == -1 {
            return Err(format!("TIOCSCTTY: {}", nsconform_sys::errno::Errno::last().describe()));
        }
    }
    files.close_from(KEPT + 1)?;
    // SAFETY: plain calls on numbers.
    unsafe {
        if launch.subreaper {
            libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
        }
        if launch.without_capabilities {
            for capability in 0..64 {
                libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0);
            }
        }
    }
    sandbox::step("chdir", nix::unistd::chdir(launch.directory.as_deref().unwrap_or(DIRECTORY)))
}

fn execute(
    words: &[String],
    environment: &[String],
    is_submission: bool,
) -> Result<std::convert::Infallible, BeforeExec> {
    let strings = |words: &[String]| -> Result<Vec<CString>, String> {
        words.iter().map(|word| CString::new(word.as_str()).map_err(|error| error.to_string())).collect()
    };
    let (words, environment) = (strings(words)?, strings(environment)?);
    let Some(program) = words.first() else { return Err("there is nothing to execute".to_string().into()) };
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
    Err(BeforeExec::Exec(format!("execve({}): {}{hint}", program.to_string_lossy(), errno.desc())))
}
