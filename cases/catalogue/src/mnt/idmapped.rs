//! Mounts with id maps: MOUNT_ATTR_IDMAP of mount_setattr(2) and open_tree_attr(2).
//!
//! The maps of user namespaces themselves are cases of the user namespaces. Each script shifts the
//! user and group id 1000 to 2000 on one mount of a tmpfs and looks at another one beside it.

use super::{attach, attach_on, bind, by_descriptor, detached_copy, tmpfs};
use crate::prelude::*;

const HERE: Directory = Directory::AT_FDCWD;
const NONE: MountAttributes = MountAttributes::empty();
const IDMAP: MountAttributes = MountAttributes::MOUNT_ATTR_IDMAP;
const ITSELF: SetAttrFlags = SetAttrFlags::AT_EMPTY_PATH;
const COPY: OpenTreeFlags = OpenTreeFlags::OPEN_TREE_CLONE;
const SECTION: &str = "ID-mapped mounts";
const IDMAPPINGS: &str = "Documentation/filesystems/idmappings.rst";

/// A process in a user namespace with these ids, and a descriptor of the namespace.
fn maps<'l>(process: Process<'l>, name: &str, ranges: &str) -> Result<(Process<'l>, i32), Interrupt> {
    let mapper = clone_mapped(process, name, NEWUSER, ranges)?;
    let namespace = process.open(mapper.proc("ns/user"), O_RDONLY)?.id()?;
    Ok((mapper, namespace))
}

/// Gives a detached mount the maps of a user namespace.
fn map_mount(process: Process<'_>, tree: i32, namespace: i32) -> Done {
    process.mount_setattr_userns(tree, "", ITSELF, NONE, IDMAP, namespace)
}

/// Attaches a copy of /tmp/a with the maps of a user namespace.
fn attach_mapped(process: Process<'_>, namespace: i32, place: &str) -> Play {
    let tree = detached_copy(process, "/tmp/a")?;
    map_mount(process, tree, namespace)?;
    attach(process, tree, place)
}

/// A tmpfs at /tmp/a with a file of each of these owners, named after it.
fn files_of(process: Process<'_>, owners: &[i32]) -> Play {
    tmpfs(process, "/tmp/a")?;
    for owner in owners {
        let path = format!("/tmp/a/of-{owner}");
        process.creat_excl(&path)?;
        process.chown(&path, *owner, *owner)?;
    }
    Ok(())
}

/// An empty tmpfs at /tmp/a whose root has a mapped owner and is for everybody: through a mount with
/// an id map nobody writes to a directory whose owner the map leaves out.
fn everybodys_directory(process: Process<'_>) -> Play {
    tmpfs(process, "/tmp/a")?;
    process.chown("/tmp/a", 1000, 1000)?;
    process.chmod("/tmp/a", 0o777)?;
    Ok(())
}

/// A child that has become the user and the group with this id.
fn user<'l>(process: Process<'l>, name: &str, id: i32) -> Result<Process<'l>, Interrupt> {
    let user = process.fork(name)?;
    user.setresgid(id, id, id)?;
    user.setresuid(id, id, id)?;
    Ok(user)
}

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.idmap-shifts-owners",
        claim: "A mount with an id map shows the owners and groups of files as the map says, and the overflow ids for those that it leaves out; every other mount of the file system shows what is stored.",
        sources: &[man("mount_setattr(2)", SECTION)],
        since: "5.12",
        needs: &[&need::PROCFS, &need::MANY_IDS, &need::IDMAPPED_TMPFS],
        wrong: "owners are not shifted, in the wrong direction, or on other mounts too",
        play: |lab| {
            let process = lab.process("process")?;
            files_of(process, &[1000, 1009, 1010])?;
            let (_, namespace) = maps(process, "maps", "1000 2000 10")?;
            attach_mapped(process, namespace, "/tmp/b")?;
            bind(process, "/tmp/a", "/tmp/c")?;
            lab.note("the first and the last id of the map, and the next one")?;
            for owner in [1000, 1009, 1010] {
                for place in ["/tmp/a", "/tmp/b", "/tmp/c"] {
                    process.stat_owner(format!("{place}/of-{owner}"))?;
                }
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.idmap-several-ranges",
        claim: "An id map of several lines, and other lines for groups than for users, counts on a mount line by line.",
        sources: &[man("mount_setattr(2)", SECTION)],
        since: "5.12",
        needs: &[&need::PROCFS, &need::MANY_USER_IDS, &need::IDMAPPED_TMPFS],
        wrong: "only the first line counts, or users and groups share one map",
        play: |lab| {
            let process = lab.process("process")?;
            files_of(process, &[1000, 1500, 1700])?;
            let mapper = process.clone("maps", NEWUSER)?;
            process.echo("1000 2000 1\n1500 3000 1\n", mapper.proc("uid_map"))?;
            process.echo("1000 4000 1\n1700 3500 1\n", mapper.proc("gid_map"))?;
            let namespace = process.open(mapper.proc("ns/user"), O_RDONLY)?.id()?;
            attach_mapped(process, namespace, "/tmp/b")?;
            lab.note("each id is in one line of a map, or in none")?;
            for owner in [1000, 1500, 1700] {
                process.stat_owner(format!("/tmp/b/of-{owner}"))?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.idmap-mapped-creator-stored",
        claim: "What a user makes through a mount with an id map is stored under the id that the map leads back to, and shows through the mount as the user's own.",
        sources: &[man("mount_setattr(2)", SECTION)],
        since: "5.12",
        needs: &[&need::PROCFS, &need::MANY_USER_IDS, &need::IDMAPPED_TMPFS],
        wrong: "the user's own id is stored, or the file seems to belong to another",
        play: |lab| {
            let process = lab.process("process")?;
            everybodys_directory(process)?;
            let (_, namespace) = maps(process, "maps", "1000 2000 10")?;
            attach_mapped(process, namespace, "/tmp/b")?;
            lab.note("the ids of the creator are such as the mount shows")?;
            let creator = user(process, "creator", 2003)?;
            creator.creat_excl("/tmp/b/file")?;
            creator.mkdir("/tmp/b/directory", 0o755)?;
            for name in ["file", "directory"] {
                process.stat_owner(format!("/tmp/a/{name}"))?;
                creator.stat_owner(format!("/tmp/b/{name}"))?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.idmap-unmapped-writer-eoverflow",
        claim: "A caller whose ids an id map leaves out makes nothing through the mount: no file, directory, link or device, not even as root (EOVERFLOW); through another mount it does.",
        sources: &[text(IDMAPPINGS), man("mount_setattr(2)", SECTION)],
        since: "5.12",
        needs: &[&need::PROCFS, &need::MANY_USER_IDS, &need::IDMAPPED_TMPFS],
        wrong: "a file is stored with an owner that is none",
        play: |lab| {
            let process = lab.process("process")?;
            everybodys_directory(process)?;
            let (_, namespace) = maps(process, "maps", "1000 2000 10")?;
            attach_mapped(process, namespace, "/tmp/b")?;
            lab.note("root and a user, whose ids are both left out")?;
            let next = user(process, "next", 2010)?;
            for one in [process, next] {
                one.creat_excl("/tmp/b/file")?;
                one.mkdir("/tmp/b/directory", 0o755)?;
                one.symlink("target", "/tmp/b/link")?;
            }
            process.readdir("/tmp/a")?;
            lab.note("a caller whose ids are mapped, and a mount without a map")?;
            let last = user(process, "last", 2009)?;
            last.creat_excl("/tmp/b/of-last")?;
            next.creat_excl("/tmp/a/of-next")?;
            process.stat_owner("/tmp/a/of-last")?;
            process.stat_owner("/tmp/a/of-next")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.idmap-unmapped-tmpfile-eoverflow",
        claim: "A caller whose ids an id map leaves out gets no file without a name (O_TMPFILE) on the mount either.",
        sources: &[text(IDMAPPINGS), man("open(2)", "O_TMPFILE")],
        since: "5.12",
        needs: &[&need::PROCFS, &need::MANY_USER_IDS, &need::IDMAPPED_TMPFS],
        wrong: "a file without a name is made with an owner that is none",
        play: |lab| {
            let process = lab.process("process")?;
            everybodys_directory(process)?;
            let (_, namespace) = maps(process, "maps", "1000 2000 10")?;
            attach_mapped(process, namespace, "/tmp/b")?;
            let nameless = OpenFlags::O_TMPFILE | OpenFlags::O_RDWR;
            process.open("/tmp/b", nameless)?;
            lab.note("a mount without a map, and a caller whose ids are mapped")?;
            let mapped = user(process, "mapped", 2000)?;
            for (one, place) in [(process, "/tmp/a"), (mapped, "/tmp/b")] {
                let file = one.open(place, nameless)?.id()?;
                one.stat_owner(by_descriptor(file))?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.idmap-unmapped-owner-eacces",
        claim: "Files and directories whose owner an id map leaves out are only for reading through the mount, whatever their permissions say and for root too; through another mount they can be written.",
        sources: &[text(IDMAPPINGS), man("mount_setattr(2)", SECTION)],
        since: "5.12",
        needs: &[&need::PROCFS, &need::MANY_USER_IDS, &need::IDMAPPED_TMPFS],
        wrong: "somebody writes to a file that belongs to nobody there",
        play: |lab| {
            let process = lab.process("process")?;
            files_of(process, &[1000, 1500])?;
            for name in ["/tmp/a", "/tmp/a/of-1000", "/tmp/a/of-1500"] {
                process.chmod(name, 0o777)?;
            }
            let (_, namespace) = maps(process, "maps", "1000 2000 10")?;
            attach_mapped(process, namespace, "/tmp/b")?;
            let mapped = user(process, "mapped", 2000)?;
            lab.note("the root directory and the second file have owners without a counterpart")?;
            for (one, name) in [(process, "root"), (mapped, "mapped")] {
                one.echo(name, "/tmp/b/of-1500")?;
                one.echo(name, "/tmp/b/of-1000")?;
                one.cat("/tmp/b/of-1000")?;
                one.echo(name, "/tmp/a/of-1500")?;
                one.cat("/tmp/b/of-1500")?;
            }
            lab.note("a new file in the directory, through each mount")?;
            mapped.creat_excl("/tmp/b/new")?;
            mapped.creat_excl("/tmp/a/new")?;
            process.readdir("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.idmap-owner-permissions",
        claim: "Through a mount with an id map a user has the rights of the owner that the map shows, and not those of the owner that is stored: chmod is for the former.",
        sources: &[man("mount_setattr(2)", SECTION)],
        since: "5.12",
        needs: &[&need::PROCFS, &need::MANY_USER_IDS, &need::IDMAPPED_TMPFS],
        wrong: "the stored owner keeps its rights on the mount, or the shown one has none",
        play: |lab| {
            let process = lab.process("process")?;
            files_of(process, &[1000])?;
            process.chmod("/tmp/a/of-1000", 0o600)?;
            let (_, namespace) = maps(process, "maps", "1000 2000 10")?;
            attach_mapped(process, namespace, "/tmp/b")?;
            lab.note("users with the id that is stored, and with the one that is shown")?;
            let stored = user(process, "stored", 1000)?;
            let shown = user(process, "shown", 2000)?;
            lab.note("through the mount with the map the shown owner has the file, through the other one the stored one")?;
            for place in ["/tmp/b/of-1000", "/tmp/a/of-1000"] {
                for one in [stored, shown] {
                    one.cat(place)?;
                    one.chmod(place, 0o640)?;
                }
                process.stat_owner("/tmp/a/of-1000")?;
                process.chmod("/tmp/a/of-1000", 0o600)?;
                process.stat_owner("/tmp/a/of-1000")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.idmap-chown",
        claim: "chown through a mount with an id map takes the ids that the mount shows, stores those that the map leads back to, and refuses an id that the map leaves out.",
        sources: &[man("mount_setattr(2)", SECTION)],
        since: "5.12",
        needs: &[&need::PROCFS, &need::MANY_IDS, &need::IDMAPPED_TMPFS],
        wrong: "the id is stored as it is given, or one without a counterpart is stored",
        play: |lab| {
            let process = lab.process("process")?;
            files_of(process, &[1000])?;
            let (_, namespace) = maps(process, "maps", "1000 2000 10")?;
            attach_mapped(process, namespace, "/tmp/b")?;
            lab.note("an id that the map leaves out, and two of it")?;
            process.chown("/tmp/b/of-1000", 1001, 1001)?;
            process.stat_owner("/tmp/a/of-1000")?;
            process.chown("/tmp/b/of-1000", 2001, 2002)?;
            process.stat_owner("/tmp/b/of-1000")?;
            process.stat_owner("/tmp/a/of-1000")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.idmap-errors",
        claim: "An id map is refused where the mount is attached, the descriptor is none of a user namespace, not open or larger than INT_MAX, the map is to be cleared, or the file system has no id maps; and while a file is open for writing on the mount (EBUSY).",
        sources: &[man("mount_setattr(2)", "ERRORS")],
        since: "5.12",
        needs: &[&need::PROCFS, &need::MANY_IDS, &need::IDMAPPED_TMPFS],
        wrong: "one of these is accepted or gives another error",
        play: |lab| {
            let process = lab.process("process")?;
            files_of(process, &[1000])?;
            let (_, namespace) = maps(process, "maps", "1000 2000 10")?;
            let of_uts = process.open("/proc/self/ns/uts", O_RDONLY)?.id()?;
            let file = process.open("/tmp/a/of-1000", O_RDONLY)?.id()?;
            let tree = detached_copy(process, "/tmp/a")?;
            let of_proc = detached_copy(process, "/proc")?;
            lab.note("each is wrong in one thing")?;
            process.mount_setattr_userns(HERE, "/tmp/a", SetAttrFlags::empty(), NONE, IDMAP, namespace)?;
            for wrong in [of_uts.into(), file.into(), 99, i64::from(i32::MAX) + 1] {
                process.mount_setattr_userns(tree, "", ITSELF, NONE, IDMAP, wrong)?;
            }
            process.mount_setattr_userns(tree, "", ITSELF, IDMAP, NONE, namespace)?;
            map_mount(process, of_proc, namespace)?;
            let writer = process.openat(tree, "of-1000", OpenFlags::O_WRONLY)?.id()?;
            map_mount(process, tree, namespace)?;
            process.stat_owner(format!("{}/of-1000", by_descriptor(tree)))?;
            lab.note("nothing is wrong any more")?;
            process.close(writer)?;
            map_mount(process, tree, namespace)?;
            process.stat_owner(format!("{}/of-1000", by_descriptor(tree)))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.idmap-initial-userns-eperm",
        claim: "The initial user namespace gives no id map to a mount: mount_setattr refuses it with EPERM.",
        sources: &[man("mount_setattr(2)", "ERRORS")],
        since: "5.12",
        starts_as: Credentials::StartedAsRoot,
        needs: &[&need::PROCFS, &need::INITIAL_USER_NS, &need::MANY_IDS, &need::IDMAPPED_TMPFS],
        wrong: "a mount gets the map of the initial user namespace",
        play: |lab| {
            let process = lab.process("process")?;
            files_of(process, &[1000])?;
            let (_, namespace) = maps(process, "maps", "1000 2000 10")?;
            let initial = process.open("/proc/self/ns/user", O_RDONLY)?.id()?;
            let tree = detached_copy(process, "/tmp/a")?;
            lab.note("the initial user namespace, and another one")?;
            map_mount(process, tree, initial)?;
            map_mount(process, tree, namespace)?;
            process.stat_owner(format!("{}/of-1000", by_descriptor(tree)))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.idmap-without-map-einval",
        claim: "A user namespace without maps gives none to a mount; once it has both, it does.",
        sources: &[man("mount_setattr(2)", SECTION)],
        since: "5.12",
        needs: &[&need::PROCFS, &need::MANY_IDS, &need::IDMAPPED_TMPFS],
        wrong: "a mount gets a map that maps nothing",
        play: |lab| {
            let process = lab.process("process")?;
            files_of(process, &[1000])?;
            let mapper = process.clone("maps", NEWUSER)?;
            let namespace = process.open(mapper.proc("ns/user"), O_RDONLY)?.id()?;
            let tree = detached_copy(process, "/tmp/a")?;
            map_mount(process, tree, namespace)?;
            lab.note("one map, then both")?;
            process.echo("1000 2000 10", mapper.proc("uid_map"))?;
            map_mount(process, tree, namespace)?;
            process.echo("1000 2000 10", mapper.proc("gid_map"))?;
            map_mount(process, tree, namespace)?;
            process.stat_owner(format!("{}/of-1000", by_descriptor(tree)))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.idmap-host-superblock-eperm",
        claim: "The root of a user namespace gives no id map to a copy of a mount whose file system was mounted outside; its creator does.",
        sources: &[man("mount_setattr(2)", SECTION)],
        since: "5.12",
        needs: &[&need::PROCFS, &need::MANY_IDS, &need::IDMAPPED_TMPFS, &need::INITIAL_USER_NS],
        wrong: "a contained root shifts the owners of files that were mounted outside",
        play: |lab| {
            let outer = lab.process("outer")?;
            files_of(outer, &[1000])?;
            let inner = clone_mapped(outer, "inner", NEWUSER | NEWNS, "0 0 3000")?;
            outer.diff_ns(inner.proc("ns"), "/proc/self/ns")?;
            let (mapper, of_inner) = maps(inner, "maps-of-inner", "1000 2000 10")?;
            let tree = detached_copy(inner, "/tmp/a")?;
            map_mount(inner, tree, of_inner)?;
            inner.stat_owner(format!("{}/of-1000", by_descriptor(tree)))?;
            lab.note("with the same maps its creator may")?;
            let same = outer.open(mapper.proc("ns/user"), O_RDONLY)?.id()?;
            attach_mapped(outer, same, "/tmp/b")?;
            outer.stat_owner("/tmp/b/of-1000")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.idmap-userns-superblock-einval",
        claim: "The root of a user namespace gives an id map to a mount of a tmpfs that it has mounted itself, by a user namespace below its own.",
        sources: &[man("mount_setattr(2)", "ERRORS")],
        since: "6.3",
        needs: &[&need::PROCFS, &need::MANY_IDS, &need::IDMAPPED_TMPFS],
        deviation: Some(
            "EINVAL: The underlying filesystem has been mounted in a mount namespace that is owned by a noninitial user namespace",
        ),
        wrong: "a tmpfs of a user namespace has no id maps, or has them from the user namespace that mounted it",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = clone_mapped(outer, "inner", NEWUSER | NEWNS, "0 1000 10")?;
            become_root(inner)?;
            inner.prctl_set_dumpable(Dumpable::SUID_DUMP_USER)?;
            files_of(inner, &[5])?;
            let (_, below) = maps(inner, "below", "5 7 1")?;
            let own = inner.open("/proc/self/ns/user", O_RDONLY)?.id()?;
            let tree = detached_copy(inner, "/tmp/a")?;
            lab.note("its own user namespace, and one below")?;
            map_mount(inner, tree, own)?;
            map_mount(inner, tree, below)?;
            lab.note("the owner without the map, with it, and as it is seen from outside")?;
            attach(inner, tree, "/tmp/b")?;
            inner.stat_owner("/tmp/a/of-5")?;
            inner.stat_owner("/tmp/b/of-5")?;
            outer.stat_owner(inner.proc("root/tmp/b/of-5"))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.idmap-follows-copies",
        claim: "A mount with an id map keeps it when it is bound, copied by descriptor, and copied with its mount namespace.",
        sources: &[man("mount_setattr(2)", SECTION)],
        since: "5.12",
        needs: &[&need::PROCFS, &need::MANY_IDS, &need::IDMAPPED_TMPFS],
        wrong: "a copy shows what is stored",
        play: |lab| {
            let outer = lab.process("outer")?;
            files_of(outer, &[1000])?;
            let (_, namespace) = maps(outer, "maps", "1000 2000 10")?;
            attach_mapped(outer, namespace, "/tmp/b")?;
            lab.note("the mount with the map is bound, copied by descriptor, and copied with its namespace")?;
            bind(outer, "/tmp/b", "/tmp/bound")?;
            let copy = detached_copy(outer, "/tmp/b")?;
            attach(outer, copy, "/tmp/copied")?;
            let inner = outer.clone("inner", NEWNS)?;
            outer.diff_ns(inner.proc("ns"), "/proc/self/ns")?;
            lab.note("the mount without the map, the one with it, and its copies, in both namespaces")?;
            for process in [outer, inner] {
                for place in ["/tmp/a", "/tmp/b", "/tmp/bound", "/tmp/copied"] {
                    process.stat_owner(format!("{place}/of-1000"))?;
                }
            }
            lab.note("the copies in the other namespace are mounts of their own")?;
            outer.umount2("/tmp/b", UmountFlags::MNT_DETACH)?;
            outer.readdir("/tmp/b")?;
            inner.stat_owner("/tmp/b/of-1000")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.idmap-pins-userns-map",
        claim: "The map of a mount stays in force when the user namespace that gave it has no process and no descriptor any more.",
        sources: &[man("mount_setattr(2)", SECTION)],
        since: "5.12",
        needs: &[&need::PROCFS, &need::MANY_IDS, &need::IDMAPPED_TMPFS],
        wrong: "the owners change when the user namespace ends",
        play: |lab| {
            let process = lab.process("process")?;
            files_of(process, &[1000, 1010])?;
            let (mapper, namespace) = maps(process, "maps", "1000 2000 10")?;
            attach_mapped(process, namespace, "/tmp/b")?;
            process.stat_owner("/tmp/b/of-1000")?;
            lab.note("the user namespace loses its process and its descriptor")?;
            mapper.exit(0)?;
            process.waitpid(mapper, WaitOptions::empty())?;
            process.close(namespace)?;
            process.fstat_ns(namespace)?;
            process.stat_owner("/tmp/b/of-1000")?;
            process.stat_owner("/tmp/b/of-1010")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.idmap-once",
        claim: "A mount that has an id map gets no other one by mount_setattr, and neither does a copy of it (EPERM).",
        sources: &[man("mount_setattr(2)", "ERRORS"), man("mount_setattr(2)", SECTION)],
        since: "5.12",
        needs: &[&need::PROCFS, &need::MANY_USER_IDS, &need::IDMAPPED_TMPFS],
        wrong: "the map is replaced, or added to the first one",
        play: |lab| {
            let process = lab.process("process")?;
            files_of(process, &[1000])?;
            let (_, first) = maps(process, "first", "1000 2000 10")?;
            let (_, second) = maps(process, "second", "1000 3000 10")?;
            lab.note("a first map, and a second one for the same mount")?;
            let tree = detached_copy(process, "/tmp/a")?;
            map_mount(process, tree, first)?;
            map_mount(process, tree, second)?;
            attach(process, tree, "/tmp/b")?;
            lab.note("the second one for a copy")?;
            let copy = detached_copy(process, "/tmp/b")?;
            map_mount(process, copy, second)?;
            process.stat_owner(format!("{}/of-1000", by_descriptor(copy)))?;
            process.stat_owner("/tmp/b/of-1000")?;
            lab.note("a copy of the mount without a map takes the second")?;
            attach_mapped(process, second, "/tmp/c")?;
            process.stat_owner("/tmp/c/of-1000")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.idmap-replace-by-open-tree-attr",
        claim: "open_tree_attr makes a copy of a mount with an id map that has another map, or none; the mount keeps its own.",
        sources: &[man("open_tree_attr(2)", "DESCRIPTION")],
        since: "6.15",
        needs: &[&need::PROCFS, &need::MANY_USER_IDS, &need::IDMAPPED_TMPFS],
        wrong: "the copy keeps the map of the original, or the original loses it",
        play: |lab| {
            let process = lab.process("process")?;
            files_of(process, &[1000])?;
            let (_, first) = maps(process, "first", "1000 2000 10")?;
            let (_, second) = maps(process, "second", "1000 3000 10")?;
            attach_mapped(process, first, "/tmp/b")?;
            lab.note("a copy with another map, and a copy with none")?;
            let other = process.open_tree_attr(HERE, "/tmp/b", COPY, NONE, IDMAP, second)?.id()?;
            attach(process, other, "/tmp/other")?;
            let without = process.open_tree_attr(HERE, "/tmp/b", COPY, IDMAP, NONE, 0)?.id()?;
            attach(process, without, "/tmp/without")?;
            lab.note("in place, without a copy, neither is done")?;
            let plain = OpenTreeFlags::empty();
            process.open_tree_attr(HERE, "/tmp/b", plain, NONE, IDMAP, second)?;
            process.open_tree_attr(HERE, "/tmp/b", plain, IDMAP, NONE, 0)?;
            lab.note("the owner as the mount and its copies show it")?;
            for place in ["/tmp/b", "/tmp/other", "/tmp/without"] {
                process.stat_owner(format!("{place}/of-1000"))?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.idmap-tree-all-or-nothing",
        claim: "A recursive id map is refused for a tree in which one mount can have none, and then no mount of it gets one; without that mount all of them do.",
        sources: &[man("mount_setattr(2)", "DESCRIPTION"), man("mount_setattr(2)", "ERRORS")],
        since: "5.12",
        needs: &[&need::PROCFS, &need::MANY_IDS, &need::IDMAPPED_TMPFS],
        wrong: "a part of the tree is mapped, or only its root",
        play: |lab| {
            let process = lab.process("process")?;
            files_of(process, &[1000])?;
            tmpfs(process, "/tmp/a/x")?;
            process.creat_excl("/tmp/a/x/of-1000")?;
            process.chown("/tmp/a/x/of-1000", 1000, 1000)?;
            let (_, namespace) = maps(process, "maps", "1000 2000 10")?;
            let recursively = COPY | OpenTreeFlags::AT_RECURSIVE;
            let whole = ITSELF | SetAttrFlags::AT_RECURSIVE;
            process.mkdir("/tmp/b", 0o755)?;
            for (with, place) in [("with proc", "/tmp/b"), ("without", "/tmp/c")] {
                lab.note(with)?;
                if place == "/tmp/b" {
                    bind(process, "/proc", "/tmp/a/proc")?;
                } else {
                    process.umount("/tmp/a/proc")?;
                    process.mkdir(place, 0o755)?;
                }
                let tree = process.open_tree(HERE, "/tmp/a", recursively)?.id()?;
                process.mount_setattr_userns(tree, "", whole, NONE, IDMAP, namespace)?;
                attach_on(process, tree, place)?;
                process.stat_owner(format!("{place}/of-1000"))?;
                process.stat_owner(format!("{place}/x/of-1000"))?;
            }
            Ok(())
        },
        ..CASE
    },
];
