//! Writers of maps in the harder cases: the parent's root, the opener's credentials, other users.
//!
//! The plain rules of who may write live in `map_permission`.

use super::{NO_CAPABILITY, ROOT_AS_ROOT, USER_AS_ROOT};
use crate::prelude::*;

const RULES: &str = "Defining user and group ID mappings: writing to uid_map and gid_map";

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "user.map-parent-root-needs-setfcap",
        claim: "A writer in the parent namespace that maps uid 0 of that namespace needs CAP_SETFCAP there; neither other uids nor the gid map ask for it.",
        sources: &[man("user_namespaces(7)", RULES)],
        since: "5.12",
        needs: &[&need::PROCFS, &need::MANY_IDS],
        wrong: "a process without CAP_SETFCAP gets a namespace in which it can set file capabilities that hold outside",
        play: |lab| {
            let able = lab.process("able")?;
            let unable = lab.process("unable")?;
            unable.capset_drop(CAP_SETFCAP)?;
            let of_able = able.clone("of-able", NEWUSER)?;
            let of_unable = unable.clone("of-unable", NEWUSER)?;
            unable.echo(ROOT_AS_ROOT, of_unable.proc("uid_map"))?;
            unable.echo("5 0 2000", of_unable.proc("uid_map"))?;
            unable.echo(USER_AS_ROOT, of_unable.proc("uid_map"))?;
            unable.echo(ROOT_AS_ROOT, of_unable.proc("gid_map"))?;
            able.echo(ROOT_AS_ROOT, of_able.proc("uid_map"))?;
            of_able.geteuid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.map-parent-root-creator-setfcap",
        claim: "A writer inside that maps uid 0 of the parent can do so if the creator of the namespace had CAP_SETFCAP when it made it.",
        sources: &[man("user_namespaces(7)", RULES)],
        since: "5.12",
        needs: &[&need::PROCFS, &need::MANY_IDS],
        wrong: "root gives up CAP_SETFCAP and gets it back by way of a namespace",
        play: |lab| {
            let able = lab.process("able")?;
            let unable = lab.process("unable")?;
            unable.capset_drop(CAP_SETFCAP)?;
            for creator in [able, unable] {
                let inside = creator.clone(&format!("inside-{}", creator.name()), NEWUSER)?;
                inside.echo(ROOT_AS_ROOT, "/proc/self/uid_map")?;
                inside.geteuid()?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.map-opener-checked",
        claim: "The credentials with which a map file was opened count, not those of the process that writes: a file that an unprivileged process opened gives root's write no more than the opener may.",
        sources: &[man("user_namespaces(7)", RULES)],
        since: "3.9",
        needs: &[&need::PROCFS, &need::MANY_IDS],
        wrong: "a user has a privileged program write a map of ids that are not the user's",
        play: |lab| {
            let process = lab.process("process")?;
            process.setresuid(-1, 1000, -1)?;
            process.prctl_set_dumpable(Dumpable::SUID_DUMP_USER)?;
            let inner = process.clone("inner", NEWUSER)?;
            let by_user = process.open(inner.proc("uid_map"), OpenFlags::O_WRONLY)?.id()?;
            process.setresuid(-1, 0, -1)?;
            process.getresuid()?;
            lab.note("root writes by the descriptor that was opened as uid 1000")?;
            process.write(by_user, "0 0 1")?;
            process.write(by_user, "0 1000 2")?;
            lab.note("a descriptor of its own lets root map what it likes")?;
            let own = process.open(inner.proc("uid_map"), OpenFlags::O_WRONLY)?.id()?;
            process.write(own, "0 1000 2")?;
            process.cat_map(inner.proc("uid_map"))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.map-written-by-third-party",
        claim: "An unprivileged process cannot have root write a map for it: by the descriptor that it opened root can map the opener's own id alone.",
        sources: &[man("user_namespaces(7)", RULES)],
        since: "3.9",
        needs: &[&need::PROCFS, &need::MANY_IDS],
        wrong: "a set-user-ID program that writes to an inherited descriptor makes its caller root",
        play: |lab| {
            let process = lab.process("process")?;
            process.setresuid(-1, 1000, -1)?;
            process.prctl_set_dumpable(Dumpable::SUID_DUMP_USER)?;
            let inner = process.clone("inner", NEWUSER)?;
            let by_user = process.open(inner.proc("uid_map"), OpenFlags::O_WRONLY)?.id()?;
            process.setresuid(-1, 0, -1)?;
            process.write(by_user, "0 1001 1")?;
            process.cat_map(inner.proc("uid_map"))?;
            process.write(by_user, USER_AS_ROOT)?;
            process.cat_map(inner.proc("uid_map"))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.map-file-ownership",
        claim: "The map files of a process belong to its user, who alone may write them; everybody may read them.",
        sources: &[text("LWN 532593, Namespaces in operation, part 5")],
        since: "3.5",
        needs: &[&need::PROCFS, &need::MANY_IDS],
        wrong: "a stranger may write the maps of a namespace that is not the stranger's",
        play: |lab| {
            let owner = lab.process_as(Credentials::User, "owner")?;
            let stranger = lab.process("stranger")?;
            stranger.setresgid(1001, 1001, 1001)?;
            stranger.setresuid(1001, 1001, 1001)?;
            let inner = owner.clone("inner", NEWUSER)?;
            lab.note("everybody may open the maps for reading, a stranger none for writing")?;
            for map in ["uid_map", "gid_map", "projid_map"] {
                owner.stat_owner(inner.proc(map))?;
                stranger.open(inner.proc(map), OpenFlags::O_WRONLY)?;
                stranger.open(inner.proc(map), O_RDONLY)?;
            }
            lab.note("their owner may")?;
            owner.open(inner.proc("uid_map"), OpenFlags::O_WRONLY)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.map-unprivileged-any-inside-id",
        claim: "A process that maps its own id may choose the inside id freely, for the user and for the group.",
        sources: &[man("user_namespaces(7)", RULES), text("LWN 532593, Namespaces in operation, part 5")],
        since: "3.5",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        accepted: &[Accepted {
            mutant: "! echo \"deny\" > \"/proc/self/setgroups\"",
            why: super::DENIED_ALREADY,
        }],
        wrong: "only 0 or the same id is accepted inside, or another id outside",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWUSER)?;
            inner.echo("200 999 1", "/proc/self/uid_map")?;
            inner.echo("200 1000 1", "/proc/self/uid_map")?;
            inner.echo("deny", "/proc/self/setgroups")?;
            inner.echo("4294967294 1000 1", "/proc/self/gid_map")?;
            inner.getresuid()?;
            inner.getresgid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.map-unprivileged-same-euid",
        claim: "A writer without CAP_SETUID in the parent can map its own uid only if the namespace was made by a process with that effective uid.",
        sources: &[man("user_namespaces(7)", RULES)],
        since: "3.19",
        needs: &[&need::PROCFS, &need::MANY_IDS],
        wrong: "one user maps ids into the namespace of another",
        play: |lab| {
            let writer = lab.process("writer")?;
            let first = lab.process("first")?;
            first.setresuid(-1, 1000, -1)?;
            let of_first = first.clone("of-first", NEWUSER)?;
            let second = lab.process("second")?;
            second.setresuid(-1, 1001, -1)?;
            let of_second = second.clone("of-second", NEWUSER)?;
            writer.setresuid(-1, 1001, -1)?;
            writer.capset(CAP_SYS_ADMIN | CAP_DAC_OVERRIDE, NO_CAPABILITY)?;
            for inner in [of_first, of_second] {
                writer.echo("0 1001 1", inner.proc("uid_map"))?;
                inner.geteuid()?;
            }
            Ok(())
        },
        ..CASE
    },
];
