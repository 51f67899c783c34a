//! The files of /proc that approved traces use, asked for before the cases: that a place lacks one,
//! hides it below a mount or has it read-only says nothing against the kernel.
//!
//! The files of processes are not here: whether /proc shows processes is a requirement of its own.
//! Which verdict follows is the business of `runner`.

use crate::verdict::SkipReason;
use nsconform_lab::outcome::{Outcome, Value};
use nsconform_lab::script::Script;
use nsconform_lab::trace::{Event, Trace};
use std::collections::{BTreeMap, BTreeSet};

/// Why a file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Hindrance {
    /// There is no such file.
    Absent,
    /// Something else is mounted at this place, which is the file or a directory above it.
    Hidden(String),
    /// The file can be read only, since this mount is read-only.
    ReadOnly(String),
}

/// The files of /proc that cannot be used as a trace uses them, by their paths.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hindrances(BTreeMap<String, Hindrance>);

/// The files of /proc, those of processes aside, that a trace finds, and whether it writes to them.
fn used(trace: &str) -> BTreeMap<&str, bool> {
    let mut found: BTreeMap<&str, bool> = BTreeMap::new();
    for line in trace.lines().filter(|line| !line.starts_with('#')) {
        let (call, answer) = line.rsplit_once(" = ").unwrap_or((line, ""));
        if answer.starts_with("-1 ENOENT ") || answer.starts_with("-1 ENOTDIR ") {
            continue;
        }
        let opens_for_writing = ["! echo ", "O_WRONLY", "O_RDWR"].iter().any(|word| call.contains(word));
        let writes = opens_for_writing && !answer.starts_with("-1 ");
        for quoted in call.split('"').skip(1).step_by(2).filter(|text| is_shared_file(text)) {
            *found.entry(quoted).or_default() |= writes;
        }
    }
    found
}

/// Whether a path is one of /proc that every process sees by the same name.
fn is_shared_file(path: &str) -> bool {
    path.strip_prefix("/proc/").is_some_and(|rest| {
        let first = rest.split('/').next().unwrap_or_default();
        !matches!(first, "" | "self" | "thread-self")
            && first.chars().all(|letter| letter.is_ascii_alphabetic() || matches!(letter, '-' | '_'))
    })
}

/// The paths that any of these traces uses.
pub(crate) fn of_traces<'t>(traces: impl Iterator<Item = &'t str>) -> BTreeSet<String> {
    traces.flat_map(|trace| used(trace).into_keys()).map(str::to_string).collect()
}

/// A script that asks of which mount each of these files is, in order.
pub(crate) fn question(files: &BTreeSet<String>) -> Script {
    let asked: String = files.iter().map(|file| format!("probe  ? mount_of(\"{file}\")\n")).collect();
    asked.parse().expect("the call is of the vocabulary, and paths are as traces print them")
}

/// The files that cannot be used, by the answers to [`question`].
pub(crate) fn judge(files: &BTreeSet<String>, answers: &Trace) -> Hindrances {
    let answers = answers.0.iter().filter_map(|event| match event {
        Event::Answer { outcome, .. } => Some(outcome),
        _ => None,
    });
    let found = files.iter().zip(answers).filter_map(|(file, answer)| {
        let hindrance = match answer {
            Outcome::Failed(errno) if errno.0 == libc::ENOENT => Hindrance::Absent,
            Outcome::Returned(Value::Fields(mount)) => hindrance_by(mount)?,
            _ => return None,
        };
        Some((file.clone(), hindrance))
    });
    Hindrances(found.collect())
}

/// How the mount that a file of /proc is found on hinders its use, if it does.
fn hindrance_by(mount: &[(String, Value)]) -> Option<Hindrance> {
    let field = |name: &str| mount.iter().find(|(field, _)| *field == name).map(|(_, value)| value);
    let text = |name: &str| match field(name)? {
        Value::Text(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        Value::Word(word) => Some(word.clone()),
        _ => None,
    };
    let place = text("mount_point")?;
    let root = text("root")?;
    // A part of procfs may be mounted on itself, as containers do to make it read-only.
    let shows_itself = text("fstype")? == "proc"
        && place.strip_prefix("/proc").is_some_and(|part| root == if part.is_empty() { "/" } else { part });
    let read_only = |name| text(name).is_some_and(|options| options.split(',').any(|option| option == "ro"));
    if !shows_itself {
        Some(Hindrance::Hidden(place))
    } else if read_only("options") || read_only("superblock") {
        Some(Hindrance::ReadOnly(place))
    } else {
        None
    }
}

impl Hindrances {
    /// Why a case cannot be run with this approved trace, if it uses a file that cannot be used here.
    pub(crate) fn of(&self, trace: &str) -> Option<SkipReason> {
        if self.0.is_empty() {
            return None;
        }
        used(trace).into_iter().find_map(|(file, writes)| {
            let (found, remedy) = match self.0.get(file)? {
                Hindrance::Absent => (
                    "there is no such file here".to_string(),
                    "use a kernel that has the file: its manual page names the release and the option",
                ),
                Hindrance::Hidden(mount) => (
                    format!("a mount at {mount} hides it"),
                    "run where /proc is not masked (in a container: unmask /proc), or as root",
                ),
                Hindrance::ReadOnly(mount) if writes => (
                    format!("the mount at {mount} is read-only"),
                    "run where /proc/sys is writable (in a container: unmask /proc)",
                ),
                Hindrance::ReadOnly(_) => return None,
            };
            Some(SkipReason::Need { need: file.to_string(), found, remedy: remedy.to_string() })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nsconform_sys::errno::Errno;

    const TRACE: &str = "\
# \"/proc/locks\" stands in a note
a  ? cat(\"/proc/keys\")                       = \"\"
a  ? cat(\"/proc/self/status\")                = \"\"
a  ? cat(\"/proc/<b>/status\")                 = \"\"
a  ? cat(\"/proc/net/route\")                  = -1 ENOENT (No such file or directory)
a  ! echo \"1\" > \"/proc/sys/kernel/panic\"    = 1
a  ! echo \"1\" > \"/proc/sys/fs/file-max\"     = -1 EACCES (Permission denied)
";

    fn on(point: &str, root: &str, fstype: &str, options: &str) -> Outcome {
        Outcome::Returned(Value::fields([
            ("mount_point", Value::text(point)),
            ("root", Value::text(root)),
            ("options", Value::word(options)),
            ("fstype", Value::word(fstype)),
            ("superblock", Value::word("rw")),
        ]))
    }

    /// Why the case with the trace is skipped where its three files are found like this: keys, file-max,
    /// panic.
    fn found(answers: [Outcome; 3]) -> Option<String> {
        let files = of_traces([TRACE].into_iter());
        let answered = answers.into_iter().map(|outcome| Event::Answer { process: 0, outcome });
        judge(&files, &Trace(answered.collect())).of(TRACE).map(|reason| reason.missing())
    }

    fn usual() -> Outcome {
        on("/proc", "/", "proc", "rw,relatime")
    }

    #[test]
    fn files_of_processes_and_files_that_are_not_found_do_not_count() {
        let writes: Vec<(&str, bool)> = used(TRACE).into_iter().collect();
        assert_eq!(
            writes,
            [("/proc/keys", false), ("/proc/sys/fs/file-max", false), ("/proc/sys/kernel/panic", true)]
        );
    }

    #[test]
    fn a_question_is_a_script() {
        assert_eq!(question(&of_traces([TRACE].into_iter())).steps.len(), 3);
    }

    #[test]
    fn nothing_is_missing_where_all_is_there() {
        assert_eq!(found([usual(), usual(), usual()]), None);
        let bound_on_itself = on("/proc/sys", "/sys", "proc", "rw,relatime");
        assert_eq!(found([usual(), bound_on_itself.clone(), bound_on_itself]), None);
    }

    #[test]
    fn an_absent_file_is_named() {
        let absent = Outcome::Failed(Errno(libc::ENOENT));
        let reason = found([absent, usual(), usual()]).expect("it is absent");
        assert_eq!(reason, "needs /proc/keys: there is no such file here");
    }

    #[test]
    fn a_mount_hides_a_file() {
        let masked = on("/proc/keys", "/null", "devtmpfs", "rw");
        let reason = found([masked, usual(), usual()]).expect("it is masked");
        assert_eq!(reason, "needs /proc/keys: a mount at /proc/keys hides it");
        let covered = on("/proc/sys", "/", "tmpfs", "rw");
        let reason = found([usual(), covered, usual()]).expect("it is covered");
        assert_eq!(reason, "needs /proc/sys/fs/file-max: a mount at /proc/sys hides it");
    }

    #[test]
    fn a_read_only_mount_hinders_who_writes() {
        let sealed = || on("/proc/sys", "/sys", "proc", "ro,nosuid");
        let reason = found([usual(), sealed(), sealed()]).expect("it is read-only");
        assert_eq!(reason, "needs /proc/sys/kernel/panic: the mount at /proc/sys is read-only");
    }
}
