//! setns(2) into a user namespace: who may, and what the caller is afterwards.

use super::{OWN, OWN_NS, ROOT_AS_ROOT};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "user.setns-needs-cap-in-target",
        claim: "To join a user namespace a process needs CAP_SYS_ADMIN in it: its owner has that, another user in the same parent namespace has not.",
        sources: &[
            man("setns(2)", "User namespaces"),
            man("user_namespaces(7)", "Capabilities"),
            text("LWN 540087, Namespaces in operation, part 6"),
        ],
        since: "3.8",
        needs: &[&need::PROCFS, &need::MANY_IDS, &need::NON_DUMPABLE],
        wrong: "a stranger joins the namespace of another user",
        play: |lab| {
            let root = lab.process("root")?;
            let creator = root.fork("creator")?;
            creator.setresuid(1000, 1000, 1000)?;
            let member = creator.clone("member", NEWUSER)?;
            let fd = root.open(member.proc("ns/user"), O_RDONLY)?.id()?;
            let owner = root.fork("owner")?;
            owner.setresuid(1000, 1000, 1000)?;
            let stranger = root.fork("stranger")?;
            stranger.setresuid(1001, 1001, 1001)?;
            lab.note("both hold the descriptor that root opened, and no capability")?;
            for process in [owner, stranger] {
                process.capget()?;
                process.setns(fd, NEWUSER)?;
                process.capget()?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.setns-gives-all-caps",
        claim: "A process that joins a user namespace gains all capabilities in it, whatever its ids are there.",
        sources: &[man("setns(2)", "User namespaces"), man("user_namespaces(7)", "Capabilities")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "a joining process lacks capabilities because it is not user 0",
        play: |lab| {
            let creator = lab.process("creator")?;
            let unmapped = creator.clone("unmapped", NEWUSER)?;
            let mapped = creator.clone("mapped", NEWUSER)?;
            mapped.map_ids(OWN, "7 1000 1", "7 1000 1")?;
            lab.note("each joins a namespace; afterwards it holds every capability there")?;
            for member in [unmapped, mapped] {
                let joining = creator.fork(&format!("joins-{}", member.name()))?;
                joining.capget()?;
                let fd = joining.open(member.proc("ns/user"), O_RDONLY)?.id()?;
                joining.setns(fd, NEWUSER)?;
                joining.geteuid()?;
                joining.cat_capabilities("/proc/self/status")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.setns-own-einval",
        claim: "A process cannot enter the user namespace that it is in already: it would regain capabilities that it gave up.",
        sources: &[man("setns(2)", "ERRORS"), man("setns(2)", "User namespaces")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "a process regains capabilities by entering its own namespace",
        play: |lab| {
            let creator = lab.process("creator")?;
            let member = creator.clone("member", NEWUSER)?;
            let own = member.open(OWN_NS, O_RDONLY)?.id()?;
            member.setns(own, NEWUSER)?;
            member.capset_drop(CAP_CHOWN)?;
            member.setns(own, NEWUSER)?;
            member.capget()?;
            lab.note("from outside the same namespace can be entered")?;
            let fd = creator.open(member.proc("ns/user"), O_RDONLY)?.id()?;
            creator.setns(fd, NEWUSER)?;
            creator.capget()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.setns-ancestor-eperm",
        claim: "A process cannot go back to the parent of its user namespace, nor to any namespace further up, only down.",
        sources: &[man("setns(2)", "User namespaces"), man("user_namespaces(7)", "Capabilities")],
        since: "3.8",
        needs: &[&need::PROCFS],
        wrong: "a process regains the user namespace that it left",
        play: |lab| {
            let top = lab.process("top")?;
            let grandparent = top.open(OWN_NS, O_RDONLY)?.id()?;
            let middle = top.clone("middle", NEWUSER)?;
            middle.map_ids(OWN, ROOT_AS_ROOT, ROOT_AS_ROOT)?;
            let parent = middle.open(OWN_NS, O_RDONLY)?.id()?;
            let bottom = middle.clone("bottom", NEWUSER)?;
            bottom.setns(parent, NEWUSER)?;
            bottom.setns(grandparent, NEWUSER)?;
            lab.note("two levels down, and no way back")?;
            let down = top.open(bottom.proc("ns/user"), O_RDONLY)?.id()?;
            top.setns(down, NEWUSER)?;
            top.setns(grandparent, NEWUSER)?;
            for process in [top, middle, bottom] {
                process.readlink(OWN_NS)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.setns-multithreaded-einval",
        claim: "A process of several threads cannot enter a user namespace, by none of them, until only one of them is left.",
        sources: &[man("setns(2)", "User namespaces"), man("setns(2)", "ERRORS")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS, &need::PROGRAM],
        wrong: "the threads of one process are in different user namespaces",
        play: |lab| {
            let user = lab.process("user")?;
            let target = user.clone("target", NEWUSER)?;
            let joining = user.fork("joining")?;
            let file = joining.open(target.proc("ns/user"), O_RDONLY)?.id()?;
            let thread = joining.clone("thread", THREAD)?;
            joining.setns(file, NEWUSER)?;
            thread.setns(file, NEWUSER)?;
            user.diff_ns(target.proc("ns"), joining.proc("ns"))?;
            lab.note("execve leaves one thread")?;
            joining.execve(PROGRAM)?;
            user.field(joining.proc("status"), "Threads")?;
            joining.setns(file, NEWUSER)?;
            user.diff_ns(target.proc("ns"), joining.proc("ns"))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.setns-shared-fs-einval",
        claim: "A process that shares its root directory with another one cannot enter a user namespace, neither of the two, until the other one has ended.",
        sources: &[man("setns(2)", "User namespaces"), man("setns(2)", "ERRORS")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "a process in a user namespace shares its root directory with one outside",
        play: |lab| {
            let user = lab.process("user")?;
            let target = user.clone("target", NEWUSER)?;
            let file = user.open(target.proc("ns/user"), O_RDONLY)?.id()?;
            let joining = user.fork("joining")?;
            let twin = joining.clone("twin", Flags::CLONE_FS)?;
            joining.setns(file, NEWUSER)?;
            twin.setns(file, NEWUSER)?;
            twin.exit(0)?;
            joining.waitpid(twin, WaitOptions::empty())?;
            joining.setns(file, NEWUSER)?;
            user.diff_ns(target.proc("ns"), joining.proc("ns"))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.setns-type-mismatch-einval",
        claim: "setns enters a user namespace only if its second argument is CLONE_NEWUSER or 0, and with CLONE_NEWUSER no namespace of another type.",
        sources: &[man("setns(2)", "DESCRIPTION"), man("setns(2)", "ERRORS")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS, &need::UTS_NS],
        wrong: "a program that was handed another namespace than it expects enters it all the same",
        play: |lab| {
            let user = lab.process("user")?;
            let target = user.clone("target", NEWUSER | NEWUTS)?;
            let owner = user.open(target.proc("ns/user"), O_RDONLY)?.id()?;
            let names = user.open(target.proc("ns/uts"), O_RDONLY)?.id()?;
            for kind in [NEWUTS, NEWPID, NEWUSER | NEWUTS] {
                user.setns(owner, kind)?;
            }
            user.setns(names, NEWUSER)?;
            user.diff_ns(target.proc("ns"), user.proc("ns"))?;
            lab.note("0 stands for any type")?;
            user.setns(owner, Flags::empty())?;
            user.diff_ns(target.proc("ns"), user.proc("ns"))?;
            Ok(())
        },
        ..CASE
    },
];
