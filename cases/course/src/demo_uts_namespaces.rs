//! The checks of the assignment `demo_uts_namespaces`: a child in a UTS namespace of its own.
//!
//! Its standard output is a full pipe at first, so that program and child stand still at their
//! lines, if not before, and can be looked at.

use super::{failing, settled};
use nix::errno::Errno;
use nix::sys::signal::Signal;
use nsconform_grader::{
    CheckAbort, CheckResult, CheckScript, Launch, ObservedProcess, Run, Stage, Stream, Termination, ensure,
};
use nsconform_sys::kind::Kind;
use std::time::Duration;

pub(super) const CHECKS: &[CheckScript] = &[
    CheckScript::new("creates-child", creates_child),
    CheckScript::new("sets-name", sets_name),
    CheckScript::new("isolated", isolated),
    CheckScript::new("output", output),
    CheckScript::new("order", order),
    CheckScript::new("keeps-open", keeps_open),
    CheckScript::new("waits", waits),
    CheckScript::new("errors", errors),
];

/// The most bytes that a host name may have: uts_namespaces(7).
const LONGEST: usize = 64;

/// How long it is watched that a child sleeps which is to sleep until it is killed.
const WATCHED: Duration = Duration::from_millis(1200);

/// The child prints this before the name.
const IN_CHILD: &str = "uts.nodename in child:  ";
/// The program prints this before the name that it sees itself.
const IN_PARENT: &str = "uts.nodename in parent: ";

/// Starts the submission, and gives the child once both stand still.
fn start<'s>(stage: &'s Stage<'s>, name: &str) -> Result<(Run<'s>, ObservedProcess<'s>), CheckAbort> {
    let others = stage.all();
    let run = stage.launch(&Launch::submission(&[name]).full_output())?;
    let child = settled::child(stage, &run, &others)?;
    settled::stand_still(stage, "program and child to print, or to sleep", &[run.process(), child])?;
    let ended = || format!("it has ended; standard error: {:?}", run.text(Stream::Error));
    ensure(child.is_alive(), || "the program has a child that stays".into(), ended)?;
    Ok((run, child))
}

/// The three lines that are printed while the child lives, in the order in which they come.
fn lines(run: &Run<'_>) -> Result<[String; 3], CheckAbort> {
    run.make_room();
    Ok([run.line()?, run.line()?, run.line()?])
}

fn creates_child(stage: &Stage<'_>) -> CheckResult {
    let (run, child) = start(stage, &stage.name())?;
    let all = stage.all().len();
    ensure(
        all == 2,
        || "there are the program and one child".into(),
        || format!("there are {all} processes"),
    )?;
    settled::has_left(stage, &child, "the child", &[Kind::Uts])?;
    settled::has_left(stage, &run.process(), "the program", &[])
}

fn sets_name(stage: &Stage<'_>) -> CheckResult {
    let name = stage.name();
    let long: String = name.chars().cycle().take(LONGEST).collect();
    let with_domain = format!("{name}.example");
    for name in [&name[..1], &name, &with_domain, &long] {
        let (_, child) = start(stage, name)?;
        let there = stage.host_name_of(&child)?;
        ensure(
            there == name,
            || format!("the host name in the child's namespace is {name:?}"),
            || format!("it is {there:?}"),
        )?;
    }
    Ok(())
}

fn isolated(stage: &Stage<'_>) -> CheckResult {
    let (run, child) = start(stage, &stage.name())?;
    name_outside_remains(stage, "while the child lives")?;
    run.make_room();
    settled::stand_still(stage, "program and child to have shown all names", &[run.process(), child])?;
    name_outside_remains(stage, "when all names are shown")?;
    if child.is_alive() {
        stage.kill(&child, Signal::SIGKILL)?;
    }
    settled::stand_still(stage, "the program to notice the child's end", &[run.process(), child])?;
    name_outside_remains(stage, "when the child is gone")
}

fn name_outside_remains(stage: &Stage<'_>, when: &str) -> CheckResult {
    let (before, now) = (stage.host_name(), stage.host_name_now()?);
    ensure(
        now == before,
        || format!("the host name outside remains {before:?}"),
        || format!("it is {now:?} {when}"),
    )
}

fn output(stage: &Stage<'_>) -> CheckResult {
    let name = format!("{}.example", stage.name());
    let (run, child) = start(stage, &name)?;
    let mut expected = [
        format!("PID of child created by clone() is {}", child.pid()?),
        format!("{IN_CHILD}{name}"),
        format!("{IN_PARENT}{}", stage.host_name()),
    ];
    // In which order they come is another check's.
    let mut printed = lines(&run)?;
    printed.sort();
    expected.sort();
    ensure(printed == expected, || format!("the lines {expected:?}"), || format!("the lines {printed:?}"))
}

fn order(stage: &Stage<'_>) -> CheckResult {
    let (run, child) = start(stage, &stage.name())?;
    // With its line not printed, as there was no room for it.
    settled::stop(stage, &child)?;
    run.make_room();
    let program = run.process();
    settled::stand_still(stage, "the program to wait for the child's message", &[program])?;
    settled::falls_asleep(stage, &program, "the program waits for the child's message, asleep")?;
    ensure(
        !settled::waits_for_a_time(stage, &program)?,
        || "the program waits for the child's message, however long that takes".into(),
        || "it waits for an amount of time".into(),
    )?;
    let shown = |stream: &str| stream.lines().any(|line| line.starts_with(IN_PARENT));
    let printed = run.text(Stream::Output);
    ensure(
        !shown(&printed),
        || "the program shows no host name while its child is stopped before its line".into(),
        || format!("it has printed {printed:?}"),
    )?;
    // The name from before the message is of no interest.
    let by_now =
        format!("{}.{}", stage.name(), "x".repeat(LONGEST)).chars().take(LONGEST).collect::<String>();
    stage.rename_host(&by_now)?;
    stage.kill(&child, Signal::SIGCONT)?;
    run.find("the child shows its host name", |line| line.starts_with(IN_CHILD).then_some(()))?;
    // The message is there by the time that the child has nothing left to do.
    settled::stand_still(stage, "the program to go on", &[child, program])?;
    let printed = run.text(Stream::Output);
    ensure(
        shown(&printed),
        || "the program goes on as soon as its child has shown its host name".into(),
        || "the child has nothing left to do, and the program sleeps on".into(),
    )?;
    let line = format!("{IN_PARENT}{by_now}");
    ensure(
        printed.lines().any(|printed| printed == line),
        || format!("a line {line:?}: the host name as it is after the child's message"),
        || format!("it has printed {printed:?}"),
    )
}

fn keeps_open(stage: &Stage<'_>) -> CheckResult {
    let name = stage.name();
    let (run, child) = start(stage, &name)?;
    lines(&run)?;
    settled::stand_still(stage, "the child to sleep", &[child])?;
    let expected = "the child stays, asleep, when everything is shown";
    settled::falls_asleep(stage, &child, expected)?;
    stage.watch(WATCHED)?;
    ensure(child.is_alive(), || expected.into(), || format!("it has ended within {WATCHED:?}"))?;
    let seen = stage.host_name_of(&child)?;
    ensure(
        seen == name,
        || format!("who joins the child's namespace finds the name {name:?}"),
        || format!("the name there is {seen:?}"),
    )
}

fn waits(stage: &Stage<'_>) -> CheckResult {
    for signal in settled::SIGNALS {
        let (run, child) = start(stage, &stage.name())?;
        lines(&run)?;
        settled::sleeps(stage, &run)?;
        settled::a_stop_is_no_end(stage, &run, &child)?;
        let before = run.text(Stream::Output);
        stage.kill(&child, signal)?;
        run.ends_with(Termination::Exited(0))?;
        let printed = run.text(Stream::Output);
        ensure(
            printed.strip_prefix(&before) == Some("child has terminated\n"),
            || "the line 'child has terminated', and nothing more, when the child has been killed".into(),
            || format!("standard output: {printed:?}, and before the end of the child {before:?}"),
        )?;
    }
    Ok(())
}

fn errors(stage: &Stage<'_>) -> CheckResult {
    let name = stage.name();
    failing::gives_usage(stage, &[])?;
    failing::gives_usage(stage, &[&name, &name])?;
    failing::names(stage, &Launch::submission(&[&name]).without_capabilities(), "clone", Errno::EPERM)?;
    failing::names(stage, &Launch::submission(&[&name]).most_processes(0), "clone", Errno::EAGAIN)?;
    let long: String = name.chars().cycle().take(LONGEST + 1).collect();
    let run = failing::says(stage, &Launch::submission(&[&long]), "sethostname", Errno::EINVAL)?;
    let printed = run.text(Stream::Output);
    ensure(
        !printed.contains(IN_CHILD.trim_end()),
        || "a child that cannot set the name prints no line".into(),
        || format!("standard output: {printed:?}"),
    )
}
