//! Who may create a user namespace and what a creator may create with it.
//!
//! The limits of nesting and number live in `limits`, the capabilities of the creator in
//! `capabilities`.

use super::{NO_FLAGS, OWN, OWN_NS, USER_AS_ROOT};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "user.unprivileged-may-create",
        claim: "A process without any privilege can create a user namespace, but no namespace of another type, and has every capability in what it created.",
        sources: &[SEED, man("user_namespaces(7)", "DESCRIPTION"), man("clone(2)", "CLONE_NEWUSER")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS, &need::UTS_NS],
        wrong: "an ordinary user is refused, or has no privilege inside",
        play: |lab| {
            let user = lab.process("user")?;
            user.capget()?;
            lab.note(
                "without a capability only the user namespace is allowed, by clone(2) as by unshare(2)",
            )?;
            user.try_clone("refused", NEWUTS)?;
            let child = user.clone("child", NEWUSER)?;
            user.unshare(NEWUTS)?;
            user.readlink(OWN_NS)?;
            user.unshare(NEWUSER)?;
            lab.note("in it the creator has every capability, and may create the other kind")?;
            for process in [child, user] {
                process.readlink(OWN_NS)?;
                process.capget()?;
            }
            user.unshare(NEWUTS)?;
            user.sethostname("inside")?;
            user.gethostname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.other-types-inside",
        claim: "Inside a user namespace its root can create namespaces of every other type, which the same user cannot do outside.",
        sources: &[
            SEED,
            man("user_namespaces(7)", "Interaction of user namespaces and other types of namespaces"),
        ],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[
            &need::USER_NS,
            &need::PROCFS,
            &need::CGROUP_NS,
            &need::IPC_NS,
            &need::NET_NS,
            &need::TIME_NS,
            &need::UTS_NS,
        ],
        wrong: "one of the types needs privilege outside, or none at all",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWUSER)?;
            let others = [NEWCGROUP, NEWIPC, NEWNS, NEWNET, NEWTIME, NEWUTS, NEWPID];
            lab.note("outside each is refused")?;
            for kind in others {
                outer.unshare(kind)?;
            }
            lab.note("inside each is created")?;
            for kind in others {
                inner.unshare(kind)?;
            }
            lab.note("new PID and time namespaces are for children")?;
            let child = inner.fork("child")?;
            for kind in Kind::ALL {
                outer.readlink(kind.own_path())?;
                outer.readlink(child.proc(&format!("ns/{}", kind.link())))?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.root-functions-for-unprivileged",
        claim: "By way of a user namespace an ordinary user gains functions that were reserved for root: chroot, mount, the host name.",
        sources: &[SEED],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS, &need::UTS_NS],
        wrong: "a function is refused inside, or is not refused outside",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.mkdir("place", 0o755)?;
            let inner = outer.clone("inner", NEWUSER | NEWNS | NEWUTS)?;
            lab.note("the same calls outside, where all are refused, and then inside")?;
            for process in [outer, inner] {
                process.sethostname("changed")?;
                process.gethostname()?;
                process.mount("scratch", "place", "tmpfs", NO_FLAGS, "")?;
                process.mount_points("/tmp/place")?;
                process.chroot("place")?;
                process.readdir("/tmp")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.newuser-first-of-combined",
        claim: "Where CLONE_NEWUSER stands beside other flags the user namespace is made first: the caller needs no privilege for the others, and the new user namespace owns them.",
        sources: &[
            man("user_namespaces(7)", "Interaction of user namespaces and other types of namespaces"),
            man("NS_GET_USERNS(2const)", "DESCRIPTION"),
        ],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS, &need::UTS_NS, &need::IPC_NS],
        wrong: "the combined call is refused, or the user namespace that was left owns the new ones",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.try_clone("refused", NEWUTS | NEWIPC)?;
            lab.note("together with a user namespace it is allowed")?;
            let child = outer.clone("child", NEWUSER | NEWUTS | NEWIPC)?;
            let moved = outer.fork("moved")?;
            moved.unshare(NEWUTS | NEWIPC)?;
            moved.unshare(NEWUSER | NEWUTS | NEWIPC)?;
            lab.note("the new user namespace owns the others")?;
            for process in [child, moved] {
                process.readlink(OWN_NS)?;
                for kind in ["uts", "ipc"] {
                    let fd = process.open(format!("/proc/self/ns/{kind}"), O_RDONLY)?.id()?;
                    let owner = process.ioctl_userns(fd)?.id()?;
                    process.fstat_ns(owner)?;
                }
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.unshare-multithreaded-einval",
        claim: "A process with more than one thread cannot move into a new user namespace.",
        sources: &[man("unshare(2)", "CLONE_NEWUSER"), man("unshare(2)", "ERRORS")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "the threads of one process are in different user namespaces",
        play: |lab| {
            let process = lab.process("process")?;
            let single = process.fork("single")?;
            let thread = process.clone("thread", THREAD)?;
            process.unshare(NEWUSER)?;
            thread.unshare(NEWUSER)?;
            single.unshare(NEWUSER)?;
            for one in [process, thread, single] {
                one.readlink("/proc/thread-self/ns/user")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.clone-thread-einval",
        claim: "A thread cannot be created in a new user namespace: its process would be in two.",
        sources: &[man("clone(2)", "ERRORS")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "a thread has another user namespace than its process",
        play: |lab| {
            let process = lab.process("process")?;
            process.try_clone("refused", THREAD | NEWUSER)?;
            let thread = process.clone("thread", THREAD)?;
            let child = process.clone("child", NEWUSER)?;
            for one in [process, thread, child] {
                one.readlink("/proc/thread-self/ns/user")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.create-unmapped-eperm",
        claim: "Whoever creates a user namespace must have a user id and a group id in the one it is in: an unmapped creator is refused.",
        sources: &[man("unshare(2)", "ERRORS"), man("clone(2)", "ERRORS")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "a user namespace is made whose owner has no id",
        play: |lab| {
            let outer = lab.process("outer")?;
            let unmapped = outer.clone("unmapped", NEWUSER)?;
            unmapped.try_clone("refused", NEWUSER)?;
            unmapped.unshare(NEWUSER)?;
            lab.note("a user id alone is not enough")?;
            let half = outer.clone("half", NEWUSER)?;
            half.echo(USER_AS_ROOT, "/proc/self/uid_map")?;
            half.geteuid()?;
            half.unshare(NEWUSER)?;
            let mapped = outer.clone("mapped", NEWUSER)?;
            mapped.map_ids(OWN, USER_AS_ROOT, USER_AS_ROOT)?;
            mapped.readlink(OWN_NS)?;
            mapped.unshare(NEWUSER)?;
            mapped.readlink(OWN_NS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.create-in-chroot-eperm",
        claim: "A process whose root directory is not the root of its mount namespace cannot create a user namespace, even with all capabilities: it could leave its root directory from there.",
        sources: &[man("unshare(2)", "ERRORS"), man("clone(2)", "ERRORS")],
        since: "3.9",
        needs: &[&need::PROCFS],
        wrong: "a process in a changed root directory creates a user namespace",
        play: |lab| {
            let process = lab.process("process")?;
            let free = process.fork("free")?;
            free.readlink(OWN_NS)?;
            free.unshare(NEWUSER)?;
            free.readlink(OWN_NS)?;
            process.mkdir("jail", 0o755)?;
            process.chroot("jail")?;
            process.try_clone("refused", NEWUSER)?;
            process.unshare(NEWUSER)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.clone-fs-einval",
        claim: "A process in a new user namespace cannot share its root directory with its creator: clone and clone3 refuse CLONE_NEWUSER together with CLONE_FS, whatever other flags there are.",
        sources: &[man("clone(2)", "ERRORS"), man("clone(2)", "CLONE_NEWUSER")],
        since: "3.9",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS, &need::CLONE3, &need::UTS_NS],
        wrong: "a process with capabilities of its own namespace changes the root directory of one outside",
        play: |lab| {
            let user = lab.process("user")?;
            let both = NEWUSER | Flags::CLONE_FS;
            for flags in [both, both | NEWUTS, both | Flags::CLONE_VM] {
                user.try_clone("refused", flags)?;
                user.try_clone3("refused", flags, &[])?;
            }
            lab.note("each of the two without the other")?;
            let sharing = user.clone("sharing", Flags::CLONE_FS)?;
            let inside = user.clone("inside", NEWUSER)?;
            for process in [sharing, inside] {
                user.diff_ns(user.proc("ns"), process.proc("ns"))?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.clone-parent",
        claim: "CLONE_NEWUSER goes together with CLONE_PARENT: the new process is a child of its creator's parent, and the new user namespace one of its creator's.",
        sources: &[man("clone(2)", "CLONE_NEWUSER"), man("clone(2)", "ERRORS")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        deviation: Some("clone(2): CLONE_NEWUSER cannot be specified together with CLONE_PARENT (EINVAL)"),
        wrong: "the new user namespace belongs to the parent of the process, who has not asked for it",
        play: |lab| {
            let parent = lab.process("parent")?;
            let creator = parent.clone("creator", NEWUSER)?;
            creator.map_ids(OWN, USER_AS_ROOT, USER_AS_ROOT)?;
            let created = creator.clone("created", NEWUSER | Flags::CLONE_PARENT)?;
            parent.field(created.proc("status"), "PPid")?;
            for process in [parent, creator, created] {
                process.readlink(OWN_NS)?;
            }
            let file = parent.open(created.proc("ns/user"), O_RDONLY)?.id()?;
            let above = parent.ioctl_parent(file)?.id()?;
            parent.fstat_ns(above)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.newuser-fs-sharing-refused",
        claim: "Two processes that share their root directory are in one user namespace: clone refuses to part them so, setns refuses, and unshare ends the sharing.",
        sources: &[man("clone(2)", "ERRORS"), man("setns(2)", "ERRORS"), man("unshare(2)", "CLONE_NEWUSER")],
        since: "3.9",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "a process changes the root directory of one in another user namespace, and so what that one's programs are",
        play: |lab| {
            let user = lab.process("user")?;
            user.mkdir("first", 0o755)?;
            user.mkdir("second", 0o755)?;
            let other = user.clone("other", NEWUSER)?;
            user.diff_ns(user.proc("ns"), other.proc("ns"))?;
            let twin = user.clone("twin", Flags::CLONE_FS)?;
            lab.note("the twins have one current directory; the first two ways keep it so")?;
            twin.chdir("/tmp/first")?;
            twin.try_clone("refused", NEWUSER | Flags::CLONE_FS)?;
            let file = twin.open(other.proc("ns/user"), O_RDONLY)?.id()?;
            twin.setns(file, NEWUSER)?;
            user.getcwd()?;
            user.diff_ns(user.proc("ns"), twin.proc("ns"))?;
            lab.note("the third one parts them")?;
            twin.unshare(NEWUSER)?;
            user.diff_ns(user.proc("ns"), twin.proc("ns"))?;
            twin.chdir("/tmp/second")?;
            twin.getcwd()?;
            user.getcwd()?;
            Ok(())
        },
        ..CASE
    },
];
