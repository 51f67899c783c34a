//! The explorer: scripts that nobody wrote are composed and played, and oracles say which of them is a find.
//!
//! | module | what lives there |
//! |---|---|
//! | `area` | the areas |
//! | `generator`, `moves`, `typed`, `stage` | the composer: it looks at what is there and chooses the next step |
//! | `relations` | laws that hold after any script, within one kernel |
//! | `bulk` | many scripts at once on the running kernel: composed, replayed, asked |
//! | `asking` | one relation as two sides of a difference, for the reducer |
//! | `find` | a reduced find, and which finds are the same |
//! | `between`, `pair` | scripts on several kernels, and two of them for the reducer |

pub mod area;
mod asking;
pub mod between;
pub mod bulk;
pub mod find;
pub mod generator;
mod moves;
mod pair;
pub mod relations;
mod stage;
mod typed;
