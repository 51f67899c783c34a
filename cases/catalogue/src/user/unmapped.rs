//! Ids that have no mapping: how they show, and what cannot be done with them.

use super::directory;
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "user.overflow-ids",
        claim: "An id without a mapping is shown as the overflow id of /proc/sys/kernel, 65534: one's own ids, and those of files and processes.",
        sources: &[
            man("user_namespaces(7)", "Unmapped user and group IDs"),
            man("proc_sys_kernel(5)", "overflowuid"),
        ],
        since: "3.5",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "a foreign id is shown as it is outside",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.creat_excl("file")?;
            outer.stat_owner("file")?;
            let inner = outer.clone("inner", NEWUSER)?;
            inner.cat("/proc/sys/kernel/overflowuid")?;
            inner.cat("/proc/sys/kernel/overflowgid")?;
            inner.getresuid()?;
            inner.getresgid()?;
            inner.stat_owner("file")?;
            inner.field(outer.proc("status"), "Uid")?;
            inner.field(outer.proc("status"), "Gid")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.setid-before-map-fails",
        claim: "In a user namespace without a uid map no user id can be taken, in one without a gid map no group id, capabilities or not.",
        sources: &[man(
            "user_namespaces(7)",
            "Interaction with system calls that change process UIDs or GIDs",
        )],
        since: "3.5",
        needs: &[&need::PROCFS, &need::MANY_IDS],
        wrong: "an id is taken that nothing is mapped to",
        play: |lab| {
            let root = lab.process("root")?;
            let inner = root.clone("inner", NEWUSER)?;
            inner.capget()?;
            inner.setresuid(5, 5, 5)?;
            inner.setresgid(5, 5, 5)?;
            root.echo("0 1000 10", inner.proc("uid_map"))?;
            inner.setresuid(5, 5, 5)?;
            inner.setresgid(5, 5, 5)?;
            inner.getresuid()?;
            inner.getresgid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.setid-only-mapped",
        claim: "Ids that are mapped can be taken, others cannot; outside they are what the map says.",
        sources: &[man(
            "user_namespaces(7)",
            "Interaction with system calls that change process UIDs or GIDs",
        )],
        since: "3.5",
        needs: &[&need::PROCFS, &need::MANY_IDS],
        wrong: "an unmapped id is accepted, or the wrong user is taken outside",
        play: |lab| {
            let root = lab.process("root")?;
            let inner = root.clone("inner", NEWUSER)?;
            root.map_ids(directory(inner), "0 1000 5", "0 1000 5")?;
            inner.setresgid(7, 7, 7)?;
            inner.setresgid(3, 3, 3)?;
            inner.setresuid(7, 7, 7)?;
            inner.setresuid(1, 2, 3)?;
            inner.getresuid()?;
            inner.getresgid()?;
            root.field(inner.proc("status"), "Uid")?;
            root.field(inner.proc("status"), "Gid")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.supplementary-groups-kept",
        claim: "Supplementary groups are kept in a new user namespace; those without a mapping are shown as the overflow group id.",
        sources: &[man("user_namespaces(7)", "Unmapped user and group IDs")],
        since: "3.5",
        needs: &[&need::PROCFS, &need::MANY_IDS, &need::SETGROUPS],
        wrong: "a group is lost, or its number outside is shown",
        play: |lab| {
            let root = lab.process("root")?;
            root.setgroups([1001, 1002])?;
            let inner = root.clone("inner", NEWUSER)?;
            inner.getgroups()?;
            root.echo("7 1001 1", inner.proc("gid_map"))?;
            inner.getgroups()?;
            root.field(inner.proc("status"), "Groups")?;
            Ok(())
        },
        ..CASE
    },
];

/// The claims of this topic that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[Untested {
    id: "user.acct-mq-notify",
    claim: "Ids in process accounting records and in notifications of message queues are those of the reader's user namespace.",
    sources: &[man("user_namespaces(7)", "Unmapped user and group IDs")],
    why: "process accounting is one switch for the whole machine, which the suite never touches",
    part: None,
}];
