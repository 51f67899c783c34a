//! User ids, group ids and PIDs that IPC objects keep, as others see them.
//!
//! The PID that a semaphore keeps lives in `moving`, that of a queue's notification in `notification`.

use super::{KEY, WAITING};
use crate::prelude::*;

/// Where the rule about PIDs stands.
const PIDS: Source = text("Linux source, ipc/util.h: the manual pages say only that it is a PID");

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "ipc.ids-mapped",
        claim: "Owner, creator and groups of an object are shown as the reader's user namespace maps them, and as 65534 where it does not.",
        sources: &[man("user_namespaces(7)", "User and group ID mappings: uid_map and gid_map")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::PROCFS],
        wrong: "an id is shown as another user namespace has it",
        play: |lab| {
            let outside = lab.process("outside")?;
            let inside = outside.clone("inside", NEWUSER)?;
            lab.note("made inside, before there are maps")?;
            let segment = inside.shmget(KEY, 4096, CREATE)?.id()?;
            let queue = inside.msgget(KEY, CREATE)?.id()?;
            let set = inside.semget(KEY, 1, CREATE)?.id()?;
            inside.shmctl_owners(segment)?;
            inside.msgctl_owners(queue)?;
            inside.semctl_owners(set)?;
            lab.note("with maps that are not the identity")?;
            outside.map_ids(inside.proc_directory(), "5 1000 1", "7 1000 1")?;
            for process in [inside, outside] {
                process.shmctl_owners(segment)?;
                process.msgctl_owners(queue)?;
                process.semctl_owners(set)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.set-unmapped-uid-einval",
        claim: "IPC_SET with a user or group id that the caller's user namespace does not map is EINVAL, and the object stays with its owner; a mapped id is taken as the map says.",
        sources: &[man("user_namespaces(7)", "User and group ID mappings: uid_map and gid_map")],
        since: "3.8",
        needs: &[&need::PROCFS, &need::MANY_IDS],
        wrong: "the id is taken as one of another user namespace, or a mapped one is refused",
        play: |lab| {
            let outside = lab.process("outside")?;
            let inside = clone_mapped(outside, "inside", NEWUSER, "0 1000 2")?;
            become_root(inside)?;
            let segment = inside.shmget(KEY, 4096, CREATE)?.id()?;
            let queue = inside.msgget(KEY, CREATE)?.id()?;
            let set = inside.semget(KEY, 1, CREATE)?.id()?;
            lab.note("an id without a map, for the user and for the group; then those that are mapped")?;
            for (uid, gid) in [(4321, 0), (0, 4321), (1, 1)] {
                inside.shmctl_set_owner(segment, uid, gid)?;
                inside.msgctl_set_owner(queue, uid, gid)?;
                inside.semctl_set_owner(set, uid, gid)?;
            }
            for process in [inside, outside] {
                process.shmctl_owners(segment)?;
                process.msgctl_owners(queue)?;
                process.semctl_owners(set)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.shm-pids-translated",
        claim: "The PIDs of a segment's creator and of who attached or detached it last are shown in the reader's PID namespace: 0 if the process has no number there.",
        sources: &[PIDS],
        since: "4.17",
        needs: &[],
        wrong: "a PID is shown as another PID namespace has it",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWPID)?;
            let segment = outer.shmget(KEY, 4096, CREATE)?.id()?;
            outer.shmctl_pids(segment)?;
            inner.shmat(segment)?;
            lab.note("created outside, attached inside")?;
            outer.shmctl_pids(segment)?;
            inner.shmctl_pids(segment)?;
            lab.note("the last one is outside again")?;
            outer.shmat(segment)?;
            outer.shmctl_pids(segment)?;
            inner.shmctl_pids(segment)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.msg-pids-translated",
        claim: "The PIDs of a queue's last sender and receiver are shown in the reader's PID namespace: 0 if the process has no number there.",
        sources: &[PIDS],
        since: "4.17",
        needs: &[],
        wrong: "a PID is shown as another PID namespace has it",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWPID)?;
            let queue = outer.msgget(KEY, CREATE)?.id()?;
            lab.note("sent outside, received inside")?;
            outer.msgsnd(queue, 1, "to the inner", WAITING)?;
            inner.msgrcv(queue, 0, WAITING)?;
            outer.msgctl_pids(queue)?;
            inner.msgctl_pids(queue)?;
            lab.note("and the other way round")?;
            inner.msgsnd(queue, 1, "to the outer", WAITING)?;
            outer.msgrcv(queue, 0, WAITING)?;
            outer.msgctl_pids(queue)?;
            inner.msgctl_pids(queue)?;
            Ok(())
        },
        ..CASE
    },
];
