//! A mount namespace that a less privileged user namespace owns: slaves, and locked mounts.
//!
//! Other rules of mount_namespaces(7), "Restrictions on mount namespaces", live in `mount_points`.

use super::{MOUNT_NAMESPACES, NO_DATA, NO_FLAGS, READ_ONLY_BIND, bind_on, change, tmpfs, with_shared_mount};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.lesspriv-reduces-shared-to-slave",
        claim: "In a mount namespace that belongs to another user namespace than the one it was copied from, shared mounts become slaves of their originals.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces")],
        since: "3.8",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the less privileged copy is a peer of the original",
        play: |lab| {
            let outer = with_shared_mount(lab, "outer")?;
            let same_owner = outer.clone("same-owner", NEWNS)?;
            let inner = outer.clone("inner", NEWUSER | NEWNS)?;
            lab.note("the copy with the same owner stays shared, the one with another owner is a slave")?;
            for process in [outer, same_owner, inner] {
                process.readlink("/proc/self/ns/user")?;
                process.readlink("/proc/self/ns/mnt")?;
                process.propagation("/tmp/a")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.lesspriv-sends-nothing-up",
        claim: "A mount in a less privileged mount namespace does not reach the more privileged one; the other way round, mounts do arrive.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces")],
        since: "3.8",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "a mount made by the root of a user namespace appears outside",
        play: |lab| {
            let outer = with_shared_mount(lab, "outer")?;
            let inner = outer.clone("inner", NEWUSER | NEWNS)?;
            tmpfs(inner, "/tmp/a/in")?;
            tmpfs(outer, "/tmp/a/out")?;
            inner.mount_points("/tmp")?;
            outer.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.locked-umount-einval",
        claim: "Mounts that a less privileged mount namespace was created with are locked together: none of them can be unmounted alone, with MNT_DETACH neither.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces"), man("umount(2)", "ERRORS")],
        since: "3.8",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the root of a user namespace can take away a mount that it was given",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/a")?;
            let inner = outer.clone("inner", NEWUSER | NEWNS)?;
            inner.umount("/tmp/a")?;
            inner.umount2("/tmp/a", UmountFlags::MNT_DETACH)?;
            inner.mount_points("/tmp")?;
            lab.note("in a copy that belongs to the same user namespace nothing is locked")?;
            let same_owner = outer.clone("same-owner", NEWNS)?;
            same_owner.umount("/tmp/a")?;
            same_owner.mount_points("/tmp")?;
            outer.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.locked-mask-stays",
        claim: "A file that was covered by a bind mount stays covered in less privileged mount namespaces: the covering mount cannot be removed there.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces")],
        since: "3.8",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the root of a user namespace can read the covered file",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.creat_excl("/tmp/shadow")?;
            outer.echo("secret", "/tmp/shadow")?;
            outer.creat_excl("/tmp/empty")?;
            bind_on(outer, "/tmp/empty", "/tmp/shadow")?;
            let inner = outer.clone("inner", NEWUSER | NEWNS)?;
            inner.cat("/tmp/shadow")?;
            inner.umount("/tmp/shadow")?;
            inner.cat("/tmp/shadow")?;
            lab.note("in a copy that belongs to the same user namespace the cover can be removed")?;
            let same_owner = outer.clone("same-owner", NEWNS)?;
            same_owner.umount("/tmp/shadow")?;
            same_owner.cat("/tmp/shadow")?;
            outer.cat("/tmp/shadow")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.locked-stacking-allowed",
        claim: "On top of a locked mount a less privileged namespace may mount, and unmount what it has mounted itself; the locked mount below stays.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces")],
        since: "3.8",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the own mount cannot be removed again, or the locked one can",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/a")?;
            let inner = outer.clone("inner", NEWUSER | NEWNS)?;
            inner.mount("on-top", "/tmp/a", "tmpfs", NO_FLAGS, NO_DATA)?;
            inner.mount_points("/tmp")?;
            inner.mountinfo("/tmp/a")?;
            inner.umount("/tmp/a")?;
            inner.mountinfo("/tmp/a")?;
            inner.umount("/tmp/a")?;
            inner.mount_points("/tmp")?;
            outer.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.locked-unit-as-a-whole",
        claim: "A tree of mounts that arrives by propagation from a more privileged namespace is one unit: no part of it can be unmounted, but all of it can, lazily, at its top.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces")],
        since: "3.8",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "a part of the unit is removed alone, or the unit cannot be removed, or is removed outside as well",
        play: |lab| {
            let outer = with_shared_mount(lab, "outer")?;
            tmpfs(outer, "/tmp/tree")?;
            tmpfs(outer, "/tmp/tree/part")?;
            outer.mkdir("/tmp/a/unit", 0o755)?;
            let inner = outer.clone("inner", NEWUSER | NEWNS)?;
            let recursively = MountFlags::MS_BIND | MountFlags::MS_REC;
            outer.mount("/tmp/tree", "/tmp/a/unit", "", recursively, NO_DATA)?;
            inner.mount_points("/tmp/a")?;
            lab.note("no part can be unmounted, nor the top alone")?;
            inner.umount("/tmp/a/unit/part")?;
            inner.umount2("/tmp/a/unit/part", UmountFlags::MNT_DETACH)?;
            inner.umount("/tmp/a/unit")?;
            inner.mount_points("/tmp/a")?;
            lab.note("the whole tree can")?;
            inner.umount2("/tmp/a/unit", UmountFlags::MNT_DETACH)?;
            inner.mount_points("/tmp/a")?;
            outer.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.locked-readonly",
        claim: "A mount that was read-only when a less privileged mount namespace was made from its namespace cannot be made writable there.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces"), man("mount(2)", "ERRORS")],
        since: "3.17",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the root of a user namespace can write to what was given to it read-only",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/a")?;
            change(outer, "/tmp/a", READ_ONLY_BIND)?;
            let inner = outer.clone("inner", NEWUSER | NEWNS)?;
            change(inner, "/tmp/a", MountFlags::MS_REMOUNT | MountFlags::MS_BIND)?;
            lab.note("a remount that leaves it read-only is allowed")?;
            change(inner, "/tmp/a", READ_ONLY_BIND | MountFlags::MS_NOSUID)?;
            inner.mountinfo("/tmp/a")?;
            let same_owner = outer.clone("same-owner", NEWNS)?;
            change(same_owner, "/tmp/a", MountFlags::MS_REMOUNT | MountFlags::MS_BIND)?;
            same_owner.mountinfo("/tmp/a")?;
            outer.mountinfo("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
];
