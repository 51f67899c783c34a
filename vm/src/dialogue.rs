//! A guest that plays written scripts, one after another, for as long as the host asks: one boot for many
//! plays.
//!
//! The host writes each order as a line of JSON to the guest's record device and waits for the reply. The
//! guest's part is the program's (`nsconform`); booting lives in `boot`.

use crate::boot::{self, Boot, BootLimits, Cancel, MemoryFile};
use crate::fleet;
use crate::initramfs::InitProgram;
use crate::kernels::Kernel;
use crate::message::{Message, PlayOrder, WorkOrder};
use crate::qemu::{Accelerator, MEMORY, Vm};
use nix::poll::{PollFd, PollFlags, PollTimeout};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use nsconform_explore::player::ScriptPlayer;
use nsconform_explore::replay::Replay;
use nsconform_lab::script::Script;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// The longest time until a guest is there, on whatever machine: `boot` has limits of its own.
const LONGEST_BOOT: Duration = Duration::from_secs(1800);
/// The longest time of one play: the guest keeps the deadline of the script, which is far shorter.
const LONGEST_PLAY: Duration = Duration::from_secs(120);
/// A guest that nobody asks says nothing: only this ends it.
const LONGEST_DIALOGUE: Duration = Duration::from_secs(24 * 3600);

/// A guest that plays scripts. Dropping it ends the guest.
pub struct Dialogue {
    name: String,
    orders: Option<UnixStream>,
    replies: Receiver<Message>,
    cancel: Arc<Cancel>,
    thread: Option<JoinHandle<Boot>>,
    played: u64,
}

impl Dialogue {
    /// Boots a kernel and waits until its guest takes orders. With `isolated` scripts are kept in a user
    /// namespace.
    ///
    /// # Errors
    /// When it cannot be booted, or its guest cannot play: why.
    pub fn start(
        kernel: Kernel,
        program: &InitProgram,
        qemu: PathBuf,
        accelerator: Accelerator,
        deadline_scale: f64,
        isolated: bool,
    ) -> Result<Dialogue, String> {
        let order = WorkOrder { dialogue: true, isolated, deadline_scale, ..WorkOrder::nothing() };
        let archive = fleet::initramfs(&kernel, program, &order)?;
        let archive = MemoryFile::new(&archive).map_err(|error| format!("the initramfs: {error}"))?;
        let cancel = Arc::new(Cancel::new().map_err(|error| error.to_string())?);
        let flags = SockFlag::SOCK_CLOEXEC;
        let ends = socketpair(AddressFamily::Unix, SockType::Stream, None, flags)
            .map_err(|errno| format!("socketpair: {errno}"))?;
        let orders = ends.0.try_clone().map_err(|error| error.to_string())?;
        let (sender, replies) = channel();
        let (name, theirs_cancel) = (kernel.name.clone(), cancel.clone());
        // Whoever boots must live as long as the guest.
        let thread = std::thread::spawn(move || {
            let limits =
                BootLimits { silence: LONGEST_DIALOGUE, total: LONGEST_DIALOGUE, ..BootLimits::default() };
            fleet::with_an_image(&kernel, |image| {
                let vm = Vm {
                    qemu: &qemu,
                    accelerator,
                    kernel: image,
                    initramfs: &archive.path(),
                    memory: MEMORY,
                    arguments: &[],
                    talks: Some(&ends),
                };
                boot::boot(&vm, &limits, &theirs_cancel, &mut |message| {
                    // Nobody listens any more where the dialogue is dropped.
                    let _ = sender.send(message.clone());
                })
            })
        });
        let mut dialogue = Dialogue {
            name,
            orders: Some(UnixStream::from(orders)),
            replies,
            cancel,
            thread: Some(thread),
            played: 0,
        };
        loop {
            match dialogue.reply(LONGEST_BOOT)? {
                Message::Listening => return Ok(dialogue),
                Message::Refused { why } => return Err(format!("{}: {why}", dialogue.name)),
                _ => {}
            }
        }
    }

    /// The next message of the guest.
    fn reply(&mut self, patience: Duration) -> Result<Message, String> {
        self.replies.recv_timeout(patience).map_err(|error| match error {
            RecvTimeoutError::Timeout => {
                format!("{}: the guest has said nothing for {} s", self.name, patience.as_secs())
            }
            RecvTimeoutError::Disconnected => {
                let ended = self.thread.take().and_then(|thread| thread.join().ok());
                let how = ended.map_or("it is gone".to_string(), |boot| {
                    let tail = boot.console.tail(3).join(" | ");
                    format!("{}: {tail}", boot.ending.describe())
                });
                format!("{}: the guest was lost: {how}", self.name)
            }
        })
    }
}

/// Writes an order, and waits where the guest does not take it at once: the socket does not block, since
/// messages are read of it as well.
fn send(orders: &mut UnixStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match orders.write(bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let mut polled = [PollFd::new(orders.as_fd(), PollFlags::POLLOUT)];
                let patience = PollTimeout::try_from(LONGEST_PLAY).unwrap_or(PollTimeout::MAX);
                if nix::poll::poll(&mut polled, patience)? == 0 {
                    return Err(io::ErrorKind::TimedOut.into());
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

impl ScriptPlayer for Dialogue {
    fn name(&self) -> &str {
        &self.name
    }

    fn play(&mut self, script: &Script) -> Result<Replay, String> {
        self.played += 1;
        let number = self.played;
        let order = PlayOrder { number, script: script.to_string() };
        let mut line = serde_json::to_vec(&order).map_err(|error| error.to_string())?;
        line.push(b'\n');
        let sent = self.orders.as_mut().map_or(Ok(()), |orders| send(orders, &line));
        if let Err(error) = sent {
            // The guest's own end says more, if there is one.
            self.reply(Duration::from_secs(1))?;
            return Err(format!("{}: the guest takes no order: {error}", self.name));
        }
        loop {
            match self.reply(LONGEST_PLAY)? {
                Message::Played { number: other, replay } if other == number => return Ok(*replay),
                Message::Refused { why } => return Err(format!("{}: {why}", self.name)),
                _ => {}
            }
        }
    }
}

impl Drop for Dialogue {
    fn drop(&mut self) {
        // The guest powers off at the end of its orders; where it does not, it is ended.
        self.orders = None;
        self.cancel.cancel();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
