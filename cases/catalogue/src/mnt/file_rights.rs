//! Files of mounts and user namespaces: their handles, attributes and access lists, and a limit that only
//! root of the machine sets.
//!
//! Owners, permissions and file capabilities live with the cases of user namespaces.

use super::tmpfs;
use crate::prelude::*;

const HANDLES: Source = man("open_by_handle_at(2)", "ERRORS");

const DIRECTORY: OpenFlags = OpenFlags::O_DIRECTORY;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.handle-open-in-userns-refused",
        claim: "The root of a user namespace can make a handle of a file that was given to it and not open it: that takes CAP_DAC_READ_SEARCH in the initial user namespace, since a handle reaches any file.",
        sources: &[HANDLES, man("capabilities(7)", "CAP_DAC_READ_SEARCH")],
        since: "2.6.39",
        starts_as: Credentials::StartedAsRoot,
        needs: &[&need::PROCFS, &need::MNT_NS, &need::INITIAL_USER_NS, &need::TMPFS_HANDLES],
        wrong: "a container opens files of the machine by guessing their handles",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/a")?;
            outer.creat_excl("/tmp/a/file")?;
            let given = outer.open("/tmp/a", O_RDONLY)?.id()?;
            let inner = clone_mapped(outer, "inner", NEWUSER | NEWNS, "0 0 1")?;
            let own = inner.open("/tmp/a", O_RDONLY)?.id()?;
            for process in [inner, outer] {
                process.name_to_handle_at("/tmp/a/file")?;
            }
            lab.note("by the mount outside, and by the copy inside")?;
            inner.open_by_handle_at_mount(given, Handle(1), O_RDONLY)?;
            inner.open_by_handle_at_mount(own, Handle(1), O_RDONLY)?;
            lab.note("root outside can, without the capability it cannot either")?;
            outer.open_by_handle_at_mount(given, Handle(1), O_RDONLY)?;
            outer.capset_drop(Capabilities::CAP_DAC_READ_SEARCH)?;
            outer.open_by_handle_at_mount(given, Handle(1), O_RDONLY)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.handle-open-own-fs",
        claim: "The root of a user namespace can open the handle of a directory, if it says that it wants one, that lies below a mount of its mount namespace on which no mount is locked; elsewhere the handle is refused or leads nowhere.",
        sources: &[HANDLES],
        since: "6.11",
        needs: &[&need::PROCFS, &need::MNT_NS, &need::TMPFS_HANDLES],
        wrong: "the owner of the mounts is refused, or a handle leads under a locked mount or out of a bind mount",
        play: |lab| {
            let outer = lab.process("outer")?;
            lab.note("a mount with a directory to open, and one with another mount on it")?;
            tmpfs(outer, "/tmp/a")?;
            tmpfs(outer, "/tmp/covered")?;
            for directory in ["/tmp/a/wanted", "/tmp/a/part", "/tmp/covered/wanted"] {
                outer.mkdir(directory, 0o755)?;
            }
            tmpfs(outer, "/tmp/covered/cover")?;
            lab.note("the mounts of outside are locked inside")?;
            let inner = clone_mapped(outer, "inner", NEWUSER | NEWNS, "0 0 1")?;
            inner.mkdir("/tmp/b", 0o755)?;
            inner.mount("/tmp/a/part", "/tmp/b", "", MountFlags::MS_BIND, "")?;
            inner.mount_points("/tmp")?;
            inner.name_to_handle_at("/tmp/a/wanted")?;
            inner.name_to_handle_at("/tmp/covered/wanted")?;
            lab.note("a mount with nothing locked on it")?;
            let whole = inner.open("/tmp/a", O_RDONLY)?.id()?;
            let found = inner.open_by_handle_at_mount(whole, Handle(1), DIRECTORY)?.id()?;
            inner.readlink(format!("/proc/self/fd/{found}"))?;
            inner.open_by_handle_at_mount(whole, Handle(1), O_RDONLY)?;
            lab.note("a bind of another part of it, and a mount with a locked one on it")?;
            let part = inner.open("/tmp/b", O_RDONLY)?.id()?;
            inner.open_by_handle_at_mount(part, Handle(1), DIRECTORY)?;
            let covered = inner.open("/tmp/covered", O_RDONLY)?.id()?;
            inner.open_by_handle_at_mount(covered, Handle(2), DIRECTORY)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.xattr-trusted-host-only",
        claim: "The root of a user namespace gives files of its own file system attributes of the class security, and neither sets nor sees those of the class trusted: they are for root outside any user namespace.",
        sources: &[
            man("xattr(7)", "Trusted extended attributes"),
            man("xattr(7)", "Security extended attributes"),
        ],
        since: "3.8",
        starts_as: Credentials::StartedAsRoot,
        needs: &[&need::PROCFS, &need::MNT_NS, &need::INITIAL_USER_NS, &need::FILE_CAPABILITIES],
        wrong: "a capability in a user namespace counts for attributes that programs of the machine trust",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = clone_mapped(outer, "inner", NEWUSER | NEWNS, "0 0 1")?;
            tmpfs(inner, "/tmp/own")?;
            inner.creat_excl("/tmp/own/file")?;
            inner.setxattr("/tmp/own/file", "trusted.key", "inside")?;
            inner.setxattr("/tmp/own/file", "security.key", "inside")?;
            inner.getxattr("/tmp/own/file", "security.key")?;
            lab.note("root outside, on the same file")?;
            let file = || inner.proc("root/tmp/own/file");
            outer.setxattr(file(), "trusted.key", "outside")?;
            outer.getxattr(file(), "trusted.key")?;
            inner.getxattr("/tmp/own/file", "trusted.key")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.acl-ids-translated",
        claim: "The ids in an access control list are those of whoever reads it: a user whom the reader's namespace maps shows by its id there, another one as 4294967295, and reading changes nothing.",
        sources: &[man("acl(5)", "ACL ENTRIES"), text("Documentation/filesystems/idmappings.rst")],
        since: "3.8",
        needs: &[&need::PROCFS, &need::MANY_IDS, &need::ACCESS_LISTS],
        wrong: "the ids of the machine are shown, or the first reader decides what the next one sees",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.creat_excl("/tmp/file")?;
            outer.set_acl("/tmp/file", 1001)?;
            let mapped = clone_mapped(outer, "mapped", NEWUSER, "0 0 1\n50 1001 1")?;
            let unmapped = outer.clone("unmapped", NEWUSER)?;
            for process in [outer, mapped, unmapped, mapped, outer] {
                process.acl_users("/tmp/file")?;
            }
            lab.note("one that is set inside: by an id of the namespace, and by one that it does not have")?;
            mapped.set_acl("/tmp/file", 1001)?;
            mapped.set_acl("/tmp/file", 0)?;
            for process in [outer, mapped, unmapped] {
                process.acl_users("/tmp/file")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.fs-mount-max-host-only",
        claim: "fs.mount-max, the limit of mounts in every mount namespace, belongs to root of the machine: the root of a user namespace cannot open it for writing, while it can lower the number of its own mount namespaces.",
        sources: &[
            text("Documentation/admin-guide/sysctl/fs.rst"),
            man("namespaces(7)", "The /proc/sys/user directory"),
        ],
        since: "4.9",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PLAIN_UID, &need::MNT_NS],
        wrong: "a user sets a limit of the whole machine",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER | NEWNS)?;
            user.map_ids("/proc/self", "0 1000 1", "0 1000 1")?;
            user.geteuid()?;
            user.open("/proc/sys/fs/mount-max", OpenFlags::O_WRONLY)?;
            user.stat_owner("/proc/sys/fs/mount-max")?;
            lab.note("a limit of the user namespace itself")?;
            user.echo("1", "/proc/sys/user/max_mnt_namespaces")?;
            user.unshare(NEWNS)?;
            Ok(())
        },
        ..CASE
    },
];
