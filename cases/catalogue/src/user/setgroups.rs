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
    Case {
        id: "user.setgroups-default-allow",
        claim: "setgroups is allowed in a user namespace from the start, and in the namespaces made in it.",
        sources: &[man("user_namespaces(7)", "The /proc/pid/setgroups file")],
        since: "3.19",
        needs: &[&need::ROOT_USER_NS, &need::PROCFS, &need::SETGROUPS],
        wrong: "a new user namespace denies what nobody has denied",
        play: |lab| {
            let root = lab.process("root")?;
            root.cat("/proc/self/setgroups")?;
            let inner = clone_mapped(root, "inner", NEWUSER, ROOT_AS_ROOT)?;
            let below = inner.clone("below", NEWUSER)?;
            inner.cat("/proc/self/setgroups")?;
            below.cat("/proc/self/setgroups")?;
            inner.setgroups([0])?;
            inner.getgroups()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.setgroups-no-allow-after-deny",
        claim: "What was denied stays denied: neither a member of the user namespace nor its owner outside can write allow, before the gid map and after it.",
        sources: &[man("user_namespaces(7)", "The /proc/pid/setgroups file")],
        since: "3.19",
        needs: &[&need::ROOT_USER_NS, &need::PROCFS, &need::SETGROUPS],
        wrong: "a process gets rid of a group that it had to keep",
        play: |lab| {
            let root = lab.process("root")?;
            let inner = root.clone("inner", NEWUSER)?;
            inner.echo("deny", "/proc/self/setgroups")?;
            for time in ["before", "after"] {
                lab.note(&format!("{time} the gid map"))?;
                inner.echo("allow", "/proc/self/setgroups")?;
                root.echo("allow", inner.proc("setgroups"))?;
                inner.cat("/proc/self/setgroups")?;
                if time == "before" {
                    root.echo(ROOT_AS_ROOT, inner.proc("gid_map"))?;
                }
            }
            inner.setgroups([])?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.setgroups-inherited",
        claim: "A user namespace begins with the setting of the one above it: where that denies setgroups it cannot allow it, and where that allows it, it may deny it for itself alone.",
        sources: &[man("user_namespaces(7)", "The /proc/pid/setgroups file")],
        since: "3.19",
        needs: &[&need::ROOT_USER_NS, &need::PROCFS, &need::SETGROUPS],
        wrong: "a new namespace is free of the denial above it, or its own denial holds above",
        play: |lab| {
            let root = lab.process("root")?;
            let allowing = root.clone("allowing", NEWUSER)?;
            root.echo(ROOT_AS_ROOT, allowing.proc("uid_map"))?;
            lab.note("one that allows it, and one that denies it")?;
            let denying = root.clone("denying", NEWUSER)?;
            root.echo(ROOT_AS_ROOT, denying.proc("uid_map"))?;
            denying.echo("deny", "/proc/self/setgroups")?;
            lab.note("one below each of them")?;
            for process in [allowing, denying] {
                root.echo(ROOT_AS_ROOT, process.proc("gid_map"))?;
                let below = process.clone(&format!("below-{}", process.name()), NEWUSER)?;
                below.cat("/proc/self/setgroups")?;
                below.echo("allow", "/proc/self/setgroups")?;
                below.echo("deny", "/proc/self/setgroups")?;
                below.cat("/proc/self/setgroups")?;
                process.cat("/proc/self/setgroups")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.setgroups-allow-again",
        claim: "While setgroups is allowed writing allow changes nothing, also after the gid map; deny can be written before it only.",
        sources: &[man("user_namespaces(7)", "The /proc/pid/setgroups file")],
        since: "3.19",
        needs: &[&need::ROOT_USER_NS, &need::PROCFS, &need::SETGROUPS],
        wrong: "a member takes setgroups from the others when they count on it, or a harmless write is refused",
        accepted: &[Accepted {
            mutant: "echo \"allow\" > \"/proc/self/setgroups\"",
            why: "the claim is that this write changes nothing",
        }],
        play: |lab| {
            let root = lab.process("root")?;
            let inner = root.clone("inner", NEWUSER)?;
            inner.echo("allow", "/proc/self/setgroups")?;
            root.echo(ROOT_AS_ROOT, inner.proc("gid_map"))?;
            inner.echo("allow", "/proc/self/setgroups")?;
            inner.echo("deny", "/proc/self/setgroups")?;
            inner.cat("/proc/self/setgroups")?;
            inner.setgroups([0])?;
            inner.getgroups()?;
            Ok(())
        },
        ..CASE
    },
];

/// The claims of this topic that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[Untested {
    id: "user.setgroups-initial-namespace",
    claim: "In the initial user namespace, whose gid map is always there, allow may be written to the setgroups file and deny may not.",
    sources: &[man("user_namespaces(7)", "The /proc/pid/setgroups file")],
    why: "a kernel that gets it wrong would take setgroups(2) from the whole machine for good; the same rule is tested in a user namespace",
    part: Some("user.setgroups-allow-again"),
}];
