//! PID namespaces: numbers, init, signals, orphans.

use crate::prelude::*;

/// What an empty set of clone flags is called in a script: a plain child.
const PLAIN: Flags = Flags::empty();

/// waitpid(2) without options.
const WAIT: WaitOptions = WaitOptions::empty();

/// How procfs is mounted everywhere.
const PROC_FLAGS: MountFlags = MountFlags::MS_NOSUID.union(MountFlags::MS_NODEV).union(MountFlags::MS_NOEXEC);

/// Signal 0 of kill(2): only asks whether a signal could be sent.
const PROBE: Signal = Signal(0);

/// What there is to say for a signal that shall have no effect.
const NO_EFFECT: &str = "the claim is that this signal does nothing, so there is nothing to see of it";

/// The cases of this module.
pub const CASES: &[Case] = &[
    // Numbers and visibility.
    Case {
        id: "pid.isolates-number-space",
        claim: "PID namespaces isolate the numbers of processes: two processes in different PID namespaces can have the same PID.",
        sources: &[SEED, man("pid_namespaces(7)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "the two first processes have different PIDs, or one PID namespace",
        play: |lab| {
            let outer = lab.process("outer")?;
            let one = outer.clone("one", NEWPID)?;
            let other = outer.clone("other", NEWPID)?;
            one.getpid()?;
            other.getpid()?;
            outer.getpid()?;
            outer.readlink_ns(one.proc("ns/pid"))?;
            outer.readlink_ns(other.proc("ns/pid"))?;
            outer.readlink_ns("/proc/self/ns/pid")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.two-pids",
        claim: "A process in a child PID namespace has two PIDs for its parent's namespace: the one it calls its own, and the one the parent got from clone.",
        sources: &[SEED, text("LWN 531419, Namespaces in operation, part 3")],
        since: "2.6.24",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "NSpid lists one number, or the process calls itself by the parent's number",
        play: |lab| {
            let outer = lab.process("outer")?;
            let sibling = outer.fork("sibling")?;
            let inner = outer.clone("inner", NEWPID)?;
            inner.getpid()?;
            outer.field(inner.proc("status"), "NSpid")?;
            outer.field(sibling.proc("status"), "NSpid")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.one-pid-per-level",
        claim: "A process has one PID in every PID namespace from its own up to the root; a procfs lists those at and below its own level.",
        sources: &[
            SEED,
            man("pid_namespaces(7)", "Nesting PID namespaces"),
            man("proc_pid_status(5)", "NSpid"),
        ],
        since: "2.6.24",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "NSpid misses a level or gives the numbers in another order",
        play: |lab| {
            let outer = lab.process("outer")?;
            let first = outer.clone("first", NEWPID)?;
            let helper = first.fork("helper")?;
            let second = helper.clone("second", NEWPID)?;
            let third = second.clone("third", NEWPID)?;
            outer.field(first.proc("status"), "NSpid")?;
            outer.field(helper.proc("status"), "NSpid")?;
            outer.field(second.proc("status"), "NSpid")?;
            outer.field(third.proc("status"), "NSpid")?;
            lab.note("each knows itself by the last of its numbers")?;
            helper.getpid()?;
            third.getpid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.nestable",
        claim: "PID namespaces nest: a process of one can create another, whose parent is the creator's namespace.",
        sources: &[SEED, man("pid_namespaces(7)", "Nesting PID namespaces")],
        since: "2.6.24",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "the grandchild is not PID 1, or its namespace has another parent than its creator's",
        play: |lab| {
            let outer = lab.process("outer")?;
            let child = outer.clone("child", NEWPID)?;
            let grandchild = child.clone("grandchild", NEWPID)?;
            child.getpid()?;
            grandchild.getpid()?;
            outer.readlink_ns(child.proc("ns/pid"))?;
            outer.readlink_ns(grandchild.proc("ns/pid"))?;
            let namespace = outer.open(grandchild.proc("ns/pid"), O_RDONLY)?.id()?;
            let parent = outer.ioctl_parent(namespace)?.id()?;
            outer.fstat_ns(parent)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.sees-own-and-descendants",
        claim: "A process can reach by PID the processes of its own and of descendant PID namespaces, and no others.",
        sources: &[SEED, man("pid_namespaces(7)", "Nesting PID namespaces")],
        since: "2.6.24",
        needs: &[&need::PID_NS],
        wrong: "the inner process reaches one outside, or the outer one misses one inside",
        play: |lab| {
            let outer = lab.process("outer")?;
            let stranger = outer.fork("stranger")?;
            let inner = outer.clone("inner", NEWPID)?;
            let nested = inner.clone("nested", NEWPID)?;
            outer.kill(inner, PROBE)?;
            outer.kill(nested.sealed(), PROBE)?;
            inner.kill(nested, PROBE)?;
            lab.note("the number of a process outside means nothing inside")?;
            outer.kill(stranger, PROBE)?;
            inner.kill(stranger, PROBE)?;
            nested.kill(2, PROBE)?;
            nested.kill(1, PROBE)?;
            Ok(())
        },
        ..CASE
    },
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
        id: "pid.same-pids-after-migration",
        claim: "Since the numbers of a PID namespace are its own, its processes can be given the same PIDs again elsewhere, whatever numbers they have outside.",
        sources: &[SEED, man("pid_namespaces(7)", "DESCRIPTION"), man("clone(2)", "The set_tid array")],
        needs: &[&need::PID_NS, &need::PROCFS, &need::SET_TID],
        wrong: "a chosen PID is refused in the second namespace although it is free there",
        play: |lab| {
            let outer = lab.process("outer")?;
            let before = outer.clone3("before", NEWPID, &[1])?;
            let worker = before.clone3("worker", PLAIN, &[500])?;
            let after = outer.clone3("after", NEWPID, &[1])?;
            let same = after.clone3("same", PLAIN, &[500])?;
            worker.getpid()?;
            same.getpid()?;
            outer.field(worker.proc("status"), "NSpid")?;
            outer.field(same.proc("status"), "NSpid")?;
            lab.note("within one namespace a PID is given only once")?;
            after.try_clone3("twice", PLAIN, &[500])?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.container-looks-alone",
        claim: "With a procfs of its own a PID namespace shows its members nobody else on the system.",
        sources: &[SEED, man("pid_namespaces(7)", "/proc and PID namespaces")],
        since: "3.8",
        needs: &[&need::PID_NS, &need::MNT_NS, &need::PROCFS],
        wrong: "the new procfs lists a process from outside, or the one outside changes",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID | NEWNS)?;
            init.readdir_numeric("/proc")?;
            init.mount("proc", "/proc", "proc", PROC_FLAGS, "")?;
            init.readdir_numeric("/proc")?;
            let member = init.fork("member")?;
            member.readdir_numeric("/proc")?;
            outer.readdir_numeric("/proc")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.getppid-zero-outside-parent",
        claim: "getppid gives 0 to a process whose parent is in another PID namespace: to init, and to one that was put into the namespace by setns.",
        sources: &[man("pid_namespaces(7)", "Nesting PID namespaces"), man("getpid(2)", "NOTES")],
        since: "2.6.24",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "getppid gives a number of the outer namespace",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            let member = init.fork("member")?;
            let namespace = outer.open(init.proc("ns/pid"), O_RDONLY)?.id()?;
            outer.setns(namespace, NEWPID)?;
            let joined = outer.fork("joined")?;
            init.getppid()?;
            joined.getppid()?;
            lab.note("with the parent in the same namespace it is the parent's number")?;
            member.getppid()?;
            outer.field(joined.proc("status"), "PPid")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.syscalls-use-callers-ns",
        claim: "Calls that take or return a PID mean it in the PID namespace of their caller.",
        sources: &[man("pid_namespaces(7)", "Nesting PID namespaces")],
        needs: &[&need::PID_NS],
        wrong: "a call inside accepts an outer number, or returns one",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWPID)?;
            inner.setsid()?;
            outer.getpgid(inner)?;
            outer.getsid(inner)?;
            inner.getpgid(1)?;
            inner.getsid(1)?;
            lab.note("the same process by its outer number, asked for inside")?;
            inner.getpgid(inner)?;
            inner.getsid(inner)?;
            inner.pidfd_open(inner, 0)?;
            let pidfd = outer.pidfd_open(inner, 0)?.id()?;
            outer.pidfd_send_signal(pidfd, PROBE)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.kill-minus-one",
        claim: "kill with PID -1 reaches every process of the caller's PID namespace except init and the caller, and nobody outside.",
        sources: &[man("kill(2)", "DESCRIPTION"), man("pid_namespaces(7)", "Nesting PID namespaces")],
        needs: &[&need::PID_NS],
        wrong: "the outer process, init or the caller dies, or the sibling lives",
        play: |lab| {
            let outer = lab.process("outer")?;
            let bystander = outer.fork("bystander")?;
            let init = outer.clone("init", NEWPID)?;
            let sibling = init.fork("sibling")?;
            let caller = init.fork("caller")?;
            caller.kill(-1, Signal::SIGKILL)?;
            init.waitpid(sibling, WAIT)?;
            caller.getpid()?;
            init.getpid()?;
            bystander.getpid()?;
            lab.note("with nobody left to reach")?;
            caller.exit(0)?;
            init.waitpid(caller, WAIT)?;
            init.kill(-1, Signal::SIGKILL)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.kill-zero-crosses",
        claim: "kill with PID 0 signals the caller's process group even where its members are outside the caller's PID namespace; they are told the sender's inner PID.",
        sources: &[man("pid_namespaces(7)", "Nesting PID namespaces"), man("kill(2)", "DESCRIPTION")],
        needs: &[&need::PID_NS],
        deviation: Some(
            "pid_namespaces(7): a process can operate only on processes of its own PID namespace and of its descendants",
        ),
        wrong: "the outer member of the group notes no signal, or one with a translated PID",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.setpgid(0, 0)?;
            outer.getpgid(0)?;
            outer.sigaction(Signal::SIGUSR1, Disposition::HANDLER)?;
            let inner = outer.clone("inner", NEWPID)?;
            inner.getpgid(0)?;
            inner.kill(0, Signal::SIGUSR1)?;
            inner.caught()?;
            outer.caught()?;
            lab.note("in a group of its own it reaches itself only")?;
            inner.setpgid(0, 0)?;
            inner.kill(0, Signal::SIGUSR1)?;
            inner.caught()?;
            outer.caught()?;
            Ok(())
        },
        ..CASE
    },
    // The start and the end of init.
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
            outer.readlink_ns("/proc/self/ns/pid")?;
            outer.getpid()?;
            outer.unshare(NEWPID)?;
            outer.readlink_ns("/proc/self/ns/pid")?;
            outer.getpid()?;
            let first = outer.fork("first")?;
            let second = outer.fork("second")?;
            first.getpid()?;
            second.getpid()?;
            second.getppid()?;
            outer.readlink_ns(first.proc("ns/pid"))?;
            outer.readlink_ns(second.proc("ns/pid"))?;
            outer.readlink_ns("/proc/self/ns/pid_for_children")?;
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
            joined.getpid()?;
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
            outer.fork("second")?.getpid()?;
            joiner.fork("elsewhere")?.getpid()?;
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
            child.getppid()?;
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
    // Signals to init.
    Case {
        id: "pid.sig-no-handler-ignored",
        claim: "A signal that init has no handler for does nothing to it when another member sends it, although kill succeeds; other members have no such protection.",
        sources: &[man("pid_namespaces(7)", "The namespace init process"), man("kill(2)", "NOTES")],
        since: "2.6.24",
        needs: &[&need::PID_NS],
        wrong: "init dies, or kill gives an errno",
        excuses: &[
            Excuse { lie: "kill(1, SIGTERM)", why: NO_EFFECT },
            Excuse { lie: "kill(1, SIGHUP)", why: NO_EFFECT },
        ],
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            let member = init.fork("member")?;
            let sibling = init.fork("sibling")?;
            member.kill(1, Signal::SIGTERM)?;
            member.kill(1, Signal::SIGHUP)?;
            init.getpid()?;
            lab.note("an ordinary member does die of it")?;
            member.kill(sibling, Signal::SIGTERM)?;
            init.waitpid(sibling, WAIT)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.sig-kill-stop-inside-ignored",
        claim: "SIGKILL and SIGSTOP from within its PID namespace, even from a privileged member or from init itself, neither kill nor stop init.",
        sources: &[man("pid_namespaces(7)", "The namespace init process")],
        since: "2.6.24",
        needs: &[&need::PID_NS],
        wrong: "init is killed or stopped from inside",
        excuses: &[
            Excuse { lie: "kill(1, SIGKILL)", why: NO_EFFECT },
            Excuse { lie: "kill(1, SIGSTOP)", why: NO_EFFECT },
        ],
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            let member = init.fork("member")?;
            let sibling = init.fork("sibling")?;
            member.kill(1, Signal::SIGKILL)?;
            member.kill(1, Signal::SIGSTOP)?;
            init.kill(1, Signal::SIGKILL)?;
            init.getpid()?;
            outer.waitpid(init, WaitOptions::WNOHANG | WaitOptions::WUNTRACED)?;
            lab.note("both act on an ordinary member")?;
            member.kill(sibling, Signal::SIGSTOP)?;
            init.waitpid(sibling, WaitOptions::WUNTRACED)?;
            member.kill(sibling, Signal::SIGKILL)?;
            init.waitpid(sibling, WAIT)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.sig-handler-delivered",
        claim: "A signal that init has a handler for is delivered to it, with the PID of the member that sent it.",
        sources: &[man("pid_namespaces(7)", "The namespace init process"), man("sigaction(2)", "siginfo_t")],
        since: "2.6.24",
        needs: &[&need::PID_NS],
        wrong: "the handler does not run, or is told another PID",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            let member = init.fork("member")?;
            let other = init.fork("other")?;
            init.sigaction(Signal::SIGTERM, Disposition::HANDLER)?;
            member.kill(1, Signal::SIGTERM)?;
            init.caught()?;
            other.kill(1, Signal::SIGTERM)?;
            init.caught()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.sig-ancestor-sipid-zero",
        claim: "In init's handler si_pid is 0 for a signal from a process of an ancestor PID namespace, which has no number there.",
        sources: &[man("pid_namespaces(7)", "The namespace init process")],
        needs: &[&need::PID_NS],
        wrong: "si_pid holds a number of the outer namespace",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            let member = init.fork("member")?;
            init.sigaction(Signal::SIGUSR1, Disposition::HANDLER)?;
            outer.kill(init, Signal::SIGUSR1)?;
            init.caught()?;
            member.kill(1, Signal::SIGUSR1)?;
            init.caught()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.sig-ancestor-kill",
        claim: "From an ancestor PID namespace a signal that init has no handler for is ignored, too; SIGKILL is the exception and always ends it.",
        sources: &[man("pid_namespaces(7)", "The namespace init process")],
        since: "2.6.24",
        needs: &[&need::PID_NS],
        wrong: "SIGTERM ends init, or SIGKILL does not",
        excuses: &[Excuse { lie: "kill(3<init>, SIGTERM)", why: NO_EFFECT }],
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            let member = init.fork("member")?;
            outer.kill(init, Signal::SIGTERM)?;
            init.getpid()?;
            outer.waitpid(init, WaitOptions::WNOHANG)?;
            outer.kill(init, Signal::SIGKILL)?;
            outer.waitpid(init, WAIT)?;
            outer.kill(member.sealed(), PROBE)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.sig-ancestor-stop",
        claim: "SIGSTOP from an ancestor PID namespace stops init, and SIGCONT lets it go on.",
        sources: &[man("pid_namespaces(7)", "The namespace init process"), man("wait(2)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "the parent is not told of a stop, or init does not go on",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            outer.kill(init, Signal::SIGSTOP)?;
            outer.waitpid(init, WaitOptions::WUNTRACED)?;
            outer.field(init.proc("status"), "State")?;
            outer.kill(init, Signal::SIGCONT)?;
            outer.waitpid(init, WaitOptions::WCONTINUED)?;
            init.getpid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.sig-middle-namespace",
        claim: "Any ancestor PID namespace has power over an init, not only the root one: a process of a middle namespace can kill the init of a nested one, which that itself cannot.",
        sources: &[man("pid_namespaces(7)", "The namespace init process")],
        needs: &[&need::PID_NS],
        wrong: "the nested init survives SIGKILL from the middle namespace",
        excuses: &[Excuse { lie: "kill(1, SIGKILL)", why: NO_EFFECT }],
        play: |lab| {
            let outer = lab.process("outer")?;
            let middle = outer.clone("middle", NEWPID)?;
            let nested = middle.clone("nested", NEWPID)?;
            middle.getpid()?;
            nested.getpid()?;
            nested.kill(1, Signal::SIGKILL)?;
            nested.getpid()?;
            middle.kill(nested, Signal::SIGKILL)?;
            middle.waitpid(nested, WAIT)?;
            outer.kill(middle, Signal::SIGKILL)?;
            outer.waitpid(middle, WAIT)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.sig-unprivileged-owner",
        claim: "An ordinary user can kill the init of a PID namespace that it created through a user namespace, and only by SIGKILL.",
        sources: &[man("kill(2)", "DESCRIPTION"), man("user_namespaces(7)", "Capabilities")],
        since: "3.8",
        ground: Ground::User,
        needs: &[&need::PID_NS, &need::USER_NS],
        wrong: "the creator gets EPERM, or SIGTERM ends init",
        excuses: &[Excuse { lie: "kill(3<init>, SIGTERM)", why: NO_EFFECT }],
        play: |lab| {
            let user = lab.process("user")?;
            user.try_clone("refused", NEWPID)?;
            let init = user.clone("init", NEWUSER | NEWPID)?;
            init.getpid()?;
            user.kill(init, Signal::SIGTERM)?;
            init.getpid()?;
            user.kill(init, Signal::SIGKILL)?;
            user.waitpid(init, WAIT)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.sig-hardware-exception",
        claim: "A signal that the kernel forces on init for a fault of its own ends it, even if init ignores that signal; the same signal sent by a member does not.",
        sources: &[text("LWN 532748, Namespaces in operation, part 4")],
        needs: &[&need::PID_NS],
        wrong: "init survives its own invalid memory access, or dies of a member's SIGSEGV",
        excuses: &[Excuse { lie: "kill(1, SIGSEGV)", why: NO_EFFECT }],
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            let member = init.fork("member")?;
            member.kill(1, Signal::SIGSEGV)?;
            init.getpid()?;
            init.sigaction(Signal::SIGSEGV, Disposition::SIG_IGN)?;
            lab.note(
                "a child inherits that the signal is ignored: it outlives what kills the earlier member",
            )?;
            let child = init.fork("child")?;
            init.kill(-1, Signal::SIGSEGV)?;
            init.waitpid(member, WAIT)?;
            child.getpid()?;
            init.null_dereference()?;
            outer.waitpid(init, WAIT)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.sig-blocked-queued",
        claim: "A signal without a handler is queued for init while init blocks it, and can be taken by sigtimedwait; when it is unblocked instead, it does nothing.",
        sources: &[
            man("pid_namespaces(7)", "The namespace init process"),
            man("sigtimedwait(2)", "DESCRIPTION"),
        ],
        needs: &[&need::PID_NS, &need::PROCFS],
        deviation: Some(
            "pid_namespaces(7): only signals for which init has established a handler can be sent to it by other members",
        ),
        wrong: "the blocked signal is lost at once, or ends init when unblocked",
        excuses: &[Excuse { lie: "kill(1, SIGUSR1)", why: NO_EFFECT }],
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            let member = init.fork("member")?;
            member.kill(1, Signal::SIGUSR1)?;
            init.sigprocmask(MaskChange::SIG_BLOCK, Signal::SIGUSR1)?;
            init.sigtimedwait(Signal::SIGUSR1)?;
            member.kill(1, Signal::SIGUSR1)?;
            init.sigtimedwait(Signal::SIGUSR1)?;
            outer.kill(init, Signal::SIGUSR1)?;
            init.sigtimedwait(Signal::SIGUSR1)?;
            lab.note("unblocked while it is pending, the signal is discarded")?;
            member.kill(1, Signal::SIGUSR1)?;
            outer.field(init.proc("status"), "ShdPnd")?;
            init.sigprocmask(MaskChange::SIG_UNBLOCK, Signal::SIGUSR1)?;
            init.sigtimedwait(Signal::SIGUSR1)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.sig-pdeathsig",
        claim: "A parent-death signal reaches an init that handles it; si_pid is 0 as the parent was outside its PID namespace.",
        sources: &[
            man("PR_SET_PDEATHSIG(2const)", "DESCRIPTION"),
            man("pid_namespaces(7)", "The namespace init process"),
        ],
        needs: &[&need::PID_NS],
        wrong: "init notes no signal, or one with an outer number",
        play: |lab| {
            let top = lab.process("top")?;
            let parent = top.fork("parent")?;
            let init = parent.clone("init", NEWPID)?;
            let member = init.fork("member")?;
            init.sigaction(Signal::SIGUSR1, Disposition::HANDLER)?;
            init.prctl_set_pdeathsig(Signal::SIGUSR1)?;
            member.kill(1, Signal::SIGUSR1)?;
            init.caught()?;
            parent.exit(0)?;
            top.waitpid(parent, WAIT)?;
            init.caught()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.sig-chld-to-parent",
        claim: "SIGCHLD and waitid tell the parent the child's PID in the parent's PID namespace.",
        sources: &[man("pid_namespaces(7)", "Nesting PID namespaces"), man("sigaction(2)", "siginfo_t")],
        needs: &[&need::PID_NS],
        wrong: "si_pid is the number that the child had inside",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.sigaction(Signal::SIGCHLD, Disposition::HANDLER)?;
            let init = outer.clone("init", NEWPID)?;
            init.getpid()?;
            init.exit(4)?;
            outer.waitid(init, WaitOptions::WEXITED | WaitOptions::WNOWAIT)?;
            outer.caught()?;
            outer.waitpid(init, WAIT)?;
            Ok(())
        },
        ..CASE
    },
    // Orphans and subreapers.
    Case {
        id: "pid.init-reaps-orphans",
        claim: "The orphans of a PID namespace become children of its init, which can wait for them.",
        sources: &[SEED, man("pid_namespaces(7)", "The namespace init process")],
        since: "2.6.24",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "the orphan gets another parent, or init cannot wait for it",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            let parent = init.fork("parent")?;
            let orphan = parent.fork("orphan")?;
            orphan.getppid()?;
            init.waitpid(3, WaitOptions::WNOHANG)?;
            parent.exit(0)?;
            init.waitpid(parent, WAIT)?;
            orphan.getppid()?;
            let waiting = init.begin().waitpid(3, WAIT)?;
            waiting.blocked()?;
            orphan.exit(9)?;
            waiting.finish()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.subreaper-inside",
        claim: "An ancestor in the same PID namespace that has marked itself as a subreaper gets the orphan before init does.",
        sources: &[
            man("pid_namespaces(7)", "Adoption of orphaned children"),
            man("PR_SET_CHILD_SUBREAPER(2const)", "DESCRIPTION"),
        ],
        since: "3.4",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "init gets the orphan although a nearer ancestor is a subreaper",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            let reaper = init.fork("reaper")?;
            reaper.prctl_set_child_subreaper(true)?;
            let parent = reaper.fork("parent")?;
            let orphan = parent.fork("orphan")?;
            orphan.getppid()?;
            parent.exit(0)?;
            reaper.waitpid(parent, WAIT)?;
            orphan.getppid()?;
            init.waitpid(4, WaitOptions::WNOHANG)?;
            let waiting = reaper.begin().waitpid(4, WAIT)?;
            waiting.blocked()?;
            orphan.exit(5)?;
            waiting.finish()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.subreaper-outside-no-effect",
        claim: "A subreaper outside a PID namespace does not get the orphans of parents inside it: they stay with the namespace's init.",
        sources: &[man("pid_namespaces(7)", "Adoption of orphaned children")],
        since: "3.4",
        needs: &[&need::PID_NS],
        wrong: "the orphan gets a parent outside its PID namespace",
        play: |lab| {
            let reaper = lab.process("reaper")?;
            reaper.prctl_set_child_subreaper(true)?;
            let init = reaper.clone("init", NEWPID)?;
            let parent = init.fork("parent")?;
            let orphan = parent.fork("orphan")?;
            parent.exit(0)?;
            init.waitpid(parent, WAIT)?;
            orphan.getppid()?;
            orphan.exit(3)?;
            init.waitpid(3, WAIT)?;
            lab.note("outside, the mark does what it is for")?;
            let parent = reaper.fork("parent2")?;
            let orphan = parent.fork("orphan2")?;
            parent.exit(0)?;
            reaper.waitpid(parent, WAIT)?;
            orphan.getppid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.orphan-of-outer-parent",
        claim: "An orphan whose parent was outside, as it was put into the PID namespace by setns, goes to the reaper of its parent's namespace and not to the init of its own.",
        sources: &[man("pid_namespaces(7)", "Adoption of orphaned children")],
        since: "3.8",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "init of the joined namespace gets the orphan",
        play: |lab| {
            let reaper = lab.process("reaper")?;
            reaper.prctl_set_child_subreaper(true)?;
            let init = reaper.clone("init", NEWPID)?;
            let parent = reaper.fork("parent")?;
            let namespace = parent.open(init.proc("ns/pid"), O_RDONLY)?.id()?;
            parent.setns(namespace, NEWPID)?;
            let orphan = parent.fork("orphan")?;
            orphan.getpid()?;
            parent.exit(0)?;
            reaper.waitpid(parent, WAIT)?;
            orphan.getppid()?;
            reaper.field(orphan.proc("status"), "PPid")?;
            orphan.exit(7)?;
            init.waitpid(2, WAIT)?;
            reaper.waitpid(orphan.sealed(), WAIT)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.orphan-below-setns-parent",
        claim: "The child of a process that was put into a PID namespace by setns has its parent inside, so when orphaned it goes to that namespace's init.",
        sources: &[
            man("pid_namespaces(7)", "Adoption of orphaned children"),
            text("LWN 532748, Namespaces in operation, part 4"),
        ],
        since: "3.8",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "the orphan goes to a process outside",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            let namespace = outer.open(init.proc("ns/pid"), O_RDONLY)?.id()?;
            outer.setns(namespace, NEWPID)?;
            let joined = outer.fork("joined")?;
            let orphan = joined.fork("orphan")?;
            joined.getppid()?;
            orphan.getppid()?;
            joined.exit(0)?;
            outer.waitpid(joined, WAIT)?;
            orphan.getppid()?;
            orphan.exit(9)?;
            init.waitpid(3, WAIT)?;
            Ok(())
        },
        ..CASE
    },
    // setns.
    Case {
        id: "pid.setns-child-numbers",
        claim: "After setns to a child PID namespace the caller stays where it is, and its children get the next PIDs of that namespace.",
        sources: &[
            man("pid_namespaces(7)", "setns(2) and unshare(2) semantics"),
            text("LWN 532748, Namespaces in operation, part 4"),
        ],
        since: "3.8",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "the caller's PID changes, or the child's is not the next one inside",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            outer.readlink_ns(init.proc("ns/pid"))?;
            let namespace = outer.open(init.proc("ns/pid"), O_RDONLY)?.id()?;
            outer.setns(namespace, NEWPID)?;
            outer.getpid()?;
            outer.readlink_ns("/proc/self/ns/pid")?;
            outer.readlink_ns("/proc/self/ns/pid_for_children")?;
            let joined = outer.fork("joined")?;
            joined.getpid()?;
            outer.field(joined.proc("status"), "NSpid")?;
            init.kill(2, PROBE)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.setns-child-has-intermediate-pids",
        claim: "A PID namespace further down can be joined directly, also by a pidfd of a member; the child then has a PID in every level between.",
        sources: &[man("setns(2)", "PID namespaces"), man("pid_namespaces(7)", "Nesting PID namespaces")],
        since: "3.8",
        needs: &[&need::PID_NS, &need::PIDFD_SETNS, &need::PROCFS],
        wrong: "the child has no PID in the level between, or setns fails",
        play: |lab| {
            let outer = lab.process("outer")?;
            let middle = outer.clone("middle", NEWPID)?;
            let lowest = middle.clone("lowest", NEWPID)?;
            let pidfd = outer.pidfd_open(lowest.sealed(), 0)?.id()?;
            outer.setns(pidfd, NEWPID)?;
            let joined = outer.fork("joined")?;
            joined.getpid()?;
            outer.field(joined.proc("status"), "NSpid")?;
            middle.kill(3, PROBE)?;
            lowest.kill(2, PROBE)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.setns-ancestor-einval",
        claim: "A process cannot choose an ancestor PID namespace for its children, neither by a descriptor of it nor by a pidfd of one of its members.",
        sources: &[man("setns(2)", "PID namespaces"), man("pid_namespaces(7)", "Nesting PID namespaces")],
        since: "3.8",
        needs: &[&need::PID_NS, &need::PIDFD_SETNS, &need::PROCFS],
        wrong: "setns to the ancestor succeeds, or gives another errno",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.socketpair()?;
            let inner = outer.clone("inner", NEWPID)?;
            let namespace = outer.open("/proc/self/ns/pid", O_RDONLY)?.id()?;
            let pidfd = outer.pidfd_open(outer, 0)?.id()?;
            outer.sendmsg(3, "namespace", scm_rights(namespace))?;
            outer.sendmsg(3, "process", scm_rights(pidfd))?;
            inner.recvmsg(4)?;
            inner.recvmsg(4)?;
            inner.setns(5, NEWPID)?;
            inner.setns(6, NEWPID)?;
            inner.fork("child")?.getpid()?;
            lab.note("to whom it is not an ancestor, it is allowed")?;
            outer.unshare(NEWPID)?;
            outer.fork("elsewhere")?.getppid()?;
            outer.setns(namespace, NEWPID)?;
            outer.fork("here")?.getppid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.setns-unpriv",
        claim: "An ordinary user that has created a PID namespace through a user namespace must join that user namespace before it can join the PID namespace.",
        sources: &[man("setns(2)", "PID namespaces")],
        since: "3.8",
        ground: Ground::User,
        needs: &[&need::PID_NS, &need::PROCFS, &need::USER_NS],
        wrong: "setns succeeds from outside the user namespace, or fails inside it",
        play: |lab| {
            let user = lab.process("user")?;
            let init = user.clone("init", NEWUSER | NEWPID)?;
            let owner = user.open(init.proc("ns/user"), O_RDONLY)?.id()?;
            let namespace = user.open(init.proc("ns/pid"), O_RDONLY)?.id()?;
            user.setns(namespace, NEWPID)?;
            user.setns(owner, NEWUSER)?;
            user.setns(namespace, NEWPID)?;
            let joined = user.fork("joined")?;
            joined.getpid()?;
            joined.getppid()?;
            Ok(())
        },
        ..CASE
    },
    // Nesting.
    Case {
        id: "pid.depth-limit-32",
        claim: "PID namespaces nest at most 32 levels deep below the initial one: the next creation fails with ENOSPC, by clone as by unshare.",
        sources: &[
            man("pid_namespaces(7)", "Nesting PID namespaces"),
            man("clone(2)", "ERRORS"),
            man("unshare(2)", "ERRORS"),
        ],
        since: "3.7",
        needs: &[&need::INITIAL_PID_NS, &need::PID_NS, &need::PROCFS],
        wrong: "the level is refused earlier, or one more is allowed, or the errno is another",
        play: |lab| {
            lab.note("the sealed PID namespace is level 1")?;
            let outer = lab.process("outer")?;
            let mut lowest = outer;
            for level in 2..=32 {
                lowest = lowest.clone(&format!("level{level}"), NEWPID)?;
            }
            lowest.getpid()?;
            outer.field(lowest.proc("status"), "NSpid")?;
            lowest.try_clone("level33", NEWPID)?;
            lowest.unshare(NEWPID)?;
            lowest.fork("member")?.getpid()?;
            Ok(())
        },
        ..CASE
    },
    // procfs.
    Case {
        id: "pid.proc-shows-mounters-ns",
        claim: "A procfs shows the processes of the PID namespace of whoever mounted it, by their numbers there, whoever looks.",
        sources: &[
            man("pid_namespaces(7)", "/proc and PID namespaces"),
            text("LWN 531419, Namespaces in operation, part 3"),
        ],
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "the outer process is shown its own namespace in the inner one's procfs",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWPID)?;
            let member = inner.fork("member")?;
            outer.mkdir("/tmp/proc", 0o755)?;
            inner.mount("proc", "/tmp/proc", "proc", PROC_FLAGS, "")?;
            outer.readdir_numeric("/tmp/proc")?;
            inner.readdir_numeric("/tmp/proc")?;
            outer.field("/tmp/proc/1/status", "NSpid")?;
            outer.field("/tmp/proc/2/status", "PPid")?;
            lab.note("the procfs of the outer namespace shows both levels, to members as well")?;
            member.readdir_numeric("/proc")?;
            member.field(inner.proc("status"), "NSpid")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.proc-self",
        claim: "The link self of a procfs gives the reader's PID in the namespace of that mount, and leads nowhere for a reader that has none there.",
        sources: &[man("pid_namespaces(7)", "/proc and PID namespaces")],
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "self gives the same number in both mounts",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWPID)?;
            inner.readlink("/proc/self")?;
            lab.note("a number that means nothing to the reader's own calls")?;
            inner.kill(inner, PROBE)?;
            inner.mkdir("/tmp/proc", 0o755)?;
            inner.mount("proc", "/tmp/proc", "proc", PROC_FLAGS, "")?;
            inner.readlink("/tmp/proc/self")?;
            inner.kill(1, PROBE)?;
            outer.readlink("/proc/self")?;
            outer.readlink("/tmp/proc/self")?;
            Ok(())
        },
        ..CASE
    },
    // Choosing PIDs.
    Case {
        id: "pid.last-pid-chooses-next",
        claim: "kernel.ns_last_pid shows the last PID that was given out in the PID namespace; after writing to it the next process gets the lowest free PID above that number.",
        sources: &[man("pid_namespaces(7)", "/proc files")],
        since: "3.3",
        needs: &[&need::NS_LAST_PID, &need::PID_NS, &need::PROCFS],
        wrong: "the next PID is not the lowest free one above the written number",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            init.cat("/proc/sys/kernel/ns_last_pid")?;
            init.echo("999", "/proc/sys/kernel/ns_last_pid")?;
            init.fork("first")?.getpid()?;
            init.cat("/proc/sys/kernel/ns_last_pid")?;
            init.echo("2000", "/proc/sys/kernel/ns_last_pid")?;
            init.fork("second")?.getpid()?;
            lab.note("999 again: 1000 is taken by now")?;
            init.echo("999", "/proc/sys/kernel/ns_last_pid")?;
            init.fork("third")?.getpid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.last-pid-per-ns",
        claim: "Every PID namespace has its own kernel.ns_last_pid: writing it inside moves neither the value nor the next PID outside.",
        sources: &[man("pid_namespaces(7)", "/proc files")],
        since: "3.3",
        needs: &[&need::NS_LAST_PID, &need::PID_NS, &need::PROCFS],
        wrong: "the outer namespace shows the number that was written inside",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWPID)?;
            outer.cat("/proc/sys/kernel/ns_last_pid")?;
            inner.cat("/proc/sys/kernel/ns_last_pid")?;
            inner.echo("700", "/proc/sys/kernel/ns_last_pid")?;
            inner.cat("/proc/sys/kernel/ns_last_pid")?;
            outer.cat("/proc/sys/kernel/ns_last_pid")?;
            outer.fork("outside")?.getpid()?;
            inner.fork("inside")?.getpid()?;
            Ok(())
        },
        ..CASE
    },
    // PIDs in messages.
    Case {
        id: "pid.scm-credentials-translated",
        claim: "A PID that travels in SCM_CREDENTIALS is turned into the number of the same process in the receiver's PID namespace, and into 0 if it has none there.",
        sources: &[man("pid_namespaces(7)", "Miscellaneous"), man("unix(7)", "Ancillary messages")],
        needs: &[&need::PID_NS],
        wrong: "the receiver is told the sender's own number",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.socketpair()?;
            outer.setsockopt_passcred(3, true)?;
            outer.setsockopt_passcred(4, true)?;
            let inner = outer.clone("inner", NEWPID)?;
            inner.sendmsg(4, "explicit", scm_credentials(1, 0, 0))?;
            outer.recvmsg(3)?;
            inner.write(4, "added by the kernel")?;
            outer.recvmsg(3)?;
            outer.write(3, "from above")?;
            inner.recvmsg(4)?;
            inner.write(3, "to itself")?;
            inner.recvmsg(4)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.scm-credentials-forge",
        claim: "A privileged sender may name another existing process of its PID namespace as the sender; a number that nobody has there is ESRCH.",
        sources: &[man("unix(7)", "Ancillary messages"), man("pid_namespaces(7)", "Miscellaneous")],
        needs: &[&need::ORDINARY_USER, &need::PID_NS],
        wrong: "the number is read in another namespace than the sender's, or a missing process is accepted",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.socketpair()?;
            outer.setsockopt_passcred(3, true)?;
            let init = outer.clone("init", NEWPID)?;
            init.fork("sibling")?;
            init.sendmsg(4, "sibling", scm_credentials(2, 0, 0))?;
            outer.recvmsg(3)?;
            init.sendmsg(4, "nobody", scm_credentials(init.pid() + 1000, 0, 0))?;
            lab.note("an ordinary user may name itself only")?;
            let user = lab.process_on(Ground::User, "user")?;
            user.socketpair()?;
            user.setsockopt_passcred(3, true)?;
            user.sendmsg(4, "init", scm_credentials(1, USER_ID, USER_ID))?;
            user.sendmsg(4, "itself", scm_credentials(user.pid(), USER_ID, USER_ID))?;
            user.recvmsg(3)?;
            Ok(())
        },
        ..CASE
    },
    // pidfds.
    Case {
        id: "pid.pidfd-signal-ancestor-einval",
        claim: "A process cannot signal one outside its PID namespace and its descendants by a pidfd that it was given: EINVAL.",
        sources: &[man("pidfd_send_signal(2)", "ERRORS")],
        since: "5.1",
        needs: &[&need::PID_NS],
        wrong: "the signal goes to the outer process, or the errno is another",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.sigaction(Signal::SIGUSR1, Disposition::HANDLER)?;
            outer.socketpair()?;
            let inner = outer.clone("inner", NEWPID)?;
            let sibling = outer.fork("sibling")?;
            let pidfd = outer.pidfd_open(outer, 0)?.id()?;
            outer.sendmsg(3, "for inner", scm_rights(pidfd))?;
            inner.recvmsg(4)?;
            inner.pidfd_send_signal(5, Signal::SIGUSR1)?;
            outer.caught()?;
            lab.note("a process of the same namespace can")?;
            outer.sendmsg(3, "for sibling", scm_rights(pidfd))?;
            sibling.recvmsg(4)?;
            sibling.pidfd_send_signal(5, Signal::SIGUSR1)?;
            outer.caught()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.pidfd-signal-descendant",
        claim: "By a pidfd a process of a descendant PID namespace can be signalled as by kill, and its init is protected as from kill.",
        sources: &[
            man("pidfd_send_signal(2)", "DESCRIPTION"),
            man("pid_namespaces(7)", "The namespace init process"),
        ],
        since: "5.1",
        needs: &[&need::PID_NS],
        wrong: "SIGTERM ends init, or SIGKILL does not",
        excuses: &[Excuse { lie: "pidfd_send_signal(3, SIGTERM)", why: NO_EFFECT }],
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            let member = init.fork("member")?;
            let of_init = outer.pidfd_open(init, 0)?.id()?;
            let of_member = outer.pidfd_open(member.sealed(), 0)?.id()?;
            outer.pidfd_send_signal(of_member, Signal::SIGTERM)?;
            init.waitpid(member, WAIT)?;
            outer.pidfd_send_signal(of_init, Signal::SIGTERM)?;
            init.getpid()?;
            outer.pidfd_send_signal(of_init, Signal::SIGKILL)?;
            outer.waitpid(init, WAIT)?;
            outer.pidfd_send_signal(of_init, PROBE)?;
            Ok(())
        },
        ..CASE
    },
    // reboot.
    Case {
        id: "pid.reboot-restart-sighup",
        claim: "reboot with the command to restart, called in a child PID namespace, restarts nothing: init of that namespace ends as if killed by SIGHUP.",
        sources: &[
            man("reboot(2)", "Behavior inside PID namespaces"),
            man("pid_namespaces(7)", "The namespace init process"),
        ],
        since: "3.4",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "init survives, or its parent is told another signal",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            let member = init.fork("member")?;
            let sibling = init.fork("sibling")?;
            member.reboot(RebootCommand::LINUX_REBOOT_CMD_RESTART)?;
            outer.waitpid(init, WAIT)?;
            outer.kill(sibling.sealed(), PROBE)?;
            outer.getpid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.reboot-poweroff-sigint",
        claim: "reboot with the command to power off or to halt, called in a child PID namespace, ends only its init, as if killed by SIGINT.",
        sources: &[man("reboot(2)", "Behavior inside PID namespaces")],
        since: "3.4",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "init survives, or its parent is told another signal",
        play: |lab| {
            let outer = lab.process("outer")?;
            let first = outer.clone("first", NEWPID)?;
            first.reboot(RebootCommand::LINUX_REBOOT_CMD_POWER_OFF)?;
            outer.waitpid(first, WAIT)?;
            let second = outer.clone("second", NEWPID)?;
            second.reboot(RebootCommand::LINUX_REBOOT_CMD_HALT)?;
            outer.waitpid(second, WAIT)?;
            outer.getpid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.reboot-others-einval",
        claim: "The commands of reboot that have no meaning for a PID namespace, as those for the keys Ctrl-Alt-Del, give EINVAL in it and leave init alone.",
        sources: &[man("reboot(2)", "Behavior inside PID namespaces")],
        since: "3.4",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "a command is accepted, or ends init",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            init.reboot(RebootCommand::LINUX_REBOOT_CMD_CAD_ON)?;
            init.reboot(RebootCommand::LINUX_REBOOT_CMD_CAD_OFF)?;
            init.getpid()?;
            outer.waitpid(init, WaitOptions::WNOHANG)?;
            Ok(())
        },
        ..CASE
    },
];

/// What this module cannot test.
pub const UNTESTED: &[Untested] = &[
    Untested {
        id: "pid.same-pids-after-migration",
        claim: "A container can be moved to another host while the processes in it keep their PIDs.",
        sources: &[SEED, man("pid_namespaces(7)", "DESCRIPTION")],
        why: "moving needs a second machine and a program that saves and restores processes; what the kernel adds to it, choosing PIDs in a new PID namespace, is tested",
        part: Some("pid.same-pids-after-migration"),
    },
    Untested {
        id: "pid.reboot-never-in-initial",
        claim: "In the initial PID namespace reboot acts on the machine.",
        sources: &[man("reboot(2)", "DESCRIPTION")],
        why: "the test would restart or stop the machine that it runs on",
        part: Some("pid.reboot-restart-sighup"),
    },
];
