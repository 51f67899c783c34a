//! Kernels for nsconform: which ones, where they come from, and the guests that they boot.
//!
//! This crate knows kernels and records, never claims: cases live in another crate.
//!
//! | room | its job |
//! |---|---|
//! | `arch` | everything that differs from one processor architecture to the next |
//! | `kernels` | the list of kernels, and how they are fetched and kept |
//! | `initramfs` | the files that a guest starts from: the program, and modules for it |
//! | `message` | the host's order, and the guest's answers |
//! | `guest` | the start of the program as PID 1: mounts, modules, device, power |
//! | `boot` | one guest from start to end: deadlines, console, how it ended |
//! | `qemu` | the command line of a guest that QEMU plays, and whether KVM works |
//! | `uml` | the command line of a guest that User-mode Linux plays |
//! | `fleet` | several guests at once, and the result of each |
//! | `grading`, `tools` | a submission graded in a guest, and the programs that such a guest gets |
//! | `compression` | reading foreign bytes within a limit |

pub mod arch;
pub mod boot;
mod compression;
pub mod dialogue;
pub mod fleet;
pub mod grading;
pub mod guest;
pub mod initramfs;
pub mod kernels;
pub mod message;
pub mod qemu;
#[cfg(test)]
mod testing;
pub mod tools;
pub mod uml;

#[cfg(test)]
#[global_allocator]
static ALLOCATOR: testing::Counting = testing::Counting;
