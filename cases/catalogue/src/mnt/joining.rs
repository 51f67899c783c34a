//! Which mount namespace a process is in: who may change it, what changes with it and what does not.
//!
//! New namespaces live in `creation` and `copies`.

use super::{MOUNT_NAMESPACES, bind_on, tmpfs, with_older_namespace};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.exec-keeps-namespace",
        claim: "A process that executes a program stays in its mount namespace and sees its mounts.",
        sources: &[man("mount(2)", "Per-process namespaces"), man("execve(2)", "DESCRIPTION")],
        since: "2.4.19",
        needs: &[&need::PROGRAM, &need::PROCFS],
        wrong: "the program runs in the namespace of the parent",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWNS)?;
            tmpfs(inner, "/tmp/d")?;
            outer.readlink("/proc/self/ns/mnt")?;
            inner.readlink("/proc/self/ns/mnt")?;
            inner.execve(PROGRAM)?;
            inner.cat("/proc/self/comm")?;
            inner.readlink("/proc/self/ns/mnt")?;
            inner.mount_points("/tmp")?;
            outer.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.unshare-affects-calling-thread",
        claim: "unshare gives a mount namespace to the calling thread; the other threads of the process stay where they were.",
        sources: &[man("unshare(2)", "DESCRIPTION")],
        since: "2.6.16",
        needs: &[&need::PROCFS],
        wrong: "another thread of the process changes its namespace too, or sees the mounts of the new one",
        play: |lab| {
            let process = lab.process("process")?;
            let thread = process.clone("thread", THREAD)?;
            for one in [process, thread] {
                one.readlink("/proc/thread-self/ns/mnt")?;
            }
            thread.unshare(NEWNS)?;
            tmpfs(thread, "/tmp/d")?;
            for one in [process, thread] {
                one.readlink("/proc/thread-self/ns/mnt")?;
                one.mount_points("/tmp")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.setns-capabilities",
        claim: "Who joins a mount namespace needs CAP_SYS_ADMIN in the user namespace that owns it, and CAP_SYS_CHROOT and CAP_SYS_ADMIN in the own one: the root of a user namespace cannot join that of its parent.",
        sources: &[man("setns(2)", "Details for specific namespace types")],
        since: "3.8",
        needs: &[&need::PROCFS],
        wrong: "all capabilities in the joiner's own user namespace are enough",
        play: |lab| {
            let outer = lab.process("outer")?;
            let foreign = outer.open("/proc/self/ns/mnt", O_RDONLY)?.id()?;
            let inner = outer.clone("inner", NEWUSER | NEWNS)?;
            let sibling = inner.clone("sibling", NEWNS)?;
            let own = inner.open(sibling.proc("ns/mnt"), O_RDONLY)?.id()?;
            inner.setns(foreign, NEWNS)?;
            inner.readlink("/proc/self/ns/mnt")?;
            inner.setns(own, NEWNS)?;
            for process in [outer, inner, sibling] {
                process.readlink("/proc/self/ns/mnt")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.setns-owned-by-userns",
        claim: "The user who made a user namespace with a mount namespace cannot join the latter from outside; having joined the user namespace, that user can.",
        sources: &[
            man("setns(2)", "Details for specific namespace types"),
            man("setns(2)", "User namespaces"),
        ],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "the uid of the creator is enough, or joining the user namespace is not",
        play: |lab| {
            let creator = lab.process("creator")?;
            let inner = creator.clone("inner", NEWUSER | NEWNS)?;
            let mounts = creator.open(inner.proc("ns/mnt"), O_RDONLY)?.id()?;
            let user = creator.open(inner.proc("ns/user"), O_RDONLY)?.id()?;
            creator.setns(mounts, NEWNS)?;
            creator.readlink("/proc/self/ns/mnt")?;
            creator.setns(user, NEWUSER)?;
            creator.setns(mounts, NEWNS)?;
            creator.readlink("/proc/self/ns/mnt")?;
            inner.readlink("/proc/self/ns/mnt")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.setns-resets-root-and-cwd",
        claim: "A process that joins a mount namespace, even its own, gets the root of that namespace as root and current directory, wherever it was confined before.",
        sources: &[man("setns(2)", "Details for specific namespace types")],
        since: "3.8",
        needs: &[&need::PROCFS],
        wrong: "the process keeps a root or current directory of the namespace that it left",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWNS)?;
            tmpfs(inner, "/tmp/of-inner")?;
            outer.mkdir("/tmp/jail", 0o755)?;
            outer.mkdir("/tmp/jail/work", 0o755)?;
            lab.note("a confined process joins another namespace, then one joins its own: both are at the root of it")?;
            for (joiner, target) in [("into another", inner), ("into its own", outer)] {
                let joiner = outer.fork(joiner)?;
                let namespace = joiner.open(target.proc("ns/mnt"), O_RDONLY)?.id()?;
                joiner.chroot("/tmp/jail")?;
                joiner.chdir("/work")?;
                joiner.readdir("/")?;
                joiner.getcwd()?;
                joiner.setns(namespace, NEWNS)?;
                joiner.getcwd()?;
                joiner.mount_points("/tmp")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.bind-mnt-ns-onto-shared-einval",
        claim: "A mount namespace's file cannot be bound under a shared mount that has a peer in that namespace, where it would arrive and hold itself; under a private mount it can.",
        sources: &[man("mount(2)", "ERRORS")],
        since: "3.8",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the file is bound, and the namespace holds a mount of itself",
        play: |lab| {
            let outer = with_older_namespace(lab, "outer")?;
            tmpfs(outer, "/tmp/shared")?;
            outer.mount("", "/tmp/shared", "", MountFlags::MS_SHARED, "")?;
            tmpfs(outer, "/tmp/private")?;
            let inner = outer.clone("inner", NEWNS)?;
            inner.propagation("/tmp/shared")?;
            for place in ["/tmp/shared/file", "/tmp/private/file"] {
                outer.creat_excl(place)?;
                bind_on(outer, &inner.proc("ns/mnt"), place)?;
            }
            outer.mount_points("/tmp")?;
            inner.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.owner-is-creators-userns",
        claim: "A mount namespace belongs to the user namespace of the process that made it, or to the new one that is made in the same call.",
        sources: &[
            man(MOUNT_NAMESPACES, "Restrictions on mount namespaces"),
            man("NS_GET_USERNS(2const)", "DESCRIPTION"),
        ],
        since: "4.9",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the namespace belongs to the user namespace of another process",
        play: |lab| {
            let outer = lab.process("outer")?;
            let alone = outer.clone("alone", NEWNS)?;
            let together = outer.clone("together", NEWUSER | NEWNS)?;
            let within = together.clone("within", NEWNS)?;
            lab.note("for each: its user namespace, its mount namespace, and the owner of that")?;
            for process in [outer, alone, together, within] {
                process.readlink("/proc/self/ns/user")?;
                process.readlink("/proc/self/ns/mnt")?;
                let namespace = process.open("/proc/self/ns/mnt", O_RDONLY)?.id()?;
                let owner = process.ioctl_userns(namespace)?.id()?;
                process.fstat_ns(owner)?;
            }
            Ok(())
        },
        ..CASE
    },
];

/// Claims that are not tested.
pub const UNTESTED: &[Untested] = &[Untested {
    id: "mnt.unshare1-makes-private",
    claim: "unshare(1) makes all mounts of the new mount namespace private, unless its option --propagation says otherwise.",
    sources: &[man(MOUNT_NAMESPACES, "NOTES"), man("unshare(1)", "--propagation")],
    why: "It is a rule of a program of util-linux, not of the kernel; the calls that the program makes for it are cases.",
    part: Some("mnt.prop-rec"),
}];
