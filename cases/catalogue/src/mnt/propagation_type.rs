//! Changes of the propagation type of a mount, and how mountinfo shows the type.
//!
//! The table of all transitions lives in `transition_tables`, how each type behaves in `propagation`
//! and `unbindable`.

use super::{MOUNT_NAMESPACES, bind, change, tmpfs, with_shared_mount};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
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
            lab.note("without MS_REC, then with it")?;
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
            lab.note("below the new root the direct master cannot be reached")?;
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
];
