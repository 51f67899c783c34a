//! One guest from start to end: the program that plays its machine, its deadlines, and how it ended.
//!
//! The exit status of that program says nothing of a panic: only the guest's last message and the
//! machine's own end together show that all was done. Command lines are made elsewhere (`qemu`,
//! `uml`).

mod clock;
mod console;
mod watch;

pub use clock::time_scale;
pub use console::Console;
pub use watch::boot;

use nix::poll::{PollFd, PollFlags, PollTimeout};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A program that plays a machine for one guest.
pub trait MachineProgram {
    /// The name of the program for people.
    fn name(&self) -> String;

    /// The program.
    fn program(&self) -> &Path;

    /// Its arguments. Its standard output is the console; `records` is the number of an inherited
    /// descriptor that gets the guest's messages.
    fn arguments(&self, records: RawFd) -> Vec<OsString>;

    /// Two ends of a socket, the host's and the machine's, where the guest not only sends messages but
    /// hears orders: the machine's end then takes the place of `records`.
    fn talks(&self) -> Option<(BorrowedFd<'_>, BorrowedFd<'_>)> {
        None
    }

    /// Whether an exit status of the program says that the guest ended the machine itself.
    fn ended_by_guest(&self, exit_status: i32) -> bool;
}

/// The command of a machine as a shell script that boots the same guest again.
pub fn script(machine: &dyn MachineProgram) -> String {
    const RECORDS: RawFd = 9;
    let program = quote(machine.program().as_os_str());
    let mut script = format!("#!/bin/sh\nexec {RECORDS}>records\nexec {program}");
    for argument in machine.arguments(RECORDS) {
        let line = if argument.to_string_lossy().starts_with('-') { " \\\n  " } else { " " };
        script.push_str(line);
        script.push_str(&quote(&argument));
    }
    script.push_str(" </dev/null\n");
    script
}

/// The first program of these names in the directories of `PATH`.
pub fn in_path(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    names
        .iter()
        .flat_map(|name| std::env::split_paths(&path).map(move |directory| directory.join(name)))
        .find(|path| path.is_file())
}

/// A word as a shell reads it.
fn quote(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_=./:,+".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        word.into_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// How long a guest may take: in time in which it could have run (see `clock`), on the reference
/// machine. Until the hello they are multiplied by how slow this machine is, then by how slow the
/// guest finds itself.
#[derive(Clone, Copy, Debug)]
pub struct BootLimits {
    /// Between two outputs on the console, until the hello: a kernel that boots is not silent.
    pub quiet: Duration,
    /// Until the hello, however much the console shows.
    pub boot: Duration,
    /// Between two messages.
    pub silence: Duration,
    /// From the hello to the end, without the records.
    pub total: Duration,
    /// In addition for each record.
    pub record: Duration,
}

impl Default for BootLimits {
    fn default() -> BootLimits {
        BootLimits {
            quiet: Duration::from_secs(60),
            boot: Duration::from_secs(600),
            silence: Duration::from_secs(15),
            total: Duration::from_secs(180),
            record: Duration::from_secs(1),
        }
    }
}

impl BootLimits {
    /// The same limit for everything that is no record.
    pub fn all(limit: Duration) -> BootLimits {
        BootLimits { quiet: limit, boot: limit, silence: limit, total: limit, record: Duration::ZERO }
    }
}

/// How a guest ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It did all and powered off.
    Done,
    /// Its kernel panicked or had an oops: the line that says so.
    Panic(String),
    /// It did not reach user space, and its console showed nothing new for this time.
    Stuck(Duration),
    /// It did not reach user space within this time, though its console went on.
    NoHello(Duration),
    /// It said nothing for this time.
    Silent(Duration),
    /// It did not end within this time.
    Overdue(Duration),
    /// It powered off, but not all that it sent arrived: received and sent.
    Incomplete(usize, usize),
    /// It ended without having done all: how.
    Lost(String),
    /// The program that plays the machine could not be started, or ended before the guest did: why.
    NotStarted(String),
    /// Somebody cancelled it.
    Cancelled,
}

impl Ending {
    /// One line for people.
    pub fn describe(&self) -> String {
        match self {
            Ending::Done => "done".to_string(),
            Ending::Panic(line) => format!("the kernel panicked: {line}"),
            Ending::Stuck(time) => {
                format!("user space was not reached: the console showed nothing new for {} s", time.as_secs())
            }
            Ending::NoHello(time) => format!("user space was not reached within {} s", time.as_secs()),
            Ending::Silent(time) => format!("the guest said nothing for {} s and was killed", time.as_secs()),
            Ending::Overdue(time) => {
                format!("the guest did not end within {} s and was killed", time.as_secs())
            }
            Ending::Incomplete(received, sent) => {
                format!("of {sent} records that the guest sent {received} arrived")
            }
            Ending::Lost(how) => format!("the guest was lost: {how}"),
            Ending::NotStarted(why) => why.clone(),
            Ending::Cancelled => "interrupted".to_string(),
        }
    }
}

/// The result of a boot, apart from the guest's messages.
#[derive(Clone, Debug)]
pub struct Boot {
    /// How it ended.
    pub ending: Ending,
    /// The output of the kernel and of the program that plays its machine.
    pub console: Console,
    /// From the start to the guest's hello.
    pub hello: Option<Duration>,
    /// From the start to the guest's last message.
    pub last: Option<Duration>,
    /// From the start to the end of that program.
    pub duration: Duration,
    /// Bytes between the messages that were part of none.
    pub garbage: usize,
}

/// A request to stop that many can wait for.
#[derive(Debug)]
pub struct Cancel {
    reader: OwnedFd,
    writer: OwnedFd,
}

impl Cancel {
    /// A request that nobody has made yet.
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

    /// The descriptor that becomes readable with the request.
    fn descriptor(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }

    /// Whether somebody made it.
    pub fn is_cancelled(&self) -> bool {
        let mut polled = [PollFd::new(self.reader.as_fd(), PollFlags::POLLIN)];
        nix::poll::poll(&mut polled, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
    }
}

/// A file in memory that another program reads by [`MemoryFile::path`] and that leaves nothing behind, whatever
/// becomes of this process.
#[derive(Debug)]
pub struct MemoryFile(File);

impl MemoryFile {
    /// A file with this content.
    ///
    /// # Errors
    /// When there is no memory left.
    pub fn new(content: &[u8]) -> io::Result<MemoryFile> {
        // SAFETY: the name is a C string; the result is new and ours.
        let fd = unsafe { libc::memfd_create(c"initramfs".as_ptr(), libc::MFD_CLOEXEC) };
        if fd == -1 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: as above.
        let mut file = unsafe { File::from_raw_fd(fd) };
        file.write_all(content)?;
        Ok(MemoryFile(file))
    }

    /// The path by which other processes of the same user open it while it is alive.
    pub fn path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}/fd/{}", std::process::id(), self.0.as_raw_fd()))
    }
}
