//! Scripts on several kernels: the first call that two of them answer differently is a find.
//!
//! The scripts are composed on the running kernel, in `bulk`; the kernels may be guests.

use super::bulk::Composed;
use super::find::{Find, Finds, Oracle};
use super::pair::{PairedKernel, PlayedKernel, play_all, summarise};
use super::relations::{asking, drawings_differ};
use crate::cause::{first_difference, is_whole};
use crate::player::ScriptPlayer;
use crate::reduce::{Against, Effort, Irreducible, reduce};
use crate::replay::{Replay, ReplayLine};
use std::cell::RefCell;

/// Of one cause so many scripts are reduced; further ones are counted.
const MOST_REDUCED: usize = 2;

/// Plays a script, and behind it what asks its relations, on all kernels and compares each with the first. `found`
/// hears of each new find as soon as it is reduced. Gives the number of plays.
///
/// # Errors
/// When a kernel is lost, or the engine fails in it.
pub fn compare<P: ScriptPlayer + Send>(
    composed: &Composed,
    kernels: &mut [P],
    most_replays: usize,
    finds: &mut Finds,
    found: &mut dyn FnMut(&Find),
) -> Result<usize, String> {
    // The copies that relations ask for are seen on all kernels.
    let script = asking(&composed.script, &composed.relations)?;
    let mut all: Vec<&mut P> = kernels.iter_mut().collect();
    let replays = play_all(&mut all, &script)?;
    let mut plays = replays.len();
    let (Some((reference, others)), Some((first, replays))) =
        (kernels.split_first_mut(), replays.split_first())
    else {
        return Ok(plays);
    };
    if !is_whole(first)? {
        return Ok(plays);
    }
    for (other, replay) in others.iter_mut().zip(replays) {
        if !is_whole(replay)? {
            continue;
        }
        let (mut ours, mut theirs) = (first.clone(), replay.clone());
        summarise(&mut ours, &mut theirs);
        let Some((_, cause)) = first_difference(&ours.lines, &theirs.lines) else { continue };
        let between = format!("{} and {}: {}", reference.name(), other.name(), cause.call);
        let cause = format!("{between}: {} | {}", cause.answer, cause.other);
        if finds.count(Oracle::Difference, &cause, MOST_REDUCED) {
            continue;
        }
        let (name, last) = (other.name().to_string(), RefCell::new(None));
        let mut find = Find {
            oracle: Oracle::Difference,
            area: composed.area,
            seed: composed.seed,
            cause,
            differences: Vec::new(),
            script: script.clone(),
            trace: (reference.name().to_string(), first.trace.clone()),
            other: Some((name.clone(), replay.trace.clone())),
            steps_before: script.steps.len(),
            replays: 0,
            seen: 1,
        };
        let mut subject = PairedKernel { kernel: &mut *reference, other, last: &last };
        let mut played = PlayedKernel { name, last: &last };
        let against = Against::Players(vec![&mut played]);
        let effort = Effort { seed: 0, most_replays };
        match reduce(&script, &mut subject, against, effort, &mut |_, _| {}) {
            Ok(reduced) => {
                // The last play of the reducer may have had steps that it then took out.
                let shown = play_all(&mut [&mut *subject.kernel, &mut *subject.other], &reduced.script)?;
                plays += reduced.replays + shown.len();
                find.replays = reduced.replays;
                find.script = reduced.script;
                if let [ours, theirs] = shown.as_slice() {
                    find.differences = differences(ours, theirs);
                    find.trace.1.clone_from(&ours.trace);
                    find.other = Some((played.name, theirs.trace.clone()));
                }
            }
            Err(Irreducible::Unstable(kernel, call)) => {
                find.oracle = Oracle::Stability;
                find.cause = format!("{kernel}: {call}");
            }
            Err(Irreducible::Same) => {
                find.oracle = Oracle::Stability;
                find.cause = between;
            }
            Err(Irreducible::Failed(why)) => return Err(why),
        }
        if finds.add(find.clone()) {
            found(&find);
        }
    }
    Ok(plays)
}

/// The first answer in which two plays differ, mount by mount where it is a drawing of mounts.
fn differences(ours: &Replay, theirs: &Replay) -> Vec<String> {
    let Some((at, _)) = first_difference(&ours.lines, &theirs.lines) else { return Vec::new() };
    let line = |replay: &Replay| replay.lines.get(at).cloned();
    let (ours, theirs) = (line(ours), line(theirs));
    let answer = |line: &Option<ReplayLine>| line.as_ref().and_then(|line| line.answer.clone());
    let drawn = answer(&ours).zip(answer(&theirs));
    match drawn.and_then(|(ours, theirs)| drawings_differ(&ours, &theirs)) {
        Some(violation) => violation.differences,
        None => [ours, theirs].into_iter().flatten().map(|line| line.aligned(0)).collect(),
    }
}
