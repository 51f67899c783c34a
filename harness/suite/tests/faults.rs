//! The engine under fault: whatever happens to one case, it gets a verdict with a reason, the
//! others' records are complete and right, and nothing of it is left running.
//!
//! The trials run on the main thread, one after the other: the engine forks, and its processes
//! must not have threads.

use libtest_mimic::{Arguments, Failed, Trial};
use nsconform_lab::conduct::Conduct;
use nsconform_lab::conduct::watch::Expected;
use nsconform_lab::job::{Finish, Job};
use nsconform_lab::trace::End;
use nsconform_suite::catalogue::Catalogue;
use nsconform_suite::mutation::mutants;
use nsconform_suite::prelude::*;
use nsconform_suite::runner::{DEADLINE, Role, Runner, Setup};
use nsconform_suite::verdict::{Record, Verdict};
use nsconform_sys::single_threaded::SingleThreaded;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::process::ExitCode;
use std::time::Duration;

/// A case that is in order.
static GOOD: Case = Case {
    id: "good",
    play: |lab| {
        let outer = lab.process("outer")?;
        let inner = outer.clone("inner", NEWUTS)?;
        inner.sethostname("inner")?;
        outer.gethostname()?;
        Ok(())
    },
    ..CASE
};

/// A case that hangs if its child does not end, and one that goes on without noticing the lie.
static WAITS: Case = Case {
    id: "waits",
    play: |lab| {
        let parent = lab.process("parent")?;
        let child = parent.fork("child")?;
        parent.sethostname("unseen")?;
        child.exit(0)?;
        parent.waitpid(child, WaitOptions::empty())?;
        Ok(())
    },
    ..CASE
};

const GOOD_TRACE: &str = "\
outer  clone(CLONE_NEWUTS)                      = <inner>
inner  sethostname(\"inner\")                     = 0
outer  gethostname()                            = \"sealed\"
";

/// A case with a fault in it, and the words that its record must contain.
struct Fault {
    id: &'static str,
    starts_as: Credentials,
    play: fn(&Lab) -> Play,
    verdict: &'static str,
    reason: &'static str,
}

/// A process makes four calls and is killed before the one with this number.
fn killed_before<const CALL: usize>(lab: &Lab) -> Play {
    let (killer, victim) = (lab.process("killer")?, lab.process("victim")?);
    for call in 0..4 {
        if call == CALL {
            killer.kill(victim.sealed(), Signal::SIGKILL)?;
            victim.wait_for_end()?;
        }
        victim.getpid()?;
    }
    Ok(())
}

fn limit(resource: libc::__rlimit_resource_t, to: libc::rlim_t) {
    let limit = libc::rlimit { rlim_cur: to, rlim_max: to };
    // SAFETY: the limit outlives the call; it lowers what this process may have.
    unsafe { libc::setrlimit(resource, &limit) };
}

/// As [`limit`], of another process, in the sealed PID namespace.
fn limit_of(process: Process, resource: libc::__rlimit_resource_t, to: libc::rlim_t) {
    let limit = libc::rlimit { rlim_cur: to, rlim_max: to };
    // SAFETY: the limit outlives the call, and the old one is not asked for.
    let done = unsafe { libc::prlimit(process.sealed_pid(), resource, &limit, std::ptr::null_mut()) };
    assert_eq!(done, 0, "prlimit: {}", std::io::Error::last_os_error());
}

/// The fields that most faults share.
const FAULT: Fault =
    Fault { id: "", starts_as: Credentials::Root, play: |_| Ok(()), verdict: "error", reason: "" };

static FAULTS: &[Fault] = &[
    Fault { id: "the-case-panics", play: |_| panic!("on purpose"), reason: "on purpose", ..FAULT },
    Fault {
        id: "the-director-exits",
        // SAFETY: ends the director.
        play: |_| unsafe { libc::_exit(3) },
        reason: "exited with status 3",
        ..FAULT
    },
    Fault {
        id: "the-director-is-killed",
        play: |lab| {
            lab.process("a")?;
            // SAFETY: none; the fault is the purpose.
            unsafe { std::ptr::null_mut::<u8>().write_volatile(1) };
            Ok(())
        },
        reason: "killed by signal",
        ..FAULT
    },
    Fault {
        id: "the-director-hangs",
        play: |lab| {
            lab.process("a")?.getpid()?;
            loop {
                std::hint::spin_loop();
            }
        },
        verdict: "timeout",
        reason: "did not end within",
        ..FAULT
    },
    Fault {
        id: "a-call-hangs",
        play: |lab| {
            let a = lab.process("a")?;
            let child = a.fork("child")?;
            a.waitpid(child, WaitOptions::empty())?;
            Ok(())
        },
        verdict: "timeout",
        reason: "did not end within",
        ..FAULT
    },
    Fault {
        id: "no-descriptors-left",
        play: |lab| {
            limit(libc::RLIMIT_NOFILE, 50);
            lab.process("a")?;
            Ok(())
        },
        reason: "socketpair",
        ..FAULT
    },
    Fault {
        id: "no-memory-left",
        play: |lab| {
            limit(libc::RLIMIT_AS, 1 << 20);
            let name = "x".repeat(64 << 20);
            lab.process(&name)?;
            Ok(())
        },
        reason: "killed by signal",
        ..FAULT
    },
    Fault {
        id: "processes-without-end",
        play: |lab| {
            limit(libc::RLIMIT_NOFILE, 150);
            loop {
                lab.process("a")?.getpid()?;
            }
        },
        reason: "socketpair",
        ..FAULT
    },
    Fault {
        id: "a-trace-without-end",
        play: |lab| {
            let a = lab.process("a")?;
            loop {
                a.sethostname("x".repeat(10_000))?;
            }
        },
        reason: "trace is longer",
        ..FAULT
    },
    Fault {
        id: "a-message-too-long",
        play: |lab| {
            lab.process("a")?.sethostname("x".repeat(100_000))?;
            Ok(())
        },
        reason: "does not fit a message",
        ..FAULT
    },
    Fault {
        id: "nothing-is-asked",
        play: |lab| lab.process("a").map(drop),
        reason: "asked nothing",
        ..FAULT
    },
    Fault {
        id: "a-process-flees",
        play: |lab| {
            let a = lab.process("a")?;
            let b = a.fork("b")?;
            b.setsid()?;
            let c = b.fork("c")?;
            c.sigaction(Signal::SIGTERM, Disposition::SIG_IGN)?;
            c.setsid()?;
            b.exit(0)?;
            a.exit(0)?;
            Ok(())
        },
        reason: "no approved trace",
        ..FAULT
    },
    // A process that is gone when it should act is what a wrong kernel would show, so it fails.
    Fault { id: "killed-before-call-0", play: killed_before::<0>, verdict: "fail", reason: "", ..FAULT },
    Fault { id: "killed-before-call-1", play: killed_before::<1>, verdict: "fail", reason: "", ..FAULT },
    Fault { id: "killed-before-call-2", play: killed_before::<2>, verdict: "fail", reason: "", ..FAULT },
    Fault { id: "killed-before-call-3", play: killed_before::<3>, verdict: "fail", reason: "", ..FAULT },
    Fault {
        id: "the-kernel-gives-no-more-descriptors",
        play: |lab| {
            limit(libc::RLIMIT_NOFILE, 150);
            let a = lab.process("a")?;
            while a.open("/proc/self/status", O_RDONLY)?.is_ok() {}
            Ok(())
        },
        reason: "EMFILE",
        ..FAULT
    },
    // The limit does not hold root, who creates the first process and whom it makes an ordinary user.
    // Started by an ordinary user, the engine itself gets no process.
    Fault {
        id: "the-kernel-gives-no-more-processes",
        starts_as: Credentials::User,
        play: |lab| {
            limit(libc::RLIMIT_NPROC, 1);
            lab.process("a")?.fork("b")?;
            Ok(())
        },
        reason: "EAGAIN",
        ..FAULT
    },
    Fault {
        id: "the-kernel-gives-no-more-namespaces",
        play: |lab| {
            let a = lab.process("a")?;
            a.unshare(NEWUSER)?;
            a.echo("0", "/proc/sys/user/max_uts_namespaces")?;
            a.unshare(NEWUTS)?;
            Ok(())
        },
        reason: "more namespaces",
        ..FAULT
    },
    Fault {
        id: "no-memory-for-a-new-process",
        play: |lab| {
            let a = lab.process("a")?;
            limit_of(a, libc::RLIMIT_AS, 1 << 20);
            a.fork("b")?.getpid()?;
            Ok(())
        },
        reason: "no memory",
        ..FAULT
    },
    Fault {
        id: "a-call-begun-twice",
        play: |lab| {
            let a = lab.process("a")?;
            let _begun = a.begin().getpid()?;
            a.getpid()?;
            Ok(())
        },
        reason: "has begun a call",
        ..FAULT
    },
];

/// Takes more than half of [`BUSY_DEADLINE`] by itself.
static BUSY: Case = Case {
    id: "busy",
    play: |lab| {
        let a = lab.process("a")?;
        a.getpid()?;
        std::thread::sleep(BUSY_TIME);
        a.getpid()?;
        Ok(())
    },
    ..CASE
};

const BUSY_TIME: Duration = Duration::from_millis(600);
const BUSY_DEADLINE: Duration = Duration::from_millis(1000);

fn catalogue() -> Catalogue {
    let mut cases: Vec<&'static Case> = vec![&GOOD];
    for fault in FAULTS {
        cases.push(Box::leak(Box::new(Case {
            id: fault.id,
            starts_as: fault.starts_as,
            play: fault.play,
            ..CASE
        })));
    }
    cases.extend([&GOOD, &BUSY, &WAITS]);
    Catalogue {
        cases: cases.leak(),
        requirements: &[],
        bases: &[],
        implied: |_, _| Vec::new(),
        approved,
        usual_duration: |_| None,
    }
}

fn approved(id: &str) -> Option<&'static str> {
    match id {
        "good" => Some(GOOD_TRACE),
        id if id.starts_with("killed-before") => Some("a trace in which it is not killed"),
        id if id.starts_with("the-kernel-gives-no-more") => Some("a trace that does not run out of anything"),
        _ => None,
    }
}

/// The one test thread of libtest-mimic is the first thread of the process.
fn single() -> SingleThreaded {
    SingleThreaded::prove().expect("trials run in the first thread")
}

fn run(runner: &mut Runner, cases: &[usize]) -> Vec<(usize, Record)> {
    let mut records = Vec::new();
    runner.run_cases(cases, &[], &mut |index, record| records.push((index, record)));
    records
}

/// That no child of ours, and so nothing that any of them started, is left.
fn nothing_is_left() -> Result<(), Failed> {
    // SAFETY: takes numbers and a null pointer.
    let left = unsafe { libc::waitpid(-1, std::ptr::null_mut(), libc::WNOHANG) };
    if left == -1 { Ok(()) } else { Err(format!("waitpid gives {left}: something is left").into()) }
}

/// One faulty case between two good ones: while the first one goes, and held until that has ended.
fn one_fault(fault: &Fault, index: usize, last: usize) -> Result<(), Failed> {
    [2, 1].into_iter().try_for_each(|jobs| one_fault_of_jobs(fault, index, last, jobs))
}

fn one_fault_of_jobs(fault: &Fault, index: usize, last: usize, jobs: usize) -> Result<(), Failed> {
    // Short where the deadline is the point, long where it must not be.
    let deadline_scale = if fault.verdict == "timeout" { 0.25 } else { 5.0 };
    let setup = Setup { jobs, deadline_scale, ..Setup::default() };
    let mut runner = Runner::start(&single(), catalogue(), setup)?;
    let started = std::time::Instant::now();
    let records: BTreeMap<usize, Record> = run(&mut runner, &[0, index, last]).into_iter().collect();
    if started.elapsed() > Duration::from_secs(20) {
        return Err("took far longer than its deadline".into());
    }
    for good in [0, last] {
        if records[&good].verdict != Verdict::Pass {
            return Err(format!("the case beside it: {:?}", records[&good]).into());
        }
    }
    let record = &records[&index];
    let said = format!("{:?}", record.verdict);
    if record.verdict.word() != fault.verdict || !said.contains(fault.reason) {
        let trace = record.trace.join("\n");
        return Err(format!("{said}, expected {} with '{}'\n{trace}", fault.verdict, fault.reason).into());
    }
    drop(runner);
    nothing_is_left()
}

/// The trace of a hang shows the call that hangs.
fn a_hang_shows_where(index: usize) -> Result<(), Failed> {
    let mut runner =
        Runner::start(&single(), catalogue(), Setup { deadline_scale: 0.1, ..Setup::default() })?;
    let records = run(&mut runner, &[index]);
    match records[0].1.trace.last() {
        Some(line) if line.contains("waitpid(") && line.ends_with("<unfinished ...>") => Ok(()),
        other => Err(format!("the last line is {other:?}").into()),
    }
}

/// A case that waits for its turn makes no call before, and its time begins with its turn.
fn a_turn_is_waited_for(busy: usize) -> Result<(), Failed> {
    let deadline_scale = BUSY_DEADLINE.as_secs_f64() / DEADLINE.as_secs_f64();
    let mut runner =
        Runner::start(&single(), catalogue(), Setup { jobs: 1, deadline_scale, ..Setup::default() })?;
    let cases = [busy; 3];
    let started = std::time::Instant::now();
    let jobs: Vec<Job> = cases.iter().map(|case| runner.job(Role::Case(*case))).collect();
    let mut runs = Vec::new();
    runner.run_jobs(&jobs, &mut |_, run| runs.push(run));
    if let Some(run) = runs.iter().find(|run| run.finish != Finish::Ended || run.duration < BUSY_TIME) {
        return Err(format!("{run:?}").into());
    }
    let took = started.elapsed();
    if took < BUSY_TIME * cases.len() as u32 { Err(format!("all took {took:?}").into()) } else { Ok(()) }
}

/// A run whose lie makes it hang is told from a slow one long before its deadline.
fn a_lie_that_hangs_is_known_soon(index: usize) -> Result<(), Failed> {
    let mut runner =
        Runner::start(&single(), catalogue(), Setup { deadline_scale: 5.0, ..Setup::default() })?;
    let mut honest = None;
    runner.run_jobs(&[runner.job(Role::Case(index))], &mut |_, run| honest = Some(run));
    let trace = honest.ok_or("no run")?.trace;
    for mutant in mutants(&trace) {
        let entries = trace.entries();
        let expected = Some(Expected { entries, patience: Duration::from_millis(50) });
        let conduct = Conduct { injection: Some(mutant.injection.clone()), expected, ..Conduct::default() };
        let mut end = None;
        runner.run_jobs(&[runner.altered_job(index, conduct)], &mut |_, run| {
            end = run.trace.end().cloned();
        });
        let as_expected = match mutant.text.as_str() {
            "sethostname(\"unseen\")" => end == Some(End::Played),
            "exit(0)" => end == Some(End::Interrupted(Interrupt::Stuck)),
            "waitpid(<child>, 0)" => end == Some(End::Played),
            _ => false,
        };
        if !as_expected {
            return Err(format!("{}: {end:?}", mutant.text).into());
        }
    }
    drop(runner);
    nothing_is_left()
}

/// The server is killed half-way: the records that were there stay, the rest say why not.
fn the_server_is_killed() -> Result<(), Failed> {
    let mut runner = Runner::start(&single(), catalogue(), Setup { jobs: 1, ..Setup::default() })?;
    let server = runner.server_pid();
    let cases = vec![0; 50];
    let mut verdicts = Vec::new();
    runner.run_cases(&cases, &[], &mut |_, record| {
        verdicts.push(record.verdict);
        if verdicts.len() == 5 {
            // SAFETY: signals our own child.
            unsafe { libc::kill(server, libc::SIGKILL) };
        }
    });
    if verdicts.len() != cases.len() || verdicts[..5].iter().any(|verdict| *verdict != Verdict::Pass) {
        return Err(format!("{verdicts:?}").into());
    }
    match verdicts.last() {
        Some(Verdict::Error { reason }) if reason.contains("fork server has ended") => {}
        other => return Err(format!("the last verdict is {other:?}").into()),
    }
    drop(runner);
    nothing_is_left()
}

/// Once somebody has seen enough no further case begins; those that had begun give their records.
fn a_break_ends_the_run(failing: usize) -> Result<(), Failed> {
    let mut runner = Runner::start(&single(), catalogue(), Setup { jobs: 1, ..Setup::default() })?;
    let cases: Vec<usize> = std::iter::once(failing).chain([0; 50]).collect();
    let mut verdicts = Vec::new();
    let flow = runner.run_cases_until(&cases, &[], &mut |_, record| {
        verdicts.push(record.verdict);
        if verdicts.contains(&Verdict::Fail) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    if flow.is_continue() || verdicts.len() > 5 {
        return Err(format!("{} records after {flow:?}", verdicts.len()).into());
    }
    // The runner is as good as before.
    match run(&mut runner, &[0]).as_slice() {
        [(0, record)] if record.verdict == Verdict::Pass => {}
        other => return Err(format!("after it: {other:?}").into()),
    }
    drop(runner);
    nothing_is_left()
}

fn main() -> ExitCode {
    nsconform_lab::actor::continue_if_asked();
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    let last = FAULTS.len() + 1;
    let mut trials: Vec<Trial> = FAULTS
        .iter()
        .enumerate()
        .map(|(number, fault)| Trial::test(fault.id, move || one_fault(fault, number + 1, last)))
        .collect();
    let hang = 1 + FAULTS.iter().position(|fault| fault.id == "a-call-hangs").unwrap_or(0);
    trials.push(Trial::test("a-hang-shows-where", move || a_hang_shows_where(hang)));
    trials.push(Trial::test("a-turn-is-waited-for", move || a_turn_is_waited_for(last + 1)));
    trials.push(Trial::test("a-lie-that-hangs", move || a_lie_that_hangs_is_known_soon(last + 2)));
    trials.push(Trial::test("the-server-is-killed", the_server_is_killed));
    let fails = 1 + FAULTS.iter().position(|fault| fault.verdict == "fail").unwrap_or(0);
    trials.push(Trial::test("a-break-ends-the-run", move || a_break_ends_the_run(fails)));
    libtest_mimic::run(&arguments, trials).exit_code()
}
