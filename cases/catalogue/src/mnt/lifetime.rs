//! How long a mount namespace lives, and how its end shows to others.
//!
//! The lifetime of namespaces of any kind lives in `api::lifetime`.

use super::{MOUNT_NAMESPACES, bind, bind_on, change, tmpfs, with_older_namespace, with_shared_mount};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
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
            only.readlink("/proc/self/ns/mnt")?;
            lab.note("the file of the namespace is bound")?;
            outer.creat_excl("/tmp/pin")?;
            bind_on(outer, &only.proc("ns/mnt"), "/tmp/pin")?;
            outer.mountinfo("/tmp/pin")?;
            lab.note("its only process ends")?;
            only.exit(0)?;
            outer.waitpid(only, WaitOptions::empty())?;
            outer.kill(only, Signal(0))?;
            outer.readdir("/tmp/d")?;
            lab.note("by the bind the namespace can be joined")?;
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
            inner.readlink("/proc/self/ns/mnt")?;
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
        id: "mnt.ns-file-below-rbind-refused",
        claim: "A recursive bind of another namespace's mount is refused where it would bring the file of the caller's own mount namespace along, which is stacked on it there; the mount alone can be bound.",
        sources: &[man("mount(2)", "ERRORS")],
        since: "3.8",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the copy holds a mount that pins the namespace it is in",
        play: |lab| {
            let outer = with_older_namespace(lab, "outer")?;
            outer.creat_excl("/tmp/pin")?;
            outer.creat_excl("/tmp/copy")?;
            bind_on(outer, "/proc/self/ns/uts", "/tmp/pin")?;
            let pin = outer.open("/tmp/pin", OpenFlags::O_PATH)?.id()?;
            let newer = outer.clone("newer", NEWNS)?;
            bind_on(outer, &newer.proc("ns/mnt"), "/tmp/pin")?;
            outer.mount_points("/tmp")?;
            lab.note("the whole stack, then the lowest mount alone")?;
            let source = super::by_descriptor(pin);
            newer.mount(source.as_str(), "/tmp/copy", "", MountFlags::MS_BIND | MountFlags::MS_REC, "")?;
            newer.mount_points("/tmp")?;
            bind_on(newer, &source, "/tmp/copy")?;
            newer.mountinfo("/tmp/copy")?;
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
];
