//! Verdicts, and the record of one case in one run.

use crate::known::Known;
use serde::{Deserialize, Serialize};

/// What became of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "lowercase")]
pub enum Verdict {
    /// The trace is the approved one.
    Pass,
    /// The trace is the approved one although the list of known deviations says that it is not so
    /// on this kernel.
    #[serde(rename = "unexpected-pass")]
    UnexpectedPass {
        /// What the list says.
        reason: String,
    },
    /// The trace differs from the approved one.
    Fail,
    /// The trace differs from the approved one, and the list of known deviations says why.
    Known {
        /// What the list says.
        reason: String,
    },
    /// The kernel breaks a rule that the engine itself stands on, so that the trace says nothing.
    #[serde(rename = "not-judged")]
    NotJudged {
        /// The broken rule, and how it is broken.
        reason: String,
    },
    /// A requirement is not met.
    Skip {
        /// What is missing, and how to get it.
        reason: SkipReason,
    },
    /// The harness could not do its part.
    Error {
        /// What went wrong.
        reason: String,
    },
    /// The case did not end before its deadline; the trace shows how far it came.
    Timeout {
        /// The deadline.
        reason: String,
    },
}

impl Verdict {
    /// The verdict as one word.
    pub fn word(&self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::UnexpectedPass { .. } => "unexpected-pass",
            Verdict::Fail => "fail",
            Verdict::Known { .. } => "known",
            Verdict::NotJudged { .. } => "not judged",
            Verdict::Skip { .. } => "skip",
            Verdict::Error { .. } => "error",
            Verdict::Timeout { .. } => "timeout",
        }
    }
}

impl Verdict {
    /// The verdict in the light of the list of known deviations.
    pub fn known_as(self, known: Option<&Known>) -> Verdict {
        match (self, known) {
            (Verdict::Fail, Some(known)) => Verdict::Known { reason: known.reason.clone() },
            (Verdict::Pass, Some(known)) => Verdict::UnexpectedPass { reason: known.reason.clone() },
            (verdict, _) => verdict,
        }
    }
}

/// Why a case cannot be tested here.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum SkipReason {
    /// Sealed namespaces cannot be had: nothing can be tested.
    Seal {
        /// Which call failed and how.
        what: String,
    },
    /// The case must start as root outside any user namespace of ours.
    NotRoot,
    /// A requirement is not met.
    Need {
        /// Which one.
        need: String,
        /// What the probe found.
        found: String,
        /// How to get it.
        remedy: String,
    },
}

impl SkipReason {
    /// What is missing.
    pub fn missing(&self) -> String {
        match self {
            SkipReason::Seal { what } => format!("needs sealed namespaces: {what}"),
            SkipReason::NotRoot => {
                "needs root: started without the privilege to create namespaces".to_string()
            }
            SkipReason::Need { need, found, .. } => format!("needs {need}: {found}"),
        }
    }

    /// How to get it.
    pub fn remedy(&self) -> &str {
        match self {
            SkipReason::Seal { .. } => SEAL_REMEDY,
            SkipReason::NotRoot => "run as root (sudo nsconform)",
            SkipReason::Need { remedy, .. } => remedy,
        }
    }
}

/// How to get sealed namespaces.
pub const SEAL_REMEDY: &str = "run as root, or allow ordinary users to create user namespaces (user.max_user_namespaces above 0, kernel.unprivileged_userns_clone=1 on Debian, kernel.apparmor_restrict_unprivileged_userns=0 on Ubuntu); in a container, allow clone and unshare in its seccomp filter and leave /proc in place";

/// The record of one case in one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The id of the case.
    pub id: String,
    /// What became of it.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// From the start of the director to the end of everything it started, in microseconds.
    pub duration_us: u64,
    /// The lines of the observed trace.
    pub trace: Vec<String>,
}
