//! IPC namespaces: System V objects and POSIX message queues.
//!
//! The queues here are small: RLIMIT_MSGQUEUE is shared by all processes of a user, also those of
//! other cases. System V identifiers count from 0 in every new IPC namespace, so they are printed
//! as they are.

use crate::prelude::*;

/// A key as two programs would agree on it.
const KEY: i32 = 0x4b45_5900;

/// Another key.
const OTHER_KEY: i32 = 0x4b45_5901;

/// Opens a queue for both directions, and creates it where it does not exist. Taking a message from
/// an empty queue is to be EAGAIN and not to wait.
const CREATED: OpenFlags = OpenFlags::O_RDWR.union(OpenFlags::O_CREAT).union(OpenFlags::O_NONBLOCK);

/// Creates a queue, and fails where it exists.
const CREATED_NEW: OpenFlags = CREATED.union(OpenFlags::O_EXCL);

/// Opens a queue that exists.
const FOUND: OpenFlags = OpenFlags::O_NONBLOCK;

/// The option of no operation in particular.
const WAITING: IpcFlags = IpcFlags::empty();

/// The cases of this module.
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
        id: "ipc.sysvipc-files-per-ns",
        claim: "The files in /proc/sysvipc list the objects of the reader's IPC namespace.",
        sources: &[man("ipc_namespaces(7)", "DESCRIPTION")],
        since: "2.6.19",
        needs: &[&need::IPC_NS, &need::SYSV_IPC, &need::PROCFS],
        wrong: "a file lists an object of another namespace",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWIPC)?;
            outer.shmget(KEY, 4096, CREATE)?;
            outer.semget(KEY, 1, CREATE)?;
            outer.msgget(KEY, CREATE)?;
            inner.shmget(OTHER_KEY, 4096, CREATE)?;
            inner.semget(OTHER_KEY, 1, CREATE)?;
            inner.msgget(OTHER_KEY, CREATE)?;
            for process in [outer, inner] {
                process.sysvipc("/proc/sysvipc/shm")?;
                process.sysvipc("/proc/sysvipc/sem")?;
                process.sysvipc("/proc/sysvipc/msg")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.sysvipc-fd-keeps-old-view",
        claim: "An open file of /proc/sysvipc goes on showing the IPC namespace of whoever opened it, also to a process that has left it.",
        sources: &[text("Linux source, ipc/util.c: no manual page says it")],
        since: "2.6.19",
        needs: &[&need::IPC_NS, &need::SYSV_IPC, &need::PROCFS],
        wrong: "the descriptor shows the namespace of whoever reads",
        play: |lab| {
            let process = lab.process("process")?;
            process.msgget(KEY, CREATE)?;
            let before = process.open("/proc/sysvipc/msg", O_RDONLY)?.id()?;
            process.unshare(NEWIPC)?;
            process.msgget(OTHER_KEY, CREATE)?;
            let after = process.open("/proc/sysvipc/msg", O_RDONLY)?.id()?;
            process.sysvipc_fd(before)?;
            process.sysvipc_fd(after)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.objects-survive-while-pinned",
        claim: "The objects of an IPC namespace without members stay as long as a descriptor keeps the namespace.",
        sources: &[man("namespaces(7)", "Namespace lifetime"), man("ipc_namespaces(7)", "DESCRIPTION")],
        since: "3.0",
        needs: &[&need::IPC_NS, &need::SYSV_IPC, &need::POSIX_MQ, &need::PROCFS],
        wrong: "the queues are gone with the last member",
        play: |lab| {
            let keeper = lab.process("keeper")?;
            let maker = keeper.clone("maker", NEWIPC)?;
            let queue = maker.msgget(KEY, CREATE)?.id()?;
            maker.msgsnd(queue, 1, "left behind", WAITING)?;
            let posix = maker.mq_open("/queue", CREATED, SMALL_QUEUE)?.id()?;
            maker.mq_send(posix, "left behind too", 0)?;
            let fd = keeper.open(maker.proc("ns/ipc"), O_RDONLY)?.id()?;
            maker.exit(0)?;
            keeper.waitpid(maker, WaitOptions::empty())?;
            lab.note("the only member is gone")?;
            keeper.kill(maker, Signal(0))?;
            keeper.msgget(KEY, FIND)?;
            keeper.setns(fd, NEWIPC)?;
            let found = keeper.msgget(KEY, FIND)?.id()?;
            keeper.msgrcv(found, 0, IpcFlags::IPC_NOWAIT)?;
            keeper.msgrcv(found, 0, IpcFlags::IPC_NOWAIT)?;
            let posix = keeper.mq_open("/queue", FOUND, EXISTING)?.id()?;
            keeper.mq_receive(posix)?;
            keeper.mq_receive(posix)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.outlive-creator-inside",
        claim: "As long as their IPC namespace lives, System V objects and message queues stay when the process that created them has ended.",
        sources: &[man("mq_overview(7)", "Persistence"), man("sysvipc(7)", "DESCRIPTION")],
        since: "",
        needs: &[&need::SYSV_IPC, &need::POSIX_MQ, &need::PROCFS],
        wrong: "an object goes with its creator",
        play: |lab| {
            let parent = lab.process("parent")?;
            let creator = parent.fork("creator")?;
            creator.shmget(KEY, 4096, CREATE)?;
            creator.semget(KEY, 1, CREATE)?;
            creator.msgget(KEY, CREATE)?;
            creator.mq_open("/queue", CREATED, SMALL_QUEUE)?;
            creator.exit(0)?;
            parent.waitpid(creator, WaitOptions::empty())?;
            parent.kill(creator, Signal(0))?;
            parent.sysvipc("/proc/sysvipc/shm")?;
            parent.sysvipc("/proc/sysvipc/sem")?;
            parent.sysvipc("/proc/sysvipc/msg")?;
            parent.mq_open("/queue", CREATED_NEW, SMALL_QUEUE)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.priv",
        claim: "Creating an IPC namespace needs CAP_SYS_ADMIN; an ordinary user gets one along with a user namespace.",
        sources: &[man("unshare(2)", "CLONE_NEWIPC"), man("clone(2)", "CLONE_NEWIPC")],
        since: "3.8",
        ground: Ground::User,
        needs: &[&need::IPC_NS, &need::USER_NS, &need::SYSV_IPC],
        wrong: "the first call succeeds, or the second does not",
        play: |lab| {
            let user = lab.process("user")?;
            user.msgget(KEY, CREATE)?;
            user.unshare(NEWIPC)?;
            user.msgget(KEY, FIND)?;
            user.unshare(NEWUSER | NEWIPC)?;
            user.msgget(KEY, FIND)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.cap-ipc-owner-in-owner",
        claim: "CAP_IPC_OWNER opens the objects of others only if it is held in the user namespace that owns the IPC namespace.",
        sources: &[man("shmop(2)", "ERRORS"), man("msgop(2)", "ERRORS")],
        since: "3.8",
        ground: Ground::User,
        needs: &[&need::USER_NS, &need::UTS_NS, &need::SYSV_IPC, &need::PROCFS, &need::IPC_OWNER],
        wrong: "the capabilities of a new user namespace open the objects of others, or those of the owner do not",
        play: |lab| {
            let user = lab.process("user")?;
            let root = lab.process_on(Ground::Root, "root")?;
            lab.note("a queue without any permission bit: its creator cannot use it either")?;
            let queue = user.msgget(KEY, GetFlags::IPC_CREAT)?.id()?;
            user.msgsnd(queue, 1, "by the creator", IpcFlags::IPC_NOWAIT)?;
            root.msgsnd(queue, 1, "by the owner's root", IpcFlags::IPC_NOWAIT)?;
            user.unshare(NEWUSER)?;
            user.msgsnd(queue, 1, "by the root of another user namespace", IpcFlags::IPC_NOWAIT)?;
            lab.note("the capabilities are there: they suffice for another UTS namespace")?;
            user.unshare(NEWUTS)?;
            user.readlink_ns("/proc/self/ns/uts")?;
            root.readlink_ns("/proc/self/ns/uts")?;
            root.msgctl(queue, IpcCommand::IPC_STAT)?;
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
            outer.readlink_ns("/proc/self/ns/ipc")?;
            let ipc = outer.open(inner.proc("ns/ipc"), O_RDONLY)?.id()?;
            outer.fstat_ns(ipc)?;
            outer.ioctl_parent(ipc)?;
            let pid = outer.open(inner.proc("ns/pid"), O_RDONLY)?.id()?;
            let parent = outer.ioctl_parent(pid)?.id()?;
            outer.fstat_ns(parent)?;
            outer.readlink_ns("/proc/self/ns/pid")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.attached-shm-survives-move",
        claim: "A segment that is attached stays so when the process moves to another IPC namespace, and can be detached there, though its identifier is unknown there.",
        sources: &[text("Linux source, ipc/shm.c: no manual page says it")],
        since: "2.6.19",
        needs: &[&need::IPC_NS, &need::SYSV_IPC],
        wrong: "the move detaches the segment, or the old identifier still works",
        play: |lab| {
            let outer = lab.process("outer")?;
            let segment = outer.shmget(KEY, 4096, CREATE)?.id()?;
            let mover = outer.fork("mover")?;
            mover.shmat(segment)?;
            mover.poke(Address(1), "before the move")?;
            mover.unshare(NEWIPC)?;
            mover.shmctl(segment, IpcCommand::IPC_STAT)?;
            mover.peek(Address(1))?;
            outer.shmctl(segment, IpcCommand::IPC_STAT)?;
            mover.shmdt(Address(1))?;
            mover.peek(Address(1))?;
            outer.shmctl(segment, IpcCommand::IPC_STAT)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.mqd-survives-move",
        claim: "An open message queue descriptor goes on working after the process has left the IPC namespace of the queue, whose name it can no longer find.",
        sources: &[man("mq_overview(7)", "Linux implementation of message queue descriptors")],
        since: "2.6.30",
        needs: &[&need::IPC_NS, &need::POSIX_MQ],
        wrong: "the descriptor stops working, or the name is still found",
        play: |lab| {
            let outer = lab.process("outer")?;
            let mover = outer.fork("mover")?;
            let own = mover.mq_open("/queue", CREATED, SMALL_QUEUE)?.id()?;
            let other = outer.mq_open("/queue", FOUND, EXISTING)?.id()?;
            mover.unshare(NEWIPC)?;
            mover.mq_open("/queue", FOUND, EXISTING)?;
            mover.mq_send(own, "through the old descriptor", 0)?;
            outer.mq_receive(other)?;
            outer.mq_receive(other)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.undo-applied-on-unshare",
        claim: "unshare(CLONE_NEWIPC) takes back, in the old namespace, what the caller did to semaphores with SEM_UNDO, as its end would; other changes stay.",
        sources: &[man("unshare(2)", "CLONE_NEWIPC"), man("semop(2)", "DESCRIPTION")],
        since: "2.6.26",
        needs: &[&need::IPC_NS, &need::SYSV_IPC],
        wrong: "the change stays after the caller has left, or the plain change goes as well",
        play: |lab| {
            let outer = lab.process("outer")?;
            let set = outer.semget(KEY, 1, CREATE)?.id()?;
            let mover = outer.fork("mover")?;
            mover.semop(set, [operation(0, 1, WAITING)])?;
            mover.semop(set, [operation(0, 3, IpcFlags::SEM_UNDO)])?;
            outer.semctl(set, 0, IpcCommand::GETVAL)?;
            mover.unshare(NEWIPC)?;
            outer.semctl(set, 0, IpcCommand::GETVAL)?;
            mover.semctl(set, 0, IpcCommand::GETVAL)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.undo-applied-on-setns",
        claim: "setns() to another IPC namespace takes back what the caller did with SEM_UNDO in the one that it leaves; a process that shares no undo list with it keeps its own.",
        sources: &[text("Linux source, ipc/namespace.c: no manual page says it")],
        since: "5.8",
        needs: &[&need::IPC_NS, &need::SYSV_IPC, &need::PROCFS],
        wrong: "the change stays after the caller has left, or that of the other process goes as well",
        play: |lab| {
            let outer = lab.process("outer")?;
            let set = outer.semget(KEY, 1, CREATE)?.id()?;
            let inner = outer.clone("inner", NEWIPC)?;
            let mover = outer.fork("mover")?;
            outer.semop(set, [operation(0, 2, IpcFlags::SEM_UNDO)])?;
            mover.semop(set, [operation(0, 5, IpcFlags::SEM_UNDO)])?;
            outer.semctl(set, 0, IpcCommand::GETVAL)?;
            let fd = mover.open(inner.proc("ns/ipc"), O_RDONLY)?.id()?;
            mover.setns(fd, NEWIPC)?;
            outer.semctl(set, 0, IpcCommand::GETVAL)?;
            mover.semctl(set, 0, IpcCommand::GETVAL)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.sem-pid-translated",
        claim: "GETPID gives the process that changed a semaphore last by its PID in the caller's PID namespace, and 0 if it is not visible there.",
        sources: &[text("Linux source, ipc/sem.c: no manual page says it")],
        since: "4.17",
        needs: &[&need::PID_NS, &need::SYSV_IPC],
        wrong: "both readers get the same number",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWPID)?;
            outer.getpid()?;
            inner.getpid()?;
            let set = outer.semget(KEY, 1, CREATE)?.id()?;
            for process in [inner, outer] {
                process.semop(set, [operation(0, 1, WAITING)])?;
                outer.semctl(set, 0, IpcCommand::GETPID)?;
                inner.semctl(set, 0, IpcCommand::GETPID)?;
            }
            outer.semctl(set, 0, IpcCommand::GETVAL)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.default-values",
        claim: "The System V settings of a new IPC namespace have the documented defaults.",
        sources: &[
            man("shmget(2)", "Shared memory limits"),
            man("msgget(2)", "NOTES"),
            man("semget(2)", "Semaphore limits"),
        ],
        since: "3.19",
        needs: &[&need::IPC_NS, &need::SYSV_IPC, &need::PROCFS],
        wrong: "a setting has another value",
        play: |lab| {
            let process = lab.process("process")?;
            process.readlink_ns("/proc/self/ns/ipc")?;
            process.unshare(NEWIPC)?;
            process.readlink_ns("/proc/self/ns/ipc")?;
            for (setting, _) in SYSV_SETTINGS {
                process.cat(*setting)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.default-values-mq",
        claim: "The settings for POSIX message queues of a new IPC namespace have the documented defaults.",
        sources: &[man("mq_overview(7)", "/proc interfaces")],
        since: "3.5",
        needs: &[&need::IPC_NS, &need::POSIX_MQ, &need::PROCFS],
        wrong: "a setting has another value",
        play: |lab| {
            let process = lab.process("process")?;
            process.readlink_ns("/proc/self/ns/ipc")?;
            process.unshare(NEWIPC)?;
            process.readlink_ns("/proc/self/ns/ipc")?;
            for (setting, _) in QUEUE_SETTINGS {
                process.cat(*setting)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.sysctls-sysv-per-ns",
        claim: "The System V settings in /proc/sys/kernel are separate for each IPC namespace: a change inside does not reach the one outside.",
        sources: &[man("ipc_namespaces(7)", "DESCRIPTION")],
        since: "2.6.19",
        needs: &[&need::IPC_NS, &need::SYSV_IPC, &need::PROCFS, &need::IPC_SYSCTLS],
        wrong: "a setting changes outside as well",
        play: |lab| settings_are_separate(lab, SYSV_SETTINGS),
        ..CASE
    },
    Case {
        id: "ipc.sysctls-mq-per-ns",
        claim: "The settings in /proc/sys/fs/mqueue are separate for each IPC namespace: a change inside does not reach the one outside.",
        sources: &[man("ipc_namespaces(7)", "DESCRIPTION")],
        since: "2.6.30",
        needs: &[&need::IPC_NS, &need::POSIX_MQ, &need::PROCFS, &need::IPC_SYSCTLS],
        wrong: "a setting changes outside as well",
        play: |lab| settings_are_separate(lab, QUEUE_SETTINGS),
        ..CASE
    },
    Case {
        id: "ipc.sysctls-reset-not-copied",
        claim: "A new IPC namespace begins with the kernel's defaults and not with the settings of its creator.",
        sources: &[text("Linux source, ipc/namespace.c: no manual page says it")],
        since: "2.6.19",
        needs: &[&need::IPC_NS, &need::SYSV_IPC, &need::POSIX_MQ, &need::PROCFS, &need::IPC_SYSCTLS],
        wrong: "the new namespace has the changed settings",
        play: |lab| {
            let process = lab.process("process")?;
            process.echo("100\n", "/proc/sys/kernel/msgmax")?;
            process.echo("20\n", "/proc/sys/fs/mqueue/msg_max")?;
            process.cat("/proc/sys/kernel/msgmax")?;
            process.cat("/proc/sys/fs/mqueue/msg_max")?;
            process.unshare(NEWIPC)?;
            process.cat("/proc/sys/kernel/msgmax")?;
            process.cat("/proc/sys/fs/mqueue/msg_max")?;
            Ok(())
        },
        ..CASE
    },
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
        id: "ipc.rmid-forced",
        claim: "With kernel.shm_rmid_forced set to 1 a segment is destroyed as soon as nothing is attached to it.",
        sources: &[man("proc_sys_kernel(5)", "DESCRIPTION")],
        since: "3.1",
        needs: &[&need::SYSV_IPC, &need::PROCFS, &need::IPC_SYSCTLS],
        wrong: "the segment outlives its last attachment, or does so without the setting too",
        play: |lab| {
            let process = lab.process("process")?;
            attach_and_detach(process, KEY, Address(1))?;
            process.echo("1\n", "/proc/sys/kernel/shm_rmid_forced")?;
            attach_and_detach(process, OTHER_KEY, Address(2))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.rmid-forced-existing",
        claim: "Setting kernel.shm_rmid_forced to 1 destroys the existing segments to which nothing is attached.",
        sources: &[man("proc_sys_kernel(5)", "DESCRIPTION")],
        since: "3.1",
        deviation: Some("Every existing segment without attachment is destroyed, whoever created it."),
        needs: &[&need::SYSV_IPC, &need::PROCFS, &need::IPC_SYSCTLS],
        wrong: "the segment of the creator that has ended stays, or that of the living one goes",
        play: |lab| {
            let living = lab.process("living")?;
            let ended = living.fork("ended")?;
            let orphan = ended.shmget(KEY, 4096, CREATE)?.id()?;
            let owned = living.shmget(OTHER_KEY, 4096, CREATE)?.id()?;
            ended.exit(0)?;
            living.waitpid(ended, WaitOptions::empty())?;
            living.kill(ended, Signal(0))?;
            living.shmctl(orphan, IpcCommand::IPC_STAT)?;
            living.shmctl(owned, IpcCommand::IPC_STAT)?;
            living.echo("1\n", "/proc/sys/kernel/shm_rmid_forced")?;
            living.shmctl(orphan, IpcCommand::IPC_STAT)?;
            living.shmctl(owned, IpcCommand::IPC_STAT)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.blocked-call-eidrm",
        claim: "A process that waits in msgrcv() or semop() gets EIDRM when the object is removed.",
        sources: &[man("msgop(2)", "ERRORS"), man("semop(2)", "ERRORS")],
        since: "",
        needs: &[&need::SYSV_IPC],
        wrong: "the call goes on waiting, or ends with another errno",
        play: |lab| {
            let remover = lab.process("remover")?;
            let waiter = lab.process("waiter")?;
            let queue = remover.msgget(KEY, CREATE)?.id()?;
            let receiving = waiter.begin().msgrcv(queue, 0, WAITING)?;
            receiving.blocked()?;
            remover.msgctl(queue, IpcCommand::IPC_RMID)?;
            receiving.finish()?;
            let set = remover.semget(KEY, 1, CREATE)?.id()?;
            let taking = waiter.begin().semop(set, [operation(0, -1, WAITING)])?;
            taking.blocked()?;
            remover.semctl(set, 0, IpcCommand::IPC_RMID)?;
            taking.finish()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.removed-id-errno",
        claim: "The identifier of an object that was removed is refused.",
        sources: &[man("shmctl(2)", "ERRORS"), man("semctl(2)", "ERRORS"), man("msgctl(2)", "ERRORS")],
        since: "",
        deviation: Some("A call with the identifier of a removed object fails with EIDRM."),
        needs: &[&need::SYSV_IPC],
        wrong: "the object is still there, or the errno is another one",
        play: |lab| {
            let process = lab.process("process")?;
            let segment = process.shmget(KEY, 4096, CREATE)?.id()?;
            let set = process.semget(KEY, 1, CREATE)?.id()?;
            let queue = process.msgget(KEY, CREATE)?.id()?;
            for command in [IpcCommand::IPC_STAT, IpcCommand::IPC_RMID, IpcCommand::IPC_STAT] {
                process.shmctl(segment, command)?;
                process.semctl(set, 0, command)?;
                process.msgctl(queue, command)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.mq-mount-shows-mounters-ns",
        claim: "A mounted mqueue file system shows the queues of the IPC namespace of the process that mounted it, to everybody who sees the mount.",
        sources: &[
            man("ipc_namespaces(7)", "DESCRIPTION"),
            man("mq_overview(7)", "Mounting the message queue filesystem"),
        ],
        since: "2.6.30",
        needs: &[&need::IPC_NS, &need::POSIX_MQ, &need::MQUEUE],
        wrong: "the mount shows the queues of whoever reads it",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.mkdir("/tmp/mqueue", 0o700)?;
            mount_queues(outer)?;
            outer.mq_open("/outer-queue", CREATED, SMALL_QUEUE)?;
            let inner = outer.clone("inner", NEWIPC)?;
            inner.mq_open("/inner-queue", CREATED, SMALL_QUEUE)?;
            inner.mq_open("/outer-queue", FOUND, EXISTING)?;
            inner.readdir("/tmp/mqueue")?;
            outer.readdir("/tmp/mqueue")?;
            inner.cat("/tmp/mqueue/outer-queue")?;
            inner.mq_open("/inner-queue", CREATED_NEW, SMALL_QUEUE)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.mq-mount-in-userns",
        claim: "The root of a user namespace may mount mqueue if the user namespace owns the IPC namespace; else it is EPERM.",
        sources: &[man("user_namespaces(7)", "Effect of capabilities within a user namespace")],
        since: "3.9",
        ground: Ground::User,
        needs: &[&need::IPC_NS, &need::USER_NS, &need::MNT_NS, &need::POSIX_MQ, &need::MQUEUE],
        wrong: "the queues of a foreign IPC namespace can be mounted, or those of an own one cannot",
        play: |lab| {
            let user = lab.process("user")?;
            user.mkdir("/tmp/mqueue", 0o700)?;
            user.creat_excl("/tmp/mqueue/not-mounted")?;
            user.unshare(NEWUSER | NEWNS)?;
            mount_queues(user)?;
            user.readdir("/tmp/mqueue")?;
            user.unshare(NEWIPC)?;
            mount_queues(user)?;
            user.readdir("/tmp/mqueue")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.mq-file-unlink",
        claim: "Removing the file of a queue in a mounted mqueue removes the queue; descriptors that are open go on working.",
        sources: &[
            man("mq_overview(7)", "Mounting the message queue filesystem"),
            man("mq_unlink(3)", "DESCRIPTION"),
        ],
        since: "2.6.6",
        needs: &[&need::POSIX_MQ, &need::MQUEUE],
        wrong: "the name is still found, or the open queue stops working",
        play: |lab| {
            let process = lab.process("process")?;
            process.mkdir("/tmp/mqueue", 0o700)?;
            mount_queues(process)?;
            let queue = process.mq_open("/queue", CREATED, SMALL_QUEUE)?.id()?;
            process.readdir("/tmp/mqueue")?;
            process.unlink("/tmp/mqueue/queue")?;
            process.readdir("/tmp/mqueue")?;
            process.mq_open("/queue", FOUND, EXISTING)?;
            process.mq_send(queue, "without a name", 0)?;
            process.mq_receive(queue)?;
            process.mq_receive(queue)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.mq-file-content",
        claim: "A queue's file in a mounted mqueue holds one line; its QSIZE counts the bytes of the messages in the queue.",
        sources: &[man("mq_overview(7)", "Mounting the message queue filesystem")],
        since: "4.2",
        needs: &[&need::POSIX_MQ, &need::MQUEUE],
        wrong: "QSIZE does not follow the messages, or counts more than their bytes",
        play: |lab| {
            let process = lab.process("process")?;
            process.mkdir("/tmp/mqueue", 0o700)?;
            mount_queues(process)?;
            let queue = process.mq_open("/queue", CREATED, SMALL_QUEUE)?.id()?;
            process.cat("/tmp/mqueue/queue")?;
            process.mq_send(queue, "five.", 0)?;
            process.mq_send(queue, "and three", 1)?;
            process.cat("/tmp/mqueue/queue")?;
            process.mq_receive(queue)?;
            process.cat("/tmp/mqueue/queue")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.mq-queues-max",
        claim: "fs.mqueue.queues_max is how many queues the IPC namespace may hold; without CAP_SYS_RESOURCE one more is ENOSPC.",
        sources: &[man("mq_open(3)", "ERRORS"), man("mq_overview(7)", "/proc interfaces")],
        since: "",
        ground: Ground::User,
        needs: &[&need::POSIX_MQ, &need::PROCFS, &need::IPC_SYSCTLS],
        wrong: "a queue too many is created",
        play: |lab| {
            let user = lab.process("user")?;
            let root = lab.process_on(Ground::Root, "root")?;
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
        ground: Ground::User,
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

/// The file of a setting, and a value that is not its default.
type Setting = (&'static str, &'static str);

/// The settings that ipc_namespaces(7) lists for System V objects.
const SYSV_SETTINGS: &[Setting] = &[
    ("/proc/sys/kernel/msgmax", "100\n"),
    ("/proc/sys/kernel/msgmnb", "150\n"),
    ("/proc/sys/kernel/msgmni", "7\n"),
    ("/proc/sys/kernel/sem", "10 15 3 2\n"),
    ("/proc/sys/kernel/shmall", "3\n"),
    ("/proc/sys/kernel/shmmax", "8192\n"),
    ("/proc/sys/kernel/shmmni", "5\n"),
    ("/proc/sys/kernel/shm_rmid_forced", "1\n"),
];

/// The settings of mq_overview(7) for POSIX message queues.
const QUEUE_SETTINGS: &[Setting] = &[
    ("/proc/sys/fs/mqueue/msg_default", "5\n"),
    ("/proc/sys/fs/mqueue/msg_max", "20\n"),
    ("/proc/sys/fs/mqueue/msgsize_default", "256\n"),
    ("/proc/sys/fs/mqueue/msgsize_max", "512\n"),
    ("/proc/sys/fs/mqueue/queues_max", "3\n"),
];

/// Mounts the queues of the IPC namespace that the process is in.
fn mount_queues(process: Process) -> Done {
    process.mount("none", "/tmp/mqueue", "mqueue", MountFlags::empty(), "")
}

/// Attaches a segment and detaches it again, in an IPC namespace that goes by shm_rmid_forced.
fn attach_and_detach(process: Process, key: i32, address: Address) -> Play {
    process.cat("/proc/sys/kernel/shm_rmid_forced")?;
    let segment = process.shmget(key, 4096, CREATE)?.id()?;
    process.shmat(segment)?;
    process.shmctl(segment, IpcCommand::IPC_STAT)?;
    process.shmdt(address)?;
    process.shmctl(segment, IpcCommand::IPC_STAT)?;
    Ok(())
}

/// Changes settings inside a new namespace and reads them on both sides.
fn settings_are_separate(lab: &Lab, settings: &[Setting]) -> Play {
    let outer = lab.process("outer")?;
    let inner = outer.clone("inner", NEWIPC)?;
    for (setting, value) in settings {
        inner.echo(*value, *setting)?;
        inner.cat(*setting)?;
        outer.cat(*setting)?;
    }
    Ok(())
}

/// What this module cannot test.
pub const UNTESTED: &[Untested] = &[
    Untested {
        id: "ipc.objects-die-with-namespace",
        claim: "When an IPC namespace goes, its objects go with it.",
        sources: &[man("ipc_namespaces(7)", "DESCRIPTION")],
        why: "what is gone cannot be asked for, and the memory given back shows only in counters of the whole machine",
        part: None,
    },
    Untested {
        id: "ipc.config",
        claim: "IPC namespaces need a kernel built with CONFIG_IPC_NS.",
        sources: &[man("ipc_namespaces(7)", "DESCRIPTION")],
        why: "it needs a kernel built without the option",
        part: None,
    },
    Untested {
        id: "ipc.mq-per-ns-rlimit",
        claim: "What a user's queues take of RLIMIT_MSGQUEUE is counted along the hierarchy of user namespaces.",
        sources: &[man("mq_overview(7)", "Resource limit")],
        why: "the account is shared with every other queue of the same user on the machine",
        part: None,
    },
];
