//! The commands of the program, a module each, and what they share: choosing cases by pattern,
//! writing to standard output, failing.

pub mod audit;
pub mod course;
pub mod diff;
pub mod doctor;
pub mod explain;
pub mod fetch_kernels;
pub mod grade;
pub mod guest;
pub mod list;
pub mod matrix;
pub mod play;
pub mod run;
pub mod verify;

use nsconform_lab::seal::Mode;
use nsconform_report::ExitStatus;
use nsconform_report::event::{Line, SCHEMA};
use nsconform_suite::runner::Runner;
use nsconform_sys::machine::Machine;
use std::io::{self, Write};
use std::time::SystemTime;

/// Why a command could not do what was asked.
#[derive(Debug)]
pub struct Failure {
    /// The exit status it deserves.
    pub status: ExitStatus,
    /// What was wrong, where, and what to do next.
    pub message: String,
}

impl Failure {
    /// A wrong command line or input.
    pub fn usage(message: impl Into<String>) -> Failure {
        Failure { status: ExitStatus::Usage, message: message.into() }
    }

    /// Something that the harness could not do.
    pub fn harness(message: impl Into<String>) -> Failure {
        Failure { status: ExitStatus::HarnessFailed, message: message.into() }
    }
}

/// What a command gives.
pub type Done = Result<ExitStatus, Failure>;

/// The form of a result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Human,
    /// For programs: JSON lines
    Json,
}

/// The first line of a run file: what is run where.
pub fn run_line(runner: &Runner, machine: &Machine, selected: usize) -> Line {
    Line::Run {
        schema: SCHEMA,
        nsconform: env!("CARGO_PKG_VERSION").to_string(),
        machine: machine.clone(),
        seal: match runner.mode() {
            Ok(Mode::Privileged) => "privileged",
            Ok(Mode::UserNamespace) => "user-namespace",
            Err(_) => "none",
        }
        .to_string(),
        started: Some(humantime::format_rfc3339_seconds(SystemTime::now()).to_string()),
        selected,
    }
}

/// Writes to standard output. A reader that has gone away (`nsconform list | head`) is no error:
/// there is nobody left to write for.
///
/// # Errors
/// When writing fails otherwise, as on a full disk.
pub fn print(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let mut output = io::BufWriter::new(anstream::stdout());
    match write(&mut output).and_then(|()| output.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::harness(format!("standard output cannot be written: {error}")))
        }
        _ => Ok(()),
    }
}

/// How wide a line may be: as the terminal, or a usual width where there is none.
pub fn width() -> u16 {
    const USUAL_WIDTH: u16 = 110;
    terminal_size::terminal_size().map_or(USUAL_WIDTH, |(width, _)| width.0)
}

/// Whether an id is meant by a pattern: `*` stands for anything; without one, any part of the id
/// will do; exactly, only the whole id.
pub fn matches(pattern: &str, exact: bool, id: &str) -> bool {
    if exact {
        return id == pattern;
    }
    let Some((first, rest)) = pattern.split_once('*') else { return id.contains(pattern) };
    let Some(mut id) = id.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or("");
    for part in parts {
        let Some(at) = id.find(part) else { return false };
        id = &id[at + part.len()..];
    }
    id.ends_with(last)
}

/// Of `ids`, the indexes of those that any pattern means (all, if there is none) and no skip
/// pattern does.
///
/// # Errors
/// When a pattern means none: with the ids nearest to it.
pub fn select(
    ids: &[&str],
    patterns: &[String],
    skip: &[String],
    exact: bool,
) -> Result<Vec<usize>, Failure> {
    let mut unmatched = patterns.iter().filter(|pattern| !ids.iter().any(|id| matches(pattern, exact, id)));
    if let Some(pattern) = unmatched.next() {
        let all = unmatched.count() + 1 == patterns.len();
        let status = if all { ExitStatus::NothingTested } else { ExitStatus::Usage };
        return Err(Failure { status, message: unknown(pattern, ids) });
    }
    let wanted = |id: &str| patterns.is_empty() || patterns.iter().any(|pattern| matches(pattern, exact, id));
    let unwanted = |id: &str| skip.iter().any(|pattern| matches(pattern, exact, id));
    Ok((0..ids.len()).filter(|index| wanted(ids[*index]) && !unwanted(ids[*index])).collect())
}

/// Says that no case is meant by a pattern, and which ids are nearest to it.
pub fn unknown(pattern: &str, ids: &[&str]) -> String {
    const NEAREST: usize = 3;
    let mut by_distance: Vec<(f64, &str)> =
        ids.iter().map(|id| (strsim::jaro_winkler(pattern, id), *id)).collect();
    by_distance.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let nearest: Vec<&str> = by_distance.into_iter().take(NEAREST).map(|(_, id)| id).collect();
    format!("no case matches '{pattern}'; nearest are {}; `nsconform list` shows all", nearest.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::part("uts", false, "uts.isolates", true)]
    #[case::inside("isol", false, "uts.isolates", true)]
    #[case::exact_part("uts", true, "uts.isolates", false)]
    #[case::exact("uts.isolates", true, "uts.isolates", true)]
    #[case::star_end("uts.*", false, "uts.isolates", true)]
    #[case::star_is_anchored("ts.*", false, "uts.isolates", false)]
    #[case::star_middle("uts.*s", false, "uts.isolates", true)]
    #[case::star_middle_not("uts.*x", false, "uts.isolates", false)]
    #[case::two_stars("*iso*tes", false, "uts.isolates", true)]
    #[case::parts_in_order("*tes*iso*", false, "uts.isolates", false)]
    fn patterns_mean_ids(
        #[case] pattern: &str,
        #[case] exact: bool,
        #[case] id: &str,
        #[case] expected: bool,
    ) {
        assert_eq!(matches(pattern, exact, id), expected);
    }

    #[rstest]
    #[case::all(&[], &[], Ok(vec![0, 1, 2]))]
    #[case::one(&["pid."], &[], Ok(vec![2]))]
    #[case::skip(&[], &["uts."], Ok(vec![2]))]
    #[case::nothing_matches(&["xyz"], &[], Err(ExitStatus::NothingTested))]
    #[case::one_of_two_matches(&["xyz", "pid."], &[], Err(ExitStatus::Usage))]
    fn selection(
        #[case] patterns: &[&str],
        #[case] skip: &[&str],
        #[case] expected: Result<Vec<usize>, ExitStatus>,
    ) {
        let owned = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        let ids = ["uts.a", "uts.b", "pid.a"];
        let found = select(&ids, &owned(patterns), &owned(skip), false).map_err(|failure| failure.status);
        assert_eq!(found, expected);
    }

    #[test]
    fn an_unknown_pattern_names_the_nearest_ids() {
        let message = unknown("uts.isolate", &["pid.two-pids", "uts.isolates", "net.own-devices"]);
        assert!(message.contains("nearest are uts.isolates"), "{message}");
    }
}
