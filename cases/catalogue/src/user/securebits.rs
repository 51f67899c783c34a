//! Securebits: their values in a new user namespace, and their effect there.

use super::{OWN, USER_AS_ROOT};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "user.securebits-reset-unshare",
        claim: "A process that moves into a new user namespace by unshare has all its securebits cleared, the locked ones too.",
        sources: &[man("user_namespaces(7)", "Capabilities")],
        since: "3.8",
        wrong: "a securebit set outside holds inside",
        play: |lab| {
            let process = lab.process("process")?;
            process.prctl_set_securebits(SecureBits::SECBIT_NOROOT | SecureBits::SECBIT_NOROOT_LOCKED)?;
            process.prctl_get_securebits()?;
            process.prctl_set_securebits(SecureBits::empty())?;
            process.unshare(NEWUSER)?;
            process.prctl_get_securebits()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.securebits-reset-clone",
        claim: "A child created in a new user namespace has no securebit set; one in the same user namespace has those of its creator.",
        sources: &[man("user_namespaces(7)", "Capabilities")],
        since: "3.8",
        wrong: "a securebit set outside holds inside",
        play: |lab| {
            let creator = lab.process("creator")?;
            creator
                .prctl_set_securebits(SecureBits::SECBIT_NO_SETUID_FIXUP | SecureBits::SECBIT_KEEP_CAPS)?;
            let same = creator.fork("same")?;
            let inner = creator.clone("inner", NEWUSER)?;
            for process in [creator, same, inner] {
                process.prctl_get_securebits()?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.securebits-invalid-value",
        claim: "A securebit that the kernel does not know is refused with EPERM.",
        sources: &[man("PR_SET_SECUREBITS(2const)", "ERRORS")],
        since: "2.6.26",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS],
        deviation: Some("EINVAL: the value is not valid"),
        wrong: "an unknown bit is stored",
        play: |lab| {
            let process = lab.process("process")?;
            process.unshare(NEWUSER)?;
            process.prctl_set_securebits(SecureBits::from_bits_retain(0x1000))?;
            process.prctl_get_securebits()?;
            process.prctl_set_securebits(SecureBits::SECBIT_KEEP_CAPS)?;
            process.prctl_get_securebits()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.securebits-noroot",
        claim: "With SECBIT_NOROOT user 0 is nothing special at execve: root inside loses its capabilities to a program.",
        sources: &[man(
            "capabilities(7)",
            "The securebits flags: establishing a capabilities-only environment",
        )],
        since: "2.6.26",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS, &need::PROGRAM],
        wrong: "user 0 gains capabilities in spite of the bit",
        play: |lab| {
            let outer = lab.process("outer")?;
            let root = outer.clone("root", NEWUSER)?;
            root.map_ids(OWN, USER_AS_ROOT, USER_AS_ROOT)?;
            let special = root.fork("special")?;
            root.prctl_set_securebits(SecureBits::SECBIT_NOROOT)?;
            for process in [special, root] {
                process.execve(PROGRAM)?;
                process.cat("/proc/self/comm")?;
                process.geteuid()?;
                process.capget()?;
            }
            Ok(())
        },
        ..CASE
    },
];
