//! setns(2) with a cgroup namespace: the cgroup stays, and what it takes.

use super::{NEEDS, NS, OWN, SUB, hierarchy};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "cgroup.setns-keeps-membership",
        claim: "Joining a cgroup namespace changes what a process sees and leaves it in the cgroup where it is.",
        sources: &[man("setns(2)", "DESCRIPTION")],
        since: "4.6",
        needs: NEEDS,
        wrong: "the process has moved into the root of the namespace that it joined",
        play: |lab| {
            let outside = lab.process("outside")?;
            hierarchy(&outside)?;
            let inside = outside.fork("inside")?;
            inside.echo("0", SUB)?;
            inside.unshare(NEWCGROUP)?;
            inside.readlink(NS)?;
            lab.note("before it joins")?;
            let joiner = outside.fork("joiner")?;
            joiner.cat_cgroup2(OWN)?;
            lab.note("after it has joined: other paths, the same cgroup")?;
            let fd = joiner.open(inside.proc("ns/cgroup"), O_RDONLY)?.id()?;
            joiner.setns(fd, NEWCGROUP)?;
            joiner.readlink(NS)?;
            joiner.cat_cgroup2(OWN)?;
            joiner.cat_cgroup2(inside.proc("cgroup"))?;
            outside.cat_cgroup2(joiner.proc("cgroup"))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "cgroup.setns-needs-cap",
        claim: "Joining a cgroup namespace takes CAP_SYS_ADMIN twice: in the caller's own user namespace and in the one that owns the cgroup namespace.",
        sources: &[man("setns(2)", "DESCRIPTION")],
        since: "4.6",
        needs: &[&need::CGROUP_NS, &need::PROCFS],
        wrong: "a process joins that lacks the capability in one of the two",
        play: |lab| {
            let owner = lab.process("owner")?;
            owner.unshare(NEWCGROUP)?;
            owner.readlink(NS)?;
            let fd = owner.open(NS, O_RDONLY)?.id()?;
            owner.unshare(NEWCGROUP)?;
            owner.readlink(NS)?;
            let weak = owner.fork("weak")?;
            weak.capset_drop(CAP_SYS_ADMIN)?;
            weak.setns(fd, NEWCGROUP)?;
            weak.readlink(NS)?;
            lab.note("root of a user namespace of its own, which does not own the cgroup namespace")?;
            let stranger = owner.clone("stranger", NEWUSER)?;
            stranger.setns(fd, NEWCGROUP)?;
            stranger.readlink(NS)?;
            owner.setns(fd, NEWCGROUP)?;
            owner.readlink(NS)?;
            Ok(())
        },
        ..CASE
    },
];
