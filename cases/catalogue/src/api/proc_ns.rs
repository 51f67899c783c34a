//! The directory /proc/PID/ns: its links, who may follow them, and what can be done with them.

use super::{CALLS, OWN, ns};
use crate::prelude::*;

/// The section of namespaces(7) that describes the directory.
const DIRECTORY: Source = man("namespaces(7)", "The /proc/pid/ns/ directory");

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "api.procns-one-entry-per-kind",
        claim: "The directory /proc/PID/ns has a link for each kind of namespace, and two more for those that later children will be in.",
        sources: &[CALLS, DIRECTORY],
        since: "5.6",
        needs: &[
            &need::CGROUP_NS,
            &need::IPC_NS,
            &need::MNT_NS,
            &need::NET_NS,
            &need::PID_NS,
            &need::PROCFS,
            &need::TIME_NS,
            &need::UTS_NS,
        ],
        wrong: "an entry is missing, or there is one that the documentation does not know",
        play: |lab| {
            let process = lab.process("process")?;
            process.readdir(OWN)?;
            lab.note("each entry is a link that names its namespace, by way of self as by the number")?;
            for entry in [
                "cgroup",
                "ipc",
                "mnt",
                "net",
                "pid",
                "pid_for_children",
                "time",
                "time_for_children",
                "user",
                "uts",
            ] {
                process.readlink(format!("{OWN}/{entry}"))?;
                process.readlink(format!("{}/{entry}", ns(process)))?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.procns-link-text",
        claim: "A link is named by kind and its text holds the inode number of the namespace, the same that fstat gives for the opened file.",
        sources: &[DIRECTORY],
        since: "3.8",
        needs: &[&need::PROCFS, &need::UTS_NS],
        wrong: "the text names another number than the file has",
        play: |lab| {
            let parent = lab.process("parent")?;
            let child = parent.clone("child", NEWUTS)?;
            for link in ["/proc/self/ns/uts".to_string(), child.proc("ns/uts")] {
                parent.readlink(link.as_str())?;
                let fd = parent.open(link, O_RDONLY)?.id()?;
                parent.fstat_ns(fd)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.procns-ptrace-check",
        claim: "Reading or opening a namespace link of a process takes the right to inspect that process by ptrace.",
        sources: &[DIRECTORY, man("ptrace(2)", "Ptrace access mode checking")],
        needs: &[&need::ORDINARY_USER, &need::PROCFS],
        wrong: "an ordinary user reads a link of root's process, or cannot read its own",
        play: |lab| {
            let root = lab.process("root")?;
            let user = lab.process_as(Credentials::User, "user")?;
            let users_own = user.fork("user's own")?;
            user.readlink(root.proc("ns/uts"))?;
            user.open(root.proc("ns/uts"), O_RDONLY)?;
            user.readlink(users_own.proc("ns/uts"))?;
            let fd = user.open(users_own.proc("ns/uts"), O_RDONLY)?.id()?;
            user.fstat_ns(fd)?;
            root.readlink(users_own.proc("ns/uts"))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.procns-pid-permanent",
        claim: "The PID namespace of a process never changes, only that of its later children does: the link pid stays, the link pid_for_children follows.",
        sources: &[DIRECTORY, man("pid_namespaces(7)", "setns(2) and unshare(2) semantics")],
        since: "4.12",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "the link pid changes, or the link pid_for_children does not",
        play: |lab| {
            let process = lab.process("process")?;
            let (pid, for_children) = ("/proc/self/ns/pid", "/proc/self/ns/pid_for_children");
            process.readlink(pid)?;
            process.readlink(for_children)?;
            let own = process.open(pid, O_RDONLY)?.id()?;
            process.unshare(NEWPID)?;
            let child = process.fork("child")?;
            child.getpid()?;
            process.readlink(pid)?;
            process.readlink(for_children)?;
            process.setns(own, NEWPID)?;
            process.readlink(pid)?;
            process.readlink(for_children)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.procns-pfc-empty-before-first-child",
        claim: "Between unshare(CLONE_NEWPID) and the creation of the first child the link pid_for_children leads nowhere: reading and opening it is ENOENT.",
        sources: &[DIRECTORY, man("pid_namespaces(7)", "setns(2) and unshare(2) semantics")],
        since: "4.12",
        needs: &[&need::PID_NS, &need::PROCFS],
        deviation: Some(
            "namespaces(7) says that readlink gives an empty buffer; kernels up to 7.0 give ENOENT, as here, while from 7.1 on the link works at once",
        ),
        wrong: "the link names a namespace that has no init process",
        play: |lab| {
            let process = lab.process("process")?;
            let link = "/proc/self/ns/pid_for_children";
            process.readlink(link)?;
            process.unshare(NEWPID)?;
            process.readlink(link)?;
            process.open(link, O_RDONLY)?;
            let child = process.fork("child")?;
            child.getpid()?;
            process.readlink(link)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.procns-pfc-after-first-child",
        claim: "Once the first child is there, the link pid_for_children names the PID namespace that the child is in.",
        sources: &[DIRECTORY],
        since: "4.12",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "the link names another namespace than the child's",
        play: |lab| {
            let process = lab.process("process")?;
            process.readlink("/proc/self/ns/pid_for_children")?;
            process.unshare(NEWPID)?;
            let child = process.fork("child")?;
            process.readlink(child.proc("ns/pid"))?;
            process.readlink("/proc/self/ns/pid_for_children")?;
            let second = process.fork("second child")?;
            process.readlink(second.proc("ns/pid"))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.bind-mount-ns-file",
        claim: "A namespace link can be bind-mounted on a file; opening that file gives the same namespace, also to setns.",
        sources: &[CALLS, DIRECTORY],
        since: "3.0",
        needs: &[&need::PROCFS, &need::UTS_NS],
        wrong: "the file is not the namespace, or setns does not take it",
        play: |lab| {
            let parent = lab.process("parent")?;
            let child = parent.clone("child", NEWUTS)?;
            parent.readlink("/proc/self/ns/uts")?;
            parent.readlink(child.proc("ns/uts"))?;
            parent.creat_excl("/tmp/uts")?;
            parent.mount(child.proc("ns/uts"), "/tmp/uts", "", MountFlags::MS_BIND, "")?;
            let fd = parent.open("/tmp/uts", O_RDONLY)?.id()?;
            parent.fstat_ns(fd)?;
            parent.setns(fd, NEWUTS)?;
            parent.diff_ns(ns(child), OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.procns-zombie",
        claim: "A process that has ended and not been waited for is in no namespace any more: most of its links lead nowhere, only those to its user and PID namespace remain.",
        sources: &[DIRECTORY, man("setns(2)", "ERRORS")],
        since: "5.6",
        needs: &[
            &need::CGROUP_NS,
            &need::IPC_NS,
            &need::MNT_NS,
            &need::NET_NS,
            &need::PID_NS,
            &need::PROCFS,
            &need::TIME_NS,
            &need::UTS_NS,
        ],
        wrong: "a zombie keeps a namespace alive, or loses its user or PID namespace",
        play: |lab| {
            let parent = lab.process("parent")?;
            let child = parent.fork("child")?;
            parent.diff_ns(ns(child), OWN)?;
            parent.readlink("/proc/self/ns/pid")?;
            parent.readlink("/proc/self/ns/user")?;
            lab.note("the child ends and is not waited for")?;
            child.exit(7)?;
            parent.waitid(child, WaitOptions::WEXITED | WaitOptions::WNOWAIT)?;
            for link in [
                "cgroup",
                "ipc",
                "mnt",
                "net",
                "pid",
                "pid_for_children",
                "time",
                "time_for_children",
                "user",
                "uts",
            ] {
                parent.readlink(format!("{}/{link}", ns(child)))?;
            }
            lab.note("once it is waited for, its directory is gone")?;
            parent.waitpid(child, WaitOptions::empty())?;
            parent.readlink(child.proc("ns/user"))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.bind-mount-own-mnt-refused",
        claim: "A mount namespace cannot be bind-mounted inside itself, which would keep it alive for ever; the link to a namespace of another kind can.",
        sources: &[man("mount(2)", "ERRORS"), DIRECTORY],
        since: "3.8",
        needs: &[&need::MNT_NS, &need::PROCFS, &need::UTS_NS],
        wrong: "the mount namespace is mounted within itself, or another namespace cannot be mounted there",
        play: |lab| {
            let process = lab.process("process")?;
            process.creat_excl("/tmp/ns")?;
            process.mount("/proc/self/ns/mnt", "/tmp/ns", "", MountFlags::MS_BIND, "")?;
            process.readlink("/proc/self/ns/uts")?;
            process.mount("/proc/self/ns/uts", "/tmp/ns", "", MountFlags::MS_BIND, "")?;
            let fd = process.open("/tmp/ns", O_RDONLY)?.id()?;
            process.fstat_ns(fd)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.procns-symlinks",
        claim: "The entries of /proc/PID/ns are symbolic links.",
        sources: &[DIRECTORY, CALLS],
        since: "3.8",
        needs: &[&need::PROCFS, &need::CGROUP_NS, &need::TIME_NS],
        wrong: "an entry is a file of another type",
        play: |lab| {
            let process = lab.process("process")?;
            for kind in Kind::ALL {
                process.lstat_mode(kind.own_path())?;
            }
            for link in ["pid_for_children", "time_for_children"] {
                process.lstat_mode(format!("{OWN}/{link}"))?;
            }
            lab.note("a link that leads somewhere")?;
            process.readlink("/proc/self/ns/uts")?;
            process.unshare(NEWUTS)?;
            process.readlink("/proc/self/ns/uts")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.procns-same-inode-same-ns",
        claim: "Two processes are in the same namespace exactly if their links lead to the same file, by device and inode number.",
        sources: &[DIRECTORY, CALLS],
        since: "3.8",
        needs: &[&need::PROCFS],
        wrong: "the numbers agree for two namespaces, or differ for one",
        play: |lab| {
            let parent = lab.process("parent")?;
            let same = parent.fork("same")?;
            let other = parent.clone("other", NEWUTS)?;
            for process in [parent, same, other] {
                parent.stat_identity(process.proc("ns/uts"))?;
                parent.stat_identity(process.proc("ns/ipc"))?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.procns-stat-target",
        claim: "A link leads to a regular file for reading only, on the file system nsfs, which all namespaces have in common.",
        sources: &[man("ioctl_ns(2)", "DESCRIPTION"), DIRECTORY, man("statfs(2)", "DESCRIPTION")],
        since: "3.19",
        needs: &[&need::PROCFS],
        wrong: "the file is of another type, or on another file system",
        play: |lab| {
            let process = lab.process("process")?;
            for link in ["/proc/self/ns/uts", "/proc/self/ns/user"] {
                process.stat_mode(link)?;
                process.statfs_type(link)?;
                process.stat_identity(link)?;
            }
            lab.note("another namespace is another file there")?;
            process.unshare(NEWUTS)?;
            process.stat_identity("/proc/self/ns/uts")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.procns-open-readonly",
        claim: "The file behind a link can be opened for reading only, which gives nothing to read, and nobody can change it or its owner.",
        sources: &[text("Linux source, fs/nsfs.c: no manual page says it")],
        since: "3.8",
        needs: &[&need::PROCFS],
        wrong: "the file can be written or changed, or another errno is given",
        play: |lab| {
            let process = lab.process("process")?;
            let link = "/proc/self/ns/uts";
            process.open(link, OpenFlags::O_WRONLY)?;
            process.open(link, OpenFlags::O_RDWR)?;
            process.open(link, OpenFlags::O_NOFOLLOW)?;
            process.chmod(link, 0o600)?;
            process.chown(link, 0, 0)?;
            lab.note("what can be done: open it, and ask what it is")?;
            let fd = process.open(link, O_RDONLY)?.id()?;
            process.read(fd)?;
            process.ioctl_nstype(fd)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.procns-userns-cannot-open-outer",
        claim: "The root of a user namespace cannot follow the links of a process outside of it, though it is the same user; those of its own it can.",
        sources: &[DIRECTORY, man("ptrace(2)", "Ptrace access mode checking")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::PROCFS],
        wrong: "a process inside gets hold of a namespace outside",
        play: |lab| {
            let outside = lab.process("outside")?;
            let inside = outside.clone("inside", NEWUSER)?;
            inside.capget()?;
            inside.readlink(outside.proc("ns/uts"))?;
            inside.open(outside.proc("ns/uts"), O_RDONLY)?;
            let fd = inside.open(inside.proc("ns/uts"), O_RDONLY)?.id()?;
            inside.fstat_ns(fd)?;
            lab.note("the same user outside may look inside")?;
            outside.readlink(inside.proc("ns/uts"))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.procns-thread-dirs",
        claim: "/proc/PID/task/TID/ns shows where each thread is, /proc/PID/ns where the leader is.",
        sources: &[man("proc_pid_task(5)", "DESCRIPTION"), DIRECTORY],
        since: "3.8",
        needs: &[&need::PROCFS],
        wrong: "all threads show the same, or the directory of the process follows the thread",
        play: |lab| {
            let process = lab.process("process")?;
            let thread = process.clone("thread", THREAD)?;
            thread.unshare(NEWUTS)?;
            process.readlink("/proc/self/ns/uts")?;
            process.readlink("/proc/self/task/<process>/ns/uts")?;
            process.readlink("/proc/self/task/<thread seen by process>/ns/uts")?;
            thread.readlink("/proc/self/ns/uts")?;
            thread.readlink("/proc/thread-self/ns/uts")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.procns-pfc-may-differ",
        claim: "The link pid_for_children differs from pid after unshare(CLONE_NEWPID) and after joining a PID namespace, and agrees with it before.",
        sources: &[DIRECTORY],
        since: "4.12",
        needs: &[&need::PROCFS],
        wrong: "the links always agree, or do not at first",
        play: |lab| {
            let outer = lab.process("outer")?;
            let unsharer = outer.fork("unsharer")?;
            let joiner = outer.fork("joiner")?;
            for process in [unsharer, joiner] {
                process.readlink("/proc/self/ns/pid")?;
                process.readlink("/proc/self/ns/pid_for_children")?;
            }
            unsharer.unshare(NEWPID)?;
            let init = unsharer.fork("init")?;
            let fd = joiner.open(init.proc("ns/pid"), O_RDONLY)?.id()?;
            joiner.setns(fd, NEWPID)?;
            lab.note("both have their later children in the namespace of that process")?;
            for process in [unsharer, joiner] {
                process.readlink("/proc/self/ns/pid")?;
                process.readlink("/proc/self/ns/pid_for_children")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.procns-readonly-dir",
        claim: "Nothing can be made in or removed from /proc/PID/ns, and a name that is no kind of namespace is not there.",
        sources: &[text("Linux source, fs/proc/namespaces.c: no manual page says it")],
        since: "3.0",
        needs: &[&need::PROCFS],
        wrong: "an entry appears or goes, or another errno is given",
        play: |lab| {
            let process = lab.process("process")?;
            process.unlink("/proc/self/ns/uts")?;
            process.mkdir("/proc/self/ns/new", 0o700)?;
            process.symlink("/tmp", "/proc/self/ns/new")?;
            process.open("/proc/self/ns/new", O_RDONLY)?;
            lab.note("the entry that could not be removed")?;
            let fd = process.open("/proc/self/ns/uts", O_RDONLY)?.id()?;
            process.ioctl_nstype(fd)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.bind-mount-needs-privilege",
        claim: "To bind-mount a namespace link takes CAP_SYS_ADMIN over the mount namespace, and a file to mount on, not a directory.",
        sources: &[man("mount(2)", "ERRORS")],
        since: "3.0",
        starts_as: Credentials::User,
        needs: &[&need::PROCFS],
        wrong: "a process without the capability mounts, or on a directory",
        play: |lab| {
            let user = lab.process("user")?;
            user.creat_excl("/tmp/file")?;
            user.mkdir("/tmp/directory", 0o700)?;
            user.mount("/proc/self/ns/uts", "/tmp/file", "", MountFlags::MS_BIND, "")?;
            user.unshare(NEWUSER | NEWNS)?;
            user.mount("/proc/self/ns/uts", "/tmp/directory", "", MountFlags::MS_BIND, "")?;
            user.mount("/proc/self/ns/uts", "/tmp/file", "", MountFlags::MS_BIND, "")?;
            user.mount_points("/tmp/directory")?;
            user.mount_points("/tmp/file")?;
            Ok(())
        },
        ..CASE
    },
];

/// The claims of this topic that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[Untested {
    id: "api.initial-inodes-fixed",
    claim: "The namespaces that the kernel starts with have fixed inode numbers.",
    sources: &[text("linux/nsfs.h")],
    why: "only a process that is still in all of them could see it, which nsconform and the places that it is started in need not be",
    part: None,
}];
