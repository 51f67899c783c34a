//! The picture of a trace: a lane for each process, its namespaces as bands beside it, and each step in
//! a row.

use super::drawn::{Drawn, LINE, MARGIN, letters, pixels, wrapped};
use super::story::{Lane, StepSort, Story, StoryLine, StoryStep};
use maud::{Markup, html};
use nsconform_sys::kind::Kind;

/// Lengths in pixels.
const ROW: usize = 22;
const BAND: usize = 13;
const LIFE: usize = 16;
/// The longest line of a call, in letters.
const CALL_WIDTH: usize = 64;
/// The longest line of a call and its answer together.
const WHOLE_WIDTH: usize = 96;
/// The column of a short answer.
const ANSWER_COLUMN: usize = 34;
/// So many bands have a look of their own; the first is that of the namespaces at the beginning.
const LOOKS: u16 = 8;

/// The measures of a picture.
struct Drawing<'s, 't> {
    story: &'s Story<'t>,
    /// The places of the kinds of namespaces that differ between processes or change.
    kinds: Vec<usize>,
    /// The letters of the longest name of a process.
    name_width: usize,
    /// The top of each row, and the bottom of the last one.
    tops: Vec<usize>,
    /// The lines of text of each row.
    texts: Vec<Vec<String>>,
}

/// The picture of a trace.
pub(crate) fn picture(story: &Story) -> Drawn {
    let drawing = Drawing::of(story);
    Drawn {
        width: drawing.width(),
        height: drawing.bottom() + MARGIN,
        shapes: html! {
            (drawing.heads())
            @for lane in 0..story.lanes.len() { (drawing.lane(lane)) }
            @for at in 0..story.lines.len() { (drawing.row(at)) }
        },
    }
}

impl<'s, 't> Drawing<'s, 't> {
    fn of(story: &'s Story<'t>) -> Drawing<'s, 't> {
        let name_width = story.lanes.iter().map(|lane| letters(lane.name)).max().unwrap_or(0);
        let texts: Vec<Vec<String>> = story.lines.iter().map(text).collect();
        let mut drawing = Drawing { story, kinds: story.kinds(), name_width, tops: Vec::new(), texts };
        let mut top = drawing.head();
        for lines in &drawing.texts {
            drawing.tops.push(top);
            top += ROW.max(lines.len() * LINE + ROW - LINE);
        }
        drawing.tops.push(top);
        drawing
    }

    /// The height of the head, where the names stand upright.
    fn head(&self) -> usize {
        MARGIN + pixels(self.name_width.max(7)) + MARGIN
    }

    fn bottom(&self) -> usize {
        self.tops.last().copied().unwrap_or(0)
    }

    /// The middle of a row.
    fn middle(&self, row: usize) -> usize {
        self.tops[row] + ROW / 2
    }

    /// The left side of the lanes, behind the numbers of the steps.
    fn lanes_begin(&self) -> usize {
        MARGIN + pixels(3)
    }

    fn lane_width(&self) -> usize {
        LIFE + BAND * self.kinds.len() + MARGIN
    }

    /// The line of the life of a process.
    fn life(&self, lane: usize) -> usize {
        self.lanes_begin() + lane * self.lane_width() + LIFE / 2
    }

    fn texts_begin(&self) -> usize {
        self.lanes_begin() + self.story.lanes.len() * self.lane_width() + MARGIN
    }

    fn calls_begin(&self) -> usize {
        self.texts_begin() + pixels(self.name_width + 1)
    }

    fn width(&self) -> usize {
        let longest = self.texts.iter().flatten().map(|line| letters(line)).max().unwrap_or(0);
        self.calls_begin() + pixels(longest) + MARGIN
    }

    /// The names of the processes and of the kinds of namespaces, upright above their lanes.
    fn heads(&self) -> Markup {
        let y = self.head() - MARGIN;
        let upright = |x: usize, class: &str, text: &str| {
            html! { text.(class) transform={ "translate(" (x) " " (y) ") rotate(-90)" } { (text) } }
        };
        html! {
            @for (lane, story) in self.story.lanes.iter().enumerate() {
                (upright(self.life(lane) + 4, "name", story.name))
                @for (band, kind) in self.kinds.iter().enumerate() {
                    (upright(self.band(lane, band) + 10, "kind", Kind::ALL[*kind].link()))
                }
            }
        }
    }

    /// The left side of a band.
    fn band(&self, lane: usize, band: usize) -> usize {
        self.life(lane) + LIFE / 2 + band * BAND
    }

    /// The life of a process: its line, its bands, the times when it waits, its end.
    fn lane(&self, number: usize) -> Markup {
        let lane = &self.story.lanes[number];
        let x = self.life(number);
        let begin = lane.created.map_or(self.head(), |(row, _)| self.middle(row));
        let end = lane.ended.map_or(self.bottom(), |row| self.middle(row));
        html! {
            @if let Some((row, parent)) = lane.created {
                path.guide d={ "M" (x) " " (self.head()) "V" (begin) } {}
                path.birth d={ "M" (self.life(parent)) " " (self.middle(row)) "H" (x) } {}
            }
            path.life d={ "M" (x) " " (begin) "V" (end) } {}
            @for (band, kind) in self.kinds.iter().enumerate() { (self.bands(lane, number, band, *kind, begin, end)) }
            @for (from, to) in &lane.blocked {
                @let (from, to) = (self.middle(*from), to.map_or(end, |row| self.middle(row)));
                rect.waits x=(x - 4) y=(from) width="8" height=(to.saturating_sub(from)) {
                    title { (lane.name) " waits in a call" }
                }
            }
            @if lane.ended.is_some() { path.end d={ "M" (x - 6) " " (end) "H" (x + 6) } {} }
        }
    }

    /// The namespaces of one kind that a process is in, one after the other.
    fn bands(
        &self,
        lane: &Lane,
        number: usize,
        band: usize,
        kind: usize,
        begin: usize,
        end: usize,
    ) -> Markup {
        let mut spans: Vec<(usize, u16)> = Vec::new();
        for (row, membership) in &lane.memberships {
            let space = membership[kind];
            if spans.last().is_none_or(|(_, last)| *last != space) {
                let y = if spans.is_empty() { begin } else { self.middle(*row) };
                spans.push((y, space));
            }
        }
        let x = self.band(number, band);
        html! {
            @for (place, (y, space)) in spans.iter().enumerate() {
                @let to = spans.get(place + 1).map_or(end, |(next, _)| *next);
                rect.{ "band" (look(*space)) } x=(x) y=(y) width=(BAND - 2) height=(to.saturating_sub(*y)) {
                    title { (lane.name) ": " (Kind::ALL[kind].link()) " namespace " (self.story.letter(kind, *space)) }
                }
                @if to > y + 11 { text.letter x=(x + (BAND - 2) / 2) y=(y + 10) { (self.story.letter(kind, *space)) } }
            }
        }
    }

    fn row(&self, at: usize) -> Markup {
        let y = self.middle(at) + 4;
        let x = self.texts_begin();
        match &self.story.lines[at] {
            StoryLine::Step(step) => self.step(at, step),
            StoryLine::Note(note) => html! {
                text.note { @for (line, part) in wrapped(note, WHOLE_WIDTH).iter().enumerate() {
                    tspan x=(x) y=(y + line * LINE) { (part) }
                } }
            },
            StoryLine::FoldBegins => html! { text.fold x=(x) y=(y) { "┌ again and again" } },
            StoryLine::FoldEnds(rounds) => html! { text.fold x=(x) y=(y) { "└ " (rounds) " times" } },
            StoryLine::Remark(words) => html! { text.remark x=(x) y=(y) { (words) } },
        }
    }

    fn step(&self, at: usize, step: &StoryStep) -> Markup {
        let (x, y) = (self.life(step.lane), self.middle(at));
        let class = if step.is_refused() { "refused" } else { "call" };
        html! {
            text.number x=(self.lanes_begin() - MARGIN) y=(y + 4) { (step.number) }
            @match step.sort {
                StepSort::Call => circle.does cx=(x) cy=(y) r="5" {},
                StepSort::Observation => circle.looks cx=(x) cy=(y) r="4" {},
                StepSort::Composite => rect.does x=(x - 5) y=(y - 5) width="10" height="10" {},
            }
            text.name x=(self.texts_begin()) y=(y + 4) { (self.story.lanes[step.lane].name) }
            text.(class) {
                @for (line, part) in self.texts[at].iter().enumerate() {
                    @let indent = part.len() - part.trim_start().len();
                    tspan x=(self.calls_begin() + pixels(indent)) y=(y + 4 + line * LINE) { (part.trim_start()) }
                }
            }
        }
    }
}

/// The look of a band: the beginning has one alone, the others take turns.
fn look(space: u16) -> u16 {
    if space == 0 { 0 } else { (space - 1) % (LOOKS - 1) + 1 }
}

/// The lines of text of a line of a trace: calls with their answers, broken where they are long.
fn text(line: &StoryLine) -> Vec<String> {
    match line {
        StoryLine::Step(step) => {
            let mut lines = wrapped(step.call, CALL_WIDTH);
            let Some(answer) = step.answer else { return lines };
            let last = lines.last_mut();
            match last.filter(|last| letters(last).max(ANSWER_COLUMN) + 3 + letters(answer) <= WHOLE_WIDTH) {
                Some(last) => *last = format!("{last:ANSWER_COLUMN$} = {answer}"),
                None => lines.extend(
                    wrapped(&format!("= {answer}"), WHOLE_WIDTH - 4)
                        .into_iter()
                        .map(|line| format!("    {line}")),
                ),
            }
            lines
        }
        StoryLine::Note(words) => wrapped(words, WHOLE_WIDTH),
        StoryLine::Remark(words) => vec![words.to_string()],
        StoryLine::FoldBegins | StoryLine::FoldEnds(_) => vec![String::new()],
    }
}

/// The same in words, for whoever does not see the picture: where each process comes from, and the
/// namespaces that it is in.
pub(crate) fn processes(story: &Story) -> Markup {
    let drawing = Drawing::of(story);
    let number = |row: &usize| match &story.lines[*row] {
        StoryLine::Step(step) => step.number,
        _ => 0,
    };
    let spaces = |lane: &Lane| -> Vec<String> {
        let mut words = Vec::new();
        for kind in &drawing.kinds {
            let name = Kind::ALL[*kind].link();
            let mut last = None;
            for (row, membership) in &lane.memberships {
                let space = membership[*kind];
                if last.replace(space) == Some(space) {
                    continue;
                }
                let begin = lane.created.map_or(0, |(row, _)| row);
                let when =
                    if *row > begin { format!(" from step {} on", number(row)) } else { String::new() };
                words.push(format!("{name} {}{when}", story.letter(*kind, space)));
            }
        }
        words
    };
    html! {
        ul {
            @for lane in &story.lanes {
                li {
                    code { (lane.name) }
                    @match lane.created {
                        Some((row, parent)) => { ": created by " (story.lanes[parent].name) " in step " (number(&row)) }
                        None => { ": there from the beginning" }
                    }
                    @let spaces = spaces(lane);
                    @if !spaces.is_empty() { "; namespaces " (spaces.join(", ")) }
                    @if let Some(row) = &lane.ended { "; ends in step " (number(row)) }
                }
            }
        }
        @if !drawing.kinds.is_empty() {
            p.quiet { "Namespaces: a letter is that of the trace, a number stands for one that the trace does not name, and 0 is the one that the case begins in." }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(trace: &[&str]) -> String {
        let lines: Vec<String> = trace.iter().map(ToString::to_string).collect();
        picture(&Story::read(&lines)).alone("x").into_string()
    }

    const TRACE: [&str; 7] = [
        "outer  clone(CLONE_NEWUTS)                      = <inner>",
        "# a note",
        "inner  ? uname()                                = \"a\"",
        "inner  sethostname(\"b\")                         = -1 EPERM (Operation not permitted)",
        "outer  waitpid(<inner>, 0) <unfinished ...>",
        "inner  exit(0)                                  = ?",
        "outer  <... waitpid resumed>                    = {pid=<inner>, status=exited(0)}",
    ];

    #[test]
    fn a_picture_has_lanes_bands_and_steps() {
        let svg = drawn(&TRACE);
        assert_eq!(svg.matches("class=\"life\"").count(), 2);
        assert_eq!(svg.matches("class=\"birth\"").count(), 1);
        assert_eq!((svg.matches("class=\"band0\"").count(), svg.matches("class=\"band1\"").count()), (1, 1));
        assert_eq!(svg.matches("class=\"does\"").count(), 5);
        assert_eq!(svg.matches("class=\"looks\"").count(), 1);
        assert_eq!(svg.matches("class=\"waits\"").count(), 1);
        assert_eq!(svg.matches("class=\"end\"").count(), 1);
        assert_eq!(svg.matches("class=\"refused\"").count(), 1);
        assert_eq!(svg.matches("class=\"note\"").count(), 1);
    }

    #[test]
    fn a_waiting_process_is_a_bar_from_its_call_to_its_answer() {
        let lines: Vec<String> = TRACE.iter().map(ToString::to_string).collect();
        let story = Story::read(&lines);
        let drawing = Drawing::of(&story);
        let (from, to) = (drawing.middle(4), drawing.middle(6));
        assert!(drawn(&TRACE).contains(&format!("y=\"{from}\" width=\"8\" height=\"{}\"", to - from)));
    }

    #[test]
    fn long_calls_are_broken_and_stay_in_the_picture() {
        let long = format!(
            "outer  mount(\"{}\", NULL, \"x\", MS_BIND, NULL) = -1 EINVAL (Invalid argument)",
            "a ".repeat(60)
        );
        let lines = [long];
        let story = Story::read(&lines);
        let drawing = Drawing::of(&story);
        assert!(drawing.texts[0].len() > 2, "{:?}", drawing.texts);
        assert!(drawing.texts[0].iter().all(|line| letters(line) <= WHOLE_WIDTH));
        assert_eq!(drawing.texts[0].join(" ").matches("EINVAL").count(), 1);
    }

    #[test]
    fn a_trace_that_makes_no_namespace_has_no_band() {
        assert!(!drawn(&["a  getpid()                                 = 2"]).contains("class=\"band"));
    }

    #[test]
    fn texts_are_no_markup() {
        let svg = drawn(&["<b>  open(\"</text><script>\")                  = <i>"]);
        assert!(!svg.contains("<script>") && !svg.contains("<b>"), "{svg}");
    }

    #[test]
    fn looks_take_turns_and_the_first_is_kept_for_the_beginning() {
        assert_eq!([0, 1, 7, 8, 14, 15].map(look), [0, 1, 7, 1, 7, 1]);
    }
}
