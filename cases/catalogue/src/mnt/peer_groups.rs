//! Peer groups: how a mount comes into one and leaves it.
//!
//! The results of bind and move by type live in `tables`, the numbers that groups show in `tags`.

use super::{MOUNT_NAMESPACES, bind, change, tmpfs, with_master_and_slave, with_shared_mount};
use crate::prelude::*;

/// Where joining and leaving is documented.
const SOURCES: &[Source] = &[man(MOUNT_NAMESPACES, "SHARED SUBTREES")];

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.bind-joins-group",
        claim: "A bind mount of a shared mount, or of a directory of it, joins its peer group; a bind of a bind does too, and goes on doing so when the first member is gone.",
        sources: SOURCES,
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "a bind is in a group of its own, or in none",
        play: |lab| {
            let process = with_shared_mount(lab, "process")?;
            process.mkdir("/tmp/a/sub", 0o755)?;
            bind(process, "/tmp/a", "/tmp/b")?;
            bind(process, "/tmp/b/sub", "/tmp/c")?;
            lab.note("a bind, and a bind of a directory of the bind: one group")?;
            for place in ["/tmp/a", "/tmp/b", "/tmp/c"] {
                process.propagation(place)?;
            }
            lab.note("the first member goes, and the group goes on")?;
            process.umount("/tmp/a")?;
            bind(process, "/tmp/b", "/tmp/d")?;
            process.propagation("/tmp/d")?;
            tmpfs(process, "/tmp/d/sub/x")?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.leave-group-by-umount",
        claim: "An unmount takes a mount out of its peer group: the last member has nobody left to become the slave of.",
        sources: SOURCES,
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "the mount that is left becomes a slave of a group without members",
        play: |lab| {
            let process = with_shared_mount(lab, "process")?;
            bind(process, "/tmp/a", "/tmp/b")?;
            tmpfs(process, "/tmp/c")?;
            change(process, "/tmp/c", MountFlags::MS_SHARED)?;
            bind(process, "/tmp/c", "/tmp/d")?;
            lab.note("two groups of two members; one of the second goes")?;
            for place in ["/tmp/a", "/tmp/b", "/tmp/c", "/tmp/d"] {
                process.propagation(place)?;
            }
            process.umount("/tmp/d")?;
            lab.note("with a peer, a slave has a master; without, it has none")?;
            for place in ["/tmp/a", "/tmp/c"] {
                change(process, place, MountFlags::MS_SLAVE)?;
                process.propagation(place)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.leave-group-by-detach",
        claim: "A lazy unmount takes a mount out of its peer group at once, also while it is in use: what is mounted under the others does not arrive there any more.",
        sources: &[man(MOUNT_NAMESPACES, "SHARED SUBTREES"), man("umount(2)", "DESCRIPTION")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "the mount in use still belongs to the group or follows its events",
        play: |lab| {
            let process = with_shared_mount(lab, "process")?;
            let user = process.fork("user")?;
            process.mkdir("/tmp/a/x", 0o755)?;
            bind(process, "/tmp/a", "/tmp/b")?;
            user.chdir("/tmp/b")?;
            process.umount("/tmp/b")?;
            process.umount2("/tmp/b", UmountFlags::MNT_DETACH)?;
            process.mount("new", "/tmp/a/x", "tmpfs", MountFlags::empty(), "")?;
            process.creat_excl("/tmp/a/x/file")?;
            process.readdir("/tmp/a/x")?;
            user.readdir("x")?;
            lab.note("the other member is alone")?;
            process.propagation("/tmp/a")?;
            change(process, "/tmp/a", MountFlags::MS_SLAVE)?;
            process.propagation("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.leave-group-by-make-private",
        claim: "A member that is made private leaves its peer group: it has no tag, no event comes or goes, and its former peer is alone.",
        sources: SOURCES,
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "the mount still follows its former peer, or that one follows it",
        play: |lab| {
            let process = with_shared_mount(lab, "process")?;
            bind(process, "/tmp/a", "/tmp/b")?;
            lab.note("before: a member of the group; then private")?;
            process.propagation("/tmp/b")?;
            change(process, "/tmp/b", MountFlags::MS_PRIVATE)?;
            process.propagation("/tmp/b")?;
            lab.note("no event comes or goes any more")?;
            tmpfs(process, "/tmp/a/x")?;
            tmpfs(process, "/tmp/b/y")?;
            process.mount_points("/tmp")?;
            lab.note("the former peer is alone: as a slave it has no master")?;
            process.propagation("/tmp/a")?;
            change(process, "/tmp/a", MountFlags::MS_SLAVE)?;
            process.propagation("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.child-of-shared-gets-new-group",
        claim: "Each mount under a shared mount founds a peer group of its own with its replicas; it is neither in its parent's nor in a neighbour's.",
        sources: &[man(MOUNT_NAMESPACES, "SHARED SUBTREES"), man(MOUNT_NAMESPACES, "NOTES")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "the mount is private, or in the group of its parent or neighbour",
        play: |lab| {
            let process = with_shared_mount(lab, "process")?;
            bind(process, "/tmp/a", "/tmp/b")?;
            tmpfs(process, "/tmp/a/x")?;
            tmpfs(process, "/tmp/b/y")?;
            lab.note("each new mount and its replica are a group of their own")?;
            for place in ["/tmp/a", "/tmp/a/x", "/tmp/a/y", "/tmp/b", "/tmp/b/x", "/tmp/b/y"] {
                process.propagation(place)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.child-of-private-is-private",
        claim: "A mount under a private mount is private, even if another mount of the same file system is shared.",
        sources: &[man(MOUNT_NAMESPACES, "NOTES")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "the mount is shared as under the other mount of the file system",
        play: |lab| {
            let process = with_shared_mount(lab, "process")?;
            bind(process, "/tmp/a", "/tmp/b")?;
            change(process, "/tmp/b", MountFlags::MS_PRIVATE)?;
            lab.note("two mounts of one file system, a shared and a private one")?;
            tmpfs(process, "/tmp/a/x")?;
            tmpfs(process, "/tmp/b/y")?;
            lab.note("a mount below has the type of the one that it is under")?;
            for place in ["/tmp/a", "/tmp/a/x", "/tmp/b", "/tmp/b/y"] {
                process.propagation(place)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.child-of-slave-is-private",
        claim: "A mount that is made under a plain slave is private and has no master, unlike one that it receives; the type goes by the parent's at the time of the mount.",
        sources: &[man(MOUNT_NAMESPACES, "MS_SLAVE example")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "the mount is a slave or shared, or a later change of the parent changes it",
        play: |lab| {
            let process = with_master_and_slave(lab, "process")?;
            lab.note("one is received from the master, one is made under the slave")?;
            tmpfs(process, "/tmp/a/received")?;
            tmpfs(process, "/tmp/s/own")?;
            lab.note("one more is made when the slave is shared as well")?;
            change(process, "/tmp/s", MountFlags::MS_SHARED)?;
            tmpfs(process, "/tmp/s/later")?;
            for place in ["/tmp/s", "/tmp/s/received", "/tmp/s/own", "/tmp/s/later"] {
                process.propagation(place)?;
            }
            Ok(())
        },
        ..CASE
    },
];
