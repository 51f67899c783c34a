//! The lab: processes that a script directs one call at a time, in a sealed place, and the trace of
//! what the kernel answers.
//!
//! It knows calls, but no rule about them: what an answer should be is the business of `suite`.
//!
//! | module | what lives there |
//! |---|---|
//! | `call` | the vocabulary: every call a script can ask for, declared once |
//! | `lab`, `actor` | the script's side and the process's side |
//! | `outcome`, `trace`, `journal` | answers, what happened in a run, and where it is written down |
//! | `interrupt` | the ways in which a script stops early |
//! | `proof` | that the place of a run leads nowhere out |
//! | `seal` | the place that a run gets, and what its processes start as |
//! | `server` | forking and deadlines |
//! | `watch` | from which step on a run is no longer as expected |

pub mod actor;
pub mod call;
pub mod interrupt;
pub mod journal;
pub mod lab;
pub mod outcome;
pub mod proof;
pub mod seal;
pub mod server;
pub mod trace;
pub mod watch;
