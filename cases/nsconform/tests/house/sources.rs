//! Reading sources and documents as far as the checks of the house need it: by lines, as rustfmt
//! lays them out. Expanded macros are not seen.

use std::path::{Path, PathBuf};

/// A Rust file of the tree.
pub struct Source {
    /// Its path from the top of the tree.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// The top of the source tree.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Where sources and documents are.
const ROOMS: [&str; 4] = ["harness", "cases", "fixtures", "vm"];

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        } else {
            found.push(path);
        }
    }
}

fn files(ending: &str) -> Vec<(String, String)> {
    let root = root();
    let mut found = Vec::new();
    ROOMS.iter().for_each(|room| walk(&root.join(room), &mut found));
    let pages = std::fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path());
    found.extend(pages.filter(|path| path.is_file()));
    found.retain(|path| path.extension().is_some_and(|found| found == ending));
    found.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        (path.strip_prefix(&root).unwrap().display().to_string(), text)
    };
    found.into_iter().map(read).collect()
}

/// All Rust files.
pub fn sources() -> Vec<Source> {
    let sources: Vec<Source> = files("rs").into_iter().map(|(path, text)| Source { path, text }).collect();
    assert!(sources.len() > 100, "the sources are not where they are looked for");
    sources
}

/// All documents: path and text.
pub fn documents() -> Vec<(String, String)> {
    files("md")
}

impl Source {
    /// Whether it is part of a program that users get, not of a test or a benchmark.
    pub fn is_production(&self) -> bool {
        let parts: Vec<&str> = self.path.split('/').collect();
        let is_test = parts
            .iter()
            .any(|part| ["tests", "benches", "tests.rs", "testing.rs", "build.rs"].contains(part));
        !is_test && !self.is_handed_out() && parts[0] != "fixtures"
    }

    /// Whether students write or get it: programs of their own.
    pub fn is_handed_out(&self) -> bool {
        self.path.contains("/assignments/") || self.path.starts_with("fixtures/course/")
    }

    /// The names of the types that it defines, outside of its tests.
    pub fn types(&self) -> Vec<String> {
        let mut names = Vec::new();
        let mut in_tests = false;
        let mut lines = self.text.lines().peekable();
        while let Some(line) = lines.next() {
            if line == "#[cfg(test)]" && lines.peek().is_some_and(|next| next.ends_with('{')) {
                in_tests = true;
            } else if in_tests && line == "}" {
                in_tests = false;
            } else if !in_tests {
                names.extend(defined(line));
            }
        }
        names
    }

    /// Its comments as running text: a blank line where code comes between.
    pub fn comments(&self) -> String {
        let mut text = String::new();
        for line in self.text.lines() {
            let line = line.trim_start();
            let comment = line.strip_prefix("///").or(line.strip_prefix("//!")).or(line.strip_prefix("//"));
            text += comment.unwrap_or("");
            text.push('\n');
        }
        text
    }
}

/// The name of the type that a line defines at the top of a file.
fn defined(line: &str) -> Option<String> {
    let mut rest = line;
    if let Some(public) = rest.strip_prefix("pub") {
        rest = match public.strip_prefix('(') {
            Some(scope) => scope.split_once(") ")?.1,
            None => public.strip_prefix(' ')?,
        };
    }
    let rest = rest.strip_prefix("unsafe ").unwrap_or(rest);
    let name =
        ["struct ", "enum ", "union ", "trait ", "type "].iter().find_map(|kind| rest.strip_prefix(kind))?;
    let end = name.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(name.len());
    (end > 0).then(|| name[..end].to_string())
}

/// A document without its fenced blocks.
pub fn prose(document: &str) -> String {
    let mut text = String::new();
    let mut fenced = false;
    for line in document.lines() {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        text += if fenced || fence { "" } else { line };
        text.push('\n');
    }
    text
}

/// The sentences of running text that begin with "What" and are no questions.
pub fn questions(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for paragraph in text.split("\n\n") {
        let words: Vec<&str> = paragraph.split_whitespace().collect();
        let mut begins = true;
        for (at, word) in words.iter().enumerate() {
            let plain = word.trim_start_matches(['"', '(', '*', '_', '|', '>', '#', '-']);
            if plain.is_empty() {
                begins = true;
                continue;
            }
            if begins && plain == "What" {
                let sentence: Vec<&str> =
                    words[at..].iter().copied().take_while(|word| !word.ends_with('.')).collect();
                if !sentence.iter().any(|word| word.ends_with('?')) {
                    found.push(words[at..].iter().take(6).copied().collect::<Vec<_>>().join(" "));
                }
            }
            let ended = word.trim_end_matches(['"', ')', '*', '_']);
            begins = ended.ends_with(['.', '?', '!', ':', '|']) || word.starts_with(['#', '|']);
        }
    }
    found
}

#[test]
fn sentences_are_found() {
    assert_eq!(questions("What is seen here lives there.").len(), 1);
    assert_eq!(questions("It waits. What it\nsees is kept.").len(), 1);
    assert_eq!(questions("| a | What there is |").len(), 1);
    assert_eq!(questions("It says what there is. What is it?").len(), 0);
    assert_eq!(questions("Somebody asked What for").len(), 0);
    assert_eq!(prose("a\n```\nWhat is this\n```\nb\n"), "a\n\n\n\nb\n");
}

#[test]
fn types_are_found() {
    let source = |text: &str| Source { path: "harness/x/src/a.rs".into(), text: text.into() };
    let text = "pub struct A;\npub(crate) enum B<T> {}\ntype C = u8;\nimpl X {\n    type D = u8;\n}\n\
                #[cfg(test)]\nmod tests {\n    struct E;\n}\npub trait F {}\n";
    assert_eq!(source(text).types(), ["A", "B", "C", "F"]);
    assert!(!Source { path: "vm/tests/a.rs".into(), text: String::new() }.is_production());
}
