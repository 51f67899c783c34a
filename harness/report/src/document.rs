//! Events in, documents out: the trait that each document implements, and the one place where a
//! format is chosen.
//!
//! A document is a file of this crate. A live run, a stored one and a matrix go the same way: their
//! events reach the document through a [`Reporter`].

use crate::counts::Counts;
use crate::event::RunEvent;
use crate::html::{HtmlReport, Textbook};
use crate::run::RecordedRun;
use crate::{csv, human, json, junit, kcidb, ktap, markdown, tap};
use nsconform_suite::verdict::ExitStatus;
use std::io::{self, BufWriter, Write};
use std::time::Duration;

/// A report in the making.
pub trait RunReport {
    /// Whether it takes events as they happen; a document that needs whole runs does not.
    fn takes_events(&self) -> bool {
        false
    }

    /// Takes one event as it happens.
    ///
    /// # Errors
    /// Those of writing.
    fn event(&mut self, _event: &RunEvent, _to: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    /// Writes the rest, once every run has ended.
    ///
    /// # Errors
    /// Those of writing.
    fn end(&mut self, runs: &Runs, to: &mut dyn Write) -> io::Result<()>;
}

/// Everything that a document is about.
#[derive(Clone, Debug, Default)]
pub struct Runs {
    /// The runs, in the order in which they began.
    pub runs: Vec<RecordedRun>,
    /// Kernels that gave no run, or not a whole one, each with the reason.
    pub lost: Vec<LostKernel>,
    /// Facts about the boots of a matrix, as lines for programs.
    pub boots: Vec<serde_json::Value>,
    /// How long all took together, if somebody waited for it.
    pub took: Option<Duration>,
}

/// A kernel of which runs or records are missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostKernel {
    /// Its name.
    pub name: String,
    /// Why.
    pub why: String,
}

impl Runs {
    /// The exit status of all runs together.
    pub fn exit_status(&self) -> ExitStatus {
        let lost = if self.lost.is_empty() { ExitStatus::NothingTested } else { ExitStatus::HarnessFailed };
        lost.and(ExitStatus::of_all(self.runs.iter().map(|run| run.counts().exit_status())))
    }
}

/// The formats of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReportFormat {
    /// For people, on a terminal.
    #[default]
    Human,
    /// Our own JSON lines.
    Json,
    /// The kernel's test protocol.
    Ktap,
    /// The Test Anything Protocol.
    Tap,
    /// XML as Jenkins and GitLab read it.
    Junit,
    /// For a pull request or a mail.
    Markdown,
    /// For a spreadsheet.
    Csv,
    /// The submissions of KernelCI.
    Kcidb,
    /// One page with everything, for a browser.
    Html,
}

impl ReportFormat {
    /// All of them.
    pub const ALL: [ReportFormat; 9] = [
        ReportFormat::Human,
        ReportFormat::Json,
        ReportFormat::Ktap,
        ReportFormat::Tap,
        ReportFormat::Junit,
        ReportFormat::Markdown,
        ReportFormat::Csv,
        ReportFormat::Kcidb,
        ReportFormat::Html,
    ];

    /// Its name on the command line, and what it is for.
    pub fn describe(self) -> (&'static str, &'static str) {
        match self {
            ReportFormat::Human => ("human", "For people"),
            ReportFormat::Json => ("json", "For programs: JSON lines"),
            ReportFormat::Ktap => ("ktap", "The kernel's test protocol, version 1"),
            ReportFormat::Tap => ("tap", "The Test Anything Protocol, version 14"),
            ReportFormat::Junit => ("junit", "JUnit XML, for GitLab and Jenkins"),
            ReportFormat::Markdown => ("markdown", "For a pull request or a mail"),
            ReportFormat::Csv => ("csv", "A row for each case, a column for each kernel"),
            ReportFormat::Kcidb => ("kcidb", "A submission to KernelCI, schema 5.3"),
            ReportFormat::Html => ("html", "One page for a browser, with every rule and its story"),
        }
    }

    /// An empty document of this format.
    pub fn document(self, options: &ReportOptions) -> Box<dyn RunReport> {
        let options = options.clone();
        match self {
            ReportFormat::Human => Box::new(human::HumanReport(options)),
            ReportFormat::Json => Box::new(json::JsonLines(options.layout)),
            ReportFormat::Ktap => Box::new(ktap::KtapReport),
            ReportFormat::Tap => Box::new(tap::TapReport),
            ReportFormat::Junit => Box::new(junit::JunitReport),
            ReportFormat::Markdown => Box::new(markdown::MarkdownReport),
            ReportFormat::Csv => Box::new(csv::CsvReport),
            ReportFormat::Kcidb => Box::new(kcidb::KcidbReport(options.kcidb)),
            ReportFormat::Html => Box::new(HtmlReport(options.textbook)),
        }
    }
}

/// How the formats with two layouts show runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// Each run for itself.
    #[default]
    Each,
    /// All runs side by side.
    Matrix,
}

/// How much the report for people says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// The last line, and what needs to be looked at.
    Quiet,
    /// The usual.
    #[default]
    Usual,
    /// A line for each case as well.
    Verbose,
}

/// The choices about a report.
#[derive(Clone, Debug)]
pub struct ReportOptions {
    /// One run after the other, or side by side.
    pub layout: Layout,
    /// How wide a line may be, in columns.
    pub width: usize,
    /// How much is said.
    pub verbosity: Verbosity,
    /// Whether documented deviations are told in full.
    pub deviations: bool,
    /// The head of a KCIDB submission.
    pub kcidb: kcidb::Submitter,
    /// Makes the words of the catalogue for a page.
    pub textbook: fn() -> Textbook,
}

/// Takes events, hands them to a document, and keeps the runs.
pub struct Reporter<'w> {
    document: Box<dyn RunReport>,
    to: BufWriter<Box<dyn Write + 'w>>,
    runs: Runs,
}

impl<'w> Reporter<'w> {
    /// A report of this format that is written to `to`.
    pub fn new(format: ReportFormat, options: &ReportOptions, to: Box<dyn Write + 'w>) -> Reporter<'w> {
        // Documents write word by word.
        let to = BufWriter::new(to);
        Reporter { document: format.document(options), to, runs: Runs::default() }
    }

    /// Takes one event of the run with this name: the path of its file, or the name of its kernel.
    ///
    /// # Errors
    /// Those of writing, and when the event cannot stand at this place.
    pub fn event(&mut self, name: &str, event: RunEvent) -> io::Result<()> {
        self.document.event(&event, &mut self.to)?;
        match event {
            RunEvent::Run(start) => {
                self.close();
                self.runs.runs.push(RecordedRun::begin(name, *start));
                Ok(())
            }
            event => {
                let run = self.runs.runs.last_mut().ok_or_else(|| io::Error::other("no run has begun"))?;
                run.take(event).map_err(io::Error::other)
            }
        }
    }

    fn close(&mut self) {
        if let Some(run) = self.runs.runs.last_mut().filter(|run| run.cut.is_none()) {
            run.close(false);
        }
    }

    /// Takes a whole run, or the whole of one that was cut off.
    ///
    /// # Errors
    /// Those of writing.
    pub fn run(&mut self, run: RecordedRun) -> io::Result<()> {
        self.close();
        if self.document.takes_events() {
            self.document.event(&RunEvent::Run(Box::new(run.start.clone())), &mut self.to)?;
            for result in run.in_order() {
                self.document.event(&RunEvent::Case(Box::new(result.clone())), &mut self.to)?;
            }
            if let Some(end) = &run.end {
                self.document.event(&RunEvent::Done(end.clone()), &mut self.to)?;
            }
        }
        self.runs.runs.push(run);
        Ok(())
    }

    /// How many cases came to which status so far, in all runs.
    pub fn counts(&self) -> Counts {
        self.runs.runs.iter().flat_map(|run| run.cases.values()).map(|result| result.status()).collect()
    }

    /// Takes what is known beside the runs.
    pub fn about(&mut self, lost: Vec<LostKernel>, boots: Vec<serde_json::Value>, took: Duration) {
        self.runs.lost = lost;
        self.runs.boots = boots;
        self.runs.took = Some(took);
    }

    /// Writes the rest and gives the runs back.
    ///
    /// # Errors
    /// Those of writing.
    pub fn finish(mut self) -> io::Result<Runs> {
        self.close();
        self.document.end(&self.runs, &mut self.to)?;
        self.to.flush()?;
        Ok(self.runs)
    }
}
