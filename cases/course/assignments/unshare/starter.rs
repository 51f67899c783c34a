//! unshare [-CimnpuUf] COMMAND [ARGUMENT...]
//!
//! A start: nothing but the usage is there yet. README.md says what is wanted.

use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args_os().collect();
    let program = words[0].display();
    if words.len() < 2 {
        eprintln!("Usage: {program} [-CimnpuUf] COMMAND [ARGUMENT...]");
        return ExitCode::FAILURE;
    }

    // TODO: read the options; a flag of unshare(2) for each, and -f.
    // TODO: leave the namespaces; with -m, cut off the mounts from their originals.
    // TODO: with -f, become the parent of the command and wait for it.
    // TODO: become the command.
    eprintln!("{program}: not written yet");
    ExitCode::FAILURE
}
