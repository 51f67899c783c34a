//! The tables of a network namespace beside devices, addresses and routes: indexes, policy rules,
//! neighbours, UNIX sockets.
//!
//! Devices, addresses, routes and ports live in `isolation`, the files in /proc/net in `files`.

use super::{PART_7, outside, serve};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "net.own-ifindexes",
        claim: "The numbers of network devices belong to a network namespace: the loopback has number 1 in each, and another number can be used once in each.",
        sources: &[man("netdevice(7)", "Ioctls"), text("kernel, in no manual page")],
        since: "5.13",
        needs: &[&need::NET_NS, &need::VETH, &need::NEW_IFINDEX],
        wrong: "the second network namespace refuses a number that the first one uses, or numbers its loopback on from there",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let first = outer.clone("first", NEWNET)?;
            let second = outer.clone("second", NEWNET)?;
            outer.link_add_veth("v0", "v1")?;
            for process in [outer, first, second] {
                process.link_index("lo")?;
            }
            lab.note("the same number in two namespaces")?;
            outer.link_set_netns_pid_index("v0", first, 77)?;
            outer.link_set_netns_pid_index("v1", second, 77)?;
            first.link_index("v0")?;
            second.link_index("v1")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.own-policy-rules",
        claim: "The rules that choose a routing table belong to a network namespace; a new one has the three that every namespace starts with.",
        sources: &[man("ip-rule(8)", "DESCRIPTION"), PART_7],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::POLICY_RULES],
        wrong: "a rule that is added in one network namespace is there in another, or inherited by a new one",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let old = outer.clone("old", NEWNET)?;
            outer.rules()?;
            outer.rule_add(100)?;
            outer.rules()?;
            old.rules()?;
            let new = outer.clone("new", NEWNET)?;
            new.rules()?;
            lab.note("and the same one can be added there")?;
            new.rule_add(100)?;
            new.rules()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.own-neighbours",
        claim: "The table of neighbours belongs to a network namespace: an entry made in one is not in another.",
        sources: &[man("ip-netns(8)", "DESCRIPTION"), man("arp(7)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::VETH],
        wrong: "the entry is listed in both network namespaces, or outlives the move of its device",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            outer.link_add_veth_between("v0", outer, "v0", inner)?;
            outer.neighbour_add("v0", "10.1.1.9")?;
            outer.neighbours()?;
            inner.neighbours()?;
            inner.neighbour_add("v0", "10.1.1.9")?;
            inner.neighbours()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.move-drops-neighbours",
        claim: "When a device moves to another network namespace its neighbours and its routes are gone: the old namespace drops them and the new one does not get them.",
        sources: &[PART_7, man("ip-link(8)", "ip link set")],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::VETH],
        wrong: "an entry about a device that has left stays behind, or arrives with the device",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            outer.link_add_veth("v0", "v1")?;
            outer.link_set_up("v0")?;
            outer.neighbour_add("v0", "10.1.1.9")?;
            outer.route_add("10.2.0.0/16", "v0")?;
            outer.neighbours()?;
            outer.routes()?;
            lab.note("the device moves")?;
            outer.link_set_netns_pid("v0", inner)?;
            for process in [outer, inner] {
                process.neighbours()?;
                process.routes()?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.foreign-device-not-configurable",
        claim: "A device in another network namespace can be given no address: its number there means nothing here.",
        sources: &[man("network_namespaces(7)", "DESCRIPTION"), man("rtnetlink(7)", "RTM_NEWADDR")],
        since: "5.13",
        needs: &[&need::NET_NS, &need::VETH, &need::NEW_IFINDEX],
        wrong: "a process gives an address to a device that another network namespace has",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            outer.link_add_veth("v0", "v1")?;
            outer.link_set_netns_pid_index("v1", inner, 77)?;
            lab.note("by its number and by its name")?;
            outer.address_add_index(77, "10.1.1.1")?;
            outer.address_add("v1", "10.1.1.1/32")?;
            lab.note("its own namespace can do it")?;
            inner.address_add_index(77, "10.1.1.1")?;
            inner.addresses()?;
            outer.addresses()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.own-proc-net-unix",
        claim: "/proc/PID/net/unix lists the UNIX sockets of that process's network namespace only, those with a path too.",
        sources: &[man("proc_pid_net(5)", "/proc/pid/net/unix"), man("unix(7)", "Abstract sockets")],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::PROCFS],
        wrong: "a socket of another network namespace is listed",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            let named = outer.socket(Domain::AF_UNIX, SocketType::SOCK_STREAM)?.id()?;
            outer.bind(named, "@name")?;
            let filed = outer.socket(Domain::AF_UNIX, SocketType::SOCK_STREAM)?.id()?;
            outer.bind(filed, "/tmp/path")?;
            outer.column(outer.proc("net/unix"), "Path")?;
            outer.column(inner.proc("net/unix"), "Path")?;
            inner.column(outer.proc("net/unix"), "Path")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.sock-diag-per-ns",
        claim: "The table of TCP sockets names the owner of each as the reader's user namespace calls it, and as the overflow id where it has no name there.",
        sources: &[
            man("proc_pid_net(5)", "/proc/pid/net/tcp"),
            man("user_namespaces(7)", "Unmapped user and group IDs"),
        ],
        since: "3.8",
        needs: &[&need::NET_NS, &need::PROCFS, &need::MANY_IDS],
        wrong: "the id of the socket's owner is shown in the terms of another user namespace",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            outer.link_set_up("lo")?;
            let owner = outer.fork("owner")?;
            owner.setresuid(1001, 1001, 1001)?;
            serve(owner, "127.0.0.1:7000")?;
            lab.note("asked from outside, without a map, with one")?;
            outer.tcp_owners("/proc/self/net/tcp")?;
            let inner = outer.clone("inner", NEWUSER)?;
            inner.tcp_owners("/proc/self/net/tcp")?;
            outer.echo("5 1001 1", inner.proc("uid_map"))?;
            inner.tcp_owners("/proc/self/net/tcp")?;
            Ok(())
        },
        ..CASE
    },
];
