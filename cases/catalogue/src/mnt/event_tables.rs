//! The rest of the kernel's document on shared subtrees, by propagation type: a new file system is
//! mounted under a mount of each type, one is unmounted there with and without submounts, and a
//! namespace with a mount of each type is copied.
//!
//! Operations with a source live in `tables`, all other events in `propagation`.

use super::tables::{
    DESTINATION, HERE, PropagationType, a_mount, destination, in_a_copy, mount_of_type, propagation_type,
    replicas, sender, show_result,
};
use super::{MOUNT_NAMESPACES, NO_DATA, NO_FLAGS, bind_on, change, tmpfs};
use crate::prelude::*;

/// A new file system is mounted under B, and something under that.
fn mount_cell(lab: &Lab, onto: PropagationType) -> Play {
    let outer = lab.process("outer")?;
    lab.note(DESTINATION)?;
    destination(outer, onto)?;
    let inner = in_a_copy(lab, outer)?;
    lab.note("a file system is mounted there: its type, that of its replicas, and that in the copy")?;
    outer.mount("new", HERE, "tmpfs", NO_FLAGS, NO_DATA)?;
    show_result(outer, inner, "")?;
    lab.note("the same for a mount below the new one")?;
    tmpfs(outer, "/tmp/b/mount/here/below")?;
    show_result(outer, inner, "/below")
}

/// A mount that came from the top of the chain is unmounted under B, then at the top.
fn umount_cell(lab: &Lab, under: PropagationType) -> Play {
    let outer = lab.process("outer")?;
    lab.note(DESTINATION)?;
    destination(outer, under)?;
    let top = if under.has_master() { "/tmp/b/master/here" } else { HERE };
    outer.mount("new", top, "tmpfs", NO_FLAGS, NO_DATA)?;
    let inner = in_a_copy(lab, outer)?;
    show_mounted([outer, inner])?;
    lab.note("the unmount, and who has the mount after it")?;
    outer.umount(HERE)?;
    show_mounted([outer, inner])?;
    if under.has_master() {
        lab.note("the master's unmount finds nothing to do where it was done already")?;
        outer.umount(top)?;
        show_mounted([outer, inner])?;
    }
    Ok(())
}

/// A mount with a submount of its own is unmounted under B; without the submount it can be.
fn busy_umount_cell(lab: &Lab, under: PropagationType) -> Play {
    let outer = lab.process("outer")?;
    lab.note(DESTINATION)?;
    destination(outer, under)?;
    outer.mount("new", HERE, "tmpfs", NO_FLAGS, NO_DATA)?;
    let inner = in_a_copy(lab, outer)?;
    lab.note("with a submount of its own the mount is busy, and nothing changes anywhere")?;
    tmpfs(outer, "/tmp/b/mount/here/below")?;
    outer.umount(HERE)?;
    show_mounted([outer, inner])?;
    lab.note("without it the mount can be unmounted")?;
    outer.umount("/tmp/b/mount/here/below")?;
    outer.umount(HERE)?;
    show_mounted([outer, inner])
}

/// A mount is unmounted at the sender, and one of those that received it has a submount of its own.
fn spared_umount_cell(lab: &Lab, under: PropagationType, sender: &str, spared: &str) -> Play {
    let outer = lab.process("outer")?;
    lab.note(DESTINATION)?;
    destination(outer, under)?;
    let sent = format!("/tmp/b/{sender}/here");
    outer.mount("new", sent.as_str(), "tmpfs", NO_FLAGS, NO_DATA)?;
    let inner = in_a_copy(lab, outer)?;
    lab.note("one of the receivers gets a submount of its own")?;
    let place = format!("/tmp/b/{spared}/here");
    change(outer, &place, MountFlags::MS_PRIVATE)?;
    outer.propagation(place.as_str())?;
    tmpfs(outer, &format!("{place}/own"))?;
    show_mounted([outer, inner])?;
    lab.note("the sender's unmount spares this one")?;
    outer.umount(sent.as_str())?;
    show_mounted([outer, inner])
}

/// Lists what is mounted at the destination and its relatives, in both namespaces.
fn show_mounted(processes: [Process<'_>; 2]) -> Play {
    for process in processes {
        process.mount_points("/tmp/b")?;
    }
    Ok(())
}

/// The namespace of a mount is copied by two calls, and events are begun on all sides.
fn clone_cell(lab: &Lab, propagation_type: PropagationType, flags: Flags) -> Play {
    let outer = lab.process("outer")?;
    lab.note("the mount, with those that share its events")?;
    outer.mkdir("/tmp/a", 0o755)?;
    mount_of_type(outer, propagation_type, "/tmp/a/mount", "/tmp/a")?;
    outer.mkdir("/tmp/a/bind", 0o755)?;
    lab.note("two processes get a copy of the namespace, each by another call")?;
    let cloned = outer.clone("cloned", flags)?;
    let unshared = outer.fork("unshared")?;
    unshared.unshare(flags)?;
    for process in [outer, cloned, unshared] {
        process.readlink("/proc/self/ns/user")?;
        process.readlink("/proc/self/ns/mnt")?;
        process.propagation("/tmp/a/mount")?;
    }
    lab.note("an event from above, one from the original, one from each copy")?;
    if let Some(sender) = sender(propagation_type) {
        tmpfs(outer, &format!("/tmp/a/{sender}/from-{sender}"))?;
    }
    tmpfs(outer, "/tmp/a/mount/from-outer")?;
    tmpfs(cloned, "/tmp/a/mount/from-cloned")?;
    tmpfs(unshared, "/tmp/a/mount/from-unshared")?;
    for process in [outer, cloned, unshared] {
        bind_on(process, "/tmp/a/mount", "/tmp/a/bind")?;
        process.mount_points("/tmp/a")?;
    }
    Ok(())
}

/// Where the operations are documented.
macro_rules! sources {
    (mount) => {
        &[
            man(MOUNT_NAMESPACES, "Mount semantics"),
            text("Documentation/filesystems/sharedsubtree.rst, Mount semantics"),
        ]
    };
    (umount) => {
        &[
            man(MOUNT_NAMESPACES, "Unmount semantics"),
            text("Documentation/filesystems/sharedsubtree.rst, Unmount semantics"),
        ]
    };
    (copy) => {
        &[
            man(MOUNT_NAMESPACES, "SHARED SUBTREES"),
            text("Documentation/filesystems/sharedsubtree.rst, Clone Namespace"),
        ]
    };
    (lesspriv) => {
        &[
            man(MOUNT_NAMESPACES, "Restrictions on mount namespaces"),
            text("Documentation/filesystems/sharedsubtree.rst, Clone Namespace"),
        ]
    };
}

/// The type of a new file system under a mount of a type, in words.
macro_rules! new {
    (shared) => {
        "shared, in a new peer group"
    };
    (slaveshared) => {
        "shared, in a new peer group and without a master"
    };
    ($nonshared:ident) => {
        "private"
    };
}

/// Those that an unmount under a mount of a type reaches, in words.
macro_rules! reaches {
    (shared) => {
        "is repeated at its peers and their slaves"
    };
    (slaveshared) => {
        "is repeated at its peers and their slaves, not at its master"
    };
    (slave) => {
        "stays there, and its master keeps the mount and can unmount it afterwards"
    };
    (private) => {
        "is a matter of that mount alone"
    };
    (unbindable) => {
        "leaves the copy of another namespace as it is"
    };
}

/// The copy of a mount, in words.
macro_rules! copied {
    (copy shared) => {
        "a shared mount is a peer of its original: events go both ways"
    };
    (copy slaveshared) => {
        "a mount that is slave and shared is a peer of its original and has the same master"
    };
    (copy slave) => {
        "a slave mount is a slave of the same master; original and copy send each other nothing"
    };
    (copy private) => {
        "a private mount is private"
    };
    (lesspriv shared) => {
        "a shared mount is a slave of its original: events come in and none goes out"
    };
    (lesspriv slaveshared) => {
        "a mount that is slave and shared is a plain slave of the group that its original is in, not of its master"
    };
    (lesspriv slave) => {
        "a slave mount is a slave of the same master"
    };
    (lesspriv private) => {
        "a private mount is private"
    };
    ($flags:ident unbindable) => {
        "an unbindable mount is unbindable"
    };
}

/// The namespace that a mount is copied into, in words, the flags that make it, and its first kernel.
macro_rules! into {
    (words copy) => {
        "In a new mount namespace of the same user namespace the copy of "
    };
    (words lesspriv) => {
        "In a new mount namespace of another user namespace the copy of "
    };
    (flags copy) => {
        NEWNS
    };
    (flags lesspriv) => {
        NEWUSER | NEWNS
    };
    (since copy) => {
        "2.6.15"
    };
    (since lesspriv) => {
        "3.8"
    };
}

/// The receiver that an unmount spares: its relation in words, and the cell that has one.
macro_rules! spared {
    (words peer) => {
        "a peer"
    };
    (words slave) => {
        "a slave of the mount that it is done under"
    };
    (words slaves_peer) => {
        "a slave's peer"
    };
    (play $lab:ident peer) => {
        spared_umount_cell($lab, PropagationType::Shared, "mount", "peer")
    };
    (play $lab:ident slave) => {
        spared_umount_cell($lab, PropagationType::Slave, "master", "mount")
    };
    (play $lab:ident slaves_peer) => {
        spared_umount_cell($lab, PropagationType::SlaveShared, "master", "peer")
    };
}

/// Makes a case of each line.
macro_rules! tables {
    ($($operation:ident { $($id:literal: $type:ident;)+ })+) => {
        &[$($(tables!(@cell $operation $id $type),)+)+]
    };
    (@cell mount $id:literal $onto:ident) => {
        Case {
            id: $id,
            claim: concat!(
                "A file system that is mounted under ", a_mount!($onto), " is ", new!($onto),
                ", and so is what is mounted below; ", replicas!($onto), "."
            ),
            sources: sources!(mount),
            since: "2.6.15",
            needs: &[&need::PROCFS],
            wrong: "the new mount takes over a master, is of another type, or is missing under a relative",
            play: |lab| mount_cell(lab, propagation_type!($onto)),
            ..CASE
        }
    };
    (@cell umount $id:literal $under:ident) => {
        Case {
            id: $id,
            claim: concat!("An unmount under ", a_mount!($under), " ", reaches!($under), "."),
            sources: sources!(umount),
            since: "2.6.15",
            needs: &[&need::PROCFS],
            wrong: "one of those that receive events keeps the mount, or one that receives none loses it",
            play: |lab| umount_cell(lab, propagation_type!($under)),
            ..CASE
        }
    };
    (@cell umount_with_submount $id:literal $under:ident) => {
        Case {
            id: $id,
            claim: concat!(
                "Under ", a_mount!($under),
                " a mount that has a submount cannot be unmounted, nor does its unmount happen anywhere else."
            ),
            sources: sources!(umount),
            since: "2.6.15",
            needs: &[&need::PROCFS],
            wrong: "the mount is unmounted with its submount, or a replica is, although the call fails",
            play: |lab| busy_umount_cell(lab, propagation_type!($under)),
            ..CASE
        }
    };
    (@cell spared $id:literal $receiver:ident) => {
        Case {
            id: $id,
            claim: concat!("An unmount spares the copy of ", spared!(words $receiver), " if that has a submount of its own, and takes all others."),
            sources: sources!(umount),
            since: "2.6.15",
            needs: &[&need::PROCFS],
            wrong: "the copy with the submount is unmounted as well, or another copy is left",
            play: |lab| spared!(play lab $receiver),
            ..CASE
        }
    };
    (@cell $into:ident $id:literal $type:ident) => {
        Case {
            id: $id,
            claim: concat!(into!(words $into), copied!($into $type), "."),
            sources: sources!($into),
            since: into!(since $into),
            needs: &[&need::PROCFS],
            wrong: "a copy has another type, group or master, or follows others than its type does",
            play: |lab| clone_cell(lab, propagation_type!($type), into!(flags $into)),
            ..CASE
        }
    };
}

/// The cases of this topic.
#[rustfmt::skip]
pub const CASES: &[Case] = tables! {
    mount {
        "mnt.mount-onto-shared": shared;
        "mnt.mount-onto-slaveshared": slaveshared;
        "mnt.mount-onto-nonshared": private;
        "mnt.mount-onto-slave": slave;
        "mnt.mount-onto-unbindable": unbindable;
    }
    umount {
        "mnt.shared-propagates-umount": shared;
        "mnt.umount-under-slaveshared": slaveshared;
        "mnt.umount-under-private": private;
        "mnt.umount-of-received-under-slave": slave;
        "mnt.umount-under-unbindable": unbindable;
    }
    umount_with_submount {
        "mnt.umount-with-own-submounts-fails": shared;
        "mnt.umount-with-own-submounts-fails-under-slaveshared": slaveshared;
        "mnt.umount-with-own-submounts-fails-under-private": private;
        "mnt.umount-with-own-submounts-fails-under-slave": slave;
        "mnt.umount-with-own-submounts-fails-under-unbindable": unbindable;
    }
    spared {
        "mnt.umount-skips-receivers-with-submounts": peer;
        "mnt.umount-skips-slave-with-submounts": slave;
        "mnt.umount-skips-peer-of-slave-with-submounts": slaves_peer;
    }
    copy {
        "mnt.clone-ns-shared": shared;
        "mnt.clone-ns-slaveshared": slaveshared;
        "mnt.clone-ns-private": private;
        "mnt.clone-ns-slave": slave;
        "mnt.clone-ns-unbindable": unbindable;
    }
    lesspriv {
        "mnt.clone-ns-shared-lesspriv": shared;
        "mnt.clone-ns-slaveshared-lesspriv": slaveshared;
        "mnt.clone-ns-private-lesspriv": private;
        "mnt.clone-ns-slave-lesspriv": slave;
        "mnt.clone-ns-unbindable-lesspriv": unbindable;
    }
};
