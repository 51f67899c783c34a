//! The first process of a PID namespace: how it becomes init, and the end of the namespace with it.
//!
//! Signals to init live in `signals`, its orphans in `orphans`, set_tid in `numbers`.

use super::{PLAIN, PROBE, WAIT};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "pid.own-init",
        claim: "The first process of a PID namespace is its init: it has PID 1 there, keeps it across execve, and its namespace numbers on from it.",
        sources: &[SEED, man("pid_namespaces(7)", "The namespace init process")],
        since: "2.6.24",
        needs: &[&need::PID_NS, &need::PROCFS, &need::PROGRAM],
        wrong: "the first process has another PID than 1, or loses it by execve",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            init.getpid()?;
            init.gettid()?;
            init.execve(PROGRAM)?;
            init.field("/proc/self/status", "Name")?;
            init.getpid()?;
            init.fork("second")?.getpid()?;
            init.fork("third")?.getpid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.first-child-is-init",
        claim: "After unshare(CLONE_NEWPID) the caller stays where it is; its first child is init of the new PID namespace, its later children are further members.",
        sources: &[
            man("pid_namespaces(7)", "setns(2) and unshare(2) semantics"),
            man("unshare(2)", "DESCRIPTION"),
        ],
        since: "3.8",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "the caller's PID changes, or the first child is not PID 1",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.readlink("/proc/self/ns/pid")?;
            outer.getpid()?;
            lab.note("the caller stays")?;
            outer.unshare(NEWPID)?;
            outer.readlink("/proc/self/ns/pid")?;
            outer.getpid()?;
            lab.note("its children do not")?;
            let first = outer.fork("first")?;
            let second = outer.fork("second")?;
            first.getpid()?;
            second.getppid()?;
            outer.readlink(first.proc("ns/pid"))?;
            outer.readlink(second.proc("ns/pid"))?;
            outer.readlink("/proc/self/ns/pid_for_children")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.unshare-exec-keeps-setting",
        claim: "That the next child shall be init of a new PID namespace outlives execve.",
        sources: &[
            man("pid_namespaces(7)", "setns(2) and unshare(2) semantics"),
            man("unshare(1)", "OPTIONS"),
        ],
        since: "3.8",
        needs: &[&need::PID_NS, &need::PROCFS, &need::PROGRAM],
        wrong: "the new program's first child is not PID 1",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.unshare(NEWPID)?;
            outer.execve(PROGRAM)?;
            outer.field("/proc/self/status", "Name")?;
            let first = outer.fork("first")?;
            first.getpid()?;
            first.getppid()?;
            outer.getpid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.init-death-kills-all",
        claim: "When init of a PID namespace ends, the kernel kills every other member, whatever signals they withstand, and init cannot be waited for before they are gone.",
        sources: &[man("pid_namespaces(7)", "The namespace init process")],
        since: "2.6.24",
        needs: &[&need::PID_NS],
        wrong: "a member outlives init",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            let member = init.fork("member")?;
            let grandchild = member.fork("grandchild")?;
            member.sigaction(Signal::SIGTERM, Disposition::HANDLER)?;
            outer.kill(member.sealed(), Signal::SIGTERM)?;
            member.caught()?;
            outer.kill(grandchild.sealed(), PROBE)?;
            init.exit(5)?;
            outer.waitpid(init, WAIT)?;
            outer.kill(member.sealed(), PROBE)?;
            outer.kill(grandchild.sealed(), PROBE)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.joined-members-die-too",
        claim: "A process that was put into a PID namespace from outside, by setns and fork, is killed with the others when init ends.",
        sources: &[man("pid_namespaces(7)", "The namespace init process")],
        since: "3.8",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "the joined process is not killed by SIGKILL",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            let stranger = outer.fork("stranger")?;
            let namespace = outer.open(init.proc("ns/pid"), O_RDONLY)?.id()?;
            outer.setns(namespace, NEWPID)?;
            let joined = outer.fork("joined")?;
            for process in [init, joined] {
                outer.readlink(process.proc("ns/pid"))?;
            }
            init.exit(0)?;
            lab.note("init stays unreaped until its members are reaped, so the joined one comes first")?;
            outer.waitpid(joined, WAIT)?;
            outer.waitpid(init, WAIT)?;
            stranger.getpid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.fork-enomem-after-init",
        claim: "No process can be created in a PID namespace whose init has ended: fork gives ENOMEM to who unshared it, and to who joins it by a descriptor.",
        sources: &[man("pid_namespaces(7)", "The namespace init process"), man("fork(2)", "ERRORS")],
        since: "3.8",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "fork into the dead namespace succeeds or fails with another errno, or setns to it fails",
        play: |lab| {
            let outer = lab.process("outer")?;
            let joiner = lab.process("joiner")?;
            outer.unshare(NEWPID)?;
            let init = outer.fork("init")?;
            let namespace = joiner.open(init.proc("ns/pid"), O_RDONLY)?.id()?;
            let second = outer.fork("second")?;
            let elsewhere = joiner.fork("elsewhere")?;
            for process in [init, second, elsewhere] {
                joiner.readlink(process.proc("ns/pid"))?;
            }
            lab.note("init ends, and its member with it")?;
            init.exit(0)?;
            outer.waitpid(-1, WAIT)?;
            outer.waitpid(-1, WAIT)?;
            outer.try_clone("third", PLAIN)?;
            joiner.setns(namespace, NEWPID)?;
            joiner.try_clone("inside", PLAIN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.recover-by-setns-own",
        claim: "A process that cannot create children any more, since they belong into a dead PID namespace, can by setns choose its own PID namespace for them again.",
        sources: &[text("kernel behaviour: kernel/nsproxy.c"), man("setns(2)", "PID namespaces")],
        since: "3.8",
        needs: &[&need::PID_NS, &need::PROCFS, &need::SET_TID],
        wrong: "setns back fails, or fork still does",
        play: |lab| {
            let process = lab.process("process")?;
            process.unshare(NEWPID)?;
            let init = process.fork("init")?;
            init.getpid()?;
            init.exit(0)?;
            process.waitpid(init, WAIT)?;
            process.try_clone("refused", PLAIN)?;
            let own = process.open("/proc/self/ns/pid", O_RDONLY)?.id()?;
            process.setns(own, NEWPID)?;
            lab.note("a chosen number, since whether the failed call used one up is nobody's promise")?;
            let child = process.clone3("child", PLAIN, &[77])?;
            child.getpid()?;
            process.field(child.proc("status"), "PPid")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.init-last-thread",
        claim: "An init of several threads lives until the last of them ends; the end of its first thread does not end the PID namespace.",
        sources: &[
            text("kernel behaviour: kernel/exit.c"),
            man("pid_namespaces(7)", "The namespace init process"),
        ],
        needs: &[&need::PID_NS],
        wrong: "the namespace ends with the first thread, or outlives the last",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            let thread = init.clone("thread", THREAD)?;
            init.exit_thread(6)?;
            outer.waitpid(init, WaitOptions::WNOHANG)?;
            thread.gettid()?;
            thread.getpid()?;
            let member = thread.fork("member")?;
            member.getpid()?;
            member.getppid()?;
            lab.note("the same status as before: kernels differ in which thread's one they tell")?;
            thread.exit_thread(6)?;
            outer.waitpid(init, WAIT)?;
            outer.kill(member.sealed(), PROBE)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.exec-keeps-pid1",
        claim: "When a further thread of an init executes a program, that program is init: it has PID 1, and the namespace lives on.",
        sources: &[
            man("execve(2)", "Effect on process attributes"),
            man("pid_namespaces(7)", "The namespace init process"),
        ],
        since: "2.6.24",
        needs: &[&need::PID_NS, &need::PROCFS, &need::PROGRAM],
        wrong: "the namespace ends with the first thread of its init, or the program has the number of the thread",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            let member = init.fork("member")?;
            let thread = init.clone("thread", THREAD)?;
            thread.getpid()?;
            thread.execve(PROGRAM)?;
            outer.field(init.proc("status"), "Threads")?;
            thread.getpid()?;
            thread.gettid()?;
            member.getppid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.init-may-setsid",
        claim: "An init leads no process group when it begins, so it may begin a session: its number is then 1. Who leads a group, as the init does from then on, may not.",
        sources: &[man("setsid(2)", "ERRORS"), man("pid_namespaces(7)", "The namespace init process")],
        since: "2.6.24",
        needs: &[&need::PID_NS],
        wrong: "init is refused as if it led the group 1 from the start, or may begin sessions as it likes",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            init.getpgid(0)?;
            init.setsid()?;
            init.getpgid(0)?;
            init.setsid()?;
            lab.note("an init that leads a group, and members that do and do not")?;
            let other = outer.clone("other", NEWPID)?;
            other.getpid()?;
            other.setpgid(0, 0)?;
            other.setsid()?;
            let leader = init.fork("leader")?;
            leader.setpgid(0, 0)?;
            leader.setsid()?;
            let member = init.fork("member")?;
            member.setsid()?;
            member.getsid(0)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.setns-to-dead-ok",
        claim: "A PID namespace whose init has ended is still there while a mount holds it, and can be joined, though nobody can be created in it.",
        sources: &[
            man("namespaces(7)", "Namespace lifetime"),
            text("LWN 532748, Namespaces in operation, part 4"),
        ],
        since: "3.8",
        needs: &[&need::PID_NS, &need::PROCFS, &need::MNT_NS],
        wrong: "the file of the dead namespace cannot be opened or joined",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            outer.creat_excl("/tmp/ns")?;
            outer.mount(init.proc("ns/pid"), "/tmp/ns", "", MountFlags::MS_BIND, "")?;
            outer.readlink(init.proc("ns/pid"))?;
            init.exit(0)?;
            outer.waitpid(init, WAIT)?;
            lab.note("dead, and joined")?;
            let namespace = outer.open("/tmp/ns", O_RDONLY)?.id()?;
            outer.setns(namespace, NEWPID)?;
            outer.readlink("/proc/self/ns/pid_for_children")?;
            outer.try_clone("refused", PLAIN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.init-via-setns",
        claim: "A PID namespace that was unshared can be joined before it has an init: the first child of whoever joined is then PID 1, and the children of the one that unshared it are further members.",
        sources: &[
            text("kernel behaviour: kernel/pid_namespace.c"),
            man("pid_namespaces(7)", "setns(2) and unshare(2) semantics"),
        ],
        since: "7.1",
        needs: &[&need::PID_NS, &need::PROCFS, &need::PIDNS_WITHOUT_INIT],
        wrong: "the first process of the namespace is not its init, or there are two",
        play: |lab| {
            let outer = lab.process("outer")?;
            let unsharer = outer.fork("unsharer")?;
            let joiner = outer.fork("joiner")?;
            unsharer.unshare(NEWPID)?;
            let file = joiner.open(unsharer.proc("ns/pid_for_children"), O_RDONLY)?.id()?;
            joiner.setns(file, NEWPID)?;
            lab.note("the joiner's child is first")?;
            let init = joiner.fork("init")?;
            let member = unsharer.fork("member")?;
            init.getpid()?;
            member.kill(1, PROBE)?;
            outer.readlink(init.proc("ns/pid"))?;
            outer.readlink(member.proc("ns/pid"))?;
            outer.field(member.proc("status"), "NSpid")?;
            lab.note("the member ends with its init")?;
            init.exit(0)?;
            unsharer.waitpid(member, WAIT)?;
            joiner.waitpid(init, WAIT)?;
            unsharer.try_clone("refused", PLAIN)?;
            Ok(())
        },
        ..CASE
    },
];
