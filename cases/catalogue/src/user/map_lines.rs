//! The lines of an id map: how many, in which order, of which size, and that each is found.
//!
//! The syntax of one line lives in `maps`, the writer's rights in `map_permission`.

use super::directory;
use crate::prelude::*;
use std::fmt::Write;

const MAPS: &str = "User and group ID mappings: uid_map and gid_map";
const RULES: &str = "Defining user and group ID mappings: writing to uid_map and gid_map";

/// Both maps, in the procfs of the sealed PID namespace.
fn both_maps(process: Process) -> [String; 2] {
    ["uid_map", "gid_map"].map(|map| format!("{}/{map}", directory(process)))
}

/// Makes a file that belongs to this id, as user and as group.
fn file_of(process: Process, id: i32) -> Result<String, Interrupt> {
    let path = format!("of-{id}");
    process.creat_excl(&path)?;
    process.chown(&path, id, id)?;
    Ok(path)
}

/// Lines that map every third inside id to every seventh outside id, from 2000 on.
fn lines_with_holes(count: i32) -> String {
    (0..count).fold(String::new(), |mut lines, line| {
        let _ = writeln!(lines, "{} {} 1", line * 3, 2000 + line * 7);
        lines
    })
}

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "user.map-overlap-einval",
        claim: "The lines of one map may not overlap, neither in their inside ids nor in their outside ids; lines that only touch are accepted.",
        sources: &[man("user_namespaces(7)", RULES)],
        since: "3.5",
        needs: &[&need::PROCFS, &need::MANY_IDS],
        wrong: "an id has two meanings, or adjoining lines are refused",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWUSER)?;
            for map in both_maps(inner) {
                outer.echo("0 1000 10\n9 1010 10\n", &map)?;
                outer.echo("0 1000 10\n10 1009 10\n", &map)?;
                outer.cat_map(&map)?;
                outer.echo("0 1000 10\n10 1010 10\n", &map)?;
                outer.cat_map(&map)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.map-overflowing-range-einval",
        claim: "A line may reach the id 4294967294 and not beyond: 4294967295 means no id and cannot be mapped, inside or outside.",
        sources: &[man("user_namespaces(7)", RULES)],
        since: "3.5",
        needs: &[&need::PROCFS, &need::INITIAL_USER_NS],
        wrong: "the id that means none is mapped, or a range wraps around to root",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWUSER)?;
            lab.note("five ranges that hold 4294967295, and then one that ends before it")?;
            for map in both_maps(inner) {
                for line in
                    ["4294967295 0 1", "0 4294967295 1", "4294967294 0 2", "0 4294967294 2", "0 0 4294967296"]
                {
                    outer.echo(line, &map)?;
                }
                outer.cat_map(&map)?;
                outer.echo("0 0 4294967295", &map)?;
                outer.cat_map(&map)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.map-any-order",
        claim: "The lines of a map need not be in the order of their ids: each id is found all the same.",
        sources: &[man("user_namespaces(7)", RULES)],
        since: "3.9",
        needs: &[&need::PROCFS, &need::MANY_IDS],
        wrong: "unsorted lines are refused, or only the first of them counts",
        play: |lab| {
            let outer = lab.process("outer")?;
            for id in [1000, 1014, 1029] {
                file_of(outer, id)?;
            }
            let inner = outer.clone("inner", NEWUSER)?;
            lab.note("before: no id is mapped")?;
            inner.stat_owner("of-1014")?;
            lab.note("the line with the highest ids comes first")?;
            for map in both_maps(inner) {
                outer.echo("20 1020 10\n0 1000 10\n10 1010 10\n", map)?;
            }
            lab.note("an id of each line")?;
            for id in [1000, 1014, 1029] {
                inner.stat_owner(format!("of-{id}"))?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.map-newline-optional",
        claim: "The last line of a map need not end with a newline, and several blanks or tabs may stand between the numbers.",
        sources: &[man("user_namespaces(7)", RULES)],
        since: "3.5",
        needs: &[&need::PROCFS, &need::MANY_IDS],
        wrong: "the unfinished line is dropped or refused",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWUSER)?;
            for map in both_maps(inner) {
                outer.cat_map(&map)?;
                outer.echo("0\t1000  10\n  10 1010\t10", &map)?;
                outer.cat_map(&map)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.map-five-and-six-lines",
        claim: "Maps of five and of six lines translate alike, the last id of the last line included; the kernel keeps the two in different ways.",
        sources: &[man("user_namespaces(7)", MAPS)],
        since: "4.15",
        needs: &[&need::PROCFS, &need::MANY_IDS],
        wrong: "the ids of one of the lines are not found, or one id too many is",
        play: |lab| {
            let outer = lab.process("outer")?;
            for id in [1000, 1041, 1042, 1051, 1052] {
                file_of(outer, id)?;
            }
            let line = |line: i32| format!("{} {} 2\n", line * 5, 1000 + line * 10);
            let lines = |count| (0..count).map(line).collect::<String>();
            lab.note(
                "1041 is the last id of the fifth line, 1051 of the sixth; 1042 and 1052 are one too many",
            )?;
            for (name, count) in [("five", 5), ("six", 6)] {
                let inner = outer.clone(name, NEWUSER)?;
                for map in both_maps(inner) {
                    outer.echo(lines(count), map)?;
                }
                for id in [1000, 1041, 1042, 1051, 1052] {
                    inner.stat_owner(format!("of-{id}"))?;
                }
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.map-340-lines",
        claim: "A map may have 340 lines and not 341; a map that is refused for that is not written in part.",
        sources: &[man("user_namespaces(7)", RULES)],
        since: "4.15",
        needs: &[&need::PROCFS, &need::MANY_USER_IDS],
        wrong: "the limit is another one, or the first lines of a refused map count",
        play: |lab| {
            let outer = lab.process("outer")?;
            let last = format!("of-{}", 2000 + 339 * 7);
            for id in [2000, 2000 + 339 * 7] {
                file_of(outer, id)?;
            }
            let inner = outer.clone("inner", NEWUSER)?;
            lab.note("341 lines are refused and leave nothing behind; 340 are taken, first and last")?;
            for map in both_maps(inner) {
                outer.echo(lines_with_holes(341), &map)?;
                inner.stat_owner("of-2000")?;
                outer.echo(lines_with_holes(340), &map)?;
                inner.stat_owner("of-2000")?;
                inner.stat_owner(&last)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.map-340-lookup",
        claim: "In a map of 340 lines every id is found in both directions, and an id that lies between two lines is unmapped.",
        sources: &[man("user_namespaces(7)", RULES)],
        since: "4.15",
        needs: &[&need::PROCFS, &need::MANY_USER_IDS],
        wrong: "an id is translated by the wrong line, or one in a hole is taken for mapped",
        play: |lab| {
            let outer = lab.process("outer")?;
            let ids =
                [2000, 2001, 2007, 2000 + 170 * 7, 2000 + 170 * 7 + 1, 2000 + 339 * 7, 2000 + 339 * 7 + 1];
            for id in ids {
                file_of(outer, id)?;
            }
            lab.note("files of ids that are in a line or between two, and a map of 340 lines")?;
            let inner = outer.clone("inner", NEWUSER)?;
            for map in both_maps(inner) {
                outer.echo(lines_with_holes(340), map)?;
            }
            lab.note("outside ids, seen from inside")?;
            for id in ids {
                inner.stat_owner(format!("of-{id}"))?;
            }
            lab.note("inside ids, seen from outside")?;
            inner.setresgid(511, 511, 511)?;
            inner.setresuid(511, 511, 511)?;
            for id in [510, 1017] {
                let user = inner.fork(&format!("user-{id}"))?;
                user.setresgid(id, id, id)?;
                user.setresuid(id, id, id)?;
                user.creat_excl(format!("by-{id}"))?;
                outer.stat_owner(format!("by-{id}"))?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.map-page-size",
        claim: "The text of a map must be shorter than a page, whatever it says.",
        sources: &[man("user_namespaces(7)", RULES)],
        since: "3.5",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS, &need::PAGES_OF_4096],
        wrong: "a text of a page is taken, or one that is a byte shorter is refused",
        play: |lab| {
            let inner = lab.process("outer")?.clone("inner", NEWUSER)?;
            let blanks = |size: usize| format!("{}0 1000 1", " ".repeat(size - "0 1000 1".len()));
            lab.note("4096 bytes")?;
            inner.echo(blanks(4096), "/proc/self/uid_map")?;
            inner.cat_map("/proc/self/uid_map")?;
            lab.note("4095 bytes")?;
            inner.echo(blanks(4095), "/proc/self/uid_map")?;
            inner.cat_map("/proc/self/uid_map")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.map-outside-ids-mapped-in-parent",
        claim: "All outside ids of a map must be mapped in the parent user namespace; a line that is mapped there only in part is refused whole.",
        sources: &[man("user_namespaces(7)", RULES)],
        since: "3.5",
        needs: &[&need::PROCFS, &need::MANY_IDS],
        wrong: "a nested namespace maps ids that its parent does not have",
        play: |lab| {
            let outer = lab.process("outer")?;
            let middle = outer.clone("middle", NEWUSER)?;
            for map in both_maps(middle) {
                outer.echo("0 1000 10", map)?;
            }
            become_root(middle)?;
            middle.prctl_set_dumpable(Dumpable::SUID_DUMP_USER)?;
            lab.note("the parent maps the ids 0 to 9")?;
            let inner = middle.clone("inner", NEWUSER)?;
            lab.note("10 is not mapped in the parent, 5 to 9 are")?;
            for map in both_maps(inner) {
                middle.echo("0 10 1", &map)?;
                middle.echo("0 5 6", &map)?;
                middle.cat_map(&map)?;
                middle.echo("0 5 5", &map)?;
                middle.cat_map(&map)?;
            }
            Ok(())
        },
        ..CASE
    },
];
