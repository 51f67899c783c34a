//! The checks of the assignment `ns_child_exec`: a child in new namespaces, which executes a command.

use super::command::{self, has_left, hold, is_over, is_searched};
use super::{failing, settled};
use nix::errno::Errno;
use nsconform_grader::{CheckResult, CheckScript, Launch, Stage, ensure};
use nsconform_sys::kind::Kind;

pub(super) const CHECKS: &[CheckScript] = &[
    CheckScript::new("runs", runs),
    CheckScript::new("each-option", each_option),
    CheckScript::new("together", together),
    CheckScript::new("private-mounts", private_mounts),
    CheckScript::new("status", status),
    CheckScript::new("verbose", verbose),
    CheckScript::new("options-end", options_end),
    CheckScript::new("errors", errors),
];

/// The options that make namespaces; the last one gives a user the right to the others.
const OPTIONS: [(&str, Kind); 7] = [
    ("-C", Kind::Cgroup),
    ("-i", Kind::Ipc),
    ("-m", Kind::Mnt),
    ("-n", Kind::Net),
    ("-p", Kind::Pid),
    ("-u", Kind::Uts),
    ("-U", Kind::User),
];

fn runs(stage: &Stage<'_>) -> CheckResult {
    let held = stage.held_script()?;
    let before = stage.mounts_now()?;
    let (run, command) = hold(stage, &held, &[])?;
    settled::mounts_as_before(stage, &before)?;
    settled::sleeps(stage, &run)?;
    ensure(
        command.parent() == Some(run.process()),
        || "COMMAND is executed by a child of the program".into(),
        || "the process that runs it is no child of the program".into(),
    )?;
    command::is_only_child(&run, &command)?;
    has_left(stage, &command, "no option", &[])?;
    command::finds_the_same(&command)?;
    is_over(&run)?;
    command::has_its_name(stage, &[])?;
    is_searched(stage, &[])
}

fn each_option(stage: &Stage<'_>) -> CheckResult {
    for (option, kind) in OPTIONS {
        let held = stage.held_script()?;
        let (run, command) = hold(stage, &held, &[option])?;
        has_left(stage, &command, option, &[kind])?;
        settled::has_left(stage, &run.process(), &format!("the program with {option}"), &[])?;
        if kind == Kind::User {
            settled::has_no_maps(&command, "COMMAND")?;
        }
        if kind == Kind::Pid {
            let pids = command.nspid()?;
            ensure(
                pids.len() == 2 && pids[1] == 1,
                || "COMMAND with -p is PID 1 of a new namespace".into(),
                || format!("its PIDs, from the outside inwards: {pids:?}"),
            )?;
        }
        is_over(&run)?;
    }
    Ok(())
}

fn together(stage: &Stage<'_>) -> CheckResult {
    command::options_work_together(stage, &OPTIONS)
}

fn private_mounts(stage: &Stage<'_>) -> CheckResult {
    command::mounts_become_private(stage, &[&["-m"], &["-U", "-m"], &["-p", "-m"]])
}

fn status(stage: &Stage<'_>) -> CheckResult {
    command::status_is_passed_on(stage, &[])
}

fn verbose(stage: &Stage<'_>) -> CheckResult {
    command::verbose_tells_steps(stage, &["-p"])
}

fn options_end(stage: &Stage<'_>) -> CheckResult {
    let held = command::with_awkward_words(stage, stage.held_script()?.with(&["-i", "--", "-n", "-v"]));
    let (run, command) = hold(stage, &held, &["-u"])?;
    command::has_words(&command, &held)?;
    has_left(stage, &command, "-u before COMMAND and others behind", &[Kind::Uts])?;
    is_over(&run)?;

    let held = stage.held_script()?;
    let (_run, command) = hold(stage, &held, &["-i", "--"])?;
    has_left(stage, &command, "-i --", &[Kind::Ipc])
}

fn errors(stage: &Stage<'_>) -> CheckResult {
    let mark = stage.name();
    failing::gives_usage(stage, &[])?;
    failing::gives_usage(stage, &["-u"])?;
    failing::refuses_unknown_options(stage, "xTrctkwsf", "-u")?;
    let refused = Launch::submission(&["-u", "echo", &mark]).without_capabilities();
    failing::names(stage, &refused, "clone", Errno::EPERM)?;
    let no_more = Launch::submission(&["echo", &mark]).most_processes(0);
    failing::names(stage, &no_more, "clone", Errno::EAGAIN)?;
    failing::names_command(stage, &[])?;
    failing::names_command(stage, &["-p"])
}
