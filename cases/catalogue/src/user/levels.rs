//! Privilege across levels: capabilities reach downwards, signals go by user ids.
//!
//! Capabilities in one namespace live in `capabilities`, joining in `setns`.

use super::{NO_CAPABILITY, OWN, OWN_NS, ROOT_AS_ROOT, USER_AS_ROOT, directory};
use crate::prelude::*;

const CAPABILITIES: &str = "Capabilities";

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "user.caps-extend-downwards",
        claim: "A capability that a process has in a user namespace it has in all namespaces below that one, however deep.",
        sources: &[man("user_namespaces(7)", CAPABILITIES)],
        since: "3.8",
        needs: &[&need::PROCFS, &need::MANY_IDS],
        wrong: "a capability ends at the next level, or a process below reaches up",
        play: |lab| {
            let top = lab.process("top")?;
            let middle = top.clone("middle", NEWUSER)?;
            middle.map_ids(OWN, ROOT_AS_ROOT, ROOT_AS_ROOT)?;
            let inner = middle.clone("inner", NEWUSER)?;
            middle.map_ids(directory(inner), ROOT_AS_ROOT, ROOT_AS_ROOT)?;
            lab.note("two ordinary users, one of them with CAP_SYS_ADMIN in the top namespace")?;
            // Opened by root, so that only setns(2) decides; user 1001 owns none of the namespaces.
            let namespace = top.open(inner.proc("ns/user"), O_RDONLY)?.id()?;
            let with = top.fork("with-admin")?;
            with.prctl_set_securebits(SecureBits::SECBIT_KEEP_CAPS)?;
            let without = top.fork("without")?;
            for process in [with, without] {
                process.setresuid(1001, 1001, 1001)?;
            }
            with.capset(CAP_SYS_ADMIN, NO_CAPABILITY)?;
            lab.note("the inner namespace is joined without the capability, then with it")?;
            for process in [without, with] {
                process.capget()?;
                process.setns(namespace, NEWUSER)?;
                process.capget()?;
            }
            lab.note("from below nothing above can even be opened")?;
            inner.capget()?;
            inner.open(top.proc("ns/user"), O_RDONLY)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.owner-has-caps-in-descendants",
        claim: "The owner of a user namespace has all capabilities in the namespaces below it as well, without any in its own; another user has none.",
        sources: &[man("user_namespaces(7)", CAPABILITIES)],
        since: "3.8",
        needs: &[&need::PROCFS, &need::MANY_IDS],
        wrong: "the owner is shut out of a nested namespace, or a stranger gets in",
        play: |lab| {
            let owner = lab.process_as(Credentials::User, "owner")?;
            let middle = owner.clone("middle", NEWUSER)?;
            middle.map_ids(OWN, USER_AS_ROOT, USER_AS_ROOT)?;
            let inner = middle.clone("inner", NEWUSER)?;
            middle.map_ids(directory(inner), ROOT_AS_ROOT, ROOT_AS_ROOT)?;
            lab.note("two processes outside without capabilities: a stranger, and one with the uid of the owner of the upper namespace")?;
            // Opened by root, so that only setns(2) decides.
            let root = lab.process("root")?;
            let namespace = root.open(inner.proc("ns/user"), O_RDONLY)?.id()?;
            let stranger = root.fork("stranger")?;
            stranger.setresgid(1001, 1001, 1001)?;
            stranger.setresuid(1001, 1001, 1001)?;
            let same_user = root.fork("same-user")?;
            same_user.setresgid(1000, 1000, 1000)?;
            same_user.setresuid(1000, 1000, 1000)?;
            lab.note("both try to join the lower namespace")?;
            for process in [stranger, same_user] {
                process.capget()?;
                process.setns(namespace, NEWUSER)?;
                process.getresuid()?;
                process.capget()?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.owner-may-signal-inside",
        claim: "The owner of a user namespace may signal every process in it, whatever user ids that process has taken; another user may not.",
        sources: &[man("user_namespaces(7)", CAPABILITIES), man("kill(2)", "DESCRIPTION")],
        since: "3.8",
        needs: &[&need::PROCFS, &need::MANY_IDS],
        wrong: "a process inside withdraws itself from its owner by a change of ids, or a stranger may signal it",
        play: |lab| {
            let root = lab.process("root")?;
            let owner = root.fork("owner")?;
            owner.setresgid(1000, 1000, 1000)?;
            owner.setresuid(1000, 1000, 1000)?;
            owner.prctl_set_dumpable(Dumpable::SUID_DUMP_USER)?;
            lab.note("the process inside takes a uid that is another one than its owner has")?;
            let inner = owner.clone("inner", NEWUSER)?;
            root.echo("0 1000 1\n1 1100 1\n", inner.proc("uid_map"))?;
            inner.setresuid(1, 1, 1)?;
            let stranger = root.fork("stranger")?;
            stranger.setresuid(1001, 1001, 1001)?;
            lab.note("the owner may send a signal all the same")?;
            for process in [owner, stranger] {
                process.getresuid()?;
                process.kill(inner.sealed(), Signal(0))?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.inside-root-signals-own-kuid",
        claim: "The root of a user namespace may signal those processes outside that run as the same user outside, and no others.",
        sources: &[man("user_namespaces(7)", CAPABILITIES), man("kill(2)", "DESCRIPTION")],
        since: "3.8",
        needs: &[&need::PROCFS, &need::MANY_IDS],
        wrong: "uid 0 inside counts as uid 0 outside",
        play: |lab| {
            let root = lab.process("root")?;
            let user = root.fork("user")?;
            user.setresgid(1000, 1000, 1000)?;
            user.setresuid(1000, 1000, 1000)?;
            user.prctl_set_dumpable(Dumpable::SUID_DUMP_USER)?;
            let inner = user.clone("inner", NEWUSER)?;
            inner.map_ids(OWN, USER_AS_ROOT, USER_AS_ROOT)?;
            inner.capget()?;
            inner.kill(user.sealed(), Signal(0))?;
            inner.kill(root.sealed(), Signal(0))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.signal-across-siblings",
        claim: "Signals go by user ids and not by namespaces: processes of one user outside signal each other across sibling user namespaces, those of two users do not.",
        sources: &[man("kill(2)", "DESCRIPTION"), man("user_namespaces(7)", CAPABILITIES)],
        since: "3.8",
        needs: &[&need::PROCFS, &need::MANY_IDS],
        wrong: "the same number inside is enough, or the same user outside is not",
        play: |lab| {
            let root = lab.process("root")?;
            let mut inside = Vec::new();
            for (name, id) in [("first", 1000), ("sibling", 1000), ("stranger", 1001)] {
                let process = root.clone(name, NEWUSER)?;
                root.echo(format!("0 {id} 1"), process.proc("uid_map"))?;
                process.setresuid(0, 0, 0)?;
                inside.push(process);
            }
            inside[0].kill(inside[1].sealed(), Signal(0))?;
            inside[0].kill(inside[2].sealed(), Signal(0))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.identity-map-is-still-unprivileged",
        claim: "A user namespace that maps root to itself gives access to the files of root, and no privilege over the namespaces outside.",
        sources: &[man("user_namespaces(7)", CAPABILITIES)],
        since: "3.8",
        needs: &[&need::PROCFS],
        wrong: "root of such a namespace changes a namespace that it does not own",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.creat_excl("of-root")?;
            let inner = outer.clone("inner", NEWUSER)?;
            inner.map_ids(OWN, ROOT_AS_ROOT, ROOT_AS_ROOT)?;
            inner.getresuid()?;
            inner.capget()?;
            inner.chmod("of-root", 0o604)?;
            outer.stat_owner("of-root")?;
            inner.sethostname("changed")?;
            inner.mount("none", "/tmp", "tmpfs", super::NO_FLAGS, "")?;
            outer.sethostname("changed")?;
            inner.gethostname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.caps-reset-on-create",
        claim: "A new user namespace gives its first process the whole bounding set again, and empty inheritable and ambient sets, whatever they were.",
        sources: &[man("user_namespaces(7)", CAPABILITIES), man("capabilities(7)", "Thread capability sets")],
        since: "3.8",
        needs: &[&need::PROCFS],
        wrong: "a set of the old namespace is carried over into the new one",
        play: |lab| {
            let outer = lab.process("first")?.clone("outer", NEWUSER)?;
            outer.map_ids(OWN, ROOT_AS_ROOT, ROOT_AS_ROOT)?;
            outer.prctl_capbset_drop(CAP_SYS_BOOT)?;
            outer.capset(CAP_CHOWN | CAP_SETUID, CAP_CHOWN)?;
            outer.prctl_cap_ambient_raise(CAP_CHOWN)?;
            outer.cat_capabilities("/proc/self/status")?;
            let cloned = outer.clone("cloned", NEWUSER)?;
            let unshared = outer.fork("unshared")?;
            unshared.unshare(NEWUSER)?;
            for process in [cloned, unshared] {
                process.cat_capabilities("/proc/self/status")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.nested",
        claim: "User namespaces nest: the parent of each is the one that its creator was in.",
        sources: &[man("user_namespaces(7)", "Nested namespaces, namespace membership")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "the parent is another namespace than the creator's",
        play: |lab| {
            let outer = lab.process("outer")?;
            let middle = outer.clone("middle", NEWUSER)?;
            middle.map_ids(OWN, USER_AS_ROOT, USER_AS_ROOT)?;
            let inner = middle.clone("inner", NEWUSER)?;
            for process in [outer, middle, inner] {
                process.readlink(OWN_NS)?;
            }
            for below in [middle, inner] {
                let namespace = outer.open(below.proc("ns/user"), O_RDONLY)?.id()?;
                let parent = outer.ioctl_parent(namespace)?.id()?;
                outer.fstat_ns(parent)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.clone-moves-only-child",
        claim: "clone and clone3 with CLONE_NEWUSER move the child alone into the new user namespace; unshare moves the caller.",
        sources: &[man("user_namespaces(7)", "Nested namespaces, namespace membership")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS, &need::CLONE3],
        wrong: "the creator is moved along, or the caller of unshare stays",
        play: |lab| {
            let creator = lab.process("creator")?;
            creator.readlink(OWN_NS)?;
            let cloned = creator.clone("cloned", NEWUSER)?;
            let cloned3 = creator.clone3("cloned3", NEWUSER, &[])?;
            let member = cloned.fork("member")?;
            for process in [creator, cloned, cloned3, member] {
                process.readlink(OWN_NS)?;
            }
            creator.unshare(NEWUSER)?;
            creator.readlink(OWN_NS)?;
            creator.capget()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.sysctl-hostname",
        claim: "The root of a user namespace that owns a UTS namespace sets its host name by sethostname and not by the file in /proc/sys, which belongs to root outside.",
        sources: &[man("proc_sys_kernel(5)", "hostname"), man("user_namespaces(7)", CAPABILITIES)],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS, &need::PLAIN_UID],
        wrong: "the file is open to a user without privilege outside",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWUSER | NEWUTS)?;
            inner.map_ids(OWN, USER_AS_ROOT, USER_AS_ROOT)?;
            inner.geteuid()?;
            inner.capget()?;
            inner.open("/proc/sys/kernel/hostname", OpenFlags::O_WRONLY)?;
            inner.sethostname("inner.example")?;
            inner.cat("/proc/sys/kernel/hostname")?;
            outer.gethostname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.setns-pidfd-combination",
        claim: "With a pidfd its owner joins a user namespace and namespaces that belong to it in one call; without the user namespace among them the same call is refused.",
        sources: &[man("setns(2)", "fd refers to a PID file descriptor")],
        since: "5.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS, &need::PIDFD_SETNS],
        wrong: "the other kinds are checked before the capabilities of the new user namespace count",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWUSER | NEWUTS | NEWIPC)?;
            let pidfd = outer.pidfd_open(inner, 0)?.id()?;
            outer.setns(pidfd, NEWUTS | NEWIPC)?;
            outer.diff_ns("/proc/self/ns", inner.proc("ns"))?;
            outer.setns(pidfd, NEWUSER | NEWUTS | NEWIPC)?;
            outer.diff_ns("/proc/self/ns", inner.proc("ns"))?;
            outer.capset(NO_CAPABILITY, NO_CAPABILITY)?;
            outer.sethostname("refused")?;
            inner.sethostname("allowed")?;
            outer.gethostname()?;
            Ok(())
        },
        ..CASE
    },
];
