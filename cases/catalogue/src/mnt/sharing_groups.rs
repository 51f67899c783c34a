//! Putting a mount into the peer group of another one: MOVE_MOUNT_SET_GROUP of move_mount(2).
//!
//! Groups that binds and propagation types make live in `peer_groups`.

use super::{bind, change, tmpfs};
use crate::prelude::*;

const HERE: Directory = Directory::AT_FDCWD;
const SET_GROUP: MoveMountFlags = MoveMountFlags::MOVE_MOUNT_SET_GROUP;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.move-mount-set-group",
        claim: "MOVE_MOUNT_SET_GROUP moves nothing: it makes a private mount a member of another mount's peer group, and events go from each to the other.",
        sources: &[man("move_mount(2)", "MOVE_MOUNT_SET_GROUP")],
        since: "5.15",
        needs: &[&need::PROCFS, &need::SET_GROUP],
        wrong: "the mount stays private, gets a group of its own, or is moved",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            bind(process, "/tmp/a", "/tmp/b")?;
            change(process, "/tmp/a", MountFlags::MS_SHARED)?;
            process.move_mount(HERE, "/tmp/a", HERE, "/tmp/b", SET_GROUP)?;
            process.propagation("/tmp/a")?;
            process.propagation("/tmp/b")?;
            lab.note("events go both ways")?;
            tmpfs(process, "/tmp/a/x")?;
            tmpfs(process, "/tmp/b/y")?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.set-group-errors",
        claim: "MOVE_MOUNT_SET_GROUP refuses a source without a group, a mount of another file system, a target that has a group, one that shows more of the file system than the source, and what is no mount; one that shows less is accepted.",
        sources: &[man("move_mount(2)", "MOVE_MOUNT_SET_GROUP")],
        since: "5.15",
        needs: &[&need::PROCFS, &need::SET_GROUP],
        wrong: "a mount joins a group with whose members it does not fit",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            tmpfs(process, "/tmp/other")?;
            process.mkdir("/tmp/a/s", 0o755)?;
            bind(process, "/tmp/a", "/tmp/b")?;
            bind(process, "/tmp/a/s", "/tmp/narrow")?;
            lab.note("a source without a group")?;
            process.move_mount(HERE, "/tmp/a", HERE, "/tmp/b", SET_GROUP)?;
            change(process, "/tmp/a", MountFlags::MS_SHARED)?;
            bind(process, "/tmp/a", "/tmp/member")?;
            bind(process, "/tmp/a/s", "/tmp/narrow-member")?;
            lab.note("another file system, a target in a group, a wider target, no mount")?;
            process.move_mount(HERE, "/tmp/a", HERE, "/tmp/other", SET_GROUP)?;
            process.move_mount(HERE, "/tmp/a", HERE, "/tmp/member", SET_GROUP)?;
            process.move_mount(HERE, "/tmp/narrow-member", HERE, "/tmp/b", SET_GROUP)?;
            process.move_mount(HERE, "/tmp/a", HERE, "/tmp/a/s", SET_GROUP)?;
            process.move_mount(HERE, "/tmp/a/s", HERE, "/tmp/narrow", SET_GROUP)?;
            lab.note("a narrower target")?;
            process.move_mount(HERE, "/tmp/a", HERE, "/tmp/narrow", SET_GROUP)?;
            for place in
                ["/tmp/a", "/tmp/b", "/tmp/other", "/tmp/member", "/tmp/narrow-member", "/tmp/narrow"]
            {
                process.propagation(place)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.set-group-from-slave",
        claim: "MOVE_MOUNT_SET_GROUP takes over all of the source's relations: from a slave the target becomes a slave of the same master, from a slave that is shared it becomes both.",
        sources: &[man("move_mount(2)", "MOVE_MOUNT_SET_GROUP")],
        since: "5.15",
        needs: &[&need::PROCFS, &need::SET_GROUP],
        wrong: "the target has another master than the source, or no group of its own",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            for place in ["/tmp/s", "/tmp/b", "/tmp/c"] {
                bind(process, "/tmp/a", place)?;
            }
            change(process, "/tmp/a", MountFlags::MS_SHARED)?;
            process.move_mount(HERE, "/tmp/a", HERE, "/tmp/s", SET_GROUP)?;
            change(process, "/tmp/s", MountFlags::MS_SLAVE)?;
            lab.note("from a slave, and from a slave that is shared")?;
            process.move_mount(HERE, "/tmp/s", HERE, "/tmp/b", SET_GROUP)?;
            change(process, "/tmp/s", MountFlags::MS_SHARED)?;
            process.move_mount(HERE, "/tmp/s", HERE, "/tmp/c", SET_GROUP)?;
            for place in ["/tmp/a", "/tmp/s", "/tmp/b", "/tmp/c"] {
                process.propagation(place)?;
            }
            tmpfs(process, "/tmp/s/x")?;
            tmpfs(process, "/tmp/a/y")?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.set-group-unbindable-target",
        claim: "MOVE_MOUNT_SET_GROUP refuses an unbindable target, which stays unbindable; a private one joins the group.",
        sources: &[
            man("move_mount(2)", "MOVE_MOUNT_SET_GROUP"),
            man(super::MOUNT_NAMESPACES, "MS_UNBINDABLE mounts"),
        ],
        since: "5.15",
        needs: &[&need::PROCFS, &need::SET_GROUP],
        wrong: "a mount is in a peer group and cannot be bound",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            bind(process, "/tmp/a", "/tmp/b")?;
            bind(process, "/tmp/a", "/tmp/c")?;
            change(process, "/tmp/a", MountFlags::MS_SHARED)?;
            change(process, "/tmp/b", MountFlags::MS_UNBINDABLE)?;
            lab.note("an unbindable target, and a private one")?;
            process.move_mount(HERE, "/tmp/a", HERE, "/tmp/b", SET_GROUP)?;
            process.propagation("/tmp/b")?;
            process.move_mount(HERE, "/tmp/a", HERE, "/tmp/c", SET_GROUP)?;
            process.propagation("/tmp/c")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.set-group-across-namespaces",
        claim: "MOVE_MOUNT_SET_GROUP joins mounts of different mount namespaces for whoever has CAP_SYS_ADMIN over both, and is refused to the root of a user namespace whose target is outside.",
        sources: &[man("move_mount(2)", "MOVE_MOUNT_SET_GROUP")],
        since: "5.15",
        needs: &[&need::PROCFS, &need::SET_GROUP, &need::OPEN_TREE],
        wrong: "the namespaces stay apart, or a contained root makes an outer mount share with its own",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/a")?;
            bind(outer, "/tmp/a", "/tmp/b")?;
            change(outer, "/tmp/a", MountFlags::MS_SHARED)?;
            let of_outer = outer.open_tree(HERE, "/tmp/b", OpenTreeFlags::empty())?.id()?;
            let inner = outer.clone("inner", NEWNS)?;
            let contained = outer.clone("contained", NEWUSER | NEWNS)?;
            lab.note("into the group of the other namespace")?;
            outer.move_mount(HERE, "/tmp/a", HERE, inner.proc("root/tmp/b"), SET_GROUP)?;
            lab.note("the contained root: a mount of the outer namespace, and one of its own")?;
            let by_descriptor = SET_GROUP | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
            contained.move_mount(HERE, "/tmp/a", of_outer, "", by_descriptor)?;
            contained.move_mount(HERE, "/tmp/a", HERE, "/tmp/b", SET_GROUP)?;
            for process in [outer, inner, contained] {
                process.readlink("/proc/self/ns/user")?;
                process.propagation("/tmp/a")?;
                process.propagation("/tmp/b")?;
            }
            lab.note("an event reaches the mount that has joined the group")?;
            tmpfs(outer, "/tmp/a/x")?;
            for process in [outer, inner, contained] {
                process.mount_points("/tmp/b")?;
            }
            Ok(())
        },
        ..CASE
    },
];
