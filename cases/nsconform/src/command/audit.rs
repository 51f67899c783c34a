//! `nsconform audit`: tells every lie that can be told in every case and lists those that nothing
//! notices.

use super::{Done, Failure, Format, print, select};
use anstyle::{AnsiColor, Style};
use nsconform_catalogue::{approved, catalogue, claims, known};
use nsconform_lab::interrupt::Interrupt;
use nsconform_lab::lab::Changes;
use nsconform_lab::seal::Containment;
use nsconform_lab::server::{Finish, Job};
use nsconform_lab::trace::End;
use nsconform_lab::watch::Expected;
use nsconform_report::ExitStatus;
use nsconform_suite::audit::{Lie, WrongAnswers, lies, wrong_answers};
use nsconform_suite::case::Case;
use nsconform_suite::runner::Role;
use nsconform_suite::runner::{DEADLINE, Run, Runner, Setup, judge};
use nsconform_suite::verdict::{SkipReason, Verdict};
use nsconform_sys::machine::Machine;
use nsconform_sys::single_threaded::SingleThreaded;
use serde::Serialize;
use std::io::{self, Write};
use std::iter::Sum;
use std::time::{Duration, Instant};

/// The command line of `audit`.
#[derive(clap::Args)]
pub struct Arguments {
    /// Audit only cases whose id holds one of these (`*` stands for anything), and show the score
    /// of each
    #[arg(value_name = "PATTERN")]
    patterns: Vec<String>,
    /// How many runs are made side by side [default: 32 per processor, since many only wait]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    jobs: Option<u16>,
    /// The form of the result
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Cases that do not pass as they are, so that no lie can be told in them.
type Failing = Vec<(&'static Case, Verdict)>;

/// What came of it all.
struct Audit {
    audited: Vec<Audited>,
    skipped: Vec<(&'static Case, SkipReason)>,
    failing: Failing,
    took: Duration,
}

/// What became of one case.
struct Audited {
    case: &'static Case,
    trace: Vec<String>,
    told: usize,
    /// Lies that nothing noticed, and the excuse if there is one.
    survivors: Vec<(Lie, Option<&'static str>)>,
    /// Excuses for lies that are noticed, or that cannot be told.
    stale: Vec<&'static str>,
    wrong_answers: WrongAnswers,
}

/// What is counted, of one case or of all.
#[derive(Clone, Copy, Default, Serialize)]
struct Score {
    told: usize,
    noticed: usize,
    excused: usize,
    survive: usize,
    stale_excuses: usize,
    wrong_answers: usize,
    unseen: usize,
}

/// An answer in a lied-to run is waited for this many times as long as the whole honest run took,
/// and some time more, before the run counts as stuck if nothing moves in it.
const PATIENCE: u32 = 2;
/// The time that an answer is waited for in any case.
const LEAST_PATIENCE: Duration = Duration::from_millis(50);

/// Runs the command.
pub fn audit(single: &SingleThreaded, arguments: &Arguments) -> Done {
    let started = Instant::now();
    let ids: Vec<&str> = catalogue().iter().map(|case| case.id).collect();
    let selected = select(&ids, &arguments.patterns, &[], false)?;
    let usual = Setup::default();
    let setup = Setup {
        jobs: arguments.jobs.map_or(usual.jobs * 16, usize::from),
        containment: Containment::UserNamespace,
        ..usual
    };
    let mut runner = Runner::start(single, claims(), setup)
        .map_err(|error| Failure::harness(format!("the fork server cannot be started: {error}")))?;
    let (decided, runnable) = runner.sort_out(&selected);
    let (honest, mut failing) = honest_runs(&mut runner, &runnable);
    let audited = lied_to_runs(&mut runner, &honest)?;
    drop(runner);
    let mut skipped = Vec::new();
    for (index, verdict) in decided {
        match verdict {
            Verdict::Skip { reason } => skipped.push((catalogue()[index], reason)),
            other => failing.push((catalogue()[index], other)),
        }
    }
    let audit = Audit { audited, skipped, failing, took: started.elapsed() };
    print(|to| match arguments.format {
        Format::Human => write_human(to, &audit, !arguments.patterns.is_empty()),
        Format::Json => write_json(to, &audit),
    })?;
    Ok(audit.exit_status())
}

/// Runs each case once as it is, and tells those that pass from those that do not.
fn honest_runs(runner: &mut Runner, cases: &[usize]) -> (Vec<(usize, Run)>, Failing) {
    let jobs: Vec<Job> = cases.iter().map(|index| runner.job(Role::Case(*index))).collect();
    let mut runs = Vec::new();
    runner.run_jobs(&jobs, &mut |number, run| runs.push((cases[number], run)));
    runs.sort_by_key(|(index, _)| *index);
    let known = known(&Machine::look());
    let (mut honest, mut failing) = (Vec::new(), Vec::new());
    for (index, run) in runs {
        let case = catalogue()[index];
        match judge(&run, approved(case.id), DEADLINE) {
            Verdict::Pass => honest.push((index, run)),
            verdict => {
                let known = known.iter().find(|known| known.case == case.id);
                failing.push((case, verdict.known_as(known)));
            }
        }
    }
    (honest, failing)
}

fn lied_to_runs(runner: &mut Runner, honest: &[(usize, Run)]) -> Result<Vec<Audited>, Failure> {
    let mut told: Vec<(usize, Lie)> = Vec::new();
    for (place, (_, run)) in honest.iter().enumerate() {
        told.extend(lies(&run.trace).into_iter().map(|lie| (place, lie)));
    }
    // Neighbours in the catalogue wait for the same locks of the kernel; others can run meanwhile.
    fastrand::Rng::with_seed(0).shuffle(&mut told);
    let jobs: Vec<Job> =
        told.iter().map(|(place, lie)| lied_to_job(runner, &honest[*place], lie.clone())).collect();
    let mut survivors: Vec<Vec<Lie>> = vec![Vec::new(); honest.len()];
    let mut wrong: Vec<Option<WrongAnswers>> = vec![None; honest.len()];
    let mut not_made = Ok(());
    runner.run_jobs(&jobs, &mut |number, run| {
        let (place, lie) = &told[number];
        let (index, honest) = &honest[*place];
        let case = catalogue()[*index];
        // Comparing needs no process: it is done here while others run.
        wrong[*place].get_or_insert_with(|| wrong_answers(&honest.trace));
        if let Finish::NotStarted(why) = &run.finish {
            let what = format!("a lied-to run of {} cannot be made, so nothing can be said: {why}", case.id);
            not_made = Err(Failure::harness(what));
        } else if !noticed(&run, case) {
            survivors[*place].push(lie.clone());
        }
    });
    not_made?;
    let audited = honest.iter().zip(survivors.into_iter().zip(wrong)).enumerate();
    Ok(audited
        .map(|(place, ((index, run), (survivors, wrong)))| {
            let told = told.iter().filter(|(of, _)| *of == place).count();
            let wrong_answers = wrong.unwrap_or_else(|| wrong_answers(&run.trace));
            Audited::new(catalogue()[*index], run.trace.lines(), told, survivors, wrong_answers)
        })
        .collect())
}

fn lied_to_job(runner: &Runner, (index, honest): &(usize, Run), lie: Lie) -> Job {
    let patience = honest.duration * PATIENCE + LEAST_PATIENCE;
    let expected = Some(Expected { entries: honest.trace.entries(), patience });
    runner.altered_job(*index, Changes { tamper: Some(lie.tamper), expected, ..Changes::default() })
}

/// Whether a run shows that it was lied to.
fn noticed(run: &Run, case: &Case) -> bool {
    let stopped = matches!(run.trace.end(), Some(End::Interrupted(Interrupt::Differs | Interrupt::Stuck)));
    stopped || judge(run, approved(case.id), DEADLINE) != Verdict::Pass
}

impl Audited {
    fn new(
        case: &'static Case,
        trace: Vec<String>,
        told: usize,
        mut survivors: Vec<Lie>,
        wrong_answers: WrongAnswers,
    ) -> Audited {
        survivors.sort_by_key(|lie| lie.tamper.call);
        let stale = case
            .excuses
            .iter()
            .map(|excuse| excuse.lie)
            .filter(|excused| !survivors.iter().any(|lie| lie.text == *excused))
            .collect();
        let excused = |lie: Lie| {
            let excuse = case.excuses.iter().find(|excuse| excuse.lie == lie.text).map(|excuse| excuse.why);
            (lie, excuse)
        };
        let survivors = survivors.into_iter().map(excused).collect();
        Audited { case, trace, told, survivors, stale, wrong_answers }
    }

    fn score(&self) -> Score {
        let excused = self.survivors.iter().filter(|(_, excuse)| excuse.is_some()).count();
        Score {
            told: self.told,
            noticed: self.told - self.survivors.len(),
            excused,
            survive: self.survivors.len() - excused,
            stale_excuses: self.stale.len(),
            wrong_answers: self.wrong_answers.told,
            unseen: self.wrong_answers.unseen.len(),
        }
    }
}

impl Sum for Score {
    fn sum<I: Iterator<Item = Score>>(scores: I) -> Score {
        scores.fold(Score::default(), |sum, one| Score {
            told: sum.told + one.told,
            noticed: sum.noticed + one.noticed,
            excused: sum.excused + one.excused,
            survive: sum.survive + one.survive,
            stale_excuses: sum.stale_excuses + one.stale_excuses,
            wrong_answers: sum.wrong_answers + one.wrong_answers,
            unseen: sum.unseen + one.unseen,
        })
    }
}

impl Score {
    fn is_weak(&self) -> bool {
        self.survive + self.stale_excuses + self.unseen > 0
    }
}

impl Audit {
    fn score(&self) -> Score {
        self.audited.iter().map(Audited::score).sum()
    }

    fn exit_status(&self) -> ExitStatus {
        let failing = |wanted: fn(&Verdict) -> bool| self.failing.iter().any(|(_, verdict)| wanted(verdict));
        if failing(|verdict| matches!(verdict, Verdict::Error { .. } | Verdict::Timeout { .. })) {
            ExitStatus::HarnessFailed
        } else if self.score().is_weak()
            || failing(|verdict| matches!(verdict, Verdict::Fail | Verdict::NotJudged { .. }))
        {
            ExitStatus::CaseFailed
        } else if self.audited.is_empty() {
            ExitStatus::NothingTested
        } else {
            ExitStatus::Success
        }
    }
}

fn write_human(to: &mut dyn Write, audit: &Audit, each: bool) -> io::Result<()> {
    let (bad, mark) = (AnsiColor::Red.on_default().bold(), Style::new().bold());
    if each {
        for case in &audit.audited {
            let score = case.score();
            writeln!(to, "{:>3} of {:<3} noticed  {}", score.noticed, score.told, case.case.id)?;
        }
        writeln!(to)?;
    }
    for case in &audit.audited {
        let id = case.case.id;
        for (lie, excuse) in &case.survivors {
            match excuse {
                None => {
                    writeln!(
                        to,
                        "{bad}SURVIVES{bad:#} {mark}{id}{mark:#}: nothing notices if this is not done:"
                    )?;
                    write_marked(to, case, lie)?;
                }
                Some(why) if each => writeln!(to, "EXCUSED {id}: {}: {why}\n", lie.text)?,
                Some(_) => {}
            }
        }
        for lie in &case.stale {
            writeln!(to, "{bad}STALE{bad:#} {mark}{id}{mark:#}: the excuse for {lie} no longer applies\n")?;
        }
        for unseen in &case.wrong_answers.unseen {
            writeln!(to, "{bad}UNSEEN{bad:#} {mark}{id}{mark:#}: the comparison does not see {unseen}\n")?;
        }
    }
    for (case, verdict) in &audit.failing {
        let shown = if matches!(verdict, Verdict::Known { .. }) { Style::new() } else { bad };
        writeln!(
            to,
            "{shown}NOT AUDITED{shown:#} {}: does not pass as it is: {}\n",
            case.id,
            verdict.word()
        )?;
    }
    let score = audit.score();
    writeln!(
        to,
        "cases          {} audited, {} cannot be run here, {} do not pass as they are",
        audit.audited.len(),
        audit.skipped.len(),
        audit.failing.len()
    )?;
    writeln!(
        to,
        "lies           {} told, {} noticed, {} excused, {} survive",
        score.told, score.noticed, score.excused, score.survive
    )?;
    if score.stale_excuses > 0 {
        writeln!(to, "excuses        {} no longer apply", score.stale_excuses)?;
    }
    writeln!(
        to,
        "wrong answers  {} told, {} seen by the comparison",
        score.wrong_answers,
        score.wrong_answers - score.unseen
    )?;
    writeln!(to, "took           {:.2} s", audit.took.as_secs_f64())
}

fn write_marked(to: &mut dyn Write, case: &Audited, lie: &Lie) -> io::Result<()> {
    let mut call = 0;
    for line in &case.trace {
        // Notes and resumed calls are lines of the trace without being calls of their own.
        let is_call = !line.starts_with(['#', '-']) && !line.contains("  <... ");
        let marked = is_call && call == lie.tamper.call;
        writeln!(to, "  {} {line}", if marked { '>' } else { ' ' })?;
        call += u32::from(is_call);
    }
    writeln!(to, "  the lie: {}\n", lie.text)
}

/// One line of the result for programs: the cases, then one that counts them.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Line<'a> {
    Case {
        id: &'a str,
        #[serde(flatten)]
        score: Score,
        survivors: Vec<Survivor<'a>>,
        /// Excuses that no longer apply.
        stale: &'a [&'static str],
        /// Wrong answers that the comparison does not see.
        unseen_answers: &'a [String],
    },
    /// A case that cannot be run here.
    Skipped { id: &'a str, reason: &'a SkipReason },
    /// A case that does not pass as it is.
    Failing {
        id: &'a str,
        #[serde(flatten)]
        verdict: &'a Verdict,
    },
    Done {
        cases: usize,
        skipped: usize,
        failing: usize,
        #[serde(flatten)]
        score: Score,
        duration_us: u64,
    },
}

/// A lie that nothing noticed.
#[derive(Serialize)]
struct Survivor<'a> {
    call: u32,
    lie: &'a str,
    excuse: Option<&'a str>,
}

fn write_json(to: &mut dyn Write, audit: &Audit) -> io::Result<()> {
    let cases = audit.audited.iter().map(|case| Line::Case {
        id: case.case.id,
        score: case.score(),
        survivors: case
            .survivors
            .iter()
            .map(|(lie, excuse)| Survivor { call: lie.tamper.call, lie: &lie.text, excuse: *excuse })
            .collect(),
        stale: &case.stale,
        unseen_answers: &case.wrong_answers.unseen,
    });
    let skipped = audit.skipped.iter().map(|(case, reason)| Line::Skipped { id: case.id, reason });
    let failing = audit.failing.iter().map(|(case, verdict)| Line::Failing { id: case.id, verdict });
    let done = Line::Done {
        cases: audit.audited.len(),
        skipped: audit.skipped.len(),
        failing: audit.failing.len(),
        score: audit.score(),
        duration_us: audit.took.as_micros() as u64,
    };
    for line in cases.chain(skipped).chain(failing).chain([done]) {
        writeln!(to, "{}", serde_json::to_string(&line)?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use nsconform_lab::lab::{Deed, Tamper};
    use nsconform_lab::outcome::{Outcome, Value};
    use nsconform_suite::audit::Excuse;
    use nsconform_suite::case::CASE;
    use rstest::rstest;

    static WEAK: Case = Case { id: "uts.weak", ..CASE };
    static EXCUSED: Case =
        Case { id: "uts.excused", excuses: &[Excuse { lie: "exit(0)", why: "it only ends" }], ..CASE };

    /// An audit of one case in which the lie about the call with this number survives, if any does.
    fn audit(case: &'static Case, survivor: Option<u32>) -> Audit {
        let trace = [
            "a  begun()                                  <unfinished ...>",
            "# a note",
            "b  getpid()                                 = 3",
            "a  <... begun resumed>                      = 0",
            "b  exit(0)                                  = ?",
        ];
        let lie = |call| Lie {
            text: "exit(0)".to_string(),
            tamper: Tamper { call, deed: Deed::Withhold(Outcome::Returned(Value::ZERO)) },
        };
        let trace = trace.map(str::to_string).to_vec();
        let survivors = survivor.into_iter().map(lie).collect();
        let audited = vec![Audited::new(case, trace, 3, survivors, WrongAnswers::default())];
        Audit { audited, skipped: Vec::new(), failing: Vec::new(), took: Duration::ZERO }
    }

    fn shown(audit: &Audit, each: bool) -> String {
        let mut text = Vec::new();
        write_human(&mut text, audit, each).unwrap();
        String::from_utf8(anstream::adapter::strip_bytes(&text).into_vec()).unwrap()
    }

    #[rstest]
    #[case::all_is_noticed(&WEAK, None, ExitStatus::Success, "3 told, 3 noticed, 0 excused, 0 survive")]
    #[case::a_survivor(&WEAK, Some(2), ExitStatus::CaseFailed, "3 told, 2 noticed, 0 excused, 1 survive")]
    #[case::an_excuse(&EXCUSED, Some(2), ExitStatus::Success, "3 told, 2 noticed, 1 excused, 0 survive")]
    #[case::a_stale_excuse(&EXCUSED, None, ExitStatus::CaseFailed, "the excuse for exit(0) no longer applies")]
    fn survivors_fail_unless_excused_and_excuses_unless_needed(
        #[case] case: &'static Case,
        #[case] survivor: Option<u32>,
        #[case] expected: ExitStatus,
        #[case] message: &str,
    ) {
        let audit = audit(case, survivor);
        assert_eq!(audit.exit_status(), expected);
        let shown = shown(&audit, false);
        assert!(shown.contains(message), "{shown}");
    }

    #[test]
    fn the_step_that_nothing_checks_is_marked_in_the_trace() {
        let shown = shown(&audit(&WEAK, Some(2)), false);
        let marked: Vec<&str> = shown.lines().filter(|line| line.starts_with("  > ")).collect();
        assert_eq!(marked, ["  > b  exit(0)                                  = ?"], "{shown}");
        assert!(shown.contains("SURVIVES uts.weak"), "{shown}");
    }

    #[test]
    fn the_score_and_the_excuses_of_chosen_cases_are_shown() {
        let shown = shown(&audit(&EXCUSED, Some(2)), true);
        assert!(shown.contains("  2 of 3   noticed  uts.excused"), "{shown}");
        assert!(shown.contains("EXCUSED uts.excused: exit(0): it only ends"), "{shown}");
    }

    #[rstest]
    #[case::known(Verdict::Known { reason: String::new() }, ExitStatus::Success)]
    #[case::fails(Verdict::Fail, ExitStatus::CaseFailed)]
    #[case::error(Verdict::Error { reason: String::new() }, ExitStatus::HarnessFailed)]
    fn a_case_that_does_not_pass_is_no_success(#[case] verdict: Verdict, #[case] expected: ExitStatus) {
        let audit = Audit { failing: vec![(&WEAK, verdict)], ..audit(&EXCUSED, Some(2)) };
        assert_eq!(audit.exit_status(), expected);
        assert!(shown(&audit, false).contains("NOT AUDITED uts.weak"));
    }
}
