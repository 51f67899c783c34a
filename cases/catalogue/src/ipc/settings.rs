//! The settings in /proc/sys: their values in a new namespace, and whose they are.
//!
//! The limits that the settings put on objects live in `limits`.

use crate::api::{SETGROUPS, map_to_root};
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
    Case {
        id: "ipc.auto-msgmni-zero",
        claim: "kernel.auto_msgmni reads 0 whatever is written to it: it has no effect any more.",
        sources: &[man("proc_sys_kernel(5)", "DESCRIPTION")],
        since: "3.19",
        needs: &[&need::SYSV_IPC, &need::PROCFS, &need::IPC_SYSCTLS],
        wrong: "the written value is read",
        accepted: &[Accepted {
            mutant: "! echo \"1\\n\" > \"/proc/sys/kernel/auto_msgmni\"",
            why: "that the write has no effect is the claim",
        }],
        play: |lab| {
            let process = lab.process("process")?;
            process.cat("/proc/sys/kernel/auto_msgmni")?;
            process.echo("1\n", "/proc/sys/kernel/auto_msgmni")?;
            process.cat("/proc/sys/kernel/auto_msgmni")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.next-id",
        claim: "A number in kernel.msg_next_id, sem_next_id or shm_next_id is the identifier of the next object of that kind; then the file holds -1 again, as at first.",
        sources: &[text(
            "Documentation/admin-guide/sysctl/kernel.rst, msg_next_id, sem_next_id, and shm_next_id",
        )],
        since: "3.8",
        needs: &[&need::SYSV_IPC, &need::PROCFS, &need::NEXT_ID],
        wrong: "the object gets another identifier, or the next object gets it too",
        play: |lab| {
            let process = lab.process("process")?;
            for kind in ["msg", "sem", "shm"] {
                let setting = format!("/proc/sys/kernel/{kind}_next_id");
                process.cat(&setting)?;
                process.echo("1234567\n", &setting)?;
                process.cat(&setting)?;
            }
            lab.note("each kind has a number of its own")?;
            process.msgget(libc::IPC_PRIVATE, CREATE)?;
            process.semget(libc::IPC_PRIVATE, 1, CREATE)?;
            process.shmget(libc::IPC_PRIVATE, 1, CREATE)?;
            for kind in ["msg", "sem", "shm"] {
                process.cat(format!("/proc/sys/kernel/{kind}_next_id"))?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.next-id-capability",
        claim: "Writing msg_next_id, sem_next_id or shm_next_id takes CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN; user id 0 alone does not do.",
        sources: &[man("capabilities(7)", "CAP_CHECKPOINT_RESTORE")],
        since: "5.19",
        needs: &[&need::SYSV_IPC, &need::PROCFS, &need::NEXT_ID],
        wrong: "the file can be written without either capability, or not with one of them",
        play: |lab| {
            let process = lab.process("process")?;
            lab.note("three processes with uid 0: two with one of the capabilities, one with neither")?;
            let admin = process.fork("admin")?;
            let restorer = process.fork("restorer")?;
            let neither = process.fork("neither")?;
            admin.capset(CAP_SYS_ADMIN, Capabilities::empty())?;
            restorer.capset(CAP_CHECKPOINT_RESTORE, Capabilities::empty())?;
            neither.capset(Capabilities::empty(), Capabilities::empty())?;
            for writer in [admin, restorer, neither] {
                writer.capget()?;
            }
            lab.note("each writes a number of its own to each of the three")?;
            for kind in ["msg", "sem", "shm"] {
                let setting = format!("/proc/sys/kernel/{kind}_next_id");
                for (writer, number) in [(admin, "1\n"), (restorer, "2\n"), (neither, "3\n")] {
                    writer.echo(number, &setting)?;
                    process.cat(&setting)?;
                }
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.sysctl-write-by-owner-root",
        claim: "The root of the user namespace that owns an IPC namespace may write its settings.",
        sources: &[text("Linux source, ipc/ipc_sysctl.c and ipc/mq_sysctl.c: no manual page says it")],
        since: "5.19",
        starts_as: Credentials::User,
        needs: &[&need::SYSV_IPC, &need::POSIX_MQ, &need::PROCFS, &need::MANY_IDS, &need::PLAIN_UID],
        wrong: "the owner's root is refused, or an ordinary user is not",
        accepted: &[SETGROUPS],
        play: |lab| {
            let user = lab.process("user")?;
            user.echo("100\n", "/proc/sys/kernel/msgmax")?;
            user.echo("20\n", "/proc/sys/fs/mqueue/msg_max")?;
            user.unshare(NEWUSER | NEWIPC)?;
            map_to_root(user)?;
            user.cat("/proc/sys/kernel/msgmax")?;
            user.cat("/proc/sys/fs/mqueue/msg_max")?;
            lab.note("the same, as the root who owns the namespace")?;
            user.echo("100\n", "/proc/sys/kernel/msgmax")?;
            user.echo("20\n", "/proc/sys/fs/mqueue/msg_max")?;
            user.cat("/proc/sys/kernel/msgmax")?;
            user.cat("/proc/sys/fs/mqueue/msg_max")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.mq-sysctl-owner",
        claim: "Only the root of the user namespace that owns the IPC namespace may write its settings: the root of another one is refused, and sees the files with an owner that it has no id for.",
        sources: &[text("Linux source, ipc/ipc_sysctl.c and ipc/mq_sysctl.c: no manual page says it")],
        since: "5.19",
        starts_as: Credentials::User,
        needs: &[&need::SYSV_IPC, &need::POSIX_MQ, &need::PROCFS, &need::MANY_IDS, &need::PLAIN_UID],
        wrong: "the root of a foreign user namespace writes, or the owner's root does not, or the files name another owner",
        accepted: &[SETGROUPS],
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER)?;
            map_to_root(user)?;
            lab.note("root of a user namespace, in an IPC namespace that another one owns")?;
            for file in OWNED {
                user.stat_owner(file)?;
                user.open(file, OpenFlags::O_WRONLY)?;
            }
            lab.note("the same, in an IPC namespace of its own")?;
            user.unshare(NEWIPC)?;
            for file in OWNED {
                user.stat_owner(file)?;
                user.echo("200\n", file)?;
                user.cat(file)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.sysctl-fd-keeps-namespace",
        claim: "An open file of a setting goes on reading and writing the IPC namespace in which it was opened, wherever its holder is now.",
        sources: &[text("Linux source, ipc/ipc_sysctl.c: no manual page says it")],
        since: "5.19",
        needs: &[&need::SYSV_IPC, &need::PROCFS, &need::IPC_SYSCTLS],
        wrong: "the file reaches the namespace that the holder has moved to",
        play: |lab| {
            let outer = lab.process("outer")?;
            let mover = outer.fork("mover")?;
            let old = mover.open("/proc/sys/kernel/msgmax", OpenFlags::O_RDWR)?.id()?;
            mover.unshare(NEWIPC)?;
            mover.write(old, "100\n")?;
            outer.cat("/proc/sys/kernel/msgmax")?;
            mover.cat("/proc/sys/kernel/msgmax")?;
            lab.note("the other way round: the new namespace, through the file opened there")?;
            let new = mover.open("/proc/sys/kernel/msgmax", OpenFlags::O_RDWR)?.id()?;
            mover.write(new, "200\n")?;
            outer.cat("/proc/sys/kernel/msgmax")?;
            mover.cat("/proc/sys/kernel/msgmax")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.sysctl-ranges",
        claim: "System V settings beyond their range are refused and stay: shm_rmid_forced above 1 and msgmni above 32768 with EINVAL, the number of semaphore sets above 32768 with ERANGE.",
        sources: &[text("Linux source, ipc/ipc_sysctl.c: no manual page says it")],
        since: "3.1",
        needs: &[&need::SYSV_IPC, &need::PROCFS, &need::IPC_SYSCTLS, &need::USUAL_IPC_LIMITS],
        wrong: "a value beyond the range is taken, or the last one within it is not",
        play: |lab| {
            let process = lab.process("process")?;
            for (setting, within, beyond) in [
                ("/proc/sys/kernel/shm_rmid_forced", "1\n", "2\n"),
                ("/proc/sys/kernel/msgmni", "32768\n", "32769\n"),
                ("/proc/sys/kernel/sem", "10 15 3 32768\n", "10 15 3 32769\n"),
            ] {
                process.echo(within, setting)?;
                process.echo(beyond, setting)?;
                read(process, setting)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.mq-sysctl-ranges",
        claim: "fs.mqueue.msg_max may be 1 to 65536 and msgsize_max 128 to 16777216, other values are EINVAL; queues_max has no such ceiling.",
        sources: &[man("mq_overview(7)", "/proc interfaces")],
        since: "3.5",
        needs: &[&need::POSIX_MQ, &need::PROCFS, &need::IPC_SYSCTLS],
        wrong: "a value beyond the range is taken, or the last one within it is not",
        play: |lab| {
            let process = lab.process("process")?;
            for (setting, values) in [
                ("/proc/sys/fs/mqueue/msg_max", ["0\n", "1\n", "65537\n", "65536\n"]),
                ("/proc/sys/fs/mqueue/msgsize_max", ["127\n", "128\n", "16777217\n", "16777216\n"]),
                ("/proc/sys/fs/mqueue/queues_max", ["0\n", "1\n", "65537\n", "16777217\n"]),
            ] {
                lab.note("each answer is shown by what is read afterwards")?;
                for value in values {
                    process.echo(value, setting)?;
                    process.cat(setting)?;
                }
            }
            Ok(())
        },
        ..CASE
    },
];

/// A setting for each of three subsystems, of which the owner may write 200.
const OWNED: [&str; 3] =
    ["/proc/sys/kernel/msgmni", "/proc/sys/kernel/shmmni", "/proc/sys/fs/mqueue/msg_max"];

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
