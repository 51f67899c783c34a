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
        needs: &[&need::PROCFS, &need::MANY_IDS],
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
];
