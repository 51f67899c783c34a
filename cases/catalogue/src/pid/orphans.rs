//! Orphans: the process that adopts them, init or a subreaper.

use super::{WAIT, choose_next_pid};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "pid.init-reaps-orphans",
        claim: "The orphans of a PID namespace become children of its init, which can wait for them.",
        sources: &[SEED, man("pid_namespaces(7)", "The namespace init process")],
        since: "2.6.24",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "the orphan gets another parent, or init cannot wait for it",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            let parent = init.fork("parent")?;
            let orphan = parent.fork("orphan")?;
            orphan.getppid()?;
            init.waitpid(orphan, WaitOptions::WNOHANG)?;
            parent.exit(0)?;
            init.waitpid(parent, WAIT)?;
            orphan.getppid()?;
            let waiting = init.begin().waitpid(orphan, WAIT)?;
            waiting.blocked()?;
            orphan.exit(9)?;
            waiting.finish()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.subreaper-inside",
        claim: "An ancestor in the same PID namespace that has marked itself as a subreaper gets the orphan before init does.",
        sources: &[
            man("pid_namespaces(7)", "Adoption of orphaned children"),
            man("PR_SET_CHILD_SUBREAPER(2const)", "DESCRIPTION"),
        ],
        since: "3.4",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "init gets the orphan although a nearer ancestor is a subreaper",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            init.getpid()?;
            let reaper = init.fork("reaper")?;
            reaper.prctl_set_child_subreaper(true)?;
            let parent = reaper.fork("parent")?;
            let orphan = parent.fork("orphan")?;
            orphan.getppid()?;
            lab.note("the parent ends: the orphan goes to the subreaper, not to init")?;
            parent.exit(0)?;
            reaper.waitpid(parent, WAIT)?;
            orphan.getppid()?;
            init.waitpid(orphan, WaitOptions::WNOHANG)?;
            let waiting = reaper.begin().waitpid(orphan, WAIT)?;
            waiting.blocked()?;
            orphan.exit(5)?;
            waiting.finish()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.subreaper-outside-no-effect",
        claim: "A subreaper outside a PID namespace does not get the orphans of parents inside it: they stay with the namespace's init.",
        sources: &[man("pid_namespaces(7)", "Adoption of orphaned children")],
        since: "3.4",
        needs: &[&need::PID_NS],
        wrong: "the orphan gets a parent outside its PID namespace",
        play: |lab| {
            let reaper = lab.process("reaper")?;
            reaper.prctl_set_child_subreaper(true)?;
            let init = reaper.clone("init", NEWPID)?;
            let parent = init.fork("parent")?;
            let orphan = parent.fork("orphan")?;
            parent.exit(0)?;
            init.waitpid(parent, WAIT)?;
            orphan.getppid()?;
            orphan.exit(3)?;
            init.waitpid(orphan, WAIT)?;
            lab.note("outside, the mark does what it is for")?;
            let parent = reaper.fork("parent2")?;
            let orphan = parent.fork("orphan2")?;
            parent.exit(0)?;
            reaper.waitpid(parent, WAIT)?;
            orphan.getppid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.orphan-of-outer-parent",
        claim: "An orphan whose parent was outside, as it was put into the PID namespace by setns, goes to the reaper of its parent's namespace and not to the init of its own.",
        sources: &[man("pid_namespaces(7)", "Adoption of orphaned children")],
        since: "3.8",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "init of the joined namespace gets the orphan",
        play: |lab| {
            let reaper = lab.process("reaper")?;
            reaper.prctl_set_child_subreaper(true)?;
            let init = reaper.clone("init", NEWPID)?;
            let parent = reaper.fork("parent")?;
            let namespace = parent.open(init.proc("ns/pid"), O_RDONLY)?.id()?;
            parent.setns(namespace, NEWPID)?;
            let orphan = parent.fork("orphan")?;
            for process in [init, orphan] {
                reaper.readlink(process.proc("ns/pid"))?;
            }
            lab.note("the parent ends: the orphan goes to the reaper outside, not to init")?;
            parent.exit(0)?;
            reaper.waitpid(parent, WAIT)?;
            orphan.getppid()?;
            reaper.field(orphan.proc("status"), "PPid")?;
            orphan.exit(7)?;
            init.waitpid(-1, WAIT)?;
            reaper.waitpid(orphan.sealed(), WAIT)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.orphan-below-setns-parent",
        claim: "The child of a process that was put into a PID namespace by setns has its parent inside, so when orphaned it goes to that namespace's init.",
        sources: &[
            man("pid_namespaces(7)", "Adoption of orphaned children"),
            text("LWN 532748, Namespaces in operation, part 4"),
        ],
        since: "3.8",
        needs: &[&need::NS_LAST_PID, &need::PID_NS, &need::PROCFS],
        wrong: "the orphan goes to a process outside",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            let namespace = outer.open(init.proc("ns/pid"), O_RDONLY)?.id()?;
            outer.setns(namespace, NEWPID)?;
            lab.note("the PID of the joined process inside is chosen")?;
            choose_next_pid(init, 30)?;
            let joined = outer.fork("joined")?;
            let orphan = joined.fork("orphan")?;
            joined.getppid()?;
            orphan.getppid()?;
            joined.exit(0)?;
            outer.waitpid(joined, WAIT)?;
            orphan.getppid()?;
            orphan.exit(9)?;
            init.waitpid(orphan, WAIT)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.orphan-to-ns-init",
        claim: "An init whose parent ends is an orphan of that parent's PID namespace, whose own init adopts it; inside, its parent is nobody as before.",
        sources: &[man("pid_namespaces(7)", "Adoption of orphaned children")],
        since: "2.6.24",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "the inner init gets a parent outside of its parent's namespace, or one that it can see",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            let parent = init.fork("parent")?;
            let inner = parent.clone("inner", NEWPID)?;
            outer.field(inner.proc("status"), "PPid")?;
            parent.exit(0)?;
            init.waitpid(parent, WAIT)?;
            outer.field(inner.proc("status"), "PPid")?;
            inner.getppid()?;
            inner.exit(3)?;
            init.waitpid(inner, WAIT)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.getppid-after-adoption",
        claim: "getppid tells an adopted process its adopter, each time anew: first the subreaper, and when that one has ended init.",
        sources: &[
            man("getpid(2)", "DESCRIPTION"),
            man("pid_namespaces(7)", "Adoption of orphaned children"),
            man("PR_SET_CHILD_SUBREAPER(2const)", "DESCRIPTION"),
        ],
        since: "3.4",
        needs: &[&need::PID_NS],
        wrong: "the number of a parent that has ended is told, or the second adopter is another than init",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            let reaper = init.fork("reaper")?;
            reaper.prctl_set_child_subreaper(true)?;
            let parent = reaper.fork("parent")?;
            let orphan = parent.fork("orphan")?;
            lab.note("first the parent ends, then the subreaper")?;
            for (ending, adopter) in [(parent, reaper), (reaper, init)] {
                orphan.getppid()?;
                ending.exit(0)?;
                adopter.waitpid(ending, WAIT)?;
            }
            orphan.getppid()?;
            orphan.exit(3)?;
            init.waitpid(orphan, WAIT)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.subreaper-not-inherited",
        claim: "Being a subreaper outlives execve, holds for all threads of the process, and is not inherited by its children.",
        sources: &[man("PR_SET_CHILD_SUBREAPER(2const)", "DESCRIPTION")],
        since: "3.4",
        needs: &[&need::PROGRAM, &need::PROCFS],
        wrong: "a child is a subreaper from the start, or the program after execve is none any more",
        play: |lab| {
            let process = lab.process("process")?;
            process.prctl_get_child_subreaper()?;
            process.prctl_set_child_subreaper(true)?;
            let child = process.fork("child")?;
            child.prctl_get_child_subreaper()?;
            let thread = child.clone("thread", THREAD)?;
            thread.prctl_set_child_subreaper(true)?;
            child.prctl_get_child_subreaper()?;
            process.execve(PROGRAM)?;
            process.field("/proc/self/status", "Name")?;
            process.prctl_get_child_subreaper()?;
            process.fork("later")?.prctl_get_child_subreaper()?;
            Ok(())
        },
        ..CASE
    },
];
