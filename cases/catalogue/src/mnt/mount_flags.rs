//! The flags of a mount and those of its file system: who sets them, and which effect they have.
//!
//! Which flags an operation heeds lives in `mount_operations`, flags that are locked in
//! `less_privileged`.

use super::{NO_DATA, NO_FLAGS, READ_ONLY_BIND, bind, change, tmpfs};
use crate::prelude::*;

/// MS_REMOUNT|MS_BIND, which changes the flags of one mount.
const REMOUNT_BIND: MountFlags = MountFlags::MS_REMOUNT.union(MountFlags::MS_BIND);

/// 1 January 2100, 0:00 UTC: later than any change that a kernel notes by itself.
const FAR_AHEAD: i64 = 4_102_444_800;

/// Mounts a tmpfs with room for a program at /tmp/a, copies the program into it, and binds it at
/// /tmp/b.
fn program_on_two_mounts(process: Process<'_>) -> Play {
    process.mkdir("/tmp/a", 0o755)?;
    process.mount("a", "/tmp/a", "tmpfs", NO_FLAGS, "size=100m,mode=755")?;
    process.copy(PROGRAM, "/tmp/a/program")?;
    bind(process, "/tmp/a", "/tmp/b")
}

/// Mounts a tmpfs with these flags at /tmp/a, creates a file with a byte in it, and binds it at /tmp/b.
fn file_on_two_mounts(process: Process<'_>, flags: MountFlags) -> Play {
    process.mkdir("/tmp/a", 0o755)?;
    process.mount("a", "/tmp/a", "tmpfs", flags, NO_DATA)?;
    process.creat_excl("/tmp/a/file")?;
    process.echo("x", "/tmp/a/file")?;
    bind(process, "/tmp/a", "/tmp/b")
}

/// Reads a file that was last accessed at `atime` and changed at `mtime`, and asks for the access
/// time before and after.
fn read_after(process: Process<'_>, path: &str, atime: i64, mtime: i64) -> Play {
    process.utimensat(path, atime, mtime)?;
    process.stat_atime(path)?;
    process.cat(path)?;
    process.stat_atime(path)?;
    Ok(())
}

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.per-mount-flags",
        claim: "The flags read-only, nosuid, nodev, noexec, noatime, nodiratime and nosymfollow belong to one mount: each can be set on one mount of a file system, and another mount of it has none of them.",
        sources: &[man("mount(2)", "Additional mount flags")],
        since: "5.10",
        needs: &[&need::PROCFS],
        wrong: "a flag that is set on one mount is missing there, or shows on the other one",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            bind(process, "/tmp/a", "/tmp/b")?;
            let flags = [
                MountFlags::MS_RDONLY,
                MountFlags::MS_NOSUID,
                MountFlags::MS_NODEV,
                MountFlags::MS_NOEXEC,
                MountFlags::MS_NOATIME,
                MountFlags::MS_NODIRATIME,
                MountFlags::MS_NOSYMFOLLOW,
            ];
            lab.note("each flag alone")?;
            for flag in flags {
                change(process, "/tmp/b", REMOUNT_BIND | flag)?;
                process.mountinfo("/tmp/b")?;
                process.mountinfo("/tmp/a")?;
            }
            lab.note("all of them together")?;
            let all = flags.into_iter().fold(REMOUNT_BIND, MountFlags::union);
            change(process, "/tmp/b", all)?;
            process.mountinfo("/tmp/b")?;
            process.mountinfo("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.new-mount-flags",
        claim: "A new mount has the flags that its call names, and no other mount flags than those.",
        sources: &[man("mount(2)", "Creating a new mount"), man("mount(2)", "Additional mount flags")],
        since: "5.10",
        needs: &[&need::PROCFS],
        wrong: "a flag that was asked for is missing, or one shows that was not",
        play: |lab| {
            let process = lab.process("process")?;
            process.mkdir("/tmp/a", 0o755)?;
            lab.note("no flag, then each one")?;
            for flags in [
                NO_FLAGS,
                MountFlags::MS_RDONLY,
                MountFlags::MS_NOSUID,
                MountFlags::MS_NODEV,
                MountFlags::MS_NOEXEC,
                MountFlags::MS_NODIRATIME,
                MountFlags::MS_NOSYMFOLLOW,
            ] {
                process.mount("a", "/tmp/a", "tmpfs", flags, NO_DATA)?;
                process.mountinfo("/tmp/a")?;
                process.umount("/tmp/a")?;
            }
            lab.note("nothing is mounted any more")?;
            process.mountinfo("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.noexec",
        claim: "No program can be executed from a mount with MS_NOEXEC, though its file can be read; through another mount of the same file system it can.",
        sources: &[man("mount(2)", "Additional mount flags"), man("execve(2)", "ERRORS")],
        since: "2.4",
        needs: &[&need::PROCFS],
        wrong: "the program runs from the noexec mount, or cannot run from the other one",
        play: |lab| {
            let process = lab.process("process")?;
            program_on_two_mounts(process)?;
            change(process, "/tmp/b", REMOUNT_BIND | MountFlags::MS_NOEXEC)?;
            process.mountinfo("/tmp/b")?;
            process.cmp("/tmp/b/program", "/tmp/a/program")?;
            process.execve("/tmp/b/program")?;
            process.execve("/tmp/a/program")?;
            process.cat("/proc/self/comm")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.nodev",
        claim: "A device file on a mount with MS_NODEV cannot be opened; through another mount of the same file system it can.",
        sources: &[man("mount(2)", "Additional mount flags"), man("open(2)", "ERRORS")],
        since: "2.4",
        starts_as: Credentials::StartedAsRoot,
        needs: &[&need::DEVICE_FILES],
        wrong: "the device can be opened through the nodev mount, or through neither",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            process.mknod("/tmp/a/null", 0o666, 1, 3)?;
            bind(process, "/tmp/a", "/tmp/b")?;
            process.open("/tmp/b/null", O_RDONLY)?;
            lab.note("one of the two mounts gets the flag")?;
            change(process, "/tmp/b", REMOUNT_BIND | MountFlags::MS_NODEV)?;
            process.open("/tmp/b/null", O_RDONLY)?;
            process.open("/tmp/a/null", O_RDONLY)?;
            lab.note("the file itself is no secret: its type can be seen")?;
            process.stat_mode("/tmp/b/null")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.nosuid",
        claim: "On a mount with MS_NOSUID the set-user-ID and set-group-ID bits of a program count for nothing: it runs with the ids of its caller. Through another mount of the same file system they count.",
        sources: &[
            man("mount(2)", "Additional mount flags"),
            man("mount(2)", "HISTORY"),
            man("execve(2)", "DESCRIPTION"),
        ],
        since: "2.4",
        needs: &[&need::PROCFS, &need::MANY_IDS, &need::NEW_PRIVILEGES],
        wrong: "the program gets the ids of its file on the nosuid mount, is refused there, or does not get them elsewhere",
        play: |lab| {
            let outer = lab.process("outer")?;
            program_on_two_mounts(outer)?;
            outer.chown("/tmp/a/program", 1001, 1001)?;
            outer.chmod("/tmp/a/program", 0o6755)?;
            change(outer, "/tmp/b", REMOUNT_BIND | MountFlags::MS_NOSUID)?;
            for (name, program) in [("honoured", "/tmp/a/program"), ("ignored", "/tmp/b/program")] {
                let user = outer.fork(name)?;
                user.setresgid(1002, 1002, 1002)?;
                user.setresuid(1002, 1002, 1002)?;
                lab.note(if name == "honoured" {
                    "through the usual mount"
                } else {
                    "through the nosuid mount"
                })?;
                user.execve(program)?;
                user.cat("/proc/self/comm")?;
                user.getresuid()?;
                user.getresgid()?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.nosuid-file-capabilities",
        claim: "On a mount with MS_NOSUID the capabilities of a program's file are not granted either; through another mount of the same file system they are.",
        sources: &[man("mount(2)", "Additional mount flags"), man("capabilities(7)", "File capabilities")],
        since: "2.6.24",
        needs: &[&need::PROCFS, &need::MANY_IDS, &need::FILE_CAPABILITIES, &need::NEW_PRIVILEGES],
        wrong: "the process gets the capability from the nosuid mount, or not from the other one",
        play: |lab| {
            let outer = lab.process("outer")?;
            program_on_two_mounts(outer)?;
            outer.set_file_capabilities("/tmp/a/program", Capabilities::CAP_KILL)?;
            change(outer, "/tmp/b", REMOUNT_BIND | MountFlags::MS_NOSUID)?;
            for (name, program) in [("honoured", "/tmp/a/program"), ("ignored", "/tmp/b/program")] {
                let user = outer.fork(name)?;
                user.setresuid(1002, 1002, 1002)?;
                lab.note(if name == "honoured" {
                    "through the usual mount"
                } else {
                    "through the nosuid mount"
                })?;
                user.execve(program)?;
                user.cat("/proc/self/comm")?;
                user.capget()?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.nosymfollow",
        claim: "On a mount with MS_NOSYMFOLLOW no path leads through a symbolic link, neither at its end nor within; links can still be made and read. Through another mount of the same file system they are followed.",
        sources: &[man("mount(2)", "Additional mount flags")],
        since: "5.10",
        needs: &[&need::PROCFS],
        wrong: "the link is followed, or cannot be read or made, or is not followed through the other mount",
        play: |lab| {
            let process = lab.process("process")?;
            process.mkdir("/tmp/a", 0o755)?;
            process.mkdir("/tmp/a/directory", 0o755)?;
            process.creat_excl("/tmp/a/directory/file")?;
            process.echo("x", "/tmp/a/directory/file")?;
            process.symlink("directory", "/tmp/a/link")?;
            bind(process, "/tmp/a", "/tmp/b")?;
            change(process, "/tmp/b", REMOUNT_BIND | MountFlags::MS_NOSYMFOLLOW)?;
            lab.note("links are not followed, but made and read")?;
            process.readdir("/tmp/b/link")?;
            process.cat("/tmp/b/link/file")?;
            process.cat("/tmp/b/directory/file")?;
            process.readlink("/tmp/b/link")?;
            process.symlink("directory/file", "/tmp/b/made")?;
            process.cat("/tmp/b/made")?;
            lab.note("the other mount")?;
            process.readdir("/tmp/a/link")?;
            process.cat("/tmp/a/link/file")?;
            process.cat("/tmp/a/made")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.noatime-effect",
        claim: "Reading a file through a mount with MS_NOATIME leaves its access time; reading it through another mount of the same file system sets it.",
        sources: &[man("mount(2)", "Additional mount flags")],
        since: "2.6.16",
        needs: &[&need::PROCFS],
        wrong: "the access time changes through the noatime mount, or does not through the other one",
        play: |lab| {
            let process = lab.process("process")?;
            file_on_two_mounts(process, NO_FLAGS)?;
            change(process, "/tmp/b", REMOUNT_BIND | MountFlags::MS_NOATIME)?;
            for place in ["/tmp/a", "/tmp/b"] {
                process.mountinfo(place)?;
            }
            lab.note("last read in 1970, before its last change: any other mount would note this read")?;
            read_after(process, "/tmp/b/file", 1, 2)?;
            lab.note("the same by the usual mount")?;
            read_after(process, "/tmp/a/file", 3, 4)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.nodiratime-effect",
        claim: "Through a mount with MS_NODIRATIME the access times of directories stay, those of other files do not; MS_NOATIME implies it, and without either both change.",
        sources: &[man("mount(2)", "Additional mount flags")],
        since: "2.6.16",
        needs: &[&need::PROCFS],
        wrong: "listing the directory changes its access time in spite of the flag, or the flag holds for files too",
        play: |lab| {
            let process = lab.process("process")?;
            file_on_two_mounts(process, NO_FLAGS)?;
            process.mkdir("/tmp/a/directory", 0o755)?;
            for (time, flag, note) in [
                (1, MountFlags::MS_NODIRATIME, "nodiratime: a directory, and a file"),
                (2, MountFlags::MS_NOATIME, "noatime"),
                (3, MountFlags::MS_RELATIME, "neither"),
            ] {
                lab.note(note)?;
                change(process, "/tmp/b", REMOUNT_BIND | flag)?;
                process.mountinfo("/tmp/b")?;
                process.utimensat("/tmp/b/directory", time, 10)?;
                process.stat_atime("/tmp/b/directory")?;
                process.readdir("/tmp/b/directory")?;
                process.stat_atime("/tmp/b/directory")?;
                read_after(process, "/tmp/b/file", time, 10)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.relatime-effect",
        claim: "A mount with MS_RELATIME sets the access time of a file that was not read since its last change, and leaves a later one; with MS_STRICTATIME each read sets it.",
        sources: &[man("mount(2)", "Additional mount flags")],
        since: "2.6.30",
        needs: &[&need::PROCFS],
        wrong: "relatime sets the access time at every read or never, or strictatime does not set it",
        play: |lab| {
            let process = lab.process("process")?;
            file_on_two_mounts(process, MountFlags::MS_RELATIME)?;
            change(process, "/tmp/b", REMOUNT_BIND | MountFlags::MS_STRICTATIME)?;
            for place in ["/tmp/a", "/tmp/b"] {
                process.mountinfo(place)?;
            }
            lab.note("relatime: last read after the last change, and at the moment of the last change")?;
            read_after(process, "/tmp/a/file", FAR_AHEAD, 1)?;
            read_after(process, "/tmp/a/file", FAR_AHEAD, FAR_AHEAD)?;
            lab.note("strictatime: last read after the last change")?;
            read_after(process, "/tmp/b/file", FAR_AHEAD + 1, 1)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.strictatime-overrides",
        claim: "MS_STRICTATIME beside MS_NOATIME and MS_RELATIME overrides both: every read sets the access time.",
        sources: &[man("mount(2)", "Additional mount flags")],
        since: "2.6.30",
        needs: &[&need::PROCFS],
        wrong: "the mount is noatime or relatime, and a read leaves the access time",
        play: |lab| {
            let process = lab.process("process")?;
            file_on_two_mounts(process, NO_FLAGS)?;
            let both = MountFlags::MS_NOATIME | MountFlags::MS_RELATIME;
            change(process, "/tmp/a", REMOUNT_BIND | both)?;
            change(process, "/tmp/b", REMOUNT_BIND | both | MountFlags::MS_STRICTATIME)?;
            for (place, last) in [("/tmp/a", FAR_AHEAD), ("/tmp/b", FAR_AHEAD + 1)] {
                process.mountinfo(place)?;
                lab.note("last read after the last change")?;
                read_after(process, &format!("{place}/file"), last, 1)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.default-relatime",
        claim: "A new mount has the flag relatime if its call names no flag about access times; with MS_NOATIME or MS_STRICTATIME it has not.",
        sources: &[man("mount(2)", "Additional mount flags")],
        since: "2.6.30",
        needs: &[&need::PROCFS],
        wrong: "a mount without flags is no relatime mount, or one with other flags is",
        play: |lab| {
            let process = lab.process("process")?;
            for (place, flags) in [
                ("/tmp/default", NO_FLAGS),
                ("/tmp/relatime", MountFlags::MS_RELATIME),
                ("/tmp/noatime", MountFlags::MS_NOATIME),
                ("/tmp/strictatime", MountFlags::MS_STRICTATIME),
            ] {
                process.mkdir(place, 0o755)?;
                process.mount("fs", place, "tmpfs", flags, NO_DATA)?;
                process.mountinfo(place)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.sync-lazytime-per-superblock",
        claim: "MS_SYNCHRONOUS and MS_LAZYTIME belong to the file system: a remount through one of its mounts sets and clears them for all, while those of another file system stay.",
        sources: &[
            man("mount(2)", "Additional mount flags"),
            man("mount(2)", "Remounting an existing mount"),
        ],
        since: "4.0",
        needs: &[&need::PROCFS],
        wrong: "the other mount of the file system does not show the flag, or another file system does",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            bind(process, "/tmp/a", "/tmp/b")?;
            tmpfs(process, "/tmp/other")?;
            lab.note("two mounts of one file system, and another file system")?;
            for flags in [MountFlags::MS_SYNCHRONOUS, MountFlags::MS_LAZYTIME, NO_FLAGS] {
                change(process, "/tmp/a", MountFlags::MS_REMOUNT | flags)?;
                for place in ["/tmp/a", "/tmp/b", "/tmp/other"] {
                    process.superblock_flags(place)?;
                }
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.readonly-mount-or-superblock",
        claim: "A file can be written only if neither its file system nor the mount is read-only: where both are, clearing one of the two is not enough.",
        sources: &[man("mount(2)", "Additional mount flags")],
        since: "2.6.26",
        needs: &[&need::PROCFS],
        wrong: "the file system can be written while one of the two is read-only, or not when neither is",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            bind(process, "/tmp/a", "/tmp/b")?;
            change(process, "/tmp/b", READ_ONLY_BIND)?;
            change(process, "/tmp/a", MountFlags::MS_REMOUNT | MountFlags::MS_RDONLY)?;
            let show = |name: &str| -> Play {
                process.mountinfo("/tmp/b")?;
                process.creat_excl(format!("/tmp/b/{name}"))?;
                Ok(())
            };
            lab.note("both are read-only, then the file system alone, then the mount alone, then neither")?;
            show("both")?;
            change(process, "/tmp/b", REMOUNT_BIND)?;
            show("superblock")?;
            change(process, "/tmp/b", READ_ONLY_BIND)?;
            change(process, "/tmp/a", MountFlags::MS_REMOUNT)?;
            show("mount")?;
            change(process, "/tmp/b", REMOUNT_BIND)?;
            show("neither")?;
            process.readdir("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
];
