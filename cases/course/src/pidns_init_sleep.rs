//! The checks of the assignment `pidns_init_sleep`: a child that is PID 1, and a procfs of its own.

use super::{failing, settled};
use nix::errno::Errno;
use nix::sys::signal::Signal;
use nsconform_grader::{
    CheckAbort, CheckResult, CheckScript, Launch, ObservedProcess, Run, Stage, Stream, Termination, ensure,
};
use nsconform_sys::kind::Kind;

pub(super) const CHECKS: &[CheckScript] = &[
    CheckScript::new("creates-child", creates_child),
    CheckScript::new("sleeps", sleeps),
    CheckScript::new("output", output),
    CheckScript::new("proc", proc),
    CheckScript::new("status", status),
    CheckScript::new("leaves-nothing", leaves_nothing),
    CheckScript::new("errors", errors),
];

/// Starts the submission with a long time, and this mount point perhaps; finds the process that
/// has become sleep.
fn asleep<'s>(
    stage: &'s Stage<'s>,
    mount_point: Option<&str>,
) -> Result<(Run<'s>, ObservedProcess<'s>), CheckAbort> {
    let seconds = settled::long_time(stage);
    let run = stage.start(&with(&seconds, mount_point))?;
    let sleeper = stage.process_running(&["sleep", &seconds])?;
    Ok((run, sleeper))
}

fn with<'w>(seconds: &'w str, mount_point: Option<&'w str>) -> Vec<&'w str> {
    [seconds].into_iter().chain(mount_point).collect()
}

/// Demands that this is the one child of the program, and PID 1 of a new PID namespace.
fn is_first_inside(run: &Run<'_>, child: &ObservedProcess<'_>) -> CheckResult {
    let expected = || "the program has one child, which is PID 1 of a new PID namespace".to_string();
    let children = run.process().children();
    ensure(children == [*child], expected, || format!("it has {} children", children.len()))?;
    let pids = child.nspid()?;
    ensure(pids.len() == 2 && pids[1] == 1, expected, || {
        format!("the PIDs of its child, from the outside inwards: {pids:?}")
    })
}

fn creates_child(stage: &Stage<'_>) -> CheckResult {
    let run = stage.launch(&Launch::submission(&[settled::long_time(stage)]).full_output())?;
    let child = settled::child(stage, &run, &[])?;
    is_first_inside(&run, &child)?;
    settled::has_left(stage, &child, "the child", &[Kind::Pid])?;
    settled::has_left(stage, &run.process(), "the program itself", &[])?;
    // Both stand still where they print. A parent's wait depends on whether the child has executed
    // something: execve(2) resets the child's termination signal to SIGCHLD.
    settled::stop(stage, &child)?;
    run.make_room();
    let there = settled::stays(stage, &run)?;
    ensure(
        there,
        || "the program waits for its child, which has not executed sleep yet".into(),
        || format!("it has ended; standard error: {:?}", run.text(Stream::Error)),
    )
}

fn sleeps(stage: &Stage<'_>) -> CheckResult {
    let (run, sleeper) = asleep(stage, None)?;
    is_first_inside(&run, &sleeper)
}

fn output(stage: &Stage<'_>) -> CheckResult {
    // The last one is below the working directory, and longer than somebody may have made room for.
    let long = settled::long_name(stage);
    for mount_point in [None, Some(format!("/tmp/{}", stage.name())), Some(long)] {
        let (run, sleeper) = asleep(stage, mount_point.as_deref())?;
        let parents = format!("PID returned by clone(): {}", sleeper.pid()?);
        let mut childs = vec!["childFunc(): PID  = 1".to_string(), "childFunc(): PPID = 0".to_string()];
        childs.extend(mount_point.map(|path| format!("Mounting procfs at {path}")));
        let mut printed = Vec::new();
        while printed.len() <= childs.len() {
            printed.push(run.line()?);
        }
        stage.kill(&sleeper, Signal::SIGKILL)?;
        run.status()?;
        let all = run.text(Stream::Output);
        let of_child: Vec<&String> = printed.iter().filter(|line| **line != parents).collect();
        ensure(
            of_child.iter().copied().eq(&childs) && all == printed.join("\n") + "\n",
            || format!("the lines of the parent: {parents:?}, and of the child: {childs:?}"),
            || format!("standard output: {all:?}"),
        )?;
    }
    Ok(())
}

fn proc(stage: &Stage<'_>) -> CheckResult {
    let before = stage.mounts_now()?;
    let (run, sleeper) = asleep(stage, None)?;
    settled::mounts_as_before(stage, &before)?;
    stage.kill(&sleeper, Signal::SIGKILL)?;
    run.status()?;

    let path = format!("/tmp/{}", stage.name());
    let (_run, sleeper) = asleep(stage, Some(&path))?;
    let shown = stage.procfs_at(&path)?;
    ensure(
        shown == [(1, sleeper.namespace(Kind::Pid)?)],
        || {
            format!(
                "the procfs at {path} shows the new namespace: sleep, which is PID 1, and no other process"
            )
        },
        || format!("it shows {} processes, of which the first is {:?}", shown.len(), shown.first()),
    )
}

fn status(stage: &Stage<'_>) -> CheckResult {
    let (run, sleeper) = asleep(stage, None)?;
    settled::sleeps(stage, &run)?;
    settled::a_stop_is_no_end(stage, &run, &sleeper)?;
    stage.kill(&sleeper, Signal::SIGKILL)?;
    run.ends_with(Termination::Exited(128 + Signal::SIGKILL as i32))?;
    // How a time is written is for sleep to say.
    for seconds in ["0", "0.01", "0s"] {
        stage.start(&[seconds])?.ends_with(Termination::Exited(0))?;
    }
    // No time, so that sleep fails.
    stage.start(&[stage.name()])?.ends_with(Termination::Exited(1))?;
    settled::sleep_is_searched(stage, |seconds| vec![seconds])
}

fn leaves_nothing(stage: &Stage<'_>) -> CheckResult {
    let path = format!("/tmp/{}", stage.name());
    let left = settled::Left::before(stage)?;
    // The same path each time: it is there to be taken again.
    stage.start(&with("0", Some(&path)))?.ends_with(Termination::Exited(0))?;
    left.is_nothing(stage)?;
    stage.start(&with(&stage.name(), Some(&path)))?.ends_with(Termination::Exited(1))?;
    left.is_nothing(stage)?;
    let (run, sleeper) = asleep(stage, Some(&path))?;
    stage.kill(&sleeper, Signal::SIGKILL)?;
    run.status()?;
    left.is_nothing(stage)
}

fn errors(stage: &Stage<'_>) -> CheckResult {
    let seconds = settled::long_time(stage);
    failing::gives_usage(stage, &[])?;
    failing::gives_usage(stage, &[&seconds, "one", "two"])?;
    let path = format!("/tmp/{}", stage.name());
    let below = format!("{path}/{}", stage.name());
    let left = settled::Left::before(stage)?;
    failing::names(stage, &Launch::submission(&[&seconds, &below]), "mkdir", Errno::ENOENT)?;
    failing::names(stage, &Launch::submission(&[&seconds, "/tmp"]), "mkdir", Errno::EEXIST)?;
    // The directory comes first: nobody gets as far as to see that there can be no child.
    failing::names(
        stage,
        &Launch::submission(&[&seconds, "/tmp"]).most_processes(0),
        "mkdir",
        Errno::EEXIST,
    )?;
    // The empty name is one, too.
    failing::names(stage, &Launch::submission(&[&seconds, ""]), "mkdir", Errno::ENOENT)?;
    for words in [with(&seconds, None), with(&seconds, Some(&path))] {
        let refused = Launch::submission(&words).without_capabilities();
        failing::names(stage, &refused, "clone", Errno::EPERM)?;
        failing::names(stage, &Launch::submission(&words).most_processes(0), "clone", Errno::EAGAIN)?;
    }
    left.is_nothing(stage)?;
    mount_fails(stage, &seconds)
}

/// Demands that the child says so if it cannot mount, and does not become sleep: its directory has been
/// removed while it stood at its first line, unless it has mounted by then.
fn mount_fails(stage: &Stage<'_>, seconds: &str) -> CheckResult {
    let (others, name) = (stage.all(), stage.name());
    let path = format!("/tmp/{name}");
    let run = stage.launch(&Launch::submission(&with(seconds, Some(&path))).full_output())?;
    let child = settled::child(stage, &run, &others)?;
    settled::stand_still(stage, "program and child to print", &[run.process(), child])?;
    if stage.mounts_now()?.iter().any(|mount| mount.point == std::path::Path::new(&path)) {
        return Ok(());
    }
    stage.remove_from_scratch(&name)?;
    run.make_room();
    run.ends_with(Termination::Exited(1))?;
    let error = run.text(Stream::Error);
    ensure(
        failing::is_told(&error, "mount", Errno::ENOENT),
        || format!("a line 'mount: {}' on standard error", Errno::ENOENT.desc()),
        || format!("standard error: {error:?}"),
    )
}
