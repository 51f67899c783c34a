//! The checks of the assignment `unshare`: new namespaces for the calling process, then a command.

use super::{failing, settled};
use nix::errno::Errno;
use nix::sys::signal::Signal;
use nsconform_harness::grade::{Break, Checked, Held, Launch, Perform, Run, Seen, Stage, Status, ensure};
use nsconform_harness::kind::Kind;
use std::collections::BTreeSet;

pub(super) const CHECKS: &[Perform] = &[
    Perform::new("runs", runs),
    Perform::new("each-option", each_option),
    Perform::new("one-call", one_call),
    Perform::new("pid-without-fork", pid_without_fork),
    Perform::new("pid-with-fork", pid_with_fork),
    Perform::new("status", status),
    Perform::new("private-mounts", private_mounts),
    Perform::new("options-end", options_end),
    Perform::new("errors", errors),
];

/// The options whose effect is seen on the process itself.
const OPTIONS: [(&str, Kind); 6] = [
    ("-C", Kind::Cgroup),
    ("-i", Kind::Ipc),
    ("-m", Kind::Mnt),
    ("-n", Kind::Net),
    ("-u", Kind::Uts),
    ("-U", Kind::User),
];

/// Starts the submission with these options and this command, and finds the command's process.
fn hold<'s>(
    stage: &'s Stage<'s>,
    held: &Held,
    options: &[&str],
    as_user: bool,
) -> Result<(Run<'s>, Seen<'s>), Break> {
    let words: Vec<&str> = options.iter().copied().chain(held.words.iter().map(String::as_str)).collect();
    let launch = Launch::submission(&words);
    let run = stage.launch(&if as_user { launch.without_capabilities() } else { launch })?;
    let command = run.held(held)?;
    Ok((run, command))
}

/// Demands that the command has left exactly these namespaces.
fn has_left(stage: &Stage<'_>, command: &Seen<'_>, options: &str, kinds: &[Kind]) -> Checked {
    let expected: BTreeSet<Kind> = kinds.iter().copied().collect();
    let left: BTreeSet<Kind> = stage.kinds_left_by(command)?.into_iter().collect();
    ensure(
        left == expected,
        || format!("with {options} COMMAND leaves exactly {expected:?}"),
        || format!("it has left {left:?}"),
    )
}

fn is_same_process(run: &Run<'_>, command: &Seen<'_>) -> Checked {
    ensure(
        *command == run.process(),
        || "COMMAND is executed in the process that was started".into(),
        || "it runs in another process".into(),
    )
}

fn runs(stage: &Stage<'_>) -> Checked {
    let held = stage.held_script()?;
    let (run, command) = hold(stage, &held, &[], false)?;
    is_same_process(&run, &command)?;
    has_left(stage, &command, "no option", &[])?;
    run.release()?;
    run.ends_with(Status::Exited(held.status.into()))?;
    // The same by a name that is searched in PATH.
    let mark = stage.name();
    let run = stage.start(&["echo", &mark])?;
    run.find("COMMAND is searched in PATH", |line| (line == mark).then_some(()))
}

fn each_option(stage: &Stage<'_>) -> Checked {
    for (option, kind) in OPTIONS {
        let held = stage.held_script()?;
        let (run, command) = hold(stage, &held, &[option], false)?;
        is_same_process(&run, &command)?;
        has_left(stage, &command, option, &[kind])?;
        run.release()?;
        run.ends_with(Status::Exited(held.status.into()))?;
    }
    Ok(())
}

fn one_call(stage: &Stage<'_>) -> Checked {
    // Some of them as one word.
    let (first, second) = (stage.number(0..5) as usize, stage.number(1..5) as usize);
    let pair = [OPTIONS[first], OPTIONS[(first + second) % 5]];
    let word: String = pair.iter().flat_map(|(option, _)| option.trim_start_matches('-').chars()).collect();
    let word = format!("-{word}");
    let held = stage.held_script()?;
    let (run, command) = hold(stage, &held, &[&word], false)?;
    has_left(stage, &command, &word, &pair.map(|(_, kind)| kind))?;
    run.release()?;
    run.status()?;

    // All of them, the one that gives the right to the others being the last.
    let options = OPTIONS.map(|(option, _)| option);
    let held = stage.held_script()?;
    let (run, command) = hold(stage, &held, &options, true)?;
    has_left(stage, &command, &options.join(" "), &OPTIONS.map(|(_, kind)| kind))?;
    run.release()?;
    run.ends_with(Status::Exited(held.status.into()))
}

fn pid_without_fork(stage: &Stage<'_>) -> Checked {
    let held = stage.held_script()?;
    let status = stage.exit_status();
    // More than one command, so that the shell creates a child for the first.
    let command = stage.script(&format!("{}; exit {status}", held.words[0]))?;
    let run = stage.start(&["-p", &command])?;
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
    run.ends_with(Status::Exited(status.into()))
}

fn pid_with_fork(stage: &Stage<'_>) -> Checked {
    let held = stage.held_script()?;
    let (run, command) = hold(stage, &held, &["-f", "-p"], false)?;
    let expected = || "COMMAND is a child of the program, and PID 1 of a new namespace".to_string();
    ensure(settled::stays(stage, &run)?, expected, || "the program has ended".into())?;
    let pids = command.nspid()?;
    ensure(
        command.parent() == Some(run.process()) && pids.len() == 2 && pids[1] == 1,
        expected,
        || format!("its PIDs, from the outside inwards: {pids:?}"),
    )?;
    has_left(stage, &command, "-f -p", &[Kind::Pid])?;
    has_left(stage, &run.process(), "-f -p, before the child, as the program itself,", &[])
}

fn status(stage: &Stage<'_>) -> Checked {
    let held = stage.held_script()?;
    let (run, _) = hold(stage, &held, &["-f"], false)?;
    settled::sleeps(stage, &run)?;
    run.release()?;
    run.ends_with(Status::Exited(held.status.into()))?;

    let signal = [Signal::SIGTERM, Signal::SIGKILL, Signal::SIGHUP, Signal::SIGUSR1][stage.number(0..4) as usize];
    let held = stage.held_script()?;
    let (run, command) = hold(stage, &held, &["-f"], false)?;
    stage.kill(&command, signal)?;
    run.ends_with(Status::Exited(128 + signal as i32))
}

fn private_mounts(stage: &Stage<'_>) -> Checked {
    let held = stage.held_script()?;
    let before = stage.mounts_now()?;
    let (_run, command) = hold(stage, &held, &["-m"], false)?;
    let mounts = command.mounts()?;
    let other = mounts.iter().find(|mount| !mount.propagation.is_empty());
    ensure(
        other.is_none(),
        || "all mounts of COMMAND are private: no shared:, master: or the like in /proc/PID/mountinfo".into(),
        || other.map(|mount| format!("{} has {}", mount.point, mount.propagation.join(" "))).unwrap_or_default(),
    )?;
    let after = stage.mounts_now()?;
    let changed = before.iter().find(|mount| !after.contains(mount));
    ensure(
        changed.is_none() && before.len() == after.len(),
        || "the mounts outside are as before".into(),
        || changed.map_or("there are more".into(), |mount| format!("that of {} has changed", mount.point)),
    )
}

fn options_end(stage: &Stage<'_>) -> Checked {
    let held = stage.held_script()?.with(&["-i", "--", "-n", "-f"]);
    let (run, command) = hold(stage, &held, &["-u"], false)?;
    has_left(stage, &command, "-u before COMMAND and others behind", &[Kind::Uts])?;
    run.release()?;
    run.ends_with(Status::Exited(held.status.into()))?;

    let held = stage.held_script()?;
    let (_run, command) = hold(stage, &held, &["-i", "--"], false)?;
    has_left(stage, &command, "-i --", &[Kind::Ipc])
}

fn errors(stage: &Stage<'_>) -> Checked {
    let mark = stage.name();
    failing::gives_usage(stage, &[])?;
    failing::gives_usage(stage, &["-u"])?;
    failing::gives_usage(stage, &["-x", "echo", &mark])?;
    let refused = Launch::submission(&["-u", "echo", &mark]).without_capabilities();
    failing::names(stage, &refused, "unshare", Errno::EPERM)?;
    let refused = Launch::submission(&["-f", "-u", "echo", &mark]).without_capabilities();
    failing::names(stage, &refused, "unshare", Errno::EPERM)?;
    let missing = format!("./{mark}");
    failing::names(stage, &Launch::submission(&[&missing]), "execvp", Errno::ENOENT)?;
    failing::names(stage, &Launch::submission(&["-f", &missing]), "execvp", Errno::ENOENT)
}
