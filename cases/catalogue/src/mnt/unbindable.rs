//! Unbindable mounts: where they cannot be bound, and where they are left out.

use super::{MOUNT_NAMESPACES, NO_DATA, bind_on, change, tmpfs};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
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
            lab.note("the unbindable mount and the one below it are left out")?;
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
                process.readlink("/proc/self/ns/mnt")?;
                process.propagation("/tmp/a")?;
                bind_on(process, "/tmp/a", "/tmp/b")?;
            }
            Ok(())
        },
        ..CASE
    },
];
