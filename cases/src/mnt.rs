//! Mount namespaces: mount lists, propagation, locked mounts, pivot_root.

use nsconform_harness::prelude::*;

/// The cases of this module.
pub const CASES: &[Case] = &[];

/// What this module cannot test.
pub const UNTESTED: &[Untested] = &[];
