//! Stability: every case many times, in random order, several at once, with random delays between
//! steps and on changing processors. Any difference between two runs is a disagreement.
//!
//! How the result is shown is the business of whoever asks.

use crate::case::Case;
use crate::catalogue::Catalogue;
use crate::runner::{DEADLINE, JobResult, Runner, judge};
use crate::verdict::{ExitStatus, Verdict};
use nsconform_lab::conduct::Conduct;
use nsconform_lab::conduct::delay::Jitter;
use nsconform_lab::job::Job;
use serde::Serialize;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// The longest delay before a call, in microseconds; one run in two has none at all, since some
/// races are won only in a hurry.
const LONGEST_DELAY: u32 = 300;
/// The share of the deadline, in percent, that no run may use.
const DEADLINE_SHARE: u32 = 80;

/// How the runs of a verification are made.
#[derive(Clone, Copy, Debug)]
pub struct Repetition {
    /// How many times each case is run.
    pub rounds: u32,
    /// The order and the delays follow from it.
    pub seed: u64,
    /// The processors that runs are moved between.
    pub processors: u16,
}

/// A run that is not as the first one of its case.
#[derive(Clone, Debug, Serialize)]
pub struct Disagreement {
    /// The id of the case.
    pub id: &'static str,
    /// The difference in words.
    pub what: String,
    /// The trace of the first run of the case.
    pub first: String,
    /// The trace of this run.
    pub other: String,
}

/// The numbers of a verification.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// How many times each case was run.
    pub rounds: u32,
    /// How many cases were run.
    pub cases: usize,
    /// How many cases cannot be run here.
    pub skipped: usize,
    /// How many runs there were.
    pub runs: usize,
    /// How many of them disagree with the first run of their case.
    pub disagreements: usize,
    /// How long the slowest run took, in microseconds.
    pub slowest_us: u64,
    /// How long all took, in microseconds.
    pub duration_us: u64,
    /// The order and the delays followed from it.
    pub seed: u64,
}

/// The result of a verification.
#[derive(Clone, Debug)]
pub struct Stability {
    /// Every run that is not as it should be.
    pub disagreements: Vec<Disagreement>,
    /// The numbers.
    pub summary: Summary,
}

impl Stability {
    /// The exit status of the verification.
    pub fn exit_status(&self) -> ExitStatus {
        match (self.summary.cases, self.disagreements.is_empty()) {
            (0, _) => ExitStatus::NothingTested,
            (_, true) => ExitStatus::Success,
            (_, false) => ExitStatus::CaseFailed,
        }
    }
}

/// Verifies these cases (by index in the catalogue); `step` hears after each run how many of how
/// many are done.
pub fn verify(
    runner: &mut Runner,
    catalogue: Catalogue,
    cases: &[usize],
    repetition: Repetition,
    step: &mut dyn FnMut(usize, usize),
) -> Stability {
    let started = Instant::now();
    let (skipped, runnable) = runner.sort_out(cases);
    let mut random = fastrand::Rng::with_seed(repetition.seed);
    let rounds = repetition.rounds;
    let mut plan: Vec<usize> =
        runnable.iter().flat_map(|index| std::iter::repeat_n(*index, rounds as usize)).collect();
    random.shuffle(&mut plan);
    let jobs: Vec<Job> = plan
        .iter()
        .map(|index| {
            let jitter = Some(disturbance(&mut random, repetition.processors));
            runner.altered_job(*index, Conduct { jitter, ..Conduct::default() })
        })
        .collect();
    let mut first: HashMap<usize, (Verdict, String)> = HashMap::new();
    let (mut disagreements, mut slowest, mut done) = (Vec::new(), Duration::ZERO, 0);
    runner.run_jobs(&jobs, &mut |number, run| {
        slowest = slowest.max(run.duration);
        let index = plan[number];
        let case = catalogue.cases[index];
        disagreements.extend(compare(index, case, (catalogue.approved)(case.id), &run, &mut first));
        done += 1;
        step(done, jobs.len());
    });
    let summary = Summary {
        rounds,
        cases: runnable.len(),
        skipped: skipped.len(),
        runs: jobs.len(),
        disagreements: disagreements.len(),
        slowest_us: slowest.as_micros() as u64,
        duration_us: started.elapsed().as_micros() as u64,
        seed: repetition.seed,
    };
    Stability { disagreements, summary }
}

fn disturbance(random: &mut fastrand::Rng, processors: u16) -> Jitter {
    Jitter {
        seed: random.u64(..),
        max_delay: if random.bool() { LONGEST_DELAY } else { 0 },
        processor: random.bool().then(|| random.u16(0..processors.max(1))),
    }
}

/// Compares a run with the first one of its case.
fn compare(
    index: usize,
    case: &'static Case,
    approved: Option<&str>,
    run: &JobResult,
    first: &mut HashMap<usize, (Verdict, String)>,
) -> Option<Disagreement> {
    let verdict = judge(run, approved, DEADLINE);
    let text = run.trace.text();
    let (first_verdict, first_text) = first.entry(index).or_insert_with(|| (verdict.clone(), text.clone()));
    let what = if *first_verdict != verdict {
        format!("verdict {} and then {}", first_verdict.word(), verdict.word())
    } else if *first_text != text {
        "the traces differ".to_string()
    } else if let Verdict::Error { reason } = &verdict {
        format!("error: {reason}")
    } else if run.duration * 100 > DEADLINE * DEADLINE_SHARE {
        format!("took {:.2} s of its {:.2} s", run.duration.as_secs_f64(), DEADLINE.as_secs_f64())
    } else {
        return None;
    };
    Some(Disagreement { id: case.id, what, first: first_text.clone(), other: text })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::CASE;
    use nsconform_lab::job::Finish;
    use nsconform_lab::trace::{End, Event, Trace};

    static SOME: Case = Case { id: "uts.x", ..CASE };

    fn run(name: &str, duration: Duration) -> JobResult {
        let trace = Trace(vec![Event::Process(name.into()), Event::End(End::Played)]);
        JobResult { trace, finish: Finish::Ended, duration }
    }

    #[test]
    fn a_run_that_uses_up_its_deadline_is_no_stable_one() {
        let mut first = HashMap::new();
        let late = compare(0, &SOME, None, &run("a", DEADLINE), &mut first).unwrap();
        // It asks nothing of the kernel, which is an error whatever else is wrong.
        assert!(late.what.starts_with("error: "), "{}", late.what);
        assert_eq!(first.len(), 1);
    }
}
