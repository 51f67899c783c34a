//! JUnit XML in the dialect of Jenkins, as the crate quick-junit writes it: a suite for the
//! assignment, a case for each check that was performed.
//!
//! | finding | becomes |
//! |---|---|
//! | passed | a case without a result |
//! | failed | `failure` of type `mismatch` |
//! | stopped | `error` of type `timeout`, `process-limit`, `memory-limit` or `output-limit` |
//! | not checked, unavailable | `skipped` |
//! | error | `error` of type `grader` |
//!
//! A grading that broke off has one more case, `grading`, with an `error` of type `harness`.
//! Points are properties: the vocabulary has no place for them.

use super::{VERSION, text};
use crate::grading::{Finding, GradedCheck, Grading};
use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite, XmlString};

/// The document of a grading.
///
/// # Errors
/// Those of the serializer.
pub fn write(grading: &Grading, hints: usize) -> Result<String, String> {
    let mut suite = TestSuite::new(xml(&grading.assignment));
    suite.set_time(grading.duration);
    suite.add_properties([
        property("nsconform", VERSION),
        property("program", &grading.program),
        property("seed", &grading.seed.to_string()),
        property("planned", &grading.planned.to_string()),
        property("score", &grading.score().to_string()),
        property("max_score", &grading.max_score().to_string()),
    ]);
    suite.add_test_cases(grading.checks.iter().map(|check| case(grading, check, hints)));
    if let Some(reason) = &grading.broken {
        let status = unsuccessful(NonSuccessKind::Error, "harness", reason, reason);
        let mut case = TestCase::new("grading", status);
        case.set_classname(class(grading));
        suite.add_test_case(case);
    }
    let mut report = Report::new("nsconform");
    report.set_time(grading.duration).add_test_suite(suite);
    report.to_string().map_err(|error| format!("writing XML: {error}"))
}

fn case(grading: &Grading, check: &GradedCheck, hints: usize) -> TestCase {
    let message = text::reasons(check, grading, true)
        .into_iter()
        .map(|(label, text)| format!("{label} {text}"))
        .collect::<Vec<_>>()
        .join("; ");
    let explanation = text::explanation(check, grading, hints);
    let status = match &check.finding {
        Finding::Passed => TestCaseStatus::success(),
        Finding::Failed(_) => unsuccessful(NonSuccessKind::Failure, "mismatch", &message, &explanation),
        Finding::Stopped(stop) => {
            unsuccessful(NonSuccessKind::Error, text::limit(stop.limit), &message, &explanation)
        }
        Finding::Error { .. } => unsuccessful(NonSuccessKind::Error, "grader", &message, &explanation),
        Finding::NotChecked { .. } | Finding::Unavailable { .. } => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(xml(&message));
            status
        }
    };
    let mut case = TestCase::new(xml(&check.id), status);
    case.set_classname(class(grading)).set_time(check.duration);
    case.add_properties([
        property("title", &check.title),
        property("score", &check.earned().to_string()),
        property("max_score", &check.counted().to_string()),
    ]);
    // The word of the visibility is that of the other formats.
    if let Ok(serde_json::Value::String(word)) = serde_json::to_value(check.visibility) {
        case.add_property(property("visibility", &word));
    }
    if !check.printed.is_empty() {
        case.set_system_out(xml(&check.printed));
    }
    case
}

fn class(grading: &Grading) -> XmlString {
    xml(&format!("nsconform.{}", grading.assignment))
}

fn unsuccessful(kind: NonSuccessKind, class: &str, message: &str, text: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(class).set_message(xml(message)).set_description(xml(text));
    status
}

fn property(name: &str, value: &str) -> Property {
    Property::new(name, xml(value))
}

/// Text that XML 1.0 can carry: quick-junit strips escape sequences and control characters but
/// not the two that are no characters at all.
fn xml(text: &str) -> XmlString {
    XmlString::new(text.replace(['\u{fffe}', '\u{ffff}'], ""))
}
