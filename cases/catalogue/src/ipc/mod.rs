//! IPC namespaces: System V objects and POSIX message queues.
//!
//! The queues here are small: RLIMIT_MSGQUEUE is shared by all processes of a user, also those of
//! other cases. System V identifiers count from 0 in every new IPC namespace, so they are printed
//! as they are.

crate::topics! {
    isolation,
    sysvipc_files,
    lifetime,
    privilege,
    moving,
    settings,
    limits,
    removal,
    sysv_errors,
    stored_ids,
    queues,
    mqueue,
    notification,
}

use crate::prelude::*;

/// A key as two programs would agree on it.
const KEY: i32 = 0x4b45_5900;

/// Another key.
const OTHER_KEY: i32 = 0x4b45_5901;

/// Opens a queue for both directions, and creates it where it does not exist. Taking a message from
/// an empty queue is to be EAGAIN and not to wait.
const CREATED: OpenFlags = OpenFlags::O_RDWR.union(OpenFlags::O_CREAT).union(OpenFlags::O_NONBLOCK);

/// Creates a queue, and fails where it exists.
const CREATED_NEW: OpenFlags = CREATED.union(OpenFlags::O_EXCL);

/// Opens a queue that exists.
const FOUND: OpenFlags = OpenFlags::O_NONBLOCK;

/// The option of no operation in particular.
const WAITING: IpcFlags = IpcFlags::empty();

/// Mounts the queues of the IPC namespace that the process is in.
fn mount_queues(process: Process) -> Done {
    process.mount("none", "/tmp/mqueue", "mqueue", MountFlags::empty(), "")
}
