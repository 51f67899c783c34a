//! Questions about stored traces: a trace up to one call, whose answer is to be predicted; and the
//! worksheets that ask them on paper, with the answers apart.
//!
//! Whether a prediction is right is judged in `prediction`.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use nsconform_lab::fold::is_brace;
use std::fmt::Write;

/// A trace to ask about.
#[derive(Clone, Copy, Debug)]
pub struct QuizSubject<'c> {
    /// The id of the case.
    pub id: &'c str,
    /// The rule that decides the answer.
    pub claim: &'c str,
    /// The credentials of its processes, in words.
    pub starts_as: &'c str,
    /// The lines of the trace.
    pub trace: &'c str,
}

/// One question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The id of the case.
    pub id: String,
    /// The rule that decides the answer.
    pub claim: String,
    /// The credentials of its processes, in words.
    pub starts_as: String,
    /// The lines before the call.
    pub before: Vec<String>,
    /// The process and its call.
    pub call: String,
    /// The answer; none where the call blocks.
    pub answer: Option<String>,
}

/// The end of the line of a call that blocks.
const UNFINISHED: &str = " <unfinished ...>";
/// The least width of a call before its answer.
const ANSWER: &str = " = ";

/// The question about a trace; none if it has no call of which the answer is worth a question. The number chooses among
/// several.
pub fn question(subject: &QuizSubject, random: &mut fastrand::Rng) -> Option<Question> {
    let lines: Vec<&str> = subject.trace.trim_end().lines().collect();
    let mut depth = 0;
    let mut worth: Vec<(usize, &str, Option<&str>)> = Vec::new();
    for (number, line) in lines.iter().copied().enumerate() {
        if is_brace(line) {
            depth += if line == "{" { 1 } else { -1 };
        } else if depth == 0 && !line.starts_with('#') && !line.contains("  <... ") {
            let found = line.strip_suffix(UNFINISHED).map(|call| (call, None));
            let found = found
                .or_else(|| line.rsplit_once(ANSWER).map(|(call, answer)| (call.trim_end(), Some(answer))));
            worth.extend(
                found
                    .filter(|(call, answer)| is_worth(call, *answer))
                    .map(|(call, answer)| (number, call, answer)),
            );
        }
    }
    if worth.is_empty() {
        return None;
    }
    let (number, call, answer) = worth[random.usize(..worth.len())];
    let before: Vec<String> = lines[..number].iter().map(ToString::to_string).collect();
    Some(Question {
        id: subject.id.to_string(),
        claim: subject.claim.to_string(),
        starts_as: subject.starts_as.to_string(),
        before,
        call: call.to_string(),
        answer: answer.map(str::to_string),
    })
}

/// Whether somebody who knows the rule can tell the answer: a refusal, an observation, a call that blocks. A
/// step that merely succeeds, and a number that just counts, teach nothing.
fn is_worth(call: &str, answer: Option<&str>) -> bool {
    let observes = call.split_once("  ").is_some_and(|(_, call)| call.trim_start().starts_with("? "));
    match answer {
        None => true,
        Some(answer) if answer.contains(ANSWER) || answer.len() > 60 => false,
        Some(answer) => answer.starts_with("-1 ") || observes || answer.contains('"'),
    }
}

/// Draws questions about these subjects in an order that follows from the seed, at most so many.
pub fn draw(subjects: &[QuizSubject], seed: u64, most: usize) -> Vec<Question> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut order: Vec<&QuizSubject> = subjects.iter().collect();
    random.shuffle(&mut order);
    order.into_iter().filter_map(|subject| question(subject, &mut random)).take(most).collect()
}

/// The side of a worksheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SheetSide {
    /// The questions, for students.
    Questions,
    /// The answers, for the teacher.
    Answers,
}

const TITLE: &str = "Namespaces: what does the kernel answer?";
const RULES: &str = "Write the answer as a trace does: 0, a text in quotes, a list, the name of an error (EPERM), or \
                     `blocks` where the call does not return.";

fn heading(side: SheetSide, seed: u64) -> String {
    match side {
        SheetSide::Questions => format!("Worksheet {seed}"),
        SheetSide::Answers => format!("Answers to worksheet {seed}"),
    }
}

fn answer(question: &Question) -> &str {
    question.answer.as_deref().unwrap_or(crate::prediction::BLOCKS)
}

/// A worksheet as text.
pub fn text(questions: &[Question], seed: u64, side: SheetSide) -> String {
    let mut text = format!("{TITLE}\n{}\n", heading(side, seed));
    if side == SheetSide::Questions {
        text += &format!("{}\n", RULES.replace("  ", " "));
    }
    for (number, question) in questions.iter().enumerate() {
        // Writing to a text cannot fail.
        let _ = match side {
            SheetSide::Questions => {
                let before: String = question.before.iter().map(|line| format!("    {line}\n")).collect();
                writeln!(
                    text,
                    "\n{}. The processes start as {}.\n\n{before}    {} = ____________________",
                    number + 1,
                    question.starts_as,
                    question.call
                )
            }
            SheetSide::Answers => {
                let Question { claim, id, call, .. } = question;
                writeln!(
                    text,
                    "\n{}. {call} = {}\n   {claim}\n   nsconform explain {id}",
                    number + 1,
                    answer(question)
                )
            }
        };
    }
    text
}

const STYLE: &str = "body{font:11pt/1.4 sans-serif;max-width:50em;margin:2em auto;padding:0 1em}\
pre{font:9pt/1.4 monospace;white-space:pre-wrap;margin:.5em 0 .5em 1em}li{break-inside:avoid;margin-bottom:1.5em}\
.line{display:inline-block;min-width:16em;border-bottom:1px solid}";

/// A worksheet as a page that needs nothing beside it.
pub fn page(questions: &[Question], seed: u64, side: SheetSide) -> String {
    let one = |question: &Question| -> Markup {
        match side {
            SheetSide::Questions => html! {
                li {
                    "The processes start as " (question.starts_as) "."
                    pre { @for line in &question.before { (line) "\n" } (question.call) " = " span class="line" {} }
                }
            },
            SheetSide::Answers => html! {
                li {
                    pre { (question.call) " = " strong { (answer(question)) } }
                    (question.claim) " " code { "nsconform explain " (question.id) }
                }
            },
        }
    };
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; title { (heading(side, seed)) } style { (PreEscaped(STYLE)) } }
            body {
                h1 { (TITLE) }
                p { (heading(side, seed)) }
                @if side == SheetSide::Questions { p { (RULES) } }
                ol { @for question in questions { (one(question)) } }
            }
        }
    };
    page.into_string() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "\
# before
a  mkdir(\"/tmp/x\", 0755)                    = 0
a  sethostname(\"b\")                         = -1 EPERM (Operation not permitted)
{
a  unshare(0)                               = -1 EINVAL (Invalid argument)
} × 2
a  waitpid(<b>, 0) <unfinished ...>
a  <... waitpid resumed>                    = 1
a  ? propagation(\"/tmp/x\")                  = [shared:1]
";

    fn subject() -> QuizSubject<'static> {
        QuizSubject { id: "x.y", claim: "A <rule> holds.", starts_as: "root", trace: TRACE }
    }

    #[test]
    fn what_teaches_something_is_asked() {
        let mut asked: Vec<String> = Vec::new();
        for seed in 0..50 {
            let question = draw(&[subject()], seed, 9).remove(0);
            assert_eq!(
                TRACE
                    .lines()
                    .nth(question.before.len())
                    .unwrap()
                    .split(" = ")
                    .next()
                    .unwrap()
                    .trim_end()
                    .trim_end_matches(UNFINISHED),
                question.call
            );
            asked.push(format!("{}: {}", question.call, answer(&question)));
        }
        asked.sort();
        asked.dedup();
        assert_eq!(
            asked,
            [
                "a  ? propagation(\"/tmp/x\"): [shared:1]",
                "a  sethostname(\"b\"): -1 EPERM (Operation not permitted)",
                "a  waitpid(<b>, 0): blocks",
            ]
        );
    }

    #[test]
    fn a_seed_gives_the_same_worksheet_and_the_answers_are_apart() {
        let (one, two) = (draw(&[subject()], 7, 9), draw(&[subject()], 7, 9));
        assert_eq!(one, two);
        for sheet in [text(&one, 7, SheetSide::Questions), page(&one, 7, SheetSide::Questions)] {
            assert!(!sheet.contains(answer(&one[0])) && !sheet.contains("rule"), "{sheet}");
        }
        let answers = page(&one, 7, SheetSide::Answers);
        assert!(answers.contains("A &lt;rule&gt; holds."), "{answers}");
        assert!(text(&one, 7, SheetSide::Answers).contains(answer(&one[0])));
    }
}
