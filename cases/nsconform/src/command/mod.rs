//! The commands of the program, a module each, and what they share: choosing cases by pattern,
//! choosing a report, failing. Reading and writing files lives in `input` and `output`.

pub mod audit;
pub mod class;
pub mod complete;
pub mod course;
pub mod diff;
pub mod doctor;
pub mod explain;
pub mod explore;
pub mod fetch_kernels;
pub mod grade;
pub mod guest;
mod guests;
pub mod history;
mod input;
pub mod lab;
pub mod limits;
pub mod list;
pub mod man;
pub mod matrix;
pub mod output;
pub mod play;
mod progress;
pub mod quiz;
pub mod reduce;
pub mod report;
pub mod run;
pub mod shorten;
mod textbook;
pub mod verify;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use nsconform_catalogue::{approved, catalogue};
use nsconform_lab::seal::Mode;
use nsconform_report::document::{Layout, ReportFormat, ReportOptions, Verbosity};
use nsconform_report::event::{RunStart, Shard};
use nsconform_report::kcidb::Submitter;
use nsconform_report::run::Lookup;
use nsconform_suite::runner::Runner;
use nsconform_suite::verdict::ExitStatus;
use nsconform_sys::machine::Machine;
pub use output::{print, print_data};
use std::path::PathBuf;
use std::time::SystemTime;

/// The catalogue, for run files in the short form.
pub const LOOKUP: Lookup =
    Lookup { case: |id| catalogue().iter().copied().find(|case| case.id == id), approved };

/// Why a command could not do what was asked.
#[derive(Debug)]
pub struct Failure {
    /// The exit status it deserves.
    pub status: ExitStatus,
    /// The mistake, its place, and the next step.
    pub message: String,
}

impl Failure {
    /// A wrong command line or input.
    pub fn usage(message: impl Into<String>) -> Failure {
        Failure { status: ExitStatus::Usage, message: message.into() }
    }

    /// Something that the harness could not do.
    pub fn harness(message: impl Into<String>) -> Failure {
        Failure { status: ExitStatus::HarnessFailed, message: message.into() }
    }
}

/// The result of a command.
pub type CommandResult = Result<ExitStatus, Failure>;

/// The form of a result that is no report of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum TextOrJson {
    /// For people
    #[default]
    Human,
    /// For programs: JSON lines
    Json,
}

/// The choices about every report.
#[derive(clap::Args, Clone, Debug)]
pub struct ReporterArguments {
    /// The form of the result
    #[arg(long, value_name = "FORMAT", default_value = "human", value_parser = report_formats())]
    pub format: ReportFormat,
    /// Tell the documented deviations in full: what is written, and what kernels do
    #[arg(long)]
    pub deviations: bool,
    /// Say only what must be looked at, and the last line
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say each case as well
    #[arg(short, long)]
    pub verbose: bool,
    /// Expect the failures that this file lists, beside the built-in ones; may be repeated
    #[arg(long, value_name = "FILE")]
    pub known: Vec<PathBuf>,
    /// Keep the run in a store too, which `history` shows [default DIR: $XDG_STATE_HOME/nsconform]
    #[arg(long, value_name = "DIR")]
    pub store: Option<Option<PathBuf>>,
    /// The system that submits, for KCIDB
    #[arg(long, value_name = "NAME", default_value = "nsconform", value_parser = origin, hide_short_help = true)]
    pub kcidb_origin: String,
    /// The checkout that was tested, for KCIDB [default: one made up from the kernel's release]
    #[arg(long, value_name = "ID", value_parser = kcidb_id, hide_short_help = true)]
    pub kcidb_checkout: Option<String>,
    /// The build that was tested, for KCIDB [default: one made up from the kernel's release]
    #[arg(long, value_name = "ID", value_parser = kcidb_id, conflicts_with = "kcidb_checkout", hide_short_help = true)]
    pub kcidb_build: Option<String>,
}

impl Default for ReporterArguments {
    fn default() -> ReporterArguments {
        ReporterArguments {
            format: ReportFormat::Human,
            deviations: false,
            quiet: false,
            verbose: false,
            known: Vec::new(),
            store: None,
            kcidb_origin: Submitter::default().origin,
            kcidb_checkout: None,
            kcidb_build: None,
        }
    }
}

impl ReporterArguments {
    /// Whether the report is read by people.
    pub fn is_for_people(&self) -> bool {
        self.format == ReportFormat::Human
    }

    /// The same for the engine of reports.
    pub fn options(&self, layout: Layout) -> ReportOptions {
        ReportOptions {
            layout,
            width: width().into(),
            verbosity: match (self.quiet, self.verbose) {
                (true, _) => Verbosity::Quiet,
                (_, true) => Verbosity::Verbose,
                _ => Verbosity::Usual,
            },
            deviations: self.deviations,
            kcidb: Submitter {
                origin: self.kcidb_origin.clone(),
                checkout: self.kcidb_checkout.clone(),
                build: self.kcidb_build.clone(),
            },
            textbook: textbook::textbook,
        }
    }
}

fn report_formats() -> impl TypedValueParser<Value = ReportFormat> {
    let values = ReportFormat::ALL.map(|format| {
        let (name, purpose) = format.describe();
        PossibleValue::new(name).help(purpose)
    });
    PossibleValuesParser::new(values).try_map(|name| {
        let found = ReportFormat::ALL.into_iter().find(|format| format.describe().0 == name);
        found.ok_or("there is no such format")
    })
}

fn origin(text: &str) -> Result<String, String> {
    let allowed = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    match !text.is_empty() && text.chars().all(allowed) {
        true => Ok(text.to_string()),
        false => Err("write lower-case letters, digits and underscores".to_string()),
    }
}

fn kcidb_id(text: &str) -> Result<String, String> {
    match text.split_once(':') {
        Some((system, rest)) if origin(system).is_ok() && !rest.is_empty() => Ok(text.to_string()),
        _ => Err("write ORIGIN:ID".to_string()),
    }
}

/// A pattern of case ids, which means nothing if it is empty.
pub fn pattern(text: &str) -> Result<String, String> {
    match text {
        "" => Err("an empty pattern would mean every case".to_string()),
        text => Ok(text.to_string()),
    }
}

/// The first event of a run: what is run where.
pub fn run_start(
    runner: &Runner,
    machine: &Machine,
    selected: usize,
    schema: u32,
    shard: Option<Shard>,
) -> RunStart {
    RunStart {
        schema,
        nsconform: env!("CARGO_PKG_VERSION").to_string(),
        machine: machine.clone(),
        seal: match runner.mode() {
            Ok(Mode::Privileged) => "privileged",
            Ok(Mode::UserNamespace) => "user-namespace",
            Err(_) => "none",
        }
        .to_string(),
        started: Some(humantime::format_rfc3339_seconds(SystemTime::now()).to_string()),
        selected,
        shard,
    }
}

/// How wide a line may be: as the terminal, or a usual width where there is none.
pub fn width() -> u16 {
    const USUAL_WIDTH: u16 = 110;
    terminal_size::terminal_size().map_or(USUAL_WIDTH, |(width, _)| width.0)
}

/// Whether an id is meant by a pattern: `*` stands for anything; without one, any part of the id
/// will do; exactly, only the whole id.
pub fn matches(pattern: &str, exact: bool, id: &str) -> bool {
    if exact {
        return id == pattern;
    }
    let Some((first, rest)) = pattern.split_once('*') else { return id.contains(pattern) };
    let Some(mut id) = id.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or("");
    for part in parts {
        let Some(at) = id.find(part) else { return false };
        id = &id[at + part.len()..];
    }
    id.ends_with(last)
}

/// Of `ids`, the indexes of those that any pattern means (all, if there is none) and no skip
/// pattern does.
///
/// # Errors
/// When a pattern means none: with the ids nearest to it.
pub fn select(
    ids: &[&str],
    patterns: &[String],
    skip: &[String],
    exact: bool,
) -> Result<Vec<usize>, Failure> {
    let mut unmatched = patterns.iter().filter(|pattern| !ids.iter().any(|id| matches(pattern, exact, id)));
    if let Some(pattern) = unmatched.next() {
        let all = unmatched.count() + 1 == patterns.len();
        let status = if all { ExitStatus::NothingTested } else { ExitStatus::Usage };
        return Err(Failure { status, message: unknown(pattern, ids) });
    }
    let wanted = |id: &str| patterns.is_empty() || patterns.iter().any(|pattern| matches(pattern, exact, id));
    let unwanted = |id: &str| skip.iter().any(|pattern| matches(pattern, exact, id));
    Ok((0..ids.len()).filter(|index| wanted(ids[*index]) && !unwanted(ids[*index])).collect())
}

/// Says that no case is meant by a pattern, and which ids are nearest to it.
pub fn unknown(pattern: &str, ids: &[&str]) -> String {
    const NEAREST: usize = 3;
    let mut by_likeness: Vec<(f64, &str)> = ids.iter().map(|id| (likeness(pattern, id), *id)).collect();
    by_likeness.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let nearest: Vec<&str> = by_likeness.into_iter().take(NEAREST).map(|(_, id)| id).collect();
    format!("no case matches '{pattern}'; nearest are {}; `nsconform list` shows all", nearest.join(", "))
}

/// How alike a pattern and an id are, from 0 to 1, whatever the case of the letters, and whether
/// the namespace is named or not.
fn likeness(pattern: &str, id: &str) -> f64 {
    let pattern = pattern.to_lowercase();
    let slug = |id: &str| id.split_once('.').map_or(id.to_string(), |(_, slug)| slug.to_string());
    let whole = strsim::jaro_winkler(&pattern, id);
    // Another namespace may be the mistake, but it is a greater one than a letter.
    whole.max(0.9 * strsim::jaro_winkler(&slug(&pattern), &slug(id)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::part("uts", false, "uts.isolates", true)]
    #[case::inside("isol", false, "uts.isolates", true)]
    #[case::exact_part("uts", true, "uts.isolates", false)]
    #[case::exact("uts.isolates", true, "uts.isolates", true)]
    #[case::star_end("uts.*", false, "uts.isolates", true)]
    #[case::star_is_anchored("ts.*", false, "uts.isolates", false)]
    #[case::star_middle("uts.*s", false, "uts.isolates", true)]
    #[case::star_middle_not("uts.*x", false, "uts.isolates", false)]
    #[case::two_stars("*iso*tes", false, "uts.isolates", true)]
    #[case::parts_in_order("*tes*iso*", false, "uts.isolates", false)]
    fn patterns_mean_ids(
        #[case] pattern: &str,
        #[case] exact: bool,
        #[case] id: &str,
        #[case] expected: bool,
    ) {
        assert_eq!(matches(pattern, exact, id), expected);
    }

    #[rstest]
    #[case::all(&[], &[], Ok(vec![0, 1, 2]))]
    #[case::one(&["pid."], &[], Ok(vec![2]))]
    #[case::skip(&[], &["uts."], Ok(vec![2]))]
    #[case::nothing_matches(&["xyz"], &[], Err(ExitStatus::NothingTested))]
    #[case::one_of_two_matches(&["xyz", "pid."], &[], Err(ExitStatus::Usage))]
    fn selection(
        #[case] patterns: &[&str],
        #[case] skip: &[&str],
        #[case] expected: Result<Vec<usize>, ExitStatus>,
    ) {
        let owned = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        let ids = ["uts.a", "uts.b", "pid.a"];
        let found = select(&ids, &owned(patterns), &owned(skip), false).map_err(|failure| failure.status);
        assert_eq!(found, expected);
    }

    #[test]
    fn an_unknown_pattern_names_the_nearest_ids() {
        let message = unknown("uts.isolate", &["pid.two-pids", "uts.isolates", "net.own-devices"]);
        assert!(message.contains("nearest are uts.isolates"), "{message}");
    }

    #[rstest]
    #[case::other_letters("UTS.Isolates")]
    #[case::no_namespace("isolate")]
    #[case::other_namespace("ipc.isolates")]
    fn nearness_ignores_case_and_namespace(#[case] pattern: &str) {
        let message = unknown(pattern, &["ipc.keys", "pid.two-pids", "uts.isolates", "net.own-devices"]);
        assert!(message.contains("nearest are uts.isolates"), "{message}");
    }
}
