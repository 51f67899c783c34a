//! Finding, creating and changing System V objects: keys, sizes, values, and who may.
//!
//! Limits that can be set live in `limits`, the ids and PIDs that objects carry in `stored_ids`.

use super::{KEY, OTHER_KEY, WAITING};
use crate::prelude::*;

/// Permission to read and write, without creating anything.
const READ_WRITE: GetFlags = GetFlags::from_bits_retain(0o600);

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "ipc.excl-and-missing",
        claim: "A key that no object has is ENOENT without IPC_CREAT; one that an object has is EEXIST with IPC_CREAT and IPC_EXCL, and EINVAL if more is asked for than the object holds.",
        sources: &[man("shmget(2)", "ERRORS"), man("semget(2)", "ERRORS"), man("msgget(2)", "ERRORS")],
        since: "",
        needs: &[],
        wrong: "an object is created or found where none should be, or another errno is given",
        play: |lab| {
            let process = lab.process("process")?;
            lab.note("nothing is there")?;
            process.shmget(KEY, 4096, FIND)?;
            process.semget(KEY, 2, FIND)?;
            process.msgget(KEY, FIND)?;
            lab.note("created once, and not a second time")?;
            for _ in 0..2 {
                process.shmget(KEY, 4096, CREATE_NEW)?;
                process.semget(KEY, 2, CREATE_NEW)?;
                process.msgget(KEY, CREATE_NEW)?;
            }
            lab.note("found, as long as it is large enough")?;
            process.shmget(KEY, 4096, FIND)?;
            process.shmget(KEY, 4097, FIND)?;
            process.semget(KEY, 2, FIND)?;
            process.semget(KEY, 3, FIND)?;
            process.msgget(KEY, FIND)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.ipc-private-always-new",
        claim: "With the key IPC_PRIVATE each call creates an object, without IPC_CREAT too; nobody finds it by that key.",
        sources: &[
            man("shmget(2)", "DESCRIPTION"),
            man("semget(2)", "DESCRIPTION"),
            man("msgget(2)", "DESCRIPTION"),
        ],
        since: "",
        needs: &[&need::PROCFS],
        wrong: "the second call finds the object of the first",
        play: |lab| {
            let process = lab.process("process")?;
            for _ in 0..2 {
                process.shmget(libc::IPC_PRIVATE, 1, READ_WRITE)?;
                process.semget(libc::IPC_PRIVATE, 1, READ_WRITE)?;
                process.msgget(libc::IPC_PRIVATE, READ_WRITE)?;
            }
            for kind in ["shm", "sem", "msg"] {
                process.sysvipc(format!("/proc/sysvipc/{kind}"))?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.sem-range-errors",
        claim: "A semaphore that the set does not have is EFBIG for semop(); a value above 32767 is ERANGE for semop() and SETVAL, a negative one for SETVAL, and the value stays.",
        sources: &[man("semop(2)", "ERRORS"), man("semctl(2)", "ERRORS")],
        since: "",
        needs: &[],
        wrong: "the value goes beyond its range, or another errno is given",
        play: |lab| {
            let process = lab.process("process")?;
            let set = process.semget(KEY, 1, CREATE)?.id()?;
            process.semop(set, [operation(1, 1, WAITING)])?;
            process.semop(set, [operation(0, 32767, WAITING)])?;
            process.semop(set, [operation(0, 1, WAITING)])?;
            process.semctl(set, 0, IpcCommand::GETVAL)?;
            lab.note("the same by SETVAL, which names the semaphore outside of the operation")?;
            process.semctl_setval(set, 1, 1)?;
            process.semctl_setval(set, 0, 32768)?;
            process.semctl_setval(set, 0, -1)?;
            process.semctl(set, 0, IpcCommand::GETVAL)?;
            process.semctl_setval(set, 0, 32766)?;
            process.semctl(set, 0, IpcCommand::GETVAL)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.access-denied",
        claim: "The mode of an object decides who else may use it: where it allows others nothing they get EACCES for opening, reading its state and attaching it, and EPERM for removing it.",
        sources: &[man("shmget(2)", "ERRORS"), man("shmop(2)", "ERRORS"), man("shmctl(2)", "ERRORS")],
        since: "",
        starts_as: Credentials::User,
        needs: &[&need::MANY_IDS, &need::PLAIN_UID],
        wrong: "somebody else gets hold of the segment, or another errno is given",
        play: |lab| {
            let owner = lab.process_as(Credentials::Root, "owner")?;
            let other = lab.process("other")?;
            let segment = owner.shmget(KEY, 4096, CREATE)?.id()?;
            other.shmget(KEY, 4096, READ_WRITE)?;
            other.shmctl(segment, IpcCommand::IPC_STAT)?;
            other.shmat(segment)?;
            other.shmctl(segment, IpcCommand::IPC_RMID)?;
            owner.shmctl(segment, IpcCommand::IPC_STAT)?;
            lab.note("the calls themselves are right: for the owner they succeed")?;
            owner.shmget(KEY, 4096, READ_WRITE)?;
            owner.shmat(segment)?;
            owner.shmctl(segment, IpcCommand::IPC_STAT)?;
            owner.shmctl(segment, IpcCommand::IPC_RMID)?;
            owner.shmget(KEY, 4096, READ_WRITE)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.stat-any",
        claim: "SHM_STAT_ANY, MSG_STAT_ANY and SEM_STAT_ANY need no permission to read the object; SHM_STAT, MSG_STAT and SEM_STAT do.",
        sources: &[
            man("shmctl(2)", "SHM_STAT_ANY"),
            man("msgctl(2)", "MSG_STAT_ANY"),
            man("semctl(2)", "SEM_STAT_ANY"),
        ],
        since: "4.17",
        starts_as: Credentials::User,
        needs: &[&need::MANY_IDS, &need::PLAIN_UID],
        wrong: "the object is hidden from who may not read it, or shown by the older command too",
        play: |lab| {
            let owner = lab.process_as(Credentials::Root, "owner")?;
            let other = lab.process("other")?;
            owner.shmget(KEY, 4096, CREATE)?;
            owner.msgget(KEY, CREATE)?;
            owner.semget(KEY, 1, CREATE)?;
            lab.note("the first object of each kind, at index 0")?;
            for process in [other, owner] {
                process.shmctl_index(0, ShmIndexCommand::SHM_STAT)?;
                process.msgctl_index(0, MsgIndexCommand::MSG_STAT)?;
                process.semctl_index(0, SemIndexCommand::SEM_STAT)?;
            }
            other.shmctl_index(0, ShmIndexCommand::SHM_STAT_ANY)?;
            other.msgctl_index(0, MsgIndexCommand::MSG_STAT_ANY)?;
            other.semctl_index(0, SemIndexCommand::SEM_STAT_ANY)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.shm-lock-in-userns",
        claim: "CAP_IPC_LOCK of a user namespace does not lift RLIMIT_MEMLOCK: its root can lock no more memory than the limit allows.",
        sources: &[man("shmctl(2)", "SHM_LOCK"), man("getrlimit(2)", "RLIMIT_MEMLOCK")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[],
        wrong: "the root of the user namespace locks memory beyond the limit, or is refused below it",
        play: |lab| {
            let user = lab.process("user")?;
            let limited = user.fork("limited")?;
            limited.unshare(NEWUSER | NEWIPC)?;
            limited.capget()?;
            let segment = limited.shmget(OTHER_KEY, 4096, CREATE)?.id()?;
            lab.note("within the limit that it has")?;
            limited.shmctl_lock(segment)?;
            limited.shm_locked(segment)?;
            lab.note("with a limit of 0")?;
            let another = limited.shmget(libc::IPC_PRIVATE, 4096, CREATE)?.id()?;
            limited.setrlimit(Rlimit::RLIMIT_MEMLOCK, 0, 0)?;
            limited.shmctl_lock(another)?;
            limited.shm_locked(another)?;
            limited.mlockall()?;
            Ok(())
        },
        ..CASE
    },
];
