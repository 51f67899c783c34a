//! Instances that watch files and mounts: inotify(7), fanotify(7).

use super::argument::{Argument, Descriptor, Pathname, flags};
use super::calls;
use super::file::Directory;
use crate::outcome::{Errno, Value, check};

flags! {
    /// The flags of fanotify_init(2).
    FanotifyFlags: u32 {
        FAN_CLOEXEC = libc::FAN_CLOEXEC, FAN_REPORT_FID = libc::FAN_REPORT_FID, FAN_REPORT_MNT = 0x4000,
    }
}

flags! {
    /// The flags of fanotify_mark(2).
    MarkFlags: u32 {
        FAN_MARK_ADD = libc::FAN_MARK_ADD, FAN_MARK_REMOVE = libc::FAN_MARK_REMOVE,
        // It holds the bits of the two that follow: the first name that fits is printed.
        FAN_MARK_MNTNS = 0x110,
        FAN_MARK_MOUNT = libc::FAN_MARK_MOUNT, FAN_MARK_FILESYSTEM = libc::FAN_MARK_FILESYSTEM,
    }
}

flags! {
    /// The events of fanotify(7).
    FanotifyEvents: u64 {
        FAN_OPEN = libc::FAN_OPEN, FAN_MNT_ATTACH = 0x0100_0000, FAN_MNT_DETACH = 0x0200_0000,
    }
}

/// `struct fanotify_event_metadata` of linux/fanotify.h, and within it the length of the whole event and the mask.
const METADATA: usize = 24;
const MASK_AT: usize = 8;

/// The record of an event that names a mount (`struct fanotify_event_info_mnt`): its type, and where the number of
/// the mount stands in it.
const FAN_EVENT_INFO_TYPE_MNT: u8 = 7;
const MOUNT_AT: usize = 8;

calls! {
    /// Calls that make instances which watch files and mounts.
    Watch, WatchCalls, actor:

    /// Makes an inotify instance.
    inotify_init() {
        // SAFETY: takes nothing.
        check(unsafe { libc::inotify_init() })
    }

    /// Has an inotify instance tell of files that are created in a directory.
    inotify_add_watch(instance: Descriptor, path: Pathname) => "inotify_add_watch({}, {}, IN_CREATE)" {
        // SAFETY: the path is a C string that outlives the call.
        check(unsafe { libc::inotify_add_watch(instance.0, path.c_string()?.as_ptr(), libc::IN_CREATE) })
    }

    /// Makes a fanotify group.
    fanotify_init(flags: FanotifyFlags) => "fanotify_init({}, O_RDONLY)" {
        // SAFETY: takes numbers only.
        check(unsafe { libc::fanotify_init(flags.bits(), libc::O_RDONLY as u32) })
    }

    /// Has a fanotify group watch a file, a mount, a file system or, by the file of a mount namespace, the mounts of that.
    fanotify_mark(group: Descriptor, flags: MarkFlags, events: FanotifyEvents, directory: Directory, path: Pathname) {
        let path = path.c_string()?;
        // SAFETY: the path is a C string that outlives the call.
        check(unsafe {
            libc::fanotify_mark(group.0, flags.bits(), events.bits(), directory.0, path.as_ptr())
        })
    }

    /// Takes the events that have come to a fanotify group and lists which mounts they are about.
    fanotify_mounts(group: Descriptor) observes "the descriptor, by poll(2) and read(2)" {
        let mut events = Vec::new();
        let mut polled = libc::pollfd { fd: group.0, events: libc::POLLIN, revents: 0 };
        // SAFETY: there is one, and it outlives the calls.
        while check(unsafe { libc::poll(&mut polled, 1, 0) })? != Value::ZERO {
            let mut buffer = vec![0u8; 4096];
            // SAFETY: pointer and length describe `buffer`.
            let length = unsafe { libc::read(group.0, buffer.as_mut_ptr().cast(), buffer.len()) };
            check(length as i64)?;
            buffer.truncate(length as usize);
            events.extend(mount_events(&buffer)?);
        }
        Ok(Value::List(events))
    }
}

/// The events in the answer of one read(2): what has happened, and the number of the mount, which no other one gets.
fn mount_events(mut bytes: &[u8]) -> Result<Vec<Value>, Errno> {
    let mut events = Vec::new();
    while !bytes.is_empty() {
        let length = u32::from_ne_bytes(field(bytes, 0)?) as usize;
        if length < METADATA {
            return Err(Errno(libc::EPROTO));
        }
        let (event, rest) = bytes.split_at_checked(length).ok_or(Errno(libc::EPROTO))?;
        let record = &event[METADATA..];
        let mask = FanotifyEvents::from_bits_retain(u64::from_ne_bytes(field(event, MASK_AT)?));
        let mut fields = vec![("mask".to_string(), Value::word(mask.show()))];
        if record.first() == Some(&FAN_EVENT_INFO_TYPE_MNT) {
            fields.push((
                "mnt_id".to_string(),
                super::statmount::unique(u64::from_ne_bytes(field(record, MOUNT_AT)?)),
            ));
        }
        events.push(Value::Fields(fields));
        bytes = rest;
    }
    Ok(events)
}

/// The bytes of a number, at an offset.
fn field<const BYTES: usize>(bytes: &[u8], at: usize) -> Result<[u8; BYTES], Errno> {
    bytes.get(at..at + BYTES).and_then(|field| field.try_into().ok()).ok_or(Errno(libc::EPROTO))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An event about a mount as the kernel writes it: metadata, then a record with the number of the mount.
    fn event(mask: FanotifyEvents, mount: u64) -> Vec<u8> {
        let mut event = vec![0; METADATA + 16];
        event[..4].copy_from_slice(&40u32.to_ne_bytes());
        event[MASK_AT..MASK_AT + 8].copy_from_slice(&mask.bits().to_ne_bytes());
        event[METADATA] = FAN_EVENT_INFO_TYPE_MNT;
        event[METADATA + MOUNT_AT..].copy_from_slice(&mount.to_ne_bytes());
        event
    }

    #[test]
    fn events_of_one_read_are_told_apart() {
        let both = FanotifyEvents::FAN_MNT_ATTACH | FanotifyEvents::FAN_MNT_DETACH;
        let bytes = [event(FanotifyEvents::FAN_MNT_ATTACH, 7), event(both, 9)].concat();
        let shown = |mask: &str, mount| {
            Value::fields([("mask", Value::word(mask)), ("mnt_id", super::super::statmount::unique(mount))])
        };
        let expected = vec![shown("FAN_MNT_ATTACH", 7), shown("FAN_MNT_ATTACH|FAN_MNT_DETACH", 9)];
        assert_eq!(mount_events(&bytes), Ok(expected));
    }

    #[test]
    fn an_event_that_is_cut_short_is_an_error() {
        let whole = event(FanotifyEvents::FAN_MNT_ATTACH, 7);
        for length in [3, 20, METADATA + 8] {
            assert_eq!(mount_events(&whole[..length]), Err(Errno(libc::EPROTO)));
        }
    }

    #[test]
    fn a_mark_of_a_mount_namespace_has_its_own_name() {
        let flags = MarkFlags::FAN_MARK_ADD | MarkFlags::FAN_MARK_MNTNS;
        assert_eq!(flags.show(), "FAN_MARK_ADD|FAN_MARK_MNTNS");
        assert_eq!(MarkFlags::FAN_MARK_MOUNT.show(), "FAN_MARK_MOUNT");
    }
}
