//! `nsconform play`: written scripts, as their users hand them over.

use rstest::rstest;
use std::io::Write;
use std::process::{Command, Output, Stdio};
use tempfile::NamedTempFile;

const SCRIPT: &str = "\
+++ starts as user +++
# a copy
outer  open(\"/proc/self/ns/uts\", O_RDONLY) = $uts
outer  clone(CLONE_NEWUSER|CLONE_NEWUTS) = <inner>
inner  sethostname(\"inner.example\")
outer  waitpid(<inner>, 0) <unfinished ...>
inner  exit(7)
outer  <... waitpid resumed>
outer  ioctl($uts, NS_GET_NSTYPE)
";

/// Plays what is handed over on standard input.
fn play(script: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nsconform"));
    command.args(["play", "-"]).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A file that every user who runs the tests can write, and that is gone with its handle.
fn file(content: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(content.as_bytes()).unwrap();
    file
}

#[test]
fn symbols_get_their_values_and_the_trace_is_a_script_again() {
    let output = play(SCRIPT, &[]);
    let trace = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{}{trace}", text(&output.stderr));
    for answer in ["exited(7)", "ioctl(3, NS_GET_NSTYPE)", "= CLONE_NEWUTS"] {
        assert!(trace.contains(answer), "no {answer} in\n{trace}");
    }
    let expected = file(&trace);
    let again = format!("+++ starts as user +++\n{trace}");
    let output = play(&again, &["--expect", expected.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stderr), text(&output.stdout));
    assert!(output.stdout.is_empty());
}

#[test]
fn another_answer_than_expected_is_shown_where_it_is() {
    let expected = file("a  getpid()                                 = 7\n");
    let output = play("a  getpid()\n", &["--expect", expected.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let shown = text(&output.stdout);
    assert!(shown.starts_with("- a  getpid()") && shown.contains("\n+ a  getpid()"), "{shown}");
}

#[test]
fn an_approved_trace_is_a_script() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../catalogue/snapshots/uts/uts.isolates-nodename-domainname.snap"
    );
    let program = env!("CARGO_BIN_EXE_nsconform");
    let output = Command::new(program).args(["play", path, "--expect", path]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stderr), text(&output.stdout));
}

#[rstest]
#[case::no_call(
    "a  getpidd()\n",
    2,
    "standard input:1:4: `getpidd` is no call that is known here; nearest is `getpid`"
)]
#[case::unknown_flag("# x\na  unshare(CLONE_X)\n", 2, "standard input:2:12: `CLONE_X` is not known here")]
#[case::unknown_number("a  close($fd)\n", 2, "no earlier step has returned a number $fd")]
#[case::failed_number(
    "a  open(\"/none\", O_RDONLY) = $fd\na  close($fd)\n",
    2,
    "no earlier step has returned a number $fd"
)]
#[case::unknown_process("a  kill(<b>, SIGTERM)\n", 2, "no earlier step has created a process <b>")]
#[case::unknown_directory(
    "a  readlink(\"/proc/<b>/ns/uts\")\n",
    2,
    "no earlier step has created a process <b>"
)]
#[case::gone("a  exit(0)\na  getpid()\n", 2, "a was to act but has ended")]
#[case::not_ending("a  getpid()\n+++ b has ended +++\n", 2, "no earlier step has created a process <b>")]
#[case::too_long("a  clone(0) = <b>\na  waitpid(<b>, 0)\n", 3, "did not end within")]
fn what_cannot_be_played_says_why(#[case] script: &str, #[case] status: i32, #[case] message: &str) {
    let output = play(script, &["--deadline-scale", "0.5"]);
    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{errors}");
    assert!(errors.contains(message), "{errors}");
}

#[test]
fn a_missing_file_is_wrong_input() {
    let program = env!("CARGO_BIN_EXE_nsconform");
    let output = Command::new(program).args(["play", "/no/such/file"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("/no/such/file cannot be read: No such file"));
}

/// Each script would change something of the machine, or of other plays, if it were the machine's root's.
#[rstest]
#[case::a_setting("a  open(\"/proc/sys/vm/overcommit_memory\", O_WRONLY)\n", "EACCES")]
#[case::the_cgroups(
    "a  mkdir(\"/tmp/c\", 0755)\na  mount(\"none\", \"/tmp/c\", \"cgroup2\", 0, NULL)\n",
    "EPERM"
)]
#[case::the_template_of_other_plays(
    "a  mkdir(\"/tmp/a\", 0755)\na  mount(\"/\", \"/tmp/a\", NULL, MS_BIND|MS_REC, NULL)\n\
     a  mount(NULL, \"/tmp/a\", NULL, MS_REMOUNT, NULL)\n",
    "EPERM"
)]
fn a_script_reaches_nothing_outside(#[case] script: &str, #[case] errno: &str) {
    let output = play(script, &[]);
    let trace = text(&output.stdout);
    let last = trace.lines().last().unwrap_or_default();
    assert!(last.contains(&format!("= -1 {errno}")), "{trace}{}", text(&output.stderr));
}

#[test]
fn nothing_mounts_the_cgroups_of_version_1() {
    let script = "a  mkdir(\"/tmp/c\", 0755)\na  mount(\"none\", \"/tmp/c\", \"cgroup\", 0, NULL)\n";
    for arguments in [&[][..], &["--privileged"]] {
        let output = play(script, arguments);
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains("cgroups version 1"), "{}", text(&output.stderr));
    }
}

#[test]
fn the_machines_root_is_asked_for() {
    let output = play("+++ starts as initial-root +++\na  getpid()\n", &[]);
    assert_eq!(output.status.code(), Some(4));
    assert!(text(&output.stderr).contains("--privileged"), "{}", text(&output.stderr));
}

/// Cgroups that root's script makes are its own, and gone with it. Where there are none it is not played.
#[test]
fn a_privileged_script_makes_no_cgroups_of_the_machine() {
    let script = "a  mkdir(\"/tmp/c\", 0755)\na  mount(\"none\", \"/tmp/c\", \"cgroup2\", 0, NULL)\n\
                  a  mkdir(\"/tmp/c/of-a-script\", 0755)\n";
    let output = play(script, &["--privileged"]);
    let trace = text(&output.stdout);
    let none = text(&output.stderr).contains("no cgroup") || trace.contains("= -1 EPERM");
    let tree = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let roots =
        tree.lines().filter(|line| line.contains(" - cgroup2 ")).filter_map(|line| line.split(' ').nth(4));
    assert!(none || trace.trim_end().ends_with("= 0"), "{trace}{}", text(&output.stderr));
    for root in roots {
        assert!(!std::path::Path::new(root).join("of-a-script").exists(), "it is in {root}");
    }
}
