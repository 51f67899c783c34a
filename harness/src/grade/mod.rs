//! Grading: coursework programs run on a sealed stage and watched from outside.
//!
//! A submission is started by exec in namespaces of its own; what it does is read from the kernel,
//! never from what it prints. This module knows no assignment: the checks live in the crate
//! `nsconform`, what they give in `grading`.

pub mod grading;
