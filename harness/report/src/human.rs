//! The result for people: every failure in full, skips by reason, counts by namespace, one line
//! that sums up.

use crate::{Counts, count, paint};
use anstyle::{AnsiColor, Style};
use comfy_table::{CellAlignment, Table, presets};
use nsconform_suite::case::Case;
use nsconform_suite::snapshot;
use nsconform_suite::verdict::{Record, SkipReason, Verdict};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

const BOLD: Style = Style::new().bold();
const GREEN: Style = AnsiColor::Green.on_default();
const RED: Style = AnsiColor::Red.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const DIM: Style = Style::new().dimmed();

/// Everything that is shown of a run.
pub struct Report<'r> {
    /// Each case that was selected and its record, in the order of the catalogue.
    pub results: &'r [(&'static Case, Record)],
    /// The approved trace of a case by its id.
    pub approved: &'r dyn Fn(&str) -> Option<&'static str>,
    /// Wall time of the whole run.
    pub duration: Duration,
}

impl Report<'_> {
    /// Writes the report.
    ///
    /// # Errors
    /// Those of writing.
    pub fn write(&self, to: &mut dyn Write) -> io::Result<()> {
        self.write_not_judged(to)?;
        for (case, record) in self.results {
            match &record.verdict {
                Verdict::Fail => self.write_failure(to, case, record, None)?,
                Verdict::Error { reason } | Verdict::Timeout { reason } => {
                    self.write_failure(to, case, record, Some(reason))?;
                }
                Verdict::Known { reason } | Verdict::UnexpectedPass { reason } => {
                    self.write_listed(to, case, record, reason)?;
                }
                Verdict::Pass | Verdict::NotJudged { .. } | Verdict::Skip { .. } => {}
            }
        }
        self.write_deviations(to)?;
        self.write_skips(to)?;
        self.write_counts(to)?;
        self.write_summary(to)
    }

    /// The counts over all cases.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for (case, record) in self.results {
            counts.add(record, case.deviation.is_some());
        }
        counts
    }

    fn write_failure(
        &self,
        to: &mut dyn Write,
        case: &Case,
        record: &Record,
        reason: Option<&str>,
    ) -> io::Result<()> {
        let word = record.verdict.word().to_uppercase();
        writeln!(to, "{} {}", paint(RED.bold(), &word), paint(BOLD, case.id))?;
        writeln!(to, "  claim       {}", case.claim)?;
        for source in case.sources {
            writeln!(to, "  documented  {source}")?;
        }
        if let Some(document) = case.deviation {
            writeln!(to, "  deviation   expected is what kernels do; the documentation says: {document}")?;
        }
        if let Some(reason) = reason {
            writeln!(to, "  reason      {reason}")?;
        }
        self.write_difference(to, case, record)?;
        writeln!(to, "  explain     nsconform explain {}", case.id)?;
        writeln!(to, "  rerun       nsconform run --exact {}\n", case.id)
    }

    fn write_listed(&self, to: &mut dyn Write, case: &Case, record: &Record, reason: &str) -> io::Result<()> {
        let known = matches!(record.verdict, Verdict::Known { .. });
        let word = if known { "KNOWN" } else { "UNEXPECTED PASS" };
        writeln!(to, "{} {}", paint(YELLOW.bold(), word), paint(BOLD, case.id))?;
        writeln!(to, "  claim       {}", case.claim)?;
        writeln!(to, "  listed      {reason}")?;
        if known {
            self.write_difference(to, case, record)?;
        }
        writeln!(to)
    }

    fn write_difference(&self, to: &mut dyn Write, case: &Case, record: &Record) -> io::Result<()> {
        let observed = record.trace.join("\n");
        let Some(expected) = (self.approved)(case.id) else {
            writeln!(to, "  trace")?;
            return record.trace.iter().try_for_each(|line| writeln!(to, "      {line}"));
        };
        writeln!(to, "  trace       - expected, + observed; the first difference is marked with >")?;
        let mut differs = false;
        for (sign, line) in snapshot::difference(expected, &observed) {
            let mark = if sign != ' ' && !differs { '>' } else { ' ' };
            differs |= sign != ' ';
            let style = match sign {
                '-' => GREEN,
                '+' => RED,
                _ => Style::new(),
            };
            writeln!(to, "    {mark} {}", paint(style, &format!("{sign} {line}")))?;
        }
        Ok(())
    }

    fn write_deviations(&self, to: &mut dyn Write) -> io::Result<()> {
        let deviations: Vec<(&Case, &str)> = self
            .results
            .iter()
            .filter(|(_, record)| record.verdict == Verdict::Pass)
            .filter_map(|(case, _)| Some((*case, case.deviation?)))
            .collect();
        if deviations.is_empty() {
            return Ok(());
        }
        writeln!(
            to,
            "{}",
            paint(
                BOLD,
                "Documented deviations: this kernel does what kernels are known to do, not what is written"
            )
        )?;
        for (case, document) in deviations {
            writeln!(to, "  {}  {}", paint(YELLOW, case.id), paint(DIM, document))?;
        }
        writeln!(to)
    }

    /// The broken foundations, as the cause of everything that rests on them.
    fn write_not_judged(&self, to: &mut dyn Write) -> io::Result<()> {
        let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (case, record) in self.results {
            if let Verdict::NotJudged { reason } = &record.verdict {
                by_reason.entry(reason).or_default().push(case.id);
            }
        }
        for (reason, ids) in by_reason {
            let heading = paint(RED.bold(), "NOT JUDGED");
            writeln!(to, "{heading} {}: {reason}", count(ids.len(), "case"))?;
            writeln!(to, "  cases   {}\n", shortened(&ids))?;
        }
        Ok(())
    }

    fn write_skips(&self, to: &mut dyn Write) -> io::Result<()> {
        let mut by_reason: BTreeMap<&SkipReason, Vec<&str>> = BTreeMap::new();
        for (case, record) in self.results {
            if let Verdict::Skip { reason } = &record.verdict {
                by_reason.entry(reason).or_default().push(case.id);
            }
        }
        for (reason, ids) in by_reason {
            writeln!(
                to,
                "{} {}: {}",
                paint(YELLOW.bold(), "SKIP"),
                count(ids.len(), "case"),
                reason.missing()
            )?;
            writeln!(to, "  remedy  {}", reason.remedy())?;
            writeln!(to, "  cases   {}\n", shortened(&ids))?;
        }
        Ok(())
    }

    fn write_counts(&self, to: &mut dyn Write) -> io::Result<()> {
        let mut groups: Vec<(&str, Counts)> = Vec::new();
        for (case, record) in self.results {
            if groups.last().is_none_or(|(group, _)| *group != case.group()) {
                groups.push((case.group(), Counts::default()));
            }
            if let Some((_, counts)) = groups.last_mut() {
                counts.add(record, case.deviation.is_some());
            }
        }
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_header(["", "pass", "deviation", "fail", "known", "skip", "error", "timeout"]);
        for (group, counts) in groups {
            let passed = counts.pass + counts.unexpected;
            let numbers = [
                passed,
                counts.deviation,
                counts.fail,
                counts.known,
                counts.skip,
                counts.error,
                counts.timeout,
            ]
            .map(|number| if number == 0 { "·".to_string() } else { number.to_string() });
            table.add_row(std::iter::once(group.to_string()).chain(numbers));
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        writeln!(to, "{}\n", table.trim_fmt())
    }

    fn write_summary(&self, to: &mut dyn Write) -> io::Result<()> {
        let counts = self.counts();
        let (style, word) = match counts.exit_status() {
            crate::ExitStatus::Success => (GREEN, "PASS"),
            crate::ExitStatus::NothingTested => (YELLOW, "NOTHING TESTED"),
            _ => (RED, "FAIL"),
        };
        let parts: Vec<String> = [
            (counts.pass, "passed"),
            (
                counts.deviation,
                if counts.deviation == 1 { "documented deviation" } else { "documented deviations" },
            ),
            (counts.unexpected, "passed unexpectedly"),
            (counts.fail, "failed"),
            (counts.known, "failed as known"),
            (counts.error, if counts.error == 1 { "error" } else { "errors" }),
            (counts.timeout, "timed out"),
            (counts.skip, "skipped"),
        ]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{number} {what}"))
        .collect();
        writeln!(
            to,
            "{} {} in {:.2} s: {}",
            paint(style.bold(), word),
            count(counts.total(), "case"),
            self.duration.as_secs_f64(),
            parts.join(", ")
        )
    }
}

/// The first few ids, and how many more.
fn shortened(ids: &[&str]) -> String {
    const SHOWN: usize = 6;
    let shown = ids.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    match ids.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown}, and {more} more"),
    }
}
