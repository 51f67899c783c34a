//! The lab: the sealed place that one run of one case gets.
//!
//! It hands out processes, asks them for one call at a time and writes every call and answer into
//! the journal. The other end of the wire lives in `actor`; how the place is sealed in `seal`.

use crate::actor::{Actor, GREETING, Reply};
use crate::call::argument::{Pid, Unshown};
use crate::call::process::{Process as ProcessCall, Signal};
use crate::call::{Ask, Call};
use crate::interrupt::{Interrupt, Play, engine};
use crate::journal::Journal;
use crate::outcome::{Done, Errno, Outcome, Value};
use crate::seal::{Ground, Mode};
use crate::trace::Event;
use crate::watch::{self, Expected, Watch};
use nix::poll::{PollFd, PollFlags, PollTimeout};
use nsconform_sys::descriptors;
use nsconform_sys::kind::Flags;
use nsconform_sys::wire::{self, DESCRIPTOR_FLOOR};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::os::fd::{AsFd, AsRawFd, IntoRawFd, OwnedFd, RawFd};
use std::time::Instant;

/// A change made to a run on purpose, to see whether the case notices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tamper {
    /// The number of the call, counted from 0.
    pub call: u32,
    /// What is done to it.
    pub deed: Deed,
}

/// What [`Tamper`] does to a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Deed {
    /// Reports this outcome without performing the call.
    Withhold(Outcome),
    /// Performs the call without these flags.
    DropFlags(Flags),
    /// Performs the call and reports this outcome instead of the kernel's.
    Pretend(Outcome),
}

/// How a run is disturbed, to show that its trace does not depend on timing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jitter {
    /// The seed of the random delays.
    pub seed: u64,
    /// The longest delay before a call, in microseconds.
    pub most: u32,
    /// The processor that everything is kept on, if any.
    pub processor: Option<u16>,
}

/// What is changed in a run on purpose; nothing by default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Changes {
    /// The lie that is told.
    pub tamper: Option<Tamper>,
    /// The disturbance.
    pub jitter: Option<Jitter>,
    /// What the run shall show.
    pub expected: Option<Expected>,
}

/// One actor as the director knows it.
struct End {
    name: String,
    socket: OwnedFd,
    /// Its PID as its creator sees it.
    pid: i32,
    /// Its PID in the sealed PID namespace.
    sealed_pid: i32,
    /// Whether a call was begun and not finished; holds what a tampered answer shall be.
    begun: Option<Option<Outcome>>,
    ended: bool,
}

struct State {
    ends: Vec<End>,
    calls: u32,
    delays: Option<fastrand::Rng>,
    /// Where messages are put together and taken in.
    buffer: &'static mut [u8],
}

/// The sealed place of one run.
pub struct Lab<'j> {
    journal: &'j Journal,
    ground: Ground,
    mode: Mode,
    tamper: Option<Tamper>,
    jitter: Option<Jitter>,
    watch: Option<RefCell<Watch>>,
    started: Instant,
    state: RefCell<State>,
}

impl<'j> Lab<'j> {
    pub(crate) fn new(journal: &'j Journal, ground: Ground, mode: Mode, changes: Changes) -> Lab<'j> {
        let Changes { tamper, jitter, expected } = changes;
        let watch = expected.map(|expected| RefCell::new(Watch::new(expected)));
        let delays = jitter.map(|jitter| fastrand::Rng::with_seed(jitter.seed));
        // Without memory for a message every call is an error, and says so.
        let buffer = wire::message_buffer().unwrap_or_default();
        let state = RefCell::new(State { ends: Vec::new(), calls: 0, delays, buffer });
        Lab { journal, ground, mode, tamper, jitter, watch, started: Instant::now(), state }
    }

    /// Creates a process that starts as the case's ground says.
    ///
    /// # Errors
    /// When the engine cannot fork or cannot give the process its ground.
    pub fn process(&self, name: &str) -> Result<Process<'_>, Interrupt> {
        self.process_on(self.ground, name)
    }

    /// Creates a process that starts on another ground than the case's.
    ///
    /// # Errors
    /// As [`Lab::process`].
    pub fn process_on(&self, ground: Ground, name: &str) -> Result<Process<'_>, Interrupt> {
        let (ours, theirs) = wire::pair().map_err(|error| engine(format!("socketpair: {error}")))?;
        let flags = libc::c_long::from(libc::SIGCHLD);
        // SAFETY: the director has one thread, so the child's copy of the heap is consistent; no
        // pointer is passed. Not by fork(3), whose care for threads takes time.
        match unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) } {
            -1 => Err(engine(format!("clone: {}", Errno::last().describe()))),
            0 => {
                let socket = theirs.into_raw_fd();
                match close_others(socket).and_then(|()| ground.enter(self.mode)) {
                    Ok(()) => Actor::run(socket, false),
                    Err(why) => {
                        let _ = wire::send(socket, why.as_bytes(), None);
                        // SAFETY: ends the child; nothing of the director's is run twice.
                        unsafe { libc::_exit(1) }
                    }
                }
            }
            child => {
                drop(theirs);
                self.enlist(name, ours, child as i32)
            }
        }
    }

    /// Writes an explanation of what follows into the trace.
    ///
    /// # Errors
    /// When the trace is full.
    pub fn note(&self, note: &str) -> Play {
        self.log(&Event::Note(note.to_string()))
    }

    /// Waits for the first message of a new actor and takes it into the list.
    fn enlist(&self, name: &str, socket: OwnedFd, pid: i32) -> Result<Process<'_>, Interrupt> {
        let mut hello = [0; 512];
        self.wait(&socket)?;
        let received = wire::receive(socket.as_raw_fd(), &mut hello)
            .map_err(|error| engine(format!("{name} does not answer: {error}")))?;
        match &hello[..received.length] {
            GREETING | b"" => {}
            why => return Err(engine(format!("{name}: {}", String::from_utf8_lossy(why)))),
        }
        let mut state = self.state.borrow_mut();
        let number = state.ends.len();
        state.ends.push(End {
            name: name.to_string(),
            socket,
            pid,
            sealed_pid: received.owner().unwrap_or(0),
            begun: None,
            ended: received.length == 0,
        });
        drop(state);
        self.log(&Event::Process(name.to_string()))?;
        Ok(Process { lab: self, number })
    }

    fn log(&self, event: &Event) -> Play {
        self.journal.append(event).map_err(engine)?;
        match &self.watch {
            Some(watch) if !watch.borrow_mut().agrees(event) => Err(Interrupt::Differs),
            _ => Ok(()),
        }
    }

    fn deed(&self, call: u32) -> Option<&Deed> {
        self.tamper.as_ref().filter(|tamper| tamper.call == call).map(|tamper| &tamper.deed)
    }

    /// Asks a process for a call without waiting for the answer; gives the socket of the process
    /// that the call creates, if it does.
    fn send(&self, number: usize, mut call: Call) -> Result<Option<OwnedFd>, Interrupt> {
        if !self.journal.wait_for_turn() {
            return Err(engine("its turn did not come"));
        }
        self.delay();
        let mut state = self.state.borrow_mut();
        let State { ends, calls, buffer, .. } = &mut *state;
        let step = *calls;
        *calls += 1;
        let end = &mut ends[number];
        if end.begun.is_some() {
            return Err(Interrupt::Script(format!("{} has begun a call and not finished it", end.name)));
        }
        if end.ended {
            return Err(Interrupt::Ended(end.name.clone()));
        }
        self.log(&Event::Call { process: number as u16, call: call.clone() })?;
        end.begun = Some(match self.deed(step) {
            None => None,
            Some(Deed::Withhold(outcome)) => {
                end.begun = Some(Some(outcome.clone()));
                return Ok(None);
            }
            Some(Deed::Pretend(outcome)) => Some(outcome.clone()),
            Some(Deed::DropFlags(flags)) => {
                call.drop_flags(*flags);
                None
            }
        });
        let created = match call.creates() {
            Some(_) => Some(wire::pair().map_err(|error| engine(format!("socketpair: {error}")))?),
            None => None,
        };
        let message = postcard::to_slice(&call, buffer)
            .map_err(|error| Interrupt::Script(format!("{} does not fit a message: {error}", call.name())))?;
        let passed: Option<RawFd> = created.as_ref().map(|(_, theirs)| theirs.as_raw_fd());
        match wire::send(end.socket.as_raw_fd(), message, passed) {
            Ok(()) => Ok(created.map(|(ours, _)| ours)),
            Err(error) if error.raw_os_error() == Some(libc::EPIPE) => {
                end.ended = true;
                Err(Interrupt::Ended(end.name.clone()))
            }
            Err(error) => Err(engine(format!("{} cannot be reached: {error}", end.name))),
        }
    }

    /// Waits for the answer to the call that was sent last.
    fn receive(&self, number: usize, step: u32) -> Result<Outcome, Interrupt> {
        let mut state = self.state.borrow_mut();
        let State { ends, buffer, .. } = &mut *state;
        let end = &mut ends[number];
        let Some(pretended) = end.begun.take() else {
            return Err(Interrupt::Script(format!("{} has no call to finish", end.name)));
        };
        if let (Some(outcome), Some(Deed::Withhold(_))) = (&pretended, self.deed(step)) {
            return Ok(outcome.clone());
        }
        self.wait(&end.socket)?;
        let received = wire::receive(end.socket.as_raw_fd(), buffer)
            .map_err(|error| engine(format!("the answer of {} is lost: {error}", end.name)))?;
        if received.length == 0 {
            end.ended = true;
            return Ok(pretended.unwrap_or(Outcome::Gone));
        }
        if &buffer[..received.length] == GREETING {
            // Only a program that has just been executed greets where an answer is due.
            return Ok(pretended.unwrap_or(Outcome::Returned(Value::ZERO)));
        }
        match postcard::from_bytes(&buffer[..received.length]) {
            Ok(Reply::Outcome(outcome)) => Ok(pretended.unwrap_or_else(|| self.without_run_time(outcome))),
            Ok(Reply::Trouble(trouble)) => Err(engine(format!("{}: {trouble}", end.name))),
            Err(error) => Err(engine(format!("the answer of {} cannot be decoded: {error}", end.name))),
        }
    }

    /// Takes from a clock's reading the time that the run has lasted, by the clock of the director,
    /// which stays in its time namespace: on a slow machine that may be seconds.
    fn without_run_time(&self, mut outcome: Outcome) -> Outcome {
        if let Outcome::Returned(Value::Time { nanoseconds, .. }) = &mut outcome {
            *nanoseconds -= self.started.elapsed().as_nanos() as i128;
        }
        outcome
    }

    /// Waits until there is a message, if the run is watched; if it is not, only the deadline ends
    /// the waiting, and receiving is enough.
    fn wait(&self, socket: &OwnedFd) -> Play {
        let Some(watch) = &self.watch else { return Ok(()) };
        let patience = PollTimeout::try_from(watch.borrow().patience).unwrap_or(PollTimeout::MAX);
        while !readable(socket, patience) {
            if watch::nothing_moves() {
                // What moved last may have been the answer.
                return if readable(socket, PollTimeout::ZERO) { Ok(()) } else { Err(Interrupt::Stuck) };
            }
        }
        Ok(())
    }

    fn answer(&self, number: usize, outcome: Outcome) -> Done {
        self.log(&Event::Answer { process: number as u16, outcome: outcome.clone() })?;
        Ok(outcome)
    }

    fn step(&self) -> u32 {
        self.state.borrow().calls - 1
    }

    fn delay(&self) {
        let Some(jitter) = self.jitter else { return };
        let delay = self.state.borrow_mut().delays.as_mut().map(|random| random.u32(0..=jitter.most));
        std::thread::sleep(std::time::Duration::from_micros(delay.unwrap_or(0).into()));
    }
}

/// Whether there is a message, or no sender any more.
fn readable(socket: &OwnedFd, timeout: PollTimeout) -> bool {
    let mut polled = [PollFd::new(socket.as_fd(), PollFlags::POLLIN)];
    nix::poll::poll(&mut polled, timeout).is_ok_and(|ready| ready > 0)
}

/// Closes the engine's descriptors but one, in a new child that uses none of the others.
fn close_others(kept: RawFd) -> Result<(), String> {
    descriptors::close_between(DESCRIPTOR_FLOOR, kept - 1)?;
    descriptors::close_from(kept + 1)
}

/// A process of the lab, as the script directs it.
#[derive(Clone, Copy)]
pub struct Process<'l> {
    lab: &'l Lab<'l>,
    number: usize,
}

impl Ask for Process<'_> {
    type Answer = Done;

    fn ask(&self, call: Call) -> Done {
        let name = call.creates().map(str::to_string);
        let created = self.lab.send(self.number, call)?;
        let outcome = self.lab.receive(self.number, self.lab.step())?;
        let enlisted = match (&outcome, name, created) {
            (Outcome::Returned(value), Some(name), Some(socket)) => {
                let pid = Outcome::Returned(value.clone()).id()?;
                Some((name, socket, pid))
            }
            _ => None,
        };
        let outcome = self.lab.answer(self.number, outcome)?;
        if let Some((name, socket, pid)) = enlisted {
            self.lab.enlist(&name, socket, pid)?;
        }
        Ok(outcome)
    }
}

impl<'l> Process<'l> {
    /// Creates a process by clone(2) that goes on as an actor under this name.
    ///
    /// # Errors
    /// Ends the script when the kernel refuses; use [`Process::try_clone`] where that is the claim.
    pub fn clone(&self, name: &str, flags: Flags) -> Result<Process<'l>, Interrupt> {
        self.try_clone(name, flags)?.value()?;
        self.newest()
    }

    /// As [`Process::clone`] without any flag: the child shares nothing, and all namespaces.
    ///
    /// # Errors
    /// As [`Process::clone`].
    pub fn fork(&self, name: &str) -> Result<Process<'l>, Interrupt> {
        self.clone(name, Flags::empty())
    }

    /// Asks for a process and gives the kernel's answer; `lab.process_named` finds it.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn try_clone(&self, name: &str, flags: Flags) -> Done {
        self.ask(Call::Process(ProcessCall::clone { child: Unshown(name.to_string()), flags }))
    }

    /// Creates a process by clone3(2), with SIGCHLD as its exit signal and, where `set_tid` is not
    /// empty, with chosen PIDs (innermost PID namespace first).
    ///
    /// # Errors
    /// As [`Process::clone`].
    pub fn clone3(&self, name: &str, flags: Flags, set_tid: &[i32]) -> Result<Process<'l>, Interrupt> {
        self.try_clone3(name, flags, set_tid)?.value()?;
        self.newest()
    }

    /// Asks for a process by clone3(2) and gives the kernel's answer.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn try_clone3(&self, name: &str, flags: Flags, set_tid: &[i32]) -> Done {
        let exit_signal = if flags.contains(Flags::CLONE_THREAD) { Signal(0) } else { Signal::SIGCHLD };
        self.ask(Call::Process(ProcessCall::clone3 {
            child: Unshown(name.to_string()),
            flags,
            exit_signal,
            set_tid: set_tid.to_vec(),
        }))
    }

    fn newest(&self) -> Result<Process<'l>, Interrupt> {
        let state = self.lab.state.borrow();
        Ok(Process { lab: self.lab, number: state.ends.len() - 1 })
    }

    /// Begins a call that may block: others may act before [`Begun::finish`].
    pub fn begin(&self) -> Beginning<'l> {
        Beginning(*self)
    }

    /// The PID of this process as its creator sees it.
    pub fn pid(&self) -> i32 {
        self.lab.state.borrow().ends[self.number].pid
    }

    /// The PID of this process in the sealed PID namespace, where the processes of
    /// [`Lab::process`] are; 0 if it cannot be seen there.
    pub fn sealed_pid(&self) -> i32 {
        self.lab.state.borrow().ends[self.number].sealed_pid
    }

    /// This process as argument of a call made in the sealed PID namespace.
    pub fn sealed(&self) -> Pid {
        Pid { number: self.sealed_pid(), name: Some(self.name()) }
    }

    /// The name that the script gave to it.
    pub fn name(&self) -> String {
        self.lab.state.borrow().ends[self.number].name.clone()
    }

    /// The path of a file of this process in the procfs of the sealed PID namespace.
    pub fn proc(&self, file: &str) -> String {
        format!("/proc/{}/{file}", self.sealed_pid())
    }

    /// Waits, without a step in the trace, until this process has ended.
    ///
    /// # Errors
    /// When it has not been told to end and answers instead.
    pub fn wait_for_end(&self) -> Play {
        let mut state = self.lab.state.borrow_mut();
        let end = &mut state.ends[self.number];
        let mut buffer = [0; 1];
        self.lab.wait(&end.socket)?;
        match wire::receive(end.socket.as_raw_fd(), &mut buffer) {
            Ok(received) if received.length == 0 => {
                end.ended = true;
                Ok(())
            }
            Ok(_) => Err(Interrupt::Script(format!("{} answers instead of ending", end.name))),
            Err(error) => Err(engine(format!("{} cannot be reached: {error}", end.name))),
        }
    }
}

impl From<Process<'_>> for Pid {
    /// The process as its creator names it; see [`Process::sealed`] for other callers.
    fn from(process: Process<'_>) -> Pid {
        Pid { number: process.pid(), name: Some(process.name()) }
    }
}

/// A process of which a call is about to be begun.
#[derive(Clone, Copy)]
pub struct Beginning<'l>(Process<'l>);

impl<'l> Ask for Beginning<'l> {
    type Answer = Result<Begun<'l>, Interrupt>;

    fn ask(&self, call: Call) -> Self::Answer {
        if call.creates().is_some() {
            return Err(Interrupt::Script(format!("{} cannot be begun", call.name())));
        }
        self.0.lab.send(self.0.number, call)?;
        Ok(Begun { process: self.0, step: self.0.lab.step() })
    }
}

/// A call that was begun.
pub struct Begun<'l> {
    process: Process<'l>,
    step: u32,
}

impl Begun<'_> {
    /// Waits for the answer.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn finish(self) -> Done {
        let outcome = self.process.lab.receive(self.process.number, self.step)?;
        self.process.lab.answer(self.process.number, outcome)
    }

    /// Waits until the kernel has put the caller to sleep within the call, so that what others do
    /// next finds it blocked. Bounded by the deadline of the case.
    ///
    /// # Errors
    /// When the call has returned instead, and when /proc/PID/syscall (proc(5)) cannot be read.
    pub fn blocked(&self) -> Play {
        let not_blocked = || Interrupt::NotBlocked(self.process.name());
        if matches!(self.process.lab.deed(self.step), Some(Deed::Withhold(_))) {
            return Err(not_blocked());
        }
        let path = format!("/proc/{}/syscall", self.process.sealed_pid());
        let waiting_for_us = libc::SYS_recvmsg.to_string();
        loop {
            let state = std::fs::read_to_string(&path).map_err(|error| engine(format!("{path}: {error}")))?;
            match state.split_whitespace().next() {
                Some("running") | None => {}
                Some(call) if call == waiting_for_us => {}
                Some(_) => return Ok(()),
            }
            if self.has_answered() {
                return Err(not_blocked());
            }
            std::thread::yield_now();
        }
    }

    fn has_answered(&self) -> bool {
        let state = self.process.lab.state.borrow();
        readable(&state.ends[self.process.number].socket, PollTimeout::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::process::ProcessCalls;
    use crate::trace::Trace;
    use nsconform_sys::wire::MAX_MESSAGE;
    use rstest::rstest;

    /// A lab with one process that greets, waits for a call and then says `answer`, whatever it
    /// was asked. The process is real; it makes system calls only, since tests have threads.
    fn asked_of_a_process_that_answers(answer: &[u8]) -> (Done, Trace) {
        let journal = Journal::several(1).unwrap().remove(0);
        let lab = Lab::new(&journal, Ground::Root, Mode::Privileged, Changes::default());
        let (ours, theirs) = wire::pair().unwrap();
        // SAFETY: the child makes only async-signal-safe system calls and ends by _exit.
        let done = match unsafe { libc::fork() } {
            0 => unsafe {
                let socket = theirs.as_raw_fd();
                let mut buffer = [0u8; MAX_MESSAGE];
                libc::send(socket, b"!".as_ptr().cast(), 1, 0);
                libc::recv(socket, buffer.as_mut_ptr().cast(), buffer.len(), 0);
                if !answer.is_empty() {
                    libc::send(socket, answer.as_ptr().cast(), answer.len(), 0);
                }
                libc::_exit(0);
            },
            child => {
                drop(theirs);
                let process = lab.enlist("faulty", ours, child).unwrap();
                let done = process.getpid();
                // SAFETY: reaps our own child.
                unsafe { libc::waitpid(child, std::ptr::null_mut(), 0) };
                done
            }
        };
        (done, crate::journal::decode(journal.bytes()).unwrap())
    }

    #[rstest]
    #[case::no_message_of_ours(b"\xff\xff\xff\xff", "cannot be decoded")]
    #[case::cut_in_the_middle(&[0, 0, 0], "cannot be decoded")]
    #[case::trouble(b"\x01\x04oops", "oops")]
    fn a_garbled_answer_is_an_error_of_the_engine(#[case] answer: &[u8], #[case] expected: &str) {
        let (done, _) = asked_of_a_process_that_answers(answer);
        match done {
            Err(Interrupt::Engine(why)) => assert!(why.contains(expected), "{why}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_process_that_ends_instead_of_answering_is_gone() {
        let (done, trace) = asked_of_a_process_that_answers(b"");
        assert_eq!(done, Ok(Outcome::Gone));
        assert_eq!(trace.lines(), [format!("faulty  {:40} = ?", "getpid()")]);
    }
}
