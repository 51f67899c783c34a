//! User and group ids inside and outside, and how the kind is named.
//!
//! Ids without a mapping live in `unmapped`, the maps themselves in `maps`.

use super::{OWN, USER_AS_ROOT};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "user.isolates-uids-and-gids",
        claim: "User namespaces isolate the numbers by which users and groups are known: each namespace has numbers of its own, and a number of one means nothing in another.",
        sources: &[SEED, man("user_namespaces(7)", "DESCRIPTION")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "the numbers of one namespace are those of the other, or may be taken in it",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.getresuid()?;
            outer.getresgid()?;
            let inner = outer.clone("inner", NEWUSER)?;
            inner.map_ids(OWN, "0 1000 1", "5 1000 1")?;
            inner.getresuid()?;
            inner.getresgid()?;
            lab.note("1000 is nobody's number inside")?;
            inner.setresuid(1000, 1000, 1000)?;
            inner.setresgid(1000, 1000, 1000)?;
            outer.getresuid()?;
            outer.getresgid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.ids-differ-inside-and-outside",
        claim: "A process can have other user and group ids inside its user namespace than outside of it.",
        sources: &[SEED, man("user_namespaces(7)", "DESCRIPTION")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "both readers of the same status file see the same ids",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWUSER)?;
            inner.map_ids(OWN, "200 1000 1", "300 1000 1")?;
            for reader in [inner, outer] {
                reader.field(inner.proc("status"), "Uid")?;
                reader.field(inner.proc("status"), "Gid")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.uid0-inside-normal-outside",
        claim: "A process that is root inside, with user id 0, is an ordinary user outside: what it creates belongs to that user.",
        sources: &[SEED, man("user_namespaces(7)", "DESCRIPTION")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "the process or its file belongs to user 0 outside too",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWUSER)?;
            inner.map_ids(OWN, USER_AS_ROOT, USER_AS_ROOT)?;
            inner.geteuid()?;
            outer.field(inner.proc("status"), "Uid")?;
            inner.creat_excl("file")?;
            inner.stat_owner("file")?;
            outer.stat_owner("file")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.flag-clone-newuser",
        claim: "CLONE_NEWUSER is the flag for user namespaces: it makes a new one and no namespace of another type.",
        sources: &[SEED, man("clone(2)", "CLONE_NEWUSER"), man("namespaces(7)", "Namespace types")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "a namespace of another type is new, or a user namespace names another flag as its own",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWUSER)?;
            lab.note("only the user link differs")?;
            outer.diff_ns("/proc/self/ns", inner.proc("ns"))?;
            let namespace = outer.open(inner.proc("ns/user"), O_RDONLY)?.id()?;
            outer.ioctl_nstype(namespace)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.six-types-then",
        claim: "The article counts six types of namespaces; cgroup and time namespaces came later. A process has a link in /proc for each of the eight types, and two more for those that its children will be in.",
        sources: &[SEED, man("namespaces(7)", "The /proc/pid/ns/ directory")],
        since: "5.6",
        needs: &[
            &need::CGROUP_NS,
            &need::IPC_NS,
            &need::MNT_NS,
            &need::NET_NS,
            &need::PID_NS,
            &need::TIME_NS,
            &need::UTS_NS,
            &need::PROCFS,
        ],
        wrong: "a type of namespace has no link, or one that is not documented has",
        play: |lab| {
            lab.process("process")?.readdir("/proc/self/ns")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.each-process-in-one",
        claim: "Each process is in one user namespace, that of its creator unless it gets a new one: children and threads are in it, and stay in it after execve and when the creator is gone.",
        sources: &[man("user_namespaces(7)", "Nested namespaces, namespace membership")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS, &need::PROGRAM],
        wrong: "a child falls back to the namespace outside, or goes there with the end of its creator",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWUSER)?;
            let child = inner.fork("child")?;
            let grandchild = child.fork("grandchild")?;
            let thread = grandchild.clone("thread", THREAD)?;
            child.execve(PROGRAM)?;
            child.field("/proc/self/status", "Name")?;
            inner.exit(0)?;
            outer.waitpid(inner, WaitOptions::empty())?;
            for process in [outer, child, grandchild, thread] {
                process.readlink("/proc/thread-self/ns/user")?;
            }
            Ok(())
        },
        ..CASE
    },
];
