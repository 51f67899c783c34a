//! Reading a document: its fenced blocks, its code spans, its links and its headings.
//!
//! Nothing here knows the meaning of a block.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A document, and the changes to it.
pub struct Document {
    /// Its path from the top of the tree.
    pub path: PathBuf,
    text: String,
    changes: Vec<(Range<usize>, String)>,
}

/// A fenced block.
pub struct Block {
    /// The text between its fences.
    pub text: String,
    range: Range<usize>,
    info: String,
    place: String,
}

impl Block {
    /// The first word behind the fence.
    pub fn language(&self) -> &str {
        self.info.split_whitespace().next().unwrap_or("")
    }

    /// The marks behind that word, `name=value` each.
    pub fn marks(&self) -> impl Iterator<Item = (&str, &str)> {
        self.info.split_whitespace().skip(1).map(|mark| mark.split_once('=').unwrap_or((mark, "")))
    }

    /// Where it stands, for messages.
    pub fn place(&self) -> &str {
        &self.place
    }
}

impl Document {
    /// Reads a document.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(root: &Path, path: &Path) -> Result<Document, String> {
        let text = std::fs::read_to_string(root.join(path));
        let text = text.map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Document { path: path.to_path_buf(), text, changes: Vec::new() })
    }

    fn events(&self) -> impl Iterator<Item = (Event<'_>, Range<usize>)> {
        Parser::new_ext(&self.text, Options::ENABLE_TABLES).into_offset_iter()
    }

    /// Its fenced blocks.
    pub fn blocks(&self) -> Vec<Block> {
        let fenced = |event| match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => Some(info.to_string()),
            _ => None,
        };
        self.events()
            .filter_map(|(event, whole)| {
                let info = fenced(event)?;
                let begin = whole.start + self.text[whole.clone()].find('\n')? + 1;
                let end = begin + self.text[begin..whole.end].rfind("```")?;
                let line = self.text[..whole.start].lines().count() + 1;
                let place = format!("{}:{line}", self.path.display());
                Some(Block { text: self.text[begin..end].to_string(), range: begin..end, info, place })
            })
            .collect()
    }

    /// Its code spans.
    pub fn code_spans(&self) -> Vec<String> {
        let spans = self.events().filter_map(|(event, _)| match event {
            Event::Code(code) => Some(code.to_string()),
            _ => None,
        });
        spans.collect()
    }

    /// The targets of its links.
    pub fn links(&self) -> Vec<String> {
        let links = self.events().filter_map(|(event, _)| match event {
            Event::Start(Tag::Link { dest_url, .. }) => Some(dest_url.to_string()),
            _ => None,
        });
        links.collect()
    }

    /// The anchors of its headings, made as forges make them: small letters, digits and hyphens.
    pub fn anchors(&self) -> Vec<String> {
        let mut anchors = Vec::new();
        let mut heading: Option<String> = None;
        for (event, _) in self.events() {
            match event {
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => anchors.extend(heading.take()),
                Event::Text(text) | Event::Code(text) => {
                    if let Some(heading) = &mut heading {
                        let letters = text.chars().filter(|c| c.is_alphanumeric() || "-_ ".contains(*c));
                        heading.extend(
                            letters.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }),
                        );
                    }
                }
                _ => {}
            }
        }
        anchors
    }

    /// Has a block show another text.
    pub fn replace(&mut self, block: &Block, text: String) {
        self.changes.push((block.range.clone(), text));
    }

    /// Writes the document back, if anything in it was replaced.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn rewrite(&mut self, root: &Path) -> Result<(), String> {
        if self.changes.is_empty() {
            return Ok(());
        }
        // From the end, so that the places of the others stay as they are.
        self.changes.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
        for (range, text) in self.changes.drain(..) {
            self.text.replace_range(range, &text);
        }
        std::fs::write(root.join(&self.path), &self.text)
            .map_err(|error| format!("{} cannot be written: {error}", self.path.display()))
    }
}
