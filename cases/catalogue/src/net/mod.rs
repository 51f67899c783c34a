//! Network namespaces: devices, addresses, routes, ports, sockets.
//!
//! The outside of each script is a network namespace of its own, never the one that nsconform was
//! started in; `outside` makes it.

crate::topics! {
    isolation,
    tables,
    files,
    settings,
    containers,
    loopback,
    moving,
    names,
    nsids,
    ip_netns,
    events,
    veth,
    tun,
    sockets,
    unix_sockets,
    netlink_sockets,
    options,
    lifetime,
    privilege,
}

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
