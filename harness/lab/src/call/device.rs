//! Network devices, addresses and routes: requests of rtnetlink(7), under the words of ip(8).
//!
//! Each call opens a netlink socket in the caller's network namespace, asks, and closes it.
//! Sockets that scripts hold live in `socket`. Of what the kernel lists only those parts are
//! shown that every kernel gives alike.

use super::argument::{Descriptor, Pid, Text};
use super::calls;
use crate::outcome::{Answer, Errno, Value};
use netlink_packet_core::{
    NLM_F_ACK, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REQUEST, NetlinkBuffer, NetlinkHeader,
    NetlinkMessage, NetlinkPayload, NlaBuffer, NlasIterator,
};
use netlink_packet_route::address::{AddressAttribute, AddressMessage, AddressScope};
use netlink_packet_route::link::{
    InfoData, InfoKind, InfoVeth, LinkAttribute, LinkFlags, LinkInfo, LinkMessage,
};
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteProtocol, RouteScope, RouteType,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use std::net::{IpAddr, Ipv4Addr};

calls! {
    /// Network devices, addresses and routes, by rtnetlink(7).
    Device, DeviceCalls, actor:

    /// Creates a pair of veth devices, both in the caller's network namespace (RTM_NEWLINK).
    link_add_veth(name: Text, peer: Text) composes "RTM_NEWLINK of rtnetlink(7)" {
        change(RouteNetlinkMessage::NewLink(veth_pair(named(&name)?, named(&peer)?)), CREATE)
    }

    /// Creates a pair of veth devices, each in the network namespace of the process named after it (RTM_NEWLINK with IFLA_NET_NS_PID).
    link_add_veth_between(name: Text, owner: Pid, peer: Text, peer_owner: Pid) composes "RTM_NEWLINK of rtnetlink(7) with IFLA_NET_NS_PID" {
        let (mut first, mut second) = (named(&name)?, named(&peer)?);
        first.attributes.push(LinkAttribute::NetNsPid(owner.number as u32));
        second.attributes.push(LinkAttribute::NetNsPid(peer_owner.number as u32));
        change(RouteNetlinkMessage::NewLink(veth_pair(first, second)), CREATE)
    }

    /// Deletes a network device (RTM_DELLINK).
    link_delete(name: Text) composes "RTM_DELLINK of rtnetlink(7)" {
        change(RouteNetlinkMessage::DelLink(named(&name)?), 0)
    }

    /// Sets a network device up.
    link_set_up(name: Text) composes "RTM_SETLINK of rtnetlink(7) with IFF_UP" {
        set_flags(&name, LinkFlags::Up)
    }

    /// Sets a network device down.
    link_set_down(name: Text) composes "RTM_SETLINK of rtnetlink(7) without IFF_UP" {
        set_flags(&name, LinkFlags::empty())
    }

    /// Moves a network device into the network namespace of a process (IFLA_NET_NS_PID).
    link_set_netns_pid(name: Text, owner: Pid) composes "RTM_SETLINK of rtnetlink(7) with IFLA_NET_NS_PID" {
        set(&name, LinkAttribute::NetNsPid(owner.number as u32))
    }

    /// Moves a network device into the network namespace that a descriptor refers to (IFLA_NET_NS_FD).
    link_set_netns_fd(name: Text, fd: Descriptor) composes "RTM_SETLINK of rtnetlink(7) with IFLA_NET_NS_FD" {
        set(&name, LinkAttribute::NetNsFd(fd.0))
    }

    /// Asks for a network device: whether it is up, whether its link is (LOWER_UP), its kind and its hardware address.
    link_get(name: Text) observes "RTM_GETLINK of rtnetlink(7)" {
        Ok(link(&name)?.shown())
    }

    /// Lists the names of the network devices, without the tunnel devices that some kernels make in each namespace.
    links() observes "RTM_GETLINK of rtnetlink(7) for all devices" {
        let request = RouteNetlinkMessage::GetLink(LinkMessage::default());
        let mut names = Vec::new();
        for reply in ask(request, NLM_F_DUMP)? {
            let name = Link::parse(&reply)?.name;
            if !is_fallback_device(&name) {
                names.push(name);
            }
        }
        names.sort();
        Ok(Value::List(names.into_iter().map(Value::Word).collect()))
    }

    /// Waits until a network device can send: events of rtnetlink tell when to look again.
    wait_link_running(name: Text) observes "RTM_GETLINK of rtnetlink(7), again after each event of RTMGRP_LINK" {
        wait_for_link(&name, |found| Ok(found?.operational_state == IF_OPER_UP))
    }

    /// Waits until there is no network device of this name: events of rtnetlink tell when to look again.
    wait_link_gone(name: Text) observes "RTM_GETLINK of rtnetlink(7), again after each event of RTMGRP_LINK" {
        wait_for_link(&name, |found| match found {
            Err(Errno(libc::ENODEV)) => Ok(true),
            other => other.map(|_| false),
        })
    }

    /// Gives a network device an IPv4 address (RTM_NEWADDR).
    address_add(device: Text, address: Text) composes "RTM_NEWADDR of rtnetlink(7)" {
        let (ip, prefix_length) = parse_network(&address)?;
        let mut message = AddressMessage::default();
        message.header.family = AddressFamily::Inet;
        message.header.prefix_len = prefix_length;
        message.header.scope = AddressScope::Universe;
        message.header.index = link(&device)?.index;
        message.attributes = vec![AddressAttribute::Local(ip.into()), AddressAttribute::Address(ip.into())];
        change(RouteNetlinkMessage::NewAddress(message), CREATE)
    }

    /// Lists the IPv4 addresses of all devices.
    addresses() observes "RTM_GETADDR of rtnetlink(7)" {
        let mut message = AddressMessage::default();
        message.header.family = AddressFamily::Inet;
        let mut shown = Vec::new();
        for reply in ask(RouteNetlinkMessage::GetAddress(message), NLM_F_DUMP)? {
            let [_, prefix_length, ..] = *reply else { return Err(Errno(libc::EPROTO)) };
            let attributes = attributes(&reply, ADDRESS_HEADER)?;
            let ip = ip_of(&attributes, libc::IFA_LOCAL)?.ok_or(Errno(libc::EPROTO))?;
            let device = name_of_device(number_at(&reply, 4)?)?;
            shown.push(format!("{ip}/{prefix_length} dev {device}"));
        }
        Ok(words(shown))
    }

    /// Adds an IPv4 route through a device to the main table (RTM_NEWROUTE).
    route_add(destination: Text, device: Text) composes "RTM_NEWROUTE of rtnetlink(7)" {
        let (ip, prefix_length) = parse_network(&destination)?;
        let mut message = RouteMessage::default();
        message.header = RouteHeader {
            address_family: AddressFamily::Inet,
            destination_prefix_length: prefix_length,
            table: RouteHeader::RT_TABLE_MAIN,
            protocol: RouteProtocol::Static,
            scope: RouteScope::Link,
            kind: RouteType::Unicast,
            ..RouteHeader::default()
        };
        message.attributes = vec![
            RouteAttribute::Destination(RouteAddress::Inet(ip)),
            RouteAttribute::Oif(link(&device)?.index),
        ];
        change(RouteNetlinkMessage::NewRoute(message), CREATE)
    }

    /// Lists the IPv4 routes of all tables, without the broadcast routes, which differ between kernels.
    routes() observes "RTM_GETROUTE of rtnetlink(7)" {
        let mut message = RouteMessage::default();
        message.header.address_family = AddressFamily::Inet;
        let mut shown = Vec::new();
        for reply in ask(RouteNetlinkMessage::GetRoute(message), NLM_F_DUMP)? {
            let [_, prefix_length, _, _, table, _, _, kind, ..] = *reply else {
                return Err(Errno(libc::EPROTO));
            };
            let kind = match kind {
                libc::RTN_UNICAST => "",
                libc::RTN_LOCAL => "local ",
                _ => continue,
            };
            let attributes = attributes(&reply, ROUTE_HEADER)?;
            let ip = ip_of(&attributes, libc::RTA_DST)?.unwrap_or(Ipv4Addr::UNSPECIFIED);
            let device = attributes.iter().find(|nla| nla.kind() == libc::RTA_OIF);
            let device = device.ok_or(Errno(libc::EPROTO)).and_then(|nla| number_at(nla.value(), 0))?;
            let table = if table == libc::RT_TABLE_LOCAL { " table local" } else { "" };
            shown.push(format!("{kind}{ip}/{prefix_length} dev {}{table}", name_of_device(device)?));
        }
        shown.sort();
        Ok(words(shown))
    }
}

/// The devices that tunnel drivers make in every network namespace, where they are built in or
/// loaded and net.core.fb_tunnels_only_for_init_net does not forbid it.
const FALLBACK_DEVICES: [&str; 9] =
    ["erspan0", "gre0", "gretap0", "ip6_vti0", "ip6gre0", "ip6tnl0", "ip_vti0", "sit0", "tunl0"];

/// Whether a device of this name says more about the kernel's drivers than about the namespace.
pub(crate) fn is_fallback_device(name: &str) -> bool {
    FALLBACK_DEVICES.contains(&name)
}

/// The flags of a request that makes something: the kernel refuses it if it is there already.
const CREATE: u16 = NLM_F_CREATE | NLM_F_EXCL;

/// The lengths of `struct ifinfomsg`, `struct ifaddrmsg` and `struct rtmsg` (rtnetlink(7)), after
/// which the attributes begin.
const LINK_HEADER: usize = 16;
const ADDRESS_HEADER: usize = 8;
const ROUTE_HEADER: usize = 12;

/// `IF_OPER_UP` of linux/if.h: the device passes packets.
const IF_OPER_UP: u8 = 6;

/// The multicast group of events about devices (rtnetlink(7)).
const RTMGRP_LINK: u32 = 1;

/// A message that names a device by its name.
fn named(name: &Text) -> Result<LinkMessage, Errno> {
    let name = String::from_utf8(name.0.clone()).map_err(|_| Errno(libc::EINVAL))?;
    let mut message = LinkMessage::default();
    message.attributes.push(LinkAttribute::IfName(name));
    Ok(message)
}

fn veth_pair(mut first: LinkMessage, second: LinkMessage) -> LinkMessage {
    first.attributes.push(LinkAttribute::LinkInfo(vec![
        LinkInfo::Kind(InfoKind::Veth),
        LinkInfo::Data(InfoData::Veth(InfoVeth::Peer(second))),
    ]));
    first
}

fn set_flags(name: &Text, flags: LinkFlags) -> Answer {
    let mut message = named(name)?;
    message.header.flags = flags;
    message.header.change_mask = LinkFlags::Up;
    change(RouteNetlinkMessage::SetLink(message), 0)
}

fn set(name: &Text, attribute: LinkAttribute) -> Answer {
    let mut message = named(name)?;
    message.attributes.push(attribute);
    change(RouteNetlinkMessage::SetLink(message), 0)
}

/// Sends a request that only succeeds or fails.
fn change(request: RouteNetlinkMessage, flags: u16) -> Answer {
    ask(request, NLM_F_ACK | flags).map(|_| Value::ZERO)
}

/// Sends a request and gives the content of the replies, or the error that the kernel answers.
fn ask(request: RouteNetlinkMessage, flags: u16) -> Result<Vec<Vec<u8>>, Errno> {
    let socket = Socket::new(NETLINK_ROUTE)?;
    let mut message = NetlinkMessage::new(NetlinkHeader::default(), NetlinkPayload::from(request));
    message.header.flags = NLM_F_REQUEST | flags;
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    socket.send_to(&bytes, &SocketAddr::new(0, 0), 0)?;
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

/// The attributes of a reply. They are taken one by one, not by the crate's full reading of all
/// of them, so that what other kernels add or leave out does no harm.
fn attributes(reply: &[u8], header: usize) -> Result<Vec<NlaBuffer<&[u8]>>, Errno> {
    let body = reply.get(header..).ok_or(Errno(libc::EPROTO))?;
    NlasIterator::new(body).collect::<Result<_, _>>().map_err(|_| Errno(libc::EPROTO))
}

fn number_at(bytes: &[u8], at: usize) -> Result<u32, Errno> {
    let number = bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
    number.map(u32::from_ne_bytes).ok_or(Errno(libc::EPROTO))
}

fn ip_of(attributes: &[NlaBuffer<&[u8]>], kind: u16) -> Result<Option<Ipv4Addr>, Errno> {
    let Some(attribute) = attributes.iter().find(|nla| nla.kind() == kind) else { return Ok(None) };
    let octets: [u8; 4] = attribute.value().try_into().map_err(|_| Errno(libc::EPROTO))?;
    Ok(Some(octets.into()))
}

fn name_of_device(index: u32) -> Result<String, Errno> {
    let name = nix::net::if_::if_indextoname(index)?;
    Ok(name.to_string_lossy().into_owned())
}

fn words(shown: Vec<String>) -> Value {
    Value::List(shown.into_iter().map(Value::Word).collect())
}

/// Parses `10.0.0.1/24`.
fn parse_network(text: &Text) -> Result<(Ipv4Addr, u8), Errno> {
    let text = std::str::from_utf8(&text.0).map_err(|_| Errno(libc::EINVAL))?;
    let (ip, length) = text.split_once('/').ok_or(Errno(libc::EINVAL))?;
    match (ip.parse::<IpAddr>(), length.parse()) {
        (Ok(IpAddr::V4(ip)), Ok(length)) => Ok((ip, length)),
        _ => Err(Errno(libc::EINVAL)),
    }
}

/// A network device as RTM_GETLINK describes it.
struct Link {
    name: String,
    index: u32,
    flags: LinkFlags,
    operational_state: u8,
    kind: Option<String>,
    address: Vec<u8>,
}

impl Link {
    fn parse(reply: &[u8]) -> Result<Link, Errno> {
        let mut link = Link {
            name: String::new(),
            index: number_at(reply, 4)?,
            flags: LinkFlags::from_bits_retain(number_at(reply, 8)?),
            operational_state: 0,
            kind: None,
            address: Vec::new(),
        };
        let text = |value: &[u8]| String::from_utf8_lossy(value).trim_end_matches('\0').to_string();
        for attribute in attributes(reply, LINK_HEADER)? {
            let value = attribute.value();
            match attribute.kind() {
                libc::IFLA_IFNAME => link.name = text(value),
                libc::IFLA_ADDRESS => link.address = value.to_vec(),
                libc::IFLA_OPERSTATE => link.operational_state = value.first().copied().unwrap_or(0),
                libc::IFLA_LINKINFO => {
                    let inner = attributes(value, 0)?;
                    let kind = inner.iter().find(|nla| nla.kind() == libc::IFLA_INFO_KIND);
                    link.kind = kind.map(|nla| text(nla.value()));
                }
                _ => {}
            }
        }
        Ok(link)
    }

    fn shown(&self) -> Value {
        // The other flags either say what the driver can do or follow these two later on.
        let flags =
            [(LinkFlags::Loopback, "LOOPBACK"), (LinkFlags::Up, "UP"), (LinkFlags::LowerUp, "LOWER_UP")];
        let set: Vec<&str> =
            flags.into_iter().filter(|(flag, _)| self.flags.contains(*flag)).map(|(_, name)| name).collect();
        let flags = if set.is_empty() { "0".to_string() } else { set.join("|") };
        let mut fields = vec![("flags".to_string(), Value::Word(flags))];
        if let Some(kind) = &self.kind {
            fields.push(("kind".to_string(), Value::word(kind)));
        }
        if self.address.iter().any(|byte| *byte != 0) {
            let number = self.address.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
            fields.push(("address".to_string(), Value::volatile("mac", number)));
        }
        Value::Fields(fields)
    }
}

/// Asks for one device by name.
fn link(name: &Text) -> Result<Link, Errno> {
    let replies = ask(RouteNetlinkMessage::GetLink(named(name)?), NLM_F_ACK)?;
    Link::parse(replies.first().ok_or(Errno(libc::EPROTO))?)
}

/// Looks at a device now and after each event about devices, until it is as wanted. The deadline
/// of the case bounds the wait.
fn wait_for_link(name: &Text, reached: fn(Result<Link, Errno>) -> Result<bool, Errno>) -> Answer {
    let mut events = Socket::new(NETLINK_ROUTE)?;
    events.bind(&SocketAddr::new(0, RTMGRP_LINK))?;
    while !reached(link(name))? {
        match events.recv_from_full() {
            Ok(_) => {}
            // Some events were lost: look again all the same.
            Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Value::ZERO)
}
