//! Mutants of a run: what a case would meet on a kernel that does not do what it says.
//!
//! A *mutant* of a case is a run in which the engine reports the recorded outcome of one call
//! without performing it, or performs it without one namespace flag. A case *catches* it if some
//! later line of the trace differs, and *misses* it otherwise: then nothing checks that step. A
//! *wrong answer* alters one recorded outcome and compares; it guards the comparison itself and
//! needs no run. Because calls are data, neither needs code for each case. Running the mutants is
//! the business of `audit`.

use crate::snapshot;
use nsconform_lab::conduct::injection::{Fault, Injection};
use nsconform_lab::outcome::{Errno, Outcome, Value};
use nsconform_lab::trace::{Event, Trace};
use nsconform_sys::kind::creations;
use std::collections::{BTreeSet, HashMap};

/// A mutant that its case misses and that is accepted, with the reason; stands beside the case.
#[derive(Clone, Copy, Debug)]
pub struct Accepted {
    /// The mutant as the audit prints it: `umount("/tmp/a")`, `clone(CLONE_NEWNS|CLONE_NEWPID)
    /// without CLONE_NEWNS`.
    pub mutant: &'static str,
    /// Why nothing can or need catch it.
    pub why: &'static str,
}

/// One mutant of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Mutant {
    /// The call as in the trace, and which flag is left out if the call is made.
    pub text: String,
    /// The number of the call, counted from 0, and what is done to it.
    pub injection: Injection,
}

/// The mutants of a run with this trace: one or more for each call that succeeded and changes
/// something.
pub fn mutants(trace: &Trace) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    for (number, index) in calls(trace).enumerate() {
        let Event::Call { call, .. } = &trace.0[index] else { continue };
        let Some(outcome) = answer(trace, index) else { continue };
        if call.asks() || call.is_probe() || matches!(outcome, Outcome::Failed(_)) {
            continue;
        }
        let mut add = |text: String, fault: Fault| {
            mutants.push(Mutant { text, injection: Injection { call: number as u32, fault } });
        };
        let creations = call.flags().map_or(Vec::new(), creations);
        if call.creates().is_none() {
            add(call.to_string(), Fault::Withhold(outcome.clone()));
        }
        if call.creates().is_some() || creations.len() > 1 {
            for flag in creations {
                let left_out = nsconform_lab::call::argument::flag_names(&flag);
                add(format!("{call} without {left_out}"), Fault::DropFlags(flag));
            }
        }
    }
    mutants
}

/// The places of the calls among the events.
fn calls(trace: &Trace) -> impl Iterator<Item = usize> {
    (0..trace.0.len()).filter(|index| matches!(trace.0[*index], Event::Call { .. }))
}

/// The place of the answer to the call at this place.
fn answer_place(trace: &Trace, call: usize) -> Option<usize> {
    let Event::Call { process: asked, .. } = &trace.0[call] else { return None };
    (call + 1..trace.0.len())
        .find(|index| matches!(&trace.0[*index], Event::Answer { process, .. } if process == asked))
}

fn answer(trace: &Trace, call: usize) -> Option<&Outcome> {
    match &trace.0[answer_place(trace, call)?] {
        Event::Answer { outcome, .. } => Some(outcome),
        _ => None,
    }
}

/// The wrong answers of one trace, and those that the comparison does not see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WrongAnswers {
    /// How many were tried.
    pub told: usize,
    /// Those that the comparison did not see, as `call = wrong answer`.
    pub unseen: Vec<String>,
}

/// Alters each recorded outcome in turn and asks the comparison: success becomes an error, an
/// error success, a value another value of its type.
pub fn wrong_answers(trace: &Trace) -> WrongAnswers {
    let approved = trace.text();
    let met = Met::of(trace);
    let mut result = WrongAnswers::default();
    for index in calls(trace) {
        let Some(place) = answer_place(trace, index) else { continue };
        let Event::Answer { process, outcome } = &trace.0[place] else { continue };
        for wrong in alternatives(outcome, &met) {
            let mut altered = trace.clone();
            altered.0[place] = Event::Answer { process: *process, outcome: wrong.clone() };
            result.told += 1;
            if snapshot::agrees(&approved, &altered.text()) {
                let Event::Call { call, .. } = &trace.0[index] else { continue };
                result.unseen.push(format!("{call} = {wrong:?}"));
            }
        }
    }
    result
}

fn alternatives(outcome: &Outcome, met: &Met) -> Vec<Outcome> {
    match outcome {
        Outcome::Failed(Errno(number)) => {
            let other = if *number == libc::EPERM { libc::EINVAL } else { libc::EPERM };
            vec![Outcome::Returned(Value::ZERO), Outcome::Failed(Errno(other))]
        }
        Outcome::Gone => vec![Outcome::Returned(Value::ZERO)],
        Outcome::Returned(value) => {
            vec![Outcome::Failed(Errno(libc::EPERM)), Outcome::Returned(met.another(value))]
        }
    }
}

/// The numbers under stable names in a trace, by class. Of these only being the same or not is
/// seen, so a wrong one is one that something else in the trace has, if there is any.
#[derive(Default)]
struct Met(HashMap<String, BTreeSet<u64>>);

impl Met {
    fn of(trace: &Trace) -> Met {
        let mut met = Met::default();
        for event in &trace.0 {
            if let Event::Answer { outcome: Outcome::Returned(value), .. } = event {
                met.add(value);
            }
        }
        met
    }

    fn add(&mut self, value: &Value) {
        match value {
            Value::List(values) => values.iter().for_each(|value| self.add(value)),
            Value::Fields(fields) => fields.iter().for_each(|(_, value)| self.add(value)),
            _ => {
                if let Some((class, number)) = named(value) {
                    self.0.entry(class).or_default().insert(number);
                }
            }
        }
    }

    fn other(&self, value: &Value) -> u64 {
        const UNMET: u64 = u64::MAX - 1;
        let Some((class, number)) = named(value) else { return UNMET };
        let others = self.0.get(&class).into_iter().flatten();
        others.copied().find(|other| *other != number).unwrap_or(UNMET)
    }

    /// Another value of the same type.
    fn another(&self, value: &Value) -> Value {
        match value {
            Value::Number(number) => Value::Number(number + 1),
            Value::Octal(number) => Value::Octal(number ^ 1),
            Value::Hex(number) => Value::Hex(number ^ 1),
            // A PID that stands for no process of the trace.
            Value::Pid(pid) | Value::Child { pid, .. } => Value::Pid(pid + 1_000_000),
            Value::Text(bytes) => Value::Text([bytes.as_slice(), b"x"].concat()),
            Value::Word(word) => Value::Word(format!("{word}x")),
            Value::Namespace { kind, .. } => Value::Namespace { kind: *kind, inode: self.other(value) },
            Value::Volatile { class, .. } => {
                Value::Volatile { class: class.clone(), number: self.other(value) }
            }
            Value::PeerGroup { relation, .. } => {
                Value::PeerGroup { relation: relation.clone(), group: self.other(value) }
            }
            Value::Time { clock, nanoseconds } => {
                Value::Time { clock: clock.clone(), nanoseconds: nanoseconds + 1_000_000_000_000 }
            }
            Value::List(values) => Value::List([values.as_slice(), &[Value::ZERO]].concat()),
            Value::Fields(fields) => {
                let mut fields = fields.clone();
                match fields.last_mut() {
                    Some((_, last)) => *last = self.another(last),
                    None => fields.push(("x".to_string(), Value::ZERO)),
                }
                Value::Fields(fields)
            }
        }
    }
}

/// The class and number of a value that is printed under a stable name.
fn named(value: &Value) -> Option<(String, u64)> {
    match value {
        Value::Namespace { kind, inode } => Some((kind.link().to_string(), *inode)),
        Value::Volatile { class, number } => Some((class.clone(), *number)),
        Value::PeerGroup { group, .. } => Some(("peer group".to_string(), *group)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nsconform_lab::call::Call;
    use nsconform_lab::call::argument::Unshown;
    use nsconform_lab::call::file::File;
    use nsconform_lab::call::namespace::Namespace;
    use nsconform_lab::call::process::Process;
    use nsconform_lab::call::uts::Uts;
    use nsconform_sys::kind::{Flags, Kind, NEWNS, NEWUTS};
    use rstest::rstest;

    fn run(steps: &[(Call, Outcome)]) -> Trace {
        let events = steps.iter().flat_map(|(call, outcome)| {
            [
                Event::Call { process: 0, call: call.clone() },
                Event::Answer { process: 0, outcome: outcome.clone() },
            ]
        });
        Trace(std::iter::once(Event::Process("a".into())).chain(events).collect())
    }

    fn ok(number: i64) -> Outcome {
        Outcome::Returned(Value::Number(number))
    }

    #[rstest]
    #[case::asking_has_none(Call::Uts(Uts::gethostname {}), ok(0), &[])]
    #[case::signal_0_has_none(
        Call::Process(Process::kill { pid: 3.into(), signal: nsconform_lab::call::process::Signal(0) }), ok(0), &[])]
    #[case::a_refusal_changes_nothing(
        Call::Uts(Uts::sethostname { name: "x".into() }), Outcome::Failed(Errno(libc::EPERM)), &[])]
    #[case::a_change_is_withheld(
        Call::Uts(Uts::sethostname { name: "x".into() }), ok(0), &["sethostname(\"x\")"])]
    #[case::one_flag_is_withheld_whole(
        Call::Namespace(Namespace::unshare { flags: NEWUTS }), ok(0), &["unshare(CLONE_NEWUTS)"])]
    #[case::each_flag_is_left_out(
        Call::Namespace(Namespace::unshare { flags: NEWUTS | NEWNS }), ok(0),
        &["unshare(CLONE_NEWNS|CLONE_NEWUTS)", "unshare(CLONE_NEWNS|CLONE_NEWUTS) without CLONE_NEWNS",
          "unshare(CLONE_NEWNS|CLONE_NEWUTS) without CLONE_NEWUTS"])]
    #[case::a_process_is_never_withheld(
        Call::Process(Process::clone { child: Unshown("b".into()), flags: NEWUTS }), ok(3),
        &["clone(CLONE_NEWUTS) without CLONE_NEWUTS"])]
    #[case::a_plain_fork_has_nothing_to_leave_out(
        Call::Process(Process::clone { child: Unshown("b".into()), flags: Flags::empty() }), ok(3), &[])]
    fn which_mutants_there_are(#[case] call: Call, #[case] outcome: Outcome, #[case] expected: &[&str]) {
        let told: Vec<String> =
            mutants(&run(&[(call, outcome)])).into_iter().map(|mutant| mutant.text).collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn mutants_count_calls_from_zero() {
        let change = || (Call::Uts(Uts::sethostname { name: "x".into() }), ok(0));
        let ask = || (Call::Uts(Uts::gethostname {}), ok(0));
        let numbers: Vec<u32> = mutants(&run(&[ask(), change(), ask(), change()]))
            .iter()
            .map(|mutant| mutant.injection.call)
            .collect();
        assert_eq!(numbers, [1, 3]);
    }

    #[test]
    fn a_namespace_that_is_compared_with_nothing_is_unseen() {
        let link = |inode| Outcome::Returned(Value::Namespace { kind: Kind::Uts, inode });
        let read = || Call::File(File::readlink { path: "/proc/self/ns/uts".into() });
        assert_eq!(wrong_answers(&run(&[(read(), link(7))])).unseen.len(), 1);
        assert_eq!(wrong_answers(&run(&[(read(), link(7)), (read(), link(7))])).unseen.len(), 0);
        assert_eq!(
            wrong_answers(&run(&[(read(), link(7)), (read(), link(8)), (read(), link(7))])).unseen.len(),
            0
        );
    }
}
