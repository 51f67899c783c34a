//! Starting the program that plays a machine, listening to it, and ending it: nothing of it outlives
//! a boot.

use super::clock::{GuestClock, time_scale};
use super::{Boot, BootLimits, Cancel, Console, Ending, MachineProgram};
use crate::message::{Message, MessageReader};
use nix::poll::{PollFd, PollFlags, PollTimeout};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Boots a guest and hands over each of its messages as soon as it is there. The calling thread must
/// live until this returns: the kernel kills the machine when that thread ends.
pub fn boot(
    machine: &dyn MachineProgram,
    limits: &BootLimits,
    cancel: &Cancel,
    message: &mut dyn FnMut(&Message),
) -> Boot {
    let started = Instant::now();
    match start(machine) {
        Err(error) => Boot {
            ending: Ending::NotStarted(format!(
                "{}: {} cannot be started: {error}",
                machine.name(),
                machine.program().display()
            )),
            console: Console::default(),
            hello: None,
            last: None,
            duration: started.elapsed(),
            garbage: 0,
        },
        Ok(running) => watch(machine, running, started, limits, cancel, message),
    }
}

/// A machine that was started; dropping it kills and reaps all of its process group.
struct RunningMachine {
    child: Child,
    pidfd: OwnedFd,
    console: Option<File>,
    errors: Option<File>,
    records: Option<File>,
}

impl RunningMachine {
    fn end(&mut self) -> io::Result<ExitStatus> {
        // SAFETY: the group is our child's, which is not reaped yet, so its number is not reused.
        unsafe { libc::killpg(self.child.id() as i32, libc::SIGKILL) };
        self.child.wait()
    }
}

impl Drop for RunningMachine {
    fn drop(&mut self) {
        // Where it was reaped already, the number may be another's: `wait` remembers, killpg not.
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.end();
        }
    }
}

fn start(machine: &dyn MachineProgram) -> io::Result<RunningMachine> {
    let (records, theirs) = match machine.talks() {
        Some((ours, theirs)) => (ours.try_clone_to_owned()?, theirs.try_clone_to_owned()?),
        None => nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC)?,
    };
    let inherited = theirs.as_raw_fd();
    let parent = nix::unistd::getpid();
    let mut command = Command::new(machine.program());
    command
        .args(machine.arguments(inherited))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    // SAFETY: between fork and execve only async-signal-safe system calls are made.
    unsafe {
        command.pre_exec(move || {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            if nix::unistd::getppid() != parent {
                return Err(io::Error::other("the parent has ended"));
            }
            // QEMU aborts where KVM does not work, UML where its kernel panics: nobody wants that core dump.
            let cores = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
            libc::setrlimit(libc::RLIMIT_CORE, &cores);
            libc::fcntl(inherited, libc::F_SETFD, 0);
            Ok(())
        });
    }
    let mut child = command.spawn()?;
    drop(theirs);
    let mut running = RunningMachine {
        console: child.stdout.take().map(|pipe| File::from(OwnedFd::from(pipe))),
        errors: child.stderr.take().map(|pipe| File::from(OwnedFd::from(pipe))),
        records: Some(File::from(records)),
        pidfd: pidfd(&mut child)?,
        child,
    };
    for pipe in [&mut running.console, &mut running.errors, &mut running.records].into_iter().flatten() {
        // Reading never waits: somebody else may hold a pipe open after the program's end.
        nix::fcntl::fcntl(&*pipe, nix::fcntl::FcntlArg::F_SETFL(nix::fcntl::OFlag::O_NONBLOCK))?;
    }
    Ok(running)
}

fn pidfd(child: &mut Child) -> io::Result<OwnedFd> {
    // SAFETY: plain system call; the result is new and ours.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, child.id(), 0) };
    if fd == -1 {
        let error = io::Error::last_os_error();
        let _ = child.kill();
        let _ = child.wait();
        return Err(error);
    }
    // SAFETY: as above.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as RawFd) })
}

/// The guest's output so far. Times are of the guest's clock unless they are `Instant`s.
struct GuestOutput {
    started: Instant,
    clock: GuestClock,
    limits: BootLimits,
    stream: MessageReader,
    console: Console,
    /// When the console showed something new.
    shown: Duration,
    hello: Option<(Instant, Duration)>,
    last: Option<(Instant, Duration)>,
    lines: usize,
    end: Option<usize>,
}

impl GuestOutput {
    fn console(&mut self, bytes: &[u8]) {
        self.shown = self.clock.now();
        self.console.push(bytes);
    }

    fn records(&mut self, bytes: &[u8], hand_over: &mut dyn FnMut(&Message)) {
        let now = (Instant::now(), self.clock.now());
        let GuestOutput { stream, limits, hello, last, lines, end, .. } = self;
        stream.push(bytes, &mut |message| {
            *last = Some(now);
            match &message {
                Message::Hello { time_scale, .. } => {
                    *hello = Some(now);
                    let scale = |limit: Duration| limit.mul_f64(time_scale.clamp(1.0, 1000.0));
                    limits.silence = scale(limits.silence);
                    limits.total = scale(limits.total);
                    limits.record = scale(limits.record);
                }
                Message::Line { .. } => {
                    *lines += 1;
                    limits.total += limits.record;
                }
                Message::Note { .. }
                | Message::Grading { .. }
                | Message::Listening
                | Message::Played { .. }
                | Message::Refused { .. } => {}
                Message::End { lines } => *end = Some(*lines),
            }
            hand_over(&message);
        });
    }

    /// The next deadline, and how the guest has ended if it passes.
    fn deadline(&self) -> (Duration, Ending) {
        let BootLimits { quiet, boot, silence, total, .. } = self.limits;
        let (one, other) = match (self.hello, self.last) {
            (Some((_, hello)), Some((_, last))) => {
                ((last + silence, Ending::Silent(silence)), (hello + total, Ending::Overdue(total)))
            }
            _ => ((self.shown + quiet, Ending::Stuck(quiet)), (boot, Ending::NoHello(boot))),
        };
        if one.0 < other.0 { one } else { other }
    }

    /// The time until the next deadline, or how the guest has ended since it has passed.
    fn left(&mut self) -> Result<Duration, Ending> {
        let (deadline, ending) = self.deadline();
        let left = deadline.saturating_sub(self.clock.now());
        if !left.is_zero() {
            return Ok(left);
        }
        let left = deadline.saturating_sub(self.clock.exact());
        if left.is_zero() { Err(ending) } else { Ok(left) }
    }
}

fn watch(
    machine: &dyn MachineProgram,
    mut running: RunningMachine,
    started: Instant,
    limits: &BootLimits,
    cancel: &Cancel,
    message: &mut dyn FnMut(&Message),
) -> Boot {
    let time_scale = time_scale();
    let mut heard = GuestOutput {
        started,
        clock: GuestClock::new(started, running.child.id()),
        limits: BootLimits {
            quiet: limits.quiet.mul_f64(time_scale),
            boot: limits.boot.mul_f64(time_scale),
            ..*limits
        },
        stream: MessageReader::default(),
        console: Console::default(),
        shown: Duration::ZERO,
        hello: None,
        last: None,
        lines: 0,
        end: None,
    };
    let ending = loop {
        let left = match heard.left() {
            Ok(left) => left,
            Err(ending) => break ending,
        };
        let (mut exited, mut cancelled) = (false, false);
        {
            let pipes = [&running.console, &running.errors, &running.records];
            let mut polled = vec![
                PollFd::new(running.pidfd.as_fd(), PollFlags::POLLIN),
                PollFd::new(cancel.descriptor(), PollFlags::POLLIN),
            ];
            polled
                .extend(pipes.into_iter().flatten().map(|pipe| PollFd::new(pipe.as_fd(), PollFlags::POLLIN)));
            let left = PollTimeout::try_from(left.as_millis() + 1).unwrap_or(PollTimeout::MAX);
            // An interrupted call is made again; another error shows as the deadline's passing.
            if nix::poll::poll(&mut polled, left).is_ok() {
                exited = polled[0].any().unwrap_or(false);
                cancelled = polled[1].any().unwrap_or(false);
            }
        }
        if cancelled {
            break Ending::Cancelled;
        }
        read_all(&mut running, &mut heard, message);
        if exited {
            // The pipes hold the output between the last reading and the end.
            read_all(&mut running, &mut heard, message);
            break match running.end() {
                Ok(status) => ending_of(machine, status, &heard),
                Err(error) => Ending::Lost(format!("{} cannot be waited for: {error}", machine.name())),
            };
        }
    };
    drop(running);
    let since_start = |(then, _): (Instant, Duration)| then - heard.started;
    Boot {
        ending,
        hello: heard.hello.map(since_start),
        last: heard.last.map(since_start),
        duration: started.elapsed(),
        garbage: heard.stream.garbage(),
        console: heard.console,
    }
}

fn read_all(running: &mut RunningMachine, heard: &mut GuestOutput, message: &mut dyn FnMut(&Message)) {
    drain(&mut running.console, &mut |bytes| heard.console(bytes));
    drain(&mut running.errors, &mut |bytes| heard.console(bytes));
    drain(&mut running.records, &mut |bytes| heard.records(bytes, message));
}

/// How many pieces are read of a pipe before the deadline is looked at again: a machine that writes
/// without a pause would otherwise never be late.
const PIECES: usize = 64;

/// Reads the bytes that are there; forgets a pipe that nobody can write to any more.
fn drain(pipe: &mut Option<File>, take: &mut dyn FnMut(&[u8])) {
    let mut buffer = [0; 65536];
    for _ in 0..PIECES {
        let Some(file) = pipe else { return };
        match file.read(&mut buffer) {
            Ok(0) => *pipe = None,
            Ok(length) => take(&buffer[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
            Err(_) => *pipe = None,
        }
    }
}

fn ending_of(machine: &dyn MachineProgram, status: ExitStatus, heard: &GuestOutput) -> Ending {
    let powered_off = status.code().is_some_and(|code| machine.ended_by_guest(code));
    if let Some(sent) = heard.end
        && powered_off
    {
        return if sent == heard.lines { Ending::Done } else { Ending::Incomplete(heard.lines, sent) };
    }
    if let Some(line) = heard.console.panic_line() {
        return Ending::Panic(line);
    }
    let name = machine.name();
    match (status.code(), status.signal()) {
        (Some(_), _) if powered_off => Ending::Lost("it ended before it had done all".to_string()),
        (Some(code), _) if heard.hello.is_none() => {
            let said = heard.console.tail(1).pop().unwrap_or_else(|| "no message".to_string());
            Ending::NotStarted(format!("{name}: exit status {code}: {}", said.trim()))
        }
        (Some(code), _) => Ending::Lost(format!("{name} ended with exit status {code}")),
        (None, Some(signal)) => Ending::Lost(format!("{name} was killed by signal {signal}")),
        (None, None) => Ending::Lost(format!("{name} ended")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard() -> GuestOutput {
        let started = Instant::now();
        GuestOutput {
            started,
            clock: GuestClock::new(started, std::process::id()),
            limits: BootLimits {
                boot: Duration::from_secs(100),
                total: Duration::from_secs(100),
                ..BootLimits::all(Duration::from_secs(10))
            },
            stream: MessageReader::default(),
            console: Console::default(),
            shown: Duration::ZERO,
            hello: None,
            last: None,
            lines: 0,
            end: None,
        }
    }

    #[test]
    fn a_console_that_goes_on_moves_the_deadline_up_to_that_of_the_boot() {
        let mut heard = heard();
        assert_eq!(heard.deadline(), (Duration::from_secs(10), Ending::Stuck(Duration::from_secs(10))));
        heard.console(b"[    0.000000] Linux version\n");
        assert!(heard.deadline().0 > Duration::from_secs(10), "{:?}", heard.deadline());
        heard.shown = Duration::from_secs(95);
        assert_eq!(heard.deadline(), (Duration::from_secs(100), Ending::NoHello(Duration::from_secs(100))));
    }

    #[test]
    fn after_the_hello_the_console_counts_no_more() {
        let mut heard = heard();
        let hello = Message::Hello { release: "7.2".into(), time_scale: 3.0, fork_us: 330.0 };
        let mut bytes = Vec::new();
        hello.write(&mut bytes).unwrap();
        heard.records(&bytes, &mut |_| {});
        let (before, ending) = heard.deadline();
        assert_eq!(ending, Ending::Silent(Duration::from_secs(30)));
        heard.console(b"noise");
        assert_eq!(heard.deadline().0, before);
    }
}
