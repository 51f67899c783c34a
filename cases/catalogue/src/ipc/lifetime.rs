//! How long objects live: with their namespace, and beyond their creator.
//!
//! Removal by hand lives in `removal`.

use super::{CREATED, CREATED_NEW, FOUND, KEY, WAITING};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
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
];

/// The claims of this topic that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[Untested {
    id: "ipc.objects-die-with-namespace",
    claim: "When an IPC namespace goes, its objects go with it.",
    sources: &[man("ipc_namespaces(7)", "DESCRIPTION")],
    why: "what is gone cannot be asked for, and the memory given back shows only in counters of the whole machine",
    part: None,
}];
