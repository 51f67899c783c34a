//! Claims on top of the lab: what a case is, what it needs, what its trace is compared with, and
//! what becomes of it.
//!
//! No rule of any namespace lives here: the claims and their scripts are the catalogue's.
//!
//! | module | what lives there |
//! |---|---|
//! | `case`, `requirement` | what a case is and what it needs |
//! | `catalogue` | the claims that a program has, as one value |
//! | `snapshot`, `verdict` | approved traces and what comparing them gives |
//! | `known` | cases that are expected to fail on certain kernels |
//! | `runner`, `setup`, `judge` | choosing and judging |
//! | `lacks`, `refusal`, `proc_files`, `filesystems` | what a place refuses or lacks, which says nothing against the kernel |
//! | `mutation`, `audit`, `shown` | faults injected into a case, whether it catches them, and the one that pages show |
//! | `witness` | whether the place outside of the seal has changed |
//! | `stability` | whether a case gives the same trace however it is disturbed |

pub mod audit;
pub mod case;
pub mod catalogue;
mod filesystems;
mod judge;
pub mod known;
mod lacks;
pub mod mutation;
mod proc_files;
mod refusal;
pub mod requirement;
pub mod runner;
mod setup;
pub mod shown;
pub mod snapshot;
pub mod stability;
pub mod verdict;
mod witness;

/// The names that a script needs in scope.
pub mod prelude {
    pub use crate::case::{CASE, Case, Source, Untested, man, text};
    pub use crate::mutation::Accepted;
    pub use nsconform_lab::call::Ask;
    pub use nsconform_lab::call::cgroup::*;
    pub use nsconform_lab::call::device::*;
    pub use nsconform_lab::call::file::*;
    pub use nsconform_lab::call::fscontext::*;
    pub use nsconform_lab::call::handle::{FileHandleCalls, Handle};
    pub use nsconform_lab::call::identity::*;
    pub use nsconform_lab::call::ipc::*;
    pub use nsconform_lab::call::keys::{KeyPermissions, Keyring, KeysCalls};
    pub use nsconform_lab::call::limit::*;
    pub use nsconform_lab::call::lock::*;
    pub use nsconform_lab::call::message::*;
    pub use nsconform_lab::call::mount::*;
    pub use nsconform_lab::call::mqueue::*;
    pub use nsconform_lab::call::namespace::*;
    pub use nsconform_lab::call::netfilter::*;
    pub use nsconform_lab::call::netlink::*;
    pub use nsconform_lab::call::pidfd::*;
    pub use nsconform_lab::call::process::{
        Disposition, MaskChange, ProcessCalls, RebootCommand, RebootMagic, Signal, WaitOptions,
    };
    pub use nsconform_lab::call::socket::*;
    pub use nsconform_lab::call::statmount::*;
    pub use nsconform_lab::call::terminal::*;
    pub use nsconform_lab::call::time::*;
    pub use nsconform_lab::call::tun::*;
    pub use nsconform_lab::call::uts::*;
    pub use nsconform_lab::call::watch::*;
    pub use nsconform_lab::call::xattr::*;
    pub use nsconform_lab::interrupt::{Interrupt, Play};
    pub use nsconform_lab::lab::{Lab, Process};
    pub use nsconform_lab::outcome::{Done, Errno, Outcome, Value};
    pub use nsconform_lab::seal::{Credentials, PROGRAM, USER_ID};
    pub use nsconform_sys::capability::*;
    pub use nsconform_sys::kind::*;
}
