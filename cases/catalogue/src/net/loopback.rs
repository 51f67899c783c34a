//! The loopback device of a new network namespace, and how cut off the namespace is.

use super::{PART_7, outside, serve, try_to_connect};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "net.lo-starts-down",
        claim: "The loopback device of a new network namespace is down until someone sets it up.",
        sources: &[PART_7],
        since: "2.6.24",
        needs: &[&need::NET_NS],
        wrong: "the new loopback is up, or follows that of the creator",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            outer.link_get("lo")?;
            outer.link_set_up("lo")?;
            outer.link_get("lo")?;
            let inner = outer.clone("inner", NEWNET)?;
            inner.link_get("lo")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.lo-down-unreachable",
        claim: "While the loopback device is down a process cannot even connect to itself at 127.0.0.1, although a server listens at every address.",
        sources: &[PART_7],
        since: "2.6.24",
        needs: &[&need::NET_NS],
        wrong: "127.0.0.1 is reached while the loopback is down, or not while it is up",
        play: |lab| {
            let process = outside(lab, "process")?;
            serve(process, "0.0.0.0:80")?;
            try_to_connect(process, Domain::AF_INET, "127.0.0.1:80")?;
            process.link_set_up("lo")?;
            try_to_connect(process, Domain::AF_INET, "127.0.0.1:80")
        },
        ..CASE
    },
    Case {
        id: "net.lo-up-reachable",
        claim: "Once the loopback device is up, 127.0.0.1 and ::1 are there and connections to them work.",
        sources: &[PART_7, man("ip-netns(8)", "EXAMPLES")],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::IPV6],
        wrong: "an address is missing, or a server at it is not reached",
        play: |lab| {
            let process = outside(lab, "process")?;
            process.link_set_up("lo")?;
            process.addresses()?;
            lab.note("a connection is refused while nobody listens, and works once somebody does")?;
            for (family, address) in [(Domain::AF_INET, "127.0.0.1:80"), (Domain::AF_INET6, "[::1]:80")] {
                try_to_connect(process, family, address)?;
                let server = process.socket(family, SocketType::SOCK_STREAM)?.id()?;
                process.bind(server, address)?;
                process.listen(server)?;
                try_to_connect(process, family, address)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.fresh-ns-isolated-from-outside",
        claim: "A new network namespace has no connection to the outside, and setting up its loopback gives it none.",
        sources: &[PART_7],
        since: "2.6.24",
        needs: &[&need::NET_NS],
        wrong: "an address outside is reached from the new namespace",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            outer.link_set_up("lo")?;
            outer.address_add("lo", "10.1.1.1/32")?;
            serve(outer, "0.0.0.0:7000")?;
            lab.note("the new namespace sets up its own loopback")?;
            let inner = outer.clone("inner", NEWNET)?;
            inner.link_set_up("lo")?;
            lab.note("the outer server is reached from outside alone")?;
            for address in ["10.1.1.1:7000", "127.0.0.1:7000"] {
                for process in [outer, inner] {
                    try_to_connect(process, Domain::AF_INET, address)?;
                }
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.lo-down-bind-allowed",
        claim: "In a new network namespace a server may bind to 127.0.0.1 and listen there before the loopback device is up; clients reach it when it is.",
        sources: &[PART_7, text("kernel, in no manual page")],
        since: "2.6.24",
        // Without policy rules the kernel looks for the address in the tables of devices that are up.
        needs: &[&need::NET_NS, &need::POLICY_RULES],
        wrong: "the address is not there while the device is down, or the server has to be started again",
        play: |lab| {
            let process = outside(lab, "process")?;
            process.link_get("lo")?;
            let server = serve(process, "127.0.0.1:80")?;
            process.getsockname(server)?;
            let datagrams = process.socket(Domain::AF_INET, SocketType::SOCK_DGRAM)?.id()?;
            process.bind(datagrams, "127.0.0.1:53")?;
            try_to_connect(process, Domain::AF_INET, "127.0.0.1:80")?;
            lab.note("the device comes up, and both servers are there")?;
            process.link_set_up("lo")?;
            try_to_connect(process, Domain::AF_INET, "127.0.0.1:80")?;
            let client = process.socket(Domain::AF_INET, SocketType::SOCK_DGRAM)?.id()?;
            process.connect(client, "127.0.0.1:53")?;
            process.write(client, "datagram")?;
            process.recv(datagrams)?;
            Ok(())
        },
        ..CASE
    },
];
