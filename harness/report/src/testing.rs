//! Helpers that the tests of this crate share: runs that are made up, and documents as text.

use crate::document::{Layout, ReportFormat, ReportOptions, Reporter, Verbosity};
use crate::event::{CaseResult, Description, RunEnd, RunStart, SCHEMA};
use crate::html::Textbook;
use crate::kcidb::Submitter;
use crate::run::RecordedRun;
use nsconform_suite::verdict::{SkipReason, Verdict};
use nsconform_sys::machine::Machine;
use std::collections::BTreeMap;

/// The lines of a trace, aligned as the engine does it.
pub(crate) fn aligned(trace: &[&str]) -> Vec<String> {
    let align = |line: &&str| {
        let (name, rest) = line.split_once("  ").unwrap();
        let (call, answer) = rest.rsplit_once(" = ").unwrap();
        format!("{name}  {call:40} = {answer}")
    };
    trace.iter().map(align).collect()
}

/// A machine of which only the kernel is known.
pub(crate) fn machine(release: &str) -> Machine {
    Machine {
        kernel_release: release.into(),
        kernel_version: String::new(),
        architecture: "x86_64".into(),
        processors: 1,
        uid: 0,
        capabilities: None,
        security_modules: None,
        sysctls: Default::default(),
        confinement: Default::default(),
    }
}

/// A run made up of ids and verdicts: `deviation` is a pass with one, `pass'` has another trace.
pub(crate) fn made_up(release: &str, cases: &[(&str, &str)]) -> RecordedRun {
    let results: BTreeMap<String, CaseResult> = cases
        .iter()
        .enumerate()
        .map(|(index, (id, word))| (id.to_string(), made_up_result(index, id, word)))
        .collect();
    RecordedRun {
        path: release.into(),
        start: RunStart {
            schema: SCHEMA,
            nsconform: "0.1.0".into(),
            machine: machine(release),
            seal: "privileged".into(),
            started: None,
            selected: cases.len(),
            shard: None,
        },
        end: Some(RunEnd {
            count: cases.len(),
            verdicts: results.values().map(CaseResult::status).collect(),
            duration_us: 1_500_000,
            failed_fast: false,
        }),
        cases: results,
        cut: None,
    }
}

fn made_up_result(index: usize, id: &str, word: &str) -> CaseResult {
    let reason = "as listed".to_string();
    let need = SkipReason::Need { need: "x".into(), found: "none".into(), remedy: "get one".into() };
    let verdict = match word.trim_end_matches('\'') {
        "pass" | "deviation" => Verdict::Pass,
        "unexpected" => Verdict::UnexpectedPass { reason },
        "fail" => Verdict::Fail,
        "known" => Verdict::Known { reason },
        "skip" if word.ends_with('\'') => Verdict::Skip { reason: need },
        "skip" => Verdict::Skip { reason: SkipReason::NotRoot },
        "error" => Verdict::Error { reason: "lost".into() },
        "timeout" => Verdict::Timeout { reason: "did not end within 2.0 s".into() },
        "not-judged" => Verdict::NotJudged { reason: "rests on pid.x".into() },
        other => panic!("no verdict {other}"),
    };
    let answer = if matches!(verdict, Verdict::Fail | Verdict::Known { .. }) { "-1 EPERM" } else { "0" };
    let end = if word.ends_with('\'') { "'" } else { "" };
    let approved = ["outer  getpid() = 2".to_string(), "outer  mount() = 0".to_string()].to_vec();
    let trace = vec!["outer  getpid() = 2".to_string(), format!("outer  mount() = {answer}{end}")];
    CaseResult {
        index,
        description: Some(Description {
            claim: format!("Claim of {id}."),
            sources: vec!["page(7), SECTION".into()],
            since: String::new(),
        }),
        deviation: (word == "deviation").then(|| "it says otherwise".to_string()),
        id: id.into(),
        expected: (trace != approved).then_some(approved),
        verdict,
        duration_us: 1,
        trace: Some(trace),
        trace_sha256: None,
    }
}

/// The usual options.
pub(crate) fn options() -> ReportOptions {
    ReportOptions {
        layout: Layout::Each,
        width: 100,
        verbosity: Verbosity::Usual,
        deviations: false,
        kcidb: Submitter::default(),
        textbook: Textbook::default,
    }
}

/// A document about these runs.
pub(crate) fn document(format: ReportFormat, runs: Vec<RecordedRun>) -> String {
    document_with(format, &options(), runs)
}

/// A document about these runs, without styles.
pub(crate) fn document_with(format: ReportFormat, options: &ReportOptions, runs: Vec<RecordedRun>) -> String {
    plain(|to| {
        let mut reporter = Reporter::new(format, options, Box::new(to));
        runs.into_iter().try_for_each(|run| reporter.run(run))?;
        reporter.finish().map(drop)
    })
}

/// The written text without styles: escape sequences that end with an m.
pub(crate) fn plain(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut written = Vec::new();
    write(&mut written).unwrap();
    let mut escaped = false;
    let shown = |letter: &char| {
        let was_escaped = escaped;
        escaped = *letter == '\x1b' || (escaped && *letter != 'm');
        !escaped && !was_escaped
    };
    String::from_utf8(written).unwrap().chars().filter(shown).collect()
}
