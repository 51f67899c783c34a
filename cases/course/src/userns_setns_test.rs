//! The checks of the assignment `userns_setns_test`: two processes try to join a user namespace.
//!
//! Standard output is a full pipe at first: the parent waits at its first line, and the child for
//! its parent. Then there is room for the parent's lines and for none of the child's, so that the
//! parent can be looked at when it has made its attempt. Stopping the child would not do: a parent may
//! give it its turn by SIGCONT.

use super::visited::{file, is_in, target};
use super::{failing, settled};
use nix::errno::Errno;
use nix::sys::signal::Signal;
use nsconform_grader::{
    CheckAbort, CheckResult, CheckScript, Launch, Namespace, ObservedProcess, Run, Stage, Stream,
    Termination, ensure,
};
use nsconform_sys::kind::{Flags, Kind};
use std::time::Duration;

pub(super) const CHECKS: &[CheckScript] = &[
    CheckScript::new("creates-child", creates_child),
    CheckScript::new("parent-joins", parent_joins),
    CheckScript::new("child-refused", child_refused),
    CheckScript::new("own-namespace", own_namespace),
    CheckScript::new("other-kind", other_kind),
    CheckScript::new("order", order),
    CheckScript::new("waits", waits),
    CheckScript::new("output", output),
    CheckScript::new("errors", errors),
];

/// Its own user namespace, to whichever process opens it.
const OWN: &str = "/proc/self/ns/user";

/// The result of a setns(2) that is granted.
const JOINED: &str = "succeeded";

/// So many bytes may stand after the parent's lines, or between them; the child's first line has more.
const MORE: usize = 40;

/// The result of a setns(2) that is refused.
fn failed(errno: Errno) -> String {
    format!("failed: {}", errno.desc())
}

/// The experiment under way.
struct Played<'s> {
    run: Run<'s>,
    child: ObservedProcess<'s>,
    /// The child's user namespace.
    namespace: Namespace,
}

impl<'s> Played<'s> {
    /// Starts the submission, and stops where it cannot print.
    fn start(stage: &'s Stage<'s>, path: &str) -> Result<Played<'s>, CheckAbort> {
        let others = stage.all();
        let run = stage.launch(&Launch::submission(&[path]).full_output())?;
        let child = settled::child(stage, &run, &others).map_err(|why| match why {
            CheckAbort::Mismatch(mismatch) => CheckAbort::mismatch(
                "there is one child, which waits while the parent cannot print: standard output is full",
                mismatch.observed,
            ),
            other => other,
        })?;
        settled::child_settles(stage, &child)?;
        let namespace = child.namespace(Kind::User)?;
        Ok(Played { run, child, namespace })
    }

    /// Lets the parent play its part, of which this is the result, while the child is stopped. One
    /// that has stopped itself, and so is waiting for its turn, finds no room for its part.
    fn parent_plays(&self, stage: &Stage<'_>, result: &str) -> CheckResult {
        let parent = self.run.process();
        let own = parent.namespace(Kind::User)?;
        let lines = format!("parent: readlink(\"{OWN}\") ==> {own}\nparent: setns() {result}\n\n");
        if self.child.state()? != 'T' {
            settled::stop(stage, &self.child)?;
        }
        settled::stop(stage, &parent)?;
        self.run.make_some_room(lines.len() + MORE);
        stage.kill(&parent, Signal::SIGCONT)?;
        settled::stays(stage, &self.run)?;
        settled::child_settles(stage, &self.child)
    }

    /// Lets the child begin: it has its turn, and there is room for its part.
    fn child_begins(&self, stage: &Stage<'_>) -> CheckResult {
        self.run.make_room();
        stage.kill(&self.child, Signal::SIGCONT)
    }

    /// Lets the child play its part, after its parent.
    fn child_plays(&self, stage: &Stage<'_>) -> CheckResult {
        self.child_begins(stage)?;
        self.are_over(stage)
    }

    /// Waits until both have ended: whether the parent waits for the child is a check of its own.
    fn are_over(&self, stage: &Stage<'_>) -> CheckResult {
        stage.wait("the child to end", || (!self.child.is_alive()).then_some(()))?;
        self.run.status().map(drop)
    }

    /// Lets both play, the parent with this result.
    fn play(stage: &'s Stage<'s>, path: &str, result: &str) -> Result<Played<'s>, CheckAbort> {
        let played = Played::start(stage, path)?;
        played.parent_plays(stage, result)?;
        played.child_plays(stage)?;
        Ok(played)
    }

    /// Demands that this is what a process says of its attempt.
    fn says(&self, prefix: &str, result: &str) -> CheckResult {
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        let expected = format!("{prefix} setns() {result}");
        let printed = self.run.text(Stream::Output);
        ensure(
            printed.lines().any(|line| words(line) == expected),
            || format!("a line {expected:?}"),
            || format!("standard output: {printed:?}"),
        )
    }

    /// Demands that both processes are refused for these reasons.
    fn are_refused(&self, parent: Errno, child: Errno) -> CheckResult {
        self.says("parent:", &failed(parent))?;
        self.says("child:", &failed(child))
    }
}

fn creates_child(stage: &Stage<'_>) -> CheckResult {
    let target = target(stage, &[Kind::User])?.process();
    let played = Played::start(stage, &file(&target, Kind::User)?)?;
    settled::has_left(stage, &played.child, "the child", &[Kind::User])?;
    ensure(
        played.namespace != target.namespace(Kind::User)?,
        || "the child's user namespace is a new one".into(),
        || "it is that of FILE".into(),
    )?;
    settled::has_left(stage, &played.run.process(), "the parent, before it prints,", &[])
}

fn parent_joins(stage: &Stage<'_>) -> CheckResult {
    let target = target(stage, &[Kind::User])?.process();
    let played = Played::start(stage, &file(&target, Kind::User)?)?;
    played.parent_plays(stage, JOINED)?;
    let parent = played.run.process();
    settled::has_left(stage, &parent, "the parent, when it has printed its part,", &[Kind::User])?;
    is_in(&parent, &target, Kind::User)?;
    played.run.make_room();
    played.says("parent:", JOINED)
}

fn child_refused(stage: &Stage<'_>) -> CheckResult {
    let target = target(stage, &[Kind::User])?.process();
    let played = Played::start(stage, &file(&target, Kind::User)?)?;
    played.parent_plays(stage, JOINED)?;
    // As long as its parent is stopped the child remains as a zombie, to be looked at.
    let parent = played.run.process();
    settled::stop(stage, &parent)?;
    played.child_begins(stage)?;
    stage.wait("the child to end", || (!played.child.is_alive()).then_some(()))?;
    let there = played.child.namespace(Kind::User)?;
    ensure(
        there == played.namespace,
        || format!("the child stays in its user namespace, {}", played.namespace),
        || format!("it ends in {there}"),
    )?;
    stage.kill(&parent, Signal::SIGCONT)?;
    played.are_over(stage)?;
    played.says("child:", &failed(Errno::EPERM))
}

fn own_namespace(stage: &Stage<'_>) -> CheckResult {
    Played::play(stage, OWN, &failed(Errno::EINVAL))?.are_refused(Errno::EINVAL, Errno::EPERM)
}

fn other_kind(stage: &Stage<'_>) -> CheckResult {
    // A user can have one of his own only with a user namespace.
    let target = target(stage, &[Kind::User, Kind::Uts])?.process();
    let path = file(&target, Kind::Uts)?;
    Played::play(stage, &path, &failed(Errno::EINVAL))?.are_refused(Errno::EINVAL, Errno::EINVAL)
}

fn order(stage: &Stage<'_>) -> CheckResult {
    let played = Played::start(stage, OWN)?;
    let parent = played.run.process();
    settled::stop(stage, &parent)?;
    played.run.make_room();
    settled::child_settles(stage, &played.child)?;
    let expected = || "the child waits for its parent, which is stopped".to_string();
    settled::falls_asleep(stage, &played.child, &expected())?;
    if settled::waits_for_a_time(stage, &played.child)? {
        return Err(CheckAbort::mismatch(expected(), "it waits for an amount of time"));
    }
    // There is no end to a read(2) but by somebody else. Otherwise nothing tells which event it waits for,
    // so the check gives it time.
    if played.child.system_call() != Some(libc::SYS_read) {
        stage.watch(Duration::from_secs(1))?;
    }
    let printed = played.run.text(Stream::Output);
    ensure(printed.is_empty(), expected, || format!("standard output: {printed:?}"))?;
    stage.kill(&parent, Signal::SIGCONT)?;
    played.are_over(stage)?;
    let printed = played.run.text(Stream::Output);
    let lines: Vec<&str> = printed.lines().collect();
    let childs = lines.iter().position(|line| line.starts_with("child:"));
    let parents = lines.iter().rposition(|line| line.starts_with("parent:"));
    ensure(
        parents.is_some() && childs > parents,
        || "all lines of the parent, then those of the child".into(),
        || format!("standard output: {printed:?}"),
    )?;
    child_waits_for_the_empty_line(stage)
}

/// Demands that the child does not begin before the parent's empty line: there is room for the other two,
/// and then the parent is stopped.
fn child_waits_for_the_empty_line(stage: &Stage<'_>) -> CheckResult {
    let played = Played::start(stage, OWN)?;
    let parent = played.run.process();
    let own = parent.namespace(Kind::User)?;
    let lines = format!("parent: readlink(\"{OWN}\") ==> {own}\nparent: setns() {}\n", failed(Errno::EINVAL));
    settled::stop(stage, &parent)?;
    played.run.make_some_room(lines.len());
    stage.kill(&parent, Signal::SIGCONT)?;
    settled::stays(stage, &played.run)?;
    // If it is somewhere else, its lines are others: that is another check's.
    let prints = matches!(parent.system_call(), Some(libc::SYS_write | libc::SYS_writev));
    settled::stop(stage, &parent)?;
    played.run.make_room();
    settled::child_settles(stage, &played.child)?;
    let printed = played.run.text(Stream::Output);
    ensure(
        !prints || !printed.contains("child:"),
        || "the child waits for the parent's empty line".into(),
        || format!("standard output: {printed:?}"),
    )?;
    stage.kill(&parent, Signal::SIGCONT)?;
    played.are_over(stage)
}

fn waits(stage: &Stage<'_>) -> CheckResult {
    let target = target(stage, &[Kind::User])?.process();
    for (path, result) in [(&file(&target, Kind::User)?, JOINED), (&OWN.to_string(), &failed(Errno::EINVAL))]
    {
        let played = Played::start(stage, path)?;
        played.parent_plays(stage, result)?;
        settled::sleeps(stage, &played.run)?;
        played.child_begins(stage)?;
        played.run.ends_with(Termination::Exited(0))?;
    }
    Ok(())
}

fn output(stage: &Stage<'_>) -> CheckResult {
    let target = target(stage, &[Kind::User])?.process();
    let played = Played::play(stage, &file(&target, Kind::User)?, JOINED)?;
    let expected = format!(
        "parent: readlink(\"{OWN}\") ==> {}\nparent: setns() succeeded\n\nchild:  readlink(\"{OWN}\") ==> {}\nchild:  setns() failed: {}\n",
        stage.namespace(Kind::User)?,
        played.namespace,
        Errno::EPERM.desc()
    );
    let printed = played.run.text(Stream::Output);
    ensure(printed == expected, || format!("{expected:?}"), || format!("{printed:?}"))
}

fn errors(stage: &Stage<'_>) -> CheckResult {
    failing::gives_usage(stage, &[])?;
    failing::gives_usage(stage, &[OWN, OWN])?;
    let missing = format!("./{}", stage.name());
    // There are no options: the second one is the name of a file as well.
    for file in [&missing, "-x"] {
        failing::names(stage, &Launch::submission(&[file]), "open", Errno::ENOENT)?;
    }
    // FILE is opened first: nobody gets as far as to see that there can be no child.
    failing::names(stage, &Launch::submission(&[&missing]).most_processes(0), "open", Errno::ENOENT)?;
    failing::names(stage, &Launch::submission(&[OWN]).most_processes(0), "clone", Errno::EAGAIN)?;
    // There its ids have no map: who has no ids cannot own a user namespace.
    let refused = Launch::submission(&[OWN]).new_namespaces(Flags::CLONE_NEWUSER);
    failing::names(stage, &refused, "clone", Errno::EPERM)
}
