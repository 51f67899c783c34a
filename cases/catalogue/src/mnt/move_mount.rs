//! Moving mounts by descriptor or path: move_mount(2) on attached mounts, and MOVE_MOUNT_BENEATH.
//!
//! MOVE_MOUNT_SET_GROUP lives in `sharing_groups`, the first attachment of a mount in `detached`,
//! MS_MOVE in `moving`.

use super::{attach_on, bind, bind_on, by_descriptor, change, detached_tmpfs, tmpfs};
use crate::prelude::*;

const HERE: Directory = Directory::AT_FDCWD;
const PLAIN: OpenTreeFlags = OpenTreeFlags::empty();
const NO_FLAGS: MoveMountFlags = MoveMountFlags::empty();
pub(super) const BENEATH: MoveMountFlags =
    MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH.union(MoveMountFlags::MOVE_MOUNT_BENEATH);

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.move-mount-like-ms-move",
        claim: "move_mount moves an attached mount with all that is mounted below it, by path or by descriptor, and the same descriptor again and again.",
        sources: &[man("move_mount(2)", "DESCRIPTION")],
        since: "5.2",
        needs: &[&need::PROCFS, &need::OPEN_TREE],
        wrong: "the mount stays, is copied, loses its submounts, or its descriptor moves it only once",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            tmpfs(process, "/tmp/a/x")?;
            process.mkdir("/tmp/b", 0o755)?;
            process.mkdir("/tmp/c", 0o755)?;
            process.move_mount(HERE, "/tmp/a", HERE, "/tmp/b", NO_FLAGS)?;
            process.mount_points("/tmp")?;
            lab.note("by descriptor, twice")?;
            let mount = process.open_tree(HERE, "/tmp/b", PLAIN)?.id()?;
            for place in ["/tmp/c", "/tmp/a"] {
                attach_on(process, mount, place)?;
                process.mount_points("/tmp")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.move-mount-errors",
        claim: "move_mount refuses to move what is no mount, a directory onto a file, a mount under a shared parent, one with an unbindable mount below a shared one, one into itself (ELOOP), and everything without CAP_SYS_ADMIN (EPERM); the mount stays where it is.",
        sources: &[man("move_mount(2)", "ERRORS")],
        since: "5.2",
        needs: &[&need::PROCFS],
        wrong: "one of these moves is done, or refused with another error",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/shared")?;
            tmpfs(process, "/tmp/shared/x")?;
            change(process, "/tmp/shared", MountFlags::MS_SHARED)?;
            for place in ["/tmp/a", "/tmp/a/u"] {
                tmpfs(process, place)?;
            }
            change(process, "/tmp/a/u", MountFlags::MS_UNBINDABLE)?;
            for place in ["/tmp/a/s", "/tmp/shared/s", "/tmp/b"] {
                process.mkdir(place, 0o755)?;
            }
            process.creat_excl("/tmp/file")?;
            lab.note("each is wrong in one thing")?;
            for (from, to) in [
                ("/tmp/a/s", "/tmp/b"),
                ("/tmp/a", "/tmp/file"),
                ("/tmp/shared/x", "/tmp/b"),
                ("/tmp/a", "/tmp/shared/s"),
                ("/tmp/a", "/tmp/a/s"),
            ] {
                process.move_mount(HERE, from, HERE, to, NO_FLAGS)?;
            }
            let powerless = process.fork("powerless")?;
            powerless.capset_drop(CAP_SYS_ADMIN)?;
            powerless.move_mount(HERE, "/tmp/a", HERE, "/tmp/b", NO_FLAGS)?;
            process.mount_points("/tmp")?;
            lab.note("nothing is wrong with this one")?;
            process.move_mount(HERE, "/tmp/a", HERE, "/tmp/b", NO_FLAGS)?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.move-mount-path-errors",
        claim: "move_mount tells what is wrong with its paths: EINVAL for a flag that does not exist, EBADF, ENOENT for a path that leads nowhere or is empty without the flag for that, ENOTDIR, ENAMETOOLONG, and EFAULT for no path.",
        sources: &[man("move_mount(2)", "ERRORS")],
        since: "5.2",
        needs: &[&need::PROCFS],
        wrong: "a wrong argument is accepted or gives another error",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            process.mkdir("/tmp/b", 0o755)?;
            process.creat_excl("/tmp/file")?;
            lab.note("each is wrong in one thing")?;
            let unknown = MoveMountFlags::from_bits_retain(1 << 30);
            process.move_mount(HERE, "/tmp/a", HERE, "/tmp/b", unknown)?;
            process.move_mount(99, "a", HERE, "/tmp/b", NO_FLAGS)?;
            process.move_mount(HERE, "/tmp/a", 99, "b", NO_FLAGS)?;
            let long = "n".repeat(256);
            for wrong in ["/tmp/none", "", "/tmp/file/below", long.as_str()] {
                process.move_mount(HERE, wrong, HERE, "/tmp/b", NO_FLAGS)?;
                process.move_mount(HERE, "/tmp/a", HERE, wrong, NO_FLAGS)?;
            }
            process.move_mount_null(HERE, "/tmp/a", HERE, NO_FLAGS)?;
            process.mount_points("/tmp")?;
            lab.note("nothing is wrong with this one")?;
            process.move_mount(HERE, "/tmp/a", HERE, "/tmp/b", NO_FLAGS)?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.move-mount-beneath",
        claim: "MOVE_MOUNT_BENEATH puts a mount below the one that is on top: nothing changes for whoever looks there until the top is unmounted, then the new mount shows.",
        sources: &[man("move_mount(2)", "MOVE_MOUNT_BENEATH")],
        since: "6.5",
        needs: &[&need::PROCFS, &need::BENEATH],
        wrong: "the new mount is on top, or what is below the top is not the new mount",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            process.creat_excl("/tmp/a/of-the-top")?;
            let new = detached_tmpfs(process)?;
            process.creat_excl(format!("{}/of-the-new", by_descriptor(new)))?;
            process.move_mount(new, "", HERE, "/tmp/a", BENEATH)?;
            process.mount_points("/tmp/a")?;
            process.readdir("/tmp/a")?;
            lab.note("without the top")?;
            process.umount("/tmp/a")?;
            process.mount_points("/tmp/a")?;
            process.readdir("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.beneath-basics",
        claim: "MOVE_MOUNT_BENEATH takes a mount point of the caller's own mount namespace only: a directory that is none is refused with EINVAL, and so is one of another namespace.",
        sources: &[man("move_mount(2)", "ERRORS"), man("move_mount(2)", "MOVE_MOUNT_BENEATH")],
        since: "6.5",
        needs: &[&need::PROCFS, &need::BENEATH],
        wrong: "a mount is put below nothing, or into a namespace that the caller is not in",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/a")?;
            outer.mkdir("/tmp/plain", 0o755)?;
            let inner = outer.clone("inner", NEWNS)?;
            let new = detached_tmpfs(outer)?;
            outer.move_mount(new, "", HERE, "/tmp/plain", BENEATH)?;
            outer.move_mount(new, "", HERE, inner.proc("root/tmp/a"), BENEATH)?;
            outer.mount_points("/tmp")?;
            inner.mount_points("/tmp")?;
            lab.note("the same mount below one of the own namespace")?;
            outer.move_mount(new, "", HERE, "/tmp/a", BENEATH)?;
            outer.mount_points("/tmp")?;
            inner.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.move-mount-beneath-propagation",
        claim: "MOVE_MOUNT_BENEATH is refused where the mount below would propagate onto the top mount itself: the top shows a directory of its own shared parent and receives from it.",
        sources: &[man("move_mount(2)", "ERRORS")],
        since: "6.5",
        needs: &[&need::PROCFS, &need::BENEATH],
        wrong: "one call puts two mounts below the top, or a private top is refused as well",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/p")?;
            change(process, "/tmp/p", MountFlags::MS_SHARED)?;
            process.mkdir("/tmp/p/c", 0o755)?;
            bind_on(process, "/tmp/p/c", "/tmp/p/c")?;
            process.propagation("/tmp/p/c")?;
            let new = detached_tmpfs(process)?;
            process.move_mount(new, "", HERE, "/tmp/p/c", BENEATH)?;
            process.mount_points("/tmp")?;
            lab.note("a top that is private receives nothing")?;
            change(process, "/tmp/p/c", MountFlags::MS_PRIVATE)?;
            process.move_mount(new, "", HERE, "/tmp/p/c", BENEATH)?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.move-mount-needs-capability-over-namespace",
        claim: "The root of a user namespace can move mounts in a mount namespace of its own, and not in one that it only shares with its creator.",
        sources: &[man("move_mount(2)", "ERRORS")],
        since: "5.2",
        needs: &[&need::PROCFS, &need::OPEN_TREE],
        wrong: "all capabilities in a new user namespace move mounts of the outer mount namespace",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/a")?;
            bind(outer, "/tmp/a", "/tmp/b")?;
            outer.mkdir("/tmp/c", 0o755)?;
            let inner = outer.clone("inner", NEWUSER)?;
            outer.diff_ns(inner.proc("ns"), "/proc/self/ns")?;
            inner.move_mount(HERE, "/tmp/b", HERE, "/tmp/c", NO_FLAGS)?;
            lab.note("in a mount namespace of its own")?;
            inner.unshare(NEWNS)?;
            tmpfs(inner, "/tmp/own")?;
            inner.move_mount(HERE, "/tmp/own", HERE, "/tmp/c", NO_FLAGS)?;
            inner.mount_points("/tmp")?;
            outer.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
];

/// Claims that cannot be tested.
pub const UNTESTED: &[Untested] = &[
    Untested {
        id: "mnt.move-mount-beneath-root",
        claim: "MOVE_MOUNT_BENEATH is refused beneath the root of the mount namespace.",
        sources: &[man("move_mount(2)", "ERRORS")],
        why: "Linux 7.1 allows it. Nothing but the call itself tells which of the two rules a kernel has, so each answer would be a right one.",
        part: Some("mnt.move-mount-beneath"),
    },
    Untested {
        id: "mnt.beneath-root-new",
        claim: "A mount can be put beneath the root of the mount namespace, which then can be detached.",
        sources: &[text("linux/mount.h")],
        why: "It holds from Linux 7.1 on, and move_mount(2) says the opposite of earlier kernels: nothing but the call itself tells which rule a kernel has.",
        part: Some("mnt.move-mount-beneath"),
    },
];
