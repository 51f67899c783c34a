//! ns_exec FILE COMMAND [ARGUMENT...]
//!
//! A start: the command line is looked at, nothing is done yet. README.md says what is wanted.

use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args_os().collect();
    let [program, file, command, _arguments @ ..] = &words[..] else {
        eprintln!("Usage: {} FILE COMMAND [ARGUMENT...]", words[0].display());
        return ExitCode::FAILURE;
    };

    // TODO: join the namespace that the file stands for.
    // TODO: become the command.
    eprintln!("{}: not written yet: {} in {}", program.display(), command.display(), file.display());
    ExitCode::FAILURE
}
