//! The catalogue is in order: ids, sources, snapshots, lists of known deviations.

use nsconform_catalogue::{NAMESPACES, approved, catalogue, known, untested};
use nsconform_lab::fold::{is_brace, unfold};
use nsconform_sys::machine::Machine;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// `<namespace>.<kebab-slug>`: what every consumer of results takes as a name.
fn assert_well_formed(id: &str) {
    let (group, slug) = id.split_once('.').unwrap_or_else(|| panic!("{id} has no dot"));
    assert!(NAMESPACES.iter().any(|namespace| namespace.name == group), "{id} belongs to no namespace");
    assert!(id.len() <= 100, "{id} is longer than 100 bytes");
    let letters = |segment: &str| {
        !segment.is_empty()
            && segment.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    assert!(slug.split('.').all(letters), "{id} holds other than a-z, 0-9, - and dots");
}

#[test]
fn ids_are_well_formed_and_unique() {
    let mut met = BTreeSet::new();
    for id in catalogue().iter().map(|case| case.id).chain(untested().map(|claim| claim.id)) {
        assert_well_formed(id);
        let in_part = untested().any(|claim| claim.id == id && claim.part.is_some());
        assert!(met.insert(id) || in_part, "{id} is there twice");
    }
}

#[test]
fn every_case_says_what_it_claims_where_that_is_written_and_how_it_can_fail() {
    for case in catalogue() {
        assert!(case.claim.ends_with('.'), "{}: the claim is a sentence", case.id);
        assert!(!case.sources.is_empty(), "{}: no source", case.id);
        assert!(case.wrong.len() > 20, "{}: what would a wrong kernel show?", case.id);
        assert!(approved(case.id).is_some(), "{}: no approved trace", case.id);
    }
    for claim in untested() {
        assert!(claim.why.len() > 20, "{}: why is it not tested?", claim.id);
        if let Some(part) = claim.part {
            assert!(catalogue().iter().any(|case| case.id == part), "{}: no case {part}", claim.id);
        }
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_string()
}

/// A file that is not registered is not compiled either: its cases would be missing in silence.
#[test]
fn every_file_of_cases_is_registered_with_its_namespace() {
    for namespace in NAMESPACES {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(namespace.name);
        let files: BTreeSet<String> =
            entries(&folder).iter().map(|path| name(path)).filter(|name| name != "mod.rs").collect();
        let registered: BTreeSet<String> =
            namespace.topics.iter().map(|topic| format!("{}.rs", topic.name)).collect();
        assert_eq!(files, registered, "{}: name the file in topics! in mod.rs", namespace.name);
        for topic in namespace.topics {
            let ids =
                topic.cases.iter().map(|case| case.id).chain(topic.untested.iter().map(|claim| claim.id));
            for id in ids {
                let group = id.split_once('.').map(|(group, _)| group);
                assert_eq!(group, Some(namespace.name), "{id} lies in the folder of another namespace");
            }
        }
    }
}

#[test]
fn every_snapshot_belongs_to_a_case() {
    for folder in entries(&Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots")) {
        for snapshot in entries(&folder) {
            let file = name(&snapshot);
            let id = file.strip_suffix(".snap").unwrap_or_else(|| panic!("{file} is not an approved trace"));
            let case =
                catalogue().iter().find(|case| case.id == id).unwrap_or_else(|| panic!("no case {id}"));
            assert_eq!(case.group(), name(&folder), "{id} lies in the folder of another namespace");
        }
    }
}

#[test]
fn known_deviations_are_of_cases_and_well_written() {
    let mut machine = Machine::look();
    for release in ["5.10.0", "6.18.0", "6.19.0", "7.2.0", "7.3.0"] {
        machine.kernel_release = release.to_string();
        for known in known(&machine) {
            assert!(catalogue().iter().any(|case| case.id == known.case), "no case {}", known.case);
        }
    }
}

/// The form of a claim in which two that say the same are equal: letters and digits.
fn plain(claim: &str) -> String {
    claim.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The calls and answers of a trace: by whatever names the processes go, in whatever order, and
/// without notes. Two cases with the same ones test the same.
fn calls(trace: &str) -> Vec<String> {
    let mut names: Vec<&str> = Vec::new();
    let mut lines: Vec<(&str, &str)> = Vec::new();
    for (_, line) in unfold(trace).unwrap().into_iter().filter(|(_, line)| !line.starts_with('#')) {
        let (name, call) = line.split_once("  ").unwrap_or_else(|| panic!("{line} has no process"));
        if !names.contains(&name) {
            names.push(name);
        }
        lines.push((name, call.trim_start()));
    }
    let number = |name: &str| names.iter().position(|other| *other == name).unwrap();
    let mut calls: Vec<String> = lines
        .into_iter()
        .map(|(name, call)| {
            let words = call.split_whitespace().collect::<Vec<_>>().join(" ");
            let unnamed = names.iter().enumerate().fold(words, |call, (number, name)| {
                call.replace(&format!("<{name}>"), &format!("<{number}>"))
            });
            format!("{} {unnamed}", number(name))
        })
        .collect();
    calls.sort();
    calls
}

#[test]
fn the_same_calls_are_recognised_under_other_names_and_in_another_order() {
    let one = "outer  getpid() = <outer>\n# a note\nouter  clone(0)  = <inner>\ninner  getpid() = <inner>\n";
    let same = "a     clone(0)      = <bcde>\na     getpid()      = <a>\nbcde  getpid()      = <bcde>\n";
    let other = "outer  getpid() = <outer>\nouter  clone(0)  = <inner>\nouter  getpid() = <inner>\n";
    assert_eq!(calls(one), calls(same));
    assert_ne!(calls(one), calls(other));
}

#[test]
fn no_two_cases_claim_or_show_the_same() {
    let (mut claims, mut traces) = (BTreeMap::new(), BTreeMap::new());
    for case in catalogue() {
        if let Some(other) = claims.insert(plain(case.claim), case.id) {
            panic!("{other} and {} claim the same: merge them", case.id);
        }
        if let Some(other) = traces.insert(calls(approved(case.id).unwrap_or_default()), case.id) {
            panic!("{other} and {} have the same trace: merge them", case.id);
        }
    }
}

/// The most steps that a reader follows without a word.
const MOST_STEPS_WITHOUT_A_NOTE: usize = 12;

/// How many steps a trace shows, and whether a note explains any of them.
fn steps_and_notes(trace: &str) -> (usize, bool) {
    let (notes, steps): (Vec<&str>, Vec<&str>) =
        trace.lines().filter(|line| !is_brace(line)).partition(|line| line.starts_with('#'));
    (steps.len(), !notes.is_empty())
}

#[test]
fn steps_are_counted_as_they_are_shown() {
    assert_eq!(steps_and_notes("a  getpid() = 2\n{\na  clone(0) = <b>\n} × 30\n"), (2, false));
    assert_eq!(steps_and_notes("# first\na  getpid() = 2\n"), (1, true));
}

#[test]
fn long_scripts_say_what_they_are_about() {
    for case in catalogue() {
        let (steps, noted) = steps_and_notes(approved(case.id).unwrap_or_default());
        assert!(
            noted || steps <= MOST_STEPS_WITHOUT_A_NOTE,
            "{} shows {steps} steps and no note: write one at each turn (lab.note)",
            case.id
        );
    }
}
