//! How long a user namespace lives: its members, descriptors, children and what it owns.

use super::{OWN, OWN_NS, ROOT_AS_ROOT};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "user.lifetime-fd-and-bind",
        claim: "A user namespace without processes stays for as long as its file is open somewhere or mounted, and can be joined again.",
        sources: &[man("namespaces(7)", "Namespace lifetime")],
        since: "3.8",
        needs: &[&need::PROCFS],
        wrong: "the namespace cannot be joined, or another one is",
        play: |lab| {
            let owner = lab.process("owner")?;
            let last = owner.clone("last", NEWUSER)?;
            let held = owner.open(last.proc("ns/user"), O_RDONLY)?.id()?;
            owner.fstat_ns(held)?;
            last.exit(0)?;
            owner.waitpid(last, WaitOptions::empty())?;
            let first = owner.fork("first")?;
            first.setns(held, NEWUSER)?;
            first.readlink(OWN_NS)?;
            lab.note("now a mount instead of the descriptor")?;
            owner.creat_excl("pin")?;
            owner.mount(first.proc("ns/user"), "pin", "", MountFlags::MS_BIND, "")?;
            owner.close(held)?;
            first.exit(0)?;
            owner.waitpid(first, WaitOptions::empty())?;
            let pinned = owner.open("pin", O_RDONLY)?.id()?;
            owner.setns(pinned, NEWUSER)?;
            owner.readlink(OWN_NS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.lifetime-children-and-owned",
        claim: "A user namespace without processes stays for as long as it has a child namespace, and for as long as it owns a namespace of another type.",
        sources: &[man("namespaces(7)", "Namespace lifetime")],
        since: "4.9",
        needs: &[&need::PROCFS, &need::UTS_NS],
        wrong: "the parent or owner is gone, or is another one",
        play: |lab| {
            let outer = lab.process("outer")?;
            let middle = outer.clone("middle", NEWUSER)?;
            middle.map_ids(OWN, ROOT_AS_ROOT, ROOT_AS_ROOT)?;
            middle.readlink(OWN_NS)?;
            let inner = middle.clone("inner", NEWUSER)?;
            let named = middle.clone("named", NEWUTS)?;
            let child = outer.open(inner.proc("ns/user"), O_RDONLY)?.id()?;
            let owned = outer.open(named.proc("ns/uts"), O_RDONLY)?.id()?;
            lab.note("all processes end; descriptors keep the child and the owned namespace")?;
            for process in [inner, named] {
                process.exit(0)?;
                middle.waitpid(process, WaitOptions::empty())?;
            }
            middle.exit(0)?;
            outer.waitpid(middle, WaitOptions::empty())?;
            lab.note("both still lead to the user namespace without processes")?;
            let parent = outer.ioctl_parent(child)?.id()?;
            outer.fstat_ns(parent)?;
            let owner = outer.ioctl_userns(owned)?.id()?;
            outer.fstat_ns(owner)?;
            Ok(())
        },
        ..CASE
    },
];
