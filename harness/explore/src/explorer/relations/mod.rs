//! Relations within one kernel: laws that hold after any script, so that a violation is a find without a
//! second kernel.
//!
//! The laws stand in `table`, the comparison of two mount trees in `trees`. A relation is asked by steps
//! behind a script; a step that is refused means that the law does not apply there.

mod table;
mod trees;

use super::area::Area;
use super::generator::WATCHER;
use crate::replay::{Replay, ReplayEnd, ReplayLine};
use nsconform_lab::script::{Script, Step};
pub use table::RELATIONS;
pub(super) use trees::drawings_differ;

/// One part of asking a relation.
#[derive(Clone, Copy, Debug)]
pub enum Part {
    /// A step that must succeed, or the law does not apply.
    Needs(&'static str),
    /// The first of two views that must agree.
    Left(&'static str),
    /// The second of them.
    Right(&'static str),
    /// One answer that holds both views.
    Both(&'static str),
    /// An answer that must be like the other ones of this kind, or the law does not apply.
    Alike(&'static str),
    /// A view that must begin with this.
    Says(&'static str, &'static str),
}

impl Part {
    fn line(self) -> &'static str {
        match self {
            Part::Needs(line)
            | Part::Alike(line)
            | Part::Left(line)
            | Part::Right(line)
            | Part::Both(line)
            | Part::Says(line, _) => line,
        }
    }
}

/// How the two views of a relation agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    /// They are the same.
    Same,
    /// The second one has `master:X` where the first one has `shared:X`, and is the same elsewhere.
    SharedBecomesSlave,
}

/// A relation.
#[derive(Clone, Copy, Debug)]
pub struct Relation {
    /// Its name: the area, and what it is about.
    pub name: &'static str,
    /// The area.
    pub area: Area,
    /// Where it is documented: page and section.
    pub source: &'static str,
    /// The law in one sentence.
    pub law: &'static str,
    /// The steps and views.
    pub parts: &'static [Part],
    /// How the views agree.
    pub kind: Law,
}

/// The result of asking a relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A step that the law needs was refused.
    DoesNotApply,
    /// The views agree.
    Holds,
    /// They do not.
    Broken(Violation),
}

/// Two views that do not agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The kind of the first difference, without places and numbers.
    pub cause: String,
    /// Each difference in a line.
    pub differences: Vec<String>,
}

impl Relation {
    /// The lines that ask it after a script whose last process is `subject`; `number` tells several apart.
    fn lines(&self, subject: &str, number: Option<usize>) -> Vec<String> {
        let number = number.map(|number| number.to_string()).unwrap_or_default();
        let filled = |part: &Part| part.line().replace("{p}", subject).replace("{k}", &number);
        self.parts.iter().map(filled).collect()
    }

    /// Judges the answers to its lines; none stands for a step that could not be taken.
    pub fn judge(&self, answers: &[Option<&str>]) -> Asked {
        let (mut left, mut right, mut alike) = (None, None, None);
        for (number, part) in self.parts.iter().enumerate() {
            let answer = answers.get(number).copied().flatten();
            let answer = answer.filter(|answer| !answer.starts_with("-1 ") && *answer != "?");
            match (part, answer) {
                (_, None) => return Asked::DoesNotApply,
                (Part::Needs(_), Some(_)) => {}
                (Part::Alike(_), Some(answer)) => {
                    let answer = answer.trim_matches('"');
                    if *alike.get_or_insert(answer) != answer {
                        return Asked::DoesNotApply;
                    }
                }
                (Part::Left(_), answer) => left = answer,
                (Part::Right(_), answer) => right = answer,
                (Part::Both(_), Some(both)) => match trees::halves(both) {
                    Some(halves) => (left, right) = (Some(halves.0), Some(halves.1)),
                    None => return Asked::DoesNotApply,
                },
                (Part::Says(_, expected), Some(answer)) if answer.starts_with(expected) => {}
                (Part::Says(_, expected), Some(answer)) => {
                    let difference = format!("{expected}… is documented, {answer} is the answer");
                    return Asked::Broken(Violation {
                        cause: difference.clone(),
                        differences: vec![difference],
                    });
                }
            }
        }
        match (left, right) {
            (Some(left), Some(right)) => trees::compare(left, right, self.kind),
            _ => Asked::Holds,
        }
    }
}

/// The process that a relation is asked of: the last one that acts, other than the watcher.
pub fn subject(script: &Script) -> Option<&str> {
    let actors = script.steps.iter().rev().filter_map(|step| match step {
        Step::Call { process, .. } => Some(process.as_str()),
        _ => None,
    });
    actors.into_iter().find(|process| *process != WATCHER)
}

/// A script with the steps that ask these relations behind it, and the number of its own steps.
///
/// # Errors
/// When the lines of a relation are no script: a mistake in the table.
pub fn asking(script: &Script, relations: &[&Relation]) -> Result<Script, String> {
    let mut whole = script.clone();
    let Some(subject) = subject(script) else { return Ok(whole) };
    for (number, relation) in relations.iter().enumerate() {
        let number = (relations.len() > 1).then_some(number + 1);
        let text = relation.lines(subject, number).join("\n");
        let lines: Script = text.parse().map_err(|error| format!("{}: {error}", relation.name))?;
        whole.steps.extend(lines.steps);
    }
    Ok(whole)
}

/// Judges the relations that were asked from step `first` on, in their order.
pub fn judge_all(relations: &[&Relation], replay: &Replay, first: usize) -> Vec<Asked> {
    let mut at = first;
    let mut asked = Vec::new();
    for relation in relations {
        let answers: Vec<Option<&str>> =
            (at..at + relation.parts.len()).map(|step| answer(&replay.lines, step)).collect();
        at += relation.parts.len();
        asked.push(match replay.end {
            ReplayEnd::Played => relation.judge(&answers),
            _ => Asked::DoesNotApply,
        });
    }
    asked
}

fn answer(lines: &[ReplayLine], step: usize) -> Option<&str> {
    lines.iter().find(|line| line.step == step)?.answer.as_deref()
}

/// The relations of an area.
pub fn of_area(area: Area) -> Vec<&'static Relation> {
    RELATIONS.iter().filter(|relation| relation.area == area).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_relation_is_a_script_with_a_source_and_a_name_of_its_own() {
        let script: Script = "a  getpid()".parse().unwrap();
        let mut names = BTreeSet::new();
        for relation in RELATIONS {
            let whole = asking(&script, &[relation, relation]).unwrap();
            assert_eq!(whole.steps.len(), 1 + 2 * relation.parts.len(), "{}", relation.name);
            assert!(relation.source.contains('('), "{}: no page", relation.name);
            assert!(relation.name.starts_with(relation.area.name()), "{}", relation.name);
            assert!(names.insert(relation.name), "{} is there twice", relation.name);
        }
        assert!(RELATIONS.len() >= 12);
        assert!(Area::ALL.iter().all(|area| !of_area(*area).is_empty()));
    }

    #[test]
    fn the_last_process_is_asked() {
        let script: Script =
            "a  clone(0) = <b>\nb  getpid()\nwatcher  ? mount_tree(\"/proc/<a>/mountinfo\")".parse().unwrap();
        assert_eq!(subject(&script), Some("b"));
        assert_eq!(subject(&"watcher  getpid()".parse().unwrap()), None);
    }

    #[test]
    fn a_refused_step_means_that_the_law_does_not_apply() {
        let relation = &RELATIONS[0];
        assert_eq!(relation.judge(&[Some("-1 EPERM (Operation not permitted)"), None]), Asked::DoesNotApply);
        assert_eq!(relation.judge(&[]), Asked::DoesNotApply);
    }

    #[test]
    fn a_copy_of_another_owner_is_none() {
        let relation = &RELATIONS[0];
        let copied = ["3", "4", "\"user:[A]\"", "user:[B]", "<copy>", "{first=[], second=[]}"].map(Some);
        assert_eq!(relation.judge(&copied), Asked::DoesNotApply);
    }

    /// The answers that a right kernel gives, and the same with one of the views altered.
    #[test]
    fn each_relation_fails_for_an_altered_answer() {
        let tree = r#"{at="/", on=none, root="/", options=rw, optional=[], fstype=tmpfs}"#;
        for relation in RELATIONS {
            let right = |altered: bool| -> Vec<String> {
                let last = relation.parts.len() - 1;
                let answers = relation.parts.iter().enumerate().map(|(number, part)| match part {
                    Part::Needs(_) | Part::Alike(_) => "0".to_string(),
                    Part::Left(_) => format!("[{tree}]"),
                    Part::Right(_) if altered => "[]".to_string(),
                    Part::Right(_) => format!("[{tree}]"),
                    Part::Both(_) if altered => format!("{{first=[{tree}], second=[]}}"),
                    Part::Both(_) => format!("{{first=[{tree}], second=[{tree}]}}"),
                    Part::Says(..) if altered && number == last => "otherwise".to_string(),
                    Part::Says(_, expected) => (*expected).to_string(),
                });
                answers.collect()
            };
            let judge = |answers: Vec<String>| {
                let answers: Vec<Option<&str>> = answers.iter().map(|answer| Some(answer.as_str())).collect();
                relation.judge(&answers)
            };
            assert_eq!(judge(right(false)), Asked::Holds, "{}", relation.name);
            assert!(matches!(judge(right(true)), Asked::Broken(_)), "{} cannot fail", relation.name);
        }
    }
}
