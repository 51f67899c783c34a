//! Copies of the names at creation, members that share them, and how long they last.

use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "uts.copied-at-creation",
        claim: "A new UTS namespace, by clone() or by unshare(), begins with copies of the names in its creator's namespace.",
        sources: &[man("uts_namespaces(7)", "DESCRIPTION"), man("clone(2)", "CLONE_NEWUTS")],
        since: "2.6.19",
        needs: &[&need::UTS_NS, &need::PROCFS],
        wrong: "the new namespace begins with empty or default names",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.sethostname("copied.example")?;
            outer.setdomainname("copied.nis")?;
            let cloned = outer.clone("cloned", NEWUTS)?;
            let unshared = outer.fork("unshared")?;
            unshared.unshare(NEWUTS)?;
            for process in [outer, cloned, unshared] {
                process.readlink("/proc/self/ns/uts")?;
                process.uname()?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.copy-is-detached",
        claim: "After the copy the two UTS namespaces have nothing to do with each other: a later change in either is not seen in the other.",
        sources: &[man("uts_namespaces(7)", "DESCRIPTION")],
        since: "2.6.19",
        needs: &[&need::UTS_NS],
        wrong: "a change in the creator's namespace reaches the new one, or the reverse",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.sethostname("first.example")?;
            let inner = outer.clone("inner", NEWUTS)?;
            outer.sethostname("second.example")?;
            outer.setdomainname("second.nis")?;
            inner.uname()?;
            inner.sethostname("third.example")?;
            inner.setdomainname("third.nis")?;
            outer.uname()?;
            inner.uname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.visible-to-members",
        claim: "A change of a name is seen at once by every process in the same UTS namespace, and by no other.",
        sources: &[man("uts_namespaces(7)", "DESCRIPTION")],
        since: "2.6.19",
        needs: &[&need::UTS_NS],
        wrong: "a member keeps the old name, or a stranger gets the new one",
        play: |lab| {
            let member = lab.process("member")?;
            let sibling = member.fork("sibling")?;
            let stranger = member.clone("stranger", NEWUTS)?;
            sibling.sethostname("sibling.example")?;
            sibling.setdomainname("sibling.nis")?;
            member.uname()?;
            stranger.uname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.setns-sees-names",
        claim: "A process that joins a UTS namespace with setns() sees the names of that namespace, and its later changes.",
        sources: &[man("setns(2)", "DESCRIPTION"), text("LWN 531381, Namespaces in operation, part 2")],
        since: "3.0",
        needs: &[&need::UTS_NS, &need::PROCFS],
        wrong: "the process keeps the names of the namespace that it left",
        play: |lab| {
            let joiner = lab.process("joiner")?;
            let member = joiner.clone("member", NEWUTS)?;
            member.sethostname("member.example")?;
            member.setdomainname("member.nis")?;
            joiner.uname()?;
            let fd = joiner.open(member.proc("ns/uts"), O_RDONLY)?.id()?;
            joiner.setns(fd, NEWUTS)?;
            joiner.uname()?;
            member.sethostname("later.example")?;
            joiner.uname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.names-outlive-members",
        claim: "The names stay in a UTS namespace that has no member any more, as long as a descriptor keeps it.",
        sources: &[man("namespaces(7)", "Namespace lifetime")],
        since: "3.0",
        needs: &[&need::UTS_NS, &need::PROCFS],
        wrong: "the names are lost with the last member",
        play: |lab| {
            let keeper = lab.process("keeper")?;
            let maker = keeper.clone("maker", NEWUTS)?;
            maker.sethostname("kept.example")?;
            maker.setdomainname("kept.nis")?;
            let fd = keeper.open(maker.proc("ns/uts"), O_RDONLY)?.id()?;
            maker.exit(0)?;
            keeper.waitpid(maker, WaitOptions::empty())?;
            lab.note("the only member is gone")?;
            keeper.kill(maker, Signal(0))?;
            keeper.uname()?;
            keeper.setns(fd, NEWUTS)?;
            keeper.uname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.per-thread",
        claim: "UTS namespaces belong to threads: one thread of a process can move into a new one while the others stay.",
        sources: &[man("namespaces(7)", "The namespaces API"), man("unshare(2)", "DESCRIPTION")],
        since: "2.6.19",
        needs: &[&need::UTS_NS],
        wrong: "the other thread moves too",
        play: |lab| {
            let main = lab.process("main")?;
            let thread = main.clone("thread", THREAD)?;
            main.getpid()?;
            thread.getpid()?;
            thread.unshare(NEWUTS)?;
            thread.sethostname("thread.example")?;
            thread.gethostname()?;
            main.gethostname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.not-hierarchical",
        claim: "UTS namespaces have no parent: NS_GET_PARENT is refused with EINVAL, while it gives the parent of a PID namespace.",
        sources: &[man("NS_GET_PARENT(2const)", "ERRORS")],
        since: "4.9",
        needs: &[&need::UTS_NS, &need::PID_NS, &need::PROCFS],
        wrong: "a parent is given, or another errno",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWUTS | NEWPID)?;
            outer.readlink("/proc/self/ns/uts")?;
            let uts = outer.open(inner.proc("ns/uts"), O_RDONLY)?.id()?;
            outer.fstat_ns(uts)?;
            outer.ioctl_parent(uts)?;
            let pid = outer.open(inner.proc("ns/pid"), O_RDONLY)?.id()?;
            let parent = outer.ioctl_parent(pid)?.id()?;
            outer.fstat_ns(parent)?;
            outer.readlink("/proc/self/ns/pid")?;
            Ok(())
        },
        ..CASE
    },
];
