//! One run as a value: collected from events as they come, or read back from a run file, whole or
//! cut off.
//!
//! The events themselves live in `event`; comparing two runs in `compare`; putting the parts of a
//! divided run together in `shards`.

use crate::counts::Counts;
use crate::event::{CaseResult, RunEnd, RunEvent, RunStart, SCHEMA, SHORT_SCHEMA};
use nsconform_suite::case::Case;
use nsconform_suite::known::{Known, Version};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// A run: who ran what where, and the results.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedRun {
    /// The path of its file as it was given, or the name of the kernel.
    pub path: String,
    /// The first event.
    pub start: RunStart,
    /// The cases by id.
    pub cases: BTreeMap<String, CaseResult>,
    /// The last event, if the run came so far.
    pub end: Option<RunEnd>,
    /// Why records are missing, if any are: the run, or its file, was cut off.
    pub cut: Option<String>,
}

/// The catalogue, as far as the short form of a run file leaves to it what is known of a case.
#[derive(Clone, Copy)]
pub struct Lookup {
    /// The case with this id.
    pub case: fn(&str) -> Option<&'static Case>,
    /// The approved trace of the case with this id.
    pub approved: fn(&str) -> Option<&'static str>,
}

impl Lookup {
    /// A catalogue without cases.
    pub const EMPTY: Lookup = Lookup { case: |_| None, approved: |_| None };

    /// A result in the whole form.
    pub fn restore(&self, result: CaseResult) -> CaseResult {
        let (case, approved) = ((self.case)(&result.id), (self.approved)(&result.id));
        result.restored(case, approved)
    }
}

/// How to get a file that can be read.
const REMEDY: &str = "write one with `nsconform run --format json --output FILE`";

impl RecordedRun {
    /// A run that begins.
    pub fn begin(path: &str, start: RunStart) -> RecordedRun {
        RecordedRun { path: path.to_string(), start, cases: BTreeMap::new(), end: None, cut: None }
    }

    /// Takes the next event of the run.
    ///
    /// # Errors
    /// When the event cannot stand at this place.
    pub fn take(&mut self, event: RunEvent) -> Result<(), String> {
        if self.end.is_some() {
            return Err("follows the line of type done, which is the last of a run; write one run to a file"
                .to_string());
        }
        match event {
            RunEvent::Run(_) => return Err("a second run begins; write one run to a file".to_string()),
            RunEvent::Case(result) => {
                let id = result.id.clone();
                if self.cases.insert(id.clone(), *result).is_some() {
                    return Err(format!("{id} has a record already in this file"));
                }
            }
            RunEvent::Done(end) => self.end = Some(end),
        }
        Ok(())
    }

    /// Says why records are missing, once no further event will come; `cut_line` if the last line
    /// of the file is incomplete.
    pub fn close(&mut self, cut_line: bool) {
        let recorded = self.cases.len();
        let of = |wanted: usize| format!("it holds {recorded} of {wanted} records");
        let selected = self.start.selected;
        self.cut = match &self.end {
            None if cut_line => Some(format!(
                "the last line is incomplete and the line of type done is missing; {}",
                of(selected)
            )),
            None => Some(format!("the line of type done is missing; {}", of(selected))),
            Some(_) if cut_line => Some("an incomplete line follows the line of type done".into()),
            Some(end) if end.failed_fast && end.count == recorded => {
                Some(format!("--fail-fast ended it at a failure; {}", of(selected)))
            }
            Some(end) if end.count.max(selected) > recorded => Some(of(end.count.max(selected))),
            Some(_) => None,
        };
    }

    /// Reads the content of a run file. A last line that was cut off, and a missing line of type
    /// `done`, are no errors: [`RecordedRun::cut`] says so. The words that
    /// the short form leaves to the catalogue come from `lookup`.
    ///
    /// # Errors
    /// When the file is no run file, has another schema, or is damaged elsewhere than at its end:
    /// with its path and the number of the line.
    pub fn parse(path: &str, bytes: &[u8], lookup: Lookup) -> Result<RecordedRun, String> {
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
        let cut_line = !rest.trim_ascii().is_empty() && serde_json::from_slice::<RunEvent>(rest).is_err();
        if !rest.trim_ascii().is_empty() && (!cut_line || numbered.is_empty()) {
            numbered.push(last);
        }
        let mut lines = numbered.into_iter();
        let mut run = match lines.next() {
            None => return Err(format!("{path} is empty, not a run file: {REMEDY}")),
            Some((number, line)) => {
                RecordedRun::begin(path, read_start(line).map_err(|what| at(number, what))?)
            }
        };
        for (number, line) in lines {
            let event = serde_json::from_slice(line).map_err(|error| at(number, shown(&error)))?;
            let event = match event {
                RunEvent::Case(result) => RunEvent::Case(Box::new(lookup.restore(*result))),
                event => event,
            };
            run.take(event).map_err(|what| at(number, what))?;
        }
        run.close(cut_line);
        if run.cases.values().all(|result| result.description.is_some() && result.trace_sha256.is_none()) {
            run.start.schema = SCHEMA;
        }
        Ok(run)
    }

    /// Writes the run file in the short form, cases in the order of the catalogue. `approved` gives the
    /// approved trace of the case with an id.
    ///
    /// # Errors
    /// Those of writing.
    pub fn write_short(
        &self,
        approved: fn(&str) -> Option<&'static str>,
        to: &mut dyn Write,
    ) -> io::Result<()> {
        let start = RunStart { schema: SHORT_SCHEMA, ..self.start.clone() };
        RunEvent::Run(Box::new(start)).write(to)?;
        for result in self.in_order() {
            let result = result.clone().shortened(approved(&result.id));
            RunEvent::Case(Box::new(result)).write(to)?;
        }
        self.end.iter().try_for_each(|end| RunEvent::Done(end.clone()).write(to))
    }

    /// The name of the kernel: that of its file (`6.12.root.jsonl` is 6.12) or of the matrix where
    /// it begins with a version, and the release otherwise.
    pub fn kernel(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or(&self.path);
        let name = name.strip_suffix(".jsonl").or_else(|| name.strip_suffix(".json")).unwrap_or(name);
        let name = name.strip_suffix(".root").or_else(|| name.strip_suffix(".user")).unwrap_or(name);
        let is_version = !Version::of_release(name).is_empty()
            && name.chars().all(|letter| letter.is_ascii_alphanumeric() || "._+-".contains(letter));
        if is_version { name } else { &self.start.machine.kernel_release }
    }

    /// Kernel and privilege, as in `6.12 as root`.
    pub fn label(&self) -> String {
        format!("{} as {}", self.kernel(), self.privilege())
    }

    /// Judges the results anew in the light of these expected failures.
    pub fn expect(&mut self, known: &[Known]) {
        for result in self.cases.values_mut() {
            let known = known.iter().find(|known| known.case == result.id);
            result.verdict = result.verdict.clone().known_as(known);
        }
        if let Some(end) = &mut self.end {
            end.verdicts = self.cases.values().map(CaseResult::status).collect();
        }
    }

    /// The results in the order of the catalogue.
    pub fn in_order(&self) -> Vec<&CaseResult> {
        let mut results: Vec<&CaseResult> = self.cases.values().collect();
        results.sort_by(|a, b| (a.index, &a.id).cmp(&(b.index, &b.id)));
        results
    }

    /// The results by namespace, in the order of the catalogue.
    pub fn groups(&self) -> Vec<(&str, Vec<&CaseResult>)> {
        let mut groups: Vec<(&str, Vec<&CaseResult>)> = Vec::new();
        for result in self.in_order() {
            match groups.iter_mut().find(|(group, _)| *group == result.group()) {
                Some((_, results)) => results.push(result),
                None => groups.push((result.group(), vec![result])),
            }
        }
        groups
    }

    /// How many cases came to which status; records that are missing count as misses, unless the run ended
    /// at a failure because it was asked to.
    pub fn counts(&self) -> Counts {
        let mut counts: Counts = self.cases.values().map(CaseResult::status).collect();
        let misses = match &self.end {
            Some(end) if end.failed_fast => end.count.saturating_sub(self.cases.len()),
            _ => self.missing(),
        };
        (0..misses).for_each(|_| counts.add(nsconform_suite::verdict::Status::Miss));
        counts
    }

    /// How many records are missing.
    pub fn missing(&self) -> usize {
        let wanted = self.end.as_ref().map_or(0, |end| end.count).max(self.start.selected);
        wanted.saturating_sub(self.cases.len())
    }

    /// Wall time of the run in microseconds; for a run that was cut off, the time that its cases
    /// took.
    pub fn duration_us(&self) -> u64 {
        let cases = || self.cases.values().map(|result| result.duration_us).sum();
        self.end.as_ref().map_or_else(cases, |end| end.duration_us)
    }

    /// As whom it was started: `root` or `uid 1000`.
    pub fn privilege(&self) -> String {
        if self.start.machine.uid == 0 {
            "root".to_string()
        } else {
            format!("uid {}", self.start.machine.uid)
        }
    }
}

/// Reads the first line. The schema is looked at before the rest: a file of another schema may
/// have other fields, and that is not what is to be said about it.
fn read_start(line: &[u8]) -> Result<RunStart, String> {
    let not_a_run = |why: String| format!("not the first line of a run file ({why}): {REMEDY}");
    let value: serde_json::Value = serde_json::from_slice(line).map_err(|error| not_a_run(shown(&error)))?;
    if value["type"] != "run" {
        return Err(not_a_run(format!("its type is {}, not \"run\"", value["type"])));
    }
    if value["schema"] != SCHEMA && value["schema"] != SHORT_SCHEMA {
        return Err(format!(
            "the file has schema {} and was written by nsconform {}; this nsconform reads schemas {SCHEMA} and \
             {SHORT_SCHEMA}: read it with the nsconform that wrote it, or make the run again",
            value["schema"],
            value["nsconform"].as_str().unwrap_or("of an unknown version")
        ));
    }
    match serde_json::from_slice(line) {
        Ok(RunEvent::Run(start)) => Ok(*start),
        Ok(_) => Err(not_a_run("it is of another type".into())),
        Err(error) => Err(not_a_run(shown(&error))),
    }
}

/// The fault in a line. The caller says its place in the file; to serde_json every line is the
/// first.
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
        let run = RecordedRun::parse("x.json", (lines.join("\n") + end).as_bytes(), Lookup::EMPTY).unwrap();
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
        "{\"type\":\"run\",\"schema\":3,\"nsconform\":\"0.9.0\"}\n",
        "line 1: the file has schema 3 and was written by nsconform 0.9.0; this nsconform reads schemas 1 and 2"
    )]
    #[case::no_schema("{\"type\":\"run\"}\n", "the file has schema null")]
    #[case::damaged_within(&format!("{RUN}\nx\n{}\n", done(0)), "x.json: line 2: column 1: expected value")]
    #[case::unknown_verdict(&format!("{RUN}\n{}\n", case("a.b").replace("pass", "good")), "x.json: line 2: column")]
    #[case::twice(&format!("{RUN}\n{}\n{}\n", case("a.b"), case("a.b")), "line 3: a.b has a record already")]
    #[case::two_runs(&format!("{RUN}\n{RUN}\n"), "line 2: a second run begins")]
    #[case::two_whole_runs(&format!("{RUN}\n{}\n{RUN}\n", done(0)), "line 3: follows the line of type done")]
    fn what_is_wrong_is_said_with_its_line(#[case] text: &str, #[case] expected: &str) {
        let error = RecordedRun::parse("x.json", text.as_bytes(), Lookup::EMPTY).unwrap_err();
        assert!(error.contains(expected), "{error}");
        assert!(!error.contains("at line"), "{error}");
    }

    #[test]
    fn bytes_that_are_no_text_are_an_error() {
        let mut bytes = RUN.as_bytes().to_vec();
        bytes.extend(b"\n\xff\xfe\n");
        let error = RecordedRun::parse("x.json", &bytes, Lookup::EMPTY).unwrap_err();
        assert!(error.starts_with("x.json: line 2: "), "{error}");
    }

    #[test]
    fn a_file_cut_anywhere_after_its_first_line_can_be_read() {
        let text = [RUN.to_string(), case("a.b"), case("a.c"), done(2)].join("\n") + "\n";
        for length in RUN.len()..text.len() {
            let run = RecordedRun::parse("x.json", &text.as_bytes()[..length], Lookup::EMPTY).unwrap();
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
