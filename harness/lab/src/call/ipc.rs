//! System V inter-process communication and named pipes: sysvipc(7), fifo(7).
//!
//! POSIX message queues live in `mqueue`. Reading and writing the settings in /proc/sys needs nothing
//! of its own: `file` has it.

use super::argument::{Argument, ArgumentKind, Descriptor, Pathname, Text, constants, flag_names, flags};
use super::calls;
use super::file::{FileMode, path_of};
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

constants! {
    /// The commands of shmctl(2) that take an index into the kernel's table and not an identifier.
    ShmIndexCommand: i32 { SHM_STAT = 13, SHM_STAT_ANY = 15 }
}

constants! {
    /// The commands of msgctl(2) that take an index into the kernel's table and not an identifier.
    MsgIndexCommand: i32 { MSG_STAT = 11, MSG_STAT_ANY = 13 }
}

constants! {
    /// The commands of semctl(2) that take an index into the kernel's table and not an identifier.
    SemIndexCommand: i32 { SEM_STAT = 18, SEM_STAT_ANY = 20 }
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

/// The longest message that scripts receive, in bytes: the kernel's default limit.
pub(super) const MESSAGE_SIZE: usize = 8192;

/// The part of an attached segment that `peek` reads, in bytes.
const PEEKED: usize = 64;

calls! {
    /// Calls about System V objects and named pipes.
    Ipc, IpcCalls, actor:

    /// Finds or creates a System V shared memory segment.
    shmget(key: Key, size: i64, flags: GetFlags) asks(finds(*key, *flags)) {
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
        if command != IpcCommand::IPC_STAT {
            // SAFETY: the other commands take no structure.
            return check(unsafe { libc::shmctl(id, command.0, std::ptr::null_mut()) });
        }
        let state = shared_memory(id)?;
        Ok(Value::fields([
            ("shm_segsz", Value::Number(state.shm_segsz as i64)),
            ("shm_nattch", Value::Number(state.shm_nattch as i64)),
        ]))
    }

    /// Finds or creates a System V semaphore set.
    semget(key: Key, count: i32, flags: GetFlags) asks(finds(*key, *flags)) {
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
        if command != IpcCommand::IPC_STAT {
            // SAFETY: the other commands take no fourth argument.
            let returned = unsafe { libc::semctl(id, number, command.0) };
            return if command == IpcCommand::GETPID { check_pid(returned) } else { check(returned) };
        }
        let state = semaphore_set(id)?;
        Ok(Value::fields([("sem_nsems", Value::Number(state.sem_nsems as i64))]))
    }

    /// Finds or creates a System V message queue.
    msgget(key: Key, flags: GetFlags) asks(finds(*key, *flags)) {
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
        if command != IpcCommand::IPC_STAT {
            // SAFETY: the other commands take no structure.
            return check(unsafe { libc::msgctl(id, command.0, std::ptr::null_mut()) });
        }
        let state = message_queue(id)?;
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

    /// Asks about the shared memory segment at an index of the kernel's table; gives its identifier.
    shmctl_index(index: i32, command: ShmIndexCommand) => "shmctl({}, {})" asks {
        // SAFETY: all-zero is a valid shmid_ds; it outlives the call.
        check(unsafe {
            let mut state: libc::shmid_ds = std::mem::zeroed();
            libc::shmctl(index, command.0, &mut state)
        })
    }

    /// Asks about the message queue at an index of the kernel's table; gives its identifier.
    msgctl_index(index: i32, command: MsgIndexCommand) => "msgctl({}, {})" asks {
        // SAFETY: all-zero is a valid msqid_ds; it outlives the call.
        check(unsafe {
            let mut state: libc::msqid_ds = std::mem::zeroed();
            libc::msgctl(index, command.0, &mut state)
        })
    }

    /// Asks about the semaphore set at an index of the kernel's table; gives its identifier.
    semctl_index(index: i32, command: SemIndexCommand) => "semctl({}, 0, {})" asks {
        // SAFETY: all-zero is a valid semid_ds; it outlives the call.
        check(unsafe {
            let mut state: libc::semid_ds = std::mem::zeroed();
            libc::semctl(index, 0, command.0, &raw mut state)
        })
    }

    /// Asks who owns and who created a shared memory segment, in the caller's user namespace.
    shmctl_owners(id: i32) => "shmctl({}, IPC_STAT, {shm_perm})" asks {
        shared_memory(id).map(|state| owners(&state.shm_perm))
    }

    /// Asks who owns and who created a System V message queue, in the caller's user namespace.
    msgctl_owners(id: i32) => "msgctl({}, IPC_STAT, {msg_perm})" asks {
        message_queue(id).map(|state| owners(&state.msg_perm))
    }

    /// Asks who owns and who created a semaphore set, in the caller's user namespace.
    semctl_owners(id: i32) => "semctl({}, 0, IPC_STAT, {sem_perm})" asks {
        semaphore_set(id).map(|state| owners(&state.sem_perm))
    }

    /// Asks which processes created a shared memory segment and attached or detached it last, in the caller's PID namespace.
    shmctl_pids(id: i32) => "shmctl({}, IPC_STAT, {shm_cpid, shm_lpid})" asks {
        let state = shared_memory(id)?;
        Ok(Value::fields([("shm_cpid", Value::Pid(state.shm_cpid)), ("shm_lpid", Value::Pid(state.shm_lpid))]))
    }

    /// Asks which processes sent and received the last messages of a System V message queue, in the caller's PID namespace.
    msgctl_pids(id: i32) => "msgctl({}, IPC_STAT, {msg_lspid, msg_lrpid})" asks {
        let state = message_queue(id)?;
        Ok(Value::fields([("msg_lspid", Value::Pid(state.msg_lspid)), ("msg_lrpid", Value::Pid(state.msg_lrpid))]))
    }

    /// Gives a shared memory segment to another owner and group; its mode stays.
    shmctl_set_owner(id: i32, uid: i32, gid: i32) => "shmctl({}, IPC_SET, {uid={}, gid={}})" composes "shmctl(2) with IPC_STAT, and shmctl(2) with IPC_SET" {
        let mut state = shared_memory(id)?;
        (state.shm_perm.uid, state.shm_perm.gid) = (uid as libc::uid_t, gid as libc::gid_t);
        // SAFETY: the state outlives the call.
        check(unsafe { libc::shmctl(id, libc::IPC_SET, &mut state) })
    }

    /// Gives a System V message queue to another owner and group; its mode and size stay.
    msgctl_set_owner(id: i32, uid: i32, gid: i32) => "msgctl({}, IPC_SET, {uid={}, gid={}})" composes "msgctl(2) with IPC_STAT, and msgctl(2) with IPC_SET" {
        let mut state = message_queue(id)?;
        (state.msg_perm.uid, state.msg_perm.gid) = (uid as libc::uid_t, gid as libc::gid_t);
        // SAFETY: the state outlives the call.
        check(unsafe { libc::msgctl(id, libc::IPC_SET, &mut state) })
    }

    /// Gives a semaphore set to another owner and group; its mode stays.
    semctl_set_owner(id: i32, uid: i32, gid: i32) => "semctl({}, 0, IPC_SET, {uid={}, gid={}})" composes "semctl(2) with IPC_STAT, and semctl(2) with IPC_SET" {
        let mut state = semaphore_set(id)?;
        (state.sem_perm.uid, state.sem_perm.gid) = (uid as libc::uid_t, gid as libc::gid_t);
        // SAFETY: the state outlives the call.
        check(unsafe { libc::semctl(id, 0, libc::IPC_SET, &raw mut state) })
    }

    /// Sets how many bytes a System V message queue may hold; its owner and mode stay.
    msgctl_set_qbytes(id: i32, qbytes: i64) => "msgctl({}, IPC_SET, {msg_qbytes={}})" composes "msgctl(2) with IPC_STAT, and msgctl(2) with IPC_SET" {
        let mut state = message_queue(id)?;
        state.msg_qbytes = qbytes as libc::msglen_t;
        // SAFETY: the state outlives the call.
        check(unsafe { libc::msgctl(id, libc::IPC_SET, &mut state) })
    }

    /// Keeps a shared memory segment in main memory, so that it is never swapped out.
    shmctl_lock(id: i32) => "shmctl({}, SHM_LOCK)" {
        // SAFETY: this command takes no structure.
        check(unsafe { libc::shmctl(id, SHM_LOCK, std::ptr::null_mut()) })
    }

    /// Asks whether a shared memory segment is locked into main memory.
    shm_locked(id: i32) observes "shmctl(2) with IPC_STAT, of its answer the bit SHM_LOCKED of the mode" {
        let mode = shared_memory(id)?.shm_perm.mode;
        Ok(Value::word(if u32::from(mode) & SHM_LOCKED != 0 { "yes" } else { "no" }))
    }

    /// Sets the value of a semaphore.
    semctl_setval(id: i32, number: i32, value: i32) => "semctl({}, {}, SETVAL, {})" {
        // SAFETY: this command takes a number.
        check(unsafe { libc::semctl(id, number, SETVAL, value) })
    }

    /// Makes a named pipe.
    mkfifo(path: Pathname, mode: FileMode) {
        // SAFETY: the path is a C string that outlives the call.
        check(unsafe { libc::mkfifo(path.c_string()?.as_ptr(), mode.0 as libc::mode_t) })
    }
}

/// Whether shmget(2) and its relatives can only find an object, and create none.
fn finds(key: Key, flags: GetFlags) -> bool {
    key.0 != libc::IPC_PRIVATE && !flags.contains(GetFlags::IPC_CREAT)
}

/// `SHM_LOCK` of linux/shm.h.
const SHM_LOCK: i32 = 11;

/// `SHM_LOCKED` of linux/shm.h.
const SHM_LOCKED: u32 = 0o2000;

/// `SETVAL` of linux/sem.h.
const SETVAL: i32 = 16;

fn shared_memory(id: i32) -> Result<libc::shmid_ds, Errno> {
    // SAFETY: all-zero is a valid shmid_ds; it outlives the call.
    unsafe {
        let mut state: libc::shmid_ds = std::mem::zeroed();
        check(libc::shmctl(id, libc::IPC_STAT, &mut state)).map(|_| state)
    }
}

fn message_queue(id: i32) -> Result<libc::msqid_ds, Errno> {
    // SAFETY: all-zero is a valid msqid_ds; it outlives the call.
    unsafe {
        let mut state: libc::msqid_ds = std::mem::zeroed();
        check(libc::msgctl(id, libc::IPC_STAT, &mut state)).map(|_| state)
    }
}

fn semaphore_set(id: i32) -> Result<libc::semid_ds, Errno> {
    // SAFETY: all-zero is a valid semid_ds; it outlives the call.
    unsafe {
        let mut state: libc::semid_ds = std::mem::zeroed();
        check(libc::semctl(id, 0, libc::IPC_STAT, &raw mut state)).map(|_| state)
    }
}

fn owners(permissions: &libc::ipc_perm) -> Value {
    let id = |id: u32| Value::Number(id.into());
    Value::fields([
        ("uid", id(permissions.uid)),
        ("gid", id(permissions.gid)),
        ("cuid", id(permissions.cuid)),
        ("cgid", id(permissions.cgid)),
    ])
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
