//! Grading as seen from outside the seal: the watcher's parent takes in one result after the other,
//! whatever becomes of the watcher.
//!
//! The watcher plays the checks in order; `stage` has what a check can do.

use super::abort::CheckAbort;
use super::assignment::{Assignment, Check, SubmissionCredentials};
use super::attributes;
use super::cgroup::Cgroup;
use super::channel::{Voice, listen};
use super::fork;
use super::grading::{Finding, GradedCheck, Grading};
use super::place::{self, Program};
use super::stage::{CheckScript, Stage, StageConfiguration};
use super::watcher::{Fork, HostSupport, become_watcher, processes_of_submissions};
use nix::unistd::Pid;
use nsconform_sys::single_threaded::SingleThreaded;
use serde::{Deserialize, Serialize};
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
    /// The command that repeats the grading, where that has more options than the seed.
    pub repeat: Option<&'o str>,
    /// Everything that nobody shall know beforehand follows from this number.
    pub seed: u64,
}

/// How many MiB of scratch space a submission has.
const SCRATCH: u32 = 16;

/// The watcher's messages to its parent, one JSON line each.
#[derive(Serialize, Deserialize)]
enum Word {
    /// The watcher is still there.
    Alive,
    /// A check was performed.
    Result(Box<GradedCheck>),
    /// Nothing can be graded here.
    Impossible(String),
    /// The machine was too busy to say anything of the submission: why.
    TooBusy(String),
}

/// Grades a submission. `progress` is called with the results so far after each check. The watcher is
/// forked from the caller.
pub fn grade(
    single: &SingleThreaded,
    request: &GradingRequest<'_>,
    mut progress: impl FnMut(&Grading),
) -> Grading {
    let start = Instant::now();
    let mut grading = Grading {
        assignment: request.name.to_string(),
        title: request.assignment.title.clone(),
        program: request.path.to_string(),
        seed: request.seed,
        checks: Vec::new(),
        planned: request.assignment.checks.len(),
        notes: request.assignment.notes.clone(),
        guest: None,
        cgroup: false,
        broken: None,
        impossible: false,
        repeat: request.repeat.map(str::to_string),
        duration: Duration::ZERO,
    };
    let cgroup = Cgroup::make(single);
    grading.cgroup = cgroup.is_ok();
    match watcher(request, cgroup.as_ref().ok()) {
        Err(why) => {
            grading.broken = Some(why);
            grading.impossible = true;
        }
        Ok((pid, channel)) => {
            let ended = listen(channel, |word| match word {
                Word::Alive => {}
                Word::Impossible(why) => {
                    grading.broken = Some(why);
                    grading.impossible = true;
                }
                Word::TooBusy(why) => {
                    // A part of a result would look like marks.
                    grading.checks.clear();
                    grading.broken = Some(format!("the machine was too busy: {why}"));
                }
                Word::Result(result) => {
                    grading.checks.push(*result);
                    grading.duration = start.elapsed();
                    progress(&grading);
                }
            });
            // PID 1 of its namespace: everything else in it ends with it.
            let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL);
            fork::reap(pid);
            if grading.broken.is_none() && grading.checks.len() < grading.planned {
                grading.broken = Some(ended.err().unwrap_or("the watcher ended early".to_string()));
            }
        }
    }
    grading.duration = start.elapsed();
    progress(&grading);
    grading
}

/// Starts the watcher; gives its PID and the channel that it speaks on.
fn watcher(
    request: &GradingRequest<'_>,
    cgroup: Option<&Cgroup>,
) -> Result<(Pid, std::io::PipeReader), String> {
    let (hears, says) = std::io::pipe().map_err(|error| format!("pipe: {error}"))?;
    let processes = [false, true].map(processes_of_submissions);
    match become_watcher()? {
        Fork::Caller(pid) => Ok((pid, hears)),
        Fork::Watcher(support) => {
            drop(hears);
            let processes = processes[usize::from(support.several)];
            watch(request, &HostSupport { processes, cgroup, ..support }, says);
            // SAFETY: ends the watcher; nothing of its parent's is run twice.
            unsafe { libc::_exit(0) }
        }
    }
}

/// The life of the watcher.
fn watch(request: &GradingRequest<'_>, support: &HostSupport<'_>, channel: std::io::PipeWriter) {
    let voice = Voice::new(channel);
    let say = |word: &Word| voice.say(word);
    let heartbeat = || voice.beat(&Word::Alive);
    if let Err(why) = place::enter(request.program).and_then(|()| attributes::new_session_keyring()) {
        return say(&Word::Impossible(why));
    }
    let mut passed: Vec<&str> = Vec::new();
    for (number, check) in request.assignment.checks.iter().enumerate() {
        let missing =
            check.needs.iter().map(|need| need.get_ref()).find(|need| !passed.contains(&need.as_str()));
        let result = match missing {
            Some(prerequisite) => Ok(result_of(
                check,
                Finding::NotChecked { prerequisite: prerequisite.clone() },
                Duration::ZERO,
            )),
            None => perform(request, support, number, check, &heartbeat),
        };
        let result = match result {
            Ok(result) => result,
            Err(why) => return say(&Word::TooBusy(format!("in {}, {why}", check.id.get_ref()))),
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

/// Performs a check.
///
/// # Errors
/// Says how busy the machine was, if nothing can be said of the submission for that.
fn perform(
    request: &GradingRequest<'_>,
    support: &HostSupport<'_>,
    number: usize,
    check: &Check,
    heartbeat: &dyn Fn(),
) -> Result<GradedCheck, String> {
    let start = Instant::now();
    let Some(script) = request.scripts.iter().find(|script| script.id == check.id.get_ref()) else {
        let message = format!("there is no check {}", check.id.get_ref());
        return Ok(result_of(check, Finding::Error { message }, start.elapsed()));
    };
    let starts_as: SubmissionCredentials = script.starts_as.unwrap_or(request.assignment.starts_as);
    let configuration = StageConfiguration {
        program: request.program,
        starts_as,
        several_ids: script.several_ids,
        // Another one for each check, but the same in each grading with this seed.
        seed: request.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(number as u64),
        allowed: request.assignment.deadline_of(check),
        time_scale: request.assignment.time_scale,
        scratch: SCRATCH,
        support,
        heartbeat,
    };
    let stage = match Stage::set(configuration) {
        Ok(stage) => stage,
        Err(why) => return Ok(result_of(check, why.finding()?, start.elapsed())),
    };
    let performed = match (script.script)(&stage) {
        Err(why @ CheckAbort::Mismatch(_)) => stage.enforce_cgroup_limits().and(Err(why)),
        other => other,
    };
    let finding = match performed {
        Ok(()) => Finding::Passed,
        Err(why) => why.finding()?,
    };
    let (asked, trace, printed) = stage.records();
    drop(stage);
    Ok(GradedCheck { asked, trace, printed, ..result_of(check, finding, start.elapsed()) })
}

/// Why the limits of a submission are not kept by a cgroup on this machine, if so: makes one.
pub fn without_cgroup(single: &SingleThreaded) -> Option<String> {
    Cgroup::make(single).err()
}

/// Why nothing can be graded on this machine, if so: builds a watcher's place and a stage in it.
pub fn obstacle(single: &SingleThreaded) -> Option<String> {
    let program = Program { name: "true".to_string(), content: b"#!/bin/sh\n".to_vec() };
    let text = "title = ''\npart = 1\nground = 'root'\nclaims = []\ndeadline_ms = 2000\n[[checks]]\nid = 'starts'\ntitle = ''\npoints = 1\n";
    let perform = CheckScript::new("starts", |stage| {
        stage.start::<&str>(&[])?.ends_with(super::run::Termination::Exited(0))
    });
    let assignment = Assignment::read(text, &["starts"]).ok()?;
    let request = GradingRequest {
        name: "doctor",
        assignment: &assignment,
        scripts: &[perform],
        program: &program,
        path: "true",
        repeat: None,
        seed: 0,
    };
    let grading = grade(single, &request, |_| {});
    match (grading.broken, grading.checks.first().map(|check| &check.finding)) {
        (Some(why), _) => Some(why),
        (None, Some(Finding::Passed)) => None,
        (None, Some(Finding::Failed(mismatch))) => Some(mismatch.observed.clone()),
        (None, Some(Finding::Stopped(stop))) => Some(stop.what.clone()),
        (None, Some(Finding::Error { message })) => Some(message.clone()),
        (None, _) => Some("the stage could not be tried".to_string()),
    }
}
