//! Grading: coursework programs run on a sealed stage and watched from outside.
//!
//! A submission is started by exec in namespaces of its own; what it does is read from the kernel,
//! never from what it prints. This crate knows no assignment: the checks live in `course`.
//!
//! | module | what lives there |
//! |---|---|
//! | `assignment` | the rules that a teacher may change: points, deadlines, hints |
//! | `grader` | one grading from outside the seal |
//! | `place` | the root directory that stages start from, and the submission in it |
//! | `stage` | the sealed place of one check, and what a check can do |
//! | `launch` | namespaces and processes being started |
//! | `cgroup` | limits that the kernel keeps for all of them together, where it can |
//! | `run`, `observed` | a submission under way: its streams, and what the kernel shows of it |
//! | `grading` | what a grading gives |
//! | `report` | what that is written as |

pub mod assignment;
mod cgroup;
pub mod grader;
pub mod grading;
mod launch;
mod observed;
mod place;
pub mod report;
mod run;
mod stage;

pub use launch::{Input, Launch};
pub use observed::{Mount, Namespace, ObservedProcess, State};
pub use place::{LARGEST_PROGRAM, Program};
pub use run::{Held, Run, Status, Stream};
pub use stage::{
    CheckAbort, CheckResult, CheckScript, MOST_MEMORY, MOST_OUTPUT, MOST_PROCESSES, Stage, ensure,
};
