//! `nsconform diff`: compares two runs, or two folders of runs file by file.

use super::input::{self, Expectations};
use super::{CommandResult, Failure, TextOrJson, print, print_data};
use nsconform_report::compare::{ChangeKind, compare};
use nsconform_report::diff::{Comparison, Pair, Unpaired};
use nsconform_report::run::{RecordedRun, version_order};
use nsconform_suite::verdict::ExitStatus;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The command line of `diff`.
#[derive(clap::Args)]
pub struct DiffArguments {
    /// The run to compare with: a file that `run --format json` wrote, or a folder of them
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The run to look at: a file, or a folder whose files have the same names
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// Show cases in which nothing changed as well
    #[arg(long)]
    all: bool,
    /// The changes that give exit status 1
    #[arg(long, value_enum, value_name = "CHANGE", value_delimiter = ',', default_values_t = [FailOn::Regression])]
    fail_on: Vec<FailOn>,
    /// Expect the failures that this file lists, in both runs, beside the built-in ones; may be repeated
    #[arg(long, value_name = "FILE")]
    known: Vec<PathBuf>,
    /// The form of the result
    #[arg(long, value_enum, default_value_t)]
    format: TextOrJson,
}

/// A change that is a reason to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum FailOn {
    /// A case passed in OLD, and in NEW it fails without being expected to
    Regression,
    /// A case or a whole run was tested in OLD and is not in NEW
    Lost,
    /// The verdict is the same, but the trace is another
    Changed,
}

/// The exit statuses of this command.
pub const EXIT_STATUSES: &str = "\
Exit status:
  0  none of the changes that --fail-on names
  1  such a change; without --fail-on a regression: a case passed in OLD, and in NEW it fails without
     being expected to
  2  wrong command line, or a file that cannot be read
  3  the result could not be written
  4  nothing could be compared: no case was tested on both sides";

/// Runs the command.
pub fn diff(arguments: &DiffArguments) -> CommandResult {
    let expectations = Expectations::read(&arguments.known)?;
    let mut old = OneSide::read(&arguments.old)?;
    let mut new = OneSide::read(&arguments.new)?;
    if old.of_folder != new.of_folder {
        let (folder, file) = match old.of_folder {
            true => (&arguments.old, &arguments.new),
            false => (&arguments.new, &arguments.old),
        };
        return Err(Failure::usage(format!(
            "{} is a folder and {} is a file: compare two files or two folders",
            folder.display(),
            file.display()
        )));
    }
    old.by_name.values_mut().chain(new.by_name.values_mut()).for_each(|run| expectations.apply(run));
    let mut names: Vec<&String> = old.by_name.keys().chain(new.by_name.keys()).collect();
    names.sort_by(|a, b| version_order(a, b));
    names.dedup();
    let (mut pairs, mut unpaired) = (Vec::new(), Vec::new());
    for name in names {
        let name = name.clone();
        match (old.by_name.get(&name), new.by_name.get(&name)) {
            (Some(old), Some(new)) => pairs.push(Pair { changes: compare(old, new), name, old, new }),
            (Some(run), None) => unpaired.push(Unpaired { name, in_old: true, run }),
            (None, Some(run)) => unpaired.push(Unpaired { name, in_old: false, run }),
            (None, None) => {}
        }
    }
    if pairs.is_empty() {
        return Err(Failure::usage(format!(
            "no file in {} has the name of one in {}: runs are paired by the names of their files; compare two \
             files instead",
            arguments.new.display(),
            arguments.old.display()
        )));
    }
    let comparison =
        Comparison { pairs: &pairs, unpaired: &unpaired, all: arguments.all, width: super::width() };
    match arguments.format {
        TextOrJson::Human => print(|to| comparison.write_human(to))?,
        TextOrJson::Json => print_data(|to| comparison.write_json(to))?,
    }
    Ok(exit_status(&comparison, &arguments.fail_on))
}

fn exit_status(comparison: &Comparison, fail_on: &[FailOn]) -> ExitStatus {
    let happened = |change: &FailOn| match change {
        FailOn::Regression => comparison.count(ChangeKind::Regression) > 0,
        FailOn::Lost => comparison.lost() > 0,
        FailOn::Changed => comparison.count(ChangeKind::Trace) > 0,
    };
    if fail_on.iter().any(happened) {
        ExitStatus::CaseFailed
    } else if comparison.compared() == 0 {
        ExitStatus::NothingTested
    } else {
        ExitStatus::Success
    }
}

/// The runs of one side.
struct OneSide {
    of_folder: bool,
    /// By the name of the file; a single file has none here, so that it is paired with the other
    /// one whatever both are called.
    by_name: BTreeMap<String, RecordedRun>,
}

impl OneSide {
    fn read(path: &Path) -> Result<OneSide, Failure> {
        if !path.is_dir() {
            return Ok(OneSide { of_folder: false, by_name: [(String::new(), input::run(path)?)].into() });
        }
        let mut by_name = BTreeMap::new();
        for file in input::run_files(&[path.to_path_buf()])? {
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            by_name.insert(name, input::run(&file)?);
        }
        Ok(OneSide { of_folder: true, by_name })
    }
}
