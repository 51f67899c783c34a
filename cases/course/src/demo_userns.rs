//! The checks of the assignment `demo_userns`: what a process is told of itself in a new user
//! namespace, before and after its ids are mapped.

use super::{failing, settled};
use nix::errno::Errno;
use nix::sys::signal::Signal;
use nsconform_grader::{
    CheckAbort, CheckResult, CheckScript, Launch, ObservedProcess, Run, Stage, Stream, Termination, ensure,
};
use nsconform_sys::kind::{Flags, Kind};
use std::time::{Duration, Instant};

pub(super) const CHECKS: &[CheckScript] = &[
    CheckScript::new("creates-child", creates_child),
    CheckScript::new("output", output),
    CheckScript::new("capabilities", capabilities),
    CheckScript::new("follows-uid-map", follows_uid_map),
    CheckScript::new("follows-gid-map", follows_gid_map),
    CheckScript::new("interval", interval),
    CheckScript::new("waits", waits),
    CheckScript::new("clone-fails", clone_fails),
    CheckScript::new("usage", usage),
];

/// Longer than any check takes: the child prints once and sleeps.
const LONG: &str = "3600";
/// Short enough to see several lines.
const SHORT: &str = "0.02";

/// As short as the clock allows, and more lines than anybody counts to.
const SHORTEST: &str = "0.0001";
const MANY: usize = 150;

/// How much later than they should lines may come: less than the second to which some round.
const AT_MOST_LATE: Duration = Duration::from_millis(800);

/// A line of the child, read.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    uid: u32,
    gid: u32,
    capabilities: String,
}

impl Told {
    fn read(line: &str) -> Option<Told> {
        let (uid, rest) = line.strip_prefix("eUID = ")?.split_once(";  eGID = ")?;
        let (gid, capabilities) = rest.split_once(";  capabilities: ")?;
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let is_mask = capabilities.len() == 16 && capabilities.bytes().all(is_digit);
        let capabilities = is_mask.then(|| capabilities.to_string())?;
        Some(Told { uid: uid.parse().ok()?, gid: gid.parse().ok()?, capabilities })
    }

    /// The next line that the submission prints.
    fn next(run: &Run<'_>) -> Result<Told, CheckAbort> {
        Told::of(&run.line()?)
    }

    /// The first line of which every part was asked for after this moment: the one after the next,
    /// for which some may have been asked before.
    fn from_now_on(stage: &Stage<'_>, run: &Run<'_>) -> Result<Told, CheckAbort> {
        let lines = || -> Vec<String> {
            run.text(Stream::Output).split_inclusive('\n').map(str::to_string).collect()
        };
        let there = lines().len();
        let line = stage
            .wait("two more lines", || lines().get(there + 1).filter(|line| line.ends_with('\n')).cloned())?;
        Told::of(line.trim_end())
    }

    fn of(line: &str) -> Result<Told, CheckAbort> {
        Told::read(line).ok_or_else(|| {
            let expected = "a line 'eUID = N;  eGID = N;  capabilities: TEXT', TEXT being 16 digits 0-9a-f";
            CheckAbort::mismatch(expected, format!("the line {line:?}"))
        })
    }
}

/// Starts the submission with this time between lines, and finds its child.
fn start<'s>(stage: &'s Stage<'s>, seconds: &str) -> Result<(Run<'s>, ObservedProcess<'s>), CheckAbort> {
    let others = stage.all();
    let run = stage.start(&[seconds])?;
    let child = settled::child(stage, &run, &others)?;
    Ok((run, child))
}

/// The program itself, if it waits for its child: whether it does is a check of its own.
fn waiting<'s>(run: &Run<'s>) -> Option<ObservedProcess<'s>> {
    Some(run.process()).filter(ObservedProcess::is_alive)
}

fn creates_child(stage: &Stage<'_>) -> CheckResult {
    let (run, child) = start(stage, LONG)?;
    settled::has_left(stage, &child, "the child", &[Kind::User])?;
    if let Some(program) = waiting(&run) {
        settled::has_left(stage, &program, "the program itself", &[])?;
    }
    settled::has_no_maps(&child, "the child")
}

fn output(stage: &Stage<'_>) -> CheckResult {
    let run = stage.start::<&str>(&[])?;
    let told = Told::next(&run)?;
    let [uid, gid] = stage.overflow_ids()?;
    ensure(
        (told.uid, told.gid) == (uid, gid),
        || format!("without maps the ids are told to be {uid} and {gid}"),
        || format!("the line says {} and {}", told.uid, told.gid),
    )?;
    run.ends_with(Termination::Exited(0))?;
    let printed = run.text(Stream::Output);
    ensure(printed.lines().count() == 1, || "one line".into(), || format!("standard output: {printed:?}"))?;
    let error = run.text(Stream::Error);
    ensure(
        error.is_empty(),
        || "the parent prints nothing, and nothing fails".into(),
        || format!("standard error: {error:?}"),
    )
}

fn capabilities(stage: &Stage<'_>) -> CheckResult {
    let (run, child) = start(stage, LONG)?;
    let told = Told::next(&run)?;
    let there = child.status("CapEff")?;
    ensure(
        told.capabilities == there,
        || format!("the child tells its effective capabilities: {there}"),
        || format!("the line says {}", told.capabilities),
    )?;
    // The bounding set of a new user namespace's first process holds every capability of the kernel.
    let all = child.status("CapBnd")?;
    ensure(there == all, || format!("the child has all capabilities: {all}"), || format!("it has {there}"))?;
    let its_own = waiting(&run).map_or(Ok(0), |program| program.effective_capabilities())?;
    ensure(its_own == 0, || "the program itself has none".into(), || format!("it has {its_own:016x}"))
}

/// Maps the child's user id to this one, and gives a line from after.
fn maps_uid(
    stage: &Stage<'_>,
    run: &Run<'_>,
    child: &ObservedProcess<'_>,
    uid: u32,
) -> Result<Told, CheckAbort> {
    let [own, _] = stage.own_ids();
    stage.write_files(child, &[("uid_map", &format!("{uid} {own} 1"))])?;
    Told::from_now_on(stage, run)
}

/// Ids that nobody could know, of which one has more bits than ids once had; and the least one.
fn ids(stage: &Stage<'_>) -> [u32; 3] {
    [stage.number(2000..60000), stage.number(100_000..2_000_000_000), 0]
}

fn follows_uid_map(stage: &Stage<'_>) -> CheckResult {
    for uid in ids(stage) {
        let (run, child) = start(stage, SHORT)?;
        let before = Told::next(&run)?;
        let told = maps_uid(stage, &run, &child, uid)?;
        ensure(
            (told.uid, told.gid) == (uid, before.gid),
            || format!("with the uid map written, the ids are told to be {uid} and {}", before.gid),
            || format!("the line says {} and {}", told.uid, told.gid),
        )?;
    }
    Ok(())
}

fn follows_gid_map(stage: &Stage<'_>) -> CheckResult {
    for gid in ids(stage) {
        let (run, child) = start(stage, SHORT)?;
        let uid = stage.number(60000..100_000);
        let before = maps_uid(stage, &run, &child, uid)?;
        let [_, own] = stage.own_ids();
        stage.write_files(&child, &[("setgroups", "deny"), ("gid_map", &format!("{gid} {own} 1"))])?;
        let told = Told::from_now_on(stage, &run)?;
        let expected = Told { uid, gid, capabilities: before.capabilities };
        ensure(
            told == expected,
            || format!("with both maps written, the line tells {expected:?}"),
            || format!("it tells {told:?}"),
        )?;
    }
    Ok(())
}

fn interval(stage: &Stage<'_>) -> CheckResult {
    // Lines may be seen late, so that some seem to follow each other at once: not so from the start. How
    // long the program takes for its first one is not its child's matter.
    let (milliseconds, lines) = (stage.number(20..40), 16);
    let begin = Instant::now();
    let run = stage.start(&[format!("0.0{milliseconds}")])?;
    Told::next(&run)?;
    let first = stage.charged_time();
    for _ in 1..lines {
        Told::next(&run)?;
    }
    let (passed, charged) = (begin.elapsed(), stage.charged_time().saturating_sub(first));
    let least = Duration::from_millis((milliseconds * (lines - 1)).into());
    ensure(
        passed >= least && charged < least + AT_MOST_LATE,
        || format!("{lines} lines take {} intervals: {least:?}", lines - 1),
        || format!("they came in {passed:?}, the others {charged:?} behind the first"),
    )?;

    // Somebody may have taken a large number for no end.
    let run = stage.start(&[SHORTEST])?;
    for _ in 0..MANY {
        Told::next(&run)?;
    }
    // Otherwise they print more than they may while another one is looked at, where looks take their time.
    for process in stage.all() {
        // One that has ended prints nothing.
        let _ = stage.kill(&process, Signal::SIGKILL);
    }

    let (run, child) = start(stage, LONG)?;
    Told::next(&run)?;
    settled::child_settles(stage, &child)?;
    settled::falls_asleep(stage, &child, "between the lines the child sleeps")?;
    let printed = run.text(Stream::Output);
    ensure(
        printed.lines().count() == 1,
        || format!("one line, as {LONG} seconds have not passed"),
        || format!("{} lines", printed.lines().count()),
    )
}

fn waits(stage: &Stage<'_>) -> CheckResult {
    for signal in settled::SIGNALS {
        let (run, child) = start(stage, LONG)?;
        settled::sleeps(stage, &run)?;
        settled::a_stop_is_no_end(stage, &run, &child)?;
        stage.kill(&child, signal)?;
        run.ends_with(Termination::Exited(128 + signal as i32))?;
    }
    Ok(())
}

fn clone_fails(stage: &Stage<'_>) -> CheckResult {
    // There its ids have no map: who has no ids cannot own a user namespace.
    for words in [&[][..], &[LONG]] {
        let refused = Launch::submission(words).new_namespaces(Flags::CLONE_NEWUSER);
        failing::names(stage, &refused, "clone", Errno::EPERM)?;
        failing::names(stage, &Launch::submission(words).most_processes(0), "clone", Errno::EAGAIN)?;
    }
    Ok(())
}

fn usage(stage: &Stage<'_>) -> CheckResult {
    failing::gives_usage(stage, &[LONG, LONG])?;
    for seconds in ["0", "0.0", "-1", "x", "1x", "", "nan", "0.5.5", "5s", "86401", "86400.5", "inf"] {
        failing::gives_usage(stage, &[seconds])?;
    }
    // The last one that is allowed.
    start(stage, "86400").map(drop)
}
