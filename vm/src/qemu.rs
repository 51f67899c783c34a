//! One guest from start to end: QEMU's command line, its deadlines, and how it ended.
//!
//! What QEMU exits with says nothing of a panic: only the guest's last message and the exit device
//! together show that all was done.

use crate::guest;
use crate::record::{Message, Stream};
use nix::poll::{PollFd, PollFlags, PollTimeout};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// What executes the guest's instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accelerator {
    /// The processor.
    Kvm,
    /// QEMU's translator.
    Tcg,
}

/// One guest.
#[derive(Clone, Debug)]
pub struct Vm<'a> {
    /// The program.
    pub qemu: &'a Path,
    /// What executes its instructions.
    pub accelerator: Accelerator,
    /// The kernel: an ELF image with a PVH note, or a bzImage.
    pub kernel: &'a Path,
    /// The initramfs.
    pub initramfs: &'a Path,
    /// In MiB.
    pub memory: u32,
    /// The arguments of the guest's `/init`.
    pub arguments: &'a [&'a str],
}

/// The memory of a guest in MiB.
pub const MEMORY: u32 = 512;

impl Vm<'_> {
    /// QEMU's arguments. Its standard output is the console; `records` is the number of an
    /// inherited descriptor that gets what the guest says.
    pub fn arguments(&self, records: RawFd) -> Vec<OsString> {
        // A panic or an oops ends the guest at once, and -no-reboot then ends QEMU.
        let mut append = "console=ttyS0 panic=-1 oops=panic random.trust_cpu=on".to_string();
        for (number, argument) in self.arguments.iter().enumerate() {
            append.push_str(if number == 0 { " -- " } else { " " });
            append.push_str(argument);
        }
        let (accelerator, processor) = match self.accelerator {
            Accelerator::Kvm => ("kvm", "host"),
            // QEMU emulates a repeated string instruction step by step, so that with the fast
            // ones for bytes a kernel clears and copies pages in eight times as many steps.
            Accelerator::Tcg => ("tcg", "max,erms=off,fsrm=off"),
        };
        let exit = format!("isa-debug-exit,iobase={:#x},iosize=4", guest::EXIT_PORT);
        let words: [(&str, OsString); 13] = [
            ("-accel", accelerator.into()),
            ("-cpu", processor.into()),
            ("-m", self.memory.to_string().into()),
            ("-smp", "1".into()),
            ("-nodefaults", "".into()),
            ("-no-user-config", "".into()),
            ("-no-reboot", "".into()),
            ("-nographic", "".into()),
            ("-device", exit.into()),
            ("-serial", "stdio".into()),
            ("-serial", format!("file:/dev/fd/{records}").into()),
            ("-kernel", self.kernel.into()),
            ("-initrd", self.initramfs.into()),
        ];
        let mut arguments: Vec<OsString> = words
            .into_iter()
            .flat_map(|(option, value)| {
                let value = (!value.is_empty()).then_some(value);
                [Some(option.into()), value]
            })
            .flatten()
            .collect();
        arguments.extend(["-append".into(), append.into()]);
        arguments
    }

    /// The command as a shell script that boots the same guest again.
    pub fn script(&self) -> String {
        const RECORDS: RawFd = 9;
        let mut script = format!("#!/bin/sh\nexec {RECORDS}>records\nexec {}", quote(self.qemu.as_os_str()));
        for argument in self.arguments(RECORDS) {
            let line = if argument.to_string_lossy().starts_with('-') { " \\\n  " } else { " " };
            script.push_str(line);
            script.push_str(&quote(&argument));
        }
        script.push_str(" </dev/null\n");
        script
    }
}

/// A word as a shell reads it.
fn quote(word: &std::ffi::OsStr) -> String {
    let word = word.to_string_lossy();
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_=./:,+".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        word.into_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// How long a guest may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Until it says hello.
    pub boot: Duration,
    /// Between two messages; multiplied by how slow the guest finds itself.
    pub silence: Duration,
    /// For everything; multiplied likewise once that is known.
    pub total: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            boot: Duration::from_secs(90),
            silence: Duration::from_secs(15),
            total: Duration::from_secs(180),
        }
    }
}

/// How a guest ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It did all and powered off.
    Done,
    /// Its kernel panicked or had an oops: the line that says so.
    Panic(String),
    /// It did not reach user space within this time.
    NoHello(Duration),
    /// It said nothing for this time.
    Silent(Duration),
    /// It did not end within this time.
    Overdue(Duration),
    /// It powered off, but not all that it sent arrived: received and sent.
    Incomplete(usize, usize),
    /// It ended without having done all: how.
    Lost(String),
    /// QEMU could not be started, or ended before the guest did: why.
    NotStarted(String),
    /// Whoever wanted the result does not want it any more.
    Cancelled,
}

impl Ending {
    /// For people: what happened, in one line.
    pub fn describe(&self) -> String {
        match self {
            Ending::Done => "done".to_string(),
            Ending::Panic(line) => format!("the kernel panicked: {line}"),
            Ending::NoHello(time) => format!("user space was not reached within {} s", time.as_secs()),
            Ending::Silent(time) => format!("the guest said nothing for {} s and was killed", time.as_secs()),
            Ending::Overdue(time) => {
                format!("the guest did not end within {} s and was killed", time.as_secs())
            }
            Ending::Incomplete(received, sent) => {
                format!("of {sent} records that the guest sent {received} arrived")
            }
            Ending::Lost(how) => format!("the guest was lost: {how}"),
            Ending::NotStarted(why) => format!("QEMU: {why}"),
            Ending::Cancelled => "interrupted".to_string(),
        }
    }
}

/// What a boot gave, apart from its messages.
#[derive(Clone, Debug)]
pub struct Boot {
    /// How it ended.
    pub ending: Ending,
    /// What the kernel and QEMU wrote.
    pub console: Vec<u8>,
    /// From the start to the guest's hello.
    pub hello: Option<Duration>,
    /// From the start to the guest's last message.
    pub last: Option<Duration>,
    /// From the start to the end of QEMU.
    pub duration: Duration,
    /// Bytes between the messages that were part of none.
    pub garbage: usize,
}

impl Boot {
    /// The last lines of the console, without blank ones.
    pub fn tail(&self, lines: usize) -> Vec<String> {
        let text = console_text(&self.console);
        let all: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        all[all.len().saturating_sub(lines)..].iter().map(ToString::to_string).collect()
    }

    /// Lines of the console that a healthy kernel does not write.
    pub fn splats(&self) -> Vec<String> {
        const SIGNS: [&str; 7] = [
            "WARNING: ",
            "BUG: ",
            "Oops",
            "INFO: task ",
            "rcu_sched self-detected",
            "soft lockup",
            "UBSAN: ",
        ];
        console_text(&self.console)
            .lines()
            .filter(|line| SIGNS.iter().any(|sign| line.contains(sign)))
            .map(|line| line.trim().to_string())
            .collect()
    }
}

/// The console's bytes as text, without the control sequences that firmware writes.
fn console_text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes)
        .chars()
        .filter(|letter| matches!(letter, '\n' | '\t') || !letter.is_control())
        .collect()
}

/// The line in which the kernel says why it gave up.
fn panic_line(console: &[u8]) -> Option<String> {
    const SIGNS: [&str; 6] = [
        "Oops",
        "BUG: ",
        "kernel BUG at",
        "general protection fault",
        "Kernel panic - not syncing",
        "Unable to handle",
    ];
    let text = console_text(console);
    text.contains("Kernel panic - not syncing")
        .then(|| text.lines().find(|line| SIGNS.iter().any(|sign| line.contains(sign))))
        .flatten()
        .map(|line| line.trim().to_string())
}

/// A wish to stop that many can wait for.
#[derive(Debug)]
pub struct Cancel {
    reader: OwnedFd,
    writer: OwnedFd,
}

impl Cancel {
    /// A wish that was not uttered yet.
    ///
    /// # Errors
    /// When there are no descriptors left.
    pub fn new() -> io::Result<Cancel> {
        let (reader, writer) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC)?;
        Ok(Cancel { reader, writer })
    }

    /// Ends all guests that know of this.
    pub fn cancel(&self) {
        // The byte is never read: from now on the descriptor stays readable for everyone.
        let _ = nix::unistd::write(&self.writer, &[0]);
    }

    /// Whether it was uttered.
    pub fn is_cancelled(&self) -> bool {
        let mut polled = [PollFd::new(self.reader.as_fd(), PollFlags::POLLIN)];
        nix::poll::poll(&mut polled, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
    }
}

/// Boots a guest and hands over what it says as soon as it is there. The calling thread must live
/// until this returns: QEMU is killed when it ends.
pub fn boot(vm: &Vm, limits: &Limits, cancel: &Cancel, message: &mut dyn FnMut(&Message)) -> Boot {
    let started = Instant::now();
    match start(vm) {
        Err(error) => Boot {
            ending: Ending::NotStarted(format!("{} cannot be started: {error}", vm.qemu.display())),
            console: Vec::new(),
            hello: None,
            last: None,
            duration: started.elapsed(),
            garbage: 0,
        },
        Ok(running) => watch(running, started, limits, cancel, message),
    }
}

/// A QEMU that was started; killed and reaped with all in its process group when dropped.
struct Running {
    child: Child,
    pidfd: OwnedFd,
    console: Option<File>,
    errors: Option<File>,
    records: Option<File>,
}

impl Running {
    fn end(&mut self) -> io::Result<ExitStatus> {
        // SAFETY: the group is our child's, which is not reaped yet, so its number is not reused.
        unsafe { libc::killpg(self.child.id() as i32, libc::SIGKILL) };
        self.child.wait()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Where it was reaped already, the number may be another's: `wait` remembers, killpg not.
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.end();
        }
    }
}

fn start(vm: &Vm) -> io::Result<Running> {
    let (records, theirs) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC)?;
    let inherited = theirs.as_raw_fd();
    let parent = nix::unistd::getpid();
    let mut command = Command::new(vm.qemu);
    command
        .args(vm.arguments(inherited))
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
            // QEMU aborts where KVM does not work: nobody wants that core dump.
            let cores = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
            libc::setrlimit(libc::RLIMIT_CORE, &cores);
            libc::fcntl(inherited, libc::F_SETFD, 0);
            Ok(())
        });
    }
    let mut child = command.spawn()?;
    drop(theirs);
    let mut running = Running {
        console: child.stdout.take().map(|pipe| File::from(OwnedFd::from(pipe))),
        errors: child.stderr.take().map(|pipe| File::from(OwnedFd::from(pipe))),
        records: Some(File::from(records)),
        pidfd: pidfd(&mut child)?,
        child,
    };
    for pipe in [&mut running.console, &mut running.errors, &mut running.records].into_iter().flatten() {
        // What QEMU has left behind is read to its end without waiting for whoever else holds it.
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

/// What has been read so far.
struct Heard {
    started: Instant,
    limits: Limits,
    stream: Stream,
    console: Vec<u8>,
    hello: Option<Duration>,
    last: Option<Instant>,
    lines: usize,
    end: Option<usize>,
}

impl Heard {
    fn records(&mut self, bytes: &[u8], hand_over: &mut dyn FnMut(&Message)) {
        let Heard { stream, started, limits, hello, last, lines, end, .. } = self;
        stream.push(bytes, &mut |message| {
            *last = Some(Instant::now());
            match &message {
                Message::Hello { slowness, .. } => {
                    *hello = Some(started.elapsed());
                    limits.silence = limits.silence.mul_f64(slowness.clamp(1.0, 1000.0));
                    limits.total = limits.total.mul_f64(slowness.clamp(1.0, 1000.0));
                }
                Message::Line { .. } => *lines += 1,
                Message::Note { .. } | Message::Grading { .. } => {}
                Message::End { lines } => *end = Some(*lines),
            }
            hand_over(&message);
        });
    }

    /// When patience ends, and what is then said.
    fn deadline(&self) -> (Instant, Ending) {
        let total = (self.started + self.limits.total, Ending::Overdue(self.limits.total));
        let next = match self.last {
            None => (self.started + self.limits.boot, Ending::NoHello(self.limits.boot)),
            Some(last) => (last + self.limits.silence, Ending::Silent(self.limits.silence)),
        };
        if next.0 < total.0 { next } else { total }
    }
}

fn watch(
    mut running: Running,
    started: Instant,
    limits: &Limits,
    cancel: &Cancel,
    message: &mut dyn FnMut(&Message),
) -> Boot {
    let mut heard = Heard {
        started,
        limits: *limits,
        stream: Stream::default(),
        console: Vec::new(),
        hello: None,
        last: None,
        lines: 0,
        end: None,
    };
    let ending = loop {
        let (deadline, overdue) = heard.deadline();
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break overdue;
        }
        let (mut exited, mut cancelled) = (false, false);
        {
            let pipes = [&running.console, &running.errors, &running.records];
            let mut polled = vec![
                PollFd::new(running.pidfd.as_fd(), PollFlags::POLLIN),
                PollFd::new(cancel.reader.as_fd(), PollFlags::POLLIN),
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
        drain(&mut running.console, &mut |bytes| heard.console.extend(bytes));
        drain(&mut running.errors, &mut |bytes| heard.console.extend(bytes));
        drain(&mut running.records, &mut |bytes| heard.records(bytes, message));
        if exited {
            // What was written between the last reading and the end is in the pipes.
            drain(&mut running.console, &mut |bytes| heard.console.extend(bytes));
            drain(&mut running.errors, &mut |bytes| heard.console.extend(bytes));
            drain(&mut running.records, &mut |bytes| heard.records(bytes, message));
            break match running.end() {
                Ok(status) => ending_of(status, &heard),
                Err(error) => Ending::Lost(format!("QEMU cannot be waited for: {error}")),
            };
        }
    };
    drop(running);
    Boot {
        ending,
        console: heard.console,
        hello: heard.hello,
        last: heard.last.map(|last| last - started),
        duration: started.elapsed(),
        garbage: heard.stream.garbage(),
    }
}

/// Reads what is there; forgets a pipe that nobody can write to any more.
fn drain(pipe: &mut Option<File>, take: &mut dyn FnMut(&[u8])) {
    let mut buffer = [0; 65536];
    while let Some(file) = pipe {
        match file.read(&mut buffer) {
            Ok(0) => *pipe = None,
            Ok(length) => take(&buffer[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
            Err(_) => *pipe = None,
        }
    }
}

fn ending_of(status: ExitStatus, heard: &Heard) -> Ending {
    let powered_off = status.code() == Some(i32::from(guest::EXIT_VALUE) * 2 + 1) || status.code() == Some(0);
    if let Some(sent) = heard.end
        && powered_off
    {
        return if sent == heard.lines { Ending::Done } else { Ending::Incomplete(heard.lines, sent) };
    }
    if let Some(line) = panic_line(&heard.console) {
        return Ending::Panic(line);
    }
    match (status.code(), status.signal()) {
        (Some(_), _) if powered_off => Ending::Lost("it ended before it had done all".to_string()),
        (Some(code), _) if heard.hello.is_none() => {
            let said = console_text(&heard.console);
            let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("no message");
            Ending::NotStarted(format!("exit status {code}: {}", last.trim()))
        }
        (Some(code), _) => Ending::Lost(format!("QEMU ended with exit status {code}")),
        (None, Some(signal)) => Ending::Lost(format!("QEMU was killed by signal {signal}")),
        (None, None) => Ending::Lost("QEMU ended".to_string()),
    }
}

/// A file in memory that QEMU reads by [`Memory::path`] and that leaves nothing behind, whatever
/// becomes of this process.
#[derive(Debug)]
pub struct Memory(File);

impl Memory {
    /// A file with this content.
    ///
    /// # Errors
    /// When there is no memory left.
    pub fn new(content: &[u8]) -> io::Result<Memory> {
        // SAFETY: the name is a C string; the result is new and ours.
        let fd = unsafe { libc::memfd_create(c"initramfs".as_ptr(), libc::MFD_CLOEXEC) };
        if fd == -1 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: as above.
        let mut file = unsafe { File::from_raw_fd(fd) };
        file.write_all(content)?;
        Ok(Memory(file))
    }

    /// The path by which other processes of the same user open it while it is alive.
    pub fn path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}/fd/{}", std::process::id(), self.0.as_raw_fd()))
    }
}

/// Finds QEMU.
///
/// # Errors
/// When it is not installed: how to install it.
pub fn find() -> Result<PathBuf, String> {
    const NAME: &str = "qemu-system-x86_64";
    std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .map(|directory| directory.join(NAME))
        .find(|path| path.is_file())
        .ok_or_else(|| {
            format!(
                "{NAME} is not installed; on Debian: apt-get install --no-install-recommends qemu-system-x86"
            )
        })
}

/// Whether KVM works, shown by a guest that reaches user space; otherwise why not.
///
/// # Errors
/// Says what happened instead.
pub fn probe_kvm(vm: &Vm, cancel: &Cancel) -> Result<(), String> {
    /// A guest under KVM needs less than two seconds, or will not come. Under QEMU's own emulation,
    /// which is what is left otherwise, everything is right as well, so not much is lost.
    const PATIENCE: Duration = Duration::from_secs(5);
    if let Err(error) = File::options().read(true).write(true).open("/dev/kvm") {
        return Err(format!("/dev/kvm: {error}"));
    }
    let vm = Vm { accelerator: Accelerator::Kvm, arguments: &[guest::PROBE], ..vm.clone() };
    let limits = Limits { boot: PATIENCE, silence: PATIENCE, total: PATIENCE };
    let booted = boot(&vm, &limits, cancel, &mut |_| {});
    match booted.ending {
        Ending::Done => Ok(()),
        ending => Err(format!("/dev/kvm is there, but in a first boot {}", ending.describe())),
    }
}
