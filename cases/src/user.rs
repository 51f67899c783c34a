//! User namespaces: ids, maps, capabilities, ownership.
//!
//! What the root of a user namespace may do to the mounts, devices or queues of one particular
//! kind of namespace lives in the module of that kind.

use crate::prelude::*;

/// The directory in /proc of the calling process.
const OWN: &str = "/proc/self";
/// The user namespace of the calling process.
const OWN_NS: &str = "/proc/self/ns/user";
/// A map that calls the ordinary user of [`Ground::User`] root.
const USER_AS_ROOT: &str = "0 1000 1";
/// A map that calls root what is root outside too.
const ROOT_AS_ROOT: &str = "0 0 1";

/// The directory of a process in the procfs of the sealed PID namespace.
fn directory(process: Process) -> String {
    format!("/proc/{}", process.sealed_pid())
}

const NO_CAPABILITY: Capabilities = Capabilities::empty();
const NO_FLAGS: MountFlags = MountFlags::empty();

/// The cases of this module.
pub const CASES: &[Case] = &[
    // What the first article of the series says.
    Case {
        id: "user.isolates-uids-and-gids",
        claim: "User namespaces isolate the numbers by which users and groups are known: each namespace has numbers of its own, and a number of one means nothing in another.",
        sources: &[SEED, man("user_namespaces(7)", "DESCRIPTION")],
        since: "3.8",
        ground: Ground::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "the numbers of one namespace are those of the other, or may be taken in it",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.getresuid()?;
            outer.getresgid()?;
            let inner = outer.clone("inner", NEWUSER)?;
            inner.map_ids(OWN, "0 1000 1", "5 1000 1")?;
            inner.getresuid()?;
            inner.getresgid()?;
            lab.note("1000 is nobody's number inside")?;
            inner.setresuid(1000, 1000, 1000)?;
            inner.setresgid(1000, 1000, 1000)?;
            outer.getresuid()?;
            outer.getresgid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.ids-differ-inside-and-outside",
        claim: "A process can have other user and group ids inside its user namespace than outside of it.",
        sources: &[SEED, man("user_namespaces(7)", "DESCRIPTION")],
        since: "3.8",
        ground: Ground::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "both readers of the same status file see the same ids",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWUSER)?;
            inner.map_ids(OWN, "200 1000 1", "300 1000 1")?;
            for reader in [inner, outer] {
                reader.field(inner.proc("status"), "Uid")?;
                reader.field(inner.proc("status"), "Gid")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.uid0-inside-normal-outside",
        claim: "A process that is root inside, with user id 0, is an ordinary user outside: what it creates belongs to that user.",
        sources: &[SEED, man("user_namespaces(7)", "DESCRIPTION")],
        since: "3.8",
        ground: Ground::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "the process or its file belongs to user 0 outside too",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWUSER)?;
            inner.map_ids(OWN, USER_AS_ROOT, USER_AS_ROOT)?;
            inner.geteuid()?;
            outer.field(inner.proc("status"), "Uid")?;
            inner.creat_excl("file")?;
            inner.stat_owner("file")?;
            outer.stat_owner("file")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.root-powers-inside",
        claim: "The root of a user namespace has every capability, and with it full privilege for operations on what belongs to that namespace.",
        sources: &[SEED, man("user_namespaces(7)", "DESCRIPTION")],
        since: "3.8",
        ground: Ground::User,
        needs: &[&need::USER_NS, &need::PROCFS, &need::UTS_NS, &need::IPC_NS],
        wrong: "root inside lacks a capability, or is refused an operation inside",
        play: |lab| {
            let user = lab.process("user")?;
            user.capget()?;
            let root = user.clone("root", NEWUSER | NEWNS | NEWUTS)?;
            root.map_ids(OWN, USER_AS_ROOT, USER_AS_ROOT)?;
            root.geteuid()?;
            root.capget()?;
            root.sethostname("inside")?;
            root.gethostname()?;
            root.mkdir("place", 0o755)?;
            root.mount("scratch", "place", "tmpfs", NO_FLAGS, "")?;
            root.mount_points("/tmp/place")?;
            root.readlink_ns("/proc/self/ns/ipc")?;
            root.unshare(NEWIPC)?;
            root.readlink_ns("/proc/self/ns/ipc")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.no-powers-outside",
        claim: "The capabilities of root in a user namespace are worth nothing for what belongs to a namespace outside of it.",
        sources: &[SEED, man("user_namespaces(7)", "Effect of capabilities within a user namespace")],
        since: "3.8",
        ground: Ground::User,
        needs: &[&need::USER_NS, &need::PROCFS, &need::UTS_NS],
        wrong: "root inside changes the host name or the mounts outside, or enters a namespace outside",
        play: |lab| {
            let outer = lab.process("outer")?;
            let outside = outer.open("/proc/self/ns/uts", O_RDONLY)?.id()?;
            outer.mkdir("place", 0o755)?;
            let root = outer.clone("root", NEWUSER)?;
            root.map_ids(OWN, USER_AS_ROOT, USER_AS_ROOT)?;
            root.geteuid()?;
            root.capget()?;
            root.sethostname("changed")?;
            root.mount("scratch", "place", "tmpfs", NO_FLAGS, "")?;
            outer.gethostname()?;
            outer.mount_points("/tmp/place")?;
            lab.note("the same calls on namespaces of its own")?;
            root.unshare(NEWUTS | NEWNS)?;
            root.sethostname("changed")?;
            root.gethostname()?;
            root.mount("scratch", "place", "tmpfs", NO_FLAGS, "")?;
            root.mount_points("/tmp/place")?;
            root.setns(outside, NEWUTS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.unprivileged-may-create",
        claim: "A process without any privilege can create a user namespace, but no namespace of another type, and has every capability in what it created.",
        sources: &[SEED, man("user_namespaces(7)", "DESCRIPTION"), man("clone(2)", "CLONE_NEWUSER")],
        since: "3.8",
        ground: Ground::User,
        needs: &[&need::USER_NS, &need::PROCFS, &need::UTS_NS],
        wrong: "an ordinary user is refused, or has no privilege inside",
        play: |lab| {
            let user = lab.process("user")?;
            user.capget()?;
            user.try_clone("refused", NEWUTS)?;
            let child = user.clone("child", NEWUSER)?;
            user.unshare(NEWUTS)?;
            user.readlink_ns(OWN_NS)?;
            user.unshare(NEWUSER)?;
            for process in [child, user] {
                process.readlink_ns(OWN_NS)?;
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
        ground: Ground::User,
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
            for kind in others {
                outer.unshare(kind)?;
            }
            for kind in others {
                inner.unshare(kind)?;
            }
            lab.note("new PID and time namespaces are for children")?;
            let child = inner.fork("child")?;
            for kind in Kind::ALL {
                outer.readlink_ns(kind.own_path())?;
                outer.readlink_ns(child.proc(&format!("ns/{}", kind.link())))?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.flag-clone-newuser",
        claim: "CLONE_NEWUSER is the flag for user namespaces: it makes a new one and no namespace of another type.",
        sources: &[SEED, man("clone(2)", "CLONE_NEWUSER"), man("namespaces(7)", "Namespace types")],
        since: "3.8",
        ground: Ground::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "a namespace of another type is new, or a user namespace names another flag as its own",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWUSER)?;
            for kind in Kind::ALL {
                outer.readlink_ns(kind.own_path())?;
                outer.readlink_ns(inner.proc(&format!("ns/{}", kind.link())))?;
            }
            let namespace = outer.open(inner.proc("ns/user"), O_RDONLY)?.id()?;
            outer.ioctl_nstype(namespace)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.six-types-then",
        claim: "The article counts six types of namespaces; cgroup and time namespaces came later. A process has a link in /proc for each of the eight types, and two more for those that its children will be in.",
        sources: &[SEED, man("namespaces(7)", "The /proc/pid/ns/ directory")],
        since: "5.6",
        needs: &[
            &need::CGROUP_NS,
            &need::IPC_NS,
            &need::MNT_NS,
            &need::NET_NS,
            &need::PID_NS,
            &need::TIME_NS,
            &need::UTS_NS,
            &need::PROCFS,
        ],
        wrong: "a type of namespace has no link, or one that is not documented has",
        play: |lab| {
            lab.process("process")?.readdir("/proc/self/ns")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.root-functions-for-unprivileged",
        claim: "By way of a user namespace an ordinary user gains functions that were reserved for root: chroot, mount, the host name.",
        sources: &[SEED],
        since: "3.8",
        ground: Ground::User,
        needs: &[&need::USER_NS, &need::PROCFS, &need::UTS_NS],
        wrong: "a function is refused inside, or is not refused outside",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.mkdir("place", 0o755)?;
            let inner = outer.clone("inner", NEWUSER | NEWNS | NEWUTS)?;
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
    // Creating and joining.
    Case {
        id: "user.full-capability-sets",
        claim: "The first process of a new user namespace starts with all capabilities permitted and effective, none inheritable or ambient, and a full bounding set, whatever its creator had.",
        sources: &[man("user_namespaces(7)", "Capabilities"), man("clone(2)", "CLONE_NEWUSER")],
        since: "3.8",
        needs: &[&need::PROCFS],
        wrong: "a capability set, the bounding set above all, is handed down from the creator",
        play: |lab| {
            let creator = lab.process("creator")?;
            lab.note("the capabilities of a machine's root differ from machine to machine; those in a user namespace do not")?;
            creator.unshare(NEWUSER)?;
            creator.map_ids(OWN, ROOT_AS_ROOT, ROOT_AS_ROOT)?;
            creator.prctl_capbset_drop(CAP_CHOWN)?;
            creator.capset(CAP_SETPCAP | CAP_KILL, CAP_KILL)?;
            creator.prctl_cap_ambient_raise(CAP_KILL)?;
            creator.cat_capabilities("/proc/self/status")?;
            let sibling = creator.fork("sibling")?;
            sibling.cat_capabilities("/proc/self/status")?;
            let child = creator.clone("child", NEWUSER)?;
            child.cat_capabilities("/proc/self/status")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.unshare-gives-caps-too",
        claim: "A process that moves into a new user namespace by unshare has all capabilities there, without any before.",
        sources: &[man("user_namespaces(7)", "Capabilities"), man("unshare(2)", "CLONE_NEWUSER")],
        since: "3.8",
        ground: Ground::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "a capability is missing after unshare",
        play: |lab| {
            let user = lab.process("user")?;
            user.capget()?;
            user.unshare(NEWUSER)?;
            user.cat_capabilities("/proc/self/status")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.no-caps-in-previous-ns",
        claim: "A process that moves into a new user namespace keeps no capability in the one that it left, even if it was root there and is root again inside.",
        sources: &[man("user_namespaces(7)", "Capabilities")],
        since: "3.8",
        needs: &[&need::PROCFS, &need::UTS_NS],
        wrong: "root still has a say over the namespaces that it had before",
        play: |lab| {
            let root = lab.process("root")?;
            root.sethostname("before")?;
            let previous = root.open(OWN_NS, O_RDONLY)?.id()?;
            root.unshare(NEWUSER)?;
            root.map_ids(OWN, ROOT_AS_ROOT, ROOT_AS_ROOT)?;
            root.geteuid()?;
            root.capget()?;
            root.sethostname("after")?;
            root.gethostname()?;
            root.setns(previous, NEWUSER)?;
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
        ground: Ground::User,
        needs: &[&need::USER_NS, &need::PROCFS, &need::UTS_NS, &need::IPC_NS],
        wrong: "the combined call is refused, or the user namespace that was left owns the new ones",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.try_clone("refused", NEWUTS | NEWIPC)?;
            let child = outer.clone("child", NEWUSER | NEWUTS | NEWIPC)?;
            let moved = outer.fork("moved")?;
            moved.unshare(NEWUTS | NEWIPC)?;
            moved.unshare(NEWUSER | NEWUTS | NEWIPC)?;
            for process in [child, moved] {
                process.readlink_ns(OWN_NS)?;
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
        ground: Ground::User,
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
                one.readlink_ns("/proc/thread-self/ns/user")?;
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
        ground: Ground::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "a thread has another user namespace than its process",
        play: |lab| {
            let process = lab.process("process")?;
            process.try_clone("refused", THREAD | NEWUSER)?;
            let thread = process.clone("thread", THREAD)?;
            let child = process.clone("child", NEWUSER)?;
            for one in [process, thread, child] {
                one.readlink_ns("/proc/thread-self/ns/user")?;
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
        ground: Ground::User,
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
            mapped.readlink_ns(OWN_NS)?;
            mapped.unshare(NEWUSER)?;
            mapped.readlink_ns(OWN_NS)?;
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
            free.readlink_ns(OWN_NS)?;
            free.unshare(NEWUSER)?;
            free.readlink_ns(OWN_NS)?;
            process.mkdir("jail", 0o755)?;
            process.chroot("jail")?;
            process.try_clone("refused", NEWUSER)?;
            process.unshare(NEWUSER)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.nesting-limit-32",
        claim: "User namespaces can be nested 33 deep below the first one; the next level is refused with ENOSPC.",
        sources: &[man("user_namespaces(7)", "Nested namespaces"), man("unshare(2)", "ERRORS")],
        since: "3.11",
        needs: &[&need::PROCFS, &need::INITIAL_USER_NS],
        deviation: Some(
            "user_namespaces(7) allows 32 levels and names EUSERS for one more; unshare(2) names ENOSPC since 4.9",
        ),
        wrong: "a deeper level is made, or the limit comes earlier",
        play: |lab| {
            let process = lab.process("process")?;
            for _ in 0..33 {
                process.unshare(NEWUSER)?;
                process.map_ids(OWN, ROOT_AS_ROOT, ROOT_AS_ROOT)?;
            }
            lab.note("the creator has its ids, so that only the depth can be the reason")?;
            process.getresuid()?;
            process.unshare(NEWUSER)?;
            process.try_clone("refused", NEWUSER)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.limit-enospc",
        claim: "A user namespace has a limit on the user namespaces made in it; beyond that, clone and unshare give ENOSPC.",
        sources: &[man("namespaces(7)", "The /proc/sys/user directory"), man("unshare(2)", "ERRORS")],
        since: "4.9",
        ground: Ground::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "the limit does not hold, or another errno tells of it",
        play: |lab| {
            let root = lab.process("root")?;
            root.unshare(NEWUSER)?;
            root.map_ids(OWN, USER_AS_ROOT, USER_AS_ROOT)?;
            root.echo("1", "/proc/sys/user/max_user_namespaces")?;
            root.clone("first", NEWUSER)?;
            root.try_clone("refused", NEWUSER)?;
            root.unshare(NEWUSER)?;
            root.echo("2", "/proc/sys/user/max_user_namespaces")?;
            root.clone("second", NEWUSER)?;
            root.try_clone("refused", NEWUSER)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.limits-own-values",
        claim: "The files in /proc/sys/user show the limits of the reader's own user namespace, at first as good as none; its root can change them there, and nobody else can.",
        sources: &[man("namespaces(7)", "The /proc/sys/user directory")],
        since: "4.9",
        ground: Ground::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "a limit set inside shows outside, or can be changed without privilege",
        play: |lab| {
            let outer = lab.process("outer")?;
            lab.note("limits of the first user namespace differ from machine to machine")?;
            outer.unshare(NEWUSER)?;
            outer.map_ids(OWN, USER_AS_ROOT, USER_AS_ROOT)?;
            let inner = outer.clone("inner", NEWUSER)?;
            for process in [outer, inner] {
                process.cat("/proc/sys/user/max_uts_namespaces")?;
            }
            inner.echo("5", "/proc/sys/user/max_uts_namespaces")?;
            for process in [outer, inner] {
                process.cat("/proc/sys/user/max_uts_namespaces")?;
            }
            inner.capset(NO_CAPABILITY, NO_CAPABILITY)?;
            inner.echo("6", "/proc/sys/user/max_uts_namespaces")?;
            inner.cat("/proc/sys/user/max_uts_namespaces")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.limits-count-for-ancestors",
        claim: "A namespace counts against the limits of all user namespaces above its creator, so that a user namespace of one's own is no way around a limit.",
        sources: &[man("namespaces(7)", "The /proc/sys/user directory")],
        since: "4.9",
        ground: Ground::User,
        needs: &[&need::USER_NS, &need::PROCFS, &need::UTS_NS],
        wrong: "a process deeper down exceeds the limit set above it",
        play: |lab| {
            let upper = lab.process("upper")?;
            upper.unshare(NEWUSER)?;
            upper.map_ids(OWN, USER_AS_ROOT, USER_AS_ROOT)?;
            upper.echo("1", "/proc/sys/user/max_uts_namespaces")?;
            let lower = upper.clone("lower", NEWUSER)?;
            lower.cat("/proc/sys/user/max_uts_namespaces")?;
            let second = lower.fork("second")?;
            lower.unshare(NEWUTS)?;
            second.unshare(NEWUTS)?;
            upper.echo("2", "/proc/sys/user/max_uts_namespaces")?;
            second.unshare(NEWUTS)?;
            second.sethostname("second")?;
            for process in [second, lower] {
                process.gethostname()?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.owner-has-all-caps",
        claim: "A process in the parent namespace whose effective user id is that of the creator has all capabilities in a user namespace, without any of its own; so it can join it.",
        sources: &[man("user_namespaces(7)", "Capabilities"), man("setns(2)", "User namespaces")],
        since: "3.8",
        ground: Ground::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "the owner is refused, or joins with less than all capabilities",
        play: |lab| {
            let creator = lab.process("creator")?;
            let namespace = creator.clone("member", NEWUSER)?;
            let owner = creator.fork("owner")?;
            owner.capget()?;
            let fd = owner.open(namespace.proc("ns/user"), O_RDONLY)?.id()?;
            owner.fstat_ns(fd)?;
            owner.readlink_ns(OWN_NS)?;
            owner.setns(fd, NEWUSER)?;
            owner.readlink_ns(OWN_NS)?;
            owner.capget()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.setns-needs-cap-in-target",
        claim: "To join a user namespace a process needs CAP_SYS_ADMIN in it: its owner has that, another user in the same parent namespace has not.",
        sources: &[
            man("setns(2)", "User namespaces"),
            man("user_namespaces(7)", "Capabilities"),
            text("LWN 540087, Namespaces in operation, part 6"),
        ],
        since: "3.8",
        needs: &[&need::PROCFS, &need::MANY_IDS],
        wrong: "a stranger joins the namespace of another user",
        play: |lab| {
            let root = lab.process("root")?;
            let creator = root.fork("creator")?;
            creator.setresuid(1000, 1000, 1000)?;
            let member = creator.clone("member", NEWUSER)?;
            let fd = root.open(member.proc("ns/user"), O_RDONLY)?.id()?;
            let owner = root.fork("owner")?;
            owner.setresuid(1000, 1000, 1000)?;
            let stranger = root.fork("stranger")?;
            stranger.setresuid(1001, 1001, 1001)?;
            lab.note("both hold the descriptor that root opened, and no capability")?;
            for process in [owner, stranger] {
                process.capget()?;
                process.setns(fd, NEWUSER)?;
                process.capget()?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.owner-rule-only-for-parent-members",
        claim: "That the creator's user id gives all capabilities holds for processes in the parent namespace, not for one in a sibling namespace, though its user is the same.",
        sources: &[
            man("user_namespaces(7)", "Capabilities"),
            text("LWN 540087, Namespaces in operation, part 6"),
        ],
        since: "3.8",
        ground: Ground::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "a process joins a sibling of its user namespace",
        play: |lab| {
            let creator = lab.process("creator")?;
            let left = creator.clone("left", NEWUSER)?;
            let fd = creator.open(left.proc("ns/user"), O_RDONLY)?.id()?;
            let right = creator.clone("right", NEWUSER)?;
            for process in [left, right] {
                process.map_ids(OWN, USER_AS_ROOT, USER_AS_ROOT)?;
                process.geteuid()?;
                creator.field(process.proc("status"), "Uid")?;
            }
            right.capget()?;
            right.setns(fd, NEWUSER)?;
            creator.setns(fd, NEWUSER)?;
            creator.capget()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.setns-gives-all-caps",
        claim: "A process that joins a user namespace gains all capabilities in it, whatever its ids are there.",
        sources: &[man("setns(2)", "User namespaces"), man("user_namespaces(7)", "Capabilities")],
        since: "3.8",
        ground: Ground::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "a joining process lacks capabilities because it is not user 0",
        play: |lab| {
            let creator = lab.process("creator")?;
            let unmapped = creator.clone("unmapped", NEWUSER)?;
            let mapped = creator.clone("mapped", NEWUSER)?;
            mapped.map_ids(OWN, "7 1000 1", "7 1000 1")?;
            for member in [unmapped, mapped] {
                let joining = creator.fork(&format!("joins-{}", member.name()))?;
                joining.capget()?;
                let fd = joining.open(member.proc("ns/user"), O_RDONLY)?.id()?;
                joining.setns(fd, NEWUSER)?;
                joining.geteuid()?;
                joining.cat_capabilities("/proc/self/status")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.setns-own-einval",
        claim: "A process cannot enter the user namespace that it is in already: it would regain capabilities that it gave up.",
        sources: &[man("setns(2)", "ERRORS"), man("setns(2)", "User namespaces")],
        since: "3.8",
        ground: Ground::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "a process regains capabilities by entering its own namespace",
        play: |lab| {
            let creator = lab.process("creator")?;
            let member = creator.clone("member", NEWUSER)?;
            let own = member.open(OWN_NS, O_RDONLY)?.id()?;
            member.setns(own, NEWUSER)?;
            member.capset_drop(CAP_CHOWN)?;
            member.setns(own, NEWUSER)?;
            member.capget()?;
            lab.note("from outside the same namespace can be entered")?;
            let fd = creator.open(member.proc("ns/user"), O_RDONLY)?.id()?;
            creator.setns(fd, NEWUSER)?;
            creator.capget()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.setns-ancestor-eperm",
        claim: "A process cannot go back to the parent of its user namespace, nor to any namespace further up, only down.",
        sources: &[man("setns(2)", "User namespaces"), man("user_namespaces(7)", "Capabilities")],
        since: "3.8",
        needs: &[&need::PROCFS],
        wrong: "a process regains the user namespace that it left",
        play: |lab| {
            let top = lab.process("top")?;
            let grandparent = top.open(OWN_NS, O_RDONLY)?.id()?;
            let middle = top.clone("middle", NEWUSER)?;
            middle.map_ids(OWN, ROOT_AS_ROOT, ROOT_AS_ROOT)?;
            let parent = middle.open(OWN_NS, O_RDONLY)?.id()?;
            let bottom = middle.clone("bottom", NEWUSER)?;
            bottom.setns(parent, NEWUSER)?;
            bottom.setns(grandparent, NEWUSER)?;
            lab.note("two levels down, and no way back")?;
            let down = top.open(bottom.proc("ns/user"), O_RDONLY)?.id()?;
            top.setns(down, NEWUSER)?;
            top.setns(grandparent, NEWUSER)?;
            for process in [top, middle, bottom] {
                process.readlink_ns(OWN_NS)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.lifetime-fd-and-bind",
        claim: "A user namespace without processes stays for as long as its file is open somewhere or mounted, and can be joined again.",
        sources: &[man("namespaces(7)", "Namespace lifetime")],
        since: "3.8",
        needs: &[&need::PROCFS],
        wrong: "the namespace cannot be joined, or another one is",
        play: |lab| {
            let owner = lab.process("owner")?;
            let last = owner.clone("last", NEWUSER)?;
            let held = owner.open(last.proc("ns/user"), O_RDONLY)?.id()?;
            owner.fstat_ns(held)?;
            last.exit(0)?;
            owner.waitpid(last, WaitOptions::empty())?;
            let first = owner.fork("first")?;
            first.setns(held, NEWUSER)?;
            first.readlink_ns(OWN_NS)?;
            lab.note("now a mount instead of the descriptor")?;
            owner.creat_excl("pin")?;
            owner.mount(first.proc("ns/user"), "pin", "", MountFlags::MS_BIND, "")?;
            owner.close(held)?;
            first.exit(0)?;
            owner.waitpid(first, WaitOptions::empty())?;
            let pinned = owner.open("pin", O_RDONLY)?.id()?;
            owner.setns(pinned, NEWUSER)?;
            owner.readlink_ns(OWN_NS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.lifetime-children-and-owned",
        claim: "A user namespace without processes stays for as long as it has a child namespace, and for as long as it owns a namespace of another type.",
        sources: &[man("namespaces(7)", "Namespace lifetime")],
        since: "4.9",
        needs: &[&need::PROCFS, &need::UTS_NS],
        wrong: "the parent or owner is gone, or is another one",
        play: |lab| {
            let outer = lab.process("outer")?;
            let middle = outer.clone("middle", NEWUSER)?;
            middle.map_ids(OWN, ROOT_AS_ROOT, ROOT_AS_ROOT)?;
            middle.readlink_ns(OWN_NS)?;
            let inner = middle.clone("inner", NEWUSER)?;
            let named = middle.clone("named", NEWUTS)?;
            let child = outer.open(inner.proc("ns/user"), O_RDONLY)?.id()?;
            let owned = outer.open(named.proc("ns/uts"), O_RDONLY)?.id()?;
            for process in [inner, named] {
                process.exit(0)?;
                middle.waitpid(process, WaitOptions::empty())?;
            }
            middle.exit(0)?;
            outer.waitpid(middle, WaitOptions::empty())?;
            let parent = outer.ioctl_parent(child)?.id()?;
            outer.fstat_ns(parent)?;
            let owner = outer.ioctl_userns(owned)?.id()?;
            outer.fstat_ns(owner)?;
            Ok(())
        },
        ..CASE
    },
    // Relations and ownership.
    Case {
        id: "user.get-parent",
        claim: "NS_GET_PARENT of a user namespace gives a descriptor of the namespace that its creator was in.",
        sources: &[
            man("NS_GET_PARENT(2const)", "DESCRIPTION"),
            man("user_namespaces(7)", "Nested namespaces"),
        ],
        since: "4.9",
        needs: &[&need::PROCFS],
        wrong: "the parent is not the namespace of the creator",
        play: |lab| {
            let outer = lab.process("outer")?;
            let middle = outer.clone("middle", NEWUSER)?;
            middle.map_ids(OWN, ROOT_AS_ROOT, ROOT_AS_ROOT)?;
            let inner = middle.clone("inner", NEWUSER)?;
            for process in [outer, middle, inner] {
                process.readlink_ns(OWN_NS)?;
            }
            let fd = outer.open(inner.proc("ns/user"), O_RDONLY)?.id()?;
            let parent = outer.ioctl_parent(fd)?.id()?;
            outer.fstat_ns(parent)?;
            let grandparent = outer.ioctl_parent(parent)?.id()?;
            outer.fstat_ns(grandparent)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.get-parent-equals-get-userns",
        claim: "For a user namespace NS_GET_USERNS, which asks for the owner, gives the parent as NS_GET_PARENT does.",
        sources: &[man("NS_GET_USERNS(2const)", "DESCRIPTION")],
        since: "4.9",
        ground: Ground::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "the two questions have different answers, or one has none",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.readlink_ns(OWN_NS)?;
            let inner = outer.clone("inner", NEWUSER)?;
            let fd = outer.open(inner.proc("ns/user"), O_RDONLY)?.id()?;
            outer.fstat_ns(fd)?;
            let parent = outer.ioctl_parent(fd)?.id()?;
            outer.fstat_ns(parent)?;
            let owner = outer.ioctl_userns(fd)?.id()?;
            outer.fstat_ns(owner)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.get-parent-eperm",
        claim: "Nobody is told of a user namespace above its own: NS_GET_PARENT and NS_GET_USERNS then give EPERM.",
        sources: &[man("NS_GET_PARENT(2const)", "ERRORS"), man("NS_GET_USERNS(2const)", "ERRORS")],
        since: "4.9",
        needs: &[&need::PROCFS],
        wrong: "a process inside gets hold of a namespace outside",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWUSER)?;
            let fd = outer.open(inner.proc("ns/user"), O_RDONLY)?.id()?;
            outer.ioctl_parent(fd)?;
            outer.ioctl_userns(fd)?;
            for process in [inner, outer] {
                let own = process.open(OWN_NS, O_RDONLY)?.id()?;
                process.ioctl_parent(own)?;
                process.ioctl_userns(own)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.get-owner-uid",
        claim: "NS_GET_OWNER_UID tells the effective user id of the creator of a user namespace, in the terms of the asking process.",
        sources: &[man("NS_GET_OWNER_UID(2const)", "DESCRIPTION"), man("user_namespaces(7)", "Capabilities")],
        since: "4.11",
        needs: &[&need::USER_NS, &need::PROCFS, &need::ORDINARY_USER],
        wrong: "another user is named as the owner, or the same number whoever asks",
        play: |lab| {
            for (ground, name, outside) in [(Ground::Root, "root", 0), (Ground::User, "user", 1000)] {
                let creator = lab.process_on(ground, name)?;
                creator.geteuid()?;
                let member = creator.clone(&format!("in-{name}s"), NEWUSER)?;
                let fd = creator.open(member.proc("ns/user"), O_RDONLY)?.id()?;
                creator.ioctl_owner_uid(fd)?;
                lab.note("the member asks, before and after it knows the owner by a number")?;
                let own = member.open(OWN_NS, O_RDONLY)?.id()?;
                member.ioctl_owner_uid(own)?;
                member.map_ids(OWN, format!("7 {outside} 1"), format!("7 {outside} 1"))?;
                member.ioctl_owner_uid(own)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.owner-of-other-ns",
        claim: "A namespace of another type belongs to the user namespace that its creator was in at the time; where its members go later changes nothing.",
        sources: &[
            man("user_namespaces(7)", "Interaction of user namespaces and other types of namespaces"),
            man("NS_GET_USERNS(2const)", "DESCRIPTION"),
        ],
        since: "4.9",
        needs: &[&need::PROCFS, &need::UTS_NS],
        wrong: "the owner changes when a member changes its user namespace",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.readlink_ns(OWN_NS)?;
            let member = outer.clone("member", NEWUTS)?;
            member.sethostname("first")?;
            for new in [NEWUSER, NEWUTS] {
                member.unshare(new)?;
                member.readlink_ns(OWN_NS)?;
                let fd = outer.open(member.proc("ns/uts"), O_RDONLY)?.id()?;
                let owner = outer.ioctl_userns(fd)?.id()?;
                outer.fstat_ns(owner)?;
                member.sethostname("second")?;
                member.gethostname()?;
            }
            outer.gethostname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.checks-use-owner",
        claim: "Whether a process may change what a namespace governs is decided by its capabilities in the user namespace that owns the namespace, not in its own.",
        sources: &[
            man("user_namespaces(7)", "Interaction of user namespaces and other types of namespaces"),
            text("LWN 540087, Namespaces in operation, part 6"),
        ],
        since: "3.8",
        ground: Ground::User,
        needs: &[&need::USER_NS, &need::UTS_NS, &need::PROCFS],
        wrong: "all capabilities in a namespace further down suffice, or capabilities in the owner do not",
        play: |lab| {
            let outer = lab.process("outer")?;
            let owner = outer.clone("owner", NEWUSER | NEWUTS)?;
            owner.map_ids(OWN, USER_AS_ROOT, USER_AS_ROOT)?;
            owner.sethostname("owner")?;
            let below = owner.clone("below", NEWUSER)?;
            below.capget()?;
            below.sethostname("below")?;
            below.gethostname()?;
            let beside = outer.clone("beside", NEWUSER)?;
            beside.capget()?;
            beside.sethostname("beside")?;
            outer.gethostname()?;
            Ok(())
        },
        ..CASE
    },
    // Id maps.
    Case {
        id: "user.map-empty-at-first",
        claim: "A new user namespace has empty id maps; once written, a map can be read back.",
        sources: &[man("user_namespaces(7)", "User and group ID mappings: uid_map and gid_map")],
        since: "3.7",
        ground: Ground::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "ids are mapped that nobody asked for",
        play: |lab| {
            let inner = lab.process("outer")?.clone("inner", NEWUSER)?;
            for map in ["uid_map", "gid_map", "projid_map"] {
                inner.cat(format!("/proc/self/{map}"))?;
            }
            inner.map_ids(OWN, "7 1000 1", "8 1000 1")?;
            for map in ["uid_map", "gid_map", "projid_map"] {
                inner.cat(format!("/proc/self/{map}"))?;
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
        ground: Ground::User,
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
        ground: Ground::User,
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
        ground: Ground::User,
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
        ground: Ground::User,
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
        ground: Ground::User,
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
        id: "user.map-needs-setid-cap",
        claim: "Who writes a uid map needs CAP_SYS_ADMIN in the user namespace that it is for; CAP_SETUID there is neither needed nor enough.",
        sources: &[man("user_namespaces(7)", "Defining user and group ID mappings")],
        since: "3.5",
        ground: Ground::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        deviation: Some(
            "the writer needs CAP_SETUID (for gid_map CAP_SETGID) in the user namespace of the process",
        ),
        wrong: "a writer without CAP_SYS_ADMIN is let through",
        play: |lab| {
            let outer = lab.process("outer")?;
            let without_setuid = outer.clone("without-setuid", NEWUSER)?;
            without_setuid.capset_drop(CAP_SETUID)?;
            let without_admin = outer.clone("without-admin", NEWUSER)?;
            without_admin.capset_drop(CAP_SYS_ADMIN)?;
            let with_neither = outer.clone("with-neither", NEWUSER)?;
            with_neither.capset(NO_CAPABILITY, NO_CAPABILITY)?;
            for process in [without_setuid, without_admin, with_neither] {
                process.capget()?;
                process.echo(USER_AS_ROOT, "/proc/self/uid_map")?;
                process.geteuid()?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.map-writer-namespace",
        claim: "A map can be written from the namespace itself or from its parent, not from further up.",
        sources: &[man("user_namespaces(7)", "Defining user and group ID mappings")],
        since: "3.5",
        needs: &[&need::PROCFS],
        wrong: "the grandparent's namespace may write, or the parent's may not",
        play: |lab| {
            let top = lab.process("top")?;
            let middle = top.clone("middle", NEWUSER)?;
            middle.map_ids(OWN, ROOT_AS_ROOT, ROOT_AS_ROOT)?;
            let first = middle.clone("first", NEWUSER)?;
            let second = middle.clone("second", NEWUSER)?;
            top.echo(ROOT_AS_ROOT, first.proc("uid_map"))?;
            first.geteuid()?;
            middle.echo(ROOT_AS_ROOT, first.proc("uid_map"))?;
            first.geteuid()?;
            second.echo(ROOT_AS_ROOT, second.proc("uid_map"))?;
            second.geteuid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.map-unprivileged-own-id",
        claim: "Without CAP_SETUID in the parent namespace one can map a single id: the writer's own effective user id, to any number inside.",
        sources: &[
            man("user_namespaces(7)", "Defining user and group ID mappings"),
            text("LWN 532593, Namespaces in operation, part 5"),
        ],
        since: "3.5",
        ground: Ground::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "an ordinary user takes on the id of another user",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.capget()?;
            let inner = outer.clone("inner", NEWUSER)?;
            for (writer, map) in
                [(outer, "0 1001 1"), (inner, "0 0 1"), (outer, "0 1000 2"), (inner, "0 1000 1\n1 1001 1")]
            {
                writer.echo(map, inner.proc("uid_map"))?;
            }
            inner.geteuid()?;
            outer.echo("200 1000 1", inner.proc("uid_map"))?;
            inner.geteuid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.map-privileged-writer-arbitrary",
        claim: "With CAP_SETUID and CAP_SETGID in the parent namespace one can map any ids of it, in several lines, and setgroups stays allowed.",
        sources: &[man("user_namespaces(7)", "Defining user and group ID mappings")],
        since: "3.5",
        needs: &[&need::PROCFS, &need::MANY_IDS, &need::SETGROUPS],
        wrong: "the writer is held to its own id, or must deny setgroups first",
        play: |lab| {
            let root = lab.process("root")?;
            let inner = root.clone("inner", NEWUSER)?;
            root.echo("0 1000 1\n5 1001 2", inner.proc("uid_map"))?;
            root.echo("0 1000 1\n5 1001 2", inner.proc("gid_map"))?;
            inner.cat_map("/proc/self/uid_map")?;
            inner.cat("/proc/self/setgroups")?;
            inner.setgroups([5, 6])?;
            inner.getgroups()?;
            inner.setresuid(5, 5, 5)?;
            inner.getresuid()?;
            root.field(inner.proc("status"), "Uid")?;
            root.field(inner.proc("status"), "Groups")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.gid-map-needs-setgroups-deny",
        claim: "An ordinary user can write a gid map only after setgroups has been denied to the namespace.",
        sources: &[man("user_namespaces(7)", "Defining user and group ID mappings")],
        since: "3.19",
        ground: Ground::User,
        needs: &[&need::USER_NS, &need::PROCFS, &need::SETGROUPS],
        wrong: "an ordinary user has a group mapped and can drop its groups",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWUSER)?;
            inner.cat("/proc/self/setgroups")?;
            inner.echo(USER_AS_ROOT, "/proc/self/gid_map")?;
            inner.getresgid()?;
            inner.echo("deny", "/proc/self/setgroups")?;
            inner.echo(USER_AS_ROOT, "/proc/self/gid_map")?;
            inner.getresgid()?;
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
        ground: Ground::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "all readers see the same numbers",
        play: |lab| {
            let outer = lab.process("outer")?;
            let zero = outer.clone("zero", NEWUSER)?;
            zero.map_ids(OWN, "0 1000 1", "0 1000 1")?;
            let other = outer.clone("other", NEWUSER)?;
            other.map_ids(OWN, "200 1000 1", "300 1000 1")?;
            for map in [zero.proc("uid_map"), other.proc("uid_map"), other.proc("gid_map")] {
                for reader in [outer, zero, other] {
                    reader.cat_map(&map)?;
                }
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.dumpable-blocks-map",
        claim: "A process that changed its effective id cannot write the maps of its children, whose files belong to root, until it says that it may be dumped.",
        sources: &[
            man("user_namespaces(7)", "Defining user and group ID mappings"),
            man("PR_SET_DUMPABLE(2const)", "DESCRIPTION"),
        ],
        since: "3.8",
        needs: &[&need::PROCFS, &need::MANY_IDS],
        wrong: "the files belong to the new id at once, or remain root's",
        play: |lab| {
            let process = lab.process("process")?;
            process.setresuid(1000, 1000, 1000)?;
            let before = process.clone("before", NEWUSER)?;
            process.getresuid()?;
            process.prctl_set_dumpable(Dumpable::SUID_DUMP_USER)?;
            let after = process.clone("after", NEWUSER)?;
            for child in [before, after] {
                process.stat_owner(child.proc("uid_map"))?;
                process.echo(USER_AS_ROOT, child.proc("uid_map"))?;
                child.geteuid()?;
            }
            Ok(())
        },
        ..CASE
    },
    // Ids and groups.
    Case {
        id: "user.overflow-ids",
        claim: "An id without a mapping is shown as the overflow id of /proc/sys/kernel, 65534: one's own ids, and those of files and processes.",
        sources: &[
            man("user_namespaces(7)", "Unmapped user and group IDs"),
            man("proc_sys_kernel(5)", "overflowuid"),
        ],
        since: "3.5",
        ground: Ground::User,
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
        id: "user.setgroups-needs-gid-map",
        claim: "While a user namespace has no gid map setgroups is refused in it, though it is not denied.",
        sources: &[man("user_namespaces(7)", "The /proc/pid/setgroups file")],
        since: "3.19",
        needs: &[&need::PROCFS, &need::SETGROUPS],
        wrong: "groups can be dropped before any is mapped",
        play: |lab| {
            let root = lab.process("root")?;
            root.setgroups([0, 1001])?;
            let inner = root.clone("inner", NEWUSER)?;
            inner.cat("/proc/self/setgroups")?;
            inner.setgroups([])?;
            inner.getgroups()?;
            root.echo(ROOT_AS_ROOT, inner.proc("gid_map"))?;
            inner.getgroups()?;
            inner.setgroups([])?;
            inner.getgroups()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.setgroups-deny-works",
        claim: "Once setgroups is denied to a user namespace no process in it can use it, in the namespaces below it neither, and there is no way back.",
        sources: &[man("user_namespaces(7)", "The /proc/pid/setgroups file")],
        since: "3.19",
        needs: &[&need::PROCFS, &need::SETGROUPS],
        wrong: "a process drops a group after all, or allows it again",
        play: |lab| {
            let root = lab.process("root")?;
            root.setgroups([0, 1001])?;
            let inner = root.clone("inner", NEWUSER)?;
            inner.echo("deny", "/proc/self/setgroups")?;
            inner.cat("/proc/self/setgroups")?;
            root.echo(ROOT_AS_ROOT, inner.proc("uid_map"))?;
            root.echo(ROOT_AS_ROOT, inner.proc("gid_map"))?;
            let below = inner.clone("below", NEWUSER)?;
            inner.echo(ROOT_AS_ROOT, below.proc("gid_map"))?;
            for process in [inner, below] {
                process.setgroups([])?;
                process.echo("allow", "/proc/self/setgroups")?;
                process.cat("/proc/self/setgroups")?;
                process.getgroups()?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.setgroups-protects-negative-groups",
        claim: "A file that its group may not read though everybody else may stays closed to a member of that group, who cannot leave the group by way of a user namespace.",
        sources: &[man("user_namespaces(7)", "The /proc/pid/setgroups file")],
        since: "3.19",
        needs: &[&need::PROCFS, &need::MANY_IDS, &need::SETGROUPS],
        wrong: "the member reads the file from a user namespace",
        play: |lab| {
            let root = lab.process("root")?;
            root.creat_excl("file")?;
            root.chown("file", -1, 1001)?;
            root.chmod("file", 0o604)?;
            root.stat_owner("file")?;
            let stranger = root.fork("stranger")?;
            let member = root.fork("member")?;
            for (process, group) in [(stranger, 1002), (member, 1001)] {
                process.setgroups([group])?;
                process.setresuid(1000, 1000, 1000)?;
                process.geteuid()?;
                process.getgroups()?;
                process.cat("file")?;
            }
            member.prctl_set_dumpable(Dumpable::SUID_DUMP_USER)?;
            member.unshare(NEWUSER)?;
            member.map_ids(OWN, USER_AS_ROOT, ROOT_AS_ROOT)?;
            member.geteuid()?;
            member.setgroups([])?;
            member.getgroups()?;
            member.cat("file")?;
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
    // Capabilities and programs.
    Case {
        id: "user.exec-nonzero-loses-caps",
        claim: "A process of a user namespace that executes a program without being user 0 there loses all capabilities, whether its id is unmapped or mapped to another number.",
        sources: &[
            man("user_namespaces(7)", "Capabilities"),
            text("LWN 532593, Namespaces in operation, part 5"),
        ],
        since: "3.8",
        ground: Ground::User,
        needs: &[&need::USER_NS, &need::PROCFS, &need::PROGRAM],
        wrong: "a program keeps capabilities of a process that is not root",
        play: |lab| {
            let outer = lab.process("outer")?;
            let unmapped = outer.clone("unmapped", NEWUSER)?;
            let mapped = outer.clone("mapped", NEWUSER)?;
            mapped.map_ids(OWN, "5 1000 1", "5 1000 1")?;
            for process in [unmapped, mapped] {
                process.geteuid()?;
                process.capget()?;
                process.execve(PROGRAM)?;
                process.cat_capabilities("/proc/self/status")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.exec-uid0-keeps-caps",
        claim: "A process whose id is mapped to user 0 before it executes a program keeps all capabilities; after it is too late.",
        sources: &[
            man("user_namespaces(7)", "Capabilities"),
            text("LWN 532593, Namespaces in operation, part 5"),
        ],
        since: "3.8",
        ground: Ground::User,
        needs: &[&need::USER_NS, &need::PROCFS, &need::PROGRAM],
        wrong: "root inside loses capabilities by executing a program, or regains them by a map",
        play: |lab| {
            let outer = lab.process("outer")?;
            let before = outer.clone("before", NEWUSER)?;
            outer.map_ids(directory(before), USER_AS_ROOT, USER_AS_ROOT)?;
            let after = outer.clone("after", NEWUSER)?;
            before.execve(PROGRAM)?;
            after.execve(PROGRAM)?;
            outer.map_ids(directory(after), USER_AS_ROOT, USER_AS_ROOT)?;
            for process in [before, after] {
                process.cat("/proc/self/comm")?;
                process.geteuid()?;
                process.capget()?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.fork-keeps-caps",
        claim: "A child made by fork has the capabilities of its creator, in an unmapped user namespace too, since no program is executed.",
        sources: &[
            man("capabilities(7)", "Effect of fork on capabilities"),
            text("LWN 532593, Namespaces in operation, part 5"),
        ],
        since: "3.8",
        ground: Ground::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "the child lacks a capability, or has more than its creator",
        play: |lab| {
            let inner = lab.process("outer")?.clone("inner", NEWUSER)?;
            inner.geteuid()?;
            let first = inner.fork("first")?;
            inner.capset_drop(CAP_CHOWN)?;
            let second = inner.fork("second")?;
            for process in [first, second] {
                process.readlink_ns(OWN_NS)?;
                process.capget()?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.securebits-reset-unshare",
        claim: "A process that moves into a new user namespace by unshare has all its securebits cleared, the locked ones too.",
        sources: &[man("user_namespaces(7)", "Capabilities")],
        since: "3.8",
        wrong: "a securebit set outside holds inside",
        play: |lab| {
            let process = lab.process("process")?;
            process.prctl_set_securebits(SecureBits::SECBIT_NOROOT | SecureBits::SECBIT_NOROOT_LOCKED)?;
            process.prctl_get_securebits()?;
            process.prctl_set_securebits(SecureBits::empty())?;
            process.unshare(NEWUSER)?;
            process.prctl_get_securebits()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.securebits-reset-clone",
        claim: "A child created in a new user namespace has no securebit set; one in the same user namespace has those of its creator.",
        sources: &[man("user_namespaces(7)", "Capabilities")],
        since: "3.8",
        wrong: "a securebit set outside holds inside",
        play: |lab| {
            let creator = lab.process("creator")?;
            creator
                .prctl_set_securebits(SecureBits::SECBIT_NO_SETUID_FIXUP | SecureBits::SECBIT_KEEP_CAPS)?;
            let same = creator.fork("same")?;
            let inner = creator.clone("inner", NEWUSER)?;
            for process in [creator, same, inner] {
                process.prctl_get_securebits()?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.securebits-invalid-value",
        claim: "A securebit that the kernel does not know is refused with EPERM.",
        sources: &[man("PR_SET_SECUREBITS(2const)", "ERRORS")],
        since: "2.6.26",
        ground: Ground::User,
        needs: &[&need::USER_NS],
        deviation: Some("EINVAL: the value is not valid"),
        wrong: "an unknown bit is stored",
        play: |lab| {
            let process = lab.process("process")?;
            process.unshare(NEWUSER)?;
            process.prctl_set_securebits(SecureBits::from_bits_retain(0x1000))?;
            process.prctl_get_securebits()?;
            process.prctl_set_securebits(SecureBits::SECBIT_KEEP_CAPS)?;
            process.prctl_get_securebits()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.securebits-noroot",
        claim: "With SECBIT_NOROOT user 0 is nothing special at execve: root inside loses its capabilities to a program.",
        sources: &[man(
            "capabilities(7)",
            "The securebits flags: establishing a capabilities-only environment",
        )],
        since: "2.6.26",
        ground: Ground::User,
        needs: &[&need::USER_NS, &need::PROCFS, &need::PROGRAM],
        wrong: "user 0 gains capabilities in spite of the bit",
        play: |lab| {
            let outer = lab.process("outer")?;
            let root = outer.clone("root", NEWUSER)?;
            root.map_ids(OWN, USER_AS_ROOT, USER_AS_ROOT)?;
            let special = root.fork("special")?;
            root.prctl_set_securebits(SecureBits::SECBIT_NOROOT)?;
            for process in [special, root] {
                process.execve(PROGRAM)?;
                process.cat("/proc/self/comm")?;
                process.geteuid()?;
                process.capget()?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.ambient-survives-exec",
        claim: "An ambient capability survives execve although the process is not user 0; the others are lost.",
        sources: &[man("capabilities(7)", "Thread capability sets")],
        since: "4.3",
        ground: Ground::User,
        needs: &[&need::USER_NS, &need::PROCFS, &need::PROGRAM],
        wrong: "the ambient capability is lost, or another one is kept",
        play: |lab| {
            let inner = lab.process("outer")?.clone("inner", NEWUSER)?;
            inner.capset(CAP_NET_ADMIN | CAP_KILL, CAP_NET_ADMIN | CAP_KILL)?;
            inner.prctl_cap_ambient_raise(CAP_NET_ADMIN)?;
            inner.geteuid()?;
            inner.execve(PROGRAM)?;
            inner.cat_capabilities("/proc/self/status")?;
            Ok(())
        },
        ..CASE
    },
    // Mounting file systems.
    Case {
        id: "user.mount-own-ns-only",
        claim: "To mount one needs CAP_SYS_ADMIN in the user namespace that owns the mount namespace: root inside can bind in a mount namespace of its own, not in the one it came with.",
        sources: &[
            man("user_namespaces(7)", "Interaction of user namespaces and other types of namespaces"),
            man("mount(2)", "ERRORS"),
        ],
        since: "3.8",
        ground: Ground::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "root inside changes the mounts outside",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.mkdir("place", 0o755)?;
            let with = outer.clone("with", NEWUSER | NEWNS)?;
            let without = outer.clone("without", NEWUSER)?;
            for process in [without, with] {
                process.capget()?;
                process.mount("/tmp", "place", "", MountFlags::MS_BIND, "")?;
                process.mount_points("/tmp/place")?;
            }
            outer.mount_points("/tmp/place")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.mountable-proc",
        claim: "The root of a user namespace that owns its PID namespace can mount proc, which shows that PID namespace; with a PID namespace from outside it cannot.",
        sources: &[man("user_namespaces(7)", "Effect of capabilities within a user namespace")],
        since: "3.8",
        ground: Ground::User,
        needs: &[&need::USER_NS, &need::PROCFS, &need::PID_NS],
        wrong: "proc of a PID namespace outside is mounted, or proc of one's own is not",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.mkdir("place", 0o755)?;
            let without = outer.clone("without", NEWUSER | NEWNS)?;
            let with = outer.clone("with", NEWUSER | NEWNS | NEWPID)?;
            for process in [without, with] {
                process.mount("proc", "place", "proc", NO_FLAGS, "")?;
                process.readdir_numeric("place")?;
            }
            lab.note("what is missing is the PID namespace, not the mount namespace")?;
            without.mount("scratch", "place", "tmpfs", NO_FLAGS, "")?;
            without.mount_points("/tmp/place")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.mountable-mqueue",
        claim: "The root of a user namespace that owns its IPC namespace can mount mqueue; with an IPC namespace from outside it cannot.",
        sources: &[man("user_namespaces(7)", "Effect of capabilities within a user namespace")],
        since: "3.9",
        ground: Ground::User,
        needs: &[&need::USER_NS, &need::PROCFS, &need::IPC_NS, &need::MQUEUE],
        wrong: "the queues of an IPC namespace outside are mounted, or one's own are not",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.mkdir("place", 0o755)?;
            let inner = outer.clone("inner", NEWUSER | NEWNS)?;
            inner.mount("mqueue", "place", "mqueue", NO_FLAGS, "")?;
            inner.mount_points("/tmp/place")?;
            inner.unshare(NEWIPC)?;
            inner.mount("mqueue", "place", "mqueue", NO_FLAGS, "")?;
            inner.mount_points("/tmp/place")?;
            outer.mount_points("/tmp/place")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.mountable-tmpfs",
        claim: "The root of a user namespace can mount a tmpfs of its own, and what it creates there belongs to it.",
        sources: &[man("user_namespaces(7)", "Effect of capabilities within a user namespace")],
        since: "3.9",
        ground: Ground::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "tmpfs is refused inside, or can be mounted without a user namespace",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.mkdir("place", 0o755)?;
            let inner = outer.clone("inner", NEWUSER | NEWNS)?;
            inner.map_ids(OWN, USER_AS_ROOT, USER_AS_ROOT)?;
            for process in [outer, inner] {
                process.mount("scratch", "place", "tmpfs", NO_FLAGS, "mode=700")?;
                process.stat_owner("place")?;
            }
            inner.creat_excl("place/file")?;
            inner.readdir("place")?;
            outer.readdir("place")?;
            Ok(())
        },
        ..CASE
    },
];

/// What this module cannot test.
pub const UNTESTED: &[Untested] = &[
    Untested {
        id: "user.filesystems-catch-up",
        claim: "When user namespaces could first be created without privilege, in 3.8, many file systems could not be used with them yet; XFS was the last to follow, in 3.12.",
        sources: &[SEED, man("user_namespaces(7)", "Availability")],
        why: "history: no kernel that the suite supports is as old",
        part: None,
    },
    Untested {
        id: "user.acct-mq-notify",
        claim: "Ids in process accounting records and in notifications of message queues are those of the reader's user namespace.",
        sources: &[man("user_namespaces(7)", "Unmapped user and group IDs")],
        why: "process accounting is one switch for the whole machine, which the suite never touches",
        part: None,
    },
];
