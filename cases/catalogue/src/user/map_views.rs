//! Id maps of nested and of sibling namespaces: how they compose, and what readers in each see.
//!
//! The lines of one map live in `map_lines`.

use super::{OWN, USER_AS_ROOT, directory};
use crate::prelude::*;

const MAPS: &str = "User and group ID mappings: uid_map and gid_map";

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "user.map-view-own",
        claim: "A member of a user namespace reads its maps in the terms of the parent namespace, a reader in another namespace in its own terms.",
        sources: &[man("user_namespaces(7)", MAPS)],
        since: "3.5",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "a reader sees ids that mean nothing, or something else, where it is",
        play: |lab| {
            let outer = lab.process("outer")?;
            let middle = outer.clone("middle", NEWUSER)?;
            middle.map_ids(OWN, "5 1000 1", "6 1000 1")?;
            let inner = middle.clone("inner", NEWUSER)?;
            middle.map_ids(directory(inner), "7 5 1", "8 6 1")?;
            for map in ["uid_map", "gid_map"] {
                for reader in [inner, middle, outer] {
                    reader.cat_map(inner.proc(map))?;
                }
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.map-view-unmapped",
        claim: "An outside id that has no mapping for the reader of a map is shown as 4294967295, and not as the overflow id.",
        sources: &[man("user_namespaces(7)", "Unmapped user and group IDs")],
        since: "3.5",
        needs: &[&need::PROCFS, &need::MANY_IDS],
        wrong: "a sibling learns the ids outside, or takes them for its own",
        play: |lab| {
            let outer = lab.process("outer")?;
            let [first, second] = ["first", "second"].map(|name| outer.clone(name, NEWUSER));
            let (first, second) = (first?, second?);
            for map in ["uid_map", "gid_map"] {
                outer.echo("0 1000 5", first.proc(map))?;
                outer.echo("0 1100 5", second.proc(map))?;
                first.cat_map(second.proc(map))?;
                second.cat_map(first.proc(map))?;
                second.cat_map(second.proc(map))?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.maps-compose",
        claim: "The maps of nested namespaces compose: one file shows another owner at each level, and a process has another id at each.",
        sources: &[man("user_namespaces(7)", MAPS)],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "a level is skipped in the translation",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.creat_excl("file")?;
            let middle = outer.clone("middle", NEWUSER)?;
            middle.map_ids(OWN, "5 1000 1", "6 1000 1")?;
            let inner = middle.clone("inner", NEWUSER)?;
            middle.map_ids(directory(inner), "7 5 1", "8 6 1")?;
            inner.creat_excl("by-inner")?;
            lab.note("the same two files and the same process, seen from each level")?;
            for process in [outer, middle, inner] {
                process.stat_owner("file")?;
                process.stat_owner("by-inner")?;
                process.field(inner.proc("status"), "Uid")?;
                process.field(inner.proc("status"), "Gid")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.map-many-ranges-both-ways",
        claim: "A map of more than five lines in a nested namespace translates through all levels in both directions, and what is unmapped stays foreign.",
        sources: &[man("user_namespaces(7)", MAPS)],
        since: "4.15",
        needs: &[&need::PROCFS, &need::HUNDRED_THOUSAND_IDS],
        wrong: "an id outside is taken for one of the ids in between: a user inside owns the files of a stranger outside",
        play: |lab| {
            let outer = lab.process("outer")?;
            for (path, id) in [("of-25", 25), ("of-100025", 100_025), ("of-100026", 100_026)] {
                outer.creat_excl(path)?;
                outer.chown(path, id, id)?;
                outer.chmod(path, 0o600)?;
            }
            let middle = outer.clone("middle", NEWUSER)?;
            for map in ["uid_map", "gid_map"] {
                outer.echo("0 100000 1000", middle.proc(map))?;
            }
            become_root(middle)?;
            middle.prctl_set_dumpable(Dumpable::SUID_DUMP_USER)?;
            lab.note("the innermost map has six lines")?;
            let inner = middle.clone("inner", NEWUSER)?;
            let lines: String = (0..6).map(|line| format!("{line} {} 1\n", line * 5)).collect();
            for map in ["uid_map", "gid_map"] {
                middle.echo(&lines, inner.proc(map))?;
            }
            lab.note("25 outside is a stranger; 100025 is 25 in between and 5 inside")?;
            for path in ["of-25", "of-100025", "of-100026"] {
                inner.stat_owner(path)?;
            }
            lab.note("the inner user 5 may open its own file alone")?;
            inner.setresgid(5, 5, 5)?;
            inner.setresuid(5, 5, 5)?;
            for path in ["of-25", "of-100025", "of-100026"] {
                inner.open(path, O_RDONLY)?;
            }
            lab.note("a new file, seen from each level")?;
            inner.creat_excl("by-inner")?;
            outer.stat_owner("by-inner")?;
            middle.stat_owner("by-inner")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.maps-independent",
        claim: "The uid map and the gid map are written apart: one of them can be there while the other is empty.",
        sources: &[man("user_namespaces(7)", MAPS)],
        since: "3.5",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        accepted: &[Accepted {
            mutant: "! echo \"deny\" > \"/proc/self/setgroups\"",
            why: super::DENIED_ALREADY,
        }],
        wrong: "one map gives the ids of the other kind, or is refused without the other",
        play: |lab| {
            let outer = lab.process("outer")?;
            let first = outer.clone("uids-first", NEWUSER)?;
            let second = outer.clone("gids-first", NEWUSER)?;
            first.echo(USER_AS_ROOT, "/proc/self/uid_map")?;
            second.echo("deny", "/proc/self/setgroups")?;
            second.echo(USER_AS_ROOT, "/proc/self/gid_map")?;
            for process in [first, second] {
                process.getresuid()?;
                process.getresgid()?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.map-initial-namespace",
        claim: "In the user namespace that the kernel starts with every id is mapped to itself: its maps read 0 0 4294967295.",
        sources: &[man("user_namespaces(7)", MAPS)],
        since: "3.5",
        needs: &[&need::PROCFS, &need::INITIAL_USER_NS],
        wrong: "the initial namespace lacks ids, or a new one has ids before any map is written",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWUSER)?;
            for map in ["uid_map", "gid_map", "projid_map"] {
                outer.cat_map(format!("/proc/self/{map}"))?;
                outer.cat_map(inner.proc(map))?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.projid-map-no-capability",
        claim: "The project id map can be written by a process without any capability, once.",
        sources: &[man("user_namespaces(7)", "Project ID mappings: projid_map")],
        since: "3.7",
        needs: &[&need::PROCFS, &need::INITIAL_USER_NS, &need::MANY_IDS],
        wrong: "a capability is asked for, or the map is written twice",
        play: |lab| {
            let outer = lab.process_as(Credentials::User, "outer")?;
            let inner = outer.clone("inner", NEWUSER)?;
            inner.capset(super::NO_CAPABILITY, super::NO_CAPABILITY)?;
            inner.cat_map("/proc/self/projid_map")?;
            inner.echo("0 0 10", "/proc/self/projid_map")?;
            inner.cat_map("/proc/self/projid_map")?;
            inner.echo("0 0 10", "/proc/self/projid_map")?;
            outer.echo("0 0 10", inner.proc("projid_map"))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.projid-map-rules",
        claim: "The lines of a project id map obey the rules of the other maps: no empty and no overlapping range, and only ids that the parent maps.",
        sources: &[man("user_namespaces(7)", "Project ID mappings: projid_map")],
        since: "3.7",
        needs: &[&need::PROCFS, &need::INITIAL_USER_NS],
        wrong: "a malformed map or a project of a stranger is accepted",
        play: |lab| {
            let outer = lab.process("outer")?;
            let middle = outer.clone("middle", NEWUSER)?;
            outer.echo("0 0 0", middle.proc("projid_map"))?;
            outer.echo("0 100 10\n9 200 1", middle.proc("projid_map"))?;
            outer.echo("0 100 10", middle.proc("projid_map"))?;
            middle.map_ids(OWN, super::ROOT_AS_ROOT, super::ROOT_AS_ROOT)?;
            let inner = middle.clone("inner", NEWUSER)?;
            middle.echo("0 5 6", inner.proc("projid_map"))?;
            middle.echo("0 5 5", inner.proc("projid_map"))?;
            middle.cat_map(inner.proc("projid_map"))?;
            outer.cat_map(inner.proc("projid_map"))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.map-print-format",
        claim: "A line of a map reads back as three numbers, each in a column of ten characters, in the order inside, outside, length.",
        sources: &[
            man("user_namespaces(7)", "User and group ID mappings: uid_map and gid_map"),
            man("user_namespaces(7)", "EXAMPLES"),
        ],
        since: "3.5",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS],
        wrong: "programs that read the file by columns find other numbers",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER)?;
            user.cat("/proc/self/uid_map")?;
            user.map_ids(OWN, "7 1000 1", "4294967294 1000 1")?;
            user.cat("/proc/self/uid_map")?;
            user.cat("/proc/self/gid_map")?;
            Ok(())
        },
        ..CASE
    },
];
