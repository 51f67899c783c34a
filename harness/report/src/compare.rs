//! Comparing two runs: which cases became worse or better, and where a run no longer says anything.
//!
//! Reading run files lives in `run`; how a comparison is shown in `diff`; the list of statuses in
//! the suite.

use crate::event::CaseResult;
use crate::run::RecordedRun;
use nsconform_suite::verdict::{Evidence, Status};
use serde::Serialize;
use std::collections::BTreeSet;

/// The kinds of change of a case from one run to the other; the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
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

impl ChangeKind {
    /// All of them, the worst first.
    pub const ALL: [ChangeKind; 12] = [
        ChangeKind::Regression,
        ChangeKind::Found,
        ChangeKind::KnownRegression,
        ChangeKind::LostEvidence,
        ChangeKind::Trace,
        ChangeKind::Listing,
        ChangeKind::Vanished,
        ChangeKind::New,
        ChangeKind::Untested,
        ChangeKind::Gained,
        ChangeKind::Fix,
        ChangeKind::Same,
    ];
}

/// The rules: what happened to a case with these two statuses. `differs` says whether the details
/// do: the traces of a tested case, the reasons of one that was not tested.
pub fn kind(old: Status, new: Status, differs: bool) -> ChangeKind {
    match (old.evidence(), new.evidence()) {
        (Evidence::Good, Evidence::Bad) if new == Status::Known => ChangeKind::KnownRegression,
        (Evidence::Good, Evidence::Bad) => ChangeKind::Regression,
        (Evidence::Bad, Evidence::Good) => ChangeKind::Fix,
        (Evidence::Good | Evidence::Bad, Evidence::None) => ChangeKind::LostEvidence,
        (Evidence::None, Evidence::Bad) if new == Status::Fail => ChangeKind::Found,
        (Evidence::None, Evidence::Good | Evidence::Bad) => ChangeKind::Gained,
        (Evidence::None, Evidence::None) if old != new || differs => ChangeKind::Untested,
        (Evidence::None, Evidence::None) => ChangeKind::Same,
        (Evidence::Good, Evidence::Good) | (Evidence::Bad, Evidence::Bad) => match (old == new, differs) {
            (false, _) => ChangeKind::Listing,
            (true, true) => ChangeKind::Trace,
            (true, false) => ChangeKind::Same,
        },
        (Evidence::NoCase, Evidence::NoCase) => ChangeKind::Same,
        (Evidence::NoCase, _) => ChangeKind::New,
        (_, Evidence::NoCase) => ChangeKind::Vanished,
    }
}

/// One of the two runs, as far as it speaks of a case.
#[derive(Clone, Debug)]
pub struct Side<'r> {
    /// In one word.
    pub status: Status,
    /// The record, if there is one.
    pub result: Option<&'r CaseResult>,
    /// Why it is so, where a status has a reason.
    pub reason: Option<String>,
    /// How to get a better one, where that is known.
    pub remedy: Option<&'r str>,
}

impl<'r> Side<'r> {
    fn of(run: &'r RecordedRun, id: &str) -> Side<'r> {
        let Some(result) = run.cases.get(id) else {
            let status = if run.cut.is_some() { Status::Miss } else { Status::Absent };
            let reason = run.cut.is_some().then(|| "no record: the run was cut off".to_string());
            return Side { status, result: None, reason, remedy: None };
        };
        let status = result.status();
        let reason = match status {
            Status::Deviation => result.deviation.clone(),
            _ => result.verdict.reason(),
        };
        Side { status, result: Some(result), reason, remedy: result.verdict.remedy() }
    }

    /// The observed trace; empty where there is none, or only its hash is known.
    pub fn trace(&self) -> &'r [String] {
        self.result.map_or(&[], CaseResult::lines)
    }

    /// Whether both sides have the same trace.
    fn has_trace_of(&self, other: &Side) -> bool {
        match (self.result, other.result) {
            (Some(one), Some(other)) => one.has_trace_of(other),
            (one, other) => one.is_none() == other.is_none(),
        }
    }
}

/// The change of one case.
#[derive(Clone, Debug)]
pub struct Change<'r> {
    /// Its id.
    pub id: &'r str,
    /// Its kind.
    pub kind: ChangeKind,
    /// The old run.
    pub old: Side<'r>,
    /// The new run.
    pub new: Side<'r>,
}

impl<'r> Change<'r> {
    fn of(old: &'r RecordedRun, new: &'r RecordedRun, id: &'r str) -> Change<'r> {
        let (old, new) = (Side::of(old, id), Side::of(new, id));
        let differs = match old.status.is_tested() && new.status.is_tested() {
            true => !old.has_trace_of(&new),
            false => old.reason != new.reason,
        };
        Change { id, kind: kind(old.status, new.status, differs), old, new }
    }

    /// The claim of the case: in the words of the new run, if it has it.
    pub fn claim(&self) -> &'r str {
        self.new.result.or(self.old.result).map_or("", CaseResult::claim)
    }

    /// Whether both runs tested the case and their traces differ.
    pub fn has_difference(&self) -> bool {
        self.is_compared() && !self.old.has_trace_of(&self.new)
    }

    /// Whether both runs tested the case.
    pub fn is_compared(&self) -> bool {
        self.old.status.is_tested() && self.new.status.is_tested()
    }

    /// The place of the case in the catalogue.
    pub(crate) fn index(&self) -> usize {
        self.new.result.or(self.old.result).map_or(usize::MAX, |result| result.index)
    }
}

/// Pairs the cases of two runs by id and says what happened to each, the worst first. Nothing is
/// left out: a case that one run lacks is there as well.
pub fn compare<'r>(old: &'r RecordedRun, new: &'r RecordedRun) -> Vec<Change<'r>> {
    let ids: BTreeSet<&str> = old.cases.keys().chain(new.cases.keys()).map(String::as_str).collect();
    let mut changes: Vec<Change> = ids.into_iter().map(|id| Change::of(old, new, id)).collect();
    changes.sort_by_key(|change| (change.kind, change.new.status.severity(), change.index(), change.id));
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::made_up;
    use rstest::rstest;

    /// Every pair of statuses, a row for each old one and a column for each new one, in the order
    /// of [`Status::ALL`], with equal details.
    #[rstest]
    //                                pass        deviation   unexpected  fail          known              not judged   skip         error        timeout      miss         absent
    #[case::pass(
        Status::Pass,
        "Same Listing Listing Regression KnownRegression LostEvidence LostEvidence LostEvidence LostEvidence LostEvidence Vanished"
    )]
    #[case::deviation(
        Status::Deviation,
        "Listing Same Listing Regression KnownRegression LostEvidence LostEvidence LostEvidence LostEvidence LostEvidence Vanished"
    )]
    #[case::unexpected(
        Status::UnexpectedPass,
        "Listing Listing Same Regression KnownRegression LostEvidence LostEvidence LostEvidence LostEvidence LostEvidence Vanished"
    )]
    #[case::fail(
        Status::Fail,
        "Fix Fix Fix Same Listing LostEvidence LostEvidence LostEvidence LostEvidence LostEvidence Vanished"
    )]
    #[case::known(
        Status::Known,
        "Fix Fix Fix Listing Same LostEvidence LostEvidence LostEvidence LostEvidence LostEvidence Vanished"
    )]
    #[case::not_judged(
        Status::NotJudged,
        "Gained Gained Gained Found Gained Same Untested Untested Untested Untested Vanished"
    )]
    #[case::skip(
        Status::Skip,
        "Gained Gained Gained Found Gained Untested Same Untested Untested Untested Vanished"
    )]
    #[case::error(
        Status::Error,
        "Gained Gained Gained Found Gained Untested Untested Same Untested Untested Vanished"
    )]
    #[case::timeout(
        Status::Timeout,
        "Gained Gained Gained Found Gained Untested Untested Untested Same Untested Vanished"
    )]
    #[case::miss(
        Status::Miss,
        "Gained Gained Gained Found Gained Untested Untested Untested Untested Same Vanished"
    )]
    #[case::absent(Status::Absent, "New New New New New New New New New New Same")]
    fn every_pair_of_statuses_has_its_kind(#[case] old: Status, #[case] row: &str) {
        let expected: Vec<&str> = row.split_whitespace().collect();
        let found: Vec<String> =
            Status::ALL.iter().map(|new| format!("{:?}", kind(old, *new, false))).collect();
        assert_eq!(found, expected);
    }

    /// Where the details differ, only pairs that would have been the same are seen otherwise.
    #[rstest]
    #[case(Status::Pass, ChangeKind::Trace)]
    #[case(Status::Deviation, ChangeKind::Trace)]
    #[case(Status::UnexpectedPass, ChangeKind::Trace)]
    #[case(Status::Fail, ChangeKind::Trace)]
    #[case(Status::Known, ChangeKind::Trace)]
    #[case(Status::NotJudged, ChangeKind::Untested)]
    #[case(Status::Skip, ChangeKind::Untested)]
    #[case(Status::Error, ChangeKind::Untested)]
    #[case(Status::Timeout, ChangeKind::Untested)]
    #[case(Status::Miss, ChangeKind::Untested)]
    #[case(Status::Absent, ChangeKind::Same)]
    fn differing_details_show_where_statuses_do_not(#[case] old: Status, #[case] expected: ChangeKind) {
        for new in Status::ALL {
            let expected = if new == old { expected } else { kind(old, new, false) };
            assert_eq!(kind(old, new, true), expected, "{old:?} to {new:?}");
        }
    }

    #[rstest]
    #[case::passes_the_same_way("pass", "pass", ChangeKind::Same)]
    #[case::passes_another_way("pass", "pass'", ChangeKind::Trace)]
    #[case::fails_another_way("fail", "fail'", ChangeKind::Trace)]
    #[case::skipped_for_another_reason("skip", "skip'", ChangeKind::Untested)]
    #[case::skipped_for_the_same_reason("skip", "skip", ChangeKind::Same)]
    #[case::fails("pass", "fail", ChangeKind::Regression)]
    #[case::hangs("pass", "timeout", ChangeKind::LostEvidence)]
    #[case::a_hang_is_no_fix("fail", "timeout", ChangeKind::LostEvidence)]
    fn records_are_told_apart(#[case] old: &str, #[case] new: &str, #[case] expected: ChangeKind) {
        let (old, new) = (made_up("6.1", &[("a.b", old)]), made_up("6.2", &[("a.b", new)]));
        let changes = compare(&old, &new);
        assert_eq!(changes.len(), 1);
        assert_eq!(changes[0].kind, expected);
    }

    #[rstest]
    #[case::not_in_a_complete_run(None, Status::Absent, ChangeKind::Vanished)]
    #[case::not_in_a_cut_run(Some("it holds 0 of 1 records"), Status::Miss, ChangeKind::LostEvidence)]
    fn a_missing_record_is_lost_only_where_the_run_was_cut(
        #[case] cut: Option<&str>,
        #[case] status: Status,
        #[case] expected: ChangeKind,
    ) {
        let old = made_up("6.1", &[("a.b", "fail")]);
        let new = RecordedRun { cut: cut.map(str::to_string), ..made_up("6.2", &[]) };
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
