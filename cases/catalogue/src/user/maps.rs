//! uid_map and gid_map: what they hold, how they are written, how they read.
//!
//! Who may write which map lives in `map_permission`.

use super::{OWN, USER_AS_ROOT, directory};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "user.map-empty-at-first",
        claim: "A new user namespace has empty id maps; once written, a map can be read back.",
        sources: &[man("user_namespaces(7)", "User and group ID mappings: uid_map and gid_map")],
        since: "3.7",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "ids are mapped that nobody asked for",
        play: |lab| {
            let inner = lab.process("outer")?.clone("inner", NEWUSER)?;
            for map in ["uid_map", "gid_map", "projid_map"] {
                inner.cat_map(format!("/proc/self/{map}"))?;
            }
            inner.map_ids(OWN, "7 1000 1", "8 1000 1")?;
            for map in ["uid_map", "gid_map", "projid_map"] {
                inner.cat_map(format!("/proc/self/{map}"))?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.map-takes-effect-at-once",
        claim: "An id map that the parent process writes takes effect for the running child at once, without a new program; until then the child has the overflow ids.",
        sources: &[
            text("LWN 532593, Namespaces in operation, part 5"),
            man("user_namespaces(7)", "Unmapped user and group IDs"),
        ],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "the child keeps the ids that it had before the map",
        play: |lab| {
            let parent = lab.process("parent")?;
            let child = parent.clone("child", NEWUSER)?;
            child.getresuid()?;
            child.getresgid()?;
            parent.map_ids(directory(child), "0 1000 1", "3 1000 1")?;
            child.getresuid()?;
            child.getresgid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.map-write-once",
        claim: "Each id map of a user namespace can be written once; after that it stays as it is.",
        sources: &[man("user_namespaces(7)", "Defining user and group ID mappings")],
        since: "3.5",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "a map is replaced or extended",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWUSER)?;
            inner.map_ids(OWN, "0 1000 1", "0 1000 1")?;
            for map in ["uid_map", "gid_map"] {
                outer.echo("7 1000 1", inner.proc(map))?;
                inner.echo("7 1000 1", inner.proc(map))?;
                inner.cat_map(inner.proc(map))?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.map-bad-syntax-einval",
        claim: "A map is refused unless each line has three decimal numbers, the last of them greater than 0, and there is at least one line.",
        sources: &[man("user_namespaces(7)", "Defining user and group ID mappings")],
        since: "3.5",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "a malformed map is accepted, or a refused one counts as the one write",
        play: |lab| {
            let inner = lab.process("outer")?.clone("inner", NEWUSER)?;
            let malformed =
                ["zero 1000 1", "-1 1000 1", "0x0 1000 1", "0 1000", "0 1000 1 1", "0 1000 0", "\n", ""];
            for map in malformed {
                inner.echo(map, "/proc/self/uid_map")?;
            }
            inner.cat_map("/proc/self/uid_map")?;
            inner.echo("0\t 1000 1", "/proc/self/uid_map")?;
            inner.cat_map("/proc/self/uid_map")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.map-offset-zero",
        claim: "A map must be written at the start of its file.",
        sources: &[man("user_namespaces(7)", "Defining user and group ID mappings")],
        since: "3.5",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "a map is accepted at another offset",
        play: |lab| {
            let inner = lab.process("outer")?.clone("inner", NEWUSER)?;
            let fd = inner.open("/proc/self/uid_map", OpenFlags::O_WRONLY)?.id()?;
            inner.lseek(fd, 1)?;
            inner.write(fd, USER_AS_ROOT)?;
            inner.geteuid()?;
            inner.lseek(fd, 0)?;
            inner.write(fd, USER_AS_ROOT)?;
            inner.geteuid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.map-pwrite",
        claim: "A map cannot be written by pwrite, which gives ESPIPE at any offset.",
        sources: &[man("user_namespaces(7)", "Defining user and group ID mappings")],
        since: "3.5",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        deviation: Some(
            "pwrite to an offset other than 0 fails with EINVAL, as other writes that break the rules do; nothing is said against offset 0",
        ),
        wrong: "pwrite writes a map, at another offset than 0 above all",
        play: |lab| {
            let inner = lab.process("outer")?.clone("inner", NEWUSER)?;
            let fd = inner.open("/proc/self/uid_map", OpenFlags::O_WRONLY)?.id()?;
            inner.pwrite(fd, USER_AS_ROOT, 1)?;
            inner.pwrite(fd, USER_AS_ROOT, 0)?;
            inner.geteuid()?;
            inner.write(fd, USER_AS_ROOT)?;
            inner.geteuid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.map-view-depends-on-reader",
        claim: "A reader in another namespace sees the outside ids of a map in its own terms; a reader inside sees them in those of the parent.",
        sources: &[
            man("user_namespaces(7)", "User and group ID mappings: uid_map and gid_map"),
            text("LWN 532593, Namespaces in operation, part 5"),
        ],
        since: "3.5",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "all readers see the same numbers",
        play: |lab| {
            let outer = lab.process("outer")?;
            let zero = outer.clone("zero", NEWUSER)?;
            zero.map_ids(OWN, "0 1000 1", "0 1000 1")?;
            let other = outer.clone("other", NEWUSER)?;
            other.map_ids(OWN, "200 1000 1", "300 1000 1")?;
            lab.note("each map is read from outside, from zero and from other")?;
            for map in [zero.proc("uid_map"), other.proc("uid_map"), other.proc("gid_map")] {
                for reader in [outer, zero, other] {
                    reader.cat_map(&map)?;
                }
            }
            Ok(())
        },
        ..CASE
    },
];
