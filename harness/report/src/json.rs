//! The report for programs: JSON lines. One run after the other is the stream of events itself;
//! side by side they are the rows of the matrix.

use crate::document::{Layout, RunReport, Runs};
use crate::event::RunEvent;
use crate::table::{Matrix, kernels};
use std::io::{self, Write};

/// JSON lines in one of two layouts.
pub(crate) struct JsonLines(pub(crate) Layout);

impl RunReport for JsonLines {
    fn takes_events(&self) -> bool {
        self.0 == Layout::Each
    }

    fn event(&mut self, event: &RunEvent, to: &mut dyn Write) -> io::Result<()> {
        if self.takes_events() { event.write(to) } else { Ok(()) }
    }

    fn end(&mut self, runs: &Runs, to: &mut dyn Write) -> io::Result<()> {
        if self.0 == Layout::Matrix {
            for matrix in Matrix::of_kernels(&kernels(runs)) {
                matrix.write_json(to)?;
            }
        }
        runs.boots.iter().try_for_each(|boot| writeln!(to, "{boot}"))
    }
}
