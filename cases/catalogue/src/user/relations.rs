//! Parents and owners: the ioctls that tell which user namespace a namespace belongs to.
//!
//! The ioctls on namespaces in general live in `api::ioctl`.

use super::{OWN, OWN_NS, ROOT_AS_ROOT};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
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
                process.readlink(OWN_NS)?;
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
            for (credentials, name, outside) in
                [(Credentials::Root, "root", 0), (Credentials::User, "user", 1000)]
            {
                let creator = lab.process_as(credentials, name)?;
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
            outer.readlink(OWN_NS)?;
            let member = outer.clone("member", NEWUTS)?;
            member.sethostname("first")?;
            lab.note("its member leaves, first for a user namespace, then for a UTS namespace")?;
            for new in [NEWUSER, NEWUTS] {
                member.unshare(new)?;
                member.readlink(OWN_NS)?;
                let fd = outer.open(member.proc("ns/uts"), O_RDONLY)?.id()?;
                let owner = outer.ioctl_userns(fd)?.id()?;
                outer.fstat_ns(owner)?;
                member.sethostname("second")?;
                member.gethostname()?;
            }
            lab.note("outside the name is still the first one")?;
            outer.gethostname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.get-parent-equals-get-userns",
        claim: "The user namespace that owns a user namespace is its parent: NS_GET_USERNS and NS_GET_PARENT give the same, at each level.",
        sources: &[man("NS_GET_USERNS(2const)", "DESCRIPTION"), man("NS_GET_PARENT(2const)", "DESCRIPTION")],
        since: "4.9",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "a user namespace has another owner than its parent",
        play: |lab| {
            let outer = lab.process("outer")?;
            let middle = outer.clone("middle", NEWUSER)?;
            middle.map_ids(OWN, "0 1000 1", "0 1000 1")?;
            let inner = middle.clone("inner", NEWUSER)?;
            outer.readlink(OWN_NS)?;
            middle.readlink(OWN_NS)?;
            lab.note("of the inner one, then of the one between")?;
            for process in [inner, middle] {
                let file = outer.open(process.proc("ns/user"), O_RDONLY)?.id()?;
                let parent = outer.ioctl_parent(file)?.id()?;
                outer.fstat_ns(parent)?;
                let owner = outer.ioctl_userns(file)?.id()?;
                outer.fstat_ns(owner)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.get-parent-nonhierarchical-einval",
        claim: "A UTS namespace has an owner and no parent: the way up from it goes over the user namespace that owns it.",
        sources: &[man("NS_GET_PARENT(2const)", "ERRORS"), man("NS_GET_USERNS(2const)", "DESCRIPTION")],
        since: "4.9",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS, &need::UTS_NS],
        wrong: "the namespace that its creator was in before is told as the parent",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWUSER | NEWUTS)?;
            outer.readlink(OWN_NS)?;
            inner.readlink(OWN_NS)?;
            let names = outer.open(inner.proc("ns/uts"), O_RDONLY)?.id()?;
            outer.ioctl_parent(names)?;
            lab.note("its owner, and the owner's parent")?;
            let owner = outer.ioctl_userns(names)?.id()?;
            outer.fstat_ns(owner)?;
            let above = outer.ioctl_parent(owner)?.id()?;
            outer.fstat_ns(above)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.get-owner-uid-einval",
        claim: "NS_GET_OWNER_UID is asked of a user namespace: of a namespace that one owns it is EINVAL, of a descriptor of its owner it gives the user.",
        sources: &[man("NS_GET_OWNER_UID(2const)", "ERRORS"), man("NS_GET_USERNS(2const)", "DESCRIPTION")],
        since: "4.11",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS, &need::UTS_NS],
        wrong: "a UTS namespace tells the user that made it, or its owner does not",
        play: |lab| {
            let user = lab.process("user")?;
            let inner = user.clone("inner", NEWUSER | NEWUTS)?;
            let names = user.open(inner.proc("ns/uts"), O_RDONLY)?.id()?;
            user.ioctl_owner_uid(names)?;
            let owner = user.ioctl_userns(names)?.id()?;
            user.ioctl_owner_uid(owner)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.sysctl-ipc",
        claim: "The root of the user namespace that owns an IPC namespace may write its settings; while that id is not mapped nobody inside may, capabilities or not.",
        sources: &[
            man("user_namespaces(7)", "Interaction of user namespaces and other types of namespaces"),
            text("kernel, in no manual page"),
        ],
        since: "5.19",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PLAIN_UID, &need::IPC_SYSCTLS],
        wrong: "the settings stay with root outside, or any capability in a user namespace opens them",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER | NEWIPC)?;
            for path in ["/proc/sys/kernel/msgmax", "/proc/sys/kernel/shmmni"] {
                user.echo("77", path)?;
            }
            user.map_ids(OWN, "0 1000 1", "0 1000 1")?;
            for path in ["/proc/sys/kernel/msgmax", "/proc/sys/kernel/shmmni"] {
                user.echo("77", path)?;
                user.words(path)?;
            }
            Ok(())
        },
        ..CASE
    },
];

/// The claims of this topic that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[Untested {
    id: "user.filesystems-catch-up",
    claim: "When user namespaces could first be created without privilege, in 3.8, many file systems could not be used with them yet; XFS was the last to follow, in 3.12.",
    sources: &[SEED, man("user_namespaces(7)", "Availability")],
    why: "history: no kernel that the suite supports is as old",
    part: None,
}];
