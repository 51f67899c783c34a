//! The result for people: a line for each check, every check that did not pass in full, the
//! points, and the command that repeats the grading.
//!
//! The report shows the submission's output escaped and behind a bar. So no terminal obeys it, nor
//! does GitHub's runner, which takes `::command::` in a log for its own, blanks before it or not.

use super::text;
use crate::grading::{Finding, GradedCheck, Grading};
use anstyle::{AnsiColor, Style};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use nsconform_report::{count, paint};
use std::io::{self, Write};

const BOLD: Style = Style::new().bold();
const GREEN: Style = AnsiColor::Green.on_default();
const RED: Style = AnsiColor::Red.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const DIM: Style = Style::new().dimmed();

/// The column of the texts that labels stand before.
const TEXT_COLUMN: usize = 12;
/// The narrowest that texts are broken to: a narrower terminal breaks them itself.
const NARROWEST: u16 = 40;
/// How many lines of what was printed are shown.
const PRINTED_LINES: usize = 24;
/// How much of a printed line is shown, in bytes.
const PRINTED_WIDTH: usize = 400;

/// Writes what a student is to see of a grading, or what the staff is. See [`super::Report::new`].
///
/// # Errors
/// Those of writing.
pub fn write(grading: &Grading, staff: bool, hints: usize, width: u16, to: &mut dyn Write) -> io::Result<()> {
    let checks = grading.checks.iter().filter(|check| staff || text::is_visible(check)).collect();
    Page { grading, checks, staff, hints, width: width.max(NARROWEST) }.write(to)
}

struct Page<'g> {
    grading: &'g Grading,
    /// Those that are shown.
    checks: Vec<&'g GradedCheck>,
    staff: bool,
    hints: usize,
    width: u16,
}

impl Page<'_> {
    fn write(&self, to: &mut dyn Write) -> io::Result<()> {
        let Grading { assignment, title, program, guest, .. } = self.grading;
        writeln!(to, "{}: {title}", paint(BOLD, assignment))?;
        writeln!(to, "program  {}", text::printable(program))?;
        if let Some(release) = guest {
            writeln!(to, "guest    Linux {}, in QEMU", text::printable(release))?;
        }
        writeln!(to)?;
        self.write_checks(to)?;
        for check in &self.checks {
            if !matches!(check.finding, Finding::Passed | Finding::NotChecked { .. }) {
                self.write_check(to, check)?;
            }
        }
        if let Some(reason) = &self.grading.broken {
            // Without any result nothing can be taken for marks.
            let title = if self.grading.checks.is_empty() { "! NOT GRADED" } else { "! GRADING BROKE OFF" };
            writeln!(to, "{}", paint(RED.bold(), title))?;
            self.write_prose(to, "reason", &text::printable(reason))?;
            self.write_prose(to, "means", "nothing is known of the program; please tell the staff")?;
            writeln!(to)?;
        }
        self.write_points(to)?;
        self.write_notes(to)?;
        writeln!(to, "{}", paint(DIM, &format!("seed {}; to repeat this grading:", self.grading.seed)))?;
        writeln!(to, "  {}", text::repeating(self.grading))
    }

    /// A line for each check: what became of it, its id and title, its points.
    fn write_checks(&self, to: &mut dyn Write) -> io::Result<()> {
        if self.checks.is_empty() {
            return Ok(());
        }
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(self.width);
        for check in &self.checks {
            let mark = format!("{} {}", glyph(&check.finding), text::word(&check.finding));
            let mut title = text::printable(&check.title);
            if let Finding::NotChecked { .. } = check.finding {
                for (label, reason) in text::reasons(check, self.grading, self.staff) {
                    title.push_str(&format!("\n({label} {reason})"));
                }
            }
            if !text::is_visible(check) {
                title.push_str("\n(not shown to students)");
            }
            table.add_row([mark, check.id.clone(), title, points(check)]);
        }
        if let Some(column) = table.column_mut(3) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        // Styles are put in afterwards: the table would count them as letters.
        let mut marks = self.checks.iter().map(|check| {
            (format!("{} {}", glyph(&check.finding), text::word(&check.finding)), style(&check.finding))
        });
        let mut next = marks.next();
        for line in table.trim_fmt().lines() {
            let line = line.strip_prefix(' ').unwrap_or(line);
            match &next {
                Some((mark, style)) if line.starts_with(mark.as_str()) => {
                    writeln!(to, "{}{}", paint(style.bold(), mark), &line[mark.len()..])?;
                    next = marks.next();
                }
                _ => writeln!(to, "{line}")?,
            }
        }
        writeln!(to)
    }

    /// A check that did not pass, in full.
    fn write_check(&self, to: &mut dyn Write, check: &GradedCheck) -> io::Result<()> {
        let mark = format!("{} {}", glyph(&check.finding), text::word(&check.finding).to_uppercase());
        writeln!(to, "{} {}", paint(style(&check.finding).bold(), &mark), paint(BOLD, &check.id))?;
        write_lines(to, "asked", check.asked.iter().map(String::as_str))?;
        for (label, reason) in text::reasons(check, self.grading, self.staff) {
            self.write_prose(to, label, &reason)?;
        }
        write_lines(to, "trace", check.trace.iter().map(String::as_str))?;
        let printed: Vec<&str> = check.printed.lines().collect();
        let quoted: Vec<String> = printed.iter().take(PRINTED_LINES).map(|line| quoted(line)).collect();
        write_lines(to, "printed", quoted.iter().map(String::as_str))?;
        if let more @ 1.. = printed.len().saturating_sub(PRINTED_LINES) {
            writeln!(to, "{:TEXT_COLUMN$}… and {}", "", count(more, "more line"))?;
        }
        self.write_hints(to, check)?;
        writeln!(to)
    }

    fn write_hints(&self, to: &mut dyn Write, check: &GradedCheck) -> io::Result<()> {
        if !text::wants_hints(check) {
            return Ok(());
        }
        let shown = text::hints(check, self.hints);
        let all = check.hints.len();
        for (index, hint) in shown.iter().enumerate() {
            self.write_prose(to, &format!("hint {}/{all}", index + 1), hint)?;
        }
        if shown.len() < all {
            let number = shown.len() + 1;
            let what = if shown.is_empty() { "a hint" } else { "next hint" };
            writeln!(to, "  {what:10}{} --hints {number}", text::repeating(self.grading))?;
        }
        Ok(())
    }

    /// Writes the points, and how far the reader can rely on them.
    fn write_points(&self, to: &mut dyn Write) -> io::Result<()> {
        let earned: u32 = self.checks.iter().map(|check| check.earned()).sum();
        let counted: u32 = self.checks.iter().map(|check| check.counted()).sum();
        let hidden = if self.staff { 0 } else { text::hidden(self.grading) };
        let lost_nothing = self.checks.iter().all(|check| check.lost_nothing());
        let none_passed = self.checks.iter().all(|check| check.finding != Finding::Passed);
        let mut words: Vec<(usize, &str)> = Vec::new();
        for check in &self.checks {
            let word = text::word(&check.finding);
            match words.iter_mut().find(|(_, known)| *known == word) {
                Some((number, _)) => *number += 1,
                None => words.push((1, word)),
            }
        }
        let words: Vec<String> = words.iter().map(|(number, word)| format!("{number} {word}")).collect();
        let (style, word) = match self.grading {
            Grading { broken: Some(_), .. } => (RED, "NOT GRADED"),
            grading if !grading.is_complete() => (YELLOW, "NOT FINISHED"),
            _ if !lost_nothing => (RED, "NOT YET"),
            _ if none_passed => (YELLOW, "NOTHING CHECKED"),
            _ if hidden > 0 => (GREEN, "FULL MARKS IN THIS PART"),
            _ => (GREEN, "FULL MARKS"),
        };
        let words = if words.is_empty() { "no check performed".to_string() } else { words.join(", ") };
        writeln!(to, "{} {earned} of {}: {words}", paint(style.bold(), word), plural(counted))?;
        let Grading { checks, planned, .. } = self.grading;
        if !self.grading.is_complete() {
            writeln!(to, "  {} of {planned} checks were performed", checks.len())?;
        }
        let unavailable: u32 = self.checks.iter().map(|check| check.points - check.counted()).sum();
        if unavailable > 0 {
            writeln!(to, "  {} cannot be earned on this machine and are not counted", plural(unavailable))?;
        }
        if hidden > 0 {
            let what = count(hidden, "more check");
            writeln!(to, "  this is a part of the result: {what} cannot be shown here, and can change it")?;
        }
        Ok(())
    }

    fn write_notes(&self, to: &mut dyn Write) -> io::Result<()> {
        if self.grading.notes.is_empty() || !text::deserves_notes(self.grading, self.staff) {
            return Ok(());
        }
        writeln!(to, "\n{}", paint(BOLD, "How the model answer does it, and why"))?;
        for note in &self.grading.notes {
            self.write_prose(to, "•", note)?;
        }
        writeln!(to)
    }

    /// A label and a text after it, broken to the width.
    fn write_prose(&self, to: &mut dyn Write, label: &str, text: &str) -> io::Result<()> {
        let column = if label == "•" { 4 } else { TEXT_COLUMN };
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(self.width - column as u16)
            .add_row([text]);
        if let Some(cells) = table.column_mut(0) {
            cells.set_padding((0, 0));
        }
        let broken = table.trim_fmt();
        write_lines(to, label, broken.lines())
    }
}

/// A label and lines after it, as they are.
fn write_lines<'l>(to: &mut dyn Write, label: &str, lines: impl Iterator<Item = &'l str>) -> io::Result<()> {
    let column = if label == "•" { 2 } else { TEXT_COLUMN - 2 };
    for (index, line) in lines.enumerate() {
        let label = if index == 0 { label } else { "" };
        // A text that was broken to the width may begin with anything here.
        let line = text::guarded(&text::printable(line));
        writeln!(to, "{}", format!("  {label:column$}{line}").trim_end())?;
    }
    Ok(())
}

/// A line that the submission printed.
fn quoted(line: &str) -> String {
    format!("│ {}", text::cut(&text::printable(line), PRINTED_WIDTH, "…"))
}

fn glyph(finding: &Finding) -> char {
    match finding {
        Finding::Passed => '✓',
        Finding::Failed(_) => '✗',
        Finding::Stopped(_) => '■',
        Finding::NotChecked { .. } => '–',
        Finding::Unavailable { .. } => '?',
        Finding::Error { .. } => '!',
    }
}

fn style(finding: &Finding) -> Style {
    match finding {
        Finding::Passed => GREEN,
        Finding::Failed(_) | Finding::Stopped(_) | Finding::Error { .. } => RED,
        Finding::NotChecked { .. } | Finding::Unavailable { .. } => YELLOW,
    }
}

fn points(check: &GradedCheck) -> String {
    match (check.points, check.counted()) {
        (0, _) => "no points".to_string(),
        (_, 0) => "not counted".to_string(),
        (points, _) => format!("{}/{points}", check.earned()),
    }
}

fn plural(points: u32) -> String {
    count(points as usize, "point")
}
