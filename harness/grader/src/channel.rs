//! The channel between the watcher and its parent: one JSON line for each message, and a sign of life
//! in between.
//!
//! Which messages there are is the business of who sends them: `grader` and `compile`.

use nix::poll::{PollFd, PollFlags, PollTimeout};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::cell::{Cell, RefCell};
use std::io::{PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// How long the watcher may be silent: it says every second that it is there.
const LONGEST_SILENCE: Duration = Duration::from_secs(120);
/// How often it says so.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// The watcher's end.
pub(super) struct Voice {
    channel: RefCell<PipeWriter>,
    said: Cell<Instant>,
}

impl Voice {
    pub(super) fn new(channel: PipeWriter) -> Voice {
        Voice { channel: RefCell::new(channel), said: Cell::new(Instant::now()) }
    }

    /// Sends a message. Where nobody listens any more the calling process ends.
    pub(super) fn say(&self, message: &impl Serialize) {
        let mut line = serde_json::to_vec(message).unwrap_or_default();
        line.push(b'\n');
        self.said.set(Instant::now());
        if self.channel.borrow_mut().write_all(&line).is_err() {
            // SAFETY: ends the watcher, and with it everything on the stage.
            unsafe { libc::_exit(1) }
        }
    }

    /// Sends this message if nothing has been sent for a while.
    pub(super) fn beat(&self, alive: &impl Serialize) {
        if self.said.get().elapsed() >= HEARTBEAT {
            self.say(alive);
        }
    }
}

/// Reads the watcher's messages until it closes the channel.
///
/// # Errors
/// When it is silent for too long, or says something else.
pub(super) fn listen<M: DeserializeOwned>(
    mut channel: PipeReader,
    mut hear: impl FnMut(M),
) -> Result<(), String> {
    let mut text = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    let mut heard = Instant::now();
    loop {
        let left = LONGEST_SILENCE.saturating_sub(heard.elapsed());
        if left.is_zero() {
            return Err(format!("the watcher said nothing for {LONGEST_SILENCE:?}"));
        }
        let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        match nix::poll::poll(&mut [PollFd::new(channel.as_fd(), PollFlags::POLLIN)], timeout) {
            Ok(1..) => {}
            Ok(_) | Err(nix::errno::Errno::EINTR) => continue,
            Err(errno) => return Err(format!("poll: {errno}")),
        }
        let count =
            channel.read(&mut buffer).map_err(|error| format!("reading from the watcher: {error}"))?;
        if count == 0 {
            return Ok(());
        }
        heard = Instant::now();
        text.extend_from_slice(&buffer[..count]);
        let Some(last) = text.iter().rposition(|byte| *byte == b'\n') else { continue };
        for line in text[..last].split(|byte| *byte == b'\n') {
            hear(serde_json::from_slice(line).map_err(|error| format!("the watcher's words: {error}"))?);
        }
        text.drain(..=last);
    }
}
