//! The requirements of cases on mounts, each with its probe: which system calls for mounts, and which
//! of their flags and ids, the kernel has, and how far the place allows mounts.
//!
//! Those on mount namespaces themselves are in `needs`, which hands on the ones of here.

use nsconform_suite::known::Version;
use nsconform_suite::needs;
use nsconform_suite::prelude::*;
use nsconform_suite::requirement::{ProbeResult, Unmet, succeeded};
use nsconform_sys::machine::Machine;

needs! {
    /// Detached mounts can be copied and attached to one another.
    ATTACH_TO_DETACHED {
        "mounts on detached mounts",
        own: &["mnt.detached-on-detached", "mnt.detached-clone-outlives"],
        remedy: "use Linux 6.15 or later",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            let copied = process.open_tree(Directory::AT_FDCWD, "/tmp", OpenTreeFlags::OPEN_TREE_CLONE)?;
            let Outcome::Returned(Value::Number(copy)) = copied else {
                return succeeded("open_tree(OPEN_TREE_CLONE)", copied);
            };
            let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::AT_EMPTY_PATH;
            succeeded("open_tree(OPEN_TREE_CLONE) of a copy", process.open_tree(copy as i32, "", flags)?)
        },
    }

    /// A mount can be put below another one.
    BENEATH {
        "MOVE_MOUNT_BENEATH",
        own: &["mnt.move-mount-beneath"],
        remedy: "use Linux 6.5 or later",
        probe: |lab| is_known(lab, MoveMountFlags::MOVE_MOUNT_BENEATH),
    }

    /// A mount can be put beneath a locked one.
    BENEATH_LOCKED {
        "MOVE_MOUNT_BENEATH below locked mounts",
        remedy: "use Linux 7.1 or later",
        probe: |lab| {
            let outer = lab.process_as(Credentials::Root, "outer")?;
            outer.mkdir("/tmp/a", 0o755)?;
            outer.mount("cover", "/tmp/a", "tmpfs", MountFlags::empty(), "")?;
            let inner = outer.clone("inner", Flags::CLONE_NEWUSER | Flags::CLONE_NEWNS)?;
            let opened = inner.fsopen("tmpfs", FsopenFlags::empty())?;
            let Outcome::Returned(Value::Number(context)) = opened else { return succeeded("fsopen", opened) };
            inner.fsconfig(context as i32, FsconfigCommand::FSCONFIG_CMD_CREATE, "", "", 0)?;
            let made = inner.fsmount(context as i32, FsmountFlags::empty(), MountAttributes::empty())?;
            let Outcome::Returned(Value::Number(new)) = made else { return succeeded("fsmount", made) };
            let beneath = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_BENEATH;
            let moved = inner.move_mount(new as i32, "", Directory::AT_FDCWD, "/tmp/a", beneath)?;
            succeeded("move_mount(MOVE_MOUNT_BENEATH) below a locked mount", moved)
        },
    }

    /// Mount namespaces can begin empty.
    EMPTY_MNTNS {
        "UNSHARE_EMPTY_MNTNS",
        own: &["mnt.unshare-empty", "mnt.unshare-empty-combines"],
        remedy: "use Linux 7.1 or later",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            succeeded("unshare(UNSHARE_EMPTY_MNTNS)", process.unshare_empty_mntns(Flags::empty())?)
        },
    }

    /// fchroot(2) is there.
    FCHROOT {
        "fchroot",
        own: &["mnt.fchroot-directory"],
        remedy: "use Linux 7.3 or later; in a container, allow fchroot(2) in its seccomp filter",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            match process.fchroot(-1)? {
                Outcome::Failed(Errno(libc::EBADF)) => Ok(Ok(())),
                Outcome::Returned(_) => Ok(Err(Unmet::Wrong("fchroot of no descriptor gives 0".to_string()))),
                other => succeeded("fchroot of no descriptor", other),
            }
        },
    }

    /// fsmount(2) makes mount namespaces.
    FSMOUNT_NAMESPACE {
        "FSMOUNT_NAMESPACE",
        own: &["mnt.fsmount-namespace"],
        remedy: "use Linux 7.1 or later",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            let opened = process.fsopen("tmpfs", FsopenFlags::empty())?;
            let Outcome::Returned(Value::Number(context)) = opened else { return succeeded("fsopen", opened) };
            let context = context as i32;
            process.fsconfig(context, FsconfigCommand::FSCONFIG_CMD_CREATE, "", "", 0)?;
            let made = process.fsmount(context, FsmountFlags::FSMOUNT_NAMESPACE, MountAttributes::empty())?;
            succeeded("fsmount(FSMOUNT_NAMESPACE)", made)
        },
    }

    /// File systems can be made by descriptor.
    FSOPEN {
        "fsopen",
        own: &["mnt.fsmount-path", "mnt.fsopen-order"],
        remedy: "use Linux 5.2 or later; in a container, allow fsopen(2), fspick(2), fsconfig(2) and fsmount(2) in its seccomp filter",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            succeeded("fsopen", process.fsopen("tmpfs", FsopenFlags::empty())?)
        },
    }

    /// Mounts of a tmpfs can have id maps.
    IDMAPPED_TMPFS {
        "id-mapped mounts of tmpfs",
        own: &["mnt.idmap-shifts-owners"],
        remedy: "use Linux 6.3 or later",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            Ok(match idmapped(process)? {
                Ok(_) => Ok(()),
                Err(unmet) => Err(unmet),
            })
        },
    }

    /// listmount(2) can list in descending order.
    LISTMOUNT_REVERSE {
        "LISTMOUNT_REVERSE",
        own: &["mnt.listmount-order-and-reverse"],
        remedy: "use Linux 6.11 or later",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            let listed = process.listmount(MountNumber::Root, 0, 1, ListmountFlags::LISTMOUNT_REVERSE)?;
            succeeded("listmount(LISTMOUNT_REVERSE)", listed)
        },
    }

    /// mount_setattr(2) is there.
    MOUNT_SETATTR {
        "mount_setattr",
        own: &["mnt.setattr-sets-and-clears", "mnt.setattr-recursive"],
        remedy: "use Linux 5.12 or later; in a container, allow mount_setattr(2) in its seccomp filter",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            let none = MountAttributes::empty();
            let done = process.mount_setattr(Directory::AT_FDCWD, "/tmp", SetAttrFlags::empty(), none, none, MountFlags::empty())?;
            succeeded("mount_setattr", done)
        },
    }

    /// open_tree(2) copies mounts.
    OPEN_TREE {
        "open_tree",
        own: &["mnt.open-tree-attach", "mnt.open-tree-recursive"],
        remedy: "use Linux 5.2 or later; in a container, allow open_tree(2) and move_mount(2) in its seccomp filter",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            let copy = process.open_tree(Directory::AT_FDCWD, "/tmp", OpenTreeFlags::OPEN_TREE_CLONE)?;
            succeeded("open_tree(OPEN_TREE_CLONE)", copy)
        },
    }

    /// open_tree_attr(2) is there.
    OPEN_TREE_ATTR {
        "open_tree_attr",
        own: &["mnt.open-tree-attr"],
        remedy: "use Linux 6.15 or later; in a container, allow open_tree_attr(2) in its seccomp filter",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            let opened = process.open_tree_attr_null(Directory::AT_FDCWD, "/tmp", OpenTreeFlags::empty())?;
            succeeded("open_tree_attr", opened)
        },
    }

    /// open_tree(2) makes mount namespaces.
    OPEN_TREE_NAMESPACE {
        "OPEN_TREE_NAMESPACE",
        own: &["mnt.open-tree-namespace", "mnt.open-tree-namespace-cap"],
        remedy: "use Linux 7.0 or later",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            let made = process.open_tree(Directory::AT_FDCWD, "/tmp", OpenTreeFlags::OPEN_TREE_NAMESPACE)?;
            succeeded("open_tree(OPEN_TREE_NAMESPACE)", made)
        },
    }

    /// A proc with nothing but processes can be mounted where a part of /proc is covered.
    PROC_SUBSET_COVERED {
        "subset=pid where /proc is covered",
        remedy: "use Linux 7.2 or later",
        probe: |lab| {
            let outer = lab.process_as(Credentials::Root, "outer")?;
            outer.mount("cover", "/proc/sys", "tmpfs", MountFlags::empty(), "")?;
            let kinds = Flags::CLONE_NEWUSER | Flags::CLONE_NEWNS | Flags::CLONE_NEWPID;
            let inner = outer.clone("inner", kinds)?;
            succeeded("mount of proc", inner.mount("p", "/tmp", "proc", MountFlags::empty(), "subset=pid")?)
        },
    }

    /// A mount can be put into the peer group of another one.
    SET_GROUP {
        "MOVE_MOUNT_SET_GROUP",
        own: &["mnt.move-mount-set-group"],
        remedy: "use Linux 5.15 or later",
        probe: |lab| is_known(lab, MoveMountFlags::MOVE_MOUNT_SET_GROUP),
    }

    /// statmount(2) and listmount(2) are there.
    STATMOUNT {
        "statmount and listmount",
        own: &["mnt.statmount-agrees-with-mountinfo", "mnt.listmount-children"],
        remedy: "use Linux 6.8 or later; in a container, allow statmount(2) and listmount(2) in its seccomp filter",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            let asked = process.statmount("/tmp", StatmountMask::STATMOUNT_MNT_BASIC)?;
            if let unmet @ Err(_) = succeeded("statmount", asked)? {
                return Ok(unmet);
            }
            succeeded("listmount", process.listmount(MountNumber::Root, 0, 1, ListmountFlags::empty())?)
        },
    }

    /// statmount(2) takes a descriptor of a file on the mount.
    STATMOUNT_BY_FD {
        "STATMOUNT_BY_FD",
        own: &["mnt.statmount-by-fd"],
        remedy: "use Linux 7.0 or later",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            let file = process.open("/tmp", O_RDONLY)?.id()?;
            succeeded("statmount(STATMOUNT_BY_FD)", process.statmount_by_fd(file, StatmountMask::STATMOUNT_MNT_BASIC)?)
        },
    }

    /// statmount(2) tells the id maps of a mount.
    STATMOUNT_IDMAP {
        "STATMOUNT_MNT_UIDMAP",
        own: &["mnt.statmount-idmap"],
        remedy: "use Linux 6.17 or later",
        probe: |lab| {
            // The one question that must not be asked: the kernel follows a null pointer, and panics.
            if Version::of_release(&Machine::look().kernel_release) < Version::of_release("6.17") {
                let found = "Linux 6.15 and 6.16 crash when they are asked, and older kernels do not know it";
                return Ok(Err(Unmet::Absent(found.to_string())));
            }
            let process = lab.process_as(Credentials::Root, "probe")?;
            let tree = match idmapped(process)? {
                Ok(tree) => tree,
                Err(unmet) => return Ok(Err(unmet)),
            };
            process.mkdir("/tmp/idmapped", 0o755)?;
            let to = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
            process.move_mount(tree, "", Directory::AT_FDCWD, "/tmp/idmapped", to)?;
            let uid_map = StatmountMask::STATMOUNT_MNT_UIDMAP;
            match process.statmount("/tmp/idmapped", uid_map)? {
                Outcome::Returned(Value::Fields(parts)) if parts.iter().any(|(name, _)| name == "mnt_uidmap") => Ok(Ok(())),
                Outcome::Returned(_) => {
                    Ok(Err(Unmet::Absent("statmount of an id-mapped mount tells no map".to_string())))
                }
                other => succeeded("statmount", other),
            }
        },
    }

    /// statmount(2) and listmount(2) take the number of a mount namespace.
    STATMOUNT_NAMESPACE {
        "statmount of other namespaces",
        own: &["mnt.statmount-foreign-ns"],
        remedy: "use Linux 6.11 or later",
        probe: |lab| asked_of_own_namespace(lab, NamespaceMember::MNT_NS_ID),
    }

    /// statmount(2) and listmount(2) take a descriptor of a mount namespace.
    STATMOUNT_NAMESPACE_FD {
        "statmount of other namespaces by descriptor",
        own: &["mnt.statmount-foreign-ns-by-fd"],
        remedy: "use Linux 6.18 or later",
        probe: |lab| asked_of_own_namespace(lab, NamespaceMember::MNT_NS_FD),
    }

    /// Root can make device files.
    DEVICE_FILES {
        "device files",
        remedy: "run as root outside any user namespace; in a container, with the capability to make them (--cap-add=MKNOD)",
        probe: |lab| {
            let process = lab.process_as(Credentials::StartedAsRoot, "probe")?;
            succeeded("mknod", process.mknod("/tmp/null", 0o666, 1, 3)?)
        },
    }

    /// A mount namespace holds as many mounts as kernels allow by default.
    MOUNT_MAX {
        "the usual limit of mounts",
        remedy: "set fs.mount-max to 100000; run where /proc is not masked",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            Ok(match process.cat("/proc/sys/fs/mount-max")? {
                Outcome::Returned(limit) if limit == Value::text("100000\n") => Ok(()),
                Outcome::Returned(_) => Err("fs.mount-max is set to another one".into()),
                other => return succeeded("reading /proc/sys/fs/mount-max", other),
            })
        },
    }

    /// A fanotify group can be told of mounts.
    FANOTIFY_MOUNTS {
        "fanotify events about mounts",
        remedy: "use Linux 6.15 or later built with CONFIG_FANOTIFY; in a container, allow fanotify_init(2) in its seccomp filter",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            succeeded("fanotify_init", process.fanotify_init(FanotifyFlags::FAN_REPORT_MNT)?)
        },
    }

    /// The kernel tells the numbers of mounts that no other mount ever gets.
    UNIQUE_MOUNT_IDS {
        "unique mount ids",
        own: &["mnt.statx-mnt-id-unique"],
        remedy: "use Linux 6.8 or later",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            succeeded("statx with STATX_MNT_ID_UNIQUE", process.statx_mnt_id_unique("/tmp")?)
        },
    }
}

/// Whether move_mount(2) knows a flag: it looks at flags first, then for the mount, which is not there.
fn is_known(lab: &Lab, flag: MoveMountFlags) -> Result<ProbeResult, Interrupt> {
    let process = lab.process_as(Credentials::Root, "probe")?;
    match process.move_mount(Directory::AT_FDCWD, "/tmp/none", Directory::AT_FDCWD, "/tmp", flag)? {
        Outcome::Failed(Errno(libc::ENOENT)) => Ok(Ok(())),
        Outcome::Returned(_) => {
            Ok(Err(Unmet::Wrong("move_mount of a path that does not exist gives 0".to_string())))
        }
        other => succeeded("move_mount of a path that does not exist", other),
    }
}

/// A detached copy of /tmp with an id map; or why there is none.
fn idmapped(process: Process) -> Result<Result<i32, Unmet>, Interrupt> {
    let mapper = process.clone("mapper", NEWUSER)?;
    process.echo("0 0 1", mapper.proc("uid_map"))?;
    process.echo("0 0 1", mapper.proc("gid_map"))?;
    let namespace = process.open(mapper.proc("ns/user"), O_RDONLY)?.id()?;
    let tree = process.open_tree(Directory::AT_FDCWD, "/tmp", OpenTreeFlags::OPEN_TREE_CLONE)?.id()?;
    let set = process.mount_setattr_userns(
        tree,
        "",
        SetAttrFlags::AT_EMPTY_PATH,
        MountAttributes::empty(),
        MountAttributes::MOUNT_ATTR_IDMAP,
        namespace,
    )?;
    Ok(succeeded("mount_setattr(MOUNT_ATTR_IDMAP)", set)?.map(|()| tree))
}

/// Whether statmount(2) answers about a mount of the own namespace that is named like this.
fn asked_of_own_namespace(lab: &Lab, member: NamespaceMember) -> Result<ProbeResult, Interrupt> {
    let process = lab.process_as(Credentials::Root, "probe")?;
    let namespace = process.open("/proc/self/ns/mnt", O_RDONLY)?.id()?;
    let mask = StatmountMask::STATMOUNT_MNT_BASIC;
    succeeded("statmount", process.statmount_in(namespace, member, "/tmp", mask)?)
}
