//! Embeds the approved traces and the lists of known deviations, so that the program checks itself
//! on a machine without sources.

use std::fmt::Write;
use std::path::{Path, PathBuf};

fn main() {
    let here = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    embed(&here.join("snapshots"), ".snap", "snapshots.rs");
    embed(&here.join("../fixtures/known"), ".toml", "known.rs");
}

/// Writes a table of the files with this ending, sorted by name: name without ending, content.
fn embed(folder: &Path, ending: &str, target: &str) {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{} cannot be listed: {error}", folder.display()))
        .filter_map(|entry| {
            entry.ok()?.file_name().into_string().ok()?.strip_suffix(ending).map(str::to_string)
        })
        .collect();
    names.sort();
    let mut table = String::from("&[\n");
    for name in &names {
        let path = folder.join(format!("{name}{ending}"));
        writeln!(table, "    ({name:?}, include_str!({path:?})),").expect("writing to a string");
    }
    table.push(']');
    let directory = std::env::var("OUT_DIR").expect("cargo sets it");
    std::fs::write(Path::new(&directory).join(target), table).expect("the table can be written");
}
