//! Capabilities: their names and the sets of the calling thread, as capabilities(7) describes them.

use crate::errno::Errno;
use bitflags::bitflags;
use serde::{Deserialize, Serialize};

/// Declares the capabilities once: as bits of a set, and as short names for scripts.
macro_rules! capabilities {
    ($($name:ident = $number:expr),* $(,)?) => {
        bitflags! {
            /// A set of capabilities, by the names of capabilities(7).
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
            pub struct Capabilities: u64 {
                $(#[allow(missing_docs)] const $name = 1 << $number;)*
                const _ = !0;
            }
        }

        #[allow(missing_docs)]
        mod short {
            use super::Capabilities;
            $(pub const $name: Capabilities = Capabilities::$name;)*
        }
        pub use short::*;
    };
}

// Numbers from linux/capability.h.
capabilities! {
    CAP_CHOWN = 0, CAP_DAC_OVERRIDE = 1, CAP_DAC_READ_SEARCH = 2, CAP_FOWNER = 3, CAP_FSETID = 4,
    CAP_KILL = 5, CAP_SETGID = 6, CAP_SETUID = 7, CAP_SETPCAP = 8, CAP_LINUX_IMMUTABLE = 9,
    CAP_NET_BIND_SERVICE = 10, CAP_NET_BROADCAST = 11, CAP_NET_ADMIN = 12, CAP_NET_RAW = 13,
    CAP_IPC_LOCK = 14, CAP_IPC_OWNER = 15, CAP_SYS_MODULE = 16, CAP_SYS_RAWIO = 17,
    CAP_SYS_CHROOT = 18, CAP_SYS_PTRACE = 19, CAP_SYS_PACCT = 20, CAP_SYS_ADMIN = 21,
    CAP_SYS_BOOT = 22, CAP_SYS_NICE = 23, CAP_SYS_RESOURCE = 24, CAP_SYS_TIME = 25,
    CAP_SYS_TTY_CONFIG = 26, CAP_MKNOD = 27, CAP_LEASE = 28, CAP_AUDIT_WRITE = 29,
    CAP_AUDIT_CONTROL = 30, CAP_SETFCAP = 31, CAP_MAC_OVERRIDE = 32, CAP_MAC_ADMIN = 33,
    CAP_SYSLOG = 34, CAP_WAKE_ALARM = 35, CAP_BLOCK_SUSPEND = 36, CAP_AUDIT_READ = 37,
    CAP_PERFMON = 38, CAP_BPF = 39, CAP_CHECKPOINT_RESTORE = 40,
}

/// The three sets that capset(2) sets.
pub struct CapabilitySets {
    /// Those that the kernel checks.
    pub effective: Capabilities,
    /// Those that may be made effective.
    pub permitted: Capabilities,
    /// Those that execve(2) may keep.
    pub inheritable: Capabilities,
}

/// `_LINUX_CAPABILITY_VERSION_3` of linux/capability.h, and 0 for the caller itself.
const CAPABILITY_HEADER: [u32; 2] = [0x2008_0522, 0];

/// The sets of the caller.
///
/// # Errors
/// Those of capget(2).
pub fn get_capabilities() -> Result<CapabilitySets, Errno> {
    let mut words = [0u32; 6];
    let mut header = CAPABILITY_HEADER;
    // SAFETY: header and data have the layout of capget(2), version 3, and outlive the call.
    Errno::result(unsafe { libc::syscall(libc::SYS_capget, header.as_mut_ptr(), words.as_mut_ptr()) })?;
    let set =
        |low: usize| Capabilities::from_bits_retain(u64::from(words[low]) | u64::from(words[low + 3]) << 32);
    Ok(CapabilitySets { effective: set(0), permitted: set(1), inheritable: set(2) })
}

/// The sets of the caller, by another way where capget(2) is refused: `CapEff`, `CapPrm` and `CapInh` of
/// proc_pid_status(5).
///
/// # Errors
/// Those of capget(2), where the file does not tell either.
pub fn find_capabilities() -> Result<CapabilitySets, Errno> {
    get_capabilities().or_else(|errno| {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let set = |name| capability_set(&status, name).ok_or(errno);
        Ok(CapabilitySets {
            effective: set("CapEff")?,
            permitted: set("CapPrm")?,
            inheritable: set("CapInh")?,
        })
    })
}

/// A set that proc_pid_status(5) shows, by the name of its line.
pub(crate) fn capability_set(status: &str, name: &str) -> Option<Capabilities> {
    let mut lines = status.lines().filter_map(|line| line.split_once(':'));
    let (_, digits) = lines.find(|(field, _)| *field == name)?;
    u64::from_str_radix(digits.trim(), 16).ok().map(Capabilities::from_bits_retain)
}

/// Sets the sets of the caller.
///
/// # Errors
/// Those of capset(2).
pub fn set_capabilities(sets: &CapabilitySets) -> Result<(), Errno> {
    let all = [sets.effective.bits(), sets.permitted.bits(), sets.inheritable.bits()];
    let mut words = [0u32; 6];
    for (index, bits) in all.into_iter().enumerate() {
        words[index] = bits as u32;
        words[index + 3] = (bits >> 32) as u32;
    }
    let mut header = CAPABILITY_HEADER;
    // SAFETY: as in `get_capabilities`.
    Errno::result(unsafe { libc::syscall(libc::SYS_capset, header.as_mut_ptr(), words.as_ptr()) }).map(drop)
}

/// Every capability that this kernel knows, as bits.
///
/// # Errors
/// Those of prctl(2) where it is refused; EPROTO when the kernel names none.
pub fn known_capabilities() -> Result<u64, Errno> {
    // Answers EINVAL for a number that the kernel does not know; unlike
    // /proc/sys/kernel/cap_last_cap this needs no procfs.
    let known = |number: u64| {
        // SAFETY: takes numbers only.
        Errno::result(unsafe { libc::prctl(libc::PR_CAPBSET_READ, number, 0, 0, 0) })
    };
    let count = (0..64).take_while(|number| known(*number).is_ok()).count() as u32;
    match (count, known(0)) {
        (0, Err(Errno(libc::EINVAL)) | Ok(_)) => Err(Errno(libc::EPROTO)),
        (0, Err(errno)) => Err(errno),
        _ => Ok(u64::MAX >> (64 - count)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proc_tells_the_same_as_capget() {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let sets = get_capabilities().unwrap();
        assert_eq!(capability_set(&status, "CapEff"), Some(sets.effective));
        assert_eq!(capability_set(&status, "CapInh"), Some(sets.inheritable));
        assert_eq!(capability_set(&status, "CapXyz"), None);
    }
}
