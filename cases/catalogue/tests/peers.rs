//! The tests of other suites, and the cases that cover each: `peers.toml`, and the page that is made
//! from it. `NSCONFORM_PEERS=write cargo test -p nsconform-catalogue --test peers` makes it anew.

use nsconform_catalogue::catalogue;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::PathBuf;

/// The cover of one test.
#[derive(Deserialize)]
#[serde(untagged)]
enum Cover {
    /// These cases show all that it asserts about namespaces.
    Whole(Vec<String>),
    /// These cases show a part.
    Part {
        /// The cases, possibly none.
        #[serde(default)]
        cases: Vec<String>,
        /// The part that they do not show, and why.
        left_out: String,
    },
}

impl Cover {
    fn cases(&self) -> &[String] {
        match self {
            Cover::Whole(cases) | Cover::Part { cases, .. } => cases,
        }
    }

    fn left_out(&self) -> &str {
        match self {
            Cover::Whole(_) => "",
            Cover::Part { left_out, .. } => left_out,
        }
    }
}

/// By suite and test.
fn peers() -> BTreeMap<String, BTreeMap<String, Cover>> {
    toml::from_str(include_str!("../peers.toml")).expect("peers.toml lists case ids by suite and test")
}

#[test]
fn tests_of_other_suites_are_covered_by_cases_or_say_why_not() {
    for (suite, tests) in peers() {
        for (test, cover) in tests {
            assert!(
                !cover.cases().is_empty() || !cover.left_out().is_empty(),
                "{suite} {test}: name the cases, or say what is left out"
            );
            for id in cover.cases() {
                assert!(catalogue().iter().any(|case| case.id == id), "{suite} {test}: no case {id}");
            }
        }
    }
}

/// The programs of LTP's fs_bind by directory, with the number of the last one: all are there from 1.
#[test]
fn every_scenario_of_fs_bind_is_listed() {
    let listed: BTreeSet<String> = peers()["ltp"].keys().cloned().collect();
    let numbered = [("fs_bind", 24), ("fs_bind_move", 22), ("fs_bind_rbind", 39), ("fs_bind_cloneNS", 7)];
    for (name, last) in numbered {
        for number in 1..=last {
            let test = format!("{name}{number:02}");
            assert!(listed.contains(&test), "{test} is not in peers.toml");
        }
    }
    for test in ["fs_bind07-2", "fs_bind_rbind07-2"] {
        assert!(listed.contains(test), "{test} is not in peers.toml");
    }
}

/// The page, with a table for each suite.
fn page() -> String {
    let mut page = String::from(
        "# Tests of other suites\n\n\
         The programs of other suites that test rules of namespaces, and the cases that show the same. A test made this\n\
         page from `cases/catalogue/peers.toml`.\n",
    );
    for (suite, tests) in peers() {
        let name = if suite == "ltp" { "LTP" } else { &suite };
        let whole = tests.values().filter(|cover| cover.left_out().is_empty()).count();
        let _ = write!(
            page,
            "\n## {name}\n\nOf {} programs {whole} are covered in full.\n\n| program | cases | left out |\n|---|---|---|\n",
            tests.len()
        );
        for (test, cover) in tests {
            let cases: Vec<String> = cover.cases().iter().map(|id| format!("`{id}`")).collect();
            let _ = writeln!(page, "| {test} | {} | {} |", cases.join(", "), cover.left_out());
        }
    }
    page
}

#[test]
fn the_page_is_made_from_the_list() {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../PEERS.md");
    if std::env::var_os("NSCONFORM_PEERS").is_some_and(|order| order == "write") {
        std::fs::write(&file, page()).expect("the page can be written");
    }
    let there = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        there == page(),
        "{} is not what peers.toml says: set NSCONFORM_PEERS=write and test again",
        file.display()
    );
}
