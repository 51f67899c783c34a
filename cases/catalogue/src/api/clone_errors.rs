//! Combinations of flags and states in which clone(2) and clone3(2) refuse.

use super::{CLONE_FS, CLONE_PARENT, OWN, ns};
use crate::prelude::*;

const CLONE_SYSVSEM: Flags = Flags::CLONE_SYSVSEM;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "api.clone-newns-fs-einval",
        claim: "CLONE_NEWNS and CLONE_FS exclude each other: a process in another mount namespace cannot share its root and current directory.",
        sources: &[man("clone(2)", "ERRORS")],
        needs: &[&need::KCMP, &need::MNT_NS, &need::PROCFS],
        wrong: "the combination is accepted, or one of the flags alone is refused",
        play: |lab| {
            let parent = lab.process("parent")?;
            parent.try_clone("child", NEWNS | CLONE_FS)?;
            let mount = parent.clone("mount", NEWNS)?;
            parent.diff_ns(ns(mount), OWN)?;
            let sharer = parent.clone("sharer", CLONE_FS)?;
            parent.kcmp(parent.sealed(), mount, Resource::KCMP_FS)?;
            parent.kcmp(parent.sealed(), sharer, Resource::KCMP_FS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.clone-newuser-fs-einval",
        claim: "CLONE_NEWUSER and CLONE_FS exclude each other.",
        sources: &[man("clone(2)", "ERRORS")],
        since: "3.9",
        needs: &[&need::KCMP, &need::PROCFS],
        wrong: "the combination is accepted, or one of the flags alone is refused",
        play: |lab| {
            let parent = lab.process("parent")?;
            parent.try_clone("child", NEWUSER | CLONE_FS)?;
            let user = parent.clone("user", NEWUSER)?;
            parent.diff_ns(ns(user), OWN)?;
            let sharer = parent.clone("sharer", CLONE_FS)?;
            parent.kcmp(parent.sealed(), user, Resource::KCMP_FS)?;
            parent.kcmp(parent.sealed(), sharer, Resource::KCMP_FS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.clone-newipc-sysvsem-einval",
        claim: "CLONE_NEWIPC and CLONE_SYSVSEM exclude each other: a list of semaphore adjustments cannot be shared across IPC namespaces.",
        sources: &[man("clone(2)", "ERRORS")],
        needs: &[&need::IPC_NS, &need::KCMP, &need::PROCFS],
        wrong: "the combination is accepted, or one of the flags alone is refused",
        play: |lab| {
            let parent = lab.process("parent")?;
            parent.try_clone("child", NEWIPC | CLONE_SYSVSEM)?;
            let ipc = parent.clone("ipc", NEWIPC)?;
            parent.diff_ns(ns(ipc), OWN)?;
            let sharer = parent.clone("sharer", CLONE_SYSVSEM)?;
            parent.kcmp(parent.sealed(), ipc, Resource::KCMP_SYSVSEM)?;
            parent.kcmp(parent.sealed(), sharer, Resource::KCMP_SYSVSEM)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.clone-newpid-thread-einval",
        claim: "A thread cannot be put into a PID namespace of its own: CLONE_NEWPID and CLONE_THREAD exclude each other.",
        sources: &[
            man("clone(2)", "ERRORS"),
            man("pid_namespaces(7)", "Compatibility of CLONE_NEWPID with other CLONE_* flags"),
        ],
        needs: &[&need::PID_NS],
        wrong: "the combination is accepted, or one of the flags alone is refused",
        play: |lab| {
            let process = lab.process("process")?;
            process.try_clone("thread", THREAD | NEWPID)?;
            let child = process.clone("child", NEWPID)?;
            child.getpid()?;
            let thread = process.clone("thread", THREAD)?;
            thread.getpid()?;
            process.getpid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.clone-newuser-thread-einval",
        claim: "The threads of a process share one user namespace: CLONE_NEWUSER and CLONE_THREAD exclude each other.",
        sources: &[man("clone(2)", "ERRORS")],
        since: "3.8",
        needs: &[&need::PROCFS],
        wrong: "the combination is accepted, or one of the flags alone is refused",
        play: |lab| {
            let process = lab.process("process")?;
            process.try_clone("thread", THREAD | NEWUSER)?;
            let child = process.clone("child", NEWUSER)?;
            process.diff_ns(ns(child), OWN)?;
            let thread = process.clone("thread", THREAD)?;
            thread.getpid()?;
            thread.diff_ns("/proc/thread-self/ns", OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.clone-parent-by-init-einval",
        claim: "The init process of a PID namespace may not use CLONE_PARENT: a sibling of init would have its parent outside.",
        sources: &[man("clone(2)", "ERRORS")],
        since: "2.6.32",
        needs: &[&need::PID_NS],
        wrong: "init gets a sibling, or another process of the namespace gets none",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            init.getpid()?;
            init.try_clone("sibling", CLONE_PARENT)?;
            let child = init.fork("child")?;
            let sibling = child.clone("sibling", CLONE_PARENT)?;
            sibling.getppid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.clone-thread-after-unshare-pid",
        claim: "Once a process has asked for its children to be in another PID namespace it can create no thread, which would have to be in its own, until it takes that back.",
        sources: &[
            man("clone(2)", "ERRORS"),
            man("pid_namespaces(7)", "Compatibility of CLONE_NEWPID with other CLONE_* flags"),
        ],
        since: "3.8",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "a thread is created in between, or refused before or after",
        play: |lab| {
            let process = lab.process("process")?;
            let own = process.open("/proc/self/ns/pid", O_RDONLY)?.id()?;
            process.unshare(NEWPID)?;
            process.try_clone("thread", THREAD)?;
            let child = process.fork("child")?;
            child.getpid()?;
            process.try_clone("thread", THREAD)?;
            process.setns(own, NEWPID)?;
            let thread = process.clone("thread", THREAD)?;
            thread.getpid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.clone-newuser-chroot-eperm",
        claim: "A process whose root directory is not that of its mount namespace may not create a user namespace: it would gain the right to leave that directory.",
        sources: &[man("clone(2)", "ERRORS"), man("unshare(2)", "ERRORS")],
        since: "3.9",
        needs: &[&need::PROCFS],
        wrong: "the user namespace is created, or refused without the change of root",
        play: |lab| {
            let parent = lab.process("parent")?;
            let before = parent.clone("before", NEWUSER)?;
            parent.diff_ns(ns(before), OWN)?;
            let confined = parent.fork("confined")?;
            confined.mkdir("/tmp/jail", 0o755)?;
            confined.chroot("/tmp/jail")?;
            confined.unshare(NEWUSER)?;
            confined.try_clone("child", NEWUSER)?;
            parent.diff_ns(ns(confined), OWN)?;
            Ok(())
        },
        ..CASE
    },
];
