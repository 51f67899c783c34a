//! The ids by which one network namespace knows others, and requests that name a namespace by its id.
//!
//! Events about ids live in `events`.

use super::outside;
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "net.nsid-assign",
        claim: "A network namespace can give another one an id of its choice, once: the id stays, and is not given to a second one.",
        sources: &[man("ip-netns(8)", "ip netns set")],
        since: "4.0",
        needs: &[&need::NET_NS, &need::PROCFS],
        wrong: "an id is changed, is given twice, or there is one that nobody gave",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let first = outer.clone("first", NEWNET)?;
            let second = outer.clone("second", NEWNET)?;
            for process in [outer, first, second] {
                outer.readlink(process.proc("ns/net"))?;
            }
            outer.nsid_get_pid(first)?;
            outer.nsid_set_pid(first, 12)?;
            outer.nsid_get_pid(first)?;
            lab.note("a second id for it, and the same id for another")?;
            outer.nsid_set_pid(first, 13)?;
            outer.nsid_set_pid(second, 12)?;
            outer.nsid_get_pid(first)?;
            outer.nsid_get_pid(second)?;
            outer.nsid_set_pid(second, 13)?;
            outer.nsid_get_pid(second)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.nsid-per-ns",
        claim: "An id is one in the network namespace that gave it: the namespace itself and a third one know nothing of it and may give others.",
        sources: &[man("ip-netns(8)", "ip netns set"), man("ip-netns(8)", "EXAMPLES")],
        since: "4.0",
        needs: &[&need::NET_NS, &need::PROCFS],
        wrong: "an id of one network namespace is valid in another",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let target = outer.clone("target", NEWNET)?;
            let third = outer.clone("third", NEWNET)?;
            outer.nsid_set_pid(target, 12)?;
            outer.nsid_get_pid(target)?;
            for process in [target, third] {
                process.nsid_get_pid(target.sealed())?;
            }
            third.nsid_set_pid(target.sealed(), 30)?;
            third.nsid_get_pid(target.sealed())?;
            outer.nsid_get_pid(target)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.nsid-assign-capability",
        claim: "To give an id takes CAP_NET_ADMIN over the network namespace that gives it, and none over the one that gets it; to read one takes none.",
        sources: &[man("ip-netns(8)", "ip netns set"), text("kernel, in no manual page")],
        since: "4.0",
        needs: &[&need::NET_NS],
        wrong: "an unprivileged process gives an id",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWUSER | NEWNET)?;
            inner.geteuid()?;
            let unprivileged = outer.fork("unprivileged")?;
            unprivileged.capset_drop(CAP_NET_ADMIN)?;
            unprivileged.nsid_set_pid(inner.sealed(), 12)?;
            outer.nsid_set_pid(inner, 12)?;
            unprivileged.nsid_get_pid(inner.sealed())?;
            lab.note("the root inside names the outer one, over which it has nothing")?;
            inner.nsid_set_pid(outer.sealed(), 3)?;
            inner.nsid_get_pid(outer.sealed())?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.link-netnsid",
        claim: "A veth device tells the number of its other end and, where that is in another network namespace, the id of that one.",
        sources: &[man("veth(4)", "DESCRIPTION"), man("ip-netns(8)", "ip netns set")],
        since: "4.0",
        needs: &[&need::NET_NS, &need::VETH, &need::NEW_IFINDEX],
        wrong: "the other end is not found, or is looked for in the wrong network namespace",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            outer.nsid_set_pid(inner, 12)?;
            outer.link_add_veth("v0", "v1")?;
            outer.link_set_netns_pid_index("v1", inner, 77)?;
            outer.link_peer("v0")?;
            inner.link_set_netns_pid_index("v1", outer.sealed(), 78)?;
            lab.note("both ends in one namespace")?;
            outer.link_peer("v0")?;
            outer.link_index("v1")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.veth-peer-index",
        claim: "Each end of a veth pair tells the number that the other end has in its own network namespace.",
        sources: &[man("veth(4)", "DESCRIPTION")],
        since: "4.0",
        needs: &[&need::NET_NS, &need::VETH, &need::NEW_IFINDEX],
        wrong: "an end tells its own number or an old one of the other",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let first = outer.clone("first", NEWNET)?;
            let second = outer.clone("second", NEWNET)?;
            first.nsid_set_pid(second.sealed(), 2)?;
            second.nsid_set_pid(first.sealed(), 1)?;
            outer.link_add_veth("v0", "v1")?;
            outer.link_set_netns_pid_index("v0", first, 70)?;
            outer.link_set_netns_pid_index("v1", second, 71)?;
            first.link_peer("v0")?;
            second.link_peer("v1")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.target-netnsid",
        claim: "A request can name the network namespace that it is for by its id; one that nobody gave is refused.",
        sources: &[man("rtnetlink(7)", "RTM_NEWLINK"), text("linux/if_link.h")],
        since: "4.20",
        needs: &[&need::NET_NS, &need::VETH],
        wrong: "the request is carried out in the caller's network namespace",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            inner.link_add_veth("v0", "v1")?;
            outer.link_get_in(12, "v0")?;
            outer.nsid_set_pid(inner, 12)?;
            outer.link_get_in(12, "v0")?;
            outer.link_get_in(12, "v9")?;
            lab.note("a device made there is there and not here")?;
            outer.link_add_in(12, "w0", "veth")?;
            outer.link_get_in(12, "w0")?;
            outer.link_get("w0")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.target-netnsid-capability",
        claim: "A request for another network namespace takes CAP_NET_ADMIN in the user namespace that owns that one.",
        sources: &[man("rtnetlink(7)", "RTM_NEWLINK"), text("kernel, in no manual page")],
        since: "4.20",
        needs: &[&need::NET_NS, &need::VETH],
        wrong: "a process reads or makes devices in a network namespace over which it has no capability",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWUSER | NEWNET)?;
            inner.nsid_set_pid(outer.sealed(), 3)?;
            lab.note("the root inside has an id for the outer namespace and no privilege there")?;
            inner.link_get_in(3, "lo")?;
            inner.link_add_in(3, "w0", "veth")?;
            outer.links()?;
            lab.note("downwards it works")?;
            outer.nsid_set_pid(inner, 12)?;
            outer.link_get_in(12, "lo")?;
            outer.link_add_in(12, "w0", "veth")?;
            outer.link_get_in(12, "w0")?;
            Ok(())
        },
        ..CASE
    },
];
