//! Two runs compared, for programs: JSON lines.

use super::{Comparison, Unpaired};
use crate::compare::{ChangeKind, Side};
use crate::run::RecordedRun;
use nsconform_suite::verdict::Status;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};

impl Comparison<'_> {
    /// Writes it for programs, as JSON lines: per pair one of type `pair` and one of type `change`
    /// for each case, then one of type `unpaired` for each run that one side lacks, at last one of
    /// type `summary`.
    ///
    /// # Errors
    /// Those of writing.
    pub fn write_json(&self, to: &mut dyn Write) -> io::Result<()> {
        let mut line = |line: &DiffLine| writeln!(to, "{}", serde_json::to_string(line)?);
        for pair in self.pairs {
            line(&DiffLine::Pair {
                name: &pair.name,
                old: ExportedRun::of(pair.old),
                new: ExportedRun::of(pair.new),
            })?;
            for change in pair.changes.iter().filter(|change| self.all || change.kind != ChangeKind::Same) {
                line(&DiffLine::Change {
                    pair: &pair.name,
                    kind: change.kind,
                    id: change.id,
                    claim: change.claim(),
                    old: ExportedSide::of(&change.old),
                    new: ExportedSide::of(&change.new),
                    traces_differ: change.has_difference(),
                })?;
            }
        }
        for Unpaired { name, in_old, run } in self.unpaired {
            let side = if *in_old { "old" } else { "new" };
            line(&DiffLine::Unpaired { name, side, run: ExportedRun::of(run) })?;
        }
        line(&DiffLine::Summary {
            regression: self.has_regression(),
            compared: self.compared(),
            lost_runs: self.lost_runs(),
            counts: ChangeKind::ALL.into_iter().map(|kind| (kind, self.count(kind))).collect(),
        })
    }
}

/// One line of the result for programs.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum DiffLine<'r> {
    Pair {
        name: &'r str,
        old: ExportedRun<'r>,
        new: ExportedRun<'r>,
    },
    Change {
        pair: &'r str,
        kind: ChangeKind,
        id: &'r str,
        claim: &'r str,
        old: ExportedSide<'r>,
        new: ExportedSide<'r>,
        traces_differ: bool,
    },
    Unpaired {
        name: &'r str,
        side: &'r str,
        run: ExportedRun<'r>,
    },
    Summary {
        regression: bool,
        compared: usize,
        lost_runs: usize,
        counts: BTreeMap<ChangeKind, usize>,
    },
}

/// A run as it is exported.
#[derive(Serialize)]
struct ExportedRun<'r> {
    file: &'r str,
    kernel_release: &'r str,
    architecture: &'r str,
    uid: u32,
    seal: &'r str,
    nsconform: &'r str,
    started: Option<&'r str>,
    selected: usize,
    records: usize,
    cut: Option<&'r str>,
}

impl<'r> ExportedRun<'r> {
    fn of(run: &'r RecordedRun) -> ExportedRun<'r> {
        ExportedRun {
            file: &run.path,
            kernel_release: &run.start.machine.kernel_release,
            architecture: &run.start.machine.architecture,
            uid: run.start.machine.uid,
            seal: &run.start.seal,
            nsconform: &run.start.nsconform,
            started: run.start.started.as_deref(),
            selected: run.start.selected,
            records: run.cases.len(),
            cut: run.cut.as_deref(),
        }
    }
}

/// One side of a change as it is exported.
#[derive(Serialize)]
struct ExportedSide<'r> {
    status: Status,
    reason: Option<&'r str>,
    trace: &'r [String],
}

impl<'r> ExportedSide<'r> {
    fn of(side: &'r Side) -> ExportedSide<'r> {
        ExportedSide { status: side.status, reason: side.reason.as_deref(), trace: side.trace() }
    }
}
