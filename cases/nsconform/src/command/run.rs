//! `nsconform run`: runs cases and shows the result.

use super::history::RunKeeper;
use super::input::{self, Expectations};
use super::output::{Output, unwritten};
use super::progress::ProgressLine;
use super::{CommandResult, Failure, ReporterArguments, pattern, run_start, select};
use nsconform_catalogue::{approved, catalogue, claims, known};
use nsconform_report::document::{Layout, Reporter};
use nsconform_report::event::{CaseResult, RunEnd, RunEvent, SCHEMA, Shard};
use nsconform_suite::runner::{Runner, Setup};
use nsconform_suite::verdict::{ExitStatus, Status};
use nsconform_sys::machine::Machine;
use nsconform_sys::single_threaded::SingleThreaded;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The command line of `run`.
#[derive(clap::Args, Default)]
pub struct RunArguments {
    /// Run only cases whose id holds one of these (`*` stands for anything)
    #[arg(value_name = "PATTERN", value_parser = pattern, add = super::complete::cases())]
    patterns: Vec<String>,
    /// Leave out cases whose id holds this
    #[arg(long, value_name = "PATTERN", value_parser = pattern, add = super::complete::cases())]
    skip: Vec<String>,
    /// Patterns are whole ids
    #[arg(long)]
    exact: bool,
    /// Run again only what failed, timed out, was an error or was not judged in this run file
    #[arg(long, value_name = "FILE")]
    failed: Option<PathBuf>,
    /// Run only the Kth of N parts of the selection; `report` puts the parts together
    #[arg(long, value_name = "K/N")]
    shard: Option<Shard>,
    /// Begin no further case once one has failed, timed out or was an error
    #[arg(long)]
    fail_fast: bool,
    /// How many cases run side by side [default: three per processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    jobs: Option<u16>,
    /// Multiply every deadline by this, for slow or emulated machines [default: 1]
    #[arg(long, value_name = "X", value_parser = scale)]
    deadline_scale: Option<f64>,
    /// Write the result to a file instead of standard output; - is standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    report: ReporterArguments,
}

pub(super) fn scale(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(scale) if scale > 0.0 && scale <= 1000.0 => Ok(scale),
        Ok(_) => Err("must be above 0 and at most 1000".to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// Runs the command.
pub fn run(single: &SingleThreaded, arguments: &RunArguments) -> CommandResult {
    let started = Instant::now();
    let expectations = Expectations::read(&arguments.report.known)?;
    let selected = selection(arguments)?;
    let usual = Setup::default();
    let setup = Setup {
        jobs: arguments.jobs.map_or(usual.jobs, usize::from),
        deadline_scale: arguments.deadline_scale.unwrap_or(usual.deadline_scale),
        ..usual
    };
    let mut runner = Runner::start(single, claims(), setup)
        .map_err(|error| Failure::harness(format!("the fork server cannot be started: {error}")))?;
    let keeper = RunKeeper::prepare(arguments.report.store.as_ref())?;
    let output = Output::open(arguments.output.as_deref(), arguments.report.is_for_people())?;
    let machine = Machine::look();
    let mut expected = expectations.of(&machine);
    expected.extend(known(&machine));
    let options = arguments.report.options(Layout::Each);
    let mut reporter = Reporter::new(arguments.report.format, &options, Box::new(output));
    let release = machine.kernel_release.as_str();
    let start = run_start(&runner, &machine, selected.len(), SCHEMA, arguments.shard);
    let mut written = reporter.event(release, RunEvent::Run(Box::new(start)));
    let progress = ProgressLine::start(selected.len(), "cases");
    let flow = runner.run_cases_until(&selected, &expected, &mut |index, record| {
        progress.step(&record.id);
        let case = catalogue()[index];
        let result = CaseResult::new(index, case, record, approved(case.id));
        let stop = arguments.fail_fast && result.status().is_alarming();
        if written.is_ok() {
            written = reporter.event(release, RunEvent::Case(Box::new(result)));
        }
        if stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    progress.end();
    drop(runner);
    let end = |reporter: &Reporter| RunEnd {
        count: reporter.counts().total(),
        verdicts: reporter.counts(),
        duration_us: started.elapsed().as_micros() as u64,
        failed_fast: flow.is_break() && reporter.counts().total() < selected.len(),
    };
    let runs = written
        .and_then(|()| {
            let end = end(&reporter);
            reporter.event(release, RunEvent::Done(end))
        })
        .and_then(|()| reporter.finish())
        .map_err(|error| unwritten(arguments.output.as_deref(), &error))?;
    keeper.keep(&runs, arguments.report.quiet)?;
    Ok(runs.exit_status())
}

/// The cases to run, by their index in the catalogue.
fn selection(arguments: &RunArguments) -> Result<Vec<usize>, Failure> {
    let ids: Vec<&str> = catalogue().iter().map(|case| case.id).collect();
    let mut selected = select(&ids, &arguments.patterns, &arguments.skip, arguments.exact)?;
    if let Some(path) = &arguments.failed {
        let failed = failed(path)?;
        selected.retain(|index| failed.iter().any(|id| id == ids[*index]));
        if selected.is_empty() {
            return Err(Failure {
                status: ExitStatus::NothingTested,
                message: format!("{}: none of the selected cases failed there", path.display()),
            });
        }
    }
    if let Some(shard) = arguments.shard {
        let whole = selected;
        selected = (0..whole.len()).filter(|place| shard.takes(*place)).map(|place| whole[place]).collect();
    }
    Ok(selected)
}

/// The ids of what went wrong in a stored run.
fn failed(path: &Path) -> Result<Vec<String>, Failure> {
    let run = input::run(path)?;
    let again =
        |status: Status| matches!(status, Status::Fail | Status::Timeout | Status::Error | Status::NotJudged);
    let results = run.in_order().into_iter().filter(|result| again(result.status()));
    Ok(results.map(|result| result.id.clone()).collect())
}
