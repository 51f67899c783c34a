//! The house is in order: dependencies between crates go downwards, type names are unique, files are
//! short and say what they are for, and texts are in plain English.
//!
//! Exceptions stand in `.ci/house.toml`, each with a reason; the list can only get shorter.
//! `NSCONFORM_HOUSE=write` drops those that are no longer needed, `NSCONFORM_HOUSE=strict` demands
//! that there be none of them. How sources are read lives in `sources`.

mod exceptions;
mod licences;
mod sources;

use exceptions::Exceptions;
use sources::{Source, documents, root, sources};
use std::collections::BTreeMap;

/// No source file is longer, in lines.
const LONGEST: usize = 600;
/// The first page is one page, in lines.
const LONGEST_README: usize = 150;

/// Each crate with the crates that it may use: the way of dependencies is downwards.
const CRATES: [(&str, &[&str]); 11] = [
    ("harness/sys", &[]),
    ("harness/lab", &["sys"]),
    ("harness/suite", &["sys", "lab"]),
    ("harness/explore", &["sys", "lab", "suite"]),
    ("harness/report", &["sys", "suite"]),
    ("harness/grader", &["sys", "report"]),
    ("cases/catalogue", &["sys", "lab", "suite"]),
    ("cases/course", &["sys", "grader"]),
    ("vm", &["sys", "lab", "explore", "report", "grader"]),
    ("fixtures", &["sys", "grader", "course"]),
    ("cases/nsconform", &["sys", "lab", "suite", "explore", "report", "grader", "catalogue", "course", "vm"]),
];

#[test]
fn crates_use_only_crates_below_them() {
    for (folder, allowed) in CRATES {
        let manifest = std::fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap();
        let manifest: toml::Table = manifest.parse().unwrap();
        let used = manifest["dependencies"].as_table().unwrap().keys();
        for name in used.filter_map(|name| name.strip_prefix("nsconform-")) {
            assert!(allowed.contains(&name), "{folder} uses nsconform-{name}, which is not below it");
        }
    }
    let workspace: toml::Table = std::fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    let members = workspace["workspace"]["members"].as_array().unwrap();
    for member in members.iter().map(|member| member.as_str().unwrap()) {
        let known = CRATES.iter().any(|(folder, _)| *folder == member);
        assert!(known, "the test does not know the crate {member}: say what it may use");
    }
}

#[test]
fn no_type_name_is_defined_twice() {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for source in sources().iter().filter(|source| source.is_production()) {
        for name in source.types() {
            places.entry(name).or_default().push(source.path.clone());
        }
    }
    let twice = places.into_iter().filter(|(_, places)| places.len() > 1);
    let found = twice.map(|(name, places)| (name, (places.len(), places.join(", ")))).collect();
    Exceptions::of("types")
        .hold(found, "the type name is defined in {}: give each meaning a name of its own");
}

#[test]
fn no_source_file_is_long() {
    let long = |source: &Source| source.text.lines().count() > LONGEST;
    let sources = sources();
    let found = sources.iter().filter(|source| long(source));
    let found = found.map(|source| {
        let lines = source.text.lines().count();
        (source.path.clone(), (lines, lines.to_string()))
    });
    Exceptions::of("long")
        .hold(found.collect(), "the file has {} lines, more than 600: give each job a file");
}

#[test]
fn every_source_file_says_what_it_is_for() {
    for source in sources().iter().filter(|source| !source.is_handed_out()) {
        let first = source.text.lines().find(|line| !line.starts_with("#!["));
        assert!(
            first.is_some_and(|line| line.starts_with("//! ")),
            "{}: the first line says what lives there (//!)",
            source.path
        );
    }
}

#[test]
fn no_sentence_begins_with_the_question_word() {
    let sources = sources();
    let texts = sources.iter().map(|source| (source.path.clone(), source.comments()));
    let texts = texts.chain(documents().into_iter().map(|(path, text)| (path, sources::prose(&text))));
    let found = texts.filter_map(|(path, prose)| {
        let begin = sources::questions(&prose);
        let first = begin.first()?.clone();
        Some((path, (begin.len(), format!("{} times; \"{first}\"", begin.len()))))
    });
    let wrong = "a sentence begins with \"What\" {}: subject first, then verb, then object";
    Exceptions::of("what").hold(found.collect(), wrong);
}

#[test]
fn the_first_page_is_one_page() {
    let lines = std::fs::read_to_string(root().join("README.md")).unwrap().lines().count();
    assert!(lines <= LONGEST_README, "README.md has {lines} lines: move what only some readers need");
}

#[test]
fn reports_need_no_unsafe_code() {
    let text = std::fs::read_to_string(root().join("harness/report/src/lib.rs")).unwrap();
    assert!(text.contains("#![forbid(unsafe_code)]"));
}
