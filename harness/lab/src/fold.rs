//! Folding: a run of equal steps is printed once, between braces, with a count.
//!
//! ```text
//! {
//! process  unshare(CLONE_NEWUSER)                   = 0
//! process  ! map_ids("/proc/self", "0 0 1", "0 0 1") = 0
//! } × 33
//! ```
//!
//! This works on printed lines, of a trace as of a script: `trace` and `script` decide how a line
//! looks. Folds do not nest.

use std::fmt;

/// The first line of a fold.
const OPEN: &str = "{";
/// The start of its last line; the count follows.
const CLOSE: &str = "} × ";

/// The fewest repetitions that are folded: three equal lines are read as fast as a fold.
const FEWEST: usize = 4;
/// The most lines that are looked at as one round.
const LONGEST: usize = 16;
/// The most lines of an unfolded text. The number is far above any script, and far below a text that
/// a count of a few digits could fill the memory with.
const MOST_LINES: usize = 100_000;

/// Tells whether a printed line is the first or the last one of a fold, which no process speaks.
pub fn is_brace(line: &str) -> bool {
    line == OPEN || line.starts_with(CLOSE)
}

/// Puts each run of at least four equal rounds of lines between braces, with the number of rounds.
pub fn fold(lines: Vec<String>) -> Vec<String> {
    let mut folded = Vec::with_capacity(lines.len());
    let mut rest = lines.as_slice();
    while let Some(first) = rest.first() {
        match run(rest) {
            Some((length, rounds)) => {
                folded.push(OPEN.to_string());
                folded.extend_from_slice(&rest[..length]);
                folded.push(format!("{CLOSE}{rounds}"));
                rest = &rest[length * rounds..];
            }
            None => {
                folded.push(first.clone());
                rest = &rest[1..];
            }
        }
    }
    folded
}

/// The shortest round with which `lines` start often enough: its length and how often it stands there.
fn run(lines: &[String]) -> Option<(usize, usize)> {
    (1..=LONGEST.min(lines.len() / FEWEST)).find_map(|length| {
        let round = &lines[..length];
        let rounds = lines.chunks_exact(length).take_while(|other| *other == round).count();
        (rounds >= FEWEST).then_some((length, rounds))
    })
}

/// A text whose braces do not fit together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoldError {
    /// The line of the text, counted from 1.
    pub line: usize,
    /// The complaint.
    pub message: String,
}

impl std::error::Error for FoldError {}

impl fmt::Display for FoldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

/// The lines of a text without folds, each with its number in the text, counted from 1.
///
/// # Errors
/// When the braces do not fit together, or the result were longer than 100,000 lines.
pub fn unfold(text: &str) -> Result<Vec<(usize, &str)>, FoldError> {
    let mut lines: Vec<(usize, &str)> = Vec::new();
    // The line with the brace, and how many lines stand before the fold.
    let mut open: Option<(usize, usize)> = None;
    for (line, content) in text.lines().enumerate().map(|(index, content)| (index + 1, content)) {
        let complain = |message: &str| FoldError { line, message: message.to_string() };
        if content.trim_end() == OPEN {
            if open.replace((line, lines.len())).is_some() {
                return Err(complain("folds do not nest: close the one before with `} × N`"));
            }
        } else if content.starts_with('}') {
            let (_, start) = open.take().ok_or_else(|| complain("no line with `{` stands before"))?;
            let rounds = content.strip_prefix(CLOSE).and_then(|count| count.trim_end().parse::<usize>().ok());
            let rounds = rounds
                .filter(|rounds| *rounds > 0)
                .ok_or_else(|| complain("`} × N` is expected, with N at least 1"))?;
            let length = lines.len() - start;
            let fits =
                length.checked_mul(rounds).is_some_and(|more| more <= MOST_LINES - start.min(MOST_LINES));
            if !fits {
                return Err(complain(&format!("a script of more than {MOST_LINES} lines")));
            }
            for _ in 1..rounds {
                lines.extend_from_within(start..start + length);
            }
        } else {
            lines.push((line, content));
        }
    }
    match open {
        Some((line, _)) => Err(FoldError { line, message: "no `} × N` closes this".to_string() }),
        None => Ok(lines),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn lines(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_string).collect()
    }

    #[rstest]
    #[case::nothing("", "")]
    #[case::three("a a a", "a|a|a")]
    #[case::four("a a a a", "{|a|} × 4")]
    #[case::inside("x a a a a a y", "x|{|a|} × 5|y")]
    #[case::rounds("x a b a b a b a b a", "x|{|a|b|} × 4|a")]
    #[case::shortest_round("a a a a a a a a", "{|a|} × 8")]
    #[case::equal_lines_in_a_round("a a b a a b a a b a a b", "{|a|a|b|} × 4")]
    #[case::two_runs("a a a a b b b b b", "{|a|} × 4|{|b|} × 5")]
    fn runs_are_folded_and_unfolded(#[case] plain: &str, #[case] folded: &str) {
        let plain = lines(plain);
        let printed = fold(plain.clone());
        assert_eq!(printed.join("|"), folded);
        let text = printed.join("\n");
        let unfolded = unfold(&text).unwrap();
        assert_eq!(unfolded.iter().map(|(_, line)| *line).collect::<Vec<_>>(), plain);
    }

    #[test]
    fn unfolded_lines_know_where_they_stand() {
        assert_eq!(unfold("x\n{\na\n} × 2\ny").unwrap(), [(1, "x"), (3, "a"), (3, "a"), (5, "y")]);
    }

    #[rstest]
    #[case::never_closed("a\n{\nb", 2, "closes")]
    #[case::never_opened("a\n} × 3", 2, "stands before")]
    #[case::nested("{\na\n{\nb\n} × 2\n} × 2", 3, "nest")]
    #[case::no_count("{\na\n}", 3, "`} × N`")]
    #[case::no_number("{\na\n} × many", 3, "`} × N`")]
    #[case::zero("{\na\n} × 0", 3, "at least 1")]
    #[case::too_many("{\na\n} × 100001", 3, "100000 lines")]
    #[case::far_too_many("{\na\nb\n} × 18446744073709551615", 4, "100000 lines")]
    fn braces_fit_together(#[case] text: &str, #[case] line: usize, #[case] message: &str) {
        let error = unfold(text).unwrap_err();
        assert!(error.line == line && error.message.contains(message), "{error}");
    }
}
