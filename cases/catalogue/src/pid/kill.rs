//! kill(2) with the PIDs -1 and 0: the processes that such a signal reaches.

use super::WAIT;
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
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
];
