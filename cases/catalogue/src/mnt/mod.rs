//! Mount namespaces: mount lists, propagation, locked mounts, pivot_root.
//!
//! The scratch tmpfs at /tmp, where all of this happens, and everything above it is private.

crate::topics! {
    isolation,
    creation,
    privilege,
    lifetime,
    propagation,
    propagation_type,
    unbindable,
    tables,
    tree_tables,
    mixed_trees,
    event_tables,
    transition_tables,
    tags,
    peer_groups,
    chains,
    nested_binds,
    copies,
    joining,
    bind,
    moving,
    remount,
    mount_operations,
    mount_flags,
    mount_errors,
    umount,
    unmounted,
    less_privileged,
    levels,
    locked_mounts,
    locked_flags,
    foreign_mounts,
    proc_mounts,
    superblocks,
    file_rights,
    terminals,
    mount_events,
    mount_points,
    root,
    chroot,
    pivot_root,
    mountinfo,
    mount_ids,
    descriptors,
    open_tree,
    move_mount,
    sharing_groups,
    detached,
    contexts,
    mount_setattr,
    idmapped,
    statmount,
    listmount,
    new_roots,
}

use crate::prelude::*;

const MOUNT_NAMESPACES: &str = "mount_namespaces(7)";

const NO_DATA: &str = "";

const NO_FLAGS: MountFlags = MountFlags::empty();

/// Makes a directory and mounts an empty tmpfs on it; the last component of the path is its
/// source, by which records tell it from others.
fn tmpfs(process: Process<'_>, place: &str) -> Play {
    process.mkdir(place, 0o755)?;
    let name = place.rsplit('/').next().unwrap_or(place);
    process.mount(name, place, "tmpfs", NO_FLAGS, NO_DATA)?;
    Ok(())
}

/// Makes a directory and binds a mount (or a directory of it) there.
fn bind(process: Process<'_>, source: &str, place: &str) -> Play {
    process.mkdir(place, 0o755)?;
    bind_on(process, source, place)?;
    Ok(())
}

/// Binds a mount, a directory or a file of it where something is already.
fn bind_on(process: Process<'_>, source: &str, place: &str) -> Done {
    process.mount(source, place, "", MountFlags::MS_BIND, NO_DATA)
}

/// Changes the propagation type of a mount, or performs another operation that needs no source.
fn change(process: Process<'_>, place: &str, flags: MountFlags) -> Done {
    process.mount("", place, "", flags, NO_DATA)
}

/// A new process with a mount tree of its own in which /tmp/a is a tmpfs of its own peer group.
fn with_shared_mount<'l>(lab: &'l Lab<'l>, name: &str) -> Result<Process<'l>, Interrupt> {
    let process = lab.process(name)?;
    tmpfs(process, "/tmp/a")?;
    change(process, "/tmp/a", MountFlags::MS_SHARED)?;
    Ok(process)
}

/// As [`with_shared_mount`], and /tmp/s is a slave of it.
fn with_master_and_slave<'l>(lab: &'l Lab<'l>, name: &str) -> Result<Process<'l>, Interrupt> {
    let process = with_shared_mount(lab, name)?;
    bind(process, "/tmp/a", "/tmp/s")?;
    change(process, "/tmp/s", MountFlags::MS_SLAVE)?;
    Ok(process)
}

/// A new process in a mount namespace of its own that also the kernel takes for older than those
/// that the process will create.
///
/// The order matters where a mount namespace's file is bound: the kernel compares numbers that it
/// gave to namespaces at their creation. Linux 6.18 and later take these numbers from a supply of
/// each processor, and refuse at random what is made on two of them.
fn with_older_namespace<'l>(lab: &'l Lab<'l>, name: &str) -> Result<Process<'l>, Interrupt> {
    let process = lab.process(name)?;
    process.readlink("/proc/self/ns/mnt")?;
    lab.note("on one processor all kernels know which of two mount namespaces is the older one")?;
    process.sched_setaffinity_current()?;
    process.unshare(NEWNS)?;
    process.readlink("/proc/self/ns/mnt")?;
    Ok(process)
}

/// Makes one mount read-only and leaves its file system as it is.
const READ_ONLY_BIND: MountFlags =
    MountFlags::MS_REMOUNT.union(MountFlags::MS_BIND).union(MountFlags::MS_RDONLY);

/// A detached copy of the mount at a place, by its descriptor.
fn detached_copy(process: Process<'_>, place: &str) -> Result<i32, Interrupt> {
    process.open_tree(Directory::AT_FDCWD, place, OpenTreeFlags::OPEN_TREE_CLONE)?.id()
}

/// A detached mount of a new tmpfs, by its descriptor.
fn detached_tmpfs(process: Process<'_>) -> Result<i32, Interrupt> {
    let context = process.fsopen("tmpfs", FsopenFlags::empty())?.id()?;
    process.fsconfig(context, FsconfigCommand::FSCONFIG_CMD_CREATE, "", "", 0)?;
    process.fsmount(context, FsmountFlags::empty(), MountAttributes::empty())?.id()
}

/// Attaches the detached mount that a descriptor refers to, or moves it if it is attached, to where
/// something is already.
fn attach_on(process: Process<'_>, tree: i32, place: &str) -> Done {
    process.move_mount(tree, "", Directory::AT_FDCWD, place, MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)
}

/// Makes a directory and attaches a detached mount there.
fn attach(process: Process<'_>, tree: i32, place: &str) -> Play {
    process.mkdir(place, 0o755)?;
    attach_on(process, tree, place)?;
    Ok(())
}

/// The path under which a process reaches what its descriptor refers to.
fn by_descriptor(fd: i32) -> String {
    format!("/proc/self/fd/{fd}")
}
