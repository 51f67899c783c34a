//! Helpers for programs that join namespaces of others: processes to visit, and the files of their
//! namespaces.

use nsconform_grader::{CheckAbort, CheckResult, Launch, ObservedProcess, Run, Stage, ensure};
use nsconform_sys::kind::{Flags, Kind};

/// Starts a process in new namespaces of these kinds, for the submission to join it.
pub(super) fn target<'s>(stage: &'s Stage<'s>, kinds: &[Kind]) -> Result<Run<'s>, CheckAbort> {
    let flags = kinds.iter().fold(Flags::empty(), |flags, kind| flags | kind.flag());
    stage.launch(&Launch::system(&["sleep", "1000"]).new_namespaces(flags))
}

/// The file of a process's namespace, as the submission can open it.
pub(super) fn file(process: &ObservedProcess<'_>, kind: Kind) -> Result<String, CheckAbort> {
    Ok(format!("/proc/{}/ns/{}", process.pid()?, kind.link()))
}

/// Demands that a process is in the namespace of this kind that another one is in.
pub(super) fn is_in(process: &ObservedProcess<'_>, target: &ObservedProcess<'_>, kind: Kind) -> CheckResult {
    let (there, wanted) = (process.namespace(kind)?, target.namespace(kind)?);
    ensure(
        there == wanted,
        || format!("COMMAND is in the namespace of FILE, {wanted}"),
        || format!("it is in {there}"),
    )
}
