//! Combinations of flags and states in which clone(2) and clone3(2) refuse.

use super::{CLONE_FS, CLONE_PARENT, OWN, ns};
use crate::prelude::*;

const CLONE_SYSVSEM: Flags = Flags::CLONE_SYSVSEM;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "api.clone-newns-fs-einval",
        claim: "CLONE_NEWNS and CLONE_FS exclude each other: a process in another mount namespace cannot share its root and current directory.",
        sources: &[man("clone(2)", "ERRORS")],
        needs: &[&need::KCMP, &need::MNT_NS, &need::PROCFS],
        wrong: "the combination is accepted, or one of the flags alone is refused",
        play: |lab| {
            let parent = lab.process("parent")?;
            parent.try_clone("child", NEWNS | CLONE_FS)?;
            let mount = parent.clone("mount", NEWNS)?;
            parent.diff_ns(ns(mount), OWN)?;
            let sharer = parent.clone("sharer", CLONE_FS)?;
            parent.kcmp(parent.sealed(), mount, Resource::KCMP_FS)?;
            parent.kcmp(parent.sealed(), sharer, Resource::KCMP_FS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.clone-newuser-fs-einval",
        claim: "CLONE_NEWUSER and CLONE_FS exclude each other.",
        sources: &[man("clone(2)", "ERRORS")],
        since: "3.9",
        needs: &[&need::KCMP, &need::PROCFS],
        wrong: "the combination is accepted, or one of the flags alone is refused",
        play: |lab| {
            let parent = lab.process("parent")?;
            parent.try_clone("child", NEWUSER | CLONE_FS)?;
            let user = parent.clone("user", NEWUSER)?;
            parent.diff_ns(ns(user), OWN)?;
            let sharer = parent.clone("sharer", CLONE_FS)?;
            parent.kcmp(parent.sealed(), user, Resource::KCMP_FS)?;
            parent.kcmp(parent.sealed(), sharer, Resource::KCMP_FS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.clone-newipc-sysvsem-einval",
        claim: "CLONE_NEWIPC and CLONE_SYSVSEM exclude each other: a list of semaphore adjustments cannot be shared across IPC namespaces.",
        sources: &[man("clone(2)", "ERRORS")],
        needs: &[&need::IPC_NS, &need::KCMP, &need::PROCFS],
        wrong: "the combination is accepted, or one of the flags alone is refused",
        play: |lab| {
            let parent = lab.process("parent")?;
            parent.try_clone("child", NEWIPC | CLONE_SYSVSEM)?;
            let ipc = parent.clone("ipc", NEWIPC)?;
            parent.diff_ns(ns(ipc), OWN)?;
            let sharer = parent.clone("sharer", CLONE_SYSVSEM)?;
            parent.kcmp(parent.sealed(), ipc, Resource::KCMP_SYSVSEM)?;
            parent.kcmp(parent.sealed(), sharer, Resource::KCMP_SYSVSEM)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.clone-newpid-thread-einval",
        claim: "A thread cannot be put into a PID namespace of its own: CLONE_NEWPID and CLONE_THREAD exclude each other.",
        sources: &[
            man("clone(2)", "ERRORS"),
            man("pid_namespaces(7)", "Compatibility of CLONE_NEWPID with other CLONE_* flags"),
        ],
        needs: &[&need::PID_NS],
        wrong: "the combination is accepted, or one of the flags alone is refused",
        play: |lab| {
            let process = lab.process("process")?;
            process.try_clone("thread", THREAD | NEWPID)?;
            let child = process.clone("child", NEWPID)?;
            child.getpid()?;
            let thread = process.clone("thread", THREAD)?;
            thread.getpid()?;
            process.getpid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.clone-newuser-thread-einval",
        claim: "The threads of a process share one user namespace: CLONE_NEWUSER and CLONE_THREAD exclude each other.",
        sources: &[man("clone(2)", "ERRORS")],
        since: "3.8",
        needs: &[&need::PROCFS],
        wrong: "the combination is accepted, or one of the flags alone is refused",
        play: |lab| {
            let process = lab.process("process")?;
            process.try_clone("thread", THREAD | NEWUSER)?;
            let child = process.clone("child", NEWUSER)?;
            process.diff_ns(ns(child), OWN)?;
            let thread = process.clone("thread", THREAD)?;
            thread.getpid()?;
            thread.diff_ns("/proc/thread-self/ns", OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.clone-parent-by-init-einval",
        claim: "The init process of a PID namespace may not use CLONE_PARENT: a sibling of init would have its parent outside.",
        sources: &[man("clone(2)", "ERRORS")],
        since: "2.6.32",
        needs: &[&need::PID_NS],
        wrong: "init gets a sibling, or another process of the namespace gets none",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            init.getpid()?;
            init.try_clone("sibling", CLONE_PARENT)?;
            let child = init.fork("child")?;
            let sibling = child.clone("sibling", CLONE_PARENT)?;
            sibling.getppid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.clone-thread-after-unshare-pid",
        claim: "Once a process has asked for its children to be in another PID namespace it can create no thread, which would have to be in its own, until it takes that back.",
        sources: &[
            man("clone(2)", "ERRORS"),
            man("pid_namespaces(7)", "Compatibility of CLONE_NEWPID with other CLONE_* flags"),
        ],
        since: "3.8",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "a thread is created in between, or refused before or after",
        play: |lab| {
            let process = lab.process("process")?;
            let own = process.open("/proc/self/ns/pid", O_RDONLY)?.id()?;
            process.unshare(NEWPID)?;
            process.try_clone("thread", THREAD)?;
            let child = process.fork("child")?;
            child.getpid()?;
            process.try_clone("thread", THREAD)?;
            process.setns(own, NEWPID)?;
            let thread = process.clone("thread", THREAD)?;
            thread.getpid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.clone-newuser-chroot-eperm",
        claim: "A process whose root directory is not that of its mount namespace may not create a user namespace: it would gain the right to leave that directory.",
        sources: &[man("clone(2)", "ERRORS"), man("unshare(2)", "ERRORS")],
        since: "3.9",
        needs: &[&need::PROCFS],
        wrong: "the user namespace is created, or refused without the change of root",
        play: |lab| {
            let parent = lab.process("parent")?;
            let before = parent.clone("before", NEWUSER)?;
            parent.diff_ns(ns(before), OWN)?;
            let confined = parent.fork("confined")?;
            confined.mkdir("/tmp/jail", 0o755)?;
            confined.chroot("/tmp/jail")?;
            confined.unshare(NEWUSER)?;
            confined.try_clone("child", NEWUSER)?;
            parent.diff_ns(ns(confined), OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.clone-sighand-needs-vm",
        claim: "Signal handlers can be shared only along with memory: CLONE_SIGHAND without CLONE_VM is EINVAL.",
        sources: &[man("clone(2)", "ERRORS")],
        since: "2.6.0",
        needs: &[&need::KCMP],
        wrong: "the combination is accepted, or that with CLONE_VM refused",
        play: |lab| {
            let parent = lab.process("parent")?;
            parent.try_clone("child", Flags::CLONE_SIGHAND)?;
            let child = parent.clone("child", Flags::CLONE_SIGHAND | Flags::CLONE_VM)?;
            parent.kcmp(parent.sealed(), child, Resource::KCMP_SIGHAND)?;
            parent.kcmp(parent.sealed(), child, Resource::KCMP_VM)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.clone-thread-needs-sighand",
        claim: "A thread shares the handlers of its process: CLONE_THREAD without CLONE_SIGHAND is EINVAL.",
        sources: &[man("clone(2)", "ERRORS")],
        since: "2.5.35",
        needs: &[],
        wrong: "the combination is accepted, or that with CLONE_SIGHAND refused",
        play: |lab| {
            let process = lab.process("process")?;
            process.try_clone("thread", THREAD.difference(Flags::CLONE_SIGHAND))?;
            process.try_clone("thread", Flags::CLONE_THREAD | Flags::CLONE_VM)?;
            process.clone("thread", THREAD)?;
            lab.note("a process with a thread cannot leave its user namespace")?;
            process.unshare(NEWUSER)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.clone-pidfd-parent-settid",
        claim: "clone() gives the pidfd where CLONE_PARENT_SETTID would put the child's TID, so that the two flags exclude each other; so do CLONE_PIDFD and CLONE_DETACHED.",
        sources: &[man("clone(2)", "ERRORS")],
        since: "5.2",
        needs: &[],
        wrong: "the combination is accepted, or CLONE_PIDFD alone is refused",
        play: |lab| {
            let parent = lab.process("parent")?;
            parent.try_clone("child", Flags::CLONE_PIDFD | Flags::CLONE_PARENT_SETTID)?;
            parent.try_clone("child", Flags::CLONE_PIDFD | Flags::CLONE_DETACHED)?;
            let child = parent.clone("child", Flags::CLONE_PIDFD)?;
            child.exit(7)?;
            parent.waitpid(child, WaitOptions::empty())?;
            parent.pidfd_send_signal(3, Signal(0))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.clone3-bad-flag-einval",
        claim: "clone3() refuses CLONE_DETACHED, bits that no flag has, and a signal among the flags: EINVAL.",
        sources: &[man("clone(2)", "ERRORS")],
        since: "5.5",
        needs: &[],
        wrong: "such a call creates a child",
        play: |lab| {
            let parent = lab.process("parent")?;
            for flags in [
                Flags::CLONE_DETACHED,
                Flags::from_bits_retain(1 << 60),
                Flags::from_bits_retain(Signal::SIGCHLD.0 as u64),
            ] {
                parent.try_clone3("child", flags, &[])?;
            }
            let child = parent.clone3("child", Flags::CLONE_CLEAR_SIGHAND, &[])?;
            child.exit(7)?;
            parent.waitpid(child, WaitOptions::empty())?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.clone3-exit-signal-rules",
        claim: "clone3() refuses a signal at the end of a child that CLONE_PARENT gives to another parent, and one that does not exist: EINVAL.",
        sources: &[man("clone(2)", "ERRORS")],
        since: "5.4",
        needs: &[],
        wrong: "such a call creates a child, or one without the signal is refused",
        play: |lab| {
            let parent = lab.process("parent")?;
            let caller = parent.fork("caller")?;
            caller.try_clone3("sibling", CLONE_PARENT, &[])?;
            let sibling = caller.clone3_signal("sibling", CLONE_PARENT, Signal(0))?;
            sibling.getppid()?;
            caller.getppid()?;
            lab.note("a signal that does not exist, and the last that does")?;
            caller.try_clone3_signal("child", Flags::empty(), Signal(65))?;
            let child = caller.clone3_signal("child", Flags::empty(), Signal(64))?;
            child.getppid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.clone3-size-rules",
        claim: "clone3() takes a larger structure than it knows if the rest is zero, and a smaller one down to 64 bytes; a rest that is not zero or a structure above a page is E2BIG, and below 64 bytes EINVAL.",
        sources: &[
            man("clone(2)", "ERRORS"),
            text("Linux source, kernel/fork.c: the manual page does not name the sizes"),
        ],
        since: "5.3",
        needs: &[],
        wrong: "a size is taken or refused that should not be, or another errno is given",
        accepted: &[
            Accepted {
                mutant: "! clone3({exit_signal=SIGCHLD}, 64, last byte 0)",
                why: "the child has ended and been waited for before the next step",
            },
            Accepted {
                mutant: "! clone3({exit_signal=SIGCHLD}, 4096, last byte 0)",
                why: "the child has ended and been waited for before the next step",
            },
        ],
        play: |lab| {
            let process = lab.process("process")?;
            for (size, last_byte) in [(63, false), (64, false), (4096, false), (4096, true)] {
                process.clone3_sized(size, last_byte)?;
            }
            lab.note("larger than a page of every architecture")?;
            process.clone3_sized(65537, false)?;
            Ok(())
        },
        ..CASE
    },
];

/// The claims of this topic that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[
    Untested {
        id: "api.clone-null-fn-or-stack",
        claim: "clone() of the C library refuses a child without a function or without a stack: EINVAL.",
        sources: &[man("clone(2)", "ERRORS")],
        why: "it is a rule of the C library: the system call takes no function, and a stack of 0 means that of the caller",
        part: None,
    },
    Untested {
        id: "api.clone-pidfd-thread",
        claim: "CLONE_PIDFD together with CLONE_THREAD gives a pidfd of the thread, and was refused before.",
        sources: &[man("clone(2)", "ERRORS")],
        why: "old kernels refuse it and newer ones do not, both as documented for their time",
        part: None,
    },
    Untested {
        id: "api.clone-new-bits",
        claim: "From Linux 7.1 on clone3() knows CLONE_AUTOREAP, CLONE_NNP and CLONE_PIDFD_AUTOKILL.",
        sources: &[text("linux/sched.h of Linux 7.1")],
        why: "the cases are checked on Linux 6.18, which does not have the flags",
        part: None,
    },
    Untested {
        id: "api.clone-newtime-not-through-clone",
        claim: "clone() has no room for CLONE_NEWTIME, whose bit is one of the signal's; clone3() and unshare() have.",
        sources: &[text("linux/sched.h")],
        why: "kernels differ in what clone() makes of that bit: some take it for a signal that does not exist, others refuse it",
        part: Some("time.only-unshare-creates"),
    },
    Untested {
        id: "api.userns-depth-error",
        claim: "clone() and unshare() fail with ENOSPC where user namespaces would nest too deeply.",
        sources: &[man("clone(2)", "ERRORS"), man("unshare(2)", "ERRORS")],
        why: "it is the claim of the case named here, among the cases of user namespaces",
        part: Some("user.nesting-limit-32"),
    },
    Untested {
        id: "api.config-options",
        claim: "A kind that the kernel was built without is EINVAL for clone() and unshare(), and has no link.",
        sources: &[man("clone(2)", "ERRORS"), man("unshare(2)", "ERRORS")],
        why: "it needs a kernel built without the option",
        part: None,
    },
];
