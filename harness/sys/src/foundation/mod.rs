//! Foundations: documented rules that the engine itself stands on. A self-test asks each of them
//! in the plainest way, by system calls of a few forked processes, with nothing of the engine
//! beneath it.
//!
//! The questions live in `questions`. Which cases are a foundation's own, and which requirements
//! rest on it, is the business of the catalogue; what follows for a verdict, that of the runner.

mod questions;

pub use questions::*;

use crate::reap;
use crate::single_threaded::SingleThreaded;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

/// One rule that the engine stands on.
pub struct Foundation {
    /// A short name, unique.
    pub name: &'static str,
    /// The rule in one sentence.
    pub rule: &'static str,
    /// Where it is documented.
    pub source: &'static str,
    /// Asks the kernel, in a process that ends afterwards; may take about this long.
    pub ask: fn(Duration) -> Standing,
}

/// The answer of the kernel to one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The rule holds.
    Holds,
    /// The kernel does otherwise; says how.
    Broken(String),
    /// The question could not be asked, or was not answered in time; says why.
    Unknown(String),
}

impl Standing {
    fn encode(&self) -> (u8, &str) {
        match self {
            Standing::Holds => (b'h', ""),
            Standing::Broken(found) => (b'b', found),
            Standing::Unknown(why) => (b'u', why),
        }
    }

    fn decode(letter: u8, text: &str) -> Option<Standing> {
        match letter {
            b'h' => Some(Standing::Holds),
            b'b' => Some(Standing::Broken(text.to_string())),
            b'u' => Some(Standing::Unknown(text.to_string())),
            _ => None,
        }
    }
}

/// Every foundation, in the order in which they are reported: a later one may rest on an earlier one.
pub static ALL: &[&Foundation] = questions::ALL;

/// The system calls that the questions make: where one of them is refused, a wrong answer says nothing
/// against the kernel.
pub const CALLS: [&str; 21] = [
    "clone",
    "close",
    "fcntl",
    "getpid",
    "getppid",
    "ioctl",
    "kill",
    "openat",
    "pipe2",
    "poll",
    "prctl",
    "read",
    "readlink",
    "recvfrom",
    "recvmsg",
    "sendmsg",
    "sendto",
    "socketpair",
    "statx",
    "wait4",
    "write",
];

/// A self-test that was begun.
pub struct Survey {
    count: usize,
    answers: OwnedFd,
    pid: i32,
    end: Instant,
}

/// How much longer a question may take that is asked again, alone.
const AGAIN: u32 = 4;
/// How long the surveyor may take to end once all answers are there.
const LAST: Duration = Duration::from_secs(1);

impl Survey {
    /// Begins to ask all questions, side by side, in a process that is forked for it. Each may take
    /// this long, and more if it is asked again.
    ///
    /// # Errors
    /// Those of pipe2(2) and fork(2).
    pub fn begin(
        _: &SingleThreaded,
        foundations: Vec<&'static Foundation>,
        time: Duration,
    ) -> std::io::Result<Survey> {
        let (reader, writer) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC)?;
        // Each may be late once, and is then asked again after the others.
        let end = Instant::now() + time + time * AGAIN * foundations.len() as u32 + LAST;
        // SAFETY: this process has one thread, so the child's copy of the heap is consistent.
        match unsafe { nix::unistd::fork() }? {
            nix::unistd::ForkResult::Child => {
                drop(reader);
                survey(&foundations, &writer, time);
                // SAFETY: ends the surveyor without running what its parent will run at its exit.
                unsafe { libc::_exit(0) }
            }
            nix::unistd::ForkResult::Parent { child } => {
                Ok(Survey { count: foundations.len(), answers: reader, pid: child.as_raw(), end })
            }
        }
    }

    /// Waits for the answers: one for each foundation, in their order.
    pub fn finish(self) -> Vec<Standing> {
        let late = || Standing::Unknown("the self-test did not end in time".to_string());
        let mut answers: Vec<Standing> = (0..self.count).map(|_| late()).collect();
        let mut file = std::fs::File::from(self.answers);
        let mut bytes = Vec::new();
        let mut buffer = [0; 4096];
        while reap::readable(file.as_raw_fd(), self.end.saturating_duration_since(Instant::now())) {
            match file.read(&mut buffer) {
                Ok(0) | Err(_) => break,
                Ok(length) => bytes.extend_from_slice(&buffer[..length]),
            }
        }
        for line in String::from_utf8_lossy(&bytes).lines() {
            let mut parts = line.splitn(3, '\t');
            let (Some(index), Some(letter), Some(text)) = (parts.next(), parts.next(), parts.next()) else {
                continue;
            };
            let standing = letter.bytes().next().and_then(|letter| Standing::decode(letter, text));
            if let (Ok(index), Some(standing)) = (index.parse::<usize>(), standing)
                && let Some(answer) = answers.get_mut(index)
            {
                *answer = standing;
            }
        }
        reap::kill_within(self.pid, LAST);
        answers
    }
}

/// A question that the surveyor has asked and that has no answer yet.
struct PendingQuestion {
    pid: i32,
    answer: OwnedFd,
}

/// Asks all, then those again, alone, that were late or whose answer was wrong: no wrong answer
/// counts that a busy machine gives once.
fn survey(foundations: &[&'static Foundation], to: &OwnedFd, time: Duration) {
    // SAFETY: plain system calls on numbers: the surveyor ends with its parent, and a pipe that
    // nobody reads any more is an error, no signal.
    unsafe {
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
        libc::signal(libc::SIGPIPE, libc::SIG_IGN);
        libc::signal(libc::SIGCHLD, libc::SIG_DFL);
        libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    }
    let end = Instant::now() + time;
    let asked: Vec<Result<PendingQuestion, String>> =
        foundations.iter().map(|foundation| ask(foundation, time)).collect();
    for (index, asked) in asked.into_iter().enumerate() {
        let left = end.saturating_duration_since(Instant::now());
        let first = asked.map_or_else(|why| Some(Standing::Unknown(why)), |asked| answer_of(asked, left));
        let standing = match first {
            Some(standing @ (Standing::Holds | Standing::Unknown(_))) => standing,
            Some(Standing::Broken(_)) | None => {
                let longer = time * AGAIN;
                ask(foundations[index], longer)
                    .map_or_else(|why| Some(Standing::Unknown(why)), |asked| answer_of(asked, longer))
                    .unwrap_or_else(|| Standing::Unknown("it was not answered in time".to_string()))
            }
        };
        let (letter, text) = standing.encode();
        let line = format!("{index}\t{}\t{}\n", char::from(letter), text.replace('\n', " "));
        if std::fs::File::from(to.try_clone().unwrap_or_else(|_| exit())).write_all(line.as_bytes()).is_err()
        {
            return;
        }
    }
    // The processes of the questions have been killed. They count against the limit of processes
    // until they are reaped, and the cases come next.
    reap::all_within(LAST);
}

fn exit() -> ! {
    // SAFETY: ends the surveyor, which has no descriptor left to answer through.
    unsafe { libc::_exit(1) }
}

fn ask(foundation: &Foundation, time: Duration) -> Result<PendingQuestion, String> {
    let (reader, writer) =
        nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC).map_err(|errno| format!("pipe: {errno}"))?;
    // SAFETY: the surveyor has one thread.
    match unsafe { nix::unistd::fork() }.map_err(|errno| format!("fork: {errno}"))? {
        nix::unistd::ForkResult::Child => {
            drop(reader);
            // SAFETY: takes numbers only; what the question leaves ends with its descriptors.
            unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
            let (letter, text) = {
                let standing = (foundation.ask)(time);
                let (letter, text) = standing.encode();
                (letter, text.to_string())
            };
            let mut message = vec![letter];
            message.extend_from_slice(text.as_bytes());
            let written = std::fs::File::from(writer).write_all(&message).is_ok();
            // SAFETY: ends the child without running what its parent will run at its exit.
            unsafe { libc::_exit(i32::from(!written)) }
        }
        nix::unistd::ForkResult::Parent { child } => {
            Ok(PendingQuestion { pid: child.as_raw(), answer: reader })
        }
    }
}

/// The answer to a question; none in this time. The process that asks is ended.
fn answer_of(asked: PendingQuestion, time: Duration) -> Option<Standing> {
    let mut message = Vec::new();
    // The answer is shorter than a pipe holds and is written at once; other holders of the pipe may
    // live on, so its end is not waited for.
    if reap::readable(asked.answer.as_raw_fd(), time) {
        let mut buffer = [0; 4096];
        if let Ok(length) = std::fs::File::from(asked.answer).read(&mut buffer) {
            message.extend_from_slice(&buffer[..length]);
        }
    }
    reap::kill_within(asked.pid, LAST);
    let (letter, text) = message.split_first()?;
    let standing = Standing::decode(*letter, &String::from_utf8_lossy(text));
    Some(standing.unwrap_or_else(|| Standing::Unknown("its answer is garbled".to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(_: Duration) -> Standing {
        Standing::Broken("two\tparts and\nlines".to_string())
    }

    fn late(_: Duration) -> Standing {
        loop {
            std::thread::park();
        }
    }

    fn dead(_: Duration) -> Standing {
        // SAFETY: ends the process that asks.
        unsafe { libc::_exit(0) }
    }

    const fn foundation(name: &'static str, ask: fn(Duration) -> Standing) -> Foundation {
        Foundation { name, rule: "", source: "", ask }
    }

    static ONE_OF_EACH: &[&Foundation] = &[
        &foundation("holds", |_| Standing::Holds),
        &foundation("broken", broken),
        &foundation("late", late),
        &foundation("dead", dead),
    ];

    /// Forks the survey from a child of one thread, and gives what it found through a pipe.
    fn surveyed(foundations: &[&'static Foundation], time: Duration) -> Vec<Standing> {
        let (mut reader, writer) = std::io::pipe().unwrap();
        // SAFETY: glibc keeps its allocator consistent over fork(3); the child ends by _exit.
        let child = unsafe { libc::fork() };
        if child == 0 {
            let single = SingleThreaded::prove().unwrap_or_else(|_| exit());
            let answers =
                Survey::begin(&single, foundations.to_vec(), time).map_or_else(|_| exit(), Survey::finish);
            for answer in answers {
                let (letter, text) = answer.encode();
                let line = format!("{}{}\n", char::from(letter), text.replace('\n', " "));
                if std::io::Write::write_all(&mut &writer, line.as_bytes()).is_err() {
                    exit();
                }
            }
            // SAFETY: as above.
            unsafe { libc::_exit(0) }
        }
        drop(writer);
        let text = std::io::read_to_string(&mut reader).unwrap();
        assert!(reap::within(child, Duration::from_secs(60)).unwrap().is_some());
        text.lines().map(|line| Standing::decode(line.as_bytes()[0], &line[1..]).unwrap()).collect()
    }

    #[test]
    fn each_question_gets_its_answer_in_time() {
        let answers = surveyed(ONE_OF_EACH, Duration::from_millis(100));
        assert_eq!(answers.len(), 4);
        assert_eq!(answers[0], Standing::Holds);
        assert_eq!(answers[1], Standing::Broken("two\tparts and lines".to_string()));
        assert!(matches!(&answers[2], Standing::Unknown(why) if why.contains("in time")), "{answers:?}");
        assert!(matches!(&answers[3], Standing::Unknown(_)), "{answers:?}");
    }

    /// The kernel that the tests run on keeps its rules, or does not let them be asked here.
    #[test]
    fn no_foundation_is_broken_here() {
        let answers = surveyed(ALL, Duration::from_secs(2));
        for (foundation, answer) in ALL.iter().zip(answers) {
            assert!(!matches!(answer, Standing::Broken(_)), "{}: {answer:?}", foundation.name);
        }
    }

    #[test]
    fn names_are_unique() {
        let names: std::collections::BTreeSet<&str> = ALL.iter().map(|one| one.name).collect();
        assert_eq!(names.len(), ALL.len());
    }
}
