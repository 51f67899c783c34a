//! Limits on the numbers of a PID namespace and on its processes, and who may set them.
//!
//! How ns_last_pid chooses the next number lives in `numbers`.

use super::{PLAIN, WAIT};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "pid.last-pid-capability",
        claim: "Writing kernel.ns_last_pid takes CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE in the user namespace that owns the PID namespace.",
        sources: &[man("pid_namespaces(7)", "/proc files")],
        since: "5.9",
        starts_as: Credentials::User,
        needs: &[&need::PID_NS, &need::USER_NS, &need::PROCFS, &need::NS_LAST_PID],
        wrong: "an unprivileged process chooses the next number, or the owner's root cannot",
        play: |lab| {
            let user = lab.process("user")?;
            user.echo("400", "/proc/sys/kernel/ns_last_pid")?;
            lab.note("root of a user namespace that does not own the PID namespace, and of one that does")?;
            user.unshare(NEWUSER)?;
            user.echo("400", "/proc/sys/kernel/ns_last_pid")?;
            let init = user.clone("init", NEWPID)?;
            init.echo("400", "/proc/sys/kernel/ns_last_pid")?;
            init.words("/proc/sys/kernel/ns_last_pid")?;
            init.capset_drop(CAP_SYS_ADMIN)?;
            init.echo("500", "/proc/sys/kernel/ns_last_pid")?;
            init.capset_drop(CAP_CHECKPOINT_RESTORE)?;
            init.echo("600", "/proc/sys/kernel/ns_last_pid")?;
            init.words("/proc/sys/kernel/ns_last_pid")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.last-pid-range",
        claim: "kernel.ns_last_pid takes no negative number and none that is no PID.",
        sources: &[
            man("pid_namespaces(7)", "/proc files"),
            man("proc_sys_kernel(5)", "/proc/sys/kernel/pid_max"),
        ],
        since: "3.3",
        needs: &[&need::PID_NS, &need::PROCFS, &need::NS_LAST_PID],
        wrong: "a number outside the range is taken, and the next process fails or gets it",
        play: |lab| {
            lab.show_pids()?;
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            init.echo("-1", "/proc/sys/kernel/ns_last_pid")?;
            init.echo("99999999", "/proc/sys/kernel/ns_last_pid")?;
            init.echo("word", "/proc/sys/kernel/ns_last_pid")?;
            init.words("/proc/sys/kernel/ns_last_pid")?;
            init.fork("member")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.pid-max-per-ns",
        claim: "A PID namespace has a kernel.pid_max of its own, which the root of its owner sets; one beside it and the one around it keep theirs.",
        sources: &[
            text("Documentation/admin-guide/sysctl/kernel.rst"),
            man("pid_namespaces(7)", "DESCRIPTION"),
        ],
        since: "6.14",
        starts_as: Credentials::User,
        needs: &[&need::PID_NS, &need::USER_NS, &need::PROCFS, &need::PLAIN_UID, &need::PID_MAX],
        wrong: "the limit of the whole machine is changed from inside",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER)?;
            let first = user.clone("first", NEWPID)?;
            let second = user.clone("second", NEWPID)?;
            first.echo("1000", "/proc/sys/kernel/pid_max")?;
            second.echo("2000", "/proc/sys/kernel/pid_max")?;
            first.words("/proc/sys/kernel/pid_max")?;
            second.words("/proc/sys/kernel/pid_max")?;
            user.words("/proc/sys/kernel/pid_max")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.pid-max-bounds",
        claim: "The kernel.pid_max of a PID namespace is between 301 and 4194304.",
        sources: &[man("proc_sys_kernel(5)", "/proc/sys/kernel/pid_max")],
        since: "6.14",
        starts_as: Credentials::User,
        needs: &[&need::PID_NS, &need::USER_NS, &need::PROCFS, &need::PLAIN_UID, &need::PID_MAX],
        wrong: "a value outside the range is taken, or one at its ends refused",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER)?;
            let init = user.clone("init", NEWPID)?;
            for limit in ["301", "300"] {
                init.echo(limit, "/proc/sys/kernel/pid_max")?;
                init.words("/proc/sys/kernel/pid_max")?;
            }
            lab.note("the limit outside is another")?;
            user.words("/proc/sys/kernel/pid_max")?;
            for limit in ["4194304", "4194305"] {
                init.echo(limit, "/proc/sys/kernel/pid_max")?;
                init.words("/proc/sys/kernel/pid_max")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.pid-wraps-at-pid-max",
        claim: "kernel.pid_max is one more than the greatest PID; after that one the numbers go on from 300.",
        sources: &[man("proc_sys_kernel(5)", "/proc/sys/kernel/pid_max")],
        since: "6.14",
        starts_as: Credentials::User,
        needs: &[
            &need::PID_NS,
            &need::USER_NS,
            &need::PROCFS,
            &need::PLAIN_UID,
            &need::PID_MAX,
            &need::NS_LAST_PID,
        ],
        wrong: "a process gets the limit itself as its number, or one of the first 300 again",
        play: |lab| {
            lab.show_pids()?;
            let user = lab.process("user")?;
            user.unshare(NEWUSER)?;
            let init = user.clone("init", NEWPID)?;
            init.echo("1000", "/proc/sys/kernel/pid_max")?;
            init.echo("997", "/proc/sys/kernel/ns_last_pid")?;
            init.fork("last-but-one")?;
            init.fork("last")?;
            init.fork("first-again")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.pid-max-outer-binds-inner",
        claim: "The kernel.pid_max of an outer PID namespace bounds the numbers there of processes that are in an inner one, too.",
        sources: &[
            text("Documentation/admin-guide/sysctl/kernel.rst"),
            man("pid_namespaces(7)", "Nesting PID namespaces"),
        ],
        since: "6.14",
        starts_as: Credentials::User,
        needs: &[
            &need::PID_NS,
            &need::USER_NS,
            &need::PROCFS,
            &need::PLAIN_UID,
            &need::PID_MAX,
            &need::SET_TID,
        ],
        wrong: "an inner process gets an outer number beyond the outer limit",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER)?;
            let init = user.clone("init", NEWPID)?;
            init.echo("1000", "/proc/sys/kernel/pid_max")?;
            let inner = init.clone("inner", NEWPID)?;
            lab.note("the inner number may be 2000, the outer one not")?;
            inner.try_clone3("low", PLAIN, &[2000, 900])?;
            inner.try_clone3("high", PLAIN, &[2001, 1000])?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.failed-first-fork",
        claim: "If the first fork into a new PID namespace fails on a limit the namespace is not spoilt: the next one gives its init, with PID 1.",
        sources: &[man("unshare(2)", "CLONE_NEWPID"), man("getrlimit(2)", "RLIMIT_NPROC")],
        since: "4.15",
        needs: &[&need::PID_NS, &need::MANY_USER_IDS],
        wrong: "no process can be created in the namespace any more, or the first gets PID 2",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.unshare(NEWPID)?;
            outer.setresuid(4242, 4242, 4242)?;
            outer.setrlimit(Rlimit::RLIMIT_NPROC, 1, 100)?;
            outer.try_clone("failed", PLAIN)?;
            outer.setrlimit(Rlimit::RLIMIT_NPROC, 100, 100)?;
            let init = outer.fork("init")?;
            init.getpid()?;
            let member = outer.fork("member")?;
            member.getpid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.memfd-noexec-per-ns",
        claim: "vm.memfd_noexec is a setting of each PID namespace, and a new one starts with that of its parent.",
        sources: &[
            text("Documentation/userspace-api/mfd_noexec.rst"),
            text("Documentation/admin-guide/sysctl/vm.rst"),
        ],
        since: "6.3",
        needs: &[&need::PID_NS, &need::PROCFS, &need::MEMFD_NOEXEC],
        wrong: "the setting of one PID namespace is changed in another",
        play: |lab| {
            let outer = lab.process("outer")?;
            let first = outer.clone("first", NEWPID)?;
            let second = outer.clone("second", NEWPID)?;
            first.getpid()?;
            second.getpid()?;
            first.echo("1", "/proc/sys/vm/memfd_noexec")?;
            second.echo("2", "/proc/sys/vm/memfd_noexec")?;
            let below = second.clone("below", NEWPID)?;
            below.getpid()?;
            for process in [first, second, below] {
                process.words("/proc/sys/vm/memfd_noexec")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.init-unreaped-joiner-blocks",
        claim: "An init cannot be waited for until every other process of its namespace has been waited for, those too whose parent is outside.",
        sources: &[man("pid_namespaces(7)", "The namespace init process"), man("wait(2)", "DESCRIPTION")],
        since: "3.8",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "the wait returns while a zombie of the namespace is still there",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            let keeper = outer.fork("keeper")?;
            let target = keeper.open(init.proc("ns/pid"), O_RDONLY)?.id()?;
            keeper.setns(target, NEWPID)?;
            let joiner = keeper.fork("joiner")?;
            outer.kill(init, Signal::SIGKILL)?;
            let waiting = outer.begin().waitpid(init, WAIT)?;
            waiting.blocked()?;
            lab.note("the keeper waits for its child, and frees the other wait")?;
            keeper.waitpid(joiner, WAIT)?;
            waiting.finish()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.unshare-from-dead-einval",
        claim: "A process whose children belong into another PID namespace cannot unshare one more, whether that one has no init yet, a living or a dead one.",
        sources: &[
            man("pid_namespaces(7)", "setns(2) and unshare(2) semantics"),
            man("unshare(2)", "ERRORS"),
        ],
        since: "3.8",
        needs: &[&need::PID_NS],
        wrong: "a second PID namespace is made, or the refusal depends on the init",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.unshare(NEWPID)?;
            outer.unshare(NEWPID)?;
            let init = outer.fork("init")?;
            outer.unshare(NEWPID)?;
            outer.kill(init, Signal::SIGKILL)?;
            outer.waitpid(init, WAIT)?;
            outer.unshare(NEWPID)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.thread-exhaustion-eagain",
        claim: "Where a PID namespace has no number left to give, neither a process nor a thread can be created in it (EAGAIN) until one is given back.",
        sources: &[
            man("fork(2)", "ERRORS"),
            man("clone(2)", "ERRORS"),
            man("proc_sys_kernel(5)", "/proc/sys/kernel/pid_max"),
        ],
        since: "6.14",
        starts_as: Credentials::User,
        needs: &[
            &need::PID_NS,
            &need::USER_NS,
            &need::PROCFS,
            &need::PLAIN_UID,
            &need::PID_MAX,
            &need::NS_LAST_PID,
        ],
        wrong: "a number of the first 300 is given again, another error tells of it, or the namespace stays full",
        play: |lab| {
            lab.show_pids()?;
            let user = lab.process("user")?;
            user.unshare(NEWUSER)?;
            let init = user.clone("init", NEWPID)?;
            init.echo("301", "/proc/sys/kernel/pid_max")?;
            init.echo("299", "/proc/sys/kernel/ns_last_pid")?;
            let last = init.fork("last")?;
            lab.note("above 299 there is no other, and those below are not given twice")?;
            init.try_clone("refused", PLAIN)?;
            init.try_clone("refused", THREAD)?;
            lab.note("outside there are more, and inside again when the last one has gone")?;
            user.fork("outside")?;
            last.exit(0)?;
            init.waitpid(last, WAIT)?;
            init.fork("again")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.pid-max-owner-writes",
        claim: "Who makes a user namespace and a PID namespace in it, without any privilege outside, sets kernel.pid_max and kernel.ns_last_pid for the processes in it and for nobody else.",
        sources: &[
            text("Documentation/admin-guide/sysctl/kernel.rst"),
            man("pid_namespaces(7)", "/proc files"),
        ],
        since: "6.14",
        starts_as: Credentials::User,
        needs: &[
            &need::PID_NS,
            &need::USER_NS,
            &need::PROCFS,
            &need::PLAIN_UID,
            &need::PID_MAX,
            &need::NS_LAST_PID,
        ],
        wrong: "the owner's root is refused one of the two, or changes the numbers of the namespace around its own",
        play: |lab| {
            lab.show_pids()?;
            let user = lab.process("user")?;
            user.words("/proc/sys/kernel/pid_max")?;
            user.unshare(NEWUSER)?;
            user.map_ids("/proc/self", "0 1000 1", "0 1000 1")?;
            let init = user.clone("init", NEWPID)?;
            init.stat_owner("/proc/sys/kernel/pid_max")?;
            init.echo("1000", "/proc/sys/kernel/pid_max")?;
            init.echo("500", "/proc/sys/kernel/ns_last_pid")?;
            init.words("/proc/sys/kernel/pid_max")?;
            init.fork("inside")?;
            lab.note("outside")?;
            user.words("/proc/sys/kernel/pid_max")?;
            user.fork("outside")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.memfd-noexec-inherited",
        claim: "The vm.memfd_noexec of a PID namespace is at least that of the namespaces above it, whenever it was set there.",
        sources: &[text("Documentation/userspace-api/mfd_noexec.rst")],
        since: "6.6",
        needs: &[&need::PID_NS, &need::PROCFS, &need::MEMFD_NOEXEC],
        wrong: "a namespace made before is left out, or one below escapes the setting",
        play: |lab| {
            let outer = lab.process("outer")?;
            let above = outer.clone("above", NEWPID)?;
            above.getpid()?;
            above.echo("1", "/proc/sys/vm/memfd_noexec")?;
            let below = above.clone("below", NEWPID)?;
            below.getpid()?;
            below.words("/proc/sys/vm/memfd_noexec")?;
            lab.note("raised above, after it was made; then lowered below, as far as it goes")?;
            above.echo("2", "/proc/sys/vm/memfd_noexec")?;
            below.words("/proc/sys/vm/memfd_noexec")?;
            below.echo("0", "/proc/sys/vm/memfd_noexec")?;
            below.words("/proc/sys/vm/memfd_noexec")?;
            above.words("/proc/sys/vm/memfd_noexec")?;
            Ok(())
        },
        ..CASE
    },
];

/// The claims of this topic that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[Untested {
    id: "pid.core-pattern-specifiers",
    claim: "%P and %I of kernel.core_pattern stand for numbers of the initial PID namespace, %p and %i for those of the process's own.",
    sources: &[
        text("Documentation/admin-guide/sysctl/kernel.rst"),
        man("core(5)", "Naming of core dump files"),
    ],
    why: "the setting is one of the whole machine, and a core dump program would run outside the sealed place",
    part: None,
}];
