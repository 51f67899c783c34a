//! PIDs in messages: SCM_CREDENTIALS is translated for the receiver.

use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
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
            init.getpid()?;
            let sibling = init.fork("sibling")?;
            init.sendmsg(4, "sibling", scm_credentials(sibling, 0, 0))?;
            outer.recvmsg(3)?;
            init.sendmsg(4, "nobody", scm_credentials(30_000, 0, 0))?;
            lab.note("an ordinary user may name itself only")?;
            let user = lab.process_as(Credentials::User, "user")?;
            user.socketpair()?;
            user.setsockopt_passcred(3, true)?;
            user.sendmsg(4, "init", scm_credentials(1, USER_ID, USER_ID))?;
            user.sendmsg(4, "itself", scm_credentials(user.sealed(), USER_ID, USER_ID))?;
            user.recvmsg(3)?;
            Ok(())
        },
        ..CASE
    },
];
