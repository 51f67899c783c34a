//! The checks of the assignment `orphan`: a child whose parent ends, and who adopts it.

use super::lateness::{self, EventState, Moment, Span};
use super::{failing, settled};
use nix::errno::Errno;
use nix::sys::signal::Signal;
use nsconform_grader::{
    CheckAbort, CheckResult, CheckScript, Input, Launch, ObservedProcess, Run, Stage, Stream, Termination,
    ensure,
};
use std::time::{Duration, Instant};

pub(super) const CHECKS: &[CheckScript] = &[
    CheckScript::new("creates-child", creates_child),
    CheckScript::new("parent-ends", parent_ends),
    CheckScript::new("waits", waits),
    CheckScript::new("adopted", adopted),
    CheckScript::new("output", output),
    CheckScript::new("time", time),
    CheckScript::new("errors", errors),
];

/// Milliseconds longer than any check: the child is there until the stage ends.
const LONG: &str = "60000";

/// For how long a child that naps is watched, and longer than the naps that are allowed: the published
/// program's last 100 ms. Who naps for 150 ms does not look often enough in that time, whenever it began.
const WATCHED: Duration = Duration::from_secs(1);
const LONGEST_NAP: Duration = Duration::from_millis(125);

/// The child until its parent has ended, in the words of the contract.
const WAITS_ASLEEP: &str = "the child waits for its parent's end, asleep";

/// How much later than it should an end may come, not counting the time in which the machine does
/// something else.
const AT_MOST_LATE: Duration = Duration::from_millis(300);

/// The characters that stop a terminal's output and let it go on: Ctrl-S and Ctrl-Q.
const STOP: &str = "\u{13}";
const GO_ON: &str = "\u{11}";

/// The submission as the child of a shell on a terminal, once for each line.
fn below_shell(stage: &Stage<'_>) -> Result<Launch, CheckAbort> {
    let shell = format!("while read go; do \"$@\"; done; {}", settled::keeps_session(stage));
    let shell = stage.script(&shell)?;
    Ok(Launch::submission(&[LONG]).started_by(&[shell]).input(Input::Terminal))
}

/// The submission while its output is stopped, which keeps the parent from ending.
#[derive(Clone, Copy)]
struct HeldUp<'s> {
    run: Run<'s>,
    parent: ObservedProcess<'s>,
    child: ObservedProcess<'s>,
}

impl<'s> HeldUp<'s> {
    fn start(stage: &'s Stage<'s>) -> Result<HeldUp<'s>, CheckAbort> {
        HeldUp::start_below(stage, stage.launch(&below_shell(stage)?)?)
    }

    /// Starts it below a shell that waits for a line.
    fn start_below(stage: &'s Stage<'s>, run: Run<'s>) -> Result<HeldUp<'s>, CheckAbort> {
        run.write(&format!("{STOP}go\n"))?;
        let shell = run.process();
        let words = shell.command_line()?;
        let parent = stage.wait("the shell to start the program", || {
            let parent = shell.children().into_iter().next()?;
            // Before its exec it is another shell.
            (parent.command_line().ok()? != words).then_some(parent)
        })?;
        let expected = || "one child is created before the parent prints anything".to_string();
        stage.wait("the program to print its first line", || {
            let prints = || matches!(parent.system_call(), Some(libc::SYS_write | libc::SYS_writev));
            let stands = settled::is_idle(stage, &parent) && (!parent.children().is_empty() || prints());
            (stands || !parent.is_alive()).then_some(())
        })?;
        ensure(parent.is_alive(), expected, || "the program has ended and not printed a line".into())?;
        let children = parent.children();
        match children[..] {
            [child] => Ok(HeldUp { run, parent, child }),
            _ => Err(CheckAbort::mismatch(expected(), format!("there are {}", children.len()))),
        }
    }

    /// The same once more, when its parent has ended and the shell was stopped before that.
    fn again(self, stage: &'s Stage<'s>) -> Result<HeldUp<'s>, CheckAbort> {
        stage.kill(&self.run.process(), Signal::SIGCONT)?;
        stage.gone(&self.parent, "the program")?;
        HeldUp::start_below(stage, self.run)
    }

    /// Demands that the child sleeps, and waits until it does nothing new.
    fn child_waits(&self, stage: &Stage<'_>) -> CheckResult {
        settled::falls_asleep(stage, &self.child, WAITS_ASLEEP)?;
        settled::child_settles(stage, &self.child)
    }

    /// Has the parent end, and demands that the child tells of it.
    fn learns_of_the_end(&self, stage: &Stage<'_>) -> CheckResult {
        self.run.write(GO_ON)?;
        self.tells_of_the_end(stage)
    }

    /// Demands that the child tells of the end of its parent.
    fn tells_of_the_end(&self, stage: &Stage<'_>) -> CheckResult {
        tells(&self.run, "Child", &orphaned(self.child.pid()?, stage.init().pid()?))
    }
}

fn creates_child(stage: &Stage<'_>) -> CheckResult {
    let HeldUp { run, parent, child } = HeldUp::start(stage)?;
    let (pid, of_child, of_shell) = (parent.pid()?, child.pid()?, run.process().pid()?);
    run.write(GO_ON)?;
    tells(&run, "Parent", &created(pid, of_child))?;
    tells(&run, "Parent", &terminating(pid, of_shell))
}

/// Demands that the next line of this process is this one.
fn tells(run: &Run<'_>, process: &str, line: &str) -> CheckResult {
    let expected = format!("a line '{line}'");
    let printed = run.find(&expected, |line| line.starts_with(process).then(|| line.to_string()))?;
    ensure(printed == line, || expected, || printed.clone())
}

fn created(parent: i32, child: i32) -> String {
    format!("Parent (PID={parent}) created child with PID {child}")
}

fn terminating(parent: i32, grandparent: i32) -> String {
    format!("Parent (PID={parent}; PPID={grandparent}) terminating")
}

fn orphaned(child: i32, adopter: i32) -> String {
    format!("Child  (PID={child}) now an orphan (parent PID={adopter})")
}

/// The PIDs in the first line.
fn pids(line: &str) -> Option<(i32, i32)> {
    let (parent, child) = line.strip_prefix("Parent (PID=")?.split_once(") created child with PID ")?;
    Some((parent.parse().ok()?, child.parse().ok()?))
}

/// Waits for the first line, and gives the PIDs in it.
fn find_pids(run: &Run<'_>) -> Result<(i32, i32), CheckAbort> {
    run.find("a line 'Parent (PID=P) created child with PID C'", pids)
}

fn child_of<'s>(stage: &'s Stage<'s>, pid: i32, expected: &str) -> Result<ObservedProcess<'s>, CheckAbort> {
    let child = stage.process(pid).filter(ObservedProcess::is_alive);
    child.ok_or_else(|| CheckAbort::mismatch(expected, format!("there is no process {pid}")))
}

fn parent_ends(stage: &Stage<'_>) -> CheckResult {
    let run = stage.start(&[LONG])?;
    let (parent, child) = find_pids(&run)?;
    // It was started from outside the PID namespace.
    tells(&run, "Parent", &terminating(parent, 0))?;
    let front = run.process();
    let lingers = stage.wait("the parent to end", || match front.is_alive() {
        true => (front.is_asleep() && front.waits_for_a_time() == Some(true)).then_some(true),
        false => Some(false),
    })?;
    ensure(
        !lingers,
        || "the parent ends at once when it has told so".into(),
        || "it waits for an amount of time".into(),
    )?;
    run.ends_with(Termination::Exited(0))?;
    let expected = "the child stays when the parent has ended, asleep";
    settled::falls_asleep(stage, &child_of(stage, child, expected)?, expected)
}

fn waits(stage: &Stage<'_>) -> CheckResult {
    let mut held_up = HeldUp::start(stage)?;
    held_up.child_waits(stage)?;
    let nap = match settled::waits_for_a_time(stage, &held_up.child)? {
        true => seldom_wakes(stage, &held_up.child)?,
        false => None,
    };
    let there = held_up.parent.is_alive();
    ensure(there, || "the parent ends after its lines".into(), || "it ended before".into())?;
    // Nobody waits for the parent: it has ended all the same, and its child has another one.
    settled::stop(stage, &held_up.run.process())?;
    let Some(nap) = nap else {
        return held_up.learns_of_the_end(stage);
    };
    let expected = "the child looks for its parent every few milliseconds, unless its parent's end wakes it";
    let look = || {
        let awake = falls_asleep_anew(stage, &held_up.child, nap)?;
        let (start, parent) = (Moment::now(stage), held_up.parent);
        held_up.run.write(GO_ON)?;
        let [_, end] =
            lateness::event(stage, "the end of the parent", start, || (!parent.is_alive()).into())?;
        let heard = lateness::event(stage, "the child to tell of it", end, || {
            held_up.run.text(Stream::Output).contains("Child").into()
        })?;
        held_up.tells_of_the_end(stage)?;
        // Its nap goes on from before the parent's end, for which the parent may wait.
        let span = Span::between([start, end], heard).at_most(heard[1].at - awake);
        held_up = held_up.again(stage)?;
        held_up.child_waits(stage)?;
        settled::stop(stage, &held_up.run.process())?;
        Ok(span)
    };
    // By half a nap later it would not have looked again by itself.
    lateness::is_shorter(nap / 2, || expected.into(), look)
}

/// Watches a child that waits for an amount of time: if it wakes up so seldom that it must be woken by the
/// end of its parent, gives the time from one look to the next.
fn seldom_wakes(stage: &Stage<'_>, child: &ObservedProcess<'_>) -> Result<Option<Duration>, CheckAbort> {
    let nap = lateness::shorter(LONGEST_NAP, || {
        let (before, start) = (times_woken(child)?, Moment::now(stage));
        stage.watch(WATCHED)?;
        settled::child_settles(stage, child)?;
        let end = Moment::now(stage);
        let times = times_woken(child)?.saturating_sub(before);
        Ok(Span::between([start; 2], [end; 2]).divided(times))
    })?;
    Ok(nap.err())
}

fn times_woken(process: &ObservedProcess<'_>) -> Result<u32, CheckAbort> {
    let times = process.status("voluntary_ctxt_switches")?;
    times.parse().map_err(|_| CheckAbort::Engine(format!("voluntary_ctxt_switches is {times:?}")))
}

/// Waits until a child that looks once in so long has just done so, unless it looks nearly never. Gives a moment
/// after which its nap has begun.
fn falls_asleep_anew(
    stage: &Stage<'_>,
    child: &ObservedProcess<'_>,
    nap: Duration,
) -> Result<Instant, CheckAbort> {
    if nap >= WATCHED {
        return Ok(Instant::now());
    }
    loop {
        let (before, mut last) = (times_woken(child)?, Instant::now());
        stage.wait("the child to look for its parent", || {
            let now = Instant::now();
            let looked = times_woken(child) != Ok(before);
            if !looked {
                last = now;
            }
            looked.then_some(())
        })?;
        // Otherwise it may be about to look again.
        if last.elapsed() < nap / 4 {
            return Ok(last);
        }
    }
}

fn adopted(stage: &Stage<'_>) -> CheckResult {
    let run = stage.launch(&below_shell(stage)?.subreaper())?;
    run.write("go\n")?;
    let (_, child) = find_pids(&run)?;
    tells(&run, "Child", &orphaned(child, run.process().pid()?))?;
    let parent = child_of(stage, child, "the child stays when it is an orphan")?.parent();
    ensure(
        parent == Some(run.process()),
        || "the child has been adopted by the subreaper".into(),
        || "it has another parent".into(),
    )
}

fn output(stage: &Stage<'_>) -> CheckResult {
    let adopter = stage.init().pid()?;
    let first_three = |run: &Run<'_>| -> Result<i32, CheckAbort> {
        let first = run.line()?;
        let Some((parent, child)) = pids(&first) else {
            let expected = "the first line is 'Parent (PID=P) created child with PID C'";
            return Err(CheckAbort::mismatch(expected, first));
        };
        for line in [terminating(parent, 0), orphaned(child, adopter)] {
            let next = run.line()?;
            ensure(next == line, || format!("the next line is '{line}'"), || next.clone())?;
        }
        Ok(child)
    };
    let expected = || "the third line follows at once when the parent has ended".to_string();
    lateness::is_shorter(AT_MOST_LATE, expected, || {
        // The third line must come while the child is there.
        let (run, from) = start_to_end_of_parent(stage, &[LONG])?;
        let to = lateness::event(stage, "the third line", from[1], || {
            let has_come = run.text(Stream::Output).lines().count() >= 3;
            (has_come || run.is_at_end(Stream::Output)).into()
        })?;
        first_three(&run)?;
        Ok(Span::between(from, to))
    })?;
    let run = stage.start(&["0"])?;
    let child = first_three(&run)?;
    let (last, line) = (run.line()?, format!("Child  (PID={child}) terminating"));
    ensure(last == line, || format!("the last line is '{line}'"), || last.clone())?;
    match run.line() {
        Ok(line) => Err(CheckAbort::mismatch("nothing after the fourth line", line)),
        // There is none.
        Err(CheckAbort::Mismatch(_)) => {
            let all = run.text(Stream::Output);
            ensure(all.ends_with('\n'), || "the last line ends with a newline".into(), || format!("{all:?}"))
        }
        Err(other) => Err(other),
    }
}

fn time(stage: &Stage<'_>) -> CheckResult {
    // Above a second, so that a mistake about the unit shows on either side.
    let above_a_second = stage.number(1500..1650);
    let short = stage.number(40..100);
    for (words, milliseconds) in
        [(vec![], 1000), (vec![above_a_second.to_string()], above_a_second), (vec![short.to_string()], short)]
    {
        stays_for(stage, &words, milliseconds)?;
    }
    // A number that begins with 0 is decimal as well, however many there are.
    stays_for(stage, &["000000001000".to_string()], 1000)?;
    stays_for(stage, &["0".to_string()], 0)?;
    stays_for_long(stage)?;
    child_ends_well(stage)
}

/// Demands that the child stays if it is to stay for more milliseconds than a number of 32 bits with a sign
/// can say.
fn stays_for_long(stage: &Stage<'_>) -> CheckResult {
    let run = stage.start(&["3000000000"])?;
    let (_, child) = find_pids(&run)?;
    // Its parent's end has woken it by then, or does so within a nap.
    run.status()?;
    let expected = "a child that is to stay for a month is there, asleep";
    let child = child_of(stage, child, expected)?;
    settled::child_settles(stage, &child)?;
    settled::falls_asleep(stage, &child, expected)
}

/// Demands that the child's status is 0, too: nobody waits for it while its adopter is stopped.
fn child_ends_well(stage: &Stage<'_>) -> CheckResult {
    let adopter = stage.init();
    settled::stop(stage, &adopter)?;
    let run = stage.start(&["0"])?;
    let (_, child) = find_pids(&run)?;
    run.status()?;
    let gone = || CheckAbort::mismatch("the child is there", "it has been waited for");
    let child = stage.process(child).ok_or_else(gone)?;
    stage.wait("the end of the child", || (!child.is_alive()).then_some(()))?;
    let status = child.status_at_end()?;
    stage.kill(&adopter, Signal::SIGCONT)?;
    ensure(
        status == 0,
        || "the child ends with status 0".into(),
        || format!("the number that wait(2) gives of it is {status:#x}"),
    )
}

/// Starts the submission, waits until the parent has ended, and gives the last moment in which it was there
/// for certain, and the first one in which it was not.
fn start_to_end_of_parent<'s, S: AsRef<str>>(
    stage: &'s Stage<'s>,
    words: &[S],
) -> Result<(Run<'s>, [Moment; 2]), CheckAbort> {
    let start = Moment::now(stage);
    let run = stage.start(words)?;
    let front = run.process();
    let end = lateness::event(stage, "the end of the parent", start, || (!front.is_alive()).into())?;
    Ok((run, end))
}

/// Demands that with these words the child stays for so long.
fn stays_for(stage: &Stage<'_>, words: &[String], milliseconds: u32) -> CheckResult {
    let least = Duration::from_millis(milliseconds.into());
    let expected = || format!("the child stays for {milliseconds} ms after its parent has ended");
    lateness::is_shorter(least + AT_MOST_LATE, expected, || {
        let (run, from) = start_to_end_of_parent(stage, words)?;
        // How the lines look is not this check's business.
        let (_, child) = find_pids(&run)?;
        // Once its time is over it is awake, whether it gets a processor or not.
        let to = lateness::event(stage, "the end of the child", from[1], || match stage.process(child) {
            Some(process) if process.is_asleep() => EventState::Pending,
            Some(_) => EventState::Unknown,
            None => EventState::Happened,
        })?;
        let at_most = from[0].at.elapsed();
        ensure(at_most >= least, expected, || format!("it ended within {} ms of it", at_most.as_millis()))?;
        Ok(Span::between(from, to))
    })
}

fn errors(stage: &Stage<'_>) -> CheckResult {
    failing::gives_usage(stage, &["5", "5"])?;
    for word in ["x", "5x", "-5", "+5", " 5", "5 ", "5\n", "5ms", "1,000", "0x10", "1e2", "0.5", ""] {
        failing::gives_usage(stage, &[word])?;
    }
    failing::names(stage, &Launch::submission(&["0"]).most_processes(0), "fork", Errno::EAGAIN)
}
