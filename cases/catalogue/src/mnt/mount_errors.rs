//! The refusals of mount(2).
//!
//! Those about propagation types live in `propagation_type`, those about moves in `moving`, those
//! for want of a capability in `privilege`.

use super::{NO_DATA, NO_FLAGS, READ_ONLY_BIND, bind, bind_on, change, tmpfs, with_shared_mount};
use crate::prelude::*;

/// As root outside any user namespace mounts a file system that needs a block device.
const ON_BLOCK_DEVICES: &[&need::Requirement] = &[&need::EXT4, &need::DEVICE_FILES, &need::PROCFS];

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.bind-directory-on-file-enotdir",
        claim: "A directory cannot be bound on a file, nor a file on a directory; a file on a file and a directory on a directory can.",
        sources: &[man("mount(2)", "ERRORS")],
        since: "2.4",
        needs: &[&need::PROCFS],
        wrong: "a directory covers a file or a file a directory",
        play: |lab| {
            let process = lab.process("process")?;
            for place in ["/tmp/directory", "/tmp/other-directory"] {
                process.mkdir(place, 0o755)?;
            }
            for file in ["/tmp/file", "/tmp/other-file"] {
                process.creat_excl(file)?;
            }
            bind_on(process, "/tmp/directory", "/tmp/file")?;
            bind_on(process, "/tmp/file", "/tmp/directory")?;
            process.mount_points("/tmp")?;
            bind_on(process, "/tmp/directory", "/tmp/other-directory")?;
            bind_on(process, "/tmp/file", "/tmp/other-file")?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.mount-directory-fs-on-file-enotdir",
        claim: "A file system whose root is a directory can be mounted on a directory only.",
        sources: &[man("mount(2)", "ERRORS")],
        since: "2.4",
        needs: &[&need::PROCFS],
        wrong: "the file system covers a file",
        play: |lab| {
            let process = lab.process("process")?;
            process.creat_excl("/tmp/file")?;
            process.mkdir("/tmp/directory", 0o755)?;
            for place in ["/tmp/file", "/tmp/directory"] {
                process.mount("fs", place, "tmpfs", NO_FLAGS, NO_DATA)?;
                process.mount_points("/tmp")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.remount-not-a-mount-einval",
        claim: "Only a mount point can be remounted, with MS_BIND or without: for another directory or a file of the mount it fails, and the mount keeps its flags.",
        sources: &[man("mount(2)", "ERRORS")],
        since: "2.4",
        needs: &[&need::PROCFS],
        wrong: "the mount that holds the directory is remounted",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            process.mkdir("/tmp/a/sub", 0o755)?;
            process.creat_excl("/tmp/a/file")?;
            for flags in [READ_ONLY_BIND, MountFlags::MS_REMOUNT | MountFlags::MS_RDONLY] {
                change(process, "/tmp/a/sub", flags)?;
                change(process, "/tmp/a/file", flags)?;
                process.mountinfo("/tmp/a")?;
            }
            lab.note("a directory and a file that are mount points")?;
            bind_on(process, "/tmp/a/sub", "/tmp/a/sub")?;
            bind_on(process, "/tmp/a/file", "/tmp/a/file")?;
            for place in ["/tmp/a/sub", "/tmp/a/file"] {
                change(process, place, READ_ONLY_BIND)?;
                process.mountinfo(place)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.remount-ro-open-writers-ebusy",
        claim: "A mount through which a file is open for writing cannot be made read-only, nor can its file system through any mount; another mount of it can, and so can both when the file is closed.",
        sources: &[man("mount(2)", "ERRORS")],
        since: "2.6.26",
        needs: &[&need::PROCFS],
        wrong: "the mount becomes read-only under the open file, or the other mount is busy as well",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            bind(process, "/tmp/a", "/tmp/b")?;
            let file = process.open("/tmp/a/file", OpenFlags::O_CREAT | OpenFlags::O_WRONLY)?.id()?;
            change(process, "/tmp/a", READ_ONLY_BIND)?;
            change(process, "/tmp/b", READ_ONLY_BIND)?;
            change(process, "/tmp/b", MountFlags::MS_REMOUNT | MountFlags::MS_RDONLY)?;
            process.mountinfo("/tmp/a")?;
            process.mountinfo("/tmp/b")?;
            lab.note("the file is closed")?;
            process.close(file)?;
            change(process, "/tmp/a", READ_ONLY_BIND)?;
            process.mountinfo("/tmp/a")?;
            change(process, "/tmp/b", MountFlags::MS_REMOUNT | MountFlags::MS_RDONLY)?;
            process.mountinfo("/tmp/b")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.same-source-same-target-ebusy",
        claim: "A file system cannot be mounted twice in a row at the same place; it can elsewhere, and another file system can be mounted on top.",
        sources: &[man("mount(2)", "ERRORS")],
        since: "2.4",
        needs: &[&need::MQUEUE, &need::PROCFS],
        wrong: "the same file system is stacked on itself, or refused elsewhere",
        play: |lab| {
            let process = lab.process("process")?;
            for place in ["/tmp/a", "/tmp/b"] {
                process.mkdir(place, 0o755)?;
            }
            lab.note("an IPC namespace has one mqueue file system; each mount of a tmpfs makes a new one")?;
            for (fstype, place) in [
                ("mqueue", "/tmp/a"),
                ("mqueue", "/tmp/a"),
                ("mqueue", "/tmp/b"),
                ("tmpfs", "/tmp/a"),
                ("tmpfs", "/tmp/a"),
            ] {
                process.mount("fs", place, fstype, NO_FLAGS, NO_DATA)?;
                process.mount_points("/tmp")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.move-root-einval",
        claim: "The root mount cannot be moved.",
        sources: &[man("mount(2)", "ERRORS")],
        since: "2.4.18",
        starts_as: Credentials::StartedAsRoot,
        needs: &[&need::MNT_NS, &need::PROCFS, &need::INITIAL_USER_NS],
        deviation: Some(
            "mount(2) says EINVAL; kernels look first whether the place lies within the moved mount, as any place does for /, and say ELOOP.",
        ),
        wrong: "the root mount goes below itself, where no path leads, or another errno",
        play: |lab| {
            let outer = lab.process("outer")?;
            let process = outer.clone("process", NEWNS)?;
            process.mkdir("/tmp/new", 0o755)?;
            process.mount("new", "/tmp/new", "tmpfs", NO_FLAGS, NO_DATA)?;
            process.mkdir("/tmp/new/place", 0o755)?;
            process.chdir("/tmp/new")?;
            process.pivot_root(".", ".")?;
            process.umount2(".", UmountFlags::MNT_DETACH)?;
            process.mount("/", "/place", "", MountFlags::MS_MOVE, NO_DATA)?;
            outer.mount_points_of(process.proc("mountinfo"), "/")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.err-enodev",
        claim: "Mounting a file system of a type that the kernel does not know is ENODEV, and nothing is mounted.",
        sources: &[man("mount(2)", "ERRORS")],
        since: "2.4",
        needs: &[&need::PROCFS],
        wrong: "another errno, or something is mounted",
        play: |lab| {
            let process = lab.process("process")?;
            process.mkdir("/tmp/a", 0o755)?;
            for fstype in ["no-such-type", "tmpfs"] {
                process.mount("fs", "/tmp/a", fstype, NO_FLAGS, NO_DATA)?;
                process.mount_points("/tmp")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.err-enotblk",
        claim: "A file system that lies on a block device takes no other file as its source, be it a regular one, a directory or a character device; a missing one is ENOENT.",
        sources: &[man("mount(2)", "ERRORS")],
        since: "2.4",
        starts_as: Credentials::StartedAsRoot,
        needs: ON_BLOCK_DEVICES,
        wrong: "another errno, or the file is mounted",
        play: |lab| {
            let process = lab.process("process")?;
            process.mkdir("/tmp/a", 0o755)?;
            process.creat_excl("/tmp/file")?;
            process.mknod("/tmp/null", 0o666, 1, 3)?;
            for source in ["/tmp/file", "/tmp/a", "/tmp/null", "/tmp/missing"] {
                process.mount(source, "/tmp/a", "ext4", NO_FLAGS, NO_DATA)?;
            }
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.err-enxio",
        claim: "A block device whose number belongs to no driver cannot be mounted: ENXIO.",
        sources: &[man("mount(2)", "ERRORS")],
        since: "2.4",
        starts_as: Credentials::StartedAsRoot,
        needs: ON_BLOCK_DEVICES,
        wrong: "another errno, or something is mounted",
        play: |lab| {
            let process = lab.process("process")?;
            process.mkdir("/tmp/a", 0o755)?;
            process.mknod_block("/tmp/device", 0o600, NO_DRIVER, 1)?;
            process.stat_mode("/tmp/device")?;
            process.mount("/tmp/device", "/tmp/a", "ext4", NO_FLAGS, NO_DATA)?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.err-nodev-source-eacces",
        claim: "A block device whose file lies on a mount with MS_NODEV cannot be mounted: EACCES, before the device is looked for. Through another mount of that file system it is looked for.",
        sources: &[man("mount(2)", "ERRORS")],
        since: "2.4",
        starts_as: Credentials::StartedAsRoot,
        needs: ON_BLOCK_DEVICES,
        wrong: "the device is looked for in spite of nodev, or refused through the other mount too",
        play: |lab| {
            let process = lab.process("process")?;
            process.mkdir("/tmp/place", 0o755)?;
            tmpfs(process, "/tmp/a")?;
            process.mknod_block("/tmp/a/device", 0o600, NO_DRIVER, 1)?;
            bind(process, "/tmp/a", "/tmp/b")?;
            change(process, "/tmp/b", MountFlags::MS_REMOUNT | MountFlags::MS_BIND | MountFlags::MS_NODEV)?;
            for source in ["/tmp/b/device", "/tmp/a/device"] {
                process.mount(source, "/tmp/place", "ext4", NO_FLAGS, NO_DATA)?;
            }
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.err-search-eacces",
        claim: "A place, or the source of a bind, is EACCES if the caller may not search a directory on the path to it: CAP_SYS_ADMIN alone does not help.",
        sources: &[man("mount(2)", "ERRORS"), man("path_resolution(7)", "Step 2: walk along the path")],
        since: "2.4",
        needs: &[&need::PROCFS],
        wrong: "the mount is made in a directory that the caller may not search, or another errno",
        play: |lab| {
            let process = lab.process("process")?;
            for place in ["/tmp/closed", "/tmp/closed/a", "/tmp/b"] {
                process.mkdir(place, 0o755)?;
            }
            process.chmod("/tmp/closed", 0o600)?;
            process.capset_drop(Capabilities::CAP_DAC_OVERRIDE | Capabilities::CAP_DAC_READ_SEARCH)?;
            process.mount("fs", "/tmp/closed/a", "tmpfs", NO_FLAGS, NO_DATA)?;
            bind_on(process, "/tmp/closed/a", "/tmp/b")?;
            process.mount_points("/tmp")?;
            lab.note("the directory may be searched")?;
            process.chmod("/tmp/closed", 0o700)?;
            process.mount("fs", "/tmp/closed/a", "tmpfs", NO_FLAGS, NO_DATA)?;
            bind_on(process, "/tmp/closed/a", "/tmp/b")?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.err-paths",
        claim: "A place that is missing or has an empty path is ENOENT, a too long name ENAMETOOLONG, a loop of links ELOOP, a path through a file ENOTDIR; so is the source of a bind.",
        sources: &[man("mount(2)", "ERRORS"), man("path_resolution(7)", "Step 2: walk along the path")],
        since: "2.4",
        needs: &[&need::PROCFS],
        wrong: "another errno, or something is mounted",
        play: |lab| {
            let process = lab.process("process")?;
            process.mkdir("/tmp/a", 0o755)?;
            process.creat_excl("/tmp/file")?;
            process.symlink("loop", "/tmp/loop")?;
            let name_too_long = format!("/tmp/{}", "x".repeat(256));
            for path in ["/tmp/missing", "", &name_too_long, "/tmp/loop", "/tmp/file/below"] {
                process.mount("fs", path, "tmpfs", NO_FLAGS, NO_DATA)?;
            }
            lab.note("as sources")?;
            for path in ["/tmp/missing", &name_too_long, "/tmp/loop", "/tmp/file/below"] {
                bind_on(process, path, "/tmp/a")?;
            }
            process.mount_points("/tmp")?;
            lab.note("paths that lead somewhere")?;
            process.mount("fs", "/tmp/a", "tmpfs", NO_FLAGS, NO_DATA)?;
            bind_on(process, "/tmp/file", "/tmp/file")?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.err-mount-max-enospc",
        claim: "A mount namespace holds no more mounts than fs.mount-max says: a recursive bind that would take it over the limit is ENOSPC and binds nothing. One mount more still fits, and other namespaces have room.",
        sources: &[man("mount(2)", "ERRORS"), man("proc_sys_fs(5)", "DESCRIPTION")],
        since: "4.9",
        needs: &[&need::MNT_NS, &need::PROCFS, &need::MOUNT_MAX],
        wrong: "the mounts of a namespace can be doubled without end, or a refused bind leaves mounts behind that take up the room",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/a")?;
            outer.mkdir("/tmp/a/x", 0o755)?;
            outer.mkdir("/tmp/more", 0o755)?;
            let process = outer.clone("process", NEWNS)?;
            let twice = MountFlags::MS_BIND | MountFlags::MS_REC;
            lab.note("one mount, doubled 16 times: 65536")?;
            for _ in 0..16 {
                process.mount("/tmp/a", "/tmp/a/x", "", twice, NO_DATA)?;
            }
            process.mount("/tmp/a", "/tmp/a/x", "", twice, NO_DATA)?;
            lab.note("one more, which would not fit beside what a refused bind had left")?;
            process.mount("/tmp/a", "/tmp/more", "", MountFlags::MS_BIND, NO_DATA)?;
            process.readdir("/tmp/more")?;
            lab.note("another namespace")?;
            outer.mount("/tmp/a", "/tmp/a/x", "", twice, NO_DATA)?;
            outer.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.mount-max-by-propagation",
        claim: "Mounts that propagation would add count for fs.mount-max as well: a tree whose copies below all peers are more than the limit is ENOSPC and appears nowhere. A single mount appears below each of them.",
        sources: &[man("mount(2)", "ERRORS"), man("proc_sys_fs(5)", "DESCRIPTION")],
        since: "4.9",
        needs: &[&need::PROCFS, &need::MOUNT_MAX],
        wrong: "propagation takes the namespace over the limit, or leaves copies behind",
        play: |lab| {
            let process = with_shared_mount(lab, "process")?;
            let own = "/proc/thread-self/mountinfo";
            let double = |tree: &str| -> Done {
                process.mount(
                    tree,
                    format!("{tree}/x"),
                    "",
                    MountFlags::MS_BIND | MountFlags::MS_REC,
                    NO_DATA,
                )
            };
            process.mkdir("/tmp/a/place", 0o755)?;
            lab.note("256 peers of /tmp/a, and with it 257")?;
            tmpfs(process, "/tmp/b")?;
            bind(process, "/tmp/a", "/tmp/b/peer")?;
            process.mkdir("/tmp/b/x", 0o755)?;
            for _ in 0..8 {
                double("/tmp/b")?;
            }
            process.grep_count(" - tmpfs b ", own)?;
            process.grep_count(" - tmpfs a ", own)?;
            lab.note("a tree of 512 mounts, which would be there 257 times")?;
            tmpfs(process, "/tmp/c")?;
            process.mkdir("/tmp/c/x", 0o755)?;
            for _ in 0..9 {
                double("/tmp/c")?;
            }
            process.mount("/tmp/c", "/tmp/a/place", "", MountFlags::MS_BIND | MountFlags::MS_REC, NO_DATA)?;
            process.grep_count(" - tmpfs c ", own)?;
            lab.note("one mount of it")?;
            bind_on(process, "/tmp/c", "/tmp/a/place")?;
            process.grep_count(" - tmpfs c ", own)?;
            Ok(())
        },
        ..CASE
    },
];

/// A major number for which no driver is registered (Documentation/admin-guide/devices.txt).
const NO_DRIVER: i32 = 4000;

/// Claims that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[
    Untested {
        id: "mnt.err-paths",
        claim: "A string of mount at an address outside of the caller's memory is EFAULT.",
        sources: &[man("mount(2)", "ERRORS")],
        why: "A script hands strings to its calls, not addresses, so that every trace can be read as text.",
        part: Some("mnt.err-paths"),
    },
    Untested {
        id: "mnt.err-paths",
        claim: "A path of more than 4095 bytes is ENAMETOOLONG.",
        sources: &[man("mount(2)", "ERRORS")],
        why: "Traces cut texts of this length, so nobody could play the trace again; a name of more than 255 bytes gets the same answer.",
        part: Some("mnt.err-paths"),
    },
    Untested {
        id: "mnt.err-bad-superblock",
        claim: "A block device without a valid superblock is EINVAL.",
        sources: &[man("mount(2)", "ERRORS")],
        why: "It takes a block device with known content. Loop devices and RAM disks belong to the whole machine, not to a namespace, and no run may touch those that others use.",
        part: None,
    },
    Untested {
        id: "mnt.err-readonly-media",
        claim: "Mounting a read-only medium without MS_RDONLY is EACCES or EROFS, by its file system.",
        sources: &[man("mount(2)", "ERRORS")],
        why: "It takes a read-only block device with a file system. Loop devices belong to the whole machine, not to a namespace, and no run may touch those that others use.",
        part: None,
    },
];
