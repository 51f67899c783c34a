//! The text for people: its words, its hints, its width and its limits.

use super::gradings::*;
use nsconform_grader::grading::*;
use nsconform_grader::report::{Format, Report};
use rstest::rstest;

fn shown(grading: &Grading, staff: bool, hints: usize, width: u16) -> String {
    Report::new(Format::Human, staff, hints, width, &|_| None).unwrap().document(grading).unwrap().unwrap()
}

/// One of everything.
fn mixed() -> Grading {
    let mut isolated = check("isolated", 4, failed());
    isolated.title = "The host name outside is not changed, and inside it is the one that was given".into();
    let mut dependent = check("keeps-open", 2, not_checked());
    dependent.finding = Finding::NotChecked { prerequisite: "isolated".into() };
    let mut grading = grading(vec![
        check("runs", 3, Finding::Passed),
        isolated,
        dependent,
        check("ends", 2, stopped(Limit::Time)),
        check("limits", 5, unavailable()),
        check("reaps", 2, error()),
        hide(check("secret", 2, failed())),
        check("informs", 0, Finding::Passed),
    ]);
    grading.seed = 42;
    grading
}

#[test]
fn one_of_everything_as_a_student_sees_it() {
    insta::assert_snapshot!(shown(&mixed(), false, 0, 80));
}

#[test]
fn one_of_everything_as_the_staff_sees_it_in_a_wide_terminal() {
    insta::assert_snapshot!(shown(&mixed(), true, 1, 120));
}

#[test]
fn full_marks_and_notes() {
    let mut grading = grading(vec![check("runs", 3, Finding::Passed)]);
    grading.seed = 42;
    insta::assert_snapshot!(shown(&grading, false, 0, 80));
}

#[test]
fn a_part_of_a_grading() {
    let mut grading = mixed();
    grading.checks.truncate(2);
    insta::assert_snapshot!(shown(&grading, false, 2, 60));
}

#[test]
fn a_grading_that_broke_off() {
    let mut grading = mixed();
    grading.checks.truncate(1);
    grading.broken = Some("the stage could not be built: clone gives EPERM".into());
    insta::assert_snapshot!(shown(&grading, false, 0, 80));
}

#[rstest]
#[case::none(0, &[], Some(1))]
#[case::first(1, &["hint 1/2"], Some(2))]
#[case::all(2, &["hint 1/2", "hint 2/2"], None)]
#[case::more_than_there_are(9, &["hint 1/2", "hint 2/2"], None)]
fn hints_come_one_by_one(#[case] number: usize, #[case] hints: &[&str], #[case] next: Option<usize>) {
    let shown = shown(&grading(vec![check("runs", 3, failed())]), false, number, 80);
    let found: Vec<&str> = shown.lines().filter_map(|line| line.trim_start().get(..8)).collect();
    assert_eq!(found.iter().filter(|start| start.starts_with("hint ")).count(), hints.len());
    assert!(hints.iter().all(|hint| found.contains(hint)), "{shown}");
    let offered = shown.lines().find(|line| line.contains("--hints"));
    assert_eq!(offered.is_some(), next.is_some(), "{shown}");
    if let (Some(line), Some(next)) = (offered, next) {
        let command = "nsconform grade demo_uts_namespaces './my demo' --seed 18446744073709551615";
        assert!(line.ends_with(&format!("{command} --hints {next}")), "{line}");
    }
}

#[rstest]
#[case::all("full marks", "FULL MARKS 3 of 3 points")]
#[case::all_that_count("unavailable", "FULL MARKS 3 of 3 points")]
#[case::without_points("failed, informational", "FULL MARKS 3 of 3 points: 1 passed, 1 failed")]
#[case::not_all("failed", "NOT YET 3 of 7 points")]
#[case::error("error", "NOT YET 3 of 5 points")]
#[case::hidden("hidden", "FULL MARKS IN THIS PART 3 of 3 points")]
#[case::all_hidden("all hidden", "NOTHING CHECKED 0 of 0 points")]
#[case::nothing_possible("all unavailable", "NOTHING CHECKED 0 of 0 points")]
#[case::partial("partial", "NOT FINISHED 3 of 3 points")]
#[case::nothing_yet("nothing yet", "NOT FINISHED 0 of 0 points: no check performed")]
#[case::broken("broken", "NOT GRADED 3 of 5 points")]
fn the_total_in_words(#[case] name: &str, #[case] expected: &str) {
    let (_, grading) = gradings().into_iter().find(|(known, _)| *known == name).unwrap();
    let shown = shown(&grading, false, 0, 80);
    assert!(shown.lines().any(|line| line.starts_with(expected)), "{shown}");
}

#[test]
fn long_output_is_cut_and_counted() {
    let mut grading = grading(vec![check("runs", 3, failed())]);
    grading.checks[0].printed = "y\n".repeat(999) + "é";
    grading.checks[0].printed.insert_str(0, &"é".repeat(9000));
    let shown = shown(&grading, false, 0, 80);
    assert!(shown.contains("… and 976 more lines"), "{shown}");
    assert!(shown.lines().all(|line| line.len() < 450), "{shown}");
    assert!(shown.lines().count() < 50);
}

/// Colour is never the only sign: what is stripped of styles still has a word for each check.
#[test]
fn styles_are_for_terminals_alone() {
    let mut styled = Vec::new();
    report(Format::Human, false, 0).show(&mixed(), &mut styled).unwrap();
    let styled = String::from_utf8(styled).unwrap();
    assert!(styled.contains("\x1b[1m\x1b[31m✗ failed\x1b[0m"), "{styled:?}");
    assert!(!shown(&mixed(), false, 0, 80).contains('\x1b'));
}
