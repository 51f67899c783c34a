//! The capabilities that mount namespaces and mounts demand.
//!
//! The limits of a namespace whose user namespace is less privileged live in `less_privileged`.

use super::{NO_DATA, NO_FLAGS, READ_ONLY_BIND, bind_on, change};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.newns-needs-cap-sys-admin",
        claim: "Only a process with CAP_SYS_ADMIN in its user namespace can create a mount namespace; an ordinary user has to create a user namespace of its own with it.",
        sources: &[man("clone(2)", "ERRORS"), man("unshare(2)", "ERRORS")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::MNT_NS, &need::PROCFS, &need::USER_NS],
        wrong: "an ordinary user gets a mount namespace in its present user namespace",
        play: |lab| {
            let user = lab.process("user")?;
            user.readlink("/proc/self/ns/mnt")?;
            user.unshare(NEWNS)?;
            user.try_clone("child", NEWNS)?;
            user.readlink("/proc/self/ns/mnt")?;
            user.unshare(NEWUSER | NEWNS)?;
            user.readlink("/proc/self/ns/mnt")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.err-eperm",
        claim: "Every kind of mount and umount call (new file system, bind, type change, remount, move, unmount) is refused to a process without CAP_SYS_ADMIN over its mount namespace.",
        sources: &[man("mount(2)", "ERRORS"), man("umount(2)", "ERRORS")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::MNT_NS, &need::PROCFS, &need::USER_NS],
        wrong: "one of the calls succeeds for an ordinary user, or fails for another reason",
        play: |lab| {
            let user = lab.process("user")?;
            user.mkdir("/tmp/a", 0o755)?;
            user.mkdir("/tmp/b", 0o755)?;
            user.mount("a", "/tmp/a", "tmpfs", NO_FLAGS, NO_DATA)?;
            bind_on(user, "/tmp/a", "/tmp/b")?;
            change(user, "/tmp", MountFlags::MS_SHARED)?;
            change(user, "/tmp", READ_ONLY_BIND)?;
            user.mount("/tmp", "/tmp/a", "", MountFlags::MS_MOVE, NO_DATA)?;
            user.umount("/tmp")?;
            user.mount_points("/tmp")?;
            lab.note("in a mount namespace that belongs to its own user namespace it may")?;
            user.unshare(NEWUSER | NEWNS)?;
            user.mount("a", "/tmp/a", "tmpfs", NO_FLAGS, NO_DATA)?;
            user.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
];
