//! Sockets of netlink(7) that scripts hold, and the requests of rtnetlink(7) about other network
//! namespaces, rules, neighbours and names.
//!
//! The plain requests about devices, addresses and routes live in `device`, the messages in
//! `rtnetlink`.

use super::argument::{Descriptor, Pid, Text, constants, flags};
use super::calls;
use super::device::{index_of, named, words};
use super::rtnetlink::{
    CREATE, LINK_HEADER, NEIGHBOUR_HEADER, NSID_HEADER, RULE_HEADER, RequestBody, ask_all, ask_one,
    attributes, change, change_through, ip_of, messages, number_at, text_of, value_of,
};
use crate::outcome::{Answer, Errno, Value, check};
use netlink_packet_core::{DefaultNla, NLM_F_APPEND};
use nsconform_sys::wire::ControlBuffer;
use std::net::Ipv4Addr;

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
            for event in messages(&packet)?.into_iter().filter_map(event) {
                let event = nsid.map_or(event.clone(), |nsid| format!("{event} nsid {nsid}"));
                if shown.last() != Some(&event) {
                    shown.push(event);
                }
            }
        }
        Ok(words(shown))
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
        Ok(words(shown))
    }

    /// Sets a network device up by a request through a netlink socket that is open already.
    link_set_up_through(fd: Descriptor, name: Text) composes "RTM_SETLINK of rtnetlink(7) with IFF_UP, by sendmsg(2) and recvmsg(2)" {
        let up = RequestBody::link(libc::IFF_UP as u32, libc::IFF_UP as u32);
        change_through(fd.0, libc::RTM_SETLINK, &up.with_text(libc::IFLA_IFNAME, &name.0))?;
        Ok(Value::ZERO)
    }

    /// Creates a network device of a kind that takes no parameters (RTM_NEWLINK with IFLA_INFO_KIND).
    link_add(name: Text, kind: Text) composes "RTM_NEWLINK of rtnetlink(7)" {
        change(libc::RTM_NEWLINK, &named(&name).with_kind(&kind.0), CREATE)?;
        Ok(Value::ZERO)
    }

    /// Moves a network device into the network namespace of a process and renames it on the way (IFLA_NET_NS_PID with IFLA_IFNAME).
    link_set_netns_pid_renamed(name: Text, owner: Pid, new_name: Text) composes "RTM_SETLINK of rtnetlink(7) with IFLA_NET_NS_PID and IFLA_IFNAME" {
        set(moved(&name, owner)?.with_text(libc::IFLA_IFNAME, &new_name.0))
    }

    /// Moves a network device into the network namespace of a process and chooses its index there (IFLA_NEW_IFINDEX).
    link_set_netns_pid_index(name: Text, owner: Pid, index: i32) composes "RTM_SETLINK of rtnetlink(7) with IFLA_NET_NS_PID and IFLA_NEW_IFINDEX" {
        set(moved(&name, owner)?.with_number(IFLA_NEW_IFINDEX, index as u32))
    }

    /// Attaches a network device to a bridge (IFLA_MASTER).
    link_set_master(name: Text, bridge: Text) composes "RTM_SETLINK of rtnetlink(7) with IFLA_MASTER" {
        set(named(&name).with_number(libc::IFLA_MASTER, index_of(&bridge)?))
    }

    /// Gives a network device an alternative name (RTM_NEWLINKPROP).
    link_altname_add(name: Text, alternative: Text) composes "RTM_NEWLINKPROP of rtnetlink(7)" {
        let alternative = DefaultNla::new(IFLA_ALT_IFNAME, [alternative.0.as_slice(), b"\0"].concat());
        let body = RequestBody::link_of(index_of(&name)?).with_nested(IFLA_PROP_LIST, &[alternative]);
        change(RTM_NEWLINKPROP, &body, CREATE | NLM_F_APPEND)?;
        Ok(Value::ZERO)
    }

    /// Lists the alternative names of a network device.
    link_altnames(name: Text) observes "RTM_GETLINK of rtnetlink(7); of it IFLA_PROP_LIST" {
        let reply = ask_one(libc::RTM_GETLINK, &named(&name))?;
        let found = attributes(&reply, LINK_HEADER)?;
        let list = attributes(value_of(&found, IFLA_PROP_LIST).unwrap_or_default(), 0)?;
        Ok(words(list.iter().map(|nla| text_of(nla.value())).collect()))
    }

    /// Asks for the index of a network device.
    link_index(name: Text) observes "RTM_GETLINK of rtnetlink(7); of it the index" {
        Ok(Value::Number(index_of(&name)?.into()))
    }

    /// Asks for the index of the other end of a veth device (IFLA_LINK) and, where it is in another network namespace, for the id of that one (IFLA_LINK_NETNSID; -1: it has none).
    link_peer(name: Text) observes "RTM_GETLINK of rtnetlink(7); of it IFLA_LINK and IFLA_LINK_NETNSID" {
        let reply = ask_one(libc::RTM_GETLINK, &named(&name))?;
        let found = attributes(&reply, LINK_HEADER)?;
        let number = |kind| value_of(&found, kind).map(|value| number_at(value, 0)).transpose();
        let index = number(libc::IFLA_LINK)?.unwrap_or(0) as i32;
        let mut fields = vec![("index".to_string(), Value::Number(index.into()))];
        if let Some(nsid) = number(libc::IFLA_LINK_NETNSID)? {
            fields.push(("netnsid".to_string(), Value::Number((nsid as i32).into())));
        }
        Ok(Value::Fields(fields))
    }

    /// Gives the network namespace of a process an id in the caller's (RTM_NEWNSID; -1: the kernel chooses).
    nsid_set_pid(owner: Pid, nsid: i32) composes "RTM_NEWNSID of rtnetlink(7) with NETNSA_PID" {
        let body = RequestBody::nsid().with_number(NETNSA_NSID, nsid as u32);
        change(libc::RTM_NEWNSID, &body.with_number(NETNSA_PID, owner.number as u32), 0)?;
        Ok(Value::ZERO)
    }

    /// Asks for the id that the network namespace of a process has in the caller's (-1: none).
    nsid_get_pid(owner: Pid) observes "RTM_GETNSID of rtnetlink(7) with NETNSA_PID" {
        let body = RequestBody::nsid().with_number(NETNSA_PID, owner.number as u32);
        let reply = ask_one(libc::RTM_GETNSID, &body)?;
        let found = attributes(&reply, NSID_HEADER)?;
        let nsid = value_of(&found, NETNSA_NSID).ok_or(Errno(libc::EPROTO))?;
        Ok(Value::Number((number_at(nsid, 0)? as i32).into()))
    }

    /// Asks for a network device of the network namespace that has this id (IFLA_TARGET_NETNSID), and shows its name.
    link_get_in(nsid: i32, name: Text) observes "RTM_GETLINK of rtnetlink(7) with IFLA_TARGET_NETNSID; of it the name" {
        let reply = ask_one(libc::RTM_GETLINK, &named(&name).with_number(IFLA_TARGET_NETNSID, nsid as u32))?;
        let found = attributes(&reply, LINK_HEADER)?;
        Ok(Value::word(text_of(value_of(&found, libc::IFLA_IFNAME).ok_or(Errno(libc::EPROTO))?)))
    }

    /// Creates a network device in the network namespace that has this id (IFLA_TARGET_NETNSID).
    link_add_in(nsid: i32, name: Text, kind: Text) composes "RTM_NEWLINK of rtnetlink(7) with IFLA_TARGET_NETNSID" {
        let body = named(&name).with_number(IFLA_TARGET_NETNSID, nsid as u32);
        change(libc::RTM_NEWLINK, &body.with_kind(&kind.0), CREATE)?;
        Ok(Value::ZERO)
    }

    /// Gives the network device of this index an IPv4 address of 32 bits (RTM_NEWADDR).
    address_add_index(index: i32, address: Text) composes "RTM_NEWADDR of rtnetlink(7)" {
        let ip = parse_ip(&address)?;
        let body = RequestBody::address(32, index as u32);
        change(libc::RTM_NEWADDR, &body.with_ip(libc::IFA_LOCAL, ip).with_ip(libc::IFA_ADDRESS, ip), CREATE)?;
        Ok(Value::ZERO)
    }

    /// Adds an IPv4 policy rule of a priority, which looks into the main table (RTM_NEWRULE).
    rule_add(priority: i32) composes "RTM_NEWRULE of rtnetlink(7)" {
        let body = RequestBody::rule().with_number(FRA_PRIORITY, priority as u32);
        change(libc::RTM_NEWRULE, &body, CREATE)?;
        Ok(Value::ZERO)
    }

    /// Lists the priorities of the IPv4 policy rules.
    rules() observes "RTM_GETRULE of rtnetlink(7); of each rule the priority" {
        let mut shown = Vec::new();
        for reply in ask_all(libc::RTM_GETRULE, &RequestBody::all_of_inet(RULE_HEADER))? {
            let found = attributes(&reply, RULE_HEADER)?;
            // The kernel leaves a priority of 0 out.
            let priority = value_of(&found, FRA_PRIORITY).map_or(Ok(0), |value| number_at(value, 0))?;
            shown.push(Value::Number(priority.into()));
        }
        Ok(Value::List(shown))
    }

    /// Adds a permanent entry to the table of IPv4 neighbours (RTM_NEWNEIGH); its hardware address is 02:00:00:00:00:01.
    neighbour_add(device: Text, address: Text) composes "RTM_NEWNEIGH of rtnetlink(7)" {
        let body = RequestBody::neighbour(index_of(&device)?).with_ip(libc::NDA_DST, parse_ip(&address)?);
        change(libc::RTM_NEWNEIGH, &body.with(libc::NDA_LLADDR, &[2, 0, 0, 0, 0, 1]), CREATE)?;
        Ok(Value::ZERO)
    }

    /// Lists the addresses of the permanent IPv4 neighbours.
    neighbours() observes "RTM_GETNEIGH of rtnetlink(7); of each permanent entry the address" {
        let mut shown = Vec::new();
        for reply in ask_all(libc::RTM_GETNEIGH, &RequestBody::all_of_inet(NEIGHBOUR_HEADER))? {
            let found = attributes(&reply, NEIGHBOUR_HEADER)?;
            let permanent = reply[8..10] == libc::NUD_PERMANENT.to_ne_bytes();
            if let (true, Some(ip)) = (permanent, ip_of(&found, libc::NDA_DST)?) {
                shown.push(ip.to_string());
            }
        }
        Ok(words(shown))
    }
}

/// Numbers of linux/if_link.h, linux/rtnetlink.h and linux/net_namespace.h that the crate libc lacks.
const RTM_NEWLINKPROP: u16 = 108;
const IFLA_TARGET_NETNSID: u16 = 46;
const IFLA_NEW_IFINDEX: u16 = 49;
const IFLA_PROP_LIST: u16 = 52;
const IFLA_ALT_IFNAME: u16 = 53;
const NETNSA_NSID: u16 = 1;
const NETNSA_PID: u16 = 2;
const FRA_PRIORITY: u16 = 6;

/// The room for one packet of events.
const PACKET: usize = 64 * 1024;

/// A request that moves a device, named by its index, into the network namespace of a process.
fn moved(name: &Text, owner: Pid) -> Result<RequestBody, Errno> {
    Ok(RequestBody::link_of(index_of(name)?).with_number(libc::IFLA_NET_NS_PID, owner.number as u32))
}

fn set(body: RequestBody) -> Answer {
    change(libc::RTM_SETLINK, &body, 0)?;
    Ok(Value::ZERO)
}

fn parse_ip(text: &Text) -> Result<Ipv4Addr, Errno> {
    text_of(&text.0).parse().map_err(|_| Errno(libc::EINVAL))
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

/// An event of rtnetlink in words: its type, and the device or the id that it is about.
fn event((kind, payload): (u16, &[u8])) -> Option<String> {
    let (name, header, about) = match kind {
        libc::RTM_NEWLINK => ("RTM_NEWLINK", LINK_HEADER, libc::IFLA_IFNAME),
        libc::RTM_DELLINK => ("RTM_DELLINK", LINK_HEADER, libc::IFLA_IFNAME),
        libc::RTM_NEWNSID => ("RTM_NEWNSID", NSID_HEADER, NETNSA_NSID),
        libc::RTM_DELNSID => ("RTM_DELNSID", NSID_HEADER, NETNSA_NSID),
        _ => return None,
    };
    let found = attributes(payload, header).ok()?;
    let value = value_of(&found, about)?;
    Some(match header {
        NSID_HEADER => format!("{name} {}", number_at(value, 0).ok()? as i32),
        _ => format!("{name} {}", text_of(value)),
    })
}

/// The bytes of a packet, and the number that its sender has for the namespace that it came from.
type Packet = (Vec<u8>, Option<i32>);

/// Takes the next packet without waiting, with the id of the network namespace in which the event
/// was, if the kernel tells it; none if there is no packet.
fn take_packet(socket: i32) -> Result<Option<Packet>, Errno> {
    let mut packet = vec![0; PACKET];
    let mut part = libc::iovec { iov_base: packet.as_mut_ptr().cast(), iov_len: packet.len() };
    let mut control = ControlBuffer::default();
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
