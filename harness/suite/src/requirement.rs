//! Requirements: a condition that a case needs to be meaningful, and how it is probed: by trying, in
//! a sealed throw-away place, never by a version or a configuration text.
//!
//! Which requirements there are is the catalogue's business: it declares them with `needs!`.

use nsconform_lab::interrupt::Interrupt;
use nsconform_lab::lab::Lab;
use nsconform_lab::outcome::Outcome;
pub use nsconform_lab::server::Finding;

/// A requirement.
pub struct Requirement {
    /// The thing that is needed, in a few words. Unique.
    pub name: &'static str,
    /// How to get it.
    pub remedy: &'static str,
    /// Whether whoever needs it runs in a cgroup of its own.
    pub cgroup: bool,
    /// Tries it.
    pub probe: fn(&Lab) -> Result<Finding, Interrupt>,
}

/// A requirement as cases name it.
pub type Need = &'static Requirement;

/// Declares requirements, in alphabetical order, and lists them as `ALL`.
#[macro_export]
macro_rules! needs {
    ($($(#[doc = $doc:literal])+ $NEED:ident { $name:literal, $(cgroup: $cgroup:literal,)? remedy: $remedy:expr, probe: $probe:expr $(,)? })*) => {
        $(
            $(#[doc = $doc])+
            pub static $NEED: $crate::requirement::Requirement = $crate::requirement::Requirement {
                name: $name,
                remedy: $remedy,
                cgroup: false $(|| $cgroup)?,
                probe: $probe,
            };
        )*

        /// Every requirement there is, for `doctor`.
        pub static ALL: &[$crate::requirement::Need] = &[$(&$NEED),*];
    };
}

/// Met if the call succeeded; otherwise the reason is its errno.
///
/// # Errors
/// None of its own.
pub fn succeeded(call: &str, outcome: Outcome) -> Result<Finding, Interrupt> {
    Ok(match outcome {
        Outcome::Returned(_) => Ok(()),
        Outcome::Failed(errno) => Err(format!("{call} gives {}", errno.describe())),
        Outcome::Gone => Err(format!("{call} ended the process")),
    })
}
