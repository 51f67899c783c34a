//! The first steps of a director: its fork, its seal, and the play of its job.
//!
//! The seal itself lives in [`crate::seal`]; the time that a director may take, in `slots`.

use super::END_TIME;
use super::serve::Work;
use crate::interrupt::Interrupt;
use crate::job::{Body, Compiled, Job, JobScript, Unmet};
use crate::journal::Journal;
use crate::lab::Lab;
use crate::script;
use crate::seal;
use crate::trace::{End, Event};
use nsconform_sys::cgroup::Place;
use std::io;
use std::time::Duration;

/// A job is given up before so many times its deadline have passed.
const LONGEST_JOB: u32 = 48;

/// How long a director lives at most beyond its own time: it may be held until others have ended.
const LONGEST_LIFE: Duration = Duration::from_secs(3600);

/// Forks a director, which seals itself, plays the job and ends. Gives its PID.
pub(super) fn start_director(
    work: &Work,
    job: &Job,
    slot: usize,
    place: Option<&Result<Place, String>>,
) -> io::Result<i32> {
    let flags = work.isolation.of_director() | libc::SIGCHLD;
    // SAFETY: without CLONE_VM the child has a copy of everything, and this process has one
    // thread; no pointer is passed.
    match unsafe { libc::syscall(libc::SYS_clone, flags as libc::c_long, 0, 0, 0, 0) } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            let ends = seal::end_at_alarm(LONGEST_LIFE + job.deadline)
                .and_then(|()| seal::end_with_server(work.own, END_TIME + job.deadline * LONGEST_JOB));
            let journal = &work.journals[slot];
            let placed = place.map_or(Ok(()), |place| place.as_ref().map_err(String::clone)?.enter());
            let sealed = ends.and_then(|()| seal::complete_seal(work.isolation));
            let end = match (sealed, placed) {
                (Ok(()), Ok(())) => {
                    // Of a case's processes one acts at a time: on one processor they wake each
                    // other several times faster. Disturbed runs go where they are sent.
                    let processor = match job.conduct.jitter {
                        Some(jitter) => jitter.processor,
                        None => Some(work.processors[slot % work.processors.len()]),
                    };
                    if let Some(processor) = processor {
                        keep_on(processor);
                    }
                    direct(work.scripts, job, journal)
                }
                (Err(why), _) => End::Interrupted(Interrupt::Engine(format!("sealing: {why}"))),
                (_, Err(why)) if job.script.is_probe(work.scripts) => End::Unmet(Unmet::Absent(why)),
                (_, Err(why)) => End::Interrupted(Interrupt::Engine(format!("no cgroup: {why}"))),
            };
            let written = journal.append(&Event::End(end)).is_ok();
            // SAFETY: ends the director, and with it everything in its PID namespace.
            unsafe { libc::_exit(i32::from(!written)) }
        }
        pid => Ok(pid as i32),
    }
}

/// The processors that this process may use.
pub(super) fn usable_processors() -> Vec<u16> {
    // SAFETY: all-zero is a valid cpu_set_t; CPU_ISSET checks its bounds.
    let usable: Vec<u16> = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::sched_getaffinity(0, size_of::<libc::cpu_set_t>(), &mut set);
        (0..libc::CPU_SETSIZE as u16).filter(|number| libc::CPU_ISSET(usize::from(*number), &set)).collect()
    };
    if usable.is_empty() { vec![0] } else { usable }
}

/// Keeps the calling process and those it will create on one processor. Where that is refused the
/// run is merely less disturbed.
fn keep_on(processor: u16) {
    // SAFETY: all-zero is a valid cpu_set_t; CPU_SET checks its bounds.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(usize::from(processor), &mut set);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &set);
    }
}

/// Plays the job in a sealed director.
fn direct(scripts: &[Compiled], job: &Job, journal: &Journal) -> End {
    let play = || {
        let lab = |credentials| Lab::new(journal, credentials, job.conduct.clone());
        let compiled = |index: &u32, order: &[u8]| {
            let script = &scripts[*index as usize];
            match script.body {
                Body::Script(play) => play(&lab(script.starts_as)).map(Ok),
                Body::Probe(probe) => probe(&lab(script.starts_as)),
                Body::Composer(compose) => compose(&lab(script.starts_as), order).map(Ok),
            }
        };
        let played = match &job.script {
            JobScript::Written(script) => {
                script::play(script, &lab(script.starts_as), job.conduct.passes_over).map(Ok)
            }
            JobScript::Compiled(index) => compiled(index, &[]),
            JobScript::Composed { index, order } => compiled(index, order),
        };
        match played {
            Ok(Ok(())) => End::Played,
            Ok(Err(why)) => End::Unmet(why),
            Err(interrupt) => End::Interrupted(interrupt),
        }
    };
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(play)).unwrap_or_else(|payload| {
        let message = payload
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| payload.downcast_ref::<&str>().copied())
            .unwrap_or("no message");
        End::Panicked(message.to_string())
    })
}
