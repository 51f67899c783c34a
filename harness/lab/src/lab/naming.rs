//! How scripts name processes to the kernel: by PID, by a path in procfs, by a text.
//!
//! The trace prints names in the place of these PIDs, see `pids`; the director puts the PIDs in
//! just before it sends a call.

use super::Process;
use crate::call::argument::Pid;
use crate::director::{Connection, find};

/// Stands between the name of a process and that of its creator where the PID is meant that the
/// creator sees: `<inner seen by outer>`.
pub(crate) const SEEN_BY: &str = " seen by ";

/// The PID that a name stands for in a text: the one in the sealed PID namespace or, for
/// `inner seen by outer`, the one that the creator sees.
pub(crate) fn pid_of(connections: &[Connection], name: &str) -> Option<i32> {
    match name.split_once(SEEN_BY) {
        Some((name, _)) => find(connections, name).map(|number| connections[number].pid),
        None => find(connections, name).map(|number| connections[number].sealed_pid),
    }
}

impl Process<'_> {
    /// The PID of this process as its creator sees it.
    pub fn pid(&self) -> i32 {
        self.director.connection(self.number).pid
    }

    /// The PID of this process in the sealed PID namespace, where the processes of
    /// [`Lab::process`](super::Lab::process) are; 0 if it cannot be seen there.
    pub fn sealed_pid(&self) -> i32 {
        self.director.connection(self.number).sealed_pid
    }

    /// This process as argument of a call made in the sealed PID namespace.
    pub fn sealed(&self) -> Pid {
        Pid { number: self.sealed_pid(), name: Some(self.name()) }
    }

    /// The PID of this process as its creator sees it, for a call of a process that sees it
    /// otherwise or not at all. `viewer` is the creator or one in its PID namespace; the trace
    /// names it, since `<inner>` alone would be the PID that the caller sees.
    pub fn seen_by(&self, viewer: Process) -> Pid {
        Pid { number: self.pid(), name: Some(self.name_seen_by(viewer)) }
    }

    /// [`Process::seen_by`] as a text, for the paths of a procfs that the creator or one in its PID
    /// namespace has mounted.
    pub fn text_seen_by(&self, viewer: Process) -> String {
        format!("<{}>", self.name_seen_by(viewer))
    }

    fn name_seen_by(&self, viewer: Process) -> String {
        format!("{}{SEEN_BY}{}", self.name(), viewer.name())
    }

    /// The name that the script gave to it.
    pub fn name(&self) -> String {
        self.director.connection(self.number).name.clone()
    }

    /// The path of a file of this process in the procfs of the sealed PID namespace, such as
    /// `/proc/<inner>/ns/uts`.
    pub fn proc(&self, file: &str) -> String {
        format!("{}/{file}", self.proc_directory())
    }

    /// The directory of this process in the procfs of the sealed PID namespace, such as
    /// `/proc/<inner>`: by the name of the process, unless a later process has the same name.
    pub fn proc_directory(&self) -> String {
        format!("/proc/{}", self.sealed_text())
    }

    /// The PID of this process in the sealed PID namespace, as a text that is written to a file.
    pub fn sealed_text(&self) -> String {
        let name = self.name();
        match self.director.find(&name) {
            Some(newest) if newest == self.number => format!("<{name}>"),
            _ => self.sealed_pid().to_string(),
        }
    }
}

impl From<Process<'_>> for Pid {
    /// The process as its creator names it; see [`Process::sealed`] for other callers.
    fn from(process: Process<'_>) -> Pid {
        Pid { number: process.pid(), name: Some(process.name()) }
    }
}
