//! Work side by side: a process for each piece, so many at a time.
//!
//! The work itself, a grading for one, forks; so the pieces have processes rather than threads.

use nix::poll::{PollFd, PollFlags, PollTimeout};
use nix::unistd::{ForkResult, Pid};
use nsconform_sys::single_threaded::SingleThreaded;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{PipeReader, Read, Write};
use std::os::fd::AsFd;

/// A piece that is being worked at.
struct Worker {
    piece: usize,
    pid: Pid,
    channel: PipeReader,
    said: Vec<u8>,
}

/// Works at this many pieces, at most `side_by_side` at a time, in their order. `hear` gets the result
/// of each as it comes, and none where a worker has ended without one; with false it says that no
/// further piece is to be begun.
///
/// # Errors
/// When a worker cannot be started or heard. Those that run have been ended then.
pub fn work<R: Serialize + DeserializeOwned>(
    single: &SingleThreaded,
    pieces: usize,
    side_by_side: usize,
    perform: impl Fn(&SingleThreaded, usize) -> R,
    mut hear: impl FnMut(usize, Option<R>) -> bool,
) -> Result<(), String> {
    let mut workers: Vec<Worker> = Vec::new();
    let (mut next, mut goes_on) = (0, true);
    loop {
        while goes_on && next < pieces && workers.len() < side_by_side.max(1) {
            match start(single, next, &perform) {
                Ok(worker) => workers.push(worker),
                Err(why) => {
                    end(workers);
                    return Err(why);
                }
            }
            next += 1;
        }
        if workers.is_empty() {
            return Ok(());
        }
        for number in readable(&workers).into_iter().rev() {
            if !take(&mut workers[number]) {
                continue;
            }
            let Worker { piece, pid, said, .. } = workers.remove(number);
            super::fork::reap(pid);
            goes_on &= hear(piece, serde_json::from_slice(&said).ok());
        }
    }
}

fn start<R: Serialize>(
    single: &SingleThreaded,
    piece: usize,
    perform: &impl Fn(&SingleThreaded, usize) -> R,
) -> Result<Worker, String> {
    let (channel, mut says) = std::io::pipe().map_err(|error| format!("pipe: {error}"))?;
    // SAFETY: the caller has one thread.
    match unsafe { nix::unistd::fork() }.map_err(|errno| format!("fork: {errno}"))? {
        ForkResult::Parent { child } => Ok(Worker { piece, pid: child, channel, said: Vec::new() }),
        ForkResult::Child => {
            drop(channel);
            // Nobody else would end it.
            // SAFETY: plain call on numbers.
            unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
            let result = perform(single, piece);
            let said = serde_json::to_vec(&result).is_ok_and(|text| says.write_all(&text).is_ok());
            // SAFETY: ends the worker; nothing of its parent's is run twice.
            unsafe { libc::_exit(if said { 0 } else { 1 }) }
        }
    }
}

/// The numbers of the workers who have said something, or have ended.
fn readable(workers: &[Worker]) -> Vec<usize> {
    let mut polled: Vec<PollFd> =
        workers.iter().map(|worker| PollFd::new(worker.channel.as_fd(), PollFlags::POLLIN)).collect();
    // A signal is no reason to look.
    let _ = nix::poll::poll(&mut polled, PollTimeout::NONE);
    let said = |(number, polled): (usize, &PollFd)| polled.any().unwrap_or(false).then_some(number);
    polled.iter().enumerate().filter_map(said).collect()
}

/// Takes in what a worker says; whether that was all.
fn take(worker: &mut Worker) -> bool {
    let mut buffer = [0; 64 << 10];
    match worker.channel.read(&mut buffer) {
        Ok(0) => true,
        Ok(count) => {
            worker.said.extend_from_slice(&buffer[..count]);
            false
        }
        Err(error) => error.kind() != std::io::ErrorKind::Interrupted,
    }
}

fn end(workers: Vec<Worker>) {
    for worker in workers {
        let _ = nix::sys::signal::kill(worker.pid, nix::sys::signal::Signal::SIGKILL);
        super::fork::reap(worker.pid);
    }
}
