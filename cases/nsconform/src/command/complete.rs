//! Completion in a shell: ids of cases, names of assignments and kernels come from the program itself,
//! which the shell asks at each press of the key. `nsconform completions` makes a shell ask.

use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use clap_complete::env::{CompleteEnv, Shells};
use nsconform_catalogue::{catalogue, untested};
use nsconform_course::COURSES;
use nsconform_vm::kernels::catalogue as kernel_catalogue;

/// The variable by which a shell asks, and names itself.
const VARIABLE: &str = "NSCONFORM_COMPLETE";
const PROGRAM: &str = "nsconform";

/// Answers a shell that asks, and ends; does nothing if none does.
pub fn answer_if_asked(command: fn() -> clap::Command) {
    CompleteEnv::with_factory(command).var(VARIABLE).complete();
}

/// The script that makes a shell ask.
pub fn registration(shell: clap_complete::Shell) -> std::io::Result<Vec<u8>> {
    let mut script = Vec::new();
    let shells = Shells::builtins();
    let shell = shells.completer(&shell.to_string()).ok_or(std::io::ErrorKind::Unsupported)?;
    shell.write_registration(VARIABLE, PROGRAM, PROGRAM, PROGRAM, &mut script)?;
    Ok(script)
}

/// The ids of the cases.
pub fn cases() -> ArgValueCandidates {
    ArgValueCandidates::new(|| catalogue().iter().map(|case| candidate(case.id, case.claim)).collect())
}

/// The ids of the cases, and of the claims that nothing can test.
pub fn claims() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let cases = catalogue().iter().map(|case| candidate(case.id, case.claim));
        cases.chain(untested().map(|claim| candidate(claim.id, claim.claim))).collect()
    })
}

/// The names of the assignments.
pub fn assignments() -> ArgValueCandidates {
    ArgValueCandidates::new(|| COURSES.iter().map(|course| CompletionCandidate::new(course.name)).collect())
}

/// The names of the kernels of the built-in list; none if it cannot be read.
pub fn kernels() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let entries = kernel_catalogue::all_built_in().unwrap_or_default();
        entries.into_iter().map(|entry| CompletionCandidate::new(entry.name)).collect()
    })
}

fn candidate(id: &'static str, claim: &'static str) -> CompletionCandidate {
    CompletionCandidate::new(id).help(Some(claim.into()))
}
