//! `nsconform run`: runs cases and shows the result.

use super::{Done, Failure, Format, print, run_line, select};
use nsconform_catalogue::{approved, catalogue, claims, known};
use nsconform_report::event::Line;
use nsconform_report::{Counts, human};
use nsconform_suite::case::Case;
use nsconform_suite::runner::{Runner, Setup};
use nsconform_suite::verdict::Record;
use nsconform_sys::machine::Machine;
use nsconform_sys::single_threaded::SingleThreaded;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The command line of `run`.
#[derive(clap::Args, Default)]
pub struct Arguments {
    /// Run only cases whose id holds one of these (`*` stands for anything)
    #[arg(value_name = "PATTERN")]
    patterns: Vec<String>,
    /// Leave out cases whose id holds this
    #[arg(long, value_name = "PATTERN")]
    skip: Vec<String>,
    /// Patterns are whole ids
    #[arg(long)]
    exact: bool,
    /// How many cases run side by side [default: two per processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    jobs: Option<u16>,
    /// Multiply every deadline by this, for slow or emulated machines [default: 1]
    #[arg(long, value_name = "X", value_parser = scale)]
    deadline_scale: Option<f64>,
    /// The form of the result
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Write the result to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn scale(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(scale) if scale > 0.0 && scale <= 1000.0 => Ok(scale),
        Ok(_) => Err("must be above 0 and at most 1000".to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// Runs the command.
pub fn run(single: &SingleThreaded, arguments: &Arguments) -> Done {
    let started = Instant::now();
    let ids: Vec<&str> = catalogue().iter().map(|case| case.id).collect();
    let selected = select(&ids, &arguments.patterns, &arguments.skip, arguments.exact)?;
    let usual = Setup::default();
    let setup = Setup {
        jobs: arguments.jobs.map_or(usual.jobs, usize::from),
        deadline_scale: arguments.deadline_scale.unwrap_or(usual.deadline_scale),
        ..usual
    };
    let mut runner = Runner::start(single, claims(), setup)
        .map_err(|error| Failure::harness(format!("the fork server cannot be started: {error}")))?;
    let mut output = Output::open(arguments)?;
    let machine = Machine::look();
    output.line(&run_line(&runner, &machine, selected.len()))?;
    let progress = progress_line(arguments, selected.len());
    let mut results: Vec<(usize, Record)> = Vec::new();
    let mut failure = None;
    runner.run_cases(&selected, &known(&machine), &mut |index, record| {
        progress.set_message(record.id.clone());
        progress.inc(1);
        if failure.is_none() {
            failure = output.line(&Line::case(index, catalogue()[index], &record)).err();
        }
        results.push((index, record));
    });
    progress.finish_and_clear();
    drop(runner);
    if let Some(failure) = failure {
        return Err(failure);
    }
    results.sort_by_key(|(index, _)| *index);
    let results: Vec<(&'static Case, Record)> =
        results.into_iter().map(|(index, record)| (catalogue()[index], record)).collect();
    let report = human::Report { results: &results, approved: &approved, duration: started.elapsed() };
    let counts = report.counts();
    output.finish(&machine, &report, counts)?;
    Ok(counts.exit_status())
}

/// A line that shows how far the run is, on a terminal only.
fn progress_line(arguments: &Arguments, cases: usize) -> indicatif::ProgressBar {
    let to_terminal = arguments.format == Format::Human && io::stderr().is_terminal();
    if !to_terminal {
        return indicatif::ProgressBar::hidden();
    }
    let style = indicatif::ProgressStyle::with_template("{pos}/{len} {wide_msg}");
    let bar = indicatif::ProgressBar::new(cases as u64);
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar
}

/// Where the result goes, in which form.
struct Output {
    format: Format,
    to: Option<(std::fs::File, PathBuf)>,
    /// Whether whoever reads standard output has gone away.
    unread: bool,
}

impl Output {
    fn open(arguments: &Arguments) -> Result<Output, Failure> {
        let to = match &arguments.output {
            None => None,
            Some(path) => {
                let file = std::fs::File::create(path).map_err(|error| {
                    Failure::usage(format!("{} cannot be written: {error}", path.display()))
                })?;
                Some((file, path.clone()))
            }
        };
        Ok(Output { format: arguments.format, to, unread: false })
    }

    /// Writes one line at once, so that it is there if we are killed.
    fn line(&mut self, line: &Line) -> Result<(), Failure> {
        if self.format != Format::Json || self.unread {
            return Ok(());
        }
        match &mut self.to {
            Some((file, path)) => line.write(file).map_err(|error| cannot_write(path, &error)),
            None => match line.write(&mut io::stdout()) {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                    self.unread = true;
                    Ok(())
                }
                other => other
                    .map_err(|error| Failure::harness(format!("standard output cannot be written: {error}"))),
            },
        }
    }

    fn finish(&mut self, machine: &Machine, report: &human::Report, counts: Counts) -> Result<(), Failure> {
        if self.format == Format::Json {
            return self.line(&Line::Done {
                count: counts.total(),
                verdicts: counts,
                duration_us: report.duration.as_micros() as u64,
            });
        }
        let write = |to: &mut dyn Write| {
            writeln!(to, "nsconform {} on {}\n", env!("CARGO_PKG_VERSION"), machine.headline())?;
            report.write(to)
        };
        match &mut self.to {
            Some((file, path)) => {
                let mut text = Vec::new();
                let plain = write(&mut text).map(|()| anstream::adapter::strip_bytes(&text).into_vec());
                plain.and_then(|plain| file.write_all(&plain)).map_err(|error| cannot_write(path, &error))
            }
            None => print(write),
        }
    }
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    Failure::harness(format!(
        "{} cannot be written: {error}; what was written before is complete",
        path.display()
    ))
}
