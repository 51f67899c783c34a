//! Messages between processes that carry descriptors and credentials: unix(7), cmsg(3).

use super::calls;
use crate::outcome::Value;

calls! {
    /// Messages between processes that carry descriptors and credentials: unix(7), cmsg(3).
    Message, MessageCalls, actor:

    /// Makes two connected UNIX datagram sockets.
    socketpair() {
        let mut ends = [0; 2];
        // SAFETY: the array has room for two descriptors.
        crate::outcome::Errno::check(unsafe {
            libc::socketpair(libc::AF_UNIX, libc::SOCK_DGRAM, 0, ends.as_mut_ptr())
        })?;
        Ok(Value::List(ends.into_iter().map(|end| Value::Number(end.into())).collect()))
    }
}
