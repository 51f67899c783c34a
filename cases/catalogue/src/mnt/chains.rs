//! Chains of slaves, peers that show a part of the file system only, and places at which several
//! mounts meet: where an event goes then.
//!
//! The plain ways of events live in `propagation`.

use super::{
    MOUNT_NAMESPACES, NO_DATA, NO_FLAGS, bind, change, tmpfs, with_master_and_slave, with_shared_mount,
};
use crate::prelude::*;

/// A process with a chain of mounts: /tmp/a is shared, each of the others a slave of the one before
/// and shared itself.
fn with_chain<'l>(lab: &'l Lab<'l>, links: &[&str]) -> Result<Process<'l>, Interrupt> {
    let process = with_shared_mount(lab, "process")?;
    let mut master = "/tmp/a";
    for link in links {
        bind(process, master, link)?;
        change(process, link, MountFlags::MS_SLAVE)?;
        change(process, link, MountFlags::MS_SHARED)?;
        master = link;
    }
    Ok(process)
}

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.chain-of-slaves",
        claim: "In a chain of mounts that are slaves and shared an event runs down from any link to all below it and never up; the replicas form a chain as well.",
        sources: &[
            man(MOUNT_NAMESPACES, "SHARED SUBTREES"),
            text("Documentation/filesystems/sharedsubtree.rst, Mount states"),
        ],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "an event stops at the first slave, goes up, or the replicas are all peers",
        play: |lab| {
            let process = with_chain(lab, &["/tmp/b", "/tmp/c", "/tmp/d"])?;
            let links = ["/tmp/a", "/tmp/b", "/tmp/c", "/tmp/d"];
            lab.note("each link is a slave of the one before, and shared")?;
            for link in links {
                process.propagation(link)?;
            }
            lab.note("an event at the top runs down the chain, and the replicas form a chain, too")?;
            tmpfs(process, "/tmp/a/x")?;
            for link in links {
                process.propagation(format!("{link}/x"))?;
            }
            lab.note("events in the middle run down and not up")?;
            tmpfs(process, "/tmp/c/x/below")?;
            tmpfs(process, "/tmp/c/beside")?;
            process.mount_points("/tmp")?;
            lab.note("so does an unmount")?;
            process.umount("/tmp/b/x")?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.chain-link-removed",
        claim: "When the link of a chain becomes private or is unmounted, those below it become slaves of the link above; below the top link they are slaves of nobody then.",
        sources: &[man(MOUNT_NAMESPACES, "SHARED SUBTREES")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "the lower links keep the group that has ended as their master, or miss the events of the link above",
        play: |lab| {
            let process = with_chain(lab, &["/tmp/b", "/tmp/c", "/tmp/d"])?;
            lab.note("a chain: each link is a slave of the one before, and shared")?;
            for link in ["/tmp/a", "/tmp/b", "/tmp/c", "/tmp/d"] {
                process.propagation(link)?;
            }
            lab.note("one link becomes private, another is unmounted")?;
            change(process, "/tmp/b", MountFlags::MS_PRIVATE)?;
            process.propagation("/tmp/c")?;
            process.umount("/tmp/c")?;
            process.propagation("/tmp/d")?;
            tmpfs(process, "/tmp/a/x")?;
            process.mount_points("/tmp")?;
            lab.note("the top of the chain is unmounted")?;
            process.umount("/tmp/a/x")?;
            process.umount("/tmp/a")?;
            process.propagation("/tmp/d")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.slave-made-before-master-mount",
        claim: "A slave follows its master also in what is mounted on the master's own mount point, over its root; what is mounted over the slave's root stays there.",
        sources: &[man(MOUNT_NAMESPACES, "SHARED SUBTREES")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "the slave shows its old content, or the master is covered with what covers the slave",
        play: |lab| {
            let process = with_master_and_slave(lab, "process")?;
            process.creat_excl("/tmp/a/old")?;
            lab.note("a mount over the root of the master covers the slave as well")?;
            process.mount("over-master", "/tmp/a", "tmpfs", NO_FLAGS, NO_DATA)?;
            process.mountinfo("/tmp/a")?;
            process.mountinfo("/tmp/s")?;
            lab.note("a mount over the root of the slave stays there")?;
            process.mount("over-slave", "/tmp/s", "tmpfs", NO_FLAGS, NO_DATA)?;
            process.mountinfo("/tmp/a")?;
            process.mountinfo("/tmp/s")?;
            lab.note("what the mount has covered is there again after its unmount")?;
            process.readdir("/tmp/a")?;
            process.umount("/tmp/a")?;
            process.readdir("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.peer-with-narrower-root",
        claim: "A peer that shows only a directory receives the events inside that directory; those elsewhere in its group pass it by without an error.",
        sources: &[
            man(MOUNT_NAMESPACES, "SHARED SUBTREES"),
            text("Documentation/filesystems/sharedsubtree.rst, Quiz"),
        ],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "an event outside appears at the peer, or makes the mount fail, or one inside is missing",
        play: |lab| {
            let process = with_shared_mount(lab, "process")?;
            process.mkdir("/tmp/a/in", 0o755)?;
            bind(process, "/tmp/a/in", "/tmp/p")?;
            process.propagation("/tmp/a")?;
            process.mountinfo("/tmp/p")?;
            tmpfs(process, "/tmp/a/out")?;
            tmpfs(process, "/tmp/a/in/x")?;
            process.mount_points("/tmp")?;
            lab.note("an event of the narrow peer is inside for the wide one, at another depth")?;
            tmpfs(process, "/tmp/p/y")?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.quiz-c",
        claim: "An event reaches the end of a chain of slaves although the link between shows another directory and has no such place.",
        sources: &[text("Documentation/filesystems/sharedsubtree.rst, Quiz")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "the event stops at the link that has no such place",
        play: |lab| {
            let process = with_shared_mount(lab, "process")?;
            for directory in ["/tmp/a/1", "/tmp/a/1/2", "/tmp/a/1/test"] {
                process.mkdir(directory, 0o755)?;
            }
            bind(process, "/tmp/a/1", "/tmp/first")?;
            change(process, "/tmp/a", MountFlags::MS_SLAVE)?;
            change(process, "/tmp/a", MountFlags::MS_SHARED)?;
            bind(process, "/tmp/a/1/2", "/tmp/second")?;
            change(process, "/tmp/a", MountFlags::MS_SLAVE)?;
            lab.note("a chain: the first is the master of the second, and that of /tmp/a")?;
            for link in ["/tmp/first", "/tmp/second", "/tmp/a"] {
                process.propagation(link)?;
            }
            lab.note("the second shows another directory, but passes the event on")?;
            process.mount("new", "/tmp/first/test", "tmpfs", NO_FLAGS, NO_DATA)?;
            process.creat_excl("/tmp/first/test/file")?;
            process.mount_points("/tmp")?;
            process.readdir("/tmp/a/1/test")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.two-peers-mount-same-place",
        claim: "If two peers mount at the same place one after the other, both mounts are stacked at both in the order of mounting.",
        sources: &[text("Documentation/filesystems/sharedsubtree.rst, Unmount semantics")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "a peer shows its own mount only, or the older one on top",
        play: |lab| {
            let process = with_shared_mount(lab, "process")?;
            bind(process, "/tmp/a", "/tmp/b")?;
            process.mkdir("/tmp/a/x", 0o755)?;
            process.mount("one", "/tmp/a/x", "tmpfs", NO_FLAGS, NO_DATA)?;
            process.mount("two", "/tmp/b/x", "tmpfs", NO_FLAGS, NO_DATA)?;
            process.mount_points("/tmp")?;
            process.mountinfo("/tmp/a/x")?;
            process.mountinfo("/tmp/b/x")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.umount-takes-top-of-each-stack",
        claim: "An unmount takes the mount that was stacked last off every peer and slave that receives it, whoever mounted that one, and leaves the ones below.",
        sources: &[
            man(MOUNT_NAMESPACES, "Unmount semantics"),
            text("Documentation/filesystems/sharedsubtree.rst, Unmount semantics"),
        ],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "a receiver loses the lower mount, both or none",
        play: |lab| {
            let process = with_master_and_slave(lab, "process")?;
            bind(process, "/tmp/a", "/tmp/b")?;
            let inner = process.clone("inner", NEWNS)?;
            lab.note("one process mounts the lower, the other one the upper mount of each stack")?;
            process.mkdir("/tmp/a/x", 0o755)?;
            process.mount("lower", "/tmp/a/x", "tmpfs", NO_FLAGS, NO_DATA)?;
            inner.mount("upper", "/tmp/b/x", "tmpfs", NO_FLAGS, NO_DATA)?;
            process.mount_points("/tmp")?;
            lab.note("one unmount takes the upper one off everywhere")?;
            inner.umount("/tmp/a/x")?;
            for process in [process, inner] {
                process.readlink("/proc/self/ns/mnt")?;
                process.mount_points("/tmp")?;
                process.mountinfo("/tmp/a/x")?;
                process.mountinfo("/tmp/b/x")?;
                process.mountinfo("/tmp/s/x")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.propagation-tucks-beneath",
        claim: "A mount that arrives by propagation where the receiver has mounted something itself goes beneath that: it covers nothing, and the sender's unmount removes it from there.",
        sources: &[man(MOUNT_NAMESPACES, "SHARED SUBTREES")],
        since: "4.11",
        needs: &[&need::PROCFS],
        wrong: "the receiver's own mount is covered, or goes with the sender's unmount",
        play: |lab| {
            let process = with_master_and_slave(lab, "process")?;
            process.mkdir("/tmp/a/x", 0o755)?;
            process.mount("own", "/tmp/s/x", "tmpfs", NO_FLAGS, NO_DATA)?;
            process.mount("from-master", "/tmp/a/x", "tmpfs", NO_FLAGS, NO_DATA)?;
            process.mount_points("/tmp")?;
            process.mountinfo("/tmp/s/x")?;
            process.umount("/tmp/a/x")?;
            process.mount_points("/tmp")?;
            process.mountinfo("/tmp/s/x")?;
            lab.note("the other way round: the own mount goes first, and what is beneath appears")?;
            process.mount("again", "/tmp/a/x", "tmpfs", NO_FLAGS, NO_DATA)?;
            process.umount("/tmp/s/x")?;
            process.mountinfo("/tmp/s/x")?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.slave-receives-mount",
        claim: "A mount under any member of the master's group appears under the slave, with its content.",
        sources: &[man(MOUNT_NAMESPACES, "MS_SLAVE example")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "the slave follows only the mount that it was bound from, or shows an empty directory",
        play: |lab| {
            let process = with_master_and_slave(lab, "process")?;
            bind(process, "/tmp/a", "/tmp/peer-of-master")?;
            lab.note("the slave was bound from one member of the group; another one mounts")?;
            process.propagation("/tmp/s")?;
            process.propagation("/tmp/peer-of-master")?;
            tmpfs(process, "/tmp/peer-of-master/x")?;
            process.creat_excl("/tmp/peer-of-master/x/file")?;
            lab.note("the slave has the mount, with its content")?;
            process.mount_points("/tmp/s")?;
            process.readdir("/tmp/s/x")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.slave-receives-umount",
        claim: "An unmount under any member of the master's group also unmounts under the slave, except mounts that the slave has made itself.",
        sources: &[man(MOUNT_NAMESPACES, "SHARED SUBTREES"), man("umount(2)", "NOTES")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "the slave keeps the mount, or loses its own",
        play: |lab| {
            let process = with_master_and_slave(lab, "process")?;
            bind(process, "/tmp/a", "/tmp/peer-of-master")?;
            tmpfs(process, "/tmp/a/x")?;
            tmpfs(process, "/tmp/s/own")?;
            process.mount_points("/tmp")?;
            lab.note("an unmount at one member reaches the slave")?;
            process.umount("/tmp/peer-of-master/x")?;
            process.mount_points("/tmp")?;
            lab.note("what the slave has mounted itself is not there for the master")?;
            process.umount("/tmp/a/own")?;
            process.mount_points("/tmp/s")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.rprivate-prevents-umount-propagation",
        claim: "An unmount in a recursive bind of shared mounts unmounts the original too; if the copy is made private recursively before, the original stays.",
        sources: &[man("umount(2)", "NOTES")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "the original goes although the copy is private, or stays although it is shared",
        play: |lab| {
            let process = with_shared_mount(lab, "process")?;
            tmpfs(process, "/tmp/a/x")?;
            tmpfs(process, "/tmp/a/y")?;
            process.mkdir("/tmp/b", 0o755)?;
            process.mount("/tmp/a", "/tmp/b", "", MountFlags::MS_BIND | MountFlags::MS_REC, NO_DATA)?;
            process.mount_points("/tmp")?;
            lab.note("the copy is shared: its unmount takes the original, too")?;
            process.umount("/tmp/b/x")?;
            process.mount_points("/tmp")?;
            lab.note("the copy is private: the original stays")?;
            change(process, "/tmp/b", MountFlags::MS_REC | MountFlags::MS_PRIVATE)?;
            process.umount("/tmp/b/y")?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.rbind-onto-shared-replicates-subtree",
        claim: "A recursive bind of private mounts under a shared mount is replicated as a whole tree at each peer, where every mount gets a peer group of its own with its replica.",
        sources: &[text("Documentation/filesystems/sharedsubtree.rst, Rbind semantics")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "the peer gets the top of the tree only, or all mounts are in one group",
        play: |lab| {
            let process = with_shared_mount(lab, "process")?;
            bind(process, "/tmp/a", "/tmp/b")?;
            for place in ["/tmp/t", "/tmp/t/u", "/tmp/t/u/v"] {
                tmpfs(process, place)?;
            }
            process.mount_points("/tmp/t")?;
            lab.note("the tree is private; it is bound below a shared mount")?;
            process.mkdir("/tmp/a/d", 0o755)?;
            process.mount("/tmp/t", "/tmp/a/d", "", MountFlags::MS_BIND | MountFlags::MS_REC, NO_DATA)?;
            lab.note("each mount is now shared with its replica at the peer, in a group of its own")?;
            for place in ["/tmp/a", "/tmp/a/d", "/tmp/a/d/u", "/tmp/a/d/u/v"] {
                process.propagation(place)?;
            }
            for place in ["/tmp/b", "/tmp/b/d", "/tmp/b/d/u", "/tmp/b/d/u/v"] {
                process.propagation(place)?;
            }
            Ok(())
        },
        ..CASE
    },
];
