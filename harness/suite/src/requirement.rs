//! Requirements: a condition that a case needs to be meaningful, and its probe, which tries it in a
//! sealed throw-away place and never reads a version or a configuration text.
//!
//! The catalogue declares its requirements with `needs!`.

use nsconform_lab::interrupt::Interrupt;
pub use nsconform_lab::job::{ProbeResult, Unmet};
use nsconform_lab::lab::Lab;
use nsconform_lab::outcome::Outcome;
use nsconform_sys::foundation::Foundation;

/// A requirement.
pub struct Requirement {
    /// The thing that is needed, in a few words. Unique.
    pub name: &'static str,
    /// How to get it.
    pub remedy: &'static str,
    /// The ids of the cases of the rule that this requirement is: they are run where the probe finds
    /// it broken, and everything else that needs it is not judged.
    pub own: &'static [&'static str],
    /// Whether whoever needs it runs in a cgroup of its own.
    pub cgroup: bool,
    /// Tries it.
    pub probe: fn(&Lab) -> Result<ProbeResult, Interrupt>,
}

/// Declares requirements, in alphabetical order, and lists them as `ALL`.
#[macro_export]
macro_rules! needs {
    ($($(#[doc = $doc:literal])+ $NEED:ident { $name:literal, $(cgroup: $cgroup:literal,)? $(own: $own:expr,)? remedy: $remedy:expr, probe: $probe:expr $(,)? })*) => {
        $(
            $(#[doc = $doc])+
            pub static $NEED: $crate::requirement::Requirement = $crate::requirement::Requirement {
                name: $name,
                remedy: $remedy,
                own: $crate::requirement::own_cases(&[$($own)?]),
                cgroup: false $(|| $cgroup)?,
                probe: $probe,
            };
        )*

        /// Every requirement there is, for `doctor`.
        pub static ALL: &[&'static $crate::requirement::Requirement] = &[$(&$NEED),*];
    };
}

/// The list in `own: …` of a requirement, empty if it has none.
pub const fn own_cases(given: &[&'static [&'static str]]) -> &'static [&'static str] {
    if given.is_empty() { &[] } else { given[0] }
}

/// A foundation of the engine, and the cases and requirements that rest on it.
pub struct Basis {
    /// The foundation.
    pub foundation: &'static Foundation,
    /// The ids of the cases of its rule: they are run where it is broken.
    pub own: &'static [&'static str],
    /// The requirements that rest on it.
    pub carries: &'static [&'static Requirement],
    /// The ids of other cases that rest on it.
    pub rests: &'static [&'static str],
    /// Whether processes end by it, so that a case that hangs where it is broken says nothing.
    pub ends: bool,
    /// Whether the sealed place itself rests on it, so that nothing can be run without it.
    pub sandbox: bool,
}

/// The answer of a requirement's probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probed {
    /// It is met.
    Met,
    /// It is not; see [`Unmet`].
    Unmet(Unmet),
    /// The probe did not end in time, not even alone and with more time.
    Late(String),
}

/// Errors that say that something is not there or not allowed, and nothing against the kernel.
const REFUSALS: [i32; 26] = [
    libc::ENOSYS,
    libc::EINVAL,
    libc::ENOENT,
    libc::EPERM,
    libc::EACCES,
    libc::ENODEV,
    libc::EOPNOTSUPP,
    libc::EAFNOSUPPORT,
    libc::EPROTONOSUPPORT,
    libc::ESOCKTNOSUPPORT,
    libc::ENOPROTOOPT,
    libc::ENOTTY,
    libc::EROFS,
    libc::ENOSPC,
    libc::EUSERS,
    libc::EMFILE,
    libc::ENFILE,
    libc::EAGAIN,
    libc::ENOMEM,
    libc::EDQUOT,
    libc::EBUSY,
    libc::EADDRNOTAVAIL,
    libc::ENETUNREACH,
    libc::ENXIO,
    libc::E2BIG,
    libc::ENOTSUP,
];

/// Met if the call succeeded; otherwise the reason is its errno.
///
/// # Errors
/// None of its own.
pub fn succeeded(call: &str, outcome: Outcome) -> Result<ProbeResult, Interrupt> {
    Ok(match outcome {
        Outcome::Returned(_) => Ok(()),
        Outcome::Failed(errno) => {
            let found = format!("{call} gives {}", errno.describe());
            Err(if REFUSALS.contains(&errno.0) { Unmet::Absent(found) } else { Unmet::Wrong(found) })
        }
        Outcome::Gone => Err(Unmet::Wrong(format!("{call} ended the process"))),
    })
}
