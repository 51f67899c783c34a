//! The program is started in places that differ from a login shell: with each inherited attribute
//! changed, in a chroot, under filters that refuse a system call. Whatever it finds there, no
//! verdict may be false: a case passes, or is skipped for the true reason.
//!
//! These tests start the program themselves and change the child before it executes it, so that the
//! test process stays as it is.

use rstest::rstest;
use std::ffi::CString;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output};

const PROGRAM: &str = env!("CARGO_BIN_EXE_nsconform");

/// Cases whose traces show modes, signals, capabilities, limits, files of /proc and programs.
const CASES: [&str; 8] = [
    "user.",
    "uts.",
    "time.timer",
    "ipc.own-mqueue",
    "ipc.default",
    "pid.sig-",
    "api.procns",
    "api.unshare-files",
];

/// Starts the cases with a change made in the child, between fork(2) and execve(2).
fn run_after(change: impl FnMut() -> io::Result<()> + Send + Sync + 'static) -> Output {
    let mut command = Command::new(PROGRAM);
    command.arg("run").args(CASES).args(["--format", "json"]);
    // SAFETY: the changes make system calls only.
    unsafe { command.pre_exec(change) };
    command.output().unwrap()
}

/// The verdicts of a run, by their words, with the ids.
fn verdicts(output: &Output) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(&output.stdout);
    let lines = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    // Records come in the order in which cases end.
    let mut found: Vec<(String, String)> = lines
        .filter(|line| line["type"] == "case")
        .map(|line| {
            let word = |name: &str| line[name].as_str().unwrap_or_default().to_string();
            (word("verdict"), word("id"))
        })
        .collect();
    found.sort();
    found
}

fn nothing_is_false(output: &Output) -> Vec<(String, String)> {
    let found = verdicts(output);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!found.is_empty(), "{said}");
    let wrong: Vec<_> =
        found.iter().filter(|(verdict, _)| !["pass", "skip", "known"].contains(&verdict.as_str())).collect();
    assert!(wrong.is_empty(), "{wrong:?}\n{said}");
    found
}

fn checked(returned: libc::c_int) -> io::Result<()> {
    if returned == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn umask(mask: libc::mode_t) -> io::Result<()> {
    // SAFETY: takes a number only.
    unsafe { libc::umask(mask) };
    Ok(())
}

fn control(operation: libc::c_int, value: libc::c_ulong) -> io::Result<()> {
    let none: libc::c_ulong = 0;
    // SAFETY: these operations take numbers only.
    checked(unsafe { libc::prctl(operation, value, none, none, none) })
}

/// Sets a soft limit alone.
fn soft_limit(resource: libc::__rlimit_resource_t, to: libc::rlim_t) -> io::Result<()> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the limit outlives the calls.
    unsafe {
        checked(libc::getrlimit(resource, &mut limit))?;
        limit.rlim_cur = to.min(limit.rlim_max);
        checked(libc::setrlimit(resource, &limit))
    }
}

/// Signals ignored, as nohup(1) does, and blocked.
fn deaf() -> io::Result<()> {
    for signal in [libc::SIGHUP, libc::SIGTERM, libc::SIGUSR1, libc::SIGCHLD, libc::SIGALRM] {
        // SAFETY: sets a disposition.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
    // SAFETY: the set outlives the calls.
    unsafe {
        let mut all: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&mut all);
        checked(libc::sigprocmask(libc::SIG_BLOCK, &all, std::ptr::null_mut()))
    }
}

/// Root's inheritable and ambient capabilities; for an ordinary user there are none to be had.
fn capabilities() -> io::Result<()> {
    const CAP_NET_RAW: u32 = 13;
    let mut header: [u32; 2] = [0x2008_0522, 0];
    let mut sets = [0u32; 6];
    // SAFETY: header and data have the layout of capget(2), version 3, and outlive the calls.
    unsafe {
        libc::syscall(libc::SYS_capget, header.as_mut_ptr(), sets.as_mut_ptr());
        sets[2] = sets[1];
        sets[5] = sets[4];
        libc::syscall(libc::SYS_capset, header.as_mut_ptr(), sets.as_ptr());
    }
    // Not to be had by an ordinary user.
    let _ = control(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_CLEAR_ALL as libc::c_ulong);
    // SAFETY: takes numbers only.
    unsafe { libc::prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0) };
    Ok(())
}

#[rstest]
#[case::nothing_changed(|| Ok(()))]
#[case::umask_077(|| umask(0o077))]
#[case::umask_027(|| umask(0o027))]
#[case::umask_0(|| umask(0))]
#[case::signals(deaf)]
#[case::personality(|| {
    const ADDR_NO_RANDOMIZE: libc::c_ulong = 0x004_0000;
    const UNAME26: libc::c_ulong = 0x002_0000;
    // SAFETY: takes a number only.
    checked(unsafe { libc::personality(ADDR_NO_RANDOMIZE | UNAME26) })
})]
#[case::timer_slack(|| control(libc::PR_SET_TIMERSLACK, 100_000_000))]
#[case::subreaper(|| control(libc::PR_SET_CHILD_SUBREAPER, 1))]
#[case::huge_pages(|| control(libc::PR_SET_THP_DISABLE, 1))]
#[case::capabilities(capabilities)]
#[case::few_descriptors(|| soft_limit(libc::RLIMIT_NOFILE, 64))]
#[case::no_pending_signals(|| soft_limit(libc::RLIMIT_SIGPENDING, 0))]
#[case::no_message_queues(|| soft_limit(libc::RLIMIT_MSGQUEUE, 0))]
#[case::small_files(|| soft_limit(libc::RLIMIT_FSIZE, 100))]
#[case::no_locked_memory(|| soft_limit(libc::RLIMIT_MEMLOCK, 0))]
#[case::working_directory(|| checked(unsafe { libc::chdir(c"/".as_ptr()) }))]
fn an_inherited_attribute_changes_no_verdict(
    #[case] change: impl FnMut() -> io::Result<()> + Send + Sync + 'static,
) {
    let usual = nothing_is_false(&run_after(|| Ok(())));
    assert_eq!(nothing_is_false(&run_after(change)), usual);
}

/// Attributes that nsconform keeps, as it cannot or should not take them back: cases that show them
/// are skipped for just that, and nothing else changes.
#[rstest]
#[case::no_new_privs("programs that gain privileges", || control(libc::PR_SET_NO_NEW_PRIVS, 1))]
#[case::nice("a nice value of 0", || { unsafe { libc::nice(10) }; Ok(()) })]
fn an_attribute_that_stays_skips_the_cases_that_show_it(
    #[case] need: &str,
    #[case] change: impl FnMut() -> io::Result<()> + Send + Sync + 'static,
) {
    let usual = nothing_is_false(&run_after(|| Ok(())));
    let output = run_after(change);
    let changed: Vec<_> =
        nothing_is_false(&output).into_iter().filter(|verdict| !usual.contains(verdict)).collect();
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    for (verdict, id) in &changed {
        let line = lines.lines().find(|line| line.contains(&format!("\"{id}\""))).unwrap();
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!((verdict.as_str(), record["reason"]["need"].as_str()), ("skip", Some(need)), "{record}");
    }
    assert!(!changed.is_empty(), "no case shows it");
}

/// Refuses a system call with an errno, or pretends that it did its work where that is 0.
fn refuse(number: libc::c_long, errno: u32) -> io::Result<()> {
    let load = libc::sock_filter { code: 0x20, jt: 0, jf: 0, k: 0 };
    let compare = libc::sock_filter { code: 0x15, jt: 0, jf: 1, k: number as u32 };
    let answer = |k: u32| libc::sock_filter { code: 0x06, jt: 0, jf: 0, k };
    let mut filter =
        [load, compare, answer(libc::SECCOMP_RET_ERRNO | errno), answer(libc::SECCOMP_RET_ALLOW)];
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    control(libc::PR_SET_NO_NEW_PRIVS, 1)?;
    // SAFETY: the program outlives the call.
    checked(unsafe {
        libc::prctl(
            libc::PR_SET_SECCOMP,
            libc::SECCOMP_MODE_FILTER,
            &raw const program as libc::c_ulong,
            0,
            0,
        )
    })
}

#[rstest]
#[case::close_range(libc::SYS_close_range)]
#[case::clone3(libc::SYS_clone3)]
#[case::setns(libc::SYS_setns)]
#[case::pidfd_open(libc::SYS_pidfd_open)]
#[case::sethostname(libc::SYS_sethostname)]
#[case::setdomainname(libc::SYS_setdomainname)]
#[case::keyctl(libc::SYS_keyctl)]
#[case::capset(libc::SYS_capset)]
#[case::kcmp(libc::SYS_kcmp)]
#[case::chroot(libc::SYS_chroot)]
#[case::reboot(libc::SYS_reboot)]
#[case::setgroups(libc::SYS_setgroups)]
#[case::ptrace(libc::SYS_ptrace)]
fn a_refused_call_makes_no_false_verdict(
    #[case] number: libc::c_long,
    #[values(libc::EPERM, libc::ENOSYS)] errno: i32,
) {
    nothing_is_false(&run_after(move || refuse(number, errno as u32)));
}

/// A root directory with the program and its libraries, in which nothing else is.
struct Root(tempfile::TempDir);

impl Root {
    fn new() -> Root {
        let directory = tempfile::tempdir().unwrap();
        let output = Command::new("ldd").arg(PROGRAM).output();
        let text =
            output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
        let files = text.split_whitespace().filter(|word| word.starts_with('/'));
        for file in files.chain([PROGRAM]) {
            let to = directory.path().join(&file[1..]);
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::copy(file, to).unwrap();
        }
        for name in ["proc", "tmp", "sys", "dev"] {
            std::fs::create_dir_all(directory.path().join(name)).unwrap();
        }
        Root(directory)
    }

    fn path(&self) -> CString {
        CString::new(self.0.path().to_str().unwrap()).unwrap()
    }
}

/// As schroot and others start programs (the root is a mount point), and as chroot(1) does.
#[rstest]
#[case::root_is_a_mount_point(true)]
#[case::root_is_a_directory(false)]
fn in_a_chroot_nothing_of_the_host_is_reached(#[case] mount_point: bool, #[values(true, false)] proc: bool) {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let root = Root::new();
    let path = root.path();
    let proc_path = CString::new(format!("{}/proc", root.0.path().display())).unwrap();
    let output = {
        let mut command = Command::new(PROGRAM);
        command.args(["run", "mnt.", "user.create", "uts.", "api.clone-newuser", "--format", "json"]);
        // SAFETY: the change makes system calls only.
        unsafe {
            command.pre_exec(move || {
                let none = std::ptr::null();
                checked(libc::unshare(libc::CLONE_NEWNS))?;
                checked(libc::mount(
                    none,
                    c"/".as_ptr(),
                    none,
                    libc::MS_REC | libc::MS_PRIVATE,
                    none.cast(),
                ))?;
                if mount_point {
                    checked(libc::mount(path.as_ptr(), path.as_ptr(), none, libc::MS_BIND, none.cast()))?;
                }
                if proc {
                    checked(libc::mount(
                        c"proc".as_ptr(),
                        proc_path.as_ptr(),
                        c"proc".as_ptr(),
                        0,
                        none.cast(),
                    ))?;
                }
                checked(libc::chroot(path.as_ptr()))?;
                checked(libc::chdir(c"/".as_ptr()))
            });
        }
        command.output().unwrap()
    };
    let found = nothing_is_false(&output);
    if proc {
        let passed = found.iter().filter(|(verdict, _)| verdict == "pass").count();
        assert!(passed > 80, "{passed} of {} pass: {}", found.len(), String::from_utf8_lossy(&output.stdout));
    }
    assert!(Path::new("/tmp").is_dir());
}
