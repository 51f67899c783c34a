//! The folder of a submission: read once, without following a link, so that what is built and graded
//! cannot be changed meanwhile, and nothing outside the folder is taken for a part of it.
//!
//! How a folder is built is in `compile`.

use super::place::{LARGEST_PROGRAM, Program};
use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat};
use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// How many bytes all files of a folder may have together.
pub const LARGEST_FOLDER: u64 = 32 << 20;
/// How many files, directories and links a folder may have.
pub const MOST_ENTRIES: usize = 2048;
/// How deep directories may be in each other.
const DEEPEST: usize = 32;
/// Directories of version control, which no build needs.
const PASSED_OVER: [&str; 2] = [".git", ".hg"];

/// One name in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SourceEntry {
    /// A directory.
    Directory,
    /// A regular file.
    File {
        /// Its bytes.
        content: Vec<u8>,
        /// Whether somebody may execute it.
        is_executable: bool,
    },
    /// A symbolic link, with the text in it.
    Link(OsString),
}

/// The folder of a submission.
#[derive(Clone, Debug)]
pub struct Sources {
    /// By their paths in the folder; each directory precedes what is in it.
    pub(super) entries: Vec<(PathBuf, SourceEntry)>,
    bytes: u64,
}

impl Sources {
    /// Reads a folder.
    ///
    /// # Errors
    /// Says what is wrong with the folder, and what to do.
    pub fn read(folder: &Path) -> Result<Sources, String> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let directory = nix::fcntl::open(folder, flags, Mode::empty())
            .map_err(|errno| format!("{}: {}", folder.display(), errno.desc()))?;
        let mut sources = Sources { entries: Vec::new(), bytes: 0 };
        sources
            .take(&directory, Path::new(""), 0)
            .map_err(|why| format!("the folder {}: {why}", folder.display()))?;
        Ok(sources)
    }

    fn take(&mut self, directory: &OwnedFd, path: &Path, depth: usize) -> Result<(), String> {
        if depth > DEEPEST {
            return Err(format!("directories are more than {DEEPEST} deep"));
        }
        for name in names(directory)? {
            let path = path.join(&name);
            let shown = || format!("{path:?}");
            let failed = |errno: Errno| format!("{}: {}", shown(), errno.desc());
            if self.entries.len() == MOST_ENTRIES {
                return Err(format!("it has more than {MOST_ENTRIES} files: remove what is not to be built"));
            }
            let about = nix::sys::stat::fstatat(
                directory,
                name.as_os_str(),
                nix::fcntl::AtFlags::AT_SYMLINK_NOFOLLOW,
            )
            .map_err(failed)?;
            match kind(&about) {
                SFlag::S_IFDIR if PASSED_OVER.iter().any(|known| name == *known) => {}
                SFlag::S_IFDIR => {
                    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
                    let inner = nix::fcntl::openat(directory, name.as_os_str(), flags, Mode::empty())
                        .map_err(failed)?;
                    self.entries.push((path.clone(), SourceEntry::Directory));
                    self.take(&inner, &path, depth + 1)?;
                }
                SFlag::S_IFLNK => {
                    let text = nix::fcntl::readlinkat(directory, name.as_os_str()).map_err(failed)?;
                    self.entries.push((path, SourceEntry::Link(text)));
                }
                SFlag::S_IFREG => {
                    let left = LARGEST_FOLDER - self.bytes;
                    let (content, about) = regular(directory, &name, left).map_err(|why| match why {
                        Some(errno) => failed(errno),
                        None => format!(
                            "its files have more than {} MiB together: remove what is not to be built",
                            LARGEST_FOLDER >> 20
                        ),
                    })?;
                    self.bytes += content.len() as u64;
                    let is_executable = about.st_mode & 0o111 != 0;
                    self.entries.push((path, SourceEntry::File { content, is_executable }));
                }
                // A pipe, a socket or a device is nothing that can be built.
                _ => return Err(format!("{} is no file, directory or link: remove it", shown())),
            }
        }
        Ok(())
    }

    /// Writes everything that a build may depend on: what is equal here is built alike.
    ///
    /// # Errors
    /// Those of `to`.
    pub fn write_to(&self, to: &mut impl Write) -> std::io::Result<()> {
        for (path, entry) in &self.entries {
            let (kind, bytes): (u8, &[u8]) = match entry {
                SourceEntry::Directory => (b'd', &[]),
                SourceEntry::File { content, is_executable: false } => (b'f', content),
                SourceEntry::File { content, is_executable: true } => (b'x', content),
                SourceEntry::Link(text) => (b'l', text.as_bytes()),
            };
            let path = path.as_os_str().as_bytes();
            to.write_all(&[kind])?;
            to.write_all(&(path.len() as u64).to_le_bytes())?;
            to.write_all(path)?;
            to.write_all(&(bytes.len() as u64).to_le_bytes())?;
            to.write_all(bytes)?;
        }
        Ok(())
    }

    /// A program that is in the folder as it is.
    ///
    /// # Errors
    /// Says what is missing.
    pub fn program(&self, path: &Path) -> Result<Program, String> {
        let shown = path.display();
        let entry = self.entries.iter().find(|(known, _)| known == path).map(|(_, entry)| entry);
        match (entry, path.file_name()) {
            (Some(SourceEntry::File { content, is_executable: true }), Some(name)) => {
                Ok(Program { name: name.to_string_lossy().into_owned(), content: content.clone() })
            }
            (Some(SourceEntry::File { .. }), _) => Err(format!("{shown} is not executable")),
            (Some(SourceEntry::Link(_)), _) => Err(format!("{shown} is a symbolic link, not a program")),
            _ => Err(format!("there is no program {shown}")),
        }
    }
}

/// The names in a directory, in order, so that a folder is the same whenever it is read.
fn names(directory: &OwnedFd) -> Result<Vec<OsString>, String> {
    let failed = |errno: Errno| format!("reading a directory: {}", errno.desc());
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let mut opened = Dir::openat(directory, ".", flags, Mode::empty()).map_err(failed)?;
    let mut names = Vec::new();
    for entry in opened.iter() {
        let name = OsStr::from_bytes(entry.map_err(failed)?.file_name().to_bytes()).to_os_string();
        if name != "." && name != ".." {
            names.push(name);
        }
        if names.len() > MOST_ENTRIES {
            break;
        }
    }
    names.sort();
    Ok(names)
}

fn kind(about: &FileStat) -> SFlag {
    SFlag::from_bits_truncate(about.st_mode) & SFlag::S_IFMT
}

/// Reads a regular file of at most so many bytes; without an errno, it has more.
fn regular(directory: impl AsFd, name: &OsStr, most: u64) -> Result<(Vec<u8>, FileStat), Option<Errno>> {
    // Without waiting, should it be a pipe by now.
    let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let file = nix::fcntl::openat(directory, name, flags, Mode::empty())?;
    read_regular(file, most)
}

/// Reads an open file, which must be a regular one of at most so many bytes.
fn read_regular(file: OwnedFd, most: u64) -> Result<(Vec<u8>, FileStat), Option<Errno>> {
    let about = fstat(&file)?;
    if kind(&about) != SFlag::S_IFREG {
        return Err(Some(Errno::EINVAL));
    }
    let mut content = Vec::new();
    let mut limited = std::fs::File::from(file).take(most + 1);
    let read = limited.read_to_end(&mut content);
    read.map_err(|error| Some(Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO))))?;
    if content.len() as u64 > most { Err(None) } else { Ok((content, about)) }
}

/// Reads a program in a directory that a submission could write to: nothing outside is reached,
/// whatever links it has put there.
pub(super) fn built_program(directory: &impl AsFd, path: &Path) -> Result<Vec<u8>, String> {
    let shown = path.display();
    let how = OpenHow::new()
        .flags(OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC)
        .resolve(ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_MAGICLINKS);
    let file = nix::fcntl::openat2(directory, path, how).map_err(|errno| match errno {
        Errno::ENOENT => format!("the command has made no {shown}"),
        Errno::EXDEV | Errno::ELOOP => format!("{shown} is a link to somewhere else"),
        errno => format!("{shown}: {}", errno.desc()),
    })?;
    let (content, about) = read_regular(file, LARGEST_PROGRAM).map_err(|why| match why {
        Some(Errno::EINVAL) => format!("{shown} is no regular file"),
        Some(errno) => format!("{shown}: {}", errno.desc()),
        None => format!("{shown} has more than {LARGEST_PROGRAM} bytes"),
    })?;
    match about.st_mode & 0o111 {
        0 => Err(format!("{shown} is not executable")),
        _ => Ok(content),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("src")).unwrap();
        std::fs::write(folder.path().join("src/main.c"), "int main;").unwrap();
        std::fs::write(folder.path().join("run"), "#!/bin/sh\n").unwrap();
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(folder.path().join("run"), mode).unwrap();
        symlink("/etc", folder.path().join("system")).unwrap();
        folder
    }

    #[test]
    fn a_folder_is_read_without_following_links() {
        let folder = folder();
        let sources = Sources::read(folder.path()).unwrap();
        let paths: Vec<&str> = sources.entries.iter().map(|(path, _)| path.to_str().unwrap()).collect();
        assert_eq!(paths, ["run", "src", "src/main.c", "system"]);
        assert_eq!(sources.entries[3].1, SourceEntry::Link("/etc".into()));
        assert_eq!(sources.program(Path::new("run")).unwrap().content, b"#!/bin/sh\n");
        for missing in ["main", "src", "src/main.c", "system", "system/passwd"] {
            assert!(sources.program(Path::new(missing)).is_err(), "{missing}");
        }
        let other = tempfile::tempdir().unwrap();
        symlink(folder.path(), other.path().join("link")).unwrap();
        assert!(Sources::read(&other.path().join("link")).is_err(), "a link is no folder");
    }

    #[test]
    fn what_cannot_be_built_is_refused() {
        let folder = folder();
        let pipe = folder.path().join("pipe");
        nix::unistd::mkfifo(&pipe, Mode::S_IRWXU).unwrap();
        let why = Sources::read(folder.path()).unwrap_err();
        assert!(why.contains("\"pipe\" is no file, directory or link"), "{why}");
        std::fs::remove_file(pipe).unwrap();
        std::fs::File::create(folder.path().join("large")).unwrap().set_len(LARGEST_FOLDER + 1).unwrap();
        let why = Sources::read(folder.path()).unwrap_err();
        assert!(why.contains("more than 32 MiB"), "{why}");
    }

    #[test]
    fn a_built_program_is_beneath() {
        let folder = folder();
        let directory = nix::fcntl::open(folder.path(), OFlag::O_PATH, Mode::empty()).unwrap();
        symlink("run", folder.path().join("inside")).unwrap();
        symlink("/bin/sh", folder.path().join("outside")).unwrap();
        let read = |name| built_program(&directory, Path::new(name));
        assert_eq!(read("inside").unwrap(), b"#!/bin/sh\n");
        assert_eq!(read("outside").unwrap_err(), "outside is a link to somewhere else");
        assert_eq!(read("system/passwd").unwrap_err(), "system/passwd is a link to somewhere else");
        assert_eq!(read("src/main.c").unwrap_err(), "src/main.c is not executable");
        assert_eq!(read("none").unwrap_err(), "the command has made no none");
        assert_eq!(read("src").unwrap_err(), "src is no regular file");
    }

    /// Equal folders give equal bytes; every change gives others.
    #[test]
    fn a_change_shows() {
        let folder = folder();
        let digest = || {
            let mut bytes = Vec::new();
            Sources::read(folder.path()).unwrap().write_to(&mut bytes).unwrap();
            bytes
        };
        let first = digest();
        assert_eq!(first, digest());
        let run = folder.path().join("run");
        std::fs::set_permissions(&run, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert_ne!(first, digest());
        std::fs::set_permissions(&run, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(first, digest());
        std::fs::rename(&run, folder.path().join("walk")).unwrap();
        assert_ne!(first, digest());
    }
}
