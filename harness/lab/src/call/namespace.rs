//! Joining and leaving namespaces, and asking about them: unshare(2), setns(2), the links in
//! /proc/PID/ns, ioctl_ns(2), kcmp(2).
//!
//! clone(2), which creates namespaces as well, lives in `process`.

use super::argument::{Descriptor, Pathname, Pid, Text, constants};
use super::calls;
use crate::outcome::{Answer, Errno, Value, check};
use nsconform_sys::kind::{Flags, Kind};
use std::os::unix::fs::MetadataExt;

constants! {
    /// A resource that kcmp(2) compares.
    Resource: i32 {
        KCMP_FILE = 0, KCMP_VM = 1, KCMP_FILES = 2, KCMP_FS = 3,
        KCMP_SIGHAND = 4, KCMP_IO = 5, KCMP_SYSVSEM = 6,
    }
}

/// `UNSHARE_EMPTY_MNTNS` of linux/sched.h, since Linux 7.1: for clone(2) the bit is CLONE_PARENT_SETTID.
const UNSHARE_EMPTY_MNTNS: u64 = 0x0010_0000;

/// The ioctls of ioctl_ns(2), from linux/nsfs.h: the magic number 0xb7 and the command.
const fn namespace_ioctl(command: u64) -> u64 {
    0xb700 | command
}
const NS_GET_USERNS: u64 = namespace_ioctl(1);
const NS_GET_PARENT: u64 = namespace_ioctl(2);
const NS_GET_NSTYPE: u64 = namespace_ioctl(3);
const NS_GET_OWNER_UID: u64 = namespace_ioctl(4);

/// The ioctls of linux/nsfs.h that take or fill an argument of so many bytes (`_IOR`).
const fn namespace_ioctl_read(command: u64, size: usize) -> u64 {
    2 << 30 | (size as u64) << 16 | namespace_ioctl(command)
}
const NS_GET_MNTNS_ID: u64 = namespace_ioctl_read(5, size_of::<u64>());
const NS_MNT_GET_INFO: u64 = namespace_ioctl_read(10, size_of::<MountNamespaceInfo>());
const NS_MNT_GET_NEXT: u64 = namespace_ioctl_read(11, size_of::<MountNamespaceInfo>());
const NS_MNT_GET_PREV: u64 = namespace_ioctl_read(12, size_of::<MountNamespaceInfo>());
const NS_GET_ID: u64 = namespace_ioctl_read(13, size_of::<u64>());

constants! {
    /// The ioctls of linux/nsfs.h that translate a PID or a TGID from or to a PID namespace.
    PidTranslation: u32 {
        NS_GET_PID_FROM_PIDNS = namespace_ioctl_read(6, size_of::<i32>()) as u32,
        NS_GET_TGID_FROM_PIDNS = namespace_ioctl_read(7, size_of::<i32>()) as u32,
        NS_GET_PID_IN_PIDNS = namespace_ioctl_read(8, size_of::<i32>()) as u32,
        NS_GET_TGID_IN_PIDNS = namespace_ioctl_read(9, size_of::<i32>()) as u32,
    }
}

/// `struct mnt_ns_info` of linux/nsfs.h.
#[repr(C)]
#[derive(Default)]
struct MountNamespaceInfo {
    size: u32,
    nr_mounts: u32,
    mnt_ns_id: u64,
}

calls! {
    /// Calls about namespaces of any kind.
    Namespace, NamespaceCalls, actor:

    /// Moves the caller (for PID and time namespaces: its later children) into new namespaces.
    unshare(flags: Flags) {
        check(unsafe_syscall(libc::SYS_unshare, flags.bits() as i64, 0))
    }

    /// Moves the caller into a new mount namespace with nothing but an empty root, and into other new namespaces as flags say.
    unshare_empty_mntns(flags: Flags) => "unshare(UNSHARE_EMPTY_MNTNS|{})" {
        check(unsafe_syscall(libc::SYS_unshare, (UNSHARE_EMPTY_MNTNS | flags.bits()) as i64, 0))
    }

    /// Moves the caller into the namespace (or, with a pidfd, the namespaces) that a descriptor refers to.
    setns(fd: Descriptor, kinds: Flags) {
        check(unsafe_syscall(libc::SYS_setns, fd.0.into(), kinds.bits() as i64))
    }

    /// Compares two directories of /proc/PID/ns link by link and lists the kinds in which they differ; a link that the kernel does not give is different from one that it gives.
    diff_ns(first: Pathname, second: Pathname) observes "the links of both directories, by readlink(2)" {
        let mut different = Vec::new();
        for link in LINKS {
            if link_in(&first, link)? != link_in(&second, link)? {
                different.push(Value::word(link));
            }
        }
        Ok(Value::List(different))
    }

    /// Asks which namespace an open descriptor refers to, by fstat(2).
    fstat_ns(fd: Descriptor) observes "the descriptor, by ioctl(2) with NS_GET_NSTYPE and fstat(2)" {
        namespace_of_descriptor(fd.0)
    }

    /// Asks for the kind of the namespace that a descriptor refers to, as a CLONE_NEW* constant.
    ioctl_nstype(fd: Descriptor) => "ioctl({}, NS_GET_NSTYPE)" asks {
        let Value::Number(kind) = ioctl(fd.0, NS_GET_NSTYPE, 0)? else { unreachable!() };
        Ok(Value::word(crate::call::argument::flag_names(&Flags::from_bits_retain(kind as u64))))
    }

    /// Asks for a descriptor of the user namespace that owns a namespace.
    ioctl_userns(fd: Descriptor) => "ioctl({}, NS_GET_USERNS)" {
        ioctl(fd.0, NS_GET_USERNS, 0)
    }

    /// Asks for a descriptor of the parent of a PID or user namespace.
    ioctl_parent(fd: Descriptor) => "ioctl({}, NS_GET_PARENT)" {
        ioctl(fd.0, NS_GET_PARENT, 0)
    }

    /// Asks for the user id of the creator of a user namespace.
    ioctl_owner_uid(fd: Descriptor) => "ioctl({}, NS_GET_OWNER_UID)" asks {
        let mut uid: libc::uid_t = 0;
        ioctl(fd.0, NS_GET_OWNER_UID, (&raw mut uid) as u64)?;
        Ok(Value::Number(uid.into()))
    }

    /// Asks for the number of a process in the caller's PID namespace by its number in another one, or the reverse.
    ioctl_translate(fd: Descriptor, translation: PidTranslation, pid: Pid) => "ioctl({}, {}, {})" asks {
        let Value::Number(pid) = ioctl(fd.0, translation.0.into(), pid.number as u64)? else { unreachable!() };
        Ok(Value::Pid(pid as i32))
    }

    /// Asks for the number of a mount namespace that no other one has or will have.
    ioctl_mntns_id(fd: Descriptor) => "ioctl({}, NS_GET_MNTNS_ID)" asks {
        mount_namespace_id(fd.0).map(|id| Value::volatile("id", id))
    }

    /// Asks for the number of a namespace that no other one has or will have.
    ioctl_ns_id(fd: Descriptor) => "ioctl({}, NS_GET_ID)" asks {
        namespace_id(fd.0, NS_GET_ID).map(|id| Value::volatile("id", id))
    }

    /// Asks for the number of a mount namespace, and how many mounts are in it.
    ioctl_mnt_info(fd: Descriptor) => "ioctl({}, NS_MNT_GET_INFO)" asks {
        let mut info = MountNamespaceInfo::default();
        ioctl(fd.0, NS_MNT_GET_INFO, (&raw mut info) as u64)?;
        Ok(Value::fields([
            ("size", Value::Number(info.size.into())),
            ("nr_mounts", Value::volatile("mounts", info.nr_mounts.into())),
            ("mnt_ns_id", Value::volatile("id", info.mnt_ns_id)),
        ]))
    }

    /// Asks for the number of a mount namespace without a place for the answer.
    ioctl_mnt_info_null(fd: Descriptor) => "ioctl({}, NS_MNT_GET_INFO, NULL)" asks {
        ioctl(fd.0, NS_MNT_GET_INFO, 0)
    }

    /// Asks for a descriptor of the mount namespace that was created next after this one.
    ioctl_mnt_next(fd: Descriptor) => "ioctl({}, NS_MNT_GET_NEXT)" {
        ioctl(fd.0, NS_MNT_GET_NEXT, 0)
    }

    /// Asks for a descriptor of the mount namespace that was created last before this one.
    ioctl_mnt_prev(fd: Descriptor) => "ioctl({}, NS_MNT_GET_PREV)" {
        ioctl(fd.0, NS_MNT_GET_PREV, 0)
    }

    /// Sends an ioctl of the namespace family by number, with a null argument.
    ioctl_ns(fd: Descriptor, command: i32) => "ioctl({}, _IO(0xb7, {}))" {
        ioctl(fd.0, namespace_ioctl(command as u64), 0)
    }

    /// Asks for the flags of a descriptor itself: whether execve(2) closes it.
    fcntl_getfd(fd: Descriptor) => "fcntl({}, F_GETFD)" asks {
        // SAFETY: takes numbers only.
        let flags = check(unsafe { libc::fcntl(fd.0, libc::F_GETFD) })?;
        Ok(if flags == Value::Number(libc::FD_CLOEXEC.into()) { Value::word("FD_CLOEXEC") } else { flags })
    }

    /// Asks for the access mode with which a descriptor was opened.
    fcntl_getfl(fd: Descriptor) => "fcntl({}, F_GETFL)" asks {
        // SAFETY: takes numbers only.
        let Value::Number(flags) = check(unsafe { libc::fcntl(fd.0, libc::F_GETFL) })? else { unreachable!() };
        Ok(Value::word(match flags as i32 & libc::O_ACCMODE {
            libc::O_RDONLY => "O_RDONLY",
            libc::O_WRONLY => "O_WRONLY",
            _ => "O_RDWR",
        }))
    }

    /// Asks for a descriptor that stands for a process.
    pidfd_open(pid: Pid, flags: i32) {
        check(unsafe_syscall(libc::SYS_pidfd_open, pid.number.into(), flags.into()))
    }

    /// Compares two descriptors of two processes: 0 if both stand for one open file.
    kcmp_file(first: Pid, second: Pid, first_fd: Descriptor, second_fd: Descriptor) => "kcmp({}, {}, KCMP_FILE, {}, {})" asks {
        // SAFETY: takes numbers only.
        let result = unsafe {
            libc::syscall(
                libc::SYS_kcmp, first.number, second.number, Resource::KCMP_FILE.0, first_fd.0, second_fd.0,
            )
        };
        compared(result)
    }

    /// Asks whether two processes share a resource: 0 if they do. The other values only order addresses in the kernel, so they are all shown as `different`.
    kcmp(first: Pid, second: Pid, resource: Resource) asks {
        // SAFETY: kcmp takes numbers only for these resources.
        let result = unsafe {
            libc::syscall(libc::SYS_kcmp, first.number, second.number, resource.0, 0, 0)
        };
        compared(result)
    }
}

/// The answer of kcmp(2), whose other values only order addresses in the kernel.
fn compared(result: i64) -> Answer {
    match check(result)? {
        Value::Number(0) => Ok(Value::ZERO),
        _ => Ok(Value::word("different")),
    }
}

fn namespace_id(fd: i32, request: u64) -> Result<u64, Errno> {
    let mut id = 0u64;
    ioctl(fd, request, (&raw mut id) as u64)?;
    Ok(id)
}

/// The number by which statmount(2) and listmount(2) know a mount namespace.
pub(crate) fn mount_namespace_id(fd: i32) -> Result<u64, Errno> {
    namespace_id(fd, NS_GET_MNTNS_ID)
}

/// The links of /proc/PID/ns, as namespaces(7) lists them.
const LINKS: [&str; 10] =
    ["cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "time", "time_for_children", "user", "uts"];

/// The text of a link; none where there is no such link or the link leads nowhere, as
/// pid_for_children may before the first child.
fn link_in(directory: &Text, link: &str) -> Result<Option<std::ffi::OsString>, Errno> {
    let path = super::file::path_of(directory).join(link);
    match nix::fcntl::readlink(&path) {
        Ok(text) => Ok(Some(text)),
        // Only a process that is there can lack a link.
        Err(nix::errno::Errno::ENOENT) if super::file::path_of(directory).is_dir() => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}

/// A system call that takes plain numbers.
fn unsafe_syscall(number: libc::c_long, first: i64, second: i64) -> i64 {
    // SAFETY: used only for calls whose arguments are numbers; no memory is passed.
    unsafe { libc::syscall(number, first, second) }
}

fn ioctl(fd: i32, request: u64, argument: u64) -> Answer {
    // SAFETY: the argument is 0 or the address of a variable that outlives the call.
    check(unsafe { libc::ioctl(fd, request as _, argument) })
}

fn namespace_of_descriptor(fd: i32) -> Answer {
    use std::os::fd::{FromRawFd, IntoRawFd};
    let Value::Number(flag) = ioctl(fd, NS_GET_NSTYPE, 0)? else { unreachable!() };
    // SAFETY: the descriptor is borrowed: it is given back by into_raw_fd and never closed here.
    let file = unsafe { std::fs::File::from_raw_fd(fd) };
    let inode = file.metadata().map(|metadata| metadata.ino());
    let _ = file.into_raw_fd();
    let kind = Kind::ALL.into_iter().find(|kind| kind.flag().bits() == flag as u64);
    Ok(Value::Namespace { kind: kind.ok_or(Errno(libc::EPROTO))?, inode: inode? })
}

/// Parses `uts:[4026531838]`, the text of a link in /proc/PID/ns.
pub(crate) fn namespace_from_link(link: &[u8]) -> Option<Value> {
    let link = std::str::from_utf8(link).ok()?;
    let (kind, rest) = link.split_once(":[")?;
    let inode = rest.strip_suffix(']')?.parse().ok()?;
    Some(Value::Namespace { kind: Kind::from_link(kind)?, inode })
}
