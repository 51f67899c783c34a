//! `course` and `grade` as students and teachers meet them: what is written where, exit statuses,
//! bad input. That the grader is right is shown in `fixtures/tests`.

use rstest::rstest;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

fn nsconform(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nsconform"))
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A directory with a submission for `unshare` that does nothing, and one that is not executable.
fn desk() -> TempDir {
    let desk = tempfile::tempdir().unwrap();
    write(&desk.path().join("lazy"), "#!/bin/sh\n", 0o755);
    write(&desk.path().join("plain"), "#!/bin/sh\n", 0o644);
    write(&desk.path().join("no-program"), "neither this nor that\n", 0o755);
    desk
}

fn write(path: &Path, content: &str, mode: u32) -> PathBuf {
    std::fs::write(path, content).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    path.to_path_buf()
}

#[rstest]
#[case::nothing_earned(&["grade", "unshare", "lazy"], 1, "0 of 20 points")]
#[case::unknown_assignment(&["grade", "unshar", "lazy"], 2, "nearest are unshare")]
#[case::no_program(&["grade", "unshare", "nowhere"], 2, "nowhere: No such file")]
#[case::a_directory(&["grade", "unshare", "."], 2, "name the program in it")]
#[case::not_executable(&["grade", "unshare", "plain"], 2, "chmod +x plain")]
#[case::no_machine_code(&["grade", "unshare", "no-program"], 1, "Exec format error")]
#[case::unknown_format(&["grade", "unshare", "lazy", "--format", "xml"], 2, "human, json, gradescope")]
#[case::no_rules(&["grade", "unshare", "lazy", "--rules", "nowhere"], 2, "nowhere cannot be read: No such file")]
#[case::output_nowhere(&["grade", "unshare", "lazy", "--format", "json", "--output", "no/file"], 2, "no")]
#[case::exercism_is_content(&["grade", "unshare", "lazy", "--format", "exercism"], 0, "\"status\": \"fail\"")]
#[case::unknown_course(&["course", "start", "unshar", "x"], 2, "nearest are unshare")]
#[case::rules(&["course", "rules", "unshare"], 0, "deadline_ms")]
#[case::list(&["course", "list"], 0, "unshare")]
#[case::list_for_programs(&["course", "list", "--format", "json"], 0, "\"points\":20")]
fn exit_statuses(#[case] arguments: &[&str], #[case] expected: i32, #[case] message: &str) {
    let desk = desk();
    let output = nsconform(desk.path(), arguments);
    let said = text(&output.stdout) + &text(&output.stderr);
    assert_eq!(output.status.code(), Some(expected), "{said}");
    assert!(said.contains(message), "{said}");
}

#[rstest]
#[case::c(&[], &["README.md", "unshare.c", "Makefile", "pictures"])]
#[case::rust(&["--lang", "rust"], &["README.md", "unshare.rs", "Cargo.toml", "pictures"])]
fn a_course_starts_with_files_and_overwrites_none(#[case] options: &[&str], #[case] files: &[&str]) {
    let desk = desk();
    let start: Vec<&str> = ["course", "start", "unshare", "mine"].iter().chain(options).copied().collect();
    let output = nsconform(desk.path(), &start);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let mine = desk.path().join("mine");
    let mut there: Vec<String> = std::fs::read_dir(&mine)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    there.sort();
    let mut expected = files.to_vec();
    expected.sort();
    assert_eq!(there, expected);
    let handout = std::fs::read_to_string(mine.join("README.md")).unwrap();
    assert!(handout.contains("| `runs` | 2 |") && !handout.contains("{{"), "{handout}");
    let picture = std::fs::read_to_string(mine.join("pictures/pid.first-child-is-init.svg")).unwrap();
    assert!(picture.starts_with("<svg") && picture.contains("Namespaces after step"), "{picture}");
    assert!(handout.contains("](pictures/pid.first-child-is-init.svg)"), "{handout}");
    write(&mine.join(files[1]), "my work\n", 0o644);
    let again = nsconform(desk.path(), &start);
    assert_eq!(again.status.code(), Some(2));
    assert!(text(&again.stderr).contains("nothing was written"), "{}", text(&again.stderr));
    assert_eq!(std::fs::read_to_string(mine.join(files[1])).unwrap(), "my work\n");
    let forced: Vec<&str> = start.into_iter().chain(["--force"]).collect();
    assert!(nsconform(desk.path(), &forced).status.success());
    assert_ne!(std::fs::read_to_string(mine.join(files[1])).unwrap(), "my work\n");
}

/// Errors in a teacher's rules, with line and column.
#[rstest]
#[case::unknown_check("id = \"runs\"", "id = \"walks\"", "line ", "there is no such check")]
#[case::unknown_key("points = 2", "pints = 2", "line ", "unknown field `pints`")]
#[case::wrong_type("points = 2", "points = \"two\"", "line ", "invalid type")]
#[case::no_time("deadline_ms = ", "deadline_ms = 0 # ", "line ", "at least 1 millisecond")]
#[case::later_prerequisite("needs = [\"runs\"]", "needs = [\"errors\"]", "line ", "comes earlier")]
fn errors_in_rules(#[case] from: &str, #[case] to: &str, #[case] place: &str, #[case] message: &str) {
    let desk = desk();
    let rules = text(&nsconform(desk.path(), &["course", "rules", "unshare"]).stdout);
    assert!(rules.contains(from), "{rules}");
    write(&desk.path().join("rules.toml"), &rules.replacen(from, to, 1), 0o644);
    let output = nsconform(desk.path(), &["grade", "unshare", "lazy", "--rules", "rules.toml"]);
    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    for part in ["rules.toml: ", place, "column ", message] {
        assert!(errors.contains(part), "{part}: {errors}");
    }
}

#[test]
fn a_teachers_rules_count() {
    let desk = desk();
    let rules = text(&nsconform(desk.path(), &["course", "rules", "unshare"]).stdout);
    write(&desk.path().join("rules.toml"), &rules.replacen("points = 2", "points = 7", 1), 0o644);
    let output = nsconform(desk.path(), &["grade", "unshare", "lazy", "--rules", "rules.toml"]);
    assert!(text(&output.stdout).contains("0 of 25 points"), "{}", text(&output.stdout));
}

#[test]
fn a_result_file_is_written_beside_what_people_read() {
    let desk = desk();
    let arguments =
        ["grade", "unshare", "lazy", "--seed", "7", "--format", "gradescope", "--output", "results.json"];
    let output = nsconform(desk.path(), &arguments);
    assert!(text(&output.stdout).contains("--seed 7"), "{}", text(&output.stdout));
    let result: serde_json::Value =
        serde_json::from_slice(&std::fs::read(desk.path().join("results.json")).unwrap()).unwrap();
    assert_eq!(result["tests"].as_array().unwrap().len(), 9);
    assert_eq!(result["extra_data"]["seed"], "7");
}

#[test]
fn a_full_disk_is_told() {
    let desk = desk();
    let output = Command::new(env!("CARGO_BIN_EXE_nsconform"))
        .args(["grade", "unshare", "lazy", "--format", "json"])
        .current_dir(desk.path())
        .stdin(Stdio::null())
        .stdout(std::fs::File::options().write(true).open("/dev/full").unwrap())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stderr).contains("No space left"), "{}", text(&output.stderr));
}

/// The same seed asks for the same; another one does not.
#[test]
fn seeds_repeat_a_grading() {
    let desk = desk();
    let asked = |seed: &str| {
        let output =
            nsconform(desk.path(), &["grade", "unshare", "lazy", "--seed", seed, "--format", "json"]);
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        document["checks"][0]["asked"].to_string()
    };
    assert_eq!(asked("1"), asked("1"));
    assert_ne!(asked("1"), asked("2"));
}

/// Enter grades again, the end of standard input ends watching.
#[test]
fn watching_grades_again() {
    use std::io::{BufRead, BufReader, Write};
    let desk = desk();
    let mut child = Command::new(env!("CARGO_BIN_EXE_nsconform"))
        .args(["grade", "unshare", "lazy", "--watch"])
        .current_dir(desk.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut gradings = |count: usize| {
        let total = |line: &String| line.contains(" of 20 points");
        assert_eq!(lines.by_ref().filter(total).take(count).count(), count);
    };
    gradings(1);
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"\n").unwrap();
    gradings(1);
    // A compiler puts a new file in the place of the old one.
    write(&desk.path().join("new"), "#!/bin/sh\nexit 1\n", 0o755);
    std::fs::rename(desk.path().join("new"), desk.path().join("lazy")).unwrap();
    gradings(1);
    drop(input);
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

/// Where no user namespace can be made nothing can be graded, one program or a class.
#[rstest]
#[case::one(&["grade", "unshare", "lazy"])]
#[case::class(&["grade", "unshare", "--all", "class"])]
fn nothing_can_be_graded_without_user_namespaces(#[case] arguments: &[&str]) {
    let desk = desk();
    std::fs::create_dir_all(desk.path().join("class/anna")).unwrap();
    write(&desk.path().join("class/anna/unshare"), "#!/bin/sh\n", 0o755);
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "sh", "-c"])
        .arg("echo 0 >/proc/sys/user/max_user_namespaces; exec \"$@\"")
        .arg("sh")
        .arg(env!("CARGO_BIN_EXE_nsconform"))
        .args(arguments)
        .current_dir(desk.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{errors}");
    assert!(errors.contains("nothing can be said of") && errors.contains("nsconform doctor"), "{errors}");
    assert!(!text(&output.stdout).contains("of 20 points"), "{}", text(&output.stdout));
}

#[test]
fn rules_without_points_are_refused() {
    let desk = desk();
    let rules = text(&nsconform(desk.path(), &["course", "rules", "unshare"]).stdout);
    let mut without = String::new();
    for line in rules.lines() {
        without += if line.starts_with("points = ") { "points = 0" } else { line };
        without.push('\n');
    }
    write(&desk.path().join("rules.toml"), &without, 0o644);
    let output = nsconform(desk.path(), &["grade", "unshare", "lazy", "--rules", "rules.toml"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("no check gives any points"), "{}", text(&output.stderr));
}

/// The line that says how to repeat a grading does, in a shell, whatever the names are.
#[rstest]
#[case::plain("lazy", &[])]
#[case::dash("-dash", &[])]
#[case::blanks("two words", &[])]
#[case::quote("it's", &[])]
#[case::rules("lazy", &["--rules", "my rules.toml"])]
#[case::slower("lazy", &["--deadline-scale", "2.5"])]
fn a_grading_can_be_repeated(#[case] name: &str, #[case] options: &[&str]) {
    use std::ffi::{OsStr, OsString};
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    let desk = desk();
    let rules = text(&nsconform(desk.path(), &["course", "rules", "unshare"]).stdout);
    write(&desk.path().join("my rules.toml"), &rules.replacen("points = 2", "points = 7", 1), 0o644);
    let not_utf8 = [name.as_bytes(), b"\xff"].concat();
    for name in [OsStr::new(name), OsStr::from_bytes(&not_utf8)] {
        let program: OsString = match name.as_bytes() {
            [b'-', ..] => OsString::from_vec([b"./", name.as_bytes()].concat()),
            _ => name.to_os_string(),
        };
        write(&desk.path().join(name), "#!/bin/sh\n", 0o755);
        let first = Command::new(env!("CARGO_BIN_EXE_nsconform"))
            .args(["grade", "unshare"])
            .arg(&program)
            .args(options)
            .current_dir(desk.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let shown = text(&first.stdout);
        let line = shown.lines().rev().find_map(|line| Some(&line[line.find("nsconform grade ")?..]));
        let line = line.unwrap_or_else(|| panic!("{shown}{}", text(&first.stderr)));
        // bash has `$'...'`; the program is the one that was tested.
        let again = Command::new("bash")
            .arg("-c")
            .arg(line.replacen("nsconform", "\"$0\"", 1))
            .arg(env!("CARGO_BIN_EXE_nsconform"))
            .current_dir(desk.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let without_times = |text: &str| -> Vec<String> {
            text.lines().filter(|line| !line.contains(" s")).map(str::to_string).collect()
        };
        assert_eq!(
            without_times(&text(&again.stdout)),
            without_times(&shown),
            "{line}: {}",
            text(&again.stderr)
        );
    }
}

/// A guest's grading is repeated in a guest; nothing boots here, as the kernel is none.
#[test]
fn a_kernel_that_is_none_is_refused() {
    let desk = desk();
    let output = nsconform(desk.path(), &["grade", "unshare", "lazy", "--vm", "--kernel", "plain"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
}
