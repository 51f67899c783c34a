//! Who may create a time namespace, how many there may be, and which capabilities it does not give.

use super::{CHILDREN, DESCRIPTION, FROM_INITIAL, NEEDS, NS, OFFSETS};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "time.needs-cap",
        claim: "Creating a time namespace takes CAP_SYS_ADMIN; a user namespace created in the same call gives it.",
        sources: &[man("unshare(2)", "CLONE_NEWTIME")],
        since: "5.6",
        starts_as: Credentials::User,
        needs: &[&need::TIME_NS, &need::PROCFS, &need::USER_NS],
        wrong: "an ordinary user without a user namespace gets a time namespace",
        play: |lab| {
            let user = lab.process("user")?;
            user.readlink(CHILDREN)?;
            user.unshare(NEWTIME)?;
            user.readlink(CHILDREN)?;
            user.unshare(NEWUSER | NEWTIME)?;
            user.readlink(CHILDREN)?;
            user.readlink(NS)?;
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
            inner.readlink(CHILDREN)?;
            inner.echo("1", "/proc/sys/user/max_time_namespaces")?;
            inner.unshare(NEWTIME)?;
            inner.readlink(CHILDREN)?;
            inner.unshare(NEWTIME)?;
            inner.readlink(CHILDREN)?;
            lab.note("the limit is that of the inner user namespace alone")?;
            outer.readlink(CHILDREN)?;
            outer.unshare(NEWTIME)?;
            outer.readlink(CHILDREN)?;
            lab.note("the old namespace counts until the new one is there")?;
            inner.echo("2", "/proc/sys/user/max_time_namespaces")?;
            inner.unshare(NEWTIME)?;
            inner.readlink(CHILDREN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.offsets-write-needs-cap-at-open",
        claim: "Who may set offsets is decided by the credentials with which the file was opened: one opened with CAP_SYS_TIME can be written after the capability is gone.",
        sources: &[text("Linux source, kernel/time/namespace.c: no manual page says it")],
        since: "5.6",
        needs: FROM_INITIAL,
        wrong: "the writer's capabilities decide, so that a file opened by somebody else can be misused",
        play: |lab| {
            let process = lab.process("process")?;
            process.unshare(NEWTIME)?;
            let opened = process.open(OFFSETS, OpenFlags::O_WRONLY)?.id()?;
            process.capset_drop(CAP_SYS_TIME)?;
            lab.note("through a file opened afterwards, and through the one opened before")?;
            process.echo("monotonic 100 0", OFFSETS)?;
            process.write(opened, "monotonic 200 0")?;
            process.timens_offsets(OFFSETS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.alarm-clock-needs-host-cap",
        claim: "A timer that wakes the machine takes CAP_WAKE_ALARM in the initial user namespace: the root of another one gets EPERM, with a time namespace of its own too.",
        sources: &[man("timerfd_create(2)", "ERRORS"), man("user_namespaces(7)", "Capabilities")],
        since: "3.11",
        starts_as: Credentials::User,
        needs: NEEDS,
        wrong: "the capabilities of a user namespace suffice, or the clock that wakes nobody is refused too",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER | NEWTIME)?;
            let inner = user.fork("inner")?;
            inner.capget()?;
            inner.timerfd_create(Clock::CLOCK_BOOTTIME_ALARM)?;
            inner.timerfd_create(Clock::CLOCK_REALTIME_ALARM)?;
            let fd = inner.timerfd_create(Clock::CLOCK_BOOTTIME)?.id()?;
            inner.timerfd_arm(fd, Clock::CLOCK_BOOTTIME, 3600)?;
            inner.timerfd_gettime(fd)?;
            user.diff_ns(inner.proc("ns"), "/proc/self/ns")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.clock-settime-in-userns",
        claim: "The root of a user namespace cannot set the real-time clock or its rate (EPERM): a time namespace of its own changes nothing about it.",
        sources: &[man("settimeofday(2)", "ERRORS"), man("adjtimex(2)", "ERRORS"), DESCRIPTION],
        since: "5.6",
        starts_as: Credentials::User,
        needs: NEEDS,
        wrong: "the clock of the machine can be set from inside, or another errno is given",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER | NEWTIME)?;
            let inner = user.fork("inner")?;
            inner.capget()?;
            user.diff_ns(inner.proc("ns"), "/proc/self/ns")?;
            lab.note("neither changes anything where it is allowed: such values do not exist, which is EINVAL then")?;
            inner.settimeofday_zone(10000)?;
            inner.adjtimex_tick(0)?;
            Ok(())
        },
        ..CASE
    },
];
