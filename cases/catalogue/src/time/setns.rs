//! setns(2) with a time namespace: into it, back, who may, and not with several threads.

use super::{CHILDREN, DESCRIPTION, FROM_INITIAL, NEEDS, NS, OFFSETS};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "time.setns-moves-caller",
        claim: "Joining a time namespace moves the caller itself, unlike creating one, and its later children; a descriptor of time_for_children will do.",
        sources: &[DESCRIPTION, man("setns(2)", "DESCRIPTION")],
        since: "5.6",
        needs: FROM_INITIAL,
        wrong: "the caller's clock or links do not change",
        play: |lab| {
            let process = lab.process("process")?;
            process.readlink(NS)?;
            process.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            lab.note("a new namespace is for children: the clock of its creator does not change")?;
            process.unshare(NEWTIME)?;
            process.echo("monotonic 172800 0", OFFSETS)?;
            process.readlink(NS)?;
            process.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            lab.note("setns(2) moves the caller and its clock")?;
            let fd = process.open(CHILDREN, O_RDONLY)?.id()?;
            process.setns(fd, NEWTIME)?;
            process.readlink(NS)?;
            process.readlink(CHILDREN)?;
            process.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            let child = process.fork("child")?;
            child.readlink(NS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.setns-back",
        claim: "A process may go back to the time namespace that its creator is in.",
        sources: &[man("setns(2)", "DESCRIPTION")],
        since: "5.6",
        needs: FROM_INITIAL,
        wrong: "the clock or a link stays that of the namespace that was left",
        play: |lab| {
            let process = lab.process("process")?;
            process.clock_gettime(Clock::CLOCK_BOOTTIME)?;
            process.unshare(NEWTIME)?;
            process.echo("boottime 500 0", OFFSETS)?;
            let outer = process.fork("outer")?;
            let fd = outer.open(NS, O_RDONLY)?.id()?;
            outer.readlink(NS)?;
            outer.clock_gettime(Clock::CLOCK_BOOTTIME)?;
            lab.note("the next namespace has another offset")?;
            outer.unshare(NEWTIME)?;
            outer.echo("boottime 604800 0", OFFSETS)?;
            let inner = outer.fork("inner")?;
            inner.clock_gettime(Clock::CLOCK_BOOTTIME)?;
            lab.note("back in the namespace of its creator")?;
            inner.setns(fd, NEWTIME)?;
            inner.readlink(NS)?;
            inner.readlink(CHILDREN)?;
            inner.clock_gettime(Clock::CLOCK_BOOTTIME)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.setns-capability",
        claim: "Joining a time namespace takes CAP_SYS_ADMIN twice: in the caller's own user namespace and in the one that owns the time namespace.",
        sources: &[man("setns(2)", "DESCRIPTION")],
        since: "5.6",
        needs: NEEDS,
        wrong: "a process joins that lacks the capability in one of the two",
        play: |lab| {
            let owner = lab.process("owner")?;
            owner.unshare(NEWTIME)?;
            owner.readlink(CHILDREN)?;
            let fd = owner.open(CHILDREN, O_RDONLY)?.id()?;
            lab.note("another one, so that the children are not in the one they shall join")?;
            owner.unshare(NEWTIME)?;
            let weak = owner.fork("weak")?;
            weak.capset_drop(CAP_SYS_ADMIN)?;
            weak.setns(fd, NEWTIME)?;
            weak.readlink(NS)?;
            lab.note("root of a user namespace of its own, which does not own the time namespace")?;
            let stranger = owner.clone("stranger", NEWUSER)?;
            stranger.setns(fd, NEWTIME)?;
            stranger.readlink(NS)?;
            owner.setns(fd, NEWTIME)?;
            owner.readlink(NS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.setns-multithreaded",
        claim: "A process of several threads cannot join a time namespace (EUSERS, which no page names); it can create one.",
        sources: &[man("setns(2)", "DESCRIPTION")],
        since: "5.6",
        needs: NEEDS,
        wrong: "setns succeeds, or unshare fails",
        play: |lab| {
            let process = lab.process("process")?;
            process.unshare(NEWTIME)?;
            let fd = process.open(CHILDREN, O_RDONLY)?.id()?;
            process.readlink(CHILDREN)?;
            process.setns(fd, NEWTIME)?;
            process.readlink(NS)?;
            process.clone("thread", THREAD)?;
            lab.note("the same call, and it would change nothing")?;
            process.setns(fd, NEWTIME)?;
            process.unshare(NEWTIME)?;
            process.readlink(CHILDREN)?;
            Ok(())
        },
        ..CASE
    },
];
