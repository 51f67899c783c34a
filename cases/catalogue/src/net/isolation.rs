//! The resources of the network that each namespace has for itself: devices, addresses, routes, ports.
//!
//! The files that show them live in `files`, what a socket keeps in `sockets`.

use super::{PART_7, outside, serve, try_to_bind, try_to_connect};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "net.own-devices",
        claim: "Each network namespace has network devices of its own; a new one has nothing but its loopback.",
        sources: &[SEED, man("network_namespaces(7)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::VETH],
        wrong: "the new namespace lists a device that was made outside",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            outer.link_add_veth("v0", "v1")?;
            let inner = outer.clone("inner", NEWNET)?;
            inner.links()?;
            inner.link_get("v0")?;
            inner.link_add_veth("w0", "w1")?;
            inner.links()?;
            outer.links()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.own-addresses",
        claim: "An IP address belongs to one network namespace; a new one has none.",
        sources: &[SEED, man("network_namespaces(7)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::NET_NS],
        wrong: "an address given on one side is listed on the other",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            outer.address_add("lo", "10.1.1.1/32")?;
            let inner = outer.clone("inner", NEWNET)?;
            inner.addresses()?;
            inner.address_add("lo", "10.2.2.2/32")?;
            inner.addresses()?;
            outer.addresses()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.own-routing-tables",
        claim: "Each network namespace has its own IP routing tables; those of a new one are empty.",
        sources: &[SEED, man("network_namespaces(7)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::NET_NS],
        wrong: "a route added on one side is listed on the other",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            outer.link_set_up("lo")?;
            outer.route_add("10.1.0.0/16", "lo")?;
            let inner = outer.clone("inner", NEWNET)?;
            inner.routes()?;
            inner.link_set_up("lo")?;
            inner.route_add("10.2.0.0/16", "lo")?;
            inner.routes()?;
            outer.routes()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.own-port-numbers",
        claim: "Each network namespace has its own port numbers: a port that is taken in one is free in another.",
        sources: &[SEED, man("network_namespaces(7)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::NET_NS],
        wrong: "the port is refused in the new namespace, or given out twice in one",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            lab.note("twice outside: the second time the port is taken; inside it is free")?;
            for kind in [SocketType::SOCK_STREAM, SocketType::SOCK_DGRAM] {
                for process in [outer, outer, inner] {
                    try_to_bind(process, Domain::AF_INET, kind, "0.0.0.0:7000")?;
                }
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.flag-clone-newnet",
        claim: "CLONE_NEWNET is the flag for network namespaces: it creates one, and it is the type of its descriptor.",
        sources: &[SEED, man("clone(2)", "CLONE_NEWNET"), man("setns(2)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::PROCFS],
        wrong: "the child stays in its parent's network namespace, or setns(2) takes the descriptor for another kind",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            outer.readlink("/proc/self/ns/net")?;
            outer.readlink("/proc/self/ns/uts")?;
            let file = outer.open("/proc/self/ns/net", O_RDONLY)?.id()?;
            let inner = outer.clone("inner", NEWNET)?;
            inner.readlink("/proc/self/ns/net")?;
            inner.readlink("/proc/self/ns/uts")?;
            inner.ioctl_nstype(file)?;
            inner.setns(file, NEWUTS)?;
            inner.setns(file, NEWNET)?;
            inner.readlink("/proc/self/ns/net")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.own-protocol-stacks",
        claim: "The IPv6 stack of a network namespace has settings of its own: switched off in one, it goes on in another.",
        sources: &[man("network_namespaces(7)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::IPV6, &need::PROCFS],
        wrong: "IPv6 stops outside too, or goes on inside",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            outer.link_set_up("lo")?;
            let inner = outer.clone("inner", NEWNET)?;
            inner.link_set_up("lo")?;
            let (family, kind) = (Domain::AF_INET6, SocketType::SOCK_STREAM);
            try_to_bind(inner, family, kind, "[::1]:80")?;
            lab.note("IPv6 is switched off inside; outside it goes on")?;
            inner.echo("1", "/proc/sys/net/ipv6/conf/all/disable_ipv6")?;
            try_to_bind(inner, family, kind, "[::1]:81")?;
            try_to_bind(outer, family, kind, "[::1]:81")
        },
        ..CASE
    },
    Case {
        id: "net.own-abstract-unix",
        claim: "Abstract names of UNIX sockets belong to a network namespace: in another one they are unknown and free.",
        sources: &[man("network_namespaces(7)", "DESCRIPTION"), man("unix(7)", "Abstract sockets")],
        since: "2.6.24",
        needs: &[&need::NET_NS],
        wrong: "the new namespace reaches the outer server, or finds its name taken",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            let server = outer.socket(Domain::AF_UNIX, SocketType::SOCK_STREAM)?.id()?;
            outer.bind(server, "@name")?;
            outer.listen(server)?;
            lab.note("outside the name is known and taken, inside it is unknown and free")?;
            for process in [outer, inner] {
                try_to_connect(process, Domain::AF_UNIX, "@name")?;
                try_to_bind(process, Domain::AF_UNIX, SocketType::SOCK_STREAM, "@name")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.pathname-unix-shared",
        claim: "UNIX sockets with a path are reached from every network namespace that sees the file.",
        sources: &[man("unix(7)", "Address format"), man("network_namespaces(7)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::NET_NS],
        wrong: "the connection from the new network namespace is refused",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            lab.note("with a path the socket is reached, with an abstract name it is not")?;
            for address in ["/tmp/socket", "@socket"] {
                let server = outer.socket(Domain::AF_UNIX, SocketType::SOCK_STREAM)?.id()?;
                outer.bind(server, address)?;
                outer.listen(server)?;
                try_to_connect(outer, Domain::AF_UNIX, address)?;
                try_to_connect(inner, Domain::AF_UNIX, address)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.same-names-in-two-ns",
        claim: "Two network namespaces can each have a device of the same name; one namespace cannot have two.",
        sources: &[man("network_namespaces(7)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::VETH],
        wrong: "the name is refused in the second namespace, or both names mean one device",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            outer.link_add_veth("v0", "v1")?;
            outer.link_add_veth("v0", "v2")?;
            inner.link_add_veth("v0", "v1")?;
            outer.link_set_up("v0")?;
            outer.link_get("v0")?;
            inner.link_get("v0")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.same-address-in-two-ns",
        claim: "Two network namespaces can use the same IP address; each reaches its own.",
        sources: &[PART_7],
        since: "2.6.24",
        needs: &[&need::NET_NS],
        wrong: "the address is refused, or leads to the other namespace's server",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            for process in [outer, inner] {
                process.link_set_up("lo")?;
                process.address_add("lo", "10.3.3.3/32")?;
            }
            lab.note("only the outer one serves at the address")?;
            serve(outer, "10.3.3.3:7000")?;
            for process in [outer, inner] {
                try_to_connect(process, Domain::AF_INET, "10.3.3.3:7000")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.own-firewall",
        claim: "Packet filters belong to one network namespace: a filter that lets nothing out holds for the packets of its own and is not there in another, made before or after it.",
        sources: &[man("network_namespaces(7)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::NFTABLES],
        wrong: "a filter of one network namespace stops packets in another, or a new one begins with a copy of it",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let before = outer.clone("before", NEWNET)?;
            outer.nft_drop_output("filter")?;
            let after = outer.clone("after", NEWNET)?;
            lab.note("a datagram over the loopback of the one that has the filter, then of the others")?;
            let datagram = |process: Process| {
                process.nft_tables()?;
                process.link_set_up("lo")?;
                let client = process.socket(Domain::AF_INET, SocketType::SOCK_DGRAM)?.id()?;
                process.connect(client, "127.0.0.1:9")?;
                process.write(client, "datagram")
            };
            datagram(outer)?;
            for process in [before, after] {
                let server = process.socket(Domain::AF_INET, SocketType::SOCK_DGRAM)?.id()?;
                process.bind(server, "127.0.0.1:9")?;
                datagram(process)?;
                process.recv(server)?;
            }
            Ok(())
        },
        ..CASE
    },
];

/// The claims of this topic that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[Untested {
    id: "net.mostly-complete-2629",
    claim: "Network namespaces were begun in Linux 2.6.24 and were for the most part complete in about 2.6.29.",
    sources: &[SEED],
    why: "it tells the history of the kernel; no call of a running kernel shows it",
    part: None,
}];
