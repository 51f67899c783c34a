//! Classroom 50's `result.json`, schema `classroom50/result/v1`.
//!
//! Source: *Advanced Autograding* in the wiki of foundation50/classroom50, and
//! `schemas/result-v1.schema.json` there. The runner starts a grader in the student's checkout with
//! its identity in environment variables, reads `result.json` when the grader has exited with 0,
//! and rejects a result with another identity. It sets `owner`, `assignment_type`, `datetime`,
//! `graded_at` and `submitted_by` anew; they are written all the same, so that the file is valid
//! as it is.
//!
//! The result is published to the student, and a score must be the sum over the tests: a check
//! that students may not see is there under a neutral name, without findings. A check that this
//! machine cannot perform is left out. A non-zero exit status says that grading as such failed; see
//! [`super::Format::exit_status`].

use super::text;
use crate::grading::{Finding, GradedCheck, Grading};
use serde::Serialize;
use std::time::SystemTime;

/// The name of the schema.
const SCHEMA: &str = "classroom50/result/v1";
/// The longest name of a test, in bytes.
const LONGEST_NAME: usize = 100;
/// The longest captured text, in bytes; the runner cuts its own at as many characters.
const LONGEST_TEXT: usize = 2_000;

/// Whose result it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    classroom: String,
    assignment: String,
    assignment_type: String,
    owner: String,
    submission: String,
    commit: String,
    release: String,
    review: String,
    submitted_by: Option<SubmittedBy>,
}

/// Who pushed a submission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SubmittedBy {
    /// The login.
    pub username: String,
    /// GitHub's number of the user.
    pub id: Option<u64>,
}

impl Identity {
    /// Reads it from the environment that the runner sets.
    ///
    /// # Errors
    /// Names the variables that are missing or cannot be right.
    pub fn from_environment(environment: &dyn Fn(&str) -> Option<String>) -> Result<Identity, String> {
        let given = |name: &str| environment(name).filter(|value| !value.trim().is_empty());
        let mut missing = Vec::new();
        let mut needed = |name: &'static str| {
            given(name).unwrap_or_else(|| {
                missing.push(name);
                String::new()
            })
        };
        let classroom = needed("CLASSROOM");
        let assignment = needed("ASSIGNMENT");
        let submission = needed("SUBMISSION_TAG");
        let commit = needed("COMMIT_URL");
        let release = needed("RELEASE_URL");
        // Earlier runners hand over the owner as USERNAME alone.
        let owner = given("OWNER").unwrap_or_else(|| needed("USERNAME"));
        if !missing.is_empty() {
            return Err(format!(
                "the format classroom50 needs the environment of Classroom 50's runner; missing: {}",
                missing.join(", ")
            ));
        }
        if !submission.starts_with("submit/") {
            return Err(format!("SUBMISSION_TAG is '{submission}'; Classroom 50's tags begin with submit/"));
        }
        let assignment_type = given("ASSIGNMENT_TYPE").unwrap_or_else(|| "individual".to_string());
        if !["individual", "group", "team"].contains(&assignment_type.as_str()) {
            return Err(format!("ASSIGNMENT_TYPE is '{assignment_type}', not individual, group or team"));
        }
        let review = given("REVIEW_URL").unwrap_or_else(|| commit.clone());
        let submitted_by = given("GITHUB_ACTOR").map(|username| SubmittedBy {
            username,
            id: given("GITHUB_ACTOR_ID").and_then(|id| id.parse().ok()),
        });
        Ok(Identity {
            classroom,
            assignment,
            assignment_type,
            owner,
            submission,
            commit,
            release,
            review,
            submitted_by,
        })
    }

    /// When it was submitted, as the tag says (`submit/2026-06-01T14-32-05Z-a1b2c3d`): an instant
    /// that grading again does not move.
    fn submitted(&self) -> Option<String> {
        let written = self.submission.strip_prefix("submit/")?.get(..20)?;
        let (day, time) = written.split_once('T')?;
        let instant = format!("{day}T{}", time.replace('-', ":"));
        humantime::parse_rfc3339(&instant).is_ok().then_some(instant)
    }
}

/// The whole file.
#[derive(Debug, Serialize)]
pub struct Payload<'g> {
    /// The name of the schema.
    pub schema: &'static str,
    /// The short name of the classroom.
    pub classroom: &'g str,
    /// The assignment's name there, which need not be ours.
    pub assignment: &'g str,
    /// `individual`, `group` or `team`.
    pub assignment_type: &'g str,
    /// Whose repository it is.
    pub owner: &'g str,
    /// The submission's tag.
    pub submission: &'g str,
    /// The page of the commit.
    pub commit: &'g str,
    /// The page of the release.
    pub release: &'g str,
    /// The page of all changes.
    pub review: &'g str,
    /// When it was submitted, in UTC.
    pub datetime: String,
    /// When it was graded, in UTC.
    pub graded_at: String,
    /// Points earned.
    pub score: u32,
    /// Points that could be earned.
    #[serde(rename = "max-score")]
    pub max_score: u32,
    /// A test for each check.
    pub tests: Vec<Classroom50Test>,
    /// Who pushed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub submitted_by: Option<&'g SubmittedBy>,
}

/// One test. The last two fields are ours: further fields are kept as they are.
#[derive(Debug, Serialize)]
pub struct Classroom50Test {
    /// The id and the title of the check.
    #[serde(rename = "test-name")]
    pub name: String,
    /// Whether it passed.
    pub passed: bool,
    /// Points earned.
    pub score: u32,
    /// Points that could be earned.
    #[serde(rename = "max-score")]
    pub max_score: u32,
    /// Why it did not pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The output of the submission.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
}

impl<'g> Payload<'g> {
    /// The file of a grading.
    pub fn of(grading: &Grading, identity: &'g Identity, hints: usize) -> Payload<'g> {
        let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        let is_test = |check: &&GradedCheck| !matches!(check.finding, Finding::Unavailable { .. });
        let mut hidden = 0;
        let mut of_check = |check: &GradedCheck| {
            if text::is_visible(check) {
                test(grading, check, hints)
            } else {
                hidden += 1;
                concealed(check, hidden)
            }
        };
        Payload {
            schema: SCHEMA,
            classroom: &identity.classroom,
            assignment: &identity.assignment,
            assignment_type: &identity.assignment_type,
            owner: &identity.owner,
            submission: &identity.submission,
            commit: &identity.commit,
            release: &identity.release,
            review: &identity.review,
            datetime: identity.submitted().unwrap_or_else(|| now.clone()),
            graded_at: now,
            score: grading.score(),
            max_score: grading.max_score(),
            tests: grading.checks.iter().filter(is_test).map(&mut of_check).collect(),
            submitted_by: identity.submitted_by.as_ref(),
        }
    }
}

fn test(grading: &Grading, check: &GradedCheck, hints: usize) -> Classroom50Test {
    let message = text::reason_lines(check, grading) + &text::hint_lines(check, hints);
    let some = |text: String| (!text.is_empty()).then(|| text::cut(&text, LONGEST_TEXT, "…"));
    // The name stands alone on a line of a log and in a cell of a table.
    let name = text::printable(&format!("{}: {}", check.id, check.title)).replace(['\n', '\t'], " ");
    Classroom50Test {
        name: text::cut(&name, LONGEST_NAME, "…"),
        passed: check.finding == Finding::Passed,
        score: check.earned(),
        max_score: check.points,
        message: some(message),
        output: some(text::printable(&check.printed)),
    }
}

fn concealed(check: &GradedCheck, number: usize) -> Classroom50Test {
    Classroom50Test {
        name: format!("hidden check {number}"),
        passed: check.finding == Finding::Passed,
        score: check.earned(),
        max_score: check.points,
        message: None,
        output: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn identity(submission: &str) -> Result<Identity, String> {
        Identity::from_environment(&|name| match name {
            "SUBMISSION_TAG" => Some(submission.to_string()),
            "GITHUB_ACTOR" | "GITHUB_ACTOR_ID" | "REVIEW_URL" | "ASSIGNMENT_TYPE" => None,
            name => Some(name.to_lowercase()),
        })
    }

    #[rstest]
    #[case::tag("submit/2026-06-01T14-32-05Z-a1b2c3d", Some("2026-06-01T14:32:05Z"))]
    #[case::no_such_day("submit/2026-13-01T14-32-05Z-a1b2c3d", None)]
    #[case::by_hand("submit/again", None)]
    #[case::letters("submit/ééééééééééééééééééé", None)]
    fn the_tag_says_when(#[case] submission: &str, #[case] expected: Option<&str>) {
        assert_eq!(identity(submission).unwrap().submitted().as_deref(), expected);
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = Identity::from_environment(&|_| None).unwrap_err();
        let names = "CLASSROOM, ASSIGNMENT, SUBMISSION_TAG, COMMIT_URL, RELEASE_URL, USERNAME";
        assert!(error.ends_with(names), "{error}");
        assert!(identity("main").unwrap_err().contains("submit/"));
    }
}
