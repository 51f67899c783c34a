//! Network devices, addresses and routes: requests of rtnetlink(7), under the words of ip(8).
//!
//! Each call opens a netlink socket in the caller's network namespace, asks, and closes it.
//! Sockets that scripts hold live in `socket` and `netlink`, and so do requests about other network
//! namespaces, rules and neighbours in the latter. Of what the kernel lists only those parts are
//! shown that every kernel gives alike.

use super::argument::{Descriptor, Pid, Text};
use super::calls;
use super::rtnetlink::{
    ADDRESS_HEADER, CREATE, LINK_HEADER, ROUTE_HEADER, RequestBody, ask_all, ask_one, attributes, change,
    ip_of, number_at, text_of, value_of,
};
use crate::outcome::{Answer, Errno, Value};
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use std::net::Ipv4Addr;

calls! {
    /// Network devices, addresses and routes, by rtnetlink(7).
    Device, DeviceCalls, actor:

    /// Creates a pair of veth devices, both in the caller's network namespace (RTM_NEWLINK).
    link_add_veth(name: Text, peer: Text) composes "RTM_NEWLINK of rtnetlink(7)" {
        change(libc::RTM_NEWLINK, &named(&name).with_veth_peer(named(&peer)), CREATE)?;
        Ok(Value::ZERO)
    }

    /// Creates a pair of veth devices, each in the network namespace of the process named after it (RTM_NEWLINK with IFLA_NET_NS_PID).
    link_add_veth_between(name: Text, owner: Pid, peer: Text, peer_owner: Pid) composes "RTM_NEWLINK of rtnetlink(7) with IFLA_NET_NS_PID" {
        let first = named(&name).with_number(libc::IFLA_NET_NS_PID, owner.number as u32);
        let second = named(&peer).with_number(libc::IFLA_NET_NS_PID, peer_owner.number as u32);
        change(libc::RTM_NEWLINK, &first.with_veth_peer(second), CREATE)?;
        Ok(Value::ZERO)
    }

    /// Deletes a network device (RTM_DELLINK).
    link_delete(name: Text) composes "RTM_DELLINK of rtnetlink(7)" {
        change(libc::RTM_DELLINK, &named(&name), 0)?;
        Ok(Value::ZERO)
    }

    /// Sets a network device up.
    link_set_up(name: Text) composes "RTM_SETLINK of rtnetlink(7) with IFF_UP" {
        set(RequestBody::link(UP, UP), &name)
    }

    /// Sets a network device down.
    link_set_down(name: Text) composes "RTM_SETLINK of rtnetlink(7) without IFF_UP" {
        set(RequestBody::link(0, UP), &name)
    }

    /// Moves a network device into the network namespace of a process (IFLA_NET_NS_PID).
    link_set_netns_pid(name: Text, owner: Pid) composes "RTM_SETLINK of rtnetlink(7) with IFLA_NET_NS_PID" {
        set(RequestBody::link(0, 0).with_number(libc::IFLA_NET_NS_PID, owner.number as u32), &name)
    }

    /// Moves a network device into the network namespace that a descriptor refers to (IFLA_NET_NS_FD).
    link_set_netns_fd(name: Text, fd: Descriptor) composes "RTM_SETLINK of rtnetlink(7) with IFLA_NET_NS_FD" {
        set(RequestBody::link(0, 0).with_number(libc::IFLA_NET_NS_FD, fd.0 as u32), &name)
    }

    /// Asks for a network device: whether it is up, whether its link is (LOWER_UP), its kind and its hardware address.
    link_get(name: Text) observes "RTM_GETLINK of rtnetlink(7)" {
        Ok(link(&name)?.shown())
    }

    /// Lists the names of the network devices, without the tunnel devices that some kernels make in each namespace.
    links() observes "RTM_GETLINK of rtnetlink(7) for all devices" {
        let mut names = Vec::new();
        for reply in ask_all(libc::RTM_GETLINK, &RequestBody::link(0, 0))? {
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
        let body = RequestBody::address(prefix_length, index_of(&device)?);
        change(libc::RTM_NEWADDR, &body.with_ip(libc::IFA_LOCAL, ip).with_ip(libc::IFA_ADDRESS, ip), CREATE)?;
        Ok(Value::ZERO)
    }

    /// Lists the IPv4 addresses of all devices.
    addresses() observes "RTM_GETADDR of rtnetlink(7)" {
        let mut shown = Vec::new();
        for reply in ask_all(libc::RTM_GETADDR, &RequestBody::all_of_inet(ADDRESS_HEADER))? {
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
        let body = RequestBody::route(prefix_length).with_ip(libc::RTA_DST, ip);
        change(libc::RTM_NEWROUTE, &body.with_number(libc::RTA_OIF, index_of(&device)?), CREATE)?;
        Ok(Value::ZERO)
    }

    /// Lists the IPv4 routes of all tables, without the broadcast routes, which differ between kernels.
    routes() observes "RTM_GETROUTE of rtnetlink(7)" {
        let mut shown = Vec::new();
        for reply in ask_all(libc::RTM_GETROUTE, &RequestBody::all_of_inet(ROUTE_HEADER))? {
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
            let device = value_of(&attributes, libc::RTA_OIF).ok_or(Errno(libc::EPROTO))?;
            let device = number_at(device, 0)?;
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

/// `IFF_UP` of netdevice(7): the device is up.
const UP: u32 = libc::IFF_UP as u32;

/// `IF_OPER_UP` of linux/if.h: the device passes packets.
const IF_OPER_UP: u8 = 6;

/// The multicast group of events about devices (rtnetlink(7)).
const RTMGRP_LINK: u32 = 1;

/// A message that names a device by its name.
pub(super) fn named(name: &Text) -> RequestBody {
    RequestBody::link(0, 0).with_text(libc::IFLA_IFNAME, &name.0)
}

/// Changes a device as `body` says.
fn set(body: RequestBody, name: &Text) -> Answer {
    change(libc::RTM_SETLINK, &body.with_text(libc::IFLA_IFNAME, &name.0), 0)?;
    Ok(Value::ZERO)
}

fn name_of_device(index: u32) -> Result<String, Errno> {
    let name = nix::net::if_::if_indextoname(index)?;
    Ok(name.to_string_lossy().into_owned())
}

pub(super) fn words(shown: Vec<String>) -> Value {
    Value::List(shown.into_iter().map(Value::Word).collect())
}

/// Parses `10.0.0.1/24`.
fn parse_network(text: &Text) -> Result<(Ipv4Addr, u8), Errno> {
    let text = std::str::from_utf8(&text.0).map_err(|_| Errno(libc::EINVAL))?;
    let (ip, length) = text.split_once('/').ok_or(Errno(libc::EINVAL))?;
    match (ip.parse(), length.parse()) {
        (Ok(ip), Ok(length)) => Ok((ip, length)),
        _ => Err(Errno(libc::EINVAL)),
    }
}

/// A network device as RTM_GETLINK describes it.
struct Link {
    name: String,
    index: u32,
    flags: u32,
    operational_state: u8,
    kind: Option<String>,
    address: Vec<u8>,
}

impl Link {
    fn parse(reply: &[u8]) -> Result<Link, Errno> {
        let mut link = Link {
            name: String::new(),
            index: number_at(reply, 4)?,
            flags: number_at(reply, 8)?,
            operational_state: 0,
            kind: None,
            address: Vec::new(),
        };
        for attribute in attributes(reply, LINK_HEADER)? {
            let value = attribute.value();
            match attribute.kind() {
                libc::IFLA_IFNAME => link.name = text_of(value),
                libc::IFLA_ADDRESS => link.address = value.to_vec(),
                libc::IFLA_OPERSTATE => link.operational_state = value.first().copied().unwrap_or(0),
                libc::IFLA_LINKINFO => {
                    link.kind = value_of(&attributes(value, 0)?, libc::IFLA_INFO_KIND).map(text_of);
                }
                _ => {}
            }
        }
        Ok(link)
    }

    fn shown(&self) -> Value {
        // The other flags either say what the driver can do or follow these two later on.
        let flags =
            [(libc::IFF_LOOPBACK, "LOOPBACK"), (libc::IFF_UP, "UP"), (libc::IFF_LOWER_UP, "LOWER_UP")];
        let set: Vec<&str> = flags
            .into_iter()
            .filter(|(flag, _)| self.flags & *flag as u32 != 0)
            .map(|(_, name)| name)
            .collect();
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

/// The index of a device.
pub(super) fn index_of(name: &Text) -> Result<u32, Errno> {
    Ok(link(name)?.index)
}

/// Asks for one device by name.
fn link(name: &Text) -> Result<Link, Errno> {
    Link::parse(&ask_one(libc::RTM_GETLINK, &named(name))?)
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
