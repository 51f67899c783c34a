//! POSIX message queues by name: mq_open(3), mq_unlink(3), and the order of messages.
//!
//! The file system of queues lives in `mqueue`, its sizes in `limits`, who is told of messages in
//! `notification`.

use super::{CREATED, CREATED_NEW, FOUND};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "ipc.mq-names",
        claim: "The name of a queue is a slash and 1 to 255 bytes without another slash: a second slash is EACCES, no byte ENOENT, and 256 bytes are ENAMETOOLONG.",
        sources: &[man("mq_open(3)", "ERRORS"), man("mq_overview(7)", "DESCRIPTION")],
        since: "2.6.6",
        needs: &[],
        wrong: "such a name is taken, or the longest is not, or another errno is given",
        play: |lab| {
            let process = lab.process("process")?;
            process.mq_open("/one/two", CREATED, SMALL_QUEUE)?;
            process.mq_open("/", CREATED, SMALL_QUEUE)?;
            let longest = format!("/{}", "n".repeat(255));
            process.mq_open(&longest, CREATED, SMALL_QUEUE)?;
            process.mq_open(format!("{longest}n"), CREATED, SMALL_QUEUE)?;
            process.mq_unlink(&longest)?;
            process.mq_open(&longest, FOUND, EXISTING)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.mq-exist-errors",
        claim: "A queue that exists is EEXIST with O_CREAT and O_EXCL, one that does not is ENOENT without O_CREAT and for mq_unlink(), and one of somebody else that its mode protects is EACCES.",
        sources: &[man("mq_open(3)", "ERRORS"), man("mq_unlink(3)", "ERRORS")],
        since: "2.6.6",
        starts_as: Credentials::User,
        needs: &[&need::MANY_IDS, &need::PLAIN_UID],
        wrong: "a queue is opened, created or removed nevertheless, or another errno is given",
        play: |lab| {
            let owner = lab.process_as(Credentials::Root, "owner")?;
            let other = lab.process("other")?;
            owner.mq_open("/queue", FOUND, EXISTING)?;
            owner.mq_unlink("/queue")?;
            owner.mq_open("/queue", CREATED_NEW, SMALL_QUEUE)?;
            owner.mq_open("/queue", CREATED_NEW, SMALL_QUEUE)?;
            lab.note("its mode allows others nothing, and only its owner may remove it")?;
            other.mq_open("/queue", FOUND, EXISTING)?;
            other.mq_unlink("/queue")?;
            owner.mq_unlink("/queue")?;
            owner.mq_open("/queue", FOUND, EXISTING)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.mq-fd-cloexec",
        claim: "A queue's descriptor is a file descriptor that execve() closes and that poll() watches: readable while there is a message, writable while there is room.",
        sources: &[
            man("mq_overview(7)", "Linux implementation of message queue descriptors"),
            man("mq_open(3)", "DESCRIPTION"),
        ],
        since: "2.6.6",
        needs: &[],
        wrong: "the descriptor survives execve(), or poll() does not follow the messages",
        play: |lab| {
            let process = lab.process("process")?;
            let queue = process.mq_open("/queue", CREATED, QueueSize::new(1, 16))?.id()?;
            process.fcntl_getfd(queue)?;
            process.poll(queue, PollEvents::POLLIN | PollEvents::POLLOUT)?;
            process.mq_send(queue, "message", 0)?;
            process.poll(queue, PollEvents::POLLIN | PollEvents::POLLOUT)?;
            process.execve(PROGRAM)?;
            process.mq_getattr(queue)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.mq-priority-order",
        claim: "Messages come by priority, the highest first, and the oldest first of those with the same; 32767 is the highest that there is.",
        sources: &[man("mq_overview(7)", "DESCRIPTION"), man("mq_send(3)", "DESCRIPTION")],
        since: "2.6.6",
        needs: &[],
        wrong: "the messages come in another order, or a higher priority is taken",
        play: |lab| {
            let process = lab.process("process")?;
            let queue = process.mq_open("/queue", CREATED, QueueSize::new(5, 16))?.id()?;
            process.mq_send(queue, "low", 1)?;
            process.mq_send(queue, "first of two", 3)?;
            process.mq_send(queue, "second of two", 3)?;
            process.mq_send(queue, "middle", 2)?;
            process.mq_send(queue, "highest", 32767)?;
            process.mq_send(queue, "too high", 32768)?;
            lab.note("taken out again")?;
            for _ in 0..6 {
                process.mq_receive_priority(queue)?;
            }
            Ok(())
        },
        ..CASE
    },
];
