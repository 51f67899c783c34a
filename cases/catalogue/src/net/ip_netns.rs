//! The commands of ip-netns(8): rules of a program, which nsconform does not run.
//!
//! Ids of network namespaces live in `nsids`, what keeps a namespace alive in `lifetime`.

use crate::prelude::*;

/// The cases of this topic: none, see [`UNTESTED`].
pub const CASES: &[Case] = &[];

const OF_A_PROGRAM: &str = "it is a rule of the program ip(8) and not of the kernel, and nsconform starts no programs of the machine";

/// The claims of this topic that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[
    Untested {
        id: "net.ip-netns-add",
        claim: "`ip netns add` makes a network namespace and mounts its file at a name in /run/netns.",
        sources: &[man("ip-netns(8)", "DESCRIPTION")],
        why: OF_A_PROGRAM,
        part: Some("net.fd-or-bind-pins-ns"),
    },
    Untested {
        id: "net.ip-netns-add-twice",
        claim: "A name in /run/netns that exists is refused to `ip netns add`.",
        sources: &[man("ip-netns(8)", "DESCRIPTION")],
        why: OF_A_PROGRAM,
        part: None,
    },
    Untested {
        id: "net.ip-netns-run-netns-shared",
        claim: "/run/netns is made a shared mount, so that its names reach other mount namespaces.",
        sources: &[man("ip-netns(8)", "DESCRIPTION")],
        why: OF_A_PROGRAM,
        part: None,
    },
    Untested {
        id: "net.ip-netns-list",
        claim: "`ip netns list` lists the names in /run/netns.",
        sources: &[man("ip-netns(8)", "DESCRIPTION")],
        why: OF_A_PROGRAM,
        part: None,
    },
    Untested {
        id: "net.ip-netns-exec",
        claim: "`ip netns exec` runs a command in a named network namespace and passes on its exit status.",
        sources: &[man("ip-netns(8)", "DESCRIPTION")],
        why: OF_A_PROGRAM,
        part: Some("net.setns-capabilities"),
    },
    Untested {
        id: "net.ip-netns-exec-mount-ns",
        claim: "`ip netns exec` gives the command a mount namespace of its own with a sysfs of the network namespace.",
        sources: &[man("ip-netns(8)", "DESCRIPTION")],
        why: OF_A_PROGRAM,
        part: Some("net.own-sys-class-net"),
    },
    Untested {
        id: "net.ip-netns-exec-etc",
        claim: "Files in /etc/netns/NAME stand in for those of /etc for the command.",
        sources: &[man("ip-netns(8)", "DESCRIPTION")],
        why: OF_A_PROGRAM,
        part: None,
    },
    Untested {
        id: "net.ip-netns-identify-pids",
        claim: "`ip netns identify` names the network namespace of a process, `ip netns pids` lists the processes of a name.",
        sources: &[man("ip-netns(8)", "DESCRIPTION")],
        why: OF_A_PROGRAM,
        part: None,
    },
    Untested {
        id: "net.ip-netns-attach",
        claim: "`ip netns attach` gives a name to the network namespace of a process.",
        sources: &[man("ip-netns(8)", "DESCRIPTION")],
        why: OF_A_PROGRAM,
        part: None,
    },
    Untested {
        id: "net.ip-netns-del",
        claim: "`ip netns delete` removes a name; the network namespace stays while it is in use.",
        sources: &[man("ip-netns(8)", "DESCRIPTION")],
        why: OF_A_PROGRAM,
        part: Some("net.fd-or-bind-pins-ns"),
    },
    Untested {
        id: "net.ip-netns-del-busy",
        claim: "`ip netns delete` can fail if the mount is in use in another mount namespace.",
        sources: &[man("ip-netns(8)", "DESCRIPTION")],
        why: OF_A_PROGRAM,
        part: None,
    },
    Untested {
        id: "net.ip-netns-all",
        claim: "With -all, exec and delete are carried out for every name.",
        sources: &[man("ip-netns(8)", "DESCRIPTION")],
        why: OF_A_PROGRAM,
        part: None,
    },
    Untested {
        id: "net.ip-netns-monitor",
        claim: "`ip netns monitor` tells of names that are added and deleted.",
        sources: &[man("ip-netns(8)", "DESCRIPTION")],
        why: OF_A_PROGRAM,
        part: Some("net.nsid-events"),
    },
    Untested {
        id: "net.ip-netns-list-id",
        claim: "`ip netns list-id` translates ids between network namespaces.",
        sources: &[man("ip-netns(8)", "DESCRIPTION")],
        why: OF_A_PROGRAM,
        part: Some("net.nsid-per-ns"),
    },
];
