//! Steps that scripts about several kinds of namespaces take before the rule that they are about.
//!
//! Steps of the scripts of one kind live with that kind.

use nsconform_suite::prelude::*;

/// Creates a process in a new user namespace, with other new namespaces as `flags` say, and maps the
/// same ranges of uids and of gids into it. The process keeps its ids.
pub(crate) fn clone_mapped<'l>(
    creator: Process<'l>,
    name: &str,
    flags: Flags,
    ranges: &str,
) -> Result<Process<'l>, Interrupt> {
    let created = creator.clone(name, flags)?;
    creator.echo(ranges, created.proc("uid_map"))?;
    creator.echo(ranges, created.proc("gid_map"))?;
    Ok(created)
}

/// Takes the ids 0 of a user namespace, which somebody else has mapped.
pub(crate) fn become_root(process: Process) -> Play {
    process.setresgid(0, 0, 0)?;
    process.setresuid(0, 0, 0)?;
    Ok(())
}

/// Has a process listen at the path /tmp/socket; gives the socket.
pub(crate) fn listen(process: Process) -> Result<i32, Interrupt> {
    let listener = process.socket(Domain::AF_UNIX, SocketType::SOCK_STREAM)?.id()?;
    process.bind(listener, "/tmp/socket")?;
    process.listen(listener)?;
    Ok(listener)
}

/// Connects a process to the path of [`listen`]; gives the socket.
pub(crate) fn connect(process: Process) -> Result<i32, Interrupt> {
    let connection = process.socket(Domain::AF_UNIX, SocketType::SOCK_STREAM)?.id()?;
    process.connect(connection, "/tmp/socket")?;
    Ok(connection)
}
