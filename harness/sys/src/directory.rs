//! Directories: the working directory and new ones, by another system call where the usual one is
//! refused.
//!
//! Which directories a sandbox has is the business of whoever builds one.

use crate::errno::Errno;
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Makes a directory the working directory: by chdir(2), or by fchdir(2).
///
/// # Errors
/// Says which call failed and why; the first refusal tells more than that of the other call.
pub fn change_directory(path: &str) -> Result<(), String> {
    let done = nix::unistd::chdir(path);
    let done = match done {
        Err(errno) if Errno::from(errno).may_be_a_refusal() => {
            let how =
                nix::fcntl::OFlag::O_PATH | nix::fcntl::OFlag::O_DIRECTORY | nix::fcntl::OFlag::O_CLOEXEC;
            nix::fcntl::open(path, how, nix::sys::stat::Mode::empty()).and_then(nix::unistd::fchdir).or(done)
        }
        _ => done,
    };
    done.map_err(|errno| format!("chdir: {}", Errno::from(errno).describe()))
}

/// Makes a directory with the mode 777 but for the umask: by mkdir(2), or by mkdirat(2).
///
/// # Errors
/// As [`change_directory`].
pub fn make_directory(path: impl AsRef<Path>) -> Result<(), String> {
    let path = path.as_ref();
    let failed = |errno: Errno| format!("mkdir {}: {}", path.display(), errno.describe());
    let text = CString::new(path.as_os_str().as_bytes()).map_err(|_| failed(Errno(libc::EINVAL)))?;
    // SAFETY: the path is a C string that outlives the call.
    let done = Errno::result(unsafe { libc::mkdir(text.as_ptr(), 0o777) });
    let done = match done {
        Err(errno) if errno.may_be_a_refusal() => {
            // SAFETY: as above.
            Errno::result(unsafe { libc::mkdirat(libc::AT_FDCWD, text.as_ptr(), 0o777) }).or(done)
        }
        _ => done,
    };
    done.map(drop).map_err(failed)
}

/// Makes a directory and those that lead to it, as far as they are not there.
///
/// # Errors
/// As [`change_directory`].
pub fn make_directories(path: &Path) -> Result<(), String> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        make_directories(parent)?;
    }
    make_directory(path)
}
