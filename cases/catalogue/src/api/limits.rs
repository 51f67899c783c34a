//! The limits in /proc/sys/user: how many namespaces of a kind a user may create.
//!
//! Every case sets limits inside a user namespace of its own and begins as an ordinary user, who
//! could not write those of the machine even if that user namespace were missing.

use super::{OWN, SETGROUPS, map_to_root, ns};
use crate::prelude::*;

/// The section of namespaces(7) that describes the files.
const LIMITS: Source = man("namespaces(7)", "The /proc/sys/user directory");

const MAX_UTS: &str = "/proc/sys/user/max_uts_namespaces";

/// The limit file of a kind.
fn limit(kind: Kind) -> String {
    format!("/proc/sys/user/max_{}_namespaces", kind.link())
}

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "api.sysuser-child-default",
        claim: "A new user namespace begins with limits of 2147483647 for every kind, whatever limits its parent has.",
        sources: &[LIMITS],
        since: "5.7",
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
        wrong: "a limit has another default, or is inherited",
        accepted: &[SETGROUPS],
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER)?;
            map_to_root(user)?;
            for kind in Kind::ALL {
                user.cat(limit(kind))?;
            }
            lab.note("a lower limit of the parent does not pass to the child")?;
            user.echo("7", MAX_UTS)?;
            user.cat(MAX_UTS)?;
            let child = user.clone("child", NEWUSER)?;
            child.cat(MAX_UTS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.sysuser-opener-ns",
        claim: "An open limit file shows the limit of the user namespace in which it was opened, wherever its reader is now.",
        sources: &[LIMITS],
        since: "4.9",
        starts_as: Credentials::User,
        needs: &[&need::PROCFS, &need::USER_NS, &need::UTS_NS],
        wrong: "the open file shows the limit of the reader's user namespace",
        accepted: &[
            SETGROUPS,
            Accepted { mutant: "read(3)", why: "the text that is read is itself what the claim is about" },
        ],
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER)?;
            map_to_root(user)?;
            user.echo("7", MAX_UTS)?;
            let fd = user.open(MAX_UTS, O_RDONLY)?.id()?;
            user.unshare(NEWUSER)?;
            user.read(fd)?;
            user.cat(MAX_UTS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.unshare-enospc-limits",
        claim: "unshare and clone fail with ENOSPC where a namespace of the kind would exceed the limit: every kind has one.",
        sources: &[man("unshare(2)", "ERRORS"), man("clone(2)", "ERRORS"), LIMITS],
        since: "5.7",
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
        wrong: "a kind can be created beyond its limit, or is refused below it",
        accepted: &[SETGROUPS],
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER)?;
            map_to_root(user)?;
            let all = NEWCGROUP | NEWIPC | NEWNS | NEWNET | NEWPID | NEWTIME | NEWUSER | NEWUTS;
            let before = user.clone3("before", all, &[])?;
            user.diff_ns(ns(before), OWN)?;
            lab.note("with a limit of 0 each kind is refused")?;
            for kind in Kind::ALL {
                user.echo("0", limit(kind))?;
                user.unshare(kind.flag())?;
                user.try_clone3("child", kind.flag(), &[])?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.unshare-all-or-nothing",
        claim: "If one of several namespaces cannot be created, none is: the caller stays where it was in all kinds.",
        sources: &[man("unshare(2)", "ERRORS"), text("Documentation/userspace-api/unshare.rst")],
        since: "4.9",
        starts_as: Credentials::User,
        needs: &[&need::IPC_NS, &need::PROCFS, &need::USER_NS, &need::UTS_NS],
        wrong: "the caller is in a new IPC namespace after the call has failed",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER)?;
            let witness = user.fork("witness")?;
            user.echo("0", MAX_UTS)?;
            user.unshare(NEWIPC | NEWUTS)?;
            user.diff_ns(ns(witness), OWN)?;
            user.unshare(NEWIPC)?;
            user.diff_ns(ns(witness), OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.sysuser-enospc",
        claim: "At the limit no further namespace can be created; once one is gone, one can be created again.",
        sources: &[LIMITS],
        since: "4.9",
        starts_as: Credentials::User,
        needs: &[&need::PROCFS, &need::USER_NS, &need::UTS_NS],
        wrong: "a third namespace exists beside two, or none can be made in place of one that is gone",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER)?;
            user.echo("2", MAX_UTS)?;
            let one = user.clone("one", NEWUTS)?;
            let two = user.clone("two", NEWUTS)?;
            user.diff_ns(ns(one), ns(two))?;
            user.try_clone("three", NEWUTS)?;
            one.exit(0)?;
            user.waitpid(one, WaitOptions::empty())?;
            let three = user.clone("three", NEWUTS)?;
            user.diff_ns(ns(three), ns(two))?;
            user.unshare(NEWUTS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.sysuser-applies-to-root",
        claim: "The limits bind user 0 of a user namespace too, whatever capabilities it has.",
        sources: &[LIMITS],
        since: "4.9",
        starts_as: Credentials::User,
        needs: &[&need::PROCFS, &need::USER_NS, &need::UTS_NS],
        wrong: "root creates a namespace beyond the limit",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER)?;
            user.echo("0 1000 1", "/proc/self/uid_map")?;
            user.geteuid()?;
            user.capget()?;
            user.echo("0", MAX_UTS)?;
            user.unshare(NEWUTS)?;
            user.echo("1", MAX_UTS)?;
            user.unshare(NEWUTS)?;
            user.sethostname("own.example")?;
            user.gethostname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.sysuser-hierarchical",
        claim: "A namespace counts against the limits of all ancestor user namespaces as well: nesting a user namespace does not evade them.",
        sources: &[LIMITS],
        since: "4.9",
        starts_as: Credentials::User,
        needs: &[&need::PROCFS, &need::USER_NS, &need::UTS_NS],
        wrong: "the nested user namespace gets more than its parent's limit",
        accepted: &[SETGROUPS],
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER)?;
            map_to_root(user)?;
            lab.note(
                "the limit is set above; the nested namespace shows a limit of its own that is far higher",
            )?;
            user.echo("1", MAX_UTS)?;
            let nested = user.clone("nested", NEWUSER)?;
            nested.cat(MAX_UTS)?;
            nested.unshare(NEWUTS)?;
            lab.note("the first one counts for both, so that neither gets a second")?;
            nested.unshare(NEWUTS)?;
            user.unshare(NEWUTS)?;
            lab.note("a higher limit above is enough for one more below")?;
            user.echo("2", MAX_UTS)?;
            let child = nested.clone("child", NEWUTS)?;
            user.diff_ns(ns(child), ns(nested))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.sysuser-writable-privileged",
        claim: "Only a process with CAP_SYS_RESOURCE in its user namespace may write the limits of that user namespace.",
        sources: &[LIMITS, man("capabilities(7)", "CAP_SYS_RESOURCE")],
        since: "4.9",
        starts_as: Credentials::User,
        needs: &[&need::PROCFS, &need::USER_NS, &need::UTS_NS],
        wrong: "a process without the capability writes a limit, or one with it cannot",
        play: |lab| {
            let user = lab.process("user")?;
            user.echo("7", MAX_UTS)?;
            user.unshare(NEWUSER)?;
            user.echo("7", MAX_UTS)?;
            user.cat(MAX_UTS)?;
            user.capset_drop(CAP_SYS_RESOURCE)?;
            user.echo("8", MAX_UTS)?;
            user.cat(MAX_UTS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.sysuser-range",
        claim: "A limit is a number from 0 to 2147483647; anything else is EINVAL and leaves it as it was.",
        sources: &[LIMITS],
        since: "4.9",
        starts_as: Credentials::User,
        needs: &[&need::PROCFS, &need::USER_NS, &need::UTS_NS],
        wrong: "a number outside the range is taken, or changes the limit",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER)?;
            user.echo("7", MAX_UTS)?;
            for text in ["-1", "2147483648", "many"] {
                user.echo(text, MAX_UTS)?;
            }
            user.cat(MAX_UTS)?;
            for text in ["0", "2147483647"] {
                user.echo(text, MAX_UTS)?;
                user.cat(MAX_UTS)?;
            }
            Ok(())
        },
        ..CASE
    },
];
