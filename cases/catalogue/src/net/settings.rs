//! The settings in /proc/sys/net: whose they are, where a new network namespace starts, which are
//! shared by the whole machine.
//!
//! That a setting has a value for each network namespace lives in `files`.

use super::outside;
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "net.sysctl-fresh-defaults",
        claim: "A new network namespace does not inherit the settings of its creator's: it starts as every new one does.",
        sources: &[
            text("Documentation/networking/ip-sysctl.rst"),
            man("network_namespaces(7)", "DESCRIPTION"),
        ],
        since: "2.6.24",
        needs: &[&need::NET_NS, &need::PROC_SYS_NET],
        wrong: "a value that the creator set is there in the new network namespace",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            outer.echo("1", "/proc/sys/net/ipv4/icmp_echo_ignore_all")?;
            outer.echo("77", "/proc/sys/net/ipv4/ip_unprivileged_port_start")?;
            let inner = outer.clone("inner", NEWNET)?;
            for process in [outer, inner] {
                process.words("/proc/sys/net/ipv4/icmp_echo_ignore_all")?;
                process.words("/proc/sys/net/ipv4/ip_unprivileged_port_start")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.sysctl-net-owner",
        claim: "The settings of a network namespace belong to the root of the user namespace that owns it, and each user namespace shows that owner in its own terms.",
        sources: &[man("user_namespaces(7)", "Interaction of user namespaces and other types of namespaces")],
        since: "4.9",
        starts_as: Credentials::User,
        needs: &[&need::NET_NS, &need::USER_NS, &need::PLAIN_UID, &need::PROC_SYS_NET],
        wrong: "the files belong to root outside, or the settings of the outer network namespace change",
        play: |lab| {
            let user = lab.process("user")?;
            user.open("/proc/sys/net/ipv4/ip_forward", OpenFlags::O_WRONLY)?;
            user.unshare(NEWUSER | NEWNET)?;
            user.map_ids("/proc/self", "0 1000 1", "0 1000 1")?;
            user.stat_owner("/proc/sys/net/ipv4/ip_forward")?;
            user.echo("1", "/proc/sys/net/ipv4/ip_forward")?;
            user.words("/proc/sys/net/ipv4/ip_forward")?;
            lab.note("a guest that calls the owner 5, and has no name for root of its own")?;
            let guest = user.clone("guest", NEWUSER)?;
            guest.map_ids("/proc/self", "5 0 1", "5 0 1")?;
            guest.stat_owner("/proc/sys/net/ipv4/ip_forward")?;
            guest.unshare(NEWNET)?;
            guest.stat_owner("/proc/sys/net/ipv4/ip_forward")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.sysctl-writable-by-owner",
        claim: "The owner's root may change the settings of IPv4 that have a value for each network namespace.",
        sources: &[man("user_namespaces(7)", "Interaction of user namespaces and other types of namespaces")],
        since: "4.9",
        starts_as: Credentials::User,
        needs: &[&need::NET_NS, &need::USER_NS, &need::PLAIN_UID, &need::PROC_SYS_NET],
        wrong: "one of the settings stays with root outside",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER | NEWNET)?;
            user.map_ids("/proc/self", "0 1000 1", "0 1000 1")?;
            user.geteuid()?;
            for (path, value) in [
                ("/proc/sys/net/ipv4/ip_unprivileged_port_start", "1"),
                ("/proc/sys/net/ipv4/conf/lo/rp_filter", "1"),
                ("/proc/sys/net/ipv4/icmp_echo_ignore_all", "1"),
                ("/proc/sys/net/ipv4/tcp_syncookies", "2"),
            ] {
                user.echo(value, path)?;
                user.words(path)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.sysctl-foreign-owner",
        claim: "A process that joins a network namespace of another owner may read its settings and not write them, root of its own user namespace or not.",
        sources: &[man("user_namespaces(7)", "Interaction of user namespaces and other types of namespaces")],
        since: "4.9",
        starts_as: Credentials::User,
        needs: &[&need::NET_NS, &need::USER_NS, &need::PLAIN_UID, &need::PROC_SYS_NET],
        wrong: "the root of a child user namespace changes a setting of its parent's network namespace",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER | NEWNET)?;
            user.map_ids("/proc/self", "5 1000 1", "5 1000 1")?;
            user.stat_owner("/proc/sys/net/ipv4/icmp_echo_ignore_all")?;
            user.echo("1", "/proc/sys/net/ipv4/icmp_echo_ignore_all")?;
            let guest = user.clone("guest", NEWUSER)?;
            guest.map_ids("/proc/self", "0 5 1", "0 5 1")?;
            guest.geteuid()?;
            guest.capget()?;
            guest.words("/proc/sys/net/ipv4/icmp_echo_ignore_all")?;
            guest.open("/proc/sys/net/ipv4/icmp_echo_ignore_all", OpenFlags::O_WRONLY)?;
            lab.note("in a network namespace that its own user namespace owns")?;
            guest.unshare(NEWNET)?;
            guest.echo("1", "/proc/sys/net/ipv4/icmp_echo_ignore_all")?;
            guest.words("/proc/sys/net/ipv4/icmp_echo_ignore_all")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.sysctl-net-admin",
        claim: "A process with CAP_NET_ADMIN over a network namespace may write its settings whatever its user id is; without the capability it needs to be their owner.",
        sources: &[
            man("user_namespaces(7)", "Interaction of user namespaces and other types of namespaces"),
            man("capabilities(7)", "CAP_NET_ADMIN"),
        ],
        since: "4.9",
        starts_as: Credentials::User,
        needs: &[&need::NET_NS, &need::USER_NS, &need::PLAIN_UID, &need::PROC_SYS_NET],
        wrong: "a member without the capability changes the settings",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER | NEWNET)?;
            user.map_ids("/proc/self", "5 1000 1", "5 1000 1")?;
            user.geteuid()?;
            user.echo("1", "/proc/sys/net/ipv4/icmp_echo_ignore_all")?;
            user.capset_drop(CAP_NET_ADMIN)?;
            user.echo("0", "/proc/sys/net/ipv4/icmp_echo_ignore_all")?;
            user.words("/proc/sys/net/ipv4/icmp_echo_ignore_all")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.sysctl-global-hidden",
        claim: "A setting that has one value for the whole machine is not there in another network namespace.",
        sources: &[
            text("Documentation/admin-guide/sysctl/net.rst"),
            man("network_namespaces(7)", "DESCRIPTION"),
        ],
        since: "3.8",
        needs: &[&need::NET_NS, &need::PROC_SYS_NET],
        wrong: "the setting of the machine can be seen, and so perhaps written, in a network namespace of one's own",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            for path in [
                "/proc/sys/net/ipv4/ip_forward",
                "/proc/sys/net/ipv4/tcp_mem",
                "/proc/sys/net/ipv4/udp_mem",
                "/proc/sys/net/core/netdev_max_backlog",
                "/proc/sys/net/core/message_cost",
            ] {
                outer.stat_owner(path)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.sysctl-global-readonly",
        claim: "A machine-wide setting that a network namespace shows cannot be written there, not even by the root of its owner.",
        sources: &[text("Documentation/admin-guide/sysctl/net.rst")],
        since: "5.12",
        starts_as: Credentials::User,
        needs: &[&need::NET_NS, &need::USER_NS, &need::PLAIN_UID, &need::PROC_SYS_NET],
        wrong: "the root of a user namespace changes a setting of the whole machine",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER | NEWNET)?;
            user.map_ids("/proc/self", "0 1000 1", "0 1000 1")?;
            user.stat_owner("/proc/sys/net/ipv4/tcp_allowed_congestion_control")?;
            user.open("/proc/sys/net/ipv4/tcp_allowed_congestion_control", OpenFlags::O_WRONLY)?;
            user.stat_owner("/proc/sys/net/ipv4/tcp_syncookies")?;
            user.echo("2", "/proc/sys/net/ipv4/tcp_syncookies")?;
            user.words("/proc/sys/net/ipv4/tcp_syncookies")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.sysfs-owner-fixed-at-creation",
        claim: "The files of a device in sysfs belong to the root of the owner if that id is mapped when the network namespace is made; made before the map, they stay with root outside.",
        sources: &[
            text("kernel, in no manual page"),
            man("user_namespaces(7)", "Unmapped user and group IDs"),
        ],
        since: "5.7",
        needs: &[&need::NET_NS, &need::SYSFS, &need::MANY_IDS, &need::PROCFS],
        wrong: "the files of the device belong to root outside although the id was mapped in time",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.unshare(NEWNET | NEWNS)?;
            outer.mkdir("/tmp/outer", 0o755)?;
            outer.mount("sysfs", "/tmp/outer", "sysfs", MountFlags::empty(), "")?;
            let inner = clone_mapped(outer, "inner", NEWUSER | NEWNET | NEWNS, "0 1001 1")?;
            become_root(inner)?;
            inner.mkdir("/tmp/early", 0o755)?;
            inner.mount("sysfs", "/tmp/early", "sysfs", MountFlags::empty(), "")?;
            inner.stat_owner("/tmp/early/class/net/lo/mtu")?;
            inner.open("/tmp/early/class/net/lo/mtu", OpenFlags::O_WRONLY)?;
            lab.note("made after the map")?;
            inner.unshare(NEWNET)?;
            inner.mkdir("/tmp/late", 0o755)?;
            inner.mount("sysfs", "/tmp/late", "sysfs", MountFlags::empty(), "")?;
            inner.stat_owner("/tmp/late/class/net/lo/mtu")?;
            inner.open("/tmp/late/class/net/lo/mtu", OpenFlags::O_WRONLY)?;
            lab.note("a file that is not of the network namespace stays foreign")?;
            inner.stat_owner("/tmp/late/kernel")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.sysctl-owner-before-map",
        claim: "A setting of a network namespace that is looked at before the id of the owner's root is mapped belongs to nobody inside, one that is looked at after that to root; the capability over the namespace counts before the map, too.",
        sources: &[
            man("user_namespaces(7)", "Interaction of user namespaces and other types of namespaces"),
            man("user_namespaces(7)", "Unmapped user and group IDs"),
        ],
        since: "4.9",
        starts_as: Credentials::User,
        needs: &[&need::NET_NS, &need::USER_NS, &need::PLAIN_UID, &need::PROC_SYS_NET],
        wrong: "the files stay with root outside, or belong to a process that has no id there",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER | NEWNET)?;
            user.stat_owner("/proc/sys/net/ipv4/icmp_echo_ignore_all")?;
            user.echo("1", "/proc/sys/net/ipv4/icmp_echo_ignore_all")?;
            user.words("/proc/sys/net/ipv4/icmp_echo_ignore_all")?;
            lab.note("after the map; another one, since the kernel keeps the owner that a file had when it was first found")?;
            user.map_ids("/proc/self", "0 1000 1", "0 1000 1")?;
            user.stat_owner("/proc/sys/net/ipv4/ip_forward")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.child-hash-entries",
        claim: "tcp_child_ehash_entries and udp_child_hash_entries give the next network namespace that is made tables of its own, of that size, and are 0 there; one without such a table shows a negative size, and the sizes are not written.",
        sources: &[text("Documentation/networking/ip-sysctl.rst")],
        since: "6.2",
        needs: &[&need::NET_NS, &need::CHILD_HASH_TABLES],
        wrong: "a namespace shares the table of the initial one though it should have its own, or hands the setting on",
        play: |lab| {
            let outer = outside(lab, "outer")?;
            let tables = [
                ("tcp_child_ehash_entries", "tcp_ehash_entries", "1024"),
                ("udp_child_hash_entries", "udp_hash_entries", "256"),
            ];
            for (setting, _, size) in tables {
                outer.echo(size, format!("/proc/sys/net/ipv4/{setting}"))?;
            }
            let inner = outer.clone("inner", NEWNET)?;
            let below = inner.clone("below", NEWNET)?;
            for (setting, table, _) in tables {
                lab.note(table)?;
                let path = format!("/proc/sys/net/ipv4/{table}");
                outer.sign(&path)?;
                inner.words(&path)?;
                inner.words(format!("/proc/sys/net/ipv4/{setting}"))?;
                below.sign(&path)?;
                inner.open(&path, OpenFlags::O_WRONLY)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "net.vsock-mode",
        claim: "Whether a network namespace shares its vsock addresses with others is fixed when it is made, by child_ns_mode of its creator's; the first value written there is the last one, and local is handed on to all namespaces below.",
        sources: &[text("Documentation/admin-guide/sysctl/net.rst")],
        since: "7.0",
        starts_as: Credentials::User,
        needs: &[&need::NET_NS, &need::USER_NS, &need::PLAIN_UID, &need::VSOCK_MODE],
        wrong: "a namespace changes its mode afterwards, or one below a local one is global",
        play: |lab| {
            const MODE: &str = "/proc/sys/net/vsock/ns_mode";
            const CHILD_MODE: &str = "/proc/sys/net/vsock/child_ns_mode";
            let user = lab.process("user")?;
            user.unshare(NEWUSER | NEWNET)?;
            user.map_ids("/proc/self", "0 1000 1", "0 1000 1")?;
            user.words(MODE)?;
            user.words(CHILD_MODE)?;
            user.open(MODE, OpenFlags::O_WRONLY)?;
            let before = user.clone("before", NEWNET)?;
            lab.note("the next ones are to be local, and there is no way back")?;
            user.echo("local", CHILD_MODE)?;
            user.echo("global", CHILD_MODE)?;
            let after = user.clone("after", NEWNET)?;
            after.echo("global", CHILD_MODE)?;
            let below = after.clone("below", NEWNET)?;
            for process in [user, before, after, below] {
                process.words(MODE)?;
            }
            Ok(())
        },
        ..CASE
    },
];

/// The claims of this topic that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[
    Untested {
        id: "net.sysctl-devconf-inherit",
        claim: "net.core.devconf_inherit_init_net decides what the settings of devices in a new network namespace start from.",
        sources: &[text("Documentation/admin-guide/sysctl/net.rst")],
        why: "the setting is one of the whole machine",
        part: None,
    },
    Untested {
        id: "net.tunnel-fallback-devices",
        claim: "net.core.fb_tunnels_only_for_init_net decides whether a new network namespace gets tunnel devices from the start.",
        sources: &[text("Documentation/admin-guide/sysctl/net.rst")],
        why: "the setting is one of the whole machine",
        part: None,
    },
];
