//! Which file systems the root of a user namespace can mount, and which it cannot.
//!
//! proc, mqueue and tmpfs, and who may mount at all, live in `mounting`.

use super::{NO_FLAGS, USER_AS_ROOT};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "user.mountable-devpts",
        claim: "The root of a user namespace can mount devpts, and gets terminals of its own in it.",
        sources: &[man("user_namespaces(7)", "Effect of capabilities within a user namespace")],
        since: "3.9",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::DEVPTS],
        wrong: "the mount is refused, or allowed without CAP_SYS_ADMIN",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER | NEWNS)?;
            user.mkdir("/tmp/pts", 0o755)?;
            user.mount("", "/tmp/pts", "devpts", NO_FLAGS, "newinstance")?;
            user.readdir("/tmp/pts")?;
            user.capset_drop(CAP_SYS_ADMIN)?;
            user.mount("", "/tmp/pts", "devpts", NO_FLAGS, "newinstance")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.mountable-ramfs",
        claim: "The root of a user namespace can mount ramfs, in a mount namespace of its own only.",
        sources: &[man("user_namespaces(7)", "Effect of capabilities within a user namespace")],
        since: "3.9",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS],
        wrong: "the mount is refused in its own mount namespace, or allowed in a foreign one",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER)?;
            user.map_ids("/proc/self", USER_AS_ROOT, USER_AS_ROOT)?;
            user.mkdir("/tmp/ram", 0o755)?;
            user.mount("", "/tmp/ram", "ramfs", NO_FLAGS, "")?;
            user.unshare(NEWNS)?;
            user.mount("", "/tmp/ram", "ramfs", NO_FLAGS, "")?;
            user.mount_points("/tmp")?;
            user.creat_excl("/tmp/ram/file")?;
            user.stat_owner("/tmp/ram/file")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.mountable-sysfs",
        claim: "The root of a user namespace can mount sysfs if it owns its network namespace; with one from outside it cannot.",
        sources: &[man("user_namespaces(7)", "Effect of capabilities within a user namespace")],
        since: "3.8",
        needs: &[&need::ROOT_USER_NS, &need::PROCFS, &need::SYSFS, &need::NET_NS, &need::MANY_IDS],
        wrong: "the devices of a foreign network namespace are shown, or one's own cannot be",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.unshare(NEWNET | NEWNS)?;
            outer.mkdir("/tmp/sys", 0o755)?;
            outer.mkdir("/tmp/inner", 0o755)?;
            outer.mount("sysfs", "/tmp/sys", "sysfs", NO_FLAGS, "")?;
            let inner = outer.clone("inner", NEWUSER | NEWNS)?;
            outer.echo("0 1001 1", inner.proc("uid_map"))?;
            inner.setresuid(0, 0, 0)?;
            inner.mount("sysfs", "/tmp/inner", "sysfs", NO_FLAGS, "")?;
            inner.unshare(NEWNET)?;
            inner.mount("sysfs", "/tmp/inner", "sysfs", NO_FLAGS, "")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.mountable-cgroup2",
        claim: "The root of a user namespace can mount cgroup2 if it owns its cgroup namespace; with one from outside it cannot.",
        sources: &[man("user_namespaces(7)", "Effect of capabilities within a user namespace")],
        since: "4.6",
        needs: &[&need::ROOT_USER_NS, &need::CGROUP_NS, &need::CGROUP2],
        wrong: "the hierarchy of the machine is mounted, or one's own part cannot be",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.mkdir("/tmp/inner", 0o755)?;
            let inner = outer.clone("inner", NEWUSER | NEWNS)?;
            inner.mount("", "/tmp/inner", "cgroup2", NO_FLAGS, "")?;
            inner.unshare(NEWCGROUP)?;
            inner.mount("", "/tmp/inner", "cgroup2", NO_FLAGS, "")?;
            inner.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.mountable-overlay",
        claim: "The root of a user namespace can mount an overlay; what is changed in it goes to the upper directory and belongs to that root.",
        sources: &[man("user_namespaces(7)", "Effect of capabilities within a user namespace")],
        since: "5.11",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PLAIN_UID, &need::OVERLAY],
        wrong: "the mount is refused, or a file of the lower directory is changed",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER | NEWNS)?;
            user.map_ids("/proc/self", USER_AS_ROOT, USER_AS_ROOT)?;
            for name in ["/tmp/lower", "/tmp/upper", "/tmp/work", "/tmp/merged"] {
                user.mkdir(name, 0o755)?;
            }
            user.creat_excl("/tmp/lower/file")?;
            user.mount(
                "",
                "/tmp/merged",
                "overlay",
                NO_FLAGS,
                "lowerdir=/tmp/lower,upperdir=/tmp/upper,workdir=/tmp/work,userxattr",
            )?;
            user.echo("changed", "/tmp/merged/file")?;
            user.cat("/tmp/lower/file")?;
            user.cat("/tmp/upper/file")?;
            user.stat_owner("/tmp/upper/file")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.filecaps-via-setxattr-path",
        claim: "File capabilities that are set through an overlay of a user namespace are stored for that namespace, in version 3, too.",
        sources: &[man("capabilities(7)", "Namespaced file capabilities")],
        since: "5.11",
        needs: &[
            &need::ROOT_USER_NS,
            &need::PROCFS,
            &need::OVERLAY,
            &need::FILE_CAPABILITIES,
            &need::MANY_IDS,
        ],
        wrong: "the upper file has capabilities for the machine's root",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = clone_mapped(outer, "inner", NEWUSER | NEWNS, "0 1001 1")?;
            become_root(inner)?;
            for name in ["/tmp/lower", "/tmp/upper", "/tmp/work", "/tmp/merged"] {
                inner.mkdir(name, 0o755)?;
            }
            inner.mount(
                "",
                "/tmp/merged",
                "overlay",
                NO_FLAGS,
                "lowerdir=/tmp/lower,upperdir=/tmp/upper,workdir=/tmp/work,userxattr",
            )?;
            inner.creat_excl("/tmp/merged/file")?;
            lab.note("set through the overlay, looked at below it")?;
            inner.set_file_capabilities("/tmp/merged/file", CAP_NET_ADMIN)?;
            inner.file_capabilities("/tmp/merged/file")?;
            outer.file_capabilities("/tmp/upper/file")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.kernel-filesystems-refused",
        claim: "File systems that show the kernel itself cannot be mounted by the root of a user namespace.",
        sources: &[man("user_namespaces(7)", "Effect of capabilities within a user namespace")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::KERNEL_FILESYSTEMS],
        wrong: "the devices or the secrets of the machine can be reached from a user namespace",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER | NEWNS)?;
            user.mkdir("/tmp/place", 0o755)?;
            for fstype in ["devtmpfs", "securityfs"] {
                user.mount("", "/tmp/place", fstype, NO_FLAGS, "")?;
            }
            user.mount("", "/tmp/place", "tmpfs", NO_FLAGS, "")?;
            user.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.protected-hardlinks",
        claim: "Where hard links are protected the root of a user namespace may link the files of users that it maps, and not those of others.",
        sources: &[
            man("proc_sys_fs(5)", "/proc/sys/fs/protected_hardlinks"),
            man("user_namespaces(7)", "Capabilities"),
        ],
        since: "3.16",
        needs: &[&need::ROOT_USER_NS, &need::PROCFS, &need::MANY_IDS, &need::PROTECTED_HARDLINKS],
        wrong: "CAP_FOWNER in a user namespace counts for a file of a user outside",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.creat_excl("/tmp/foreign")?;
            outer.creat_excl("/tmp/mapped")?;
            outer.chown("/tmp/mapped", 1002, 1002)?;
            let inner = clone_mapped(outer, "inner", NEWUSER, "0 1001 2")?;
            become_root(inner)?;
            inner.link("/tmp/foreign", "/tmp/second-name")?;
            inner.link("/tmp/mapped", "/tmp/third-name")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.mountable-bpf",
        claim: "The root of a user namespace cannot mount the bpf file system.",
        sources: &[man("user_namespaces(7)", "Effect of capabilities within a user namespace")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::MNT_NS, &need::BPF_FILESYSTEM],
        deviation: Some(
            "user_namespaces(7) lists bpf, since Linux 4.4, among the file systems that can be mounted",
        ),
        wrong: "bpf objects of the machine can be reached from a user namespace",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER | NEWNS)?;
            user.mkdir("/tmp/place", 0o755)?;
            user.mount("", "/tmp/place", "bpf", NO_FLAGS, "")?;
            user.mount_points("/tmp")?;
            user.mount("", "/tmp/place", "tmpfs", NO_FLAGS, "")?;
            user.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.mountable-others",
        claim: "The root of a user namespace can mount binfmt_misc, with formats of its own that no other namespace sees, and fuse, of which it is told that the options are missing.",
        sources: &[
            text("Documentation/admin-guide/binfmt-misc.rst"),
            text("Documentation/filesystems/fuse/fuse.rst"),
        ],
        since: "6.7",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::MNT_NS, &need::PLAIN_UID, &need::BINFMT_MISC, &need::FUSE],
        wrong: "one of the mounts is refused, or a format that is registered inside decides what programs do outside",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.mkdir("/tmp/place", 0o755)?;
            let first = outer.clone("first", NEWUSER | NEWNS)?;
            let second = outer.clone("second", NEWUSER | NEWNS)?;
            first.map_ids("/proc/self", USER_AS_ROOT, USER_AS_ROOT)?;
            for process in [first, second] {
                process.mount("", "/tmp/place", "fuse", NO_FLAGS, "")?;
                process.mount("", "/tmp/place", "binfmt_misc", NO_FLAGS, "")?;
            }
            lab.note("a format that the root of one of them registers")?;
            first.echo(":format:E::ending::/program:", "/tmp/place/register")?;
            for process in [first, second] {
                process.readdir("/tmp/place")?;
            }
            outer.mount("", "/tmp/place", "binfmt_misc", NO_FLAGS, "")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.block-filesystems-refused",
        claim: "A file system that lies on a block device cannot be mounted by the root of a user namespace, of which it is told before anybody looks at the device.",
        sources: &[
            man("user_namespaces(7)", "Effect of capabilities within a user namespace"),
            man("mount(2)", "ERRORS"),
        ],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::MNT_NS, &need::EXT4],
        wrong: "the kernel reads a file system that a user has made up",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER | NEWNS)?;
            user.mkdir("/tmp/place", 0o755)?;
            user.mount("/tmp/none", "/tmp/place", "ext4", NO_FLAGS, "")?;
            lab.note("without a device it is allowed")?;
            user.mount("", "/tmp/place", "ramfs", NO_FLAGS, "")?;
            user.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
];

/// The claims of this topic that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[Untested {
    id: "user.mountable-cgroup1-named",
    claim: "The root of a user namespace can mount a named hierarchy of version 1 cgroups that exists.",
    sources: &[man("user_namespaces(7)", "Effect of capabilities within a user namespace")],
    why: "a named hierarchy is one of the whole machine: a case would have to make it there first; the mount of the version 2 hierarchy is tested",
    part: Some("user.mountable-cgroup2"),
}];
