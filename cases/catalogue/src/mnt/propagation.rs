//! Shared subtrees: which mount and unmount events reach which mounts.
//!
//! Changes of the propagation type live in `propagation_type`, the results of bind and move in `bind`
//! and `moving`, unbindable mounts in `unbindable`.

use super::{MOUNT_NAMESPACES, NO_DATA, bind, change, tmpfs, with_master_and_slave, with_shared_mount};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.master-slave-between-namespaces",
        claim: "A mount of one namespace can be the slave of a mount of another one: mounts and unmounts under the master are repeated under the slave, those under the slave stay there.",
        sources: &[SEED, man(MOUNT_NAMESPACES, "SHARED SUBTREES")],
        since: "2.6.15",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the slave misses what is mounted under its master, or the master receives what is mounted under the slave",
        play: |lab| {
            let master = with_shared_mount(lab, "master")?;
            let slave = master.clone("slave", NEWNS)?;
            change(slave, "/tmp/a", MountFlags::MS_SLAVE)?;
            slave.propagation("/tmp/a")?;
            master.propagation("/tmp/a")?;
            lab.note("a mount under the master reaches the slave")?;
            tmpfs(master, "/tmp/a/x")?;
            slave.mount_points("/tmp/a")?;
            lab.note("a mount under the slave stays there")?;
            tmpfs(slave, "/tmp/a/y")?;
            slave.mount_points("/tmp/a")?;
            master.mount_points("/tmp/a")?;
            lab.note("an unmount under the master reaches the slave")?;
            master.umount("/tmp/a/x")?;
            slave.mount_points("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.medium-mounted-once-appears-elsewhere",
        claim: "A medium that is mounted once, below a shared mount, appears with its content in every mount namespace that holds a copy of that mount; below a private mount it does not.",
        sources: &[SEED, man(MOUNT_NAMESPACES, "SHARED SUBTREES")],
        since: "2.6.15",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the medium has to be mounted in each namespace anew",
        play: |lab| {
            let outer = with_shared_mount(lab, "outer")?;
            let first = outer.clone("first", NEWNS)?;
            let second = outer.clone("second", NEWNS)?;
            lab.note("once below the shared mount, once below a private one")?;
            tmpfs(outer, "/tmp/a/disc")?;
            outer.creat_excl("/tmp/a/disc/song")?;
            tmpfs(outer, "/tmp/disc")?;
            outer.creat_excl("/tmp/disc/song")?;
            lab.note("only the first medium appears in the other namespaces")?;
            for process in [outer, first, second] {
                process.readlink("/proc/self/ns/mnt")?;
                process.mount_points("/tmp")?;
                process.readdir("/tmp/a/disc")?;
                process.readdir("/tmp/disc")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.newns-joins-group",
        claim: "The copy of a shared mount in a new mount namespace joins the peer group of its original, if both namespaces belong to the same user namespace.",
        sources: &[man(MOUNT_NAMESPACES, "SHARED SUBTREES")],
        since: "2.6.15",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the copy forms a group of its own, or is private",
        play: |lab| {
            let outer = with_shared_mount(lab, "outer")?;
            tmpfs(outer, "/tmp/other")?;
            change(outer, "/tmp/other", MountFlags::MS_SHARED)?;
            let inner = outer.clone("inner", NEWNS)?;
            lab.note("both sides name the same groups")?;
            for process in [outer, inner] {
                process.readlink("/proc/self/ns/mnt")?;
                process.propagation("/tmp")?;
                process.propagation("/tmp/a")?;
                process.propagation("/tmp/other")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.shared-propagates-mount",
        claim: "A mount under any member of a peer group appears under all its members.",
        sources: &[man(MOUNT_NAMESPACES, "SHARED SUBTREES")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "a mount under one peer is missing under the other",
        play: |lab| {
            let process = with_shared_mount(lab, "process")?;
            bind(process, "/tmp/a", "/tmp/b")?;
            process.propagation("/tmp/a")?;
            process.propagation("/tmp/b")?;
            lab.note("from one member to the other")?;
            tmpfs(process, "/tmp/a/x")?;
            process.mount_points("/tmp")?;
            lab.note("and the other way")?;
            tmpfs(process, "/tmp/b/y")?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.umount-propagates-to-peers-and-slaves",
        claim: "An unmount under one member of a peer group is repeated under all its members and under their slaves, but not under a mount that has become private.",
        sources: &[man("umount(2)", "NOTES"), man(MOUNT_NAMESPACES, "SHARED SUBTREES")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "a peer or slave keeps what was unmounted, or the private mount loses it",
        play: |lab| {
            let process = with_master_and_slave(lab, "process")?;
            bind(process, "/tmp/a", "/tmp/peer")?;
            bind(process, "/tmp/a", "/tmp/private")?;
            tmpfs(process, "/tmp/a/x")?;
            change(process, "/tmp/private", MountFlags::MS_PRIVATE)?;
            for place in ["/tmp/a", "/tmp/peer", "/tmp/s", "/tmp/private"] {
                process.propagation(place)?;
            }
            process.mount_points("/tmp")?;
            lab.note("one unmount; only the private mount keeps its copy")?;
            process.umount("/tmp/peer/x")?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.shared-propagates-across-namespaces",
        claim: "A peer group spans mount namespaces: mounts and unmounts under a shared mount travel both ways between a namespace and its copy.",
        sources: &[man(MOUNT_NAMESPACES, "SHARED SUBTREES")],
        since: "2.6.15",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "one namespace does not follow the mounts and unmounts of the other",
        play: |lab| {
            let outer = with_shared_mount(lab, "outer")?;
            let inner = outer.clone("inner", NEWNS)?;
            lab.note("from the outer namespace to the inner one")?;
            tmpfs(outer, "/tmp/private")?;
            tmpfs(outer, "/tmp/a/x")?;
            inner.mount_points("/tmp")?;
            lab.note("from the inner namespace to the outer one")?;
            tmpfs(inner, "/tmp/a/y")?;
            outer.mount_points("/tmp")?;
            lab.note("unmounts travel both ways, too")?;
            inner.umount("/tmp/a/x")?;
            outer.mount_points("/tmp")?;
            outer.umount("/tmp/a/y")?;
            inner.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.private-does-not-propagate",
        claim: "A private mount neither passes on what is mounted under it nor receives what is mounted under others.",
        sources: &[man(MOUNT_NAMESPACES, "SHARED SUBTREES")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "a mount appears under the other, private one",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            bind(process, "/tmp/a", "/tmp/b")?;
            process.propagation("/tmp/a")?;
            process.propagation("/tmp/b")?;
            tmpfs(process, "/tmp/a/x")?;
            tmpfs(process, "/tmp/b/y")?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.slave-does-not-send",
        claim: "A slave receives the mounts of its master, but mounts and unmounts under the slave itself stay there.",
        sources: &[man(MOUNT_NAMESPACES, "SHARED SUBTREES")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "the master follows what is done under its slave",
        play: |lab| {
            let process = with_master_and_slave(lab, "process")?;
            process.propagation("/tmp/a")?;
            process.propagation("/tmp/s")?;
            lab.note("from the master to the slave")?;
            tmpfs(process, "/tmp/a/x")?;
            process.mount_points("/tmp")?;
            lab.note("nothing from the slave to the master")?;
            tmpfs(process, "/tmp/s/y")?;
            process.umount("/tmp/s/x")?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.slave-and-shared-relays",
        claim: "A mount can be slave and shared at once: it passes what comes from its master on to its own peers, and sends nothing back to the master.",
        sources: &[man(MOUNT_NAMESPACES, "SHARED SUBTREES")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "a peer of the relaying mount misses the master's mount, or the master receives a mount from below",
        play: |lab| {
            let process = with_master_and_slave(lab, "process")?;
            change(process, "/tmp/s", MountFlags::MS_SHARED)?;
            bind(process, "/tmp/s", "/tmp/t")?;
            process.propagation("/tmp/a")?;
            process.propagation("/tmp/s")?;
            process.propagation("/tmp/t")?;
            lab.note("from the master on to both peers")?;
            tmpfs(process, "/tmp/a/x")?;
            process.mount_points("/tmp")?;
            lab.note("between the peers, and not to the master")?;
            tmpfs(process, "/tmp/t/y")?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.only-immediate-children",
        claim: "The propagation type of a mount decides about what is mounted directly under it; what is mounted under one of its submounts is decided by the submount's type.",
        sources: &[man(MOUNT_NAMESPACES, "SHARED SUBTREES")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "a mount under a private submount appears at the peer, or one directly under the shared mount does not",
        play: |lab| {
            let process = with_shared_mount(lab, "process")?;
            tmpfs(process, "/tmp/a/x")?;
            process.mkdir("/tmp/b", 0o755)?;
            process.mount("/tmp/a", "/tmp/b", "", MountFlags::MS_BIND | MountFlags::MS_REC, NO_DATA)?;
            change(process, "/tmp/a/x", MountFlags::MS_PRIVATE)?;
            process.propagation("/tmp/a")?;
            process.propagation("/tmp/a/x")?;
            lab.note("below the private mount: no copy")?;
            tmpfs(process, "/tmp/a/x/below")?;
            lab.note("directly below the shared one: a copy")?;
            tmpfs(process, "/tmp/a/direct")?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.umount-decided-by-parent",
        claim: "Whether an unmount is repeated elsewhere depends on the type of the mount's parent, not on its own.",
        sources: &[man(MOUNT_NAMESPACES, "SHARED SUBTREES")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "a private mount under a shared one stays at the peer, or a shared one under a private one disappears there",
        play: |lab| {
            let process = with_shared_mount(lab, "process")?;
            bind(process, "/tmp/a", "/tmp/b")?;
            lab.note("a private mount with a shared parent")?;
            tmpfs(process, "/tmp/a/x")?;
            change(process, "/tmp/a/x", MountFlags::MS_PRIVATE)?;
            process.propagation("/tmp/a")?;
            process.propagation("/tmp/a/x")?;
            lab.note("a shared mount with a private parent")?;
            tmpfs(process, "/tmp/y")?;
            change(process, "/tmp/y", MountFlags::MS_SHARED)?;
            bind(process, "/tmp/y", "/tmp/z")?;
            process.propagation("/tmp")?;
            process.propagation("/tmp/y")?;
            process.propagation("/tmp/z")?;
            process.mount_points("/tmp")?;
            process.umount("/tmp/a/x")?;
            process.umount("/tmp/y")?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.replica-at-slave-is-slave",
        claim: "The replica that a slave receives is a slave too: its master is the new peer group of what was mounted under the slave's master.",
        sources: &[man(MOUNT_NAMESPACES, "MS_SLAVE example")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "the replica is private, or a peer of the original",
        play: |lab| {
            let process = with_master_and_slave(lab, "process")?;
            tmpfs(process, "/tmp/a/x")?;
            tmpfs(process, "/tmp/s/own")?;
            lab.note("the replica at the slave has the group of its original as master")?;
            for place in ["/tmp/a", "/tmp/s", "/tmp/a/x", "/tmp/s/x", "/tmp/s/own"] {
                process.propagation(place)?;
            }
            Ok(())
        },
        ..CASE
    },
];
