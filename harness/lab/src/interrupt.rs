//! The ways in which a script stops early.

use serde::{Deserialize, Serialize};

/// Why a script stopped early.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Interrupt {
    /// The kernel's answer leaves the script nothing to go on with; the trace shows that answer.
    NoValue(String),
    /// The named process was to act but has ended.
    Ended(String),
    /// The script is written wrongly.
    Script(String),
    /// The call of the named process was to block and did not.
    NotBlocked(String),
    /// The trace differs from the one that the run must show.
    Differs,
    /// The director waits for an answer, and nothing moves any more that could send one.
    Stuck,
    /// The engine could not do its part.
    Engine(String),
}

impl std::fmt::Display for Interrupt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Interrupt::NoValue(_) => f.write_str("stopped: the last answer leaves nothing to go on with"),
            Interrupt::Ended(name) => write!(f, "stopped: {name} was to act but has ended"),
            Interrupt::Script(what) => write!(f, "stopped: the script is written wrongly: {what}"),
            Interrupt::NotBlocked(name) => write!(f, "stopped: {name} was to block in its call and did not"),
            Interrupt::Differs => f.write_str("stopped: no longer as expected"),
            Interrupt::Stuck => f.write_str("stopped: nothing moves any more"),
            Interrupt::Engine(what) => write!(f, "stopped: the engine failed: {what}"),
        }
    }
}

pub(crate) fn engine(what: impl std::fmt::Display) -> Interrupt {
    Interrupt::Engine(what.to_string())
}

/// The result of a script.
pub type Play = Result<(), Interrupt>;
