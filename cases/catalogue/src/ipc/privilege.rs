//! The capabilities that IPC namespaces and the objects in them demand.

use super::KEY;
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "ipc.priv",
        claim: "Creating an IPC namespace needs CAP_SYS_ADMIN; an ordinary user gets one along with a user namespace.",
        sources: &[man("unshare(2)", "CLONE_NEWIPC"), man("clone(2)", "CLONE_NEWIPC")],
        since: "3.8",
        starts_as: Credentials::User,
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
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::UTS_NS, &need::SYSV_IPC, &need::PROCFS, &need::IPC_OWNER],
        wrong: "the capabilities of a new user namespace open the objects of others, or those of the owner do not",
        play: |lab| {
            let user = lab.process("user")?;
            let root = lab.process_as(Credentials::Root, "root")?;
            lab.note("a queue without any permission bit: its creator cannot use it either")?;
            let queue = user.msgget(KEY, GetFlags::IPC_CREAT)?.id()?;
            user.msgsnd(queue, 1, "by the creator", IpcFlags::IPC_NOWAIT)?;
            root.msgsnd(queue, 1, "by the owner's root", IpcFlags::IPC_NOWAIT)?;
            user.unshare(NEWUSER)?;
            user.msgsnd(queue, 1, "by the root of another user namespace", IpcFlags::IPC_NOWAIT)?;
            lab.note("the capabilities are there: they suffice for another UTS namespace")?;
            user.unshare(NEWUTS)?;
            user.readlink("/proc/self/ns/uts")?;
            root.readlink("/proc/self/ns/uts")?;
            root.msgctl(queue, IpcCommand::IPC_STAT)?;
            Ok(())
        },
        ..CASE
    },
];
