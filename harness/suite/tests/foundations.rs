//! Kernels that break what the engine stands on, as the engine sees them: a foundation or a probe
//! answers otherwise, or a filter below the engine takes the effect from a system call. A record is
//! written for every case, in time, and its verdict names the cause.

mod below;

use below::in_a_child;
use libtest_mimic::{Arguments, Failed, Trial};
use nsconform_lab::lab::Lab;
use nsconform_suite::catalogue::Catalogue;
use nsconform_suite::prelude::*;
use nsconform_suite::requirement::{Basis, Requirement, Unmet};
use nsconform_suite::runner::{Runner, Setup};
use nsconform_suite::verdict::{Record, Verdict};
use nsconform_sys::foundation::{Foundation, Standing};
use nsconform_sys::single_threaded::SingleThreaded;
use std::process::ExitCode;
use std::time::{Duration, Instant};

const RIGHT: &str = "a  getpid()                                 = <a>\n";

fn getpid(lab: &Lab) -> Play {
    lab.process("a")?.getpid().map(drop)
}

fn hang(lab: &Lab) -> Play {
    let a = lab.process("a")?;
    let child = a.fork("child")?;
    a.waitpid(child, WaitOptions::empty()).map(drop)
}

/// Neither SIGALRM nor anything else that can be caught ends its director.
fn hang_deaf(lab: &Lab) -> Play {
    lab.process("a")?.getpid()?;
    loop {
        // SAFETY: sets a disposition.
        unsafe { libc::signal(libc::SIGALRM, libc::SIG_IGN) };
    }
}

static CARRIED: Requirement = requirement("carried", &[], |_| Ok(Ok(())));
static WRONG: Requirement =
    requirement("wrong", &["own-of-need"], |_| Ok(Err(Unmet::Wrong("it answers 7".into()))));
static ABSENT: Requirement = requirement("absent", &[], |_| Ok(Err(Unmet::Absent("there is none".into()))));
static LATE: Requirement = requirement("late", &[], |_| {
    loop {
        std::thread::park();
    }
});
static NEEDS: &[&Requirement] = &[&CARRIED, &WRONG, &ABSENT, &LATE];

const fn requirement(
    name: &'static str,
    own: &'static [&'static str],
    probe: fn(&Lab) -> Result<nsconform_suite::requirement::ProbeResult, Interrupt>,
) -> Requirement {
    Requirement { name, remedy: "none", own, cgroup: false, probe }
}

fn broken(_: Duration) -> Standing {
    Standing::Broken("it does not".to_string())
}

static STUB: Foundation = Foundation { name: "stub", rule: "the stub holds", source: "", ask: broken };

static CARRIES: &[&Requirement] = &[&CARRIED];

const fn basis(ends: bool, sandbox: bool) -> Basis {
    Basis {
        foundation: &STUB,
        own: &["own", "own-hangs"],
        carries: CARRIES,
        rests: &["rests"],
        ends,
        sandbox,
    }
}

static PLAIN: &[Basis] = &[basis(false, false)];
static ENDS: &[Basis] = &[basis(true, false)];
static SANDBOX: &[Basis] = &[basis(false, true)];

static CASES: &[&Case] = &[
    &Case { id: "plain", play: getpid, ..CASE },
    &Case { id: "own", play: getpid, needs: &[&CARRIED], ..CASE },
    &Case { id: "own-hangs", play: hang, ..CASE },
    &Case { id: "carried", play: getpid, needs: &[&CARRIED], ..CASE },
    &Case { id: "rests", play: getpid, ..CASE },
    &Case { id: "own-of-need", play: getpid, needs: &[&WRONG], ..CASE },
    &Case { id: "needs-wrong", play: getpid, needs: &[&WRONG], ..CASE },
    &Case { id: "needs-absent", play: getpid, needs: &[&ABSENT], ..CASE },
    &Case { id: "needs-late", play: getpid, needs: &[&LATE], ..CASE },
    &Case { id: "hangs", play: hang, ..CASE },
    &Case { id: "hangs-deaf", play: hang_deaf, ..CASE },
];

fn catalogue(bases: &'static [Basis]) -> Catalogue {
    let approved = |id: &str| Some(if id == "own" { "another trace" } else { RIGHT });
    Catalogue {
        cases: CASES,
        requirements: NEEDS,
        bases,
        implied: |_, _| Vec::new(),
        approved,
        usual_duration: |_| None,
    }
}

fn run(bases: &'static [Basis], ids: &[&str], jobs: usize) -> Result<Vec<Record>, Failed> {
    let single = SingleThreaded::prove()?;
    let setup = Setup { jobs, deadline_scale: 0.15, ..Setup::default() };
    let mut runner = Runner::start(&single, catalogue(bases), setup)?;
    let cases: Vec<usize> =
        ids.iter().filter_map(|id| CASES.iter().position(|case| case.id == *id)).collect();
    let mut records = Vec::new();
    runner.run_cases(&cases, &[], &mut |_, record| records.push(record));
    Ok(records)
}

/// Runs cases and compares ids, words and parts of reasons, in the order of the records.
fn expect(bases: &'static [Basis], expected: &[(&str, &str, &str)]) -> Result<(), Failed> {
    let mut ids: Vec<&str> = expected.iter().map(|(id, _, _)| *id).collect();
    // The order of the records must not be that of the request.
    ids.reverse();
    let records = run(bases, &ids, 1)?;
    if records.len() != expected.len() {
        return Err(format!("{records:?}").into());
    }
    for (id, word, reason) in expected {
        let record = records.iter().find(|record| record.id == *id).ok_or("a record is missing")?;
        let said = format!("{:?}", record.verdict);
        if record.verdict.word() != *word || !said.contains(reason) {
            return Err(format!("{id}: {said}, expected {word} with '{reason}'").into());
        }
    }
    let cause = records.iter().position(|record| record.verdict == Verdict::Fail);
    let first_of_others = records.iter().position(|record| record.verdict != Verdict::Fail);
    match (cause, first_of_others) {
        (Some(cause), Some(other)) if cause > other => Err("the cause does not come first".into()),
        _ => Ok(()),
    }
}

fn a_foundation_is_named_as_the_cause() -> Result<(), Failed> {
    expect(
        PLAIN,
        &[
            ("own", "fail", ""),
            ("own-hangs", "fail", ""),
            ("carried", "not judged", "the stub holds"),
            ("rests", "not judged", "the stub holds"),
            ("plain", "pass", ""),
            ("hangs", "timeout", ""),
        ],
    )
}

fn where_processes_do_not_end_a_hang_says_nothing() -> Result<(), Failed> {
    expect(ENDS, &[("plain", "pass", ""), ("hangs", "not judged", "the stub holds")])
}

fn without_the_place_nothing_is_judged() -> Result<(), Failed> {
    expect(SANDBOX, &[("own", "fail", ""), ("plain", "not judged", "the stub holds")])
}

fn a_wrong_requirement_is_no_skip() -> Result<(), Failed> {
    expect(
        &[],
        &[
            ("own-of-need", "pass", ""),
            ("needs-wrong", "not judged", "it answers 7"),
            ("needs-absent", "skip", "there is none"),
            ("needs-late", "timeout", "--deadline-scale"),
            ("plain", "pass", ""),
        ],
    )
}

/// In every process that the caller starts from now on kill(2) with SIGKILL succeeds and does nothing.
fn take_effect_from_sigkill() -> Result<(), Failed> {
    below::answer(libc::SYS_kill, Some((1, libc::SIGKILL as u64)), 0)
}

fn sigkill_does_not_end_a_director() -> Result<(), Failed> {
    in_a_child(|| {
        take_effect_from_sigkill()?;
        let started = Instant::now();
        let records = run(&[], &["hangs", "plain", "hangs", "plain"], 1)?;
        let words: Vec<&str> = records.iter().map(|record| record.verdict.word()).collect();
        match words.iter().filter(|word| **word == "timeout").count() {
            2 if words.len() == 4 && started.elapsed() < Duration::from_secs(60) => Ok(()),
            _ => Err(format!("{records:?} after {:?}", started.elapsed()).into()),
        }
    })
}

/// Nothing ends the director: it is given up, and all others get their records.
fn a_director_that_cannot_be_ended_is_given_up() -> Result<(), Failed> {
    in_a_child(|| {
        take_effect_from_sigkill()?;
        let records = run(&[], &["hangs-deaf", "plain", "plain"], 1)?;
        let said = format!("{records:?}");
        let passed = records.iter().filter(|record| record.verdict == Verdict::Pass).count();
        match said.contains("did not end its processes") && passed == 2 {
            true => Ok(()),
            false => Err(said.into()),
        }
    })
}

fn main() -> ExitCode {
    nsconform_lab::actor::continue_if_asked();
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    let trials = vec![
        Trial::test("a-foundation-is-named-as-the-cause", a_foundation_is_named_as_the_cause),
        Trial::test("where-processes-do-not-end", where_processes_do_not_end_a_hang_says_nothing),
        Trial::test("without-the-place", without_the_place_nothing_is_judged),
        Trial::test("a-wrong-requirement", a_wrong_requirement_is_no_skip),
        Trial::test("sigkill-does-not-end-a-director", sigkill_does_not_end_a_director),
        Trial::test("a-director-that-cannot-be-ended", a_director_that_cannot_be_ended_is_given_up),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}
