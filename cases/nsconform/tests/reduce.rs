//! `nsconform reduce`, and the scripts that the other commands hand out for it.

use std::path::Path;
use std::process::{Command, Output};

fn nsconform(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nsconform")).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn written(folder: &Path, name: &str, content: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path.display().to_string()
}

/// A script with the answers of a kernel on which a host name cannot be set; every other line is of no
/// interest.
const OTHER: &str = "\
+++ starts as root +++
# nothing of this matters
a  mkdir(\"/tmp/a\", 0755)                     = 0
a  getpid()                                 = <a>
a  clone(CLONE_NEWUTS)                      = <b>
b  mkdir(\"/tmp/b\", 0755)                     = 0
b  gethostname()                            = \"sealed\"
b  sethostname(\"b\")                         = -1 EPERM (Operation not permitted)
b  gethostname()                            = \"sealed\"
";

#[test]
fn a_difference_from_a_trace_is_kept_and_what_cannot_matter_goes() {
    let folder = tempfile::tempdir().unwrap();
    let script = written(folder.path(), "other.script", OTHER);
    let short = folder.path().join("short.script").display().to_string();
    let output = nsconform(&["reduce", &script, "--differs-from", &script, "--output", &short]);
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{shown}{}", text(&output.stderr));
    let expected = "\
+++ starts as root +++
a  clone(CLONE_NEWUTS)                      = <b>
b  sethostname(\"b\")
";
    assert_eq!(std::fs::read_to_string(&short).unwrap(), expected);
    assert!(
        shown.starts_with("9 steps are reduced to 2 in ")
            || shown.starts_with("8 steps are reduced to 2 in "),
        "{shown}"
    );
    assert!(shown.contains("\n- b  sethostname(\"b\")                         = -1 EPERM"), "{shown}");
    assert!(shown.contains("\n+ b  sethostname(\"b\")                         = 0"), "{shown}");
    let again = nsconform(&["reduce", &script, "--differs-from", &script]);
    assert_eq!(text(&again.stdout), shown, "the same seed gives the same result");
}

#[test]
fn the_script_of_a_case_is_its_trace_and_there_is_nothing_to_reduce() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("script").display().to_string();
    let output =
        nsconform(&["explain", "uts.set-needs-cap-in-owner", "--format", "script", "--output", &file]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let script = std::fs::read_to_string(&file).unwrap();
    // A process with other credentials than the case's, which no trace shows.
    assert!(script.contains("+++ root starts as root +++"), "{script}");
    let played = nsconform(&["play", &file, "--expect", &file]);
    assert_eq!(played.status.code(), Some(0), "{}{}", text(&played.stdout), text(&played.stderr));
    let reduced = nsconform(&["reduce", &file, "--differs-from", &file]);
    assert_eq!(reduced.status.code(), Some(1), "{}", text(&reduced.stderr));
    assert!(text(&reduced.stdout).contains("There is no difference"), "{}", text(&reduced.stdout));
}

#[test]
fn a_report_hands_out_the_trace_of_a_case_as_a_script() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run.jsonl").display().to_string();
    let id = "uts.copied-at-creation";
    let done = nsconform(&["run", "--exact", id, "--format", "json", "--output", &run]);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    let output = nsconform(&["report", &run, "--script", id]);
    let script = text(&output.stdout);
    assert!(script.starts_with("+++ starts as root +++\nouter "), "{script}{}", text(&output.stderr));
    let file = written(folder.path(), "script", &script);
    assert_eq!(nsconform(&["play", &file, "--expect", &file]).status.code(), Some(0));
    let other = nsconform(&["report", &run, "--script", "uts.set-needs-cap-in-owner"]);
    assert_eq!(other.status.code(), Some(2));
    assert!(text(&other.stderr).contains("has no result of"), "{}", text(&other.stderr));
}

#[test]
fn a_claim_without_a_case_says_why_there_is_no_script() {
    let untested = nsconform_catalogue::untested().next().unwrap().id;
    let output = nsconform(&["explain", untested, "--format", "script"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("so that there is no script:"), "{}", text(&output.stderr));
}

#[test]
fn the_trace_of_another_script_is_wrong_input() {
    let folder = tempfile::tempdir().unwrap();
    let script = written(folder.path(), "script", "a  getpid()\n");
    let trace = written(folder.path(), "trace", "a  geteuid() = 0\n");
    let output = nsconform(&["reduce", &script, "--differs-from", &trace]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("line 1 is not what the script does next"),
        "{}",
        text(&output.stderr)
    );
}
