//! The files of the assignments are whole. Whether the checks are right is shown in
//! `fixtures/tests`, how the program hands the files out in its own tests.

use nsconform_course::{CARGO_TOML, COURSES, MAKEFILE, course};
use nsconform_grader::assignment::commented;
use rstest::rstest;
use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn every_folder_of_assignments_is_a_course() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assignments");
    let folders: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    let courses: BTreeSet<String> = COURSES.iter().map(|course| course.name.to_string()).collect();
    assert_eq!(folders, courses);
}

#[test]
fn every_assignment_is_found_by_its_name_and_read() {
    for known in COURSES {
        let found = course(known.name).unwrap_or_else(|| panic!("{} is not found", known.name));
        assert!(std::ptr::eq(known, found), "{} is there twice", known.name);
        let assignment = known.read(known.rules).unwrap_or_else(|why| panic!("{}: {why}", known.name));
        assert!(!assignment.title.is_empty(), "{} has no title", known.name);
        assert_eq!(known.handout.matches("{{checks}}").count(), 1, "{}: the table of checks", known.name);
    }
    assert!(course("unshar").is_none());
}

/// Comments change nothing, and every key has one.
#[test]
fn rules_are_read_back_with_their_comments() {
    for known in COURSES {
        let commented = commented(known.rules);
        let (read, plain) = (known.read(&commented).unwrap(), known.read(known.rules).unwrap());
        assert_eq!(format!("{:?}", read.checks.len()), format!("{:?}", plain.checks.len()));
        assert_eq!((read.title, read.deadline), (plain.title, plain.deadline));
        for line in known.rules.lines() {
            let Some((key, _)) = line.split_once(" = ") else { continue };
            if !key.starts_with(' ') {
                assert!(commented.contains(&format!("# {key}: ")), "{}: {key}", known.name);
            }
        }
    }
}

#[rstest]
#[case::no_points("points = 4", "points = 0", "no check gives any points")]
fn rules_that_make_no_sense_are_refused(#[case] old: &str, #[case] new: &str, #[case] expected: &str) {
    let orphan = course("orphan").unwrap();
    let mut rules = orphan.rules.replace(old, new);
    for points in 1..10 {
        rules = rules.replace(&format!("points = {points}"), "points = 0");
    }
    let error = orphan.read(&rules).unwrap_err();
    assert!(error.contains(expected), "{error}");
}

#[rstest]
#[case::c(MAKEFILE)]
#[case::rust(CARGO_TOML)]
fn a_build_file_names_the_assignment(#[case] text: &str) {
    assert!(text.contains("{{name}}"), "{text}");
}
