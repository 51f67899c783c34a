//! JUnit XML as GitLab and Jenkins read it: a suite for each namespace of each run, with the
//! kernel and the privileges as its properties.
//!
//! Expected failures and skips are `skipped`, so that a pipeline with nothing new is green. A
//! `failure` is a fault of the kernel, an `error` one of the harness. Characters
//! that XML forbids are left out by the crate that writes it.

use crate::document::{RunReport, Runs};
use crate::event::CaseResult;
use crate::run::RecordedRun;
use crate::style::count;
use nsconform_suite::snapshot;
use nsconform_suite::verdict::Term;
use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};
use std::io::{self, Write};
use std::time::Duration;

/// A JUnit document.
pub(crate) struct JunitReport;

impl RunReport for JunitReport {
    fn end(&mut self, runs: &Runs, to: &mut dyn Write) -> io::Result<()> {
        let mut report = Report::new("nsconform");
        let several = runs.runs.len() > 1;
        report.set_time(Duration::from_micros(runs.runs.iter().map(RecordedRun::duration_us).sum()));
        for run in &runs.runs {
            for (group, results) in run.groups() {
                let name = if several { format!("{} {group}", run.label()) } else { group.to_string() };
                let mut suite = suite(&name, run);
                // The approved traces are what a reader opens first. The schema of Jenkins knows the
                // attribute for suites alone.
                suite.extra.insert("file".into(), format!("cases/catalogue/snapshots/{group}").into());
                suite.add_test_cases(results.into_iter().map(|result| test_case(result, run, several)));
                report.add_test_suite(suite);
            }
            if let Some(why) = &run.cut {
                let text = format!("{} without a record: {why}", count(run.missing(), "case"));
                report.add_test_suite(lost(&run.label(), &text));
            }
        }
        for kernel in &runs.lost {
            report.add_test_suite(lost(&kernel.name, &kernel.why));
        }
        let text = report.to_string().map_err(io::Error::other)?;
        to.write_all(without_skipped_in_total(&text).as_bytes())
    }
}

/// The schema of Jenkins knows no attribute `skipped` of the outermost element.
fn without_skipped_in_total(text: &str) -> String {
    let within = |end: usize| {
        let from = text[..end].find(" skipped=\"")?;
        let length = text[from + " skipped=\"".len()..end].find('"')? + " skipped=\"\"".len();
        Some(format!("{}{}", &text[..from], &text[from + length..]))
    };
    let end = text.find("<testsuites").and_then(|start| Some(start + text[start..].find('>')?));
    end.and_then(within).unwrap_or_else(|| text.to_string())
}

fn suite(name: &str, run: &RecordedRun) -> TestSuite {
    let mut suite = TestSuite::new(name);
    let machine = &run.start.machine;
    for (name, value) in [
        ("kernel", machine.kernel_release.as_str()),
        ("architecture", &machine.architecture),
        ("started as", &run.privilege()),
        ("sealed as", &run.start.seal),
        ("nsconform", &run.start.nsconform),
    ] {
        suite.add_property(Property::new(name, value));
    }
    suite
}

/// A suite that stands for everything that was lost of a kernel.
fn lost(name: &str, why: &str) -> TestSuite {
    let mut suite = TestSuite::new(format!("{name} lost"));
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_message(why).set_type("harness");
    let mut case = TestCase::new("every case has a record", status);
    case.set_classname("nsconform");
    suite.add_test_case(case);
    suite
}

fn test_case(result: &CaseResult, run: &RecordedRun, several: bool) -> TestCase {
    let reason = result.verdict.reason().unwrap_or_default();
    let non_success = |kind, of: &str, message: &str| {
        let mut status = TestCaseStatus::non_success(kind);
        status.set_message(message).set_type(of).set_description(story(result));
        status
    };
    let skipped = |of: &str, message: &str| {
        let mut status = TestCaseStatus::skipped();
        status.set_message(message).set_type(of);
        status
    };
    let status = match result.status().term() {
        Term::Pass | Term::Miss => TestCaseStatus::success(),
        Term::Fail => non_success(NonSuccessKind::Failure, "fail", result.claim()),
        Term::UnexpectedPass => {
            let message = format!("passes although a failure is expected: {reason}");
            non_success(NonSuccessKind::Failure, "unexpected-pass", &message)
        }
        Term::ExpectedFailure => skipped("expected-failure", &format!("expected failure: {reason}")),
        Term::Skip => skipped("skip", &reason),
        Term::Timeout => non_success(NonSuccessKind::Error, "timeout", &reason),
        Term::Error => non_success(NonSuccessKind::Error, result.status().key(), &reason),
    };
    let mut case = TestCase::new(&*result.id, status);
    let class = if several { format!("nsconform.{}", run.label()) } else { "nsconform".to_string() };
    case.set_classname(format!("{class}.{}", result.group()));
    case.set_time(Duration::from_micros(result.duration_us));
    case
}

/// Expectation and observation, as lines.
fn story(result: &CaseResult) -> String {
    let mut lines = vec![result.claim().to_string()];
    lines.extend(result.sources().iter().map(|source| format!("documented in {source}")));
    let observed = result.lines();
    match &result.expected {
        Some(expected) => {
            lines.push("- expected, + observed:".to_string());
            let difference = snapshot::difference(&expected.join("\n"), &observed.join("\n"));
            lines.extend(difference.into_iter().map(|(sign, line)| format!("{sign} {line}")));
        }
        None => lines.extend(observed.iter().cloned()),
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use crate::document::ReportFormat;
    use crate::testing::{document, made_up};

    #[test]
    fn each_verdict_has_its_element() {
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
        insta::assert_snapshot!(document(ReportFormat::Junit, vec![run]));
    }

    #[test]
    fn records_that_are_missing_are_an_error() {
        let mut cut = made_up("7.0", &[("uts.a", "pass")]);
        cut.start.selected = 3;
        cut.close(false);
        let text = document(ReportFormat::Junit, vec![cut]);
        assert!(text.contains(r#"<error message="2 cases without a record"#), "{text}");
        assert!(text.contains(r#"errors="1""#), "{text}");
    }
}
