//! Boxes in trees: each below its parent and a step to the right, with a line between them. The drawing
//! of what owns what, and of what propagates to what.

use super::drawn::{Drawn, LINE, MARGIN, letters, pixels, wrapped};
use maud::{Markup, html};

/// How far children stand to the right, in pixels.
const STEP: usize = 24;
/// The distance of boxes, in pixels.
const GAP: usize = 8;
/// The size of the head of an arrow, in pixels.
const HEAD: usize = 7;
/// The longest line in a box, in letters: three levels fit on a telephone.
const WIDTH: usize = 34;

/// No tree is deeper: the kernel lets 32 namespaces nest (user_namespaces(7), pid_namespaces(7)), a run
/// file may say anything.
pub(crate) const DEEPEST: usize = 40;

/// A box with lines of text, and the boxes below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TreeBox {
    pub(crate) shape: BoxShape,
    /// The first line names the thing.
    pub(crate) name: String,
    pub(crate) lines: Vec<String>,
    pub(crate) children: Vec<TreeBox>,
}

/// The outline of a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BoxShape {
    Round,
    Plain,
    Dashed,
}

/// The line from a box to one below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BoxLink {
    Line,
    /// Something goes from the upper box to the lower one.
    Arrow,
}

impl TreeBox {
    pub(crate) fn leaf(shape: BoxShape, name: impl Into<String>, lines: Vec<String>) -> TreeBox {
        TreeBox { shape, name: name.into(), lines, children: Vec::new() }
    }

    /// The box and all below it in words, a sentence for each.
    pub(crate) fn words(&self) -> Vec<String> {
        let mut sentence = self.name.clone();
        let mut separator = "; ";
        if !self.lines.is_empty() {
            sentence += &format!("; {}", self.lines.join("; "));
        }
        for child in &self.children {
            sentence +=
                &format!("{separator}{}{}", if separator == "; " { "below it " } else { "" }, child.name);
            separator = ", ";
        }
        std::iter::once(sentence).chain(self.children.iter().flat_map(TreeBox::words)).collect()
    }

    /// The lines of text in the box, and whether each is of its name.
    fn texts(&self) -> Vec<(bool, String)> {
        let named = wrapped(&self.name, WIDTH).into_iter().map(|line| (true, line));
        named
            .chain(self.lines.iter().flat_map(|line| {
                let mut parts = wrapped(line, WIDTH).into_iter();
                let first = parts.next().unwrap_or_default();
                std::iter::once((false, first)).chain(parts.map(|part| (false, format!("  {part}"))))
            }))
            .collect()
    }
}

/// Draws trees below each other.
pub(crate) fn boxes(trees: &[TreeBox], link: BoxLink) -> Drawn {
    let mut layout = ForestLayout { link, bottom: MARGIN, width: 0, shapes: Vec::new() };
    for tree in trees {
        layout.put(tree, 0);
    }
    Drawn {
        width: layout.width + MARGIN,
        height: layout.bottom,
        shapes: html! { @for shape in &layout.shapes { (shape) } },
    }
}

struct ForestLayout {
    link: BoxLink,
    bottom: usize,
    width: usize,
    shapes: Vec<Markup>,
}

impl ForestLayout {
    /// Puts a box and those below it; gives the middle of its left side.
    fn put(&mut self, tree: &TreeBox, depth: usize) -> usize {
        let texts = tree.texts();
        let (x, y) = (MARGIN + depth * STEP, self.bottom);
        let longest = texts.iter().map(|(_, line)| letters(line)).max().unwrap_or(0);
        let (width, height) = (pixels(longest) + 2 * MARGIN, texts.len() * LINE + MARGIN);
        let (class, corner) = match tree.shape {
            BoxShape::Round => ("box", 10),
            BoxShape::Plain => ("box", 0),
            BoxShape::Dashed => ("box loose", 0),
        };
        self.shapes.push(html! {
            rect.(class) x=(x) y=(y) width=(width) height=(height) rx=(corner) {}
            @for (number, (is_name, line)) in texts.iter().enumerate() {
                text.name[*is_name] x=(x + MARGIN) y=(y + LINE + number * LINE - 1) { (line) }
            }
        });
        self.bottom = y + height + GAP;
        self.width = self.width.max(x + width);
        let from = y + height;
        for child in &tree.children {
            let to = self.put(child, depth + 1);
            let (left, right) = (x + STEP / 2, x + STEP);
            self.shapes.push(html! {
                path.link d={ "M" (left) " " (from) "V" (to) "H" (right) } {}
                @if self.link == BoxLink::Arrow {
                    path.head d={ "M" (right - HEAD) " " (to - HEAD / 2) "L" (right) " " (to) "L" (right - HEAD) " " (to + HEAD / 2) "Z" } {}
                }
            });
        }
        y + height / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(name: &str, children: Vec<TreeBox>) -> TreeBox {
        TreeBox { shape: BoxShape::Plain, name: name.into(), lines: vec!["in it".into()], children }
    }

    #[test]
    fn each_box_has_its_text_and_a_link_from_its_parent() {
        let trees = [tree("a", vec![tree("b", vec![tree("c", vec![])])]), tree("d", vec![])];
        let drawn = boxes(&trees, BoxLink::Arrow);
        let shapes = drawn.shapes.into_string();
        let number = |part: &str| shapes.matches(part).count();
        assert_eq!((number("<rect"), number("class=\"link\""), number("class=\"head\"")), (4, 2, 2));
        assert_eq!(number("class=\"name\""), 4);
        assert_eq!(drawn.height, MARGIN + 4 * (2 * LINE + MARGIN + GAP));
    }

    #[test]
    fn long_lines_are_broken_and_no_text_is_markup() {
        let drawn = boxes(&[tree(&"<b> ".repeat(40), vec![])], BoxLink::Line);
        assert!(drawn.width <= pixels(WIDTH) + 4 * MARGIN, "{}", drawn.width);
        assert!(!drawn.shapes.into_string().contains("<b>"));
    }
}
