//! The prompt of the lab: a script that grows line by line, and is played anew for each of them.
//!
//! So the lab has no state but the script: taking a line back, saving it and drawing the state of the kernel are
//! plays of a script too, and nothing lives longer than one of them. A call that does not answer
//! before the deadline is taken to block; it is then begun, and others act meanwhile.
//!
//! | module | what lives there |
//! |---|---|
//! | `views` | the state of the kernel, drawn: namespaces, id maps, mounts |
//! | `complete` | completion of a line |
//! | `help` | the meaning of a call |
//!
//! Terminals and files are the business of whoever reads the lines.

pub mod complete;
pub mod help;
mod views;

use crate::player::ScriptPlayer;
use crate::prediction::{PredictionScore, agrees};
use crate::replay::{Replay, ReplayEnd, ReplayLine};
use nsconform_lab::fold::unfold;
use nsconform_lab::script::{Script, Step};
use std::collections::BTreeSet;

/// The most lines of a session.
const MOST_LINES: usize = 2000;
/// The most characters of a line.
const LONGEST_LINE: usize = 16 * 1024;

/// The words that are commands, with their arguments and meanings.
pub const COMMANDS: [(&str, &str, &str); 12] = [
    ("help", "", "shows this"),
    ("?", "CALL", "explains a call"),
    ("tree", "", "draws the namespaces, their owners and members"),
    ("maps", "", "shows the id maps of each user namespace"),
    ("props", "", "shows the mounts of each mount namespace and how they propagate"),
    ("script", "", "shows the lines so far"),
    ("undo", "", "takes the last line back"),
    ("reset", "", "takes all lines back"),
    ("predict", "", "hides each answer until you have predicted it; again: shows them at once"),
    ("score", "", "shows how many predictions were right"),
    ("save", "FILE", "writes the script with its answers"),
    ("quit", "", "ends the lab; so does Ctrl-D"),
];

/// The thing that whoever reads the lines has to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// To read a line.
    Line,
    /// To read a prediction of the answer to the last call.
    Prediction,
    /// To write this text to the file of this name.
    Save(String, String),
    /// To end.
    Quit,
}

/// The reply to a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The text for the reader, a line each.
    pub lines: Vec<String>,
    /// Whether the line was wrong: nothing came of it.
    pub refused: bool,
    /// The next thing to do.
    pub next: Next,
}

impl Said {
    fn told(lines: Vec<String>) -> Said {
        Said { lines, refused: false, next: Next::Line }
    }

    fn refused(why: impl Into<String>) -> Said {
        Said { lines: vec![why.into()], refused: true, next: Next::Line }
    }
}

/// Finds cases by the call and the answer that decide them: `id: claim (source)`.
pub type FindRules<'r> = &'r dyn Fn(&str, &str) -> Vec<String>;

/// A session at the prompt.
pub struct LabSession<'p> {
    player: &'p mut dyn ScriptPlayer,
    rules: FindRules<'p>,
    /// The line about credentials and those of the script so far.
    lines: Vec<String>,
    script: Script,
    replay: Replay,
    predicts: bool,
    score: PredictionScore,
    /// The lines that wait for a prediction: to be shown after it.
    hidden: Option<Vec<String>>,
}

impl<'p> LabSession<'p> {
    /// A session that begins with a script, which may be empty.
    ///
    /// # Errors
    /// When the engine cannot play.
    pub fn begin(
        player: &'p mut dyn ScriptPlayer,
        rules: FindRules<'p>,
        script: &Script,
    ) -> Result<(LabSession<'p>, Said), String> {
        let replay = player.play(script)?;
        if let ReplayEnd::Failed(why) = replay.end {
            return Err(why);
        }
        let text = script.to_string();
        let lines = unfold(&text).map_err(|error| error.message)?;
        let lines = lines.into_iter().map(|(_, line)| line.to_string()).collect();
        let session = LabSession {
            player,
            rules,
            lines,
            script: script.clone(),
            replay,
            predicts: false,
            score: PredictionScore::default(),
            hidden: None,
        };
        let shown = session.replay.trace.clone();
        Ok((session, Said::told(shown)))
    }

    /// Whether a prediction is due.
    pub fn waits_for_prediction(&self) -> bool {
        self.hidden.is_some()
    }

    /// Takes a line.
    ///
    /// # Errors
    /// When the engine cannot play any more.
    pub fn enter(&mut self, line: &str) -> Result<Said, String> {
        let line = line.trim();
        if line.len() > LONGEST_LINE {
            return Ok(Said::refused(format!("the line is longer than {LONGEST_LINE} bytes")));
        }
        if let Some(hidden) = self.hidden.take() {
            return Ok(self.predicted(line, hidden));
        }
        if let Some(call) =
            line.strip_prefix('?').filter(|call| !call.starts_with(' ') || !call.contains('('))
        {
            return Ok(match help::explain(call.trim()) {
                Ok(lines) => Said::told(lines),
                Err(why) => Said::refused(why),
            });
        }
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        Ok(match (word, rest.trim()) {
            ("", _) => Said::told(Vec::new()),
            ("help", "") => Said::told(commands()),
            ("tree", "") => self.view(views::tree)?,
            ("maps", "") => self.view(views::maps)?,
            ("props", "") => self.view(views::props)?,
            ("script", "") => Said::told(self.lines.clone()),
            ("undo", "") => return self.undo(),
            ("reset", "") => return self.retake(1),
            ("predict", "") => {
                self.predicts = !self.predicts;
                let how =
                    if self.predicts { "hidden until you have predicted them" } else { "shown at once" };
                Said::told(vec![format!("answers are {how}")])
            }
            ("score", "") => Said::told(vec![self.score.to_string()]),
            ("save", "") => Said::refused("save needs the name of a file: save FILE"),
            ("save", file) if !file.contains('(') => {
                Said { lines: Vec::new(), refused: false, next: Next::Save(file.to_string(), self.saved()) }
            }
            ("quit" | "exit", "") => Said { lines: Vec::new(), refused: false, next: Next::Quit },
            _ => return self.step(line),
        })
    }

    /// The script, and its trace in notes and answers: it can be played, and is what is expected of it.
    fn saved(&self) -> String {
        let head =
            self.script.steps.iter().filter(|step| matches!(step, Step::Start { .. } | Step::Ended { .. }));
        if head.count() > 0 || !self.replay.passed_over.is_empty() {
            return self.script.to_string();
        }
        // Symbols are names that the answers do not have.
        let symbolic = self.lines.iter().any(|line| line.contains('$'));
        if symbolic {
            return self.script.to_string();
        }
        let mut text = Script { steps: Vec::new(), ..self.script.clone() }.to_string();
        for line in &self.replay.trace {
            text += line;
            text += "\n";
        }
        text
    }

    /// The names of the processes, in the order in which they appear.
    fn processes(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for (number, step) in self.script.steps.iter().enumerate() {
            let created = self.replay.lines.iter().find(|line| line.step == number);
            let created =
                created.and_then(|line| line.answer.as_deref()).is_some_and(|answer| answer.ends_with('>'));
            let child = step.child().filter(|_| created);
            for name in step.process().into_iter().chain(child) {
                if !names.iter().any(|known| known == name) {
                    names.push(name.to_string());
                }
            }
        }
        names
    }

    fn undo(&mut self) -> Result<Said, String> {
        match self.lines.len() {
            0 | 1 => Ok(Said::refused("there is no line to take back")),
            lines => self.retake(lines - 1),
        }
    }

    /// Plays the first lines again and forgets the others.
    fn retake(&mut self, kept: usize) -> Result<Said, String> {
        let gone: Vec<String> = self.lines.split_off(kept.min(self.lines.len()));
        // These lines were read before.
        if let Ok(script) = self.lines.join("\n").parse() {
            self.script = script;
        }
        self.replay = self.player.play(&self.script)?;
        Ok(Said::told(gone.into_iter().map(|line| format!("taken back: {line}")).collect()))
    }

    /// Draws the state after the lines so far.
    fn view(&mut self, draw: views::View) -> Result<Said, String> {
        let processes = self.processes();
        if processes.is_empty() {
            return Ok(Said::refused("there is no process yet: begin with a line such as `outer  getpid()`"));
        }
        draw(self.player, &self.script, &processes).map(Said::told)
    }

    /// Takes a line of the script.
    fn step(&mut self, line: &str) -> Result<Said, String> {
        if self.lines.len() >= MOST_LINES {
            return Ok(Said::refused(format!(
                "a session has at most {MOST_LINES} lines: save it, and reset"
            )));
        }
        let (line, script) = match self.read(line) {
            Ok(read) => read,
            Err(why) => return Ok(Said::refused(why)),
        };
        let replay = self.player.play(&script)?;
        let last = script.steps.len().saturating_sub(1);
        match &replay.end {
            ReplayEnd::Failed(why) => return Ok(Said::refused(format!("the engine failed: {why}"))),
            ReplayEnd::Interrupted(why) => return Ok(Said::refused(why.clone())),
            ReplayEnd::TimedOut => return self.blocks(&line, &script),
            ReplayEnd::Played => {}
        }
        if let Some(why) = replay.passed(last) {
            return Ok(Said::refused(why.strip_prefix("stopped: ").unwrap_or(why)));
        }
        Ok(self.keep(line, script, replay))
    }

    /// The line as it is kept and the script with it.
    fn read(&self, line: &str) -> Result<(String, Script), String> {
        let with = |line: &str| format!("{}\n{line}", self.lines.join("\n")).parse::<Script>();
        match with(line) {
            Ok(script) => Ok((line.to_string(), script)),
            Err(error) if error.error.message.contains("has no name") => {
                let line = format!("{line} = <{}>", self.free_name());
                with(&line).map(|script| (line, script)).map_err(|error| error.error.to_string())
            }
            Err(error) => Err(error.error.to_string()),
        }
    }

    fn free_name(&self) -> String {
        let known: BTreeSet<String> = self.processes().into_iter().collect();
        let names = std::iter::once("child".to_string()).chain((2..).map(|number| format!("child{number}")));
        names.into_iter().find(|name| !known.contains(name)).unwrap_or_default()
    }

    /// The last step has not ended in time: a call is begun, and others act meanwhile.
    fn blocks(&mut self, line: &str, script: &Script) -> Result<Said, String> {
        let Some(Step::Call { process, call, begun: false, .. }) = script.steps.last() else {
            return Ok(Said::refused(
                "that does not happen: the kernel lets it wait, and nobody acts meanwhile",
            ));
        };
        let (process, call) = (process.clone(), call.clone());
        let text = line.split(" = ").next().unwrap_or(line).trim_end();
        let (line, script) = match self.read(&format!("{text} <unfinished ...>")) {
            Ok(read) => read,
            Err(why) => return Ok(Said::refused(format!("the call blocks: {why}"))),
        };
        let replay = self.player.play(&script)?;
        if replay.end != ReplayEnd::Played {
            return Ok(Said::refused("the call blocks, and now and then it does not: nothing comes of it"));
        }
        let mut said = self.keep(line, script, replay);
        if said.next == Next::Line {
            let head = call.declaration().head();
            said.lines.push(format!(
                "{process} waits in its call; to see it return: {process}  <... {head} resumed>"
            ));
        }
        Ok(said)
    }

    /// Keeps a line that was played, and shows or hides its answer.
    fn keep(&mut self, line: String, script: Script, replay: Replay) -> Said {
        let before = std::mem::replace(&mut self.replay, replay);
        self.lines.push(line);
        self.script = script;
        let width = self.processes().iter().map(String::len).max().unwrap_or(0);
        let (mut shown, mut changed) = (Vec::new(), Vec::new());
        for (number, now) in self.replay.lines.iter().enumerate() {
            match before.lines.get(number) {
                Some(then) if then == now => {}
                Some(ReplayLine { answer: None, .. }) => {
                    let answer = now.answer.as_deref().unwrap_or_default();
                    let head = format!("<... {} resumed>", head(now));
                    shown.push(format!("{:width$}  {head:40} = {answer}", now.process));
                }
                Some(_) => changed.push(format!("(this answer is another one now: {})", now.aligned(width))),
                None => shown.push(now.aligned(width)),
            }
        }
        changed.extend(shown);
        let asks = self.predicts && self.replay.lines.len() > before.lines.len();
        if asks {
            self.hidden = Some(changed);
            let call = self.replay.lines.last().map(|line| line.text.clone()).unwrap_or_default();
            let lines =
                vec![format!("{call} = ?  (an answer as in a trace; an error by its name; `blocks`)")];
            return Said { lines, refused: false, next: Next::Prediction };
        }
        Said::told(changed)
    }

    /// Compares a prediction with the answer.
    fn predicted(&mut self, prediction: &str, hidden: Vec<String>) -> Said {
        let Some(line) = self.replay.lines.last() else { return Said::told(hidden) };
        let right = agrees(prediction, line.answer.as_deref());
        self.score.count(right);
        let mut lines = vec![if right { "right".to_string() } else { "no:".to_string() }];
        lines.extend(hidden);
        let rules = (self.rules)(&line.call, line.answer.as_deref().unwrap_or_default());
        lines.extend(rules.into_iter().map(|rule| format!("  {rule}")));
        lines.push(format!("  {}", help::page(&line.call)));
        Said::told(lines)
    }
}

/// The printed name of the call of a line.
fn head(line: &ReplayLine) -> &str {
    let sign = if line.text.starts_with(['?', '!']) { 2 } else { 0 };
    let end = line.text[sign..].find(['(', ' ']).map_or(line.text.len(), |end| sign + end);
    &line.text[..end]
}

/// The table of commands.
fn commands() -> Vec<String> {
    let mut lines = vec![
        "a line is a process, a space and its call, as in a trace: outer clone(CLONE_NEWUTS)".to_string(),
    ];
    let line = |(word, argument, meaning): &(&str, &str, &str)| {
        let form = if *word == "?" { format!("?{argument}") } else { format!("{word} {argument}") };
        format!("  {form:10} {meaning}")
    };
    lines.extend(COMMANDS.iter().map(line));
    lines
}
