//! The clocks that an offset moves, and those that it leaves alone.
//!
//! Sleeps and timers live in `timers`, the file of offsets in `offsets`.

use super::{DESCRIPTION, FROM_INITIAL, NOTES, OFFSETS};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "time.monotonic-offset",
        claim: "Inside a time namespace CLOCK_MONOTONIC is ahead by the offset set for it; the boot-time clock has an offset of its own.",
        sources: &[DESCRIPTION],
        since: "5.6",
        needs: FROM_INITIAL,
        wrong: "the clock inside is not ahead by the offset",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            outer.clock_gettime(Clock::CLOCK_BOOTTIME)?;
            outer.unshare(NEWTIME)?;
            outer.echo("monotonic 172800 0", OFFSETS)?;
            let inner = outer.fork("inner")?;
            inner.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            inner.clock_gettime(Clock::CLOCK_BOOTTIME)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.monotonic-raw-coarse",
        claim: "The offset of the monotonic clock also applies to CLOCK_MONOTONIC_RAW and CLOCK_MONOTONIC_COARSE.",
        sources: &[DESCRIPTION],
        since: "5.6",
        needs: FROM_INITIAL,
        wrong: "the clock inside is not ahead by the offset",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.clock_gettime(Clock::CLOCK_MONOTONIC_RAW)?;
            outer.clock_gettime(Clock::CLOCK_MONOTONIC_COARSE)?;
            outer.unshare(NEWTIME)?;
            outer.echo("monotonic 172800 0", OFFSETS)?;
            let inner = outer.fork("inner")?;
            inner.clock_gettime(Clock::CLOCK_MONOTONIC_RAW)?;
            inner.clock_gettime(Clock::CLOCK_MONOTONIC_COARSE)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.boottime-offset",
        claim: "Inside a time namespace CLOCK_BOOTTIME is ahead by the offset set for it, independently of the monotonic clock.",
        sources: &[DESCRIPTION],
        since: "5.6",
        needs: FROM_INITIAL,
        wrong: "the clock inside is not ahead by the offset",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.clock_gettime(Clock::CLOCK_BOOTTIME)?;
            outer.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            outer.unshare(NEWTIME)?;
            outer.echo("boottime 604800 0", OFFSETS)?;
            let inner = outer.fork("inner")?;
            inner.clock_gettime(Clock::CLOCK_BOOTTIME)?;
            inner.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.creator-clocks-unchanged",
        claim: "The offsets of a time namespace do not change the clocks of processes outside, its creator included.",
        sources: &[man("time_namespaces(7)", "EXAMPLES")],
        since: "5.6",
        needs: FROM_INITIAL,
        wrong: "the offset shows outside",
        play: |lab| {
            let creator = lab.process("creator")?;
            creator.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            creator.clock_gettime(Clock::CLOCK_BOOTTIME)?;
            creator.unshare(NEWTIME)?;
            creator.echo("monotonic 172800 0\nboottime 604800 0\n", OFFSETS)?;
            let inner = creator.fork("inner")?;
            inner.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            inner.clock_gettime(Clock::CLOCK_BOOTTIME)?;
            creator.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            creator.clock_gettime(Clock::CLOCK_BOOTTIME)?;
            let outsider = lab.process("outsider")?;
            outsider.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            outsider.clock_gettime(Clock::CLOCK_BOOTTIME)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.realtime-not-virtualized",
        claim: "The clocks of the time of day, CLOCK_REALTIME and CLOCK_TAI, are the same in all time namespaces.",
        sources: &[NOTES],
        since: "5.6",
        needs: FROM_INITIAL,
        wrong: "the time of day differs inside",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.clock_gettime(Clock::CLOCK_REALTIME)?;
            outer.clock_gettime(Clock::CLOCK_TAI)?;
            outer.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            outer.unshare(NEWTIME)?;
            outer.echo("monotonic 172800 0\nboottime 172800 0\n", OFFSETS)?;
            outer.timens_offsets(OFFSETS)?;
            let inner = outer.fork("inner")?;
            inner.clock_gettime(Clock::CLOCK_REALTIME)?;
            inner.clock_gettime(Clock::CLOCK_TAI)?;
            inner.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.cputime-not-virtualized",
        claim: "The clocks that count processor time have no offset.",
        sources: &[DESCRIPTION],
        since: "5.6",
        needs: FROM_INITIAL,
        wrong: "a process in a time namespace has used days of processor time",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            outer.clock_gettime(Clock::CLOCK_PROCESS_CPUTIME_ID)?;
            outer.clock_gettime(Clock::CLOCK_THREAD_CPUTIME_ID)?;
            outer.unshare(NEWTIME)?;
            outer.echo("monotonic 172800 0\nboottime 172800 0\n", OFFSETS)?;
            outer.timens_offsets(OFFSETS)?;
            let inner = outer.fork("inner")?;
            inner.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            inner.clock_gettime(Clock::CLOCK_PROCESS_CPUTIME_ID)?;
            inner.clock_gettime(Clock::CLOCK_THREAD_CPUTIME_ID)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.proc-uptime",
        claim: "/proc/uptime shows the boot-time clock of the reader's time namespace.",
        sources: &[DESCRIPTION],
        since: "5.6",
        needs: FROM_INITIAL,
        wrong: "the file shows the uptime without the offset",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.cat_uptime()?;
            outer.unshare(NEWTIME)?;
            outer.echo("boottime 604800 0", OFFSETS)?;
            let inner = outer.fork("inner")?;
            inner.cat_uptime()?;
            outer.cat_uptime()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.uptime-reader-not-opener",
        claim: "/proc/uptime shows the boot-time clock of the reader's time namespace, also through a descriptor that was opened in another one.",
        sources: &[text("Linux source, fs/proc/uptime.c: no manual page says it")],
        since: "5.6",
        needs: FROM_INITIAL,
        wrong: "the descriptor shows the time namespace in which it was opened",
        play: |lab| {
            let outer = lab.process("outer")?;
            let fd = outer.open("/proc/uptime", O_RDONLY)?.id()?;
            outer.uptime_fd(fd)?;
            outer.unshare(NEWTIME)?;
            outer.echo("boottime 604800 0", OFFSETS)?;
            let inner = outer.fork("inner")?;
            inner.uptime_fd(fd)?;
            outer.uptime_fd(fd)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.proc-stat-btime",
        claim: "btime in /proc/stat, the time of the machine's start, is the earlier in a time namespace the further its boot-time clock is ahead: together with the uptime it gives the same present.",
        sources: &[text("Linux source, fs/proc/stat.c: no manual page says it")],
        since: "5.11",
        needs: FROM_INITIAL,
        wrong: "btime is the same everywhere, though the uptime is not",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.cat_uptime()?;
            outer.cat_btime()?;
            outer.unshare(NEWTIME)?;
            outer.echo("monotonic 172800 0\nboottime 604800 0\n", OFFSETS)?;
            let inner = outer.fork("inner")?;
            inner.cat_uptime()?;
            inner.cat_btime()?;
            outer.cat_btime()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.proc-pid-stat",
        claim: "The start time of a process in /proc/PID/stat is one of the reader's time namespace, whatever namespace the process itself is in.",
        sources: &[text(
            "Linux source, fs/proc/array.c: proc_pid_stat(5) says only that it counts from the boot",
        )],
        since: "5.6",
        needs: FROM_INITIAL,
        wrong: "each reader sees the same number, or the namespace of the process decides",
        play: |lab| {
            let outer = lab.process("outer")?;
            let old = outer.fork("old")?;
            old.unshare(NEWTIME)?;
            old.echo("boottime 604800 0", OFFSETS)?;
            let inner = old.fork("inner")?;
            lab.note("a process outside, by a reader outside and one inside")?;
            outer.cat_starttime(old.proc("stat"))?;
            inner.cat_starttime(old.proc("stat"))?;
            lab.note("back outside, the same number again")?;
            outer.cat_starttime(old.proc("stat"))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.proc-stat-starttime-diff",
        claim: "Two readers see start times of one process that differ by exactly the difference of their boot-time offsets; the monotonic offset does not count.",
        sources: &[text("Linux source, fs/proc/array.c: no manual page says it")],
        since: "5.6",
        needs: FROM_INITIAL,
        wrong: "the monotonic offset is added, or the difference is another one",
        play: |lab| {
            let outer = lab.process("outer")?;
            let first = outer.fork("first")?;
            first.unshare(NEWTIME)?;
            first.echo("monotonic 172800 0", OFFSETS)?;
            let monotonic = first.fork("monotonic")?;
            let second = outer.fork("second")?;
            second.unshare(NEWTIME)?;
            second.echo("boottime 3600 0", OFFSETS)?;
            let boottime = second.fork("boottime")?;
            lab.note("the start time of one process, by three readers")?;
            for reader in [outer, monotonic, boottime] {
                reader.clock_gettime(Clock::CLOCK_MONOTONIC)?;
                reader.cat_starttime(outer.proc("stat"))?;
            }
            Ok(())
        },
        ..CASE
    },
];

/// The claims of this topic that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[
    Untested {
        id: "time.boottime-alarm",
        claim: "The offset of the boot-time clock also applies to CLOCK_BOOTTIME_ALARM.",
        sources: &[DESCRIPTION],
        why: "the clock can be read only on machines with a real-time clock that wakes them",
        part: Some("time.boottime-offset"),
    },
    Untested {
        id: "time.monotonic-not-settable",
        claim: "The monotonic and the boot-time clock cannot be set.",
        sources: &[DESCRIPTION],
        why: "a kernel that does let them be set would set them for the whole machine",
        part: None,
    },
    Untested {
        id: "time.sysinfo",
        claim: "The uptime that sysinfo(2) gives contains the offset of the boot-time clock.",
        sources: &[DESCRIPTION],
        why: "it is cut to whole seconds, so that the difference of two readings is not the same in every run",
        part: Some("time.proc-uptime"),
    },
];
