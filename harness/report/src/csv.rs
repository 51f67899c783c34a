//! Comma-separated values (RFC 4180) for a spreadsheet: a row for each case, a column for each
//! kernel and privilege, a verdict in each field; empty where there is no record.

use crate::document::{RunReport, Runs};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// A table of rules and kernels.
pub(crate) struct CsvReport;

impl RunReport for CsvReport {
    fn end(&mut self, runs: &Runs, to: &mut dyn Write) -> io::Result<()> {
        let mut rows: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
        for result in runs.runs.iter().flat_map(|run| run.cases.values()) {
            let row = rows.entry(&result.id).or_insert((result.index, result.claim()));
            row.0 = row.0.min(result.index);
        }
        let mut rows: Vec<(usize, &str, &str)> =
            rows.into_iter().map(|(id, (index, claim))| (index, id, claim)).collect();
        rows.sort();
        let mut table = ::csv::Writer::from_writer(to);
        let heads = ["id", "claim"].map(str::to_string).into_iter();
        table.write_record(heads.chain(runs.runs.iter().map(|run| run.label())))?;
        for (_, id, claim) in rows {
            let verdicts =
                runs.runs.iter().map(|run| run.cases.get(id).map_or("", |result| result.status().key()));
            table.write_record([id, claim].into_iter().chain(verdicts))?;
        }
        table.flush()
    }
}

#[cfg(test)]
mod tests {
    use crate::document::ReportFormat;
    use crate::testing::{document, made_up};

    #[test]
    fn a_row_for_each_case_and_a_column_for_each_run() {
        let mut old = made_up("6.1", &[("uts.a", "pass"), ("uts.b", "known")]);
        old.cases.get_mut("uts.b").unwrap().description.as_mut().unwrap().claim = "It, \"too\".".into();
        let new = made_up("7.0", &[("uts.a", "deviation")]);
        assert_eq!(
            document(ReportFormat::Csv, vec![old, new]),
            "id,claim,6.1 as root,7.0 as root\n\
             uts.a,Claim of uts.a.,pass,deviation\n\
             uts.b,\"It, \"\"too\"\".\",known,\n"
        );
    }
}
