//! Mounts by descriptor: open_tree(2), move_mount(2), mount_setattr(2).
//!
//! The same operations by mount(2) live in `bind`, `moving` and `remount`.

use super::{bind, tmpfs};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.open-tree-attach",
        claim: "open_tree with OPEN_TREE_CLONE makes a bind mount that is in no namespace: it is not listed, but its files can be opened; move_mount attaches it.",
        sources: &[man("open_tree(2)", "DESCRIPTION"), man("move_mount(2)", "DESCRIPTION")],
        since: "5.2",
        needs: &[&need::OPEN_TREE, &need::PROCFS],
        wrong: "the copy is listed before it is attached, or not afterwards",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            process.creat_excl("/tmp/a/file")?;
            process.mkdir("/tmp/b", 0o755)?;
            let tree =
                process.open_tree(Directory::AT_FDCWD, "/tmp/a", OpenTreeFlags::OPEN_TREE_CLONE)?.id()?;
            process.mount_points("/tmp")?;
            lab.note("the copy outlives its original")?;
            process.umount("/tmp/a")?;
            process.mount_points("/tmp")?;
            process.readdir(format!("/proc/self/fd/{tree}"))?;
            let to_b = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
            process.move_mount(tree, "", Directory::AT_FDCWD, "/tmp/b", to_b)?;
            process.mount_points("/tmp")?;
            process.readdir("/tmp/b")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.open-tree-recursive",
        claim: "open_tree copies what is mounted below only with AT_RECURSIVE.",
        sources: &[man("open_tree(2)", "DESCRIPTION")],
        since: "5.2",
        needs: &[&need::OPEN_TREE, &need::PROCFS],
        wrong: "the recursive copy lacks the submount, or the plain one has it",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            tmpfs(process, "/tmp/a/x")?;
            for (place, how) in [
                ("/tmp/plain", OpenTreeFlags::OPEN_TREE_CLONE),
                ("/tmp/rec", OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::AT_RECURSIVE),
            ] {
                process.mkdir(place, 0o755)?;
                let tree = process.open_tree(Directory::AT_FDCWD, "/tmp/a", how)?.id()?;
                let empty_path = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
                process.move_mount(tree, "", Directory::AT_FDCWD, place, empty_path)?;
            }
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.setattr-sets-and-clears",
        claim: "mount_setattr clears some attributes of one mount and sets others in one step; other mounts of the same file system keep theirs.",
        sources: &[man("mount_setattr(2)", "DESCRIPTION")],
        since: "5.12",
        needs: &[&need::MOUNT_SETATTR, &need::PROCFS],
        wrong: "an attribute is not changed, or changes for the other mount too",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            bind(process, "/tmp/a", "/tmp/b")?;
            let (none, this) = (MountAttributes::empty(), SetAttrFlags::empty());
            let read_only = MountAttributes::MOUNT_ATTR_RDONLY;
            let no_suid = MountAttributes::MOUNT_ATTR_NOSUID;
            process.mount_setattr(
                Directory::AT_FDCWD,
                "/tmp/b",
                this,
                none,
                read_only,
                MountFlags::empty(),
            )?;
            process.creat_excl("/tmp/b/file")?;
            process.mountinfo("/tmp/b")?;
            process.mount_setattr(
                Directory::AT_FDCWD,
                "/tmp/b",
                this,
                read_only,
                no_suid,
                MountFlags::empty(),
            )?;
            process.creat_excl("/tmp/b/file")?;
            process.mountinfo("/tmp/b")?;
            process.mountinfo("/tmp/a")?;
            process.readdir("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.setattr-recursive",
        claim: "With AT_RECURSIVE mount_setattr changes a whole tree of mounts or, if one of them refuses, none of them.",
        sources: &[man("mount_setattr(2)", "DESCRIPTION")],
        since: "5.12",
        needs: &[&need::MOUNT_SETATTR, &need::PROCFS],
        wrong: "a part of the tree is read-only after the failed call, or is not after the one that succeeds",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            tmpfs(process, "/tmp/a/x")?;
            let (none, tree) = (MountAttributes::empty(), SetAttrFlags::AT_RECURSIVE);
            let read_only = MountAttributes::MOUNT_ATTR_RDONLY;
            let file = process.open("/tmp/a/x/file", OpenFlags::O_CREAT | OpenFlags::O_WRONLY)?.id()?;
            process.mount_setattr(
                Directory::AT_FDCWD,
                "/tmp/a",
                tree,
                none,
                read_only,
                MountFlags::empty(),
            )?;
            process.mountinfo("/tmp/a")?;
            process.mountinfo("/tmp/a/x")?;
            process.close(file)?;
            process.mount_setattr(
                Directory::AT_FDCWD,
                "/tmp/a",
                tree,
                none,
                read_only,
                MountFlags::empty(),
            )?;
            process.mountinfo("/tmp/a")?;
            process.mountinfo("/tmp/a/x")?;
            Ok(())
        },
        ..CASE
    },
];
