//! `nsconform grade --all`: grades a class, one submission a folder: each is built, sealed, and graded,
//! several side by side.
//!
//! One submission is the business of `submission`, the results that are kept of `kept`, the table of
//! marks of `marks`.

mod kept;
mod marks;
mod submission;

use super::course::find;
use super::grade::{GradeArguments, Rules, rules};
use super::{CommandResult, Failure, print, progress, width};
use kept::{Kept, fingerprint};
use marks::ClassMark;
use nsconform_course::Course;
use nsconform_grader::report::{Report, printable};
use nsconform_grader::workers;
use nsconform_report::ExitStatus;
use nsconform_sys::single_threaded::SingleThreaded;
use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use submission::{ClassVerdict, judge};

/// The part of the command line of `grade` that is about a class.
#[derive(clap::Args)]
#[command(next_help_heading = "A class")]
pub struct ClassArguments {
    /// Grade all submissions in this directory, a folder each
    #[arg(long, value_name = "DIR", conflicts_with_all = ["program", "vm", "watch"])]
    pub(super) all: Option<PathBuf>,
    /// Build each by this shell command, in a copy of its folder: sealed and limited as the program
    /// itself will be, within 60 s
    #[arg(long, value_name = "COMMAND", requires = "all")]
    build: Option<String>,
    /// The program in a folder [default: the name of the assignment]
    #[arg(long, value_name = "PATH", requires = "all", value_parser = program_path)]
    made: Option<PathBuf>,
    /// Grade this folder alone; may be repeated
    #[arg(long, value_name = "NAME", requires = "all")]
    only: Vec<OsString>,
    /// Grade so many at a time [default: the number of processors]
    #[arg(long, value_name = "N", requires = "all")]
    jobs: Option<NonZeroUsize>,
    /// Write the table of marks to this file as well, as comma-separated values
    #[arg(long, value_name = "FILE", requires = "all")]
    csv: Option<PathBuf>,
}

/// Where results go that have no other place.
const RESULTS: &str = "results";

fn program_path(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    let plain = |part| matches!(part, std::path::Component::Normal(_));
    match !text.is_empty() && path.components().all(plain) {
        true => Ok(path.components().collect()),
        false => Err("name a path in the folder, without '..'".to_string()),
    }
}

/// Everything that is the same for all submissions.
struct Class<'c> {
    course: &'static Course,
    rules: &'c Rules,
    arguments: &'c GradeArguments,
    /// The directory with the folders.
    folder: &'c Path,
    /// The program in each.
    program: PathBuf,
    report: &'c Report,
    /// The directory of the results.
    results: PathBuf,
}

/// Runs the command.
pub(super) fn grade_all(single: &SingleThreaded, arguments: &GradeArguments, folder: &Path) -> CommandResult {
    let course = find(&arguments.assignment)?;
    let mut rules = rules(course, arguments.rules.as_deref())?;
    if let Some(factor) = arguments.deadline_scale {
        rules.assignment = rules.assignment.slowed(factor);
    }
    let environment = |name: &str| std::env::var(name).ok();
    let report = Report::new(arguments.format, arguments.staff, arguments.hints, width(), &environment)
        .map_err(Failure::usage)?;
    let options = &arguments.class;
    let class = Class {
        course,
        rules: &rules,
        arguments,
        folder,
        program: options.made.clone().unwrap_or_else(|| course.name.into()),
        report: &report,
        results: arguments.output.clone().unwrap_or_else(|| RESULTS.into()),
    };
    kept::prepare(&class.results).map_err(Failure::usage)?;
    let names = names(&class)?;
    let jobs =
        options.jobs.or_else(|| std::thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get);
    let mut marks: Vec<Option<ClassMark>> = names.iter().map(|_| None).collect();
    let (bar, mut status) =
        (progress::bar(names.len(), "{pos} of {len} submissions {wide_bar} {msg}"), ExitStatus::Success);
    let perform = |single: &SingleThreaded, number: usize| judge(single, &class, &names[number]);
    let hear = |number: usize, verdict: Option<ClassVerdict>| {
        let verdict =
            verdict.unwrap_or_else(|| ClassVerdict::unknown("its process has ended without a result"));
        let mark = ClassMark::of(&names[number], &class.rules.assignment, verdict);
        if mark.status != ExitStatus::Success && status != ExitStatus::NothingTested {
            status = mark.status;
        }
        let said = printable(&format!("{}: {}", mark.name, mark.in_words())).replace('\n', " ");
        match bar.is_hidden() {
            true => anstream::eprintln!("{said}"),
            false => bar.set_message(said),
        }
        bar.inc(1);
        marks[number] = Some(mark);
        status != ExitStatus::NothingTested
    };
    workers::work(single, names.len(), jobs, perform, hear).map_err(Failure::harness)?;
    bar.finish_and_clear();
    let marks: Vec<ClassMark> = marks.into_iter().flatten().collect();
    print(|to| marks::write_table(&marks, to))?;
    if let Some(path) = &options.csv {
        marks::write_csv(&marks, path).map_err(Failure::harness)?;
    }
    if status == ExitStatus::NothingTested {
        let why = marks.iter().find(|mark| mark.status == status).map(|mark| mark.remark.clone());
        return Err(Failure {
            status,
            message: format!(
                "nothing can be said of any submission: {}; `nsconform doctor` says what is missing here",
                why.unwrap_or_default()
            ),
        });
    }
    Ok(status)
}

/// The names of the folders, in order: all directories that are no results and not hidden.
fn names(class: &Class<'_>) -> Result<Vec<OsString>, Failure> {
    let shown = class.folder.display();
    let failed = |error: std::io::Error| Failure::usage(format!("{shown}: {error}"));
    let results = std::fs::metadata(&class.results).ok().map(|about| (about.dev(), about.ino()));
    let mut names = Vec::new();
    for entry in std::fs::read_dir(class.folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let about = entry.metadata().map_err(failed)?;
        let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if about.is_dir() && !is_hidden && results != Some((about.dev(), about.ino())) {
            names.push(entry.file_name());
        }
    }
    names.sort();
    let only = &class.arguments.class.only;
    if let Some(missing) = only.iter().find(|name| !names.contains(name)) {
        return Err(Failure::usage(format!("there is no folder {} in {shown}", missing.to_string_lossy())));
    }
    names.retain(|name| only.is_empty() || only.contains(name));
    match names.is_empty() {
        true => Err(Failure::usage(format!("{shown} has no folder: each submission is one"))),
        false => Ok(names),
    }
}
