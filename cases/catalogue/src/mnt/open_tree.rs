//! Opening and copying mounts by descriptor: open_tree(2), open_tree_attr(2).
//!
//! A first copy and its attachment live in `descriptors`; copies as mounts without a namespace, and
//! what can be done with them there, in `detached`.

use super::{attach, attach_on, bind, by_descriptor, change, detached_copy, tmpfs};
use crate::prelude::*;

const HERE: Directory = Directory::AT_FDCWD;
const COPY: OpenTreeFlags = OpenTreeFlags::OPEN_TREE_CLONE;
const PLAIN: OpenTreeFlags = OpenTreeFlags::empty();

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.open-tree-clone-is-detached",
        claim: "The copy that open_tree makes with OPEN_TREE_CLONE is a bind mount: it is a directory for openat, and a file that is made through it is in the original, although no list of mounts shows it.",
        sources: &[man("open_tree(2)", "OPEN_TREE_CLONE")],
        since: "5.2",
        needs: &[&need::PROCFS],
        wrong: "the copy has files of its own, cannot be used before it is attached, or is listed",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            let tree = detached_copy(process, "/tmp/a")?;
            process.mount_points("/tmp")?;
            process.openat(tree, "file", OpenFlags::O_CREAT | OpenFlags::O_WRONLY)?;
            process.readdir("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.open-tree-close-destroys",
        claim: "When its last descriptor is closed, a copy that was never attached is unmounted lazily: a file that is open on it can still be read, and its place in max_mnt_namespaces is free again.",
        sources: &[
            man("open_tree(2)", "OPEN_TREE_CLONE"),
            man("namespaces(7)", "The /proc/sys/user directory"),
        ],
        since: "5.2",
        starts_as: Credentials::User,
        needs: &[&need::PROCFS],
        wrong: "the copy lives on without a descriptor, or takes its open files with it",
        play: |lab| {
            let process = limited_to(lab, "2")?;
            process.echo("content", "/tmp/file")?;
            let tree = detached_copy(process, "/tmp")?;
            let file = process.openat(tree, "file", O_RDONLY)?.id()?;
            process.open_tree(HERE, "/tmp", COPY)?;
            lab.note("after its end there is room for another")?;
            process.close(tree)?;
            let next = detached_copy(process, "/tmp")?;
            process.readdir(by_descriptor(next))?;
            process.cat(by_descriptor(file))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.open-tree-enospc",
        claim: "A detached copy counts as a mount namespace of the caller's user namespace: with OPEN_TREE_CLONE open_tree fails with ENOSPC at the limit max_mnt_namespaces; without it, it does not.",
        sources: &[man("open_tree(2)", "ERRORS"), man("namespaces(7)", "The /proc/sys/user directory")],
        since: "5.2",
        starts_as: Credentials::User,
        needs: &[&need::PROCFS],
        wrong: "copies are not counted, or a mount that is only opened is",
        play: |lab| {
            let process = limited_to(lab, "1")?;
            process.open_tree(HERE, "/tmp", COPY)?;
            let plain = process.open_tree(HERE, "/tmp", PLAIN)?.id()?;
            process.readdir(by_descriptor(plain))?;
            process.echo("2", "/proc/sys/user/max_mnt_namespaces")?;
            let copy = detached_copy(process, "/tmp")?;
            process.readdir(by_descriptor(copy))?;
            process.open_tree(HERE, "/tmp", COPY)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.open-tree-plain-is-o-path",
        claim: "Without OPEN_TREE_CLONE open_tree gives what open with O_PATH gives, to everybody: the descriptor cannot be read. The copy takes CAP_SYS_ADMIN over the caller's mount namespace.",
        sources: &[man("open_tree(2)", "DESCRIPTION"), man("open_tree(2)", "ERRORS")],
        since: "5.2",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS],
        accepted: &[Accepted {
            mutant: "read(4)",
            why: "its answer is the other side of the claim, and reading an empty file changes nothing",
        }],
        wrong: "the file can be read through the descriptor, or a user without capabilities can copy a mount",
        play: |lab| {
            let user = lab.process("user")?;
            user.creat_excl("/tmp/file")?;
            let plain = user.open_tree(HERE, "/tmp/file", PLAIN)?.id()?;
            user.read(plain)?;
            let opened = user.open("/tmp/file", O_RDONLY)?.id()?;
            user.read(opened)?;
            lab.note("the copy is for the root of the mount namespace's owner")?;
            user.open_tree(HERE, "/tmp", COPY)?;
            user.unshare(NEWUSER)?;
            user.open_tree(HERE, "/tmp", COPY)?;
            user.unshare(NEWNS)?;
            let copy = detached_copy(user, "/tmp")?;
            user.readdir(by_descriptor(copy))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.open-tree-recursive-alone-einval",
        claim: "open_tree refuses AT_RECURSIVE without OPEN_TREE_CLONE.",
        sources: &[man("open_tree(2)", "ERRORS")],
        since: "5.2",
        needs: &[&need::PROCFS],
        wrong: "the flag is accepted where there is nothing to copy",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            tmpfs(process, "/tmp/a/x")?;
            process.mount_points("/tmp")?;
            process.open_tree(HERE, "/tmp/a", OpenTreeFlags::AT_RECURSIVE)?;
            for flags in [PLAIN, COPY | OpenTreeFlags::AT_RECURSIVE] {
                let tree = process.open_tree(HERE, "/tmp/a", flags)?.id()?;
                process.readdir(by_descriptor(tree))?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.open-tree-errors",
        claim: "open_tree tells what is wrong with its arguments: EINVAL for a flag that does not exist, EBADF for a descriptor that is not open, ENOENT for a path that leads nowhere or is empty, ENOTDIR, ELOOP, ENAMETOOLONG, and EFAULT for no path.",
        sources: &[man("open_tree(2)", "ERRORS")],
        since: "5.2",
        needs: &[&need::PROCFS],
        wrong: "a wrong argument is accepted or gives another error",
        play: |lab| {
            let process = lab.process("process")?;
            process.creat_excl("/tmp/file")?;
            process.symlink("loop", "/tmp/loop")?;
            let tree = detached_copy(process, "/tmp")?;
            lab.note("each is wrong in one thing")?;
            process.open_tree(tree, "file", COPY | OpenTreeFlags::from_bits_retain(1 << 30))?;
            process.open_tree(NOT_OPEN, "file", PLAIN)?;
            process.open_tree(tree, "none", PLAIN)?;
            process.open_tree(tree, "", PLAIN)?;
            process.open_tree(tree, "file/below", PLAIN)?;
            process.open_tree(tree, "loop", PLAIN)?;
            process.open_tree(tree, "n".repeat(256), PLAIN)?;
            process.open_tree_null(HERE, PLAIN)?;
            lab.note("nothing is wrong with these: AT_EMPTY_PATH makes a descriptor alone enough, and a link can be opened itself")?;
            let file = process.open_tree(tree, "file", PLAIN)?.id()?;
            let same = process.open_tree(file, "", OpenTreeFlags::AT_EMPTY_PATH)?.id()?;
            process.stat_mode(by_descriptor(same))?;
            let link = process.open_tree(tree, "loop", OpenTreeFlags::AT_SYMLINK_NOFOLLOW)?.id()?;
            process.stat_mode(by_descriptor(link))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.open-tree-no-propagation-detached",
        claim: "A detached copy of a shared mount receives nothing, and nothing is made up for when it is attached; what is mounted afterwards arrives.",
        sources: &[man("open_tree(2)", "NOTES")],
        since: "5.2",
        needs: &[&need::PROCFS],
        wrong: "a mount made in between appears in the copy, or a later one does not",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            change(process, "/tmp/a", MountFlags::MS_SHARED)?;
            let tree = detached_copy(process, "/tmp/a")?;
            tmpfs(process, "/tmp/a/between")?;
            attach(process, tree, "/tmp/b")?;
            process.mount_points("/tmp")?;
            tmpfs(process, "/tmp/a/after")?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.open-tree-attr",
        claim: "open_tree_attr gives attributes to the copy that it makes, and the original keeps its own; without OPEN_TREE_CLONE it changes the mount in place, and refuses what is no mount point.",
        sources: &[man("open_tree_attr(2)", "DESCRIPTION")],
        since: "6.15",
        needs: &[&need::PROCFS],
        wrong: "the original is changed with the copy, or the copy is not",
        play: |lab| {
            let process = lab.process("process")?;
            let (none, no_namespace) = (MountAttributes::empty(), 0);
            tmpfs(process, "/tmp/a")?;
            process.mkdir("/tmp/a/s", 0o755)?;
            let read_only = MountAttributes::MOUNT_ATTR_RDONLY;
            let tree = process.open_tree_attr(HERE, "/tmp/a", COPY, none, read_only, no_namespace)?.id()?;
            attach(process, tree, "/tmp/b")?;
            process.mountinfo("/tmp/b")?;
            process.mountinfo("/tmp/a")?;
            lab.note("without a copy")?;
            let no_suid = MountAttributes::MOUNT_ATTR_NOSUID;
            process.open_tree_attr(HERE, "/tmp/a/s", PLAIN, none, no_suid, no_namespace)?;
            process.open_tree_attr(HERE, "/tmp/a", PLAIN, none, no_suid, no_namespace)?;
            process.mountinfo("/tmp/b")?;
            process.mountinfo("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.open-tree-attr-null",
        claim: "Without attributes open_tree_attr does what open_tree does: it opens a mount or copies it, and changes neither.",
        sources: &[man("open_tree_attr(2)", "DESCRIPTION")],
        since: "6.15",
        needs: &[&need::PROCFS],
        wrong: "the call is refused, or the copy has other attributes than its original",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            process.mkdir("/tmp/a/s", 0o755)?;
            change(process, "/tmp/a", MountFlags::MS_REMOUNT | MountFlags::MS_BIND | MountFlags::MS_NOSUID)?;
            let plain = process.open_tree_attr_null(HERE, "/tmp/a/s", PLAIN)?.id()?;
            process.readdir(by_descriptor(plain))?;
            let tree = process.open_tree_attr_null(HERE, "/tmp/a", COPY)?.id()?;
            attach(process, tree, "/tmp/b")?;
            process.mountinfo("/tmp/a")?;
            process.mountinfo("/tmp/b")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.open-tree-unbindable-einval",
        claim: "open_tree refuses to copy an unbindable mount, and a recursive copy of what is above it is without it.",
        sources: &[man("open_tree(2)", "ERRORS"), man(super::MOUNT_NAMESPACES, "MS_UNBINDABLE mounts")],
        since: "5.2",
        needs: &[&need::PROCFS],
        wrong: "an unbindable mount is copied by descriptor",
        play: |lab| {
            let process = lab.process("process")?;
            for place in ["/tmp/a", "/tmp/a/u", "/tmp/a/x"] {
                tmpfs(process, place)?;
            }
            let before = detached_copy(process, "/tmp/a/u")?;
            attach(process, before, "/tmp/b")?;
            lab.note("unbindable, it is refused and left out")?;
            change(process, "/tmp/a/u", MountFlags::MS_UNBINDABLE)?;
            process.open_tree(HERE, "/tmp/a/u", COPY)?;
            let tree = process.open_tree(HERE, "/tmp/a", COPY | OpenTreeFlags::AT_RECURSIVE)?.id()?;
            attach(process, tree, "/tmp/c")?;
            process.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.open-tree-clone-of-ns-file",
        claim: "A copy of a namespace's file can be attached to a file, and keeps the namespace alive there; its own descriptor is none of a namespace: setns refuses it with EBADF.",
        sources: &[man("open_tree(2)", "DESCRIPTION"), man("namespaces(7)", "Namespace lifetime")],
        since: "5.2",
        needs: &[&need::PROCFS],
        wrong: "the namespace ends with its last process, or setns takes a descriptor of a mount",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWUTS)?;
            inner.sethostname("inner")?;
            outer.diff_ns(inner.proc("ns"), "/proc/self/ns")?;
            outer.creat_excl("/tmp/uts")?;
            let tree = detached_copy(outer, &inner.proc("ns/uts"))?;
            outer.setns(tree, NEWUTS)?;
            attach_on(outer, tree, "/tmp/uts")?;
            inner.exit(0)?;
            outer.waitpid(inner, WaitOptions::empty())?;
            let opened = outer.open("/tmp/uts", O_RDONLY)?.id()?;
            outer.setns(opened, NEWUTS)?;
            outer.gethostname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.open-tree-clone-foreign-einval",
        claim: "A mount of another mount namespace, reached through /proc/PID/root, can be opened and neither copied nor bound; in its namespace it can be copied.",
        sources: &[man("open_tree(2)", "ERRORS"), man("mount(2)", "ERRORS")],
        since: "5.2",
        needs: &[&need::PROCFS],
        wrong: "mounts are taken out of a namespace without joining it",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWNS)?;
            tmpfs(inner, "/tmp/d")?;
            inner.creat_excl("/tmp/d/file")?;
            inner.mount_points("/tmp")?;
            outer.mount_points("/tmp")?;
            let foreign = inner.proc("root/tmp/d");
            let opened = outer.open_tree(HERE, &foreign, PLAIN)?.id()?;
            outer.readdir(by_descriptor(opened))?;
            outer.open_tree(HERE, &foreign, COPY)?;
            bind(outer, &foreign, "/tmp/b")?;
            outer.mount_points("/tmp")?;
            lab.note("the same mount, copied by a member of its namespace")?;
            let copy = detached_copy(inner, "/tmp/d")?;
            inner.readdir(by_descriptor(copy))?;
            Ok(())
        },
        ..CASE
    },
];

/// A descriptor that no process has.
const NOT_OPEN: Directory = Directory(99);

/// The root of a user namespace that may hold so many mount namespaces, of which it has made one; it
/// has left a file in /tmp. An ordinary user could not write the limit of any other user namespace.
fn limited_to<'l>(lab: &'l Lab<'l>, most: &str) -> Result<Process<'l>, Interrupt> {
    let process = lab.process("process")?;
    process.creat_excl("/tmp/file")?;
    process.unshare(NEWUSER)?;
    process.echo(most, "/proc/sys/user/max_mnt_namespaces")?;
    process.unshare(NEWNS)?;
    Ok(process)
}
