//! Asking about one mount: statmount(2).
//!
//! Lists of mounts live in `listmount`, the files of /proc that tell the same in `tags`.

use super::{
    READ_ONLY_BIND, attach, bind, by_descriptor, change, detached_copy, tmpfs, with_master_and_slave,
};
use crate::prelude::*;

const BASIC: StatmountMask = StatmountMask::STATMOUNT_MNT_BASIC;
const POINT: StatmountMask = StatmountMask::STATMOUNT_MNT_POINT;
const TYPE: StatmountMask = StatmountMask::STATMOUNT_FS_TYPE;
const OF_ID: NamespaceMember = NamespaceMember::MNT_NS_ID;
const OF_FD: NamespaceMember = NamespaceMember::MNT_NS_FD;

/// `MNT_ID_REQ_SIZE_VER0` of linux/mount.h.
pub(super) const FIRST_VERSION: i64 = 24;
/// No mount has this number.
pub(super) const NO_MOUNT: MountNumber = MountNumber::Number(1 << 62);
/// Room for every answer.
const ENOUGH: i64 = 4096;
/// `struct statmount` of linux/mount.h without texts.
const ONLY_THE_STRUCTURE: i64 = 512;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.statmount-agrees-with-mountinfo",
        claim: "statmount tells of a mount what mountinfo tells: its number, root, mount point, type, device, attributes, peer group and master.",
        sources: &[man("statmount(2)", "DESCRIPTION"), man("proc_pid_mountinfo(5)", "DESCRIPTION")],
        since: "6.8",
        needs: &[&need::PROCFS],
        wrong: "the call and the file tell different things of one mount",
        play: |lab| {
            let process = with_master_and_slave(lab, "process")?;
            process.mkdir("/tmp/a/dir", 0o755)?;
            bind(process, "/tmp/a/dir", "/tmp/b")?;
            change(process, "/tmp/b", MountFlags::MS_PRIVATE)?;
            change(process, "/tmp/b", READ_ONLY_BIND | MountFlags::MS_NOSUID)?;
            lab.note("a shared mount, a slave, and a private read-only mount of a directory")?;
            for place in ["/tmp/a", "/tmp/s", "/tmp/b"] {
                process.mountinfo(place)?;
                process.mount_id(place)?;
                process.stat_identity(place)?;
                process.statmount(place, StatmountMask::STATMOUNT_SB_BASIC | BASIC)?;
                process.statmount(
                    place,
                    StatmountMask::STATMOUNT_MNT_ROOT | POINT | StatmountMask::STATMOUNT_FS_TYPE,
                )?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.statmount-parent",
        claim: "statmount names the mount that a mount is mounted on: for one that is stacked on another that one, not the mount of the directory; the 64-bit numbers are those of statx.",
        sources: &[man("statmount(2)", "DESCRIPTION"), man("statx(2)", "STATX_MNT_ID_UNIQUE")],
        since: "6.8",
        needs: &[&need::PROCFS],
        wrong: "another mount is called the parent, or the number is not that of statx",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            process.statx_mnt_id_unique("/tmp")?;
            process.statmount("/tmp/a", BASIC)?;
            process.statx_mnt_id_unique("/tmp/a")?;
            process.mount("on-top", "/tmp/a", "tmpfs", super::NO_FLAGS, super::NO_DATA)?;
            process.statmount("/tmp/a", BASIC)?;
            process.statx_mnt_id_unique("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.statmount-mask",
        claim: "The mask of statmount's answer says which parts it holds: those that were asked for, and of these only what the kernel knows; an unknown part is no error.",
        sources: &[man("statmount(2)", "DESCRIPTION")],
        since: "6.8",
        needs: &[&need::PROCFS],
        wrong: "an unknown part is refused, or said to be there",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            let unknown = StatmountMask::from_bits_retain(1 << 40);
            process.statmount("/tmp/a", POINT | unknown)?;
            process.statmount("/tmp/a", unknown)?;
            process.statmount("/tmp/a", StatmountMask::empty())?;
            process
                .statmount("/tmp/a", StatmountMask::STATMOUNT_FS_TYPE | StatmountMask::STATMOUNT_MNT_ROOT)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.statmount-propagate-from",
        claim: "statmount tells the mount point and the nearest group above as they are seen from the caller's root: in a chroot the point is shorter, and the group is one that can be reached there.",
        sources: &[man("statmount(2)", "DESCRIPTION")],
        since: "6.8",
        needs: &[],
        wrong: "a path or a group outside of the chroot is told, or none in it",
        play: |lab| {
            let process = lab.process("process")?;
            process.mkdir("/tmp/jail", 0o755)?;
            tmpfs(process, "/tmp/jail/a")?;
            change(process, "/tmp/jail/a", MountFlags::MS_SHARED)?;
            bind(process, "/tmp/jail/a", "/tmp/b")?;
            change(process, "/tmp/b", MountFlags::MS_SLAVE)?;
            change(process, "/tmp/b", MountFlags::MS_SHARED)?;
            bind(process, "/tmp/b", "/tmp/jail/c")?;
            change(process, "/tmp/jail/c", MountFlags::MS_SLAVE)?;
            let parts = BASIC | StatmountMask::STATMOUNT_PROPAGATE_FROM | POINT;
            process.statmount("/tmp/jail/a", parts)?;
            process.statmount("/tmp/jail/c", parts)?;
            lab.note("below the new root the direct master cannot be reached")?;
            process.chroot("/tmp/jail")?;
            process.statmount("/a", parts)?;
            process.statmount("/c", parts)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.statmount-idmap",
        claim: "statmount tells the id maps of a mount that has some, in the form of uid_map and gid_map, and says by its mask that another mount has none.",
        sources: &[man("statmount(2)", "DESCRIPTION")],
        since: "6.15",
        needs: &[&need::PROCFS, &need::MANY_USER_IDS, &need::STATMOUNT_IDMAP],
        wrong: "no map is told, or that of users for groups",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            let mapper = process.clone("maps", NEWUSER)?;
            process.echo("0 2000 1\n1000 2001 10\n", mapper.proc("uid_map"))?;
            process.echo("5 3000 1", mapper.proc("gid_map"))?;
            let namespace = process.open(mapper.proc("ns/user"), O_RDONLY)?.id()?;
            let tree = detached_copy(process, "/tmp/a")?;
            process.mount_setattr_userns(
                tree,
                "",
                SetAttrFlags::AT_EMPTY_PATH,
                MountAttributes::empty(),
                MountAttributes::MOUNT_ATTR_IDMAP,
                namespace,
            )?;
            attach(process, tree, "/tmp/b")?;
            let maps = StatmountMask::STATMOUNT_MNT_UIDMAP | StatmountMask::STATMOUNT_MNT_GIDMAP;
            process.statmount("/tmp/b", maps)?;
            process.statmount("/tmp/a", maps)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.statmount-errors",
        claim: "statmount tells what is wrong: ENOENT for a number that no mount has, EINVAL for flags that do not exist and a request that is too short, E2BIG for one that says more than the kernel knows, EOVERFLOW for an answer that does not fit, EFAULT for no place.",
        sources: &[man("statmount(2)", "ERRORS")],
        since: "6.8",
        needs: &[&need::PROCFS],
        wrong: "a wrong request is answered or gives another error",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            let (unknown, no_flags) = (StatmountFlags::from_bits_retain(1 << 30), StatmountFlags::empty());
            lab.note("each is wrong in one thing")?;
            process.statmount(NO_MOUNT, POINT)?;
            process.statmount_sized("/tmp/a", POINT, FIRST_VERSION, 0, ENOUGH, unknown)?;
            process.statmount_sized("/tmp/a", POINT, FIRST_VERSION - 1, 0, ENOUGH, no_flags)?;
            process.statmount_sized("/tmp/a", POINT, 64, 1, ENOUGH, no_flags)?;
            process.statmount_sized("/tmp/a", POINT, FIRST_VERSION, 0, ONLY_THE_STRUCTURE, no_flags)?;
            process.statmount_null("/tmp/a", POINT)?;
            lab.note("nothing is wrong with these")?;
            process.statmount_sized("/tmp/a", POINT, 64, 0, ENOUGH, no_flags)?;
            process.statmount_sized("/tmp/a", POINT, FIRST_VERSION, 0, ENOUGH, no_flags)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.statmount-needs-cap-sys-admin",
        claim: "Mounts that can be reached from the caller's root are told and listed to everybody; of others statmount tells only with CAP_SYS_ADMIN.",
        sources: &[man("statmount(2)", "ERRORS"), man("listmount(2)", "ERRORS")],
        since: "6.8",
        needs: &[],
        deviation: Some(
            "To access a mount's status, the caller must have CAP_SYS_ADMIN in the user namespace.",
        ),
        wrong: "a mount outside of the root is told to a process without the capability, or one inside is not",
        play: |lab| {
            let process = lab.process("process")?;
            process.statx_mnt_id_unique("/tmp")?;
            tmpfs(process, "/tmp/outside")?;
            tmpfs(process, "/tmp/jail")?;
            tmpfs(process, "/tmp/jail/inside")?;
            process.statx_mnt_id_unique("/tmp/outside")?;
            process.chdir("/tmp/outside")?;
            process.chroot("/tmp/jail")?;
            lab.note("with the capability and without")?;
            let powerless = process.fork("powerless")?;
            powerless.capset_drop(CAP_SYS_ADMIN)?;
            for one in [process, powerless] {
                one.statmount("/inside", BASIC)?;
                one.listmount(MountNumber::Root, 0, 10, ListmountFlags::empty())?;
                one.statmount(".", BASIC)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.statmount-foreign-ns",
        claim: "With the number of another mount namespace statmount tells of a mount in it to a caller with CAP_SYS_ADMIN over it, and says ENOENT for a mount that is not in it; without a number it looks only in the caller's own.",
        sources: &[man("statmount(2)", "DESCRIPTION"), man("statmount(2)", "ERRORS")],
        since: "6.11",
        needs: &[&need::PROCFS, &need::STATMOUNT_NAMESPACE],
        wrong: "mounts of another namespace are told as one's own, or are not told",
        play: |lab| foreign(lab, OF_ID),
        ..CASE
    },
    Case {
        id: "mnt.statmount-foreign-ns-by-fd",
        claim: "A descriptor of a mount namespace does as well as its number for statmount; both at once are refused with EINVAL.",
        sources: &[man("statmount(2)", "DESCRIPTION"), man("statmount(2)", "ERRORS")],
        since: "6.18",
        needs: &[&need::PROCFS, &need::STATMOUNT_NAMESPACE, &need::STATMOUNT_NAMESPACE_FD],
        wrong: "the descriptor names another namespace, or counts beside a number",
        play: |lab| foreign(lab, OF_FD),
        ..CASE
    },
    Case {
        id: "mnt.statmount-foreign-ns-powerless",
        claim: "A caller without CAP_SYS_ADMIN over another mount namespace learns nothing of a mount there from statmount (EPERM), although it holds descriptors of both.",
        sources: &[man("statmount(2)", "ERRORS")],
        since: "6.11",
        needs: &[&need::PROCFS, &need::STATMOUNT_NAMESPACE],
        wrong: "a process is told of the mounts of a namespace that it may not join, or gets another error",
        play: |lab| {
            without_power(lab, |process, namespace, place| {
                process.statmount_in(namespace, OF_ID, format!("{place}/x"), POINT)
            })
        },
        ..CASE
    },
    Case {
        id: "mnt.statmount-by-fd",
        claim: "With STATMOUNT_BY_FD statmount tells of the mount on which an open file is, after that mount was unmounted too: then it has no mount point and no namespace.",
        sources: &[man("statmount(2)", "DESCRIPTION")],
        since: "7.0",
        needs: &[&need::STATMOUNT_BY_FD],
        wrong: "another mount is told of, or an unmounted one is said to be somewhere",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            tmpfs(process, "/tmp/a/x")?;
            let parts = POINT | TYPE | StatmountMask::STATMOUNT_MNT_NS_ID;
            let above = process.open("/tmp/a", OpenFlags::O_PATH)?.id()?;
            let below = process.open("/tmp/a/x", OpenFlags::O_PATH)?.id()?;
            process.statmount_by_fd(above, parts)?;
            process.statmount_by_fd(below, parts)?;
            lab.note("unmounted, and held by the descriptor only")?;
            process.umount2("/tmp/a/x", UmountFlags::MNT_DETACH)?;
            process.statmount_by_fd(below, parts)?;
            process.statmount_by_fd(above, parts)?;
            Ok(())
        },
        ..CASE
    },
];

/// A mount of the child's namespace and one of the caller's, asked of both namespaces.
fn foreign(lab: &Lab, member: NamespaceMember) -> Play {
    let outer = lab.process("outer")?;
    let inner = outer.clone("inner", NEWNS)?;
    tmpfs(inner, "/tmp/of-inner")?;
    tmpfs(outer, "/tmp/of-outer")?;
    let of_inner = outer.open(inner.proc("ns/mnt"), O_RDONLY)?.id()?;
    let of_outer = outer.open("/proc/self/ns/mnt", O_RDONLY)?.id()?;
    outer.ioctl_mntns_id(of_inner)?;
    let inner_mount = inner.proc("root/tmp/of-inner");
    let parts = POINT | StatmountMask::STATMOUNT_MNT_NS_ID;
    for namespace in [of_inner, of_outer] {
        outer.statmount_in(namespace, member, inner_mount.as_str(), parts)?;
        outer.statmount_in(namespace, member, "/tmp/of-outer", parts)?;
    }
    lab.note("without a namespace")?;
    outer.statmount(inner_mount.as_str(), parts)?;
    outer.statmount("/tmp/of-outer", parts)?;
    if member == OF_FD {
        outer.statmount_in(of_inner, NamespaceMember::BOTH, inner_mount, parts)?;
    }
    Ok(())
}

/// Asks for a mount of another namespace: with all capabilities, without CAP_SYS_ADMIN, and with all
/// capabilities in another user namespace only; and without CAP_SYS_ADMIN for one of the own.
pub(super) fn without_power(lab: &Lab, ask: fn(Process<'_>, i32, &str) -> Done) -> Play {
    let outer = lab.process("outer")?;
    let inner = outer.clone("inner", NEWNS)?;
    tmpfs(inner, "/tmp/d")?;
    tmpfs(inner, "/tmp/d/x")?;
    inner.mount_points("/tmp")?;
    let foreign = outer.open(inner.proc("ns/mnt"), O_RDONLY)?.id()?;
    let mount = outer.open(inner.proc("root/tmp/d"), OpenFlags::O_PATH)?.id()?;
    let own = outer.open("/proc/self/ns/mnt", O_RDONLY)?.id()?;
    let powerless = outer.fork("powerless")?;
    powerless.capset_drop(CAP_SYS_ADMIN)?;
    let contained = outer.clone("contained", NEWUSER)?;
    outer.diff_ns(contained.proc("ns"), "/proc/self/ns")?;
    for process in [outer, powerless, contained] {
        ask(process, foreign, &by_descriptor(mount))?;
    }
    lab.note("of the namespace that they are in they learn all")?;
    tmpfs(outer, "/tmp/own")?;
    tmpfs(outer, "/tmp/own/x")?;
    outer.mount_points("/tmp")?;
    for process in [powerless, contained] {
        ask(process, own, "/tmp/own")?;
    }
    Ok(())
}
