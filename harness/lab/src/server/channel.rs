//! Messages between the runner and its server over one socket: a length, then as many bytes.
//!
//! The runner's end takes in what the server sends while it has to wait with its own message: both
//! would wait for each other for ever where both send more than the socket holds.

use nsconform_sys::reap;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// How long the rest of a message may take once it has begun.
const MESSAGE_TIME: Duration = Duration::from_secs(60);

/// The runner's end.
pub(super) struct Channel {
    socket: UnixStream,
    /// Messages that came while another one was being sent, in order.
    inbox: VecDeque<Vec<u8>>,
}

impl Channel {
    pub(super) fn new(socket: UnixStream) -> Channel {
        Channel { socket, inbox: VecDeque::new() }
    }

    /// Sends a message, no longer than `patience`, and takes in what comes meanwhile.
    ///
    /// # Errors
    /// When the other end is closed, or takes nothing for so long.
    pub(super) fn send(&mut self, message: &impl Serialize, patience: Duration) -> io::Result<()> {
        let bytes = encode(message)?;
        let end = Instant::now() + patience;
        let mut sent = 0;
        while sent < bytes.len() {
            let rest = &bytes[sent..];
            // SAFETY: pointer and length describe the rest of the message.
            let written = unsafe {
                libc::send(
                    self.socket.as_raw_fd(),
                    rest.as_ptr().cast(),
                    rest.len(),
                    libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL,
                )
            };
            if written >= 0 {
                sent += written as usize;
                continue;
            }
            let error = io::Error::last_os_error();
            match error.kind() {
                io::ErrorKind::Interrupted => {}
                io::ErrorKind::WouldBlock => self.wait_for_room(end, patience)?,
                _ => return Err(error),
            }
        }
        Ok(())
    }

    /// Waits until something may be sent, and takes in what comes meanwhile. It can return early: the
    /// caller tries again.
    fn wait_for_room(&mut self, end: Instant, patience: Duration) -> io::Result<()> {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            let seconds = patience.as_secs();
            return Err(io::Error::other(format!("the fork server has taken nothing for {seconds} s")));
        }
        let events = libc::POLLIN | libc::POLLOUT;
        let mut polled = [libc::pollfd { fd: self.socket.as_raw_fd(), events, revents: 0 }];
        let milliseconds = i32::try_from(left.as_millis()).unwrap_or(i32::MAX).max(1);
        // SAFETY: the array outlives the call.
        unsafe { libc::poll(polled.as_mut_ptr(), 1, milliseconds) };
        if polled[0].revents & libc::POLLIN != 0 {
            let message = self.read()?.ok_or(io::ErrorKind::BrokenPipe)?;
            self.inbox.push_back(message);
        }
        Ok(())
    }

    /// Waits for the next message, no longer than `patience`; none if the other end is closed.
    ///
    /// # Errors
    /// When none comes in time, or it cannot be read or decoded.
    pub(super) fn receive<T: DeserializeOwned>(&mut self, patience: Duration) -> io::Result<Option<T>> {
        let message = match self.inbox.pop_front() {
            Some(message) => Some(message),
            None => {
                if !reap::readable(self.socket.as_raw_fd(), patience) {
                    let seconds = patience.as_secs();
                    return Err(io::Error::other(format!(
                        "the fork server has said nothing for {seconds} s"
                    )));
                }
                self.read()?
            }
        };
        message.map(|message| postcard::from_bytes(&message).map_err(io::Error::other)).transpose()
    }

    /// Reads a message that has begun to come.
    fn read(&mut self) -> io::Result<Option<Vec<u8>>> {
        // The rest follows at once, unless the server has stopped in the middle of it.
        self.socket.set_read_timeout(Some(MESSAGE_TIME))?;
        read(&mut self.socket)
    }

    /// Tells the other end that nothing more comes.
    pub(super) fn close(&self) {
        // An error means that it has ended already.
        let _ = self.socket.shutdown(std::net::Shutdown::Both);
    }
}

fn encode(message: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut bytes = postcard::to_extend(message, vec![0; 4]).map_err(io::Error::other)?;
    let length = (bytes.len() - 4) as u32;
    bytes[..4].copy_from_slice(&length.to_le_bytes());
    Ok(bytes)
}

/// Sends a message from the server, which has nothing else to do until the runner has taken it.
pub(super) fn send(socket: &mut UnixStream, message: &impl Serialize) -> io::Result<()> {
    socket.write_all(&encode(message)?)
}

/// Takes the next message in the server; none if the runner is gone.
pub(super) fn receive<T: DeserializeOwned>(socket: &mut UnixStream) -> io::Result<Option<T>> {
    read(socket)?.map(|message| postcard::from_bytes(&message).map_err(io::Error::other)).transpose()
}

fn read(socket: &mut UnixStream) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    match socket.read_exact(&mut length) {
        Err(error)
            if matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset) =>
        {
            return Ok(None);
        }
        other => other?,
    }
    let mut bytes = vec![0; u32::from_le_bytes(length) as usize];
    socket.read_exact(&mut bytes)?;
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    /// More than a socket holds.
    fn large(byte: u8) -> Vec<u8> {
        vec![byte; 4 << 20]
    }

    #[rstest]
    #[timeout(Duration::from_secs(60))]
    fn both_ends_may_send_at_the_same_time() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let server = std::thread::spawn(move || {
            for byte in [1, 2] {
                send(&mut theirs, &large(byte)).unwrap();
            }
            receive::<Vec<u8>>(&mut theirs).unwrap()
        });
        let mut channel = Channel::new(ours);
        let patience = Duration::from_secs(30);
        channel.send(&large(3), patience).unwrap();
        assert_eq!(server.join().unwrap(), Some(large(3)));
        for byte in [1, 2] {
            assert_eq!(channel.receive::<Vec<u8>>(patience).unwrap(), Some(large(byte)));
        }
        assert_eq!(channel.receive::<Vec<u8>>(patience).unwrap(), None);
    }

    #[rstest]
    #[timeout(Duration::from_secs(60))]
    fn a_server_that_takes_nothing_is_given_up() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let error = Channel::new(ours).send(&large(3), Duration::from_millis(50)).unwrap_err();
        assert!(error.to_string().contains("has taken nothing"), "{error}");
        drop(theirs);
    }
}
