//! Grading: coursework programs run on a sealed stage and watched from outside.
//!
//! A submission is started by exec in namespaces of its own; what it does is read from the kernel,
//! never from what it prints. This crate knows no assignment: the checks live in `course`.
//!
//! | module | content |
//! |---|---|
//! | `assignment` | the rules that a teacher may change: points, deadlines, hints |
//! | `grader` | one grading from outside the seal |
//! | `compile`, `sources` | building a submission from its folder, sealed as on a stage |
//! | `grading` | the results of a grading |
//! | `report` | the formats that those are written in |
//! | `watcher`, `place` | the process that plays the checks, and its file system |
//! | `stage`, `looks` | the sealed place of one check, its limits, and looks at it |
//! | `build`, `given` | how a stage is built, and the files that the watcher puts there |
//! | `launch`, `attributes` | programs on a stage, and the attributes that all have in common |
//! | `run`, `observed` | a submission under way: its streams, and its processes as the kernel shows them |
//! | `waiting` | the system call in which a process waits |
//! | `progress` | signs that a process gets on |
//! | `clock` | the time of a submission, which is not that of the machine |
//! | `abort` | how a check ends early |
//! | `channel` | the watcher's messages to its parent |
//! | `workers` | gradings side by side, a process each |
//! | `fork`, `spaces`, `inside` | children of the watcher, and namespaces that they join |
//! | `cgroup` | limits that the kernel keeps for all processes together, where it can |
//!
//! The stage and its handles (`run`, `observed`, `looks`) know each other; every other module uses
//! only modules further down.
//!
//! # Paths that a submission controls
//!
//! A submission can be root of its stage: whatever a name in there stands for, it may have chosen.
//!
//! | the watcher's access | how it is safe |
//! |---|---|
//! | scripts for a submission | created by a descriptor of a directory that is read-only on the stage; `O_EXCL`, `O_NOFOLLOW`, fchmod(2) |
//! | the file under a bind mount | created in the same way; found again inside by openat2(2) without symbolic links and compared by device and inode; mounted by descriptors |
//! | the folder that is built | read without following a link; written, before the first command of the submission, by a descriptor of the scratch directory |
//! | the program that was built | openat2(2) beneath the scratch directory, without waiting; only a regular file |
//! | names in the scratch directory | read by a descriptor from before the submission's first instruction |
//! | a procfs that a submission has mounted | opened without symbolic links, only if fstatfs(2) says procfs, only read |
//! | mount points of file systems in memory | `O_PATH`, in the root of the process, without symbolic links; only fstat(2) and fstatvfs(2) |
//! | the list of mounts of the stage | by the watcher's own procfs, opened before joining |
//! | id maps | read and written by the watcher's own procfs, in the stage's user namespace and, for writing, with its user's id |
//! | the working directory, the program, its interpreter | looked up with the ids of the submission, as its own |
//! | programs of the system's (targets) | executed in a mount namespace that no submission is ever in |
//! | settings below /proc/sys, devices | read-only mounts, on the stage and in the watcher's place |
//! | a result file | its directory opened without symbolic links; the file is created beside and renamed |

mod abort;
pub mod assignment;
mod attributes;
mod build;
mod cgroup;
mod channel;
mod clock;
pub mod compile;
mod fork;
mod given;
pub mod grader;
pub mod grading;
mod inside;
mod launch;
mod looks;
mod observed;
mod place;
mod progress;
pub mod report;
mod run;
mod sources;
mod spaces;
mod stage;
mod waiting;
mod watcher;
pub mod workers;

pub use abort::{CheckAbort, CheckResult, MOST_MEMORY, MOST_OUTPUT, MOST_PROCESSES, ensure};
pub use attributes::{DIRECTORY, ENVIRONMENT};
pub use launch::{Input, Launch};
pub use nsconform_sys::mountinfo::MountInfo;
pub use observed::{Namespace, ObservedProcess, ProcessState};
pub use place::{LARGEST_PROGRAM, Program};
pub use run::{Held, Run, Stream, Termination};
pub use sources::{LARGEST_FOLDER, MOST_ENTRIES, Sources};
pub use stage::{CheckScript, Stage};
