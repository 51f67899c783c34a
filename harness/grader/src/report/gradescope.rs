//! Gradescope's `results.json`.
//!
//! Source: <https://gradescope-autograders.readthedocs.io/en/latest/specs/>, *Output format*. Its
//! consumer reads the file when the run script has ended, also when the platform's time limit
//! ended it, and derives a status from a full score where none is given.
//!
//! | finding | becomes |
//! |---|---|
//! | passed, failed | `status`, `score` of `max_score`; without score if the check has no points |
//! | stopped | `failed`, saying which limit |
//! | not checked | `failed`, saying which check did not pass before |
//! | unavailable | neither status nor score: it only informs |
//! | error | `failed`, saying that the grader failed |

use super::{VERSION, text};
use crate::grading::{Finding, GradedCheck, Grading, Visibility};
use serde::Serialize;

/// The whole file.
#[derive(Debug, Serialize)]
pub struct GradescopeResults<'g> {
    /// Points earned. Always there: it may only be left out where every test has a score.
    pub score: u32,
    /// Seconds.
    pub execution_time: f64,
    /// About the submission as a whole.
    pub output: String,
    /// How `output` is shown.
    pub output_format: &'static str,
    /// How the output of tests is shown: never as markup, since submissions write parts of it.
    pub test_output_format: &'static str,
    /// How the names of tests are shown.
    pub test_name_format: &'static str,
    /// Who sees what the run script printed.
    pub stdout_visibility: Visibility,
    /// Data that Gradescope keeps and does not show.
    pub extra_data: RunData<'g>,
    /// A test for each check that was performed.
    pub tests: Vec<GradescopeTest<'g>>,
}

/// The data of a grading that Gradescope keeps.
#[derive(Debug, Serialize)]
pub struct RunData<'g> {
    /// The version of nsconform.
    pub nsconform: &'static str,
    /// The name of the assignment.
    pub assignment: &'g str,
    /// The seed, in decimal; see [`super::json::Document::seed`].
    pub seed: String,
    /// Whether every check was performed.
    pub complete: bool,
}

/// One test.
#[derive(Debug, Serialize)]
pub struct GradescopeTest<'g> {
    /// Points earned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<u32>,
    /// Points that can be earned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_score: Option<u32>,
    /// Whether it passed; none if it was not performed here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<GradescopeStatus>,
    /// The title of the check.
    pub name: &'g str,
    /// Its place in the assignment, from 1.
    pub number: String,
    /// Why it did not pass.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub output: String,
    /// Who may see it.
    pub visibility: Visibility,
    /// Data that Gradescope keeps.
    pub extra_data: TestData<'g>,
}

/// The data of a check that Gradescope keeps.
#[derive(Debug, Serialize)]
pub struct TestData<'g> {
    /// The id.
    pub id: &'g str,
    /// Seconds.
    pub duration: f64,
}

/// The result of a test, in Gradescope's words.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GradescopeStatus {
    /// It passed.
    Passed,
    /// It did not.
    Failed,
}

impl<'g> GradescopeResults<'g> {
    /// The file of a grading that did not break off.
    pub fn of(grading: &'g Grading, hints: usize) -> GradescopeResults<'g> {
        let tests = grading.checks.iter().enumerate();
        GradescopeResults {
            score: grading.score(),
            execution_time: grading.duration.as_secs_f64(),
            output: output(grading),
            output_format: "text",
            test_output_format: "text",
            test_name_format: "text",
            stdout_visibility: Visibility::Hidden,
            extra_data: RunData {
                nsconform: VERSION,
                assignment: &grading.assignment,
                seed: grading.seed.to_string(),
                complete: grading.is_complete(),
            },
            tests: tests.map(|(index, check)| test(grading, index, check, hints)).collect(),
        }
    }
}

fn test<'g>(grading: &Grading, index: usize, check: &'g GradedCheck, hints: usize) -> GradescopeTest<'g> {
    let status = match check.finding {
        Finding::Passed => Some(GradescopeStatus::Passed),
        Finding::Unavailable { .. } => None,
        _ => Some(GradescopeStatus::Failed),
    };
    let has_score = status.is_some() && check.points > 0;
    GradescopeTest {
        score: has_score.then_some(check.earned()),
        max_score: has_score.then_some(check.points),
        status,
        name: &check.title,
        number: (index + 1).to_string(),
        output: text::explanation(check, grading, hints),
        visibility: check.visibility,
        extra_data: TestData { id: &check.id, duration: check.duration.as_secs_f64() },
    }
}

/// The text that every student may read.
fn output(grading: &Grading) -> String {
    let mut output = String::new();
    if !grading.is_complete() {
        let Grading { checks, planned, .. } = grading;
        output = format!("Grading has not finished: {} of {planned} checks were performed.\n", checks.len());
    }
    output.push_str(&format!("To repeat this grading: {}\n", text::repeating(grading)));
    if text::deserves_notes(grading, false) {
        text::block(&mut output, "How the model answer does it, and why", &grading.notes);
    }
    output
}
