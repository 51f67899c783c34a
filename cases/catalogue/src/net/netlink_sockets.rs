//! Whose credentials a request through a netlink socket needs, and in which network namespace it
//! counts.
//!
//! Events and who hears them live in `events`.

use super::outside;
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "net.netlink-opener-credentials",
        claim: "A request through a netlink socket needs the privilege of its sender and of the process that opened the socket: neither lends it to the other.",
        sources: &[man("netlink(7)", "DESCRIPTION"), man("capabilities(7)", "CAP_NET_ADMIN")],
        since: "3.15",
        needs: &[&need::NET_NS],
        wrong: "a privileged program that inherits a socket, or is handed one, changes the network for whoever opened it",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            outer.socketpair()?;
            let opened = outer.socket_netlink(NetlinkProtocol::NETLINK_ROUTE)?.id()?;
            let unprivileged = outer.fork("unprivileged")?;
            unprivileged.capset_drop(CAP_NET_ADMIN)?;
            lab.note("the opener was privileged, the sender is not")?;
            unprivileged.link_set_up_through(opened, "lo")?;
            lab.note("the opener was not privileged, the sender is")?;
            let handed = unprivileged.socket_netlink(NetlinkProtocol::NETLINK_ROUTE)?.id()?;
            unprivileged.sendmsg(4, "socket", scm_rights(handed))?;
            outer.recvmsg(3)?;
            outer.link_set_up_through(6, "lo")?;
            outer.link_get("lo")?;
            lab.note("both were")?;
            outer.link_set_up_through(opened, "lo")?;
            outer.link_get("lo")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.netlink-socket-before-userns",
        claim: "A netlink socket stays with the network namespace in which it was opened: a process that enters a user and a network namespace of its own configures the new one only through a new socket.",
        sources: &[man("netlink(7)", "DESCRIPTION"), man("network_namespaces(7)", "DESCRIPTION")],
        since: "3.8",
        needs: &[&need::NET_NS],
        wrong: "the old socket changes the new network namespace, or still the old one",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let mover = outer.fork("mover")?;
            let old = mover.socket_netlink(NetlinkProtocol::NETLINK_ROUTE)?.id()?;
            mover.unshare(NEWUSER | NEWNET)?;
            let new = mover.socket_netlink(NetlinkProtocol::NETLINK_ROUTE)?.id()?;
            mover.link_set_up_through(old, "lo")?;
            outer.link_get("lo")?;
            mover.link_get("lo")?;
            mover.link_set_up_through(new, "lo")?;
            mover.link_get("lo")?;
            outer.link_get("lo")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.netlink-socket-keeps-its-ns",
        claim: "A request through a netlink socket acts on the network namespace of the socket, not on the one that its process is in by now.",
        sources: &[man("netlink(7)", "DESCRIPTION"), man("network_namespaces(7)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::NET_NS],
        wrong: "the device of the process's present network namespace is changed",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let mover = outer.fork("mover")?;
            let socket = mover.socket_netlink(NetlinkProtocol::NETLINK_ROUTE)?.id()?;
            mover.unshare(NEWNET)?;
            mover.link_set_up_through(socket, "lo")?;
            mover.link_get("lo")?;
            outer.link_get("lo")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.netns-of-parent-userns",
        claim: "The root of a child user namespace that stayed in the network namespace of its parent can change nothing there: neither its devices, nor their addresses, nor its routing rules.",
        sources: &[
            man("user_namespaces(7)", "Interaction of user namespaces and other types of namespaces"),
            man("network_namespaces(7)", "DESCRIPTION"),
        ],
        since: "3.8",
        needs: &[&need::NET_NS, &need::VETH, &need::POLICY_RULES],
        wrong: "a capability in the child user namespace counts for a network namespace of the parent",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            outer.link_add_veth("v0", "v1")?;
            let guest = outer.clone("guest", NEWUSER)?;
            guest.capget()?;
            lab.note("each change by the guest, then by the owner")?;
            for process in [guest, outer] {
                process.link_set_up("v0")?;
                process.link_get("v0")?;
                process.neighbour_add("v0", "10.1.1.9")?;
                process.neighbours()?;
                process.route_add("10.2.0.0/16", "v0")?;
                process.routes()?;
                process.rule_add(100)?;
                process.rules()?;
                process.link_altname_add("v0", "other")?;
                process.link_altnames("v0")?;
                process.nsid_set_pid(outer.sealed(), 7)?;
                process.nsid_get_pid(outer.sealed())?;
                process.link_delete("v0")?;
                process.links()?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.owner-above-configures",
        claim: "A process with CAP_NET_ADMIN in a parent user namespace has it in the network namespaces that a child user namespace owns.",
        sources: &[man("user_namespaces(7)", "Capabilities"), man("network_namespaces(7)", "DESCRIPTION")],
        since: "3.8",
        needs: &[&need::NET_NS, &need::PROCFS, &need::MANY_IDS],
        wrong: "the capabilities of the outer root do not reach down, or those of an unprivileged process do",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWUSER | NEWNET)?;
            let visitor = outer.fork("visitor")?;
            let target = visitor.open(inner.proc("ns/net"), O_RDONLY)?.id()?;
            visitor.setns(target, NEWNET)?;
            let stranger = visitor.fork("stranger")?;
            stranger.setresuid(1001, 1001, 1001)?;
            stranger.link_set_up("lo")?;
            inner.link_get("lo")?;
            visitor.link_set_up("lo")?;
            inner.link_get("lo")?;
            Ok(())
        },
        ..CASE
    },
];
