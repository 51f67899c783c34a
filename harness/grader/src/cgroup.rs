//! The cgroup of a grading: where one can be had, the kernel keeps the limits of all processes of a
//! submission together (cgroups(7); the files are those of the kernel's cgroup-v2 document).
//!
//! The limits are set in the directory above the one that the processes are in. The processes' own
//! directory is the root of their cgroup namespace, so they can neither see nor write the files of
//! the one above, even where both belong to the same user. The limits of each process for itself
//! live in `launch`; the watcher's own accounting, which holds without a cgroup as well, in `stage`.

use super::abort::{MOST_MEMORY, MOST_PROCESSES};
use super::fork;
use nix::fcntl::OFlag;
use nix::sys::stat::Mode;
use nix::unistd::ForkResult;
use nsconform_sys::cgroup::{Cgroups, Place};
use nsconform_sys::single_threaded::SingleThreaded;
use nsconform_sys::{mountinfo, sandbox};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

/// Without these there is no use in a cgroup.
const CONTROLLERS: [&str; 2] = ["memory", "pids"];

/// How many processes and threads there may be together: less than RLIMIT_NPROC allows, so that it
/// is this limit that is hit.
pub(super) const MOST_TASKS: usize = MOST_PROCESSES + MOST_PROCESSES / 2;

/// How often a limit of the cgroup has been hit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Hits {
    /// Processes killed as there was no memory.
    pub(super) memory: u64,
    /// Processes and threads not created.
    pub(super) processes: u64,
}

/// The cgroup of a grading.
pub(super) struct Cgroup {
    cgroups: Cgroups,
    place: Place,
}

impl Cgroup {
    /// Makes it.
    ///
    /// # Errors
    /// Says why there can be none.
    pub(super) fn make(single: &SingleThreaded) -> Result<Cgroup, String> {
        let cgroups = Cgroups::start(single, || find(Path::new("/proc/self")))?;
        let limit =
            |file: &str, text: String| sandbox::step(&format!("writing {file}"), cgroups.write(file, &text));
        limit("memory.max", MOST_MEMORY.to_string())?;
        limit("pids.max", MOST_TASKS.to_string())?;
        // These may be missing: the kernel has no swap, or the controller is not passed on.
        let _ = limit("memory.swap.max", "0".to_string());
        // In each tenth of a second, in microseconds: two processors.
        let _ = limit("cpu.max", "200000 100000".to_string());
        let place = cgroups.make(0)?;
        let cgroup = Cgroup { cgroups, place };
        cgroup.try_out()?;
        Ok(cgroup)
    }

    /// Creates a process in it, as the watcher will: some sandboxes have no clone3(2).
    fn try_out(&self) -> Result<(), String> {
        // SAFETY: the caller of `make` has one thread.
        match unsafe { fork::fork_into(Some(self.as_fd())) }? {
            // SAFETY: ends the child, which has done nothing.
            ForkResult::Child => unsafe { libc::_exit(0) },
            ForkResult::Parent { child } => {
                sandbox::step("waitpid", nix::sys::wait::waitpid(child, None)).map(drop)
            }
        }
    }

    /// How often its limits have been hit so far.
    pub(super) fn hits(&self) -> Hits {
        let count = |file, key| {
            let text = self.cgroups.read(file).unwrap_or_default();
            text.lines().find_map(|line| line.strip_prefix(key)?.trim().parse().ok()).unwrap_or(0)
        };
        Hits { memory: count("memory.events", "oom_kill "), processes: count("pids.events", "max ") }
    }
}

/// For CLONE_INTO_CGROUP.
impl AsFd for Cgroup {
    fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: the descriptor is open as long as `self` is there.
        unsafe { BorrowedFd::borrow_raw(self.place.as_raw_fd()) }
    }
}

/// Opens the cgroup in which that of a grading can be made: the caller's own, or else the one above
/// it. A cgroup that has processes passes no such controller on, unless it is the root of all.
fn find(process: &Path) -> Result<OwnedFd, String> {
    let read = |file: &str| std::fs::read_to_string(process.join(file)).map_err(|error| error.to_string());
    let (cgroups, mounts) = (read("cgroup")?, read("mountinfo")?);
    let own = directory(&cgroups, &mounts).ok_or("no cgroup2 file system shows the own cgroup")?;
    let passes_on = |directory: &&Path| {
        let passed = std::fs::read_to_string(directory.join("cgroup.subtree_control")).unwrap_or_default();
        CONTROLLERS.iter().all(|wanted| passed.split_whitespace().any(|there| there == *wanted))
    };
    let found = own.ancestors().take(2).find(passes_on).ok_or_else(|| {
        let wanted = CONTROLLERS.join(" and ");
        format!("neither {} nor the cgroup above it passes the controllers {wanted} on", own.display())
    })?;
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    sandbox::step(&format!("opening {}", found.display()), nix::fcntl::open(found, flags, Mode::empty()))
}

/// Where a process's own cgroup of version 2 is in the file system, given its `cgroup` and
/// `mountinfo` in /proc.
fn directory(cgroups: &str, mounts: &str) -> Option<PathBuf> {
    let own = cgroups.lines().find_map(|line| line.strip_prefix("0::"))?;
    let mounts = mountinfo::mounts(mounts.as_bytes()).into_iter();
    mounts.filter(|mount| mount.filesystem == "cgroup2").find_map(|mount| {
        let below = Path::new(own).strip_prefix(&mount.root).ok()?;
        Some(mount.point.join(below).components().collect())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::root("0::/", "/", "/sys/fs/cgroup", Some("/sys/fs/cgroup"))]
    #[case::below("0::/a/b", "/", "/sys/fs/cgroup", Some("/sys/fs/cgroup/a/b"))]
    #[case::root_of_mount_is_lower("0::/a/b", "/a", "/mnt", Some("/mnt/b"))]
    #[case::elsewhere("0::/c", "/a", "/mnt", None)]
    #[case::version_1_too(
        "4:memory:/x\n0::/a",
        "/",
        "/sys/fs/cgroup/unified",
        Some("/sys/fs/cgroup/unified/a")
    )]
    #[case::version_1_only("4:memory:/x", "/", "/sys/fs/cgroup", None)]
    fn own_directory(
        #[case] cgroups: &str,
        #[case] root: &str,
        #[case] point: &str,
        #[case] expected: Option<&str>,
    ) {
        let mounts = format!(
            "24 1 0:22 / /proc rw - proc proc rw\n30 24 0:26 {root} {point} rw,nosuid - cgroup2 cgroup2 rw\n"
        );
        assert_eq!(directory(cgroups, &mounts).as_deref(), expected.map(Path::new));
    }

    /// The directory to which the controllers are delegated decides; other directories' names do not.
    #[rstest]
    #[case::own("cpu memory pids", "", Ok("own"))]
    #[case::above("cpu", "memory pids", Ok("above"))]
    #[case::one_is_missing("memory", "pids", Err(()))]
    fn where_it_is_made(#[case] own: &str, #[case] above: &str, #[case] expected: Result<&str, ()>) {
        let scratch = std::env::temp_dir().join(format!("find-{}-{}", std::process::id(), own.len()));
        let tree = scratch.join("tree");
        std::fs::create_dir_all(tree.join("above/own")).unwrap();
        std::fs::write(tree.join("above/own/cgroup.subtree_control"), own).unwrap();
        std::fs::write(tree.join("above/cgroup.subtree_control"), above).unwrap();
        std::fs::write(scratch.join("cgroup"), "0::/above/own\n").unwrap();
        let mount = format!("30 24 0:26 / {} rw - cgroup2 cgroup2 rw\n", tree.display());
        std::fs::write(scratch.join("mountinfo"), mount).unwrap();
        let found = find(&scratch);
        let name = |directory: OwnedFd| {
            let link = format!("/proc/self/fd/{}", directory.as_raw_fd());
            std::fs::read_link(link).unwrap().file_name().unwrap().to_string_lossy().into_owned()
        };
        assert_eq!(found.map(name).map_err(drop), expected.map(str::to_string));
        std::fs::remove_dir_all(&scratch).unwrap();
    }
}
