//! Each mount namespace has its own list of mounts; mount(2) and umount(2) act on the caller's.
//!
//! How a new namespace gets its list lives in `creation`, how events cross between lists in
//! `propagation`.

use super::{MOUNT_NAMESPACES, tmpfs};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.isolates-mount-list",
        claim: "A mount namespace has a mount list of its own: what is mounted in one does not show up in the other, in either direction, as long as the mounts involved are private.",
        sources: &[SEED, man(MOUNT_NAMESPACES, "DESCRIPTION")],
        since: "2.4.19",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "a mount made in one namespace is listed in the other",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWNS)?;
            tmpfs(inner, "/tmp/in")?;
            tmpfs(outer, "/tmp/out")?;
            inner.mount_points("/tmp")?;
            outer.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.mount-umount-act-on-callers-ns-only",
        claim: "mount and umount change the mount list of the caller's namespace, not one list of the whole system: a mount that both namespaces hold can be removed in one and stays in the other.",
        sources: &[SEED, man("mount(2)", "Mount namespaces")],
        since: "2.4.19",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the outer process loses the mount that the inner one has unmounted",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/d")?;
            let inner = outer.clone("inner", NEWNS)?;
            inner.mount_points("/tmp")?;
            inner.umount("/tmp/d")?;
            inner.mount_points("/tmp")?;
            outer.mount_points("/tmp")?;
            tmpfs(outer, "/tmp/d/later")?;
            outer.mount_points("/tmp")?;
            inner.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.flag-clone-newns",
        claim: "CLONE_NEWNS stands for mount namespaces everywhere: clone and unshare create one with it, setns accepts it as the kind of a mount namespace's descriptor, and the kernel names it as that kind.",
        sources: &[SEED, man("namespaces(7)", "Namespace types"), man("setns(2)", "DESCRIPTION")],
        since: "3.8",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the flag is refused, or leaves the process in the mount namespace where it was",
        play: |lab| {
            let process = lab.process("process")?;
            process.readlink("/proc/self/ns/mnt")?;
            let before = process.open("/proc/self/ns/mnt", O_RDONLY)?.id()?;
            process.ioctl_nstype(before)?;
            process.unshare(NEWNS)?;
            process.readlink("/proc/self/ns/mnt")?;
            let child = process.clone("child", NEWNS)?;
            child.readlink("/proc/self/ns/mnt")?;
            process.setns(before, NEWUTS)?;
            process.setns(before, NEWNS)?;
            process.readlink("/proc/self/ns/mnt")?;
            Ok(())
        },
        ..CASE
    },
];

/// The claims of this topic that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[Untested {
    id: "mnt.first-namespace-type",
    claim: "Mount namespaces were the first kind of namespace, which is why their flag has the unspecific name CLONE_NEWNS.",
    sources: &[SEED],
    why: "This is history: a running kernel cannot be asked what it had first.",
    part: Some("mnt.flag-clone-newns"),
}];
