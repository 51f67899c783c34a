//! Network namespaces: devices, addresses, routes, ports, sockets.
//!
//! The outside of each script is a network namespace of its own, never the one that nsconform was
//! started in; `outside` makes it.

use crate::prelude::*;

/// The article of the series that is about network namespaces.
const PART_7: Source = text("LWN 580893, Namespaces in operation, part 7");

/// A process in a new network namespace, which stands for the world outside the one under test.
/// The empty list of addresses shows that it is new.
fn outside<'l>(lab: &'l Lab, name: &str) -> Result<Process<'l>, Interrupt> {
    let process = lab.process(name)?;
    process.unshare(NEWNET)?;
    process.addresses()?;
    Ok(process)
}

/// Opens a TCP socket.
fn tcp(process: Process) -> Result<i32, Interrupt> {
    process.socket(Domain::AF_INET, SocketType::SOCK_STREAM)?.id()
}

/// Starts a TCP server: gives its listening socket.
fn serve(process: Process, address: &str) -> Result<i32, Interrupt> {
    let listener = tcp(process)?;
    process.bind(listener, address)?;
    process.listen(listener)?;
    Ok(listener)
}

/// Connects to a server that a process runs; the server sends its banner, the client reads it.
fn fetch_banner(client: Process, address: &str, server: Process, listener: i32, banner: &str) -> Play {
    let connection = tcp(client)?;
    client.connect(connection, address)?;
    let accepted = server.accept(listener)?.id()?;
    server.write(accepted, banner)?;
    client.recv(connection)?;
    Ok(())
}

/// Asks for an address with a new socket, and shows what the socket has got.
fn try_to_bind(process: Process, family: Domain, kind: SocketType, address: &str) -> Play {
    let socket = process.socket(family, kind)?.id()?;
    if process.bind(socket, address)?.is_ok() {
        process.getsockname(socket)?;
    }
    Ok(())
}

/// Connects a new socket, and shows what it is connected to.
fn try_to_connect(process: Process, family: Domain, address: &str) -> Play {
    let socket = process.socket(family, SocketType::SOCK_STREAM)?.id()?;
    if process.connect(socket, address)?.is_ok() {
        process.getpeername(socket)?;
    }
    Ok(())
}

/// Links two network namespaces by a veth pair, and waits until packets pass.
fn link(outer: Process, device: &str, address: &str, inner: Process, inner_address: &str) -> Play {
    outer.link_add_veth_between(device, outer, "eth0", inner)?;
    outer.address_add(device, address)?;
    inner.address_add("eth0", inner_address)?;
    outer.link_set_up(device)?;
    inner.link_set_up("eth0")?;
    outer.wait_link_running(device)?;
    inner.wait_link_running("eth0")?;
    Ok(())
}

/// Mounts a new sysfs, which shows the network namespace of the process that mounts it.
fn mount_sysfs(process: Process, target: &str) -> Play {
    process.mkdir(target, 0o755)?;
    process.mount("sysfs", target, "sysfs", MountFlags::empty(), "")?;
    Ok(())
}

/// The cases of this module.
pub const CASES: &[Case] = &[
    // What is isolated.
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
        id: "net.own-port-numbers",
        claim: "Each network namespace has its own port numbers: a port that is taken in one is free in another.",
        sources: &[SEED, man("network_namespaces(7)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::NET_NS],
        wrong: "the port is refused in the new namespace, or given out twice in one",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            for kind in [SocketType::SOCK_STREAM, SocketType::SOCK_DGRAM] {
                for process in [outer, outer, inner] {
                    try_to_bind(process, Domain::AF_INET, kind, "127.0.0.1:7000")?;
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
            outer.readlink_ns("/proc/self/ns/net")?;
            outer.readlink_ns("/proc/self/ns/uts")?;
            let file = outer.open("/proc/self/ns/net", O_RDONLY)?.id()?;
            let inner = outer.clone("inner", NEWNET)?;
            inner.readlink_ns("/proc/self/ns/net")?;
            inner.readlink_ns("/proc/self/ns/uts")?;
            inner.ioctl_nstype(file)?;
            inner.setns(file, NEWUTS)?;
            inner.setns(file, NEWNET)?;
            inner.readlink_ns("/proc/self/ns/net")?;
            Ok(())
        },
        ..CASE
    },
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
            let first_server = serve(first, "0.0.0.0:7000")?;
            let second_server = serve(second, "0.0.0.0:7000")?;
            let stranded = tcp(outer)?;
            outer.connect(stranded, "10.77.1.2:7000")?;
            lab.note("Now there is a route to each container.")?;
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
            let first = outer.clone("first", NEWNET)?;
            let second = outer.clone("second", NEWNET)?;
            let client = outer.fork("client")?;
            link(outer, "v1", "10.77.1.1/24", first, "10.77.1.2/24")?;
            link(outer, "v2", "10.77.2.1/24", second, "10.77.2.2/24")?;
            let outer_server = serve(outer, "0.0.0.0:80")?;
            let first_server = serve(first, "0.0.0.0:80")?;
            let second_server = serve(second, "0.0.0.0:80")?;
            fetch_banner(client, "127.0.0.1:80", outer, outer_server, "outer")?;
            fetch_banner(client, "10.77.1.2:80", first, first_server, "first")?;
            fetch_banner(client, "10.77.2.2:80", second, second_server, "second")
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
            inner.echo("1", "/proc/sys/net/ipv6/conf/all/disable_ipv6")?;
            try_to_bind(inner, family, kind, "[::1]:81")?;
            try_to_bind(outer, family, kind, "[::1]:81")
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
            mover.unshare(NEWNET)?;
            mover.links()?;
            mover.readlink("/tmp/old/class/net/v0")?;
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
            lab.note("With a path the socket is reached, with an abstract name it is not.")?;
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
            serve(outer, "127.0.0.1:80")?;
            serve(inner, "127.0.0.1:81")?;
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
            serve(outer, "10.3.3.3:7000")?;
            for process in [outer, inner] {
                try_to_connect(process, Domain::AF_INET, "10.3.3.3:7000")?;
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
            serve(outer, "127.0.0.1:80")?;
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
            serve(leader, "127.0.0.1:80")?;
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
    // Loopback and connectivity.
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
        claim: "While the loopback device is down a process cannot even connect to itself at 127.0.0.1, although a server may listen there.",
        sources: &[PART_7],
        since: "2.6.24",
        needs: &[&need::NET_NS],
        wrong: "127.0.0.1 is reached while the loopback is down, or not while it is up",
        play: |lab| {
            let process = outside(lab, "process")?;
            serve(process, "127.0.0.1:80")?;
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
            let inner = outer.clone("inner", NEWNET)?;
            inner.link_set_up("lo")?;
            for address in ["10.1.1.1:7000", "127.0.0.1:7000"] {
                for process in [outer, inner] {
                    try_to_connect(process, Domain::AF_INET, address)?;
                }
            }
            Ok(())
        },
        ..CASE
    },
    // Devices: moving them, and veth pairs.
    Case {
        id: "net.device-in-one-ns",
        claim: "A network device is in exactly one network namespace: moved to another, it is gone from the first; moved back, from the other.",
        sources: &[man("network_namespaces(7)", "DESCRIPTION"), PART_7],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::VETH],
        wrong: "the device is listed in both network namespaces or in none",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            outer.link_add_veth("v0", "v1")?;
            let list = || {
                outer.links()?;
                inner.links()
            };
            list()?;
            outer.link_set_netns_pid("v1", inner)?;
            list()?;
            inner.link_set_netns_pid("v1", outer.sealed())?;
            list()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.move-by-pid-or-fd",
        claim: "The network namespace that a device is to move into is named by a process in it or by a descriptor of it.",
        sources: &[man("ip-link(8)", "ip link set"), man("veth(4)", "DESCRIPTION")],
        since: "3.0",
        needs: &[&need::NET_NS, &need::VETH, &need::PROCFS],
        wrong: "one of the two names is refused or leads to another network namespace",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            outer.link_add_veth("v0", "v1")?;
            let file = outer.open(inner.proc("ns/net"), O_RDONLY)?.id()?;
            outer.link_set_netns_pid("v0", inner)?;
            inner.links()?;
            outer.link_set_netns_fd("v1", file)?;
            inner.links()?;
            outer.links()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.move-clears-configuration",
        claim: "A device that moves to another network namespace is set down and loses its addresses; it keeps its hardware address.",
        sources: &[PART_7],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::VETH],
        wrong: "the device arrives up or with its address, or as another device",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            outer.link_add_veth("v0", "v1")?;
            outer.address_add("v1", "10.1.1.1/24")?;
            outer.link_set_up("v1")?;
            outer.link_get("v1")?;
            outer.addresses()?;
            outer.link_set_netns_pid("v1", inner)?;
            inner.link_get("v1")?;
            inner.addresses()?;
            outer.addresses()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.move-lo-einval",
        claim: "A loopback device cannot be moved to another network namespace.",
        sources: &[man("ip-link(8)", "ip link set")],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::VETH],
        wrong: "the loopback is moved, or refused with another error, or no device can be moved",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            outer.link_add_veth("v0", "v1")?;
            outer.link_set_netns_pid("lo", inner)?;
            outer.link_set_netns_pid("v1", inner)?;
            outer.links()?;
            inner.links()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.move-errors",
        claim: "Moving a device fails where no such device or process is, where the descriptor is none or not one of a network namespace, and where its name is taken.",
        sources: &[man("rtnetlink(7)", "")],
        since: "3.0",
        needs: &[&need::NET_NS, &need::VETH, &need::PROCFS],
        wrong: "another error, or a device that has left although the move failed",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            outer.link_add_veth("v0", "v1")?;
            outer.link_set_netns_pid("v9", inner)?;
            outer.link_set_netns_pid("v1", 999)?;
            outer.link_set_netns_fd("v1", 99)?;
            for path in ["/tmp", "/proc/self/ns/uts"] {
                let file = outer.open(path, O_RDONLY)?.id()?;
                outer.ioctl_nstype(file)?;
                outer.link_set_netns_fd("v1", file)?;
            }
            inner.link_add_veth("v1", "v2")?;
            outer.link_set_netns_pid("v1", inner)?;
            outer.links()?;
            inner.links()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.move-needs-privilege-in-target",
        claim: "To move a device into a network namespace takes CAP_NET_ADMIN in the user namespace that owns the target.",
        sources: &[man("user_namespaces(7)", "Interaction of user namespaces and other types of namespaces")],
        since: "3.8",
        needs: &[&need::NET_NS, &need::VETH, &need::PROCFS],
        wrong: "a process privileged in its own user namespace only pushes a device outwards, or the outer one cannot push it inwards",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let file = outer.open("/proc/self/ns/net", O_RDONLY)?.id()?;
            let inner = outer.clone("inner", NEWUSER | NEWNET)?;
            inner.link_add_veth("v0", "v1")?;
            inner.link_set_netns_fd("v1", file)?;
            outer.link_add_veth("w0", "w1")?;
            outer.link_set_netns_pid("w1", inner)?;
            inner.links()?;
            outer.links()?;
            Ok(())
        },
        ..CASE
    },
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
        claim: "What is sent through one end of a veth pair arrives at the other end, also in another network namespace.",
        sources: &[man("veth(4)", "DESCRIPTION"), man("network_namespaces(7)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::VETH],
        wrong: "a datagram does not arrive",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            link(outer, "v0", "10.1.1.1/24", inner, "10.1.1.2/24")?;
            let ends = [(outer, "10.1.1.1:9", "10.1.1.2:9"), (inner, "10.1.1.2:9", "10.1.1.1:9")];
            let mut sockets = Vec::new();
            for (process, own, peer) in ends {
                let socket = process.socket(Domain::AF_INET, SocketType::SOCK_DGRAM)?.id()?;
                process.bind(socket, own)?;
                process.connect(socket, peer)?;
                sockets.push(socket);
            }
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
    // Sockets and descriptors.
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
            mover.unshare(NEWNET)?;
            let new = tcp(mover)?;
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
            process.readlink_ns("/proc/self/ns/net")?;
            let socket = tcp(process)?;
            process.unshare(NEWNET)?;
            process.readlink_ns("/proc/self/ns/net")?;
            let file = process.ioctl_siocgskns(socket)?.id()?;
            process.fstat_ns(file)?;
            let unprivileged = process.clone("unprivileged", NEWUSER)?;
            unprivileged.ioctl_siocgskns(socket)?;
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
            acceptor.unshare(NEWNET)?;
            let client = tcp(outer)?;
            outer.connect(client, "127.0.0.1:7000")?;
            let accepted = acceptor.accept(listener)?.id()?;
            let file = acceptor.ioctl_siocgskns(accepted)?.id()?;
            outer.readlink_ns("/proc/self/ns/net")?;
            acceptor.fstat_ns(file)?;
            acceptor.readlink_ns("/proc/self/ns/net")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.socket-pins-ns",
        claim: "An open socket keeps its network namespace, and so the devices in it, alive when the last process has left.",
        sources: &[text("kernel, in no manual page")],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::VETH],
        wrong: "the device goes while the socket is open, or stays when it is closed (then the case runs into its deadline)",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let pinned = outer.clone("pinned", NEWNET)?;
            let free = outer.clone("free", NEWNET)?;
            outer.link_add_veth_between("v0", outer, "v1", pinned)?;
            outer.link_add_veth_between("w0", outer, "w1", free)?;
            outer.links()?;
            let socket = tcp(pinned)?;
            lab.note("Both processes leave; the namespace without a socket goes.")?;
            pinned.unshare(NEWNET)?;
            pinned.links()?;
            free.unshare(NEWNET)?;
            outer.wait_link_gone("w0")?;
            outer.links()?;
            pinned.close(socket)?;
            outer.wait_link_gone("v0")?;
            outer.links()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.fd-or-bind-pins-ns",
        claim: "An open descriptor or a bind mount of a network namespace keeps it, and so the devices in it, alive when its last process has ended.",
        sources: &[man("namespaces(7)", "Namespace lifetime"), man("ip-netns(8)", "DESCRIPTION")],
        since: "3.0",
        needs: &[&need::NET_NS, &need::VETH, &need::PROCFS],
        wrong: "a device goes while its namespace is open or mounted, or stays afterwards (then the case runs into its deadline)",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let open = outer.clone("open", NEWNET)?;
            let bound = outer.clone("bound", NEWNET)?;
            let free = outer.clone("free", NEWNET)?;
            for (device, process) in [("v1", open), ("v2", bound), ("v3", free)] {
                outer.link_add_veth_between(device, outer, "eth0", process)?;
            }
            outer.links()?;
            let file = outer.open(open.proc("ns/net"), O_RDONLY)?.id()?;
            outer.creat_excl("/tmp/net")?;
            outer.mount(bound.proc("ns/net"), "/tmp/net", "", MountFlags::MS_BIND, "")?;
            for process in [open, bound, free] {
                process.exit(0)?;
                outer.waitpid(process, WaitOptions::empty())?;
            }
            lab.note("The namespace that is neither open nor mounted goes.")?;
            outer.wait_link_gone("v3")?;
            outer.links()?;
            outer.close(file)?;
            outer.wait_link_gone("v1")?;
            outer.links()?;
            outer.umount("/tmp/net")?;
            outer.wait_link_gone("v2")?;
            outer.links()?;
            Ok(())
        },
        ..CASE
    },
    // Privilege and limits.
    Case {
        id: "net.newnet-needs-cap",
        claim: "Creating a network namespace takes CAP_SYS_ADMIN, which a user namespace created in the same call gives.",
        sources: &[man("clone(2)", "CLONE_NEWNET"), man("unshare(2)", "CLONE_NEWNET")],
        since: "2.6.24",
        ground: Ground::User,
        needs: &[&need::NET_NS, &need::USER_NS, &need::PROCFS],
        wrong: "an unprivileged user gets a network namespace, or none even with a user namespace",
        play: |lab| {
            let user = lab.process("user")?;
            user.readlink_ns("/proc/self/ns/net")?;
            user.unshare(NEWNET)?;
            user.readlink_ns("/proc/self/ns/net")?;
            user.unshare(NEWUSER | NEWNET)?;
            user.readlink_ns("/proc/self/ns/net")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.userns-root-configures-own",
        claim: "A process that is privileged in a user namespace only may configure the network namespaces which that user namespace owns.",
        sources: &[man("user_namespaces(7)", "Interaction of user namespaces and other types of namespaces")],
        since: "3.8",
        ground: Ground::User,
        needs: &[&need::NET_NS, &need::USER_NS],
        wrong: "it is refused something in its own network namespace",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER | NEWNET)?;
            user.link_get("lo")?;
            user.link_set_up("lo")?;
            user.link_get("lo")?;
            user.address_add("lo", "10.1.1.1/32")?;
            user.addresses()?;
            user.route_add("10.2.0.0/16", "lo")?;
            user.routes()?;
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
                try_to_bind(guest, Domain::AF_INET, SocketType::SOCK_STREAM, "127.0.0.1:80")?;
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
                guest.bind(socket, "127.0.0.1:79")?;
                guest.bind(socket, "127.0.0.1:80")?;
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
            inner.readlink_ns("/proc/self/ns/net")?;
            inner.echo("1", "/proc/sys/user/max_net_namespaces")?;
            inner.unshare(NEWNET)?;
            inner.readlink_ns("/proc/self/ns/net")?;
            inner.unshare(NEWNET)?;
            inner.readlink_ns("/proc/self/ns/net")?;
            inner.echo("2", "/proc/sys/user/max_net_namespaces")?;
            inner.unshare(NEWNET)?;
            inner.readlink_ns("/proc/self/ns/net")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.setns-capabilities",
        claim: "Joining a network namespace takes CAP_SYS_ADMIN twice: in the caller's user namespace and in the one that owns the target.",
        sources: &[man("setns(2)", "DESCRIPTION")],
        since: "3.0",
        ground: Ground::User,
        needs: &[&need::NET_NS, &need::USER_NS, &need::PROCFS],
        wrong: "one of the two capabilities suffices, or both do not",
        play: |lab| {
            let user = lab.process("user")?;
            let inner = user.clone("inner", NEWUSER | NEWNET)?;
            inner.readlink_ns("/proc/self/ns/net")?;
            let net = user.open(inner.proc("ns/net"), O_RDONLY)?.id()?;
            let owner = user.open(inner.proc("ns/user"), O_RDONLY)?.id()?;
            lab.note("The creator has all capabilities in the owner of the target, none where it is.")?;
            user.setns(net, NEWNET)?;
            user.setns(owner, NEWUSER)?;
            user.setns(net, NEWNET)?;
            user.readlink_ns("/proc/self/ns/net")?;
            lab.note("The guest has all capabilities where it is, none in the owner of the target.")?;
            let root = lab.process_on(Ground::Root, "root")?;
            root.unshare(NEWNET)?;
            root.addresses()?;
            let outer = root.open("/proc/self/ns/net", O_RDONLY)?.id()?;
            let guest = root.clone("guest", NEWUSER | NEWNET)?;
            guest.setns(outer, NEWNET)?;
            let own = guest.open("/proc/self/ns/net", O_RDONLY)?.id()?;
            guest.readlink_ns("/proc/self/ns/net")?;
            guest.unshare(NEWNET)?;
            guest.readlink_ns("/proc/self/ns/net")?;
            guest.setns(own, NEWNET)?;
            guest.readlink_ns("/proc/self/ns/net")?;
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
                first.readlink_ns("/proc/thread-self/ns/net")?;
                second.readlink_ns("/proc/thread-self/ns/net")
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

/// What this module cannot test.
pub const UNTESTED: &[Untested] = &[
    Untested {
        id: "net.mostly-complete-2629",
        claim: "Network namespaces were begun in Linux 2.6.24 and were for the most part complete in about 2.6.29.",
        sources: &[SEED],
        why: "it tells the history of the kernel; no call of a running kernel shows it",
        part: None,
    },
    Untested {
        id: "net.move-wireless",
        claim: "Wireless devices are moved to another network namespace by iw(8) only, with the PID of a process in it.",
        sources: &[man("ip-link(8)", "ip link set")],
        why: "it takes wireless hardware or the module mac80211_hwsim, which acts on the whole machine",
        part: None,
    },
    Untested {
        id: "net.physical-in-one-ns",
        claim: "A physical network device is in exactly one network namespace.",
        sources: &[man("network_namespaces(7)", "DESCRIPTION")],
        why: "it takes a spare physical device, whose removal would disconnect the host",
        part: Some("net.device-in-one-ns"),
    },
    Untested {
        id: "net.physical-returns-to-initial",
        claim: "The physical devices of a freed network namespace go back to the initial one, not to that of the parent process.",
        sources: &[man("network_namespaces(7)", "DESCRIPTION"), man("ip-netns(8)", "DESCRIPTION")],
        why: "it takes a spare physical device, and it changes the initial network namespace",
        part: None,
    },
];
