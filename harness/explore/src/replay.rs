//! One play of a script, line by line, as it can be compared with another one or sent to another machine.
//!
//! The events that it is made from live in `nsconform_lab::trace`.

use nsconform_lab::fold::unfold;
use nsconform_lab::interrupt::Interrupt;
use nsconform_lab::job::Finish;
use nsconform_lab::script::{Script, Step};
use nsconform_lab::trace::{End, Event, Trace, Writer};
use nsconform_suite::runner::JobResult;
use serde::{Deserialize, Serialize};

/// A call with its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayLine {
    /// The number of the step in the script, from 0.
    pub step: usize,
    /// The process that acts.
    pub process: String,
    /// The name of the call in its declaration.
    pub call: String,
    /// The call as the trace prints it.
    pub text: String,
    /// The answer as the trace prints it; none for a call without one.
    pub answer: Option<String>,
}

impl ReplayLine {
    /// The line as a trace prints it, with a name of this width.
    pub fn aligned(&self, width: usize) -> String {
        let ReplayLine { process, text, .. } = self;
        match &self.answer {
            Some(answer) => format!("{process:width$}  {text:40} = {answer}"),
            None => format!("{process:width$}  {text} <unfinished ...>"),
        }
    }
}

/// The way in which a replay ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReplayEnd {
    /// The script reached its end.
    Played,
    /// A step could not be taken: why.
    Interrupted(String),
    /// It did not reach its end before its deadline.
    TimedOut,
    /// The engine could not do its part: why.
    Failed(String),
}

/// A step that a player passed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassedOver {
    /// The number of the step, from 0.
    pub step: usize,
    /// Why it cannot be taken.
    pub why: String,
}

/// One play of a script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    /// The calls in the order in which they were asked.
    pub lines: Vec<ReplayLine>,
    /// The steps that were passed over.
    pub passed_over: Vec<PassedOver>,
    /// The lines of the trace, for people.
    pub trace: Vec<String>,
    /// The way in which it ended.
    pub end: ReplayEnd,
}

impl Replay {
    /// Why a step was passed over, if it was.
    pub fn passed(&self, step: usize) -> Option<&str> {
        self.passed_over.iter().find(|passed| passed.step == step).map(|passed| passed.why.as_str())
    }

    /// The replay that a run of `script` is.
    pub fn of(script: &Script, run: &JobResult) -> Replay {
        let passed_over = run.trace.0.iter().filter_map(|event| match event {
            Event::PassedOver { step, why } => Some(PassedOver { step: *step as usize, why: why.clone() }),
            _ => None,
        });
        let passed_over: Vec<PassedOver> = passed_over.collect();
        let end = match (&run.finish, run.trace.end()) {
            (Finish::Ended, Some(End::Played)) => ReplayEnd::Played,
            (Finish::Ended, Some(End::Interrupted(Interrupt::Engine(why)))) => ReplayEnd::Failed(why.clone()),
            (Finish::Ended, Some(End::Interrupted(why))) => ReplayEnd::Interrupted(why.to_string()),
            (Finish::Ended, end) => ReplayEnd::Failed(format!("the script ended in no known way: {end:?}")),
            (Finish::TimedOut, _) => ReplayEnd::TimedOut,
            (Finish::NotEnded, _) => {
                ReplayEnd::Failed("the script was killed at its deadline and did not end".to_string())
            }
            (Finish::Died(why) | Finish::NotStarted(why), _) => ReplayEnd::Failed(why.clone()),
        };
        Replay { lines: lines(script, &run.trace, &passed_over), passed_over, trace: run.trace.lines(), end }
    }
}

/// The calls of a trace, each with the number of its step.
fn lines(script: &Script, trace: &Trace, passed_over: &[PassedOver]) -> Vec<ReplayLine> {
    let is_call = |(number, step): &(usize, &Step)| {
        matches!(step, Step::Call { .. }) && !passed_over.iter().any(|passed| passed.step == *number)
    };
    let mut steps = script.steps.iter().enumerate().filter(is_call).map(|(number, _)| number);
    let mut names: Vec<&str> = Vec::new();
    let mut writer = Writer::default();
    let mut lines: Vec<ReplayLine> = Vec::new();
    for event in &trace.0 {
        let written = writer.write(event).last();
        match event {
            Event::Process(name) => names.push(name),
            Event::Call { process, call } => lines.push(ReplayLine {
                step: steps.next().unwrap_or(script.steps.len()),
                process: names.get(usize::from(*process)).map(ToString::to_string).unwrap_or_default(),
                call: call.name().to_string(),
                text: call.to_string(),
                answer: None,
            }),
            Event::Answer { process, .. } => {
                let name = names.get(usize::from(*process)).copied().unwrap_or_default();
                let open = lines.iter_mut().rev().find(|line| line.process == name && line.answer.is_none());
                if let (Some(line), Some(entry)) = (open, written) {
                    line.answer = Some(answer(&entry.text, &line.text).to_string());
                }
            }
            _ => {}
        }
    }
    lines
}

/// The answer in an entry of a trace, behind the text of its call.
fn answer<'e>(entry: &'e str, call: &str) -> &'e str {
    let behind = entry.strip_prefix(call).unwrap_or(entry);
    behind.split_once("= ").map_or("", |(_, answer)| answer)
}

/// The calls of a trace that is a text, as far as they are those of the script.
///
/// # Errors
/// When the text is no trace, or that of another script: with its line, counted from 1.
pub fn read_trace(script: &Script, text: &str) -> Result<Vec<ReplayLine>, String> {
    let mut steps = script.steps.iter().enumerate();
    let mut lines: Vec<ReplayLine> = Vec::new();
    for (number, line) in unfold(text).map_err(|error| format!("line {}: {}", error.line, error.message))? {
        if line.trim().is_empty() || line.starts_with(['#', '+', '-']) {
            continue;
        }
        let other = |what: &str| format!("line {number} is not what the script does next: {what}");
        if let Some((name, rest)) =
            line.split_once("  ").filter(|(_, rest)| rest.trim_start().starts_with("<... "))
        {
            let open = lines.iter_mut().rev().find(|line| line.process == name && line.answer.is_none());
            let open = open.ok_or_else(|| other(&format!("{name} has no unfinished call")))?;
            open.answer = rest
                .split_once("resumed>")
                .and_then(|(_, rest)| rest.split_once("= "))
                .map(|(_, answer)| answer.to_string());
            continue;
        }
        let next = steps.find_map(|(number, step)| match step {
            Step::Call { process, call, .. } => Some((number, process, call)),
            _ => None,
        });
        let (step, process, call) = next.ok_or_else(|| other("it has no more calls"))?;
        let read: Script =
            line.parse().map_err(|error| format!("{error} (of the part that begins at line {number})"))?;
        let Some(Step::Call { process: actor, call: shown, .. }) = read.steps.last() else {
            return Err(other("it is no call"));
        };
        if actor != process || shown.name() != call.name() {
            return Err(other(&format!("{process}  {call}")));
        }
        let text = shown.to_string();
        let behind = line.split_once(&text).map_or("", |(_, behind)| behind);
        let answer = behind.split_once("= ").map(|(_, answer)| answer.to_string());
        lines.push(ReplayLine {
            step,
            process: process.clone(),
            call: call.name().to_string(),
            text,
            answer,
        });
    }
    Ok(lines)
}

/// An answer without what a shorter script changes in it: the letters of namespaces, and numbers from 3
/// on, which count descriptors, processes and peer groups. Texts stay as they are.
pub fn masked(answer: &str) -> String {
    let mut masked = String::with_capacity(answer.len());
    let mut digits = String::new();
    let mut quoted = false;
    let flush = |digits: &mut String, masked: &mut String| {
        let counts = digits.parse().is_ok_and(|number: u64| number > 2) || digits.len() > 1;
        masked.push_str(if counts { "#" } else { digits });
        digits.clear();
    };
    for (at, letter) in answer.char_indices() {
        if letter == '"' {
            quoted = !quoted;
        }
        if letter.is_ascii_digit() && !quoted {
            digits.push(letter);
            continue;
        }
        flush(&mut digits, &mut masked);
        let names_a_namespace = letter.is_ascii_uppercase() && answer[..at].ends_with(":[");
        masked.push(if names_a_namespace { '#' } else { letter });
    }
    flush(&mut digits, &mut masked);
    masked
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::zero("0", "0")]
    #[case::a_descriptor("3", "#")]
    #[case::a_refusal("-1 EPERM (Operation not permitted)", "-1 EPERM (Operation not permitted)")]
    #[case::namespaces("[uts:[A], mnt:[AB]]", "[uts:[#], mnt:[#B]]")]
    #[case::peer_groups("[shared:12, master:1]", "[shared:#, master:1]")]
    #[case::a_text("\"host 77\"", "\"host 77\"")]
    fn an_answer_is_masked(#[case] answer: &str, #[case] expected: &str) {
        assert_eq!(masked(answer), expected);
    }

    const SCRIPT: &str = "\
a  getpid()                                 = 7
a  clone(0)                                 = <b>
a  waitpid(<b>, 0) <unfinished ...>
b  exit(0)                                  = ?
a  <... waitpid resumed>                    = [<b>, exited(0)]
";

    #[test]
    fn a_trace_is_read_with_its_answers() {
        let lines = read_trace(&SCRIPT.parse().unwrap(), SCRIPT).unwrap();
        let answers: Vec<Option<&str>> = lines.iter().map(|line| line.answer.as_deref()).collect();
        assert_eq!(answers, [Some("7"), Some("<b>"), Some("[<b>, exited(0)]"), Some("?")]);
        assert_eq!(lines[2].step, 2);
    }

    #[rstest]
    #[case::another_call("a  geteuid() = 0\n", "line 1 is not what the script does next: a  getpid()")]
    #[case::another_process("b  getpid() = 0\n", "line 1 is not")]
    #[case::no_trace("hello\n", "a process, two spaces")]
    fn the_trace_of_another_script_is_refused(#[case] text: &str, #[case] why: &str) {
        let error = read_trace(&SCRIPT.parse().unwrap(), text).unwrap_err();
        assert!(error.contains(why), "{error}");
    }
}
