//! The capabilities that membership and ownership give, and where they count.
//!
//! How execve(2) changes them lives in `execve`; what a member may mount in `mounting`.

use super::{NO_FLAGS, OWN, OWN_NS, ROOT_AS_ROOT, USER_AS_ROOT};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "user.root-powers-inside",
        claim: "The root of a user namespace has every capability, and with it full privilege for operations on what belongs to that namespace.",
        sources: &[SEED, man("user_namespaces(7)", "DESCRIPTION")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS, &need::UTS_NS, &need::IPC_NS],
        wrong: "root inside lacks a capability, or is refused an operation inside",
        play: |lab| {
            let user = lab.process("user")?;
            user.capget()?;
            lab.note("the user has no capability; the root of the new namespace has them all")?;
            let root = user.clone("root", NEWUSER | NEWNS | NEWUTS)?;
            root.map_ids(OWN, USER_AS_ROOT, USER_AS_ROOT)?;
            root.geteuid()?;
            root.capget()?;
            lab.note(
                "each of three operations is one on a namespace that belongs to the new user namespace",
            )?;
            root.sethostname("inside")?;
            root.gethostname()?;
            root.mkdir("place", 0o755)?;
            root.mount("scratch", "place", "tmpfs", NO_FLAGS, "")?;
            root.mount_points("/tmp/place")?;
            root.readlink("/proc/self/ns/ipc")?;
            root.unshare(NEWIPC)?;
            root.readlink("/proc/self/ns/ipc")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.no-powers-outside",
        claim: "The capabilities of root in a user namespace are worth nothing for what belongs to a namespace outside of it.",
        sources: &[SEED, man("user_namespaces(7)", "Effect of capabilities within a user namespace")],
        since: "3.8",
        starts_as: Credentials::User,
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
        starts_as: Credentials::User,
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
        id: "user.owner-has-all-caps",
        claim: "A process in the parent namespace whose effective user id is that of the creator has all capabilities in a user namespace, without any of its own; so it can join it.",
        sources: &[man("user_namespaces(7)", "Capabilities"), man("setns(2)", "User namespaces")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "the owner is refused, or joins with less than all capabilities",
        play: |lab| {
            let creator = lab.process("creator")?;
            let namespace = creator.clone("member", NEWUSER)?;
            let owner = creator.fork("owner")?;
            owner.capget()?;
            let fd = owner.open(namespace.proc("ns/user"), O_RDONLY)?.id()?;
            owner.fstat_ns(fd)?;
            owner.readlink(OWN_NS)?;
            owner.setns(fd, NEWUSER)?;
            owner.readlink(OWN_NS)?;
            owner.capget()?;
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
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "a process joins a sibling of its user namespace",
        play: |lab| {
            let creator = lab.process("creator")?;
            let left = creator.clone("left", NEWUSER)?;
            let fd = creator.open(left.proc("ns/user"), O_RDONLY)?.id()?;
            let right = creator.clone("right", NEWUSER)?;
            lab.note("in both siblings the same user is root")?;
            for process in [left, right] {
                process.map_ids(OWN, USER_AS_ROOT, USER_AS_ROOT)?;
                process.geteuid()?;
                creator.field(process.proc("status"), "Uid")?;
            }
            lab.note("root of one sibling has no capability in the other")?;
            right.capget()?;
            right.setns(fd, NEWUSER)?;
            lab.note("in the parent, the same user id is enough")?;
            creator.setns(fd, NEWUSER)?;
            creator.capget()?;
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
        starts_as: Credentials::User,
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
];
