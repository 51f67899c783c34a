//! How a mount namespace is made, and which mounts it starts with.
//!
//! Who may make one lives in `privilege`; how the copies propagate in `propagation`.

use super::{MOUNT_NAMESPACES, READ_ONLY_BIND, bind, change, tmpfs};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.clone-copies-parents-list",
        claim: "The mount list of a namespace made by clone starts as a copy of the parent's: the same places with the same roots, options and file systems.",
        sources: &[man(MOUNT_NAMESPACES, "DESCRIPTION")],
        since: "2.4.19",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the child misses a mount of its parent, or has it with other options",
        play: |lab| {
            let parent = lab.process("parent")?;
            three_mounts(parent)?;
            let child = parent.clone("child", NEWNS)?;
            lab.note("two namespaces, the same list")?;
            for process in [parent, child] {
                process.readlink("/proc/self/ns/mnt")?;
                show_three_mounts(process)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.unshare-copies-previous-list",
        claim: "The mount list of a namespace made by unshare starts as a copy of the one that the caller had before.",
        sources: &[man(MOUNT_NAMESPACES, "DESCRIPTION")],
        since: "2.6.16",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the caller misses a mount after unshare, or has it with other options",
        play: |lab| {
            let process = lab.process("process")?;
            three_mounts(process)?;
            process.readlink("/proc/self/ns/mnt")?;
            show_three_mounts(process)?;
            lab.note("another namespace, the same list")?;
            process.unshare(NEWNS)?;
            process.readlink("/proc/self/ns/mnt")?;
            show_three_mounts(process)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.copies-have-new-ids",
        claim: "The mounts of a new mount namespace are mounts of their own: each copy has a number that no mount of the original namespace has.",
        sources: &[man(MOUNT_NAMESPACES, "MS_SHARED and MS_PRIVATE example")],
        since: "2.6.26",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the same mount number is found in both namespaces",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/a")?;
            let same = outer.fork("same")?;
            let inner = outer.clone("inner", NEWNS)?;
            for process in [outer, same, inner] {
                process.mount_id("/tmp")?;
                process.mount_id("/tmp/a")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.fork-shares-namespace",
        claim: "A child created without CLONE_NEWNS is in the mount namespace of its parent: each sees what the other mounts.",
        sources: &[man("mount(2)", "Mount namespaces")],
        since: "2.4.19",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the parent does not see the mount of its forked child",
        play: |lab| {
            let parent = lab.process("parent")?;
            let child = parent.fork("child")?;
            let apart = parent.clone("apart", NEWNS)?;
            tmpfs(child, "/tmp/child")?;
            tmpfs(parent, "/tmp/parent")?;
            for process in [parent, child, apart] {
                process.readlink("/proc/self/ns/mnt")?;
                process.mount_points("/tmp")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.clone-newns-with-fs-einval",
        claim: "clone refuses CLONE_NEWNS together with CLONE_FS: processes in different mount namespaces cannot share a root directory.",
        sources: &[man("clone(2)", "ERRORS")],
        since: "2.4.19",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "clone accepts both flags at once",
        play: |lab| {
            let process = lab.process("process")?;
            process.try_clone("both", NEWNS | Flags::CLONE_FS)?;
            let apart = process.clone("apart", NEWNS)?;
            let sharer = process.clone("sharer", Flags::CLONE_FS)?;
            process.chdir("/proc")?;
            for process in [process, apart, sharer] {
                process.readlink("/proc/self/ns/mnt")?;
                process.getcwd()?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.unshare-newns-implies-clone-fs",
        claim: "unshare with CLONE_NEWNS also ends the sharing of root directory, current directory and umask with other processes.",
        sources: &[man("unshare(2)", "DESCRIPTION")],
        since: "2.6.16",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "changes of the caller's directories or umask still show in the process with which it shared them",
        play: |lab| {
            let process = lab.process("process")?;
            let sharer = process.clone("sharer", Flags::CLONE_FS)?;
            process.mkdir("/tmp/d", 0o755)?;
            lab.note("before: what one changes the other has")?;
            process.chdir("/tmp/d")?;
            process.umask(0o027)?;
            sharer.getcwd()?;
            sharer.field("/proc/self/status", "Umask")?;
            lab.note("after: each has its own")?;
            process.unshare(NEWNS)?;
            process.readlink("/proc/self/ns/mnt")?;
            sharer.readlink("/proc/self/ns/mnt")?;
            process.chroot("/tmp")?;
            process.chdir("/")?;
            process.umask(0o077)?;
            process.readdir("/")?;
            process.getcwd()?;
            sharer.field(process.proc("status"), "Umask")?;
            sharer.readdir("/tmp")?;
            sharer.getcwd()?;
            sharer.field("/proc/self/status", "Umask")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.setns-shared-fs-einval",
        claim: "A process that shares root and current directory with another one (CLONE_FS, as threads do) cannot join a mount namespace until it has stopped sharing.",
        sources: &[man("setns(2)", "Details for specific namespace types"), man("setns(2)", "ERRORS")],
        since: "3.8",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "setns succeeds while the file system attributes are shared",
        play: |lab| {
            let process = lab.process("process")?;
            let target = process.clone("target", NEWNS)?;
            let sharer = process.clone("sharer", Flags::CLONE_FS)?;
            let namespace = process.open(target.proc("ns/mnt"), O_RDONLY)?.id()?;
            process.setns(namespace, NEWNS)?;
            process.readlink("/proc/self/ns/mnt")?;
            sharer.unshare(Flags::CLONE_FS)?;
            process.setns(namespace, NEWNS)?;
            process.readlink("/proc/self/ns/mnt")?;
            target.readlink("/proc/self/ns/mnt")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.limit-enospc",
        claim: "A user namespace can hold only as many mount namespaces as its /proc/sys/user/max_mnt_namespaces says; one more fails with ENOSPC.",
        sources: &[man("namespaces(7)", "The /proc/sys/user directory")],
        since: "4.9",
        // An ordinary user could not write the limit of any other user namespace than its own.
        starts_as: Credentials::User,
        needs: &[&need::MNT_NS, &need::PROCFS, &need::USER_NS],
        wrong: "more mount namespaces than allowed can be created",
        play: |lab| {
            let process = lab.process("process")?;
            process.unshare(NEWUSER)?;
            process.readlink("/proc/self/ns/mnt")?;
            process.echo("1", "/proc/sys/user/max_mnt_namespaces")?;
            process.unshare(NEWNS)?;
            process.readlink("/proc/self/ns/mnt")?;
            process.unshare(NEWNS)?;
            process.readlink("/proc/self/ns/mnt")?;
            process.echo("2", "/proc/sys/user/max_mnt_namespaces")?;
            let child = process.clone("child", NEWNS)?;
            child.readlink("/proc/self/ns/mnt")?;
            process.try_clone("third", NEWNS)?;
            Ok(())
        },
        ..CASE
    },
];

/// Three mounts below /tmp that differ in root, options, file system and place.
fn three_mounts(process: Process<'_>) -> Play {
    tmpfs(process, "/tmp/a")?;
    tmpfs(process, "/tmp/a/x")?;
    process.mkdir("/tmp/a/x/sub", 0o755)?;
    bind(process, "/tmp/a/x/sub", "/tmp/b")?;
    change(process, "/tmp/b", READ_ONLY_BIND | MountFlags::MS_NOEXEC)?;
    Ok(())
}

/// The records of [`three_mounts`], and that there are no others.
fn show_three_mounts(process: Process<'_>) -> Play {
    process.mount_points("/tmp")?;
    process.mountinfo("/tmp/a")?;
    process.mountinfo("/tmp/a/x")?;
    process.mountinfo("/tmp/b")?;
    Ok(())
}
