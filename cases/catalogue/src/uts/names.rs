//! The two names that a UTS namespace isolates, and how they are set and read.
//!
//! Their form lives in `length`, their files in `proc_sys`.

use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "uts.isolates-nodename-domainname",
        claim: "A UTS namespace isolates two identifiers, the host name and the NIS domain name: a change inside is not seen outside.",
        sources: &[SEED, man("uts_namespaces(7)", "DESCRIPTION")],
        since: "2.6.19",
        needs: &[&need::UTS_NS],
        wrong: "the outer process reads a name that was set inside",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.sethostname("outer.example")?;
            outer.setdomainname("outer.nis")?;
            let inner = outer.clone("inner", NEWUTS)?;
            inner.uname()?;
            inner.sethostname("inner.example")?;
            inner.setdomainname("inner.nis")?;
            inner.uname()?;
            outer.uname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.set-by-sethostname",
        claim: "sethostname() sets the host name of the caller's UTS namespace; uname() returns it as nodename.",
        sources: &[SEED, man("gethostname(2)", "DESCRIPTION")],
        since: "2.6.19",
        needs: &[&need::UTS_NS],
        wrong: "nodename is not what sethostname was given, or the call reaches another namespace",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWUTS)?;
            inner.gethostname()?;
            inner.sethostname("set.example")?;
            inner.gethostname()?;
            outer.gethostname()?;
            lab.note("the system call cannot be told to act on any other namespace than the caller's")?;
            outer.sethostname("outer.example")?;
            outer.gethostname()?;
            inner.gethostname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.set-by-setdomainname",
        claim: "setdomainname() sets the NIS domain name of the caller's UTS namespace; uname() returns it as domainname.",
        sources: &[SEED, man("getdomainname(2)", "DESCRIPTION")],
        since: "2.6.19",
        needs: &[&need::UTS_NS],
        wrong: "domainname is not what setdomainname was given, or the call reaches another namespace",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWUTS)?;
            inner.getdomainname()?;
            inner.setdomainname("set.nis")?;
            inner.getdomainname()?;
            outer.getdomainname()?;
            outer.setdomainname("outer.nis")?;
            outer.getdomainname()?;
            inner.getdomainname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.two-names-independent",
        claim: "Host name and NIS domain name are two identifiers: setting one leaves the other as it is.",
        sources: &[SEED],
        since: "2.6.19",
        needs: &[],
        wrong: "one call changes both names",
        play: |lab| {
            let process = lab.process("process")?;
            process.uname()?;
            process.sethostname("changed.example")?;
            process.uname()?;
            process.setdomainname("changed.nis")?;
            process.uname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.container-own-names",
        claim: "Each UTS namespace, and so each container, can have a host name and an NIS domain name of its own at the same time.",
        sources: &[SEED],
        since: "2.6.19",
        needs: &[&need::UTS_NS],
        wrong: "two of the containers report the same name",
        play: |lab| {
            let host = lab.process("host")?;
            let web = host.clone("web", NEWUTS)?;
            let mail = host.clone("mail", NEWUTS)?;
            for (process, hostname, domain) in [
                (host, "host.example", "host.nis"),
                (web, "web.example", "web.nis"),
                (mail, "mail.example", "mail.nis"),
            ] {
                process.sethostname(hostname)?;
                process.setdomainname(domain)?;
            }
            for process in [host, web, mail] {
                process.uname()?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.programs-see-own-name",
        claim: "A program that is started in a UTS namespace sees the names of that namespace and needs no change for it: initialization scripts can act on the name.",
        sources: &[SEED],
        since: "2.6.19",
        needs: &[&need::UTS_NS, &need::PROCFS, &need::PROGRAM],
        wrong: "the started program sees the name of another namespace",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.sethostname("outer.example")?;
            let inner = outer.clone("inner", NEWUTS)?;
            inner.sethostname("inner.example")?;
            let marked = inner.open("/proc/self/ns/uts", OpenFlags::O_CLOEXEC)?.id()?;
            inner.fstat_ns(marked)?;
            inner.execve(PROGRAM)?;
            lab.note("another program now: the descriptor that was marked close-on-exec is gone")?;
            inner.fstat_ns(marked)?;
            inner.readlink("/proc/self/ns/uts")?;
            inner.gethostname()?;
            outer.gethostname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.name-from-struct-utsname",
        claim: "The kind has its name from struct utsname: the link in /proc/PID/ns is called uts, the flag CLONE_NEWUTS.",
        sources: &[SEED, man("namespaces(7)", "The /proc/pid/ns/ directory")],
        since: "2.6.19",
        needs: &[&need::UTS_NS, &need::PROCFS],
        wrong: "CLONE_NEWUTS leaves the link uts as it is, or the link refers to another kind",
        play: |lab| {
            let process = lab.process("process")?;
            process.readlink("/proc/self/ns/uts")?;
            process.unshare(NEWUTS)?;
            process.readlink("/proc/self/ns/uts")?;
            let fd = process.open("/proc/self/ns/uts", O_RDONLY)?.id()?;
            process.ioctl_nstype(fd)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.other-fields-common",
        claim: "The other fields of uname(), sysname, release, version and machine, are the same in every UTS namespace.",
        sources: &[man("uts_namespaces(7)", "DESCRIPTION"), man("uname(2)", "DESCRIPTION")],
        since: "2.6.19",
        needs: &[&need::UTS_NS, &need::PROCFS],
        wrong: "a field is empty or another one inside, or changes with the names",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.uname_system()?;
            let inner = outer.clone("inner", NEWUTS)?;
            inner.readlink("/proc/self/ns/uts")?;
            outer.readlink("/proc/self/ns/uts")?;
            inner.uname_system()?;
            inner.sethostname("inner.example")?;
            inner.setdomainname("inner.nis")?;
            inner.uname()?;
            inner.uname_system()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.personality-uname26",
        claim: "personality(UNAME26) makes uname() begin the release with 2.6. for the process that asks for it, and for no other one of the same UTS namespace.",
        sources: &[man("personality(2)", "UNAME26")],
        since: "3.1",
        needs: &[],
        wrong: "the release does not change, or does so for others or for a field beside it",
        play: |lab| {
            let other = lab.process("other")?;
            let old = other.fork("old")?;
            old.uname_release_begins("2.6.")?;
            old.uname_system()?;
            old.personality(Persona::UNAME26)?;
            old.uname_release_begins("2.6.")?;
            old.uname_system()?;
            other.uname_release_begins("2.6.")?;
            other.uname_system()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.isolates-nothing-else",
        claim: "A UTS namespace isolates the names and nothing else: all other namespaces stay, with System V objects and mounts.",
        sources: &[man("uts_namespaces(7)", "DESCRIPTION")],
        since: "2.6.19",
        needs: &[&need::UTS_NS, &need::PROCFS, &need::SYSV_IPC],
        wrong: "another link changes, or an object or a mount is gone",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.fork("inner")?;
            outer.diff_ns(inner.proc("ns"), "/proc/self/ns")?;
            inner.unshare(NEWUTS)?;
            outer.diff_ns(inner.proc("ns"), "/proc/self/ns")?;
            lab.note("made outside afterwards, found inside")?;
            outer.msgget(0x4b45_5900, CREATE)?;
            inner.msgget(0x4b45_5900, FIND)?;
            outer.mkdir("/tmp/mounted", 0o700)?;
            outer.mount("", "/tmp/mounted", "tmpfs", MountFlags::empty(), "")?;
            inner.mount_points("/tmp/mounted")?;
            Ok(())
        },
        ..CASE
    },
];

/// The claims of this topic that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[Untested {
    id: "uts.config",
    claim: "UTS namespaces need a kernel built with CONFIG_UTS_NS.",
    sources: &[man("uts_namespaces(7)", "DESCRIPTION")],
    why: "it needs a kernel built without the option",
    part: None,
}];
