//! Internet and UNIX sockets, by address: socket(7), ip(7), unix(7), and the tables in
//! /proc/PID/net that list them.
//!
//! `write` of `file` sends over them; `device` has the requests of rtnetlink(7).

use super::argument::{Argument, ArgumentKind, Descriptor, Pathname, Text, constants, quote};
use super::calls;
use super::reading::{Cursor, SyntaxError};
use crate::outcome::{Answer, Errno, Value, check};
use nix::sys::socket::{SockaddrLike, SockaddrStorage, UnixAddr};
use serde::{Deserialize, Serialize};

constants! {
    /// The family of a socket.
    Domain: i32 {
        AF_UNIX = libc::AF_UNIX, AF_INET = libc::AF_INET, AF_INET6 = libc::AF_INET6,
        AF_PACKET = libc::AF_PACKET,
    }
}

constants! {
    /// The type of a socket.
    SocketType: i32 { SOCK_STREAM = libc::SOCK_STREAM, SOCK_DGRAM = libc::SOCK_DGRAM, SOCK_RAW = libc::SOCK_RAW }
}

constants! {
    /// The protocol of a socket that is not the usual one of its type.
    Protocol: i32 { IPPROTO_ICMP = libc::IPPROTO_ICMP }
}

constants! {
    /// An option of socket(7) that takes a number.
    SocketOption: i32 {
        SO_MARK = libc::SO_MARK, SO_PRIORITY = libc::SO_PRIORITY, SO_DEBUG = libc::SO_DEBUG,
        SO_RCVBUFFORCE = libc::SO_RCVBUFFORCE, SO_SNDBUFFORCE = libc::SO_SNDBUFFORCE,
    }
}

constants! {
    /// An option of ip(7) that takes a number.
    IpOption: i32 { IP_TRANSPARENT = libc::IP_TRANSPARENT }
}

/// An address: `10.0.0.1:80` or `[::1]:80`, the path of a UNIX socket (`/tmp/socket`), or an
/// abstract UNIX name, whose leading null byte is written `@`, as unix(7) and /proc/net/unix do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SocketAddress {
    /// An internet address and port.
    Internet(std::net::SocketAddr),
    /// A path.
    Path(String),
    /// A name without the leading null byte.
    Abstract(String),
}

impl From<&str> for SocketAddress {
    /// # Panics
    /// When the text is none of the three.
    fn from(text: &str) -> SocketAddress {
        if let Some(name) = text.strip_prefix('@') {
            SocketAddress::Abstract(name.to_string())
        } else if text.starts_with('/') {
            SocketAddress::Path(text.to_string())
        } else {
            SocketAddress::Internet(text.parse().expect("an address and a port"))
        }
    }
}

impl Argument for SocketAddress {
    const KIND: ArgumentKind = ArgumentKind::SocketAddress;

    fn read(cursor: &mut Cursor<'_>) -> Result<SocketAddress, SyntaxError> {
        if cursor.rest().starts_with('"') {
            let text = String::from_utf8_lossy(&cursor.quoted()?).into_owned();
            return Ok(match text.strip_prefix('@') {
                Some(name) => SocketAddress::Abstract(name.to_string()),
                None => SocketAddress::Path(text),
            });
        }
        let before = cursor.error("an address and a port, or a quoted path, is expected");
        let text = cursor.take_while(|character| !matches!(character, ')' | ','));
        text.parse().map(SocketAddress::Internet).map_err(|_| before)
    }

    fn show(&self) -> String {
        match self {
            SocketAddress::Internet(address) => address.to_string(),
            SocketAddress::Path(path) => quote(path.as_bytes()),
            SocketAddress::Abstract(name) => quote(format!("@{name}").as_bytes()),
        }
    }
}

impl SocketAddress {
    fn encoded(&self) -> Result<SockaddrStorage, Errno> {
        let unix = match self {
            SocketAddress::Internet(address) => return Ok(SockaddrStorage::from(*address)),
            SocketAddress::Path(path) => UnixAddr::new(path.as_str())?,
            SocketAddress::Abstract(name) => UnixAddr::new_abstract(name.as_bytes())?,
        };
        // SAFETY: pointer and length describe a valid sockaddr_un.
        unsafe { SockaddrStorage::from_raw(SockaddrLike::as_ptr(&unix), Some(unix.len())) }
            .ok_or(Errno(libc::EINVAL))
    }
}

impl From<SockaddrStorage> for SocketAddress {
    fn from(address: SockaddrStorage) -> SocketAddress {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if let Some(unix) = address.as_unix_addr() {
            match unix.as_abstract() {
                Some(name) => SocketAddress::Abstract(text(name)),
                None => {
                    SocketAddress::Path(unix.path().map_or(String::new(), |path| path.display().to_string()))
                }
            }
        } else if let Some(address) = address.as_sockaddr_in6() {
            SocketAddress::Internet(std::net::SocketAddrV6::from(*address).into())
        } else if let Some(address) = address.as_sockaddr_in() {
            SocketAddress::Internet(std::net::SocketAddrV4::from(*address).into())
        } else {
            SocketAddress::Path(String::new())
        }
    }
}

/// `SIOCGSKNS` of linux/sockios.h.
const SIOCGSKNS: u64 = 0x894c;

/// `SO_NETNS_COOKIE` of asm-generic/socket.h.
const SO_NETNS_COOKIE: i32 = 71;

/// The most connections that may wait to be accepted.
const BACKLOG: i32 = 8;

/// Asks for a pidfd of the peer (asm-generic/socket.h, since Linux 6.5).
const SO_PEERPIDFD: libc::c_int = 77;

calls! {
    /// Internet and UNIX sockets, by address: socket(7), ip(7), unix(7).
    Socket, SocketCalls, actor:

    /// Creates a socket, in the caller's network namespace.
    socket(domain: Domain, kind: SocketType) {
        // SAFETY: takes numbers only.
        check(unsafe { libc::socket(domain.0, kind.0, 0) })
    }

    /// Creates a socket of a protocol, in the caller's network namespace.
    socket_of(domain: Domain, kind: SocketType, protocol: Protocol) => "socket({}, {}, {})" {
        // SAFETY: takes numbers only.
        check(unsafe { libc::socket(domain.0, kind.0, protocol.0) })
    }

    /// Sets an option of a socket.
    setsockopt(fd: Descriptor, option: SocketOption, value: i32) => "setsockopt({}, SOL_SOCKET, {}, {})" {
        set_option(fd.0, libc::SOL_SOCKET, option.0, value)
    }

    /// Binds a socket to a network device by its name.
    setsockopt_bindtodevice(fd: Descriptor, device: Text) => "setsockopt({}, SOL_SOCKET, SO_BINDTODEVICE, {})" {
        let length = device.0.len() as libc::socklen_t;
        // SAFETY: pointer and length describe the name.
        check(unsafe {
            libc::setsockopt(fd.0, libc::SOL_SOCKET, libc::SO_BINDTODEVICE, device.0.as_ptr().cast(), length)
        })
    }

    /// Sets an option of an IPv4 socket.
    setsockopt_ip(fd: Descriptor, option: IpOption, value: i32) => "setsockopt({}, SOL_IP, {}, {})" {
        set_option(fd.0, libc::SOL_IP, option.0, value)
    }

    /// Asks for an option of a socket.
    getsockopt(fd: Descriptor, option: SocketOption) => "getsockopt({}, SOL_SOCKET, {})" asks {
        get_option(fd.0, libc::SOL_SOCKET, option.0)
    }

    /// Asks for an option of an IPv4 socket.
    getsockopt_ip(fd: Descriptor, option: IpOption) => "getsockopt({}, SOL_IP, {})" asks {
        get_option(fd.0, libc::SOL_IP, option.0)
    }

    /// Asks for the name of the network device that a socket is bound to.
    getsockopt_bindtodevice(fd: Descriptor) => "getsockopt({}, SOL_SOCKET, SO_BINDTODEVICE)" asks {
        let mut name = [0u8; libc::IFNAMSIZ];
        let mut length = name.len() as libc::socklen_t;
        // SAFETY: pointer and length describe `name`.
        check(unsafe {
            libc::getsockopt(
                fd.0, libc::SOL_SOCKET, libc::SO_BINDTODEVICE, name.as_mut_ptr().cast(), &mut length,
            )
        })?;
        let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
        Ok(Value::text(name))
    }

    /// Asks for the credentials of the process at the other end of a UNIX socket, in the caller's PID and user namespace.
    getsockopt_peercred(fd: Descriptor) => "getsockopt({}, SOL_SOCKET, SO_PEERCRED)" asks {
        // SAFETY: all-zero is a valid ucred; pointer and length describe it.
        let peer = unsafe {
            let mut peer: libc::ucred = std::mem::zeroed();
            let mut length = size_of_val(&peer) as libc::socklen_t;
            check(libc::getsockopt(
                fd.0, libc::SOL_SOCKET, libc::SO_PEERCRED, (&raw mut peer).cast(), &mut length,
            ))?;
            peer
        };
        Ok(Value::fields([
            ("pid", Value::Pid(peer.pid)),
            ("uid", Value::Number(peer.uid.into())),
            ("gid", Value::Number(peer.gid.into())),
        ]))
    }

    /// Gives a pidfd of the process at the other end of a UNIX socket.
    getsockopt_peerpidfd(fd: Descriptor) => "getsockopt({}, SOL_SOCKET, SO_PEERPIDFD)" {
        let mut pidfd: i32 = -1;
        let mut length = size_of_val(&pidfd) as libc::socklen_t;
        // SAFETY: pointer and length describe the number.
        check(unsafe {
            libc::getsockopt(
                fd.0, libc::SOL_SOCKET, SO_PEERPIDFD, (&raw mut pidfd).cast(), &mut length,
            )
        })?;
        Ok(Value::Number(pidfd.into()))
    }

    /// Gives a socket an address of its own.
    bind(fd: Descriptor, address: SocketAddress) {
        let address = address.encoded()?;
        // SAFETY: pointer and length describe the address.
        check(unsafe { libc::bind(fd.0, address.as_ptr(), address.len()) })
    }

    /// Has the kernel give a UNIX socket an abstract name of its choice.
    bind_autobind(fd: Descriptor) => "bind({}, {sa_family=AF_UNIX}, sizeof(sa_family_t))" {
        let family = libc::AF_UNIX as libc::sa_family_t;
        // SAFETY: the address has no more than the family, as its length says; it outlives the call.
        check(unsafe {
            libc::bind(fd.0, (&raw const family).cast(), size_of_val(&family) as libc::socklen_t)
        })
    }

    /// Gives a socket the name that another socket has.
    bind_as(fd: Descriptor, other: Descriptor) composes "getsockname(2) of the other socket, and bind(2)" {
        let name = nix::sys::socket::getsockname::<SockaddrStorage>(other.0)?;
        // SAFETY: pointer and length describe the address.
        check(unsafe { libc::bind(fd.0, name.as_ptr(), name.len()) })
    }

    /// Tells the form of an abstract name: hexadecimal digits show as x.
    name_form(fd: Descriptor) observes "getsockname(2)" {
        let SocketAddress::Abstract(name) = nix::sys::socket::getsockname::<SockaddrStorage>(fd.0)?.into()
        else {
            return Err(Errno(libc::EPROTO));
        };
        let digit = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        let form: String = name.chars().map(|c| if digit(c) { 'x' } else { c }).collect();
        Ok(Value::text(format!("@{form}")))
    }

    /// Makes a socket ready to take connections.
    listen(fd: Descriptor) {
        // SAFETY: takes numbers only.
        check(unsafe { libc::listen(fd.0, BACKLOG) })
    }

    /// Connects a socket to an address.
    connect(fd: Descriptor, address: SocketAddress) {
        let address = address.encoded()?;
        // SAFETY: pointer and length describe the address.
        check(unsafe { libc::connect(fd.0, address.as_ptr(), address.len()) })
    }

    /// Takes a connection that was made to a listening socket.
    accept(fd: Descriptor) {
        // SAFETY: the address of the other end is not asked for.
        check(unsafe { libc::accept(fd.0, std::ptr::null_mut(), std::ptr::null_mut()) })
    }

    /// Takes what has arrived at a socket; waits until something has.
    recv(fd: Descriptor) asks {
        let mut buffer = [0; 1024];
        // SAFETY: pointer and length describe `buffer`.
        let count = unsafe { libc::recv(fd.0, buffer.as_mut_ptr().cast(), buffer.len(), 0) };
        check(count as i64)?;
        Ok(Value::text(&buffer[..count as usize]))
    }

    /// Asks for the address that a socket is bound to.
    getsockname(fd: Descriptor) asks {
        Ok(Value::word(SocketAddress::from(nix::sys::socket::getsockname::<SockaddrStorage>(fd.0)?).show()))
    }

    /// Asks for the address that a socket is connected to.
    getpeername(fd: Descriptor) asks {
        Ok(Value::word(SocketAddress::from(nix::sys::socket::getpeername::<SockaddrStorage>(fd.0)?).show()))
    }

    /// Asks for a descriptor of the network namespace that a socket belongs to.
    ioctl_siocgskns(fd: Descriptor) => "ioctl({}, SIOCGSKNS)" {
        // SAFETY: this request takes no argument.
        check(unsafe { libc::ioctl(fd.0, SIOCGSKNS as _, 0) })
    }

    /// Asks for the number that identifies the network namespace of a socket for as long as the machine runs.
    getsockopt_netns_cookie(fd: Descriptor) => "getsockopt({}, SOL_SOCKET, SO_NETNS_COOKIE)" asks {
        let mut cookie: u64 = 0;
        let mut length = size_of::<u64>() as libc::socklen_t;
        // SAFETY: pointer and length describe `cookie`.
        check(unsafe {
            libc::getsockopt(fd.0, libc::SOL_SOCKET, SO_NETNS_COOKIE, (&raw mut cookie).cast(), &mut length)
        })?;
        Ok(Value::volatile("netns_cookie", cookie))
    }

    /// Lists the owners of the sockets in a table like /proc/PID/net/tcp, whose heading does not stand above its columns.
    tcp_owners(path: Pathname) observes "the file, by open(2), read(2) and close(2); of it the user ids" {
        let table = String::from_utf8_lossy(&std::fs::read(super::file::path_of(&path))?).into_owned();
        let owner = |line: &str| line.split_whitespace().nth(7).map(super::file::number_or_word);
        Ok(Value::List(table.lines().skip(1).filter_map(owner).collect()))
    }

    /// Reads a column of a table in /proc/PID/net: what stands under a heading. Devices that tunnel drivers make in each namespace are left out.
    column(path: Pathname, heading: Text) observes "the file, by open(2), read(2) and close(2); of it one column" {
        let table = String::from_utf8_lossy(&std::fs::read(super::file::path_of(&path))?).into_owned();
        let heading = String::from_utf8_lossy(&heading.0).into_owned();
        if table.is_empty() {
            // /proc/net/route has no heading while there is no route.
            return Ok(Value::List(Vec::new()));
        }
        let mut lines = table.lines();
        let place = lines
            .find_map(|line| line.split_whitespace().position(|word| word == heading))
            .ok_or(Errno(libc::ENOENT))?;
        let mut words: Vec<&str> = lines
            .filter_map(|line| line.split_whitespace().nth(place))
            .map(|word| word.trim_end_matches(':'))
            .filter(|word| !super::device::is_fallback_device(word))
            .collect();
        words.sort_unstable();
        Ok(Value::List(words.into_iter().map(Value::word).collect()))
    }
}

fn set_option(socket: i32, level: i32, option: i32, value: i32) -> Answer {
    let size = size_of::<i32>() as libc::socklen_t;
    // SAFETY: the option value is an int that outlives the call.
    check(unsafe { libc::setsockopt(socket, level, option, (&raw const value).cast(), size) })
}

fn get_option(socket: i32, level: i32, option: i32) -> Answer {
    let mut value: i32 = 0;
    let mut size = size_of::<i32>() as libc::socklen_t;
    // SAFETY: pointer and length describe `value`.
    check(unsafe { libc::getsockopt(socket, level, option, (&raw mut value).cast(), &mut size) })?;
    Ok(Value::Number(value.into()))
}
