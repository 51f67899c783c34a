//! Assignments: the rules that a teacher may change without Rust, one TOML file each.
//!
//! The crate `nsconform-course` has the code of the checks. The file has their data: points,
//! deadlines, visibility and hints.

use super::grading::Visibility;
use serde::Deserialize;
use serde::de::{self, Deserializer};
use std::time::Duration;
use toml::Spanned;

/// The credentials that a submission starts with, in the user namespace of the stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubmissionCredentials {
    /// Uid 0 with all capabilities over the namespaces of the stage.
    Root,
    /// Uid 1000 without capabilities.
    User,
}

/// The rules of one assignment.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assignment {
    /// Its subject, in one line.
    pub title: String,
    /// The part of the series that prints the program.
    pub part: u8,
    /// The credentials that a submission starts with.
    pub starts_as: SubmissionCredentials,
    /// Cases of the suite whose claims it teaches.
    pub claims: Vec<String>,
    /// How long a check may take, unless it says otherwise; in milliseconds.
    #[serde(rename = "deadline_ms", deserialize_with = "milliseconds")]
    pub deadline: Duration,
    /// How the model answer differs from most answers, and why.
    #[serde(default)]
    pub notes: Vec<String>,
    /// The checks, in the order in which they are performed.
    pub checks: Vec<Check>,
    /// How many times as long everything takes here as on usual machines, at least 1.
    #[serde(skip, default = "usual")]
    pub time_scale: f64,
}

fn usual() -> f64 {
    1.0
}

/// The rules of one check.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Its name: that of the function that performs it, with hyphens.
    pub id: Spanned<String>,
    /// Its subject, in one line.
    pub title: String,
    /// The points that it is worth; 0 for a check that only informs.
    pub points: u32,
    /// Checks that must have passed before; named earlier in the file.
    #[serde(default)]
    pub needs: Vec<Spanned<String>>,
    /// How long it may take, if not as long as the assignment says; in milliseconds.
    #[serde(rename = "deadline_ms", default, deserialize_with = "some_milliseconds")]
    pub deadline: Option<Duration>,
    /// Who may see it.
    #[serde(default)]
    pub visibility: Visibility,
    /// From a nudge to nearly the solution.
    #[serde(default)]
    pub hints: Vec<String>,
}

/// The keys of a file of rules, each with a comment for whoever changes it. Those of a check come after
/// those of the assignment.
const COMMENTS: [(&str, &str); 12] = [
    ("title", "what it is about, in one line"),
    ("part", "the part of the article series that prints the program"),
    (
        "starts_as",
        "what a submission starts as: \"root\" of the stage's user namespace, or \"user\" without capabilities",
    ),
    ("claims", "cases of the suite whose claims it teaches"),
    ("deadline_ms", "how long a check may take for each start of the program, in milliseconds"),
    ("notes", "what the model answer does, and why: shown after full marks"),
    ("[[checks]]", "a check; they are performed in this order, and one that is left out is not performed"),
    ("id", "the name of the function that performs it: it cannot be changed"),
    ("points", "what it is worth; 0 only informs"),
    ("needs", "checks that must have passed before, named further up"),
    ("visibility", "\"visible\", \"hidden\", \"after_due_date\" or \"after_published\""),
    ("hints", "from a nudge to nearly the solution; `grade --hints N` shows the first N"),
];

/// Rules with a comment at the first use of each key, for a teacher to change.
pub fn commented(rules: &str) -> String {
    let mut left: Vec<(&str, &str)> = COMMENTS.to_vec();
    let mut text = String::new();
    for line in rules.lines() {
        let key = line.split(' ').next().unwrap_or_default();
        if let Some(number) = left.iter().position(|(name, _)| *name == key) {
            let (name, comment) = left.remove(number);
            text += &format!("# {name}: {comment}\n");
        }
        text += line;
        text.push('\n');
    }
    // Keys that these rules do not use.
    for (name, comment) in left {
        text += &format!("# {name} (not used here): {comment}\n");
    }
    text
}

/// A deadline of nothing would stop every submission.
fn milliseconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    match u64::deserialize(deserializer)? {
        0 => Err(de::Error::custom("a deadline is at least 1 millisecond")),
        number => Ok(Duration::from_millis(number)),
    }
}

fn some_milliseconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    milliseconds(deserializer).map(Some)
}

impl Assignment {
    /// Reads the rules of an assignment whose checks are performed by functions of these names.
    ///
    /// # Errors
    /// Names each mistake in the text, with line and column.
    pub fn read(text: &str, performed: &[&str]) -> Result<Assignment, String> {
        let assignment: Assignment = toml::from_str(text).map_err(|error| error.to_string())?;
        for (number, check) in assignment.checks.iter().enumerate() {
            let earlier = &assignment.checks[..number];
            let is_earlier = |id: &str| earlier.iter().any(|check| check.id.get_ref() == id);
            if !performed.contains(&check.id.get_ref().as_str()) {
                let there = performed.join(", ");
                return Err(at(text, &check.id, &format!("there is no such check; there are {there}")));
            }
            if is_earlier(check.id.get_ref()) {
                return Err(at(text, &check.id, "this check is there twice"));
            }
            for needed in &check.needs {
                if !is_earlier(needed.get_ref()) {
                    return Err(at(text, needed, "a prerequisite must be a check that comes earlier"));
                }
            }
        }
        if assignment.checks.is_empty() {
            return Err("there is no check: [[checks]] is missing".to_string());
        }
        if assignment.points() == 0 {
            return Err("no check gives any points: `points = 1` or more in one of [[checks]]".to_string());
        }
        Ok(assignment)
    }

    /// The same on a machine that is slower by this factor: checks may take longer.
    pub fn slowed(self, factor: f64) -> Assignment {
        Assignment { time_scale: self.time_scale * factor, ..self }
    }

    /// The points of all checks.
    pub fn points(&self) -> u32 {
        self.checks.iter().map(|check| check.points).sum()
    }

    /// How long a check may take on this machine.
    pub fn deadline_of(&self, check: &Check) -> Duration {
        check.deadline.unwrap_or(self.deadline).mul_f64(self.time_scale)
    }
}

fn at(text: &str, place: &Spanned<String>, what: &str) -> String {
    let before = &text[..place.span().start];
    let line = before.matches('\n').count() + 1;
    let column = before.len() - before.rfind('\n').map_or(0, |newline| newline + 1) + 1;
    format!("line {line}, column {column}: '{}': {what}", place.get_ref())
}
