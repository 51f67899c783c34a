//! The names as files: /proc/sys/kernel/hostname and domainname.

use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "uts.proc-write-sets",
        claim: "Writing to hostname and domainname in /proc/sys/kernel sets the names, of the writer's UTS namespace, as the system calls do.",
        sources: &[man("proc_sys_kernel(5)", "DESCRIPTION")],
        since: "2.6.19",
        needs: &[&need::UTS_NS, &need::PROCFS, &need::UTS_FILES],
        wrong: "the write has no effect, or it reaches another namespace",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWUTS)?;
            inner.uname()?;
            inner.echo("written.example\n", "/proc/sys/kernel/hostname")?;
            inner.echo("written.nis\n", "/proc/sys/kernel/domainname")?;
            inner.uname()?;
            outer.uname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.proc-write-ignores-capability",
        claim: "For the files of the names in /proc/sys/kernel only their mode counts: uid 0 may write them without CAP_SYS_ADMIN, which sethostname() demands.",
        sources: &[man("proc_sys_kernel(5)", "DESCRIPTION")],
        since: "",
        deviation: Some(
            "Writing the files sets the names in exactly the way of the commands, which need CAP_SYS_ADMIN.",
        ),
        needs: &[&need::PROCFS, &need::UTS_FILES],
        wrong: "the write is refused, or the system call is not",
        play: |lab| {
            let process = lab.process("process")?;
            process.capset_drop(CAP_SYS_ADMIN)?;
            process.sethostname("called.example")?;
            process.setdomainname("called.nis")?;
            process.uname()?;
            process.echo("written.example\n", "/proc/sys/kernel/hostname")?;
            process.echo("written.nis\n", "/proc/sys/kernel/domainname")?;
            process.uname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.proc-write-denied-in-userns",
        claim: "The creator of a user and a UTS namespace can set the names with the system calls, but not by the files in /proc/sys/kernel, which belong to uid 0 of the initial user namespace.",
        sources: &[man("proc_sys_kernel(5)", "DESCRIPTION"), man("user_namespaces(7)", "Capabilities")],
        since: "3.8",
        starts_as: Credentials::User,
        deviation: Some("Writing the files sets the names in exactly the way of the commands."),
        needs: &[&need::UTS_NS, &need::USER_NS, &need::PROCFS, &need::PLAIN_UID],
        wrong: "the system calls are refused, or the files can be written",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER | NEWUTS)?;
            user.sethostname("called.example")?;
            user.setdomainname("called.nis")?;
            user.echo("written.example\n", "/proc/sys/kernel/hostname")?;
            user.echo("written.nis\n", "/proc/sys/kernel/domainname")?;
            user.uname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.proc-readers-namespace",
        claim: "The files hostname and domainname in /proc/sys/kernel show the UTS namespace of whoever reads, even through a descriptor opened elsewhere.",
        sources: &[text("Linux source, kernel/utsname_sysctl.c: no manual page says it")],
        since: "2.6.19",
        needs: &[&need::UTS_NS, &need::PROCFS],
        wrong: "the descriptor shows the namespace in which it was opened",
        accepted: &[Accepted {
            mutant: "read(3)",
            why: "reading moves nothing but the place in the file, from which nothing is read again",
        }],
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.sethostname("outer.example")?;
            outer.setdomainname("outer.nis")?;
            let hostname = outer.open("/proc/sys/kernel/hostname", O_RDONLY)?.id()?;
            let inner = outer.clone("inner", NEWUTS)?;
            inner.sethostname("inner.example")?;
            inner.setdomainname("inner.nis")?;
            inner.read(hostname)?;
            inner.cat("/proc/sys/kernel/domainname")?;
            outer.cat("/proc/sys/kernel/hostname")?;
            outer.cat("/proc/sys/kernel/domainname")?;
            Ok(())
        },
        ..CASE
    },
];
