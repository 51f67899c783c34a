//! /proc/PID/timens_offsets: what it shows, whose offsets it sets, and what is inherited.
//!
//! Writes that the kernel refuses live in `offsets_errors`.

use super::{CHILDREN, FROM_INITIAL, NOTES, NS, OFFSETS, OFFSETS_FILE};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "time.offsets-file-format",
        claim: "The file timens_offsets has a line for each of the two clocks: its name, seconds, nanoseconds; both are zero in the initial time namespace.",
        sources: &[OFFSETS_FILE],
        since: "5.6",
        needs: FROM_INITIAL,
        wrong: "other lines, or an offset in the initial namespace",
        play: |lab| {
            let process = lab.process("process")?;
            process.timens_offsets(OFFSETS)?;
            process.unshare(NEWTIME)?;
            process.echo("monotonic 172800 1", OFFSETS)?;
            process.echo("boottime 604800 999999999", OFFSETS)?;
            process.timens_offsets(OFFSETS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.offsets-zero-initially",
        claim: "Both offsets of the initial time namespace are zero, and a time namespace created from it begins with the same clocks.",
        sources: &[OFFSETS_FILE],
        since: "5.6",
        needs: FROM_INITIAL,
        wrong: "an offset that nobody set",
        play: |lab| {
            let initial = lab.process("initial")?;
            initial.timens_offsets(OFFSETS)?;
            initial.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            initial.clock_gettime(Clock::CLOCK_BOOTTIME)?;
            initial.readlink(CHILDREN)?;
            initial.unshare(NEWTIME)?;
            let inner = initial.fork("inner")?;
            inner.readlink(NS)?;
            inner.timens_offsets(OFFSETS)?;
            inner.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            inner.clock_gettime(Clock::CLOCK_BOOTTIME)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.offsets-of-children-namespace",
        claim: "The file timens_offsets of a process shows and sets the offsets of the time namespace of its children.",
        sources: &[OFFSETS_FILE, man("time_namespaces(7)", "EXAMPLES")],
        since: "5.6",
        needs: FROM_INITIAL,
        wrong: "the creator reads the offsets of its own namespace",
        play: |lab| {
            let creator = lab.process("creator")?;
            let bystander = creator.fork("bystander")?;
            creator.unshare(NEWTIME)?;
            creator.echo("boottime 77 0", OFFSETS)?;
            creator.timens_offsets(OFFSETS)?;
            let child = creator.fork("child")?;
            child.timens_offsets(OFFSETS)?;
            bystander.timens_offsets(OFFSETS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.offsets-negative",
        claim: "The seconds of an offset may be negative; the nanoseconds always count forwards.",
        sources: &[OFFSETS_FILE],
        since: "5.6",
        needs: FROM_INITIAL,
        wrong: "a negative number of seconds is refused, or a negative number of nanoseconds is not",
        play: |lab| {
            let process = lab.process("process")?;
            process.unshare(NEWTIME)?;
            process.echo("boottime -1 999999999", OFFSETS)?;
            process.timens_offsets(OFFSETS)?;
            process.echo("boottime 0 -1", OFFSETS)?;
            process.timens_offsets(OFFSETS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.offsets-rewritable",
        claim: "Until a process enters the time namespace its offsets can be written again and again, one clock or both at a time.",
        sources: &[OFFSETS_FILE],
        since: "5.6",
        needs: FROM_INITIAL,
        wrong: "the second write is refused or changes nothing",
        play: |lab| {
            let process = lab.process("process")?;
            process.unshare(NEWTIME)?;
            process.echo("monotonic 1 0\n", OFFSETS)?;
            process.timens_offsets(OFFSETS)?;
            process.echo("monotonic 2 0\nboottime 3 0\n", OFFSETS)?;
            process.timens_offsets(OFFSETS)?;
            process.echo("boottime 4 0\n", OFFSETS)?;
            process.timens_offsets(OFFSETS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.offsets-numeric-ids",
        claim: "In a record the numbers 1 and 7 stand for the monotonic and the boot-time clock.",
        sources: &[NOTES],
        since: "5.6",
        needs: FROM_INITIAL,
        wrong: "a number is refused or taken for the other clock",
        play: |lab| {
            let process = lab.process("process")?;
            process.unshare(NEWTIME)?;
            process.echo("1 11 0", OFFSETS)?;
            process.timens_offsets(OFFSETS)?;
            process.echo("7 77 0", OFFSETS)?;
            process.timens_offsets(OFFSETS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.offsets-by-other-process",
        claim: "A privileged process may set the offsets for another one by that one's file.",
        sources: &[OFFSETS_FILE],
        since: "5.6",
        needs: FROM_INITIAL,
        wrong: "the write is refused, or sets the writer's own offsets",
        play: |lab| {
            let parent = lab.process("parent")?;
            let child = parent.fork("child")?;
            child.unshare(NEWTIME)?;
            parent.echo("monotonic 500 0", child.proc("timens_offsets"))?;
            child.timens_offsets(OFFSETS)?;
            parent.timens_offsets(OFFSETS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.offsets-inherited",
        claim: "A new time namespace starts with the offsets of the one that its creator is in.",
        sources: &[OFFSETS_FILE],
        since: "5.6",
        needs: FROM_INITIAL,
        wrong: "the new namespace starts with zero",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.unshare(NEWTIME)?;
            outer.echo("monotonic 500 0\nboottime 700 5\n", OFFSETS)?;
            let inner = outer.fork("inner")?;
            inner.readlink(CHILDREN)?;
            inner.unshare(NEWTIME)?;
            inner.readlink(CHILDREN)?;
            inner.timens_offsets(OFFSETS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.offsets-relative-to-initial",
        claim: "Offsets always count from the initial time namespace, also those of a namespace created inside another one.",
        sources: &[OFFSETS_FILE],
        since: "5.6",
        needs: FROM_INITIAL,
        wrong: "the inner offset is added to the outer one",
        play: |lab| {
            let initial = lab.process("initial")?;
            initial.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            initial.unshare(NEWTIME)?;
            initial.echo("monotonic 500 0", OFFSETS)?;
            let outer = initial.fork("outer")?;
            outer.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            outer.unshare(NEWTIME)?;
            outer.echo("monotonic 20 0", OFFSETS)?;
            let inner = outer.fork("inner")?;
            inner.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            Ok(())
        },
        ..CASE
    },
];
