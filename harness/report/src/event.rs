//! The one stream of events: what every command that runs cases emits, and every document takes.
//!
//! Written as JSON lines, a stream is a run file. The first event is of type `run` and says what
//! is run where; then comes one of type `case` per record, as soon as the case is done; the last
//! one is of type `done` and counts them. A file without it is of a run that was cut off: every
//! line before is complete. The order of the cases is that of their completion; `index` gives the
//! order of the catalogue. `fixtures/schemas/run.schema.json` describes the lines.
//!
//! A run file has one of two forms. The *whole* form ([`SCHEMA`]) says everything. The *short*
//! form ([`SHORT_SCHEMA`]), for runs that are kept, leaves out what the catalogue says of a case,
//! and names a trace that is the approved one by its hash. Reading a file back lives in `run`.

use crate::counts::Counts;
use nsconform_suite::case::Case;
use nsconform_suite::snapshot;
use nsconform_suite::verdict::{Record, Status, Verdict};
use nsconform_sys::machine::Machine;
use serde::{Deserialize, Serialize};
use std::io::{self, Write};

/// The version of the whole form: raised when a field changes its meaning or goes away.
pub const SCHEMA: u32 = 1;
/// The version of the short form.
pub const SHORT_SCHEMA: u32 = 2;

/// One event of a run; one line of a run file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum RunEvent {
    /// A run begins.
    Run(Box<RunStart>),
    /// A case is done.
    Case(Box<CaseResult>),
    /// The run is complete.
    Done(RunEnd),
}

/// The beginning of a run: the machine, and how many cases were selected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunStart {
    /// [`SCHEMA`] or [`SHORT_SCHEMA`].
    pub schema: u32,
    /// The version of nsconform.
    pub nsconform: String,
    /// The machine.
    pub machine: Machine,
    /// How the sealed place was had: `privileged`, `user-namespace`, or `none`.
    pub seal: String,
    /// When the run began by the machine's clock, in UTC as RFC 3339 has it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub started: Option<String>,
    /// How many cases were selected.
    pub selected: usize,
    /// Which part of a larger selection this run is, if it is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub shard: Option<Shard>,
}

/// A part of a selection: `number` of `of`, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Shard {
    /// Which part, from 1.
    pub number: usize,
    /// How many parts there are.
    pub of: usize,
}

impl std::str::FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        let (number, of) = text.split_once('/').ok_or("write K/N, as in 2/4")?;
        let parsed = |part: &str| part.parse::<usize>().map_err(|_| format!("'{part}' is no number"));
        let (number, of) = (parsed(number)?, parsed(of)?);
        if number == 0 || number > of {
            return Err(format!("K runs from 1 to N, and '{text}' is outside"));
        }
        Ok(Shard { number, of })
    }
}

impl Shard {
    /// Whether the case at this place of the selection, counted from 0, belongs to this shard.
    /// Neighbours go to different shards, since they take alike long.
    pub fn takes(self, place: usize) -> bool {
        place % self.of == self.number - 1
    }
}

/// The record of one case, and what a reader must know of the case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseResult {
    /// The place of the case in the catalogue, from 0.
    pub index: usize,
    /// The words of the catalogue about the case; none in the short form.
    #[serde(flatten)]
    pub description: Option<Description>,
    /// The words of the documentation where kernels are known to do otherwise.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub deviation: Option<String>,
    /// The id of the case.
    pub id: String,
    /// The verdict, with its reason.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// From the start of the director to the end of everything it started, in microseconds.
    pub duration_us: u64,
    /// The lines of the observed trace; none where only its hash is known, or in the short form if
    /// it is empty.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub trace: Option<Vec<String>>,
    /// In the short form, instead of the trace: the SHA-256 of the approved trace, in hexadecimal.
    /// The observed one is the same.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub trace_sha256: Option<String>,
    /// The lines of the approved trace, where the observed one differs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub expected: Option<Vec<String>>,
}

/// The words of the catalogue about a case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// Its claim.
    pub claim: String,
    /// Where that is documented.
    pub sources: Vec<String>,
    /// The kernel version from which on it holds; empty if as old as the kind itself.
    pub since: String,
}

impl Description {
    /// The description of a case of today's catalogue.
    pub fn of(case: &Case) -> Description {
        Description {
            claim: case.claim.to_string(),
            sources: case.sources.iter().map(ToString::to_string).collect(),
            since: case.since.to_string(),
        }
    }
}

/// The end of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunEnd {
    /// How many events of type `case` there are.
    pub count: usize,
    /// The cases by verdict.
    pub verdicts: Counts,
    /// Wall time of the whole run in microseconds.
    pub duration_us: u64,
    /// Whether the run was asked to end at the first failure, and did: the cases without a record were not
    /// begun.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub failed_fast: bool,
}

impl CaseResult {
    /// The result of a case, which stands at this place of the catalogue and has this approved
    /// trace, in the whole form.
    pub fn new(index: usize, case: &Case, record: Record, approved: Option<&str>) -> CaseResult {
        let observed = record.trace.join("\n");
        let ran = !matches!(record.verdict, Verdict::Skip { .. } | Verdict::NotJudged { .. });
        let expected = approved.filter(|approved| ran && !snapshot::agrees(approved, &observed));
        CaseResult {
            index,
            description: Some(Description::of(case)),
            deviation: case.deviation.map(str::to_string),
            id: record.id,
            verdict: record.verdict,
            duration_us: record.duration_us,
            trace: Some(record.trace),
            trace_sha256: None,
            expected: expected.map(lines),
        }
    }

    /// The same in the short form; `approved` is the approved trace of the case.
    pub fn shortened(mut self, approved: Option<&str>) -> CaseResult {
        self.description = None;
        if let (Some(trace), Some(approved)) = (&self.trace, approved)
            && snapshot::agrees(approved, &trace.join("\n"))
        {
            self.trace_sha256 = Some(snapshot::sha256(approved));
            self.trace = None;
        }
        self.trace = self.trace.filter(|trace| !trace.is_empty());
        self
    }

    /// The same in the whole form, as far as today's catalogue knows: `case` and `approved` are
    /// the case with this id and its approved trace. A trace that was approved once and is not any
    /// more stays a hash.
    pub fn restored(mut self, case: Option<&Case>, approved: Option<&str>) -> CaseResult {
        if self.description.is_none() {
            self.description = case.map(Description::of);
        }
        match (&self.trace_sha256, approved) {
            (Some(hash), Some(approved)) if *hash == snapshot::sha256(approved) => {
                self.trace = Some(lines(approved));
                self.trace_sha256 = None;
            }
            (Some(_), _) => {}
            (None, _) => {
                self.trace.get_or_insert_default();
            }
        }
        // Files of the first versions do not say what was expected.
        if self.expected.is_none() && self.has_its_own_trace() {
            self.expected =
                approved.filter(|text| !snapshot::agrees(text, &self.lines().join("\n"))).map(lines);
        }
        self
    }

    /// Whether the case ran, and not as it should have.
    fn has_its_own_trace(&self) -> bool {
        let status = self.status();
        !status.is_good() && !matches!(status, Status::Skip | Status::NotJudged) && self.trace.is_some()
    }

    /// The status of the case in one word.
    pub fn status(&self) -> Status {
        self.verdict.status(self.deviation.is_some())
    }

    /// The claim of the case; empty where neither the file nor the catalogue says so.
    pub fn claim(&self) -> &str {
        self.description.as_ref().map_or("", |description| &description.claim)
    }

    /// Where that is documented.
    pub fn sources(&self) -> &[String] {
        self.description.as_ref().map_or(&[], |description| &description.sources)
    }

    /// The lines of the trace; empty where there is none, or only its hash is known.
    pub fn lines(&self) -> &[String] {
        self.trace.as_deref().unwrap_or(&[])
    }

    /// Whether two results have the same trace, in whatever form each of them has it.
    pub fn has_trace_of(&self, other: &CaseResult) -> bool {
        match (&self.trace_sha256, &other.trace_sha256) {
            (None, None) => self.lines() == other.lines(),
            _ => self.hash() == other.hash(),
        }
    }

    fn hash(&self) -> String {
        self.trace_sha256.clone().unwrap_or_else(|| snapshot::sha256(&self.lines().join("\n")))
    }

    /// The namespace: the first segment of the id.
    pub fn group(&self) -> &str {
        self.id.split('.').next().unwrap_or(&self.id)
    }
}

fn lines(text: &str) -> Vec<String> {
    text.trim_end().lines().map(str::to_string).collect()
}

impl RunEvent {
    /// Writes the event as a line, and sees to it that it has left this process.
    ///
    /// # Errors
    /// Those of writing: a full disk, a closed pipe.
    pub fn write(&self, to: &mut dyn Write) -> io::Result<()> {
        let mut text = serde_json::to_vec(self)?;
        text.push(b'\n');
        to.write_all(&text)?;
        to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nsconform_suite::case::CASE;
    use nsconform_suite::verdict::SkipReason;
    use rstest::rstest;

    static SOME: Case = Case { id: "uts.x", claim: "It is so.", ..CASE };
    const APPROVED: &str = "a  b() = 0\na  c() = 1\n";

    fn result(verdict: Verdict, trace: &[&str]) -> CaseResult {
        let trace = trace.iter().map(ToString::to_string).collect();
        let record = Record { id: "uts.x".into(), verdict, duration_us: 5, trace };
        CaseResult::new(3, &SOME, record, Some(APPROVED))
    }

    #[rstest]
    #[case::pass(Verdict::Pass)]
    #[case::skip(Verdict::Skip { reason: SkipReason::NotRoot })]
    #[case::seal(Verdict::Skip { reason: SkipReason::Seal { what: "x".into() } })]
    #[case::timeout(Verdict::Timeout { reason: "did not end within 2.0 s".into() })]
    #[case::not_judged(Verdict::NotJudged { reason: "rests on pid.x".into() })]
    fn an_event_survives_writing_and_reading_in_both_forms(#[case] verdict: Verdict) {
        let whole = result(verdict, &["a  b() = 0"]);
        for result in [whole.clone(), whole.shortened(Some(APPROVED))] {
            let event = RunEvent::Case(Box::new(result));
            let mut written = Vec::new();
            event.write(&mut written).unwrap();
            assert_eq!(written.iter().filter(|byte| **byte == b'\n').count(), 1);
            assert_eq!(serde_json::from_slice::<RunEvent>(&written).unwrap(), event);
        }
    }

    #[rstest]
    #[case::as_approved(Verdict::Pass, &["a  b() = 0", "a  c() = 1"], true, false)]
    #[case::otherwise(Verdict::Fail, &["a  b() = 0", "a  c() = 2"], false, true)]
    #[case::skipped(Verdict::Skip { reason: SkipReason::NotRoot }, &[], false, false)]
    #[case::nothing_happened(Verdict::Error { reason: "lost".into() }, &[], false, true)]
    fn the_short_form_says_the_same(
        #[case] verdict: Verdict,
        #[case] trace: &[&str],
        #[case] named: bool,
        #[case] has_expected: bool,
    ) {
        let whole = result(verdict, trace);
        assert_eq!(whole.expected.is_some(), has_expected);
        let short = whole.clone().shortened(Some(APPROVED));
        assert_eq!(short.trace_sha256.is_some(), named);
        assert!(short.description.is_none() && (!named || short.trace.is_none()));
        assert!(whole.has_trace_of(&short) && short.has_trace_of(&whole));
        assert_eq!(short.restored(Some(&SOME), Some(APPROVED)), whole);
    }

    #[test]
    fn a_trace_that_is_not_approved_any_more_stays_a_hash() {
        let short = result(Verdict::Pass, &["a  b() = 0", "a  c() = 1"]).shortened(Some(APPROVED));
        let read = short.clone().restored(None, Some("a  b() = 7\n"));
        assert!(read.trace.is_none() && read.has_trace_of(&short));
        assert!(!read.has_trace_of(&result(Verdict::Fail, &["a  b() = 7"])));
    }

    #[rstest]
    #[case("1/1", Some((1, 1)))]
    #[case("2/4", Some((2, 4)))]
    #[case("0/4", None)]
    #[case("5/4", None)]
    #[case("1", None)]
    #[case("1/", None)]
    #[case("a/b", None)]
    fn shards_are_written_as_fractions(#[case] text: &str, #[case] expected: Option<(usize, usize)>) {
        let read = text.parse::<Shard>().ok().map(|shard| (shard.number, shard.of));
        assert_eq!(read, expected);
    }

    #[test]
    fn each_case_belongs_to_one_shard() {
        for place in 0..20 {
            let takers = (1..=3).filter(|number| Shard { number: *number, of: 3 }.takes(place)).count();
            assert_eq!(takers, 1);
        }
    }
}
