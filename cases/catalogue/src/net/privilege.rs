//! Who may create, join and configure a network namespace, and how many there may be.
//!
//! Moving a device into a foreign namespace lives in `moving`.

use super::{fetch_banner, outside, serve, tcp, try_to_bind};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "net.newnet-needs-cap",
        claim: "Creating a network namespace takes CAP_SYS_ADMIN, which a user namespace created in the same call gives.",
        sources: &[man("clone(2)", "CLONE_NEWNET"), man("unshare(2)", "CLONE_NEWNET")],
        since: "2.6.24",
        starts_as: Credentials::User,
        needs: &[&need::NET_NS, &need::USER_NS, &need::PROCFS],
        wrong: "an unprivileged user gets a network namespace, or none even with a user namespace",
        play: |lab| {
            let user = lab.process("user")?;
            user.readlink("/proc/self/ns/net")?;
            user.unshare(NEWNET)?;
            user.readlink("/proc/self/ns/net")?;
            user.unshare(NEWUSER | NEWNET)?;
            user.readlink("/proc/self/ns/net")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.userns-root-configures-own",
        claim: "A process that is privileged in a user namespace only may configure the network namespaces which that user namespace owns.",
        sources: &[man("user_namespaces(7)", "Interaction of user namespaces and other types of namespaces")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::NET_NS, &need::USER_NS],
        wrong: "it is refused something in its own network namespace",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER | NEWNET)?;
            user.link_get("lo")?;
            lab.note("it changes the device, its addresses and the routes")?;
            user.link_set_up("lo")?;
            user.link_get("lo")?;
            user.address_add("lo", "10.1.1.1/32")?;
            user.addresses()?;
            user.route_add("10.2.0.0/16", "lo")?;
            user.routes()?;
            lab.note("it binds a privileged port")?;
            let server = serve(user, "10.1.1.1:80")?;
            fetch_banner(user, "10.1.1.1:80", user, server, "port 80")
        },
        ..CASE
    },
    Case {
        id: "net.userns-root-not-foreign",
        claim: "A process that is privileged in a user namespace only may not configure a network namespace that an outer user namespace owns.",
        sources: &[man("user_namespaces(7)", "Interaction of user namespaces and other types of namespaces")],
        since: "3.8",
        needs: &[&need::NET_NS],
        wrong: "a request of it succeeds in the foreign network namespace, or fails in its own",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let guest = outer.clone("guest", NEWUSER)?;
            for own in [false, true] {
                if own {
                    lab.note("The same requests in a network namespace of its own.")?;
                    guest.unshare(NEWNET)?;
                }
                guest.link_set_up("lo")?;
                guest.address_add("lo", "10.1.1.1/32")?;
                try_to_bind(guest, Domain::AF_INET, SocketType::SOCK_STREAM, "0.0.0.0:80")?;
            }
            guest.addresses()?;
            outer.addresses()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.unprivileged-port-start",
        claim: "The first port that an unprivileged process may bind is a setting of each network namespace.",
        sources: &[man("ip(7)", "/proc interfaces")],
        since: "4.11",
        needs: &[&need::NET_NS, &need::PROCFS],
        wrong: "the setting of one network namespace counts in another, or in none",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            lab.note("In a user namespace of their own the guests have no privilege over the network.")?;
            let outer_guest = outer.clone("outer guest", NEWUSER)?;
            let inner_guest = inner.clone("inner guest", NEWUSER)?;
            outer.echo("80", "/proc/sys/net/ipv4/ip_unprivileged_port_start")?;
            for guest in [outer_guest, inner_guest] {
                let socket = tcp(guest)?;
                guest.bind(socket, "0.0.0.0:79")?;
                guest.bind(socket, "0.0.0.0:80")?;
                guest.getsockname(socket)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.limit-enospc",
        claim: "/proc/sys/user/max_net_namespaces limits how many network namespaces there may be; one more fails with ENOSPC.",
        sources: &[man("namespaces(7)", "The /proc/sys/user directory"), man("unshare(2)", "ERRORS")],
        since: "4.9",
        needs: &[&need::NET_NS, &need::PROCFS],
        wrong: "the namespace beyond the limit is created, or refused with another error",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWUSER)?;
            inner.readlink("/proc/self/ns/net")?;
            inner.echo("1", "/proc/sys/user/max_net_namespaces")?;
            inner.unshare(NEWNET)?;
            inner.readlink("/proc/self/ns/net")?;
            inner.unshare(NEWNET)?;
            inner.readlink("/proc/self/ns/net")?;
            inner.echo("2", "/proc/sys/user/max_net_namespaces")?;
            inner.unshare(NEWNET)?;
            inner.readlink("/proc/self/ns/net")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.setns-capabilities",
        claim: "Joining a network namespace takes CAP_SYS_ADMIN twice: in the caller's user namespace and in the one that owns the target.",
        sources: &[man("setns(2)", "DESCRIPTION")],
        since: "3.0",
        starts_as: Credentials::User,
        needs: &[&need::NET_NS, &need::USER_NS, &need::PROCFS],
        wrong: "one of the two capabilities suffices, or both do not",
        play: |lab| {
            let user = lab.process("user")?;
            let inner = user.clone("inner", NEWUSER | NEWNET)?;
            inner.readlink("/proc/self/ns/net")?;
            let net = user.open(inner.proc("ns/net"), O_RDONLY)?.id()?;
            let owner = user.open(inner.proc("ns/user"), O_RDONLY)?.id()?;
            lab.note("The creator has all capabilities in the owner of the target, none where it is.")?;
            user.setns(net, NEWNET)?;
            user.setns(owner, NEWUSER)?;
            user.setns(net, NEWNET)?;
            user.readlink("/proc/self/ns/net")?;
            lab.note("The guest has all capabilities where it is, none in the owner of the target.")?;
            let root = lab.process_as(Credentials::Root, "root")?;
            root.unshare(NEWNET)?;
            root.addresses()?;
            let outer = root.open("/proc/self/ns/net", O_RDONLY)?.id()?;
            let guest = root.clone("guest", NEWUSER | NEWNET)?;
            guest.setns(outer, NEWNET)?;
            let own = guest.open("/proc/self/ns/net", O_RDONLY)?.id()?;
            guest.readlink("/proc/self/ns/net")?;
            guest.unshare(NEWNET)?;
            guest.readlink("/proc/self/ns/net")?;
            guest.setns(own, NEWNET)?;
            guest.readlink("/proc/self/ns/net")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.setns-per-thread",
        claim: "A thread can create and join network namespaces by itself: the other threads of its process stay where they are.",
        sources: &[man("setns(2)", "DESCRIPTION"), man("unshare(2)", "CLONE_NEWNET")],
        since: "3.0",
        needs: &[&need::NET_NS, &need::PROCFS],
        wrong: "the other thread moves too, or the call is refused to a process with threads",
        play: |lab| {
            let first = outside(lab, "first")?;
            let file = first.open("/proc/self/ns/net", O_RDONLY)?.id()?;
            let second = first.clone("second", THREAD)?;
            let show = || {
                first.readlink("/proc/thread-self/ns/net")?;
                second.readlink("/proc/thread-self/ns/net")
            };
            show()?;
            second.unshare(NEWNET)?;
            show()?;
            second.setns(file, NEWNET)?;
            show()?;
            Ok(())
        },
        ..CASE
    },
];
