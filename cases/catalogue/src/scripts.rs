//! Cases as written scripts: an approved or observed trace, and the lines beside it that a player needs.
//!
//! The notation and the playing live in the engine (`nsconform_lab::script`).

use crate::claims;
use nsconform_lab::script::Script;
use nsconform_suite::case::Case;

/// Lines that a script needs and a trace does not show: the case, the process before whose first line
/// they stand, and the lines.
///
/// Two kinds of cases need them: those of which a process starts with other credentials than the
/// case's, and those that create a process before another one but use it after that one.
pub const NOT_SHOWN: [(&str, &str, &str); 17] = [
    ("api.procns-ptrace-check", "user", "+++ root starts as root +++\n+++ user starts as user +++\n"),
    ("api.pidfd-ioctl-ns-rules", "user", "+++ user starts as user +++\n"),
    ("api.setid-capability", "user", "+++ user starts as user +++\n"),
    ("ipc.access-denied", "owner", "+++ owner starts as root +++\n"),
    ("ipc.cap-ipc-owner-in-owner", "root", "+++ root starts as root +++\n"),
    ("ipc.mq-exist-errors", "owner", "+++ owner starts as root +++\n"),
    ("ipc.mq-queues-max", "root", "+++ root starts as root +++\n"),
    ("ipc.stat-any", "owner", "+++ owner starts as root +++\n"),
    ("mnt.mountstats-owner-only", "user", "+++ user starts as user +++\n"),
    (
        "mnt.proc-root-needs-ptrace-access",
        "owner",
        "+++ owner starts as root +++\n+++ user starts as user +++\n",
    ),
    ("net.setns-capabilities", "root", "+++ root starts as root +++\n"),
    ("pid.fork-enomem-after-init", "outer", "+++ outer starts as root +++\n+++ joiner starts as root +++\n"),
    ("pid.scm-credentials-forge", "user", "+++ user starts as user +++\n"),
    ("user.map-file-ownership", "stranger", "+++ owner starts as user +++\n"),
    ("user.owner-has-caps-in-descendants", "owner", "+++ owner starts as user +++\n"),
    ("user.get-owner-uid", "user", "+++ user starts as user +++\n"),
    ("uts.set-needs-cap-in-owner", "root", "+++ root starts as root +++\n"),
];

/// The lines by which a trace says that its script ended early, or that something leaked.
const INTERRUPTED: &str = "---";

/// The script of a case: its credentials, then a trace of it, which keeps its answers.
///
/// A player passes over the answers, so the text is also the trace that is expected of it.
pub fn written<'t>(case: &Case, trace: impl IntoIterator<Item = &'t str>) -> String {
    let cgroup = claims().needs(case).iter().any(|need| need.cgroup);
    let mut text = Script { starts_as: case.starts_as, cgroup, steps: Vec::new() }.to_string();
    let shown = NOT_SHOWN.iter().find(|(id, ..)| *id == case.id);
    let mut to_insert = shown.map(|(_, process, lines)| (format!("{process}  "), *lines));
    for line in trace.into_iter().filter(|line| !line.starts_with(INTERRUPTED)) {
        if let Some((_, lines)) = to_insert.take_if(|(process, _)| line.starts_with(process.as_str())) {
            text += lines;
        }
        text += line;
        text += "\n";
    }
    text
}
