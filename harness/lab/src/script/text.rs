//! Scripts in the notation of a trace: printing and reading.
//!
//! The notation of one call lives with the vocabulary, in `call`; that of answers in `trace`, of
//! which a script holds only names.

use super::{Names, Script, Step, WrittenCall};
use crate::call::reading::{SyntaxError, column, nearest};
use crate::fold::{FoldError, fold, unfold};
use crate::seal::Credentials;
use crate::trace::ANSWER_COLUMN;
use std::fmt;

/// A text that is no script, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptError {
    /// The line, counted from 1.
    pub line: usize,
    /// The column and the complaint.
    pub error: SyntaxError,
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, {}", self.line, self.error)
    }
}

impl std::error::Error for ScriptError {}

impl From<FoldError> for ScriptError {
    fn from(FoldError { line, message }: FoldError) -> ScriptError {
        ScriptError { line, error: SyntaxError { column: 1, message } }
    }
}

/// The words for credentials.
const CREDENTIALS: [(&str, Credentials); 3] =
    [("root", Credentials::Root), ("user", Credentials::User), ("initial-root", Credentials::StartedAsRoot)];
/// The name of a process to which the script gives none.
const UNNAMED: &str = "unnamed";
const IN_CGROUP: &str = " in a cgroup";
const SHOW_PIDS: &str = "PIDs are shown";
const UNFINISHED: &str = " <unfinished ...>";

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cgroup = if self.cgroup { IN_CGROUP } else { "" };
        writeln!(f, "+++ starts as {}{cgroup} +++", word(self.starts_as))?;
        fold(self.lines()).into_iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

fn word(credentials: Credentials) -> &'static str {
    CREDENTIALS.iter().find(|(_, other)| *other == credentials).map_or("", |(word, _)| word)
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Names::None => Ok(()),
            Names::Child(name) => write!(f, "<{name}>"),
            Names::Number(name) => write!(f, "${name}"),
            Names::Numbers(names) => {
                let names: Vec<String> = names.iter().map(|name| format!("${name}")).collect();
                write!(f, "[{}]", names.join(", "))
            }
        }
    }
}

impl Step {
    /// The process that acts in this step.
    pub(super) fn actor(&self) -> Option<&str> {
        match self {
            Step::Call { process, .. } | Step::Finish { process } => Some(process),
            _ => None,
        }
    }
}

impl std::str::FromStr for Script {
    type Err = ScriptError;

    /// Reads a script, or a trace as one. Processes of which the text does not say otherwise start
    /// as root.
    fn from_str(text: &str) -> Result<Script, ScriptError> {
        let mut script = Script { starts_as: Credentials::Root, cgroup: false, steps: Vec::new() };
        for (line, content) in unfold(text)? {
            script.read_line(content).map_err(|error| ScriptError { line, error })?;
        }
        Ok(script)
    }
}

impl Script {
    /// The printed steps, a line each.
    fn lines(&self) -> Vec<String> {
        let width = self.steps.iter().filter_map(Step::actor).map(str::len).max().unwrap_or(0);
        let mut begun: Vec<(&str, &str)> = Vec::new();
        let lines = self.steps.iter().map(|step| match step {
            Step::Start { process, starts_as } => {
                format!("+++ {process} starts as {} +++", word(starts_as.unwrap_or(self.starts_as)))
            }
            Step::Ended { process } => format!("+++ {process} has ended +++"),
            Step::ShowPids => format!("+++ {SHOW_PIDS} +++"),
            Step::Note(note) => format!("# {note}"),
            Step::Call { process, call, begun: true, .. } => {
                begun.retain(|(other, _)| other != process);
                begun.push((process, call.name()));
                format!("{process:width$}  {call}{UNFINISHED}")
            }
            Step::Call { process, call, names: Names::None, .. } => format!("{process:width$}  {call}"),
            Step::Call { process, call, names, .. } => {
                format!("{process:width$}  {:ANSWER_COLUMN$} = {names}", call.to_string())
            }
            Step::Finish { process } => {
                let call = begun.iter().find(|(other, _)| other == process).map_or("", |(_, call)| call);
                format!("{process:width$}  <... {call} resumed>")
            }
        });
        lines.collect()
    }

    fn read_line(&mut self, line: &str) -> Result<(), SyntaxError> {
        let complain = |at: usize, message: String| SyntaxError { column: column(line, at), message };
        if line.trim().is_empty() {
            return Ok(());
        }
        if let Some(note) = line.strip_prefix('#') {
            self.steps.push(Step::Note(note.strip_prefix(' ').unwrap_or(note).to_string()));
            return Ok(());
        }
        if let Some(rest) = line.strip_prefix("+++ ") {
            let event = rest.strip_suffix(" +++");
            let event = event.ok_or_else(|| complain(line.len(), "` +++` is expected".to_string()))?;
            return self.read_event(event).map_err(|message| complain("+++ ".len(), message));
        }
        if line.starts_with("---") {
            return Err(complain(0, "the trace ends here, as its script was interrupted".to_string()));
        }
        let (process, at) = self
            .split_process(line)
            .ok_or_else(|| complain(0, "a process, two spaces and a call are expected".to_string()))?;
        if line[at..].starts_with("<... ") {
            return self.finish(process).map_err(|message| complain(0, message));
        }
        let (call, end) = WrittenCall::read_at(line, at)?;
        let mut step = Step::Call { process: process.to_string(), call, names: Names::None, begun: false };
        let rest = line[end..].trim();
        if let Step::Call { call, names, begun, .. } = &mut step {
            if rest == UNFINISHED.trim() {
                *begun = true;
            } else if let Some(answer) = rest.strip_prefix("= ") {
                let shows_pid;
                (*names, shows_pid) = Names::read(answer);
                // A trace always shows the PID that a clone3(2) has chosen.
                if shows_pid && call.name() == "clone" && !self.steps.contains(&Step::ShowPids) {
                    self.steps.push(Step::ShowPids);
                }
            } else if !rest.is_empty() {
                let at = line.len() - line[end..].trim_start().len();
                return Err(complain(at, "`= answer` or `<unfinished ...>` is expected".to_string()));
            }
            if call.creates() && *begun {
                return Err(complain(end, "a call that creates a process cannot be left unfinished".into()));
            }
            if call.creates() && rest.is_empty() {
                return Err(complain(
                    end,
                    "the process that this creates has no name: `= <name>`".to_string(),
                ));
            }
            // A trace does not tell the name where the call failed.
            if call.creates() && *names == Names::None {
                *names = Names::Child(UNNAMED.to_string());
            }
        }
        self.steps.push(step);
        Ok(())
    }

    /// Reads what `+++ … +++` says of a process.
    fn read_event(&mut self, event: &str) -> Result<(), String> {
        if let Some(process) = event.strip_suffix(" has ended") {
            self.steps.push(Step::Ended { process: process.to_string() });
            return Ok(());
        }
        if event == SHOW_PIDS {
            self.steps.push(Step::ShowPids);
            return Ok(());
        }
        let (process, credentials) = match event.split_once(" starts as ") {
            Some((process, credentials)) => (Some(process), credentials),
            None => (None, event.strip_prefix("starts as ").ok_or("`starts as` or `has ended` is expected")?),
        };
        let (word, cgroup) = match credentials.strip_suffix(IN_CGROUP) {
            Some(word) if process.is_none() => (word, true),
            _ => (credentials, false),
        };
        let known = CREDENTIALS.iter().find(|(known, _)| *known == word);
        let (_, credentials) = known.ok_or_else(|| {
            format!("`{word}` are no credentials{}", nearest(word, &CREDENTIALS.map(|(word, _)| word)))
        })?;
        match process {
            Some(process) => {
                self.steps.push(Step::Start { process: process.to_string(), starts_as: Some(*credentials) });
            }
            None => (self.starts_as, self.cgroup) = (*credentials, cgroup),
        }
        Ok(())
    }

    /// The process at the start of a line, and the byte at which its call begins. Two spaces end a
    /// name; where there are none, one does.
    fn split_process<'l>(&self, line: &'l str) -> Option<(&'l str, usize)> {
        let before_arguments = line.find(['(', '"', '<']).unwrap_or(line.len());
        let head = &line[..before_arguments];
        let end = head.find("  ").or_else(|| head.find(' '))?;
        let at = line.len() - line[end..].trim_start().len();
        (end > 0).then_some((&line[..end], at))
    }

    /// Reads the answer to a call that was begun.
    fn finish(&mut self, process: &str) -> Result<(), String> {
        let last = self.steps.iter().rev().find(|step| step.actor() == Some(process));
        if !matches!(last, Some(Step::Call { begun: true, .. })) {
            return Err(format!("{process} has no unfinished call"));
        }
        self.steps.push(Step::Finish { process: process.to_string() });
        Ok(())
    }
}

impl Names {
    /// The names in a printed answer, and whether it shows a process with its PID.
    fn read(answer: &str) -> (Names, bool) {
        let symbol = |text: &str| text.strip_prefix('$').map(str::to_string);
        if let Some(name) = symbol(answer) {
            return (Names::Number(name), false);
        }
        if let Some((pid, name)) = answer.strip_suffix('>').and_then(|child| child.split_once('<'))
            && pid.bytes().all(|byte| byte.is_ascii_digit())
        {
            return (Names::Child(name.to_string()), !pid.is_empty());
        }
        let list = answer.strip_prefix('[').and_then(|list| list.strip_suffix(']'));
        let names: Option<Vec<String>> = list.and_then(|list| list.split(", ").map(symbol).collect());
        (names.map_or(Names::None, Names::Numbers), false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const WRITTEN: &str = r#"+++ starts as user in a cgroup +++
+++ user's own starts as root +++
# before
outer       socketpair(AF_UNIX, SOCK_DGRAM, 0)       = [$left, $right]
outer       open("/proc/self/ns/uts", O_RDONLY)      = $uts
outer       clone(CLONE_NEWUTS|CLONE_NEWPID)         = <user's own>
user's own  setns($uts, CLONE_NEWUTS)
user's own  ? cat("/proc/<outer>/status")
outer       waitpid(<user's own>, WNOHANG) <unfinished ...>
user's own  exit(0)
outer       <... waitpid resumed>
+++ user's own has ended +++
"#;

    fn read(text: &str) -> Result<Script, ScriptError> {
        text.parse()
    }

    #[test]
    fn a_script_is_printed_as_it_was_written() {
        let script = read(WRITTEN).unwrap();
        assert_eq!(script.to_string(), WRITTEN);
        assert_eq!((script.starts_as, script.cgroup, script.steps.len()), (Credentials::User, true, 11));
    }

    #[test]
    fn a_script_survives_serialisation() {
        let script = read(WRITTEN).unwrap();
        let bytes = postcard::to_allocvec(&script).unwrap();
        assert_eq!(postcard::from_bytes::<Script>(&bytes).unwrap(), script);
    }

    #[test]
    fn a_fold_is_its_steps_one_after_another() {
        let script = read("a  getpid()\n{\na  getppid() = 0\na  getpid()\n} × 5\n").unwrap();
        assert_eq!(script.steps.len(), 11);
        let printed = "+++ starts as root +++\n{\na  getpid()\na  getppid()\n} × 5\na  getpid()\n";
        assert_eq!(script.to_string(), printed);
        assert_eq!(read(printed).unwrap(), script);
    }

    #[rstest]
    #[case::answers_do_not_count("a  getpid() = 3", "a  getpid()")]
    #[case::no_alignment("a getpid()", "a  getpid()")]
    #[case::no_sign("a  cat(\"/x\")", "a  ? cat(\"/x\")")]
    #[case::spaces("a  setpgid(0,   1)", "a  setpgid(0, 1)")]
    #[case::numbers("a  mkdir(\"/x\", 0x1ed)", "a  mkdir(\"/x\", 0755)")]
    #[case::order_of_flags("a  unshare(CLONE_NEWPID|CLONE_NEWUTS)", "a  unshare(CLONE_NEWUTS|CLONE_NEWPID)")]
    #[case::escapes("a  sethostname(\"\\x41\\n\")", "a  sethostname(\"A\\n\")")]
    #[case::a_failed_clone(
        "a  clone(0) = -1 EPERM (Operation not permitted)",
        "a  clone(0)                                 = <unnamed>"
    )]
    fn other_spellings_are_read_too(#[case] line: &str, #[case] printed: &str) {
        assert_eq!(read(line).unwrap().to_string(), format!("+++ starts as root +++\n{printed}\n"));
    }

    #[rstest]
    #[case::unknown_call("\na  sethostnam(\"x\")", 2, 4, "nearest is `sethostname`")]
    #[case::unknown_flag("a  unshare(CLONE_NEWUTX)", 1, 12, "nearest is `CLONE_NEWUTS`")]
    #[case::unknown_form("a  ioctl(3, NS_GET_OTHER)", 1, 13, "`NS_GET_OTHER` is not known here")]
    #[case::no_string("a  sethostname(x)", 1, 16, "a quoted string is expected")]
    #[case::open_string("a  sethostname(\"x)", 1, 19, "not closed")]
    #[case::cut_string("a  sethostname(\"x\"...)", 1, 19, "only whole ones")]
    #[case::too_few("a  setpgid(0)", 1, 13, "`,` is expected")]
    #[case::too_many("a  getpid(0)", 1, 11, "`)` is expected")]
    #[case::too_large("a  setpgid(0, 99999999999)", 1, 15, "does not fit")]
    #[case::more("a  getpid() 3", 1, 13, "`= answer`")]
    #[case::no_process("getpid()", 1, 1, "a process, two spaces")]
    #[case::nothing_to_finish("a  <... read resumed> = 1", 1, 1, "a has no unfinished call")]
    #[case::a_child_without_name("a  clone(0)", 1, 12, "`= <name>`")]
    #[case::unknown_credentials("+++ a starts as rot +++", 1, 5, "nearest is `root`")]
    #[case::unknown_event("+++ a sleeps +++", 1, 5, "`starts as` or `has ended`")]
    #[case::open_event("+++ a has ended", 1, 16, "` +++` is expected")]
    #[case::in_a_fold("{\na  getpid()\na  getpit()\n} × 3", 3, 4, "nearest is `getpid`")]
    #[case::finished_once(
        "a  waitpid(<b>, 0) <unfinished ...>\n{\na  <... waitpid resumed>\n} × 2",
        3,
        1,
        "no unfinished"
    )]
    #[case::open_fold("{\na  getpid()", 1, 1, "closes")]
    #[case::interrupted("--- stopped: nothing moves any more ---", 1, 1, "interrupted")]
    fn errors_name_their_place(
        #[case] text: &str,
        #[case] line: usize,
        #[case] column: usize,
        #[case] message: &str,
    ) {
        let error = read(text).unwrap_err();
        assert!(error.error.message.contains(message), "{error}");
        assert_eq!((error.line, error.error.column), (line, column), "{error}");
    }
}
