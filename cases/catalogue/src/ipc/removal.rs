//! Removed objects: shm_rmid_forced, calls that wait on them, identifiers that are stale.

use super::{KEY, OTHER_KEY, WAITING};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
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
            lab.note("now the last detach destroys the segment")?;
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
        id: "ipc.forced-rmid-several-namespaces",
        claim: "With kernel.shm_rmid_forced the end of a process destroys the segments that it created, also those in an IPC namespace that it has left; those of others stay.",
        sources: &[man("proc_sys_kernel(5)", "DESCRIPTION")],
        since: "5.16",
        needs: &[&need::PROCFS, &need::IPC_SYSCTLS],
        wrong: "a segment stays in one of the namespaces, or one of a living process goes",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWIPC)?;
            let creator = outer.fork("creator")?;
            for process in [outer, inner] {
                process.readlink("/proc/self/ns/ipc")?;
                process.echo("1\n", "/proc/sys/kernel/shm_rmid_forced")?;
                process.shmget(KEY, 4096, CREATE)?;
            }
            creator.shmget(OTHER_KEY, 4096, CREATE)?;
            let fd = creator.open(inner.proc("ns/ipc"), O_RDONLY)?.id()?;
            creator.setns(fd, NEWIPC)?;
            creator.shmget(OTHER_KEY, 4096, CREATE)?;
            lab.note("in both namespaces, until the creator ends")?;
            for process in [outer, inner] {
                process.sysvipc("/proc/sysvipc/shm")?;
            }
            creator.exit(0)?;
            outer.waitpid(creator, WaitOptions::empty())?;
            outer.kill(creator, Signal(0))?;
            for process in [outer, inner] {
                process.sysvipc("/proc/sysvipc/shm")?;
            }
            Ok(())
        },
        ..CASE
    },
];

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
