//! The kinds of namespaces, their constants, and the calls and files of the interface.
//!
//! Who may create namespaces lives in `creation`.

use super::{CALLS, OWN, ns};
use crate::prelude::*;

/// The kinds that existed when the article series began, in the order of their arrival.
const FIRST_SIX: [Kind; 6] = [Kind::Mnt, Kind::Uts, Kind::Ipc, Kind::Pid, Kind::Net, Kind::User];

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "api.member-sees-own-instance",
        claim: "The members of a namespace have an instance of a global resource to themselves: what one of them changes the others see, and nobody outside does.",
        sources: &[SEED, man("namespaces(7)", "DESCRIPTION")],
        needs: &[&need::UTS_NS],
        wrong: "the change is missing at the second member, or shows outside",
        play: |lab| {
            let outside = lab.process("outside")?;
            let first = outside.clone("member 1", NEWUTS)?;
            let second = first.fork("member 2")?;
            second.gethostname()?;
            first.sethostname("inside")?;
            first.gethostname()?;
            second.gethostname()?;
            outside.gethostname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.six-kinds-of-2013",
        claim: "There are at least six kinds of namespaces, mount, UTS, IPC, PID, network and user, and each is named by a CLONE_NEW* constant of its own.",
        sources: &[SEED, man("namespaces(7)", "Namespace types")],
        since: "3.8",
        needs: &[&need::IPC_NS, &need::MNT_NS, &need::NET_NS, &need::PID_NS, &need::PROCFS, &need::UTS_NS],
        wrong: "a kind has no link, or the kernel names it by another constant",
        play: |lab| {
            let process = lab.process("process")?;
            for kind in FIRST_SIX {
                let fd = process.open(kind.own_path(), O_RDONLY)?.id()?;
                process.ioctl_nstype(fd)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.two-later-kinds",
        claim: "Two more kinds came after the first six: cgroup and time namespaces, with constants of their own.",
        sources: &[man("namespaces(7)", "Namespace types")],
        since: "5.6",
        needs: &[&need::CGROUP_NS, &need::PROCFS, &need::TIME_NS],
        wrong: "a kind has no link, or the kernel names it by another constant",
        play: |lab| {
            let process = lab.process("process")?;
            for kind in [Kind::Cgroup, Kind::Time] {
                let fd = process.open(kind.own_path(), O_RDONLY)?.id()?;
                process.ioctl_nstype(fd)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.newns-is-mount",
        claim: "CLONE_NEWNS, the oldest of the flags and named as if there were only one kind, stands for mount namespaces.",
        sources: &[SEED, man("mount_namespaces(7)", "DESCRIPTION")],
        since: "2.4.19",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "CLONE_NEWNS creates or joins a namespace of another kind",
        play: |lab| {
            let parent = lab.process("parent")?;
            let child = parent.clone("child", NEWNS)?;
            parent.diff_ns(ns(child), OWN)?;
            let fd = parent.open(child.proc("ns/mnt"), O_RDONLY)?.id()?;
            parent.ioctl_nstype(fd)?;
            parent.setns(fd, NEWUTS)?;
            parent.setns(fd, NEWNS)?;
            parent.diff_ns(ns(child), OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.same-constants-three-calls",
        claim: "clone, unshare and setns name a kind of namespace by the same CLONE_NEW* constant.",
        sources: &[SEED, CALLS, man("namespaces(7)", "The namespaces API")],
        since: "5.8",
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
        wrong: "one of the calls acts on a membership of another kind than the constant names",
        play: |lab| {
            let parent = lab.process("parent")?;
            for kind in Kind::ALL {
                let (flag, link) = (kind.flag(), kind.link());
                // Plain clone takes the bit of CLONE_NEWTIME for part of the exit signal.
                let created = match kind {
                    Kind::Time => parent.clone3("created", flag, &[])?,
                    _ => parent.clone("created", flag)?,
                };
                parent.diff_ns(ns(created), OWN)?;
                lab.note("by unshare")?;
                let left = parent.fork("left")?;
                left.unshare(flag)?;
                parent.diff_ns(ns(left), OWN)?;
                lab.note("by setns")?;
                let joined = parent.fork("joined")?;
                let fd = joined.open(created.proc(&format!("ns/{link}")), O_RDONLY)?.id()?;
                joined.setns(fd, flag)?;
                parent.diff_ns(ns(joined), OWN)?;
                parent.diff_ns(ns(joined), ns(created))?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.three-syscalls-and-proc",
        claim: "The API is three system calls and files in /proc: clone creates a namespace for a child, unshare one for the caller, setns joins one that exists.",
        sources: &[SEED, man("namespaces(7)", "The namespaces API")],
        since: "3.0",
        needs: &[&need::PROCFS, &need::UTS_NS],
        wrong: "one of the calls is missing, or the links do not show what it did",
        play: |lab| {
            let process = lab.process("process")?;
            process.readlink("/proc/self/ns/uts")?;
            let fd = process.open("/proc/self/ns/uts", O_RDONLY)?.id()?;
            let child = process.clone("child", NEWUTS)?;
            child.readlink("/proc/self/ns/uts")?;
            process.unshare(NEWUTS)?;
            process.readlink("/proc/self/ns/uts")?;
            process.setns(fd, NEWUTS)?;
            process.readlink("/proc/self/ns/uts")?;
            Ok(())
        },
        ..CASE
    },
];

/// The claims of this topic that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[
    Untested {
        id: "api.kind-versions",
        claim: "The kinds arrived one after another: mount namespaces in Linux 2.4.19 first, user namespaces, complete in 3.8, last of the first six.",
        sources: &[SEED, man("clone(2)", "DESCRIPTION")],
        why: "the order shows only on kernels from before 3.8, on which nsconform does not run; that all six kinds are there is tested",
        part: Some("api.six-kinds-of-2013"),
    },
    Untested {
        id: "api.kernel-log-not-isolated",
        claim: "No kind of namespace isolates the kernel log: a message is read by processes in all namespaces alike.",
        sources: &[SEED],
        why: "writing a message and reading it back needs CAP_SYSLOG in the initial user namespace and touches the log of the host, which a case must leave alone",
        part: None,
    },
];
