//! Every format of a grading, for every finding: valid by the schemas in `fixtures/schemas`,
//! which are written from the documentation of the consumers, and saying the right thing.
//!
//! The gradings are made by hand: nothing is graded here.

use nsconform_grader::grading::*;
use nsconform_grader::report::{Format, Report, ResultFile};
use nsconform_report::ExitStatus;
use quick_junit::{NonSuccessKind, TestCaseStatus};
use rstest::rstest;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::Duration;

fn failed() -> Finding {
    Finding::Failed(Mismatch {
        expected: "the host name outside stays \"stage\"".into(),
        observed: "it is \"lisboa\"".into(),
    })
}

fn stopped(limit: Limit) -> Finding {
    Finding::Stopped(Stop { limit, what: "after 2.0 s, while waiting for the end of the program".into() })
}

fn not_checked() -> Finding {
    Finding::NotChecked { prerequisite: "runs".into() }
}

fn unavailable() -> Finding {
    Finding::Unavailable { reason: "cgroup v2 is not mounted: mount it on /sys/fs/cgroup".into() }
}

fn error() -> Finding {
    Finding::Error { message: "fork gives EAGAIN (Resource temporarily unavailable)".into() }
}

fn check(id: &str, points: u32, finding: Finding) -> GradedCheck {
    let asked = match finding {
        Finding::NotChecked { .. } | Finding::Unavailable { .. } => vec![],
        _ => vec!["./demo_uts_namespaces lisboa".into(), "SIGTERM to the child".into()],
    };
    GradedCheck {
        id: id.into(),
        title: format!("What the check {id} is about"),
        points,
        visibility: Visibility::Visible,
        finding,
        asked,
        trace: vec!["child  uname()  = {nodename=\"lisboa\"}".into()],
        printed: "uts.nodename in child: lisboa\n".into(),
        hints: vec!["Which process changes the name?".into(), "clone(2), CLONE_NEWUTS".into()],
        duration: Duration::from_millis(20),
    }
}

fn grading(checks: Vec<GradedCheck>) -> Grading {
    Grading {
        assignment: "demo_uts_namespaces".into(),
        title: "UTS namespaces: a host name of one's own".into(),
        program: "./my demo".into(),
        seed: u64::MAX,
        planned: checks.len(),
        checks,
        notes: vec!["It waits for a byte on a pipe: a sleep would only make the order likely.".into()],
        guest: None,
        cgroup: false,
        broken: None,
        impossible: false,
        repeat: None,
        duration: Duration::from_millis(123),
    }
}

fn hide(mut check: GradedCheck) -> GradedCheck {
    check.visibility = Visibility::Hidden;
    check
}

/// The environment that Classroom 50's runner sets.
fn environment(name: &str) -> Option<String> {
    let value = match name {
        "CLASSROOM" => "os-2026",
        "ASSIGNMENT" => "uts",
        "SUBMISSION_TAG" => "submit/2026-06-01T14-32-05Z-a1b2c3d",
        "OWNER" | "USERNAME" => "alice",
        "COMMIT_URL" => "https://git.example/alice/commit/a1b2c3d",
        "RELEASE_URL" => "https://git.example/alice/releases/1",
        "GITHUB_ACTOR" => "bob",
        "GITHUB_ACTOR_ID" => "222",
        _ => return None,
    };
    Some(value.to_string())
}

fn report(format: Format, staff: bool, hints: usize) -> Report {
    Report::new(format, staff, hints, 80, &environment).unwrap()
}

fn document(format: Format, grading: &Grading) -> String {
    report(format, false, 0).document(grading).unwrap().unwrap()
}

fn json(format: Format, grading: &Grading) -> Value {
    serde_json::from_str(&document(format, grading)).unwrap()
}

fn validator(format: Format) -> jsonschema::Validator {
    let name = match format {
        Format::Json => "grading",
        format => format.name(),
    };
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../fixtures/schemas/{name}.schema.json"));
    let schema: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

/// The violations of a schema; none for a valid document.
fn faults(format: Format, document: &Value) -> Vec<String> {
    validator(format)
        .iter_errors(document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

/// Gradings of every kind that a consumer can meet.
fn gradings() -> Vec<(&'static str, Grading)> {
    let passed = || check("runs", 3, Finding::Passed);
    let mut partial = grading(vec![passed()]);
    partial.planned = 5;
    let mut nothing_yet = grading(vec![]);
    nothing_yet.planned = 5;
    let mut broken = grading(vec![passed(), check("other", 2, failed())]);
    broken.planned = 5;
    broken.broken = Some("the stage could not be built: clone gives EPERM".into());
    let mut hostile = check("runs", 3, failed());
    hostile.printed = "\x1b[2J\u{202e}<script>\u{0}]]>&\u{ffff}é".repeat(4000);
    hostile.title = "é".repeat(200);
    vec![
        ("full marks", grading(vec![passed(), check("informs", 0, Finding::Passed)])),
        ("failed", grading(vec![passed(), check("isolated", 4, failed())])),
        ("failed, informational", grading(vec![passed(), check("informs", 0, failed())])),
        ("stopped", grading(vec![passed(), check("ends", 2, stopped(Limit::Time))])),
        (
            "nothing runs",
            grading(vec![check("runs", 3, stopped(Limit::Memory)), check("other", 2, not_checked())]),
        ),
        ("not checked", grading(vec![check("runs", 3, failed()), check("other", 2, not_checked())])),
        ("unavailable", grading(vec![passed(), check("other", 2, unavailable())])),
        ("all unavailable", grading(vec![check("runs", 3, unavailable())])),
        ("error", grading(vec![passed(), check("other", 2, error())])),
        ("hidden", grading(vec![passed(), hide(check("other", 2, failed()))])),
        ("all hidden", grading(vec![hide(passed())])),
        ("partial", partial),
        ("nothing yet", nothing_yet),
        ("broken", broken),
        ("hostile", grading(vec![hostile])),
    ]
}

#[rstest]
fn every_document_is_valid(
    #[values(Format::Json, Format::Gradescope, Format::Classroom50, Format::Exercism)] format: Format,
    #[values(0, 1, 9)] hints: usize,
) {
    let mut count = 0;
    for (name, grading) in gradings() {
        let Some(text) = report(format, false, hints).document(&grading).unwrap() else {
            assert_eq!((format, name), (Format::Gradescope, "broken"));
            continue;
        };
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(faults(format, &value), Vec::<String>::new(), "{name}: {text}");
        count += 1;
    }
    assert!(count >= gradings().len() - 1);
}

/// A schema that accepts everything would prove nothing: each spoils a valid document.
#[rstest]
#[case::json(Format::Json, "/checks/1/expected", None)]
#[case::json_status(Format::Json, "/checks/1/status", Some(Value::from("fail")))]
#[case::json_foreign(Format::Json, "/checks/0/prerequisite", Some(Value::from("x")))]
#[case::json_seed(Format::Json, "/seed", Some(Value::from(1)))]
#[case::gradescope(Format::Gradescope, "/tests/0/visibility", Some(Value::from("staff")))]
#[case::gradescope_status(Format::Gradescope, "/tests/0/status", Some(Value::from("pass")))]
#[case::gradescope_misspelt(Format::Gradescope, "/executiontime", Some(Value::from(1)))]
#[case::gradescope_number(Format::Gradescope, "/tests/0/number", Some(Value::from(1)))]
#[case::classroom50(Format::Classroom50, "/owner", None)]
#[case::classroom50_fraction(Format::Classroom50, "/score", Some(Value::from(1.5)))]
#[case::classroom50_tag(Format::Classroom50, "/submission", Some(Value::from("main")))]
#[case::classroom50_date(Format::Classroom50, "/datetime", Some(Value::from("2026-06-01 14:32:05")))]
#[case::exercism(Format::Exercism, "/tests", None)]
#[case::exercism_message(Format::Exercism, "/tests/1/message", None)]
#[case::exercism_status(Format::Exercism, "/status", Some(Value::from("pass")))]
#[case::exercism_task(Format::Exercism, "/tests/0/task_id", Some(Value::from(1)))]
#[case::exercism_output(Format::Exercism, "/tests/0/output", Some(Value::from("x".repeat(501))))]
fn a_schema_notices_what_is_wrong(#[case] format: Format, #[case] place: &str, #[case] value: Option<Value>) {
    let grading = grading(vec![check("runs", 3, Finding::Passed), check("isolated", 4, failed())]);
    let mut document = json(format, &grading);
    assert_eq!(faults(format, &document), Vec::<String>::new());
    let (parent, name) = place.rsplit_once('/').unwrap();
    let fields = document.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    match value {
        Some(value) => fields.insert(name.to_string(), value),
        None => fields.remove(name),
    };
    assert_ne!(faults(format, &document), Vec::<String>::new());
}

#[rstest]
#[case::passed(Finding::Passed, Some("passed"), Some(4))]
#[case::failed(failed(), Some("failed"), Some(0))]
#[case::stopped(stopped(Limit::Time), Some("failed"), Some(0))]
#[case::not_checked(not_checked(), Some("failed"), Some(0))]
#[case::unavailable(unavailable(), None, None)]
#[case::error(error(), Some("failed"), Some(0))]
fn gradescope_test(#[case] finding: Finding, #[case] status: Option<&str>, #[case] score: Option<u64>) {
    let mut second = check("second", 4, finding.clone());
    second.visibility = Visibility::AfterPublished;
    let results = json(Format::Gradescope, &grading(vec![check("runs", 3, Finding::Passed), second]));
    let test = &results["tests"][1];
    assert_eq!(test["status"].as_str(), status);
    assert_eq!(test["score"].as_u64(), score);
    assert_eq!(test["max_score"].as_u64(), score.map(|_| 4));
    assert_eq!(test["visibility"], "after_published");
    assert_eq!(test["number"], "2");
    let output = test["output"].as_str().unwrap_or("");
    let said = match finding {
        Finding::Passed => "",
        Finding::Failed(_) => "observed: it is \"lisboa\"",
        Finding::Stopped(_) => "stopped: after 2.0 s",
        Finding::NotChecked { .. } => "needs: runs, which did not pass",
        Finding::Unavailable { .. } => "missing: cgroup v2",
        Finding::Error { .. } => "the grader failed, not the program; please tell the staff",
    };
    assert!(output.contains(said), "{output}");
    assert_eq!(output.is_empty(), finding == Finding::Passed);
}

#[test]
fn gradescope_as_a_whole() {
    let checks = vec![check("runs", 3, Finding::Passed), check("informs", 0, failed())];
    let results = json(Format::Gradescope, &grading(checks));
    assert_eq!(results["score"], 3);
    assert_eq!(results["execution_time"], 0.123);
    assert_eq!(results["stdout_visibility"], "hidden");
    assert_eq!(results["extra_data"]["seed"], "18446744073709551615");
    assert_eq!(results["extra_data"]["complete"], true);
    assert_eq!(results["tests"][1]["status"], "failed");
    assert!(results["tests"][1].get("max_score").is_none());
    // No point that counts was lost.
    assert!(results["output"].as_str().unwrap().contains("model answer"));
}

/// The notes would tell a student that hidden checks passed, if they waited for those.
#[rstest]
#[case::all(Finding::Passed, Finding::Passed, true)]
#[case::hidden_one_failed(Finding::Passed, failed(), true)]
#[case::shown_one_failed(failed(), Finding::Passed, false)]
fn notes_wait_for_what_students_see(#[case] shown: Finding, #[case] hidden: Finding, #[case] expected: bool) {
    let grading = grading(vec![check("runs", 3, shown), hide(check("secret", 4, hidden.clone()))]);
    let output = json(Format::Gradescope, &grading)["output"].to_string();
    assert_eq!(output.contains("model answer"), expected);
    assert_eq!(document(Format::Human, &grading).contains("model answer"), expected);
    let notes = json(Format::Json, &grading)["notes"].as_array().unwrap().len();
    assert_eq!(notes == 1, expected && hidden == Finding::Passed);
}

#[test]
fn what_gradescope_shows_names_no_hidden_prerequisite() {
    let mut dependent = check("other", 2, failed());
    dependent.finding = Finding::NotChecked { prerequisite: "secret".into() };
    let grading = grading(vec![hide(check("secret", 4, failed())), dependent]);
    for format in [Format::Gradescope, Format::Classroom50, Format::Exercism] {
        let document = json(format, &grading);
        let tests = document["tests"].as_array().into_iter().flatten();
        let shown: String =
            tests.filter(|test| test["visibility"] != "hidden").map(Value::to_string).collect();
        let shown = shown + &document["message"].to_string();
        assert!(!shown.contains("secret") && shown.contains("a check that is not shown"), "{shown}");
    }
    assert!(!document(Format::Human, &grading).contains("secret"));
}

#[rstest]
#[case::passed(Finding::Passed, Some("pass"))]
#[case::failed(failed(), Some("fail"))]
#[case::stopped(stopped(Limit::Output), Some("error"))]
#[case::not_checked(not_checked(), Some("error"))]
#[case::unavailable(unavailable(), None)]
#[case::error(error(), Some("error"))]
fn exercism_test(#[case] finding: Finding, #[case] status: Option<&str>) {
    let passes = matches!(finding, Finding::Passed | Finding::Unavailable { .. });
    let results = json(
        Format::Exercism,
        &grading(vec![check("runs", 3, Finding::Passed), check("second", 4, finding)]),
    );
    assert_eq!(results["version"], 2);
    assert_eq!(results["status"], if passes { "pass" } else { "fail" });
    assert_eq!(results["tests"][1]["status"].as_str(), status);
    assert_eq!(results["tests"][0]["output"], "uts.nodename in child: lisboa\n");
    assert_eq!(results["tests"][0]["test_code"], "./demo_uts_namespaces lisboa\nSIGTERM to the child");
}

#[rstest]
#[case::nothing_runs("nothing runs", "stopped: after 2.0 s")]
#[case::all_unavailable("all unavailable", "Nothing could be checked here: cgroup v2 is not mounted")]
#[case::all_hidden("all hidden", "no check that may be shown")]
#[case::partial("partial", "1 of 5 checks")]
#[case::broken("broken", "The grader failed, not the program: the stage could not be built")]
fn exercism_says_why_nothing_was_tested(#[case] name: &str, #[case] expected: &str) {
    let (_, grading) = gradings().into_iter().find(|(known, _)| *known == name).unwrap();
    let results = json(Format::Exercism, &grading);
    assert_eq!(results["status"], "error");
    assert!(results["message"].as_str().unwrap().contains(expected), "{results}");
}

#[test]
fn exercism_limits_are_kept_in_bytes() {
    let mut grading = grading(vec![check("runs", 3, failed()), check("other", 1, Finding::Passed)]);
    grading.checks[0].printed = "é".repeat(1000);
    let results = json(Format::Exercism, &grading);
    let output = results["tests"][0]["output"].as_str().unwrap();
    assert!((480..=500).contains(&output.len()), "{}", output.len());
    assert!(output.ends_with("Output was truncated. Please limit to 500 chars"));
    grading.broken = Some("é".repeat(70_000));
    let results = json(Format::Exercism, &grading);
    let message = results["message"].as_str().unwrap();
    assert!((65_500..=65_535).contains(&message.len()), "{}", message.len());
}

#[rstest]
#[case::passed(Finding::Passed, Some((true, 4, 4)))]
#[case::failed(failed(), Some((false, 0, 4)))]
#[case::stopped(stopped(Limit::Processes), Some((false, 0, 4)))]
#[case::not_checked(not_checked(), Some((false, 0, 4)))]
#[case::unavailable(unavailable(), None)]
#[case::error(error(), Some((false, 0, 4)))]
fn classroom50_test(#[case] finding: Finding, #[case] expected: Option<(bool, u64, u64)>) {
    let result = json(
        Format::Classroom50,
        &grading(vec![check("runs", 3, Finding::Passed), check("second", 4, finding)]),
    );
    let test = &result["tests"][1];
    let found = test.as_object().map(|test| {
        (
            test["passed"].as_bool().unwrap(),
            test["score"].as_u64().unwrap(),
            test["max-score"].as_u64().unwrap(),
        )
    });
    assert_eq!(found, expected);
}

#[test]
fn classroom50_scores_are_sums_and_names_short() {
    for (name, grading) in gradings() {
        let result = json(Format::Classroom50, &grading);
        for field in ["score", "max-score"] {
            let sum: u64 =
                result["tests"].as_array().unwrap().iter().map(|test| test[field].as_u64().unwrap()).sum();
            assert_eq!(result[field].as_u64(), Some(sum), "{name}");
        }
        for test in result["tests"].as_array().unwrap() {
            let name = test["test-name"].as_str().unwrap();
            assert!(name.len() <= 100 && !name.contains(char::is_control), "{name}");
            assert!(test["output"].as_str().is_none_or(|output| output.len() <= 2000));
        }
    }
}

#[test]
fn classroom50_is_told_who_submitted_what_when() {
    let result = json(Format::Classroom50, &grading(vec![hide(check("secret", 4, failed()))]));
    for (field, expected) in [
        ("classroom", "os-2026"),
        ("assignment", "uts"),
        ("assignment_type", "individual"),
        ("owner", "alice"),
        ("submission", "submit/2026-06-01T14-32-05Z-a1b2c3d"),
        ("review", "https://git.example/alice/commit/a1b2c3d"),
        ("datetime", "2026-06-01T14:32:05Z"),
    ] {
        assert_eq!(result[field], expected, "{field}");
    }
    assert_eq!(result["submitted_by"], serde_json::json!({"username": "bob", "id": 222}));
    assert_eq!(result["tests"][0]["test-name"], "hidden check 1");
    assert!(!result.to_string().contains("lisboa") && !result.to_string().contains("secret"), "{result}");
}

#[test]
fn classroom50_needs_its_runner() {
    let error = Report::new(Format::Classroom50, false, 0, 80, &|_| None).unwrap_err();
    assert!(error.contains("CLASSROOM, ASSIGNMENT"), "{error}");
}

#[rstest]
#[case::passed(Finding::Passed, None)]
#[case::failed(failed(), Some(("failure", "mismatch")))]
#[case::time(stopped(Limit::Time), Some(("error", "timeout")))]
#[case::processes(stopped(Limit::Processes), Some(("error", "process-limit")))]
#[case::memory(stopped(Limit::Memory), Some(("error", "memory-limit")))]
#[case::output(stopped(Limit::Output), Some(("error", "output-limit")))]
#[case::not_checked(not_checked(), Some(("skipped", "")))]
#[case::unavailable(unavailable(), Some(("skipped", "")))]
#[case::error(error(), Some(("error", "grader")))]
fn junit_case(#[case] finding: Finding, #[case] expected: Option<(&str, &str)>) {
    let text = document(
        Format::Junit,
        &grading(vec![check("runs", 3, Finding::Passed), check("second", 4, finding)]),
    );
    let report = quick_junit::Report::deserialize_from_str(&text).unwrap();
    let case = &report.test_suites[0].test_cases[1];
    assert_eq!(case.name.as_str(), "second");
    assert_eq!(case.classname.as_ref().unwrap().as_str(), "nsconform.demo_uts_namespaces");
    let found = match &case.status {
        TestCaseStatus::Success { .. } => None,
        TestCaseStatus::NonSuccess { kind, ty, message, .. } => {
            assert!(message.is_some());
            let kind = if *kind == NonSuccessKind::Error { "error" } else { "failure" };
            Some((kind, ty.as_ref().map_or("", |ty| ty.as_str())))
        }
        TestCaseStatus::Skipped { ty, message, .. } => {
            assert!(message.is_some());
            Some(("skipped", ty.as_ref().map_or("", |ty| ty.as_str())))
        }
    };
    assert_eq!(found, expected);
    // The reader trims white space at the ends of texts.
    assert_eq!(case.system_out.as_ref().unwrap().as_str(), "uts.nodename in child: lisboa");
}

#[test]
fn junit_counts_and_attributes_are_complete() {
    for (name, grading) in gradings() {
        let text = document(Format::Junit, &grading);
        let report = quick_junit::Report::deserialize_from_str(&text).unwrap();
        let suite = &report.test_suites[0];
        let cases = &suite.test_cases;
        let of = |wanted: NonSuccessKind| {
            let is = |status: &TestCaseStatus| matches!(status, TestCaseStatus::NonSuccess { kind, .. } if *kind == wanted);
            cases.iter().filter(|case| is(&case.status)).count()
        };
        let (failures, errors) = (of(NonSuccessKind::Failure), of(NonSuccessKind::Error));
        let skipped =
            cases.iter().filter(|case| matches!(case.status, TestCaseStatus::Skipped { .. })).count();
        assert_eq!(cases.len(), grading.checks.len() + usize::from(grading.broken.is_some()), "{name}");
        for (element, counts) in [
            ("<testsuites ", [report.tests, report.failures, report.errors, report.skipped]),
            ("<testsuite ", [suite.tests, suite.failures, suite.errors, suite.skipped]),
        ] {
            assert_eq!(counts, [cases.len(), failures, errors, skipped], "{name}");
            let tag = text.split_once(element).unwrap().1.split_once('>').unwrap().0;
            for attribute in ["name", "tests", "failures", "errors", "skipped", "time"] {
                assert!(tag.contains(&format!("{attribute}=\"")), "{name}: {element}{tag} lacks {attribute}");
            }
        }
        let forbidden = |letter: char| {
            (letter.is_control() && !matches!(letter, '\n' | '\t' | '\r'))
                || matches!(letter, '\u{fffe}' | '\u{ffff}')
        };
        assert!(!text.contains(forbidden), "{name}");
    }
}

#[rstest]
#[case::passed("full marks", 0, 0, 0)]
#[case::failed("failed", 1, 0, 0)]
#[case::without_points("failed, informational", 0, 0, 0)]
#[case::stopped("stopped", 1, 0, 0)]
#[case::not_all_possible("unavailable", 0, 0, 0)]
#[case::error("error", 3, 0, 0)]
#[case::nothing_possible("all unavailable", 4, 4, 0)]
#[case::partial("partial", 3, 3, 0)]
#[case::broken("broken", 3, 3, 0)]
fn exit_statuses(#[case] name: &str, #[case] usual: u8, #[case] classroom50: u8, #[case] exercism: u8) {
    let (_, grading) = gradings().into_iter().find(|(known, _)| *known == name).unwrap();
    for format in Format::ALL {
        let expected = match format {
            Format::Classroom50 => classroom50,
            Format::Exercism => exercism,
            _ => usual,
        };
        assert_eq!(format.exit_status(&grading) as u8, expected, "{format:?}");
    }
    assert_eq!(ExitStatus::CaseFailed as u8, 1);
}

#[test]
fn names_of_formats() {
    for format in Format::ALL {
        assert_eq!(format.name().parse(), Ok(format));
    }
    let error = "yaml".parse::<Format>().unwrap_err();
    assert_eq!(
        error,
        "there is no format 'yaml'; there are human, json, gradescope, classroom50, exercism, junit"
    );
}

/// No consumer but a terminal is told how to paint, and none gets a character that paints.
#[rstest]
fn nothing_that_was_printed_is_obeyed(
    #[values(Format::Human, Format::Gradescope, Format::Classroom50, Format::Exercism, Format::Junit)]
    format: Format,
) {
    let mut grading = grading(vec![check("runs", 3, failed()), check("other", 3, Finding::Passed)]);
    let evil = "\x1b]0;title\x07\u{9b}2J\u{202e}";
    grading.checks[0].printed = format!("{evil}\n::error::fine\n  ::error::fine\r\n");
    grading.checks[0].finding = Finding::Failed(Mismatch { expected: "text".into(), observed: evil.into() });
    grading.checks[0].trace = vec![evil.into()];
    grading.checks[0].asked = vec![evil.into()];
    let document = document(format, &grading);
    // JSON escapes them, and a reader of JSON gets them back: so look behind that.
    let read = match serde_json::from_str::<Value>(&document) {
        Ok(value) => strings(&value).concat(),
        Err(_) => document,
    };
    let obeyed = |letter: char| {
        (letter.is_control() && !matches!(letter, '\n' | '\t'))
            || (format != Format::Junit && letter == '\u{202e}')
    };
    let c1 = |letter: char| format == Format::Junit && letter == '\u{9b}';
    assert!(!read.contains(|letter| obeyed(letter) && !c1(letter)), "{read:?}");
    let commands = read.lines().any(|line| line.trim_start().starts_with("::"));
    assert!(format != Format::Human || !commands, "{read}");
}

fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(values) => values.iter().flat_map(strings).collect(),
        Value::Object(fields) => fields.values().flat_map(strings).collect(),
        _ => vec![],
    }
}

mod people {
    use super::*;

    fn shown(grading: &Grading, staff: bool, hints: usize, width: u16) -> String {
        Report::new(Format::Human, staff, hints, width, &|_| None)
            .unwrap()
            .document(grading)
            .unwrap()
            .unwrap()
    }

    /// One of everything.
    fn mixed() -> Grading {
        let mut isolated = check("isolated", 4, failed());
        isolated.title =
            "The host name outside is not changed, and inside it is the one that was given".into();
        let mut dependent = check("keeps-open", 2, not_checked());
        dependent.finding = Finding::NotChecked { prerequisite: "isolated".into() };
        let mut grading = grading(vec![
            check("runs", 3, Finding::Passed),
            isolated,
            dependent,
            check("ends", 2, stopped(Limit::Time)),
            check("limits", 5, unavailable()),
            check("reaps", 2, error()),
            hide(check("secret", 2, failed())),
            check("informs", 0, Finding::Passed),
        ]);
        grading.seed = 42;
        grading
    }

    #[test]
    fn one_of_everything_as_a_student_sees_it() {
        insta::assert_snapshot!(shown(&mixed(), false, 0, 80));
    }

    #[test]
    fn one_of_everything_as_the_staff_sees_it_in_a_wide_terminal() {
        insta::assert_snapshot!(shown(&mixed(), true, 1, 120));
    }

    #[test]
    fn full_marks_and_notes() {
        let mut grading = grading(vec![check("runs", 3, Finding::Passed)]);
        grading.seed = 42;
        insta::assert_snapshot!(shown(&grading, false, 0, 80));
    }

    #[test]
    fn a_part_of_a_grading() {
        let mut grading = mixed();
        grading.checks.truncate(2);
        insta::assert_snapshot!(shown(&grading, false, 2, 60));
    }

    #[test]
    fn a_grading_that_broke_off() {
        let mut grading = mixed();
        grading.checks.truncate(1);
        grading.broken = Some("the stage could not be built: clone gives EPERM".into());
        insta::assert_snapshot!(shown(&grading, false, 0, 80));
    }

    #[rstest]
    #[case::none(0, &[], Some(1))]
    #[case::first(1, &["hint 1/2"], Some(2))]
    #[case::all(2, &["hint 1/2", "hint 2/2"], None)]
    #[case::more_than_there_are(9, &["hint 1/2", "hint 2/2"], None)]
    fn hints_come_one_by_one(#[case] number: usize, #[case] hints: &[&str], #[case] next: Option<usize>) {
        let shown = shown(&grading(vec![check("runs", 3, failed())]), false, number, 80);
        let found: Vec<&str> = shown.lines().filter_map(|line| line.trim_start().get(..8)).collect();
        assert_eq!(found.iter().filter(|start| start.starts_with("hint ")).count(), hints.len());
        assert!(hints.iter().all(|hint| found.contains(hint)), "{shown}");
        let offered = shown.lines().find(|line| line.contains("--hints"));
        assert_eq!(offered.is_some(), next.is_some(), "{shown}");
        if let (Some(line), Some(next)) = (offered, next) {
            let command = "nsconform grade demo_uts_namespaces './my demo' --seed 18446744073709551615";
            assert!(line.ends_with(&format!("{command} --hints {next}")), "{line}");
        }
    }

    #[rstest]
    #[case::all("full marks", "FULL MARKS 3 of 3 points")]
    #[case::all_that_count("unavailable", "FULL MARKS 3 of 3 points")]
    #[case::without_points("failed, informational", "FULL MARKS 3 of 3 points: 1 passed, 1 failed")]
    #[case::not_all("failed", "NOT YET 3 of 7 points")]
    #[case::error("error", "NOT YET 3 of 5 points")]
    #[case::hidden("hidden", "FULL MARKS IN THIS PART 3 of 3 points")]
    #[case::all_hidden("all hidden", "NOTHING CHECKED 0 of 0 points")]
    #[case::nothing_possible("all unavailable", "NOTHING CHECKED 0 of 0 points")]
    #[case::partial("partial", "NOT FINISHED 3 of 3 points")]
    #[case::nothing_yet("nothing yet", "NOT FINISHED 0 of 0 points: no check performed")]
    #[case::broken("broken", "NOT GRADED 3 of 5 points")]
    fn the_total_in_words(#[case] name: &str, #[case] expected: &str) {
        let (_, grading) = gradings().into_iter().find(|(known, _)| *known == name).unwrap();
        let shown = shown(&grading, false, 0, 80);
        assert!(shown.lines().any(|line| line.starts_with(expected)), "{shown}");
    }

    #[test]
    fn long_output_is_cut_and_counted() {
        let mut grading = grading(vec![check("runs", 3, failed())]);
        grading.checks[0].printed = "y\n".repeat(999) + "é";
        grading.checks[0].printed.insert_str(0, &"é".repeat(9000));
        let shown = shown(&grading, false, 0, 80);
        assert!(shown.contains("… and 976 more lines"), "{shown}");
        assert!(shown.lines().all(|line| line.len() < 450), "{shown}");
        assert!(shown.lines().count() < 50);
    }

    /// Colour is never the only sign: what is stripped of styles still has a word for each check.
    #[test]
    fn styles_are_for_terminals_alone() {
        let mut styled = Vec::new();
        report(Format::Human, false, 0).show(&mixed(), &mut styled).unwrap();
        let styled = String::from_utf8(styled).unwrap();
        assert!(styled.contains("\x1b[1m\x1b[31m✗ failed\x1b[0m"), "{styled:?}");
        assert!(!shown(&mixed(), false, 0, 80).contains('\x1b'));
    }
}

mod file {
    use super::*;
    use nix::fcntl::OFlag;
    use nix::mount::{MsFlags, mount};
    use nix::sched::{CloneFlags, unshare};
    use nix::sys::stat::Mode;
    use std::ffi::CString;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    fn partial() -> Grading {
        let mut grading = grading(vec![check("runs", 3, Finding::Passed)]);
        grading.planned = 2;
        grading
    }

    fn read(path: &Path) -> Value {
        serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
    }

    #[test]
    fn it_grows_with_the_grading() {
        let scratch = tempfile::tempdir().unwrap();
        let report = report(Format::Json, false, 0);
        let file = ResultFile::new(&scratch.path().join("x.json"), Format::Json).unwrap();
        file.write(&report, &partial()).unwrap();
        assert_eq!(read(file.path())["complete"], false);
        file.write(&report, &grading(vec![check("runs", 3, Finding::Passed)])).unwrap();
        assert_eq!(read(file.path())["complete"], true);
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 1, "something was left behind");
    }

    #[test]
    fn others_can_read_it_and_a_mode_that_was_chosen_stays() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("x.json");
        let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        // The mode that the umask gives a new file.
        let plain = scratch.path().join("plain");
        fs::write(&plain, "").unwrap();
        let usual = fs::metadata(&plain).unwrap().permissions().mode() & 0o777;
        let file = ResultFile::new(&path, Format::Json).unwrap();
        let report = report(Format::Json, false, 0);
        file.write(&report, &partial()).unwrap();
        assert_eq!(mode(), usual);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o646)).unwrap();
        file.write(&report, &partial()).unwrap();
        assert_eq!(mode(), 0o646);
    }

    #[rstest]
    fn a_directory_stands_for_the_file_that_is_looked_for(
        #[values(Format::Exercism, Format::Gradescope, Format::Classroom50)] format: Format,
    ) {
        let scratch = tempfile::tempdir().unwrap();
        let file = ResultFile::new(scratch.path(), format).unwrap();
        file.write(&report(format, false, 0), &partial()).unwrap();
        let name = if format == Format::Classroom50 { "result.json" } else { "results.json" };
        assert_eq!(faults(format, &read(&scratch.path().join(name))), Vec::<String>::new());
    }

    /// A student's folder may have links to files of whoever grades.
    #[rstest]
    #[case::file("link")]
    #[case::directory("way/real")]
    #[case::dangling("dangling")]
    fn no_symbolic_link_is_followed(#[case] path: &str) {
        let scratch = tempfile::tempdir().unwrap();
        let (real, path) = (scratch.path().join("real"), scratch.path().join(path));
        fs::write(&real, "old").unwrap();
        symlink("real", scratch.path().join("link")).unwrap();
        symlink(".", scratch.path().join("way")).unwrap();
        symlink("nowhere", scratch.path().join("dangling")).unwrap();
        let error = ResultFile::new(&path, Format::Json).unwrap_err();
        assert!(error.contains("is a symbolic link, or is reached by one"), "{error}");
        assert_eq!(fs::read_to_string(&real).unwrap(), "old");
    }

    /// One that comes afterwards is replaced.
    #[test]
    fn a_symbolic_link_is_replaced() {
        let scratch = tempfile::tempdir().unwrap();
        let (real, path) = (scratch.path().join("real"), scratch.path().join("result"));
        fs::write(&real, "old").unwrap();
        let file = ResultFile::new(&path, Format::Json).unwrap();
        symlink("real", &path).unwrap();
        file.write(&report(Format::Json, false, 0), &partial()).unwrap();
        assert_eq!(fs::read_to_string(&real).unwrap(), "old");
        assert_eq!(read(&path)["complete"], false);
    }

    #[test]
    fn a_device_is_written_to_and_not_replaced() {
        let scratch = tempfile::tempdir().unwrap();
        let pipe = scratch.path().join("pipe");
        nix::unistd::mkfifo(&pipe, Mode::S_IRWXU).unwrap();
        // Open for both, so that neither end waits for the other.
        let mut reader = fs::OpenOptions::new().read(true).write(true).open(&pipe).unwrap();
        let file = ResultFile::new(&pipe, Format::Json).unwrap();
        let report = report(Format::Json, false, 0);
        file.write(&report, &partial()).unwrap();
        file.write(&report, &grading(vec![check("runs", 3, failed())])).unwrap();
        let mut read = serde_json::Deserializer::from_reader(&mut reader).into_iter::<Value>();
        assert_eq!(read.next().unwrap().unwrap()["complete"], true);
    }

    #[rstest]
    #[case::directory("none/x.json", "none does not exist: make it first")]
    #[case::trailing_slash("none/", "none/ does not exist: make it first")]
    #[case::below_a_file("file/x.json", "file/x.json: Not a directory")]
    #[case::taken("taken", "taken/grading.json is a directory")]
    fn what_is_wrong_with_a_path_is_said(#[case] path: &str, #[case] expected: &str) {
        let scratch = tempfile::tempdir().unwrap();
        fs::write(scratch.path().join("file"), "").unwrap();
        fs::create_dir_all(scratch.path().join("taken/grading.json")).unwrap();
        let error = ResultFile::new(&scratch.path().join(path), Format::Json).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }

    /// The disk is a small file system in namespaces of a second process, which is this test again.
    #[test]
    fn a_full_disk_loses_nothing() {
        let scratch = match std::env::var_os(SMALL_DISK) {
            Some(path) => path,
            None => return again_on_a_small_disk(),
        };
        let file = ResultFile::new(&Path::new(&scratch).join("x.json"), Format::Json).unwrap();
        let report = report(Format::Json, false, 0);
        file.write(&report, &partial()).unwrap();
        let before = read(file.path());
        let mut large = partial();
        large.checks[0].printed = "y".repeat(1 << 20);
        let error = file.write(&report, &large).unwrap_err();
        assert!(error.contains("x.json: No space left on device"), "{error}");
        assert!(error.ends_with("; what it held before is kept"), "{error}");
        assert_eq!(read(file.path()), before);
        assert_eq!(fs::read_dir(&scratch).unwrap().count(), 1, "something was left behind");
        file.write(&report, &grading(vec![check("runs", 3, Finding::Passed)])).unwrap();
        assert_eq!(read(file.path())["complete"], true);
    }

    const SMALL_DISK: &str = "NSCONFORM_TEST_SMALL_DISK";

    fn again_on_a_small_disk() {
        let scratch = tempfile::tempdir().unwrap();
        let place = CString::new(scratch.path().as_os_str().as_bytes()).unwrap();
        let identity = |id: u32| format!("0 {id} 1");
        let maps = [
            (c"/proc/self/setgroups", "deny".to_string()),
            (c"/proc/self/uid_map", identity(nix::unistd::geteuid().as_raw())),
            (c"/proc/self/gid_map", identity(nix::unistd::getegid().as_raw())),
        ];
        let mut again = Command::new(std::env::current_exe().unwrap());
        again.args(["--exact", "file::a_full_disk_loses_nothing"]).env(SMALL_DISK, scratch.path());
        let prepare = move || {
            unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS)?;
            for (path, map) in &maps {
                let file = nix::fcntl::open(*path, OFlag::O_WRONLY, Mode::empty())?;
                nix::unistd::write(&file, map.as_bytes())?;
            }
            let (tmpfs, size) = (Some(c"tmpfs"), Some(c"size=64k"));
            Ok(mount(tmpfs, place.as_c_str(), tmpfs, MsFlags::empty(), size)?)
        };
        // SAFETY: `prepare` makes system calls alone: what it needs was allocated before.
        unsafe { again.pre_exec(prepare) };
        let done = again.output().unwrap();
        let told = String::from_utf8_lossy(&done.stdout);
        assert!(done.status.success() && told.contains("1 passed"), "{told}");
    }

    /// The directory vanishes while grading goes on.
    #[test]
    fn a_failure_names_the_file() {
        let scratch = tempfile::tempdir().unwrap();
        let file = ResultFile::new(&scratch.path().join("x.json"), Format::Json).unwrap();
        fs::remove_dir_all(scratch.path()).unwrap();
        let error = file.write(&report(Format::Json, false, 0), &partial()).unwrap_err();
        assert!(error.contains("x.json") && error.contains("No such file or directory"), "{error}");
    }

    /// Gradescope takes the absence of a result as a failed run, and anything else as a score.
    #[test]
    fn gradescope_finds_no_result_of_a_grading_that_broke_off() {
        let scratch = tempfile::tempdir().unwrap();
        let file = ResultFile::new(scratch.path(), Format::Gradescope).unwrap();
        let report = report(Format::Gradescope, false, 0);
        let mut grading = partial();
        file.write(&report, &grading).unwrap();
        assert!(file.path().exists());
        grading.broken = Some("the stage could not be built".into());
        file.write(&report, &grading).unwrap();
        assert!(!file.path().exists());
        file.write(&report, &grading).unwrap();
    }
}
