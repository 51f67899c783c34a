//! The choice of the next PID: ns_last_pid and set_tid.
//!
//! The refusals of set_tid live in `api::set_tid`.

use super::PLAIN;
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
];

/// The claims of this topic that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[Untested {
    id: "pid.same-pids-after-migration",
    claim: "A container can be moved to another host while the processes in it keep their PIDs.",
    sources: &[SEED, man("pid_namespaces(7)", "DESCRIPTION")],
    why: "moving needs a second machine and a program that saves and restores processes; what the kernel adds to it, choosing PIDs in a new PID namespace, is tested",
    part: Some("pid.same-pids-after-migration"),
}];
