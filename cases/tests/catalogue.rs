//! The catalogue is in order: ids, sources, snapshots, lists of known deviations.

use nsconform::{approved, catalogue, known, untested};
use nsconform_sys::machine::Machine;
use std::collections::BTreeSet;
use std::path::Path;

const GROUPS: [&str; 9] = ["api", "uts", "ipc", "pid", "mnt", "net", "user", "cgroup", "time"];

/// `<namespace>.<kebab-slug>`: what every consumer of results takes as a name.
fn assert_well_formed(id: &str) {
    let (group, slug) = id.split_once('.').unwrap_or_else(|| panic!("{id} has no dot"));
    assert!(GROUPS.contains(&group), "{id} belongs to no namespace");
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

#[test]
fn every_snapshot_belongs_to_a_case() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let id = name.strip_suffix(".snap").unwrap_or_else(|| panic!("{name} is not an approved trace"));
        assert!(catalogue().iter().any(|case| case.id == id), "no case {id}");
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
