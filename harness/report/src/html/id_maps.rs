//! The maps of user, group and project ids that a story writes and reads (user_namespaces(7), "User and
//! group ID mappings"), as bars: the ids inside on the left, the ids outside on the right.

use super::drawn::{Drawn, LINE, MARGIN, letters, pixels};
use super::story::{Lane, Story, StoryLine, StoryStep};
use maud::{Markup, html};
use nsconform_sys::kind::Kind;

/// The width of both bars and of the space between them, in pixels: they fit on a telephone. The space
/// is never narrower than this.
const WIDTH: usize = 320;
const BETWEEN: usize = 48;
/// The height of a bar of one id, in pixels; it grows with the magnitude of the number of ids.
const LOW: usize = 20;
const HIGHER: usize = 4;
const GAP: usize = 4;
/// So many ranges of a map are drawn.
const MOST: usize = 12;
/// So many bands look different.
const LOOKS: usize = 7;

/// A range of ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct IdRange {
    inside: u64,
    outside: u64,
    count: u64,
}

/// A map as it is written or read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct IdMap<'t> {
    /// `uid_map`, `gid_map`, `projid_map`, or several of them where they are alike.
    files: Vec<&'t str>,
    /// The process whose map it is.
    of: &'t str,
    /// Who writes or reads, and in which steps.
    action: String,
    steps: Vec<usize>,
    /// The name of an error, if the kernel refuses.
    refused: Option<&'t str>,
    /// As whom the ids outside are counted.
    outside: String,
    ranges: Vec<IdRange>,
}

/// The maps of a story.
pub(crate) fn id_maps<'t>(story: &Story<'t>) -> Vec<IdMap<'t>> {
    let mut maps: Vec<IdMap> = Vec::new();
    for (at, line) in story.lines.iter().enumerate() {
        let StoryLine::Step(step) = line else { continue };
        for map in step_maps(story, at, step).unwrap_or_default() {
            // One picture shows maps of several kinds that the same process gets from the same hand.
            let same = |other: &&mut IdMap| {
                other.of == map.of
                    && other.action == map.action
                    && other.ranges == map.ranges
                    && other.refused == map.refused
                    && other.files.iter().all(|file| !map.files.contains(file))
            };
            match maps.last_mut().filter(same) {
                Some(other) => {
                    other.files.extend(map.files);
                    other.steps.extend(map.steps);
                }
                None => maps.push(map),
            }
        }
    }
    maps
}

/// The maps that a step writes or reads, if it is such a step.
fn step_maps<'t>(story: &Story<'t>, at: usize, step: &StoryStep<'t>) -> Option<Vec<IdMap<'t>>> {
    let answer = step.answer?;
    let refused = answer.strip_prefix("-1 ").map(|error| error.split(' ').next().unwrap_or(error));
    let actor = &story.lanes[step.lane];
    let map = |process: &'t str, file: &'t str, verb: &str, ranges: Vec<IdRange>| {
        let of = match process.strip_prefix('<').and_then(|name| name.strip_suffix('>')) {
            Some(name) => story.named(name)?,
            None => actor,
        };
        let outside = outside(actor, of, at);
        let action = format!("{verb} by {}", actor.name);
        Some(IdMap {
            files: vec![file],
            of: of.name,
            steps: vec![step.number],
            action,
            refused,
            outside,
            ranges,
        })
    };
    if let Some(arguments) = step.call.strip_prefix("! echo \"") {
        let (text, path) = arguments.split_once("\" > ")?;
        let (process, file) = file_of(path)?;
        let ranges = ranges(text.split("\\n").filter(|line| !line.is_empty()))?;
        return Some(vec![map(process, file, "written", ranges)?]);
    }
    let (name, arguments) = step.call.get(2..)?.strip_suffix(')')?.split_once('(')?;
    match name {
        "cat_map" if refused.is_none() => {
            let (process, file) = file_of(arguments)?;
            let text = answer.strip_prefix('[')?.strip_suffix(']')?;
            let ranges = ranges(text.split(", ").filter(|line| !line.is_empty()))?;
            Some(vec![map(process, file, "read", ranges)?])
        }
        "map_ids" => {
            let mut words = arguments.split(", ").map(|word| word.trim_matches('"'));
            let process = words.next()?.strip_prefix("/proc/")?;
            let (uids, gids) = (words.next()?, words.next()?);
            let write = |file, text| map(process, file, "written", ranges(std::iter::once(text))?);
            Some(vec![write("uid_map", uids)?, write("gid_map", gids)?])
        }
        _ => None,
    }
}

/// The process and the name of the file in a path such as `"/proc/<inner>/uid_map"`.
fn file_of(path: &str) -> Option<(&str, &str)> {
    let (process, file) = path.trim_matches('"').strip_prefix("/proc/")?.split_once('/')?;
    matches!(file, "uid_map" | "gid_map" | "projid_map").then_some((process, file))
}

/// Lines of three numbers; none if one of them is anything else.
fn ranges<'l>(lines: impl Iterator<Item = &'l str>) -> Option<Vec<IdRange>> {
    let range = |line: &str| {
        let mut numbers = line.split_whitespace().map(|word| word.parse().ok());
        let range = IdRange { inside: numbers.next()??, outside: numbers.next()??, count: numbers.next()?? };
        numbers.next().is_none().then_some(range)
    };
    lines.map(range).collect()
}

/// In whose terms the ids outside are: in those of the reader or writer, unless that is in the same user
/// namespace; then in those of the parent.
fn outside(actor: &Lane, of: &Lane, at: usize) -> String {
    let user = |lane: &Lane| lane.at(at + 1).map(|spaces| spaces[Kind::User as usize]);
    if user(actor) == user(of) { "in the parent".to_string() } else { format!("for {}", actor.name) }
}

impl IdRange {
    fn height(&self) -> usize {
        LOW + HIGHER * self.count.max(1).ilog10() as usize
    }

    /// The ids from one on.
    fn ids(&self, first: u64) -> String {
        match self.count {
            0 | 1 => first.to_string(),
            count => format!("{first}–{}", first.saturating_add(count - 1)),
        }
    }
}

impl IdMap<'_> {
    /// Whose map it is, and who wrote or read it.
    pub(crate) fn title(&self) -> String {
        let refused = self.refused.map(|error| format!(", refused with {error}")).unwrap_or_default();
        let mut steps: Vec<String> = self.steps.iter().map(usize::to_string).collect();
        // Both files in one step.
        steps.dedup();
        let word = if steps.len() == 1 { "step" } else { "steps" };
        let (files, steps) = (self.files.join(" and "), steps.join(" and "));
        format!("{files} of {}, {} in {word} {steps}{refused}", self.of, self.action)
    }

    /// The map in words.
    pub(crate) fn words(&self) -> String {
        if self.ranges.is_empty() {
            return format!("{}: nothing is mapped", self.title());
        }
        let words = |range: &IdRange| {
            format!(
                "{} inside is {} outside ({})",
                range.ids(range.inside),
                range.ids(range.outside),
                self.outside
            )
        };
        let shown: Vec<String> = self.ranges.iter().take(MOST).map(words).collect();
        format!(
            "{}: {}{}",
            self.title(),
            shown.join("; "),
            self.rest().map(|rest| format!("; {rest}")).unwrap_or_default()
        )
    }

    /// How many ranges are not drawn.
    fn rest(&self) -> Option<String> {
        let more = self.ranges.len().checked_sub(MOST + 1)? + 1;
        Some(format!("and {more} more ranges"))
    }

    /// The map as bars.
    pub(crate) fn drawn(&self) -> Drawn {
        let shown = &self.ranges[..self.ranges.len().min(MOST)];
        let begin = 2 * MARGIN + LINE;
        let (inside, outside) =
            (tops(shown, begin, |range| range.inside), tops(shown, begin, |range| range.outside));
        let bottom = begin + shown.iter().map(|range| range.height() + GAP).sum::<usize>();
        let ids = shown.iter().flat_map(|range| [range.ids(range.inside), range.ids(range.outside)]);
        let bar_width = pixels(ids.map(|ids| letters(&ids)).max().unwrap_or(0).max(7)) + MARGIN;
        let right = MARGIN + bar_width + BETWEEN.max(WIDTH.saturating_sub(2 * bar_width));
        let rest = match (shown.is_empty(), self.rest()) {
            (true, _) => Some("nothing is mapped".to_string()),
            (false, rest) => rest,
        };
        let class = if self.refused.is_some() { "range loose" } else { "range" };
        let bar = |x: usize, y: usize, range: &IdRange, ids: String| -> Markup {
            html! {
                rect.box.loose[self.refused.is_some()] x=(x) y=(y) width=(bar_width) height=(range.height()) {}
                text x=(x + MARGIN / 2) y=(y + range.height() / 2 + 4) { (ids) }
            }
        };
        Drawn {
            width: right + bar_width + MARGIN,
            height: bottom + if rest.is_some() { LINE } else { 0 } + MARGIN,
            shapes: html! {
                text.name x=(MARGIN) y=(MARGIN + LINE - 4) { "inside" }
                text.name x=(right) y=(MARGIN + LINE - 4) { "outside" }
                @for (number, range) in shown.iter().enumerate() {
                    @let (left, to, height) = (inside[number], outside[number], range.height());
                    path.{ (class) " band" (number % LOOKS + 1) } d={
                        "M" (MARGIN + bar_width) " " (left) "L" (right) " " (to) "V" (to + height)
                        "L" (MARGIN + bar_width) " " (left + height) "Z"
                    } {}
                    (bar(MARGIN, left, range, range.ids(range.inside)))
                    (bar(right, to, range, range.ids(range.outside)))
                }
                @if let Some(rest) = rest { text.remark x=(MARGIN) y=(bottom + LINE - 4) { (rest) } }
            },
        }
    }
}

/// The top of each range, where they stand below each other in the order of their ids.
fn tops(ranges: &[IdRange], begin: usize, first: fn(&IdRange) -> u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..ranges.len()).collect();
    order.sort_by_key(|number| first(&ranges[*number]));
    let (mut tops, mut top) = (vec![0; ranges.len()], begin);
    for number in order {
        tops[number] = top;
        top += ranges[number].height() + GAP;
    }
    tops
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::aligned;
    use rstest::rstest;

    fn words(trace: &[&str]) -> String {
        let trace = aligned(trace);
        id_maps(&Story::read(&trace)).iter().map(IdMap::words).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn maps_that_are_written_and_read_are_told() {
        insta::assert_snapshot!(words(&[
            "outer  clone(CLONE_NEWUSER) = <inner>",
            "outer  ! echo \"0 1000 1\\n5 1001 2\" > \"/proc/<inner>/uid_map\" = 17",
            "outer  ! echo \"0 1000 1\\n5 1001 2\" > \"/proc/<inner>/gid_map\" = 17",
            "inner  ? cat_map(\"/proc/self/uid_map\") = [0 1000 1, 5 1001 2]",
            "inner  ? cat_map(\"/proc/self/projid_map\") = []",
            "outer  ! echo \"0 0 1\" > \"/proc/<inner>/uid_map\" = -1 EPERM (Operation not permitted)",
            "outer  ! map_ids(\"/proc/<inner>\", \"0 1 10\", \"0 2 10\") = 0",
        ]), @r"
        uid_map and gid_map of inner, written by outer in steps 2 and 3: 0 inside is 1000 outside (for outer); 5–6 inside is 1001–1002 outside (for outer)
        uid_map of inner, read by inner in step 4: 0 inside is 1000 outside (in the parent); 5–6 inside is 1001–1002 outside (in the parent)
        projid_map of inner, read by inner in step 5: nothing is mapped
        uid_map of inner, written by outer in step 6, refused with EPERM: 0 inside is 0 outside (for outer)
        uid_map of inner, written by outer in step 7: 0–9 inside is 1–10 outside (for outer)
        gid_map of inner, written by outer in step 7: 0–9 inside is 2–11 outside (for outer)
        ");
    }

    #[rstest]
    #[case::no_numbers("a  ! echo \"x y z\" > \"/proc/self/uid_map\" = -1 EINVAL (Invalid argument)")]
    #[case::another_file("a  ! echo \"deny\" > \"/proc/self/setgroups\" = 4")]
    #[case::four_numbers("a  ! echo \"1 2 3 4\" > \"/proc/self/uid_map\" = -1 EINVAL (Invalid argument)")]
    #[case::refused_reading("a  ? cat_map(\"/proc/self/uid_map\") = -1 ENOENT (No such file or directory)")]
    #[case::an_unknown_process("a  ? cat_map(\"/proc/<b>/uid_map\") = [0 0 1]")]
    fn other_lines_have_no_map(#[case] line: &str) {
        assert_eq!(words(&[line]), "");
    }

    #[test]
    fn bars_stand_in_the_order_of_ids_on_each_side() {
        let ranges =
            [(0, 20), (5, 10), (9, 0)].map(|(inside, outside)| IdRange { inside, outside, count: 1 });
        let high = LOW + GAP;
        assert_eq!(tops(&ranges, 0, |range| range.inside), [0, high, 2 * high]);
        assert_eq!(tops(&ranges, 0, |range| range.outside), [2 * high, high, 0]);
    }

    #[test]
    fn the_largest_map_and_long_ones_stay_in_the_picture() {
        let all = aligned(&["a  ? cat_map(\"/proc/self/uid_map\") = [0 0 4294967295]"]);
        let story = Story::read(&all);
        let drawn = id_maps(&story)[0].drawn();
        assert!(drawn.width <= 340, "{}", drawn.width);
        assert!(drawn.shapes.into_string().contains("0–4294967294"));
        let many: Vec<String> = (0..40).map(|number| format!("{number} {number} 1")).collect();
        let line = format!("a  ? cat_map(\"/proc/self/uid_map\") = [{}]", many.join(", "));
        let long = aligned(&[&line]);
        let drawn = id_maps(&Story::read(&long))[0].drawn().shapes.into_string();
        assert_eq!(drawn.matches("class=\"range").count(), MOST);
        assert!(drawn.contains("and 28 more ranges"), "{drawn}");
    }
}
