//! Comparing the output of a command with what a document shows of it.
//!
//! A number matches any number and a run of blanks any run of blanks. `…` matches the rest of a
//! line, or whatever stands between two pieces of it; alone on a line it matches any number of lines.

/// Stands for what is not shown.
const ELLIPSIS: &str = "…";

/// A command of a block, and the output that is shown of it.
pub struct Step {
    /// The command, for sh(1).
    pub command: String,
    /// The exit status that it shall have.
    pub status: i32,
    line: String,
    shown: Vec<String>,
}

/// The commands of a block with what is shown of each.
pub fn steps(block: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in block.lines() {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => {
                let (command, status) = match command.split_once("# exit status ") {
                    Some((command, status)) => {
                        (command, status.trim().parse().expect("an exit status is a number"))
                    }
                    None => (command, 0),
                };
                let command = command.trim().to_string();
                steps.push(Step { command, status, line: line.to_string(), shown: Vec::new() });
            }
            (None, Some(step)) => step.shown.push(line.to_string()),
            (None, None) => panic!("a console block begins with a command, not with {line:?}"),
        }
    }
    steps
}

impl Step {
    /// How the output differs from what is shown, if it does. Nothing is compared where nothing is
    /// shown.
    pub fn mismatch(&self, observed: &str) -> Option<String> {
        let shown = trimmed(self.shown.iter().map(String::as_str).collect());
        let observed: Vec<&str> = trimmed(observed.lines().collect());
        if shown.is_empty() {
            return None;
        }
        let pieces: Vec<&[&str]> = shown.split(|line| *line == ELLIPSIS).collect();
        let mut rest = observed.as_slice();
        for (number, piece) in pieces.iter().enumerate() {
            let agrees =
                |window: &[&str]| piece.iter().zip(window).all(|(shown, line)| line_agrees(shown, line));
            let found = match (number, number + 1 == pieces.len()) {
                (0, true) => (rest.len() == piece.len() && agrees(rest)).then_some(0),
                (0, false) => (rest.len() >= piece.len() && agrees(&rest[..piece.len()])).then_some(0),
                (_, true) => rest.len().checked_sub(piece.len()).filter(|at| agrees(&rest[*at..])),
                (_, false) if piece.is_empty() => Some(0),
                (_, false) => rest.windows(piece.len()).position(agrees),
            };
            let Some(at) = found else {
                return Some(format!(
                    "shown is\n{}\nbut the output is\n{}",
                    piece.join("\n"),
                    observed.join("\n")
                ));
            };
            rest = &rest[at + piece.len()..];
        }
        None
    }

    /// The step as it shall be shown after this output: as before where that agrees; where nothing is left
    /// out, the output; otherwise with the parts before the first and after the last ellipsis renewed.
    pub fn rewritten(&self, observed: &str) -> String {
        let lines: Vec<&str> = observed.lines().collect();
        let gaps: Vec<usize> = (0..self.shown.len()).filter(|at| self.shown[*at] == ELLIPSIS).collect();
        let shown: Vec<&str> = self.shown.iter().map(String::as_str).collect();
        let renewed = match (gaps.first(), gaps.last()) {
            _ if self.mismatch(observed).is_none() => shown,
            (Some(first), Some(last)) if first + shown.len() - last <= lines.len() + 1 => {
                let tail = trimmed(shown[last + 1..].to_vec()).len();
                let ends = trimmed(lines.clone());
                let after = &ends[ends.len() - tail..];
                [&lines[..*first], &shown[*first..=*last], after].concat()
            }
            _ => lines,
        };
        std::iter::once(self.line.as_str()).chain(renewed).map(|line| format!("{line}\n")).collect()
    }
}

/// Without blank lines at the end.
fn trimmed(mut lines: Vec<&str>) -> Vec<&str> {
    while lines.last().is_some_and(|line| line.trim().is_empty()) {
        lines.pop();
    }
    lines
}

fn line_agrees(shown: &str, observed: &str) -> bool {
    let observed = general(observed);
    let pieces: Vec<String> = shown.split(ELLIPSIS).map(general).collect();
    let Some((first, more)) = pieces.split_first() else { return false };
    let Some(mut rest) = observed.trim_end().strip_prefix(first.trim_end()) else { return false };
    let Some((last, middle)) = more.split_last() else { return rest.is_empty() };
    for piece in middle {
        let Some(at) = rest.find(piece.trim()) else { return false };
        rest = &rest[at + piece.trim().len()..];
    }
    rest.ends_with(last.trim())
}

/// A line with every number as 0 and every run of blanks as one blank. The table of verdicts shows
/// a number of 0 as a dot.
fn general(line: &str) -> String {
    let mut general = String::new();
    for letter in line.chars() {
        let class = match letter {
            '·' | '0'..='9' => '0',
            blank if blank.is_whitespace() => ' ',
            other => other,
        };
        if !(matches!(class, '0' | ' ') && general.ends_with(class)) {
            general.push(class);
        }
    }
    general
}

/// Tests of the comparison itself: a comparison that agrees with everything would show nothing.
pub fn self_check() {
    let agree =
        |shown: &str, observed: &str| steps(&format!("$ x\n{shown}")).remove(0).mismatch(observed).is_none();
    assert!(agree("a 1  b", "a 23 b\n"));
    assert!(agree("a …\n…\nz", "a b\nc\nd\nz\n"));
    assert!(agree("…\nc\n…\nz", "a\nc\nd\nz\n"));
    assert!(agree("a … c … e", "a b c d e"));
    assert!(!agree("a", "b"));
    assert!(!agree("a", "a\nb"));
    assert!(!agree("a\nb", "a"));
    assert!(!agree("a …\n…\ny", "a b\nc\nd\nz"));
    assert!(!agree("…\nc\n…\nz", "a\nd\nz"));
    assert!(!agree("a … c … e", "a b d c x"));
    assert!(!agree("-1 EPERM", "-1 EINVAL"));
    let renewed = |shown: &str, observed: &str| steps(&format!("$ x\n{shown}")).remove(0).rewritten(observed);
    assert_eq!(renewed("a\nb", "c\n"), "$ x\nc\n");
    assert_eq!(renewed("a 1\n…\nz", "a 2\nb\nz\n"), "$ x\na 1\n…\nz\n");
    assert_eq!(renewed("a\n…\nz", "b\nc\nd\n"), "$ x\nb\n…\nd\n");
}
