//! A socket belongs to the network namespace in which it was made.
//!
//! That a socket keeps its namespace alive lives in `lifetime`.

use super::{PART_7, outside, serve, tcp};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "net.socket-keeps-its-ns",
        claim: "A socket stays for life in the network namespace in which it was created, wherever its process goes.",
        sources: &[PART_7],
        since: "2.6.24",
        needs: &[&need::NET_NS],
        wrong: "the old socket connects in the new network namespace, or the new one in the old",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            outer.link_set_up("lo")?;
            let listener = serve(outer, "127.0.0.1:7000")?;
            let mover = outer.fork("mover")?;
            let old = tcp(mover)?;
            lab.note("its process leaves for another namespace")?;
            mover.unshare(NEWNET)?;
            let new = tcp(mover)?;
            lab.note("a new socket does not reach the server, the old one does")?;
            mover.connect(new, "127.0.0.1:7000")?;
            mover.connect(old, "127.0.0.1:7000")?;
            let accepted = outer.accept(listener)?.id()?;
            outer.write(accepted, "outer")?;
            mover.recv(old)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.siocgskns",
        claim: "The ioctl SIOCGSKNS opens the network namespace of a socket, close-on-exec, for a caller with CAP_NET_ADMIN over it.",
        sources: &[text("linux/sockios.h")],
        since: "4.10",
        needs: &[&need::NET_NS, &need::PROCFS, &need::PROGRAM],
        wrong: "the descriptor is of the caller's network namespace, survives execve(2), or is given to anyone",
        play: |lab| {
            let process = outside(lab, "process")?;
            process.readlink("/proc/self/ns/net")?;
            let socket = tcp(process)?;
            process.unshare(NEWNET)?;
            process.readlink("/proc/self/ns/net")?;
            lab.note("the process has left, the socket has not")?;
            let file = process.ioctl_siocgskns(socket)?.id()?;
            process.fstat_ns(file)?;
            lab.note("without the capability it is refused")?;
            let unprivileged = process.clone("unprivileged", NEWUSER)?;
            unprivileged.ioctl_siocgskns(socket)?;
            lab.note("execve closes the descriptor")?;
            process.execve(PROGRAM)?;
            process.fstat_ns(file)?;
            let again = process.ioctl_siocgskns(socket)?.id()?;
            process.fstat_ns(again)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.netns-cookie",
        claim: "SO_NETNS_COOKIE tells network namespaces apart: sockets of one share the number, those of another have another.",
        sources: &[text("asm-generic/socket.h")],
        since: "5.14",
        needs: &[&need::NET_NS, &need::NETNS_COOKIE],
        wrong: "sockets of different network namespaces have the same cookie, or those of one have different ones",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let first = tcp(outer)?;
            let second = tcp(outer)?;
            outer.getsockopt_netns_cookie(first)?;
            outer.getsockopt_netns_cookie(second)?;
            let inner = outer.clone("inner", NEWNET)?;
            let third = tcp(inner)?;
            inner.getsockopt_netns_cookie(third)?;
            inner.getsockopt_netns_cookie(first)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.accepted-socket-ns",
        claim: "An accepted socket is in the network namespace of its listener, not in that of the process that accepts.",
        sources: &[text("kernel, in no manual page")],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::PROCFS],
        wrong: "the accepted socket is in the accepting process's network namespace",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            outer.link_set_up("lo")?;
            let listener = serve(outer, "127.0.0.1:7000")?;
            let acceptor = outer.fork("acceptor")?;
            lab.note("the acceptor leaves for another namespace")?;
            acceptor.unshare(NEWNET)?;
            let client = tcp(outer)?;
            outer.connect(client, "127.0.0.1:7000")?;
            let accepted = acceptor.accept(listener)?.id()?;
            lab.note("the accepted socket is still in the old one")?;
            let file = acceptor.ioctl_siocgskns(accepted)?.id()?;
            outer.readlink("/proc/self/ns/net")?;
            acceptor.fstat_ns(file)?;
            acceptor.readlink("/proc/self/ns/net")?;
            Ok(())
        },
        ..CASE
    },
];
