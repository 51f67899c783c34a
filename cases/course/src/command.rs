//! Checks for programs that execute a command: they hold the command, and look at it meanwhile.
//!
//! Checks on the process that the grader started live in `settled`.

use super::settled;
use nix::sys::signal::Signal;
use nsconform_grader::{
    CheckAbort, CheckResult, DIRECTORY, ENVIRONMENT, Held, Launch, ObservedProcess, Run, Stage, Stream,
    Termination, ensure,
};
use nsconform_sys::kind::Kind;

/// Starts the submission with these options and this command, and finds the command's process.
pub(super) fn hold<'s>(
    stage: &'s Stage<'s>,
    held: &Held,
    options: &[&str],
) -> Result<(Run<'s>, ObservedProcess<'s>), CheckAbort> {
    hold_as(stage, held, options, |launch| launch)
}

/// The same with a submission that starts otherwise: without capabilities, say.
pub(super) fn hold_as<'s>(
    stage: &'s Stage<'s>,
    held: &Held,
    options: &[&str],
    change: fn(Launch) -> Launch,
) -> Result<(Run<'s>, ObservedProcess<'s>), CheckAbort> {
    let words: Vec<&str> = options.iter().copied().chain(held.words.iter().map(String::as_str)).collect();
    let run = stage.launch(&change(Launch::submission(&words)))?;
    let command = run.held(held)?;
    // A program that does not wait where it should may be early or late: only when neither does
    // anything any more is there one thing to be seen.
    settled::stand_still(stage, "program and command to stand still", &[run.process(), command])?;
    Ok((run, command))
}

/// Lets the command end, and demands that the program ends with its status.
pub(super) fn ends(run: &Run<'_>, held: &Held) -> CheckResult {
    run.release()?;
    run.ends_with(Termination::Exited(held.status.into()))
}

/// Lets the command end, and waits for the program to end, with whatever status.
pub(super) fn is_over(run: &Run<'_>) -> CheckResult {
    run.release()?;
    run.status().map(drop)
}

/// Demands that with these options the command's process, or another one, has left exactly the
/// namespaces of these kinds.
pub(super) fn has_left(
    stage: &Stage<'_>,
    process: &ObservedProcess<'_>,
    options: &str,
    kinds: &[Kind],
) -> CheckResult {
    settled::has_left(stage, process, &format!("with {options} COMMAND"), kinds)
}

/// Demands that no process was created for the command.
pub(super) fn is_same_process(run: &Run<'_>, command: &ObservedProcess<'_>) -> CheckResult {
    ensure(
        *command == run.process(),
        || "COMMAND is executed in the process that was started".into(),
        || "it runs in another process".into(),
    )
}

/// Demands that a command without options is executed in the process that was started, in its
/// namespaces, and by a name that is searched in PATH as well.
pub(super) fn runs_in_same_process(stage: &Stage<'_>) -> CheckResult {
    let held = stage.held_script()?;
    let before = stage.mounts_now()?;
    let (run, command) = hold(stage, &held, &[])?;
    is_same_process(&run, &command)?;
    has_left(stage, &command, "no option", &[])?;
    finds_the_same(&command)?;
    settled::mounts_as_before(stage, &before)?;
    ends(&run, &held)?;
    prints_nothing_itself(&run, &held)?;
    has_its_name(stage, &[])?;
    is_searched(stage, &[])
}

/// SIGPIPE and SIGXFSZ in a mask: the runtimes of Rust and Python ignore them.
const OF_A_RUNTIME: u64 = 1 << (libc::SIGPIPE - 1) | 1 << (libc::SIGXFSZ - 1);

/// Demands that a command finds what the program has found: working directory, environment and signals.
pub(super) fn finds_the_same(command: &ObservedProcess<'_>) -> CheckResult {
    starts_in(command, DIRECTORY, "the program's working directory")?;
    let environment = command.environment()?;
    // An interpreter may have put in more.
    ensure(
        ENVIRONMENT.iter().all(|variable| environment.iter().any(|there| there == variable)),
        || format!("COMMAND has the program's environment: {ENVIRONMENT:?}"),
        || format!("it has {environment:?}"),
    )?;
    settled::has_usual_signals(command, settled::OF_THE_LIBRARY | OF_A_RUNTIME)
}

/// Demands that this is the working directory of a command, which the contract calls so.
pub(super) fn starts_in(command: &ObservedProcess<'_>, expected: &str, called: &str) -> CheckResult {
    let directory = command.directory()?;
    ensure(
        directory == std::path::Path::new(expected),
        || format!("COMMAND starts in {called}, {expected}"),
        || format!("it is in {}", directory.display()),
    )
}

/// Demands that a command that was taken into a mount namespace starts in its root.
pub(super) fn starts_in_root(command: &ObservedProcess<'_>, joined: Kind) -> CheckResult {
    match joined {
        Kind::Mnt => starts_in(command, "/", "the root of the mount namespace"),
        _ => Ok(()),
    }
}

/// Demands that with these options a command gets its own name as it was given, with a directory and
/// without. Of a script the kernel hands on the interpreter's, so that this command is one.
pub(super) fn has_its_name(stage: &Stage<'_>, options: &[&str]) -> CheckResult {
    for shell in ["/bin/sh", "sh"] {
        let held = stage.held_script()?;
        let words = [shell, &held.words[0]];
        let run = stage.start(&[options, &words].concat())?;
        run.find("the command runs", |line| (line == held.mark).then_some(()))?;
        stage.process_running(&words)?;
    }
    Ok(())
}

/// Demands that the command's process is the one child of the program, if that is there yet.
pub(super) fn is_only_child(run: &Run<'_>, command: &ObservedProcess<'_>) -> CheckResult {
    let children = run.process().children();
    ensure(
        children == [*command] || !run.process().is_alive(),
        || "the program has one child, which executes COMMAND".into(),
        || format!("it has {}", children.len()),
    )
}

/// Demands that standard output, at the end, has no more than the command has printed.
pub(super) fn prints_nothing_itself(run: &Run<'_>, held: &Held) -> CheckResult {
    let printed = run.text(Stream::Output);
    ensure(
        printed == format!("{}\n", held.mark),
        || "there is nothing on standard output but what COMMAND prints".into(),
        || format!("it has {printed:?}"),
    )
}

/// Demands that a command without a slash in its name is searched in PATH.
pub(super) fn is_searched(stage: &Stage<'_>, options: &[&str]) -> CheckResult {
    let mark = stage.name();
    let (directory, name) = searched_script(stage, &format!("echo {mark}"))?;
    let words = [options, &[&name]].concat();
    let run = stage.launch(&Launch::submission(&words).searched_first(&directory))?;
    run.find("COMMAND is searched in PATH", |line| (line == mark).then_some(()))
}

/// A script that is in none of the usual directories: gives its directory and its name.
pub(super) fn searched_script(stage: &Stage<'_>, text: &str) -> Result<(String, String), CheckAbort> {
    let path = stage.script(text)?;
    let (directory, name) = path.rsplit_once('/').unwrap_or((".", &path));
    Ok((directory.to_string(), name.to_string()))
}

/// Exit statuses that a program may treat differently: the least, the greatest, those of a failure, and
/// both sides of 128.
const STATUSES: [u8; 6] = [0, 1, 2, 127, 128, 255];

/// Signals by which a command ends itself, besides those that the watcher sends: two that come with a
/// core dump. Some libraries cannot tell of the signals for real time.
const OWN_SIGNALS: [i32; 2] = [libc::SIGABRT, libc::SIGSEGV];

/// Demands that with these options the program waits for the command, asleep, and passes on how it
/// ended: by itself, and by a signal.
pub(super) fn status_is_passed_on(stage: &Stage<'_>, options: &[&str]) -> CheckResult {
    let held = stage.held_script()?;
    let (run, command) = hold(stage, &held, options)?;
    settled::sleeps(stage, &run)?;
    settled::a_stop_is_no_end(stage, &run, &command)?;
    ends(&run, &held)?;
    prints_nothing_itself(&run, &held)?;

    let statuses = STATUSES.iter().map(|status| (format!("exit {status}"), i32::from(*status)));
    let signals = OWN_SIGNALS.iter().map(|signal| (format!("kill -{signal} $$"), 128 + signal));
    for (text, status) in statuses.chain(signals) {
        let script = stage.script(&text)?;
        stage.start(&[options, &[&script]].concat())?.ends_with(Termination::Exited(status))?;
    }

    for signal in settled::SIGNALS {
        let held = stage.held_script()?;
        let (run, command) = hold(stage, &held, options)?;
        stage.kill(&command, signal)?;
        run.ends_with(Termination::Exited(128 + signal as i32))?;
    }
    Ok(())
}

/// A command that executes its first argument by another name: one that is no path from the root.
const BY_ANOTHER_NAME: &str = "cd \"${1%/*}\"; program=./${1##*/}; shift; exec \"$program\" \"$@\"";

/// Demands that with `-v` besides these options the program tells what it does, each step when it
/// does it, and nothing without.
pub(super) fn verbose_tells_steps(stage: &Stage<'_>, options: &[&str]) -> CheckResult {
    let path = stage.program_path();
    // By another name than most runs: PROG is whatever it was started by.
    let name = format!("./{}", path.rsplit('/').next().unwrap_or_default());
    let starter = stage.script(BY_ANOTHER_NAME)?;
    let script = stage.script("true")?;
    let words = [options, &["-v", &script]].concat();
    let run = stage.launch(&Launch::submission(&words).started_by(&[starter]))?;
    tells_both_lines(stage, &run, &name)?;

    let held = stage.held_script()?;
    // An option that is given twice means what it means once.
    let (run, command) = hold(stage, &held, &[options, &["-v", "-v"]].concat())?;
    let name = path;
    // So that what it prints too early is there.
    settled::stays(stage, &run)?;
    let before = format!("{name}: PID of child created by clone() is {}\n{}\n", command.pid()?, held.mark);
    let printed = run.text(Stream::Output);
    // Which of the two comes first is open where COMMAND does not wait.
    let mut in_order: Vec<&str> = printed.split_inclusive('\n').collect();
    in_order.sort_by_key(|line| line.trim_end() == held.mark);
    ensure(
        in_order.concat() == before,
        || format!("before COMMAND ends standard output has {before:?}"),
        || format!("it has {printed:?}"),
    )?;
    is_over(&run)?;
    let (all, printed) = (format!("{printed}{name}: terminating\n"), run.text(Stream::Output));
    ensure(
        printed == all,
        || format!("at the end standard output has {all:?}"),
        || format!("it has {printed:?}"),
    )?;

    // However the command ends, and whether there is one or not.
    let (run, command) = hold(stage, &stage.held_script()?, &[options, &["-v"]].concat())?;
    stage.kill(&command, Signal::SIGKILL)?;
    run.status()?;
    let (last, printed) = (format!("\n{name}: terminating\n"), run.text(Stream::Output));
    ensure(
        printed.ends_with(&last),
        || format!("standard output ends with {last:?} when COMMAND was killed"),
        || format!("it has {printed:?}"),
    )?;
    let missing = format!("./{}", stage.name());
    let run = stage.start(&[options, &["-v", &missing]].concat())?;
    tells_both_lines(stage, &run, &name)?;

    let held = stage.held_script()?;
    let (run, _) = hold(stage, &held, options)?;
    is_over(&run)?;
    prints_nothing_itself(&run, &held)
}

/// Demands that standard output, at the end of this run, has the two lines of `-v` and no more.
fn tells_both_lines(stage: &Stage<'_>, run: &Run<'_>, name: &str) -> CheckResult {
    run.status()?;
    let printed = run.text(Stream::Output);
    let created = format!("{name}: PID of child created by clone() is ");
    let number = printed
        .strip_prefix(&created)
        .and_then(|rest| rest.strip_suffix(&format!("\n{name}: terminating\n")))
        .and_then(|pid| pid.parse::<u32>().ok());
    stage.trace(format!("the PID that it tells: {number:?}"));
    ensure(
        number.is_some(),
        || format!("at the end standard output has '{created}N' and '{name}: terminating'"),
        || format!("it has {printed:?}"),
    )
}

/// Demands that options that make namespaces can be written as one word, and that a user can have all
/// of them, although the one that gives the right to the others comes last.
pub(super) fn options_work_together(stage: &Stage<'_>, options: &[(&str, Kind)]) -> CheckResult {
    let others = &options[..options.len() - 1];
    // Each beside the next one, and the last beside the first.
    for (number, first) in others.iter().enumerate() {
        let pair = [*first, others[(number + 1) % others.len()]];
        let letters: String =
            pair.iter().flat_map(|(option, _)| option.trim_start_matches('-').chars()).collect();
        let word = format!("-{letters}");
        // One of the two is there twice.
        let words = [word.as_str(), first.0];
        let held = stage.held_script()?;
        let (run, command) = hold(stage, &held, &words)?;
        has_left(stage, &command, &words.join(" "), &pair.map(|(_, kind)| kind))?;
        is_over(&run)?;
    }

    let (mut words, kinds): (Vec<&str>, Vec<Kind>) = options.iter().copied().unzip();
    // The last one is there twice.
    words.push(words[words.len() - 1]);
    let held = stage.held_script()?;
    let (run, command) = hold_as(stage, &held, &words, Launch::without_capabilities)?;
    has_left(stage, &command, &words.join(" "), &kinds)?;
    is_over(&run)
}

/// Demands that with each of these lists of options the command gets private mounts, and that those
/// outside stay as they are.
pub(super) fn mounts_become_private(stage: &Stage<'_>, lists: &[&[&str]]) -> CheckResult {
    let before = stage.mounts_now()?;
    for options in lists {
        let held = stage.held_script()?;
        let (run, command) = hold(stage, &held, options)?;
        has_private_mounts(&command)?;
        settled::mounts_as_before(stage, &before)?;
        is_over(&run)?;
    }
    Ok(())
}

/// Demands that no mount of the command's has a peer, a master or the like.
pub(super) fn has_private_mounts(command: &ObservedProcess<'_>) -> CheckResult {
    let mounts = command.mounts()?;
    let other = mounts.iter().find(|mount| !mount.propagation.is_empty());
    ensure(
        other.is_none(),
        || "all mounts of COMMAND are private: no shared:, master: or the like in /proc/PID/mountinfo".into(),
        || {
            other
                .map(|mount| format!("{} has {}", mount.point.display(), mount.propagation.join(" ")))
                .unwrap_or_default()
        },
    )
}

/// Demands that a command, which is a script, has standard streams, and nothing else open but what
/// its interpreter opened.
pub(super) fn inherits_nothing(command: &ObservedProcess<'_>, held: &Held) -> CheckResult {
    let descriptors = command.descriptors()?;
    let script = held.words.first().map(std::path::Path::new);
    let other = descriptors.iter().find(|(number, target)| *number > 2 && Some(target.as_path()) != script);
    let is_pipe = |wanted: i32| {
        let there = |(number, target): &(i32, std::path::PathBuf)| {
            *number == wanted && target.to_string_lossy().starts_with("pipe:")
        };
        descriptors.iter().any(there)
    };
    ensure(
        (0..=2).all(is_pipe),
        || "COMMAND has the standard input, output and error of the program, which are pipes".into(),
        || format!("it has {descriptors:?}"),
    )?;
    ensure(
        other.is_none(),
        || "COMMAND has the descriptors 0, 1 and 2, and no other".into(),
        || {
            other
                .map(|(number, target)| format!("{number} is open: {}", target.display()))
                .unwrap_or_default()
        },
    )
}

/// A command with words that a program may lose: empty ones, some that look like options or patterns, some
/// that mean something to a shell, a long one, and more than somebody may have made room for.
pub(super) fn with_awkward_words(stage: &Stage<'_>, held: Held) -> Held {
    let long = "x".repeat(LONG_WORD);
    held.with(&["a  b", "", "--", "*", "$HOME", "it's", "\"", "\\n", "\n", "-u", &stage.name(), &long])
        .with(&["word"; MANY_WORDS])
}

/// How many words a command gets, and how long one of them is.
const MANY_WORDS: usize = 150;
const LONG_WORD: usize = 5000;

/// Demands that a command has all its words, whatever they look like.
pub(super) fn has_words(command: &ObservedProcess<'_>, held: &Held) -> CheckResult {
    let words = command.command_line()?;
    ensure(
        words.ends_with(&held.words),
        || format!("COMMAND gets the words {:?}", held.words),
        || format!("it is executed as {words:?}"),
    )
}
