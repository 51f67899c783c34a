//! tun devices: who may make one, and what a descriptor of one that moves goes on doing.
//!
//! Devices that move in general live in `moving`.

use super::outside;
use crate::prelude::*;

/// The device number of /dev/net/tun (Documentation/admin-guide/devices.txt).
const TUN: (i32, i32) = (10, 200);

/// Makes a file of the tun driver with these permissions.
fn tun_file(process: Process, path: &str, mode: u32) -> Play {
    let (major, minor) = TUN;
    process.mknod(path, FileMode(mode), major, minor)?;
    process.chmod(path, FileMode(mode))?;
    Ok(())
}

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "net.tun-moves",
        claim: "A tun device can be moved to another network namespace; its descriptor serves it there, tells that namespace, and takes the device with it when it is closed.",
        sources: &[text("Documentation/networking/tuntap.rst"), man("ip-link(8)", "ip link set")],
        since: "5.2",
        needs: &[&need::NET_NS, &need::PROCFS, &need::TUN],
        wrong: "the device stays, or its descriptor serves the namespace that it was made in",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let inner = outer.clone("inner", NEWNET)?;
            tun_file(outer, "/tmp/tun", 0o600)?;
            let tun = outer.open("/tmp/tun", OpenFlags::O_RDWR)?.id()?;
            outer.ioctl_tunsetiff(tun, "t0")?;
            outer.links()?;
            outer.readlink("/proc/self/ns/net")?;
            let first = outer.ioctl_tungetdevnetns(tun)?.id()?;
            outer.fstat_ns(first)?;
            lab.note("it moves, and its descriptor stays")?;
            outer.link_set_netns_pid("t0", inner)?;
            outer.links()?;
            inner.links()?;
            inner.readlink("/proc/self/ns/net")?;
            let second = outer.ioctl_tungetdevnetns(tun)?.id()?;
            outer.fstat_ns(second)?;
            outer.close(tun)?;
            inner.links()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.tun-open-needs-file-permission",
        claim: "To make a tun device takes the right to open the file of its driver, and CAP_NET_ADMIN in the user namespace that owns the network namespace.",
        sources: &[text("Documentation/networking/tuntap.rst"), man("capabilities(7)", "CAP_NET_ADMIN")],
        since: "3.8",
        needs: &[&need::NET_NS, &need::MANY_IDS, &need::USER_NS, &need::PROCFS, &need::TUN],
        wrong: "root in a user namespace opens a file that its user may not, or makes devices in a foreign network namespace",
        play: |lab| {
            let root = outside(lab, "root")?;
            tun_file(root, "/tmp/for-all", 0o666)?;
            tun_file(root, "/tmp/for-root", 0o600)?;
            let user = root.fork("user")?;
            user.setgroups([])?;
            user.setresgid(1000, 1000, 1000)?;
            user.setresuid(1000, 1000, 1000)?;
            user.prctl_set_dumpable(Dumpable::SUID_DUMP_USER)?;
            lab.note("an ordinary user, then the root of a network namespace of the user's own")?;
            let plain = user.open("/tmp/for-all", OpenFlags::O_RDWR)?.id()?;
            user.ioctl_tunsetiff(plain, "t0")?;
            user.unshare(NEWUSER | NEWNET)?;
            user.map_ids("/proc/self", "0 1000 1", "0 1000 1")?;
            user.open("/tmp/for-root", OpenFlags::O_RDWR)?;
            let own = user.open("/tmp/for-all", OpenFlags::O_RDWR)?.id()?;
            user.ioctl_tunsetiff(own, "t0")?;
            user.links()?;
            lab.note("a guest in a user namespace below")?;
            let guest = user.clone("guest", NEWUSER)?;
            guest.capget()?;
            let foreign = guest.open("/tmp/for-all", OpenFlags::O_RDWR)?.id()?;
            guest.ioctl_tunsetiff(foreign, "t1")?;
            user.links()?;
            Ok(())
        },
        ..CASE
    },
];
