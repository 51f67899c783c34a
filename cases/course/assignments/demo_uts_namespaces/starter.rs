//! demo_uts_namespaces NEWNAME
//!
//! A start: the command line is looked at, nothing is done yet. README.md says what is wanted.

use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args_os().collect();
    let [program, name] = &words[..] else {
        eprintln!("Usage: {} NEWNAME", words[0].display());
        return ExitCode::FAILURE;
    };

    // TODO: create the child in a new UTS namespace; tell its PID.
    // TODO, in the child: set the host name, show it, stay.
    // TODO, in the parent: show the host name once the child has shown its own; wait.
    eprintln!("{}: not written yet: {}", program.display(), name.display());
    ExitCode::FAILURE
}
