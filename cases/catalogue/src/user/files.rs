//! Files and their ids: access, ownership and modes where an owner has no mapping.
//!
//! How ids translate lives in `map_lines` and `map_views`.

use super::USER_AS_ROOT;
use crate::prelude::*;

const ACCESS: &str = "Accessing files";
const FILE_CAPABILITIES: &str = "Operation of file-related capabilities";

/// Makes a file of this owner and group with these permissions.
fn file(process: Process, path: &str, uid: i32, gid: i32, mode: u32) -> Play {
    process.creat_excl(path)?;
    process.chown(path, uid, gid)?;
    process.chmod(path, FileMode(mode))?;
    Ok(())
}

/// The root of a user namespace that maps the uids and gids 1000 to 1009 to 0 to 9.
fn root_of_ten<'l>(outer: Process<'l>, name: &str) -> Result<Process<'l>, Interrupt> {
    let inner = clone_mapped(outer, name, NEWUSER, "0 1000 10")?;
    inner.setgroups([])?;
    become_root(inner)?;
    Ok(inner)
}

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "user.files-owned-by-outside-id",
        claim: "A file that is made inside a user namespace belongs outside to the ids that its maker is mapped to; inside it shows the maker's own.",
        sources: &[man("user_namespaces(7)", ACCESS)],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "the file belongs to root outside, or to a number that means another user there",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWUSER)?;
            inner.map_ids(super::OWN, USER_AS_ROOT, "7 1000 1")?;
            inner.creat_excl("by-inner")?;
            inner.stat_owner("by-inner")?;
            outer.stat_owner("by-inner")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.access-by-global-ids",
        claim: "Access to a file is decided by the ids that it has outside: uid 0 inside is not the owner of a file of root outside.",
        sources: &[man("user_namespaces(7)", ACCESS)],
        since: "3.8",
        needs: &[&need::PROCFS, &need::MANY_IDS, &need::SETGROUPS],
        wrong: "the root of a user namespace reads or writes a file of root outside",
        play: |lab| {
            let outer = lab.process("outer")?;
            file(outer, "of-root", 0, 0, 0o600)?;
            file(outer, "of-user", 1000, 1000, 0o600)?;
            let inner = root_of_ten(outer, "inner")?;
            lab.note("root inside is uid 1000 outside: it owns one of the files, not the other")?;
            for path in ["of-root", "of-user"] {
                inner.stat_owner(path)?;
                inner.open(path, O_RDONLY)?;
                inner.open(path, OpenFlags::O_WRONLY)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.root-inside-no-write",
        claim: "The root of a user namespace may read and not write a file of root outside that everybody may read, whatever capabilities it has inside.",
        sources: &[man("user_namespaces(7)", FILE_CAPABILITIES)],
        since: "3.8",
        needs: &[&need::PROCFS, &need::MANY_IDS, &need::SETGROUPS],
        wrong: "CAP_DAC_OVERRIDE of a user namespace reaches a file of the machine's root",
        play: |lab| {
            let outer = lab.process("outer")?;
            file(outer, "of-root", 0, 0, 0o644)?;
            file(outer, "of-user", 1001, 1001, 0o444)?;
            let inner = root_of_ten(outer, "inner")?;
            lab.note("root inside has every capability there")?;
            inner.capget()?;
            lab.note("everybody may read both files; the capability opens the one whose owner is mapped")?;
            for path in ["of-root", "of-user"] {
                inner.stat_owner(path)?;
                inner.open(path, O_RDONLY)?;
                inner.open(path, OpenFlags::O_WRONLY)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.dac-override-needs-both",
        claim: "CAP_DAC_OVERRIDE and CAP_CHOWN of a user namespace hold for files whose owner and whose group are both mapped there, not for those with only one of them.",
        sources: &[man("user_namespaces(7)", FILE_CAPABILITIES)],
        since: "3.8",
        needs: &[&need::PROCFS, &need::MANY_IDS, &need::SETGROUPS],
        wrong: "a file with an unmapped owner or group is opened or given away from inside",
        play: |lab| {
            let outer = lab.process("outer")?;
            let owners =
                [("both", 1001, 1001), ("only-uid", 1001, 0), ("only-gid", 0, 1001), ("neither", 0, 0)];
            for (path, uid, gid) in owners {
                file(outer, path, uid, gid, 0o000)?;
            }
            lab.note("1001 is mapped as 1, and 0 is not mapped")?;
            let inner = root_of_ten(outer, "inner")?;
            lab.note("only the file of which both ids are mapped is within reach of the capabilities")?;
            for (path, _, _) in owners {
                inner.stat_owner(path)?;
                inner.open(path, O_RDONLY)?;
                inner.chown(path, 5, -1)?;
            }
            lab.note("seen from outside: one owner has changed")?;
            outer.stat_owner("both")?;
            outer.stat_owner("only-uid")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.fowner-needs-uid",
        claim: "CAP_FOWNER of a user namespace holds for files whose owner is mapped there; the group may be a foreign one.",
        sources: &[man("user_namespaces(7)", FILE_CAPABILITIES)],
        since: "3.8",
        needs: &[&need::PROCFS, &need::MANY_IDS, &need::SETGROUPS],
        wrong: "the mode of a foreign user's file is changed from inside, or that of a mapped user's is not",
        play: |lab| {
            let outer = lab.process("outer")?;
            file(outer, "foreign-group", 1001, 0, 0o640)?;
            file(outer, "foreign-owner", 0, 1001, 0o640)?;
            lab.note("1001 is mapped as 1, and 0 is not mapped")?;
            let inner = root_of_ten(outer, "inner")?;
            lab.note("the owner must be mapped, the group need not be")?;
            for path in ["foreign-group", "foreign-owner"] {
                inner.chmod(path, 0o600)?;
                outer.stat_owner(path)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.fsetid-needs-both",
        claim: "The set-group-ID bit stays when the root of a user namespace sets it on a file whose ids are both mapped, and is dropped where the group is a foreign one.",
        sources: &[man("user_namespaces(7)", FILE_CAPABILITIES), man("chmod(2)", "DESCRIPTION")],
        since: "3.8",
        needs: &[&need::PROCFS, &need::MANY_IDS, &need::SETGROUPS],
        wrong: "a program that runs with a foreign group is made from inside",
        play: |lab| {
            let outer = lab.process("outer")?;
            file(outer, "mapped-group", 1001, 1001, 0o755)?;
            file(outer, "foreign-group", 1001, 0, 0o755)?;
            lab.note("1001 is mapped as 1, and 0 is not mapped")?;
            let inner = root_of_ten(outer, "inner")?;
            lab.note("the same call on both files: the bit stays where the group is mapped")?;
            for path in ["mapped-group", "foreign-group"] {
                inner.chmod(path, 0o2755)?;
                outer.stat_owner(path)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.chown-unmapped-einval",
        claim: "A file cannot be given to an id that is not mapped in the caller's user namespace.",
        sources: &[man("user_namespaces(7)", "Unmapped user and group IDs"), man("chown(2)", "ERRORS")],
        since: "3.5",
        needs: &[&need::PROCFS, &need::MANY_IDS, &need::SETGROUPS],
        wrong: "the number is taken for an id outside",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = root_of_ten(outer, "inner")?;
            lab.note("10 is the first id that has no mapping")?;
            inner.creat_excl("file")?;
            inner.chown("file", 10, -1)?;
            inner.chown("file", -1, 10)?;
            inner.stat_owner("file")?;
            lab.note("9 is the last one that has")?;
            inner.chown("file", 9, 9)?;
            inner.stat_owner("file")?;
            outer.stat_owner("file")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.setgid-dir-unmapped-group",
        claim: "A file that is made in a set-group-ID directory belongs to the directory's group, even where that group has no mapping for its maker.",
        sources: &[man("inode(7)", "The file type and mode")],
        since: "3.8",
        needs: &[&need::PROCFS, &need::MANY_IDS, &need::SETGROUPS],
        wrong: "the file gets a group of its maker's, or its maker can give it the set-group-ID bit of a foreign group",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.mkdir("directory", 0o777)?;
            outer.chown("directory", 0, 1100)?;
            outer.chmod("directory", 0o2777)?;
            let inner = root_of_ten(outer, "inner")?;
            lab.note("the new file takes its group from the directory")?;
            inner.creat_excl("directory/file")?;
            inner.stat_owner("directory/file")?;
            outer.stat_owner("directory/file")?;
            lab.note("its maker may change the mode, but gets no set-group-ID bit for a foreign group")?;
            inner.chmod("directory/file", 0o2755)?;
            outer.stat_owner("directory/file")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.groups-cannot-be-shed",
        claim: "A process stays a member of its groups in a new user namespace, those without a mapping included: a file that is closed to one of them stays closed.",
        sources: &[man("user_namespaces(7)", "The /proc/pid/setgroups file")],
        since: "3.19",
        needs: &[&need::PROCFS, &need::MANY_IDS, &need::SETGROUPS],
        wrong: "a process that is shut out by its group leaves it by way of a user namespace",
        play: |lab| {
            let root = lab.process("root")?;
            file(root, "closed-to-1100", 0, 1100, 0o604)?;
            lab.note("an ordinary user in the group that the file is closed to")?;
            root.setgroups([1000, 1100])?;
            root.setresgid(1000, 1000, 1000)?;
            root.setresuid(1000, 1000, 1000)?;
            root.prctl_set_dumpable(Dumpable::SUID_DUMP_USER)?;
            root.open("closed-to-1100", O_RDONLY)?;
            lab.note("in a new namespace the group has no number, but still counts")?;
            let inner = root.clone("inner", NEWUSER)?;
            inner.map_ids(super::OWN, USER_AS_ROOT, USER_AS_ROOT)?;
            inner.getgroups()?;
            inner.setgroups([])?;
            inner.open("closed-to-1100", O_RDONLY)?;
            lab.note("the same user without the group is let in")?;
            let other = lab.process("other")?;
            other.setgroups([])?;
            other.setresgid(1000, 1000, 1000)?;
            other.setresuid(1000, 1000, 1000)?;
            other.open("closed-to-1100", O_RDONLY)?;
            Ok(())
        },
        ..CASE
    },
];
