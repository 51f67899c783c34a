//! The kernel's answers, as data: a value or an errno.
//!
//! `trace` prints an answer; `lab` asks for it.

use crate::interrupt::Interrupt;
pub use nsconform_sys::errno::Errno;
use nsconform_sys::kind::Kind;
use serde::{Deserialize, Serialize};

/// The result of performing a call: the code of each call returns it.
pub type Answer = Result<Value, Errno>;

/// The result of a successful call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// A number whose meaning the claim speaks of: printed as it is.
    Number(i64),
    /// A flag word or mode, printed in octal as strace prints modes.
    Octal(u32),
    /// A set of bits, printed in hexadecimal (capability sets, event masks).
    Hex(u64),
    /// A PID as the caller sees it, printed by the name of the process where the trace tells which
    /// process that is.
    Pid(i32),
    /// A process that the call created, by its PID as the caller sees it; printed by its name.
    Child {
        /// The PID in the caller's PID namespace.
        pid: i32,
        /// The name that the script gave to the process.
        name: String,
    },
    /// Bytes, printed as a quoted string.
    Text(Vec<u8>),
    /// A word of the field's own vocabulary, printed without quotes (`SIGTERM`, `regular file`).
    Word(String),
    /// A namespace, printed under a stable name (`uts:[A]`).
    Namespace {
        /// The kind of namespace.
        kind: Kind,
        /// `st_ino` of its file on nsfs.
        inode: u64,
    },
    /// A number that differs from run to run, printed under a stable name (`shared:1`).
    Volatile {
        /// The class of things that it numbers: each class is counted by itself.
        class: String,
        /// The raw number.
        number: u64,
    },
    /// The relation of a mount to a peer group, whose number differs from run to run; printed as in
    /// proc_pid_mountinfo(5) with a stable name (`shared:1`, `master:1` for the same group).
    PeerGroup {
        /// `shared`, `master` or `propagate_from`.
        relation: String,
        /// The raw number of the group.
        group: u64,
    },
    /// A clock reading; printed relative to the first reading of the same clock in the trace.
    Time {
        /// The clock's name, as clock_gettime(2) spells it.
        clock: String,
        /// The reading in nanoseconds; of a clock that goes on with time, how far it is ahead of one that
        /// no time namespace changes.
        nanoseconds: i128,
    },
    /// Several values, printed as `[a, b]`.
    List(Vec<Value>),
    /// Named values, printed as `{name=value, …}`.
    Fields(Vec<(String, Value)>),
}

impl Value {
    /// The result of calls that only succeed or fail.
    pub const ZERO: Value = Value::Number(0);

    /// A quoted string.
    pub fn text(text: impl AsRef<[u8]>) -> Value {
        Value::Text(text.as_ref().to_vec())
    }

    /// A word without quotes.
    pub fn word(word: impl Into<String>) -> Value {
        Value::Word(word.into())
    }

    /// A number with a stable name of the given class.
    pub fn volatile(class: &str, number: u64) -> Value {
        Value::Volatile { class: class.to_string(), number }
    }

    /// Named values in the given order.
    pub fn fields<const N: usize>(fields: [(&str, Value); N]) -> Value {
        Value::Fields(fields.into_iter().map(|(name, value)| (name.to_string(), value)).collect())
    }
}

/// The kernel's answer to one call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Outcome {
    /// The call returned this.
    Returned(Value),
    /// The call failed with this errno.
    Failed(Errno),
    /// The process ended instead of returning, as exit(2) does; strace prints `?`.
    Gone,
}

impl From<Answer> for Outcome {
    fn from(answer: Answer) -> Outcome {
        match answer {
            Ok(value) => Outcome::Returned(value),
            Err(errno) => Outcome::Failed(errno),
        }
    }
}

impl Outcome {
    /// Whether the call succeeded.
    pub fn is_ok(&self) -> bool {
        matches!(self, Outcome::Returned(_))
    }

    /// The errno with which the call failed, if it did.
    pub fn errno(&self) -> Option<Errno> {
        match self {
            Outcome::Failed(errno) => Some(*errno),
            _ => None,
        }
    }

    /// The returned value.
    ///
    /// # Errors
    /// Ends the script when the call failed: there is nothing to go on with, and the trace
    /// already holds the answer that was not expected.
    pub fn value(self) -> Result<Value, Interrupt> {
        match self {
            Outcome::Returned(value) => Ok(value),
            other => Err(Interrupt::NoValue(format!("{other:?}"))),
        }
    }

    /// The returned number: a descriptor, an identifier, a PID, a count.
    ///
    /// # Errors
    /// As [`Outcome::value`]; also when the value is no number.
    pub fn number(self) -> Result<i64, Interrupt> {
        match self.value()? {
            Value::Number(number) => Ok(number),
            Value::Pid(pid) | Value::Child { pid, .. } => Ok(pid.into()),
            Value::Volatile { number, .. } => Ok(number as i64),
            other => Err(Interrupt::NoValue(format!("{other:?} is not a number"))),
        }
    }

    /// The returned number as a descriptor, PID or System V identifier.
    ///
    /// # Errors
    /// As [`Outcome::number`].
    pub fn id(self) -> Result<i32, Interrupt> {
        Ok(self.number()? as i32)
    }

    /// The returned bytes as text.
    ///
    /// # Errors
    /// As [`Outcome::value`]; also when the value is no text.
    pub fn text(self) -> Result<String, Interrupt> {
        match self.value()? {
            Value::Text(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            Value::Word(word) => Ok(word),
            other => Err(Interrupt::NoValue(format!("{other:?} is not text"))),
        }
    }
}

/// The result of asking for a call.
pub type Done = Result<Outcome, Interrupt>;

/// The answer of a system call that returns -1 on error and a PID otherwise.
///
/// # Errors
/// As [`check`].
pub fn check_pid(returned: i32) -> Answer {
    Errno::result(returned).map(|pid| Value::Pid(pid as i32))
}

/// The answer of a system call that returns -1 on error and a number otherwise.
///
/// # Errors
/// The calling thread's errno when `returned` is -1.
pub fn check(returned: impl Into<i64>) -> Answer {
    Errno::result(returned).map(Value::Number)
}
