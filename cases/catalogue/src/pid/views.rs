//! The numbers in the files of a procfs: those of the PID namespace in which it was mounted, whoever
//! reads.
//!
//! How a procfs is mounted lives in `proc_mounts`, the descriptors of processes in `pidfd`.

use super::{PROBE, PROC_FLAGS, own_proc};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "pid.nspid-order",
        claim: "The status of a process lists its PIDs from the namespace of that procfs to its own, and so the ids of its group and session.",
        sources: &[man("proc_pid_status(5)", "NSpid"), man("proc_pid_status(5)", "NSsid")],
        since: "4.1",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "the numbers are in another order, or one of a namespace above the mount is shown",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            own_proc(init, "/tmp/proc", "")?;
            init.fork("filler")?;
            let inner = init.clone("inner", NEWPID)?;
            inner.setsid()?;
            lab.note("from one level up")?;
            for key in ["NSpid", "NStgid", "NSpgid", "NSsid"] {
                init.field("/tmp/proc/3/status", key)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.stat-fields-outside",
        claim: "In a procfs of its own namespace an init has the parent 0, and the group and session 0 while their leaders are outside; after setsid both are 1.",
        sources: &[
            man("proc_pid_status(5)", "NSpgid"),
            man("pid_namespaces(7)", "DESCRIPTION"),
            man("credentials(7)", "Process group ID and session ID"),
        ],
        since: "4.1",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "numbers from outside are shown inside",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            own_proc(init, "/tmp/proc", "")?;
            for key in ["PPid", "NSpgid", "NSsid"] {
                init.field("/tmp/proc/1/status", key)?;
            }
            init.setsid()?;
            for key in ["PPid", "NSpgid", "NSsid"] {
                init.field("/tmp/proc/1/status", key)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.children-file-relative",
        claim: "The file with the children of a thread gives the numbers that they have where that procfs was mounted.",
        sources: &[man("proc_pid_task(5)", "/proc/pid/task/tid/children")],
        since: "4.2",
        needs: &[&need::PID_NS, &need::PROCFS, &need::CHILDREN_FILE],
        wrong: "the numbers are those of another PID namespace",
        play: |lab| {
            lab.show_pids()?;
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            own_proc(init, "/tmp/proc", "")?;
            init.fork("member")?;
            init.words("/tmp/proc/1/task/1/children")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.proc-self-invisible",
        claim: "For a process that has no number in the namespace of a procfs the link self leads nowhere there.",
        sources: &[man("pid_namespaces(7)", "/proc and PID namespaces"), man("proc_pid(5)", "/proc/self")],
        since: "2.6.24",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "the link shows a process of the other namespace that has the reader's number",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.mkdir("/tmp/proc", 0o755)?;
            let init = outer.clone("init", NEWPID)?;
            init.mount("proc", "/tmp/proc", "proc", PROC_FLAGS, "")?;
            init.readlink("/tmp/proc/self")?;
            outer.readlink("/tmp/proc/self")?;
            outer.readlink("/tmp/proc/thread-self")?;
            lab.note("in the procfs of its own namespace it is there")?;
            outer.field("/proc/self/status", "Pid")?;
            outer.readdir_numeric("/tmp/proc")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.proc-old-mount-misleading",
        claim: "In a procfs from outside a member of a PID namespace finds numbers that its own calls do not know.",
        sources: &[
            man("pid_namespaces(7)", "/proc and PID namespaces"),
            text("LWN 531419, Namespaces in operation, part 3"),
        ],
        since: "2.6.24",
        needs: &[&need::PID_NS, &need::PROCFS, &need::SET_TID],
        wrong: "the procfs shows the reader's namespace and not that of its mount",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone3("init", NEWPID, &[1, 999])?;
            init.getpid()?;
            init.readlink("/proc/self")?;
            init.kill(999, PROBE)?;
            outer.kill(999, PROBE)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.ptracer-outside-zero",
        claim: "A process may be traced from an ancestor namespace; its status names the tracer outside and reads 0 in a procfs of its own namespace.",
        sources: &[man("proc_pid_status(5)", "TracerPid"), man("ptrace(2)", "DESCRIPTION")],
        since: "3.4",
        needs: &[&need::PID_NS, &need::PROCFS, &need::PTRACE],
        wrong: "a number from outside is shown inside as the tracer",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            own_proc(init, "/tmp/proc", "")?;
            init.getpid()?;
            outer.field(init.proc("status"), "TracerPid")?;
            outer.ptrace_seize(init)?;
            outer.field(init.proc("status"), "TracerPid")?;
            init.field("/tmp/proc/1/status", "TracerPid")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.pidfd-fdinfo",
        claim: "The information about a pidfd gives the numbers of its process from the namespace of that procfs on: 0 where it is not visible, -1 when it is gone.",
        sources: &[text("Documentation/filesystems/proc.rst"), man("pidfd_open(2)", "NOTES")],
        since: "5.5",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "a number from outside is shown inside, or that of an ended process",
        play: |lab| {
            let outer = lab.process("outer")?;
            let beside = outer.fork("beside")?;
            let first = outer.pidfd_open(beside, 0)?.id()?;
            let init = outer.clone("init", NEWPID)?;
            let second = outer.pidfd_open(init, 0)?.id()?;
            own_proc(init, "/tmp/proc", "")?;
            outer.field("/proc/self/fdinfo/4", "NSpid")?;
            outer.field("/proc/self/fdinfo/3", "Pid")?;
            lab.note("inside, of a process outside")?;
            init.field("/tmp/proc/self/fdinfo/3", "Pid")?;
            lab.note("ended and waited for")?;
            beside.exit(0)?;
            outer.waitpid(beside, WaitOptions::empty())?;
            outer.field("/proc/self/fdinfo/3", "Pid")?;
            outer.pidfd_send_signal(second, PROBE)?;
            outer.pidfd_send_signal(first, PROBE)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.pgid-views",
        claim: "A group and a session that began inside have the number 1 there and the outer number of their leader outside.",
        sources: &[man("setsid(2)", "DESCRIPTION"), man("pid_namespaces(7)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::PID_NS],
        wrong: "the outer side is told an inner number, or the other way round",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            init.setsid()?;
            let member = init.fork("member")?;
            member.getpgid(0)?;
            member.getsid(0)?;
            outer.getpgid(init)?;
            outer.getsid(init)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.proc-instance-options",
        claim: "Each mount of procfs has options of its own: what one hides another one shows.",
        sources: &[man("proc(5)", "Mount options"), text("Documentation/filesystems/proc.rst")],
        since: "5.8",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "the options of one mount hold for every mount of the PID namespace",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            init.mkdir("/tmp/all", 0o755)?;
            init.mkdir("/tmp/pids", 0o755)?;
            init.mount("proc", "/tmp/all", "proc", PROC_FLAGS, "")?;
            init.mount("proc", "/tmp/pids", "proc", PROC_FLAGS, "subset=pid")?;
            for directory in ["/tmp/all", "/tmp/pids"] {
                init.cat(format!("{directory}/sys/kernel/ostype"))?;
                init.readdir_numeric(directory)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.proc-hidepid-unmapped",
        claim: "A procfs that hides foreign processes hides those whose user is another one, whatever capabilities the reader has in a user namespace that does not own the PID namespace.",
        sources: &[man("proc(5)", "Mount options"), man("ptrace(2)", "Ptrace access mode checking")],
        since: "5.8",
        needs: &[&need::PID_NS, &need::PROCFS, &need::MANY_IDS, &need::SETGROUPS, &need::NON_DUMPABLE],
        wrong: "the root of a user namespace sees the processes of others",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            own_proc(init, "/tmp/proc", "hidepid=2")?;
            let reader = init.fork("reader")?;
            reader.setgroups([])?;
            reader.setresgid(1001, 1001, 1001)?;
            reader.setresuid(1001, 1001, 1001)?;
            reader.unshare(NEWUSER)?;
            reader.capget()?;
            init.readdir_numeric("/tmp/proc")?;
            reader.readdir_numeric("/tmp/proc")?;
            reader.open("/tmp/proc/1/status", O_RDONLY)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.proc-tracerpid-zero",
        claim: "TracerPid is the tracer's number where that procfs was mounted: the inner one inside, the outer one outside, and 0 in a procfs below whose namespace the tracer is.",
        sources: &[
            man("proc_pid_status(5)", "TracerPid"),
            man("pid_namespaces(7)", "/proc and PID namespaces"),
        ],
        since: "2.6.24",
        needs: &[&need::PID_NS, &need::PROCFS, &need::PTRACE, &need::SET_TID],
        wrong: "the same number shows at every level",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            own_proc(init, "/tmp/proc", "")?;
            let tracer = init.clone3("tracer", Flags::empty(), &[700])?;
            let nested = tracer.clone("nested", NEWPID)?;
            own_proc(nested, "/tmp/nested", "")?;
            for process in [init, nested] {
                process.getpid()?;
            }
            tracer.ptrace_seize(nested)?;
            lab.note("one level above the tracer, at its level, and below it")?;
            outer.field(nested.proc("status"), "TracerPid")?;
            init.field(format!("/tmp/proc/{}/status", nested.text_seen_by(tracer)), "TracerPid")?;
            nested.field("/tmp/nested/1/status", "TracerPid")?;
            Ok(())
        },
        ..CASE
    },
];
