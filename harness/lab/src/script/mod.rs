//! Scripts as data: the steps of a run, with symbols for what only the run itself can tell.
//!
//! A script is written in the notation of a trace, so every trace is one. `text` prints and reads
//! that notation, `play` plays a script. Scripts that are compiled in are functions of a
//! [`Lab`](crate::lab::Lab) instead; those that are chosen while they are played, by what is really
//! there, come from a composer (`compose`).
//!
//! ```text
//! +++ starts as root +++
//! outer  open("/proc/self/ns/uts", O_RDONLY) = $uts
//! outer  clone(CLONE_NEWUTS)                 = <inner>
//! inner  setns($uts, CLONE_NEWUTS)           = 0
//! outer  readlink("/proc/<inner>/ns/uts")    = uts:[A]
//! ```
//!
//! Behind the `=` only two kinds of answer mean something: `$name` names the number that the call
//! returns, and `<name>` the process that it creates. Other answers are left out: what the kernel
//! should answer is no part of a script.

pub mod compose;
mod play;
mod text;

use crate::call::declaration::Declaration;
use crate::call::reading::{AnySymbols, SyntaxError};
use crate::call::{Call, Read, declarations};
use crate::seal::Credentials;
pub(crate) use play::play;
use serde::{Deserialize, Serialize};
use std::fmt;
pub use text::ScriptError;

/// The steps of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    /// The credentials with which its processes start.
    pub starts_as: Credentials,
    /// Whether it gets a cgroup of its own.
    pub cgroup: bool,
    /// The steps, in order.
    pub steps: Vec<Step>,
}

impl Script {
    /// Whether one of its calls mounts a file system of this type, or opens it to be mounted.
    pub(crate) fn mounts(&self, filesystem: &str) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Call { call, .. } if call.mounts(filesystem)))
    }
}

/// One step of a script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// The director creates a process. One that acts without having been created is created before
    /// its first step, with the credentials of the script.
    Start {
        /// The name of the process.
        process: String,
        /// Its credentials; none for those of the script.
        starts_as: Option<Credentials>,
    },
    /// A process makes a call.
    Call {
        /// The name of the process.
        process: String,
        /// The call.
        call: WrittenCall,
        /// The names that the step gives to the answer.
        names: Names,
        /// Whether the script goes on while the call blocks. The answer comes with
        /// [`Step::Finish`].
        begun: bool,
    },
    /// The answer to a call that was begun.
    Finish {
        /// The name of the process.
        process: String,
    },
    /// The director waits until a process has ended.
    Ended {
        /// The name of the process.
        process: String,
    },
    /// From here on the trace shows new processes with their PIDs.
    ShowPids,
    /// An explanation of the steps that follow.
    Note(String),
}

impl Step {
    /// The process that this step is about.
    pub fn process(&self) -> Option<&str> {
        match self {
            Step::Start { process, .. }
            | Step::Call { process, .. }
            | Step::Finish { process }
            | Step::Ended { process } => Some(process),
            Step::ShowPids | Step::Note(_) => None,
        }
    }

    /// The name of the process that this step creates by a call.
    pub fn child(&self) -> Option<&str> {
        match self {
            // Other calls answer with processes as well: `getpid() = <outer>`.
            Step::Call { call, names: Names::Child(name), .. } if call.creates() => Some(name),
            _ => None,
        }
    }
}

/// The names that a step gives to parts of the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Names {
    /// No names.
    #[default]
    None,
    /// The call creates a process of this name.
    Child(String),
    /// The call returns a number, which gets this name.
    Number(String),
    /// The call returns a list of numbers, which get these names in order.
    Numbers(Vec<String>),
}

/// A call as a script writes it: its arguments may be symbols.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WrittenCall {
    /// The name in the declaration.
    name: String,
    /// The printed arguments, hidden ones as empty texts.
    arguments: Vec<String>,
}

impl WrittenCall {
    /// Reads a call.
    ///
    /// # Errors
    /// When the text is no call of the vocabulary, or more than a call.
    pub fn read(text: &str) -> Result<WrittenCall, SyntaxError> {
        let (call, end) = WrittenCall::read_at(text, 0)?;
        if end == text.len() {
            return Ok(call);
        }
        let column = crate::call::reading::column(text, end);
        Err(SyntaxError { column, message: "the call ends here, but the text goes on".to_string() })
    }

    /// Reads the call that stands in `text` from byte `at` on; gives the byte behind it, too.
    fn read_at(text: &str, at: usize) -> Result<(WrittenCall, usize), SyntaxError> {
        let Read { declaration, arguments, end, .. } = Call::read(text, at, &AnySymbols)?;
        Ok((WrittenCall { name: declaration.name.to_string(), arguments }, end))
    }

    /// The name of the call in its declaration.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The printed arguments, in the order of the declaration's parameters; hidden ones are empty.
    pub fn arguments(&self) -> &[String] {
        &self.arguments
    }

    /// The same call with another argument.
    ///
    /// # Errors
    /// When the call takes no such argument at this place.
    pub fn with_argument(&self, place: usize, argument: &str) -> Result<WrittenCall, SyntaxError> {
        let mut changed = self.clone();
        changed.arguments[place] = argument.to_string();
        WrittenCall::read(&changed.to_string())
    }

    /// Whether the call mounts a file system of this type, or opens it to be mounted.
    fn mounts(&self, filesystem: &str) -> bool {
        let parameters = self.declaration().parameters.iter();
        let mut arguments = parameters.zip(&self.arguments);
        arguments.any(|(parameter, argument)| {
            parameter.name == "fstype" && argument.trim_matches('"') == filesystem
        })
    }

    /// The declaration of the call.
    ///
    /// # Panics
    /// Never: only declared calls are read.
    pub fn declaration(&self) -> &'static Declaration {
        let declared = declarations().find(|declaration| declaration.name == self.name);
        declared.expect("only declared calls are read")
    }

    /// Whether the call only asks, and leaves everything as it was.
    pub fn asks(&self) -> bool {
        Call::read(&self.to_string(), 0, &AnySymbols).is_ok_and(|read| read.call.asks())
    }

    /// Whether the call creates a process.
    pub fn creates(&self) -> bool {
        matches!(self.name.as_str(), "clone" | "clone3")
    }
}

impl fmt::Display for WrittenCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.declaration().print(&self.arguments))
    }
}

impl TryFrom<String> for WrittenCall {
    type Error = SyntaxError;

    fn try_from(text: String) -> Result<WrittenCall, SyntaxError> {
        WrittenCall::read(&text)
    }
}

impl From<WrittenCall> for String {
    fn from(call: WrittenCall) -> String {
        call.to_string()
    }
}
