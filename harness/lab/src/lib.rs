//! The lab: processes that a script directs one call at a time, in a sealed place, and the trace of
//! what the kernel answers.
//!
//! It knows calls, but no rule about them: what an answer should be is the business of `suite`.
//!
//! | module | what lives there |
//! |---|---|
//! | `call` | the vocabulary: every call a script can ask for, declared once |
//! | `lab`, `director`, `actor` | the script's side, the engine's and the process's |
//! | `conduct` | everything that happens around a call: faults, delays, watching, recording |
//! | `script` | scripts that are written down: read, printed and played |
//! | `outcome`, `trace`, `journal` | answers, the events of a run, and the memory that holds them |
//! | `fold` | runs of equal lines in a printed trace or script |
//! | `pids` | names of processes in place of their PIDs |
//! | `job` | the work that the server is given, and its report |
//! | `interrupt` | the ways in which a script stops early |
//! | `proof` | that the place of a run leads nowhere out |
//! | `ids` | the ids of the user namespace around that place |
//! | `seal` | the place that a run gets, and the credentials that its processes start with |
//! | `server` | the fork server: directors, their starts, deadlines and ends |

pub mod actor;
pub mod call;
pub mod conduct;
mod director;
pub mod fold;
mod ids;
pub mod interrupt;
pub mod job;
pub mod journal;
pub mod lab;
pub mod outcome;
mod pids;
pub mod proof;
pub mod script;
pub mod seal;
pub mod server;
pub mod trace;
