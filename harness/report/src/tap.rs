//! The Test Anything Protocol, version 14: one point for each case, and a YAML block for whatever
//! is not as it should be, in that part of YAML which parsers of TAP read. A run that was cut off bails out.

use crate::document::{RunReport, Runs};
use crate::event::CaseResult;
use nsconform_suite::snapshot;
use nsconform_suite::verdict::Term;
use std::io::{self, Write};

/// A TAP document.
pub(crate) struct TapReport;

impl RunReport for TapReport {
    fn end(&mut self, runs: &Runs, to: &mut dyn Write) -> io::Result<()> {
        let points: usize = runs.runs.iter().map(|run| run.cases.len() + run.missing()).sum();
        writeln!(to, "TAP version 14")?;
        if points == 0 {
            writeln!(to, "1..0 # SKIP nothing was run")?;
        } else {
            writeln!(to, "1..{points}")?;
        }
        let mut number = 0;
        for run in &runs.runs {
            let start = &run.start;
            writeln!(to, "# nsconform {} on {}", start.nsconform, line(&start.machine.headline()))?;
            let prefix = if runs.runs.len() > 1 { format!("{}: ", run.label()) } else { String::new() };
            for result in run.in_order() {
                number += 1;
                write_point(result, number, &prefix, to)?;
            }
        }
        // It ends the stream, so that it stands behind everything that is there.
        let mut reasons = runs.runs.iter().filter_map(|run| Some((run.label(), run.cut.clone()?)));
        let lost = runs.lost.iter().map(|lost| (lost.name.clone(), lost.why.clone()));
        match reasons.next().or_else(|| lost.into_iter().next()) {
            Some((name, why)) => writeln!(to, "Bail out! {}: {}", line(&name), line(&why)),
            None => Ok(()),
        }
    }
}

fn write_point(result: &CaseResult, number: usize, prefix: &str, to: &mut dyn Write) -> io::Result<()> {
    let reason = escaped(&result.verdict.reason().unwrap_or_default());
    let (ok, directive) = match result.status().term() {
        Term::Pass | Term::Miss => ("ok", String::new()),
        Term::Fail | Term::Timeout | Term::Error => ("not ok", String::new()),
        Term::ExpectedFailure => ("not ok", format!(" # TODO {reason}")),
        Term::UnexpectedPass => ("ok", format!(" # TODO {reason}")),
        Term::Skip => ("ok", format!(" # SKIP {reason}")),
    };
    writeln!(to, "{ok} {number} - {}{}{directive}", escaped(prefix), escaped(&result.id))?;
    if ok == "ok" { Ok(()) } else { write_details(result, to) }
}

fn write_details(result: &CaseResult, to: &mut dyn Write) -> io::Result<()> {
    // A JSON string is a YAML string, whatever it holds.
    let string = |text: &str| serde_json::Value::from(text).to_string();
    writeln!(to, "  ---\n  verdict: {}", result.verdict.status(false).key())?;
    writeln!(to, "  claim: {}", string(result.claim()))?;
    if let Some(reason) = result.verdict.reason() {
        writeln!(to, "  reason: {}", string(&reason))?;
    }
    let mut list = |name: &str, lines: &mut dyn Iterator<Item = String>| {
        let mut lines = lines.peekable();
        if lines.peek().is_some() {
            writeln!(to, "  {name}:")?;
        }
        lines.try_for_each(|line| writeln!(to, "    - {}", string(&line)))
    };
    list("documented", &mut result.sources().iter().cloned())?;
    let observed = result.lines();
    match &result.expected {
        Some(expected) => {
            let difference = snapshot::difference(&expected.join("\n"), &observed.join("\n"));
            list("difference", &mut difference.into_iter().map(|(sign, line)| format!("{sign} {line}")))?;
        }
        None => list("trace", &mut observed.iter().cloned())?,
    }
    writeln!(to, "  ...")
}

/// A text of one line.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text of one line with the signs escaped that begin a directive.
fn escaped(text: &str) -> String {
    let end = if text.ends_with(' ') { " " } else { "" };
    line(text).replace('\\', "\\\\").replace('#', "\\#") + end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::ReportFormat;
    use crate::testing::{document, made_up};

    #[test]
    fn each_verdict_has_its_point() {
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
            ],
        );
        insta::assert_snapshot!(document(ReportFormat::Tap, vec![run]));
    }

    #[test]
    fn a_run_that_was_cut_off_bails_out_behind_what_is_there() {
        let mut cut = made_up("7.0", &[("uts.a", "pass")]);
        cut.start.selected = 3;
        cut.close(false);
        let text = document(ReportFormat::Tap, vec![cut]);
        assert!(text.contains("\n1..3\n"), "{text}");
        assert!(text.ends_with("Bail out! 7.0 as root: it holds 1 of 3 records\n"), "{text}");
    }

    #[test]
    fn an_empty_run_has_an_empty_plan() {
        assert_eq!(document(ReportFormat::Tap, vec![]), "TAP version 14\n1..0 # SKIP nothing was run\n");
    }

    #[test]
    fn signs_of_the_protocol_are_escaped() {
        assert_eq!(escaped("a\n#1 \\"), "a \\#1 \\\\");
    }
}
