//! The system calls that ask about mounts: statmount(2), listmount(2), and the number of a mount by
//! statx(2).
//!
//! The files of /proc that tell the same live in `mount`. A script names a mount by a path on it:
//! the calls take a number that no other mount has or will have, and that differs from run to run.

use super::argument::{Argument, ArgumentKind, Descriptor, Pathname, constants, flags};
use super::calls;
use super::file::unique_mount_number;
use super::mount::{MountAttributes, MountFlags};
use super::reading::{Cursor, SyntaxError};
use crate::outcome::{Answer, Errno, Value, check};
use nsconform_sys::numbers::{SYS_LISTMOUNT, SYS_STATMOUNT};
use serde::{Deserialize, Serialize};

flags! {
    /// The parts of a mount that statmount(2) is asked for.
    StatmountMask: u64 {
        STATMOUNT_SB_BASIC = 1, STATMOUNT_MNT_BASIC = 2, STATMOUNT_PROPAGATE_FROM = 4,
        STATMOUNT_MNT_ROOT = 8, STATMOUNT_MNT_POINT = 0x10, STATMOUNT_FS_TYPE = 0x20,
        STATMOUNT_MNT_NS_ID = 0x40, STATMOUNT_SB_SOURCE = 0x200, STATMOUNT_MNT_UIDMAP = 0x2000,
        STATMOUNT_MNT_GIDMAP = 0x4000,
    }
}

flags! {
    /// The flags of statmount(2).
    StatmountFlags: u32 { STATMOUNT_BY_FD = 1 }
}

flags! {
    /// The flags of listmount(2).
    ListmountFlags: u32 { LISTMOUNT_REVERSE = 1 }
}

constants! {
    /// The member of `struct mnt_id_req` that names a mount namespace.
    NamespaceMember: u32 { MNT_NS_ID = 1, MNT_NS_FD = 2, BOTH = 3 }
}

/// Stands for the root of the caller (linux/mount.h).
const LSMT_ROOT: u64 = u64::MAX;

/// A mount, as the calls of this area are asked about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MountNumber {
    /// That of the mount on which a file is.
    Of(Pathname),
    /// LSMT_ROOT.
    Root,
    /// This one.
    Number(i64),
}

impl From<&str> for MountNumber {
    fn from(path: &str) -> MountNumber {
        MountNumber::Of(path.into())
    }
}

impl From<String> for MountNumber {
    fn from(path: String) -> MountNumber {
        MountNumber::Of(path.into())
    }
}

impl From<i32> for MountNumber {
    fn from(number: i32) -> MountNumber {
        MountNumber::Number(number.into())
    }
}

impl Argument for MountNumber {
    const KIND: ArgumentKind = ArgumentKind::Structure;

    fn show(&self) -> String {
        match self {
            MountNumber::Of(path) => path.show(),
            MountNumber::Root => "LSMT_ROOT".to_string(),
            MountNumber::Number(number) => number.to_string(),
        }
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<MountNumber, SyntaxError> {
        if cursor.rest().starts_with('"') {
            Pathname::read(cursor).map(MountNumber::Of)
        } else if cursor.accept("LSMT_ROOT") {
            Ok(MountNumber::Root)
        } else {
            cursor.number().map(MountNumber::Number)
        }
    }

    fn resolve(&mut self, pid: &dyn Fn(&str) -> Option<i32>) {
        if let MountNumber::Of(path) = self {
            path.resolve(pid);
        }
    }
}

impl MountNumber {
    /// The number for the kernel.
    fn number(&self) -> Result<u64, Errno> {
        match self {
            MountNumber::Of(path) => unique_mount_number(path),
            MountNumber::Root => Ok(LSMT_ROOT),
            MountNumber::Number(number) => Ok(*number as u64),
        }
    }
}

/// A number that no other mount has or will have, under a stable name.
pub(super) fn unique(number: u64) -> Value {
    Value::volatile("mnt", number)
}

/// `struct mnt_id_req` of linux/mount.h.
#[derive(Default)]
struct Request {
    size: u32,
    mnt_ns_fd: u32,
    mnt_id: u64,
    param: u64,
    mnt_ns_id: u64,
}

/// `MNT_ID_REQ_SIZE_VER0` and `MNT_ID_REQ_SIZE_VER1` of linux/mount.h.
const SIZE_WITHOUT_NAMESPACE: u32 = 24;
const SIZE_WITH_NAMESPACE: u32 = 32;

impl Request {
    /// About a mount of the caller's own namespace.
    fn new(mount: &MountNumber, param: u64) -> Result<Request, Errno> {
        Ok(Request { size: SIZE_WITHOUT_NAMESPACE, mnt_id: mount.number()?, param, ..Request::default() })
    }

    /// About a mount of the namespace that a descriptor refers to.
    fn within(mut self, namespace: Descriptor, member: NamespaceMember) -> Result<Request, Errno> {
        self.size = SIZE_WITH_NAMESPACE;
        if member != NamespaceMember::MNT_NS_FD {
            self.mnt_ns_id = super::namespace::mount_namespace_id(namespace.0)?;
        }
        if member != NamespaceMember::MNT_NS_ID {
            self.mnt_ns_fd = namespace.0 as u32;
        }
        Ok(self)
    }

    /// Its bytes, as many as its size says.
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend_from_slice(&self.size.to_ne_bytes());
        bytes.extend_from_slice(&self.mnt_ns_fd.to_ne_bytes());
        for number in [self.mnt_id, self.param, self.mnt_ns_id] {
            bytes.extend_from_slice(&number.to_ne_bytes());
        }
        // At least the whole structure: a request that says less is not read beyond that.
        bytes.resize(self.size.max(SIZE_WITH_NAMESPACE) as usize, 0);
        bytes
    }

    /// Its bytes with another size, of which the last gets this value if it lies beyond the structure.
    fn resized(mut self, size: i64, last_byte: i32) -> Result<Vec<u8>, Errno> {
        self.size = u32::try_from(size).map_err(|_| Errno(libc::EINVAL))?;
        let mut bytes = self.bytes();
        if self.size > SIZE_WITH_NAMESPACE
            && let Some(last) = bytes.last_mut()
        {
            *last = last_byte as u8;
        }
        Ok(bytes)
    }
}

/// `struct statmount` of linux/mount.h up to the maps; spare fields and texts follow.
#[repr(C)]
struct Fixed {
    size: u32,
    mnt_opts: u32,
    mask: u64,
    sb_dev_major: u32,
    sb_dev_minor: u32,
    sb_magic: u64,
    sb_flags: u32,
    fs_type: u32,
    mnt_id: u64,
    mnt_parent_id: u64,
    mnt_id_old: u32,
    mnt_parent_id_old: u32,
    mnt_attr: u64,
    mnt_propagation: u64,
    mnt_peer_group: u64,
    mnt_master: u64,
    propagate_from: u64,
    mnt_root: u32,
    mnt_point: u32,
    mnt_ns_id: u64,
    fs_subtype: u32,
    sb_source: u32,
    opt_num: u32,
    opt_array: u32,
    opt_sec_num: u32,
    opt_sec_array: u32,
    supported_mask: u64,
    mnt_uidmap_num: u32,
    mnt_uidmap: u32,
    mnt_gidmap_num: u32,
    mnt_gidmap: u32,
}

/// The offset of the texts in `struct statmount`.
const TEXTS: usize = 512;

/// Room for the structure and all texts.
const ROOM: usize = 16 * 1024;

/// The answer of statmount(2): the structure and its texts.
#[repr(C, align(8))]
struct Buffer([u8; ROOM]);

impl Buffer {
    fn fixed(&self) -> &Fixed {
        // SAFETY: the buffer is aligned and larger, and any bytes are a valid value.
        unsafe { &*self.0.as_ptr().cast() }
    }

    /// As many texts as there are, each with a null behind it.
    fn texts(&self, offset: u32, count: u32) -> Vec<Value> {
        let start = TEXTS.saturating_add(offset as usize);
        let texts = self.0.get(start..).unwrap_or_default().split(|byte| *byte == 0);
        texts.take(count as usize).map(Value::text).collect()
    }

    fn text(&self, offset: u32) -> Value {
        self.texts(offset, 1).pop().unwrap_or_else(|| Value::text(""))
    }

    /// The parts that the mask of the answer says are there.
    fn parts(&self) -> Value {
        let (answer, mask) = (self.fixed(), StatmountMask::from_bits_retain(self.fixed().mask));
        let mut parts = vec![("mask", Value::word(mask.show()))];
        let has = |part| mask.contains(part);
        if has(StatmountMask::STATMOUNT_SB_BASIC) {
            let device = libc::makedev(answer.sb_dev_major, answer.sb_dev_minor);
            parts.push(("sb_dev", Value::volatile("device", device)));
            parts.push(("sb_magic", Value::Hex(answer.sb_magic)));
            let flags = MountFlags::from_bits_retain(answer.sb_flags.into());
            parts.push(("sb_flags", Value::word(flags.show())));
        }
        if has(StatmountMask::STATMOUNT_MNT_BASIC) {
            parts.push(("mnt_id", unique(answer.mnt_id)));
            parts.push(("mnt_parent_id", unique(answer.mnt_parent_id)));
            parts.push(("mnt_id_old", Value::volatile("mount", answer.mnt_id_old.into())));
            let attributes = MountAttributes::from_bits_retain(answer.mnt_attr);
            parts.push(("mnt_attr", Value::word(attributes.show())));
            let propagation = MountFlags::from_bits_retain(answer.mnt_propagation);
            parts.push(("mnt_propagation", Value::word(propagation.show())));
            parts.push(("mnt_peer_group", group("shared", answer.mnt_peer_group)));
            parts.push(("mnt_master", group("master", answer.mnt_master)));
        }
        if has(StatmountMask::STATMOUNT_PROPAGATE_FROM) {
            parts.push(("propagate_from", group("propagate_from", answer.propagate_from)));
        }
        for (part, name, offset) in [
            (StatmountMask::STATMOUNT_MNT_ROOT, "mnt_root", answer.mnt_root),
            (StatmountMask::STATMOUNT_MNT_POINT, "mnt_point", answer.mnt_point),
            (StatmountMask::STATMOUNT_FS_TYPE, "fs_type", answer.fs_type),
            (StatmountMask::STATMOUNT_SB_SOURCE, "sb_source", answer.sb_source),
        ] {
            if has(part) {
                parts.push((name, self.text(offset)));
            }
        }
        if has(StatmountMask::STATMOUNT_MNT_NS_ID) {
            parts.push(("mnt_ns_id", Value::volatile("id", answer.mnt_ns_id)));
        }
        for (part, name, offset, count) in [
            (StatmountMask::STATMOUNT_MNT_UIDMAP, "mnt_uidmap", answer.mnt_uidmap, answer.mnt_uidmap_num),
            (StatmountMask::STATMOUNT_MNT_GIDMAP, "mnt_gidmap", answer.mnt_gidmap, answer.mnt_gidmap_num),
        ] {
            if has(part) {
                parts.push((name, Value::List(self.texts(offset, count))));
            }
        }
        Value::Fields(parts.into_iter().map(|(name, value)| (name.to_string(), value)).collect())
    }
}

/// A peer group; 0 where the mount has no such relation.
fn group(relation: &str, group: u64) -> Value {
    match group {
        0 => Value::ZERO,
        group => Value::PeerGroup { relation: relation.to_string(), group },
    }
}

/// statmount(2) with a buffer of this size, in which all texts fit if it is the largest.
fn statmount(request: &[u8], size: usize, flags: u32) -> Answer {
    let mut buffer = Buffer([0; ROOM]);
    let size = size.min(ROOM);
    // SAFETY: the request has the size that it says, the buffer at least the one given; both outlive the call.
    check(unsafe { libc::syscall(SYS_STATMOUNT, request.as_ptr(), buffer.0.as_mut_ptr(), size, flags) })?;
    Ok(buffer.parts())
}

/// The most mounts that one call lists.
const MOST: usize = 512;

/// listmount(2).
fn listmount(request: &[u8], count: usize, flags: u32) -> Answer {
    let mut numbers = [0u64; MOST];
    // SAFETY: the request has the size that it says, the array at least the count given; both outlive the call.
    let listed = check(unsafe {
        libc::syscall(SYS_LISTMOUNT, request.as_ptr(), numbers.as_mut_ptr(), count.min(MOST), flags)
    })?;
    let Value::Number(listed) = listed else { unreachable!() };
    Ok(Value::List(numbers[..listed as usize].iter().map(|number| unique(*number)).collect()))
}

calls! {
    /// Calls that ask about mounts.
    Statmount, StatmountCalls, actor:

    /// Asks for parts of what there is to know about a mount of the caller's namespace.
    statmount(mount: MountNumber, mask: StatmountMask) observes "statx(2) with STATX_MNT_ID_UNIQUE on the path, and statmount(2)" {
        statmount(&Request::new(&mount, mask.bits())?.bytes(), ROOM, 0)
    }

    /// Asks for parts of what there is to know about a mount of the namespace that a descriptor refers to, which is named by its number or by the descriptor.
    statmount_in(namespace: Descriptor, member: NamespaceMember, mount: MountNumber, mask: StatmountMask) observes "statx(2) with STATX_MNT_ID_UNIQUE on the path, ioctl(2) with NS_GET_MNTNS_ID on the descriptor, and statmount(2)" {
        statmount(&Request::new(&mount, mask.bits())?.within(namespace, member)?.bytes(), ROOM, 0)
    }

    /// Asks for parts of what there is to know about the mount on which an open file is, by its descriptor.
    statmount_by_fd(fd: Descriptor, mask: StatmountMask) => "statmount({mnt_fd={}, param={}}, STATMOUNT_BY_FD)" asks {
        let request = Request {
            size: SIZE_WITH_NAMESPACE, mnt_ns_fd: fd.0 as u32, param: mask.bits(), ..Request::default()
        };
        statmount(&request.bytes(), ROOM, StatmountFlags::STATMOUNT_BY_FD.bits())
    }

    /// Asks for parts of a mount by a request that is said to have so many bytes, of which the last has this value, for an answer of so many bytes.
    statmount_sized(mount: MountNumber, mask: StatmountMask, size: i64, last_byte: i32, room: i64, flags: StatmountFlags) observes "statx(2) with STATX_MNT_ID_UNIQUE on the path, and statmount(2)" {
        statmount(&Request::new(&mount, mask.bits())?.resized(size, last_byte)?, room as usize, flags.bits())
    }

    /// Asks for parts of a mount without a place for the answer.
    statmount_null(mount: MountNumber, mask: StatmountMask) observes "statx(2) with STATX_MNT_ID_UNIQUE on the path, and statmount(2) with a null pointer" {
        let request = Request::new(&mount, mask.bits())?.bytes();
        // SAFETY: the request has the size that it says; there is no buffer.
        check(unsafe { libc::syscall(SYS_STATMOUNT, request.as_ptr(), 0, ROOM, 0) })
    }

    /// Lists the mounts below a mount of the caller's namespace, or below the caller's root, by their numbers: so many behind the mount `after` (0: from the beginning).
    listmount(mount: MountNumber, after: MountNumber, count: i64, flags: ListmountFlags) observes "statx(2) with STATX_MNT_ID_UNIQUE on the paths, and listmount(2)" {
        listmount(&Request::new(&mount, after.number()?)?.bytes(), count as usize, flags.bits())
    }

    /// Lists the mounts below a mount of the namespace that a descriptor refers to, which is named by its number or by the descriptor.
    listmount_in(namespace: Descriptor, member: NamespaceMember, mount: MountNumber) observes "statx(2) with STATX_MNT_ID_UNIQUE on the path, ioctl(2) with NS_GET_MNTNS_ID on the descriptor, and listmount(2)" {
        listmount(&Request::new(&mount, 0)?.within(namespace, member)?.bytes(), MOST, 0)
    }

    /// Lists the mounts below a mount by a request that is said to have so many bytes, of which the last has this value.
    listmount_sized(mount: MountNumber, size: i64, last_byte: i32, flags: ListmountFlags) observes "statx(2) with STATX_MNT_ID_UNIQUE on the path, and listmount(2)" {
        listmount(&Request::new(&mount, 0)?.resized(size, last_byte)?, MOST, flags.bits())
    }

    /// Lists the mounts below a mount without a place for the answer.
    listmount_null(mount: MountNumber) observes "statx(2) with STATX_MNT_ID_UNIQUE on the path, and listmount(2) with a null pointer" {
        let request = Request::new(&mount, 0)?.bytes();
        // SAFETY: the request has the size that it says; there is no array.
        check(unsafe { libc::syscall(SYS_LISTMOUNT, request.as_ptr(), 0, MOST, 0) })
    }
}
