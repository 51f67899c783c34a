//! How deep user namespaces nest, and how many a user may create.
//!
//! The limits of the other kinds live in `api::limits`.

use super::{NO_CAPABILITY, OWN, ROOT_AS_ROOT, USER_AS_ROOT};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "user.nesting-limit-32",
        claim: "User namespaces can be nested 33 deep below the first one; the next level is refused with ENOSPC.",
        sources: &[man("user_namespaces(7)", "Nested namespaces"), man("unshare(2)", "ERRORS")],
        since: "3.11",
        needs: &[&need::PROCFS, &need::INITIAL_USER_NS, &need::USER_NS_ROOM],
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
        starts_as: Credentials::User,
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
        starts_as: Credentials::User,
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
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS, &need::UTS_NS],
        wrong: "a process deeper down exceeds the limit set above it",
        play: |lab| {
            let upper = lab.process("upper")?;
            upper.unshare(NEWUSER)?;
            upper.map_ids(OWN, USER_AS_ROOT, USER_AS_ROOT)?;
            upper.echo("1", "/proc/sys/user/max_uts_namespaces")?;
            lab.note("the namespace below has a limit of its own that is far higher")?;
            let lower = upper.clone("lower", NEWUSER)?;
            lower.cat("/proc/sys/user/max_uts_namespaces")?;
            let second = lower.fork("second")?;
            lab.note("the limit above holds for both processes together")?;
            lower.unshare(NEWUTS)?;
            second.unshare(NEWUTS)?;
            lab.note("it is raised there, and one more can be made below")?;
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
        id: "user.limits-default-maxint",
        claim: "In a new user namespace each of the eight limits is 2147483647, whatever it is in the one above.",
        sources: &[man("namespaces(7)", "The /proc/sys/user directory")],
        since: "5.6",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS, &need::TIME_NS],
        wrong: "a new user namespace takes over the limits of its parent, or starts with others",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.unshare(NEWUSER)?;
            outer.map_ids(OWN, USER_AS_ROOT, USER_AS_ROOT)?;
            outer.echo("77", "/proc/sys/user/max_uts_namespaces")?;
            outer.words("/proc/sys/user/max_uts_namespaces")?;
            lab.note("the limit above holds for both, but is not the new one's")?;
            let inner = outer.clone("inner", NEWUSER)?;
            for kind in ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"] {
                inner.words(format!("/proc/sys/user/max_{kind}_namespaces"))?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.rlimit-nproc-not-escaped",
        claim: "A user namespace is no way out of RLIMIT_NPROC: the processes made in it count for its creator too, whose limit holds inside and outside to the exact number.",
        sources: &[man("getrlimit(2)", "RLIMIT_NPROC"), man("fork(2)", "ERRORS")],
        since: "5.14",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS, &need::PLAIN_UID, &need::COUNTS_PER_USER_NS],
        wrong: "a user has more processes than the limit allows by making them in a user namespace, or fewer",
        play: |lab| {
            let user = lab.process("user")?;
            lab.note("a user namespace of its own, in which nobody else counts")?;
            user.unshare(NEWUSER)?;
            user.map_ids(OWN, USER_AS_ROOT, USER_AS_ROOT)?;
            user.setrlimit(Rlimit::RLIMIT_NPROC, 3, 3)?;
            let inner = user.clone("inner", NEWUSER)?;
            user.diff_ns(user.proc("ns"), inner.proc("ns"))?;
            lab.note("the third process is the last one")?;
            let third = inner.fork("third")?;
            inner.try_clone("refused", Flags::empty())?;
            user.try_clone("refused", Flags::empty())?;
            inner.setrlimit(Rlimit::RLIMIT_NPROC, 3, 100)?;
            lab.note("it ends, and there can be one more again")?;
            third.exit(0)?;
            inner.waitpid(third, WaitOptions::empty())?;
            user.fork("another")?;
            inner.try_clone("refused", Flags::empty())?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.rlimit-sigpending-not-escaped",
        claim: "A user namespace is no way out of RLIMIT_SIGPENDING: signals queued to processes in it count for its creator too.",
        sources: &[man("getrlimit(2)", "RLIMIT_SIGPENDING"), man("sigqueue(3)", "ERRORS")],
        since: "5.14",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS, &need::PLAIN_UID, &need::COUNTS_PER_USER_NS],
        wrong: "a user fills the memory of the machine with signals that are queued in user namespaces",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER)?;
            user.map_ids(OWN, USER_AS_ROOT, USER_AS_ROOT)?;
            user.setrlimit(Rlimit::RLIMIT_SIGPENDING, 3, 3)?;
            let inner = user.clone("inner", NEWUSER)?;
            user.diff_ns(user.proc("ns"), inner.proc("ns"))?;
            for process in [user, inner] {
                process.sigprocmask(MaskChange::SIG_BLOCK, Signal::SIGRTMIN)?;
            }
            lab.note("two signals to oneself inside, one outside, and no more")?;
            let queue = |process: Process| process.rt_sigqueueinfo(process.sealed(), Signal::SIGRTMIN, 0, 0);
            for process in [inner, inner, user, inner, user] {
                queue(process)?;
            }
            lab.note("one is taken inside, so one more can be queued outside")?;
            inner.sigtimedwait_sender(Signal::SIGRTMIN)?;
            queue(user)?;
            queue(user)?;
            Ok(())
        },
        ..CASE
    },
];
