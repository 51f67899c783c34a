//! Files and directories that are mount points: what removes and renames them, and from where.

use super::{MOUNT_NAMESPACES, bind_on, tmpfs};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.foreign-mount-point-unlink",
        claim: "A file that is a mount point only in another mount namespace can be removed; the mount there vanishes with it.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces")],
        since: "3.18",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the file is busy, or the other namespace keeps the mount",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.creat_excl("/tmp/file")?;
            outer.creat_excl("/tmp/source")?;
            let inner = outer.clone("inner", NEWNS)?;
            bind_on(inner, "/tmp/source", "/tmp/file")?;
            inner.unlink("/tmp/file")?;
            inner.mount_points("/tmp")?;
            outer.unlink("/tmp/file")?;
            outer.readdir("/tmp")?;
            inner.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.foreign-mount-point-rmdir",
        claim: "A directory that is a mount point only in another mount namespace can be removed; the mount there vanishes with it.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces")],
        since: "3.18",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the directory is busy, or the other namespace keeps the mount",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWNS)?;
            tmpfs(inner, "/tmp/d")?;
            inner.rmdir("/tmp/d")?;
            inner.mount_points("/tmp")?;
            outer.rmdir("/tmp/d")?;
            outer.readdir("/tmp")?;
            inner.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.foreign-mount-point-rename",
        claim: "A file or directory that is a mount point only in another mount namespace can be renamed.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces")],
        since: "3.18",
        needs: &[&need::MNT_NS, &need::PROCFS],
        deviation: Some(
            "mount_namespaces(7) says that the rename removes the mount in the other namespace, as unlink does; it moves along to the new name.",
        ),
        wrong: "the directory is busy, or the mount is left at a name that no longer exists",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWNS)?;
            tmpfs(inner, "/tmp/d")?;
            inner.rename("/tmp/d", "/tmp/new")?;
            inner.mount_points("/tmp")?;
            outer.rename("/tmp/d", "/tmp/new")?;
            outer.readdir("/tmp")?;
            inner.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.own-mount-point-ebusy",
        claim: "In the namespace in which it is a mount point a file or directory can be neither removed nor renamed; after the unmount it can.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces")],
        since: "2.4.19",
        needs: &[&need::PROCFS],
        wrong: "a mount point is removed or renamed under its mount",
        play: |lab| {
            let process = lab.process("process")?;
            process.creat_excl("/tmp/source")?;
            process.creat_excl("/tmp/file")?;
            bind_on(process, "/tmp/source", "/tmp/file")?;
            tmpfs(process, "/tmp/d")?;
            lab.note("while something is mounted there")?;
            process.unlink("/tmp/file")?;
            process.rename("/tmp/file", "/tmp/file2")?;
            process.rmdir("/tmp/d")?;
            process.rename("/tmp/d", "/tmp/d2")?;
            lab.note("after the unmount")?;
            process.umount("/tmp/file")?;
            process.umount("/tmp/d")?;
            process.rename("/tmp/file", "/tmp/file2")?;
            process.rmdir("/tmp/d")?;
            process.readdir("/tmp")?;
            Ok(())
        },
        ..CASE
    },
];
