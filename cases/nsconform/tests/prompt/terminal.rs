//! A program at a pseudo-terminal of 80 columns, with somebody who types and reads.

use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout};
use nix::pty::{OpenptyResult, Winsize, openpty};
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
/// The variable by which the processes of a terminal are found.
const MARK: &str = "NSCONFORM_TEST_TERMINAL";

/// The program and the other end of its terminal.
pub struct Terminal {
    child: Child,
    master: File,
    /// The output that nobody has looked at.
    output: String,
    mark: String,
}

impl Terminal {
    /// Starts the program with these arguments.
    pub fn start(arguments: &[&str]) -> Terminal {
        let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        let OpenptyResult { master, slave } = openpty(&size, None).unwrap();
        let mark = format!("{}-{:?}", std::process::id(), std::thread::current().id());
        let mut command = Command::new(super::PROGRAM);
        command.args(arguments).env(MARK, &mark).env("TERM", "xterm").env("LC_ALL", "C.UTF-8");
        command.stdin(Stdio::from(slave.try_clone().unwrap()));
        command.stdout(Stdio::from(slave.try_clone().unwrap())).stderr(Stdio::from(slave));
        // SAFETY: between fork and execve only async-signal-safe system calls are made.
        unsafe {
            command.pre_exec(|| {
                nix::unistd::setsid()?;
                match libc::ioctl(0, libc::TIOCSCTTY, 0) {
                    -1 => Err(std::io::Error::last_os_error()),
                    _ => Ok(()),
                }
            });
        }
        let child = command.spawn().unwrap();
        Terminal { child, master: File::from(master), output: String::new(), mark }
    }

    /// Types a text.
    pub fn type_in(&mut self, text: &str) {
        self.master.write_all(text.as_bytes()).unwrap();
    }

    /// Reads until a text was shown.
    pub fn expect(&mut self, text: &str) {
        let end = Instant::now() + PATIENCE;
        loop {
            let plain = plain(&self.output);
            if let Some(at) = plain.find(text) {
                self.output = plain[at + text.len()..].to_string();
                return;
            }
            assert!(self.read_until(end), "no {text:?} in {plain:?}");
        }
    }

    /// Reads until the editor has taken a line: keys that send signals do so again from here on.
    pub fn expect_line_taken(&mut self) {
        /// The editor switches bracketed paste off when it leaves the terminal.
        const LEFT: &str = "\u{1b}[?2004l";
        let end = Instant::now() + PATIENCE;
        while !self.output.contains(LEFT) {
            assert!(self.read_until(end), "no line is taken in {:?}", plain(&self.output));
        }
    }

    /// Sends SIGINT to the children of the program, as Ctrl-C does to all in the foreground.
    pub fn interrupt_children(&self) {
        let pid = self.child.id();
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
        for child in children.split_whitespace() {
            // SAFETY: a child of our own child, which has not waited for it.
            unsafe { libc::kill(child.parse().unwrap(), libc::SIGINT) };
        }
    }

    /// Reads what there is; false at the end or when the time is over.
    fn read_until(&mut self, end: Instant) -> bool {
        let left = end.saturating_duration_since(Instant::now());
        let mut polled = [PollFd::new(self.master.as_fd(), PollFlags::POLLIN)];
        let left = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        if nix::poll::poll(&mut polled, left).unwrap_or(0) == 0 {
            return false;
        }
        let mut buffer = [0; 4096];
        match self.master.read(&mut buffer) {
            Ok(length) if length > 0 => {
                self.output += &String::from_utf8_lossy(&buffer[..length]);
                true
            }
            // EIO: nobody has the other end any more.
            _ => false,
        }
    }

    /// Waits for the end of the program and gives its exit status.
    pub fn end(&mut self) -> Option<i32> {
        let end = Instant::now() + PATIENCE;
        while self.read_until(end) {}
        self.child.wait().unwrap().code()
    }

    /// Kills the program alone.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// How many processes of this terminal there are.
    pub fn left_behind(&self) -> usize {
        let mark = format!("{MARK}={}", self.mark);
        let is_ours = |path: std::path::PathBuf| {
            let environment = std::fs::read(path.join("environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
        };
        std::fs::read_dir("/proc").unwrap().flatten().filter(|entry| is_ours(entry.path())).count()
    }

    /// Reads on until there are so many processes: none, or at least so many.
    pub fn wait_for_processes(&mut self, count: usize) {
        let end = Instant::now() + PATIENCE;
        loop {
            let found = self.left_behind();
            if if count == 0 { found == 0 } else { found >= count } {
                return;
            }
            assert!(Instant::now() < end, "{found} processes, {count} expected: {:?}", plain(&self.output));
            // A zombie keeps its environment from being read: it does not count, and is reaped.
            let _ = self.child.try_wait();
            std::thread::yield_now();
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A text without the sequences by which an editor moves the cursor, and with plain line ends.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '\u{1b}' {
            if letters.next_if_eq(&'[').is_some() {
                while letters.next_if(|letter| !letter.is_ascii_alphabetic()).is_some() {}
                letters.next();
            }
            continue;
        }
        if letter != '\r' {
            plain.push(letter);
        }
    }
    plain
}
