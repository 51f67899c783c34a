//! Sleeps and timers inside a time namespace: absolute times count with the offset.

use super::{CHILDREN, DESCRIPTION, FROM_INITIAL, OFFSETS};
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
    Case {
        id: "time.futex-absolute",
        claim: "The absolute time until which a process waits on a futex is one of the monotonic clock of its time namespace.",
        sources: &[DESCRIPTION, man("futex(2)", "FUTEX_WAIT_BITSET")],
        since: "5.6",
        needs: &[&need::TIME_NS, &need::PROCFS, &need::INITIAL_TIME_NS, &need::UP_FOR_A_SECOND],
        wrong: "the wait lasts as long as the offset (and is broken off here), or ends at once",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            outer.futex_wait(Clock::CLOCK_MONOTONIC, 20)?;
            lab.note("a clock that is ahead of the outer one, and one that is behind")?;
            for (name, offset) in [("ahead", "monotonic 172800 0"), ("behind", "monotonic -1 0")] {
                outer.unshare(NEWTIME)?;
                outer.echo(offset, OFFSETS)?;
                let inner = outer.fork(name)?;
                inner.clock_gettime(Clock::CLOCK_MONOTONIC)?;
                inner.futex_wait(Clock::CLOCK_MONOTONIC, 20)?;
                inner.futex_wait(Clock::CLOCK_REALTIME, 20)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.timerfd-gettime",
        claim: "The time that a timer descriptor has left is a duration: no offset is added to it, in timerfd_gettime() and in fdinfo.",
        sources: &[DESCRIPTION, man("timerfd_create(2)", "timerfd_gettime()")],
        since: "5.6",
        needs: FROM_INITIAL,
        wrong: "the offset is added to what is left",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            outer.clock_gettime(Clock::CLOCK_BOOTTIME)?;
            outer.unshare(NEWTIME)?;
            outer.echo("monotonic 172800 0\nboottime 604800 0\n", OFFSETS)?;
            let inner = outer.fork("inner")?;
            lab.note("set inside by an absolute time, an hour ahead")?;
            for clock in [Clock::CLOCK_MONOTONIC, Clock::CLOCK_BOOTTIME] {
                inner.clock_gettime(clock)?;
                let fd = inner.timerfd_create(clock)?.id()?;
                inner.timerfd_arm(fd, clock, 3600)?;
                inner.timerfd_gettime(fd)?;
                inner.timerfd_fdinfo(fd)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.timer-survives-setns",
        claim: "A timer that was set to an absolute time before its process joined another time namespace has as long to run as before: only the clock jumps.",
        sources: &[DESCRIPTION],
        since: "5.6",
        needs: FROM_INITIAL,
        wrong: "the timer expires early or late by the offset",
        play: |lab| {
            let process = lab.process("process")?;
            process.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            let long = process.timerfd_create(Clock::CLOCK_MONOTONIC)?.id()?;
            process.timerfd_arm(long, Clock::CLOCK_MONOTONIC, 3600)?;
            process.timerfd_gettime(long)?;
            process.unshare(NEWTIME)?;
            process.echo("monotonic 172800 0", OFFSETS)?;
            let fd = process.open(CHILDREN, O_RDONLY)?.id()?;
            lab.note("two days ahead now")?;
            process.setns(fd, NEWTIME)?;
            process.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            process.timerfd_gettime(long)?;
            process.poll(long, PollEvents::POLLIN)?;
            Ok(())
        },
        ..CASE
    },
];
