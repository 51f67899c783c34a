//! `nsconform quiz`: stored traces up to one call, whose answer is to be predicted, at the prompt or on
//! paper.
//!
//! The questions and worksheets are made in `nsconform_explore::quiz`.

use super::lab::LineReader;
use super::output::{Output, unwritten};
use super::{CommandResult, Failure, pattern, print, select};
use nsconform_catalogue::{approved, catalogue};
use nsconform_explore::prediction::{PredictionScore, agrees};
use nsconform_explore::prompt::Next;
use nsconform_explore::quiz::{Question, QuizSubject, SheetSide, draw, page, text};
use nsconform_suite::verdict::ExitStatus;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The exit statuses, for --help.
pub const EXIT_STATUSES: &str = "\
Exit status:
  0  the quiz has ended, whatever the score is; the worksheet is written
  2  wrong command line
  3  a result could not be written
  4  no case matched, or none that can be asked about";

/// The command line of `quiz`.
#[derive(clap::Args)]
pub struct QuizArguments {
    /// Ask only about cases whose id holds one of these (`*` stands for anything)
    #[arg(value_name = "PATTERN", value_parser = pattern)]
    patterns: Vec<String>,
    /// The most questions
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    questions: u16,
    /// The number from which the questions follow [default: another one each time]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Write a worksheet instead of asking
    #[arg(long, value_enum, value_name = "FORM")]
    worksheet: Option<WorksheetForm>,
    /// Write the answers to a worksheet
    #[arg(long, requires = "worksheet", requires = "seed")]
    answers: bool,
    /// Write the worksheet to a file instead of standard output
    #[arg(long, value_name = "FILE", requires = "worksheet")]
    output: Option<PathBuf>,
}

/// The forms of a worksheet.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum WorksheetForm {
    /// Plain text
    Text,
    /// A page for a browser or a printer
    Html,
}

/// Runs the command.
pub fn quiz(arguments: &QuizArguments) -> CommandResult {
    let ids: Vec<&str> = catalogue().iter().map(|case| case.id).collect();
    let selected = select(&ids, &arguments.patterns, &[], false)?;
    let subjects: Vec<QuizSubject> = selected
        .into_iter()
        .map(|index| catalogue()[index])
        .filter_map(|case| {
            let trace = approved(case.id)?;
            Some(QuizSubject { id: case.id, claim: case.claim, starts_as: case.starts_as.describe(), trace })
        })
        .collect();
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..1_000_000));
    let questions = draw(&subjects, seed, arguments.questions.into());
    if questions.is_empty() {
        let message = "these cases have no call whose answer is worth a question: name others".to_string();
        return Err(Failure { status: ExitStatus::NothingTested, message });
    }
    match arguments.worksheet {
        None => ask(&questions, seed),
        Some(form) => {
            let side = if arguments.answers { SheetSide::Answers } else { SheetSide::Questions };
            let sheet = match form {
                WorksheetForm::Text => text(&questions, seed, side),
                WorksheetForm::Html => page(&questions, seed, side),
            };
            write_sheet(&sheet, arguments.output.as_deref(), form == WorksheetForm::Text)
        }
    }
}

fn write_sheet(sheet: &str, path: Option<&Path>, for_people: bool) -> CommandResult {
    let mut to = Output::open(path, for_people)?;
    to.write_all(sheet.as_bytes()).and_then(|()| to.flush()).map_err(|error| unwritten(path, &error))?;
    Ok(ExitStatus::Success)
}

/// Asks question after question.
fn ask(questions: &[Question], seed: u64) -> CommandResult {
    let mut reader = LineReader::open()?;
    let mut score = PredictionScore::default();
    for (number, question) in questions.iter().enumerate() {
        print(|to| {
            writeln!(
                to,
                "Question {} of {}. The processes start as {}.",
                number + 1,
                questions.len(),
                question.starts_as
            )?;
            question.before.iter().try_for_each(|line| writeln!(to, "  {line}"))?;
            writeln!(to, "  {} = ?", question.call)
        })?;
        let Some(line) = reader.read(&Next::Prediction)? else { break };
        let right = agrees(&line, question.answer.as_deref());
        score.count(right);
        let answer = question.answer.as_deref().unwrap_or("blocks");
        print(|to| {
            writeln!(to, "{}: {answer}", if right { "right" } else { "no" })?;
            writeln!(to, "  {}\n  nsconform explain {}\n", question.claim, question.id)
        })?;
    }
    print(|to| writeln!(to, "{score}; the same questions again: --seed {seed}"))?;
    Ok(ExitStatus::Success)
}
