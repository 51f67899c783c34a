//! Kernels for nsconform: which ones, where they come from, and the guests that they boot.
//!
//! This crate knows kernels and records, never claims: cases live in the crate `nsconform`.

pub mod kernels;
