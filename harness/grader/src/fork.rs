//! Forking from the watcher, and waiting for children with a limit.
//!
//! A child that is on a stage can be stopped there by a submission before it has done its part, so
//! nothing here waits without an end. Which program a child becomes is the business of `launch`.

use nix::poll::{PollFd, PollFlags, PollTimeout};
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid};
use std::io::{PipeReader, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::time::{Duration, Instant};

/// How often something is looked at that has no descriptor to wait on.
pub(super) const LOOK: Duration = Duration::from_millis(5);

/// How long a child of the watcher may take that does the grader's own work.
pub(super) const OWN_WORK: Duration = Duration::from_secs(20);

/// fork(2), with the child in this cgroup from the start.
///
/// # Safety
/// That of fork(2): the caller has one thread.
pub(super) unsafe fn fork_into(cgroup: Option<BorrowedFd<'_>>) -> Result<ForkResult, String> {
    let Some(cgroup) = cgroup else {
        // SAFETY: the caller's.
        return unsafe { nix::unistd::fork() }.map_err(|errno| format!("fork: {errno}"));
    };
    // linux/sched.h; the constant of the library is too narrow.
    const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;
    // SAFETY: all-zero is what clone3(2) takes for what is not asked for.
    let mut arguments: libc::clone_args = unsafe { std::mem::zeroed() };
    arguments.flags = CLONE_INTO_CGROUP;
    arguments.exit_signal = libc::SIGCHLD as u64;
    arguments.cgroup = cgroup.as_raw_fd() as u64;
    // SAFETY: without CLONE_VM the child has a copy of everything; the structure outlives the call.
    match unsafe { libc::syscall(libc::SYS_clone3, &raw const arguments, size_of_val(&arguments)) } {
        -1 => Err(format!("clone3(CLONE_INTO_CGROUP): {}", nsconform_sys::errno::Errno::last().describe())),
        0 => Ok(ForkResult::Child),
        pid => Ok(ForkResult::Parent { child: Pid::from_raw(pid as i32) }),
    }
}

/// Why a child did not become a program.
pub(super) enum ForkFailure<A> {
    /// A step before the exec failed: which and how.
    Step(String),
    /// The exec itself failed: how.
    Exec(String),
    /// The caller's patience ended first.
    Impatience(A),
}

/// A step of a child that failed before its exec, or the exec itself.
pub(super) enum BeforeExec {
    /// A step.
    Step(String),
    /// execve(2).
    Exec(String),
}

impl From<String> for BeforeExec {
    fn from(why: String) -> BeforeExec {
        BeforeExec::Step(why)
    }
}

/// Forks, and has the child write down what went wrong in a pipe that its exec closes. Gives its
/// PID once it has executed a program, or ended. `patience` is asked every few milliseconds whether
/// to go on waiting; if not, the child is killed.
pub(super) fn fork_and_exec<A>(
    cgroup: Option<BorrowedFd<'_>>,
    child: impl FnOnce() -> Result<std::convert::Infallible, BeforeExec>,
    patience: &mut dyn FnMut() -> Result<(), A>,
) -> Result<Pid, ForkFailure<A>> {
    let (trouble, ours) = std::io::pipe().map_err(|error| ForkFailure::Step(format!("pipe: {error}")))?;
    // SAFETY: the watcher has one thread, so the child's copy of the heap is consistent.
    match unsafe { fork_into(cgroup) }.map_err(ForkFailure::Step)? {
        ForkResult::Child => {
            drop(trouble);
            // The pipe's end is kept by number: everything else is closed before the exec.
            let number = keep_as(ours.as_raw_fd(), KEPT);
            let Err(why) = child();
            let (letter, why) = match why {
                BeforeExec::Step(why) => (b's', why),
                BeforeExec::Exec(why) => (b'e', why),
            };
            let mut text = vec![letter];
            text.extend(why.bytes());
            // SAFETY: writes bytes that outlive the call to our own descriptor, and ends.
            unsafe {
                libc::write(number, text.as_ptr().cast(), text.len());
                libc::_exit(126)
            }
        }
        ForkResult::Parent { child } => {
            drop(ours);
            let told = match read_with_patience(trouble, patience) {
                Ok(told) => told,
                Err(failure) => {
                    let _ = nix::sys::signal::kill(child, Signal::SIGKILL);
                    return Err(failure);
                }
            };
            match told.split_first() {
                None => Ok(child),
                Some((letter, why)) => {
                    let why = String::from_utf8_lossy(why).into_owned();
                    Err(if *letter == b'e' { ForkFailure::Exec(why) } else { ForkFailure::Step(why) })
                }
            }
        }
    }
}

fn read_with_patience<A>(
    mut pipe: PipeReader,
    patience: &mut dyn FnMut() -> Result<(), A>,
) -> Result<Vec<u8>, ForkFailure<A>> {
    let (mut told, mut buffer) = (Vec::new(), [0; 512]);
    loop {
        if !is_readable(pipe.as_fd(), LOOK) {
            patience().map_err(ForkFailure::Impatience)?;
            continue;
        }
        match pipe.read(&mut buffer) {
            Ok(0) => return Ok(told),
            Ok(count) => told.extend_from_slice(&buffer[..count]),
            Err(error) => return Err(ForkFailure::Step(format!("reading a pipe: {error}"))),
        }
    }
}

/// Waits for something to be readable, for at most this long.
fn is_readable(descriptor: BorrowedFd<'_>, most: Duration) -> bool {
    let timeout = PollTimeout::try_from(most).unwrap_or(PollTimeout::MAX);
    let mut polled = [PollFd::new(descriptor, PollFlags::POLLIN)];
    matches!(nix::poll::poll(&mut polled, timeout), Ok(1..))
}

/// The number that a program's last descriptor has until its exec.
pub(super) const KEPT: RawFd = 3;

fn keep_as(descriptor: RawFd, number: RawFd) -> RawFd {
    // SAFETY: plain calls on our own descriptors.
    unsafe {
        if descriptor == number {
            libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC);
            return number;
        }
        libc::dup3(descriptor, number, libc::O_CLOEXEC)
    }
}

/// Has a child of the watcher's, which stays in the watcher's PID namespace, do a part of the
/// grader's own work and say what came of it. The child is killed when it takes too long.
///
/// # Errors
/// The child's own words about its failure.
pub(super) fn ask_child(work: impl FnOnce() -> Result<String, String>) -> Result<String, String> {
    let (mut answer, mut says) = std::io::pipe().map_err(|error| format!("pipe: {error}"))?;
    // SAFETY: the watcher has one thread, so the child's copy of the heap is consistent.
    let child = match unsafe { nix::unistd::fork() }.map_err(|errno| format!("fork: {errno}"))? {
        ForkResult::Child => {
            drop(answer);
            let (status, said) = work().map_or_else(|why| (1, why), |said| (0, said));
            let _ = says.write_all(said.as_bytes());
            // SAFETY: ends the child; nothing of the watcher's is run twice.
            unsafe { libc::_exit(status) }
        }
        ForkResult::Parent { child } => child,
    };
    drop(says);
    let (mut text, mut buffer) = (Vec::new(), [0; 4096]);
    let end = Instant::now() + OWN_WORK;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            let _ = nix::sys::signal::kill(child, Signal::SIGKILL);
            let _ = waitpid(child, None);
            return Err(format!("a helper of the grader took longer than {OWN_WORK:?}"));
        }
        if is_readable(answer.as_fd(), left) {
            match answer.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => text.extend_from_slice(&buffer[..count]),
                Err(error) => return Err(format!("reading a pipe: {error}")),
            }
        }
    }
    // It has closed the pipe, and nothing on a stage can stop it on the way to its end.
    let ended = waitpid(child, None);
    let text = String::from_utf8_lossy(&text).into_owned();
    match ended {
        Ok(WaitStatus::Exited(_, 0)) => Ok(text),
        _ => Err(text),
    }
}

/// Waits for the end of a child that a submission may have stopped; kills it after a while.
pub(super) fn reap(child: Pid) {
    let _ = reap_within(child, OWN_WORK);
    let _ = nix::sys::signal::kill(child, Signal::SIGKILL);
    let _ = reap_within(child, OWN_WORK);
}

fn reap_within(child: Pid, most: Duration) -> bool {
    let end = Instant::now() + most;
    loop {
        match waitpid(child, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) | Err(nix::errno::Errno::EINTR) if Instant::now() < end => {
                std::thread::sleep(Duration::from_millis(1));
            }
            Ok(WaitStatus::StillAlive) => return false,
            _ => return true,
        }
    }
}
