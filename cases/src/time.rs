//! Time namespaces: offsets of the monotonic and boot-time clocks.
//!
//! The offsets of a time namespace can be set only until the first process enters it: so cases
//! unshare, write the offsets, and only then create the child that reads the clocks. Clock
//! readings are shown relative to the first reading of the same clock in the trace.

use crate::prelude::*;

/// The reader's own time namespace.
const NS: &str = "/proc/self/ns/time";
/// The one that the reader's next children will be in.
const CHILDREN: &str = "/proc/self/ns/time_for_children";
/// The offsets of the latter.
const OFFSETS: &str = "/proc/self/timens_offsets";

/// What all cases need.
const NEEDS: &[need::Need] = &[&need::TIME_NS, &need::PROCFS];
/// What cases need that read offsets, or clocks moved by them: they count from the initial
/// time namespace.
const FROM_INITIAL: &[need::Need] = &[&need::TIME_NS, &need::PROCFS, &need::INITIAL_TIME_NS];

/// The page that documents most of it.
const DESCRIPTION: Source = man("time_namespaces(7)", "DESCRIPTION");
/// The section about the offsets.
const OFFSETS_FILE: Source = man("time_namespaces(7)", "/proc/PID/timens_offsets");
const NOTES: Source = man("time_namespaces(7)", "NOTES");

/// The cases of this module.
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
            process.readlink_ns(CHILDREN)?;
            process.unshare(NEWTIME)?;
            process.readlink_ns(CHILDREN)?;
            let fd = process.open(CHILDREN, O_RDONLY)?.id()?;
            process.ioctl_nstype(fd)?;
            process.setns(fd, NEWUTS)?;
            process.setns(fd, NEWTIME)?;
            process.readlink_ns(NS)?;
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
            caller.readlink_ns(NS)?;
            caller.readlink_ns(CHILDREN)?;
            caller.unshare(NEWTIME)?;
            caller.readlink_ns(NS)?;
            caller.readlink_ns(CHILDREN)?;
            let child = caller.fork("child")?;
            child.readlink_ns(NS)?;
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
            parent.readlink_ns(NS)?;
            let reader = lab.process("reader")?;
            reader.readlink_ns(parent.proc("ns/time_for_children"))?;
            let elder = parent.fork("elder")?;
            elder.readlink_ns(NS)?;
            parent.unshare(NEWTIME)?;
            reader.readlink_ns(parent.proc("ns/time_for_children"))?;
            let younger = parent.fork("younger")?;
            younger.readlink_ns(NS)?;
            parent.unshare(NEWTIME)?;
            reader.readlink_ns(parent.proc("ns/time_for_children"))?;
            let youngest = parent.fork("youngest")?;
            youngest.readlink_ns(NS)?;
            elder.readlink_ns(NS)?;
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
            creator.readlink_ns(NS)?;
            creator.unshare(NEWTIME)?;
            let child = creator.fork("child")?;
            child.readlink_ns(NS)?;
            child.readlink_ns(CHILDREN)?;
            let grandchild = child.fork("grandchild")?;
            grandchild.readlink_ns(NS)?;
            grandchild.readlink_ns(CHILDREN)?;
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
            creator.readlink_ns(NS)?;
            let child = creator.clone3("child", NEWTIME, &[])?;
            child.readlink_ns(NS)?;
            child.readlink_ns(CHILDREN)?;
            creator.readlink_ns(NS)?;
            creator.readlink_ns(CHILDREN)?;
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
            process.readlink_ns(NS)?;
            process.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            process.unshare(NEWTIME)?;
            process.echo("monotonic 500 0", OFFSETS)?;
            process.readlink_ns(NS)?;
            process.execve(PROGRAM)?;
            process.readlink_ns(NS)?;
            process.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            process.echo("monotonic 600 0", OFFSETS)?;
            Ok(())
        },
        ..CASE
    },
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
            outer.cat(OFFSETS)?;
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
            outer.cat(OFFSETS)?;
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
        id: "time.offsets-file-format",
        claim: "The file timens_offsets has a line for each of the two clocks: its name, seconds, nanoseconds; both are zero in the initial time namespace.",
        sources: &[OFFSETS_FILE],
        since: "5.6",
        needs: FROM_INITIAL,
        wrong: "other lines, or an offset in the initial namespace",
        play: |lab| {
            let process = lab.process("process")?;
            process.cat(OFFSETS)?;
            process.unshare(NEWTIME)?;
            process.echo("monotonic 172800 1", OFFSETS)?;
            process.echo("boottime 604800 999999999", OFFSETS)?;
            process.cat(OFFSETS)?;
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
            initial.cat(OFFSETS)?;
            initial.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            initial.clock_gettime(Clock::CLOCK_BOOTTIME)?;
            initial.readlink_ns(CHILDREN)?;
            initial.unshare(NEWTIME)?;
            let inner = initial.fork("inner")?;
            inner.readlink_ns(NS)?;
            inner.cat(OFFSETS)?;
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
            creator.cat(OFFSETS)?;
            let child = creator.fork("child")?;
            child.cat(OFFSETS)?;
            bystander.cat(OFFSETS)?;
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
            process.cat(OFFSETS)?;
            process.echo("boottime 0 -1", OFFSETS)?;
            process.cat(OFFSETS)?;
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
            process.cat(OFFSETS)?;
            process.echo("monotonic 2 0\nboottime 3 0\n", OFFSETS)?;
            process.cat(OFFSETS)?;
            process.echo("boottime 4 0\n", OFFSETS)?;
            process.cat(OFFSETS)?;
            Ok(())
        },
        ..CASE
    },
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
            process.cat(OFFSETS)?;
            process.echo("monotonic 3\n", OFFSETS)?;
            process.echo("monotonic 3 0\nboottime 4\n", OFFSETS)?;
            process.echo("monotonic 3 0\n\n", OFFSETS)?;
            process.cat(OFFSETS)?;
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
            process.cat(OFFSETS)?;
            lab.note("the same when the first process comes by setns")?;
            process.unshare(NEWTIME)?;
            process.echo("monotonic 3 0", OFFSETS)?;
            let fd = process.open(CHILDREN, O_RDONLY)?.id()?;
            process.setns(fd, NEWTIME)?;
            process.echo("monotonic 4 0", OFFSETS)?;
            process.cat(OFFSETS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.offsets-frozen-initial",
        claim: "The offsets of the initial time namespace cannot be set: a write fails with EACCES.",
        sources: &[OFFSETS_FILE],
        since: "5.6",
        ground: Ground::StartedAsRoot,
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
            process.cat(OFFSETS)?;
            process.echo("monotonic 0 999999999", OFFSETS)?;
            process.cat(OFFSETS)?;
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
            process.cat(OFFSETS)?;
            process.echo("monotonic 1 0", OFFSETS)?;
            process.cat(OFFSETS)?;
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
            process.cat(OFFSETS)?;
            process.echo("7 77 0", OFFSETS)?;
            process.cat(OFFSETS)?;
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
            process.cat(OFFSETS)?;
            process.echo("boottime -1 999999999", OFFSETS)?;
            process.cat(OFFSETS)?;
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
            process.cat(OFFSETS)?;
            lab.note("139 years")?;
            process.echo("monotonic 4400000000 0", OFFSETS)?;
            process.echo("boottime 4400000000 0", OFFSETS)?;
            process.cat(OFFSETS)?;
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
            owner.cat(OFFSETS)?;
            owner.echo("monotonic 3 0", OFFSETS)?;
            owner.cat(OFFSETS)?;
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
            child.cat(OFFSETS)?;
            parent.cat(OFFSETS)?;
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
            inner.readlink_ns(CHILDREN)?;
            inner.unshare(NEWTIME)?;
            inner.readlink_ns(CHILDREN)?;
            inner.cat(OFFSETS)?;
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
    Case {
        id: "time.setns-moves-caller",
        claim: "Joining a time namespace moves the caller itself, unlike creating one, and its later children; a descriptor of time_for_children will do.",
        sources: &[DESCRIPTION, man("setns(2)", "DESCRIPTION")],
        since: "5.6",
        needs: FROM_INITIAL,
        wrong: "the caller's clock or links do not change",
        play: |lab| {
            let process = lab.process("process")?;
            process.readlink_ns(NS)?;
            process.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            process.unshare(NEWTIME)?;
            process.echo("monotonic 172800 0", OFFSETS)?;
            process.readlink_ns(NS)?;
            process.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            let fd = process.open(CHILDREN, O_RDONLY)?.id()?;
            process.setns(fd, NEWTIME)?;
            process.readlink_ns(NS)?;
            process.readlink_ns(CHILDREN)?;
            process.clock_gettime(Clock::CLOCK_MONOTONIC)?;
            let child = process.fork("child")?;
            child.readlink_ns(NS)?;
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
            outer.readlink_ns(NS)?;
            outer.clock_gettime(Clock::CLOCK_BOOTTIME)?;
            outer.unshare(NEWTIME)?;
            outer.echo("boottime 604800 0", OFFSETS)?;
            let inner = outer.fork("inner")?;
            inner.clock_gettime(Clock::CLOCK_BOOTTIME)?;
            inner.setns(fd, NEWTIME)?;
            inner.readlink_ns(NS)?;
            inner.readlink_ns(CHILDREN)?;
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
            owner.readlink_ns(CHILDREN)?;
            let fd = owner.open(CHILDREN, O_RDONLY)?.id()?;
            lab.note("another one, so that the children are not in the one they shall join")?;
            owner.unshare(NEWTIME)?;
            let weak = owner.fork("weak")?;
            weak.capset_drop(CAP_SYS_ADMIN)?;
            weak.setns(fd, NEWTIME)?;
            weak.readlink_ns(NS)?;
            lab.note("root of a user namespace of its own, which does not own the time namespace")?;
            let stranger = owner.clone("stranger", NEWUSER)?;
            stranger.setns(fd, NEWTIME)?;
            stranger.readlink_ns(NS)?;
            owner.setns(fd, NEWTIME)?;
            owner.readlink_ns(NS)?;
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
            process.readlink_ns(CHILDREN)?;
            process.setns(fd, NEWTIME)?;
            process.readlink_ns(NS)?;
            process.clone("thread", THREAD)?;
            lab.note("the same call, and it would change nothing")?;
            process.setns(fd, NEWTIME)?;
            process.unshare(NEWTIME)?;
            process.readlink_ns(CHILDREN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.needs-cap",
        claim: "Creating a time namespace takes CAP_SYS_ADMIN; a user namespace created in the same call gives it.",
        sources: &[man("unshare(2)", "CLONE_NEWTIME")],
        since: "5.6",
        ground: Ground::User,
        needs: &[&need::TIME_NS, &need::PROCFS, &need::USER_NS],
        wrong: "an ordinary user without a user namespace gets a time namespace",
        play: |lab| {
            let user = lab.process("user")?;
            user.readlink_ns(CHILDREN)?;
            user.unshare(NEWTIME)?;
            user.readlink_ns(CHILDREN)?;
            user.unshare(NEWUSER | NEWTIME)?;
            user.readlink_ns(CHILDREN)?;
            user.readlink_ns(NS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.limit-enospc",
        claim: "A user namespace limits how many time namespaces may be created in it; one more is refused with ENOSPC.",
        sources: &[man("namespaces(7)", "The /proc/sys/user directory"), man("unshare(2)", "ERRORS")],
        since: "5.7",
        needs: NEEDS,
        wrong: "more namespaces than allowed, or another errno",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWUSER)?;
            inner.readlink_ns(CHILDREN)?;
            inner.echo("1", "/proc/sys/user/max_time_namespaces")?;
            inner.unshare(NEWTIME)?;
            inner.readlink_ns(CHILDREN)?;
            inner.unshare(NEWTIME)?;
            inner.readlink_ns(CHILDREN)?;
            lab.note("the limit is that of the inner user namespace alone")?;
            outer.readlink_ns(CHILDREN)?;
            outer.unshare(NEWTIME)?;
            outer.readlink_ns(CHILDREN)?;
            lab.note("the old namespace counts until the new one is there")?;
            inner.echo("2", "/proc/sys/user/max_time_namespaces")?;
            inner.unshare(NEWTIME)?;
            inner.readlink_ns(CHILDREN)?;
            Ok(())
        },
        ..CASE
    },
];

/// What this module cannot test.
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
