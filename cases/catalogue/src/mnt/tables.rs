//! The tables of the kernel's document on shared subtrees, cell by cell: a mount A of each
//! propagation type is bound, bound recursively or moved under a mount B of each type.
//!
//! Trees whose submounts differ in type live in `tree_tables`; mount, umount and the copy of a
//! namespace in `event_tables`; changes of the type in `transition_tables`.

use super::{MOUNT_NAMESPACES, NO_DATA, bind, change, tmpfs};
use crate::prelude::*;

/// A propagation type of a mount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PropagationType {
    Shared,
    SlaveShared,
    Slave,
    Private,
    Unbindable,
}

impl PropagationType {
    pub(super) fn has_master(self) -> bool {
        matches!(self, PropagationType::Slave | PropagationType::SlaveShared)
    }

    pub(super) fn has_peers(self) -> bool {
        matches!(self, PropagationType::Shared | PropagationType::SlaveShared)
    }
}

/// The word of a table for a propagation type.
macro_rules! propagation_type {
    (shared) => {
        PropagationType::Shared
    };
    (slaveshared) => {
        PropagationType::SlaveShared
    };
    (slave) => {
        PropagationType::Slave
    };
    (private) => {
        PropagationType::Private
    };
    (unbindable) => {
        PropagationType::Unbindable
    };
}
pub(super) use propagation_type;

/// The type of a cell's result; none where the operation is invalid.
macro_rules! result {
    (invalid) => {
        None
    };
    ($type:ident) => {
        Some(propagation_type!($type))
    };
}

/// Mounts an empty tmpfs of a propagation type at a place; a slave has its master, which is mounted
/// before, at another place.
pub(super) fn plain_mount_of_type(
    process: Process<'_>,
    propagation_type: PropagationType,
    place: &str,
    master: &str,
) -> Play {
    if propagation_type.has_master() {
        tmpfs(process, master)?;
        change(process, master, MountFlags::MS_SHARED)?;
        bind(process, master, place)?;
        change(process, place, MountFlags::MS_SLAVE)?;
    } else {
        tmpfs(process, place)?;
    }
    if propagation_type.has_peers() {
        change(process, place, MountFlags::MS_SHARED)?;
    }
    if propagation_type == PropagationType::Unbindable {
        change(process, place, MountFlags::MS_UNBINDABLE)?;
    }
    Ok(())
}

/// Mounts an empty tmpfs of a propagation type at a place and, in another directory, its relatives,
/// which events reach it from or go to: its master, a peer, a slave, as far as the type has them. Then
/// the types of all of them are read.
pub(super) fn mount_of_type(
    process: Process<'_>,
    propagation_type: PropagationType,
    place: &str,
    relatives: &str,
) -> Play {
    plain_mount_of_type(process, propagation_type, place, &format!("{relatives}/master"))?;
    if propagation_type.has_peers() {
        let slave = format!("{relatives}/slave");
        bind(process, place, &format!("{relatives}/peer"))?;
        bind(process, place, &slave)?;
        change(process, &slave, MountFlags::MS_SLAVE)?;
    }
    process.propagation(place)?;
    let has = [propagation_type.has_master(), propagation_type.has_peers(), propagation_type.has_peers()];
    for (relative, _) in ["master", "peer", "slave"].iter().zip(has).filter(|(_, has)| *has) {
        process.propagation(format!("{relatives}/{relative}"))?;
    }
    Ok(())
}

/// A process in a copy of the mount namespace.
pub(super) fn in_a_copy<'l>(lab: &Lab, outer: Process<'l>) -> Result<Process<'l>, Interrupt> {
    lab.note("another process gets a copy of the namespace")?;
    let inner = outer.clone("inner", NEWNS)?;
    for process in [outer, inner] {
        process.readlink("/proc/self/ns/mnt")?;
    }
    Ok(inner)
}

/// The relative under which an event is begun that [`mount_of_type`] lets reach the mount; none for
/// a mount that no event reaches.
pub(super) fn sender(propagation_type: PropagationType) -> Option<&'static str> {
    match propagation_type {
        PropagationType::Slave | PropagationType::SlaveShared => Some("master"),
        PropagationType::Shared => Some("peer"),
        PropagationType::Private | PropagationType::Unbindable => None,
    }
}

/// An operation that takes a source and a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Bind,
    Rbind,
    Move,
}

impl Operation {
    pub(super) fn flags(self) -> MountFlags {
        match self {
            Operation::Bind => MountFlags::MS_BIND,
            Operation::Rbind => MountFlags::MS_BIND | MountFlags::MS_REC,
            Operation::Move => MountFlags::MS_MOVE,
        }
    }
}

/// The word of a table for an operation.
macro_rules! operation {
    (bind) => {
        Operation::Bind
    };
    (rbind) => {
        Operation::Rbind
    };
    (move) => {
        Operation::Move
    };
}
pub(super) use operation;

/// The source of every operation.
const A: &str = "/tmp/a/mount";
/// The place under the destination, at which the result is.
pub(super) const HERE: &str = "/tmp/b/mount/here";

/// The note before the destination.
pub(super) const DESTINATION: &str = "the destination, with those that share its events";

/// Makes the destination B with a directory for the result.
pub(super) fn destination(process: Process<'_>, propagation_type: PropagationType) -> Play {
    process.mkdir("/tmp/b", 0o755)?;
    mount_of_type(process, propagation_type, "/tmp/b/mount", "/tmp/b")?;
    process.mkdir(HERE, 0o755)?;
    Ok(())
}

/// Reads the type of the result and of all its replicas: under the relatives of the destination, and
/// under its copy in another namespace.
pub(super) fn show_result(outer: Process<'_>, inner: Process<'_>, below: &str) -> Play {
    for relative in ["mount", "peer", "slave", "master"] {
        outer.propagation(format!("/tmp/b/{relative}/here{below}"))?;
    }
    inner.propagation(format!("{HERE}{below}"))?;
    Ok(())
}

/// Lists what is mounted on both sides, in both namespaces.
pub(super) fn show_sides(lab: &Lab, processes: [Process<'_>; 2]) -> Play {
    lab.note("the mounts of both sides, in both namespaces")?;
    for process in processes {
        process.mount_points("/tmp/a")?;
        process.mount_points("/tmp/b")?;
    }
    Ok(())
}

/// One cell: A with a submount of its kind is bound or moved under B, from where a namespace with
/// copies of both looks on.
fn cell(
    lab: &Lab,
    operation: Operation,
    source: PropagationType,
    onto: PropagationType,
    result: Option<PropagationType>,
) -> Play {
    let outer = lab.process("outer")?;
    lab.note("the source, with those that share its events, and a submount")?;
    outer.mkdir("/tmp/a", 0o755)?;
    mount_of_type(outer, source, A, "/tmp/a")?;
    let above = if source.has_master() { "/tmp/a/master" } else { A };
    tmpfs(outer, &format!("{above}/f"))?;
    lab.note(DESTINATION)?;
    destination(outer, onto)?;
    lab.note("the submount before the operation")?;
    outer.propagation("/tmp/a/mount/f")?;
    let inner = in_a_copy(lab, outer)?;
    lab.note("the operation, then its result and the replicas of that")?;
    outer.mount(A, HERE, "", operation.flags(), NO_DATA)?;
    if result.is_none() {
        outer.mount_points("/tmp/b")?;
        lab.note("once the source is private, it can be done")?;
        change(outer, A, MountFlags::MS_PRIVATE)?;
        outer.mount(A, HERE, "", operation.flags(), NO_DATA)?;
        outer.mount_points("/tmp/b")?;
        return Ok(());
    }
    show_result(outer, inner, "")?;
    if operation != Operation::Bind {
        show_result(outer, inner, "/f")?;
    }
    lab.note("events from the result and from the side of the source")?;
    tmpfs(outer, "/tmp/b/mount/here/from-result")?;
    match sender(source) {
        Some(sender) => tmpfs(outer, &format!("/tmp/a/{sender}/from-source"))?,
        None if operation != Operation::Move => tmpfs(outer, "/tmp/a/mount/from-source")?,
        None => {}
    }
    if source.has_master() && operation != Operation::Move {
        tmpfs(outer, "/tmp/a/mount/from-slave")?;
    }
    show_sides(lab, [outer, inner])
}

/// The id of a cell. The document and the tables of mount_namespaces(7) say "nonshared", of which
/// private is the plain kind.
macro_rules! id {
    ($operation:tt slaveshared private) => {
        concat!("mnt.", stringify!($operation), "-slaveshared-onto-private")
    };
    ($operation:tt $source:ident private) => {
        concat!("mnt.", stringify!($operation), "-", stringify!($source), "-onto-nonshared")
    };
    ($operation:tt $source:ident $destination:ident) => {
        concat!("mnt.", stringify!($operation), "-", stringify!($source), "-onto-", stringify!($destination))
    };
}

/// A mount of a type, in words.
macro_rules! a_mount {
    (shared) => {
        "a shared mount"
    };
    (slaveshared) => {
        "a mount that is slave and shared"
    };
    (slave) => {
        "a slave mount"
    };
    (private) => {
        "a private mount"
    };
    (unbindable) => {
        "an unbindable mount"
    };
}
pub(super) use a_mount;

/// The replicas of a result, in words, by the type of the destination.
macro_rules! replicas {
    (shared) => {
        "peers of the destination get peers of it, slaves get slaves"
    };
    (slaveshared) => {
        "peers of the destination get peers of it, slaves get slaves, its master gets nothing"
    };
    (slave) => {
        "the master of the destination gets nothing"
    };
    (private) => {
        "nothing appears elsewhere"
    };
    (unbindable) => {
        "nothing else is mounted"
    };
}
pub(super) use replicas;

/// The claim of a cell.
macro_rules! claim {
    ($operation:tt $source:ident $destination:ident invalid) => {
        concat!(
            "An unbindable mount cannot be ", participle!($operation), " under ", a_mount!($destination),
            "; once it is private, it can."
        )
    };
    ($operation:tt $source:ident $destination:ident $result:ident) => {
        concat!(
            noun!($operation), a_mount!($source), submount!($operation), " under ", a_mount!($destination), " ",
            becomes!($operation $source $result), "; ", replicas!($destination), "."
        )
    };
}

/// The operation, in words that need a verb.
macro_rules! noun {
    (bind) => {
        "A bind of "
    };
    (rbind) => {
        "A recursive bind of "
    };
    (move) => {
        "A move of "
    };
}

/// The operation, in a word that needs a helping verb.
macro_rules! participle {
    (bind) => {
        "bound"
    };
    (rbind) => {
        "bound recursively"
    };
    (move) => {
        "moved"
    };
}

/// The submount that the operation takes along, in words.
macro_rules! submount {
    (bind) => {
        ""
    };
    ($with:tt) => {
        " and its submount"
    };
}

/// The result of a source of a type, in words.
macro_rules! becomes {
    (move shared shared) => {
        "leaves both in their peer groups"
    };
    (move private shared) => {
        "makes both shared, in new peer groups"
    };
    (move slave slaveshared) => {
        "makes both shared and leaves them slaves of their masters"
    };
    (move slaveshared slaveshared) => {
        "leaves both in their peer groups and slaves of their masters"
    };
    (move slave slave) => {
        "leaves both slaves of their masters"
    };
    (move private private) => {
        "leaves both private"
    };
    (move unbindable unbindable) => {
        "leaves the one unbindable and the other private"
    };
    (bind shared shared) => {
        "gives another member of its peer group"
    };
    (bind private shared) => {
        "gives a shared mount in a new peer group"
    };
    (bind slave slaveshared) => {
        "gives another slave of its master, shared as well"
    };
    (bind slaveshared slaveshared) => {
        "gives another member of its peer group, with the same master"
    };
    (bind slave slave) => {
        "gives another slave of its master"
    };
    (bind private private) => {
        "gives a private mount"
    };
    (rbind shared shared) => {
        "gives each another member of its peer group"
    };
    (rbind private shared) => {
        "gives of each a shared copy in a new peer group"
    };
    (rbind slave slaveshared) => {
        "gives each another slave of its master, shared as well"
    };
    (rbind slaveshared slaveshared) => {
        "gives each another member of its peer group, with the same master"
    };
    (rbind slave slave) => {
        "gives each another slave of its master"
    };
    (rbind private private) => {
        "gives of each a private copy"
    };
}

/// A wrong kernel's result.
macro_rules! wrong {
    (invalid) => {
        "the unbindable mount is mounted under the destination"
    };
    ($result:ident) => {
        concat!(
            "the result is not ",
            a_mount!($result),
            ", or a relative of the destination lacks its replica or has one too many"
        )
    };
}

/// Where an operation is documented.
macro_rules! sources {
    (bind) => {
        &[
            man(MOUNT_NAMESPACES, "Bind (MS_BIND) semantics"),
            text("Documentation/filesystems/sharedsubtree.rst, Bind semantics"),
        ]
    };
    (rbind) => {
        &[
            man(MOUNT_NAMESPACES, "Bind (MS_BIND) semantics"),
            text("Documentation/filesystems/sharedsubtree.rst, Rbind semantics"),
        ]
    };
    (move) => {
        &[
            man(MOUNT_NAMESPACES, "Move (MS_MOVE) semantics"),
            text("Documentation/filesystems/sharedsubtree.rst, Move semantics"),
        ]
    };
}
pub(super) use sources;

/// Calls a macro for each cell of tables. The rows are the types of the destination, the columns those
/// of the source or submount, as in the document.
macro_rules! each_cell {
    ($make:ident: $($operation:tt { $(onto $destination:ident: $shared:ident $private:ident $slave:ident $slaveshared:ident $unbindable:ident;)+ })+) => {
        [$($(
            $make!($operation shared $destination $shared),
            $make!($operation private $destination $private),
            $make!($operation slave $destination $slave),
            $make!($operation slaveshared $destination $slaveshared),
            $make!($operation unbindable $destination $unbindable),
        )+)+]
    };
}
pub(super) use each_cell;

/// The case of a cell.
macro_rules! case {
    ($operation:tt $source:ident $destination:ident $result:ident) => {
        Case {
            id: id!($operation $source $destination),
            claim: claim!($operation $source $destination $result),
            sources: sources!($operation),
            since: "2.6.15",
            needs: &[&need::PROCFS],
            wrong: wrong!($result),
            play: |lab| cell(
                lab,
                operation!($operation),
                propagation_type!($source),
                propagation_type!($destination),
                result!($result),
            ),
            ..CASE
        }
    };
}

/// The tables.
#[rustfmt::skip]
macro_rules! tables {
    ($make:ident) => {
        each_cell! { $make:
            //  destination (B)    source (A): shared     private    slave         slave+shared   unbindable
            bind {
                onto shared:                   shared     shared     slaveshared   slaveshared    invalid;
                onto slaveshared:              shared     shared     slaveshared   slaveshared    invalid;
                onto private:                  shared     private    slave         slaveshared    invalid;
                onto slave:                    shared     private    slave         slaveshared    invalid;
                onto unbindable:               shared     private    slave         slaveshared    invalid;
            }
            rbind {
                onto shared:                   shared     shared     slaveshared   slaveshared    invalid;
                onto slaveshared:              shared     shared     slaveshared   slaveshared    invalid;
                onto private:                  shared     private    slave         slaveshared    invalid;
                onto slave:                    shared     private    slave         slaveshared    invalid;
                onto unbindable:               shared     private    slave         slaveshared    invalid;
            }
            move {
                onto shared:                   shared     shared     slaveshared   slaveshared    invalid;
                onto slaveshared:              shared     shared     slaveshared   slaveshared    invalid;
                onto private:                  shared     private    slave         slaveshared    unbindable;
                onto slave:                    shared     private    slave         slaveshared    unbindable;
                onto unbindable:               shared     private    slave         slaveshared    unbindable;
            }
        }
    };
}

/// The cases of this topic.
pub const CASES: &[Case] = &tables!(case);

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The word of the tables for the type that an approved trace shows last for a place.
    pub(in crate::mnt) fn type_shown(id: &str, place: &str) -> &'static str {
        let trace = crate::approved(id).expect(id);
        let asked = format!("propagation(\"{place}\")");
        let asked = |line: &&str| line.starts_with("outer") && line.contains(&asked);
        let Some((_, answer)) = trace.lines().rfind(asked).and_then(|line| line.rsplit_once("= ")) else {
            return "never asked";
        };
        match (answer.contains("shared:"), answer.contains("master:")) {
            (true, true) => "slaveshared",
            (true, false) => "shared",
            (false, true) => "slave",
            (false, false) if answer.contains("unbindable") => "unbindable",
            (false, false) if answer.contains("ENOENT") => "pruned",
            (false, false) => "private",
        }
    }

    /// The id of a cell and its result.
    macro_rules! expected {
        ($operation:tt $source:ident $destination:ident $result:ident) => {
            (id!($operation $source $destination), stringify!($result))
        };
    }

    #[test]
    fn approved_traces_show_the_results_of_the_tables() {
        for (id, result) in tables!(expected) {
            match result {
                "invalid" => assert!(crate::approved(id).expect(id).contains("EINVAL"), "{id}"),
                _ => assert_eq!(type_shown(id, HERE), result, "{id}"),
            }
        }
    }
}
