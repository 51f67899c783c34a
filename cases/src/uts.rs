//! UTS namespaces: host name and NIS domain name.

use crate::prelude::*;

/// A name of 64 bytes, the greatest length there is.
const LONGEST: &str = "0123456789012345678901234567890123456789012345678901234567890123";

/// The same and one byte more.
const TOO_LONG: &str = "01234567890123456789012345678901234567890123456789012345678901234";

/// The cases of this module.
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
            inner.readlink_ns("/proc/self/ns/uts")?;
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
            process.readlink_ns("/proc/self/ns/uts")?;
            process.unshare(NEWUTS)?;
            process.readlink_ns("/proc/self/ns/uts")?;
            let fd = process.open("/proc/self/ns/uts", O_RDONLY)?.id()?;
            process.ioctl_nstype(fd)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.copied-at-creation",
        claim: "A new UTS namespace, by clone() or by unshare(), begins with copies of the names in its creator's namespace.",
        sources: &[man("uts_namespaces(7)", "DESCRIPTION"), man("clone(2)", "CLONE_NEWUTS")],
        since: "2.6.19",
        needs: &[&need::UTS_NS, &need::PROCFS],
        wrong: "the new namespace begins with empty or default names",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.sethostname("copied.example")?;
            outer.setdomainname("copied.nis")?;
            let cloned = outer.clone("cloned", NEWUTS)?;
            let unshared = outer.fork("unshared")?;
            unshared.unshare(NEWUTS)?;
            for process in [outer, cloned, unshared] {
                process.readlink_ns("/proc/self/ns/uts")?;
                process.uname()?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.copy-is-detached",
        claim: "After the copy the two UTS namespaces have nothing to do with each other: a later change in either is not seen in the other.",
        sources: &[man("uts_namespaces(7)", "DESCRIPTION")],
        since: "2.6.19",
        needs: &[&need::UTS_NS],
        wrong: "a change in the creator's namespace reaches the new one, or the reverse",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.sethostname("first.example")?;
            let inner = outer.clone("inner", NEWUTS)?;
            outer.sethostname("second.example")?;
            outer.setdomainname("second.nis")?;
            inner.uname()?;
            inner.sethostname("third.example")?;
            inner.setdomainname("third.nis")?;
            outer.uname()?;
            inner.uname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.visible-to-members",
        claim: "A change of a name is seen at once by every process in the same UTS namespace, and by no other.",
        sources: &[man("uts_namespaces(7)", "DESCRIPTION")],
        since: "2.6.19",
        needs: &[&need::UTS_NS],
        wrong: "a member keeps the old name, or a stranger gets the new one",
        play: |lab| {
            let member = lab.process("member")?;
            let sibling = member.fork("sibling")?;
            let stranger = member.clone("stranger", NEWUTS)?;
            sibling.sethostname("sibling.example")?;
            sibling.setdomainname("sibling.nis")?;
            member.uname()?;
            stranger.uname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.setns-sees-names",
        claim: "A process that joins a UTS namespace with setns() sees the names of that namespace, and its later changes.",
        sources: &[man("setns(2)", "DESCRIPTION"), text("LWN 531381, Namespaces in operation, part 2")],
        since: "3.0",
        needs: &[&need::UTS_NS, &need::PROCFS],
        wrong: "the process keeps the names of the namespace that it left",
        play: |lab| {
            let joiner = lab.process("joiner")?;
            let member = joiner.clone("member", NEWUTS)?;
            member.sethostname("member.example")?;
            member.setdomainname("member.nis")?;
            joiner.uname()?;
            let fd = joiner.open(member.proc("ns/uts"), O_RDONLY)?.id()?;
            joiner.setns(fd, NEWUTS)?;
            joiner.uname()?;
            member.sethostname("later.example")?;
            joiner.uname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.names-outlive-members",
        claim: "The names stay in a UTS namespace that has no member any more, as long as a descriptor keeps it.",
        sources: &[man("namespaces(7)", "Namespace lifetime")],
        since: "3.0",
        needs: &[&need::UTS_NS, &need::PROCFS],
        wrong: "the names are lost with the last member",
        play: |lab| {
            let keeper = lab.process("keeper")?;
            let maker = keeper.clone("maker", NEWUTS)?;
            maker.sethostname("kept.example")?;
            maker.setdomainname("kept.nis")?;
            let fd = keeper.open(maker.proc("ns/uts"), O_RDONLY)?.id()?;
            maker.exit(0)?;
            keeper.waitpid(maker, WaitOptions::empty())?;
            lab.note("the only member is gone")?;
            keeper.kill(maker, Signal(0))?;
            keeper.uname()?;
            keeper.setns(fd, NEWUTS)?;
            keeper.uname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.per-thread",
        claim: "UTS namespaces belong to threads: one thread of a process can move into a new one while the others stay.",
        sources: &[man("namespaces(7)", "The namespaces API"), man("unshare(2)", "DESCRIPTION")],
        since: "2.6.19",
        needs: &[&need::UTS_NS],
        wrong: "the other thread moves too",
        play: |lab| {
            let main = lab.process("main")?;
            let thread = main.clone("thread", THREAD)?;
            main.getpid()?;
            thread.getpid()?;
            thread.unshare(NEWUTS)?;
            thread.sethostname("thread.example")?;
            thread.gethostname()?;
            main.gethostname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.not-hierarchical",
        claim: "UTS namespaces have no parent: NS_GET_PARENT is refused with EINVAL, while it gives the parent of a PID namespace.",
        sources: &[man("NS_GET_PARENT(2const)", "ERRORS")],
        since: "4.9",
        needs: &[&need::UTS_NS, &need::PID_NS, &need::PROCFS],
        wrong: "a parent is given, or another errno",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWUTS | NEWPID)?;
            outer.readlink_ns("/proc/self/ns/uts")?;
            let uts = outer.open(inner.proc("ns/uts"), O_RDONLY)?.id()?;
            outer.fstat_ns(uts)?;
            outer.ioctl_parent(uts)?;
            let pid = outer.open(inner.proc("ns/pid"), O_RDONLY)?.id()?;
            let parent = outer.ioctl_parent(pid)?.id()?;
            outer.fstat_ns(parent)?;
            outer.readlink_ns("/proc/self/ns/pid")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.set-needs-cap-in-owner",
        claim: "Setting either name needs CAP_SYS_ADMIN in the user namespace that owns the UTS namespace; the creator of a user namespace has it over a UTS namespace made along with it.",
        sources: &[man("gethostname(2)", "ERRORS"), man("getdomainname(2)", "ERRORS")],
        since: "3.8",
        ground: Ground::User,
        needs: &[&need::UTS_NS, &need::USER_NS],
        wrong: "an ordinary user can rename the namespace it was born in, or not the one it made",
        play: |lab| {
            let root = lab.process_on(Ground::Root, "root")?;
            let user = lab.process("user")?;
            root.sethostname("root.example")?;
            user.sethostname("user.example")?;
            user.setdomainname("user.nis")?;
            user.uname()?;
            user.unshare(NEWUSER | NEWUTS)?;
            user.sethostname("user.example")?;
            user.setdomainname("user.nis")?;
            user.uname()?;
            root.uname()?;
            lab.note("the capability counts, not the user id 0")?;
            root.capset_drop(CAP_SYS_ADMIN)?;
            root.sethostname("again.example")?;
            root.uname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.full-caps-in-foreign-userns",
        claim: "All capabilities in a user namespace that does not own the UTS namespace do not allow to set its names.",
        sources: &[man("user_namespaces(7)", "Interaction of user namespaces and other types of namespaces")],
        since: "3.8",
        ground: Ground::User,
        needs: &[&need::UTS_NS, &need::USER_NS],
        wrong: "a user renames the namespace of others by way of a user namespace of its own",
        play: |lab| {
            let user = lab.process("user")?;
            let other = lab.process("other")?;
            user.unshare(NEWUSER)?;
            user.sethostname("user.example")?;
            user.setdomainname("user.nis")?;
            lab.note(
                "the capabilities are there: they suffice for a UTS namespace that the user namespace owns",
            )?;
            user.unshare(NEWUTS)?;
            user.sethostname("user.example")?;
            user.setdomainname("user.nis")?;
            user.uname()?;
            other.uname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.max-64-bytes",
        claim: "A host name may have 64 bytes; one byte more is EINVAL and leaves the name as it was.",
        sources: &[man("gethostname(2)", "ERRORS")],
        since: "1.0",
        needs: &[],
        wrong: "64 bytes are refused or cut, or 65 are taken",
        play: |lab| {
            let process = lab.process("process")?;
            process.sethostname(LONGEST)?;
            process.gethostname()?;
            process.sethostname("short.example")?;
            process.sethostname(TOO_LONG)?;
            process.gethostname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.domain-max-64",
        claim: "The limit on an NIS domain name is 64 bytes.",
        sources: &[man("getdomainname(2)", "HISTORY")],
        since: "1.0",
        deviation: Some("The 64 bytes include the terminating null byte, so that 63 are left for the name."),
        needs: &[],
        wrong: "64 bytes without the null are refused or cut, or 65 are taken",
        play: |lab| {
            let process = lab.process("process")?;
            process.setdomainname(LONGEST)?;
            process.getdomainname()?;
            process.setdomainname("short.nis")?;
            process.setdomainname(TOO_LONG)?;
            process.getdomainname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.arbitrary-bytes",
        claim: "The kernel takes any bytes as a name: it does not ask whether they make a valid host name.",
        sources: &[text("LWN 531381, Namespaces in operation, part 2")],
        since: "",
        needs: &[],
        wrong: "a byte is refused or altered",
        play: |lab| {
            let process = lab.process("process")?;
            process.sethostname("not a/host\tname")?;
            process.gethostname()?;
            process.setdomainname(&b"\x01\xff\xfe"[..])?;
            process.getdomainname()?;
            Ok(())
        },
        ..CASE
    },
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
        ground: Ground::User,
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
        excuses: &[Excuse {
            lie: "read(3)",
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

/// What this module cannot test.
pub const UNTESTED: &[Untested] = &[
    Untested {
        id: "uts.config",
        claim: "UTS namespaces need a kernel built with CONFIG_UTS_NS.",
        sources: &[man("uts_namespaces(7)", "DESCRIPTION")],
        why: "it needs a kernel built without the option",
        part: None,
    },
    Untested {
        id: "uts.why-privileged",
        claim: "Creating a UTS namespace is privileged because a set-user-ID program could be deceived by a foreign host name.",
        sources: &[text("LWN 531381, Namespaces in operation, part 2")],
        why: "it is a reason, not a behaviour",
        part: None,
    },
];
