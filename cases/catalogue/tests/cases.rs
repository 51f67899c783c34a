//! `cargo test`: every case as a trial of libtest-mimic, its trace checked by insta.
//!
//! The selected cases run first, in nsconform's own runner, before any thread exists; the trials
//! then hand out what was found. So the whole libtest command line works (`cargo test pid.`,
//! `--list`, `--exact`, under cargo-nextest too) and every skip carries its reason.

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use nsconform_catalogue::{approved, catalogue, claims, known};
use nsconform_suite::runner::{Runner, Setup};
use nsconform_suite::snapshot;
use nsconform_suite::verdict::{Record, Verdict};
use nsconform_sys::machine::Machine;
use nsconform_sys::single_threaded::SingleThreaded;
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    nsconform_lab::actor::continue_if_asked();
    // SAFETY: no thread exists yet. insta must neither ask cargo for the workspace nor print:
    // the difference belongs into the failure message.
    unsafe {
        std::env::set_var(
            "INSTA_WORKSPACE_ROOT",
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap(),
        );
        std::env::set_var("INSTA_OUTPUT", "none");
    }
    let arguments = Arguments::from_args();
    let mut records = if arguments.list { HashMap::new() } else { run_selected(&arguments) };
    let trials = catalogue()
        .iter()
        .map(|case| {
            let record = records.remove(case.id);
            let check = move || check(case, record);
            Trial::ignorable_test(case.id, check)
        })
        .collect();
    std::panic::set_hook(Box::new(|_| {}));
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn run_selected(arguments: &Arguments) -> HashMap<String, Record> {
    let single = SingleThreaded::prove().expect("no thread is started before the cases are run");
    let mut runner = Runner::start(&single, claims(), Setup::default()).expect("the fork server starts");
    let selected: Vec<usize> = (0..catalogue().len())
        .filter(|index| {
            let trial = Trial::test(catalogue()[*index].id, || Ok(()));
            !arguments.is_filtered_out(&trial)
        })
        .collect();
    let mut records = HashMap::new();
    runner.run_cases(&selected, &known(&Machine::look()), &mut |_, record| {
        records.insert(record.id.clone(), record);
    });
    records
}

fn check(case: &nsconform_suite::case::Case, record: Option<Record>) -> Result<Completion, Failed> {
    let record = record.ok_or("the case was not run")?;
    let observed: String = record.trace.iter().map(|line| format!("{line}\n")).collect();
    match &record.verdict {
        Verdict::Skip { reason } => {
            return Ok(Completion::ignored_with(format!("{} ({})", reason.missing(), reason.remedy())));
        }
        Verdict::Known { reason } => {
            return Ok(Completion::ignored_with(format!("fails on this kernel as is known: {reason}")));
        }
        Verdict::Timeout { reason } | Verdict::NotJudged { reason } => {
            return Err(format!("{reason}\n{observed}").into());
        }
        Verdict::Error { reason } if approved(case.id).is_some() => {
            return Err(format!("{reason}\n{observed}").into());
        }
        Verdict::Error { .. } | Verdict::Pass | Verdict::UnexpectedPass { .. } | Verdict::Fail => {}
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots").join(case.group()));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_description(case.claim);
    let same = std::panic::catch_unwind(AssertUnwindSafe(|| {
        settings.bind(|| insta::assert_snapshot!(case.id, observed))
    }));
    if same.is_ok() {
        return Ok(Completion::Completed);
    }
    let difference: String = snapshot::difference(approved(case.id).unwrap_or(""), &observed)
        .into_iter()
        .map(|(sign, line)| format!("{sign} {line}\n"))
        .collect();
    Err(format!("{}\n{difference}approve a change with `cargo insta review`", case.claim).into())
}
