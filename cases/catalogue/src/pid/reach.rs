//! How far a process reaches: upwards not at all, downwards by the numbers that it knows, and never
//! to a later process by an old descriptor.
//!
//! PIDs that other interfaces carry live in `carried`.

use super::{PROBE, PROC_FLAGS, WAIT, own_proc};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "pid.parent-can-operate-on-child",
        claim: "A process of an ancestor namespace operates on the members of a PID namespace by the numbers that it knows them by.",
        sources: &[man("pid_namespaces(7)", "Nesting PID namespaces")],
        since: "2.6.24",
        needs: &[&need::PID_NS, &need::USUAL_NICE],
        wrong: "a call from outside misses the member, or reaches another process",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            outer.setpriority(init, 5)?;
            outer.sched_setscheduler(init, SchedulingPolicy::SCHED_BATCH)?;
            lab.note("the member sees it")?;
            init.getpriority(0)?;
            init.sched_getscheduler(0)?;
            outer.getpriority(0)?;
            lab.note("and as its parent it stops and continues it")?;
            outer.kill(init, Signal::SIGSTOP)?;
            outer.waitpid(init, WaitOptions::WUNTRACED)?;
            outer.kill(init, Signal::SIGCONT)?;
            outer.waitpid(init, WaitOptions::WCONTINUED)?;
            init.getpid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.parent-outside-scope",
        claim: "Nobody gets the parent of its own PID namespace, which is outside its reach; from that parent it can be had.",
        sources: &[man("NS_GET_PARENT(2const)", "ERRORS")],
        since: "4.9",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "a process gets a descriptor of a PID namespace above its own",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            let inner = init.clone("inner", NEWPID)?;
            outer.readlink(outer.proc("ns/pid"))?;
            outer.readlink(init.proc("ns/pid"))?;
            lab.note("from two levels up, from one, from within")?;
            for process in [outer, init] {
                let file = process.open(inner.proc("ns/pid"), O_RDONLY)?.id()?;
                let parent = process.ioctl_parent(file)?.id()?;
                process.fstat_ns(parent)?;
            }
            let own = inner.open(inner.proc("ns/pid"), O_RDONLY)?.id()?;
            inner.ioctl_parent(own)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.recycled-number-pidfd",
        claim: "A pidfd stands for one process and never for a later one that gets the same number.",
        sources: &[man("pidfd_open(2)", "DESCRIPTION"), man("pidfd_send_signal(2)", "DESCRIPTION")],
        since: "5.3",
        needs: &[&need::PID_NS, &need::PROCFS, &need::NS_LAST_PID],
        wrong: "a signal by the descriptor hits the later process",
        play: |lab| {
            lab.show_pids()?;
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            init.getpid()?;
            init.echo("41", "/proc/sys/kernel/ns_last_pid")?;
            let first = init.fork("first")?;
            let pidfd = init.pidfd_open(first, 0)?.id()?;
            first.exit(0)?;
            init.waitpid(first, WAIT)?;
            lab.note("the number is given out again")?;
            init.echo("41", "/proc/sys/kernel/ns_last_pid")?;
            let second = init.fork("second")?;
            init.pidfd_send_signal(pidfd, Signal::SIGKILL)?;
            second.getpid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.pidfd-setns-outer-nonpid",
        claim: "With a pidfd of an outer process a member joins its namespaces of other kinds, but not its PID namespace, which is no descendant.",
        sources: &[
            man("setns(2)", "PID namespaces"),
            man("pid_namespaces(7)", "setns(2) and unshare(2) semantics"),
        ],
        since: "5.8",
        needs: &[&need::PID_NS, &need::UTS_NS, &need::PIDFD_SETNS],
        wrong: "the children of a member get out of its PID namespace",
        play: |lab| {
            let outer = lab.process("outer")?;
            let pidfd = outer.pidfd_open(outer.sealed(), 0)?.id()?;
            let init = outer.clone("init", NEWPID | NEWUTS)?;
            init.sethostname("inside")?;
            init.gethostname()?;
            init.setns(pidfd, NEWPID)?;
            init.setns(pidfd, NEWUTS)?;
            init.gethostname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.gettid-inside",
        claim: "Threads are numbered with the processes of their PID namespace: the first one of init is 1, the next gets a number of its own.",
        sources: &[man("gettid(2)", "DESCRIPTION"), man("pid_namespaces(7)", "The namespace init process")],
        since: "2.6.24",
        needs: &[&need::PID_NS],
        wrong: "a thread has a number from outside, or that of its process",
        play: |lab| {
            lab.show_pids()?;
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            init.gettid()?;
            let thread =
                init.clone("thread", Flags::CLONE_THREAD | Flags::CLONE_SIGHAND | Flags::CLONE_VM)?;
            thread.gettid()?;
            thread.getpid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.sig-self",
        claim: "An init cannot end itself by a signal: one without a handler is dropped, one with a handler runs it.",
        sources: &[man("pid_namespaces(7)", "The namespace init process"), man("kill(2)", "NOTES")],
        since: "2.6.24",
        needs: &[&need::PID_NS],
        wrong: "the init dies of a signal that it sends to itself",
        accepted: &[
            Accepted { mutant: "kill(1, SIGKILL)", why: super::NO_EFFECT },
            Accepted { mutant: "kill(1, SIGTERM)", why: super::NO_EFFECT },
        ],
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            init.kill(1, Signal::SIGKILL)?;
            init.kill(1, Signal::SIGTERM)?;
            init.sigaction(Signal::SIGUSR1, Disposition::HANDLER)?;
            init.kill(1, Signal::SIGUSR1)?;
            init.caught()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.proc-uid-of-unreadable-exec",
        claim: "A process of a user namespace that executes a program it may not read is closed to the root of that namespace: it cannot be traced, and its files in /proc belong to root outside.",
        sources: &[
            man("ptrace(2)", "Ptrace access mode checking"),
            man("proc_pid(5)", "DESCRIPTION"),
            man("execve(2)", "NOTES"),
        ],
        since: "4.10",
        needs: &[&need::ROOT_USER_NS, &need::PROCFS, &need::PROGRAM, &need::MANY_IDS],
        wrong: "the root of a user namespace reads a program by tracing a process that executes it",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.mount("", "/tmp", "tmpfs", MountFlags::empty(), "size=200m,mode=755")?;
            outer.copy(PROGRAM, "/tmp/readable")?;
            outer.copy(PROGRAM, "/tmp/secret")?;
            outer.chmod("/tmp/secret", 0o711)?;
            let keeper = clone_mapped(outer, "keeper", NEWUSER, "0 1001 1")?;
            keeper.setgroups([])?;
            become_root(keeper)?;
            lab.note("one executes what it may read, one what it may not")?;
            let open = keeper.fork("open")?;
            let closed = keeper.fork("closed")?;
            open.execve("/tmp/readable")?;
            closed.execve("/tmp/secret")?;
            for process in [open, closed] {
                keeper.ptrace_seize(process.sealed())?;
                keeper.stat_owner(process.proc("status"))?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.proc-pidns-option",
        claim: "The mount option pidns chooses the PID namespace that a procfs shows; once mounted it cannot be changed, not even to the same.",
        sources: &[text("Documentation/filesystems/proc.rst")],
        since: "6.18",
        needs: &[&need::PID_NS, &need::PROCFS, &need::PROC_PIDNS],
        wrong: "the procfs shows the mounter's PID namespace, or another one after a remount",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            outer.creat_excl("/tmp/ns")?;
            outer.mount(init.proc("ns/pid"), "/tmp/ns", "", MountFlags::MS_BIND, "")?;
            own_proc(outer, "/tmp/proc", "pidns=/tmp/ns")?;
            outer.readdir_numeric("/tmp/proc")?;
            outer.mount("", "/tmp/proc", "", MountFlags::MS_REMOUNT, "pidns=/tmp/ns")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.proc-pidns-details",
        claim: "The option pidns takes the file of a PID namespace that is one's own or below: not of another kind, not a missing one, not one above.",
        sources: &[text("Documentation/filesystems/proc.rst")],
        since: "6.18",
        needs: &[&need::PID_NS, &need::PROCFS, &need::PROC_PIDNS],
        wrong: "a member mounts a procfs of a PID namespace above its own",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            init.mkdir("/tmp/proc", 0o755)?;
            init.creat_excl("/tmp/above")?;
            init.mount(outer.proc("ns/pid"), "/tmp/above", "", MountFlags::MS_BIND, "")?;
            let above = init.open("/tmp/above", O_RDONLY)?.id()?;
            init.ioctl_nstype(above)?;
            for data in
                ["pidns=/proc/self/ns/uts", "pidns=/tmp/none", "pidns=/tmp/above", "pidns=/proc/self/ns/pid"]
            {
                init.mount("proc", "/tmp/proc", "proc", PROC_FLAGS, data)?;
            }
            init.readdir_numeric("/tmp/proc")?;
            init.kill(1, PROBE)?;
            Ok(())
        },
        ..CASE
    },
];
