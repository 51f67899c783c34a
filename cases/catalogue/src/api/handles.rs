//! File handles of namespaces: who can make and open them, and how long they last.

use super::{OWN, ns};
use crate::prelude::*;

/// Where the handles are documented.
const HEADER: Source = text("linux/nsfs.h, linux/fcntl.h");

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "api.handle-own-unprivileged",
        claim: "A process without privilege can make a file handle of every namespace that it is in and open the namespace by it again.",
        sources: &[HEADER],
        since: "6.18",
        starts_as: Credentials::User,
        needs: &[&need::PROCFS, &need::CGROUP_NS, &need::TIME_NS, &need::NSFS_HANDLES],
        wrong: "a kind has no handle, or the handle opens another namespace",
        play: |lab| {
            let user = lab.process("user")?;
            user.capget()?;
            for (number, kind) in Kind::ALL.into_iter().enumerate() {
                lab.note("a handle, and the namespace by its link and by the handle")?;
                user.name_to_handle_at(kind.own_path())?;
                user.readlink(kind.own_path())?;
                let fd = user.open_by_handle_at(Handle(number + 1), O_RDONLY)?.id()?;
                user.fstat_ns(fd)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.ns-file-handles",
        claim: "A file handle of a namespace has 16 bytes and a type of its own, and opens the same namespace from everywhere in it, also after a fork.",
        sources: &[HEADER],
        since: "6.18",
        needs: &[&need::PROCFS, &need::NSFS_HANDLES],
        wrong: "the handle has another form, or opens another namespace",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWUTS)?;
            inner.name_to_handle_at("/proc/self/ns/uts")?;
            inner.sethostname("inner.example")?;
            let child = inner.fork("child")?;
            let fd = child.open_by_handle_at(Handle(1), O_RDONLY)?.id()?;
            child.fstat_ns(fd)?;
            outer.readlink(inner.proc("ns/uts"))?;
            outer.diff_ns(ns(inner), OWN)?;
            lab.note("what was opened can be joined")?;
            child.unshare(NEWUTS)?;
            child.sethostname("child.example")?;
            child.gethostname()?;
            child.setns(fd, NEWUTS)?;
            child.gethostname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.handle-foreign-estale",
        claim: "A handle of the namespace that a process was in is ESTALE once it has moved into a new user namespace and a new one of that kind, though it is root there.",
        sources: &[HEADER],
        since: "6.18",
        starts_as: Credentials::User,
        needs: &[&need::PROCFS, &need::CGROUP_NS, &need::TIME_NS, &need::NSFS_HANDLES],
        wrong: "a handle lets a process out of its namespaces",
        play: |lab| {
            let user = lab.process("user")?;
            lab.note("a handle of each kind")?;
            for kind in Kind::ALL {
                user.readlink(kind.own_path())?;
                user.name_to_handle_at(kind.own_path())?;
            }
            for (number, kind) in Kind::ALL.into_iter().enumerate() {
                lab.note("a child in a new namespace of a kind; then in the old one")?;
                let child = user.clone3("child", NEWUSER | kind.flag(), &[])?;
                child.open_by_handle_at(Handle(number + 1), O_RDONLY)?;
                let fd = user.open_by_handle_at(Handle(number + 1), O_RDONLY)?.id()?;
                user.fstat_ns(fd)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.handle-open-flags",
        claim: "A namespace can be opened by its handle for reading only: for writing or with O_TRUNC it is EPERM, as a directory ENOTDIR; O_PATH and O_NONBLOCK are allowed.",
        sources: &[HEADER],
        since: "6.18",
        needs: &[&need::PROCFS, &need::NSFS_HANDLES],
        wrong: "a writable descriptor is given, or another errno",
        play: |lab| {
            let process = lab.process("process")?;
            process.name_to_handle_at("/proc/self/ns/uts")?;
            let handle = Handle(1);
            for flags in [OpenFlags::O_WRONLY, OpenFlags::O_RDWR, OpenFlags::O_TRUNC, OpenFlags::O_DIRECTORY]
            {
                process.open_by_handle_at(handle, flags)?;
            }
            lab.note("those that are allowed")?;
            for flags in [O_RDONLY, OpenFlags::O_NONBLOCK] {
                let fd = process.open_by_handle_at(handle, flags)?.id()?;
                process.fcntl_getfl(fd)?;
                process.fstat_ns(fd)?;
                process.close(fd)?;
            }
            let path = process.open_by_handle_at(handle, OpenFlags::O_PATH)?.id()?;
            process.fcntl_getfd(path)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.pidfd-handle-scope",
        claim: "A process without privilege opens a pidfd by its file handle in the PID namespace of the process and in those above; below it and beside it the handle is ESTALE.",
        sources: &[text("linux/fcntl.h"), man("open_by_handle_at(2)", "ERRORS")],
        since: "6.17",
        starts_as: Credentials::User,
        needs: &[&need::PROCFS, &need::PID_NS, &need::PIDFD_HANDLES],
        wrong: "a contained process gets a pidfd of one outside, or a process is refused its own",
        play: |lab| {
            let user = lab.process("user")?;
            user.capget()?;
            let own = user.pidfd_open(user.sealed(), 0)?.id()?;
            user.name_to_handle_at(format!("/proc/self/fd/{own}"))?;
            let inner = user.clone("inner", NEWUSER | NEWPID)?;
            let of_inner = user.pidfd_open(inner, 0)?.id()?;
            user.name_to_handle_at(format!("/proc/self/fd/{of_inner}"))?;
            lab.note("of oneself, and of a process below")?;
            let opened = user.open_by_handle_at_pidfs(Handle(1), O_RDONLY)?.id()?;
            user.pidfd_send_signal(opened, Signal(0))?;
            let opened = user.open_by_handle_at_pidfs(Handle(2), O_RDONLY)?.id()?;
            user.pidfd_send_signal(opened, Signal(0))?;
            lab.note("of a process above, and of one beside")?;
            inner.open_by_handle_at_pidfs(Handle(1), O_RDONLY)?;
            let beside = user.clone("beside", NEWUSER | NEWPID)?;
            beside.open_by_handle_at_pidfs(Handle(2), O_RDONLY)?;
            beside.open_by_handle_at_pidfs(Handle(1), O_RDONLY)?;
            lab.note("when the process has ended")?;
            inner.exit(0)?;
            user.waitpid(inner, WaitOptions::empty())?;
            user.open_by_handle_at_pidfs(Handle(2), O_RDONLY)?;
            Ok(())
        },
        ..CASE
    },
];

/// The claims of this topic that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[
    Untested {
        id: "api.handle-follows-lifetime",
        claim: "A handle opens a namespace as long as it has a member or an open descriptor, and is stale afterwards.",
        sources: &[HEADER],
        why: "to open a handle of a namespace that one has left takes privilege over the whole machine, which nsconform does not ask for",
        part: Some("api.handle-foreign-estale"),
    },
    Untested {
        id: "api.handle-foreign-needs-host-root",
        claim: "To open a handle of a namespace that one is not in takes CAP_SYS_ADMIN in the initial user namespace.",
        sources: &[HEADER],
        why: "kernels changed in a stable release whom they allow it; that the others are refused is the claim of the case named here",
        part: Some("api.handle-foreign-estale"),
    },
];
