//! Mounts of another mount namespace, reached through /proc/PID/root or a descriptor: what can be
//! done to them, and what they do to one's own.
//!
//! The cases about a less privileged namespace and its own copies live in `locked_mounts` and
//! `locked_flags`.

use super::{READ_ONLY_BIND, bind_on, change, tmpfs, with_shared_mount};
use crate::prelude::*;

const NO_ATTRIBUTES: MountAttributes = MountAttributes::empty();

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.change-type-foreign-needs-owner-cap",
        claim: "The propagation type of a mount in another mount namespace can be changed by who has CAP_SYS_ADMIN in the user namespace that owns it, and by nobody else.",
        sources: &[man("mount(2)", "ERRORS"), text("Documentation/filesystems/sharedsubtree.rst")],
        since: "6.17",
        needs: &[&need::PROCFS],
        wrong: "the root of a user namespace makes mounts outside it shared, or the privileged are refused",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/a")?;
            let fd = outer.open("/tmp/a", OpenFlags::O_PATH)?.id()?;
            let foreign = format!("/proc/self/fd/{fd}");
            let inner = outer.clone("inner", NEWUSER | NEWNS)?;
            lab.note("from below: the own copy, and the original through a descriptor")?;
            change(inner, "/tmp/a", MountFlags::MS_SHARED)?;
            for kind in [MountFlags::MS_SHARED, MountFlags::MS_UNBINDABLE] {
                change(inner, &foreign, kind)?;
            }
            inner.propagation("/tmp/a")?;
            outer.propagation("/tmp/a")?;
            lab.note("from above, and from beside")?;
            outer.mount("", inner.proc("root/tmp/a"), "", MountFlags::MS_PRIVATE, "")?;
            inner.propagation("/tmp/a")?;
            let sibling = outer.clone("sibling", NEWNS)?;
            change(sibling, &foreign, MountFlags::MS_UNBINDABLE)?;
            sibling.propagation("/tmp/a")?;
            outer.propagation("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.remount-foreign-einval",
        claim: "The flags of a mount in another mount namespace cannot be changed, by a remount or by mount_setattr(), however privileged the caller is; mount_setattr() changes its propagation neither.",
        sources: &[man("mount_setattr(2)", "ERRORS"), man("mount(2)", "ERRORS")],
        since: "5.12",
        needs: &[&need::PROCFS],
        wrong: "a mount changes under the processes that use it",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/a")?;
            let inner = outer.clone("inner", NEWNS)?;
            let foreign = || inner.proc("root/tmp/a");
            let read_only = MountAttributes::MOUNT_ATTR_RDONLY;
            let (own, cwd) = (SetAttrFlags::empty(), Directory::AT_FDCWD);
            outer.mount("", foreign(), "", READ_ONLY_BIND, "")?;
            outer.mount_setattr(cwd, foreign(), own, NO_ATTRIBUTES, read_only, MountFlags::empty())?;
            outer.mount_setattr(cwd, foreign(), own, NO_ATTRIBUTES, NO_ATTRIBUTES, MountFlags::MS_SHARED)?;
            inner.mountinfo("/tmp/a")?;
            lab.note("in its own namespace all three are allowed")?;
            change(inner, "/tmp/a", READ_ONLY_BIND)?;
            inner.mountinfo("/tmp/a")?;
            inner.mount_setattr(cwd, "/tmp/a", own, read_only, NO_ATTRIBUTES, MountFlags::empty())?;
            inner.mountinfo("/tmp/a")?;
            inner.mount_setattr(cwd, "/tmp/a", own, NO_ATTRIBUTES, NO_ATTRIBUTES, MountFlags::MS_SHARED)?;
            inner.mountinfo("/tmp/a")?;
            outer.mountinfo("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.mount-onto-foreign-einval",
        claim: "Nothing can be mounted, bound or moved onto a place in another mount namespace, however privileged the caller is: for that one must join it.",
        sources: &[man("mount(2)", "ERRORS"), man(super::MOUNT_NAMESPACES, "DESCRIPTION")],
        since: "2.6.26",
        needs: &[&need::PROCFS],
        wrong: "the mount list of another namespace changes",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/a")?;
            outer.mkdir("/tmp/place", 0o755)?;
            let inner = outer.clone("inner", NEWNS)?;
            let foreign = || inner.proc("root/tmp/place");
            outer.mount("t", foreign(), "tmpfs", MountFlags::empty(), "")?;
            outer.mount("/tmp/a", foreign(), "", MountFlags::MS_BIND, "")?;
            outer.mount("/tmp/a", foreign(), "", MountFlags::MS_MOVE, "")?;
            inner.mount_points("/tmp")?;
            outer.mount_points("/tmp")?;
            lab.note("after joining")?;
            let namespace = outer.open(inner.proc("ns/mnt"), O_RDONLY)?.id()?;
            outer.setns(namespace, NEWNS)?;
            outer.mount("t", "/tmp/place", "tmpfs", MountFlags::empty(), "")?;
            inner.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.foreign-ns-objects-einval",
        claim: "A mount of another mount namespace can be looked at, but not bound, copied, moved or unmounted, however privileged the caller is.",
        sources: &[man("mount(2)", "ERRORS"), man("open_tree(2)", "ERRORS"), man("move_mount(2)", "ERRORS")],
        since: "5.2",
        needs: &[&need::PROCFS],
        wrong: "a mount is taken from one namespace into another, or out of it",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.mkdir("/tmp/place", 0o755)?;
            let inner = outer.clone("inner", NEWNS)?;
            tmpfs(inner, "/tmp/theirs")?;
            inner.creat_excl("/tmp/theirs/file")?;
            let foreign = || inner.proc("root/tmp/theirs");
            outer.readdir(foreign())?;
            outer.mount(foreign(), "/tmp/place", "", MountFlags::MS_BIND, "")?;
            outer.mount(foreign(), "/tmp/place", "", MountFlags::MS_MOVE, "")?;
            outer.open_tree(Directory::AT_FDCWD, foreign(), OpenTreeFlags::OPEN_TREE_CLONE)?;
            let there = outer.open_tree(Directory::AT_FDCWD, foreign(), OpenTreeFlags::empty())?.id()?;
            let empty_path = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
            outer.move_mount(there, "", Directory::AT_FDCWD, "/tmp/place", empty_path)?;
            outer.umount(foreign())?;
            outer.umount2(foreign(), UmountFlags::MNT_DETACH)?;
            inner.mount_points("/tmp")?;
            outer.mount_points("/tmp")?;
            lab.note("a copy that its own namespace makes can be attached in another")?;
            let copy =
                inner.open_tree(Directory::AT_FDCWD, "/tmp/theirs", OpenTreeFlags::OPEN_TREE_CLONE)?.id()?;
            let namespace = inner.open(outer.proc("ns/mnt"), O_RDONLY)?.id()?;
            inner.setns(namespace, NEWNS)?;
            inner.move_mount(copy, "", Directory::AT_FDCWD, "/tmp/place", empty_path)?;
            outer.readdir("/tmp/place")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.umount-busy-peer-ebusy",
        claim: "A mount whose copy in another mount namespace would go along and is in use there is busy: nothing is unmounted. MNT_DETACH unmounts both, and who uses the copy can go on.",
        sources: &[man("umount(2)", "ERRORS"), text("Documentation/filesystems/sharedsubtree.rst")],
        since: "2.6.15",
        needs: &[&need::PROCFS],
        deviation: Some(
            "umount(2) gives EBUSY because the target is busy; it is given for a copy as well, in a namespace that the caller may not see.",
        ),
        wrong: "the mount goes in one namespace alone, or the busy copy is torn away from its user",
        play: |lab| {
            let outer = with_shared_mount(lab, "outer")?;
            tmpfs(outer, "/tmp/a/d")?;
            let user = outer.clone("user", NEWNS)?;
            for process in [outer, user] {
                process.readlink("/proc/self/ns/mnt")?;
            }
            user.chdir("/tmp/a/d")?;
            outer.umount("/tmp/a/d")?;
            for process in [outer, user] {
                process.mount_points("/tmp")?;
            }
            lab.note("lazily, and then with nobody in the copy")?;
            outer.umount2("/tmp/a/d", UmountFlags::MNT_DETACH)?;
            for process in [outer, user] {
                process.mount_points("/tmp")?;
            }
            user.creat_excl("file")?;
            user.readdir(".")?;
            outer.mount("d", "/tmp/a/d", "tmpfs", MountFlags::empty(), "")?;
            user.mount_points("/tmp")?;
            outer.umount("/tmp/a/d")?;
            user.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.bind-escape-blocked",
        claim: "A process whose current directory was moved out of the bind mount that is its root cannot climb: its path is unreachable, and .. leads nowhere.",
        sources: &[man("getcwd(3)", "DESCRIPTION"), man("chroot(2)", "DESCRIPTION")],
        since: "4.3",
        needs: &[],
        wrong: "the process walks up to the files beside the directory that was bound",
        play: |lab| {
            let outer = lab.process("outer")?;
            for directory in ["v", "v/jail", "v/jail/b", "v/jail/b/c", "v/out", "root"] {
                outer.mkdir(format!("/tmp/{directory}"), 0o755)?;
            }
            bind_on(outer, "/tmp/v/jail", "/tmp/root")?;
            let jailed = outer.fork("jailed")?;
            jailed.chroot("/tmp/root")?;
            jailed.chdir("/b/c")?;
            jailed.readdir("../..")?;
            lab.note("outer moves the directory away, out of the mount")?;
            outer.rename("/tmp/v/jail/b", "/tmp/v/out/b")?;
            jailed.getcwd()?;
            for up in ["..", "../..", "../../.."] {
                jailed.readdir(up)?;
            }
            jailed.chdir("..")?;
            jailed.readdir("/")?;
            lab.note("back in the mount it can climb to its root again")?;
            outer.rename("/tmp/v/out/b", "/tmp/v/jail/b")?;
            jailed.getcwd()?;
            jailed.readdir("../..")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.pivot-self-loop-refused",
        claim: "pivot_root never makes a loop of mounts: the caller's root as the new one or as the place of the old one is busy, by whatever name, and a new root that lies outside the caller's root is refused.",
        sources: &[man("pivot_root(2)", "ERRORS")],
        since: "3.18",
        needs: &[&need::PROCFS],
        wrong: "the mounts form a loop, or the root of the namespace is replaced from a chroot",
        play: |lab| {
            let outer = lab.process("outer")?;
            let process = outer.clone("process", NEWNS)?;
            tmpfs(process, "/tmp/jail")?;
            tmpfs(process, "/tmp/jail/m")?;
            tmpfs(process, "/tmp/other")?;
            process.mkdir("/tmp/other/old", 0o755)?;
            let free = process.clone("free", NEWNS)?;
            for one in [outer, process, free] {
                one.readlink("/proc/self/ns/mnt")?;
            }
            lab.note("without chroot the other mount can be the root")?;
            free.chdir("/tmp/other")?;
            free.pivot_root(".", "old")?;
            free.readdir("/")?;
            process.chdir("/tmp/other")?;
            process.chroot("/tmp/jail")?;
            lab.note("the current directory is outside the root: a new root, and a place for the old one")?;
            process.pivot_root(".", ".")?;
            process.pivot_root(".", "old")?;
            lab.note("the root itself")?;
            process.chdir("/")?;
            for (new_root, put_old) in [("/", "/"), (".", "."), ("/", "/m"), ("/m", "/")] {
                process.pivot_root(new_root, put_old)?;
            }
            outer.mount_points_of(process.proc("mountinfo"), "/")?;
            lab.note("another mount below the root can succeed it")?;
            process.chdir("/m")?;
            process.pivot_root(".", ".")?;
            process.readdir("/")?;
            process.umount2(".", UmountFlags::MNT_DETACH)?;
            outer.mount_points_of(process.proc("mountinfo"), "/")?;
            Ok(())
        },
        ..CASE
    },
];

/// Claims that are not tested.
pub const UNTESTED: &[Untested] = &[Untested {
    id: "mnt.ns-age-by-processor-range",
    claim: "Which of two mount namespaces counts as the older one, whose file cannot be bound in the younger, is decided by their numbers; since Linux 6.18 processors hand these out from ranges of their own, so that one that was made later on another processor can count as older.",
    sources: &[text("Linux kernel, kernel/nstree.c")],
    why: "which processor has the lower range changes with every range that is used up, and nothing tells it: a script cannot know which answer is right. The cases that bind such a file stay on one processor, where the order is that of creation",
    part: Some("mnt.ns-pinned-by-bind-mount"),
}];
