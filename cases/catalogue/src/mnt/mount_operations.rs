//! The operations of mount(2): how the flags choose one, which flags and arguments it heeds, and
//! which mount comes out.
//!
//! The propagation type of the result is the subject of `tables`, the effect of the flags that of
//! `mount_flags`; refusals live in `mount_errors`.

use super::{NO_DATA, NO_FLAGS, READ_ONLY_BIND, bind, bind_on, change, tmpfs};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.op-remount-before-bind",
        claim: "With MS_REMOUNT in the flags mount remounts, whatever other operation they name: beside MS_BIND, MS_MOVE or a propagation type nothing is bound, moved or made shared.",
        sources: &[man("mount(2)", "DESCRIPTION"), man("mount(2)", "Remounting an existing mount")],
        since: "2.6.26",
        needs: &[&need::PROCFS],
        wrong: "the source is bound or moved to the place, or the mount becomes shared",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            tmpfs(process, "/tmp/b")?;
            lab.note("for each of the others a read-only remount, and the way back")?;
            for other in [MountFlags::MS_BIND, MountFlags::MS_MOVE, MountFlags::MS_SHARED] {
                let flags = MountFlags::MS_REMOUNT | other;
                process.mount("/tmp/a", "/tmp/b", "", flags | MountFlags::MS_RDONLY, NO_DATA)?;
                process.mount_points("/tmp")?;
                process.mountinfo("/tmp/b")?;
                process.mount("/tmp/a", "/tmp/b", "", flags, NO_DATA)?;
                process.mountinfo("/tmp/b")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.op-bind-before-types",
        claim: "With MS_BIND in the flags, and without MS_REMOUNT, mount binds: MS_SHARED beside it makes nothing shared, and with MS_MOVE beside it the source stays where it is.",
        sources: &[man("mount(2)", "DESCRIPTION"), man("mount(2)", "Creating a bind mount")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "the new mount or the place becomes shared, or the source is moved away",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            for (place, other) in [("/tmp/b", MountFlags::MS_SHARED), ("/tmp/c", MountFlags::MS_MOVE)] {
                process.mkdir(place, 0o755)?;
                process.mount("/tmp/a", place, "", MountFlags::MS_BIND | other, NO_DATA)?;
                process.mount_points("/tmp")?;
                process.propagation(place)?;
                process.propagation("/tmp/a")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.op-types-before-move",
        claim: "With a propagation type in the flags, and without MS_REMOUNT and MS_BIND, mount changes the type and moves nothing: MS_MOVE beside it is one flag too many.",
        sources: &[man("mount(2)", "DESCRIPTION"), man("mount(2)", "ERRORS")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "the source is moved, or the flag is passed over and the type changes",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            process.mkdir("/tmp/b", 0o755)?;
            process.mount("/tmp/a", "/tmp/b", "", MountFlags::MS_SHARED | MountFlags::MS_MOVE, NO_DATA)?;
            process.mount_points("/tmp")?;
            process.propagation("/tmp/a")?;
            lab.note("each for itself")?;
            process.mount("/tmp/a", "/tmp/b", "", MountFlags::MS_MOVE, NO_DATA)?;
            process.mount_points("/tmp")?;
            change(process, "/tmp/b", MountFlags::MS_SHARED)?;
            process.propagation("/tmp/b")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.mgc-val-ignored",
        claim: "The magic number 0xC0ED in the upper half of the flags counts for nothing, though it holds the bits of flags: a new mount, a bind and a remount do as without it.",
        sources: &[man("mount(2)", "HISTORY")],
        since: "2.4",
        needs: &[&need::PROCFS],
        wrong: "the call is refused, or the bits are taken for a propagation type or for relatime",
        play: |lab| {
            let process = lab.process("process")?;
            for place in ["/tmp/a", "/tmp/b"] {
                process.mkdir(place, 0o755)?;
            }
            let magic = MountFlags::MS_MGC_VAL;
            process.mount("a", "/tmp/a", "tmpfs", magic | MountFlags::MS_NOATIME, NO_DATA)?;
            process.mountinfo("/tmp/a")?;
            process.mount("/tmp/a", "/tmp/b", "", magic | MountFlags::MS_BIND, NO_DATA)?;
            process.mountinfo("/tmp/b")?;
            process.mount("", "/tmp/b", "", magic | READ_ONLY_BIND, NO_DATA)?;
            process.mountinfo("/tmp/b")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.bind-survives-source-umount",
        claim: "A bind mount keeps its file system alive when the mount that it was made from is unmounted: files made before can be read, and new ones can be made.",
        sources: &[text("Documentation/filesystems/sharedsubtree.rst"), man("umount(2)", "DESCRIPTION")],
        since: "2.4",
        needs: &[&need::PROCFS],
        wrong: "the bind mount goes with its source, or is empty afterwards",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            process.mkdir("/tmp/a/sub", 0o755)?;
            process.creat_excl("/tmp/a/sub/file")?;
            bind(process, "/tmp/a/sub", "/tmp/b")?;
            process.umount("/tmp/a")?;
            process.mount_points("/tmp")?;
            process.creat_excl("/tmp/b/later")?;
            process.readdir("/tmp/b")?;
            lab.note("the last mount takes the file system along: a new one is empty")?;
            process.umount("/tmp/b")?;
            process.readdir("/tmp/b")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.bind-not-recursive",
        claim: "A bind without MS_REC takes one mount only: at the place of a submount, also one deep below the bound directory, it shows the files that the submount covers.",
        sources: &[man("mount(2)", "Creating a bind mount")],
        since: "2.4.11",
        needs: &[&need::PROCFS],
        wrong: "the submount is in the bind too, or the covered files do not show",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            for place in ["/tmp/a/sub", "/tmp/a/sub/x"] {
                process.mkdir(place, 0o755)?;
            }
            process.creat_excl("/tmp/a/sub/x/covered")?;
            process.mount("x", "/tmp/a/sub/x", "tmpfs", NO_FLAGS, NO_DATA)?;
            process.creat_excl("/tmp/a/sub/x/mounted")?;
            bind(process, "/tmp/a/sub", "/tmp/b")?;
            process.mount_points("/tmp")?;
            process.readdir("/tmp/a/sub/x")?;
            process.readdir("/tmp/b/x")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.bind-ignores-flags",
        claim: "A bind mount has the mount flags of the mount that it is made from: those that its own call names are passed over, as are the file system type and data.",
        sources: &[man("mount(2)", "Creating a bind mount")],
        since: "2.6.26",
        needs: &[&need::PROCFS],
        wrong: "the bind mount is read-only or noexec, has lost nodev, or the call is refused",
        play: |lab| {
            let process = lab.process("process")?;
            process.mkdir("/tmp/a", 0o755)?;
            process.mount("a", "/tmp/a", "tmpfs", MountFlags::MS_NODEV, NO_DATA)?;
            process.mkdir("/tmp/b", 0o755)?;
            let flags = MountFlags::MS_RDONLY
                | MountFlags::MS_NOEXEC
                | MountFlags::MS_NOSUID
                | MountFlags::MS_NOATIME;
            process.mount(
                "/tmp/a",
                "/tmp/b",
                "no-such-type",
                MountFlags::MS_BIND | flags,
                "no-such-option",
            )?;
            process.mountinfo("/tmp/a")?;
            process.mountinfo("/tmp/b")?;
            process.creat_excl("/tmp/b/file")?;
            process.readdir("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.move-ignores-flags",
        claim: "A mount keeps its mount flags when it is moved: those that the call names beside MS_MOVE are passed over, as are the file system type and data.",
        sources: &[man("mount(2)", "Moving a mount")],
        since: "2.6.26",
        needs: &[&need::PROCFS],
        wrong: "the moved mount is read-only or noexec, has lost nodev, or the call is refused",
        play: |lab| {
            let process = lab.process("process")?;
            process.mkdir("/tmp/a", 0o755)?;
            process.mount("a", "/tmp/a", "tmpfs", MountFlags::MS_NODEV, NO_DATA)?;
            process.mkdir("/tmp/b", 0o755)?;
            let flags = MountFlags::MS_RDONLY
                | MountFlags::MS_NOEXEC
                | MountFlags::MS_NOSUID
                | MountFlags::MS_NOATIME;
            process.mountinfo("/tmp/a")?;
            process.mount(
                "/tmp/a",
                "/tmp/b",
                "no-such-type",
                MountFlags::MS_MOVE | flags,
                "no-such-option",
            )?;
            process.mountinfo("/tmp/a")?;
            process.mountinfo("/tmp/b")?;
            process.creat_excl("/tmp/b/file")?;
            process.readdir("/tmp/b")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.remount-bind-replaces-flags",
        claim: "MS_REMOUNT with MS_BIND sets the mount flags that it names and clears those that it does not name.",
        sources: &[man("mount(2)", "Remounting an existing mount")],
        since: "2.6.26",
        needs: &[&need::PROCFS],
        wrong: "flags that the call does not name are kept, or one that it names is missing",
        play: |lab| {
            let process = lab.process("process")?;
            process.mkdir("/tmp/a", 0o755)?;
            process.mount("a", "/tmp/a", "tmpfs", MountFlags::MS_NOSUID | MountFlags::MS_NODEV, NO_DATA)?;
            process.mountinfo("/tmp/a")?;
            lab.note("others in their place, then none")?;
            change(process, "/tmp/a", READ_ONLY_BIND | MountFlags::MS_NOEXEC)?;
            process.mountinfo("/tmp/a")?;
            change(process, "/tmp/a", MountFlags::MS_REMOUNT | MountFlags::MS_BIND)?;
            process.mountinfo("/tmp/a")?;
            process.creat_excl("/tmp/a/file")?;
            process.readdir("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.remount-replaces-flags",
        claim: "MS_REMOUNT without MS_BIND also sets the flags of the mount that it goes through to those that it names; other mounts of the file system keep theirs.",
        sources: &[
            man("mount(2)", "Remounting an existing mount"),
            man("mount(2)", "Additional mount flags"),
        ],
        since: "2.6.26",
        needs: &[&need::PROCFS],
        wrong: "flags that the call does not name are kept, or the other mount gets them too",
        play: |lab| {
            let process = lab.process("process")?;
            process.mkdir("/tmp/a", 0o755)?;
            process.mount("a", "/tmp/a", "tmpfs", MountFlags::MS_NOSUID, NO_DATA)?;
            bind(process, "/tmp/a", "/tmp/b")?;
            change(process, "/tmp/a", MountFlags::MS_REMOUNT | MountFlags::MS_NODEV | MountFlags::MS_NOEXEC)?;
            process.mountinfo("/tmp/a")?;
            process.mountinfo("/tmp/b")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.remount-ignores-source",
        claim: "A remount passes over its source and its file system type, even where they name nothing that exists.",
        sources: &[man("mount(2)", "Remounting an existing mount")],
        since: "2.4",
        needs: &[&need::PROCFS],
        wrong: "the call is refused for its source or its type, or the mount has another source afterwards",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            process.mountinfo("/tmp/a")?;
            process.mount(
                "/no/such/source",
                "/tmp/a",
                "no-such-type",
                MountFlags::MS_REMOUNT | MountFlags::MS_RDONLY,
                NO_DATA,
            )?;
            process.mountinfo("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.remount-keeps-atime",
        claim: "A remount that names no flag about access times keeps those of the mount, with MS_BIND and without; MS_STRICTATIME clears noatime and relatime.",
        sources: &[man("mount(2)", "Remounting an existing mount")],
        since: "3.17",
        needs: &[&need::PROCFS],
        wrong: "noatime or nodiratime is lost in a remount that does not name it, or outlives strictatime",
        play: |lab| {
            let process = lab.process("process")?;
            process.mkdir("/tmp/a", 0o755)?;
            let flags = MountFlags::MS_NOATIME | MountFlags::MS_NODIRATIME;
            process.mount("a", "/tmp/a", "tmpfs", flags, NO_DATA)?;
            lab.note("other flags are set and cleared, these stay")?;
            for how in [MountFlags::MS_BIND, NO_FLAGS] {
                for flag in [MountFlags::MS_NOEXEC, NO_FLAGS] {
                    change(process, "/tmp/a", MountFlags::MS_REMOUNT | how | flag)?;
                    process.mountinfo("/tmp/a")?;
                }
            }
            lab.note("strictatime clears noatime, and later relatime")?;
            for flag in [MountFlags::MS_STRICTATIME, MountFlags::MS_RELATIME, MountFlags::MS_STRICTATIME] {
                change(process, "/tmp/a", MountFlags::MS_REMOUNT | MountFlags::MS_BIND | flag)?;
                process.mountinfo("/tmp/a")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.remount-dirsync-ignored",
        claim: "A remount passes over MS_DIRSYNC and MS_SILENT: it neither sets them nor clears them, and does the rest of its work.",
        sources: &[man("mount(2)", "Remounting an existing mount")],
        since: "2.6.17",
        needs: &[&need::PROCFS],
        wrong: "the file system gets or loses dirsync, or the call is refused",
        play: |lab| {
            let process = lab.process("process")?;
            for (place, flags) in [("/tmp/with", MountFlags::MS_DIRSYNC), ("/tmp/without", NO_FLAGS)] {
                process.mkdir(place, 0o755)?;
                process.mount("fs", place, "tmpfs", flags, NO_DATA)?;
                process.superblock_flags(place)?;
            }
            lab.note("only read-only changes")?;
            change(process, "/tmp/with", MountFlags::MS_REMOUNT | MountFlags::MS_RDONLY)?;
            process.superblock_flags("/tmp/with")?;
            let more = MountFlags::MS_DIRSYNC | MountFlags::MS_SILENT;
            change(process, "/tmp/without", MountFlags::MS_REMOUNT | MountFlags::MS_RDONLY | more)?;
            process.superblock_flags("/tmp/without")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.stack-parent",
        claim: "The parent of a mount that is stacked on another one is the mount that it covers; the parent of the lower one is the mount that holds the directory.",
        sources: &[
            man("mount(2)", "Parental relationship between mounts"),
            man("proc_pid_mountinfo(5)", "DESCRIPTION"),
        ],
        since: "2.6.26",
        needs: &[&need::PROCFS],
        wrong: "both mounts have the same parent, or the record of the upper one names another mount",
        play: |lab| {
            let process = lab.process("process")?;
            process.mkdir("/tmp/a", 0o755)?;
            process.mount_id("/tmp")?;
            process.mount("lower", "/tmp/a", "tmpfs", NO_FLAGS, NO_DATA)?;
            process.mountinfo_record("/tmp/a")?;
            process.mount("upper", "/tmp/a", "tmpfs", NO_FLAGS, NO_DATA)?;
            process.mountinfo_record("/tmp/a")?;
            lab.note("a bind onto the place is stacked in the same way")?;
            bind_on(process, "/tmp", "/tmp/a")?;
            process.mountinfo_record("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
];
