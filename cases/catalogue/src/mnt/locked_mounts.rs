//! Locked mounts: what a less privileged mount namespace cannot do with the mounts that it was given,
//! so that nothing comes to light which they cover.
//!
//! That they cannot be unmounted lives in `less_privileged`, trees that arrive later in `levels`,
//! locked flags in `locked_flags`.

use super::move_mount::BENEATH;
use super::{MOUNT_NAMESPACES, NO_DATA, bind_on, change, detached_tmpfs, tmpfs, with_shared_mount};
use crate::prelude::*;

/// A process that has mounted something over the directory /tmp/a/cover and made a place for copies,
/// and one in a less privileged copy of its mount namespace.
fn with_cover<'l>(outer: Process<'l>) -> Result<(Process<'l>, Process<'l>), Interrupt> {
    outer.mount("cover", "/tmp/a/cover", "tmpfs", MountFlags::empty(), NO_DATA)?;
    outer.mkdir("/tmp/b", 0o755)?;
    let inner = outer.clone("inner", NEWUSER | NEWNS)?;
    Ok((outer, inner))
}

/// As [`with_cover`], and nothing is covered but an empty directory.
fn with_empty_cover<'l>(lab: &'l Lab<'l>) -> Result<(Process<'l>, Process<'l>), Interrupt> {
    let outer = lab.process("outer")?;
    outer.mkdir("/tmp/a", 0o755)?;
    outer.mkdir("/tmp/a/cover", 0o755)?;
    with_cover(outer)
}

/// As [`with_cover`], and a file is covered.
fn with_secret<'l>(lab: &'l Lab<'l>) -> Result<(Process<'l>, Process<'l>), Interrupt> {
    let outer = lab.process("outer")?;
    outer.mkdir("/tmp/a", 0o755)?;
    outer.mkdir("/tmp/a/cover", 0o755)?;
    outer.creat_excl("/tmp/a/cover/secret")?;
    with_cover(outer)
}

/// Binds a tree of mounts.
fn rbind_on(process: Process<'_>, source: &str, place: &str) -> Done {
    process.mount(source, place, "", MountFlags::MS_BIND | MountFlags::MS_REC, NO_DATA)
}

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.locked-plain-bind-einval",
        claim: "A bind mount that would leave out a locked submount is refused, so that what the submount covers does not show; with MS_REC, and where nothing is covered, it is allowed.",
        sources: &[man("mount(2)", "ERRORS"), man(MOUNT_NAMESPACES, "Restrictions on mount namespaces")],
        since: "3.12",
        needs: &[&need::PROCFS],
        wrong: "the covered file shows in the copy",
        play: |lab| {
            let (outer, inner) = with_secret(lab)?;
            outer.mkdir("/tmp/a/open", 0o755)?;
            outer.creat_excl("/tmp/a/open/file")?;
            bind_on(inner, "/tmp/a", "/tmp/b")?;
            bind_on(inner, "/tmp/a/open", "/tmp/b")?;
            inner.readdir("/tmp/b")?;
            rbind_on(inner, "/tmp/a", "/tmp/b")?;
            inner.readdir("/tmp/b/cover")?;
            lab.note("with the same owner nothing is locked")?;
            bind_on(outer, "/tmp/a", "/tmp/b")?;
            outer.readdir("/tmp/b/cover")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.locked-move-einval",
        claim: "A locked mount cannot be moved, by mount() or by move_mount(); a copy that the namespace itself has bound can.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces"), man("move_mount(2)", "ERRORS")],
        since: "5.2",
        needs: &[&need::PROCFS, &need::OPEN_TREE],
        wrong: "the mount is moved away from what it covers",
        play: |lab| {
            let (outer, inner) = with_secret(lab)?;
            let none = MoveMountFlags::empty();
            inner.mount("/tmp/a/cover", "/tmp/b", "", MountFlags::MS_MOVE, NO_DATA)?;
            inner.move_mount(Directory::AT_FDCWD, "/tmp/a/cover", Directory::AT_FDCWD, "/tmp/b", none)?;
            inner.mount_points("/tmp")?;
            lab.note("a copy of its own")?;
            bind_on(inner, "/tmp/a/cover", "/tmp/b")?;
            inner.mkdir("/tmp/c", 0o755)?;
            inner.mount("/tmp/b", "/tmp/c", "", MountFlags::MS_MOVE, NO_DATA)?;
            inner.mount_points("/tmp")?;
            lab.note("the owner of the original")?;
            outer.mount("/tmp/a/cover", "/tmp/b", "", MountFlags::MS_MOVE, NO_DATA)?;
            outer.readdir("/tmp/a/cover")?;
            inner.readdir("/tmp/a/cover")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.locked-open-tree-einval",
        claim: "open_tree() makes no copy without the locked submounts: where there are any it must be recursive, and their locks go along.",
        sources: &[
            man("open_tree(2)", "DESCRIPTION"),
            man(MOUNT_NAMESPACES, "Restrictions on mount namespaces"),
        ],
        since: "5.2",
        needs: &[&need::PROCFS],
        wrong: "the covered file shows in the copy, at once or after its cover was unmounted",
        play: |lab| {
            let (outer, inner) = with_secret(lab)?;
            let (one, tree) = (OpenTreeFlags::OPEN_TREE_CLONE, OpenTreeFlags::AT_RECURSIVE);
            inner.open_tree(Directory::AT_FDCWD, "/tmp/a", one)?;
            let copy = inner.open_tree(Directory::AT_FDCWD, "/tmp/a", one | tree)?.id()?;
            let attach = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
            inner.move_mount(copy, "", Directory::AT_FDCWD, "/tmp/b", attach)?;
            inner.umount("/tmp/b/cover")?;
            inner.readdir("/tmp/b/cover")?;
            lab.note("with the same owner nothing is locked")?;
            let copy = outer.open_tree(Directory::AT_FDCWD, "/tmp/a", one)?.id()?;
            outer.readdir(format!("/proc/self/fd/{copy}/cover"))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.locked-pivot-einval",
        claim: "A locked mount cannot become the root: pivot_root would take it from its place; a copy that the namespace itself has bound can.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces"), man("pivot_root(2)", "ERRORS")],
        since: "3.8",
        needs: &[&need::PROCFS],
        wrong: "the locked mount is moved",
        play: |lab| {
            let (outer, inner) = with_empty_cover(lab)?;
            inner.chdir("/tmp/a/cover")?;
            inner.readdir(".")?;
            inner.pivot_root(".", ".")?;
            inner.mount_points("/tmp")?;
            lab.note("a copy of its own")?;
            bind_on(inner, "/tmp/a/cover", "/tmp/b")?;
            inner.chdir("/tmp/b")?;
            inner.pivot_root(".", ".")?;
            inner.readdir("/")?;
            lab.note("the owner of the original")?;
            let same_owner = outer.clone("same-owner", NEWNS)?;
            same_owner.chdir("/tmp/a/cover")?;
            same_owner.pivot_root(".", ".")?;
            same_owner.readdir("/")?;
            outer.readdir("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.locked-rbind-copy-as-whole",
        claim: "A recursive bind of mounts that are locked together is locked together too: no part of the copy can be unmounted or moved, all of it can.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces")],
        since: "3.12",
        needs: &[&need::PROCFS],
        wrong: "the part of the copy that covers something comes off, or the copy cannot be removed at all",
        play: |lab| {
            let (_, inner) = with_empty_cover(lab)?;
            rbind_on(inner, "/tmp/a", "/tmp/b")?;
            inner.umount("/tmp/b/cover")?;
            inner.umount2("/tmp/b/cover", UmountFlags::MNT_DETACH)?;
            inner.mkdir("/tmp/c", 0o755)?;
            inner.mount("/tmp/b/cover", "/tmp/c", "", MountFlags::MS_MOVE, NO_DATA)?;
            inner.mount_points("/tmp")?;
            lab.note("the copy as a whole")?;
            inner.mount("/tmp/b", "/tmp/c", "", MountFlags::MS_MOVE, NO_DATA)?;
            inner.mount_points("/tmp")?;
            inner.umount2("/tmp/c", UmountFlags::MNT_DETACH)?;
            inner.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.detach-reveals-nothing",
        claim: "A lazy unmount takes a tree of locked mounts away as a whole: through a descriptor on it the mounts in it still cover what they covered, and cannot be copied away.",
        sources: &[
            man(MOUNT_NAMESPACES, "Restrictions on mount namespaces"),
            man("umount(2)", "DESCRIPTION"),
        ],
        since: "4.1",
        needs: &[&need::PROCFS, &need::OPEN_TREE],
        wrong: "through the descriptor the covered file shows",
        play: |lab| {
            let (outer, inner) = with_secret(lab)?;
            let notes = ["locked: the tree stays whole", "not locked: the tree falls apart"];
            let mut trees = Vec::new();
            for (process, note) in [inner, outer].into_iter().zip(notes) {
                lab.note(note)?;
                rbind_on(process, "/tmp/a", "/tmp/b")?;
                let tree = process.open("/tmp/b", OpenFlags::O_PATH)?.id()?;
                let cover = format!("/proc/self/fd/{tree}/cover");
                process.readdir(cover.as_str())?;
                process.umount2("/tmp/b", UmountFlags::MNT_DETACH)?;
                process.mount_points("/tmp")?;
                process.readdir(cover.as_str())?;
                trees.push((tree, cover));
            }
            lab.note("locked: no part can be copied away")?;
            let (tree, cover) = &trees[0];
            inner.open_tree(*tree, "cover", OpenTreeFlags::OPEN_TREE_CLONE)?;
            bind_on(inner, cover, "/tmp/b")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.locked-umount-every-flag",
        claim: "No flag of umount2() unmounts a locked mount: MNT_FORCE, MNT_EXPIRE and UMOUNT_NOFOLLOW give EINVAL as well.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces"), man("umount(2)", "ERRORS")],
        since: "3.8",
        needs: &[&need::PROCFS],
        wrong: "one of the flags goes round the lock",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/a")?;
            let inner = outer.clone("inner", NEWUSER | NEWNS)?;
            for flags in [UmountFlags::MNT_FORCE, UmountFlags::MNT_EXPIRE, UmountFlags::UMOUNT_NOFOLLOW] {
                inner.umount2("/tmp/a", flags)?;
            }
            inner.mount_points("/tmp")?;
            lab.note("where it is not locked it can be unmounted")?;
            outer.umount2("/tmp/a", UmountFlags::UMOUNT_NOFOLLOW)?;
            outer.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.locked-unbindable-not-left-out",
        claim: "A recursive bind leaves unbindable mounts out, but not locked ones: where one is both, the bind is refused.",
        sources: &[
            man(MOUNT_NAMESPACES, "Restrictions on mount namespaces"),
            man(MOUNT_NAMESPACES, "MS_UNBINDABLE example"),
        ],
        since: "5.0",
        needs: &[&need::PROCFS],
        wrong: "making a given mount unbindable uncovers in a copy what the mount covers",
        play: |lab| {
            let (outer, inner) = with_secret(lab)?;
            let notes = ["locked: the bind is refused", "not locked: the mount is left out"];
            for (process, note) in [inner, outer].into_iter().zip(notes) {
                lab.note(note)?;
                change(process, "/tmp/a/cover", MountFlags::MS_UNBINDABLE)?;
                process.propagation("/tmp/a/cover")?;
                rbind_on(process, "/tmp/a", "/tmp/b")?;
                process.mount_points("/tmp")?;
            }
            outer.readdir("/tmp/b/cover")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.locked-by-every-call",
        claim: "Mounts are locked however a less privileged mount namespace comes to be: by clone, clone3 or unshare with both flags, by two calls of unshare, or after joining a user namespace.",
        sources: &[
            man(MOUNT_NAMESPACES, "Restrictions on mount namespaces"),
            man("user_namespaces(7)", "Creating a new user namespace with other namespaces"),
        ],
        since: "3.8",
        needs: &[&need::PROCFS],
        wrong: "on one of the ways the mounts are not locked",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/a")?;
            let cloned = outer.clone("cloned", NEWUSER | NEWNS)?;
            let cloned3 = outer.clone3("cloned3", NEWUSER | NEWNS, &[])?;
            let together = outer.fork("together")?;
            together.unshare(NEWUSER | NEWNS)?;
            let in_turn = outer.fork("in-turn")?;
            in_turn.unshare(NEWUSER)?;
            in_turn.unshare(NEWNS)?;
            let joined = outer.fork("joined")?;
            let user = joined.open(cloned.proc("ns/user"), O_RDONLY)?.id()?;
            joined.setns(user, NEWUSER)?;
            joined.unshare(NEWNS)?;
            lab.note("a copy within the user namespace of the original is not locked")?;
            let same_owner = outer.fork("same-owner")?;
            same_owner.unshare(NEWNS)?;
            for process in [cloned, cloned3, together, in_turn, joined, same_owner] {
                process.umount("/tmp/a")?;
                process.mount_points("/tmp")?;
            }
            outer.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.locked-outlives-creator",
        claim: "The lock of a mount stays when the processes and the mount namespace from which it came are gone.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces")],
        since: "3.8",
        needs: &[&need::PROCFS],
        wrong: "with the original gone the mount comes off",
        play: |lab| {
            let outer = lab.process("outer")?;
            let creator = outer.clone("creator", NEWNS)?;
            creator.creat_excl("/tmp/secret")?;
            creator.mount("cover", "/tmp", "tmpfs", MountFlags::empty(), NO_DATA)?;
            let inner = creator.clone("inner", NEWUSER | NEWNS)?;
            creator.exit(0)?;
            outer.waitpid(creator, WaitOptions::empty())?;
            inner.umount("/tmp")?;
            inner.umount2("/tmp", UmountFlags::MNT_DETACH)?;
            inner.readdir("/tmp")?;
            outer.readdir("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.locked-goes-with-original",
        claim: "A locked mount, which the less privileged namespace cannot unmount, vanishes there when its original below a shared mount is unmounted.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces")],
        since: "3.8",
        needs: &[&need::PROCFS],
        wrong: "the lock holds against the namespace from which the mount came, or is no lock below a shared mount",
        play: |lab| {
            let outer = with_shared_mount(lab, "outer")?;
            tmpfs(outer, "/tmp/a/x")?;
            let middle = clone_mapped(outer, "middle", NEWUSER | NEWNS, "0 0 1")?;
            let inner = middle.clone("inner", NEWUSER | NEWNS)?;
            outer.diff_ns(middle.proc("ns"), inner.proc("ns"))?;
            for process in [middle, inner] {
                process.umount("/tmp/a/x")?;
                process.mount_points("/tmp")?;
            }
            lab.note("the owner of the original unmounts it")?;
            outer.umount("/tmp/a/x")?;
            for process in [outer, middle, inner] {
                process.mount_points("/tmp")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.locked-whoever-calls",
        claim: "Locks of mounts and of their flags hold in the less privileged mount namespace itself: who joins it with more privileges cannot undo them either.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces"), man("umount(2)", "ERRORS")],
        since: "3.17",
        needs: &[&need::PROCFS],
        wrong: "a program that enters a container on behalf of its root takes a cover away",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/a")?;
            let remount = MountFlags::MS_REMOUNT | MountFlags::MS_BIND;
            change(outer, "/tmp/a", remount | MountFlags::MS_RDONLY)?;
            let inner = outer.clone("inner", NEWUSER | NEWNS)?;
            let visitor = outer.fork("visitor")?;
            let namespace = visitor.open(inner.proc("ns/mnt"), O_RDONLY)?.id()?;
            for process in [visitor, outer] {
                process.readlink("/proc/self/ns/user")?;
            }
            visitor.setns(namespace, NEWNS)?;
            lab.note("in the namespace of inner, and then in that of outer")?;
            for process in [visitor, outer] {
                change(process, "/tmp/a", remount)?;
                process.mountinfo("/tmp/a")?;
                process.umount("/tmp/a")?;
                process.mount_points("/tmp")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.beneath-lock-transfer",
        claim: "A mount that is put beneath a locked one takes its lock over: the upper one can be unmounted then, and the lower one cannot, so that what both cover stays covered.",
        sources: &[
            man("move_mount(2)", "MOVE_MOUNT_BENEATH"),
            man(MOUNT_NAMESPACES, "Restrictions on mount namespaces"),
        ],
        since: "7.1",
        needs: &[&need::PROCFS, &need::BENEATH_LOCKED],
        wrong: "the covered file comes to light, or the lock stays with the upper mount",
        play: |lab| {
            let (_, inner) = with_secret(lab)?;
            inner.umount("/tmp/a/cover")?;
            let new = detached_tmpfs(inner)?;
            inner.move_mount(new, "", Directory::AT_FDCWD, "/tmp/a/cover", BENEATH)?;
            inner.mountinfo("/tmp/a/cover")?;
            inner.umount("/tmp/a/cover")?;
            inner.mount_points("/tmp")?;
            lab.note("the new mount is there alone, and locked")?;
            inner.umount("/tmp/a/cover")?;
            inner.umount2("/tmp/a/cover", UmountFlags::MNT_DETACH)?;
            inner.readdir("/tmp/a/cover")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.propagated-copy-keeps-lock",
        claim: "A locked cover stays locked when propagation puts a mount beneath it and takes that away again.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces")],
        since: "3.12",
        needs: &[&need::PROCFS],
        wrong: "the cover can be unmounted while another mount lies beneath it, or afterwards",
        play: |lab| {
            let outer = with_shared_mount(lab, "outer")?;
            outer.mkdir("/tmp/a/cover", 0o755)?;
            outer.creat_excl("/tmp/a/cover/secret")?;
            let manager = outer.clone("manager", NEWNS)?;
            change(manager, "/tmp/a", MountFlags::MS_SLAVE)?;
            manager.mount("cover", "/tmp/a/cover", "tmpfs", MountFlags::empty(), NO_DATA)?;
            let inner = manager.clone("inner", NEWUSER | NEWNS)?;
            inner.umount("/tmp/a/cover")?;
            lab.note("a mount of outer comes beneath the cover")?;
            outer.mount("new", "/tmp/a/cover", "tmpfs", MountFlags::empty(), NO_DATA)?;
            inner.mount_points("/tmp")?;
            inner.mountinfo("/tmp/a/cover")?;
            inner.umount("/tmp/a/cover")?;
            lab.note("and goes")?;
            outer.umount("/tmp/a/cover")?;
            inner.mount_points("/tmp")?;
            inner.umount("/tmp/a/cover")?;
            inner.readdir("/tmp/a/cover")?;
            outer.readdir("/tmp/a/cover")?;
            Ok(())
        },
        ..CASE
    },
];
