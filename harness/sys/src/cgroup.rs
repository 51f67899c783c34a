//! Cgroups for jobs: a directory in the version 2 hierarchy for each job that needs one. The limits
//! of a grading live in the grader's module `cgroup`.
//!
//! Jobs need cgroups, and no namespace removes them when it ends, so nsconform must remove the
//! directories however it ends itself. Their owner (the fork server, say) removes a job's directory
//! when the job has ended. The *keeper*, a process in a session of its own, waits until the owner
//! ends, by SIGKILL or Ctrl-C as well, and removes the rest. If something kills both at once, the
//! next start removes the rest: a directory that nobody holds locked belongs to nobody.
//!
//! The directories for cases lie below the cgroup that nsconform was started in, so its limits hold.
//! The process reaches them through a mount that it never attaches to any path. It mounts from a new
//! cgroup namespace: a mount from the initial one would set the options of the hierarchy
//! (`nsdelegate` and others) for the whole machine.

use crate::descriptors;
use crate::reap;
use crate::sandbox::step;
use crate::single_threaded::SingleThreaded;
use crate::wire;
use nix::dir::{Dir, Type};
use nix::errno::Errno as Error;
use nix::fcntl::OFlag;
use nix::sys::stat::Mode;
use nix::unistd::{UnlinkatFlags, unlinkat};
use std::ffi::CStr;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::{Duration, Instant};

/// The names of our directories begin with this; the PID of their owner follows.
const PREFIX: &str = "nsconform-";

/// How long to wait for processes that were killed to leave their cgroup.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long the keeper may take to find the root directory.
const KEEPER_TIME: Duration = Duration::from_secs(20);

/// The cgroups of one process.
pub struct Cgroups {
    /// The cgroup in which all of them lie.
    root: OwnedFd,
    /// The directory of this process; locked for as long as it is open.
    own: OwnedFd,
    name: String,
    /// Ends after what it would have to remove is gone.
    _keeper: Keeper,
}

/// The keeper as its parent sees it.
struct Keeper {
    /// The keeper waits until this is closed.
    socket: Option<OwnedFd>,
    pid: nix::unistd::Pid,
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.socket.take());
        // Whoever waits for the parent's end shall find nothing left.
        if let Ok(None) = reap::within(self.pid.as_raw(), PATIENCE * 2) {
            reap::kill_within(self.pid.as_raw(), PATIENCE);
        }
    }
}

/// The directory of one job.
pub struct Place(OwnedFd);

impl Cgroups {
    /// Starts the keeper and makes this process's directory in the one that `find` gives, which is
    /// called in the keeper.
    ///
    /// # Errors
    /// Says which call failed.
    pub fn start(_: &SingleThreaded, find: fn() -> Result<OwnedFd, String>) -> Result<Cgroups, String> {
        let (ours, theirs) = wire::pair().map_err(|error| format!("socketpair: {error}"))?;
        // SAFETY: this process has one thread, so the child's copy of the heap is consistent.
        let pid = match step("fork", unsafe { nix::unistd::fork() })? {
            nix::unistd::ForkResult::Child => {
                drop(ours);
                keep(&theirs, find);
                // SAFETY: ends the keeper; nothing of the caller's is run twice.
                unsafe { libc::_exit(0) }
            }
            nix::unistd::ForkResult::Parent { child } => child,
        };
        drop(theirs);
        let socket = ours.as_raw_fd();
        let keeper = Keeper { socket: Some(ours), pid };
        let mut message = [0; 512];
        if !reap::readable(socket, KEEPER_TIME) {
            return Err(format!(
                "the keeper of the cgroups does not answer within {} s",
                KEEPER_TIME.as_secs()
            ));
        }
        let received = wire::receive(socket, &mut message).map_err(|error| error.to_string())?;
        let root = received
            .descriptor
            .ok_or_else(|| String::from_utf8_lossy(&message[..received.length]).into_owned())?;
        let name = format!("{PREFIX}{}", nix::unistd::getpid());
        let own = {
            let _nobody_sweeps = Locked::new(&root)?;
            sweep(&root);
            step("making a cgroup", make(&root, name.as_str()))?;
            let own = step("opening it", open(&root, name.as_str()))?;
            step("flock", lock(&own, libc::LOCK_EX | libc::LOCK_NB))?;
            if let Err(why) = step("listing it", directories(&own)) {
                // Nothing could be removed later.
                step("removing it", unlinkat(&root, name.as_str(), UnlinkatFlags::RemoveDir))?;
                return Err(why);
            }
            own
        };
        Ok(Cgroups { root, own, name, _keeper: keeper })
    }

    /// Makes the directory of the job in this slot.
    ///
    /// # Errors
    /// Says which call failed.
    pub fn make(&self, slot: usize) -> Result<Place, String> {
        let name = slot.to_string();
        step("mkdir", make(&self.own, name.as_str()))?;
        step("opening it", open(&self.own, name.as_str())).map(Place)
    }

    /// Writes to a file of the directory that all jobs are in.
    ///
    /// # Errors
    /// Those of open(2) and write(2).
    pub fn write(&self, file: &str, text: &str) -> nix::Result<()> {
        write(&self.own, file, text)
    }

    /// The content of a file of this directory.
    ///
    /// # Errors
    /// Those of open(2) and read(2).
    pub fn read(&self, file: &str) -> std::io::Result<String> {
        read(&self.own, file)
    }

    /// Removes the directory of the job in this slot, and all below; its processes have ended.
    pub fn remove(&self, slot: usize) {
        patiently(|| remove(&self.own, &slot.to_string()).is_ok());
    }
}

impl Drop for Cgroups {
    fn drop(&mut self) {
        patiently(|| remove(&self.root, &self.name).is_ok());
    }
}

impl Place {
    /// Moves the calling process into the directory and makes it the root of a new cgroup
    /// namespace: what a case sees and can reach by a mount of its own begins here.
    ///
    /// # Errors
    /// Says which call failed.
    pub fn enter(&self) -> Result<(), String> {
        step("moving into a cgroup of its own", write(&self.0, "cgroup.procs", "0"))?;
        step("unshare(CLONE_NEWCGROUP)", nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWCGROUP))
    }
}

impl AsRawFd for Place {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

/// The keeper: finds the root directory, hands it to its parent and waits for that one's end.
fn keep(socket: &OwnedFd, find: fn() -> Result<OwnedFd, String>) {
    let name = format!("{PREFIX}{}", nix::unistd::getppid());
    let number = socket.as_raw_fd();
    // SAFETY: plain system calls on numbers. No signal of a terminal reaches the keeper.
    unsafe {
        libc::setsid();
        for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGQUIT, libc::SIGPIPE] {
            libc::signal(signal, libc::SIG_IGN);
        }
    }
    // The parent's other descriptors: their end must be seen by those who wait for it.
    if let Err(why) =
        descriptors::close_between(0, number - 1).and_then(|()| descriptors::close_from(number + 1))
    {
        // Nobody who has gone can be told.
        let _ = wire::send(number, why.as_bytes(), None);
        return;
    }
    let root = match find() {
        Ok(root) => root,
        Err(why) => {
            let _ = wire::send(socket.as_raw_fd(), why.as_bytes(), None);
            return;
        }
    };
    if wire::send(socket.as_raw_fd(), b"!", Some(root.as_raw_fd())).is_ok() {
        let _ = wire::receive(socket.as_raw_fd(), &mut [0; 1]);
    }
    // A child that has just been forked may still hold the parent's lock: its directory goes
    // whether it is locked or not.
    patiently(|| Locked::new(&root).is_ok_and(|_nobody_makes| sweep(&root) && remove(&root, &name).is_ok()));
}

/// Mounts the version 2 hierarchy, rooted in the caller's cgroup, without a path.
pub fn mount_hierarchy() -> Result<OwnedFd, String> {
    step("unshare(CLONE_NEWCGROUP)", nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWCGROUP))?;
    // fsconfig(2): create the superblock as configured.
    const FSCONFIG_CMD_CREATE: libc::c_int = 6;
    let none = std::ptr::null::<libc::c_char>();
    // SAFETY: the name is a C string; the other arguments are numbers and null pointers.
    let context =
        descriptor("fsopen(cgroup2)", unsafe { libc::syscall(libc::SYS_fsopen, c"cgroup2".as_ptr(), 1) })?;
    // SAFETY: as above; the descriptor is open.
    let created =
        unsafe { libc::syscall(libc::SYS_fsconfig, context.as_raw_fd(), FSCONFIG_CMD_CREATE, none, none, 0) };
    step("fsconfig(FSCONFIG_CMD_CREATE)", Error::result(created))?;
    // SAFETY: as above.
    let mount =
        descriptor("fsmount", unsafe { libc::syscall(libc::SYS_fsmount, context.as_raw_fd(), 1, 0) })?;
    // A descriptor from fsmount(2) can neither be locked nor listed.
    step("opening the hierarchy", open(&mount, "."))
}

fn descriptor(what: &str, returned: libc::c_long) -> Result<OwnedFd, String> {
    let number = step(what, Error::result(returned))?;
    // SAFETY: the call has just made it for us.
    Ok(unsafe { OwnedFd::from_raw_fd(number as RawFd) })
}

/// Removes the directories of servers that have ended; whether none is left. The root is locked.
fn sweep(root: &OwnedFd) -> bool {
    let mut clean = true;
    for name in directories(root).unwrap_or_default() {
        if !name.starts_with(PREFIX) {
            continue;
        }
        let in_use = open(root, name.as_str()).is_ok_and(|directory| {
            lock(&directory, libc::LOCK_EX | libc::LOCK_NB) == Err(Error::EWOULDBLOCK)
        });
        clean &= in_use || remove(root, &name).is_ok();
    }
    clean
}

/// Removes a directory of cgroups and all below it.
fn remove(parent: impl AsFd, name: &str) -> nix::Result<()> {
    let directory = match open(&parent, name) {
        Err(Error::ENOENT) => return Ok(()),
        other => other?,
    };
    for inner in directories(&directory)? {
        remove(&directory, &inner)?;
    }
    match unlinkat(parent, name, UnlinkatFlags::RemoveDir) {
        Err(Error::ENOENT) => Ok(()),
        other => other,
    }
}

/// Does it again until it is done or patience is at an end: the kernel counts a process of a
/// cgroup for a moment longer than waitpid(2) does.
fn patiently(mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() && start.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The names of the directories in a directory.
fn directories(directory: &OwnedFd) -> nix::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in Dir::from_fd(open(directory, ".")?)?.iter() {
        let entry = entry?;
        let name = CStr::to_string_lossy(entry.file_name()).into_owned();
        if entry.file_type() == Some(Type::Directory) && name != "." && name != ".." {
            names.push(name);
        }
    }
    Ok(names)
}

fn write(directory: &OwnedFd, file: &str, text: &str) -> nix::Result<()> {
    let file = nix::fcntl::openat(directory, file, OFlag::O_WRONLY | OFlag::O_CLOEXEC, Mode::empty())?;
    nix::unistd::write(file, text.as_bytes()).map(drop)
}

fn read(directory: &OwnedFd, file: &str) -> std::io::Result<String> {
    let file = nix::fcntl::openat(directory, file, OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty())?;
    std::io::read_to_string(std::fs::File::from(file))
}

fn open(parent: impl AsFd, name: &str) -> nix::Result<OwnedFd> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    nix::fcntl::openat(parent, name, flags, Mode::empty())
}

fn make(parent: impl AsFd, name: &str) -> nix::Result<()> {
    nix::sys::stat::mkdirat(parent, name, Mode::from_bits_truncate(0o755))
}

fn lock(directory: &OwnedFd, how: libc::c_int) -> nix::Result<()> {
    // SAFETY: flock takes numbers only.
    Error::result(unsafe { libc::flock(directory.as_raw_fd(), how) }).map(drop)
}

/// The root while directories are made or swept, so that nobody's new directory is swept before
/// it is locked.
struct Locked<'d>(&'d OwnedFd);

impl Locked<'_> {
    fn new(directory: &OwnedFd) -> Result<Locked<'_>, String> {
        step("flock", lock(directory, libc::LOCK_EX))?;
        Ok(Locked(directory))
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        let _ = lock(self.0, libc::LOCK_UN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::{Path, PathBuf};

    /// A directory that goes with the test. The functions tried here know nothing of cgroups: they
    /// lock and remove directories.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str, directories: &[&str]) -> Scratch {
            let path = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
            for directory in directories {
                std::fs::create_dir_all(path.join(directory)).unwrap();
            }
            Scratch(path)
        }

        fn open(&self) -> OwnedFd {
            std::fs::File::open(&self.0).unwrap().into()
        }

        fn holds(&self, directory: &str) -> bool {
            Path::new(&self.0).join(directory).is_dir()
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn sweeping_removes_what_nobody_holds_locked() {
        let scratch = Scratch::new("sweep", &["nsconform-1/0/x/sub", "nsconform-2/0", "user.slice"]);
        let root = scratch.open();
        let held = open(&root, "nsconform-2").unwrap();
        lock(&held, libc::LOCK_EX | libc::LOCK_NB).unwrap();
        assert!(sweep(&root));
        assert!(!scratch.holds("nsconform-1"));
        assert!(scratch.holds("nsconform-2/0") && scratch.holds("user.slice"));
        drop(held);
        // A child that another test has just forked may hold the lock for a moment longer.
        patiently(|| sweep(&root) && !scratch.holds("nsconform-2"));
        assert!(!scratch.holds("nsconform-2") && scratch.holds("user.slice"));
    }

    #[test]
    fn what_is_in_use_is_reported() {
        let scratch = Scratch::new("busy", &["nsconform-1/0"]);
        std::fs::write(scratch.0.join("nsconform-1/0/file"), "").unwrap();
        assert!(!sweep(&scratch.open()));
        assert!(scratch.holds("nsconform-1/0"));
    }

    #[test]
    fn what_is_gone_already_is_no_error() {
        let scratch = Scratch::new("gone", &["x"]);
        assert_eq!(remove(scratch.open(), "nsconform-1"), Ok(()));
    }
}
