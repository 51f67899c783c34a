//! pidfd_send_signal(2) across PID namespaces.
//!
//! setns(2) with a pidfd lives in `api::pidfd`.

use super::{NO_EFFECT, PROBE, WAIT};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
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
        accepted: &[Accepted { mutant: "pidfd_send_signal(3, SIGTERM)", why: NO_EFFECT }],
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
];
