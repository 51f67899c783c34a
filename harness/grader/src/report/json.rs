//! Our own JSON: one document for one grading, with everything that was found.
//!
//! It is for whoever grades, so checks that students may not see are there, each with its
//! visibility. The format is described by `fixtures/schemas/grading.schema.json`.

use super::{VERSION, text};
use crate::grading::{Finding, GradedCheck, Grading, Visibility};
use serde::Serialize;

/// The version of the document: raised when a field changes its meaning or goes away.
pub const SCHEMA: u32 = 1;

/// A grading as a document.
#[derive(Debug, Serialize)]
pub struct Document<'g> {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The version of nsconform.
    pub nsconform: &'static str,
    /// The name of the assignment.
    pub assignment: &'g str,
    /// Its title.
    pub title: &'g str,
    /// The submission's path as it was given.
    pub program: &'g str,
    /// The seed, in decimal. Not a number: many readers of JSON keep 53 bits of those.
    pub seed: String,
    /// The number of checks that the assignment has.
    pub planned: usize,
    /// Whether all of them were performed.
    pub complete: bool,
    /// The release of the guest's kernel, if it was graded in a guest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guest: Option<&'g str>,
    /// Whether a cgroup kept the limits of the submission's processes together; if not, each
    /// process had limits of its own and the grader added up.
    pub cgroup: bool,
    /// Why the grading as such broke off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken: Option<&'g str>,
    /// Points earned.
    pub score: u32,
    /// Points of the checks performed, less those that this machine cannot perform.
    pub max_score: u32,
    /// How long it took, in seconds.
    pub duration: f64,
    /// In the order of the assignment.
    pub checks: Vec<JsonCheck<'g>>,
    /// Notes on the model answer; empty before full marks.
    pub notes: &'g [String],
}

/// One check.
#[derive(Debug, Serialize)]
pub struct JsonCheck<'g> {
    /// Kebab-case, unique in the assignment.
    pub id: &'g str,
    /// Its subject, in one line.
    pub title: &'g str,
    /// Who may see it.
    pub visibility: Visibility,
    /// The result: `status`, and the fields that belong to it.
    #[serde(flatten)]
    pub finding: &'g Finding,
    /// Points earned.
    pub score: u32,
    /// Points that counted.
    pub max_score: u32,
    /// The command lines of the submission, and everything that the check did to it.
    pub asked: &'g [String],
    /// The kernel's answers.
    pub trace: &'g [String],
    /// The output of the submission.
    pub printed: &'g str,
    /// As many hints as were wanted.
    pub hints: &'g [String],
    /// How many there are.
    pub hints_available: usize,
    /// How long it took, in seconds.
    pub duration: f64,
}

impl<'g> Document<'g> {
    /// The document of a grading.
    pub fn of(grading: &'g Grading, hints: usize) -> Document<'g> {
        let of_check = |check: &'g GradedCheck| JsonCheck {
            id: &check.id,
            title: &check.title,
            visibility: check.visibility,
            finding: &check.finding,
            score: check.earned(),
            max_score: check.counted(),
            asked: &check.asked,
            trace: &check.trace,
            printed: &check.printed,
            hints: text::hints(check, hints),
            hints_available: check.hints.len(),
            duration: check.duration.as_secs_f64(),
        };
        Document {
            schema: SCHEMA,
            nsconform: VERSION,
            assignment: &grading.assignment,
            title: &grading.title,
            program: &grading.program,
            seed: grading.seed.to_string(),
            planned: grading.planned,
            complete: grading.is_complete(),
            guest: grading.guest.as_deref(),
            cgroup: grading.cgroup,
            broken: grading.broken.as_deref(),
            score: grading.score(),
            max_score: grading.max_score(),
            duration: grading.duration.as_secs_f64(),
            checks: grading.checks.iter().map(of_check).collect(),
            notes: if text::deserves_notes(grading, true) { &grading.notes } else { &[] },
        }
    }
}
