//! The file systems that approved traces mount, asked for before the cases: that a kernel lacks one says
//! nothing against it.
//!
//! They are asked for by fsopen(2), which mounts nothing. Whether a file system may be mounted in some
//! place, and with which options, is a requirement of its own. Which verdict follows is the business of
//! `runner`.

use crate::verdict::SkipReason;
use nsconform_lab::outcome::Outcome;
use nsconform_lab::script::Script;
use nsconform_lab::trace::{Event, Trace};
use std::collections::BTreeSet;

/// The file systems that the kernel lacks, of those that were asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Absent(BTreeSet<String>);

/// The types of the file systems that a trace mounts or opens, where that succeeds.
fn used(trace: &str) -> BTreeSet<&str> {
    let lines = trace.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| line.rsplit_once(" = "))
        .filter_map(|(call, answer)| {
            let opens = !answer.starts_with("-1 ");
            // fsopen(type, flags) and mount(source, target, type, flags, data).
            let kind = match call.split_once("  fsopen(") {
                Some((_, rest)) => rest.split(',').next(),
                None => call.split_once("  mount(").and_then(|(_, rest)| mounted(rest)),
            };
            kind?.strip_prefix('"')?.strip_suffix('"').filter(|_| opens)
        })
        .collect()
}

/// The type among the arguments of mount(2) as they are printed, if they make a new mount: with these flags
/// the type is ignored.
fn mounted(arguments: &str) -> Option<&str> {
    const OTHERS: [&str; 7] =
        ["MS_BIND", "MS_MOVE", "MS_PRIVATE", "MS_REMOUNT", "MS_SHARED", "MS_SLAVE", "MS_UNBINDABLE"];
    let mut arguments = arguments.split(", ").skip(2);
    let (kind, flags) = (arguments.next()?, arguments.next()?);
    (!flags.split('|').any(|flag| OTHERS.contains(&flag))).then_some(kind)
}

/// The types that any of these traces uses.
pub(crate) fn of_traces<'t>(traces: impl Iterator<Item = &'t str>) -> BTreeSet<String> {
    traces.flat_map(used).map(str::to_string).collect()
}

/// A script that asks for each of these types, in order.
pub(crate) fn question(types: &BTreeSet<String>) -> Script {
    let asked: String = types.iter().map(|kind| format!("probe  fsopen(\"{kind}\", 0)\n")).collect();
    asked.parse().expect("the call is of the vocabulary, and types are as traces print them")
}

/// The types that the kernel lacks, by the answers to [`question`]. Where fsopen(2) is refused nothing
/// is known of any.
pub(crate) fn judge(types: &BTreeSet<String>, answers: &Trace) -> Absent {
    let answers = answers.0.iter().filter_map(|event| match event {
        Event::Answer { outcome, .. } => Some(outcome),
        _ => None,
    });
    let absent = types
        .iter()
        .zip(answers)
        .filter(|(_, answer)| matches!(answer, Outcome::Failed(errno) if errno.0 == libc::ENODEV));
    Absent(absent.map(|(kind, _)| kind.clone()).collect())
}

impl Absent {
    /// Why a case cannot be run with this approved trace, if it cannot.
    pub(crate) fn of(&self, trace: &str) -> Option<SkipReason> {
        if self.0.is_empty() {
            return None;
        }
        let missing = used(trace).into_iter().find(|kind| self.0.contains(*kind))?;
        Some(SkipReason::Need {
            need: format!("the file system {missing}"),
            found: "fsopen gives ENODEV (No such device)".to_string(),
            remedy: format!("build the kernel with {missing}, or load its module (modprobe {missing})"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nsconform_lab::outcome::Value;
    use nsconform_sys::errno::Errno;

    const TRACE: &str = "\
# mount(NULL, \"/tmp/x\", \"ext4\", 0, NULL) stands in a note
a    mount(NULL, \"/tmp/m\", \"overlay\", 0, \"lowerdir=/tmp/l\") = 0
a b  fsopen(\"mqueue\", 0)                                  = 3
a    mount(NULL, \"/tmp/e\", \"bpf\", 0, NULL)              = -1 EPERM (Operation not permitted)
a    mount(\"/tmp/m\", \"/tmp/n\", NULL, MS_BIND, NULL)     = 0
a    mount(\"/tmp/m\", \"/tmp/n\", \"none\", MS_RDONLY|MS_MOVE, NULL) = 0
";

    #[test]
    fn file_systems_that_are_mounted_count() {
        assert_eq!(used(TRACE), ["mqueue", "overlay"].into());
    }

    #[test]
    fn a_question_is_a_script() {
        assert_eq!(question(&of_traces([TRACE].into_iter())).steps.len(), 2);
    }

    /// Why the case with the trace is skipped where mqueue and overlay are found like this.
    fn found(answers: [Outcome; 2]) -> Option<String> {
        let types = of_traces([TRACE].into_iter());
        let answered = answers.into_iter().map(|outcome| Event::Answer { process: 0, outcome });
        judge(&types, &Trace(answered.collect())).of(TRACE).map(|reason| reason.missing())
    }

    #[test]
    fn a_file_system_that_the_kernel_lacks_is_named() {
        let there = || Outcome::Returned(Value::Number(3));
        let fails = |errno| Outcome::Failed(Errno(errno));
        assert_eq!(found([there(), there()]), None);
        assert_eq!(found([fails(libc::EPERM), fails(libc::EPERM)]), None);
        let reason = found([there(), fails(libc::ENODEV)]).expect("overlay is absent");
        assert_eq!(reason, "needs the file system overlay: fsopen gives ENODEV (No such device)");
    }
}
