//! The table of mount_namespaces(7) of what becomes of the propagation type of a mount that is made
//! shared, slave, private or unbindable: by mount(2) and by mount_setattr(2).
//!
//! The other rules of these calls live in `propagation_type`.

use super::tables::{PropagationType, a_mount, in_a_copy, mount_of_type, propagation_type, sender};
use super::{MOUNT_NAMESPACES, bind_on, change, tmpfs};
use crate::prelude::*;

/// The mount whose type changes.
const PLACE: &str = "/tmp/a/mount";

/// The call that changes the type.
#[derive(Clone, Copy)]
enum TypeChanger {
    Mount,
    MountSetattr,
}

impl TypeChanger {
    fn make(self, process: Process<'_>, new: MountFlags) -> Done {
        match self {
            TypeChanger::Mount => change(process, PLACE, new),
            TypeChanger::MountSetattr => {
                let (this, none) = (SetAttrFlags::empty(), MountAttributes::empty());
                process.mount_setattr(Directory::AT_FDCWD, PLACE, this, none, none, new)
            }
        }
    }
}

/// One cell: a mount with relatives here and a copy in another namespace is made to be of a type. An
/// event from each side shows what it follows afterwards, and what follows it.
fn cell(lab: &Lab, call: TypeChanger, old: PropagationType, make: MountFlags) -> Play {
    let outer = lab.process("outer")?;
    lab.note("the mount, with those that share its events")?;
    outer.mkdir("/tmp/a", 0o755)?;
    mount_of_type(outer, old, PLACE, "/tmp/a")?;
    let inner = in_a_copy(lab, outer)?;
    lab.note("the change, then an event from each side and a bind")?;
    call.make(outer, make)?;
    outer.propagation(PLACE)?;
    if let Some(sender) = sender(old) {
        tmpfs(outer, &format!("/tmp/a/{sender}/from-{sender}"))?;
    }
    tmpfs(outer, "/tmp/a/mount/from-mount")?;
    outer.mkdir("/tmp/a/bind", 0o755)?;
    bind_on(outer, PLACE, "/tmp/a/bind")?;
    for process in [outer, inner] {
        process.mount_points("/tmp/a")?;
    }
    Ok(())
}

/// The flag that makes a mount be of a type.
macro_rules! flag {
    (shared) => {
        MountFlags::MS_SHARED
    };
    (slave) => {
        MountFlags::MS_SLAVE
    };
    (private) => {
        MountFlags::MS_PRIVATE
    };
    (unbindable) => {
        MountFlags::MS_UNBINDABLE
    };
}

/// The call, in words, and the beginning of the ids.
macro_rules! by {
    (id mount) => {
        "mnt.trans-"
    };
    (id mount_setattr) => {
        "mnt.setattr-trans-"
    };
    (words mount) => {
        "mount(2)"
    };
    (words mount_setattr) => {
        "mount_setattr(2)"
    };
    (call mount) => {
        TypeChanger::Mount
    };
    (call mount_setattr) => {
        TypeChanger::MountSetattr
    };
    (since mount) => {
        "2.6.15"
    };
    (since mount_setattr) => {
        "5.12"
    };
    (needs mount) => {
        &[&need::PROCFS]
    };
    (needs mount_setattr) => {
        &[&need::MOUNT_SETATTR, &need::PROCFS]
    };
    (sources mount) => {
        &[
            man(MOUNT_NAMESPACES, "Propagation type transitions"),
            man("mount(2)", "Changing the propagation type of an existing mount"),
        ]
    };
    (sources mount_setattr) => {
        &[man(MOUNT_NAMESPACES, "Propagation type transitions"), man("mount_setattr(2)", "DESCRIPTION")]
    };
}

/// The change of the mount, in words.
macro_rules! becomes {
    (shared shared shared) => {
        "stays in its peer group"
    };
    (slave shared slaveshared) => {
        "stays a slave of its master and gets a peer group of its own"
    };
    (slaveshared shared slaveshared) => {
        "stays in its peer group and a slave of its master"
    };
    ($lone:ident shared shared) => {
        "is shared, in a new peer group"
    };
    (shared slave slave) => {
        "leaves its peer group and becomes a slave of it, if there are other members"
    };
    (slaveshared slave slave) => {
        "leaves its peer group and becomes a slave of it, no longer of its former master, if there are other members"
    };
    ($same:ident slave $also:ident) => {
        "stays what it is, since it was in no peer group"
    };
    ($old:ident private private) => {
        "follows nothing, is followed by nothing and can be bound"
    };
    ($old:ident unbindable unbindable) => {
        "follows nothing, is followed by nothing and cannot be bound"
    };
}

/// The mutants that a cell misses: where the mount stays what it is, the call changes nothing.
macro_rules! accepted {
    ($call:ident shared shared) => {
        accepted!(@unchanged $call "MS_SHARED")
    };
    ($call:ident slaveshared shared) => {
        accepted!(@unchanged $call "MS_SHARED")
    };
    ($call:ident slave slave) => {
        accepted!(@unchanged $call "MS_SLAVE")
    };
    ($call:ident private slave) => {
        accepted!(@unchanged $call "MS_SLAVE")
    };
    ($call:ident unbindable slave) => {
        accepted!(@unchanged $call "MS_SLAVE")
    };
    ($call:ident private private) => {
        accepted!(@unchanged $call "MS_PRIVATE")
    };
    ($call:ident unbindable unbindable) => {
        accepted!(@unchanged $call "MS_UNBINDABLE")
    };
    ($call:ident $old:ident $make:ident) => {
        &[]
    };
    (@unchanged mount $flag:literal) => {
        &[Accepted { mutant: concat!("mount(NULL, \"/tmp/a/mount\", NULL, ", $flag, ", NULL)"), why: UNCHANGED }]
    };
    (@unchanged mount_setattr $flag:literal) => {
        &[Accepted {
            mutant: concat!("mount_setattr(AT_FDCWD, \"/tmp/a/mount\", 0, {attr_clr=0, attr_set=0, propagation=", $flag, "})"),
            why: UNCHANGED,
        }]
    };
}

/// The reason for it.
const UNCHANGED: &str = "The claim is that the call changes nothing, so all is as if it had not been made.";

/// Makes a case of each cell of the table, for each of the calls. The rows are the old types, the
/// columns the types that are asked for, as in the manual page.
macro_rules! cases {
    ($($call:ident { $($old:ident: $shared:ident $slave:ident $private:ident $unbindable:ident;)+ })+) => {
        &[$($(
            cases!(@cell $call $old shared $shared),
            cases!(@cell $call $old slave $slave),
            cases!(@cell $call $old private $private),
            cases!(@cell $call $old unbindable $unbindable),
        )+)+]
    };
    (@cell $call:ident $old:ident $make:ident $new:ident) => {
        Case {
            id: concat!(by!(id $call), stringify!($old), "-", stringify!($make)),
            claim: concat!(
                "Made ", stringify!($make), " by ", by!(words $call), ", ", a_mount!($old), " ",
                becomes!($old $make $new), "."
            ),
            sources: by!(sources $call),
            since: by!(since $call),
            needs: by!(needs $call),
            wrong: concat!("the mount is not ", a_mount!($new), " afterwards, or follows others than such a mount does"),
            accepted: accepted!($call $old $make),
            play: |lab| cell(lab, by!(call $call), propagation_type!($old), flag!($make)),
            ..CASE
        }
    };
}

/// The tables.
#[rustfmt::skip]
macro_rules! tables {
    ($make:ident) => {
        $make! {
            //               make-shared    make-slave    make-private   make-unbindable
            mount {
                shared:      shared         slave         private        unbindable;
                slave:       slaveshared    slave         private        unbindable;
                slaveshared: slaveshared    slave         private        unbindable;
                private:     shared         private       private        unbindable;
                unbindable:  shared         unbindable    private        unbindable;
            }
            mount_setattr {
                shared:      shared         slave         private        unbindable;
                slave:       slaveshared    slave         private        unbindable;
                slaveshared: slaveshared    slave         private        unbindable;
                private:     shared         private       private        unbindable;
                unbindable:  shared         unbindable    private        unbindable;
            }
        }
    };
}

/// The cases of this topic.
pub const CASES: &[Case] = tables!(cases);

#[cfg(test)]
mod tests {
    use super::super::tables::tests::type_shown;
    use super::*;

    /// The new types by id.
    macro_rules! results {
        ($($call:ident { $($old:ident: $shared:ident $slave:ident $private:ident $unbindable:ident;)+ })+) => {
            [$($(
                (concat!(by!(id $call), stringify!($old), "-shared"), stringify!($shared)),
                (concat!(by!(id $call), stringify!($old), "-slave"), stringify!($slave)),
                (concat!(by!(id $call), stringify!($old), "-private"), stringify!($private)),
                (concat!(by!(id $call), stringify!($old), "-unbindable"), stringify!($unbindable)),
            )+)+]
        };
    }

    #[test]
    fn approved_traces_show_the_types_of_the_table() {
        for (id, result) in tables!(results) {
            assert_eq!(type_shown(id, PLACE), result, "{id}");
        }
    }
}
