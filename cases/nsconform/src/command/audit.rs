//! `nsconform audit`: runs every mutant of every case and lists those that nothing catches.

use super::progress::ProgressLine;
use super::{CommandResult, Failure, TextOrJson, pattern, print, print_data, select};
use anstyle::{AnsiColor, Style};
use nsconform_catalogue::{catalogue, claims, known};
use nsconform_lab::seal::Isolation;
use nsconform_suite::audit::{self as suite, Audit, AuditedCase, Score};
use nsconform_suite::mutation::Mutant;
use nsconform_suite::runner::{Runner, Setup};
use nsconform_suite::shown::{ShownFault, place_of_call};
use nsconform_suite::verdict::{SkipReason, Status, Verdict};
use nsconform_sys::machine::Machine;
use nsconform_sys::single_threaded::SingleThreaded;
use serde::Serialize;
use std::io::{self, Write};
use std::time::{Duration, Instant};

/// The command line of `audit`.
#[derive(clap::Args)]
pub struct AuditArguments {
    /// Audit only cases whose id holds one of these (`*` stands for anything), and show the score
    /// of each
    #[arg(value_name = "PATTERN", value_parser = pattern, add = super::complete::cases())]
    patterns: Vec<String>,
    /// How many runs are made side by side [default: 32 per processor, since many only wait]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    jobs: Option<u16>,
    /// The form of the result
    #[arg(long, value_enum, default_value_t)]
    format: TextOrJson,
}

/// Runs the command.
pub fn audit(single: &SingleThreaded, arguments: &AuditArguments) -> CommandResult {
    let started = Instant::now();
    let ids: Vec<&str> = catalogue().iter().map(|case| case.id).collect();
    let selected = select(&ids, &arguments.patterns, &[], false)?;
    let usual = Setup::default();
    let setup = Setup {
        jobs: arguments.jobs.map_or(usual.jobs * 16, usize::from),
        isolation: Isolation::UserNamespace,
        ..usual
    };
    let mut runner = Runner::start(single, claims(), setup)
        .map_err(|error| Failure::harness(format!("the fork server cannot be started: {error}")))?;
    let progress = ProgressLine::start(0, "mutants");
    let known = known(&Machine::look());
    let audit = suite::audit(&mut runner, claims(), &selected, &known, &mut |done, total| {
        progress.reach(done, total);
    });
    progress.end();
    drop(runner);
    let audit = audit.map_err(Failure::harness)?;
    let took = started.elapsed();
    match arguments.format {
        TextOrJson::Human => print(|to| write_human(to, &audit, took, !arguments.patterns.is_empty()))?,
        TextOrJson::Json => print_data(|to| write_json(to, &audit, took))?,
    }
    Ok(audit.exit_status())
}

fn write_human(to: &mut dyn Write, audit: &Audit, took: Duration, each: bool) -> io::Result<()> {
    let (bad, mark) = (AnsiColor::Red.on_default().bold(), Style::new().bold());
    if each {
        for case in &audit.audited {
            let score = case.score();
            writeln!(to, "{:>3} of {:<3} caught  {}", score.caught, score.mutants, case.case.id)?;
        }
        writeln!(to)?;
    }
    for case in &audit.audited {
        let id = case.case.id;
        for (mutant, accepted) in &case.missed {
            match accepted {
                None => {
                    writeln!(
                        to,
                        "{bad}MISSED{bad:#} {mark}{id}{mark:#}: no later step notices when this call is skipped:"
                    )?;
                    write_marked(to, case, mutant)?;
                }
                Some(why) if each => writeln!(to, "ACCEPTED {id}: {}: {why}\n", mutant.text)?,
                Some(_) => {}
            }
        }
        for mutant in &case.stale {
            writeln!(
                to,
                "{bad}STALE{bad:#} {mark}{id}{mark:#}: {mutant} is accepted, but not missed any more\n"
            )?;
        }
        for unseen in &case.wrong_answers.unseen {
            writeln!(to, "{bad}UNSEEN{bad:#} {mark}{id}{mark:#}: the comparison does not see {unseen}\n")?;
        }
    }
    for (case, verdict) in &audit.failing {
        let shown = if verdict.status(false) == Status::Known { Style::new() } else { bad };
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
        "mutants        {} run, {} caught, {} accepted, {} missed",
        score.mutants, score.caught, score.accepted, score.missed
    )?;
    if score.stale > 0 {
        writeln!(to, "accepted       {} not missed any more", score.stale)?;
    }
    writeln!(
        to,
        "wrong answers  {} tried, {} seen by the comparison",
        score.wrong_answers,
        score.wrong_answers - score.unseen
    )?;
    writeln!(to, "took           {:.2} s", took.as_secs_f64())
}

/// The trace of the case with the call marked that the mutant changes.
fn write_marked(to: &mut dyn Write, case: &AuditedCase, mutant: &Mutant) -> io::Result<()> {
    let changed = place_of_call(&case.trace, mutant.injection.call);
    for (place, line) in case.trace.iter().enumerate() {
        writeln!(to, "  {} {line}", if changed == Some(place) { '>' } else { ' ' })?;
    }
    writeln!(to, "  the mutant: {}\n", mutant.text)
}

/// One line of the result for programs: the cases, then one that counts them.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum AuditLine<'a> {
    Case {
        id: &'a str,
        #[serde(flatten)]
        score: Score,
        missed_mutants: Vec<MissedMutant<'a>>,
        /// Accepted mutants that are not missed any more.
        stale_mutants: &'a [&'static str],
        /// Wrong answers that the comparison does not see.
        unseen_answers: &'a [String],
        /// A mutant that it catches, for pages to show. The last field, by which `.ci/faults` finds it.
        #[serde(skip_serializing_if = "Option::is_none")]
        shown: Option<&'a ShownFault>,
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

/// A mutant that its case misses.
#[derive(Serialize)]
struct MissedMutant<'a> {
    call: u32,
    mutant: &'a str,
    /// Why that is accepted, if it is.
    accepted: Option<&'a str>,
}

fn write_json(to: &mut dyn Write, audit: &Audit, took: Duration) -> io::Result<()> {
    let cases = audit.audited.iter().map(|case| AuditLine::Case {
        id: case.case.id,
        score: case.score(),
        missed_mutants: case
            .missed
            .iter()
            .map(|(mutant, accepted)| MissedMutant {
                call: mutant.injection.call,
                mutant: &mutant.text,
                accepted: *accepted,
            })
            .collect(),
        stale_mutants: &case.stale,
        unseen_answers: &case.wrong_answers.unseen,
        shown: case.shown.as_ref(),
    });
    let skipped = audit.skipped.iter().map(|(case, reason)| AuditLine::Skipped { id: case.id, reason });
    let failing = audit.failing.iter().map(|(case, verdict)| AuditLine::Failing { id: case.id, verdict });
    let done = AuditLine::Done {
        cases: audit.audited.len(),
        skipped: audit.skipped.len(),
        failing: audit.failing.len(),
        score: audit.score(),
        duration_us: took.as_micros() as u64,
    };
    for line in cases.chain(skipped).chain(failing).chain([done]) {
        writeln!(to, "{}", serde_json::to_string(&line)?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use nsconform_lab::conduct::injection::{Fault, Injection};
    use nsconform_lab::outcome::{Outcome, Value};
    use nsconform_suite::case::{CASE, Case};
    use nsconform_suite::mutation::{Accepted, WrongAnswers};

    static WEAK: Case = Case { id: "uts.weak", ..CASE };
    static ACCEPTED: Case =
        Case { id: "uts.accepted", accepted: &[Accepted { mutant: "exit(0)", why: "it only ends" }], ..CASE };

    /// An audit of one case that misses the mutant of the call with this number.
    fn made_up(case: &'static Case, call: u32) -> Audit {
        let trace = [
            "a  begun()                                  <unfinished ...>",
            "# a note",
            "b  getpid()                                 = 3",
            "a  <... begun resumed>                      = 0",
            "b  exit(0)                                  = ?",
        ];
        let mutant = Mutant {
            text: "exit(0)".to_string(),
            injection: Injection { call, fault: Fault::Withhold(Outcome::Returned(Value::ZERO)) },
        };
        let trace = trace.map(str::to_string).to_vec();
        let audited = vec![AuditedCase::new(case, trace, 3, vec![mutant], WrongAnswers::default())];
        Audit { audited, skipped: Vec::new(), failing: Vec::new() }
    }

    fn shown(audit: &Audit, each: bool) -> String {
        let mut text = Vec::new();
        write_human(&mut text, audit, Duration::ZERO, each).unwrap();
        String::from_utf8(anstream::adapter::strip_bytes(&text).into_vec()).unwrap()
    }

    #[test]
    fn the_step_that_nothing_checks_is_marked_in_the_trace() {
        let shown = shown(&made_up(&WEAK, 2), false);
        let marked: Vec<&str> = shown.lines().filter(|line| line.starts_with("  > ")).collect();
        assert_eq!(marked, ["  > b  exit(0)                                  = ?"], "{shown}");
        assert!(shown.contains("MISSED uts.weak"), "{shown}");
        assert!(shown.contains("3 run, 2 caught, 0 accepted, 1 missed"), "{shown}");
    }

    #[test]
    fn the_score_and_the_accepted_mutants_of_chosen_cases_are_shown() {
        let shown = shown(&made_up(&ACCEPTED, 2), true);
        assert!(shown.contains("  2 of 3   caught  uts.accepted"), "{shown}");
        assert!(shown.contains("ACCEPTED uts.accepted: exit(0): it only ends"), "{shown}");
    }

    #[test]
    fn a_case_that_does_not_pass_is_named() {
        let audit = Audit { failing: vec![(&WEAK, Verdict::Fail)], ..made_up(&ACCEPTED, 2) };
        assert!(shown(&audit, false).contains("NOT AUDITED uts.weak"));
    }
}
