//! The server's loop: takes jobs from the runner, has directors started, reports on them. When the
//! runner is gone, by whatever end, it ends everything that it has started and then itself.
//!
//! It seals one director more than may go at a time and holds it before its first call, so that
//! sealing overlaps with the other runs. Deadlines and ends live in `slots`; jobs' cgroups are made
//! by `nsconform_sys::cgroup`.

use super::Ready;
use super::channel::{receive, send};
use super::patience::Patience;
use super::slots::{Force, Slot, end_all, end_overdue, reap_directors, remove_place, until_next_deadline};
use super::start::{start_director, usable_processors};
use crate::job::{Compiled, Job, JobReport};
use crate::journal::Journal;
use crate::outcome::Errno;
use crate::seal::{self, Isolation, Mode, SealFailure};
use nsconform_sys::cgroup::{self, Cgroups};
use nsconform_sys::single_threaded::SingleThreaded;
use nsconform_sys::{reap, signals, wire};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// How many directors may be given up before the server starts no others.
const SPARE_SLOTS: usize = 15;

/// The server's whole life: prepares the template, and serves until the runner is gone.
pub(super) fn serve(
    mut control: UnixStream,
    single: &SingleThreaded,
    scripts: &[Compiled],
    jobs: usize,
    isolation: Isolation,
) -> io::Result<()> {
    std::panic::set_hook(Box::new(|_| {}));
    // The server looks here for the processes that a director has left. Directors close it.
    let processes = std::fs::File::open("/proc").ok().map(OwnedFd::from);
    let null = std::fs::OpenOptions::new().read(true).write(true).open("/dev/null").ok().map(OwnedFd::from);
    let prepared = seal::prepare_template(isolation).and_then(|prepared| {
        let ready = silence_standard_descriptors(null).and_then(|()| children_can_be_reaped());
        ready.map(|()| prepared).map_err(|what| SealFailure { what })
    });
    let (mode, isolation) = match prepared {
        Ok(prepared) => prepared,
        Err(why) => {
            let ready: Ready = Err(why);
            return send(&mut control, &ready);
        }
    };
    let ready: Ready = Ok(mode);
    send(&mut control, &ready)?;
    // Above the numbers that scripts see, now that limits allow such numbers.
    let processes = processes.and_then(|proc| wire::raise(proc).ok());
    // Preparing the template unblocks signals, and the server has no child before this.
    let children = signal_descriptor()?;
    let pidfd = reap::pidfd(nix::unistd::getpid().as_raw());
    // poll(2) passes over a number of -1.
    let own = pidfd.as_ref().map_or(-1, AsRawFd::as_raw_fd);
    // One journal more than directors go at a time: the server seals the next one meanwhile, on
    // another processor where there is one, and holds it before its first call.
    let journals = Journal::several(jobs + 1 + SPARE_SLOTS)?;
    let mut slots: Vec<Option<Slot>> = journals.iter().map(|_| None).collect();
    // The first job that needs a cgroup makes them; most runs have none.
    let mut cgroups = None;
    let work = Work {
        single,
        scripts,
        mode,
        isolation,
        jobs,
        children,
        processes,
        journals,
        own,
        processors: usable_processors(),
    };
    let ended = attend(&mut control, &work, &mut slots, &mut cgroups);
    end_all(&work, &mut slots);
    ended
}

/// The parts of a server that stay the same while it runs.
pub(super) struct Work<'s> {
    pub(super) single: &'s SingleThreaded,
    pub(super) scripts: &'s [Compiled],
    mode: Mode,
    pub(super) isolation: Isolation,
    /// How many directors go at a time.
    pub(super) jobs: usize,
    /// Readable when a child has ended; -1 where there is no such descriptor.
    pub(super) children: RawFd,
    /// The root directory of a procfs that shows this process, if there is one.
    pub(super) processes: Option<OwnedFd>,
    /// One for each slot.
    pub(super) journals: Vec<Journal>,
    /// A pidfd of this process; -1 where there is none.
    pub(super) own: RawFd,
    /// At least one.
    pub(super) processors: Vec<u16>,
}

/// Starts directors and reports on them until the runner is gone.
fn attend(
    control: &mut UnixStream,
    work: &Work,
    slots: &mut [Option<Slot>],
    cgroups: &mut Option<Result<Cgroups, String>>,
) -> io::Result<()> {
    loop {
        let going = slots.iter().flatten().filter(|slot| !slot.is_given_up()).count();
        let free = match going <= work.jobs {
            true => slots.iter().position(Option::is_none),
            false => None,
        };
        // Directors that cannot be ended have taken every slot.
        let exhausted = going == 0 && free.is_none();
        let mut polled = [
            libc::pollfd { fd: work.children, events: libc::POLLIN, revents: 0 },
            // With no slot free only the end of the runner is of interest.
            libc::pollfd {
                fd: control.as_raw_fd(),
                events: if free.is_some() || exhausted { libc::POLLIN } else { libc::POLLRDHUP },
                revents: 0,
            },
        ];
        // SAFETY: the array outlives the call.
        unsafe { libc::poll(polled.as_mut_ptr(), 2, until_next_deadline(slots, work.children == -1)) };
        if polled[0].revents != 0 {
            drain(work.children);
        }
        // Whatever the descriptor says: on a kernel whose signalfd(2) is silent nothing is lost.
        reap_directors(control, work, slots, cgroups)?;
        end_overdue(control, work, slots)?;
        if polled[1].revents != 0 {
            let received: Option<(u32, Job)> = match free {
                Some(_) => receive(control).unwrap_or(None),
                None if exhausted => receive(control).unwrap_or(None),
                None => None,
            };
            if let (None, Some((id, _))) = (free, &received) {
                let why = format!("{} directors could not be ended", slots.len());
                send(control, &JobReport::not_started(*id, why, Duration::ZERO))?;
                continue;
            }
            let (Some(slot), Some((id, job))) = (free, received) else {
                return Ok(());
            };
            let held = slots.iter().flatten().filter(|slot| slot.goes()).count() >= work.jobs;
            work.journals[slot].clear(held);
            let started = Instant::now();
            let wants_cgroup = job.script.wants_cgroup(work.scripts)
                || work.mode == Mode::Privileged && job.script.mounts_cgroups();
            let place = wants_cgroup.then(|| {
                let start = || Cgroups::start(work.single, cgroup::mount_hierarchy);
                cgroups.get_or_insert_with(start).as_ref().map_err(String::clone)?.make(slot)
            });
            match start_director(work, &job, slot, place.as_ref()) {
                Ok(pid) => {
                    let time = job.deadline;
                    let patience = (!held).then(|| Patience::starting(started, time));
                    let placed = place.is_some();
                    let (killed, force) = (None, Force::Kill);
                    slots[slot] = Some(Slot { id, pid, time, started, patience, killed, force, placed });
                }
                Err(error) => {
                    let why = format!("clone of the sealed namespaces: {}", Errno::from(error).describe());
                    remove_place(cgroups, slot);
                    send(control, &JobReport::not_started(id, why, started.elapsed()))?;
                }
            }
        }
    }
}

/// Whether waitpid(2) is allowed: the server has no child yet.
fn children_can_be_reaped() -> Result<(), String> {
    match reap::wait(-1, libc::WNOHANG).map_err(Errno::from) {
        Err(errno) if errno.may_be_a_refusal() => Err(format!("waitpid: {}", errno.describe())),
        _ => Ok(()),
    }
}

/// A descriptor that is readable when a child has ended; -1 where signalfd(2) or sigprocmask(2), without
/// which it tells nothing, is absent or refused.
fn signal_descriptor() -> io::Result<RawFd> {
    if signals::block(libc::SIGCHLD).is_err() {
        return Ok(-1);
    }
    let mut set = nix::sys::signal::SigSet::empty();
    set.add(nix::sys::signal::Signal::SIGCHLD);
    // SAFETY: the set outlives the call.
    let fd = unsafe { libc::signalfd(-1, set.as_ref(), libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) };
    match Errno::result(fd) {
        Err(errno) if !errno.may_be_a_refusal() => Err(io::Error::from_raw_os_error(errno.0)),
        _ => Ok(fd),
    }
}

fn drain(descriptor: RawFd) {
    let mut buffer = [0u8; 1024];
    // SAFETY: pointer and length describe the buffer; the descriptor does not block.
    while unsafe { libc::read(descriptor, buffer.as_mut_ptr().cast(), buffer.len()) } > 0 {}
}

/// Keeps cases from the terminal and the files of whoever started us. Where there is no /dev/null the
/// end of a pipe that nobody writes to takes its place: the engine's next descriptor would get a
/// number that is merely closed.
fn silence_standard_descriptors(null: Option<OwnedFd>) -> Result<(), String> {
    let null = match null {
        Some(null) => null,
        None => nix::unistd::pipe().map_err(|errno| format!("pipe: {errno}"))?.0,
    };
    // It must not have one of the numbers that it is copied to and closed with.
    let null = wire::raise(null).map_err(|error| format!("fcntl(F_DUPFD_CLOEXEC): {error}"))?;
    for standard in 0..=2 {
        // SAFETY: redirects the standard descriptors, which nothing here uses.
        if unsafe { libc::dup2(null.as_raw_fd(), standard) } == -1 {
            return Err(format!("dup2: {}", io::Error::last_os_error()));
        }
    }
    Ok(())
}
