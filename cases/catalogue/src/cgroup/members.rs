//! Which process is in which cgroup: born into one, listed in cgroup.procs, moved by whom.
//!
//! The paths under which that shows live in `paths`.

use super::{NEEDS, NS, OWN, SUB, hierarchy, hierarchy_with_sibling};
use crate::prelude::*;

/// The `cgroup.procs` file of the sibling of `x/sub`.
const SUB2: &str = "/tmp/cg/x/sub2/cgroup.procs";

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "cgroup.clone-into",
        claim: "clone3() with CLONE_INTO_CGROUP creates a child in the cgroup of the given directory, which is the root of the child's cgroup namespace if CLONE_NEWCGROUP is there too; another directory is EBADF.",
        sources: &[man("clone(2)", "CLONE_INTO_CGROUP"), man("clone(2)", "ERRORS")],
        since: "5.7",
        needs: NEEDS,
        wrong: "the child starts in its creator's cgroup, or that is the root of its namespace",
        play: |lab| {
            let creator = lab.process("creator")?;
            hierarchy(&creator)?;
            let directory = creator.open("cg/x/sub", OpenFlags::O_DIRECTORY)?.id()?;
            let child = creator.clone3_into_cgroup("child", Flags::empty(), directory)?;
            child.cat_cgroup2(OWN)?;
            creator.cat_cgroup2(OWN)?;
            lab.note("with a namespace whose root that cgroup is")?;
            let inside = creator.clone3_into_cgroup("inside", NEWCGROUP, directory)?;
            inside.cat_cgroup2(OWN)?;
            creator.cat_cgroup2(inside.proc("cgroup"))?;
            lab.note("a directory that is no cgroup")?;
            let other = creator.open("/tmp", OpenFlags::O_DIRECTORY)?.id()?;
            creator.fcntl_getfl(other)?;
            creator.try_clone3_into_cgroup("nobody", Flags::empty(), other)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "cgroup.procs-translated",
        claim: "cgroup.procs holds PIDs of the reader's or writer's PID namespace: a process without a number there reads 0, and cannot be moved by the number that it has elsewhere.",
        sources: &[man("cgroups(7)", "Creating cgroups and moving processes")],
        since: "4.5",
        needs: &[&need::CGROUP2, &need::PROCFS],
        wrong: "numbers of another PID namespace are read or written",
        play: |lab| {
            let outside = lab.process("outside")?;
            hierarchy_with_sibling(&outside)?;
            let other = outside.fork("other")?;
            other.echo("0", SUB2)?;
            let inside = outside.clone("inside", NEWPID)?;
            lab.note("inside, 1 is the process itself")?;
            inside.echo("1", SUB)?;
            for reader in [outside, inside] {
                reader.pids(SUB)?;
                reader.pids(SUB2)?;
            }
            lab.note("by its number outside the other process cannot be moved from inside")?;
            inside.echo(other.sealed_text(), SUB)?;
            outside.cat_cgroup2(other.proc("cgroup"))?;
            outside.echo(other.sealed_text(), SUB)?;
            outside.cat_cgroup2(other.proc("cgroup"))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "cgroup.procs-opener-credentials",
        claim: "Who may move a process is decided by the credentials with which cgroup.procs was opened: through a file that a delegate opened, root moves no process from outside the delegated subtree (EACCES).",
        sources: &[text("Documentation/admin-guide/cgroup-v2.rst, Delegation Containment")],
        since: "5.16",
        needs: &[&need::CGROUP2, &need::PROCFS, &need::MANY_IDS],
        wrong: "the writer's privilege decides, so that a delegate can have root pull processes in",
        play: |lab| {
            let root = lab.process("root")?;
            hierarchy_with_sibling(&root)?;
            lab.note("x and what is below is delegated to user 1000")?;
            for file in ["cg/x/cgroup.procs", "cg/x/sub/cgroup.procs"] {
                root.chown(file, 1000, -1)?;
            }
            let within = root.fork("within")?;
            within.echo("0", SUB2)?;
            let stranger = root.fork("stranger")?;
            root.setresuid(-1, 1000, -1)?;
            let opened = root.open("cg/x/sub/cgroup.procs", OpenFlags::O_WRONLY)?.id()?;
            root.setresuid(-1, 0, -1)?;
            lab.note("root writes: within the subtree that goes, from outside it does not")?;
            root.write(opened, within.sealed_text())?;
            root.write(opened, stranger.sealed_text())?;
            root.cat_cgroup2(within.proc("cgroup"))?;
            root.cat_cgroup2(stranger.proc("cgroup"))?;
            lab.note("through a file that root itself opened")?;
            root.echo(stranger.sealed_text(), SUB)?;
            root.cat_cgroup2(stranger.proc("cgroup"))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "cgroup.free-move-without-nsdelegate",
        claim: "Without the mount option nsdelegate a member of a cgroup namespace may leave the namespace's root by way of an older mount, and then sees itself outside of it.",
        sources: &[text("Documentation/admin-guide/cgroup-v2.rst, Migration and setns(2)")],
        since: "4.6",
        needs: &[&need::CGROUP_NS, &need::CGROUP2, &need::PROCFS, &need::NO_NSDELEGATE],
        wrong: "the move is refused, or the root of the namespace moves along",
        play: |lab| {
            let member = lab.process("member")?;
            hierarchy_with_sibling(&member)?;
            member.echo("0", SUB)?;
            member.unshare(NEWCGROUP)?;
            member.cat_cgroup2(OWN)?;
            member.echo("0", SUB2)?;
            member.cat_cgroup2(OWN)?;
            member.pids(SUB2)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "cgroup.pidfd-cgroupid",
        claim: "The cgroup id that PIDFD_GET_INFO gives is the inode number of the directory of the process's version 2 cgroup, in every cgroup namespace.",
        sources: &[text("linux/pidfd.h")],
        since: "6.13",
        needs: &[&need::CGROUP_NS, &need::CGROUP2, &need::PROCFS, &need::PIDFD_INFO],
        wrong: "the number is that of another cgroup, or depends on the namespace",
        play: |lab| {
            let outside = lab.process("outside")?;
            hierarchy(&outside)?;
            let inside = outside.fork("inside")?;
            let pidfd = outside.pidfd_open(inside, 0)?.id()?;
            outside.stat_identity("cg")?;
            outside.ioctl_pidfd_cgroup(pidfd)?;
            inside.echo("0", SUB)?;
            outside.stat_identity("cg/x/sub")?;
            outside.ioctl_pidfd_cgroup(pidfd)?;
            lab.note("in a namespace of its own")?;
            inside.unshare(NEWCGROUP)?;
            let itself = inside.pidfd_open(inside.sealed(), 0)?.id()?;
            inside.ioctl_pidfd_cgroup(itself)?;
            inside.cat_cgroup2(OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "cgroup.thread-unshares-alone",
        claim: "A thread that calls unshare(CLONE_NEWCGROUP) moves alone: the other threads of its process stay in their cgroup namespace.",
        sources: &[
            text("Documentation/admin-guide/cgroup-v2.rst, Namespace, Basics"),
            man("unshare(2)", "DESCRIPTION"),
        ],
        since: "4.6",
        deviation: Some(
            "cgroup-v2.rst says that the unsharing of one thread applies to all threads of the process",
        ),
        needs: &[&need::CGROUP_NS, &need::PROCFS],
        wrong: "the whole process moves",
        play: |lab| {
            let process = lab.process("process")?;
            let thread = process.clone("thread", THREAD)?;
            process.readlink(NS)?;
            thread.readlink("/proc/thread-self/ns/cgroup")?;
            thread.unshare(NEWCGROUP)?;
            process.readlink(NS)?;
            thread.readlink("/proc/thread-self/ns/cgroup")?;
            Ok(())
        },
        ..CASE
    },
];

/// The claims of this topic that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[
    Untested {
        id: "cgroup.procs-opener-namespace",
        claim: "With the mount option nsdelegate it is the cgroup namespace of the opener of cgroup.procs whose border counts.",
        sources: &[text("Documentation/admin-guide/cgroup-v2.rst, Delegation Containment")],
        why: "the option is one for the whole machine",
        part: Some("cgroup.procs-opener-credentials"),
    },
    Untested {
        id: "cgroup.release-agent-host-root",
        claim: "The release agent of a version 1 hierarchy can be set only with CAP_SYS_ADMIN in the initial user namespace.",
        sources: &[man("cgroups(7)", "Cgroups v1 release notification")],
        why: "a kernel that let it be set would execute that program as root of the whole machine",
        part: None,
    },
    Untested {
        id: "cgroup.v1-mount-in-userns",
        claim: "The root of a user namespace that owns its cgroup namespace may mount the version 1 hierarchies that exist, and cannot make new ones.",
        sources: &[
            man("cgroup_namespaces(7)", "DESCRIPTION"),
            man("user_namespaces(7)", "Effect of capabilities within a user namespace"),
        ],
        why: "which version 1 hierarchies exist is a matter of the whole machine, and a kernel that let one be made would make it there",
        part: Some("cgroup.userns-mount"),
    },
];
