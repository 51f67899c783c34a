//! mq_notify(3): who is told that a message has come to an empty queue, and of whom.
//!
//! The queues themselves live in `queues`.

use super::{CREATED, FOUND, mount_queues};
use crate::prelude::*;

const SIGUSR1: Signal = Signal::SIGUSR1;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "ipc.mq-notify-once",
        claim: "One process at a time can be registered for the messages of a queue, a second one gets EBUSY; the registration ends with its one notification, and when that process closes a descriptor of the queue.",
        sources: &[man("mq_notify(3)", "DESCRIPTION"), man("mq_close(3)", "DESCRIPTION")],
        since: "2.6.6",
        needs: &[],
        wrong: "two processes are registered, or a registration outlives its notification or the close",
        play: |lab| {
            let one = lab.process("one")?;
            let two = lab.process("two")?;
            let first = one.mq_open("/queue", CREATED, SMALL_QUEUE)?.id()?;
            let second = two.mq_open("/queue", FOUND | OpenFlags::O_RDWR, EXISTING)?.id()?;
            one.sigprocmask(MaskChange::SIG_BLOCK, SIGUSR1)?;
            lab.note("one process, once")?;
            one.mq_notify(first, SIGUSR1)?;
            two.mq_notify(second, SIGUSR1)?;
            two.mq_send(second, "message", 0)?;
            one.sigtimedwait(SIGUSR1)?;
            two.mq_notify(second, SIGUSR1)?;
            one.mq_notify(first, SIGUSR1)?;
            lab.note("to close any descriptor of the queue gives the registration back")?;
            let another = two.mq_open("/queue", FOUND, EXISTING)?.id()?;
            two.close(another)?;
            one.mq_notify(first, SIGUSR1)?;
            two.mq_notify(second, SIGUSR1)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.mq-notify-pid-translated",
        claim: "NOTIFY_PID in the file of a queue is the registered process in the reader's PID namespace: 0 if it has no number there.",
        sources: &[text("Linux source, ipc/mqueue.c: mq_overview(7) says only that it is a PID")],
        since: "2.6.24",
        needs: &[&need::MQUEUE],
        wrong: "the PID is shown as another PID namespace has it",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWPID)?;
            outer.mkdir("/tmp/mqueue", 0o700)?;
            mount_queues(outer)?;
            let inside = inner.mq_open("/inside", CREATED, SMALL_QUEUE)?.id()?;
            let outside = outer.mq_open("/outside", CREATED, SMALL_QUEUE)?.id()?;
            outer.queue_notify_pid("/tmp/mqueue/inside")?;
            inner.mq_notify(inside, SIGUSR1)?;
            outer.mq_notify(outside, SIGUSR1)?;
            lab.note("read by a process that is not registered: who closes the file would end its own registration")?;
            let outer_reader = outer.fork("outer reader")?;
            let inner_reader = inner.fork("inner reader")?;
            for reader in [outer_reader, inner_reader] {
                reader.queue_notify_pid("/tmp/mqueue/inside")?;
                reader.queue_notify_pid("/tmp/mqueue/outside")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "ipc.mq-notify-sipid-translated",
        claim: "The si_pid of a queue's notification is its sender in the PID namespace of the receiver: 0 if the sender has no number there.",
        sources: &[man("mq_notify(3)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[],
        wrong: "the sender is shown as another PID namespace has it",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWPID)?;
            let outside = outer.mq_open("/queue", CREATED, SMALL_QUEUE)?.id()?;
            let inside = inner.mq_open("/queue", FOUND | OpenFlags::O_RDWR, EXISTING)?.id()?;
            for process in [outer, inner] {
                process.sigprocmask(MaskChange::SIG_BLOCK, SIGUSR1)?;
            }
            lab.note("a sender inside, a receiver outside")?;
            outer.mq_notify(outside, SIGUSR1)?;
            inner.mq_send(inside, "from inside", 0)?;
            outer.sigtimedwait_sender(SIGUSR1)?;
            outer.mq_receive(outside)?;
            lab.note("a sender outside, a receiver inside")?;
            inner.mq_notify(inside, SIGUSR1)?;
            outer.mq_send(outside, "from outside", 0)?;
            inner.sigtimedwait_sender(SIGUSR1)?;
            Ok(())
        },
        ..CASE
    },
];
