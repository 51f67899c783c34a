//! Creating the watcher: the process that plays the checks, PID 1 and root of namespaces of its own.
//!
//! Its file system is built in `place`, its work is in `grader`.

use super::assignment::SubmissionCredentials;
use super::attributes;
use super::cgroup::Cgroup;
use nix::unistd::Pid;
use std::io::{Read, Write};
use std::os::unix::fs::MetadataExt;

/// The uid and the gid of [`SubmissionCredentials::User`] on the stage: two numbers, as a program may
/// take one for the other.
pub(super) const USER: u32 = 1000;
const GROUP: u32 = 1001;
/// The id that the stage's one id is in the watcher's user namespace, where that maps several.
pub(super) const UNPRIVILEGED: u32 = 1000;
/// How many ids the watcher's user namespace maps, where several can be had.
const IDS: u32 = 4096;
/// The first id of the machine's that is used for them: far from those of users, services and the
/// usual containers.
const FIRST_ID: u32 = 1_900_000_000;

/// The user and the group id of a submission with these credentials.
pub(super) fn ids_of(credentials: SubmissionCredentials) -> [u32; 2] {
    if credentials == SubmissionCredentials::Root { [0, 0] } else { [USER, GROUP] }
}

/// The features of the machine that a grading can use.
#[derive(Clone, Copy)]
pub(super) struct HostSupport<'g> {
    /// Whether the watcher's user namespace maps several ids; if not, everything has the id of whoever grades.
    pub(super) several: bool,
    /// Whether setgroups(2) had to be denied in it.
    pub(super) setgroups_denied: bool,
    /// How many processes the machine has of the id that a submission gets.
    pub(super) processes: u64,
    /// The cgroup that limits all processes of a submission together, if there can be one.
    pub(super) cgroup: Option<&'g Cgroup>,
}

/// The two returns of [`become_watcher`].
pub(super) enum Fork {
    /// In the watcher: what its user namespace supports.
    Watcher(HostSupport<'static>),
    /// In the caller: the watcher's PID.
    Caller(Pid),
}

/// Creates the watcher: a child that is PID 1 and root of namespaces of its own. Returns twice.
///
/// # Errors
/// Says which call failed: without user namespaces nothing can be graded.
pub(super) fn become_watcher() -> Result<Fork, String> {
    let flags = libc::CLONE_NEWUSER
        | libc::CLONE_NEWPID
        | libc::CLONE_NEWNS
        | libc::CLONE_NEWIPC
        | libc::CLONE_NEWUTS
        | libc::CLONE_NEWNET
        | libc::SIGCHLD;
    let (mut mapped, maps) = std::io::pipe().map_err(|error| format!("pipe: {error}"))?;
    // SAFETY: without CLONE_VM the child has a copy of everything, and the caller has one thread.
    let pid = unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) };
    match pid {
        -1 => Err(format!(
            "clone(CLONE_NEWUSER|CLONE_NEWPID|...): {}",
            nsconform_sys::errno::Errno::last().describe()
        )),
        0 => {
            drop(maps);
            let mut said = [0; 2];
            if mapped.read_exact(&mut said).is_err() {
                // SAFETY: ends the child, which has done nothing yet.
                unsafe { libc::_exit(1) }
            }
            let [several, setgroups_denied] = said.map(|byte| byte == b'y');
            // SAFETY: plain calls on numbers.
            unsafe {
                libc::setresgid(0, 0, 0);
                libc::setresuid(0, 0, 0);
                // A parent that ended before this is noticed at the first word to it.
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
                // The change of ids took it away, and with it the sight of our children's /proc.
                libc::prctl(libc::PR_SET_DUMPABLE, 1);
                // The directories of the place are for everybody, whoever grades.
                libc::umask(0o022);
            }
            // With SIGCHLD ignored, as it may have been inherited, no child has a status.
            attributes::reset_signals();
            // A submission that closes its standard input is not to end the watcher.
            // SAFETY: plain call on numbers.
            unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
            forget_command_line();
            Ok(Fork::Watcher(HostSupport { several, setgroups_denied, processes: 0, cgroup: None }))
        }
        pid => {
            let pid = Pid::from_raw(pid as i32);
            let (several, denied) = map_watcher(pid)?;
            let letter = |yes| if yes { b'y' } else { b'n' };
            let _ = (&maps).write_all(&[letter(several), letter(denied)]);
            Ok(Fork::Caller(pid))
        }
    }
}

/// Clears the words and the environment that this process was started with: everybody on a stage
/// can read those of its PID 1, which is a copy of the watcher, and the seed and the paths of the
/// machine are among them.
fn forget_command_line() {
    // proc_pid_stat(5): arg_start, arg_end, env_start and env_end are fields 48 to 51, and the list
    // begins with the third.
    let fields = nsconform_sys::procfs::stat(std::path::Path::new("/proc/self")).unwrap_or_default();
    let address = |number: usize| fields.get(number - 3).and_then(|field| field.parse::<usize>().ok());
    // SAFETY: nothing reads the environment of the watcher after this; its programs get one of their
    // own.
    unsafe {
        libc::clearenv();
    }
    for (start, end) in [(48, 49), (50, 51)] {
        if let (Some(start), Some(end)) = (address(start), address(end))
            && start != 0
            && start < end
        {
            // SAFETY: the kernel says that the strings of execve(2) are here; they are this process's own
            // and writable, and nobody has a reference to them: the library copies what it gives out.
            unsafe { std::ptr::write_bytes(start as *mut u8, 0, end - start) };
        }
    }
    // SAFETY: a C string that outlives the call.
    unsafe { libc::prctl(libc::PR_SET_NAME, c"watcher".as_ptr()) };
}

/// Maps the ids of the watcher's user namespace: several where our privileges allow it.
fn map_watcher(watcher: Pid) -> Result<(bool, bool), String> {
    let write = |file: &str, text: &str| {
        let path = format!("/proc/{watcher}/{file}");
        std::fs::write(&path, text).map_err(|error| format!("writing {path}: {error}"))
    };
    for first in [FIRST_ID, USER] {
        let map = format!("0 {} 1\n1 {first} {IDS}", 0);
        if nix::unistd::geteuid().is_root() && write("uid_map", &map).is_ok() {
            write("gid_map", &map)?;
            return Ok((true, false));
        }
    }
    write("setgroups", "deny")?;
    write("uid_map", &format!("0 {} 1", nix::unistd::geteuid()))?;
    write("gid_map", &format!("0 {} 1", nix::unistd::getegid()))?;
    Ok((false, true))
}

/// How many processes the machine has of the id that submissions get: what RLIMIT_NPROC counts.
pub(super) fn processes_of_submissions(several: bool) -> u64 {
    let uid = if several { FIRST_ID + UNPRIVILEGED - 1 } else { nix::unistd::geteuid().as_raw() };
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter(|entry| entry.metadata().is_ok_and(|about| about.uid() == uid)).count() as u64
}
