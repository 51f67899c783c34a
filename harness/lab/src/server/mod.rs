//! The fork server: a small process that forks a sealed director for each job. Its parent forks it
//! before it allocates anything large or starts any thread.
//!
//! This file has the runner's end of the server and their messages. The server's own loop lives in
//! `serve`, the messages in `channel`, the ends of directors in `slots`, their time in `patience`, a director's first steps in `start`. Jobs
//! themselves are in [`crate::job`]; the runner, in the crate `suite`, decides which jobs there are
//! and judges their traces.

mod channel;
mod patience;
mod serve;
mod slots;
mod start;

use crate::job::{Compiled, Job};
use crate::seal::{Isolation, Mode, SealFailure};
use channel::Channel;
use nsconform_sys::reap;
use nsconform_sys::single_threaded::SingleThreaded;
use serde::de::DeserializeOwned;
use std::io;
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// How long the server may take to end.
const END_TIME: Duration = Duration::from_secs(30);

/// The first thing that the server says.
pub type Ready = Result<Mode, SealFailure>;

/// The runner's end of the server.
pub struct Server {
    channel: Channel,
    pid: nix::unistd::Pid,
}

impl Server {
    /// Forks the server.
    ///
    /// # Errors
    /// Those of socketpair(2) and fork(2), by their names.
    pub fn start(
        single: &SingleThreaded,
        scripts: &[Compiled],
        jobs: usize,
        isolation: Isolation,
    ) -> io::Result<Server> {
        let named = |call: &str, error: io::Error| {
            io::Error::other(format!("{call}: {}", crate::outcome::Errno::from(error).describe()))
        };
        let (ours, theirs) = UnixStream::pair().map_err(|error| named("socketpair", error))?;
        // SAFETY: this process has one thread, so the child's copy of the heap is consistent.
        match unsafe { nix::unistd::fork() }.map_err(|errno| named("fork", errno.into()))? {
            nix::unistd::ForkResult::Child => {
                drop(ours);
                // SAFETY: ends the child without running what the parent will run at its exit.
                unsafe {
                    libc::_exit(i32::from(serve::serve(theirs, single, scripts, jobs, isolation).is_err()))
                }
            }
            nix::unistd::ForkResult::Parent { child } => {
                Ok(Server { channel: Channel::new(ours), pid: child })
            }
        }
    }

    /// The PID of the server.
    pub fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    /// Hands a job over, no longer than `patience`; reports that come meanwhile are kept for
    /// [`Server::receive`].
    ///
    /// # Errors
    /// When the server has ended, or does not take it in time.
    pub fn submit(&mut self, id: u32, job: &Job, patience: Duration) -> io::Result<()> {
        self.channel.send(&(id, job), patience)
    }

    /// Waits for the next message, no longer than `patience`; none if the server has ended.
    ///
    /// # Errors
    /// When none comes in time, or it cannot be read or decoded.
    pub fn receive<T: DeserializeOwned>(&mut self, patience: Duration) -> io::Result<Option<T>> {
        self.channel.receive(patience)
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
        self.channel.close();
        if let Ok(None) = reap::within(self.pid.as_raw(), END_TIME) {
            self.kill();
        }
    }
}
