//! Kinds and options of sockets that take a privilege, and in which user namespace it counts.
//!
//! Ports that take a privilege live in `privilege`.

use super::outside;
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "net.raw-packet-by-owner",
        claim: "Raw and packet sockets take CAP_NET_RAW in the user namespace that owns the network namespace.",
        sources: &[
            man("raw(7)", "DESCRIPTION"),
            man("packet(7)", "DESCRIPTION"),
            man("capabilities(7)", "CAP_NET_RAW"),
        ],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::NET_NS, &need::USER_NS],
        wrong: "a capability in any other user namespace lets a process read the packets of the network namespace, or the owner's root may not",
        accepted: &[Accepted {
            mutant: "socket(AF_PACKET, SOCK_DGRAM)",
            why: "the claim is that the call is allowed, and no later step needs this socket",
        }],
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER | NEWNET)?;
            user.map_ids("/proc/self", "0 1000 1", "0 1000 1")?;
            let guest = user.clone("guest", NEWUSER)?;
            for process in [user, guest] {
                process.socket_of(Domain::AF_INET, SocketType::SOCK_RAW, Protocol::IPPROTO_ICMP)?;
                process.socket(Domain::AF_PACKET, SocketType::SOCK_RAW)?;
                process.socket(Domain::AF_PACKET, SocketType::SOCK_DGRAM)?;
            }
            lab.note("the owner's root without that capability")?;
            user.capset_drop(CAP_NET_RAW)?;
            user.socket_of(Domain::AF_INET, SocketType::SOCK_RAW, Protocol::IPPROTO_ICMP)?;
            user.socket(Domain::AF_PACKET, SocketType::SOCK_RAW)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.privileged-options-by-netns-owner",
        claim: "Privileged options of a socket take the capability in the user namespace that owns the socket's network namespace, wherever the caller is root.",
        sources: &[
            man("socket(7)", "SO_MARK"),
            man("socket(7)", "SO_PRIORITY"),
            man("ip(7)", "IP_TRANSPARENT"),
        ],
        since: "3.9",
        needs: &[&need::NET_NS],
        wrong: "the root of a user namespace marks or prioritises packets of a foreign network namespace, or not those of its own",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let guest = outer.clone("guest", NEWUSER)?;
            let before = guest.socket(Domain::AF_INET, SocketType::SOCK_DGRAM)?.id()?;
            guest.unshare(NEWNET)?;
            let after = guest.socket(Domain::AF_INET, SocketType::SOCK_DGRAM)?.id()?;
            lab.note("a socket of the old network namespace, and one of its own")?;
            for socket in [before, after] {
                guest.setsockopt(socket, SocketOption::SO_MARK, 7)?;
                guest.getsockopt(socket, SocketOption::SO_MARK)?;
                guest.setsockopt(socket, SocketOption::SO_PRIORITY, 7)?;
                guest.getsockopt(socket, SocketOption::SO_PRIORITY)?;
                guest.setsockopt_ip(socket, IpOption::IP_TRANSPARENT, 1)?;
                guest.getsockopt_ip(socket, IpOption::IP_TRANSPARENT)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.bufforce-host-only",
        claim: "A process may exceed the limits on socket buffers only with CAP_NET_ADMIN in the initial user namespace, since they protect the machine's memory.",
        sources: &[
            man("socket(7)", "SO_RCVBUFFORCE"),
            man("socket(7)", "SO_SNDBUFFORCE"),
            man("socket(7)", "SO_DEBUG"),
        ],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::NET_NS, &need::USER_NS, &need::PLAIN_UID],
        wrong: "the root of a user namespace takes as much of the machine's memory as it likes",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER | NEWNET)?;
            let socket = user.socket(Domain::AF_INET, SocketType::SOCK_DGRAM)?.id()?;
            user.setsockopt(socket, SocketOption::SO_RCVBUFFORCE, 4096)?;
            user.setsockopt(socket, SocketOption::SO_SNDBUFFORCE, 4096)?;
            user.setsockopt(socket, SocketOption::SO_DEBUG, 1)?;
            lab.note("a privileged option about its own network namespace only")?;
            user.setsockopt(socket, SocketOption::SO_MARK, 7)?;
            user.getsockopt(socket, SocketOption::SO_MARK)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.old-socket-port-privilege",
        claim: "A socket of the old network namespace gives the root of a new user namespace no privileged port there; one of its own network namespace does.",
        sources: &[man("ip(7)", "DESCRIPTION"), man("capabilities(7)", "CAP_NET_BIND_SERVICE")],
        since: "3.8",
        needs: &[&need::NET_NS],
        wrong: "CAP_NET_BIND_SERVICE counts in the user namespace of the process and not of the socket",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let guest = outer.fork("guest")?;
            let before = guest.socket(Domain::AF_INET, SocketType::SOCK_STREAM)?.id()?;
            guest.unshare(NEWUSER | NEWNET)?;
            let after = guest.socket(Domain::AF_INET, SocketType::SOCK_STREAM)?.id()?;
            for socket in [before, after] {
                guest.bind(socket, "0.0.0.0:80")?;
                guest.getsockname(socket)?;
            }
            lab.note("a port for everybody")?;
            guest.bind(before, "0.0.0.0:8080")?;
            guest.getsockname(before)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.siocgskns-capability",
        claim: "The ioctl SIOCGSKNS takes CAP_NET_ADMIN in the user namespace that owns the socket's network namespace, also for a socket of one's own.",
        sources: &[text("linux/sockios.h"), man("capabilities(7)", "CAP_NET_ADMIN")],
        since: "4.10",
        needs: &[&need::NET_NS, &need::PROCFS],
        wrong: "an unprivileged process gets a descriptor of its network namespace, or a root that does not own it",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let guest = outer.clone("guest", NEWUSER)?;
            let foreign = guest.socket(Domain::AF_INET, SocketType::SOCK_STREAM)?.id()?;
            guest.ioctl_siocgskns(foreign)?;
            guest.unshare(NEWNET)?;
            guest.ioctl_siocgskns(foreign)?;
            let own = guest.socket(Domain::AF_INET, SocketType::SOCK_STREAM)?.id()?;
            let file = guest.ioctl_siocgskns(own)?.id()?;
            guest.fstat_ns(file)?;
            guest.readlink("/proc/self/ns/net")?;
            lab.note("without the capability")?;
            guest.capset_drop(CAP_NET_ADMIN)?;
            guest.ioctl_siocgskns(own)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.ping-group-range",
        claim: "Who may open ping sockets is a setting of each network namespace; in a new one nobody may, until its owner lets a range of its groups.",
        sources: &[man("icmp(7)", "ping_group_range")],
        since: "3.0",
        starts_as: Credentials::User,
        needs: &[&need::NET_NS, &need::USER_NS, &need::PROC_SYS_NET, &need::PROCFS],
        wrong: "groups are taken in the terms of another user namespace, or a new network namespace lets somebody from the start",
        play: |lab| {
            let user = lab.process("user")?;
            user.readlink("/proc/self/ns/net")?;
            user.unshare(NEWUSER | NEWNET)?;
            user.readlink("/proc/self/ns/net")?;
            user.map_ids("/proc/self", "0 1000 1", "7 1000 1")?;
            let other = user.clone("other", NEWNET)?;
            user.socket_of(Domain::AF_INET, SocketType::SOCK_DGRAM, Protocol::IPPROTO_ICMP)?;
            user.echo("7 7", "/proc/sys/net/ipv4/ping_group_range")?;
            let socket =
                user.socket_of(Domain::AF_INET, SocketType::SOCK_DGRAM, Protocol::IPPROTO_ICMP)?.id()?;
            user.getsockname(socket)?;
            lab.note("another namespace of the same owner keeps its own setting")?;
            other.socket_of(Domain::AF_INET, SocketType::SOCK_DGRAM, Protocol::IPPROTO_ICMP)?;
            lab.note("an id without a mapping is refused")?;
            user.echo("8 8", "/proc/sys/net/ipv4/ping_group_range")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.bind-to-foreign-device",
        claim: "A socket can be bound to the devices of its own network namespace only: the name of one elsewhere is unknown.",
        sources: &[man("socket(7)", "SO_BINDTODEVICE"), man("network_namespaces(7)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::VETH],
        wrong: "a socket is bound to a device of another network namespace",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            outer.link_add_veth("v0", "v1")?;
            outer.link_set_netns_pid("v0", inner)?;
            lab.note("each process tries the device of each")?;
            for (process, device) in [(outer, "v0"), (outer, "v1"), (inner, "v0"), (inner, "v1")] {
                let socket = process.socket(Domain::AF_INET, SocketType::SOCK_DGRAM)?.id()?;
                process.setsockopt_bindtodevice(socket, device)?;
                process.getsockopt_bindtodevice(socket)?;
            }
            Ok(())
        },
        ..CASE
    },
];
