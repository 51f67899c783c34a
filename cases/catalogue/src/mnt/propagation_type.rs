//! Changes of the propagation type of a mount: what the calls take and refuse, and mounts that are
//! alone in their peer group.
//!
//! The table of all transitions lives in `transition_tables`, how each type behaves in `propagation`
//! and `unbindable`, how mountinfo shows it in `tags`.

use super::tables::{PropagationType, plain_mount_of_type};
use super::{MOUNT_NAMESPACES, change, tmpfs, with_shared_mount};
use crate::prelude::*;

const CHANGING: Source = man("mount(2)", "Changing the propagation type of an existing mount");

/// Changes the type of a mount by mount_setattr(2).
fn setattr(process: Process<'_>, place: &str, new: MountFlags) -> Done {
    let none = MountAttributes::empty();
    process.mount_setattr(Directory::AT_FDCWD, place, SetAttrFlags::empty(), none, none, new)
}

/// Tries each pair of types in one call, then one type.
fn two_types(lab: &Lab, change: fn(Process<'_>, &str, MountFlags) -> Done) -> Play {
    let process = lab.process("process")?;
    tmpfs(process, "/tmp/a")?;
    for (first, second) in [
        (MountFlags::MS_SHARED, MountFlags::MS_SLAVE),
        (MountFlags::MS_SHARED, MountFlags::MS_PRIVATE),
        (MountFlags::MS_SHARED, MountFlags::MS_UNBINDABLE),
        (MountFlags::MS_SLAVE, MountFlags::MS_PRIVATE),
        (MountFlags::MS_SLAVE, MountFlags::MS_UNBINDABLE),
        (MountFlags::MS_PRIVATE, MountFlags::MS_UNBINDABLE),
    ] {
        change(process, "/tmp/a", first | second)?;
    }
    process.propagation("/tmp/a")?;
    change(process, "/tmp/a", MountFlags::MS_SHARED)?;
    process.propagation("/tmp/a")?;
    Ok(())
}

/// Tries to change the type of a directory and a file of a mount, then of the mount.
fn no_mount_point(lab: &Lab, change: fn(Process<'_>, &str, MountFlags) -> Done) -> Play {
    let process = lab.process("process")?;
    tmpfs(process, "/tmp/a")?;
    process.mkdir("/tmp/a/sub", 0o755)?;
    process.creat_excl("/tmp/a/file")?;
    for place in ["/tmp/a/sub", "/tmp/a/file"] {
        change(process, place, MountFlags::MS_SHARED)?;
    }
    process.propagation("/tmp/a")?;
    change(process, "/tmp/a", MountFlags::MS_SHARED)?;
    process.propagation("/tmp/a")?;
    Ok(())
}

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.prop-rec",
        claim: "MS_REC changes the propagation type of a mount and of all mounts below it; without it only the mount's own type changes.",
        sources: &[CHANGING],
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
        id: "mnt.trans-slaveshared-slave-master",
        claim: "A mount that is slave and shared and has no peers becomes, when it is made a slave, a plain slave of the master that it had.",
        sources: &[man(MOUNT_NAMESPACES, "Propagation type transitions")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "the mount becomes private or the slave of a group that has no members, and misses the master's events",
        play: |lab| {
            let process = lab.process("process")?;
            plain_mount_of_type(process, PropagationType::SlaveShared, "/tmp/a", "/tmp/master")?;
            process.propagation("/tmp/master")?;
            process.propagation("/tmp/a")?;
            lab.note("the mount has no peers: it keeps the master that it had")?;
            change(process, "/tmp/a", MountFlags::MS_SLAVE)?;
            process.propagation("/tmp/a")?;
            lab.note("and still follows it")?;
            tmpfs(process, "/tmp/master/x")?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.setattr-trans-lone-slave",
        claim: "Made slaves by mount_setattr(2), mounts without peers lose their group: a shared one is private then, one that is slave and shared a plain slave.",
        sources: &[
            man(MOUNT_NAMESPACES, "Propagation type transitions"),
            man("mount_setattr(2)", "DESCRIPTION"),
        ],
        since: "5.12",
        needs: &[&need::MOUNT_SETATTR, &need::PROCFS],
        wrong: "a mount stays shared, or loses its master as well",
        play: |lab| {
            let process = lab.process("process")?;
            plain_mount_of_type(process, PropagationType::Shared, "/tmp/a", "")?;
            plain_mount_of_type(process, PropagationType::SlaveShared, "/tmp/b", "/tmp/master")?;
            lab.note("neither mount has a peer: the one without a master becomes private, the other one keeps its master")?;
            for place in ["/tmp/a", "/tmp/b"] {
                process.propagation(place)?;
                setattr(process, place, MountFlags::MS_SLAVE)?;
                process.propagation(place)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.setattr-prop-recursive",
        claim: "mount_setattr(2) changes the propagation type of a whole tree with AT_RECURSIVE, and of the one mount without.",
        sources: &[man("mount_setattr(2)", "DESCRIPTION")],
        since: "5.12",
        needs: &[&need::MOUNT_SETATTR, &need::PROCFS],
        wrong: "a submount keeps its type, or changes although one mount was meant",
        play: |lab| {
            let process = lab.process("process")?;
            for place in ["/tmp/a", "/tmp/a/x", "/tmp/a/x/y"] {
                tmpfs(process, place)?;
            }
            lab.note("without AT_RECURSIVE one mount changes, with it the whole tree")?;
            let (none, new) = (MountAttributes::empty(), MountFlags::MS_SHARED);
            for flags in [SetAttrFlags::empty(), SetAttrFlags::AT_RECURSIVE] {
                process.mount_setattr(Directory::AT_FDCWD, "/tmp/a", flags, none, none, new)?;
                for place in ["/tmp/a", "/tmp/a/x", "/tmp/a/x/y"] {
                    process.propagation(place)?;
                }
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.prop-two-types-einval",
        claim: "mount(2) refuses two propagation types in one call, whichever two they are, and changes nothing.",
        sources: &[man("mount(2)", "ERRORS")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "one of the two types is taken",
        play: |lab| two_types(lab, change),
        ..CASE
    },
    Case {
        id: "mnt.setattr-prop-two-types-einval",
        claim: "mount_setattr(2) refuses two propagation types in one call, whichever two they are, and changes nothing.",
        sources: &[man("mount_setattr(2)", "ERRORS")],
        since: "5.12",
        needs: &[&need::MOUNT_SETATTR, &need::PROCFS],
        wrong: "one of the two types is taken",
        play: |lab| two_types(lab, setattr),
        ..CASE
    },
    Case {
        id: "mnt.prop-other-flag-einval",
        claim: "A change of the propagation type refuses every other flag but MS_REC and MS_SILENT.",
        sources: &[man("mount(2)", "ERRORS"), CHANGING],
        since: "5.10",
        needs: &[&need::PROCFS],
        wrong: "the type changes although another flag is given, or that flag takes effect",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            lab.note("each other flag is refused, and nothing changes")?;
            for other in [
                MountFlags::MS_RDONLY,
                MountFlags::MS_NOSUID,
                MountFlags::MS_NODEV,
                MountFlags::MS_NOEXEC,
                MountFlags::MS_SYNCHRONOUS,
                MountFlags::MS_DIRSYNC,
                MountFlags::MS_NOATIME,
                MountFlags::MS_NODIRATIME,
                MountFlags::MS_RELATIME,
                MountFlags::MS_STRICTATIME,
                MountFlags::MS_LAZYTIME,
                MountFlags::MS_NOSYMFOLLOW,
            ] {
                change(process, "/tmp/a", MountFlags::MS_SHARED | other)?;
            }
            process.mountinfo("/tmp/a")?;
            lab.note("MS_REC is not")?;
            change(process, "/tmp/a", MountFlags::MS_SHARED | MountFlags::MS_REC)?;
            process.mountinfo("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.prop-silent-ok",
        claim: "A change of the propagation type takes MS_SILENT, which changes nothing about it.",
        sources: &[CHANGING],
        since: "2.6.17",
        needs: &[&need::PROCFS],
        wrong: "the call is refused, or the mount keeps its type",
        play: |lab| {
            let process = with_shared_mount(lab, "process")?;
            process.propagation("/tmp/a")?;
            change(process, "/tmp/a", MountFlags::MS_PRIVATE | MountFlags::MS_SILENT)?;
            process.propagation("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.prop-args-ignored",
        claim: "A change of the propagation type ignores source, file system type and data, even where they name nothing that exists.",
        sources: &[CHANGING],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "the call looks for the source or the file system type and fails",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            process.mount("/nonexistent", "/tmp/a", "nosuchfs", MountFlags::MS_SHARED, "junk")?;
            process.mountinfo("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.prop-needs-mount-point",
        claim: "Only a mount point has a propagation type that mount(2) can change: for another directory or file of the mount it fails, and the mount keeps its type.",
        sources: &[man("mount(2)", "ERRORS")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "the mount that holds the directory changes its type",
        play: |lab| no_mount_point(lab, change),
        ..CASE
    },
    Case {
        id: "mnt.setattr-prop-needs-mount-point",
        claim: "mount_setattr(2) changes the propagation type of a mount point only, not that of the mount which holds a directory or file.",
        sources: &[man("mount_setattr(2)", "ERRORS")],
        since: "5.12",
        needs: &[&need::MOUNT_SETATTR, &need::PROCFS],
        wrong: "the mount that holds the directory changes its type",
        play: |lab| no_mount_point(lab, setattr),
        ..CASE
    },
];
