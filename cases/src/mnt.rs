//! Mount namespaces: mount lists, propagation, locked mounts, pivot_root.
//!
//! The scratch tmpfs at /tmp, where all of this happens, and everything above it is private.

use crate::prelude::*;

const MOUNT_NAMESPACES: &str = "mount_namespaces(7)";
const NO_DATA: &str = "";
const NO_FLAGS: MountFlags = MountFlags::empty();

/// Makes a directory and mounts an empty tmpfs on it; the last component of the path is its
/// source, by which records tell it from others.
fn tmpfs(process: Process<'_>, place: &str) -> Play {
    process.mkdir(place, 0o755)?;
    let name = place.rsplit('/').next().unwrap_or(place);
    process.mount(name, place, "tmpfs", NO_FLAGS, NO_DATA)?;
    Ok(())
}

/// Makes a directory and binds a mount (or a directory of it) there.
fn bind(process: Process<'_>, source: &str, place: &str) -> Play {
    process.mkdir(place, 0o755)?;
    bind_on(process, source, place)?;
    Ok(())
}

/// Binds a mount, a directory or a file of it where something is already.
fn bind_on(process: Process<'_>, source: &str, place: &str) -> Done {
    process.mount(source, place, "", MountFlags::MS_BIND, NO_DATA)
}

/// Changes the propagation type of a mount, or performs another operation that needs no source.
fn change(process: Process<'_>, place: &str, flags: MountFlags) -> Done {
    process.mount("", place, "", flags, NO_DATA)
}

/// A new process with a mount tree of its own in which /tmp/a is a tmpfs of its own peer group.
fn with_shared_mount<'l>(lab: &'l Lab<'l>, name: &str) -> Result<Process<'l>, Interrupt> {
    let process = lab.process(name)?;
    tmpfs(process, "/tmp/a")?;
    change(process, "/tmp/a", MountFlags::MS_SHARED)?;
    Ok(process)
}

/// As [`with_shared_mount`], and /tmp/s is a slave of it.
fn with_master_and_slave<'l>(lab: &'l Lab<'l>, name: &str) -> Result<Process<'l>, Interrupt> {
    let process = with_shared_mount(lab, name)?;
    bind(process, "/tmp/a", "/tmp/s")?;
    change(process, "/tmp/s", MountFlags::MS_SLAVE)?;
    Ok(process)
}

/// As [`with_master_and_slave`], and /tmp/b and /tmp/peer are two mounts, peers of each other,
/// under which what is mounted at one appears at the other.
fn with_peers(process: Process<'_>) -> Play {
    tmpfs(process, "/tmp/b")?;
    change(process, "/tmp/b", MountFlags::MS_SHARED)?;
    bind(process, "/tmp/b", "/tmp/peer")?;
    process.mkdir("/tmp/b/here", 0o755)?;
    Ok(())
}

/// A new process in a mount namespace of its own that also the kernel takes for older than those
/// that the process will create.
///
/// The order matters where a mount namespace's file is bound: the kernel compares numbers that it
/// gave to namespaces at their creation. Linux 6.18 and later take these numbers from a supply of
/// each processor, and refuse at random what is made on two of them.
fn with_older_namespace<'l>(lab: &'l Lab<'l>, name: &str) -> Result<Process<'l>, Interrupt> {
    let process = lab.process(name)?;
    process.readlink_ns("/proc/self/ns/mnt")?;
    lab.note("on one processor all kernels know which of two mount namespaces is the older one")?;
    process.sched_setaffinity_current()?;
    process.unshare(NEWNS)?;
    process.readlink_ns("/proc/self/ns/mnt")?;
    Ok(process)
}

/// The cases of this module.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.isolates-mount-list",
        claim: "A mount namespace has a mount list of its own: what is mounted in one does not show up in the other, in either direction, as long as the mounts involved are private.",
        sources: &[SEED, man(MOUNT_NAMESPACES, "DESCRIPTION")],
        since: "2.4.19",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "a mount made in one namespace is listed in the other",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWNS)?;
            tmpfs(inner, "/tmp/in")?;
            tmpfs(outer, "/tmp/out")?;
            inner.mount_points("/tmp")?;
            outer.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.mount-umount-act-on-callers-ns-only",
        claim: "mount and umount change the mount list of the caller's namespace, not one list of the whole system: a mount that both namespaces hold can be removed in one and stays in the other.",
        sources: &[SEED, man("mount(2)", "Mount namespaces")],
        since: "2.4.19",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the outer process loses the mount that the inner one has unmounted",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/d")?;
            let inner = outer.clone("inner", NEWNS)?;
            inner.mount_points("/tmp")?;
            inner.umount("/tmp/d")?;
            inner.mount_points("/tmp")?;
            outer.mount_points("/tmp")?;
            tmpfs(outer, "/tmp/d/later")?;
            outer.mount_points("/tmp")?;
            inner.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.flag-clone-newns",
        claim: "CLONE_NEWNS stands for mount namespaces everywhere: clone and unshare create one with it, setns accepts it as the kind of a mount namespace's descriptor, and the kernel names it as that kind.",
        sources: &[SEED, man("namespaces(7)", "Namespace types"), man("setns(2)", "DESCRIPTION")],
        since: "3.8",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the flag is refused, or leaves the process in the mount namespace where it was",
        play: |lab| {
            let process = lab.process("process")?;
            process.readlink_ns("/proc/self/ns/mnt")?;
            let before = process.open("/proc/self/ns/mnt", O_RDONLY)?.id()?;
            process.ioctl_nstype(before)?;
            process.unshare(NEWNS)?;
            process.readlink_ns("/proc/self/ns/mnt")?;
            let child = process.clone("child", NEWNS)?;
            child.readlink_ns("/proc/self/ns/mnt")?;
            process.setns(before, NEWUTS)?;
            process.setns(before, NEWNS)?;
            process.readlink_ns("/proc/self/ns/mnt")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.master-slave-between-namespaces",
        claim: "A mount of one namespace can be the slave of a mount of another one: mounts and unmounts under the master are repeated under the slave, those under the slave stay there.",
        sources: &[SEED, man(MOUNT_NAMESPACES, "SHARED SUBTREES")],
        since: "2.6.15",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the slave misses what is mounted under its master, or the master receives what is mounted under the slave",
        play: |lab| {
            let master = with_shared_mount(lab, "master")?;
            let slave = master.clone("slave", NEWNS)?;
            change(slave, "/tmp/a", MountFlags::MS_SLAVE)?;
            slave.propagation("/tmp/a")?;
            master.propagation("/tmp/a")?;
            tmpfs(master, "/tmp/a/x")?;
            slave.mount_points("/tmp/a")?;
            tmpfs(slave, "/tmp/a/y")?;
            slave.mount_points("/tmp/a")?;
            master.mount_points("/tmp/a")?;
            master.umount("/tmp/a/x")?;
            slave.mount_points("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.medium-mounted-once-appears-elsewhere",
        claim: "A medium that is mounted once, below a shared mount, appears with its content in every mount namespace that holds a copy of that mount; below a private mount it does not.",
        sources: &[SEED, man(MOUNT_NAMESPACES, "SHARED SUBTREES")],
        since: "2.6.15",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the medium has to be mounted in each namespace anew",
        play: |lab| {
            let outer = with_shared_mount(lab, "outer")?;
            let first = outer.clone("first", NEWNS)?;
            let second = outer.clone("second", NEWNS)?;
            tmpfs(outer, "/tmp/a/disc")?;
            outer.creat_excl("/tmp/a/disc/song")?;
            tmpfs(outer, "/tmp/disc")?;
            outer.creat_excl("/tmp/disc/song")?;
            for process in [outer, first, second] {
                process.readlink_ns("/proc/self/ns/mnt")?;
                process.mount_points("/tmp")?;
                process.readdir("/tmp/a/disc")?;
                process.readdir("/tmp/disc")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.jail-like-chroot",
        claim: "With a mount namespace one can build what chroot jails are built for: after pivot_root to a new tree and detaching the old one, only the new tree is left in the namespace.",
        sources: &[SEED, man("pivot_root(2)", "NOTES")],
        since: "2.4.19",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "files or mounts of the old tree can still be reached from inside",
        play: |lab| {
            let outside = lab.process("outside")?;
            outside.creat_excl("/tmp/secret")?;
            let jailed = outside.clone("jailed", NEWNS)?;
            tmpfs(jailed, "/tmp/new")?;
            jailed.creat_excl("/tmp/new/inside")?;
            jailed.readdir("/tmp")?;
            jailed.chdir("/tmp/new")?;
            jailed.pivot_root(".", ".")?;
            jailed.umount2(".", UmountFlags::MNT_DETACH)?;
            jailed.readdir("/")?;
            jailed.readdir("/tmp")?;
            outside.mount_points_of(jailed.proc("mountinfo"), "/")?;
            outside.readdir("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.jail-tighter-than-chroot",
        claim: "The classical escape (change the root to a directory below, stay above it, walk up) leads out of a directory confined by chroot alone, but not out of a mount namespace whose old root is gone.",
        sources: &[SEED, man("chroot(2)", "DESCRIPTION"), man("pivot_root(2)", "NOTES")],
        since: "2.4.19",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the process jailed by pivot_root sees the secret as well",
        play: |lab| {
            let outside = lab.process("outside")?;
            outside.creat_excl("/tmp/secret")?;
            let jailed = outside.clone("jailed", NEWNS)?;
            tmpfs(jailed, "/tmp/jail")?;
            jailed.mkdir("/tmp/jail/cell", 0o755)?;
            jailed.mkdir("/tmp/jail/yard", 0o755)?;
            let chrooted = jailed.clone("chrooted", NEWNS)?;
            jailed.chdir("/tmp/jail")?;
            jailed.pivot_root(".", ".")?;
            jailed.umount2(".", UmountFlags::MNT_DETACH)?;
            outside.mount_points_of(jailed.proc("mountinfo"), "/")?;
            chrooted.chdir("/tmp/jail")?;
            chrooted.chroot(".")?;
            for process in [chrooted, jailed] {
                process.readdir("/")?;
                process.chdir("/yard")?;
                process.getcwd()?;
                process.chroot("/cell")?;
                process.readdir("/")?;
                process.chdir("../..")?;
                process.readdir(".")?;
            }
            Ok(())
        },
        ..CASE
    },
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
            for process in [parent, child] {
                process.readlink_ns("/proc/self/ns/mnt")?;
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
            process.readlink_ns("/proc/self/ns/mnt")?;
            show_three_mounts(process)?;
            process.unshare(NEWNS)?;
            process.readlink_ns("/proc/self/ns/mnt")?;
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
                process.readlink_ns("/proc/self/ns/mnt")?;
                process.mount_points("/tmp")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.newns-joins-group",
        claim: "The copy of a shared mount in a new mount namespace joins the peer group of its original, if both namespaces belong to the same user namespace.",
        sources: &[man(MOUNT_NAMESPACES, "SHARED SUBTREES")],
        since: "2.6.15",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the copy forms a group of its own, or is private",
        play: |lab| {
            let outer = with_shared_mount(lab, "outer")?;
            tmpfs(outer, "/tmp/other")?;
            change(outer, "/tmp/other", MountFlags::MS_SHARED)?;
            let inner = outer.clone("inner", NEWNS)?;
            for process in [outer, inner] {
                process.readlink_ns("/proc/self/ns/mnt")?;
                process.propagation("/tmp")?;
                process.propagation("/tmp/a")?;
                process.propagation("/tmp/other")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.newns-needs-cap-sys-admin",
        claim: "Only a process with CAP_SYS_ADMIN in its user namespace can create a mount namespace; an ordinary user has to create a user namespace of its own with it.",
        sources: &[man("clone(2)", "ERRORS"), man("unshare(2)", "ERRORS")],
        since: "3.8",
        ground: Ground::User,
        needs: &[&need::MNT_NS, &need::PROCFS, &need::USER_NS],
        wrong: "an ordinary user gets a mount namespace in its present user namespace",
        play: |lab| {
            let user = lab.process("user")?;
            user.readlink_ns("/proc/self/ns/mnt")?;
            user.unshare(NEWNS)?;
            user.try_clone("child", NEWNS)?;
            user.readlink_ns("/proc/self/ns/mnt")?;
            user.unshare(NEWUSER | NEWNS)?;
            user.readlink_ns("/proc/self/ns/mnt")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.err-eperm",
        claim: "Every kind of mount and umount call (new file system, bind, type change, remount, move, unmount) is refused to a process without CAP_SYS_ADMIN over its mount namespace.",
        sources: &[man("mount(2)", "ERRORS"), man("umount(2)", "ERRORS")],
        since: "3.8",
        ground: Ground::User,
        needs: &[&need::MNT_NS, &need::PROCFS, &need::USER_NS],
        wrong: "one of the calls succeeds for an ordinary user, or fails for another reason",
        play: |lab| {
            let user = lab.process("user")?;
            user.mkdir("/tmp/a", 0o755)?;
            user.mkdir("/tmp/b", 0o755)?;
            user.mount("a", "/tmp/a", "tmpfs", NO_FLAGS, NO_DATA)?;
            bind_on(user, "/tmp/a", "/tmp/b")?;
            change(user, "/tmp", MountFlags::MS_SHARED)?;
            change(user, "/tmp", READ_ONLY_BIND)?;
            user.mount("/tmp", "/tmp/a", "", MountFlags::MS_MOVE, NO_DATA)?;
            user.umount("/tmp")?;
            user.mount_points("/tmp")?;
            lab.note("in a mount namespace that belongs to its own user namespace it may")?;
            user.unshare(NEWUSER | NEWNS)?;
            user.mount("a", "/tmp/a", "tmpfs", NO_FLAGS, NO_DATA)?;
            user.mount_points("/tmp")?;
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
                process.readlink_ns("/proc/self/ns/mnt")?;
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
            process.readlink_ns("/proc/self/ns/mnt")?;
            sharer.readlink_ns("/proc/self/ns/mnt")?;
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
            process.readlink_ns("/proc/self/ns/mnt")?;
            sharer.unshare(Flags::CLONE_FS)?;
            process.setns(namespace, NEWNS)?;
            process.readlink_ns("/proc/self/ns/mnt")?;
            target.readlink_ns("/proc/self/ns/mnt")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.ns-pinned-by-fd",
        claim: "An open descriptor of a mount namespace keeps it and its mounts alive when its last process has ended; it can be joined later.",
        sources: &[man("namespaces(7)", "Namespace lifetime")],
        since: "3.8",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the namespace cannot be joined any more, or its mounts are gone",
        play: |lab| {
            let outer = lab.process("outer")?;
            let only = outer.clone("only", NEWNS)?;
            tmpfs(only, "/tmp/d")?;
            only.creat_excl("/tmp/d/file")?;
            let namespace = outer.open(only.proc("ns/mnt"), O_RDONLY)?.id()?;
            only.exit(0)?;
            outer.waitpid(only, WaitOptions::empty())?;
            outer.kill(only, Signal(0))?;
            outer.readdir("/tmp/d")?;
            outer.setns(namespace, NEWNS)?;
            outer.readdir("/tmp/d")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.ns-pinned-by-bind-mount",
        claim: "A bind mount of a mount namespace's file keeps that namespace alive without any process or descriptor in it; its record shows the file system nsfs and the namespace as root.",
        sources: &[
            man("namespaces(7)", "Namespace lifetime"),
            man("namespaces(7)", "The /proc/pid/ns/ directory"),
        ],
        since: "3.8",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the namespace cannot be joined through the bind mount after its last process has ended",
        play: |lab| {
            let outer = with_older_namespace(lab, "outer")?;
            let only = outer.clone("only", NEWNS)?;
            tmpfs(only, "/tmp/d")?;
            only.creat_excl("/tmp/d/file")?;
            only.readlink_ns("/proc/self/ns/mnt")?;
            outer.creat_excl("/tmp/pin")?;
            bind_on(outer, &only.proc("ns/mnt"), "/tmp/pin")?;
            outer.mountinfo("/tmp/pin")?;
            only.exit(0)?;
            outer.waitpid(only, WaitOptions::empty())?;
            outer.kill(only, Signal(0))?;
            outer.readdir("/tmp/d")?;
            let namespace = outer.open("/tmp/pin", O_RDONLY)?.id()?;
            outer.setns(namespace, NEWNS)?;
            outer.readdir("/tmp/d")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.bind-own-mnt-ns-einval",
        claim: "A mount namespace's file cannot be bound inside that namespace or one that is newer: the namespace would keep itself alive. In an older one it can, and so can files of other kinds of namespaces.",
        sources: &[man("mount(2)", "ERRORS")],
        since: "3.8",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "a namespace holds a mount that pins it, or the file cannot be bound anywhere",
        play: |lab| {
            let outer = with_older_namespace(lab, "outer")?;
            let inner = outer.clone("inner", NEWNS)?;
            inner.readlink_ns("/proc/self/ns/mnt")?;
            inner.creat_excl("/tmp/pin")?;
            bind_on(inner, "/proc/self/ns/mnt", "/tmp/pin")?;
            bind_on(inner, &outer.proc("ns/mnt"), "/tmp/pin")?;
            bind_on(inner, "/proc/self/ns/uts", "/tmp/pin")?;
            inner.mountinfo("/tmp/pin")?;
            bind_on(outer, &inner.proc("ns/mnt"), "/tmp/pin")?;
            outer.mountinfo("/tmp/pin")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.ns-death-leaves-peer-group",
        claim: "When the last process of a mount namespace has ended, its mounts leave their peer groups: a mount that becomes a slave then has nobody left to be the slave of, and is private.",
        sources: &[man(MOUNT_NAMESPACES, "SHARED SUBTREES")],
        since: "2.6.15",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the survivor becomes the slave of a group of mounts that no longer exist",
        play: |lab| {
            let outer = with_shared_mount(lab, "outer")?;
            bind(outer, "/tmp", "/tmp/b")?;
            change(outer, "/tmp/b", MountFlags::MS_SHARED)?;
            let inner = outer.clone("inner", NEWNS)?;
            outer.propagation("/tmp/a")?;
            outer.propagation("/tmp/b")?;
            lab.note("while the other namespace lives")?;
            change(outer, "/tmp/b", MountFlags::MS_SLAVE)?;
            outer.propagation("/tmp/b")?;
            lab.note("after it has ended")?;
            inner.exit(0)?;
            outer.waitpid(inner, WaitOptions::empty())?;
            outer.kill(inner, Signal(0))?;
            change(outer, "/tmp/a", MountFlags::MS_SLAVE)?;
            outer.propagation("/tmp/a")?;
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
        ground: Ground::User,
        needs: &[&need::MNT_NS, &need::PROCFS, &need::USER_NS],
        wrong: "more mount namespaces than allowed can be created",
        play: |lab| {
            let process = lab.process("process")?;
            process.unshare(NEWUSER)?;
            process.readlink_ns("/proc/self/ns/mnt")?;
            process.echo("1", "/proc/sys/user/max_mnt_namespaces")?;
            process.unshare(NEWNS)?;
            process.readlink_ns("/proc/self/ns/mnt")?;
            process.unshare(NEWNS)?;
            process.readlink_ns("/proc/self/ns/mnt")?;
            process.echo("2", "/proc/sys/user/max_mnt_namespaces")?;
            let child = process.clone("child", NEWNS)?;
            child.readlink_ns("/proc/self/ns/mnt")?;
            process.try_clone("third", NEWNS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.shared-propagates-mount",
        claim: "What is mounted under one member of a peer group is mounted under all its members, whichever it was.",
        sources: &[man(MOUNT_NAMESPACES, "SHARED SUBTREES")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "a mount under one peer is missing under the other",
        play: |lab| {
            let process = with_shared_mount(lab, "process")?;
            bind(process, "/tmp/a", "/tmp/b")?;
            process.propagation("/tmp/a")?;
            process.propagation("/tmp/b")?;
            tmpfs(process, "/tmp/a/x")?;
            process.mount_points("/tmp")?;
            tmpfs(process, "/tmp/b/y")?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.umount-propagates-to-peers-and-slaves",
        claim: "An unmount under one member of a peer group is repeated under all its members and under their slaves, but not under a mount that has become private.",
        sources: &[man("umount(2)", "NOTES"), man(MOUNT_NAMESPACES, "SHARED SUBTREES")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "a peer or slave keeps what was unmounted, or the private mount loses it",
        play: |lab| {
            let process = with_master_and_slave(lab, "process")?;
            bind(process, "/tmp/a", "/tmp/peer")?;
            bind(process, "/tmp/a", "/tmp/private")?;
            tmpfs(process, "/tmp/a/x")?;
            change(process, "/tmp/private", MountFlags::MS_PRIVATE)?;
            for place in ["/tmp/a", "/tmp/peer", "/tmp/s", "/tmp/private"] {
                process.propagation(place)?;
            }
            process.mount_points("/tmp")?;
            process.umount("/tmp/peer/x")?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.shared-propagates-across-namespaces",
        claim: "A peer group spans mount namespaces: mounts and unmounts under a shared mount travel both ways between a namespace and its copy.",
        sources: &[man(MOUNT_NAMESPACES, "SHARED SUBTREES")],
        since: "2.6.15",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "one namespace does not follow the mounts and unmounts of the other",
        play: |lab| {
            let outer = with_shared_mount(lab, "outer")?;
            let inner = outer.clone("inner", NEWNS)?;
            tmpfs(outer, "/tmp/private")?;
            tmpfs(outer, "/tmp/a/x")?;
            inner.mount_points("/tmp")?;
            tmpfs(inner, "/tmp/a/y")?;
            outer.mount_points("/tmp")?;
            inner.umount("/tmp/a/x")?;
            outer.mount_points("/tmp")?;
            outer.umount("/tmp/a/y")?;
            inner.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.private-does-not-propagate",
        claim: "A private mount neither passes on what is mounted under it nor receives what is mounted under others.",
        sources: &[man(MOUNT_NAMESPACES, "SHARED SUBTREES")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "a mount appears under the other, private one",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            bind(process, "/tmp/a", "/tmp/b")?;
            process.propagation("/tmp/a")?;
            process.propagation("/tmp/b")?;
            tmpfs(process, "/tmp/a/x")?;
            tmpfs(process, "/tmp/b/y")?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.slave-does-not-send",
        claim: "A slave receives the mounts of its master, but mounts and unmounts under the slave itself stay there.",
        sources: &[man(MOUNT_NAMESPACES, "SHARED SUBTREES")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "the master follows what is done under its slave",
        play: |lab| {
            let process = with_master_and_slave(lab, "process")?;
            process.propagation("/tmp/a")?;
            process.propagation("/tmp/s")?;
            tmpfs(process, "/tmp/a/x")?;
            process.mount_points("/tmp")?;
            tmpfs(process, "/tmp/s/y")?;
            process.umount("/tmp/s/x")?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.slave-and-shared-relays",
        claim: "A mount can be slave and shared at once: it passes what comes from its master on to its own peers, and sends nothing back to the master.",
        sources: &[man(MOUNT_NAMESPACES, "SHARED SUBTREES")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "a peer of the relaying mount misses the master's mount, or the master receives a mount from below",
        play: |lab| {
            let process = with_master_and_slave(lab, "process")?;
            change(process, "/tmp/s", MountFlags::MS_SHARED)?;
            bind(process, "/tmp/s", "/tmp/t")?;
            process.propagation("/tmp/a")?;
            process.propagation("/tmp/s")?;
            process.propagation("/tmp/t")?;
            tmpfs(process, "/tmp/a/x")?;
            process.mount_points("/tmp")?;
            tmpfs(process, "/tmp/t/y")?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.only-immediate-children",
        claim: "The propagation type of a mount decides about what is mounted directly under it; what is mounted under one of its submounts is decided by the submount's type.",
        sources: &[man(MOUNT_NAMESPACES, "SHARED SUBTREES")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "a mount under a private submount appears at the peer, or one directly under the shared mount does not",
        play: |lab| {
            let process = with_shared_mount(lab, "process")?;
            tmpfs(process, "/tmp/a/x")?;
            process.mkdir("/tmp/b", 0o755)?;
            process.mount("/tmp/a", "/tmp/b", "", MountFlags::MS_BIND | MountFlags::MS_REC, NO_DATA)?;
            change(process, "/tmp/a/x", MountFlags::MS_PRIVATE)?;
            process.propagation("/tmp/a")?;
            process.propagation("/tmp/a/x")?;
            tmpfs(process, "/tmp/a/x/below")?;
            tmpfs(process, "/tmp/a/direct")?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.umount-decided-by-parent",
        claim: "Whether an unmount is repeated elsewhere depends on the type of the mount's parent, not on its own.",
        sources: &[man(MOUNT_NAMESPACES, "SHARED SUBTREES")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "a private mount under a shared one stays at the peer, or a shared one under a private one disappears there",
        play: |lab| {
            let process = with_shared_mount(lab, "process")?;
            bind(process, "/tmp/a", "/tmp/b")?;
            lab.note("a private mount with a shared parent")?;
            tmpfs(process, "/tmp/a/x")?;
            change(process, "/tmp/a/x", MountFlags::MS_PRIVATE)?;
            process.propagation("/tmp/a")?;
            process.propagation("/tmp/a/x")?;
            lab.note("a shared mount with a private parent")?;
            tmpfs(process, "/tmp/y")?;
            change(process, "/tmp/y", MountFlags::MS_SHARED)?;
            bind(process, "/tmp/y", "/tmp/z")?;
            process.propagation("/tmp")?;
            process.propagation("/tmp/y")?;
            process.propagation("/tmp/z")?;
            process.mount_points("/tmp")?;
            process.umount("/tmp/a/x")?;
            process.umount("/tmp/y")?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.replica-at-slave-is-slave",
        claim: "The replica that a slave receives is a slave too: its master is the new peer group of what was mounted under the slave's master.",
        sources: &[man(MOUNT_NAMESPACES, "MS_SLAVE example")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "the replica is private, or a peer of the original",
        play: |lab| {
            let process = with_master_and_slave(lab, "process")?;
            tmpfs(process, "/tmp/a/x")?;
            tmpfs(process, "/tmp/s/own")?;
            for place in ["/tmp/a", "/tmp/s", "/tmp/a/x", "/tmp/s/x", "/tmp/s/own"] {
                process.propagation(place)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.prop-rec",
        claim: "MS_REC changes the propagation type of a mount and of all mounts below it; without it only the mount's own type changes.",
        sources: &[man("mount(2)", "Changing the propagation type of an existing mount")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "the submount changes without MS_REC, or keeps its type with it",
        play: |lab| {
            let process = lab.process("process")?;
            for place in ["/tmp/a", "/tmp/a/x", "/tmp/b", "/tmp/b/x"] {
                tmpfs(process, place)?;
            }
            change(process, "/tmp/a", MountFlags::MS_SHARED)?;
            change(process, "/tmp/b", MountFlags::MS_SHARED | MountFlags::MS_REC)?;
            for place in ["/tmp/a", "/tmp/a/x", "/tmp/b", "/tmp/b/x"] {
                process.propagation(place)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.unbindable-cannot-be-bound",
        claim: "An unbindable mount, or a directory of it, cannot be the source of a bind mount, recursive or not.",
        sources: &[man(MOUNT_NAMESPACES, "SHARED SUBTREES"), man("mount(2)", "ERRORS")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "an unbindable mount is bound elsewhere",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            process.mkdir("/tmp/a/sub", 0o755)?;
            process.mkdir("/tmp/b", 0o755)?;
            change(process, "/tmp/a", MountFlags::MS_UNBINDABLE)?;
            process.propagation("/tmp/a")?;
            bind_on(process, "/tmp/a", "/tmp/b")?;
            process.mount("/tmp/a", "/tmp/b", "", MountFlags::MS_BIND | MountFlags::MS_REC, NO_DATA)?;
            bind_on(process, "/tmp/a/sub", "/tmp/b")?;
            process.mount_points("/tmp")?;
            lab.note("once it is private, it can be bound")?;
            change(process, "/tmp/a", MountFlags::MS_PRIVATE)?;
            bind_on(process, "/tmp/a/sub", "/tmp/b")?;
            process.mountinfo("/tmp/b")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.unbindable-pruned-in-rbind",
        claim: "A recursive bind leaves out the unbindable mounts of the tree together with everything mounted below them.",
        sources: &[man(MOUNT_NAMESPACES, "SHARED SUBTREES"), man(MOUNT_NAMESPACES, "MS_UNBINDABLE example")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "the copy holds the unbindable mount, or lacks one of the others",
        play: |lab| {
            let process = lab.process("process")?;
            for place in ["/tmp/a", "/tmp/a/b", "/tmp/a/b/d", "/tmp/a/c", "/tmp/a/c/f"] {
                tmpfs(process, place)?;
            }
            change(process, "/tmp/a/c", MountFlags::MS_UNBINDABLE)?;
            process.mkdir("/tmp/copy", 0o755)?;
            process.mount("/tmp/a", "/tmp/copy", "", MountFlags::MS_BIND | MountFlags::MS_REC, NO_DATA)?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.unbindable-copied-into-new-ns",
        claim: "A new mount namespace has a copy of unbindable mounts too, and the copy is unbindable as well.",
        sources: &[
            man(MOUNT_NAMESPACES, "SHARED SUBTREES"),
            text("Documentation/filesystems/sharedsubtree.rst, Clone Namespace"),
        ],
        since: "2.6.15",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the copy is missing, or it is private and can be bound",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/a")?;
            change(outer, "/tmp/a", MountFlags::MS_UNBINDABLE)?;
            outer.mkdir("/tmp/b", 0o755)?;
            let inner = outer.clone("inner", NEWNS)?;
            for process in [outer, inner] {
                process.readlink_ns("/proc/self/ns/mnt")?;
                process.propagation("/tmp/a")?;
                bind_on(process, "/tmp/a", "/tmp/b")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.trans-shared-slave",
        claim: "A shared mount that has peers becomes, when it is made a slave, the slave of the group it was in.",
        sources: &[man(MOUNT_NAMESPACES, "Propagation type transitions")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "the mount becomes private, or stays a peer",
        play: |lab| {
            let process = with_shared_mount(lab, "process")?;
            bind(process, "/tmp/a", "/tmp/b")?;
            process.propagation("/tmp/b")?;
            change(process, "/tmp/b", MountFlags::MS_SLAVE)?;
            process.propagation("/tmp/b")?;
            process.propagation("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.trans-lone-shared-slave",
        claim: "A shared mount without peers becomes, when it is made a slave, a private one: there is no group that it could follow.",
        sources: &[man(MOUNT_NAMESPACES, "Propagation type transitions")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "the mount stays shared or names a master",
        play: |lab| {
            let process = with_shared_mount(lab, "process")?;
            process.propagation("/tmp/a")?;
            change(process, "/tmp/a", MountFlags::MS_SLAVE)?;
            process.propagation("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.trans-slave-shared",
        claim: "A slave that is made shared stays a slave of its master and gets a peer group of its own.",
        sources: &[man(MOUNT_NAMESPACES, "Propagation type transitions")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "the mount leaves its master, or joins the master's group",
        play: |lab| {
            let process = with_master_and_slave(lab, "process")?;
            process.propagation("/tmp/a")?;
            process.propagation("/tmp/s")?;
            change(process, "/tmp/s", MountFlags::MS_SHARED)?;
            process.propagation("/tmp/s")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.trans-slave-private",
        claim: "A slave that is made private leaves its master: it has no optional field any more and receives nothing.",
        sources: &[man(MOUNT_NAMESPACES, "Propagation type transitions")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "the mount still names its master or receives its mounts",
        play: |lab| {
            let process = with_master_and_slave(lab, "process")?;
            process.propagation("/tmp/s")?;
            change(process, "/tmp/s", MountFlags::MS_PRIVATE)?;
            process.propagation("/tmp/s")?;
            tmpfs(process, "/tmp/a/x")?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.bind-slave-onto-shared",
        claim: "A slave that is bound onto a shared mount gives a mount that is shared and a slave of the same master, and peers of the destination get it too.",
        sources: &[man(MOUNT_NAMESPACES, "Bind (MS_BIND) semantics")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "the new mount is not shared, lacks the master, or is missing under the peer",
        play: |lab| {
            let process = with_master_and_slave(lab, "process")?;
            with_peers(process)?;
            bind_on(process, "/tmp/s", "/tmp/b/here")?;
            process.propagation("/tmp/s")?;
            process.propagation("/tmp/b/here")?;
            process.propagation("/tmp/peer/here")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.bind-private-onto-shared",
        claim: "A private mount that is bound onto a shared one gives a shared mount, in a new peer group with the replicas that the peers of the destination get.",
        sources: &[man(MOUNT_NAMESPACES, "Bind (MS_BIND) semantics")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "the new mount stays private, or has no replica under the peer",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/p")?;
            with_peers(process)?;
            bind_on(process, "/tmp/p", "/tmp/b/here")?;
            process.propagation("/tmp/p")?;
            process.propagation("/tmp/b")?;
            process.propagation("/tmp/b/here")?;
            process.propagation("/tmp/peer/here")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.move-private-onto-shared",
        claim: "A private mount that is moved onto a shared one becomes shared itself, and appears under the peers of the destination as well.",
        sources: &[man(MOUNT_NAMESPACES, "Move (MS_MOVE) semantics")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "the moved mount stays private, or does not appear under the peer",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/p")?;
            with_peers(process)?;
            process.propagation("/tmp/p")?;
            process.mount("/tmp/p", "/tmp/b/here", "", MountFlags::MS_MOVE, NO_DATA)?;
            process.propagation("/tmp/b")?;
            process.propagation("/tmp/b/here")?;
            process.propagation("/tmp/peer/here")?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
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
            process.mkdir("/tmp/b", 0o755)?;
            process.mount("/tmp/a/x", "/tmp/b", "", MountFlags::MS_MOVE, NO_DATA)?;
            process.mount_points("/tmp")?;
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
            process.mount("/tmp/a", "/tmp/b", "", MountFlags::MS_MOVE, NO_DATA)?;
            process.mount_points("/tmp")?;
            process.mount_id("/tmp/b")?;
            process.mount_id("/tmp/b/x")?;
            process.readdir("/tmp/b/x")?;
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
    Case {
        id: "mnt.bind-files-and-directories",
        claim: "A bind mount shows a directory, or a single file, at another place; its record names what is shown as root. What was there before is covered and comes back after the unmount.",
        sources: &[man("mount(2)", "Creating a bind mount"), man("proc_pid_mountinfo(5)", "DESCRIPTION")],
        since: "2.4",
        needs: &[&need::PROCFS],
        wrong: "the place shows its old content while the bind mount is there, or lacks it afterwards",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            process.mkdir("/tmp/a/sub", 0o755)?;
            process.creat_excl("/tmp/a/sub/file")?;
            process.echo("bound", "/tmp/a/sub/file")?;
            process.mkdir("/tmp/d", 0o755)?;
            process.creat_excl("/tmp/d/covered")?;
            process.echo("old", "/tmp/d/covered")?;
            bind_on(process, "/tmp/a/sub/file", "/tmp/d/covered")?;
            process.cat("/tmp/d/covered")?;
            process.mountinfo("/tmp/d/covered")?;
            process.umount("/tmp/d/covered")?;
            process.cat("/tmp/d/covered")?;
            bind_on(process, "/tmp/a/sub", "/tmp/d")?;
            process.readdir("/tmp/d")?;
            process.mountinfo("/tmp/d")?;
            process.umount("/tmp/d")?;
            process.readdir("/tmp/d")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.bind-recursive",
        claim: "With MS_REC a bind mount takes along what is mounted below its source; without it those places show the directories underneath.",
        sources: &[man("mount(2)", "Creating a bind mount")],
        since: "2.4.11",
        needs: &[&need::PROCFS],
        wrong: "the recursive bind lacks the submount, or the plain one has it",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            tmpfs(process, "/tmp/a/x")?;
            process.creat_excl("/tmp/a/x/file")?;
            bind(process, "/tmp/a", "/tmp/plain")?;
            process.mkdir("/tmp/rec", 0o755)?;
            process.mount("/tmp/a", "/tmp/rec", "", MountFlags::MS_BIND | MountFlags::MS_REC, NO_DATA)?;
            process.mount_points("/tmp")?;
            process.readdir("/tmp/plain/x")?;
            process.readdir("/tmp/rec/x")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.remount-bind-readonly-one-mount",
        claim: "MS_REMOUNT with MS_BIND and MS_RDONLY makes one mount read-only; the file system stays writable through its other mounts.",
        sources: &[man("mount(2)", "Remounting an existing mount")],
        since: "2.6.26",
        needs: &[&need::PROCFS],
        wrong: "the mount stays writable, or its file system becomes read-only everywhere",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            bind(process, "/tmp/a", "/tmp/b")?;
            change(process, "/tmp/b", READ_ONLY_BIND)?;
            process.creat_excl("/tmp/b/file")?;
            process.creat_excl("/tmp/a/file")?;
            process.readdir("/tmp/b")?;
            process.mountinfo("/tmp/a")?;
            process.mountinfo("/tmp/b")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.remount-superblock-all-mounts",
        claim: "MS_REMOUNT without MS_BIND changes the file system itself: MS_RDONLY makes it read-only through each of its mounts, in every namespace.",
        sources: &[man("mount(2)", "Remounting an existing mount")],
        since: "2.4",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the file system can still be written through another of its mounts",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/a")?;
            bind(outer, "/tmp/a", "/tmp/b")?;
            let inner = outer.clone("inner", NEWNS)?;
            outer.readlink_ns("/proc/self/ns/mnt")?;
            inner.readlink_ns("/proc/self/ns/mnt")?;
            outer.creat_excl("/tmp/b/before")?;
            change(outer, "/tmp/a", MountFlags::MS_REMOUNT | MountFlags::MS_RDONLY)?;
            outer.creat_excl("/tmp/b/after")?;
            inner.creat_excl("/tmp/a/after")?;
            outer.mountinfo("/tmp/b")?;
            inner.mountinfo("/tmp/a")?;
            inner.readdir("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.stack-on-top",
        claim: "Several mounts can be stacked at one place: the one mounted last is seen, and unmounting it shows the one below.",
        sources: &[man("mount(2)", "Parental relationship between mounts"), man("umount(2)", "DESCRIPTION")],
        since: "2.4",
        needs: &[&need::PROCFS],
        wrong: "the lower mount is seen first, or is lost",
        play: |lab| {
            let process = lab.process("process")?;
            process.mkdir("/tmp/a", 0o755)?;
            process.creat_excl("/tmp/a/ground")?;
            for name in ["lower", "upper"] {
                process.mount(name, "/tmp/a", "tmpfs", NO_FLAGS, NO_DATA)?;
                process.creat_excl(format!("/tmp/a/{name}"))?;
            }
            process.mount_points("/tmp/a")?;
            process.readdir("/tmp/a")?;
            process.umount("/tmp/a")?;
            process.readdir("/tmp/a")?;
            process.umount("/tmp/a")?;
            process.readdir("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.umount-busy",
        claim: "A mount in use (a file on it is open) cannot be unmounted; when the file is closed, it can.",
        sources: &[man("umount(2)", "ERRORS")],
        since: "2.4",
        needs: &[&need::PROCFS],
        wrong: "the mount disappears under an open file, or stays busy after it was closed",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            let file = process.open("/tmp/a/file", OpenFlags::O_CREAT | OpenFlags::O_WRONLY)?.id()?;
            process.umount("/tmp/a")?;
            process.mount_points("/tmp")?;
            process.close(file)?;
            process.umount("/tmp/a")?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.umount-not-mounted-einval",
        claim: "umount fails for a place where nothing is mounted, be it a plain directory or one within a mount.",
        sources: &[man("umount(2)", "ERRORS")],
        since: "2.4",
        needs: &[&need::PROCFS],
        wrong: "umount of a plain directory succeeds, or removes the mount that holds it",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            process.mkdir("/tmp/a/sub", 0o755)?;
            process.umount("/tmp/a/sub")?;
            process.mount_points("/tmp")?;
            process.umount("/tmp/a")?;
            process.mount_points("/tmp")?;
            process.umount("/tmp/a")?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.umount-detach",
        claim: "With MNT_DETACH a mount in use leaves the mount list at once; files that are open on it go on working.",
        sources: &[man("umount(2)", "DESCRIPTION")],
        since: "2.4.11",
        needs: &[&need::PROCFS],
        wrong: "the mount stays listed, or the open file fails",
        excuses: &[Excuse {
            lie: "read(3)",
            why: "A read changes nothing but the offset of the file; its answer is the observation.",
        }],
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            process.creat_excl("/tmp/a/file")?;
            process.echo("content", "/tmp/a/file")?;
            let file = process.open("/tmp/a/file", O_RDONLY)?.id()?;
            process.umount2("/tmp/a", UmountFlags::empty())?;
            process.umount2("/tmp/a", UmountFlags::MNT_DETACH)?;
            process.mount_points("/tmp")?;
            process.open("/tmp/a/file", O_RDONLY)?;
            process.read(file)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.umount-expire",
        claim: "MNT_EXPIRE unmounts on the second call only: the first one marks the mount and gives EAGAIN, a use in between takes the mark away, and a mount in use gives EBUSY.",
        sources: &[man("umount(2)", "DESCRIPTION"), man("umount(2)", "ERRORS")],
        since: "2.6.8",
        needs: &[&need::PROCFS],
        wrong: "the mount expires at the first call, or although it was used",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            let file = process.open("/tmp/a/file", OpenFlags::O_CREAT | OpenFlags::O_WRONLY)?.id()?;
            process.umount2("/tmp/a", UmountFlags::MNT_EXPIRE)?;
            process.close(file)?;
            process.umount2("/tmp/a", UmountFlags::MNT_EXPIRE)?;
            process.readdir("/tmp/a")?;
            process.umount2("/tmp/a", UmountFlags::MNT_EXPIRE)?;
            process.mount_points("/tmp")?;
            process.umount_marked("/tmp/a")?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.lesspriv-reduces-shared-to-slave",
        claim: "In a mount namespace that belongs to another user namespace than the one it was copied from, shared mounts become slaves of their originals.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces")],
        since: "3.8",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the less privileged copy is a peer of the original",
        play: |lab| {
            let outer = with_shared_mount(lab, "outer")?;
            let same_owner = outer.clone("same-owner", NEWNS)?;
            let inner = outer.clone("inner", NEWUSER | NEWNS)?;
            for process in [outer, same_owner, inner] {
                process.readlink_ns("/proc/self/ns/user")?;
                process.readlink_ns("/proc/self/ns/mnt")?;
                process.propagation("/tmp/a")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.lesspriv-sends-nothing-up",
        claim: "What is mounted in a less privileged mount namespace does not reach the more privileged one; the other way round, mounts do arrive.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces")],
        since: "3.8",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "a mount made by the root of a user namespace appears outside",
        play: |lab| {
            let outer = with_shared_mount(lab, "outer")?;
            let inner = outer.clone("inner", NEWUSER | NEWNS)?;
            tmpfs(inner, "/tmp/a/in")?;
            tmpfs(outer, "/tmp/a/out")?;
            inner.mount_points("/tmp")?;
            outer.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.locked-umount-einval",
        claim: "Mounts that a less privileged mount namespace was created with are locked together: none of them can be unmounted alone, with MNT_DETACH neither.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces"), man("umount(2)", "ERRORS")],
        since: "3.8",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the root of a user namespace can take away a mount that it was given",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/a")?;
            let inner = outer.clone("inner", NEWUSER | NEWNS)?;
            inner.umount("/tmp/a")?;
            inner.umount2("/tmp/a", UmountFlags::MNT_DETACH)?;
            inner.mount_points("/tmp")?;
            lab.note("in a copy that belongs to the same user namespace nothing is locked")?;
            let same_owner = outer.clone("same-owner", NEWNS)?;
            same_owner.umount("/tmp/a")?;
            same_owner.mount_points("/tmp")?;
            outer.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.locked-mask-stays",
        claim: "A file that was covered by a bind mount stays covered in less privileged mount namespaces: the covering mount cannot be removed there.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces")],
        since: "3.8",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the root of a user namespace can read the covered file",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.creat_excl("/tmp/shadow")?;
            outer.echo("secret", "/tmp/shadow")?;
            outer.creat_excl("/tmp/empty")?;
            bind_on(outer, "/tmp/empty", "/tmp/shadow")?;
            let inner = outer.clone("inner", NEWUSER | NEWNS)?;
            inner.cat("/tmp/shadow")?;
            inner.umount("/tmp/shadow")?;
            inner.cat("/tmp/shadow")?;
            lab.note("in a copy that belongs to the same user namespace the cover can be removed")?;
            let same_owner = outer.clone("same-owner", NEWNS)?;
            same_owner.umount("/tmp/shadow")?;
            same_owner.cat("/tmp/shadow")?;
            outer.cat("/tmp/shadow")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.locked-stacking-allowed",
        claim: "On top of a locked mount a less privileged namespace may mount, and unmount what it has mounted itself; the locked mount below stays.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces")],
        since: "3.8",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the own mount cannot be removed again, or the locked one can",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/a")?;
            let inner = outer.clone("inner", NEWUSER | NEWNS)?;
            inner.mount("on-top", "/tmp/a", "tmpfs", NO_FLAGS, NO_DATA)?;
            inner.mount_points("/tmp")?;
            inner.mountinfo("/tmp/a")?;
            inner.umount("/tmp/a")?;
            inner.mountinfo("/tmp/a")?;
            inner.umount("/tmp/a")?;
            inner.mount_points("/tmp")?;
            outer.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.locked-unit-as-a-whole",
        claim: "A tree of mounts that arrives by propagation from a more privileged namespace is one unit: no part of it can be unmounted, but all of it can, lazily, at its top.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces")],
        since: "3.8",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "a part of the unit is removed alone, or the unit cannot be removed, or is removed outside as well",
        play: |lab| {
            let outer = with_shared_mount(lab, "outer")?;
            tmpfs(outer, "/tmp/tree")?;
            tmpfs(outer, "/tmp/tree/part")?;
            outer.mkdir("/tmp/a/unit", 0o755)?;
            let inner = outer.clone("inner", NEWUSER | NEWNS)?;
            let recursively = MountFlags::MS_BIND | MountFlags::MS_REC;
            outer.mount("/tmp/tree", "/tmp/a/unit", "", recursively, NO_DATA)?;
            inner.mount_points("/tmp/a")?;
            inner.umount("/tmp/a/unit/part")?;
            inner.umount2("/tmp/a/unit/part", UmountFlags::MNT_DETACH)?;
            inner.umount("/tmp/a/unit")?;
            inner.mount_points("/tmp/a")?;
            inner.umount2("/tmp/a/unit", UmountFlags::MNT_DETACH)?;
            inner.mount_points("/tmp/a")?;
            outer.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.locked-readonly",
        claim: "A mount that was read-only when a less privileged mount namespace was made from its namespace cannot be made writable there.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces"), man("mount(2)", "ERRORS")],
        since: "3.17",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the root of a user namespace can write to what was given to it read-only",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/a")?;
            change(outer, "/tmp/a", READ_ONLY_BIND)?;
            let inner = outer.clone("inner", NEWUSER | NEWNS)?;
            change(inner, "/tmp/a", MountFlags::MS_REMOUNT | MountFlags::MS_BIND)?;
            lab.note("a remount that leaves it read-only is allowed")?;
            change(inner, "/tmp/a", READ_ONLY_BIND | MountFlags::MS_NOSUID)?;
            inner.mountinfo("/tmp/a")?;
            let same_owner = outer.clone("same-owner", NEWNS)?;
            change(same_owner, "/tmp/a", MountFlags::MS_REMOUNT | MountFlags::MS_BIND)?;
            same_owner.mountinfo("/tmp/a")?;
            outer.mountinfo("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.foreign-mount-point-unlink",
        claim: "A file that is a mount point only in another mount namespace can be removed; the mount there vanishes with it.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces")],
        since: "3.18",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the file is busy, or the other namespace keeps the mount",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.creat_excl("/tmp/file")?;
            outer.creat_excl("/tmp/source")?;
            let inner = outer.clone("inner", NEWNS)?;
            bind_on(inner, "/tmp/source", "/tmp/file")?;
            inner.unlink("/tmp/file")?;
            inner.mount_points("/tmp")?;
            outer.unlink("/tmp/file")?;
            outer.readdir("/tmp")?;
            inner.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.foreign-mount-point-rmdir",
        claim: "A directory that is a mount point only in another mount namespace can be removed; the mount there vanishes with it.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces")],
        since: "3.18",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the directory is busy, or the other namespace keeps the mount",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWNS)?;
            tmpfs(inner, "/tmp/d")?;
            inner.rmdir("/tmp/d")?;
            inner.mount_points("/tmp")?;
            outer.rmdir("/tmp/d")?;
            outer.readdir("/tmp")?;
            inner.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.foreign-mount-point-rename",
        claim: "A file or directory that is a mount point only in another mount namespace can be renamed.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces")],
        since: "3.18",
        needs: &[&need::MNT_NS, &need::PROCFS],
        deviation: Some(
            "mount_namespaces(7) says that the rename removes the mount in the other namespace, as unlink does; it moves along to the new name.",
        ),
        wrong: "the directory is busy, or the mount is left at a name that no longer exists",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWNS)?;
            tmpfs(inner, "/tmp/d")?;
            inner.rename("/tmp/d", "/tmp/new")?;
            inner.mount_points("/tmp")?;
            outer.rename("/tmp/d", "/tmp/new")?;
            outer.readdir("/tmp")?;
            inner.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.own-mount-point-ebusy",
        claim: "In the namespace in which it is a mount point a file or directory can be neither removed nor renamed; after the unmount it can.",
        sources: &[man(MOUNT_NAMESPACES, "Restrictions on mount namespaces")],
        since: "2.4.19",
        needs: &[&need::PROCFS],
        wrong: "a mount point is removed or renamed under its mount",
        play: |lab| {
            let process = lab.process("process")?;
            process.creat_excl("/tmp/source")?;
            process.creat_excl("/tmp/file")?;
            bind_on(process, "/tmp/source", "/tmp/file")?;
            tmpfs(process, "/tmp/d")?;
            process.unlink("/tmp/file")?;
            process.rename("/tmp/file", "/tmp/file2")?;
            process.rmdir("/tmp/d")?;
            process.rename("/tmp/d", "/tmp/d2")?;
            process.umount("/tmp/file")?;
            process.umount("/tmp/d")?;
            process.rename("/tmp/file", "/tmp/file2")?;
            process.rmdir("/tmp/d")?;
            process.readdir("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.pivot-moves-other-processes",
        claim: "pivot_root moves every process of the mount namespace that has the old root as its root or current directory to the new root; another current directory stays, now below the place of the old root.",
        sources: &[man("pivot_root(2)", "DESCRIPTION")],
        since: "2.4.19",
        needs: &[&need::MNT_NS],
        wrong: "another process keeps the old root, or loses its current directory, or a process of another namespace is moved",
        play: |lab| {
            let outside = lab.process("outside")?;
            let pivoting = outside.clone("pivoting", NEWNS)?;
            let at_root = pivoting.fork("at-root")?;
            let elsewhere = pivoting.fork("elsewhere")?;
            at_root.chdir("/")?;
            tmpfs(pivoting, "/tmp/new")?;
            pivoting.mkdir("/tmp/new/old", 0o755)?;
            pivoting.pivot_root("/tmp/new", "/tmp/new/old")?;
            for process in [pivoting, at_root, elsewhere] {
                process.readdir("/")?;
                process.getcwd()?;
            }
            elsewhere.readdir(".")?;
            outside.readdir("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.pivot-new-root-not-mount-einval",
        claim: "pivot_root accepts only a mount point as the new root.",
        sources: &[man("pivot_root(2)", "ERRORS")],
        since: "2.4.19",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "a plain directory becomes the root",
        play: |lab| {
            let outer = lab.process("outer")?;
            let process = outer.clone("process", NEWNS)?;
            tmpfs(process, "/tmp/new")?;
            process.mkdir("/tmp/new/sub", 0o755)?;
            process.mkdir("/tmp/new/sub/old", 0o755)?;
            process.pivot_root("/tmp/new/sub", "/tmp/new/sub/old")?;
            process.readdir("/tmp")?;
            process.pivot_root("/tmp/new", "/tmp/new/sub/old")?;
            process.readdir("/")?;
            process.readdir("/sub/old/tmp")?;
            outer.readdir("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.pivot-put-old-outside-einval",
        claim: "pivot_root puts the old root only at or below the new one.",
        sources: &[man("pivot_root(2)", "ERRORS")],
        since: "2.4.19",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the old root is put where the new root cannot reach it",
        play: |lab| {
            let outer = lab.process("outer")?;
            let process = outer.clone("process", NEWNS)?;
            tmpfs(process, "/tmp/new")?;
            process.mkdir("/tmp/new/old", 0o755)?;
            process.mkdir("/tmp/outside", 0o755)?;
            process.pivot_root("/tmp/new", "/tmp/outside")?;
            process.readdir("/tmp")?;
            process.pivot_root("/tmp/new", "/tmp/new/old")?;
            process.readdir("/")?;
            process.readdir("/old/tmp")?;
            outer.readdir("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.chroot-escape",
        claim: "chroot alone confines nobody who may use it: it leaves the current directory where it is, so a process can change its root to a directory below and walk up from above it.",
        sources: &[man("chroot(2)", "DESCRIPTION")],
        since: "2.4",
        wrong: "the process cannot leave, or chroot moves its current directory",
        play: |lab| {
            let process = lab.process("process")?;
            process.creat_excl("/tmp/secret")?;
            process.mkdir("/tmp/jail", 0o755)?;
            process.mkdir("/tmp/jail/cell", 0o755)?;
            process.mkdir("/tmp/jail/yard", 0o755)?;
            process.chdir("/tmp/jail/yard")?;
            process.chroot("/tmp/jail")?;
            process.readdir("/")?;
            lab.note("below its root it cannot go further up than to its root")?;
            process.chdir("../..")?;
            process.readdir(".")?;
            lab.note("above its root it can")?;
            process.chroot("cell")?;
            process.readdir("/")?;
            process.chdir("..")?;
            process.readdir(".")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.tag-propagate-from",
        claim: "Where the master of a mount cannot be reached from a process's root, mountinfo names the nearest group above that can be, as propagate_from beside the master.",
        sources: &[man(MOUNT_NAMESPACES, "The /proc/pid/mountinfo propagate_from tag")],
        since: "2.6.26",
        needs: &[&need::PROCFS],
        wrong: "the tag is missing after chroot, or is there before it",
        play: |lab| {
            let outer = lab.process("outer")?;
            let jailed = outer.fork("jailed")?;
            tmpfs(outer, "/tmp/jail")?;
            tmpfs(outer, "/tmp/jail/a")?;
            change(outer, "/tmp/jail/a", MountFlags::MS_SHARED)?;
            bind(outer, "/tmp/jail/a", "/tmp/b")?;
            change(outer, "/tmp/b", MountFlags::MS_SLAVE)?;
            change(outer, "/tmp/b", MountFlags::MS_SHARED)?;
            bind(outer, "/tmp/b", "/tmp/jail/c")?;
            change(outer, "/tmp/jail/c", MountFlags::MS_SLAVE)?;
            outer.propagation("/tmp/jail/a")?;
            outer.propagation("/tmp/b")?;
            outer.propagation("/tmp/jail/c")?;
            jailed.chroot("/tmp/jail")?;
            outer.mount_points_of(jailed.proc("mountinfo"), "/")?;
            outer.propagation_of(jailed.proc("mountinfo"), "/a")?;
            outer.propagation_of(jailed.proc("mountinfo"), "/c")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.tag-propagate-from-absent",
        claim: "mountinfo names the master alone where the master can be reached from the process's root, and where no group above it can be.",
        sources: &[man(MOUNT_NAMESPACES, "The /proc/pid/mountinfo propagate_from tag")],
        since: "2.6.26",
        needs: &[&need::PROCFS],
        wrong: "a propagate_from tag beside a master that can be reached, or with a group that cannot be",
        play: |lab| {
            let outer = lab.process("outer")?;
            let jailed = outer.fork("jailed")?;
            tmpfs(outer, "/tmp/jail")?;
            lab.note("three groups in a row, all below what will be the root")?;
            tmpfs(outer, "/tmp/jail/a")?;
            change(outer, "/tmp/jail/a", MountFlags::MS_SHARED)?;
            bind(outer, "/tmp/jail/a", "/tmp/jail/b")?;
            change(outer, "/tmp/jail/b", MountFlags::MS_SLAVE)?;
            change(outer, "/tmp/jail/b", MountFlags::MS_SHARED)?;
            bind(outer, "/tmp/jail/b", "/tmp/jail/c")?;
            change(outer, "/tmp/jail/c", MountFlags::MS_SLAVE)?;
            lab.note("a master that will be out of reach")?;
            tmpfs(outer, "/tmp/m")?;
            change(outer, "/tmp/m", MountFlags::MS_SHARED)?;
            bind(outer, "/tmp/m", "/tmp/jail/s")?;
            change(outer, "/tmp/jail/s", MountFlags::MS_SLAVE)?;
            jailed.chroot("/tmp/jail")?;
            for place in ["/", "/a", "/b", "/c", "/s"] {
                outer.propagation_of(jailed.proc("mountinfo"), place)?;
            }
            outer.propagation("/tmp/m")?;
            Ok(())
        },
        ..CASE
    },
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
            process.mount_setattr(Directory::AT_FDCWD, "/tmp/b", this, none, read_only)?;
            process.creat_excl("/tmp/b/file")?;
            process.mountinfo("/tmp/b")?;
            process.mount_setattr(Directory::AT_FDCWD, "/tmp/b", this, read_only, no_suid)?;
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
            process.mount_setattr(Directory::AT_FDCWD, "/tmp/a", tree, none, read_only)?;
            process.mountinfo("/tmp/a")?;
            process.mountinfo("/tmp/a/x")?;
            process.close(file)?;
            process.mount_setattr(Directory::AT_FDCWD, "/tmp/a", tree, none, read_only)?;
            process.mountinfo("/tmp/a")?;
            process.mountinfo("/tmp/a/x")?;
            Ok(())
        },
        ..CASE
    },
];

/// What makes one mount read-only and leaves its file system as it is.
const READ_ONLY_BIND: MountFlags =
    MountFlags::MS_REMOUNT.union(MountFlags::MS_BIND).union(MountFlags::MS_RDONLY);

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

/// What this module cannot test.
pub const UNTESTED: &[Untested] = &[Untested {
    id: "mnt.first-namespace-type",
    claim: "Mount namespaces were the first kind of namespace, which is why their flag has the unspecific name CLONE_NEWNS.",
    sources: &[SEED],
    why: "This is history: a running kernel cannot be asked what it had first.",
    part: Some("mnt.flag-clone-newns"),
}];
