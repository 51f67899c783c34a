//! KTAP version 1, as Documentation/dev-tools/ktap.rst of the kernel has it: a block for each
//! namespace, and around it one for each run where there are several.
//!
//! Every skip has its reason, the plan of a block equals its results, and what happened stands in
//! diagnostic lines before the result that it belongs to. Records that are missing have no result
//! line, since nobody knows their names: a diagnostic line counts them, and the exit status of the
//! program is not 0.

use crate::document::{RunReport, Runs};
use crate::event::CaseResult;
use crate::run::RecordedRun;
use crate::style::count;
use nsconform_suite::snapshot;
use nsconform_suite::verdict::Term;
use std::io::{self, Write};

/// A KTAP document.
pub(crate) struct KtapReport;

/// The result of a block.
#[derive(Clone, Copy, PartialEq)]
enum Total {
    Ok,
    AllSkipped,
    NotOk,
}

impl RunReport for KtapReport {
    fn end(&mut self, runs: &Runs, to: &mut dyn Write) -> io::Result<()> {
        writeln!(to, "KTAP version 1")?;
        for lost in &runs.lost {
            writeln!(to, "# {}: {}", words(&lost.name), words(&lost.why))?;
        }
        match runs.runs.as_slice() {
            [run] => write_run(run, 0, to).map(drop),
            several => {
                writeln!(to, "1..{}", several.len())?;
                for (index, run) in several.iter().enumerate() {
                    let name = run.label();
                    writeln!(to, "  KTAP version 1\n  # Subtest: {}", words(&name))?;
                    let total = write_run(run, 1, to)?;
                    write_total(total, index + 1, &name, 0, to)?;
                }
                Ok(())
            }
        }
    }
}

fn write_run(run: &RecordedRun, depth: usize, to: &mut dyn Write) -> io::Result<Total> {
    let indent = "  ".repeat(depth);
    let start = &run.start;
    writeln!(to, "{indent}# nsconform {} on {}", start.nsconform, words(&start.machine.headline()))?;
    if let Some(why) = &run.cut {
        writeln!(to, "{indent}# {} without a record: {}", count(run.missing(), "case"), words(why))?;
    }
    let groups = run.groups();
    writeln!(to, "{indent}1..{}", groups.len())?;
    let mut totals = Vec::new();
    for (index, (group, results)) in groups.iter().enumerate() {
        writeln!(
            to,
            "{indent}  KTAP version 1\n{indent}  # Subtest: {group}\n{indent}  1..{}",
            results.len()
        )?;
        let mut within = Vec::new();
        for (index, result) in results.iter().enumerate() {
            within.push(write_case(result, index + 1, depth + 1, to)?);
        }
        let total = together(&within);
        write_total(total, index + 1, group, depth, to)?;
        totals.push(total);
    }
    if run.cut.is_some() {
        totals.push(Total::NotOk);
    }
    Ok(together(&totals))
}

/// A failed child fails its parent; a skipped one does not.
fn together(totals: &[Total]) -> Total {
    if totals.contains(&Total::NotOk) {
        Total::NotOk
    } else if totals.iter().all(|total| *total == Total::AllSkipped) {
        Total::AllSkipped
    } else {
        Total::Ok
    }
}

fn write_total(total: Total, number: usize, name: &str, depth: usize, to: &mut dyn Write) -> io::Result<()> {
    let (result, directive) = match total {
        Total::Ok => ("ok", ""),
        Total::AllSkipped => ("ok", " # SKIP every case is skipped"),
        Total::NotOk => ("not ok", ""),
    };
    writeln!(to, "{}{result} {number} {}{directive}", "  ".repeat(depth), words(name))
}

fn write_case(result: &CaseResult, number: usize, depth: usize, to: &mut dyn Write) -> io::Result<Total> {
    let indent = "  ".repeat(depth);
    let reason = words(&result.verdict.reason().unwrap_or_default());
    let (ok, directive, total) = match result.status().term() {
        Term::Pass | Term::Miss => ("ok", String::new(), Total::Ok),
        Term::Fail => ("not ok", String::new(), Total::NotOk),
        Term::ExpectedFailure => ("ok", format!(" # XFAIL {reason}"), Total::Ok),
        Term::UnexpectedPass => {
            writeln!(to, "{indent}# {} passes although a failure is expected: {reason}", result.id)?;
            ("not ok", String::new(), Total::NotOk)
        }
        Term::Skip => ("ok", format!(" # SKIP {reason}"), Total::AllSkipped),
        Term::Timeout => ("not ok", format!(" # TIMEOUT {reason}"), Total::NotOk),
        Term::Error => ("not ok", format!(" # ERROR {reason}"), Total::NotOk),
    };
    if total == Total::NotOk && result.status().term() != Term::UnexpectedPass {
        write_details(result, &indent, to)?;
    }
    writeln!(to, "{indent}{ok} {number} {}{directive}", result.id)?;
    Ok(total)
}

fn write_details(result: &CaseResult, indent: &str, to: &mut dyn Write) -> io::Result<()> {
    writeln!(to, "{indent}# {}: {}", result.id, result.claim())?;
    for source in result.sources() {
        writeln!(to, "{indent}# documented in {source}")?;
    }
    let observed = result.lines().join("\n");
    match &result.expected {
        Some(expected) => {
            for (sign, line) in snapshot::difference(&expected.join("\n"), &observed) {
                writeln!(to, "{indent}# {sign} {line}")?;
            }
        }
        None => result.lines().iter().try_for_each(|line| writeln!(to, "{indent}#   {line}"))?,
    }
    Ok(())
}

/// A text of one line without the sign that begins a directive.
fn words(text: &str) -> String {
    text.replace('#', "no. ").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use crate::document::ReportFormat;
    use crate::testing::{document, made_up};

    #[test]
    fn each_verdict_has_its_result_line() {
        let run = made_up(
            "6.1",
            &[
                ("uts.a", "pass"),
                ("uts.b", "fail"),
                ("uts.c", "known"),
                ("pid.a", "skip"),
                ("net.a", "unexpected"),
                ("net.b", "error"),
                ("net.c", "timeout"),
                ("net.d", "not-judged"),
                ("net.e", "deviation"),
            ],
        );
        insta::assert_snapshot!(document(ReportFormat::Ktap, vec![run]));
    }

    #[test]
    fn several_runs_are_blocks_of_their_own() {
        let mut cut = made_up("7.0", &[("uts.a", "pass")]);
        cut.start.selected = 3;
        cut.close(false);
        let text = document(ReportFormat::Ktap, vec![made_up("6.1", &[("uts.a", "pass")]), cut]);
        insta::assert_snapshot!(text);
    }
}
