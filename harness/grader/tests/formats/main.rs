//! Every format of a grading, for every finding: valid by the schemas in `fixtures/schemas`,
//! which are written from the documentation of the consumers, and with the right exit status.
//!
//! The content of the documents is tested in `consumers` and `people`, the file that holds them in
//! `file`. The gradings are made by hand, in `gradings`: nothing is graded here.

mod consumers;
mod file;
mod gradings;
mod people;

use gradings::*;
use nsconform_grader::grading::*;
use nsconform_grader::report::Format;
use nsconform_report::ExitStatus;
use rstest::rstest;
use serde_json::Value;

#[rstest]
fn every_document_is_valid(
    #[values(Format::Json, Format::Gradescope, Format::Classroom50, Format::Exercism)] format: Format,
    #[values(0, 1, 9)] hints: usize,
) {
    let mut count = 0;
    for (name, grading) in gradings() {
        let Some(text) = report(format, false, hints).document(&grading).unwrap() else {
            assert_eq!((format, name), (Format::Gradescope, "broken"));
            continue;
        };
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(faults(format, &value), Vec::<String>::new(), "{name}: {text}");
        count += 1;
    }
    assert!(count >= gradings().len() - 1);
}

/// A schema that accepts everything would prove nothing: each spoils a valid document.
#[rstest]
#[case::json(Format::Json, "/checks/1/expected", None)]
#[case::json_status(Format::Json, "/checks/1/status", Some(Value::from("fail")))]
#[case::json_foreign(Format::Json, "/checks/0/prerequisite", Some(Value::from("x")))]
#[case::json_seed(Format::Json, "/seed", Some(Value::from(1)))]
#[case::gradescope(Format::Gradescope, "/tests/0/visibility", Some(Value::from("staff")))]
#[case::gradescope_status(Format::Gradescope, "/tests/0/status", Some(Value::from("pass")))]
#[case::gradescope_misspelt(Format::Gradescope, "/executiontime", Some(Value::from(1)))]
#[case::gradescope_number(Format::Gradescope, "/tests/0/number", Some(Value::from(1)))]
#[case::classroom50(Format::Classroom50, "/owner", None)]
#[case::classroom50_fraction(Format::Classroom50, "/score", Some(Value::from(1.5)))]
#[case::classroom50_tag(Format::Classroom50, "/submission", Some(Value::from("main")))]
#[case::classroom50_date(Format::Classroom50, "/datetime", Some(Value::from("2026-06-01 14:32:05")))]
#[case::exercism(Format::Exercism, "/tests", None)]
#[case::exercism_message(Format::Exercism, "/tests/1/message", None)]
#[case::exercism_status(Format::Exercism, "/status", Some(Value::from("pass")))]
#[case::exercism_task(Format::Exercism, "/tests/0/task_id", Some(Value::from(1)))]
#[case::exercism_output(Format::Exercism, "/tests/0/output", Some(Value::from("x".repeat(501))))]
fn a_schema_notices_what_is_wrong(#[case] format: Format, #[case] place: &str, #[case] value: Option<Value>) {
    let grading = grading(vec![check("runs", 3, Finding::Passed), check("isolated", 4, failed())]);
    let mut document = json(format, &grading);
    assert_eq!(faults(format, &document), Vec::<String>::new());
    let (parent, name) = place.rsplit_once('/').unwrap();
    let fields = document.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    match value {
        Some(value) => fields.insert(name.to_string(), value),
        None => fields.remove(name),
    };
    assert_ne!(faults(format, &document), Vec::<String>::new());
}

#[rstest]
#[case::passed("full marks", 0, 0, 0)]
#[case::failed("failed", 1, 0, 0)]
#[case::without_points("failed, informational", 0, 0, 0)]
#[case::stopped("stopped", 1, 0, 0)]
#[case::not_all_possible("unavailable", 0, 0, 0)]
#[case::error("error", 3, 0, 0)]
#[case::nothing_possible("all unavailable", 4, 4, 0)]
#[case::partial("partial", 3, 3, 0)]
#[case::broken("broken", 3, 3, 0)]
fn exit_statuses(#[case] name: &str, #[case] usual: u8, #[case] classroom50: u8, #[case] exercism: u8) {
    let (_, grading) = gradings().into_iter().find(|(known, _)| *known == name).unwrap();
    for format in Format::ALL {
        let expected = match format {
            Format::Classroom50 => classroom50,
            Format::Exercism => exercism,
            _ => usual,
        };
        assert_eq!(format.exit_status(&grading) as u8, expected, "{format:?}");
    }
    assert_eq!(ExitStatus::CaseFailed as u8, 1);
}

#[test]
fn names_of_formats() {
    for format in Format::ALL {
        assert_eq!(format.name().parse(), Ok(format));
    }
    let error = "yaml".parse::<Format>().unwrap_err();
    assert_eq!(
        error,
        "there is no format 'yaml'; there are human, json, gradescope, classroom50, exercism, junit"
    );
}

/// No consumer but a terminal is told how to paint, and none gets a character that paints.
#[rstest]
fn nothing_that_was_printed_is_obeyed(
    #[values(Format::Human, Format::Gradescope, Format::Classroom50, Format::Exercism, Format::Junit)]
    format: Format,
) {
    let mut grading = grading(vec![check("runs", 3, failed()), check("other", 3, Finding::Passed)]);
    let evil = "\x1b]0;title\x07\u{9b}2J\u{202e}";
    grading.checks[0].printed = format!("{evil}\n::error::fine\n  ::error::fine\r\n");
    grading.checks[0].finding = Finding::Failed(Mismatch { expected: "text".into(), observed: evil.into() });
    grading.checks[0].trace = vec![evil.into()];
    grading.checks[0].asked = vec![evil.into()];
    let document = document(format, &grading);
    // JSON escapes them, and a reader of JSON gets them back: so look behind that.
    let read = match serde_json::from_str::<Value>(&document) {
        Ok(value) => strings(&value).concat(),
        Err(_) => document,
    };
    let obeyed = |letter: char| {
        (letter.is_control() && !matches!(letter, '\n' | '\t'))
            || (format != Format::Junit && letter == '\u{202e}')
    };
    let c1 = |letter: char| format == Format::Junit && letter == '\u{9b}';
    assert!(!read.contains(|letter| obeyed(letter) && !c1(letter)), "{read:?}");
    let commands = read.lines().any(|line| line.trim_start().starts_with("::"));
    assert!(format != Format::Human || !commands, "{read}");
}

fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(values) => values.iter().flat_map(strings).collect(),
        Value::Object(fields) => fields.values().flat_map(strings).collect(),
        _ => vec![],
    }
}
