//! The runner: decides which cases can be run here, has them run, and judges their traces.
//!
//! It has no threads. The server forks and keeps the deadlines; callers show the records.

use crate::case::Case;
use crate::catalogue::Catalogue;
use crate::judge::{BUSY_REMEDY, is_starved, judge, probed};
use crate::known::Known;
use crate::lacks::{Lacks, Wanted};
use crate::refusal;
use crate::requirement::{Basis, Probed, Requirement, Unmet};
pub use crate::setup::Setup;
use crate::verdict::{Record, SkipReason, Verdict};
use crate::witness::Witness;
use nsconform_lab::call::process::ProcessCalls;
use nsconform_lab::conduct::Conduct;
use nsconform_lab::interrupt::Interrupt;
use nsconform_lab::job::{Body, Compiled, Finish, Job, JobReport, JobScript};
use nsconform_lab::journal;
use nsconform_lab::proof::leads_nowhere_out;
use nsconform_lab::script::Script;
use nsconform_lab::seal::{Credentials, Mode};
use nsconform_lab::server::{Ready, Server};
use nsconform_lab::trace::{End, Trace};
use nsconform_sys::confinement::Confinement;
use nsconform_sys::errno::Errno;
use nsconform_sys::foundation::{Foundation, Standing, Survey};
use nsconform_sys::single_threaded::SingleThreaded;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::ControlFlow;
use std::time::Duration;

/// The thing that a job plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The case with this index in the catalogue.
    Case(usize),
    /// The probe of the requirement with this index in the catalogue.
    Probe(usize),
    /// Next to nothing: shows that a director can be sealed and create a process, and that its place
    /// leads nowhere out.
    Nothing,
    /// Each harmless form of a call.
    Refusals,
}

const ASK_ALL: Compiled =
    Compiled { starts_as: Credentials::Root, cgroup: false, body: Body::Probe(refusal::ask_all) };

const NEXT_TO_NOTHING: Compiled = Compiled {
    starts_as: Credentials::Root,
    cgroup: false,
    body: Body::Probe(|lab| {
        if let Err(why) = leads_nowhere_out() {
            return Ok(Err(why.into()));
        }
        lab.process("first")?.getpid()?;
        Ok(Ok(()))
    }),
};

/// The deadline of a case, before scaling.
pub const DEADLINE: Duration = Duration::from_secs(2);

/// How long the fork server may take to prepare the sealed place, before scaling.
const SEAL_TIME: Duration = Duration::from_secs(60);
/// How long the fork server may take beyond the time of its directors.
const END_TIME: Duration = Duration::from_secs(30);

/// How long each question about a foundation may take, before scaling.
const FOUNDATION_TIME: Duration = Duration::from_secs(1);
/// How much more time a probe or a sealing gets that is tried again alone.
const AGAIN: u32 = 5;
/// The share of a deadline that a case gets where a foundation is broken by which processes end, and
/// one of a broken foundation: one in so many.
const OWN_SHARE: u32 = 4;

/// The result of one job.
#[derive(Clone, Debug)]
pub struct JobResult {
    /// All calls and answers, in order.
    pub trace: Trace,
    /// How the director came to its end.
    pub finish: Finish,
    /// From the start of the director to the end of everything it started.
    pub duration: Duration,
}

/// Why there is no sealed place.
#[derive(Clone, Debug)]
enum NoPlace {
    /// A step was refused.
    Refused(String),
    /// It was not ready in time.
    Late(String),
}

/// A runner and its fork server.
pub struct Runner {
    server: Server,
    catalogue: Catalogue,
    mode: Result<Mode, NoPlace>,
    /// By the name of the requirement.
    findings: BTreeMap<&'static str, Probed>,
    broken: Vec<(&'static Basis, String)>,
    /// The errors with which something may refuse a call in the kernel's place.
    refused_with: &'static [Errno],
    lacks: Lacks,
    witness: Witness,
    window: usize,
    deadline: Duration,
    /// Set once the server has ended although it should not have.
    lost: bool,
}

impl Runner {
    /// Starts the fork server for these cases.
    ///
    /// # Errors
    /// When the server cannot be forked or ends at once.
    pub fn start(single: &SingleThreaded, catalogue: Catalogue, setup: Setup) -> io::Result<Runner> {
        Runner::start_with(single, catalogue, setup, &[])
    }

    /// As [`Runner::start`], with composers of scripts; see [`Runner::composed_job`].
    ///
    /// # Errors
    /// As [`Runner::start`].
    pub fn start_with(
        single: &SingleThreaded,
        catalogue: Catalogue,
        setup: Setup,
        composers: &[Compiled],
    ) -> io::Result<Runner> {
        let Setup { jobs, deadline_scale, isolation } = setup;
        let refused_with = Confinement::refusals_here();
        let mut scripts = catalogue.scripts();
        scripts.push(NEXT_TO_NOTHING);
        scripts.push(ASK_ALL);
        scripts.extend(composers);
        let mut server = Server::start(single, &scripts, jobs, isolation)
            .map_err(|error| io::Error::other(refusal::explained(&error.to_string(), refused_with)))?;
        // Asked while the server seals itself, and after its start: the questions take processes,
        // of which there may be few.
        let foundations: Vec<&'static Foundation> =
            catalogue.bases.iter().map(|basis| basis.foundation).collect();
        let survey = Survey::begin(single, foundations, FOUNDATION_TIME.mul_f64(deadline_scale.max(1.0)))?;
        let ready: Option<Ready> = server.receive(SEAL_TIME.mul_f64(deadline_scale.max(1.0)))?;
        let mode = ready
            .ok_or_else(|| {
                let why = "the fork server ended before it was ready";
                io::Error::other(refusal::explained(why, refused_with))
            })?
            .map_err(|failure| NoPlace::Refused(failure.what));
        let broken =
            catalogue.bases.iter().zip(survey.finish()).filter_map(|(basis, standing)| match standing {
                Standing::Broken(found) => Some((basis, found)),
                Standing::Holds | Standing::Unknown(_) => None,
            });
        let mut broken: Vec<(&'static Basis, String)> = broken.collect();
        if !broken.is_empty() && refusal::hinders_the_survey(refused_with) {
            broken.clear();
        }
        let deadline = DEADLINE.mul_f64(deadline_scale);
        let window = jobs * 2;
        let mut runner = Runner {
            server,
            catalogue,
            mode,
            findings: BTreeMap::new(),
            broken,
            refused_with,
            lacks: Lacks::default(),
            witness: Witness::of_this_place(),
            window,
            deadline,
            lost: false,
        };
        if runner.mode.is_ok() {
            // A busy machine is no reason to test nothing: once more, with more time.
            let mut sealed = runner.try_place(deadline);
            if let Err(NoPlace::Late(_)) = sealed {
                sealed = runner.try_place(deadline * AGAIN);
            }
            if let Err(why) = sealed {
                runner.mode = Err(why);
            }
        }
        if let Err(NoPlace::Refused(why)) = &mut runner.mode {
            *why = refusal::explained(why, refused_with);
        }
        Ok(runner)
    }

    /// Has a director seal itself and create a process.
    fn try_place(&mut self, deadline: Duration) -> Result<(), NoPlace> {
        let mut sealed = Err(NoPlace::Refused("no director was started".to_string()));
        self.run_jobs(&[Job { deadline, ..self.job(Role::Nothing) }], &mut |_, run| {
            sealed = match (run.finish, run.trace.end()) {
                (Finish::Ended, Some(End::Played)) => Ok(()),
                (
                    Finish::Ended,
                    Some(
                        End::Interrupted(Interrupt::Engine(why))
                        | End::Unmet(Unmet::Absent(why) | Unmet::Wrong(why)),
                    ),
                ) => Err(NoPlace::Refused(why.clone())),
                (Finish::NotStarted(why) | Finish::Died(why), _) => Err(NoPlace::Refused(why)),
                (Finish::TimedOut | Finish::NotEnded, _) => Err(NoPlace::Late(format!(
                    "the sealed place was not ready within {:.1} s: {BUSY_REMEDY}",
                    deadline.as_secs_f64()
                ))),
                (Finish::Ended, end) => {
                    let end = end.map_or("nothing".to_string(), |end| format!("{end:?}"));
                    Err(NoPlace::Refused(format!("a director ended early, and its trace says {end}")))
                }
            };
        });
        sealed
    }

    /// How the sealed place is privileged, or why there is none.
    pub fn mode(&self) -> Result<Mode, &str> {
        self.mode.as_ref().copied().map_err(|(NoPlace::Refused(why) | NoPlace::Late(why))| why.as_str())
    }

    /// Whether the fork server is gone: nothing can be played any more.
    pub fn is_lost(&self) -> bool {
        self.lost
    }

    /// The PID of the fork server, for tests that end it.
    pub fn server_pid(&self) -> i32 {
        self.server.pid()
    }

    /// A job with the usual deadline and nothing changed on purpose.
    pub fn job(&self, role: Role) -> Job {
        let (cases, probes) = (self.catalogue.cases.len(), self.catalogue.requirements.len());
        let script = match role {
            Role::Case(index) => index,
            Role::Probe(index) => cases + index,
            Role::Nothing => cases + probes,
            Role::Refusals => cases + probes + 1,
        };
        let script = JobScript::Compiled(script as u32);
        Job { script, deadline: self.deadline, conduct: Conduct::default() }
    }

    /// A job for a case that is changed or disturbed on purpose.
    pub fn altered_job(&self, case: usize, conduct: Conduct) -> Job {
        Job { conduct, ..self.job(Role::Case(case)) }
    }

    /// A job for the composer with this number among those that the runner was started with.
    pub fn composed_job(&self, composer: usize, order: Vec<u8>) -> Job {
        let before = self.catalogue.cases.len() + self.catalogue.requirements.len() + 2;
        let script = JobScript::Composed { index: (before + composer) as u32, order };
        Job { script, ..self.job(Role::Nothing) }
    }

    /// A job for a written script, with the usual deadline and nothing changed on purpose.
    pub fn written_job(&self, script: Script) -> Job {
        Job { script: JobScript::Written(script), ..self.job(Role::Nothing) }
    }

    /// Runs jobs and hands over each with its index as soon as it is done, in whatever order.
    pub fn run_jobs(&mut self, jobs: &[Job], done: &mut dyn FnMut(usize, JobResult)) {
        let _ = self.run_jobs_until(jobs, &mut |index, run| {
            done(index, run);
            ControlFlow::Continue(())
        });
    }

    /// As [`Runner::run_jobs`]; once `done` breaks, no further job begins. Those that are under way end,
    /// and are handed over too.
    fn run_jobs_until(
        &mut self,
        jobs: &[Job],
        done: &mut dyn FnMut(usize, JobResult) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let (mut next, mut outstanding) = (0, BTreeSet::new());
        let (mut wanted, mut flow) = (jobs.len(), ControlFlow::Continue(()));
        let patience = |outstanding: &BTreeSet<usize>| {
            let longest = outstanding.iter().map(|index| jobs[*index].deadline).max().unwrap_or_default();
            // A director is given up after its time and three quarters of it; its time is put off on
            // a busy machine, and another one may have been held until then.
            longest * 24 + END_TIME
        };
        while next < wanted || !outstanding.is_empty() {
            while !self.lost && next < wanted && outstanding.len() < self.window {
                outstanding.insert(next);
                if self.server.submit(next as u32, &jobs[next], patience(&outstanding)).is_err() {
                    self.server.kill();
                    self.lost = true;
                }
                next += 1;
            }
            let received = if self.lost { Ok(None) } else { self.server.receive(patience(&outstanding)) };
            let Ok(Some(report)): Result<Option<JobReport>, _> = received else {
                let why = match received {
                    Err(error) => {
                        self.server.kill();
                        error.to_string()
                    }
                    Ok(_) => "the fork server has ended".to_string(),
                };
                self.lost = true;
                outstanding.extend(next..wanted);
                for index in outstanding {
                    let finish = Finish::NotStarted(why.clone());
                    let lost = JobResult { trace: Trace::default(), finish, duration: Duration::ZERO };
                    if done(index, lost).is_break() {
                        flow = ControlFlow::Break(());
                    }
                }
                return flow;
            };
            let index = report.id as usize;
            outstanding.remove(&index);
            let (trace, finish) = match journal::decode(&report.journal) {
                Ok(trace) => (trace, report.finish),
                Err(why) => (Trace::default(), Finish::Died(why)),
            };
            if done(index, JobResult { trace, finish, duration: report.duration }).is_break() {
                flow = ControlFlow::Break(());
                wanted = next;
            }
        }
        flow
    }

    /// Probes requirements that were not probed before.
    pub fn probe(&mut self, needs: impl IntoIterator<Item = &'static Requirement>) {
        let wanted: BTreeSet<&str> = needs.into_iter().map(|need| need.name).collect();
        let requirements = self.catalogue.requirements;
        let unknown: Vec<usize> = (0..requirements.len())
            .filter(|index| {
                let name = requirements[*index].name;
                wanted.contains(name) && !self.findings.contains_key(name)
            })
            .collect();
        let mut undecided = Vec::new();
        for (index, probed, starved) in self.probe_side_by_side(&unknown, self.deadline) {
            match probed {
                Probed::Late(_) => undecided.push(index),
                Probed::Unmet(_) if starved => undecided.push(index),
                probed => drop(self.findings.insert(requirements[index].name, probed)),
            }
        }
        // A busy machine is no missing feature, nor is one whose last namespace or process a
        // neighbour has: each is tried again, alone.
        for index in undecided {
            let again = self.probe_side_by_side(&[index], self.deadline * AGAIN);
            self.findings
                .extend(again.into_iter().map(|(index, probed, _)| (requirements[index].name, probed)));
        }
    }

    /// The result of each probe, and whether a probe beside it may have taken what it lacked.
    fn probe_side_by_side(&mut self, indexes: &[usize], deadline: Duration) -> Vec<(usize, Probed, bool)> {
        let jobs: Vec<Job> =
            indexes.iter().map(|index| Job { deadline, ..self.job(Role::Probe(*index)) }).collect();
        let mut found = Vec::new();
        self.run_jobs(&jobs, &mut |number, run| {
            found.push((indexes[number], probed(&run, deadline), is_starved(&run)));
        });
        found
    }

    /// The result of probing a requirement; probes it if that was not done yet.
    pub fn finding(&mut self, need: &'static Requirement) -> Probed {
        self.probe([need]);
        self.findings[need.name].clone()
    }

    /// Asks for the things that these cases use by their approved traces; for refused calls once.
    fn ask_for_lacks(&mut self, cases: &[usize]) {
        let deadline = self.deadline * AGAIN;
        let (somebody_may, mut lacks) = (!self.refused_with.is_empty(), std::mem::take(&mut self.lacks));
        if !lacks.knows_refusals() {
            self.run_jobs(&[Job { deadline, ..self.job(Role::Refusals) }], &mut |_, run| {
                lacks.take_refusals(run.trace.end(), somebody_may);
            });
        }
        let catalogue = self.catalogue;
        let approved = |index: &usize| (catalogue.approved)(catalogue.cases[*index].id);
        let wanted = Wanted::of_traces(cases.iter().filter_map(approved));
        let jobs = wanted.questions().map(|script| Job { deadline, ..self.written_job(script) });
        self.run_jobs(&jobs, &mut |number, run| lacks.take_answers(&wanted, number, &run.trace));
        self.lacks = lacks;
    }

    /// The foundations that this kernel breaks, and how, in the order of the catalogue.
    pub fn broken(&self) -> &[(&'static Basis, String)] {
        &self.broken
    }

    /// Whether the case tests the rule of a broken foundation.
    fn is_own(&self, case: &Case) -> bool {
        self.broken.iter().any(|(basis, _)| basis.own.contains(&case.id))
            || self.catalogue.requirements.iter().any(|need| {
                need.own.contains(&case.id)
                    && matches!(self.findings.get(need.name), Some(Probed::Unmet(Unmet::Wrong(_))))
            })
    }

    /// The verdict on a case that cannot be run here, if it cannot; its needs must have been probed.
    fn without_a_run(&self, case: &Case) -> Option<Verdict> {
        let own = self.is_own(case);
        let needs = self.catalogue.needs(case);
        for (basis, found) in &self.broken {
            // Where the kernel breaks a rule and nothing can be sealed, the one may be the cause of
            // the other: in no case is that a kernel that cannot be tested.
            let rests = basis.sandbox
                || matches!(self.mode, Err(NoPlace::Refused(_)))
                || basis.rests.contains(&case.id)
                || needs.iter().any(|need| basis.carries.iter().any(|one| one.name == need.name));
            if rests && !own {
                return Some(Verdict::NotJudged { reason: rests_on(&(basis, found.clone())) });
            }
            if own && self.mode.is_err() {
                // Nothing can be run safely; the self-test has asked the same.
                return Some(Verdict::Fail);
            }
        }
        let mode = match &self.mode {
            Ok(mode) => *mode,
            Err(NoPlace::Late(reason)) => return Some(Verdict::Timeout { reason: reason.clone() }),
            Err(NoPlace::Refused(what)) => {
                return Some(Verdict::Skip { reason: SkipReason::Seal { what: what.clone() } });
            }
        };
        if case.starts_as == Credentials::StartedAsRoot && mode != Mode::Privileged {
            return Some(Verdict::Skip { reason: SkipReason::NotRoot });
        }
        let unmet = self.without_a_need(&needs, own);
        let said = matches!(unmet, Some(Verdict::Skip { .. }));
        if said && self.refused_with.is_empty() {
            // The requirement knows the remedy better than the name of the call does.
            return unmet;
        }
        // Where the place lacks something that the trace uses, a requirement that seems wrong may lack
        // the same.
        let approved = (self.catalogue.approved)(case.id).unwrap_or_default();
        self.lacks.of(approved).map(|reason| Verdict::Skip { reason }).or(unmet)
    }

    /// The verdict on a case one of whose requirements is not met; `own` says whether it is a case of the
    /// rule of a broken one.
    fn without_a_need(&self, needs: &[&'static Requirement], own: bool) -> Option<Verdict> {
        let carried = |need: &&Requirement| {
            self.broken.iter().any(|(basis, _)| basis.carries.iter().any(|one| one.name == need.name))
        };
        needs.iter().filter(|need| !(own && carried(need))).find_map(|need| match &self.findings[need.name] {
            Probed::Met => None,
            Probed::Late(reason) => {
                Some(Verdict::Timeout { reason: format!("needs {}: {reason}", need.name) })
            }
            Probed::Unmet(Unmet::Wrong(_)) if own => None,
            Probed::Unmet(Unmet::Wrong(found)) => Some(Verdict::NotJudged {
                reason: format!("rests on {}, which this kernel has wrong: {found}", need.name),
            }),
            Probed::Unmet(Unmet::Absent(found)) => Some(Verdict::Skip {
                reason: SkipReason::Need {
                    need: need.name.to_string(),
                    found: found.clone(),
                    remedy: need.remedy.to_string(),
                },
            }),
        })
    }

    /// Of these cases (by index in the catalogue) gives those that cannot be run here, with their
    /// verdicts, and those that can.
    pub fn split_runnable(&mut self, cases: &[usize]) -> (Vec<(usize, Verdict)>, Vec<usize>) {
        if self.mode.is_ok() {
            let needs: Vec<&'static Requirement> =
                cases.iter().flat_map(|index| self.catalogue.needs(self.catalogue.cases[*index])).collect();
            self.probe(needs);
            self.ask_for_lacks(cases);
        }
        let mut decided = Vec::new();
        let mut runnable = Vec::new();
        for &index in cases {
            match self.without_a_run(self.catalogue.cases[index]) {
                Some(verdict) => decided.push((index, verdict)),
                None => runnable.push(index),
            }
        }
        (decided, runnable)
    }

    /// Runs these cases (by index in the catalogue) and hands over a record of each as soon as
    /// there is one. `known` are the deviations that are known of this machine.
    ///
    /// The cases of a broken foundation come first: they are the cause.
    pub fn run_cases(&mut self, cases: &[usize], known: &[Known], done: &mut dyn FnMut(usize, Record)) {
        let _ = self.run_cases_until(cases, known, &mut |index, record| {
            done(index, record);
            ControlFlow::Continue(())
        });
    }

    /// As [`Runner::run_cases`]; once `done` breaks, no further case begins. Those that are under way end,
    /// and their records are handed over too. Gives whether it broke.
    pub fn run_cases_until(
        &mut self,
        cases: &[usize],
        known: &[Known],
        done: &mut dyn FnMut(usize, Record) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let (decided, mut runnable) = self.split_runnable(cases);
        let approved = |index: &usize| (self.catalogue.approved)(self.catalogue.cases[*index].id);
        self.witness.remember_named(runnable.iter().filter_map(approved));
        self.catalogue.overlap_waits(&mut runnable);
        let (own, runnable): (Vec<usize>, Vec<usize>) =
            runnable.into_iter().partition(|index| self.is_own(self.catalogue.cases[*index]));
        self.run_and_judge(&own, known, true, done)?;
        let mut flow = ControlFlow::Continue(());
        for (index, verdict) in decided {
            let record = Record {
                id: self.catalogue.cases[index].id.to_string(),
                verdict,
                duration_us: 0,
                trace: Vec::new(),
            };
            if done(index, record).is_break() {
                flow = ControlFlow::Break(());
            }
        }
        flow?;
        self.run_and_judge(&runnable, known, false, done)
    }

    /// Runs cases and hands over their records. `own` are cases of a broken foundation: that one of
    /// them hangs, or that the engine comes to grief in it, is how the broken rule shows.
    fn run_and_judge(
        &mut self,
        cases: &[usize],
        known: &[Known],
        own: bool,
        done: &mut dyn FnMut(usize, Record) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let let_live = self.broken.iter().find(|(basis, _)| basis.ends).map(rests_on);
        // A rule that is known to be broken need not be waited for so long; nor a case that says
        // nothing if it does not end.
        let short = own || let_live.is_some();
        let deadline = if short { self.deadline / OWN_SHARE } else { self.deadline };
        let jobs: Vec<Job> =
            cases.iter().map(|index| Job { deadline, ..self.job(Role::Case(*index)) }).collect();
        let (catalogue, refused_with) = (self.catalogue, self.refused_with);
        let mut witness = self.witness.clone();
        let flow = self.run_jobs_until(&jobs, &mut |number, run| {
            let case = catalogue.cases[cases[number]];
            let approved = (catalogue.approved)(case.id);
            let verdict = match judge(&run, approved, deadline) {
                Verdict::Timeout { .. } | Verdict::Error { .. } if own => Verdict::Fail,
                Verdict::Timeout { .. } if let_live.is_some() => {
                    Verdict::NotJudged { reason: let_live.clone().unwrap_or_default() }
                }
                Verdict::Fail => {
                    let refused = refusal::refused(&run.trace, approved.unwrap_or_default(), refused_with);
                    refused.map_or(Verdict::Fail, |reason| Verdict::Skip { reason })
                }
                Verdict::Error { reason: why } => {
                    let refused = refusal::refused_to_engine(&why, refused_with);
                    refused.map_or(Verdict::Error { reason: why }, |reason| Verdict::Skip { reason })
                }
                verdict => verdict,
            };
            let mut trace = run.trace.lines();
            let verdict = match witness.leak(approved.unwrap_or_default()) {
                Some(leak) => {
                    trace.push(format!("--- {leak} ---"));
                    Verdict::Fail
                }
                None => verdict,
            };
            let record = Record {
                id: case.id.to_string(),
                verdict: verdict.known_as(known.iter().find(|known| known.case == case.id)),
                duration_us: run.duration.as_micros() as u64,
                trace,
            };
            done(cases[number], record)
        });
        self.witness = witness;
        flow
    }
}

/// Why a case is not judged that rests on a broken foundation.
fn rests_on((basis, found): &(&'static Basis, String)) -> String {
    format!("rests on '{}', which this kernel breaks: {found}", basis.foundation.rule)
}
