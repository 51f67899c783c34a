//! Numbers on several levels: who has a PID where, and who sees whom.
//!
//! procfs as a view of a namespace lives in `procfs`, the choice of numbers in `numbers`.

use super::{PROBE, PROC_FLAGS, choose_next_pid};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "pid.isolates-number-space",
        claim: "PID namespaces isolate the numbers of processes: two processes in different PID namespaces can have the same PID.",
        sources: &[SEED, man("pid_namespaces(7)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "the two first processes have different PIDs, or one PID namespace",
        play: |lab| {
            let outer = lab.process("outer")?;
            let one = outer.clone("one", NEWPID)?;
            let other = outer.clone("other", NEWPID)?;
            one.getpid()?;
            other.getpid()?;
            outer.getpid()?;
            outer.readlink(one.proc("ns/pid"))?;
            outer.readlink(other.proc("ns/pid"))?;
            outer.readlink("/proc/self/ns/pid")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.two-pids",
        claim: "A process in a child PID namespace has two PIDs for its parent's namespace: the one it calls its own, and the one the parent got from clone.",
        sources: &[SEED, text("LWN 531419, Namespaces in operation, part 3")],
        since: "2.6.24",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "NSpid lists one number, or the process calls itself by the parent's number",
        play: |lab| {
            let outer = lab.process("outer")?;
            let sibling = outer.fork("sibling")?;
            let inner = outer.clone("inner", NEWPID)?;
            inner.getpid()?;
            outer.field(inner.proc("status"), "NSpid")?;
            outer.field(sibling.proc("status"), "NSpid")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.one-pid-per-level",
        claim: "A process has one PID in every PID namespace from its own up to the root; a procfs lists those at and below its own level.",
        sources: &[
            SEED,
            man("pid_namespaces(7)", "Nesting PID namespaces"),
            man("proc_pid_status(5)", "NSpid"),
        ],
        since: "2.6.24",
        needs: &[&need::NS_LAST_PID, &need::PID_NS, &need::PROCFS],
        wrong: "NSpid misses a level or gives the numbers in another order",
        play: |lab| {
            let outer = lab.process("outer")?;
            let first = outer.clone("first", NEWPID)?;
            lab.note(
                "the PIDs at each level are chosen, so that each number stands for one process at one level",
            )?;
            choose_next_pid(first, 30)?;
            let helper = first.fork("helper")?;
            choose_next_pid(first, 40)?;
            let second = helper.clone("second", NEWPID)?;
            choose_next_pid(first, 50)?;
            choose_next_pid(second, 20)?;
            let third = second.clone("third", NEWPID)?;
            lab.note("the list goes from the level of the procfs down to the level of the process")?;
            outer.field(first.proc("status"), "NSpid")?;
            outer.field(helper.proc("status"), "NSpid")?;
            outer.field(second.proc("status"), "NSpid")?;
            outer.field(third.proc("status"), "NSpid")?;
            lab.note("each knows itself by the last of its numbers")?;
            helper.getpid()?;
            third.getpid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.nestable",
        claim: "PID namespaces nest: a process of one can create another, whose parent is the creator's namespace.",
        sources: &[SEED, man("pid_namespaces(7)", "Nesting PID namespaces")],
        since: "2.6.24",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "the grandchild is not PID 1, or its namespace has another parent than its creator's",
        play: |lab| {
            let outer = lab.process("outer")?;
            let child = outer.clone("child", NEWPID)?;
            let grandchild = child.clone("grandchild", NEWPID)?;
            child.getpid()?;
            grandchild.getpid()?;
            outer.readlink(child.proc("ns/pid"))?;
            outer.readlink(grandchild.proc("ns/pid"))?;
            let namespace = outer.open(grandchild.proc("ns/pid"), O_RDONLY)?.id()?;
            let parent = outer.ioctl_parent(namespace)?.id()?;
            outer.fstat_ns(parent)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.sees-own-and-descendants",
        claim: "A process can reach by PID the processes of its own and of descendant PID namespaces, and no others.",
        sources: &[SEED, man("pid_namespaces(7)", "Nesting PID namespaces")],
        since: "2.6.24",
        needs: &[&need::PID_NS],
        wrong: "the inner process reaches one outside, or the outer one misses one inside",
        play: |lab| {
            let outer = lab.process("outer")?;
            let stranger = outer.fork("stranger")?;
            let inner = outer.clone("inner", NEWPID)?;
            let nested = inner.clone("nested", NEWPID)?;
            outer.kill(inner, PROBE)?;
            outer.kill(nested.sealed(), PROBE)?;
            inner.kill(nested, PROBE)?;
            lab.note("the number of a process outside means nothing inside")?;
            outer.kill(stranger, PROBE)?;
            inner.kill(stranger.seen_by(outer), PROBE)?;
            nested.kill(nested.seen_by(inner), PROBE)?;
            nested.kill(1, PROBE)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.container-looks-alone",
        claim: "With a procfs of its own a PID namespace shows its members nobody else on the system.",
        sources: &[SEED, man("pid_namespaces(7)", "/proc and PID namespaces")],
        since: "3.8",
        needs: &[&need::PID_NS, &need::MNT_NS, &need::PROCFS],
        wrong: "the new procfs lists a process from outside, or the one outside changes",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID | NEWNS)?;
            init.readdir_numeric("/proc")?;
            init.mount("proc", "/proc", "proc", PROC_FLAGS, "")?;
            init.readdir_numeric("/proc")?;
            let member = init.fork("member")?;
            member.readdir_numeric("/proc")?;
            outer.readdir_numeric("/proc")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.getppid-zero-outside-parent",
        claim: "getppid gives 0 to a process whose parent is in another PID namespace: to init, and to one that was put into the namespace by setns.",
        sources: &[man("pid_namespaces(7)", "Nesting PID namespaces"), man("getpid(2)", "NOTES")],
        since: "2.6.24",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "getppid gives a number of the outer namespace",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            let member = init.fork("member")?;
            let namespace = outer.open(init.proc("ns/pid"), O_RDONLY)?.id()?;
            outer.setns(namespace, NEWPID)?;
            let joined = outer.fork("joined")?;
            init.getppid()?;
            joined.getppid()?;
            lab.note("with the parent in the same namespace it is the parent's number")?;
            member.getppid()?;
            outer.field(joined.proc("status"), "PPid")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.syscalls-use-callers-ns",
        claim: "Calls that take or return a PID mean it in the PID namespace of their caller.",
        sources: &[man("pid_namespaces(7)", "Nesting PID namespaces")],
        needs: &[&need::PID_NS],
        wrong: "a call inside accepts an outer number, or returns one",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWPID)?;
            inner.setsid()?;
            outer.getpgid(inner)?;
            outer.getsid(inner)?;
            inner.getpgid(1)?;
            inner.getsid(1)?;
            lab.note("the same process by its outer number, asked for inside")?;
            inner.getpgid(inner.seen_by(outer))?;
            inner.getsid(inner.seen_by(outer))?;
            inner.pidfd_open(inner.seen_by(outer), 0)?;
            let pidfd = outer.pidfd_open(inner, 0)?.id()?;
            outer.pidfd_send_signal(pidfd, PROBE)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.depth-limit-32",
        claim: "PID namespaces nest at most 32 levels deep below the initial one: the next creation fails with ENOSPC, by clone as by unshare.",
        sources: &[
            man("pid_namespaces(7)", "Nesting PID namespaces"),
            man("clone(2)", "ERRORS"),
            man("unshare(2)", "ERRORS"),
        ],
        since: "3.7",
        needs: &[&need::INITIAL_PID_NS, &need::PID_NS, &need::PID_NS_ROOM, &need::PROCFS],
        wrong: "the level is refused earlier, or one more is allowed, or the errno is another",
        play: |lab| {
            lab.note("the sealed PID namespace is level 1")?;
            let outer = lab.process("outer")?;
            let mut lowest = outer.clone("level", NEWPID)?;
            lowest.getpid()?;
            lab.note("the newest level creates the next one, down to level 32; each begins with its PID 1")?;
            for _ in 3..=32 {
                lowest = lowest.clone("level", NEWPID)?;
                lowest.getpid()?;
            }
            lab.note("one level more is too many, by either call; a process on the last level is not")?;
            lowest.try_clone("level", NEWPID)?;
            lowest.unshare(NEWPID)?;
            lowest.fork("member")?.getpid()?;
            Ok(())
        },
        ..CASE
    },
];
