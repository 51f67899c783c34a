//! New file systems by descriptor: fsopen(2), fsconfig(2), fsmount(2), fspick(2).
//!
//! Mounting by mount(2) lives with its operations; detached mounts in general in `detached`.

use super::{attach, attach_on, bind, by_descriptor, change, tmpfs};
use crate::prelude::*;

const NO_FLAGS: FsopenFlags = FsopenFlags::empty();
const NO_ATTRIBUTES: MountAttributes = MountAttributes::empty();
const CREATE: FsconfigCommand = FsconfigCommand::FSCONFIG_CMD_CREATE;
const RECONFIGURE: FsconfigCommand = FsconfigCommand::FSCONFIG_CMD_RECONFIGURE;
const STRING: FsconfigCommand = FsconfigCommand::FSCONFIG_SET_STRING;
const FLAG: FsconfigCommand = FsconfigCommand::FSCONFIG_SET_FLAG;

/// Asks a context for its file system and for a mount of it, and shows that there is one.
fn create_and_mount(process: Process<'_>, context: i32) -> Play {
    process.fsconfig(context, CREATE, "", "", 0)?;
    let mount = process.fsmount(context, FsmountFlags::empty(), NO_ATTRIBUTES)?.id()?;
    process.readdir(by_descriptor(mount))?;
    Ok(())
}

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.fsmount-path",
        claim: "fsopen, fsconfig, fsmount and move_mount together do what mount(2) does with the same type, source, option and attribute.",
        sources: &[man("fsopen(2)", "DESCRIPTION"), man("move_mount(2)", "EXAMPLES")],
        since: "5.2",
        needs: &[&need::PROCFS],
        wrong: "an option or attribute is lost on one of the ways",
        play: |lab| {
            let process = lab.process("process")?;
            process.mkdir("/tmp/old", 0o755)?;
            process.mount("name", "/tmp/old", "tmpfs", MountFlags::MS_NODEV, "mode=700")?;
            lab.note("the same by descriptor")?;
            let context = process.fsopen("tmpfs", NO_FLAGS)?.id()?;
            process.fsconfig(context, STRING, "source", "name", 0)?;
            process.fsconfig(context, STRING, "mode", "700", 0)?;
            process.fsconfig(context, CREATE, "", "", 0)?;
            let mount =
                process.fsmount(context, FsmountFlags::empty(), MountAttributes::MOUNT_ATTR_NODEV)?.id()?;
            process.mount_points("/tmp")?;
            attach(process, mount, "/tmp/new")?;
            for place in ["/tmp/old", "/tmp/new"] {
                process.mountinfo(place)?;
                process.stat_owner(place)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.fsopen-eperm",
        claim: "fsopen takes CAP_SYS_ADMIN over the caller's mount namespace, and a type that the kernel has: ENODEV says that it has not.",
        sources: &[man("fsopen(2)", "ERRORS")],
        since: "5.2",
        needs: &[&need::PROCFS],
        wrong: "a process without the capability begins a file system, or an unknown type is found",
        play: |lab| {
            let process = lab.process("process")?;
            process.fsopen("no-such-type", NO_FLAGS)?;
            let context = process.fsopen("tmpfs", NO_FLAGS)?.id()?;
            create_and_mount(process, context)?;
            process.capset_drop(CAP_SYS_ADMIN)?;
            process.fsopen("tmpfs", NO_FLAGS)?;
            process.fsopen("no-such-type", NO_FLAGS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.fsopen-userns-needs-own-mntns",
        claim: "fsopen asks for the capability over the caller's mount namespace: a new user namespace alone does not help, with a mount namespace of its own it does.",
        sources: &[man("fsopen(2)", "ERRORS")],
        since: "5.2",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "all capabilities in a new user namespace begin file systems in the outer mount namespace",
        play: |lab| {
            let user = lab.process("user")?;
            user.fsopen("tmpfs", NO_FLAGS)?;
            user.unshare(NEWUSER)?;
            user.fsopen("tmpfs", NO_FLAGS)?;
            user.unshare(NEWNS)?;
            let context = user.fsopen("tmpfs", NO_FLAGS)?.id()?;
            create_and_mount(user, context)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.fsopen-order",
        claim: "A context goes through fixed stages: fsmount before the creation is EINVAL, and a second creation, an option after it and a second fsmount are EBUSY.",
        sources: &[man("fsconfig(2)", "ERRORS"), man("fsmount(2)", "ERRORS")],
        since: "5.2",
        needs: &[&need::PROCFS],
        wrong: "a stage is left out, or gone through twice",
        play: |lab| {
            let process = lab.process("process")?;
            let context = process.fsopen("tmpfs", NO_FLAGS)?.id()?;
            process.fsmount(context, FsmountFlags::empty(), NO_ATTRIBUTES)?;
            process.fsconfig(context, CREATE, "", "", 0)?;
            process.fsconfig(context, CREATE, "", "", 0)?;
            process.fsconfig(context, STRING, "mode", "700", 0)?;
            let mount = process.fsmount(context, FsmountFlags::empty(), NO_ATTRIBUTES)?.id()?;
            process.fsmount(context, FsmountFlags::empty(), NO_ATTRIBUTES)?;
            attach(process, mount, "/tmp/d")?;
            process.mount_points("/tmp")?;
            process.stat_owner("/tmp/d")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.fsopen-log",
        claim: "A read from a context gives the reason for which an option was refused, once; with nothing left to tell it fails with ENODATA.",
        sources: &[man("fsopen(2)", "Message retrieval interface")],
        since: "5.2",
        needs: &[&need::PROCFS],
        wrong: "the reason is lost, repeated, or invented",
        play: |lab| {
            let process = lab.process("process")?;
            let context = process.fsopen("tmpfs", NO_FLAGS)?.id()?;
            process.fscontext_message(context)?;
            process.fsconfig(context, STRING, "mode", "700", 0)?;
            process.fscontext_message(context)?;
            process.fsconfig(context, STRING, "no-such-option", "1", 0)?;
            process.fscontext_message(context)?;
            process.fscontext_message(context)?;
            process.fsconfig(context, CREATE, "", "", 0)?;
            let mount = process.fsmount(context, FsmountFlags::empty(), NO_ATTRIBUTES)?.id()?;
            process.stat_owner(by_descriptor(mount))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.fsmount-attr-flags",
        claim: "fsmount gives its attributes to the mount and none of them to the file system; MOUNT_ATTR_IDMAP is not one of them (EINVAL). The descriptor is close-on-exec if asked.",
        sources: &[man("fsmount(2)", "DESCRIPTION"), man("fsmount(2)", "ERRORS")],
        since: "5.2",
        needs: &[&need::PROCFS],
        wrong: "an attribute is lost, or becomes one of the file system",
        play: |lab| {
            let process = lab.process("process")?;
            let context = process.fsopen("tmpfs", NO_FLAGS)?.id()?;
            process.fsconfig(context, CREATE, "", "", 0)?;
            process.fsmount(context, FsmountFlags::empty(), MountAttributes::MOUNT_ATTR_IDMAP)?;
            let attributes = MountAttributes::MOUNT_ATTR_RDONLY
                | MountAttributes::MOUNT_ATTR_NOSUID
                | MountAttributes::MOUNT_ATTR_NOEXEC;
            let mount = process.fsmount(context, FsmountFlags::FSMOUNT_CLOEXEC, attributes)?.id()?;
            process.fcntl_getfd(context)?;
            process.fcntl_getfd(mount)?;
            attach(process, mount, "/tmp/d")?;
            process.mountinfo("/tmp/d")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.fspick-reconfigures-superblock",
        claim: "Through fspick a file system is configured anew, and all mounts of it show that; attributes of the mounts stay. What is no root of a mount is refused with EINVAL.",
        sources: &[man("fspick(2)", "DESCRIPTION"), man("fsconfig(2)", "FSCONFIG_CMD_RECONFIGURE")],
        since: "5.2",
        needs: &[&need::PROCFS],
        wrong: "only the picked mount becomes read-only, or its attributes are changed",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            process.mkdir("/tmp/a/s", 0o755)?;
            bind(process, "/tmp/a", "/tmp/b")?;
            change(process, "/tmp/b", MountFlags::MS_REMOUNT | MountFlags::MS_BIND | MountFlags::MS_NOSUID)?;
            lab.note("no root of a mount, then one")?;
            process.fspick(Directory::AT_FDCWD, "/tmp/a/s", FspickFlags::empty())?;
            let context = process.fspick(Directory::AT_FDCWD, "/tmp/a", FspickFlags::empty())?.id()?;
            process.fsconfig(context, FLAG, "ro", "", 0)?;
            process.creat_excl("/tmp/b/before")?;
            process.fsconfig(context, RECONFIGURE, "", "", 0)?;
            process.creat_excl("/tmp/b/after")?;
            process.readdir("/tmp/b")?;
            process.mountinfo("/tmp/a")?;
            process.mountinfo("/tmp/b")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.fspick-foreign-superblock-eperm",
        claim: "The root of a user namespace can pick a file system that was mounted outside, and not reconfigure it; its own it can.",
        sources: &[man("fsconfig(2)", "ERRORS")],
        since: "5.2",
        needs: &[&need::PROCFS],
        accepted: &[Accepted {
            mutant: "fsconfig(3, FSCONFIG_SET_FLAG, \"ro\", NULL, 0)",
            why: "the call that is refused differs from the one that is allowed in nothing but the file system",
        }],
        wrong: "a contained root makes an outer file system read-only for everybody",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/a")?;
            let inner = outer.clone("inner", NEWUSER | NEWNS)?;
            tmpfs(inner, "/tmp/own")?;
            lab.note("the outer file system, then the own one")?;
            for place in ["/tmp/a", "/tmp/own"] {
                let context = inner.fspick(Directory::AT_FDCWD, place, FspickFlags::empty())?.id()?;
                inner.fsconfig(context, FLAG, "ro", "", 0)?;
                inner.fsconfig(context, RECONFIGURE, "", "", 0)?;
                inner.mountinfo(place)?;
            }
            outer.diff_ns(inner.proc("ns"), "/proc/self/ns")?;
            outer.creat_excl("/tmp/a/file")?;
            outer.readdir("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.fspick-needs-sb-owner",
        claim: "Whoever may mount can pick a file system by fspick; to configure it anew takes CAP_SYS_ADMIN in the user namespace that it was mounted in, which the levels above have and those below have not.",
        sources: &[man("fspick(2)", "DESCRIPTION"), man("fsconfig(2)", "ERRORS")],
        since: "5.2",
        needs: &[&need::PROCFS],
        accepted: &[Accepted {
            mutant: "fsconfig(3, FSCONFIG_SET_FLAG, \"ro\", NULL, 0)",
            why: "the call that is refused differs from the one that is allowed in nothing but the caller",
        }],
        wrong: "the level below makes the file system read-only, or the level above may not",
        play: |lab| {
            let outer = lab.process("outer")?;
            let owner = clone_mapped(outer, "owner", NEWUSER | NEWNS, "0 0 1")?;
            owner.mkdir("/tmp/own", 0o755)?;
            owner.mount("own", "/tmp/own", "tmpfs", MountFlags::empty(), "mode=777")?;
            let below = owner.clone("below", NEWUSER | NEWNS)?;
            let above = outer.fork("above")?;
            let namespace = above.open(owner.proc("ns/mnt"), O_RDONLY)?.id()?;
            above.setns(namespace, NEWNS)?;
            for (process, place) in [(below, "from below"), (above, "from above")] {
                lab.note(place)?;
                let context = process.fspick(Directory::AT_FDCWD, "/tmp/own", FspickFlags::empty())?.id()?;
                process.fsconfig(context, FLAG, "ro", "", 0)?;
                process.fsconfig(context, RECONFIGURE, "", "", 0)?;
                owner.mountinfo("/tmp/own")?;
            }
            outer.diff_ns(below.proc("ns"), owner.proc("ns"))?;
            outer.diff_ns(above.proc("ns"), owner.proc("ns"))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.fscontext-passed-on",
        claim: "A context belongs to the user namespace in which it was begun, not to a process: another process of that user namespace completes it.",
        sources: &[man("fsopen(2)", "DESCRIPTION")],
        since: "5.2",
        needs: &[&need::PROCFS],
        wrong: "only the process that began a context can go on with it",
        play: |lab| {
            let first = lab.process("first")?;
            let context = first.fsopen("tmpfs", NO_FLAGS)?.id()?;
            first.fsconfig(context, STRING, "mode", "700", 0)?;
            let second = first.clone("second", NEWNS)?;
            second.fsconfig(context, CREATE, "", "", 0)?;
            let mount = second.fsmount(context, FsmountFlags::empty(), NO_ATTRIBUTES)?.id()?;
            second.mkdir("/tmp/d", 0o755)?;
            attach_on(second, mount, "/tmp/d")?;
            second.stat_owner("/tmp/d")?;
            second.mount_points("/tmp")?;
            first.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
];

/// Claims that cannot be tested.
pub const UNTESTED: &[Untested] = &[Untested {
    id: "mnt.fscontext-other-userns-refused",
    claim: "A context that was begun in one user namespace cannot be completed in a descendant of it.",
    sources: &[man("fsconfig(2)", "ERRORS")],
    why: "Kernels that do not refuse it, up to 6.18 and some after it, warn in their log and are tainted from then on: a case would leave the machine other than it was.",
    part: Some("mnt.fscontext-passed-on"),
}];
