//! The fork server: a small process that forks a sealed director for each job. Its parent forks it
//! before it allocates anything large or starts any thread.
//!
//! This file has the runner's end of the server and their messages. The server's own loop lives in
//! `serve`, the ends of directors in `slots`, their time in `patience`, a director's first steps in `start`. Jobs
//! themselves are in [`crate::job`]; the runner, in the crate `suite`, decides which jobs there are
//! and judges their traces.

mod patience;
mod serve;
mod slots;
mod start;

use crate::job::{Compiled, Job};
use crate::seal::{Isolation, Mode, SealFailure};
use nsconform_sys::reap;
use nsconform_sys::single_threaded::SingleThreaded;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// How long the rest of a message may take once it has begun.
const MESSAGE_TIME: Duration = Duration::from_secs(60);
/// How long the server may take to end.
const END_TIME: Duration = Duration::from_secs(30);

/// The first thing that the server says.
pub type Ready = Result<Mode, SealFailure>;

/// The runner's end of the server.
pub struct Server {
    socket: UnixStream,
    pid: nix::unistd::Pid,
}

impl Server {
    /// Forks the server.
    ///
    /// # Errors
    /// Those of socketpair(2) and fork(2).
    pub fn start(
        single: &SingleThreaded,
        scripts: &[Compiled],
        jobs: usize,
        isolation: Isolation,
    ) -> io::Result<Server> {
        let (ours, theirs) = UnixStream::pair()?;
        // SAFETY: this process has one thread, so the child's copy of the heap is consistent.
        match unsafe { nix::unistd::fork() }? {
            nix::unistd::ForkResult::Child => {
                drop(ours);
                // SAFETY: ends the child without running what the parent will run at its exit.
                unsafe {
                    libc::_exit(i32::from(serve::serve(theirs, single, scripts, jobs, isolation).is_err()))
                }
            }
            nix::unistd::ForkResult::Parent { child } => Ok(Server { socket: ours, pid: child }),
        }
    }

    /// The PID of the server.
    pub fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    /// Hands a job over.
    ///
    /// # Errors
    /// When the server has ended.
    pub fn submit(&mut self, id: u32, job: &Job) -> io::Result<()> {
        send(&mut self.socket, &(id, job))
    }

    /// Waits for the next message, no longer than `patience`; none if the server has ended.
    ///
    /// # Errors
    /// When none comes in time, or it cannot be read or decoded.
    pub fn receive<T: DeserializeOwned>(&mut self, patience: Duration) -> io::Result<Option<T>> {
        if !reap::readable(self.socket.as_raw_fd(), patience) {
            let seconds = patience.as_secs();
            return Err(io::Error::other(format!("the fork server has said nothing for {seconds} s")));
        }
        // The socket holds a whole message, unless the server has stopped in the middle of one.
        self.socket.set_read_timeout(Some(MESSAGE_TIME))?;
        receive(&mut self.socket)
    }

    /// Ends the server by force, and with it all that it has started.
    pub fn kill(&mut self) {
        reap::kill_within(self.pid.as_raw(), END_TIME);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The server ends when it sees the socket closed; waiting makes sure that nothing it
        // started outlives us.
        // An error means that it has ended already.
        let _ = self.socket.shutdown(std::net::Shutdown::Both);
        if let Ok(None) = reap::within(self.pid.as_raw(), END_TIME) {
            self.kill();
        }
    }
}

fn send(socket: &mut UnixStream, message: &impl Serialize) -> io::Result<()> {
    let mut bytes = vec![0; 4];
    bytes = postcard::to_extend(message, bytes).map_err(io::Error::other)?;
    let length = (bytes.len() - 4) as u32;
    bytes[..4].copy_from_slice(&length.to_le_bytes());
    socket.write_all(&bytes)
}

fn receive<T: DeserializeOwned>(socket: &mut UnixStream) -> io::Result<Option<T>> {
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
    postcard::from_bytes(&bytes).map(Some).map_err(io::Error::other)
}
