//! Writes to /proc/PID/timens_offsets that the kernel refuses.
//!
//! Writes that succeed live in `offsets`.

use super::{CHILDREN, FROM_INITIAL, OFFSETS, OFFSETS_FILE};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "time.offsets-syntax",
        claim: "A write to timens_offsets holds records of three fields, a line each; a record with fewer fields makes the whole write fail with EINVAL.",
        sources: &[OFFSETS_FILE],
        since: "5.6",
        needs: FROM_INITIAL,
        wrong: "a malformed record is taken, or the good one before it takes effect",
        play: |lab| {
            let process = lab.process("process")?;
            process.unshare(NEWTIME)?;
            process.echo("monotonic 1 0\nboottime 2 0\n", OFFSETS)?;
            process.timens_offsets(OFFSETS)?;
            process.echo("monotonic 3\n", OFFSETS)?;
            process.echo("monotonic 3 0\nboottime 4\n", OFFSETS)?;
            process.echo("monotonic 3 0\n\n", OFFSETS)?;
            process.timens_offsets(OFFSETS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.offsets-frozen",
        claim: "Once a process has been created in a time namespace or has entered it, its offsets are fixed: a write fails with EACCES.",
        sources: &[OFFSETS_FILE],
        since: "5.6",
        needs: FROM_INITIAL,
        wrong: "the offset is changed, or another errno",
        play: |lab| {
            let process = lab.process("process")?;
            process.unshare(NEWTIME)?;
            process.echo("monotonic 1 0", OFFSETS)?;
            process.fork("child")?;
            process.echo("monotonic 2 0", OFFSETS)?;
            process.timens_offsets(OFFSETS)?;
            lab.note("the same when the first process comes by setns")?;
            process.unshare(NEWTIME)?;
            process.echo("monotonic 3 0", OFFSETS)?;
            let fd = process.open(CHILDREN, O_RDONLY)?.id()?;
            process.setns(fd, NEWTIME)?;
            process.echo("monotonic 4 0", OFFSETS)?;
            process.timens_offsets(OFFSETS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.offsets-frozen-initial",
        claim: "The offsets of the initial time namespace cannot be set: a write fails with EACCES.",
        sources: &[OFFSETS_FILE],
        since: "5.6",
        starts_as: Credentials::StartedAsRoot,
        needs: &[&need::TIME_NS, &need::PROCFS, &need::INITIAL_TIME_NS, &need::INITIAL_USER_NS],
        wrong: "the initial namespace takes offsets, or another errno",
        play: |lab| {
            let process = lab.process("process")?;
            lab.note("the offsets that it has anyway, so that a kernel that takes them changes nothing")?;
            process.echo("monotonic 0 0", OFFSETS)?;
            process.echo("boottime 0 0", OFFSETS)?;
            process.unshare(NEWTIME)?;
            process.echo("monotonic 0 0", OFFSETS)?;
            process.echo("boottime 0 0", OFFSETS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.offsets-einval-nsec",
        claim: "A record with more than 999999999 nanoseconds is refused with EINVAL.",
        sources: &[OFFSETS_FILE],
        since: "5.6",
        needs: FROM_INITIAL,
        wrong: "a whole second of nanoseconds is taken, or another errno",
        play: |lab| {
            let process = lab.process("process")?;
            process.unshare(NEWTIME)?;
            process.echo("monotonic 0 1000000000", OFFSETS)?;
            process.timens_offsets(OFFSETS)?;
            process.echo("monotonic 0 999999999", OFFSETS)?;
            process.timens_offsets(OFFSETS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.offsets-einval-clock",
        claim: "A record for a clock that has no offset, or for no clock at all, is refused with EINVAL.",
        sources: &[OFFSETS_FILE],
        since: "5.6",
        needs: FROM_INITIAL,
        wrong: "the record is taken, or another errno",
        play: |lab| {
            let process = lab.process("process")?;
            process.unshare(NEWTIME)?;
            process.echo("realtime 1 0", OFFSETS)?;
            process.echo("sundial 1 0", OFFSETS)?;
            process.echo("0 1 0", OFFSETS)?;
            process.echo("4 1 0", OFFSETS)?;
            process.timens_offsets(OFFSETS)?;
            process.echo("monotonic 1 0", OFFSETS)?;
            process.timens_offsets(OFFSETS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.offsets-erange-negative",
        claim: "An offset that would make the clock negative inside is refused with ERANGE.",
        sources: &[OFFSETS_FILE],
        since: "5.6",
        needs: FROM_INITIAL,
        wrong: "a clock before its own beginning",
        play: |lab| {
            let process = lab.process("process")?;
            process.unshare(NEWTIME)?;
            lab.note("126 years back: no machine has been up for so long")?;
            process.echo("monotonic -4000000000 0", OFFSETS)?;
            process.echo("boottime -4000000000 0", OFFSETS)?;
            process.timens_offsets(OFFSETS)?;
            process.echo("boottime -1 999999999", OFFSETS)?;
            process.timens_offsets(OFFSETS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.offsets-erange-large",
        claim: "An offset that would take the clock inside beyond half of the kernel's range, some 146 years, is refused with ERANGE.",
        sources: &[OFFSETS_FILE],
        since: "5.6",
        needs: FROM_INITIAL,
        wrong: "the offset is taken, or a smaller one is not",
        play: |lab| {
            let process = lab.process("process")?;
            process.unshare(NEWTIME)?;
            lab.note("half of KTIME_SEC_MAX, and the uptime on top of it")?;
            process.echo("monotonic 4611686018 0", OFFSETS)?;
            process.echo("boottime 4611686018 0", OFFSETS)?;
            process.timens_offsets(OFFSETS)?;
            lab.note("139 years")?;
            process.echo("monotonic 4400000000 0", OFFSETS)?;
            process.echo("boottime 4400000000 0", OFFSETS)?;
            process.timens_offsets(OFFSETS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.offsets-eperm",
        claim: "Writing offsets takes CAP_SYS_TIME in the user namespace that owns the time namespace; CAP_SYS_ADMIN, or all capabilities in a user namespace inside, do not suffice.",
        sources: &[OFFSETS_FILE],
        since: "5.6",
        needs: FROM_INITIAL,
        wrong: "a process without the capability sets offsets, or another errno",
        play: |lab| {
            let owner = lab.process("owner")?;
            let stranger = owner.clone("stranger", NEWUSER)?;
            let weak = owner.fork("weak")?;
            weak.capset_drop(CAP_SYS_TIME)?;
            owner.unshare(NEWTIME)?;
            stranger.echo("monotonic 1 0", owner.proc("timens_offsets"))?;
            weak.echo("monotonic 2 0", owner.proc("timens_offsets"))?;
            owner.timens_offsets(OFFSETS)?;
            owner.echo("monotonic 3 0", OFFSETS)?;
            owner.timens_offsets(OFFSETS)?;
            Ok(())
        },
        ..CASE
    },
];
