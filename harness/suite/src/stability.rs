//! Stability: every case many times, in random order, several at once, with random delays between
//! steps and on changing processors. Any difference between two runs is a disagreement.
//!
//! How the result is shown is the business of whoever asks.

use crate::case::Case;
use crate::catalogue::Catalogue;
use crate::judge::judge;
use crate::runner::{DEADLINE, JobResult, Runner};
use crate::verdict::{ExitStatus, Verdict};
use nsconform_lab::conduct::Conduct;
use nsconform_lab::conduct::delay::Jitter;
use nsconform_lab::job::{Finish, Job};
use serde::Serialize;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// The longest delay before a call, in microseconds; one run in two has none at all, since some
/// races are won only in a hurry.
const LONGEST_DELAY: u32 = 300;
/// The share of the deadline, in percent, from which a run is slow.
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

/// A run that was too slow to say whether its case is stable.
#[derive(Clone, Debug, Serialize)]
pub struct SlowRun {
    /// The id of the case.
    pub id: &'static str,
    /// How slow it was, in words.
    pub what: String,
    /// Whether it did not end before its deadline.
    pub timed_out: bool,
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
    /// How many used most of their deadline, or all of it.
    pub slow: usize,
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
    /// Every run that was slow, which says more of the machine than of the case.
    pub slow: Vec<SlowRun>,
    /// The numbers.
    pub summary: Summary,
}

impl Stability {
    /// The exit status of the verification.
    pub fn exit_status(&self) -> ExitStatus {
        if self.summary.cases == 0 {
            return ExitStatus::NothingTested;
        }
        let stable = if self.disagreements.is_empty() { ExitStatus::Success } else { ExitStatus::CaseFailed };
        let timed_out = self.slow.iter().any(|run| run.timed_out);
        stable.and(if timed_out { ExitStatus::HarnessFailed } else { ExitStatus::Success })
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
    let (skipped, runnable) = runner.split_runnable(cases);
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
    let (mut disagreements, mut slow, mut slowest, mut done) = (Vec::new(), Vec::new(), Duration::ZERO, 0);
    runner.run_jobs(&jobs, &mut |number, run| {
        slowest = slowest.max(run.duration);
        let index = plan[number];
        let case = catalogue.cases[index];
        slow.extend(slow_run(case, &run));
        if run.finish != Finish::TimedOut {
            disagreements.extend(compare(index, case, (catalogue.approved)(case.id), &run, &mut first));
        }
        done += 1;
        step(done, jobs.len());
    });
    let summary = Summary {
        rounds,
        cases: runnable.len(),
        skipped: skipped.len(),
        runs: jobs.len(),
        disagreements: disagreements.len(),
        slow: slow.len(),
        slowest_us: slowest.as_micros() as u64,
        duration_us: started.elapsed().as_micros() as u64,
        seed: repetition.seed,
    };
    Stability { disagreements, slow, summary }
}

fn disturbance(random: &mut fastrand::Rng, processors: u16) -> Jitter {
    Jitter {
        seed: random.u64(..),
        max_delay: if random.bool() { LONGEST_DELAY } else { 0 },
        processor: random.bool().then(|| random.u16(0..processors.max(1))),
    }
}

/// How slow a run was, if it was slow.
fn slow_run(case: &'static Case, run: &JobResult) -> Option<SlowRun> {
    let seconds = |time: Duration| format!("{:.2} s", time.as_secs_f64());
    let timed_out = run.finish == Finish::TimedOut;
    let what = match timed_out {
        true => format!("did not end within {}", seconds(DEADLINE)),
        false if run.duration * 100 > DEADLINE * DEADLINE_SHARE => {
            format!(
                "took {}; its deadline, without waits for a processor, is {}",
                seconds(run.duration),
                seconds(DEADLINE)
            )
        }
        false => return None,
    };
    Some(SlowRun { id: case.id, what, timed_out })
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
    fn a_run_that_asks_nothing_is_no_stable_one() {
        let mut first = HashMap::new();
        let found = compare(0, &SOME, None, &run("a", Duration::ZERO), &mut first).unwrap();
        assert!(found.what.starts_with("error: "), "{}", found.what);
        assert_eq!(first.len(), 1);
    }

    #[rstest::rstest]
    #[case::quick(DEADLINE / 2, Finish::Ended, None)]
    #[case::slow(DEADLINE, Finish::Ended, Some(false))]
    #[case::timeout(DEADLINE, Finish::TimedOut, Some(true))]
    fn slow_runs_are_told_apart(
        #[case] time: Duration,
        #[case] finish: Finish,
        #[case] timed_out: Option<bool>,
    ) {
        let run = JobResult { finish, ..run("a", time) };
        assert_eq!(slow_run(&SOME, &run).map(|slow| slow.timed_out), timed_out);
    }
}
