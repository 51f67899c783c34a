//! Many scripts on the running kernel: composed, replayed, and asked the relations of their area.
//!
//! Each script is composed in one sealed place and replayed three times in others, side by side with further
//! scripts. The relations are asked in the same plays, behind the script's own steps.

use super::area::Area;
use super::asking::{AskedKernel, Documented};
use super::find::{Find, Finds, Oracle};
use super::generator::ComposeOrder;
use super::relations::{Asked, Relation, asking, judge_all, of_area};
use crate::cause::first_difference;
use crate::player::{Here, ScriptPlayer};
use crate::reduce::{Against, Effort, Irreducible, reduce};
use crate::replay::{Replay, ReplayEnd};
use nsconform_lab::conduct::Conduct;
use nsconform_lab::job::{Finish, Job};
use nsconform_lab::script::{Script, Step};
use nsconform_lab::trace::End;
use nsconform_suite::runner::{JobResult, Runner};
use std::cell::RefCell;
use std::time::Duration;

/// How often each script is replayed.
pub const REPLAYS: usize = 3;
/// Of one cause so many scripts are reduced; further ones are counted.
const MOST_REDUCED: usize = 3;
/// So many times the deadline have the plays of a reduction, since one that is cut off would seem to be another
/// answer.
const REDUCING_TIME: u32 = 5;

/// The choices about an exploration.
#[derive(Clone, Debug)]
pub struct ExploreSettings {
    /// The areas; scripts take turns.
    pub areas: Vec<Area>,
    /// The seed of the first script; the next one has the next number.
    pub seed: u64,
    /// The number of steps that are tried for a script.
    pub steps: usize,
    /// The most plays of one reduction.
    pub most_replays: usize,
    /// The deadline of a play.
    pub deadline: Duration,
    /// The name of the running kernel, for people.
    pub kernel: String,
}

impl ExploreSettings {
    fn order(&self, number: u64) -> ComposeOrder {
        let area = self.areas[(number % self.areas.len() as u64) as usize];
        ComposeOrder { area, seed: self.seed.wrapping_add(number), steps: self.steps }
    }
}

/// The counts of an exploration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExploreTally {
    /// Scripts that were composed.
    pub scripts: usize,
    /// Scripts that did not reach their end before the deadline, or not in the composer's play alone: nothing
    /// was asked of them.
    pub cut_off: usize,
    /// Steps that stayed in scripts.
    pub calls: usize,
    /// Those of them that the kernel refused.
    pub refused: usize,
    /// Calls in all plays, those of relations counted.
    pub played_calls: usize,
    /// Plays, those of reductions counted.
    pub plays: usize,
    /// Relations that applied.
    pub asked: usize,
    /// Scripts in which the engine failed.
    pub failed: usize,
}

/// A composed script, or one that was found before.
#[derive(Clone, Debug)]
pub struct Composed {
    /// The area.
    pub area: Area,
    /// The seed; 0 for a script that was found before.
    pub seed: u64,
    /// The script.
    pub script: Script,
    /// The relations that are asked after it.
    pub relations: Vec<&'static Relation>,
}

/// An exploration of the running kernel.
pub struct Explorer<'r> {
    runner: &'r mut Runner,
    settings: ExploreSettings,
    /// The counts so far.
    pub tally: ExploreTally,
    /// The finds so far.
    pub finds: Finds,
    /// Why the engine failed first, where it did.
    pub failure: Option<String>,
}

impl<'r> Explorer<'r> {
    /// An exploration by a runner that was started with the composer as its first one, without privilege over
    /// the machine.
    pub fn new(runner: &'r mut Runner, settings: ExploreSettings) -> Explorer<'r> {
        Explorer { runner, settings, tally: ExploreTally::default(), finds: Finds::default(), failure: None }
    }

    /// Composes scripts, from this number on.
    ///
    /// # Errors
    /// When the fork server has ended, or a trace cannot be read as a script.
    pub fn compose(&mut self, first: u64, count: usize) -> Result<Vec<Composed>, String> {
        let orders: Vec<ComposeOrder> =
            (first..first + count as u64).map(|number| self.settings.order(number)).collect();
        let deadline = self.settings.deadline;
        let job = |order: &ComposeOrder| Job { deadline, ..self.runner.composed_job(0, order.to_bytes()) };
        let jobs: Vec<Job> = orders.iter().map(job).collect();
        let runs = run_all(self.runner, &jobs)?;
        let mut composed = Vec::new();
        for (order, run) in orders.into_iter().zip(runs) {
            self.tally.scripts += 1;
            let script = match (&run.finish, run.trace.end()) {
                (Finish::Ended, Some(End::Played)) => run.trace.text().parse::<Script>(),
                (Finish::TimedOut, _) => {
                    self.tally.cut_off += 1;
                    continue;
                }
                (finish, end) => {
                    self.fail(order.seed, &format!("not composed: {finish:?}, {end:?}"));
                    continue;
                }
            };
            let script = script.map_err(|error| format!("the trace of seed {}: {error}", order.seed))?;
            let is_call = |step: &&Step| matches!(step, Step::Call { .. });
            self.tally.calls += script.steps.iter().filter(is_call).count();
            self.tally.refused += run.trace.lines().iter().filter(|line| line.contains("= -1 ")).count();
            let relations = of_area(order.area);
            composed.push(Composed { area: order.area, seed: order.seed, script, relations });
        }
        Ok(composed)
    }

    /// Asks all oracles of scripts. `found` hears of each new find as soon as it is reduced.
    ///
    /// # Errors
    /// When the fork server has ended.
    pub fn examine(&mut self, composed: &[Composed], found: &mut dyn FnMut(&Find)) -> Result<(), String> {
        let wholes: Vec<Script> = composed
            .iter()
            .map(|composed| asking(&composed.script, &composed.relations))
            .collect::<Result<_, _>>()?;
        let conduct = Conduct { passes_over: true, ..Conduct::default() };
        let deadline = self.settings.deadline;
        let job = |script: &Script| Job {
            conduct: conduct.clone(),
            deadline,
            ..self.runner.written_job(script.clone())
        };
        let jobs: Vec<Job> =
            wholes.iter().flat_map(|script| (0..REPLAYS).map(move |_| script)).map(job).collect();
        let runs = run_all(self.runner, &jobs)?;
        self.tally.plays += runs.len();
        for ((composed, whole), runs) in composed.iter().zip(&wholes).zip(runs.chunks(REPLAYS)) {
            let replays: Vec<Replay> = runs.iter().map(|run| Replay::of(whole, run)).collect();
            self.tally.played_calls += replays.iter().map(|replay| replay.lines.len()).sum::<usize>();
            self.judge(composed, whole, &replays, found)?;
        }
        Ok(())
    }

    /// The engine has failed in one script; others may still say something.
    fn fail(&mut self, seed: u64, why: &str) {
        self.tally.failed += 1;
        self.failure.get_or_insert_with(|| format!("seed {seed}: {why}"));
    }

    fn judge(
        &mut self,
        composed: &Composed,
        whole: &Script,
        replays: &[Replay],
        found: &mut dyn FnMut(&Find),
    ) -> Result<(), String> {
        for replay in replays {
            match &replay.end {
                ReplayEnd::Failed(why) => {
                    self.fail(composed.seed, why);
                    return Ok(());
                }
                ReplayEnd::Played => {}
                ReplayEnd::Interrupted(_) | ReplayEnd::TimedOut => {
                    self.tally.cut_off += 1;
                    return Ok(());
                }
            }
        }
        let other = replays[1..].iter().find_map(|other| {
            first_difference(&replays[0].lines, &other.lines).map(|(at, cause)| (at, cause, other))
        });
        if let Some((at, cause, other)) = other {
            self.unstable(composed, whole, (&replays[0], other), (at, cause.call), found);
            return Ok(());
        }
        let relations = &composed.relations;
        let asked = judge_all(relations, &replays[0], composed.script.steps.len());
        for (number, (relation, asked)) in relations.iter().zip(asked).enumerate() {
            match asked {
                Asked::DoesNotApply => {}
                Asked::Holds => self.tally.asked += 1,
                Asked::Broken(violation) => {
                    self.tally.asked += 1;
                    let before = asking(&composed.script, &relations[..number])?;
                    self.broken(composed, relation, &violation.cause, &before, found)?;
                }
            }
        }
        Ok(())
    }

    /// Keeps a script whose replays differ, up to the call that differs.
    fn unstable(
        &mut self,
        composed: &Composed,
        whole: &Script,
        (one, other): (&Replay, &Replay),
        (at, call): (usize, String),
        found: &mut dyn FnMut(&Find),
    ) {
        if self.finds.count(Oracle::Stability, &call, 1) {
            return;
        }
        let line = |replay: &Replay| replay.lines.get(at).map(|line| line.aligned(0)).unwrap_or_default();
        let step =
            one.lines.get(at).or_else(|| other.lines.get(at)).map_or(whole.steps.len(), |line| line.step);
        let mut script = whole.clone();
        script.steps.truncate(step + 1);
        let find = Find {
            oracle: Oracle::Stability,
            area: composed.area,
            seed: composed.seed,
            cause: call,
            differences: vec![line(one), line(other)],
            script,
            trace: (self.settings.kernel.clone(), one.trace.clone()),
            other: None,
            steps_before: whole.steps.len(),
            replays: 0,
            seen: 1,
        };
        if self.finds.add(find.clone()) {
            found(&find);
        }
    }

    /// Reduces a script after which a relation does not hold. Where it takes the relations before it as well,
    /// their steps (`before`) are a part of the script.
    fn broken(
        &mut self,
        composed: &Composed,
        relation: &'static Relation,
        cause: &str,
        before: &Script,
        found: &mut dyn FnMut(&Find),
    ) -> Result<(), String> {
        let oracle = Oracle::Relation { name: relation.name, law: relation.law, source: relation.source };
        if self.finds.count(oracle, cause, MOST_REDUCED) {
            return Ok(());
        }
        let settings = self.settings.clone();
        let deadline = settings.deadline * REDUCING_TIME;
        let mut here = Here::new(self.runner, settings.kernel.clone(), deadline);
        let effort = Effort { seed: 0, most_replays: settings.most_replays };
        for script in [&composed.script, before] {
            let last = RefCell::new(None);
            let mut subject = AskedKernel { player: &mut here, relation, last: &last };
            let mut documented = Documented { last: &last };
            let against = Against::Players(vec![&mut documented]);
            match reduce(script, &mut subject, against, effort, &mut |_, _| {}) {
                Ok(reduced) => {
                    // The last play of the reducer may have had steps that it then took out.
                    let shown = subject.play(&reduced.script)?;
                    self.tally.plays += reduced.replays + 1;
                    let steps = reduced.script.steps.len();
                    let differences = match judge_all(&[relation], &shown, steps).pop() {
                        Some(Asked::Broken(violation)) => violation.differences,
                        _ => Vec::new(),
                    };
                    let find = Find {
                        oracle,
                        area: composed.area,
                        seed: composed.seed,
                        cause: cause.to_string(),
                        differences,
                        script: reduced.script,
                        trace: (settings.kernel.clone(), shown.trace),
                        other: None,
                        steps_before: script.steps.len(),
                        replays: reduced.replays,
                        seen: 1,
                    };
                    if self.finds.add(find.clone()) {
                        found(&find);
                    }
                    return Ok(());
                }
                Err(Irreducible::Same) => {}
                Err(Irreducible::Unstable(_, call)) => {
                    // Three replays agreed; a further one does not.
                    let find = Find {
                        oracle: Oracle::Stability,
                        area: composed.area,
                        seed: composed.seed,
                        cause: call,
                        differences: Vec::new(),
                        script: script.clone(),
                        trace: (settings.kernel.clone(), Vec::new()),
                        other: None,
                        steps_before: script.steps.len(),
                        replays: 0,
                        seen: 1,
                    };
                    if self.finds.add(find.clone()) {
                        found(&find);
                    }
                    return Ok(());
                }
                Err(Irreducible::Failed(why)) => {
                    self.tally.failed += 1;
                    self.failure.get_or_insert_with(|| format!("seed {}, reduced: {why}", composed.seed));
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// The results of all jobs, in their order.
fn run_all(runner: &mut Runner, jobs: &[Job]) -> Result<Vec<JobResult>, String> {
    let mut results: Vec<Option<JobResult>> = jobs.iter().map(|_| None).collect();
    runner.run_jobs(jobs, &mut |number, run| results[number] = Some(run));
    let results: Option<Vec<JobResult>> = results.into_iter().collect();
    results.ok_or_else(|| "the fork server has ended".to_string())
}
