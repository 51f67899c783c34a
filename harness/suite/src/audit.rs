//! Running the mutants of cases: each case once as it is, then each of its mutants, and whether the
//! case catches it.
//!
//! Which mutants there are lives in `mutation`; how the result is shown is the business of whoever
//! asks.

use crate::case::Case;
use crate::catalogue::Catalogue;
use crate::judge::judge;
use crate::known::Known;
use crate::mutation::{Mutant, WrongAnswers, mutants, wrong_answers};
use crate::runner::{DEADLINE, JobResult, Role, Runner};
use crate::shown::ShownFault;
use crate::verdict::{ExitStatus, SkipReason, Verdict};
use nsconform_lab::conduct::Conduct;
use nsconform_lab::conduct::watch::Expected;
use nsconform_lab::interrupt::Interrupt;
use nsconform_lab::job::{Finish, Job};
use nsconform_lab::trace::End;
use serde::Serialize;
use std::iter::Sum;
use std::time::Duration;

/// An answer in a mutant is waited for this many times as long as the whole honest run took, and
/// some time more, before the run counts as stuck if nothing moves in it.
const PATIENCE: u32 = 2;
/// The time that an answer is waited for in any case.
const LEAST_PATIENCE: Duration = Duration::from_millis(50);

/// Cases that do not pass as they are, so that they have no mutants.
pub type Failing = Vec<(&'static Case, Verdict)>;

/// The result of all cases.
pub struct Audit {
    /// The cases whose mutants were run.
    pub audited: Vec<AuditedCase>,
    /// The cases that cannot be run here.
    pub skipped: Vec<(&'static Case, SkipReason)>,
    /// The cases that do not pass as they are.
    pub failing: Failing,
}

/// The result of one case.
pub struct AuditedCase {
    /// The case.
    pub case: &'static Case,
    /// The lines of its honest trace.
    pub trace: Vec<String>,
    /// How many mutants it has.
    pub mutants: usize,
    /// The mutants that it misses, and why that is accepted, if it is.
    pub missed: Vec<(Mutant, Option<&'static str>)>,
    /// Mutants that are accepted although the case catches them, or has no such mutant.
    pub stale: Vec<&'static str>,
    /// The wrong answers of its trace.
    pub wrong_answers: WrongAnswers,
    /// A mutant that it catches, for pages to show.
    pub shown: Option<ShownFault>,
}

/// The numbers of one case or of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Score {
    /// Mutants.
    pub mutants: usize,
    /// Mutants that a case catches.
    pub caught: usize,
    /// Mutants that a case misses, and that are accepted.
    pub accepted: usize,
    /// Mutants that a case misses.
    pub missed: usize,
    /// Accepted mutants that are caught, or that there are not.
    pub stale: usize,
    /// Wrong answers.
    pub wrong_answers: usize,
    /// Wrong answers that the comparison does not see.
    pub unseen: usize,
}

impl Sum for Score {
    fn sum<I: Iterator<Item = Score>>(scores: I) -> Score {
        scores.fold(Score::default(), |sum, one| Score {
            mutants: sum.mutants + one.mutants,
            caught: sum.caught + one.caught,
            accepted: sum.accepted + one.accepted,
            missed: sum.missed + one.missed,
            stale: sum.stale + one.stale,
            wrong_answers: sum.wrong_answers + one.wrong_answers,
            unseen: sum.unseen + one.unseen,
        })
    }
}

impl Score {
    fn is_weak(&self) -> bool {
        self.missed + self.stale + self.unseen > 0
    }
}

impl AuditedCase {
    /// Sorts the missed mutants into those that are accepted and those that are not.
    pub fn new(
        case: &'static Case,
        trace: Vec<String>,
        mutants: usize,
        mut missed: Vec<Mutant>,
        wrong_answers: WrongAnswers,
    ) -> AuditedCase {
        missed.sort_by_key(|mutant| mutant.injection.call);
        let stale = case
            .accepted
            .iter()
            .map(|accepted| accepted.mutant)
            .filter(|accepted| !missed.iter().any(|mutant| mutant.text == *accepted))
            .collect();
        let with_reason = |mutant: Mutant| {
            let accepted = case.accepted.iter().find(|accepted| accepted.mutant == mutant.text);
            (mutant, accepted.map(|accepted| accepted.why))
        };
        let missed = missed.into_iter().map(with_reason).collect();
        AuditedCase { case, trace, mutants, missed, stale, wrong_answers, shown: None }
    }

    /// Its numbers.
    pub fn score(&self) -> Score {
        let accepted = self.missed.iter().filter(|(_, why)| why.is_some()).count();
        Score {
            mutants: self.mutants,
            caught: self.mutants - self.missed.len(),
            accepted,
            missed: self.missed.len() - accepted,
            stale: self.stale.len(),
            wrong_answers: self.wrong_answers.told,
            unseen: self.wrong_answers.unseen.len(),
        }
    }
}

impl Audit {
    /// The numbers of all cases.
    pub fn score(&self) -> Score {
        self.audited.iter().map(AuditedCase::score).sum()
    }

    /// The exit status of the audit: a case that misses a mutant is as bad as one that fails.
    pub fn exit_status(&self) -> ExitStatus {
        let of_failing = |verdict: &Verdict| match verdict.status(false).exit_status() {
            // A failure that is expected takes nothing from the cases that were audited.
            ExitStatus::Success => ExitStatus::NothingTested,
            status => status,
        };
        let audited = match (self.audited.is_empty(), self.score().is_weak()) {
            (_, true) => ExitStatus::CaseFailed,
            (false, false) => ExitStatus::Success,
            (true, false) => ExitStatus::NothingTested,
        };
        audited.and(ExitStatus::of_all(self.failing.iter().map(|(_, verdict)| of_failing(verdict))))
    }
}

/// Audits these cases (by index in the catalogue). `known` are the failures that are expected here;
/// `step` hears after each mutant how many of how many are done.
///
/// # Errors
/// When a mutant cannot be run, so that nothing can be said of its case.
pub fn audit(
    runner: &mut Runner,
    catalogue: Catalogue,
    cases: &[usize],
    known: &[Known],
    step: &mut dyn FnMut(usize, usize),
) -> Result<Audit, String> {
    let (decided, runnable) = runner.split_runnable(cases);
    let (honest, mut failing) = honest_runs(runner, catalogue, &runnable, known);
    let audited = run_mutants(runner, catalogue, &honest, step)?;
    let mut skipped = Vec::new();
    for (index, verdict) in decided {
        match verdict {
            Verdict::Skip { reason } => skipped.push((catalogue.cases[index], reason)),
            other => failing.push((catalogue.cases[index], other)),
        }
    }
    Ok(Audit { audited, skipped, failing })
}

/// Runs each case once as it is, and tells those that pass from those that do not.
fn honest_runs(
    runner: &mut Runner,
    catalogue: Catalogue,
    cases: &[usize],
    known: &[Known],
) -> (Vec<(usize, JobResult)>, Failing) {
    let jobs: Vec<Job> = cases.iter().map(|index| runner.job(Role::Case(*index))).collect();
    let mut runs = Vec::new();
    runner.run_jobs(&jobs, &mut |number, run| runs.push((cases[number], run)));
    runs.sort_by_key(|(index, _)| *index);
    let (mut honest, mut failing) = (Vec::new(), Vec::new());
    for (index, run) in runs {
        let case = catalogue.cases[index];
        match judge(&run, (catalogue.approved)(case.id), DEADLINE) {
            Verdict::Pass => honest.push((index, run)),
            verdict => {
                let known = known.iter().find(|known| known.case == case.id);
                failing.push((case, verdict.known_as(known)));
            }
        }
    }
    (honest, failing)
}

fn run_mutants(
    runner: &mut Runner,
    catalogue: Catalogue,
    honest: &[(usize, JobResult)],
    step: &mut dyn FnMut(usize, usize),
) -> Result<Vec<AuditedCase>, String> {
    let mut all: Vec<(usize, Mutant)> = Vec::new();
    for (place, (_, run)) in honest.iter().enumerate() {
        all.extend(mutants(&run.trace).into_iter().map(|mutant| (place, mutant)));
    }
    // Neighbours in the catalogue wait for the same locks of the kernel; others can run meanwhile.
    fastrand::Rng::with_seed(0).shuffle(&mut all);
    let jobs: Vec<Job> =
        all.iter().map(|(place, mutant)| mutant_job(runner, &honest[*place], mutant.clone())).collect();
    let mut missed: Vec<Vec<Mutant>> = vec![Vec::new(); honest.len()];
    let mut wrong: Vec<Option<WrongAnswers>> = vec![None; honest.len()];
    let right: Vec<Vec<String>> = honest.iter().map(|(_, run)| run.trace.lines()).collect();
    let mut shown: Vec<Option<ShownFault>> = vec![None; honest.len()];
    let (mut not_made, mut done) = (Ok(()), 0);
    runner.run_jobs(&jobs, &mut |number, run| {
        let (place, mutant) = &all[number];
        let (index, honest) = &honest[*place];
        let case = catalogue.cases[*index];
        done += 1;
        step(done, jobs.len());
        // Comparing needs no process: it is done here while others run.
        wrong[*place].get_or_insert_with(|| wrong_answers(&honest.trace));
        if let Finish::NotStarted(why) = &run.finish {
            not_made =
                Err(format!("a mutant of {} cannot be run, so nothing can be said of it: {why}", case.id));
        } else if !catches(&run, case, catalogue) {
            missed[*place].push(mutant.clone());
        } else if let Some(fault) = ShownFault::of(case.id, &right[*place], mutant, &run.trace.lines())
            && shown[*place].as_ref().is_none_or(|other| fault.is_better_than(other))
        {
            shown[*place] = Some(fault);
        }
    });
    not_made?;
    let results = missed.into_iter().zip(wrong).zip(shown);
    let audited = honest.iter().zip(results).enumerate();
    Ok(audited
        .map(|(place, ((index, run), ((missed, wrong), shown)))| {
            let number = all.iter().filter(|(of, _)| *of == place).count();
            let wrong_answers = wrong.unwrap_or_else(|| wrong_answers(&run.trace));
            let case = catalogue.cases[*index];
            AuditedCase { shown, ..AuditedCase::new(case, run.trace.lines(), number, missed, wrong_answers) }
        })
        .collect())
}

fn mutant_job(runner: &Runner, (index, honest): &(usize, JobResult), mutant: Mutant) -> Job {
    let patience = honest.duration * PATIENCE + LEAST_PATIENCE;
    let expected = Some(Expected { entries: honest.trace.entries(), patience });
    runner.altered_job(*index, Conduct { injection: Some(mutant.injection), expected, ..Conduct::default() })
}

/// Whether the case shows in this run that it met a mutant.
fn catches(run: &JobResult, case: &Case, catalogue: Catalogue) -> bool {
    let stopped = matches!(run.trace.end(), Some(End::Interrupted(Interrupt::Differs | Interrupt::Stuck)));
    stopped || judge(run, (catalogue.approved)(case.id), DEADLINE) != Verdict::Pass
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::CASE;
    use crate::mutation::Accepted;
    use nsconform_lab::conduct::injection::{Fault, Injection};
    use nsconform_lab::outcome::{Outcome, Value};
    use rstest::rstest;

    static WEAK: Case = Case { id: "uts.weak", ..CASE };
    static EXCUSED: Case =
        Case { id: "uts.accepted", accepted: &[Accepted { mutant: "exit(0)", why: "it only ends" }], ..CASE };

    /// An audit of one case that has three mutants and misses one, if any.
    fn made_up(case: &'static Case, misses: bool) -> Audit {
        let mutant = Mutant {
            text: "exit(0)".to_string(),
            injection: Injection { call: 2, fault: Fault::Withhold(Outcome::Returned(Value::ZERO)) },
        };
        let missed = if misses { vec![mutant] } else { Vec::new() };
        let audited = vec![AuditedCase::new(case, Vec::new(), 3, missed, WrongAnswers::default())];
        Audit { audited, skipped: Vec::new(), failing: Vec::new() }
    }

    #[rstest]
    #[case::all_are_caught(&WEAK, false, ExitStatus::Success, [3, 0, 0, 0])]
    #[case::one_is_missed(&WEAK, true, ExitStatus::CaseFailed, [2, 0, 1, 0])]
    #[case::one_is_accepted(&EXCUSED, true, ExitStatus::Success, [2, 1, 0, 0])]
    #[case::an_accepted_one_is_caught(&EXCUSED, false, ExitStatus::CaseFailed, [3, 0, 0, 1])]
    fn missing_a_mutant_fails_unless_accepted_and_accepting_unless_missed(
        #[case] case: &'static Case,
        #[case] misses: bool,
        #[case] expected: ExitStatus,
        #[case] numbers: [usize; 4],
    ) {
        let audit = made_up(case, misses);
        assert_eq!(audit.exit_status(), expected);
        let score = audit.score();
        assert_eq!([score.caught, score.accepted, score.missed, score.stale], numbers);
    }

    #[rstest]
    #[case::expected_failure(Verdict::Known { reason: String::new() }, ExitStatus::Success)]
    #[case::fails(Verdict::Fail, ExitStatus::CaseFailed)]
    #[case::error(Verdict::Error { reason: String::new() }, ExitStatus::HarnessFailed)]
    fn a_case_that_does_not_pass_is_no_success(#[case] verdict: Verdict, #[case] expected: ExitStatus) {
        let audit = Audit { failing: vec![(&WEAK, verdict)], ..made_up(&EXCUSED, true) };
        assert_eq!(audit.exit_status(), expected);
    }

    #[test]
    fn nothing_audited_is_nothing_tested() {
        let audit = Audit { audited: Vec::new(), ..made_up(&WEAK, false) };
        assert_eq!(audit.exit_status(), ExitStatus::NothingTested);
    }
}
