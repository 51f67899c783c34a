//! `nsconform lab`: a prompt at which processes are directed call by call in a sealed place.
//!
//! The session lives in `nsconform_explore::prompt`; here are the terminal and the files.

use super::output::{Output, unwritten};
use super::play::{RootPrivilege, read_script, sealed_runner};
use super::textbook::{called, declaration};
use super::{CommandResult, Failure, print};
use nsconform_catalogue::{approved, catalogue};
use nsconform_explore::player::Here;
use nsconform_explore::prompt::complete::{Words, complete};
use nsconform_explore::prompt::{LabSession, Next, Said};
use nsconform_lab::script::Script;
use nsconform_lab::seal::Credentials;
use nsconform_suite::verdict::ExitStatus;
use nsconform_sys::machine::Machine;
use nsconform_sys::single_threaded::SingleThreaded;
use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::MemHistory;
use rustyline::validate::Validator;
use rustyline::{CompletionType, Config, Context, Editor, Helper};
use std::io::{BufRead, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The exit statuses, for --help.
pub const EXIT_STATUSES: &str = "\
A line is a process, a space and its call, as in a trace: `outer  clone(CLONE_NEWUTS)`. The kernel's answer
follows. `help` lists the commands. Every line plays the whole script anew in a fresh sealed place, so that
`undo` undoes everything, and nothing is left behind. A call that has not returned after a second blocks:
it is begun, others act, and `outer  <... waitpid resumed>` shows its answer.

Where standard input is no terminal, its lines are taken one after another, and the first wrong one ends the lab.

Exit status:
  0  the lab has ended
  2  wrong command line, script, or line of a standard input that is no terminal
  3  the harness itself failed
  4  this machine cannot play: it grants no sealed namespaces, or not these credentials";

/// The command line of `lab`.
#[derive(clap::Args)]
pub struct LabArguments {
    /// A script or trace to begin with
    file: Option<PathBuf>,
    /// The credentials of the processes, where no FILE says them
    #[arg(long = "as", value_enum, value_name = "WHOM", default_value_t, conflicts_with = "file")]
    whom: LabUser,
    /// Hide each answer until it was predicted
    #[arg(long)]
    predict: bool,
    /// Multiply the second after which a call is taken to block
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = super::run::scale)]
    deadline_scale: f64,
    #[command(flatten)]
    privilege: RootPrivilege,
}

/// The credentials of the processes of a lab.
#[derive(Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum LabUser {
    /// Root of the sealed namespaces
    #[default]
    Root,
    /// An ordinary user without capabilities
    User,
}

/// After so long a call is taken to block, before scaling.
const PATIENCE: Duration = Duration::from_secs(1);
/// The most bytes of a line from a file or pipe.
const LONGEST_LINE: u64 = 1 << 16;
/// The most cases that are named as the rule behind an answer.
const MOST_RULES: usize = 2;

/// Runs the command.
pub fn lab(single: &SingleThreaded, arguments: &LabArguments) -> CommandResult {
    let starts_as = match arguments.whom {
        LabUser::Root => Credentials::Root,
        LabUser::User => Credentials::User,
    };
    let script = match &arguments.file {
        Some(file) => read_script(file)?,
        None => Script { starts_as, cgroup: false, steps: Vec::new() },
    };
    let isolation = arguments.privilege.isolation(&script)?;
    let mut runner = sealed_runner(single, &script, arguments.deadline_scale, isolation)?;
    let name = format!("Linux {}", Machine::look().kernel_release);
    let mut here = Here::new(&mut runner, name.clone(), PATIENCE.mul_f64(arguments.deadline_scale));
    let (mut session, said) = LabSession::begin(&mut here, &rules, &script).map_err(Failure::harness)?;
    let mut reader = LineReader::open()?;
    if reader.is_terminal() {
        print(|to| writeln!(to, "A sealed lab on {name}. `help` lists the commands, Ctrl-D ends."))?;
    }
    show(&said)?;
    if arguments.predict {
        show(&session.enter("predict").map_err(Failure::harness)?)?;
    }
    let mut next = Next::Line;
    loop {
        reader.know(session.words());
        let Some(line) = reader.read(&next)? else { break };
        let said = match session.enter(&line) {
            Ok(said) => said,
            Err(why) => {
                // Nothing can be played any more, and nobody shall type the lines again.
                if let Ok(script) = session.enter("script") {
                    show(&script)?;
                }
                return Err(Failure::harness(why));
            }
        };
        if said.refused && !reader.is_terminal() {
            return Err(Failure::usage(format!(
                "standard input:{}: {}",
                reader.number,
                said.lines.join("; ")
            )));
        }
        show(&said)?;
        next = said.next;
        match &next {
            Next::Quit => break,
            Next::Save(file, text) => {
                match (save(&PathBuf::from(file), text), reader.is_terminal()) {
                    (Ok(()), _) => print(|to| writeln!(to, "written: {file}"))?,
                    (Err(failure), true) => print(|to| writeln!(to, "{}", failure.message))?,
                    (Err(failure), false) => return Err(failure),
                }
                next = Next::Line;
            }
            Next::Line | Next::Prediction => {}
        }
    }
    Ok(ExitStatus::Success)
}

fn show(said: &Said) -> Result<(), Failure> {
    print(|to| said.lines.iter().try_for_each(|line| writeln!(to, "{line}")))
}

fn save(path: &Path, text: &str) -> Result<(), Failure> {
    use std::io::Write;
    let mut to = Output::open(Some(path), false)?;
    to.write_all(text.as_bytes()).and_then(|()| to.flush()).map_err(|error| unwritten(Some(path), &error))
}

/// The cases of which a call and its answer are a line, the shortest traces first: most likely their
/// claim is what decides.
fn rules(call: &str, answer: &str) -> Vec<String> {
    let shows = |trace: &str| {
        trace.lines().any(|line| {
            let ends = line.rsplit_once(" = ").is_some_and(|(_, other)| other == answer);
            ends && called(line).and_then(declaration).is_some_and(|declared| declared.name == call)
        })
    };
    // That something succeeds has as many reasons as there are cases.
    if answer == "0" || answer.starts_with('<') {
        return Vec::new();
    }
    let found = catalogue().iter().filter_map(|case| Some((*case, approved(case.id)?)));
    let mut found: Vec<_> = found.filter(|(_, trace)| shows(trace)).collect();
    found.sort_by_key(|(case, trace)| (trace.lines().count(), case.id));
    found.truncate(MOST_RULES);
    let rule = |(case, _): (&nsconform_suite::case::Case, &str)| {
        let source = case.sources.first().map(|source| format!(" [{source}]")).unwrap_or_default();
        format!("perhaps by this rule: {}{source} (nsconform explain {})", case.claim, case.id)
    };
    found.into_iter().map(rule).collect()
}

/// The lines of a user: with editing, history and completion at a terminal, plain ones elsewhere.
pub struct LineReader {
    editor: Option<Editor<LineHelper, MemHistory>>,
    /// The number of the last line that was read, from 1.
    number: usize,
}

impl LineReader {
    /// Reads from standard input.
    ///
    /// # Errors
    /// When the terminal cannot be had.
    pub fn open() -> Result<LineReader, Failure> {
        let failed = |error: ReadlineError| Failure::harness(format!("the terminal cannot be used: {error}"));
        let at_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
        let editor = if at_terminal {
            let config =
                Config::builder().completion_type(CompletionType::List).auto_add_history(true).build();
            let mut editor = Editor::with_history(config, MemHistory::new()).map_err(failed)?;
            editor.set_helper(Some(LineHelper::default()));
            Some(editor)
        } else {
            None
        };
        Ok(LineReader { editor, number: 0 })
    }

    /// Whether somebody types.
    pub fn is_terminal(&self) -> bool {
        self.editor.is_some()
    }

    /// Completion knows these words from now on.
    pub fn know(&mut self, words: Words) {
        if let Some(helper) = self.editor.as_mut().and_then(Editor::helper_mut) {
            helper.words = words;
        }
    }

    /// Reads a line; none at the end. Ctrl-C takes the line back and asks again.
    ///
    /// # Errors
    /// When it cannot be read, is no text, or too long.
    pub fn read(&mut self, next: &Next) -> Result<Option<String>, Failure> {
        self.number += 1;
        let Some(editor) = &mut self.editor else { return read_plain(self.number) };
        let prompt = if *next == Next::Prediction { "prediction> " } else { "lab> " };
        loop {
            match editor.readline(prompt) {
                Ok(line) => return Ok(Some(line)),
                Err(ReadlineError::Interrupted) => {}
                Err(ReadlineError::Eof) => return Ok(None),
                Err(error) => return Err(Failure::harness(format!("the terminal cannot be read: {error}"))),
            }
        }
    }
}

fn read_plain(number: usize) -> Result<Option<String>, Failure> {
    let wrong = |why: &dyn std::fmt::Display| Failure::usage(format!("standard input:{number}: {why}"));
    let mut line = Vec::new();
    let read = std::io::stdin().lock().take(LONGEST_LINE + 1).read_until(b'\n', &mut line);
    match read {
        Err(error) => Err(wrong(&error)),
        Ok(0) => Ok(None),
        Ok(length) if length as u64 > LONGEST_LINE => {
            Err(wrong(&format!("the line has more than {LONGEST_LINE} bytes")))
        }
        Ok(_) => match String::from_utf8(line) {
            Ok(line) => Ok(Some(line)),
            Err(_) => Err(wrong(&"the line is not UTF-8")),
        },
    }
}

/// Completion for the editor.
#[derive(Default)]
struct LineHelper {
    words: Words,
}

impl Completer for LineHelper {
    type Candidate = Pair;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let (start, found) = complete(&self.words, &line[..at]);
        let pair = |word: String| Pair { display: word.trim_end().to_string(), replacement: word };
        Ok((start, found.into_iter().map(pair).collect()))
    }
}

impl Hinter for LineHelper {
    type Hint = String;
}
impl Highlighter for LineHelper {}
impl Validator for LineHelper {}
impl Helper for LineHelper {}
