//! Cases × kernels × privileges, and the patterns that a reader looks for in a row. How rows are
//! shown lives in the views.

use super::textbook::{Textbook, TextbookCase};
use crate::event::{CaseResult, Description};
use crate::run::{RecordedRun, version_order};
use crate::table::{KernelRuns, privileges};
use nsconform_suite::verdict::{Evidence, Status};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

/// All cases on all kernels, as each privilege. Without runs it has no kernel and no privilege.
pub(crate) struct Grid<'r> {
    /// The names of the kernels, oldest first.
    pub(crate) kernels: Vec<&'r str>,
    /// Why records of a kernel are missing, in the order of the kernels.
    pub(crate) misses: Vec<Option<&'r str>>,
    /// As whom the runs were started, root first.
    pub(crate) privileges: Vec<String>,
    /// By privilege and kernel.
    pub(crate) runs: Vec<Vec<Option<&'r RecordedRun>>>,
    /// In the order of the catalogue.
    pub(crate) cases: Vec<GridCase<'r>>,
}

/// One case on all kernels.
pub(crate) struct GridCase<'r> {
    /// Its place among all.
    pub(crate) place: usize,
    /// Its id.
    pub(crate) id: &'r str,
    /// The words of the run files, or else of the textbook.
    pub(crate) description: Option<&'r Description>,
    /// The case in the textbook.
    pub(crate) textbook: Option<&'r TextbookCase>,
    /// By privilege and kernel.
    pub(crate) results: Vec<Vec<Option<&'r CaseResult>>>,
    /// By privilege and kernel.
    pub(crate) statuses: Vec<Vec<Status>>,
}

impl<'r> Grid<'r> {
    /// Puts the runs of these kernels beside the textbook.
    pub(crate) fn new(textbook: &'r Textbook, by_kernel: &'r [KernelRuns<'r>]) -> Grid<'r> {
        let mut by_version: Vec<&KernelRuns> = by_kernel.iter().collect();
        by_version.sort_by(|a, b| version_order(&a.name, &b.name));
        let whom = privileges(by_kernel);
        let run_as = |kernel: &'r KernelRuns<'r>, uid: u32| {
            kernel.runs.iter().map(Cow::as_ref).find(|run| run.start.machine.uid == uid)
        };
        let runs: Vec<Vec<Option<&RecordedRun>>> = whom
            .iter()
            .map(|(uid, _)| by_version.iter().map(|kernel| run_as(kernel, *uid)).collect())
            .collect();
        let cases = ids(textbook, &runs)
            .into_iter()
            .enumerate()
            .map(|(place, (id, textbook))| GridCase::new(place, id, textbook, &runs))
            .collect();
        let miss = |kernel: &&'r KernelRuns<'r>| {
            let cut = kernel.runs.iter().find_map(|run| run.cut.as_deref());
            kernel.miss.as_deref().or(cut)
        };
        Grid {
            kernels: by_version.iter().map(|kernel| kernel.name.as_str()).collect(),
            misses: by_version.iter().map(miss).collect(),
            privileges: whom.into_iter().map(|(_, name)| name).collect(),
            runs,
            cases,
        }
    }

    /// Whether anything was run.
    pub(crate) fn has_runs(&self) -> bool {
        !self.kernels.is_empty()
    }

    /// Neighbouring kernels with the same status, oldest first.
    pub(crate) fn spans(&self, statuses: &[Status]) -> Vec<KernelSpan<'r>> {
        let mut spans: Vec<KernelSpan> = Vec::new();
        for (name, status) in self.kernels.iter().zip(statuses) {
            match spans.last_mut().filter(|span| span.status == *status) {
                Some(span) => span.last = name,
                None => spans.push(KernelSpan { first: name, last: name, status: *status }),
            }
        }
        spans
    }

    /// The oldest kernel, by its place, that shows the behaviour of a case, as whomever.
    pub(crate) fn first_shown(&self, case: &GridCase) -> Option<usize> {
        (0..self.kernels.len())
            .find(|kernel| case.statuses.iter().any(|statuses| statuses[*kernel].is_good()))
    }
}

/// The ids of all cases: first those of the textbook, then those that only a run knows.
fn ids<'r>(
    textbook: &'r Textbook,
    runs: &[Vec<Option<&'r RecordedRun>>],
) -> Vec<(&'r str, Option<&'r TextbookCase>)> {
    let mut strangers: BTreeMap<&str, usize> = BTreeMap::new();
    for run in runs.iter().flatten().flatten() {
        for (id, result) in &run.cases {
            strangers.entry(id).or_insert(result.index);
        }
    }
    let known = textbook.cases.iter().inspect(|case| {
        strangers.remove(case.id.as_str());
    });
    let mut all: Vec<(&str, Option<&TextbookCase>)> =
        known.map(|case| (case.id.as_str(), Some(case))).collect();
    let mut rest: Vec<(usize, &str)> = strangers.into_iter().map(|(id, index)| (index, id)).collect();
    rest.sort();
    all.extend(rest.into_iter().map(|(_, id)| (id, None)));
    all
}

/// Neighbouring kernels with the same status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KernelSpan<'r> {
    first: &'r str,
    last: &'r str,
    /// Their status.
    pub(crate) status: Status,
}

impl KernelSpan<'_> {
    /// The kernels, as in `5.10–6.12`.
    pub(crate) fn kernels(&self) -> String {
        if self.first == self.last {
            self.first.to_string()
        } else {
            format!("{}–{}", self.first, self.last)
        }
    }
}

impl<'r> GridCase<'r> {
    fn new(
        place: usize,
        id: &'r str,
        textbook: Option<&'r TextbookCase>,
        runs: &[Vec<Option<&'r RecordedRun>>],
    ) -> GridCase<'r> {
        let result = |run: &Option<&'r RecordedRun>| run.and_then(|run| run.cases.get(id));
        let results: Vec<Vec<Option<&CaseResult>>> =
            runs.iter().map(|runs| runs.iter().map(result).collect()).collect();
        let statuses = runs.iter().map(|runs| runs.iter().map(|run| status(*run, id)).collect()).collect();
        let recorded = results.iter().flatten().flatten().find_map(|result| result.description.as_ref());
        let description = recorded.or(textbook.map(|case| &case.description));
        GridCase { place, id, description, textbook, results, statuses }
    }

    /// The namespace: the first segment of the id.
    pub(crate) fn group(&self) -> &'r str {
        self.id.split('.').next().unwrap_or(self.id)
    }

    /// The claim; empty where nobody knows it.
    pub(crate) fn claim(&self) -> &'r str {
        self.description.map_or("", |description| &description.claim)
    }

    /// The first place in the documentation.
    pub(crate) fn section(&self) -> &'r str {
        self.description.and_then(|description| description.sources.first()).map_or("", String::as_str)
    }

    /// Whether any run meant to run it.
    pub(crate) fn is_in_runs(&self) -> bool {
        self.statuses.iter().flatten().any(|status| *status != Status::Absent)
    }

    /// How many runs came to this status.
    pub(crate) fn number(&self, status: Status) -> usize {
        self.statuses.iter().flatten().filter(|other| **other == status).count()
    }
}

/// The status of a case in a run that there may not be.
fn status(run: Option<&RecordedRun>, id: &str) -> Status {
    match run {
        None => Status::Miss,
        Some(run) => match run.cases.get(id) {
            Some(result) => result.status(),
            None if run.cut.is_some() => Status::Miss,
            None => Status::Absent,
        },
    }
}

/// The patterns that a reader can look for in the row of a case, as one privilege.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pattern {
    Differs,
    OneAloneFails,
    PassesThenFails,
    FailsThenPasses,
    NotTested,
    Unexpected,
}

impl Pattern {
    /// All of them, in the order of their bits.
    pub(crate) const ALL: [Pattern; 6] = [
        Pattern::Differs,
        Pattern::OneAloneFails,
        Pattern::PassesThenFails,
        Pattern::FailsThenPasses,
        Pattern::NotTested,
        Pattern::Unexpected,
    ];

    /// Its name in links, and in the words of the page.
    pub(crate) fn describe(self) -> (&'static str, &'static str) {
        match self {
            Pattern::Differs => ("differs", "differs between kernels"),
            Pattern::OneAloneFails => ("alone", "one kernel alone fails"),
            Pattern::PassesThenFails => ("then-fails", "passes, then fails"),
            Pattern::FailsThenPasses => ("then-passes", "fails, then passes"),
            Pattern::NotTested => ("not-tested", "not tested here"),
            Pattern::Unexpected => ("unexpected", "unexpected"),
        }
    }

    /// Whether these statuses, oldest kernel first, have the pattern.
    pub(crate) fn is_in(self, statuses: &[Status]) -> bool {
        let tested: Vec<bool> =
            statuses.iter().filter(|status| status.is_tested()).map(|status| status.is_good()).collect();
        let turns = |from: bool| tested.windows(2).any(|pair| pair[0] == from && pair[1] != from);
        match self {
            // A record that was lost says nothing about the kernel.
            Pattern::Differs => {
                let mut kept = statuses.iter().filter(|status| **status != Status::Miss);
                let first = kept.next();
                kept.any(|status| Some(status) != first)
            }
            Pattern::OneAloneFails => {
                tested.len() > 1 && tested.iter().filter(|is_good| !**is_good).count() == 1
            }
            Pattern::PassesThenFails => turns(true),
            Pattern::FailsThenPasses => turns(false),
            Pattern::NotTested => statuses.iter().any(|status| status.evidence() == Evidence::None),
            Pattern::Unexpected => {
                statuses.iter().any(|status| status.is_alarming() || *status == Status::UnexpectedPass)
            }
        }
    }

    /// A bit for each pattern that these statuses have.
    pub(crate) fn bits(statuses: &[Status]) -> u8 {
        let has = |(bit, pattern): (usize, &Pattern)| u8::from(pattern.is_in(statuses)) << bit;
        Pattern::ALL.iter().enumerate().map(has).sum()
    }
}

/// Cases by a name that each of them has, in the order in which the names appear.
pub(crate) fn grouped<'g, 'r>(
    cases: impl IntoIterator<Item = &'g GridCase<'r>>,
    name: impl Fn(&GridCase<'r>) -> &'r str,
) -> Vec<(&'r str, Vec<&'g GridCase<'r>>)>
where
    'r: 'g,
{
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut groups: Vec<(&str, Vec<&GridCase>)> = Vec::new();
    for case in cases {
        let name = name(case);
        let place = *places.entry(name).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((_, cases)) => cases.push(case),
            None => groups.push((name, vec![case])),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::made_up;
    use rstest::rstest;

    /// Statuses by their ASCII signs.
    fn statuses(signs: &str) -> Vec<Status> {
        let status = |sign| Status::ALL.into_iter().find(|status| status.ascii_sign() == sign).unwrap();
        signs.chars().map(status).collect()
    }

    #[rstest]
    #[case::alike("....", "")]
    #[case::a_lost_kernel_differs_from_nothing("..?.", "not-tested unexpected")]
    #[case::deviation_here_pass_there("..~~", "differs")]
    #[case::one_alone("..f.", "differs alone then-fails then-passes")]
    #[case::one_alone_of_one("f", "")]
    #[case::newest_fails("...F", "differs alone then-fails unexpected")]
    #[case::fixed("ff..", "differs then-passes")]
    #[case::a_skip_between_hides_no_turn(".-F-", "differs alone then-fails not-tested unexpected")]
    #[case::skipped_then_passes("--..", "differs not-tested")]
    #[case::fails_everywhere("ffff", "")]
    #[case::unexpected_pass("uu", "unexpected")]
    fn rows_have_patterns(#[case] signs: &str, #[case] expected: &str) {
        let statuses = statuses(signs);
        let found: Vec<&str> = Pattern::ALL
            .into_iter()
            .filter(|pattern| pattern.is_in(&statuses))
            .map(|pattern| pattern.describe().0)
            .collect();
        assert_eq!(found.join(" "), expected);
        assert_eq!(Pattern::bits(&statuses).count_ones() as usize, found.len());
    }

    #[test]
    fn kernels_stand_in_the_order_of_their_versions_and_equal_neighbours_are_one_span() {
        let run = |release: &str, word: &str| KernelRuns {
            name: release.into(),
            runs: vec![Cow::Owned(made_up(release, &[("uts.a", word)]))],
            miss: None,
        };
        let kernels = [run("6.12", "fail"), run("5.10", "pass"), run("6.1", "pass")];
        let textbook = Textbook::default();
        let grid = Grid::new(&textbook, &kernels);
        assert_eq!(grid.kernels, ["5.10", "6.1", "6.12"]);
        let spans: Vec<(String, Status)> =
            grid.spans(&grid.cases[0].statuses[0]).iter().map(|span| (span.kernels(), span.status)).collect();
        assert_eq!(spans, [("5.10–6.1".to_string(), Status::Pass), ("6.12".to_string(), Status::Fail)]);
        assert_eq!(grid.first_shown(&grid.cases[0]), Some(0));
    }

    #[test]
    fn a_case_that_no_run_has_is_absent_and_one_of_a_cut_run_is_lost() {
        let whole =
            KernelRuns { name: "6.1".into(), runs: vec![Cow::Owned(made_up("6.1", &[]))], miss: None };
        let mut cut =
            KernelRuns { name: "6.2".into(), runs: vec![Cow::Owned(made_up("6.2", &[]))], miss: None };
        cut.runs[0].to_mut().cut = Some("it holds 0 of 1 records".into());
        let other = KernelRuns {
            name: "6.3".into(),
            runs: vec![Cow::Owned(made_up("6.3", &[("a.b", "pass")]))],
            miss: None,
        };
        let (textbook, kernels) = (Textbook::default(), [whole, cut, other]);
        let grid = Grid::new(&textbook, &kernels);
        assert_eq!(grid.cases[0].statuses, [[Status::Absent, Status::Miss, Status::Pass]]);
        assert_eq!(grid.misses[1], Some("it holds 0 of 1 records"));
    }
}
