//! Mount namespaces that begin with something else than a copy of their creator's mounts:
//! OPEN_TREE_NAMESPACE, FSMOUNT_NAMESPACE, UNSHARE_EMPTY_MNTNS, CLONE_EMPTY_MNTNS.
//!
//! Copies by CLONE_NEWNS live in `creation` and `copies`. Such a namespace has no /proc of its own: a
//! process outside looks at its files.

use super::{by_descriptor, change, tmpfs};
use crate::prelude::*;

const HERE: Directory = Directory::AT_FDCWD;
const NAMESPACE: OpenTreeFlags = OpenTreeFlags::OPEN_TREE_NAMESPACE;
const NONE: Flags = Flags::empty();
const KERNEL: Source = text("linux/mount.h, linux/sched.h");

/// The type and the place in the tree of the mount that is the root.
const ROOT: StatmountMask = StatmountMask::STATMOUNT_MNT_BASIC.union(StatmountMask::STATMOUNT_FS_TYPE);

/// A child that joins a mount namespace.
fn member<'l>(process: Process<'l>, name: &str, namespace: i32) -> Result<Process<'l>, Interrupt> {
    let member = process.fork(name)?;
    member.setns(namespace, NEWNS)?;
    Ok(member)
}

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.open-tree-namespace",
        claim: "open_tree with OPEN_TREE_NAMESPACE copies a mount into a new mount namespace and gives a descriptor of that; together with OPEN_TREE_CLONE it is refused.",
        sources: &[KERNEL],
        since: "7.0",
        needs: &[&need::PROCFS, &need::OPEN_TREE_NAMESPACE],
        wrong: "the descriptor is one of a mount, or the caller is in the new namespace",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            process.readlink("/proc/self/ns/mnt")?;
            process.open_tree(HERE, "/tmp/a", NAMESPACE | OpenTreeFlags::OPEN_TREE_CLONE)?;
            let namespace = process.open_tree(HERE, "/tmp/a", NAMESPACE)?.id()?;
            process.ioctl_nstype(namespace)?;
            process.fstat_ns(namespace)?;
            process.readlink("/proc/self/ns/mnt")?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.open-tree-namespace-setns",
        claim: "Who joins a namespace that open_tree has made finds the copied mount as root, with what is mounted below it if AT_RECURSIVE was given; what is mounted there shows nowhere else.",
        sources: &[KERNEL],
        since: "7.0",
        needs: &[&need::PROCFS, &need::OPEN_TREE_NAMESPACE],
        wrong: "the root is that of the creator, or submounts are lost or copied unasked",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/a")?;
            outer.creat_excl("/tmp/a/file")?;
            tmpfs(outer, "/tmp/a/x")?;
            let plain = outer.open_tree(HERE, "/tmp/a", NAMESPACE)?.id()?;
            let whole = outer.open_tree(HERE, "/tmp/a", NAMESPACE | OpenTreeFlags::AT_RECURSIVE)?.id()?;
            lab.note("a copy of the mount alone, and one of the tree")?;
            for (name, namespace) in [("alone", plain), ("with-submount", whole)] {
                let member = member(outer, name, namespace)?;
                member.getcwd()?;
                member.readdir("/")?;
                outer.mount_points_of(member.proc("mountinfo"), "/")?;
                member.mount("new", "/x", "tmpfs", super::NO_FLAGS, super::NO_DATA)?;
                outer.mount_points_of(member.proc("mountinfo"), "/")?;
            }
            outer.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.open-tree-namespace-cap",
        claim: "OPEN_TREE_NAMESPACE takes CAP_SYS_ADMIN: an ordinary user is refused, the root of a user namespace with a mount namespace of its own is not, and can join what it made.",
        sources: &[KERNEL],
        since: "7.0",
        starts_as: Credentials::User,
        needs: &[&need::PROCFS, &need::OPEN_TREE_NAMESPACE],
        wrong: "everybody makes mount namespaces, or only the root of the machine",
        play: |lab| {
            let user = lab.process("user")?;
            user.open_tree(HERE, "/tmp", NAMESPACE)?;
            user.unshare(NEWUSER | NEWNS)?;
            tmpfs(user, "/tmp/a")?;
            let namespace = user.open_tree(HERE, "/tmp/a", NAMESPACE)?.id()?;
            user.ioctl_nstype(namespace)?;
            let member = member(user, "member", namespace)?;
            user.mount_points_of(member.proc("mountinfo"), "/")?;
            user.diff_ns(member.proc("ns"), "/proc/self/ns")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.open-tree-namespace-unbindable",
        claim: "OPEN_TREE_NAMESPACE refuses an unbindable mount, and a recursive copy for the same user namespace is without it.",
        sources: &[KERNEL],
        since: "7.0",
        needs: &[&need::PROCFS, &need::OPEN_TREE_NAMESPACE],
        wrong: "an unbindable mount is copied into the new namespace",
        play: |lab| {
            let outer = lab.process("outer")?;
            for place in ["/tmp/a", "/tmp/a/u", "/tmp/a/x"] {
                tmpfs(outer, place)?;
            }
            change(outer, "/tmp/a/u", MountFlags::MS_UNBINDABLE)?;
            outer.open_tree(HERE, "/tmp/a/u", NAMESPACE)?;
            let whole = outer.open_tree(HERE, "/tmp/a", NAMESPACE | OpenTreeFlags::AT_RECURSIVE)?.id()?;
            let member = member(outer, "member", whole)?;
            outer.mount_points_of(member.proc("mountinfo"), "/")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.open-tree-namespace-covered",
        claim: "Where the caller is not privileged over the mount namespace that it copies from, OPEN_TREE_NAMESPACE uncovers nothing: without AT_RECURSIVE a directory with a mount below it is refused, and with it also an unbindable cover comes along.",
        sources: &[KERNEL],
        since: "7.0",
        needs: &[&need::PROCFS, &need::OPEN_TREE_NAMESPACE],
        wrong: "the covered file shows in the new namespace",
        play: |lab| {
            let outer = lab.process("outer")?;
            for place in ["/tmp/a", "/tmp/a/plain"] {
                outer.mkdir(place, 0o755)?;
            }
            outer.mkdir("/tmp/a/cover", 0o755)?;
            outer.creat_excl("/tmp/a/cover/secret")?;
            outer.mount("cover", "/tmp/a/cover", "tmpfs", super::NO_FLAGS, super::NO_DATA)?;
            change(outer, "/tmp/a/cover", MountFlags::MS_UNBINDABLE)?;
            let whole = NAMESPACE | OpenTreeFlags::AT_RECURSIVE;
            lab.note("all capabilities, but not over this mount namespace")?;
            let contained = clone_mapped(outer, "contained", NEWUSER, "0 0 1")?;
            contained.open_tree(HERE, "/tmp/a", NAMESPACE)?;
            contained.open_tree(HERE, "/tmp/a/plain", NAMESPACE)?;
            let copied = contained.open_tree(HERE, "/tmp/a", whole)?.id()?;
            contained.setns(copied, NEWNS)?;
            outer.mount_points_of(contained.proc("mountinfo"), "/")?;
            contained.readdir("/cover")?;
            lab.note("the owner of the mount namespace may leave the cover out")?;
            let alone = outer.open_tree(HERE, "/tmp/a", NAMESPACE)?.id()?;
            let owner = member(outer, "owner", alone)?;
            owner.readdir("/cover")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.open-tree-namespace-locks",
        claim: "In a namespace that the root of a user namespace made by OPEN_TREE_NAMESPACE, mounts that it was given stay locked; its own can be unmounted, and so can all of them where the creator made it.",
        sources: &[KERNEL, man(super::MOUNT_NAMESPACES, "Restrictions on mount namespaces")],
        since: "7.0",
        needs: &[&need::PROCFS, &need::OPEN_TREE_NAMESPACE],
        wrong: "what a mount covered can be seen in a copy of the tree",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/a")?;
            tmpfs(outer, "/tmp/a/x")?;
            let inner = outer.clone("inner", NEWUSER | NEWNS)?;
            let whole = NAMESPACE | OpenTreeFlags::AT_RECURSIVE;
            lab.note("made by the root of a user namespace")?;
            let of_inner = inner.open_tree(HERE, "/tmp/a", whole)?.id()?;
            let contained = member(inner, "contained", of_inner)?;
            tmpfs(contained, "/own")?;
            outer.mount_points_of(contained.proc("mountinfo"), "/")?;
            contained.umount("/x")?;
            contained.umount("/own")?;
            outer.mount_points_of(contained.proc("mountinfo"), "/")?;
            lab.note("made by the creator of these mounts")?;
            let of_outer = outer.open_tree(HERE, "/tmp/a", whole)?.id()?;
            let free = member(outer, "free", of_outer)?;
            free.umount("/x")?;
            outer.mount_points_of(free.proc("mountinfo"), "/")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.fsmount-namespace",
        claim: "fsmount with FSMOUNT_NAMESPACE gives a descriptor of a new mount namespace whose root is the new mount, with the attributes that were given.",
        sources: &[KERNEL],
        since: "7.1",
        needs: &[&need::PROCFS, &need::FSMOUNT_NAMESPACE],
        wrong: "the descriptor is one of a mount, or the attributes are lost",
        play: |lab| {
            let outer = lab.process("outer")?;
            let context = outer.fsopen("tmpfs", FsopenFlags::empty())?.id()?;
            outer.fsconfig(context, FsconfigCommand::FSCONFIG_CMD_CREATE, "", "", 0)?;
            let attributes = MountAttributes::MOUNT_ATTR_RDONLY | MountAttributes::MOUNT_ATTR_NOEXEC;
            let namespace = outer.fsmount(context, FsmountFlags::FSMOUNT_NAMESPACE, attributes)?.id()?;
            outer.ioctl_nstype(namespace)?;
            let member = member(outer, "member", namespace)?;
            outer.diff_ns(member.proc("ns"), "/proc/self/ns")?;
            outer.mount_points_of(member.proc("mountinfo"), "/")?;
            member.readdir("/")?;
            member.creat_excl("/file")?;
            member.statmount("/", ROOT)?;
            outer.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.fsmount-namespace-perm",
        claim: "FSMOUNT_NAMESPACE takes CAP_SYS_ADMIN in the caller's user namespace and none over its present mount namespace, which a mount without the flag takes. The root of a user namespace cannot unmount the root of the new one, but what it has mounted there itself.",
        sources: &[KERNEL],
        since: "7.1",
        needs: &[&need::PROCFS, &need::FSMOUNT_NAMESPACE],
        wrong: "whoever has a context makes a namespace, a contained root is refused, or it can take the root mount away",
        play: |lab| {
            let outer = lab.process("outer")?;
            let context = outer.fsopen("tmpfs", FsopenFlags::empty())?.id()?;
            outer.fsconfig(context, FsconfigCommand::FSCONFIG_CMD_CREATE, "", "", 0)?;
            let (flag, attributes) = (FsmountFlags::FSMOUNT_NAMESPACE, MountAttributes::empty());
            let without = outer.fork("without")?;
            without.capset_drop(Capabilities::CAP_SYS_ADMIN)?;
            without.fsmount(context, flag, attributes)?;
            lab.note("all capabilities, but not over this mount namespace")?;
            let contained = clone_mapped(outer, "contained", NEWUSER, "0 0 1")?;
            contained.fsmount(context, FsmountFlags::empty(), attributes)?;
            let namespace = contained.fsmount(context, flag, attributes)?.id()?;
            contained.setns(namespace, NEWNS)?;
            outer.diff_ns(contained.proc("ns"), "/proc/self/ns")?;
            tmpfs(contained, "/own")?;
            contained.umount("/own")?;
            contained.umount("/")?;
            contained.umount2("/", UmountFlags::MNT_DETACH)?;
            outer.mount_points_of(contained.proc("mountinfo"), "/")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.unshare-empty",
        claim: "unshare with UNSHARE_EMPTY_MNTNS moves the caller into a mount namespace that holds one empty mount, which is its root and current directory; CLONE_NEWNS copies everything.",
        sources: &[KERNEL],
        since: "7.1",
        needs: &[&need::PROCFS, &need::EMPTY_MNTNS],
        wrong: "a mount of the old namespace is in the new one",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/a")?;
            let copied = outer.fork("copied")?;
            copied.unshare(NEWNS)?;
            let empty = outer.fork("empty")?;
            empty.chdir("/tmp/a")?;
            empty.getcwd()?;
            empty.unshare_empty_mntns(NONE)?;
            lab.note("seen from outside, then from inside")?;
            for process in [copied, empty] {
                outer.diff_ns(process.proc("ns"), "/proc/self/ns")?;
                outer.mount_points_of(process.proc("mountinfo"), "/tmp")?;
            }
            outer.mount_points_of(empty.proc("mountinfo"), "/")?;
            empty.getcwd()?;
            empty.readdir("/")?;
            empty.statmount("/", StatmountMask::STATMOUNT_FS_TYPE)?;
            outer.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.unshare-empty-combines",
        claim: "UNSHARE_EMPTY_MNTNS takes CAP_SYS_ADMIN, which CLONE_NEWUSER in the same call gives; it goes with other kinds, and namespaces that were not asked for stay.",
        sources: &[KERNEL],
        since: "7.1",
        starts_as: Credentials::User,
        needs: &[&need::PROCFS, &need::EMPTY_MNTNS],
        wrong: "an ordinary user makes an empty namespace, or other namespaces change with it",
        play: |lab| {
            let outer = lab.process("outer")?;
            let alone = outer.fork("alone")?;
            alone.unshare_empty_mntns(NONE)?;
            let with_user = outer.fork("with-user")?;
            with_user.unshare_empty_mntns(NEWUSER)?;
            let with_both = outer.fork("with-both")?;
            with_both.unshare_empty_mntns(NEWUSER | NEWUTS)?;
            for process in [alone, with_user, with_both] {
                outer.diff_ns(process.proc("ns"), "/proc/self/ns")?;
                outer.mount_points_of(process.proc("mountinfo"), "/tmp")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.empty-overmount",
        claim: "The root of an empty mount namespace can be covered by a mount, and nothing can be made in it itself.",
        sources: &[KERNEL],
        since: "7.1",
        needs: &[&need::PROCFS, &need::EMPTY_MNTNS],
        wrong: "the empty root holds a file, or nothing can be mounted on it",
        play: |lab| {
            let outer = lab.process("outer")?;
            let new = super::detached_tmpfs(outer)?;
            outer.creat_excl(format!("{}/file", by_descriptor(new)))?;
            let empty = outer.fork("empty")?;
            empty.unshare_empty_mntns(NONE)?;
            empty.creat_excl("/file")?;
            empty.mkdir("/directory", 0o755)?;
            empty.readdir("/")?;
            lab.note("a mount that was made outside covers it")?;
            super::attach_on(empty, new, "/")?;
            outer.mount_points_of(empty.proc("mountinfo"), "/")?;
            let file = empty.openat(new, "file", O_RDONLY)?.id()?;
            empty.read(file)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.nullfs-immutable",
        claim: "The file system of an empty root stays as it is: nothing can be made in it, its root directory keeps its mode, and it can neither be remounted nor picked for a new configuration.",
        sources: &[KERNEL],
        since: "7.1",
        needs: &[&need::PROCFS, &need::EMPTY_MNTNS],
        wrong: "what all empty namespaces of the machine share is changed through one of them",
        play: |lab| {
            let outer = lab.process("outer")?;
            let empty = outer.fork("empty")?;
            empty.unshare_empty_mntns(NONE)?;
            empty.stat_mode("/")?;
            empty.creat_excl("/file")?;
            empty.mkdir("/directory", 0o755)?;
            empty.symlink("/", "/link")?;
            empty.chmod("/", 0o777)?;
            change(empty, "/", MountFlags::MS_REMOUNT)?;
            empty.fspick(HERE, "/", FspickFlags::empty())?;
            empty.readdir("/")?;
            empty.stat_mode("/")?;
            lab.note("another one, and the same steps in a file system of one's own")?;
            let second = outer.fork("second")?;
            second.unshare_empty_mntns(NONE)?;
            second.readdir("/")?;
            second.stat_mode("/")?;
            tmpfs(outer, "/tmp/a")?;
            outer.mkdir("/tmp/a/directory", 0o755)?;
            outer.chmod("/tmp/a", 0o777)?;
            change(outer, "/tmp/a", MountFlags::MS_REMOUNT)?;
            outer.fspick(HERE, "/tmp/a", FspickFlags::empty())?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.clone3-empty",
        claim: "clone3 with CLONE_EMPTY_MNTNS gives the child an empty mount namespace, with CLONE_NEWNS or without; with CLONE_FS and with a bit that does not exist it is refused. The parent keeps its mounts.",
        sources: &[KERNEL],
        since: "7.1",
        needs: &[&need::PROCFS, &need::EMPTY_MNTNS],
        wrong: "the child has the parent's mounts, or the parent loses them",
        play: |lab| {
            let parent = lab.process("parent")?;
            tmpfs(parent, "/tmp/a")?;
            let empty = Flags::CLONE_EMPTY_MNTNS;
            for (name, flags) in [("alone", empty), ("with-newns", empty | NEWNS)] {
                let child = parent.clone3(name, flags, &[])?;
                parent.diff_ns(child.proc("ns"), "/proc/self/ns")?;
                parent.mount_points_of(child.proc("mountinfo"), "/")?;
                child.getcwd()?;
                child.readdir("/")?;
            }
            lab.note("refused, and the parent has what it had")?;
            parent.try_clone3("sharing", empty | Flags::CLONE_FS, &[])?;
            parent.try_clone3("unknown", empty | Flags::from_bits_retain(1 << 60), &[])?;
            parent.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
];

/// Claims that cannot be tested.
pub const UNTESTED: &[Untested] = &[Untested {
    id: "mnt.true-root-is-nullfs",
    claim: "The true root of the initial mount namespace is an empty file system, on which the root that everybody sees is mounted.",
    sources: &[text("Documentation/filesystems/ramfs-rootfs-initramfs.rst")],
    why: "It is about the initial mount namespace of the machine: a case starts in one of its own, whose root is the one that nsconform gave it.",
    part: None,
}];
