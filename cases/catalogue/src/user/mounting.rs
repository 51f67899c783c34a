//! The file systems that a member with CAP_SYS_ADMIN may mount.
//!
//! cgroup2 lives in `cgroup::mounts`.

use super::{NO_FLAGS, OWN, USER_AS_ROOT};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "user.mount-own-ns-only",
        claim: "To mount one needs CAP_SYS_ADMIN in the user namespace that owns the mount namespace: root inside can bind in a mount namespace of its own, not in the one it came with.",
        sources: &[
            man("user_namespaces(7)", "Interaction of user namespaces and other types of namespaces"),
            man("mount(2)", "ERRORS"),
        ],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "root inside changes the mounts outside",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.mkdir("place", 0o755)?;
            let with = outer.clone("with", NEWUSER | NEWNS)?;
            let without = outer.clone("without", NEWUSER)?;
            for process in [without, with] {
                process.capget()?;
                process.mount("/tmp", "place", "", MountFlags::MS_BIND, "")?;
                process.mount_points("/tmp/place")?;
            }
            outer.mount_points("/tmp/place")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.mountable-proc",
        claim: "The root of a user namespace that owns its PID namespace can mount proc, which shows that PID namespace; with a PID namespace from outside it cannot.",
        sources: &[man("user_namespaces(7)", "Effect of capabilities within a user namespace")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS, &need::PID_NS],
        wrong: "proc of a PID namespace outside is mounted, or proc of one's own is not",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.mkdir("place", 0o755)?;
            let without = outer.clone("without", NEWUSER | NEWNS)?;
            let with = outer.clone("with", NEWUSER | NEWNS | NEWPID)?;
            for process in [without, with] {
                process.mount("proc", "place", "proc", NO_FLAGS, "")?;
                process.readdir_numeric("place")?;
            }
            lab.note("what is missing is the PID namespace, not the mount namespace")?;
            without.mount("scratch", "place", "tmpfs", NO_FLAGS, "")?;
            without.mount_points("/tmp/place")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.mountable-mqueue",
        claim: "The root of a user namespace that owns its IPC namespace can mount mqueue; with an IPC namespace from outside it cannot.",
        sources: &[man("user_namespaces(7)", "Effect of capabilities within a user namespace")],
        since: "3.9",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS, &need::IPC_NS, &need::MQUEUE],
        wrong: "the queues of an IPC namespace outside are mounted, or one's own are not",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.mkdir("place", 0o755)?;
            let inner = outer.clone("inner", NEWUSER | NEWNS)?;
            inner.mount("mqueue", "place", "mqueue", NO_FLAGS, "")?;
            inner.mount_points("/tmp/place")?;
            inner.unshare(NEWIPC)?;
            inner.mount("mqueue", "place", "mqueue", NO_FLAGS, "")?;
            inner.mount_points("/tmp/place")?;
            outer.mount_points("/tmp/place")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.mountable-tmpfs",
        claim: "The root of a user namespace can mount a tmpfs of its own, and what it creates there belongs to it.",
        sources: &[man("user_namespaces(7)", "Effect of capabilities within a user namespace")],
        since: "3.9",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "tmpfs is refused inside, or can be mounted without a user namespace",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.mkdir("place", 0o755)?;
            let inner = outer.clone("inner", NEWUSER | NEWNS)?;
            inner.map_ids(OWN, USER_AS_ROOT, USER_AS_ROOT)?;
            for process in [outer, inner] {
                process.mount("scratch", "place", "tmpfs", NO_FLAGS, "mode=700")?;
                process.stat_owner("place")?;
            }
            inner.creat_excl("place/file")?;
            inner.readdir("place")?;
            outer.readdir("place")?;
            Ok(())
        },
        ..CASE
    },
];
