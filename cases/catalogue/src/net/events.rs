//! Events about devices and network namespaces: who hears of them.
//!
//! Who may ask for changes through a netlink socket lives in `netlink_sockets`.

use super::outside;
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "net.link-event-in-own-ns",
        claim: "A listener for events about devices hears of the devices of its own network namespace and of no others.",
        sources: &[man("rtnetlink(7)", "RTM_NEWLINK"), man("netlink(7)", "Address formats")],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::VETH],
        wrong: "an event is heard in another network namespace, or not in that of the device",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            let heard = outer.socket_netlink(NetlinkProtocol::NETLINK_ROUTE)?.id()?;
            outer.bind_netlink(heard, NetlinkGroups::RTMGRP_LINK)?;
            let inside = inner.socket_netlink(NetlinkProtocol::NETLINK_ROUTE)?.id()?;
            inner.bind_netlink(inside, NetlinkGroups::RTMGRP_LINK)?;
            lab.note("first a device inside, then one outside")?;
            inner.link_add_veth("v0", "v1")?;
            outer.netlink_events(heard)?;
            inner.netlink_events(inside)?;
            inner.link_delete("v0")?;
            outer.link_add_veth("w0", "w1")?;
            outer.netlink_events(heard)?;
            inner.netlink_events(inside)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.own-netlink-events",
        claim: "A netlink socket hears the events of the network namespace in which it was made, wherever its process goes.",
        sources: &[man("netlink(7)", "DESCRIPTION"), man("network_namespaces(7)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::VETH],
        wrong: "the socket follows its process into another network namespace",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let mover = outer.fork("mover")?;
            let socket = mover.socket_netlink(NetlinkProtocol::NETLINK_ROUTE)?.id()?;
            mover.bind_netlink(socket, NetlinkGroups::RTMGRP_LINK)?;
            mover.unshare(NEWNET)?;
            lab.note("where the process is now")?;
            mover.link_add_veth("here", "h1")?;
            mover.links()?;
            mover.netlink_events(socket)?;
            lab.note("where its socket was made")?;
            outer.link_add_veth("there", "t1")?;
            mover.netlink_events(socket)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.move-event-in-both",
        claim: "A device that moves is an event of removal where it was and of arrival where it goes.",
        sources: &[man("rtnetlink(7)", "RTM_NEWLINK")],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::VETH],
        wrong: "a listener in the old network namespace is not told, or one in the new, or each hears of both",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            outer.link_add_veth("v0", "v1")?;
            let heard = outer.socket_netlink(NetlinkProtocol::NETLINK_ROUTE)?.id()?;
            outer.bind_netlink(heard, NetlinkGroups::RTMGRP_LINK)?;
            let inside = inner.socket_netlink(NetlinkProtocol::NETLINK_ROUTE)?.id()?;
            inner.bind_netlink(inside, NetlinkGroups::RTMGRP_LINK)?;
            outer.link_set_netns_pid("v1", inner)?;
            outer.netlink_events(heard)?;
            inner.netlink_events(inside)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.nsid-events",
        claim: "A listener is told when a network namespace gets an id in its own.",
        sources: &[man("ip-netns(8)", "ip netns monitor"), text("linux/net_namespace.h")],
        since: "4.0",
        needs: &[&need::NET_NS],
        wrong: "the event is not there, has another id, or is heard in the other network namespace",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            let heard = outer.socket_netlink(NetlinkProtocol::NETLINK_ROUTE)?.id()?;
            outer.bind_netlink(heard, NetlinkGroups::RTNLGRP_NSID)?;
            let inside = inner.socket_netlink(NetlinkProtocol::NETLINK_ROUTE)?.id()?;
            inner.bind_netlink(inside, NetlinkGroups::RTNLGRP_NSID)?;
            lab.note("first an id outside, then one inside")?;
            outer.nsid_set_pid(inner, 12)?;
            outer.netlink_events(heard)?;
            inner.netlink_events(inside)?;
            inner.nsid_set_pid(outer.sealed(), 34)?;
            outer.netlink_events(heard)?;
            inner.netlink_events(inside)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.listen-all-nsid",
        claim: "With NETLINK_LISTEN_ALL_NSID a socket hears the events of every network namespace that has an id in its own, and is told which.",
        sources: &[man("netlink(7)", "Socket options")],
        since: "4.2",
        needs: &[&need::NET_NS, &need::VETH],
        wrong: "an event of a namespace without an id is heard, one of a namespace with an id is not, or a socket without the option hears it",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let known = outer.clone("known", NEWNET)?;
            let unknown = outer.clone("unknown", NEWNET)?;
            outer.nsid_set_pid(known, 5)?;
            let all = outer.socket_netlink(NetlinkProtocol::NETLINK_ROUTE)?.id()?;
            outer.bind_netlink(all, NetlinkGroups::RTMGRP_LINK)?;
            outer.setsockopt_listen_all_nsid(all)?;
            let own = outer.socket_netlink(NetlinkProtocol::NETLINK_ROUTE)?.id()?;
            outer.bind_netlink(own, NetlinkGroups::RTMGRP_LINK)?;
            lab.note("a device in each namespace, then both listeners")?;
            known.link_add_veth("k0", "k1")?;
            unknown.link_add_veth("u0", "u1")?;
            unknown.links()?;
            outer.link_add_veth("o0", "o1")?;
            outer.netlink_events(all)?;
            outer.netlink_events(own)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.listen-all-nsid-capability",
        claim: "To listen to the events of other network namespaces takes CAP_NET_BROADCAST in the user namespace that owns the socket's.",
        sources: &[man("netlink(7)", "Socket options"), man("capabilities(7)", "CAP_NET_BROADCAST")],
        since: "4.2",
        starts_as: Credentials::User,
        needs: &[&need::NET_NS, &need::USER_NS, &need::VETH],
        wrong: "an unprivileged process may listen, or the root of the owner may not",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER | NEWNET)?;
            user.map_ids("/proc/self", "0 1000 1", "0 1000 1")?;
            let other = user.clone("other", NEWNET)?;
            user.nsid_set_pid(other.sealed(), 5)?;
            let own = user.socket_netlink(NetlinkProtocol::NETLINK_ROUTE)?.id()?;
            user.setsockopt_listen_all_nsid(own)?;
            user.bind_netlink(own, NetlinkGroups::RTMGRP_LINK)?;
            other.link_add_veth("v0", "v1")?;
            user.netlink_events(own)?;
            lab.note("root of another user namespace, with every capability there")?;
            let guest = user.clone("guest", NEWUSER)?;
            let foreign = guest.socket_netlink(NetlinkProtocol::NETLINK_ROUTE)?.id()?;
            guest.setsockopt_listen_all_nsid(foreign)?;
            lab.note("the owner without this capability")?;
            user.capset_drop(CAP_NET_BROADCAST)?;
            user.setsockopt_listen_all_nsid(own)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.uevents-of-own-devices",
        claim: "The uevents of a network device go to the network namespace of the device and to no other, not even to one with the same owner.",
        sources: &[man("network_namespaces(7)", "DESCRIPTION"), text("kernel, in no manual page")],
        since: "2.6.35",
        needs: &[&need::NET_NS, &need::VETH],
        wrong: "another network namespace is told of the device, or its own is not",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            let owned = outer.clone("owned", NEWUSER | NEWNET)?;
            owned.geteuid()?;
            let heard = outer.socket_netlink(NetlinkProtocol::NETLINK_KOBJECT_UEVENT)?.id()?;
            outer.bind_netlink(heard, NetlinkGroups::RTMGRP_LINK)?;
            let inside = inner.socket_netlink(NetlinkProtocol::NETLINK_KOBJECT_UEVENT)?.id()?;
            inner.bind_netlink(inside, NetlinkGroups::RTMGRP_LINK)?;
            let below = owned.socket_netlink(NetlinkProtocol::NETLINK_KOBJECT_UEVENT)?.id()?;
            owned.bind_netlink(below, NetlinkGroups::RTMGRP_LINK)?;
            inner.link_add_veth("v0", "v1")?;
            inner.uevents(inside, "v0")?;
            outer.uevents(heard, "v0")?;
            owned.uevents(below, "v0")?;
            lab.note("also where a user namespace of its own owns it")?;
            owned.link_add_veth("w0", "w1")?;
            owned.uevents(below, "w0")?;
            outer.uevents(heard, "w0")?;
            inner.uevents(inside, "w0")?;
            lab.note("and the outer one hears of its own")?;
            outer.link_add_veth("x0", "x1")?;
            outer.uevents(heard, "x0")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.audit-host-only",
        claim: "The root of a user namespace cannot subscribe to audit messages, in a network namespace of its own either.",
        sources: &[man("netlink(7)", "NETLINK_AUDIT"), man("capabilities(7)", "CAP_AUDIT_READ")],
        since: "3.16",
        starts_as: Credentials::User,
        needs: &[&need::NET_NS, &need::USER_NS, &need::PLAIN_UID, &need::AUDIT],
        wrong: "messages about the whole machine can be read by the root of a user namespace",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER | NEWNET)?;
            user.capget()?;
            let audit = user.socket_netlink(NetlinkProtocol::NETLINK_AUDIT)?.id()?;
            user.bind_netlink(audit, NetlinkGroups::RTMGRP_LINK)?;
            lab.note("another protocol's first group is open to it")?;
            let route = user.socket_netlink(NetlinkProtocol::NETLINK_ROUTE)?.id()?;
            user.bind_netlink(route, NetlinkGroups::RTMGRP_LINK)?;
            user.link_set_up("lo")?;
            user.netlink_events(route)?;
            Ok(())
        },
        ..CASE
    },
];

/// The claims of this topic that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[Untested {
    id: "net.uevents-owner-userns",
    claim: "The uevent of a device that is in no network namespace goes to the network namespaces that the initial user namespace owns and to no other.",
    sources: &[text("kernel, in no manual page")],
    why: "such an event is one of the whole machine, whose device manager would act on it; that the events of network devices stay with their owner is tested",
    part: Some("net.uevents-of-own-devices"),
}];
