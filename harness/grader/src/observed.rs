//! A process as the watcher sees it from outside, through /proc.
//!
//! Every look is a line of the check's trace, with the PID by which the stage knows the process.
//! The submission's own output lives in `run`.

use super::abort::CheckAbort;
use super::attributes::ENVIRONMENT;
use super::progress::{Signs, field_of};
use super::stage::Stage;
use super::waiting;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag};
use nix::sys::stat::Mode;
use nsconform_sys::kind::Kind;
use nsconform_sys::mountinfo::{self, MountInfo};
use nsconform_sys::procfs;
pub use nsconform_sys::procfs::ProcessState;
use std::collections::HashSet;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where the watcher's own procfs is mounted: it shows every process of the stage.
pub(super) const PROC: &str = "/grader/proc";

/// A process of the stage.
#[derive(Clone, Copy)]
pub struct ObservedProcess<'s> {
    pub(super) stage: &'s Stage<'s>,
    /// Its PID as the watcher sees it.
    pub(super) pid: i32,
}

/// The identity of a namespace: its kind and the inode number of its file on nsfs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Namespace {
    /// Its kind.
    pub kind: Kind,
    /// `st_ino` of /proc/PID/ns/KIND.
    pub inode: u64,
}

impl std::fmt::Display for Namespace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:[{}]", self.kind.link(), self.inode)
    }
}

impl<'s> ObservedProcess<'s> {
    /// Its PID in the PID namespace of the stage.
    ///
    /// # Errors
    /// When it is gone.
    pub fn pid(&self) -> Result<i32, CheckAbort> {
        Ok(self.pids()?[0])
    }

    /// Its PIDs from the PID namespace of the stage inwards: `NSpid` of proc_pid_status(5).
    ///
    /// # Errors
    /// When it is gone.
    pub fn nspid(&self) -> Result<Vec<i32>, CheckAbort> {
        let pids = self.pids()?;
        self.log(&pids, "NSpid in", "status", &format!("{pids:?}"));
        Ok(pids)
    }

    /// As [`ObservedProcess::nspid`], without a line in the trace.
    fn pids(&self) -> Result<Vec<i32>, CheckAbort> {
        let status = self.read("status")?;
        let line = field_of(&status, "NSpid").unwrap_or_default();
        // The first is the watcher's view, the second that of the stage.
        let pids: Vec<i32> = line.split_whitespace().skip(1).filter_map(|pid| pid.parse().ok()).collect();
        if pids.is_empty() {
            return Err(self.gone("status"));
        }
        Ok(pids)
    }

    /// Whether it is PID 1 of a PID namespace below that of the stage.
    pub(super) fn is_nested_init(&self) -> bool {
        self.pids().is_ok_and(|pids| pids.len() > 1 && pids.last() == Some(&1))
    }

    /// Which namespace of this kind it is in.
    ///
    /// # Errors
    /// When it is gone.
    pub fn namespace(&self, kind: Kind) -> Result<Namespace, CheckAbort> {
        self.namespace_at(kind, kind.link())
    }

    /// Which PID namespace its children will be in: /proc/PID/ns/pid_for_children.
    ///
    /// # Errors
    /// When it is gone, or when that namespace has no process yet (up to Linux 7.0 the link is
    /// empty until then).
    pub fn pid_namespace_for_children(&self) -> Result<Namespace, CheckAbort> {
        self.namespace_at(Kind::Pid, "pid_for_children")
    }

    /// As [`ObservedProcess::namespace`], without a line in the trace.
    pub(super) fn namespace_unseen(&self, kind: Kind) -> Result<Namespace, CheckAbort> {
        let file = format!("ns/{}", kind.link());
        let about = std::fs::metadata(self.path(&file)).map_err(|_| self.gone(&file))?;
        Ok(Namespace { kind, inode: about.ino() })
    }

    fn namespace_at(&self, kind: Kind, link: &str) -> Result<Namespace, CheckAbort> {
        let file = format!("ns/{link}");
        let about = std::fs::metadata(self.path(&file)).map_err(|_| self.gone(&file))?;
        let namespace = Namespace { kind, inode: about.ino() };
        self.log(&self.pids()?, "readlink", &file, &format!("\"{namespace}\""));
        Ok(namespace)
    }

    /// A field of /proc/PID/status, as `CapEff` or `SigCgt`.
    ///
    /// # Errors
    /// When it is gone, or when the kernel shows no such field.
    pub fn status(&self, name: &str) -> Result<String, CheckAbort> {
        let status = self.read("status")?;
        let value = field_of(&status, name)
            .ok_or_else(|| CheckAbort::Engine(format!("the kernel shows no {name} in /proc/PID/status")))?
            .to_string();
        self.log(&self.pids()?, &format!("{name} in"), "status", &value);
        Ok(value)
    }

    /// Its effective capabilities as a bit mask.
    ///
    /// # Errors
    /// When it is gone.
    pub fn effective_capabilities(&self) -> Result<u64, CheckAbort> {
        let text = self.status("CapEff")?;
        u64::from_str_radix(&text, 16).map_err(|_| CheckAbort::Engine(format!("CapEff is {text:?}")))
    }

    /// The content of a file below /proc/PID, as `uid_map` or `setgroups`, with each run of blanks
    /// as one.
    ///
    /// # Errors
    /// When it is gone.
    pub fn text(&self, file: &str) -> Result<String, CheckAbort> {
        let lines: Vec<String> = self
            .read(file)?
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        let text = lines.join("\n");
        self.log(&self.pids()?, "read", file, &format!("{text:?}"));
        Ok(text)
    }

    /// The words it was started with.
    ///
    /// # Errors
    /// When it is gone.
    pub fn command_line(&self) -> Result<Vec<String>, CheckAbort> {
        let words = command_line(self.pid).ok_or_else(|| self.gone("cmdline"))?;
        self.log(&self.pids()?, "read", "cmdline", &format!("{words:?}"));
        Ok(words)
    }

    /// The name of its program, cut to 15 bytes by the kernel.
    ///
    /// # Errors
    /// When it is gone.
    pub fn name(&self) -> Result<String, CheckAbort> {
        self.text("comm")
    }

    /// Its state letter.
    ///
    /// # Errors
    /// When it is gone.
    pub fn state(&self) -> Result<ProcessState, CheckAbort> {
        let status = self.status("State")?;
        status.chars().next().ok_or_else(|| self.gone("status"))
    }

    /// Whether it does nothing until something wakes it: each of its threads sleeps, has been stopped, or
    /// waits for a child that vfork(2) or the like has created. For waiting, so without a line in the
    /// trace.
    pub fn is_asleep(&self) -> bool {
        let before = scheduling(self.pid);
        let threads: Vec<PathBuf> = threads(self.pid).filter(|thread| is_alive(thread)).collect();
        // One may wake another that was looked at before, and sleep itself: then it has run meanwhile.
        !threads.is_empty()
            && threads.iter().all(|thread| is_asleep(thread))
            && (threads.len() == 1 || scheduling(self.pid) == before)
    }

    /// Whether it has been stopped, and all its threads have left the processor: one that stops is shown so
    /// a moment before. Or it is gone.
    pub fn has_stopped(&self) -> bool {
        let has_left = |thread: &Path| {
            // True if the kernel does not show it.
            std::fs::read_to_string(thread.join("syscall")).map_or(true, |text| text.trim() != "running")
        };
        threads(self.pid).all(|thread| procfs::state(&thread) == Some('T') && has_left(&thread))
    }

    /// How long it has run without any sign of progress: no page of memory was touched for the first
    /// time, no byte was read or written, no other program was executed. A program that loads its
    /// modules makes progress, one that loops does not.
    pub fn idle_run_time(&self) -> Duration {
        let (Ok(run_time), Some(signs)) = (self.run_time(), Signs::of(&directory(self.pid))) else {
            return Duration::ZERO;
        };
        self.stage.state.borrow_mut().progress.idle_run_time(self.pid, run_time, signs)
    }

    /// For how long it has been seen in nothing but system calls that end after some time by themselves,
    /// without any sign of progress: not counting the time in which the machine did something else. None
    /// while it is in no such call, or if the kernel does not show it. For waiting, so without a line in
    /// the trace.
    pub fn nap_time(&self) -> Option<Duration> {
        let call = std::fs::read_to_string(self.path("syscall")).ok();
        let naps = call
            .and_then(|text| waiting::call(&text))
            .is_some_and(|(call, arguments)| waiting::has_time_limit(call, &arguments));
        let signs = Signs::of(&directory(self.pid)).filter(|_| naps);
        let state = &mut *self.stage.state.borrow_mut();
        state.progress.nap_time(self.pid, signs, state.clock.charged())
    }

    /// Whether it leads a process group of its own.
    ///
    /// # Errors
    /// When it is gone.
    pub fn leads_group(&self) -> Result<bool, CheckAbort> {
        let [group, _] = self.groups()?;
        Ok(group == self.pid)
    }

    /// Whether its process group is the foreground group of its terminal.
    ///
    /// # Errors
    /// When it is gone.
    pub fn is_in_foreground(&self) -> Result<bool, CheckAbort> {
        let [group, foreground] = self.groups()?;
        Ok(group == foreground)
    }

    /// Its process group and the foreground group of its terminal, as the watcher numbers them.
    fn groups(&self) -> Result<[i32; 2], CheckAbort> {
        let stat = procfs::stat(&directory(self.pid)).ok_or_else(|| self.gone("stat"))?;
        let field = |number: usize| stat.get(number)?.parse::<i32>().ok();
        let (Some(group), Some(foreground)) = (field(2), field(5)) else { return Err(self.gone("stat")) };
        let leads = if group == self.pid { "its own" } else { "another's" };
        let shown = if group == foreground { "" } else { "not " };
        self.log(&self.pids()?, "pgrp and tpgid in", "stat", &format!("{leads}, {shown}in the foreground"));
        Ok([group, foreground])
    }

    /// Nanoseconds that its threads have run: the first number of their /proc/PID/task/TID/schedstat.
    ///
    /// # Errors
    /// When it is gone.
    pub fn run_time(&self) -> Result<u64, CheckAbort> {
        let threads = scheduling(self.pid);
        if threads.is_empty() {
            return Err(self.gone("schedstat"));
        }
        Ok(threads.iter().map(|(_, [ran, _])| ran).sum())
    }

    /// The number of the system call in which it waits: the first word of /proc/PID/syscall; none if
    /// it waits in none, or if the kernel does not show it.
    pub fn system_call(&self) -> Option<i64> {
        let text = self.read("syscall").ok()?;
        self.log(&self.pids().ok()?, "read", "syscall", &format!("{:?}", text.trim()));
        waiting::call(&text).map(|(call, _)| call)
    }

    /// The status with which it has ended, as wait(2) gives it, while nobody has waited for it.
    ///
    /// # Errors
    /// When it is gone.
    pub fn status_at_end(&self) -> Result<i32, CheckAbort> {
        let stat = procfs::stat(&directory(self.pid)).ok_or_else(|| self.gone("stat"))?;
        // The last field of proc_pid_stat(5), number 52; the list begins with the third.
        let status = stat.get(52 - 3).and_then(|text| text.parse().ok()).ok_or_else(|| self.gone("stat"))?;
        self.log(&self.pids()?, "exit_code in", "stat", &format!("{status}"));
        Ok(status)
    }

    /// Whether the system call in which it waits ends after some time, even if nothing happens: with a
    /// time limit, or a sleep. None while it is in none; false if the kernel does not show it.
    pub fn waits_for_a_time(&self) -> Option<bool> {
        let Ok(text) = self.read("syscall") else { return Some(false) };
        if let Ok(pids) = self.pids() {
            self.log(&pids, "read", "syscall", &format!("{:?}", text.trim()));
        }
        waiting::call(&text).map(|(call, arguments)| waiting::has_time_limit(call, &arguments))
    }

    /// Its working directory, as the stage names it.
    ///
    /// # Errors
    /// When it is gone.
    pub fn directory(&self) -> Result<PathBuf, CheckAbort> {
        let directory = std::fs::read_link(self.path("cwd")).map_err(|_| self.gone("cwd"))?;
        self.log(&self.pids()?, "readlink", "cwd", &format!("{directory:?}"));
        Ok(directory)
    }

    /// The environment that it was started with.
    ///
    /// # Errors
    /// When it is gone.
    pub fn environment(&self) -> Result<Vec<String>, CheckAbort> {
        let variables = strings(&self.path("environ")).ok_or_else(|| self.gone("environ"))?;
        self.log(&self.pids()?, "read", "environ", &format!("{variables:?}"));
        Ok(variables)
    }

    /// The signals of a mask in /proc/PID/status, as `SigIgn`; signal 1 is bit 0.
    ///
    /// # Errors
    /// When it is gone.
    pub fn signals(&self, mask: &str) -> Result<u64, CheckAbort> {
        let text = self.status(mask)?;
        u64::from_str_radix(&text, 16).map_err(|_| CheckAbort::Engine(format!("{mask} is {text:?}")))
    }

    /// Its open descriptors, with what they are open on.
    ///
    /// # Errors
    /// When it is gone.
    pub fn descriptors(&self) -> Result<Vec<(i32, PathBuf)>, CheckAbort> {
        let entries = std::fs::read_dir(self.path("fd")).map_err(|_| self.gone("fd"))?;
        let mut found: Vec<(i32, PathBuf)> = entries
            .flatten()
            .filter_map(|entry| {
                let number = entry.file_name().to_str()?.parse().ok()?;
                Some((number, std::fs::read_link(entry.path()).ok()?))
            })
            .collect();
        found.sort();
        let shown: Vec<String> =
            found.iter().map(|(number, target)| format!("{number} -> {}", target.display())).collect();
        self.log(&self.pids()?, "readlink", "fd/*", &shown.join(", "));
        Ok(found)
    }

    /// Its mounts.
    ///
    /// # Errors
    /// When it is gone.
    pub fn mounts(&self) -> Result<Vec<MountInfo>, CheckAbort> {
        let mounts = mountinfo::mounts(self.read("mountinfo")?.as_bytes());
        self.log(&self.pids()?, "read", "mountinfo", &format!("{} mounts", mounts.len()));
        Ok(mounts)
    }

    /// Its children that have not been waited for, zombies among them; a process joined from
    /// another PID namespace counts where its parent is.
    pub fn children(&self) -> Vec<ObservedProcess<'s>> {
        let found = processes().into_iter().filter(|pid| parent(*pid) == Some(self.pid));
        found.map(|pid| ObservedProcess { stage: self.stage, pid }).collect()
    }

    /// Its parent, if that is a process of the stage.
    pub fn parent(&self) -> Option<ObservedProcess<'s>> {
        let pid = parent(self.pid)?;
        (self.stage.holds(pid)).then_some(ObservedProcess { stage: self.stage, pid })
    }

    /// Whether it is still there and not a zombie. Its first thread may have ended before others.
    pub fn is_alive(&self) -> bool {
        threads(self.pid).any(|thread| is_alive(&thread))
    }

    /// Whether it is there at all, as a zombie perhaps.
    pub fn exists(&self) -> bool {
        state(self.pid).is_some()
    }

    /// The path of a file below its /proc directory, as the watcher reaches it.
    pub(super) fn path(&self, file: &str) -> PathBuf {
        directory(self.pid).join(file)
    }

    /// Opens the file of its namespace of this kind.
    pub(super) fn open_namespace(&self, kind: Kind) -> Result<OwnedFd, CheckAbort> {
        let file = format!("ns/{}", kind.link());
        std::fs::File::open(self.path(&file)).map(OwnedFd::from).map_err(|_| self.gone(&file))
    }

    fn read(&self, file: &str) -> Result<String, CheckAbort> {
        std::fs::read_to_string(self.path(file)).map_err(|_| self.gone(file))
    }

    fn gone(&self, file: &str) -> CheckAbort {
        CheckAbort::mismatch(
            "the process is still there to be looked at",
            format!("it has ended: /proc/PID/{file} cannot be read"),
        )
    }

    fn log(&self, pids: &[i32], verb: &str, file: &str, answer: &str) {
        let path = format!("/proc/{}/{file}", pids[0]);
        let call = if verb.ends_with(" in") { format!("{verb} {path}") } else { format!("{verb}({path:?})") };
        self.stage.trace(format!("{call} = {answer}"));
    }
}

impl PartialEq for ObservedProcess<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.pid == other.pid
    }
}

/// The PIDs of all processes that the watcher's procfs shows.
pub(super) fn processes() -> Vec<i32> {
    let Ok(entries) = std::fs::read_dir(PROC) else { return Vec::new() };
    let mut pids: Vec<i32> =
        entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    pids.sort_unstable();
    pids
}

/// The directory of a process, as the watcher reaches it.
fn directory(pid: i32) -> PathBuf {
    Path::new(PROC).join(pid.to_string())
}

fn state(pid: i32) -> Option<ProcessState> {
    procfs::state(&directory(pid))
}

pub(super) fn parent(pid: i32) -> Option<i32> {
    procfs::stat(&directory(pid))?.get(1)?.parse().ok()
}

pub(super) fn command_line(pid: i32) -> Option<Vec<String>> {
    strings(&directory(pid).join("cmdline"))
}

/// The strings of a file in which each one ends with a null byte.
fn strings(file: &Path) -> Option<Vec<String>> {
    let text = std::fs::read(file).ok()?;
    let strings = text.split(|byte| *byte == 0).map(|string| String::from_utf8_lossy(string).into_owned());
    let mut strings: Vec<String> = strings.collect();
    strings.pop();
    Some(strings)
}

/// The file, by device and inode, that a process executes.
pub(super) fn image(pid: i32) -> Option<(u64, u64)> {
    std::fs::metadata(directory(pid).join("exe")).ok().map(|about| (about.dev(), about.ino()))
}

/// The same of a program of the system's, by its path or as it is found in PATH.
pub(super) fn system_program(name: &str) -> Option<(u64, u64)> {
    let path = ENVIRONMENT.iter().find_map(|variable| variable.strip_prefix("PATH="))?;
    let directories = if name.contains('/') { "" } else { path };
    let mut candidates = directories.split(':').map(|directory| Path::new(directory).join(name));
    let found = candidates.find_map(|path| std::fs::metadata(path).ok())?;
    Some((found.dev(), found.ino()))
}

/// Bytes of memory that a process has in use: the second number of proc_pid_statm(5), in pages.
pub(super) fn resident(pid: i32) -> u64 {
    let text = std::fs::read_to_string(format!("{PROC}/{pid}/statm")).unwrap_or_default();
    let pages: u64 = text.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0);
    pages * page_size()
}

/// Bytes that files take in the file systems in memory that these processes have mounted.
pub(super) fn in_memory_files(pids: &[i32]) -> u64 {
    let (mut spaces, mut counted) = (HashSet::new(), HashSet::new());
    let mut sum = 0;
    for pid in pids {
        // Each mount namespace once: a submission may have many mounts.
        let Ok(space) = std::fs::metadata(format!("{PROC}/{pid}/ns/mnt")) else { continue };
        if !spaces.insert(space.ino()) {
            continue;
        }
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let Ok(root) = nix::fcntl::open(format!("{PROC}/{pid}/root").as_str(), flags, Mode::empty()) else {
            continue;
        };
        for mount in mountinfo::mounts_of(format!("{PROC}/{pid}/mountinfo")).unwrap_or_default() {
            if !matches!(mount.filesystem.as_str(), "tmpfs" | "ramfs") {
                continue;
            }
            // No link that the submission may have put on the way is followed.
            let how = OpenHow::new()
                .flags(OFlag::O_PATH | OFlag::O_CLOEXEC)
                .resolve(ResolveFlag::RESOLVE_IN_ROOT | ResolveFlag::RESOLVE_NO_SYMLINKS);
            let Ok(point) = nix::fcntl::openat2(&root, &mount.point, how) else { continue };
            let (Ok(about), Ok(used)) = (nix::sys::stat::fstat(&point), nix::sys::statvfs::fstatvfs(&point))
            else {
                continue;
            };
            if counted.insert(about.st_dev) {
                sum += (used.blocks() - used.blocks_free()) * used.fragment_size();
            }
        }
    }
    sum
}

/// The threads of a process, each with the nanoseconds that it has run and those that it has waited
/// for a processor: proc_pid_schedstat(5).
pub(super) fn scheduling(pid: i32) -> Vec<(i32, [u64; 2])> {
    let Ok(entries) = std::fs::read_dir(format!("{PROC}/{pid}/task")) else { return Vec::new() };
    let threads = entries.flatten().filter_map(|entry| {
        let thread = entry.file_name().to_str()?.parse().ok()?;
        let text = std::fs::read_to_string(entry.path().join("schedstat")).ok()?;
        let mut numbers = text.split_whitespace().map(str::parse);
        Some((thread, [numbers.next()?.ok()?, numbers.next()?.ok()?]))
    });
    threads.collect()
}

/// Whether a thread is ready to run, whether it runs or waits for a processor.
pub(super) fn is_ready(pid: i32, thread: i32) -> bool {
    procfs::state(&directory(pid).join(format!("task/{thread}"))) == Some('R')
}

/// The directories of the threads of a process, zombies among them; none if it is gone.
fn threads(pid: i32) -> impl Iterator<Item = PathBuf> {
    std::fs::read_dir(directory(pid).join("task")).into_iter().flatten().flatten().map(|entry| entry.path())
}

fn is_alive(thread: &Path) -> bool {
    !matches!(procfs::state(thread), None | Some('Z' | 'X'))
}

fn is_asleep(thread: &Path) -> bool {
    match procfs::state(thread) {
        // T, and t where a tracer has stopped it.
        Some('T' | 't') => true,
        // D is for whatever cannot be interrupted, as reading from a disk, which is no waiting.
        Some('D') => waits_for_vfork(thread),
        _ => procfs::is_asleep(thread),
    }
}

/// Whether the kernel holds a process up: it is in an uninterruptible sleep that is not the wait of
/// vfork(2) for the child.
pub(super) fn is_held_up(pid: i32) -> bool {
    let process = directory(pid);
    procfs::state(&process) == Some('D') && !waits_for_vfork(&process)
}

/// Whether a thread waits in a system call that creates a process: vfork(2), or clone(2) with
/// CLONE_VFORK.
fn waits_for_vfork(thread: &Path) -> bool {
    let text = std::fs::read_to_string(thread.join("syscall"));
    text.is_ok_and(|text| waiting::call(&text).is_some_and(|(call, _)| waiting::creates_a_process(call)))
}

fn page_size() -> u64 {
    // SAFETY: sysconf(3) with a constant name.
    u64::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096)
}
