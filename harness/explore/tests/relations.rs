//! The explorer on the running kernel: each relation holds and can fail, composing follows from the seed, and the
//! corpus is played.
//!
//! A trial forks, so all of them run in the first thread.

use libtest_mimic::{Arguments, Failed, Trial};
use nsconform_explore::explorer::area::Area;
use nsconform_explore::explorer::bulk::{Composed, ExploreSettings, Explorer};
use nsconform_explore::explorer::find::Oracle;
use nsconform_explore::explorer::generator::COMPOSER;
use nsconform_explore::explorer::relations::{Asked, Part, RELATIONS, Relation, asking, judge_all};
use nsconform_explore::replay::Replay;
use nsconform_lab::conduct::Conduct;
use nsconform_lab::conduct::injection::{Fault, Injection};
use nsconform_lab::job::Job;
use nsconform_lab::outcome::{Outcome, Value};
use nsconform_lab::script::Script;
use nsconform_lab::seal::Isolation;
use nsconform_suite::catalogue::Catalogue;
use nsconform_suite::runner::{DEADLINE, Runner, Setup};
use nsconform_sys::single_threaded::SingleThreaded;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

/// No cases: scripts are composed or written here.
fn catalogue() -> Catalogue {
    Catalogue {
        cases: &[],
        requirements: &[],
        bases: &[],
        implied: |_, _| Vec::new(),
        approved: |_| None,
        usual_duration: |_| None,
    }
}

fn runner() -> Result<Runner, Failed> {
    let single = SingleThreaded::prove().expect("trials run in the first thread");
    let setup = Setup { isolation: Isolation::Unprivileged, deadline_scale: 5.0, ..Setup::default() };
    let runner = Runner::start_with(&single, catalogue(), setup, &[COMPOSER])?;
    runner.mode().map(drop).map_err(|why| format!("no sealed place: {why}"))?;
    Ok(runner)
}

fn settings(area: Area) -> ExploreSettings {
    ExploreSettings {
        areas: vec![area],
        seed: 1,
        steps: 35,
        most_replays: 100,
        deadline: DEADLINE * 5,
        kernel: "here".into(),
    }
}

/// Asks a relation after a script.
fn ask(
    runner: &mut Runner,
    script: &Script,
    relation: &'static Relation,
    injection: Option<Injection>,
) -> Result<Asked, Failed> {
    let whole = asking(script, &[relation])?;
    let conduct = Conduct { injection, passes_over: true, ..Conduct::default() };
    let job = Job { conduct, ..runner.written_job(whole.clone()) };
    let mut asked = None;
    runner.run_jobs(&[job], &mut |_, run| {
        let replay = Replay::of(&whole, &run);
        asked = judge_all(&[relation], &replay, script.steps.len()).pop();
    });
    asked.ok_or_else(|| "the fork server has ended".into())
}

fn empty_tree() -> Value {
    Value::List(Vec::new())
}

fn a_mount() -> Value {
    let text = Value::text("/");
    Value::List(vec![Value::fields([
        ("at", text.clone()),
        ("on", Value::word("none")),
        ("root", text),
        ("options", Value::word("rw")),
        ("optional", empty_tree()),
        ("fstype", Value::word("tmpfs")),
    ])])
}

/// A relation holds after a plain script, and is broken where the answer of its last view is another one.
fn holds_and_can_fail(relation: &'static Relation) -> Result<(), Failed> {
    let mut runner = runner()?;
    let script: Script = "a  unshare(CLONE_NEWNS)".parse()?;
    let asked = ask(&mut runner, &script, relation, None)?;
    if asked != Asked::Holds {
        return Err(format!("on the running kernel: {asked:?}").into());
    }
    let other = match relation.parts.last() {
        Some(Part::Both(_)) => Value::fields([("first", a_mount()), ("second", empty_tree())]),
        _ => Value::word("something else"),
    };
    let call = (script.steps.len() + relation.parts.len() - 1) as u32;
    let injection = Injection { call, fault: Fault::Pretend(Outcome::Returned(other)) };
    match ask(&mut runner, &script, relation, Some(injection))? {
        Asked::Broken(_) => Ok(()),
        asked => Err(format!("with another answer: {asked:?}").into()),
    }
}

/// The least share of the steps of a script that the kernel accepts, in per cent.
fn least_accepted(area: Area) -> usize {
    if area == Area::Mnt { 85 } else { 75 }
}

/// The same seed composes the same script, and most of its steps are accepted.
fn composes(area: Area) -> Result<(), Failed> {
    let mut runner = runner()?;
    let mut explorer = Explorer::new(&mut runner, settings(area));
    let texts = |composed: Vec<Composed>| -> Vec<String> {
        composed.iter().map(|composed| composed.script.to_string()).collect()
    };
    let (one, two) = (texts(explorer.compose(0, 24)?), texts(explorer.compose(0, 24)?));
    if one != two {
        return Err("the same seed composes two scripts".into());
    }
    let tally = explorer.tally;
    let accepted = 100 * (tally.calls - tally.refused) / tally.calls.max(1);
    if tally.cut_off > 0 || tally.refused == 0 || accepted < least_accepted(area) {
        return Err(format!("{accepted} % accepted: {tally:?}").into());
    }
    Ok(())
}

/// The scripts that found something, by their names.
fn corpus() -> BTreeMap<String, PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let files = std::fs::read_dir(&folder).expect("there is a corpus").flatten().map(|entry| entry.path());
    let scripts = files.filter(|path| path.extension().is_some_and(|extension| extension == "script"));
    scripts.map(|path| (path.file_stem().unwrap_or_default().to_string_lossy().into_owned(), path)).collect()
}

/// The beginning of the note that names the relations which a script has shown broken on some kernel.
const FOUND: &str = "# found ";

/// A script of the corpus is stable, and breaks no relation but those it is there for.
fn is_known(path: &PathBuf) -> Result<(), Failed> {
    let text = std::fs::read_to_string(path)?;
    let known: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix(FOUND)).collect();
    let relations: Vec<&'static Relation> = RELATIONS.iter().collect();
    let composed = Composed { area: Area::Mnt, seed: 0, script: text.parse()?, relations };
    let found = RefCell::new(Vec::new());
    let mut runner = runner()?;
    let mut explorer = Explorer::new(&mut runner, settings(Area::Mnt));
    explorer.examine(std::slice::from_ref(&composed), &mut |find| found.borrow_mut().push(find.clone()))?;
    if explorer.tally.asked == 0 {
        return Err("no relation applies after it".into());
    }
    let is_new = |oracle: Oracle| !known.iter().any(|known| known.contains(oracle.name()));
    let new: Vec<String> = found
        .borrow()
        .iter()
        .filter(|find| is_new(find.oracle))
        .map(|find| format!("{}: {}", find.oracle.name(), find.cause))
        .collect();
    if known.is_empty() || !new.is_empty() {
        return Err(format!("known: {known:?}, found: {new:?}").into());
    }
    Ok(())
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    let mut trials: Vec<Trial> = RELATIONS
        .iter()
        .map(|relation| {
            Trial::test(format!("holds_and_can_fail::{}", relation.name), || holds_and_can_fail(relation))
        })
        .collect();
    for area in Area::ALL {
        trials.push(Trial::test(format!("composes::{area}"), move || composes(area)));
    }
    for (name, path) in corpus() {
        trials.push(Trial::test(format!("corpus::{name}"), move || is_known(&path)));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}
