//! ns_child_exec [-CimnpuUv] COMMAND [ARGUMENT...]
//!
//! A start: nothing but the usage is there yet. README.md says what is wanted.

use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args_os().collect();
    let program = words[0].display();
    if words.len() < 2 {
        eprintln!("Usage: {program} [-CimnpuUv] COMMAND [ARGUMENT...]");
        return ExitCode::FAILURE;
    }

    // TODO: read the options; a flag of clone(2) for each, and -v.
    // TODO: create the child; tell its PID if asked to.
    // TODO, in the child: with -m, cut off the mounts from their originals; become the command.
    // TODO, in the parent: wait, and end as the command did.
    eprintln!("{program}: not written yet");
    ExitCode::FAILURE
}
