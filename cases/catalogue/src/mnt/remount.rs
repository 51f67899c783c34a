//! MS_REMOUNT: the options of one mount and those of its file system.
//!
//! mount_setattr(2) lives in `descriptors`, options that are locked in `less_privileged`.

use super::{READ_ONLY_BIND, bind, change, tmpfs};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
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
            outer.readlink("/proc/self/ns/mnt")?;
            inner.readlink("/proc/self/ns/mnt")?;
            outer.creat_excl("/tmp/b/before")?;
            lab.note("the file system becomes read-only through one of its mounts")?;
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
];
