//! The mqueue file system: whose queues it shows, and what its files do.
//!
//! Queues by mq_open(3) live in `isolation`.

use super::{CREATED, CREATED_NEW, FOUND, mount_queues};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
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
            inner.queue_status("/tmp/mqueue/outer-queue")?;
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
        starts_as: Credentials::User,
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
            process.queue_status("/tmp/mqueue/queue")?;
            process.mq_send(queue, "five.", 0)?;
            process.mq_send(queue, "and three", 1)?;
            process.queue_status("/tmp/mqueue/queue")?;
            process.mq_receive(queue)?;
            process.queue_status("/tmp/mqueue/queue")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.mq-mount",
        claim: "The queues of an IPC namespace are seen by mounting the file system mqueue, whose directory everybody may use and which has the sticky bit.",
        sources: &[
            man("mq_overview(7)", "Mounting the message queue filesystem"),
            man("statfs(2)", "DESCRIPTION"),
        ],
        since: "2.6.6",
        needs: &[&need::MQUEUE],
        wrong: "another file system is mounted, or its directory has another mode",
        play: |lab| {
            let process = lab.process("process")?;
            process.mkdir("/tmp/mqueue", 0o700)?;
            process.stat_mode("/tmp/mqueue")?;
            process.mq_open("/queue", CREATED, SMALL_QUEUE)?;
            mount_queues(process)?;
            process.stat_mode("/tmp/mqueue")?;
            process.statfs_type("/tmp/mqueue")?;
            process.readdir("/tmp/mqueue")?;
            process.stat_mode("/tmp/mqueue/queue")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.mq-two-mounts-one-instance",
        claim: "All mounts of mqueue in one IPC namespace show the same file system; one made in another namespace shows another.",
        sources: &[text("Linux source, ipc/mqueue.c: no manual page says it")],
        since: "2.6.30",
        needs: &[&need::MQUEUE, &need::PROCFS],
        wrong: "each mount has queues of its own, or two namespaces have them in common",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWIPC)?;
            for (process, place) in [(outer, "/tmp/first"), (outer, "/tmp/second"), (inner, "/tmp/inner")] {
                process.mkdir(place, 0o700)?;
                process.mount("none", place, "mqueue", MountFlags::empty(), "")?;
            }
            outer.mq_open("/queue", CREATED, SMALL_QUEUE)?;
            inner.mq_open("/other", CREATED, SMALL_QUEUE)?;
            lab.note("one file by two paths, and none in the other namespace")?;
            for place in ["/tmp/first", "/tmp/second", "/tmp/inner"] {
                outer.readdir(place)?;
                outer.stat_identity(format!("{place}/queue"))?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.mq-file-create-by-open",
        claim: "A file that is created in a mounted mqueue is a queue: mq_open() finds it, and it has the size of those of which none is said.",
        sources: &[man("mq_overview(7)", "Mounting the message queue filesystem")],
        since: "2.6.6",
        needs: &[&need::MQUEUE, &need::PROCFS, &need::IPC_SYSCTLS],
        wrong: "the file is no queue, or none that can be opened by name",
        play: |lab| {
            let process = lab.process("process")?;
            process.mkdir("/tmp/mqueue", 0o700)?;
            mount_queues(process)?;
            process.echo("3\n", "/proc/sys/fs/mqueue/msg_default")?;
            process.echo("128\n", "/proc/sys/fs/mqueue/msgsize_default")?;
            process.mq_open("/made", FOUND, EXISTING)?;
            process.creat_excl("/tmp/mqueue/made")?;
            let queue = process.mq_open("/made", FOUND | OpenFlags::O_RDWR, EXISTING)?.id()?;
            process.mq_getattr(queue)?;
            process.mq_send(queue, "message", 0)?;
            process.queue_status("/tmp/mqueue/made")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.mq-dir-operations",
        claim: "In a mounted mqueue files can be created and removed and nothing else: directories, links and other names are EPERM.",
        sources: &[text("Linux source, ipc/mqueue.c: no manual page says it")],
        since: "2.6.6",
        needs: &[&need::MQUEUE, &need::PROCFS, &need::IPC_SYSCTLS],
        wrong: "a directory, a link or another name appears, or another errno is given",
        play: |lab| {
            let process = lab.process("process")?;
            process.mkdir("/tmp/mqueue", 0o700)?;
            mount_queues(process)?;
            process.echo("128\n", "/proc/sys/fs/mqueue/msgsize_default")?;
            process.creat_excl("/tmp/mqueue/queue")?;
            process.mkdir("/tmp/mqueue/directory", 0o700)?;
            process.rename("/tmp/mqueue/queue", "/tmp/mqueue/renamed")?;
            process.link("/tmp/mqueue/queue", "/tmp/mqueue/linked")?;
            process.symlink("queue", "/tmp/mqueue/symbolic")?;
            process.readdir("/tmp/mqueue")?;
            lab.note("to remove a queue is allowed")?;
            process.unlink("/tmp/mqueue/queue")?;
            process.readdir("/tmp/mqueue")?;
            let made = process.mq_open_default("/after", CREATED)?.id()?;
            process.mq_getattr(made)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.mq-mount-after-namespace",
        claim: "A mounted mqueue whose IPC namespace has ended still lists the queues that were there, but no queue can be created in it: EACCES.",
        sources: &[text("Linux source, ipc/mqueue.c: no manual page says it")],
        since: "2.6.30",
        needs: &[&need::MQUEUE, &need::PROCFS, &need::IPC_SYSCTLS],
        wrong: "a queue is created in a namespace that has ended, or the old ones are gone",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWIPC)?;
            inner.echo("128\n", "/proc/sys/fs/mqueue/msgsize_default")?;
            inner.mkdir("/tmp/mqueue", 0o700)?;
            mount_queues(inner)?;
            lab.note("while the namespace lives others can create queues through the mount")?;
            outer.creat_excl("/tmp/mqueue/before")?;
            let found = inner.mq_open("/before", FOUND, EXISTING)?.id()?;
            inner.mq_getattr(found)?;
            inner.exit(0)?;
            outer.waitpid(inner, WaitOptions::empty())?;
            lab.note("its only member has ended")?;
            outer.kill(inner, Signal(0))?;
            outer.readdir("/tmp/mqueue")?;
            outer.creat_excl("/tmp/mqueue/after")?;
            outer.unlink("/tmp/mqueue/before")?;
            outer.readdir("/tmp/mqueue")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.mq-seen-by-open-and-creat",
        claim: "Queues outlive each mount of their file system, those that were made by mq_open() and those that were made as files.",
        sources: &[
            man("mq_overview(7)", "Mounting the message queue filesystem"),
            man("mq_overview(7)", "Persistence"),
        ],
        since: "2.6.30",
        needs: &[&need::MQUEUE, &need::PROCFS, &need::IPC_SYSCTLS],
        wrong: "a queue is gone when the file system is mounted again",
        play: |lab| {
            let process = lab.process("process")?;
            process.mkdir("/tmp/mqueue", 0o700)?;
            mount_queues(process)?;
            process.echo("128\n", "/proc/sys/fs/mqueue/msgsize_default")?;
            process.creat_excl("/tmp/mqueue/file")?;
            process.mq_open("/opened", CREATED, SMALL_QUEUE)?;
            process.readdir("/tmp/mqueue")?;
            lab.note("without the mount, and with another one")?;
            process.umount("/tmp/mqueue")?;
            process.readdir("/tmp/mqueue")?;
            process.mq_open("/file", CREATED_NEW, SMALL_QUEUE)?;
            mount_queues(process)?;
            process.readdir("/tmp/mqueue")?;
            let queue = process.mq_open("/file", FOUND, EXISTING)?.id()?;
            process.mq_getattr(queue)?;
            Ok(())
        },
        ..CASE
    },
];
