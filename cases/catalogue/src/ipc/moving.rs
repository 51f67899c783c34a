//! A process that changes its IPC namespace: what it keeps of the old one, and how it shows in the new.

use super::{CREATED, FOUND, KEY, WAITING};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
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
        id: "ipc.attached-shm-survives-ns",
        claim: "A segment that is attached can be read and written after the last process has left its IPC namespace, and passes to children.",
        sources: &[text("Linux source, ipc/shm.c: no manual page says it")],
        since: "2.6.19",
        needs: &[&need::PROCFS],
        wrong: "the memory is gone with the namespace",
        play: |lab| {
            let outer = lab.process("outer")?;
            let process = outer.fork("process")?;
            outer.readlink("/proc/self/ns/ipc")?;
            process.unshare(NEWIPC)?;
            process.readlink("/proc/self/ns/ipc")?;
            let segment = process.shmget(KEY, 4096, CREATE)?.id()?;
            process.shmat(segment)?;
            process.poke(Address(1), "before")?;
            lab.note("nobody else is in that namespace")?;
            process.unshare(NEWIPC)?;
            process.readlink("/proc/self/ns/ipc")?;
            process.shmget(KEY, 4096, FIND)?;
            lab.note("the memory is there still")?;
            process.peek(Address(1))?;
            let child = process.fork("child")?;
            process.poke(Address(1), "afterwards")?;
            child.peek(Address(1))?;
            Ok(())
        },
        ..CASE
    },
];
