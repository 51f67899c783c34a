//! Gradings made by hand, and the documents that each format makes of them.
//!
//! The tests live in the modules beside this one; nothing is graded here.

use nsconform_grader::grading::*;
use nsconform_grader::report::{Format, Report};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::time::Duration;

pub fn failed() -> Finding {
    Finding::Failed(Mismatch {
        expected: "the host name outside stays \"stage\"".into(),
        observed: "it is \"lisboa\"".into(),
    })
}

pub fn stopped(limit: Limit) -> Finding {
    Finding::Stopped(Stop { limit, what: "after 2.0 s, while waiting for the end of the program".into() })
}

pub fn not_checked() -> Finding {
    Finding::NotChecked { prerequisite: "runs".into() }
}

pub fn unavailable() -> Finding {
    Finding::Unavailable { reason: "cgroup v2 is not mounted: mount it on /sys/fs/cgroup".into() }
}

pub fn error() -> Finding {
    Finding::Error { message: "fork gives EAGAIN (Resource temporarily unavailable)".into() }
}

pub fn check(id: &str, points: u32, finding: Finding) -> GradedCheck {
    let asked = match finding {
        Finding::NotChecked { .. } | Finding::Unavailable { .. } => vec![],
        _ => vec!["./demo_uts_namespaces lisboa".into(), "SIGTERM to the child".into()],
    };
    GradedCheck {
        id: id.into(),
        title: format!("What the check {id} is about"),
        points,
        visibility: Visibility::Visible,
        finding,
        asked,
        trace: vec!["child  uname()  = {nodename=\"lisboa\"}".into()],
        printed: "uts.nodename in child: lisboa\n".into(),
        hints: vec!["Which process changes the name?".into(), "clone(2), CLONE_NEWUTS".into()],
        duration: Duration::from_millis(20),
    }
}

pub fn grading(checks: Vec<GradedCheck>) -> Grading {
    Grading {
        assignment: "demo_uts_namespaces".into(),
        title: "UTS namespaces: a host name of one's own".into(),
        program: "./my demo".into(),
        seed: u64::MAX,
        planned: checks.len(),
        checks,
        notes: vec!["It waits for a byte on a pipe: a sleep would only make the order likely.".into()],
        guest: None,
        cgroup: false,
        broken: None,
        impossible: false,
        repeat: None,
        duration: Duration::from_millis(123),
    }
}

pub fn hide(mut check: GradedCheck) -> GradedCheck {
    check.visibility = Visibility::Hidden;
    check
}

/// The environment that Classroom 50's runner sets.
pub fn environment(name: &str) -> Option<String> {
    let value = match name {
        "CLASSROOM" => "os-2026",
        "ASSIGNMENT" => "uts",
        "SUBMISSION_TAG" => "submit/2026-06-01T14-32-05Z-a1b2c3d",
        "OWNER" | "USERNAME" => "alice",
        "COMMIT_URL" => "https://git.example/alice/commit/a1b2c3d",
        "RELEASE_URL" => "https://git.example/alice/releases/1",
        "GITHUB_ACTOR" => "bob",
        "GITHUB_ACTOR_ID" => "222",
        _ => return None,
    };
    Some(value.to_string())
}

pub fn report(format: Format, staff: bool, hints: usize) -> Report {
    Report::new(format, staff, hints, 80, &environment).unwrap()
}

pub fn document(format: Format, grading: &Grading) -> String {
    report(format, false, 0).document(grading).unwrap().unwrap()
}

pub fn json(format: Format, grading: &Grading) -> Value {
    serde_json::from_str(&document(format, grading)).unwrap()
}

pub fn validator(format: Format) -> jsonschema::Validator {
    let name = match format {
        Format::Json => "grading",
        format => format.name(),
    };
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../fixtures/schemas/{name}.schema.json"));
    let schema: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

/// The violations of a schema; none for a valid document.
pub fn faults(format: Format, document: &Value) -> Vec<String> {
    validator(format)
        .iter_errors(document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

/// Gradings of every kind that a consumer can meet.
pub fn gradings() -> Vec<(&'static str, Grading)> {
    let passed = || check("runs", 3, Finding::Passed);
    let mut partial = grading(vec![passed()]);
    partial.planned = 5;
    let mut nothing_yet = grading(vec![]);
    nothing_yet.planned = 5;
    let mut broken = grading(vec![passed(), check("other", 2, failed())]);
    broken.planned = 5;
    broken.broken = Some("the stage could not be built: clone gives EPERM".into());
    let mut hostile = check("runs", 3, failed());
    hostile.printed = "\x1b[2J\u{202e}<script>\u{0}]]>&\u{ffff}é".repeat(4000);
    hostile.title = "é".repeat(200);
    vec![
        ("full marks", grading(vec![passed(), check("informs", 0, Finding::Passed)])),
        ("failed", grading(vec![passed(), check("isolated", 4, failed())])),
        ("failed, informational", grading(vec![passed(), check("informs", 0, failed())])),
        ("stopped", grading(vec![passed(), check("ends", 2, stopped(Limit::Time))])),
        (
            "nothing runs",
            grading(vec![check("runs", 3, stopped(Limit::Memory)), check("other", 2, not_checked())]),
        ),
        ("not checked", grading(vec![check("runs", 3, failed()), check("other", 2, not_checked())])),
        ("unavailable", grading(vec![passed(), check("other", 2, unavailable())])),
        ("all unavailable", grading(vec![check("runs", 3, unavailable())])),
        ("error", grading(vec![passed(), check("other", 2, error())])),
        ("hidden", grading(vec![passed(), hide(check("other", 2, failed()))])),
        ("all hidden", grading(vec![hide(passed())])),
        ("partial", partial),
        ("nothing yet", nothing_yet),
        ("broken", broken),
        ("hostile", grading(vec![hostile])),
    ]
}
