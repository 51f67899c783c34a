//! Mounts that are in no mount namespace: what can be done with them, and how they are attached.
//!
//! How a copy comes to be lives in `open_tree`, how a new file system does in `contexts`.

use super::{
    NO_DATA, NO_FLAGS, attach, attach_on, bind_on, by_descriptor, change, detached_copy, detached_tmpfs,
    tmpfs,
};
use crate::prelude::*;

const HERE: Directory = Directory::AT_FDCWD;
const FROM_DESCRIPTOR: MoveMountFlags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;

/// A detached tmpfs that holds an empty file and an empty directory of these names.
fn with_file_and_directory(process: Process<'_>, file: &str, directory: &str) -> Result<i32, Interrupt> {
    let mount = detached_tmpfs(process)?;
    process.creat_excl(format!("{}/{file}", by_descriptor(mount)))?;
    process.mkdir(format!("{}/{directory}", by_descriptor(mount)), 0o755)?;
    Ok(mount)
}

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.detached-setattr",
        claim: "A detached mount takes attributes and a propagation type, which work at once, and keeps them when it is attached.",
        sources: &[man("mount_setattr(2)", "DESCRIPTION"), man("move_mount(2)", "DESCRIPTION")],
        since: "5.12",
        needs: &[&need::PROCFS],
        wrong: "the attributes wait for the attachment, or are lost by it",
        play: |lab| {
            let process = lab.process("process")?;
            let mount = with_file_and_directory(process, "before", "s")?;
            let (none, itself) = (MountAttributes::empty(), SetAttrFlags::AT_EMPTY_PATH);
            let read_only = MountAttributes::MOUNT_ATTR_RDONLY;
            process.mount_setattr(mount, "", itself, none, read_only, NO_FLAGS)?;
            process.creat_excl(format!("{}/after", by_descriptor(mount)))?;
            process.mount_setattr(mount, "", itself, none, none, MountFlags::MS_SHARED)?;
            attach(process, mount, "/tmp/d")?;
            process.mountinfo("/tmp/d")?;
            process.readdir("/tmp/d")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.detached-subdir-not-movable",
        claim: "Only the root of a detached mount can be attached, not a directory of it; afterwards the descriptor moves the mount on.",
        sources: &[man("move_mount(2)", "ERRORS"), man("move_mount(2)", "DESCRIPTION")],
        since: "5.2",
        needs: &[&need::PROCFS],
        wrong: "a part of a mount is attached, or the descriptor is of no use after the first time",
        play: |lab| {
            let process = lab.process("process")?;
            let mount = with_file_and_directory(process, "file", "s")?;
            process.mkdir("/tmp/e", 0o755)?;
            process.move_mount(mount, "s", HERE, "/tmp/e", MoveMountFlags::empty())?;
            process.mount_points("/tmp")?;
            lab.note("the whole mount, attached and moved on")?;
            attach(process, mount, "/tmp/d")?;
            process.mount_points("/tmp")?;
            attach_on(process, mount, "/tmp/e")?;
            process.mount_points("/tmp")?;
            process.readdir("/tmp/e")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.detached-on-detached",
        claim: "A detached mount can be attached inside another one that is detached too; the two can be used together and copied together, and are attached as a tree.",
        sources: &[man("move_mount(2)", "DESCRIPTION"), man("open_tree(2)", "OPEN_TREE_CLONE")],
        since: "6.15",
        needs: &[&need::PROCFS, &need::ATTACH_TO_DETACHED],
        wrong: "a tree can only be built where it can be seen, or loses its submounts when it is attached",
        play: |lab| {
            let process = lab.process("process")?;
            let below = with_file_and_directory(process, "mark", "t")?;
            let above = with_file_and_directory(process, "file", "s")?;
            process.move_mount(below, "", above, "s", FROM_DESCRIPTOR)?;
            process.readdir(format!("{}/s", by_descriptor(above)))?;
            process.mount_points("/tmp")?;
            lab.note("a recursive copy, then the tree itself")?;
            let whole =
                OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::AT_EMPTY_PATH | OpenTreeFlags::AT_RECURSIVE;
            let copy = process.open_tree(above, "", whole)?.id()?;
            attach(process, copy, "/tmp/copy")?;
            process.mount_points("/tmp")?;
            attach(process, above, "/tmp/d")?;
            process.mount_points("/tmp")?;
            process.readdir("/tmp/d")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.detached-clone-outlives",
        claim: "A copy of a directory of a detached mount is a mount of its own: it can be attached after the first descriptor is closed.",
        sources: &[man("open_tree(2)", "OPEN_TREE_CLONE")],
        since: "6.15",
        needs: &[&need::PROCFS, &need::ATTACH_TO_DETACHED],
        wrong: "the copy ends with the mount that it was made of, or shows the whole of it",
        play: |lab| {
            let process = lab.process("process")?;
            let mount = with_file_and_directory(process, "file", "s")?;
            process.creat_excl(format!("{}/s/mark", by_descriptor(mount)))?;
            let copy = process.open_tree(mount, "s", OpenTreeFlags::OPEN_TREE_CLONE)?.id()?;
            process.readdir(by_descriptor(mount))?;
            lab.note("the first descriptor is closed")?;
            process.close(mount)?;
            process.readdir(by_descriptor(mount))?;
            attach(process, copy, "/tmp/d")?;
            process.mountinfo("/tmp/d")?;
            process.readdir("/tmp/d")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.detached-mount2-limits",
        claim: "By its path in /proc/self/fd mount(2) can bind a detached mount, and mounts nothing on it; umount2(2) does not unmount it, nor does mount(2) remount it.",
        sources: &[man("mount(2)", "ERRORS"), man("umount(2)", "ERRORS")],
        since: "6.15",
        needs: &[&need::PROCFS, &need::ATTACH_TO_DETACHED],
        wrong: "the calls of old change what no mount namespace holds",
        play: |lab| {
            let process = lab.process("process")?;
            let mount = with_file_and_directory(process, "file", "s")?;
            let path = by_descriptor(mount);
            process.mount("new", format!("{path}/s"), "tmpfs", NO_FLAGS, NO_DATA)?;
            process.umount2(&path, UmountFlags::MNT_DETACH)?;
            change(process, &path, super::READ_ONLY_BIND)?;
            process.creat_excl(format!("{path}/s/file"))?;
            lab.note("a bind is allowed")?;
            process.mkdir("/tmp/b", 0o755)?;
            bind_on(process, &path, "/tmp/b")?;
            process.mount_points("/tmp")?;
            process.readdir("/tmp/b")?;
            process.readdir("/tmp/b/s")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.detached-attach-joins-group",
        claim: "A copy of a shared mount is in the same peer group, one of a slave is a slave of the same master: attached they carry these tags, send and receive.",
        sources: &[man("open_tree(2)", "NOTES"), man("mount(2)", "Creating a bind mount")],
        since: "5.2",
        needs: &[&need::PROCFS],
        wrong: "the copy is private, or has a group of its own",
        play: |lab| {
            let process = super::with_master_and_slave(lab, "process")?;
            let of_master = detached_copy(process, "/tmp/a")?;
            let of_slave = detached_copy(process, "/tmp/s")?;
            attach(process, of_master, "/tmp/of-a")?;
            attach(process, of_slave, "/tmp/of-s")?;
            for place in ["/tmp/a", "/tmp/of-a", "/tmp/s", "/tmp/of-s"] {
                process.propagation(place)?;
            }
            lab.note("what is mounted in the copy of the shared mount arrives at all, in that of the slave at none")?;
            tmpfs(process, "/tmp/of-a/x")?;
            tmpfs(process, "/tmp/of-s/y")?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.detached-attach-other-ns",
        claim: "A detached mount is attached by whoever has its descriptor and may mount where it goes: in another mount namespace, and by the root of a user namespace, a copy of an outer mount too.",
        sources: &[man("open_tree(2)", "DESCRIPTION"), man("move_mount(2)", "DESCRIPTION")],
        since: "5.2",
        needs: &[&need::PROCFS],
        wrong: "the mount is tied to the namespace in which it was made, or appears there too",
        play: |lab| {
            let outer = lab.process("outer")?;
            lab.note("three detached mounts: two of new file systems, one that is a copy")?;
            tmpfs(outer, "/tmp/a")?;
            outer.creat_excl("/tmp/a/of-outer")?;
            let first = with_file_and_directory(outer, "first", "s")?;
            let second = with_file_and_directory(outer, "second", "s")?;
            let copy = detached_copy(outer, "/tmp/a")?;
            let inner = outer.clone("inner", NEWNS)?;
            let contained = outer.clone("contained", NEWUSER | NEWNS)?;
            lab.note("in another mount namespace, and by the root of a user namespace")?;
            attach(inner, first, "/tmp/first")?;
            attach(contained, second, "/tmp/second")?;
            attach(contained, copy, "/tmp/copy")?;
            inner.readdir("/tmp/first")?;
            contained.readdir("/tmp/second")?;
            contained.readdir("/tmp/copy")?;
            for process in [outer, inner, contained] {
                process.readlink("/proc/self/ns/user")?;
                process.mount_points("/tmp")?;
            }
            lab.note("where a process may not mount, the descriptor is of no use")?;
            let unprivileged = outer.clone("unprivileged", NEWUSER)?;
            unprivileged.mount_points("/tmp")?;
            attach_on(unprivileged, first, "/tmp/a")?;
            outer.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
];
