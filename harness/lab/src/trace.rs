//! The trace of a run: its events, stable names for values that differ between runs, and the text
//! form that is a snapshot.
//!
//! A line holds the name of the process, the call and its answer. The call says by its first
//! letter which of three it is, in a snapshot as in the traces of a run file:
//!
//! ```text
//! outer  clone(CLONE_NEWNS)                       = <inner>            a real call, as strace prints it
//! outer  ? propagation("/tmp/a")                  = [shared:1]         an observation
//! outer  ! echo "deny" > "/proc/self/setgroups"   = 4                  a change by several calls
//! ```
//!
//! Equal rounds of lines in a row are folded, as `fold` says.
//!
//! `call::declaration` decides which of the three a call is. `journal` writes events down while a
//! case runs; `snapshot` compares texts; `pids` names processes.

use crate::call::Call;
use crate::call::argument::quote;
use crate::fold::fold;
use crate::interrupt::Interrupt;
use crate::job::Unmet;
use crate::outcome::{Outcome, Value};
use crate::pids::Pids;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Something that happened in a run, in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// A process appears; this order numbers the processes.
    Process(String),
    /// The engine sees a process under this PID in the PID namespace of the sealed place.
    Seen {
        /// The number of the process.
        process: u16,
        /// The PID.
        pid: i32,
    },
    /// From here on the trace shows new processes with their PIDs: they are what the script is
    /// about.
    ShowPids,
    /// The script asks a process for a call.
    Call {
        /// The number of the process.
        process: u16,
        /// The call.
        call: Call,
    },
    /// A process answers.
    Answer {
        /// The number of the process.
        process: u16,
        /// The kernel's answer.
        outcome: Outcome,
    },
    /// The script explains what follows.
    Note(String),
    /// A player passes over a step, which cannot be taken. The trace shows nothing of it.
    PassedOver {
        /// The number of the step in its script, from 0.
        step: u32,
        /// Why it cannot be taken.
        why: String,
    },
    /// The script ends, in one way or another.
    End(End),
}

/// The way in which a script ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum End {
    /// It reaches its end.
    Played,
    /// It stops early.
    Interrupted(Interrupt),
    /// The code of the case panics.
    Panicked(String),
    /// A probe finds that its requirement is not met, for this reason.
    Unmet(Unmet),
}

/// The events of one run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Trace(pub Vec<Event>);

/// The column of the `=`, counted from the start of the call, as strace(1) aligns it.
pub(crate) const ANSWER_COLUMN: usize = 40;

impl Trace {
    /// The end of the script; none if it was cut off.
    pub fn end(&self) -> Option<&End> {
        self.0.iter().rev().find_map(|event| match event {
            Event::End(end) => Some(end),
            _ => None,
        })
    }

    /// The number of calls.
    pub fn calls(&self) -> usize {
        self.0.iter().filter(|event| matches!(event, Event::Call { .. })).count()
    }

    /// The lines of the trace, with stable names; runs of equal ones are folded.
    pub fn lines(&self) -> Vec<String> {
        let entries = self.entries();
        let width = self.processes().map(str::len).max().unwrap_or(0);
        fold(entries.iter().map(|entry| entry.aligned(width)).collect())
    }

    /// The names of the processes, in the order in which they appeared.
    fn processes(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|event| match event {
            Event::Process(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// The lines before they are aligned and folded.
    pub fn entries(&self) -> Vec<Entry> {
        let mut writer = Writer::default();
        let mut entries: Vec<Entry> = self.0.iter().flat_map(|event| writer.write(event)).collect();
        entries.extend(writer.finish());
        entries
    }

    /// The text form: the lines, each ended by a newline.
    pub fn text(&self) -> String {
        self.lines().into_iter().map(|line| line + "\n").collect()
    }
}

/// A line of a trace, not yet aligned with the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The name of the process; none where the script or the engine speaks.
    pub process: Option<String>,
    /// The call and its answer, or the words of the script or the engine.
    pub text: String,
}

impl Entry {
    fn by_nobody(text: String) -> Entry {
        Entry { process: None, text }
    }

    fn aligned(&self, width: usize) -> String {
        match &self.process {
            Some(process) => format!("{process:width$}  {}", self.text),
            None => self.text.clone(),
        }
    }
}

/// Turns events into entries while they happen.
#[derive(Clone, Default)]
pub struct Writer {
    processes: Vec<String>,
    names: StableNames,
    pids: Pids,
    /// The call that was asked last, until it is known whether its answer follows at once.
    asked: Option<PendingCall>,
    /// The names of calls whose answer did not follow at once.
    unfinished: HashMap<u16, Call>,
}

/// A call without an answer yet.
#[derive(Clone)]
struct PendingCall {
    process: u16,
    call: Call,
    text: String,
}

impl Writer {
    /// Takes in one event and gives the entries that it completes: none, one or two.
    pub fn write(&mut self, event: &Event) -> impl Iterator<Item = Entry> + use<> {
        match event {
            Event::Process(name) => {
                self.processes.push(name.clone());
                self.pids.appear();
                return None.into_iter().chain(None);
            }
            Event::Seen { process, pid } => {
                self.pids.see(*process, &self.processes[usize::from(*process)], *pid);
                return None.into_iter().chain(None);
            }
            Event::ShowPids => {
                self.pids.show_numbers();
                return None.into_iter().chain(None);
            }
            Event::PassedOver { .. } => return None.into_iter().chain(None),
            Event::Answer { process, outcome } => {
                if let Some(asked) = self.asked.take_if(|asked| asked.process == *process) {
                    let entry = self.answer(*process, &asked.call, &asked.text, outcome);
                    return None.into_iter().chain(Some(entry));
                }
            }
            Event::Call { .. } | Event::Note(_) | Event::End(_) => {}
        }
        let before = self.finish();
        let entry = match event {
            Event::Process(_) | Event::Seen { .. } | Event::ShowPids | Event::PassedOver { .. } => None,
            Event::End(End::Played | End::Unmet(_)) => None,
            Event::Note(note) => Some(Entry::by_nobody(format!("# {note}"))),
            Event::Call { process, call } => {
                let text = self.names.in_text(&call.to_string());
                self.asked = Some(PendingCall { process: *process, call: call.clone(), text });
                None
            }
            Event::Answer { process, outcome } => {
                let call = self.unfinished.remove(process);
                call.map(|call| {
                    let text = format!("<... {} resumed>", call.declaration().head());
                    self.answer(*process, &call, &text, outcome)
                })
            }
            Event::End(End::Interrupted(interrupt)) => Some(Entry::by_nobody(format!("--- {interrupt} ---"))),
            Event::End(End::Panicked(message)) => {
                Some(Entry::by_nobody(format!("--- the case panicked: {message} ---")))
            }
        };
        before.into_iter().chain(entry)
    }

    /// No event follows, or none that answers the last call: gives its entry, if it has none yet.
    pub fn finish(&mut self) -> Option<Entry> {
        let PendingCall { process, call, text } = self.asked.take()?;
        self.unfinished.insert(process, call);
        Some(self.by(process, format!("{text} <unfinished ...>")))
    }

    fn answer(&mut self, process: u16, call: &Call, text: &str, outcome: &Outcome) -> Entry {
        self.pids.learn(process, call, outcome);
        let pids = |pid| call.named(pid).unwrap_or_else(|| self.pids.show(process, call, pid));
        let answer = self.names.outcome(outcome, &pids);
        self.by(process, format!("{text:ANSWER_COLUMN$} = {answer}"))
    }

    fn by(&self, process: u16, text: String) -> Entry {
        Entry { process: Some(self.processes[usize::from(process)].clone()), text }
    }
}

/// Stable names for values that differ from run to run, in order of first appearance.
#[derive(Clone, Default)]
struct StableNames {
    known: HashMap<(String, u64), String>,
    count: HashMap<String, usize>,
    clocks: HashMap<String, i128>,
}

/// Nanoseconds in a second.
const SECOND: i128 = 1_000_000_000;

impl StableNames {
    fn namespace(&mut self, kind: &str, inode: u64) -> String {
        format!("{kind}:[{}]", self.stable(kind, inode, letters))
    }

    fn stable(&mut self, class: &str, number: u64, name: fn(usize) -> String) -> String {
        if let Some(known) = self.known.get(&(class.to_string(), number)) {
            return known.clone();
        }
        let count = self.count.entry(class.to_string()).or_default();
        let stable = name(*count);
        *count += 1;
        self.known.insert((class.to_string(), number), stable.clone());
        stable
    }

    /// Prints an outcome; `pids` prints a PID.
    fn outcome(&mut self, outcome: &Outcome, pids: &dyn Fn(i32) -> String) -> String {
        match outcome {
            Outcome::Returned(value) => self.value(value, pids),
            Outcome::Failed(errno) => format!("-1 {}", errno.describe()),
            Outcome::Gone => "?".to_string(),
        }
    }

    fn value(&mut self, value: &Value, pids: &dyn Fn(i32) -> String) -> String {
        match value {
            Value::Number(number) => number.to_string(),
            Value::Octal(number) => format!("0{number:o}"),
            Value::Hex(number) => format!("{number:#x}"),
            Value::Pid(pid) | Value::Child { pid, .. } => pids(*pid),
            Value::Text(bytes) => self.in_text(&quote(bytes)),
            Value::Word(word) => self.in_text(word),
            Value::Namespace { kind, inode } => self.namespace(kind.link(), *inode),
            Value::Volatile { class, number } => {
                let stable = self.stable(class, *number, |count| (count + 1).to_string());
                format!("{class}:{stable}")
            }
            Value::PeerGroup { relation, group } => {
                let stable = self.stable("peer group", *group, |count| (count + 1).to_string());
                format!("{relation}:{stable}")
            }
            Value::Time { clock, nanoseconds } => {
                let first = *self.clocks.entry(clock.clone()).or_insert(*nanoseconds);
                // Beside the offsets, which are whole seconds, little is left: how exactly it was read.
                let seconds = (nanoseconds - first + SECOND / 2).div_euclid(SECOND);
                match seconds {
                    0 => clock.clone(),
                    1.. => format!("{clock} + {seconds} s"),
                    _ => format!("{clock} - {} s", -seconds),
                }
            }
            Value::List(values) => {
                let shown: Vec<String> = values.iter().map(|value| self.value(value, pids)).collect();
                format!("[{}]", shown.join(", "))
            }
            Value::Fields(fields) => {
                let shown: Vec<String> = fields
                    .iter()
                    .map(|(name, value)| format!("{name}={}", self.value(value, pids)))
                    .collect();
                format!("{{{}}}", shown.join(", "))
            }
        }
    }

    /// Replaces the text of namespace links (`uts:[4026531838]`) wherever it stands.
    fn in_text(&mut self, text: &str) -> String {
        let mut result = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(":[") {
            let (before, after) = rest.split_at(at);
            let kind = nsconform_sys::kind::Kind::ALL.into_iter().find(|kind| before.ends_with(kind.link()));
            let number = after[2..].split_once(']').and_then(|(number, _)| {
                if number.bytes().all(|byte| byte.is_ascii_digit()) { number.parse().ok() } else { None }
            });
            match (kind, number) {
                (Some(kind), Some(inode)) => {
                    let link = kind.link();
                    result.push_str(&before[..before.len() - link.len()]);
                    result.push_str(&self.namespace(link, inode));
                    let end = after.find(']').map_or(after.len(), |end| end + 1);
                    rest = &after[end..];
                }
                _ => {
                    result.push_str(before);
                    result.push_str(":[");
                    rest = &after[2..];
                }
            }
        }
        result.push_str(rest);
        result
    }
}

/// A, B, … Z, AA, AB, …
fn letters(count: usize) -> String {
    let letter = char::from(b'A' + (count % 26) as u8);
    match count / 26 {
        0 => letter.to_string(),
        more => letters(more - 1) + &letter.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::first(0, "A")]
    #[case::last_single(25, "Z")]
    #[case::first_double(26, "AA")]
    #[case::second_round(52, "BA")]
    fn letters_count_on(#[case] count: usize, #[case] expected: &str) {
        assert_eq!(letters(count), expected);
    }

    #[rstest]
    #[case::link("uts:[4026531838]", "uts:[A]")]
    #[case::twice("uts:[1] uts:[2] uts:[1]", "uts:[A] uts:[B] uts:[A]")]
    #[case::kinds_apart("uts:[1] ipc:[1]", "uts:[A] ipc:[A]")]
    #[case::no_link("pipe:[77] x:[y]", "pipe:[77] x:[y]")]
    #[case::unclosed("uts:[77", "uts:[77")]
    fn namespace_links_get_stable_names(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(StableNames::default().in_text(text), expected);
    }

    #[rstest]
    #[case::mode(Value::Octal(0o100444), "0100444")]
    #[case::small_mode(Value::Octal(0o44), "044")]
    #[case::fields(Value::fields([("a", Value::Number(1)), ("b", Value::text("x\n"))]), "{a=1, b=\"x\\n\"}")]
    #[case::peer_groups(
        Value::List([("shared", 9), ("master", 7), ("shared", 7)].map(|(relation, group)| Value::PeerGroup { relation: relation.into(), group }).into()),
        "[shared:1, master:2, shared:2]"
    )]
    #[case::pid(Value::fields([("pid", Value::Pid(3))]), "{pid=<3>}")]
    fn values_print_as_strace_prints_them(#[case] value: Value, #[case] expected: &str) {
        assert_eq!(StableNames::default().value(&value, &|pid| format!("<{pid}>")), expected);
    }
}
