//! Plainer forms of a script with the same steps or fewer: flags one by one, shorter names of files, fewer
//! processes, plainer calls. Whether one of them keeps the difference is for the search to find out.

use nsconform_lab::call::argument::ArgumentKind;
use nsconform_lab::script::{Names, Script, Step, WrittenCall};
use std::collections::BTreeSet;

/// The measure that each accepted form makes smaller: steps, then letters.
pub(super) fn size(script: &Script) -> (usize, usize) {
    (script.steps.len(), script.to_string().len())
}

/// The forms that are smaller, each one change away; those that promise most come first.
pub(super) fn ways(script: &Script) -> Vec<Script> {
    let mut ways = Vec::new();
    fewer_processes(script, &mut ways);
    waited_for_at_once(script, &mut ways);
    plainer_calls(script, &mut ways);
    shorter_paths(script, &mut ways);
    let before = size(script);
    ways.retain(|way| size(way) < before);
    ways
}

/// The same script with another call at one step.
fn with_call(script: &Script, number: usize, call: WrittenCall) -> Script {
    let mut changed = script.clone();
    if let Some(Step::Call { call: place, .. }) = changed.steps.get_mut(number) {
        *place = call;
    }
    changed
}

/// The same script in which each argument is given anew; none if a call does not take one.
fn with_arguments(script: &Script, change: &dyn Fn(&str) -> String) -> Option<Script> {
    let mut changed = script.clone();
    for step in &mut changed.steps {
        let Step::Call { call, .. } = step else { continue };
        for place in 0..call.arguments().len() {
            let argument = change(&call.arguments()[place]);
            if argument != call.arguments()[place] {
                *call = call.with_argument(place, &argument).ok()?;
            }
        }
    }
    Some(changed)
}

/// The creator of a process does what the process did, in the namespaces that it was created in.
fn fewer_processes(script: &Script, ways: &mut Vec<Script>) {
    for (number, step) in script.steps.iter().enumerate() {
        let (Step::Call { process: creator, call, .. }, Some(child)) = (step, step.child()) else { continue };
        let renamed = |name: &String| if name.as_str() == child { creator.clone() } else { name.clone() };
        let (old, new) = (format!("<{child}>"), format!("<{creator}>"));
        let Some(mut changed) = with_arguments(script, &|argument| argument.replace(&old, &new)) else {
            continue;
        };
        for step in &mut changed.steps {
            match step {
                Step::Start { process, .. }
                | Step::Call { process, .. }
                | Step::Finish { process }
                | Step::Ended { process } => *process = renamed(process),
                Step::ShowPids | Step::Note(_) => {}
            }
        }
        let mut without = changed.clone();
        without.steps.remove(number);
        ways.push(without);
        let flags = call.declaration().parameters.iter().zip(call.arguments());
        let flags = flags.filter(|(parameter, _)| matches!(parameter.kind, ArgumentKind::Flags(_)));
        let spaces: Vec<&str> = flags
            .flat_map(|(_, flags)| flags.split('|'))
            .filter(|flag| flag.starts_with("CLONE_NEW"))
            .collect();
        if let Ok(unshare) = WrittenCall::read(&format!("unshare({})", spaces.join("|")))
            && let Some(Step::Call { call, names, .. }) = changed.steps.get_mut(number)
        {
            (*call, *names) = (unshare, Names::None);
            ways.push(changed);
        }
    }
}

/// A call that is begun and finished later is made in one go.
fn waited_for_at_once(script: &Script, ways: &mut Vec<Script>) {
    for (number, step) in script.steps.iter().enumerate() {
        let Step::Call { process, begun: true, .. } = step else { continue };
        let is_finish = |step: &Step| matches!(step, Step::Finish { process: other } if other == process);
        let Some(after) = script.steps[number..].iter().position(is_finish) else { continue };
        let mut changed = script.clone();
        changed.steps.remove(number + after);
        if let Some(Step::Call { begun, .. }) = changed.steps.get_mut(number) {
            *begun = false;
        }
        ways.push(changed);
    }
}

/// One argument of one call is plainer, or the call itself.
fn plainer_calls(script: &Script, ways: &mut Vec<Script>) {
    for (number, step) in script.steps.iter().enumerate() {
        let Step::Call { call, .. } = step else { continue };
        if call.name() == "clone3"
            && let Some(flags) = call.arguments().iter().find(|argument| argument.contains("CLONE_"))
            && let Ok(plain) = WrittenCall::read(&format!("clone({flags})"))
        {
            ways.push(with_call(script, number, plain));
        }
        for (place, parameter) in call.declaration().parameters.iter().enumerate() {
            let argument = call.arguments().get(place).map_or("", String::as_str);
            for plainer in plainer_arguments(parameter.kind, argument) {
                if let Ok(call) = call.with_argument(place, &plainer) {
                    ways.push(with_call(script, number, call));
                }
            }
        }
    }
}

/// The plainer forms of one argument.
fn plainer_arguments(kind: ArgumentKind, argument: &str) -> Vec<String> {
    match kind {
        ArgumentKind::Flags(_) => {
            let flags: Vec<&str> = argument.split('|').collect();
            let without = |number: usize| {
                let rest: Vec<&str> = flags
                    .iter()
                    .enumerate()
                    .filter(|(other, _)| *other != number)
                    .map(|(_, flag)| *flag)
                    .collect();
                if rest.is_empty() { "0".to_string() } else { rest.join("|") }
            };
            (0..flags.len()).map(without).collect()
        }
        ArgumentKind::Text | ArgumentKind::Structure
            if argument.starts_with('"') && !argument.starts_with("\"/") =>
        {
            vec!["NULL".to_string(), "\"\"".to_string(), "\"a\"".to_string()]
        }
        ArgumentKind::Number => vec!["0".to_string(), "1".to_string()],
        _ => Vec::new(),
    }
}

/// The directory in which scripts make their files.
const SCRATCH: &str = "/tmp/";

/// Names of files of one letter, and directories that are left out on the way to them.
fn shorter_paths(script: &Script, ways: &mut Vec<Script>) {
    let mut directories: BTreeSet<String> = BTreeSet::new();
    let mut names: BTreeSet<String> = BTreeSet::new();
    for step in &script.steps {
        let Step::Call { call, .. } = step else { continue };
        for argument in call.arguments() {
            let Some(path) = argument.strip_prefix('"').and_then(|text| text.strip_suffix('"')) else {
                continue;
            };
            let Some(below) = path.strip_prefix(SCRATCH) else { continue };
            let mut at = SCRATCH.to_string();
            for name in below.split('/').filter(|name| !name.is_empty()) {
                at += name;
                directories.insert(at.clone());
                names.insert(name.to_string());
                at += "/";
            }
        }
    }
    // The last part of the way goes: /tmp/a/b becomes /tmp/a.
    for path in &directories {
        let Some((parent, _)) = path.rsplit_once('/').filter(|(parent, _)| parent.len() >= SCRATCH.len())
        else {
            continue;
        };
        let shorter = |argument: &str| replaced(argument, path, parent);
        ways.extend(with_arguments(script, &shorter));
        // Or the one before it: /tmp/a/b becomes /tmp/b.
        let (grandparent, _) = parent.rsplit_once('/').unwrap_or_default();
        let name = &path[parent.len()..];
        ways.extend(with_arguments(script, &|argument| {
            replaced(argument, path, &format!("{grandparent}{name}"))
        }));
    }
    let free: Vec<String> = ('a'..='z').map(String::from).filter(|letter| !names.contains(letter)).collect();
    for (name, letter) in names.iter().filter(|name| name.len() > 1).zip(&free) {
        let (old, new) = (format!("/{name}"), format!("/{letter}"));
        ways.extend(with_arguments(script, &|argument| {
            if argument.starts_with("\"/tmp/") {
                replaced_component(argument, &old, &new)
            } else {
                argument.to_string()
            }
        }));
    }
}

/// An argument in which a path, or the beginning of one, is another.
fn replaced(argument: &str, path: &str, other: &str) -> String {
    match argument.strip_prefix('"').and_then(|rest| rest.strip_prefix(path)) {
        Some(rest) if rest.starts_with(['"', '/']) => format!("\"{other}{rest}"),
        _ => argument.to_string(),
    }
}

/// An argument in which each component of a path that is `old` is `new`.
fn replaced_component(argument: &str, old: &str, new: &str) -> String {
    let mut changed = argument.replace(&format!("{old}/"), &format!("{new}/"));
    if let Some(head) = changed.strip_suffix(&format!("{old}\"")) {
        changed = format!("{head}{new}\"");
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn has_way(script: &str, expected: &str) -> bool {
        let (script, expected): (Script, Script) = (script.parse().unwrap(), expected.parse().unwrap());
        ways(&script).contains(&expected)
    }

    #[rstest]
    #[case::one_flag_less("a  unshare(CLONE_NEWUTS|CLONE_NEWNS)", "a  unshare(CLONE_NEWNS)")]
    #[case::no_flag("a  unshare(CLONE_NEWUTS)", "a  unshare(0)")]
    #[case::a_plain_flag(
        "a  mount(NULL, \"/tmp/a\", NULL, MS_REC|MS_PRIVATE, NULL)",
        "a  mount(NULL, \"/tmp/a\", NULL, MS_PRIVATE, NULL)"
    )]
    #[case::a_letter("a  mkdir(\"/tmp/target\", 0755)", "a  mkdir(\"/tmp/a\", 0755)")]
    #[case::no_directory("a  mkdir(\"/tmp/a/b\", 0755)", "a  mkdir(\"/tmp/a\", 0755)")]
    #[case::unshare_for_clone(
        "a  clone(CLONE_NEWUTS) = <b>\nb  sethostname(\"x\")\na  getpid()",
        "a  unshare(CLONE_NEWUTS)\na  sethostname(\"x\")\na  getpid()"
    )]
    #[case::no_second_process("a  clone(0) = <b>\nb  sethostname(\"x\")", "a  sethostname(\"x\")")]
    #[case::at_once("a  getpid() <unfinished ...>\na  <... getpid resumed>", "a  getpid()")]
    fn a_plainer_form_is_found(#[case] script: &str, #[case] expected: &str) {
        assert!(
            has_way(script, expected),
            "{:?}",
            ways(&script.parse().unwrap()).iter().map(ToString::to_string).collect::<Vec<_>>()
        );
    }

    #[test]
    fn each_form_is_smaller() {
        let script: Script =
            "a  clone(CLONE_NEWUTS) = <b>\nb  mkdir(\"/tmp/x/long\", 0755)\n".parse().unwrap();
        assert!(ways(&script).iter().all(|way| size(way) < size(&script)));
    }
}
