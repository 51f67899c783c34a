//! The store of kept runs and `nsconform history`, as a user meets them: what is kept and shown, what is
//! damaged, several writers at once, nothing there.

mod running;

use rstest::rstest;
use running::{program, recorded, run, text};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// It failed on 6.17 to 7.2.9, for a reason that is listed.
const CASE: &str = "mnt.unbindable-copied-into-new-ns";

/// A store with these recorded runs, as root.
fn store(folder: &Path, kernels: &[&str]) -> String {
    let store = folder.join("kept").display().to_string();
    let files: Vec<String> = kernels.iter().map(|kernel| recorded(&format!("{kernel}.root.jsonl"))).collect();
    let mut arguments = vec!["report"];
    arguments.extend(files.iter().map(String::as_str));
    arguments.extend(["--store", &store, "--format", "csv"]);
    let output = run(&arguments);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("kept in"), "{}", text(&output.stderr));
    store
}

fn entries(store: &str) -> Vec<PathBuf> {
    let found = std::fs::read_dir(Path::new(store).join("runs")).unwrap();
    let mut paths: Vec<PathBuf> = found.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

#[test]
fn a_case_shows_its_last_good_and_first_bad_kernel() {
    let scratch = tempfile::tempdir().unwrap();
    let store = store(scratch.path(), &["6.17", "6.12", "6.16"]);
    let output = run(&["history", CASE, "--store", &store]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let shown = text(&output.stdout);
    let place = |text: &str| shown.find(text).unwrap_or_else(|| panic!("no {text}: {shown}"));
    assert!(
        place("\n   6.12.") < place("\n   6.16.") && place("\n   6.16.") < place("\n   6.17."),
        "{shown}"
    );
    assert!(place("last good 6.16.") < place("first bad 6.17."), "{shown}");
    let whole = text(&run(&["history", "--store", &store]).stdout);
    assert!(whole.contains("TURNED BAD") && whole.contains(CASE), "{whole}");
}

#[test]
fn programs_get_lines() {
    let scratch = tempfile::tempdir().unwrap();
    let store = store(scratch.path(), &["6.16", "6.17"]);
    let output = run(&["history", CASE, "--store", &store, "--format", "json"]);
    let lines: Vec<Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let types: Vec<&str> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["run", "run", "verdict", "verdict", "turn", "summary"]);
    assert_eq!(lines[4]["to_bad"], true);
    assert_eq!(lines[5]["turns"], 1);
}

#[test]
fn a_live_run_is_kept_and_its_entry_is_a_run_file() {
    let scratch = tempfile::tempdir().unwrap();
    let state = scratch.path().display().to_string();
    let mut command = program(&["run", "uts.", "--format", "csv", "--store"]);
    let output = command.env("XDG_STATE_HOME", &state).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let [entry] = &entries(&format!("{state}/nsconform"))[..] else { panic!("not one entry") };
    let entry = entry.display().to_string();
    assert_eq!(run(&["diff", &entry, &entry]).status.code(), Some(0));
    let shown = program(&["history"]).env("XDG_STATE_HOME", &state).output().unwrap();
    assert!(text(&shown.stdout).contains("\n1 run of "), "{}", text(&shown.stdout));
}

#[test]
fn a_damaged_entry_is_said_and_costs_no_other() {
    let scratch = tempfile::tempdir().unwrap();
    let store = store(scratch.path(), &["6.12", "6.16", "6.17"]);
    let path = entries(&store).swap_remove(1);
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 3]).unwrap();
    std::fs::write(Path::new(&store).join("runs/.new-1-0-0"), "half").unwrap();
    let output = run(&["history", CASE, "--store", &store, "--format", "json"]);
    assert_eq!(output.status.code(), Some(0));
    let errors = text(&output.stderr);
    assert!(errors.contains(&path.display().to_string()) && errors.contains("is passed over"), "{errors}");
    assert!(errors.contains(".new-1-0-0") && errors.contains("ended before it was whole"), "{errors}");
    assert_eq!(text(&output.stdout).matches("\"type\":\"run\"").count(), 2);
}

#[test]
fn many_writers_keep_all_their_runs() {
    let scratch = tempfile::tempdir().unwrap();
    let store = scratch.path().join("kept").display().to_string();
    let kernels = ["5.10", "6.1", "6.12", "6.16", "6.17", "6.18"];
    let write = |kernel: &&str| {
        let file = recorded(&format!("{kernel}.root.jsonl"));
        let mut command = program(&["report", &file, "--store", &store, "--format", "csv"]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let writers: Vec<_> = kernels.iter().chain(&kernels).map(write).collect();
    for mut writer in writers {
        assert_eq!(writer.wait().unwrap().code(), Some(0));
    }
    assert_eq!(entries(&store).len(), kernels.len());
    let output = run(&["history", CASE, "--store", &store]);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
}

#[rstest]
#[case::empty(&[], None, 4, "holds no runs: keep one with")]
#[case::unknown_case(&["6.12"], Some("uts.isolate-nodename"), 2, "nearest are uts.isolates-nodename-domainname")]
fn the_rest_is_said(
    #[case] kernels: &[&str],
    #[case] case: Option<&str>,
    #[case] status: i32,
    #[case] message: &str,
) {
    let scratch = tempfile::tempdir().unwrap();
    let store = match kernels {
        [] => scratch.path().join("nothing").display().to_string(),
        kernels => store(scratch.path(), kernels),
    };
    let mut arguments = vec!["history", "--store", &store];
    arguments.extend(case);
    let output = run(&arguments);
    assert_eq!(output.status.code(), Some(status), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains(message), "{}", text(&output.stderr));
}

#[test]
fn a_case_that_no_run_has_is_nothing_shown() {
    let scratch = tempfile::tempdir().unwrap();
    let store = scratch.path().join("kept").display().to_string();
    let one = "uts.isolates-nodename-domainname";
    assert_eq!(run(&["run", "--exact", one, "--store", &store, "-q"]).status.code(), Some(0));
    let output = run(&["history", "pid.two-pids", "--store", &store]);
    assert_eq!(output.status.code(), Some(4));
    assert!(text(&output.stderr).contains("has pid.two-pids"), "{}", text(&output.stderr));
}

#[rstest]
#[case::pattern(&["run", "--store", "uts."], "write --store last")]
#[case::file(&["report", "--store", "Cargo.toml", "x"], "is a file")]
fn a_word_that_was_meant_otherwise_is_no_folder(#[case] arguments: &[&str], #[case] message: &str) {
    let scratch = tempfile::tempdir().unwrap();
    std::fs::write(scratch.path().join("Cargo.toml"), "").unwrap();
    let file = recorded("6.12.root.jsonl");
    let arguments: Vec<&str> =
        arguments.iter().map(|word| if *word == "x" { &file } else { *word }).collect();
    let output = program(&arguments).current_dir(scratch.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains(message), "{}", text(&output.stderr));
    assert!(!scratch.path().join("uts.").exists());
}
