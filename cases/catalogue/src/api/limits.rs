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
            lab.note("as long as the limits are high, each kind can be created")?;
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
    Case {
        id: "api.sysuser-files",
        claim: "The directory /proc/sys/user has a limit for each kind of namespace.",
        sources: &[LIMITS],
        since: "5.7",
        starts_as: Credentials::User,
        needs: &[&need::PROCFS, &need::CGROUP_NS, &need::TIME_NS],
        wrong: "a kind has no limit, or none that can be set",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER)?;
            lab.note("each limit is set to a number of its own")?;
            for (number, kind) in Kind::ALL.into_iter().enumerate() {
                user.echo((number + 1).to_string(), limit(kind))?;
            }
            lab.note("each has its own number")?;
            for kind in Kind::ALL {
                user.cat(limit(kind))?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.sysuser-per-user",
        claim: "The limits count for each user by itself: where one of a user namespace has reached a limit another one may still create.",
        sources: &[LIMITS],
        since: "4.9",
        needs: &[&need::PROCFS, &need::MANY_IDS, &need::NON_DUMPABLE],
        wrong: "all users of the user namespace share one count",
        play: |lab| {
            let outside = lab.process("outside")?;
            let first = clone_mapped(outside, "first", NEWUSER, "0 1000 2")?;
            become_root(first)?;
            first.getresgid()?;
            first.echo("1", MAX_UTS)?;
            let second = first.fork("second")?;
            second.prctl_set_securebits(SecureBits::SECBIT_NO_SETUID_FIXUP)?;
            second.setresuid(1, 1, 1)?;
            second.geteuid()?;
            lab.note("one for user 0, and one for user 1")?;
            for process in [first, second] {
                let made = process.clone("made", NEWUTS)?;
                process.try_clone("one too many", NEWUTS)?;
                outside.diff_ns(ns(made), OWN)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.sysuser-leaving-does-not-free-first",
        claim: "At the limit a process cannot exchange its namespace for a new one, though it is the only member of the old one.",
        sources: &[text("Linux source, kernel/nsproxy.c: no manual page says it")],
        since: "4.9",
        starts_as: Credentials::User,
        needs: &[&need::PROCFS],
        wrong: "the old namespace is given back before the new one is counted",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER)?;
            user.echo("1", MAX_UTS)?;
            user.unshare(NEWUTS)?;
            user.sethostname("first.example")?;
            user.unshare(NEWUTS)?;
            user.gethostname()?;
            lab.note("with room for two the exchange succeeds")?;
            user.echo("2", MAX_UTS)?;
            user.readlink("/proc/self/ns/uts")?;
            user.unshare(NEWUTS)?;
            user.readlink("/proc/self/ns/uts")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.ucounts-freed-on-exit",
        claim: "A namespace counts from its creation to its end, once: who joins it counts for nothing, and the count goes back with the last member.",
        sources: &[text("Documentation/admin-guide/sysctl/user.rst"), LIMITS],
        since: "4.9",
        starts_as: Credentials::User,
        needs: &[&need::PROCFS],
        wrong: "joining is refused at the limit, or a namespace that is gone still counts",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER)?;
            user.echo("1", MAX_UTS)?;
            for number in ["first", "second"] {
                lab.note("created, joined, left: the count is 1 all the time")?;
                let creator = user.clone(number, NEWUTS)?;
                user.try_clone("one too many", NEWUTS)?;
                let joiner = user.fork("joiner")?;
                let fd = joiner.open(creator.proc("ns/uts"), O_RDONLY)?.id()?;
                joiner.setns(fd, NEWUTS)?;
                user.diff_ns(ns(joiner), ns(creator))?;
                joiner.exit(0)?;
                user.waitpid(joiner, WaitOptions::empty())?;
                creator.exit(0)?;
                user.waitpid(creator, WaitOptions::empty())?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.inotify-limit-per-userns",
        claim: "max_inotify_instances of a user namespace limits the inotify instances of its users, those in user namespaces below it included: one more is EMFILE.",
        sources: &[text("Documentation/admin-guide/sysctl/user.rst"), man("inotify_init(2)", "ERRORS")],
        since: "4.13",
        starts_as: Credentials::User,
        needs: &[&need::PROCFS, &need::INOTIFY_LIMIT],
        wrong: "an instance too many is made, or a nested user namespace evades the limit",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER)?;
            user.map_ids("/proc/self", "0 1000 1", "0 1000 1")?;
            user.echo("2", "/proc/sys/user/max_inotify_instances")?;
            let first = user.inotify_init()?.id()?;
            let nested = user.clone("nested", NEWUSER)?;
            nested.close(first)?;
            nested.cat("/proc/sys/user/max_inotify_instances")?;
            lab.note("one above and one below are two")?;
            let second = nested.inotify_init()?.id()?;
            nested.inotify_init()?;
            user.inotify_init()?;
            lab.note("one is given back")?;
            nested.close(second)?;
            user.inotify_init()?;
            user.inotify_init()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.fanotify-limit-per-userns",
        claim: "max_fanotify_groups of a user namespace limits the fanotify groups of each of its users, who may have only such that report file handles.",
        sources: &[man("fanotify(7)", "/proc interfaces"), man("fanotify_init(2)", "ERRORS")],
        since: "5.13",
        starts_as: Credentials::User,
        needs: &[&need::PROCFS, &need::FANOTIFY],
        wrong: "a group too many is made, or one that needs privilege",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER)?;
            user.echo("2", "/proc/sys/user/max_fanotify_groups")?;
            user.fanotify_init(FanotifyFlags::FAN_CLOEXEC)?;
            let first = user.fanotify_init(FanotifyFlags::FAN_REPORT_FID)?.id()?;
            let second = user.fanotify_init(FanotifyFlags::FAN_REPORT_FID)?.id()?;
            user.fanotify_init(FanotifyFlags::FAN_REPORT_FID)?;
            lab.note("one of two is given back")?;
            user.fcntl_getfd(second)?;
            user.close(first)?;
            let again = user.fanotify_init(FanotifyFlags::FAN_REPORT_FID)?.id()?;
            user.fcntl_getfd(again)?;
            Ok(())
        },
        ..CASE
    },
];

/// The claims of this topic that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[
    Untested {
        id: "api.sysuser-initial-default",
        claim: "In the initial user namespace each limit is at first half of kernel.threads-max.",
        sources: &[LIMITS],
        why: "the limits of the machine are set by distributions and administrators, also to this very number",
        part: Some("api.sysuser-child-default"),
    },
    Untested {
        id: "api.sysuser-besides-other-limits",
        claim: "The limits come beside those on the nesting of PID and user namespaces.",
        sources: &[LIMITS],
        why: "it is what the cases about nesting show, in user namespaces whose limits are far higher",
        part: Some("user.nesting-limit-32"),
    },
];
