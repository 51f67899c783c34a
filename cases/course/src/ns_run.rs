//! The checks of the assignment `ns_run`: joining namespaces by their files, then a command.

use super::command::{self, ends, has_left, hold, hold_as, inherits_nothing, is_same_process};
use super::visited::{file, is_in, target};
use super::{failing, settled};
use nix::errno::Errno;
use nsconform_grader::{CheckResult, CheckScript, Launch, ObservedProcess, Stage, Termination, ensure};
use nsconform_sys::kind::Kind;

pub(super) const CHECKS: &[CheckScript] = &[
    CheckScript::new("runs", command::runs_in_same_process),
    CheckScript::new("joins", joins),
    CheckScript::new("order", order),
    CheckScript::new("pid-without-fork", pid_without_fork),
    CheckScript::new("pid-with-fork", pid_with_fork),
    CheckScript::new("status", status),
    CheckScript::new("closes", closes),
    CheckScript::new("options-end", options_end),
    CheckScript::new("usage", usage),
    CheckScript::new("errors", errors),
];

/// How often -n is given before the last one.
const MANY: usize = 70;

/// The kinds that the process joins itself.
const JOINED: [Kind; 6] = [Kind::Cgroup, Kind::Ipc, Kind::Mnt, Kind::Net, Kind::User, Kind::Uts];

fn joins(stage: &Stage<'_>) -> CheckResult {
    let target = target(stage, &JOINED)?.process();
    for kind in JOINED {
        joins_one(stage, &file(&target, kind)?, &target, kind)?;
    }
    // The namespace behind the file counts, not the place of the file.
    for kind in [Kind::Ipc, Kind::Net, Kind::Uts] {
        let path = stage.bind_mount(&target, kind)?;
        joins_one(stage, &path, &target, kind)?;
    }
    Ok(())
}

fn joins_one(stage: &Stage<'_>, path: &str, target: &ObservedProcess<'_>, kind: Kind) -> CheckResult {
    let held = stage.held_script()?;
    let (run, command) = hold(stage, &held, &["-n", path])?;
    is_same_process(&run, &command)?;
    has_left(stage, &command, &format!("-n {path}"), &[kind])?;
    is_in(&command, target, kind)?;
    command::starts_in_root(&command, kind)?;
    ends(&run, &held)
}

fn order(stage: &Stage<'_>) -> CheckResult {
    // As many as there are files.
    let all = target(stage, &JOINED)?.process();
    let kinds = [Kind::Uts, Kind::Ipc, Kind::Net, Kind::Cgroup];
    let files = kinds.iter().map(|kind| file(&all, *kind)).collect::<Result<Vec<_>, _>>()?;
    let options: Vec<&str> = files.iter().flat_map(|file| ["-n", file.as_str()]).collect();
    let held = stage.held_script()?;
    let (run, command) = hold(stage, &held, &options)?;
    has_left(stage, &command, &options.join(" "), &kinds)?;
    ends(&run, &held)?;

    // Of two of one kind, the last one is where it stays.
    let (first, second) = (target(stage, &[Kind::Uts])?.process(), target(stage, &[Kind::Uts])?.process());
    for (before, after) in [(&first, &second), (&second, &first)] {
        let held = stage.held_script()?;
        let files = [file(before, Kind::Uts)?, file(after, Kind::Uts)?];
        let (run, command) = hold(stage, &held, &["-n", &files[0], "-n", &files[1]])?;
        is_in(&command, after, Kind::Uts)?;
        ends(&run, &held)?;
    }

    // Each is opened when those before it have been joined: what a name stands for may depend on that.
    let held = stage.held_script()?;
    let own = "/proc/self/ns/uts".to_string();
    let (run, command) = hold(stage, &held, &["-n", &file(&first, Kind::Uts)?, "-n", &own])?;
    is_in(&command, &first, Kind::Uts)?;
    ends(&run, &held)?;

    // The first failure is the one that is told.
    let (missing, mark) = (format!("./{}", stage.name()), stage.name());
    for (files, operation, reason) in [
        (["/dev/null", &missing], "setns", Errno::EINVAL),
        ([missing.as_str(), "/dev/null"], "open", Errno::ENOENT),
    ] {
        let words = ["-n", files[0], "-n", files[1], "echo", &mark];
        failing::names(stage, &Launch::submission(&words), operation, reason)?;
    }

    // Any number of times: more than somebody may have made room for.
    let held = stage.held_script()?;
    let [one, other] = [file(&first, Kind::Uts)?, file(&second, Kind::Uts)?];
    let options = ["-n", one.as_str()].repeat(MANY);
    let (run, command) = hold(stage, &held, &[&options[..], &["-n", &other]].concat())?;
    is_in(&command, &second, Kind::Uts)?;
    ends(&run, &held)?;
    // Once more than the last one counts the first one again.
    let held = stage.held_script()?;
    let (run, command) = hold(stage, &held, &["-n", &one, "-n", &other, "-n", &one])?;
    is_in(&command, &first, Kind::Uts)?;
    ends(&run, &held)?;

    // Who has no capabilities gets them in a user namespace, for what that one owns.
    let owner = target(stage, &[Kind::User, Kind::Uts])?.process();
    let (user, uts) = (file(&owner, Kind::User)?, file(&owner, Kind::Uts)?);
    let held = stage.held_script()?;
    let (run, command) = hold_as(stage, &held, &["-n", &user, "-n", &uts], Launch::without_capabilities)?;
    has_left(stage, &command, &format!("-n {user} -n {uts}"), &[Kind::User, Kind::Uts])?;
    is_in(&command, &owner, Kind::Uts)?;
    ends(&run, &held)?;

    // Who has them and goes there loses those over what it does not own.
    let (held, other) = (stage.held_script()?, file(&first, Kind::Uts)?);
    let (run, command) = hold(stage, &held, &["-n", &other, "-n", &user])?;
    has_left(stage, &command, &format!("-n {other} -n {user}"), &[Kind::User, Kind::Uts])?;
    ends(&run, &held)?;
    let other = stage.bind_mount(&first, Kind::Uts)?;
    let refused = Launch::submission(&["-n", &user, "-n", &other, "echo", &stage.name()]);
    failing::names(stage, &refused, "setns", Errno::EPERM)
}

/// Demands that a process is a member of the target's PID namespace, and that its parent is this
/// process outside.
fn is_inside(
    process: &ObservedProcess<'_>,
    target: &ObservedProcess<'_>,
    parent: &ObservedProcess<'_>,
    expected: &str,
) -> CheckResult {
    is_in(process, target, Kind::Pid)?;
    let (pids, outside) = (process.nspid()?, parent.nspid()?);
    ensure(
        process.parent() == Some(*parent) && pids.len() == 2 && outside.len() == 1,
        || expected.into(),
        || format!("its PIDs from the outside inwards are {pids:?}, those of the program {outside:?}"),
    )
}

fn pid_without_fork(stage: &Stage<'_>) -> CheckResult {
    let target = target(stage, &[Kind::Pid])?.process();
    let held = stage.held_script()?;
    let status = stage.exit_status();
    // More than one command, so that the shell creates a child for the first.
    let script = stage.script(&format!("{}; exit {status}", held.words[0]))?;
    let path = file(&target, Kind::Pid)?;
    let run = stage.start(&["-n", &path, &script])?;
    let child = run.held(&held)?;
    let front = run.process();
    has_left(stage, &front, &format!("-n {path} and no -f"), &[])?;
    let expected = "COMMAND is the process that was started, outside, and its child is inside";
    is_inside(&child, &target, &front, expected)?;
    run.release()?;
    run.ends_with(Termination::Exited(status.into()))
}

fn pid_with_fork(stage: &Stage<'_>) -> CheckResult {
    let target = target(stage, &[Kind::Pid])?.process();
    let path = file(&target, Kind::Pid)?;
    let held = stage.held_script()?;
    let (run, command) = hold(stage, &held, &["-f", "-n", &path, "-f"])?;
    let expected = "COMMAND is inside, and its parent is the program, outside";
    ensure(settled::stays(stage, &run)?, || expected.into(), || "the program has ended".into())?;
    is_inside(&command, &target, &run.process(), expected)?;
    command::is_only_child(&run, &command)?;
    command::finds_the_same(&command)?;
    has_left(stage, &command, &format!("-f -n {path}"), &[Kind::Pid])
}

fn status(stage: &Stage<'_>) -> CheckResult {
    command::status_is_passed_on(stage, &["-f"])
}

fn closes(stage: &Stage<'_>) -> CheckResult {
    let kinds = [Kind::Ipc, Kind::Uts, Kind::Pid];
    let target = target(stage, &kinds)?.process();
    let files = kinds.iter().map(|kind| file(&target, *kind)).collect::<Result<Vec<_>, _>>()?;
    let options: Vec<&str> = files.iter().flat_map(|file| ["-n", file.as_str()]).chain(["-f"]).collect();
    for options in [&options[..options.len() - 1], &options[..]] {
        let held = stage.held_script()?;
        let (_run, command) = hold(stage, &held, options)?;
        inherits_nothing(&command, &held)?;
    }
    Ok(())
}

fn options_end(stage: &Stage<'_>) -> CheckResult {
    for options in [&[][..], &["--"]] {
        let held = stage.held_script()?.with(&["-f", "--", "-n", &stage.name()]);
        let held = command::with_awkward_words(stage, held);
        let (run, command) = hold(stage, &held, options)?;
        is_same_process(&run, &command)?;
        command::has_words(&command, &held)?;
        ends(&run, &held)?;
    }
    Ok(())
}

fn usage(stage: &Stage<'_>) -> CheckResult {
    let (target, mark) = (target(stage, &[Kind::Uts])?.process(), stage.name());
    let uts = file(&target, Kind::Uts)?;
    failing::gives_usage(stage, &[])?;
    failing::gives_usage(stage, &["-f"])?;
    failing::gives_usage(stage, &["-n", &uts])?;
    failing::gives_usage(stage, &["-f", "-n"])?;
    // Nothing has been joined by then.
    failing::gives_usage(stage, &["-n", "/dev/null"])?;
    failing::gives_usage(stage, &["-n", "/dev/null", "-x", "echo", &mark])?;
    failing::gives_usage(stage, &["-n", &uts, "-x", "echo", &mark])?;
    failing::refuses_unknown_options(stage, "xTrctkwsu", "-f")
}

fn errors(stage: &Stage<'_>) -> CheckResult {
    let (target, mark) = (target(stage, &[Kind::Uts])?.process(), stage.name());
    let uts = file(&target, Kind::Uts)?;
    let missing = format!("./{mark}");
    for (words, operation, reason) in [
        (&["-n", &missing, "echo", &mark][..], "open", Errno::ENOENT),
        (&["-n", "/dev/null", "echo", &mark], "setns", Errno::EINVAL),
        (&["-n", "/proc/self/ns/user", "echo", &mark], "setns", Errno::EINVAL),
        (&["-f", "-n", "/dev/null", "echo", &mark], "setns", Errno::EINVAL),
        (&["-n", "", "echo", &mark], "open", Errno::ENOENT),
    ] {
        failing::names(stage, &Launch::submission(words), operation, reason)?;
    }
    failing::names_fork(stage, &["-f", "-n", &uts, "echo", &mark])?;
    failing::names_command(stage, &["-n", &uts])?;
    failing::names_command(stage, &["-f"])?;
    let uts = stage.bind_mount(&target, Kind::Uts)?;
    let refused = Launch::submission(&["-n", &uts, "echo", &mark]).without_capabilities();
    failing::names(stage, &refused, "setns", Errno::EPERM)
}
