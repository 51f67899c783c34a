//! `nsconform verify`: runs every case many times, disturbed in many ways, and shows every run that
//! is not as the first one of its case; those that were slow are counted apart.

use super::progress::ProgressLine;
use super::{CommandResult, Failure, TextOrJson, pattern, print, print_data, select};
use nsconform_catalogue::{catalogue, claims};
use nsconform_suite::runner::{Runner, Setup};
use nsconform_suite::snapshot;
use nsconform_suite::stability::{Disagreement, Repetition, SlowRun, Stability, Summary, verify as repeat};
use nsconform_sys::single_threaded::SingleThreaded;
use serde::Serialize;
use std::io::{self, Write};

/// The exit statuses, for --help.
pub const EXIT_STATUSES: &str = "\
Exit status:
  0  all runs of each case agree
  1  two runs of a case disagree
  2  wrong command line
  3  a run did not end in time, or the harness itself failed
  4  nothing was run: everything was skipped, or no case matched";

/// The command line of `verify`.
#[derive(clap::Args)]
pub struct VerifyArguments {
    /// Verify only cases whose id holds one of these (`*` stands for anything)
    #[arg(value_name = "PATTERN", value_parser = pattern, add = super::complete::cases())]
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
    format: TextOrJson,
}

/// Runs the command.
pub fn verify(single: &SingleThreaded, arguments: &VerifyArguments) -> CommandResult {
    let ids: Vec<&str> = catalogue().iter().map(|case| case.id).collect();
    let selected = select(&ids, &arguments.patterns, &[], false)?;
    let usual = Setup::default();
    let setup = Setup { jobs: arguments.jobs.map_or(usual.jobs * 2, usize::from), ..usual };
    let mut runner = Runner::start(single, claims(), setup)
        .map_err(|error| Failure::harness(format!("the fork server cannot be started: {error}")))?;
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..));
    let repetition = Repetition { rounds: arguments.rounds, seed, processors: (usual.jobs / 2) as u16 };
    let progress = ProgressLine::start(0, "runs");
    let found =
        repeat(&mut runner, claims(), &selected, repetition, &mut |done, total| progress.reach(done, total));
    progress.end();
    drop(runner);
    match arguments.format {
        TextOrJson::Human => print(|to| write_human(to, &found, &reproduction(arguments, seed)))?,
        TextOrJson::Json => print_data(|to| write_json(to, &found))?,
    }
    Ok(found.exit_status())
}

/// The command line that makes the same runs again.
fn reproduction(arguments: &VerifyArguments, seed: u64) -> String {
    let mut command = format!("nsconform verify --rounds {} --seed {seed}", arguments.rounds);
    if let Some(jobs) = arguments.jobs {
        command += &format!(" --jobs {jobs}");
    }
    for pattern in &arguments.patterns {
        command += &format!(" '{pattern}'");
    }
    command
}

/// One line of the result for programs: the disagreements, the slow runs, then one that counts them.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum VerifyLine<'a> {
    Disagreement(&'a Disagreement),
    Slow(&'a SlowRun),
    Done(&'a Summary),
}

fn write_json(to: &mut dyn Write, found: &Stability) -> io::Result<()> {
    let disagreements = found.disagreements.iter().map(VerifyLine::Disagreement);
    let slow = found.slow.iter().map(VerifyLine::Slow);
    for line in disagreements.chain(slow).chain([VerifyLine::Done(&found.summary)]) {
        writeln!(to, "{}", serde_json::to_string(&line)?)?;
    }
    Ok(())
}

fn write_human(to: &mut dyn Write, found: &Stability, reproduction: &str) -> io::Result<()> {
    for disagreement in &found.disagreements {
        writeln!(to, "UNSTABLE {}: {}", disagreement.id, disagreement.what)?;
        writeln!(to, "  - first run, + this run")?;
        for (sign, line) in snapshot::difference(&disagreement.first, &disagreement.other) {
            writeln!(to, "  {sign} {line}")?;
        }
        writeln!(to, "  reproduce: {reproduction}\n")?;
    }
    for slow in &found.slow {
        writeln!(to, "SLOW {}: {}", slow.id, slow.what)?;
    }
    if !found.slow.is_empty() {
        writeln!(to, "  slow runs say more of the machine than of a case: verify fewer at once (--jobs)\n")?;
    }
    let summary = &found.summary;
    writeln!(
        to,
        "{} rounds x {} cases = {} runs in {:.1} s, {} disagreements, {} slow runs, slowest {:.0} ms, {} cases skipped, seed {}",
        summary.rounds,
        summary.cases,
        summary.runs,
        summary.duration_us as f64 / 1e6,
        summary.disagreements,
        summary.slow,
        summary.slowest_us as f64 / 1e3,
        summary.skipped,
        summary.seed
    )
}
