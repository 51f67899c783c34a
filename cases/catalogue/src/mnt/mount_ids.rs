//! The numbers of mounts and of mount namespaces: statx(2), the requests of ioctl_nsfs(2).
//!
//! The records of mounts in /proc live in `mountinfo`; that copies get new numbers in `copies`.

use super::{NO_DATA, NO_FLAGS, bind, tmpfs};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.statx-mnt-id",
        claim: "The mount number that statx gives for a file is the one in the mountinfo record of the mount that the path leads over: the same for all files of a mount, another for the same file through another mount.",
        sources: &[man("statx(2)", "DESCRIPTION"), man("proc_pid_mountinfo(5)", "DESCRIPTION")],
        since: "5.8",
        needs: &[&need::PROCFS],
        wrong: "the two numbers differ, or both mounts of the file system have the same one",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            process.mkdir("/tmp/a/sub", 0o755)?;
            bind(process, "/tmp/a", "/tmp/b")?;
            for place in ["/tmp/a", "/tmp/b"] {
                process.mount_id(place)?;
                process.statx_mnt_id(place)?;
                process.statx_mnt_id(format!("{place}/sub"))?;
                process.stat_identity(format!("{place}/sub"))?;
            }
            lab.note("the directory that holds the mount points is on another mount")?;
            process.statx_mnt_id("/tmp")?;
            process.mount_id("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.statx-mnt-id-unique",
        claim: "The unique number that statx gives for a mount is never given again: a mount at the same place after an unmount has another one. A moved mount keeps its number, a bind has its own.",
        sources: &[man("statx(2)", "DESCRIPTION")],
        since: "6.8",
        needs: &[&need::UNIQUE_MOUNT_IDS, &need::PROCFS],
        wrong: "the new mount gets the number of the old one, or a moved mount gets a new one",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            bind(process, "/tmp/a", "/tmp/b")?;
            for place in ["/tmp/a", "/tmp/b", "/tmp"] {
                process.statx_mnt_id_unique(place)?;
            }
            lab.note("each time the same place, and another mount")?;
            for _ in 0..3 {
                process.umount("/tmp/a")?;
                process.mount("again", "/tmp/a", "tmpfs", NO_FLAGS, NO_DATA)?;
                process.statx_mnt_id_unique("/tmp/a")?;
            }
            process.mount_points("/tmp")?;
            lab.note("another place, and the same mount")?;
            process.mkdir("/tmp/c", 0o755)?;
            process.mount("/tmp/a", "/tmp/c", "", MountFlags::MS_MOVE, NO_DATA)?;
            process.statx_mnt_id_unique("/tmp/c")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.ns-id-ioctl",
        claim: "NS_GET_MNTNS_ID and NS_MNT_GET_INFO give the same number for a mount namespace through the file of any of its processes, and another one for a copy; the mounts that the second one counts are those of that namespace, not the caller's.",
        sources: &[man("ioctl_nsfs(2)", "DESCRIPTION")],
        since: "6.12",
        needs: &[&need::NSFS_MOUNTS, &need::MNT_NS, &need::PROCFS],
        wrong: "members have different numbers, a copy has that of its original, or the caller's mounts are counted",
        play: |lab| {
            let outer = lab.process("outer")?;
            let member = outer.fork("member")?;
            let inner = outer.clone("inner", NEWNS)?;
            let open = |process: Process<'_>| outer.open(process.proc("ns/mnt"), O_RDONLY)?.id();
            let (own, same, other) = (open(outer)?, open(member)?, open(inner)?);
            for fd in [own, same, other] {
                outer.ioctl_mntns_id(fd)?;
                outer.ioctl_mnt_info(fd)?;
            }
            lab.note("one mount more inside")?;
            tmpfs(inner, "/tmp/a")?;
            for fd in [own, same, other] {
                outer.ioctl_mnt_info(fd)?;
            }
            Ok(())
        },
        ..CASE
    },
];

/// Claims that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[Untested {
    id: "mnt.mount-id-reused",
    claim: "The number of a mount in mountinfo is given again after the mount has ended.",
    sources: &[man("proc_pid_mountinfo(5)", "DESCRIPTION"), man("statx(2)", "DESCRIPTION")],
    why: "All mounts of the machine draw from one supply of numbers, so whoever mounts next may get it: other cases and other programs mount at the same time.",
    part: Some("mnt.statx-mnt-id-unique"),
}];
