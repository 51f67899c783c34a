//! pidns_init_sleep SECONDS [MOUNTPOINT]
//!
//! A start: the command line is looked at, nothing is done yet. README.md says what is wanted.

use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args_os().collect();
    let program = words[0].display();
    if !matches!(words.len(), 2 | 3) {
        eprintln!("Usage: {program} SECONDS [MOUNTPOINT]");
        return ExitCode::FAILURE;
    }

    // TODO: create the child in a new PID namespace; tell its PID.
    // TODO, in the child: tell its PID and its parent's as it sees them; become sleep.
    // TODO: make MOUNTPOINT, if one is given, and mount a procfs on it. Who is to do that?
    // TODO, in the parent: wait, leave nothing behind, end as the child did.
    eprintln!("{program}: not written yet: {}", words[1].display());
    ExitCode::FAILURE
}
