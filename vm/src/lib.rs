//! Kernels for nsconform: which ones, where they come from, and the guests that they boot.
//!
//! This crate knows kernels and records, never claims: cases live in the crate `nsconform`.
//!
//! | module | what lives there |
//! |---|---|
//! | `kernels` | the list of kernels, and how they are fetched and kept |
//! | `initramfs` | what a guest is started from: the program, and modules for it |
//! | `record` | what the guest and the host say to each other |
//! | `guest` | the start of the program as PID 1: mounts, modules, device, power |
//! | `qemu` | one guest from start to end: command line, deadlines, how it ended |
//! | `grading`, `tools` | a submission graded in a guest, and what such a guest gets |
//! | `matrix` | many guests side by side, and what each gave |

pub mod grading;
pub mod guest;
pub mod initramfs;
pub mod kernels;
pub mod matrix;
pub mod qemu;
pub mod record;
pub mod tools;
