//! Time namespaces: offsets of the monotonic and boot-time clocks.
//!
//! The offsets of a time namespace can be set only until the first process enters it: so cases
//! unshare, write the offsets, and only then create the child that reads the clocks. Clock
//! readings are shown relative to the first reading of the same clock in the trace.

crate::topics! {
    membership,
    clocks,
    timers,
    offsets,
    offsets_errors,
    setns,
    privilege,
}

use crate::prelude::*;

/// The reader's own time namespace.
const NS: &str = "/proc/self/ns/time";

/// The one that the reader's next children will be in.
const CHILDREN: &str = "/proc/self/ns/time_for_children";

/// The offsets of the latter.
const OFFSETS: &str = "/proc/self/timens_offsets";

/// The needs of all cases.
const NEEDS: &[&need::Requirement] = &[&need::TIME_NS, &need::PROCFS];

/// The needs of cases that read offsets, or clocks moved by them: they count from the initial
/// time namespace.
const FROM_INITIAL: &[&need::Requirement] = &[&need::TIME_NS, &need::PROCFS, &need::INITIAL_TIME_NS];

/// The page that documents most of it.
const DESCRIPTION: Source = man("time_namespaces(7)", "DESCRIPTION");

/// The section about the offsets.
const OFFSETS_FILE: Source = man("time_namespaces(7)", "/proc/PID/timens_offsets");

const NOTES: Source = man("time_namespaces(7)", "NOTES");
