//! /proc/sysvipc: the objects that its files list.

use super::{KEY, OTHER_KEY};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
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
            lab.note("each side lists its own objects")?;
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
];
