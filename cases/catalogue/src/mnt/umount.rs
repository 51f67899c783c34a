//! umount(2) with its flags and refusals, and mounts that lie on top of each other.
//!
//! Mounts that a less privileged namespace cannot unmount live in `less_privileged`.

use super::{NO_DATA, NO_FLAGS, tmpfs};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
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
        accepted: &[Accepted {
            mutant: "read(3)",
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
        id: "mnt.umount-bad-flags-einval",
        claim: "umount2 refuses a flag that it does not know, alone and beside one that it knows.",
        sources: &[man("umount(2)", "ERRORS")],
        since: "2.6.34",
        needs: &[&need::PROCFS],
        wrong: "the unknown flag is ignored and the mount is gone",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            let unknown = UmountFlags::from_bits_retain(0x10);
            process.umount2("/tmp/a", unknown)?;
            process.umount2("/tmp/a", unknown | UmountFlags::MNT_DETACH)?;
            process.mount_points("/tmp")?;
            process.umount2("/tmp/a", UmountFlags::MNT_DETACH)?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.umount-expire-combination-einval",
        claim: "umount2 refuses MNT_EXPIRE together with MNT_DETACH or MNT_FORCE, also for a mount that is marked already.",
        sources: &[man("umount(2)", "ERRORS")],
        since: "2.6.8",
        needs: &[&need::PROCFS],
        wrong: "one of the two flags is ignored and the mount is gone",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            for marked in [false, true] {
                if marked {
                    process.umount2("/tmp/a", UmountFlags::MNT_EXPIRE)?;
                }
                process.umount2("/tmp/a", UmountFlags::MNT_EXPIRE | UmountFlags::MNT_DETACH)?;
                process.umount2("/tmp/a", UmountFlags::MNT_EXPIRE | UmountFlags::MNT_FORCE)?;
            }
            process.mount_points("/tmp")?;
            process.umount_marked("/tmp/a")?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.umount-path-errors",
        claim: "umount of a path that does not exist or is empty is ENOENT, and of one with a longer name than a file can have ENAMETOOLONG.",
        sources: &[man("umount(2)", "ERRORS"), man("path_resolution(7)", "Step 2: walk along the path")],
        since: "2.4",
        needs: &[&need::PROCFS],
        wrong: "another error, or the mount that the path begins with is gone",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            process.umount("/tmp/a/missing")?;
            process.umount("")?;
            process.umount(format!("/tmp/a/{}", "x".repeat(256)))?;
            process.mount_points("/tmp")?;
            process.umount("/tmp/a")?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.umount-nofollow",
        claim: "With UMOUNT_NOFOLLOW umount2 does not follow a symbolic link at the end of the path: the link itself is no mount point. Without the flag the mount that it leads to is unmounted.",
        sources: &[man("umount(2)", "DESCRIPTION")],
        since: "2.6.34",
        needs: &[&need::PROCFS],
        wrong: "the link is followed all the same, or not followed without the flag",
        play: |lab| {
            let process = lab.process("process")?;
            let user = process.fork("user")?;
            tmpfs(process, "/tmp/a")?;
            user.chdir("/tmp/a")?;
            lab.note("/proc/PID/cwd is a symbolic link to the mount")?;
            let link = user.proc("cwd");
            process.readlink(link.as_str())?;
            process.umount2(link.as_str(), UmountFlags::MNT_DETACH | UmountFlags::UMOUNT_NOFOLLOW)?;
            process.mount_points("/tmp")?;
            process.umount2(link.as_str(), UmountFlags::MNT_DETACH)?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.umount-detach-separates-submounts",
        claim: "MNT_DETACH separates the mounts of the detached tree from each other: who still uses the top does not get into a submount any more, while who uses the submount still has it.",
        sources: &[man("umount(2)", "DESCRIPTION")],
        since: "2.4.11",
        needs: &[&need::PROCFS],
        wrong: "the detached tree can still be walked from its top into its submounts",
        play: |lab| {
            let process = lab.process("process")?;
            let (above, below) = (process.fork("above")?, process.fork("below")?);
            tmpfs(process, "/tmp/a")?;
            tmpfs(process, "/tmp/a/x")?;
            process.creat_excl("/tmp/a/x/file")?;
            lab.note("one process uses the tree, another one its submount")?;
            above.chdir("/tmp/a")?;
            below.chdir("/tmp/a/x")?;
            above.readdir("x")?;
            lab.note("both mounts are detached: each process keeps its own, and no way leads from one to the other")?;
            process.umount2("/tmp/a", UmountFlags::MNT_DETACH)?;
            process.mount_points("/tmp")?;
            above.readdir("x")?;
            below.readdir(".")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.umount-force-unprivileged",
        claim: "MNT_FORCE takes CAP_SYS_ADMIN in the user namespace that mounted the file system: the root of a user namespace may use it on a file system of its own, not on its bind mount of another's.",
        sources: &[man("umount(2)", "ERRORS"), man("umount(2)", "DESCRIPTION")],
        since: "6.1",
        needs: &[&need::PROCFS],
        wrong: "the root of a user namespace aborts requests of a file system that it did not mount",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/others")?;
            for place in ["/tmp/bind", "/tmp/own"] {
                outer.mkdir(place, 0o755)?;
            }
            let inner = outer.clone("inner", NEWUSER | NEWNS)?;
            inner.mount("/tmp/others", "/tmp/bind", "", MountFlags::MS_BIND, NO_DATA)?;
            inner.mount("own", "/tmp/own", "tmpfs", NO_FLAGS, NO_DATA)?;
            for place in ["/tmp/bind", "/tmp/own"] {
                inner.umount2(place, UmountFlags::MNT_FORCE)?;
            }
            inner.mount_points("/tmp")?;
            inner.umount("/tmp/bind")?;
            inner.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
];

/// Claims that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[Untested {
    id: "mnt.umount-path-errors",
    claim: "umount of a path at an address outside of the caller's memory is EFAULT.",
    sources: &[man("umount(2)", "ERRORS")],
    why: "A script hands strings to its calls, not addresses, so that every trace can be read as text.",
    part: Some("mnt.umount-path-errors"),
}];
