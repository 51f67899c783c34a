//! System V and POSIX inter-process communication: sysvipc(7), mq_overview(7).

use super::calls;
use crate::outcome::Value;

calls! {
    /// System V and POSIX inter-process communication: sysvipc(7), mq_overview(7).
    Ipc, IpcCalls, actor:

    /// Removes a POSIX message queue by name.
    mq_unlink(name: super::argument::Text) {
        nix::mqueue::mq_unlink(name.c_string()?.as_c_str())?;
        Ok(Value::ZERO)
    }
}
