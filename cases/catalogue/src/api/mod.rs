//! The namespaces API itself: clone, unshare, setns, /proc/PID/ns, namespace ioctls, limits,
//! lifetime. The rules of one kind of namespace live in the module of that kind.
//!
//! Each call or interface has a file of cases; this one has the helpers that they share.

crate::topics! {
    kinds,
    creation,
    clone,
    clone_errors,
    set_tid,
    unshare,
    setns,
    setns_permission,
    pidfd,
    pidfd_info,
    proc_ns,
    ioctl,
    ioctl_ids,
    handles,
    compare,
    limits,
    lifetime,
    tools,
}

use crate::prelude::*;

/// The part of the article series that explains the three system calls.
pub(crate) const CALLS: Source = text("LWN 531381, Namespaces in operation, part 2");

/// The map that makes an ordinary user root of a user namespace.
const MAP: &str = "0 1000 1";

/// Makes an ordinary user root of the user namespace that it has just entered: one may map oneself
/// without privilege, but only after giving up setgroups(2).
pub(crate) fn map_to_root(process: Process) -> Play {
    process.echo(MAP, "/proc/self/uid_map")?;
    process.echo("deny", "/proc/self/setgroups")?;
    process.echo(MAP, "/proc/self/gid_map")?;
    Ok(())
}

/// Why it is not noticed when setgroups(2) is not given up.
pub(crate) const SETGROUPS: Accepted = Accepted {
    mutant: "! echo \"deny\" > \"/proc/self/setgroups\"",
    why: "where runs are contained in a user namespace setgroups is denied already, and this is inherited; elsewhere the write of gid_map fails",
};

/// The directory of namespace links of a process, in the sealed procfs.
pub(crate) fn ns(process: Process) -> String {
    process.proc("ns")
}

/// The caller's own directory of namespace links.
pub(crate) const OWN: &str = "/proc/self/ns";

const CLONE_FS: Flags = Flags::CLONE_FS;

const CLONE_PARENT: Flags = Flags::CLONE_PARENT;

/// No kind at all: setns then takes a descriptor of any kind.
const ANY: Flags = Flags::empty();
