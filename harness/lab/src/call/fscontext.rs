//! File systems by descriptor, before they are mounted: fsopen(2), fspick(2), fsconfig(2), fsmount(2).
//!
//! The mount that comes of them is attached by move_mount(2), which lives in `mount`.

use super::argument::{Descriptor, Pathname, Text, constants, flags};
use super::calls;
use super::file::Directory;
use super::mount::{MountAttributes, TextOrNull, pointer};
use crate::outcome::{Errno, Value, check};

flags! {
    /// The flags of fsopen(2).
    FsopenFlags: u32 { FSOPEN_CLOEXEC = 1 }
}

flags! {
    /// The flags of fspick(2).
    FspickFlags: u32 {
        FSPICK_CLOEXEC = 1, FSPICK_SYMLINK_NOFOLLOW = 2, FSPICK_NO_AUTOMOUNT = 4, FSPICK_EMPTY_PATH = 8,
    }
}

flags! {
    /// The flags of fsmount(2).
    FsmountFlags: u32 { FSMOUNT_CLOEXEC = 1, FSMOUNT_NAMESPACE = 2 }
}

constants! {
    /// The commands of fsconfig(2).
    FsconfigCommand: u32 {
        FSCONFIG_SET_FLAG = 0, FSCONFIG_SET_STRING = 1, FSCONFIG_CMD_CREATE = 6,
        FSCONFIG_CMD_RECONFIGURE = 7, FSCONFIG_CMD_CREATE_EXCL = 8,
    }
}

/// The longest message of a context that is read, in bytes.
const READ_LIMIT: usize = 4096;

calls! {
    /// Calls about file system contexts.
    FsContext, FsContextCalls, actor:

    /// Begins a new file system of a type: a context that is configured, created and mounted by further calls.
    fsopen(fstype: Text, flags: FsopenFlags) {
        let fstype = fstype.c_string()?;
        // SAFETY: the type is a C string that outlives the call.
        check(unsafe { libc::syscall(libc::SYS_fsopen, fstype.as_ptr(), flags.bits()) })
    }

    /// Opens the file system of a mount as a context, by which it can be configured anew.
    fspick(directory: Directory, path: Pathname, flags: FspickFlags) {
        let path = path.c_string()?;
        // SAFETY: the path is a C string that outlives the call.
        check(unsafe { libc::syscall(libc::SYS_fspick, directory.0, path.as_ptr(), flags.bits()) })
    }

    /// Gives an option to a context, or creates or reconfigures the file system with the options that it has.
    fsconfig(fd: Descriptor, command: FsconfigCommand, key: TextOrNull, value: TextOrNull, aux: i32) {
        let (key, value) = (key.c_string()?, value.c_string()?);
        // SAFETY: both strings are null or C strings that outlive the call.
        check(unsafe {
            libc::syscall(libc::SYS_fsconfig, fd.0, command.0, pointer(&key), pointer(&value), aux)
        })
    }

    /// Makes a detached mount of the file system that a context has created.
    fsmount(fd: Descriptor, flags: FsmountFlags, attributes: MountAttributes) {
        // SAFETY: takes numbers only.
        check(unsafe { libc::syscall(libc::SYS_fsmount, fd.0, flags.bits(), attributes.bits()) })
    }

    /// Takes the next message from a context and tells its level: e for an error, w for a warning, i for information.
    fscontext_message(fd: Descriptor) observes "one read(2) from the context, which takes the message away; of the message its first letter" {
        let mut buffer = [0u8; READ_LIMIT];
        // SAFETY: pointer and length describe `buffer`.
        check(unsafe { libc::read(fd.0, buffer.as_mut_ptr().cast(), buffer.len()) } as i64)?;
        match buffer[0] {
            level @ (b'e' | b'w' | b'i') => Ok(Value::word(char::from(level))),
            _ => Err(Errno(libc::EPROTO)),
        }
    }
}
