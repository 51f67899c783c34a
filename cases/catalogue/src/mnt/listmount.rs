//! Lists of mounts: listmount(2).
//!
//! One mount is asked about in `statmount`, by which capability both are allowed as well.

use super::statmount::{FIRST_VERSION, NO_MOUNT, without_power};
use super::{bind, tmpfs};
use crate::prelude::*;

const ASCENDING: ListmountFlags = ListmountFlags::empty();
const REVERSE: ListmountFlags = ListmountFlags::LISTMOUNT_REVERSE;
const OF_ID: NamespaceMember = NamespaceMember::MNT_NS_ID;
const OF_FD: NamespaceMember = NamespaceMember::MNT_NS_FD;

/// As many mounts as no script makes.
const ALL: i64 = 100;

/// Mounts at /tmp/a and below it, and the number of each.
fn mounts_below_a(process: Process<'_>, names: &[&str]) -> Play {
    process.statx_mnt_id_unique("/tmp")?;
    tmpfs(process, "/tmp/a")?;
    process.statx_mnt_id_unique("/tmp/a")?;
    for name in names {
        let place = format!("/tmp/a/{name}");
        tmpfs(process, &place)?;
        process.statx_mnt_id_unique(&place)?;
    }
    Ok(())
}

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.listmount-children",
        claim: "listmount lists what is mounted below a mount, at any depth, without the mount itself and what is beside it; with the last number of one list the next one goes on.",
        sources: &[man("listmount(2)", "DESCRIPTION")],
        since: "6.8",
        needs: &[&need::PROCFS],
        wrong: "a mount is missing, is listed twice, or does not belong there",
        play: |lab| {
            let process = lab.process("process")?;
            mounts_below_a(process, &["x", "x/deep", "y"])?;
            tmpfs(process, "/tmp/beside")?;
            process.statx_mnt_id_unique("/tmp/beside")?;
            lab.note("all that is below each of three mounts")?;
            process.listmount("/tmp/a", 0, ALL, ASCENDING)?;
            process.listmount("/tmp/a/x", 0, ALL, ASCENDING)?;
            process.listmount("/tmp/a/y", 0, ALL, ASCENDING)?;
            lab.note("two at a time")?;
            process.listmount("/tmp/a", 0, 2, ASCENDING)?;
            process.listmount("/tmp/a", "/tmp/a/x/deep", 2, ASCENDING)?;
            process.listmount("/tmp/a", "/tmp/a/y", 2, ASCENDING)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.listmount-order-and-reverse",
        claim: "listmount lists mounts by their numbers in ascending order, and with LISTMOUNT_REVERSE in descending order, from a given one on too.",
        sources: &[man("listmount(2)", "DESCRIPTION")],
        since: "6.11",
        needs: &[&need::PROCFS, &need::LISTMOUNT_REVERSE],
        wrong: "the order is another one, or a list that goes on begins anew",
        play: |lab| {
            let process = lab.process("process")?;
            mounts_below_a(process, &["first", "second", "third"])?;
            process.listmount("/tmp/a", 0, ALL, ASCENDING)?;
            process.listmount("/tmp/a", 0, ALL, REVERSE)?;
            lab.note("from the second one on")?;
            process.listmount("/tmp/a", "/tmp/a/second", ALL, ASCENDING)?;
            process.listmount("/tmp/a", "/tmp/a/second", ALL, REVERSE)?;
            lab.note("a mount keeps its number when it is moved")?;
            process.mkdir("/tmp/a/late", 0o755)?;
            process.mount("/tmp/a/first", "/tmp/a/late", "", MountFlags::MS_MOVE, "")?;
            process.statx_mnt_id_unique("/tmp/a/late")?;
            process.listmount("/tmp/a", 0, ALL, ASCENDING)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.listmount-chroot",
        claim: "With LSMT_ROOT listmount lists the mount that is the caller's root and what is mounted below it: in a chroot nothing outside.",
        sources: &[man("listmount(2)", "DESCRIPTION")],
        since: "6.8",
        needs: &[&need::PROCFS],
        wrong: "mounts outside of the root are listed, or a mount in it is missing",
        play: |lab| {
            let process = lab.process("process")?;
            mounts_below_a(process, &["x"])?;
            tmpfs(process, "/tmp/outside")?;
            process.statx_mnt_id_unique("/tmp/outside")?;
            let jailed = process.fork("jailed")?;
            jailed.chroot("/tmp/a")?;
            jailed.statx_mnt_id_unique("/x")?;
            jailed.listmount(MountNumber::Root, 0, ALL, ASCENDING)?;
            lab.note("a mount that is made later by a process outside")?;
            tmpfs(process, "/tmp/a/y")?;
            process.statx_mnt_id_unique("/tmp/a/y")?;
            jailed.listmount(MountNumber::Root, 0, ALL, ASCENDING)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.listmount-errors",
        claim: "listmount tells what is wrong: ENOENT for a number that no mount has, EINVAL for flags that do not exist and a request that is too short, E2BIG for one that says more than the kernel knows, EFAULT for no place.",
        sources: &[man("listmount(2)", "ERRORS")],
        since: "6.8",
        needs: &[&need::PROCFS],
        wrong: "a wrong request is answered or gives another error",
        play: |lab| {
            let process = lab.process("process")?;
            mounts_below_a(process, &["x"])?;
            let unknown = ListmountFlags::from_bits_retain(1 << 30);
            lab.note("each is wrong in one thing")?;
            process.listmount(NO_MOUNT, 0, ALL, ASCENDING)?;
            process.listmount_sized("/tmp/a", FIRST_VERSION, 0, unknown)?;
            process.listmount_sized("/tmp/a", FIRST_VERSION - 1, 0, ASCENDING)?;
            process.listmount_sized("/tmp/a", 64, 1, ASCENDING)?;
            process.listmount_null("/tmp/a")?;
            lab.note("nothing is wrong with these")?;
            process.listmount_sized("/tmp/a", 64, 0, ASCENDING)?;
            process.listmount_sized("/tmp/a", FIRST_VERSION, 0, ASCENDING)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.listmount-foreign",
        claim: "With the number of another mount namespace listmount lists the mounts there: a copy of a namespace shares no mount with its original.",
        sources: &[man("listmount(2)", "DESCRIPTION")],
        since: "6.11",
        needs: &[&need::PROCFS, &need::STATMOUNT_NAMESPACE],
        wrong: "the caller's own mounts are listed, or one mount is in two namespaces",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/a")?;
            tmpfs(outer, "/tmp/a/x")?;
            let inner = outer.clone("inner", NEWNS)?;
            tmpfs(inner, "/tmp/a/of-inner")?;
            inner.mount_points("/tmp")?;
            outer.mount_points("/tmp")?;
            outer.statx_mnt_id_unique("/tmp/a/x")?;
            inner.statx_mnt_id_unique("/tmp/a/x")?;
            inner.statx_mnt_id_unique("/tmp/a/of-inner")?;
            let namespace = outer.open(inner.proc("ns/mnt"), O_RDONLY)?.id()?;
            outer.listmount_in(namespace, OF_ID, inner.proc("root/tmp/a"))?;
            outer.listmount("/tmp/a", 0, ALL, ASCENDING)?;
            lab.note("a number that no mount of the namespace has")?;
            outer.listmount_in(namespace, OF_ID, "/tmp/a")?;
            outer.listmount(inner.proc("root/tmp/a"), 0, ALL, ASCENDING)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.listmount-foreign-powerless",
        claim: "To a caller without CAP_SYS_ADMIN over it another mount namespace does not exist for listmount (ENOENT), although it holds a descriptor of it.",
        sources: &[man("listmount(2)", "ERRORS")],
        since: "6.11",
        needs: &[&need::PROCFS, &need::STATMOUNT_NAMESPACE],
        deviation: Some("EPERM: Permission is denied for accessing this mount."),
        wrong: "a process learns the mounts of a namespace that it may not join",
        play: |lab| {
            without_power(lab, |process, namespace, place| process.listmount_in(namespace, OF_ID, place))
        },
        ..CASE
    },
    Case {
        id: "mnt.listmount-foreign-by-fd",
        claim: "listmount takes a descriptor of a mount namespace in the place of its number, and not both.",
        sources: &[man("listmount(2)", "DESCRIPTION"), man("listmount(2)", "ERRORS")],
        since: "6.18",
        needs: &[&need::PROCFS, &need::STATMOUNT_NAMESPACE, &need::STATMOUNT_NAMESPACE_FD],
        wrong: "the descriptor names another namespace, or counts beside a number",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/a")?;
            bind(outer, "/tmp/a", "/tmp/a/x")?;
            outer.mount_points("/tmp")?;
            let inner = outer.clone("inner", NEWNS)?;
            outer.statx_mnt_id_unique("/tmp/a/x")?;
            inner.statx_mnt_id_unique("/tmp/a/x")?;
            let namespace = outer.open(inner.proc("ns/mnt"), O_RDONLY)?.id()?;
            lab.note("by number, by descriptor, by both")?;
            for member in [OF_ID, OF_FD, NamespaceMember::BOTH] {
                outer.listmount_in(namespace, member, inner.proc("root/tmp/a"))?;
            }
            outer.listmount_in(namespace, OF_FD, "/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
];
