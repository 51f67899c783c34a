//! Set-user-ID and set-group-ID programs in user namespaces.
//!
//! File capabilities live in `file_capabilities`.

use super::NO_FLAGS;
use crate::prelude::*;

/// Copies the program into a file system of the caller's own, on which set-user-ID bits count.
fn program_in_tmpfs(process: Process) -> Play {
    process.mount("", "/tmp", "tmpfs", NO_FLAGS, "size=100m,mode=755")?;
    process.copy(PROGRAM, "/tmp/program")?;
    Ok(())
}

/// Gives the copy this owner, this group and these permissions.
fn own_program(process: Process, uid: i32, gid: i32, mode: u32) -> Play {
    process.chown("/tmp/program", uid, gid)?;
    process.chmod("/tmp/program", FileMode(mode))?;
    Ok(())
}

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "user.suid-mapped",
        claim: "A set-user-ID or set-group-ID program gives the effective id by which the user namespace calls the owner or the group of its file.",
        sources: &[
            man("user_namespaces(7)", "Set-user-ID and set-group-ID programs"),
            man("execve(2)", "DESCRIPTION"),
        ],
        since: "3.8",
        needs: &[&need::ROOT_USER_NS, &need::PROCFS, &need::PROGRAM, &need::MANY_IDS, &need::NEW_PRIVILEGES],
        wrong: "the process gets the bare number of the owner, or no other id",
        play: |lab| {
            let outer = lab.process("outer")?;
            program_in_tmpfs(outer)?;
            own_program(outer, 1003, 1004, 0o6755)?;
            let inner = clone_mapped(outer, "inner", NEWUSER, "0 1001 10")?;
            inner.setresgid(0, 0, 0)?;
            inner.setresuid(5, 5, 5)?;
            lab.note("the owner has another number inside")?;
            inner.execve("/tmp/program")?;
            inner.getresuid()?;
            inner.getresgid()?;
            inner.capget()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.suid-unmapped-ignored",
        claim: "A set-user-ID program whose owner has no id in the user namespace runs without a change of ids.",
        sources: &[man("user_namespaces(7)", "Set-user-ID and set-group-ID programs")],
        since: "3.8",
        needs: &[&need::ROOT_USER_NS, &need::PROCFS, &need::PROGRAM, &need::MANY_IDS, &need::NEW_PRIVILEGES],
        wrong: "a process of a user namespace becomes root outside, or the program is refused",
        play: |lab| {
            let outer = lab.process("outer")?;
            program_in_tmpfs(outer)?;
            own_program(outer, 0, 1004, 0o6755)?;
            let inner = clone_mapped(outer, "inner", NEWUSER, "0 1001 10")?;
            inner.setresgid(6, 6, 6)?;
            inner.setresuid(5, 5, 5)?;
            inner.execve("/tmp/program")?;
            inner.getresuid()?;
            inner.getresgid()?;
            lab.note("outside the same file is honoured")?;
            let user = outer.fork("user")?;
            user.setresgid(1002, 1002, 1002)?;
            user.setresuid(1002, 1002, 1002)?;
            user.execve("/tmp/program")?;
            user.getresuid()?;
            user.getresgid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.suid-unmapped-gid-ignored",
        claim: "A set-user-ID program whose owner is mapped, but not its group, runs without a change of ids as well.",
        sources: &[man("user_namespaces(7)", "Set-user-ID and set-group-ID programs")],
        since: "3.8",
        needs: &[&need::ROOT_USER_NS, &need::PROCFS, &need::PROGRAM, &need::MANY_IDS, &need::NEW_PRIVILEGES],
        wrong: "the owner alone decides",
        play: |lab| {
            let outer = lab.process("outer")?;
            program_in_tmpfs(outer)?;
            let inner = clone_mapped(outer, "inner", NEWUSER, "0 1001 10")?;
            inner.setresgid(6, 6, 6)?;
            inner.setresuid(5, 5, 5)?;
            lab.note("the group is not mapped")?;
            own_program(outer, 1003, 0, 0o4755)?;
            let first = inner.fork("first")?;
            first.execve("/tmp/program")?;
            first.getresuid()?;
            lab.note("now it is")?;
            own_program(outer, 1003, 1004, 0o4755)?;
            let second = inner.fork("second")?;
            second.execve("/tmp/program")?;
            second.getresuid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.suid-ns-root-gives-caps",
        claim: "A set-user-ID program of the user that is root in the user namespace gives all capabilities there.",
        sources: &[man("capabilities(7)", "Per-user-namespace \"set-user-ID-root\" programs")],
        since: "3.8",
        needs: &[&need::ROOT_USER_NS, &need::PROCFS, &need::PROGRAM, &need::MANY_IDS, &need::NEW_PRIVILEGES],
        wrong: "root inside is no root for set-user-ID programs, or its program gives capabilities outside",
        play: |lab| {
            let outer = lab.process("outer")?;
            program_in_tmpfs(outer)?;
            own_program(outer, 1001, 1001, 0o4755)?;
            let inner = clone_mapped(outer, "inner", NEWUSER, "0 1001 10")?;
            inner.setresuid(5, 5, 5)?;
            inner.capget()?;
            inner.execve("/tmp/program")?;
            inner.getresuid()?;
            inner.capget()?;
            lab.note("outside that user is nobody special")?;
            let user = outer.fork("user")?;
            user.setresuid(1002, 1002, 1002)?;
            user.execve("/tmp/program")?;
            user.getresuid()?;
            user.capget()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.suid-no-new-privs",
        claim: "A process that has given up new privileges gets no other id from a set-user-ID program, in its user namespace neither.",
        sources: &[man("PR_SET_NO_NEW_PRIVS(2const)", "DESCRIPTION"), man("execve(2)", "DESCRIPTION")],
        since: "3.8",
        needs: &[&need::ROOT_USER_NS, &need::PROCFS, &need::PROGRAM, &need::MANY_IDS, &need::NEW_PRIVILEGES],
        wrong: "the mark is forgotten in a user namespace",
        play: |lab| {
            let outer = lab.process("outer")?;
            program_in_tmpfs(outer)?;
            own_program(outer, 1001, 1001, 0o4755)?;
            let inner = clone_mapped(outer, "inner", NEWUSER, "0 1001 10")?;
            inner.setresuid(5, 5, 5)?;
            inner.prctl_set_no_new_privs()?;
            inner.execve("/tmp/program")?;
            inner.getresuid()?;
            inner.capget()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.suid-in-foreign-mount-ignored",
        claim: "A set-user-ID program on a mount of a child user namespace is not honoured outside of it, not even for root's own processes.",
        sources: &[
            man("user_namespaces(7)", "Set-user-ID and set-group-ID programs"),
            text("kernel, in no manual page"),
        ],
        since: "4.8",
        needs: &[
            &need::ROOT_USER_NS,
            &need::PROCFS,
            &need::PROGRAM,
            &need::MANY_IDS,
            &need::NEW_PRIVILEGES,
            &need::NON_DUMPABLE,
        ],
        wrong: "a program that was made in a user namespace changes the ids of a process outside",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = clone_mapped(outer, "inner", NEWUSER | NEWNS, "0 1001 10")?;
            become_root(inner)?;
            inner.mount("", "/tmp", "tmpfs", NO_FLAGS, "size=100m,mode=755")?;
            inner.copy(PROGRAM, "/tmp/program")?;
            own_program(inner, 3, 3, 0o4755)?;
            lab.note("reached from outside, then executed inside")?;
            outer.chdir(inner.proc("root/tmp"))?;
            let outside = outer.fork("outside")?;
            outside.execve("program")?;
            outside.getresuid()?;
            let inside = inner.fork("inside")?;
            inside.execve("/tmp/program")?;
            inside.getresuid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.suid-creator-uid",
        claim: "A set-user-ID program gives capabilities in a user namespace if its owner is root there; being the user that made the namespace gives none.",
        sources: &[man("capabilities(7)", "Per-user-namespace \"set-user-ID-root\" programs")],
        since: "3.8",
        needs: &[&need::ROOT_USER_NS, &need::PROCFS, &need::PROGRAM, &need::MANY_IDS, &need::NEW_PRIVILEGES],
        deviation: Some(
            "capabilities(7): a set-user-ID program whose UID is that of the creator of a user namespace gives capabilities when it is executed in it",
        ),
        wrong: "a program of the creator makes everybody inside root, whatever id the creator has there",
        play: |lab| {
            let outer = lab.process("outer")?;
            program_in_tmpfs(outer)?;
            let creator = outer.fork("creator")?;
            creator.setresgid(1001, 1001, 1001)?;
            creator.setresuid(1001, 1001, 1001)?;
            creator.prctl_set_dumpable(Dumpable::SUID_DUMP_USER)?;
            let inner = creator.clone("inner", NEWUSER)?;
            lab.note("1001 has made it, and is 5 in it; 1002 is root")?;
            for map in ["uid_map", "gid_map"] {
                outer.echo("0 1002 1\n5 1001 1\n7 1003 1", inner.proc(map))?;
            }
            let file = outer.open(inner.proc("ns/user"), O_RDONLY)?.id()?;
            outer.ioctl_owner_uid(file)?;
            inner.setresgid(7, 7, 7)?;
            inner.setresuid(7, 7, 7)?;
            lab.note("the program is the creator's, and then that of root inside")?;
            for (name, owner) in [("by-creator", 1001), ("by-root", 1002)] {
                own_program(outer, owner, owner, 0o4755)?;
                let process = inner.fork(name)?;
                process.execve("/tmp/program")?;
                process.getresuid()?;
                process.capget()?;
            }
            Ok(())
        },
        ..CASE
    },
];
