//! Mounts that are unmounted and live on, since a descriptor leads to them.
//!
//! Lazy unmounting itself lives in `umount`, detached trees that can be mounted again in `detached`.

use super::{bind_on, by_descriptor};
use crate::prelude::*;

/// Everything that is mounted below a descriptor.
const TREE: OpenTreeFlags =
    OpenTreeFlags::OPEN_TREE_CLONE.union(OpenTreeFlags::AT_EMPTY_PATH).union(OpenTreeFlags::AT_RECURSIVE);
const ALONE: OpenTreeFlags = OpenTreeFlags::OPEN_TREE_CLONE.union(OpenTreeFlags::AT_EMPTY_PATH);
const TREE_BIND: MountFlags = MountFlags::MS_BIND.union(MountFlags::MS_REC);

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.unmounted-tree-not-walked",
        claim: "Of the mount of a namespace's file that was unmounted and lives by a descriptor the tree cannot be copied, neither by open_tree nor by mount: EINVAL. The mount alone can, and while it is mounted so can the tree.",
        sources: &[man("open_tree(2)", "ERRORS"), man("mount(2)", "ERRORS")],
        since: "5.2",
        needs: &[&need::PROCFS, &need::OPEN_TREE],
        wrong: "a tree that is being taken apart is walked",
        play: |lab| {
            let process = lab.process("process")?;
            process.creat_excl("/tmp/file")?;
            process.creat_excl("/tmp/copy")?;
            bind_on(process, "/proc/self/ns/uts", "/tmp/file")?;
            let held = process.open("/tmp/file", OpenFlags::O_PATH)?.id()?;
            process.open_tree(held, "", TREE)?;
            process.umount2("/tmp/file", UmountFlags::MNT_DETACH)?;
            process.mount_points("/tmp")?;
            lab.note("unmounted: the tree, and the mount alone")?;
            process.open_tree(held, "", TREE)?;
            let source = by_descriptor(held);
            process.mount(source.as_str(), "/tmp/copy", "", TREE_BIND, "")?;
            process.mount_points("/tmp")?;
            process.open_tree(held, "", ALONE)?;
            bind_on(process, &source, "/tmp/copy")?;
            process.mountinfo("/tmp/copy")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.umount-cover",
        claim: "Where a mount was mounted on another one, and both are unmounted at once, the outer one shows an empty directory in its place, in which nothing can be made, mounted or watched; the inner one lives on by its own descriptor.",
        sources: &[text("Documentation/filesystems/sharedsubtree.rst")],
        since: "7.3",
        needs: &[&need::PROCFS],
        wrong: "the inner mount, or the directory that it covered, shows through the outer one",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.mkdir("/tmp/p", 0o755)?;
            let holder = outer.clone("holder", NEWNS)?;
            holder.mount("p", "/tmp/p", "tmpfs", super::NO_FLAGS, super::NO_DATA)?;
            holder.mkdir("/tmp/p/place", 0o755)?;
            holder.creat_excl("/tmp/p/place/of-the-outer")?;
            holder.mount("c", "/tmp/p/place", "tmpfs", super::NO_FLAGS, super::NO_DATA)?;
            holder.creat_excl("/tmp/p/place/of-the-inner")?;
            let outer_mount = holder.open("/tmp/p", OpenFlags::O_PATH)?.id()?;
            let inner_mount = holder.open("/tmp/p/place", OpenFlags::O_PATH)?.id()?;
            let place = format!("{}/place", by_descriptor(outer_mount));
            holder.readdir(place.as_str())?;
            lab.note("the directory goes where nothing is mounted on it, and both mounts with it")?;
            outer.rmdir("/tmp/p")?;
            holder.mount_points("/tmp")?;
            holder.readdir(by_descriptor(inner_mount))?;
            holder.readdir(place.as_str())?;
            holder.creat_excl(format!("{place}/new"))?;
            holder.mount("n", place.as_str(), "tmpfs", super::NO_FLAGS, super::NO_DATA)?;
            let instance = holder.inotify_init()?.id()?;
            holder.inotify_add_watch(instance, place.as_str())?;
            holder.inotify_add_watch(instance, by_descriptor(inner_mount))?;
            Ok(())
        },
        ..CASE
    },
];
