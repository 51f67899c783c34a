//! Cgroup namespaces: the root of cgroup paths.
//!
//! Cases that need [`need::CGROUP2`] start in a cgroup of their own that is the root of their
//! cgroup namespace: `/` below is that cgroup, not the one of the machine.

crate::topics! {
    creation,
    paths,
    members,
    mounts,
    setns,
    delegation,
}

use crate::prelude::*;

/// Mounts the hierarchy on `cg` and makes `x/sub` in it.
fn hierarchy(process: &Process) -> Play {
    process.mkdir("cg", 0o755)?;
    process.mount("cgroup2", "cg", "cgroup2", MountFlags::empty(), "")?;
    process.mkdir("cg/x", 0o755)?;
    process.mkdir("cg/x/sub", 0o755)?;
    Ok(())
}

/// As [`hierarchy`], with `x/sub2` beside `x/sub`.
fn hierarchy_with_sibling(process: &Process) -> Play {
    hierarchy(process)?;
    process.mkdir("cg/x/sub2", 0o755)?;
    Ok(())
}

/// The `cgroup.procs` file to which a process writes `0` to move itself into `x/sub`.
const SUB: &str = "/tmp/cg/x/sub/cgroup.procs";

/// A reader's own place in the hierarchy.
const OWN: &str = "/proc/self/cgroup";

/// The reader's own cgroup namespace.
const NS: &str = "/proc/self/ns/cgroup";

/// The needs of the cases about paths.
const NEEDS: &[&need::Requirement] = &[&need::CGROUP_NS, &need::CGROUP2, &need::PROCFS];
