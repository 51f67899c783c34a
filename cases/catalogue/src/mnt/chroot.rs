//! chroot(2): the root directory of a process, what it changes, and its refusals.
//!
//! How a process leaves a chroot lives in `root`; the exchange of the root mount in `pivot_root`.

use super::{NO_DATA, tmpfs};
use crate::prelude::*;

/// Makes the directory /tmp/jail, with the file inside in it, and the file outside beside it.
fn jail(process: Process<'_>) -> Play {
    process.mkdir("/tmp/jail", 0o755)?;
    process.creat_excl("/tmp/jail/inside")?;
    process.creat_excl("/tmp/outside")?;
    Ok(())
}

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.chroot-eperm",
        claim: "chroot takes CAP_SYS_CHROOT in the caller's user namespace: a user without it is refused; as root of a new user namespace, even in the mount namespace of others, it may.",
        sources: &[man("chroot(2)", "DESCRIPTION"), man("chroot(2)", "ERRORS")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS],
        wrong: "a user without the capability changes its root directory, or the root of a user namespace may not",
        play: |lab| {
            let user = lab.process("user")?;
            user.mkdir("/tmp/jail", 0o755)?;
            user.creat_excl("/tmp/jail/inside")?;
            user.chroot("/tmp/jail")?;
            user.readdir("/tmp")?;
            user.unshare(NEWUSER)?;
            user.chroot("/tmp/jail")?;
            user.readdir("/")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.chroot-needs-cap-sys-chroot",
        claim: "CAP_SYS_CHROOT decides about chroot: root that has given it up is refused, and with it alone a process may.",
        sources: &[man("chroot(2)", "DESCRIPTION"), man("capabilities(7)", "CAP_SYS_CHROOT")],
        since: "2.4",
        wrong: "uid 0 or CAP_SYS_ADMIN is enough, or other capabilities are needed too",
        play: |lab| {
            let process = lab.process("process")?;
            process.mkdir("/tmp/jail", 0o755)?;
            process.creat_excl("/tmp/jail/inside")?;
            let without = process.fork("without")?;
            without.capset_drop(Capabilities::CAP_SYS_CHROOT)?;
            without.chroot("/tmp/jail")?;
            without.readdir("/tmp")?;
            let with = process.fork("with")?;
            with.capset(Capabilities::CAP_SYS_CHROOT, Capabilities::empty())?;
            with.capget()?;
            with.chroot("/tmp/jail")?;
            with.readdir("/")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.chroot-keeps-cwd",
        claim: "chroot changes what absolute paths start from and leaves the current directory: relative paths go on to lead outside of the new root.",
        sources: &[man("chroot(2)", "DESCRIPTION")],
        since: "2.4",
        wrong: "the current directory moves into the new root, or absolute paths lead outside",
        play: |lab| {
            let process = lab.process("process")?;
            jail(process)?;
            process.getcwd()?;
            process.chroot("/tmp/jail")?;
            process.readdir("/")?;
            process.readdir(".")?;
            process.readdir("jail")?;
            lab.note("a current directory within ends the view")?;
            process.chdir("/")?;
            process.readdir(".")?;
            process.readdir("..")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.chroot-keeps-fds",
        claim: "chroot closes no descriptor: a directory that was opened before leads to files outside of the new root, which no path from / does.",
        sources: &[man("chroot(2)", "DESCRIPTION")],
        since: "2.6.16",
        wrong: "the descriptor is closed, or leads into the new root",
        play: |lab| {
            let process = lab.process("process")?;
            jail(process)?;
            process.echo("secret", "/tmp/outside")?;
            let directory = process.open("/tmp", OpenFlags::O_DIRECTORY)?.id()?;
            process.chroot("/tmp/jail")?;
            process.chdir("/")?;
            process.readdir("..")?;
            process.open("/tmp/outside", O_RDONLY)?;
            let file = process.openat(directory, "outside", O_RDONLY)?.id()?;
            process.read(file)?;
            Ok(())
        },
        accepted: &[Accepted {
            mutant: "read(4)",
            why: "A read changes nothing but the offset of the file; its answer is the observation.",
        }],
        ..CASE
    },
    Case {
        id: "mnt.chroot-one-process",
        claim: "chroot changes the root directory of its caller only: neither its parent nor a child that it has already gets another one, unless they share it by CLONE_FS.",
        sources: &[man("chroot(2)", "DESCRIPTION"), man("clone(2)", "CLONE_FS")],
        since: "2.4",
        needs: &[&need::PROCFS],
        wrong: "another process has the new root too, or one that shares the root directory has not",
        play: |lab| {
            let parent = lab.process("parent")?;
            parent.mkdir("/tmp/jail", 0o755)?;
            parent.creat_excl("/tmp/jail/inside")?;
            let caller = parent.fork("caller")?;
            let child = caller.fork("child")?;
            let sharing = caller.clone("sharing", Flags::CLONE_FS)?;
            caller.chroot("/tmp/jail")?;
            for process in [caller, child, sharing, parent] {
                parent.readlink(process.proc("root"))?;
            }
            sharing.readdir("/")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.chroot-inherited",
        claim: "A child inherits the root directory that its parent has at its creation, and execve keeps it.",
        sources: &[man("chroot(2)", "DESCRIPTION"), man("chroot(2)", "NOTES")],
        since: "2.4",
        needs: &[&need::PROCFS],
        wrong: "the child or the new program has the old root",
        play: |lab| {
            let outside = lab.process("outside")?;
            lab.note("the new root has all that the old one has: the program too")?;
            outside.mkdir("/tmp/jail", 0o755)?;
            outside.mount("/", "/tmp/jail", "", MountFlags::MS_BIND | MountFlags::MS_REC, NO_DATA)?;
            let parent = outside.fork("parent")?;
            parent.chroot("/tmp/jail")?;
            let child = parent.fork("child")?;
            for process in [parent, child] {
                outside.readlink(process.proc("root"))?;
            }
            child.execve(PROGRAM)?;
            child.cat("/proc/self/comm")?;
            outside.readlink(child.proc("root"))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.chroot-proc-root",
        claim: "The link /proc/PID/root of a process shows its root directory, and leads there; the process itself sees / in its own.",
        sources: &[man("chroot(2)", "NOTES"), man("proc_pid_root(5)", "DESCRIPTION")],
        since: "2.4",
        needs: &[&need::PROCFS],
        wrong: "the link shows the reader's root, or leads there",
        play: |lab| {
            let outside = lab.process("outside")?;
            jail(outside)?;
            let inside = outside.fork("inside")?;
            outside.readlink(inside.proc("root"))?;
            outside.readdir(inside.proc("root/tmp"))?;
            lab.note("after chroot; the new root gets a procfs, so that the process can look too")?;
            outside.mkdir("/tmp/jail/proc", 0o755)?;
            outside.mount(
                "/proc",
                "/tmp/jail/proc",
                "",
                MountFlags::MS_BIND | MountFlags::MS_REC,
                NO_DATA,
            )?;
            inside.chroot("/tmp/jail")?;
            outside.readlink(inside.proc("root"))?;
            outside.readdir(inside.proc("root"))?;
            inside.readlink("/proc/self/root")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.chroot-mountinfo",
        claim: "The mountinfo file of a process with another root directory lists only the mounts that it can reach, by paths from that directory, whoever reads it; the parent of its root has no record.",
        sources: &[man("proc_pid_mountinfo(5)", "DESCRIPTION")],
        since: "2.6.26",
        needs: &[&need::PROCFS],
        wrong: "mounts outside of the root are listed, those inside are missing, or their paths start elsewhere",
        play: |lab| {
            let outside = lab.process("outside")?;
            tmpfs(outside, "/tmp/jail")?;
            tmpfs(outside, "/tmp/jail/below")?;
            tmpfs(outside, "/tmp/beside")?;
            let inside = outside.fork("inside")?;
            inside.chroot("/tmp/jail")?;
            let table = inside.proc("mountinfo");
            outside.mount_points_of(table.as_str(), "/")?;
            outside.mount_parent_of(table.as_str(), "/below")?;
            outside.mount_parent_of(table.as_str(), "/")?;
            lab.note("in the table of the other process all have records")?;
            outside.mount_points("/tmp")?;
            outside.mount_parent("/tmp/jail")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.chroot-plain-directory-mountinfo",
        claim: "A root directory that is no mount point has no record in the mountinfo file of its process: only what is mounted below it has.",
        sources: &[man("proc_pid_mountinfo(5)", "DESCRIPTION")],
        since: "2.6.26",
        needs: &[&need::PROCFS],
        wrong: "the mount that holds the root directory is listed, or the one below is not",
        play: |lab| {
            let outside = lab.process("outside")?;
            outside.mkdir("/tmp/plain", 0o755)?;
            tmpfs(outside, "/tmp/plain/below")?;
            let inside = outside.fork("inside")?;
            inside.chroot("/tmp/plain")?;
            let table = inside.proc("mountinfo");
            outside.mount_points_of(table.as_str(), "/")?;
            outside.mount_parent_of(table.as_str(), "/below")?;
            outside.mount_parent("/tmp/plain/below")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.chroot-errors",
        claim: "A new root directory that is missing or has an empty path is ENOENT, a file or a path through one ENOTDIR, a loop of links ELOOP, a too long name ENAMETOOLONG, and one behind a directory that the caller may not search EACCES; the root stays.",
        sources: &[man("chroot(2)", "ERRORS"), man("path_resolution(7)", "Step 2: walk along the path")],
        since: "2.4",
        wrong: "another errno, or the root directory changes",
        play: |lab| {
            let process = lab.process("process")?;
            process.mkdir("/tmp/closed", 0o755)?;
            process.mkdir("/tmp/closed/jail", 0o755)?;
            process.chmod("/tmp/closed", 0o600)?;
            process.creat_excl("/tmp/file")?;
            process.symlink("loop", "/tmp/loop")?;
            process.capset_drop(Capabilities::CAP_DAC_OVERRIDE | Capabilities::CAP_DAC_READ_SEARCH)?;
            let too_long = format!("/tmp/{}", "x".repeat(256));
            for path in [
                "/tmp/missing",
                "",
                "/tmp/file",
                "/tmp/file/below",
                "/tmp/loop",
                &too_long,
                "/tmp/closed/jail",
            ] {
                process.chroot(path)?;
            }
            process.readdir("/tmp")?;
            lab.note("the directory may be searched")?;
            process.chmod("/tmp/closed", 0o700)?;
            process.chroot("/tmp/closed/jail")?;
            process.readdir("/")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.fchroot-directory",
        claim: "fchroot makes an open directory the root directory; it takes CAP_SYS_CHROOT, and a descriptor of a directory (ENOTDIR).",
        sources: &[text("linux/fcntl.h, linux/syscalls.h")],
        since: "7.3",
        needs: &[&need::FCHROOT],
        wrong: "another directory becomes the root, or a process without the capability changes its own",
        play: |lab| {
            let process = lab.process("process")?;
            jail(process)?;
            let directory = process.open("/tmp/jail", OpenFlags::O_PATH)?.id()?;
            let file = process.open("/tmp/outside", O_RDONLY)?.id()?;
            process.fchroot(file)?;
            process.fchroot(-1)?;
            let without = process.fork("without")?;
            without.capset_drop(Capabilities::CAP_SYS_CHROOT)?;
            without.fchroot(directory)?;
            without.readdir("/tmp")?;
            lab.note("with the capability")?;
            process.fchroot(directory)?;
            process.readdir("/")?;
            without.readdir("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.fchroot-failfs",
        claim: "Whoever makes FD_FAILFS_ROOT the root directory finds no path any more (EOPNOTSUPP), and neither do the children that it creates; descriptors from before still work. Without CAP_SYS_CHROOT it takes no_new_privs, and a process that is in no chroot.",
        sources: &[text("linux/fcntl.h")],
        since: "7.3",
        needs: &[&need::FCHROOT],
        wrong: "a path leads somewhere, a child gets its root back, or a chroot is left by it",
        play: |lab| {
            let outer = lab.process("outer")?;
            jail(outer)?;
            outer.chdir("/tmp/jail")?;
            let directory = outer.open("/tmp/jail", OpenFlags::O_PATH)?.id()?;
            let plain = outer.fork("plain")?;
            plain.capset_drop(Capabilities::CAP_SYS_CHROOT)?;
            plain.fchroot_failfs()?;
            let rooted = outer.fork("rooted")?;
            rooted.chroot("/tmp/jail")?;
            rooted.capset_drop(Capabilities::CAP_SYS_CHROOT)?;
            rooted.prctl_set_no_new_privs()?;
            rooted.fchroot_failfs()?;
            lab.note("in no chroot, and sworn to gain no privileges")?;
            plain.prctl_set_no_new_privs()?;
            plain.fchroot_failfs()?;
            plain.readdir("/")?;
            plain.open("/tmp/outside", O_RDONLY)?;
            plain.execve("/program")?;
            let child = plain.fork("child")?;
            child.readdir("/tmp")?;
            lab.note("what needs no root directory goes on")?;
            child.readdir(".")?;
            child.openat(directory, "inside", O_RDONLY)?;
            outer.readdir("/tmp")?;
            Ok(())
        },
        ..CASE
    },
];

/// Claims that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[Untested {
    id: "mnt.chroot-errors",
    claim: "chroot to a path at an address outside of the caller's memory is EFAULT.",
    sources: &[man("chroot(2)", "ERRORS")],
    why: "A script hands strings to its calls, not addresses, so that every trace can be read as text.",
    part: Some("mnt.chroot-errors"),
}];
