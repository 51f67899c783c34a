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
];
