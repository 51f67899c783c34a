//! Deadlines and kill paths with a fake QEMU, a shell script: everything that a guest can do to
//! its host but be a kernel. Real guests are booted elsewhere.

use nsconform_report::event::{CaseResult, RunEvent};
use nsconform_suite::case::CASE;
use nsconform_suite::verdict::{Record, Verdict};
use nsconform_vm::boot::{self, Boot, BootLimits, Cancel, Ending};
use nsconform_vm::fleet::{self, FleetEvent, GuestResult, Plan, Player};
use nsconform_vm::initramfs::InitProgram;
use nsconform_vm::kernels::Kernel;
use nsconform_vm::message::{Message, Privilege, WorkOrder};
use nsconform_vm::qemu::{Accelerator, MEMORY, Vm};
use rstest::rstest;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Far more than a shell needs, on a loaded machine too.
const PATIENT: Duration = Duration::from_secs(60);
/// The time that a test waits on purpose.
const SHORT: Duration = Duration::from_millis(300);

const PATIENT_LIMITS: BootLimits =
    BootLimits { quiet: PATIENT, boot: PATIENT, silence: PATIENT, total: PATIENT, record: Duration::ZERO };

/// A fake QEMU in a directory of its own; `$records` is where the guest's messages go.
struct Fake {
    directory: tempfile::TempDir,
}

impl Fake {
    fn new(script: &str) -> Fake {
        let directory = tempfile::tempdir().unwrap();
        let find = r#"for word in "$@"; do case "$word" in file:*) records=${word#file:} ;; esac; done"#;
        let path = directory.path().join("qemu");
        // Written by another process: if this one had the file open for writing while a test beside
        // forks, the child's copy of the descriptor would make execve(2) fail with ETXTBSY.
        let text = format!("#!/bin/sh\n{find}\nexec 9>\"$records\"\n{script}\n");
        let write = r#"printf %s "$1" >"$2" && chmod 755 "$2""#;
        let written =
            std::process::Command::new("sh").args(["-c", write, "sh", &text]).arg(&path).status().unwrap();
        assert!(written.success());
        Fake { directory }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("qemu")
    }

    fn boot(&self, limits: &BootLimits) -> (Boot, Vec<Message>) {
        let mut messages = Vec::new();
        let booted = boot(&self.path(), limits, &Cancel::new().unwrap(), &mut |message| {
            messages.push(message.clone());
        });
        (booted, messages)
    }
}

fn boot(qemu: &Path, limits: &BootLimits, cancel: &Cancel, message: &mut dyn FnMut(&Message)) -> Boot {
    let vm = Vm {
        qemu,
        accelerator: Accelerator::Tcg,
        kernel: Path::new("/no/kernel"),
        initramfs: Path::new("/no/initramfs"),
        memory: MEMORY,
        arguments: &[],
        talks: None,
    };
    boot::boot(&vm, limits, cancel, message)
}

/// A shell command that sends a message.
fn send(message: &Message) -> String {
    format!("printf '\\036%s\\n' '{}' >&9\n", serde_json::to_string(message).unwrap())
}

fn hello(time_scale: f64) -> String {
    send(&Message::Hello { release: "7.2".into(), time_scale, fork_us: 500.0 })
}

fn case(id: &str) -> RunEvent {
    let record =
        Record { id: id.into(), verdict: Verdict::Pass, duration_us: 1, trace: vec!["a  b() = 0".into()] };
    RunEvent::Case(Box::new(CaseResult::new(0, &CASE, record, None)))
}

fn line(privilege: Privilege, id: &str) -> String {
    send(&Message::Line { privilege, round: 0, line: Box::new(case(id)) })
}

fn end(lines: usize) -> String {
    send(&Message::End { lines })
}

const OFF: &str = "exit 67";

#[test]
fn a_guest_that_does_all_is_done() {
    let script =
        hello(1.0) + &line(Privilege::Root, "a.b") + &end(1) + "echo console; echo error >&2\n" + OFF;
    let (boot, messages) = Fake::new(&script).boot(&PATIENT_LIMITS);
    assert_eq!(boot.ending, Ending::Done);
    assert_eq!(messages.len(), 3);
    assert_eq!(boot.console.tail(5), ["console", "error"]);
    assert!(boot.hello.unwrap() <= boot.last.unwrap() && boot.last.unwrap() <= boot.duration);
}

#[rstest]
#[case::records_are_missing(&(hello(1.0) + &end(3) + OFF), Ending::Incomplete(0, 3))]
#[case::the_end_is_missing(
    &(hello(1.0) + OFF),
    Ending::Lost("it ended before it had done all".into())
)]
#[case::qemu_fails_after_the_end(
    &(hello(1.0) + &end(0) + "exit 9"),
    Ending::Lost("QEMU ended with exit status 9".into())
)]
#[case::qemu_is_killed(
    &(hello(1.0) + "kill -SEGV $$"),
    Ending::Lost("QEMU was killed by signal 11".into())
)]
#[case::qemu_refuses("echo 'no such machine' >&2; exit 1", Ending::NotStarted("QEMU: exit status 1: no such machine".into()))]
#[case::a_panic(
    &(hello(1.0) + "echo '[ 1.0] Kernel panic - not syncing: Attempted to kill init!'; exit 0"),
    Ending::Panic("[ 1.0] Kernel panic - not syncing: Attempted to kill init!".into())
)]
#[case::an_oops(
    "printf '[ 1.0] BUG: kernel NULL pointer\\r\\n[ 1.1] Kernel panic - not syncing: Fatal exception\\r\\n'; exit 0",
    Ending::Panic("[ 1.0] BUG: kernel NULL pointer".into())
)]
fn a_guest_that_does_less_is_told_apart(#[case] script: &str, #[case] expected: Ending) {
    assert_eq!(Fake::new(script).boot(&PATIENT_LIMITS).0.ending, expected);
}

#[test]
fn a_missing_qemu_is_named() {
    let boot = boot(Path::new("/no/qemu"), &PATIENT_LIMITS, &Cancel::new().unwrap(), &mut |_| {});
    assert!(matches!(&boot.ending, Ending::NotStarted(why) if why.contains("/no/qemu")), "{boot:?}");
}

/// A limit before the hello, as it is on this machine.
fn scaled(limit: Duration) -> Duration {
    limit.mul_f64(boot::time_scale())
}

#[rstest]
#[case::a_silent_console(
    "exec sleep 1000",
    BootLimits { quiet: SHORT, ..PATIENT_LIMITS },
    Ending::Stuck(scaled(SHORT))
)]
#[case::a_console_that_stops("echo booting; exec sleep 1000", BootLimits { quiet: SHORT, ..PATIENT_LIMITS }, Ending::Stuck(scaled(SHORT)))]
#[case::a_console_without_an_end(
    "while :; do echo still booting; done",
    BootLimits { boot: SHORT, ..PATIENT_LIMITS },
    Ending::NoHello(scaled(SHORT))
)]
#[case::silence(&(hello(1.0) + "sleep 1000"), BootLimits { silence: SHORT, ..PATIENT_LIMITS }, Ending::Silent(SHORT))]
#[case::a_slow_guest_gets_more(&(hello(2.0) + "sleep 1000"), BootLimits { silence: SHORT, ..PATIENT_LIMITS }, Ending::Silent(SHORT * 2))]
#[case::a_console_is_no_message(
    &(hello(1.0) + "while :; do echo noise; done"),
    BootLimits { silence: SHORT, ..PATIENT_LIMITS },
    Ending::Silent(SHORT)
)]
#[case::too_long_in_all(
    &format!("{}while :; do {} done", hello(1.0), send(&Message::Note { text: "still here".into() })),
    BootLimits { total: SHORT, ..PATIENT_LIMITS },
    Ending::Overdue(SHORT)
)]
#[case::each_record_adds_its_time(
    &(hello(2.0) + &line(Privilege::Root, "a.b") + &line(Privilege::Root, "c.d") + "sleep 1000"),
    BootLimits { total: SHORT, record: SHORT, ..PATIENT_LIMITS },
    Ending::Overdue(SHORT * 6)
)]
fn deadlines_end_it(#[case] script: &str, #[case] limits: BootLimits, #[case] expected: Ending) {
    let started = Instant::now();
    assert_eq!(Fake::new(script).boot(&limits).0.ending, expected);
    assert!(started.elapsed() < PATIENT / 2);
}

/// Whether a process is there and no zombie.
fn is_alive(pid: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z')))
}

/// Waits until a condition holds, or too long.
fn eventually(condition: impl Fn() -> bool) -> bool {
    let started = Instant::now();
    while !condition() {
        if started.elapsed() > PATIENT {
            return false;
        }
        std::thread::yield_now();
    }
    true
}

#[rstest]
#[case::at_a_deadline("sleep 1000")]
#[case::when_it_exits("kill -9 $$")]
fn what_qemu_started_is_ended_with_it(#[case] end: &str) {
    let fake = Fake::new("");
    let pids = fake.directory.path().join("pids");
    let script = format!("sleep 1000 & echo $! > '{}'; {}{end}", pids.display(), hello(1.0));
    let fake = Fake::new(&script);
    fake.boot(&BootLimits { silence: SHORT, ..PATIENT_LIMITS });
    let pid = std::fs::read_to_string(pids).unwrap();
    assert!(eventually(|| !is_alive(pid.trim())), "{pid} is alive");
}

#[test]
fn a_wish_to_stop_ends_it_at_once() {
    let fake = Fake::new(&(hello(1.0) + "sleep 1000"));
    let cancel = Cancel::new().unwrap();
    let boot = boot(&fake.path(), &PATIENT_LIMITS, &cancel, &mut |_| cancel.cancel());
    assert_eq!(boot.ending, Ending::Cancelled);
}

fn order() -> WorkOrder {
    WorkOrder {
        cases: vec!["a.b".into(), "c.d".into()],
        privileges: Privilege::ALL.to_vec(),
        rounds: 1,
        ..WorkOrder::nothing()
    }
}

fn outcome(fake: &Fake, kernels: &[Kernel], output: Option<&Path>) -> Vec<GuestResult> {
    let plan = Plan {
        kernels,
        program: &InitProgram::single(b"program".to_vec()),
        order: &order(),
        player: Player::Qemu { program: &fake.path(), accelerator: Accelerator::Tcg },
        jobs: 2,
        limits: PATIENT_LIMITS,
        output,
    };
    let mut outcomes: Vec<Option<GuestResult>> = kernels.iter().map(|_| None).collect();
    fleet::run(&plan, &Cancel::new().unwrap(), &mut |event| {
        if let FleetEvent::Ended { kernel, outcome } = event {
            outcomes[kernel] = Some(*outcome);
        }
    });
    outcomes.into_iter().map(Option::unwrap).collect()
}

fn kernel(name: &str) -> Kernel {
    Kernel {
        name: name.into(),
        release: "7.2".into(),
        image: "/no/image".into(),
        vmlinux: None,
        modules: None,
    }
}

#[test]
fn cases_without_a_record_are_missing_and_what_there_is_is_kept() {
    let script = hello(1.0) + &line(Privilege::Root, "a.b") + "echo 'Kernel panic - not syncing: x'";
    let kept = tempfile::tempdir().unwrap();
    let outcomes = outcome(&Fake::new(&script), &[kernel("one"), kernel("two")], Some(kept.path()));
    for (name, outcome) in ["one", "two"].into_iter().zip(&outcomes) {
        assert!(!outcome.is_complete());
        assert_eq!(outcome.missing(Privilege::Root, &order().cases), ["c.d"]);
        assert_eq!(outcome.missing(Privilege::User, &order().cases), ["a.b", "c.d"]);
        let read =
            |ending: &str| std::fs::read_to_string(kept.path().join(format!("{name}.{ending}"))).unwrap();
        assert_eq!(serde_json::from_str::<RunEvent>(read("root.jsonl").trim()).unwrap(), case("a.b"));
        assert!(read("console.log").contains("Kernel panic"));
        assert!(read("qemu.sh").contains(&format!("{name}.initramfs")), "{}", read("qemu.sh"));
    }
}

#[test]
fn a_kept_command_line_boots_the_same_guest() {
    let script = hello(1.0) + &end(0) + OFF;
    let fake = Fake::new(&script);
    let kept = tempfile::tempdir().unwrap();
    assert!(outcome(&fake, &[kernel("it's")], Some(kept.path()))[0].is_complete());
    let status =
        std::process::Command::new("sh").arg("it's.qemu.sh").current_dir(kept.path()).status().unwrap();
    assert_eq!(status.code(), Some(67));
    assert!(std::fs::read_to_string(kept.path().join("records")).unwrap().contains("hello"));
}

#[test]
fn an_uncompressed_image_that_is_refused_is_replaced_by_the_compressed_one() {
    let script = format!(
        "case \"$*\" in *vmlinux*) echo 'no PVH note' >&2; exit 1 ;; esac\n{}{}{OFF}",
        hello(1.0),
        end(0)
    );
    let kernel = Kernel { vmlinux: Some("/no/vmlinux".into()), ..kernel("both") };
    assert!(outcome(&Fake::new(&script), &[kernel], None)[0].is_complete());
}

#[test]
fn unreadable_modules_concern_one_kernel_only() {
    let kernels = [Kernel { modules: Some("/no/modules".into()), ..kernel("bad") }, kernel("good")];
    let outcomes = outcome(&Fake::new(&(hello(1.0) + &end(0) + OFF)), &kernels, None);
    assert!(outcomes[0].boot.as_ref().is_err_and(|why| why.contains("/no/modules")), "{outcomes:?}");
    assert!(outcomes[1].is_complete());
}
