//! Mounts of proc in user namespaces, where nothing that is covered may come to light, and what holds
//! for every mount of proc and sysfs.
//!
//! The contents of a procfs are judged by the cases of PID namespaces.

use super::{NO_DATA, NO_FLAGS, READ_ONLY_BIND, bind_on, change, tmpfs};
use crate::prelude::*;

/// A process in a copy of a mount namespace, as root of a user namespace that owns it and a PID
/// namespace; another process, which sees a proc, looks at these.
fn root_below<'l>(creator: Process<'l>, name: &str, looking: Process<'_>) -> Result<Process<'l>, Interrupt> {
    let root = creator.clone(name, NEWUSER | NEWNS | NEWPID)?;
    looking.diff_ns(creator.proc("ns"), root.proc("ns"))?;
    Ok(root)
}

/// Mounts a new proc at /tmp/p.
fn mount_proc(process: Process<'_>, flags: MountFlags) -> Done {
    process.mount("proc", "/tmp/p", "proc", flags, NO_DATA)
}

const VISIBLE: &[Source] = &[
    man("user_namespaces(7)", "Effect of capabilities within a user namespace"),
    text("Documentation/filesystems/proc.rst"),
];

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.new-proc-needs-visible-proc",
        claim: "The root of a user namespace may mount a new proc only where one is visible whole: a cover that it was given counts, one that it has made itself does not, since it could remove that.",
        sources: VISIBLE,
        since: "3.12",
        needs: &[&need::PROCFS, &need::WHOLE_PROC],
        wrong: "a file of proc that was covered shows in the new one, or a new proc is refused without a reason",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.mkdir("/tmp/p", 0o755)?;
            let hider = outer.clone("hider", NEWNS)?;
            bind_on(hider, "/proc/version", "/proc/uptime")?;
            lab.note("each makes a cover of its own; one was given another")?;
            for (creator, name) in [(outer, "whole"), (hider, "covered")] {
                let root = root_below(creator, name, outer)?;
                bind_on(root, "/proc/version", "/proc/loadavg")?;
                root.mount_points("/proc/loadavg")?;
                mount_proc(root, NO_FLAGS)?;
                root.mount_points("/tmp")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.proc-mount-covered-refused",
        claim: "Where a directory of proc with something in it is covered, or no proc is mounted, the root of a user namespace can mount none, not even read-only.",
        sources: VISIBLE,
        since: "4.2",
        needs: &[&need::PROCFS, &need::WHOLE_PROC],
        wrong: "settings that were hidden from a container can be read in a new proc",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.mkdir("/tmp/p", 0o755)?;
            let hider = outer.clone("hider", NEWNS)?;
            hider.mount("cover", "/proc/sys", "tmpfs", NO_FLAGS, NO_DATA)?;
            let without = outer.clone("without", NEWNS)?;
            tmpfs(without, "/tmp/new")?;
            without.mkdir("/tmp/new/tmp", 0o755)?;
            without.mkdir("/tmp/new/tmp/p", 0o755)?;
            without.chdir("/tmp/new")?;
            without.pivot_root(".", ".")?;
            without.umount2(".", UmountFlags::MNT_DETACH)?;
            without.readdir("/")?;
            for (creator, name) in [(hider, "covered"), (without, "none"), (outer, "whole")] {
                let root = root_below(creator, name, outer)?;
                lab.note("writable, and read-only")?;
                mount_proc(root, NO_FLAGS)?;
                root.statfs_type("/tmp/p")?;
                mount_proc(root, MountFlags::MS_RDONLY)?;
                root.statfs_flags("/tmp/p")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.proc-mount-keeps-ro",
        claim: "Where the visible proc is read-only the root of a user namespace can mount a new one read-only and not otherwise, and cannot make it writable afterwards.",
        sources: VISIBLE,
        since: "4.2",
        needs: &[&need::PROCFS, &need::WHOLE_PROC],
        wrong: "the settings of the machine that a container may only read can be written through a new proc",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.mkdir("/tmp/p", 0o755)?;
            let reader = outer.clone("reader", NEWNS)?;
            change(reader, "/proc", READ_ONLY_BIND)?;
            for (creator, name) in [(outer, "writable"), (reader, "read-only")] {
                let root = root_below(creator, name, outer)?;
                lab.note("without the flag, with it, and then without it again")?;
                mount_proc(root, NO_FLAGS)?;
                root.mountinfo("/tmp/p")?;
                mount_proc(root, MountFlags::MS_RDONLY)?;
                root.mountinfo("/tmp/p")?;
                change(root, "/tmp/p", MountFlags::MS_REMOUNT | MountFlags::MS_BIND)?;
                root.mountinfo("/tmp/p")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.proc-sysfs-noexec",
        claim: "Nothing on proc or sysfs can be executed, even where neither the mount nor the permissions of the file forbid it; the files of a process keep their permissions.",
        sources: &[man("execve(2)", "ERRORS"), man("proc(5)", "DESCRIPTION")],
        since: "4.2",
        needs: &[&need::PROCFS, &need::NET_NS, &need::SYSFS],
        wrong: "a file of the kernel is given a set-user-ID bit and executed",
        play: |lab| {
            let process = lab.process("process")?;
            process.unshare(NEWNET)?;
            for kind in ["proc", "sysfs"] {
                let place = format!("/tmp/{kind}");
                process.mkdir(place.as_str(), 0o755)?;
                process.mount("", place.as_str(), kind, NO_FLAGS, NO_DATA)?;
                process.mountinfo(place.as_str())?;
            }
            process.creat_excl("/tmp/ordinary")?;
            lab.note("on a tmpfs the kernel looks into the file, on the others it does not")?;
            for file in ["/tmp/ordinary", "/tmp/proc/self/net/dev", "/tmp/sysfs/class/net/lo/mtu"] {
                process.chmod(file, 0o755)?;
                process.stat_owner(file)?;
                process.execve(file)?;
            }
            process.chmod("/tmp/proc/self/comm", 0o755)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.overmount-of-proc-fd-refused",
        claim: "Nothing can be mounted on the links of /proc/PID/fd and the files of /proc/PID/fdinfo themselves; through such a link a mount lands on what it leads to.",
        sources: &[text("Documentation/filesystems/proc.rst"), man("move_mount(2)", "ERRORS")],
        since: "6.12",
        needs: &[&need::PROCFS, &need::OPEN_TREE],
        wrong: "a process is shown another file under the number of its descriptor",
        play: |lab| {
            let process = lab.process("process")?;
            process.creat_excl("/tmp/source")?;
            process.creat_excl("/tmp/target")?;
            let fd = process.open("/tmp/target", O_RDONLY)?.id()?;
            let (link, info) = (format!("/proc/self/fd/{fd}"), format!("/proc/self/fdinfo/{fd}"));
            let (copy, cwd) = (OpenTreeFlags::OPEN_TREE_CLONE, Directory::AT_FDCWD);
            let tree = process.open_tree(cwd, "/tmp/source", copy)?.id()?;
            let both = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
            for path in [&link, &info] {
                let entry = process.open(path.as_str(), OpenFlags::O_PATH | OpenFlags::O_NOFOLLOW)?.id()?;
                process.move_mount(tree, "", entry, "", both)?;
            }
            lab.note("on a file of the process that stays, and through the link")?;
            bind_on(process, "/tmp/source", "/proc/self/comm")?;
            process.cat("/proc/self/comm")?;
            bind_on(process, "/tmp/source", &link)?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.proc-subset-pid-not-covered-rule",
        claim: "The root of a user namespace may mount a proc with subset=pid also where a part of its /proc is covered, since that part is not in it; a whole one it may not, and the option cannot be given to a proc that is mounted.",
        sources: &[text("Documentation/filesystems/proc.rst")],
        since: "7.2",
        needs: &[&need::PROCFS, &need::WHOLE_PROC, &need::PROC_SUBSET_COVERED],
        wrong: "settings that were hidden from a container can be read in a new proc",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.mkdir("/tmp/p", 0o755)?;
            outer.mkdir("/tmp/q", 0o755)?;
            let hider = outer.clone("hider", NEWNS)?;
            hider.mount("cover", "/proc/sys", "tmpfs", NO_FLAGS, NO_DATA)?;
            let covered = root_below(hider, "covered", outer)?;
            mount_proc(covered, NO_FLAGS)?;
            covered.mount("proc", "/tmp/p", "proc", NO_FLAGS, "subset=pid")?;
            covered.readdir("/tmp/p")?;
            lab.note("where nothing is covered each can be mounted, and stays as it was")?;
            let whole = root_below(outer, "whole", outer)?;
            mount_proc(whole, NO_FLAGS)?;
            whole.mount("", "/tmp/p", "", MountFlags::MS_REMOUNT, "subset=pid")?;
            whole.readdir("/tmp/p/sys")?;
            whole.mount("proc", "/tmp/q", "proc", NO_FLAGS, "subset=pid")?;
            whole.readdir("/tmp/q")?;
            Ok(())
        },
        ..CASE
    },
];
