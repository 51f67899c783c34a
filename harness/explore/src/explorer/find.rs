//! A find: the reduced script, the oracle that it offends, and the cluster of those that are the same.

use super::area::Area;
use nsconform_lab::call::argument::ArgumentKind;
use nsconform_lab::script::{Script, Step};

/// The reason why a script is a find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oracle {
    /// Replays on one kernel are not the same.
    Stability,
    /// A relation within one kernel does not hold.
    Relation {
        /// The name of the relation.
        name: &'static str,
        /// The law.
        law: &'static str,
        /// The page and section.
        source: &'static str,
    },
    /// Two kernels answer differently.
    Difference,
}

impl Oracle {
    /// The name, for people and files.
    pub fn name(self) -> &'static str {
        match self {
            Oracle::Stability => "stability",
            Oracle::Relation { name, .. } => name,
            Oracle::Difference => "difference",
        }
    }
}

/// A find.
#[derive(Clone, Debug)]
pub struct Find {
    /// The oracle.
    pub oracle: Oracle,
    /// The area of the script.
    pub area: Area,
    /// The seed of the script.
    pub seed: u64,
    /// The kind of the difference.
    pub cause: String,
    /// The differences, a line each.
    pub differences: Vec<String>,
    /// The script, as short as it got.
    pub script: Script,
    /// The name of the kernel and its trace.
    pub trace: (String, Vec<String>),
    /// The same for the other kernel, where there is one.
    pub other: Option<(String, Vec<String>)>,
    /// How many steps the script had at first.
    pub steps_before: usize,
    /// How many plays the reduction took.
    pub replays: usize,
    /// How many scripts show it.
    pub seen: usize,
}

/// The calls of a script with their flags, without names of files and processes: reduced scripts of one cause
/// that have the same form are one find.
pub(super) fn form(script: &Script) -> Vec<String> {
    let call = |step: &Step| match step {
        Step::Call { call, .. } => {
            let parameters = call.declaration().parameters.iter().zip(call.arguments());
            let flags = parameters.filter(|(parameter, _)| matches!(parameter.kind, ArgumentKind::Flags(_)));
            Some(flags.fold(call.name().to_string(), |form, (_, flags)| format!("{form} {flags}")))
        }
        _ => None,
    };
    let mut form: Vec<String> = script.steps.iter().filter_map(call).collect();
    form.sort();
    form
}

/// The finds so far, one for each cluster.
#[derive(Debug, Default)]
pub struct Finds(pub Vec<Find>);

impl Finds {
    /// Counts one more script for a cause of which so many clusters exist that no other is reduced; gives
    /// whether it did.
    pub(super) fn count(&mut self, oracle: Oracle, cause: &str, most: usize) -> bool {
        let same = |find: &&mut Find| find.oracle == oracle && find.cause == cause;
        let reduced: usize = self.0.iter_mut().filter(same).map(|find| find.seen).sum();
        match self.0.iter_mut().find(same) {
            Some(find) if reduced >= most => {
                find.seen += 1;
                true
            }
            _ => false,
        }
    }

    /// Adds a reduced find; gives whether it is the first of its cluster.
    pub(super) fn add(&mut self, find: Find) -> bool {
        let same = self.0.iter_mut().find(|other| {
            other.oracle == find.oracle
                && other.cause == find.cause
                && form(&other.script) == form(&find.script)
        });
        match same {
            Some(same) => {
                same.seen += 1;
                false
            }
            None => {
                self.0.push(find);
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(script: &str, cause: &str) -> Find {
        Find {
            oracle: Oracle::Difference,
            area: Area::Mnt,
            seed: 1,
            cause: cause.into(),
            differences: Vec::new(),
            script: script.parse().unwrap(),
            trace: Default::default(),
            other: None,
            steps_before: 1,
            replays: 0,
            seen: 1,
        }
    }

    #[test]
    fn scripts_of_one_form_and_cause_are_one_find() {
        let mut finds = Finds::default();
        assert!(finds.add(find("a  mount(NULL, \"/tmp/a\", NULL, MS_SHARED, NULL)", "x")));
        assert!(!finds.add(find("b  mount(NULL, \"/tmp/c\", NULL, MS_SHARED, NULL)", "x")));
        assert!(finds.add(find("b  mount(NULL, \"/tmp/c\", NULL, MS_SLAVE, NULL)", "x")));
        assert!(finds.add(find("b  mount(NULL, \"/tmp/c\", NULL, MS_SLAVE, NULL)", "y")));
        assert_eq!(finds.0.iter().map(|find| find.seen).collect::<Vec<_>>(), [2, 1, 1]);
    }

    #[test]
    fn a_cause_that_was_reduced_often_is_only_counted() {
        let mut finds = Finds::default();
        assert!(!finds.count(Oracle::Difference, "x", 2));
        finds.add(find("a  getpid()", "x"));
        assert!(!finds.count(Oracle::Difference, "x", 2));
        finds.add(find("a  getpid()", "x"));
        assert!(finds.count(Oracle::Difference, "x", 2));
        assert!(!finds.count(Oracle::Difference, "y", 2));
        assert_eq!(finds.0[0].seen, 3);
    }
}
