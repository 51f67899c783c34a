//! clone(2) and clone3(2): what they change, what they refuse, chosen PIDs.

use super::{CALLS, OWN, ns};
use crate::prelude::*;

const CLONE_FS: Flags = Flags::CLONE_FS;
const CLONE_PARENT: Flags = Flags::CLONE_PARENT;
const CLONE_PIDFD: Flags = Flags::CLONE_PIDFD;
const CLONE_SYSVSEM: Flags = Flags::CLONE_SYSVSEM;

/// The cases of this file.
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
        id: "api.clone-newtime-not-through-clone",
        claim: "A time namespace can be had by clone3, which puts the child right into it.",
        sources: &[man("time_namespaces(7)", "DESCRIPTION")],
        since: "5.6",
        needs: &[&need::PROCFS, &need::TIME_NS],
        deviation: Some(
            "time_namespaces(7) says that unshare(2) is the only call that creates a time namespace",
        ),
        wrong: "clone3 refuses the flag, or the child is not in the new namespace",
        play: |lab| {
            let parent = lab.process("parent")?;
            let child = parent.clone3("child", NEWTIME, &[])?;
            parent.diff_ns(ns(child), OWN)?;
            parent.readlink_ns("/proc/self/ns/time_for_children")?;
            child.readlink_ns("/proc/self/ns/time")?;
            child.readlink_ns("/proc/self/ns/time_for_children")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setid-any-level",
        claim: "set_tid of clone3 chooses the PIDs of the child, in its innermost PID namespace first and then outwards.",
        sources: &[man("clone(2)", "The set_tid array")],
        since: "5.5",
        needs: &[&need::PID_NS, &need::PROCFS, &need::SET_TID],
        wrong: "the child has another PID on one of the levels, or the order is reversed",
        play: |lab| {
            let outer = lab.process("outer")?;
            let one = outer.clone3("one level", Flags::empty(), &[50])?;
            one.getpid()?;
            let init = outer.clone("init", NEWPID)?;
            let two = init.clone3("two levels", Flags::empty(), &[7, 60])?;
            two.getpid()?;
            outer.field("/proc/60/status", "NSpid")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setid-existing-eexist",
        claim: "Choosing a PID that is taken is EEXIST.",
        sources: &[man("clone(2)", "ERRORS")],
        since: "5.5",
        needs: &[&need::SET_TID],
        wrong: "the PID is given twice, or stays taken after its owner has been waited for",
        play: |lab| {
            let parent = lab.process("parent")?;
            let child = parent.clone3("child", Flags::empty(), &[50])?;
            child.getpid()?;
            parent.try_clone3("second", Flags::empty(), &[50])?;
            parent.try_clone3("second", Flags::empty(), &[1])?;
            child.exit(0)?;
            parent.waitpid(child, WaitOptions::empty())?;
            let second = parent.clone3("second", Flags::empty(), &[50])?;
            second.getpid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setid-init-must-be-one",
        claim: "The first process of a PID namespace must be PID 1 there: another choice is EINVAL.",
        sources: &[man("clone(2)", "The set_tid array"), man("clone(2)", "ERRORS")],
        since: "5.5",
        needs: &[&need::PID_NS, &need::SET_TID],
        wrong: "a namespace begins with another PID than 1",
        play: |lab| {
            let parent = lab.process("parent")?;
            parent.try_clone3("init", NEWPID, &[5])?;
            let init = parent.clone3("init", NEWPID, &[1, 70])?;
            init.getpid()?;
            let member = init.clone3("member", Flags::empty(), &[5])?;
            member.getpid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setid-capability",
        claim: "Choosing PIDs takes CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE in the user namespace that owns the PID namespace, for each level.",
        sources: &[man("clone(2)", "The set_tid array")],
        since: "5.9",
        needs: &[&need::ORDINARY_USER, &need::PID_NS, &need::PROCFS, &need::SET_TID, &need::USER_NS],
        wrong: "PIDs are chosen in a namespace that the caller has no capability over, or cannot be with one of the two",
        play: |lab| {
            let root = lab.process("root")?;
            let no_admin = root.fork("no admin")?;
            no_admin.capset_drop(CAP_SYS_ADMIN)?;
            no_admin.clone3("by restore", Flags::empty(), &[50])?.getpid()?;
            no_admin.capset_drop(CAP_CHECKPOINT_RESTORE)?;
            no_admin.try_clone3("refused", Flags::empty(), &[51])?;
            let user = lab.process_on(Ground::User, "user")?;
            user.try_clone3("refused", Flags::empty(), &[51])?;
            let init = user.clone("init", NEWUSER | NEWPID)?;
            init.clone3("member", Flags::empty(), &[7])?.getpid()?;
            lab.note("the outer PID namespace is not its own")?;
            init.try_clone3("refused", Flags::empty(), &[8, 52])?;
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
];
