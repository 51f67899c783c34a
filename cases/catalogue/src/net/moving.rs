//! Devices move between network namespaces: how, what they lose, which do not move.
//!
//! veth pairs live in `veth`.

use super::{PART_7, outside};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "net.device-in-one-ns",
        claim: "A network device is in exactly one network namespace: moved to another, it is gone from the first; moved back, from the other.",
        sources: &[man("network_namespaces(7)", "DESCRIPTION"), PART_7],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::VETH],
        wrong: "the device is listed in both network namespaces or in none",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            outer.link_add_veth("v0", "v1")?;
            let list = || {
                outer.links()?;
                inner.links()
            };
            list()?;
            outer.link_set_netns_pid("v1", inner)?;
            list()?;
            inner.link_set_netns_pid("v1", outer.sealed())?;
            list()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.move-by-pid-or-fd",
        claim: "The network namespace that a device is to move into is named by a process in it or by a descriptor of it.",
        sources: &[man("ip-link(8)", "ip link set"), man("veth(4)", "DESCRIPTION")],
        since: "3.0",
        needs: &[&need::NET_NS, &need::VETH, &need::PROCFS],
        wrong: "one of the two names is refused or leads to another network namespace",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            outer.link_add_veth("v0", "v1")?;
            let file = outer.open(inner.proc("ns/net"), O_RDONLY)?.id()?;
            outer.link_set_netns_pid("v0", inner)?;
            inner.links()?;
            outer.link_set_netns_fd("v1", file)?;
            inner.links()?;
            outer.links()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.move-clears-configuration",
        claim: "A device that moves to another network namespace is set down and loses its addresses; it keeps its hardware address.",
        sources: &[PART_7],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::VETH],
        wrong: "the device arrives up or with its address, or as another device",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            outer.link_add_veth("v0", "v1")?;
            outer.address_add("v1", "10.1.1.1/24")?;
            outer.link_set_up("v1")?;
            outer.link_get("v1")?;
            outer.addresses()?;
            outer.link_set_netns_pid("v1", inner)?;
            inner.link_get("v1")?;
            inner.addresses()?;
            outer.addresses()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.move-lo-einval",
        claim: "A loopback device cannot be moved to another network namespace.",
        sources: &[man("ip-link(8)", "ip link set")],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::VETH],
        wrong: "the loopback is moved, or refused with another error, or no device can be moved",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            outer.link_add_veth("v0", "v1")?;
            outer.link_set_netns_pid("lo", inner)?;
            outer.link_set_netns_pid("v1", inner)?;
            outer.links()?;
            inner.links()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.move-errors",
        claim: "Moving a device fails where no such device or process is, where the descriptor is none or not one of a network namespace, and where its name is taken.",
        sources: &[man("rtnetlink(7)", "")],
        since: "3.0",
        needs: &[&need::NET_NS, &need::VETH, &need::PROCFS],
        wrong: "another error, or a device that has left although the move failed",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            outer.link_add_veth("v0", "v1")?;
            lab.note("no such device, no such process, no such descriptor")?;
            outer.link_set_netns_pid("v9", inner)?;
            outer.link_set_netns_pid("v1", 999)?;
            outer.link_set_netns_fd("v1", 99)?;
            lab.note("descriptors of other files")?;
            for path in ["/tmp", "/proc/self/ns/uts"] {
                let file = outer.open(path, O_RDONLY)?.id()?;
                outer.ioctl_nstype(file)?;
                outer.link_set_netns_fd("v1", file)?;
            }
            lab.note("the name is taken at the destination")?;
            inner.link_add_veth("v1", "v2")?;
            outer.link_set_netns_pid("v1", inner)?;
            outer.links()?;
            inner.links()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.move-needs-privilege-in-target",
        claim: "To move a device into a network namespace takes CAP_NET_ADMIN in the user namespace that owns the target.",
        sources: &[man("user_namespaces(7)", "Interaction of user namespaces and other types of namespaces")],
        since: "3.8",
        needs: &[&need::NET_NS, &need::VETH, &need::PROCFS],
        wrong: "a process privileged in its own user namespace only pushes a device outwards, or the outer one cannot push it inwards",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let file = outer.open("/proc/self/ns/net", O_RDONLY)?.id()?;
            let inner = outer.clone("inner", NEWUSER | NEWNET)?;
            inner.link_add_veth("v0", "v1")?;
            inner.link_set_netns_fd("v1", file)?;
            outer.link_add_veth("w0", "w1")?;
            outer.link_set_netns_pid("w1", inner)?;
            inner.links()?;
            outer.links()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.move-up-device-allowed",
        claim: "A device can be moved while it is up and linked: it arrives down, its other end loses the link, and has it again when it is set up there.",
        sources: &[PART_7, text("kernel, in no manual page")],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::VETH],
        wrong: "the move is refused until the device is down, or the pair is cut for good",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            outer.link_add_veth("v0", "v1")?;
            outer.link_set_up("v0")?;
            outer.link_set_up("v1")?;
            outer.wait_link_running("v0")?;
            outer.link_get("v0")?;
            lab.note("the other end goes")?;
            outer.link_set_netns_pid("v1", inner)?;
            inner.link_get("v1")?;
            outer.link_get("v0")?;
            inner.link_set_up("v1")?;
            outer.wait_link_running("v0")?;
            outer.link_get("v0")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.move-back",
        claim: "A device that is moved to another network namespace and back is the same as before: by its name, its hardware address and its other end.",
        sources: &[man("ip-link(8)", "ip link set"), man("network_namespaces(7)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::VETH],
        wrong: "the device does not come back, or as another one",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            outer.link_add_veth("v0", "v1")?;
            outer.link_get("v1")?;
            outer.link_set_netns_pid("v1", inner)?;
            outer.link_get("v1")?;
            inner.link_get("v1")?;
            inner.link_set_netns_pid("v1", outer.sealed())?;
            inner.link_get("v1")?;
            outer.link_get("v1")?;
            lab.note("its other end goes with it still")?;
            outer.link_delete("v0")?;
            outer.links()?;
            Ok(())
        },
        ..CASE
    },
];

/// The claims of this topic that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[
    Untested {
        id: "net.move-wireless",
        claim: "Wireless devices are moved to another network namespace by iw(8) only, with the PID of a process in it.",
        sources: &[man("ip-link(8)", "ip link set")],
        why: "it takes wireless hardware or the module mac80211_hwsim, which acts on the whole machine",
        part: None,
    },
    Untested {
        id: "net.physical-in-one-ns",
        claim: "A physical network device is in exactly one network namespace.",
        sources: &[man("network_namespaces(7)", "DESCRIPTION")],
        why: "it takes a spare physical device, whose removal would disconnect the host",
        part: Some("net.device-in-one-ns"),
    },
    Untested {
        id: "net.physical-returns-to-initial",
        claim: "The physical devices of a freed network namespace go back to the initial one, not to that of the parent process.",
        sources: &[man("network_namespaces(7)", "DESCRIPTION"), man("ip-netns(8)", "DESCRIPTION")],
        why: "it takes a spare physical device, and it changes the initial network namespace",
        part: None,
    },
    Untested {
        id: "net.physical-return-name-taken",
        claim: "A physical device that comes back to the initial network namespace gets a name of the form devN where its own is taken there.",
        sources: &[text("kernel, in no manual page")],
        why: "it takes a spare physical device, and it changes the initial network namespace",
        part: None,
    },
    Untested {
        id: "net.physical-delayed-by-processes",
        claim: "A physical device of a network namespace whose name was deleted comes back only when the last process in it has ended.",
        sources: &[man("ip-netns(8)", "ip netns delete")],
        why: "it takes a spare physical device; that a process keeps its network namespace, and the devices in it, is tested",
        part: Some("net.socket-pins-ns"),
    },
];
