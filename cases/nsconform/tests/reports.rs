//! Reports as programs meet them: run files by their schema, each format from a live run, a stored
//! run and a matrix, parts of a run put together, two writers to one file.

mod running;

use jsonschema::Validator;
use rstest::rstest;
use running::{fixtures, program, recorded, run, text};
use serde_json::Value;
use std::path::Path;
use std::process::Output;

fn schema() -> Validator {
    let path = fixtures().join("schemas/run.schema.json");
    let schema: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

/// The violations of the schema in a run file.
fn violations(validator: &Validator, content: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for (number, line) in content.lines().enumerate() {
        let value: Value = serde_json::from_str(line).unwrap();
        let errors = validator.iter_errors(&value).map(|error| error.to_string());
        wrong.extend(errors.map(|error| format!("line {}: {error}", number + 1)));
    }
    wrong
}

#[test]
fn live_and_recorded_runs_keep_to_the_schema() {
    let validator = schema();
    let live = text(&run(&["run", "--format", "json"]).stdout);
    assert!(live.lines().count() > 100);
    assert_eq!(violations(&validator, &live), Vec::<String>::new());
    for entry in std::fs::read_dir(fixtures().join("runs")).unwrap() {
        let path = entry.unwrap().path();
        let wrong = violations(&validator, &std::fs::read_to_string(&path).unwrap());
        assert_eq!(wrong, Vec::<String>::new(), "{}", path.display());
    }
}

#[rstest]
#[case::no_id(r#"{"type":"case","index":0,"verdict":"pass","duration_us":1}"#)]
#[case::fail_with_a_reason(
    r#"{"type":"case","index":0,"id":"a.b","verdict":"fail","duration_us":1,"reason":"x"}"#
)]
#[case::error_without_one(r#"{"type":"case","index":0,"id":"a.b","verdict":"error","duration_us":1}"#)]
#[case::unknown_field(r#"{"type":"case","index":0,"id":"a.b","verdict":"pass","duration_us":1,"more":1}"#)]
#[case::unknown_type(r#"{"type":"song"}"#)]
fn the_schema_refuses_what_is_wrong(#[case] line: &str) {
    assert!(!violations(&schema(), line).is_empty());
}

/// The events of a run file, those of cases in the order of the catalogue.
fn events(content: &str) -> Vec<Value> {
    let mut lines: Vec<Value> = content.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = lines.len() - 1;
    lines[1..last].sort_by_key(|line| line["index"].as_u64());
    lines
}

#[test]
fn a_kept_run_is_small_and_is_read_back_whole() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("run.jsonl").display().to_string();
    let whole = text(&run(&["run", "uts.", "--format", "json"]).stdout);
    std::fs::write(&path, &whole).unwrap();
    assert_eq!(run(&["shorten", &path]).status.code(), Some(0));
    let kept = std::fs::read_to_string(&path).unwrap();
    assert_eq!(violations(&schema(), &kept), Vec::<String>::new());
    assert!(kept.len() * 2 < whole.len(), "{} of {} bytes", kept.len(), whole.len());
    let read = text(&run(&["report", &path, "--format", "json"]).stdout);
    assert_eq!(violations(&schema(), &read), Vec::<String>::new());
    assert_eq!(events(&read), events(&whole));
    let compared = run(&["diff", &path, &path]);
    assert_eq!(compared.status.code(), Some(0), "{}", text(&compared.stdout));
}

#[rstest]
fn each_format_comes_from_a_live_run_a_stored_run_and_a_matrix(
    #[values("human", "json", "ktap", "tap", "junit", "markdown", "csv", "kcidb", "html")] format: &str,
) {
    let stored = recorded("6.12.root.jsonl");
    let all = fixtures().join("runs").display().to_string();
    let names_only_failures = ["human", "markdown"].contains(&format);
    for arguments in [
        ["run", "uts.", "--format", format],
        ["report", &stored, "--format", format],
        ["report", &all, "--format", format],
    ] {
        let output = run(&arguments);
        let shown = text(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stderr));
        assert!(shown.contains("uts.isolates-nodename-domainname") || names_only_failures, "{arguments:?}");
        assert!(shown.lines().count() > 3, "{arguments:?}: {shown}");
    }
}

#[test]
fn a_run_in_parts_is_put_together_and_a_missing_part_is_said() {
    let scratch = tempfile::tempdir().unwrap();
    let part = |number: u32| scratch.path().join(format!("part{number}.json")).display().to_string();
    for number in 1..=3 {
        let output = run(&[
            "run",
            "uts.",
            "--shard",
            &format!("{number}/3"),
            "--format",
            "json",
            "--output",
            &part(number),
        ]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    }
    let ids = |output: &Output| -> std::collections::BTreeSet<String> {
        text(&output.stdout)
            .lines()
            .skip(1)
            .filter_map(|line| line.split(',').next().map(str::to_string))
            .collect()
    };
    let whole = run(&["run", "uts.", "--format", "csv"]);
    let merged = run(&["report", &part(1), &part(2), &part(3), "--format", "csv"]);
    assert_eq!(ids(&merged), ids(&whole));
    assert_eq!(merged.status.code(), Some(0));
    let incomplete = run(&["report", &part(1), &part(3)]);
    assert_eq!(incomplete.status.code(), Some(3));
    assert!(text(&incomplete.stdout).contains("part 2 of 3 is missing"), "{}", text(&incomplete.stdout));
    let twice = run(&["report", &part(1), &part(1)]);
    assert_eq!(twice.status.code(), Some(2), "{}", text(&twice.stderr));
}

#[test]
fn a_stored_run_comes_from_standard_input() {
    let file = std::fs::File::open(recorded("6.12.root.jsonl")).unwrap();
    let output = program(&["report", "-", "--format", "csv", "--output", "-"]).stdin(file).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).starts_with("id,claim,"));
}

/// Rewrites the verdict of one case of a stored run, and gives the path of the copy.
fn altered(folder: &Path, name: &str, from: &str, to: &str) -> String {
    let content = text(&run(&["run", "uts.", "--format", "json"]).stdout);
    let mut lines: Vec<String> = content.lines().map(str::to_string).collect();
    let line = lines.iter_mut().find(|line| line.contains("\"uts.isolates-nodename-domainname\"")).unwrap();
    *line = line.replace(from, to);
    let path = folder.join(name);
    std::fs::write(&path, lines.join("\n") + "\n").unwrap();
    path.display().to_string()
}

#[test]
fn what_failed_is_run_again() {
    let scratch = tempfile::tempdir().unwrap();
    let failed = altered(scratch.path(), "failed", r#""verdict":"pass""#, r#""verdict":"fail""#);
    let output = run(&["run", "--failed", &failed, "--format", "csv"]);
    assert_eq!(text(&output.stdout).lines().count(), 2, "{}", text(&output.stdout));
    let fine = altered(scratch.path(), "fine", "pass", "pass");
    let output = run(&["run", "--failed", &fine]);
    assert_eq!(output.status.code(), Some(4));
    assert!(text(&output.stderr).contains("none of the selected cases failed there"));
}

#[rstest]
#[case::report(&["report"])]
#[case::diff(&["diff"])]
fn a_failure_that_is_expected_is_green(#[case] command: &[&str]) {
    let scratch = tempfile::tempdir().unwrap();
    let failed = altered(scratch.path(), "failed", r#""verdict":"pass""#, r#""verdict":"fail""#);
    let fine = altered(scratch.path(), "fine", "pass", "pass");
    let known = scratch.path().join("known.toml");
    std::fs::write(
        &known,
        "[[known]]\ncase = 'uts.isolates-nodename-domainname'\nfrom = '1.0'\nreason = 'ours'\nreference = 'x'\n",
    )
    .unwrap();
    let mut arguments = command.to_vec();
    if command == ["diff"] {
        arguments.push(&fine);
    }
    arguments.push(&failed);
    assert_eq!(run(&arguments).status.code(), Some(1));
    let known = known.display().to_string();
    arguments.extend(["--known", &known]);
    let output = run(&arguments);
    assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stdout), text(&output.stderr));
    assert!(text(&output.stdout).to_lowercase().contains("expected"), "{}", text(&output.stdout));
}

#[rstest]
#[case::no_reason("[[known]]\ncase = 'uts.x'\nfrom = '1.0'\nreference = 'x'\n", "missing field `reason`")]
#[case::unknown_case(
    "[[known]]\ncase = 'uts.x'\nfrom = '1.0'\nreason = 'r'\nreference = 'x'\n",
    "nearest are"
)]
fn a_wrong_list_of_expected_failures_is_refused(#[case] list: &str, #[case] message: &str) {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("known.toml");
    std::fs::write(&path, list).unwrap();
    let output = run(&["run", "uts.", "--known", &path.display().to_string()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains(message), "{}", text(&output.stderr));
}

#[test]
fn nothing_compared_is_no_success() {
    let scratch = tempfile::tempdir().unwrap();
    let run_of = |pattern: &str| {
        let path = scratch.path().join(pattern).display().to_string();
        run(&["run", pattern, "--format", "json", "--output", &path]);
        path
    };
    let output = run(&["diff", &run_of("uts."), &run_of("ipc.")]);
    assert_eq!(output.status.code(), Some(4), "{}", text(&output.stdout));
    let lost = run(&["diff", &run_of("uts."), &run_of("uts.isolates"), "--fail-on", "lost,changed"]);
    assert_eq!(
        lost.status.code(),
        Some(0),
        "a case that was not selected is not lost: {}",
        text(&lost.stdout)
    );
}

#[test]
fn a_second_writer_is_refused() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("run.json").display().to_string();
    std::fs::write(&path, "of the first writer").unwrap();
    let held = std::fs::File::open(&path).unwrap();
    let _held = nix::fcntl::Flock::lock(held, nix::fcntl::FlockArg::LockExclusiveNonblock).unwrap();
    let output = run(&["run", "uts.", "--output", &path]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("another process writes to it"), "{}", text(&output.stderr));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "of the first writer");
}
