//! `nsconform report`: shows stored runs in any format, and puts the parts of a divided run
//! together.

use super::input::{self, Expectations};
use super::output::{Output, unwritten};
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
    let mut runs = Vec::new();
    for file in input::run_files(&arguments.runs)? {
        runs.push(input::run(&file)?);
    }
    let mut runs = shards::merge(runs).map_err(super::Failure::usage)?;
    runs.iter_mut().for_each(|run| expectations.apply(run));
    let layout = if runs.len() == 1 { Layout::Each } else { Layout::Matrix };
    let output = Output::open(arguments.output.as_deref(), arguments.report.is_for_people())?;
    let mut reporter =
        Reporter::new(arguments.report.format, &arguments.report.options(layout), Box::new(output));
    let written = runs.into_iter().try_for_each(|run| reporter.run(run)).and_then(|()| reporter.finish());
    let runs = written.map_err(|error| unwritten(arguments.output.as_deref(), &error))?;
    Ok(runs.exit_status())
}
