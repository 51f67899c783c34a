//! A run leaves the machine as it was: also when it is killed with SIGKILL half-way, as root and
//! as an ordinary user, and when it runs out of what it needs, which the cases concerned must say.
//!
//! [`Host`] lists the things that the tests compare. Other programs may come and go on the machine
//! meanwhile, so the tests know their own processes by a mark in the environment.

use rstest::rstest;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{CStr, CString};
use std::io;
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
        let mut command = self.marked(Command::new(&self.path));
        if let (Starter::Ordinary, true) = (starter, nix_uid() == 0) {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }

    fn marked(&self, mut command: Command) -> Command {
        command.env(MARK, &self.mark).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
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
    // The verdicts do not matter here, but the cases must have run.
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

/// A resource of which the machine does not give enough.
#[derive(Clone, Copy, Debug)]
enum Shortage {
    Processes(libc::rlim_t),
    UtsNamespaces(&'static CStr),
}

/// An ordinary user that has no process anywhere, so that all that count are the program's.
const NEWCOMER: u32 = 54321;

/// Makes the calling process, which is about to execute a program, the root of a user namespace of
/// its own: there limits can be set that hold for nobody else. Makes system calls only.
fn leave_for_own_namespaces(also: libc::c_int, uid_map: &CStr, gid_map: &CStr) -> io::Result<()> {
    // SAFETY: plain system calls on numbers and C strings.
    unsafe {
        if libc::getuid() == 0 {
            check(libc::setgroups(0, std::ptr::null()))?;
            check(libc::setresgid(NEWCOMER, NEWCOMER, NEWCOMER))?;
            check(libc::setresuid(NEWCOMER, NEWCOMER, NEWCOMER))?;
            // A process that changed its ids is not dumpable: its /proc files would belong to root.
            check(libc::prctl(libc::PR_SET_DUMPABLE, 1, 0, 0, 0))?;
        }
        check(libc::unshare(libc::CLONE_NEWUSER | also))?;
    }
    write(c"/proc/self/uid_map", uid_map)?;
    write(c"/proc/self/setgroups", c"deny")?;
    write(c"/proc/self/gid_map", gid_map)
}

fn write(path: &CStr, text: &CStr) -> io::Result<()> {
    // SAFETY: plain system calls on C strings; the descriptor is ours.
    unsafe {
        let file = libc::open(path.as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC);
        check(file)?;
        let written = libc::write(file, text.as_ptr().cast(), text.count_bytes());
        libc::close(file);
        check(written as libc::c_int)
    }
}

fn check(returned: libc::c_int) -> io::Result<()> {
    if returned == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// The maps of [`leave_for_own_namespaces`]: root of the namespace is whoever the caller is.
fn own_maps() -> [CString; 2] {
    // SAFETY: asks only.
    let (uid, gid) = unsafe { (libc::getuid(), libc::getgid()) };
    let ids = if uid == 0 { [NEWCOMER, NEWCOMER] } else { [uid, gid] };
    ids.map(|id| CString::new(format!("0 {id} 1")).unwrap())
}

impl Shortage {
    /// Has the program start where there is this shortage.
    fn meets(self, command: &mut Command) {
        let [uid_map, gid_map] = own_maps();
        let prepare = move || {
            leave_for_own_namespaces(0, &uid_map, &gid_map)?;
            match self {
                Shortage::UtsNamespaces(most) => write(c"/proc/sys/user/max_uts_namespaces", most),
                Shortage::Processes(most) => {
                    let limit = libc::rlimit { rlim_cur: most, rlim_max: most };
                    // SAFETY: the limit outlives the call.
                    check(unsafe { libc::setrlimit(libc::RLIMIT_NPROC, &limit) })
                }
            }
        };
        // SAFETY: between fork and execve only async-signal-safe system calls are made.
        unsafe { command.pre_exec(prepare) };
    }
}

fn lines(json: &[u8]) -> Vec<serde_json::Value> {
    let json = std::str::from_utf8(json).unwrap();
    json.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|why| panic!("{line}: {why}")))
        .collect()
}

/// With less than all cases need, those for which it is enough pass as ever, and the others say
/// what is missing.
#[rstest]
#[case::processes(Shortage::Processes(7), "1", "EAGAIN")]
#[case::namespaces_in_cases(Shortage::UtsNamespaces(c"2"), "1", "ENOSPC")]
#[case::namespaces_beside_each_other(Shortage::UtsNamespaces(c"3"), "8", "ENOSPC")]
fn where_something_runs_out_the_cases_concerned_say_so(
    #[case] shortage: Shortage,
    #[case] jobs: &str,
    #[case] missing: &str,
) {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let program = Program::new();
    let host = Host::look();
    let arguments = ["run", "uts.", "--format", "json", "--jobs", jobs];
    let mut command = program.command(Starter::Caller);
    shortage.meets(command.args(arguments).stdout(Stdio::piped()));
    let output = command.output().unwrap();
    program.assert_gone();
    host.assert_unchanged();

    let lines = lines(&output.stdout);
    let done = lines.last().unwrap();
    let cases: Vec<_> = lines.iter().filter(|line| line["type"] == "case").collect();
    assert_eq!(output.status.code(), Some(3), "{done}");
    assert_eq!((&done["type"], &done["count"]), (&"done".into(), &cases.len().into()));
    assert_eq!(lines[0]["selected"], cases.len());
    for verdict in ["pass", "error"] {
        assert!(done["verdicts"][verdict].as_u64() > Some(0), "{verdict}: {done}");
    }
    for case in cases {
        match case["verdict"].as_str() {
            Some("pass" | "skip") => {}
            Some("error") => assert!(case["reason"].as_str().unwrap().contains(missing), "{case}"),
            _ => panic!("{case}"),
        }
    }
}

/// Every line that nsconform wrote before the disk was full is complete.
#[test]
fn a_disk_that_fills_up_keeps_the_complete_lines() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let program = Program::new();
    let directory = program.path.parent().unwrap();
    let host = Host::look();
    // The file is gone with the mount namespace, so it is read there as well.
    const SCRIPT: &str =
        r#""$1" run uts. --format json --output disk/run; status=$?; cat disk/run; exit $status"#;
    let mut command = program.marked(Command::new("sh"));
    command.args(["-c", SCRIPT, "sh"]).arg(&program.path).current_dir(directory);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    std::fs::create_dir(directory.join("disk")).unwrap();
    let [uid_map, gid_map] = own_maps();
    let mount = move || {
        leave_for_own_namespaces(libc::CLONE_NEWNS, &uid_map, &gid_map)?;
        // SAFETY: a plain system call on C strings.
        check(unsafe {
            let size = c"size=16k".as_ptr();
            libc::mount(c"disk".as_ptr(), c"disk".as_ptr(), c"tmpfs".as_ptr(), 0, size.cast())
        })
    };
    // SAFETY: between fork and execve only async-signal-safe system calls are made.
    unsafe { command.pre_exec(mount) };
    let output = command.output().unwrap();
    program.assert_gone();
    host.assert_unchanged();

    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{errors}");
    assert!(errors.contains("No space left on device"), "{errors}");
    let end = output.stdout.iter().rposition(|byte| *byte == b'\n').unwrap();
    let lines = lines(&output.stdout[..end]);
    assert_eq!(lines[0]["type"], "run");
    assert!(lines.len() > 1);
    for line in &lines[1..] {
        assert_eq!(line["type"], "case", "{line}");
        assert!(matches!(line["verdict"].as_str(), Some("pass" | "skip")), "{line}");
    }
}
