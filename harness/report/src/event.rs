//! The result for programs: JSON lines.
//!
//! The first line is of type `run` and says what was run where; then one line of type `case` per
//! record, written as soon as the case is done; the last line is of type `done` and counts them. A
//! file without it is of a run that was cut off: every line before is complete. The order of the
//! cases is that of their completion; `index` gives the order of the catalogue.

use crate::Counts;
use nsconform_suite::case::Case;
use nsconform_suite::verdict::Record;
use nsconform_sys::machine::Machine;
use serde::{Deserialize, Serialize};
use std::io::{self, Write};

/// The version of the schema: raised when a field changes its meaning or goes away.
pub const SCHEMA: u32 = 1;

/// One line of a run file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Line {
    /// The first line.
    Run {
        /// [`SCHEMA`].
        schema: u32,
        /// The version of nsconform.
        nsconform: String,
        /// The machine.
        machine: Machine,
        /// How the sealed place was had: `privileged`, `user-namespace`, or `none`.
        seal: String,
        /// When the run began by the machine's clock, in UTC as RFC 3339 has it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        started: Option<String>,
        /// How many cases were selected.
        selected: usize,
    },
    /// A case is done.
    Case {
        /// Its place in the catalogue, from 0.
        index: usize,
        /// What it claims.
        claim: String,
        /// Where that is documented.
        sources: Vec<String>,
        /// The kernel version from which on it holds; empty if as old as the kind itself.
        since: String,
        /// What the documentation says where kernels are known to do otherwise.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        deviation: Option<String>,
        /// What became of it.
        #[serde(flatten)]
        record: Record,
    },
    /// The last line.
    Done {
        /// How many lines of type `case` there are.
        count: usize,
        /// By verdict.
        verdicts: Counts,
        /// Wall time of the whole run in microseconds.
        duration_us: u64,
    },
}

impl Line {
    /// The line of a case.
    pub fn case(index: usize, case: &Case, record: &Record) -> Line {
        Line::Case {
            index,
            claim: case.claim.to_string(),
            sources: case.sources.iter().map(ToString::to_string).collect(),
            since: case.since.to_string(),
            deviation: case.deviation.map(str::to_string),
            record: record.clone(),
        }
    }

    /// Writes the line and sees to it that it has left this process.
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
    use nsconform_suite::verdict::{SkipReason, Verdict};
    use rstest::rstest;

    #[rstest]
    #[case::pass(Verdict::Pass)]
    #[case::skip(Verdict::Skip { reason: SkipReason::NotRoot })]
    #[case::seal(Verdict::Skip { reason: SkipReason::Seal { what: "x".into() } })]
    #[case::timeout(Verdict::Timeout { reason: "did not end within 2.0 s".into() })]
    fn a_line_survives_writing_and_reading(#[case] verdict: Verdict) {
        let record = Record { id: "uts.x".into(), verdict, duration_us: 5, trace: vec!["a  b() = 0".into()] };
        let line = Line::case(3, &CASE, &record);
        let mut written = Vec::new();
        line.write(&mut written).unwrap();
        assert_eq!(written.iter().filter(|byte| **byte == b'\n').count(), 1);
        assert_eq!(serde_json::from_slice::<Line>(&written).unwrap(), line);
    }
}
