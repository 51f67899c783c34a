//! User and group ids, id maps, capabilities, securebits: credentials(7), capabilities(7),
//! user_namespaces(7).
//!
//! The ids that files carry live in `file`; credentials that travel in messages in `message`.

use super::argument::{Argument, Text, flags};
use super::calls;
use crate::outcome::{Answer, Errno, Value};

/// Declares the capabilities once: as bits of a set, and as short names for scripts.
macro_rules! capabilities {
    ($($name:ident = $number:expr),* $(,)?) => {
        flags! {
            /// A set of capabilities, by the names of capabilities(7).
            Capabilities: u64 { $($name = 1 << $number),* }
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

calls! {
    /// Calls about user and group ids, capabilities and securebits.
    Identity, IdentityCalls, actor:

    /// Asks for the effective user id, in the caller's user namespace.
    geteuid() {
        Ok(Value::Number(nix::unistd::geteuid().as_raw().into()))
    }

    /// Asks for the caller's capabilities: `all` means every one that the kernel knows.
    capget() {
        let sets = get_capabilities()?;
        let known = known_capabilities()?;
        Ok(Value::fields([
            ("effective", capability_words(sets.effective.bits(), known)),
            ("permitted", capability_words(sets.permitted.bits(), known)),
            ("inheritable", capability_words(sets.inheritable.bits(), known)),
        ]))
    }

    /// Sets the caller's permitted and effective capabilities to exactly these, and its inheritable ones to the second set.
    capset(kept: Capabilities, inheritable: Capabilities) {
        set_capabilities(&CapabilitySets { effective: kept, permitted: kept, inheritable })
    }

    /// Takes some capabilities away from the caller's permitted and effective ones and keeps the rest.
    capset_drop(dropped: Capabilities) {
        let mut sets = get_capabilities()?;
        sets.effective.remove(dropped);
        sets.permitted.remove(dropped);
        set_capabilities(&sets)
    }

    /// Reads the five capability sets from a file like /proc/PID/status: `all` means every one that the kernel knows.
    cat_capabilities(path: Text) {
        let content = std::fs::read_to_string(super::file::path_of(&path))?;
        let known = known_capabilities()?;
        let set = |key: &str| -> Answer {
            let bits = content
                .lines()
                .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))
                .and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok())
                .ok_or(Errno(libc::EPROTO))?;
            Ok(capability_words(bits, known))
        };
        Ok(Value::fields([
            ("CapInh", set("CapInh")?),
            ("CapPrm", set("CapPrm")?),
            ("CapEff", set("CapEff")?),
            ("CapBnd", set("CapBnd")?),
            ("CapAmb", set("CapAmb")?),
        ]))
    }
}

/// The three sets that capset(2) sets.
struct CapabilitySets {
    effective: Capabilities,
    permitted: Capabilities,
    inheritable: Capabilities,
}

/// `_LINUX_CAPABILITY_VERSION_3` of linux/capability.h, and 0 for the caller itself.
const CAPABILITY_HEADER: [u32; 2] = [0x2008_0522, 0];

fn get_capabilities() -> Result<CapabilitySets, Errno> {
    let mut words = [0u32; 6];
    let mut header = CAPABILITY_HEADER;
    // SAFETY: header and data have the layout of capget(2), version 3, and outlive the call.
    Errno::check(unsafe { libc::syscall(libc::SYS_capget, header.as_mut_ptr(), words.as_mut_ptr()) })?;
    let set =
        |low: usize| Capabilities::from_bits_retain(u64::from(words[low]) | u64::from(words[low + 3]) << 32);
    Ok(CapabilitySets { effective: set(0), permitted: set(1), inheritable: set(2) })
}

fn set_capabilities(sets: &CapabilitySets) -> Answer {
    let all = [sets.effective.bits(), sets.permitted.bits(), sets.inheritable.bits()];
    let mut words = [0u32; 6];
    for (index, bits) in all.into_iter().enumerate() {
        words[index] = bits as u32;
        words[index + 3] = (bits >> 32) as u32;
    }
    let mut header = CAPABILITY_HEADER;
    // SAFETY: as in `get_capabilities`.
    Errno::check(unsafe { libc::syscall(libc::SYS_capset, header.as_mut_ptr(), words.as_ptr()) })
}

/// Every capability that this kernel knows, as bits.
fn known_capabilities() -> Result<u64, Errno> {
    // Answers EINVAL for a number that the kernel does not know; unlike
    // /proc/sys/kernel/cap_last_cap this needs no procfs.
    let knows = |number: u64| {
        // SAFETY: takes numbers only.
        unsafe { libc::prctl(libc::PR_CAPBSET_READ, number, 0, 0, 0) != -1 }
    };
    let count = (0..64).take_while(|number| knows(*number)).count() as u32;
    if count == 0 {
        return Err(Errno(libc::EPROTO));
    }
    Ok(u64::MAX >> (64 - count))
}

/// A capability set in words: `all`, `none`, the names, or `all` but a few.
fn capability_words(bits: u64, known: u64) -> Value {
    let missing = known & !bits;
    Value::word(if bits == 0 {
        "none".to_string()
    } else if missing == 0 {
        "all".to_string()
    } else if missing.count_ones() < bits.count_ones() {
        format!("all but {}", Capabilities::from_bits_retain(missing).show())
    } else {
        Capabilities::from_bits_retain(bits).show()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capability_sets_do_not_depend_on_how_many_there_are() {
        let words = |bits, known| match capability_words(bits, known) {
            Value::Word(word) => word,
            other => panic!("{other:?} is no word"),
        };
        for known in [(1 << 38) - 1, (1 << 41) - 1] {
            assert_eq!(words(known, known), "all");
            assert_eq!(words(0, known), "none");
            assert_eq!(words(1 << 21, known), "CAP_SYS_ADMIN");
            assert_eq!(words(known & !(1 << 24), known), "all but CAP_SYS_RESOURCE");
        }
    }
}
