//! The ioctls on namespace descriptors, ioctl_ns(2): kind, owner, parent.
//!
//! The user id of an owner lives in `user::relations`.

use super::{OWN, ns};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "api.ioctl-nstype",
        claim: "NS_GET_NSTYPE gives the CLONE_NEW* constant of a descriptor's kind; for the two links about later children it is that of PID and of time namespaces.",
        sources: &[man("NS_GET_NSTYPE(2const)", "DESCRIPTION")],
        since: "5.6",
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
        wrong: "a descriptor says that it is of another kind than its link",
        play: |lab| {
            let process = lab.process("process")?;
            lab.note("each link in turn; those for children name the kind of the namespace")?;
            for link in [
                "cgroup",
                "ipc",
                "mnt",
                "net",
                "pid",
                "pid_for_children",
                "time",
                "time_for_children",
                "user",
                "uts",
            ] {
                let fd = process.open(format!("/proc/self/ns/{link}"), O_RDONLY)?.id()?;
                process.ioctl_nstype(fd)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.ioctl-userns",
        claim: "NS_GET_USERNS gives a descriptor of the user namespace that owns a namespace.",
        sources: &[man("NS_GET_USERNS(2const)", "DESCRIPTION")],
        since: "4.9",
        starts_as: Credentials::User,
        needs: &[&need::PROCFS, &need::USER_NS, &need::UTS_NS],
        wrong: "the owner is another user namespace than the creator's",
        play: |lab| {
            let user = lab.process("user")?;
            let one = user.clone("one", NEWUSER | NEWUTS)?;
            let two = user.clone("two", NEWUSER | NEWUTS)?;
            for child in [one, two] {
                user.readlink(child.proc("ns/user"))?;
                let uts = user.open(child.proc("ns/uts"), O_RDONLY)?.id()?;
                let owner = user.ioctl_userns(uts)?.id()?;
                user.ioctl_nstype(owner)?;
                user.fstat_ns(owner)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.ioctl-parent-pid-user",
        claim: "NS_GET_PARENT gives a descriptor of the parent of a PID or user namespace.",
        sources: &[man("NS_GET_PARENT(2const)", "DESCRIPTION")],
        since: "4.9",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "the parent is another namespace than the one that the creator is in",
        play: |lab| {
            let parent = lab.process("parent")?;
            for kind in [Kind::Pid, Kind::User] {
                let link = format!("ns/{}", kind.link());
                let child = parent.clone("child", kind.flag())?;
                parent.readlink(kind.own_path())?;
                parent.readlink(child.proc(&link))?;
                let fd = parent.open(child.proc(&link), O_RDONLY)?.id()?;
                let above = parent.ioctl_parent(fd)?.id()?;
                parent.fstat_ns(above)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.ioctl-parent-other-einval",
        claim: "Only PID and user namespaces have parents: for a namespace of another kind NS_GET_PARENT is EINVAL.",
        sources: &[man("NS_GET_PARENT(2const)", "ERRORS")],
        since: "4.9",
        needs: &[
            &need::CGROUP_NS,
            &need::IPC_NS,
            &need::MNT_NS,
            &need::NET_NS,
            &need::PROCFS,
            &need::TIME_NS,
            &need::UTS_NS,
        ],
        wrong: "a parent is found, or another errno given",
        play: |lab| {
            let process = lab.process("process")?;
            for kind in [Kind::Cgroup, Kind::Ipc, Kind::Mnt, Kind::Net, Kind::Time, Kind::Uts] {
                let fd = process.open(kind.own_path(), O_RDONLY)?.id()?;
                process.ioctl_parent(fd)?;
            }
            lab.note("a user namespace has a parent")?;
            let child = process.clone("child", NEWUSER)?;
            let fd = process.open(child.proc("ns/user"), O_RDONLY)?.id()?;
            let parent = process.ioctl_parent(fd)?.id()?;
            process.ioctl_nstype(parent)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.ioctl-user-userns-is-parent",
        claim: "A user namespace is owned by its parent: NS_GET_USERNS and NS_GET_PARENT give the same namespace.",
        sources: &[
            man("NS_GET_PARENT(2const)", "DESCRIPTION"),
            man("NS_GET_USERNS(2const)", "DESCRIPTION"),
            man("user_namespaces(7)", "Nested namespaces, namespace membership"),
        ],
        since: "4.9",
        needs: &[&need::PROCFS],
        wrong: "owner and parent differ",
        play: |lab| {
            let parent = lab.process("parent")?;
            let child = parent.clone("child", NEWUSER)?;
            parent.readlink("/proc/self/ns/user")?;
            let fd = parent.open(child.proc("ns/user"), O_RDONLY)?.id()?;
            parent.fstat_ns(fd)?;
            let above = parent.ioctl_parent(fd)?.id()?;
            parent.fstat_ns(above)?;
            let owner = parent.ioctl_userns(fd)?.id()?;
            parent.fstat_ns(owner)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.ioctl-scope-eperm",
        claim: "An owner or parent that lies outside the caller's own user or PID namespace is not given: EPERM.",
        sources: &[man("NS_GET_USERNS(2const)", "ERRORS"), man("NS_GET_PARENT(2const)", "ERRORS")],
        since: "4.9",
        needs: &[&need::PID_NS, &need::PROCFS, &need::UTS_NS],
        wrong: "a process inside gets hold of a namespace outside, or one outside is refused",
        play: |lab| {
            let outside = lab.process("outside")?;
            let inside = outside.clone("inside", NEWUSER | NEWPID)?;
            inside.getpid()?;
            let user = inside.open("/proc/self/ns/user", O_RDONLY)?.id()?;
            let pid = inside.open("/proc/self/ns/pid", O_RDONLY)?.id()?;
            let uts = inside.open("/proc/self/ns/uts", O_RDONLY)?.id()?;
            inside.ioctl_parent(user)?;
            inside.ioctl_parent(pid)?;
            lab.note("the UTS namespace belongs to the outer user namespace")?;
            inside.ioctl_userns(uts)?;
            outside.readlink("/proc/self/ns/user")?;
            let user = outside.open(inside.proc("ns/user"), O_RDONLY)?.id()?;
            let parent = outside.ioctl_parent(user)?.id()?;
            outside.fstat_ns(parent)?;
            outside.readlink("/proc/self/ns/pid")?;
            let pid = outside.open(inside.proc("ns/pid"), O_RDONLY)?.id()?;
            let parent = outside.ioctl_parent(pid)?.id()?;
            outside.fstat_ns(parent)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.ioctl-result-flags",
        claim: "The descriptors that NS_GET_USERNS and NS_GET_PARENT give are for reading only and are closed by execve.",
        sources: &[man("NS_GET_USERNS(2const)", "DESCRIPTION"), man("NS_GET_PARENT(2const)", "DESCRIPTION")],
        since: "4.9",
        needs: &[&need::PROCFS],
        wrong: "a descriptor is writable or survives execve",
        play: |lab| {
            let process = lab.process("process")?;
            let child = process.clone("child", NEWUSER)?;
            let opened = process.open(child.proc("ns/user"), O_RDONLY)?.id()?;
            process.fcntl_getfd(opened)?;
            let parent = process.ioctl_parent(opened)?.id()?;
            process.fcntl_getfl(parent)?;
            process.fcntl_getfd(parent)?;
            let owner = process.ioctl_userns(opened)?.id()?;
            process.fcntl_getfl(owner)?;
            process.fcntl_getfd(owner)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.ioctl-owner-uid-not-user",
        claim: "NS_GET_OWNER_UID is for user namespaces: on a namespace of another kind it is EINVAL.",
        sources: &[man("NS_GET_OWNER_UID(2const)", "ERRORS")],
        since: "4.11",
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
        wrong: "an id is given, or another errno",
        play: |lab| {
            let process = lab.process("process")?;
            for kind in [Kind::Cgroup, Kind::Ipc, Kind::Mnt, Kind::Net, Kind::Pid, Kind::Time, Kind::Uts] {
                let fd = process.open(kind.own_path(), O_RDONLY)?.id()?;
                process.ioctl_owner_uid(fd)?;
            }
            lab.note("a user namespace has an owner")?;
            let child = process.clone("child", NEWUSER)?;
            let fd = process.open(child.proc("ns/user"), O_RDONLY)?.id()?;
            process.ioctl_owner_uid(fd)?;
            process.diff_ns(ns(child), OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.ioctl-enotty",
        claim: "The namespace ioctls are ENOTTY on anything that is no namespace, and so is one that does not exist on a namespace.",
        sources: &[man("ioctl_nsfs(2)", "ERRORS")],
        since: "4.9",
        needs: &[&need::PROCFS, &need::UTS_NS],
        wrong: "another errno, or an answer",
        play: |lab| {
            let process = lab.process("process")?;
            process.creat_excl("/tmp/file")?;
            for path in ["/tmp/file".to_string(), ns(process)] {
                let fd = process.open(path, O_RDONLY)?.id()?;
                process.ioctl_nstype(fd)?;
                process.ioctl_userns(fd)?;
                process.ioctl_parent(fd)?;
            }
            let uts = process.open("/proc/self/ns/uts", O_RDONLY)?.id()?;
            process.ioctl_nstype(uts)?;
            process.ioctl_ns(uts, 0x63)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.ioctl-owner-uid",
        claim: "NS_GET_OWNER_UID gives the effective user id of the process that created the user namespace.",
        sources: &[man("NS_GET_OWNER_UID(2const)", "DESCRIPTION")],
        since: "4.11",
        needs: &[&need::PROCFS, &need::MANY_IDS, &need::NON_DUMPABLE],
        wrong: "the id is that of a member, or the real one",
        play: |lab| {
            let root = lab.process("root")?;
            let creator = root.fork("creator")?;
            creator.setresuid(-1, 1000, -1)?;
            let made = creator.clone("made by 1000", NEWUSER)?;
            let user = root.open(made.proc("ns/user"), O_RDONLY)?.id()?;
            root.ioctl_owner_uid(user)?;
            let made = root.clone("made by 0", NEWUSER)?;
            let user = root.open(made.proc("ns/user"), O_RDONLY)?.id()?;
            root.ioctl_owner_uid(user)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.ioctl-owner-uid-mapped",
        claim: "NS_GET_OWNER_UID gives the id as the caller's user namespace maps it, and 65534 if it does not.",
        sources: &[text("linux/nsfs.h"), man("NS_GET_OWNER_UID(2const)", "DESCRIPTION")],
        since: "4.11",
        starts_as: Credentials::User,
        needs: &[&need::PROCFS],
        wrong: "the id is one of another user namespace",
        play: |lab| {
            let outside = lab.process("outside")?;
            let inside = outside.clone("inside", NEWUSER)?;
            let seen_outside = outside.open(inside.proc("ns/user"), O_RDONLY)?.id()?;
            let seen_inside = inside.open("/proc/self/ns/user", O_RDONLY)?.id()?;
            outside.ioctl_owner_uid(seen_outside)?;
            inside.ioctl_owner_uid(seen_inside)?;
            outside.map_ids(inside.proc_directory(), "5 1000 1", "5 1000 1")?;
            outside.ioctl_owner_uid(seen_outside)?;
            inside.ioctl_owner_uid(seen_inside)?;
            Ok(())
        },
        ..CASE
    },
];
