//! Which time namespace a process and its children are in, and how a new one comes about.
//!
//! setns(2) lives in `setns`, privileges and limits in `privilege`.

use super::{CHILDREN, DESCRIPTION, FROM_INITIAL, NEEDS, NS, OFFSETS};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "time.flag",
        claim: "The flag for time namespaces is CLONE_NEWTIME: it creates one, it joins one, and the kernel names it as the kind of one.",
        sources: &[
            man("namespaces(7)", "Namespace types"),
            man("ioctl_ns(2)", "Discovering the namespace type"),
        ],
        since: "5.6",
        needs: NEEDS,
        wrong: "the flag creates no time namespace, or a descriptor of one is taken for another kind",
        play: |lab| {
            let process = lab.process("process")?;
            process.readlink(CHILDREN)?;
            process.unshare(NEWTIME)?;
            process.readlink(CHILDREN)?;
            let fd = process.open(CHILDREN, O_RDONLY)?.id()?;
            process.ioctl_nstype(fd)?;
            process.setns(fd, NEWUTS)?;
            process.setns(fd, NEWTIME)?;
            process.readlink(NS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.unshare-does-not-move-caller",
        claim: "unshare with CLONE_NEWTIME leaves the caller in its time namespace; the children that it creates afterwards are in the new one.",
        sources: &[DESCRIPTION, man("unshare(2)", "CLONE_NEWTIME")],
        since: "5.6",
        needs: NEEDS,
        wrong: "the caller moves, or its next child does not",
        play: |lab| {
            let caller = lab.process("caller")?;
            caller.readlink(NS)?;
            caller.readlink(CHILDREN)?;
            caller.unshare(NEWTIME)?;
            caller.readlink(NS)?;
            caller.readlink(CHILDREN)?;
            let child = caller.fork("child")?;
            child.readlink(NS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.for-children-link",
        claim: "The link time_for_children in /proc/PID/ns names the time namespace in which the next child of that process will be created.",
        sources: &[DESCRIPTION, man("namespaces(7)", "The /proc/pid/ns/ directory")],
        since: "5.6",
        needs: NEEDS,
        wrong: "a child is in another namespace than the link named",
        play: |lab| {
            let parent = lab.process("parent")?;
            parent.readlink(NS)?;
            let reader = lab.process("reader")?;
            reader.readlink(parent.proc("ns/time_for_children"))?;
            lab.note("before unshare(2) a child is in the namespace of its parent")?;
            let elder = parent.fork("elder")?;
            elder.readlink(NS)?;
            lab.note("each unshare(2) changes the link, and the children after it")?;
            parent.unshare(NEWTIME)?;
            reader.readlink(parent.proc("ns/time_for_children"))?;
            let younger = parent.fork("younger")?;
            younger.readlink(NS)?;
            parent.unshare(NEWTIME)?;
            reader.readlink(parent.proc("ns/time_for_children"))?;
            let youngest = parent.fork("youngest")?;
            youngest.readlink(NS)?;
            lab.note("a child stays where it was created")?;
            elder.readlink(NS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.children-inherit",
        claim: "A process in a time namespace creates its children in the same one.",
        sources: &[DESCRIPTION],
        since: "5.6",
        needs: NEEDS,
        wrong: "a grandchild is in another time namespace than the child",
        play: |lab| {
            let creator = lab.process("creator")?;
            creator.readlink(NS)?;
            creator.unshare(NEWTIME)?;
            let child = creator.fork("child")?;
            child.readlink(NS)?;
            child.readlink(CHILDREN)?;
            let grandchild = child.fork("grandchild")?;
            grandchild.readlink(NS)?;
            grandchild.readlink(CHILDREN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.only-unshare-creates",
        claim: "A time namespace can also be created by clone3 with CLONE_NEWTIME: the child is in it at once.",
        sources: &[DESCRIPTION],
        since: "5.6",
        needs: &[&need::TIME_NS, &need::PROCFS, &need::CLONE3],
        deviation: Some("unshare(2) is the only way to create a time namespace"),
        wrong: "clone3 refuses the flag, or the child shares its creator's time namespace",
        play: |lab| {
            let creator = lab.process("creator")?;
            creator.readlink(NS)?;
            let child = creator.clone3("child", NEWTIME, &[])?;
            child.readlink(NS)?;
            child.readlink(CHILDREN)?;
            creator.readlink(NS)?;
            creator.readlink(CHILDREN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.execve-keeps-namespace",
        claim: "execve moves a process that has unshared its time namespace into the new one, whose offsets are frozen from then on.",
        sources: &[man("time_namespaces(7)", "EXAMPLES")],
        since: "5.6",
        needs: &[&need::TIME_NS, &need::PROCFS, &need::INITIAL_TIME_NS, &need::PROGRAM],
        deviation: Some(
            "in the example of the page a shell that is executed after the unshare is still in the old time namespace and can write the offsets of the new one; so it was before Linux 6.2",
        ),
        wrong: "the process stays in its old time namespace over execve, as it did up to Linux 6.1",
        play: |lab| {
            let process = lab.process("process")?;
            process.readlink(NS)?;
            process.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            process.unshare(NEWTIME)?;
            process.echo("monotonic 500 0", OFFSETS)?;
            process.readlink(NS)?;
            process.execve(PROGRAM)?;
            process.readlink(NS)?;
            process.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            process.echo("monotonic 600 0", OFFSETS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.vm-sharing-after-unshare",
        claim: "A process that has called unshare with CLONE_NEWTIME may still create children that share its memory, which stay in its own time namespace, and threads.",
        sources: &[text("Linux source, kernel/fork.c: no manual page says it")],
        since: "6.2",
        needs: NEEDS,
        wrong: "such a child is refused, as it was up to Linux 6.1, or is in the new time namespace, where its creator is not",
        play: |lab| {
            let process = lab.process("process")?;
            process.readlink(NS)?;
            process.unshare(NEWTIME)?;
            process.readlink(CHILDREN)?;
            let sharer = process.clone("sharer", Flags::CLONE_VM)?;
            sharer.readlink(NS)?;
            sharer.exit(0)?;
            process.waitpid(sharer, WaitOptions::empty())?;
            lab.note("a child with memory of its own is in the new one")?;
            let child = process.fork("child")?;
            child.readlink(NS)?;
            let thread = process.clone("thread", THREAD)?;
            thread.readlink("/proc/thread-self/ns/time")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.vfork-exec-moves",
        claim: "A child that shares its creator's memory, as one by vfork() does, enters the new time namespace when it executes a program; its creator stays.",
        sources: &[text("Linux source, kernel/nsproxy.c: no manual page says it")],
        since: "6.2",
        needs: FROM_INITIAL,
        wrong: "the program runs by the old clock, or the creator's clock moves too",
        play: |lab| {
            let process = lab.process("process")?;
            process.readlink(NS)?;
            process.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            process.unshare(NEWTIME)?;
            process.echo("monotonic 172800 0", OFFSETS)?;
            let child = process.clone("child", Flags::CLONE_VM)?;
            child.readlink(NS)?;
            child.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            child.execve(PROGRAM)?;
            lab.note("a program of its own, with memory of its own")?;
            child.readlink(NS)?;
            child.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            process.readlink(NS)?;
            process.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            Ok(())
        },
        ..CASE
    },
];
