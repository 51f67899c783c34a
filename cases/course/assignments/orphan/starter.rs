//! orphan [MILLISECONDS]
//!
//! A start: nothing but the usage is there yet. README.md says what is wanted.

use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args_os().collect();
    let program = words[0].display();
    if words.len() > 2 {
        eprintln!("Usage: {program} [MILLISECONDS]");
        return ExitCode::FAILURE;
    }

    // TODO: read MILLISECONDS, if it is there.
    // TODO: create the child.
    // TODO, in the parent: tell about it, and end.
    // TODO, in the child: wait until there is another parent; tell about it; stay for a while.
    eprintln!("{program}: not written yet");
    ExitCode::FAILURE
}
