//! Tracing and inspecting processes across user namespaces, and what else ptrace(2) access decides.
//!
//! Signals live in `levels`.

use super::USER_AS_ROOT;
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "user.ptrace-directions",
        claim: "The owner of a user namespace may trace the processes in it; those inside may trace neither an outer process of the same user nor one in a sibling namespace.",
        sources: &[
            man("ptrace(2)", "Ptrace access mode checking"),
            man("user_namespaces(7)", "Capabilities"),
        ],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS, &need::PTRACE],
        wrong: "the root of a user namespace gets hold of a process outside, and so of its privileges",
        play: |lab| {
            let user = lab.process("user")?;
            let outside = user.fork("outside")?;
            let first = user.clone("first", NEWUSER)?;
            let second = user.clone("second", NEWUSER)?;
            first.geteuid()?;
            second.geteuid()?;
            first.ptrace_seize(outside.sealed())?;
            first.ptrace_seize(second.sealed())?;
            user.ptrace_seize(second)?;
            user.field(second.proc("status"), "TracerPid")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.ptrace-downwards-levels",
        claim: "The root of a user namespace may trace processes two levels further down, whoever made those namespaces.",
        sources: &[
            man("ptrace(2)", "Ptrace access mode checking"),
            man("user_namespaces(7)", "Capabilities"),
        ],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS, &need::PTRACE],
        wrong: "only the direct child namespaces are within reach, or those above too",
        play: |lab| {
            let user = lab.process("user")?;
            let top = user.clone("top", NEWUSER)?;
            top.map_ids("/proc/self", USER_AS_ROOT, USER_AS_ROOT)?;
            let middle = top.clone("middle", NEWUSER)?;
            middle.map_ids("/proc/self", "0 0 1", "0 0 1")?;
            let bottom = middle.clone("bottom", NEWUSER)?;
            bottom.ptrace_seize(middle.sealed())?;
            bottom.ptrace_seize(top.sealed())?;
            top.ptrace_seize(bottom.sealed())?;
            top.ptrace_seize(middle)?;
            user.field(bottom.proc("status"), "TracerPid")?;
            user.field(middle.proc("status"), "TracerPid")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.dumpable-kept-on-own-userns",
        claim: "A process that enters a user namespace of its own making stays dumpable, so that its files in /proc still belong to it.",
        sources: &[
            man("PR_SET_DUMPABLE(2const)", "DESCRIPTION"),
            man("user_namespaces(7)", "User and group ID mappings: uid_map and gid_map"),
        ],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "nobody but root can write the maps of a new user namespace",
        play: |lab| {
            let user = lab.process("user")?;
            user.prctl_get_dumpable()?;
            user.unshare(NEWUSER)?;
            user.prctl_get_dumpable()?;
            user.map_ids("/proc/self", USER_AS_ROOT, USER_AS_ROOT)?;
            let child = user.clone("child", NEWUSER)?;
            child.prctl_get_dumpable()?;
            user.map_ids(child.proc_directory(), "5 0 1", "5 0 1")?;
            child.geteuid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.no-new-privs-kept",
        claim: "That a process may gain no privileges stays set in a new user namespace, and hinders neither its making nor the capabilities in it.",
        sources: &[
            man("PR_SET_NO_NEW_PRIVS(2const)", "DESCRIPTION"),
            man("user_namespaces(7)", "Capabilities"),
        ],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::NEW_PRIVILEGES],
        wrong: "the mark is lost, or the process has no capabilities in its new namespace",
        play: |lab| {
            let user = lab.process("user")?;
            user.prctl_get_no_new_privs()?;
            user.prctl_set_no_new_privs()?;
            user.unshare(NEWUSER)?;
            user.prctl_get_no_new_privs()?;
            user.capget()?;
            let child = user.fork("child")?;
            child.prctl_get_no_new_privs()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.seccomp-install",
        claim: "A process may filter its system calls without giving up new privileges if it has CAP_SYS_ADMIN in its own user namespace; a filter stays on when it enters another.",
        sources: &[man("seccomp(2)", "SECCOMP_SET_MODE_FILTER")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS, &need::SECCOMP, &need::NEW_PRIVILEGES, &need::UNFILTERED],
        wrong: "an ordinary process installs a filter that a set-user-ID program inherits, or root inside may not, or entering a namespace drops it",
        play: |lab| {
            let user = lab.process("user")?;
            user.seccomp_filter()?;
            user.field("/proc/self/status", "Seccomp")?;
            user.unshare(NEWUSER)?;
            user.seccomp_filter()?;
            user.field("/proc/self/status", "Seccomp")?;
            user.map_ids("/proc/self", USER_AS_ROOT, USER_AS_ROOT)?;
            user.unshare(NEWUSER)?;
            user.geteuid()?;
            user.field("/proc/self/status", "Seccomp")?;
            lab.note("without the capability")?;
            user.capset_drop(CAP_SYS_ADMIN)?;
            user.seccomp_filter()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.unshare-implies-fs",
        claim: "A process that enters a user namespace by unshare no longer shares its root and its current directory with others.",
        sources: &[man("unshare(2)", "CLONE_NEWUSER"), man("user_namespaces(7)", "DESCRIPTION")],
        since: "3.9",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS],
        wrong: "a process in another user namespace changes the root directory of a process outside, and with it what its set-user-ID programs read",
        play: |lab| {
            let user = lab.process("user")?;
            let twin = user.clone("twin", Flags::CLONE_FS)?;
            user.mkdir("/tmp/one", 0o755)?;
            user.mkdir("/tmp/two", 0o755)?;
            lab.note("shared at first")?;
            user.chdir("/tmp/one")?;
            twin.getcwd()?;
            twin.unshare(NEWUSER)?;
            twin.chdir("/tmp/two")?;
            twin.getcwd()?;
            user.getcwd()?;
            twin.chroot("/tmp/two")?;
            twin.stat_owner("/tmp/one")?;
            user.stat_owner("/tmp/one")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.root-directory-kept",
        claim: "A process that enters a user namespace keeps its root and its current directory.",
        sources: &[man("user_namespaces(7)", "DESCRIPTION")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS],
        wrong: "the process finds itself elsewhere",
        play: |lab| {
            let user = lab.process("user")?;
            user.mkdir("/tmp/one", 0o755)?;
            user.chdir("/tmp/one")?;
            user.unshare(NEWUSER)?;
            user.geteuid()?;
            user.getcwd()?;
            user.readlink("/proc/self/root")?;
            let child = user.fork("child")?;
            child.getcwd()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.inspection-downwards-only",
        claim: "The owner of a user namespace may look at the root and the current directory of a process in it through /proc; those inside may not do so for a process outside or beside them, though it has the same user.",
        sources: &[
            man("ptrace(2)", "Ptrace access mode checking"),
            man("proc_pid_root(5)", "DESCRIPTION"),
            man("proc_pid_cwd(5)", "DESCRIPTION"),
        ],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "the root of a user namespace reaches the files of a process outside by way of /proc",
        play: |lab| {
            let user = lab.process("user")?;
            let outside = user.fork("outside")?;
            let inner = user.clone("inner", NEWUSER)?;
            let beside = user.clone("beside", NEWUSER)?;
            inner.geteuid()?;
            beside.geteuid()?;
            lab.note("downwards, upwards, sideways, and within")?;
            let looks = [(user, inner), (inner, outside), (inner, beside), (user, outside)];
            for (reader, process) in looks {
                for link in ["root", "cwd"] {
                    reader.readlink(process.proc(link))?;
                }
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.map-files-need-checkpoint-cap",
        claim: "A process may read the links in its /proc/PID/map_files, but follows none of them, as the root of a user namespace neither: that takes CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE in the initial one.",
        sources: &[
            man("proc_pid_map_files(5)", "DESCRIPTION"),
            man("capabilities(7)", "CAP_CHECKPOINT_RESTORE"),
        ],
        since: "4.3",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS, &need::PLAIN_UID],
        wrong: "the root of a user namespace opens a file that it can reach by no path",
        play: |lab| {
            let user = lab.process("user")?;
            user.readlink_map_file()?;
            user.open_map_file()?;
            user.unshare(NEWUSER)?;
            user.map_ids(super::OWN, USER_AS_ROOT, USER_AS_ROOT)?;
            user.geteuid()?;
            user.capget()?;
            user.readlink_map_file()?;
            user.open_map_file()?;
            Ok(())
        },
        ..CASE
    },
];
