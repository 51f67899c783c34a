//! The program as PID 1 of a guest: does what the host ordered, sends every line of the results,
//! and powers off.

use super::run_start;
use nsconform_catalogue::{approved, catalogue, claims, known};
use nsconform_course::course;
use nsconform_explore::player::{Here, ScriptPlayer};
use nsconform_grader::{Program, grader};
use nsconform_lab::script::{Script, ScriptError};
use nsconform_lab::seal::Isolation;
use nsconform_report::counts::Counts;
use nsconform_report::event::{CaseResult, RunEnd, RunEvent, SHORT_SCHEMA};
use nsconform_suite::runner::{DEADLINE, Runner, Setup};
use nsconform_sys::machine::Machine;
use nsconform_sys::single_threaded::SingleThreaded;
use nsconform_vm::guest::{self, Guest};
use nsconform_vm::message::{Message, PlayOrder, Privilege, SUBMISSION, Submission, WorkOrder};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::os::fd::AsRawFd;
use std::time::Instant;

/// Does everything that PID 1 of a guest has to do.
pub fn run(single: &Result<SingleThreaded, String>) -> ! {
    let single = single.as_ref().unwrap_or_else(|why| {
        guest::complain(why);
        std::process::exit(1)
    });
    match guest::set_up() {
        Ok(Guest { order: None, mut port, .. }) => {
            end(&mut port, 0);
        }
        Ok(Guest { order: Some(order), mut port, time_scale }) => {
            let mut lines = 0;
            for privilege in &order.privileges {
                match run_in_child(single, *privilege, &order, time_scale, &port) {
                    Ok(sent) => lines += sent,
                    Err(why) => note(&mut port, &format!("the run as {}: {why}", privilege.word())),
                }
            }
            if let Some(submission) = &order.grade {
                if let Err(error) = guest::pass_controllers_on() {
                    note(&mut port, &format!("limits of all processes together: {error}"));
                }
                if let Err(why) = grade(single, submission, time_scale, &mut port) {
                    note(&mut port, &format!("grading: {why}"));
                }
            }
            if order.dialogue
                && let Err(why) = dialogue(single, &order, time_scale, &mut port)
            {
                note(&mut port, &format!("the dialogue: {why}"));
            }
            end(&mut port, lines);
        }
        Err(why) => guest::complain(&why),
    }
    // Ending PID 1 makes the kernel panic, which the host notices at once.
    std::process::exit(1)
}

/// Says that all was done, and powers off.
fn end(port: &mut File, lines: usize) -> ! {
    if let Err(error) = (Message::End { lines }).write(port) {
        guest::complain(&format!("the host cannot be told: {error}"));
    }
    guest::power_off(port)
}

fn note(port: &mut File, text: &str) {
    if let Err(error) = (Message::Note { text: text.to_string() }).write(port) {
        guest::complain(&format!("{text}; the host cannot be told: {error}"));
    }
}

/// Plays the scripts that the host orders, one after another, until there are no more orders.
fn dialogue(
    single: &SingleThreaded,
    order: &WorkOrder,
    time_scale: f64,
    port: &mut File,
) -> Result<(), String> {
    let say = |message: Message, port: &mut File| {
        message.write(port).map_err(|error| format!("the host cannot be told: {error}"))
    };
    let scale = time_scale * order.deadline_scale;
    let isolation = if order.isolated { Isolation::UserNamespace } else { Isolation::Usual };
    let setup = Setup { jobs: 1, deadline_scale: scale, isolation };
    let mut runner = Runner::start(single, claims(), setup).map_err(|error| error.to_string())?;
    if let Err(why) = runner.mode() {
        let why = format!("sealed namespaces cannot be had: {why}");
        return say(Message::Refused { why }, port);
    }
    let mut here = Here::new(&mut runner, String::new(), DEADLINE.mul_f64(scale));
    let mut orders = BufReader::new(port.try_clone().map_err(|error| error.to_string())?);
    say(Message::Listening, port)?;
    loop {
        let mut line = Vec::new();
        let read = (&mut orders).take(LONGEST_ORDER).read_until(b'\n', &mut line);
        if read.map_err(|error| format!("no order can be read: {error}"))? == 0 {
            return Ok(());
        }
        let played = serde_json::from_slice::<PlayOrder>(&line).map_err(|error| error.to_string()).and_then(
            |PlayOrder { number, script }| {
                let script: Script = script.parse().map_err(|error: ScriptError| error.to_string())?;
                let replay = Box::new(here.play(&script)?);
                Ok(Message::Played { number, replay })
            },
        );
        say(played.unwrap_or_else(|why| Message::Refused { why }), port)?;
    }
}

/// The most bytes of an order.
const LONGEST_ORDER: u64 = 1 << 20;

/// Grades a submission, and sends what there is of the grading after each check.
fn grade(
    single: &SingleThreaded,
    submission: &Submission,
    time_scale: f64,
    port: &mut File,
) -> Result<(), String> {
    let course = course(&submission.assignment)
        .ok_or_else(|| format!("there is no assignment '{}'", submission.assignment))?;
    let assignment = course.read(&submission.rules)?.slowed(time_scale);
    let content = std::fs::read(SUBMISSION).map_err(|error| format!("{SUBMISSION}: {error}"))?;
    let program = Program { name: submission.name.clone(), content };
    let request = grader::GradingRequest {
        name: course.name,
        assignment: &assignment,
        scripts: course.checks,
        program: &program,
        path: &submission.path,
        repeat: None,
        seed: submission.seed,
    };
    let mut failure = None;
    grader::grade(single, &request, |grading| {
        let message = Message::Grading { grading: Box::new(grading.clone()) };
        if let Err(error) = message.write(port) {
            failure = Some(format!("the host cannot be told: {error}"));
        }
    });
    failure.map_or(Ok(()), Err)
}

/// Runs the cases in a child, since ids are not given back. Gives how many lines were sent.
fn run_in_child(
    single: &SingleThreaded,
    privilege: Privilege,
    order: &WorkOrder,
    time_scale: f64,
    port: &File,
) -> Result<usize, String> {
    let (reader, writer) = std::io::pipe().map_err(|error| error.to_string())?;
    // SAFETY: this process has one thread.
    match unsafe { nix::unistd::fork() }.map_err(|errno| format!("fork: {errno}"))? {
        nix::unistd::ForkResult::Child => {
            drop(reader);
            let done = port.try_clone().map_err(|error| error.to_string()).and_then(|mut port| {
                guest::become_privilege(privilege).map_err(|errno| format!("changing ids: {errno}"))?;
                run_cases(single, privilege, order, time_scale, &mut port)
            });
            let text = match &done {
                Ok(lines) => format!("{lines}"),
                Err(why) => format!("!{why}"),
            };
            use std::io::Write;
            let mut writer = writer;
            let written = writer.write_all(text.as_bytes()).is_ok();
            // SAFETY: ends the child without running what its parent will run at its exit.
            unsafe { libc::_exit(i32::from(!written)) }
        }
        nix::unistd::ForkResult::Parent { child } => {
            drop(writer);
            let status = reap_until(child)?;
            // It wrote all or nothing, and a process that it left may hold the pipe open: what is
            // there is read, and its end is not waited for.
            let mut text = String::new();
            if nsconform_sys::reap::readable(reader.as_raw_fd(), std::time::Duration::ZERO) {
                let mut buffer = [0; 4096];
                use std::io::Read;
                let length = (&reader).read(&mut buffer).map_err(|error| error.to_string())?;
                text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            }
            match (text.parse::<usize>(), text.strip_prefix('!')) {
                (Ok(lines), _) => Ok(lines),
                (Err(_), Some(why)) => Err(why.to_string()),
                (Err(_), None) => Err(format!("it ended early: {status:?}")),
            }
        }
    }
}

/// Waits for a child as an init does: every other process that ends is reaped as well. A kernel on
/// which orphans come to this process instead of the init of their own PID namespace would wait for
/// that for ever.
fn reap_until(child: nix::unistd::Pid) -> Result<nix::sys::wait::WaitStatus, String> {
    loop {
        match nix::sys::wait::waitpid(None, None) {
            Ok(status) if status.pid() == Some(child) => return Ok(status),
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(errno) => return Err(errno.to_string()),
        }
    }
}

fn run_cases(
    single: &SingleThreaded,
    privilege: Privilege,
    order: &WorkOrder,
    time_scale: f64,
    port: &mut File,
) -> Result<usize, String> {
    let started = Instant::now();
    let selected: Vec<usize> = order
        .cases
        .iter()
        .map(|id| {
            let found = catalogue().iter().position(|case| case.id == id);
            found.ok_or_else(|| format!("there is no case '{id}'"))
        })
        .collect::<Result<_, _>>()?;
    let setup = Setup { deadline_scale: time_scale * order.deadline_scale, ..Setup::default() };
    let mut runner = Runner::start(single, claims(), setup).map_err(|error| error.to_string())?;
    let machine = Machine::look();
    let mut lines = 0;
    let mut failure = None;
    let mut send = |round: u32, line: RunEvent| {
        lines += 1;
        let message = Message::Line { privilege, round, line: Box::new(line) };
        if let Err(error) = message.write(port) {
            failure = Some(error.to_string());
        }
    };
    // The host has the same catalogue: the short form says the same in less time on a serial line.
    send(0, RunEvent::Run(Box::new(run_start(&runner, &machine, selected.len(), SHORT_SCHEMA, None))));
    let known = known(&machine);
    let mut counts = Counts::default();
    for round in 0..order.rounds {
        runner.run_cases(&selected, &known, &mut |index, record| {
            let case = catalogue()[index];
            let approved = approved(case.id);
            let result = CaseResult::new(index, case, record, approved).shortened(approved);
            if round == 0 {
                counts.add(result.status());
            }
            send(round, RunEvent::Case(Box::new(result)));
        });
    }
    send(
        0,
        RunEvent::Done(RunEnd {
            count: counts.total(),
            verdicts: counts,
            duration_us: started.elapsed().as_micros() as u64,
            failed_fast: false,
        }),
    );
    // SAFETY: waits until the port has sent everything; the descriptor is open.
    unsafe { libc::tcdrain(port.as_raw_fd()) };
    failure.map_or(Ok(lines), |why| Err(format!("the host cannot be told: {why}")))
}
