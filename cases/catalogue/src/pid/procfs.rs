//! procfs shows the PID namespace of its mounter.

use super::{PROBE, PROC_FLAGS, own_proc};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
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
            outer.field(format!("/tmp/proc/{}/status", member.text_seen_by(inner)), "PPid")?;
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
            inner.kill(inner.seen_by(outer), PROBE)?;
            own_proc(inner, "/tmp/proc", "")?;
            inner.readlink("/tmp/proc/self")?;
            inner.kill(1, PROBE)?;
            outer.readlink("/proc/self")?;
            outer.readlink("/tmp/proc/self")?;
            Ok(())
        },
        ..CASE
    },
];
