//! setns(2) with a descriptor of a namespace; with a pidfd see `pidfd`.

use super::{CALLS, OWN, ns};
use crate::prelude::*;

const CLONE_FS: Flags = Flags::CLONE_FS;
const CLONE_FILES: Flags = Flags::CLONE_FILES;

/// No kind at all: setns then takes a descriptor of any kind.
const ANY: Flags = Flags::empty();

/// The cases of this file.
pub const CASES: &[Case] = &[
    Case {
        id: "api.setns-joins-ns-of-fd",
        claim: "setns moves the caller into the namespace that a descriptor refers to and changes no other membership.",
        sources: &[CALLS, man("setns(2)", "DESCRIPTION")],
        since: "3.0",
        needs: &[&need::IPC_NS, &need::PROCFS, &need::UTS_NS],
        wrong: "the caller stays, or follows the target into its other namespaces too",
        play: |lab| {
            let witness = lab.process("witness")?;
            let target = witness.clone("target", NEWIPC | NEWUTS)?;
            let caller = witness.fork("caller")?;
            let fd = caller.open(target.proc("ns/uts"), O_RDONLY)?.id()?;
            witness.diff_ns(ns(caller), OWN)?;
            caller.setns(fd, ANY)?;
            witness.diff_ns(ns(caller), OWN)?;
            witness.diff_ns(ns(caller), ns(target))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setns-nstype-match",
        claim: "Where a kind is given to setns the descriptor must be of that very kind; otherwise it is EINVAL and the caller stays.",
        sources: &[man("setns(2)", "DESCRIPTION"), man("setns(2)", "ERRORS")],
        since: "3.0",
        needs: &[&need::PROCFS, &need::UTS_NS],
        wrong: "a wrong kind is accepted, or the right one refused",
        play: |lab| {
            let parent = lab.process("parent")?;
            let child = parent.clone("child", NEWUTS)?;
            let fd = parent.open(child.proc("ns/uts"), O_RDONLY)?.id()?;
            parent.setns(fd, NEWIPC)?;
            parent.setns(fd, NEWUTS | NEWIPC)?;
            parent.setns(fd, Flags::from_bits_retain(1))?;
            parent.diff_ns(ns(child), OWN)?;
            parent.setns(fd, NEWUTS)?;
            parent.diff_ns(ns(child), OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setns-nstype-guards-passed-fd",
        claim: "A process that got a descriptor from another one can make sure by the kind it names that it joins what it means to join.",
        sources: &[CALLS, man("setns(2)", "DESCRIPTION")],
        since: "3.0",
        needs: &[&need::PROCFS, &need::UTS_NS],
        wrong: "the receiver joins a namespace of a kind that it did not name",
        play: |lab| {
            let receiver = lab.process("receiver")?;
            lab.note("the giver uses the descriptor table of the receiver: what it opens, both have")?;
            let giver = receiver.clone("giver", NEWUTS | CLONE_FILES)?;
            giver.sethostname("given.example")?;
            let fd = giver.open("/proc/self/ns/uts", O_RDONLY)?.id()?;
            receiver.setns(fd, NEWIPC)?;
            receiver.gethostname()?;
            receiver.setns(fd, NEWUTS)?;
            receiver.gethostname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setns-ebadf",
        claim: "A number that is no open descriptor is EBADF for setns; so is a descriptor that was opened as a mere path.",
        sources: &[man("setns(2)", "ERRORS"), man("open(2)", "O_PATH")],
        since: "3.0",
        needs: &[&need::PROCFS, &need::UTS_NS],
        wrong: "another errno, or a path descriptor is accepted",
        play: |lab| {
            let parent = lab.process("parent")?;
            let child = parent.clone("child", NEWUTS)?;
            parent.setns(-1, ANY)?;
            parent.setns(3, ANY)?;
            let path = parent.open(child.proc("ns/uts"), OpenFlags::O_PATH)?.id()?;
            parent.setns(path, ANY)?;
            parent.diff_ns(ns(child), OWN)?;
            let file = parent.open(child.proc("ns/uts"), O_RDONLY)?.id()?;
            parent.setns(file, ANY)?;
            parent.diff_ns(ns(child), OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setns-not-a-namespace",
        claim: "A descriptor of something that is neither a namespace nor a process is EINVAL for setns, even that of a directory in /proc.",
        sources: &[man("setns(2)", "ERRORS")],
        since: "3.0",
        needs: &[&need::PROCFS, &need::UTS_NS],
        wrong: "another errno, or the call does something",
        play: |lab| {
            let parent = lab.process("parent")?;
            let child = parent.clone("child", NEWUTS)?;
            parent.creat_excl("/tmp/file")?;
            for path in ["/tmp/file".to_string(), ns(child), child.proc("")] {
                let fd = parent.open(path, O_RDONLY)?.id()?;
                parent.setns(fd, ANY)?;
                parent.setns(fd, NEWUTS)?;
            }
            parent.diff_ns(ns(child), OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setns-own-user-einval",
        claim: "Joining the user namespace that one is in already is refused: that would give back capabilities that were dropped.",
        sources: &[man("setns(2)", "ERRORS"), man("setns(2)", "Details for specific namespace types")],
        since: "3.8",
        needs: &[&need::PROCFS],
        wrong: "the call succeeds, or the capabilities are full again",
        play: |lab| {
            let parent = lab.process("parent")?;
            let target = parent.clone("target", NEWUSER)?;
            let joiner = parent.fork("joiner")?;
            let fd = joiner.open(target.proc("ns/user"), O_RDONLY)?.id()?;
            joiner.setns(fd, NEWUSER)?;
            parent.diff_ns(ns(joiner), ns(target))?;
            joiner.capset(Capabilities::empty(), Capabilities::empty())?;
            joiner.setns(fd, NEWUSER)?;
            joiner.setns(fd, ANY)?;
            joiner.capget()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setns-parent-user-eperm",
        claim: "There is no way back out of a user namespace: joining an ancestor is EPERM, even through a descriptor that was opened before.",
        sources: &[man("setns(2)", "ERRORS"), man("user_namespaces(7)", "Capabilities")],
        since: "3.8",
        ground: Ground::User,
        needs: &[&need::PROCFS, &need::USER_NS],
        wrong: "the process returns to the user namespace it came from",
        play: |lab| {
            let user = lab.process("user")?;
            let inside = user.fork("inside")?;
            let parent = inside.open("/proc/self/ns/user", O_RDONLY)?.id()?;
            inside.unshare(NEWUSER)?;
            user.diff_ns(ns(inside), OWN)?;
            inside.setns(parent, NEWUSER)?;
            user.diff_ns(ns(inside), OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setns-user-not-threaded",
        claim: "A process of several threads may not join a user namespace.",
        sources: &[man("setns(2)", "ERRORS")],
        since: "3.8",
        needs: &[&need::PROCFS],
        wrong: "one thread is in another user namespace than its process, or a process of one thread is refused",
        play: |lab| {
            let parent = lab.process("parent")?;
            let target = parent.clone("target", NEWUSER)?;
            let fd = parent.open(target.proc("ns/user"), O_RDONLY)?.id()?;
            let threaded = parent.fork("threaded")?;
            let thread = threaded.clone("thread", THREAD)?;
            threaded.setns(fd, NEWUSER)?;
            thread.setns(fd, NEWUSER)?;
            let single = parent.fork("single")?;
            single.setns(fd, NEWUSER)?;
            parent.diff_ns(ns(single), ns(target))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setns-user-shared-fs",
        claim: "A process that shares its root and current directory with another one may not join a user namespace.",
        sources: &[man("setns(2)", "ERRORS")],
        since: "3.9",
        needs: &[&need::PROCFS],
        wrong: "the process joins while it shares, or is refused when it no longer does",
        play: |lab| {
            let parent = lab.process("parent")?;
            let target = parent.clone("target", NEWUSER)?;
            let joiner = parent.fork("joiner")?;
            let fd = joiner.open(target.proc("ns/user"), O_RDONLY)?.id()?;
            joiner.clone("sharer", CLONE_FS)?;
            joiner.setns(fd, NEWUSER)?;
            parent.diff_ns(ns(joiner), ns(target))?;
            joiner.unshare(CLONE_FS)?;
            joiner.setns(fd, NEWUSER)?;
            parent.diff_ns(ns(joiner), ns(target))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setns-mnt-shared-fs",
        claim: "A process that shares its root and current directory with another one, as every thread does, may not join a mount namespace.",
        sources: &[man("setns(2)", "Details for specific namespace types")],
        since: "3.8",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the process joins while it shares, or is refused when it no longer does",
        play: |lab| {
            let parent = lab.process("parent")?;
            let target = parent.clone("target", NEWNS)?;
            let joiner = parent.fork("joiner")?;
            let fd = joiner.open(target.proc("ns/mnt"), O_RDONLY)?.id()?;
            joiner.clone("thread", THREAD)?;
            joiner.setns(fd, NEWNS)?;
            parent.diff_ns(ns(joiner), ns(target))?;
            joiner.unshare(CLONE_FS)?;
            joiner.setns(fd, NEWNS)?;
            parent.diff_ns(ns(joiner), ns(target))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setns-time-not-threaded",
        claim: "A process of several threads may not join a time namespace: the kernel answers EUSERS.",
        sources: &[man("setns(2)", "ERRORS")],
        since: "5.8",
        needs: &[&need::PROCFS, &need::TIME_NS],
        deviation: Some("setns(2) does not have EUSERS among its errors"),
        wrong: "the process joins with two threads, or is refused with one",
        play: |lab| {
            let parent = lab.process("parent")?;
            let target = parent.clone3("target", NEWTIME, &[])?;
            let fd = parent.open(target.proc("ns/time"), O_RDONLY)?.id()?;
            let threaded = parent.fork("threaded")?;
            threaded.clone("thread", THREAD)?;
            threaded.setns(fd, NEWTIME)?;
            parent.diff_ns(ns(threaded), OWN)?;
            let single = parent.fork("single")?;
            single.setns(fd, NEWTIME)?;
            parent.diff_ns(ns(single), OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setns-eperm-without-cap",
        claim: "Joining a namespace of any kind but user takes CAP_SYS_ADMIN.",
        sources: &[man("setns(2)", "ERRORS")],
        since: "5.8",
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
        wrong: "a kind can be joined without the capability, or not with it",
        play: |lab| {
            let parent = lab.process("parent")?;
            let kinds = [Kind::Cgroup, Kind::Ipc, Kind::Mnt, Kind::Net, Kind::Pid, Kind::Time, Kind::Uts];
            let target = parent.clone3(
                "target",
                NEWCGROUP | NEWIPC | NEWNS | NEWNET | NEWPID | NEWTIME | NEWUTS,
                &[],
            )?;
            let mut fds = Vec::new();
            for kind in kinds {
                fds.push(parent.open(target.proc(&format!("ns/{}", kind.link())), O_RDONLY)?.id()?);
            }
            let without = parent.fork("without")?;
            without.capset_drop(CAP_SYS_ADMIN)?;
            let with = parent.fork("with")?;
            for (kind, fd) in kinds.into_iter().zip(fds) {
                without.setns(fd, kind.flag())?;
                with.setns(fd, kind.flag())?;
                parent.diff_ns(ns(with), OWN)?;
            }
            parent.diff_ns(ns(without), OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setns-cap-in-both-userns",
        claim: "Joining a UTS namespace takes CAP_SYS_ADMIN twice: in the caller's own user namespace and in the one that owns the target.",
        sources: &[man("setns(2)", "Details for specific namespace types")],
        since: "3.8",
        ground: Ground::User,
        needs: &[&need::PROCFS, &need::USER_NS, &need::UTS_NS],
        wrong: "a capability in one of the two user namespaces is enough",
        play: |lab| {
            let user = lab.process("user")?;
            let outer_uts = user.open("/proc/self/ns/uts", O_RDONLY)?.id()?;
            let child = user.clone("child", NEWUSER | NEWUTS)?;
            child.sethostname("child.example")?;
            let child_uts = user.open(child.proc("ns/uts"), O_RDONLY)?.id()?;
            let child_user = user.open(child.proc("ns/user"), O_RDONLY)?.id()?;
            lab.note("the user owns the target but has no capability at home")?;
            user.setns(child_uts, NEWUTS)?;
            user.setns(child_user, NEWUSER)?;
            user.setns(child_uts, NEWUTS)?;
            user.gethostname()?;
            lab.note("now it has the capability at home but not over the outer namespace")?;
            user.setns(outer_uts, NEWUTS)?;
            user.gethostname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setns-user-by-owner",
        claim: "The creator of a user namespace may join it from its parent without any capability, and then has all of them in it.",
        sources: &[
            man("setns(2)", "Details for specific namespace types"),
            man("user_namespaces(7)", "Capabilities"),
        ],
        since: "3.8",
        ground: Ground::User,
        needs: &[&need::PROCFS, &need::USER_NS],
        wrong: "the owner is refused, or has no capability inside",
        play: |lab| {
            let user = lab.process("user")?;
            let child = user.clone("child", NEWUSER)?;
            let fd = user.open(child.proc("ns/user"), O_RDONLY)?.id()?;
            user.capget()?;
            user.setns(fd, NEWUSER)?;
            user.capget()?;
            user.diff_ns(ns(child), OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setns-pid-children-only",
        claim: "Joining a PID namespace leaves the caller where it is and puts the children that it creates afterwards there.",
        sources: &[
            man("setns(2)", "Details for specific namespace types"),
            man("pid_namespaces(7)", "setns(2) and unshare(2) semantics"),
        ],
        since: "3.8",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "the caller itself moves, or its next child does not",
        play: |lab| {
            let witness = lab.process("witness")?;
            let init = witness.clone("init", NEWPID)?;
            let caller = witness.fork("caller")?;
            let fd = caller.open(init.proc("ns/pid"), O_RDONLY)?.id()?;
            caller.getpid()?;
            caller.setns(fd, NEWPID)?;
            caller.getpid()?;
            witness.diff_ns(ns(caller), OWN)?;
            let child = caller.fork("child")?;
            child.getpid()?;
            witness.diff_ns(ns(child), ns(init))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setns-pid-descendant-or-self",
        claim: "A process can put its later children into its own PID namespace or a descendant of it, never into an ancestor or a sibling.",
        sources: &[man("setns(2)", "ERRORS"), man("pid_namespaces(7)", "setns(2) and unshare(2) semantics")],
        since: "3.8",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "an ancestor or sibling is accepted, or a descendant refused",
        play: |lab| {
            let outer = lab.process("outer")?;
            let own = outer.open("/proc/self/ns/pid", O_RDONLY)?.id()?;
            let init = outer.clone("init", NEWPID)?;
            let inner = init.clone("inner init", NEWPID)?;
            let child_ns = outer.open(init.proc("ns/pid"), O_RDONLY)?.id()?;
            let grandchild_ns = outer.open(inner.proc("ns/pid"), O_RDONLY)?.id()?;
            for fd in [own, child_ns, grandchild_ns] {
                outer.fstat_ns(fd)?;
            }
            for fd in [child_ns, grandchild_ns, own] {
                outer.setns(fd, NEWPID)?;
                outer.readlink_ns("/proc/self/ns/pid_for_children")?;
            }
            let sibling = outer.clone("sibling init", NEWPID)?;
            sibling.getpid()?;
            for fd in [own, child_ns, grandchild_ns] {
                sibling.setns(fd, NEWPID)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setns-needs-only-open-fd",
        claim: "setns needs nothing but the descriptor: the process in whose /proc directory it was opened may be gone.",
        sources: &[CALLS, man("namespaces(7)", "The /proc/pid/ns/ directory")],
        since: "3.0",
        needs: &[&need::PROCFS, &need::UTS_NS],
        wrong: "the namespace cannot be joined, or is another one than before",
        play: |lab| {
            let parent = lab.process("parent")?;
            let child = parent.clone("child", NEWUTS)?;
            child.sethostname("child.example")?;
            let fd = parent.open(child.proc("ns/uts"), O_RDONLY)?.id()?;
            child.exit(7)?;
            parent.waitpid(child, WaitOptions::empty())?;
            parent.readlink(child.proc("ns/uts"))?;
            parent.gethostname()?;
            parent.setns(fd, NEWUTS)?;
            parent.gethostname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setns-mnt-needs-chroot-cap",
        claim: "Joining a mount namespace takes CAP_SYS_CHROOT besides CAP_SYS_ADMIN, since it changes the root directory of the caller.",
        sources: &[man("setns(2)", "Details for specific namespace types")],
        since: "3.8",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "one of the two capabilities is enough",
        play: |lab| {
            let parent = lab.process("parent")?;
            let target = parent.clone("target", NEWNS)?;
            let fd = parent.open(target.proc("ns/mnt"), O_RDONLY)?.id()?;
            for (name, dropped) in [("admin only", CAP_SYS_CHROOT), ("chroot only", CAP_SYS_ADMIN)] {
                let joiner = parent.fork(name)?;
                joiner.capset_drop(dropped)?;
                joiner.setns(fd, NEWNS)?;
                parent.diff_ns(ns(joiner), ns(target))?;
            }
            let both = parent.fork("both")?;
            both.setns(fd, NEWNS)?;
            parent.diff_ns(ns(both), ns(target))?;
            Ok(())
        },
        ..CASE
    },
];
