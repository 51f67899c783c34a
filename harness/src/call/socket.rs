//! Internet and UNIX sockets, by address: socket(7), ip(7), unix(7).

use super::calls;

calls! {
    /// Internet and UNIX sockets, by address: socket(7), ip(7), unix(7).
    Socket, SocketCalls, actor:

    /// Makes a socket ready to take connections.
    listen(fd: i32) {
        // SAFETY: takes numbers only.
        crate::outcome::Errno::check(unsafe { libc::listen(fd, 8) })
    }
}
