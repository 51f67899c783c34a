//! Error numbers, their names and their meanings.

use serde::{Deserialize, Serialize};

/// An error number as errno(3) lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Errno(pub i32);

impl Errno {
    /// The calling thread's errno.
    pub fn last() -> Errno {
        Errno(nix::errno::Errno::last_raw())
    }

    /// The result of a system call that returns -1 on error and a number otherwise.
    ///
    /// # Errors
    /// The calling thread's errno when `returned` is -1.
    pub fn result(returned: impl Into<i64>) -> Result<i64, Errno> {
        match returned.into() {
            -1 => Err(Errno::last()),
            number => Ok(number),
        }
    }

    /// Whether a call that fails so may be refused whatever it is asked for: a filter answers EPERM most of the
    /// time (seccomp(2)), and a kernel without the call ENOSYS.
    pub fn may_be_a_refusal(self) -> bool {
        matches!(self.0, libc::EPERM | libc::ENOSYS)
    }

    /// Whether a call is refused that was asked for nothing, to which a kernel that has it answers with another
    /// errno: `returned` is the number that it gave, and the errno is the calling thread's.
    pub fn refuses(returned: impl Into<i64>) -> bool {
        Errno::result(returned).is_err_and(Errno::may_be_a_refusal)
    }

    /// The symbolic name, as `EPERM`.
    pub fn name(self) -> String {
        format!("{:?}", nix::errno::Errno::from_raw(self.0))
    }

    /// The symbolic name and what strerror(3) says of it.
    pub fn describe(self) -> String {
        let known = nix::errno::Errno::from_raw(self.0);
        format!("{known:?} ({})", known.desc())
    }
}

impl From<nix::errno::Errno> for Errno {
    fn from(errno: nix::errno::Errno) -> Errno {
        Errno(errno as i32)
    }
}

impl From<std::io::Error> for Errno {
    fn from(error: std::io::Error) -> Errno {
        Errno(error.raw_os_error().unwrap_or(libc::EIO))
    }
}
