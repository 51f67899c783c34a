//! Grading as seen from outside the seal: the watcher's parent, which takes in one result after
//! the other, whatever becomes of the watcher.
//!
//! The watcher plays the checks in order; what a check can do lives in `stage`.

use super::assignment::{Assignment, Check, Ground};
use super::cgroup::Cgroup;
use super::grading::{Finding, GradedCheck, Grading};
use super::launch::{self, HostSupport};
use super::place::{self, Program};
use super::stage::{CheckAbort, CheckScript, Stage, StageConfiguration};
use nix::poll::{PollFd, PollFlags, PollTimeout};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// One grading to be done.
pub struct GradingRequest<'o> {
    /// The name of the assignment.
    pub name: &'o str,
    /// Its rules.
    pub assignment: &'o Assignment,
    /// Its checks.
    pub scripts: &'o [CheckScript],
    /// The submission.
    pub program: &'o Program,
    /// Its path, as it was given.
    pub path: &'o str,
    /// What everything that nobody shall know beforehand follows from.
    pub seed: u64,
}

/// What the watcher tells its parent, one JSON line each.
#[derive(Serialize, Deserialize)]
enum Word {
    /// The place is ready.
    Ready,
    /// A check was performed.
    Result(Box<GradedCheck>),
    /// Nothing can be graded here.
    Trouble(String),
}

/// How long the watcher may take beyond what its checks are allowed.
const GRACE: Duration = Duration::from_secs(5);

/// Grades a submission. `progress` is called with what there is after each check.
///
/// The caller must have one thread: the watcher is forked from it.
pub fn grade(order: &GradingRequest<'_>, mut progress: impl FnMut(&Grading)) -> Grading {
    let start = Instant::now();
    let mut grading = Grading {
        assignment: order.name.to_string(),
        title: order.assignment.title.clone(),
        program: order.path.to_string(),
        seed: order.seed,
        checks: Vec::new(),
        planned: order.assignment.checks.len(),
        notes: order.assignment.notes.clone(),
        guest: None,
        cgroup: false,
        broken: None,
        duration: Duration::ZERO,
    };
    let allowed: Duration =
        order.assignment.checks.iter().map(|check| order.assignment.deadline_of(check)).sum();
    let cgroup = Cgroup::make();
    grading.cgroup = cgroup.is_ok();
    match watcher(order, cgroup.as_ref().ok()) {
        Err(why) => grading.broken = Some(why),
        Ok((pid, channel)) => {
            let ended = listen(channel, start + allowed + GRACE, |word| match word {
                Word::Ready => {}
                Word::Trouble(why) => grading.broken = Some(why),
                Word::Result(result) => {
                    grading.checks.push(*result);
                    grading.duration = start.elapsed();
                    progress(&grading);
                }
            });
            // PID 1 of its namespace: everything else in it ends with it.
            let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL);
            let _ = nix::sys::wait::waitpid(pid, None);
            if grading.broken.is_none() && grading.checks.len() < grading.planned {
                grading.broken = Some(ended.err().unwrap_or("the watcher ended early".to_string()));
            }
        }
    }
    grading.duration = start.elapsed();
    progress(&grading);
    grading
}

/// Reads the watcher's words until it closes the channel.
fn listen(mut channel: std::io::PipeReader, end: Instant, mut hear: impl FnMut(Word)) -> Result<(), String> {
    let mut text = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err("the watcher took longer than all deadlines together".to_string());
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
        text.extend_from_slice(&buffer[..count]);
        while let Some(newline) = text.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = text.drain(..=newline).collect();
            hear(serde_json::from_slice(&line).map_err(|error| format!("the watcher's words: {error}"))?);
        }
    }
}

/// Starts the watcher; gives its PID and what it says.
fn watcher(
    order: &GradingRequest<'_>,
    cgroup: Option<&Cgroup>,
) -> Result<(Pid, std::io::PipeReader), String> {
    let (hears, says) = std::io::pipe().map_err(|error| format!("pipe: {error}"))?;
    let processes = [false, true].map(launch::processes_of_submissions);
    match launch::become_watcher()? {
        Err(pid) => Ok((pid, hears)),
        Ok(offer) => {
            drop(hears);
            let processes = processes[usize::from(offer.several)];
            watch(order, &HostSupport { processes, cgroup, ..offer }, says);
            // SAFETY: ends the watcher; nothing of its parent's is run twice.
            unsafe { libc::_exit(0) }
        }
    }
}

/// The life of the watcher.
fn watch(order: &GradingRequest<'_>, offer: &HostSupport<'_>, mut channel: std::io::PipeWriter) {
    let mut say = |word: &Word| {
        let mut line = serde_json::to_vec(word).unwrap_or_default();
        line.push(b'\n');
        if channel.write_all(&line).is_err() {
            // Nobody listens any more.
            // SAFETY: ends the watcher, and with it everything on the stage.
            unsafe { libc::_exit(1) }
        }
    };
    if let Err(why) = place::enter(order.program) {
        return say(&Word::Trouble(why));
    }
    say(&Word::Ready);
    let mut passed: Vec<&str> = Vec::new();
    for (number, check) in order.assignment.checks.iter().enumerate() {
        let missing =
            check.needs.iter().map(|need| need.get_ref()).find(|need| !passed.contains(&need.as_str()));
        let result = match missing {
            Some(prerequisite) => {
                result_of(check, Finding::NotChecked { prerequisite: prerequisite.clone() }, Duration::ZERO)
            }
            None => perform(order, offer, number, check),
        };
        if result.finding == Finding::Passed {
            passed.push(check.id.get_ref());
        }
        say(&Word::Result(Box::new(result)));
    }
}

fn result_of(check: &Check, finding: Finding, duration: Duration) -> GradedCheck {
    GradedCheck {
        id: check.id.get_ref().clone(),
        title: check.title.clone(),
        points: check.points,
        visibility: check.visibility,
        finding,
        asked: Vec::new(),
        trace: Vec::new(),
        printed: String::new(),
        hints: check.hints.clone(),
        duration,
    }
}

fn perform(order: &GradingRequest<'_>, offer: &HostSupport<'_>, number: usize, check: &Check) -> GradedCheck {
    let start = Instant::now();
    let error = |message: String| result_of(check, Finding::Error { message }, start.elapsed());
    let Some(script) = order.scripts.iter().find(|perform| perform.id == check.id.get_ref()) else {
        return error(format!("there is no check {}", check.id.get_ref()));
    };
    let ground: Ground = script.ground.unwrap_or(order.assignment.ground);
    let setting = StageConfiguration {
        program: order.program,
        ground,
        several_ids: script.several_ids,
        // Another one for each check, but the same in each grading with this seed.
        seed: order.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(number as u64),
        allowed: order.assignment.deadline_of(check),
        slowness: order.assignment.slowness,
        offer,
    };
    let stage = match Stage::set(setting) {
        Ok(stage) => stage,
        Err(why) => return result_of(check, why.finding(), start.elapsed()),
    };
    let performed = match (script.script)(&stage) {
        Err(why @ CheckAbort::Mismatch(_)) => stage.enforce_cgroup_limits().and(Err(why)),
        other => other,
    };
    let finding = performed.map_or_else(CheckAbort::finding, |()| Finding::Passed);
    let (asked, trace, printed) = stage.records();
    drop(stage);
    GradedCheck { asked, trace, printed, ..result_of(check, finding, start.elapsed()) }
}

/// Why the limits of a submission are not kept by a cgroup on this machine, if so: makes one. The
/// caller must have one thread.
pub fn without_cgroup() -> Option<String> {
    Cgroup::make().err()
}

/// Why nothing can be graded on this machine, if so: builds a watcher's place and a stage in it.
pub fn obstacle() -> Option<String> {
    let program = Program { name: "true".to_string(), content: b"#!/bin/sh\n".to_vec() };
    let text = "title = ''\npart = 1\nground = 'root'\nclaims = []\ndeadline_ms = 2000\n[[checks]]\nid = 'starts'\ntitle = ''\npoints = 0\n";
    let perform = CheckScript::new("starts", |stage| {
        stage.start::<&str>(&[])?.ends_with(super::run::Status::Exited(0))
    });
    let assignment = Assignment::read(text, &["starts"]).ok()?;
    let order = GradingRequest {
        name: "doctor",
        assignment: &assignment,
        scripts: &[perform],
        program: &program,
        path: "true",
        seed: 0,
    };
    let grading = grade(&order, |_| {});
    match (grading.broken, grading.checks.first().map(|check| &check.finding)) {
        (Some(why), _) => Some(why),
        (None, Some(Finding::Passed)) => None,
        (None, Some(Finding::Failed(mismatch))) => Some(mismatch.observed.clone()),
        (None, Some(Finding::Stopped(stop))) => Some(stop.what.clone()),
        (None, Some(Finding::Error { message })) => Some(message.clone()),
        (None, _) => Some("the stage could not be tried".to_string()),
    }
}
