//! The stage: the sealed namespaces in which one check runs a submission, and the limits of that.
//!
//! The watcher, which plays the check, is outside: the stage has a PID namespace of its own, whose
//! PID 1 the watcher made, and a user namespace that maps one id. `build` makes it, `looks` says what
//! the kernel shows of it, `launch` starts programs on it, and `run` has what they print.

use super::abort::{CheckAbort, CheckResult, MOST_MEMORY, MOST_OUTPUT, MOST_PROCESSES, shortened};
use super::assignment::SubmissionCredentials;
use super::build::{self, Built};
use super::cgroup::{Cgroup, Hits, MOST_TASKS};
use super::clock::{Clock, TimeBudget};
use super::fork::LOOK;
use super::given::Given;
use super::grading::Limit;
use super::launch::{self, Launch, Limits, Start};
use super::observed::{self, ObservedProcess};
use super::place::Program;
use super::progress::ProgressRecord;
use super::run::{Flow, Held, Run, Running};
use super::spaces::Spaces;
use super::watcher::HostSupport;
use nix::poll::{PollFd, PollFlags, PollTimeout};
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use std::cell::{Cell, RefCell};
use std::fmt::Write;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

/// One check: a script that runs the submission and looks at it.
#[derive(Clone, Copy)]
pub struct CheckScript {
    /// Its name in the assignment's file.
    pub id: &'static str,
    /// The credentials of the submission, where they are not those of the assignment.
    pub starts_as: Option<SubmissionCredentials>,
    /// Whether the stage's user namespace must map several ids.
    pub several_ids: bool,
    /// The script.
    pub script: fn(&Stage<'_>) -> CheckResult,
}

impl CheckScript {
    /// A check with the credentials of the assignment.
    pub const fn new(id: &'static str, script: fn(&Stage<'_>) -> CheckResult) -> CheckScript {
        CheckScript { id, starts_as: None, several_ids: false, script }
    }
}

/// How many bytes of a submission's output are kept for the report.
const KEPT_OUTPUT: usize = 8 << 10;
/// How many bytes of a line of the report are kept.
const KEPT_LINE: usize = 400;
/// How many lines of a trace are kept.
const KEPT_LINES: usize = 400;

fn stop(limit: Limit, what: String) -> CheckResult {
    Err(CheckAbort::stopped(limit, what))
}

fn too_much_memory() -> CheckResult {
    stop(Limit::Memory, format!("it used more than {} MiB of memory", MOST_MEMORY >> 20))
}

/// The interpreter of the scripts that submissions are given to run.
const SHELL: &str = "/bin/sh";

/// How long the end of everything on a stage may take.
const LONGEST_END: Duration = Duration::from_secs(20);

/// The hosts of all stages have made-up names of this form, and so have other things of a check.
fn made_up_name(random: &mut fastrand::Rng) -> String {
    let mut name = String::new();
    for _ in 0..3 {
        name.push(char::from(b"bdfgklmnprstvz"[random.usize(..14)]));
        name.push(char::from(b"aeiou"[random.usize(..5)]));
    }
    let _ = write!(name, "-{}", random.u32(100..1000));
    name
}

pub(super) struct StageState {
    random: fastrand::Rng,
    running: Vec<Running>,
    asked: Vec<String>,
    trace: Vec<String>,
    next_look: Instant,
    free_memory_at_start: u64,
    pub(super) clock: Clock,
    pub(super) progress: ProgressRecord,
}

/// The sealed place of one check.
pub struct Stage<'w> {
    program: &'w Program,
    pub(super) init: Pid,
    pub(super) spaces: Spaces,
    backstage: Spaces,
    pub(super) given: Given,
    starts_as: SubmissionCredentials,
    allowed: Duration,
    time_scale: f64,
    host_name: String,
    limits: Limits<'w>,
    hits_at_start: Hits,
    setgroups_denied: bool,
    heartbeat: &'w dyn Fn(),
    /// Whether the submission has been started, and may have changed what names stand for.
    has_run: Cell<bool>,
    pub(super) state: RefCell<StageState>,
}

/// Everything that a stage is made from.
pub(super) struct StageConfiguration<'w> {
    pub(super) program: &'w Program,
    pub(super) starts_as: SubmissionCredentials,
    pub(super) several_ids: bool,
    pub(super) seed: u64,
    pub(super) allowed: Duration,
    pub(super) time_scale: f64,
    /// How many MiB the scratch directory has room for.
    pub(super) scratch: u32,
    pub(super) support: &'w HostSupport<'w>,
    /// Called now and then while the watcher waits: it is still there.
    pub(super) heartbeat: &'w dyn Fn(),
}

impl<'w> Stage<'w> {
    pub(super) fn set(configuration: StageConfiguration<'w>) -> Result<Stage<'w>, CheckAbort> {
        let StageConfiguration {
            program,
            starts_as,
            several_ids,
            seed,
            allowed,
            time_scale,
            scratch,
            support,
            heartbeat,
        } = configuration;
        if several_ids && !support.several {
            let reason = "it needs a user namespace that maps several ids: grade as root, or with --vm";
            return Err(CheckAbort::Unavailable(reason.to_string()));
        }
        let mut random = fastrand::Rng::with_seed(seed);
        // A stream of its own, as everybody on the stage can read this name.
        let host_name = made_up_name(&mut random.fork());
        let Built { init, spaces, backstage, given } =
            build::build(support, starts_as, several_ids, scratch, &host_name).map_err(CheckAbort::Engine)?;
        Ok(Stage {
            program,
            init,
            spaces,
            backstage,
            given,
            starts_as,
            allowed,
            time_scale,
            host_name,
            limits: Limits {
                processes: support.processes + 2 * MOST_PROCESSES as u64,
                cgroup: support.cgroup,
            },
            hits_at_start: support.cgroup.map(Cgroup::hits).unwrap_or_default(),
            setgroups_denied: support.setgroups_denied,
            heartbeat,
            has_run: Cell::new(false),
            state: RefCell::new(StageState {
                random,
                running: Vec::new(),
                asked: Vec::new(),
                trace: Vec::new(),
                next_look: Instant::now(),
                free_memory_at_start: free_memory().unwrap_or(u64::MAX),
                clock: Clock::start(),
                progress: ProgressRecord::default(),
            }),
        })
    }

    /// How many times as long everything takes here as on usual machines, at least 1.
    pub fn time_scale(&self) -> f64 {
        self.time_scale
    }

    /// Takes out the questions to the submission, the trace and the output.
    pub(super) fn records(&self) -> (Vec<String>, Vec<String>, String) {
        let mut state = self.state.borrow_mut();
        let StageState { running, asked, trace, .. } = &mut *state;
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

    /// Makes a shell script that a submission can execute and cannot change, with a name that nobody
    /// could know, and gives its path.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn script(&self, text: &str) -> Result<String, CheckAbort> {
        self.script_named(&self.name(), text)
    }

    /// The same with a name that the contract gives, for a program that is searched in PATH; no more
    /// than one of each name in a check.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn script_named(&self, name: &str, text: &str) -> Result<String, CheckAbort> {
        let mode = Mode::from_bits_truncate(0o755);
        let written = self.given.write(name, &format!("#!{SHELL}\n{text}\n"), mode);
        let path = written.map_err(CheckAbort::Engine)?;
        self.trace(format!("(the watcher) a script {path}: {text}"));
        Ok(path)
    }

    /// Whether the submission has been started.
    pub(super) fn has_run(&self) -> bool {
        self.has_run.get()
    }

    /// The path of the submission on the stage: the name that it is started by.
    pub fn program_path(&self) -> String {
        self.program.path()
    }

    /// The credentials that the submission starts with.
    pub fn starts_as(&self) -> SubmissionCredentials {
        self.starts_as
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
        if launch.has_starter() && self.has_run.get() {
            let why = "a program of the system's is to start the submission where one has run before";
            return Err(CheckAbort::Engine(why.to_string()));
        }
        let on_stage = launch.is_on_stage();
        if on_stage {
            self.has_run.set(true);
            self.state.borrow_mut().clock.restart();
        }
        let start = Start {
            program: self.program,
            spaces: if on_stage { &self.spaces } else { &self.backstage },
            starts_as: self.starts_as,
            limits: self.limits,
        };
        let before = observed::processes();
        let mut patience = || {
            self.enforce_limits()?;
            self.enforce_time("the program to be executed", false)
        };
        let started = launch::start(launch, &start, &mut patience)?;
        let pid = match started.pid {
            Some(pid) => pid,
            // It became PID 1 of a namespace of its own: a new child of ours.
            None => observed::processes()
                .into_iter()
                .find(|pid| {
                    let process = ObservedProcess { stage: self, pid: *pid };
                    !before.contains(pid) && observed::parent(*pid) == Some(1) && process.is_nested_init()
                })
                .ok_or_else(|| CheckAbort::Engine("the new PID 1 cannot be found".to_string()))?,
        };
        let mut state = self.state.borrow_mut();
        if on_stage {
            // Its time begins with its first instruction.
            state.clock.skip();
            state.clock.restart();
        }
        state.running.push(Running {
            pid,
            input: started.input,
            output: Flow::behind(started.filling, started.output),
            error: Flow::behind(None, started.error),
            status: None,
            is_on_terminal: launch.is_on_terminal(),
        });
        Ok(Run { stage: self, number: state.running.len() - 1 })
    }

    /// Waits until something about the stage holds; it is looked at again every few milliseconds.
    ///
    /// # Errors
    /// When a limit is reached before.
    pub fn wait<T>(&self, what: &str, mut ready: impl FnMut() -> Option<T>) -> Result<T, CheckAbort> {
        loop {
            self.read_available();
            let value = ready();
            self.enforce_limits()?;
            // An event that has happened counts, even if the time has just run out.
            self.enforce_time(what, value.is_some())?;
            if let Some(value) = value {
                return Ok(value);
            }
            self.sleep(LOOK);
        }
    }

    /// Watches for this long, limits and all: for what must *not* happen. Time in which the submission
    /// could not run does not count.
    ///
    /// # Errors
    /// When a limit is reached meanwhile.
    pub fn watch(&self, time: Duration) -> CheckResult {
        let end = self.charged_time() + time;
        self.wait("the end of a time of watching", || (self.charged_time() >= end).then_some(()))
    }

    /// The time of the stage so far: that in which its processes, and the watcher, could run.
    pub fn charged_time(&self) -> Duration {
        let [charged, _] = self.times();
        charged
    }

    /// The charged time, and the time of the stage so far but for that in which its processes waited for a
    /// processor. Between two moments a process has slept for at least the first, as far as is known, and at
    /// most the second: the end of a sleep may come late, and the watcher may see it late.
    pub fn times(&self) -> [Duration; 2] {
        let processes = self.processes();
        let clock = &mut self.state.borrow_mut().clock;
        clock.look(&processes);
        [clock.charged(), clock.unexcused()]
    }

    /// Enforces the time that the submission has. With something at hand that was waited for, there is
    /// as much time again: it may have been there before.
    fn enforce_time(&self, what: &str, at_hand: bool) -> CheckResult {
        let allowed = if at_hand { self.allowed * 2 } else { self.allowed };
        let standing = self.state.borrow().clock.standing(allowed);
        match standing {
            TimeBudget::Left => Ok(()),
            TimeBudget::Over => {
                let seconds = self.allowed.as_secs_f64();
                stop(Limit::Time, format!("{seconds} s passed waiting for {what}"))
            }
            TimeBudget::Processors(used) => {
                let seconds = used.as_secs_f64();
                stop(
                    Limit::Time,
                    format!("it used {seconds:.1} s of the processors' time, waiting for {what}"),
                )
            }
            TimeBudget::TooBusy { wall, charged } => Err(CheckAbort::TooBusy(format!(
                "of {:.0} s the program could use {:.1} s; others had the processors in the rest of the time",
                wall.as_secs_f64(),
                charged.as_secs_f64()
            ))),
        }
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
                    Ok(WaitStatus::Exited(_, status)) => Some(super::run::Termination::Exited(status)),
                    Ok(WaitStatus::Signaled(_, signal, _)) => {
                        Some(super::run::Termination::Killed(signal as i32))
                    }
                    _ => None,
                };
            }
            running.output.read_available();
            running.error.read_available();
        }
    }

    /// Enforces all limits but time, every few milliseconds at most.
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
        (self.heartbeat)();
        let processes = self.processes();
        state.clock.look(&processes);
        if processes.len() > MOST_PROCESSES {
            return stop(Limit::Processes, format!("it had more than {MOST_PROCESSES} processes at a time"));
        }
        let mut memory: u64 = processes.iter().copied().map(observed::resident).sum();
        let taken = state.free_memory_at_start.saturating_sub(free_memory().unwrap_or(u64::MAX));
        if taken > MOST_MEMORY / 2 {
            // The machine has less than before: files in memory are no process's.
            memory += observed::in_memory_files(&processes);
        }
        // Memory that nothing of the above shows, as files without a name; a cgroup counts that, too.
        if memory > MOST_MEMORY || taken > 8 * MOST_MEMORY {
            return too_much_memory();
        }
        drop(state);
        self.enforce_cgroup_limits()
    }

    /// Enforces the limits that a cgroup has kept meanwhile, so that their consequences are not taken
    /// for a fault of another kind.
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

    pub(super) fn running<T>(&self, number: usize, with: impl FnOnce(&mut Running) -> T) -> T {
        with(&mut self.state.borrow_mut().running[number])
    }

    pub(super) fn asked(&self, line: String) {
        keep(&mut self.state.borrow_mut().asked, line);
    }

    /// Adds a line to the trace.
    pub fn trace(&self, line: String) {
        keep(&mut self.state.borrow_mut().trace, line);
    }
}

/// Adds a line to a report, unless it repeats the last one: a look that is repeated while waiting is
/// one look. However much a submission does, a report stays short.
fn keep(lines: &mut Vec<String>, line: String) {
    let line = shortened(line, KEPT_LINE);
    if lines.len() < KEPT_LINES && lines.last() != Some(&line) {
        lines.push(line);
    }
}

impl Drop for Stage<'_> {
    /// Ends every process of the stage: they are in the PID namespace of its init.
    fn drop(&mut self) {
        let _ = nix::sys::signal::kill(self.init, Signal::SIGKILL);
        let end = Instant::now() + LONGEST_END;
        // The watcher is PID 1 of its own namespace: whatever is left becomes its child.
        loop {
            match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::StillAlive) if Instant::now() < end => {
                    (self.heartbeat)();
                    std::thread::sleep(Duration::from_millis(1));
                }
                // A process that outlives SIGKILL is stuck in the kernel: the watcher's own end waits for it.
                Ok(WaitStatus::StillAlive) => return,
                Ok(_) | Err(nix::errno::Errno::EINTR) => {}
                Err(_) => return,
            }
        }
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
