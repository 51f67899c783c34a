//! Events about mounts by fanotify(7): who may watch a mount namespace or a file system, and what is told.
//!
//! The limits of groups live with the cases of the interface that all kinds share.

use super::{change, tmpfs, with_shared_mount};
use crate::prelude::*;

const ATTACH_AND_DETACH: FanotifyEvents =
    FanotifyEvents::FAN_MNT_ATTACH.union(FanotifyEvents::FAN_MNT_DETACH);

const MNTNS: MarkFlags = MarkFlags::FAN_MARK_ADD.union(MarkFlags::FAN_MARK_MNTNS);

const FANOTIFY_MARK: Source = man("fanotify_mark(2)", "DESCRIPTION");

/// Makes a group of a process that watches its mount namespace.
fn watching(process: Process<'_>) -> Result<i32, Interrupt> {
    let group = process.fanotify_init(FanotifyFlags::FAN_REPORT_MNT)?.id()?;
    process.fanotify_mark(group, MNTNS, ATTACH_AND_DETACH, Directory::AT_FDCWD, "/proc/self/ns/mnt")?;
    Ok(group)
}

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.fanotify-mntns-events",
        claim: "Who watches a mount namespace is told of each mount that is attached or detached, by its number, of one that moves in one event, and nothing of other namespaces.",
        sources: &[FANOTIFY_MARK, man("fanotify(7)", "DESCRIPTION")],
        since: "6.15",
        needs: &[&need::PROCFS, &need::MNT_NS, &need::FANOTIFY_MOUNTS],
        wrong: "an event is missing, or names another mount, or comes from another namespace",
        play: |lab| {
            let outer = lab.process("outer")?;
            let watcher = outer.clone("watcher", NEWNS)?;
            let group = watching(watcher)?;
            watcher.fanotify_mounts(group)?;
            tmpfs(watcher, "/tmp/a")?;
            watcher.mkdir("/tmp/b", 0o755)?;
            watcher.fanotify_mounts(group)?;
            watcher.mount("/tmp/a", "/tmp/b", "", MountFlags::MS_MOVE, "")?;
            watcher.fanotify_mounts(group)?;
            watcher.umount("/tmp/b")?;
            watcher.fanotify_mounts(group)?;
            lab.note("another namespace, and a change of a flag alone")?;
            outer.mount("other", "/tmp/a", "tmpfs", MountFlags::empty(), "")?;
            change(watcher, "/tmp", MountFlags::MS_REMOUNT | MountFlags::MS_BIND | MountFlags::MS_NOSUID)?;
            watcher.fanotify_mounts(group)?;
            outer.mount_points("/tmp")?;
            watcher.mountinfo("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.fanotify-mntns-permission",
        claim: "A mount namespace can be watched by who has CAP_SYS_ADMIN in the user namespace that owns it: the root of another one watches its own namespace, not the one outside.",
        sources: &[FANOTIFY_MARK],
        since: "6.15",
        needs: &[&need::PROCFS, &need::MNT_NS, &need::FANOTIFY_MOUNTS],
        wrong: "a user watches the mounts of the machine",
        play: |lab| {
            let outer = lab.process("outer")?;
            let namespace = outer.open("/proc/self/ns/mnt", O_RDONLY)?.id()?;
            let foreign = format!("/proc/self/fd/{namespace}");
            let inner = outer.clone("inner", NEWUSER | NEWNS)?;
            let group = inner.fanotify_init(FanotifyFlags::FAN_REPORT_MNT)?.id()?;
            for path in [foreign.as_str(), "/proc/self/ns/mnt"] {
                inner.fanotify_mark(group, MNTNS, ATTACH_AND_DETACH, Directory::AT_FDCWD, path)?;
            }
            tmpfs(outer, "/tmp/a")?;
            tmpfs(inner, "/tmp/b")?;
            inner.fanotify_mounts(group)?;
            outer.mount_points("/tmp")?;
            lab.note("from outside, and then inside without the capability")?;
            let above = outer.fanotify_init(FanotifyFlags::FAN_REPORT_MNT)?.id()?;
            outer.fanotify_mark(
                above,
                MNTNS,
                ATTACH_AND_DETACH,
                Directory::AT_FDCWD,
                inner.proc("ns/mnt"),
            )?;
            inner.umount("/tmp/b")?;
            outer.fanotify_mounts(above)?;
            inner.capset_drop(CAP_SYS_ADMIN)?;
            inner.fanotify_mark(group, MNTNS, ATTACH_AND_DETACH, Directory::AT_FDCWD, "/proc/self/ns/mnt")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.fanotify-mntns-propagation",
        claim: "Who watches a mount namespace is told of mounts that come and go by propagation too, of those that are attached by a descriptor, and of one whose mount point is removed elsewhere.",
        sources: &[FANOTIFY_MARK],
        since: "6.15",
        needs: &[&need::PROCFS, &need::MNT_NS, &need::FANOTIFY_MOUNTS, &need::OPEN_TREE],
        wrong: "only what the namespace's own processes do by mount() and umount() is told",
        play: |lab| {
            let outer = with_shared_mount(lab, "outer")?;
            let watcher = outer.clone("watcher", NEWNS)?;
            let group = watching(watcher)?;
            outer.mkdir("/tmp/a/x", 0o755)?;
            outer.mkdir("/tmp/d", 0o755)?;
            outer.mount("x", "/tmp/a/x", "tmpfs", MountFlags::empty(), "")?;
            watcher.fanotify_mounts(group)?;
            outer.umount("/tmp/a/x")?;
            watcher.fanotify_mounts(group)?;
            lab.note("a copy, which is in no namespace, then attached")?;
            let copy =
                watcher.open_tree(Directory::AT_FDCWD, "/tmp/a", OpenTreeFlags::OPEN_TREE_CLONE)?.id()?;
            watcher.fanotify_mounts(group)?;
            let attach = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
            watcher.move_mount(copy, "", Directory::AT_FDCWD, "/tmp/d", attach)?;
            watcher.fanotify_mounts(group)?;
            lab.note("its mount point is removed where nothing is mounted on it")?;
            outer.rmdir("/tmp/d")?;
            watcher.fanotify_mounts(group)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.fanotify-fs-mark-own-sb",
        claim: "The root of a user namespace may watch a whole file system that it has mounted, and not one that was mounted outside.",
        sources: &[FANOTIFY_MARK],
        since: "6.16",
        needs: &[&need::PROCFS, &need::MNT_NS, &need::FANOTIFY_MOUNTS],
        wrong: "a user watches which files of the machine are opened",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/given")?;
            let inner = clone_mapped(outer, "inner", NEWUSER | NEWNS, "0 0 1")?;
            tmpfs(inner, "/tmp/own")?;
            inner.creat_excl("/tmp/own/file")?;
            let group = inner.fanotify_init(FanotifyFlags::FAN_REPORT_FID)?.id()?;
            lab.note("the file system that was given, and its own; then a file is opened")?;
            let whole = MarkFlags::FAN_MARK_ADD | MarkFlags::FAN_MARK_FILESYSTEM;
            for place in ["/tmp/given", "/tmp/own"] {
                inner.fanotify_mark(group, whole, FanotifyEvents::FAN_OPEN, Directory::AT_FDCWD, place)?;
            }
            inner.mount_points("/tmp")?;
            inner.poll(group, PollEvents::POLLIN)?;
            outer.open(inner.proc("root/tmp/own/file"), O_RDONLY)?;
            inner.poll(group, PollEvents::POLLIN)?;
            Ok(())
        },
        ..CASE
    },
];
