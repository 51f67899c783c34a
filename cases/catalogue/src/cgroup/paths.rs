//! /proc/PID/cgroup: paths are relative to the root of the reader's cgroup namespace.
//!
//! Paths in mountinfo live in `mounts`.

use super::{NEEDS, OWN, SUB, hierarchy, hierarchy_with_sibling};
use crate::prelude::*;

/// The same of its sibling.
const SUB2: &str = "/tmp/cg/x/sub2/cgroup.procs";

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "cgroup.sibling-path",
        claim: "A process in a cgroup beside the root of the reader's namespace is shown with a path that first leads up: /../ and the name of its cgroup.",
        sources: &[man("cgroup_namespaces(7)", "DESCRIPTION")],
        since: "4.6",
        needs: NEEDS,
        wrong: "the path from the old root is shown, or none",
        play: |lab| {
            let other = lab.process("other")?;
            hierarchy_with_sibling(&other)?;
            other.echo("0", SUB2)?;
            let reader = other.fork("reader")?;
            reader.echo("0", SUB)?;
            reader.cat_cgroup2(other.proc("cgroup"))?;
            reader.unshare(NEWCGROUP)?;
            reader.cat_cgroup2(other.proc("cgroup"))?;
            reader.cat_cgroup2(OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "cgroup.ancestor-path",
        claim: "A process in a cgroup above the root of the reader's namespace is shown with one /.. for each level.",
        sources: &[man("cgroup_namespaces(7)", "DESCRIPTION")],
        since: "4.6",
        needs: NEEDS,
        wrong: "the number of /.. is not that of the levels",
        play: |lab| {
            let above = lab.process("above")?;
            hierarchy(&above)?;
            let between = above.fork("between")?;
            between.echo("0", "/tmp/cg/x/cgroup.procs")?;
            let reader = between.fork("reader")?;
            reader.echo("0", SUB)?;
            reader.unshare(NEWCGROUP)?;
            reader.cat_cgroup2(OWN)?;
            reader.cat_cgroup2(between.proc("cgroup"))?;
            reader.cat_cgroup2(above.proc("cgroup"))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "cgroup.path-depends-on-reader",
        claim: "The path shown for a process is relative to the root of the reader's cgroup namespace, whatever namespace the process itself is in.",
        sources: &[man("cgroup_namespaces(7)", "DESCRIPTION")],
        since: "4.6",
        needs: NEEDS,
        wrong: "two readers in different cgroup namespaces read the same path",
        play: |lab| {
            let outside = lab.process("outside")?;
            hierarchy(&outside)?;
            let above = outside.fork("above")?;
            above.echo("0", "/tmp/cg/x/cgroup.procs")?;
            let inside = above.fork("inside")?;
            inside.echo("0", SUB)?;
            above.unshare(NEWCGROUP)?;
            inside.unshare(NEWCGROUP)?;
            lab.note("one process, three readers")?;
            inside.cat_cgroup2(inside.proc("cgroup"))?;
            above.cat_cgroup2(inside.proc("cgroup"))?;
            outside.cat_cgroup2(inside.proc("cgroup"))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "cgroup.membership-unchanged",
        claim: "A new cgroup namespace changes what is seen, not where a process is: it stays in its cgroup.",
        sources: &[man("cgroup_namespaces(7)", "DESCRIPTION"), man("cgroups(7)", "Cgroups v2 cgroup.procs")],
        since: "4.6",
        needs: NEEDS,
        wrong: "the process has left the list of its cgroup",
        play: |lab| {
            let outside = lab.process("outside")?;
            hierarchy(&outside)?;
            let mover = outside.fork("mover")?;
            mover.echo("0", SUB)?;
            outside.pids(SUB)?;
            mover.unshare(NEWCGROUP)?;
            mover.cat_cgroup2(OWN)?;
            outside.pids(SUB)?;
            outside.cat_cgroup2(mover.proc("cgroup"))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "cgroup.later-moves-are-relative",
        claim: "The root of a cgroup namespace stays where it was made: a process that is moved afterwards sees its new place relative to it.",
        sources: &[man("cgroup_namespaces(7)", "DESCRIPTION")],
        since: "4.6",
        needs: NEEDS,
        wrong: "the root moves along, so that the path stays /",
        play: |lab| {
            let outside = lab.process("outside")?;
            hierarchy_with_sibling(&outside)?;
            outside.mkdir("cg/x/sub/inner", 0o755)?;
            let moved = outside.fork("moved")?;
            moved.echo("0", SUB)?;
            moved.unshare(NEWCGROUP)?;
            moved.cat_cgroup2(OWN)?;
            lab.note("moved below the root of the namespace")?;
            outside.echo(moved.sealed_text(), "cg/x/sub/inner/cgroup.procs")?;
            moved.cat_cgroup2(OWN)?;
            lab.note("moved beside it")?;
            outside.echo(moved.sealed_text(), SUB2)?;
            moved.cat_cgroup2(OWN)?;
            Ok(())
        },
        ..CASE
    },
];

/// The claims of this topic that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[Untested {
    id: "cgroup.v1-too",
    claim: "Creating a cgroup namespace makes the caller's cgroups the roots in every version 1 hierarchy as well.",
    sources: &[man("cgroup_namespaces(7)", "DESCRIPTION")],
    why: "a process would have to be moved in a version 1 hierarchy of the machine, which has no delegation and often is not mounted at all",
    part: Some("cgroup.unshare-makes-current-the-root"),
}];
