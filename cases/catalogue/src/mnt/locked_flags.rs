//! Locked flags: what a less privileged mount namespace cannot change about the flags of the mounts
//! that it was given.
//!
//! The read-only flag lives in `less_privileged`; flags by mount_setattr(2) and what a file system
//! as a whole allows live elsewhere, the latter in `superblocks`.

use super::{MOUNT_NAMESPACES, NO_DATA, bind_on, change, tmpfs, with_shared_mount};
use crate::prelude::*;

const PLAIN: MountFlags = MountFlags::MS_REMOUNT.union(MountFlags::MS_BIND);

/// A flag of a mount that was given cannot be cleared; a remount that names it may add others. With
/// the owner of the original it can be cleared.
fn flag_is_locked(lab: &Lab, flag: MountFlags) -> Play {
    let outer = lab.process("outer")?;
    tmpfs(outer, "/tmp/a")?;
    change(outer, "/tmp/a", PLAIN | flag)?;
    let inner = outer.clone("inner", NEWUSER | NEWNS)?;
    change(inner, "/tmp/a", PLAIN)?;
    change(inner, "/tmp/a", PLAIN | MountFlags::MS_RDONLY)?;
    inner.mountinfo("/tmp/a")?;
    change(inner, "/tmp/a", PLAIN | flag | MountFlags::MS_RDONLY)?;
    inner.mountinfo("/tmp/a")?;
    lab.note("a copy with the same owner may clear it")?;
    let same_owner = outer.clone("same-owner", NEWNS)?;
    change(same_owner, "/tmp/a", PLAIN)?;
    same_owner.mountinfo("/tmp/a")?;
    outer.mountinfo("/tmp/a")?;
    Ok(())
}

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.locked-nosuid",
        claim: "A mount that was nosuid when a less privileged mount namespace was made stays nosuid there.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces"), man("mount(2)", "ERRORS")],
        since: "3.17",
        needs: &[&need::PROCFS],
        wrong: "set-user-ID programs of the mount give privileges again",
        play: |lab| flag_is_locked(lab, MountFlags::MS_NOSUID),
        ..CASE
    },
    Case {
        id: "mnt.locked-noexec",
        claim: "A mount that was noexec when a less privileged mount namespace was made stays noexec there.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces"), man("mount(2)", "ERRORS")],
        since: "3.17",
        needs: &[&need::PROCFS],
        wrong: "programs of the mount can be executed again",
        play: |lab| flag_is_locked(lab, MountFlags::MS_NOEXEC),
        ..CASE
    },
    Case {
        id: "mnt.locked-nodev",
        claim: "A mount that was nodev when a less privileged mount namespace was made stays nodev there.",
        sources: &[man("mount_setattr(2)", "ERRORS"), man("mount(2)", "ERRORS")],
        since: "3.17",
        needs: &[&need::PROCFS],
        wrong: "device files of the mount can be opened again",
        play: |lab| flag_is_locked(lab, MountFlags::MS_NODEV),
        ..CASE
    },
    Case {
        id: "mnt.locked-atime",
        claim: "How a given mount treats access times can be changed in no direction: not to more updates and not to fewer, nor for directories alone; a remount that names the same or nothing leaves it as it is.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces"), man("mount(2)", "ERRORS")],
        since: "3.17",
        needs: &[&need::PROCFS],
        wrong: "one of the changes is allowed, or a remount that changes nothing is refused",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/relatime")?;
            tmpfs(outer, "/tmp/noatime")?;
            change(outer, "/tmp/noatime", PLAIN | MountFlags::MS_NOATIME)?;
            let inner = outer.clone("inner", NEWUSER | NEWNS)?;
            let (relatime, noatime) = (MountFlags::MS_RELATIME, MountFlags::MS_NOATIME);
            for (place, same, others) in
                [("/tmp/relatime", relatime, noatime), ("/tmp/noatime", noatime, relatime)]
            {
                lab.note("refused: three changes")?;
                change(inner, place, PLAIN | others)?;
                change(inner, place, PLAIN | MountFlags::MS_STRICTATIME)?;
                change(inner, place, PLAIN | same | MountFlags::MS_NODIRATIME)?;
                inner.mountinfo(place)?;
                lab.note("allowed: the same again, and nothing about access times")?;
                change(inner, place, PLAIN | same | MountFlags::MS_NOSUID)?;
                inner.mountinfo(place)?;
                change(inner, place, PLAIN | MountFlags::MS_NOEXEC)?;
                inner.mountinfo(place)?;
            }
            lab.note("the owner of the original may change it")?;
            change(outer, "/tmp/relatime", PLAIN | MountFlags::MS_NOATIME)?;
            outer.mountinfo("/tmp/relatime")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.locked-flags-any-change",
        claim: "Flags that a given mount does not have can be set in a less privileged mount namespace, and cleared again there.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces")],
        since: "3.17",
        needs: &[&need::PROCFS],
        deviation: Some(
            "mount_namespaces(7) says that the settings of MS_RDONLY, MS_NOSUID and MS_NOEXEC become locked and may not be changed; only what is set is locked.",
        ),
        wrong: "a restriction cannot be added, or not taken back by who has added it, or shows in the original",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/a")?;
            let inner = outer.clone("inner", NEWUSER | NEWNS)?;
            for process in [outer, inner] {
                process.readlink("/proc/self/ns/user")?;
            }
            let restrictions =
                [MountFlags::MS_RDONLY, MountFlags::MS_NOSUID, MountFlags::MS_NODEV, MountFlags::MS_NOEXEC];
            for flag in restrictions {
                lab.note("set, and cleared again")?;
                change(inner, "/tmp/a", PLAIN | flag)?;
                inner.mountinfo("/tmp/a")?;
                change(inner, "/tmp/a", PLAIN)?;
                inner.mountinfo("/tmp/a")?;
            }
            outer.mountinfo("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.locked-flags-follow-bind",
        claim: "Copies of a mount with locked flags have them locked as well: a bind of it or of a directory in it, a mount of a recursive bind, and the one in a further copy of the namespace.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces")],
        since: "3.17",
        needs: &[&need::PROCFS],
        wrong: "through a copy of the mount one can write",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/a")?;
            outer.mkdir("/tmp/a/sub", 0o755)?;
            change(outer, "/tmp/a", PLAIN | MountFlags::MS_RDONLY)?;
            let inner = outer.clone("inner", NEWUSER | NEWNS)?;
            let recursive = MountFlags::MS_BIND | MountFlags::MS_REC;
            lab.note("three kinds of binds, of each of which the read-only flag is to be cleared")?;
            for (source, place, how) in [
                ("/tmp/a", "/tmp/bind", MountFlags::MS_BIND),
                ("/tmp/a/sub", "/tmp/part", MountFlags::MS_BIND),
                ("/tmp/a", "/tmp/tree", recursive),
            ] {
                inner.mkdir(place, 0o755)?;
                inner.mount(source, place, "", how, NO_DATA)?;
                change(inner, place, PLAIN)?;
                inner.mountinfo(place)?;
            }
            lab.note("a further copy of the namespace, within the same user namespace")?;
            let copy = inner.clone("copy", NEWNS)?;
            for process in [inner, copy] {
                process.readlink("/proc/self/ns/mnt")?;
            }
            change(copy, "/tmp/a", PLAIN)?;
            copy.mountinfo("/tmp/a")?;
            lab.note("the owner of the original can write through a bind of it")?;
            outer.mkdir("/tmp/own", 0o755)?;
            bind_on(outer, "/tmp/a", "/tmp/own")?;
            change(outer, "/tmp/own", PLAIN)?;
            outer.mountinfo("/tmp/own")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.remount-bind-keeps-locked-flags",
        claim: "A remount of one given mount must name all of its locked flags: with one of several left out it is refused and changes nothing, with all of them and more it is allowed.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces"), man("mount(2)", "ERRORS")],
        since: "3.17",
        needs: &[&need::PROCFS],
        wrong: "a flag that is not named is cleared, or stays silently",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/a")?;
            let (suid, dev, exec) = (MountFlags::MS_NOSUID, MountFlags::MS_NODEV, MountFlags::MS_NOEXEC);
            change(outer, "/tmp/a", PLAIN | suid | dev | exec)?;
            let inner = outer.clone("inner", NEWUSER | NEWNS)?;
            for two in [suid | dev, suid | exec, dev | exec] {
                change(inner, "/tmp/a", PLAIN | two)?;
            }
            change(inner, "/tmp/a", PLAIN | suid | dev | MountFlags::MS_RDONLY)?;
            inner.mountinfo("/tmp/a")?;
            lab.note("all three, with and without one more")?;
            change(inner, "/tmp/a", PLAIN | suid | dev | exec | MountFlags::MS_RDONLY)?;
            inner.mountinfo("/tmp/a")?;
            change(inner, "/tmp/a", PLAIN | suid | dev | exec)?;
            inner.mountinfo("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.locked-flags-of-propagated",
        claim: "The flags of a mount that arrives from a more privileged mount namespace are locked too, though the mount itself can be unmounted.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces")],
        since: "3.17",
        needs: &[&need::PROCFS],
        wrong: "what arrives read-only is made writable",
        play: |lab| {
            let outer = with_shared_mount(lab, "outer")?;
            let inner = outer.clone("inner", NEWUSER | NEWNS)?;
            let same_owner = outer.clone("same-owner", NEWNS)?;
            outer.mkdir("/tmp/a/x", 0o755)?;
            outer.mount("x", "/tmp/a/x", "tmpfs", MountFlags::MS_RDONLY | MountFlags::MS_NOSUID, NO_DATA)?;
            change(inner, "/tmp/a/x", PLAIN | MountFlags::MS_NOSUID)?;
            change(inner, "/tmp/a/x", PLAIN | MountFlags::MS_RDONLY)?;
            inner.mountinfo("/tmp/a/x")?;
            lab.note("with the same owner the flags are free")?;
            change(same_owner, "/tmp/a/x", PLAIN)?;
            same_owner.mountinfo("/tmp/a/x")?;
            outer.mountinfo("/tmp/a/x")?;
            lab.note("the mount is not locked")?;
            inner.umount("/tmp/a/x")?;
            inner.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.locked-flags-level-by-level",
        claim: "A flag that a user namespace has set itself is free there and locked in the mount namespaces of user namespaces below; one that it was given stays locked on both levels.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces")],
        since: "3.17",
        needs: &[&need::PROCFS],
        wrong: "the level below frees what the level above has restricted",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/a")?;
            change(outer, "/tmp/a", PLAIN | MountFlags::MS_NOSUID)?;
            let middle = clone_mapped(outer, "middle", NEWUSER | NEWNS, "0 0 1")?;
            change(middle, "/tmp/a", PLAIN | MountFlags::MS_NOSUID | MountFlags::MS_RDONLY)?;
            let inner = middle.clone("inner", NEWUSER | NEWNS)?;
            outer.diff_ns("/proc/self/ns", middle.proc("ns"))?;
            outer.diff_ns(middle.proc("ns"), inner.proc("ns"))?;
            for process in [inner, middle] {
                lab.note("without the flag of outer, and without that of middle")?;
                change(process, "/tmp/a", PLAIN | MountFlags::MS_RDONLY)?;
                change(process, "/tmp/a", PLAIN | MountFlags::MS_NOSUID)?;
                process.mountinfo("/tmp/a")?;
            }
            Ok(())
        },
        ..CASE
    },
];
