//! Messages over UNIX sockets that carry descriptors and credentials: unix(7), cmsg(3).
//!
//! Plain bytes over descriptors live in `file`, sockets of networks in `socket`.

use super::argument::{Argument, ArgumentKind, Descriptor, Pid, Text};
use super::calls;
use super::reading::{Cursor, SyntaxError};
use crate::outcome::{Answer, Value, check};
use nsconform_sys::wire::ControlBuffer;
use serde::{Deserialize, Serialize};

/// The things that a message carries beside its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ancillary {
    /// SCM_RIGHTS: a descriptor, of which the receiver gets a duplicate.
    Rights(i32),
    /// SCM_CREDENTIALS: who the sender says it is; the kernel checks that.
    Credentials {
        /// The PID as the sender writes it.
        pid: Pid,
        /// The user id as the sender writes it.
        uid: u32,
        /// The group id as the sender writes it.
        gid: u32,
    },
}

/// A descriptor to be sent.
pub const fn scm_rights(fd: i32) -> Ancillary {
    Ancillary::Rights(fd)
}

/// Credentials to be sent.
pub fn scm_credentials(pid: impl Into<Pid>, uid: u32, gid: u32) -> Ancillary {
    Ancillary::Credentials { pid: pid.into(), uid, gid }
}

impl Argument for Ancillary {
    const KIND: ArgumentKind = ArgumentKind::Structure;

    fn read(cursor: &mut Cursor<'_>) -> Result<Ancillary, SyntaxError> {
        if cursor.accept("SCM_RIGHTS [") {
            let fd = cursor.number()?;
            cursor.expect("]")?;
            return Ok(Ancillary::Rights(fd));
        }
        cursor.expect("SCM_CREDENTIALS {pid=")?;
        let pid = Pid::read(cursor)?;
        cursor.expect(", uid=")?;
        let uid = cursor.number()?;
        cursor.expect(", gid=")?;
        let gid = cursor.number()?;
        cursor.expect("}")?;
        Ok(Ancillary::Credentials { pid, uid, gid })
    }

    fn show(&self) -> String {
        match self {
            Ancillary::Rights(fd) => format!("SCM_RIGHTS [{fd}]"),
            Ancillary::Credentials { pid, uid, gid } => {
                format!("SCM_CREDENTIALS {{pid={}, uid={uid}, gid={gid}}}", pid.show())
            }
        }
    }
}

calls! {
    /// Messages between processes that carry descriptors and credentials: unix(7), cmsg(3).
    Message, MessageCalls, actor:

    /// Makes two connected UNIX datagram sockets.
    socketpair() => "socketpair(AF_UNIX, SOCK_DGRAM, 0)" {
        let mut ends = [0; 2];
        // SAFETY: the array has room for two descriptors.
        check(unsafe {
            libc::socketpair(libc::AF_UNIX, libc::SOCK_DGRAM, 0, ends.as_mut_ptr())
        })?;
        Ok(Value::List(ends.into_iter().map(|end| Value::Number(end.into())).collect()))
    }

    /// Makes two connected UNIX stream sockets.
    socketpair_stream() => "socketpair(AF_UNIX, SOCK_STREAM, 0)" {
        let mut ends = [0; 2];
        // SAFETY: the array has room for two descriptors.
        check(unsafe {
            libc::socketpair(libc::AF_UNIX, libc::SOCK_STREAM, 0, ends.as_mut_ptr())
        })?;
        Ok(Value::List(ends.into_iter().map(|end| Value::Number(end.into())).collect()))
    }

    /// Has the kernel add the sender's credentials to every message that this socket receives (SO_PASSCRED).
    setsockopt_passcred(fd: Descriptor, on: bool) => "setsockopt({}, SOL_SOCKET, SO_PASSCRED, {})" {
        let on = libc::c_int::from(on);
        let size = size_of::<libc::c_int>() as libc::socklen_t;
        // SAFETY: the option value is an int that outlives the call.
        check(unsafe {
            libc::setsockopt(fd.0, libc::SOL_SOCKET, libc::SO_PASSCRED, (&raw const on).cast(), size)
        })
    }

    /// Sends a message that carries a descriptor or credentials as well.
    sendmsg(fd: Descriptor, text: Text, ancillary: Ancillary) {
        send(fd.0, &text.0, &ancillary)
    }

    /// Takes the next message without waiting (EAGAIN if there is none) and lists what it carries.
    recvmsg(fd: Descriptor) asks {
        receive(fd.0)
    }
}

fn send(socket: i32, text: &[u8], ancillary: &Ancillary) -> Answer {
    let (kind, data) = match ancillary {
        Ancillary::Rights(fd) => (libc::SCM_RIGHTS, fd.to_ne_bytes().to_vec()),
        Ancillary::Credentials { pid, uid, gid } => {
            (libc::SCM_CREDENTIALS, [pid.number.to_ne_bytes(), uid.to_ne_bytes(), gid.to_ne_bytes()].concat())
        }
    };
    let mut part = libc::iovec { iov_base: text.as_ptr().cast_mut().cast(), iov_len: text.len() };
    let mut control = ControlBuffer::default();
    // SAFETY: all-zero is a valid msghdr; the pointers set in it outlive sendmsg. The control
    // buffer is larger than CMSG_SPACE of 12 bytes, the most there is, and aligned.
    unsafe {
        let mut header: libc::msghdr = std::mem::zeroed();
        header.msg_iov = &mut part;
        header.msg_iovlen = 1;
        header.msg_control = control.0.as_mut_ptr().cast();
        header.msg_controllen = libc::CMSG_SPACE(data.len() as u32) as _;
        let item = libc::CMSG_FIRSTHDR(&header);
        (*item).cmsg_level = libc::SOL_SOCKET;
        (*item).cmsg_type = kind;
        (*item).cmsg_len = libc::CMSG_LEN(data.len() as u32) as _;
        libc::CMSG_DATA(item).copy_from_nonoverlapping(data.as_ptr(), data.len());
        check(libc::sendmsg(socket, &header, libc::MSG_NOSIGNAL) as i64)
    }
}

fn receive(socket: i32) -> Answer {
    let mut text = vec![0; 1024];
    let mut part = libc::iovec { iov_base: text.as_mut_ptr().cast(), iov_len: text.len() };
    let mut control = ControlBuffer::default();
    let mut fields = Vec::new();
    // SAFETY: all-zero is a valid msghdr; the pointers set in it outlive recvmsg. The kernel fills
    // the control buffer, and the CMSG macros walk it within the length that it leaves there.
    unsafe {
        let mut header: libc::msghdr = std::mem::zeroed();
        header.msg_iov = &mut part;
        header.msg_iovlen = 1;
        header.msg_control = control.0.as_mut_ptr().cast();
        header.msg_controllen = control.0.len() as _;
        let length = libc::recvmsg(socket, &mut header, libc::MSG_DONTWAIT);
        check(length as i64)?;
        text.truncate(length as usize);
        fields.push(("text".to_string(), Value::Text(text)));
        let mut item = libc::CMSG_FIRSTHDR(&header);
        while !item.is_null() {
            let data = libc::CMSG_DATA(item);
            match (*item).cmsg_type {
                libc::SCM_RIGHTS => {
                    let fd = data.cast::<i32>().read_unaligned();
                    fields.push(("SCM_RIGHTS".to_string(), Value::List(vec![Value::Number(fd.into())])));
                }
                libc::SCM_CREDENTIALS => {
                    let sender = data.cast::<libc::ucred>().read_unaligned();
                    let credentials = Value::fields([
                        ("pid", Value::Pid(sender.pid)),
                        ("uid", Value::Number(sender.uid.into())),
                        ("gid", Value::Number(sender.gid.into())),
                    ]);
                    fields.push(("SCM_CREDENTIALS".to_string(), credentials));
                }
                _ => {}
            }
            item = libc::CMSG_NXTHDR(&header, item);
        }
    }
    Ok(Value::Fields(fields))
}
