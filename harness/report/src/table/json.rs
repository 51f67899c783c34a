//! Several kernels side by side, for programs: JSON lines.

use super::Matrix;
use nsconform_suite::verdict::Status;
use serde::Serialize;
use std::io::{self, Write};

impl Matrix {
    /// Writes it for programs, as JSON lines: one of type `matrix` with the kernels, one of type
    /// `row` for each case with its verdicts in the order of the kernels.
    ///
    /// # Errors
    /// Those of writing.
    pub fn write_json(&self, to: &mut dyn Write) -> io::Result<()> {
        let kernels = self.columns.iter().enumerate().map(|(index, column)| ExportedKernel {
            name: &column.name,
            ran: column.cases.is_some(),
            records: self.rows.len() - self.missing(index),
            missing: self.missing(index),
            why: column.miss.as_deref(),
        });
        let mut line = |line: &MatrixLine| writeln!(to, "{}", serde_json::to_string(line)?);
        line(&MatrixLine::Matrix { privilege: &self.privilege, kernels: kernels.collect() })?;
        self.rows.iter().try_for_each(|row| {
            line(&MatrixLine::Row {
                privilege: &self.privilege,
                group: row.group(),
                id: &row.id,
                differs: !row.agrees(),
                verdicts: &row.statuses,
            })
        })
    }
}

/// One line of the matrix for programs.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum MatrixLine<'m> {
    Matrix { privilege: &'m str, kernels: Vec<ExportedKernel<'m>> },
    Row { privilege: &'m str, group: &'m str, id: &'m str, differs: bool, verdicts: &'m [Status] },
}

/// A kernel as it is exported.
#[derive(Serialize)]
struct ExportedKernel<'m> {
    name: &'m str,
    ran: bool,
    records: usize,
    missing: usize,
    why: Option<&'m str>,
}
