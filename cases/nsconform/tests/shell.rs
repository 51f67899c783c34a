//! A shell and man(1) ask the program: completion of ids, assignments and kernels, and the manual
//! pages.

use rstest::rstest;
use std::process::Command;

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_nsconform"))
}

/// The words that Bash offers for the last of these words, by the script that `completions bash` prints.
fn offered(words: &[&str]) -> Vec<String> {
    let script = program().args(["completions", "bash"]).output().unwrap();
    assert!(script.status.success());
    let folder = std::path::Path::new(env!("CARGO_BIN_EXE_nsconform")).parent().unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default());
    let ask = r#"
        eval "$SCRIPT"
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_TYPE=9
        _clap_complete_nsconform nsconform "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let output = Command::new("bash")
        .args(["--norc", "-c", ask, "bash", "nsconform"])
        .args(words)
        .env("PATH", path)
        .env("SCRIPT", String::from_utf8(script.stdout).unwrap())
        .output()
        .unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    shown.split_whitespace().map(str::to_string).collect()
}

#[rstest]
#[case::command(&["hist"], "history")]
#[case::option(&["run", "--fail-f"], "--fail-fast")]
#[case::format(&["report", "--format", "mark"], "markdown")]
#[case::case_to_run(&["run", "uts.isolates-nod"], "uts.isolates-nodename-domainname")]
#[case::case_to_explain(&["explain", "uts.isolates-nod"], "uts.isolates-nodename-domainname")]
#[case::case_of_the_matrix(&["matrix", "--case", "uts.isolates-nod"], "uts.isolates-nodename-domainname")]
#[case::assignment(&["grade", "unsh"], "unshare")]
#[case::assignment_to_start(&["course", "start", "unsh"], "unshare")]
#[case::kernel(&["matrix", "--only", "5."], "5.10")]
#[case::kernel_to_fetch(&["fetch-kernels", "--only", "5."], "5.10")]
fn bash_completes(#[case] words: &[&str], #[case] expected: &str) {
    let offered = offered(words);
    assert!(offered.iter().any(|word| word == expected), "{offered:?}");
    let begun = words.last().unwrap();
    assert!(offered.iter().all(|word| word.starts_with(begun)), "{offered:?}");
}

#[rstest]
fn each_shell_has_a_script(#[values("bash", "elvish", "fish", "powershell", "zsh")] shell: &str) {
    let output = program().args(["completions", shell]).output().unwrap();
    assert!(output.status.success());
    assert!(String::from_utf8(output.stdout).unwrap().contains("NSCONFORM_COMPLETE"));
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("man1");
    assert!(program().arg("man").arg(&folder).status().unwrap().success());
    let page = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let run = page("nsconform-run.1");
    for expected in
        [".SH NAME\nnsconform\\-run", "\\-\\-fail\\-fast", ".SH EXIT STATUS\n.nf\n", "\\&  4  nothing"]
    {
        assert!(run.contains(expected), "no {expected}: {run}");
    }
    assert!(page("nsconform-course-start.1").contains(".SH SYNOPSIS"));
    assert!(!folder.join("nsconform-shorten.1").exists(), "it is hidden");
    let whole = program().arg("man").output().unwrap();
    assert_eq!(String::from_utf8(whole.stdout).unwrap(), page("nsconform.1"));
}
