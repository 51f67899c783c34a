//! Trees that hold submounts of all propagation types at once, bound recursively and moved.
//!
//! Each type for itself lives in `tree_tables`.

use super::tables::{HERE, PropagationType, destination, plain_mount_of_type, sources};
use super::{MOUNT_NAMESPACES, NO_DATA, change, tmpfs};
use crate::prelude::*;

/// The types of mixed trees: the name of a submount is that of its type.
const ALL_TYPES: [(&str, PropagationType); 5] = [
    ("shared", PropagationType::Shared),
    ("slaveshared", PropagationType::SlaveShared),
    ("slave", PropagationType::Slave),
    ("private", PropagationType::Private),
    ("unbindable", PropagationType::Unbindable),
];

/// A process with a tree at /tmp/tree that has a submount of each of the types.
fn with_mixed_tree<'l>(
    lab: &'l Lab<'l>,
    types: &[(&str, PropagationType)],
) -> Result<Process<'l>, Interrupt> {
    let process = lab.process("process")?;
    lab.note("a tree with a submount of each of the types; slaves have their masters elsewhere")?;
    tmpfs(process, "/tmp/tree")?;
    for (name, propagation_type) in types {
        let (place, master) = (format!("/tmp/tree/{name}"), format!("/tmp/master-of-{name}"));
        plain_mount_of_type(process, *propagation_type, &place, &master)?;
    }
    Ok(process)
}

/// Reads the type of the top of a tree and of its submounts.
fn show_tree(process: Process<'_>, top: &str, types: &[(&str, PropagationType)]) -> Play {
    process.propagation(top)?;
    for (name, _) in types {
        process.propagation(format!("{top}/{name}"))?;
    }
    Ok(())
}

/// Makes a mount of each non-shared type, each with a directory for a result.
fn nonshared_destinations(lab: &Lab, process: Process<'_>) -> Result<[&'static str; 3], Interrupt> {
    lab.note("three destinations: a private, a slave and an unbindable mount")?;
    plain_mount_of_type(process, PropagationType::Private, "/tmp/private", "")?;
    plain_mount_of_type(process, PropagationType::Slave, "/tmp/slave", "/tmp/master")?;
    plain_mount_of_type(process, PropagationType::Unbindable, "/tmp/unbindable", "")?;
    let places = ["/tmp/private/here", "/tmp/slave/here", "/tmp/unbindable/here"];
    for place in places {
        process.mkdir(place, 0o755)?;
    }
    for place in ["/tmp/private", "/tmp/slave", "/tmp/unbindable"] {
        process.propagation(place)?;
    }
    Ok(places)
}

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.rbind-child-mixed-onto-shared",
        claim: "A recursive bind of a shared tree under a shared mount decides about each submount by its own type: all copies are shared, those of slaves slaves too, and unbindable ones are left out.",
        sources: sources!(rbind),
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "a submount takes over the type of the top or of a neighbour, or gets the neighbour's group",
        play: |lab| {
            let process = with_mixed_tree(lab, &ALL_TYPES)?;
            change(process, "/tmp/tree", MountFlags::MS_SHARED)?;
            lab.note("the destination is shared and has a peer and a slave")?;
            destination(process, PropagationType::Shared)?;
            lab.note("before: the tree with a submount of each type")?;
            show_tree(process, "/tmp/tree", &ALL_TYPES)?;
            process.mount("/tmp/tree", HERE, "", MountFlags::MS_BIND | MountFlags::MS_REC, NO_DATA)?;
            lab.note("the copy, then its replicas at the peer and at the slave")?;
            for top in [HERE, "/tmp/b/peer/here", "/tmp/b/slave/here"] {
                show_tree(process, top, &ALL_TYPES)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.rbind-child-keeps-type-onto-nonshared",
        claim: "A recursive bind of a shared tree under a private, a slave or an unbindable mount copies every submount with the type that it has: shared in its group, slave with its master, both, or private.",
        sources: sources!(rbind),
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "a copied submount has another type, group or master than its original",
        play: |lab| {
            let bindable = &ALL_TYPES[..4];
            let process = with_mixed_tree(lab, bindable)?;
            change(process, "/tmp/tree", MountFlags::MS_SHARED)?;
            lab.note("before: the tree with a submount of each type")?;
            show_tree(process, "/tmp/tree", bindable)?;
            let destinations = nonshared_destinations(lab, process)?;
            lab.note("bound under each of three destinations, the copies have the types of the originals")?;
            for here in destinations {
                process.mount("/tmp/tree", here, "", MountFlags::MS_BIND | MountFlags::MS_REC, NO_DATA)?;
                show_tree(process, here, bindable)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.rbind-child-unbindable-onto-nonshared",
        claim: "A recursive bind of a shared tree leaves an unbindable submount out, and what is mounted below it, whether the destination is private, slave or unbindable.",
        sources: sources!(rbind),
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "one kind of destination gets the unbindable mount, or loses its neighbour",
        play: |lab| {
            let process = with_mixed_tree(lab, &ALL_TYPES[3..])?;
            tmpfs(process, "/tmp/tree/unbindable/below")?;
            change(process, "/tmp/tree", MountFlags::MS_SHARED)?;
            lab.note("before: the tree with a private and an unbindable submount")?;
            process.propagation("/tmp/tree")?;
            process.mount_points("/tmp/tree")?;
            let destinations = nonshared_destinations(lab, process)?;
            lab.note(
                "bound under each of three destinations, the unbindable one is missing with what is below it",
            )?;
            for here in destinations {
                process.mount("/tmp/tree", here, "", MountFlags::MS_BIND | MountFlags::MS_REC, NO_DATA)?;
                process.mount_points(here)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.move-child-onto-shared",
        claim: "A private tree that is moved under a shared mount is converted mount by mount: private ones become shared, slaves slave and shared, shared ones stay as they are; each is replicated at the peer and the slave.",
        sources: sources!(move),
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "a submount keeps its type, takes that of a neighbour, or is missing at the peer",
        play: |lab| {
            let bindable = &ALL_TYPES[..4];
            let process = with_mixed_tree(lab, bindable)?;
            lab.note("the destination is shared and has a peer and a slave")?;
            destination(process, PropagationType::Shared)?;
            lab.note("before: a private tree with a submount of each type")?;
            show_tree(process, "/tmp/tree", bindable)?;
            process.mount("/tmp/tree", HERE, "", MountFlags::MS_MOVE, NO_DATA)?;
            lab.note("after the move: the tree, then its replicas at the peer and at the slave")?;
            for top in [HERE, "/tmp/b/peer/here", "/tmp/b/slave/here"] {
                show_tree(process, top, bindable)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.move-child-onto-nonshared",
        claim: "A private tree keeps the types of all its submounts, unbindable ones included, when it is moved under a private mount, from there under a slave, and from there under an unbindable mount.",
        sources: sources!(move),
        since: "2.6.15",
        needs: &[&need::PROCFS],
        wrong: "a submount has another type after one of the moves, or is lost on the way",
        play: |lab| {
            let process = with_mixed_tree(lab, &ALL_TYPES)?;
            lab.note("before: a private tree with a submount of each type")?;
            show_tree(process, "/tmp/tree", &ALL_TYPES)?;
            let destinations = nonshared_destinations(lab, process)?;
            lab.note("moved under one destination after another, nothing changes its type")?;
            let mut from = "/tmp/tree";
            for here in destinations {
                process.mount(from, here, "", MountFlags::MS_MOVE, NO_DATA)?;
                show_tree(process, here, &ALL_TYPES)?;
                from = here;
            }
            process.mount_points("/tmp/tree")?;
            Ok(())
        },
        ..CASE
    },
];
