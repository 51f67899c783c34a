//! Attributes of mounts: mount_setattr(2) apart from id maps.
//!
//! A first change and a recursive one live in `descriptors`, transitions of propagation types in
//! `propagation_type` and `transition_tables`, id maps in `idmapped`.

use super::{NO_FLAGS, bind, tmpfs, with_shared_mount};
use crate::prelude::*;

const HERE: Directory = Directory::AT_FDCWD;
const NONE: MountAttributes = MountAttributes::empty();
const READ_ONLY: MountAttributes = MountAttributes::MOUNT_ATTR_RDONLY;
const NO_ATIME: MountAttributes = MountAttributes::MOUNT_ATTR_NOATIME;
const ALL_OF_ATIME: MountAttributes = MountAttributes::MOUNT_ATTR__ATIME;

/// Clears and sets attributes of the mount at a place.
fn setattr(process: Process<'_>, place: &str, clear: MountAttributes, set: MountAttributes) -> Done {
    process.mount_setattr(HERE, place, SetAttrFlags::empty(), clear, set, NO_FLAGS)
}

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.setattr-propagation",
        claim: "mount_setattr sets each of the four propagation types; zero leaves the type as it is, and MS_REC or a flag of another kind beside a type is refused.",
        sources: &[man("mount_setattr(2)", "DESCRIPTION"), man("mount_setattr(2)", "ERRORS")],
        since: "5.12",
        needs: &[&need::PROCFS],
        wrong: "zero changes the type, or a flag that is none of a type is accepted",
        play: |lab| {
            let process = with_shared_mount(lab, "process")?;
            bind(process, "/tmp/a", "/tmp/peer")?;
            let plain = SetAttrFlags::empty();
            lab.note("each type, and after it an attribute without one")?;
            for new in [
                MountFlags::MS_SLAVE,
                MountFlags::MS_UNBINDABLE,
                MountFlags::MS_PRIVATE,
                MountFlags::MS_SHARED,
            ] {
                process.mount_setattr(HERE, "/tmp/a", plain, NONE, NONE, new)?;
                process.propagation("/tmp/a")?;
            }
            setattr(process, "/tmp/a", NONE, READ_ONLY)?;
            process.mountinfo("/tmp/a")?;
            lab.note("refused, and nothing changes")?;
            for other in [MountFlags::MS_REC, MountFlags::MS_RDONLY, MountFlags::MS_SILENT] {
                let new = MountFlags::MS_PRIVATE | other;
                process.mount_setattr(HERE, "/tmp/a", plain, READ_ONLY, NONE, new)?;
            }
            process.mountinfo("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.setattr-atime",
        claim: "The access-time settings are values and no bits: mount_setattr sets one of them only while all of MOUNT_ATTR__ATIME is cleared, and refuses a part of it and two values.",
        sources: &[man("mount_setattr(2)", "DESCRIPTION"), man("mount_setattr(2)", "ERRORS")],
        since: "5.12",
        needs: &[&need::PROCFS],
        wrong: "two settings are mixed, or one is not replaced by the other",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            let strict = MountAttributes::MOUNT_ATTR_STRICTATIME;
            lab.note("without the mask, with a part of it, and two values")?;
            setattr(process, "/tmp/a", NONE, NO_ATIME)?;
            setattr(process, "/tmp/a", NO_ATIME, NONE)?;
            setattr(process, "/tmp/a", NO_ATIME, NO_ATIME)?;
            setattr(process, "/tmp/a", ALL_OF_ATIME, NO_ATIME | strict)?;
            process.mountinfo("/tmp/a")?;
            lab.note("noatime, strictatime, and relatime, whose value is zero")?;
            for value in [NO_ATIME, strict, NONE] {
                setattr(process, "/tmp/a", ALL_OF_ATIME, value)?;
                process.mountinfo("/tmp/a")?;
            }
            lab.note("nodiratime is a bit beside them")?;
            setattr(process, "/tmp/a", NONE, MountAttributes::MOUNT_ATTR_NODIRATIME)?;
            process.mountinfo("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.setattr-errors",
        claim: "mount_setattr tells what is wrong with its arguments: EINVAL for what is no mount point, and for flags and attributes that do not exist; EBADF, ENOENT; EPERM without CAP_SYS_ADMIN. The mount stays as it is.",
        sources: &[man("mount_setattr(2)", "ERRORS")],
        since: "5.12",
        needs: &[&need::PROCFS],
        wrong: "a wrong argument is accepted or gives another error",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            process.mkdir("/tmp/a/s", 0o755)?;
            let plain = SetAttrFlags::empty();
            let (no_flag, no_attribute) =
                (SetAttrFlags::from_bits_retain(1 << 30), MountAttributes::from_bits_retain(1 << 40));
            lab.note("each is wrong in one thing")?;
            setattr(process, "/tmp/a/s", NONE, READ_ONLY)?;
            process.mount_setattr(HERE, "/tmp/a", no_flag, NONE, READ_ONLY, NO_FLAGS)?;
            setattr(process, "/tmp/a", NONE, READ_ONLY | no_attribute)?;
            setattr(process, "/tmp/a", no_attribute, READ_ONLY)?;
            process.mount_setattr(99, "a", plain, NONE, READ_ONLY, NO_FLAGS)?;
            setattr(process, "/tmp/none", NONE, READ_ONLY)?;
            setattr(process, "", NONE, READ_ONLY)?;
            let powerless = process.fork("powerless")?;
            powerless.capset_drop(CAP_SYS_ADMIN)?;
            setattr(powerless, "/tmp/a", NONE, READ_ONLY)?;
            process.mountinfo("/tmp/a")?;
            lab.note("nothing is wrong with this one")?;
            setattr(process, "/tmp/a", NONE, READ_ONLY)?;
            process.mountinfo("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.setattr-structure-size",
        claim: "mount_setattr takes a longer structure than it knows if what it does not know is zero (else E2BIG), and neither one shorter than the first version (EINVAL) nor one longer than a page (E2BIG).",
        sources: &[man("mount_setattr(2)", "Extensibility")],
        since: "5.12",
        needs: &[&need::PROCFS],
        wrong: "an unknown extension is ignored, or programs that know a longer structure are refused",
        play: |lab| {
            /// `MOUNT_ATTR_SIZE_VER0` of linux/mount.h.
            const FIRST_VERSION: i64 = 32;
            /// More than a page of any architecture.
            const LONGER_THAN_A_PAGE: i64 = 128 * 1024;
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            for (last_byte, size) in [(0, FIRST_VERSION - 1), (1, 2 * FIRST_VERSION), (0, LONGER_THAN_A_PAGE)]
            {
                process.mount_setattr_sized("/tmp/a", READ_ONLY, last_byte, size)?;
            }
            process.mountinfo("/tmp/a")?;
            process.mount_setattr_sized("/tmp/a", READ_ONLY, 0, 2 * FIRST_VERSION)?;
            process.mountinfo("/tmp/a")?;
            process.mount_setattr_sized(
                "/tmp/a",
                READ_ONLY | MountAttributes::MOUNT_ATTR_NOSUID,
                0,
                FIRST_VERSION,
            )?;
            process.mountinfo("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.setattr-writers-ebusy",
        claim: "mount_setattr makes no mount read-only on which a file is open for writing (EBUSY), until it is closed; other mounts of the file system have their own writers.",
        sources: &[man("mount_setattr(2)", "ERRORS")],
        since: "5.12",
        needs: &[&need::PROCFS],
        wrong: "a mount becomes read-only under its writers, or a writer on another mount counts",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            bind(process, "/tmp/a", "/tmp/b")?;
            let writer = process.open("/tmp/a/file", OpenFlags::O_CREAT | OpenFlags::O_WRONLY)?.id()?;
            setattr(process, "/tmp/a", NONE, READ_ONLY)?;
            process.mountinfo("/tmp/a")?;
            setattr(process, "/tmp/b", NONE, READ_ONLY)?;
            process.mountinfo("/tmp/b")?;
            lab.note("without its writer")?;
            process.write(writer, "more")?;
            process.close(writer)?;
            setattr(process, "/tmp/a", NONE, READ_ONLY)?;
            process.mountinfo("/tmp/a")?;
            process.cat("/tmp/a/file")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.setattr-locked-eperm",
        claim: "What a mount was restricted to when a less privileged mount namespace was made of its namespace cannot be taken away there: each of ro, nosuid, nodev, noexec, nodiratime and the access-time setting is locked.",
        sources: &[
            man("mount_setattr(2)", "ERRORS"),
            man(super::MOUNT_NAMESPACES, "Restrictions on mount namespaces"),
        ],
        since: "5.12",
        needs: &[&need::PROCFS],
        wrong: "the root of a user namespace takes one of the restrictions away",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/a")?;
            let bits = [
                READ_ONLY,
                MountAttributes::MOUNT_ATTR_NOSUID,
                MountAttributes::MOUNT_ATTR_NODEV,
                MountAttributes::MOUNT_ATTR_NOEXEC,
                MountAttributes::MOUNT_ATTR_NODIRATIME,
            ];
            let all = bits.into_iter().fold(NONE, MountAttributes::union);
            setattr(outer, "/tmp/a", ALL_OF_ATIME, all | NO_ATIME)?;
            let inner = outer.clone("inner", NEWUSER | NEWNS)?;
            for bit in bits {
                setattr(inner, "/tmp/a", bit, NONE)?;
            }
            setattr(inner, "/tmp/a", ALL_OF_ATIME, NONE)?;
            setattr(inner, "/tmp/a", ALL_OF_ATIME, MountAttributes::MOUNT_ATTR_STRICTATIME)?;
            outer.diff_ns(inner.proc("ns"), "/proc/self/ns")?;
            inner.mountinfo("/tmp/a")?;
            lab.note("in a copy that belongs to the same user namespace nothing is locked")?;
            let same_owner = outer.clone("same-owner", NEWNS)?;
            outer.diff_ns(same_owner.proc("ns"), "/proc/self/ns")?;
            setattr(same_owner, "/tmp/a", all | ALL_OF_ATIME, NONE)?;
            same_owner.mountinfo("/tmp/a")?;
            outer.mountinfo("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.setattr-userns-may-add-not-clear",
        claim: "The root of a user namespace can restrict a mount that it was given, and take its own restriction back, but not one that was there before; outside nothing changes.",
        sources: &[man("mount_setattr(2)", "ERRORS")],
        since: "5.12",
        needs: &[&need::PROCFS],
        wrong: "what was given is locked as a whole, or its restrictions can be taken away",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/a")?;
            setattr(outer, "/tmp/a", NONE, READ_ONLY)?;
            let inner = outer.clone("inner", NEWUSER | NEWNS)?;
            outer.diff_ns(inner.proc("ns"), "/proc/self/ns")?;
            let no_exec = MountAttributes::MOUNT_ATTR_NOEXEC;
            lab.note("its own restriction, and that of the outer namespace")?;
            setattr(inner, "/tmp/a", NONE, no_exec)?;
            inner.mountinfo("/tmp/a")?;
            setattr(inner, "/tmp/a", READ_ONLY, NONE)?;
            setattr(inner, "/tmp/a", no_exec, NONE)?;
            inner.mountinfo("/tmp/a")?;
            lab.note("one call with both is refused as a whole")?;
            setattr(inner, "/tmp/a", READ_ONLY, no_exec)?;
            inner.mountinfo("/tmp/a")?;
            outer.mountinfo("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.setattr-needs-initial-privilege",
        claim: "CAP_SYS_ADMIN in the user namespace that owns the mount namespace is enough for mount_setattr, and without it the call is refused.",
        sources: &[man("mount_setattr(2)", "ERRORS")],
        since: "5.12",
        starts_as: Credentials::User,
        needs: &[&need::PROCFS],
        deviation: Some("EPERM: The caller does not have CAP_SYS_ADMIN in the initial user namespace."),
        wrong: "the call is only for the root of the machine, or for everybody",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER)?;
            setattr(user, "/tmp", NONE, READ_ONLY)?;
            user.unshare(NEWNS)?;
            tmpfs(user, "/tmp/a")?;
            setattr(user, "/tmp/a", NONE, READ_ONLY)?;
            user.mountinfo("/tmp/a")?;
            user.capset_drop(CAP_SYS_ADMIN)?;
            setattr(user, "/tmp/a", READ_ONLY, NONE)?;
            user.mountinfo("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.setattr-foreign-einval",
        claim: "mount_setattr changes no mount of another mount namespace, neither through /proc/PID/root nor through a descriptor; a member of that namespace can.",
        sources: &[man("mount_setattr(2)", "ERRORS")],
        since: "5.12",
        needs: &[&need::PROCFS],
        wrong: "attributes are changed in a namespace that the caller is not in",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/a")?;
            let inner = outer.clone("inner", NEWNS)?;
            setattr(outer, &inner.proc("root/tmp/a"), NONE, READ_ONLY)?;
            let foreign = outer.open(inner.proc("root/tmp/a"), OpenFlags::O_PATH)?.id()?;
            let itself = SetAttrFlags::AT_EMPTY_PATH;
            outer.mount_setattr(foreign, "", itself, NONE, READ_ONLY, NO_FLAGS)?;
            inner.mountinfo("/tmp/a")?;
            let joined = outer.open(inner.proc("ns/mnt"), O_RDONLY)?.id()?;
            outer.setns(joined, NEWNS)?;
            outer.mount_setattr(foreign, "", itself, NONE, READ_ONLY, NO_FLAGS)?;
            inner.mountinfo("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.setattr-nosymfollow",
        claim: "MOUNT_ATTR_NOSYMFOLLOW stops links from being followed on one mount; they can be read and made there, and followed on other mounts.",
        sources: &[man("mount_setattr(2)", "DESCRIPTION")],
        since: "5.14",
        needs: &[&need::PROCFS],
        wrong: "a link is followed in spite of the attribute, or cannot be read",
        play: |lab| {
            let process = lab.process("process")?;
            process.mkdir("/tmp/a", 0o755)?;
            process.creat_excl("/tmp/a/file")?;
            process.symlink("file", "/tmp/a/link")?;
            bind(process, "/tmp/a", "/tmp/b")?;
            let no_links = MountAttributes::MOUNT_ATTR_NOSYMFOLLOW;
            setattr(process, "/tmp/b", NONE, no_links)?;
            process.cat("/tmp/b/link")?;
            process.readlink("/tmp/b/link")?;
            process.symlink("file", "/tmp/b/second")?;
            process.cat("/tmp/a/second")?;
            setattr(process, "/tmp/b", no_links, NONE)?;
            process.cat("/tmp/b/link")?;
            Ok(())
        },
        ..CASE
    },
];
