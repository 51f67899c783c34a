//! User and group ids, id maps, capabilities, securebits: credentials(7), capabilities(7),
//! user_namespaces(7).
//!
//! The ids that files carry live in `file`; credentials that travel in messages in `message`.

use super::argument::{Argument, ArgumentKind, Pathname, Text, constants, flag_names, flags};
use super::calls;
use super::reading::{Cursor, SyntaxError};
use crate::outcome::{Answer, Errno, Value, check};
use nsconform_sys::capability::{
    Capabilities, CapabilitySets, get_capabilities, known_capabilities, set_capabilities,
};

flags! {
    /// The securebits of capabilities(7): how capabilities follow from uid 0.
    SecureBits: i32 {
        SECBIT_NOROOT = 1, SECBIT_NOROOT_LOCKED = 1 << 1,
        SECBIT_NO_SETUID_FIXUP = 1 << 2, SECBIT_NO_SETUID_FIXUP_LOCKED = 1 << 3,
        SECBIT_KEEP_CAPS = 1 << 4, SECBIT_KEEP_CAPS_LOCKED = 1 << 5,
        SECBIT_NO_CAP_AMBIENT_RAISE = 1 << 6, SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED = 1 << 7,
    }
}

impl Argument for Capabilities {
    const KIND: ArgumentKind = ArgumentKind::Flags(super::reading::flag_words::<Capabilities>);

    fn read(cursor: &mut Cursor<'_>) -> Result<Capabilities, SyntaxError> {
        cursor.flags()
    }

    fn show(&self) -> String {
        flag_names(self)
    }
}

constants! {
    /// Whether the /proc files of a process belong to its user, and who may trace it.
    Dumpable: i32 { SUID_DUMP_DISABLE = 0, SUID_DUMP_USER = 1 }
}

calls! {
    /// Calls about user and group ids, capabilities and securebits.
    Identity, IdentityCalls, actor:

    /// Asks for the effective user id, in the caller's user namespace.
    geteuid() asks {
        Ok(Value::Number(nix::unistd::geteuid().as_raw().into()))
    }

    /// Asks for the caller's real, effective and saved user ids, in its own user namespace.
    getresuid() asks {
        let ids = nix::unistd::getresuid()?;
        Ok(three_ids(ids.real.as_raw(), ids.effective.as_raw(), ids.saved.as_raw()))
    }

    /// Asks for the caller's real, effective and saved group ids, in its own user namespace.
    getresgid() asks {
        let ids = nix::unistd::getresgid()?;
        Ok(three_ids(ids.real.as_raw(), ids.effective.as_raw(), ids.saved.as_raw()))
    }

    /// Sets the caller's real, effective and saved user ids (-1: unchanged).
    setresuid(real: i32, effective: i32, saved: i32) {
        // SAFETY: takes numbers only. The system call itself: the C library's function would
        // change the other threads too.
        check(unsafe { libc::syscall(libc::SYS_setresuid, real, effective, saved) })
    }

    /// Sets the caller's real, effective and saved group ids (-1: unchanged).
    setresgid(real: i32, effective: i32, saved: i32) {
        // SAFETY: as in `setresuid`.
        check(unsafe { libc::syscall(libc::SYS_setresgid, real, effective, saved) })
    }

    /// Asks for the caller's supplementary groups, in its own user namespace.
    getgroups() asks {
        let groups = nix::unistd::getgroups()?;
        Ok(Value::List(groups.into_iter().map(|group| Value::Number(group.as_raw().into())).collect()))
    }

    /// Replaces the caller's supplementary groups.
    setgroups(groups: Vec<i32>) {
        let groups: Vec<libc::gid_t> = groups.into_iter().map(|group| group as libc::gid_t).collect();
        // SAFETY: count and pointer describe `groups`; the system call itself as in `setresuid`.
        check(unsafe { libc::syscall(libc::SYS_setgroups, groups.len(), groups.as_ptr()) })
    }

    /// Writes the id maps of a process, given by its directory in /proc, as an ordinary user must: uid_map, then `deny` into setgroups, then gid_map.
    map_ids(directory: Pathname, uid_map: Text, gid_map: Text) composes "open(2), one write(2) and close(2) for each of the three files" {
        write_in(&directory, "uid_map", &uid_map.0)?;
        write_in(&directory, "setgroups", b"deny")?;
        write_in(&directory, "gid_map", &gid_map.0)
    }

    /// Reads an id map line by line, as `inside outside count`: outside is told in the reader's own terms or, to members of the namespace, in those of its parent.
    cat_map(path: Pathname) observes "the file, by open(2), read(2) and close(2)" {
        let content = std::fs::read_to_string(super::file::path_of(&path))?;
        let line = |line: &str| Value::word(line.split_whitespace().collect::<Vec<_>>().join(" "));
        Ok(Value::List(content.lines().map(line).collect()))
    }

    /// Asks for the caller's capabilities: `all` means every one that the kernel knows.
    capget() observes "capget(2), compared with /proc/sys/kernel/cap_last_cap" {
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
        set_capabilities(&CapabilitySets { effective: kept, permitted: kept, inheritable })?;
        Ok(Value::ZERO)
    }

    /// Takes some capabilities away from the caller's permitted and effective ones and keeps the rest.
    capset_drop(dropped: Capabilities) composes "capget(2) and capset(2)" {
        let mut sets = get_capabilities()?;
        sets.effective.remove(dropped);
        sets.permitted.remove(dropped);
        set_capabilities(&sets)?;
        Ok(Value::ZERO)
    }

    /// Reads the five capability sets from a file like /proc/PID/status: `all` means every one that the kernel knows.
    cat_capabilities(path: Pathname) observes "the lines CapInh to CapAmb of the file, compared with /proc/sys/kernel/cap_last_cap" {
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

    /// Takes a capability from the caller's bounding set, which no later program of it can exceed.
    prctl_capbset_drop(capability: Capabilities) => "prctl(PR_CAPBSET_DROP, {})" {
        prctl(libc::PR_CAPBSET_DROP, number_of(capability)?, 0)
    }

    /// Adds a capability to the caller's ambient ones, which a program without privilege keeps at execve(2).
    prctl_cap_ambient_raise(capability: Capabilities) => "prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, {})" {
        prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_RAISE as u64, number_of(capability)?)
    }

    /// Sets the caller's securebits.
    prctl_set_securebits(bits: SecureBits) => "prctl(PR_SET_SECUREBITS, {})" {
        prctl(libc::PR_SET_SECUREBITS, bits.bits() as u64, 0)
    }

    /// Asks for the caller's securebits.
    prctl_get_securebits() => "prctl(PR_GET_SECUREBITS)" asks {
        match prctl(libc::PR_GET_SECUREBITS, 0, 0)? {
            Value::Number(bits) => Ok(Value::word(SecureBits::from_bits_retain(bits as i32).show())),
            other => Ok(other),
        }
    }

    /// Asks whether the caller may dump core, which decides who owns its /proc files and who may trace it.
    prctl_get_dumpable() => "prctl(PR_GET_DUMPABLE)" asks {
        match prctl(libc::PR_GET_DUMPABLE, 0, 0)? {
            Value::Number(dumpable) => Ok(Value::word(Dumpable(dumpable as i32).show())),
            other => Ok(other),
        }
    }

    /// Forbids the caller and its later programs to gain privileges by execve(2).
    prctl_set_no_new_privs() => "prctl(PR_SET_NO_NEW_PRIVS, 1)" {
        prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0)
    }

    /// Asks whether execve(2) can give the caller privileges: 1 if not.
    prctl_get_no_new_privs() => "prctl(PR_GET_NO_NEW_PRIVS)" asks {
        prctl(libc::PR_GET_NO_NEW_PRIVS, 0, 0)
    }

    /// Installs a filter that allows every system call.
    seccomp_filter() => "seccomp(SECCOMP_SET_MODE_FILTER, 0, {allow all})" {
        let mut allow = libc::sock_filter { code: BPF_RETURN, jt: 0, jf: 0, k: libc::SECCOMP_RET_ALLOW };
        let program = libc::sock_fprog { len: 1, filter: &raw mut allow };
        // SAFETY: the program and its only instruction outlive the call.
        check(unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, &raw const program) })
    }

    /// Gives a file capabilities, permitted and effective when it is executed, in the format of revision 2 (setxattr(2) of security.capability).
    set_file_capabilities(path: Pathname, capabilities: Capabilities) composes "setxattr(2) of security.capability" {
        let bits = capabilities.bits();
        let words = [VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE, bits as u32, 0, (bits >> 32) as u32, 0];
        let value: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
        let path = path.c_string()?;
        // SAFETY: both names are C strings; pointer and length describe `value`.
        check(unsafe {
            libc::setxattr(path.as_ptr(), CAPABILITY_ATTRIBUTE.as_ptr(), value.as_ptr().cast(), value.len(), 0)
        })
    }

    /// Reads the capabilities of a file as the caller's user namespace sees them: the revision of the format, in revision 3 the user id of the root for whose namespace they are, and the permitted ones (getxattr(2) of security.capability).
    file_capabilities(path: Pathname) observes "getxattr(2) of security.capability" {
        let mut value = [0; 24];
        let path = path.c_string()?;
        // SAFETY: both names are C strings; pointer and length describe `value`.
        let Value::Number(length) = check(unsafe {
            libc::getxattr(path.as_ptr(), CAPABILITY_ATTRIBUTE.as_ptr(), value.as_mut_ptr().cast(), value.len())
        } as i64)? else { unreachable!() };
        let word = |at: usize| u32::from_le_bytes([value[at], value[at + 1], value[at + 2], value[at + 3]]);
        let bits = u64::from(word(4)) | u64::from(word(12)) << 32;
        let mut fields = vec![("revision".to_string(), Value::Number((word(0) >> 24).into()))];
        if length == 24 {
            fields.push(("rootid".to_string(), Value::Number(word(20).into())));
        }
        fields.push(("permitted".to_string(), Value::word(Capabilities::from_bits_retain(bits).show())));
        Ok(Value::Fields(fields))
    }

    /// Says whether the caller may dump core, and with it whether its /proc files belong to its user. The kernel withdraws this when ids change.
    prctl_set_dumpable(dumpable: Dumpable) => "prctl(PR_SET_DUMPABLE, {})" {
        prctl(libc::PR_SET_DUMPABLE, dumpable.0 as u64, 0)
    }
}

/// The format of file capabilities in linux/capability.h: its revision, and the flag by which the
/// permitted ones become effective.
const VFS_CAP_REVISION_2: u32 = 0x0200_0000;
const VFS_CAP_FLAGS_EFFECTIVE: u32 = 1;

/// The extended attribute that holds file capabilities (capabilities(7)).
const CAPABILITY_ATTRIBUTE: &std::ffi::CStr = c"security.capability";

/// `BPF_RET|BPF_K` of linux/bpf_common.h: the filter ends with a constant.
const BPF_RETURN: u16 = 6;

fn three_ids(real: u32, effective: u32, saved: u32) -> Value {
    Value::fields([
        ("real", Value::Number(real.into())),
        ("effective", Value::Number(effective.into())),
        ("saved", Value::Number(saved.into())),
    ])
}

/// Writes a file of a directory of /proc in one write(2), as the map files demand.
fn write_in(directory: &Text, file: &str, text: &[u8]) -> Answer {
    use std::io::Write;
    let path = super::file::path_of(directory).join(file);
    std::fs::File::options().write(true).open(path)?.write_all(text)?;
    Ok(Value::ZERO)
}

/// prctl(2) with numbers.
fn prctl(operation: i32, argument: u64, second: u64) -> Answer {
    // SAFETY: used only for operations that take numbers.
    check(unsafe { libc::prctl(operation, argument, second, 0, 0) })
}

/// The number of the only capability in a set, as prctl(2) takes it.
fn number_of(capability: Capabilities) -> Result<u64, Errno> {
    match capability.bits().count_ones() {
        1 => Ok(capability.bits().trailing_zeros().into()),
        _ => Err(Errno(libc::EINVAL)),
    }
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
