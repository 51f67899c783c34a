//! The documents are right: their commands do what is shown, their examples are those of the
//! catalogue, their options exist, and their links lead somewhere.
//!
//! CONTRIBUTING.md says how a fenced block is marked. `NSCONFORM_DOCUMENTS=write` in the environment
//! rewrites what blocks show; how output is compared lives in `shape`, how Markdown is read in
//! `markdown`.

mod examples;
mod markdown;
mod shape;

use libtest_mimic::{Arguments, Failed, Trial};
use markdown::Document;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output, Stdio};

/// The top of the source tree.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the tree is there")
}

/// The documents, by their paths from the top of the tree.
fn documents() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "harness/ARCHITECTURE.md"]
        .map(PathBuf::from)
        .to_vec();
    let pages = std::fs::read_dir(root().join("cases")).expect("cases can be listed");
    let names = pages.map(|page| PathBuf::from("cases").join(page.expect("a page").file_name()));
    found.extend(names.filter(|path| path.extension().is_some_and(|ending| ending == "md")));
    found.sort();
    found
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let checks: [(&str, fn(&mut Document) -> Vec<String>); 4] =
        [("links", links), ("options", options), ("examples", examples::check), ("commands", commands)];
    let mut trials = vec![Trial::test("comparison", || {
        shape::self_check();
        Ok(())
    })];
    for path in documents() {
        for (name, check) in checks {
            let path = path.clone();
            trials.push(Trial::test(format!("{}::{name}", path.display()), move || one(&path, check)));
        }
    }
    // One after the other: two rewritings of one file must not meet.
    let arguments = Arguments { test_threads: Some(1), ..arguments };
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn one(path: &Path, check: fn(&mut Document) -> Vec<String>) -> Result<(), Failed> {
    let mut document = Document::read(&root(), path)?;
    let wrong = check(&mut document);
    if std::env::var_os("NSCONFORM_DOCUMENTS").is_some_and(|mode| mode == "write") {
        document.rewrite(&root())?;
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// Links to files and to headings. Those to other machines are not followed.
fn links(document: &mut Document) -> Vec<String> {
    let folder = document.path.parent().unwrap_or(Path::new("")).to_path_buf();
    let mut wrong = Vec::new();
    for link in document.links() {
        let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
        if file.contains("://") {
            continue;
        }
        let target = if file.is_empty() { document.path.clone() } else { folder.join(file) };
        if !root().join(&target).exists() {
            wrong.push(format!("{}: the link {link} leads nowhere", document.path.display()));
        } else if !anchor.is_empty() {
            let headings =
                Document::read(&root(), &target).map(|target| target.anchors()).unwrap_or_default();
            if !headings.iter().any(|heading| heading == anchor) {
                wrong.push(format!("{}: {link}: there is no such heading", document.path.display()));
            }
        }
    }
    wrong
}

/// Shell blocks can be read by a shell, and each option of nsconform that is named exists.
fn options(document: &mut Document) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut texts = document.code_spans();
    for block in document.blocks() {
        match block.language() {
            "sh" => {
                let output = limited(Command::new("sh").args(["-n", "-c", &block.text]));
                if !output.status.success() {
                    wrong.push(format!("{}: {}", block.place(), text(&output.stderr)));
                }
                texts.push(block.text);
            }
            "console" => {
                texts.extend(block.text.lines().filter_map(|line| line.strip_prefix("$ ").map(String::from)))
            }
            _ => {}
        }
    }
    let all = help(&[]).unwrap_or_default();
    let commands: Vec<&str> =
        all.lines().filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next()).collect();
    for text in texts {
        for (command, option) in options_of(&text) {
            let exists = match command.split_first() {
                Some(_) => help(&command).is_some_and(|help| has_option(&help, &option)),
                None => commands.iter().any(|command| {
                    help(&[command.to_string()]).is_some_and(|help| has_option(&help, &option))
                }),
            };
            if !exists {
                wrong.push(format!(
                    "{}: nsconform {} has no option {option}",
                    document.path.display(),
                    command.join(" ")
                ));
            }
        }
    }
    wrong
}

/// The options in a piece of shell text that are nsconform's, each with the command that it belongs to;
/// with none where the text is the option alone (`--only 6.12`).
fn options_of(text: &str) -> Vec<(Vec<String>, String)> {
    let mut found = Vec::new();
    for line in text.replace("\\\n", " ").split(['\n', '|', ';', '&']) {
        let words: Vec<&str> = line.split('#').next().unwrap_or("").split_whitespace().collect();
        // `-p nsconform` is cargo's name of the package.
        let is_program = |at: &usize| {
            let named = words[*at] == "nsconform" || words[*at].ends_with("/nsconform");
            named && (*at == 0 || words[*at - 1] != "-p")
        };
        let (command, rest) = match (0..words.len()).find(is_program) {
            Some(at) => {
                let names = words[at + 1..].iter().take_while(|word| {
                    word.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !word.starts_with('-')
                });
                let names: Vec<String> = names.map(ToString::to_string).collect();
                // Only `course` has commands below it; other words are patterns and the like.
                let depth = if names.first().is_some_and(|name| name == "course") { 2 } else { 1 };
                (names.into_iter().take(depth).collect(), &words[at + 1..])
            }
            None if words.first().is_some_and(|word| word.starts_with("--")) => {
                (Vec::new(), words.as_slice())
            }
            None => continue,
        };
        let options = rest.iter().filter(|word| word.starts_with("--") && word.len() > 2);
        found.extend(options.map(|option| {
            let name = option.split('=').next().unwrap_or(option);
            (command.clone(), name.trim_end_matches(|c: char| !c.is_alphanumeric()).to_string())
        }));
    }
    found
}

fn help(command: &[String]) -> Option<String> {
    let mut program = Command::new(env!("CARGO_BIN_EXE_nsconform"));
    let output = limited(program.args(command).arg("--help"));
    output.status.success().then(|| text(&output.stdout))
}

fn has_option(help: &str, option: &str) -> bool {
    help.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').any(|word| word == option)
}

/// Runs the commands of the `console` blocks of one document, in order, in one scratch directory.
fn commands(document: &mut Document) -> Vec<String> {
    let desk = Desk::new();
    let mut wrong = Vec::new();
    for block in document.blocks() {
        if block.language() != "console" || !holds_here(&block) {
            continue;
        }
        let mut shown = String::new();
        for step in shape::steps(&block.text) {
            let output = desk.run(&step.command);
            let observed = text(&output.stdout);
            let problem = match output.status.code() {
                code if code != Some(step.status) => {
                    Some(format!("exit status {code:?} instead of {}\n{}", step.status, text(&output.stderr)))
                }
                _ => step.mismatch(&observed),
            };
            shown += &step.rewritten(&observed);
            if let Some(problem) = problem {
                wrong.push(format!("{}: {}: {problem}", block.place(), step.command));
            }
        }
        if shown != block.text && !wrong.is_empty() {
            document.replace(&block, shown);
        }
    }
    wrong
}

/// Whether a block is about a machine as this one: `as=root`, `kernel=FROM..BEFORE`.
fn holds_here(block: &markdown::Block) -> bool {
    let numbers = |release: &str| -> Vec<u32> {
        let end = release.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(release.len());
        release[..end].split('.').map_while(|number| number.parse().ok()).collect()
    };
    let running = || {
        let names = nix::sys::utsname::uname().expect("uname does not fail");
        numbers(&names.release().to_string_lossy())
    };
    block.marks().all(|(mark, value)| match mark {
        "as" => (value == "root") == nix::unistd::geteuid().is_root(),
        "kernel" => {
            let (from, before) = value.split_once("..").expect("a range of kernels is FROM..BEFORE");
            numbers(from) <= running() && running() < numbers(before)
        }
        _ => panic!("{}: the mark {mark} is unknown", block.place()),
    })
}

/// A scratch directory that shows of the tree as much as readers are told to use.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Desk {
        let desk = Desk(tempfile::tempdir().expect("a temporary directory can be made"));
        let link = |target: PathBuf, name: &str| {
            std::os::unix::fs::symlink(target, desk.0.path().join(name)).expect("a link can be made");
        };
        for folder in ["fixtures", "cases", "vm"] {
            link(root().join(folder), folder);
        }
        std::fs::create_dir(desk.0.path().join("bin")).expect("a directory can be made");
        link(env!("CARGO_BIN_EXE_nsconform").into(), "bin/nsconform");
        desk
    }

    fn run(&self, command: &str) -> Output {
        let built =
            command.replace("cargo run --release --", "nsconform").replace("cargo run --", "nsconform");
        let path = std::env::var("PATH").unwrap_or_default();
        let mut shell = Command::new("sh");
        shell.args(["-c", &built]).current_dir(self.0.path());
        shell
            .env("PATH", format!("{}:{path}", self.0.path().join("bin").display()))
            .env("HOME", self.0.path());
        limited(&mut shell)
    }
}

/// Runs a command with a deadline: far above what any needs, so that a hang is told from a busy machine.
fn limited(command: &mut Command) -> Output {
    let mut limited = Command::new("timeout");
    limited.args(["--kill-after=5", "300"]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        limited.env(name, value.unwrap_or_default());
    }
    if let Some(folder) = command.get_current_dir() {
        limited.current_dir(folder);
    }
    limited.stdin(Stdio::null()).output().expect("timeout(1) can be started")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
