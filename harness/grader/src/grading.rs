//! The results of a grading: one per check, in the order of the assignment.
//!
//! `grader` produces the results; `report` writes them in several formats.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Who may see a check, in Gradescope's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Everybody.
    #[default]
    Visible,
    /// The staff alone.
    Hidden,
    /// Students, once the assignment is due.
    AfterDueDate,
    /// Students, once grades are published.
    AfterPublished,
}

/// The result of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Finding {
    /// The contract is kept.
    Passed,
    /// It is not.
    Failed(Mismatch),
    /// The submission was stopped: it went over a limit.
    Stopped(Stop),
    /// A check that this one builds on did not pass: no second penalty.
    NotChecked {
        /// The id of the check that did not pass.
        prerequisite: String,
    },
    /// This machine cannot perform the check; its points are not counted at all.
    Unavailable {
        /// The thing that is missing, and how to get it.
        reason: String,
    },
    /// The grader itself failed: nothing is known about the submission.
    Error {
        /// The step that failed, and why.
        message: String,
    },
}

/// How the submission differs from the contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mismatch {
    /// The demand of the contract, in words.
    pub expected: String,
    /// The kernel's answer, or the text that the submission printed.
    pub observed: String,
}

/// Why a submission was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// Wall time.
    Time,
    /// Processes that exist at the same time.
    Processes,
    /// Memory of all its processes together.
    Memory,
    /// Bytes written to standard output and standard error.
    Output,
}

/// A submission that went over a limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// Which limit.
    pub limit: Limit,
    /// The limit in words, and what was being waited for.
    pub what: String,
}

/// One check of a grading.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GradedCheck {
    /// The id: kebab-case, unique within the assignment.
    pub id: String,
    /// Its subject, in one line.
    pub title: String,
    /// The points that can be earned.
    pub points: u32,
    /// Who may see it.
    pub visibility: Visibility,
    /// The result.
    #[serde(flatten)]
    pub finding: Finding,
    /// The command lines of the submission and everything that the check did to it, in order.
    pub asked: Vec<String>,
    /// The kernel's answers, line by line as strace(1) writes them.
    pub trace: Vec<String>,
    /// The output of the submission, standard output and standard error in one, cut to a limit.
    pub printed: String,
    /// The hints that may be shown, from a nudge to nearly the solution.
    pub hints: Vec<String>,
    /// How long it took.
    #[serde(with = "seconds")]
    pub duration: Duration,
}

impl GradedCheck {
    /// The points that were earned: a check is either kept whole or not at all.
    pub fn earned(&self) -> u32 {
        if self.finding == Finding::Passed { self.points } else { 0 }
    }

    /// The points that counted: none where this machine could not perform the check.
    pub fn counted(&self) -> u32 {
        if matches!(self.finding, Finding::Unavailable { .. }) { 0 } else { self.points }
    }

    /// Whether every point that counted was earned. Nothing is known of that where the grader
    /// failed, also if there are no points.
    pub fn lost_nothing(&self) -> bool {
        self.earned() == self.counted() && !matches!(self.finding, Finding::Error { .. })
    }
}

/// A whole grading, or as much of one as there is yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Grading {
    /// The name of the assignment.
    pub assignment: String,
    /// Its title.
    pub title: String,
    /// The submission's path as it was given.
    pub program: String,
    /// The seed of everything that differs from grading to grading.
    pub seed: u64,
    /// The checks that have been performed, in the order of the assignment.
    pub checks: Vec<GradedCheck>,
    /// The number of checks that the assignment has.
    pub planned: usize,
    /// Notes on the model answer; shown after full marks.
    pub notes: Vec<String>,
    /// The release of the guest's kernel, if it was graded in a guest.
    #[serde(default)]
    pub guest: Option<String>,
    /// Whether a cgroup kept the limits of the submission's processes together.
    #[serde(default)]
    pub cgroup: bool,
    /// Why the grading as such broke off, if it did.
    pub broken: Option<String>,
    /// Whether it broke off as this machine can grade nothing, rather than as something failed.
    #[serde(default)]
    pub impossible: bool,
    /// The command that repeats it, where that has more options than the seed.
    #[serde(default)]
    pub repeat: Option<String>,
    /// How long it took so far.
    #[serde(with = "seconds")]
    pub duration: Duration,
}

impl Grading {
    /// The points earned.
    pub fn score(&self) -> u32 {
        self.checks.iter().map(GradedCheck::earned).sum()
    }

    /// The points that could be earned in the checks performed so far.
    pub fn max_score(&self) -> u32 {
        self.checks.iter().map(GradedCheck::counted).sum()
    }

    /// Whether every check was performed.
    pub fn is_complete(&self) -> bool {
        self.broken.is_none() && self.checks.len() == self.planned
    }

    /// Whether every check was performed and every point that counted was earned.
    pub fn has_full_marks(&self) -> bool {
        self.is_complete() && self.checks.iter().all(GradedCheck::lost_nothing)
    }
}

/// Durations as seconds with fractions, as every consumer of results has them.
mod seconds {
    use serde::{Deserialize, Deserializer, Serializer};
    use std::time::Duration;

    pub fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(duration.as_secs_f64())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        Duration::try_from_secs_f64(f64::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
