//! Files that a user names: read whole, but never without a bound, and never anything that is no
//! file. `-` is standard input.

use super::{Failure, LOOKUP};
use nsconform_catalogue::catalogue;
use nsconform_report::run::RecordedRun;
use nsconform_report::store::unpacked;
use nsconform_suite::known::{self, Known};
use nsconform_sys::machine::Machine;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread::ScopedJoinHandle;

/// The largest run file that is read: thousands of times as large as one of all cases.
const LARGEST_RUN: u64 = 1 << 30;
/// The largest text that is read: rules, lists.
const LARGEST_TEXT: u64 = 1 << 24;

/// Opens a regular file. A pipe without a writer does not keep us.
///
/// # Errors
/// When it is anything else, or cannot be opened.
pub fn open(path: &Path) -> Result<File, Failure> {
    let cannot =
        |why: &dyn std::fmt::Display| Failure::usage(format!("{} cannot be read: {why}", path.display()));
    let file = File::options()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(path)
        .map_err(|error| cannot(&error))?;
    let kind = file.metadata().map_err(|error| cannot(&error))?.file_type();
    match () {
        () if kind.is_file() => Ok(file),
        () if kind.is_dir() => Err(cannot(&"it is a folder: name a file")),
        () if kind.is_fifo() => Err(cannot(&"it is a pipe: name a file, or - for standard input")),
        () => Err(cannot(&"it is a device: name a file")),
    }
}

/// The content of a file.
///
/// # Errors
/// When it is no regular file, larger than `most` bytes, or cannot be read.
pub fn bytes(path: &Path, most: u64) -> Result<Vec<u8>, Failure> {
    let shown = path.display();
    let cannot = |why: &dyn std::fmt::Display| Failure::usage(format!("{shown} cannot be read: {why}"));
    let mut content = Vec::new();
    let read = if path.as_os_str() == "-" {
        std::io::stdin().lock().take(most + 1).read_to_end(&mut content)
    } else {
        open(path)?.take(most + 1).read_to_end(&mut content)
    };
    read.map_err(|error| cannot(&error))?;
    if content.len() as u64 > most {
        return Err(cannot(&format!("it is larger than {} MiB", most >> 20)));
    }
    Ok(content)
}

/// The content of a file that holds a text.
///
/// # Errors
/// As [`bytes`], and when it is not UTF-8.
pub fn text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(bytes(path, LARGEST_TEXT)?).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Failure::usage(format!("{} is no text: byte {at} is not UTF-8", path.display()))
    })
}

/// A run from its file, whole or cut off, which may be compressed as an entry of a store is.
///
/// # Errors
/// When it cannot be read or is no run file.
pub fn run(path: &Path) -> Result<RecordedRun, Failure> {
    let shown = path.display().to_string();
    let content = unpacked(bytes(path, LARGEST_RUN)?, LARGEST_RUN)
        .map_err(|error| Failure::usage(format!("{shown} cannot be read: {error}")))?;
    RecordedRun::parse(&shown, &content, LOOKUP).map_err(Failure::usage)
}

/// The runs of these files, in their order; `read_one` is told of each. They are read side by side where
/// threads can be had.
///
/// # Errors
/// As [`run`], for the first file that is wrong.
pub fn runs(files: &[PathBuf], read_one: &(dyn Fn() + Sync)) -> Result<Vec<RecordedRun>, Failure> {
    let readers = std::thread::available_parallelism().map_or(1, usize::from).min(files.len()).max(1);
    let read = |first: usize| -> Vec<(usize, Result<RecordedRun, Failure>)> {
        let own = files.iter().enumerate().skip(first).step_by(readers);
        own.map(|(place, file)| (place, run(file))).inspect(|_| read_one()).collect()
    };
    let read = &read;
    let mut all: Vec<(usize, Result<RecordedRun, Failure>)> = std::thread::scope(|scope| {
        let begin = |first| {
            let thread = std::thread::Builder::new().spawn_scoped(scope, move || read(first));
            thread.map_err(|_| read(first))
        };
        let begun: Vec<_> = (0..readers).map(begin).collect();
        let end = |part: Result<ScopedJoinHandle<Vec<_>>, Vec<_>>| match part {
            Ok(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            Err(part) => part,
        };
        begun.into_iter().flat_map(end).collect()
    });
    all.sort_by_key(|(place, _)| *place);
    all.into_iter().map(|(_, run)| run).collect()
}

/// Whether a file in a folder is a run file: console logs and command lines may lie beside the runs.
fn is_run_file(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    [".json", ".jsonl", ".jsonl.gz"].iter().any(|ending| name.ends_with(ending))
}

/// The run files that are meant: files as they are, and of folders the files whose names end in
/// .json, .jsonl or .jsonl.gz, in the order of their names.
///
/// # Errors
/// When a folder cannot be read or holds no run file.
pub fn run_files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let cannot =
            |error: std::io::Error| Failure::usage(format!("{} cannot be read: {error}", path.display()));
        let mut found = Vec::new();
        for entry in std::fs::read_dir(path).map_err(cannot)? {
            let file = entry.map_err(cannot)?.path();
            if is_run_file(&file) {
                found.push(file);
            }
        }
        if found.is_empty() {
            return Err(Failure::usage(format!(
                "{0} holds no run files (names that end in .json or .jsonl): write one with `nsconform run \
                 --format json --output {0}/NAME.json`",
                path.display(),
            )));
        }
        found.sort();
        files.extend(found);
    }
    Ok(files)
}

/// The expected failures of a user, from the files named by `--known`.
pub struct Expectations(Vec<Known>);

impl Expectations {
    /// Reads the files.
    ///
    /// # Errors
    /// When one cannot be read, is wrong, or names a case that there is not.
    pub fn read(files: &[PathBuf]) -> Result<Expectations, Failure> {
        let mut all = Vec::new();
        for path in files {
            let wrong = |why: String| Failure::usage(format!("{}: {why}", path.display()));
            let listed = known::read(&text(path)?).map_err(wrong)?;
            let ids: Vec<&str> = catalogue().iter().map(|case| case.id).collect();
            if let Some(known) = listed.iter().find(|known| !ids.contains(&known.case.as_str())) {
                return Err(wrong(super::unknown(&known.case, &ids)));
            }
            all.extend(listed);
        }
        Ok(Expectations(all))
    }

    /// Those that apply to a machine.
    pub fn of(&self, machine: &Machine) -> Vec<Known> {
        self.0.iter().filter(|known| known.applies(machine)).cloned().collect()
    }

    /// Judges a run anew in their light.
    pub fn apply(&self, run: &mut RecordedRun) {
        let known = self.of(&run.start.machine);
        run.expect(&known);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::zeros("/dev/zero", "it is a device")]
    #[case::folder("/", "it is a folder")]
    #[case::missing("/no/such/file", "No such file")]
    fn only_files_are_read(#[case] path: &str, #[case] message: &str) {
        let error = bytes(Path::new(path), 100).unwrap_err();
        assert!(error.message.contains(message), "{}", error.message);
    }

    #[test]
    fn a_pipe_without_a_writer_keeps_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let error = bytes(&path, 100).unwrap_err();
        assert!(error.message.contains("it is a pipe"), "{}", error.message);
    }

    #[test]
    fn reading_has_a_bound() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large");
        std::fs::write(&path, [b'x'; 101]).unwrap();
        assert!(bytes(&path, 100).unwrap_err().message.contains("larger than"));
        assert_eq!(bytes(&path, 101).unwrap().len(), 101);
    }
}
