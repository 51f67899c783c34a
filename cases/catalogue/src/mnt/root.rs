//! The root of a process: pivot_root(2), chroot(2), and the jails that they make.

use super::tmpfs;
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.jail-like-chroot",
        claim: "With a mount namespace one can build what chroot jails are built for: after pivot_root to a new tree and detaching the old one, only the new tree is left in the namespace.",
        sources: &[SEED, man("pivot_root(2)", "NOTES")],
        since: "2.4.19",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "files or mounts of the old tree can still be reached from inside",
        play: |lab| {
            let outside = lab.process("outside")?;
            outside.creat_excl("/tmp/secret")?;
            let jailed = outside.clone("jailed", NEWNS)?;
            tmpfs(jailed, "/tmp/new")?;
            jailed.creat_excl("/tmp/new/inside")?;
            jailed.readdir("/tmp")?;
            lab.note("the new tree becomes the root, and the old one goes")?;
            jailed.chdir("/tmp/new")?;
            jailed.pivot_root(".", ".")?;
            jailed.umount2(".", UmountFlags::MNT_DETACH)?;
            jailed.readdir("/")?;
            jailed.readdir("/tmp")?;
            lab.note("outside nothing has changed")?;
            outside.mount_points_of(jailed.proc("mountinfo"), "/")?;
            outside.readdir("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.jail-tighter-than-chroot",
        claim: "The classical escape (change the root to a directory below, stay above it, walk up) leads out of a directory confined by chroot alone, but not out of a mount namespace whose old root is gone.",
        sources: &[SEED, man("chroot(2)", "DESCRIPTION"), man("pivot_root(2)", "NOTES")],
        since: "2.4.19",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the process jailed by pivot_root sees the secret as well",
        play: |lab| {
            let outside = lab.process("outside")?;
            outside.creat_excl("/tmp/secret")?;
            let jailed = outside.clone("jailed", NEWNS)?;
            tmpfs(jailed, "/tmp/jail")?;
            jailed.mkdir("/tmp/jail/cell", 0o755)?;
            jailed.mkdir("/tmp/jail/yard", 0o755)?;
            let chrooted = jailed.clone("chrooted", NEWNS)?;
            jailed.chdir("/tmp/jail")?;
            jailed.pivot_root(".", ".")?;
            jailed.umount2(".", UmountFlags::MNT_DETACH)?;
            outside.mount_points_of(jailed.proc("mountinfo"), "/")?;
            lab.note("the other process is confined by chroot alone")?;
            chrooted.chdir("/tmp/jail")?;
            chrooted.chroot(".")?;
            lab.note("both try the escape: the first gets out, the second does not")?;
            for process in [chrooted, jailed] {
                process.readdir("/")?;
                process.chdir("/yard")?;
                process.getcwd()?;
                process.chroot("/cell")?;
                process.readdir("/")?;
                process.chdir("../..")?;
                process.readdir(".")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.pivot-moves-other-processes",
        claim: "pivot_root moves every process of the mount namespace that has the old root as its root or current directory to the new root; another current directory stays, now below the place of the old root.",
        sources: &[man("pivot_root(2)", "DESCRIPTION")],
        since: "2.4.19",
        needs: &[&need::MNT_NS],
        wrong: "another process keeps the old root, or loses its current directory, or a process of another namespace is moved",
        play: |lab| {
            let outside = lab.process("outside")?;
            let pivoting = outside.clone("pivoting", NEWNS)?;
            let at_root = pivoting.fork("at-root")?;
            let elsewhere = pivoting.fork("elsewhere")?;
            at_root.chdir("/")?;
            tmpfs(pivoting, "/tmp/new")?;
            pivoting.mkdir("/tmp/new/old", 0o755)?;
            lab.note("one process calls, all of the namespace move")?;
            pivoting.pivot_root("/tmp/new", "/tmp/new/old")?;
            for process in [pivoting, at_root, elsewhere] {
                process.readdir("/")?;
                process.getcwd()?;
            }
            lab.note("a current directory elsewhere stays")?;
            elsewhere.readdir(".")?;
            outside.readdir("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.pivot-new-root-not-mount-einval",
        claim: "pivot_root accepts only a mount point as the new root.",
        sources: &[man("pivot_root(2)", "ERRORS")],
        since: "2.4.19",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "a plain directory becomes the root",
        play: |lab| {
            let outer = lab.process("outer")?;
            let process = outer.clone("process", NEWNS)?;
            tmpfs(process, "/tmp/new")?;
            process.mkdir("/tmp/new/sub", 0o755)?;
            process.mkdir("/tmp/new/sub/old", 0o755)?;
            process.pivot_root("/tmp/new/sub", "/tmp/new/sub/old")?;
            process.readdir("/tmp")?;
            process.pivot_root("/tmp/new", "/tmp/new/sub/old")?;
            process.readdir("/")?;
            process.readdir("/sub/old/tmp")?;
            outer.readdir("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.pivot-put-old-outside-einval",
        claim: "pivot_root puts the old root only at or below the new one.",
        sources: &[man("pivot_root(2)", "ERRORS")],
        since: "2.4.19",
        needs: &[&need::MNT_NS, &need::PROCFS],
        wrong: "the old root is put where the new root cannot reach it",
        play: |lab| {
            let outer = lab.process("outer")?;
            let process = outer.clone("process", NEWNS)?;
            tmpfs(process, "/tmp/new")?;
            process.mkdir("/tmp/new/old", 0o755)?;
            process.mkdir("/tmp/outside", 0o755)?;
            process.pivot_root("/tmp/new", "/tmp/outside")?;
            process.readdir("/tmp")?;
            process.pivot_root("/tmp/new", "/tmp/new/old")?;
            process.readdir("/")?;
            process.readdir("/old/tmp")?;
            outer.readdir("/tmp")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.chroot-escape",
        claim: "chroot alone confines nobody who may use it: it leaves the current directory where it is, so a process can change its root to a directory below and walk up from above it.",
        sources: &[man("chroot(2)", "DESCRIPTION")],
        since: "2.4",
        wrong: "the process cannot leave, or chroot moves its current directory",
        play: |lab| {
            let process = lab.process("process")?;
            process.creat_excl("/tmp/secret")?;
            process.mkdir("/tmp/jail", 0o755)?;
            process.mkdir("/tmp/jail/cell", 0o755)?;
            process.mkdir("/tmp/jail/yard", 0o755)?;
            process.chdir("/tmp/jail/yard")?;
            process.chroot("/tmp/jail")?;
            process.readdir("/")?;
            lab.note("below its root it cannot go further up than to its root")?;
            process.chdir("../..")?;
            process.readdir(".")?;
            lab.note("above its root it can")?;
            process.chroot("cell")?;
            process.readdir("/")?;
            process.chdir("..")?;
            process.readdir(".")?;
            Ok(())
        },
        ..CASE
    },
];
