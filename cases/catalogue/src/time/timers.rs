//! Sleeps and timers inside a time namespace: absolute times count with the offset.

use super::{DESCRIPTION, FROM_INITIAL, OFFSETS};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "time.clock-nanosleep-absolute",
        claim: "A sleep until an absolute time is measured by the clocks of the caller's time namespace.",
        sources: &[DESCRIPTION, man("clock_nanosleep(2)", "DESCRIPTION")],
        since: "5.6",
        needs: FROM_INITIAL,
        wrong: "the wait lasts as long as the offset (and is broken off here), or ends at once",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            outer.clock_gettime(Clock::CLOCK_BOOTTIME)?;
            outer.clock_nanosleep(Clock::CLOCK_MONOTONIC, 20)?;
            outer.unshare(NEWTIME)?;
            outer.echo("monotonic 172800 0\nboottime 604800 0\n", OFFSETS)?;
            let inner = outer.fork("inner")?;
            inner.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            inner.clock_gettime(Clock::CLOCK_BOOTTIME)?;
            inner.clock_nanosleep(Clock::CLOCK_MONOTONIC, 20)?;
            inner.clock_nanosleep(Clock::CLOCK_BOOTTIME, 20)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.relative-sleep",
        claim: "A sleep of a given length is not affected by offsets.",
        sources: &[DESCRIPTION, man("nanosleep(2)", "DESCRIPTION")],
        since: "5.6",
        needs: FROM_INITIAL,
        wrong: "the sleep lasts as long as the offset (and is broken off here), or ends at once",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            outer.nanosleep(20)?;
            outer.unshare(NEWTIME)?;
            outer.echo("monotonic 172800 0", OFFSETS)?;
            let inner = outer.fork("inner")?;
            inner.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            inner.nanosleep(20)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.timerfd-absolute",
        claim: "A timer descriptor set to an absolute time expires by the clocks of the setter's time namespace.",
        sources: &[DESCRIPTION, man("timerfd_create(2)", "DESCRIPTION")],
        since: "5.6",
        needs: FROM_INITIAL,
        wrong: "the wait lasts as long as the offset (and is broken off here), or ends at once",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            outer.clock_gettime(Clock::CLOCK_BOOTTIME)?;
            outer.timerfd_settime(Clock::CLOCK_MONOTONIC, 20)?;
            outer.unshare(NEWTIME)?;
            outer.echo("monotonic 172800 0\nboottime 604800 0\n", OFFSETS)?;
            let inner = outer.fork("inner")?;
            inner.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            inner.clock_gettime(Clock::CLOCK_BOOTTIME)?;
            inner.timerfd_settime(Clock::CLOCK_MONOTONIC, 20)?;
            inner.timerfd_settime(Clock::CLOCK_BOOTTIME, 20)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.timer-settime-absolute",
        claim: "A POSIX timer set to an absolute time expires by the clocks of the setter's time namespace.",
        sources: &[DESCRIPTION, man("timer_settime(2)", "DESCRIPTION")],
        since: "5.6",
        needs: FROM_INITIAL,
        wrong: "the wait lasts as long as the offset (and is broken off here), or ends at once",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            outer.clock_gettime(Clock::CLOCK_BOOTTIME)?;
            outer.timer_settime(Clock::CLOCK_MONOTONIC, 20)?;
            outer.unshare(NEWTIME)?;
            outer.echo("monotonic 172800 0\nboottime 604800 0\n", OFFSETS)?;
            let inner = outer.fork("inner")?;
            inner.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            inner.clock_gettime(Clock::CLOCK_BOOTTIME)?;
            inner.timer_settime(Clock::CLOCK_MONOTONIC, 20)?;
            inner.timer_settime(Clock::CLOCK_BOOTTIME, 20)?;
            Ok(())
        },
        ..CASE
    },
];
