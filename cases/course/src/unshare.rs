//! The checks of the assignment `unshare`: new namespaces for the calling process, then a command.

use super::command::{self, ends, has_left, hold, is_same_process};
use super::{failing, settled};
use nix::errno::Errno;
use nsconform_grader::{CheckResult, CheckScript, Launch, Stage, Termination, ensure};
use nsconform_sys::kind::Kind;

pub(super) const CHECKS: &[CheckScript] = &[
    CheckScript::new("runs", command::runs_in_same_process),
    CheckScript::new("each-option", each_option),
    CheckScript::new("one-call", one_call),
    CheckScript::new("pid-without-fork", pid_without_fork),
    CheckScript::new("pid-with-fork", pid_with_fork),
    CheckScript::new("status", status),
    CheckScript::new("private-mounts", private_mounts),
    CheckScript::new("options-end", options_end),
    CheckScript::new("errors", errors),
];

/// The options whose effect is seen on the process itself; the last one gives a user the right to the
/// others.
const OPTIONS: [(&str, Kind); 6] = [
    ("-C", Kind::Cgroup),
    ("-i", Kind::Ipc),
    ("-m", Kind::Mnt),
    ("-n", Kind::Net),
    ("-u", Kind::Uts),
    ("-U", Kind::User),
];

fn each_option(stage: &Stage<'_>) -> CheckResult {
    for (option, kind) in OPTIONS {
        let held = stage.held_script()?;
        let (run, command) = hold(stage, &held, &[option])?;
        is_same_process(&run, &command)?;
        has_left(stage, &command, option, &[kind])?;
        if kind == Kind::User {
            settled::has_no_maps(&command, "COMMAND")?;
        }
        ends(&run, &held)?;
    }
    Ok(())
}

fn one_call(stage: &Stage<'_>) -> CheckResult {
    command::options_work_together(stage, &OPTIONS)
}

fn pid_without_fork(stage: &Stage<'_>) -> CheckResult {
    let held = stage.held_script()?;
    let status = stage.exit_status();
    // More than one command, so that the shell creates a child for the first.
    let script = stage.script(&format!("{}; exit {status}", held.words[0]))?;
    let run = stage.start(&["-p", "-p", &script])?;
    let child = run.held(&held)?;
    let front = run.process();
    has_left(stage, &front, "-p and no -f", &[])?;
    let pids = child.nspid()?;
    ensure(
        child.parent() == Some(front) && pids.len() == 2 && pids[1] == 1,
        || "COMMAND is the process that was started, and its first child is PID 1 of a new namespace".into(),
        || format!("the PIDs of COMMAND's child, from the outside inwards: {pids:?}"),
    )?;
    has_left(stage, &child, "-p, in COMMAND's child,", &[Kind::Pid])?;
    run.release()?;
    run.ends_with(Termination::Exited(status.into()))
}

fn pid_with_fork(stage: &Stage<'_>) -> CheckResult {
    let held = stage.held_script()?;
    let (run, command) = hold(stage, &held, &["-f", "-p", "-f"])?;
    let expected = || "COMMAND is a child of the program, and PID 1 of a new namespace".to_string();
    ensure(settled::stays(stage, &run)?, expected, || "the program has ended".into())?;
    let pids = command.nspid()?;
    ensure(command.parent() == Some(run.process()) && pids.len() == 2 && pids[1] == 1, expected, || {
        format!("its PIDs, from the outside inwards: {pids:?}")
    })?;
    command::is_only_child(&run, &command)?;
    has_left(stage, &command, "-f -p", &[Kind::Pid])?;
    command::finds_the_same(&command)?;
    has_left(stage, &run.process(), "-f -p, before the child, as the program itself,", &[])
}

fn status(stage: &Stage<'_>) -> CheckResult {
    command::status_is_passed_on(stage, &["-f"])
}

fn private_mounts(stage: &Stage<'_>) -> CheckResult {
    command::mounts_become_private(stage, &[&["-m"], &["-m", "-f"], &["-U", "-m"], &["-f", "-p", "-m"]])
}

fn options_end(stage: &Stage<'_>) -> CheckResult {
    let held = command::with_awkward_words(stage, stage.held_script()?.with(&["-i", "--", "-n", "-f"]));
    let (run, command) = hold(stage, &held, &["-u"])?;
    command::has_words(&command, &held)?;
    has_left(stage, &command, "-u before COMMAND and others behind", &[Kind::Uts])?;
    ends(&run, &held)?;

    let held = stage.held_script()?;
    let (_run, command) = hold(stage, &held, &["-i", "--"])?;
    has_left(stage, &command, "-i --", &[Kind::Ipc])
}

fn errors(stage: &Stage<'_>) -> CheckResult {
    let mark = stage.name();
    failing::gives_usage(stage, &[])?;
    failing::gives_usage(stage, &["-u"])?;
    failing::refuses_unknown_options(stage, "xTrctkwsv", "-u")?;
    let refused = Launch::submission(&["-u", "echo", &mark]).without_capabilities();
    failing::names(stage, &refused, "unshare", Errno::EPERM)?;
    let refused = Launch::submission(&["-f", "-u", "echo", &mark]).without_capabilities();
    failing::names(stage, &refused, "unshare", Errno::EPERM)?;
    failing::names_fork(stage, &["-f", "echo", &mark])?;
    failing::names_command(stage, &[])?;
    failing::names_command(stage, &["-f"])
}
