//! The stage as it is now: living processes, mounts, directories. Looked at through the director's
//! /proc, so that no call of it stands in the trace.

use nsconform_lab::script::compose::StageProcess;
use nsconform_sys::mountinfo;
use std::path::Path;

/// The directory in which scripts make their files.
const SCRATCH: &str = "/tmp";
/// The deepest directory below it that is looked at.
const DEEPEST: usize = 2;
/// The most directories that one look gives.
const MOST_DIRECTORIES: usize = 24;

/// Whether a process still runs: neither a zombie nor gone.
pub(super) fn lives(process: &StageProcess) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", process.pid)).unwrap_or_default();
    let state = stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
    state.is_some_and(|state| !matches!(state, 'Z' | 'X'))
}

/// The places where a process sees mounts, as often as mounts are stacked there.
pub(super) fn mount_points(process: &StageProcess) -> Vec<String> {
    let mounts = mountinfo::mounts_of(format!("/proc/{}/mountinfo", process.pid)).unwrap_or_default();
    mounts.iter().filter_map(|mount| mount.point.to_str().map(str::to_string)).collect()
}

/// The directories of the scratch place as a process sees them, sorted.
pub(super) fn directories(process: &StageProcess) -> Vec<String> {
    let root = format!("/proc/{}/root", process.pid);
    let mut found = Vec::new();
    descend(Path::new(&root), SCRATCH, 0, &mut found);
    found
}

fn descend(root: &Path, directory: &str, depth: usize, found: &mut Vec<String>) {
    if depth >= DEEPEST {
        return;
    }
    let Ok(entries) = std::fs::read_dir(root.join(directory.trim_start_matches('/'))) else { return };
    let is_directory = |entry: &std::fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
    let names =
        entries.flatten().filter(is_directory).filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> = names.collect();
    names.sort();
    for name in names {
        if found.len() >= MOST_DIRECTORIES {
            return;
        }
        let path = format!("{directory}/{name}");
        found.push(path.clone());
        descend(root, &path, depth + 1, found);
    }
}
