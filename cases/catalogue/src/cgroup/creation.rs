//! How a cgroup namespace is made, who may, and how many there may be.

use super::{NEEDS, NS, OWN, SUB, hierarchy};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "cgroup.flag",
        claim: "The flag for cgroup namespaces is CLONE_NEWCGROUP: it creates one, it joins one, and the kernel names it as the kind of one.",
        sources: &[
            man("namespaces(7)", "Namespace types"),
            man("ioctl_ns(2)", "Discovering the namespace type"),
        ],
        since: "4.11",
        needs: &[&need::CGROUP_NS, &need::PROCFS],
        wrong: "the flag creates no cgroup namespace, or a descriptor of one is taken for another kind",
        play: |lab| {
            let process = lab.process("process")?;
            process.readlink(NS)?;
            process.unshare(NEWCGROUP)?;
            process.readlink(NS)?;
            let fd = process.open(NS, O_RDONLY)?.id()?;
            process.ioctl_nstype(fd)?;
            process.unshare(NEWCGROUP)?;
            process.readlink(NS)?;
            process.setns(fd, NEWUTS)?;
            process.setns(fd, NEWCGROUP)?;
            process.readlink(NS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "cgroup.unshare-makes-current-the-root",
        claim: "The cgroup that a process is in when it unshares its cgroup namespace becomes the root of the new one: its own path is / from then on.",
        sources: &[man("cgroup_namespaces(7)", "DESCRIPTION")],
        since: "4.6",
        needs: NEEDS,
        wrong: "the path still starts at the old root",
        play: |lab| {
            let process = lab.process("process")?;
            hierarchy(&process)?;
            process.echo("0", SUB)?;
            process.cat_cgroup2(OWN)?;
            process.readlink(NS)?;
            process.unshare(NEWCGROUP)?;
            process.readlink(NS)?;
            process.cat_cgroup2(OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "cgroup.clone-too",
        claim: "clone with CLONE_NEWCGROUP puts the child alone into a new cgroup namespace, whose root is the cgroup it shares with its creator.",
        sources: &[man("cgroup_namespaces(7)", "DESCRIPTION"), man("clone(2)", "CLONE_NEWCGROUP")],
        since: "4.6",
        needs: NEEDS,
        wrong: "the child still sees the path from the old root, or the creator does not",
        play: |lab| {
            let outer = lab.process("outer")?;
            hierarchy(&outer)?;
            outer.echo("0", SUB)?;
            outer.readlink(NS)?;
            let inner = outer.clone("inner", NEWCGROUP)?;
            inner.readlink(NS)?;
            inner.cat_cgroup2(OWN)?;
            outer.readlink(NS)?;
            outer.cat_cgroup2(OWN)?;
            outer.cat_cgroup2(inner.proc("cgroup"))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "cgroup.needs-cap",
        claim: "Creating a cgroup namespace takes CAP_SYS_ADMIN; a user namespace created in the same call gives it.",
        sources: &[man("unshare(2)", "CLONE_NEWCGROUP"), man("clone(2)", "CLONE_NEWCGROUP")],
        since: "4.6",
        starts_as: Credentials::User,
        needs: &[&need::CGROUP_NS, &need::USER_NS, &need::PROCFS],
        wrong: "an ordinary user without a user namespace gets a cgroup namespace",
        play: |lab| {
            let user = lab.process("user")?;
            user.readlink(NS)?;
            user.unshare(NEWCGROUP)?;
            user.try_clone("child", NEWCGROUP)?;
            user.readlink(NS)?;
            user.unshare(NEWUSER | NEWCGROUP)?;
            user.readlink(NS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "cgroup.limit-enospc",
        claim: "A user namespace limits how many cgroup namespaces may be created in it; one more is refused with ENOSPC.",
        sources: &[man("namespaces(7)", "The /proc/sys/user directory"), man("unshare(2)", "ERRORS")],
        since: "4.9",
        needs: &[&need::CGROUP_NS, &need::PROCFS],
        wrong: "more namespaces than allowed, or another errno",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWUSER)?;
            inner.readlink(NS)?;
            inner.echo("1", "/proc/sys/user/max_cgroup_namespaces")?;
            inner.unshare(NEWCGROUP)?;
            inner.readlink(NS)?;
            inner.unshare(NEWCGROUP)?;
            inner.readlink(NS)?;
            lab.note("the limit is that of the inner user namespace alone")?;
            outer.readlink(NS)?;
            outer.unshare(NEWCGROUP)?;
            outer.readlink(NS)?;
            lab.note("the old namespace counts until the new one is there")?;
            inner.echo("2", "/proc/sys/user/max_cgroup_namespaces")?;
            inner.unshare(NEWCGROUP)?;
            inner.readlink(NS)?;
            Ok(())
        },
        ..CASE
    },
];
