//! File handles of files, namespaces and processes: name_to_handle_at(2), open_by_handle_at(2).

use super::argument::{Argument, ArgumentKind, Descriptor, Pathname};
use super::calls;
use super::file::OpenFlags;
use super::reading::{Cursor, SyntaxError};
use crate::actor::Actor;
use crate::outcome::{Answer, Errno, Value, check};
use serde::{Deserialize, Serialize};

/// A handle that a process has made: a number that counts its handles from 1, since their bytes differ from
/// run to run. A fork keeps them, execve(2) forgets them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handle(pub usize);

impl Argument for Handle {
    const KIND: ArgumentKind = ArgumentKind::Number;

    fn read(cursor: &mut Cursor<'_>) -> Result<Handle, SyntaxError> {
        cursor.expect("handle:")?;
        cursor.number().map(Handle)
    }

    fn show(&self) -> String {
        format!("handle:{}", self.0)
    }
}

/// The most bytes of a handle (`MAX_HANDLE_SZ` of linux/fcntl.h).
const MAX_HANDLE_SIZE: usize = 128;

/// `struct file_handle` of linux/fs.h, with room for every handle.
#[repr(C)]
#[derive(Clone, Debug)]
pub(crate) struct FileHandle {
    handle_bytes: u32,
    handle_type: i32,
    f_handle: [u8; MAX_HANDLE_SIZE],
}

/// The root of nsfs, as a directory descriptor (linux/fcntl.h, since Linux 6.18).
const FD_NSFS_ROOT: i32 = -10003;

/// The root of pidfs, as a directory descriptor (linux/fcntl.h, since Linux 6.17).
const FD_PIDFS_ROOT: i32 = -10002;

calls! {
    /// Calls about file handles.
    FileHandles, FileHandleCalls, actor:

    /// Makes a file handle of a file, or of a namespace by the path of its link.
    name_to_handle_at(path: Pathname) => "name_to_handle_at(AT_FDCWD, {}, AT_SYMLINK_FOLLOW)" {
        let path = path.c_string()?;
        let mut handle = FileHandle {
            handle_bytes: MAX_HANDLE_SIZE as u32,
            handle_type: 0,
            f_handle: [0; MAX_HANDLE_SIZE],
        };
        let mut mount_id = 0;
        // SAFETY: the path is a C string; the handle has the room that it says, and both outlive the call.
        check(unsafe {
            libc::syscall(
                libc::SYS_name_to_handle_at,
                libc::AT_FDCWD,
                path.as_ptr(),
                &raw mut handle,
                &raw mut mount_id,
                libc::AT_SYMLINK_FOLLOW,
            )
        })?;
        let (bytes, kind) = (handle.handle_bytes, handle.handle_type);
        actor.handles.push(handle);
        Ok(Value::fields([
            ("handle_bytes", Value::Number(bytes.into())),
            ("handle_type", Value::Hex(kind as u64)),
            ("handle", Value::word(Handle(actor.handles.len()).show())),
        ]))
    }

    /// Opens the namespace that a file handle stands for.
    open_by_handle_at(handle: Handle, flags: OpenFlags) => "open_by_handle_at(FD_NSFS_ROOT, {}, {})" {
        open_handle(actor, FD_NSFS_ROOT, handle, flags)
    }

    /// Opens the pidfd that a file handle stands for.
    open_by_handle_at_pidfs(handle: Handle, flags: OpenFlags) => "open_by_handle_at(FD_PIDFS_ROOT, {}, {})" {
        open_handle(actor, FD_PIDFS_ROOT, handle, flags)
    }

    /// Opens the file that a file handle stands for, in the file system of an open file or directory.
    open_by_handle_at_mount(mount: Descriptor, handle: Handle, flags: OpenFlags) => "open_by_handle_at({}, {}, {})" {
        open_handle(actor, mount.0, handle, flags)
    }
}

/// open_by_handle_at(2).
fn open_handle(actor: &mut Actor, mount: i32, handle: Handle, flags: OpenFlags) -> Answer {
    let index = handle.0.checked_sub(1).ok_or(Errno(libc::EFAULT))?;
    let handle = actor.handles.get_mut(index).ok_or(Errno(libc::EFAULT))?;
    // SAFETY: the handle outlives the call.
    check(unsafe { libc::syscall(libc::SYS_open_by_handle_at, mount, &raw mut *handle, flags.bits()) })
}
