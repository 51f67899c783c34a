//! The namespaces API itself: clone, unshare, setns, /proc/PID/ns, namespace ioctls, limits, lifetime.

use nsconform_harness::prelude::*;

/// The cases of this module.
pub const CASES: &[Case] = &[];

/// What this module cannot test.
pub const UNTESTED: &[Untested] = &[];
