//! Messages of rtnetlink(7): a request is written and sent, the replies are received and taken apart.
//!
//! The fixed headers and the few attributes that scripts need are written here; framing and
//! attributes are the business of `netlink-packet-core`. Which requests there are, and what of a reply
//! is shown, lives in `device`.

use crate::outcome::Errno;
use netlink_packet_core::{
    DefaultNla, Emitable, NLA_F_NESTED, NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST, NetlinkBuffer, NetlinkHeader,
    NetlinkMessage, NetlinkPayload, NetlinkSerializable, NlaBuffer, NlasIterator,
};
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use std::net::Ipv4Addr;

/// The lengths of `struct ifinfomsg`, `struct ifaddrmsg` and `struct rtmsg` (rtnetlink(7)), after
/// which the attributes begin.
pub(super) const LINK_HEADER: usize = 16;
pub(super) const ADDRESS_HEADER: usize = 8;
pub(super) const ROUTE_HEADER: usize = 12;

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

    /// Makes the device one of a pair of veth devices (veth(4)), of which `peer` is the other one.
    pub(super) fn with_veth_peer(self, peer: RequestBody) -> RequestBody {
        let data = emitted(&[DefaultNla::new(VETH_INFO_PEER | NLA_F_NESTED, peer.bytes())]);
        let info = [
            DefaultNla::new(libc::IFLA_INFO_KIND, b"veth".to_vec()),
            DefaultNla::new(libc::IFLA_INFO_DATA | NLA_F_NESTED, data),
        ];
        self.with(libc::IFLA_LINKINFO | NLA_F_NESTED, &emitted(&info))
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

fn message(kind: u16, body: &RequestBody, flags: u16) -> Vec<u8> {
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
    exchange(&message(kind, body, NLM_F_ACK | flags)).map(drop)
}

/// Asks for one thing; gives the content of the replies.
pub(super) fn ask_one(kind: u16, body: &RequestBody) -> Result<Vec<Vec<u8>>, Errno> {
    exchange(&message(kind, body, NLM_F_ACK))
}

/// Asks for everything of a kind; gives the content of the replies.
pub(super) fn ask_all(kind: u16, body: &RequestBody) -> Result<Vec<Vec<u8>>, Errno> {
    exchange(&message(kind, body, NLM_F_DUMP))
}

/// Sends a message and gives the content of the replies, or the error that the kernel answers.
fn exchange(message: &[u8]) -> Result<Vec<Vec<u8>>, Errno> {
    let socket = Socket::new(NETLINK_ROUTE)?;
    socket.send_to(message, &SocketAddr::new(0, 0), 0)?;
    let mut replies = Vec::new();
    loop {
        let (packet, _) = socket.recv_from_full()?;
        let mut rest = packet.as_slice();
        while !rest.is_empty() {
            let reply = NetlinkBuffer::new_checked(&rest).map_err(|_| Errno(libc::EPROTO))?;
            match i32::from(reply.message_type()) {
                // Both hold an error number, negative, or 0.
                libc::NLMSG_ERROR | libc::NLMSG_DONE => {
                    return match number_at(reply.payload(), 0)? as i32 {
                        0 => Ok(replies),
                        code => Err(Errno(-code)),
                    };
                }
                _ => replies.push(reply.payload().to_vec()),
            }
            let length = (reply.length() as usize).next_multiple_of(4).min(rest.len());
            rest = &rest[length..];
        }
    }
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

/// The IPv4 address in the attribute of this kind, if there is one.
pub(super) fn ip_of(attributes: &[NlaBuffer<&[u8]>], kind: u16) -> Result<Option<Ipv4Addr>, Errno> {
    let Some(attribute) = attributes.iter().find(|nla| nla.kind() == kind) else { return Ok(None) };
    let octets: [u8; 4] = attribute.value().try_into().map_err(|_| Errno(libc::EPROTO))?;
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
        let flags = netlink_packet_core::NLM_F_CREATE | netlink_packet_core::NLM_F_EXCL;
        assert_eq!(message(libc::RTM_NEWLINK, &pair, flags), expected);
    }

    #[test]
    fn headers_hold_their_fields_where_rtnetlink_has_them() {
        let (up, index) = (libc::IFF_UP as u32, 7);
        assert_eq!(RequestBody::link(up, up).bytes(), [0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]);
        assert_eq!(RequestBody::address(24, index).bytes(), [2, 24, 0, 0, 7, 0, 0, 0]);
        assert_eq!(RequestBody::route(24).bytes(), [2, 24, 0, 0, 254, 4, 253, 1, 0, 0, 0, 0]);
    }
}
