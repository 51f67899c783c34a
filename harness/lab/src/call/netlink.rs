//! Sockets of netlink(7) that scripts hold, and the requests of rtnetlink(7) about other network
//! namespaces, rules, neighbours and names.
//!
//! The plain requests about devices, addresses and routes live in `device`. A message is put
//! together by hand here, since what scripts vary is which attributes it carries.

use super::argument::{Descriptor, Pid, Text, constants, flags};
use super::calls;
use crate::outcome::{Answer, Errno, Value, check};
use std::net::Ipv4Addr;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

constants! {
    /// The protocol of a netlink socket.
    NetlinkProtocol: i32 {
        NETLINK_ROUTE = libc::NETLINK_ROUTE, NETLINK_AUDIT = libc::NETLINK_AUDIT,
        NETLINK_KOBJECT_UEVENT = libc::NETLINK_KOBJECT_UEVENT,
    }
}

flags! {
    /// The multicast groups of rtnetlink(7), and that of uevents and of audit messages, which is
    /// group 1 of their protocols.
    NetlinkGroups: u32 { RTMGRP_LINK = 1, RTNLGRP_NSID = 1 << 27 }
}

calls! {
    /// Netlink sockets that scripts hold, and requests of rtnetlink(7) beyond those of `device`.
    Netlink, NetlinkCalls, actor:

    /// Creates a netlink socket, in the caller's network namespace.
    socket_netlink(protocol: NetlinkProtocol) => "socket(AF_NETLINK, SOCK_RAW, {})" {
        // SAFETY: takes numbers only.
        check(unsafe { libc::socket(libc::AF_NETLINK, libc::SOCK_RAW | libc::SOCK_CLOEXEC, protocol.0) })
    }

    /// Gives a netlink socket a port id of the kernel's choice, and subscribes it to multicast groups.
    bind_netlink(fd: Descriptor, groups: NetlinkGroups) => "bind({}, {nl_pid=0, nl_groups={}})" {
        bind(fd.0, groups.bits())
    }

    /// Asks for the port id of a netlink socket.
    getsockname_netlink(fd: Descriptor) => "getsockname({}, {nl_pid})" asks {
        // SAFETY: all-zero is a valid sockaddr_nl; pointer and length describe it.
        let port = unsafe {
            let mut address: libc::sockaddr_nl = std::mem::zeroed();
            let mut length = size_of_val(&address) as libc::socklen_t;
            check(libc::getsockname(fd.0, (&raw mut address).cast(), &mut length))?;
            address.nl_pid
        };
        Ok(Value::Pid(port as i32))
    }

    /// Subscribes a netlink socket also to the events of all network namespaces that have an id in its own.
    setsockopt_listen_all_nsid(fd: Descriptor) => "setsockopt({}, SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, 1)" {
        let on: libc::c_int = 1;
        let size = size_of_val(&on) as libc::socklen_t;
        // SAFETY: the option value is an int that outlives the call.
        check(unsafe {
            libc::setsockopt(fd.0, libc::SOL_NETLINK, libc::NETLINK_LISTEN_ALL_NSID, (&raw const on).cast(), size)
        })
    }

    /// Takes the events that have arrived at a netlink socket without waiting; of those alike that follow each other one is shown, with the id of the network namespace where the kernel tells it.
    netlink_events(fd: Descriptor) observes "the socket, by recvmsg(2) with MSG_DONTWAIT" {
        let mut shown: Vec<String> = Vec::new();
        while let Some((packet, nsid)) = take_packet(fd.0)? {
            for event in messages(&packet).filter_map(event) {
                let event = nsid.map_or(event.clone(), |nsid| format!("{event} nsid {nsid}"));
                if shown.last() != Some(&event) {
                    shown.push(event);
                }
            }
        }
        Ok(Value::List(shown.into_iter().map(Value::Word).collect()))
    }

    /// Takes the uevents that have arrived at a socket without waiting, and lists those about the device of a name.
    uevents(fd: Descriptor, name: Text) observes "the socket, by recvmsg(2) with MSG_DONTWAIT" {
        let wanted = String::from_utf8_lossy(&name.0).into_owned();
        let mut shown: Vec<String> = Vec::new();
        while let Some((packet, _)) = take_packet(fd.0)? {
            let head = String::from_utf8_lossy(packet.split(|byte| *byte == 0).next().unwrap_or_default());
            let Some((action, path)) = head.split_once('@') else { continue };
            let event = format!("{action}@{wanted}");
            if path.rsplit('/').next() == Some(&wanted) && !shown.contains(&event) {
                shown.push(event);
            }
        }
        Ok(Value::List(shown.into_iter().map(Value::Word).collect()))
    }

    /// Sets a network device up by a request through a netlink socket that is open already.
    link_set_up_through(fd: Descriptor, name: Text) composes "RTM_SETLINK of rtnetlink(7) with IFF_UP, by sendmsg(2) and recvmsg(2)" {
        let request = Request::new(libc::RTM_SETLINK, 0, &link_header(0, libc::IFF_UP as u32));
        request.string(libc::IFLA_IFNAME, &name).change_through(fd.0)
    }

    /// Creates a network device of a kind that takes no parameters (RTM_NEWLINK with IFLA_INFO_KIND).
    link_add(name: Text, kind: Text) composes "RTM_NEWLINK of rtnetlink(7)" {
        let kind = attribute(libc::IFLA_INFO_KIND, &kind.0);
        let request = Request::new(libc::RTM_NEWLINK, CREATE, &link_header(0, 0));
        request.string(libc::IFLA_IFNAME, &name).attribute(libc::IFLA_LINKINFO, &kind).change()
    }

    /// Attaches a network device to a bridge (IFLA_MASTER).
    link_set_master(name: Text, bridge: Text) composes "RTM_SETLINK of rtnetlink(7) with IFLA_MASTER" {
        let index = index_of(&bridge)?;
        let request = Request::new(libc::RTM_SETLINK, 0, &link_header(0, 0));
        request.string(libc::IFLA_IFNAME, &name).number(libc::IFLA_MASTER, index).change()
    }

    /// Moves a network device into the network namespace of a process and renames it on the way (IFLA_NET_NS_PID with IFLA_IFNAME).
    link_set_netns_pid_renamed(name: Text, owner: Pid, new_name: Text) composes "RTM_SETLINK of rtnetlink(7) with IFLA_NET_NS_PID and IFLA_IFNAME" {
        let request = Request::new(libc::RTM_SETLINK, 0, &link_header(index_of(&name)?, 0));
        request.number(libc::IFLA_NET_NS_PID, owner.number as u32).string(libc::IFLA_IFNAME, &new_name).change()
    }

    /// Moves a network device into the network namespace of a process and chooses its index there (IFLA_NEW_IFINDEX).
    link_set_netns_pid_index(name: Text, owner: Pid, index: i32) composes "RTM_SETLINK of rtnetlink(7) with IFLA_NET_NS_PID and IFLA_NEW_IFINDEX" {
        let request = Request::new(libc::RTM_SETLINK, 0, &link_header(index_of(&name)?, 0));
        request
            .number(libc::IFLA_NET_NS_PID, owner.number as u32)
            .number(IFLA_NEW_IFINDEX, index as u32)
            .change()
    }

    /// Gives a network device an alternative name (RTM_NEWLINKPROP).
    link_altname_add(name: Text, alternative: Text) composes "RTM_NEWLINKPROP of rtnetlink(7)" {
        let mut text = alternative.0.clone();
        text.push(0);
        let list = attribute(IFLA_ALT_IFNAME, &text);
        let request = Request::new(RTM_NEWLINKPROP, libc::NLM_F_CREATE | libc::NLM_F_APPEND | libc::NLM_F_EXCL, &link_header(index_of(&name)?, 0));
        request.attribute(IFLA_PROP_LIST | NLA_F_NESTED, &list).change()
    }

    /// Lists the alternative names of a network device.
    link_altnames(name: Text) observes "RTM_GETLINK of rtnetlink(7); of it IFLA_PROP_LIST" {
        let reply = get_link(&name)?;
        let list = reply.find(IFLA_PROP_LIST).unwrap_or_default();
        let names = attributes(&list).map(|(_, value)| Value::word(text_of(value))).collect();
        Ok(Value::List(names))
    }

    /// Asks for the index of a network device.
    link_index(name: Text) observes "RTM_GETLINK of rtnetlink(7); of it the index" {
        Ok(Value::Number(index_of(&name)?.into()))
    }

    /// Asks for the index of the other end of a veth device (IFLA_LINK) and, where it is in another network namespace, for the id of that one (IFLA_LINK_NETNSID; -1: it has none).
    link_peer(name: Text) observes "RTM_GETLINK of rtnetlink(7); of it IFLA_LINK and IFLA_LINK_NETNSID" {
        let reply = get_link(&name)?;
        let number = |kind| reply.find(kind).and_then(|value| number_at(&value, 0)).map(|number| number as i32);
        let mut fields = vec![("index".to_string(), Value::Number(number(libc::IFLA_LINK).unwrap_or(0).into()))];
        if let Some(nsid) = number(libc::IFLA_LINK_NETNSID) {
            fields.push(("netnsid".to_string(), Value::Number(nsid.into())));
        }
        Ok(Value::Fields(fields))
    }

    /// Gives the network namespace of a process an id in the caller's (RTM_NEWNSID; -1: the kernel chooses).
    nsid_set_pid(owner: Pid, nsid: i32) composes "RTM_NEWNSID of rtnetlink(7) with NETNSA_PID" {
        let request = Request::new(libc::RTM_NEWNSID, 0, &[0; 4]);
        request.number(NETNSA_NSID, nsid as u32).number(NETNSA_PID, owner.number as u32).change()
    }

    /// Asks for the id that the network namespace of a process has in the caller's (-1: none).
    nsid_get_pid(owner: Pid) observes "RTM_GETNSID of rtnetlink(7) with NETNSA_PID" {
        let request = Request::new(libc::RTM_GETNSID, 0, &[0; 4]);
        let reply = request.number(NETNSA_PID, owner.number as u32).ask_one(4)?;
        let nsid = reply.find(NETNSA_NSID).and_then(|value| number_at(&value, 0));
        Ok(Value::Number((nsid.ok_or(Errno(libc::EPROTO))? as i32).into()))
    }

    /// Asks for a network device of the network namespace that has this id (IFLA_TARGET_NETNSID), and shows its name.
    link_get_in(nsid: i32, name: Text) observes "RTM_GETLINK of rtnetlink(7) with IFLA_TARGET_NETNSID; of it the name" {
        let request = Request::new(libc::RTM_GETLINK, 0, &link_header(0, 0));
        let request = request.number(IFLA_TARGET_NETNSID, nsid as u32).string(libc::IFLA_IFNAME, &name);
        let reply = request.ask_one(LINK_HEADER)?;
        Ok(Value::word(text_of(&reply.find(libc::IFLA_IFNAME).ok_or(Errno(libc::EPROTO))?)))
    }

    /// Creates a network device in the network namespace that has this id (IFLA_TARGET_NETNSID).
    link_add_in(nsid: i32, name: Text, kind: Text) composes "RTM_NEWLINK of rtnetlink(7) with IFLA_TARGET_NETNSID" {
        let kind = attribute(libc::IFLA_INFO_KIND, &kind.0);
        let request = Request::new(libc::RTM_NEWLINK, CREATE, &link_header(0, 0));
        request
            .number(IFLA_TARGET_NETNSID, nsid as u32)
            .string(libc::IFLA_IFNAME, &name)
            .attribute(libc::IFLA_LINKINFO, &kind)
            .change()
    }

    /// Gives the network device of this index an IPv4 address of 32 bits (RTM_NEWADDR).
    address_add_index(index: i32, address: Text) composes "RTM_NEWADDR of rtnetlink(7)" {
        let octets = octets(&address)?;
        let mut header = vec![libc::AF_INET as u8, 32, 0, 0];
        header.extend((index as u32).to_ne_bytes());
        let request = Request::new(libc::RTM_NEWADDR, CREATE, &header);
        request.attribute(libc::IFA_LOCAL, &octets).attribute(libc::IFA_ADDRESS, &octets).change()
    }

    /// Adds an IPv4 policy rule of a priority, which looks into the main table (RTM_NEWRULE).
    rule_add(priority: i32) composes "RTM_NEWRULE of rtnetlink(7)" {
        let request = Request::new(libc::RTM_NEWRULE, CREATE, &rule_header());
        request.number(FRA_PRIORITY, priority as u32).change()
    }

    /// Lists the priorities of the IPv4 policy rules.
    rules() observes "RTM_GETRULE of rtnetlink(7); of each rule the priority" {
        let replies = Request::new(libc::RTM_GETRULE, libc::NLM_F_DUMP, &rule_header()).ask(RULE_HEADER)?;
        let priority = |reply: &NetlinkReply| reply.find(FRA_PRIORITY).and_then(|value| number_at(&value, 0)).unwrap_or(0);
        Ok(Value::List(replies.iter().map(|reply| Value::Number(priority(reply).into())).collect()))
    }

    /// Adds a permanent entry to the table of IPv4 neighbours (RTM_NEWNEIGH); its hardware address is 02:00:00:00:00:01.
    neighbour_add(device: Text, address: Text) composes "RTM_NEWNEIGH of rtnetlink(7)" {
        let mut header = vec![libc::AF_INET as u8, 0, 0, 0];
        header.extend(index_of(&device)?.to_ne_bytes());
        header.extend(libc::NUD_PERMANENT.to_ne_bytes());
        header.extend([0, 0]);
        let request = Request::new(libc::RTM_NEWNEIGH, CREATE, &header);
        request.attribute(libc::NDA_DST, &octets(&address)?).attribute(libc::NDA_LLADDR, &[2, 0, 0, 0, 0, 1]).change()
    }

    /// Lists the addresses of the permanent IPv4 neighbours.
    neighbours() observes "RTM_GETNEIGH of rtnetlink(7); of each permanent entry the address" {
        let mut header = vec![0; NEIGHBOUR_HEADER];
        header[0] = libc::AF_INET as u8;
        let replies = Request::new(libc::RTM_GETNEIGH, libc::NLM_F_DUMP, &header).ask(NEIGHBOUR_HEADER)?;
        let mut shown = Vec::new();
        for reply in replies {
            let permanent = reply.header[8..10] == libc::NUD_PERMANENT.to_ne_bytes();
            if let (true, Some(value)) = (permanent, reply.find(libc::NDA_DST)) {
                let octets: [u8; 4] = value.try_into().map_err(|_| Errno(libc::EPROTO))?;
                shown.push(Value::word(Ipv4Addr::from(octets).to_string()));
            }
        }
        Ok(Value::List(shown))
    }
}

/// Numbers of linux/if_link.h, linux/rtnetlink.h, linux/netlink.h and linux/net_namespace.h that
/// the crate libc lacks.
const RTM_NEWLINKPROP: u16 = 108;
const IFLA_TARGET_NETNSID: u16 = 46;
const IFLA_NEW_IFINDEX: u16 = 49;
const IFLA_PROP_LIST: u16 = 52;
const IFLA_ALT_IFNAME: u16 = 53;
const NLA_F_NESTED: u16 = 1 << 15;
const NETNSA_NSID: u16 = 1;
const NETNSA_PID: u16 = 2;
const FRA_PRIORITY: u16 = 6;

/// The lengths of `struct nlmsghdr`, and of `struct ifinfomsg`, `struct fib_rule_hdr` and `struct
/// ndmsg`, after which the attributes begin.
const MESSAGE_HEADER: usize = 16;
const LINK_HEADER: usize = 16;
const RULE_HEADER: usize = 12;
const NEIGHBOUR_HEADER: usize = 12;

/// The flags of a request that makes something: the kernel refuses it if it is there already.
const CREATE: i32 = libc::NLM_F_CREATE | libc::NLM_F_EXCL;

/// The room for one packet of replies or events.
const PACKET: usize = 64 * 1024;

/// A `struct ifinfomsg`: an index (0: the device is named by an attribute), and flags to set.
fn link_header(index: u32, flags: u32) -> Vec<u8> {
    [0, index, flags, flags].into_iter().flat_map(u32::to_ne_bytes).collect()
}

/// A `struct fib_rule_hdr` for IPv4 that leads to the main table.
fn rule_header() -> Vec<u8> {
    let mut header = vec![0; RULE_HEADER];
    header[0] = libc::AF_INET as u8;
    header[4] = libc::RT_TABLE_MAIN;
    header[7] = FR_ACT_TO_TBL;
    header
}

/// `FR_ACT_TO_TBL` of linux/fib_rules.h.
const FR_ACT_TO_TBL: u8 = 1;

/// An attribute: its length, its kind, its value, and padding to four bytes.
fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let length = (4 + value.len()) as u16;
    let mut bytes = [length.to_ne_bytes(), kind.to_ne_bytes()].concat();
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// The attributes in a body: kinds, without the mark of nested ones, and values.
fn attributes(body: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut rest = body;
    std::iter::from_fn(move || {
        let length = u16::from_ne_bytes(rest.get(..2)?.try_into().ok()?) as usize;
        let kind = u16::from_ne_bytes(rest.get(2..4)?.try_into().ok()?);
        let value = rest.get(4..length)?;
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind & !NLA_F_NESTED, value))
    })
}

fn number_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn text_of(value: &[u8]) -> String {
    String::from_utf8_lossy(value).trim_end_matches('\0').to_string()
}

fn octets(address: &Text) -> Result<[u8; 4], Errno> {
    let address: Option<Ipv4Addr> = text_of(&address.0).parse().ok();
    address.map(|address| address.octets()).ok_or(Errno(libc::EINVAL))
}

fn index_of(name: &Text) -> Result<u32, Errno> {
    number_at(&get_link(name)?.header, 4).ok_or(Errno(libc::EPROTO))
}

fn get_link(name: &Text) -> Result<NetlinkReply, Errno> {
    Request::new(libc::RTM_GETLINK, 0, &link_header(0, 0))
        .string(libc::IFLA_IFNAME, name)
        .ask_one(LINK_HEADER)
}

fn bind(socket: i32, groups: u32) -> Answer {
    // SAFETY: all-zero is a valid sockaddr_nl; pointer and length describe it.
    unsafe {
        let mut address: libc::sockaddr_nl = std::mem::zeroed();
        address.nl_family = libc::AF_NETLINK as libc::sa_family_t;
        address.nl_groups = groups;
        check(libc::bind(socket, (&raw const address).cast(), size_of_val(&address) as libc::socklen_t))
    }
}

/// A request that is being put together.
struct Request {
    bytes: Vec<u8>,
}

/// One message of an answer.
struct NetlinkReply {
    header: Vec<u8>,
    body: Vec<u8>,
}

impl NetlinkReply {
    fn find(&self, kind: u16) -> Option<Vec<u8>> {
        attributes(&self.body).find(|(found, _)| *found == kind).map(|(_, value)| value.to_vec())
    }
}

impl Request {
    fn new(kind: u16, flags: i32, header: &[u8]) -> Request {
        let flags = (libc::NLM_F_REQUEST | libc::NLM_F_ACK | flags) as u16;
        let mut bytes = vec![0; 4];
        bytes.extend(kind.to_ne_bytes());
        bytes.extend(flags.to_ne_bytes());
        bytes.extend([0; 8]);
        bytes.extend(header);
        Request { bytes }
    }

    fn attribute(mut self, kind: u16, value: &[u8]) -> Request {
        self.bytes.extend(attribute(kind, value));
        self
    }

    fn number(self, kind: u16, number: u32) -> Request {
        self.attribute(kind, &number.to_ne_bytes())
    }

    fn string(self, kind: u16, text: &Text) -> Request {
        self.attribute(kind, &[text.0.as_slice(), &[0]].concat())
    }

    /// Sends a request that only succeeds or fails.
    fn change(self) -> Answer {
        let socket = open()?;
        self.change_through(socket.as_raw_fd())
    }

    fn change_through(self, socket: i32) -> Answer {
        self.exchange(socket, LINK_HEADER).map(|_| Value::ZERO)
    }

    /// Sends a request and gives the replies; `header` is the length of what is before their
    /// attributes.
    fn ask(self, header: usize) -> Result<Vec<NetlinkReply>, Errno> {
        let socket = open()?;
        self.exchange(socket.as_raw_fd(), header)
    }

    fn ask_one(self, header: usize) -> Result<NetlinkReply, Errno> {
        self.ask(header)?.into_iter().next().ok_or(Errno(libc::EPROTO))
    }

    fn exchange(mut self, socket: i32, header: usize) -> Result<Vec<NetlinkReply>, Errno> {
        let length = self.bytes.len() as u32;
        self.bytes[..4].copy_from_slice(&length.to_ne_bytes());
        // SAFETY: pointer and length describe the message.
        check(unsafe { libc::send(socket, self.bytes.as_ptr().cast(), self.bytes.len(), 0) } as i64)?;
        let mut replies = Vec::new();
        loop {
            let mut packet = vec![0; PACKET];
            // SAFETY: pointer and length describe `packet`.
            let count =
                check(unsafe { libc::recv(socket, packet.as_mut_ptr().cast(), packet.len(), 0) } as i64)?;
            let Value::Number(count) = count else { unreachable!() };
            packet.truncate(count as usize);
            for (kind, payload) in messages(&packet) {
                match i32::from(kind) {
                    // Both hold an error number, negative, or 0.
                    libc::NLMSG_ERROR | libc::NLMSG_DONE => {
                        return match number_at(payload, 0).ok_or(Errno(libc::EPROTO))? as i32 {
                            0 => Ok(replies),
                            code => Err(Errno(-code)),
                        };
                    }
                    _ => replies.push(NetlinkReply {
                        header: payload.get(..header).ok_or(Errno(libc::EPROTO))?.to_vec(),
                        body: payload[header..].to_vec(),
                    }),
                }
            }
        }
    }
}

fn open() -> Result<OwnedFd, Errno> {
    let kind = libc::SOCK_RAW | libc::SOCK_CLOEXEC;
    // SAFETY: takes numbers only.
    let Value::Number(socket) = check(unsafe { libc::socket(libc::AF_NETLINK, kind, libc::NETLINK_ROUTE) })?
    else {
        unreachable!()
    };
    // SAFETY: the descriptor is new and nobody else's.
    Ok(unsafe { OwnedFd::from_raw_fd(socket as i32) })
}

/// The messages of a packet: their types and payloads.
fn messages(packet: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut rest = packet;
    std::iter::from_fn(move || {
        let length = number_at(rest, 0)? as usize;
        let kind = u16::from_ne_bytes(rest.get(4..6)?.try_into().ok()?);
        let payload = rest.get(MESSAGE_HEADER..length)?;
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, payload))
    })
}

/// An event of rtnetlink in words: its type, and the device or the id that it is about.
fn event((kind, payload): (u16, &[u8])) -> Option<String> {
    let (name, header, about) = match kind {
        libc::RTM_NEWLINK => ("RTM_NEWLINK", LINK_HEADER, libc::IFLA_IFNAME),
        libc::RTM_DELLINK => ("RTM_DELLINK", LINK_HEADER, libc::IFLA_IFNAME),
        libc::RTM_NEWNSID => ("RTM_NEWNSID", 4, NETNSA_NSID),
        libc::RTM_DELNSID => ("RTM_DELNSID", 4, NETNSA_NSID),
        _ => return None,
    };
    let (_, value) = attributes(payload.get(header..)?).find(|(kind, _)| *kind == about)?;
    Some(match about {
        NETNSA_NSID if header == 4 => format!("{name} {}", number_at(value, 0)? as i32),
        _ => format!("{name} {}", text_of(value)),
    })
}

/// Room for the id of a network namespace that a packet carries, aligned as cmsg(3) demands.
#[repr(C, align(8))]
struct Control([u8; 64]);

/// The bytes of a packet, and the number that its sender has for the namespace that it came from.
type Packet = (Vec<u8>, Option<i32>);

/// Takes the next packet without waiting, with the id of the network namespace in which the event
/// was, if the kernel tells it; none if there is no packet.
fn take_packet(socket: i32) -> Result<Option<Packet>, Errno> {
    let mut packet = vec![0; PACKET];
    let mut part = libc::iovec { iov_base: packet.as_mut_ptr().cast(), iov_len: packet.len() };
    let mut control = Control([0; 64]);
    let mut nsid = None;
    // SAFETY: all-zero is a valid msghdr; the pointers set in it outlive recvmsg. The kernel fills
    // the control buffer, and the CMSG macros walk it within the length that it leaves there.
    unsafe {
        let mut header: libc::msghdr = std::mem::zeroed();
        header.msg_iov = &mut part;
        header.msg_iovlen = 1;
        header.msg_control = control.0.as_mut_ptr().cast();
        header.msg_controllen = control.0.len() as _;
        match Errno::result(libc::recvmsg(socket, &mut header, libc::MSG_DONTWAIT) as i64) {
            Err(Errno(libc::EAGAIN)) => return Ok(None),
            Err(errno) => return Err(errno),
            Ok(length) => packet.truncate(length as usize),
        }
        let mut item = libc::CMSG_FIRSTHDR(&header);
        while !item.is_null() {
            if (*item).cmsg_level == libc::SOL_NETLINK && (*item).cmsg_type == libc::NETLINK_LISTEN_ALL_NSID {
                nsid = Some(libc::CMSG_DATA(item).cast::<i32>().read_unaligned());
            }
            item = libc::CMSG_NXTHDR(&header, item);
        }
    }
    Ok(Some((packet, nsid)))
}
