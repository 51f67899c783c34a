//! A file system and the user namespace in which it was mounted: who may change it as a whole, and
//! what it accepts in a user namespace.
//!
//! The flags of single mounts live in `remount` and `locked_flags`; which file systems can be mounted
//! at all in a user namespace is told by the cases of user namespaces.

use super::{MOUNT_NAMESPACES, NO_FLAGS, READ_ONLY_BIND, bind, bind_on, change, tmpfs};
use crate::prelude::*;

const READ_ONLY: MountFlags = MountFlags::MS_REMOUNT.union(MountFlags::MS_RDONLY);

const OWN_LAYERS: &str = "lowerdir=/tmp/own/lower,upperdir=/tmp/own/upper,workdir=/tmp/own/work";

/// A process that is root of a user namespace, with a tmpfs of its own at /tmp/own in which there are the
/// directories of an overlay.
fn with_own_layers<'l>(outer: Process<'l>) -> Result<Process<'l>, Interrupt> {
    let inner = clone_mapped(outer, "inner", NEWUSER | NEWNS, "0 0 1")?;
    tmpfs(inner, "/tmp/own")?;
    for directory in ["upper", "work", "merged"] {
        inner.mkdir(format!("/tmp/own/{directory}"), 0o755)?;
    }
    Ok(inner)
}

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.lesspriv-superblock-remount-eperm",
        claim: "The root of a user namespace cannot remount a file system that was mounted outside, neither through the mount that it was given nor through one that it has bound itself.",
        sources: &[
            man("user_namespaces(7)", "Effect of capabilities within a user namespace"),
            man("mount(2)", "ERRORS"),
        ],
        since: "3.8",
        needs: &[&need::PROCFS],
        wrong: "a user makes a file system read-only for all, or changes its options",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/a")?;
            let inner = outer.clone("inner", NEWUSER | NEWNS)?;
            bind(inner, "/tmp/a", "/tmp/b")?;
            for place in ["/tmp/a", "/tmp/b"] {
                change(inner, place, READ_ONLY)?;
                inner.mount("", place, "", MountFlags::MS_REMOUNT, "size=1m")?;
            }
            inner.mountinfo("/tmp/b")?;
            outer.mountinfo("/tmp/a")?;
            lab.note("outside it is allowed, and shows inside")?;
            change(outer, "/tmp/a", READ_ONLY)?;
            inner.mountinfo("/tmp/b")?;
            inner.creat_excl("/tmp/b/file")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.own-sb-remount-in-userns",
        claim: "A file system that was mounted in a user namespace can be remounted by the root of that namespace, both ways and for all its mounts, and not by the root of a namespace below.",
        sources: &[
            man("user_namespaces(7)", "Effect of capabilities within a user namespace"),
            man("mount(2)", "DESCRIPTION"),
        ],
        since: "3.8",
        needs: &[&need::PROCFS],
        wrong: "the owner is refused, or the level below may as well",
        play: |lab| {
            let outer = lab.process("outer")?;
            let middle = clone_mapped(outer, "middle", NEWUSER | NEWNS, "0 0 1")?;
            tmpfs(middle, "/tmp/own")?;
            bind(middle, "/tmp/own", "/tmp/second")?;
            let inner = middle.clone("inner", NEWUSER | NEWNS)?;
            lab.note("the level below, and then the owner, there and back")?;
            change(inner, "/tmp/own", READ_ONLY)?;
            middle.mountinfo("/tmp/own")?;
            for flags in [READ_ONLY, MountFlags::MS_REMOUNT] {
                change(middle, "/tmp/own", flags)?;
                middle.mountinfo("/tmp/second")?;
                inner.mountinfo("/tmp/own")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.umount-root-remounts-readonly",
        claim: "A process that unmounts its own root directory does not lose it: the file system becomes read-only, for all mounts and namespaces, unless a file is open for writing.",
        sources: &[man("umount(2)", "DESCRIPTION"), man("umount(2)", "ERRORS")],
        since: "2.4.19",
        needs: &[&need::PROCFS],
        deviation: Some(
            "umount(2) says nothing of a root directory; kernels remount its file system read-only.",
        ),
        wrong: "the root vanishes, or the request is carried out under an open file",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/a")?;
            let rooted = outer.clone("rooted", NEWNS)?;
            let file = outer.open("/tmp/a/file", OpenFlags::O_CREAT | OpenFlags::O_WRONLY)?.id()?;
            rooted.chroot("/tmp/a")?;
            rooted.umount("/")?;
            rooted.creat_excl("/second")?;
            lab.note("nothing is open for writing any more")?;
            outer.close(file)?;
            rooted.umount("/")?;
            rooted.creat_excl("/third")?;
            rooted.readdir("/")?;
            outer.creat_excl("/tmp/a/third")?;
            outer.mountinfo("/tmp/a")?;
            lab.note("for a process with another root it is an unmount")?;
            outer.umount("/tmp/a")?;
            outer.mount_points("/tmp")?;
            rooted.readdir("/")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.force-umount-needs-global-cap",
        claim: "A process that unmounts its own root directory, forced or not, needs CAP_SYS_ADMIN in the user namespace in which that file system was mounted: the root of another one cannot make it read-only.",
        sources: &[man("umount(2)", "ERRORS"), man("capabilities(7)", "CAP_SYS_ADMIN")],
        since: "3.18",
        needs: &[&need::PROCFS],
        wrong: "any user makes a file system of the machine read-only",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/a")?;
            let inner = clone_mapped(outer, "inner", NEWUSER | NEWNS, "0 0 1")?;
            bind(inner, "/tmp/a", "/tmp/b")?;
            tmpfs(inner, "/tmp/own")?;
            let foreign = inner.fork("foreign")?;
            let own = inner.fork("own")?;
            foreign.chroot("/tmp/b")?;
            own.chroot("/tmp/own")?;
            lab.note("a root that was mounted outside, as it is and with MNT_FORCE")?;
            foreign.umount("/")?;
            foreign.umount2("/", UmountFlags::MNT_FORCE)?;
            foreign.creat_excl("/file")?;
            lab.note("a root of the user namespace's own, which is made writable again in between")?;
            own.umount("/")?;
            own.creat_excl("/first")?;
            change(inner, "/tmp/own", MountFlags::MS_REMOUNT)?;
            own.creat_excl("/second")?;
            own.umount2("/", UmountFlags::MNT_FORCE)?;
            own.creat_excl("/third")?;
            own.readdir("/")?;
            outer.readdir("/tmp/a")?;
            outer.mountinfo("/tmp/a")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.sb-uid-option-mapped",
        claim: "The mount options uid and gid name ids of the mounter's user namespace: outside the owner shows as the one that it is mapped to, and one without a mapping is refused.",
        sources: &[
            text("Documentation/filesystems/idmappings.rst"),
            text("Documentation/filesystems/tmpfs.rst"),
        ],
        since: "3.8",
        needs: &[&need::PROCFS, &need::MANY_IDS, &need::NON_DUMPABLE],
        wrong: "the option is taken for an id of the machine",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = clone_mapped(outer, "inner", NEWUSER | NEWNS, "0 1000 1\n5 1005 1")?;
            become_root(inner)?;
            for (place, options) in
                [("/tmp/mapped", "uid=5,gid=5"), ("/tmp/uid", "uid=1005"), ("/tmp/gid", "gid=1005")]
            {
                inner.mkdir(place, 0o755)?;
                inner.mount("", place, "tmpfs", NO_FLAGS, options)?;
            }
            lab.note("the mount with mapped ids is there, seen from inside and from outside")?;
            inner.mount_points("/tmp")?;
            inner.stat_owner("/tmp/mapped")?;
            outer.stat_owner(inner.proc("root/tmp/mapped"))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.overlay-lower-foreign-refused",
        claim: "The root of a user namespace cannot make a mount of a more privileged mount namespace, of which it was given a descriptor, a layer of an overlay; its own copy of the mount it can.",
        sources: &[
            text("Documentation/filesystems/overlayfs.rst"),
            man(MOUNT_NAMESPACES, "Restrictions on mount namespaces"),
        ],
        since: "6.16",
        needs: &[&need::PROCFS, &need::OVERLAY],
        wrong: "an overlay uncovers what is mounted over in the copy",
        play: |lab| {
            let outer = lab.process("outer")?;
            tmpfs(outer, "/tmp/a")?;
            outer.creat_excl("/tmp/a/file")?;
            let foreign = outer.open("/tmp/a", OpenFlags::O_PATH)?.id()?;
            let inner = with_own_layers(outer)?;
            lab.note("the mount outside as the lower layer, then the copy inside")?;
            for lower in [format!("/proc/self/fd/{foreign}"), "/tmp/a".to_string()] {
                let layers =
                    format!("lowerdir={lower},upperdir=/tmp/own/upper,workdir=/tmp/own/work,userxattr");
                inner.mount("", "/tmp/own/merged", "overlay", NO_FLAGS, layers.as_str())?;
                inner.readdir("/tmp/own/merged")?;
            }
            inner.mount_points("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.overlay-in-userns",
        claim: "In an overlay that the root of a user namespace has mounted on its own file system a file can be removed: a whiteout in the upper layer hides that of the lower one. The option metacopy is refused there.",
        sources: &[text("Documentation/filesystems/overlayfs.rst")],
        since: "5.11",
        needs: &[&need::PROCFS, &need::OVERLAY],
        wrong: "the whiteout cannot be made, or the file of the lower layer is removed, or metacopy is allowed",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = with_own_layers(outer)?;
            inner.mkdir("/tmp/own/lower", 0o755)?;
            inner.creat_excl("/tmp/own/lower/file")?;
            let metacopy = format!("{OWN_LAYERS},metacopy=on");
            inner.mount("", "/tmp/own/merged", "overlay", NO_FLAGS, metacopy.as_str())?;
            let userxattr = format!("{OWN_LAYERS},userxattr");
            inner.mount("", "/tmp/own/merged", "overlay", NO_FLAGS, userxattr.as_str())?;
            inner.mount_points("/tmp")?;
            inner.unlink("/tmp/own/merged/file")?;
            lab.note("merged, lower and upper, in which a character device stands for it")?;
            for directory in ["/tmp/own/merged", "/tmp/own/lower", "/tmp/own/upper"] {
                inner.readdir(directory)?;
            }
            inner.lstat_mode("/tmp/own/upper/file")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.statfs-flags-per-mount",
        claim: "statfs() tells the flags of the mount through which a file is reached, which another mount of the file system need not have.",
        sources: &[man("statfs(2)", "DESCRIPTION")],
        since: "2.6.36",
        needs: &[],
        wrong: "the flags of another mount are told, or none",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            bind(process, "/tmp/a", "/tmp/b")?;
            process.creat_excl("/tmp/a/file")?;
            change(process, "/tmp/b", READ_ONLY_BIND | MountFlags::MS_NOSUID | MountFlags::MS_NOEXEC)?;
            for path in ["/tmp/a/file", "/tmp/b/file"] {
                process.statfs_flags(path)?;
            }
            lab.note("what makes the file system read-only shows through both")?;
            change(process, "/tmp/a", READ_ONLY)?;
            for path in ["/tmp/a/file", "/tmp/b/file"] {
                process.statfs_flags(path)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.userns-sb-nodev",
        claim: "On a file system that was mounted in a user namespace nobody can open a device file, not even root outside who has made it; no option of the mount shows that.",
        sources: &[man("user_namespaces(7)", "Effect of capabilities within a user namespace")],
        since: "4.8",
        needs: &[&need::PROCFS, &need::DEVICE_FILES],
        wrong: "a device of the machine opens through a file system that a user controls",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.mknod("/tmp/null", 0o666, 1, 3)?;
            let inner = clone_mapped(outer, "inner", NEWUSER | NEWNS, "0 0 1")?;
            tmpfs(inner, "/tmp/own")?;
            outer.mknod(inner.proc("root/tmp/own/null"), 0o666, 1, 3)?;
            inner.readdir("/tmp/own")?;
            inner.open("/tmp/own/null", OpenFlags::O_RDWR)?;
            outer.open(inner.proc("root/tmp/own/null"), OpenFlags::O_RDWR)?;
            inner.mountinfo("/tmp/own")?;
            lab.note("on a file system of outer both can")?;
            for process in [inner, outer] {
                process.open("/tmp/null", OpenFlags::O_RDWR)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.bind-device-into-userns",
        claim: "The root of a user namespace cannot make a device file, but can bind one that it was given on a file of its own, and use it there.",
        sources: &[
            man("user_namespaces(7)", "Effect of capabilities within a user namespace"),
            man("mount(2)", "DESCRIPTION"),
        ],
        since: "3.8",
        needs: &[&need::PROCFS, &need::DEVICE_FILES],
        wrong: "the device cannot be used through the bind mount, or can be made",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.mknod("/tmp/null", 0o666, 1, 3)?;
            let inner = clone_mapped(outer, "inner", NEWUSER | NEWNS, "0 0 1")?;
            tmpfs(inner, "/tmp/own")?;
            inner.mknod("/tmp/own/made", 0o666, 1, 3)?;
            inner.creat_excl("/tmp/own/bound")?;
            bind_on(inner, "/tmp/null", "/tmp/own/bound")?;
            let device = inner.open("/tmp/own/bound", OpenFlags::O_RDWR)?.id()?;
            inner.write(device, "gone")?;
            inner.read(device)?;
            inner.readdir("/tmp/own")?;
            lab.note("with nodev on the bind mount it is a file of a device no more")?;
            let nodev = MountFlags::MS_REMOUNT | MountFlags::MS_BIND | MountFlags::MS_NODEV;
            change(inner, "/tmp/own/bound", nodev)?;
            inner.open("/tmp/own/bound", O_RDONLY)?;
            Ok(())
        },
        ..CASE
    },
];

/// Claims that cannot be tested.
pub const UNTESTED: &[Untested] = &[Untested {
    id: "mnt.tmpfs-quota-not-in-userns",
    claim: "The root of a user namespace cannot mount a tmpfs with quotas.",
    sources: &[man("tmpfs(5)", "Mount options")],
    why: "A kernel without quotas on tmpfs (CONFIG_TMPFS_QUOTA), as those of the large distributions are, gives everybody the same EINVAL for the unknown option, so nothing tells the refusal of the rule from it.",
    part: None,
}];
