//! Network devices, addresses and routes, by rtnetlink(7).

use super::calls;
use crate::outcome::Value;

calls! {
    /// Network devices, addresses and routes, by rtnetlink(7).
    Device, DeviceCalls, actor:

    /// Asks for the name of the network device with an index.
    if_indextoname(index: i32) {
        Ok(Value::text(nix::net::if_::if_indextoname(index as u32)?.as_bytes()))
    }
}
