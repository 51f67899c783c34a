//! The command line and every file that it reads, with input that nobody means well: only
//! documented exit statuses, no panic, no hang.
//!
//! Seeds are fixed, so that a failure can be repeated; `NSCONFORM_FUZZ` multiplies the rounds.

use rstest::rstest;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Everything that --help documents, and what `git bisect run` is told.
const DOCUMENTED: [i32; 6] = [0, 1, 2, 3, 4, 125];
/// Far longer than any of these commands takes, and far shorter than anybody's patience.
const DEADLINE: Duration = Duration::from_secs(120);

/// Runs the program with a deadline, so that a hang is a failure and not a hang.
fn run(arguments: &[OsString], prepare: impl FnOnce(&mut Command)) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nsconform"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    prepare(&mut command);
    let started = Instant::now();
    let mut child = command.spawn().unwrap();
    let pid = nix::unistd::Pid::from_raw(child.id() as i32);
    let (sender, receiver) = std::sync::mpsc::channel();
    let (mut stdout, mut stderr) = (child.stdout.take(), child.stderr.take());
    let reader = std::thread::spawn(move || {
        use std::io::Read;
        let mut output = [Vec::new(), Vec::new()];
        let [out, err] = &mut output;
        std::thread::scope(|scope| {
            scope.spawn(|| stdout.as_mut().map(|pipe| pipe.read_to_end(out)));
            stderr.as_mut().map(|pipe| pipe.read_to_end(err));
        });
        let _ = sender.send(());
        output
    });
    if receiver.recv_timeout(DEADLINE).is_err() {
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).unwrap();
        panic!("{arguments:?} hangs: nothing after {:?}", started.elapsed());
    }
    let status = child.wait().unwrap();
    let [stdout, stderr] = reader.join().unwrap();
    Output { status, stdout, stderr }
}

fn check(arguments: &[OsString], output: &Output) {
    let errors = String::from_utf8_lossy(&output.stderr);
    let status = output.status.code();
    assert!(status.is_some_and(|status| DOCUMENTED.contains(&status)), "{arguments:?}: {status:?}: {errors}");
    assert!(!errors.contains("panicked at"), "{arguments:?}: {errors}");
}

fn words(arguments: &[&str]) -> Vec<OsString> {
    arguments.iter().map(OsString::from).collect()
}

fn rounds(usual: usize) -> usize {
    let times = std::env::var("NSCONFORM_FUZZ").ok().and_then(|text| text.parse::<usize>().ok());
    usual * times.unwrap_or(1)
}

/// Commands that neither boot, fetch nor run many cases, whatever is put behind them.
const BEGINNINGS: [&[&str]; 16] = [
    &[],
    &["run", "uts.isolates-nodename-domainname"],
    &["run", "--exact", "no.such-case"],
    &["list"],
    &["explain"],
    &["report"],
    &["diff"],
    &["history"],
    &["audit", "no.such-case"],
    &["verify", "no.such-case"],
    &["matrix", "--kernel", "/no/such"],
    &["course", "list"],
    &["course", "rules"],
    &["shorten"],
    &["play"],
    &["completions"],
];

fn odd_word(random: &mut fastrand::Rng) -> OsString {
    const WORDS: [&str; 34] = [
        "",
        "-",
        "--",
        "---",
        "*",
        "**",
        "uts.*",
        "UTS.ISOLATES",
        "--format",
        "json",
        "ktap",
        "--format=",
        "--format=none",
        "--skip",
        "--skip=",
        "--jobs=0",
        "--jobs=99999999999999999999",
        "--shard=1/0",
        "--shard=0/1",
        "--shard=18446744073709551615/18446744073709551615",
        "--deadline-scale=NaN",
        "--deadline-scale=1e999",
        "--output=/no/such/file",
        "--output=/",
        "--known=/dev/zero",
        "--known=/",
        "--failed=/dev/zero",
        "--bisect",
        "-q",
        "-v",
        "-qv",
        "/dev/zero",
        "/proc/self/mem",
        "\u{1F980}",
    ];
    match random.u8(..8) {
        0 => OsStr::from_bytes(&[0xff, 0xfe, b'a']).to_os_string(),
        1 => {
            let bytes: Vec<u8> = (0..random.usize(1..12)).map(|_| random.u8(1..=255)).collect();
            OsStr::from_bytes(&bytes).to_os_string()
        }
        _ => random.choice(WORDS).unwrap_or("").into(),
    }
}

#[test]
fn odd_command_lines_end_with_a_documented_status() {
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..rounds(150) {
        let mut arguments = words(random.choice(BEGINNINGS).unwrap());
        // Alone it runs everything, which is another test's business.
        let least = usize::from(arguments.is_empty());
        arguments.extend((0..random.usize(least..4)).map(|_| odd_word(&mut random)));
        if arguments.first().is_none_or(|first| first.as_bytes().starts_with(b"-")) {
            arguments.insert(0, "list".into());
        }
        let output = run(&arguments, |_| {});
        check(&arguments, &output);
    }
}

/// Damages a text: bytes changed, left out, doubled, cut off.
fn damaged(content: &[u8], random: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = content.to_vec();
    for _ in 0..random.usize(1..4) {
        if bytes.is_empty() {
            break;
        }
        let at = random.usize(..bytes.len());
        match random.u8(..5) {
            0 => bytes[at] = random.u8(..),
            1 => drop(bytes.remove(at)),
            2 => bytes.truncate(at),
            3 => {
                let end = (at + random.usize(..200)).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
            _ => {
                let end = (at + random.usize(..200)).min(bytes.len());
                bytes.drain(at..end);
            }
        }
    }
    bytes
}

fn run_file() -> Vec<u8> {
    run(&words(&["run", "uts.", "--format", "json"]), |_| {}).stdout
}

#[rstest]
#[case::report(&["report"], &[])]
#[case::markdown(&["report"], &["--format", "markdown"])]
#[case::junit(&["report"], &["--format", "junit"])]
#[case::diff(&["diff"], &["RUN"])]
#[case::failed(&["run", "--exact", "no.such-case", "--failed"], &[])]
fn damaged_run_files_end_with_a_documented_status(#[case] before: &[&str], #[case] after: &[&str]) {
    let scratch = tempfile::tempdir().unwrap();
    let (whole, path) = (scratch.path().join("whole"), scratch.path().join("damaged"));
    let content = run_file();
    std::fs::write(&whole, &content).unwrap();
    let mut random = fastrand::Rng::with_seed(11);
    for _ in 0..rounds(25) {
        std::fs::write(&path, damaged(&content, &mut random)).unwrap();
        let mut arguments = words(before);
        arguments.push(path.clone().into());
        arguments.extend(after.iter().map(|word| match *word {
            "RUN" => whole.clone().into(),
            word => word.into(),
        }));
        let output = run(&arguments, |_| {});
        check(&arguments, &output);
    }
}

#[rstest]
#[case::known(&["list", "uts."], "--known", "[[known]]\ncase = 'uts.isolates-nodename-domainname'\nfrom = '1.0'\nreason = 'r'\nreference = 'x'\n")]
#[case::kernels(&["fetch-kernels", "--offline"], "--list", "[[kernel]]\nname = '6.1'\npackage = 'x'\n")]
fn damaged_lists_end_with_a_documented_status(
    #[case] command: &[&str],
    #[case] option: &str,
    #[case] list: &str,
) {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("list.toml");
    let mut random = fastrand::Rng::with_seed(13);
    // `list` knows no --known: the same option of `run` would run cases each time.
    let command = if option == "--known" { &["report", "/dev/null"][..] } else { command };
    for _ in 0..rounds(25) {
        std::fs::write(&path, damaged(list.as_bytes(), &mut random)).unwrap();
        let mut arguments = words(command);
        arguments.extend([option.into(), path.clone().into()]);
        let output = run(&arguments, |command| {
            command.env("XDG_CACHE_HOME", scratch.path());
        });
        check(&arguments, &output);
    }
}

#[rstest]
fn what_is_no_file_is_refused(
    #[values("/dev/zero", "/dev/null", "PIPE", "FOLDER")] file: &str,
    #[values(
        &["report", "FILE"], &["diff", "FILE", "FILE"], &["run", "--failed", "FILE"],
        &["run", "uts.", "--known", "FILE"], &["grade", "unshare", "/bin/true", "--rules", "FILE"],
        &["matrix", "--kernel", "FILE"], &["play", "FILE"], &["shorten", "FILE"],
    )]
    command: &[&str],
) {
    let scratch = tempfile::tempdir().unwrap();
    let path = match file {
        "PIPE" => {
            let path = scratch.path().join("pipe");
            nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
            path
        }
        "FOLDER" => scratch.path().to_path_buf(),
        file => Path::new(file).to_path_buf(),
    };
    let arguments: Vec<OsString> = command
        .iter()
        .map(|word| if *word == "FILE" { path.clone().into() } else { OsString::from(word) })
        .collect();
    let output = run(&arguments, |_| {});
    check(&arguments, &output);
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
}

#[rstest]
#[case::report(&["run", "uts.", "--format", "json"])]
#[case::completions(&["completions", "bash"])]
#[case::list(&["list"])]
fn a_full_disk_is_said(#[case] command: &[&str]) {
    let full = || std::fs::File::options().write(true).open("/dev/full").unwrap();
    let arguments = words(command);
    let output = run(&arguments, |command| {
        command.stdout(full());
    });
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("No space left"));
}

/// Lowers a limit of the child, between fork(2) and execve(2).
fn limit(command: &mut Command, resource: libc::__rlimit_resource_t, to: libc::rlim_t) {
    let lower = move || {
        let limit = libc::rlimit { rlim_cur: to, rlim_max: to };
        // SAFETY: the limit outlives the call.
        match unsafe { libc::setrlimit(resource, &raw const limit) } {
            0 => Ok(()),
            _ => Err(std::io::Error::last_os_error()),
        }
    };
    // SAFETY: between fork and execve only an async-signal-safe system call is made.
    unsafe { command.pre_exec(lower) };
}

#[test]
fn a_limit_on_the_size_of_files_is_said() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("run.json");
    let mut arguments = words(&["run", "uts.", "--format", "json", "--output"]);
    arguments.push(path.into());
    let output = run(&arguments, |command| limit(command, libc::RLIMIT_FSIZE, 4096));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{errors}");
    assert!(errors.contains("File too large"), "{errors}");
}

/// Commands that read, write and fork.
const USUAL: [&[&str]; 4] = [
    &["list"],
    &["explain", "uts.isolates-nodename-domainname"],
    &["run", "uts.isolates-nodename-domainname"],
    &["completions", "bash"],
];

#[rstest]
#[case::address_space(libc::RLIMIT_AS, 36 << 20, "ulimit -v")]
// The dynamic loader takes more than a mebibyte for relocated data before the program starts.
#[case::data(libc::RLIMIT_DATA, 2 << 20, "ulimit -d")]
#[case::stack(libc::RLIMIT_STACK, 64 << 10, "ulimit -s")]
fn too_little_memory_is_said(
    #[case] resource: libc::__rlimit_resource_t,
    #[case] bytes: libc::rlim_t,
    #[case] name: &str,
) {
    for command in USUAL {
        let output = run(&words(command), |command| limit(command, resource, bytes));
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{command:?}: {errors}");
        assert!(errors.contains(name), "{command:?}: {errors}");
    }
}

/// Enough for lists and reports; cases may need more and say so.
#[rstest]
#[case::address_space(libc::RLIMIT_AS, 64 << 20)]
#[case::data(libc::RLIMIT_DATA, 8 << 20)]
#[case::stack(libc::RLIMIT_STACK, 128 << 10)]
#[case::descriptors(libc::RLIMIT_NOFILE, 16)]
#[case::more_descriptors(libc::RLIMIT_NOFILE, 100)]
#[case::processes(libc::RLIMIT_NPROC, 0)]
#[case::locked_memory(libc::RLIMIT_MEMLOCK, 0)]
#[case::cores(libc::RLIMIT_CORE, 0)]
fn a_low_limit_ends_with_a_documented_status(
    #[case] resource: libc::__rlimit_resource_t,
    #[case] to: libc::rlim_t,
) {
    for command in USUAL {
        let arguments = words(command);
        let output = run(&arguments, |command| limit(command, resource, to));
        check(&arguments, &output);
        let said = [&output.stdout[..], &output.stderr[..]].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(!said.is_empty(), "{arguments:?} says nothing");
        assert!(!said.contains("sudo"), "who may do everything else is told to be root: {said}");
    }
}

#[rstest]
fn closed_standard_descriptors_are_no_harm(#[values(0, 1, 2)] number: i32) {
    for command in USUAL.into_iter().chain([&["report", "-"][..], &["no-such-command"]]) {
        let arguments = words(command);
        let output = run(&arguments, |command| {
            let close = move || {
                // SAFETY: takes a number only.
                unsafe { libc::close(number) };
                Ok(())
            };
            // SAFETY: between fork and execve only an async-signal-safe system call is made.
            unsafe { command.pre_exec(close) };
        });
        check(&arguments, &output);
    }
}

#[test]
fn a_second_run_does_not_write_into_the_output_of_the_first() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("run.json");
    let mut arguments = words(&["run", "uts.", "--format", "json", "--output"]);
    arguments.push(path.clone().into());
    let statuses: Vec<Option<i32>> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..4).map(|_| scope.spawn(|| run(&arguments, |_| {}).status.code())).collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    assert!(statuses.iter().all(|status| matches!(status, Some(0 | 2))), "{statuses:?}");
    let written = std::fs::read_to_string(&path).unwrap();
    let kinds: Vec<String> = written
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["type"].to_string())
        .collect();
    assert_eq!(kinds.first().map(String::as_str), Some("\"run\""));
    assert_eq!(kinds.iter().position(|kind| kind == "\"done\""), Some(kinds.len() - 1));
}

#[rstest]
#[case::empty_skip(&["run", "--skip", ""], "an empty pattern")]
#[case::other_letters(&["explain", "UTS.ISOLATES-nodename-domainname"], "nearest are uts.isolates-nodename-domainname")]
#[case::other_namespace(&["explain", "net.isolates-nodename-domainname"], "uts.isolates-nodename-domainname")]
fn mistakes_are_told_with_what_to_do(#[case] command: &[&str], #[case] message: &str) {
    let arguments = words(command);
    let output = run(&arguments, |_| {});
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains(message), "{errors}");
}

#[test]
fn claims_that_no_case_tests_are_explained() {
    let listed = run(&words(&["list", "--untested", "--format", "json"]), |_| {}).stdout;
    let first = String::from_utf8(listed).unwrap().lines().next().unwrap().to_string();
    let claim: serde_json::Value = serde_json::from_str(&first).unwrap();
    let output = run(&words(&["explain", claim["id"].as_str().unwrap()]), |_| {});
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("not tested"));
}
