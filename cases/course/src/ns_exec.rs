//! The checks of the assignment `ns_exec`: a command in a namespace of somebody else's.

use super::command::{self, ends, hold, inherits_nothing, is_same_process};
use super::visited::{file, is_in, target};
use super::{failing, settled};
use nix::errno::Errno;
use nix::sys::signal::Signal;
use nsconform_grader::{CheckResult, CheckScript, Launch, ObservedProcess, Stage, Termination, ensure};
use nsconform_sys::kind::Kind;

pub(super) const CHECKS: &[CheckScript] = &[
    CheckScript::new("joins", joins),
    CheckScript::new("same-process", same_process),
    CheckScript::new("kinds", kinds),
    CheckScript::new("bind-mount", bind_mounts),
    CheckScript::new("pid", pid),
    CheckScript::new("closes", closes),
    CheckScript::new("arguments", arguments),
    CheckScript::new("errors", errors),
];

/// The kinds that the process to be visited has namespaces of its own of: all but time.
const ITS_OWN: [Kind; 7] = [Kind::Cgroup, Kind::Ipc, Kind::Mnt, Kind::Net, Kind::Pid, Kind::User, Kind::Uts];

/// Demands that a process is where another one is as far as this kind goes, and otherwise where
/// the program was started.
fn has_joined(
    stage: &Stage<'_>,
    process: &ObservedProcess<'_>,
    which: &str,
    target: &ObservedProcess<'_>,
    kind: Kind,
) -> CheckResult {
    settled::has_left(stage, process, which, &[kind])?;
    is_in(process, target, kind)
}

fn joins(stage: &Stage<'_>) -> CheckResult {
    let target = target(stage, &ITS_OWN)?.process();
    let held = stage.held_script()?;
    let (_, command) = hold(stage, &held, &[&file(&target, Kind::Uts)?])?;
    has_joined(stage, &command, "COMMAND", &target, Kind::Uts)
}

fn same_process(stage: &Stage<'_>) -> CheckResult {
    let file = file(&target(stage, &ITS_OWN)?.process(), Kind::Uts)?;
    let held = stage.held_script()?;
    let (run, command) = hold(stage, &held, &[&file])?;
    is_same_process(&run, &command)?;
    ends(&run, &held)?;
    command::prints_nothing_itself(&run, &held)?;

    for signal in settled::SIGNALS {
        let (run, command) = hold(stage, &stage.held_script()?, &[&file])?;
        stage.kill(&command, signal)?;
        run.ends_with(Termination::Killed(signal as i32))?;
    }
    Ok(())
}

fn kinds(stage: &Stage<'_>) -> CheckResult {
    let target = target(stage, &ITS_OWN)?.process();
    for kind in [Kind::Cgroup, Kind::Ipc, Kind::Mnt, Kind::Net, Kind::User] {
        let held = stage.held_script()?;
        let (run, command) = hold(stage, &held, &[&file(&target, kind)?])?;
        has_joined(stage, &command, &format!("COMMAND with ns/{}", kind.link()), &target, kind)?;
        command::starts_in_root(&command, kind)?;
        ends(&run, &held)?;
    }
    Ok(())
}

fn bind_mounts(stage: &Stage<'_>) -> CheckResult {
    for kind in [Kind::Uts, Kind::Net] {
        let visited = target(stage, &ITS_OWN)?;
        let target = visited.process();
        let kept = target.namespace(kind)?;
        let path = stage.bind_mount(&target, kind)?;
        stage.kill(&target, Signal::SIGKILL)?;
        visited.status()?;
        let held = stage.held_script()?;
        let (run, command) = hold(stage, &held, &[&path])?;
        settled::has_left(stage, &command, "COMMAND", &[kind])?;
        let there = command.namespace(kind)?;
        ensure(there == kept, || format!("COMMAND is in {kept}"), || format!("it is in {there}"))?;
        ends(&run, &held)?;
    }
    Ok(())
}

fn pid(stage: &Stage<'_>) -> CheckResult {
    let target = target(stage, &ITS_OWN)?.process();
    let held = stage.held_script()?;
    let status = stage.exit_status();
    // More than one command, so that the shell creates a child for the first.
    let script = stage.script(&format!("{}; exit {status}", held.words[0]))?;
    let run = stage.start(&[&file(&target, Kind::Pid)?, &script])?;
    let child = run.held(&held)?;
    let front = run.process();
    settled::has_left(stage, &front, "COMMAND", &[])?;
    ensure(
        child.parent() == Some(front),
        || "COMMAND is the process that was started, and its children are its own".into(),
        || "the child has another parent".into(),
    )?;
    has_joined(stage, &child, "COMMAND's child", &target, Kind::Pid)?;
    run.release()?;
    run.ends_with(Termination::Exited(status.into()))
}

fn closes(stage: &Stage<'_>) -> CheckResult {
    let target = target(stage, &ITS_OWN)?.process();
    for kind in [Kind::Uts, Kind::Pid] {
        let held = stage.held_script()?;
        let (_, command) = hold(stage, &held, &[&file(&target, kind)?])?;
        inherits_nothing(&command, &held)?;
    }
    Ok(())
}

fn arguments(stage: &Stage<'_>) -> CheckResult {
    let file = file(&target(stage, &ITS_OWN)?.process(), Kind::Uts)?;
    let held = command::with_awkward_words(stage, stage.held_script()?.with(&["-n"]));
    let (run, command) = hold(stage, &held, &[&file])?;
    command::has_words(&command, &held)?;
    command::finds_the_same(&command)?;
    ends(&run, &held)?;
    command::has_its_name(stage, &[&file])?;
    command::is_searched(stage, &[&file])
}

fn errors(stage: &Stage<'_>) -> CheckResult {
    let (mark, target) = (stage.name(), target(stage, &ITS_OWN)?.process());
    let file = file(&target, Kind::Uts)?;
    failing::gives_usage(stage, &[])?;
    failing::gives_usage(stage, &[&file])?;
    // Before anything has been tried.
    failing::gives_usage(stage, &["/dev/null"])?;
    failing::gives_usage(stage, &[&format!("/tmp/{mark}")])?;
    let refused = |file: &str, operation: &str, reason| {
        failing::names(stage, &Launch::submission(&[file, "echo", &mark]), operation, reason)
    };
    refused(&format!("/tmp/{mark}"), "open", Errno::ENOENT)?;
    refused("/dev/null", "setns", Errno::EINVAL)?;
    // The user namespace that it is in already.
    refused("/proc/self/ns/user", "setns", Errno::EINVAL)?;
    let own = Launch::submission(&["/proc/self/ns/uts", "echo", &mark]).without_capabilities();
    failing::names(stage, &own, "setns", Errno::EPERM)?;
    // There are no options: this is the name of a file.
    refused("-u", "open", Errno::ENOENT)?;
    refused("", "open", Errno::ENOENT)?;
    failing::names_command(stage, &[&file])
}
