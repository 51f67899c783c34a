//! Each system call that the engine stands on, answered otherwise below it: refused, absent, or said
//! to be done without being done. Whatever the call, the run ends in time with a record of every
//! case, nothing passes that was not seen, and nothing reaches the place outside.

mod below;

use libtest_mimic::{Arguments, Failed, Trial};
use nsconform_lab::lab::Lab;
use nsconform_suite::catalogue::Catalogue;
use nsconform_suite::prelude::*;
use nsconform_suite::runner::{Runner, Setup};
use nsconform_suite::verdict::{Record, Verdict};
use nsconform_sys::single_threaded::SingleThreaded;
use std::process::ExitCode;
use std::time::{Duration, Instant};

fn getpid(lab: &Lab) -> Play {
    lab.process("a")?.getpid().map(drop)
}

fn child_ends(lab: &Lab) -> Play {
    let a = lab.process("a")?;
    let child = a.fork("child")?;
    child.exit(3)?;
    a.waitpid(child, WaitOptions::empty()).map(drop)
}

fn hangs(lab: &Lab) -> Play {
    let a = lab.process("a")?;
    let child = a.fork("child")?;
    a.waitpid(child, WaitOptions::empty()).map(drop)
}

static CASES: &[&Case] = &[
    &Case { id: "asks", play: getpid, ..CASE },
    &Case { id: "child-ends", play: child_ends, ..CASE },
    &Case { id: "hangs", play: hangs, ..CASE },
    &Case { id: "asks-as-user", play: getpid, starts_as: Credentials::User, ..CASE },
];

fn catalogue() -> Catalogue {
    let approved = |id: &str| {
        Some(match id {
            "child-ends" => {
                "\
a  clone(0)                                 = <child>
child  exit(3)                              = ?
a  waitpid(<child>, 0)                      = <child>, exited with 3
"
            }
            _ => "a  getpid()                                 = <a>\n",
        })
    };
    Catalogue {
        cases: CASES,
        requirements: &[],
        bases: &[],
        implied: |_, _| Vec::new(),
        approved,
        usual_duration: |_| None,
    }
}

fn run() -> Result<Vec<Record>, Failed> {
    let single = SingleThreaded::prove()?;
    let setup = Setup { jobs: 1, deadline_scale: 0.15, ..Setup::default() };
    let mut runner = Runner::start(&single, catalogue(), setup)?;
    let all: Vec<usize> = (0..CASES.len()).collect();
    let mut records = Vec::new();
    runner.run_cases(&all, &[], &mut |_, record| records.push(record));
    Ok(records)
}

/// The identity of the root directory and the names in the directories that a new root is mounted
/// over: a step of the seal that was only said to be done would be taken there.
fn outside() -> Vec<(String, Vec<std::ffi::OsString>)> {
    use std::os::unix::fs::MetadataExt;
    ["/", "/tmp", "/mnt"]
        .into_iter()
        .map(|path| {
            let identity = std::fs::metadata(path).map(|found| (found.dev(), found.ino(), found.mode()));
            let mut names: Vec<_> = ["proc", "sys", "tmp", "program"]
                .iter()
                .filter(|name| std::path::Path::new(path).join(name).exists())
                .map(std::ffi::OsString::from)
                .collect();
            names.sort();
            (format!("{path} {identity:?}"), names)
        })
        .collect()
}

/// Longer than any such run takes, on a machine that does much else.
const LONGEST: Duration = Duration::from_secs(120);

fn try_call(call: libc::c_long, argument: Option<ArgumentValue>, errno: i32) -> Result<(), Failed> {
    let before = outside();
    let tried = below::in_a_child(|| {
        below::answer(call, argument, errno)?;
        let started = Instant::now();
        let records = match run() {
            Ok(records) => records,
            // The runner itself says so, in words, and nothing was judged.
            Err(failed) if failed.message().is_some_and(|said| !said.is_empty()) => return Ok(()),
            Err(failed) => return Err(failed),
        };
        let took = started.elapsed();
        if records.len() != CASES.len() || took > LONGEST {
            return Err(format!("{} records after {took:?}: {records:?}", records.len()).into());
        }
        for record in &records {
            let unseen = record.verdict == Verdict::Pass && record.trace.is_empty();
            let wrong = record.verdict == Verdict::Pass && record.id == "hangs";
            let silent = record.verdict.reason().is_some_and(|reason| reason.is_empty());
            // Whoever is no root becomes an ordinary user by unshare(2) alone.
            // SAFETY: takes no argument and never fails.
            let cannot_be_user = call == libc::SYS_unshare && unsafe { libc::geteuid() } != 0;
            let has_to_be_tested = match record.id.as_str() {
                "asks" => true,
                "asks-as-user" => !cannot_be_user,
                _ => false,
            };
            let untested =
                has_other_way(call, argument, errno) && has_to_be_tested && record.verdict != Verdict::Pass;
            if unseen || wrong || silent || untested {
                return Err(format!("{record:?}").into());
            }
        }
        Ok(())
    });
    match outside() == before {
        true => tried,
        false => Err(format!("outside it was {before:?} and is {:?}", outside()).into()),
    }
}

/// The number of an argument, from 0, and its value: only calls with it are answered otherwise.
type ArgumentValue = (u8, u64);

/// The calls, and the argument that the engine gives them where a script gives another.
const CALLS: &[(&str, libc::c_long, Option<ArgumentValue>)] = &[
    ("alarm", libc::SYS_alarm, None),
    ("chdir", libc::SYS_chdir, None),
    ("close_range", libc::SYS_close_range, None),
    ("fcntl", libc::SYS_fcntl, None),
    ("kill", libc::SYS_kill, None),
    ("mkdir", libc::SYS_mkdir, None),
    ("mount", libc::SYS_mount, None),
    ("mount-private", libc::SYS_mount, Some((3, libc::MS_REC | libc::MS_PRIVATE))),
    ("mount-tmpfs", libc::SYS_mount, Some((3, 0))),
    ("move_mount", libc::SYS_move_mount, None),
    ("open_tree", libc::SYS_open_tree, None),
    ("pidfd_open", libc::SYS_pidfd_open, None),
    ("pivot_root", libc::SYS_pivot_root, None),
    ("poll", libc::SYS_poll, None),
    ("prctl", libc::SYS_prctl, None),
    ("prctl-pdeathsig", libc::SYS_prctl, Some((0, libc::PR_SET_PDEATHSIG as u64))),
    ("rt_sigprocmask", libc::SYS_rt_sigprocmask, None),
    ("sched_setaffinity", libc::SYS_sched_setaffinity, None),
    ("setns", libc::SYS_setns, None),
    ("setresgid", libc::SYS_setresgid, None),
    ("setresuid", libc::SYS_setresuid, None),
    ("setsid", libc::SYS_setsid, None),
    ("signalfd4", libc::SYS_signalfd4, None),
    ("socketpair", libc::SYS_socketpair, None),
    ("umount2", libc::SYS_umount2, None),
    ("unshare", libc::SYS_unshare, None),
    ("unshare-mnt", libc::SYS_unshare, Some((0, libc::CLONE_NEWNS as u64))),
    ("wait4", libc::SYS_wait4, None),
    ("wait4-any", libc::SYS_wait4, Some((0, u32::MAX as u64))),
];

/// Calls that the engine makes by another call where they are refused or absent: cases that do not make
/// them themselves are tested all the same.
const OTHER_WAYS: [libc::c_long; 12] = [
    libc::SYS_chdir,
    libc::SYS_close_range,
    libc::SYS_mkdir,
    libc::SYS_mount,
    libc::SYS_pidfd_open,
    libc::SYS_pivot_root,
    libc::SYS_rt_sigprocmask,
    libc::SYS_setsid,
    libc::SYS_signalfd4,
    libc::SYS_umount2,
    libc::SYS_unshare,
    libc::SYS_wait4,
];

fn has_other_way(call: libc::c_long, argument: Option<ArgumentValue>, errno: i32) -> bool {
    errno != 0 && argument.is_none() && OTHER_WAYS.contains(&call)
}

/// Calls whose value is a descriptor: 0 would not say that they were done, but name another one.
const DESCRIPTORS: [libc::c_long; 5] =
    [libc::SYS_fcntl, libc::SYS_open_tree, libc::SYS_pidfd_open, libc::SYS_signalfd4, libc::SYS_socketpair];

/// In the environment of a process that makes one trial.
const ONE_TRIAL: &str = "NSCONFORM_ONE_TRIAL";
/// How many trials go at a time: nearly all of their time they wait for a deadline.
const AT_A_TIME: usize = 4;

/// Has a process with one thread, as the engine demands it, make a trial.
fn in_a_process_of_its_own(name: &str) -> Result<(), Failed> {
    let made = std::process::Command::new(std::env::current_exe()?)
        .args(["--exact", name])
        .env(ONE_TRIAL, "")
        .stdin(std::process::Stdio::null())
        .output()?;
    match made.status.success() {
        true => Ok(()),
        false => Err(format!("{}{}", made.status, String::from_utf8_lossy(&made.stdout)).into()),
    }
}

fn main() -> ExitCode {
    nsconform_lab::actor::continue_if_asked();
    let mut arguments = Arguments::from_args();
    let is_one_trial = std::env::var_os(ONE_TRIAL).is_some();
    arguments.test_threads = Some(if is_one_trial { 1 } else { AT_A_TIME });
    let answers = [("refused", libc::EPERM), ("absent", libc::ENOSYS), ("not-done", 0)];
    let trials = CALLS.iter().flat_map(|(name, call, argument)| {
        // A process that no wait tells of is given up only after each deadline: "wait4-any" tries that.
        let has_no_zero = DESCRIPTORS.contains(call) || *name == "wait4";
        let possible = answers.into_iter().filter(move |(_, errno)| *errno != 0 || !has_no_zero);
        possible.map(move |(how, errno)| {
            let (call, argument) = (*call, *argument);
            let name = format!("{name}-{how}");
            Trial::test(name.clone(), move || match is_one_trial {
                true => try_call(call, argument, errno),
                false => in_a_process_of_its_own(&name),
            })
        })
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}
