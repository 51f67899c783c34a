//! An actor: a process (or thread) that performs one call at a time for the director.
//!
//! It receives a call, asks the kernel, answers, and waits for the next one; it ends when told to
//! or when the director is gone. The calls live in `call`.

use crate::call::Call;
use crate::call::handle::FileHandle;
use crate::outcome::{Answer, Errno, Outcome, Value, check};
use nsconform_sys::kind::Flags;
use nsconform_sys::wire;
use serde::{Deserialize, Serialize};
use std::ffi::c_void;
use std::os::fd::{AsRawFd, IntoRawFd, OwnedFd, RawFd};
use std::sync::atomic::AtomicI32;

/// The answer of an actor.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Reply {
    /// The kernel's answer to the call.
    Outcome(Outcome),
    /// The engine could not do its part: it asked the kernel for nothing, or lost its answer.
    Trouble(String),
}

/// The first message of an actor: it is there, and can be asked.
pub(crate) const GREETING: &[u8] = b"!";

/// The first message of an actor that cannot go on.
const NO_MEMORY: &[u8] = b"no memory for messages: allow more (ulimit -v, memory.max of the cgroup)";

/// The first argument of a program that goes on as an actor after execve(2); see
/// [`continue_if_asked`].
const CONTINUE: &str = "nsconform-actor";

/// An actor, with the state that it keeps between calls.
pub struct Actor {
    socket: RawFd,
    /// Whether the descriptor table is shared with the creator (CLONE_FILES): then the end of this
    /// actor does not close its socket.
    shares_files: bool,
    /// The socket for the process that the current call creates.
    passed: Option<OwnedFd>,
    /// Addresses of attached System V segments and mappings, by the number the script knows.
    pub(crate) addresses: Vec<usize>,
    /// File handles, by the number the script knows.
    pub(crate) handles: Vec<FileHandle>,
}

/// The things that a forked child has from its creator.
#[derive(Default)]
struct Inherited {
    addresses: Vec<usize>,
    handles: Vec<FileHandle>,
}

/// Where clone3(2) stores the number of a new process in the memory of its creator.
pub(crate) static PARENT_TID: AtomicI32 = AtomicI32::new(0);

/// Where clone3(2) stores the number of a new process in the memory of that process.
pub(crate) static CHILD_TID: AtomicI32 = AtomicI32::new(0);

/// The size in bytes of the stack for a child that shares its creator's memory.
const STACK_SIZE: usize = 512 * 1024;

impl Actor {
    fn new(socket: RawFd, shares_files: bool, inherited: Inherited) -> Actor {
        let Inherited { addresses, handles } = inherited;
        Actor { socket, shares_files, passed: None, addresses, handles }
    }

    /// Serves the director on `socket` until told to exit or until the director is gone.
    pub(crate) fn run(socket: RawFd, shares_files: bool) -> ! {
        Actor::run_with(socket, shares_files, Inherited::default())
    }

    /// As [`Actor::run`], with what the process has from its creator.
    fn run_with(socket: RawFd, shares_files: bool, inherited: Inherited) -> ! {
        let Some(buffer) = wire::message_buffer() else {
            let _ = wire::send(socket, NO_MEMORY, None);
            leave(socket, shares_files, 1)
        };
        // The first message tells the director that we are there, and our PID as it sees it.
        if wire::send_owned(socket, GREETING).is_err() {
            leave(socket, shares_files, 0);
        }
        let mut actor = Actor::new(socket, shares_files, inherited);
        loop {
            let received = match wire::receive(socket, buffer) {
                Ok(received) if received.length > 0 => received,
                _ => leave(socket, shares_files, 0),
            };
            let reply = actor.serve(&buffer[..received.length], received.descriptor);
            let used = match postcard::to_slice(&reply, buffer) {
                Ok(used) => used.len(),
                Err(error) => {
                    let trouble = Reply::Trouble(format!("the answer does not fit a message: {error}"));
                    postcard::to_slice(&trouble, buffer).map_or(0, |used| used.len())
                }
            };
            // From here to the next message nothing may touch the heap: a creator that shares
            // its memory with us may run as soon as the answer is out.
            drop(reply);
            if wire::send(socket, &buffer[..used], None).is_err() {
                leave(socket, shares_files, 0);
            }
        }
    }

    fn serve(&mut self, message: &[u8], passed: Option<OwnedFd>) -> Reply {
        let call: Call = match postcard::from_bytes(message) {
            Ok(call) => call,
            Err(error) => return Reply::Trouble(format!("the call cannot be decoded: {error}")),
        };
        self.passed = match passed.map(wire::raise).transpose() {
            Ok(passed) => passed,
            Err(error) => return Reply::Trouble(format!("no descriptor for the new process: {error}")),
        };
        Reply::Outcome(call.perform(self))
    }

    /// Ends this process (all its threads), or this thread alone.
    pub(crate) fn exit(&self, status: i32, whole_process: bool) -> ! {
        if whole_process {
            if self.shares_files {
                // SAFETY: the socket is ours alone although the table is shared.
                unsafe { libc::close(self.socket) };
            }
            // SAFETY: ends the process; nothing runs after it.
            unsafe { libc::_exit(status) }
        }
        leave(self.socket, self.shares_files, status)
    }

    /// Creates a process that goes on as an actor of its own: clone(2) with CLONE_VM gets a stack
    /// and a function, anything else returns twice as fork(2) does.
    pub(crate) fn create(&mut self, how: &Creation) -> Answer {
        let socket = self.passed.take().ok_or(Errno(libc::EBADF))?;
        let shares_files = how.flags.contains(Flags::CLONE_FILES);
        let pid = if how.flags.contains(Flags::CLONE_VM) {
            clone_sharing_memory(how, socket.as_raw_fd(), shares_files)
        } else {
            let pid = how.returning_twice();
            if pid == 0 {
                if !shares_files {
                    // SAFETY: in the child the creator's socket is nobody's; its end must be seen.
                    unsafe { libc::close(self.socket) };
                }
                crate::call::process::forget_caught_signals();
                let inherited = Inherited {
                    addresses: std::mem::take(&mut self.addresses),
                    handles: std::mem::take(&mut self.handles),
                };
                Actor::run_with(socket.into_raw_fd(), shares_files, inherited);
            }
            pid
        };
        if pid > 0 && shares_files {
            // The child uses the same table: closing here would close it there, and our own end
            // no longer closes our socket.
            self.shares_files = true;
            let _ = socket.into_raw_fd();
        }
        check(pid)
    }

    /// Replaces the program by nsconform's own, which goes on as this actor.
    pub(crate) fn execute(&self, path: &std::ffi::CStr) -> Answer {
        let socket = format!("{}\0", self.socket);
        let shares = if self.shares_files { c"shares" } else { c"owns" };
        let name = format!("{CONTINUE}\0");
        let arguments =
            [name.as_ptr().cast(), socket.as_ptr().cast(), shares.as_ptr(), std::ptr::null::<libc::c_char>()];
        unsafe extern "C" {
            /// The environment, as environ(7) describes it.
            static environ: *const *const libc::c_char;
        }
        // SAFETY: plain fcntl on our socket; execve gets null-terminated arrays of C strings that
        // outlive the call; nothing changes the environment meanwhile.
        unsafe {
            libc::fcntl(self.socket, libc::F_SETFD, 0);
            libc::execve(path.as_ptr(), arguments.as_ptr(), environ);
            let errno = Errno::last();
            libc::fcntl(self.socket, libc::F_SETFD, libc::FD_CLOEXEC);
            Err(errno)
        }
    }
}

/// How a process is created.
pub(crate) struct Creation {
    pub(crate) flags: Flags,
    /// The signal sent to the parent at the end; 0 for none.
    pub(crate) exit_signal: i32,
    /// The PIDs chosen for the child, innermost namespace first; uses clone3(2) if not empty or if
    /// `extended` is set.
    pub(crate) set_tid: Vec<i32>,
    /// The directory of the cgroup that the child starts in, for `CLONE_INTO_CGROUP`.
    pub(crate) cgroup: Option<RawFd>,
    /// Whether to use clone3(2) rather than clone(2).
    pub(crate) extended: bool,
}

impl Creation {
    /// Returns the child's PID in the creator, 0 in the child, -1 with errno on error.
    fn returning_twice(&self) -> i64 {
        // Where CLONE_PIDFD puts its descriptor. Its number is not passed on: it is the lowest
        // free one, which a script knows.
        let mut pidfd: libc::c_int = -1;
        let pidfd_at = self.pidfd_at(&mut pidfd);
        if !self.extended {
            let word = self.flags.bits() | self.exit_signal as u64;
            // SAFETY: without CLONE_VM the child has a copy of everything; the only pointer is that
            // of a variable that outlives the call. The caller is single-threaded or its other
            // threads hold no locks (they wait on their sockets), so the copied heap is consistent.
            return unsafe { libc::syscall(libc::SYS_clone, word, 0, pidfd_at, 0, 0) };
        }
        let (arguments, size) = self.arguments(pidfd_at);
        // SAFETY: as above; the structure and the array it points to outlive the call.
        unsafe { libc::syscall(libc::SYS_clone3, &raw const arguments, size) }
    }

    /// The address that the kernel is told for a pidfd: none where it is not asked for one.
    fn pidfd_at(&self, pidfd: &mut libc::c_int) -> u64 {
        if self.flags.contains(Flags::CLONE_PIDFD) { std::ptr::from_mut(pidfd) as u64 } else { 0 }
    }

    /// The structure of clone3(2), and how much of it the kernel is told of.
    fn arguments(&self, pidfd_at: u64) -> (libc::clone_args, usize) {
        // SAFETY: all-zero is what clone3(2) takes for what is not asked for.
        let mut arguments: libc::clone_args = unsafe { std::mem::zeroed() };
        arguments.flags = self.flags.bits();
        arguments.pidfd = pidfd_at;
        arguments.exit_signal = self.exit_signal as u64;
        if self.flags.contains(Flags::CLONE_PARENT_SETTID) {
            arguments.parent_tid = PARENT_TID.as_ptr() as u64;
        }
        if self.flags.contains(Flags::CLONE_CHILD_SETTID) {
            arguments.child_tid = CHILD_TID.as_ptr() as u64;
        }
        arguments.set_tid = if self.set_tid.is_empty() { 0 } else { self.set_tid.as_ptr() as u64 };
        arguments.set_tid_size = self.set_tid.len() as u64;
        // Up to the fields that are set, for kernels that know no more.
        match self.cgroup {
            Some(cgroup) => {
                arguments.cgroup = cgroup as u64;
                (arguments, size_of::<libc::clone_args>())
            }
            None => (arguments, std::mem::offset_of!(libc::clone_args, cgroup)),
        }
    }
}

fn clone_sharing_memory(how: &Creation, socket: RawFd, shares_files: bool) -> i64 {
    extern "C" fn start(argument: *mut c_void) -> libc::c_int {
        let packed = argument as usize;
        Actor::run((packed >> 1) as RawFd, packed & 1 == 1)
    }
    // SAFETY: a fresh private mapping serves as the child's stack and is never unmapped while the
    // process lives. The child runs `start` on it; it shares our heap and thread-local storage,
    // which is sound only because one of the two runs at a time: both wait on their sockets
    // without touching the heap (see `Actor::run`).
    unsafe {
        let stack = libc::mmap(
            std::ptr::null_mut(),
            STACK_SIZE,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_STACK,
            -1,
            0,
        );
        if stack == libc::MAP_FAILED {
            return -1;
        }
        let packed = ((socket as usize) << 1) | usize::from(shares_files);
        // Where CLONE_PIDFD puts its descriptor, as in `returning_twice`.
        let mut pidfd: libc::c_int = -1;
        let pid = if how.extended {
            let (mut arguments, size) = how.arguments(how.pidfd_at(&mut pidfd));
            arguments.stack = stack as u64;
            arguments.stack_size = STACK_SIZE as u64;
            clone3_on_stack(&arguments, size, start, packed as *mut c_void)
        } else {
            let word = how.flags.bits() as i32 | how.exit_signal;
            let (top, packed) = (stack.byte_add(STACK_SIZE), packed as *mut c_void);
            libc::clone(start, top, word, packed, &raw mut pidfd).into()
        };
        if pid == -1 {
            let errno = Errno::last();
            libc::munmap(stack, STACK_SIZE);
            nix::errno::Errno::set_raw(errno.0);
        }
        pid
    }
}

/// clone3(2) whose child runs a function on the stack that the arguments name: what clone(3) does for
/// clone(2), and no function of the C library for this one. -1 with errno on error.
///
/// # Safety
/// As clone(3): the stack is the child's alone, and the function does not return to anybody.
#[cfg(target_arch = "x86_64")]
unsafe fn clone3_on_stack(
    arguments: &libc::clone_args,
    size: usize,
    start: extern "C" fn(*mut c_void) -> libc::c_int,
    argument: *mut c_void,
) -> i64 {
    let answer: i64;
    // SAFETY: the kernel keeps all registers but rax, rcx and r11. The child, for which the answer is 0,
    // has an empty stack that is aligned as a call needs it, and never leaves the assembly.
    unsafe {
        std::arch::asm!(
            "syscall",
            "test rax, rax",
            "jnz 2f",
            "xor ebp, ebp",
            "mov rdi, r9",
            "call r8",
            "mov edi, eax",
            "mov eax, {exit}",
            "syscall",
            "ud2",
            "2:",
            exit = const libc::SYS_exit,
            inlateout("rax") libc::SYS_clone3 => answer,
            in("rdi") arguments,
            in("rsi") size,
            in("r8") start,
            in("r9") argument,
            lateout("rcx") _,
            lateout("r11") _,
        );
    }
    match answer {
        -4095..=-1 => {
            nix::errno::Errno::set_raw(-answer as i32);
            -1
        }
        pid => pid,
    }
}

/// Not there for this processor: ECANCELED, which no trace approves.
#[cfg(not(target_arch = "x86_64"))]
unsafe fn clone3_on_stack(
    _: &libc::clone_args,
    _: usize,
    _: extern "C" fn(*mut c_void) -> libc::c_int,
    _: *mut c_void,
) -> i64 {
    nix::errno::Errno::set_raw(libc::ECANCELED);
    -1
}

/// Ends the calling thread, which is the whole process unless it has others.
fn leave(socket: RawFd, shares_files: bool, status: i32) -> ! {
    // SAFETY: the socket is closed only where the end of this thread would not close it; exit(2)
    // does not return.
    unsafe {
        if shares_files {
            libc::close(socket);
        }
        libc::syscall(libc::SYS_exit, status);
    }
    unreachable!("exit(2) returned")
}

/// Goes on as an actor if an actor has executed this program (`execve("/program")` in a script).
/// `main` of every program with cases must call it first.
pub fn continue_if_asked() {
    let mut arguments = std::env::args();
    if arguments.next().as_deref() != Some(CONTINUE) {
        return;
    }
    let socket = arguments.next().and_then(|number| number.parse::<RawFd>().ok());
    let shares_files = arguments.next().as_deref() == Some("shares");
    if let Some(socket) = socket {
        // SAFETY: plain calls on our own socket and signal dispositions; SIGPIPE was set to
        // ignored by Rust's runtime, which execve(2) would not have done.
        unsafe {
            libc::fcntl(socket, libc::F_SETFD, libc::FD_CLOEXEC);
            libc::signal(libc::SIGPIPE, libc::SIG_DFL);
        }
        Actor::run(socket, shares_files);
    }
}

impl Value {
    /// The value of a call that returned the number of a process it created.
    pub(crate) fn named(self, name: &str) -> Value {
        match self {
            Value::Number(pid) => Value::Child { pid: pid as i32, name: name.to_string() },
            other => other,
        }
    }
}
