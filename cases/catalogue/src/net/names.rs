//! Names and numbers of devices that move between network namespaces, and kinds that do not move.
//!
//! The losses of a device on its way live in `moving`.

use super::outside;
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "net.move-rename-in-one-call",
        claim: "A device can get another name on its way to another network namespace, and so go where its old name is taken; where the new one is taken it stays.",
        sources: &[man("ip-link(8)", "ip link set"), man("rtnetlink(7)", "RTM_NEWLINK")],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::VETH],
        wrong: "the device arrives under its old name, under both, or leaves though it cannot arrive",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            inner.link_add_veth("v0", "w0")?;
            outer.link_add_veth("v0", "v1")?;
            lab.note("the name is taken there")?;
            outer.link_set_netns_pid("v0", inner)?;
            outer.link_set_netns_pid_renamed("v0", inner, "w0")?;
            outer.links()?;
            lab.note("another name is free")?;
            outer.link_set_netns_pid_renamed("v0", inner, "fresh")?;
            outer.links()?;
            inner.links()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.move-new-ifindex",
        claim: "A device can get a number of the mover's choice in the network namespace that it goes to; a number that is taken there is refused, and the device stays.",
        sources: &[text("linux/if_link.h"), man("rtnetlink(7)", "RTM_NEWLINK")],
        since: "5.13",
        needs: &[&need::NET_NS, &need::VETH, &need::NEW_IFINDEX],
        wrong: "the device gets another number, or two devices have one",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            outer.link_add_veth("v0", "v1")?;
            outer.link_set_netns_pid_index("v0", inner, 77)?;
            inner.link_index("v0")?;
            outer.link_set_netns_pid_index("v1", inner, 77)?;
            outer.links()?;
            inner.links()?;
            outer.link_set_netns_pid_index("v1", inner, 78)?;
            inner.link_index("v1")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.move-bridge-einval",
        claim: "A bridge cannot be moved to another network namespace.",
        sources: &[man("ip-link(8)", "ip link set")],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::VETH, &need::BRIDGE],
        wrong: "the bridge moves, or no device does",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            outer.link_add("b0", "bridge")?;
            outer.link_add_veth("v0", "v1")?;
            outer.link_set_netns_pid("b0", inner)?;
            outer.link_set_netns_pid("v0", inner)?;
            outer.links()?;
            inner.links()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.move-keeps-altnames",
        claim: "The alternative names of a device go with it to another network namespace, where it is found by them; one that is taken there keeps it where it is.",
        sources: &[man("ip-link(8)", "ip link property add"), man("rtnetlink(7)", "RTM_NEWLINK")],
        since: "5.5",
        needs: &[&need::NET_NS, &need::VETH, &need::ALTERNATIVE_NAMES],
        wrong: "the names stay behind and are taken for ever, or two devices have one name",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            outer.link_add_veth("v0", "v1")?;
            outer.link_altname_add("v0", "first-name")?;
            outer.link_set_netns_pid("v0", inner)?;
            lab.note("gone from here, and there with the device")?;
            outer.link_altnames("first-name")?;
            inner.link_altnames("first-name")?;
            outer.link_altname_add("v1", "first-name")?;
            lab.note("now it is taken where the other device wants to go")?;
            outer.link_set_netns_pid("v1", inner)?;
            outer.link_altnames("v1")?;
            inner.links()?;
            Ok(())
        },
        ..CASE
    },
];
