//! The steps that may matter for the answer to one call, judged by the script alone.
//!
//! Whoever has one kernel and a trace of another one cannot ask what that one would answer to a shorter script. So only
//! those steps go that cannot matter: calls that merely ask, and changes of files that no other step
//! leads to. Every change of a process, a namespace or anything else without a path stays.

use super::symbols::{given, mentioned};
use nsconform_lab::call::argument::ArgumentKind;
use nsconform_lab::script::{Script, Step, WrittenCall};

/// The steps that may go of a script whose difference is at one step.
pub(super) struct Related<'s> {
    script: &'s Script,
    /// By the number of the step.
    may_go: Vec<bool>,
}

impl<'s> Related<'s> {
    /// Judges the steps of a script for the answer to the step `end`.
    pub(super) fn of(script: &'s Script, end: usize) -> Related<'s> {
        let mut paths: Vec<String> = Vec::new();
        let mut may_go = vec![true; script.steps.len()];
        loop {
            let mut grown = false;
            for (number, step) in script.steps.iter().enumerate() {
                let Step::Call { call, begun, .. } = step else {
                    may_go[number] &= matches!(step, Step::Note(_));
                    continue;
                };
                let own = paths_of(call);
                let leads_there = own
                    .iter()
                    .any(|path| paths.iter().any(|other| is_below(path, other) || is_below(other, path)));
                let asks = call.asks() && given(step).is_empty();
                let matters = number == end || *begun || (!asks && (own.is_empty() || leads_there));
                if matters && (may_go[number] || number == end) {
                    grown |= may_go[number];
                    may_go[number] = false;
                    let new: Vec<String> = own.into_iter().filter(|path| !paths.contains(path)).collect();
                    grown |= !new.is_empty();
                    paths.extend(new);
                }
            }
            if !grown {
                return Related { script, may_go };
            }
        }
    }

    /// Whether a step may be left out, whatever else is.
    pub(super) fn may_go(&self, number: usize) -> bool {
        self.may_go[number]
    }

    /// Whether none of the steps that are left uses a name which this one gives.
    pub(super) fn may_go_from(&self, left: &[usize], number: usize) -> bool {
        let names = given(&self.script.steps[number]);
        let uses = |other: &usize| match &self.script.steps[*other] {
            Step::Call { process, call, .. } => {
                names.contains(&process.as_str())
                    || mentioned(call).iter().any(|name| names.contains(&name.as_str()))
            }
            step => step.process().is_some_and(|process| names.contains(&process)),
        };
        !left.iter().any(|other| *other != number && uses(other))
    }
}

/// The paths among the arguments of a call, without their quotes.
fn paths_of(call: &WrittenCall) -> Vec<String> {
    let parameters = call.declaration().parameters.iter().zip(call.arguments());
    // A source of mount(2) is a path too, and its kind is another one.
    let is_path = |kind: ArgumentKind, argument: &str| {
        matches!(kind, ArgumentKind::Pathname) || argument.starts_with("\"/")
    };
    let paths = parameters.filter(|(parameter, argument)| is_path(parameter.kind, argument));
    paths.map(|(_, argument)| argument.trim_matches('"').to_string()).collect()
}

/// Whether a path is another one or lies below it.
fn is_below(path: &str, other: &str) -> bool {
    path.strip_prefix(other)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || other.ends_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "\
a  mkdir(\"/tmp/a\", 0755)
a  mkdir(\"/tmp/b\", 0755)
a  mkdir(\"/tmp/c\", 0755)
a  ? propagation(\"/tmp/a\")
a  mount(\"/tmp/b\", \"/tmp/a\", NULL, MS_BIND, NULL)
a  unshare(CLONE_NEWUTS)
a  ? propagation(\"/tmp/a\")
";

    #[test]
    fn questions_and_other_files_may_go() {
        let script: Script = SCRIPT.parse().unwrap();
        let related = Related::of(&script, 6);
        let may_go: Vec<bool> = (0..7).map(|number| related.may_go(number)).collect();
        assert_eq!(may_go, [false, false, true, true, false, false, false]);
    }
}
