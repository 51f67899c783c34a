//! The fault by which a page shows a wrong kernel: one that the case catches, with the first line of its
//! trace that differs.
//!
//! The audit finds it, by really running the mutant. Pages show recorded ones, which must be of the trace
//! that is approved now.

use crate::mutation::Mutant;
use crate::snapshot;
use nsconform_lab::fold::is_brace;
use serde::{Deserialize, Serialize};

/// A fault that a case catches, and how its trace shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownFault {
    /// The id of the case.
    pub case: String,
    /// The SHA-256 of the approved trace that the run was compared with, in hexadecimal.
    pub approved: String,
    /// The fault as the audit prints it: the call, which was answered without being made, or made
    /// `without` a flag.
    pub fault: String,
    /// The line of that call in the approved trace, counted from 0.
    pub call: usize,
    /// The first line that differs, counted from 0.
    pub line: usize,
    /// The line that the run has there.
    pub observed: String,
}

impl ShownFault {
    /// The fault in the run of a mutant, beside the trace of the right kernel; none where no line shows it:
    /// the run hangs, or one of the traces has folded rounds.
    pub fn of(case: &str, right: &[String], mutant: &Mutant, wrong: &[String]) -> Option<ShownFault> {
        if right.iter().chain(wrong).any(|line| is_brace(line)) {
            return None;
        }
        let line = (0..right.len()).find(|place| {
            // Names are as wide as the longest one that a run has met.
            wrong.get(*place).is_none_or(|wrong| halves(wrong) != halves(&right[*place]))
        })?;
        let (name, words) = halves(wrong.get(line).filter(|line| !line.starts_with("---"))?);
        Some(ShownFault {
            case: case.to_string(),
            approved: snapshot::sha256(&right.join("\n")),
            fault: mutant.text.clone(),
            call: place_of_call(right, mutant.injection.call)?,
            line,
            observed: format!("{name}  {words}"),
        })
    }

    /// Whether a page shows this one rather than another one of the case: an answer says more than a call
    /// that hangs, and the later a call is, the less of it is preparation.
    pub fn is_better_than(&self, other: &ShownFault) -> bool {
        (self.is_answered(), self.call, &other.fault) > (other.is_answered(), other.call, &self.fault)
    }

    fn is_answered(&self) -> bool {
        !self.observed.ends_with("<unfinished ...>")
    }
}

/// The name of the process in a line, and its words.
fn halves(line: &str) -> (&str, &str) {
    let (name, words) = line.split_once("  ").unwrap_or(("", line));
    (name, words.trim_start())
}

/// The line of a call by its number, both counted from 0. Notes and resumed calls are lines of the trace
/// without being calls of their own.
pub fn place_of_call(trace: &[String], call: u32) -> Option<usize> {
    let is_call = |line: &String| !line.starts_with(['#', '-']) && !line.contains("  <... ");
    (0..trace.len()).filter(|place| is_call(&trace[*place])).nth(call as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nsconform_lab::conduct::injection::{Fault, Injection};
    use nsconform_lab::outcome::{Outcome, Value};
    use rstest::rstest;

    fn mutant(call: u32) -> Mutant {
        let fault = Fault::Withhold(Outcome::Returned(Value::ZERO));
        Mutant { text: "set(1)".into(), injection: Injection { call, fault } }
    }

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(|line| line.trim_start().to_string()).collect()
    }

    const RIGHT: &str = "a     # here\na     set(1)  = 0\n# a note\na     get()  = 1\ninner  get()  = 1";

    #[rstest]
    #[case::shown("a  # here\na  set(1)  = 0\n# a note\na  get()  = 0\n--- differs ---", Some((3, "a  get()  = 0")))]
    #[case::hangs("a  # here\na  set(1)  = 0\n# a note\n--- stuck ---", None)]
    #[case::cut("a  # here\na  set(1)  = 0", None)]
    #[case::folded("a  # here\n{\na  set(1)  = 0\n} × 3", None)]
    #[case::same(RIGHT, None)]
    fn the_first_line_that_differs_is_shown(#[case] wrong: &str, #[case] expected: Option<(usize, &str)>) {
        let shown = ShownFault::of("uts.x", &lines(RIGHT), &mutant(1), &lines(wrong));
        assert_eq!(shown.as_ref().map(|shown| (shown.line, shown.observed.as_str())), expected);
        assert!(shown.is_none_or(|shown| shown.call == 1));
    }

    #[test]
    fn calls_are_counted_without_notes_and_resumed_calls() {
        let trace =
            lines("a  x() <unfinished ...>\n# a note\nb  y() = 0\na  <... x resumed> = 0\nb  z() = 0");
        assert_eq!([0, 1, 2, 3].map(|call| place_of_call(&trace, call)), [Some(0), Some(2), Some(4), None]);
    }

    #[test]
    fn an_answer_is_shown_then_the_latest_call_then_the_first_by_name() {
        let at = |call: u32, text: &str| {
            let wrong = lines("a  # here\na  set(1)  = 0\n# a note\na  get()  = 0");
            let mutant = Mutant { text: text.into(), ..mutant(call) };
            ShownFault::of("uts.x", &lines(RIGHT), &mutant, &wrong).unwrap()
        };
        assert!(at(1, "b").is_better_than(&at(0, "a")));
        assert!(at(1, "a").is_better_than(&at(1, "b")));
        assert!(!at(1, "a").is_better_than(&at(1, "a")));
        let hangs = ShownFault { observed: "a  get() <unfinished ...>".into(), ..at(1, "a") };
        assert!(at(0, "a").is_better_than(&hangs));
    }
}
