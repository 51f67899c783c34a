//! pidfds as such: their making, the events they report, and what their ioctls tell of a process.
//!
//! setns(2) with a pidfd lives in `pidfd`.

use super::{OWN, ns};
use crate::prelude::*;

/// Where the ioctls of pidfds are documented.
const HEADER: Source = text("linux/pidfd.h");

/// The ioctls that give namespaces, by the names of the links.
const NAMESPACES: [(&str, PidfdNamespace); 10] = [
    ("cgroup", PidfdNamespace::PIDFD_GET_CGROUP_NAMESPACE),
    ("ipc", PidfdNamespace::PIDFD_GET_IPC_NAMESPACE),
    ("mnt", PidfdNamespace::PIDFD_GET_MNT_NAMESPACE),
    ("net", PidfdNamespace::PIDFD_GET_NET_NAMESPACE),
    ("pid", PidfdNamespace::PIDFD_GET_PID_NAMESPACE),
    ("pid_for_children", PidfdNamespace::PIDFD_GET_PID_FOR_CHILDREN_NAMESPACE),
    ("time", PidfdNamespace::PIDFD_GET_TIME_NAMESPACE),
    ("time_for_children", PidfdNamespace::PIDFD_GET_TIME_FOR_CHILDREN_NAMESPACE),
    ("user", PidfdNamespace::PIDFD_GET_USER_NAMESPACE),
    ("uts", PidfdNamespace::PIDFD_GET_UTS_NAMESPACE),
];

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "api.pidfd-open-errors",
        claim: "pidfd_open() refuses unknown flags and PIDs that are no numbers of processes with EINVAL, a number that no process of the PID namespace has with ESRCH, and its descriptor is closed by execve().",
        sources: &[man("pidfd_open(2)", "ERRORS"), man("pidfd_open(2)", "DESCRIPTION")],
        since: "5.3",
        needs: &[],
        wrong: "a descriptor is given, or another errno",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWPID)?;
            inner.getpid()?;
            outer.pidfd_open(inner, 1)?;
            outer.pidfd_open(0, 0)?;
            outer.pidfd_open(-1, 0)?;
            lab.note("a number that no process has here or there")?;
            outer.pidfd_open(300, 0)?;
            inner.pidfd_open(300, 0)?;
            let pidfd = outer.pidfd_open(inner, 0)?.id()?;
            outer.fcntl_getfd(pidfd)?;
            outer.pidfd_send_signal(pidfd, Signal(0))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.pidfd-poll-hup-after-reap",
        claim: "A pidfd is readable once its process has ended, and reports POLLHUP too once it has been waited for.",
        sources: &[man("pidfd_open(2)", "DESCRIPTION")],
        since: "6.9",
        needs: &[],
        wrong: "the event comes before the end, or POLLHUP does not come",
        play: |lab| {
            let parent = lab.process("parent")?;
            let child = parent.fork("child")?;
            let pidfd = parent.pidfd_open(child, 0)?.id()?;
            parent.poll(pidfd, PollEvents::POLLIN)?;
            child.exit(7)?;
            parent.waitid(child, WaitOptions::WEXITED | WaitOptions::WNOWAIT)?;
            parent.poll(pidfd, PollEvents::POLLIN)?;
            parent.waitpid(child, WaitOptions::empty())?;
            parent.poll(pidfd, PollEvents::POLLIN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.pidfd-ns-ioctls",
        claim: "The ioctls of a pidfd give descriptors of the namespaces of its process, one for each link of its directory in /proc, and ESRCH once it has been waited for.",
        sources: &[HEADER],
        since: "6.11",
        needs: &[&need::PROCFS, &need::PIDFD_NAMESPACES],
        wrong: "a descriptor is that of another namespace, or of the caller's",
        play: |lab| {
            let parent = lab.process("parent")?;
            let all = NEWCGROUP | NEWIPC | NEWNS | NEWNET | NEWPID | NEWTIME | NEWUSER | NEWUTS;
            let child = parent.clone3("child", all, &[])?;
            let pidfd = parent.pidfd_open(child, 0)?.id()?;
            parent.diff_ns(ns(child), OWN)?;
            for (link, request) in NAMESPACES {
                lab.note("by the link, and by the pidfd")?;
                parent.readlink(child.proc(&format!("ns/{link}")))?;
                let fd = parent.ioctl_pidfd_namespace(pidfd, request)?.id()?;
                parent.fstat_ns(fd)?;
            }
            lab.note("the process is gone")?;
            child.exit(0)?;
            parent.waitpid(child, WaitOptions::empty())?;
            for (_, request) in NAMESPACES {
                parent.ioctl_pidfd_namespace(pidfd, request)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.pidfd-ioctl-ns-rules",
        claim: "The namespace ioctls of a pidfd take no argument (EINVAL), give descriptors that execve() closes, need the right to inspect the process (EACCES), and find no namespace of one that has ended (ESRCH).",
        sources: &[HEADER],
        since: "6.11",
        needs: &[&need::PROCFS, &need::PIDFD_NAMESPACES, &need::MANY_IDS],
        wrong: "an argument is ignored, the check is left out, or a zombie has namespaces",
        play: |lab| {
            let root = lab.process("root")?;
            let user = lab.process_as(Credentials::User, "user")?;
            let child = root.clone("child", NEWUTS)?;
            let pidfd = root.pidfd_open(child, 0)?.id()?;
            let request = PidfdNamespace::PIDFD_GET_UTS_NAMESPACE;
            root.ioctl_pidfd_namespace_argument(pidfd, request, 1)?;
            let fd = root.ioctl_pidfd_namespace(pidfd, request)?.id()?;
            root.fstat_ns(fd)?;
            root.fcntl_getfd(fd)?;
            root.readlink("/proc/self/ns/uts")?;
            lab.note("by a user who may not inspect it")?;
            let users = user.pidfd_open(child.sealed(), 0)?.id()?;
            user.ioctl_pidfd_namespace(users, request)?;
            lab.note("a zombie")?;
            child.exit(7)?;
            root.waitid(child, WaitOptions::WEXITED | WaitOptions::WNOWAIT)?;
            for request in
                [request, PidfdNamespace::PIDFD_GET_USER_NAMESPACE, PidfdNamespace::PIDFD_GET_PID_NAMESPACE]
            {
                root.ioctl_pidfd_namespace(pidfd, request)?;
            }
            root.waitpid(child, WaitOptions::empty())?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.pidfd-ioctl-pfc-without-init",
        claim: "PIDFD_GET_PID_FOR_CHILDREN_NAMESPACE gives the new PID namespace of a process that has called unshare(CLONE_NEWPID), before its first child is there.",
        sources: &[HEADER],
        since: "6.11",
        needs: &[&need::PROCFS, &need::PIDFD_NAMESPACES],
        wrong: "the namespace of the process itself is given, or none",
        play: |lab| {
            let process = lab.process("process")?;
            let request = PidfdNamespace::PIDFD_GET_PID_FOR_CHILDREN_NAMESPACE;
            let pidfd = process.pidfd_open(process.sealed(), 0)?.id()?;
            process.readlink("/proc/self/ns/pid")?;
            let before = process.ioctl_pidfd_namespace(pidfd, request)?.id()?;
            process.fstat_ns(before)?;
            process.unshare(NEWPID)?;
            let fd = process.ioctl_pidfd_namespace(pidfd, request)?.id()?;
            process.fstat_ns(fd)?;
            let child = process.fork("child")?;
            child.getpid()?;
            process.readlink(child.proc("ns/pid"))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.pidfd-info-relative",
        claim: "PIDFD_GET_INFO gives PID, TGID and parent in the caller's PID namespace: 0 for a parent outside of it, and EREMOTE for a process outside.",
        sources: &[HEADER],
        since: "6.13",
        needs: &[&need::PROCFS, &need::PIDFD_INFO],
        wrong: "a number of another PID namespace is given",
        play: |lab| {
            let outer = lab.process("outer")?;
            let outers = outer.pidfd_open(outer.sealed(), 0)?.id()?;
            let inner = outer.clone("inner", NEWPID)?;
            let inners = outer.pidfd_open(inner, 0)?.id()?;
            outer.ioctl_pidfd_info(inners)?;
            lab.note("the same process, by itself")?;
            let itself = inner.pidfd_open(1, 0)?.id()?;
            inner.ioctl_pidfd_info(itself)?;
            let child = inner.fork("child")?;
            let childs = inner.pidfd_open(child, 0)?.id()?;
            inner.ioctl_pidfd_info(childs)?;
            lab.note("a process outside, by a descriptor that was opened there")?;
            inner.ioctl_pidfd_info(outers)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.pidfd-outer-inside",
        claim: "The pidfd of a process outside can be used in a PID namespace to join its namespaces, but not to send it signals: EINVAL.",
        sources: &[
            man("pidfd_send_signal(2)", "ERRORS"),
            man("pidfd_open(2)", "Use cases for PID file descriptors"),
        ],
        since: "5.8",
        needs: &[&need::PIDFD_SETNS, &need::PROCFS],
        wrong: "a signal leaves the PID namespace upwards, or the descriptor is worth nothing",
        play: |lab| {
            let outer = lab.process("outer")?;
            let pidfd = outer.pidfd_open(outer.sealed(), 0)?.id()?;
            let inner = outer.clone("inner", NEWPID | NEWUTS)?;
            outer.pidfd_send_signal(pidfd, Signal(0))?;
            inner.pidfd_send_signal(pidfd, Signal(0))?;
            outer.diff_ns(ns(inner), OWN)?;
            inner.setns(pidfd, NEWUTS)?;
            outer.diff_ns(ns(inner), OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.pidfd-info-exit",
        claim: "From a pidfd it can be asked how the process has ended once it has been waited for, and not before; who does not ask for that gets ESRCH then.",
        sources: &[HEADER],
        since: "6.15",
        needs: &[&need::PIDFD_EXIT],
        wrong: "the status is told while the process is a zombie, or lost with it",
        play: |lab| {
            let parent = lab.process("parent")?;
            let child = parent.fork("child")?;
            let pidfd = parent.pidfd_open(child, 0)?.id()?;
            parent.ioctl_pidfd_exit(pidfd)?;
            child.exit(7)?;
            parent.waitid(child, WaitOptions::WEXITED | WaitOptions::WNOWAIT)?;
            parent.ioctl_pidfd_exit(pidfd)?;
            parent.ioctl_pidfd_info(pidfd)?;
            parent.waitpid(child, WaitOptions::empty())?;
            parent.ioctl_pidfd_exit(pidfd)?;
            parent.ioctl_pidfd_info(pidfd)?;
            Ok(())
        },
        ..CASE
    },
];

/// The claims of this topic that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[
    Untested {
        id: "api.setns-pidfd-leader-exited",
        claim: "A process whose leader has ended while a thread lives on has no namespaces by its number.",
        sources: &[man("setns(2)", "ERRORS")],
        why: "no call tells when the leader has ended, since its process cannot be waited for while a thread lives",
        part: Some("api.setns-pidfd-zombie-esrch"),
    },
    Untested {
        id: "api.setns-pidfd-race-exit",
        claim: "setns with the pidfd of a process that ends at that moment joins namespaces that live, or none.",
        sources: &[man("setns(2)", "ERRORS")],
        why: "which of the two comes depends on the moment, and a kernel that gets it wrong shows it in its log",
        part: Some("api.setns-pidfd-zombie-esrch"),
    },
];
