//! MS_MOVE: a mount moves with all below it, and where it may not go.
//!
//! The propagation type of a moved mount is the subject of `tables`. move_mount(2) lives in
//! `descriptors`.

use super::{MOUNT_NAMESPACES, NO_DATA, bind, change, tmpfs, with_shared_mount};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.move-under-shared-parent-einval",
        claim: "A mount whose parent mount is shared cannot be moved, whatever its own type; once the parent is private, it can.",
        sources: &[man(MOUNT_NAMESPACES, "Move (MS_MOVE) semantics"), man("mount(2)", "ERRORS")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "the mount is moved away from under its shared parent",
        play: |lab| {
            let process = with_shared_mount(lab, "process")?;
            tmpfs(process, "/tmp/a/x")?;
            change(process, "/tmp/a/x", MountFlags::MS_PRIVATE)?;
            process.propagation("/tmp/a/x")?;
            lab.note("the parent mount is shared")?;
            process.mkdir("/tmp/b", 0o755)?;
            process.mount("/tmp/a/x", "/tmp/b", "", MountFlags::MS_MOVE, NO_DATA)?;
            process.mount_points("/tmp")?;
            lab.note("the parent mount is private")?;
            change(process, "/tmp/a", MountFlags::MS_PRIVATE)?;
            process.mount("/tmp/a/x", "/tmp/b", "", MountFlags::MS_MOVE, NO_DATA)?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.move-into-itself-eloop",
        claim: "A mount cannot be moved onto a place within itself; elsewhere it can be moved, with what is mounted below it.",
        sources: &[man("mount(2)", "ERRORS"), man("mount(2)", "Moving a mount")],
        since: "2.4.18",
        needs: &[&need::PROCFS],
        wrong: "the mount vanishes below itself, or a move leaves a submount behind",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            tmpfs(process, "/tmp/a/x")?;
            process.mkdir("/tmp/a/below", 0o755)?;
            process.mkdir("/tmp/b", 0o755)?;
            process.mount("/tmp/a", "/tmp/a/below", "", MountFlags::MS_MOVE, NO_DATA)?;
            process.mount("/tmp/a", "/tmp/a/x", "", MountFlags::MS_MOVE, NO_DATA)?;
            process.mount_points("/tmp")?;
            process.mount("/tmp/a", "/tmp/b", "", MountFlags::MS_MOVE, NO_DATA)?;
            process.mount_points("/tmp")?;
            process.readdir("/tmp/b")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.move-relocates-subtree",
        claim: "MS_MOVE takes a mount to another place together with what is mounted below it; they stay the same mounts, with the same numbers and content. A bind mount is another mount.",
        sources: &[man("mount(2)", "Moving a mount")],
        since: "2.6.26",
        needs: &[&need::PROCFS],
        wrong: "the old place stays mounted, the submount is lost, or the moved mounts are new ones",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            tmpfs(process, "/tmp/a/x")?;
            process.creat_excl("/tmp/a/x/file")?;
            process.mkdir("/tmp/b", 0o755)?;
            process.mount_id("/tmp/a")?;
            process.mount_id("/tmp/a/x")?;
            lab.note("after the move: other places, the same mounts")?;
            process.mount("/tmp/a", "/tmp/b", "", MountFlags::MS_MOVE, NO_DATA)?;
            process.mount_points("/tmp")?;
            process.mount_id("/tmp/b")?;
            process.mount_id("/tmp/b/x")?;
            process.readdir("/tmp/b/x")?;
            lab.note("a bind is another mount")?;
            bind(process, "/tmp/b", "/tmp/c")?;
            process.mount_id("/tmp/c")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.move-non-mount-einval",
        claim: "Only a mount point can be moved: for any other directory MS_MOVE fails.",
        sources: &[man("mount(2)", "ERRORS")],
        since: "2.4.18",
        needs: &[&need::PROCFS],
        wrong: "a plain directory is moved",
        play: |lab| {
            let process = lab.process("process")?;
            process.mkdir("/tmp/b", 0o755)?;
            tmpfs(process, "/tmp/a")?;
            process.mkdir("/tmp/a/sub", 0o755)?;
            process.mount("/tmp/a/sub", "/tmp/b", "", MountFlags::MS_MOVE, NO_DATA)?;
            process.mount_points("/tmp")?;
            process.mount("/tmp/a", "/tmp/b", "", MountFlags::MS_MOVE, NO_DATA)?;
            process.mount_points("/tmp")?;
            process.readdir("/tmp/b")?;
            Ok(())
        },
        ..CASE
    },
];
