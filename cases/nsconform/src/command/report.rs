//! `nsconform report`: shows stored runs in any format, and puts the parts of a divided run
//! together; and hands the trace of a case out as a script.

use super::history::RunKeeper;
use super::input::{self, Expectations};
use super::output::{Output, unwritten};
use super::progress;
use super::{CommandResult, Failure, LOOKUP, ReporterArguments, unknown};
use nsconform_catalogue::catalogue;
use nsconform_catalogue::scripts::written;
use nsconform_report::document::{Layout, Reporter};
use nsconform_report::run::RecordedRun;
use nsconform_report::shards;
use nsconform_suite::verdict::ExitStatus;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The command line of `report`.
#[derive(clap::Args)]
pub struct ReportArguments {
    /// Run files, or folders of them; - is standard input
    #[arg(value_name = "FILE|DIR", required = true)]
    runs: Vec<PathBuf>,
    /// Write the report to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write the observed trace of this case as a script for `nsconform play`, instead of a report;
    /// takes one run
    #[arg(long, value_name = "CASE", conflicts_with_all = ["format", "deviations", "quiet", "verbose"])]
    script: Option<String>,
    #[command(flatten)]
    report: ReporterArguments,
}

/// Runs the command.
pub fn report(arguments: &ReportArguments) -> CommandResult {
    let expectations = Expectations::read(&arguments.report.known)?;
    let files = input::run_files(&arguments.runs)?;
    let bar = progress::bar(files.len(), "reading [{bar:30}] {pos} of {len} runs");
    bar.tick();
    let runs = input::runs(&files, &|| bar.inc(1));
    bar.finish_and_clear();
    let runs = runs?;
    let mut runs = shards::merge(runs).map_err(Failure::usage)?;
    if let Some(id) = &arguments.script {
        return write_script(&runs, id, arguments.output.as_deref());
    }
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

/// Writes the trace that a run has of a case, as a script.
fn write_script(runs: &[RecordedRun], id: &str, path: Option<&Path>) -> CommandResult {
    let [run] = runs else {
        return Err(Failure::usage(format!("--script takes one run, and these are {}", runs.len())));
    };
    let case = catalogue().iter().copied().find(|case| case.id == id);
    let case = case.ok_or_else(|| {
        let ids: Vec<&str> = catalogue().iter().map(|case| case.id).collect();
        Failure::usage(unknown(id, &ids))
    })?;
    let name = &run.path;
    let result = run.cases.get(id);
    let result = result.ok_or_else(|| Failure::usage(format!("{name} has no result of {id}")))?;
    let result = LOOKUP.restore(result.clone());
    if result.lines().is_empty() {
        let word = result.verdict.word();
        return Err(Failure::usage(format!("{name} has no trace of {id}, whose verdict is '{word}'")));
    }
    let text = written(case, result.lines().iter().map(String::as_str));
    let mut to = Output::open(path, false)?;
    to.write_all(text.as_bytes()).and_then(|()| to.flush()).map_err(|error| unwritten(path, &error))?;
    Ok(ExitStatus::Success)
}
