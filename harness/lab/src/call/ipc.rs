//! System V and POSIX inter-process communication: sysvipc(7), mq_overview(7), fifo(7).
//!
//! Reading and writing the settings in /proc/sys needs nothing of its own: `file` has it.

use super::argument::{Argument, ArgumentKind, Descriptor, Pathname, Text, constants, flag_names, flags};
use super::calls;
use super::file::{FileMode, OpenFlags, path_of};
use super::process::Signal;
use super::reading::{Cursor, SyntaxError};
use crate::outcome::{Answer, Errno, Value, check, check_pid};
use serde::{Deserialize, Serialize};

/// The key of a System V object; printed in hexadecimal, as ipcs(1) does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key(pub i32);

impl From<i32> for Key {
    fn from(key: i32) -> Key {
        Key(key)
    }
}

impl Argument for Key {
    const KIND: ArgumentKind = ArgumentKind::Number;

    fn read(cursor: &mut Cursor<'_>) -> Result<Key, SyntaxError> {
        if cursor.accept("IPC_PRIVATE") {
            return Ok(Key(libc::IPC_PRIVATE));
        }
        // A negative key is printed by its bits.
        cursor.number().map(|bits: u32| Key(bits as i32))
    }

    fn show(&self) -> String {
        if self.0 == libc::IPC_PRIVATE { "IPC_PRIVATE".to_string() } else { format!("{:#x}", self.0) }
    }
}

bitflags::bitflags! {
    /// The flags of shmget(2), semget(2) and msgget(2): two bits and a file mode.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    pub struct GetFlags: i32 {
        /// Creates the object if the key is free.
        const IPC_CREAT = libc::IPC_CREAT;
        /// With `IPC_CREAT`: fails if the key is taken.
        const IPC_EXCL = libc::IPC_EXCL;
        const _ = 0o777;
    }
}

/// Finds an object or creates it, for its owner alone.
pub const CREATE: GetFlags = GetFlags::from_bits_retain(libc::IPC_CREAT | 0o600);

/// Creates an object, and fails if the key is taken.
pub const CREATE_NEW: GetFlags = GetFlags::from_bits_retain(libc::IPC_CREAT | libc::IPC_EXCL | 0o600);

/// Finds an object.
pub const FIND: GetFlags = GetFlags::empty();

impl Argument for GetFlags {
    const KIND: ArgumentKind = ArgumentKind::Flags(super::reading::flag_words::<GetFlags>);

    fn read(cursor: &mut Cursor<'_>) -> Result<GetFlags, SyntaxError> {
        cursor.flags()
    }

    fn show(&self) -> String {
        let named = *self & (GetFlags::IPC_CREAT | GetFlags::IPC_EXCL);
        match (named.is_empty(), self.difference(named).bits()) {
            (_, 0) => flag_names(&named),
            (true, mode) => format!("0{mode:o}"),
            (false, mode) => format!("{}|0{mode:o}", flag_names(&named)),
        }
    }
}

constants! {
    /// The commands of shmctl(2), semctl(2) and msgctl(2).
    IpcCommand: i32 { IPC_RMID = libc::IPC_RMID, IPC_STAT = libc::IPC_STAT, GETPID = 11, GETVAL = 12 }
}

flags! {
    /// The flags of msgsnd(2), msgrcv(2) and of the operations of semop(2).
    IpcFlags: i32 { IPC_NOWAIT = libc::IPC_NOWAIT, SEM_UNDO = 0x1000 }
}

/// A change that semop(2) makes to one semaphore of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SemaphoreOperation {
    /// The number of the semaphore in its set.
    number: u16,
    /// The number to add; semop(2) waits with a negative one until the value is large enough.
    change: i16,
    flags: IpcFlags,
}

/// One operation on one semaphore.
pub const fn operation(number: u16, change: i16, flags: IpcFlags) -> SemaphoreOperation {
    SemaphoreOperation { number, change, flags }
}

impl Argument for SemaphoreOperation {
    const KIND: ArgumentKind = ArgumentKind::Structure;

    fn read(cursor: &mut Cursor<'_>) -> Result<SemaphoreOperation, SyntaxError> {
        cursor.expect("{sem_num=")?;
        let number = cursor.number()?;
        cursor.expect(", sem_op=")?;
        let change = cursor.number()?;
        cursor.expect(", sem_flg=")?;
        let flags = IpcFlags::read(cursor)?;
        cursor.expect("}")?;
        Ok(SemaphoreOperation { number, change, flags })
    }

    fn show(&self) -> String {
        format!("{{sem_num={}, sem_op={}, sem_flg={}}}", self.number, self.change, self.flags.show())
    }
}

/// The place where a segment is attached: a number that counts the attachments of a process from 1, since
/// addresses differ from run to run. A fork keeps them, execve(2) forgets them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address(pub usize);

impl Argument for Address {
    const KIND: ArgumentKind = ArgumentKind::Number;

    fn read(cursor: &mut Cursor<'_>) -> Result<Address, SyntaxError> {
        cursor.expect("address:")?;
        cursor.number().map(Address)
    }

    fn show(&self) -> String {
        format!("address:{}", self.0)
    }
}

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

/// The longest message that scripts receive, in bytes: the kernel's default limit.
const MESSAGE_SIZE: usize = 8192;

/// The part of an attached segment that `peek` reads, in bytes.
const PEEKED: usize = 64;

calls! {
    /// Calls about System V objects and POSIX message queues.
    Ipc, IpcCalls, actor:

    /// Finds or creates a System V shared memory segment.
    shmget(key: Key, size: i64, flags: GetFlags) asks(!flags.contains(GetFlags::IPC_CREAT)) {
        // SAFETY: takes numbers only.
        check(unsafe { libc::shmget(key.0, size as libc::size_t, flags.bits()) })
    }

    /// Attaches a shared memory segment to the caller's memory.
    shmat(id: i32) {
        // SAFETY: the kernel chooses a free address; nothing of ours is replaced.
        let address = unsafe { libc::shmat(id, std::ptr::null(), 0) };
        check(address as i64)?;
        actor.addresses.push(address as usize);
        Ok(Value::word(Address(actor.addresses.len()).show()))
    }

    /// Detaches a shared memory segment from the caller's memory.
    shmdt(address: Address) {
        // SAFETY: only segments that scripts attached begin at these addresses, and no Rust object
        // lives in them.
        check(unsafe { libc::shmdt(actor.address(address)? as *const _) })
    }

    /// Writes a text into an attached segment.
    poke(address: Address, text: Text) composes "read(2) from a pipe into the memory of the process" {
        actor.copy_through_pipe(Copied::To(address, &text.0))
    }

    /// Reads the text, up to the first null, in an attached segment.
    peek(address: Address) observes "the memory of the process, by write(2) to a pipe" {
        actor.copy_through_pipe(Copied::From(address))
    }

    /// Asks about a shared memory segment or removes it.
    shmctl(id: i32, command: IpcCommand) asks(*command != IpcCommand::IPC_RMID) {
        // SAFETY: all-zero is a valid shmid_ds; it outlives the call.
        let (returned, state) = unsafe {
            let mut state: libc::shmid_ds = std::mem::zeroed();
            (libc::shmctl(id, command.0, &mut state), state)
        };
        let done = check(returned)?;
        if command != IpcCommand::IPC_STAT {
            return Ok(done);
        }
        Ok(Value::fields([
            ("shm_segsz", Value::Number(state.shm_segsz as i64)),
            ("shm_nattch", Value::Number(state.shm_nattch as i64)),
        ]))
    }

    /// Asks for the ids of the owner and of the creator of a System V shared memory segment, in the caller's user namespace.
    shmctl_owners(id: i32) => "shmctl({}, IPC_STAT, {shm_perm})" asks {
        // SAFETY: all-zero is a valid shmid_ds; it outlives the call.
        let permissions = unsafe {
            let mut state: libc::shmid_ds = std::mem::zeroed();
            check(libc::shmctl(id, libc::IPC_STAT, &mut state))?;
            state.shm_perm
        };
        Ok(Value::fields([
            ("uid", Value::Number(permissions.uid.into())),
            ("gid", Value::Number(permissions.gid.into())),
            ("cuid", Value::Number(permissions.cuid.into())),
            ("cgid", Value::Number(permissions.cgid.into())),
        ]))
    }

    /// Finds or creates a System V semaphore set.
    semget(key: Key, count: i32, flags: GetFlags) asks(!flags.contains(GetFlags::IPC_CREAT)) {
        // SAFETY: takes numbers only.
        check(unsafe { libc::semget(key.0, count, flags.bits()) })
    }

    /// Changes semaphores of a set, all or none; waits where a value would become negative.
    semop(id: i32, operations: Vec<SemaphoreOperation>) {
        let mut operations: Vec<libc::sembuf> = operations
            .iter()
            .map(|operation| libc::sembuf {
                sem_num: operation.number,
                sem_op: operation.change,
                sem_flg: operation.flags.bits() as i16,
            })
            .collect();
        // SAFETY: pointer and count describe `operations`, which outlives the call.
        check(unsafe { libc::semop(id, operations.as_mut_ptr(), operations.len()) })
    }

    /// Asks about a semaphore or its set, or removes the set.
    semctl(id: i32, number: i32, command: IpcCommand) asks(*command != IpcCommand::IPC_RMID) {
        // SAFETY: all-zero is a valid semid_ds; it outlives the call. GETPID, GETVAL and IPC_RMID take no
        // fourth argument and do not look at it.
        let (returned, state) = unsafe {
            let mut state: libc::semid_ds = std::mem::zeroed();
            (libc::semctl(id, number, command.0, &raw mut state), state)
        };
        let done = if command == IpcCommand::GETPID { check_pid(returned)? } else { check(returned)? };
        if command != IpcCommand::IPC_STAT {
            return Ok(done);
        }
        Ok(Value::fields([("sem_nsems", Value::Number(state.sem_nsems as i64))]))
    }

    /// Finds or creates a System V message queue.
    msgget(key: Key, flags: GetFlags) asks(!flags.contains(GetFlags::IPC_CREAT)) {
        // SAFETY: takes numbers only.
        check(unsafe { libc::msgget(key.0, flags.bits()) })
    }

    /// Puts a message of a type above 0 into a System V message queue.
    msgsnd(id: i32, kind: i64, text: Text, flags: IpcFlags) => "msgsnd({}, {mtype={}, mtext={}}, {})" {
        let mut message = (kind as libc::c_long).to_ne_bytes().to_vec();
        message.extend(&text.0);
        // SAFETY: `message` has the layout of msgop(2): a long and as many bytes as the size says.
        check(unsafe { libc::msgsnd(id, message.as_ptr().cast(), text.0.len(), flags.bits()) })
    }

    /// Takes the first message of a type (0: of any) from a System V message queue; waits where there is none.
    msgrcv(id: i32, kind: i64, flags: IpcFlags) {
        const TYPE: usize = size_of::<libc::c_long>();
        let mut message = vec![0; TYPE + MESSAGE_SIZE];
        // SAFETY: `message` has room for a long and as many bytes as the size says.
        let length =
            unsafe { libc::msgrcv(id, message.as_mut_ptr().cast(), MESSAGE_SIZE, kind as _, flags.bits()) };
        check(length as i64)?;
        let (kind, text) = message.split_at(TYPE);
        Ok(Value::fields([
            ("mtype", Value::Number(libc::c_long::from_ne_bytes(kind.try_into().unwrap_or_default()))),
            ("mtext", Value::text(&text[..length as usize])),
        ]))
    }

    /// Asks about a System V message queue or removes it.
    msgctl(id: i32, command: IpcCommand) asks(*command != IpcCommand::IPC_RMID) {
        // SAFETY: all-zero is a valid msqid_ds; it outlives the call.
        let (returned, state) = unsafe {
            let mut state: libc::msqid_ds = std::mem::zeroed();
            (libc::msgctl(id, command.0, &mut state), state)
        };
        let done = check(returned)?;
        if command != IpcCommand::IPC_STAT {
            return Ok(done);
        }
        Ok(Value::fields([
            ("msg_qnum", Value::Number(state.msg_qnum as i64)),
            ("msg_qbytes", Value::Number(state.msg_qbytes as i64)),
        ]))
    }

    /// Lists the keys and identifiers in a file of /proc/sysvipc, which shows the objects of the IPC namespace of whoever opens it.
    sysvipc(path: Pathname) observes "the file, by open(2), read(2) and close(2); of it the columns key and id" {
        objects(&std::fs::read_to_string(path_of(&path))?)
    }

    /// Lists the keys and identifiers that an open file of /proc/sysvipc shows, from its beginning.
    sysvipc_fd(fd: Descriptor) observes "the open file, by pread(2); of it the columns key and id" {
        let mut buffer = vec![0; MESSAGE_SIZE];
        // SAFETY: pointer and length describe `buffer`.
        let count = unsafe { libc::pread(fd.0, buffer.as_mut_ptr().cast(), buffer.len(), 0) };
        check(count as i64)?;
        objects(&String::from_utf8_lossy(&buffer[..count as usize]))
    }

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
        let mut text = vec![0; MESSAGE_SIZE];
        // SAFETY: pointer and length describe `text`; the priority is not asked for.
        let length =
            unsafe { libc::mq_receive(fd.0, text.as_mut_ptr().cast(), text.len(), std::ptr::null_mut()) };
        check(length as i64)?;
        text.truncate(length as usize);
        Ok(Value::Text(text))
    }

    /// Asks for a signal when a message arrives in an empty POSIX message queue.
    mq_notify(fd: Descriptor, signal: Signal) => "mq_notify({}, {sigev_notify=SIGEV_SIGNAL, sigev_signo={}})" {
        // SAFETY: all-zero is a valid sigevent; it outlives the call.
        check(unsafe {
            let mut event: libc::sigevent = std::mem::zeroed();
            event.sigev_notify = libc::SIGEV_SIGNAL;
            event.sigev_signo = signal.0;
            libc::mq_notify(fd.0, &event)
        })
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

    /// Makes a named pipe.
    mkfifo(path: Pathname, mode: FileMode) {
        // SAFETY: the path is a C string that outlives the call.
        check(unsafe { libc::mkfifo(path.c_string()?.as_ptr(), mode.0 as libc::mode_t) })
    }
}

/// The two ways of `copy_through_pipe`.
enum Copied<'t> {
    /// A text into an attached segment.
    To(Address, &'t [u8]),
    /// The beginning of an attached segment.
    From(Address),
}

impl crate::actor::Actor {
    fn address(&self, address: Address) -> Result<usize, Errno> {
        let index = address.0.checked_sub(1).ok_or(Errno(libc::EFAULT))?;
        self.addresses.get(index).copied().ok_or(Errno(libc::EFAULT))
    }

    /// Copies by way of a pipe: the kernel then answers EFAULT where nothing is attached, instead
    /// of ending the process.
    fn copy_through_pipe(&self, copied: Copied) -> Answer {
        use std::io::{Read, Write};
        use std::os::fd::AsRawFd;
        let (mut reader, mut writer) = std::io::pipe()?;
        match copied {
            Copied::To(address, text) => {
                let address = self.address(address)? as *mut libc::c_void;
                writer.write_all(text)?;
                // SAFETY: the kernel checks the address; no Rust object lives in a segment.
                check(unsafe { libc::read(reader.as_raw_fd(), address, text.len()) } as i64)
            }
            Copied::From(address) => {
                let address = self.address(address)? as *const libc::c_void;
                // SAFETY: the kernel checks the address.
                check(unsafe { libc::write(writer.as_raw_fd(), address, PEEKED) } as i64)?;
                let mut text = vec![0; PEEKED];
                reader.read_exact(&mut text)?;
                text.truncate(text.iter().position(|byte| *byte == 0).unwrap_or(PEEKED));
                Ok(Value::Text(text))
            }
        }
    }
}

/// The first two columns of a file of /proc/sysvipc below its heading: key and identifier.
fn objects(table: &str) -> Answer {
    let mut objects = Vec::new();
    for line in table.lines().skip(1) {
        let mut columns = line.split_whitespace().map(str::parse::<i64>);
        let (Some(Ok(key)), Some(Ok(id))) = (columns.next(), columns.next()) else {
            return Err(Errno(libc::EPROTO));
        };
        objects
            .push(Value::fields([("key", Value::word(Key(key as i32).show())), ("id", Value::Number(id))]));
    }
    Ok(Value::List(objects))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::find(FIND, "0")]
    #[case::create(CREATE, "IPC_CREAT|0600")]
    #[case::create_new(CREATE_NEW, "IPC_CREAT|IPC_EXCL|0600")]
    #[case::mode_alone(GetFlags::from_bits_retain(0o640), "0640")]
    fn get_flags_print_as_strace_prints_them(#[case] flags: GetFlags, #[case] expected: &str) {
        assert_eq!(flags.show(), expected);
    }

    #[test]
    fn objects_are_the_lines_below_the_heading() {
        assert_eq!(objects(" key shmid perms\n"), Ok(Value::List(Vec::new())));
        assert_eq!(
            objects(" key shmid perms\n 19275 0 600\n"),
            Ok(Value::List(vec![Value::fields([("key", Value::word("0x4b4b")), ("id", Value::Number(0))])]))
        );
        assert_eq!(objects("heading\nno numbers\n"), Err(Errno(libc::EPROTO)));
    }
}
