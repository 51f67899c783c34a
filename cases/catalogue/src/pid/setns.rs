//! setns(2) with a PID namespace: the children's numbers, and where one may not go.

use super::{PROBE, choose_next_pid};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "pid.setns-child-numbers",
        claim: "After setns to a child PID namespace the caller stays where it is, and its children get PIDs of that namespace.",
        sources: &[
            man("pid_namespaces(7)", "setns(2) and unshare(2) semantics"),
            text("LWN 532748, Namespaces in operation, part 4"),
        ],
        since: "3.8",
        needs: &[&need::NS_LAST_PID, &need::PID_NS, &need::PROCFS],
        wrong: "the caller's PID changes, or the child's is not the one that is next inside",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            outer.readlink(init.proc("ns/pid"))?;
            let namespace = outer.open(init.proc("ns/pid"), O_RDONLY)?.id()?;
            outer.setns(namespace, NEWPID)?;
            outer.getpid()?;
            outer.readlink("/proc/self/ns/pid")?;
            outer.readlink("/proc/self/ns/pid_for_children")?;
            lab.note("the next PID inside is chosen, so that it is another one than outside")?;
            choose_next_pid(init, 30)?;
            let joined = outer.fork("joined")?;
            joined.getpid()?;
            outer.field(joined.proc("status"), "NSpid")?;
            init.kill(30, PROBE)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.setns-child-has-intermediate-pids",
        claim: "A PID namespace further down can be joined directly, also by a pidfd of a member; the child then has a PID in every level between.",
        sources: &[man("setns(2)", "PID namespaces"), man("pid_namespaces(7)", "Nesting PID namespaces")],
        since: "3.8",
        needs: &[&need::NS_LAST_PID, &need::PID_NS, &need::PIDFD_SETNS, &need::PROCFS],
        wrong: "the child has no PID in the level between, or setns fails",
        play: |lab| {
            let outer = lab.process("outer")?;
            let middle = outer.clone("middle", NEWPID)?;
            let lowest = middle.clone("lowest", NEWPID)?;
            let pidfd = outer.pidfd_open(lowest.sealed(), 0)?.id()?;
            outer.setns(pidfd, NEWPID)?;
            lab.note("the next PIDs are chosen: 20 in the level between, 30 in the lowest one")?;
            choose_next_pid(middle, 20)?;
            choose_next_pid(lowest, 30)?;
            let joined = outer.fork("joined")?;
            joined.getpid()?;
            outer.field(joined.proc("status"), "NSpid")?;
            middle.kill(20, PROBE)?;
            lowest.kill(30, PROBE)?;
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
            let elsewhere = outer.fork("elsewhere")?;
            outer.setns(namespace, NEWPID)?;
            let here = outer.fork("here")?;
            for process in [outer, elsewhere, here] {
                outer.readlink(process.proc("ns/pid"))?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.setns-unpriv",
        claim: "An ordinary user that has created a PID namespace through a user namespace must join that user namespace before it can join the PID namespace.",
        sources: &[man("setns(2)", "PID namespaces")],
        since: "3.8",
        starts_as: Credentials::User,
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
            joined.getppid()?;
            for process in [init, joined] {
                user.readlink(process.proc("ns/pid"))?;
            }
            Ok(())
        },
        ..CASE
    },
];
