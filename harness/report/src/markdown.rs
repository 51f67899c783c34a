//! Markdown for a pull request or a mail: what was run where, what needs to be looked at, and how
//! each unexpected result differs.

use crate::document::{RunReport, Runs};
use crate::event::CaseResult;
use crate::run::RecordedRun;
use crate::style::count;
use nsconform_suite::snapshot;
use nsconform_suite::verdict::Status;
use std::io::{self, Write};

/// A Markdown document.
pub(crate) struct MarkdownReport;

impl RunReport for MarkdownReport {
    fn end(&mut self, runs: &Runs, to: &mut dyn Write) -> io::Result<()> {
        writeln!(to, "## nsconform\n")?;
        write_counts(runs, to)?;
        for run in &runs.runs {
            if let Some(why) = &run.cut {
                writeln!(to, "\n**{}** was cut off: {}", text(&run.label()), text(why))?;
            }
        }
        for lost in &runs.lost {
            writeln!(to, "\n**{}** was lost: {}", text(&lost.name), text(&lost.why))?;
        }
        let several = runs.runs.len() > 1;
        let looked_at = |run: &&RecordedRun| run.cases.values().any(|result| needs_a_look(result.status()));
        for run in runs.runs.iter().filter(looked_at) {
            if several {
                writeln!(to, "\n### {}", text(&run.label()))?;
            }
            for result in run.in_order().into_iter().filter(|result| needs_a_look(result.status())) {
                write_result(result, to)?;
            }
        }
        write_skips(runs, to)
    }
}

fn needs_a_look(status: Status) -> bool {
    status.is_alarming() || matches!(status, Status::UnexpectedPass | Status::Known)
}

/// A row for each run, a column for each status that occurs.
fn write_counts(runs: &Runs, to: &mut dyn Write) -> io::Result<()> {
    if runs.runs.is_empty() {
        return writeln!(to, "Nothing was run.");
    }
    let counts: Vec<_> = runs.runs.iter().map(|run| (run, run.counts())).collect();
    let columns: Vec<Status> = Status::ALL
        .into_iter()
        .filter(|status| counts.iter().any(|(_, counts)| counts.of(*status) > 0))
        .collect();
    let words: Vec<&str> = columns.iter().map(|status| status.word()).collect();
    writeln!(to, "| kernel | started as | cases | {} |", words.join(" | "))?;
    writeln!(to, "|---|---|--:|{}", "--:|".repeat(columns.len()))?;
    for (run, counts) in counts {
        let numbers: Vec<String> = columns.iter().map(|status| counts.of(*status).to_string()).collect();
        writeln!(
            to,
            "| {} {} | {} | {} | {} |",
            text(&run.start.machine.kernel_release),
            text(&run.start.machine.architecture),
            run.privilege(),
            counts.total(),
            numbers.join(" | ")
        )?;
    }
    Ok(())
}

fn write_result(result: &CaseResult, to: &mut dyn Write) -> io::Result<()> {
    writeln!(to, "\n**{}** `{}`: {}", result.status().word(), result.id, text(result.claim()))?;
    if !result.sources().is_empty() {
        writeln!(to, "Documented in {}.", text(&result.sources().join("; ")))?;
    }
    if let Some(reason) = result.verdict.reason() {
        writeln!(to, "\n> {}", text(&reason))?;
    }
    let Some(expected) = &result.expected else { return Ok(()) };
    let difference = snapshot::difference(&expected.join("\n"), &result.lines().join("\n"));
    let lines: Vec<String> = difference.into_iter().map(|(sign, line)| format!("{sign} {line}")).collect();
    let fence = fence(&lines);
    writeln!(to, "\n<details><summary>expected (-) and observed (+) trace</summary>\n\n{fence}diff")?;
    lines.iter().try_for_each(|line| writeln!(to, "{line}"))?;
    writeln!(to, "{fence}\n\n</details>")
}

/// A fence that is longer than any row of backticks within.
fn fence(lines: &[String]) -> String {
    let longest = lines.iter().flat_map(|line| line.split(|letter| letter != '`')).map(str::len).max();
    "`".repeat(longest.unwrap_or(0).max(2) + 1)
}

fn write_skips(runs: &Runs, to: &mut dyn Write) -> io::Result<()> {
    let mut reasons: Vec<(String, usize)> = Vec::new();
    for result in runs.runs.iter().flat_map(RecordedRun::in_order) {
        if result.status() == Status::Skip {
            let reason = result.verdict.reason().unwrap_or_default();
            match reasons.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, number)) => *number += 1,
                None => reasons.push((reason, 1)),
            }
        }
    }
    if reasons.is_empty() {
        return Ok(());
    }
    writeln!(to, "\nSkipped:\n")?;
    reasons
        .iter()
        .try_for_each(|(reason, number)| writeln!(to, "- {}: {}", count(*number, "case"), text(reason)))
}

/// A text without the signs that Markdown would take for its own.
fn text(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.split_whitespace().collect::<Vec<_>>().join(" ").chars() {
        if "\\`*_[]<>|#".contains(letter) {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::ReportFormat;
    use crate::testing::{document, made_up};

    #[test]
    fn what_needs_a_look_is_told_in_full() {
        let run = made_up(
            "6.1",
            &[("uts.a", "pass"), ("uts.b", "fail"), ("uts.c", "known"), ("pid.a", "skip"), ("pid.b", "skip")],
        );
        insta::assert_snapshot!(document(ReportFormat::Markdown, vec![run]));
    }

    #[test]
    fn signs_of_markdown_are_escaped() {
        assert_eq!(text("a_b | <c>\nd"), "a\\_b \\| \\<c\\> d");
        assert_eq!(fence(&["a ```` b".to_string()]), "`````");
    }
}
