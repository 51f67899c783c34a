//! Kept runs side by side: the verdicts of each case over kernels and time, where a case turned from good
//! to bad and back, runs of one kernel that disagree, and cases that became slower.
//!
//! Where the runs come from is the business of `store`; how this is shown lives in `show`.

mod show;

use crate::store::StoredRun;
use nsconform_suite::known::Version;
use nsconform_suite::verdict::{Evidence, Status};
use std::collections::{BTreeMap, BTreeSet};

/// A case must take this much longer, in microseconds, to be called slower: less is the noise of a machine.
pub const LEAST_DELAY_US: u64 = 20_000;

/// One verdict on a case.
#[derive(Clone, Copy, Debug)]
pub struct Observation<'s> {
    /// The run.
    pub stored: &'s StoredRun,
    /// The verdict.
    pub status: Status,
    /// From the start of the case to the end of everything it started, in microseconds.
    pub duration_us: u64,
}

/// All verdicts on one case as one user, in the order of the kernels, then of time.
#[derive(Clone, Debug)]
pub struct CaseTrack<'s> {
    /// The id of the case.
    pub id: &'s str,
    /// As whom the runs were started.
    pub privilege: String,
    /// The verdicts.
    pub observations: Vec<Observation<'s>>,
}

/// A turn between two kernels that follow each other among those that tested the case.
#[derive(Clone, Copy, Debug)]
pub struct VerdictTurn<'s> {
    /// The newest run of the last kernel before it.
    pub last: Observation<'s>,
    /// The oldest run of the first kernel after it.
    pub first: Observation<'s>,
    /// Whether it turned bad.
    pub to_bad: bool,
}

/// A case that took longer than in the runs before.
#[derive(Clone, Copy, Debug)]
pub struct SlowCase<'s> {
    /// The first run in which it did.
    pub first: Observation<'s>,
    /// The median of the runs before, in microseconds.
    pub usual_us: u64,
    /// How many times as long it took, after the speed of the whole run was taken out.
    pub times: f64,
}

/// The kept runs, put in order.
pub struct History<'s> {
    /// The runs in the order of their kernels, then of time.
    runs: Vec<&'s StoredRun>,
    tracks: Vec<CaseTrack<'s>>,
    /// For each run by its name: how many times as long as usual its cases took, by their median.
    speeds: BTreeMap<&'s str, f64>,
    /// How many times as long as usual a case takes that is called slower.
    factor: f64,
}

impl<'s> History<'s> {
    /// Puts runs in order. A case is slower if it takes more than `factor` times as long as before.
    pub fn new(stored: &'s [StoredRun], factor: f64) -> History<'s> {
        let runs = in_order(stored);
        let mut by_case: BTreeMap<(&str, String), (usize, Vec<Observation>)> = BTreeMap::new();
        for &stored in &runs {
            for result in stored.run.cases.values() {
                let (index, observations) = by_case.entry((&result.id, stored.run.privilege())).or_default();
                // A case may have had another place in an older catalogue.
                *index = result.index;
                let (status, duration_us) = (result.status(), result.duration_us);
                observations.push(Observation { stored, status, duration_us });
            }
        }
        let mut tracks: Vec<(usize, CaseTrack)> = by_case
            .into_iter()
            .map(|((id, privilege), (index, observations))| {
                (index, CaseTrack { id, privilege, observations })
            })
            .collect();
        // Those of equal places stay in the order of their ids.
        tracks.sort_by_key(|(index, _)| *index);
        let tracks: Vec<CaseTrack> = tracks.into_iter().map(|(_, track)| track).collect();
        let speeds = speeds(&tracks);
        History { runs, tracks, speeds, factor }
    }

    /// The ids of all cases that any run has.
    pub fn ids(&self) -> BTreeSet<&'s str> {
        self.tracks.iter().map(|track| track.id).collect()
    }

    /// The same about one case only.
    pub fn of_case(mut self, id: &str) -> History<'s> {
        self.tracks.retain(|track| track.id == id);
        self
    }

    /// The first run from which on the case is slower than before, if there is one. A single slow run is
    /// noise, unless it is the newest.
    pub fn slower(&self, track: &CaseTrack<'s>) -> Option<SlowCase<'s>> {
        (1..track.observations.len()).find_map(|at| {
            let (usual_us, first) = (usual(track, at)?, track.observations[at]);
            let mut later = track.observations[at..].iter().filter(|later| is_measure(later, &first));
            let is_slower = |later: &Observation| {
                let times = self.times(later, usual_us);
                times > self.factor && (times - 1.0) * usual_us as f64 >= LEAST_DELAY_US as f64
            };
            let times = self.times(&first, usual_us);
            later.all(is_slower).then_some(SlowCase { first, usual_us, times })
        })
    }

    /// How many times as long as usual a case took, after the speed of its run was taken out.
    fn times(&self, observation: &Observation, usual_us: u64) -> f64 {
        let speed = self.speeds.get(observation.stored.name.as_str()).copied().unwrap_or(1.0);
        observation.duration_us as f64 / (usual_us as f64 * speed.max(1.0))
    }
}

impl<'s> CaseTrack<'s> {
    /// The verdicts by kernel and its build.
    fn builds(&self) -> Vec<&[Observation<'s>]> {
        self.observations.chunk_by(|a, b| build(a.stored) == build(b.stored)).collect()
    }

    /// Where the case turned from good to bad, and back. Kernels on which it was not tested, and those
    /// whose runs disagree, are no evidence.
    pub fn turns(&self) -> Vec<VerdictTurn<'s>> {
        let mut turns = Vec::new();
        let mut before: Option<(bool, Observation)> = None;
        for observations in self.builds() {
            let tested: Vec<(bool, Observation)> = observations
                .iter()
                .filter_map(|observation| Some((is_bad(observation.status)?, *observation)))
                .collect();
            let (Some((bad, first)), Some((_, last))) = (tested.first(), tested.last()) else { continue };
            if tested.iter().any(|(other, _)| other != bad) {
                continue;
            }
            if let Some((was_bad, last)) = before.filter(|(was_bad, _)| was_bad != bad) {
                turns.push(VerdictTurn { last, first: *first, to_bad: !was_bad });
            }
            before = Some((*bad, *last));
        }
        turns
    }

    /// Runs of one nsconform on one build of a kernel that disagree: those of the first such build. A
    /// case that was not tested agrees with everything.
    pub fn flaky(&self) -> Option<Vec<Observation<'s>>> {
        self.builds().into_iter().find_map(|observations| {
            let mut by_version: BTreeMap<&str, Vec<Observation>> = BTreeMap::new();
            for observation in observations.iter().filter(|observation| observation.status != Status::Skip) {
                by_version.entry(&observation.stored.run.start.nsconform).or_default().push(*observation);
            }
            by_version.into_values().find(|several| {
                let kind = |status: Status| (status.evidence() == Evidence::Good, is_bad(status));
                several.iter().any(|other| kind(other.status) != kind(several[0].status))
            })
        })
    }
}

/// Whether the kernel does not do what is expected; none where that was not found out. A case that does not
/// end is as bad as one that fails.
fn is_bad(status: Status) -> Option<bool> {
    match status.evidence() {
        Evidence::Good => Some(false),
        Evidence::Bad => Some(true),
        _ if status == Status::Timeout => Some(true),
        Evidence::None | Evidence::NoCase => None,
    }
}

/// The kernel and its build, as uname(2) has them.
fn build(stored: &StoredRun) -> (&str, &str, &str) {
    let machine = &stored.run.start.machine;
    (&machine.kernel_release, &machine.kernel_version, &machine.architecture)
}

/// The runs by version of the kernel, release candidates before their release; then the builds by their
/// first runs; then by time.
fn in_order(stored: &[StoredRun]) -> Vec<&StoredRun> {
    let time = |stored: &StoredRun| stored.run.start.started.clone().unwrap_or_default();
    let mut first_runs: BTreeMap<_, String> = BTreeMap::new();
    for stored in stored {
        let first = first_runs.entry(build(stored)).or_insert_with(|| time(stored));
        *first = time(stored).min(first.clone());
    }
    let mut runs: Vec<&StoredRun> = stored.iter().collect();
    runs.sort_by_cached_key(|stored| {
        let release = &stored.run.start.machine.kernel_release;
        let version = (Version::of_release(release), !release.contains("-rc"));
        (version, first_runs[&build(stored)].clone(), build(stored), time(stored), &stored.name)
    });
    runs
}

/// Whether a duration says something about another one: both verdicts are good, on machines with as many
/// processors.
fn is_measure(one: &Observation, other: &Observation) -> bool {
    let processors = |observation: &Observation| observation.stored.run.start.machine.processors;
    let good = |observation: &Observation| is_bad(observation.status) == Some(false);
    good(one) && good(other) && processors(one) == processors(other)
}

/// The median of the durations before this one.
fn usual(track: &CaseTrack, at: usize) -> Option<u64> {
    let this = &track.observations[at];
    let before = track.observations[..at].iter().filter(|before| is_measure(before, this));
    median(before.map(|before| before.duration_us).collect()).filter(|usual| *usual > 0)
}

/// How many times as long as usual the cases of each run took, by their median: a slow machine makes no
/// case slower than the others.
fn speeds<'s>(tracks: &[CaseTrack<'s>]) -> BTreeMap<&'s str, f64> {
    let mut ratios: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for track in tracks {
        for (at, observation) in track.observations.iter().enumerate() {
            if let Some(usual) = usual(track, at) {
                let thousandths = observation.duration_us.saturating_mul(1000) / usual;
                ratios.entry(&observation.stored.name).or_default().push(thousandths);
            }
        }
    }
    let speed = |ratios: Vec<u64>| median(ratios).map_or(1.0, |thousandths| thousandths as f64 / 1000.0);
    ratios.into_iter().map(|(name, ratios)| (name, speed(ratios))).collect()
}

/// The middle of the numbers; of an even number of them the lower one of the two.
fn median(mut numbers: Vec<u64>) -> Option<u64> {
    numbers.sort_unstable();
    numbers.get(numbers.len().checked_sub(1)? / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::made_up;
    use rstest::rstest;

    /// Runs of one case: release, build, verdict, duration in milliseconds.
    pub(super) fn runs(entries: &[(&str, &str, &str, u64)]) -> Vec<StoredRun> {
        let stored = entries.iter().enumerate().map(|(number, (release, build, word, milliseconds))| {
            let mut run = made_up(release, &[("uts.a", word), ("uts.b", "pass"), ("uts.c", "pass")]);
            run.start.machine.kernel_version = build.to_string();
            run.start.started = Some(format!("2026-11-{:02}T12:00:00Z", number + 1));
            run.cases.values_mut().for_each(|result| result.duration_us = 1000);
            run.cases.get_mut("uts.a").unwrap().duration_us = milliseconds * 1000;
            StoredRun { name: format!("run-{number}"), run }
        });
        stored.collect()
    }

    fn names<'s>(observations: &[Observation<'s>]) -> Vec<&'s str> {
        observations.iter().map(|observation| observation.stored.name.as_str()).collect()
    }

    #[rstest]
    #[case::steady(&[("6.1", "pass"), ("7.0", "pass")], &[])]
    #[case::turns_bad(&[("6.1", "pass"), ("6.12", "fail")], &[("run-0", "run-1", true)])]
    #[case::by_version_and_not_by_time(&[("7.0", "fail"), ("6.1", "pass")], &[("run-1", "run-0", true)])]
    #[case::expected_failures_are_bad(&[("6.1", "known"), ("6.12", "unexpected")], &[("run-0", "run-1", false)])]
    #[case::and_back(
        &[("6.1", "deviation"), ("6.12", "timeout"), ("7.0", "pass")],
        &[("run-0", "run-1", true), ("run-1", "run-2", false)]
    )]
    #[case::untested_is_no_evidence(
        &[("6.1", "pass"), ("6.6", "skip"), ("6.12", "error"), ("7.0", "fail")],
        &[("run-0", "run-3", true)]
    )]
    #[case::disagreement_is_no_evidence(
        &[("6.1", "pass"), ("6.12", "pass"), ("6.12", "fail"), ("7.0", "fail")],
        &[("run-0", "run-3", true)]
    )]
    #[case::candidates_come_first(&[("6.18.0", "fail"), ("6.18.0-rc1", "pass")], &[("run-1", "run-0", true)])]
    #[case::never_good(&[("6.1", "fail"), ("6.12", "fail")], &[])]
    fn turns_are_between_kernels(#[case] entries: &[(&str, &str)], #[case] expected: &[(&str, &str, bool)]) {
        let entries: Vec<_> = entries.iter().map(|(release, word)| (*release, "#1", *word, 1)).collect();
        let stored = runs(&entries);
        let history = History::new(&stored, 3.0).of_case("uts.a");
        let turns = history.tracks[0].turns();
        let found: Vec<(&str, &str, bool)> = turns
            .iter()
            .map(|turn| (turn.last.stored.name.as_str(), turn.first.stored.name.as_str(), turn.to_bad))
            .collect();
        assert_eq!(found, expected);
    }

    #[rstest]
    #[case::same_build(&[("6.1", "#1", "pass"), ("6.1", "#1", "fail")], Some(2))]
    #[case::other_build(&[("6.1", "#1", "pass"), ("6.1", "#2", "fail")], None)]
    #[case::other_kernel(&[("6.1", "#1", "pass"), ("6.2", "#1", "fail")], None)]
    #[case::an_error_once(&[("6.1", "#1", "pass"), ("6.1", "#1", "pass"), ("6.1", "#1", "error")], Some(3))]
    #[case::fail_and_expected_failure(&[("6.1", "#1", "fail"), ("6.1", "#1", "known")], None)]
    #[case::skipped_elsewhere(&[("6.1", "#1", "pass"), ("6.1", "#1", "skip")], None)]
    fn runs_of_one_build_that_disagree(
        #[case] entries: &[(&str, &str, &str)],
        #[case] expected: Option<usize>,
    ) {
        let entries: Vec<_> =
            entries.iter().map(|(release, build, word)| (*release, *build, *word, 1)).collect();
        let stored = runs(&entries);
        let history = History::new(&stored, 3.0).of_case("uts.a");
        assert_eq!(history.tracks[0].flaky().map(|several| names(&several).len()), expected);
    }

    #[rstest]
    #[case::as_before(&[40, 45, 41], None)]
    #[case::slower(&[40, 40, 130, 140], Some(2))]
    #[case::the_newest_run(&[40, 40, 130], Some(2))]
    #[case::once(&[40, 40, 130, 41], None)]
    #[case::too_short_to_tell(&[1, 1, 15], None)]
    #[case::not_more_than_the_factor(&[40, 40, 119], None)]
    fn a_case_that_becomes_slower(#[case] milliseconds: &[u64], #[case] expected: Option<usize>) {
        let entries: Vec<_> = milliseconds.iter().map(|took| ("6.1", "#1", "pass", *took)).collect();
        let stored = runs(&entries);
        let history = History::new(&stored, 3.0).of_case("uts.a");
        let slower = history.slower(&history.tracks[0]);
        assert_eq!(slower.map(|slow| slow.first.stored.name.clone()), expected.map(|at| format!("run-{at}")));
    }

    #[test]
    fn a_slow_machine_makes_no_case_slower() {
        let mut stored = runs(&[("6.1", "#1", "pass", 40), ("6.1", "#1", "pass", 400)]);
        stored[1]
            .run
            .cases
            .values_mut()
            .for_each(|result| result.duration_us = result.duration_us.max(10_000));
        let history = History::new(&stored, 3.0).of_case("uts.a");
        assert!(history.slower(&history.tracks[0]).is_none());
    }

    #[test]
    fn another_machine_is_no_measure() {
        let mut stored = runs(&[("6.1", "#1", "pass", 40), ("6.1", "#1", "pass", 400)]);
        stored[1].run.start.machine.processors = 64;
        let history = History::new(&stored, 3.0).of_case("uts.a");
        assert!(history.slower(&history.tracks[0]).is_none());
    }
}
