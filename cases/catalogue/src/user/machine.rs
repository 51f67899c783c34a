//! Limits of the root of a user namespace, where no namespace governs a thing: the machine's
//! clock, log, swap and accounting, priorities and limits, devices.
//!
//! Settings of the network live with network namespaces.

use super::USER_AS_ROOT;
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "user.host-only-calls",
        claim: "Calls that govern the whole machine are refused to the root of a user namespace, whatever namespaces it owns.",
        sources: &[man("user_namespaces(7)", "Effect of capabilities within a user namespace")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PLAIN_UID, &need::MACHINE_CALLS],
        wrong: "the root of a user namespace changes the clock, the log, the swap or the accounting of the machine",
        play: |lab| {
            let outer = lab.process("outer")?;
            let user = outer.fork("user")?;
            user.unshare(NEWUSER | NEWNS | NEWUTS | NEWIPC | NEWNET | NEWPID)?;
            outer.diff_ns("/proc/self/ns", user.proc("ns"))?;
            user.map_ids("/proc/self", USER_AS_ROOT, USER_AS_ROOT)?;
            user.geteuid()?;
            user.capget()?;
            user.acct("/tmp/none")?;
            user.swapoff("/tmp/none")?;
            user.syslog_console_level(0)?;
            user.adjtimex_tick(0)?;
            lab.note("the same capabilities count for what a namespace governs")?;
            user.sethostname("inside")?;
            user.gethostname()?;
            user.chroot("/tmp")?;
            user.readdir("/")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.capability-only-over-governed-resources",
        claim: "The root of a user namespace makes no device files, though it has CAP_MKNOD and the directory is its own; the whiteout of overlay file systems, which is no device, it may make.",
        sources: &[
            man("user_namespaces(7)", "Effect of capabilities within a user namespace"),
            man("mknod(2)", "ERRORS"),
        ],
        since: "5.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PLAIN_UID],
        wrong: "a device file gives access to a device of the machine",
        play: |lab| {
            let outer = lab.process("outer")?;
            let user = outer.fork("user")?;
            user.unshare(NEWUSER | NEWNS)?;
            user.map_ids("/proc/self", USER_AS_ROOT, USER_AS_ROOT)?;
            user.mount("", "/tmp", "tmpfs", MountFlags::empty(), "")?;
            user.mknod("/tmp/null", 0o666, 1, 3)?;
            user.mknod("/tmp/whiteout", 0o666, 0, 0)?;
            user.mkfifo("/tmp/fifo", 0o666)?;
            user.readdir("/tmp")?;
            outer.readdir("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.no-global-limits",
        claim: "The root of a user namespace raises neither its priority nor its hard limits, and takes no real-time policy.",
        sources: &[
            man("capabilities(7)", "CAP_SYS_NICE"),
            man("capabilities(7)", "CAP_SYS_RESOURCE"),
            man("user_namespaces(7)", "Effect of capabilities within a user namespace"),
        ],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PLAIN_UID, &need::USUAL_NICE],
        wrong: "a capability in a user namespace gives a bigger share of the machine",
        play: |lab| {
            let user = lab.process("user")?;
            user.setrlimit(Rlimit::RLIMIT_NOFILE, 64, 64)?;
            user.unshare(NEWUSER)?;
            user.map_ids("/proc/self", USER_AS_ROOT, USER_AS_ROOT)?;
            user.geteuid()?;
            user.capget()?;
            user.setpriority(0, -5)?;
            user.sched_setscheduler(0, SchedulingPolicy::SCHED_FIFO)?;
            user.setrlimit(Rlimit::RLIMIT_NOFILE, 64, 65)?;
            user.getrlimit(Rlimit::RLIMIT_NOFILE)?;
            lab.note("less for oneself is free")?;
            user.setpriority(0, 5)?;
            user.getpriority(0)?;
            user.setrlimit(Rlimit::RLIMIT_NOFILE, 32, 63)?;
            user.getrlimit(Rlimit::RLIMIT_NOFILE)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.setpriority-foreign",
        claim: "The root of a user namespace sets the priority of processes whose user it maps and of no others, and takes back none that it has given away.",
        sources: &[man("setpriority(2)", "ERRORS"), man("capabilities(7)", "CAP_SYS_NICE")],
        since: "3.8",
        needs: &[&need::ROOT_USER_NS, &need::PROCFS, &need::MANY_IDS, &need::USUAL_NICE],
        wrong: "CAP_SYS_NICE of a user namespace reaches a process outside",
        play: |lab| {
            let outer = lab.process("outer")?;
            let mapped = outer.fork("mapped")?;
            mapped.setresuid(1002, 1002, 1002)?;
            let foreign = outer.fork("foreign")?;
            foreign.setresuid(1003, 1003, 1003)?;
            let keeper = outer.clone("keeper", NEWUSER)?;
            outer.echo("0 1001 2", keeper.proc("uid_map"))?;
            keeper.setresuid(0, 0, 0)?;
            let member = keeper.fork("member")?;
            member.setresuid(1, 1, 1)?;
            lab.note("a user with an id inside, and two without")?;
            for process in [member, mapped, foreign] {
                keeper.setpriority(process.sealed(), 5)?;
                outer.getpriority(process.sealed())?;
            }
            keeper.setpriority(member, 4)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.oom-score-floor",
        claim: "The root of a user namespace takes back what it added to its own score for being killed, and gets no lower than where it was.",
        sources: &[
            man("proc_pid_oom_score_adj(5)", "DESCRIPTION"),
            man("capabilities(7)", "CAP_SYS_RESOURCE"),
        ],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS, &need::PLAIN_UID],
        wrong: "a capability in a user namespace protects a process from being killed when memory runs out",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER)?;
            user.map_ids("/proc/self", USER_AS_ROOT, USER_AS_ROOT)?;
            user.geteuid()?;
            user.echo("900", "/proc/self/oom_score_adj")?;
            user.words("/proc/self/oom_score_adj")?;
            user.echo("800", "/proc/self/oom_score_adj")?;
            user.words("/proc/self/oom_score_adj")?;
            user.echo("-1000", "/proc/self/oom_score_adj")?;
            user.words("/proc/self/oom_score_adj")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.sysctl-global",
        claim: "Settings of the whole machine belong to root outside and cannot be opened for writing by the root of a user namespace, whatever namespaces it owns.",
        sources: &[
            man("user_namespaces(7)", "Effect of capabilities within a user namespace"),
            man("proc_sys(5)", "DESCRIPTION"),
        ],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PLAIN_UID],
        wrong: "the root of a user namespace changes a setting of the machine",
        play: |lab| {
            let outer = lab.process("outer")?;
            let user = outer.fork("user")?;
            user.unshare(NEWUSER | NEWNS | NEWUTS | NEWIPC | NEWNET)?;
            outer.diff_ns("/proc/self/ns", user.proc("ns"))?;
            user.map_ids("/proc/self", USER_AS_ROOT, USER_AS_ROOT)?;
            user.geteuid()?;
            for path in ["/proc/sys/kernel/panic", "/proc/sys/vm/overcommit_memory", "/proc/sys/fs/file-max"]
            {
                user.stat_owner(path)?;
                user.open(path, OpenFlags::O_WRONLY)?;
            }
            Ok(())
        },
        ..CASE
    },
];

/// The claims of this topic that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[
    Untested {
        id: "user.module-loading",
        claim: "The root of a user namespace loads no kernel module.",
        sources: &[man("user_namespaces(7)", "Effect of capabilities within a user namespace")],
        why: "a wrong kernel would load a module into the machine",
        part: Some("user.host-only-calls"),
    },
    Untested {
        id: "user.rlimit-nproc-per-userns",
        claim: "Where one user outside is in two user namespaces the limit on processes counts in each of them by itself.",
        sources: &[text("kernel, in no manual page")],
        why: "no page promises it, and kernels before 5.14 count otherwise without being wrong",
        part: None,
    },
];
