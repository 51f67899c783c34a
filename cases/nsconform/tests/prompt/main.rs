//! `nsconform lab` and `nsconform quiz`, as their users type: through a pipe, and at a terminal of 80
//! columns (`terminal`); and how other commands show there how far they are (`progress`).

mod progress;
mod terminal;

use rstest::rstest;
use std::io::Write;
use std::process::{Command, Output, Stdio};
use terminal::Terminal;

const PROGRAM: &str = env!("CARGO_BIN_EXE_nsconform");

fn piped(arguments: &[&str], input: &[u8]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A lab that ends early does not read the rest.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The output of a lab that ends well.
fn lab(lines: &[&str]) -> String {
    let output = piped(&["lab"], (lines.join("\n") + "\n").as_bytes());
    assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn each_line_is_answered_as_in_a_trace() {
    let shown = lab(&[
        "outer clone(CLONE_NEWUSER|CLONE_NEWUTS)",
        "child sethostname(\"inside\")",
        "child gethostname()",
    ]);
    let expected = [
        "outer  clone(CLONE_NEWUTS|CLONE_NEWUSER)        = <child>",
        "child  sethostname(\"inside\")                    = 0",
        "child  gethostname()                            = \"inside\"",
    ];
    assert_eq!(shown.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn a_call_that_blocks_is_begun_and_others_act_meanwhile() {
    let shown = lab(&["a clone(0) = <b>", "a waitpid(<b>, 0)", "b exit(7)", "a <... waitpid resumed>"]);
    assert!(shown.contains("a  waitpid(<b>, 0) <unfinished ...>\na waits in its call"), "{shown}");
    assert!(
        shown.contains("b  exit(7)                                  = ?\na  <... waitpid resumed>"),
        "{shown}"
    );
    assert!(shown.contains("exited(7)"), "{shown}");
}

#[test]
fn a_line_is_taken_back() {
    let shown = lab(&["a sethostname(\"x\")", "undo", "a gethostname()", "script"]);
    assert!(shown.contains("taken back: a sethostname(\"x\")"), "{shown}");
    assert!(shown.contains("= \"sealed\""), "{shown}");
    assert!(shown.ends_with("+++ starts as root +++\na gethostname()\n"), "{shown}");
}

#[test]
fn the_state_is_drawn() {
    let shown = lab(&[
        "outer clone(CLONE_NEWUSER|CLONE_NEWNS) = <inner>",
        "outer ! echo \"0 0 1\" > \"/proc/<inner>/uid_map\"",
        "inner mkdir(\"/tmp/a\", 0755)",
        "tree",
        "maps",
        "props",
    ]);
    assert!(shown.contains("user:[A]  outer\n"), "{shown}");
    assert!(shown.contains("└─ user:[B]  inner\n   └─ mnt:[B]  inner\n"), "{shown}");
    assert!(shown.contains("├─ mnt:[A]  outer\n"), "{shown}");
    assert!(shown.contains("user:[B]  inner\n  uid_map  [0 0 1]"), "{shown}");
    assert!(shown.contains("mnt:[B]  inner\n"), "{shown}");
    assert!(shown.lines().any(|line| line.trim_start().starts_with("/tmp ")), "{shown}");
}

#[test]
fn answers_are_hidden_until_they_are_predicted() {
    let shown = lab(&["predict", "a sethostname(\"x\")", "0", "a gethostname()", "EPERM", "score"]);
    assert!(shown.contains("sethostname(\"x\") = ?"), "{shown}");
    assert!(shown.contains("\nright\na  sethostname(\"x\")"), "{shown}");
    assert!(shown.contains("\nno:\na  gethostname()"), "{shown}");
    assert!(shown.ends_with("1 of 2 predictions are right (50 %)\n"), "{shown}");
}

#[test]
fn a_saved_script_plays_to_the_same_trace() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("script").display().to_string();
    lab(&["a clone(CLONE_NEWUSER) = <b>", "b geteuid()", &format!("save {file}")]);
    let played = Command::new(PROGRAM).args(["play", &file, "--expect", &file]).output().unwrap();
    assert_eq!(played.status.code(), Some(0), "{}{}", text(&played.stdout), text(&played.stderr));
    let again = piped(&["lab", &file], b"script\n");
    assert!(text(&again.stdout).contains("b  geteuid()"), "{}", text(&again.stdout));
}

#[rstest]
#[case::unknown_call(
    "a getpid()\na getpit()\n",
    "standard input:2: column 3: `getpit` is no call that is known here; nearest is `getpid`"
)]
#[case::no_such_process("a kill(<b>, SIGTERM)\n", "no earlier step has created a process <b>")]
#[case::ended("a exit(0)\na getpid()\n", "standard input:2: a was to act but has ended")]
#[case::no_call("hello\n", "standard input:1: column 1: a process, two spaces and a call are expected")]
#[case::nothing_to_take_back("undo\n", "there is no line to take back")]
#[case::no_file("save\n", "save FILE")]
#[case::nothing_to_draw("tree\n", "there is no process yet")]
#[case::no_such_folder("save /no/such/folder/x\n", "/no/such/folder/x cannot be written")]
#[case::still_waits(
    "a clone(0) = <b>\na waitpid(<b>, 0)\na <... waitpid resumed>\n",
    "standard input:3: that does not happen"
)]
#[case::bytes("\u{0}\u{7f}\u{300}  (\"\n", "standard input:1: column")]
#[case::a_fold("{\n", "standard input:1: column 1")]
fn a_wrong_line_says_where_and_why(#[case] input: &str, #[case] message: &str) {
    let output = piped(&["lab", "--deadline-scale", "0.5"], input.as_bytes());
    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains(message), "{errors}");
}

#[rstest]
#[case::not_utf8(b"\xff\xfe\n", "is not UTF-8")]
#[case::endless(&[b'a'; 70_000], "has more than 65536 bytes")]
fn bytes_that_are_no_line_are_refused(#[case] input: &[u8], #[case] message: &str) {
    let output = piped(&["lab"], input);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains(message), "{}", text(&output.stderr));
}

#[test]
fn a_terminal_of_80_columns_completes_explains_and_ends() {
    let mut terminal = Terminal::start(&["lab"]);
    terminal.expect("lab> ");
    terminal.type_in("outer clone(CLONE_NEWUSER|CLONE_NEWUT\t) = <inner>\r");
    terminal.expect("= <inner>");
    terminal.expect("lab> ");
    terminal.type_in("?sethostname\r");
    terminal.expect("see sethostname(2)");
    terminal.expect("lab> ");
    terminal.type_in("inn\tsethostn\t\"inside\")\r");
    terminal.expect("sethostname(\"inside\")                    = 0");
    // Ctrl-C takes a line back, and the lab goes on.
    terminal.expect("lab> ");
    terminal.type_in("nonsense");
    terminal.expect("nonsense");
    terminal.type_in("\x03");
    terminal.expect("lab> ");
    terminal.type_in("inner gethostname()\r");
    terminal.expect("= \"inside\"");
    terminal.expect("lab> ");
    terminal.type_in("\x04");
    assert_eq!(terminal.end(), Some(0));
    assert_eq!(terminal.left_behind(), 0);
}

/// A lab at whose prompt a call was typed that blocks.
fn lab_with_a_blocking_call() -> Terminal {
    let mut terminal = Terminal::start(&["lab", "--deadline-scale", "100"]);
    terminal.expect("lab> ");
    terminal.type_in("a clone(0) = <b>\r");
    // The answer has two blanks; the echo has one.
    terminal.expect("a  clone(0)");
    terminal.expect("lab> ");
    terminal.type_in("a waitpid(<b>, 0)\r");
    terminal
}

#[test]
fn a_lab_that_is_killed_leaves_nothing_behind() {
    let mut terminal = lab_with_a_blocking_call();
    terminal.expect("waitpid");
    terminal.wait_for_processes(4);
    terminal.kill();
    terminal.wait_for_processes(0);
}

#[test]
fn a_lab_that_is_interrupted_leaves_nothing_behind() {
    let mut terminal = lab_with_a_blocking_call();
    terminal.expect_line_taken();
    terminal.wait_for_processes(4);
    terminal.type_in("\x03");
    terminal.wait_for_processes(0);
}

/// Ctrl-C reaches the fork server as well. If it comes when an answer is there already, the lab says at the next
/// line that nothing can be played any more, shows the script, and ends.
#[test]
fn a_lab_without_its_fork_server_ends() {
    let mut terminal = Terminal::start(&["lab"]);
    terminal.expect("lab> ");
    terminal.type_in("a getpid()\r");
    terminal.expect("a  getpid()");
    terminal.expect("lab> ");
    terminal.interrupt_children();
    terminal.type_in("a getppid()\r");
    terminal.expect("starts as root");
    terminal.expect("the fork server has ended");
    terminal.wait_for_processes(0);
}

#[test]
fn a_quiz_counts_what_is_right() {
    let arguments = ["quiz", "uts.*", "--questions", "2", "--seed", "1"];
    let first = text(&piped(&arguments, b"\n\n").stdout);
    assert!(first.contains("0 of 2 predictions are right (0 %)"), "{first}");
    let answers: Vec<&str> = first.lines().filter_map(|line| line.strip_prefix("no: ")).collect();
    let output = piped(&arguments, (answers.join("\n") + "\n").as_bytes());
    assert_eq!(output.status.code(), Some(0));
    assert!(
        text(&output.stdout).contains("2 of 2 predictions are right (100 %)"),
        "{}",
        text(&output.stdout)
    );
    assert!(text(&output.stdout).contains("nsconform explain uts."));
}

#[test]
fn a_worksheet_follows_from_its_seed_and_its_answers_are_apart() {
    for form in ["text", "html"] {
        let sheet = |more: &[&str]| {
            let arguments = [&["quiz", "user.*", "--seed", "5", "--worksheet", form], more].concat();
            let output = piped(&arguments, b"");
            assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
            text(&output.stdout)
        };
        assert_eq!(sheet(&[]), sheet(&[]));
        assert!(
            !sheet(&[]).contains("nsconform explain") && sheet(&["--answers"]).contains("nsconform explain")
        );
    }
}

#[test]
fn a_quiz_without_a_case_has_nothing_to_ask() {
    let output = piped(&["quiz", "no.such.case"], b"");
    assert_eq!(output.status.code(), Some(4), "{}", text(&output.stderr));
}
