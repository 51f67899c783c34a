//! `nsconform shorten`: rewrites run files in the short form, in which kept runs name an approved
//! trace by its hash.
//!
//! Hidden, since only `vm/record.sh` and whoever changes how traces are printed need it. When the
//! printed form of traces changes, the approved traces change with it, and kept files name traces
//! that are not approved any more. `--was` is the folder of snapshots from before the change: a
//! trace that was the approved one then is taken for the approved one of today.

use super::{CommandResult, Failure, input, output};
use nsconform_catalogue::approved;
use nsconform_report::event::CaseResult;
use nsconform_report::run::{Lookup, RecordedRun};
use nsconform_suite::snapshot;
use nsconform_suite::verdict::ExitStatus;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The command line of `shorten`.
#[derive(clap::Args)]
pub struct ShortenArguments {
    /// The run files, each of which is rewritten in its place
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The folder of the snapshots that were approved when the files were written
    #[arg(long, value_name = "DIR")]
    was: Option<PathBuf>,
}

/// Runs the command.
pub fn shorten(arguments: &ShortenArguments) -> CommandResult {
    let mut former = BTreeMap::new();
    if let Some(folder) = &arguments.was {
        read_snapshots(folder, &mut former)?;
    }
    for path in &arguments.files {
        let content = input::bytes(path, u64::MAX >> 1)?;
        let shown = path.display().to_string();
        let run = RecordedRun::parse(&shown, &content, Lookup::EMPTY).map_err(Failure::usage)?;
        if let Some(why) = &run.cut {
            return Err(Failure::usage(format!("{shown}: {why}; only whole runs are kept")));
        }
        let text = short(run, &former).map_err(|error| Failure::harness(format!("{shown}: {error}")))?;
        output::replace(path, &text)
            .map_err(|error| Failure::harness(format!("{shown} cannot be written: {error}")))?;
    }
    Ok(ExitStatus::Success)
}

fn short(mut run: RecordedRun, former: &BTreeMap<String, String>) -> std::io::Result<Vec<u8>> {
    for result in run.cases.values_mut() {
        *result = renewed(result.clone(), former.get(&result.id).map(String::as_str));
    }
    let mut text = Vec::new();
    run.write_short(approved, &mut text)?;
    Ok(text)
}

/// A trace that was the approved one is replaced by the approved one of today.
fn renewed(result: CaseResult, former: Option<&str>) -> CaseResult {
    let was_approved = former.is_some_and(|former| match (&result.trace_sha256, &result.trace) {
        (Some(hash), _) => *hash == snapshot::sha256(former),
        (None, Some(trace)) => snapshot::agrees(former, &trace.join("\n")),
        (None, None) => false,
    });
    match (was_approved, approved(&result.id)) {
        (true, Some(today)) => {
            CaseResult { trace_sha256: Some(snapshot::sha256(today)), trace: None, ..result }
        }
        _ => result,
    }
}

fn read_snapshots(folder: &Path, found: &mut BTreeMap<String, String>) -> Result<(), Failure> {
    let cannot =
        |error: std::io::Error| Failure::usage(format!("{} cannot be read: {error}", folder.display()));
    for entry in std::fs::read_dir(folder).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        if path.is_dir() {
            read_snapshots(&path, found)?;
        } else if path.extension().is_some_and(|ending| ending == "snap") {
            let text = input::text(&path)?;
            let approved = snapshot::approved(&text)
                .map_err(|why| Failure::usage(format!("{}: {why}", path.display())))?;
            let id = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            found.insert(id, approved.to_string());
        }
    }
    Ok(())
}
