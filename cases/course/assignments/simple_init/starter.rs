//! simple_init [-v]
//!
//! A start: nothing but the usage is there yet. README.md says what is wanted.

use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args_os().collect();
    let program = words[0].display();
    if words.len() > 2 || words.get(1).is_some_and(|word| word != "-v") {
        eprintln!("Usage: {program} [-v]");
        return ExitCode::FAILURE;
    }

    // TODO: take the terminal.
    // TODO: wait for children whenever some have ended.
    // TODO: prompt, read a line, split it into words, execute them in a child; again.
    eprintln!("{program}: not written yet");
    ExitCode::FAILURE
}
