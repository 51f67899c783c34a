//! The file that a result is written to: replaced as a whole, again after each check, so that a
//! reader finds a complete document at any time, and a grading that is ended from outside leaves
//! the checks performed so far.

use super::{Format, Report};
use crate::grading::Grading;
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, OpenHow, ResolveFlag};
use nix::sys::stat::SFlag;
use std::ffi::OsString;
use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Where a result goes.
#[derive(Debug)]
pub struct ResultFile {
    path: PathBuf,
    kind: TargetKind,
}

#[derive(Debug)]
enum TargetKind {
    /// A regular file, or none yet, in this directory.
    Regular(OwnedFd),
    /// A device or a pipe: it cannot be replaced, so only the last document goes there.
    Stream,
}

/// Directories of links that the kernel makes, as /dev/stdout is one.
const KERNEL_LINKS: [&str; 2] = ["/dev", "/proc"];

impl ResultFile {
    /// A place for results of a format. A directory stands for the file in it that the format's
    /// consumer looks for. No part of the path may be a symbolic link, but those in /dev and /proc: a
    /// result may go to a folder that is somebody else's.
    ///
    /// # Errors
    /// Says what is wrong with the path, and what to do.
    pub fn new(path: &Path, format: Format) -> Result<ResultFile, String> {
        let path = if path.is_dir() { path.join(format.file_name()) } else { path.to_path_buf() };
        let shown = path.display();
        if KERNEL_LINKS.iter().any(|directory| path.starts_with(directory)) {
            return match fs::metadata(&path) {
                Ok(about) if !about.is_file() && !about.is_dir() => {
                    Ok(ResultFile { path, kind: TargetKind::Stream })
                }
                _ => Err(format!("{shown} is no device or pipe: name a file in another directory")),
            };
        }
        let directory = directory_of(&path);
        if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
            return Err(format!("the directory {shown} does not exist: make it first"));
        }
        let opened = open_without_links(directory).map_err(|errno| match errno {
            Errno::ELOOP => linked(directory),
            Errno::ENOENT => format!("the directory {} does not exist: make it first", directory.display()),
            errno => format!("{shown}: {}", errno.desc()),
        })?;
        let Some(name) = path.file_name() else { return Err(format!("{shown} names no file")) };
        match nix::sys::stat::fstatat(&opened, name, AtFlags::AT_SYMLINK_NOFOLLOW) {
            Err(Errno::ENOENT) => Ok(ResultFile { path, kind: TargetKind::Regular(opened) }),
            Err(errno) => Err(format!("{shown}: {}", errno.desc())),
            Ok(about) => match SFlag::from_bits_truncate(about.st_mode) & SFlag::S_IFMT {
                SFlag::S_IFREG => Ok(ResultFile { path, kind: TargetKind::Regular(opened) }),
                SFlag::S_IFLNK => Err(linked(&path)),
                SFlag::S_IFDIR => Err(format!("{shown} is a directory: remove it, or name a file")),
                _ => Ok(ResultFile { path, kind: TargetKind::Stream }),
            },
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
            (TargetKind::Regular(directory), Some(document)) => {
                self.replace(directory, document.as_bytes(), is_last)
            }
            (TargetKind::Regular(directory), None) => match fs::remove_file(self.reached_by(directory)) {
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
                removed => removed,
            },
            (TargetKind::Stream, Some(document)) if is_last => OpenOptions::new()
                .write(true)
                .open(&self.path)
                .and_then(|mut stream| stream.write_all(document.as_bytes())),
            (TargetKind::Stream, _) => Ok(()),
        };
        done.map_err(|error| {
            let kept = if self.path.is_file() { "; what it held before is kept" } else { "" };
            format!("the result cannot be written to {}: {error}{kept}", self.path.display())
        })
    }

    /// The path of the file by the descriptor of its directory: nobody can put another one there.
    fn reached_by(&self, directory: &OwnedFd) -> PathBuf {
        let name = self.path.file_name().unwrap_or_default();
        PathBuf::from(format!("/proc/self/fd/{}", directory.as_raw_fd())).join(name)
    }

    fn replace(&self, directory: &OwnedFd, document: &[u8], is_last: bool) -> io::Result<()> {
        let path = self.reached_by(directory);
        // A reader that is another user must be able to read it, as far as the umask allows; a
        // file that was there keeps its mode.
        let old = fs::symlink_metadata(&path)
            .ok()
            .filter(fs::Metadata::is_file)
            .map(|about| about.permissions().mode() & 0o777);
        let mut prefix = OsString::from(".");
        prefix.push(self.path.file_name().unwrap_or_default());
        let mut file = tempfile::Builder::new()
            .prefix(&prefix)
            .permissions(Permissions::from_mode(old.unwrap_or(0o666)))
            .tempfile_in(directory_of(&path))?;
        if let Some(mode) = old {
            file.as_file().set_permissions(Permissions::from_mode(mode))?;
        }
        file.write_all(document)?;
        if is_last {
            // Once: it takes longer than a check.
            file.as_file().sync_all()?;
        }
        file.persist(&path).map_err(|error| error.error)?;
        Ok(())
    }
}

/// Opens a directory, no part of whose path may be a symbolic link.
fn open_without_links(directory: &Path) -> nix::Result<OwnedFd> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let how = OpenHow::new().flags(flags).resolve(ResolveFlag::RESOLVE_NO_SYMLINKS);
    nix::fcntl::openat2(nix::fcntl::AT_FDCWD, directory, how)
}

fn linked(path: &Path) -> String {
    let target = match path.canonicalize() {
        Ok(real) => format!("name {} itself if that is meant", real.display()),
        Err(_) => "it names nothing".to_string(),
    };
    format!(
        "{} is a symbolic link, or is reached by one, which no result is written through: {target}",
        path.display()
    )
}

fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
