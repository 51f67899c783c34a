//! `nsconform explore`, as its users call it.

use nsconform_explore::explorer::relations::RELATIONS;
use rstest::rstest;
use std::path::Path;
use std::process::{Command, Output};

fn nsconform(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nsconform")).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The names of the files in a folder, sorted.
fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[rstest]
fn scripts_of_an_area_break_no_law(#[values("uts", "user,pid", "ipc")] area: &str) {
    let output = nsconform(&["explore", "--self", "--area", area, "--scripts", "6", "--deadline-scale", "5"]);
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{shown}{}", text(&output.stderr));
    assert!(shown.starts_with("6 scripts of ") && shown.contains(": 0 finds"), "{shown}");
}

/// On a kernel that copies unbindable mounts as private ones, or on one that does not: what is said, the files
/// and the exit status agree, and what was found is found again.
#[test]
fn a_find_is_written_and_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let (corpus, found) = (folder.path().join("corpus"), folder.path().join("found"));
    std::fs::create_dir(&corpus).unwrap();
    let script = "a  mkdir(\"/tmp/x\", 0755)\na  mount(NULL, \"/tmp\", NULL, MS_UNBINDABLE, NULL)\n";
    std::fs::write(corpus.join("unbindable.script"), script).unwrap();
    let explore = |corpus: &Path| {
        let (corpus, found) = (corpus.display().to_string(), found.display().to_string());
        let scale = ["--scripts", "0", "--deadline-scale", "5"];
        nsconform(&[&["explore", "--corpus", &corpus, "--output", &found][..], &scale].concat())
    };
    let output = explore(&corpus);
    let shown = text(&output.stdout);
    let files = files(&found);
    match output.status.code() {
        Some(0) => assert!(files.is_empty() && shown.contains(": 0 finds"), "{shown}"),
        Some(1) => {
            assert_eq!(files[0], "001-mnt.copied-tree.script", "{shown}");
            assert!(shown.contains("\"/tmp\" on \"/\": optional [unbindable] became []"), "{shown}");
            let reduced = std::fs::read_to_string(found.join(&files[0])).unwrap();
            assert_eq!(
                reduced,
                "+++ starts as root +++\na  mount(NULL, \"/tmp\", NULL, MS_UNBINDABLE, NULL)\n"
            );
            let again = explore(&found);
            assert_eq!(again.status.code(), Some(1), "{}", text(&again.stdout));
        }
        status => panic!("{status:?}: {shown}{}", text(&output.stderr)),
    }
}

#[rstest]
#[case::an_area(&["--area", "net"], "`net` is no area that can be explored; these are: mnt, uts, user, pid, ipc")]
#[case::one_kernel(&["--kernels", "6.12"], "--kernels takes at least two kernels")]
#[case::a_time(&["--time", "soon"], "--time")]
#[case::both(&["--scripts", "1", "--time", "1s"], "cannot be used with")]
#[case::no_corpus(&["--corpus", "/nonexistent"], "/nonexistent: ")]
fn a_wrong_command_line_says_what_is_wrong(#[case] arguments: &[&str], #[case] message: &str) {
    let output = nsconform(&[&["explore"], arguments].concat());
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains(message), "{}", text(&output.stderr));
}

#[test]
fn the_document_lists_each_relation() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../EXPLORING.md");
    let document = std::fs::read_to_string(path).unwrap();
    let listed: Vec<&str> = document.lines().filter(|line| line.starts_with("| `")).collect();
    let expected: Vec<String> = RELATIONS
        .iter()
        .map(|relation| format!("| `{}` | {} | {} |", relation.name, relation.law, relation.source))
        .collect();
    assert_eq!(listed, expected);
}
