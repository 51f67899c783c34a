//! Mounts of procfs: who may mount one, what each shows and hides, and its options.
//!
//! The link self lives in `procfs`, PIDs in the files of /proc in `numbers`.

use super::{PROC_FLAGS, WAIT, choose_next_pid, own_proc};
use crate::prelude::*;

const PROC: &str = "/proc and PID namespaces";

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "pid.proc-descendants-listed",
        claim: "A procfs lists the processes of the PID namespaces below its own as well, by their numbers at its own level.",
        sources: &[man("pid_namespaces(7)", PROC), text("LWN 531419, Namespaces in operation, part 3")],
        since: "2.6.24",
        needs: &[&need::NS_LAST_PID, &need::PID_NS, &need::PROCFS],
        wrong: "a level below is missing, or shown by its own numbers",
        play: |lab| {
            let outer = lab.process("outer")?;
            let first = outer.clone("first", NEWPID)?;
            let second = first.clone("second", NEWPID)?;
            lab.note("the PIDs of the third are chosen, so that each number stands for one level")?;
            choose_next_pid(first, 40)?;
            choose_next_pid(second, 30)?;
            let third = second.clone("third", NEWPID)?;
            lab.note("each level mounts a procfs of its own")?;
            for (process, at) in
                [(first, "/tmp/of-first"), (second, "/tmp/of-second"), (third, "/tmp/of-third")]
            {
                own_proc(process, at, "")?;
                outer.readdir_numeric(at)?;
            }
            lab.note("the same process in each")?;
            outer.field("/tmp/of-first/40/status", "NSpid")?;
            outer.field("/tmp/of-second/30/status", "NSpid")?;
            outer.field("/tmp/of-third/1/status", "NSpid")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.proc-status-own-numbers",
        claim: "In the procfs of its own PID namespace an init has the Pid 1 and the PPid 0, and NSpid begins at that level.",
        sources: &[man("proc_pid_status(5)", ""), text("LWN 531419, Namespaces in operation, part 3")],
        since: "4.1",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "a number of the level above shows in the procfs of the level below",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            init.getpid()?;
            own_proc(init, "/tmp/proc", "")?;
            for key in ["Tgid", "Pid", "PPid", "NSpid", "NStgid"] {
                init.field("/tmp/proc/1/status", key)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.proc-mount-by-unsharer",
        claim: "A procfs that is mounted by a process which has unshared its PID namespace for children shows the namespace that the process itself is in.",
        sources: &[man("pid_namespaces(7)", PROC)],
        since: "3.8",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "the mount shows the namespace of the children",
        play: |lab| {
            let outer = lab.process("outer")?;
            let mounter = outer.clone("mounter", NEWPID)?;
            mounter.unshare(NEWPID)?;
            let child = mounter.fork("child")?;
            own_proc(mounter, "/tmp/of-mounter", "")?;
            own_proc(child, "/tmp/of-child", "")?;
            mounter.readdir_numeric("/tmp/of-mounter")?;
            mounter.readdir_numeric("/tmp/of-child")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.proc-new-mount-ns-idiom",
        claim: "In a mount namespace of its own an init covers /proc with a procfs of its PID namespace, and nobody outside sees a change.",
        sources: &[man("pid_namespaces(7)", PROC)],
        since: "2.6.24",
        needs: &[&need::PID_NS, &need::MNT_NS, &need::PROCFS],
        wrong: "the outer /proc is covered too, or the inner one still shows the outer processes",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID | NEWNS)?;
            init.mount("proc", "/proc", "proc", PROC_FLAGS, "")?;
            init.readdir_numeric("/proc")?;
            init.field("/proc/self/status", "Pid")?;
            outer.field("/proc/self/status", "NSpid")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.proc-after-init-death",
        claim: "A procfs outlives the init of its PID namespace: it stays mounted and shows no process any more.",
        sources: &[man("namespaces(7)", "Namespace lifetime")],
        since: "2.6.24",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "the mount goes, or still shows a process",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            own_proc(init, "/tmp/proc", "")?;
            outer.readdir_numeric("/tmp/proc")?;
            init.exit(0)?;
            outer.waitpid(init, WAIT)?;
            outer.readdir_numeric("/tmp/proc")?;
            outer.field("/tmp/proc/1/status", "Pid")?;
            outer.cat("/tmp/proc/sys/kernel/ostype")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.proc-needs-member",
        claim: "In a user namespace a procfs can be mounted by a member of a PID namespace that the user namespace owns; whoever has merely unshared one is no member.",
        sources: &[man("user_namespaces(7)", "Capabilities"), man("pid_namespaces(7)", PROC)],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PID_NS, &need::MNT_NS, &need::PROCFS],
        wrong: "a user mounts a procfs of a PID namespace that is not the user's",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWUSER | NEWNS)?;
            inner.mkdir("/tmp/proc", 0o755)?;
            inner.unshare(NEWPID)?;
            inner.mount("proc", "/tmp/proc", "proc", PROC_FLAGS, "")?;
            let init = inner.fork("init")?;
            init.mount("proc", "/tmp/proc", "proc", PROC_FLAGS, "")?;
            init.readdir_numeric("/tmp/proc")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.two-procs-two-instances",
        claim: "Two mounts of procfs in one PID namespace are instances of their own: an option of one of them is none of the other.",
        sources: &[man("proc(5)", "Mount options")],
        since: "5.8",
        needs: &[&need::PID_NS, &need::PROCFS, &need::MANY_IDS, &need::NON_DUMPABLE],
        wrong: "the second mount changes or takes over the options of the first",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            own_proc(init, "/tmp/open", "")?;
            own_proc(init, "/tmp/hiding", "hidepid=2")?;
            let user = init.fork("user")?;
            user.setgroups([])?;
            user.setresgid(1000, 1000, 1000)?;
            user.setresuid(1000, 1000, 1000)?;
            user.readdir_numeric("/tmp/open")?;
            user.readdir_numeric("/tmp/hiding")?;
            init.readdir_numeric("/tmp/hiding")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.hidepid-values",
        claim: "With hidepid=1 a procfs lists the processes of other users and keeps their files closed, with 2 it does not list them; one's own are always there, and root sees all.",
        sources: &[man("proc(5)", "Mount options")],
        since: "3.3",
        needs: &[&need::PID_NS, &need::PROCFS, &need::MANY_IDS],
        wrong: "a user reads the files of another user's process, or sees it where it is hidden",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            let user = init.fork("user")?;
            user.setgroups([])?;
            user.setresgid(1000, 1000, 1000)?;
            user.setresuid(1000, 1000, 1000)?;
            user.prctl_set_dumpable(Dumpable::SUID_DUMP_USER)?;
            for (at, options) in [("/tmp/0", "hidepid=0"), ("/tmp/1", "hidepid=1"), ("/tmp/2", "hidepid=2")] {
                lab.note(&format!("{options}: the list, a foreign process, an own one, and what root sees"))?;
                own_proc(init, at, options)?;
                user.readdir_numeric(at)?;
                user.field(format!("{at}/1/status"), "Pid")?;
                user.field(format!("{at}/self/status"), "Pid")?;
                init.field(format!("{at}/{}/status", user.text_seen_by(init)), "Pid")?;
            }
            lab.note("there is no such value")?;
            init.mount("proc", "/tmp/0", "proc", PROC_FLAGS, "hidepid=3")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.hidepid-gid",
        claim: "Members of the group that the option gid names see through hidepid; other users do not.",
        sources: &[man("proc(5)", "Mount options")],
        since: "3.3",
        needs: &[&need::PID_NS, &need::PROCFS, &need::MANY_IDS, &need::SETGROUPS],
        wrong: "the group is not exempt, or everybody is",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            own_proc(init, "/tmp/proc", "hidepid=2,gid=1001")?;
            lab.note("two users who differ in their group")?;
            for (name, group) in [("member", 1001), ("stranger", 1002)] {
                let process = init.fork(name)?;
                process.setgroups([group])?;
                process.setresgid(1000, 1000, 1000)?;
                process.setresuid(1000, 1000, 1000)?;
                process.field("/tmp/proc/1/status", "Pid")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.subset-pid",
        claim: "A procfs with subset=pid has the directories of the processes and nothing of the system.",
        sources: &[man("proc(5)", "Mount options")],
        since: "5.8",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "a file of the whole system is there, or a process is missing",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            own_proc(init, "/tmp/whole", "")?;
            own_proc(init, "/tmp/subset", "subset=pid")?;
            for at in ["/tmp/whole", "/tmp/subset"] {
                init.readdir_numeric(at)?;
                init.cat(format!("{at}/sys/kernel/ostype"))?;
                init.readlink(format!("{at}/self"))?;
            }
            init.readdir("/tmp/subset")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.proc-mount-userns",
        claim: "The root of a user namespace mounts a procfs of its PID namespace only where the one that it sees is whole: not where something that it cannot remove hides a part of that.",
        sources: &[
            man("user_namespaces(7)", "Effect of capabilities within a user namespace"),
            man("mount_namespaces(7)", "Restrictions on mount namespaces"),
            text("Documentation/filesystems/proc.rst"),
        ],
        since: "3.12",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PID_NS, &need::MNT_NS, &need::PROCFS, &need::WHOLE_PROC],
        wrong: "files that the machine hides from a user are there again in a procfs of the user's own",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER | NEWNS)?;
            user.map_ids("/proc/self", "0 1000 1", "0 1000 1")?;
            user.mkdir("/tmp/proc", 0o755)?;
            lab.note("a guest before the keeper covers a part of /proc, and one after that")?;
            let before = user.clone("before", NEWUSER | NEWNS | NEWPID)?;
            user.diff_ns(user.proc("ns"), before.proc("ns"))?;
            before.mount("proc", "/tmp/proc", "proc", PROC_FLAGS, "")?;
            before.readdir_numeric("/tmp/proc")?;
            user.mount("", "/proc/sys", "tmpfs", MountFlags::empty(), "")?;
            user.readdir("/proc/sys")?;
            let after = user.clone("after", NEWUSER | NEWNS | NEWPID)?;
            user.diff_ns(user.proc("ns"), after.proc("ns"))?;
            after.mount("proc", "/tmp/proc", "proc", PROC_FLAGS, "")?;
            after.umount("/proc/sys")?;
            lab.note("the keeper removes it")?;
            user.umount("/proc/sys")?;
            let again = user.clone("again", NEWUSER | NEWNS | NEWPID)?;
            user.diff_ns(user.proc("ns"), again.proc("ns"))?;
            again.mount("proc", "/tmp/proc", "proc", PROC_FLAGS, "")?;
            again.readdir_numeric("/tmp/proc")?;
            Ok(())
        },
        ..CASE
    },
];
