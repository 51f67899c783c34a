//! Who may write a map, and which ids it may name.
//!
//! The form of the maps lives in `maps`, setgroups(2) itself in `setgroups`.

use super::{NO_CAPABILITY, OWN, ROOT_AS_ROOT, USER_AS_ROOT};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "user.map-needs-setid-cap",
        claim: "Who writes a uid map needs CAP_SYS_ADMIN in the user namespace that it is for; CAP_SETUID there is neither needed nor enough.",
        sources: &[man("user_namespaces(7)", "Defining user and group ID mappings")],
        since: "3.5",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        deviation: Some(
            "the writer needs CAP_SETUID (for gid_map CAP_SETGID) in the user namespace of the process",
        ),
        wrong: "a writer without CAP_SYS_ADMIN is let through",
        play: |lab| {
            let outer = lab.process("outer")?;
            let without_setuid = outer.clone("without-setuid", NEWUSER)?;
            without_setuid.capset_drop(CAP_SETUID)?;
            let without_admin = outer.clone("without-admin", NEWUSER)?;
            without_admin.capset_drop(CAP_SYS_ADMIN)?;
            let with_neither = outer.clone("with-neither", NEWUSER)?;
            with_neither.capset(NO_CAPABILITY, NO_CAPABILITY)?;
            lab.note("each writes its own map")?;
            for process in [without_setuid, without_admin, with_neither] {
                process.capget()?;
                process.echo(USER_AS_ROOT, "/proc/self/uid_map")?;
                process.geteuid()?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.map-writer-namespace",
        claim: "A map can be written from the namespace itself or from its parent, not from further up.",
        sources: &[man("user_namespaces(7)", "Defining user and group ID mappings")],
        since: "3.5",
        needs: &[&need::PROCFS],
        wrong: "the grandparent's namespace may write, or the parent's may not",
        play: |lab| {
            let top = lab.process("top")?;
            let middle = top.clone("middle", NEWUSER)?;
            middle.map_ids(OWN, ROOT_AS_ROOT, ROOT_AS_ROOT)?;
            let first = middle.clone("first", NEWUSER)?;
            let second = middle.clone("second", NEWUSER)?;
            top.echo(ROOT_AS_ROOT, first.proc("uid_map"))?;
            first.geteuid()?;
            middle.echo(ROOT_AS_ROOT, first.proc("uid_map"))?;
            first.geteuid()?;
            second.echo(ROOT_AS_ROOT, second.proc("uid_map"))?;
            second.geteuid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.map-unprivileged-own-id",
        claim: "Without CAP_SETUID in the parent namespace one can map a single id: the writer's own effective user id, to any number inside.",
        sources: &[
            man("user_namespaces(7)", "Defining user and group ID mappings"),
            text("LWN 532593, Namespaces in operation, part 5"),
        ],
        since: "3.5",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "an ordinary user takes on the id of another user",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.capget()?;
            let inner = outer.clone("inner", NEWUSER)?;
            for (writer, map) in
                [(outer, "0 1001 1"), (inner, "0 0 1"), (outer, "0 1000 2"), (inner, "0 1000 1\n1 1001 1")]
            {
                writer.echo(map, inner.proc("uid_map"))?;
            }
            inner.geteuid()?;
            outer.echo("200 1000 1", inner.proc("uid_map"))?;
            inner.geteuid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.map-privileged-writer-arbitrary",
        claim: "With CAP_SETUID and CAP_SETGID in the parent namespace one can map any ids of it, in several lines, and setgroups stays allowed.",
        sources: &[man("user_namespaces(7)", "Defining user and group ID mappings")],
        since: "3.5",
        needs: &[&need::PROCFS, &need::MANY_IDS, &need::SETGROUPS],
        wrong: "the writer is held to its own id, or must deny setgroups first",
        play: |lab| {
            let root = lab.process("root")?;
            let inner = clone_mapped(root, "inner", NEWUSER, "0 1000 1\n5 1001 2")?;
            inner.cat_map("/proc/self/uid_map")?;
            inner.cat("/proc/self/setgroups")?;
            inner.setgroups([5, 6])?;
            inner.getgroups()?;
            inner.setresuid(5, 5, 5)?;
            inner.getresuid()?;
            root.field(inner.proc("status"), "Uid")?;
            root.field(inner.proc("status"), "Groups")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.gid-map-needs-setgroups-deny",
        claim: "An ordinary user can write a gid map only after setgroups has been denied to the namespace.",
        sources: &[man("user_namespaces(7)", "Defining user and group ID mappings")],
        since: "3.19",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS, &need::SETGROUPS],
        wrong: "an ordinary user has a group mapped and can drop its groups",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWUSER)?;
            inner.cat("/proc/self/setgroups")?;
            inner.echo(USER_AS_ROOT, "/proc/self/gid_map")?;
            inner.getresgid()?;
            inner.echo("deny", "/proc/self/setgroups")?;
            inner.echo(USER_AS_ROOT, "/proc/self/gid_map")?;
            inner.getresgid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.dumpable-blocks-map",
        claim: "A process that changed its effective id cannot write the maps of its children, whose files belong to root, until it says that it may be dumped.",
        sources: &[
            man("user_namespaces(7)", "Defining user and group ID mappings"),
            man("PR_SET_DUMPABLE(2const)", "DESCRIPTION"),
        ],
        since: "3.8",
        needs: &[&need::PROCFS, &need::MANY_IDS],
        wrong: "the files belong to the new id at once, or remain root's",
        play: |lab| {
            let process = lab.process("process")?;
            process.setresuid(1000, 1000, 1000)?;
            let before = process.clone("before", NEWUSER)?;
            process.getresuid()?;
            process.prctl_set_dumpable(Dumpable::SUID_DUMP_USER)?;
            let after = process.clone("after", NEWUSER)?;
            for child in [before, after] {
                process.stat_owner(child.proc("uid_map"))?;
                process.echo(USER_AS_ROOT, child.proc("uid_map"))?;
                child.geteuid()?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.map-other-user-eacces",
        claim: "The files by which ids are mapped and setgroups is denied belong to the user of the process: another user may read them and opens none of them for writing.",
        sources: &[
            man("user_namespaces(7)", "User and group ID mappings: uid_map and gid_map"),
            text("LWN 532593, Namespaces in operation, part 5"),
        ],
        since: "3.19",
        needs: &[&need::ROOT_USER_NS, &need::PROCFS, &need::MANY_IDS],
        wrong: "a stranger decides which ids a user namespace has",
        play: |lab| {
            let root = lab.process("root")?;
            let owner = root.fork("owner")?;
            owner.setresgid(1001, 1001, 1001)?;
            owner.setresuid(1001, 1001, 1001)?;
            let stranger = root.fork("stranger")?;
            stranger.setresgid(1002, 1002, 1002)?;
            stranger.setresuid(1002, 1002, 1002)?;
            owner.prctl_set_dumpable(Dumpable::SUID_DUMP_USER)?;
            let member = owner.clone("member", NEWUSER)?;
            for file in ["uid_map", "gid_map", "projid_map", "setgroups"] {
                lab.note(file)?;
                stranger.open(member.proc(file), OpenFlags::O_WRONLY)?;
                owner.open(member.proc(file), OpenFlags::O_WRONLY)?;
            }
            stranger.cat_map(member.proc("uid_map"))?;
            Ok(())
        },
        ..CASE
    },
];
