//! Messages of rtnetlink(7) and its relatives: a request is written and sent, the replies are received and taken apart.
//!
//! The fixed headers and the few attributes that scripts need are written here; framing and
//! attributes are the business of `netlink-packet-core`. Which requests there are, and what of a reply
//! is shown, lives in `device`, `netlink` and `netfilter`.

use crate::outcome::Errno;
use netlink_packet_core::{
    DefaultNla, Emitable, NLA_F_NESTED, NLM_F_ACK, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REQUEST,
    NetlinkBuffer, NetlinkHeader, NetlinkMessage, NetlinkPayload, NetlinkSerializable, NlaBuffer,
    NlasIterator,
};
use netlink_sys::{Socket, protocols::NETLINK_ROUTE};
use std::mem::ManuallyDrop;
use std::net::Ipv4Addr;
use std::os::fd::{FromRawFd, RawFd};

/// The lengths of `struct ifinfomsg`, `struct ifaddrmsg`, `struct rtmsg`, `struct ndmsg`, `struct
/// fib_rule_hdr` and `struct rtgenmsg` (rtnetlink(7); the last one padded), after which the attributes
/// begin.
pub(super) const LINK_HEADER: usize = 16;
pub(super) const ADDRESS_HEADER: usize = 8;
pub(super) const ROUTE_HEADER: usize = 12;
pub(super) const NEIGHBOUR_HEADER: usize = 12;
pub(super) const RULE_HEADER: usize = 12;
pub(super) const NSID_HEADER: usize = 4;

/// The flags of a request that makes something: the kernel refuses it if it is there already.
pub(super) const CREATE: u16 = NLM_F_CREATE | NLM_F_EXCL;

/// `FR_ACT_TO_TBL` of linux/fib_rules.h.
const FR_ACT_TO_TBL: u8 = 1;

/// `VETH_INFO_PEER` of linux/veth.h: the attribute that describes the other device of a pair.
const VETH_INFO_PEER: u16 = 1;

/// The protocol family in a header that is about IPv4.
const INET: u8 = libc::AF_INET as u8;

/// The fixed header of a message and its attributes.
pub(super) struct RequestBody {
    header: Vec<u8>,
    attributes: Vec<DefaultNla>,
}

impl RequestBody {
    /// A body with `struct ifinfomsg`: these flags, of which those in `mask` are to be changed.
    pub(super) fn link(flags: u32, mask: u32) -> RequestBody {
        let mut header = vec![0; LINK_HEADER];
        header[8..12].copy_from_slice(&flags.to_ne_bytes());
        header[12..16].copy_from_slice(&mask.to_ne_bytes());
        RequestBody { header, attributes: Vec::new() }
    }

    /// A body with `struct ifinfomsg` that names a device by its index.
    pub(super) fn link_of(index: u32) -> RequestBody {
        let mut body = RequestBody::link(0, 0);
        body.header[4..8].copy_from_slice(&index.to_ne_bytes());
        body
    }

    /// A body with `struct ifaddrmsg` for an IPv4 address of the device with this index.
    pub(super) fn address(prefix_length: u8, device: u32) -> RequestBody {
        let mut header = vec![INET, prefix_length, 0, libc::RT_SCOPE_UNIVERSE];
        header.extend(device.to_ne_bytes());
        RequestBody { header, attributes: Vec::new() }
    }

    /// A body with `struct rtmsg` for an IPv4 route to a directly connected network, in the main
    /// table, as an administrator sets it.
    pub(super) fn route(prefix_length: u8) -> RequestBody {
        let mut header = vec![0; ROUTE_HEADER];
        header[..2].copy_from_slice(&[INET, prefix_length]);
        let (table, protocol) = (libc::RT_TABLE_MAIN, libc::RTPROT_STATIC);
        header[4..8].copy_from_slice(&[table, protocol, libc::RT_SCOPE_LINK, libc::RTN_UNICAST]);
        RequestBody { header, attributes: Vec::new() }
    }

    /// A body with `struct ndmsg` for a permanent IPv4 neighbour at the device with this index.
    pub(super) fn neighbour(device: u32) -> RequestBody {
        let mut body = RequestBody::all_of_inet(NEIGHBOUR_HEADER);
        body.header[4..8].copy_from_slice(&device.to_ne_bytes());
        body.header[8..10].copy_from_slice(&libc::NUD_PERMANENT.to_ne_bytes());
        body
    }

    /// A body with `struct fib_rule_hdr` for an IPv4 rule that leads to the main table.
    pub(super) fn rule() -> RequestBody {
        let mut body = RequestBody::all_of_inet(RULE_HEADER);
        body.header[4] = libc::RT_TABLE_MAIN;
        body.header[7] = FR_ACT_TO_TBL;
        body
    }

    /// A body about the ids of network namespaces.
    pub(super) fn nsid() -> RequestBody {
        RequestBody { header: vec![0; NSID_HEADER], attributes: Vec::new() }
    }

    /// A body with `struct nfgenmsg` of linux/netfilter/nfnetlink.h.
    pub(super) fn netfilter(family: u8, resource: u16) -> RequestBody {
        let mut header = vec![family, 0];
        header.extend(resource.to_be_bytes());
        RequestBody { header, attributes: Vec::new() }
    }

    /// The body of a question about everything that IPv4 has, with a header of this length.
    pub(super) fn all_of_inet(header: usize) -> RequestBody {
        let mut header = vec![0; header];
        header[0] = INET;
        RequestBody { header, attributes: Vec::new() }
    }

    /// Adds an attribute.
    pub(super) fn with(mut self, kind: u16, value: &[u8]) -> RequestBody {
        self.attributes.push(DefaultNla::new(kind, value.to_vec()));
        self
    }

    /// Adds an attribute that holds a number.
    pub(super) fn with_number(self, kind: u16, number: u32) -> RequestBody {
        self.with(kind, &number.to_ne_bytes())
    }

    /// Adds an attribute that holds a text, which a zero ends.
    pub(super) fn with_text(self, kind: u16, text: &[u8]) -> RequestBody {
        self.with(kind, &[text, b"\0"].concat())
    }

    /// Adds an attribute that holds an IPv4 address.
    pub(super) fn with_ip(self, kind: u16, ip: Ipv4Addr) -> RequestBody {
        self.with(kind, &ip.octets())
    }

    /// Adds an attribute that holds attributes.
    pub(super) fn with_nested(self, kind: u16, inner: &[DefaultNla]) -> RequestBody {
        self.with(kind | NLA_F_NESTED, &emitted(inner))
    }

    /// Makes the device one of a kind that takes no parameters.
    pub(super) fn with_kind(self, kind: &[u8]) -> RequestBody {
        self.with_nested(libc::IFLA_LINKINFO, &[DefaultNla::new(libc::IFLA_INFO_KIND, kind.to_vec())])
    }

    /// Makes the device one of a pair of veth devices (veth(4)), of which `peer` is the other one.
    pub(super) fn with_veth_peer(self, peer: RequestBody) -> RequestBody {
        let data = emitted(&[DefaultNla::new(VETH_INFO_PEER | NLA_F_NESTED, peer.bytes())]);
        let info = [
            DefaultNla::new(libc::IFLA_INFO_KIND, b"veth".to_vec()),
            DefaultNla::new(libc::IFLA_INFO_DATA | NLA_F_NESTED, data),
        ];
        self.with_nested(libc::IFLA_LINKINFO, &info)
    }

    fn bytes(&self) -> Vec<u8> {
        [self.header.as_slice(), &emitted(&self.attributes)].concat()
    }
}

fn emitted(attributes: &[DefaultNla]) -> Vec<u8> {
    let mut bytes = vec![0; attributes.buffer_len()];
    attributes.emit(&mut bytes);
    bytes
}

/// The type of a message and its content.
struct RequestContent {
    kind: u16,
    bytes: Vec<u8>,
}

impl NetlinkSerializable for RequestContent {
    fn message_type(&self) -> u16 {
        self.kind
    }

    fn buffer_len(&self) -> usize {
        self.bytes.len()
    }

    fn serialize(&self, buffer: &mut [u8]) {
        buffer.copy_from_slice(&self.bytes);
    }
}

pub(super) fn message(kind: u16, body: &RequestBody, flags: u16) -> Vec<u8> {
    let content = RequestContent { kind, bytes: body.bytes() };
    let mut message = NetlinkMessage::new(NetlinkHeader::default(), NetlinkPayload::InnerMessage(content));
    message.header.flags = NLM_F_REQUEST | flags;
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    bytes
}

/// Sends a request that only succeeds or fails.
pub(super) fn change(kind: u16, body: &RequestBody, flags: u16) -> Result<(), Errno> {
    exchange(&open()?, &message(kind, body, NLM_F_ACK | flags)).map(drop)
}

/// Sends such a request through a socket that a script holds.
pub(super) fn change_through(socket: RawFd, kind: u16, body: &RequestBody) -> Result<(), Errno> {
    // SAFETY: the descriptor stays the script's: nothing here closes it.
    let socket = ManuallyDrop::new(unsafe { Socket::from_raw_fd(socket) });
    exchange(&socket, &message(kind, body, NLM_F_ACK)).map(drop)
}

/// Asks for one thing; gives the content of the reply.
pub(super) fn ask_one(kind: u16, body: &RequestBody) -> Result<Vec<u8>, Errno> {
    exchange(&open()?, &message(kind, body, NLM_F_ACK))?.into_iter().next().ok_or(Errno(libc::EPROTO))
}

/// Asks for everything of a kind; gives the content of the replies.
pub(super) fn ask_all(kind: u16, body: &RequestBody) -> Result<Vec<Vec<u8>>, Errno> {
    exchange(&open()?, &message(kind, body, NLM_F_DUMP))
}

fn open() -> Result<Socket, Errno> {
    Ok(Socket::new(NETLINK_ROUTE)?)
}

/// Sends a message and gives the content of the replies, or the error that the kernel answers.
pub(super) fn exchange(socket: &Socket, message: &[u8]) -> Result<Vec<Vec<u8>>, Errno> {
    // Without an address: where there is one the kernel asks for the privilege of the sender alone,
    // and not for that of the socket's opener, which a case is about.
    socket.send(message, 0)?;
    let mut replies = Vec::new();
    loop {
        let (packet, _) = socket.recv_from_full()?;
        for (kind, payload) in messages(&packet)? {
            match i32::from(kind) {
                // Both hold an error number, negative, or 0.
                libc::NLMSG_ERROR | libc::NLMSG_DONE => {
                    return match number_at(payload, 0)? as i32 {
                        0 => Ok(replies),
                        code => Err(Errno(-code)),
                    };
                }
                _ => replies.push(payload.to_vec()),
            }
        }
    }
}

/// The messages of a packet: the type and the content of each.
pub(super) fn messages(packet: &[u8]) -> Result<Vec<(u16, &[u8])>, Errno> {
    let mut messages = Vec::new();
    let mut rest = packet;
    while !rest.is_empty() {
        let message = NetlinkBuffer::new_checked(rest).map_err(|_| Errno(libc::EPROTO))?;
        messages.push((message.message_type(), message.payload()));
        let length = (message.length() as usize).next_multiple_of(4).min(rest.len());
        rest = &rest[length..];
    }
    Ok(messages)
}

/// The attributes of a reply. They are taken one by one, so that what other kernels add or leave out
/// does no harm.
pub(super) fn attributes(reply: &[u8], header: usize) -> Result<Vec<NlaBuffer<&[u8]>>, Errno> {
    let body = reply.get(header..).ok_or(Errno(libc::EPROTO))?;
    NlasIterator::new(body).collect::<Result<_, _>>().map_err(|_| Errno(libc::EPROTO))
}

/// The number of four bytes that stands at this place of a reply.
pub(super) fn number_at(bytes: &[u8], at: usize) -> Result<u32, Errno> {
    let number = bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
    number.map(u32::from_ne_bytes).ok_or(Errno(libc::EPROTO))
}

/// The value of the attribute of this kind, if there is one.
pub(super) fn value_of<'r>(attributes: &'r [NlaBuffer<&[u8]>], kind: u16) -> Option<&'r [u8]> {
    attributes.iter().find(|nla| nla.kind() == kind).map(NlaBuffer::value)
}

/// The text in the value of an attribute, which a zero ends.
pub(super) fn text_of(value: &[u8]) -> String {
    String::from_utf8_lossy(value).trim_end_matches('\0').to_string()
}

/// The IPv4 address in the attribute of this kind, if there is one.
pub(super) fn ip_of(attributes: &[NlaBuffer<&[u8]>], kind: u16) -> Result<Option<Ipv4Addr>, Errno> {
    let Some(value) = value_of(attributes, kind) else { return Ok(None) };
    let octets: [u8; 4] = value.try_into().map_err(|_| Errno(libc::EPROTO))?;
    Ok(Some(octets.into()))
}

#[cfg(test)]
#[cfg(target_endian = "little")]
mod tests {
    use super::*;

    /// The bytes that ip(8) sends for `ip link add a type veth peer name b`, but for its sequence
    /// number and the empty `struct ifinfomsg`s.
    #[test]
    fn a_pair_of_devices_is_written_as_rtnetlink_describes_it() {
        let peer = RequestBody::link(0, 0).with_text(libc::IFLA_IFNAME, b"b");
        let pair = RequestBody::link(0, 0).with_text(libc::IFLA_IFNAME, b"a").with_veth_peer(peer);
        #[rustfmt::skip]
        let expected = [
            // nlmsghdr: length 84, type, flags; sequence number, port
            84, 0, 0, 0, libc::RTM_NEWLINK as u8, 0, 1, 6, 0, 0, 0, 0, 0, 0, 0, 0,
            // ifinfomsg
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            // IFLA_IFNAME "a"
            6, 0, 3, 0, b'a', 0, 0, 0,
            // IFLA_LINKINFO, IFLA_INFO_KIND "veth"
            44, 0, 18, 0x80, 8, 0, 1, 0, b'v', b'e', b't', b'h',
            // IFLA_INFO_DATA, VETH_INFO_PEER
            32, 0, 2, 0x80, 28, 0, 1, 0x80,
            // ifinfomsg
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            // IFLA_IFNAME "b"
            6, 0, 3, 0, b'b', 0, 0, 0,
        ];
        assert_eq!(message(libc::RTM_NEWLINK, &pair, CREATE), expected);
    }

    #[test]
    fn headers_hold_their_fields_where_rtnetlink_has_them() {
        let (up, index) = (libc::IFF_UP as u32, 7);
        assert_eq!(RequestBody::link(up, up).bytes(), [0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]);
        assert_eq!(RequestBody::address(24, index).bytes(), [2, 24, 0, 0, 7, 0, 0, 0]);
        assert_eq!(RequestBody::route(24).bytes(), [2, 24, 0, 0, 254, 4, 253, 1, 0, 0, 0, 0]);
        assert_eq!(RequestBody::link_of(index).bytes()[..8], [0, 0, 0, 0, 7, 0, 0, 0]);
        assert_eq!(RequestBody::neighbour(index).bytes(), [2, 0, 0, 0, 7, 0, 0, 0, 0x80, 0, 0, 0]);
        assert_eq!(RequestBody::rule().bytes(), [2, 0, 0, 0, 254, 0, 0, 1, 0, 0, 0, 0]);
    }
}
