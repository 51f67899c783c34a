//! UNIX sockets between network namespaces: names, accepted and passed sockets, credentials.
//!
//! That abstract names and paths differ lives in `isolation`.

use super::{outside, serve, tcp};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "net.unix-accepted-in-clients-ns",
        claim: "The socket that accept gives for a connection by path belongs to the network namespace of the client, not to that of the listener.",
        sources: &[man("unix(7)", "DESCRIPTION"), text("kernel, in no manual page")],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::PROCFS],
        wrong: "the accepted socket is in the listener's network namespace, as a TCP one is",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let client = outer.clone("client", NEWNET)?;
            let listener = listen(outer)?;
            connect(client)?;
            let accepted = outer.accept(listener)?.id()?;
            lab.note("the namespaces of both processes, of the listener and of the accepted socket")?;
            outer.readlink("/proc/self/ns/net")?;
            client.readlink("/proc/self/ns/net")?;
            let first = outer.ioctl_siocgskns(listener)?.id()?;
            outer.fstat_ns(first)?;
            let second = outer.ioctl_siocgskns(accepted)?.id()?;
            outer.fstat_ns(second)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.unix-abstract-econnrefused",
        claim: "An abstract name of another network namespace is refused to a connecting socket as one that nobody has, for streams and for datagrams.",
        sources: &[man("unix(7)", "Abstract sockets"), man("network_namespaces(7)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::NET_NS],
        wrong: "a socket of one type reaches the name in the other network namespace",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            let stream = outer.socket(Domain::AF_UNIX, SocketType::SOCK_STREAM)?.id()?;
            outer.bind(stream, "@stream")?;
            outer.listen(stream)?;
            let datagram = outer.socket(Domain::AF_UNIX, SocketType::SOCK_DGRAM)?.id()?;
            outer.bind(datagram, "@datagram")?;
            lab.note("each name, from the other namespace and from its own")?;
            for (kind, name) in [(SocketType::SOCK_STREAM, "@stream"), (SocketType::SOCK_DGRAM, "@datagram")]
            {
                let inside = inner.socket(Domain::AF_UNIX, kind)?.id()?;
                inner.connect(inside, name)?;
                let beside = outer.socket(Domain::AF_UNIX, kind)?.id()?;
                outer.connect(beside, name)?;
                outer.getpeername(beside)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.unix-datagram-by-path",
        claim: "A datagram socket with a path is reached from every network namespace that sees the file.",
        sources: &[man("unix(7)", "Pathname sockets")],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::PROCFS],
        wrong: "the datagram does not arrive, or the socket is not found",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            outer.readlink(outer.proc("ns/net"))?;
            outer.readlink(inner.proc("ns/net"))?;
            let server = outer.socket(Domain::AF_UNIX, SocketType::SOCK_DGRAM)?.id()?;
            outer.bind(server, "/tmp/socket")?;
            let client = inner.socket(Domain::AF_UNIX, SocketType::SOCK_DGRAM)?.id()?;
            inner.connect(client, "/tmp/socket")?;
            inner.write(client, "from inside")?;
            outer.recv(server)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.fd-passing",
        claim: "A socket that is passed to a process in another network namespace stays in its own: the receiver reaches by it what the sender could.",
        sources: &[man("unix(7)", "Ancillary messages"), man("network_namespaces(7)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::NET_NS],
        wrong: "the passed socket connects in the receiver's network namespace",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            outer.link_set_up("lo")?;
            serve(outer, "127.0.0.1:7000")?;
            outer.socketpair()?;
            let inner = outer.clone("inner", NEWNET)?;
            inner.link_set_up("lo")?;
            lab.note("a socket of its own finds nobody, the passed one does")?;
            let own = tcp(inner)?;
            inner.connect(own, "127.0.0.1:7000")?;
            let passed = tcp(outer)?;
            outer.sendmsg(4, "socket", scm_rights(passed))?;
            inner.recvmsg(5)?;
            inner.connect(7, "127.0.0.1:7000")?;
            inner.getpeername(7)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.socketpair-crosses",
        claim: "A connected pair of UNIX sockets goes on carrying data when its ends get into different network namespaces.",
        sources: &[man("network_namespaces(7)", "DESCRIPTION"), man("unix(7)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::PROCFS],
        wrong: "the connection is cut when one of its processes changes its network namespace",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            outer.socketpair()?;
            let inner = outer.fork("inner")?;
            inner.unshare(NEWNET)?;
            outer.readlink(outer.proc("ns/net"))?;
            outer.readlink(inner.proc("ns/net"))?;
            inner.write(4, "outwards")?;
            outer.recv(3)?;
            outer.write(3, "inwards")?;
            inner.recv(4)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.own-udp-ports",
        claim: "A datagram to a port arrives at the socket of the sender's own network namespace, not at one with the same address and port elsewhere.",
        sources: &[man("network_namespaces(7)", "DESCRIPTION"), man("udp(7)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::NET_NS],
        wrong: "the datagram arrives in the other network namespace, or in both",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            for process in [outer, inner] {
                process.link_set_up("lo")?;
                let server = process.socket(Domain::AF_INET, SocketType::SOCK_DGRAM)?.id()?;
                process.bind(server, "127.0.0.1:7000")?;
            }
            lab.note("a datagram inside, then one outside")?;
            let client = inner.socket(Domain::AF_INET, SocketType::SOCK_DGRAM)?.id()?;
            inner.connect(client, "127.0.0.1:7000")?;
            inner.write(client, "inside")?;
            inner.recv(3)?;
            outer.recvmsg(3)?;
            let beside = outer.socket(Domain::AF_INET, SocketType::SOCK_DGRAM)?.id()?;
            outer.connect(beside, "127.0.0.1:7000")?;
            outer.write(beside, "outside")?;
            outer.recv(3)?;
            inner.recvmsg(3)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.autobind-per-ns",
        claim: "The abstract name that the kernel chooses for a UNIX socket is one of the socket's network namespace: the same name can be had in another one, and not twice in one.",
        sources: &[man("unix(7)", "Autobind feature"), man("network_namespaces(7)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::NET_NS],
        wrong: "a name is taken on the whole machine, or given twice",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let chosen = outer.socket(Domain::AF_UNIX, SocketType::SOCK_DGRAM)?.id()?;
            outer.bind_autobind(chosen)?;
            outer.name_form(chosen)?;
            let inner = outer.clone("inner", NEWNET)?;
            lab.note("a second socket asks for the same name, in the same and in the other namespace")?;
            for process in [outer, inner] {
                let second = process.socket(Domain::AF_UNIX, SocketType::SOCK_DGRAM)?.id()?;
                if process.bind_as(second, chosen)?.is_ok() {
                    process.name_form(second)?;
                }
            }
            Ok(())
        },
        ..CASE
    },
];
