//! The program, started by a test as a user of the shell would, and the runs that it may read.
//!
//! Programs at a terminal are started in `prompt`.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

pub fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nsconform"));
    command.args(arguments).stdin(Stdio::null()).env("LC_ALL", "C.UTF-8");
    command
}

pub fn run(arguments: &[&str]) -> Output {
    program(arguments).output().unwrap()
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

/// The path of a recorded run.
pub fn recorded(name: &str) -> String {
    fixtures().join("runs").join(name).display().to_string()
}
