//! Arguments by their kinds: any call of the vocabulary can take part without being known here.

use fastrand::Rng;
use nsconform_lab::call::argument::ArgumentKind;
use nsconform_lab::call::declaration::{Declaration, Mark, Parameter};

/// Things that arguments can name.
pub(super) struct Choices<'c> {
    /// Paths of directories and mount points.
    pub(super) paths: &'c [String],
    /// The names of processes.
    pub(super) processes: &'c [String],
}

/// The descriptors of a process that a script may have opened.
const DESCRIPTORS: [&str; 4] = ["3", "4", "5", "-1"];
/// Numbers at which rules begin or end.
const NUMBERS: [&str; 6] = ["0", "1", "2", "-1", "1000", "65535"];
/// Texts that mean something to one call or another.
const TEXTS: [&str; 5] = ["\"a\"", "\"tmpfs\"", "\"0 0 1\"", "\"none\"", "\"\""];

/// A printed call with arguments that are chosen by their kinds; none where an argument has a form of its own,
/// and where the call is an observation, which needs no chance.
pub(super) fn call(declaration: &Declaration, choices: &Choices<'_>, random: &mut Rng) -> Option<String> {
    if matches!(declaration.mark, Mark::Observation { .. }) {
        return None;
    }
    let arguments = declaration.parameters.iter().map(|parameter| argument(parameter, choices, random));
    let arguments: Vec<String> = arguments.collect::<Option<_>>()?;
    Some(declaration.print(&arguments))
}

fn argument(parameter: &Parameter, choices: &Choices<'_>, random: &mut Rng) -> Option<String> {
    let mut one = |of: &[&str]| of[random.usize(..of.len())].to_string();
    Some(match parameter.kind {
        ArgumentKind::Descriptor => one(&DESCRIPTORS),
        ArgumentKind::Process => format!("<{}>", random.choice(choices.processes)?),
        ArgumentKind::Pathname => format!("\"{}\"", random.choice(choices.paths)?),
        ArgumentKind::Text => one(&TEXTS),
        ArgumentKind::Number => one(&NUMBERS),
        ArgumentKind::Constant(names) => one(names),
        ArgumentKind::Flags(names) => {
            let names = names();
            let count = random.usize(0..=2);
            let chosen = random.choose_multiple(names, count);
            if chosen.is_empty() { "0".to_string() } else { chosen.join("|") }
        }
        ArgumentKind::Mode => "0755".to_string(),
        ArgumentKind::Hidden => String::new(),
        ArgumentKind::SocketAddress | ArgumentKind::Structure => return None,
    })
}
