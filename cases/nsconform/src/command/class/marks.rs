//! The table of marks of a class, for people and as comma-separated values.

use super::submission::ClassVerdict;
use comfy_table::{CellAlignment, Table, presets};
use nsconform_grader::assignment::Assignment;
use nsconform_grader::grading::Grading;
use nsconform_grader::report::printable;
use nsconform_report::ExitStatus;
use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::Path;

/// The mark of one submission.
pub(super) struct ClassMark {
    /// The name of its folder.
    pub(super) name: String,
    /// Points, and how many there could be; none where nothing can be said.
    points: Option<(u32, u32)>,
    outcome: &'static str,
    /// One line: why there are no points, or which checks have lost some.
    pub(super) remark: String,
    /// The points of each check, by its id, where it was performed.
    checks: Vec<(String, Option<u32>)>,
    /// The exit status that this deserves.
    pub(super) status: ExitStatus,
}

impl ClassMark {
    /// The mark for what became of the submission in this folder.
    pub(super) fn of(name: &OsStr, assignment: &Assignment, verdict: ClassVerdict) -> ClassMark {
        let name = name.to_string_lossy().into_owned();
        let grading = verdict.grading.filter(Grading::is_complete);
        let ids = assignment.checks.iter().map(|check| check.id.get_ref().clone());
        let earned = |id: &String| {
            let checks = grading.iter().flat_map(|grading| &grading.checks);
            checks.into_iter().find(|check| check.id == *id).map(|check| check.earned())
        };
        let checks = ids.map(|id| (id.clone(), earned(&id))).collect();
        let status = match (&verdict.trouble, verdict.is_impossible) {
            (Some(_), true) => ExitStatus::NothingTested,
            (Some(_), false) => ExitStatus::HarnessFailed,
            (None, _) => ExitStatus::Success,
        };
        let points = grading.as_ref().map(|grading| (grading.score(), grading.max_score()));
        let (outcome, remark) = match (&grading, verdict.not_built, verdict.trouble) {
            (None, _, trouble) => ("not graded", trouble.unwrap_or_default()),
            (Some(_), Some(why), None) => ("not built", why),
            (Some(_), _, Some(trouble)) => ("not written", trouble),
            (Some(grading), None, None) => ("graded", lost(grading)),
        };
        ClassMark { name, points, outcome, remark, checks, status }
    }

    /// The mark in a few words.
    pub(super) fn in_words(&self) -> String {
        match (self.points, self.outcome) {
            (Some((score, most)), "graded") => format!("{score} of {most} points"),
            (_, outcome) => format!("{outcome}: {}", self.remark),
        }
    }
}

/// The checks that have lost points.
fn lost(grading: &Grading) -> String {
    let lost = grading.checks.iter().filter(|check| !check.lost_nothing());
    lost.map(|check| check.id.as_str()).collect::<Vec<_>>().join(" ")
}

/// Text for a table: nothing in it can act on whoever shows it, and it is one line.
fn cell(text: &str) -> String {
    printable(text).replace(['\n', '\t'], " ")
}

/// Writes the table for people.
pub(super) fn write_table(marks: &[ClassMark], to: &mut dyn Write) -> io::Result<()> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["submission", "points", "of", "", ""]);
    for mark in marks {
        let [points, most] = match mark.points {
            Some((points, most)) => [points.to_string(), most.to_string()],
            None => ["-", "-"].map(str::to_string),
        };
        table.add_row([cell(&mark.name), points, most, mark.outcome.to_string(), cell(&mark.remark)]);
    }
    for column in 1..3 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for line in table.lines() {
        writeln!(to, "{}", line.trim_end())?;
    }
    Ok(())
}

/// Writes the table as comma-separated values: RFC 4180, with a line of titles.
pub(super) fn write_csv(marks: &[ClassMark], path: &Path) -> Result<(), String> {
    let shown = path.display();
    let failed = |error: csv::Error| format!("{shown}: {error}");
    let mut to = csv::Writer::from_path(path).map_err(failed)?;
    let checks =
        marks.first().map(|mark| mark.checks.iter().map(|(id, _)| id.as_str())).into_iter().flatten();
    let titles = ["submission", "points", "of", "outcome", "remark"];
    to.write_record(titles.into_iter().chain(checks)).map_err(failed)?;
    for mark in marks {
        let number = |number: Option<u32>| number.map(|number| number.to_string()).unwrap_or_default();
        let points = [mark.points.map(|(points, _)| points), mark.points.map(|(_, most)| most)].map(number);
        let [score, most] = points;
        let first = [field(&mark.name), score, most, mark.outcome.to_string(), field(&mark.remark)];
        let checks = mark.checks.iter().map(|(_, points)| number(*points));
        to.write_record(first.into_iter().chain(checks)).map_err(failed)?;
    }
    to.flush().map_err(|error| format!("{shown}: {error}"))
}

/// Text for a spreadsheet, which takes what begins with one of these for a formula.
fn field(text: &str) -> String {
    let text = cell(text);
    match text.starts_with(['=', '+', '-', '@']) {
        true => format!("'{text}"),
        false => text,
    }
}
