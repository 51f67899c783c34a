//! Which namespaces each process of a trace is in, as far as its lines say so: from the flags of calls
//! that create and join, and from links that are read.
//!
//! A picture shows this, no verdict rests on it. Where a line does not say which namespace is meant, the
//! process is in one without a name. A link that is read wins over a conclusion.

use nsconform_sys::kind::{Flags, Kind};
use std::collections::{BTreeMap, HashMap};

/// The place of user namespaces in the order of [`Kind::ALL`].
pub(crate) const USER: usize = Kind::User as usize;

/// The namespaces that a story makes or meets, by the place of the kind and the number; not those of
/// the beginning.
pub(crate) type Births = BTreeMap<(usize, NamespaceNumber), Birth>;

/// Where a namespace comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Birth {
    /// The user namespace that owns it, which is the parent of a user namespace; none where the trace
    /// does not show who made it.
    pub(crate) owner: Option<NamespaceNumber>,
    /// The namespace above it, of kinds that nest.
    pub(crate) parent: Option<NamespaceNumber>,
    /// The line that shows it first.
    pub(crate) line: usize,
}

/// A namespace that turns out to be another one.
pub(crate) struct Recognition {
    pub(crate) lane: usize,
    pub(crate) kind: usize,
    pub(crate) taken_for: NamespaceNumber,
    pub(crate) is: NamespaceNumber,
}

/// The namespaces of a process, by kind in the order of [`Kind::ALL`].
pub(crate) type LaneNamespaces = [NamespaceNumber; Kind::ALL.len()];

/// A namespace: a number for each kind. 0 is the one that the case begins in.
pub(crate) type NamespaceNumber = u16;

/// The state of all processes.
#[derive(Debug, Default)]
pub(crate) struct NamespaceTracker<'t> {
    lanes: Vec<Inside>,
    /// The last number of each kind.
    last: LaneNamespaces,
    /// The letters by which the trace names namespaces.
    letters: HashMap<(usize, &'t str), NamespaceNumber>,
    pub(crate) births: Births,
    /// The line that is read.
    pub(crate) line: usize,
}

/// One process.
#[derive(Clone, Debug, Default)]
struct Inside {
    own: LaneNamespaces,
    /// Where its children will be: differs for PID and time namespaces after unshare(2) or setns(2).
    children: LaneNamespaces,
    /// Its open files of namespaces and processes, by number.
    files: HashMap<String, OpenedFile>,
}

/// The object behind a descriptor.
#[derive(Clone, Debug)]
enum OpenedFile {
    /// A namespace.
    Namespace(usize, NamespaceNumber),
    /// A process.
    Process(usize),
}

/// The kinds of which unshare(2) and setns(2) move later children, not the caller.
fn moves_children(kind: usize) -> bool {
    matches!(Kind::ALL[kind], Kind::Pid | Kind::Time)
}

/// The places of the kinds whose flags stand in a text.
fn kinds(text: &str) -> impl Iterator<Item = usize> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let mut named = Flags::empty();
    for word in words {
        // An empty mount namespace is a new one too.
        let word = if word.ends_with("_EMPTY_MNTNS") { "CLONE_NEWNS" } else { word };
        named |= Flags::from_name(word).unwrap_or(Flags::empty());
    }
    (0..Kind::ALL.len()).filter(move |kind| named.contains(Kind::ALL[*kind].flag()))
}

/// The place of the kind of a link in /proc/PID/ns, and whether it is the one of later children.
fn kind_of_link(link: &str) -> Option<(usize, bool)> {
    let (name, children) = match link.strip_suffix("_for_children") {
        Some(name) => (name, true),
        None => (link, false),
    };
    let kind = Kind::from_link(name)?;
    Some((Kind::ALL.iter().position(|other| *other == kind)?, children))
}

impl<'t> NamespaceTracker<'t> {
    /// A process that is there from the beginning.
    pub(crate) fn begin(&mut self) -> LaneNamespaces {
        self.lanes.push(Inside::default());
        LaneNamespaces::default()
    }

    /// The namespaces of a process.
    pub(crate) fn of(&self, lane: usize) -> LaneNamespaces {
        self.lanes[lane].own
    }

    /// A namespace that is new to us, and the user namespace that owns it, if we know.
    fn fresh(
        &mut self,
        kind: usize,
        owner: Option<NamespaceNumber>,
        parent: Option<NamespaceNumber>,
    ) -> NamespaceNumber {
        self.last[kind] = self.last[kind].saturating_add(1);
        self.births.insert((kind, self.last[kind]), Birth { owner, parent, line: self.line });
        self.last[kind]
    }

    /// Namespaces that a process makes for itself or for a child. A new user namespace owns the others
    /// (clone(2), CLONE_NEWUSER; unshare(2), CLONE_NEWUSER).
    fn make(&mut self, maker: usize, call: &str) -> Vec<(usize, NamespaceNumber)> {
        let (own, children) = (self.lanes[maker].own, self.lanes[maker].children);
        let user =
            kinds(call).any(|kind| kind == USER).then(|| self.fresh(USER, Some(own[USER]), Some(own[USER])));
        let owner = user.unwrap_or(own[USER]);
        let others: Vec<usize> = kinds(call).filter(|kind| *kind != USER).collect();
        let made = others.into_iter().map(|kind| {
            let parent = (Kind::ALL[kind] == Kind::Pid).then_some(children[kind]);
            (kind, self.fresh(kind, Some(owner), parent))
        });
        let made: Vec<_> = made.collect();
        user.map(|user| (USER, user)).into_iter().chain(made).collect()
    }

    /// A process that a call of another one creates.
    pub(crate) fn create(&mut self, parent: usize, call: &str) -> LaneNamespaces {
        let mut child = self.lanes[parent].clone();
        child.own = child.children;
        for (kind, space) in self.make(parent, call) {
            child.own[kind] = space;
        }
        child.children = child.own;
        self.lanes.push(child);
        self.of(self.lanes.len() - 1)
    }

    /// Follows a call that succeeds or fails; `names` are the lanes by name. Says so if a process turns
    /// out to have been in a namespace that is known already.
    pub(crate) fn follow(
        &mut self,
        lane: usize,
        names: &HashMap<&str, usize>,
        call: &str,
        answer: &'t str,
    ) -> Option<Recognition> {
        let (name, arguments) = call.trim_end_matches(')').split_once('(')?;
        let first = arguments.split(", ").next().unwrap_or("");
        match name {
            _ if answer.starts_with("-1 ") => {}
            "unshare" => {
                for (kind, space) in self.make(lane, arguments) {
                    self.enter(lane, kind, space);
                }
            }
            "setns" => self.join(lane, first, arguments),
            "open" => {
                if let Some((of, kind, children)) = self.link(lane, names, first) {
                    let inside = &self.lanes[of];
                    let space = if children { inside.children[kind] } else { inside.own[kind] };
                    self.lanes[lane].files.insert(answer.to_string(), OpenedFile::Namespace(kind, space));
                }
            }
            "pidfd_open" => {
                let process = first.trim_start_matches('<').trim_end_matches('>');
                if let Some(process) = names.get(process) {
                    self.lanes[lane].files.insert(answer.to_string(), OpenedFile::Process(*process));
                }
            }
            "close" => {
                self.lanes[lane].files.remove(first);
            }
            "readlink" => {
                let (of, kind, children) = self.link(lane, names, first)?;
                return self.learn(of, kind, children, answer);
            }
            _ => {}
        }
        None
    }

    fn enter(&mut self, lane: usize, kind: usize, space: NamespaceNumber) {
        let inside = &mut self.lanes[lane];
        inside.children[kind] = space;
        if !moves_children(kind) {
            inside.own[kind] = space;
        }
    }

    fn join(&mut self, lane: usize, file: &str, arguments: &str) {
        let found = match self.lanes[lane].files.get(file) {
            Some(OpenedFile::Namespace(kind, space)) => vec![(*kind, *space)],
            Some(OpenedFile::Process(process)) => {
                let of = self.lanes[*process].own;
                kinds(arguments).map(|kind| (kind, of[kind])).collect()
            }
            None => Vec::new(),
        };
        if found.is_empty() {
            for kind in kinds(arguments) {
                let space = self.fresh(kind, None, None);
                self.enter(lane, kind, space);
            }
        }
        for (kind, space) in found {
            self.enter(lane, kind, space);
        }
    }

    /// The lane and the kind that a path such as `"/proc/<inner>/ns/uts"` means.
    fn link(&self, lane: usize, names: &HashMap<&str, usize>, path: &str) -> Option<(usize, usize, bool)> {
        let (process, link) = path.trim_matches('"').strip_prefix("/proc/")?.split_once("/ns/")?;
        let (kind, children) = kind_of_link(link)?;
        let of = match process {
            "self" | "thread-self" => lane,
            named => *names.get(named.strip_prefix('<')?.strip_suffix('>')?)?,
        };
        Some((of, kind, children))
    }

    /// Takes in a link that was read: `uts:[B]`.
    fn learn(&mut self, lane: usize, kind: usize, children: bool, answer: &'t str) -> Option<Recognition> {
        let (_, letter) = answer.trim_matches('"').split_once(":[")?;
        let letter = letter.strip_suffix(']')?;
        let inside = &self.lanes[lane];
        let concluded = if children { inside.children[kind] } else { inside.own[kind] };
        let is_lettered =
            self.letters.iter().any(|((other, _), space)| *other == kind && *space == concluded);
        let space = match self.letters.get(&(kind, letter)) {
            Some(space) => *space,
            None if is_lettered => self.fresh(kind, None, None),
            None => concluded,
        };
        self.letters.insert((kind, letter), space);
        let inside = &mut self.lanes[lane];
        if children || inside.children[kind] == inside.own[kind] {
            inside.children[kind] = space;
        }
        if children {
            return None;
        }
        inside.own[kind] = space;
        // One whose maker nobody saw was only supposed to be another one.
        let is_supposed = self.births.get(&(kind, concluded)).is_some_and(|birth| birth.owner.is_none());
        if space == concluded || !is_supposed {
            return None;
        }
        self.births.remove(&(kind, concluded));
        Some(Recognition { lane, kind, taken_for: concluded, is: space })
    }

    /// The letters of the trace by kind and namespace.
    pub(crate) fn letters(&self) -> HashMap<(usize, NamespaceNumber), &'t str> {
        self.letters.iter().map(|((kind, letter), space)| ((*kind, *space), *letter)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::Story;
    use super::*;
    use crate::testing::aligned;
    use rstest::rstest;

    #[test]
    fn kinds_stand_in_the_order_of_their_list() {
        assert_eq!(Kind::ALL[USER], Kind::User);
    }

    #[rstest]
    #[case::made_by_the_maker(&["a  clone(CLONE_NEWUTS) = <b>"], Kind::Uts, Some(0), None)]
    #[case::a_new_user_namespace_owns(&["a  clone(CLONE_NEWUTS|CLONE_NEWUSER) = <b>"], Kind::Uts, Some(1), None)]
    #[case::unshared(&["a  unshare(CLONE_NEWUSER|CLONE_NEWIPC) = 0"], Kind::Ipc, Some(1), None)]
    #[case::user(&["a  unshare(CLONE_NEWUSER) = 0"], Kind::User, Some(0), Some(0))]
    #[case::pid_namespaces_nest(&["a  clone(CLONE_NEWPID) = <b>"], Kind::Pid, Some(0), Some(0))]
    #[case::joined(&["a  setns(3, CLONE_NEWUTS) = 0"], Kind::Uts, None, None)]
    fn owners_and_parents_are_kept(
        #[case] trace: &[&str],
        #[case] kind: Kind,
        #[case] owner: Option<NamespaceNumber>,
        #[case] parent: Option<NamespaceNumber>,
    ) {
        let lines = aligned(trace);
        let story = Story::read(&lines);
        assert_eq!(story.births.get(&(kind as usize, 1)), Some(&Birth { owner, parent, line: 0 }));
    }

    #[test]
    fn a_namespace_that_turns_out_to_be_another_was_that_one_all_the_time() {
        let lines = aligned(&[
            "a  clone(CLONE_NEWUTS) = <b>",
            "b  readlink(\"/proc/self/ns/uts\") = uts:[A]",
            "a  setns(9, CLONE_NEWUTS) = 0",
            "a  readlink(\"/proc/self/ns/uts\") = uts:[A]",
        ]);
        let story = Story::read(&lines);
        let uts: Vec<_> = story.lanes[0]
            .memberships
            .iter()
            .map(|(row, spaces)| (*row, spaces[Kind::Uts as usize]))
            .collect();
        assert_eq!(uts, [(0, 0), (2, 1)]);
        assert_eq!(story.births.len(), 1);
    }

    /// The UTS, PID and mount namespaces of each process at the end.
    fn at_end(trace: &[&str]) -> Vec<(String, [NamespaceNumber; 3])> {
        let lines = aligned(trace);
        let story = Story::read(&lines);
        let place = |kind| Kind::ALL.iter().position(|other| *other == kind).unwrap();
        let kinds = [Kind::Uts, Kind::Pid, Kind::Mnt].map(place);
        story
            .lanes
            .iter()
            .map(|lane| (lane.name.to_string(), kinds.map(|kind| lane.memberships.last().unwrap().1[kind])))
            .collect()
    }

    #[rstest]
    #[case::clone(&["a  clone(CLONE_NEWUTS|CLONE_NEWPID) = <b>"], "a 000 b 110")]
    #[case::clone3(&["a  clone3({flags=CLONE_NEWNS, exit_signal=SIGCHLD}) = 5<b>"], "a 000 b 001")]
    #[case::plain_clone(&["a  clone(0) = <b>"], "a 000 b 000")]
    #[case::unshare(&["a  unshare(CLONE_NEWUTS) = 0"], "a 100")]
    #[case::refused(&["a  unshare(CLONE_NEWUTS) = -1 EPERM (x)"], "a 000")]
    #[case::pid_moves_children(&["a  unshare(CLONE_NEWPID) = 0", "a  clone(0) = <b>"], "a 000 b 010")]
    #[case::empty(&["a  unshare(UNSHARE_EMPTY_MNTNS) = 0"], "a 001")]
    #[case::join_by_file(
        &["a  clone(CLONE_NEWUTS) = <b>", "a  open(\"/proc/<b>/ns/uts\", O_RDONLY) = 3", "a  setns(3, 0) = 0"],
        "a 100 b 100"
    )]
    #[case::back_again(
        &["a  open(\"/proc/self/ns/uts\", O_RDONLY) = 3", "a  unshare(CLONE_NEWUTS) = 0", "a  setns(3, CLONE_NEWUTS) = 0"],
        "a 000"
    )]
    #[case::join_by_process(
        &["a  clone(CLONE_NEWUTS|CLONE_NEWNS) = <b>", "a  pidfd_open(<b>, 0) = 3", "a  setns(3, CLONE_NEWNS) = 0"],
        "a 001 b 101"
    )]
    #[case::join_something_unknown(&["a  setns(3, CLONE_NEWUTS) = 0"], "a 100")]
    #[case::links_win(
        &["a  clone(0) = <b>", "a  readlink(\"/proc/self/ns/uts\") = uts:[A]", "b  readlink(\"/proc/self/ns/uts\") = uts:[B]"],
        "a 000 b 100"
    )]
    #[case::a_joined_one_is_recognized(
        &["a  clone(CLONE_NEWUTS) = <b>", "b  readlink(\"/proc/self/ns/uts\") = uts:[A]", "a  setns(9, 0) = 0",
          "a  readlink(\"/proc/self/ns/uts\") = uts:[A]"],
        "a 100 b 100"
    )]
    fn namespaces_are_followed(#[case] trace: &[&str], #[case] expected: &str) {
        let found: Vec<String> =
            at_end(trace).iter().map(|(name, [uts, pid, mnt])| format!("{name} {uts}{pid}{mnt}")).collect();
        assert_eq!(found.join(" "), expected);
    }
}
