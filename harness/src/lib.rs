//! The engine of nsconform: sealed labs, remote-controlled processes, traces and verdicts.
//!
//! A case is a short script; processes are its actors; the kernel's answers are its trace; the
//! trace is compared with an approved one. This crate knows nothing of any one namespace's rules:
//! the claims and their scripts live in the crate `nsconform`.
//!
//! | module | what lives there |
//! |---|---|
//! | `call` | the vocabulary: every call a script can ask for, declared once |
//! | `lab`, `actor`, `wire` | the script's side, the process's side, and what connects them |
//! | `outcome`, `trace`, `journal` | answers, what happened in a run, and where it is written down |
//! | `case`, `requirement`, `seal` | what a case is, what it needs, what place it gets |
//! | `cgroup` | cgroups for jobs that need them, and their removal |
//! | `server`, `runner` | forking and deadlines; choosing and judging |
//! | `known` | cases that fail on certain kernels for a known reason |
//! | `snapshot`, `verdict` | approved traces and what comparing them gives |
//! | `proc` | what a procfs tells of a task |
//! | `audit`, `watch` | the lie test: would a case notice? and from which step on |
//! | `compare` | reading runs back, and what became of each case from one to the other |
//! | `grade` | coursework: submissions on a sealed stage, watched from outside |
//! | `report`, `machine` | what a run is shown as, and where it ran |

pub mod actor;
pub mod audit;
pub mod call;
pub mod case;
mod cgroup;
pub mod compare;
pub mod grade;
mod journal;
pub mod kind;
pub mod known;
pub mod lab;
pub mod machine;
pub mod outcome;
mod proc;
pub mod report;
pub mod requirement;
pub mod runner;
pub mod seal;
pub mod server;
pub mod snapshot;
pub mod trace;
pub mod verdict;
pub mod watch;
mod wire;

/// What a script needs in scope.
pub mod prelude {
    pub use crate::audit::Excuse;
    pub use crate::call::Ask;
    pub use crate::call::cgroup::*;
    pub use crate::call::device::*;
    pub use crate::call::file::*;
    pub use crate::call::identity::*;
    pub use crate::call::ipc::*;
    pub use crate::call::message::*;
    pub use crate::call::mount::*;
    pub use crate::call::namespace::*;
    pub use crate::call::process::{
        Disposition, MaskChange, ProcessCalls, RebootCommand, Signal, WaitOptions,
    };
    pub use crate::call::socket::*;
    pub use crate::call::time::*;
    pub use crate::call::uts::*;
    pub use crate::case::{CASE, Case, Source, Untested, man, text};
    pub use crate::kind::*;
    pub use crate::lab::{Done, Interrupt, Lab, Play, Process};
    pub use crate::outcome::{Errno, Outcome, Value};
    pub use crate::requirement as need;
    pub use crate::seal::{Ground, PROGRAM, USER_ID};
}
