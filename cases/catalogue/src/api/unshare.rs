//! unshare(2): what it moves, what it merely detaches, what it refuses to threads.

use super::{CALLS, CLONE_FS, OWN, ns};
use crate::prelude::*;

const CLONE_VM: Flags = Flags::CLONE_VM;
const CLONE_FILES: Flags = Flags::CLONE_FILES;
const CLONE_SIGHAND: Flags = Flags::CLONE_SIGHAND;
const CLONE_THREAD: Flags = Flags::CLONE_THREAD;
const CLONE_SYSVSEM: Flags = Flags::CLONE_SYSVSEM;

/// A bit that no call of the family knows.
const BAD_BIT: Flags = Flags::from_bits_retain(1);

/// The directory of namespace links of the calling thread, which may be another than its process's.
const THREADS_OWN: &str = "/proc/thread-self/ns";

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "api.unshare-moves-caller",
        claim: "unshare creates a namespace and moves the caller into it at once (cgroup, IPC, mount, network, user and UTS namespaces); its other memberships stay.",
        sources: &[CALLS, man("unshare(2)", "DESCRIPTION")],
        since: "4.6",
        needs: &[&need::CGROUP_NS, &need::IPC_NS, &need::MNT_NS, &need::NET_NS, &need::PROCFS, &need::UTS_NS],
        wrong: "the caller stays, or another membership changes as well",
        play: |lab| {
            let witness = lab.process("witness")?;
            lab.note("each kind in turn: no link differs before, one link after")?;
            for kind in [Kind::Cgroup, Kind::Ipc, Kind::Mnt, Kind::Net, Kind::User, Kind::Uts] {
                let caller = witness.fork(kind.link())?;
                witness.diff_ns(ns(caller), OWN)?;
                caller.unshare(kind.flag())?;
                witness.diff_ns(ns(caller), OWN)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.unshare-pid-time-children-only",
        claim: "unshare of a PID or time namespace leaves the caller where it is; children that it creates later are in the new namespace.",
        sources: &[
            man("unshare(2)", "CLONE_NEWPID"),
            man("unshare(2)", "CLONE_NEWTIME"),
            man("pid_namespaces(7)", "setns(2) and unshare(2) semantics"),
        ],
        since: "5.6",
        needs: &[&need::PID_NS, &need::PROCFS, &need::TIME_NS],
        wrong: "the caller itself moves, or its children do not",
        play: |lab| {
            let witness = lab.process("witness")?;
            for kind in [Kind::Pid, Kind::Time] {
                let caller = witness.fork(kind.link())?;
                let earlier = caller.fork("earlier child")?;
                lab.note("the caller and the child that it has stay; the namespace is for later children")?;
                caller.unshare(kind.flag())?;
                witness.diff_ns(ns(caller), OWN)?;
                witness.diff_ns(ns(earlier), OWN)?;
                lab.note("the next child is in it, and for a PID namespace is its process 1")?;
                let later = caller.fork("later child")?;
                witness.diff_ns(ns(later), OWN)?;
                caller.getpid()?;
                later.getpid()?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.unshare-bad-bit-einval",
        claim: "A bit that unshare has no use for is EINVAL, and nothing is done for the other bits of the same call.",
        sources: &[man("unshare(2)", "ERRORS")],
        needs: &[&need::PROCFS, &need::UTS_NS],
        wrong: "the bit is ignored, or the valid bit beside it takes effect",
        play: |lab| {
            let witness = lab.process("witness")?;
            let process = witness.fork("process")?;
            for flag in [
                BAD_BIT,
                Flags::CLONE_PIDFD,
                Flags::CLONE_VFORK,
                Flags::CLONE_PARENT,
                Flags::CLONE_SETTLS,
                Flags::CLONE_IO,
            ] {
                process.unshare(flag)?;
            }
            process.unshare(NEWUTS | BAD_BIT)?;
            witness.diff_ns(ns(process), OWN)?;
            process.unshare(NEWUTS)?;
            witness.diff_ns(ns(process), OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.unshare-thread-flags-multi",
        claim: "CLONE_THREAD, CLONE_SIGHAND and CLONE_VM mean nothing to unshare in a process of one thread; with a second thread each is EINVAL.",
        sources: &[man("unshare(2)", "ERRORS"), man("unshare(2)", "DESCRIPTION")],
        needs: &[&need::PROCFS, &need::UTS_NS],
        wrong: "a flag is accepted although there are two threads, or refused to one",
        play: |lab| {
            let witness = lab.process("witness")?;
            let process = witness.fork("process")?;
            process.unshare(CLONE_THREAD | CLONE_SIGHAND | CLONE_VM | NEWUTS)?;
            witness.diff_ns(ns(process), OWN)?;
            let thread = process.clone("thread", THREAD)?;
            for flag in [CLONE_THREAD, CLONE_SIGHAND, CLONE_VM] {
                process.unshare(flag)?;
            }
            thread.unshare(CLONE_THREAD)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.unshare-user-not-threaded",
        claim: "Only a process of one thread can move into a new user namespace; with two threads it is EINVAL, unlike for a UTS namespace.",
        sources: &[man("unshare(2)", "CLONE_NEWUSER"), man("unshare(2)", "ERRORS")],
        since: "3.8",
        needs: &[&need::PROCFS, &need::UTS_NS],
        wrong: "a thread leaves the user namespace of its process, or a process of one thread is refused",
        play: |lab| {
            let witness = lab.process("witness")?;
            let threaded = witness.fork("threaded")?;
            let thread = threaded.clone("thread", THREAD)?;
            threaded.unshare(NEWUSER)?;
            thread.unshare(NEWUSER)?;
            threaded.unshare(NEWUTS)?;
            witness.diff_ns(ns(threaded), OWN)?;
            let single = witness.fork("single")?;
            single.unshare(NEWUSER)?;
            witness.diff_ns(ns(single), OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.unshare-newpid-implies-thread",
        claim: "A process of several threads may call unshare(CLONE_NEWPID); from then on its threads may have children in the new namespace but it can get no further thread.",
        sources: &[man("unshare(2)", "CLONE_NEWPID"), man("clone(2)", "ERRORS")],
        since: "3.8",
        needs: &[&need::PID_NS],
        deviation: Some(
            "unshare(2) says that CLONE_NEWPID implies CLONE_THREAD, which a process of several threads may not give",
        ),
        wrong: "the call is refused, or the next child is not PID 1",
        play: |lab| {
            let process = lab.process("process")?;
            let thread = process.clone("thread", THREAD)?;
            thread.getpid()?;
            process.unshare(NEWPID)?;
            process.try_clone("second thread", THREAD)?;
            let child = process.fork("child")?;
            child.getpid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.unshare-newns-implies-fs",
        claim: "unshare of a mount namespace also ends the sharing of root and current directory that CLONE_FS began.",
        sources: &[man("unshare(2)", "CLONE_NEWNS")],
        needs: &[&need::KCMP, &need::MNT_NS, &need::PROCFS],
        wrong: "the current directory is still common afterwards",
        play: |lab| {
            let parent = lab.process("parent")?;
            let sharer = parent.clone("sharer", CLONE_FS)?;
            parent.kcmp(parent.sealed(), sharer, Resource::KCMP_FS)?;
            sharer.chdir("/proc")?;
            parent.getcwd()?;
            parent.unshare(NEWNS)?;
            parent.diff_ns(ns(sharer), OWN)?;
            parent.kcmp(parent.sealed(), sharer, Resource::KCMP_FS)?;
            sharer.chdir("/")?;
            sharer.getcwd()?;
            parent.getcwd()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.unshare-fs",
        claim: "unshare(CLONE_FS) gives the caller a root and current directory of its own again, and no namespace.",
        sources: &[man("unshare(2)", "CLONE_FS")],
        needs: &[&need::KCMP, &need::PROCFS],
        wrong: "the current directory is still common afterwards",
        play: |lab| {
            let parent = lab.process("parent")?;
            let sharer = parent.clone("sharer", CLONE_FS)?;
            parent.kcmp(parent.sealed(), sharer, Resource::KCMP_FS)?;
            sharer.chdir("/proc")?;
            parent.getcwd()?;
            parent.unshare(CLONE_FS)?;
            parent.diff_ns(ns(sharer), OWN)?;
            parent.kcmp(parent.sealed(), sharer, Resource::KCMP_FS)?;
            sharer.chdir("/")?;
            sharer.getcwd()?;
            parent.getcwd()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.unshare-files",
        claim: "unshare(CLONE_FILES) gives the caller a copy of the descriptor table that it shared until then.",
        sources: &[man("unshare(2)", "CLONE_FILES")],
        needs: &[&need::KCMP, &need::PROCFS],
        wrong: "a descriptor closed by one process is closed for the other one still",
        play: |lab| {
            let parent = lab.process("parent")?;
            let sharer = parent.clone("sharer", CLONE_FILES)?;
            parent.kcmp(parent.sealed(), sharer, Resource::KCMP_FILES)?;
            let fd = sharer.open("/proc/self/ns/uts", O_RDONLY)?.id()?;
            parent.fstat_ns(fd)?;
            parent.unshare(CLONE_FILES)?;
            parent.kcmp(parent.sealed(), sharer, Resource::KCMP_FILES)?;
            sharer.close(fd)?;
            sharer.fstat_ns(fd)?;
            parent.fstat_ns(fd)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.unshare-sysvsem",
        claim: "unshare(CLONE_SYSVSEM) gives the caller a list of semaphore adjustments of its own.",
        sources: &[man("unshare(2)", "CLONE_SYSVSEM")],
        since: "2.6.26",
        needs: &[&need::IPC_NS, &need::KCMP, &need::PROCFS],
        wrong: "the list is shared still",
        play: |lab| {
            let parent = lab.process("parent")?;
            let sharer = parent.clone("sharer", CLONE_SYSVSEM)?;
            parent.kcmp(parent.sealed(), sharer, Resource::KCMP_SYSVSEM)?;
            sharer.unshare(CLONE_SYSVSEM)?;
            parent.kcmp(parent.sealed(), sharer, Resource::KCMP_SYSVSEM)?;
            parent.diff_ns(ns(sharer), OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.unshare-newipc-implies-sysvsem",
        claim: "unshare of an IPC namespace also ends the sharing of the list of semaphore adjustments.",
        sources: &[man("unshare(2)", "CLONE_NEWIPC")],
        since: "2.6.26",
        needs: &[&need::IPC_NS, &need::KCMP, &need::PROCFS],
        wrong: "the list is shared still, across IPC namespaces",
        play: |lab| {
            let parent = lab.process("parent")?;
            let sharer = parent.clone("sharer", CLONE_SYSVSEM)?;
            parent.kcmp(parent.sealed(), sharer, Resource::KCMP_SYSVSEM)?;
            sharer.unshare(NEWIPC)?;
            parent.kcmp(parent.sealed(), sharer, Resource::KCMP_SYSVSEM)?;
            parent.diff_ns(ns(sharer), OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.unshare-per-thread",
        claim: "unshare and setns act on the calling thread alone: the threads of one process may be in different UTS namespaces.",
        sources: &[
            man("unshare(2)", "DESCRIPTION"),
            man("setns(2)", "DESCRIPTION"),
            man("namespaces(7)", "The /proc/pid/ns/ directory"),
        ],
        needs: &[&need::PROCFS, &need::UTS_NS],
        wrong: "the whole process moves, or the thread does not",
        play: |lab| {
            let process = lab.process("process")?;
            let thread = process.clone("thread", THREAD)?;
            let own = thread.open("/proc/self/ns/uts", O_RDONLY)?.id()?;
            thread.unshare(NEWUTS)?;
            thread.sethostname("thread.example")?;
            thread.gethostname()?;
            process.gethostname()?;
            process.diff_ns("/proc/self/task/<thread seen by process>/ns", OWN)?;
            thread.setns(own, NEWUTS)?;
            thread.gethostname()?;
            thread.diff_ns(THREADS_OWN, OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.unshare-newpid-twice-einval",
        claim: "A process that has called unshare(CLONE_NEWPID) cannot do so again, nor clone with that flag, whether or not it has had a child since.",
        sources: &[
            man("unshare(2)", "ERRORS"),
            man("pid_namespaces(7)", "setns(2) and unshare(2) semantics"),
        ],
        since: "3.8",
        needs: &[&need::PID_NS],
        wrong: "the process gets a second PID namespace for its children",
        play: |lab| {
            let process = lab.process("process")?;
            process.unshare(NEWPID)?;
            process.unshare(NEWPID)?;
            process.try_clone("child", NEWPID)?;
            let child = process.fork("child")?;
            child.getpid()?;
            process.unshare(NEWPID)?;
            process.try_clone("second child", NEWPID)?;
            lab.note("the child, which has called nothing yet, may")?;
            let grandchild = child.clone("grandchild", NEWPID)?;
            grandchild.getpid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.unshare-newpid-again-after-setns",
        claim: "A process may call unshare(CLONE_NEWPID) a second time once it has taken the first one back by joining its own PID namespace.",
        sources: &[
            man("pid_namespaces(7)", "setns(2) and unshare(2) semantics"),
            man("unshare(2)", "ERRORS"),
        ],
        since: "3.8",
        needs: &[&need::PID_NS, &need::PROCFS],
        deviation: Some("pid_namespaces(7) says that a process may call unshare(CLONE_NEWPID) only once"),
        wrong: "the second call is refused, or gives the namespace of the first",
        play: |lab| {
            let process = lab.process("process")?;
            let own = process.open("/proc/self/ns/pid", O_RDONLY)?.id()?;
            process.unshare(NEWPID)?;
            let first = process.fork("first child")?;
            process.readlink(first.proc("ns/pid"))?;
            process.unshare(NEWPID)?;
            process.setns(own, NEWPID)?;
            process.unshare(NEWPID)?;
            let second = process.fork("second child")?;
            process.readlink(second.proc("ns/pid"))?;
            second.getpid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.unshare-zero-noop",
        claim: "unshare(0) succeeds and changes nothing.",
        sources: &[man("unshare(2)", "DESCRIPTION")],
        since: "2.6.16",
        starts_as: Credentials::User,
        needs: &[&need::PROCFS, &need::KCMP],
        wrong: "the call is refused, or something is no longer shared",
        accepted: &[Accepted { mutant: "unshare(0)", why: "that the call changes nothing is the claim" }],
        play: |lab| {
            let parent = lab.process("parent")?;
            let sharer = parent.clone("sharer", CLONE_FS | CLONE_FILES | CLONE_SYSVSEM)?;
            sharer.unshare(Flags::empty())?;
            parent.diff_ns(ns(sharer), OWN)?;
            for resource in [Resource::KCMP_FS, Resource::KCMP_FILES, Resource::KCMP_SYSVSEM] {
                parent.kcmp(parent.sealed(), sharer, resource)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.unshare-thread-flags-single",
        claim: "In a process of one thread unshare accepts CLONE_THREAD, CLONE_SIGHAND and CLONE_VM, each for itself, without privilege, and moves it nowhere.",
        sources: &[man("unshare(2)", "DESCRIPTION")],
        since: "2.6.16",
        starts_as: Credentials::User,
        needs: &[&need::PROCFS],
        wrong: "a flag is refused, or does something",
        accepted: &[
            Accepted { mutant: "unshare(CLONE_THREAD)", why: "that the call changes nothing is the claim" },
            Accepted { mutant: "unshare(CLONE_SIGHAND)", why: "that the call changes nothing is the claim" },
            Accepted { mutant: "unshare(CLONE_VM)", why: "that the call changes nothing is the claim" },
        ],
        play: |lab| {
            let witness = lab.process("witness")?;
            let process = witness.fork("process")?;
            for flag in [CLONE_THREAD, CLONE_SIGHAND, CLONE_VM] {
                process.unshare(flag)?;
            }
            witness.diff_ns(ns(process), OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.unshare-vm-shared-with-process",
        claim: "unshare(CLONE_VM) is EINVAL also while another process, not a thread, shares the memory, and unshare(CLONE_SIGHAND) while one shares the handlers.",
        sources: &[man("unshare(2)", "ERRORS"), man("unshare(2)", "DESCRIPTION")],
        since: "4.3",
        needs: &[],
        wrong: "only threads count, or a flag is refused that nobody shares",
        accepted: &[
            Accepted { mutant: "unshare(CLONE_THREAD)", why: "where the call is allowed it changes nothing" },
            Accepted {
                mutant: "unshare(CLONE_SIGHAND)",
                why: "where the call is allowed it changes nothing",
            },
            Accepted { mutant: "unshare(CLONE_VM)", why: "where the call is allowed it changes nothing" },
        ],
        play: |lab| {
            let process = lab.process("process")?;
            let memory = process.clone("memory", CLONE_VM)?;
            process.unshare(CLONE_VM)?;
            process.unshare(CLONE_SIGHAND)?;
            process.unshare(CLONE_THREAD)?;
            memory.exit(0)?;
            process.waitpid(memory, WaitOptions::empty())?;
            process.unshare(CLONE_VM)?;
            lab.note("with the handlers as well")?;
            let handlers = process.clone("handlers", CLONE_VM | CLONE_SIGHAND)?;
            process.unshare(CLONE_SIGHAND)?;
            process.unshare(CLONE_THREAD)?;
            handlers.exit(0)?;
            process.waitpid(handlers, WaitOptions::empty())?;
            process.unshare(CLONE_SIGHAND)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.unshare-user-shared-vm-process",
        claim: "A process that shares its memory with another process, not a thread, may move into a new user namespace.",
        sources: &[man("unshare(2)", "CLONE_NEWUSER")],
        since: "3.8",
        needs: &[&need::PROCFS],
        wrong: "the process is refused as one with two threads is",
        play: |lab| {
            let process = lab.process("process")?;
            let sharer = process.clone("sharer", CLONE_VM)?;
            sharer.unshare(NEWUSER)?;
            process.diff_ns(ns(sharer), OWN)?;
            lab.note("with a thread it is refused")?;
            let threaded = process.fork("threaded")?;
            threaded.clone("thread", THREAD)?;
            threaded.unshare(NEWUSER)?;
            process.diff_ns(ns(threaded), OWN)?;
            Ok(())
        },
        ..CASE
    },
];
