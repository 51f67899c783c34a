//! The order of PIDs and the choice of the next one: ns_last_pid and set_tid.
//!
//! The refusals of set_tid live in `api::set_tid`.

use super::{PLAIN, WAIT, choose_next_pid};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "pid.same-pids-after-migration",
        claim: "Since the numbers of a PID namespace are its own, its processes can be given the same PIDs again elsewhere, whatever numbers they have outside.",
        sources: &[SEED, man("pid_namespaces(7)", "DESCRIPTION"), man("clone(2)", "The set_tid array")],
        needs: &[&need::PID_NS, &need::PROCFS, &need::SET_TID],
        wrong: "a chosen PID is refused in the second namespace although it is free there",
        play: |lab| {
            let outer = lab.process("outer")?;
            let before = outer.clone3("before", NEWPID, &[1])?;
            let worker = before.clone3("worker", PLAIN, &[500])?;
            let after = outer.clone3("after", NEWPID, &[1])?;
            let same = after.clone3("same", PLAIN, &[500])?;
            worker.getpid()?;
            same.getpid()?;
            outer.field(worker.proc("status"), "NSpid")?;
            outer.field(same.proc("status"), "NSpid")?;
            lab.note("within one namespace a PID is given only once")?;
            after.try_clone3("twice", PLAIN, &[500])?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.last-pid-chooses-next",
        claim: "kernel.ns_last_pid shows the last PID that was given out in the PID namespace; after writing to it the next process gets the lowest free PID above that number.",
        sources: &[man("pid_namespaces(7)", "/proc files")],
        since: "3.3",
        needs: &[&need::NS_LAST_PID, &need::PID_NS, &need::PROCFS],
        wrong: "the next PID is not the lowest free one above the written number",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            lab.show_pids()?;
            init.cat("/proc/sys/kernel/ns_last_pid")?;
            init.echo("999", "/proc/sys/kernel/ns_last_pid")?;
            init.fork("first")?.getpid()?;
            init.cat("/proc/sys/kernel/ns_last_pid")?;
            init.echo("2000", "/proc/sys/kernel/ns_last_pid")?;
            init.fork("second")?.getpid()?;
            lab.note("999 again: 1000 is taken by now")?;
            init.echo("999", "/proc/sys/kernel/ns_last_pid")?;
            init.fork("third")?.getpid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.last-pid-per-ns",
        claim: "Every PID namespace has its own kernel.ns_last_pid: writing it inside moves neither the value nor the next PID outside.",
        sources: &[man("pid_namespaces(7)", "/proc files")],
        since: "3.3",
        needs: &[&need::NS_LAST_PID, &need::PID_NS, &need::PROCFS],
        wrong: "the outer namespace shows the number that was written inside",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWPID)?;
            lab.show_pids()?;
            outer.echo("300", "/proc/sys/kernel/ns_last_pid")?;
            outer.cat("/proc/sys/kernel/ns_last_pid")?;
            inner.cat("/proc/sys/kernel/ns_last_pid")?;
            inner.echo("700", "/proc/sys/kernel/ns_last_pid")?;
            inner.cat("/proc/sys/kernel/ns_last_pid")?;
            outer.cat("/proc/sys/kernel/ns_last_pid")?;
            outer.fork("outside")?.getpid()?;
            inner.fork("inside")?.getpid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.sequential-from-one",
        claim: "The numbers of each new PID namespace are given out in order from 1 on, whatever other namespaces give out meanwhile.",
        sources: &[
            man("pid_namespaces(7)", "DESCRIPTION"),
            text("LWN 531419, Namespaces in operation, part 3"),
        ],
        since: "2.6.24",
        needs: &[&need::PID_NS],
        wrong: "a namespace begins with another number, or leaves out those that another one has given",
        play: |lab| {
            lab.show_pids()?;
            let outer = lab.process("outer")?;
            let one = outer.clone("one", NEWPID)?;
            let other = outer.clone("other", NEWPID)?;
            lab.note("by turns, a process in each")?;
            for name in ["second", "third", "fourth"] {
                for init in [one, other] {
                    init.getpid()?;
                    init.fork(&format!("{name}-of-{}", init.name()))?.getpid()?;
                }
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.unique-within",
        claim: "A number stands for one process of its PID namespace at a time: it is not given out again while its process lives, is a zombie, or has left a process group of that number.",
        sources: &[
            man("pid_namespaces(7)", "DESCRIPTION"),
            man("clone(2)", "ERRORS"),
            man("setpgid(2)", "NOTES"),
        ],
        since: "5.5",
        needs: &[&need::PID_NS, &need::SET_TID],
        wrong: "two processes have one number, or a process group gets a stranger for its leader",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            let leader = init.clone3("leader", PLAIN, &[500])?;
            leader.setpgid(0, 0)?;
            let follower = leader.clone3("follower", PLAIN, &[600])?;
            lab.note("the process lives, is a zombie, and is gone but for its group")?;
            init.try_clone3("refused", PLAIN, &[500])?;
            leader.exit(0)?;
            init.waitid(leader, WaitOptions::WEXITED | WaitOptions::WNOWAIT)?;
            init.try_clone3("refused", PLAIN, &[500])?;
            init.waitpid(leader, WAIT)?;
            init.try_clone3("refused", PLAIN, &[500])?;
            lab.note("the last of the group ends")?;
            follower.exit(0)?;
            init.waitpid(follower, WAIT)?;
            init.clone3("second", PLAIN, &[500])?.getpid()?;
            lab.note("outside the number is another one's all the time")?;
            outer.clone3("outside", PLAIN, &[500])?.getpid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.getpid-own-level",
        claim: "getpid gives a process its number in its own PID namespace, whatever its numbers in those above are; in its threads and after execve, too.",
        sources: &[man("getpid(2)", "DESCRIPTION"), man("pid_namespaces(7)", "Nesting PID namespaces")],
        since: "5.5",
        needs: &[&need::PID_NS, &need::PROCFS, &need::SET_TID, &need::PROGRAM],
        wrong: "a process is told a number of a level above",
        play: |lab| {
            let outer = lab.process("outer")?;
            lab.note("each level has chosen numbers in those above")?;
            let first = outer.clone3("first", NEWPID, &[1, 700])?;
            let second = first.clone3("second", NEWPID, &[1, 710, 720])?;
            let third = second.clone3("third", NEWPID, &[1, 730, 740, 750])?;
            outer.field(third.proc("status"), "NSpid")?;
            for process in [first, second, third] {
                process.getpid()?;
            }
            let thread = third.clone("thread", THREAD)?;
            thread.getpid()?;
            second.execve(PROGRAM)?;
            second.field("/proc/<second>/status", "Name")?;
            second.getpid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.clone-tid-values",
        claim: "CLONE_PARENT_SETTID stores the number that the parent knows the child by, CLONE_CHILD_SETTID the one that the child knows itself by, each in the memory of that process alone.",
        sources: &[man("clone(2)", "The flags mask"), man("pid_namespaces(7)", "Nesting PID namespaces")],
        since: "5.3",
        needs: &[&need::PID_NS, &need::CLONE3],
        wrong: "one of the two is told the number of the other's PID namespace",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.stored_tids()?;
            let stored = Flags::CLONE_PARENT_SETTID | Flags::CLONE_CHILD_SETTID;
            let init = outer.clone3("init", NEWPID | stored, &[])?;
            outer.stored_tids()?;
            init.stored_tids()?;
            init.getpid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.vfork-inside",
        claim: "fork, clone, clone3 and vfork return the child's number in the PID namespace of the caller.",
        sources: &[man("pid_namespaces(7)", "Nesting PID namespaces"), man("vfork(2)", "DESCRIPTION")],
        since: "5.3",
        needs: &[&need::NS_LAST_PID, &need::PID_NS, &need::PROCFS, &need::CLONE3],
        wrong: "one of the calls returns a number of a namespace above",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            init.getpid()?;
            lab.show_pids()?;
            lab.note("the next numbers are chosen, inside and then outside")?;
            for (process, number) in [(init, 30), (outer, 400)] {
                choose_next_pid(process, number)?;
                process.vfork()?;
                process.waitpid(number, WAIT)?;
                choose_next_pid(process, number + 10)?;
                process.fork(&format!("{}-forks", process.name()))?;
                choose_next_pid(process, number + 20)?;
                process.clone3(&format!("{}-clones", process.name()), PLAIN, &[])?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.last-pid-shows",
        claim: "kernel.ns_last_pid shows each reader the last number of its own PID namespace, in which the processes of the namespaces below have numbers, too.",
        sources: &[
            man("pid_namespaces(7)", "/proc files"),
            man("pid_namespaces(7)", "Nesting PID namespaces"),
        ],
        since: "3.3",
        needs: &[&need::NS_LAST_PID, &need::PID_NS, &need::PROCFS],
        wrong: "the file shows the number of the namespace in which its procfs was mounted, or does not count the processes below",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            lab.show_pids()?;
            init.words("/proc/sys/kernel/ns_last_pid")?;
            let nested = init.clone("nested", NEWPID)?;
            init.words("/proc/sys/kernel/ns_last_pid")?;
            nested.words("/proc/sys/kernel/ns_last_pid")?;
            lab.note("a process below takes a number at both levels")?;
            nested.fork("below")?.getpid()?;
            init.words("/proc/sys/kernel/ns_last_pid")?;
            nested.words("/proc/sys/kernel/ns_last_pid")?;
            Ok(())
        },
        ..CASE
    },
];

/// The claims of this topic that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[Untested {
    id: "pid.same-pids-after-migration",
    claim: "A container can be moved to another host while the processes in it keep their PIDs.",
    sources: &[SEED, man("pid_namespaces(7)", "DESCRIPTION")],
    why: "moving needs a second machine and a program that saves and restores processes; what the kernel adds to it, choosing PIDs in a new PID namespace, is tested",
    part: Some("pid.same-pids-after-migration"),
}];
