//! The formats of a grading: for people, and for the consumers of results.
//!
//! Each format has a module; `text` has the words that they share, `result_file` the file that the
//! grader replaces after each check. So every format can show a grading that is not complete.
//!
//! # Who sees what
//! | format | written for | checks that are not visible |
//! |---|---|---|
//! | human | the student, or the staff with `staff` | left out, and the total says so; `staff` shows them |
//! | json, junit | whoever grades | there, each with its visibility |
//! | gradescope | staff and student | there: Gradescope itself hides them |
//! | classroom50 | published to the student | there, without title and findings: the total must be right |
//! | exercism | the student | left out: there are no points |

pub mod classroom50;
pub mod exercism;
pub mod gradescope;
pub mod human;
pub mod json;
pub mod junit;
mod result_file;
mod text;

pub use result_file::ResultFile;
pub use text::{add_option, printable, repeat_all_command, repeat_command};

use super::grading::{Finding, Grading};
use nsconform_report::ExitStatus;
use std::io::{self, Write};
use std::str::FromStr;

/// A format in which a grading can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Text for people.
    Human,
    /// Our own JSON document.
    Json,
    /// `results.json` of Gradescope's autograder.
    Gradescope,
    /// `result.json` of Classroom 50's runner.
    Classroom50,
    /// `results.json` of an Exercism test runner.
    Exercism,
    /// JUnit XML in the dialect of Jenkins.
    Junit,
}

impl Format {
    /// All of them.
    pub const ALL: [Format; 6] = [
        Format::Human,
        Format::Json,
        Format::Gradescope,
        Format::Classroom50,
        Format::Exercism,
        Format::Junit,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Format::Human => "human",
            Format::Json => "json",
            Format::Gradescope => "gradescope",
            Format::Classroom50 => "classroom50",
            Format::Exercism => "exercism",
            Format::Junit => "junit",
        }
    }

    /// The file that its consumer looks for; the usual name where there is none.
    pub fn file_name(self) -> &'static str {
        match self {
            Format::Human => "grading.txt",
            Format::Json => "grading.json",
            Format::Gradescope | Format::Exercism => "results.json",
            Format::Classroom50 => "result.json",
            Format::Junit => "junit.xml",
        }
    }

    /// The exit status that a grading deserves. Exercism and Classroom 50 demand 0 whenever
    /// grading itself worked, whatever came out.
    pub fn exit_status(self, grading: &Grading) -> ExitStatus {
        let any = |is: fn(&Finding) -> bool| grading.checks.iter().map(|check| &check.finding).any(is);
        let tested = any(|finding| {
            matches!(
                finding,
                Finding::Passed | Finding::Failed(_) | Finding::Stopped(_) | Finding::Error { .. }
            )
        });
        if self == Format::Exercism {
            // Its document says why nothing could be graded; it is only read after a 0.
            return ExitStatus::Success;
        }
        if grading.impossible {
            ExitStatus::NothingTested
        } else if !grading.is_complete() {
            ExitStatus::HarnessFailed
        } else if !tested {
            ExitStatus::NothingTested
        } else if self == Format::Classroom50 {
            ExitStatus::Success
        } else if any(|finding| matches!(finding, Finding::Error { .. })) {
            ExitStatus::HarnessFailed
        } else if grading.has_full_marks() {
            ExitStatus::Success
        } else {
            ExitStatus::CaseFailed
        }
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Format, String> {
        Format::ALL.into_iter().find(|format| format.name() == name).ok_or_else(|| {
            let names = Format::ALL.map(Format::name).join(", ");
            format!("there is no format '{name}'; there are {names}")
        })
    }
}

/// How a grading is to be written.
#[derive(Clone, Debug)]
pub struct Report {
    format: Format,
    staff: bool,
    hints: usize,
    width: u16,
    /// Whose result it is; for Classroom 50 alone.
    identity: Option<classroom50::Identity>,
}

impl Report {
    /// `staff` shows people every check; of each failed check the first `hints` hints are
    /// shown; a line for people is at most `width` columns wide. `environment` gives
    /// environment variables by name: Classroom 50 hands over in them whose result it is.
    ///
    /// # Errors
    /// Says which environment variables are missing or wrong, and who sets them.
    pub fn new(
        format: Format,
        staff: bool,
        hints: usize,
        width: u16,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Report, String> {
        let identity = match format {
            Format::Classroom50 => Some(classroom50::Identity::from_environment(environment)?),
            _ => None,
        };
        Ok(Report { format, staff, hints, width, identity })
    }

    /// Which format it is.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The whole text, without styles. None where the consumer is to find no result: Gradescope
    /// knows no other way of saying that grading itself failed, and that the score is not zero.
    ///
    /// # Errors
    /// Those of writing XML.
    pub fn document(&self, grading: &Grading) -> Result<Option<String>, String> {
        Ok(Some(match self.format {
            Format::Human => {
                let mut styled = Vec::new();
                self.show(grading, &mut styled).map_err(|error| error.to_string())?;
                anstream::adapter::strip_str(&String::from_utf8_lossy(&styled)).to_string()
            }
            Format::Json => as_json(&json::Document::of(grading, self.hints))?,
            Format::Gradescope if grading.broken.is_some() => return Ok(None),
            Format::Gradescope => as_json(&gradescope::GradescopeResults::of(grading, self.hints))?,
            Format::Classroom50 => match &self.identity {
                Some(identity) => as_json(&classroom50::Payload::of(grading, identity, self.hints))?,
                None => return Err("it is not known whose result this is".to_string()),
            },
            Format::Exercism => as_json(&exercism::ExercismResults::of(grading, self.hints))?,
            Format::Junit => junit::write(grading, self.hints)?,
        }))
    }

    /// Writes to a terminal or what stands for it: for people with styles, which `to` is to
    /// strip where they are not wanted.
    ///
    /// # Errors
    /// Those of writing.
    pub fn show(&self, grading: &Grading, to: &mut dyn Write) -> io::Result<()> {
        if self.format == Format::Human {
            return human::write(grading, self.staff, self.hints, self.width, to);
        }
        match self.document(grading).map_err(io::Error::other)? {
            Some(document) => to.write_all(document.as_bytes()),
            None => Ok(()),
        }
    }
}

/// The version of nsconform, which all documents carry that have a place for it.
const VERSION: &str = env!("CARGO_PKG_VERSION");

fn as_json(document: &impl serde::Serialize) -> Result<String, String> {
    let mut text = serde_json::to_string_pretty(document).map_err(|error| error.to_string())?;
    text.push('\n');
    Ok(text)
}
