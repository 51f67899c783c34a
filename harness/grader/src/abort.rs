//! How a check script ends before its end: the contract is broken, a limit is reached, or the
//! grader or the machine cannot go on.
//!
//! The limits themselves are numbers here; `stage` enforces them.

use super::grading::{Finding, Limit, Mismatch, Stop};

/// Why a check script ends before its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckAbort {
    /// The contract is not kept.
    Mismatch(Mismatch),
    /// The submission went over a limit.
    Stopped(Stop),
    /// This machine cannot perform the check.
    Unavailable(String),
    /// The machine gave the submission so little time that nothing can be said of it.
    TooBusy(String),
    /// The grader could not do its part.
    Engine(String),
}

/// How many bytes of a text that a submission may have made go into a report.
const LONGEST_TEXT: usize = 2 << 10;

/// A text cut to a length that every report can show: whatever a submission prints, the work on a
/// report stays small.
pub(super) fn shortened(mut text: String, longest: usize) -> String {
    if text.len() > longest {
        let end = (0..=longest).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let left_out = text.len() - end;
        text.truncate(end);
        text.push_str(&format!(" [... {left_out} more bytes]"));
    }
    text
}

impl CheckAbort {
    /// The contract is not kept: what it says, and what was observed. Long texts are cut.
    pub fn mismatch(expected: impl Into<String>, observed: impl Into<String>) -> CheckAbort {
        let [expected, observed] =
            [expected.into(), observed.into()].map(|text| shortened(text, LONGEST_TEXT));
        CheckAbort::Mismatch(Mismatch { expected, observed })
    }

    /// The submission went over a limit; `what` says which in words.
    pub(super) fn stopped(limit: Limit, what: String) -> CheckAbort {
        CheckAbort::Stopped(Stop { limit, what: shortened(what, LONGEST_TEXT) })
    }

    /// The same, with what was being waited for when time ran out.
    pub(super) fn while_waiting_for(self, what: &str) -> CheckAbort {
        match self {
            CheckAbort::Stopped(Stop { limit: Limit::Time, what: time }) => {
                let passed = time.split(" waiting for ").next().unwrap_or_default();
                CheckAbort::stopped(Limit::Time, format!("{passed} waiting for {what}"))
            }
            other => other,
        }
    }

    /// The same in words, for whoever asks nothing else.
    pub(super) fn in_words(self) -> String {
        match self {
            CheckAbort::Mismatch(mismatch) => format!("{}; {}", mismatch.expected, mismatch.observed),
            CheckAbort::Stopped(stop) => stop.what,
            CheckAbort::Unavailable(why) | CheckAbort::TooBusy(why) | CheckAbort::Engine(why) => why,
        }
    }

    /// The finding of a check that ends so; none where nothing can be said of the submission.
    pub(super) fn finding(self) -> Result<Finding, String> {
        match self {
            CheckAbort::Mismatch(mismatch) => Ok(Finding::Failed(mismatch)),
            CheckAbort::Stopped(stop) => Ok(Finding::Stopped(stop)),
            CheckAbort::Unavailable(reason) => Ok(Finding::Unavailable { reason }),
            CheckAbort::Engine(message) => Ok(Finding::Error { message }),
            CheckAbort::TooBusy(reason) => Err(reason),
        }
    }
}

/// The result of a check script.
pub type CheckResult = Result<(), CheckAbort>;

/// Goes on if the contract is kept.
///
/// # Errors
/// The mismatch, if it is not.
pub fn ensure(
    kept: bool,
    expected: impl FnOnce() -> String,
    observed: impl FnOnce() -> String,
) -> CheckResult {
    if kept { Ok(()) } else { Err(CheckAbort::mismatch(expected(), observed())) }
}

/// How many processes a submission may have at the same time.
pub const MOST_PROCESSES: usize = 64;
/// How many bytes of memory its processes may have in use together.
pub const MOST_MEMORY: u64 = 256 << 20;
/// How many bytes it may print.
pub const MOST_OUTPUT: usize = 1 << 20;
