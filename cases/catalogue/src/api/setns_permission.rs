//! Callers that setns(2) refuses: capabilities, threads, shared file system state.
//!
//! Descriptors that it refuses live in `setns`.

use super::{ANY, CLONE_FS, OWN, ns};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "api.setns-own-user-einval",
        claim: "Joining the user namespace that one is in already is refused: that would give back capabilities that were dropped.",
        sources: &[man("setns(2)", "ERRORS"), man("setns(2)", "Details for specific namespace types")],
        since: "3.8",
        needs: &[&need::PROCFS],
        wrong: "the call succeeds, or the capabilities are full again",
        play: |lab| {
            let parent = lab.process("parent")?;
            let target = parent.clone("target", NEWUSER)?;
            let joiner = parent.fork("joiner")?;
            let fd = joiner.open(target.proc("ns/user"), O_RDONLY)?.id()?;
            joiner.setns(fd, NEWUSER)?;
            parent.diff_ns(ns(joiner), ns(target))?;
            joiner.capset(Capabilities::empty(), Capabilities::empty())?;
            joiner.setns(fd, NEWUSER)?;
            joiner.setns(fd, ANY)?;
            joiner.capget()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setns-parent-user-eperm",
        claim: "There is no way back out of a user namespace: joining an ancestor is EPERM, even through a descriptor that was opened before.",
        sources: &[man("setns(2)", "ERRORS"), man("user_namespaces(7)", "Capabilities")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::PROCFS, &need::USER_NS],
        wrong: "the process returns to the user namespace it came from",
        play: |lab| {
            let user = lab.process("user")?;
            let inside = user.fork("inside")?;
            let parent = inside.open("/proc/self/ns/user", O_RDONLY)?.id()?;
            inside.unshare(NEWUSER)?;
            user.diff_ns(ns(inside), OWN)?;
            inside.setns(parent, NEWUSER)?;
            user.diff_ns(ns(inside), OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setns-user-not-threaded",
        claim: "A process of several threads may not join a user namespace.",
        sources: &[man("setns(2)", "ERRORS")],
        since: "3.8",
        needs: &[&need::PROCFS],
        wrong: "one thread is in another user namespace than its process, or a process of one thread is refused",
        play: |lab| {
            let parent = lab.process("parent")?;
            let target = parent.clone("target", NEWUSER)?;
            let fd = parent.open(target.proc("ns/user"), O_RDONLY)?.id()?;
            let threaded = parent.fork("threaded")?;
            let thread = threaded.clone("thread", THREAD)?;
            threaded.setns(fd, NEWUSER)?;
            thread.setns(fd, NEWUSER)?;
            let single = parent.fork("single")?;
            single.setns(fd, NEWUSER)?;
            parent.diff_ns(ns(single), ns(target))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setns-user-shared-fs",
        claim: "A process that shares its root and current directory with another one may not join a user namespace.",
        sources: &[man("setns(2)", "ERRORS")],
        since: "3.9",
        needs: &[&need::PROCFS],
        wrong: "the process joins while it shares, or is refused when it no longer does",
        play: |lab| {
            let parent = lab.process("parent")?;
            let target = parent.clone("target", NEWUSER)?;
            let joiner = parent.fork("joiner")?;
            let fd = joiner.open(target.proc("ns/user"), O_RDONLY)?.id()?;
            joiner.clone("sharer", CLONE_FS)?;
            joiner.setns(fd, NEWUSER)?;
            parent.diff_ns(ns(joiner), ns(target))?;
            joiner.unshare(CLONE_FS)?;
            joiner.setns(fd, NEWUSER)?;
            parent.diff_ns(ns(joiner), ns(target))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setns-mnt-shared-fs",
        claim: "A process that shares its root and current directory with another one, as every thread does, may not join a mount namespace.",
        sources: &[man("setns(2)", "Details for specific namespace types")],
        since: "3.8",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the process joins while it shares, or is refused when it no longer does",
        play: |lab| {
            let parent = lab.process("parent")?;
            let target = parent.clone("target", NEWNS)?;
            let joiner = parent.fork("joiner")?;
            let fd = joiner.open(target.proc("ns/mnt"), O_RDONLY)?.id()?;
            joiner.clone("thread", THREAD)?;
            joiner.setns(fd, NEWNS)?;
            parent.diff_ns(ns(joiner), ns(target))?;
            joiner.unshare(CLONE_FS)?;
            joiner.setns(fd, NEWNS)?;
            parent.diff_ns(ns(joiner), ns(target))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setns-time-not-threaded",
        claim: "A process of several threads may not join a time namespace: the kernel answers EUSERS.",
        sources: &[man("setns(2)", "ERRORS")],
        since: "5.8",
        needs: &[&need::PROCFS, &need::TIME_NS],
        deviation: Some("setns(2) does not have EUSERS among its errors"),
        wrong: "the process joins with two threads, or is refused with one",
        play: |lab| {
            let parent = lab.process("parent")?;
            let target = parent.clone3("target", NEWTIME, &[])?;
            let fd = parent.open(target.proc("ns/time"), O_RDONLY)?.id()?;
            let threaded = parent.fork("threaded")?;
            threaded.clone("thread", THREAD)?;
            threaded.setns(fd, NEWTIME)?;
            parent.diff_ns(ns(threaded), OWN)?;
            let single = parent.fork("single")?;
            single.setns(fd, NEWTIME)?;
            parent.diff_ns(ns(single), OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setns-eperm-without-cap",
        claim: "Joining a namespace of any kind but user takes CAP_SYS_ADMIN.",
        sources: &[man("setns(2)", "ERRORS")],
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
        wrong: "a kind can be joined without the capability, or not with it",
        play: |lab| {
            let parent = lab.process("parent")?;
            lab.note("a target in new namespaces, and a descriptor of each")?;
            let kinds = [Kind::Cgroup, Kind::Ipc, Kind::Mnt, Kind::Net, Kind::Pid, Kind::Time, Kind::Uts];
            let target = parent.clone3(
                "target",
                NEWCGROUP | NEWIPC | NEWNS | NEWNET | NEWPID | NEWTIME | NEWUTS,
                &[],
            )?;
            let mut fds = Vec::new();
            for kind in kinds {
                fds.push(parent.open(target.proc(&format!("ns/{}", kind.link())), O_RDONLY)?.id()?);
            }
            lab.note("one process lacks the capability, the other one has it")?;
            let without = parent.fork("without")?;
            without.capset_drop(CAP_SYS_ADMIN)?;
            let with = parent.fork("with")?;
            lab.note("each kind in turn, first without the capability")?;
            for (kind, fd) in kinds.into_iter().zip(fds) {
                without.setns(fd, kind.flag())?;
                with.setns(fd, kind.flag())?;
                parent.diff_ns(ns(with), OWN)?;
            }
            parent.diff_ns(ns(without), OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setns-cap-in-both-userns",
        claim: "Joining a UTS namespace takes CAP_SYS_ADMIN twice: in the caller's own user namespace and in the one that owns the target.",
        sources: &[man("setns(2)", "Details for specific namespace types")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::PROCFS, &need::USER_NS, &need::UTS_NS],
        wrong: "a capability in one of the two user namespaces is enough",
        play: |lab| {
            let user = lab.process("user")?;
            let outer_uts = user.open("/proc/self/ns/uts", O_RDONLY)?.id()?;
            let child = user.clone("child", NEWUSER | NEWUTS)?;
            child.sethostname("child.example")?;
            let child_uts = user.open(child.proc("ns/uts"), O_RDONLY)?.id()?;
            let child_user = user.open(child.proc("ns/user"), O_RDONLY)?.id()?;
            lab.note("the user owns the target but has no capability at home")?;
            user.setns(child_uts, NEWUTS)?;
            user.setns(child_user, NEWUSER)?;
            user.setns(child_uts, NEWUTS)?;
            user.gethostname()?;
            lab.note("now it has the capability at home but not over the outer namespace")?;
            user.setns(outer_uts, NEWUTS)?;
            user.gethostname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setns-user-by-owner",
        claim: "The creator of a user namespace may join it from its parent without any capability, and then has all of them in it.",
        sources: &[
            man("setns(2)", "Details for specific namespace types"),
            man("user_namespaces(7)", "Capabilities"),
        ],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::PROCFS, &need::USER_NS],
        wrong: "the owner is refused, or has no capability inside",
        play: |lab| {
            let user = lab.process("user")?;
            let child = user.clone("child", NEWUSER)?;
            let fd = user.open(child.proc("ns/user"), O_RDONLY)?.id()?;
            user.capget()?;
            user.setns(fd, NEWUSER)?;
            user.capget()?;
            user.diff_ns(ns(child), OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setns-mnt-needs-chroot-cap",
        claim: "Joining a mount namespace takes CAP_SYS_CHROOT besides CAP_SYS_ADMIN, since it changes the root directory of the caller.",
        sources: &[man("setns(2)", "Details for specific namespace types")],
        since: "3.8",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "one of the two capabilities is enough",
        play: |lab| {
            let parent = lab.process("parent")?;
            let target = parent.clone("target", NEWNS)?;
            let fd = parent.open(target.proc("ns/mnt"), O_RDONLY)?.id()?;
            lab.note("one of the two capabilities is missing: the joiner stays where it is")?;
            for (name, dropped) in [("admin only", CAP_SYS_CHROOT), ("chroot only", CAP_SYS_ADMIN)] {
                let joiner = parent.fork(name)?;
                joiner.capset_drop(dropped)?;
                joiner.setns(fd, NEWNS)?;
                parent.diff_ns(ns(joiner), ns(target))?;
            }
            lab.note("with both it gets in")?;
            let both = parent.fork("both")?;
            both.setns(fd, NEWNS)?;
            parent.diff_ns(ns(both), ns(target))?;
            Ok(())
        },
        ..CASE
    },
];
