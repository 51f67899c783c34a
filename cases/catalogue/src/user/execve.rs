//! How fork(2) and execve(2) keep or drop the capabilities of a member.
//!
//! The securebits that change these rules live in `securebits`.

use super::{OWN, OWN_NS, USER_AS_ROOT, directory};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "user.exec-nonzero-loses-caps",
        claim: "A process of a user namespace that executes a program without being user 0 there loses all capabilities, whether its id is unmapped or mapped to another number.",
        sources: &[
            man("user_namespaces(7)", "Capabilities"),
            text("LWN 532593, Namespaces in operation, part 5"),
        ],
        since: "3.8",
        starts_as: Credentials::User,
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
        starts_as: Credentials::User,
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
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "the child lacks a capability, or has more than its creator",
        play: |lab| {
            let inner = lab.process("outer")?.clone("inner", NEWUSER)?;
            inner.geteuid()?;
            let first = inner.fork("first")?;
            inner.capset_drop(CAP_CHOWN)?;
            let second = inner.fork("second")?;
            for process in [first, second] {
                process.readlink(OWN_NS)?;
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
        starts_as: Credentials::User,
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
];
