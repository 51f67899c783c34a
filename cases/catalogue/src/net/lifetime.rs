//! How long a network namespace lives: sockets, descriptors and bind mounts keep it.

use super::{outside, tcp};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "net.socket-pins-ns",
        claim: "An open socket keeps its network namespace, and so the devices in it, alive when the last process has left.",
        sources: &[text("kernel, in no manual page")],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::VETH],
        wrong: "the device goes while the socket is open, or stays when it is closed (then the case runs into its deadline)",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let pinned = outer.clone("pinned", NEWNET)?;
            let free = outer.clone("free", NEWNET)?;
            outer.link_add_veth_between("v0", outer, "v1", pinned)?;
            outer.link_add_veth_between("w0", outer, "w1", free)?;
            outer.links()?;
            let socket = tcp(pinned)?;
            lab.note("Both processes leave; the namespace without a socket goes.")?;
            pinned.unshare(NEWNET)?;
            pinned.links()?;
            free.unshare(NEWNET)?;
            outer.wait_link_gone("w0")?;
            outer.links()?;
            pinned.close(socket)?;
            outer.wait_link_gone("v0")?;
            outer.links()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.fd-or-bind-pins-ns",
        claim: "An open descriptor or a bind mount of a network namespace keeps it, and so the devices in it, alive when its last process has ended.",
        sources: &[man("namespaces(7)", "Namespace lifetime"), man("ip-netns(8)", "DESCRIPTION")],
        since: "3.0",
        needs: &[&need::NET_NS, &need::VETH, &need::PROCFS],
        wrong: "a device goes while its namespace is open or mounted, or stays afterwards (then the case runs into its deadline)",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let open = outer.clone("open", NEWNET)?;
            let bound = outer.clone("bound", NEWNET)?;
            let free = outer.clone("free", NEWNET)?;
            for (device, process) in [("v1", open), ("v2", bound), ("v3", free)] {
                outer.link_add_veth_between(device, outer, "eth0", process)?;
            }
            outer.links()?;
            lab.note("one is opened, one is bound, and the processes of all three end")?;
            let file = outer.open(open.proc("ns/net"), O_RDONLY)?.id()?;
            outer.creat_excl("/tmp/net")?;
            outer.mount(bound.proc("ns/net"), "/tmp/net", "", MountFlags::MS_BIND, "")?;
            for process in [open, bound, free] {
                process.exit(0)?;
                outer.waitpid(process, WaitOptions::empty())?;
            }
            lab.note("the namespace that is neither open nor mounted goes")?;
            outer.wait_link_gone("v3")?;
            outer.links()?;
            lab.note(
                "once the descriptor is closed the first goes, and once the bind is unmounted the second",
            )?;
            outer.close(file)?;
            outer.wait_link_gone("v1")?;
            outer.links()?;
            outer.umount("/tmp/net")?;
            outer.wait_link_gone("v2")?;
            outer.links()?;
            Ok(())
        },
        ..CASE
    },
];
