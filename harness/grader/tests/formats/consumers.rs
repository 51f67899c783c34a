//! The documents for Gradescope, Exercism, Classroom 50 and readers of JUnit say the right thing.
//!
//! Their validity is tested in `main`, the text for people in `people`.

use super::gradings::*;
use nsconform_grader::grading::*;
use nsconform_grader::report::{Format, Report};
use quick_junit::{NonSuccessKind, TestCaseStatus};
use rstest::rstest;
use serde_json::Value;

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
