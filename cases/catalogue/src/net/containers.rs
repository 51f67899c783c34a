//! The network of a container: a device of its own, its own servers, a route from the host.

use super::{fetch_banner, link, outside, serve, tcp};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "net.container-has-own-virtual-device",
        claim: "A container can have a virtual network device of its own, which the outside does not see.",
        sources: &[SEED],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::VETH],
        wrong: "the device shows up outside, or not in the container",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let container = outer.clone("container", NEWNET)?;
            outer.link_add_veth_between("v0", outer, "eth0", container)?;
            container.links()?;
            outer.links()?;
            outer.address_add("eth0", "10.1.1.2/24")?;
            container.address_add("eth0", "10.1.1.2/24")?;
            container.addresses()?;
            outer.addresses()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.application-binds-per-ns-port",
        claim: "An application in a container binds to a port of the container's own range, also when that port is taken outside.",
        sources: &[SEED],
        since: "2.6.24",
        needs: &[&need::NET_NS],
        wrong: "the container's server is refused its port, or its client reaches the server outside",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let taken = tcp(outer)?;
            outer.bind(taken, "0.0.0.0:80")?;
            let container = outer.clone("container", NEWNET)?;
            container.link_set_up("lo")?;
            lab.note("The same port once more: refused outside, granted in the container.")?;
            let refused = tcp(outer)?;
            outer.bind(refused, "0.0.0.0:80")?;
            let listener = serve(container, "0.0.0.0:80")?;
            let client = container.fork("client")?;
            fetch_banner(client, "127.0.0.1:80", container, listener, "container")
        },
        ..CASE
    },
    Case {
        id: "net.host-routes-to-container-device",
        claim: "Routes outside decide which container's device a packet goes to; without one the container is not reached.",
        sources: &[SEED],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::VETH],
        wrong: "the container is reached without a route, or not with one, or the other container answers",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let first = outer.clone("first", NEWNET)?;
            let second = outer.clone("second", NEWNET)?;
            link(outer, "v1", "10.77.1.1/32", first, "10.77.1.2/24")?;
            link(outer, "v2", "10.77.2.1/32", second, "10.77.2.2/24")?;
            lab.note("a server on the same port in each")?;
            let first_server = serve(first, "0.0.0.0:7000")?;
            let second_server = serve(second, "0.0.0.0:7000")?;
            lab.note("no route leads to the containers")?;
            let stranded = tcp(outer)?;
            outer.connect(stranded, "10.77.1.2:7000")?;
            lab.note("now there is a route to each container")?;
            outer.route_add("10.77.1.0/24", "v1")?;
            outer.route_add("10.77.2.0/24", "v2")?;
            fetch_banner(outer, "10.77.1.2:7000", first, first_server, "first")?;
            fetch_banner(outer, "10.77.2.2:7000", second, second_server, "second")
        },
        ..CASE
    },
    Case {
        id: "net.several-servers-on-port-80",
        claim: "Several servers on one machine can each have port 80, one in each network namespace, and all are reached.",
        sources: &[SEED],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::VETH],
        wrong: "a server is refused the port, or a client reaches another server than that of the address",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            outer.link_set_up("lo")?;
            lab.note("two containers, each with a link to the outside")?;
            let first = outer.clone("first", NEWNET)?;
            let second = outer.clone("second", NEWNET)?;
            let client = outer.fork("client")?;
            link(outer, "v1", "10.77.1.1/24", first, "10.77.1.2/24")?;
            link(outer, "v2", "10.77.2.1/24", second, "10.77.2.2/24")?;
            lab.note("three servers on the same port")?;
            let outer_server = serve(outer, "0.0.0.0:80")?;
            let first_server = serve(first, "0.0.0.0:80")?;
            let second_server = serve(second, "0.0.0.0:80")?;
            lab.note("the client reaches each of them")?;
            fetch_banner(client, "127.0.0.1:80", outer, outer_server, "outer")?;
            fetch_banner(client, "10.77.1.2:80", first, first_server, "first")?;
            fetch_banner(client, "10.77.2.2:80", second, second_server, "second")
        },
        ..CASE
    },
];
