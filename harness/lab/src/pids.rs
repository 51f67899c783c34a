//! The process that a PID stands for, as each process sees it: a trace shows processes by name,
//! since no page says which PID the next process gets.
//!
//! Everything here follows from the events of a trace. Stable names of other values live in
//! `trace`.

use crate::call::Call;
use crate::call::file::File;
use crate::call::mount::Mount;
use crate::call::namespace::Namespace;
use crate::call::process::Process;
use crate::outcome::{Outcome, Value};
use nsconform_sys::kind::{Flags, NEWPID};
use std::collections::HashMap;

/// A PID namespace, counted in the order in which the trace makes them.
type Space = usize;

/// The PID namespace of the sealed place.
const SEALED: Space = 0;

/// The PID namespaces of a process.
#[derive(Clone, Copy)]
struct Membership {
    own: Space,
    children: Children,
    /// Whether the call that made the process has told its PID in the sealed namespace, or the
    /// process is a thread, which the engine sees under the PID of its group.
    told: bool,
}

/// Where the children of a process are.
#[derive(Clone, Copy)]
enum Children {
    /// In the namespace of the process.
    Here,
    /// In this one, since the process has called unshare(2).
    In(Space),
    /// In one that the trace does not name, since the process has called setns(2).
    Elsewhere,
}

/// The names of processes by the PIDs under which others see them.
#[derive(Clone, Default)]
pub(crate) struct Pids {
    places: Vec<Membership>,
    labels: HashMap<(Space, i32), String>,
    /// The last space that was counted.
    spaces: Space,
    /// Where the process is that appears next, if a call has made it.
    next: Option<(Space, bool)>,
    numbered: bool,
    /// The mounts of procfs, in order.
    mounts: Vec<ProcfsMount>,
}

/// A procfs shows the PID namespace of the process that mounted it (pid_namespaces(7), "/proc and PID
/// namespaces").
#[derive(Clone)]
struct ProcfsMount {
    target: Vec<u8>,
    space: Space,
}

/// Where every process finds the procfs of the sealed place, or one that its own namespace has
/// mounted over it.
const PROC: &[u8] = b"/proc";

impl Pids {
    /// From now on new processes are shown with their PIDs as well.
    pub(crate) fn show_numbers(&mut self) {
        self.numbered = true;
    }

    /// A process appears.
    pub(crate) fn appear(&mut self) {
        let (own, told) = self.next.take().unwrap_or((SEALED, false));
        self.places.push(Membership { own, children: Children::Here, told });
    }

    /// The engine sees a process under this PID in the sealed PID namespace.
    pub(crate) fn see(&mut self, process: u16, name: &str, pid: i32) {
        if self.places.get(usize::from(process)).is_some_and(|place| !place.told) {
            self.labels.insert((SEALED, pid), format!("<{name}>"));
        }
    }

    /// Takes in the answer to a call, as far as it says where processes are.
    pub(crate) fn learn(&mut self, process: u16, call: &Call, outcome: &Outcome) {
        let Outcome::Returned(value) = outcome else { return };
        let Some(Membership { own, children, .. }) = self.places.get(usize::from(process)).copied() else {
            return;
        };
        match call {
            Call::Process(Process::clone { flags, .. }) => self.create(own, children, *flags, value, &[]),
            Call::Process(Process::clone3 { flags, set_tid, .. }) => {
                self.create(own, children, *flags, value, set_tid);
            }
            Call::Namespace(Namespace::unshare { flags }) if flags.contains(NEWPID) => {
                let space = self.count();
                self.places[usize::from(process)].children = Children::In(space);
            }
            Call::Namespace(Namespace::setns { kinds, .. }) if kinds.is_empty() || kinds.contains(NEWPID) => {
                self.places[usize::from(process)].children = Children::Elsewhere;
            }
            Call::Mount(Mount::mount { target, fstype, .. }) if fstype.text() == b"proc" => {
                self.mounts.push(ProcfsMount { target: target.0.clone(), space: own });
            }
            _ => {}
        }
    }

    fn create(&mut self, own: Space, children: Children, flags: Flags, value: &Value, chosen: &[i32]) {
        let Value::Child { pid, name } = value else { return };
        let space = match children {
            _ if flags.contains(Flags::CLONE_THREAD) => own,
            _ if flags.contains(NEWPID) => self.count(),
            Children::Here => own,
            Children::In(space) => space,
            Children::Elsewhere => self.count(),
        };
        self.next = Some((space, own == SEALED || flags.contains(Flags::CLONE_THREAD)));
        let number = if self.numbered || chosen.contains(pid) { pid.to_string() } else { String::new() };
        self.labels.insert((own, *pid), format!("{number}<{name}>"));
    }

    fn count(&mut self) -> Space {
        self.spaces += 1;
        self.spaces
    }

    /// A PID in the answer to a call: the name of the process that it stands for, where the trace
    /// tells. 0 and 1 stay numbers: pid_namespaces(7) says what they mean.
    pub(crate) fn show(&self, caller: u16, call: &Call, pid: i32) -> String {
        let own = self.places.get(usize::from(caller)).map(|place| place.own);
        let space = own.map(|own| shown_by(call).map_or(own, |path| self.space_of(path, own)));
        match space.and_then(|space| self.labels.get(&(space, pid))) {
            Some(label) if pid > 1 => label.clone(),
            _ => pid.to_string(),
        }
    }

    /// The PID namespace whose numbers a file in a procfs holds, for a reader in the namespace `own`.
    fn space_of(&self, path: &[u8], own: Space) -> Space {
        let holds = |mount: &&ProcfsMount| {
            let inside = path.strip_prefix(mount.target.as_slice());
            let inside = inside.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"));
            // Who mounts over /proc does so in a mount namespace of its own.
            inside && (mount.target != PROC || mount.space == own)
        };
        let sealed = path.starts_with(PROC).then_some(SEALED);
        self.mounts.iter().rev().find(holds).map(|mount| mount.space).or(sealed).unwrap_or(own)
    }
}

/// The path of the file or directory from which the answer to this call takes its PIDs.
fn shown_by(call: &Call) -> Option<&[u8]> {
    match call {
        Call::File(File::field { path, .. } | File::readdir_numeric { path }) => Some(&path.0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::argument::Unshown;

    fn clone(flags: Flags) -> Call {
        Call::Process(Process::clone { child: Unshown(String::new()), flags })
    }

    fn getpid() -> Call {
        Call::Process(Process::getpid {})
    }

    fn child(pid: i32, name: &str) -> Outcome {
        Outcome::Returned(Value::Child { pid, name: name.to_string() })
    }

    fn outer() -> Pids {
        let mut pids = Pids::default();
        pids.appear();
        pids.see(0, "outer", 2);
        pids
    }

    #[test]
    fn a_pid_is_named_in_the_namespace_in_which_it_was_seen() {
        let mut pids = outer();
        pids.learn(0, &clone(NEWPID), &child(3, "init"));
        pids.appear();
        pids.see(1, "init", 3);
        pids.learn(1, &clone(Flags::empty()), &child(2, "member"));
        pids.appear();
        pids.see(2, "member", 4);
        assert_eq!([2, 3, 4].map(|pid| pids.show(0, &getpid(), pid)), ["<outer>", "<init>", "<member>"]);
        for viewer in [1, 2] {
            assert_eq!(
                [0, 1, 2, 3].map(|pid| pids.show(viewer, &getpid(), pid)),
                ["0", "1", "<member>", "3"]
            );
        }
    }

    #[test]
    fn children_follow_unshare_and_are_lost_with_setns() {
        let mut pids = outer();
        let done = Outcome::Returned(Value::ZERO);
        pids.learn(0, &Call::Namespace(Namespace::unshare { flags: NEWPID }), &done);
        pids.learn(0, &clone(Flags::empty()), &child(3, "init"));
        pids.appear();
        assert_eq!(pids.show(1, &getpid(), 3), "3");
        pids.learn(0, &Call::Namespace(Namespace::setns { fd: 3.into(), kinds: NEWPID }), &done);
        pids.learn(0, &clone(Flags::empty()), &child(4, "joined"));
        pids.appear();
        assert_eq!(pids.show(0, &getpid(), 4), "<joined>");
        assert_eq!(pids.show(2, &getpid(), 2), "2");
    }

    #[test]
    fn a_thread_does_not_take_the_name_of_its_process() {
        let mut pids = outer();
        pids.learn(0, &clone(Flags::CLONE_THREAD), &child(3, "thread"));
        pids.appear();
        pids.see(1, "thread", 2);
        assert_eq!([2, 3].map(|pid| pids.show(1, &getpid(), pid)), ["<outer>", "<thread>"]);
    }

    #[test]
    fn a_thread_is_where_its_process_is() {
        let mut pids = outer();
        let done = Outcome::Returned(Value::ZERO);
        pids.learn(0, &Call::Namespace(Namespace::setns { fd: 3.into(), kinds: NEWPID }), &done);
        pids.learn(0, &clone(Flags::CLONE_THREAD), &child(3, "thread"));
        pids.appear();
        assert_eq!(pids.show(1, &getpid(), 2), "<outer>");
    }

    fn listed(path: &str) -> Call {
        Call::File(File::readdir_numeric { path: path.into() })
    }

    fn mount_proc(target: &str) -> Call {
        let flags = crate::call::mount::MountFlags::empty();
        let (fstype, none) = ("proc".into(), "".into());
        Call::Mount(Mount::mount { source: "proc".into(), target: target.into(), fstype, flags, data: none })
    }

    /// The init is 3 outside; its member is 4 outside and 2 inside.
    #[test]
    fn a_procfs_shows_the_numbers_of_its_mounter() {
        let mut pids = outer();
        let done = Outcome::Returned(Value::ZERO);
        pids.learn(0, &clone(NEWPID), &child(3, "init"));
        pids.appear();
        pids.see(1, "init", 3);
        pids.learn(1, &clone(Flags::empty()), &child(2, "member"));
        pids.appear();
        pids.see(2, "member", 4);
        pids.learn(1, &mount_proc("/tmp/proc"), &done);
        pids.learn(1, &mount_proc("/proc"), &Outcome::Failed(crate::outcome::Errno(libc::EPERM)));
        for viewer in [0, 1] {
            assert_eq!(pids.show(viewer, &listed("/tmp/proc"), 2), "<member>");
            assert_eq!(
                pids.show(viewer, &listed("/tmp/process"), 4),
                if viewer == 0 { "<member>" } else { "4" }
            );
            assert_eq!(pids.show(viewer, &listed("/proc"), 2), "<outer>");
        }
        pids.learn(1, &mount_proc("/proc"), &done);
        assert_eq!(pids.show(0, &listed("/proc"), 2), "<outer>");
        assert_eq!(pids.show(1, &listed("/proc"), 2), "<member>");
    }

    #[test]
    fn a_number_that_the_script_chose_is_shown() {
        let mut pids = outer();
        pids.show_numbers();
        pids.learn(0, &clone(Flags::empty()), &child(50, "chosen"));
        pids.appear();
        pids.see(1, "chosen", 50);
        assert_eq!(pids.show(0, &getpid(), 50), "50<chosen>");
    }
}
