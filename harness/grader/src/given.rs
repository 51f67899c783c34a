//! Files that the watcher gives to a submission: scripts, and bind mounts of namespaces' files.
//!
//! They are in a directory of the stage's that is read-only there. The watcher writes to it by a
//! descriptor that it has from before the submission's first instruction, and never by a path.

use super::place::GIVEN;
use super::spaces::{Spaces, ask_inside};
use nix::fcntl::{OFlag, OpenHow, ResolveFlag};
use nix::sys::stat::{Mode, fchmod, fstat};
use nsconform_sys::kind::Kind;
use std::io::Write;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::path::Path;

/// The directories of a stage that the watcher has open.
pub(super) struct Given {
    /// That of these files.
    pub(super) directory: OwnedFd,
    /// The scratch directory, which is the submission's.
    pub(super) scratch: OwnedFd,
}

impl Given {
    /// Writes a new file with this mode. Gives its path on the stage.
    ///
    /// # Errors
    /// Says which call failed.
    pub(super) fn write(&self, name: &str, text: &str, mode: Mode) -> Result<String, String> {
        let failed = |what: &str, why: &dyn std::fmt::Display| format!("{what} {GIVEN}/{name}: {why}");
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let file = nix::fcntl::openat(&self.directory, name, flags, Mode::S_IRUSR | Mode::S_IWUSR)
            .map_err(|errno| failed("creating", &errno))?;
        fchmod(&file, mode).map_err(|errno| failed("changing the mode of", &errno))?;
        std::fs::File::from(file).write_all(text.as_bytes()).map_err(|error| failed("writing", &error))?;
        Ok(format!("{GIVEN}/{name}"))
    }

    /// Makes a bind mount of this file, which the watcher can open, in the mount namespace of the stage
    /// and on the path of a new file of this name. Gives that path.
    ///
    /// # Errors
    /// Says which call failed; among others, where the submission has put something else there.
    pub(super) fn bind(&self, source: &Path, name: &str, spaces: &Spaces) -> Result<String, String> {
        let path = self.write(name, "", Mode::from_bits_truncate(0o444))?;
        let tree = open_tree(source, true)?;
        let file =
            nix::fcntl::openat(&self.directory, name, OFlag::O_PATH | OFlag::O_NOFOLLOW, Mode::empty())
                .map_err(|errno| format!("opening {path}: {errno}"))?;
        let ours = identity(&file)?;
        ask_inside(spaces, &[Kind::Mnt], || {
            // There the name stands for whatever the submission has put there.
            let how = OpenHow::new()
                .flags(OFlag::O_PATH | OFlag::O_CLOEXEC)
                .resolve(ResolveFlag::RESOLVE_NO_SYMLINKS);
            let target = nix::fcntl::openat2(nix::fcntl::AT_FDCWD, path.as_str(), how)
                .map_err(|errno| format!("opening {path} on the stage: {errno}"))?;
            if identity(&target)? != ours {
                return Err(format!("{path} is another file on the stage"));
            }
            /// `MOVE_MOUNT_F_EMPTY_PATH` and `MOVE_MOUNT_T_EMPTY_PATH` of linux/mount.h.
            const BY_DESCRIPTORS: libc::c_int = 0x4 | 0x40;
            // SAFETY: plain call on open descriptors and constant strings.
            let moved = unsafe {
                libc::syscall(
                    libc::SYS_move_mount,
                    tree.as_raw_fd(),
                    c"".as_ptr(),
                    target.as_raw_fd(),
                    c"".as_ptr(),
                    BY_DESCRIPTORS,
                )
            };
            match moved {
                0 => Ok(String::new()),
                _ => Err(format!("move_mount to {path}: {}", nix::errno::Errno::last())),
            }
        })?;
        Ok(path)
    }

    /// The names in the scratch directory.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn names_in_scratch(&self) -> Result<Vec<String>, String> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let mut directory = nix::dir::Dir::openat(&self.scratch, ".", flags, Mode::empty())
            .map_err(|errno| format!("opening the scratch directory: {errno}"))?;
        let names = directory.iter().flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
        let mut names: Vec<String> = names.filter(|name| name != "." && name != "..").collect();
        names.sort();
        Ok(names)
    }
}

fn identity(file: &OwnedFd) -> Result<(u64, u64), String> {
    fstat(file).map(|about| (about.st_dev, about.st_ino)).map_err(|errno| format!("fstat: {errno}"))
}

/// A mount of this file or directory that is attached nowhere: open_tree(2). `follow` says whether
/// the last part of the path may be a link, as those in /proc/PID/ns are.
pub(super) fn open_tree(path: &Path, follow: bool) -> Result<OwnedFd, String> {
    /// `OPEN_TREE_CLONE` and `OPEN_TREE_CLOEXEC` of linux/mount.h.
    const CLONE: libc::c_int = 1 | libc::O_CLOEXEC;
    use std::os::unix::ffi::OsStrExt;
    let name = std::ffi::CString::new(path.as_os_str().as_bytes()).map_err(|error| error.to_string())?;
    let flags = if follow { CLONE } else { CLONE | libc::AT_SYMLINK_NOFOLLOW };
    // SAFETY: the path is a C string that outlives the call; the descriptor is new and ours.
    unsafe {
        match libc::syscall(libc::SYS_open_tree, libc::AT_FDCWD, name.as_ptr(), flags) {
            -1 => Err(format!("open_tree {}: {}", path.display(), nix::errno::Errno::last())),
            tree => Ok(OwnedFd::from_raw_fd(tree as i32)),
        }
    }
}
