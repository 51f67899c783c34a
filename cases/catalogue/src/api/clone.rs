//! clone(2) and clone3(2): what they change for the child and leave to the caller.
//!
//! Refusals live in `clone_errors`, chosen PIDs in `set_tid`.

use super::{CALLS, CLONE_PARENT, OWN, ns};
use crate::prelude::*;

const CLONE_PIDFD: Flags = Flags::CLONE_PIDFD;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "api.clone-one-flag-one-change",
        claim: "clone with one CLONE_NEW* flag puts the child into a new namespace of that kind; in all other kinds the child stays with its parent.",
        sources: &[SEED, CALLS, man("namespaces(7)", "The namespaces API")],
        since: "5.6",
        needs: &[
            &need::CGROUP_NS,
            &need::IPC_NS,
            &need::MNT_NS,
            &need::NET_NS,
            &need::PID_NS,
            &need::PROCFS,
            &need::TIME_NS,
            &need::UTS_NS,
        ],
        wrong: "another membership changes as well, or the named one does not",
        play: |lab| {
            let parent = lab.process("parent")?;
            lab.note("each kind in turn: only that link differs")?;
            for kind in Kind::ALL {
                let child = match kind {
                    Kind::Time => parent.clone3(kind.link(), kind.flag(), &[])?,
                    _ => parent.clone(kind.link(), kind.flag())?,
                };
                parent.diff_ns(ns(child), OWN)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.clone-many-flags",
        claim: "Several CLONE_NEW* flags may be given to one clone; each yields a new namespace of its kind.",
        sources: &[CALLS, man("clone(2)", "DESCRIPTION")],
        since: "4.6",
        needs: &[
            &need::CGROUP_NS,
            &need::IPC_NS,
            &need::MNT_NS,
            &need::NET_NS,
            &need::PID_NS,
            &need::PROCFS,
            &need::UTS_NS,
        ],
        wrong: "a kind that was named is missing among the new namespaces, or the call is refused",
        play: |lab| {
            let parent = lab.process("parent")?;
            let two = parent.clone("two", NEWUTS | NEWIPC)?;
            parent.diff_ns(ns(two), OWN)?;
            let seven = NEWUSER | NEWCGROUP | NEWIPC | NEWNS | NEWNET | NEWPID | NEWUTS;
            let many = parent.clone("many", seven)?;
            parent.diff_ns(ns(many), OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.clone-parent-untouched",
        claim: "clone with CLONE_NEW* flags leaves the parent in the namespaces it was in.",
        sources: &[man("clone(2)", "DESCRIPTION")],
        needs: &[&need::IPC_NS, &need::MNT_NS, &need::PID_NS, &need::PROCFS, &need::UTS_NS],
        wrong: "the parent differs afterwards from a process that stayed as it was",
        play: |lab| {
            let witness = lab.process("witness")?;
            let parent = witness.fork("parent")?;
            let child = parent.clone("child", NEWIPC | NEWNS | NEWPID | NEWUTS)?;
            witness.diff_ns(ns(child), OWN)?;
            witness.diff_ns(ns(parent), OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.fork-inherits-all",
        claim: "Without a CLONE_NEW* flag a child is in all the namespaces that its parent is in.",
        sources: &[man("clone(2)", "DESCRIPTION")],
        needs: &[&need::IPC_NS, &need::MNT_NS, &need::PROCFS, &need::UTS_NS],
        wrong: "the child is in another namespace than its parent",
        play: |lab| {
            let witness = lab.process("witness")?;
            let parent = witness.fork("parent")?;
            witness.diff_ns(ns(parent), OWN)?;
            parent.unshare(NEWIPC | NEWNS | NEWUTS)?;
            let child = parent.fork("child")?;
            witness.diff_ns(ns(child), ns(parent))?;
            witness.diff_ns(ns(child), OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.clone-newpid-parent",
        claim: "CLONE_PARENT can be combined with CLONE_NEWPID: the caller gets a sibling that is PID 1 of a new PID namespace.",
        sources: &[man("clone(2)", "ERRORS")],
        needs: &[&need::PID_NS],
        deviation: Some("clone(2) says that CLONE_NEWPID together with CLONE_PARENT gives EINVAL"),
        wrong: "the new process is not PID 1, or is a child of the caller",
        play: |lab| {
            let grandparent = lab.process("grandparent")?;
            let caller = grandparent.fork("caller")?;
            let sibling = caller.clone("sibling", NEWPID | CLONE_PARENT)?;
            sibling.getpid()?;
            sibling.exit(7)?;
            caller.waitpid(sibling, WaitOptions::empty())?;
            grandparent.waitpid(sibling.sealed(), WaitOptions::empty())?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.clone-newuser-parent",
        claim: "CLONE_PARENT can be combined with CLONE_NEWUSER: the caller gets a sibling in a new user namespace.",
        sources: &[man("clone(2)", "ERRORS")],
        since: "3.8",
        needs: &[&need::PROCFS],
        deviation: Some("clone(2) says that CLONE_NEWUSER together with CLONE_PARENT gives EINVAL"),
        wrong: "the new process is in the old user namespace, or is a child of the caller",
        play: |lab| {
            let grandparent = lab.process("grandparent")?;
            let caller = grandparent.fork("caller")?;
            let sibling = caller.clone("sibling", NEWUSER | CLONE_PARENT)?;
            caller.diff_ns(ns(sibling), OWN)?;
            sibling.exit(7)?;
            caller.waitpid(sibling, WaitOptions::empty())?;
            grandparent.waitpid(sibling.sealed(), WaitOptions::empty())?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.clone-pidfd-basic",
        claim: "CLONE_PIDFD gives the parent a descriptor for the child, to be closed on exec, through which it can join the child's namespaces.",
        sources: &[man("clone(2)", "CLONE_PIDFD"), man("setns(2)", "DESCRIPTION")],
        since: "5.8",
        needs: &[&need::PIDFD_SETNS, &need::UTS_NS],
        wrong: "there is no descriptor, it survives exec, or it stands for another process",
        play: |lab| {
            let parent = lab.process("parent")?;
            parent.fcntl_getfd(3)?;
            let child = parent.clone("child", NEWUTS | CLONE_PIDFD)?;
            lab.note("the lowest free descriptor, 3, is now the pidfd of the child")?;
            parent.fcntl_getfd(3)?;
            child.sethostname("child.example")?;
            parent.gethostname()?;
            parent.setns(3, NEWUTS)?;
            parent.gethostname()?;
            child.exit(0)?;
            parent.waitpid(child, WaitOptions::empty())?;
            parent.pidfd_send_signal(3, Signal(0))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.clone-thread-may-get-own-uts",
        claim: "A thread may be created right in a UTS namespace of its own.",
        sources: &[man("clone(2)", "CLONE_NEWUTS")],
        needs: &[&need::PROCFS, &need::UTS_NS],
        wrong: "the combination is refused, or both threads are in one UTS namespace",
        play: |lab| {
            let process = lab.process("process")?;
            let thread = process.clone("thread", THREAD | NEWUTS)?;
            thread.getpid()?;
            process.getpid()?;
            thread.sethostname("thread.example")?;
            thread.gethostname()?;
            process.gethostname()?;
            thread.diff_ns("/proc/thread-self/ns", OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.clone-vm-newpid-ok",
        claim: "A process in a new PID namespace may share the memory of its parent: CLONE_VM goes with CLONE_NEWPID, in one call as after unshare.",
        sources: &[man("pid_namespaces(7)", "Compatibility of CLONE_NEWPID with other CLONE_* flags")],
        since: "3.12",
        needs: &[&need::KCMP, &need::PID_NS],
        wrong: "the combination is refused, or the memory is not shared",
        play: |lab| {
            let parent = lab.process("parent")?;
            let together = parent.clone("in one call", NEWPID | Flags::CLONE_VM)?;
            together.getpid()?;
            parent.kcmp(parent.sealed(), together, Resource::KCMP_VM)?;
            parent.unshare(NEWPID)?;
            let after = parent.clone("after unshare", Flags::CLONE_VM)?;
            after.getpid()?;
            parent.kcmp(parent.sealed(), after, Resource::KCMP_VM)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.exec-keeps-memberships",
        claim: "execve() changes no membership: a process is in the same namespaces before and after it, also in those that it has just entered.",
        sources: &[man("namespaces(7)", "The /proc/pid/ns/ directory"), CALLS],
        since: "2.6.19",
        needs: &[&need::PROCFS],
        wrong: "a link changes with the program",
        play: |lab| {
            let witness = lab.process("witness")?;
            let process = witness.fork("process")?;
            process.unshare(NEWUTS | NEWIPC | NEWNET)?;
            process.readlink("/proc/self/ns/uts")?;
            let marked = process.open("/proc/self/ns/uts", OpenFlags::O_CLOEXEC)?.id()?;
            process.fcntl_getfd(marked)?;
            witness.diff_ns(ns(process), OWN)?;
            process.execve(PROGRAM)?;
            process.fcntl_getfd(marked)?;
            process.readlink("/proc/self/ns/uts")?;
            witness.diff_ns(ns(process), OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.clone-equals-fork-unshare",
        claim: "A child that clone() creates in a new namespace and a child that unshares after fork() stand alike: each is in a namespace of its own, which differs in that kind alone.",
        sources: &[CALLS, man("unshare(2)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::PROCFS],
        wrong: "one of the ways moves the creator, or reaches another kind",
        play: |lab| {
            let parent = lab.process("parent")?;
            for kind in [Kind::Uts, Kind::Ipc, Kind::Net, Kind::Mnt] {
                lab.note("created in a namespace, and moved into one")?;
                let cloned = parent.clone("cloned", kind.flag())?;
                let forked = parent.fork("forked")?;
                forked.unshare(kind.flag())?;
                parent.diff_ns(ns(cloned), OWN)?;
                parent.diff_ns(ns(forked), OWN)?;
                parent.diff_ns(ns(forked), ns(cloned))?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.clone-thread-ok-after-setns-back",
        claim: "A process that is to create its children in another PID namespace can create no thread; once it has joined its own again it can.",
        sources: &[man("clone(2)", "ERRORS"), man("pid_namespaces(7)", "setns(2) and unshare(2) semantics")],
        since: "3.8",
        needs: &[&need::PROCFS],
        wrong: "the thread is created in between, or refused afterwards",
        play: |lab| {
            let process = lab.process("process")?;
            let own = process.open("/proc/self/ns/pid", O_RDONLY)?.id()?;
            process.unshare(NEWPID)?;
            process.try_clone("thread", THREAD)?;
            process.setns(own, NEWPID)?;
            let thread = process.clone("thread", THREAD)?;
            thread.readlink("/proc/thread-self/ns/pid")?;
            process.readlink("/proc/self/ns/pid")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.clone-sighand-newpid-ok",
        claim: "CLONE_NEWPID goes together with CLONE_VM and CLONE_SIGHAND: processes of two PID namespaces may share memory and handlers.",
        sources: &[man("pid_namespaces(7)", "Compatibility of CLONE_NEWPID with other CLONE_* flags")],
        since: "4.3",
        needs: &[&need::PROCFS, &need::KCMP],
        wrong: "the combination is refused, or the child is in its creator's namespace",
        play: |lab| {
            let parent = lab.process("parent")?;
            let flags = NEWPID | Flags::CLONE_VM | Flags::CLONE_SIGHAND;
            let child = parent.clone("child", flags)?;
            child.getpid()?;
            parent.kcmp(parent.sealed(), child, Resource::KCMP_VM)?;
            parent.kcmp(parent.sealed(), child, Resource::KCMP_SIGHAND)?;
            parent.diff_ns(ns(child), OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.clone-exit-signal-zero",
        claim: "The end of a child that was created with another signal than SIGCHLD, or with none, raises no SIGCHLD, and wait() sees such a child only with __WCLONE or __WALL.",
        sources: &[man("clone(2)", "The child termination signal"), man("wait(2)", "NOTES")],
        since: "2.4",
        needs: &[],
        wrong: "SIGCHLD comes, the wait succeeds without the option, or fails with it",
        play: |lab| {
            let parent = lab.process("parent")?;
            for signal in [Signal::SIGCHLD, Signal::SIGUSR1] {
                parent.sigprocmask(MaskChange::SIG_BLOCK, signal)?;
            }
            for signal in [Signal(0), Signal::SIGUSR1] {
                lab.note("a child without SIGCHLD ends")?;
                let child = parent.clone3_signal("child", Flags::empty(), signal)?;
                child.exit(0)?;
                parent.waitpid(child, WaitOptions::empty())?;
                parent.waitpid(child, WaitOptions::__WCLONE)?;
                parent.sigtimedwait(Signal::SIGCHLD)?;
                parent.sigtimedwait(Signal::SIGUSR1)?;
            }
            lab.note("and one with it")?;
            let usual = parent.fork("usual")?;
            usual.exit(0)?;
            parent.waitpid(usual, WaitOptions::empty())?;
            parent.sigtimedwait(Signal::SIGCHLD)?;
            Ok(())
        },
        ..CASE
    },
];
