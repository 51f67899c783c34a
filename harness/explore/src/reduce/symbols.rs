//! Symbols in the place of descriptor numbers: a trace says `setns(3, 0)`, and 3 is another descriptor
//! once an earlier one is gone.

use crate::replay::{Replay, ReplayLine};
use nsconform_lab::call::argument::ArgumentKind;
use nsconform_lab::call::declaration::Mark;
use nsconform_lab::script::{Names, Script, Step, WrittenCall};
use std::collections::HashMap;

/// The first number that a script gets for a descriptor.
const FIRST: i64 = 3;

/// The descriptors of a process, with the step that opened each.
type Table = HashMap<i64, usize>;

/// The script in which each descriptor that a step of it opened has a name.
pub(super) fn named(script: &Script, replay: &Replay) -> Script {
    let mut tables: HashMap<&str, Table> = HashMap::new();
    let mut named = script.clone();
    // The symbol of each step that gets one.
    let mut symbols: HashMap<usize, Vec<String>> = HashMap::new();
    let mut count = 0;
    for ReplayLine { step, process, answer, .. } in &replay.lines {
        let Some(made @ Step::Call { call, .. }) = script.steps.get(*step) else { continue };
        let table = tables.entry(process).or_default();
        let mut used = call.clone();
        for (place, parameter) in call.declaration().parameters.iter().enumerate() {
            let number = call.arguments().get(place).and_then(|argument| argument.parse::<i64>().ok());
            let (ArgumentKind::Descriptor, Some(number)) = (parameter.kind, number) else { continue };
            let Some(opened) = table.get(&number).copied() else { continue };
            let symbol = symbol(&mut symbols, &mut count, script, replay, opened, number);
            used = used.with_argument(place, &format!("${symbol}")).unwrap_or(used);
        }
        if let Some(Step::Call { call, .. }) = named.steps.get_mut(*step) {
            *call = used;
        }
        if call.name() == "close" {
            let number = call.arguments().first().and_then(|argument| argument.parse().ok());
            number.map(|number: i64| table.remove(&number));
        }
        if call.declaration().mark == Mark::Call {
            for number in numbers(answer.as_deref().unwrap_or_default()) {
                table.insert(number, *step);
            }
        }
        if let Some(child) = made.child() {
            let inherited = table.clone();
            tables.insert(child, inherited);
        }
    }
    for (step, found) in symbols {
        if let Some(Step::Call { names: names @ Names::None, .. }) = named.steps.get_mut(step) {
            *names = match <[String; 1]>::try_from(found) {
                Ok([one]) => Names::Number(one),
                Err(several) => Names::Numbers(several),
            };
        }
    }
    named
}

/// The name of a number that a step answered, made when it is first used.
fn symbol(
    symbols: &mut HashMap<usize, Vec<String>>,
    count: &mut usize,
    script: &Script,
    replay: &Replay,
    opened: usize,
    number: i64,
) -> String {
    let answer = replay.lines.iter().find(|line| line.step == opened).and_then(|line| line.answer.as_deref());
    let answered = numbers(answer.unwrap_or_default());
    let place = answered.iter().position(|other| *other == number).unwrap_or(0);
    // The script may have named it already.
    match script.steps.get(opened) {
        Some(Step::Call { names: Names::Number(name), .. }) => return name.clone(),
        Some(Step::Call { names: Names::Numbers(names), .. }) if place < names.len() => {
            return names[place].clone();
        }
        _ => {}
    }
    let names = symbols.entry(opened).or_insert_with(|| {
        answered
            .iter()
            .map(|_| {
                *count += 1;
                format!("fd{count}")
            })
            .collect()
    });
    names.get(place).cloned().unwrap_or_default()
}

/// The descriptors in an answer: one, or a list of them.
fn numbers(answer: &str) -> Vec<i64> {
    let list = answer.strip_prefix('[').and_then(|list| list.strip_suffix(']')).unwrap_or(answer);
    let numbers: Option<Vec<i64>> =
        list.split(", ").map(|number| number.parse().ok().filter(|number| *number >= FIRST)).collect();
    numbers.unwrap_or_default()
}

/// The symbols in a call: names of numbers, and of processes.
pub(super) fn mentioned(call: &WrittenCall) -> Vec<String> {
    let mut found = Vec::new();
    for argument in call.arguments() {
        if let Some(name) = argument.strip_prefix('$') {
            found.push(name.to_string());
        }
        let pieces = argument.split('<').skip(1);
        found.extend(pieces.filter_map(|piece| piece.split_once('>')).map(|(name, _)| name.to_string()));
    }
    found
}

/// The names that a step gives to its answer.
pub(super) fn given(step: &Step) -> Vec<&str> {
    match step {
        Step::Call { names: Names::Number(name), .. } => vec![name],
        Step::Call { names: Names::Numbers(names), .. } => names.iter().map(String::as_str).collect(),
        _ => step.child().into_iter().collect(),
    }
}
