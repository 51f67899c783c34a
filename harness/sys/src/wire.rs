//! The wire between the director and its actors: one message a packet, at most one descriptor
//! with it.
//!
//! The crate `lab` gives the messages their meaning, in `lab` (the director's end) and `actor` (the
//! other end). Nothing here allocates while it receives or sends: an actor that shares its memory
//! with another one (CLONE_VM) must not touch the heap while the other one may run.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// The largest message in bytes; a longer one is an error, never cut.
pub const MAX_MESSAGE: usize = 48 * 1024;

/// The engine's own descriptors lie at or above this number, so that the first descriptor a case
/// opens is 3, on every machine.
pub const DESCRIPTOR_FLOOR: RawFd = 100;

/// Room for the ancillary data of one message, one descriptor and one set of credentials, aligned as
/// cmsg(3) demands.
#[repr(C, align(8))]
pub struct ControlBuffer(pub [u8; 128]);

impl Default for ControlBuffer {
    fn default() -> ControlBuffer {
        ControlBuffer([0; 128])
    }
}

/// One message, with everything that came with it.
#[derive(Debug)]
pub struct Received {
    /// Length of the message; 0 when the other end is closed.
    pub length: usize,
    /// A descriptor that came with it.
    pub descriptor: Option<OwnedFd>,
    /// The sender's PID as SCM_CREDENTIALS tells it, where the receiver has asked for that.
    pub sender: Option<i32>,
}

impl Received {
    /// The PID, in the caller's PID namespace, of the process that has sent its own socket by
    /// [`send_owned`]: 0 if it has none there. None if no socket came, or the kernel does not tell.
    pub fn owner(&self) -> Option<i32> {
        let descriptor = self.descriptor.as_ref()?;
        let mut owner = Owner { kind: 0, pid: 0 };
        // SAFETY: the structure has the layout of f_owner_ex and outlives the call.
        let asked = unsafe { libc::fcntl(descriptor.as_raw_fd(), F_GETOWN_EX, &raw mut owner) };
        (asked == 0).then_some(owner.pid)
    }
}

/// `struct f_owner_ex` of F_GETOWN_EX(2const).
#[repr(C)]
struct Owner {
    kind: libc::c_int,
    pid: libc::pid_t,
}

// Numbers from asm-generic/fcntl.h.
const F_SETOWN_EX: libc::c_int = 15;
const F_GETOWN_EX: libc::c_int = 16;
const F_OWNER_PID: libc::c_int = 1;

/// Two connected ends, both above [`DESCRIPTOR_FLOOR`] and close-on-exec.
///
/// # Errors
/// Those of socketpair(2) and fcntl(2): EMFILE first of all.
pub fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut ends = [0; 2];
    // SAFETY: `ends` has room for two descriptors.
    check(unsafe {
        libc::socketpair(libc::AF_UNIX, libc::SOCK_SEQPACKET | libc::SOCK_CLOEXEC, 0, ends.as_mut_ptr())
    })?;
    // SAFETY: both were just made and belong to nobody else.
    let (first, second) = unsafe { (OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1])) };
    Ok((raise(first)?, raise(second)?))
}

/// Has a socket be told the credentials of whoever sends to it from now on.
///
/// # Errors
/// Those of setsockopt(2).
pub fn ask_credentials(socket: RawFd) -> io::Result<()> {
    let on: libc::c_int = 1;
    // SAFETY: the option value is an int that outlives the call.
    check(unsafe {
        libc::setsockopt(
            socket,
            libc::SOL_SOCKET,
            libc::SO_PASSCRED,
            (&raw const on).cast(),
            size_of::<libc::c_int>() as libc::socklen_t,
        )
    })
    .map(drop)
}

/// Sends one message with the sending socket itself, and the caller as the socket's owner: so the
/// receiver learns the caller's PID in its own PID namespace, whatever namespaces lie between them.
///
/// # Errors
/// Those of fcntl(2) F_SETOWN_EX and of [`send`].
pub fn send_owned(socket: RawFd, message: &[u8]) -> io::Result<()> {
    // SAFETY: takes nothing.
    let owner = Owner { kind: F_OWNER_PID, pid: unsafe { libc::getpid() } };
    // SAFETY: the structure has the layout of f_owner_ex and outlives the call.
    check(unsafe { libc::fcntl(socket, F_SETOWN_EX, &raw const owner) })?;
    send(socket, message, Some(socket))
}

/// Moves a descriptor to a number at or above [`DESCRIPTOR_FLOOR`].
///
/// # Errors
/// Those of fcntl(2) F_DUPFD_CLOEXEC: EINVAL where RLIMIT_NOFILE is below the floor, EMFILE.
pub fn raise(descriptor: OwnedFd) -> io::Result<OwnedFd> {
    // SAFETY: plain fcntl on a descriptor we own; the result is new and ours.
    unsafe {
        let raised = check(libc::fcntl(descriptor.as_raw_fd(), libc::F_DUPFD_CLOEXEC, DESCRIPTOR_FLOOR))
            .map_err(|error| match error.raw_os_error() {
                Some(libc::EINVAL) => {
                    io::Error::other("RLIMIT_NOFILE is too low (ulimit -n): 200 are needed")
                }
                _ => error,
            })?;
        Ok(OwnedFd::from_raw_fd(raised))
    }
}

/// Sends one message.
///
/// # Errors
/// Those of sendmsg(2); EPIPE when the other end is closed, EMSGSIZE when it is too long.
pub fn send(socket: RawFd, message: &[u8], descriptor: Option<RawFd>) -> io::Result<()> {
    let mut part = libc::iovec { iov_base: message.as_ptr().cast_mut().cast(), iov_len: message.len() };
    let mut control = ControlBuffer::default();
    // SAFETY: all-zero is a valid msghdr; every pointer set below outlives the call.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    header.msg_iov = &mut part;
    header.msg_iovlen = 1;
    if let Some(descriptor) = descriptor {
        header.msg_control = control.0.as_mut_ptr().cast();
        // SAFETY: the control buffer is larger than CMSG_SPACE of one descriptor and aligned.
        unsafe {
            header.msg_controllen = libc::CMSG_SPACE(size_of::<RawFd>() as u32) as _;
            let item = libc::CMSG_FIRSTHDR(&header);
            (*item).cmsg_level = libc::SOL_SOCKET;
            (*item).cmsg_type = libc::SCM_RIGHTS;
            (*item).cmsg_len = libc::CMSG_LEN(size_of::<RawFd>() as u32) as _;
            libc::CMSG_DATA(item).cast::<RawFd>().write_unaligned(descriptor);
        }
    }
    // SAFETY: the header is complete.
    check_size(unsafe { libc::sendmsg(socket, &header, libc::MSG_NOSIGNAL) })?;
    Ok(())
}

/// Whether the other end has taken every message that was sent (SIOCOUTQ of unix(7)).
///
/// # Errors
/// Those of ioctl(2).
pub fn is_taken(socket: RawFd) -> io::Result<bool> {
    let mut unread: libc::c_int = 0;
    // SAFETY: the number outlives the call.
    match unsafe { libc::ioctl(socket, libc::TIOCOUTQ as _, &raw mut unread) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(unread == 0),
    }
}

/// Receives one message into `buffer`; waits until there is one or the other end is closed.
///
/// # Errors
/// Those of recvmsg(2); EMSGSIZE when the message is longer than the buffer.
pub fn receive(socket: RawFd, buffer: &mut [u8]) -> io::Result<Received> {
    let mut part = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    let mut control = ControlBuffer::default();
    // SAFETY: all-zero is a valid msghdr; every pointer set below outlives the call.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    header.msg_iov = &mut part;
    header.msg_iovlen = 1;
    header.msg_control = control.0.as_mut_ptr().cast();
    header.msg_controllen = control.0.len() as _;
    let length = loop {
        // SAFETY: the header is complete.
        match check_size(unsafe { libc::recvmsg(socket, &mut header, libc::MSG_CMSG_CLOEXEC) }) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if error.raw_os_error() == Some(libc::ECONNRESET) => break 0,
            other => break other?,
        }
    };
    let mut received = Received { length, descriptor: None, sender: None };
    // SAFETY: the kernel filled the control buffer; the CMSG macros walk it within its length.
    unsafe {
        let mut item = libc::CMSG_FIRSTHDR(&header);
        while !item.is_null() {
            if (*item).cmsg_level == libc::SOL_SOCKET {
                let data = libc::CMSG_DATA(item);
                match (*item).cmsg_type {
                    libc::SCM_RIGHTS => {
                        received.descriptor =
                            Some(OwnedFd::from_raw_fd(data.cast::<RawFd>().read_unaligned()));
                    }
                    libc::SCM_CREDENTIALS => {
                        received.sender = Some(data.cast::<libc::ucred>().read_unaligned().pid);
                    }
                    _ => {}
                }
            }
            item = libc::CMSG_NXTHDR(&header, item);
        }
    }
    if header.msg_flags & libc::MSG_TRUNC != 0 {
        return Err(io::Error::from_raw_os_error(libc::EMSGSIZE));
    }
    Ok(received)
}

/// Memory for one message. Mapped rather than allocated, since the heap may be in use by a creator
/// that shares it, and so that only the pages that are used take time.
pub fn message_buffer() -> Option<&'static mut [u8]> {
    // SAFETY: a fresh anonymous mapping, zeroed by the kernel, which nothing unmaps.
    unsafe {
        let base = libc::mmap(
            std::ptr::null_mut(),
            MAX_MESSAGE,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        );
        (base != libc::MAP_FAILED).then(|| std::slice::from_raw_parts_mut(base.cast(), MAX_MESSAGE))
    }
}

fn check(returned: libc::c_int) -> io::Result<libc::c_int> {
    if returned == -1 { Err(io::Error::last_os_error()) } else { Ok(returned) }
}

fn check_size(returned: libc::ssize_t) -> io::Result<usize> {
    if returned == -1 { Err(io::Error::last_os_error()) } else { Ok(returned as usize) }
}
