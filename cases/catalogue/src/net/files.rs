//! /proc/net, /proc/sys/net and /sys/class/net: whose network they show.

use super::{outside, serve};
use crate::prelude::*;

/// Mounts a new sysfs, which shows the network namespace of the process that mounts it.
fn mount_sysfs(process: Process, target: &str) -> Play {
    process.mkdir(target, 0o755)?;
    process.mount("sysfs", target, "sysfs", MountFlags::empty(), "")?;
    Ok(())
}

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "net.own-proc-net",
        claim: "The tables in /proc/net show the state of one network namespace; in a new one they are empty but for the loopback.",
        sources: &[SEED, man("network_namespaces(7)", "DESCRIPTION"), man("proc_pid_net(5)", "")],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::PROCFS],
        wrong: "the new namespace's tables hold sockets or routes of the outer one",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            outer.link_set_up("lo")?;
            outer.route_add("10.1.0.0/16", "lo")?;
            serve(outer, "127.0.0.1:80")?;
            let datagrams = outer.socket(Domain::AF_INET, SocketType::SOCK_DGRAM)?.id()?;
            outer.bind(datagrams, "127.0.0.1:53")?;
            let local = outer.socket(Domain::AF_UNIX, SocketType::SOCK_DGRAM)?.id()?;
            outer.bind(local, "@name")?;
            let inner = outer.clone("inner", NEWNET)?;
            lab.note("the outer tables are filled, the inner ones empty but for the loopback")?;
            for process in [outer, inner] {
                process.column("/proc/net/dev", "face")?;
                process.column("/proc/net/route", "Destination")?;
                process.column("/proc/net/tcp", "local_address")?;
                process.column("/proc/net/udp", "local_address")?;
                process.column("/proc/net/unix", "Path")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.own-sys-class-net",
        claim: "/sys/class/net lists the devices of the network namespace in which that sysfs was mounted.",
        sources: &[man("network_namespaces(7)", "DESCRIPTION")],
        since: "2.6.35",
        needs: &[&need::NET_NS, &need::VETH, &need::SYSFS],
        wrong: "a device of one network namespace is found in the sysfs of another",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            outer.link_add_veth("v0", "v1")?;
            inner.link_add_veth("w0", "w1")?;
            mount_sysfs(outer, "/tmp/outer")?;
            mount_sysfs(inner, "/tmp/inner")?;
            lab.note("Who reads makes no difference.")?;
            for reader in [outer, inner] {
                for sys in ["/tmp/outer", "/tmp/inner"] {
                    reader.readlink(format!("{sys}/class/net/v0"))?;
                    reader.readlink(format!("{sys}/class/net/w0"))?;
                }
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.old-sysfs-keeps-showing-old-ns",
        claim: "A process that changes its network namespace goes on seeing the old one's devices in a sysfs mounted before.",
        sources: &[man("network_namespaces(7)", "DESCRIPTION"), man("ip-netns(8)", "DESCRIPTION")],
        since: "2.6.35",
        needs: &[&need::NET_NS, &need::VETH, &need::SYSFS],
        wrong: "the device disappears from the old sysfs, or shows in a new one",
        play: |lab| {
            let keeper = outside(lab, "keeper")?;
            keeper.link_add_veth("v0", "v1")?;
            mount_sysfs(keeper, "/tmp/old")?;
            keeper.readlink("/tmp/old/class/net/v0")?;
            let mover = keeper.fork("mover")?;
            lab.note("in a new namespace the old mount shows the old devices")?;
            mover.unshare(NEWNET)?;
            mover.links()?;
            mover.readlink("/tmp/old/class/net/v0")?;
            lab.note("a new mount shows the new ones")?;
            mount_sysfs(mover, "/tmp/new")?;
            mover.readlink("/tmp/new/class/net/v0")?;
            mover.readlink("/tmp/new/class/net/lo")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.own-proc-sys-net",
        claim: "A file in /proc/sys/net holds a value for each network namespace, and shows that of the reader's.",
        sources: &[man("network_namespaces(7)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::PROCFS],
        wrong: "a value written in one network namespace is read in the other",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            outer.echo("33", "/proc/sys/net/ipv4/ip_default_ttl")?;
            inner.echo("44", "/proc/sys/net/ipv4/ip_default_ttl")?;
            outer.cat("/proc/sys/net/ipv4/ip_default_ttl")?;
            inner.cat("/proc/sys/net/ipv4/ip_default_ttl")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.own-proc-net-tcp",
        claim: "/proc/PID/net/tcp lists the TCP sockets of that process's network namespace, whoever reads it.",
        sources: &[man("proc_pid_net(5)", ""), man("network_namespaces(7)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::PROCFS],
        wrong: "a socket of one network namespace is listed for a process of another",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            lab.note("80 and 81 are 0050 and 0051 in hexadecimal.")?;
            serve(outer, "0.0.0.0:80")?;
            serve(inner, "0.0.0.0:81")?;
            for reader in [outer, inner] {
                for process in [outer, inner] {
                    reader.column(process.proc("net/tcp"), "local_address")?;
                }
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.proc-net-link",
        claim: "/proc/net is a symbolic link to the directory of the reading process.",
        sources: &[man("proc_pid_net(5)", ""), man("network_namespaces(7)", "DESCRIPTION")],
        since: "2.6.25",
        needs: &[&need::NET_NS, &need::PROCFS],
        wrong: "the link leads elsewhere, or the files behind it are those of another process",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            serve(outer, "0.0.0.0:80")?;
            let inner = outer.clone("inner", NEWNET)?;
            for process in [outer, inner] {
                process.readlink("/proc/net")?;
                process.column("/proc/net/tcp", "local_address")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.proc-net-of-threads",
        claim: "Threads can be in different network namespaces: /proc/thread-self/net shows that of the reading thread, /proc/net that of the first thread.",
        sources: &[man("proc_pid_net(5)", ""), man("setns(2)", "DESCRIPTION")],
        since: "3.17",
        needs: &[&need::NET_NS, &need::PROCFS],
        wrong: "/proc/thread-self/net shows the first thread's sockets to a thread that has left its network namespace",
        play: |lab| {
            let leader = outside(lab, "leader")?;
            serve(leader, "0.0.0.0:80")?;
            let thread = leader.clone("thread", THREAD)?;
            thread.column("/proc/thread-self/net/tcp", "local_address")?;
            thread.unshare(NEWNET)?;
            thread.column("/proc/thread-self/net/tcp", "local_address")?;
            thread.column("/proc/net/tcp", "local_address")?;
            leader.column("/proc/thread-self/net/tcp", "local_address")?;
            Ok(())
        },
        ..CASE
    },
];
