//! `nsconform verify`: runs every case many times, in random order, several at once, with random
//! delays between steps and on changing processors. Any difference between two runs is a failure.

use super::{Done, Failure, Format, print, select};
use nsconform_catalogue::{approved, catalogue, claims};
use nsconform_lab::lab::{Changes, Jitter};
use nsconform_lab::server::Job;
use nsconform_report::ExitStatus;
use nsconform_suite::runner::{DEADLINE, Run, Runner, Setup, judge};
use nsconform_suite::snapshot;
use nsconform_suite::verdict::Verdict;
use nsconform_sys::single_threaded::SingleThreaded;
use serde::Serialize;
use std::collections::HashMap;
use std::io::{self, Write};
use std::time::{Duration, Instant};

/// The command line of `verify`.
#[derive(clap::Args)]
pub struct Arguments {
    /// Verify only cases whose id holds one of these (`*` stands for anything)
    #[arg(value_name = "PATTERN")]
    patterns: Vec<String>,
    /// How many times each case is run
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(2..=100_000))]
    rounds: u32,
    /// Repeat the order and the delays of an earlier run [default: another one each time]
    #[arg(long, value_name = "SEED")]
    seed: Option<u64>,
    /// How many runs are made side by side [default: four per processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    jobs: Option<u16>,
    /// The form of the result
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// The longest delay before a call, in microseconds; one run in two has none at all, since some
/// races are won only in a hurry.
const LONGEST_DELAY: u32 = 300;
/// The share of the deadline, in percent, that no run may use.
const DEADLINE_SHARE: u32 = 80;

/// What was wrong with one run.
#[derive(Serialize)]
struct Disagreement {
    id: &'static str,
    what: String,
    /// The trace of the first run of the case.
    first: String,
    /// The trace of this run.
    other: String,
}

/// Runs the command.
pub fn verify(single: &SingleThreaded, arguments: &Arguments) -> Done {
    let started = Instant::now();
    let ids: Vec<&str> = catalogue().iter().map(|case| case.id).collect();
    let selected = select(&ids, &arguments.patterns, &[], false)?;
    let usual = Setup::default();
    let setup = Setup { jobs: arguments.jobs.map_or(usual.jobs * 2, usize::from), ..usual };
    let mut runner = Runner::start(single, claims(), setup)
        .map_err(|error| Failure::harness(format!("the fork server cannot be started: {error}")))?;
    let (skipped, runnable) = runner.sort_out(&selected);
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..));
    let mut random = fastrand::Rng::with_seed(seed);
    let mut plan: Vec<usize> =
        runnable.iter().flat_map(|index| std::iter::repeat_n(*index, arguments.rounds as usize)).collect();
    random.shuffle(&mut plan);
    let jobs: Vec<Job> = plan
        .iter()
        .map(|index| {
            let jitter = Some(disturbance(&mut random, usual.jobs / 2));
            runner.altered_job(*index, Changes { jitter, ..Changes::default() })
        })
        .collect();
    let mut first: HashMap<usize, (Verdict, String)> = HashMap::new();
    let mut disagreements = Vec::new();
    let mut slowest = Duration::ZERO;
    runner.run_jobs(&jobs, &mut |number, run| {
        slowest = slowest.max(run.duration);
        disagreements.extend(compare(plan[number], &run, &mut first));
    });
    drop(runner);
    let summary = Summary {
        rounds: arguments.rounds,
        cases: runnable.len(),
        skipped: skipped.len(),
        runs: jobs.len(),
        disagreements: disagreements.len(),
        slowest_us: slowest.as_micros() as u64,
        duration_us: started.elapsed().as_micros() as u64,
        seed,
    };
    print(|to| match arguments.format {
        Format::Human => write_human(to, &disagreements, &summary, &reproduction(arguments, seed)),
        Format::Json => write_json(to, &disagreements, &summary),
    })?;
    Ok(match (runnable.is_empty(), disagreements.is_empty()) {
        (true, _) => ExitStatus::NothingTested,
        (false, true) => ExitStatus::Success,
        (false, false) => ExitStatus::CaseFailed,
    })
}

/// The command line that makes the same runs again.
fn reproduction(arguments: &Arguments, seed: u64) -> String {
    let mut command = format!("nsconform verify --rounds {} --seed {seed}", arguments.rounds);
    if let Some(jobs) = arguments.jobs {
        command += &format!(" --jobs {jobs}");
    }
    for pattern in &arguments.patterns {
        command += &format!(" '{pattern}'");
    }
    command
}

fn disturbance(random: &mut fastrand::Rng, processors: usize) -> Jitter {
    Jitter {
        seed: random.u64(..),
        most: if random.bool() { LONGEST_DELAY } else { 0 },
        processor: random.bool().then(|| random.u16(0..processors.max(1) as u16)),
    }
}

/// Compares a run with the first one of its case.
fn compare(index: usize, run: &Run, first: &mut HashMap<usize, (Verdict, String)>) -> Option<Disagreement> {
    let case = catalogue()[index];
    let verdict = judge(run, approved(case.id), DEADLINE);
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

/// What was done and found.
#[derive(Serialize)]
struct Summary {
    rounds: u32,
    cases: usize,
    skipped: usize,
    runs: usize,
    disagreements: usize,
    slowest_us: u64,
    duration_us: u64,
    seed: u64,
}

/// One line of the result for programs: the disagreements, then one that counts them.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Line<'a> {
    Disagreement(&'a Disagreement),
    Done(&'a Summary),
}

fn write_json(to: &mut dyn Write, disagreements: &[Disagreement], summary: &Summary) -> io::Result<()> {
    for line in disagreements.iter().map(Line::Disagreement).chain([Line::Done(summary)]) {
        writeln!(to, "{}", serde_json::to_string(&line)?)?;
    }
    Ok(())
}

fn write_human(
    to: &mut dyn Write,
    disagreements: &[Disagreement],
    summary: &Summary,
    reproduction: &str,
) -> io::Result<()> {
    for disagreement in disagreements {
        writeln!(to, "UNSTABLE {}: {}", disagreement.id, disagreement.what)?;
        writeln!(to, "  - first run, + this run")?;
        for (sign, line) in snapshot::difference(&disagreement.first, &disagreement.other) {
            writeln!(to, "  {sign} {line}")?;
        }
        writeln!(to, "  reproduce: {reproduction}\n")?;
    }
    writeln!(
        to,
        "{} rounds x {} cases = {} runs in {:.1} s, {} disagreements, slowest run {:.0} ms, {} cases skipped, seed {}",
        summary.rounds,
        summary.cases,
        summary.runs,
        summary.duration_us as f64 / 1e6,
        summary.disagreements,
        summary.slowest_us as f64 / 1e3,
        summary.skipped,
        summary.seed
    )
}
