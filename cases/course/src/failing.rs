//! Checks of failures, which all contracts treat alike: the program names the failure on standard
//! error, exits with status 1, and has done nothing.

use nix::errno::Errno;
use nsconform_grader::{CheckAbort, CheckResult, Launch, Run, Stage, Stream, Termination, ensure};

/// Demands that this run of the submission names the operation and the reason on standard error,
/// prints nothing on standard output, and ends with status 1. A command that it is given should
/// print something, so as to show if it was executed.
pub(super) fn names(stage: &Stage<'_>, launch: &Launch, operation: &str, reason: Errno) -> CheckResult {
    silent(&says(stage, launch, operation, reason)?)
}

/// The same where no process can be created for the command: a library that creates it and executes the
/// command in one call tells of that call.
pub(super) fn names_fork(stage: &Stage<'_>, words: &[&str]) -> CheckResult {
    let run = ended(stage, &Launch::submission(words).most_processes(0))?;
    let error = run.text(Stream::Error);
    ensure(
        ["fork", "execvp", "posix_spawnp", "posix_spawn", "vfork", "clone"]
            .iter()
            .any(|operation| is_told(&error, operation, Errno::EAGAIN)),
        || format!("a line 'fork: {}' on standard error", self::words(Errno::EAGAIN)[0]),
        || format!("standard error: {error:?}"),
    )?;
    silent(&run)
}

/// The same with whatever on standard output.
pub(super) fn says<'s>(
    stage: &'s Stage<'s>,
    launch: &Launch,
    operation: &str,
    reason: Errno,
) -> Result<Run<'s>, CheckAbort> {
    let run = ended(stage, launch)?;
    let error = run.text(Stream::Error);
    ensure(
        is_told(&error, operation, reason),
        || format!("a line '{operation}: {}' on standard error", words(reason)[0]),
        || format!("standard error: {error:?}"),
    )?;
    Ok(run)
}

/// Whether a text has a line that tells of a failed operation, by the one rule of all handouts: it
/// begins with the operation and a colon, and then has the reason as the kernel's error is called in
/// the C library, perhaps after the name of a file and a colon. More may follow, as `(os error 1)`.
pub(super) fn is_told(text: &str, operation: &str, reason: Errno) -> bool {
    text.lines().any(|line| {
        let told = line.strip_prefix(operation).and_then(|rest| rest.strip_prefix(": "));
        told.is_some_and(|told| {
            let behind_a_file = told.match_indices(": ").map(|(at, colon)| &told[at + colon.len()..]);
            let mut places = std::iter::once(told).chain(behind_a_file);
            places.any(|place| words(reason).iter().any(|words| place.starts_with(words)))
        })
    })
}

/// The words of strerror(3), in any C library: the submission's need not be the grader's. The words of
/// nix are the same for most.
fn words(reason: Errno) -> Vec<&'static str> {
    match reason {
        // The C libraries, and the library of Rust that has the kernel's own words.
        Errno::EAGAIN => vec!["Resource temporarily unavailable", "Try again"],
        // glibc, musl.
        Errno::ENOTTY => vec!["Inappropriate ioctl for device", "Not a tty"],
        other => vec![other.desc()],
    }
}

/// Demands that these words are refused as a wrong command line.
pub(super) fn gives_usage(stage: &Stage<'_>, words: &[&str]) -> CheckResult {
    let run = ended(stage, &Launch::submission(words))?;
    let error = run.text(Stream::Error);
    ensure(
        error.lines().any(|printed| printed.starts_with("Usage:")),
        || "a line on standard error that begins with 'Usage:'".into(),
        || format!("standard error: {error:?}"),
    )?;
    silent(&run)
}

/// Demands that a command that cannot be executed is named, for whatever reason, with these options.
pub(super) fn names_command(stage: &Stage<'_>, options: &[&str]) -> CheckResult {
    let missing = format!("./{}", stage.name());
    // A directory is nothing that can be executed, whoever tries.
    for (command, reason) in [(missing.as_str(), Errno::ENOENT), ("/tmp", Errno::EACCES)] {
        let words = [options, &[command]].concat();
        names(stage, &Launch::submission(&words), "execvp", reason)?;
    }
    Ok(())
}

/// Demands that options that the contract does not have are refused: words that begin with `--`, and
/// these letters, alone and behind one that it has, which is `known`.
pub(super) fn refuses_unknown_options(stage: &Stage<'_>, letters: &str, known: &str) -> CheckResult {
    let mark = stage.name();
    let alone = letters.chars().map(|letter| format!("-{letter}"));
    let behind = letters.chars().next().map(|letter| format!("{known}{letter}"));
    for option in alone.chain(behind).chain(["--x".to_string()]) {
        gives_usage(stage, &[&option, "echo", &mark])?;
        gives_usage(stage, &[known, &option, "echo", &mark])?;
    }
    Ok(())
}

fn ended<'s>(stage: &'s Stage<'s>, launch: &Launch) -> Result<Run<'s>, CheckAbort> {
    let run = stage.launch(launch)?;
    run.ends_with(Termination::Exited(1))?;
    Ok(run)
}

fn silent(run: &Run<'_>) -> CheckResult {
    let output = run.text(Stream::Output);
    ensure(
        output.is_empty(),
        || "nothing on standard output, and no command executed".into(),
        || format!("standard output: {output:?}"),
    )
}
