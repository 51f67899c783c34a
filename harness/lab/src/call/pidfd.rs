//! The facts that a pidfd tells of its process: the ioctls of linux/pidfd.h.
//!
//! pidfd_open(2) lives in `namespace`, since setns(2) takes pidfds; signals live in `process`.

use super::argument::{Argument, Descriptor, constants, flags};
use super::calls;
use super::process::wait_status;
use crate::outcome::{Errno, Value, check};

/// The ioctls of linux/pidfd.h: the magic number 0xff and the command.
const fn pidfd_ioctl(command: u64) -> u64 {
    0xff00 | command
}

constants! {
    /// The ioctls of a pidfd that give a descriptor of a namespace.
    PidfdNamespace: u32 {
        PIDFD_GET_CGROUP_NAMESPACE = pidfd_ioctl(1) as u32,
        PIDFD_GET_IPC_NAMESPACE = pidfd_ioctl(2) as u32,
        PIDFD_GET_MNT_NAMESPACE = pidfd_ioctl(3) as u32,
        PIDFD_GET_NET_NAMESPACE = pidfd_ioctl(4) as u32,
        PIDFD_GET_PID_NAMESPACE = pidfd_ioctl(5) as u32,
        PIDFD_GET_PID_FOR_CHILDREN_NAMESPACE = pidfd_ioctl(6) as u32,
        PIDFD_GET_TIME_NAMESPACE = pidfd_ioctl(7) as u32,
        PIDFD_GET_TIME_FOR_CHILDREN_NAMESPACE = pidfd_ioctl(8) as u32,
        PIDFD_GET_USER_NAMESPACE = pidfd_ioctl(9) as u32,
        PIDFD_GET_UTS_NAMESPACE = pidfd_ioctl(10) as u32,
    }
}

flags! {
    /// The parts of the answer to PIDFD_GET_INFO.
    PidfdInfo: u64 {
        PIDFD_INFO_PID = 1, PIDFD_INFO_CREDS = 2, PIDFD_INFO_CGROUPID = 4, PIDFD_INFO_EXIT = 8,
    }
}

/// `struct pidfd_info` of linux/pidfd.h, as first published.
#[repr(C)]
#[derive(Default)]
struct Info {
    mask: u64,
    cgroupid: u64,
    pid: u32,
    tgid: u32,
    ppid: u32,
    ids: [u32; 8],
    exit_code: i32,
}

/// `_IOWR` of the structure.
const PIDFD_GET_INFO: u64 = 3 << 30 | (size_of::<Info>() as u64) << 16 | pidfd_ioctl(11);

calls! {
    /// Calls about processes by their pidfds.
    Pidfd, PidfdCalls, actor:

    /// Asks for a descriptor of a namespace of the process that a pidfd stands for.
    ioctl_pidfd_namespace(fd: Descriptor, namespace: PidfdNamespace) => "ioctl({}, {}, 0)" {
        // SAFETY: takes numbers only.
        check(unsafe { libc::ioctl(fd.0, namespace.0 as _, 0) })
    }

    /// Asks for a descriptor of a namespace of the process that a pidfd stands for, with an argument, which none of these takes.
    ioctl_pidfd_namespace_argument(fd: Descriptor, namespace: PidfdNamespace, argument: i32) => "ioctl({}, {}, {})" {
        // SAFETY: takes numbers only.
        check(unsafe { libc::ioctl(fd.0, namespace.0 as _, libc::c_long::from(argument)) })
    }

    /// Asks which process a pidfd stands for: its PID, TGID and the PID of its parent in the caller's PID namespace.
    ioctl_pidfd_info(fd: Descriptor) => "ioctl({}, PIDFD_GET_INFO, {pid, tgid, ppid})" asks {
        let info = info(fd, PidfdInfo::PIDFD_INFO_PID)?;
        let pid = |number: u32| Value::Pid(number as i32);
        Ok(Value::fields([("pid", pid(info.pid)), ("tgid", pid(info.tgid)), ("ppid", pid(info.ppid))]))
    }

    /// Asks how the process that a pidfd stands for has ended, and whether the kernel tells that.
    ioctl_pidfd_exit(fd: Descriptor) => "ioctl({}, PIDFD_GET_INFO, {mask=PIDFD_INFO_EXIT, exit_code})" asks {
        let info = info(fd, PidfdInfo::PIDFD_INFO_EXIT)?;
        let told = PidfdInfo::from_bits_retain(info.mask) & PidfdInfo::PIDFD_INFO_EXIT;
        let code = if told.is_empty() { Value::word("none") } else { wait_status(info.exit_code) };
        Ok(Value::fields([("mask", Value::word(told.show())), ("exit_code", code)]))
    }

    /// Asks for the cgroup of the process that a pidfd stands for: its number is that of the cgroup's directory.
    ioctl_pidfd_cgroup(fd: Descriptor) => "ioctl({}, PIDFD_GET_INFO, {cgroupid})" asks {
        let info = info(fd, PidfdInfo::PIDFD_INFO_CGROUPID)?;
        Ok(Value::fields([("cgroupid", Value::volatile("inode", info.cgroupid))]))
    }
}

fn info(fd: Descriptor, mask: PidfdInfo) -> Result<Info, Errno> {
    let mut info = Info { mask: mask.bits(), ..Info::default() };
    // SAFETY: the structure has the size that the number of the ioctl says, and outlives the call.
    check(unsafe { libc::ioctl(fd.0, PIDFD_GET_INFO as _, &raw mut info) })?;
    Ok(info)
}
