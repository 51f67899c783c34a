//! Who may create namespaces, and which user namespace owns them.
//!
//! The limits of their number live in `limits`.

use super::{OWN, SETGROUPS, ns};
use crate::prelude::*;

/// Every kind but user: those whose creation is a privilege.
const PRIVILEGED: [Kind; 7] =
    [Kind::Cgroup, Kind::Ipc, Kind::Mnt, Kind::Net, Kind::Pid, Kind::Time, Kind::Uts];

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "api.root-functions-for-unprivileged",
        claim: "User namespaces give an ordinary user what was root's alone, such as mounting and setting the host name, but only over what belongs to its own namespaces.",
        sources: &[
            SEED,
            man("user_namespaces(7)", "Interaction of user namespaces and other types of namespaces"),
        ],
        since: "3.8",
        starts_as: Credentials::User,
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
        id: "api.userns-unprivileged-create",
        claim: "A process that has no privilege at all may create a user namespace.",
        sources: &[
            SEED,
            man("user_namespaces(7)", "Interaction of user namespaces and other types of namespaces"),
            man("unshare(2)", "CLONE_NEWUSER"),
        ],
        since: "3.8",
        starts_as: Credentials::User,
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
        starts_as: Credentials::User,
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
            lab.note("outside it may not")?;
            let inside = user.fork("inside")?;
            inside.unshare(NEWUTS)?;
            lab.note("with a user namespace of its own it may")?;
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
        starts_as: Credentials::User,
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
            lab.note("a user namespace needs no privilege")?;
            let child = user.clone("child", NEWUSER)?;
            user.diff_ns(ns(child), OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.root-uid-is-not-enough",
        claim: "The capability counts, not the user id: user 0 without CAP_SYS_ADMIN may not create a UTS namespace, though it may still create a user namespace, which gives the capability back over what is made there.",
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
        starts_as: Credentials::User,
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
        starts_as: Credentials::User,
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
            user.readlink("/proc/self/ns/user")?;
            let child =
                user.clone("child", NEWUSER | NEWCGROUP | NEWIPC | NEWNS | NEWNET | NEWPID | NEWUTS)?;
            user.readlink(child.proc("ns/user"))?;
            lab.note("the owner of each is the new user namespace, not the old one")?;
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
        starts_as: Credentials::User,
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
            user.readlink("/proc/self/ns/user")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.clone-newuser-unmapped-eperm",
        claim: "Creating a user namespace is refused while the caller's effective user id or group id has no mapping in the user namespace it is in.",
        sources: &[man("unshare(2)", "ERRORS"), man("clone(2)", "ERRORS")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::PROCFS, &need::USER_NS],
        wrong: "an unmapped process nests a user namespace, or a mapped one cannot",
        accepted: &[SETGROUPS],
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
