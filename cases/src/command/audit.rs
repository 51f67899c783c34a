//! `nsconform audit`: tells every lie that can be told in every case and lists those that nothing
//! notices.

use super::{Done, Failure, Format, print, select};
use anstyle::{AnsiColor, Style};
use nsconform::{approved, catalogue};
use nsconform_harness::audit::{Lie, WrongAnswers, lies, wrong_answers};
use nsconform_harness::case::Case;
use nsconform_harness::report::ExitStatus;
use nsconform_harness::runner::{DEADLINE, Run, Runner, Setup, judge};
use nsconform_harness::seal::Containment;
use nsconform_harness::server::{Job, Role};
use nsconform_harness::verdict::{SkipReason, Verdict};
use serde::Serialize;
use std::io::{self, Write};
use std::time::{Duration, Instant};

/// The command line of `audit`.
#[derive(clap::Args)]
pub struct Arguments {
    /// Audit only cases whose id holds one of these (`*` stands for anything)
    #[arg(value_name = "PATTERN")]
    patterns: Vec<String>,
    /// How many runs are made side by side [default: 32 per processor, since many only hang]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    jobs: Option<u16>,
    /// The form of the result
    #[arg(long, value_enum, default_value_t)]
    format: Format,
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

impl Audited {
    fn unexcused(&self) -> usize {
        self.survivors.iter().filter(|(_, excuse)| excuse.is_none()).count()
    }
}

/// A lied-to run is given this many times what the honest one took, and some time more: a run that
/// the lie makes hang is to be known soon, and a slow machine is no lie.
const PATIENCE: u32 = 8;
/// The time that a lied-to run is given in any case.
const LEAST_PATIENCE: Duration = Duration::from_millis(150);

/// Runs the command.
pub fn audit(arguments: &Arguments) -> Done {
    let started = Instant::now();
    let ids: Vec<&str> = catalogue().iter().map(|case| case.id).collect();
    let selected = select(&ids, &arguments.patterns, &[], false)?;
    let usual = Setup::default();
    let setup = Setup {
        jobs: arguments.jobs.map_or(usual.jobs * 16, usize::from),
        containment: Containment::UserNamespace,
        ..usual
    };
    let mut runner = Runner::start(catalogue(), setup)
        .map_err(|error| Failure::harness(format!("the fork server cannot be started: {error}")))?;
    let (skipped, runnable) = runner.sort_out(&selected, &approved);
    let honest = honest_runs(&mut runner, &runnable)?;
    let audited = lied_to_runs(&mut runner, honest);
    drop(runner);
    print(|to| match arguments.format {
        Format::Human => write_human(to, &audited, &skipped, started.elapsed()),
        Format::Json => write_json(to, &audited),
    })?;
    let weak = audited
        .iter()
        .any(|case| case.unexcused() > 0 || !case.stale.is_empty() || !case.wrong_answers.unseen.is_empty());
    Ok(match (audited.is_empty(), weak) {
        (true, _) => ExitStatus::NothingTested,
        (false, true) => ExitStatus::CaseFailed,
        (false, false) => ExitStatus::Success,
    })
}

/// Runs each case once as it is. Lies can only be told to a case that passes.
fn honest_runs(runner: &mut Runner, cases: &[usize]) -> Result<Vec<(usize, Run)>, Failure> {
    let jobs: Vec<Job> = cases.iter().map(|index| runner.job(Role::Case(*index as u32))).collect();
    let mut runs = Vec::new();
    runner.run_jobs(&jobs, &mut |index, run| runs.push((cases[index], run)));
    runs.sort_by_key(|(index, _)| *index);
    runs.retain(|(index, run)| judge(run, approved(catalogue()[*index].id), DEADLINE) == Verdict::Pass);
    Ok(runs)
}

fn lied_to_runs(runner: &mut Runner, honest: Vec<(usize, Run)>) -> Vec<Audited> {
    let mut told: Vec<(usize, Lie)> = Vec::new();
    let mut jobs = Vec::new();
    for (place, (index, run)) in honest.iter().enumerate() {
        let patience = (run.duration * PATIENCE + LEAST_PATIENCE).min(DEADLINE);
        for lie in lies(&run.trace) {
            let job = runner.altered_job(*index, Some(lie.tamper.clone()), None);
            jobs.push(Job { deadline: patience, ..job });
            told.push((place, lie));
        }
    }
    let mut audited: Vec<Audited> = honest
        .iter()
        .map(|(index, run)| Audited {
            case: catalogue()[*index],
            trace: run.trace.lines(),
            told: 0,
            survivors: Vec::new(),
            stale: Vec::new(),
            wrong_answers: wrong_answers(&run.trace),
        })
        .collect();
    runner.run_jobs(&jobs, &mut |number, run| {
        let (place, lie) = &told[number];
        let audited = &mut audited[*place];
        audited.told += 1;
        if judge(&run, approved(audited.case.id), DEADLINE) == Verdict::Pass {
            let excuse = audited.case.excuses.iter().find(|excuse| excuse.lie == lie.text);
            audited.survivors.push((lie.clone(), excuse.map(|excuse| excuse.why)));
        }
    });
    for case in &mut audited {
        case.survivors.sort_by_key(|(lie, _)| lie.tamper.call);
        let lies: Vec<&str> = case.survivors.iter().map(|(lie, _)| lie.text.as_str()).collect();
        case.stale =
            case.case.excuses.iter().map(|excuse| excuse.lie).filter(|lie| !lies.contains(lie)).collect();
    }
    audited
}

fn write_human(
    to: &mut dyn Write,
    audited: &[Audited],
    skipped: &[(usize, SkipReason)],
    took: Duration,
) -> io::Result<()> {
    let (bad, mark) = (AnsiColor::Red.on_default().bold(), Style::new().bold());
    for case in audited {
        for (lie, _) in case.survivors.iter().filter(|(_, excuse)| excuse.is_none()) {
            writeln!(
                to,
                "{bad}SURVIVES{bad:#} {mark}{}{mark:#}: nothing notices if this is not done:",
                case.case.id
            )?;
            write_marked(to, case, lie)?;
        }
        for lie in &case.stale {
            writeln!(to, "{bad}STALE{bad:#} {}: the excuse for {lie} no longer applies\n", case.case.id)?;
        }
        for unseen in &case.wrong_answers.unseen {
            writeln!(to, "{bad}UNSEEN{bad:#} {}: the comparison does not see {unseen}\n", case.case.id)?;
        }
    }
    let told: usize = audited.iter().map(|case| case.told).sum();
    let survivors: usize = audited.iter().map(|case| case.survivors.len()).sum();
    let unexcused: usize = audited.iter().map(Audited::unexcused).sum();
    let wrong: usize = audited.iter().map(|case| case.wrong_answers.told).sum();
    let unseen: usize = audited.iter().map(|case| case.wrong_answers.unseen.len()).sum();
    writeln!(to, "cases          {} audited, {} cannot be run here", audited.len(), skipped.len())?;
    writeln!(
        to,
        "lies           {told} told, {} noticed, {} excused, {unexcused} survive",
        told - survivors,
        survivors - unexcused
    )?;
    writeln!(to, "wrong answers  {wrong} told, {} seen by the comparison", wrong - unseen)?;
    writeln!(to, "took           {:.2} s", took.as_secs_f64())
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

/// One line of the result for programs.
#[derive(Serialize)]
struct Exported<'a> {
    id: &'a str,
    told: usize,
    survivors: Vec<Survivor<'a>>,
    stale_excuses: &'a [&'static str],
    wrong_answers: usize,
    unseen: &'a [String],
}

/// A lie that nothing noticed.
#[derive(Serialize)]
struct Survivor<'a> {
    call: u32,
    lie: &'a str,
    excuse: Option<&'a str>,
}

fn write_json(to: &mut dyn Write, audited: &[Audited]) -> io::Result<()> {
    audited.iter().try_for_each(|case| {
        let exported = Exported {
            id: case.case.id,
            told: case.told,
            survivors: case
                .survivors
                .iter()
                .map(|(lie, excuse)| Survivor { call: lie.tamper.call, lie: &lie.text, excuse: *excuse })
                .collect(),
            stale_excuses: &case.stale,
            wrong_answers: case.wrong_answers.told,
            unseen: &case.wrong_answers.unseen,
        };
        writeln!(to, "{}", serde_json::to_string(&exported)?)
    })
}
