//! Slots: the directors at work, their deadlines, and their ends, by themselves or by force.
//!
//! Nothing here starts a director: that is in `start`. How long one may take is in `patience`.

use super::END_TIME;
use super::channel::send;
use super::patience::Patience;
use super::serve::Work;
use crate::job::{Finish, JobReport};
use crate::journal::Journal;
use nsconform_sys::cgroup::Cgroups;
use nsconform_sys::procfs::{self, ProcessorUse};
use nsconform_sys::reap;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// A director at work.
pub(super) struct Slot {
    pub(super) id: u32,
    pub(super) pid: i32,
    /// How long it may take once it goes.
    pub(super) time: Duration,
    pub(super) started: Instant,
    /// None as long as it is held.
    pub(super) patience: Option<Patience>,
    /// When it was killed, if it was.
    pub(super) killed: Option<Instant>,
    /// How far the server has gone to end it.
    pub(super) force: Force,
    /// Whether the job got a cgroup of its own.
    pub(super) placed: bool,
}

/// How far the server has gone to end a director that is over its time; it takes these in turn.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Force {
    /// Nothing, or SIGKILL to the director: the kernel ends everything else.
    Kill,
    /// SIGKILL to each process of its PID namespace, and SIGALRM to itself, for kernels on which
    /// SIGKILL does not end an init, or the end of an init not the rest.
    Each,
    /// It is given up: its slot is taken until it ends after all.
    GivenUp,
}

impl Slot {
    /// How long each means may take to end it.
    fn grace(&self) -> Duration {
        (self.time / 4).max(Duration::from_millis(500))
    }

    /// When something is due: its deadline, or the next means to end it.
    fn due(&self) -> Option<Instant> {
        match (self.killed, self.force) {
            (None, _) => self.patience.as_ref().map(Patience::due),
            (Some(killed), Force::Kill) => Some(killed + self.grace()),
            (Some(killed), Force::Each) => Some(killed + self.grace() * 3),
            (Some(_), Force::GivenUp) => None,
        }
    }

    /// Whether it goes, and is neither held nor given up.
    pub(super) fn goes(&self) -> bool {
        self.patience.is_some() && !self.is_given_up()
    }

    pub(super) fn is_given_up(&self) -> bool {
        self.force == Force::GivenUp
    }
}

/// After this time the server looks for directors that have ended although no signal said so.
const LONGEST_SILENCE: Duration = Duration::from_millis(200);

/// As [`LONGEST_SILENCE`], where no signal can say so.
const LONGEST_SILENCE_UNSAID: Duration = Duration::from_millis(2);

/// Milliseconds until something is due, or the server shall look for ended directors, more often if
/// nothing tells it of them; -1, for poll(2), if nothing is.
pub(super) fn until_next_deadline(slots: &[Option<Slot>], untold: bool) -> libc::c_int {
    let now = Instant::now();
    let longest = if untold { LONGEST_SILENCE_UNSAID } else { LONGEST_SILENCE };
    slots
        .iter()
        .flatten()
        .filter_map(Slot::due)
        .map(|due| due.saturating_duration_since(now).min(longest).as_millis() as libc::c_int + 1)
        .min()
        .unwrap_or(-1)
}

/// Lets a held director go, if there is one, after another one has ended.
fn release_held(slots: &mut [Option<Slot>], journals: &[Journal]) {
    let held = |slot: &&mut Option<Slot>| slot.as_ref().is_some_and(|slot| slot.patience.is_none());
    let mut both = slots.iter_mut().zip(journals);
    if let Some((Some(slot), journal)) = both.find(|(slot, _)| held(slot)) {
        slot.started = Instant::now();
        slot.patience = Some(Patience::starting(slot.started, slot.time));
        journal.let_go();
    }
}

/// Ends directors that are over their time, by one means after the other, and reports those that no
/// means ends.
pub(super) fn end_overdue(
    control: &mut UnixStream,
    work: &Work,
    slots: &mut [Option<Slot>],
) -> io::Result<()> {
    let now = Instant::now();
    for index in 0..slots.len() {
        let Some(slot) = &mut slots[index] else { continue };
        if slot.due().is_none_or(|due| due > now) {
            continue;
        }
        match (slot.killed, slot.force) {
            (None, _) => {
                let processes = processor_use(work, slot.pid);
                if slot.patience.as_mut().is_none_or(|patience| !patience.is_over(now, &processes)) {
                    continue;
                }
                slot.killed = Some(now);
                signal(slot.pid, libc::SIGKILL);
            }
            (Some(_), Force::Kill) => {
                slot.force = Force::Each;
                end_each(work, slot.pid);
            }
            (Some(_), Force::Each) => {
                slot.force = Force::GivenUp;
                let journal = work.journals[index].bytes().to_vec();
                let (id, duration) = (slot.id, slot.started.elapsed());
                send(control, &JobReport { id, finish: Finish::NotEnded, journal, duration })?;
                release_held(slots, &work.journals);
            }
            (Some(_), Force::GivenUp) => {}
        }
    }
    Ok(())
}

/// The use that a director and the processes below it have made of processors, by their PIDs.
fn processor_use(work: &Work, director: i32) -> Vec<(i32, ProcessorUse)> {
    let Some(processes) = &work.processes else { return Vec::new() };
    let mut all = procfs::members_below(processes.as_fd(), director);
    all.push(director);
    let found = all.into_iter().map(|pid| Some((pid, procfs::processor_use(processes.as_fd(), pid)?)));
    found.flatten().collect()
}

/// Ends each process of a director, and the director by the handler of [`seal::end_at_alarm`].
fn end_each(work: &Work, director: i32) {
    if let Some(processes) = &work.processes {
        for member in procfs::members_below(processes.as_fd(), director) {
            signal(member, libc::SIGKILL);
        }
    }
    signal(director, libc::SIGALRM);
}

/// Signals a process that may have ended: of a director that is not reaped yet, or of its PID
/// namespace.
fn signal(pid: i32, signal: libc::c_int) {
    // SAFETY: takes numbers only.
    unsafe { libc::kill(pid, signal) };
}

/// Reaps the directors that have ended, and reports on their jobs.
pub(super) fn reap_directors(
    control: &mut UnixStream,
    work: &Work,
    slots: &mut [Option<Slot>],
    cgroups: &Option<Result<Cgroups, String>>,
) -> io::Result<()> {
    loop {
        let Ok(Some((pid, status))) = reap::wait(-1, libc::WNOHANG) else { return Ok(()) };
        let found = slots.iter().position(|slot| slot.as_ref().is_some_and(|slot| slot.pid == pid));
        let Some(index) = found else { continue };
        let Some(slot) = slots[index].take() else { continue };
        if slot.is_given_up() {
            // The server has reported it when it gave it up.
            continue;
        }
        let duration = slot.started.elapsed();
        if slot.patience.is_some() {
            release_held(slots, &work.journals);
        }
        let finish = if slot.killed.is_some() {
            Finish::TimedOut
        } else if libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0 {
            Finish::Ended
        } else if libc::WIFEXITED(status) {
            Finish::Died(format!("the director exited with status {}", libc::WEXITSTATUS(status)))
        } else {
            Finish::Died(format!("the director was killed by signal {}", libc::WTERMSIG(status)))
        };
        if slot.placed {
            remove_place(cgroups, index);
        }
        let report =
            JobReport { id: slot.id, finish, journal: work.journals[index].bytes().to_vec(), duration };
        send(control, &report)?;
    }
}

/// Ends every director, however far it has come, and leaves those that no means ends.
pub(super) fn end_all(work: &Work, slots: &mut [Option<Slot>]) {
    for slot in slots.iter().flatten() {
        signal(slot.pid, libc::SIGKILL);
    }
    let end = Instant::now() + END_TIME / 2;
    for slot in slots.iter_mut().flatten().filter(|slot| !slot.is_given_up()) {
        let left = end.saturating_duration_since(Instant::now());
        if let Ok(None) = reap::within(slot.pid, slot.grace().min(left)) {
            end_each(work, slot.pid);
            let left = end.saturating_duration_since(Instant::now());
            // There is no further means.
            let _ = reap::within(slot.pid, slot.grace().min(left));
        }
    }
}

/// Removes the cgroup of the job in a slot, if there are cgroups.
pub(super) fn remove_place(cgroups: &Option<Result<Cgroups, String>>, slot: usize) {
    if let Some(Ok(cgroups)) = cgroups {
        cgroups.remove(slot);
    }
}
