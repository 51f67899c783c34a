//! The checks of the assignment `multi_pidns`: PID namespaces below each other, and the procfs of each.

use super::{failing, settled};
use nix::errno::Errno;
use nix::sys::signal::Signal;
use nsconform_grader::{
    CheckAbort, CheckResult, CheckScript, Launch, ObservedProcess, Run, Stage, Stream, Termination, ensure,
};
use nsconform_sys::kind::Kind;

pub(super) const CHECKS: &[CheckScript] = &[
    CheckScript::new("nested", nested),
    CheckScript::new("mounts", mounts),
    CheckScript::new("output", output),
    CheckScript::new("status", status),
    CheckScript::new("leaves-nothing", leaves_nothing),
    CheckScript::new("limit", limit),
    CheckScript::new("errors", errors),
];

/// More levels than there can be below the initial PID namespace, and so anywhere: the fewest, and many.
const TOO_MANY: [&str; 2] = ["33", "100"];

/// A run of the submission whose innermost process has become sleep.
struct Nest<'s> {
    run: Run<'s>,
    levels: usize,
    directory: String,
    /// From the outermost one to sleep.
    processes: Vec<ObservedProcess<'s>>,
}

impl<'s> Nest<'s> {
    /// Starts the submission with a long time and some levels.
    fn start(stage: &'s Stage<'s>) -> Result<Nest<'s>, CheckAbort> {
        Nest::start_in(stage, scratch(stage))
    }

    fn start_in(stage: &'s Stage<'s>, directory: String) -> Result<Nest<'s>, CheckAbort> {
        Nest::start_with(stage, stage.number(3..6) as usize, directory)
    }

    fn start_with(stage: &'s Stage<'s>, levels: usize, directory: String) -> Result<Nest<'s>, CheckAbort> {
        let seconds = settled::long_time(stage);
        let run = stage.start(&[&levels.to_string(), &seconds, &directory])?;
        let sleeper = stage.process_running(&["sleep", &seconds])?;
        let mut processes: Vec<_> = std::iter::successors(Some(sleeper), |process| {
            process.parent().filter(|parent| *parent != run.process())
        })
        .collect();
        processes.reverse();
        Ok(Nest { run, levels, directory, processes })
    }

    /// Where the procfs of the process with this place in the chain is to be mounted.
    fn path(&self, place: usize) -> String {
        format!("{}/proc{}", self.directory, self.levels - 1 - place)
    }

    /// Kills the process with this place in the chain, and demands that everything ends with it.
    fn killed(&self, stage: &Stage<'_>, place: usize) -> CheckResult {
        stage.kill(&self.processes[place], Signal::SIGKILL)?;
        self.run.ends_with(Termination::Exited(128 + Signal::SIGKILL as i32))
    }
}

/// A path for a directory that is not there.
fn scratch(stage: &Stage<'_>) -> String {
    format!("/tmp/{}", stage.name())
}

fn nested(stage: &Stage<'_>) -> CheckResult {
    // The fewest levels that there can be, and some.
    for levels in [1, stage.number(3..6) as usize] {
        let nest = Nest::start_with(stage, levels, scratch(stage))?;
        is_nested(stage, &nest)?;
        // With the first PID 1 all below it end; which status that gives is another check's.
        stage.kill(&nest.processes[0], Signal::SIGKILL)?;
        nest.run.status()?;
    }
    Ok(())
}

fn is_nested(stage: &Stage<'_>, nest: &Nest<'_>) -> CheckResult {
    let (levels, program) = (nest.levels, nest.run.process());
    ensure(
        settled::stays(stage, &nest.run)?,
        || "the program waits for its child".into(),
        || "it has ended before its child".into(),
    )?;
    let (chain, all) = (nest.processes.len(), stage.all().len());
    ensure(
        nest.processes[0].parent() == Some(program) && chain == levels && all == levels + 1,
        || format!("from the program down to sleep there are {levels} processes, each a child of the former"),
        || format!("sleep is number {chain}; with the program there are {all} processes"),
    )?;
    for (place, process) in nest.processes.iter().enumerate() {
        let pids = process.nspid()?;
        ensure(
            // One PID in the stage, one more for each namespace below.
            pids.len() == place + 2 && pids.last() == Some(&1),
            || format!("descendant {} is PID 1, {} namespaces below the program", place + 1, place + 1),
            || format!("its PIDs, from the outside inwards: {pids:?}"),
        )?;
        settled::has_left(stage, process, "each level", &[Kind::Pid])?;
    }
    settled::has_left(stage, &program, "the program itself", &[])
}

fn mounts(stage: &Stage<'_>) -> CheckResult {
    let nest = Nest::start(stage)?;
    for place in 0..nest.levels {
        let path = nest.path(place);
        let mut expected = Vec::new();
        for below in &nest.processes[place..] {
            expected.push((below.nspid()?[place + 1], below.namespace(Kind::Pid)?));
        }
        expected.sort_by_key(|(pid, _)| *pid);
        let pids = |shown: &[(i32, _)]| shown.iter().map(|(pid, _)| *pid).collect::<Vec<i32>>();
        let shown = stage.procfs_at(&path)?;
        ensure(
            shown == expected,
            || format!("the procfs at {path} shows the namespace of its level: PIDs {:?}", pids(&expected)),
            || match pids(&shown) {
                same if same == pids(&expected) => "it shows processes of other namespaces".into(),
                other => format!("it shows {other:?}"),
            },
        )?;
    }
    Ok(())
}

fn output(stage: &Stage<'_>) -> CheckResult {
    // The second one is below the working directory, and longer than somebody may have made room for.
    for directory in [scratch(stage), settled::long_name(stage)] {
        prints_lines(stage, directory)?;
    }
    // A number that begins with 0 is decimal as well; and more levels than somebody may have made room for.
    let run = stage.start(&["024", "0", &scratch(stage)])?;
    run.status()?;
    let lines = run.text(Stream::Output).lines().count();
    ensure(lines == 25, || "25 lines where LEVELS is 024".into(), || format!("there are {lines}"))
}

/// Demands that the lines are right where this is the directory.
fn prints_lines(stage: &Stage<'_>, directory: String) -> CheckResult {
    let nest = Nest::start_in(stage, directory)?;
    let mut expected: Vec<String> =
        (0..nest.levels).map(|place| format!("Mounting procfs at {}", nest.path(place))).collect();
    expected.push("Final child sleeping".to_string());
    let mut printed = Vec::new();
    while printed.len() < expected.len() {
        printed.push(nest.run.line()?);
    }
    // Lines that come late, or a second time, are there by the end.
    stage.kill(&nest.processes[nest.levels - 1], Signal::SIGKILL)?;
    nest.run.status()?;
    let all = nest.run.text(Stream::Output);
    ensure(
        printed == expected && all == expected.join("\n") + "\n",
        || format!("the lines {expected:?}"),
        || format!("standard output: {all:?}"),
    )
}

fn status(stage: &Stage<'_>) -> CheckResult {
    let nest = Nest::start(stage)?;
    settled::sleeps(stage, &nest.run)?;
    for parent in &nest.processes[..nest.levels - 1] {
        settled::falls_asleep(stage, parent, "each level waits for the one below, asleep")?;
    }
    settled::a_stop_is_no_end(stage, &nest.run, &nest.processes[0])?;
    nest.killed(stage, 0)?;
    let left = stage.all().len();
    ensure(
        left == 0,
        || "when the outermost process has been killed all below it have ended".into(),
        || format!("there are {left} processes"),
    )?;
    // One in the middle, or sleep itself: its parents see the status, not the signal.
    for place in [1, usize::MAX] {
        let nest = Nest::start(stage)?;
        nest.killed(stage, place.min(nest.levels - 1))?;
    }
    let levels = stage.number(2..6).to_string();
    // How a time is written is for sleep to say.
    for seconds in ["0", "0.01", "0s"] {
        stage.start(&[&levels, seconds, &scratch(stage)])?.ends_with(Termination::Exited(0))?;
    }
    // No time, so that sleep fails.
    stage.start(&[&levels, &stage.name(), &scratch(stage)])?.ends_with(Termination::Exited(1))?;
    settled::sleep_is_searched(stage, |seconds| vec![levels.clone(), seconds, scratch(stage)])
}

fn leaves_nothing(stage: &Stage<'_>) -> CheckResult {
    // The same directory each time: it is there to be made again.
    let directory = scratch(stage);
    let levels = stage.number(2..6).to_string();
    let left = settled::Left::before(stage)?;
    stage.start(&[&levels, "0", &directory])?.ends_with(Termination::Exited(0))?;
    left.is_nothing(stage)?;
    stage.start(&[&levels, &stage.name(), &directory])?.ends_with(Termination::Exited(1))?;
    left.is_nothing(stage)?;
    Nest::start_in(stage, directory)?.killed(stage, 0)?;
    left.is_nothing(stage)
}

fn limit(stage: &Stage<'_>) -> CheckResult {
    let left = settled::Left::before(stage)?;
    for levels in TOO_MANY {
        let words = [levels, &settled::long_time(stage), &scratch(stage)];
        // A process that sleeps all the same would sleep for longer than is waited for.
        failing::says(stage, &Launch::submission(&words), "clone", Errno::ENOSPC)?;
        left.is_nothing(stage)?;
    }
    Ok(())
}

fn errors(stage: &Stage<'_>) -> CheckResult {
    let (seconds, directory) = (settled::long_time(stage), scratch(stage));
    let below = format!("{directory}/{}", stage.name());
    let left = settled::Left::before(stage)?;
    failing::gives_usage(stage, &[])?;
    failing::gives_usage(stage, &["3", &seconds])?;
    failing::gives_usage(stage, &["3", &seconds, &directory, "more"])?;
    for levels in ["0", "-1", "3.0", "1,000", "0x3", "3x", "x3", ""] {
        failing::gives_usage(stage, &[levels, &seconds, &directory])?;
    }
    failing::names(stage, &Launch::submission(&["3", &seconds, &below]), "mkdir", Errno::ENOENT)?;
    failing::names(stage, &Launch::submission(&["3", &seconds, "/tmp"]), "mkdir", Errno::EEXIST)?;
    failing::names(stage, &Launch::submission(&["3", &seconds, ""]), "mkdir", Errno::ENOENT)?;
    let refused = Launch::submission(&["3", &seconds, &directory]).without_capabilities();
    failing::names(stage, &refused, "clone", Errno::EPERM)?;
    left.is_nothing(stage)
}
