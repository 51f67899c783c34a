//! Record locks and the owner of a descriptor's signals, both of which carry PIDs: fcntl(2),
//! proc_locks(5).
//!
//! Other questions about descriptors live in `file` and `namespace`.

use super::argument::{Descriptor, Pathname, Pid, constants};
use super::calls;
use crate::outcome::{Value, check, check_pid};

constants! {
    /// The type of a record lock.
    LockType: i32 { F_RDLCK = libc::F_RDLCK, F_WRLCK = libc::F_WRLCK, F_UNLCK = libc::F_UNLCK }
}

calls! {
    /// Calls about record locks and the owners of descriptors.
    Lock, LockCalls, actor:

    /// Locks a whole file, or unlocks it, without waiting.
    fcntl_setlk(fd: Descriptor, kind: LockType) => "fcntl({}, F_SETLK, {l_type={}})" {
        let mut lock = whole_file(kind);
        // SAFETY: the lock outlives the call.
        check(unsafe { libc::fcntl(fd.0, libc::F_SETLK, &raw mut lock) })
    }

    /// Asks who holds a lock that would keep the caller from locking the whole file; `F_UNLCK` if nobody does.
    fcntl_getlk(fd: Descriptor, kind: LockType) => "fcntl({}, F_GETLK, {l_type={}})" asks {
        let mut lock = whole_file(kind);
        // SAFETY: the lock outlives the call.
        check(unsafe { libc::fcntl(fd.0, libc::F_GETLK, &raw mut lock) })?;
        if lock.l_type == libc::F_UNLCK as libc::c_short {
            return Ok(Value::word("F_UNLCK"));
        }
        Ok(Value::fields([("l_pid", Value::Pid(lock.l_pid))]))
    }

    /// Chooses the process that gets the signals of a descriptor.
    fcntl_setown(fd: Descriptor, owner: Pid) => "fcntl({}, F_SETOWN, {})" {
        // SAFETY: takes numbers only.
        check(unsafe { libc::fcntl(fd.0, libc::F_SETOWN, owner.number) })
    }

    /// Asks which process gets the signals of a descriptor; 0 for none that the caller can see.
    fcntl_getown(fd: Descriptor) => "fcntl({}, F_GETOWN)" asks {
        // SAFETY: takes numbers only.
        check_pid(unsafe { libc::fcntl(fd.0, libc::F_GETOWN) })
    }

    /// Has the kernel signal the owner of a descriptor, by SIGIO, when there is something to read.
    fcntl_async(fd: Descriptor) => "fcntl({}, F_SETFL, O_ASYNC)" {
        // SAFETY: takes numbers only.
        check(unsafe { libc::fcntl(fd.0, libc::F_SETFL, libc::O_ASYNC) })
    }

    /// Lists the holders of the record locks on a file as a file like /proc/locks shows them.
    lock_holders(locks: Pathname, locked: Pathname) observes "the file, by open(2), read(2) and close(2); of it the lines POSIX about the inode of the other file" {
        use std::io::Read;
        use std::os::unix::fs::MetadataExt;
        let inode = std::fs::metadata(super::file::path_of(&locked))?.ino();
        // The table is that of the whole machine, and the kernel goes on by number in a second read: a
        // lock that somebody has taken meanwhile has moved the others. One read gives all that a
        // sealed place sees.
        let mut content = vec![0; 64 << 10];
        let length = std::fs::File::open(super::file::path_of(&locks))?.read(&mut content)?;
        let content = String::from_utf8_lossy(&content[..length]);
        let holder = |line: &str| -> Option<i32> {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [_, "POSIX", _, _, pid, file, ..] = words.as_slice() else { return None };
            file.ends_with(&format!(":{inode}")).then(|| pid.parse().ok())?
        };
        Ok(Value::List(content.lines().filter_map(holder).map(Value::Pid).collect()))
    }
}

fn whole_file(kind: LockType) -> libc::flock {
    // SAFETY: all-zero is a valid flock: from the start, of no limited length.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = kind.0 as libc::c_short;
    lock
}
