//! Host name and NIS domain name: uname(2), gethostname(2), getdomainname(2).

use super::argument::{Pathname, Text, constants};
use super::calls;
use crate::outcome::{Value, check};

calls! {
    /// Calls about the two names that a UTS namespace isolates.
    Uts, UtsCalls, actor:

    /// Sets the host name of the caller's UTS namespace.
    sethostname(name: Text) {
        // SAFETY: the pointer and length describe `name`, which outlives the call.
        check(unsafe { libc::sethostname(name.0.as_ptr().cast(), name.0.len()) })
    }

    /// Sets the NIS domain name of the caller's UTS namespace.
    setdomainname(name: Text) {
        // SAFETY: the pointer and length describe `name`, which outlives the call.
        check(unsafe { libc::setdomainname(name.0.as_ptr().cast(), name.0.len()) })
    }

    /// Sets the host name from the first bytes of a longer text: as many as the length says.
    sethostname_length(name: Text, length: i64) => "sethostname({}, {})" {
        // SAFETY: the kernel refuses a length above 64 before it reads; up to there the buffer is ours.
        check(unsafe { libc::sethostname(readable(name).as_ptr().cast(), length as usize) })
    }

    /// Sets the NIS domain name from the first bytes of a longer text: as many as the length says.
    setdomainname_length(name: Text, length: i64) => "setdomainname({}, {})" {
        // SAFETY: as in `sethostname_length`.
        check(unsafe { libc::setdomainname(readable(name).as_ptr().cast(), length as usize) })
    }

    /// Sets the host name from no buffer at all.
    sethostname_null(length: i64) => "sethostname(NULL, {})" {
        // SAFETY: the kernel checks the address.
        check(unsafe { libc::syscall(libc::SYS_sethostname, 0, length) })
    }

    /// Sets the NIS domain name from no buffer at all.
    setdomainname_null(length: i64) => "setdomainname(NULL, {})" {
        // SAFETY: the kernel checks the address.
        check(unsafe { libc::syscall(libc::SYS_setdomainname, 0, length) })
    }

    /// Asks for the names without a place for the answer.
    uname_null() => "uname(NULL)" asks {
        // SAFETY: the kernel checks the address.
        check(unsafe { libc::syscall(libc::SYS_uname, 0) })
    }

    /// Asks for the host name of the caller's UTS namespace.
    gethostname() asks {
        Ok(Value::text(nix::sys::utsname::uname()?.nodename().as_encoded_bytes()))
    }

    /// Asks for the NIS domain name of the caller's UTS namespace.
    getdomainname() asks {
        Ok(Value::text(nix::sys::utsname::uname()?.domainname().as_encoded_bytes()))
    }

    /// Asks for the two names that a UTS namespace holds, as the kernel gives them to every program.
    uname() asks {
        let names = nix::sys::utsname::uname()?;
        Ok(Value::fields([
            ("nodename", Value::text(names.nodename().as_encoded_bytes())),
            ("domainname", Value::text(names.domainname().as_encoded_bytes())),
        ]))
    }

    /// Asks for the fields of uname(2) that say which kernel and machine this is. They differ from machine to machine: the trace gives the same number to the same text.
    uname_system() observes "uname(2), the fields sysname, release, version and machine" {
        let names = nix::sys::utsname::uname()?;
        let text = |text: &std::ffi::OsStr| named_text(text.as_encoded_bytes());
        Ok(Value::fields([
            ("sysname", text(names.sysname())),
            ("release", text(names.release())),
            ("version", text(names.version())),
            ("machine", text(names.machine())),
        ]))
    }

    /// Asks whether the release that uname(2) gives begins with a text.
    uname_release_begins(prefix: Text) observes "uname(2), the field release" {
        let names = nix::sys::utsname::uname()?;
        let begins = names.release().as_encoded_bytes().starts_with(&prefix.0);
        Ok(Value::word(if begins { "yes" } else { "no" }))
    }

    /// Asks for the names in a larger buffer and measures the answer, in bytes: its size, and where the null that ends the field of each name stands in it, counted from the start of the field (65: nowhere).
    uname_sizes() observes "uname(2) into a buffer that was filled with 0xff before" {
        const FIELD: usize = 65;
        const UNTOUCHED: u8 = 0xff;
        let mut buffer = [UNTOUCHED; 8 * FIELD];
        // SAFETY: the buffer is larger than a struct utsname of six fields.
        check(unsafe { libc::syscall(libc::SYS_uname, buffer.as_mut_ptr()) })?;
        let size = buffer.iter().rposition(|byte| *byte != UNTOUCHED).map_or(0, |last| last + 1);
        let end = |field: usize| {
            let field = &buffer[field * FIELD..][..FIELD];
            Value::Number(field.iter().position(|byte| *byte == 0).unwrap_or(FIELD) as i64)
        };
        Ok(Value::fields([
            ("size", Value::Number(size as i64)),
            ("nodename", end(1)),
            ("domainname", end(5)),
        ]))
    }

    /// Reads a text file without its last newline. It differs from machine to machine: the trace gives the same number to the same text, also where uname(2) gives it.
    cat_named(path: Pathname) observes "the file, by open(2), read(2) and close(2)" {
        let content = std::fs::read(super::file::path_of(&path))?;
        Ok(named_text(content.strip_suffix(b"\n").unwrap_or(&content)))
    }

    /// Sets the execution domain of the caller, which may change what uname(2) says of the release.
    personality(persona: Persona) {
        // SAFETY: takes a number only.
        match check(unsafe { libc::personality(persona.0) })? {
            // It returns the domain before, which execution under a debugger changes.
            Value::Number(_) => Ok(Value::ZERO),
            other => Ok(other),
        }
    }
}

constants! {
    /// An execution domain of personality(2).
    Persona: libc::c_ulong { UNAME26 = 0x002_0000 }
}

/// A copy of the name with null bytes behind it, so that each length that the kernel reads is there.
fn readable(name: Text) -> Vec<u8> {
    /// The kernel reads no more than this (`__NEW_UTS_LEN` of linux/utsname.h).
    const LONGEST: usize = 64;
    let mut bytes = name.0;
    bytes.resize(bytes.len().max(LONGEST), 0);
    bytes
}

/// A text by a number that stands for it (FNV-1a of 64 bits).
fn named_text(text: &[u8]) -> Value {
    let hash = text.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    });
    Value::volatile("text", hash)
}
