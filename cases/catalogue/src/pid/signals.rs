//! Signals to init and from another namespace: which arrive, and what siginfo shows.
//!
//! Signals through a pidfd live in `pidfd`, to groups of processes in `kill`.

use super::{NO_EFFECT, PROBE, WAIT};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "pid.sig-no-handler-ignored",
        claim: "A signal that init has no handler for does nothing to it when another member sends it, although kill succeeds; other members have no such protection.",
        sources: &[man("pid_namespaces(7)", "The namespace init process"), man("kill(2)", "NOTES")],
        since: "2.6.24",
        needs: &[&need::PID_NS],
        wrong: "init dies, or kill gives an errno",
        accepted: &[
            Accepted { mutant: "kill(1, SIGTERM)", why: NO_EFFECT },
            Accepted { mutant: "kill(1, SIGHUP)", why: NO_EFFECT },
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
        accepted: &[
            Accepted { mutant: "kill(1, SIGKILL)", why: NO_EFFECT },
            Accepted { mutant: "kill(1, SIGSTOP)", why: NO_EFFECT },
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
        accepted: &[Accepted { mutant: "kill(<init>, SIGTERM)", why: NO_EFFECT }],
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
        accepted: &[Accepted { mutant: "kill(1, SIGKILL)", why: NO_EFFECT }],
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
        starts_as: Credentials::User,
        needs: &[&need::PID_NS, &need::USER_NS],
        wrong: "the creator gets EPERM, or SIGTERM ends init",
        accepted: &[Accepted { mutant: "kill(<init>, SIGTERM)", why: NO_EFFECT }],
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
        accepted: &[Accepted { mutant: "kill(1, SIGSEGV)", why: NO_EFFECT }],
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
        accepted: &[Accepted { mutant: "kill(1, SIGUSR1)", why: NO_EFFECT }],
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
];
