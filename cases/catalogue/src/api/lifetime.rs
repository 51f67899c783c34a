//! How long a namespace lives: what keeps it although no process is in it.
//!
//! With a limit of one, being able to create a namespace tells that the former one is gone. UTS
//! namespaces stand for all kinds where the kind does not matter, since they end at once.

use super::{CALLS, OWN, ns};
use crate::prelude::*;

/// The section of namespaces(7) that lists what keeps a namespace alive.
const LIFETIME: Source = man("namespaces(7)", "Namespace lifetime");

const MAX_UTS: &str = "/proc/sys/user/max_uts_namespaces";

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "api.life-ends-with-last-member",
        claim: "A namespace ends when the last process in it ends or leaves, if nothing else refers to it.",
        sources: &[LIFETIME],
        since: "4.9",
        starts_as: Credentials::User,
        needs: &[&need::PROCFS, &need::USER_NS, &need::UTS_NS],
        wrong: "the namespace goes while it has a member, or stays without one",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER | NEWUTS)?;
            lab.note("room for one more than its own")?;
            user.echo("2", MAX_UTS)?;
            let own = user.open("/proc/self/ns/uts", O_RDONLY)?.id()?;
            let first = user.clone("first", NEWUTS)?;
            let last = first.fork("last")?;
            first.exit(0)?;
            user.waitpid(first, WaitOptions::empty())?;
            user.try_clone("next", NEWUTS)?;
            last.setns(own, NEWUTS)?;
            lab.note("the last member has left")?;
            let next = user.clone("next", NEWUTS)?;
            user.try_clone("one too many", NEWUTS)?;
            next.exit(0)?;
            user.waitpid(next, WaitOptions::empty())?;
            lab.note("the only member has ended")?;
            user.clone("another", NEWUTS)?;
            user.try_clone("one too many", NEWUTS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.life-open-fd-pins",
        claim: "An open descriptor keeps a namespace alive that has no process in it.",
        sources: &[LIFETIME, CALLS],
        since: "4.9",
        starts_as: Credentials::User,
        needs: &[&need::PROCFS, &need::USER_NS, &need::UTS_NS],
        wrong: "the namespace ends with its member, or stays when the descriptor is closed",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER)?;
            user.echo("1", MAX_UTS)?;
            let member = user.clone("member", NEWUTS)?;
            let fd = user.open(member.proc("ns/uts"), O_RDONLY)?.id()?;
            member.exit(0)?;
            user.waitpid(member, WaitOptions::empty())?;
            user.try_clone("next", NEWUTS)?;
            user.close(fd)?;
            user.clone("next", NEWUTS)?;
            user.try_clone("one too many", NEWUTS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.life-bind-mount-pins",
        claim: "A bind mount of its link keeps a namespace alive that has no process in it, until it is unmounted.",
        sources: &[LIFETIME, CALLS],
        since: "4.9",
        starts_as: Credentials::User,
        needs: &[&need::MNT_NS, &need::PROCFS, &need::USER_NS, &need::UTS_NS],
        wrong: "the namespace ends with its member, or stays when it is unmounted",
        play: |lab| {
            let user = lab.process("user")?;
            user.creat_excl("/tmp/uts")?;
            user.unshare(NEWUSER | NEWNS)?;
            user.echo("1", MAX_UTS)?;
            let member = user.clone("member", NEWUTS)?;
            member.sethostname("member.example")?;
            user.mount(member.proc("ns/uts"), "/tmp/uts", "", MountFlags::MS_BIND, "")?;
            lab.note("the last member ends; the bind mount remains, so the limit of 1 is still reached")?;
            member.exit(0)?;
            user.waitpid(member, WaitOptions::empty())?;
            user.try_clone("next", NEWUTS)?;
            lab.note("the namespace can be joined through the mount")?;
            let visitor = user.fork("visitor")?;
            let fd = visitor.open("/tmp/uts", O_RDONLY)?.id()?;
            visitor.setns(fd, NEWUTS)?;
            visitor.gethostname()?;
            visitor.exit(0)?;
            user.waitpid(visitor, WaitOptions::empty())?;
            lab.note("without the mount the namespace is gone, and there is room for another one")?;
            user.umount("/tmp/uts")?;
            user.clone("next", NEWUTS)?;
            user.try_clone("one too many", NEWUTS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.life-child-pins-parent",
        claim: "A PID or user namespace lives as long as it has a child namespace.",
        sources: &[LIFETIME],
        since: "4.9",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "the parent of a namespace that is held open is gone",
        play: |lab| {
            let witness = lab.process("witness")?;
            for kind in [Kind::Pid, Kind::User] {
                let link = format!("ns/{}", kind.link());
                witness.readlink(kind.own_path())?;
                let outer = witness.clone("outer", kind.flag())?;
                if kind == Kind::User {
                    // An unmapped process cannot nest a user namespace.
                    witness.echo("0 0 1", outer.proc("uid_map"))?;
                    witness.echo("0 0 1", outer.proc("gid_map"))?;
                }
                let inner = outer.clone("inner", kind.flag())?;
                witness.readlink(outer.proc(&link))?;
                witness.readlink(inner.proc(&link))?;
                let fd = witness.open(inner.proc(&link), O_RDONLY)?.id()?;
                lab.note("both processes end; a descriptor keeps the inner namespace")?;
                inner.exit(0)?;
                outer.waitpid(inner, WaitOptions::empty())?;
                outer.exit(0)?;
                witness.waitpid(outer, WaitOptions::empty())?;
                lab.note("its parent, which has no process, is still there")?;
                let parent = witness.ioctl_parent(fd)?.id()?;
                witness.fstat_ns(parent)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.life-owned-pins-user",
        claim: "A user namespace lives as long as it owns a namespace of another kind.",
        sources: &[LIFETIME],
        since: "4.9",
        starts_as: Credentials::User,
        needs: &[&need::PROCFS, &need::USER_NS, &need::UTS_NS],
        wrong: "the owner of a namespace that is held open is gone",
        play: |lab| {
            let user = lab.process("user")?;
            let member = user.clone("member", NEWUSER | NEWUTS)?;
            user.readlink("/proc/self/ns/user")?;
            user.readlink(member.proc("ns/user"))?;
            let fd = user.open(member.proc("ns/uts"), O_RDONLY)?.id()?;
            member.exit(0)?;
            user.waitpid(member, WaitOptions::empty())?;
            let owner = user.ioctl_userns(fd)?.id()?;
            user.fstat_ns(owner)?;
            lab.note("it can be joined still, and then what it owns")?;
            user.setns(owner, NEWUSER)?;
            user.setns(fd, NEWUTS)?;
            user.readlink("/proc/self/ns/user")?;
            user.sethostname("member.example")?;
            user.gethostname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.life-dead-pidns-is-useless",
        claim: "A PID namespace that is kept alive after the end of its init can be joined, but no process can be created in it.",
        sources: &[
            text("LWN 532748, Namespaces in operation, part 4"),
            man("pid_namespaces(7)", "The namespace init process"),
        ],
        since: "3.8",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "the namespace gets a process after its init has ended",
        play: |lab| {
            let parent = lab.process("parent")?;
            let init = parent.clone("init", NEWPID)?;
            let fd = parent.open(init.proc("ns/pid"), O_RDONLY)?.id()?;
            let joined = parent.fork("joined early")?;
            joined.setns(fd, NEWPID)?;
            let member = joined.fork("member")?;
            parent.diff_ns(ns(member), ns(init))?;
            member.exit(0)?;
            joined.waitpid(member.sealed(), WaitOptions::empty())?;
            lab.note("init ends; the descriptor keeps the namespace")?;
            init.exit(0)?;
            parent.waitpid(init, WaitOptions::empty())?;
            let elsewhere = parent.fork("elsewhere")?;
            elsewhere.getpid()?;
            lab.note("joining works, creating a process does not")?;
            parent.setns(fd, NEWPID)?;
            parent.try_clone("late member", Flags::empty())?;
            joined.try_clone("late member", Flags::empty())?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.life-pid-for-children-pins",
        claim: "A PID namespace whose processes have all ended is there as long as it is where a process would create its children, though it can have none any more.",
        sources: &[LIFETIME],
        since: "4.12",
        needs: &[&need::PROCFS],
        wrong: "the link leads nowhere, or the namespace takes a child without an init",
        play: |lab| {
            let holder = lab.process("holder")?;
            holder.readlink("/proc/self/ns/pid_for_children")?;
            holder.unshare(NEWPID)?;
            let init = holder.fork("init")?;
            init.getpid()?;
            holder.readlink(init.proc("ns/pid"))?;
            init.exit(0)?;
            holder.waitpid(init, WaitOptions::empty())?;
            lab.note("its only process has ended; the namespace is where it was, and takes no other")?;
            holder.readlink("/proc/self/ns/pid_for_children")?;
            let fd = holder.open("/proc/self/ns/pid_for_children", O_RDONLY)?.id()?;
            holder.fstat_ns(fd)?;
            holder.try_clone("child", Flags::empty())?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.life-time-for-children-pins",
        claim: "A time namespace in which no process is lives as long as it is where a process would create its children.",
        sources: &[LIFETIME],
        since: "5.6",
        starts_as: Credentials::User,
        needs: &[&need::PROCFS],
        wrong: "the namespace no longer counts, or still does when that process has ended",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER)?;
            user.echo("1", "/proc/sys/user/max_time_namespaces")?;
            let holder = user.fork("holder")?;
            holder.unshare(NEWTIME)?;
            user.diff_ns(ns(holder), OWN)?;
            lab.note("no process is in it, but there is no room for another one")?;
            let next = user.fork("next")?;
            next.unshare(NEWTIME)?;
            holder.exit(0)?;
            user.waitpid(holder, WaitOptions::empty())?;
            next.unshare(NEWTIME)?;
            user.diff_ns(ns(next), OWN)?;
            Ok(())
        },
        ..CASE
    },
];

/// The claims of this topic that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[
    Untested {
        id: "api.life-mqueue-mount-pins",
        claim: "A mounted mqueue does not keep its IPC namespace: the namespace ends with its last process, and only the mount is left.",
        sources: &[LIFETIME],
        why: "the end shows in nothing but the count of the limit, which kernels such as 6.1 give back some time later",
        part: None,
    },
    Untested {
        id: "api.life-proc-mount-pins",
        claim: "A PID namespace lives as long as a procfs of it is mounted.",
        sources: &[LIFETIME],
        why: "the kernel gives a PID namespace back some time after its end: one that a mount keeps cannot be told from one that is about to go",
        part: Some("api.life-pid-for-children-pins"),
    },
];
