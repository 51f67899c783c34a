//! `nsconform history`: what became of each case over the runs that `--store` kept; and the store itself as
//! commands take it.

use super::{CommandResult, Failure, LOOKUP, TextOrJson, matches, print, print_data, unknown, width};
use nsconform_catalogue::{approved, catalogue};
use nsconform_report::document::Runs;
use nsconform_report::history::History;
use nsconform_report::store::Store;
use nsconform_report::style::count;
use nsconform_suite::verdict::ExitStatus;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The command line of `history`.
#[derive(clap::Args)]
pub struct HistoryArguments {
    /// The id of a case: shows each verdict on it
    #[arg(add = super::complete::cases())]
    case: Option<String>,
    /// The store [default: $XDG_STATE_HOME/nsconform, or ~/.local/state/nsconform]
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
    /// Call a case slower that takes more than this many times as long as in the runs before
    #[arg(long, value_name = "FACTOR", default_value_t = 3.0, value_parser = factor)]
    slower: f64,
    /// The form of the result
    #[arg(long, value_enum, default_value_t)]
    format: TextOrJson,
}

/// The exit statuses of this command.
pub const EXIT_STATUSES: &str = "\
Exit status:
  0  the history was shown
  2  wrong command line, or a case that no run and no catalogue has
  3  the store cannot be read, or the result could not be written
  4  the store holds no run, or none with this case

Entries that are damaged are named on standard error and passed over.";

fn factor(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(factor) if (1.0..=1000.0).contains(&factor) => Ok(factor),
        Ok(_) => Err("must be at least 1 and at most 1000".to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// Runs the command.
pub fn history(arguments: &HistoryArguments) -> CommandResult {
    let store = Store::at(&directory(arguments.store.as_deref())?);
    let shown = store.root().display();
    let content =
        store.read(LOOKUP).map_err(|error| Failure::harness(format!("{shown} cannot be read: {error}")))?;
    for damaged in &content.damaged {
        // A closed error output leaves nobody to tell.
        let _ = writeln!(
            anstream::stderr(),
            "nsconform: {} is passed over: {}; delete it, or bring back the whole file",
            damaged.path.display(),
            damaged.why
        );
    }
    if content.runs.is_empty() {
        return Err(match content.damaged.len() {
            0 => nothing(format!("{shown} holds no runs: keep one with `nsconform run --store {shown}`")),
            _ => Failure::harness(format!("no entry of {shown} can be read")),
        });
    }
    let history = History::new(&content.runs, arguments.slower);
    let Some(case) = &arguments.case else {
        match arguments.format {
            TextOrJson::Human => print(|to| history.write_human(width().into(), to))?,
            TextOrJson::Json => print_data(|to| history.write_json(false, to))?,
        }
        return Ok(ExitStatus::Success);
    };
    let kept = history.ids();
    if !kept.contains(case.as_str()) {
        let all: BTreeSet<&str> = catalogue().iter().map(|case| case.id).chain(kept).collect();
        return Err(match all.contains(case.as_str()) {
            true => nothing(format!("no run in {shown} has {case}")),
            false => Failure::usage(unknown(case, &all.into_iter().collect::<Vec<_>>())),
        });
    }
    let history = history.of_case(case);
    match arguments.format {
        TextOrJson::Human => print(|to| history.write_cases_human(width().into(), to))?,
        TextOrJson::Json => print_data(|to| history.write_json(true, to))?,
    }
    Ok(ExitStatus::Success)
}

fn nothing(message: String) -> Failure {
    Failure { status: ExitStatus::NothingTested, message }
}

/// The folder of the store: as named, or below `$XDG_STATE_HOME`.
fn directory(named: Option<&Path>) -> Result<PathBuf, Failure> {
    if let Some(named) = named {
        return Ok(named.to_path_buf());
    }
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_STATE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/state")))
        .map(|base| base.join("nsconform"))
        .ok_or_else(|| {
            Failure::usage("there is no place for the store: name one with --store DIR, or set HOME")
        })
}

/// A store that runs will be kept in.
pub struct RunKeeper(Option<Store>);

impl RunKeeper {
    /// Makes the folder that `--store` names, before anything is run for it.
    ///
    /// # Errors
    /// When it cannot be made, or was meant as something else.
    pub fn prepare(choice: Option<&Option<PathBuf>>) -> Result<RunKeeper, Failure> {
        let Some(named) = choice else { return Ok(RunKeeper(None)) };
        let folder = directory(named.as_deref())?;
        let shown = folder.display();
        if folder.is_file() {
            return Err(Failure::usage(format!(
                "--store {shown} is a file: name a folder, or write --store last for the usual one"
            )));
        }
        let word = folder.to_string_lossy();
        // A plain word is in the middle of some id or other.
        let is_pattern =
            || word.contains(['.', '*']) && catalogue().iter().any(|case| matches(&word, false, case.id));
        if !folder.exists() && !word.contains('/') && is_pattern() {
            return Err(Failure::usage(format!(
                "--store takes '{word}' for its folder, but it means cases: write --store last for the usual \
                 folder, or --store ./{word} for one of this name"
            )));
        }
        let store = Store::at(&folder);
        store.make().map_err(|error| Failure::usage(format!("{shown} cannot be made: {error}")))?;
        Ok(RunKeeper(Some(store)))
    }

    /// Keeps the runs, and says so on standard error.
    ///
    /// # Errors
    /// When one cannot be written.
    pub fn keep(&self, runs: &Runs, quiet: bool) -> Result<(), Failure> {
        let Some(store) = &self.0 else { return Ok(()) };
        let shown = store.root().display();
        for run in &runs.runs {
            store
                .keep(run, approved)
                .map_err(|error| Failure::harness(format!("the run cannot be kept in {shown}: {error}")))?;
        }
        if !quiet {
            // A closed error output leaves nobody to tell.
            let kept = count(runs.runs.len(), "run");
            let _ = writeln!(anstream::stderr(), "nsconform: {kept} kept in {shown}");
        }
        Ok(())
    }
}
