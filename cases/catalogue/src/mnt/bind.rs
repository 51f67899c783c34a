//! Bind mounts of files, directories and whole trees.
//!
//! The propagation type of the result is the subject of `tables`. Bind mounts made by descriptor live
//! in `descriptors`.

use super::{NO_DATA, bind, bind_on, tmpfs};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.bind-files-and-directories",
        claim: "A bind mount shows a directory, or a single file, at another place; its record names the shown object as root. The mount covers the earlier content, which comes back after the unmount.",
        sources: &[man("mount(2)", "Creating a bind mount"), man("proc_pid_mountinfo(5)", "DESCRIPTION")],
        since: "2.4",
        needs: &[&need::PROCFS],
        wrong: "the place shows its old content while the bind mount is there, or lacks it afterwards",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            process.mkdir("/tmp/a/sub", 0o755)?;
            process.creat_excl("/tmp/a/sub/file")?;
            process.echo("bound", "/tmp/a/sub/file")?;
            process.mkdir("/tmp/d", 0o755)?;
            process.creat_excl("/tmp/d/covered")?;
            process.echo("old", "/tmp/d/covered")?;
            lab.note("a single file")?;
            bind_on(process, "/tmp/a/sub/file", "/tmp/d/covered")?;
            process.cat("/tmp/d/covered")?;
            process.mountinfo("/tmp/d/covered")?;
            process.umount("/tmp/d/covered")?;
            process.cat("/tmp/d/covered")?;
            lab.note("a directory")?;
            bind_on(process, "/tmp/a/sub", "/tmp/d")?;
            process.readdir("/tmp/d")?;
            process.mountinfo("/tmp/d")?;
            process.umount("/tmp/d")?;
            process.readdir("/tmp/d")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.bind-recursive",
        claim: "With MS_REC a bind mount takes along what is mounted below its source; without it those places show the directories underneath.",
        sources: &[man("mount(2)", "Creating a bind mount")],
        since: "2.4.11",
        needs: &[&need::PROCFS],
        wrong: "the recursive bind lacks the submount, or the plain one has it",
        play: |lab| {
            let process = lab.process("process")?;
            tmpfs(process, "/tmp/a")?;
            tmpfs(process, "/tmp/a/x")?;
            process.creat_excl("/tmp/a/x/file")?;
            bind(process, "/tmp/a", "/tmp/plain")?;
            process.mkdir("/tmp/rec", 0o755)?;
            process.mount("/tmp/a", "/tmp/rec", "", MountFlags::MS_BIND | MountFlags::MS_REC, NO_DATA)?;
            process.mount_points("/tmp")?;
            process.readdir("/tmp/plain/x")?;
            process.readdir("/tmp/rec/x")?;
            Ok(())
        },
        ..CASE
    },
];
