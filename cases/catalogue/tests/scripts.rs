//! Approved traces are scripts: each is read and printed again to the same text, and played as a
//! written script it gives the trace that the case itself gives on the same kernel.
//!
//! The runs come first, before any thread exists; the trials then compare, as in `cases`.

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use nsconform_catalogue::scripts::{NOT_SHOWN, written};
use nsconform_catalogue::{approved, catalogue, claims};
use nsconform_lab::fold::{fold, unfold};
use nsconform_lab::job::{Finish, Job};
use nsconform_lab::script::{Script, Step};
use nsconform_suite::case::Case;
use nsconform_suite::runner::{JobResult, Role, Runner, Setup};
use nsconform_suite::snapshot;
use nsconform_sys::single_threaded::SingleThreaded;
use std::collections::HashMap;
use std::process::ExitCode;

fn main() -> ExitCode {
    nsconform_lab::actor::continue_if_asked();
    let arguments = Arguments::from_args();
    let (skipped, mut runs) = if arguments.list { Default::default() } else { run_selected(&arguments) };
    let mut trials: Vec<Trial> = catalogue()
        .iter()
        .map(|case| {
            let reason = skipped.get(case.id).cloned();
            let run = runs.remove(case.id);
            Trial::ignorable_test(played(case), move || same_trace(reason, run))
        })
        .collect();
    trials.extend(catalogue().iter().map(|case| Trial::test(read(case), || same_text(case))));
    trials.push(Trial::test("nothing-is-left-in-the-list-of-what-traces-do-not-show", list_is_needed));
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn played(case: &Case) -> String {
    format!("played {}", case.id)
}

fn read(case: &Case) -> String {
    format!("read {}", case.id)
}

/// The run of a case and that of its trace as a script; or why that is no script.
type Pair = Result<(Option<JobResult>, Option<JobResult>), String>;

/// Plays the selected cases and their traces; gives why some cannot be run here, and the runs.
fn run_selected(arguments: &Arguments) -> (HashMap<&'static str, String>, HashMap<&'static str, Pair>) {
    let single = SingleThreaded::prove().expect("no thread is started before the cases are run");
    let mut runner = Runner::start(&single, claims(), Setup::default()).expect("the fork server starts");
    let is_selected = |case: &Case| !arguments.is_filtered_out(&Trial::test(played(case), || Ok(())));
    let selected: Vec<usize> =
        (0..catalogue().len()).filter(|index| is_selected(catalogue()[*index])).collect();
    let (skipped, runnable) = runner.split_runnable(&selected);
    let skipped = skipped
        .into_iter()
        .map(|(index, reason)| (catalogue()[index].id, reason.reason().unwrap_or_default()));
    let mut pairs = HashMap::new();
    let mut jobs: Vec<Job> = Vec::new();
    for index in runnable {
        let case = catalogue()[index];
        let pair = script(case).map(|script| {
            jobs.push(runner.job(Role::Case(index)));
            jobs.push(runner.written_job(script));
            (None, None)
        });
        pairs.insert(case.id, pair);
    }
    let ids: Vec<&str> =
        catalogue().iter().map(|case| case.id).filter(|id| matches!(pairs.get(id), Some(Ok(_)))).collect();
    runner.run_jobs(&jobs, &mut |job, run| {
        if let Some(Ok((of_case, of_script))) = pairs.get_mut(ids[job / 2]) {
            *(if job % 2 == 0 { of_case } else { of_script }) = Some(run);
        }
    });
    (skipped.collect(), pairs)
}

/// The approved trace of a case as a script.
fn script(case: &Case) -> Result<Script, String> {
    let text = written(case, approved(case.id).ok_or("there is no approved trace")?.lines());
    text.parse().map_err(|error| format!("{error}\n{text}"))
}

fn same_trace(skipped: Option<String>, run: Option<Pair>) -> Result<Completion, Failed> {
    if let Some(reason) = skipped {
        return Ok(Completion::ignored_with(reason));
    }
    let (Some(case), Some(script)) = run.ok_or("the case was not run")?? else {
        return Err("a run is missing".into());
    };
    let (expected, observed) = (case.trace.text(), script.trace.text());
    if script.finish == Finish::Ended && snapshot::agrees(&expected, &observed) {
        return Ok(Completion::Completed);
    }
    let difference: String = snapshot::difference(&expected, &observed)
        .into_iter()
        .map(|(sign, line)| format!("{sign} {line}\n"))
        .collect();
    Err(format!("{:?}\n{difference}", script.finish).into())
}

/// Each call of an approved trace is read and printed again to the same text, and so is the script.
fn same_text(case: &Case) -> Result<(), Failed> {
    let text = approved(case.id).ok_or("there is no approved trace")?;
    let script: Script = text.parse().map_err(|error| format!("{error}\n{text}"))?;
    let calls = script.steps.iter().filter_map(|step| match step {
        Step::Call { process, call, .. } => Some((process, call.to_string())),
        _ => None,
    });
    let lines: Vec<&str> = unfold(text)?.into_iter().map(|(_, line)| line).collect();
    let folded = fold(lines.iter().map(|line| line.to_string()).collect());
    if folded.iter().map(String::as_str).ne(text.trim_end().lines()) {
        return Err(format!("unfolded and folded again this is\n{}", folded.join("\n")).into());
    }
    let lines: Vec<&str> =
        lines.into_iter().filter(|line| !line.starts_with('#') && !line.contains("  <... ")).collect();
    if lines.len() != calls.clone().count() {
        return Err(format!("{} calls are read of {} lines", calls.count(), lines.len()).into());
    }
    for ((process, call), line) in calls.zip(lines) {
        let rest = line.strip_prefix(process.as_str()).map(str::trim_start);
        let rest = rest.and_then(|line| line.strip_prefix(&call)).map(str::trim_start);
        if !rest.is_some_and(|rest| rest.starts_with(['=', '<'])) {
            return Err(format!("{line}\nis read as\n{call}").into());
        }
    }
    let printed = script.to_string();
    match printed.parse::<Script>() {
        Ok(again) if again == script => Ok(()),
        Ok(_) => Err(format!("another script is read from what is printed:\n{printed}").into()),
        Err(error) => Err(format!("what is printed cannot be read: {error}\n{printed}").into()),
    }
}

/// Every entry of the list is for a case and a process in its trace.
fn list_is_needed() -> Result<(), Failed> {
    for (id, process, _) in NOT_SHOWN {
        let trace = approved(id).ok_or_else(|| format!("{id} has no approved trace"))?;
        if !trace.lines().any(|line| line.starts_with(&format!("{process}  "))) {
            return Err(format!("{id} has no process {process}").into());
        }
    }
    Ok(())
}
