//! The tables of the kernel's document on shared subtrees, applied to each mount of a tree: a private
//! tree, with a submount of each propagation type, is bound recursively or moved under a mount of
//! each type.
//!
//! Trees that are of one type throughout live in `tables`, trees that hold submounts of all types at
//! once in `mixed_trees`.

use super::tables::{
    DESTINATION, HERE, Operation, PropagationType, a_mount, destination, each_cell, in_a_copy, mount_of_type,
    operation, propagation_type, replicas, sender, show_result, show_sides, sources,
};
use super::{MOUNT_NAMESPACES, NO_DATA, change, tmpfs};
use crate::prelude::*;

/// The submount of a cell.
const SUBMOUNT: &str = "/tmp/a/tree/f";

/// The fate of the submount of a cell.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It is at the destination, with a type that mount_namespaces(7) foretells.
    There,
    /// It is left out.
    Pruned,
    /// The whole operation fails.
    Invalid,
}

/// The word of a table for what becomes of a submount.
macro_rules! fate {
    (pruned) => {
        Fate::Pruned
    };
    (invalid) => {
        Fate::Invalid
    };
    ($type:ident) => {
        Fate::There
    };
}

/// One cell: a private tree with the submount is bound or moved under B, from where a namespace with
/// copies of both looks on.
fn cell(
    lab: &Lab,
    operation: Operation,
    submount: PropagationType,
    onto: PropagationType,
    fate: Fate,
) -> Play {
    let outer = lab.process("outer")?;
    lab.note("the tree, its submount, and those that share the submount's events")?;
    outer.mkdir("/tmp/a", 0o755)?;
    tmpfs(outer, "/tmp/a/tree")?;
    mount_of_type(outer, submount, SUBMOUNT, "/tmp/a")?;
    lab.note(DESTINATION)?;
    destination(outer, onto)?;
    lab.note("the top of the tree before the operation")?;
    outer.propagation("/tmp/a/tree")?;
    let inner = in_a_copy(lab, outer)?;
    lab.note("the operation, then the top of the tree, its submount and the replicas of both")?;
    outer.mount("/tmp/a/tree", HERE, "", operation.flags(), NO_DATA)?;
    if fate == Fate::Invalid {
        outer.mount_points("/tmp/b")?;
        lab.note("once the submount is private, it can be done")?;
        change(outer, SUBMOUNT, MountFlags::MS_PRIVATE)?;
        outer.mount("/tmp/a/tree", HERE, "", operation.flags(), NO_DATA)?;
        outer.mount_points("/tmp/b")?;
        return Ok(());
    }
    show_result(outer, inner, "")?;
    show_result(outer, inner, "/f")?;
    if fate == Fate::There {
        lab.note("events from the submount and from those that it follows")?;
        tmpfs(outer, "/tmp/b/mount/here/f/from-result")?;
    }
    if let Some(sender) = sender(submount) {
        tmpfs(outer, &format!("/tmp/a/{sender}/from-source"))?;
    }
    if submount.has_master() && operation == Operation::Rbind {
        tmpfs(outer, "/tmp/a/tree/f/from-slave")?;
    }
    show_sides(lab, [outer, inner])
}

/// The id of a cell.
macro_rules! id {
    (move unbindable shared) => {
        "mnt.move-tree-with-unbindable-onto-shared-einval"
    };
    (move unbindable slaveshared) => {
        "mnt.move-tree-with-unbindable-onto-slaveshared-einval"
    };
    ($operation:tt $submount:ident $destination:ident) => {
        concat!(
            "mnt.",
            stringify!($operation),
            "-child-",
            stringify!($submount),
            "-onto-",
            stringify!($destination)
        )
    };
}

/// The tree of a cell, in words.
macro_rules! tree {
    (rbind) => {
        "In a private tree that is bound recursively under "
    };
    (move) => {
        "In a private tree that is moved under "
    };
}

/// The claim of a cell.
macro_rules! claim {
    ($operation:tt $submount:ident $destination:ident invalid) => {
        concat!(
            "A private tree with ", a_mount!($submount), " in it cannot be moved under ", a_mount!($destination),
            "; once that mount is private, it can."
        )
    };
    ($operation:tt $submount:ident $destination:ident pruned) => {
        concat!(
            tree!($operation), a_mount!($destination), ", ", a_mount!($submount),
            " below the top is left out, at the destination and wherever a copy of the tree arrives."
        )
    };
    ($operation:tt $submount:ident $destination:ident $result:ident) => {
        concat!(
            tree!($operation), a_mount!($destination), ", ", a_mount!($submount), " below the top ",
            becomes!($operation $submount $result), "; ", replicas!($destination), "."
        )
    };
}

/// The type that a submount gets, in words.
macro_rules! becomes {
    (rbind shared shared) => {
        "gets a copy in its peer group"
    };
    (rbind private private) => {
        "gets a private copy"
    };
    (rbind private shared) => {
        "gets a copy that is shared, in a new peer group"
    };
    (rbind slave slave) => {
        "gets a copy with the same master"
    };
    (rbind slave slaveshared) => {
        "gets a copy with the same master that is shared as well"
    };
    (rbind slaveshared slaveshared) => {
        "gets a copy in its peer group and with its master"
    };
    (move private shared) => {
        "becomes shared, in a new peer group"
    };
    (move slave slaveshared) => {
        "becomes shared and stays a slave of its master"
    };
    (move $submount:ident $same:ident) => {
        concat!("stays ", a_mount!($same))
    };
}

/// The trace of a wrong kernel, in words.
macro_rules! wrong {
    (invalid) => {
        "the tree is moved, and the unbindable mount with it, or the top of the tree alone"
    };
    (pruned) => {
        "the unbindable mount is copied, or the top of the tree is left out as well"
    };
    ($result:ident) => {
        concat!(
            "the submount at the destination, or one of its replicas, is missing or is not ",
            a_mount!($result)
        )
    };
}

/// The case of a cell.
macro_rules! case {
    ($operation:tt $submount:ident $destination:ident $result:ident) => {
        Case {
            id: id!($operation $submount $destination),
            claim: claim!($operation $submount $destination $result),
            sources: sources!($operation),
            since: "2.6.15",
            needs: &[&need::PROCFS],
            wrong: wrong!($result),
            play: |lab| cell(
                lab,
                operation!($operation),
                propagation_type!($submount),
                propagation_type!($destination),
                fate!($result),
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
            //  destination (B)    submount:   shared     private    slave         slave+shared   unbindable
            rbind {
                onto shared:                   shared     shared     slaveshared   slaveshared    pruned;
                onto slaveshared:              shared     shared     slaveshared   slaveshared    pruned;
                onto private:                  shared     private    slave         slaveshared    pruned;
                onto slave:                    shared     private    slave         slaveshared    pruned;
                onto unbindable:               shared     private    slave         slaveshared    pruned;
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
mod tests {
    use super::super::tables::tests::type_shown;
    use super::*;

    /// The id of a cell and the fate of its submount.
    macro_rules! expected {
        ($operation:tt $submount:ident $destination:ident $result:ident) => {
            (id!($operation $submount $destination), stringify!($result))
        };
    }

    #[test]
    fn approved_traces_show_the_results_of_the_tables() {
        for (id, result) in tables!(expected) {
            match result {
                "invalid" => assert!(crate::approved(id).expect(id).contains("EINVAL"), "{id}"),
                _ => assert_eq!(type_shown(id, &format!("{HERE}/f")), result, "{id}"),
            }
        }
    }
}
