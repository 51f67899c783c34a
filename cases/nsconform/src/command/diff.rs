//! `nsconform diff`: compares two runs, or two folders of runs file by file.

use super::{Done, Failure, Format, print};
use nsconform_report::ExitStatus;
use nsconform_report::compare::compare;
use nsconform_report::diff::{Pair, Report, Unpaired};
use nsconform_report::run_file::{RunFile, read_run, version_order};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The command line of `diff`.
#[derive(clap::Args)]
pub struct Arguments {
    /// The run to compare with: a file that `run --format json` wrote, or a folder of them
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The run to look at: a file, or a folder whose files have the same names
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// Show cases in which nothing changed as well
    #[arg(long)]
    all: bool,
    /// The form of the result
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What the exit statuses of this command mean.
pub const EXIT_STATUSES: &str = "\
Exit status:
  0  no regression
  1  a regression: a case passed in OLD, and in NEW it fails without being listed as known
  2  wrong command line, or a file that cannot be read";

/// Runs the command.
pub fn diff(arguments: &Arguments) -> Done {
    let (old, new) = (Runs::read(&arguments.old)?, Runs::read(&arguments.new)?);
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
    let report = Report { pairs: &pairs, unpaired: &unpaired, all: arguments.all, width: super::width() };
    print(|to| match arguments.format {
        Format::Human => report.write_human(to),
        Format::Json => report.write_json(to),
    })?;
    Ok(if report.has_regression() { ExitStatus::CaseFailed } else { ExitStatus::Success })
}

/// The runs of one side.
struct Runs {
    of_folder: bool,
    /// By the name of the file; a single file has none here, so that it is paired with the other
    /// one whatever both are called.
    by_name: BTreeMap<String, RunFile>,
}

impl Runs {
    fn read(path: &Path) -> Result<Runs, Failure> {
        if !path.is_dir() {
            let run = read_run(path).map_err(Failure::usage)?;
            return Ok(Runs { of_folder: false, by_name: [(String::new(), run)].into() });
        }
        let cannot =
            |error: std::io::Error| Failure::usage(format!("{} cannot be read: {error}", path.display()));
        let mut by_name = BTreeMap::new();
        for entry in std::fs::read_dir(path).map_err(cannot)? {
            let file = entry.map_err(cannot)?.path();
            // Console logs and command lines may lie beside the runs.
            let is_run = file.extension().is_some_and(|ending| ending == "json" || ending == "jsonl");
            if let (true, Some(name)) = (is_run, file.file_name()) {
                let run = read_run(&file).map_err(Failure::usage)?;
                by_name.insert(name.to_string_lossy().into_owned(), run);
            }
        }
        if by_name.is_empty() {
            return Err(Failure::usage(format!(
                "{} holds no run files (names that end in .json): write one with `nsconform run --format json \
                 --output {}/NAME.json`",
                path.display(),
                path.display()
            )));
        }
        Ok(Runs { of_folder: true, by_name })
    }
}
