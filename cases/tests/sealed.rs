//! A run leaves the machine as it was: also when it is killed with SIGKILL half-way, as root and
//! as an ordinary user.
//!
//! What is compared is listed in [`Host`]. Other programs may come and go on the machine
//! meanwhile, so processes are told apart by a mark in their environment.

use rstest::rstest;
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// The environment variable that marks the processes of one test.
const MARK: &str = "NSCONFORM_SEALED_TEST";
/// The ordinary user for tests that are run by root.
const NOBODY: u32 = 65534;

/// One test at a time: what one run does meanwhile must not look like what another leaves behind.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Who starts the program.
#[derive(Clone, Copy, Debug)]
enum Starter {
    /// Whoever runs the tests.
    Caller,
    /// An ordinary user.
    Ordinary,
}

/// The state of the machine that a run must not change.
#[derive(Debug, PartialEq)]
struct Host {
    host_name: String,
    domain_name: String,
    mounts: String,
    interfaces: BTreeSet<String>,
    sysctls: BTreeMap<PathBuf, String>,
    system_v: BTreeMap<&'static str, String>,
    message_queues: BTreeSet<PathBuf>,
    cgroups: BTreeSet<PathBuf>,
    scratch: BTreeSet<PathBuf>,
}

fn read(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

fn names(directory: &str) -> BTreeSet<PathBuf> {
    std::fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

/// Settings that change by themselves.
fn moves_by_itself(path: &Path) -> bool {
    let path = path.to_string_lossy();
    ["/random/", "ns_last_pid", "/pty/nr", "nf_conntrack_count", "/perf_event_", "sched_domain"]
        .iter()
        .any(|part| path.contains(part))
}

fn sysctls(directory: &Path, into: &mut BTreeMap<PathBuf, String>) {
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            sysctls(&path, into);
        } else if !moves_by_itself(&path) {
            into.insert(path.clone(), read(&path));
        }
    }
}

/// The cgroups that a run of nsconform made and that outlive it. Others come and go with whatever
/// else the machine does, and so do those of runs that are still at work.
fn cgroups_left(of: &Path, into: &mut BTreeSet<PathBuf>) {
    for entry in std::fs::read_dir(of).into_iter().flatten().flatten() {
        if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        let name = entry.file_name().to_string_lossy().into_owned();
        match name.strip_prefix("nsconform-").and_then(|rest| rest.split('-').next()) {
            Some(server) if !Path::new("/proc").join(server).exists() => drop(into.insert(entry.path())),
            Some(_) => {}
            None => cgroups_left(&entry.path(), into),
        }
    }
}

impl Host {
    fn look() -> Host {
        let mut settings = BTreeMap::new();
        for part in ["kernel", "net", "user", "fs/mqueue"] {
            sysctls(&Path::new("/proc/sys").join(part), &mut settings);
        }
        let mut cgroups = BTreeSet::new();
        cgroups_left(Path::new("/sys/fs/cgroup"), &mut cgroups);
        // Only objects that are there, not when they were last used.
        let identifiers = |kind: &'static str| {
            let listed = read(format!("/proc/sysvipc/{kind}"));
            let ids = listed.lines().filter_map(|line| line.split_whitespace().nth(1)).collect::<Vec<_>>();
            (kind, ids.join(" "))
        };
        Host {
            host_name: read("/proc/sys/kernel/hostname"),
            domain_name: read("/proc/sys/kernel/domainname"),
            mounts: read("/proc/self/mountinfo"),
            interfaces: read("/proc/net/dev")
                .lines()
                .filter_map(|line| line.split_once(':').map(|(name, _)| name.trim().to_string()))
                .collect(),
            sysctls: settings,
            system_v: ["shm", "sem", "msg"].map(identifiers).into(),
            message_queues: names("/dev/mqueue"),
            cgroups,
            scratch: names("/tmp")
                .into_iter()
                .filter(|path| path.to_string_lossy().contains("nsconform"))
                .collect(),
        }
    }

    fn assert_unchanged(&self) {
        let now = Host::look();
        for (path, before) in &self.sysctls {
            assert_eq!(Some(before), now.sysctls.get(path), "{} has changed", path.display());
        }
        assert_eq!(*self, now);
    }
}

/// The processes with this mark, by their command names.
fn marked(mark: &str) -> Vec<String> {
    let wanted = format!("{MARK}={mark}");
    names("/proc")
        .into_iter()
        .filter(|process| {
            let environment = std::fs::read(process.join("environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes())
        })
        .map(|process| format!("{} {}", process.display(), read(process.join("comm")).trim()))
        .collect()
}

/// The namespaces of each process that others can see, by its start time and number.
fn memberships() -> BTreeMap<String, Vec<PathBuf>> {
    names("/proc")
        .into_iter()
        .filter_map(|process| {
            let statistics = read(process.join("stat"));
            let start = statistics.rsplit(") ").next()?.split_whitespace().nth(19)?.to_string();
            let links = names(&process.join("ns").to_string_lossy())
                .into_iter()
                .filter_map(|link| std::fs::read_link(link).ok())
                .collect();
            Some((format!("{} {start}", process.display()), links))
        })
        .collect()
}

fn assert_memberships_kept(before: &BTreeMap<String, Vec<PathBuf>>) {
    for (process, links) in memberships() {
        // A process that is just ending has lost most of its namespaces.
        if let Some(links_before) = before.get(&process).filter(|known| known.len() == links.len()) {
            assert_eq!(links_before, &links, "{process} is in other namespaces than before");
        }
    }
}

/// The program where any user can execute it, and a mark for its processes.
struct Program {
    _directory: tempfile::TempDir,
    path: PathBuf,
    mark: String,
}

impl Program {
    fn new() -> Program {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir_in("/tmp").unwrap();
        std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let path = directory.path().join("program");
        std::fs::copy(env!("CARGO_BIN_EXE_nsconform"), &path).unwrap();
        let mark = directory.path().file_name().unwrap().to_string_lossy().into_owned();
        Program { _directory: directory, path, mark }
    }

    fn command(&self, starter: Starter) -> Command {
        let mut command = Command::new(&self.path);
        command.env(MARK, &self.mark).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if let (Starter::Ordinary, true) = (starter, nix_uid() == 0) {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }

    /// Waits until no process has the mark any more.
    fn assert_gone(&self) {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let left = marked(&self.mark);
            if left.is_empty() {
                return;
            }
            assert!(Instant::now() < deadline, "still there: {left:?}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

fn nix_uid() -> u32 {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").map_or(NOBODY, |metadata| metadata.uid())
}

#[rstest]
fn a_run_leaves_the_machine_as_it_was(#[values(Starter::Caller, Starter::Ordinary)] starter: Starter) {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let program = Program::new();
    let (host, members) = (Host::look(), memberships());
    let status = program.command(starter).arg("run").status().unwrap();
    // What the cases find is not the matter here, but that they were run is.
    assert!(matches!(status.code(), Some(0 | 1)), "{status}");
    program.assert_gone();
    host.assert_unchanged();
    assert_memberships_kept(&members);
}

#[rstest]
fn a_killed_run_leaves_the_machine_as_it_was(
    #[values(Starter::Caller, Starter::Ordinary)] starter: Starter,
    #[values((libc::SIGKILL, 20), (libc::SIGTERM, 5), (libc::SIGINT, 5))] (signal, times): (i32, u32),
) {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let program = Program::new();
    let (host, members) = (Host::look(), memberships());
    let started = Instant::now();
    program.command(starter).arg("run").status().unwrap();
    let whole = started.elapsed();
    for _ in 0..times {
        let mut child = program.command(starter).arg("run").spawn().unwrap();
        std::thread::sleep(whole.mul_f64(fastrand::f64()));
        // SAFETY: signals our own child, which is not reaped yet.
        unsafe { libc::kill(child.id() as i32, signal) };
        child.wait().unwrap();
        program.assert_gone();
    }
    host.assert_unchanged();
    assert_memberships_kept(&members);
}

/// The first child of a process: of the program, its fork server.
fn first_child(pid: u32) -> Option<i32> {
    read(format!("/proc/{pid}/task/{pid}/children")).split_whitespace().next()?.parse().ok()
}

/// The program has no other way to take back a cgroup than to remove it: that must work as well
/// when the process is gone that made it.
#[test]
fn a_killed_fork_server_leaves_no_cgroup() {
    const KILLS: u64 = 20;
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let program = Program::new();
    let host = Host::look();
    for kill in 0..KILLS {
        let arguments = ["verify", "--rounds", "1000", "cgroup.*"];
        let mut child = program.command(Starter::Caller).args(arguments).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(kill * 10));
        if let Some(server) = first_child(child.id()) {
            // SAFETY: signals a child of our own child, which has not waited for it yet.
            unsafe { libc::kill(server, libc::SIGKILL) };
        }
        child.kill().unwrap();
        child.wait().unwrap();
        program.assert_gone();
    }
    host.assert_unchanged();
}
