//! Reduction: the smallest script that keeps the cause of a difference.
//!
//! Steps go first, in blocks that get smaller; then the calls become plainer (`simpler`). A shorter script
//! counts only if its first difference is the same answer of the same kind of call. Everything after
//! that call is cut off. Descriptors are turned into symbols first (`symbols`), so that a number means the same thing
//! although an earlier one is gone.
//!
//! Two kernels that both play say of each shorter script whether it still keeps them apart. A trace does
//! not: nobody knows what its kernel would answer to a shorter script. Against a trace only those steps go that
//! cannot matter (`related`).

mod related;
mod simpler;
mod symbols;

use crate::cause::{Cause, first_difference, is_whole};
use crate::player::ScriptPlayer;
use crate::replay::{Replay, ReplayLine, masked};
use nsconform_lab::script::{Script, Step};
use related::Related;

/// The choices about a reduction.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// The number from which the order of all attempts follows.
    pub seed: u64,
    /// The most plays of a script.
    pub most_replays: usize,
}

/// The result of a reduction.
#[derive(Clone, Debug)]
pub struct Reduction {
    /// The shortest script that was found.
    pub script: Script,
    /// The difference that it keeps.
    pub cause: Cause,
    /// Its play by the kernel that is looked at.
    pub replay: Replay,
    /// Its play by each of the other kernels, or that part of the trace; the names stand with them.
    pub others: Vec<(String, Vec<String>)>,
    /// The plays that it took, those of all kernels counted.
    pub replays: usize,
    /// Whether the most plays were made before nothing could be left out any more.
    pub cut_short: bool,
}

/// Why nothing is reduced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Irreducible {
    /// There is no difference to keep.
    Same,
    /// Two plays by one kernel differ: a difference says nothing. The name, and the call.
    Unstable(String, String),
    /// A kernel cannot play.
    Failed(String),
}

/// The other side of a difference.
pub enum Against<'p> {
    /// Kernels that play; the script differs from each of them.
    Players(Vec<&'p mut dyn ScriptPlayer>),
    /// The lines of a trace of the same script, and its name.
    Trace(String, Vec<ReplayLine>),
}

/// Reduces a script. `progress` hears how many plays were made, and how many steps are left.
///
/// # Errors
/// When there is nothing to keep, or it cannot be told.
pub fn reduce(
    script: &Script,
    subject: &mut dyn ScriptPlayer,
    against: Against<'_>,
    effort: Effort,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Reduction, Irreducible> {
    let mut search =
        Search { subject, replays: 0, effort, random: fastrand::Rng::with_seed(effort.seed), progress };
    match against {
        Against::Players(players) => search.between_kernels(script, players),
        Against::Trace(name, lines) => search.against_trace(script, &name, &lines),
    }
}

struct Search<'p> {
    subject: &'p mut dyn ScriptPlayer,
    replays: usize,
    effort: Effort,
    random: fastrand::Rng,
    progress: &'p mut dyn FnMut(usize, usize),
}

/// A script that keeps the difference, with its plays.
struct Survivor {
    script: Script,
    replay: Replay,
    others: Vec<Replay>,
    causes: Vec<Cause>,
}

fn failed(why: String) -> Irreducible {
    Irreducible::Failed(why)
}

impl Search<'_> {
    fn is_over(&self) -> bool {
        self.replays >= self.effort.most_replays
    }

    fn play(&mut self, script: &Script) -> Result<Replay, Irreducible> {
        self.replays += 1;
        (self.progress)(self.replays, script.steps.len());
        self.subject.play(script).map_err(failed)
    }

    /// The script with symbols, if it is played as before, and its play; two plays must agree.
    fn first_play(&mut self, script: &Script) -> Result<(Script, Replay), Irreducible> {
        let replay = self.play(script)?;
        is_whole(&replay).map_err(failed)?;
        let symbolic = symbols::named(script, &replay);
        for script in [symbolic, script.clone()] {
            let again = self.play(&script)?;
            if first_difference(&replay.lines, &again.lines).is_none() {
                return Ok((script, again));
            }
        }
        let again = self.play(script)?;
        let call = first_difference(&replay.lines, &again.lines).map(|(_, cause)| cause.call);
        Err(Irreducible::Unstable(self.subject.name().to_string(), call.unwrap_or_default()))
    }

    fn between_kernels(
        &mut self,
        script: &Script,
        mut players: Vec<&mut dyn ScriptPlayer>,
    ) -> Result<Reduction, Irreducible> {
        let (script, _) = self.first_play(script)?;
        let Some(mut kept) = self.attempt(&script, &mut players, None)? else {
            return Err(Irreducible::Same);
        };
        let again = self.attempt(&kept.script, &mut players, Some(&kept.causes))?;
        if again.is_none() {
            let call = kept.causes[0].call.clone();
            return Err(Irreducible::Unstable(players[0].name().to_string(), call));
        }
        loop {
            let before = simpler::size(&kept.script);
            self.drop_steps(&mut kept, &mut players)?;
            self.simplify(&mut kept, &mut players)?;
            if simpler::size(&kept.script) == before || self.is_over() {
                break;
            }
        }
        let others = players.iter().map(|player| player.name().to_string());
        let others = others.zip(kept.others.iter().map(|replay| replay.trace.clone())).collect();
        let cut_short = self.is_over();
        let Survivor { script, replay, mut causes, .. } = kept;
        Ok(Reduction { script, cause: causes.remove(0), replay, others, replays: self.replays, cut_short })
    }

    /// Plays a script on all sides; none unless it differs from each of the others, by these causes.
    fn attempt(
        &mut self,
        script: &Script,
        players: &mut [&mut dyn ScriptPlayer],
        causes: Option<&[Cause]>,
    ) -> Result<Option<Survivor>, Irreducible> {
        let replay = self.play(script)?;
        is_whole(&replay).map_err(failed)?;
        let (mut others, mut found, mut last) = (Vec::new(), Vec::new(), 0);
        for (number, player) in players.iter_mut().enumerate() {
            self.replays += 1;
            let other = player.play(script).map_err(failed)?;
            is_whole(&other).map_err(failed)?;
            let Some((at, cause)) = first_difference(&replay.lines, &other.lines) else { return Ok(None) };
            if causes.is_some_and(|causes| causes[number] != cause) {
                return Ok(None);
            }
            last = last.max(at);
            others.push(other);
            found.push(cause);
        }
        let gone: Vec<usize> = replay
            .passed_over
            .iter()
            .map(|passed| passed.step)
            .filter(|step| others.iter().all(|other: &Replay| other.passed(*step).is_some()))
            .collect();
        let end = replay.lines.get(last).or_else(|| others[0].lines.get(last)).map_or(0, |line| line.step);
        let script = cut(script, end, &gone);
        Ok(Some(Survivor { script, replay, others, causes: found }))
    }

    /// Plays a shorter script and keeps it if it keeps the causes.
    fn try_shorter(
        &mut self,
        script: &Script,
        kept: &mut Survivor,
        players: &mut [&mut dyn ScriptPlayer],
    ) -> Result<bool, Irreducible> {
        let found = self.attempt(script, players, Some(&kept.causes))?;
        let shorter = found.filter(|found| simpler::size(&found.script) < simpler::size(&kept.script));
        Ok(match shorter {
            Some(shorter) => {
                *kept = shorter;
                true
            }
            None => false,
        })
    }

    /// Leaves out blocks of steps, from large to single ones.
    fn drop_steps(
        &mut self,
        kept: &mut Survivor,
        players: &mut [&mut dyn ScriptPlayer],
    ) -> Result<(), Irreducible> {
        let mut size = (kept.script.steps.len() / 2).max(1);
        loop {
            let mut places: Vec<usize> = (0..kept.script.steps.len().div_ceil(size)).rev().collect();
            if self.effort.seed != 0 {
                self.random.shuffle(&mut places);
            }
            let mut dropped = false;
            for place in places {
                let start = place * size;
                if self.is_over() || start >= kept.script.steps.len() {
                    continue;
                }
                let end = (start + size).min(kept.script.steps.len());
                let mut script = kept.script.clone();
                script.steps.drain(start..end);
                dropped |= self.try_shorter(&without_orphans(&kept.script, script), kept, players)?;
            }
            if size == 1 && (!dropped || self.is_over()) {
                return Ok(());
            }
            size = (size / 2).max(1);
        }
    }

    /// Makes calls plainer, as long as one of the ways keeps the causes.
    fn simplify(
        &mut self,
        kept: &mut Survivor,
        players: &mut [&mut dyn ScriptPlayer],
    ) -> Result<(), Irreducible> {
        let mut tried = 0;
        loop {
            let mut ways = simpler::ways(&kept.script);
            if self.effort.seed != 0 {
                self.random.shuffle(&mut ways);
            }
            // Ways before the one that was taken last are unlikely to be open now; the next round of the
            // reduction tries them again.
            let mut found = false;
            while tried < ways.len() && !self.is_over() {
                tried += 1;
                if self.try_shorter(&ways[tried - 1], kept, players)? {
                    tried -= 1;
                    found = true;
                    break;
                }
            }
            if !found {
                return Ok(());
            }
        }
    }

    /// Leaves out the steps that cannot matter for the first difference from a trace.
    fn against_trace(
        &mut self,
        script: &Script,
        name: &str,
        expected: &[ReplayLine],
    ) -> Result<Reduction, Irreducible> {
        let (script, replay) = self.first_play(script)?;
        let (at, cause) = first_difference(&replay.lines, expected).ok_or(Irreducible::Same)?;
        let step = replay.lines.get(at).or_else(|| expected.get(at)).map_or(0, |line| line.step);
        let answers: Vec<Option<String>> =
            (0..script.steps.len()).map(|step| answer_of(&replay.lines, step)).collect();
        let mut numbers: Vec<usize> = kept_until(&script, step);
        let related = Related::of(&script, step);
        let mut best = (script.clone(), replay);
        loop {
            let mut candidates: Vec<usize> =
                numbers.iter().copied().filter(|number| related.may_go(*number)).collect();
            if self.effort.seed != 0 {
                self.random.shuffle(&mut candidates);
            }
            let mut dropped = false;
            for number in candidates.into_iter().rev() {
                if self.is_over() || !related.may_go_from(&numbers, number) {
                    continue;
                }
                let fewer: Vec<usize> = numbers.iter().copied().filter(|other| *other != number).collect();
                let shorter = Script {
                    steps: fewer.iter().map(|step| script.steps[*step].clone()).collect(),
                    ..script.clone()
                };
                let replay = self.play(&shorter)?;
                let whole = is_whole(&replay).map_err(failed)?;
                let same = fewer
                    .iter()
                    .enumerate()
                    .all(|(place, step)| answer_of(&replay.lines, place) == answers[*step]);
                if same && whole && replay.passed_over.is_empty() {
                    (numbers, dropped) = (fewer, true);
                    best = (shorter, replay);
                }
            }
            if !dropped {
                break;
            }
        }
        if best.0.steps.len() > numbers.len() {
            // Nothing went but what follows the difference.
            let shorter = Script {
                steps: numbers.iter().map(|step| script.steps[*step].clone()).collect(),
                ..script.clone()
            };
            let replay = self.play(&shorter)?;
            best = (shorter, replay);
        }
        let lines = expected.iter().filter(|line| numbers.contains(&line.step));
        let width = expected.iter().map(|line| line.process.len()).max().unwrap_or(0);
        let lines = lines.map(|line| line.aligned(width));
        let others = vec![(name.to_string(), lines.collect())];
        let (script, replay) = best;
        Ok(Reduction { script, cause, replay, others, replays: self.replays, cut_short: self.is_over() })
    }
}

/// The masked answer to the call of a step.
fn answer_of(lines: &[ReplayLine], step: usize) -> Option<String> {
    let line = lines.iter().find(|line| line.step == step)?;
    line.answer.as_deref().map(masked)
}

/// The steps up to one, by their numbers; where the answer to that one comes later, that step too.
fn kept_until(script: &Script, end: usize) -> Vec<usize> {
    let mut kept: Vec<usize> = (0..script.steps.len().min(end + 1)).collect();
    if let Some(Step::Call { process, begun: true, .. }) = script.steps.get(end) {
        let is_finish = |step: &Step| matches!(step, Step::Finish { process: other } if other == process);
        let finish = script.steps[end..].iter().position(is_finish);
        kept.extend(finish.map_or(end + 1..end + 1, |after| end + 1..end + after + 1));
    }
    kept
}

/// The script up to a step, without others.
fn cut(script: &Script, end: usize, gone: &[usize]) -> Script {
    let kept = kept_until(script, end).into_iter().filter(|step| !gone.contains(step));
    Script { steps: kept.map(|step| script.steps[step].clone()).collect(), ..script.clone() }
}

/// A part of a script without the steps of processes that only a step outside of the part creates.
fn without_orphans(whole: &Script, mut part: Script) -> Script {
    let created: Vec<&str> = whole.steps.iter().filter_map(Step::child).collect();
    let mut there: Vec<String> = Vec::new();
    part.steps.retain(|step| {
        let exists = step
            .process()
            .is_none_or(|process| !created.contains(&process) || there.iter().any(|there| there == process));
        if exists && let Some(child) = step.child() {
            there.push(child.to_string());
        }
        exists
    });
    part
}
