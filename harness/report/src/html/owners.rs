//! The namespaces of a story as a tree: each user namespace below its parent, and below it the
//! namespaces that it owns (user_namespaces(7), "Interaction of user namespaces and other types of
//! namespaces"), with the processes that are in them; before and after the last step that changes it.

use super::boxes::{BoxShape, DEEPEST, TreeBox};
use super::spaces::{NamespaceNumber, USER};
use super::story::{Lane, Story, StoryLine};
use nsconform_sys::kind::Kind;

/// The namespaces before and after a step.
pub(crate) struct OwnerTrees {
    /// The number of the step.
    pub(crate) step: usize,
    pub(crate) before: Vec<TreeBox>,
    pub(crate) after: Vec<TreeBox>,
}

/// The trees of a story; none if it changes no namespace.
pub(crate) fn owner_trees(story: &Story) -> Option<OwnerTrees> {
    let (at, step) = story.lines.iter().enumerate().rev().find_map(|(at, line)| match line {
        // A link that is read changes what is known, not where a process is.
        StoryLine::Step(step) if !step.call.starts_with("readlink") && changes(story, at) => {
            Some((at, step.number))
        }
        _ => None,
    })?;
    Some(OwnerTrees { step, before: trees(story, at, at), after: trees(story, at + 1, at) })
}

/// Whether the line puts a process into another namespace than its creator or itself was in.
fn changes(story: &Story, at: usize) -> bool {
    story.lanes.iter().any(|lane| {
        let now = lane.memberships.iter().rfind(|(row, _)| *row == at);
        let before = match lane.created {
            Some((row, creator)) if row == at => story.lanes[creator].at(at),
            _ => lane.at(at),
        };
        matches!((now, before), (Some((_, now)), Some(before)) if now != before)
    })
}

/// The trees as they are before the line `end`, known names included; `change` is the line of the step.
fn trees(story: &Story, end: usize, change: usize) -> Vec<TreeBox> {
    let state = State { story, end, change, kinds: story.kinds(), fresh: story.births_at(change) };
    let beginning = TreeBox {
        shape: BoxShape::Plain,
        name: "there from the beginning".into(),
        lines: state.kinds.iter().filter(|kind| **kind != USER).map(|kind| state.line(*kind, 0)).collect(),
        children: vec![state.user(0, 0)],
    };
    let mut trees = vec![beginning];
    let strays: Vec<String> = state.owned_by(None).map(|(kind, space)| state.line(kind, space)).collect();
    if !strays.is_empty() {
        trees.push(TreeBox::leaf(BoxShape::Dashed, "owner not shown by the trace", strays));
    }
    trees
}

/// The namespaces at one point of a story.
struct State<'s, 't> {
    story: &'s Story<'t>,
    end: usize,
    /// The line of the step.
    change: usize,
    kinds: Vec<usize>,
    /// The namespaces that the step makes.
    fresh: Vec<(usize, NamespaceNumber)>,
}

impl State<'_, '_> {
    /// The namespaces that are there, apart from those of the beginning, with this owner.
    fn owned_by(&self, owner: Option<NamespaceNumber>) -> impl Iterator<Item = (usize, NamespaceNumber)> {
        let births = self.story.births.iter().filter(move |(_, birth)| birth.owner == owner);
        births.map(|(place, _)| *place).filter(|place| self.is_there(*place))
    }

    /// Whether there is anything to say of a namespace: it has a process, the step takes its last one, or
    /// it owns something of which this is true. The trace does not show when an empty one ends.
    fn is_there(&self, (kind, space): (usize, NamespaceNumber)) -> bool {
        let has_member = |end| !self.members(kind, space, end).is_empty();
        // A user namespace has a lower number than those that it owns.
        has_member(self.end)
            || (has_member(self.change) && self.end > self.change)
            || (kind == USER && self.owned_by(Some(space)).next().is_some())
    }

    /// A user namespace, those below it, and those that it owns.
    fn user(&self, space: NamespaceNumber, depth: usize) -> TreeBox {
        let (below, owned): (Vec<_>, Vec<_>) =
            self.owned_by(Some(space)).partition(|(kind, _)| *kind == USER);
        let mut children: Vec<TreeBox> = Vec::new();
        if !owned.is_empty() {
            let name = format!("owned by user {}", self.story.letter(USER, space));
            let lines = owned.iter().map(|(kind, space)| self.line(*kind, *space)).collect();
            children.push(TreeBox::leaf(BoxShape::Plain, name, lines));
        }
        if depth < DEEPEST {
            children.extend(below.into_iter().map(|(_, space)| self.user(space, depth + 1)));
        }
        TreeBox { shape: BoxShape::Round, name: self.line(USER, space), lines: Vec::new(), children }
    }

    /// A namespace, its parent where the kind has one, and the processes in it.
    fn line(&self, kind: usize, space: NamespaceNumber) -> String {
        let name = |space| format!("{} {}", Kind::ALL[kind].link(), self.story.letter(kind, space));
        let birth = self.story.births.get(&(kind, space));
        let below = match birth.and_then(|birth| birth.parent) {
            Some(parent) if kind != USER => format!(" below {}", name(parent)),
            _ => String::new(),
        };
        let mark = if self.fresh.contains(&(kind, space)) { " (new)" } else { "" };
        let members = self.members(kind, space, self.end);
        let members = if members.is_empty() { "no process".to_string() } else { members.join(", ") };
        format!("{}{below}{mark}: {members}", name(space))
    }

    /// The processes that are in a namespace before this line.
    fn members(&self, kind: usize, space: NamespaceNumber, end: usize) -> Vec<String> {
        let is_in = |lane: &&Lane| lane.at(end).is_some_and(|spaces| spaces[kind] == space);
        let name = |lane: &Lane| {
            let ended = if lane.ended.is_some_and(|row| row < end) { " (ended)" } else { "" };
            format!("{}{ended}", lane.name)
        };
        self.story.lanes.iter().filter(is_in).map(name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::aligned;
    use rstest::rstest;

    fn shown(trees: &[TreeBox], depth: usize) -> String {
        let mut text = String::new();
        for tree in trees {
            text += &format!("{}[{}]", "  ".repeat(depth), tree.name);
            for line in &tree.lines {
                text += &format!(" {line};");
            }
            text += "\n";
            text += &shown(&tree.children, depth + 1);
        }
        text
    }

    #[test]
    fn a_clone_makes_namespaces_that_the_new_user_namespace_owns() {
        let trace = aligned(&[
            "outer  clone(CLONE_NEWUSER|CLONE_NEWUTS) = <inner>",
            "inner  readlink(\"/proc/self/ns/uts\") = uts:[A]",
        ]);
        let story = Story::read(&trace);
        let trees = owner_trees(&story).unwrap();
        assert_eq!(trees.step, 1);
        insta::assert_snapshot!(shown(&trees.before, 0), @r"
        [there from the beginning] uts 0: outer;
          [user 0: outer]
        ");
        insta::assert_snapshot!(shown(&trees.after, 0), @r"
        [there from the beginning] uts 0: outer;
          [user 0: outer]
            [user 1 (new): inner]
              [owned by user 1] uts A (new): inner;
        ");
    }

    #[test]
    fn the_last_change_is_shown_with_what_was_before_it() {
        let trace = aligned(&[
            "outer  clone(CLONE_NEWPID) = <init>",
            "init  clone(CLONE_NEWPID) = <below>",
            "below  exit(0) = ?",
            "outer  open(\"/proc/<init>/ns/uts\", O_RDONLY) = 3",
            "outer  unshare(CLONE_NEWUTS) = 0",
            "init  getpid() = 1",
        ]);
        let story = Story::read(&trace);
        let trees = owner_trees(&story).unwrap();
        assert_eq!(trees.step, 5);
        insta::assert_snapshot!(shown(&trees.after, 0), @r"
        [there from the beginning] pid 0: outer; uts 0: init, below (ended);
          [user 0: outer, init, below (ended)]
            [owned by user 0] pid 1 below pid 0: init; pid 2 below pid 1: below (ended); uts 1 (new): outer;
        ");
        assert!(!shown(&trees.before, 0).contains("uts 1"));
    }

    #[test]
    fn an_empty_namespace_is_shown_only_after_the_step_that_leaves_it() {
        let trace = aligned(&[
            "a  open(\"/proc/self/ns/uts\", O_RDONLY) = 3",
            "a  unshare(CLONE_NEWIPC) = 0",
            "a  unshare(CLONE_NEWIPC) = 0",
            "a  unshare(CLONE_NEWUTS) = 0",
            "a  setns(3, CLONE_NEWUTS) = 0",
        ]);
        let trees = owner_trees(&Story::read(&trace)).unwrap();
        insta::assert_snapshot!(shown(&trees.after, 0), @r"
        [there from the beginning] ipc 0: no process; uts 0: a;
          [user 0: a]
            [owned by user 0] ipc 2: a; uts 1: no process;
        ");
    }

    #[rstest]
    #[case::nothing_is_made(&["a  getpid() = 2"])]
    #[case::refused(&["a  unshare(CLONE_NEWUTS) = -1 EPERM (x)"])]
    #[case::a_plain_child(&["a  clone(0) = <b>"])]
    fn a_story_that_changes_no_namespace_has_no_tree(#[case] trace: &[&str]) {
        assert!(owner_trees(&Story::read(&aligned(trace))).is_none());
    }

    #[test]
    fn an_owner_that_the_trace_does_not_show_is_not_guessed() {
        let trace = aligned(&["a  setns(7, CLONE_NEWUTS) = 0"]);
        let trees = owner_trees(&Story::read(&trace)).unwrap();
        insta::assert_snapshot!(shown(&trees.after, 0), @r"
        [there from the beginning] uts 0: no process;
          [user 0: a]
        [owner not shown by the trace] uts 1 (new): a;
        ");
    }
}
