//! The runner: decides which cases can be run here, has them run, and judges their traces.
//!
//! It has no threads. Forking and deadlines are the server's business; how results are shown is
//! the business of whoever takes the records.

use crate::case::Case;
use crate::catalogue::Catalogue;
use crate::known::Known;
use crate::requirement::{Finding, Need};
use crate::snapshot;
use crate::verdict::{Record, SkipReason, Verdict};
use nsconform_lab::call::Call;
use nsconform_lab::call::process::ProcessCalls;
use nsconform_lab::interrupt::Interrupt;
use nsconform_lab::journal;
use nsconform_lab::lab::Changes;
use nsconform_lab::outcome::Outcome;
use nsconform_lab::seal::{Containment, Ground, Mode};
use nsconform_lab::server::{Body, Compiled, Finish, Job, Ready, Report, Server};
use nsconform_lab::trace::{End, Event, Trace};
use nsconform_sys::kind;
use nsconform_sys::single_threaded::SingleThreaded;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::Duration;

/// The thing that a job plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The case with this index in the catalogue.
    Case(usize),
    /// The probe of the requirement with this index in the catalogue.
    Probe(usize),
    /// Next to nothing: shows that a director can be sealed and create a process.
    Nothing,
}

const NEXT_TO_NOTHING: Compiled = Compiled {
    ground: Ground::Root,
    cgroup: false,
    body: Body::Script(|lab| lab.process("first")?.getpid().map(drop)),
};

/// The deadline of a case, before scaling.
pub const DEADLINE: Duration = Duration::from_secs(2);

/// How long the fork server may take to prepare the sealed place, before scaling.
const SEAL_TIME: Duration = Duration::from_secs(60);
/// How long the fork server may take beyond the time of its directors.
const END_TIME: Duration = Duration::from_secs(30);

/// What one job gave.
#[derive(Clone, Debug)]
pub struct Run {
    /// What happened.
    pub trace: Trace,
    /// How the director came to its end.
    pub finish: Finish,
    /// From the start of the director to the end of everything it started.
    pub duration: Duration,
}

/// How cases are run.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// How many directors are at work side by side.
    pub jobs: usize,
    /// What every deadline is multiplied by.
    pub deadline_scale: f64,
    /// How far the cases are kept from the machine.
    pub containment: Containment,
}

impl Default for Setup {
    /// Two directors per processor, since the kernel makes some wait (for a network namespace to go,
    /// above all); usual deadlines, usual containment.
    fn default() -> Setup {
        let jobs = 2 * std::thread::available_parallelism().map_or(1, usize::from);
        Setup { jobs, deadline_scale: 1.0, containment: Containment::Usual }
    }
}

/// A runner and its fork server.
pub struct Runner {
    server: Server,
    catalogue: Catalogue,
    mode: Result<Mode, String>,
    /// By the name of the requirement.
    findings: BTreeMap<&'static str, Finding>,
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
        let Setup { jobs, deadline_scale, containment } = setup;
        let mut scripts = catalogue.scripts();
        scripts.push(NEXT_TO_NOTHING);
        let mut server = Server::start(single, &scripts, jobs, containment)?;
        let ready: Option<Ready> = server.receive(SEAL_TIME.mul_f64(deadline_scale.max(1.0)))?;
        let mode = ready
            .ok_or_else(|| io::Error::other("the fork server ended before it was ready"))?
            .map_err(|failure| failure.what);
        let deadline = DEADLINE.mul_f64(deadline_scale);
        let window = jobs * 2;
        let mut runner =
            Runner { server, catalogue, mode, findings: BTreeMap::new(), window, deadline, lost: false };
        if runner.mode.is_ok() {
            let mut sealed = Ok(());
            runner.run_jobs(&[runner.job(Role::Nothing)], &mut |_, run| {
                sealed = match (run.finish, run.trace.end()) {
                    (Finish::Ended, Some(End::Played)) => Ok(()),
                    (Finish::Ended, Some(End::Interrupted(Interrupt::Engine(why)))) => Err(why.clone()),
                    (Finish::NotStarted(why) | Finish::Died(why), _) => Err(why),
                    (finish, _) => Err(format!("{finish:?}")),
                };
            });
            if let Err(why) = sealed {
                runner.mode = Err(why);
            }
        }
        Ok(runner)
    }

    /// How the sealed place is privileged, or why there is none.
    pub fn mode(&self) -> Result<Mode, &str> {
        self.mode.as_ref().copied().map_err(String::as_str)
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
        };
        Job { script: script as u32, deadline: self.deadline, changes: Changes::default() }
    }

    /// A job for a case that is changed or disturbed on purpose.
    pub fn altered_job(&self, case: usize, changes: Changes) -> Job {
        Job { changes, ..self.job(Role::Case(case)) }
    }

    /// Runs jobs and hands over each with its index as soon as it is done, in whatever order.
    pub fn run_jobs(&mut self, jobs: &[Job], done: &mut dyn FnMut(usize, Run)) {
        let (mut next, mut outstanding) = (0, BTreeSet::new());
        while next < jobs.len() || !outstanding.is_empty() {
            while !self.lost && next < jobs.len() && outstanding.len() < self.window {
                self.lost = self.server.submit(next as u32, &jobs[next]).is_err();
                outstanding.insert(next);
                next += 1;
            }
            let longest = outstanding.iter().map(|index| jobs[*index].deadline).max().unwrap_or_default();
            // A director is given up after its time and three quarters of it; another one may have
            // been held until then.
            let patience = longest * 4 + END_TIME;
            let received = if self.lost { Ok(None) } else { self.server.receive(patience) };
            let Ok(Some(report)): Result<Option<Report>, _> = received else {
                let why = match received {
                    Err(error) => {
                        self.server.kill();
                        error.to_string()
                    }
                    Ok(_) => "the fork server has ended".to_string(),
                };
                self.lost = true;
                outstanding.extend(next..jobs.len());
                for index in outstanding {
                    let finish = Finish::NotStarted(why.clone());
                    done(index, Run { trace: Trace::default(), finish, duration: Duration::ZERO });
                }
                return;
            };
            let index = report.id as usize;
            outstanding.remove(&index);
            let (trace, finish) = match journal::decode(&report.journal) {
                Ok(trace) => (trace, report.finish),
                Err(why) => (Trace::default(), Finish::Died(why)),
            };
            done(index, Run { trace, finish, duration: report.duration });
        }
    }

    /// Probes requirements that were not probed before.
    pub fn probe(&mut self, needs: impl IntoIterator<Item = Need>) {
        let wanted: BTreeSet<&str> = needs.into_iter().map(|need| need.name).collect();
        let requirements = self.catalogue.requirements;
        let unknown: Vec<usize> = (0..requirements.len())
            .filter(|index| {
                let name = requirements[*index].name;
                wanted.contains(name) && !self.findings.contains_key(name)
            })
            .collect();
        let jobs: Vec<Job> = unknown.iter().map(|index| self.job(Role::Probe(*index))).collect();
        let mut found = Vec::new();
        self.run_jobs(&jobs, &mut |index, run| {
            let finding = match (run.finish, run.trace.end()) {
                (Finish::Ended, Some(End::Played)) => Ok(()),
                (Finish::Ended, Some(End::Unmet(why))) => Err(why.clone()),
                (Finish::Ended, Some(End::Interrupted(Interrupt::Engine(why)))) => Err(why.clone()),
                (Finish::Ended, Some(End::Interrupted(why))) => Err(format!("the probe {why}")),
                (Finish::TimedOut, _) => Err("the probe did not end before its deadline".to_string()),
                (finish, _) => Err(format!("the probe failed: {finish:?}")),
            };
            found.push((requirements[unknown[index]].name, finding));
        });
        self.findings.extend(found);
    }

    /// What the probe of a requirement found; probes it if that was not done yet.
    pub fn finding(&mut self, need: Need) -> Finding {
        self.probe([need]);
        self.findings[need.name].clone()
    }

    /// Why a case cannot be run here, if so; its needs must have been probed.
    fn skip_reason(&self, case: &Case) -> Option<SkipReason> {
        let mode = match &self.mode {
            Ok(mode) => *mode,
            Err(what) => return Some(SkipReason::Seal { what: what.clone() }),
        };
        if case.ground == Ground::StartedAsRoot && mode != Mode::Privileged {
            return Some(SkipReason::NotRoot);
        }
        self.catalogue.needs(case).into_iter().find_map(|need| match &self.findings[need.name] {
            Ok(()) => None,
            Err(found) => Some(SkipReason::Need {
                need: need.name.to_string(),
                found: found.clone(),
                remedy: need.remedy.to_string(),
            }),
        })
    }

    /// Of these cases (by index in the catalogue) gives those that cannot be run here, with the
    /// reason, and those that can.
    pub fn sort_out(&mut self, cases: &[usize]) -> (Vec<(usize, SkipReason)>, Vec<usize>) {
        if self.mode.is_ok() {
            let needs: Vec<Need> =
                cases.iter().flat_map(|index| self.catalogue.needs(self.catalogue.cases[*index])).collect();
            self.probe(needs);
        }
        let mut skipped = Vec::new();
        let mut runnable = Vec::new();
        for &index in cases {
            let case = self.catalogue.cases[index];
            match self.skip_reason(case) {
                Some(reason) => skipped.push((index, reason)),
                None => runnable.push(index),
            }
        }
        (skipped, runnable)
    }

    /// Runs these cases (by index in the catalogue) and hands over a record of each as soon as
    /// there is one. `known` are the deviations that are known of this machine.
    pub fn run_cases(&mut self, cases: &[usize], known: &[Known], done: &mut dyn FnMut(usize, Record)) {
        let (skipped, mut runnable) = self.sort_out(cases);
        // The catalogue begins with the quick cases; they fill the gaps that the slow ones leave.
        runnable.reverse();
        for (index, reason) in skipped {
            let record = Record {
                id: self.catalogue.cases[index].id.to_string(),
                verdict: Verdict::Skip { reason },
                duration_us: 0,
                trace: Vec::new(),
            };
            done(index, record);
        }
        let jobs: Vec<Job> = runnable.iter().map(|index| self.job(Role::Case(*index))).collect();
        let (catalogue, deadline) = (self.catalogue, self.deadline);
        self.run_jobs(&jobs, &mut |index, run| {
            let case = catalogue.cases[runnable[index]];
            let record = Record {
                id: case.id.to_string(),
                verdict: judge(&run, (catalogue.approved)(case.id), deadline)
                    .known_as(known.iter().find(|known| known.case == case.id)),
                duration_us: run.duration.as_micros() as u64,
                trace: run.trace.lines(),
            };
            done(runnable[index], record);
        });
    }
}

/// The verdict on a run, given the approved trace.
pub fn judge(run: &Run, approved: Option<&str>, deadline: Duration) -> Verdict {
    match &run.finish {
        Finish::NotStarted(why) | Finish::Died(why) => return Verdict::Error { reason: why.clone() },
        Finish::TimedOut => {
            return Verdict::Timeout {
                reason: format!("did not end within {:.1} s", deadline.as_secs_f64()),
            };
        }
        Finish::NotEnded => {
            return Verdict::Timeout {
                reason: format!(
                    "did not end within {:.1} s, and the kernel did not end its processes when they were killed",
                    deadline.as_secs_f64()
                ),
            };
        }
        Finish::Ended => {}
    }
    match run.trace.end() {
        None => return Verdict::Error { reason: "the director ended without ending its trace".to_string() },
        Some(End::Panicked(message)) => {
            return Verdict::Error { reason: format!("the case panicked: {message}") };
        }
        Some(End::Interrupted(Interrupt::Engine(why) | Interrupt::Script(why))) => {
            return Verdict::Error { reason: why.clone() };
        }
        Some(_) => {}
    }
    if run.trace.calls() == 0 {
        return Verdict::Error { reason: "the case asked nothing of the kernel".to_string() };
    }
    match approved {
        None => Verdict::Error { reason: "there is no approved trace to compare with".to_string() },
        Some(expected) if snapshot::agrees(expected, &run.trace.text()) => Verdict::Pass,
        Some(expected) => match exhausted(&run.trace, expected) {
            Some(reason) => Verdict::Error { reason },
            None => Verdict::Fail,
        },
    }
}

/// The answer that says that the machine had nothing left to give, if there is one that the
/// approved trace does not expect: then the run says nothing about the rule.
fn exhausted(trace: &Trace, expected: &str) -> Option<String> {
    let mut called: BTreeMap<u16, &Call> = BTreeMap::new();
    trace.0.iter().find_map(|event| match event {
        Event::Call { process, call } => {
            called.insert(*process, call);
            None
        }
        Event::Answer { process, outcome: Outcome::Failed(errno) } => {
            let call = called.get(process)?;
            let remedy = match errno.0 {
                libc::EAGAIN if call.creates().is_some() => {
                    "more processes (ulimit -u, pids.max of the cgroup)"
                }
                libc::ENOSPC if call.flags().is_some_and(|flags| !kind::creations(flags).is_empty()) => {
                    "more namespaces (/proc/sys/user/max_*_namespaces)"
                }
                libc::EMFILE => "more descriptors (ulimit -n)",
                libc::ENFILE => "more open files (fs.file-max)",
                _ => return None,
            };
            let unexpected = !expected.contains(&errno.name());
            unexpected.then(|| format!("{} gives {}: allow {remedy}", call.name(), errno.describe()))
        }
        _ => None,
    })
}
