//! `results.json` of an Exercism test runner, version 2: a result for each test, none of them
//! linked to a task.
//!
//! Source: <https://exercism.org/docs/building/tooling/test-runners/interface>. A runner is given an
//! output directory and writes `results.json` there. Only the first test that did not pass is
//! shown to students, so the order is that of the assignment.
//!
//! Left out are checks that students may not see, and those that this machine cannot perform. A
//! check that was not performed since another one did not pass has the status `error`.

use super::text;
use crate::grading::{Finding, GradedCheck, Grading};
use serde::Serialize;

/// The version of the interface.
const VERSION: u32 = 2;
/// The longest message of a whole result, and of a test, for which no other is given. The documentation counts characters and warns that there
/// is less room for those that take several bytes: so bytes.
const LONGEST_MESSAGE: usize = 65_535;
/// The longest output of a test, counted in the same way.
const LONGEST_OUTPUT: usize = 500;
/// The end of an output that was cut, as the documentation demands.
const CUT_OUTPUT: &str = "\nOutput was truncated. Please limit to 500 chars";

/// The whole file.
#[derive(Debug, Serialize)]
pub struct ExercismResults<'g> {
    /// The version of the interface.
    pub version: u32,
    /// Of all tests.
    pub status: ExercismStatus,
    /// Why nothing could be tested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The tests; none if the status is an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tests: Option<Vec<ExercismTest<'g>>>,
}

/// One test.
#[derive(Debug, Serialize)]
pub struct ExercismTest<'g> {
    /// The title of the check.
    pub name: &'g str,
    /// Its result.
    pub status: ExercismStatus,
    /// Why it did not pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The output of the submission.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// The command lines of the submission, and everything that the check did to it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub test_code: String,
}

/// The result of one test, or of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ExercismStatus {
    /// Passed.
    Pass,
    /// Failed.
    Fail,
    /// Could not be tested, or was stopped.
    Error,
}

impl<'g> ExercismResults<'g> {
    /// The file of a grading.
    pub fn of(grading: &'g Grading, hints: usize) -> ExercismResults<'g> {
        let is_test = |check: &&GradedCheck| {
            text::is_visible(check) && !matches!(check.finding, Finding::Unavailable { .. })
        };
        let tests: Vec<ExercismTest> =
            grading.checks.iter().filter(is_test).map(|check| test(grading, check, hints)).collect();
        let any = |status| tests.iter().any(|test| test.status == status);
        let (passes, fails, errors) =
            (any(ExercismStatus::Pass), any(ExercismStatus::Fail), any(ExercismStatus::Error));
        if let Some(reason) = &grading.broken {
            return ExercismResults::error(format!(
                "The grader failed, not the program: {}",
                text::printable(reason)
            ));
        }
        if fails || (errors && passes) {
            return ExercismResults {
                version: VERSION,
                status: ExercismStatus::Fail,
                message: None,
                tests: Some(tests),
            };
        }
        if errors {
            let first = tests.into_iter().find_map(|test| test.message);
            return ExercismResults::error(first.unwrap_or_default());
        }
        if !grading.is_complete() {
            let Grading { checks, planned, .. } = grading;
            return ExercismResults::error(format!(
                "Grading has not finished: {} of {planned} checks were performed.",
                checks.len()
            ));
        }
        if !passes {
            let missing = grading.checks.iter().find_map(|check| match &check.finding {
                Finding::Unavailable { reason } => Some(text::printable(reason)),
                _ => None,
            });
            let missing = missing.unwrap_or_else(|| "there is no check that may be shown".to_string());
            return ExercismResults::error(format!("Nothing could be checked here: {missing}"));
        }
        ExercismResults { version: VERSION, status: ExercismStatus::Pass, message: None, tests: Some(tests) }
    }

    fn error(message: String) -> ExercismResults<'g> {
        let message = text::cut(&message, LONGEST_MESSAGE, "…");
        ExercismResults {
            version: VERSION,
            status: ExercismStatus::Error,
            message: Some(message),
            tests: None,
        }
    }
}

fn test<'g>(grading: &Grading, check: &'g GradedCheck, hints: usize) -> ExercismTest<'g> {
    let status = match check.finding {
        Finding::Passed => ExercismStatus::Pass,
        Finding::Failed(_) => ExercismStatus::Fail,
        _ => ExercismStatus::Error,
    };
    let message = (status != ExercismStatus::Pass).then(|| {
        let mut message = text::reason_lines(check, grading);
        text::block(&mut message, "trace", &check.trace);
        message.push_str(&text::hint_lines(check, hints));
        text::cut(&message, LONGEST_MESSAGE, "…")
    });
    let printed = text::printable(&check.printed);
    ExercismTest {
        name: &check.title,
        status,
        message,
        output: (!printed.is_empty()).then(|| text::cut(&printed, LONGEST_OUTPUT, CUT_OUTPUT)),
        test_code: check.asked.iter().map(|line| text::printable(line)).collect::<Vec<_>>().join("\n"),
    }
}
