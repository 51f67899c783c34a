//! File capabilities that are set or used in user namespaces: capabilities(7), versions 2 and 3.
//!
//! Set-user-ID programs live in `set_user_id`.

use super::NO_FLAGS;
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "user.filecaps-v3-created",
        claim: "File capabilities that the root of a user namespace sets are stored in version 3, with the user id of that root; inside they read as version 2.",
        sources: &[
            man("capabilities(7)", "File capability extended attribute versioning"),
            man("capabilities(7)", "Namespaced file capabilities"),
        ],
        since: "4.14",
        needs: &[&need::ROOT_USER_NS, &need::PROCFS, &need::MANY_IDS, &need::FILE_CAPABILITIES],
        wrong: "the attribute is stored as one for the machine's root, or reads the same everywhere",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = clone_mapped(outer, "inner", NEWUSER, "0 1001 10")?;
            become_root(inner)?;
            inner.creat_excl("/tmp/file")?;
            inner.set_file_capabilities("/tmp/file", CAP_NET_ADMIN)?;
            inner.file_capabilities("/tmp/file")?;
            outer.file_capabilities("/tmp/file")?;
            lab.note("set outside it is version 2 for all")?;
            outer.creat_excl("/tmp/other")?;
            outer.set_file_capabilities("/tmp/other", CAP_NET_ADMIN)?;
            outer.file_capabilities("/tmp/other")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.filecaps-v3-only-inside",
        claim: "File capabilities set in a user namespace take effect in it, and neither outside nor in a sibling.",
        sources: &[man("capabilities(7)", "Namespaced file capabilities")],
        since: "4.14",
        needs: &[
            &need::NEW_PRIVILEGES,
            &need::ROOT_USER_NS,
            &need::PROCFS,
            &need::PROGRAM,
            &need::MANY_IDS,
            &need::FILE_CAPABILITIES,
        ],
        wrong: "the root of a user namespace makes a program that gives capabilities outside",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.mount("", "/tmp", "tmpfs", NO_FLAGS, "size=100m,mode=777")?;
            let inner = outer.clone("inner", NEWUSER)?;
            let sibling = outer.clone("sibling", NEWUSER)?;
            outer.echo("0 1001 10", inner.proc("uid_map"))?;
            outer.echo("0 1001 10", inner.proc("gid_map"))?;
            outer.echo("5 1002 1", sibling.proc("uid_map"))?;
            outer.echo("0 1001 10", sibling.proc("gid_map"))?;
            become_root(inner)?;
            inner.copy(PROGRAM, "/tmp/program")?;
            inner.set_file_capabilities("/tmp/program", CAP_NET_ADMIN)?;
            inner.setresuid(1, 1, 1)?;
            sibling.setresuid(5, 5, 5)?;
            let user = outer.fork("user")?;
            user.setresuid(1002, 1002, 1002)?;
            lab.note("executed inside, in a sibling, and outside")?;
            for process in [inner, sibling, user] {
                process.execve("/tmp/program")?;
                process.capget()?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.filecaps-v3-in-descendants",
        claim: "File capabilities set in a user namespace take effect in the namespaces below it too, whoever is root there.",
        sources: &[man("capabilities(7)", "Namespaced file capabilities")],
        since: "4.14",
        needs: &[
            &need::ROOT_USER_NS,
            &need::PROCFS,
            &need::PROGRAM,
            &need::MANY_IDS,
            &need::FILE_CAPABILITIES,
        ],
        wrong: "only the very namespace whose root set them honours them",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.mount("", "/tmp", "tmpfs", NO_FLAGS, "size=100m,mode=777")?;
            let inner = clone_mapped(outer, "inner", NEWUSER, "0 1001 10")?;
            become_root(inner)?;
            inner.copy(PROGRAM, "/tmp/program")?;
            inner.set_file_capabilities("/tmp/program", CAP_NET_ADMIN)?;
            lab.note("a child namespace with another root")?;
            inner.prctl_set_dumpable(Dumpable::SUID_DUMP_USER)?;
            let below = inner.clone("below", NEWUSER)?;
            inner.echo("0 2 5", below.proc("uid_map"))?;
            below.setresuid(3, 3, 3)?;
            below.file_capabilities("/tmp/program")?;
            below.execve("/tmp/program")?;
            below.capget()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.filecaps-v3-unreadable-elsewhere",
        claim: "A user namespace to which the root of a file's capabilities means nothing cannot read them.",
        sources: &[man("capabilities(7)", "Namespaced file capabilities"), text("kernel, in no manual page")],
        since: "4.14",
        needs: &[&need::ROOT_USER_NS, &need::PROCFS, &need::MANY_IDS, &need::FILE_CAPABILITIES],
        wrong: "the capabilities read as if they held there",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWUSER)?;
            let sibling = outer.clone("sibling", NEWUSER)?;
            outer.echo("0 1001 10", inner.proc("uid_map"))?;
            outer.echo("0 1001 10", inner.proc("gid_map"))?;
            become_root(inner)?;
            inner.creat_excl("/tmp/file")?;
            inner.set_file_capabilities("/tmp/file", CAP_NET_ADMIN)?;
            sibling.file_capabilities("/tmp/file")?;
            outer.echo("7 1001 1", sibling.proc("uid_map"))?;
            sibling.file_capabilities("/tmp/file")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.filecaps-v2-by-root",
        claim: "File capabilities that root sets outside take effect in user namespaces as well.",
        sources: &[man("capabilities(7)", "File capabilities")],
        since: "3.8",
        needs: &[
            &need::INITIAL_USER_NS,
            &need::ROOT_USER_NS,
            &need::PROCFS,
            &need::PROGRAM,
            &need::MANY_IDS,
            &need::FILE_CAPABILITIES,
        ],
        wrong: "a program of the machine has no capabilities in a user namespace",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.mount("", "/tmp", "tmpfs", NO_FLAGS, "size=100m,mode=777")?;
            outer.copy(PROGRAM, "/tmp/program")?;
            outer.set_file_capabilities("/tmp/program", CAP_NET_ADMIN)?;
            outer.file_capabilities("/tmp/program")?;
            let inner = outer.clone("inner", NEWUSER)?;
            outer.echo("0 1001 10", inner.proc("uid_map"))?;
            inner.setresuid(3, 3, 3)?;
            inner.execve("/tmp/program")?;
            inner.capget()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.filecaps-need-mapped-inode",
        claim: "To give a file capabilities takes CAP_SETFCAP in a user namespace that maps the file's owner and its group.",
        sources: &[man("capabilities(7)", "CAP_SETFCAP"), man("user_namespaces(7)", "Capabilities")],
        since: "4.14",
        needs: &[&need::ROOT_USER_NS, &need::PROCFS, &need::MANY_IDS, &need::FILE_CAPABILITIES],
        wrong: "the root of a user namespace gives capabilities to a file of a user outside",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = clone_mapped(outer, "inner", NEWUSER, "0 1001 10")?;
            become_root(inner)?;
            outer.creat_excl("/tmp/file")?;
            for (uid, gid) in [(0, 0), (1003, 0), (0, 1003), (1003, 1003)] {
                outer.chown("/tmp/file", uid, gid)?;
                inner.set_file_capabilities("/tmp/file", CAP_NET_ADMIN)?;
            }
            lab.note("without the capability")?;
            inner.capset_drop(CAP_SETFCAP)?;
            inner.set_file_capabilities("/tmp/file", CAP_KILL)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.filecaps-cleared",
        claim: "A change of a file's owner removes its capabilities, whoever makes it and whichever version they have.",
        sources: &[man("capabilities(7)", "File capabilities"), man("chown(2)", "DESCRIPTION")],
        since: "4.14",
        needs: &[&need::ROOT_USER_NS, &need::PROCFS, &need::MANY_IDS, &need::FILE_CAPABILITIES],
        wrong: "the new owner has a file with the capabilities that the old one set",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = clone_mapped(outer, "inner", NEWUSER, "0 1001 10")?;
            become_root(inner)?;
            inner.creat_excl("/tmp/file")?;
            lab.note("the owner is changed from inside, then from outside")?;
            for process in [inner, outer] {
                inner.set_file_capabilities("/tmp/file", CAP_NET_ADMIN)?;
                outer.file_capabilities("/tmp/file")?;
                process.chown("/tmp/file", 0, 0)?;
                outer.file_capabilities("/tmp/file")?;
                outer.chown("/tmp/file", 1001, 1001)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.filecaps-v3-read-as-v2",
        claim: "Whoever calls the root of a file's capabilities 0 reads them in version 2, and so does a user namespace below it that has no number for that root; one that has another number reads version 3 with it.",
        sources: &[
            man("capabilities(7)", "File capability extended attribute versioning"),
            man("capabilities(7)", "Namespaced file capabilities"),
            text("kernel, in no manual page"),
        ],
        since: "4.14",
        needs: &[&need::ROOT_USER_NS, &need::PROCFS, &need::MANY_IDS, &need::FILE_CAPABILITIES],
        wrong: "a reader takes the capabilities for some of its own root, or is told a number of another namespace",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = clone_mapped(outer, "inner", NEWUSER, "0 1001 10")?;
            become_root(inner)?;
            inner.creat_excl("/tmp/file")?;
            inner.set_file_capabilities("/tmp/file", CAP_NET_ADMIN)?;
            lab.note("below it root has the same number, another one, and none")?;
            inner.prctl_set_dumpable(Dumpable::SUID_DUMP_USER)?;
            for (name, map) in [("same", "0 0 5"), ("other", "3 0 5"), ("none", "0 1 5")] {
                let below = inner.clone(name, NEWUSER)?;
                inner.echo(map, below.proc("uid_map"))?;
                below.file_capabilities("/tmp/file")?;
            }
            Ok(())
        },
        ..CASE
    },
];
