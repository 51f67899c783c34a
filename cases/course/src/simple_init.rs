//! The checks of the assignment `simple_init`: a shell that is PID 1 of a PID namespace.

use super::{failing, settled};
use nix::errno::Errno;
use nix::sys::signal::Signal;
use nsconform_grader::{
    CheckAbort, CheckResult, CheckScript, Held, Input, Launch, ObservedProcess, Run, Stage, Stream,
    Termination, ensure,
};
use nsconform_sys::kind::Flags;

pub(super) const CHECKS: &[CheckScript] = &[
    CheckScript::new("commands", commands),
    CheckScript::new("foreground", foreground),
    CheckScript::new("takes-terminal", takes_terminal),
    CheckScript::new("reaps", reaps),
    CheckScript::new("waits", waits),
    CheckScript::new("signals", signals),
    CheckScript::new("survives", survives),
    CheckScript::new("end", end),
    CheckScript::new("verbose", verbose),
    CheckScript::new("errors", errors),
];

const PROMPT: &str = "init$ ";

/// The characters that end and stop what has the terminal.
const INTERRUPT: &str = "\u{3}";
const SUSPEND: &str = "\u{1a}";
/// The characters that stop a terminal's output and let it go on.
const STOP: &str = "\u{13}";
const GO_ON: &str = "\u{11}";

/// The submission on a terminal, at its first prompt.
struct Session<'s> {
    stage: &'s Stage<'s>,
    run: Run<'s>,
    /// The submission's process.
    init: ObservedProcess<'s>,
    /// The text that it printed before the first prompt.
    greeting: String,
}

impl<'s> Session<'s> {
    /// As PID 1 of a new PID namespace.
    fn start(stage: &'s Stage<'s>, words: &[&str]) -> Result<Session<'s>, CheckAbort> {
        Session::launched(stage, Launch::submission(words))
    }

    /// The same with a submission that starts otherwise.
    fn launched(stage: &'s Stage<'s>, launch: Launch) -> Result<Session<'s>, CheckAbort> {
        let launch = launch.input(Input::Terminal);
        let run = stage.launch(&launch.new_namespaces(Flags::CLONE_NEWPID))?;
        let greeting = run.prompt(PROMPT)?;
        Ok(Session { stage, run, init: run.process(), greeting })
    }

    /// As the child of a shell that leads the session, and that tells the status with this mark.
    fn below_shell(stage: &'s Stage<'s>, words: &[&str], mark: &str) -> Result<Session<'s>, CheckAbort> {
        let shell = stage.script(&format!("\"$@\"; echo {mark} $?; {}", settled::keeps_session(stage)))?;
        let launch = Launch::submission(words).started_by(&[shell]).input(Input::Terminal);
        let run = stage.launch(&launch)?;
        let greeting = run.prompt(PROMPT)?;
        let init = run.process().children().into_iter().next();
        let init =
            init.ok_or_else(|| CheckAbort::mismatch("the program waits for a line", "it has ended"))?;
        Ok(Session { stage, run, init, greeting })
    }

    /// Types a line, and gives what is printed until the next prompt, the echo of the line first.
    fn executes(&self, line: &str) -> Result<String, CheckAbort> {
        self.run.write(&format!("{line}\n"))?;
        self.run.prompt(PROMPT)
    }

    /// Demands that it executes a command.
    fn is_usable(&self) -> CheckResult {
        let mark = self.stage.name();
        let printed = self.executes(&format!("echo {mark}"))?;
        ensure(
            printed.lines().any(|line| line == mark),
            || format!("after 'echo {mark}' a line '{mark}', then the prompt"),
            || format!("printed was {printed:?}"),
        )
    }

    /// Types a command that waits, and finds its process.
    fn holds(&self) -> Result<(Held, ObservedProcess<'s>), CheckAbort> {
        let held = self.stage.held_script()?;
        self.run.write(&format!("{}\n", held.words.join(" ")))?;
        let command = self.run.held(&held)?;
        Ok((held, command))
    }

    /// Has a command leave processes behind, which become children of the submission.
    fn leave_orphans(&self, count: usize) -> Result<Vec<ObservedProcess<'s>>, CheckAbort> {
        let time = settled::long_time(self.stage);
        let script = self.stage.script(&format!("sleep {time} & ").repeat(count))?;
        self.executes(&script)?;
        let orphans = self.init.children();
        let found = orphans.len();
        ensure(
            found == count,
            || format!("after a command that leaves {count} processes behind these are the only children"),
            || format!("there are {found} children"),
        )?;
        Ok(orphans)
    }

    /// Kills an orphan and waits until its status has been fetched.
    fn reaps(&self, orphan: &ObservedProcess<'_>) -> CheckResult {
        self.stage.kill(orphan, Signal::SIGKILL)?;
        self.stage.gone(orphan, "an adopted orphan, which is to be waited for")
    }

    /// Demands that the child of a command that cannot be executed ends with status 1: it stands still
    /// where it names the failure, as the terminal's output is stopped, and nobody waits for its end while
    /// the submission is stopped. Where the C library has created the child, nobody sees its status.
    fn failed_command_ends_with_1(&self) -> CheckResult {
        let Session { stage, run, init, .. } = self;
        run.write(&format!("{STOP}./{}\n", stage.name()))?;
        let created = stage.wait("the program to try a command", || match init.children()[..] {
            // Where it has written a prompt it may have to wait for the echo of what is typed, but not asleep.
            [] => (init.system_call() == Some(libc::SYS_write) && init.is_asleep()).then_some(None),
            [child, ..] => Some(Some(child)),
        })?;
        if let Some(child) = created {
            settled::stand_still(stage, "program and child to stand still", &[*init, child])?;
        }
        let child = created.filter(ObservedProcess::exists);
        if child.is_some() {
            settled::stop(stage, init)?;
        }
        run.write(GO_ON)?;
        let mut status = 1 << 8;
        if let Some(child) = child {
            stage.wait("the child to end", || (!child.is_alive()).then_some(()))?;
            // If the submission ignores SIGCHLD the kernel has waited for it.
            if child.exists() {
                status = child.status_at_end()?;
            }
            stage.kill(init, Signal::SIGCONT)?;
        }
        run.prompt(PROMPT)?;
        ensure(
            status == 1 << 8,
            || "the child of a command that cannot be executed ends with status 1".into(),
            || format!("the number that wait(2) gives of it is {status:#x}"),
        )
    }

    /// Demands that it tells that this PID has terminated: before the prompt, or while a line is read.
    /// Says whether the prompt has come.
    fn has_ended(&self, pid: i32) -> Result<bool, CheckAbort> {
        let (expected, mut has_come) = (told(&format!("PID {pid} terminated")), false);
        self.run.find(&format!("a line {expected:?}"), |line| {
            has_come |= line.starts_with(PROMPT);
            (line.strip_prefix(PROMPT).unwrap_or(line) == expected).then_some(())
        })?;
        Ok(has_come)
    }

    /// Demands that the submission is there, asleep.
    fn is_asleep(&self, expected: &str) -> CheckResult {
        settled::falls_asleep(self.stage, &self.init, expected)
    }
}

/// Demands that a process leads a group of its own, which is in the foreground.
fn has_terminal(process: &ObservedProcess<'_>, expected: &str) -> CheckResult {
    let own = process.leads_group()?;
    ensure(own, || expected.into(), || "its process group is not its own".into())?;
    let has = process.is_in_foreground()?;
    ensure(has, || expected.into(), || "its process group is not in the foreground".into())
}

fn commands(stage: &Stage<'_>) -> CheckResult {
    let session = Session::start(stage, &[])?;
    let Session { run, init, greeting, .. } = &session;
    ensure(greeting.is_empty(), || "the prompt comes first".into(), || format!("{greeting:?} before it"))?;
    session.is_asleep("it waits for a line, asleep")?;
    for empty in ["", " \t "] {
        let printed = session.executes(empty)?;
        ensure(
            printed.trim().is_empty(),
            || "nothing between an empty line and the next prompt".into(),
            || format!("there is {printed:?}"),
        )?;
    }
    // More words, and a longer one, than somebody may have made room for.
    let long = stage.name().repeat(24);
    let words: Vec<&str> = std::iter::repeat_n(&long[..9], 150).chain([long.as_str()]).collect();
    let held = stage.held_script()?.with(&words);
    run.write(&format!("  {}\n", held.words.join(" \t ")))?;
    let command = run.held(&held)?;
    ensure(
        command.parent() == Some(*init),
        || "the command is a child of the program".into(),
        || "it has another parent".into(),
    )?;
    session.is_asleep("it waits for the command's end, asleep")?;
    // The command takes one of the two lines that are typed meanwhile.
    let mark = stage.name();
    run.write(&format!("go\necho {mark}\n"))?;
    run.prompt(PROMPT)?;
    ensure(
        !command.exists(),
        || "the prompt comes when the command has ended".into(),
        || "it is there".into(),
    )?;
    let printed = run.prompt(PROMPT)?;
    ensure(
        printed.lines().any(|line| line == mark),
        || format!("the line 'echo {mark}' that was typed while the command ran is executed"),
        || format!("printed was {printed:?}"),
    )?;

    let mark = stage.name();
    let (directory, name) = super::command::searched_script(stage, &format!("echo {mark}"))?;
    let session = Session::launched(stage, Launch::submission::<&str>(&[]).searched_first(&directory))?;
    let printed = session.executes(&name)?;
    ensure(
        printed.lines().any(|line| line == mark),
        || format!("the command is searched in PATH, and prints '{mark}'"),
        || format!("printed was {printed:?}"),
    )
}

fn foreground(stage: &Stage<'_>) -> CheckResult {
    let session = Session::start(stage, &[])?;
    let Session { run, init, .. } = &session;
    let at_prompt = "at the prompt the program's own process group is in the foreground";
    let at_work = "the command has a process group of its own, in the foreground";
    has_terminal(init, at_prompt)?;
    let (_, command) = session.holds()?;
    has_terminal(&command, at_work)?;
    run.write(INTERRUPT)?;
    run.prompt(PROMPT)?;
    ensure(!command.exists(), || "^C ends the command".into(), || "it is there".into())?;
    has_terminal(init, at_prompt)?;

    let (_, command) = session.holds()?;
    has_terminal(&command, at_work)?;
    run.write(SUSPEND)?;
    run.prompt(PROMPT)?;
    let state = command.state()?;
    ensure(state == 'T', || "^Z stops the command".into(), || format!("its state is {state}"))?;
    has_terminal(init, at_prompt)?;
    given_before(stage)
}

/// Demands that a command that has started has the terminal although the program cannot go on: it
/// stands still at the line of -v, as the terminal's output is stopped.
fn given_before(stage: &Stage<'_>) -> CheckResult {
    let session = Session::start(stage, &["-v"])?;
    let words = ["sleep", &settled::long_time(stage)];
    session.run.write(STOP)?;
    session.run.write(&format!("{}\n", words.join(" ")))?;
    let init = &session.init;
    // Unless it is meant to wait for the program, it starts.
    let started = || init.children().iter().any(|child| child.command_line().is_ok_and(|line| line == words));
    let stand_still = || {
        let children = init.children();
        let still = !children.is_empty() && children.iter().all(|child| settled::is_idle(stage, child));
        (started() || still && settled::is_idle(stage, init)).then_some(())
    };
    stage.wait("the command to start, or the program to stand still", stand_still)?;
    for child in init.children() {
        if child.command_line().is_ok_and(|line| line == words) {
            has_terminal(&child, "the command has the terminal before it starts, not some time after")?;
        }
    }
    session.run.write(GO_ON)
}

fn takes_terminal(stage: &Stage<'_>) -> CheckResult {
    let session = Session::below_shell(stage, &[], &stage.name())?;
    has_terminal(&session.init, "the program's own process group is in the foreground")?;
    session.is_usable()
}

fn reaps(stage: &Stage<'_>) -> CheckResult {
    let session = Session::start(stage, &[])?;
    for orphan in session.leave_orphans(2)? {
        session.reaps(&orphan)?;
        session.is_asleep("it goes on waiting for a line, asleep")?;
    }
    session.is_usable()?;

    // All of them end while it cannot do anything: what it learns afterwards is one signal.
    let orphans = session.leave_orphans(3)?;
    let init = &session.init;
    settled::stop(stage, init)?;
    for orphan in &orphans {
        stage.kill(orphan, Signal::SIGKILL)?;
    }
    let ended = || orphans.iter().all(|orphan| !orphan.is_alive()).then_some(());
    stage.wait("three orphans to end", ended)?;
    stage.kill(init, Signal::SIGCONT)?;
    let gone = || orphans.iter().all(|orphan| !orphan.exists()).then_some(());
    stage.wait("three orphans that ended at the same time to be waited for", gone)?;
    session.is_usable()
}

fn waits(stage: &Stage<'_>) -> CheckResult {
    let session = Session::start(stage, &[])?;
    let run = &session.run;
    let orphans = session.leave_orphans(1)?;
    let (_, command) = session.holds()?;
    settled::stop(stage, &orphans[0])?;
    session.is_asleep("it goes on waiting, asleep, when an orphan was stopped")?;
    session.reaps(&orphans[0])?;
    let expected = "the command keeps the terminal when an orphan ends, and the program goes on waiting";
    session.is_asleep(expected)?;
    has_terminal(&command, expected)?;
    let printed = run.text(Stream::Output);
    ensure(
        !printed.ends_with(PROMPT),
        || "no prompt before the command has ended".into(),
        || "it came when an orphan was stopped, or ended".into(),
    )?;
    run.release()?;
    run.prompt(PROMPT)?;
    ensure(
        !command.exists(),
        || "the prompt comes when the command has ended".into(),
        || "it is there".into(),
    )
}

fn signals(stage: &Stage<'_>) -> CheckResult {
    let session = Session::start(stage, &[])?;
    // A program that changes nothing about them itself.
    let words = ["sleep", &settled::long_time(stage)];
    session.run.write(&format!("{}\n", words.join(" ")))?;
    let command = stage.process_running(&words)?;
    settled::has_usual_signals(&command, settled::OF_THE_LIBRARY)
}

fn survives(stage: &Stage<'_>) -> CheckResult {
    let session = Session::start(stage, &[])?;
    // All but those of a process's own faults, for which the libraries of some languages have handlers.
    let kill = "for signal in HUP INT QUIT USR1 USR2 PIPE ALRM TERM CHLD CONT TSTP TTIN TTOU URG XCPU XFSZ \
                VTALRM PROF WINCH KILL $(seq 34 64); do kill -$signal 1; done";
    session.executes(&stage.script(kill)?)?;
    session.is_usable()
}

fn end(stage: &Stage<'_>) -> CheckResult {
    let mark = stage.name();
    let session = Session::below_shell(stage, &[], &mark)?;
    session.run.end_input()?;
    for expected in [String::new(), format!("{mark} 0")] {
        let line = session.run.line()?;
        ensure(
            line == expected,
            || "at the end of the input a newline behind the prompt, and status 0".into(),
            || format!("a line '{line}' where '{expected}' was expected"),
        )?;
    }
    // If it ended, it would take lines along that nobody has read yet.
    settled::falls_asleep(stage, &session.run.process(), "the shell that started the program goes on")?;

    let session = Session::start(stage, &[])?;
    let orphans = session.leave_orphans(1)?;
    session.run.end_input()?;
    session.run.ends_with(Termination::Exited(0))?;
    stage.gone(&orphans[0], "an orphan in the namespace whose PID 1 has ended")
}

/// A line of `-v`, as it is printed.
fn told(what: &str) -> String {
    format!("\tinit: {what}")
}

/// Demands that this text is one line of `-v` and nothing else.
fn tells(text: &str, what: &str) -> CheckResult {
    let expected = told(what);
    ensure(text.trim_end_matches('\n') == expected, || format!("a line {expected:?}"), || format!("{text:?}"))
}

fn verbose(stage: &Stage<'_>) -> CheckResult {
    let session = Session::below_shell(stage, &["-v"], &stage.name())?;
    tells(&session.greeting, &format!("my PID is {}", session.init.pid()?))?;
    session.run.end_input()?;
    // A newline behind the prompt comes first.
    session.run.line()?;
    tells(&session.run.line()?, "terminating")?;

    let session = Session::start(stage, &["-v"])?;
    let Session { run, greeting, .. } = &session;
    tells(greeting, "my PID is 1")?;

    // The shell's PID is the first, that of what it leaves behind another one.
    let inside =
        |process: &ObservedProcess<'_>| process.nspid().map(|pids| pids.last().copied().unwrap_or_default());
    let orphans = session.leave_orphans(1)?;
    let orphan = inside(&orphans[0])?;
    session.reaps(&orphans[0])?;
    session.has_ended(orphan)?;

    let held = stage.held_script()?;
    run.write(&format!("{}\n", held.words[0]))?;
    // The echo of what was typed.
    run.line()?;
    // Program and command print in any order.
    let (mut created, mut marked) = (None, false);
    run.find(&format!("a line of -v and the command's {:?}", held.mark), |line| {
        marked |= line == held.mark;
        if line.starts_with('\t') && !line.ends_with(" terminated") {
            created.get_or_insert_with(|| line.to_string());
        }
        (marked && created.is_some()).then_some(())
    })?;
    let pid = inside(&stage.process_running(&held.command_line())?)?;
    tells(&created.unwrap_or_default(), &format!("created child {pid}"))?;
    run.release()?;
    if !session.has_ended(pid)? {
        run.prompt(PROMPT)?;
    }

    // One that ends at once is told of in this order, too.
    let printed = session.executes(&stage.script("true")?)?;
    let place = |what: &str| printed.lines().position(|line| line.starts_with('\t') && line.contains(what));
    let (created, terminated) = (place("created"), place("terminated"));
    ensure(
        created.is_some() && terminated.is_none_or(|terminated| created < Some(terminated)),
        || "that a child was created is told before that it has ended".into(),
        || format!("printed was {printed:?}"),
    )?;

    // One that was stopped has not ended.
    let (_, stopped) = session.holds()?;
    run.write(SUSPEND)?;
    run.prompt(PROMPT)?;
    // So that what it prints behind the prompt is there.
    session.is_asleep("it waits for a line, asleep")?;
    let line = told(&format!("PID {} terminated", inside(&stopped)?));
    ensure(
        !run.text(Stream::Output).contains(&line),
        || "no line tells that a command has terminated that was stopped".into(),
        || format!("there is the line {line:?}"),
    )?;
    Ok(())
}

fn errors(stage: &Stage<'_>) -> CheckResult {
    failing::gives_usage(stage, &["-x"])?;
    failing::gives_usage(stage, &["-vx"])?;
    failing::gives_usage(stage, &["-v", &stage.name()])?;
    let no_terminal = Launch::submission::<&str>(&[]).new_namespaces(Flags::CLONE_NEWPID);
    failing::names(stage, &no_terminal, "tcsetpgrp", Errno::ENOTTY)?;

    let session = Session::start(stage, &[])?;
    let printed = session.executes(&format!("./{}", stage.name()))?;
    ensure(
        failing::is_told(&printed, "execvp", Errno::ENOENT),
        || "a line 'execvp: No such file or directory', then the prompt".into(),
        || format!("printed was {printed:?}"),
    )?;
    let left = session.init.children().len();
    ensure(
        left == 0,
        || "no child is left of a command that cannot be executed".into(),
        || format!("there are {left}"),
    )?;
    session.failed_command_ends_with_1()?;
    session.is_usable()
}
