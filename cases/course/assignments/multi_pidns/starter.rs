//! multi_pidns LEVELS SECONDS DIRECTORY
//!
//! A start: the words are counted, nothing is done yet. README.md says what is wanted.

use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args_os().collect();
    let program = words[0].display();
    if words.len() != 4 {
        eprintln!("Usage: {program} LEVELS SECONDS DIRECTORY");
        return ExitCode::FAILURE;
    }

    // TODO: read LEVELS; what is no number from 1 up is a wrong command line.
    // TODO: make DIRECTORY; create the process of the outermost level.
    // TODO, in each level: mount its procfs; create the next level, or become sleep.
    // TODO, in each parent: wait, and end as the child did; in the program, clean up first.
    eprintln!("{program}: not written yet");
    ExitCode::FAILURE
}
