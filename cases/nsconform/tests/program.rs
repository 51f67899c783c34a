//! The program as its users meet it: exit statuses, bad input, closed pipes, full disks, machines
//! that offer less.

use nsconform_suite::shown::ShownFault;
use rstest::rstest;
use std::os::unix::process::CommandExt;
use std::process::{Command, Output, Stdio};

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nsconform"));
    command.args(arguments).stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> Output {
    program(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[rstest]
#[case::one_case_passes(&["run", "--exact", "uts.isolates-nodename-domainname"], 0, "")]
#[case::no_case_matches(&["run", "no.such-case"], 4, "nearest are")]
#[case::one_pattern_of_two_matches(&["run", "uts.", "no.such-case"], 2, "nearest are")]
#[case::all_skipped_by_pattern(&["run", "uts.", "--skip", "uts."], 4, "")]
#[case::unknown_option(&["run", "--no-such-option"], 2, "unexpected argument")]
#[case::no_jobs(&["run", "--jobs", "0"], 2, "--jobs")]
#[case::negative_scale(&["run", "--deadline-scale=-1"], 2, "above 0")]
#[case::unwritable_output(&["run", "uts.", "--output", "/no/such/folder/file"], 2, "/no/such/folder/file")]
#[case::full_disk(&["run", "uts.", "--format", "json", "--output", "/dev/full"], 3, "No space left")]
#[case::explain_unknown(&["explain", "uts.isolate"], 2, "nearest are")]
#[case::list_unknown(&["list", "no.such-case"], 4, "nearest are")]
#[case::audit_one(&["audit", "uts.isolates-nodename-domainname"], 0, "")]
#[case::matrix_of_no_kernel(&["matrix", "--kernel", "/etc/passwd"], 2, "is not a bzImage")]
#[case::matrix_unknown_kernel(&["matrix", "--only", "no-such-kernel"], 2, "there are")]
#[case::matrix_unknown_case(&["matrix", "--case", "no.such-case"], 4, "nearest are")]
#[case::bisect_needs_a_kernel(&["matrix", "--case", "uts.", "--bisect"], 125, "--kernel")]
#[case::bisect_cannot_test(
    &["matrix", "--bisect", "--kernel", "/no/such", "--case", "uts.isolates-nodename-domainname"],
    125,
    "/no/such"
)]
#[case::bisect_takes_one_case(&["matrix", "--bisect", "--kernel", "/no/such", "--case", "uts."], 125, "uts.")]
#[case::verify_one(&["verify", "uts.isolates-nodename-domainname", "--rounds", "3"], 0, "")]
fn exit_statuses(#[case] arguments: &[&str], #[case] expected: i32, #[case] message: &str) {
    let output = run(arguments);
    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(expected), "{errors}{}", text(&output.stdout));
    assert!(errors.contains(message), "{errors}");
}

#[rstest]
#[case::not_cached(&["--offline", "--only", "6.1"], 3, "missing 6.1  it is not in the cache")]
#[case::unknown_kernel(&["--only", "6.13"], 2, "there are 5.10, 6.1")]
#[case::no_list(&["--list", "/no/such/file"], 2, "/no/such/file")]
#[case::wrong_list(&["--list", "Cargo.toml"], 2, "Cargo.toml: TOML parse error at line")]
#[case::no_url(&["--mirror", "nowhere", "--only", "6.1"], 3, "'nowhere' is no URL of a mirror")]
fn fetching_kernels_says_what_is_wrong(
    #[case] arguments: &[&str],
    #[case] expected: i32,
    #[case] message: &str,
) {
    let cache = tempfile::tempdir().unwrap();
    let mut command = program(&["fetch-kernels"]);
    let output = command.args(arguments).env("XDG_CACHE_HOME", cache.path()).output().unwrap();
    let said = text(&output.stdout) + &text(&output.stderr);
    assert_eq!(output.status.code(), Some(expected), "{said}");
    assert!(said.contains(message), "{said}");
}

#[rstest]
#[case::run(&["run", "uts."])]
#[case::json(&["run", "uts.", "--format", "json"])]
#[case::list(&["list"])]
fn a_closed_pipe_ends_it_quietly(#[case] arguments: &[&str]) {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = program(arguments).stdout(writer).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(text(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn json_lines_are_complete_and_counted() {
    let output = run(&["run", "uts.", "--format", "json"]);
    let lines: Vec<serde_json::Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["type"], "run");
    assert_eq!(lines[0]["schema"], 1);
    let cases: Vec<_> = lines.iter().filter(|line| line["type"] == "case").collect();
    let last = lines.last().unwrap();
    assert_eq!(last["type"], "done");
    assert_eq!(last["count"], cases.len());
    // Skipped cases, which ordinary users have some of, have no trace.
    for case in cases {
        let traced = case["trace"].as_array().is_some_and(|trace| !trace.is_empty());
        assert_eq!(traced, case["verdict"] != "skip", "{case}");
    }
}

#[test]
fn two_runs_give_the_same_traces_whatever_runs_beside() {
    let traces = |jobs: &str| -> std::collections::BTreeMap<String, serde_json::Value> {
        text(&run(&["run", "--format", "json", "--jobs", jobs]).stdout)
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
            .filter(|line| line["type"] == "case")
            .map(|line| (line["id"].to_string(), line["trace"].clone()))
            .collect()
    };
    assert_eq!(traces("1"), traces("8"));
}

/// A case that misses a mutant cannot land, and accepted ones stay few.
#[test]
fn every_mutant_is_caught_or_accepted() {
    let output = run(&["audit", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    let lines: Vec<serde_json::Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (done, of_cases) = lines.split_last().unwrap();
    assert_eq!(done["type"], "done");
    let sum = |what: &str| of_cases.iter().filter_map(|line| line[what].as_u64()).sum::<u64>();
    for counted in ["mutants", "caught", "accepted", "missed", "wrong_answers"] {
        assert_eq!(done[counted], sum(counted), "{counted}");
    }
    // Pages show recorded faults: each case that shows one here has one. Most are the same; not all, since
    // a busy machine loses some runs, and the kernel ends processes and takes devices away in its own time.
    let faults = include_str!("../../catalogue/faults.jsonl").lines();
    let recorded: Vec<ShownFault> = faults.map(|line| serde_json::from_str(line).unwrap()).collect();
    let (mut shown_here, mut same) = (0, 0);
    for shown in of_cases.iter().filter_map(|line| line.get("shown")) {
        let shown: ShownFault = serde_json::from_value(shown.clone()).unwrap();
        let known = recorded.iter().find(|fault| fault.case == shown.case);
        assert!(known.is_some(), "no fault is recorded like {shown:?}: record again with .ci/faults");
        shown_here += 1;
        same += usize::from(known == Some(&shown));
    }
    assert!(
        same * 10 > shown_here * 9,
        "{same} of {shown_here} faults are as recorded: .ci/faults records them"
    );
    let (all, accepted) = (sum("mutants"), sum("accepted"));
    assert!(all > 0);
    assert!(accepted * 20 < all, "{accepted} of {all} mutants are accepted");
}

#[test]
fn no_colour_in_a_pipe() {
    assert!(!text(&run(&["run", "uts."]).stdout).contains('\x1b'));
}

#[rstest]
#[case::run(&["run", "uts."], 4, "allow unshare")]
#[case::doctor(&["doctor"], 4, "remedy")]
fn where_namespaces_are_forbidden_all_is_skipped(
    #[case] arguments: &[&str],
    #[case] expected: i32,
    #[case] message: &str,
) {
    let mut command = program(arguments);
    // SAFETY: between fork and execve only async-signal-safe system calls are made.
    unsafe { command.pre_exec(forbid_namespaces) };
    let output = command.output().unwrap();
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(expected), "{shown}{}", text(&output.stderr));
    assert!(shown.contains(message), "{shown}");
}

/// A seccomp filter as container engines install it: unshare(2), setns(2), clone3(2) and clone(2)
/// with a CLONE_NEW* flag give EPERM (clone3: ENOSYS).
fn forbid_namespaces() -> std::io::Result<()> {
    const NEW_NAMESPACES: u32 = 0x7e02_0000;
    let statement = |code: u32, k: u32| libc::sock_filter { code: code as u16, jt: 0, jf: 0, k };
    let jump = |code: u32, k: u32, jt: u8, jf: u8| libc::sock_filter { code: code as u16, jt, jf, k };
    let load = |offset: u32| statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, offset);
    let equals = |k: i64, jt, jf| jump(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, k as u32, jt, jf);
    let give = |what: u32| statement(libc::BPF_RET | libc::BPF_K, what);
    let filter = [
        load(0),
        equals(libc::SYS_unshare, 6, 0),
        equals(libc::SYS_setns, 5, 0),
        equals(libc::SYS_clone3, 5, 0),
        equals(libc::SYS_clone, 0, 2),
        load(16),
        jump(libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K, NEW_NAMESPACES, 1, 0),
        give(libc::SECCOMP_RET_ALLOW),
        give(libc::SECCOMP_RET_ERRNO | libc::EPERM as u32),
        give(libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32),
    ];
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_ptr().cast_mut() };
    // SAFETY: the program outlives the call, which copies it.
    unsafe {
        if libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1
            || libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) == -1
        {
            return Err(std::io::Error::last_os_error());
        }
    }
    Ok(())
}

/// A run file of one case each, with these verdicts.
fn run_file(verdicts: &[(&str, &str)]) -> String {
    let machine = r#"{"kernel_release":"6.1.0","kernel_version":"","architecture":"x86_64","processors":1,"uid":0,"capabilities":null,"security_modules":null,"sysctls":{}}"#;
    let selected = verdicts.len();
    let mut text = format!(
        r#"{{"type":"run","schema":1,"nsconform":"0.1.0","machine":{machine},"seal":"privileged","selected":{selected}}}"#
    );
    for (index, (id, verdict)) in verdicts.iter().enumerate() {
        text += &format!(
            "\n{}",
            serde_json::json!({
                "type": "case", "index": index, "claim": "A claim.", "sources": [], "since": "", "id": id,
                "verdict": verdict, "duration_us": 1, "trace": [format!("outer  getpid() = {verdict}")],
            })
        );
    }
    let counts =
        r#"{"pass":0,"deviation":0,"unexpected":0,"fail":0,"known":0,"skip":0,"error":0,"timeout":0}"#;
    text + &format!("\n{{\"type\":\"done\",\"count\":{selected},\"verdicts\":{counts},\"duration_us\":1}}\n")
}

#[rstest]
#[case::nothing_changed("pass", "pass", 0, "NO REGRESSION: ")]
#[case::regression("pass", "fail", 1, "REGRESSIONS (1)")]
#[case::fix("fail", "pass", 0, "FIXES (1)")]
fn two_runs_are_compared(
    #[case] old: &str,
    #[case] new: &str,
    #[case] expected: i32,
    #[case] message: &str,
    #[values(false, true)] folders: bool,
) {
    let scratch = tempfile::tempdir().unwrap();
    let path = |side: &str| scratch.path().join(side);
    for (side, verdict) in [("old", old), ("new", new)] {
        let file = if folders {
            std::fs::create_dir(path(side)).unwrap();
            std::fs::write(path(side).join("6.1.log"), "no run").unwrap();
            path(side).join("6.1.json")
        } else {
            path(side)
        };
        std::fs::write(file, run_file(&[("a.b", verdict), ("a.c", "pass")])).unwrap();
    }
    let output = program(&["diff"]).arg(path("old")).arg(path("new")).output().unwrap();
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(expected), "{shown}{}", text(&output.stderr));
    assert!(shown.contains(message), "{shown}");
}

#[rstest]
#[case::missing(None, "cannot be read: No such file")]
#[case::empty(Some(String::new()), "is empty, not a run file")]
#[case::damaged(Some(run_file(&[("a.b", "pass")]).replace("\"index\"", "index")), "new: line 2: column ")]
#[case::other_schema(Some(run_file(&[]).replace("schema\":1", "schema\":7")), "new: line 1: the file has schema 7")]
fn runs_that_cannot_be_read_are_wrong_input(#[case] content: Option<String>, #[case] message: &str) {
    let scratch = tempfile::tempdir().unwrap();
    let path = |side: &str| scratch.path().join(side);
    std::fs::write(path("old"), run_file(&[("a.b", "pass")])).unwrap();
    if let Some(content) = content {
        std::fs::write(path("new"), content).unwrap();
    }
    let output = program(&["diff"]).arg(path("old")).arg(path("new")).output().unwrap();
    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains(message), "{errors}");
}

#[test]
fn a_file_is_not_compared_with_a_folder_nor_folders_without_a_common_name() {
    let scratch = tempfile::tempdir().unwrap();
    let path = |name: &str| scratch.path().join(name);
    for (folder, file) in [("old", "6.1.json"), ("new", "7.0.json")] {
        std::fs::create_dir(path(folder)).unwrap();
        std::fs::write(path(folder).join(file), run_file(&[])).unwrap();
    }
    std::fs::create_dir(path("empty")).unwrap();
    for (new, message) in [
        ("new/7.0.json", "compare two files or two folders"),
        ("new", "paired by the names of their files"),
        ("empty", "holds no run files"),
    ] {
        let output = program(&["diff"]).arg(path("old")).arg(path(new)).output().unwrap();
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{errors}");
        assert!(errors.contains(message), "{errors}");
    }
}

#[test]
fn a_run_compared_with_itself_has_no_changes_and_a_cut_one_lost_evidence() {
    let scratch = tempfile::tempdir().unwrap();
    let (whole, cut) = (scratch.path().join("whole"), scratch.path().join("cut"));
    let output = program(&["run", "uts.", "--format", "json", "--output"]).arg(&whole).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let bytes = std::fs::read(&whole).unwrap();
    std::fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    let shown = |new| {
        let output = program(&["diff", "--format", "json"]).arg(&whole).arg(new).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let shown = text(&output.stdout);
        serde_json::from_str::<serde_json::Value>(shown.lines().last().unwrap()).unwrap()
    };
    let (same, lost) = (shown(&whole), shown(&cut));
    let cases = same["counts"]["same"].as_u64().unwrap();
    assert!(cases > 2, "{same}");
    assert_eq!(same["counts"].as_object().unwrap().values().filter_map(|n| n.as_u64()).sum::<u64>(), cases);
    assert!(lost["counts"]["lost-evidence"].as_u64().unwrap() > 1, "{lost}");
    assert_eq!(lost["counts"]["regression"], 0, "{lost}");
    assert_eq!(lost["counts"]["fix"], 0, "{lost}");
}
