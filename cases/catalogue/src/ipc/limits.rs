//! The limits that the settings of a namespace put on its objects.
//!
//! The settings themselves live in `settings`.

use super::{CREATED, CREATED_NEW, FOUND, KEY, OTHER_KEY, WAITING};
use crate::api::{SETGROUPS, map_to_root};
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
    Case {
        id: "ipc.shmmax",
        claim: "kernel.shmmax is the size of the largest segment in the IPC namespace; a larger one is EINVAL, and so is one of size 0 everywhere.",
        sources: &[man("shmget(2)", "ERRORS"), man("ipc_namespaces(7)", "DESCRIPTION")],
        since: "",
        needs: &[&need::IPC_NS, &need::SYSV_IPC, &need::PROCFS, &need::IPC_SYSCTLS],
        wrong: "a larger segment is created, or one of the exact size is not, or the limit holds in the other namespace too",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWIPC)?;
            inner.echo("8192\n", "/proc/sys/kernel/shmmax")?;
            for process in [inner, outer] {
                process.shmget(KEY, 0, CREATE)?;
                process.shmget(KEY, 8193, CREATE)?;
                process.shmget(OTHER_KEY, 8192, CREATE)?;
                process.sysvipc("/proc/sysvipc/shm")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.shmall",
        claim: "kernel.shmall is how many pages all segments of the IPC namespace may take together; more are ENOSPC until a segment is removed.",
        sources: &[man("shmget(2)", "ERRORS"), man("ipc_namespaces(7)", "DESCRIPTION")],
        since: "",
        needs: &[&need::IPC_NS, &need::SYSV_IPC, &need::PROCFS, &need::IPC_SYSCTLS],
        wrong: "a page too many is given, or a removed segment still counts",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWIPC)?;
            inner.echo("2\n", "/proc/sys/kernel/shmall")?;
            lab.note("a segment of one byte takes a page")?;
            let first = inner.shmget(KEY, 1, CREATE)?.id()?;
            inner.shmget(OTHER_KEY, 1, CREATE)?;
            inner.shmget(libc::IPC_PRIVATE, 1, CREATE)?;
            inner.shmctl(first, IpcCommand::IPC_RMID)?;
            inner.shmget(libc::IPC_PRIVATE, 1, CREATE)?;
            inner.shmget(libc::IPC_PRIVATE, 1, CREATE)?;
            lab.note("outside there is more")?;
            for _ in 0..3 {
                outer.shmget(libc::IPC_PRIVATE, 1, CREATE)?;
            }
            outer.sysvipc("/proc/sysvipc/shm")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.limits-independent",
        claim: "Objects count against the limits of their own IPC namespace alone: where one is full another with the same limits has all its room.",
        sources: &[man("ipc_namespaces(7)", "DESCRIPTION")],
        since: "2.6.19",
        needs: &[&need::IPC_NS, &need::SYSV_IPC, &need::PROCFS, &need::IPC_SYSCTLS],
        wrong: "the full namespace leaves no room in the other one",
        play: |lab| {
            let outer = lab.process("outer")?;
            let one = outer.clone("one", NEWIPC)?;
            let two = outer.clone("two", NEWIPC)?;
            for process in [one, two] {
                process.echo("1\n", "/proc/sys/kernel/shmmni")?;
                process.echo("1\n", "/proc/sys/kernel/msgmni")?;
                process.echo("10 15 3 1\n", "/proc/sys/kernel/sem")?;
            }
            lab.note("room for one object of each kind: the second is refused, in both namespaces")?;
            for process in [one, two] {
                for key in [KEY, OTHER_KEY] {
                    process.shmget(key, 1, CREATE)?;
                    process.msgget(key, CREATE)?;
                    process.semget(key, 1, CREATE)?;
                }
            }
            outer.cat("/proc/sys/kernel/msgmni")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.semmsl",
        claim: "The first field of kernel.sem is how many semaphores a set may hold; more, less than 0, and 0 where the set does not exist yet are EINVAL.",
        sources: &[man("semget(2)", "ERRORS"), man("ipc_namespaces(7)", "DESCRIPTION")],
        since: "",
        needs: &[&need::IPC_NS, &need::SYSV_IPC, &need::PROCFS, &need::IPC_SYSCTLS],
        wrong: "a larger set is created, or one of the exact size is not, or the limit holds in the other namespace too",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWIPC)?;
            inner.echo("10 15 3 2\n", "/proc/sys/kernel/sem")?;
            for process in [inner, outer] {
                process.semget(KEY, -1, CREATE)?;
                process.semget(KEY, 0, CREATE)?;
                process.semget(KEY, 11, CREATE)?;
                process.semget(OTHER_KEY, 10, CREATE)?;
                process.semget(OTHER_KEY, 0, FIND)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.semmns-semmni",
        claim: "The second and the fourth field of kernel.sem are how many semaphores and how many sets the IPC namespace may hold; more are ENOSPC until a set is removed.",
        sources: &[man("semget(2)", "ERRORS"), man("ipc_namespaces(7)", "DESCRIPTION")],
        since: "",
        needs: &[&need::SYSV_IPC, &need::PROCFS, &need::IPC_SYSCTLS],
        wrong: "a semaphore or a set too many is created, or a removed set still counts",
        play: |lab| {
            let process = lab.process("process")?;
            process.echo("10 15 3 2\n", "/proc/sys/kernel/sem")?;
            lab.note("15 semaphores: 10 and 6 are one too many, 10 and 5 are not")?;
            let first = process.semget(KEY, 10, CREATE)?.id()?;
            process.semget(OTHER_KEY, 6, CREATE)?;
            let second = process.semget(OTHER_KEY, 5, CREATE)?.id()?;
            lab.note("2 sets: there is room for semaphores, not for a set")?;
            process.semctl(first, 0, IpcCommand::IPC_RMID)?;
            process.semget(libc::IPC_PRIVATE, 1, CREATE)?;
            process.semget(libc::IPC_PRIVATE, 1, CREATE)?;
            process.semctl(second, 0, IpcCommand::IPC_RMID)?;
            process.semget(libc::IPC_PRIVATE, 1, CREATE)?;
            process.sysvipc("/proc/sysvipc/sem")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.msgmni",
        claim: "kernel.msgmni is how many System V message queues the IPC namespace may hold; one more is ENOSPC until a queue is removed.",
        sources: &[man("msgget(2)", "ERRORS"), man("ipc_namespaces(7)", "DESCRIPTION")],
        since: "",
        needs: &[&need::SYSV_IPC, &need::PROCFS, &need::IPC_SYSCTLS],
        wrong: "a queue too many is created, or a removed one still counts",
        play: |lab| {
            let process = lab.process("process")?;
            process.echo("1\n", "/proc/sys/kernel/msgmni")?;
            let first = process.msgget(KEY, CREATE)?.id()?;
            process.msgget(OTHER_KEY, CREATE)?;
            process.msgctl(first, IpcCommand::IPC_RMID)?;
            process.msgget(OTHER_KEY, CREATE)?;
            process.msgget(KEY, CREATE)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.qbytes-raise-needs-resource",
        claim: "Raising a queue's msg_qbytes above kernel.msgmnb takes CAP_SYS_RESOURCE in the initial user namespace: the root of another one gets EPERM, who may set it up to msgmnb.",
        sources: &[man("msgctl(2)", "ERRORS")],
        since: "",
        starts_as: Credentials::User,
        needs: &[&need::SYSV_IPC, &need::PROCFS],
        wrong: "the capabilities of a user namespace suffice, or the limit itself is refused",
        accepted: &[SETGROUPS],
        play: |lab| {
            let user = lab.process("user")?;
            user.readlink("/proc/self/ns/ipc")?;
            user.unshare(NEWUSER | NEWIPC)?;
            user.readlink("/proc/self/ns/ipc")?;
            map_to_root(user)?;
            lab.note("root, with all capabilities, in namespaces of its own")?;
            user.capget()?;
            user.cat("/proc/sys/kernel/msgmnb")?;
            let queue = user.msgget(KEY, CREATE)?.id()?;
            user.msgctl_set_qbytes(queue, 16383)?;
            user.msgctl(queue, IpcCommand::IPC_STAT)?;
            user.msgctl_set_qbytes(queue, 16385)?;
            user.msgctl(queue, IpcCommand::IPC_STAT)?;
            user.msgctl_set_qbytes(queue, 16384)?;
            user.msgctl(queue, IpcCommand::IPC_STAT)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.mq-defaults-apply",
        claim: "A queue of which no size is said gets msg_default messages of msgsize_default bytes, or msg_max and msgsize_max where these are less.",
        sources: &[man("mq_overview(7)", "/proc interfaces"), man("mq_open(3)", "DESCRIPTION")],
        since: "3.5",
        needs: &[&need::POSIX_MQ, &need::PROCFS, &need::IPC_SYSCTLS],
        wrong: "the queue has another size",
        play: |lab| {
            let process = lab.process("process")?;
            process.echo("5\n", "/proc/sys/fs/mqueue/msg_default")?;
            process.echo("256\n", "/proc/sys/fs/mqueue/msgsize_default")?;
            let queue = process.mq_open_default("/default", CREATED)?.id()?;
            process.mq_getattr(queue)?;
            lab.note("with maxima below the defaults")?;
            process.echo("3\n", "/proc/sys/fs/mqueue/msg_max")?;
            process.echo("128\n", "/proc/sys/fs/mqueue/msgsize_max")?;
            let queue = process.mq_open_default("/less", CREATED)?.id()?;
            process.mq_getattr(queue)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.mq-userns-root-not-exempt",
        claim: "The limits of queues bind the root of a user namespace, whatever capabilities it has there: only CAP_SYS_RESOURCE in the initial user namespace exempts from them.",
        sources: &[man("mq_overview(7)", "/proc interfaces"), man("user_namespaces(7)", "Capabilities")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::POSIX_MQ, &need::PROCFS],
        wrong: "the capabilities of a user namespace lift a limit",
        accepted: &[SETGROUPS],
        play: |lab| {
            let user = lab.process("user")?;
            user.readlink("/proc/self/ns/ipc")?;
            user.unshare(NEWUSER | NEWIPC)?;
            user.readlink("/proc/self/ns/ipc")?;
            map_to_root(user)?;
            lab.note("root, with all capabilities, in namespaces of its own")?;
            user.capget()?;
            user.cat("/proc/sys/fs/mqueue/msg_max")?;
            user.mq_open("/eleven", CREATED, QueueSize::new(11, 16))?;
            user.mq_open("/ten", CREATED, QueueSize::new(10, 16))?;
            user.mq_open("/eleven", FOUND, EXISTING)?;
            user.mq_open("/ten", CREATED_NEW, SMALL_QUEUE)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.mq-rlimit",
        claim: "A queue that would take more bytes than RLIMIT_MSGQUEUE allows is EMFILE.",
        sources: &[man("mq_overview(7)", "Resource limit"), man("getrlimit(2)", "RLIMIT_MSGQUEUE")],
        since: "2.6.8",
        starts_as: Credentials::User,
        needs: &[&need::POSIX_MQ],
        wrong: "the queue is created, or another errno given",
        play: |lab| {
            let user = lab.process("user")?;
            let limited = user.fork("limited")?;
            limited.setrlimit(Rlimit::RLIMIT_MSGQUEUE, 0, 0)?;
            limited.mq_open("/queue", CREATED, SMALL_QUEUE)?;
            user.mq_open("/queue", FOUND, EXISTING)?;
            user.mq_open("/queue", CREATED, SMALL_QUEUE)?;
            lab.note("to open one that exists takes nothing")?;
            let found = limited.mq_open("/queue", FOUND, EXISTING)?.id()?;
            limited.mq_getattr(found)?;
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
