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
        claim: "setns with a pidfd takes the right to inspect that process by ptrace, beside that over its namespaces: without CAP_SYS_PTRACE a process that has a capability which the caller has not is out of reach (EPERM).",
        sources: &[man("setns(2)", "ERRORS"), man("ptrace(2)", "Ptrace access mode checking")],
        since: "5.8",
        needs: &[&need::PIDFD_SETNS, &need::PROCFS, &need::UTS_NS],
        wrong: "a process joins the namespaces of one that it may not inspect, or is refused where it may",
        play: |lab| {
            let outer = lab.process("outer")?;
            let mighty = outer.clone("mighty", NEWUTS)?;
            let equal = outer.clone("equal", NEWUTS)?;
            outer.diff_ns(ns(mighty), OWN)?;
            outer.diff_ns(ns(equal), OWN)?;
            let caller = outer.fork("caller")?;
            let of_mighty = caller.pidfd_open(mighty.sealed(), 0)?.id()?;
            let of_equal = caller.pidfd_open(equal.sealed(), 0)?.id()?;
            let able = outer.fork("able")?;
            let again = able.pidfd_open(mighty.sealed(), 0)?.id()?;
            lab.note("without CAP_SYS_PTRACE, and with CAP_SYS_ADMIN over both namespaces")?;
            equal.capset_drop(Capabilities::CAP_SYS_PTRACE)?;
            caller.capset_drop(Capabilities::CAP_SYS_PTRACE)?;
            caller.setns(of_mighty, NEWUTS)?;
            outer.diff_ns(ns(caller), OWN)?;
            caller.setns(of_equal, NEWUTS)?;
            outer.diff_ns(ns(caller), ns(equal))?;
            lab.note("with both capabilities")?;
            able.setns(again, NEWUTS)?;
            outer.diff_ns(ns(able), ns(mighty))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.pidfd-bind-mount",
        claim: "A pidfd can be mounted on a file, and what is opened from there is a pidfd of the same process, with which it can be signalled.",
        sources: &[man("pidfd_open(2)", "NOTES"), man("open_tree(2)", "DESCRIPTION")],
        since: "6.14",
        starts_as: Credentials::StartedAsRoot,
        needs: &[&need::INITIAL_USER_NS, &need::PROCFS, &need::PIDFD_MOUNTS],
        wrong: "the mount fails, or leads to another process",
        play: |lab| {
            let outer = lab.process("outer")?;
            let target = outer.fork("target")?;
            target.sigaction(Signal::SIGUSR1, Disposition::HANDLER)?;
            let pidfd = outer.pidfd_open(target, 0)?.id()?;
            let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::AT_EMPTY_PATH;
            let tree = outer.open_tree(pidfd, "", flags)?.id()?;
            outer.creat_excl("/tmp/pin")?;
            outer.move_mount(
                tree,
                "",
                Directory::AT_FDCWD,
                "/tmp/pin",
                MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH,
            )?;
            outer.mount_points("/tmp")?;
            outer.close(pidfd)?;
            lab.note("by the file alone")?;
            let opened = outer.open("/tmp/pin", O_RDONLY)?.id()?;
            target.caught()?;
            outer.pidfd_send_signal(opened, Signal::SIGUSR1)?;
            target.caught()?;
            lab.note("when the process has ended")?;
            target.exit(0)?;
            outer.waitpid(target, WaitOptions::empty())?;
            outer.pidfd_send_signal(opened, Signal::SIGUSR1)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.peerpidfd-foreign",
        claim: "SO_PEERPIDFD gives a pidfd also of a peer outside the caller's PID namespace; there it stands for PID 0, as the peer's credentials do, and the peer cannot be signalled by it.",
        sources: &[man("unix(7)", "SO_PEERPIDFD"), man("unix(7)", "SO_PEERCRED")],
        since: "6.5",
        needs: &[&need::PID_NS, &need::PROCFS, &need::PEER_PIDFD],
        wrong: "the descriptor is refused, or tells a number of another PID namespace",
        play: |lab| {
            let outer = lab.process("outer")?;
            let listener = listen(outer)?;
            let init = outer.clone("init", NEWPID)?;
            init.mkdir("/tmp/proc", 0o755)?;
            init.mount("proc", "/tmp/proc", "proc", MountFlags::empty(), "")?;
            let connection = connect(init)?;
            let accepted = outer.accept(listener)?.id()?;
            lab.note("inside, of the process outside")?;
            let outwards = init.getsockopt_peerpidfd(connection)?.id()?;
            init.field(format!("/tmp/proc/self/fdinfo/{outwards}"), "Pid")?;
            init.getsockopt_peercred(connection)?;
            init.pidfd_send_signal(outwards, Signal(0))?;
            lab.note("outside, of the process inside")?;
            let inwards = outer.getsockopt_peerpidfd(accepted)?.id()?;
            outer.field(format!("/proc/self/fdinfo/{inwards}"), "NSpid")?;
            outer.getsockopt_peercred(accepted)?;
            init.sigaction(Signal::SIGUSR1, Disposition::HANDLER)?;
            outer.pidfd_send_signal(inwards, Signal::SIGUSR1)?;
            init.caught()?;
            Ok(())
        },
        ..CASE
    },
];
