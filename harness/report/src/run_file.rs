//! Reading a run file back: what `run --format json` wrote, whole or cut off.
//!
//! What a line means lives in `event`; comparing two runs in `compare`.

use crate::event::{Line, SCHEMA};
use nsconform_suite::known::Version;
use nsconform_suite::verdict::Record;
use nsconform_sys::machine::Machine;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::Path;

/// A run as its file tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct RunFile {
    /// The path of the file as it was given.
    pub path: String,
    /// The version of nsconform that wrote it.
    pub nsconform: String,
    /// The machine it ran on.
    pub machine: Machine,
    /// How the sealed place was had.
    pub seal: String,
    /// When it began, in UTC as RFC 3339 has it; none in files that do not say.
    pub started: Option<String>,
    /// How many cases were selected.
    pub selected: usize,
    /// The cases by id.
    pub cases: BTreeMap<String, Entry>,
    /// Why records are missing, if any are: the run, or its file, was cut off.
    pub cut: Option<String>,
}

/// One case of a run: its record and what the file says about the case.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its place in the catalogue of the nsconform that wrote the file.
    pub index: usize,
    /// What it claims.
    pub claim: String,
    /// What the documentation says where kernels are known to do otherwise.
    pub deviation: Option<String>,
    /// What became of it.
    pub record: Record,
}

/// Reads a run file. A last line that was cut off, and a missing line of type `done`, are no
/// errors: [`RunFile::cut`] says so.
///
/// # Errors
/// When the file cannot be read, is no run file, has another schema, or is damaged elsewhere than
/// at its end: with its path and the number of the line.
pub fn read_run(path: &Path) -> Result<RunFile, String> {
    let shown = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|error| format!("{shown} cannot be read: {error}"))?;
    RunFile::parse(&shown, &bytes)
}

/// How to get a file that can be read.
const REMEDY: &str = "write one with `nsconform run --format json --output FILE`";

impl RunFile {
    /// Reads the content of a run file.
    ///
    /// # Errors
    /// As [`read_run`].
    pub fn parse(path: &str, bytes: &[u8]) -> Result<RunFile, String> {
        let at = |number: usize, what: String| format!("{path}: line {number}: {what}");
        // Only a line that is ended was written in full.
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let (lines, rest) = bytes.split_at(whole);
        let mut numbered: Vec<(usize, &[u8])> = lines
            .split(|byte| *byte == b'\n')
            .enumerate()
            .map(|(index, line)| (index + 1, line))
            .filter(|(_, line)| !line.trim_ascii().is_empty())
            .collect();
        let last = (lines.split(|byte| *byte == b'\n').count(), rest);
        // A file that lost just its last newline is not cut.
        let cut_line = !rest.trim_ascii().is_empty() && serde_json::from_slice::<Line>(rest).is_err();
        if !rest.trim_ascii().is_empty() && (!cut_line || numbered.is_empty()) {
            numbered.push(last);
        }
        let mut lines = numbered.into_iter();
        let mut run = match lines.next() {
            None => return Err(format!("{path} is empty, not a run file: {REMEDY}")),
            Some((number, line)) => RunFile::begin(path, line).map_err(|what| at(number, what))?,
        };
        let mut done = None;
        for (number, line) in lines {
            if done.is_some() {
                return Err(at(
                    number,
                    "follows the line of type done, which is the last of a run; compare one run at a time"
                        .into(),
                ));
            }
            match serde_json::from_slice(line).map_err(|error| at(number, shown(&error)))? {
                Line::Run { .. } => {
                    return Err(at(number, "a second run begins; compare one run at a time".into()));
                }
                Line::Case { index, claim, deviation, record, .. } => {
                    let id = record.id.clone();
                    let entry = Entry { index, claim, deviation, record };
                    if run.cases.insert(id.clone(), entry).is_some() {
                        return Err(at(number, format!("{id} has a record already in this file")));
                    }
                }
                Line::Done { count, .. } => done = Some(count),
            }
        }
        run.cut = run.why_cut(done, cut_line);
        Ok(run)
    }

    /// Reads the first line. The schema is looked at before the rest: a file of another schema may
    /// have other fields, and that is not what is to be said about it.
    fn begin(path: &str, line: &[u8]) -> Result<RunFile, String> {
        let not_a_run = |why: String| format!("not the first line of a run file ({why}): {REMEDY}");
        let value: serde_json::Value =
            serde_json::from_slice(line).map_err(|error| not_a_run(shown(&error)))?;
        if value["type"] != "run" {
            return Err(not_a_run(format!("its type is {}, not \"run\"", value["type"])));
        }
        if value["schema"] != SCHEMA {
            return Err(format!(
                "the file has schema {} and was written by nsconform {}; this nsconform reads schema {SCHEMA}: \
                 compare with the nsconform that wrote it, or make the run again",
                value["schema"],
                value["nsconform"].as_str().unwrap_or("of an unknown version")
            ));
        }
        match serde_json::from_slice(line) {
            Ok(Line::Run { nsconform, machine, seal, started, selected, .. }) => Ok(RunFile {
                path: path.to_string(),
                nsconform,
                machine,
                seal,
                started,
                selected,
                cases: BTreeMap::new(),
                cut: None,
            }),
            Ok(_) => Err(not_a_run("it is of another type".into())),
            Err(error) => Err(not_a_run(shown(&error))),
        }
    }

    fn why_cut(&self, done: Option<usize>, cut_line: bool) -> Option<String> {
        let recorded = self.cases.len();
        let of = |wanted: usize| format!("it holds {recorded} of {wanted} records");
        match done {
            None if cut_line => Some(format!(
                "the last line is incomplete and the line of type done is missing; {}",
                of(self.selected)
            )),
            None => Some(format!("the line of type done is missing; {}", of(self.selected))),
            Some(_) if cut_line => Some("an incomplete line follows the line of type done".into()),
            Some(count) if count.max(self.selected) > recorded => Some(of(count.max(self.selected))),
            Some(_) => None,
        }
    }

    /// As whom it was started: `root` or `uid 1000`.
    pub fn privilege(&self) -> String {
        if self.machine.uid == 0 { "root".to_string() } else { format!("uid {}", self.machine.uid) }
    }
}

/// What was wrong with a line. Its place in the file is said by the caller; to serde_json every
/// line is the first.
fn shown(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let what = text.split(" at line ").next().unwrap_or(&text);
    format!("column {}: {what}", error.column())
}

/// The order of kernel names: by version, then by name; names without a version last.
pub fn version_order(a: &str, b: &str) -> Ordering {
    let key = |name: &str| {
        let starts_with_version = name.starts_with(|letter: char| letter.is_ascii_digit());
        (!starts_with_version, Version::of_release(name))
    };
    key(a).cmp(&key(b)).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const RUN: &str = r#"{"type":"run","schema":1,"nsconform":"0.1.0","machine":{"kernel_release":"6.1.0","kernel_version":"v","architecture":"x86_64","processors":1,"uid":0,"capabilities":null,"security_modules":null,"sysctls":{}},"seal":"privileged","selected":2}"#;

    fn case(id: &str) -> String {
        format!(
            r#"{{"type":"case","index":0,"claim":"c","sources":[],"since":"","id":"{id}","verdict":"pass","duration_us":1,"trace":[]}}"#
        )
    }

    fn done(count: usize) -> String {
        let verdicts =
            r#"{"pass":2,"deviation":0,"unexpected":0,"fail":0,"known":0,"skip":0,"error":0,"timeout":0}"#;
        format!(r#"{{"type":"done","count":{count},"verdicts":{verdicts},"duration_us":1}}"#)
    }

    #[rstest]
    #[case::whole(&[RUN, &case("a.b"), &case("a.c"), &done(2)], "\n", 2, None)]
    #[case::last_newline_lost(&[RUN, &case("a.b"), &case("a.c"), &done(2)], "", 2, None)]
    #[case::blank_lines_and_carriage_returns(&[RUN, "\r", &case("a.b"), &case("a.c"), &done(2)], "\r\n", 2, None)]
    #[case::no_done(&[RUN, &case("a.b")], "\n", 1, Some("done is missing; it holds 1 of 2 records"))]
    #[case::cut_within_a_case(&[RUN, &case("a.b"), &case("a.c")[..40]], "", 1, Some("last line is incomplete"))]
    #[case::cut_within_done(&[RUN, &case("a.b"), &case("a.c"), &done(2)[..20]], "", 2, Some("last line is incomplete"))]
    #[case::records_lost(&[RUN, &case("a.b"), &done(2)], "\n", 1, Some("it holds 1 of 2 records"))]
    #[case::only_begun(&[RUN], "\n", 0, Some("it holds 0 of 2 records"))]
    fn what_is_cut_off_is_said(
        #[case] lines: &[&str],
        #[case] end: &str,
        #[case] cases: usize,
        #[case] cut: Option<&str>,
    ) {
        let run = RunFile::parse("x.json", (lines.join("\n") + end).as_bytes()).unwrap();
        assert_eq!(run.cases.len(), cases);
        match (run.cut.as_deref(), cut) {
            (None, None) => {}
            (Some(found), Some(expected)) => assert!(found.contains(expected), "{found}"),
            (found, expected) => panic!("{found:?} instead of {expected:?}"),
        }
    }

    #[rstest]
    #[case::empty("", "x.json is empty, not a run file: write one with")]
    #[case::text("hello\n", "x.json: line 1: not the first line of a run file (column 1: expected value)")]
    #[case::other_json("{\"a\":1}\n", "its type is null, not \"run\"")]
    #[case::starts_with_a_case(&(case("a.b") + "\n"), "its type is \"case\", not \"run\"")]
    #[case::cut_first_line(&RUN[..50], "x.json: line 1: not the first line of a run file")]
    #[case::other_schema(
        "{\"type\":\"run\",\"schema\":2,\"nsconform\":\"0.9.0\"}\n",
        "line 1: the file has schema 2 and was written by nsconform 0.9.0; this nsconform reads schema 1"
    )]
    #[case::no_schema("{\"type\":\"run\"}\n", "the file has schema null")]
    #[case::damaged_within(&format!("{RUN}\nx\n{}\n", done(0)), "x.json: line 2: column 1: expected value")]
    #[case::unknown_verdict(&format!("{RUN}\n{}\n", case("a.b").replace("pass", "good")), "x.json: line 2: column")]
    #[case::twice(&format!("{RUN}\n{}\n{}\n", case("a.b"), case("a.b")), "line 3: a.b has a record already")]
    #[case::two_runs(&format!("{RUN}\n{RUN}\n"), "line 2: a second run begins")]
    #[case::two_whole_runs(&format!("{RUN}\n{}\n{RUN}\n", done(0)), "line 3: follows the line of type done")]
    fn what_is_wrong_is_said_with_its_line(#[case] text: &str, #[case] expected: &str) {
        let error = RunFile::parse("x.json", text.as_bytes()).unwrap_err();
        assert!(error.contains(expected), "{error}");
        assert!(!error.contains("at line"), "{error}");
    }

    #[test]
    fn bytes_that_are_no_text_are_an_error() {
        let mut bytes = RUN.as_bytes().to_vec();
        bytes.extend(b"\n\xff\xfe\n");
        let error = RunFile::parse("x.json", &bytes).unwrap_err();
        assert!(error.starts_with("x.json: line 2: "), "{error}");
    }

    #[test]
    fn a_file_cut_anywhere_after_its_first_line_can_be_read() {
        let text = [RUN.to_string(), case("a.b"), case("a.c"), done(2)].join("\n") + "\n";
        for length in RUN.len()..text.len() {
            let run = RunFile::parse("x.json", &text.as_bytes()[..length]).unwrap();
            let complete = length == text.len() - 1;
            assert_eq!(run.cut.is_none(), complete, "cut after {length} bytes");
        }
    }

    #[test]
    fn kernels_are_ordered_by_version() {
        let mut names = ["7.0", "6.12.95", "bzImage", "6.12", "5.10", "6.1", "6.12.43", "a"];
        names.sort_by(|a, b| version_order(a, b));
        assert_eq!(names, ["5.10", "6.1", "6.12", "6.12.43", "6.12.95", "7.0", "a", "bzImage"]);
    }
}
