//! A submission under way: its output, its input, and its end.
//!
//! `launch` and `stage` start it; `observed` looks at its processes.

use super::abort::{CheckAbort, ensure};
use super::fork::OWN_WORK;
use super::observed::ObservedProcess;
use super::stage::Stage;
use nsconform_sys::reap;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::Instant;

/// How a process ended, as wait(2) tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Termination {
    /// It called exit(2) with this status.
    Exited(i32),
    /// This signal ended it.
    Killed(i32),
}

impl std::fmt::Display for Termination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            Termination::Exited(status) => write!(f, "exit status {status}"),
            Termination::Killed(number) => match nix::sys::signal::Signal::try_from(number) {
                Ok(signal) => write!(f, "killed by {signal}"),
                Err(_) => write!(f, "killed by signal {number}"),
            },
        }
    }
}

/// One of the two streams that a submission writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output; what a terminal shows, where the submission has one.
    Output,
    /// Standard error.
    Error,
}

/// The bytes that the watcher has put into a pipe, and its writing end, which never blocks.
pub(super) struct Filling {
    pub(super) bytes: usize,
    pub(super) end: OwnedFd,
}

/// One end of a pipe or terminal, and everything that has come out of it so far.
#[derive(Default)]
pub(super) struct Flow {
    /// The watcher's end; none once the other end is closed everywhere.
    pub(super) end: Option<OwnedFd>,
    pub(super) bytes: Vec<u8>,
    /// How many bytes of it the check has taken, line by line.
    taken: usize,
    /// How many bytes of the watcher's own are in the pipe, so that nobody can write to it.
    filled: usize,
    /// The watcher's writing end while it fills the pipe.
    filler: Option<OwnedFd>,
}

impl Flow {
    /// A stream that starts with bytes of the watcher's own, if it was filled.
    pub(super) fn behind(filling: Option<Filling>, end: Option<OwnedFd>) -> Flow {
        let (filled, filler) = filling.map_or((0, None), |filling| (filling.bytes, Some(filling.end)));
        Flow { end, bytes: Vec::new(), taken: 0, filled, filler }
    }

    /// Takes out the bytes of the watcher's own, but for so many that this much can be written.
    /// Nobody else may write meanwhile.
    fn make_some_room(&mut self, room: usize) {
        let size = self.filled;
        self.empty();
        // In one write: the pipe has one buffer, and what follows joins it as long as it has room. If
        // somebody wrote meanwhile there is no room for that, and it is not needed.
        let text = vec![b'\n'; size.saturating_sub(room)];
        self.filled = self.filler.as_ref().map_or(0, |end| nix::unistd::write(end, &text).unwrap_or(0));
    }

    /// Takes out the bytes of the watcher's own.
    fn make_room(&mut self) {
        self.empty();
        self.filler = None;
    }

    fn empty(&mut self) {
        let mut buffer = vec![0; self.filled];
        while let (Some(end), 1..) = (&self.end, self.filled) {
            match nix::unistd::read(end, &mut buffer[..self.filled]) {
                Ok(count @ 1..) => self.filled -= count,
                Err(nix::errno::Errno::EINTR) => {}
                // Somebody on the stage has opened the pipe and read them.
                Ok(0) | Err(_) => self.filled = 0,
            }
        }
    }

    /// Takes in what is there; tells how many bytes that was.
    pub(super) fn read_available(&mut self) -> usize {
        let mut buffer = [0; 4096];
        let before = self.bytes.len();
        if self.filled > 0 {
            return 0;
        }
        while let Some(end) = &self.end {
            match nix::unistd::read(end, &mut buffer) {
                Ok(count @ 1..) => self.bytes.extend_from_slice(&buffer[..count]),
                Err(nix::errno::Errno::EAGAIN) => break,
                Err(nix::errno::Errno::EINTR) => {}
                // A terminal whose other end is closed gives EIO.
                Ok(0) | Err(_) => self.end = None,
            }
            // A submission that writes without end must not keep the watcher here.
            if self.bytes.len() - before > 1 << 20 {
                break;
            }
        }
        self.bytes.len() - before
    }

    /// Takes in what a terminal has: the kernel hands on what was written to it some time later. A byte of
    /// the watcher's own, which no text has, comes last and is taken out again.
    fn drain_terminal(&mut self) {
        const LAST: u8 = 0xff;
        let Some(master) = &self.end else { return };
        // SAFETY: takes numbers only; the result is new and ours. It gives the other end by no path.
        let other = unsafe {
            let flags = libc::O_WRONLY | libc::O_NOCTTY | libc::O_NONBLOCK | libc::O_CLOEXEC;
            match libc::ioctl(master.as_raw_fd(), libc::TIOCGPTPEER, flags) {
                -1 => return,
                number => OwnedFd::from_raw_fd(number),
            }
        };
        // Where its output is stopped or full nobody's text gets through.
        if nix::unistd::write(&other, &[LAST]) != Ok(1) {
            return;
        }
        let (mut looked_at, end) = (self.bytes.len(), Instant::now() + OWN_WORK);
        while let Some(master) = &self.end {
            if !reap::readable(master.as_raw_fd(), end.saturating_duration_since(Instant::now())) {
                return;
            }
            self.read_available();
            if let Some(found) = self.bytes[looked_at..].iter().position(|byte| *byte == LAST) {
                self.bytes.remove(looked_at + found);
                return;
            }
            looked_at = self.bytes.len();
        }
    }

    fn next_line(&mut self) -> Option<String> {
        let rest = &self.bytes[self.taken..];
        let length = match rest.iter().position(|byte| *byte == b'\n') {
            Some(newline) => newline + 1,
            // The last line need not end with a newline.
            None if self.end.is_none() && !rest.is_empty() => rest.len(),
            None => return None,
        };
        let line = String::from_utf8_lossy(&rest[..length]);
        let line = line.trim_end_matches(['\n', '\r']).to_string();
        self.taken += length;
        Some(line)
    }
}

/// The stage's record of a program that it started.
pub(super) struct Running {
    pub(super) pid: i32,
    pub(super) input: Option<OwnedFd>,
    pub(super) output: Flow,
    pub(super) error: Flow,
    pub(super) status: Option<Termination>,
    /// Whether its output goes to a terminal.
    pub(super) is_on_terminal: bool,
}

impl Running {
    pub(super) fn flow(&mut self, stream: Stream) -> &mut Flow {
        match stream {
            Stream::Output => &mut self.output,
            Stream::Error => &mut self.error,
        }
    }

    pub(super) fn ends(&self) -> impl Iterator<Item = RawFd> {
        let flows = [&self.output, &self.error].into_iter().filter(|flow| flow.filled == 0);
        flows.filter_map(|flow| flow.end.as_ref()).map(AsRawFd::as_raw_fd)
    }
}

/// A command for a submission to run, which waits for a line before it ends: while it waits it can
/// be looked at.
#[derive(Clone, Debug)]
pub struct Held {
    /// The words of the command.
    pub words: Vec<String>,
    /// The line that it prints first.
    pub mark: String,
    /// Its exit status.
    pub status: u8,
    /// The interpreter, if the command is a script: it precedes the words in /proc/PID/cmdline.
    pub(super) interpreter: Option<&'static str>,
}

impl Held {
    /// The same with further words, which it does not look at.
    pub fn with(mut self, words: &[&str]) -> Held {
        self.words.extend(words.iter().map(ToString::to_string));
        self
    }

    /// The words by which the process that runs it is known.
    pub fn command_line(&self) -> Vec<&str> {
        self.interpreter.into_iter().chain(self.words.iter().map(String::as_str)).collect()
    }
}

/// A text as people write what is typed: the control characters in caret notation, as `^D`.
fn typed(text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars() {
        match character {
            '\0'..'\x20' => shown.extend(['^', char::from(character as u8 | 0x40)]),
            _ => shown.push(character),
        }
    }
    shown
}

/// A run of a submission, or of a program of the grader's own on the same stage.
#[derive(Clone, Copy)]
pub struct Run<'s> {
    pub(super) stage: &'s Stage<'s>,
    pub(super) number: usize,
}

impl<'s> Run<'s> {
    /// The process that was started.
    pub fn process(&self) -> ObservedProcess<'s> {
        ObservedProcess { stage: self.stage, pid: self.stage.running(self.number, |running| running.pid) }
    }

    /// The next line of a stream, without its newline.
    ///
    /// # Errors
    /// When the stream ends instead, or a limit is reached.
    pub fn line_of(&self, stream: Stream) -> Result<String, CheckAbort> {
        let name = match stream {
            Stream::Output => "standard output",
            Stream::Error => "standard error",
        };
        let line = self.stage.wait(&format!("a line on {name}"), || {
            self.stage.running(self.number, |running| {
                let flow = running.flow(stream);
                match flow.next_line() {
                    Some(line) => Some(Some(line)),
                    None => flow.end.is_none().then_some(None),
                }
            })
        })?;
        line.ok_or_else(|| {
            CheckAbort::mismatch(format!("another line on {name}"), format!("{name} ended without it"))
        })
    }

    /// The next line of standard output.
    ///
    /// # Errors
    /// As [`Run::line_of`].
    pub fn line(&self) -> Result<String, CheckAbort> {
        self.line_of(Stream::Output)
    }

    /// Reads lines of standard output until one gives something.
    ///
    /// # Errors
    /// When none does before the stream ends or a limit is reached; `what` says what was looked for.
    pub fn find<T>(&self, what: &str, mut found: impl FnMut(&str) -> Option<T>) -> Result<T, CheckAbort> {
        let mut lines = Vec::new();
        loop {
            match self.line() {
                Ok(line) => match found(&line) {
                    Some(value) => return Ok(value),
                    // Enough for a report.
                    None if lines.len() < 100 => lines.push(line),
                    None => {}
                },
                Err(CheckAbort::Mismatch(_)) => {
                    let mut observed = match lines.is_empty() {
                        true => "nothing was printed".to_string(),
                        false => format!("printed was: {}", lines.join(" | ")),
                    };
                    let error = self.text(Stream::Error);
                    if !error.is_empty() {
                        observed += &format!("; standard error: {}", error.trim_end());
                    }
                    return Err(CheckAbort::mismatch(what.to_string(), observed));
                }
                Err(other) => return Err(other.while_waiting_for(what)),
            }
        }
    }

    /// Waits until a stream holds this text, which need not end with a newline: a prompt. Lines
    /// before it are passed over.
    ///
    /// # Errors
    /// As [`Run::line_of`].
    pub fn prompt(&self, text: &str) -> Result<String, CheckAbort> {
        let found = self.stage.wait(&format!("the prompt {text:?}"), || {
            self.stage.running(self.number, |running| {
                let flow = &mut running.output;
                let rest = String::from_utf8_lossy(&flow.bytes[flow.taken..]).into_owned();
                match rest.find(text) {
                    Some(start) => {
                        flow.taken += start + text.len();
                        Some(Some(rest[..start].replace('\r', "")))
                    }
                    None => flow.end.is_none().then_some(None),
                }
            })
        })?;
        found.ok_or_else(|| {
            CheckAbort::mismatch(format!("the prompt {text:?}"), "the output ended without it")
        })
    }

    /// All that came out of a stream so far: whatever had been written to it before is in it.
    pub fn text(&self, stream: Stream) -> String {
        self.stage.running(self.number, |running| {
            let is_terminal = running.is_on_terminal;
            let flow = running.flow(stream);
            flow.read_available();
            if is_terminal {
                flow.drain_terminal();
            }
            String::from_utf8_lossy(&flow.bytes).into_owned()
        })
    }

    /// Whether a stream has ended, as far as it was read.
    pub fn is_at_end(&self, stream: Stream) -> bool {
        self.stage.running(self.number, |running| running.flow(stream).end.is_none())
    }

    /// Makes room in the full pipe that is its standard output for so many bytes and no more: whoever
    /// writes more waits again. A text that is written at once is written whole or not at all. Whoever
    /// waits to write must be stopped meanwhile.
    pub fn make_some_room(&self, room: usize) {
        self.stage.asked(format!("(there is room for {room} bytes in its standard output)"));
        self.stage.running(self.number, |running| running.output.make_some_room(room));
    }

    /// Empties the full pipe that is its standard output: whoever waits to write goes on.
    pub fn make_room(&self) {
        self.stage.asked("(there is room in its standard output)".to_string());
        self.stage.running(self.number, |running| running.output.make_room());
    }

    /// Writes to its standard input, without waiting for it to be read.
    ///
    /// # Errors
    /// When its standard input is closed, or full because nothing is read.
    pub fn write(&self, text: &str) -> Result<(), CheckAbort> {
        let shown = typed(text.trim_end_matches('\n'));
        self.stage.asked(format!("(to its standard input) {shown}"));
        let written = self.stage.running(self.number, |running| match &running.input {
            Some(input) => nix::unistd::write(input, text.as_bytes()),
            None => Err(nix::errno::Errno::EPIPE),
        });
        match written {
            Ok(count) if count == text.len() => Ok(()),
            Ok(_) | Err(nix::errno::Errno::EAGAIN) => Err(CheckAbort::mismatch(
                "standard input is read",
                "the pipe is full: nothing is read from it",
            )),
            Err(errno) => {
                Err(CheckAbort::mismatch("standard input is read", format!("writing to it: {errno}")))
            }
        }
    }

    /// Closes the watcher's end of its standard input: it reads end of file. On a terminal, types
    /// the end-of-file character.
    ///
    /// # Errors
    /// As [`Run::write`].
    pub fn end_input(&self) -> Result<(), CheckAbort> {
        let is_terminal = self.stage.running(self.number, |running| {
            running.input.as_ref().is_some_and(|input| nix::unistd::isatty(input).unwrap_or(false))
        });
        if is_terminal {
            return self.write("\u{4}");
        }
        self.stage.asked("(its standard input ends)".to_string());
        self.stage.running(self.number, |running| running.input = None);
        Ok(())
    }

    /// Sends a signal to the process that was started.
    ///
    /// # Errors
    /// When there is no such process any more.
    pub fn kill(&self, signal: nix::sys::signal::Signal) -> Result<(), CheckAbort> {
        self.stage.kill(&self.process(), signal)
    }

    /// Waits until the process that was started has ended.
    ///
    /// # Errors
    /// When a limit is reached.
    pub fn status(&self) -> Result<Termination, CheckAbort> {
        let status = self
            .stage
            .wait("the end of the program", || self.stage.running(self.number, |running| running.status))?;
        self.stage.trace(format!("wait4(submission) = {status}"));
        Ok(status)
    }

    /// Whether it has not ended yet.
    pub fn is_running(&self) -> bool {
        self.stage.running(self.number, |running| running.status.is_none())
    }

    /// Waits until a held command has printed its mark, and finds the process that runs it.
    ///
    /// # Errors
    /// When no process of the stage runs the command, whatever was printed.
    pub fn held(&self, held: &Held) -> Result<ObservedProcess<'s>, CheckAbort> {
        let what = format!("the command runs and prints {:?}", held.mark);
        self.find(&what, |line| (line.trim() == held.mark).then_some(()))?;
        self.stage.process_running(&held.command_line())
    }

    /// Lets a held command end.
    ///
    /// # Errors
    /// As [`Run::write`].
    pub fn release(&self) -> Result<(), CheckAbort> {
        self.write("go\n")
    }

    /// Waits for the end and checks the status.
    ///
    /// # Errors
    /// When it is another one.
    pub fn ends_with(&self, expected: Termination) -> Result<(), CheckAbort> {
        let status = self.status()?;
        ensure(
            status == expected,
            || format!("it ends with {expected}"),
            || {
                let error = self.text(Stream::Error);
                match error.trim() {
                    "" => status.to_string(),
                    error => format!("{status}; standard error: {error}"),
                }
            },
        )
    }
}
