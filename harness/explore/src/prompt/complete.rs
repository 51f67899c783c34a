//! Completion of a line at the prompt: processes, calls, flags, constants, symbols and paths.

use super::{COMMANDS, LabSession};
use nsconform_lab::call::argument::ArgumentKind;
use nsconform_lab::call::declaration::{Declaration, Mark};
use nsconform_lab::call::declarations;
use nsconform_lab::script::{Names, Step};
use std::collections::BTreeSet;

/// Files that scripts often lead to.
const PATHS: [&str; 11] = [
    "/tmp/",
    "/proc/self/ns/user",
    "/proc/self/ns/mnt",
    "/proc/self/ns/pid",
    "/proc/self/ns/uts",
    "/proc/self/ns/ipc",
    "/proc/self/ns/net",
    "/proc/self/ns/cgroup",
    "/proc/self/ns/time",
    "/proc/self/uid_map",
    "/proc/self/gid_map",
];

/// The words that a line may go on with, as they were when it began.
#[derive(Clone, Debug, Default)]
pub struct Words {
    processes: Vec<String>,
    numbers: Vec<String>,
    paths: Vec<String>,
}

impl LabSession<'_> {
    /// The words of the session so far.
    pub fn words(&self) -> Words {
        let (mut numbers, mut paths) = (BTreeSet::new(), BTreeSet::new());
        for step in &self.script.steps {
            let Step::Call { call, names, .. } = step else { continue };
            match names {
                Names::Number(name) => drop(numbers.insert(name.clone())),
                Names::Numbers(names) => numbers.extend(names.iter().cloned()),
                Names::None | Names::Child(_) => {}
            }
            let quoted =
                call.arguments().iter().filter_map(|argument| argument.strip_prefix('"')?.strip_suffix('"'));
            paths.extend(quoted.filter(|path| path.starts_with('/')).map(str::to_string));
        }
        let processes = self.processes();
        for process in &processes {
            paths.insert(format!("/proc/<{process}>/ns/"));
        }
        paths.extend(PATHS.map(str::to_string));
        Words { processes, numbers: numbers.into_iter().collect(), paths: paths.into_iter().collect() }
    }
}

/// The words that the text up to the cursor may end in: the byte at which they begin, and the words.
pub fn complete(words: &Words, before: &str) -> (usize, Vec<String>) {
    if let Some(name) = before.strip_prefix('?') {
        let start = before.len() - name.trim_start().len();
        return (
            start,
            beginning(
                heads().into_iter().map(|head| head.trim_start_matches(['?', '!', ' ']).to_string()),
                &before[start..],
            ),
        );
    }
    let Some(at) = call_begins(before) else {
        let names = words.processes.iter().map(|name| format!("{name}  "));
        let commands = COMMANDS.iter().map(|(word, ..)| word.to_string());
        return (0, beginning(names.chain(commands), before));
    };
    let call = &before[at..];
    let Some(open) = call.find('(') else {
        let start =
            at + if call.starts_with(['?', '!']) { call.len() - call[1..].trim_start().len() } else { 0 };
        let names = declarations().map(|declaration| format!("{}(", head(declaration)));
        return (start, beginning(names, &before[start..]));
    };
    // Flags are joined by |, arguments by commas; a quotation mark begins a path.
    let inside = &call[open + 1..];
    let in_quotes = inside.matches('"').count() % 2 == 1;
    let separators: &[char] = if in_quotes { &['"'] } else { &[',', '|', ' ', '('] };
    let start = before.rfind(separators).map_or(before.len(), |place| place + 1);
    let word = &before[start..];
    if in_quotes {
        return (start, beginning(words.paths.iter().cloned(), word));
    }
    let place = inside.matches(',').count();
    let name = call[..open].trim_start_matches(['?', '!', ' ']);
    let fitting = declarations().filter(|declaration| head(declaration) == name);
    let mut found: BTreeSet<String> = fitting.flat_map(|declaration| of_place(declaration, place)).collect();
    found.extend(words.numbers.iter().map(|name| format!("${name}")));
    found.extend(words.processes.iter().map(|name| format!("<{name}>")));
    (start, beginning(found.into_iter(), word))
}

/// The byte at which the call of a line begins, if the process is written already.
fn call_begins(line: &str) -> Option<usize> {
    let end = line.find(' ')?;
    let rest = line[end..].trim_start();
    Some(line.len() - rest.len())
}

fn head(declaration: &Declaration) -> String {
    declaration.head().trim_start_matches(['?', '!', ' ']).to_string()
}

fn heads() -> BTreeSet<String> {
    declarations().map(Declaration::head).collect()
}

/// The words that stand at a place among the arguments that are seen.
fn of_place(declaration: &Declaration, place: usize) -> Vec<String> {
    let mut shown =
        declaration.parameters.iter().filter(|parameter| !matches!(parameter.kind, ArgumentKind::Hidden));
    let of_template = declaration.template.is_some() && declaration.mark == Mark::Call;
    let parameters: Vec<_> =
        if of_template { shown.collect() } else { shown.nth(place).into_iter().collect() };
    parameters
        .into_iter()
        .flat_map(|parameter| match parameter.kind {
            ArgumentKind::Constant(names) => names.iter().map(ToString::to_string).collect(),
            ArgumentKind::Flags(names) => names().iter().map(ToString::to_string).collect(),
            ArgumentKind::Structure => vec!["NULL".to_string()],
            _ => Vec::new(),
        })
        .collect()
}

/// Those that begin with a word, each once.
fn beginning(all: impl Iterator<Item = String>, word: &str) -> Vec<String> {
    let found: BTreeSet<String> = all.filter(|candidate| candidate.starts_with(word)).collect();
    found.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn words() -> Words {
        Words {
            processes: vec!["outer".into(), "inner".into()],
            numbers: vec!["uts".into()],
            paths: vec!["/tmp/a".into(), "/proc/<inner>/ns/".into()],
        }
    }

    #[rstest]
    #[case::a_process("ou", 0, "outer  ")]
    #[case::a_command("und", 0, "undo")]
    #[case::a_call("outer  sethost", 7, "sethostname(")]
    #[case::an_observation("outer  ? propag", 9, "propagation(")]
    #[case::a_flag("outer  unshare(CLONE_NEWUTS|CLONE_NEWN", 28, "CLONE_NEWNET")]
    #[case::a_path("outer  mkdir(\"/tm", 14, "/tmp/a")]
    #[case::a_symbol("inner  setns($", 13, "$uts")]
    #[case::a_process_as_argument("outer  kill(<in", 12, "<inner>")]
    #[case::help("?seth", 1, "sethostname")]
    fn a_line_is_completed(#[case] before: &str, #[case] start: usize, #[case] expected: &str) {
        let (at, found) = complete(&words(), before);
        assert_eq!(at, start);
        assert!(found.iter().any(|word| word == expected), "{found:?}");
    }

    #[test]
    fn any_beginning_of_a_line_can_be_completed() {
        for line in [
            "outer  mount(\"a\", \"/tmp/ä\", NULL, MS_REC|MS_B",
            "  ",
            "?",
            "é  (\"",
            "a b(c|d, \"x\\\"",
            "\u{1f600}  ",
        ] {
            for (at, _) in line.char_indices().chain([(line.len(), ' ')]) {
                let (start, _) = complete(&words(), &line[..at]);
                assert!(line.is_char_boundary(start) && start <= at, "{line} {at}");
            }
        }
    }
}
