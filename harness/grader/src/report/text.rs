//! Words that several formats share: what became of a check, why, and how to repeat it.
//!
//! Whatever a submission may have written passes through [`printable`]: a result that is read in a
//! terminal or a browser must not be able to move the cursor or turn the direction of text.

use crate::grading::{Finding, GradedCheck, Grading, Limit, Visibility};
use std::ffi::{OsStr, OsString};
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;

/// Whether a check may be shown to students now. Those that wait for a date are not: only the
/// consumer knows what day it is for a course.
pub fn is_visible(check: &GradedCheck) -> bool {
    check.visibility == Visibility::Visible
}

/// How many checks students may not see now.
pub fn hidden(grading: &Grading) -> usize {
    grading.checks.iter().filter(|check| !is_visible(check)).count()
}

/// Whether everything that a student may see is done and earned: then the notes on the model
/// answer are shown. They say nothing about hidden checks.
pub fn deserves_notes(grading: &Grading, staff: bool) -> bool {
    let mut shown = grading.checks.iter().filter(|check| staff || is_visible(check));
    grading.is_complete()
        && shown.all(GradedCheck::lost_nothing)
        && grading.checks.iter().any(|check| check.finding == Finding::Passed)
}

/// The result of a check, in a word or two.
pub fn word(finding: &Finding) -> &'static str {
    match finding {
        Finding::Passed => "passed",
        Finding::Failed(_) => "failed",
        Finding::Stopped(_) => "stopped",
        Finding::NotChecked { .. } => "not checked",
        Finding::Unavailable { .. } => "unavailable",
        Finding::Error { .. } => "error",
    }
}

/// The limit that a submission went over, as a kebab-case word.
pub fn limit(limit: Limit) -> &'static str {
    match limit {
        Limit::Time => "timeout",
        Limit::Processes => "process-limit",
        Limit::Memory => "memory-limit",
        Limit::Output => "output-limit",
    }
}

/// Labels and texts that say why a check did not pass. `staff` names prerequisites that others may
/// not see.
pub fn reasons(check: &GradedCheck, grading: &Grading, staff: bool) -> Vec<(&'static str, String)> {
    let pairs = match &check.finding {
        Finding::Passed => vec![],
        Finding::Failed(mismatch) => {
            vec![("expected", mismatch.expected.clone()), ("observed", mismatch.observed.clone())]
        }
        Finding::Stopped(stop) => vec![("stopped", stop.what.clone())],
        Finding::NotChecked { prerequisite } => {
            let known = grading.checks.iter().find(|check| check.id == *prerequisite);
            let name = match known {
                Some(needed) if !staff && !is_visible(needed) => "a check that is not shown",
                _ => prerequisite,
            };
            vec![("needs", format!("{name}, which did not pass"))]
        }
        Finding::Unavailable { reason } => vec![("missing", reason.clone())],
        Finding::Error { message } => vec![
            ("error", message.clone()),
            ("means", "the grader failed, not the program; please tell the staff".to_string()),
        ],
    };
    pairs.into_iter().map(|(label, text)| (label, printable(&text))).collect()
}

/// Whether hints can help: something was asked, and the program did otherwise.
pub fn wants_hints(check: &GradedCheck) -> bool {
    matches!(check.finding, Finding::Failed(_) | Finding::Stopped(_))
}

/// The hints that are to be shown of a check.
pub fn hints(check: &GradedCheck, number: usize) -> &[String] {
    if wants_hints(check) { &check.hints[..number.min(check.hints.len())] } else { &[] }
}

/// Everything about a check that did not pass, as lines of plain text; empty for one that did.
pub fn explanation(check: &GradedCheck, grading: &Grading, hint_count: usize) -> String {
    let mut text = String::new();
    if check.finding == Finding::Passed {
        return text;
    }
    block(&mut text, "asked", &check.asked);
    text.push_str(&reason_lines(check, grading));
    block(&mut text, "trace", &check.trace);
    let printed: Vec<String> = check.printed.lines().map(str::to_string).collect();
    block(&mut text, "printed", &printed);
    text.push_str(&hint_lines(check, hint_count));
    text
}

/// Why a check did not pass, a line each, as a student may read it.
pub fn reason_lines(check: &GradedCheck, grading: &Grading) -> String {
    reasons(check, grading, false).into_iter().fold(String::new(), |mut lines, (label, text)| {
        let _ = writeln!(lines, "{label}: {text}");
        lines
    })
}

/// The hints that are to be shown, a line each.
pub fn hint_lines(check: &GradedCheck, number: usize) -> String {
    let mut lines = String::new();
    for (index, hint) in hints(check, number).iter().enumerate() {
        let _ = writeln!(lines, "hint {} of {}: {hint}", index + 1, check.hints.len());
    }
    lines
}

/// A label and the lines below it; nothing if there are none.
pub fn block(text: &mut String, label: &str, lines: &[String]) {
    if !lines.is_empty() {
        let _ = writeln!(text, "{label}:");
    }
    for line in lines {
        let _ = writeln!(text, "  {}", printable(line));
    }
}

/// The command that repeats a grading: with the same seed everything varies in the same way.
pub fn repeating(grading: &Grading) -> String {
    let Grading { assignment, program, seed, guest, repeat, .. } = grading;
    if let Some(command) = repeat {
        return command.clone();
    }
    let vm = if guest.is_some() { vec![OsString::from("--vm")] } else { Vec::new() };
    repeat_command(assignment, OsStr::new(program), *seed, &vm)
}

/// Adds an option with its value, in one word if the value would be taken for an option itself.
pub fn add_option(options: &mut Vec<OsString>, name: &str, value: &OsStr) {
    if value.as_bytes().starts_with(b"-") {
        options.push([OsStr::new(name), value].join(OsStr::new("=")));
    } else {
        options.extend([OsString::from(name), value.to_os_string()]);
    }
}

/// The command that grades a program with this seed and these further options, as a shell reads it.
pub fn repeat_command(assignment: &str, program: &OsStr, seed: u64, options: &[OsString]) -> String {
    let mut command = format!("nsconform grade {assignment} {} --seed {seed}", path_word(program));
    for option in options {
        command.push(' ');
        command.push_str(&quoted(option));
    }
    command
}

/// The same for one folder of a class.
pub fn repeat_all_command(assignment: &str, seed: u64, options: &[OsString]) -> String {
    let words = options.iter().map(|option| quoted(option)).collect::<Vec<_>>().join(" ");
    format!("nsconform grade {assignment} {words} --seed {seed}")
}

/// A path as a word that is not taken for an option.
fn path_word(path: &OsStr) -> String {
    if path.as_bytes().starts_with(b"-") {
        return quoted(&[OsStr::new("./"), path].join(OsStr::new("")));
    }
    quoted(path)
}

/// A word as a shell reads it back: in single quotes where that is needed, and as `$'...'`, which
/// POSIX has since 2024, where it holds what must not be shown as it is.
fn quoted(word: &OsStr) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./+,:@%=".contains(&byte);
    if !word.is_empty() && word.as_bytes().iter().all(|byte| is_plain(*byte)) {
        return word.to_string_lossy().into_owned();
    }
    match word.to_str() {
        Some(text) if printable(text) == text && !text.contains('\n') => {
            format!("'{}'", text.replace('\'', r"'\''"))
        }
        _ => {
            let mut shown = String::from("$'");
            for byte in word.as_bytes() {
                match byte {
                    b'\\' | b'\'' => shown.extend(['\\', char::from(*byte)]),
                    b' '..=b'~' => shown.push(char::from(*byte)),
                    _ => {
                        let _ = write!(shown, "\\{byte:03o}");
                    }
                }
            }
            shown + "'"
        }
    }
}

/// The text with every character escaped that a terminal would not print but obey, and every one that
/// is not seen, tab and newline aside. Commands to whoever runs us, which GitHub and Azure look for
/// in every line of a log (`##[error]`, `::error::`), are made ineffective.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut before = None;
    let mut starts_line = true;
    for letter in text.chars() {
        let is_unseen = matches!(
            letter,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e0fff}'
        );
        let is_command = letter == '#' && before == Some('#') || letter == ':' && starts_line;
        if is_command {
            let _ = write!(shown, "\\u{{{:x}}}", u32::from(letter));
        } else if is_unseen {
            shown.extend(letter.escape_unicode());
        } else if letter.is_control() && !matches!(letter, '\n' | '\t') {
            shown.extend(letter.escape_default());
        } else {
            shown.push(letter);
        }
        starts_line = letter == '\n' || starts_line && letter.is_whitespace();
        before = Some(letter);
    }
    shown
}

/// A line of a report that begins with no command to whoever runs us, although it was broken
/// anywhere.
pub fn guarded(line: &str) -> String {
    let rest = line.trim_start();
    match rest.strip_prefix("::") {
        Some(after) => format!("{}\\u{{3a}}:{after}", &line[..line.len() - rest.len()]),
        None => line.to_string(),
    }
}

/// At most the first `limit` bytes, cut between characters; a text that is cut ends with `note`.
pub fn cut(text: &str, limit: usize, note: &str) -> String {
    if text.len() <= limit {
        return text.to_string();
    }
    let mut end = limit - note.len();
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{note}", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::plain("./my_init", "./my_init")]
    #[case::space("my init", "'my init'")]
    #[case::quote("it's", r"'it'\''s'")]
    #[case::empty("", "''")]
    #[case::shell("$(reboot)", "'$(reboot)'")]
    fn a_program_is_quoted_for_the_shell(#[case] word: &str, #[case] expected: &str) {
        assert_eq!(quoted(OsStr::new(word)), expected);
    }

    #[rstest]
    #[case::option(b"-dash", "./-dash")]
    #[case::option_and_space(b"-my init", "'./-my init'")]
    #[case::not_utf_8(b"a\xffb", r"$'a\377b'")]
    #[case::newline(b"a\n::error::b", r"$'a\012::error::b'")]
    #[case::turned("a\u{202e}'b".as_bytes(), r"$'a\342\200\256\'b'")]
    fn a_path_is_no_option_and_every_byte_is_kept(#[case] path: &[u8], #[case] expected: &str) {
        assert_eq!(path_word(OsStr::from_bytes(path)), expected);
    }

    #[rstest]
    #[case::lines("a\tb\nc", "a\tb\nc")]
    #[case::escape("\x1b[2Jx\r", r"\u{1b}[2Jx\r")]
    #[case::c1("\u{9b}31m", r"\u{9b}31m")]
    #[case::direction("a\u{202e}b", r"a\u{202e}b")]
    #[case::arabic_letter_mark("a\u{61c}b", r"a\u{61c}b")]
    #[case::line_separator("a\u{2028}b", r"a\u{2028}b")]
    #[case::no_width("a\u{200b}b\u{feff}", r"a\u{200b}b\u{feff}")]
    #[case::command(
        "::error::x\n  ::add-mask::y",
        r"\u{3a}:error::x
  \u{3a}:add-mask::y"
    )]
    #[case::older_command("x ##[error]y ##vso[z]", r"x #\u{23}[error]y #\u{23}vso[z]")]
    #[case::path_of_rust("std::fs", "std::fs")]
    #[case::other_letters("día 日", "día 日")]
    fn what_a_terminal_would_obey_is_escaped(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(printable(text), expected);
    }

    #[rstest]
    #[case::short("abc", 3, "abc")]
    #[case::long("abcdef", 5, "ab...")]
    #[case::between_characters("aéééé", 6, "aé...")]
    fn a_cut_keeps_characters_whole(#[case] text: &str, #[case] limit: usize, #[case] expected: &str) {
        assert_eq!(cut(text, limit, "..."), expected);
    }
}
