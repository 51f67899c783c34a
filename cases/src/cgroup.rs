//! Cgroup namespaces: the root of cgroup paths.

use nsconform_harness::prelude::*;

/// The cases of this module.
pub const CASES: &[Case] = &[];

/// What this module cannot test.
pub const UNTESTED: &[Untested] = &[];
