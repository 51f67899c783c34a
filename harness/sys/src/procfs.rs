//! Readers of a process's or thread's directory in a procfs: the engine reads its own procfs, the
//! grader's watcher another one.
//!
//! Callers draw the conclusions.

use nix::fcntl::OFlag;
use nix::sys::stat::Mode;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::path::Path;
use std::time::Duration;

/// The state letter, as proc_pid_stat(5) lists them: `Z` is a zombie.
pub type ProcessState = char;

/// The fields of `stat` from the state on (proc_pid_stat(5)): what stands before may hold anything.
/// None if there is no such task any more.
pub fn stat(task: &Path) -> Option<Vec<String>> {
    stat_fields(&std::fs::read_to_string(task.join("stat")).ok()?)
}

/// The fields of a text like that of `stat`, from the state on.
pub fn stat_fields(stat: &str) -> Option<Vec<String>> {
    let (_, rest) = stat.rsplit_once(") ")?;
    Some(rest.split_whitespace().map(str::to_string).collect())
}

/// Its state; none if it is gone.
pub fn state(task: &Path) -> Option<ProcessState> {
    stat(task)?.first()?.chars().next()
}

/// Whether it sleeps until something wakes it.
pub fn is_asleep(task: &Path) -> bool {
    // One that has lost the processor on its way into a sleep, which it may not even need, as that
    // of waitpid(2) with WNOHANG, shows S as well; proc_pid_syscall(5) knows better. The state is
    // asked again after that, as one that has ended meanwhile does not run either.
    let runs = || std::fs::read_to_string(task.join("syscall")).is_ok_and(|text| text.starts_with("running"));
    let sleeps = || state(task) == Some('S');
    sleeps() && !runs() && sleeps()
}

/// The processes, by their PIDs in the PID namespace of the procfs, that are in the PID namespace of
/// this one or in one below it; itself, that namespace's init, is not among them.
///
/// `proc` is the root directory of the procfs. Processes that end meanwhile, and those that the
/// caller may not look at, are left out.
pub fn members_below(proc: BorrowedFd, init: i32) -> Vec<i32> {
    let Some(whole) = open_pid_namespace(proc, init).and_then(|namespace| identity(&namespace)) else {
        return Vec::new();
    };
    let mut members = numbered(proc);
    members.retain(|pid| *pid != init && is_below(proc, *pid, whole));
    members
}

/// The use that the threads of a process have made of processors, together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProcessorUse {
    /// How long they have run, as proc_pid_stat(5) counts it: `utime` and `stime`.
    pub ran: Duration,
    /// How long they have waited although they could run, as the second field of `schedstat` tells:
    /// none of a wait that has not ended, and none where the kernel keeps no such count.
    pub waited: Duration,
    /// Whether one of them runs, or could.
    pub runnable: bool,
    /// Whether one of them is in the state `D` of proc_pid_stat(5): it waits for something of the kernel.
    pub uninterruptible: bool,
}

/// The use that a process has made of processors; none if it is gone or cannot be looked at.
pub fn processor_use(proc: BorrowedFd, pid: i32) -> Option<ProcessorUse> {
    let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC;
    let read = |path: String| {
        let file = nix::fcntl::openat(proc, path.as_str(), flags, Mode::empty()).ok()?;
        std::io::read_to_string(std::fs::File::from(file)).ok()
    };
    // SAFETY: takes a number only.
    let tick = Duration::from_secs(1) / unsafe { libc::sysconf(libc::_SC_CLK_TCK) }.max(1) as u32;
    let threads = nix::fcntl::openat(proc, format!("{pid}/task").as_str(), flags, Mode::empty()).ok()?;
    let mut found = ProcessorUse::default();
    for thread in numbered(threads.as_fd()) {
        // Threads come and go.
        let Some(fields) = read(format!("{pid}/task/{thread}/stat")).as_deref().and_then(stat_fields) else {
            continue;
        };
        let ticks = fields.iter().skip(11).take(2).filter_map(|field| field.parse::<u32>().ok()).sum();
        found.ran += tick.saturating_mul(ticks);
        let state = fields.first().map(String::as_str);
        found.runnable |= state == Some("R");
        found.uninterruptible |= state == Some("D");
        let statistics = read(format!("{pid}/task/{thread}/schedstat")).unwrap_or_default();
        let waited = statistics.split_whitespace().nth(1).and_then(|field| field.parse().ok());
        found.waited += Duration::from_nanos(waited.unwrap_or(0));
    }
    Some(found)
}

/// The processes that a procfs lists.
fn numbered(proc: BorrowedFd) -> Vec<i32> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let Ok(mut directory) = nix::dir::Dir::openat(proc, ".", flags, Mode::empty()) else {
        return Vec::new();
    };
    // An error says the same at each further question: a list that it breaks off has no more.
    let names = directory.iter().map_while(Result::ok);
    names.filter_map(|entry| entry.file_name().to_str().ok()?.parse().ok()).collect()
}

/// How deep PID namespaces nest at most (pid_namespaces(7)).
const DEEPEST: usize = 32;

fn is_below(proc: BorrowedFd, pid: i32, whole: (u64, u64)) -> bool {
    /// `NS_GET_PARENT` of linux/nsfs.h.
    const NS_GET_PARENT: libc::c_int = 0xb702;
    let mut next = open_pid_namespace(proc, pid);
    for _ in 0..DEEPEST {
        let Some(namespace) = next else { return false };
        if identity(&namespace) == Some(whole) {
            return true;
        }
        // SAFETY: takes numbers only; the result is new and ours.
        next = unsafe {
            let parent = libc::ioctl(namespace.as_raw_fd(), NS_GET_PARENT as _);
            (parent >= 0).then(|| OwnedFd::from_raw_fd(parent))
        };
    }
    false
}

fn open_pid_namespace(proc: BorrowedFd, pid: i32) -> Option<OwnedFd> {
    let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC;
    nix::fcntl::openat(proc, format!("{pid}/ns/pid").as_str(), flags, Mode::empty()).ok()
}

fn identity(file: &OwnedFd) -> Option<(u64, u64)> {
    let found = nix::sys::stat::fstat(file).ok()?;
    Some((found.st_dev, found.st_ino))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reap;

    #[test]
    fn a_busy_process_has_run_and_is_runnable() {
        let proc = std::fs::File::open("/proc").unwrap();
        let own = std::process::id() as i32;
        let end = std::time::Instant::now() + Duration::from_secs(60);
        let mut found = processor_use(proc.as_fd(), own).unwrap();
        while found.ran.is_zero() && std::time::Instant::now() < end {
            found = processor_use(proc.as_fd(), own).unwrap();
        }
        assert!(found.runnable && !found.ran.is_zero(), "{found:?}");
        assert_eq!(processor_use(proc.as_fd(), 0), None);
    }

    /// The init of a PID namespace with a member, and another process beside them, are told apart.
    #[test]
    fn members_of_a_pid_namespace_are_found_and_nobody_else() {
        const PATIENCE: Duration = Duration::from_secs(20);
        let sleeps = || loop {
            // SAFETY: async-signal-safe.
            unsafe { libc::pause() };
        };
        let (reader, writer) = nix::unistd::pipe2(OFlag::O_CLOEXEC).unwrap();
        let flags = libc::c_long::from(libc::CLONE_NEWPID | libc::SIGCHLD);
        // SAFETY: the children make async-signal-safe system calls only.
        let init = match unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) } {
            0 => {
                if unsafe { libc::fork() } == 0 {
                    unsafe { libc::write(writer.as_raw_fd(), b"!".as_ptr().cast(), 1) };
                }
                sleeps()
            }
            // An ordinary user may not create one; root's run of the tests does.
            -1 => return,
            pid => pid as i32,
        };
        // SAFETY: as above.
        let beside = match unsafe { libc::fork() } {
            0 => sleeps(),
            pid => pid,
        };
        assert!(reap::readable(reader.as_raw_fd(), PATIENCE));
        let proc = std::fs::File::open("/proc").unwrap();
        let members = members_below(proc.as_fd(), init);
        assert!(members.len() == 1 && !members.contains(&beside) && !members.contains(&init), "{members:?}");
        assert!(reap::kill_within(init, PATIENCE) && reap::kill_within(beside, PATIENCE));
        assert!(members_below(proc.as_fd(), init).is_empty());
    }
}
