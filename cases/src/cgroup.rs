//! Cgroup namespaces: the root of cgroup paths.
//!
//! Cases that need [`need::CGROUP2`] start in a cgroup of their own that is the root of their
//! cgroup namespace: `/` below is that cgroup, not the one of the machine.

use crate::prelude::*;

/// Mounts the hierarchy on `cg` and makes `x/sub` in it.
fn hierarchy(process: &Process) -> Play {
    process.mkdir("cg", 0o755)?;
    process.mount("cgroup2", "cg", "cgroup2", MountFlags::empty(), "")?;
    process.mkdir("cg/x", 0o755)?;
    process.mkdir("cg/x/sub", 0o755)?;
    Ok(())
}

/// As [`hierarchy`], with `x/sub2` beside `x/sub`.
fn hierarchy_with_sibling(process: &Process) -> Play {
    hierarchy(process)?;
    process.mkdir("cg/x/sub2", 0o755)?;
    Ok(())
}

/// The `cgroup.procs` file to which a process writes `0` to move itself into `x/sub`.
const SUB: &str = "/tmp/cg/x/sub/cgroup.procs";
/// The same of its sibling.
const SUB2: &str = "/tmp/cg/x/sub2/cgroup.procs";
/// A reader's own place in the hierarchy.
const OWN: &str = "/proc/self/cgroup";
/// The reader's own cgroup namespace.
const NS: &str = "/proc/self/ns/cgroup";

/// What the cases about paths need.
const NEEDS: &[need::Need] = &[&need::CGROUP_NS, &need::CGROUP2, &need::PROCFS];

/// The cases of this module.
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
            process.readlink_ns(NS)?;
            process.unshare(NEWCGROUP)?;
            process.readlink_ns(NS)?;
            let fd = process.open(NS, O_RDONLY)?.id()?;
            process.ioctl_nstype(fd)?;
            process.unshare(NEWCGROUP)?;
            process.readlink_ns(NS)?;
            process.setns(fd, NEWUTS)?;
            process.setns(fd, NEWCGROUP)?;
            process.readlink_ns(NS)?;
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
            process.readlink_ns(NS)?;
            process.unshare(NEWCGROUP)?;
            process.readlink_ns(NS)?;
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
            outer.readlink_ns(NS)?;
            let inner = outer.clone("inner", NEWCGROUP)?;
            inner.readlink_ns(NS)?;
            inner.cat_cgroup2(OWN)?;
            outer.readlink_ns(NS)?;
            outer.cat_cgroup2(OWN)?;
            outer.cat_cgroup2(inner.proc("cgroup"))?;
            Ok(())
        },
        ..CASE
    },
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
            outside.cat(SUB)?;
            mover.unshare(NEWCGROUP)?;
            mover.cat_cgroup2(OWN)?;
            outside.cat(SUB)?;
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
            outside.echo(moved.pid().to_string(), "cg/x/sub/inner/cgroup.procs")?;
            moved.cat_cgroup2(OWN)?;
            outside.echo(moved.pid().to_string(), SUB2)?;
            moved.cat_cgroup2(OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "cgroup.old-mount-shows-dotdot-root",
        claim: "A mount of the hierarchy that was made before is still rooted where it was: its record in mountinfo leads up from the root of the new cgroup namespace.",
        sources: &[man("cgroup_namespaces(7)", "DESCRIPTION")],
        since: "4.6",
        needs: NEEDS,
        wrong: "the root of the old mount is shown as /",
        play: |lab| {
            let process = lab.process("process")?;
            hierarchy(&process)?;
            process.echo("0", SUB)?;
            process.mountinfo("/tmp/cg")?;
            process.unshare(NEWCGROUP)?;
            process.mountinfo("/tmp/cg")?;
            process.list_cgroups("cg")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "cgroup.new-mount-root",
        claim: "A mount of the hierarchy made inside a cgroup namespace is rooted in that namespace's root: mountinfo shows / and the directory holds nothing but its own subtree.",
        sources: &[man("cgroup_namespaces(7)", "DESCRIPTION")],
        since: "4.6",
        needs: NEEDS,
        wrong: "the new mount shows cgroups outside the namespace",
        play: |lab| {
            let process = lab.process("process")?;
            hierarchy(&process)?;
            process.mkdir("cg/x/sub/inner", 0o755)?;
            process.echo("0", SUB)?;
            process.list_cgroups("cg")?;
            process.unshare(NEWCGROUP)?;
            process.umount("cg")?;
            process.list_cgroups("cg")?;
            process.mount("cgroup2", "cg", "cgroup2", MountFlags::empty(), "")?;
            process.mountinfo("/tmp/cg")?;
            process.list_cgroups("cg")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "cgroup.ancestors-hidden",
        claim: "Through a mount made inside a cgroup namespace no cgroup above its root can be reached; through an older mount they can.",
        sources: &[man("cgroup_namespaces(7)", "NOTES")],
        since: "4.6",
        needs: NEEDS,
        wrong: "a path with .. leads out of the namespace's root to its siblings",
        play: |lab| {
            let process = lab.process("process")?;
            hierarchy_with_sibling(&process)?;
            process.mkdir("new", 0o755)?;
            process.echo("0", SUB)?;
            process.unshare(NEWCGROUP)?;
            process.mount("cgroup2", "new", "cgroup2", MountFlags::empty(), "")?;
            lab.note("both directories are the same cgroup, reached through two mounts")?;
            process.cat("cg/x/sub/cgroup.procs")?;
            process.cat("new/cgroup.procs")?;
            process.cat("cg/x/sub/../sub2/cgroup.procs")?;
            process.cat("new/../sub2/cgroup.procs")?;
            process.list_cgroups("cg/x/sub/..")?;
            process.list_cgroups("new/..")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "cgroup.userns-mount",
        claim: "Whoever has CAP_SYS_ADMIN in a user namespace that owns the cgroup namespace may mount the version 2 hierarchy, and gets it from the root of the cgroup namespace on; with a cgroup namespace of another owner the mount is refused.",
        sources: &[man("user_namespaces(7)", "Interaction of user namespaces and other types of namespaces")],
        since: "4.6",
        needs: NEEDS,
        wrong: "the mount is refused in the own cgroup namespace, allowed in the other one, or shows more than the own subtree",
        play: |lab| {
            let outer = lab.process("outer")?;
            hierarchy(&outer)?;
            outer.mkdir("own", 0o755)?;
            outer.mkdir("cg/x/sub/inner", 0o755)?;
            outer.echo("0", SUB)?;
            let stranger = outer.clone("stranger", NEWUSER | NEWNS)?;
            stranger.mount("cgroup2", "own", "cgroup2", MountFlags::empty(), "")?;
            lab.note("a file system that needs no cgroup namespace may be mounted")?;
            stranger.mount("none", "own", "tmpfs", MountFlags::empty(), "")?;
            stranger.mount_points("/tmp/own")?;
            outer.readlink_ns("/proc/self/ns/user")?;
            let owner = outer.clone("owner", NEWUSER | NEWNS | NEWCGROUP)?;
            owner.readlink_ns("/proc/self/ns/user")?;
            owner.mount("cgroup2", "own", "cgroup2", MountFlags::empty(), "")?;
            owner.mountinfo("/tmp/own")?;
            owner.list_cgroups("own")?;
            outer.list_cgroups("own")?;
            Ok(())
        },
        ..CASE
    },
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
            inside.readlink_ns(NS)?;
            let joiner = outside.fork("joiner")?;
            joiner.cat_cgroup2(OWN)?;
            let fd = joiner.open(inside.proc("ns/cgroup"), O_RDONLY)?.id()?;
            joiner.setns(fd, NEWCGROUP)?;
            joiner.readlink_ns(NS)?;
            joiner.cat_cgroup2(OWN)?;
            joiner.cat_cgroup2(inside.proc("cgroup"))?;
            outside.cat_cgroup2(joiner.proc("cgroup"))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "cgroup.needs-cap",
        claim: "Creating a cgroup namespace takes CAP_SYS_ADMIN; a user namespace created in the same call gives it.",
        sources: &[man("unshare(2)", "CLONE_NEWCGROUP"), man("clone(2)", "CLONE_NEWCGROUP")],
        since: "4.6",
        ground: Ground::User,
        needs: &[&need::CGROUP_NS, &need::USER_NS, &need::PROCFS],
        wrong: "an ordinary user without a user namespace gets a cgroup namespace",
        play: |lab| {
            let user = lab.process("user")?;
            user.readlink_ns(NS)?;
            user.unshare(NEWCGROUP)?;
            user.try_clone("child", NEWCGROUP)?;
            user.readlink_ns(NS)?;
            user.unshare(NEWUSER | NEWCGROUP)?;
            user.readlink_ns(NS)?;
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
            owner.readlink_ns(NS)?;
            let fd = owner.open(NS, O_RDONLY)?.id()?;
            owner.unshare(NEWCGROUP)?;
            owner.readlink_ns(NS)?;
            let weak = owner.fork("weak")?;
            weak.capset_drop(CAP_SYS_ADMIN)?;
            weak.setns(fd, NEWCGROUP)?;
            weak.readlink_ns(NS)?;
            lab.note("root of a user namespace of its own, which does not own the cgroup namespace")?;
            let stranger = owner.clone("stranger", NEWUSER)?;
            stranger.setns(fd, NEWCGROUP)?;
            stranger.readlink_ns(NS)?;
            owner.setns(fd, NEWCGROUP)?;
            owner.readlink_ns(NS)?;
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
            inner.readlink_ns(NS)?;
            inner.echo("1", "/proc/sys/user/max_cgroup_namespaces")?;
            inner.unshare(NEWCGROUP)?;
            inner.readlink_ns(NS)?;
            inner.unshare(NEWCGROUP)?;
            inner.readlink_ns(NS)?;
            lab.note("the limit is that of the inner user namespace alone")?;
            outer.readlink_ns(NS)?;
            outer.unshare(NEWCGROUP)?;
            outer.readlink_ns(NS)?;
            lab.note("the old namespace counts until the new one is there")?;
            inner.echo("2", "/proc/sys/user/max_cgroup_namespaces")?;
            inner.unshare(NEWCGROUP)?;
            inner.readlink_ns(NS)?;
            Ok(())
        },
        ..CASE
    },
];

/// What this module cannot test.
pub const UNTESTED: &[Untested] = &[
    Untested {
        id: "cgroup.v1-too",
        claim: "Creating a cgroup namespace makes the caller's cgroups the roots in every version 1 hierarchy as well.",
        sources: &[man("cgroup_namespaces(7)", "DESCRIPTION")],
        why: "a process would have to be moved in a version 1 hierarchy of the machine, which has no delegation and often is not mounted at all",
        part: Some("cgroup.unshare-makes-current-the-root"),
    },
    Untested {
        id: "cgroup.nsdelegate-interface-files",
        claim: "With the mount option nsdelegate, the controller files of a cgroup namespace's root cannot be written from inside.",
        sources: &[man("cgroups(7)", "Cgroups delegation: nsdelegate and cgroup namespaces")],
        why: "the option is one for the whole machine",
        part: None,
    },
    Untested {
        id: "cgroup.nsdelegate-migration",
        claim: "With the mount option nsdelegate, no process can be moved across the border of a cgroup namespace from inside.",
        sources: &[man("cgroups(7)", "Cgroups delegation: nsdelegate and cgroup namespaces")],
        why: "the option is one for the whole machine",
        part: None,
    },
    Untested {
        id: "cgroup.nsdelegate-where",
        claim: "The option nsdelegate is obeyed only when given from the initial namespaces.",
        sources: &[man("cgroups(7)", "Cgroups delegation: nsdelegate and cgroup namespaces")],
        why: "trying it from there changes the whole machine",
        part: None,
    },
    Untested {
        id: "cgroup.prevents-leak-and-delegation-escape",
        claim: "A process that owns a cgroup above the root of its namespace cannot change it through a mount made inside.",
        sources: &[man("cgroup_namespaces(7)", "NOTES")],
        why: "it follows from what cannot be reached by path; ownership adds nothing that could be seen",
        part: Some("cgroup.ancestors-hidden"),
    },
];
