//! How texts for people look: colours by tone, numbers with their noun, lines that fit.

use anstyle::{AnsiColor, Style};
use nsconform_suite::verdict::{Status, Tone};
use std::io::{self, Write};

pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const GREEN: Style = AnsiColor::Green.on_default();
pub(crate) const RED: Style = AnsiColor::Red.on_default();
pub(crate) const YELLOW: Style = AnsiColor::Yellow.on_default();
pub(crate) const DIM: Style = Style::new().dimmed();

/// A text in a style.
pub fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// A number and the counted thing, in the plural where it is not one.
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// The style of a status. The word or the sign alone says the same.
pub(crate) fn of(status: Status) -> Style {
    match status.tone() {
        Tone::Good => GREEN,
        Tone::Noted => AnsiColor::Cyan.on_default(),
        Tone::Listed => YELLOW,
        Tone::Bad if status == Status::Fail => RED.bold(),
        Tone::Bad => RED,
        Tone::Quiet => DIM,
        Tone::Lost => AnsiColor::Magenta.on_default().bold(),
    }
}

/// The style of a line of a comparison, as git and insta have it: what should be there is red and
/// has a minus, what is there instead is green and has a plus.
pub(crate) fn of_sign(sign: char) -> Style {
    match sign {
        '-' => RED,
        '+' => GREEN,
        _ => Style::new(),
    }
}

/// Writes a labelled text that goes on below its beginning where it is longer than `width` columns. Colours
/// take no room.
///
/// # Errors
/// Those of writing.
pub fn write_field(to: &mut dyn Write, width: usize, label: &str, text: &str) -> io::Result<()> {
    const LEAST: usize = 40;
    let indent = " ".repeat(textwrap::core::display_width(label));
    let options = textwrap::Options::new(width.max(LEAST))
        .initial_indent(label)
        .subsequent_indent(&indent)
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .wrap_algorithm(textwrap::WrapAlgorithm::FirstFit);
    textwrap::wrap(text, options).iter().try_for_each(|line| writeln!(to, "{}", line.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_go_on_below_their_beginning() {
        let text = crate::testing::plain(|to| {
            write_field(to, 44, "  claim  ", "A process that joins sees the same namespace as its peer.")
        });
        assert_eq!(text, "  claim  A process that joins sees the same\n         namespace as its peer.\n");
    }
}
