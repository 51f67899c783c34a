//! Drawings as parts of an SVG document, and the measures that all of them share.

use maud::{Markup, PreEscaped, html};

/// The space around things, in pixels.
pub(crate) const MARGIN: usize = 8;
/// The distance of lines of text, in pixels.
pub(crate) const LINE: usize = 16;
/// The height of the line of a heading, in pixels.
const HEADING: usize = 28;
/// The width of a letter of the font in tenths of a pixel: nobody's fixed-width font is wider.
const LETTER_TENTHS: usize = 76;

/// The rules by which a picture looks that stands alone. Pages hold the same rules.
const STYLE: &str = include_str!("picture.css");

/// A drawing: its measures in pixels, and its shapes.
pub(crate) struct Drawn {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) shapes: Markup,
}

impl Drawn {
    /// The picture as an element of a page; `title` says what a reader hears of it.
    pub(crate) fn within_page(&self, title: &str) -> Markup {
        self.svg(title, false)
    }

    /// The picture as a document, which brings its style.
    pub(crate) fn alone(&self, title: &str) -> Markup {
        self.svg(title, true)
    }

    fn svg(&self, title: &str, alone: bool) -> Markup {
        let (width, height) = (self.width, self.height);
        let namespace = alone.then_some("http://www.w3.org/2000/svg");
        html! {
            svg.picture xmlns=[namespace] xml:space="preserve" role="img" aria-label=(title)
                viewBox={ "0 0 " (width) " " (height) } width=(width) height=(height) {
                @if alone {
                    title { (title) }
                    style { (PreEscaped(STYLE)) }
                    rect.ground width=(width) height=(height) {}
                }
                (self.shapes)
            }
        }
    }

    /// This drawing with others below it, each under its heading.
    pub(crate) fn with_below(self, others: Vec<(String, Drawn)>) -> Drawn {
        let mut whole = self;
        for (heading, drawn) in others {
            let top = whole.height;
            whole = Drawn {
                width: whole.width.max(drawn.width).max(2 * MARGIN + pixels(letters(&heading))),
                height: top + HEADING + drawn.height,
                shapes: html! {
                    (whole.shapes)
                    text.name x=(MARGIN) y=(top + HEADING - MARGIN) { (heading) }
                    g transform={ "translate(0 " (top + HEADING) ")" } { (drawn.shapes) }
                },
            };
        }
        whole
    }
}

/// The lines of a text that is broken between words.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    textwrap::wrap(text, width).into_iter().map(|line| line.into_owned()).collect()
}

pub(crate) fn letters(text: &str) -> usize {
    text.chars().count()
}

/// The width of so many letters.
pub(crate) fn pixels(letters: usize) -> usize {
    letters * LETTER_TENTHS / 10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawings_stand_below_each_other() {
        let drawn = |width, height| Drawn { width, height, shapes: html! { circle r=(height) {} } };
        let whole =
            drawn(40, 10).with_below(vec![("wide".into(), drawn(90, 20)), ("last".into(), drawn(10, 30))]);
        assert_eq!((whole.width, whole.height), (90, 10 + 28 + 20 + 28 + 30));
        let shapes = whole.shapes.into_string();
        assert!(shapes.contains("<g transform=\"translate(0 38)\"><circle r=\"20\">"), "{shapes}");
        assert!(shapes.contains("<g transform=\"translate(0 86)\"><circle r=\"30\">"), "{shapes}");
    }
}
