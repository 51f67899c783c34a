//! Checks that several assignments share: whether waiting processes (the one that the grader started
//! above all) stay and sleep, in which namespaces they are, and whether the stage is as it was
//! before. The checks of one assignment alone live in its own module.

use nix::sys::signal::Signal;
use nsconform_grader::{
    CheckAbort, CheckResult, Launch, MountInfo, ObservedProcess, Run, Stage, Stream, Termination, ensure,
};
use nsconform_sys::kind::Kind;
use std::collections::BTreeSet;
use std::time::Duration;

/// A program that runs for so long without any sign of progress is looping.
const LOOPS: Duration = Duration::from_millis(250);

/// A program that naps for so long, once or again and again, waits for something. One that naps for less
/// takes its time: nobody has promised to do the next step at once.
const NAPS: Duration = Duration::from_millis(300);

/// Signals that a program may treat differently: all are tried, as a mistake may be about one.
pub(super) const SIGNALS: [Signal; 4] = [Signal::SIGTERM, Signal::SIGKILL, Signal::SIGHUP, Signal::SIGUSR1];

/// Whether a process sleeps, loops or has ended, that is, does nothing new by itself.
pub(super) fn is_idle(stage: &Stage<'_>, process: &ObservedProcess<'_>) -> bool {
    process.is_asleep() && !naps_briefly(stage, process) || !process.is_alive() || loops(stage, process)
}

fn naps_briefly(stage: &Stage<'_>, process: &ObservedProcess<'_>) -> bool {
    process.nap_time().is_some_and(|time| time < NAPS.mul_f64(stage.time_scale()))
}

fn loops(stage: &Stage<'_>, process: &ObservedProcess<'_>) -> bool {
    process.idle_run_time() > LOOPS.mul_f64(stage.time_scale())
}

/// Waits until processes that may wake each other are idle all at once; `what` says for whom that
/// is waited.
pub(super) fn stand_still(stage: &Stage<'_>, what: &str, processes: &[ObservedProcess<'_>]) -> CheckResult {
    // One may wake another that was looked at before: then one of the two has run meanwhile.
    let look = || {
        let ran = |process: &ObservedProcess<'_>| (!loops(stage, process)).then(|| process.run_time().ok());
        processes
            .iter()
            .map(|process| is_idle(stage, process).then(|| ran(process)))
            .collect::<Option<Vec<_>>>()
    };
    stage.wait(what, || {
        let first = look()?;
        (look()? == first).then_some(())
    })
}

/// Waits until the process that was started sleeps, loops or has ended; tells whether it is there.
pub(super) fn stays(stage: &Stage<'_>, run: &Run<'_>) -> Result<bool, CheckAbort> {
    let front = run.process();
    stage.wait("the program to wait for its child", || is_idle(stage, &front).then(|| front.is_alive()))
}

/// Waits until a child sleeps, loops or has ended.
pub(super) fn child_settles(stage: &Stage<'_>, child: &ObservedProcess<'_>) -> CheckResult {
    stage.wait("the child to wait", || is_idle(stage, child).then_some(()))
}

/// Waits until a process sleeps, loops or has ended, and demands the first: `expected` says so in
/// the words of the contract. One that wakes up now and then to look is asleep, too.
pub(super) fn falls_asleep(stage: &Stage<'_>, process: &ObservedProcess<'_>, expected: &str) -> CheckResult {
    let asleep = stage.wait(expected, || match process.is_asleep() {
        true => Some(true),
        false => (!process.is_alive() || loops(stage, process)).then_some(false),
    })?;
    let observed = || match process.is_alive() {
        true => "it keeps a processor busy".to_string(),
        false => "it has ended".to_string(),
    };
    ensure(asleep, || expected.into(), observed)
}

/// Demands that it is there, asleep.
pub(super) fn sleeps(stage: &Stage<'_>, run: &Run<'_>) -> CheckResult {
    let expected = "the program waits for its child, asleep";
    let there = stays(stage, run)?;
    ensure(there, || expected.into(), || "it has ended before its child".into())?;
    falls_asleep(stage, &run.process(), expected)
}

/// Demands that the ids of a process in a new user namespace have no map.
pub(super) fn has_no_maps(process: &ObservedProcess<'_>, who: &str) -> CheckResult {
    for file in ["uid_map", "gid_map"] {
        let map = process.text(file)?;
        ensure(map.is_empty(), || format!("the {file} of {who} is empty"), || format!("it is {map:?}"))?;
    }
    Ok(())
}

/// Signals 32 and 33 in a mask: posix_spawn(3) of the GNU C library leaves them ignored, for its threads.
pub(super) const OF_THE_LIBRARY: u64 = 0b11 << 31;

/// Demands that of these signals none but some is ignored in a process that was started, and none is
/// blocked: those that are ignored by whoever started it are no matter of this.
pub(super) fn has_usual_signals(process: &ObservedProcess<'_>, but: u64) -> CheckResult {
    for (mask, what, but) in [("SigIgn", "ignored", but), ("SigBlk", "blocked", OF_THE_LIBRARY)] {
        let signals = process.signals(mask)?;
        ensure(
            signals & !but == 0,
            || format!("no signal is {what} in a command that was started"),
            || format!("{mask} is {signals:016x}"),
        )?;
    }
    Ok(())
}

/// Whether a process that waits does so for an amount of time. One that naps again and again is awake now
/// and then: that moment is waited out.
pub(super) fn waits_for_a_time(stage: &Stage<'_>, process: &ObservedProcess<'_>) -> Result<bool, CheckAbort> {
    stage.wait("a process to wait in a system call", || match process.waits_for_a_time() {
        None => (!process.is_alive() || loops(stage, process)).then_some(false),
        answer => answer,
    })
}

/// Demands that the program goes on waiting for its child while that is stopped, and afterwards: a stop
/// is no end, although wait(2) can tell of it.
pub(super) fn a_stop_is_no_end(stage: &Stage<'_>, run: &Run<'_>, child: &ObservedProcess<'_>) -> CheckResult {
    stop(stage, child)?;
    still_waits(stage, run)?;
    stage.kill(child, Signal::SIGCONT)?;
    // Its parent has been told by the time that it sleeps again: the child does that itself.
    stage.wait("the child to go on", || {
        let goes_on = child.is_asleep() && child.state().is_ok_and(|state| state != 'T');
        (goes_on || !child.is_alive() || loops(stage, child)).then_some(())
    })?;
    still_waits(stage, run)
}

fn still_waits(stage: &Stage<'_>, run: &Run<'_>) -> CheckResult {
    let there = stays(stage, run)?;
    ensure(
        there,
        || "the program waits for its child's end, although the child was stopped for a while".into(),
        || "it has ended before its child".into(),
    )
}

/// Stops a process, and waits until it has stopped: its parent has been told by then, as a process that
/// stops does that itself, before it leaves the processor.
pub(super) fn stop(stage: &Stage<'_>, process: &ObservedProcess<'_>) -> CheckResult {
    stage.kill(process, Signal::SIGSTOP)?;
    stage.wait("a process to stop", || process.has_stopped().then_some(()))
}

/// A number of seconds that no check waits for, and that nobody could know beforehand.
pub(super) fn long_time(stage: &Stage<'_>) -> String {
    stage.number(10_000..100_000).to_string()
}

/// A name of a file that nobody could know beforehand, with as many bytes as a name can have (NAME_MAX).
pub(super) fn long_name(stage: &Stage<'_>) -> String {
    stage.name().chars().cycle().take(255).collect()
}

/// The last command of a shell that leads a session with a terminal: the session's end takes the terminal
/// away from all others, and with it the text that nobody has read yet. Reading the terminal would not keep
/// the shell there: it fails at once in the background, where a submission may have put the shell
/// (read(2), EIO).
pub(super) fn keeps_session(stage: &Stage<'_>) -> String {
    format!("exec sleep {}", long_time(stage))
}

/// Demands that `sleep` is searched in PATH, gets the seconds as they are, and has its status passed on,
/// whichever that is: one that is found there before the system's does not sleep. `words` gives the command line for these
/// seconds.
pub(super) fn sleep_is_searched(stage: &Stage<'_>, words: impl Fn(String) -> Vec<String>) -> CheckResult {
    // No time for any sleep: what becomes of it is for sleep to say.
    let word = format!(" of {}", stage.name());
    let text =
        format!("[ \"$#\" = 1 ] && [ \"$1\" = \"${{1%% *}}{word}\" ] && exit \"${{1%% *}}\"; exit 125");
    let path = stage.script_named("sleep", &text)?;
    let directory = path.rsplit_once('/').map_or(".", |(directory, _)| directory);
    for status in [stage.exit_status(), 128, 255] {
        let seconds = format!("{status}{word}");
        let run = stage.launch(&Launch::submission(&words(seconds)).searched_first(directory))?;
        run.ends_with(Termination::Exited(status.into()))?;
    }
    Ok(())
}

/// Demands that the mounts of the stage are these.
pub(super) fn mounts_as_before(stage: &Stage<'_>, before: &[MountInfo]) -> CheckResult {
    let after = stage.mounts_now()?;
    let other =
        |one: &[MountInfo], than: &[MountInfo]| one.iter().find(|mount| !than.contains(mount)).cloned();
    let (new, old) = (other(&after, before), other(before, &after));
    ensure(
        new.is_none() && old.is_none(),
        || "the mounts outside are as before".into(),
        || match (new, old) {
            (Some(new), _) => format!("there is {} on {}", new.filesystem, new.point.display()),
            (_, old) => {
                format!("that of {} is gone", old.map(|mount| mount.point).unwrap_or_default().display())
            }
        },
    )
}

/// The places where a submission might leave something: mounts, and the scratch directory.
pub(super) struct Left {
    mounts: Vec<MountInfo>,
    names: Vec<String>,
}

impl Left {
    /// The state before the submission could leave anything.
    pub(super) fn before(stage: &Stage<'_>) -> Result<Left, CheckAbort> {
        Ok(Left { mounts: stage.mounts_now()?, names: stage.names_in_scratch()? })
    }

    /// Demands that there is no more, and no process.
    pub(super) fn is_nothing(&self, stage: &Stage<'_>) -> CheckResult {
        // One that nobody waits for is there for a moment yet: until it has ended, and PID 1 of the stage has
        // waited for it.
        let left = stage.wait("all processes to end, or to stand still", || {
            let living: Vec<_> = stage.all().into_iter().filter(ObservedProcess::is_alive).collect();
            living.iter().all(|process| is_idle(stage, process)).then_some(living.len())
        })?;
        ensure(left == 0, || "no process is left".into(), || format!("there are {left}"))?;
        mounts_as_before(stage, &self.mounts)?;
        let names = stage.names_in_scratch()?;
        ensure(
            names == self.names,
            || format!("in /tmp is what was there before: {:?}", self.names),
            || format!("there is {names:?}"),
        )
    }
}

/// Waits until the process that was started has created another one and waits itself, or has ended;
/// gives the one that it has created. `others` were on the stage before.
pub(super) fn child<'s>(
    stage: &'s Stage<'s>,
    run: &Run<'s>,
    others: &[ObservedProcess<'_>],
) -> Result<ObservedProcess<'s>, CheckAbort> {
    let front = run.process();
    // Those that the child creates in turn may come and go. Where the program has ended, its child
    // has no parent on the stage.
    let created = || -> Vec<ObservedProcess<'s>> {
        let mut new = stage.all();
        new.retain(|seen| *seen != front && !others.contains(seen));
        new.retain(|seen| seen.parent().is_none_or(|parent| parent == front) && seen.exists());
        new
    };
    stage.wait("the program to create a child", || {
        (is_idle(stage, &front) && !created().is_empty() || !front.is_alive()).then_some(())
    })?;
    let created = created();
    match created[..] {
        [child] if child.is_alive() => Ok(child),
        _ => {
            let living = created.iter().filter(|seen| seen.is_alive()).count();
            let error = run.text(Stream::Error);
            let observed = format!("{living} live; standard error: {error:?}");
            Err(CheckAbort::mismatch("the program creates one child, which lives", observed))
        }
    }
}

/// Demands that a process has left exactly the namespaces of these kinds, those of the stage.
pub(super) fn has_left(
    stage: &Stage<'_>,
    process: &ObservedProcess<'_>,
    who: &str,
    kinds: &[Kind],
) -> CheckResult {
    let expected: BTreeSet<Kind> = kinds.iter().copied().collect();
    let left: BTreeSet<Kind> = stage.kinds_left_by(process)?.into_iter().collect();
    ensure(
        left == expected,
        || format!("{who} leaves exactly {expected:?}"),
        || format!("it has left {left:?}"),
    )
}
