//! setns(2) with a pidfd, which joins several namespaces of a process at once.

use super::{OWN, ns};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "api.setns-pidfd-many",
        claim: "With a pidfd setns takes a set of kinds and joins exactly those namespaces of the process.",
        sources: &[man("setns(2)", "fd is a PID file descriptor")],
        since: "5.8",
        needs: &[
            &need::IPC_NS,
            &need::MNT_NS,
            &need::NET_NS,
            &need::PIDFD_SETNS,
            &need::PROCFS,
            &need::UTS_NS,
        ],
        wrong: "a kind that was named is left out, or one that was not is joined",
        play: |lab| {
            let witness = lab.process("witness")?;
            let target = witness.clone("target", NEWIPC | NEWNS | NEWNET | NEWUTS)?;
            let caller = witness.fork("caller")?;
            let pidfd = caller.pidfd_open(target.sealed(), 0)?.id()?;
            caller.setns(pidfd, NEWIPC | NEWNET | NEWUTS)?;
            witness.diff_ns(ns(caller), OWN)?;
            witness.diff_ns(ns(caller), ns(target))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setns-pidfd-zero-einval",
        claim: "With a pidfd setns must be told at least one kind and nothing that is none.",
        sources: &[man("setns(2)", "ERRORS")],
        since: "5.8",
        needs: &[&need::PIDFD_SETNS, &need::PROCFS, &need::UTS_NS],
        wrong: "the call is accepted, or the valid kind beside a wrong bit is joined",
        play: |lab| {
            let parent = lab.process("parent")?;
            let target = parent.clone("target", NEWUTS)?;
            let pidfd = parent.pidfd_open(target, 0)?.id()?;
            let bad_bit = Flags::from_bits_retain(1);
            for kinds in [Flags::empty(), bad_bit, NEWUTS | bad_bit, NEWUTS | Flags::CLONE_VM] {
                parent.setns(pidfd, kinds)?;
            }
            parent.diff_ns(ns(target), OWN)?;
            parent.setns(pidfd, NEWUTS)?;
            parent.diff_ns(ns(target), OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setns-pidfd-atomic",
        claim: "With a pidfd setns joins all the namespaces that were named or none.",
        sources: &[man("setns(2)", "fd is a PID file descriptor")],
        since: "5.8",
        needs: &[&need::PIDFD_SETNS, &need::PROCFS, &need::UTS_NS],
        wrong: "the caller is in the new UTS namespace after a call that failed",
        play: |lab| {
            let parent = lab.process("parent")?;
            let target = parent.clone("target", NEWUTS)?;
            let pidfd = parent.pidfd_open(target, 0)?.id()?;
            lab.note("joining one's own user namespace is refused, and the target is in it")?;
            parent.setns(pidfd, NEWUTS | NEWUSER)?;
            parent.diff_ns(ns(target), OWN)?;
            parent.setns(pidfd, NEWUTS)?;
            parent.diff_ns(ns(target), OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setns-pidfd-userns-first",
        claim: "The owner of a user namespace can join it and what belongs to it in one call: the user namespace is entered first.",
        sources: &[man("setns(2)", "fd is a PID file descriptor")],
        since: "5.8",
        starts_as: Credentials::User,
        needs: &[&need::PIDFD_SETNS, &need::PROCFS, &need::USER_NS, &need::UTS_NS],
        wrong: "the combined call is refused, or only one of the two is joined",
        play: |lab| {
            let user = lab.process("user")?;
            let target = user.clone("target", NEWUSER | NEWUTS)?;
            user.diff_ns(ns(target), OWN)?;
            let caller = user.fork("caller")?;
            let pidfd = caller.pidfd_open(target.sealed(), 0)?.id()?;
            caller.setns(pidfd, NEWUTS)?;
            caller.setns(pidfd, NEWUSER | NEWUTS)?;
            user.diff_ns(ns(caller), ns(target))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setns-pidfd-esrch",
        claim: "setns with the pidfd of a process that has ended and been waited for is ESRCH.",
        sources: &[man("setns(2)", "ERRORS")],
        since: "5.8",
        needs: &[&need::PIDFD_SETNS, &need::PROCFS, &need::UTS_NS],
        wrong: "a namespace is joined through a process that is gone",
        play: |lab| {
            let parent = lab.process("parent")?;
            let target = parent.clone("target", NEWUTS)?;
            let pidfd = parent.pidfd_open(target, 0)?.id()?;
            let early = parent.fork("early joiner")?;
            early.setns(pidfd, NEWUTS)?;
            parent.diff_ns(ns(early), OWN)?;
            target.exit(7)?;
            parent.waitpid(target, WaitOptions::empty())?;
            parent.setns(pidfd, NEWUTS)?;
            parent.diff_ns(ns(early), OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setns-pidfd-zombie-esrch",
        claim: "setns with a pidfd is ESRCH as soon as the process has ended, even while nobody has waited for it: a zombie is in no namespace.",
        sources: &[man("setns(2)", "ERRORS")],
        since: "5.8",
        needs: &[&need::PIDFD_SETNS, &need::PROCFS, &need::UTS_NS],
        deviation: Some("setns(2) gives ESRCH only for a process that has terminated and been waited on"),
        wrong: "the namespaces of a zombie can be joined",
        play: |lab| {
            let parent = lab.process("parent")?;
            let target = parent.clone("target", NEWUTS)?;
            let pidfd = parent.pidfd_open(target, 0)?.id()?;
            let early = parent.fork("early joiner")?;
            early.setns(pidfd, NEWUTS)?;
            parent.diff_ns(ns(early), OWN)?;
            target.exit(7)?;
            parent.waitid(target, WaitOptions::WEXITED | WaitOptions::WNOWAIT)?;
            parent.setns(pidfd, NEWUTS)?;
            parent.diff_ns(ns(early), OWN)?;
            parent.waitpid(target, WaitOptions::empty())?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setns-pidfd-pid",
        claim: "With a pidfd CLONE_NEWPID means the PID namespace that the process itself is in; the caller's later children go there and the caller stays.",
        sources: &[
            man("setns(2)", "fd is a PID file descriptor"),
            man("setns(2)", "Details for specific namespace types"),
        ],
        since: "5.8",
        needs: &[&need::PIDFD_SETNS, &need::PID_NS, &need::PROCFS, &need::UTS_NS],
        wrong: "the caller's PID namespace changes, or that of its children is another one than the target's",
        play: |lab| {
            let witness = lab.process("witness")?;
            let target = witness.clone("target", NEWPID | NEWUTS)?;
            lab.note("the target's own children go elsewhere, which is not what counts")?;
            target.unshare(NEWPID)?;
            target.fork("target's child")?;
            witness.readlink(target.proc("ns/pid"))?;
            witness.readlink(target.proc("ns/pid_for_children"))?;
            let caller = witness.fork("caller")?;
            let pidfd = caller.pidfd_open(target.sealed(), 0)?.id()?;
            caller.setns(pidfd, NEWPID | NEWUTS)?;
            witness.diff_ns(ns(caller), OWN)?;
            witness.readlink(caller.proc("ns/pid_for_children"))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setns-pidfd-ptrace-check",
        claim: "setns with a pidfd takes the right to inspect that process by ptrace: an ordinary user who may not gets EPERM.",
        sources: &[man("setns(2)", "ERRORS")],
        since: "5.8",
        needs: &[&need::PIDFD_SETNS, &need::PROCFS, &need::MANY_IDS],
        wrong: "the user joins a namespace of a process of root, or another errno is given",
        play: |lab| {
            let root = lab.process("root")?;
            let user = lab.process_as(Credentials::User, "user")?;
            let target = user.clone("target", NEWUSER | NEWUTS)?;
            user.diff_ns(ns(target), OWN)?;
            lab.note("all capabilities, in the user namespace of the target")?;
            let caller = user.fork("caller")?;
            let pidfd = caller.pidfd_open(target.sealed(), 0)?.id()?;
            caller.setns(pidfd, NEWUSER)?;
            let roots = caller.pidfd_open(root.sealed(), 0)?.id()?;
            caller.setns(roots, NEWUTS)?;
            caller.setns(pidfd, NEWUTS)?;
            user.diff_ns(ns(caller), ns(target))?;
            Ok(())
        },
        ..CASE
    },
];
