//! `grade --all` as a teacher meets it: marks, result files, going on after an interruption; and
//! submissions whose folder or build attacks the teacher.
//!
//! That the grader is right is shown in `fixtures/tests`, `grade` of one program in `coursework`.

use rstest::rstest;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A directory for a class, which everybody may read.
fn class() -> TempDir {
    let class = tempfile::tempdir().unwrap();
    std::fs::create_dir(class.path().join("all")).unwrap();
    class
}

/// Adds a submission with these files: name, text, mode.
fn submission(class: &TempDir, name: &str, files: &[(&str, &str, u32)]) -> PathBuf {
    let folder = class.path().join("all").join(name);
    std::fs::create_dir(&folder).unwrap();
    for (file, text, mode) in files {
        std::fs::write(folder.join(file), text).unwrap();
        std::fs::set_permissions(folder.join(file), std::fs::Permissions::from_mode(*mode)).unwrap();
    }
    folder
}

/// Grades the class for the assignment with the fewest waits, with these further options.
fn grade(class: &TempDir, options: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nsconform"))
        .args(["grade", "ns_exec", "--all", "all"])
        .args(options)
        .current_dir(class.path())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes)).concat()
}

/// The table as comma-separated values, by submission.
fn marks(class: &TempDir) -> Vec<(String, String, String)> {
    let text = std::fs::read_to_string(class.path().join("marks.csv")).unwrap();
    let rows = text.lines().skip(1).map(|line| {
        let mut fields = line.splitn(5, ',').map(str::to_string);
        let mut next = || fields.next().unwrap_or_default();
        let (name, points, _, outcome) = (next(), next(), next(), next());
        (name, points, outcome)
    });
    rows.collect()
}

fn mark(name: &str, points: &str, outcome: &str) -> (String, String, String) {
    (name.to_string(), points.to_string(), outcome.to_string())
}

const MAKEFILE: &str = "ns_exec: ns_exec.c\n\tcc -o ns_exec ns_exec.c\n";
const MODEL_ANSWER: &str = include_str!("../../../fixtures/course/ns_exec/reference.c");
/// Builds nothing, and does nothing.
const LAZY: &str = "#!/bin/sh\nexit 3\n";

#[test]
fn a_class_gets_marks_and_goes_on_where_it_was() {
    let class = class();
    submission(&class, "anna", &[("Makefile", MAKEFILE, 0o644), ("ns_exec.c", MODEL_ANSWER, 0o644)]);
    submission(&class, "bela", &[("Makefile", MAKEFILE, 0o644), ("ns_exec.c", "int main( {\n", 0o644)]);
    let carl = submission(&class, "carl", &[("ns_exec", LAZY, 0o755), ("Makefile", "ns_exec:\n", 0o644)]);
    std::fs::write(class.path().join("all/notes.txt"), "no submission").unwrap();
    let options = ["--build", "make -s", "--format", "json", "--csv", "marks.csv", "--jobs", "2"];
    let first = grade(&class, &options);
    assert_eq!(first.status.code(), Some(0), "{}", said(&first));
    let expected =
        [mark("anna", "20", "graded"), mark("bela", "0", "not built"), mark("carl", "0", "graded")];
    assert_eq!(marks(&class), expected, "{}", said(&first));
    assert!(said(&first).contains("anna: 20 of 20 points"), "{}", said(&first));
    let result = |name: &str| {
        std::fs::read_to_string(class.path().join("results").join(name).with_extension("json")).unwrap()
    };
    let bela = result("bela");
    assert!(bela.contains("ns_exec.c:1:") && bela.contains("error"), "the compiler's words: {bela}");
    assert!(!class.path().join("all/anna/ns_exec").exists(), "the build is in a copy");

    // A result that is there is not made again: the seed, which nobody chose, is the same.
    let before = ["anna", "bela", "carl"].map(result);
    std::fs::remove_file(class.path().join("results/anna.json")).unwrap();
    std::fs::write(carl.join("ns_exec"), "#!/bin/sh\nexit 4\n").unwrap();
    let second = grade(&class, &options);
    assert_eq!(second.status.code(), Some(0), "{}", said(&second));
    assert_eq!([result("anna"), result("bela")], before[..2]);
    assert_ne!(result("carl"), before[2], "a folder that has changed is graded again");
}

#[rstest]
#[case::no_folder(&[], 2, "has no folder")]
#[case::unknown_folder(&["--only", "zoe"], 2, "there is no folder zoe")]
#[case::program_outside(&["--made", "../x"], 2, "without '..'")]
#[case::program_too(&["ns_exec"], 2, "cannot be used with")]
#[case::in_a_guest(&["--vm"], 2, "cannot be used with")]
fn wrong_command_lines(#[case] options: &[&str], #[case] status: i32, #[case] message: &str) {
    let output = grade(&class(), options);
    assert_eq!(output.status.code(), Some(status), "{}", said(&output));
    assert!(said(&output).contains(message), "{}", said(&output));
}

/// Builds that attack, each in sh: none gets further than its own copy, and all others have their
/// marks. `program` says whether one is left to be graded.
#[rstest]
#[case::writes_to_the_host(
    "echo x >$HOST/canary; echo x >../../canary; echo x >/etc/canary; cp lazy ns_exec",
    true
)]
#[case::writes_to_its_folder(
    "echo x >$HOST/all/attack/canary; rm -rf $HOST/all/other; cp lazy ns_exec",
    true
)]
#[case::talks_to_the_network("bash -c 'echo x >/dev/tcp/127.0.0.1/PORT' && cp lazy ns_exec", false)]
#[case::forks_without_end("f() { f | f & f; }; f; cp lazy ns_exec", false)]
#[case::never_ends("while :; do :; done", false)]
#[case::sleeps("sleep 1000", false)]
#[case::leaves_processes("cp lazy ns_exec; while :; do :; done & sleep 1000 & exit 0", true)]
#[case::prints_without_end("yes; cp lazy ns_exec", false)]
#[case::fills_its_space("cat /dev/zero >zeros; test -s zeros && exit 1", false)]
#[case::program_is_a_link_outside("ln -s /bin/true ns_exec", false)]
#[case::program_is_a_pipe("mkfifo ns_exec", false)]
#[case::program_is_a_directory("mkdir ns_exec", false)]
#[case::program_is_a_device("ln -s /dev/zero ns_exec", false)]
#[case::kills_everybody("cp lazy ns_exec; kill -9 -1; kill -9 1", false)]
fn hostile_builds(#[case] build: &str, #[case] program: bool) {
    let class = class();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let host = class.path().to_string_lossy().into_owned();
    let build = build.replace("$HOST", &host).replace("PORT", &port);
    submission(&class, "attack", &[("build", &build, 0o644), ("lazy", LAZY, 0o755)]);
    submission(&class, "other", &[("build", "cp lazy ns_exec", 0o644), ("lazy", LAZY, 0o755)]);
    // A twentieth of a minute for a build.
    let options = ["--build", "sh build", "--csv", "marks.csv", "--deadline-scale", "0.05"];
    let output = grade(&class, &options);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let outcome = if program { "graded" } else { "not built" };
    assert_eq!(
        marks(&class),
        [mark("attack", "0", outcome), mark("other", "0", "graded")],
        "{}",
        said(&output)
    );
    assert!(!Path::new("/etc/canary").exists());
    for canary in ["canary", "all/canary", "all/attack/canary"] {
        assert!(!class.path().join(canary).exists(), "{canary}");
    }
    assert!(class.path().join("all/other/build").exists());
    assert!(listener.accept().is_err(), "nobody has a way to the network of the machine");
}

/// Links in a folder are copied, and not followed: nothing of the teacher's gets into a build.
#[test]
fn links_in_a_folder_lead_nowhere() {
    let class = class();
    std::fs::write(class.path().join("secret"), "the key to everything\n").unwrap();
    let build = "cat secret all/secret 2>/dev/null; cp lazy ns_exec; test -e secret && exit 1; exit 0";
    let folder = submission(&class, "attack", &[("build", build, 0o644), ("lazy", LAZY, 0o755)]);
    symlink(class.path().join("secret"), folder.join("secret")).unwrap();
    symlink(class.path(), folder.join("all")).unwrap();
    let linked = submission(&class, "linked", &[]);
    symlink("/bin/true", linked.join("ns_exec")).unwrap();
    let output = grade(&class, &["--build", "sh build", "--csv", "marks.csv"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(marks(&class)[0], mark("attack", "0", "graded"), "{}", said(&output));
    // Without a build, a link is no program either.
    let output = grade(&class, &["--csv", "marks.csv", "--only", "linked"]);
    assert_eq!(marks(&class), [mark("linked", "0", "not built")], "{}", said(&output));
    assert!(said(&output).contains("is a symbolic link"), "{}", said(&output));
    for entry in std::fs::read_dir(class.path().join("results")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read(&path).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&text).contains("the key"), "{}", path.display());
    }
}

/// A result goes where the teacher says, whatever is there.
#[test]
fn results_do_not_follow_links() {
    let class = class();
    submission(&class, "attack", &[("ns_exec", LAZY, 0o755)]);
    std::fs::write(class.path().join("victim"), "precious\n").unwrap();
    std::fs::create_dir(class.path().join("results")).unwrap();
    symlink("../victim", class.path().join("results/attack.txt")).unwrap();
    let output = grade(&class, &[]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("not written"), "{}", said(&output));
    assert_eq!(std::fs::read_to_string(class.path().join("victim")).unwrap(), "precious\n");

    symlink("all", class.path().join("elsewhere")).unwrap();
    let output = grade(&class, &["--output", "elsewhere"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
}

/// Names of folders, and pipes in them, that hope for somebody who is careless.
#[test]
fn hostile_folders() {
    let class = class();
    for name in ["-rf", "=cmd|x", "\n::error::x", "a\u{1b}[2J"] {
        submission(&class, name, &[("ns_exec", LAZY, 0o755)]);
    }
    let pipe = submission(&class, "pipe", &[]);
    nix::unistd::mkfifo(&pipe.join("ns_exec"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let large = submission(&class, "large", &[]);
    std::fs::File::create(large.join("zeros")).unwrap().set_len(1 << 30).unwrap();
    let output = grade(&class, &["--csv", "marks.csv"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let said = said(&output);
    assert!(!said.contains('\u{1b}') && !said.lines().any(|line| line.starts_with("::")), "{said}");
    let marks = marks(&class);
    assert_eq!(marks.len(), 6, "{marks:?}");
    assert!(!marks.iter().any(|(name, ..)| name.starts_with(['=', '-', ':'])), "{marks:?}");
    let not_built = marks.iter().filter(|(_, points, outcome)| points == "0" && outcome == "not built");
    assert_eq!(not_built.count(), 2, "{marks:?}");
}

/// A student may have taken the longest name that there is, and two of them may begin alike.
#[test]
fn the_longest_names_get_results() {
    let class = class();
    let names = ["x".repeat(255), format!("{}y", "x".repeat(254))];
    for name in &names {
        submission(&class, name, &[("ns_exec", LAZY, 0o755)]);
    }
    for _ in 0..2 {
        let output = grade(&class, &["--format", "json", "--csv", "marks.csv"]);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    }
    let marked: Vec<String> = marks(&class).into_iter().map(|(name, ..)| name).collect();
    assert_eq!(marked, names);
    let results = std::fs::read_dir(class.path().join("results")).unwrap().flatten();
    let files = results.filter(|entry| entry.file_type().unwrap().is_file());
    assert_eq!(files.count(), names.len());
}

/// A command that was interrupted has left its results so far, and goes on.
#[test]
fn an_interrupted_class_goes_on() {
    let class = class();
    for name in ["a", "b", "c"] {
        submission(&class, name, &[("ns_exec", LAZY, 0o755)]);
    }
    submission(&class, "d", &[("ns_exec", "#!/bin/sh\nsleep 1000\n", 0o755)]);
    let mut child = Command::new(env!("CARGO_BIN_EXE_nsconform"))
        .args(["grade", "ns_exec", "--all", "all", "--jobs", "1"])
        .current_dir(class.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = std::io::BufRead::lines(std::io::BufReader::new(child.stderr.take().unwrap()));
    // Three are through, and the last one takes its time.
    assert_eq!(lines.take(3).count(), 3);
    child.kill().unwrap();
    child.wait().unwrap();
    let kept = |name: &str| std::fs::read(class.path().join(format!("results/.nsconform/{name}.json"))).ok();
    let before = ["a", "b", "c", "d"].map(kept);
    assert!(before[..3].iter().all(Option::is_some) && before[3].is_none());
    let output = grade(&class, &["--csv", "marks.csv"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(["a", "b", "c"].map(kept), before[..3]);
    let result = std::fs::read_to_string(class.path().join("results/a.txt")).unwrap();
    assert!(result.contains("nsconform grade ns_exec --all all --only a --seed"), "{result}");
    assert_eq!(marks(&class).len(), 4);
}
