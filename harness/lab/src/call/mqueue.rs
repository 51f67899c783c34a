//! POSIX message queues: mq_overview(7).
//!
//! A mounted mqueue file system is a directory, its mount a mount: see `file` and `mount`.

use super::argument::{Argument, ArgumentKind, Descriptor, Pathname, Text};
use super::calls;
use super::file::{OpenFlags, path_of};
use super::ipc::MESSAGE_SIZE;
use super::process::Signal;
use super::reading::{Cursor, SyntaxError};
use crate::outcome::{Errno, Value, check};
use serde::{Deserialize, Serialize};

/// The size that mq_open(3) gives to a new queue; nothing where the queue exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueSize {
    created: bool,
    messages: i64,
    message_size: i64,
}

/// The queue exists: there is nothing to say about its size.
pub const EXISTING: QueueSize = QueueSize { created: false, messages: 0, message_size: 0 };

/// A queue that takes little of RLIMIT_MSGQUEUE, which all processes of a user share.
pub const SMALL_QUEUE: QueueSize = QueueSize::new(4, 64);

impl QueueSize {
    /// Room for this many messages of this many bytes.
    pub const fn new(messages: i64, message_size: i64) -> QueueSize {
        QueueSize { created: true, messages, message_size }
    }
}

impl Argument for QueueSize {
    const KIND: ArgumentKind = ArgumentKind::Structure;

    fn read(cursor: &mut Cursor<'_>) -> Result<QueueSize, SyntaxError> {
        cursor.expect("0600, {mq_maxmsg=")?;
        let messages = cursor.number()?;
        cursor.expect(", mq_msgsize=")?;
        let message_size = cursor.number()?;
        cursor.expect("}")?;
        Ok(QueueSize::new(messages, message_size))
    }

    fn absent() -> Option<QueueSize> {
        Some(EXISTING)
    }

    fn show(&self) -> String {
        match self.created {
            true => format!("0600, {{mq_maxmsg={}, mq_msgsize={}}}", self.messages, self.message_size),
            false => String::new(),
        }
    }
}

calls! {
    /// Calls about POSIX message queues.
    Mqueue, MqueueCalls, actor:

    /// Opens a POSIX message queue, or creates it.
    mq_open(name: Text, flags: OpenFlags, size: QueueSize) {
        // SAFETY: all-zero is a valid mq_attr; it and the name outlive the call.
        check(unsafe {
            let mut attributes: libc::mq_attr = std::mem::zeroed();
            attributes.mq_maxmsg = size.messages as _;
            attributes.mq_msgsize = size.message_size as _;
            let mode: libc::mode_t = 0o600;
            libc::mq_open(name.c_string()?.as_ptr(), flags.bits(), mode, &raw mut attributes)
        })
    }

    /// Removes a POSIX message queue by name.
    mq_unlink(name: Text) {
        // SAFETY: the name is a C string that outlives the call.
        check(unsafe { libc::mq_unlink(name.c_string()?.as_ptr()) })
    }

    /// Puts a message with a priority into an open POSIX message queue.
    mq_send(fd: Descriptor, text: Text, priority: i32) {
        // SAFETY: pointer and length describe `text`.
        check(unsafe { libc::mq_send(fd.0, text.0.as_ptr().cast(), text.0.len(), priority as u32) })
    }

    /// Takes the oldest message of the highest priority from an open POSIX message queue.
    mq_receive(fd: Descriptor) {
        receive(fd, None).map(Value::Text)
    }

    /// Reads the state of a POSIX message queue from its file in a mounted mqueue file system.
    queue_status(path: Pathname) observes "the file, by open(2), read(2) and close(2)" {
        let content = std::fs::read_to_string(path_of(&path))?;
        let field = |word: &str| {
            let (name, value) = word.split_once(':')?;
            Some((name.to_string(), super::file::number_or_word(value)))
        };
        let fields: Option<Vec<(String, Value)>> = content.split_whitespace().map(field).collect();
        fields.map(Value::Fields).ok_or(Errno(libc::EPROTO))
    }

    /// Opens a POSIX message queue, or creates it with the sizes that the settings in /proc/sys/fs/mqueue give to those who name none.
    mq_open_default(name: Text, flags: OpenFlags) => "mq_open({}, {}, 0600, NULL)" {
        // SAFETY: the name is a C string that outlives the call; the attributes may be null.
        check(unsafe {
            let mode: libc::mode_t = 0o600;
            libc::mq_open(name.c_string()?.as_ptr(), flags.bits(), mode, std::ptr::null_mut::<libc::mq_attr>())
        })
    }

    /// Asks for the sizes of a POSIX message queue and how many messages are in it.
    mq_getattr(fd: Descriptor) asks {
        // SAFETY: all-zero is a valid mq_attr; it outlives the call.
        let attributes = unsafe {
            let mut attributes: libc::mq_attr = std::mem::zeroed();
            check(libc::mq_getattr(fd.0, &mut attributes))?;
            attributes
        };
        Ok(Value::fields([
            ("mq_maxmsg", Value::Number(attributes.mq_maxmsg as i64)),
            ("mq_msgsize", Value::Number(attributes.mq_msgsize as i64)),
            ("mq_curmsgs", Value::Number(attributes.mq_curmsgs as i64)),
        ]))
    }

    /// Takes the oldest message of the highest priority, and tells its priority.
    mq_receive_priority(fd: Descriptor) => "mq_receive({}, {text, priority})" {
        let mut priority = 0;
        let text = receive(fd, Some(&mut priority))?;
        Ok(Value::fields([("text", Value::Text(text)), ("priority", Value::Number(priority.into()))]))
    }

    /// Asks to get a signal when the next message comes into the empty queue.
    mq_notify(fd: Descriptor, signal: Signal) => "mq_notify({}, {sigev_notify=SIGEV_SIGNAL, sigev_signo={}})" {
        // SAFETY: all-zero is a valid sigevent; it outlives the call.
        check(unsafe {
            let mut event: libc::sigevent = std::mem::zeroed();
            event.sigev_notify = libc::SIGEV_SIGNAL;
            event.sigev_signo = signal.0;
            libc::mq_notify(fd.0, &event)
        })
    }

    /// Reads from the file of a queue in a mounted mqueue file system which process is registered for notification, in the PID namespace of the reader: 0 if none or none that it sees.
    queue_notify_pid(path: Pathname) observes "the file, by open(2), read(2) and close(2); of it NOTIFY_PID" {
        let content = std::fs::read_to_string(path_of(&path))?;
        let pid = content.split_whitespace().find_map(|word| word.strip_prefix("NOTIFY_PID:")?.parse().ok());
        pid.map(Value::Pid).ok_or(Errno(libc::EPROTO))
    }
}

/// Takes a message from a queue, with its priority where that is asked for.
fn receive(fd: Descriptor, priority: Option<&mut libc::c_uint>) -> Result<Vec<u8>, Errno> {
    let priority = priority.map_or(std::ptr::null_mut(), std::ptr::from_mut);
    let mut text = vec![0; MESSAGE_SIZE];
    // SAFETY: pointer and length describe `text`; the priority, if there is one, outlives the call.
    let length = unsafe { libc::mq_receive(fd.0, text.as_mut_ptr().cast(), text.len(), priority) };
    check(length as i64)?;
    text.truncate(length as usize);
    Ok(text)
}
