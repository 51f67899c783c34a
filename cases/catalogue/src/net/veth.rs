//! veth(4): pairs across network namespaces, their delivery and their end.

use super::{link, outside};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "net.veth-pair",
        claim: "veth devices come in pairs: one request makes two.",
        sources: &[man("veth(4)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::VETH],
        wrong: "only one device appears, or one of another kind",
        play: |lab| {
            let process = outside(lab, "process")?;
            process.links()?;
            process.link_add_veth("v0", "v1")?;
            process.links()?;
            process.link_get("v0")?;
            process.link_get("v1")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.veth-created-in-two-ns",
        claim: "The two ends of a veth pair can be made in two different network namespaces, neither of them the maker's.",
        sources: &[man("veth(4)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::VETH],
        wrong: "an end appears in the maker's network namespace or in the wrong one",
        play: |lab| {
            let maker = outside(lab, "maker")?;
            let first = maker.clone("first", NEWNET)?;
            let second = maker.clone("second", NEWNET)?;
            maker.link_add_veth_between("v0", first, "v1", second)?;
            for process in [maker, first, second] {
                process.links()?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.veth-delivers-to-peer",
        claim: "A packet sent through one end of a veth pair arrives at the other end, also in another network namespace.",
        sources: &[man("veth(4)", "DESCRIPTION"), man("network_namespaces(7)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::VETH],
        wrong: "a datagram does not arrive",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            link(outer, "v0", "10.1.1.1/24", inner, "10.1.1.2/24")?;
            lab.note("a socket on each side")?;
            let ends = [(outer, "10.1.1.1:9", "10.1.1.2:9"), (inner, "10.1.1.2:9", "10.1.1.1:9")];
            let mut sockets = Vec::new();
            for (process, own, peer) in ends {
                let socket = process.socket(Domain::AF_INET, SocketType::SOCK_DGRAM)?.id()?;
                process.bind(socket, own)?;
                process.connect(socket, peer)?;
                sockets.push(socket);
            }
            lab.note("both directions")?;
            outer.write(sockets[0], "inwards")?;
            inner.recv(sockets[1])?;
            inner.write(sockets[1], "outwards")?;
            outer.recv(sockets[0])?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.veth-link-needs-both-up",
        claim: "The link of a veth pair is up only while both of its devices are.",
        sources: &[man("veth(4)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::VETH],
        wrong: "LOWER_UP, the sign of a link, shows while one end is down, or not while both are up",
        play: |lab| {
            let process = outside(lab, "process")?;
            process.link_add_veth("v0", "v1")?;
            process.link_set_up("v0")?;
            process.link_get("v0")?;
            process.link_set_up("v1")?;
            process.link_get("v0")?;
            process.link_get("v1")?;
            process.link_set_down("v1")?;
            process.link_get("v0")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.veth-delete-removes-both",
        claim: "Whoever deletes one device of a veth pair deletes the other one with it, wherever it is.",
        sources: &[man("veth(4)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::VETH],
        wrong: "the other device stays, or one of another pair goes",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            outer.link_add_veth_between("v0", outer, "v1", inner)?;
            outer.link_add_veth_between("w0", outer, "w1", inner)?;
            outer.links()?;
            inner.link_delete("v1")?;
            inner.links()?;
            outer.links()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.veth-destroyed-with-ns",
        claim: "When a network namespace is freed its veth devices are destroyed, and with them their other ends elsewhere.",
        sources: &[man("network_namespaces(7)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::VETH],
        wrong: "the end outside stays; the case then runs into its deadline",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            outer.link_add_veth_between("v0", outer, "v1", inner)?;
            outer.link_add_veth("w0", "w1")?;
            outer.links()?;
            inner.exit(0)?;
            outer.waitpid(inner, WaitOptions::empty())?;
            outer.wait_link_gone("v0")?;
            outer.links()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.veth-bridge-to-others",
        claim: "veth devices whose one ends are ports of a bridge connect the network namespaces of their other ends with each other.",
        sources: &[man("network_namespaces(7)", "DESCRIPTION"), man("veth(4)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::VETH, &need::BRIDGE],
        wrong: "a datagram does not arrive; the case then runs into its deadline",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let first = outer.clone("first", NEWNET)?;
            let second = outer.clone("second", NEWNET)?;
            outer.link_add("b0", "bridge")?;
            outer.link_set_up("b0")?;
            for (process, port, address) in [(first, "p1", "10.1.1.1/24"), (second, "p2", "10.1.1.2/24")] {
                outer.link_add_veth_between(port, outer, "eth0", process)?;
                process.address_add("eth0", address)?;
                outer.link_set_up(port)?;
                process.link_set_up("eth0")?;
                process.wait_link_running("eth0")?;
                process.links()?;
            }
            outer.links()?;
            lab.note("the outer ends become ports of the bridge")?;
            outer.link_set_master("p1", "b0")?;
            outer.link_set_master("p2", "b0")?;
            lab.note("a datagram from one to the other")?;
            let server = second.socket(Domain::AF_INET, SocketType::SOCK_DGRAM)?.id()?;
            second.bind(server, "10.1.1.2:9")?;
            let client = first.socket(Domain::AF_INET, SocketType::SOCK_DGRAM)?.id()?;
            first.connect(client, "10.1.1.2:9")?;
            first.write(client, "over the bridge")?;
            second.recv(server)?;
            Ok(())
        },
        ..CASE
    },
];
