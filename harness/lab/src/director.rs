//! The director: it creates processes, asks them for one call at a time and waits for their
//! answers.
//!
//! The script's face of it lives in `lab`, the processes' end of the wire in `actor`, and
//! everything that happens around a call in `conduct`.

use crate::actor::{Actor, GREETING, Reply};
use crate::call::Call;
use crate::conduct::injection::Treatment;
use crate::conduct::{Around, Conduct};
use crate::interrupt::{Interrupt, Play, engine};
use crate::journal::Journal;
use crate::lab::naming;
use crate::outcome::{Done, Errno, Outcome, Value};
use crate::seal::Credentials;
use crate::trace::Event;
use nix::poll::{PollFd, PollFlags, PollTimeout};
use nsconform_sys::wire::{self, DESCRIPTOR_FLOOR};
use nsconform_sys::{descriptors, procfs};
use std::cell::{Ref, RefCell};
use std::os::fd::{AsFd, AsRawFd, IntoRawFd, OwnedFd, RawFd};
use std::path::Path;

/// The connection to one actor.
pub(crate) struct Connection {
    pub(crate) name: String,
    socket: OwnedFd,
    /// Its PID as its creator sees it.
    pub(crate) pid: i32,
    /// Its PID in the sealed PID namespace; 0 if it cannot be seen there.
    pub(crate) sealed_pid: i32,
    /// The call that was asked and not yet answered, by its treatment.
    asked: Option<Treatment>,
    ended: bool,
}

struct DirectorState {
    connections: Vec<Connection>,
    /// The memory in which messages are written and read.
    buffer: &'static mut [u8],
}

/// Directs the processes of one run.
pub(crate) struct Director<'j> {
    around: Around<'j>,
    state: RefCell<DirectorState>,
}

impl<'j> Director<'j> {
    pub(crate) fn new(journal: &'j Journal, conduct: Conduct) -> Director<'j> {
        // Without memory for a message every call is an error, and says so.
        let buffer = wire::message_buffer().unwrap_or_default();
        let state = RefCell::new(DirectorState { connections: Vec::new(), buffer });
        Director { around: Around::new(journal, conduct), state }
    }

    /// Creates a process with the given credentials; gives its number.
    pub(crate) fn create(&self, credentials: Credentials, name: &str) -> Result<usize, Interrupt> {
        let (ours, theirs) = wire::pair().map_err(|error| engine(format!("socketpair: {error}")))?;
        let flags = libc::c_long::from(libc::SIGCHLD);
        // SAFETY: the director has one thread, so the child's copy of the heap is consistent; no
        // pointer is passed. Not by fork(3), whose care for threads takes time.
        match unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) } {
            -1 => Err(engine(format!("clone: {}", Errno::last().describe()))),
            0 => {
                let socket = theirs.into_raw_fd();
                match close_others(socket).and_then(|()| credentials.enter()) {
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

    /// Records an event.
    pub(crate) fn record(&self, event: &Event) -> Play {
        self.around.record(event)
    }

    /// Everything that happens around calls.
    pub(crate) fn around(&self) -> &Around<'j> {
        &self.around
    }

    /// Waits for the first message of a new actor and adds the actor to the list.
    pub(crate) fn enlist(&self, name: &str, socket: OwnedFd, pid: i32) -> Result<usize, Interrupt> {
        let mut hello = [0; 512];
        self.around.wait_for_message(&socket)?;
        let received = wire::receive(socket.as_raw_fd(), &mut hello)
            .map_err(|error| engine(format!("{name} does not answer: {error}")))?;
        match &hello[..received.length] {
            GREETING | b"" => {}
            why => return Err(engine(format!("{name}: {}", String::from_utf8_lossy(why)))),
        }
        let mut state = self.state.borrow_mut();
        let number = state.connections.len();
        state.connections.push(Connection {
            name: name.to_string(),
            socket,
            pid,
            sealed_pid: received.owner().unwrap_or(0),
            asked: None,
            ended: received.length == 0,
        });
        drop(state);
        self.record(&Event::Process(name.to_string()))?;
        if let Some(pid) = received.owner().filter(|pid| *pid > 0) {
            self.record(&Event::Seen { process: number as u16, pid })?;
        }
        Ok(number)
    }

    /// The actor of this number.
    pub(crate) fn connection(&self, number: usize) -> Ref<'_, Connection> {
        Ref::map(self.state.borrow(), |state| &state.connections[number])
    }

    /// The number of the last actor of this name.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        find(&self.state.borrow().connections, name)
    }

    /// The number of the actor that was enlisted last.
    pub(crate) fn newest(&self) -> usize {
        self.state.borrow().connections.len() - 1
    }

    /// Asks a process for a call, waits for the answer and enlists the process that the call
    /// creates, if it creates one.
    pub(crate) fn ask(&self, number: usize, call: Call) -> Done {
        let name = call.creates().map(str::to_string);
        let created = self.begin(number, call)?;
        let outcome = self.receive(number)?;
        let enlisted = match (&outcome, name, created) {
            (Outcome::Returned(value), Some(name), Some(socket)) => {
                let pid = Outcome::Returned(value.clone()).id()?;
                Some((name, socket, pid))
            }
            _ => None,
        };
        let outcome = self.answer(number, outcome)?;
        if let Some((name, socket, pid)) = enlisted {
            self.enlist(&name, socket, pid)?;
        }
        Ok(outcome)
    }

    /// Asks a process for a call without waiting for the answer; gives the socket of the process
    /// that the call creates, if it creates one.
    pub(crate) fn begin(&self, number: usize, call: Call) -> Result<Option<OwnedFd>, Interrupt> {
        self.around.before_call()?;
        let mut state = self.state.borrow_mut();
        let DirectorState { connections, buffer } = &mut *state;
        let mut resolved = call.clone();
        resolved.resolve(&|name| naming::pid_of(connections, name));
        let connection = &mut connections[number];
        if connection.asked.is_some() {
            return Err(Interrupt::Script(format!(
                "{} has begun a call and not finished it",
                connection.name
            )));
        }
        if connection.ended {
            return Err(Interrupt::Ended(connection.name.clone()));
        }
        self.record(&Event::Call { process: number as u16, call })?;
        let mut call = resolved;
        let treatment = connection.asked.insert(self.around.treat(&mut call));
        if matches!(treatment, Treatment::Withheld(_)) {
            return Ok(None);
        }
        let created = match call.creates() {
            Some(_) => Some(wire::pair().map_err(|error| engine(format!("socketpair: {error}")))?),
            None => None,
        };
        let message = postcard::to_slice(&call, buffer)
            .map_err(|error| Interrupt::Script(format!("{} does not fit a message: {error}", call.name())))?;
        let passed: Option<RawFd> = created.as_ref().map(|(_, theirs)| theirs.as_raw_fd());
        match wire::send(connection.socket.as_raw_fd(), message, passed) {
            Ok(()) => Ok(created.map(|(ours, _)| ours)),
            Err(error) if error.raw_os_error() == Some(libc::EPIPE) => {
                connection.ended = true;
                Err(Interrupt::Ended(connection.name.clone()))
            }
            Err(error) => Err(engine(format!("{} cannot be reached: {error}", connection.name))),
        }
    }

    /// Waits for the answer to a call that was begun, and records it.
    pub(crate) fn finish(&self, number: usize) -> Done {
        let outcome = self.receive(number)?;
        self.answer(number, outcome)
    }

    /// Waits for the answer to the call that was asked last.
    fn receive(&self, number: usize) -> Result<Outcome, Interrupt> {
        let mut state = self.state.borrow_mut();
        let DirectorState { connections, buffer } = &mut *state;
        let connection = &mut connections[number];
        let treatment = match connection.asked.take() {
            None => return Err(Interrupt::Script(format!("{} has no call to finish", connection.name))),
            Some(Treatment::Withheld(outcome)) => return Ok(outcome),
            Some(treatment) => treatment,
        };
        self.around.wait_for_message(&connection.socket)?;
        let received = wire::receive(connection.socket.as_raw_fd(), buffer)
            .map_err(|error| engine(format!("the answer of {} is lost: {error}", connection.name)))?;
        if received.length == 0 {
            connection.ended = true;
            return Ok(treatment.report(|| Outcome::Gone));
        }
        if &buffer[..received.length] == GREETING {
            // Only a program that has just been executed greets where an answer is due.
            return Ok(treatment.report(|| Outcome::Returned(Value::ZERO)));
        }
        match postcard::from_bytes(&buffer[..received.length]) {
            Ok(Reply::Outcome(outcome)) => Ok(treatment.report(|| outcome)),
            Ok(Reply::Trouble(trouble)) => Err(engine(format!("{}: {trouble}", connection.name))),
            Err(error) => {
                Err(engine(format!("the answer of {} cannot be decoded: {error}", connection.name)))
            }
        }
    }

    fn answer(&self, number: usize, outcome: Outcome) -> Done {
        self.record(&Event::Answer { process: number as u16, outcome: outcome.clone() })?;
        Ok(outcome)
    }

    /// Waits until the kernel has put a process to sleep within the call that it has begun.
    pub(crate) fn wait_until_blocked(&self, number: usize) -> Play {
        let connection = self.connection(number);
        let not_blocked = || Interrupt::NotBlocked(connection.name.clone());
        if matches!(connection.asked, Some(Treatment::Withheld(_))) {
            return Err(not_blocked());
        }
        loop {
            if sleeps_in_its_call(&connection).map_err(engine)? {
                return Ok(());
            }
            if readable(&connection.socket, PollTimeout::ZERO) {
                return Err(not_blocked());
            }
            std::thread::yield_now();
        }
    }

    /// Waits, without a step in the trace, until a process has ended.
    pub(crate) fn wait_for_end(&self, number: usize) -> Play {
        let mut state = self.state.borrow_mut();
        let connection = &mut state.connections[number];
        let mut buffer = [0; 1];
        self.around.wait_for_message(&connection.socket)?;
        match wire::receive(connection.socket.as_raw_fd(), &mut buffer) {
            Ok(received) if received.length == 0 => {
                connection.ended = true;
                Ok(())
            }
            Ok(_) => Err(Interrupt::Script(format!("{} answers instead of ending", connection.name))),
            Err(error) => Err(engine(format!("{} cannot be reached: {error}", connection.name))),
        }
    }
}

/// The number of the last actor of this name: names of processes that have gone may be used again.
pub(crate) fn find(connections: &[Connection], name: &str) -> Option<usize> {
    connections.iter().rposition(|connection| connection.name == name)
}

/// Whether the kernel has put a process to sleep within the call that it was asked for, rather than
/// while it waits for the next one: by /proc/PID/syscall, or where a kernel has no such file by the
/// state in /proc/PID/stat of a process that has taken its message.
fn sleeps_in_its_call(connection: &Connection) -> Result<bool, String> {
    let path = format!("/proc/{}/syscall", connection.sealed_pid);
    match std::fs::read_to_string(&path) {
        Ok(state) => {
            let waiting_for_us = libc::SYS_recvmsg.to_string();
            let call = state.split_whitespace().next();
            Ok(call.is_some_and(|call| call != "running" && call != waiting_for_us))
        }
        Err(missing) => {
            let why =
                || format!("{path}: {missing}, and nothing else tells whether {} sleeps", connection.name);
            let taken = wire::is_taken(connection.socket.as_raw_fd()).map_err(|_| why())?;
            let state = procfs::state(&Path::new("/proc").join(connection.sealed_pid.to_string()));
            Ok(taken && state.ok_or_else(why)? == 'S')
        }
    }
}

/// Tells whether there is a message, or no sender any more.
pub(crate) fn readable(socket: &OwnedFd, timeout: PollTimeout) -> bool {
    let mut polled = [PollFd::new(socket.as_fd(), PollFlags::POLLIN)];
    nix::poll::poll(&mut polled, timeout).is_ok_and(|ready| ready > 0)
}

/// Closes the engine's descriptors but one, in a new child that uses none of the others.
fn close_others(kept: RawFd) -> Result<(), String> {
    descriptors::close_between(DESCRIPTOR_FLOOR, kept - 1)?;
    descriptors::close_from(kept + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::process::Process as ProcessCall;
    use crate::trace::Trace;
    use nsconform_sys::wire::MAX_MESSAGE;
    use rstest::rstest;

    /// A director with one process that greets, waits for a call and then says `answer`, whatever it
    /// was asked. The process is real; it makes system calls only, since tests have threads.
    fn asked_of_a_process_that_answers(answer: &[u8]) -> (Done, Trace) {
        let journal = Journal::several(1).unwrap().remove(0);
        let director = Director::new(&journal, Conduct::default());
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
                let number = director.enlist("faulty", ours, child).unwrap();
                let done = director.ask(number, Call::Process(ProcessCall::getpid {}));
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
