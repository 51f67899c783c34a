//! The mounts that a story observes, by peer group: which share events, which only receive them, which
//! are private or unbindable (mount_namespaces(7), "Shared subtrees"; the optional fields of
//! proc_pid_mountinfo(5)). Each as it was observed first, and last.

use super::boxes::{BoxShape, DEEPEST, TreeBox};
use super::spaces::NamespaceNumber;
use super::story::{Story, StoryLine, StoryStep};
use nsconform_sys::kind::Kind;
use std::collections::BTreeMap;

/// The place of mount namespaces in the order of [`Kind::ALL`].
const MNT: usize = Kind::Mnt as usize;

/// The graph as trees: a group below the one that it gets events from.
pub(crate) struct PropagationGraphs {
    /// Each mount as it was observed first; none if none was observed in another state later.
    pub(crate) first: Option<Vec<TreeBox>>,
    /// Each mount as it was observed last.
    pub(crate) last: Vec<TreeBox>,
}

/// How a mount takes part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Propagation<'t> {
    is_there: bool,
    /// The peer group that it is in.
    shared: Option<&'t str>,
    /// The peer group that it gets events from.
    master: Option<&'t str>,
    /// The nearest group above it that its process can see, where that is not the master.
    from: Option<&'t str>,
    is_unbindable: bool,
}

/// A step that observes a mount, by its number, and the state that it finds.
type MountObservation<'t> = (usize, Propagation<'t>);

/// A mount: its namespace and its path.
struct Mount<'t> {
    space: NamespaceNumber,
    path: &'t str,
    seen: Vec<MountObservation<'t>>,
}

/// The graphs of a story; none if it observes no mount that takes part in propagation.
pub(crate) fn propagation_graphs(story: &Story) -> Option<PropagationGraphs> {
    let mounts = mounts(story);
    let seen = || mounts.iter().flat_map(|mount| &mount.seen).map(|(_, propagation)| propagation);
    let takes_part = |propagation: &Propagation| {
        propagation.shared.is_some() || propagation.master.is_some() || propagation.is_unbindable
    };
    if !seen().any(takes_part) {
        return None;
    }
    let changes = mounts.iter().any(|mount| mount.seen.windows(2).any(|pair| pair[0].1 != pair[1].1));
    Some(PropagationGraphs {
        first: changes.then(|| graph(story, &mounts, |seen| seen.first())),
        last: graph(story, &mounts, |seen| seen.last()),
    })
}

fn mounts<'t>(story: &Story<'t>) -> Vec<Mount<'t>> {
    let mut mounts: Vec<Mount> = Vec::new();
    for (at, line) in story.lines.iter().enumerate() {
        let StoryLine::Step(step) = line else { continue };
        let Some((viewer, path, propagation)) = observed(step) else { continue };
        let lane = match viewer {
            Some(name) => story.named(name),
            None => story.lanes.get(step.lane),
        };
        let Some(spaces) = lane.and_then(|lane| lane.at(at + 1)) else { continue };
        let space = spaces[MNT];
        let seen = (step.number, propagation);
        match mounts.iter_mut().find(|mount| mount.space == space && mount.path == path) {
            Some(mount) => mount.seen.push(seen),
            None => mounts.push(Mount { space, path, seen: vec![seen] }),
        }
    }
    mounts
}

/// The process in whose view a step observes a mount, if it is another one; the path; the state.
fn observed<'t>(step: &StoryStep<'t>) -> Option<(Option<&'t str>, &'t str, Propagation<'t>)> {
    let (name, arguments) = step.call.strip_prefix("? ")?.strip_suffix(')')?.split_once('(')?;
    let answer = step.answer?;
    let (viewer, path) = match name {
        "propagation" | "mountinfo" => (None, arguments),
        "propagation_of" => {
            let (file, path) = arguments.split_once(", ")?;
            let process = file.strip_prefix("\"/proc/")?.strip_suffix("/mountinfo\"")?;
            match process.strip_prefix('<') {
                Some(name) => (Some(name.strip_suffix('>')?), path),
                None => (None, path),
            }
        }
        _ => return None,
    };
    let path = path.strip_prefix('"')?.strip_suffix('"')?;
    if answer.starts_with("-1 ENOENT") {
        return Some((viewer, path, Propagation::default()));
    }
    let fields = match name {
        "mountinfo" => answer.split_once("optional=[")?.1.split_once(']')?.0,
        _ => answer.strip_prefix('[')?.strip_suffix(']')?,
    };
    let mut propagation = Propagation { is_there: true, ..Propagation::default() };
    for field in fields.split(", ").filter(|field| !field.is_empty()) {
        match field.split_once(':') {
            Some(("shared", group)) => propagation.shared = Some(group),
            Some(("master", group)) => propagation.master = Some(group),
            Some(("propagate_from", group)) => propagation.from = Some(group),
            _ if field == "unbindable" => propagation.is_unbindable = true,
            _ => {}
        }
    }
    Some((viewer, path, propagation))
}

/// The mounts of a group.
#[derive(Default)]
struct Group<'t> {
    master: Option<&'t str>,
    members: Vec<String>,
    /// Those that get its events and are in no group themselves.
    slaves: Vec<String>,
}

fn graph<'s, 't>(
    story: &Story<'t>,
    mounts: &'s [Mount<'t>],
    chosen: fn(&'s [MountObservation<'t>]) -> Option<&'s MountObservation<'t>>,
) -> Vec<TreeBox> {
    let has_one_space = mounts.windows(2).all(|pair| pair[0].space == pair[1].space);
    let mut groups: BTreeMap<&str, Group> = BTreeMap::new();
    let (mut private, mut unbindable, mut absent) = (Vec::new(), Vec::new(), Vec::new());
    for mount in mounts {
        let Some((step, propagation)) = chosen(&mount.seen) else { continue };
        let place = match has_one_space {
            true => String::new(),
            false => format!(" in mnt {}", story.letter(MNT, mount.space)),
        };
        let from =
            propagation.from.map(|group| format!(", events come from group {group}")).unwrap_or_default();
        let words = format!("{}{place} (step {step}){from}", mount.path);
        if let Some(master) = propagation.master {
            groups.entry(master).or_default();
        }
        match (propagation.shared, propagation.master) {
            (Some(shared), master) => {
                let group = groups.entry(shared).or_default();
                group.members.push(words);
                group.master = group.master.or(master);
            }
            (None, Some(master)) => groups.entry(master).or_default().slaves.push(words),
            (None, None) if !propagation.is_there => absent.push(words),
            (None, None) if propagation.is_unbindable => unbindable.push(words),
            (None, None) => private.push(words),
        }
    }
    let roots = groups.iter().filter(|(_, group)| group.master.is_none());
    let mut trees: Vec<TreeBox> = roots.map(|(name, _)| group_box(&groups, name, 0)).collect();
    let alone = [
        (BoxShape::Plain, "private", private),
        (BoxShape::Plain, "unbindable", unbindable),
        (BoxShape::Dashed, "no mount there", absent),
    ];
    trees.extend(
        alone
            .into_iter()
            .filter(|(_, _, mounts)| !mounts.is_empty())
            .map(|(shape, name, mounts)| TreeBox::leaf(shape, name, mounts)),
    );
    trees
}

/// A group, its slaves, and the groups below it.
fn group_box(groups: &BTreeMap<&str, Group>, name: &str, depth: usize) -> TreeBox {
    let group = &groups[name];
    let mut children = Vec::new();
    if !group.slaves.is_empty() {
        children.push(TreeBox::leaf(
            BoxShape::Plain,
            format!("slaves of group {name}"),
            group.slaves.clone(),
        ));
    }
    if depth < DEEPEST {
        let below = groups.iter().filter(|(_, other)| other.master == Some(name));
        children.extend(below.map(|(below, _)| group_box(groups, below, depth + 1)));
    }
    let shape = if group.members.is_empty() { BoxShape::Dashed } else { BoxShape::Round };
    let lines = match group.members.is_empty() {
        true => vec!["no mount of it was observed".to_string()],
        false => group.members.clone(),
    };
    TreeBox { shape, name: format!("peer group {name}"), lines, children }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::aligned;
    use rstest::rstest;

    fn words(trees: &[TreeBox]) -> String {
        trees.iter().flat_map(TreeBox::words).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn groups_stand_below_their_masters() {
        let trace = aligned(&[
            "a  ? propagation(\"/a\") = [shared:1]",
            "a  ? propagation(\"/b\") = [shared:2, master:1]",
            "a  ? propagation(\"/c\") = [shared:2, master:1]",
            "a  ? propagation(\"/d\") = [master:2]",
            "a  ? propagation(\"/e\") = []",
            "a  ? propagation(\"/f\") = [unbindable]",
            "a  ? propagation(\"/g\") = -1 ENOENT (No such file or directory)",
        ]);
        let graphs = propagation_graphs(&Story::read(&trace)).unwrap();
        assert!(graphs.first.is_none());
        insta::assert_snapshot!(words(&graphs.last), @r"
        peer group 1; /a (step 1); below it peer group 2
        peer group 2; /b (step 2); /c (step 3); below it slaves of group 2
        slaves of group 2; /d (step 4)
        private; /e (step 5)
        unbindable; /f (step 6)
        no mount there; /g (step 7)
        ");
    }

    #[test]
    fn a_mount_that_changes_is_shown_before_and_after() {
        let trace = aligned(&[
            "a  ? propagation(\"/a\") = [shared:1]",
            "a  mount(NULL, \"/a\", NULL, MS_SLAVE, NULL) = 0",
            "a  ? propagation(\"/a\") = [master:1]",
        ]);
        let graphs = propagation_graphs(&Story::read(&trace)).unwrap();
        assert_eq!(words(&graphs.first.unwrap()), "peer group 1; /a (step 1)");
        insta::assert_snapshot!(words(&graphs.last), @r"
        peer group 1; no mount of it was observed; below it slaves of group 1
        slaves of group 1; /a (step 3)
        ");
    }

    #[test]
    fn the_same_path_in_another_namespace_is_another_mount() {
        let trace = aligned(&[
            "a  clone(CLONE_NEWNS) = <b>",
            "a  ? propagation(\"/m\") = [shared:1]",
            "b  ? propagation(\"/m\") = [shared:1]",
            "a  ? propagation_of(\"/proc/<b>/mountinfo\", \"/n\") = [shared:2, master:3, propagate_from:1]",
            "a  ? mountinfo(\"/o\") = {root=\"/\", options=rw, optional=[master:1], fstype=tmpfs}",
        ]);
        let graphs = propagation_graphs(&Story::read(&trace)).unwrap();
        insta::assert_snapshot!(words(&graphs.last), @r"
        peer group 1; /m in mnt 0 (step 2); /m in mnt 1 (step 3); below it slaves of group 1
        slaves of group 1; /o in mnt 0 (step 5)
        peer group 3; no mount of it was observed; below it peer group 2
        peer group 2; /n in mnt 1 (step 4), events come from group 1
        ");
    }

    #[rstest]
    #[case::private(&["a  ? propagation(\"/a\") = []"])]
    #[case::refused(&["a  ? propagation(\"/a\") = -1 EACCES (Permission denied)"])]
    #[case::nothing(&["a  getpid() = 2"])]
    fn no_graph_without_propagation(#[case] trace: &[&str]) {
        assert!(propagation_graphs(&Story::read(&aligned(trace))).is_none());
    }

    #[test]
    fn groups_in_a_circle_do_not_hang() {
        let trace = aligned(&[
            "a  ? propagation(\"/a\") = [shared:1, master:2]",
            "a  ? propagation(\"/b\") = [shared:2, master:1]",
        ]);
        assert!(propagation_graphs(&Story::read(&trace)).unwrap().last.is_empty());
    }
}
