//! setns(2) with a descriptor of a namespace: what it moves, and which descriptors it takes.
//!
//! Who may join lives in `setns_permission`, setns(2) with a pidfd in `pidfd`.

use super::{ANY, CALLS, OWN, ns};
use crate::prelude::*;

const CLONE_FILES: Flags = Flags::CLONE_FILES;

/// The cases of this topic.
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
            lab.note("its own namespace and those below it are allowed")?;
            for fd in [child_ns, grandchild_ns, own] {
                outer.setns(fd, NEWPID)?;
                outer.readlink("/proc/self/ns/pid_for_children")?;
            }
            let sibling = outer.clone("sibling init", NEWPID)?;
            sibling.getpid()?;
            lab.note("an ancestor and namespaces beside it are refused")?;
            for fd in [own, child_ns, grandchild_ns] {
                sibling.setns(fd, NEWPID)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setns-each-kind-since",
        claim: "setns joins a namespace of each kind by the descriptor of its link: cgroup, IPC, mount, network, time, user and UTS the caller itself, PID its later children.",
        sources: &[man("setns(2)", "DESCRIPTION"), CALLS],
        since: "5.8",
        needs: &[&need::PROCFS],
        wrong: "a kind cannot be joined, or another kind changes with it",
        play: |lab| {
            let witness = lab.process("witness")?;
            let all = NEWCGROUP | NEWIPC | NEWNS | NEWNET | NEWPID | NEWTIME | NEWUSER | NEWUTS;
            let target = witness.clone3("target", all, &[])?;
            for kind in Kind::ALL {
                lab.note("a process joins one namespace of the target's")?;
                let caller = witness.fork("caller")?;
                let fd = caller.open(target.proc(&format!("ns/{}", kind.link())), O_RDONLY)?.id()?;
                caller.setns(fd, kind.flag())?;
                witness.diff_ns(ns(caller), OWN)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setns-same-namespace",
        claim: "Joining the namespace that one is in already succeeds for every kind but the user namespace, where it is EINVAL.",
        sources: &[man("setns(2)", "Details for specific namespace types"), man("setns(2)", "ERRORS")],
        since: "5.8",
        needs: &[&need::CGROUP_NS, &need::TIME_NS, &need::PROCFS],
        wrong: "a kind is refused, or the own user namespace can be joined, which would give back capabilities",
        accepted: &[
            Accepted { mutant: "setns(3, CLONE_NEWCGROUP)", why: "the caller is there already" },
            Accepted { mutant: "setns(4, CLONE_NEWIPC)", why: "the caller is there already" },
            Accepted { mutant: "setns(5, CLONE_NEWNS)", why: "the caller is there already" },
            Accepted { mutant: "setns(6, CLONE_NEWNET)", why: "the caller is there already" },
            Accepted { mutant: "setns(7, CLONE_NEWPID)", why: "the caller is there already" },
            Accepted { mutant: "setns(8, CLONE_NEWTIME)", why: "the caller is there already" },
            Accepted { mutant: "setns(10, CLONE_NEWUTS)", why: "the caller is there already" },
        ],
        play: |lab| {
            let outer = lab.process("outer")?;
            lab.note("in namespaces that its own user namespace owns, and with a witness there")?;
            let owned = NEWCGROUP | NEWIPC | NEWNS | NEWNET | NEWPID | NEWTIME | NEWUTS;
            let process = outer.clone3("process", owned, &[])?;
            let witness = process.fork("witness")?;
            outer.diff_ns(ns(process), OWN)?;
            lab.note("each kind in turn")?;
            for kind in Kind::ALL {
                let fd = process.open(kind.own_path(), O_RDONLY)?.id()?;
                process.setns(fd, kind.flag())?;
            }
            lab.note("in all the process has stayed where it was")?;
            witness.diff_ns(ns(process), OWN)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setns-and-back",
        claim: "A process that keeps a descriptor of its namespace can leave it and come back.",
        sources: &[CALLS, man("setns(2)", "DESCRIPTION")],
        since: "3.0",
        needs: &[&need::PROCFS],
        wrong: "the process stays away, or finds another namespace",
        play: |lab| {
            let outer = lab.process("outer")?;
            let process = outer.clone("process", NEWNET)?;
            let witness = process.fork("witness")?;
            outer.diff_ns(ns(process), OWN)?;
            for kind in [Kind::Ipc, Kind::Net, Kind::Uts] {
                lab.note("away and back")?;
                let own = process.open(kind.own_path(), O_RDONLY)?.id()?;
                process.unshare(kind.flag())?;
                witness.diff_ns(ns(process), OWN)?;
                process.setns(own, kind.flag())?;
                witness.diff_ns(ns(process), OWN)?;
            }
            Ok(())
        },
        ..CASE
    },
];

/// The claims of this topic that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[Untested {
    id: "api.setns-cgroup-keeps-cgroup",
    claim: "Joining a cgroup namespace moves the process into no other cgroup.",
    sources: &[man("setns(2)", "Details for specific namespace types")],
    why: "it is the claim of the case named here, among the cases of cgroup namespaces",
    part: Some("cgroup.setns-keeps-membership"),
}];
