//! The copy that a new mount namespace starts with: types, places of the processes, and what is left
//! out of it.
//!
//! The table of copied types lives in `event_tables`, the creation itself in `creation`.

use super::tables::{PropagationType, plain_mount_of_type};
use super::{MOUNT_NAMESPACES, NO_DATA, bind_on, change, tmpfs, with_older_namespace};
use crate::prelude::*;

/// Tries to bind a mount in each way.
fn try_binds(process: Process<'_>, place: &str) -> Play {
    process.propagation(place)?;
    bind_on(process, place, "/tmp/here")?;
    process.mount(place, "/tmp/here", "", MountFlags::MS_BIND | MountFlags::MS_REC, NO_DATA)?;
    process.open_tree(Directory::AT_FDCWD, place, OpenTreeFlags::OPEN_TREE_CLONE)?;
    process.mount_points("/tmp/here")?;
    Ok(())
}

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.copies-keep-propagation",
        claim: "Shared mounts, slaves, mounts that are both and private mounts keep type, group and master together in one copy, whether clone, clone3 or unshare makes it.",
        sources: &[
            man(MOUNT_NAMESPACES, "SHARED SUBTREES"),
            text("Documentation/filesystems/sharedsubtree.rst, Clone Namespace"),
        ],
        since: "5.3",
        needs: &[&need::CLONE3, &need::PROCFS],
        wrong: "one of the calls makes copies of another type than its neighbours",
        play: |lab| {
            let outer = lab.process("outer")?;
            let types = [
                (PropagationType::Shared, "/tmp/shared"),
                (PropagationType::SlaveShared, "/tmp/both"),
                (PropagationType::Slave, "/tmp/slave"),
                (PropagationType::Private, "/tmp/private"),
            ];
            lab.note("a mount of each type")?;
            for (propagation_type, place) in types {
                plain_mount_of_type(outer, propagation_type, place, &format!("{place}-master"))?;
            }
            lab.note("three calls copy the namespace")?;
            let cloned = outer.clone("cloned", NEWNS)?;
            let cloned3 = outer.clone3("cloned3", NEWNS, &[])?;
            let unshared = outer.fork("unshared")?;
            unshared.unshare(NEWNS)?;
            lab.note("each copy shows the types, groups and masters of the original")?;
            for process in [outer, cloned, cloned3, unshared] {
                process.readlink("/proc/self/ns/mnt")?;
                for (_, place) in types {
                    process.propagation(place)?;
                }
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.clone-ns-unbindable-twice",
        claim: "An unbindable mount is unbindable in a copy of a copy as well: neither bind, nor recursive bind, nor open_tree copies it there, while its private neighbour can be copied.",
        sources: &[
            man(MOUNT_NAMESPACES, "SHARED SUBTREES"),
            text("Documentation/filesystems/sharedsubtree.rst, Clone Namespace"),
        ],
        since: "5.2",
        needs: &[&need::OPEN_TREE, &need::PROCFS],
        wrong: "a copied mount is private and can be bound, in the first copy or in the second",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            tmpfs(process, "/tmp/neighbour")?;
            change(process, "/tmp/a", MountFlags::MS_UNBINDABLE)?;
            process.mkdir("/tmp/here", 0o755)?;
            process.propagation("/tmp/a")?;
            lab.note("no way of binding works in the first copy, nor in the copy of it")?;
            for _ in ["first copy", "second copy"] {
                process.unshare(NEWNS)?;
                process.readlink("/proc/self/ns/mnt")?;
                try_binds(process, "/tmp/a")?;
            }
            lab.note("each way works for the private neighbour")?;
            try_binds(process, "/tmp/neighbour")
        },
        ..CASE
    },
    Case {
        id: "mnt.copy-drops-mntns-file-binds",
        claim: "Bind mounts of the files of mount namespaces are left out when a mount namespace is copied, so that no namespace keeps a younger one alive; those of other kinds are copied.",
        sources: &[man("namespaces(7)", "Namespace lifetime"), man("mount(2)", "ERRORS")],
        since: "3.12",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the copy holds the file of a mount namespace, or lacks that of the other kind",
        play: |lab| {
            let outer = with_older_namespace(lab, "outer")?;
            let pinned = outer.clone("pinned", NEWNS)?;
            lab.note("files of two kinds of namespaces are bound")?;
            for kind in ["mnt", "uts"] {
                let file = format!("/tmp/{kind}");
                outer.creat_excl(file.as_str())?;
                bind_on(outer, &pinned.proc(&format!("ns/{kind}")), &file)?;
            }
            lab.note("two calls copy the namespace")?;
            let cloned = outer.clone("cloned", NEWNS)?;
            let unshared = outer.fork("unshared")?;
            unshared.unshare(NEWNS)?;
            for process in [outer, cloned, unshared] {
                process.readlink("/proc/self/ns/mnt")?;
                process.mount_points("/tmp")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.copy-moves-root-and-cwd",
        claim: "In the copy the root directory, a chroot too, and the current directory lie on the copied mounts: what is mounted by relative and absolute path is in the new namespace only.",
        sources: &[man("unshare(2)", "DESCRIPTION"), man(MOUNT_NAMESPACES, "DESCRIPTION")],
        since: "2.4.19",
        needs: &[&need::PROCFS],
        wrong: "the mounts fail, since the directories belong to the old namespace, or appear there",
        play: |lab| {
            let outer = lab.process("outer")?;
            let jailed = outer.fork("jailed")?;
            tmpfs(outer, "/tmp/jail")?;
            tmpfs(outer, "/tmp/jail/work")?;
            lab.note("the process has a root and a working directory on mounts of its own")?;
            jailed.chroot("/tmp/jail")?;
            jailed.chdir("/work")?;
            jailed.unshare(NEWNS)?;
            jailed.getcwd()?;
            lab.note("in the copy both lead to the copied mounts")?;
            tmpfs(jailed, "relative")?;
            tmpfs(jailed, "/absolute")?;
            lab.note("only the copy has the new mounts")?;
            outer.mount_points_of(jailed.proc("mountinfo"), "/")?;
            outer.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.umount-private-copy-not-busy",
        claim: "A process that uses its namespace's copy of a private mount makes that copy busy, not the original: that can be unmounted.",
        sources: &[man(MOUNT_NAMESPACES, "SHARED SUBTREES"), man("umount(2)", "ERRORS")],
        since: "2.4.19",
        needs: &[&need::PROCFS],
        wrong: "the original is busy, or the copy in use is unmounted with it",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/d")?;
            outer.creat_excl("/tmp/d/file")?;
            let inner = outer.clone("inner", NEWNS)?;
            let user = inner.fork("user")?;
            lab.note("a process uses the copy: that is busy, and the original is not")?;
            user.chdir("/tmp/d")?;
            outer.umount("/tmp/d")?;
            inner.umount("/tmp/d")?;
            outer.mount_points("/tmp")?;
            inner.mount_points("/tmp")?;
            user.readdir(".")?;
            lab.note("once nobody uses it, the copy can be unmounted as well")?;
            user.chdir("/tmp")?;
            inner.umount("/tmp/d")?;
            inner.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.rmdir-detaches-locked",
        claim: "The removal of a directory in the more privileged namespace takes the mount on it away from a less privileged one, although that cannot unmount it itself.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces")],
        since: "3.18",
        needs: &[&need::PROCFS],
        wrong: "the directory is busy, or the less privileged namespace keeps the mount",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/d")?;
            let inner = outer.clone("inner", NEWUSER | NEWNS)?;
            inner.umount("/tmp/d")?;
            outer.rmdir("/tmp/d")?;
            outer.umount("/tmp/d")?;
            inner.mount_points("/tmp")?;
            outer.rmdir("/tmp/d")?;
            inner.mount_points("/tmp")?;
            inner.umount("/tmp/d")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.setns-lands-on-topmost-root",
        claim: "setns(2) puts a process on the topmost mount over the root of the namespace that it joins, and chroot(2) on the topmost mount over the directory.",
        sources: &[man("setns(2)", "Details for specific namespace types"), man("chroot(2)", "DESCRIPTION")],
        since: "3.8",
        needs: &[&need::PROCFS],
        wrong: "the process sees a mount that is covered",
        play: |lab| {
            let outer = lab.process("outer")?;
            for name in ["ground", "lower", "upper"] {
                outer.mkdir(format!("/tmp/{name}"), 0o755)?;
                outer.creat_excl(format!("/tmp/{name}/{name}"))?;
            }
            outer.readdir("/tmp/ground")?;
            let inner = outer.clone("inner", NEWNS)?;
            for process in [outer, inner] {
                process.readlink("/proc/self/ns/mnt")?;
            }
            lab.note("a directory and the root are covered with one mount, then with a second one")?;
            for (cover, jailed, joiner) in
                [("/tmp/lower", "jailed", "joiner"), ("/tmp/upper", "jailed later", "joiner later")]
            {
                let (jailed, joiner) = (inner.fork(jailed)?, outer.fork(joiner)?);
                bind_on(inner, cover, "/tmp/ground")?;
                jailed.chroot("/tmp/ground")?;
                jailed.readdir("/")?;
                bind_on(inner, cover, "/")?;
                let namespace = joiner.open(inner.proc("ns/mnt"), O_RDONLY)?.id()?;
                joiner.setns(namespace, NEWNS)?;
                joiner.readdir("/")?;
            }
            Ok(())
        },
        ..CASE
    },
];
