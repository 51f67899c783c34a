//! What a namespace is, which kinds there are, and who may create them.

use super::{CALLS, OWN, SETGROUPS, ns};
use crate::prelude::*;

/// Every kind but user: those whose creation is a privilege.
const PRIVILEGED: [Kind; 7] =
    [Kind::Cgroup, Kind::Ipc, Kind::Mnt, Kind::Net, Kind::Pid, Kind::Time, Kind::Uts];

/// The kinds that existed when the article series began, in the order of their arrival.
const FIRST_SIX: [Kind; 6] = [Kind::Mnt, Kind::Uts, Kind::Ipc, Kind::Pid, Kind::Net, Kind::User];

/// The cases of this file.
pub const CASES: &[Case] = &[
    Case {
        id: "api.member-sees-own-instance",
        claim: "The members of a namespace have an instance of a global resource to themselves: what one of them changes the others see, and nobody outside does.",
        sources: &[SEED, man("namespaces(7)", "DESCRIPTION")],
        needs: &[&need::UTS_NS],
        wrong: "the change is missing at the second member, or shows outside",
        play: |lab| {
            let outside = lab.process("outside")?;
            let first = outside.clone("member 1", NEWUTS)?;
            let second = first.fork("member 2")?;
            second.gethostname()?;
            first.sethostname("inside")?;
            first.gethostname()?;
            second.gethostname()?;
            outside.gethostname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.six-kinds-of-2013",
        claim: "There are at least six kinds of namespaces, mount, UTS, IPC, PID, network and user, and each is named by a CLONE_NEW* constant of its own.",
        sources: &[SEED, man("namespaces(7)", "Namespace types")],
        since: "3.8",
        needs: &[&need::IPC_NS, &need::MNT_NS, &need::NET_NS, &need::PID_NS, &need::PROCFS, &need::UTS_NS],
        wrong: "a kind has no link, or the kernel names it by another constant",
        play: |lab| {
            let process = lab.process("process")?;
            for kind in FIRST_SIX {
                let fd = process.open(kind.own_path(), O_RDONLY)?.id()?;
                process.ioctl_nstype(fd)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.two-later-kinds",
        claim: "Two more kinds came after the first six: cgroup and time namespaces, with constants of their own.",
        sources: &[man("namespaces(7)", "Namespace types")],
        since: "5.6",
        needs: &[&need::CGROUP_NS, &need::PROCFS, &need::TIME_NS],
        wrong: "a kind has no link, or the kernel names it by another constant",
        play: |lab| {
            let process = lab.process("process")?;
            for kind in [Kind::Cgroup, Kind::Time] {
                let fd = process.open(kind.own_path(), O_RDONLY)?.id()?;
                process.ioctl_nstype(fd)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.newns-is-mount",
        claim: "CLONE_NEWNS, the oldest of the flags and named as if there were only one kind, stands for mount namespaces.",
        sources: &[SEED, man("mount_namespaces(7)", "DESCRIPTION")],
        since: "2.4.19",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "CLONE_NEWNS creates or joins a namespace of another kind",
        play: |lab| {
            let parent = lab.process("parent")?;
            let child = parent.clone("child", NEWNS)?;
            parent.diff_ns(ns(child), OWN)?;
            let fd = parent.open(child.proc("ns/mnt"), O_RDONLY)?.id()?;
            parent.ioctl_nstype(fd)?;
            parent.setns(fd, NEWUTS)?;
            parent.setns(fd, NEWNS)?;
            parent.diff_ns(ns(child), OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.root-functions-for-unprivileged",
        claim: "User namespaces give an ordinary user what was root's alone, such as mounting and setting the host name, but only over what belongs to its own namespaces.",
        sources: &[
            SEED,
            man("user_namespaces(7)", "Interaction of user namespaces and other types of namespaces"),
        ],
        since: "3.8",
        ground: Ground::User,
        needs: &[&need::MNT_NS, &need::USER_NS, &need::UTS_NS],
        wrong: "a call stays forbidden inside, or is allowed over namespaces that the user does not own",
        play: |lab| {
            let user = lab.process("user")?;
            user.creat_excl("/tmp/outer-file")?;
            let inside = user.fork("inside")?;
            inside.unshare(NEWUSER)?;
            lab.note("root of a user namespace, but these two belong to the outer one")?;
            inside.sethostname("inner.example")?;
            inside.mount("none", "/tmp", "tmpfs", MountFlags::empty(), "")?;
            lab.note("these are its own")?;
            inside.unshare(NEWUTS | NEWNS)?;
            inside.sethostname("inner.example")?;
            inside.mount("none", "/tmp", "tmpfs", MountFlags::empty(), "")?;
            inside.gethostname()?;
            inside.readdir("/tmp")?;
            user.gethostname()?;
            user.readdir("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.same-constants-three-calls",
        claim: "clone, unshare and setns name a kind of namespace by the same CLONE_NEW* constant.",
        sources: &[SEED, CALLS, man("namespaces(7)", "The namespaces API")],
        since: "5.8",
        needs: &[
            &need::CGROUP_NS,
            &need::IPC_NS,
            &need::MNT_NS,
            &need::NET_NS,
            &need::PID_NS,
            &need::PROCFS,
            &need::TIME_NS,
            &need::UTS_NS,
        ],
        wrong: "one of the calls acts on a membership of another kind than the constant names",
        play: |lab| {
            let parent = lab.process("parent")?;
            for kind in Kind::ALL {
                let (flag, link) = (kind.flag(), kind.link());
                // Plain clone takes the bit of CLONE_NEWTIME for part of the exit signal.
                let created = match kind {
                    Kind::Time => parent.clone3("created", flag, &[])?,
                    _ => parent.clone("created", flag)?,
                };
                parent.diff_ns(ns(created), OWN)?;
                let left = parent.fork("left")?;
                left.unshare(flag)?;
                parent.diff_ns(ns(left), OWN)?;
                let joined = parent.fork("joined")?;
                let fd = joined.open(created.proc(&format!("ns/{link}")), O_RDONLY)?.id()?;
                joined.setns(fd, flag)?;
                parent.diff_ns(ns(joined), OWN)?;
                parent.diff_ns(ns(joined), ns(created))?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.three-syscalls-and-proc",
        claim: "The API is three system calls and files in /proc: clone creates a namespace for a child, unshare one for the caller, setns joins one that exists.",
        sources: &[SEED, man("namespaces(7)", "The namespaces API")],
        since: "3.0",
        needs: &[&need::PROCFS, &need::UTS_NS],
        wrong: "one of the calls is missing, or the links do not show what it did",
        play: |lab| {
            let process = lab.process("process")?;
            process.readlink_ns("/proc/self/ns/uts")?;
            let fd = process.open("/proc/self/ns/uts", O_RDONLY)?.id()?;
            let child = process.clone("child", NEWUTS)?;
            child.readlink_ns("/proc/self/ns/uts")?;
            process.unshare(NEWUTS)?;
            process.readlink_ns("/proc/self/ns/uts")?;
            process.setns(fd, NEWUTS)?;
            process.readlink_ns("/proc/self/ns/uts")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.userns-unprivileged-create",
        claim: "A process that has no privilege at all may create a user namespace.",
        sources: &[
            SEED,
            man("user_namespaces(7)", "Interaction of user namespaces and other types of namespaces"),
            man("unshare(2)", "CLONE_NEWUSER"),
        ],
        since: "3.8",
        ground: Ground::User,
        needs: &[&need::PROCFS, &need::USER_NS],
        wrong: "the creation is refused, or changes nothing",
        play: |lab| {
            let user = lab.process("user")?;
            let other = user.fork("other")?;
            other.capget()?;
            user.diff_ns(ns(other), OWN)?;
            other.unshare(NEWUSER)?;
            user.diff_ns(ns(other), OWN)?;
            let child = user.clone("child", NEWUSER)?;
            user.diff_ns(ns(child), OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.other-kinds-inside-userns",
        claim: "Inside a user namespace that it created, a process without other privilege can create namespaces of every other kind.",
        sources: &[
            SEED,
            man("user_namespaces(7)", "Interaction of user namespaces and other types of namespaces"),
        ],
        since: "3.8",
        ground: Ground::User,
        needs: &[
            &need::CGROUP_NS,
            &need::IPC_NS,
            &need::MNT_NS,
            &need::NET_NS,
            &need::PID_NS,
            &need::PROCFS,
            &need::TIME_NS,
            &need::USER_NS,
            &need::UTS_NS,
        ],
        wrong: "a kind is refused inside the user namespace, or granted before it",
        play: |lab| {
            let user = lab.process("user")?;
            let inside = user.fork("inside")?;
            inside.unshare(NEWUTS)?;
            inside.unshare(NEWUSER)?;
            user.diff_ns(ns(inside), OWN)?;
            for kind in PRIVILEGED {
                inside.unshare(kind.flag())?;
                user.diff_ns(ns(inside), OWN)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.priv-needed-except-user",
        claim: "Creating a namespace of any kind but user needs CAP_SYS_ADMIN, by unshare as by clone.",
        sources: &[
            man("namespaces(7)", "The namespaces API"),
            man("unshare(2)", "ERRORS"),
            man("clone(2)", "ERRORS"),
        ],
        ground: Ground::User,
        needs: &[
            &need::CGROUP_NS,
            &need::IPC_NS,
            &need::MNT_NS,
            &need::NET_NS,
            &need::PID_NS,
            &need::PROCFS,
            &need::TIME_NS,
            &need::USER_NS,
            &need::UTS_NS,
        ],
        wrong: "a kind is granted to an ordinary user, or CLONE_NEWUSER is refused",
        play: |lab| {
            let user = lab.process("user")?;
            for kind in PRIVILEGED {
                user.unshare(kind.flag())?;
                user.try_clone3("child", kind.flag(), &[])?;
            }
            let child = user.clone("child", NEWUSER)?;
            user.diff_ns(ns(child), OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.root-uid-is-not-enough",
        claim: "What counts is the capability, not the user id: user 0 without CAP_SYS_ADMIN may not create a UTS namespace, though it may still create a user namespace, which gives the capability back over what is made there.",
        sources: &[man("unshare(2)", "ERRORS"), man("user_namespaces(7)", "DESCRIPTION")],
        since: "3.8",
        needs: &[&need::PROCFS, &need::UTS_NS],
        wrong: "user 0 creates a UTS namespace without the capability",
        play: |lab| {
            let root = lab.process("root")?;
            let other = root.fork("other")?;
            other.capset_drop(CAP_SYS_ADMIN)?;
            other.geteuid()?;
            other.unshare(NEWUTS)?;
            other.try_clone("child", NEWUTS)?;
            other.unshare(NEWUSER)?;
            root.diff_ns(ns(other), OWN)?;
            other.unshare(NEWUTS)?;
            root.diff_ns(ns(other), OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.combined-with-user-needs-no-cap",
        claim: "CLONE_NEWUSER together with other kinds needs no privilege: the user namespace is made first and its root creates the rest.",
        sources: &[
            man("user_namespaces(7)", "Interaction of user namespaces and other types of namespaces"),
            man("unshare(2)", "CLONE_NEWUSER"),
        ],
        since: "3.8",
        ground: Ground::User,
        needs: &[
            &need::CGROUP_NS,
            &need::IPC_NS,
            &need::MNT_NS,
            &need::NET_NS,
            &need::PID_NS,
            &need::PROCFS,
            &need::USER_NS,
            &need::UTS_NS,
        ],
        wrong: "the combined call is refused, or leaves out a kind",
        play: |lab| {
            let user = lab.process("user")?;
            let inside = user.fork("inside")?;
            inside.unshare(NEWCGROUP | NEWIPC | NEWNS | NEWNET | NEWPID | NEWUTS)?;
            user.diff_ns(ns(inside), OWN)?;
            inside.unshare(NEWUSER | NEWCGROUP | NEWIPC | NEWNS | NEWNET | NEWPID | NEWUTS)?;
            user.diff_ns(ns(inside), OWN)?;
            inside.sethostname("inner.example")?;
            inside.gethostname()?;
            user.gethostname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.combined-owned-by-new-user",
        claim: "Namespaces that are created together with a user namespace belong to that new user namespace.",
        sources: &[man("user_namespaces(7)", "Interaction of user namespaces and other types of namespaces")],
        since: "3.8",
        ground: Ground::User,
        needs: &[
            &need::CGROUP_NS,
            &need::IPC_NS,
            &need::MNT_NS,
            &need::NET_NS,
            &need::PID_NS,
            &need::PROCFS,
            &need::USER_NS,
            &need::UTS_NS,
        ],
        wrong: "one of the namespaces has another owner",
        play: |lab| {
            let user = lab.process("user")?;
            user.readlink_ns("/proc/self/ns/user")?;
            let child =
                user.clone("child", NEWUSER | NEWCGROUP | NEWIPC | NEWNS | NEWNET | NEWPID | NEWUTS)?;
            user.readlink_ns(child.proc("ns/user"))?;
            for kind in [Kind::Cgroup, Kind::Ipc, Kind::Mnt, Kind::Net, Kind::Pid, Kind::Uts] {
                let fd = user.open(child.proc(&format!("ns/{}", kind.link())), O_RDONLY)?.id()?;
                let owner = user.ioctl_userns(fd)?.id()?;
                user.fstat_ns(owner)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.owner-is-creators-userns",
        claim: "A namespace belongs for ever to the user namespace of its creator: entering a new user namespace gives all capabilities, but none over the UTS namespace that one still sits in.",
        sources: &[man("user_namespaces(7)", "Interaction of user namespaces and other types of namespaces")],
        since: "3.8",
        ground: Ground::User,
        needs: &[&need::PROCFS, &need::USER_NS, &need::UTS_NS],
        wrong: "the host name outside is set from inside, or a UTS namespace made inside belongs to the outer user namespace",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER)?;
            user.capget()?;
            user.sethostname("inner.example")?;
            let outer = user.open("/proc/self/ns/uts", O_RDONLY)?.id()?;
            user.ioctl_userns(outer)?;
            user.unshare(NEWUTS)?;
            user.sethostname("inner.example")?;
            user.gethostname()?;
            let inner = user.open("/proc/self/ns/uts", O_RDONLY)?.id()?;
            let owner = user.ioctl_userns(inner)?.id()?;
            user.fstat_ns(owner)?;
            user.readlink_ns("/proc/self/ns/user")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.clone-newuser-unmapped-eperm",
        claim: "Creating a user namespace is refused while the caller's effective user id or group id has no mapping in the user namespace it is in.",
        sources: &[man("unshare(2)", "ERRORS"), man("clone(2)", "ERRORS")],
        since: "3.8",
        ground: Ground::User,
        needs: &[&need::PROCFS, &need::USER_NS],
        wrong: "an unmapped process nests a user namespace, or a mapped one cannot",
        excuses: &[SETGROUPS],
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER)?;
            user.unshare(NEWUSER)?;
            user.echo("0 1000 1", "/proc/self/uid_map")?;
            lab.note("the group id is still unmapped")?;
            user.unshare(NEWUSER)?;
            user.try_clone("child", NEWUSER)?;
            user.echo("deny", "/proc/self/setgroups")?;
            user.echo("0 1000 1", "/proc/self/gid_map")?;
            let child = user.clone("child", NEWUSER)?;
            user.diff_ns(ns(child), OWN)?;
            Ok(())
        },
        ..CASE
    },
];
