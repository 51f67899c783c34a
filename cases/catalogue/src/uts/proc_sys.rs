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
    Case {
        id: "uts.proc-mirrors-uname",
        claim: "The files hostname, domainname, ostype, osrelease and version in /proc/sys/kernel hold what uname() gives as nodename, domainname, sysname, release and version.",
        sources: &[man("uname(2)", "NOTES"), man("proc_sys_kernel(5)", "DESCRIPTION")],
        since: "2.0",
        needs: &[&need::UTS_NS, &need::PROCFS],
        wrong: "a file holds another text than the field",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWUTS)?;
            inner.sethostname("inner.example")?;
            inner.setdomainname("inner.nis")?;
            for process in [inner, outer] {
                process.uname()?;
                process.cat("/proc/sys/kernel/hostname")?;
                process.cat("/proc/sys/kernel/domainname")?;
            }
            lab.note("the three that do not depend on the namespace")?;
            for process in [inner, outer] {
                process.uname_system()?;
                process.cat_named("/proc/sys/kernel/ostype")?;
                process.cat_named("/proc/sys/kernel/osrelease")?;
                process.cat_named("/proc/sys/kernel/version")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.proc-write-truncates",
        claim: "A write of more than 64 bytes to hostname or domainname in /proc/sys/kernel succeeds as a whole and sets the first 64 bytes, where sethostname() would refuse.",
        sources: &[text("Linux source, kernel/utsname_sysctl.c: no manual page says it")],
        since: "2.6.19",
        needs: &[&need::PROCFS, &need::UTS_FILES],
        wrong: "the write is refused, or more or fewer bytes are set",
        play: |lab| {
            let process = lab.process("process")?;
            let long = "0123456789".repeat(10);
            process.sethostname(&long)?;
            process.echo(&long, "/proc/sys/kernel/hostname")?;
            process.echo(&long, "/proc/sys/kernel/domainname")?;
            process.uname()?;
            process.uname_sizes()?;
            lab.note("exactly 64 are not cut")?;
            process.echo(&long[2..66], "/proc/sys/kernel/hostname")?;
            process.echo(&long[1..65], "/proc/sys/kernel/domainname")?;
            process.uname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.proc-modes",
        claim: "In /proc/sys/kernel the owner may write hostname and domainname, and nobody, not even root, ostype, osrelease and version.",
        sources: &[man("proc_sys_kernel(5)", "DESCRIPTION")],
        since: "2.0",
        needs: &[&need::PROCFS, &need::UTS_FILES],
        wrong: "a file has another mode, or one that is only for reading can be opened for writing",
        play: |lab| {
            let process = lab.process("process")?;
            for file in ["hostname", "domainname", "ostype", "osrelease", "version"] {
                process.stat_mode(format!("/proc/sys/kernel/{file}"))?;
            }
            for file in ["hostname", "domainname", "ostype", "osrelease", "version"] {
                process.echo(format!("new {file}"), format!("/proc/sys/kernel/{file}"))?;
            }
            process.uname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        // That there is no event before the change is not shown: each change on the machine makes one.
        id: "uts.proc-poll",
        claim: "poll() on hostname and domainname in /proc/sys/kernel reports that the name was set since the file was opened, by POLLERR and POLLPRI.",
        sources: &[text("Linux source, fs/proc/proc_sysctl.c: no manual page says it")],
        since: "3.3",
        needs: &[&need::PROCFS],
        wrong: "no event comes, or another one",
        play: |lab| {
            let watcher = lab.process("watcher")?;
            let hostname = watcher.open("/proc/sys/kernel/hostname", O_RDONLY)?.id()?;
            let domainname = watcher.open("/proc/sys/kernel/domainname", O_RDONLY)?.id()?;
            watcher.sethostname("new.example")?;
            watcher.poll(hostname, PollEvents::POLLPRI)?;
            watcher.gethostname()?;
            watcher.setdomainname("new.nis")?;
            watcher.poll(domainname, PollEvents::POLLPRI)?;
            watcher.getdomainname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        // As above.
        id: "uts.proc-poll-all-namespaces",
        claim: "The event of hostname in /proc/sys/kernel goes to watchers in all UTS namespaces, also to those whose own name stays.",
        sources: &[text("Linux source, kernel/utsname_sysctl.c: no manual page says it")],
        since: "3.3",
        needs: &[&need::UTS_NS, &need::PROCFS],
        wrong: "a change in one namespace is not told in the other",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWUTS)?;
            let watched_outside = outer.open("/proc/sys/kernel/hostname", O_RDONLY)?.id()?;
            let watched_inside = inner.open("/proc/sys/kernel/hostname", O_RDONLY)?.id()?;
            inner.sethostname("inner.example")?;
            outer.poll(watched_outside, PollEvents::POLLPRI)?;
            inner.poll(watched_inside, PollEvents::POLLPRI)?;
            inner.gethostname()?;
            outer.gethostname()?;
            Ok(())
        },
        ..CASE
    },
];
