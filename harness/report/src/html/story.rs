//! The lines of a trace, read as a story: who acts, who creates whom, who waits, who ends. Which
//! namespaces they are in lives in `spaces`, the drawing in `picture`.

use super::spaces::{Births, LaneNamespaces, NamespaceNumber, NamespaceTracker};
use nsconform_sys::kind::Kind;
use std::collections::HashMap;

/// A trace as a story.
#[derive(Debug, Default)]
pub(crate) struct Story<'t> {
    /// The processes, in the order in which they are met.
    pub(crate) lanes: Vec<Lane<'t>>,
    /// The lines of the trace.
    pub(crate) lines: Vec<StoryLine<'t>>,
    /// The letters by which the trace names namespaces, by the place of the kind and the number.
    pub(crate) letters: HashMap<(usize, NamespaceNumber), &'t str>,
    /// The namespaces that are not those of the beginning.
    pub(crate) births: Births,
}

/// One process.
#[derive(Debug)]
pub(crate) struct Lane<'t> {
    /// Its name.
    pub(crate) name: &'t str,
    /// The line that creates it, and the lane of its creator; none for a process that is there from the
    /// beginning.
    pub(crate) created: Option<(usize, usize)>,
    /// The line in which it ends, if it does.
    pub(crate) ended: Option<usize>,
    /// From which line to which it waits in a call; none if it never returns.
    pub(crate) blocked: Vec<(usize, Option<usize>)>,
    /// From which line on it is in which namespaces.
    pub(crate) memberships: Vec<(usize, LaneNamespaces)>,
}

/// One line of a trace.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum StoryLine<'t> {
    /// A process asks something of the kernel.
    Step(StoryStep<'t>),
    /// The script explains.
    Note(&'t str),
    /// Rounds of equal steps begin.
    FoldBegins,
    /// Rounds of equal steps end; so often did they happen.
    FoldEnds(&'t str),
    /// Anything else: the words of the engine.
    Remark(&'t str),
}

/// A call and its answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StoryStep<'t> {
    /// Its number, from 1.
    pub(crate) number: usize,
    /// The lane of the process.
    pub(crate) lane: usize,
    /// Which of the three it is.
    pub(crate) sort: StepSort,
    /// The call as it is printed, with its sign.
    pub(crate) call: &'t str,
    /// The answer, once there is one.
    pub(crate) answer: Option<&'t str>,
    /// The lane that it creates.
    pub(crate) creates: Option<usize>,
}

/// The three sorts of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StepSort {
    /// One system call.
    Call,
    /// It only reads.
    Observation,
    /// A change by several calls.
    Composite,
}

impl StoryStep<'_> {
    /// Whether the kernel refuses.
    pub(crate) fn is_refused(&self) -> bool {
        self.answer.is_some_and(|answer| answer.starts_with("-1 "))
    }
}

impl<'t> Story<'t> {
    /// Reads the lines of a trace.
    pub(crate) fn read(trace: &'t [String]) -> Story<'t> {
        let mut reader = Reader::default();
        trace.iter().for_each(|line| reader.line(line));
        reader.story.letters = reader.spaces.letters();
        reader.story.births = reader.spaces.births;
        reader.story
    }

    /// The places of the kinds of namespaces that differ between processes or change.
    pub(crate) fn kinds(&self) -> Vec<usize> {
        let differs = |kind: &usize| {
            self.lanes.iter().flat_map(|lane| &lane.memberships).any(|(_, membership)| membership[*kind] != 0)
        };
        (0..Kind::ALL.len()).filter(differs).collect()
    }

    /// The name of a namespace: the letter of the trace, or else a number.
    pub(crate) fn letter(&self, kind: usize, space: NamespaceNumber) -> String {
        match self.letters.get(&(kind, space)) {
            Some(letter) => letter.to_string(),
            None => space.to_string(),
        }
    }

    /// The namespaces that a line shows first.
    pub(crate) fn births_at(&self, line: usize) -> Vec<(usize, NamespaceNumber)> {
        self.births.iter().filter(|(_, birth)| birth.line == line).map(|(place, _)| *place).collect()
    }

    /// The newest process of a name.
    pub(crate) fn named(&self, name: &str) -> Option<&Lane<'t>> {
        self.lanes.iter().rev().find(|lane| lane.name == name)
    }
}

impl Lane<'_> {
    /// The namespaces that it is in before this line; none if it is not there yet.
    pub(crate) fn at(&self, line: usize) -> Option<&LaneNamespaces> {
        let first = self.memberships.first().filter(|_| self.created.is_none());
        let last = self.memberships.iter().rev().find(|(row, _)| *row < line);
        last.or(first).map(|(_, spaces)| spaces)
    }
}

#[derive(Default)]
struct Reader<'t> {
    story: Story<'t>,
    /// The newest lane of each name.
    names: HashMap<&'t str, usize>,
    spaces: NamespaceTracker<'t>,
    number: usize,
}

impl<'t> Reader<'t> {
    fn line(&mut self, line: &'t str) {
        let at = self.story.lines.len();
        self.spaces.line = at;
        let read = match line {
            "{" => StoryLine::FoldBegins,
            _ => match (line.strip_prefix("# "), line.strip_prefix("} × "), line.split_once("  ")) {
                (Some(note), ..) => StoryLine::Note(note),
                (_, Some(rounds), _) => StoryLine::FoldEnds(rounds),
                (_, _, Some((name, text))) if !name.is_empty() => {
                    StoryLine::Step(self.step(at, name, text.trim_start()))
                }
                _ => StoryLine::Remark(line),
            },
        };
        self.story.lines.push(read);
    }

    /// The lane of a process that acts; one that nobody created is there from the beginning.
    fn lane(&mut self, name: &'t str) -> usize {
        match self.names.get(name) {
            Some(lane) => *lane,
            None => {
                let membership = self.spaces.begin();
                self.add(name, None, (0, membership))
            }
        }
    }

    fn add(
        &mut self,
        name: &'t str,
        created: Option<(usize, usize)>,
        first: (usize, LaneNamespaces),
    ) -> usize {
        let lane = self.story.lanes.len();
        self.names.insert(name, lane);
        let memberships = vec![first];
        self.story.lanes.push(Lane { name, created, ended: None, blocked: Vec::new(), memberships });
        lane
    }

    fn step(&mut self, at: usize, name: &'t str, text: &'t str) -> StoryStep<'t> {
        let lane = self.lane(name);
        let (call, answer) = halves(text);
        self.number += 1;
        if let Some(call) = call.strip_suffix(" <unfinished ...>") {
            self.story.lanes[lane].blocked.push((at, None));
            return StoryStep { number: self.number, lane, sort: sort(call), call, answer, creates: None };
        }
        if call.starts_with("<... ") {
            let waiting = self.story.lanes[lane].blocked.iter_mut().rev().find(|(_, end)| end.is_none());
            if let Some((_, end)) = waiting {
                *end = Some(at);
            }
        }
        if answer == Some("?") {
            self.story.lanes[lane].ended = Some(at);
        }
        let creates = answer.and_then(|answer| self.created(at, lane, call, answer));
        if let (Some(answer), None) = (answer, creates) {
            if let Some(found) = self.spaces.follow(lane, &self.names, call, answer) {
                let memberships = &mut self.story.lanes[found.lane].memberships;
                for (_, spaces) in
                    memberships.iter_mut().filter(|(_, spaces)| spaces[found.kind] == found.taken_for)
                {
                    spaces[found.kind] = found.is;
                }
            }
            self.remember(at);
        }
        StoryStep { number: self.number, lane, sort: sort(call), call, answer, creates }
    }

    /// The lane of the process that a call creates.
    fn created(&mut self, at: usize, lane: usize, call: &str, answer: &'t str) -> Option<usize> {
        let is_clone = call.starts_with("clone(") || call.starts_with("clone3(");
        let name = answer.trim_start_matches(|letter: char| letter.is_ascii_digit());
        let name = name.strip_prefix('<')?.strip_suffix('>').filter(|_| is_clone)?;
        // In a round that is folded, the newest process of that name creates the next one.
        if self.names.get(name) == Some(&lane) {
            return None;
        }
        let membership = self.spaces.create(lane, call);
        Some(self.add(name, Some((at, lane)), (at, membership)))
    }

    /// Writes down the memberships that a step changed.
    fn remember(&mut self, at: usize) {
        for (lane, story) in self.story.lanes.iter_mut().enumerate() {
            let now = self.spaces.of(lane);
            if story.memberships.last().is_some_and(|(_, last)| *last != now) {
                story.memberships.push((at, now));
            }
        }
    }
}

fn sort(call: &str) -> StepSort {
    match call.trim_start_matches("<... ").chars().next() {
        Some('?') => StepSort::Observation,
        Some('!') => StepSort::Composite,
        _ => StepSort::Call,
    }
}

/// A call and its answer: the first ` = ` outside of quotes at or behind the column where answers
/// stand divides them.
fn halves(text: &str) -> (&str, Option<&str>) {
    /// The column of the `=` behind a short call.
    const ANSWER_COLUMN: usize = 40;
    let (mut quoted, mut escaped) = (false, false);
    for (column, (at, letter)) in text.char_indices().enumerate() {
        if !quoted && column >= ANSWER_COLUMN && text[at..].starts_with(" = ") {
            return (text[..at].trim_end(), Some(&text[at + 3..]));
        }
        quoted ^= letter == '"' && !escaped;
        escaped = letter == '\\' && !escaped;
    }
    // Files of other versions may be aligned otherwise.
    match text.rsplit_once(" = ") {
        Some((call, answer)) if !answer.contains('"') => (call.trim_end(), Some(answer)),
        _ => (text.trim_end(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(|line| line.trim_start().to_string()).collect()
    }

    #[rstest]
    #[case::short("getpid()                                 = 2", "getpid()", Some("2"))]
    #[case::long(
        "mount(\"/tmp/a\", \"/tmp/b\", NULL, MS_BIND, NULL) = -1 EINVAL (Invalid argument)",
        "mount(\"/tmp/a\", \"/tmp/b\", NULL, MS_BIND, NULL)",
        Some("-1 EINVAL (Invalid argument)")
    )]
    #[case::sign_in_a_quote(
        "open(\"/a long path that has a sign within = 1\") = 3",
        "open(\"/a long path that has a sign within = 1\")",
        Some("3")
    )]
    #[case::quote_in_a_quote(
        "open(\"/a long path that has \\\" and a sign = 1\") = 3",
        "open(\"/a long path that has \\\" and a sign = 1\")",
        Some("3")
    )]
    #[case::answer_with_a_sign(
        "cat()                                    = \"a = b\"",
        "cat()",
        Some("\"a = b\"")
    )]
    #[case::unfinished("waitpid(-1, 0) <unfinished ...>", "waitpid(-1, 0) <unfinished ...>", None)]
    #[case::not_aligned("getpid() = 2", "getpid()", Some("2"))]
    fn a_line_is_a_call_and_its_answer(#[case] text: &str, #[case] call: &str, #[case] answer: Option<&str>) {
        assert_eq!(halves(text), (call, answer));
    }

    #[test]
    fn processes_are_created_wait_and_end() {
        let trace = lines(
            "outer       clone(CLONE_NEWPID)                      = <init>
            # somebody waits
            init        clone(0)                                 = 7<the child>
            init        waitpid(<the child>, 0) <unfinished ...>
            the child   exit(9)                                  = ?
            init        <... waitpid resumed>                    = {pid=<the child>, status=exited(9)}",
        );
        let story = Story::read(&trace);
        let names: Vec<&str> = story.lanes.iter().map(|lane| lane.name).collect();
        assert_eq!(names, ["outer", "init", "the child"]);
        let created: Vec<_> = story.lanes.iter().map(|lane| lane.created).collect();
        assert_eq!(created, [None, Some((0, 0)), Some((2, 1))]);
        assert_eq!(story.lanes[1].blocked, [(3, Some(5))]);
        assert_eq!(story.lanes[2].ended, Some(4));
        assert_eq!(story.lines[1], StoryLine::Note("somebody waits"));
        assert!(matches!(&story.lines[5], StoryLine::Step(step) if step.number == 5 && step.lane == 1));
    }

    #[test]
    fn the_three_sorts_of_steps_are_told_apart() {
        let trace = lines(
            "a  getpid()                                 = 2
            a  ? propagation(\"/tmp\")                    = []
            a  ! echo \"deny\" > \"/x\"                     = -1 EPERM (Operation not permitted)
            --- the case panicked: x ---",
        );
        let story = Story::read(&trace);
        let sorts: Vec<Option<(StepSort, bool)>> = story
            .lines
            .iter()
            .map(|line| match line {
                StoryLine::Step(step) => Some((step.sort, step.is_refused())),
                _ => None,
            })
            .collect();
        assert_eq!(
            sorts,
            [
                Some((StepSort::Call, false)),
                Some((StepSort::Observation, false)),
                Some((StepSort::Composite, true)),
                None
            ]
        );
    }

    #[test]
    fn folded_rounds_are_kept_and_a_level_that_creates_the_next_has_one_lane() {
        let trace = lines(
            "outer  clone(CLONE_NEWPID)                      = <level>
            {
            level  clone(CLONE_NEWPID)                      = <level>
            } × 31",
        );
        let story = Story::read(&trace);
        assert_eq!(story.lanes.len(), 2);
        assert_eq!(story.lines[1], StoryLine::FoldBegins);
        assert_eq!(story.lines[3], StoryLine::FoldEnds("31"));
    }
}
