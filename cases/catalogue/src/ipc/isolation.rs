//! System V objects and message queues are seen by the members of one IPC namespace alone.
//!
//! The settings of a namespace live in `settings`, the mounted queues in `mqueue`.

use super::{CREATED, CREATED_NEW, FOUND, KEY, WAITING, mount_queues};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "ipc.isolates-sysv-objects",
        claim: "An IPC namespace isolates System V shared memory, semaphore sets and message queues: what was created outside cannot be found inside.",
        sources: &[SEED, man("ipc_namespaces(7)", "DESCRIPTION")],
        since: "2.6.19",
        needs: &[&need::IPC_NS, &need::SYSV_IPC],
        wrong: "a key that is in use outside is found inside",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.shmget(KEY, 4096, CREATE)?;
            outer.semget(KEY, 1, CREATE)?;
            outer.msgget(KEY, CREATE)?;
            let sharing = outer.fork("sharing")?;
            let inner = outer.clone("inner", NEWIPC)?;
            for process in [sharing, inner] {
                process.shmget(KEY, 0, FIND)?;
                process.semget(KEY, 0, FIND)?;
                process.msgget(KEY, FIND)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.isolates-posix-mq",
        claim: "An IPC namespace isolates POSIX message queues: a queue is found by its name only within the namespace in which it was created.",
        sources: &[SEED, man("ipc_namespaces(7)", "DESCRIPTION")],
        since: "2.6.30",
        needs: &[&need::IPC_NS, &need::POSIX_MQ],
        wrong: "a queue that was created outside can be opened inside",
        play: |lab| {
            let outer = lab.process("outer")?;
            let sharing = outer.fork("sharing")?;
            let inner = outer.clone("inner", NEWIPC)?;
            let queue = outer.mq_open("/queue", CREATED, SMALL_QUEUE)?.id()?;
            outer.mq_send(queue, "to all who share", 0)?;
            let shared = sharing.mq_open("/queue", FOUND, EXISTING)?.id()?;
            inner.mq_open("/queue", FOUND, EXISTING)?;
            lab.note("the name is free inside, and stands for another queue")?;
            let other = inner.mq_open("/queue", CREATED_NEW, SMALL_QUEUE)?.id()?;
            inner.mq_send(other, "to the inner ones", 0)?;
            for (process, queue) in [(sharing, shared), (inner, other)] {
                process.mq_receive(queue)?;
                process.mq_receive(queue)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.own-identifiers",
        claim: "Every IPC namespace has a set of System V identifiers of its own: a number from outside means nothing inside, or another object.",
        sources: &[SEED, man("ipc_namespaces(7)", "DESCRIPTION")],
        since: "2.6.19",
        needs: &[&need::IPC_NS, &need::SYSV_IPC],
        wrong: "an identifier from outside reaches the outer object",
        play: |lab| {
            let outer = lab.process("outer")?;
            let segment = outer.shmget(KEY, 4096, CREATE)?.id()?;
            let semaphores = outer.semget(KEY, 1, CREATE)?.id()?;
            let queue = outer.msgget(KEY, CREATE)?.id()?;
            outer.msgsnd(queue, 1, "outer", WAITING)?;
            let inner = outer.clone("inner", NEWIPC)?;
            inner.shmctl(segment, IpcCommand::IPC_STAT)?;
            inner.shmat(segment)?;
            inner.semctl(semaphores, 0, IpcCommand::IPC_STAT)?;
            inner.msgctl(queue, IpcCommand::IPC_STAT)?;
            lab.note("the same number, but another queue: taking it away leaves the outer one")?;
            let same = inner.msgget(KEY, CREATE)?.id()?;
            inner.msgctl(same, IpcCommand::IPC_STAT)?;
            inner.msgctl(same, IpcCommand::IPC_RMID)?;
            inner.msgget(KEY, FIND)?;
            outer.shmctl(segment, IpcCommand::IPC_STAT)?;
            outer.semctl(semaphores, 0, IpcCommand::IPC_STAT)?;
            outer.msgctl(queue, IpcCommand::IPC_STAT)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.own-mqueue-filesystem",
        claim: "Every IPC namespace has a POSIX message queue file system of its own.",
        sources: &[SEED, man("ipc_namespaces(7)", "DESCRIPTION")],
        since: "2.6.30",
        needs: &[&need::IPC_NS, &need::MNT_NS, &need::POSIX_MQ, &need::MQUEUE],
        wrong: "the file system mounted inside holds the queues of outside, or the reverse",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.mq_open("/outer-queue", CREATED, SMALL_QUEUE)?;
            outer.mkdir("/tmp/mqueue", 0o700)?;
            mount_queues(outer)?;
            let inner = outer.clone("inner", NEWIPC | NEWNS)?;
            inner.readdir("/tmp/mqueue")?;
            mount_queues(inner)?;
            inner.readdir("/tmp/mqueue")?;
            inner.mq_open("/inner-queue", CREATED, SMALL_QUEUE)?;
            inner.readdir("/tmp/mqueue")?;
            outer.readdir("/tmp/mqueue")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.only-non-path-objects",
        claim: "An IPC namespace isolates the mechanisms whose objects are named otherwise than by a path; what has a path, as a named pipe, connects processes of different IPC namespaces.",
        sources: &[SEED, man("ipc_namespaces(7)", "DESCRIPTION")],
        since: "2.6.19",
        needs: &[&need::IPC_NS, &need::SYSV_IPC],
        wrong: "the named pipe cannot be used from inside, or the queue with a key can",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.msgget(KEY, CREATE)?;
            outer.mkfifo("/tmp/pipe", 0o600)?;
            let reading = outer.open("/tmp/pipe", OpenFlags::O_RDWR | OpenFlags::O_NONBLOCK)?.id()?;
            let inner = outer.clone("inner", NEWIPC)?;
            inner.msgget(KEY, FIND)?;
            outer.msgget(KEY, CREATE_NEW)?;
            let writing = inner.open("/tmp/pipe", OpenFlags::O_WRONLY)?.id()?;
            inner.write(writing, "found by its path")?;
            outer.read(reading)?;
            outer.read(reading)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.same-key-different-objects",
        claim: "Equal keys in two IPC namespaces stand for different objects.",
        sources: &[man("ipc_namespaces(7)", "DESCRIPTION")],
        since: "2.6.19",
        needs: &[&need::IPC_NS, &need::SYSV_IPC],
        wrong: "the key is taken inside, or creating the inner segment changes the outer one",
        play: |lab| {
            let outer = lab.process("outer")?;
            let segment = outer.shmget(KEY, 4096, CREATE_NEW)?.id()?;
            outer.shmget(KEY, 8192, CREATE_NEW)?;
            let inner = outer.clone("inner", NEWIPC)?;
            let other = inner.shmget(KEY, 8192, CREATE_NEW)?.id()?;
            for (process, id, text) in [(outer, segment, "outer text"), (inner, other, "inner text")] {
                process.shmat(id)?;
                process.poke(Address(1), text)?;
            }
            for (process, id) in [(outer, segment), (inner, other)] {
                process.shmctl(id, IpcCommand::IPC_STAT)?;
                process.peek(Address(1))?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.starts-empty",
        claim: "A new IPC namespace holds no System V object and no message queue: unlike the names of a UTS namespace, nothing is copied.",
        sources: &[man("ipc_namespaces(7)", "DESCRIPTION")],
        since: "2.6.19",
        needs: &[&need::IPC_NS, &need::SYSV_IPC, &need::POSIX_MQ, &need::PROCFS],
        wrong: "an object of the creator's namespace is there, as itself or as a copy",
        play: |lab| {
            let process = lab.process("process")?;
            process.shmget(KEY, 4096, CREATE)?;
            process.semget(KEY, 1, CREATE)?;
            process.msgget(KEY, CREATE)?;
            process.mq_open("/queue", CREATED, SMALL_QUEUE)?;
            let new = process.clone("new", NEWIPC)?;
            lab.note("the creator sees its objects, the new namespace has none")?;
            for process in [process, new] {
                process.sysvipc("/proc/sysvipc/shm")?;
                process.sysvipc("/proc/sysvipc/sem")?;
                process.sysvipc("/proc/sysvipc/msg")?;
            }
            process.mq_open("/queue", CREATED_NEW, SMALL_QUEUE)?;
            new.mq_open("/queue", FOUND, EXISTING)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.visible-to-members",
        claim: "The objects of an IPC namespace can be used by all its members, also by a process that joins it with setns() later.",
        sources: &[man("ipc_namespaces(7)", "DESCRIPTION"), man("setns(2)", "DESCRIPTION")],
        since: "3.0",
        needs: &[&need::IPC_NS, &need::SYSV_IPC, &need::PROCFS],
        wrong: "the joining process does not find the segment, or finds other memory",
        play: |lab| {
            let joiner = lab.process("joiner")?;
            let member = joiner.clone("member", NEWIPC)?;
            let segment = member.shmget(KEY, 4096, CREATE)?.id()?;
            member.shmat(segment)?;
            member.poke(Address(1), "from the member")?;
            joiner.shmget(KEY, 0, FIND)?;
            let fd = joiner.open(member.proc("ns/ipc"), O_RDONLY)?.id()?;
            joiner.setns(fd, NEWIPC)?;
            let found = joiner.shmget(KEY, 0, FIND)?.id()?;
            joiner.shmat(found)?;
            joiner.peek(Address(1))?;
            joiner.poke(Address(1), "from the joiner")?;
            member.peek(Address(1))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.not-hierarchical",
        claim: "IPC namespaces have no parent: NS_GET_PARENT is refused with EINVAL, while it gives the parent of a PID namespace.",
        sources: &[man("NS_GET_PARENT(2const)", "ERRORS")],
        since: "4.9",
        needs: &[&need::IPC_NS, &need::PID_NS, &need::PROCFS],
        wrong: "a parent is given, or another errno",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWIPC | NEWPID)?;
            outer.readlink("/proc/self/ns/ipc")?;
            let ipc = outer.open(inner.proc("ns/ipc"), O_RDONLY)?.id()?;
            outer.fstat_ns(ipc)?;
            outer.ioctl_parent(ipc)?;
            let pid = outer.open(inner.proc("ns/pid"), O_RDONLY)?.id()?;
            let parent = outer.ioctl_parent(pid)?.id()?;
            outer.fstat_ns(parent)?;
            outer.readlink("/proc/self/ns/pid")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.comm-independent",
        claim: "Under one key two IPC namespaces can each have a segment, a queue and a semaphore set at once: text, messages and values of one do not show in the other.",
        sources: &[man("ipc_namespaces(7)", "DESCRIPTION"), man("sysvipc(7)", "DESCRIPTION")],
        since: "2.6.19",
        needs: &[],
        wrong: "what is put into an object of one namespace comes out of that of the other",
        play: |lab| {
            let outer = lab.process("outer")?;
            let one = outer.clone("one", NEWIPC)?;
            let two = outer.clone("two", NEWIPC)?;
            lab.note("the same objects, by their numbers too")?;
            for process in [one, two] {
                process.shmget(KEY, 4096, CREATE_NEW)?;
                process.msgget(KEY, CREATE_NEW)?;
                process.semget(KEY, 1, CREATE_NEW)?;
                process.shmat(0)?;
            }
            lab.note("used in one of them")?;
            one.poke(Address(1), "text of one")?;
            one.msgsnd(0, 1, "message of one", IpcFlags::IPC_NOWAIT)?;
            one.semop(0, [operation(0, 1, IpcFlags::IPC_NOWAIT)])?;
            lab.note("not there in the other, but where it was put")?;
            for process in [two, one] {
                process.peek(Address(1))?;
                process.msgctl(0, IpcCommand::IPC_STAT)?;
                process.semctl(0, 0, IpcCommand::GETVAL)?;
            }
            outer.sysvipc("/proc/sysvipc/shm")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.fork-shares",
        claim: "A process that is created without CLONE_NEWIPC is in the IPC namespace of its creator: each finds what the other makes.",
        sources: &[man("clone(2)", "CLONE_NEWIPC")],
        since: "2.6.19",
        needs: &[&need::PROCFS],
        wrong: "the child is in another IPC namespace",
        play: |lab| {
            let parent = lab.process("parent")?;
            let child = parent.fork("child")?;
            parent.readlink("/proc/self/ns/ipc")?;
            child.readlink("/proc/self/ns/ipc")?;
            parent.shmget(KEY, 4096, CREATE)?;
            child.shmget(KEY, 4096, FIND)?;
            child.mq_open("/queue", CREATED, SMALL_QUEUE)?;
            let found = parent.mq_open("/queue", FOUND, EXISTING)?.id()?;
            parent.mq_getattr(found)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.unix-abstract-not-isolated",
        claim: "Abstract addresses of UNIX sockets, though they are no paths, belong to the network namespace: another IPC namespace reaches them, another network namespace does not.",
        sources: &[man("unix(7)", "Abstract sockets"), man("network_namespaces(7)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::PROCFS],
        wrong: "the IPC namespace hides the socket, or the network namespace does not",
        play: |lab| {
            let outer = lab.process("outer")?;
            let server = outer.clone("server", NEWNET)?;
            let listening = server.socket(Domain::AF_UNIX, SocketType::SOCK_STREAM)?.id()?;
            server.bind(listening, "@server")?;
            server.listen(listening)?;
            lab.note("a client in another IPC namespace, and one in another network namespace")?;
            let near = server.clone("near", NEWIPC)?;
            let far = server.clone("far", NEWNET)?;
            for client in [near, far] {
                let socket = client.socket(Domain::AF_UNIX, SocketType::SOCK_STREAM)?.id()?;
                server.poll(listening, PollEvents::POLLIN)?;
                client.connect(socket, "@server")?;
            }
            outer.diff_ns(server.proc("ns"), "/proc/self/ns")?;
            server.diff_ns(near.proc("ns"), "/proc/self/ns")?;
            server.diff_ns(far.proc("ns"), "/proc/self/ns")?;
            Ok(())
        },
        ..CASE
    },
];

/// The claims of this topic that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[Untested {
    id: "ipc.config",
    claim: "IPC namespaces need a kernel built with CONFIG_IPC_NS.",
    sources: &[man("ipc_namespaces(7)", "DESCRIPTION")],
    why: "it needs a kernel built without the option",
    part: None,
}];
