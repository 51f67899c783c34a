//! The stage: the sealed namespaces in which one check runs a submission, and what a check can do.
//!
//! The watcher, which plays the check, is outside: the stage has a PID namespace of its own, whose
//! PID 1 the watcher made, and a user namespace that maps one id. What programs print lives in
//! `run`; what the kernel shows of them, in `seen`; how they are started, in `launch`.

use super::assignment::Ground;
use super::cgroup::{Cgroup, Hits, MOST_TASKS};
use super::grading::{Finding, Limit, Mismatch, Stop};
use super::launch::{self, Launch, Spaces};
use super::observed::{self, Mount, Namespace, ObservedProcess};
use super::place::Program;
use super::run::{Held, Run, Running};
use nix::poll::{PollFd, PollFlags, PollTimeout};
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use nsconform_sys::kind::Kind;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::cell::RefCell;
use std::fmt::Write;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// Why a check ends before its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckAbort {
    /// The contract is not kept.
    Mismatch(Mismatch),
    /// The submission went over a limit.
    Stopped(Stop),
    /// This machine cannot perform the check.
    Unavailable(String),
    /// The grader could not do its part.
    Engine(String),
}

impl CheckAbort {
    /// The contract is not kept: what it says, and what was observed.
    pub fn mismatch(expected: impl Into<String>, observed: impl Into<String>) -> CheckAbort {
        CheckAbort::Mismatch(Mismatch { expected: expected.into(), observed: observed.into() })
    }

    /// The same, with what was being waited for when time ran out.
    pub(super) fn while_waiting_for(self, what: &str) -> CheckAbort {
        match self {
            CheckAbort::Stopped(Stop { limit: Limit::Time, what: time }) => {
                let passed = time.split(" waiting for ").next().unwrap_or_default();
                CheckAbort::Stopped(Stop { limit: Limit::Time, what: format!("{passed} waiting for {what}") })
            }
            other => other,
        }
    }

    pub(super) fn finding(self) -> Finding {
        match self {
            CheckAbort::Mismatch(mismatch) => Finding::Failed(mismatch),
            CheckAbort::Stopped(stop) => Finding::Stopped(stop),
            CheckAbort::Unavailable(reason) => Finding::Unavailable { reason },
            CheckAbort::Engine(message) => Finding::Error { message },
        }
    }
}

/// What a check gives.
pub type CheckResult = Result<(), CheckAbort>;

/// One check: a script that runs the submission and looks at it.
#[derive(Clone, Copy)]
pub struct CheckScript {
    /// Its name in the assignment's file.
    pub id: &'static str,
    /// What it starts as, where that is not what the assignment says.
    pub ground: Option<Ground>,
    /// Whether the stage's user namespace must map several ids.
    pub several_ids: bool,
    /// The script.
    pub script: fn(&Stage<'_>) -> CheckResult,
}

impl CheckScript {
    /// A check on the assignment's ground.
    pub const fn new(id: &'static str, script: fn(&Stage<'_>) -> CheckResult) -> CheckScript {
        CheckScript { id, ground: None, several_ids: false, script }
    }
}

/// Goes on if the contract is kept.
///
/// # Errors
/// The mismatch, if it is not.
pub fn ensure(
    kept: bool,
    expected: impl FnOnce() -> String,
    observed: impl FnOnce() -> String,
) -> CheckResult {
    if kept { Ok(()) } else { Err(CheckAbort::mismatch(expected(), observed())) }
}

/// How many processes a submission may have at the same time.
pub const MOST_PROCESSES: usize = 64;
/// How many bytes of memory its processes may have in use together.
pub const MOST_MEMORY: u64 = 256 << 20;
/// How many bytes it may print.
pub const MOST_OUTPUT: usize = 1 << 20;
/// How many bytes of what it printed are kept for the report.
const KEPT_OUTPUT: usize = 8 << 10;

fn stop(limit: Limit, what: String) -> CheckResult {
    Err(CheckAbort::Stopped(Stop { limit, what }))
}

fn too_much_memory() -> CheckResult {
    stop(Limit::Memory, format!("it used more than {} MiB of memory", MOST_MEMORY >> 20))
}

/// What interprets the scripts that submissions are given to run.
const SHELL: &str = "/bin/sh";

/// How often the limits are looked at, and what has no descriptor to wait on.
const LOOK: Duration = Duration::from_millis(5);

/// The hosts of all stages have made-up names of this form, and what a check calls its own too.
fn made_up_name(random: &mut fastrand::Rng) -> String {
    let mut name = String::new();
    for _ in 0..3 {
        name.push(char::from(b"bdfgklmnprstvz"[random.usize(..14)]));
        name.push(char::from(b"aeiou"[random.usize(..5)]));
    }
    let _ = write!(name, "-{}", random.u32(100..1000));
    name
}

struct State {
    random: fastrand::Rng,
    running: Vec<Running>,
    asked: Vec<String>,
    trace: Vec<String>,
    next_look: Instant,
    free_memory_at_start: u64,
}

/// The sealed place of one check.
pub struct Stage<'w> {
    program: &'w Program,
    init: Pid,
    spaces: Spaces,
    ground: Ground,
    deadline: Instant,
    allowed: Duration,
    slowness: f64,
    host_name: String,
    limits: launch::Limits<'w>,
    hits_at_start: Hits,
    setgroups_denied: bool,
    state: RefCell<State>,
}

/// What the watcher knows that a stage is made from.
pub(super) struct StageConfiguration<'w> {
    pub(super) program: &'w Program,
    pub(super) ground: Ground,
    pub(super) several_ids: bool,
    pub(super) seed: u64,
    pub(super) allowed: Duration,
    pub(super) slowness: f64,
    pub(super) offer: &'w launch::HostSupport<'w>,
}

impl<'w> Stage<'w> {
    pub(super) fn set(setting: StageConfiguration<'w>) -> Result<Stage<'w>, CheckAbort> {
        let StageConfiguration { program, ground, several_ids, seed, allowed, slowness, offer } = setting;
        if several_ids && !offer.several {
            let reason = "it needs a user namespace that maps several ids: grade as root, or with --vm";
            return Err(CheckAbort::Unavailable(reason.to_string()));
        }
        let mut random = fastrand::Rng::with_seed(seed);
        let host_name = made_up_name(&mut random);
        let (init, spaces) =
            launch::open_stage(offer, ground, several_ids, &host_name).map_err(CheckAbort::Engine)?;
        Ok(Stage {
            program,
            init,
            spaces,
            ground,
            deadline: Instant::now() + allowed,
            allowed,
            slowness,
            host_name,
            limits: launch::Limits {
                processes: offer.processes + 2 * MOST_PROCESSES as u64,
                cgroup: offer.cgroup,
            },
            hits_at_start: offer.cgroup.map(Cgroup::hits).unwrap_or_default(),
            setgroups_denied: offer.setgroups_denied,
            state: RefCell::new(State {
                random,
                running: Vec::new(),
                asked: Vec::new(),
                trace: Vec::new(),
                next_look: Instant::now(),
                free_memory_at_start: free_memory().unwrap_or(u64::MAX),
            }),
        })
    }

    /// How many times as long everything takes here as on usual machines, at least 1.
    pub fn slowness(&self) -> f64 {
        self.slowness
    }

    /// What was asked, what was seen, what was printed.
    pub(super) fn records(&self) -> (Vec<String>, Vec<String>, String) {
        let mut state = self.state.borrow_mut();
        let State { running, asked, trace, .. } = &mut *state;
        let mut printed = Vec::new();
        for running in running {
            for flow in [&mut running.output, &mut running.error] {
                flow.read_available();
                printed.extend_from_slice(&flow.bytes);
            }
        }
        let mut text = String::from_utf8_lossy(&printed[..printed.len().min(KEPT_OUTPUT)]).into_owned();
        if printed.len() > KEPT_OUTPUT {
            let _ = write!(text, "\n[{} more bytes]", printed.len() - KEPT_OUTPUT);
        }
        (std::mem::take(asked), std::mem::take(trace), text)
    }

    /// The host name of the stage, which nobody could know beforehand.
    pub fn host_name(&self) -> &str {
        &self.host_name
    }

    /// A name that nobody could know beforehand: for hosts and files.
    pub fn name(&self) -> String {
        made_up_name(&mut self.state.borrow_mut().random)
    }

    /// A number in this range that nobody could know beforehand.
    pub fn number(&self, range: std::ops::Range<u32>) -> u32 {
        self.state.borrow_mut().random.u32(range)
    }

    /// An exit status that nobody could know beforehand, and that means nothing else.
    pub fn exit_status(&self) -> u8 {
        self.number(3..120) as u8
    }

    /// A command for the submission to run that waits to be released, with such a status.
    pub fn held(&self) -> Held {
        let (mark, status) = (self.name(), self.exit_status());
        let script = format!("echo {mark}; read go; exit {status}");
        let words = vec!["sh".to_string(), "-c".to_string(), script];
        Held { words, mark, status, interpreter: None }
    }

    /// The same as a file: one word, which looks like no option and is not searched in PATH.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn held_script(&self) -> Result<Held, CheckAbort> {
        let (mark, status) = (self.name(), self.exit_status());
        let path = self.script(&format!("echo {mark}; read go; exit {status}"))?;
        Ok(Held { words: vec![path], mark, status, interpreter: Some(SHELL) })
    }

    /// Makes a shell script in the scratch directory, with a name that nobody could know, and gives
    /// its path.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn script(&self, text: &str) -> Result<String, CheckAbort> {
        let path = format!("/tmp/{}", self.name());
        let write = || {
            std::fs::write(&path, format!("#!{SHELL}\n{text}\n"))?;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))
        };
        self.do_inside(&format!("a script {path}: {text}"), || write().map_err(|error| error.to_string()))?;
        Ok(path)
    }

    /// What the submission starts as.
    pub fn ground(&self) -> Ground {
        self.ground
    }

    /// Whether setgroups(2) is denied on the stage whatever a submission does: an ordinary user's
    /// grader had to deny it, and namespaces inherit that (user_namespaces(7)).
    pub fn denies_setgroups(&self) -> bool {
        self.setgroups_denied
    }

    /// Starts the submission with these arguments, its standard streams being pipes.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start<S: AsRef<str>>(&self, arguments: &[S]) -> Result<Run<'_>, CheckAbort> {
        self.launch(&Launch::submission(arguments))
    }

    /// Starts a program as described.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn launch(&self, launch: &Launch) -> Result<Run<'_>, CheckAbort> {
        let words = launch.words(self.program);
        self.asked(format!("{}$ {}", launch.describe(), quoted(&words, self.program)));
        let before = observed::processes();
        let started = launch::start(launch, self.program, &self.spaces, self.ground, &self.limits)?;
        let pid = match started.pid {
            Some(pid) => pid,
            // It became PID 1 of a namespace of its own: a new child of ours.
            None => observed::processes()
                .into_iter()
                .find(|pid| {
                    let seen = ObservedProcess { stage: self, pid: *pid };
                    !before.contains(pid) && observed::parent(*pid) == Some(1) && seen.is_nested_init()
                })
                .ok_or_else(|| CheckAbort::Engine("the new PID 1 cannot be found".to_string()))?,
        };
        let mut state = self.state.borrow_mut();
        state.running.push(Running {
            pid,
            input: started.input,
            output: super::run::Flow::behind(started.filled, started.output),
            error: super::run::Flow::behind(0, started.error),
            status: None,
        });
        Ok(Run { stage: self, number: state.running.len() - 1 })
    }

    /// Waits until a process of the stage runs exactly these words, and gives it.
    ///
    /// # Errors
    /// When none does before a limit is reached.
    pub fn process_running<S: AsRef<str>>(&self, words: &[S]) -> Result<ObservedProcess<'_>, CheckAbort> {
        let matches = |pid: &i32| {
            observed::command_line(*pid)
                .is_some_and(|found| found.iter().map(String::as_str).eq(words.iter().map(AsRef::as_ref)))
        };
        let shown: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
        let what = format!("a process that runs {}", shown.join(" "));
        let pid = self.wait(&what, || self.processes().into_iter().find(matches))?;
        Ok(ObservedProcess { stage: self, pid })
    }

    /// Waits until something about the stage holds; it is looked at again every few milliseconds.
    ///
    /// # Errors
    /// When a limit is reached before.
    pub fn wait<T>(&self, what: &str, mut ready: impl FnMut() -> Option<T>) -> Result<T, CheckAbort> {
        loop {
            self.read_available();
            // What has happened counts, even if the time is up.
            if let Some(value) = ready() {
                return Ok(value);
            }
            self.enforce_limits()?;
            let now = Instant::now();
            if now >= self.deadline {
                let seconds = self.allowed.as_secs_f64();
                let what = format!("{seconds} s passed waiting for {what}");
                return Err(CheckAbort::Stopped(Stop { limit: Limit::Time, what }));
            }
            self.sleep(LOOK.min(self.deadline - now));
        }
    }

    /// Watches for this long, limits and all: for what must *not* happen.
    ///
    /// # Errors
    /// When a limit is reached meanwhile.
    pub fn watch(&self, time: Duration) -> CheckResult {
        let end = Instant::now() + time;
        self.wait("the end of a time of watching", || (Instant::now() >= end).then_some(()))
    }

    /// Waits for something to be readable, or for this long.
    fn sleep(&self, time: Duration) {
        let state = self.state.borrow();
        // SAFETY: the descriptors are open while the state is borrowed, which ends after the poll.
        let borrow = |number| unsafe { BorrowedFd::borrow_raw(number) };
        let ends = state.running.iter().flat_map(Running::ends);
        let mut polled: Vec<PollFd> = ends.map(|end| PollFd::new(borrow(end), PollFlags::POLLIN)).collect();
        let timeout = PollTimeout::try_from(time.max(Duration::from_millis(1))).unwrap_or(PollTimeout::ZERO);
        let _ = nix::poll::poll(&mut polled, timeout);
    }

    /// Reads what was printed and collects what has ended.
    fn read_available(&self) {
        let mut state = self.state.borrow_mut();
        for running in &mut state.running {
            if running.status.is_none() {
                running.status = match waitpid(Pid::from_raw(running.pid), Some(WaitPidFlag::WNOHANG)) {
                    Ok(WaitStatus::Exited(_, status)) => Some(super::run::Status::Exited(status)),
                    Ok(WaitStatus::Signaled(_, signal, _)) => Some(super::run::Status::Killed(signal as i32)),
                    _ => None,
                };
            }
            running.output.read_available();
            running.error.read_available();
        }
    }

    fn enforce_limits(&self) -> CheckResult {
        let mut state = self.state.borrow_mut();
        let printed: usize =
            state.running.iter().map(|running| running.output.bytes.len() + running.error.bytes.len()).sum();
        if printed > MOST_OUTPUT {
            return stop(Limit::Output, format!("it printed more than {} KiB", MOST_OUTPUT >> 10));
        }
        if Instant::now() < state.next_look {
            return Ok(());
        }
        state.next_look = Instant::now() + LOOK;
        let processes = self.processes();
        if processes.len() > MOST_PROCESSES {
            return stop(Limit::Processes, format!("it had more than {MOST_PROCESSES} processes at a time"));
        }
        let mut memory: u64 = processes.iter().copied().map(observed::resident).sum();
        let taken = state.free_memory_at_start.saturating_sub(free_memory().unwrap_or(u64::MAX));
        if taken > MOST_MEMORY / 2 {
            // The machine has less than before: files in memory are no process's.
            memory += observed::in_memory_files(&processes);
        }
        // What is left to see is memory that nothing of the above shows, as files without a name; a
        // cgroup counts that, too.
        if memory > MOST_MEMORY || taken > 8 * MOST_MEMORY {
            return too_much_memory();
        }
        drop(state);
        self.enforce_cgroup_limits()
    }

    /// Minds the limits that a cgroup has kept meanwhile, so that what followed from them is not
    /// taken for a fault of another kind.
    pub(super) fn enforce_cgroup_limits(&self) -> CheckResult {
        let Some(cgroup) = self.limits.cgroup else { return Ok(()) };
        let (before, now) = (self.hits_at_start, cgroup.hits());
        if now.memory > before.memory {
            return too_much_memory();
        }
        if now.processes > before.processes {
            let what = format!("it wanted more than {MOST_TASKS} processes and threads at a time");
            return stop(Limit::Processes, what);
        }
        Ok(())
    }

    /// The processes of the stage, as the watcher numbers them.
    fn processes(&self) -> Vec<i32> {
        let mut pids = observed::processes();
        pids.retain(|pid| self.holds(*pid));
        pids
    }

    /// Whether this is a process of the stage, rather than the watcher or the stage's PID 1.
    pub(super) fn holds(&self, pid: i32) -> bool {
        pid != 1 && pid != self.init.as_raw()
    }

    /// All processes of the stage but its PID 1.
    pub fn all(&self) -> Vec<ObservedProcess<'_>> {
        self.processes().into_iter().map(|pid| ObservedProcess { stage: self, pid }).collect()
    }

    /// The process that is PID `pid` in the PID namespace of the stage.
    pub fn process(&self, pid: i32) -> Option<ObservedProcess<'_>> {
        self.all().into_iter().find(|seen| seen.pid().is_ok_and(|there| there == pid))
    }

    /// PID 1 of the stage: it adopts orphans and reaps them.
    pub fn init(&self) -> ObservedProcess<'_> {
        ObservedProcess { stage: self, pid: self.init.as_raw() }
    }

    /// The namespace of this kind that the stage is in: where a submission starts.
    ///
    /// # Errors
    /// When the kernel does not tell.
    pub fn namespace(&self, kind: Kind) -> Result<Namespace, CheckAbort> {
        let inode = self.spaces.inode(kind).map_err(CheckAbort::Engine)?;
        let namespace = Namespace { kind, inode };
        self.trace(format!("(the stage is in {namespace})"));
        Ok(namespace)
    }

    /// The kinds of which this process is in another namespace than the stage.
    ///
    /// # Errors
    /// When it is gone.
    pub fn kinds_left_by(&self, process: &ObservedProcess<'_>) -> Result<Vec<Kind>, CheckAbort> {
        let mut left = Vec::new();
        let mut shown = String::new();
        for kind in self.spaces.kinds() {
            let namespace = process.namespace_unseen(kind)?;
            if namespace.inode != self.spaces.inode(kind).map_err(CheckAbort::Engine)? {
                left.push(kind);
                let _ = write!(shown, " {namespace}");
            }
        }
        let pid = process.pid()?;
        let except = if left.is_empty() { " none" } else { &shown };
        self.trace(format!("readlink(\"/proc/{pid}/ns/*\"): as those of the stage, except{except}"));
        Ok(left)
    }

    /// The host name in the UTS namespace of the stage, as it is now.
    ///
    /// # Errors
    /// When the watcher cannot enter it.
    pub fn host_name_now(&self) -> Result<String, CheckAbort> {
        let name = self.ask_inside(&self.spaces, &[Kind::Uts], own_host_name)?;
        self.trace(format!("(in the stage) uname().nodename = {name:?}"));
        Ok(name)
    }

    /// The host name in the UTS namespace of a process.
    ///
    /// # Errors
    /// When it is gone.
    pub fn host_name_of(&self, process: &ObservedProcess<'_>) -> Result<String, CheckAbort> {
        let name = self.ask_inside(&Spaces::of(process)?, &[Kind::Uts], own_host_name)?;
        let pid = process.pid()?;
        self.trace(format!("(in uts of {pid}) uname().nodename = {name:?}"));
        Ok(name)
    }

    /// The mounts of the mount namespace of the stage, as they are now.
    ///
    /// # Errors
    /// When the watcher cannot enter it.
    pub fn mounts_now(&self) -> Result<Vec<Mount>, CheckAbort> {
        let procfs =
            std::fs::File::open(observed::PROC).map_err(|error| CheckAbort::Engine(error.to_string()))?;
        let text = self.ask_inside(&self.spaces, &[Kind::Mnt], move || launch::own_mounts(&procfs))?;
        let mounts: Vec<Mount> = text.lines().filter_map(Mount::read).collect();
        self.trace(format!("(in the stage) read(\"/proc/self/mountinfo\") = {} mounts", mounts.len()));
        Ok(mounts)
    }

    /// Does something as the watcher, in the mount namespace of the stage: making a directory or a
    /// bind mount there. `what` says in the trace what that was.
    ///
    /// # Errors
    /// What the deed says.
    pub fn do_inside(&self, what: &str, deed: impl FnOnce() -> Result<(), String>) -> CheckResult {
        let answer = self.ask_inside(&self.spaces, &[Kind::Mnt], || match deed() {
            Ok(()) => String::new(),
            Err(why) => why,
        })?;
        self.trace(format!(
            "(the watcher, in the stage) {what} = {}",
            if answer.is_empty() { "0" } else { &answer }
        ));
        if answer.is_empty() { Ok(()) } else { Err(CheckAbort::Engine(format!("{what}: {answer}"))) }
    }

    /// What a procfs that is mounted at this path of the stage shows: each PID in it, with the PID
    /// namespace in which the process itself is.
    ///
    /// # Errors
    /// When there is none.
    pub fn procfs_at(&self, path: &str) -> Result<Vec<(i32, Namespace)>, CheckAbort> {
        let shown: Result<Vec<(i32, u64)>, String> =
            self.look_inside(|| launch::shown_by_procfs(Path::new(path)))?;
        let shown =
            shown.map_err(|why| CheckAbort::mismatch(format!("a procfs is mounted at {path}"), why))?;
        let shown: Vec<_> =
            shown.into_iter().map(|(pid, inode)| (pid, Namespace { kind: Kind::Pid, inode })).collect();
        let list: Vec<String> =
            shown.iter().map(|(pid, namespace)| format!("{pid} in {namespace}")).collect();
        self.trace(format!("(in the stage) the procfs at {path:?} shows {}", list.join(", ")));
        Ok(shown)
    }

    /// The names in a directory of the stage, as they are now.
    ///
    /// # Errors
    /// When the watcher cannot read it.
    pub fn names_in(&self, directory: &str) -> Result<Vec<String>, CheckAbort> {
        let names = self.look_inside(|| {
            let entries = std::fs::read_dir(directory).map_err(|error| error.to_string())?;
            let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
            Ok::<Vec<String>, String>(names.collect())
        })?;
        let mut names = names.map_err(|why| CheckAbort::Engine(format!("reading {directory}: {why}")))?;
        names.sort();
        self.trace(format!("(in the stage) in {directory}: {names:?}"));
        Ok(names)
    }

    /// Has a child of the watcher's look at something in the mount namespace of the stage.
    fn look_inside<T: Serialize + DeserializeOwned>(
        &self,
        question: impl FnOnce() -> Result<T, String>,
    ) -> Result<Result<T, String>, CheckAbort> {
        let answer = self.ask_inside(&self.spaces, &[Kind::Mnt], || {
            serde_json::to_string(&question()).unwrap_or_else(|error| error.to_string())
        })?;
        serde_json::from_str(&answer).map_err(|_| CheckAbort::Engine(answer))
    }

    fn ask_inside(
        &self,
        spaces: &Spaces,
        kinds: &[Kind],
        question: impl FnOnce() -> String,
    ) -> Result<String, CheckAbort> {
        launch::ask_inside(spaces, kinds, question).map_err(CheckAbort::Engine)
    }

    /// Opens the file of a process's namespace, to be kept beyond its end.
    ///
    /// # Errors
    /// When it is gone.
    pub fn open_namespace(&self, process: &ObservedProcess<'_>, kind: Kind) -> Result<OwnedFd, CheckAbort> {
        Spaces::open(process, kind)
    }

    /// Sends a signal to a process of the stage, as the watcher: from outside its PID namespace.
    ///
    /// # Errors
    /// When it is gone.
    pub fn kill(&self, process: &ObservedProcess<'_>, signal: Signal) -> CheckResult {
        let pid = process.pid()?;
        self.asked(format!("(the watcher sends {signal} to process {pid})"));
        nix::sys::signal::kill(Pid::from_raw(process.pid), signal)
            .map_err(|_| CheckAbort::mismatch("the process is still there", "it has ended"))
    }

    /// Waits until a process of the stage has ended and was waited for.
    ///
    /// # Errors
    /// When a limit is reached before.
    pub fn gone(&self, process: &ObservedProcess<'_>, what: &str) -> CheckResult {
        self.wait(&format!("the end of {what}"), || (!process.exists()).then_some(()))
    }

    pub(super) fn running<T>(&self, number: usize, with: impl FnOnce(&mut Running) -> T) -> T {
        with(&mut self.state.borrow_mut().running[number])
    }

    pub(super) fn asked(&self, mut line: String) {
        const LONGEST: usize = 400;
        if line.len() > LONGEST {
            line.truncate((0..=LONGEST).rev().find(|at| line.is_char_boundary(*at)).unwrap_or(0));
            line.push_str(" [...]");
        }
        self.state.borrow_mut().asked.push(line);
    }

    /// Adds a line to what was seen.
    pub fn trace(&self, line: String) {
        let mut state = self.state.borrow_mut();
        // A look that is repeated while waiting is one look.
        if state.trace.last() != Some(&line) {
            state.trace.push(line);
        }
    }
}

impl Drop for Stage<'_> {
    /// Ends every process of the stage: they are in the PID namespace of its init.
    fn drop(&mut self) {
        let _ = nix::sys::signal::kill(self.init, Signal::SIGKILL);
        // The watcher is PID 1 of its own namespace: whatever is left becomes its child.
        while let Ok(_) | Err(nix::errno::Errno::EINTR) = waitpid(None, None) {}
    }
}

fn own_host_name() -> String {
    match nix::sys::utsname::uname() {
        Ok(names) => names.nodename().to_string_lossy().into_owned(),
        Err(errno) => errno.to_string(),
    }
}

/// A command line as it would be typed, the submission by the name that a student knows.
fn quoted(words: &[String], program: &Program) -> String {
    let quote = |word: &String| {
        if *word == program.path() {
            return format!("./{}", program.name);
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=,+@%".contains(&byte);
        match !word.is_empty() && word.bytes().all(plain) {
            true => word.clone(),
            false => format!("'{}'", word.replace('\'', "'\\''")),
        }
    };
    words.iter().map(quote).collect::<Vec<_>>().join(" ")
}

/// Bytes of memory that the machine could give away: `MemAvailable` of proc_meminfo(5).
fn free_memory() -> Option<u64> {
    let text = std::fs::read_to_string(format!("{}/meminfo", observed::PROC)).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? << 10)
}
