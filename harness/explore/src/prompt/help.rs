//! The meaning of a call: its form, the values that its arguments take, and its manual page.

use nsconform_lab::call::argument::ArgumentKind;
use nsconform_lab::call::declaration::{Declaration, Mark};
use nsconform_lab::call::declarations;

/// Functions of the C library: their pages are in section 3.
const LIBRARY: [&str; 11] = [
    "getcwd",
    "mkfifo",
    "tcgetpgrp",
    "tcsetpgrp",
    "mq_open",
    "mq_unlink",
    "mq_send",
    "mq_receive",
    "mq_getattr",
    "mq_notify",
    "ptsname",
];

/// The printed name of a call, without its sign.
fn head(declaration: &Declaration) -> String {
    declaration.head().trim_start_matches(['?', '!', ' ']).to_string()
}

/// The calls of this printed or declared name.
fn named(name: &str) -> Vec<&'static Declaration> {
    let name = name.trim_start_matches(['?', '!', ' ']);
    let name = name.split(['(', ' ']).next().unwrap_or(name);
    declarations().filter(|declaration| head(declaration) == name || declaration.name == name).collect()
}

/// The manual page, or for what is no single call the calls and files behind it.
pub fn page(call: &str) -> String {
    let declared = declarations().find(|declaration| declaration.name == call);
    declared.map_or(String::new(), |declaration| match declaration.mark {
        Mark::Observation { reads } => format!("an observation; it reads {reads}"),
        Mark::Composite { makes } => format!("several calls in one; it makes {makes}"),
        Mark::Call => {
            let name = head(declaration);
            let form = declaration.template.unwrap_or_default();
            match () {
                () if form.contains("NS_GET_") || form.contains("NS_MNT_") => "see ioctl_nsfs(2)".to_string(),
                () if name == "exit" => "see _exit(2)".to_string(),
                () if LIBRARY.contains(&name.as_str()) => format!("see {name}(3)"),
                () => format!("see {name}(2)"),
            }
        }
    })
}

/// The form of a call with the names of its arguments.
pub fn form(declaration: &Declaration) -> String {
    let shown = declaration.parameters.iter();
    let names: Vec<String> = shown
        .map(|parameter| match parameter.kind {
            ArgumentKind::Hidden => String::new(),
            _ => parameter.name.to_string(),
        })
        .collect();
    declaration.print(&names)
}

/// The words for a kind of argument.
fn describe(kind: ArgumentKind) -> String {
    match kind {
        ArgumentKind::Descriptor => "a descriptor: its number, or $name".to_string(),
        ArgumentKind::Process => "a process: <name>, or a number".to_string(),
        ArgumentKind::Pathname => "a path in quotes; \"/proc/<name>/…\" for files of a process".to_string(),
        ArgumentKind::Text => "a text in quotes".to_string(),
        ArgumentKind::Number => "a number".to_string(),
        ArgumentKind::Constant(names) => format!("one of {}", names.join(" ")),
        ArgumentKind::Flags(names) => format!("flags, joined by |: {}", names().join(" ")),
        ArgumentKind::Mode => "permission bits in octal, such as 0755".to_string(),
        ArgumentKind::SocketAddress => "an address of a socket".to_string(),
        ArgumentKind::Structure => "a structure or list, or NULL where the call takes that".to_string(),
        ArgumentKind::Hidden => String::new(),
    }
}

/// The width of a terminal that every line fits.
const WIDTH: usize = 78;

/// A line in pieces that fit a terminal, broken at blanks; later pieces are indented.
fn wrapped(line: &str) -> Vec<String> {
    let indent = " ".repeat(line.len() - line.trim_start().len() + 2);
    let mut pieces = vec![String::new()];
    for word in line.split_inclusive(' ') {
        let last = pieces.last().map_or(0, |piece| piece.chars().count());
        if last > indent.len() && last + word.trim_end().chars().count() > WIDTH {
            pieces.push(indent.clone());
        }
        if let Some(piece) = pieces.last_mut() {
            piece.push_str(word);
        }
    }
    pieces.into_iter().map(|piece| piece.trim_end().to_string()).collect()
}

/// Explains the calls of a name, each form of it.
///
/// # Errors
/// When there is none: names the nearest.
pub fn explain(name: &str) -> Result<Vec<String>, String> {
    if name.is_empty() {
        return Err("? needs the name of a call: ?mount".to_string());
    }
    let found = named(name);
    if found.is_empty() {
        let heads: Vec<String> = declarations().map(head).collect();
        let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
        return Err(format!(
            "`{name}` is no call that is known here{}",
            nsconform_lab::call::reading::nearest(name, &heads)
        ));
    }
    let mut lines = Vec::new();
    for declaration in &found {
        lines.push(form(declaration));
        lines.push(format!("  {}", declaration.meaning.trim()));
        // Of several forms the arguments of the plain one: those of all would fill the screen.
        if found.len() == 1 || declaration.template.is_none() {
            let shown = declaration
                .parameters
                .iter()
                .filter(|parameter| !matches!(parameter.kind, ArgumentKind::Hidden));
            lines
                .extend(shown.map(|parameter| format!("  {}: {}", parameter.name, describe(parameter.kind))));
        }
    }
    lines.push(format!("  {}", page(found[0].name)));
    Ok(lines.iter().flat_map(|line| wrapped(line)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::by_name("sethostname", "see sethostname(2)")]
    #[case::with_parentheses("sethostname()", "see sethostname(2)")]
    #[case::an_observation("propagation", "/proc/self/mountinfo")]
    #[case::several_forms("ioctl", "NS_GET_USERNS")]
    #[case::a_library_function("mq_unlink", "see mq_unlink(3)")]
    #[case::flags("unshare", "CLONE_NEWUTS")]
    fn a_call_is_explained(#[case] name: &str, #[case] expected: &str) {
        let text = explain(name).unwrap().join("\n");
        assert!(text.contains(expected), "{text}");
    }

    #[test]
    fn explanations_fit_a_terminal() {
        for declaration in declarations() {
            for line in explain(declaration.name).unwrap() {
                assert!(line.chars().count() <= WIDTH || !line.trim().contains(' '), "{line}");
            }
        }
    }

    #[test]
    fn a_mistyped_call_has_a_nearest_one() {
        assert!(explain("sethostnam").unwrap_err().contains("nearest is `sethostname`"));
        assert!(explain("").is_err());
    }

    #[test]
    fn each_call_has_a_form_and_a_page() {
        for declaration in declarations() {
            assert!(
                !form(declaration).is_empty() && !page(declaration.name).is_empty(),
                "{}",
                declaration.name
            );
        }
    }
}
