//! The file that a result is written to: replaced as a whole, again after each check, so that a
//! reader finds a complete document at any time, and a grading that is ended from outside leaves
//! the checks performed so far.

use super::{Format, Report};
use crate::grading::Grading;
use std::ffi::OsString;
use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Where a result goes.
#[derive(Debug)]
pub struct ResultFile {
    path: PathBuf,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// A regular file, or none yet.
    Regular,
    /// A device or a pipe: it cannot be replaced, so only the last document goes there.
    Stream,
}

impl ResultFile {
    /// A place for results of a format. A directory stands for the file in it that the format's
    /// consumer looks for; a symbolic link for what it names.
    ///
    /// # Errors
    /// Says what is wrong with the path, and what to do.
    pub fn new(path: &Path, format: Format) -> Result<ResultFile, String> {
        let path = if path.is_dir() { path.join(format.file_name()) } else { path.to_path_buf() };
        let shown = path.display();
        match fs::metadata(&path) {
            Ok(about) if about.is_dir() => Err(format!("{shown} is a directory: remove it, or name a file")),
            Ok(about) if about.is_file() => {
                let path = path.canonicalize().map_err(|error| format!("{shown}: {error}"))?;
                Ok(ResultFile { path, kind: Kind::Regular })
            }
            Ok(_) => Ok(ResultFile { path, kind: Kind::Stream }),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                if path.is_symlink() {
                    return Err(format!(
                        "{shown} is a symbolic link to nothing: remove it, or make its target"
                    ));
                }
                let directory = directory_of(&path);
                if path.as_os_str().as_encoded_bytes().ends_with(b"/") || !directory.is_dir() {
                    let missing = if directory.is_dir() { &path } else { directory };
                    return Err(format!("the directory {} does not exist: make it first", missing.display()));
                }
                Ok(ResultFile { path, kind: Kind::Regular })
            }
            Err(error) => Err(format!("{shown}: {error}")),
        }
    }

    /// The file itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the result of a grading, complete or not. If this fails, the file holds what it
    /// held before.
    ///
    /// # Errors
    /// Says what failed, and what the file holds.
    pub fn write(&self, report: &Report, grading: &Grading) -> Result<(), String> {
        let is_last = grading.is_complete() || grading.broken.is_some();
        let document = report.document(grading)?;
        let done = match (&self.kind, document) {
            (Kind::Regular, Some(document)) => self.replace(document.as_bytes(), is_last),
            (Kind::Regular, None) => match fs::remove_file(&self.path) {
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
                removed => removed,
            },
            (Kind::Stream, Some(document)) if is_last => OpenOptions::new()
                .write(true)
                .open(&self.path)
                .and_then(|mut stream| stream.write_all(document.as_bytes())),
            (Kind::Stream, _) => Ok(()),
        };
        done.map_err(|error| {
            let kept = if self.path.is_file() { "; what it held before is kept" } else { "" };
            format!("the result cannot be written to {}: {error}{kept}", self.path.display())
        })
    }

    fn replace(&self, document: &[u8], is_last: bool) -> io::Result<()> {
        // A reader that is another user must be able to read it, as far as the umask allows; a
        // file that was there keeps its mode.
        let old = fs::metadata(&self.path).ok().map(|about| about.permissions().mode() & 0o777);
        let mut prefix = OsString::from(".");
        prefix.push(self.path.file_name().unwrap_or_default());
        let mut file = tempfile::Builder::new()
            .prefix(&prefix)
            .permissions(Permissions::from_mode(old.unwrap_or(0o666)))
            .tempfile_in(directory_of(&self.path))?;
        if let Some(mode) = old {
            file.as_file().set_permissions(Permissions::from_mode(mode))?;
        }
        file.write_all(document)?;
        if is_last {
            // Once: it takes longer than a check.
            file.as_file().sync_all()?;
        }
        file.persist(&self.path).map_err(|error| error.error)?;
        Ok(())
    }
}

fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
