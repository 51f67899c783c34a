//! Mount namespaces of several user namespaces, one in the other: how mounts propagate between
//! their levels, and what one's own level is free to do.
//!
//! The refusals of locks live in `locked_mounts`, the first steps of both in `less_privileged`.

use super::{MOUNT_NAMESPACES, change, tmpfs, with_shared_mount};
use crate::prelude::*;

/// A mount namespace that is less privileged than that of its creator: a user namespace that maps
/// uid 0 and gid 0 owns it, so that its root can create further ones and own files.
fn less_privileged<'l>(creator: Process<'l>, name: &str) -> Result<Process<'l>, Interrupt> {
    clone_mapped(creator, name, NEWUSER | NEWNS, "0 0 1")
}

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.lesspriv-receives-from-above",
        claim: "What is mounted and unmounted in a mount namespace arrives in a less privileged one, and in those that are less privileged still.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces")],
        since: "3.8",
        needs: &[&need::PROCFS],
        wrong: "a second user namespace on the way cuts off what comes from above, or only mounts arrive and unmounts do not",
        play: |lab| {
            let outer = with_shared_mount(lab, "outer")?;
            let middle = less_privileged(outer, "middle")?;
            let inner = middle.clone("inner", NEWUSER | NEWNS)?;
            for process in [outer, middle, inner] {
                process.readlink("/proc/self/ns/user")?;
                process.readlink("/proc/self/ns/mnt")?;
            }
            lab.note("two mounts of outer")?;
            tmpfs(outer, "/tmp/a/x")?;
            tmpfs(outer, "/tmp/a/y")?;
            middle.mount_points("/tmp")?;
            inner.mount_points("/tmp")?;
            lab.note("one of the two is unmounted where it was mounted")?;
            outer.umount("/tmp/a/x")?;
            middle.mount_points("/tmp")?;
            inner.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.lesspriv-may-share-below",
        claim: "In a less privileged mount namespace a slave can be shared again: it has peers and slaves of its own there, and is still a slave of the mount above, which gets nothing from it.",
        sources: &[
            man(MOUNT_NAMESPACES, "Restrictions on mount namespaces"),
            man(MOUNT_NAMESPACES, "SHARED SUBTREES"),
        ],
        since: "3.8",
        needs: &[&need::PROCFS],
        wrong: "the mount joins the group above, or leaves it, or a mount below reaches the namespace above",
        play: |lab| {
            let outer = with_shared_mount(lab, "outer")?;
            let middle = less_privileged(outer, "middle")?;
            middle.propagation("/tmp/a")?;
            lab.note("the slave is shared again, and gets a peer and a slave")?;
            change(middle, "/tmp/a", MountFlags::MS_SHARED)?;
            let peer = middle.clone("peer", NEWNS)?;
            let inner = middle.clone("inner", NEWUSER | NEWNS)?;
            for process in [outer, middle, peer, inner] {
                process.readlink("/proc/self/ns/mnt")?;
                process.propagation("/tmp/a")?;
            }
            lab.note(
                "a mount of the middle reaches its peer and the level below; one from above reaches all",
            )?;
            tmpfs(middle, "/tmp/a/m")?;
            outer.mkdir("/tmp/a/o", 0o755)?;
            outer.mount("o", "/tmp/a/o", "tmpfs", MountFlags::empty(), "")?;
            for process in [outer, middle, peer, inner] {
                process.mount_points("/tmp")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.lesspriv-may-go-private",
        claim: "In a less privileged mount namespace a slave can be made private: from then on nothing arrives from above, and what has arrived stays.",
        sources: &[
            man(MOUNT_NAMESPACES, "Restrictions on mount namespaces"),
            man(MOUNT_NAMESPACES, "SHARED SUBTREES"),
        ],
        since: "3.8",
        needs: &[&need::PROCFS],
        wrong: "the change is refused, or mounts from above still come and go, or another slave gets them no longer",
        play: |lab| {
            let outer = with_shared_mount(lab, "outer")?;
            let private = outer.clone("private", NEWUSER | NEWNS)?;
            let slave = outer.clone("slave", NEWUSER | NEWNS)?;
            tmpfs(outer, "/tmp/a/before")?;
            private.propagation("/tmp/a")?;
            change(private, "/tmp/a", MountFlags::MS_PRIVATE)?;
            private.propagation("/tmp/a")?;
            slave.propagation("/tmp/a")?;
            lab.note("one mount comes and one goes")?;
            tmpfs(outer, "/tmp/a/after")?;
            outer.umount("/tmp/a/before")?;
            for process in [private, slave] {
                process.mount_points("/tmp/a")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.same-owner-not-locked",
        claim: "A mount namespace that is copied within its user namespace keeps shared mounts shared and locks nothing more; what was locked before is locked in the copy too.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces")],
        since: "3.8",
        needs: &[&need::PROCFS],
        wrong: "the copy is less privileged than its original, or a second copy takes the locks off",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/given")?;
            let inner = outer.clone("inner", NEWUSER | NEWNS)?;
            tmpfs(inner, "/tmp/own")?;
            change(inner, "/tmp/own", MountFlags::MS_SHARED)?;
            let copy = inner.fork("copy")?;
            copy.unshare(NEWNS)?;
            for process in [inner, copy] {
                process.readlink("/proc/self/ns/mnt")?;
                process.propagation("/tmp/own")?;
            }
            lab.note("what inner has mounted can be unmounted in the copy, what outer has mounted cannot")?;
            copy.umount("/tmp/own")?;
            copy.umount("/tmp/given")?;
            for process in [inner, copy] {
                process.mount_points("/tmp")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.own-mounts-umountable",
        claim: "The root of a user namespace can unmount what it has mounted itself, in a tree of given mounts too; for the next user namespace below, its mounts are as locked as those from above.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces")],
        since: "3.8",
        needs: &[&need::PROCFS],
        wrong: "own mounts are locked, or the level below can take them away",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/given")?;
            let middle = less_privileged(outer, "middle")?;
            tmpfs(middle, "/tmp/given/own")?;
            let inner = middle.clone("inner", NEWUSER | NEWNS)?;
            lab.note("each tries to unmount what the level above has mounted")?;
            inner.umount("/tmp/given/own")?;
            middle.umount("/tmp/given")?;
            middle.umount("/tmp/given/own")?;
            middle.mount_points("/tmp")?;
            inner.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.single-propagated-mount-not-locked",
        claim: "A single mount that arrives in a less privileged mount namespace is a unit by itself: it can be unmounted there, and stays where it came from and on the other levels.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces")],
        since: "3.8",
        needs: &[&need::PROCFS],
        wrong: "the mount is locked like those that the namespace began with, or vanishes elsewhere too",
        play: |lab| {
            let outer = with_shared_mount(lab, "outer")?;
            let inner = outer.clone("inner", NEWUSER | NEWNS)?;
            let other = outer.clone("other", NEWUSER | NEWNS)?;
            for process in [outer, inner, other] {
                process.readlink("/proc/self/ns/user")?;
                process.readlink("/proc/self/ns/mnt")?;
            }
            lab.note("one mount arrives, and is unmounted in one place")?;
            tmpfs(outer, "/tmp/a/x")?;
            inner.mount_points("/tmp")?;
            inner.umount("/tmp/a/x")?;
            for process in [inner, other, outer] {
                process.mount_points("/tmp")?;
            }
            lab.note("a namespace that began with the same mount cannot")?;
            let later = outer.clone("later", NEWUSER | NEWNS)?;
            later.umount("/tmp/a/x")?;
            later.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.locked-part-of-unit-einval",
        claim: "A tree that is moved to where it propagates arrives in every less privileged mount namespace below as one unit: its parts can be neither unmounted, moved nor left out of a copy there, while its top can be moved.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces")],
        since: "3.8",
        needs: &[&need::PROCFS],
        wrong: "the parts of a tree that was moved, or that crossed a second level, come apart",
        play: |lab| {
            let outer = with_shared_mount(lab, "outer")?;
            tmpfs(outer, "/tmp/tree")?;
            tmpfs(outer, "/tmp/tree/part")?;
            outer.mkdir("/tmp/a/unit", 0o755)?;
            outer.mkdir("/tmp/place", 0o755)?;
            lab.note("two less privileged namespaces, one below the other")?;
            let middle = less_privileged(outer, "middle")?;
            let inner = middle.clone("inner", NEWUSER | NEWNS)?;
            for process in [outer, middle, inner] {
                process.readlink("/proc/self/ns/user")?;
            }
            lab.note("the tree is moved to where it propagates")?;
            change_place(outer, "/tmp/tree", "/tmp/a/unit")?;
            for process in [middle, inner] {
                process.mount_points("/tmp/a")?;
                lab.note("the part stays where it is")?;
                process.umount2("/tmp/a/unit/part", UmountFlags::MNT_DETACH)?;
                change_place(process, "/tmp/a/unit/part", "/tmp/place")?;
                process.mount("/tmp/a/unit", "/tmp/place", "", MountFlags::MS_BIND, "")?;
                lab.note("the whole goes")?;
                change_place(process, "/tmp/a/unit", "/tmp/place")?;
                process.mount_points("/tmp/a")?;
                process.mount_points("/tmp/place")?;
            }
            Ok(())
        },
        ..CASE
    },
];

/// Moves a mount.
fn change_place(process: Process<'_>, from: &str, to: &str) -> Done {
    process.mount(from, to, "", MountFlags::MS_MOVE, "")
}
