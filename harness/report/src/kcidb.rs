//! A submission to KernelCI: KCIDB I/O schema 5.3.
//!
//! A test hangs on a build, and a build on a checkout. Whoever submits may name either; without a
//! name they are made up from the release of the kernel and said in the submission. Expected
//! failures are an issue each, with an incident for each test; an unexpected pass is an incident
//! that is not present. KCIDB has no record for what was lost as a whole: a run that was cut off
//! has one test of status `MISS` for the path of all its cases.

use crate::document::{RunReport, Runs};
use crate::event::CaseResult;
use crate::run::RecordedRun;
use nsconform_suite::verdict::{Status, Term};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// A submission.
pub(crate) struct KcidbReport(pub(crate) Submitter);

/// Who submits what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitter {
    /// The name of the submitting system: lower-case letters, digits and underscores.
    pub origin: String,
    /// The id of a checkout that KCIDB has already.
    pub checkout: Option<String>,
    /// The id of a build that KCIDB has already.
    pub build: Option<String>,
}

impl Default for Submitter {
    fn default() -> Submitter {
        Submitter { origin: "nsconform".to_string(), checkout: None, build: None }
    }
}

/// The longest excerpt of a log that the schema takes, in characters.
const EXCERPT: usize = 16_384;

impl RunReport for KcidbReport {
    fn end(&mut self, runs: &Runs, to: &mut dyn Write) -> io::Result<()> {
        let submitter = &self.0;
        let mut checkouts: BTreeMap<String, Value> = BTreeMap::new();
        let mut builds: BTreeMap<String, Value> = BTreeMap::new();
        let (mut tests, mut issues, mut incidents) = (Vec::new(), BTreeMap::new(), Vec::new());
        for (number, run) in runs.runs.iter().enumerate() {
            let build = build(submitter, run, &mut checkouts, &mut builds);
            for result in run.in_order() {
                let test = test(submitter, number, run, result, &build);
                if let Some((issue, incident)) = expectation(submitter, result, &test) {
                    issues.insert(issue["id"].to_string(), issue);
                    incidents.push(incident);
                }
                tests.push(test);
            }
            if let Some(why) = &run.cut {
                tests.push(missed(submitter, number, run, why, &build));
            }
        }
        let list = |values: BTreeMap<String, Value>| values.into_values().collect::<Vec<_>>();
        let mut document = json!({ "version": { "major": 5, "minor": 3 } });
        for (name, values) in [
            ("checkouts", list(checkouts)),
            ("builds", list(builds)),
            ("tests", tests),
            ("issues", list(issues)),
            ("incidents", incidents),
        ] {
            if !values.is_empty() {
                document[name] = Value::from(values);
            }
        }
        serde_json::to_writer_pretty(&mut *to, &document)?;
        writeln!(to)
    }
}

/// The id of the build that a run tested; made up if nobody names one.
fn build(
    submitter: &Submitter,
    run: &RecordedRun,
    checkouts: &mut BTreeMap<String, Value>,
    builds: &mut BTreeMap<String, Value>,
) -> String {
    if let Some(build) = &submitter.build {
        return build.clone();
    }
    let machine = &run.start.machine;
    let origin = &submitter.origin;
    let checkout = submitter.checkout.clone().unwrap_or_else(|| {
        let id = format!("{origin}:{}", machine.kernel_release);
        checkouts.entry(id.clone()).or_insert_with(
            || json!({ "id": id, "origin": origin, "comment": format!("Linux {}", machine.kernel_release) }),
        );
        id
    });
    let id = format!("{origin}:{}-{}", machine.kernel_release, machine.architecture);
    builds.entry(id.clone()).or_insert_with(|| {
        json!({
            "id": id,
            "origin": origin,
            "checkout_id": checkout,
            "architecture": machine.architecture,
            "comment": machine.kernel_version,
        })
    });
    id
}

/// A name that no other run has.
fn run_name(number: usize, run: &RecordedRun) -> String {
    let started = run.start.started.clone().unwrap_or_else(|| number.to_string());
    let machine = &run.start.machine;
    format!("{}-{}-uid{}-{started}", machine.kernel_release, machine.architecture, machine.uid)
}

fn test(submitter: &Submitter, number: usize, run: &RecordedRun, result: &CaseResult, build: &str) -> Value {
    let mut test = json!({
        "id": format!("{}:{}-{}", submitter.origin, run_name(number, run), result.id),
        "origin": submitter.origin,
        "build_id": build,
        "path": format!("nsconform.{}", result.id),
        "status": status(result.status()),
        "duration": result.duration_us as f64 / 1e6,
        "environment": environment(run),
        "misc": {
            "verdict": result.status().key(),
            "claim": result.claim(),
            "sources": result.sources(),
        },
    });
    if let Some(reason) = result.verdict.reason() {
        test["comment"] = reason.into();
    }
    let trace = result.lines().join("\n");
    if !trace.is_empty() && !result.status().is_good() {
        test["log_excerpt"] = trace.chars().take(EXCERPT).collect::<String>().into();
    }
    with_start(test, run)
}

fn missed(submitter: &Submitter, number: usize, run: &RecordedRun, why: &str, build: &str) -> Value {
    let test = json!({
        "id": format!("{}:{}", submitter.origin, run_name(number, run)),
        "origin": submitter.origin,
        "build_id": build,
        "path": "nsconform",
        "status": "MISS",
        "comment": why,
        "environment": environment(run),
    });
    with_start(test, run)
}

fn with_start(mut test: Value, run: &RecordedRun) -> Value {
    if let Some(started) = &run.start.started {
        test["start_time"] = started.clone().into();
    }
    test
}

fn environment(run: &RecordedRun) -> Value {
    let machine = &run.start.machine;
    json!({
        "comment": machine.headline(),
        "misc": {
            "started_as": run.privilege(),
            "sealed_as": run.start.seal,
            "processors": machine.processors,
            "nsconform": run.start.nsconform,
        },
    })
}

fn status(status: Status) -> &'static str {
    match status.term() {
        Term::Pass | Term::UnexpectedPass => "PASS",
        Term::Fail | Term::ExpectedFailure => "FAIL",
        Term::Skip => "SKIP",
        Term::Timeout | Term::Error => "ERROR",
        Term::Miss => "MISS",
    }
}

/// The issue of a failure that is expected, and whether this test shows it.
fn expectation(submitter: &Submitter, result: &CaseResult, test: &Value) -> Option<(Value, Value)> {
    let present = match result.status().term() {
        Term::ExpectedFailure => true,
        Term::UnexpectedPass => false,
        _ => return None,
    };
    let id = format!("{}:{}", submitter.origin, result.id);
    let issue = json!({
        "id": id,
        "version": 1,
        "origin": submitter.origin,
        "culprit": { "code": true, "tool": false, "harness": false },
        "comment": result.verdict.reason(),
    });
    let test_id = test["id"].as_str().unwrap_or_default();
    let incident = json!({
        "id": format!("{test_id}-expected"),
        "origin": submitter.origin,
        "issue_id": id,
        "issue_version": 1,
        "test_id": test_id,
        "present": present,
    });
    Some((issue, incident))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::ReportFormat;
    use crate::testing::{document, made_up};

    fn submission(runs: Vec<RecordedRun>) -> Value {
        serde_json::from_str(&document(ReportFormat::Kcidb, runs)).unwrap()
    }

    #[test]
    fn verdicts_become_tests_issues_and_incidents() {
        let cases = [("uts.a", "pass"), ("uts.b", "known"), ("uts.c", "unexpected"), ("pid.a", "skip")];
        let read = submission(vec![made_up("6.1", &cases)]);
        let statuses: Vec<&str> =
            read["tests"].as_array().unwrap().iter().filter_map(|test| test["status"].as_str()).collect();
        assert_eq!(statuses, ["PASS", "FAIL", "PASS", "SKIP"]);
        assert_eq!(read["tests"][0]["path"], "nsconform.uts.a");
        assert_eq!(read["tests"][0]["build_id"], read["builds"][0]["id"]);
        assert_eq!(read["builds"][0]["checkout_id"], read["checkouts"][0]["id"]);
        assert_eq!(read["issues"].as_array().unwrap().len(), 2);
        assert_eq!(read["incidents"][0]["present"], true);
        assert_eq!(read["incidents"][1]["present"], false);
    }

    #[test]
    fn one_build_for_both_privileges_and_no_id_twice() {
        let mut user = made_up("6.1", &[("uts.a", "pass")]);
        user.start.machine.uid = 1000;
        let read = submission(vec![made_up("6.1", &[("uts.a", "pass")]), user]);
        assert_eq!(read["builds"].as_array().unwrap().len(), 1);
        assert_ne!(read["tests"][0]["id"], read["tests"][1]["id"]);
    }

    #[test]
    fn a_run_that_was_cut_off_is_a_miss() {
        let mut cut = made_up("6.1", &[("uts.a", "pass")]);
        cut.start.selected = 2;
        cut.close(false);
        assert_eq!(submission(vec![cut])["tests"][1]["status"], "MISS");
    }
}
