//! Verdicts: the one list of what can become of a case, and the record of one case in one run.
//!
//! Whatever shows, counts, ranks or exports verdicts takes words, signs, severity and exit status
//! from [`Status`]. How a document looks lives in the crate `nsconform-report`.

use crate::known::Known;
use serde::{Deserialize, Serialize};

/// The verdict on a case, with the reason where there is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// The trace is the approved one.
    Pass,
    /// The trace is the approved one although this failure is expected on this kernel.
    UnexpectedPass {
        /// Why the list expects a failure.
        reason: String,
    },
    /// The trace differs from the approved one.
    Fail,
    /// An expected failure: the trace differs from the approved one, and a list says why.
    Known {
        /// Why the list expects a failure.
        reason: String,
    },
    /// The kernel breaks a rule that the engine itself stands on, so that the trace says nothing.
    #[serde(rename = "not-judged")]
    NotJudged {
        /// The broken foundation.
        reason: String,
    },
    /// A requirement is not met.
    Skip {
        /// The missing requirement, and how to get it.
        reason: SkipReason,
    },
    /// The harness could not do its part.
    Error {
        /// The fault.
        reason: String,
    },
    /// The case did not end before its deadline; the trace shows how far it came.
    Timeout {
        /// The deadline.
        reason: String,
    },
}

impl Verdict {
    /// The status of a case with this verdict; `deviates` says whether the case has a documented
    /// deviation.
    pub fn status(&self, deviates: bool) -> Status {
        match self {
            Verdict::Pass if deviates => Status::Deviation,
            Verdict::Pass => Status::Pass,
            Verdict::UnexpectedPass { .. } => Status::UnexpectedPass,
            Verdict::Fail => Status::Fail,
            Verdict::Known { .. } => Status::Known,
            Verdict::NotJudged { .. } => Status::NotJudged,
            Verdict::Skip { .. } => Status::Skip,
            Verdict::Error { .. } => Status::Error,
            Verdict::Timeout { .. } => Status::Timeout,
        }
    }

    /// The verdict as a word or two for people.
    pub fn word(&self) -> &'static str {
        self.status(false).word()
    }

    /// Why it is so, where a verdict has a reason.
    pub fn reason(&self) -> Option<String> {
        match self {
            Verdict::Pass | Verdict::Fail => None,
            Verdict::Skip { reason } => Some(reason.missing()),
            Verdict::UnexpectedPass { reason }
            | Verdict::Known { reason }
            | Verdict::NotJudged { reason }
            | Verdict::Error { reason }
            | Verdict::Timeout { reason } => Some(reason.clone()),
        }
    }

    /// How to get a better verdict, where that is known.
    pub fn remedy(&self) -> Option<&str> {
        match self {
            Verdict::Skip { reason } => Some(reason.remedy()),
            _ => None,
        }
    }

    /// The verdict in the light of the expected failures.
    pub fn known_as(self, known: Option<&Known>) -> Verdict {
        match (self, known) {
            (Verdict::Fail, Some(known)) => Verdict::Known { reason: known.reason.clone() },
            (Verdict::Pass, Some(known)) => Verdict::UnexpectedPass { reason: known.reason.clone() },
            (verdict, _) => verdict,
        }
    }
}

/// The status of one case in a run, the lack of a record included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Passed, the documentation and the kernel agreeing.
    Pass,
    /// Passed where kernels are known to do otherwise than the documentation says.
    Deviation,
    /// Passed although a failure is expected on this kernel.
    UnexpectedPass,
    /// Failed.
    Fail,
    /// Failed as expected, for a reason that is listed.
    Known,
    /// Rests on a rule that this kernel breaks.
    NotJudged,
    /// Skipped.
    Skip,
    /// The harness could not do its part.
    Error,
    /// Not ended before the deadline.
    Timeout,
    /// No record, in a run that was cut off: the case may have been meant to run.
    Miss,
    /// No record, in a run that is complete: the case was not part of it.
    Absent,
}

/// The evidence about the kernel in a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// It does what is expected.
    Good,
    /// It does not.
    Bad,
    /// Nothing: the case was not tested.
    None,
    /// There is no such case.
    NoCase,
}

/// How a status catches the eye; a report chooses a colour for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Good,
    /// As it should be, and worth knowing.
    Noted,
    /// Somebody should look at it some day.
    Listed,
    /// Somebody must look at it now.
    Bad,
    /// Nothing happened.
    Quiet,
    /// Something was lost.
    Lost,
}

/// The terms in which TAP, KTAP, JUnit and KCIDB speak of results; each of these formats has a
/// spelling of its own for each term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term {
    /// KTAP `ok`, KCIDB `PASS`.
    Pass,
    /// KTAP `not ok`, KCIDB `FAIL`.
    Fail,
    /// KTAP `ok … # XFAIL`, TAP `not ok … # TODO`.
    ExpectedFailure,
    /// KTAP `not ok`, TAP `ok … # TODO`.
    UnexpectedPass,
    /// `ok … # SKIP`.
    Skip,
    /// KTAP `not ok … # TIMEOUT`.
    Timeout,
    /// KTAP `not ok … # ERROR`.
    Error,
    /// Formats write no result line; KCIDB `MISS`.
    Miss,
}

/// Everything that is said of a status.
struct StatusEntry {
    status: Status,
    /// Its name for programs.
    key: &'static str,
    /// One or two words for people.
    word: &'static str,
    /// The field that counts it in the last line of a run file, if it is counted there.
    counted: Option<&'static str>,
    /// After a number in a summary: of one, of several.
    summed: [&'static str; 2],
    /// One column wide.
    sign: char,
    /// The same where only ASCII can be shown.
    ascii: char,
    tone: Tone,
    evidence: Evidence,
    exit: ExitStatus,
    term: Term,
}

/// The list. Its order is that of severity: what has to be looked at first comes first.
#[rustfmt::skip]
const LIST: [StatusEntry; 11] = {
    use Evidence as E;
    use ExitStatus as X;
    use Status as S;
    [
        entry(S::Fail, "fail", "fail", Some("fail"), ["failed", "failed"], ['✗', 'F'], Tone::Bad, E::Bad, X::CaseFailed, Term::Fail),
        entry(S::Error, "error", "error", Some("error"), ["error", "errors"], ['!', '!'], Tone::Bad, E::None, X::HarnessFailed, Term::Error),
        entry(S::Timeout, "timeout", "timeout", Some("timeout"), ["timed out", "timed out"], ['t', 't'], Tone::Bad, E::None, X::HarnessFailed, Term::Timeout),
        entry(S::Miss, "miss", "miss", None, ["without a record", "without a record"], ['?', '?'], Tone::Lost, E::None, X::HarnessFailed, Term::Miss),
        entry(S::NotJudged, "not-judged", "not judged", Some("not-judged"), ["not judged", "not judged"], ['/', '/'], Tone::Lost, E::None, X::CaseFailed, Term::Error),
        entry(S::UnexpectedPass, "unexpected-pass", "unexpected pass", Some("unexpected"), ["passed unexpectedly", "passed unexpectedly"], ['u', 'u'], Tone::Listed, E::Good, X::Success, Term::UnexpectedPass),
        entry(S::Known, "known", "expected failure", Some("known"), ["failed as expected", "failed as expected"], ['f', 'f'], Tone::Listed, E::Bad, X::Success, Term::ExpectedFailure),
        entry(S::Skip, "skip", "skip", Some("skip"), ["skipped", "skipped"], ['–', '-'], Tone::Quiet, E::None, X::NothingTested, Term::Skip),
        entry(S::Deviation, "deviation", "deviation", Some("deviation"), ["documented deviation", "documented deviations"], ['≈', '~'], Tone::Noted, E::Good, X::Success, Term::Pass),
        entry(S::Pass, "pass", "pass", Some("pass"), ["passed", "passed"], ['✓', '.'], Tone::Good, E::Good, X::Success, Term::Pass),
        entry(S::Absent, "absent", "absent", None, ["absent", "absent"], [' ', ' '], Tone::Quiet, E::NoCase, X::NothingTested, Term::Miss),
    ]
};

#[allow(clippy::too_many_arguments)]
const fn entry(
    status: Status,
    key: &'static str,
    word: &'static str,
    counted: Option<&'static str>,
    summed: [&'static str; 2],
    [sign, ascii]: [char; 2],
    tone: Tone,
    evidence: Evidence,
    exit: ExitStatus,
    term: Term,
) -> StatusEntry {
    StatusEntry { status, key, word, counted, summed, sign, ascii, tone, evidence, exit, term }
}

impl Status {
    /// All of them, in the order in which they are shown side by side.
    pub const ALL: [Status; 11] = [
        Status::Pass,
        Status::Deviation,
        Status::UnexpectedPass,
        Status::Fail,
        Status::Known,
        Status::NotJudged,
        Status::Skip,
        Status::Error,
        Status::Timeout,
        Status::Miss,
        Status::Absent,
    ];

    fn entry(self) -> &'static StatusEntry {
        // Every status is in the list, which a test shows.
        LIST.iter().find(|entry| entry.status == self).unwrap_or(&LIST[0])
    }

    /// Its name in run files and in everything else that programs read.
    pub fn key(self) -> &'static str {
        self.entry().key
    }

    /// The status as a word or two for people.
    pub fn word(self) -> &'static str {
        self.entry().word
    }

    /// The field that counts it in the last line of a run file; none for the lack of a record.
    pub fn counted(self) -> Option<&'static str> {
        self.entry().counted
    }

    /// A number of cases with this status, as a summary has it: `3 failed`.
    pub fn summed(self, number: usize) -> String {
        let [one, several] = self.entry().summed;
        format!("{number} {}", if number == 1 { one } else { several })
    }

    /// Its sign, one column wide.
    pub fn sign(self) -> char {
        self.entry().sign
    }

    /// Its sign where only ASCII can be shown.
    pub fn ascii_sign(self) -> char {
        self.entry().ascii
    }

    /// How it catches the eye; the sign alone says the same.
    pub fn tone(self) -> Tone {
        self.entry().tone
    }

    /// The evidence about the kernel in it.
    pub fn evidence(self) -> Evidence {
        self.entry().evidence
    }

    /// Whether the kernel was tested and did what is expected.
    pub fn is_good(self) -> bool {
        self.evidence() == Evidence::Good
    }

    /// Whether the kernel was tested.
    pub fn is_tested(self) -> bool {
        matches!(self.evidence(), Evidence::Good | Evidence::Bad)
    }

    /// Whether a person must look at it before anything else: a failure that nobody expects, or
    /// something that the harness could not do.
    pub fn is_alarming(self) -> bool {
        matches!(self.exit_status(), ExitStatus::CaseFailed | ExitStatus::HarnessFailed)
    }

    /// The place among all, the worst being 0.
    pub fn severity(self) -> usize {
        LIST.iter().position(|entry| entry.status == self).unwrap_or(LIST.len())
    }

    /// The exit status of a run that has only cases with this status.
    pub fn exit_status(self) -> ExitStatus {
        self.entry().exit
    }

    /// Its name in test protocols.
    pub fn term(self) -> Term {
        self.entry().term
    }
}

/// The exit statuses of the program.
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

impl ExitStatus {
    /// The exit status of two things together: the worse one. A part that tested nothing takes
    /// nothing from one that did.
    pub fn and(self, other: ExitStatus) -> ExitStatus {
        let rank = |status: ExitStatus| match status {
            ExitStatus::NothingTested => 0,
            ExitStatus::Success => 1,
            ExitStatus::CaseFailed => 2,
            ExitStatus::HarnessFailed => 3,
            ExitStatus::Usage => 4,
        };
        if rank(other) > rank(self) { other } else { self }
    }

    /// The exit status of all these together; of none of them, that nothing was tested.
    pub fn of_all(statuses: impl IntoIterator<Item = ExitStatus>) -> ExitStatus {
        statuses.into_iter().fold(ExitStatus::NothingTested, ExitStatus::and)
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
        /// The finding of the probe.
        found: String,
        /// How to get it.
        remedy: String,
    },
}

impl SkipReason {
    /// Names the missing thing.
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
            SkipReason::Seal { what } => seal_remedy(what),
            SkipReason::NotRoot => NOT_ROOT_REMEDY,
            SkipReason::Need { remedy, .. } => remedy,
        }
    }
}

const NOT_ROOT_REMEDY: &str = "run as root outside any container (sudo nsconform)";

/// How to get what a step of the seal lacks, by the words that its failure begins with or holds.
/// The order matters: the first that fits is said.
const SEAL_REMEDIES: [(&str, &str); 10] = [
    ("RLIMIT_CORE", "allow setrlimit(2): nothing is needed of this limit itself"),
    (
        "RLIMIT_",
        "raise the hard limit that is named before the start (ulimit -H in a shell; --ulimit for a container)",
    ),
    (
        "in a container that refuses it",
        "start outside the chroot, or in it as root with CAP_SYS_ADMIN; in a container allow unshare and clone with \
         CLONE_NEWUSER, or give CAP_SYS_ADMIN (--cap-add=SYS_ADMIN)",
    ),
    ("started in a chroot", "start outside the chroot, or in it as root with CAP_SYS_ADMIN"),
    (
        "unshare(2) is refused here",
        "allow unshare, or clone with CLONE_NEWUSER, in the seccomp filter (--security-opt seccomp=unconfined for a \
         container), or give CAP_SYS_ADMIN (--cap-add=SYS_ADMIN), with which the filters of containers allow it",
    ),
    (
        "unshare(CLONE_NEWUSER|CLONE_NEWNS): EPERM",
        "allow user namespaces (kernel.unprivileged_userns_clone=1 on Debian, \
         kernel.apparmor_restrict_unprivileged_userns=0 on Ubuntu); in a container, or under a seccomp filter, allow \
         clone and unshare there, or give CAP_SYS_ADMIN",
    ),
    (
        "unshare(CLONE_NEWUSER|CLONE_NEWNS)",
        "raise user.max_user_namespaces and user.max_mnt_namespaces, here and in the user namespaces around this one",
    ),
    (
        "under SECBIT_NOROOT",
        "start without the securebit SECBIT_NOROOT, under which root gets no capabilities at execve(2) \
         (capabilities(7)), or start as an ordinary user",
    ),
    (
        "_map: EPERM",
        "give CAP_SETFCAP and CAP_SETUID, without which root may not map itself (user_namespaces(7)), or start as an \
         ordinary user",
    ),
    ("is a directory", "make a directory /tmp, which may be empty"),
];

/// How to get a step of the seal that somebody refuses.
const ALLOW_THE_STEP: &str = "allow the call that is named where nsconform is started: in the seccomp filter, the security \
     module or the container";

fn seal_remedy(what: &str) -> &'static str {
    SEAL_REMEDIES.iter().find(|(words, _)| what.contains(words)).map_or(ALLOW_THE_STEP, |(_, remedy)| remedy)
}

/// The record of one case in one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The id of the case.
    pub id: String,
    /// The verdict.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// From the start of the director to the end of everything it started, in microseconds.
    pub duration_us: u64,
    /// The lines of the observed trace.
    pub trace: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use std::collections::BTreeSet;

    #[test]
    fn every_status_stands_in_the_list_once_with_a_word_and_signs_of_its_own() {
        let unique = |shown: &dyn Fn(Status) -> String| {
            Status::ALL.iter().map(|status| shown(*status)).collect::<BTreeSet<_>>().len()
        };
        assert_eq!(unique(&|status| format!("{}", status.severity())), LIST.len());
        assert_eq!(unique(&|status| status.word().to_string()), LIST.len());
        assert_eq!(unique(&|status| status.sign().to_string()), LIST.len());
        assert_eq!(unique(&|status| status.ascii_sign().to_string()), LIST.len());
        assert!(Status::ALL.iter().all(|status| status.ascii_sign().is_ascii()));
        for status in Status::ALL {
            assert_eq!(serde_json::json!(status), status.key());
        }
    }

    #[test]
    fn only_the_lack_of_a_record_is_not_counted() {
        let uncounted: Vec<Status> =
            Status::ALL.into_iter().filter(|status| status.counted().is_none()).collect();
        assert_eq!(uncounted, [Status::Miss, Status::Absent]);
    }

    #[rstest]
    #[case::pass(Verdict::Pass, r#"{"verdict":"pass"}"#)]
    #[case::unexpected(Verdict::UnexpectedPass { reason: "r".into() }, r#"{"verdict":"unexpected-pass","reason":"r"}"#)]
    #[case::expected_failure(Verdict::Known { reason: "r".into() }, r#"{"verdict":"known","reason":"r"}"#)]
    #[case::not_judged(Verdict::NotJudged { reason: "r".into() }, r#"{"verdict":"not-judged","reason":"r"}"#)]
    #[case::timeout(Verdict::Timeout { reason: "r".into() }, r#"{"verdict":"timeout","reason":"r"}"#)]
    fn run_files_have_these_words(#[case] verdict: Verdict, #[case] written: &str) {
        assert_eq!(serde_json::to_string(&verdict).unwrap(), written);
        assert_eq!(serde_json::from_str::<Verdict>(written).unwrap(), verdict);
    }

    #[rstest]
    #[case::limit("RLIMIT_STACK (ulimit -s) is 262144: at least 1048576 are needed", "raise the hard limit")]
    #[case::number(
        "unshare(CLONE_NEWUSER|CLONE_NEWNS): ENOSPC (No space left on device)",
        "raise user.max_user"
    )]
    #[case::filter("pivot_root: EPERM (Operation not permitted)", "allow the call")]
    #[case::chroot(
        "unshare(CLONE_NEWUSER|CLONE_NEWNS): EPERM (Operation not permitted): started in a chroot, where it is refused",
        "start outside the chroot"
    )]
    #[case::filter_of_a_container(
        "unshare(CLONE_NEWUSER|CLONE_NEWNS): EPERM (Operation not permitted): unshare(2) is refused here",
        "allow unshare"
    )]
    #[case::securebits(
        "writing /proc/self/uid_map: EPERM (Operation not permitted): root under SECBIT_NOROOT",
        "start without the securebit"
    )]
    #[case::capability("writing /proc/self/uid_map: EPERM (Operation not permitted)", "give CAP_SETFCAP")]
    fn a_remedy_is_that_of_the_step(#[case] what: &str, #[case] remedy: &str) {
        let reason = SkipReason::Seal { what: what.to_string() };
        assert!(reason.remedy().starts_with(remedy), "{}", reason.remedy());
    }

    #[rstest]
    #[case::all_passed(&[Status::Pass], ExitStatus::Success)]
    #[case::deviations_are_fine(&[Status::Deviation], ExitStatus::Success)]
    #[case::one_failed(&[Status::Pass, Status::Fail], ExitStatus::CaseFailed)]
    #[case::an_expected_failure_is_fine(&[Status::Known], ExitStatus::Success)]
    #[case::error_is_worse(&[Status::Fail, Status::Error, Status::Pass], ExitStatus::HarnessFailed)]
    #[case::timeout(&[Status::Timeout, Status::Pass], ExitStatus::HarnessFailed)]
    #[case::silence_is_no_pass(&[Status::NotJudged, Status::Pass], ExitStatus::CaseFailed)]
    #[case::all_skipped(&[Status::Skip], ExitStatus::NothingTested)]
    #[case::some_skipped(&[Status::Skip, Status::Pass], ExitStatus::Success)]
    #[case::none(&[], ExitStatus::NothingTested)]
    fn the_exit_status_is_the_worst(#[case] statuses: &[Status], #[case] expected: ExitStatus) {
        assert_eq!(ExitStatus::of_all(statuses.iter().map(|status| status.exit_status())), expected);
    }
}
