//! User namespaces: ids, maps, capabilities, ownership.

use nsconform_harness::prelude::*;

/// The cases of this module.
pub const CASES: &[Case] = &[];

/// What this module cannot test.
pub const UNTESTED: &[Untested] = &[];
