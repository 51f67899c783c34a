//! /proc/PID/setgroups: when setgroups(2) is allowed, and why it can be denied.
//!
//! That a gid map needs the denial lives in `map_permission`.

use super::{OWN, ROOT_AS_ROOT, USER_AS_ROOT};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "user.setgroups-needs-gid-map",
        claim: "While a user namespace has no gid map setgroups is refused in it, though it is not denied.",
        sources: &[man("user_namespaces(7)", "The /proc/pid/setgroups file")],
        since: "3.19",
        needs: &[&need::PROCFS, &need::SETGROUPS],
        wrong: "groups can be dropped before any is mapped",
        play: |lab| {
            let root = lab.process("root")?;
            root.setgroups([0, 1001])?;
            let inner = root.clone("inner", NEWUSER)?;
            inner.cat("/proc/self/setgroups")?;
            inner.setgroups([])?;
            inner.getgroups()?;
            root.echo(ROOT_AS_ROOT, inner.proc("gid_map"))?;
            inner.getgroups()?;
            inner.setgroups([])?;
            inner.getgroups()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.setgroups-deny-works",
        claim: "Once setgroups is denied to a user namespace no process in it can use it, in the namespaces below it neither, and there is no way back.",
        sources: &[man("user_namespaces(7)", "The /proc/pid/setgroups file")],
        since: "3.19",
        needs: &[&need::PROCFS, &need::SETGROUPS],
        wrong: "a process drops a group after all, or allows it again",
        play: |lab| {
            let root = lab.process("root")?;
            root.setgroups([0, 1001])?;
            let inner = root.clone("inner", NEWUSER)?;
            inner.echo("deny", "/proc/self/setgroups")?;
            inner.cat("/proc/self/setgroups")?;
            root.echo(ROOT_AS_ROOT, inner.proc("uid_map"))?;
            root.echo(ROOT_AS_ROOT, inner.proc("gid_map"))?;
            lab.note("a namespace below inherits the refusal")?;
            let below = inner.clone("below", NEWUSER)?;
            inner.echo(ROOT_AS_ROOT, below.proc("gid_map"))?;
            for process in [inner, below] {
                process.setgroups([])?;
                process.echo("allow", "/proc/self/setgroups")?;
                process.cat("/proc/self/setgroups")?;
                process.getgroups()?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.setgroups-protects-negative-groups",
        claim: "A file that its group may not read though everybody else may stays closed to a member of that group, who cannot leave the group by way of a user namespace.",
        sources: &[man("user_namespaces(7)", "The /proc/pid/setgroups file")],
        since: "3.19",
        needs: &[&need::PROCFS, &need::MANY_IDS, &need::SETGROUPS],
        wrong: "the member reads the file from a user namespace",
        play: |lab| {
            let root = lab.process("root")?;
            root.creat_excl("file")?;
            root.chown("file", -1, 1001)?;
            root.chmod("file", 0o604)?;
            root.stat_owner("file")?;
            lab.note("a stranger may read the file, a member of the group may not")?;
            let stranger = root.fork("stranger")?;
            let member = root.fork("member")?;
            for (process, group) in [(stranger, 1002), (member, 1001)] {
                process.setgroups([group])?;
                process.setresuid(1000, 1000, 1000)?;
                process.geteuid()?;
                process.getgroups()?;
                process.cat("file")?;
            }
            lab.note("in a user namespace of its own the member cannot leave the group")?;
            member.prctl_set_dumpable(Dumpable::SUID_DUMP_USER)?;
            member.unshare(NEWUSER)?;
            member.map_ids(OWN, USER_AS_ROOT, ROOT_AS_ROOT)?;
            member.geteuid()?;
            member.setgroups([])?;
            member.getgroups()?;
            member.cat("file")?;
            Ok(())
        },
        ..CASE
    },
];
