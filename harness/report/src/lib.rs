//! Events of runs in, documents out.
//!
//! | module | what lives there |
//! |---|---|
//! | `event` | what a run consists of, as JSON lines |
//! | `run_file` | runs read back |
//! | `compare` | what became of each case from one run to another |
//! | `human`, `diff`, `table` | a run, two runs compared, and many kernels side by side, for people |

#![forbid(unsafe_code)]

pub mod compare;
pub mod diff;
pub mod event;
pub mod human;
pub mod run_file;
pub mod table;

use anstyle::Style;
use nsconform_suite::verdict::{Record, Verdict};
use serde::{Deserialize, Serialize};

/// A text in a style.
pub fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// A number and what is counted, in the plural where it is not one.
pub fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// How many cases came to which verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Passed, the documentation and the kernel agreeing.
    pub pass: usize,
    /// Passed where the kernel is known to do otherwise than the documentation says.
    pub deviation: usize,
    /// Passed although listed as failing on this kernel.
    pub unexpected: usize,
    /// Failed.
    pub fail: usize,
    /// Failed for a reason that is listed.
    pub known: usize,
    /// Rests on a rule that the kernel breaks.
    #[serde(default)]
    pub not_judged: usize,
    /// Skipped.
    pub skip: usize,
    /// The harness could not do its part.
    pub error: usize,
    /// Not ended before the deadline.
    pub timeout: usize,
}

impl Counts {
    /// Counts one record; `deviates` says whether its case has a documented deviation.
    pub fn add(&mut self, record: &Record, deviates: bool) {
        *match record.verdict {
            Verdict::Pass if deviates => &mut self.deviation,
            Verdict::Pass => &mut self.pass,
            Verdict::UnexpectedPass { .. } => &mut self.unexpected,
            Verdict::Fail => &mut self.fail,
            Verdict::Known { .. } => &mut self.known,
            Verdict::NotJudged { .. } => &mut self.not_judged,
            Verdict::Skip { .. } => &mut self.skip,
            Verdict::Error { .. } => &mut self.error,
            Verdict::Timeout { .. } => &mut self.timeout,
        } += 1;
    }

    /// All of them.
    pub fn total(&self) -> usize {
        self.tested() + self.not_judged + self.skip
    }

    /// Those that were run.
    pub fn tested(&self) -> usize {
        self.pass + self.deviation + self.unexpected + self.fail + self.known + self.error + self.timeout
    }

    /// The exit status that a run with these counts deserves; see the README.
    pub fn exit_status(&self) -> ExitStatus {
        // A broken foundation is a failure of the kernel; errors may follow from it.
        if self.not_judged > 0 {
            ExitStatus::CaseFailed
        } else if self.error + self.timeout > 0 {
            ExitStatus::HarnessFailed
        } else if self.fail > 0 {
            ExitStatus::CaseFailed
        } else if self.tested() == 0 {
            ExitStatus::NothingTested
        } else {
            ExitStatus::Success
        }
    }
}

/// What the exit statuses of the program mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitStatus {
    /// All cases that were run passed (or the command did what was asked).
    Success = 0,
    /// A case failed, and nothing worse happened.
    CaseFailed = 1,
    /// A wrong command line or wrong input.
    Usage = 2,
    /// The harness itself failed: an error, a timeout, a result that could not be written.
    HarnessFailed = 3,
    /// Nothing was tested: everything was skipped, or no case matched.
    NothingTested = 4,
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    /// What is written, without styles: escape sequences that end with an m.
    pub(super) fn plain(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
        let mut written = Vec::new();
        write(&mut written).unwrap();
        let mut escaped = false;
        let shown = |letter: &char| {
            let was_escaped = escaped;
            escaped = *letter == '\x1b' || (escaped && *letter != 'm');
            !escaped && !was_escaped
        };
        String::from_utf8(written).unwrap().chars().filter(shown).collect()
    }

    #[rstest]
    #[case::all_passed(Counts { pass: 3, ..Counts::default() }, ExitStatus::Success)]
    #[case::deviations_are_fine(Counts { deviation: 1, ..Counts::default() }, ExitStatus::Success)]
    #[case::one_failed(Counts { pass: 3, fail: 1, ..Counts::default() }, ExitStatus::CaseFailed)]
    #[case::a_known_failure_is_fine(Counts { known: 1, ..Counts::default() }, ExitStatus::Success)]
    #[case::error_is_worse(Counts { fail: 1, error: 1, ..Counts::default() }, ExitStatus::HarnessFailed)]
    #[case::a_broken_foundation_is_a_failure(Counts { not_judged: 1, error: 1, ..Counts::default() }, ExitStatus::CaseFailed)]
    #[case::timeout(Counts { pass: 3, timeout: 1, ..Counts::default() }, ExitStatus::HarnessFailed)]
    #[case::all_skipped(Counts { skip: 5, ..Counts::default() }, ExitStatus::NothingTested)]
    #[case::none(Counts::default(), ExitStatus::NothingTested)]
    fn the_exit_status_is_the_worst(#[case] counts: Counts, #[case] expected: ExitStatus) {
        assert_eq!(counts.exit_status(), expected);
    }
}
