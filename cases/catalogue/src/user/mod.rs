//! User namespaces: ids, maps, capabilities, ownership.
//!
//! The rights of a user namespace's root over the mounts, devices or queues of one particular kind
//! of namespace live in the module of that kind.

crate::topics! {
    isolation,
    creation,
    limits,
    capabilities,
    setns,
    lifetime,
    relations,
    maps,
    map_lines,
    map_views,
    map_permission,
    map_writers,
    unmapped,
    carried,
    setgroups,
    execve,
    set_user_id,
    file_capabilities,
    securebits,
    id_changes,
    files,
    levels,
    tracing,
    machine,
    keys,
    mounting,
    file_systems,
}

use crate::prelude::*;

/// The directory in /proc of the calling process.
const OWN: &str = "/proc/self";

/// The user namespace of the calling process.
const OWN_NS: &str = "/proc/self/ns/user";

/// A map that calls the ordinary user of [`Credentials::User`] root.
const USER_AS_ROOT: &str = "0 1000 1";

/// A map that calls root what is root outside too.
const ROOT_AS_ROOT: &str = "0 0 1";

/// The directory of a process in the procfs of the sealed PID namespace.
fn directory(process: Process) -> String {
    process.proc_directory()
}

/// The reason why no step notices when setgroups(2) is not denied.
const DENIED_ALREADY: &str =
    "where runs are contained in a user namespace setgroups is denied already, and this is inherited";

const NO_CAPABILITY: Capabilities = Capabilities::empty();

const NO_FLAGS: MountFlags = MountFlags::empty();
