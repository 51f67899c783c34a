//! User and group ids, id maps, capabilities, securebits: credentials(7), capabilities(7), user_namespaces(7).

use super::calls;
use crate::outcome::Value;

calls! {
    /// User and group ids, id maps, capabilities, securebits: credentials(7), capabilities(7), user_namespaces(7).
    Identity, IdentityCalls, actor:

    /// Asks for the effective user id, in the caller's user namespace.
    geteuid() {
        Ok(Value::Number(nix::unistd::geteuid().as_raw().into()))
    }
}
