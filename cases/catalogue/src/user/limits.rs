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
];
