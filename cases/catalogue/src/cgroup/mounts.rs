//! Mounts of the hierarchy: their root, and the cgroups that they hide.

use super::{NEEDS, SUB, hierarchy, hierarchy_with_sibling};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
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
            lab.note("the old mount goes, and a new one is made inside the namespace")?;
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
            process.pids("cg/x/sub/cgroup.procs")?;
            process.pids("new/cgroup.procs")?;
            process.pids("cg/x/sub/../sub2/cgroup.procs")?;
            process.pids("new/../sub2/cgroup.procs")?;
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
            outer.readlink("/proc/self/ns/user")?;
            let owner = outer.clone("owner", NEWUSER | NEWNS | NEWCGROUP)?;
            owner.readlink("/proc/self/ns/user")?;
            owner.mount("cgroup2", "own", "cgroup2", MountFlags::empty(), "")?;
            owner.mountinfo("/tmp/own")?;
            owner.list_cgroups("own")?;
            outer.list_cgroups("own")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "cgroup.mount-does-not-pin",
        claim: "A mount made in a cgroup namespace does not keep the namespace, which ends with its last process, but goes on working.",
        sources: &[
            text("Documentation/admin-guide/cgroup-v2.rst, Namespace, Basics"),
            man("namespaces(7)", "Namespace lifetime"),
        ],
        since: "4.6",
        deviation: Some("cgroup-v2.rst says that a cgroup namespace lives as long as a mount pins it"),
        needs: NEEDS,
        wrong: "the namespace still counts against the limit, or the mount is gone with it",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.mkdir("cg", 0o755)?;
            outer.mount("cgroup2", "cg", "cgroup2", MountFlags::empty(), "")?;
            outer.mkdir("cg/x", 0o755)?;
            outer.mkdir("own", 0o755)?;
            let keeper = outer.clone("keeper", NEWUSER | NEWNS)?;
            keeper.echo("1", "/proc/sys/user/max_cgroup_namespaces")?;
            let member = keeper.clone("member", NEWCGROUP)?;
            member.mount("cgroup2", "own", "cgroup2", MountFlags::empty(), "")?;
            lab.note("there may be one at a time: while it lives there is no room for another")?;
            keeper.try_clone("second", NEWCGROUP)?;
            member.exit(0)?;
            keeper.waitpid(member, WaitOptions::empty())?;
            let third = keeper.clone("third", NEWCGROUP)?;
            keeper.diff_ns(third.proc("ns"), "/proc/self/ns")?;
            keeper.list_cgroups("own")?;
            Ok(())
        },
        ..CASE
    },
];
