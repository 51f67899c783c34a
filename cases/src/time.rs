//! Time namespaces: offsets of the monotonic and boot-time clocks.

use nsconform_harness::prelude::*;

/// The cases of this module.
pub const CASES: &[Case] = &[];

/// What this module cannot test.
pub const UNTESTED: &[Untested] = &[];
