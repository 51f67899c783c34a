//! Changes of user ids and their effect on capabilities, with each securebit; ambient capabilities.
//!
//! Securebits in a new namespace live in `securebits`, execve(2) in `execve`.

use super::NO_CAPABILITY;
use crate::prelude::*;

const ON_CHANGES: &str = "Effect of user ID changes on capabilities";
const SECUREBITS: &str = "The securebits flags: establishing a capabilities-only environment";

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "user.uid-change-drops-caps",
        claim: "A process that changes all its user ids from 0 to others loses its permitted and effective capabilities; SECBIT_KEEP_CAPS keeps the permitted ones, SECBIT_NO_SETUID_FIXUP both.",
        sources: &[man("capabilities(7)", ON_CHANGES)],
        since: "2.6.26",
        needs: &[&need::MANY_IDS],
        wrong: "privilege outlives the change of ids, or is lost though it was to be kept",
        play: |lab| {
            let root = lab.process("root")?;
            lab.note(
                "the same change of ids: plainly, with the permitted set kept, and with both sets kept",
            )?;
            for (name, bits) in [
                ("plain", SecureBits::empty()),
                ("keep-caps", SecureBits::SECBIT_KEEP_CAPS),
                ("no-fixup", SecureBits::SECBIT_NO_SETUID_FIXUP),
            ] {
                let process = root.fork(name)?;
                process.capset(CAP_CHOWN | CAP_SETUID | CAP_SETPCAP, NO_CAPABILITY)?;
                process.prctl_set_securebits(bits)?;
                process.setresuid(1000, 1000, 1000)?;
                process.capget()?;
            }
            lab.note("inside a user namespace the uid 0 of that namespace counts")?;
            let inner = root.clone("inner", NEWUSER)?;
            root.echo("0 1000 10", inner.proc("uid_map"))?;
            inner.setresuid(0, 0, 0)?;
            inner.setresuid(5, 5, 5)?;
            inner.capget()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.euid-change",
        claim: "A change of the effective user id from 0 to another clears the effective capabilities; the change back fills them from the permitted ones. In a user namespace 0 means its own root.",
        sources: &[man("capabilities(7)", ON_CHANGES)],
        since: "3.8",
        needs: &[&need::PROCFS, &need::MANY_IDS],
        wrong: "the capabilities do not follow the effective id, or follow the id outside",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWUSER)?;
            outer.echo("0 1000 10", inner.proc("uid_map"))?;
            inner.setresuid(0, 0, 0)?;
            outer.capset(CAP_CHOWN | CAP_SETUID, NO_CAPABILITY)?;
            for process in [outer, inner] {
                process.setresuid(-1, 5, -1)?;
                process.capget()?;
                process.setresuid(-1, 0, -1)?;
                process.capget()?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.securebits-settable-inside",
        claim: "With CAP_SETPCAP in its user namespace a process sets securebits, and its children have them; without it the call is refused, and a locked bit stays.",
        sources: &[man("capabilities(7)", SECUREBITS), man("PR_SET_SECUREBITS(2const)", "ERRORS")],
        since: "2.6.26",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "a bit is set without the capability, or a locked one is cleared",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.prctl_set_securebits(SecureBits::SECBIT_NO_SETUID_FIXUP)?;
            let inner = outer.clone("inner", NEWUSER)?;
            inner.prctl_set_securebits(
                SecureBits::SECBIT_NO_SETUID_FIXUP | SecureBits::SECBIT_NO_SETUID_FIXUP_LOCKED,
            )?;
            let child = inner.fork("child")?;
            for process in [inner, child] {
                process.prctl_get_securebits()?;
                process.prctl_set_securebits(SecureBits::empty())?;
                process.prctl_get_securebits()?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.securebits-reset-setns",
        claim: "A process that joins a user namespace by setns has all its securebits cleared.",
        sources: &[man("user_namespaces(7)", "Capabilities")],
        since: "3.8",
        needs: &[&need::PROCFS],
        wrong: "a securebit that was set outside holds inside",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWUSER)?;
            outer.prctl_set_securebits(SecureBits::SECBIT_NO_SETUID_FIXUP | SecureBits::SECBIT_KEEP_CAPS)?;
            let namespace = outer.open(inner.proc("ns/user"), O_RDONLY)?.id()?;
            outer.prctl_get_securebits()?;
            outer.setns(namespace, NEWUSER)?;
            outer.prctl_get_securebits()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.no-ambient-raise",
        claim: "SECBIT_NO_CAP_AMBIENT_RAISE forbids a process to add ambient capabilities; without it a permitted and inheritable one can be added.",
        sources: &[man("capabilities(7)", SECUREBITS)],
        since: "4.3",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "the bit has no effect, or a capability that is not inheritable is added",
        play: |lab| {
            let inner = lab.process("outer")?.clone("inner", NEWUSER)?;
            inner.capset(CAP_CHOWN | CAP_SETUID | CAP_SETPCAP, CAP_CHOWN | CAP_SETUID)?;
            inner.prctl_cap_ambient_raise(CAP_SETPCAP)?;
            inner.prctl_cap_ambient_raise(CAP_CHOWN)?;
            inner.prctl_set_securebits(SecureBits::SECBIT_NO_CAP_AMBIENT_RAISE)?;
            inner.prctl_cap_ambient_raise(CAP_SETUID)?;
            inner.cat_capabilities("/proc/self/status")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.keep-caps-cleared-by-exec",
        claim: "execve clears SECBIT_KEEP_CAPS and leaves the other securebits as they are.",
        sources: &[man("capabilities(7)", SECUREBITS)],
        since: "2.6.26",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "the bit survives the new program, or takes another one along",
        play: |lab| {
            let inner = lab.process("outer")?.clone("inner", NEWUSER)?;
            inner.prctl_set_securebits(SecureBits::SECBIT_KEEP_CAPS | SecureBits::SECBIT_NO_SETUID_FIXUP)?;
            inner.prctl_get_securebits()?;
            inner.execve(PROGRAM)?;
            inner.prctl_get_securebits()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.setgroups-file-capability",
        claim: "Whoever writes the setgroups file of a user namespace needs CAP_SYS_ADMIN there.",
        sources: &[man("user_namespaces(7)", "The /proc/pid/setgroups file")],
        since: "3.19",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        accepted: &[Accepted {
            mutant: "! echo \"deny\" > \"/proc/self/setgroups\"",
            why: super::DENIED_ALREADY,
        }],
        wrong: "a process without capabilities decides for the namespace",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWUSER)?;
            let without = inner.fork("without")?;
            without.capset(NO_CAPABILITY, NO_CAPABILITY)?;
            without.open("/proc/self/setgroups", OpenFlags::O_WRONLY)?;
            inner.echo("deny", "/proc/self/setgroups")?;
            without.cat("/proc/self/setgroups")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.setgroups-bad-value",
        claim: "The setgroups file takes allow and deny, with or without a newline, and nothing else.",
        sources: &[man("user_namespaces(7)", "The /proc/pid/setgroups file")],
        since: "3.19",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        accepted: &[
            Accepted { mutant: "! echo \"deny\\n\" > \"/proc/self/setgroups\"", why: super::DENIED_ALREADY },
            Accepted { mutant: "! echo \"deny\" > \"/proc/self/setgroups\"", why: super::DENIED_ALREADY },
        ],
        wrong: "another word changes the setting",
        play: |lab| {
            let inner = lab.process("outer")?.clone("inner", NEWUSER)?;
            for word in ["no", "den", "denyx", "deny x", "0", ""] {
                inner.echo(word, "/proc/self/setgroups")?;
            }
            inner.echo("deny\n", "/proc/self/setgroups")?;
            inner.cat("/proc/self/setgroups")?;
            inner.echo("allow", "/proc/self/setgroups")?;
            inner.echo("deny", "/proc/self/setgroups")?;
            inner.cat("/proc/self/setgroups")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.setgroups-no-deny-after-gid-map",
        claim: "Once a user namespace has a gid map setgroups can no longer be denied to it; that it is allowed may be said again.",
        sources: &[man("user_namespaces(7)", "The /proc/pid/setgroups file")],
        since: "3.19",
        needs: &[&need::PROCFS, &need::SETGROUPS],
        wrong: "a setting is changed on which processes inside rely already",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWUSER)?;
            inner.cat("/proc/self/setgroups")?;
            outer.echo(super::ROOT_AS_ROOT, inner.proc("gid_map"))?;
            for process in [inner, outer] {
                process.echo("deny", inner.proc("setgroups"))?;
                process.echo("allow", inner.proc("setgroups"))?;
            }
            inner.cat("/proc/self/setgroups")?;
            Ok(())
        },
        ..CASE
    },
];
