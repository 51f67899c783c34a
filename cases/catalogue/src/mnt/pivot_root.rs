//! pivot_root(2): the exchange of the root mount, whom it moves, and its refusals.
//!
//! Jails made by it live in `root`.

use super::{NO_DATA, NO_FLAGS, change, tmpfs};
use crate::prelude::*;

/// A new process in a mount namespace of its own, with a tmpfs at /tmp/new that holds the directory
/// old and the file mark.
fn with_new_root<'l>(creator: Process<'l>, name: &str) -> Result<Process<'l>, Interrupt> {
    let process = creator.clone(name, NEWNS)?;
    tmpfs(process, "/tmp/new")?;
    process.mkdir("/tmp/new/old", 0o755)?;
    process.creat_excl("/tmp/new/mark")?;
    Ok(process)
}

/// Exchanges the root for the new one of [`with_new_root`], and shows it from inside; the creator
/// has neither the new root nor its mount.
fn pivot(process: Process<'_>, creator: Process<'_>) -> Play {
    process.pivot_root("/tmp/new", "/tmp/new/old")?;
    process.readdir("/")?;
    process.readdir("/old/tmp")?;
    creator.readdir("/tmp/new")?;
    Ok(())
}

/// Tries [`pivot`] while one of the mounts is shared, and again when it is private; shows the
/// propagation of two of them before.
fn refused_while_shared(
    lab: &Lab,
    process: Process<'_>,
    creator: Process<'_>,
    shared: &str,
    shown: [&str; 2],
) -> Play {
    change(process, shared, MountFlags::MS_SHARED)?;
    for place in shown {
        process.propagation(place)?;
    }
    process.pivot_root("/tmp/new", "/tmp/new/old")?;
    process.readdir("/tmp/new")?;
    lab.note("the same with a private mount")?;
    change(process, shared, MountFlags::MS_PRIVATE)?;
    pivot(process, creator)
}

/// Makes a directory on the root mount, and mounts a tmpfs that holds the directory old.
fn directory_and_mount(process: Process<'_>) -> Play {
    process.mkdir("/directory", 0o755)?;
    tmpfs(process, "/mount")?;
    process.mkdir("/mount/old", 0o755)?;
    Ok(())
}

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.pivot-swaps-root",
        claim: "pivot_root makes the new root the root mount of the namespace and puts the old root mount, with all below it, at the other place.",
        sources: &[man("pivot_root(2)", "DESCRIPTION")],
        since: "2.4.19",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the root stays, or the old one is not at its new place",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/below")?;
            let process = with_new_root(outer, "process")?;
            lab.note("the numbers tell which mount is which")?;
            for place in ["/", "/tmp/new"] {
                process.statx_mnt_id(place)?;
            }
            process.mount_parent("/tmp/new")?;
            lab.note("the exchange")?;
            pivot(process, outer)?;
            for place in ["/old", "/"] {
                process.statx_mnt_id(place)?;
            }
            outer.mount_parent_of(process.proc("mountinfo"), "/old")?;
            outer.mount_parent_of(process.proc("mountinfo"), "/old/tmp/below")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.pivot-caller-cwd-elsewhere",
        claim: "pivot_root leaves the caller's current directory if it is not the old root: it is the same directory afterwards, now below the place of the old root.",
        sources: &[man("pivot_root(2)", "DESCRIPTION")],
        since: "2.4.19",
        needs: &[&need::MNT_NS],
        wrong: "the current directory becomes the new root, or cannot be reached any more",
        play: |lab| {
            let outer = lab.process("outer")?;
            let process = with_new_root(outer, "process")?;
            process.mkdir("/tmp/sub", 0o755)?;
            process.creat_excl("/tmp/sub/file")?;
            process.chdir("/tmp/sub")?;
            process.getcwd()?;
            lab.note("the same directory before and after")?;
            pivot(process, outer)?;
            process.getcwd()?;
            process.readdir(".")?;
            process.readdir("/old/tmp/sub")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.pivot-caller-cwd-on-root",
        claim: "pivot_root moves the caller's current directory to the new root if it is the old root.",
        sources: &[man("pivot_root(2)", "DESCRIPTION")],
        since: "2.4.19",
        needs: &[&need::MNT_NS],
        wrong: "the current directory stays the old root",
        play: |lab| {
            let outer = lab.process("outer")?;
            let process = with_new_root(outer, "process")?;
            process.chdir("/")?;
            pivot(process, outer)?;
            process.getcwd()?;
            process.readdir(".")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.pivot-dot-dot",
        claim: "pivot_root with . for both stacks the old root on the new one, where it needs no directory of its own; the caller stays in the new one, and umount2 of . with MNT_DETACH takes the old root away.",
        sources: &[man("pivot_root(2)", "pivot_root(\".\", \".\")")],
        since: "2.4.19",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the call is refused, or the unmount takes the new root away, or leaves mounts of the old one",
        play: |lab| {
            let outer = lab.process("outer")?;
            let process = outer.clone("process", NEWNS)?;
            tmpfs(process, "/tmp/new")?;
            process.creat_excl("/tmp/new/mark")?;
            process.chdir("/tmp/new")?;
            process.statx_mnt_id(".")?;
            process.pivot_root(".", ".")?;
            lab.note("two mounts lie at /, one on the other; the caller is in the lower one")?;
            outer.grep_count(" / / ", process.proc("mountinfo"))?;
            process.readdir(".")?;
            process.readdir("/")?;
            lab.note("the upper one goes")?;
            process.umount2(".", UmountFlags::MNT_DETACH)?;
            outer.mount_points_of(process.proc("mountinfo"), "/")?;
            process.statx_mnt_id("/")?;
            process.readdir("/")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.pivot-then-detach",
        claim: "After pivot_root the old root, which has mounts below it, is busy for a plain unmount; MNT_DETACH takes it away with all of them, and then its directory can be removed.",
        sources: &[man("pivot_root(2)", "EXAMPLES"), man("umount(2)", "ERRORS")],
        since: "2.4.19",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the old root cannot be detached, or a mount of it stays",
        play: |lab| {
            let outer = lab.process("outer")?;
            let process = with_new_root(outer, "process")?;
            pivot(process, outer)?;
            process.umount("/old")?;
            process.rmdir("/old")?;
            process.readdir("/old/tmp")?;
            lab.note("detached")?;
            process.umount2("/old", UmountFlags::MNT_DETACH)?;
            outer.mount_points_of(process.proc("mountinfo"), "/")?;
            process.readdir("/old")?;
            process.rmdir("/old")?;
            process.readdir("/")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.pivot-only-own-namespace",
        claim: "pivot_root changes the root of its caller's mount namespace only: the namespace that this one is a copy of keeps its root, and so do the processes there, even one whose root directory is a mount of the same file system.",
        sources: &[man("pivot_root(2)", "DESCRIPTION")],
        since: "2.4.19",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the other namespace has the new root too, or the old one at another place",
        play: |lab| {
            let outside = lab.process("outside")?;
            tmpfs(outside, "/tmp/new")?;
            outside.mkdir("/tmp/new/old", 0o755)?;
            let process = outside.clone("process", NEWNS)?;
            outside.readlink("/proc/self/ns/mnt")?;
            process.readlink("/proc/self/ns/mnt")?;
            let other = outside.fork("other")?;
            other.chroot("/tmp/new")?;
            process.pivot_root("/tmp/new", "/tmp/new/old")?;
            process.readdir("/")?;
            process.readdir("/old/tmp")?;
            lab.note("outside nothing has changed")?;
            outside.readdir("/tmp")?;
            outside.readdir("/tmp/new/old")?;
            outside.mount_points("/tmp")?;
            outside.readlink(other.proc("root"))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.pivot-on-root-mount-ebusy",
        claim: "A directory of the current root mount cannot be the new root, nor can / itself: EBUSY.",
        sources: &[man("pivot_root(2)", "ERRORS")],
        since: "2.4.19",
        starts_as: Credentials::StartedAsRoot,
        needs: &[&need::MNT_NS, &need::INITIAL_USER_NS],
        wrong: "another errno, or the root mount is put below itself",
        play: |lab| {
            let outer = lab.process("outer")?;
            let process = with_new_root(outer, "process")?;
            pivot(process, outer)?;
            lab.note("a directory of the root mount, and a mount")?;
            directory_and_mount(process)?;
            process.mkdir("/directory/old", 0o755)?;
            process.pivot_root("/directory", "/directory/old")?;
            process.pivot_root("/", "/")?;
            process.pivot_root("/", "/mount/old")?;
            process.readdir("/")?;
            process.pivot_root("/mount", "/mount/old")?;
            process.readdir("/")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.pivot-put-old-on-root-ebusy",
        claim: "The place for the old root must not lie on the old root mount itself, be it a directory of it or /: EBUSY.",
        sources: &[man("pivot_root(2)", "ERRORS")],
        since: "2.4.19",
        needs: &[&need::MNT_NS],
        wrong: "another errno, or the old root is put below itself, where no path leads",
        play: |lab| {
            let outer = lab.process("outer")?;
            let process = with_new_root(outer, "process")?;
            pivot(process, outer)?;
            lab.note("a directory of the root mount, and a mount")?;
            directory_and_mount(process)?;
            process.pivot_root("/mount", "/directory")?;
            process.pivot_root("/mount", "/")?;
            process.readdir("/")?;
            process.pivot_root("/mount", "/mount/old")?;
            process.readdir("/")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.pivot-root-not-mount-einval",
        claim: "A process whose root directory is not a mount point, after chroot, cannot exchange the root; once that directory is a mount point and its root, it can.",
        sources: &[man("pivot_root(2)", "ERRORS")],
        since: "2.4.19",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the root mount of the namespace is exchanged from within a chroot",
        play: |lab| {
            let outer = lab.process("outer")?;
            let process = outer.clone("process", NEWNS)?;
            let other = process.fork("other")?;
            process.mkdir("/tmp/plain", 0o755)?;
            tmpfs(process, "/tmp/plain/new")?;
            process.mkdir("/tmp/plain/new/old", 0o755)?;
            tmpfs(process, "/tmp/mount")?;
            process.mkdir("/tmp/mount/new", 0o755)?;
            process.mount("new", "/tmp/mount/new", "tmpfs", NO_FLAGS, NO_DATA)?;
            process.mkdir("/tmp/mount/new/old", 0o755)?;
            lab.note("the root directory is no mount point")?;
            process.chroot("/tmp/plain")?;
            process.pivot_root("/new", "/new/old")?;
            process.readdir("/")?;
            lab.note("the root directory of the other one is")?;
            other.chroot("/tmp/mount")?;
            other.pivot_root("/new", "/new/old")?;
            other.readdir("/")?;
            other.readdir("/old")?;
            outer.readdir("/tmp/mount")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.pivot-shared-parent-einval",
        claim: "pivot_root refuses a new root whose parent mount is shared; once the parent is private, it takes it.",
        sources: &[man("pivot_root(2)", "DESCRIPTION"), man("pivot_root(2)", "ERRORS")],
        since: "2.6.15",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the exchange is made below a shared mount, where other namespaces would see it",
        play: |lab| {
            let outer = lab.process("outer")?;
            let process = with_new_root(outer, "process")?;
            refused_while_shared(lab, process, outer, "/tmp", ["/tmp", "/tmp/new"])
        },
        ..CASE
    },
    Case {
        id: "mnt.pivot-shared-new-root-einval",
        claim: "pivot_root refuses a new root that is shared, when the place for the old one is a directory of it; once it is private, it takes it.",
        sources: &[man("pivot_root(2)", "ERRORS")],
        since: "2.6.15",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the old root is put below a shared mount, where other namespaces would see it",
        play: |lab| {
            let outer = lab.process("outer")?;
            let process = with_new_root(outer, "process")?;
            refused_while_shared(lab, process, outer, "/tmp/new", ["/tmp", "/tmp/new"])
        },
        ..CASE
    },
    Case {
        id: "mnt.pivot-shared-put-old-einval",
        claim: "pivot_root refuses a place for the old root that is a mount point and shared; once that mount is private, it takes it.",
        sources: &[man("pivot_root(2)", "DESCRIPTION"), man("pivot_root(2)", "ERRORS")],
        since: "2.6.15",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the old root is put on a shared mount, where other namespaces would see it",
        play: |lab| {
            let outer = lab.process("outer")?;
            let process = with_new_root(outer, "process")?;
            process.mount("old", "/tmp/new/old", "tmpfs", NO_FLAGS, NO_DATA)?;
            refused_while_shared(lab, process, outer, "/tmp/new/old", ["/tmp/new", "/tmp/new/old"])
        },
        ..CASE
    },
    Case {
        id: "mnt.pivot-shared-current-root",
        claim: "A current root that is shared itself hinders no exchange, as long as its parent mount and that of the new root are not.",
        sources: &[man("pivot_root(2)", "DESCRIPTION")],
        since: "2.6.15",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the exchange is refused, or the old root is not shared any more",
        play: |lab| {
            let outer = lab.process("outer")?;
            let process = with_new_root(outer, "process")?;
            change(process, "/", MountFlags::MS_SHARED)?;
            let table = process.proc("mountinfo");
            for place in ["/", "/tmp", "/tmp/new"] {
                outer.propagation_of(table.as_str(), place)?;
            }
            lab.note("the root mount is shared, its parent and that of the new root are not")?;
            pivot(process, outer)?;
            for place in ["/", "/old"] {
                outer.propagation_of(table.as_str(), place)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.pivot-enotdir-enoent",
        claim: "A new root or a place for the old one that is a file is ENOTDIR, one that does not exist ENOENT; the root stays.",
        sources: &[man("pivot_root(2)", "ERRORS"), man("stat(2)", "ERRORS")],
        since: "2.4.19",
        needs: &[&need::MNT_NS],
        wrong: "another errno, or the root is exchanged",
        play: |lab| {
            let outer = lab.process("outer")?;
            let process = with_new_root(outer, "process")?;
            lab.note("each in the place of the one and of the other")?;
            for wrong in ["/tmp/new/mark", "/tmp/new/missing", ""] {
                process.pivot_root(wrong, "/tmp/new/old")?;
                process.pivot_root("/tmp/new", wrong)?;
            }
            process.readdir("/tmp")?;
            lab.note("directories that are there")?;
            pivot(process, outer)
        },
        ..CASE
    },
    Case {
        id: "mnt.pivot-eperm",
        claim: "pivot_root takes CAP_SYS_ADMIN in the user namespace that owns the mount namespace: a user without capabilities is refused, and so is the root of a user namespace in a mount namespace that is not its own. In one of its own that root may.",
        sources: &[man("pivot_root(2)", "DESCRIPTION"), man("pivot_root(2)", "ERRORS")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::MNT_NS, &need::PROCFS],
        wrong: "a user, or the root of a child user namespace, exchanges the root of others",
        play: |lab| {
            let user = lab.process("user")?;
            user.pivot_root("/tmp", "/tmp")?;
            lab.note("root of a user namespace, in the mount namespace of others")?;
            let inner = user.clone("inner", NEWUSER)?;
            user.map_ids(inner.proc_directory(), "0 1000 1", "0 1000 1")?;
            inner.capget()?;
            inner.pivot_root("/tmp", "/tmp")?;
            lab.note("in a mount namespace of its own")?;
            inner.unshare(NEWNS)?;
            inner.mount("new", "/tmp", "tmpfs", NO_FLAGS, NO_DATA)?;
            inner.mkdir("/tmp/old", 0o755)?;
            inner.pivot_root("/tmp", "/tmp/old")?;
            inner.readdir("/")?;
            user.readdir("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.pivot-needs-cap-sys-admin",
        claim: "Root that has given up CAP_SYS_ADMIN cannot exchange the root, whatever other capabilities it has.",
        sources: &[man("pivot_root(2)", "DESCRIPTION"), man("capabilities(7)", "CAP_SYS_ADMIN")],
        since: "2.4.19",
        needs: &[&need::MNT_NS],
        wrong: "uid 0 or CAP_SYS_CHROOT is enough",
        play: |lab| {
            let outer = lab.process("outer")?;
            let process = with_new_root(outer, "process")?;
            let without = process.fork("without")?;
            without.capset_drop(Capabilities::CAP_SYS_ADMIN)?;
            without.pivot_root("/tmp/new", "/tmp/new/old")?;
            lab.note("the other one has the capability")?;
            process.readdir("/tmp")?;
            pivot(process, outer)
        },
        ..CASE
    },
];

/// Claims that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[Untested {
    id: "mnt.pivot-rootfs-einval",
    claim: "The initial ramfs cannot be exchanged by pivot_root.",
    sources: &[man("pivot_root(2)", "ERRORS"), man("pivot_root(2)", "NOTES")],
    why: "A case starts in a tree that nsconform has made, whose root is a tmpfs on top of everything: the initial ramfs is below it, out of reach, and a machine has left it before programs run.",
    part: None,
}];
