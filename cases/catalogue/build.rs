//! Embeds the approved traces and the lists of known deviations, so that the program checks itself
//! on a machine without sources.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

fn main() {
    let here = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    embed(&here.join("snapshots"), ".snap", "snapshots.rs");
    embed(&here.join("../../fixtures/known"), ".toml", "known.rs");
}

/// Writes a table of the files with this ending in a folder and the folders below it, sorted by
/// name: name without ending, content.
fn embed(folder: &Path, ending: &str, target: &str) {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files = BTreeMap::new();
    find(folder, ending, &mut files);
    let mut table = String::from("&[\n");
    for (name, path) in &files {
        writeln!(table, "    ({name:?}, include_str!({path:?})),").expect("writing to a string");
    }
    table.push(']');
    let directory = std::env::var("OUT_DIR").expect("cargo sets it");
    std::fs::write(Path::new(&directory).join(target), table).expect("the table can be written");
}

fn find(folder: &Path, ending: &str, files: &mut BTreeMap<String, PathBuf>) {
    let entries = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{} cannot be listed: {error}", folder.display()));
    for entry in entries {
        let path = entry.unwrap_or_else(|error| panic!("{}: {error}", folder.display())).path();
        if path.is_dir() {
            find(&path, ending, files);
            continue;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let Some(name) = name.strip_suffix(ending).map(str::to_string) else { continue };
        if let Some(other) = files.insert(name, path.clone()) {
            panic!("{} and {} have the same name", other.display(), path.display());
        }
    }
}
