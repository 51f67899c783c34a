//! The results of a class that are there already: a command that was interrupted goes on with those
//! that are missing, and grades again only what has changed.

use super::Class;
use crate::command::output;
use nsconform_grader::Sources;
use nsconform_grader::grading::Grading;
use nsconform_grader::report::Format;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The directory in that of the results which keeps what is known already.
const KEPT: &str = ".nsconform";

/// The most bytes of a folder's name in that of its result: NAME_MAX is 255, and there is more in it.
const LONGEST_NAME: usize = 200;

/// The grading of one submission, as it is kept.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    /// The hash of everything that it was made from.
    pub(super) fingerprint: String,
    /// The grading.
    pub(super) grading: Grading,
    /// Why there was no program, if so.
    pub(super) not_built: Option<String>,
}

/// Makes the directories of results, which must be ours: no links.
pub(super) fn prepare(results: &Path) -> Result<(), String> {
    for directory in [results.to_path_buf(), results.join(KEPT)] {
        let shown = directory.display();
        match std::fs::create_dir(&directory) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                return Err(format!("{shown} cannot be made: {error}"));
            }
            _ => {}
        }
        let about = std::fs::symlink_metadata(&directory).map_err(|error| format!("{shown}: {error}"))?;
        if !about.is_dir() {
            return Err(format!("{shown} is no directory: name another one with --output"));
        }
    }
    Ok(())
}

/// Where the result of a submission goes.
pub(super) fn result_path(results: &Path, name: &OsStr, format: Format) -> PathBuf {
    let ending = Path::new(format.file_name()).extension().unwrap_or_default();
    with_ending(results, name, ending)
}

fn with_ending(directory: &Path, name: &OsStr, ending: &OsStr) -> PathBuf {
    let mut file: OsString = name.to_os_string();
    if name.len() > LONGEST_NAME {
        // A student may have taken the longest name that there is: the hash tells it from others.
        let digest = Sha256::digest(name.as_bytes());
        let hash: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        file = OsStr::from_bytes(&name.as_bytes()[..LONGEST_NAME]).to_os_string();
        file.push(format!("-{hash}"));
    }
    file.push(".");
    file.push(ending);
    directory.join(file)
}

/// Everything that a grading follows from, but the seed that nobody chose.
pub(super) fn fingerprint(class: &Class<'_>, sources: &Result<Sources, String>) -> String {
    struct Hashed(Sha256);
    impl Write for Hashed {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.update(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut hashed = Hashed(Sha256::new());
    let arguments = class.arguments;
    let choices = (
        env!("CARGO_PKG_VERSION"),
        class.course.name,
        &class.rules.text,
        &arguments.class.build,
        class.program.as_os_str().as_encoded_bytes(),
        arguments.seed,
        arguments.deadline_scale,
        sources.as_ref().err(),
    );
    // Neither a hash nor JSON in memory fails.
    let _ = serde_json::to_writer(&mut hashed, &choices);
    if let Ok(sources) = sources {
        let _ = sources.write_to(&mut hashed);
    }
    hashed.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The grading that is kept of this submission, if it was made from the same.
pub(super) fn find(results: &Path, name: &OsStr, fingerprint: &str) -> Option<Kept> {
    let path = with_ending(&results.join(KEPT), name, OsStr::new("json"));
    let kept: Kept = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
    (kept.fingerprint == fingerprint).then_some(kept)
}

/// Keeps a grading: as a whole or not at all, whenever we are interrupted.
pub(super) fn keep(results: &Path, name: &OsStr, kept: &Kept) -> Result<(), String> {
    let path = with_ending(&results.join(KEPT), name, OsStr::new("json"));
    let text = serde_json::to_vec(kept).map_err(|error| error.to_string())?;
    output::replace(&path, &text).map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// NAME_MAX of limits.h: a folder may have a name as long as that, and each its result.
    #[test]
    fn the_longest_names_of_folders_have_results_of_their_own() {
        let results = tempfile::tempdir().unwrap();
        prepare(results.path()).unwrap();
        // The last one is not cut between two characters.
        let names = ["x".repeat(255), format!("{}y", "x".repeat(254)), "\u{65e5}".repeat(85)];
        for name in &names {
            // Not there before: they have results of their own.
            let path = result_path(results.path(), name.as_ref(), Format::Junit);
            std::fs::File::create_new(&path).unwrap();
            output::replace(&path, b"text").unwrap();
        }
    }
}
