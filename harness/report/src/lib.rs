//! Events of runs in, documents out.
//!
//! | module | what lives there |
//! |---|---|
//! | `event` | the one stream of events; one event is one line of a run file |
//! | `run`, `shards`, `counts` | runs as values: read back, put together, counted |
//! | `document` | the trait of a report, and the one place where a format is chosen |
//! | `human`, `json`, `ktap`, `tap`, `junit`, `markdown`, `csv`, `kcidb` | a report each |
//! | `html` | the page for a browser: the same runs, and the words of the catalogue |
//! | `table` | many kernels side by side |
//! | `store`, `history` | runs that are kept, and what became of each case over kernels and time |
//! | `compare`, `diff` | what became of each case from one run to another, and how that is shown |
//! | `style` | how texts for people look |

#![forbid(unsafe_code)]

pub mod compare;
pub mod counts;
mod csv;
pub mod diff;
pub mod document;
pub mod event;
pub mod history;
pub mod html;
mod human;
mod json;
mod junit;
pub mod kcidb;
mod ktap;
mod markdown;
pub mod run;
pub mod shards;
pub mod store;
pub mod style;
pub mod table;
mod tap;
#[cfg(test)]
mod testing;

pub use nsconform_suite::verdict::ExitStatus;
pub use style::{count, paint};
