//! The limits that the settings of a namespace put on its objects.
//!
//! The settings themselves live in `settings`.

use super::{CREATED, CREATED_NEW, FOUND, KEY, OTHER_KEY, WAITING};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "ipc.msgmax",
        claim: "kernel.msgmax is the length of the longest message that may be sent in the IPC namespace; a longer one is EINVAL.",
        sources: &[man("msgop(2)", "ERRORS"), man("ipc_namespaces(7)", "DESCRIPTION")],
        since: "",
        needs: &[&need::IPC_NS, &need::SYSV_IPC, &need::PROCFS, &need::IPC_SYSCTLS],
        wrong: "the longer message is taken, or the limit holds in the other namespace too",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWIPC)?;
            inner.echo("10\n", "/proc/sys/kernel/msgmax")?;
            for process in [inner, outer] {
                let queue = process.msgget(KEY, CREATE)?.id()?;
                process.msgsnd(queue, 1, "ten bytes!", WAITING)?;
                process.msgsnd(queue, 1, "eleven byte", WAITING)?;
                process.msgctl(queue, IpcCommand::IPC_STAT)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.msgmnb",
        claim: "kernel.msgmnb is how many bytes a new queue of the IPC namespace may hold; sending to a full queue with IPC_NOWAIT is EAGAIN.",
        sources: &[man("msgget(2)", "NOTES"), man("msgop(2)", "ERRORS")],
        since: "",
        needs: &[&need::IPC_NS, &need::SYSV_IPC, &need::PROCFS, &need::IPC_SYSCTLS],
        wrong: "the queue has another capacity, takes more than that, or the limit holds in the other namespace too",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWIPC)?;
            inner.echo("15\n", "/proc/sys/kernel/msgmnb")?;
            for process in [inner, outer] {
                let queue = process.msgget(KEY, CREATE)?.id()?;
                process.msgsnd(queue, 1, "ten bytes!", IpcFlags::IPC_NOWAIT)?;
                process.msgsnd(queue, 1, "ten bytes!", IpcFlags::IPC_NOWAIT)?;
                process.msgctl(queue, IpcCommand::IPC_STAT)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.shmmni",
        claim: "kernel.shmmni is how many segments the IPC namespace may hold; one more is ENOSPC, while other namespaces have room.",
        sources: &[man("shmget(2)", "ERRORS"), man("ipc_namespaces(7)", "DESCRIPTION")],
        since: "",
        needs: &[&need::IPC_NS, &need::SYSV_IPC, &need::PROCFS, &need::IPC_SYSCTLS],
        wrong: "a segment too many is created, or a full namespace hinders another one",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWIPC)?;
            inner.echo("1\n", "/proc/sys/kernel/shmmni")?;
            for process in [inner, outer] {
                process.shmget(KEY, 4096, CREATE)?;
                process.shmget(OTHER_KEY, 4096, CREATE)?;
                process.sysvipc("/proc/sysvipc/shm")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.semopm",
        claim: "The third field of kernel.sem is how many operations one semop() may hold in the IPC namespace; more are E2BIG.",
        sources: &[man("semop(2)", "ERRORS"), man("ipc_namespaces(7)", "DESCRIPTION")],
        since: "",
        needs: &[&need::IPC_NS, &need::SYSV_IPC, &need::PROCFS, &need::IPC_SYSCTLS],
        wrong: "the longer list is taken, or the limit holds in the other namespace too",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWIPC)?;
            inner.echo("10 15 1 2\n", "/proc/sys/kernel/sem")?;
            for process in [inner, outer] {
                let set = process.semget(KEY, 1, CREATE)?.id()?;
                process.semop(set, [operation(0, 1, WAITING)])?;
                process.semop(set, [operation(0, 10, WAITING), operation(0, 10, WAITING)])?;
                process.semctl(set, 0, IpcCommand::GETVAL)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.mq-queues-max",
        claim: "fs.mqueue.queues_max is how many queues the IPC namespace may hold; without CAP_SYS_RESOURCE one more is ENOSPC.",
        sources: &[man("mq_open(3)", "ERRORS"), man("mq_overview(7)", "/proc interfaces")],
        since: "",
        starts_as: Credentials::User,
        needs: &[&need::POSIX_MQ, &need::PROCFS, &need::IPC_SYSCTLS],
        wrong: "a queue too many is created",
        play: |lab| {
            let user = lab.process("user")?;
            let root = lab.process_as(Credentials::Root, "root")?;
            root.echo("1\n", "/proc/sys/fs/mqueue/queues_max")?;
            let first = user.mq_open("/first", CREATED, SMALL_QUEUE)?.id()?;
            user.mq_open("/second", CREATED, SMALL_QUEUE)?;
            lab.note("a queue is gone when it has neither a name nor an open descriptor")?;
            user.mq_unlink("/first")?;
            user.mq_open("/second", CREATED, SMALL_QUEUE)?;
            user.close(first)?;
            user.mq_open("/second", CREATED, SMALL_QUEUE)?;
            user.mq_open("/first", CREATED, SMALL_QUEUE)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.mq-attr-over-limit",
        claim: "Without CAP_SYS_RESOURCE a queue for more messages or longer ones than msg_max and msgsize_max allow is EINVAL; a queue of size 0 always is.",
        sources: &[man("mq_open(3)", "ERRORS"), man("mq_overview(7)", "/proc interfaces")],
        since: "2.6.28",
        starts_as: Credentials::User,
        needs: &[&need::POSIX_MQ, &need::PROCFS],
        wrong: "a queue beyond the limits is created, or one at the limit is not",
        play: |lab| {
            let user = lab.process("user")?;
            user.cat("/proc/sys/fs/mqueue/msg_max")?;
            user.cat("/proc/sys/fs/mqueue/msgsize_max")?;
            user.mq_open("/ten", CREATED, QueueSize::new(10, 16))?;
            user.mq_open("/eleven", CREATED, QueueSize::new(11, 16))?;
            user.mq_open("/long", CREATED, QueueSize::new(1, 8192))?;
            user.mq_open("/longer", CREATED, QueueSize::new(1, 8193))?;
            user.mq_open("/none", CREATED, QueueSize::new(0, 16))?;
            user.mq_open("/empty", CREATED, QueueSize::new(1, 0))?;
            lab.note("what was refused does not exist")?;
            for name in ["/eleven", "/longer", "/none", "/empty"] {
                user.mq_open(name, FOUND, EXISTING)?;
            }
            for name in ["/ten", "/long"] {
                user.mq_open(name, CREATED_NEW, SMALL_QUEUE)?;
            }
            Ok(())
        },
        ..CASE
    },
];

/// The claims of this topic that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[Untested {
    id: "ipc.mq-per-ns-rlimit",
    claim: "The kernel counts the use of RLIMIT_MSGQUEUE by a user's queues along the hierarchy of user namespaces.",
    sources: &[man("mq_overview(7)", "Resource limit")],
    why: "the account is shared with every other queue of the same user on the machine",
    part: None,
}];
