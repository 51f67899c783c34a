//! The requirements of cases on pidfds as files, each with its probe: handles, mounts, and descriptors
//! of peers.
//!
//! The requirements on the answers of a pidfd about its process live in `facilities`. `needs` hands on the ones
//! of here.

use nsconform_suite::needs;
use nsconform_suite::prelude::*;
use nsconform_suite::requirement::{Unmet, succeeded};

needs! {
    /// UNIX sockets give a pidfd of their peer.
    PEER_PIDFD {
        "SO_PEERPIDFD",
        remedy: "use Linux 6.5 or later",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            process.socketpair()?;
            succeeded("SO_PEERPIDFD", process.getsockopt_peerpidfd(3)?)
        },
    }

    /// A pidfd can be opened by its file handle.
    PIDFD_HANDLES {
        "file handles of pidfds",
        remedy: "use Linux 6.17 or later; in a container, allow open_by_handle_at(2) in its seccomp filter",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            let pidfd = process.pidfd_open(process.sealed(), 0)?.id()?;
            let made = process.name_to_handle_at(format!("/proc/self/fd/{pidfd}"))?;
            if !matches!(made, Outcome::Returned(_)) {
                return succeeded("name_to_handle_at of a pidfd", made);
            }
            let opened = process.open_by_handle_at_pidfs(Handle(1), O_RDONLY)?;
            // A kernel that does not know the number takes it for a descriptor.
            if opened == Outcome::Failed(Errno(libc::EBADF)) {
                let found = "FD_PIDFS_ROOT is no descriptor here: EBADF (Bad file number)".to_string();
                return Ok(Err(Unmet::Absent(found)));
            }
            succeeded("open_by_handle_at(FD_PIDFS_ROOT)", opened)
        },
    }

    /// A pidfd can be mounted.
    PIDFD_MOUNTS {
        "mounts of pidfds",
        own: &["api.pidfd-bind-mount"],
        remedy: "use Linux 6.14 or later",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            let pidfd = process.pidfd_open(process.sealed(), 0)?.id()?;
            let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::AT_EMPTY_PATH;
            succeeded("open_tree(OPEN_TREE_CLONE) of a pidfd", process.open_tree(pidfd, "", flags)?)
        },
    }
}
