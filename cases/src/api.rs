//! The namespaces API itself: clone, unshare, setns, /proc/PID/ns, namespace ioctls, limits,
//! lifetime. What a namespace of one kind isolates lives in the module of that kind.
//!
//! The cases are in one file for each call or interface; here is what they share.

pub mod clone;
pub mod ioctl;
pub mod kinds;
pub mod lifetime;
pub mod limits;
pub mod pidfd;
pub mod proc_ns;
pub mod setns;
pub mod unshare;

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
pub(crate) const SETGROUPS: Excuse = Excuse {
    lie: "echo(\"deny\", \"/proc/self/setgroups\")",
    why: "where runs are contained in a user namespace setgroups is denied already, and this is inherited; elsewhere the write of gid_map fails",
};

/// The directory of namespace links of a process, in the sealed procfs.
pub(crate) fn ns(process: Process) -> String {
    process.proc("ns")
}

/// The caller's own directory of namespace links.
pub(crate) const OWN: &str = "/proc/self/ns";

/// What this module cannot test.
pub const UNTESTED: &[Untested] = &[
    Untested {
        id: "api.kind-versions",
        claim: "The kinds arrived one after another: mount namespaces in Linux 2.4.19 first, user namespaces, complete in 3.8, last of the first six.",
        sources: &[SEED, man("clone(2)", "DESCRIPTION")],
        why: "the order shows only on kernels from before 3.8, on which nsconform does not run; that all six kinds are there is tested",
        part: Some("api.six-kinds-of-2013"),
    },
    Untested {
        id: "api.kernel-log-not-isolated",
        claim: "No kind of namespace isolates the kernel log: a message is read by processes in all namespaces alike.",
        sources: &[SEED],
        why: "writing a message and reading it back needs CAP_SYSLOG in the initial user namespace and touches the log of the host, which a case must leave alone",
        part: None,
    },
];
