//! Comparing two runs: which cases became worse or better, and where a run no longer says anything.
//!
//! Reading run files lives in `run_file`; how a comparison is shown in `diff`.

use crate::run_file::{Entry, RunFile};
use nsconform_suite::verdict::Verdict;
use serde::Serialize;
use std::collections::BTreeSet;

/// What a run says of one case, the lack of a record included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Passed, the documentation and the kernel agreeing.
    Pass,
    /// Passed where kernels are known to do otherwise than the documentation says.
    Deviation,
    /// Passed although listed as failing on this kernel.
    UnexpectedPass,
    /// Failed.
    Fail,
    /// Failed for a reason that is listed.
    Known,
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

/// What a status tells about the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Evidence {
    /// It does what is expected.
    Good,
    /// It does not.
    Bad,
    /// Nothing: the case was not tested.
    None,
    /// There is no such case.
    NoCase,
}

impl Status {
    /// All of them, the best first.
    pub const ALL: [Status; 10] = [
        Status::Pass,
        Status::Deviation,
        Status::UnexpectedPass,
        Status::Fail,
        Status::Known,
        Status::Skip,
        Status::Error,
        Status::Timeout,
        Status::Miss,
        Status::Absent,
    ];

    /// The status of a case with a record.
    pub fn of(entry: &Entry) -> Status {
        match entry.record.verdict {
            Verdict::Pass if entry.deviation.is_some() => Status::Deviation,
            Verdict::Pass => Status::Pass,
            Verdict::UnexpectedPass { .. } => Status::UnexpectedPass,
            Verdict::Fail => Status::Fail,
            Verdict::Known { .. } => Status::Known,
            Verdict::Skip { .. } | Verdict::NotJudged { .. } => Status::Skip,
            Verdict::Error { .. } => Status::Error,
            Verdict::Timeout { .. } => Status::Timeout,
        }
    }

    /// The status as a word or two.
    pub fn word(self) -> &'static str {
        match self {
            Status::Pass => "pass",
            Status::Deviation => "deviation",
            Status::UnexpectedPass => "unexpected pass",
            Status::Fail => "fail",
            Status::Known => "known",
            Status::Skip => "skip",
            Status::Error => "error",
            Status::Timeout => "timeout",
            Status::Miss => "miss",
            Status::Absent => "absent",
        }
    }

    fn evidence(self) -> Evidence {
        match self {
            Status::Pass | Status::Deviation | Status::UnexpectedPass => Evidence::Good,
            Status::Fail | Status::Known => Evidence::Bad,
            Status::Skip | Status::Error | Status::Timeout | Status::Miss => Evidence::None,
            Status::Absent => Evidence::NoCase,
        }
    }

    /// Whether the kernel was tested and did what is expected.
    pub fn is_good(self) -> bool {
        self.evidence() == Evidence::Good
    }

    /// Whether the kernel was tested.
    pub fn is_tested(self) -> bool {
        matches!(self.evidence(), Evidence::Good | Evidence::Bad)
    }

    /// How much it needs to be looked at: the order within a kind of change.
    pub(crate) fn severity(self) -> usize {
        use Status::*;
        [Fail, Error, Timeout, Miss, UnexpectedPass, Known, Skip, Deviation, Pass, Absent]
            .iter()
            .position(|status| *status == self)
            .unwrap_or(usize::MAX)
    }
}

/// What happened to a case from one run to the other; the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Passed, and fails.
    Regression,
    /// Fails, and nothing is known of it before.
    Found,
    /// Passed, and fails for a reason that is listed.
    KnownRegression,
    /// Was tested, and is not any more: neither fixed nor broken.
    LostEvidence,
    /// The same verdict in another way: the traces differ.
    Trace,
    /// The kernel passes or fails as before; what is listed or documented about it changed.
    Listing,
    /// Is no longer part of the run.
    Vanished,
    /// Was not part of the run before.
    New,
    /// Was not tested, and still is not, for another reason.
    Untested,
    /// Was not tested, and does not fail unexpectedly.
    Gained,
    /// Failed, and passes.
    Fix,
    /// Nothing changed.
    Same,
}

impl Kind {
    /// All of them, the worst first.
    pub const ALL: [Kind; 12] = [
        Kind::Regression,
        Kind::Found,
        Kind::KnownRegression,
        Kind::LostEvidence,
        Kind::Trace,
        Kind::Listing,
        Kind::Vanished,
        Kind::New,
        Kind::Untested,
        Kind::Gained,
        Kind::Fix,
        Kind::Same,
    ];
}

/// The rules: what happened to a case with these two statuses. `differs` says whether the details
/// do: the traces of a tested case, the reasons of one that was not tested.
pub fn kind(old: Status, new: Status, differs: bool) -> Kind {
    match (old.evidence(), new.evidence()) {
        (Evidence::Good, Evidence::Bad) if new == Status::Known => Kind::KnownRegression,
        (Evidence::Good, Evidence::Bad) => Kind::Regression,
        (Evidence::Bad, Evidence::Good) => Kind::Fix,
        (Evidence::Good | Evidence::Bad, Evidence::None) => Kind::LostEvidence,
        (Evidence::None, Evidence::Bad) if new == Status::Fail => Kind::Found,
        (Evidence::None, Evidence::Good | Evidence::Bad) => Kind::Gained,
        (Evidence::None, Evidence::None) if old != new || differs => Kind::Untested,
        (Evidence::None, Evidence::None) => Kind::Same,
        (Evidence::Good, Evidence::Good) | (Evidence::Bad, Evidence::Bad) => match (old == new, differs) {
            (false, _) => Kind::Listing,
            (true, true) => Kind::Trace,
            (true, false) => Kind::Same,
        },
        (Evidence::NoCase, Evidence::NoCase) => Kind::Same,
        (Evidence::NoCase, _) => Kind::New,
        (_, Evidence::NoCase) => Kind::Vanished,
    }
}

/// What one of the two runs says of a case.
#[derive(Clone, Debug)]
pub struct Side<'r> {
    /// In one word.
    pub status: Status,
    /// What the file says, if there is a record.
    pub entry: Option<&'r Entry>,
    /// Why it is so, where a status has a reason.
    pub reason: Option<String>,
    /// What to do about it, where that is known.
    pub remedy: Option<&'r str>,
}

impl<'r> Side<'r> {
    fn of(run: &'r RunFile, id: &str) -> Side<'r> {
        let Some(entry) = run.cases.get(id) else {
            let status = if run.cut.is_some() { Status::Miss } else { Status::Absent };
            let reason = run.cut.is_some().then(|| "no record: the run was cut off".to_string());
            return Side { status, entry: None, reason, remedy: None };
        };
        let status = Status::of(entry);
        let (reason, remedy) = match &entry.record.verdict {
            Verdict::Pass => (entry.deviation.clone(), None),
            Verdict::Fail => (None, None),
            Verdict::Skip { reason } => (Some(reason.missing()), Some(reason.remedy())),
            Verdict::UnexpectedPass { reason }
            | Verdict::Known { reason }
            | Verdict::NotJudged { reason }
            | Verdict::Error { reason }
            | Verdict::Timeout { reason } => (Some(reason.clone()), None),
        };
        Side { status, entry: Some(entry), reason, remedy }
    }

    /// The observed trace; empty where there is none.
    pub fn trace(&self) -> &'r [String] {
        self.entry.map_or(&[], |entry| &entry.record.trace)
    }
}

/// What happened to one case.
#[derive(Clone, Debug)]
pub struct Change<'r> {
    /// Its id.
    pub id: &'r str,
    /// What happened.
    pub kind: Kind,
    /// What the old run says.
    pub old: Side<'r>,
    /// What the new run says.
    pub new: Side<'r>,
}

impl<'r> Change<'r> {
    fn of(old: &'r RunFile, new: &'r RunFile, id: &'r str) -> Change<'r> {
        let (old, new) = (Side::of(old, id), Side::of(new, id));
        let differs = match old.status.is_tested() && new.status.is_tested() {
            true => old.trace() != new.trace(),
            false => old.reason != new.reason,
        };
        Change { id, kind: kind(old.status, new.status, differs), old, new }
    }

    /// What the case claims: in the words of the new run, if it has it.
    pub fn claim(&self) -> &'r str {
        self.new.entry.or(self.old.entry).map_or("", |entry| &entry.claim)
    }

    /// Whether both runs tested the case and their traces differ.
    pub fn has_difference(&self) -> bool {
        self.is_compared() && self.old.trace() != self.new.trace()
    }

    /// Whether both runs tested the case.
    pub fn is_compared(&self) -> bool {
        self.old.status.is_tested() && self.new.status.is_tested()
    }

    /// The place of the case in the catalogue.
    pub(crate) fn index(&self) -> usize {
        self.new.entry.or(self.old.entry).map_or(usize::MAX, |entry| entry.index)
    }
}

/// Pairs the cases of two runs by id and says what happened to each, the worst first. Nothing is
/// left out: a case that one run lacks is there as well.
pub fn compare<'r>(old: &'r RunFile, new: &'r RunFile) -> Vec<Change<'r>> {
    let ids: BTreeSet<&str> = old.cases.keys().chain(new.cases.keys()).map(String::as_str).collect();
    let mut changes: Vec<Change> = ids.into_iter().map(|id| Change::of(old, new, id)).collect();
    changes.sort_by_key(|change| (change.kind, change.new.status.severity(), change.index(), change.id));
    changes
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use nsconform_suite::verdict::{Record, SkipReason};
    use nsconform_sys::machine::Machine;
    use rstest::rstest;

    /// A run made up of ids and verdicts: `deviation` is a pass with one, `pass'` has another trace.
    pub(crate) fn made_up(release: &str, cases: &[(&str, &str)]) -> RunFile {
        let entry = |(index, (id, word)): (usize, &(&str, &str))| {
            let reason = "as listed".to_string();
            let verdict = match word.trim_end_matches('\'') {
                "pass" | "deviation" => Verdict::Pass,
                "unexpected" => Verdict::UnexpectedPass { reason },
                "fail" => Verdict::Fail,
                "known" => Verdict::Known { reason },
                "skip" if word.ends_with('\'') => Verdict::Skip {
                    reason: SkipReason::Need {
                        need: "x".into(),
                        found: "none".into(),
                        remedy: "get one".into(),
                    },
                },
                "skip" => Verdict::Skip { reason: SkipReason::NotRoot },
                "error" => Verdict::Error { reason: "lost".into() },
                "timeout" => Verdict::Timeout { reason: "did not end within 2.0 s".into() },
                other => panic!("no verdict {other}"),
            };
            let answer =
                if matches!(verdict, Verdict::Fail | Verdict::Known { .. }) { "-1 EPERM" } else { "0" };
            let end = if word.ends_with('\'') { "'" } else { "" };
            let entry = Entry {
                index,
                claim: format!("Claim of {id}."),
                deviation: (*word == "deviation").then(|| "it says otherwise".to_string()),
                record: Record {
                    id: id.to_string(),
                    verdict,
                    duration_us: 1,
                    trace: vec!["outer  getpid() = 2".into(), format!("outer  mount() = {answer}{end}")],
                },
            };
            (id.to_string(), entry)
        };
        RunFile {
            path: format!("{release}.json"),
            nsconform: "0.1.0".into(),
            machine: Machine {
                kernel_release: release.into(),
                kernel_version: String::new(),
                architecture: "x86_64".into(),
                processors: 1,
                uid: 0,
                capabilities: None,
                security_modules: None,
                sysctls: Default::default(),
            },
            seal: "privileged".into(),
            started: None,
            selected: cases.len(),
            cases: cases.iter().enumerate().map(entry).collect(),
            cut: None,
        }
    }

    /// Every pair of statuses, a row for each old one and a column for each new one, in the order
    /// of [`Status::ALL`], with equal details.
    #[rstest]
    //                                pass        deviation   unexpected  fail          known              skip         error        timeout      miss         absent
    #[case::pass(
        Status::Pass,
        "Same    Listing Listing Regression KnownRegression LostEvidence LostEvidence LostEvidence LostEvidence Vanished"
    )]
    #[case::deviation(
        Status::Deviation,
        "Listing Same    Listing Regression KnownRegression LostEvidence LostEvidence LostEvidence LostEvidence Vanished"
    )]
    #[case::unexpected(
        Status::UnexpectedPass,
        "Listing Listing Same Regression KnownRegression LostEvidence LostEvidence LostEvidence LostEvidence Vanished"
    )]
    #[case::fail(
        Status::Fail,
        "Fix     Fix     Fix     Same       Listing         LostEvidence LostEvidence LostEvidence LostEvidence Vanished"
    )]
    #[case::known(
        Status::Known,
        "Fix     Fix     Fix     Listing    Same            LostEvidence LostEvidence LostEvidence LostEvidence Vanished"
    )]
    #[case::skip(
        Status::Skip,
        "Gained  Gained  Gained  Found      Gained          Same         Untested     Untested     Untested     Vanished"
    )]
    #[case::error(
        Status::Error,
        "Gained  Gained  Gained  Found      Gained          Untested     Same         Untested     Untested     Vanished"
    )]
    #[case::timeout(
        Status::Timeout,
        "Gained  Gained  Gained  Found      Gained          Untested     Untested     Same         Untested     Vanished"
    )]
    #[case::miss(
        Status::Miss,
        "Gained  Gained  Gained  Found      Gained          Untested     Untested     Untested     Same         Vanished"
    )]
    #[case::absent(
        Status::Absent,
        "New     New     New     New        New             New          New          New          New          Same"
    )]
    fn every_pair_of_statuses_has_its_kind(#[case] old: Status, #[case] row: &str) {
        let expected: Vec<&str> = row.split_whitespace().collect();
        let found: Vec<String> =
            Status::ALL.iter().map(|new| format!("{:?}", kind(old, *new, false))).collect();
        assert_eq!(found, expected);
    }

    /// Where the details differ, only pairs that would have been the same are seen otherwise.
    #[rstest]
    #[case(Status::Pass, Kind::Trace)]
    #[case(Status::Deviation, Kind::Trace)]
    #[case(Status::UnexpectedPass, Kind::Trace)]
    #[case(Status::Fail, Kind::Trace)]
    #[case(Status::Known, Kind::Trace)]
    #[case(Status::Skip, Kind::Untested)]
    #[case(Status::Error, Kind::Untested)]
    #[case(Status::Timeout, Kind::Untested)]
    #[case(Status::Miss, Kind::Untested)]
    #[case(Status::Absent, Kind::Same)]
    fn differing_details_show_where_statuses_do_not(#[case] old: Status, #[case] expected: Kind) {
        for new in Status::ALL {
            let expected = if new == old { expected } else { kind(old, new, false) };
            assert_eq!(kind(old, new, true), expected, "{old:?} to {new:?}");
        }
    }

    #[rstest]
    #[case::passes_the_same_way("pass", "pass", Kind::Same)]
    #[case::passes_another_way("pass", "pass'", Kind::Trace)]
    #[case::fails_another_way("fail", "fail'", Kind::Trace)]
    #[case::skipped_for_another_reason("skip", "skip'", Kind::Untested)]
    #[case::skipped_for_the_same_reason("skip", "skip", Kind::Same)]
    #[case::fails("pass", "fail", Kind::Regression)]
    #[case::hangs("pass", "timeout", Kind::LostEvidence)]
    #[case::a_hang_is_no_fix("fail", "timeout", Kind::LostEvidence)]
    fn records_are_told_apart(#[case] old: &str, #[case] new: &str, #[case] expected: Kind) {
        let (old, new) = (made_up("6.1", &[("a.b", old)]), made_up("6.2", &[("a.b", new)]));
        let changes = compare(&old, &new);
        assert_eq!(changes.len(), 1);
        assert_eq!(changes[0].kind, expected);
    }

    #[rstest]
    #[case::not_in_a_complete_run(None, Status::Absent, Kind::Vanished)]
    #[case::not_in_a_cut_run(Some("it holds 0 of 1 records"), Status::Miss, Kind::LostEvidence)]
    fn a_missing_record_is_lost_only_where_the_run_was_cut(
        #[case] cut: Option<&str>,
        #[case] status: Status,
        #[case] expected: Kind,
    ) {
        let old = made_up("6.1", &[("a.b", "fail")]);
        let new = RunFile { cut: cut.map(str::to_string), ..made_up("6.2", &[]) };
        let changes = compare(&old, &new);
        assert_eq!((changes[0].new.status, changes[0].kind), (status, expected));
    }

    #[test]
    fn the_worst_comes_first_then_the_order_of_the_catalogue() {
        let old = made_up("6.1", &[("a.z", "pass"), ("a.y", "pass"), ("a.x", "fail"), ("a.w", "pass")]);
        let new = made_up("6.2", &[("a.z", "fail"), ("a.y", "fail"), ("a.x", "pass"), ("a.w", "skip")]);
        let ids: Vec<&str> = compare(&old, &new).iter().map(|change| change.id).collect();
        assert_eq!(ids, ["a.z", "a.y", "a.w", "a.x"]);
    }
}
