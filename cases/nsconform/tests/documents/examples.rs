//! Examples that documents take from the catalogue: `rust case=ID` holds the source of a case,
//! `text trace=ID` its approved trace.

use super::markdown::Document;
use super::root;
use std::path::Path;

/// Compares each example with its original.
pub fn check(document: &mut Document) -> Vec<String> {
    let mut wrong = Vec::new();
    for block in document.blocks() {
        let original = match (block.language(), block.marks().next()) {
            ("rust", Some(("case", id))) => source(id),
            ("text", Some(("trace", id))) => nsconform_catalogue::approved(id).map(str::to_string),
            _ => continue,
        };
        match original {
            None => wrong.push(format!("{}: there is no such case", block.place())),
            Some(original) if original == block.text => {}
            Some(original) => {
                wrong.push(format!("{}: the original is now\n{original}", block.place()));
                document.replace(&block, original);
            }
        }
    }
    wrong
}

/// The entry of a case in the source of the catalogue, without its indentation.
fn source(id: &str) -> Option<String> {
    let namespace = id.split('.').next()?;
    let folder = root().join("cases/catalogue/src").join(namespace);
    let files = std::fs::read_dir(folder).ok()?;
    files.filter_map(|file| entry(&file.ok()?.path(), id)).next()
}

fn entry(file: &Path, id: &str) -> Option<String> {
    const BEGIN: &str = "    Case {\n";
    const END: &str = "\n    },\n";
    let text = std::fs::read_to_string(file).ok()?;
    let at = text.find(&format!("        id: \"{id}\","))?;
    let begin = text[..at].rfind(BEGIN)?;
    let end = at + text[at..].find(END)? + END.len();
    let lines = text[begin..end].lines().map(|line| line.strip_prefix("    ").unwrap_or(line));
    Some(lines.map(|line| format!("{line}\n")).collect())
}
