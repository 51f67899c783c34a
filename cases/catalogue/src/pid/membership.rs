//! Membership: a process keeps the PID namespace in which it was created; its children may get
//! another.
//!
//! Numbers in joined namespaces live in `setns`.

use super::{WAIT, choose_next_pid};
use crate::prelude::*;

const UNSHARE: &str = "setns(2) and unshare(2) semantics";

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "pid.membership-fixed-at-creation",
        claim: "Neither setns nor execve changes the PID namespace that the caller is in, nor its PID.",
        sources: &[man("pid_namespaces(7)", UNSHARE), text("LWN 532748, Namespaces in operation, part 4")],
        since: "3.8",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "the caller gets another number while it runs",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            let other = init.clone("other", NEWPID)?;
            let namespace = init.open(other.proc("ns/pid"), O_RDONLY)?.id()?;
            let same = |process: Process| -> Play {
                process.getpid()?;
                process.readlink(init.proc("ns/pid"))?;
                process.readlink(init.proc("ns/pid_for_children"))?;
                Ok(())
            };
            lab.note("before: the process and its later children are in one namespace")?;
            same(init)?;
            lab.note("setns(2) is for later children")?;
            init.setns(namespace, NEWPID)?;
            same(init)?;
            lab.note("nor does a new program move the process")?;
            init.execve(PROGRAM)?;
            init.cat("/proc/self/comm")?;
            same(init)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.unshare-caller-stays",
        claim: "unshare with CLONE_NEWPID leaves the caller where it is; its next child is the init of the new namespace.",
        sources: &[man("pid_namespaces(7)", UNSHARE)],
        since: "3.8",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "the caller is moved, or the child is not",
        play: |lab| {
            let outer = lab.process("outer")?;
            let caller = outer.clone("caller", NEWPID)?;
            caller.getpid()?;
            caller.readlink(caller.proc("ns/pid"))?;
            caller.unshare(NEWPID)?;
            caller.getpid()?;
            caller.readlink(caller.proc("ns/pid"))?;
            let child = caller.fork("child")?;
            child.getpid()?;
            child.readlink(child.proc("ns/pid"))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.setns-grandchild-ok",
        claim: "A PID namespace two levels further down can be joined at once; the next child gets a number at every level.",
        sources: &[man("setns(2)", "PID namespaces")],
        since: "3.8",
        needs: &[&need::NS_LAST_PID, &need::PID_NS, &need::PROCFS],
        wrong: "only the nearest level can be joined, or the child has no number in between",
        play: |lab| {
            let outer = lab.process("outer")?;
            let child = outer.clone("child", NEWPID)?;
            child.getpid()?;
            let grandchild = child.clone("grandchild", NEWPID)?;
            let namespace = outer.open(grandchild.proc("ns/pid"), O_RDONLY)?.id()?;
            outer.setns(namespace, NEWPID)?;
            lab.note("the next PIDs are chosen: 20 in the level between, 30 in the lowest one")?;
            choose_next_pid(child, 20)?;
            choose_next_pid(grandchild, 30)?;
            let joined = outer.fork("joined")?;
            outer.field(joined.proc("status"), "NSpid")?;
            joined.readlink(joined.proc("ns/pid"))?;
            grandchild.readlink(grandchild.proc("ns/pid"))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.setns-sibling",
        claim: "From their common parent two sibling PID namespaces can be joined one after the other; from inside one of them the other is refused.",
        sources: &[man("setns(2)", "PID namespaces")],
        since: "3.8",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "a member of one namespace joins a namespace that is not below it",
        play: |lab| {
            let outer = lab.process("outer")?;
            let first = outer.clone("first", NEWPID)?;
            let second = outer.clone("second", NEWPID)?;
            lab.note("from above, one after the other can be joined")?;
            for namespace in [first, second] {
                namespace.getpid()?;
                let fd = outer.open(namespace.proc("ns/pid"), O_RDONLY)?.id()?;
                outer.setns(fd, NEWPID)?;
                outer.readlink(outer.proc("ns/pid_for_children"))?;
            }
            lab.note("from beside, none")?;
            let fd = first.open(second.proc("ns/pid"), O_RDONLY)?.id()?;
            first.setns(fd, NEWPID)?;
            lab.note("a child is in the namespace that was joined last")?;
            let joined = outer.fork("joined")?;
            joined.readlink(joined.proc("ns/pid"))?;
            for namespace in [first, second] {
                namespace.readlink(namespace.proc("ns/pid"))?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.multithreaded-setns-ok",
        claim: "A process with several threads may join a PID namespace and unshare one: for its later children nothing depends on its threads.",
        sources: &[man("setns(2)", "PID namespaces"), man("unshare(2)", "ERRORS")],
        since: "3.8",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "threads stand in the way, as they do for user namespaces",
        play: |lab| {
            let outer = lab.process("outer")?;
            let target = outer.clone("target", NEWPID)?;
            target.getpid()?;
            let process = outer.fork("process")?;
            let thread = process.clone("thread", THREAD)?;
            let fd = process.open(target.proc("ns/pid"), O_RDONLY)?.id()?;
            process.setns(fd, NEWPID)?;
            let joined = process.fork("joined")?;
            joined.readlink(joined.proc("ns/pid"))?;
            target.readlink(target.proc("ns/pid"))?;
            thread.getpid()?;
            process.unshare(NEWUSER)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.parent-is-creators-ns",
        claim: "The parent of a PID namespace is the PID namespace of its creator.",
        sources: &[
            man("pid_namespaces(7)", "Nesting PID namespaces"),
            man("NS_GET_PARENT(2const)", "DESCRIPTION"),
        ],
        since: "4.9",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "the parent is another namespace, or can be had from where it is out of reach",
        play: |lab| {
            let outer = lab.process("outer")?;
            let creator = outer.clone("creator", NEWPID)?;
            creator.getpid()?;
            let inner = creator.clone("inner", NEWPID)?;
            creator.readlink(creator.proc("ns/pid"))?;
            let fd = outer.open(inner.proc("ns/pid"), O_RDONLY)?.id()?;
            let parent = outer.ioctl_parent(fd)?.id()?;
            outer.fstat_ns(parent)?;
            lab.note("from inside the namespace above one's own is out of reach")?;
            let own = creator.open(creator.proc("ns/pid"), O_RDONLY)?.id()?;
            creator.ioctl_parent(own)?;
            let below = creator.open(inner.proc("ns/pid"), O_RDONLY)?.id()?;
            let parent = creator.ioctl_parent(below)?.id()?;
            creator.fstat_ns(parent)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.unshare-user-after-pid",
        claim: "A process may unshare its PID namespace before or after its user namespace; the next child is an init in both orders.",
        sources: &[man("pid_namespaces(7)", UNSHARE)],
        since: "3.8",
        needs: &[&need::PID_NS, &need::ROOT_USER_NS, &need::PROCFS],
        wrong: "one of the orders is refused, or its child is no init",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.readlink("/proc/self/ns/user")?;
            lab.note("the PID namespace first, then the user namespace first: each child is process 1")?;
            for (name, order) in [("pid-first", [NEWPID, NEWUSER]), ("user-first", [NEWUSER, NEWPID])] {
                let process = outer.fork(name)?;
                for kind in order {
                    process.unshare(kind)?;
                }
                process.readlink("/proc/self/ns/user")?;
                process.fork(&format!("{name}-child"))?.getpid()?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.group-session-zero",
        claim: "A process group and a session whose leader is outside show as 0; an init may begin a session of its own.",
        sources: &[man("credentials(7)", "Process group ID and session ID"), man("setsid(2)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::PID_NS],
        wrong: "a number of the outer namespace shows inside, or init counts as a group leader already",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            let member = init.fork("member")?;
            for process in [init, member] {
                process.getpgid(0)?;
                process.getsid(0)?;
            }
            init.setsid()?;
            init.getpgid(0)?;
            init.getsid(0)?;
            member.getsid(0)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.sig-ancestor-no-handler",
        claim: "A signal for which an init has no handler is dropped even when a process of an ancestor namespace sends it; SIGKILL is not.",
        sources: &[man("pid_namespaces(7)", "The namespace init process")],
        since: "2.6.24",
        needs: &[&need::PID_NS],
        accepted: &[Accepted { mutant: "kill(<init>, SIGTERM)", why: super::NO_EFFECT }],
        wrong: "an ordinary signal from outside ends a whole namespace, or SIGKILL does not",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            outer.kill(init, Signal::SIGTERM)?;
            outer.waitpid(init, WaitOptions::WNOHANG)?;
            init.getpid()?;
            init.sigaction(Signal::SIGTERM, Disposition::HANDLER)?;
            outer.kill(init, Signal::SIGTERM)?;
            init.caught()?;
            outer.kill(init, Signal::SIGKILL)?;
            outer.waitpid(init, WAIT)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.sig-ordinary-members-normal",
        claim: "Members other than init get signals as anybody does, from inside and from ancestor namespaces.",
        sources: &[man("pid_namespaces(7)", "The namespace init process")],
        since: "2.6.24",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "the protection of init covers other members as well",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            let [first, second] = ["first", "second"].map(|name| init.fork(name));
            let (first, second) = (first?, second?);
            outer.kill(first.sealed(), Signal::SIGTERM)?;
            init.waitpid(first, WAIT)?;
            init.kill(second, Signal::SIGTERM)?;
            init.waitpid(second, WAIT)?;
            init.getpid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.sig-permission-still-needed",
        claim: "A process of an ancestor namespace needs the usual permission to signal an init: another user has none.",
        sources: &[man("pid_namespaces(7)", "The namespace init process"), man("kill(2)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::PID_NS, &need::MANY_IDS],
        wrong: "anybody outside may end a namespace",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            init.setresuid(1000, 1000, 1000)?;
            for (name, id) in [("stranger", 1001), ("same-user", 1000)] {
                let process = outer.fork(name)?;
                process.setresuid(id, id, id)?;
                process.kill(init.sealed(), Signal::SIGKILL)?;
            }
            outer.waitpid(init, WAIT)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.ns-link-differs",
        claim: "The link ns/pid of a process tells its PID namespace: it differs from the creator's for the child of clone or clone3 with CLONE_NEWPID and for the children after unshare, and is the same for all others.",
        sources: &[
            man("namespaces(7)", "The /proc/pid/ns/ directory"),
            text("LWN 531419, Namespaces in operation, part 3"),
        ],
        since: "3.8",
        needs: &[&need::PID_NS, &need::PROCFS, &need::CLONE3],
        wrong: "a process in a new PID namespace shows the link of its creator",
        play: |lab| {
            let outer = lab.process("outer")?;
            let beside = outer.fork("beside")?;
            let cloned = outer.clone("cloned", NEWPID)?;
            let cloned3 = outer.clone3("cloned3", NEWPID, &[])?;
            let member = cloned.fork("member")?;
            let unsharer = outer.fork("unsharer")?;
            unsharer.unshare(NEWPID)?;
            let unshared = unsharer.fork("unshared")?;
            lab.note("the links that differ from the creator's")?;
            for process in [beside, cloned, cloned3, unsharer, unshared] {
                outer.diff_ns(outer.proc("ns"), process.proc("ns"))?;
            }
            outer.diff_ns(cloned.proc("ns"), member.proc("ns"))?;
            outer.diff_ns(cloned.proc("ns"), cloned3.proc("ns"))?;
            Ok(())
        },
        ..CASE
    },
];

/// The claims of this topic that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[Untested {
    id: "pid.initial-has-no-parent",
    claim: "The initial PID namespace has no parent.",
    sources: &[man("pid_namespaces(7)", "Nesting PID namespaces"), man("NS_GET_PARENT(2const)", "ERRORS")],
    why: "cases run below the initial PID namespace, and no process there gets a descriptor of it: that it has no parent and that its parent is out of reach would be the same answer",
    part: Some("pid.parent-outside-scope"),
}];
