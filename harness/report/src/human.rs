//! The report for people: every failure in full, skips by reason, counts by namespace, and one
//! line that sums up. Several runs side by side are a matrix, which lives in `table`.

use crate::document::{Layout, ReportOptions, RunReport, Runs, Verbosity};
use crate::event::CaseResult;
use crate::run::RecordedRun;
use crate::style::{self, BOLD, GREEN, RED, YELLOW, count, paint, write_field};
use crate::table::{Matrix, kernels};
use comfy_table::{CellAlignment, Table, presets};
use nsconform_suite::snapshot;
use nsconform_suite::verdict::{ExitStatus, SkipReason, Status, Verdict};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// A report for a terminal.
pub(crate) struct HumanReport(pub(crate) ReportOptions);

impl RunReport for HumanReport {
    fn end(&mut self, runs: &Runs, to: &mut dyn Write) -> io::Result<()> {
        match self.0.layout {
            Layout::Each => runs.runs.iter().try_for_each(|run| RunPage { run, options: &self.0 }.write(to)),
            Layout::Matrix => write_matrix(runs, self.0.width, to),
        }
    }
}

fn write_matrix(runs: &Runs, width: usize, to: &mut dyn Write) -> io::Result<()> {
    let kernels = kernels(runs);
    for matrix in Matrix::of_kernels(&kernels) {
        matrix.write_human(width, to)?;
        writeln!(to)?;
    }
    match runs.took {
        Some(took) => {
            writeln!(to, "{} in {:.1} s", count(kernels.len(), "kernel"), took.as_secs_f64())
        }
        None => writeln!(to, "{} of {}", count(runs.runs.len(), "run"), count(kernels.len(), "kernel")),
    }
}

/// One run on paper.
struct RunPage<'r> {
    run: &'r RecordedRun,
    options: &'r ReportOptions,
}

impl RunPage<'_> {
    fn write(&self, to: &mut dyn Write) -> io::Result<()> {
        let start = &self.run.start;
        let results = self.run.in_order();
        let verbosity = self.options.verbosity;
        if verbosity > Verbosity::Quiet {
            writeln!(to, "nsconform {} on {}\n", start.nsconform, start.machine.headline())?;
        }
        if verbosity == Verbosity::Verbose {
            results.iter().try_for_each(|result| write_line(to, result))?;
            writeln!(to)?;
        }
        // Broken foundations come first: the rest may follow from them.
        self.write_not_judged(to, &results)?;
        for result in &results {
            match &result.verdict {
                Verdict::Fail | Verdict::Error { .. } | Verdict::Timeout { .. } => {
                    self.write_failure(to, result)?;
                }
                Verdict::Known { .. } | Verdict::UnexpectedPass { .. } if verbosity > Verbosity::Quiet => {
                    self.write_listed(to, result)?;
                }
                _ => {}
            }
        }
        if verbosity > Verbosity::Quiet {
            if self.options.deviations {
                self.write_deviations(to, &results)?;
            }
            self.write_skips(to, &results)?;
            self.write_counts(to)?;
            self.write_number_of_deviations(to)?;
        }
        self.write_summary(to)
    }

    fn field(&self, to: &mut dyn Write, label: &str, text: &str) -> io::Result<()> {
        write_field(to, self.options.width, &format!("  {label:<12}"), text)
    }

    fn write_failure(&self, to: &mut dyn Write, result: &CaseResult) -> io::Result<()> {
        self.write_head(to, result)?;
        for source in result.sources() {
            self.field(to, "documented", source)?;
        }
        if let Some(document) = &result.deviation {
            let text = format!("expected is what kernels do; the documentation says: {document}");
            self.field(to, "deviation", &text)?;
        }
        if let Some(reason) = result.verdict.reason() {
            self.field(to, "reason", &reason)?;
        }
        write_difference(to, result)?;
        writeln!(to, "  explain     nsconform explain {}", result.id)?;
        writeln!(to, "  rerun       nsconform run --exact {}\n", result.id)
    }

    fn write_listed(&self, to: &mut dyn Write, result: &CaseResult) -> io::Result<()> {
        self.write_head(to, result)?;
        self.field(to, "listed", &result.verdict.reason().unwrap_or_default())?;
        if result.status() == Status::Known {
            write_difference(to, result)?;
        }
        writeln!(to)
    }

    fn write_head(&self, to: &mut dyn Write, result: &CaseResult) -> io::Result<()> {
        let word = result.verdict.word().to_uppercase();
        writeln!(to, "{} {}", paint(style::of(result.status()).bold(), &word), paint(BOLD, &result.id))?;
        self.field(to, "claim", result.claim())
    }

    /// Cases that rest on a broken rule, by that rule.
    fn write_not_judged(&self, to: &mut dyn Write, results: &[&CaseResult]) -> io::Result<()> {
        let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for result in results {
            if let Verdict::NotJudged { reason } = &result.verdict {
                by_reason.entry(reason).or_default().push(&result.id);
            }
        }
        for (reason, ids) in by_reason {
            let word = paint(style::of(Status::NotJudged), "NOT JUDGED");
            write_field(
                to,
                self.options.width,
                &format!("{word} "),
                &format!("{}: {reason}", count(ids.len(), "case")),
            )?;
            self.field(to, "cases", &shortened(&ids))?;
            writeln!(to)?;
        }
        Ok(())
    }

    fn write_deviations(&self, to: &mut dyn Write, results: &[&CaseResult]) -> io::Result<()> {
        for result in results.iter().filter(|result| result.status() == Status::Deviation) {
            let word = paint(style::of(Status::Deviation).bold(), "DEVIATION");
            writeln!(to, "{word} {}", paint(BOLD, &result.id))?;
            let page = result.sources().first().map_or(String::new(), |source| format!(" ({source})"));
            let written = result.deviation.as_deref().unwrap_or_default();
            self.field(to, "written", &format!("{written}{page}"))?;
            self.field(to, "kernels do", result.claim())?;
            writeln!(to)?;
        }
        Ok(())
    }

    fn write_number_of_deviations(&self, to: &mut dyn Write) -> io::Result<()> {
        let number = self.run.counts().of(Status::Deviation);
        if number == 0 || self.options.deviations {
            return Ok(());
        }
        let text = format!(
            "{}: the kernel does what kernels are known to do, not what is written; --deviations tells which",
            Status::Deviation.summed(number)
        );
        write_field(to, self.options.width, "", &text)?;
        writeln!(to)
    }

    fn write_skips(&self, to: &mut dyn Write, results: &[&CaseResult]) -> io::Result<()> {
        let mut by_reason: BTreeMap<&SkipReason, Vec<&str>> = BTreeMap::new();
        for result in results {
            if let Verdict::Skip { reason } = &result.verdict {
                by_reason.entry(reason).or_default().push(&result.id);
            }
        }
        for (reason, ids) in by_reason {
            let text = format!("{}: {}", count(ids.len(), "case"), reason.missing());
            let label = paint(YELLOW.bold(), "SKIP");
            write_field(to, self.options.width, &format!("{label} "), &text)?;
            self.field(to, "remedy", reason.remedy())?;
            self.field(to, "cases", &shortened(&ids))?;
            writeln!(to)?;
        }
        Ok(())
    }

    /// A row for each namespace, a column for each status that occurs.
    fn write_counts(&self, to: &mut dyn Write) -> io::Result<()> {
        const ALWAYS: [Status; 3] = [Status::Pass, Status::Fail, Status::Skip];
        let all = self.run.counts();
        let columns: Vec<Status> = Status::ALL
            .into_iter()
            .filter(|status| status.counted().is_some())
            .filter(|status| ALWAYS.contains(status) || all.of(*status) > 0)
            .collect();
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_header(std::iter::once("").chain(columns.iter().map(|status| status.word())));
        for (group, results) in self.run.groups() {
            let counts: crate::counts::Counts = results.iter().map(|result| result.status()).collect();
            let numbers = columns.iter().map(|status| match counts.of(*status) {
                0 => "·".to_string(),
                number => number.to_string(),
            });
            table.add_row(std::iter::once(group.to_string()).chain(numbers));
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        writeln!(to, "{}\n", table.trim_fmt())
    }

    fn write_summary(&self, to: &mut dyn Write) -> io::Result<()> {
        let counts = self.run.counts();
        let (style, word) = match counts.exit_status() {
            ExitStatus::Success => (GREEN, "PASS"),
            ExitStatus::NothingTested => (YELLOW, "NOTHING TESTED"),
            ExitStatus::CaseFailed | ExitStatus::HarnessFailed | ExitStatus::Usage => (RED, "FAIL"),
        };
        let mut parts = vec![format!("{} of {} passed", counts.good(), count(counts.total(), "case"))];
        for status in [Status::Deviation, Status::UnexpectedPass].into_iter().filter(|s| counts.of(*s) > 0) {
            let number = counts.of(status);
            parts[0] += &match status {
                Status::Deviation => format!(" ({})", status.summed(number)),
                _ => format!(" ({number} unexpectedly)"),
            };
        }
        parts.extend(
            Status::ALL
                .into_iter()
                .filter(|status| !status.is_good() && counts.of(*status) > 0)
                .map(|status| status.summed(counts.of(status))),
        );
        if let Some(why) = &self.run.cut {
            write_field(to, self.options.width, "", &format!("The run was cut off: {why}"))?;
        }
        let seconds = self.run.duration_us() as f64 / 1e6;
        writeln!(to, "{} in {seconds:.2} s: {}", paint(style.bold(), word), parts.join(", "))
    }
}

/// A case as one line.
fn write_line(to: &mut dyn Write, result: &CaseResult) -> io::Result<()> {
    let status = result.status();
    let milliseconds = result.duration_us as f64 / 1e3;
    let word = paint(style::of(status), &format!("{:<16}", status.word()));
    writeln!(to, "{word} {milliseconds:>8.1} ms  {}", result.id)
}

fn write_difference(to: &mut dyn Write, result: &CaseResult) -> io::Result<()> {
    let Some(expected) = &result.expected else {
        writeln!(to, "  trace")?;
        return result.lines().iter().try_for_each(|line| writeln!(to, "      {line}"));
    };
    writeln!(to, "  trace       - expected, + observed; the first difference is marked with >")?;
    let mut differs = false;
    for (sign, line) in snapshot::difference(&expected.join("\n"), &result.lines().join("\n")) {
        let mark = if sign != ' ' && !differs { '>' } else { ' ' };
        differs |= sign != ' ';
        writeln!(to, "    {mark} {}", paint(style::of_sign(sign), &format!("{sign} {line}")))?;
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::ReportFormat;
    use crate::testing::{document_with, made_up, options};
    use rstest::rstest;

    const EACH: [(&str, &str); 9] = [
        ("uts.a", "pass"),
        ("uts.b", "fail"),
        ("uts.c", "known"),
        ("pid.a", "skip"),
        ("net.a", "unexpected"),
        ("net.b", "error"),
        ("net.c", "timeout"),
        ("net.d", "not-judged"),
        ("net.e", "deviation"),
    ];

    fn shown(options: &ReportOptions, cases: &[(&str, &str)]) -> String {
        document_with(ReportFormat::Human, options, vec![made_up("6.1", cases)])
    }

    #[test]
    fn each_verdict_is_told() {
        insta::assert_snapshot!(shown(&options(), &EACH));
    }

    #[test]
    fn deviations_are_told_in_full_if_asked_for() {
        let options = ReportOptions { deviations: true, ..options() };
        let text = shown(&options, &EACH);
        let expected = "\
DEVIATION net.e
  written     it says otherwise (page(7), SECTION)
  kernels do  Claim of net.e.
";
        assert!(text.contains(expected), "{text}");
        assert!(!text.contains("--deviations"), "{text}");
    }

    #[rstest]
    #[case::tested(&[("a.a", "pass"), ("a.b", "skip")], "PASS in 1.50 s: 1 of 2 cases passed, 1 skipped\n")]
    #[case::nothing(&[("a.b", "skip")], "NOTHING TESTED in 1.50 s: 0 of 1 case passed, 1 skipped\n")]
    #[case::deviation(
        &[("a.a", "pass"), ("a.b", "deviation")],
        "PASS in 1.50 s: 2 of 2 cases passed (1 documented deviation)\n"
    )]
    #[case::expected_failure(
        &[("a.a", "pass"), ("a.b", "known")],
        "PASS in 1.50 s: 1 of 2 cases passed, 1 failed as expected\n"
    )]
    fn the_last_line_counts_what_was_tested(#[case] cases: &[(&str, &str)], #[case] expected: &str) {
        let quiet = ReportOptions { verbosity: Verbosity::Quiet, ..options() };
        assert_eq!(shown(&quiet, cases), expected);
    }

    #[test]
    fn each_case_has_a_line_if_asked_for() {
        let verbose = ReportOptions { verbosity: Verbosity::Verbose, ..options() };
        let text = shown(&verbose, &[("a.a", "pass"), ("a.b", "skip")]);
        assert!(
            text.contains("\npass                  0.0 ms  a.a\nskip                  0.0 ms  a.b\n"),
            "{text}"
        );
    }

    #[test]
    fn a_run_that_ended_at_a_failure_is_a_failure_and_no_loss() {
        let mut fast = made_up("6.1", &[("a.a", "pass"), ("a.b", "fail")]);
        fast.start.selected = 30;
        fast.end.as_mut().unwrap().failed_fast = true;
        fast.close(false);
        assert_eq!(fast.counts().exit_status(), ExitStatus::CaseFailed);
        let text = document_with(ReportFormat::Human, &options(), vec![fast]);
        let expected = "\
The run was cut off: --fail-fast ended it at a failure; it holds 2 of 30 records
FAIL in 1.50 s: 1 of 2 cases passed, 1 failed
";
        assert!(text.ends_with(expected), "{text}");
    }

    #[test]
    fn a_run_that_was_cut_off_is_no_pass() {
        let mut cut = made_up("6.1", &[("a.a", "pass")]);
        cut.start.selected = 3;
        cut.end = None;
        cut.close(false);
        let text = document_with(ReportFormat::Human, &options(), vec![cut]);
        assert!(text.contains("FAIL in 0.00 s: 1 of 3 cases passed, 2 without a record\n"), "{text}");
        assert!(text.contains("The run was cut off: the line of type done is missing"), "{text}");
    }
}
