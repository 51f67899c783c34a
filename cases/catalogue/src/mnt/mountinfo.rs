//! The files of /proc that show mounts: mounts, mountinfo, mountstats and root.
//!
//! That they lead with the root directory of a process lives in `chroot`, the numbers of mounts in
//! `mount_ids`.

use super::{NO_DATA, NO_FLAGS, READ_ONLY_BIND, bind, change, tmpfs, with_shared_mount};
use crate::prelude::*;

/// The files that list the mounts of a process.
const FILES: [&str; 3] = ["mounts", "mountinfo", "mountstats"];

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.proc-files-follow-target",
        claim: "The files mounts, mountinfo and mountstats in /proc/PID show the mounts of the namespace that this process is in, not of the reader's.",
        sources: &[man("mount_namespaces(7)", "DESCRIPTION"), man("proc_pid_mounts(5)", "DESCRIPTION")],
        since: "2.6.26",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "a file shows the reader's mounts, or those of its first process",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWNS)?;
            tmpfs(outer, "/tmp/outer")?;
            tmpfs(inner, "/tmp/inner")?;
            for (reader, target) in [(outer, inner), (inner, outer)] {
                lab.note("each reads the files of the other one, and then its own")?;
                for place in [" /tmp/outer ", " /tmp/inner "] {
                    for file in FILES {
                        reader.grep_count(place, target.proc(file))?;
                    }
                    reader.grep_count(place, "/proc/self/mounts")?;
                }
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.proc-files-same-for-members",
        claim: "Processes of one mount namespace see the same in their files mounts, mountinfo and mountstats, byte by byte; a process in a copy of the namespace sees others.",
        sources: &[man("mount_namespaces(7)", "DESCRIPTION")],
        since: "2.6.26",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the files of two members differ, or those of a copy do not",
        play: |lab| {
            let process = lab.process("process")?;
            let member = process.fork("member")?;
            let copy = process.clone("copy", NEWNS)?;
            tmpfs(process, "/tmp/a")?;
            process.grep_count(" /tmp/a ", member.proc("mounts"))?;
            for other in [member, copy] {
                for file in FILES {
                    process.cmp(process.proc(file), other.proc(file))?;
                }
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.proc-mounts-link",
        claim: "/proc/mounts is a symbolic link to self/mounts: each process sees the mounts of its own namespace through it.",
        sources: &[man("proc_pid_mounts(5)", "DESCRIPTION")],
        since: "2.4.19",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the file is one for all processes",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWNS)?;
            tmpfs(inner, "/tmp/a")?;
            for process in [outer, inner] {
                process.readlink("/proc/mounts")?;
                process.grep_count(" /tmp/a ", "/proc/mounts")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.mountinfo-fields",
        claim: "A record of mountinfo has, in this order: number, parent, device, root, mount point, options, optional fields up to a hyphen, type, source and the options of the file system; every record of the file has this form.",
        sources: &[man("proc_pid_mountinfo(5)", "DESCRIPTION")],
        since: "2.6.26",
        needs: &[&need::PROCFS],
        wrong: "a field is missing, stands at another place, or tells something else",
        play: |lab| {
            let process = lab.process("process")?;
            process.mount_id("/tmp")?;
            process.mkdir("/tmp/a", 0o755)?;
            process.mount("source", "/tmp/a", "tmpfs", MountFlags::MS_NOEXEC, NO_DATA)?;
            change(process, "/tmp/a", MountFlags::MS_SHARED)?;
            process.mkdir("/tmp/a/sub", 0o755)?;
            bind(process, "/tmp/a/sub", "/tmp/b")?;
            for mode in [MountFlags::MS_SLAVE, MountFlags::MS_SHARED] {
                change(process, "/tmp/b", mode)?;
            }
            for place in ["/tmp/a", "/tmp/b"] {
                process.mountinfo_record(place)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.mountinfo-escapes",
        claim: "A blank, a tab, a newline and a backslash in the name of a mount point or a source stand as octal escapes in mountinfo, mounts and mountstats, so that a record stays one line of words.",
        sources: &[man("proc_pid_mountinfo(5)", "DESCRIPTION"), man("fstab(5)", "DESCRIPTION")],
        since: "2.6.26",
        needs: &[&need::PROCFS],
        wrong: "the character itself stands in a file, or another escape",
        play: |lab| {
            let process = lab.process("process")?;
            lab.note("each name, and its escaped form in the files")?;
            for (name, escaped) in
                [("a b", "a\\040b"), ("a\tb", "a\\011b"), ("a\nb", "a\\012b"), ("a\\b", "a\\134b")]
            {
                let place = format!("/tmp/{name}");
                process.mkdir(place.as_str(), 0o755)?;
                process.mount(name, place.as_str(), "tmpfs", NO_FLAGS, NO_DATA)?;
                let line = format!("{escaped} /tmp/{escaped} tmpfs ");
                process.grep_count(line, "/proc/self/mounts")?;
                process.grep_count(format!(" / /tmp/{escaped} rw"), "/proc/self/mountinfo")?;
                process.grep_count(format!(" - tmpfs {escaped} rw"), "/proc/self/mountinfo")?;
                let line = format!("device {escaped} mounted on /tmp/{escaped} with fstype tmpfs");
                process.grep_count(line, "/proc/self/mountstats")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.mountinfo-root-field",
        claim: "The root field of a bind mount is the bound directory as a path from the root of its file system, not of the mount that it was bound from, and follows the directory when it is renamed.",
        sources: &[man("proc_pid_mountinfo(5)", "DESCRIPTION")],
        since: "2.6.26",
        needs: &[&need::PROCFS],
        wrong: "the path starts at another mount, or is that of the time of the bind",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/fs")?;
            for place in ["/tmp/fs/one", "/tmp/fs/one/two", "/tmp/fs/one/two/three"] {
                process.mkdir(place, 0o755)?;
            }
            bind(process, "/tmp/fs/one/two", "/tmp/first")?;
            bind(process, "/tmp/first/three", "/tmp/second")?;
            for place in ["/tmp/fs", "/tmp/first", "/tmp/second"] {
                process.mountinfo(place)?;
            }
            lab.note("a directory on the path gets another name")?;
            process.rename("/tmp/fs/one", "/tmp/fs/uno")?;
            for place in ["/tmp/first", "/tmp/second"] {
                process.mountinfo(place)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.mountinfo-dev-field",
        claim: "The device field of a mount is the device number that stat gives for the files there: one for all mounts of a file system, another for another one.",
        sources: &[man("proc_pid_mountinfo(5)", "DESCRIPTION")],
        since: "2.6.26",
        needs: &[&need::PROCFS],
        wrong: "stat gives another device number than the record has",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            bind(process, "/tmp/a", "/tmp/b")?;
            tmpfs(process, "/tmp/other")?;
            for place in ["/tmp/a", "/tmp/b"] {
                process.mountinfo_record(place)?;
                process.stat_identity(place)?;
            }
            lab.note("another file system")?;
            process.mountinfo_record("/tmp/other")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.mountinfo-two-option-fields",
        claim: "A record has two fields of options: the sixth holds those of the mount, the last those of the file system. What is set in one does not show in the other.",
        sources: &[man("proc_pid_mountinfo(5)", "DESCRIPTION")],
        since: "2.6.26",
        needs: &[&need::PROCFS],
        wrong: "an option of the mount shows with the file system, or the other way round",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            bind(process, "/tmp/a", "/tmp/b")?;
            change(process, "/tmp/b", READ_ONLY_BIND | MountFlags::MS_NODEV)?;
            process.mountinfo("/tmp/b")?;
            process.superblock_flags("/tmp/b")?;
            lab.note("options of the file system")?;
            change(
                process,
                "/tmp/a",
                MountFlags::MS_REMOUNT | MountFlags::MS_RDONLY | MountFlags::MS_SYNCHRONOUS,
            )?;
            change(process, "/tmp/b", MountFlags::MS_REMOUNT | MountFlags::MS_BIND)?;
            process.mountinfo("/tmp/b")?;
            process.superblock_flags("/tmp/b")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.mountinfo-root-parent",
        claim: "The root mount of a mount namespace has a parent that the namespace's own table does not list.",
        sources: &[man("proc_pid_mountinfo(5)", "DESCRIPTION")],
        since: "2.6.26",
        needs: &[&need::MNT_NS, &need::PROCFS],
        deviation: Some(
            "proc_pid_mountinfo(5) says that the root of a namespace's tree names itself as its parent; kernels keep one more mount below it, which no table lists.",
        ),
        wrong: "the table lists a parent of the root mount",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWNS)?;
            tmpfs(inner, "/tmp/new")?;
            inner.chdir("/tmp/new")?;
            inner.pivot_root(".", ".")?;
            inner.umount2(".", UmountFlags::MNT_DETACH)?;
            inner.mkdir("/a", 0o755)?;
            inner.mount("a", "/a", "tmpfs", NO_FLAGS, NO_DATA)?;
            let table = inner.proc("mountinfo");
            outer.mount_points_of(table.as_str(), "/")?;
            outer.mount_parent_of(table.as_str(), "/a")?;
            outer.mount_parent_of(table.as_str(), "/")?;
            outer.mount_parent("/")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.mounts-pollable",
        claim: "poll tells of an open mounts or mountinfo file that a mount or unmount has happened in the namespace that it shows, once for each time that it is asked; of changes elsewhere it tells nothing.",
        sources: &[man("proc_pid_mounts(5)", "DESCRIPTION")],
        since: "2.6.30",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the event is missing, does not end, or comes from another namespace",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWNS)?;
            let mut files = [0; 2];
            for (file, name) in files.iter_mut().zip(["mounts", "mountinfo"]) {
                *file = outer.open(inner.proc(name), O_RDONLY)?.id()?;
            }
            let ask = |note: &str| -> Play {
                lab.note(note)?;
                for file in files {
                    outer.poll(file, PollEvents::POLLPRI)?;
                }
                Ok(())
            };
            ask("nothing has happened")?;
            tmpfs(inner, "/tmp/a")?;
            ask("a mount in the namespace of the files")?;
            ask("nothing since then")?;
            inner.umount("/tmp/a")?;
            ask("an unmount")?;
            tmpfs(outer, "/tmp/b")?;
            ask("a mount in the reader's namespace")?;
            outer.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.mounts-pollable-propagation",
        claim: "poll tells of a mount that comes into the namespace by propagation from another one, too, and of its unmount.",
        sources: &[man("proc_pid_mounts(5)", "DESCRIPTION"), man("mount_namespaces(7)", "SHARED SUBTREES")],
        since: "2.6.30",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "whoever waits for the file misses the mounts that others make",
        play: |lab| {
            let outer = with_shared_mount(lab, "outer")?;
            let inner = outer.clone("inner", NEWNS)?;
            let file = outer.open("/proc/self/mounts", O_RDONLY)?.id()?;
            let ask = || outer.poll(file, PollEvents::POLLPRI);
            ask()?;
            lab.note("a mount and an unmount by the process in the other namespace")?;
            tmpfs(inner, "/tmp/a/x")?;
            ask()?;
            outer.mount_points("/tmp")?;
            inner.umount("/tmp/a/x")?;
            ask()?;
            lab.note("a mount that does not propagate")?;
            tmpfs(inner, "/tmp/b")?;
            ask()?;
            outer.mount_points("/tmp")?;
            inner.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.mountstats-line",
        claim: "The file mountstats names device, mount point and type of each mount in words.",
        sources: &[man("proc_pid_mountstats(5)", "DESCRIPTION")],
        since: "2.6.17",
        needs: &[&need::PROCFS],
        wrong: "the line is missing or has another form, or stays after the unmount",
        play: |lab| {
            let process = lab.process("process")?;
            let line = "device a mounted on /tmp/a with fstype tmpfs";
            process.grep_count(line, "/proc/self/mountstats")?;
            tmpfs(process, "/tmp/a")?;
            process.grep_count(line, "/proc/self/mountstats")?;
            process.umount("/tmp/a")?;
            process.grep_count(line, "/proc/self/mountstats")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.mountstats-owner-only",
        claim: "The file mountstats of a process is for its owner alone: another user may not read it, though it may read mounts and mountinfo of that process.",
        sources: &[man("proc_pid_mountstats(5)", "DESCRIPTION")],
        since: "2.6.17",
        needs: &[&need::PROCFS, &need::MANY_IDS, &need::PLAIN_UID],
        wrong: "another user may read mountstats, or may not read the other files",
        play: |lab| {
            let owner = lab.process("owner")?;
            let user = lab.process_as(Credentials::User, "user")?;
            for file in FILES {
                owner.stat_mode(owner.proc(file))?;
                owner.grep_count(" /tmp ", owner.proc(file))?;
                user.grep_count(" /tmp ", owner.proc(file))?;
                user.grep_count(" /tmp ", user.proc(file))?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.proc-root-needs-ptrace-access",
        claim: "Another user's link /proc/PID/root can be neither read nor followed without the right to trace that process; one's own can.",
        sources: &[man("proc_pid_root(5)", "DESCRIPTION"), man("ptrace(2)", "Ptrace access mode checking")],
        since: "2.6.27",
        needs: &[&need::PROCFS, &need::MANY_IDS],
        wrong: "any user learns the root directory of root's processes, or gets at it",
        play: |lab| {
            let owner = lab.process("owner")?;
            let user = lab.process_as(Credentials::User, "user")?;
            for (reader, target) in [(owner, owner), (owner, user), (user, user), (user, owner)] {
                reader.readlink(target.proc("root"))?;
                reader.readdir(target.proc("root/tmp"))?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.proc-root-shows-targets-view",
        claim: "Paths through /proc/PID/root lead over the mounts of that process's namespace: what is mounted there alone shows, and what only the reader has mounted does not.",
        sources: &[man("proc_pid_root(5)", "DESCRIPTION")],
        since: "2.4.19",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the path leads over the reader's own mounts",
        play: |lab| {
            let outer = lab.process("outer")?;
            for place in ["/tmp/a", "/tmp/b"] {
                outer.mkdir(place, 0o755)?;
            }
            let inner = outer.clone("inner", NEWNS)?;
            inner.mount("a", "/tmp/a", "tmpfs", NO_FLAGS, NO_DATA)?;
            inner.creat_excl("/tmp/a/inner")?;
            outer.mount("b", "/tmp/b", "tmpfs", NO_FLAGS, NO_DATA)?;
            outer.creat_excl("/tmp/b/outer")?;
            for place in ["/tmp/a", "/tmp/b"] {
                outer.readdir(place)?;
                outer.readdir(inner.proc(&format!("root{place}")))?;
            }
            lab.note("the other way round")?;
            inner.readdir(outer.proc("root/tmp/b"))?;
            Ok(())
        },
        ..CASE
    },
];
