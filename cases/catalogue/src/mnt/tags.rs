//! The optional fields of proc_pid_mountinfo(5): how the propagation type of a mount is shown.
//!
//! The meaning of the types lives in `propagation`, their changes in `transition_tables`.

use super::tables::{PropagationType, plain_mount_of_type};
use super::{MOUNT_NAMESPACES, bind, change, tmpfs, with_shared_mount};
use crate::prelude::*;

/// Where the tags are documented.
const SOURCES: &[Source] =
    &[man(MOUNT_NAMESPACES, "SHARED SUBTREES"), man("proc_pid_mountinfo(5)", "DESCRIPTION")];

/// Shows the record of a private mount, of one of a type, and of the master that it has.
fn tag(lab: &Lab, propagation_type: PropagationType) -> Play {
    let process = lab.process("process")?;
    let other = process.fork("other")?;
    tmpfs(process, "/tmp/private")?;
    process.mountinfo("/tmp/private")?;
    lab.note("a private mount has no tag; this one has those of its type")?;
    plain_mount_of_type(process, propagation_type, "/tmp/a", "/tmp/master")?;
    process.mountinfo("/tmp/a")?;
    if propagation_type.has_master() {
        process.mountinfo("/tmp/master")?;
    }
    lab.note("another process reads the same")?;
    other.propagation_of(process.proc("mountinfo"), "/tmp/a")?;
    Ok(())
}

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.tag-shared",
        claim: "mountinfo marks a shared mount with the tag shared and the number of its peer group, and with nothing else.",
        sources: SOURCES,
        since: "2.6.26",
        needs: &[&need::PROCFS],
        wrong: "the record has no tag, or that of a slave",
        play: |lab| tag(lab, PropagationType::Shared),
        ..CASE
    },
    Case {
        id: "mnt.tag-master",
        claim: "mountinfo marks a slave with the tag master and the number that its master's record shows as shared.",
        sources: SOURCES,
        since: "2.6.26",
        needs: &[&need::PROCFS],
        wrong: "the record names another group than the master's, or a group of the slave's own",
        play: |lab| tag(lab, PropagationType::Slave),
        ..CASE
    },
    Case {
        id: "mnt.tag-shared-and-master",
        claim: "mountinfo gives a mount that is slave and shared both tags: its own group as shared, that of its master as master.",
        sources: SOURCES,
        since: "2.6.26",
        needs: &[&need::PROCFS],
        wrong: "one of the tags is missing, or both name the same group",
        play: |lab| tag(lab, PropagationType::SlaveShared),
        ..CASE
    },
    Case {
        id: "mnt.tag-unbindable",
        claim: "mountinfo marks an unbindable mount with the tag unbindable, which has no number.",
        sources: SOURCES,
        since: "2.6.26",
        needs: &[&need::PROCFS],
        wrong: "the record looks like that of a private mount",
        play: |lab| tag(lab, PropagationType::Unbindable),
        ..CASE
    },
    Case {
        id: "mnt.tag-none-private",
        claim: "mountinfo shows no optional field for a private mount, also for one that was shared, slave and unbindable before.",
        sources: SOURCES,
        since: "2.6.26",
        needs: &[&need::PROCFS],
        wrong: "a tag of the former type is left",
        play: |lab| {
            let process = with_shared_mount(lab, "process")?;
            bind(process, "/tmp/a", "/tmp/b")?;
            lab.note("private after slave, after shared, and after unbindable")?;
            for new in [MountFlags::MS_SLAVE, MountFlags::MS_SHARED, MountFlags::MS_UNBINDABLE] {
                change(process, "/tmp/b", new)?;
                process.mountinfo("/tmp/b")?;
                change(process, "/tmp/b", MountFlags::MS_PRIVATE)?;
                process.mountinfo("/tmp/b")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.group-id-identifies-group",
        claim: "All members of a peer group show the same number, in each namespace that holds one; another group of the same file system has another number.",
        sources: SOURCES,
        since: "2.6.26",
        needs: &[&need::PROCFS],
        wrong: "members of one group show different numbers, or two groups the same",
        play: |lab| {
            let outer = with_shared_mount(lab, "outer")?;
            bind(outer, "/tmp/a", "/tmp/member")?;
            bind(outer, "/tmp/a", "/tmp/other")?;
            change(outer, "/tmp/other", MountFlags::MS_PRIVATE)?;
            change(outer, "/tmp/other", MountFlags::MS_SHARED)?;
            lab.note("two members of one group, and one mount that has left it for a group of its own")?;
            let inner = outer.clone("inner", NEWNS)?;
            for process in [outer, inner] {
                process.readlink("/proc/self/ns/mnt")?;
                for place in ["/tmp/a", "/tmp/member", "/tmp/other"] {
                    process.mountinfo(place)?;
                }
            }
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
            lab.note("a chain: the second link is outside the later root")?;
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

/// Claims that cannot be tested.
pub const UNTESTED: &[Untested] = &[Untested {
    id: "mnt.group-id-recycled",
    claim: "The number of a peer group is used again once the group has no members.",
    sources: SOURCES,
    why: "The numbers are those of the whole machine: any other process, another case among them, may take the freed number first.",
    part: None,
}];
