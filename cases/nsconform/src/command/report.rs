//! `nsconform report`: shows stored runs in any format, and puts the parts of a divided run
//! together.

use super::history::RunKeeper;
use super::input::{self, Expectations};
use super::output::{Output, unwritten};
use super::progress;
use super::{CommandResult, ReporterArguments};
use nsconform_report::document::{Layout, Reporter};
use nsconform_report::shards;
use std::path::PathBuf;

/// The command line of `report`.
#[derive(clap::Args)]
pub struct ReportArguments {
    /// Run files, or folders of them; - is standard input
    #[arg(value_name = "FILE|DIR", required = true)]
    runs: Vec<PathBuf>,
    /// Write the report to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    report: ReporterArguments,
}

/// Runs the command.
pub fn report(arguments: &ReportArguments) -> CommandResult {
    let expectations = Expectations::read(&arguments.report.known)?;
    let files = input::run_files(&arguments.runs)?;
    let bar = progress::bar(files.len(), "reading {wide_bar} {pos} of {len} runs");
    let runs = input::runs(&files, &|| bar.inc(1));
    bar.finish_and_clear();
    let runs = runs?;
    let mut runs = shards::merge(runs).map_err(super::Failure::usage)?;
    runs.iter_mut().for_each(|run| expectations.apply(run));
    let keeper = RunKeeper::prepare(arguments.report.store.as_ref())?;
    let layout = if runs.len() == 1 { Layout::Each } else { Layout::Matrix };
    let output = Output::open(arguments.output.as_deref(), arguments.report.is_for_people())?;
    let mut reporter =
        Reporter::new(arguments.report.format, &arguments.report.options(layout), Box::new(output));
    let written = runs.into_iter().try_for_each(|run| reporter.run(run)).and_then(|()| reporter.finish());
    let runs = written.map_err(|error| unwritten(arguments.output.as_deref(), &error))?;
    keeper.keep(&runs, arguments.report.quiet)?;
    Ok(runs.exit_status())
}
