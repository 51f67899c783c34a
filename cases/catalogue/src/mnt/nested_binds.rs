//! Mounts that are bound or moved below themselves: the tree ends, and events go round once.
//!
//! Binds onto other mounts live in `tables` and `bind`.

use super::{MOUNT_NAMESPACES, NO_DATA, bind, bind_on, change, tmpfs, with_shared_mount};
use crate::prelude::*;

/// A recursive bind onto a new directory.
fn rbind(process: Process<'_>, source: &str, place: &str) -> Play {
    process.mkdir(place, 0o755)?;
    process.mount(source, place, "", MountFlags::MS_BIND | MountFlags::MS_REC, NO_DATA)?;
    Ok(())
}

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.quiz-a",
        claim: "A bind of a shared mount that is moved onto a directory of its peer shows the same content at each level, and ends at the second one.",
        sources: &[text("Documentation/filesystems/sharedsubtree.rst, Quiz")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "the move fails, or a level has other content or another root",
        play: |lab| {
            let process = with_shared_mount(lab, "process")?;
            process.mkdir("/tmp/a/1", 0o755)?;
            bind(process, "/tmp/a", "/tmp/b")?;
            lab.note("the peer is moved onto a directory of the mount")?;
            process.mount("/tmp/b", "/tmp/a/1", "", MountFlags::MS_MOVE, NO_DATA)?;
            process.mount_points("/tmp")?;
            lab.note("each level shows the same, and the last one has nothing below")?;
            for place in ["/tmp/a", "/tmp/a/1", "/tmp/a/1/1"] {
                process.mountinfo(place)?;
                process.readdir(place)?;
            }
            process.readdir("/tmp/a/1/1/1")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.quiz-b",
        claim: "A shared tree that is bound recursively below itself does not recurse: in the copy the directory that it was bound on is empty.",
        sources: &[text("Documentation/filesystems/sharedsubtree.rst, Quiz")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "the copy holds a copy of itself",
        play: |lab| {
            let process = with_shared_mount(lab, "process")?;
            process.mkdir("/tmp/a/v", 0o755)?;
            process.propagation("/tmp/a")?;
            rbind(process, "/tmp/a", "/tmp/a/v/1")?;
            process.mount_points("/tmp/a")?;
            process.propagation("/tmp/a/v/1")?;
            process.readdir("/tmp/a/v/1")?;
            process.readdir("/tmp/a/v/1/v/1")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.unbindable-stops-explosion",
        claim: "Each recursive bind of a tree into itself doubles the number of its mounts; if the copies are made unbindable, each only adds the original ones.",
        sources: &[man(MOUNT_NAMESPACES, "MS_UNBINDABLE example")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "a copy lacks an earlier copy that can be bound, or holds one that cannot",
        play: |lab| {
            let process = lab.process("process")?;
            lab.note("each bind doubles the tree; if the copies are unbindable, each bind adds the same")?;
            for (tree, unbindable) in [("/tmp/a", false), ("/tmp/b", true)] {
                tmpfs(process, tree)?;
                tmpfs(process, &format!("{tree}/x"))?;
                for copy in ["1", "2", "3"] {
                    let copy = format!("{tree}/{copy}");
                    rbind(process, tree, &copy)?;
                    if unbindable {
                        change(process, &copy, MountFlags::MS_UNBINDABLE)?;
                        process.propagation(copy.as_str())?;
                    }
                }
                process.mount_points(tree)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.umount-detach-of-rbound-shared-root",
        claim: "The lazy unmount of a recursive bind of shared mounts below their own top takes the original submounts along.",
        sources: &[man("umount(2)", "NOTES")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "the original submounts stay, or a private one goes as well",
        play: |lab| {
            let process = with_shared_mount(lab, "process")?;
            tmpfs(process, "/tmp/a/x")?;
            tmpfs(process, "/tmp/a/x/below")?;
            rbind(process, "/tmp/a", "/tmp/a/copy")?;
            process.mount_points("/tmp/a")?;
            process.umount2("/tmp/a/copy", UmountFlags::MNT_DETACH)?;
            process.mount_points("/tmp/a")?;
            lab.note("the same with private mounts")?;
            tmpfs(process, "/tmp/b")?;
            tmpfs(process, "/tmp/b/x")?;
            rbind(process, "/tmp/b", "/tmp/b/copy")?;
            process.mount_points("/tmp/b")?;
            process.umount2("/tmp/b/copy", UmountFlags::MNT_DETACH)?;
            process.mount_points("/tmp/b")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.move-shared-into-its-own-peer",
        claim: "A shared mount can be moved onto a directory of its own peer; what is mounted under one level then appears at all three, and one unmount removes it from all.",
        sources: &[text("Documentation/filesystems/sharedsubtree.rst, Quiz")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "an event misses a level, or recurses",
        play: |lab| {
            let process = with_shared_mount(lab, "process")?;
            process.mkdir("/tmp/a/1", 0o755)?;
            bind(process, "/tmp/a", "/tmp/b")?;
            process.mount("/tmp/a", "/tmp/b/1", "", MountFlags::MS_MOVE, NO_DATA)?;
            process.mount_points("/tmp")?;
            lab.note("one mount appears at all three levels")?;
            tmpfs(process, "/tmp/b/2")?;
            process.mount_points("/tmp")?;
            lab.note("one unmount takes it away from all")?;
            process.umount("/tmp/b/1/1/2")?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.bind-root-to-own-child",
        claim: "A shared mount that is bound on a directory of itself shares its submounts with the copy in both directions.",
        sources: &[man(MOUNT_NAMESPACES, "SHARED SUBTREES")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "a mount at one level is missing at the other, or stays when the other is unmounted",
        play: |lab| {
            let process = with_shared_mount(lab, "process")?;
            process.mkdir("/tmp/a/1", 0o755)?;
            process.mkdir("/tmp/a/2", 0o755)?;
            bind_on(process, "/tmp/a", "/tmp/a/2")?;
            process.mount_points("/tmp/a")?;
            lab.note(
                "something is mounted at the lower level, and something at the upper one: both show both",
            )?;
            bind_on(process, "/tmp", "/tmp/a/2/1")?;
            tmpfs(process, "/tmp/a/3")?;
            process.mount_points("/tmp/a")?;
            lab.note("so it is with unmounts, the other way round")?;
            process.umount("/tmp/a/1")?;
            process.umount("/tmp/a/2/3")?;
            process.mount_points("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.rbind-shared-tree-to-own-child",
        claim: "In a recursive bind of a shared tree on one of its own submounts, shared submounts are peers of their copies, private ones become shared with theirs, and unbindable ones are left out.",
        sources: &[text("Documentation/filesystems/sharedsubtree.rst, Rbind semantics")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "the copy below the submount lacks a mount, has the unbindable one, or recurses",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            for place in ["/tmp/a/here", "/tmp/a/shared", "/tmp/a/private", "/tmp/a/unbindable"] {
                tmpfs(process, place)?;
            }
            change(process, "/tmp/a", MountFlags::MS_SHARED)?;
            change(process, "/tmp/a/here", MountFlags::MS_SHARED)?;
            change(process, "/tmp/a/shared", MountFlags::MS_SHARED)?;
            change(process, "/tmp/a/unbindable", MountFlags::MS_UNBINDABLE)?;
            process.mount("/tmp/a", "/tmp/a/here", "", MountFlags::MS_BIND | MountFlags::MS_REC, NO_DATA)?;
            process.mount_points("/tmp/a")?;
            for place in ["", "/here", "/shared", "/private", "/here/here", "/here/shared", "/here/private"] {
                process.propagation(format!("/tmp/a{place}"))?;
            }
            lab.note("what is mounted below the copies of the shared and of the private submount")?;
            tmpfs(process, "/tmp/a/here/shared/below")?;
            tmpfs(process, "/tmp/a/here/private/below")?;
            process.mount_points("/tmp/a")?;
            process.umount("/tmp/a/shared/below")?;
            process.mount_points("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.move-nested-tree-onto-shared",
        claim: "A tree that holds a bind of its own top can be moved under a shared mount, where a peer gets the whole of it; one unmount then removes the same level from both.",
        sources: &[
            man(MOUNT_NAMESPACES, "Move (MS_MOVE) semantics"),
            text("Documentation/filesystems/sharedsubtree.rst, Move semantics"),
        ],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "the peer gets the top of the tree only, or the move recurses",
        play: |lab| {
            let process = with_shared_mount(lab, "process")?;
            process.mkdir("/tmp/a/1", 0o755)?;
            bind(process, "/tmp/a", "/tmp/b")?;
            process.mount("/tmp/a", "/tmp/b/1", "", MountFlags::MS_MOVE, NO_DATA)?;
            lab.note("the tree holds a bind of its own top; the destination is shared and has a peer")?;
            tmpfs(process, "/tmp/c")?;
            change(process, "/tmp/c", MountFlags::MS_SHARED)?;
            bind(process, "/tmp/c", "/tmp/peer")?;
            process.mkdir("/tmp/c/here", 0o755)?;
            lab.note("the whole tree is moved, and the peer has the whole of it")?;
            process.mount("/tmp/b", "/tmp/c/here", "", MountFlags::MS_MOVE, NO_DATA)?;
            process.mount_points("/tmp")?;
            for place in ["", "/here", "/here/1", "/here/1/1"] {
                process.propagation(format!("/tmp/c{place}"))?;
                process.propagation(format!("/tmp/peer{place}"))?;
            }
            lab.note("one unmount takes the same level away from both")?;
            process.umount("/tmp/peer/here/1/1")?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.move-tree-with-peers-onto-shared",
        claim: "Peers in a private tree stay peers when the tree is moved under a shared mount, and their replicas belong to the same group: an event of one appears at all.",
        sources: &[
            man(MOUNT_NAMESPACES, "Move (MS_MOVE) semantics"),
            text("Documentation/filesystems/sharedsubtree.rst, Move semantics"),
        ],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "the replicas are in a group of their own, or the event reaches the peers of one tree only",
        play: |lab| {
            let process = lab.process("process")?;
            for place in ["/tmp/tree", "/tmp/tree/1", "/tmp/b"] {
                tmpfs(process, place)?;
            }
            change(process, "/tmp/tree/1", MountFlags::MS_SHARED)?;
            bind(process, "/tmp/tree/1", "/tmp/tree/2")?;
            change(process, "/tmp/b", MountFlags::MS_SHARED)?;
            bind(process, "/tmp/b", "/tmp/peer")?;
            process.mkdir("/tmp/b/here", 0o755)?;
            lab.note("two peers in a private tree are moved under a shared mount")?;
            process.propagation("/tmp/tree/1")?;
            process.mount("/tmp/tree", "/tmp/b/here", "", MountFlags::MS_MOVE, NO_DATA)?;
            for tree in ["/tmp/b/here", "/tmp/peer/here"] {
                for place in ["", "/1", "/2"] {
                    process.propagation(format!("{tree}{place}"))?;
                }
            }
            lab.note("an event at one of the replicas reaches all of the group")?;
            tmpfs(process, "/tmp/peer/here/1/x")?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
];
