//! The settings in /proc/sys: their values in a new namespace, and whose they are.
//!
//! The limits that the settings put on objects live in `limits`.

use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
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
            process.readlink("/proc/self/ns/ipc")?;
            process.unshare(NEWIPC)?;
            process.readlink("/proc/self/ns/ipc")?;
            for (setting, _) in SYSV_SETTINGS {
                read(process, setting)?;
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
            process.readlink("/proc/self/ns/ipc")?;
            process.unshare(NEWIPC)?;
            process.readlink("/proc/self/ns/ipc")?;
            for (setting, _) in QUEUE_SETTINGS {
                read(process, setting)?;
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

/// Reads a setting: one number as it is written, several by their values.
fn read(process: Process, setting: &str) -> Play {
    match setting {
        "/proc/sys/kernel/sem" => process.words(setting)?,
        _ => process.cat(setting)?,
    };
    Ok(())
}

/// Changes settings inside a new namespace and reads them on both sides.
fn settings_are_separate(lab: &Lab, settings: &[Setting]) -> Play {
    let outer = lab.process("outer")?;
    let inner = outer.clone("inner", NEWIPC)?;
    lab.note("each setting is changed inside, and read inside and then outside")?;
    for (setting, value) in settings {
        inner.echo(*value, *setting)?;
        for process in [inner, outer] {
            read(process, setting)?;
        }
    }
    Ok(())
}
