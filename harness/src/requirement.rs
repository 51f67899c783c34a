//! What a case needs to be meaningful here, and how the need is probed: by trying, in a sealed
//! throw-away place, never by a version or a configuration text.
//!
//! Needs are declared once, in alphabetical order, in [`needs!`].

use crate::call::file::{Directory, FileCalls};
use crate::call::mount::{MountAttributes, MountCalls, OpenTreeFlags, SetAttrFlags};
use crate::call::namespace::{NamespaceCalls, Resource};
use crate::call::process::ProcessCalls;
use crate::kind::{Flags, Kind, NEWUSER, NEWUTS};
use crate::lab::{Interrupt, Lab};
use crate::outcome::{Outcome, Value};
use crate::seal::Ground;

/// A requirement.
pub struct Requirement {
    /// What is needed, in a few words. Unique.
    pub name: &'static str,
    /// How to get it.
    pub remedy: &'static str,
    /// Tries it.
    pub(crate) probe: fn(&Lab) -> Result<Finding, Interrupt>,
}

/// A requirement as cases name it.
pub type Need = &'static Requirement;

/// What a probe found: met, or why not.
pub type Finding = Result<(), String>;

/// Declares the requirements and lists them.
macro_rules! needs {
    ($($(#[doc = $doc:literal])+ $NEED:ident { $name:literal, remedy: $remedy:expr, probe: $probe:expr $(,)? })*) => {
        $(
            $(#[doc = $doc])+
            pub static $NEED: Requirement = Requirement { name: $name, remedy: $remedy, probe: $probe };
        )*

        /// Every requirement there is, for `doctor`.
        pub static ALL: &[Need] = &[$(&$NEED),*];
    };
}

const NAMESPACE_REMEDY: &str = "build the kernel with this kind of namespace (CONFIG_*_NS); in a container, allow unshare(2) in its seccomp filter";

needs! {
    /// Cgroup namespaces can be created by root.
    CGROUP_NS {
        "cgroup namespaces",
        remedy: "use Linux 4.6 or later built with CONFIG_CGROUPS",
        probe: |lab| can_unshare(lab, Kind::Cgroup),
    }

    /// IPC namespaces can be created by root.
    IPC_NS { "IPC namespaces", remedy: NAMESPACE_REMEDY, probe: |lab| can_unshare(lab, Kind::Ipc) }

    /// kcmp(2) is there.
    KCMP {
        "kcmp",
        remedy: "build the kernel with CONFIG_KCMP (or CONFIG_CHECKPOINT_RESTORE)",
        probe: |lab| {
            let process = lab.process_on(Ground::Root, "probe")?;
            let own = process.pid();
            succeeded("kcmp", process.kcmp(own, own, Resource::KCMP_FILES)?)
        },
    }

    /// Mount namespaces can be created by root.
    MNT_NS { "mount namespaces", remedy: NAMESPACE_REMEDY, probe: |lab| can_unshare(lab, Kind::Mnt) }

    /// mount_setattr(2) is there.
    MOUNT_SETATTR {
        "mount_setattr",
        remedy: "use Linux 5.12 or later; in a container, allow mount_setattr(2) in its seccomp filter",
        probe: |lab| {
            let process = lab.process_on(Ground::Root, "probe")?;
            let none = MountAttributes::empty();
            let done = process.mount_setattr(Directory::AT_FDCWD, "/tmp", SetAttrFlags::empty(), none, none)?;
            succeeded("mount_setattr", done)
        },
    }

    /// Network namespaces can be created by root.
    NET_NS { "network namespaces", remedy: NAMESPACE_REMEDY, probe: |lab| can_unshare(lab, Kind::Net) }

    /// open_tree(2) copies mounts.
    OPEN_TREE {
        "open_tree",
        remedy: "use Linux 5.2 or later; in a container, allow open_tree(2) and move_mount(2) in its seccomp filter",
        probe: |lab| {
            let process = lab.process_on(Ground::Root, "probe")?;
            let copy = process.open_tree(Directory::AT_FDCWD, "/tmp", OpenTreeFlags::OPEN_TREE_CLONE)?;
            succeeded("open_tree(OPEN_TREE_CLONE)", copy)
        },
    }

    /// A process can become an ordinary user. Needed by every case that starts as one.
    ORDINARY_USER {
        "an ordinary user",
        remedy: "run as root, or raise user.max_user_namespaces",
        probe: |lab| succeeded("becoming an ordinary user", lab.process_on(Ground::User, "probe")?.getpid()?),
    }

    /// PID namespaces can be created by root.
    PID_NS { "PID namespaces", remedy: NAMESPACE_REMEDY, probe: |lab| can_unshare(lab, Kind::Pid) }

    /// setns(2) takes a pidfd.
    PIDFD_SETNS {
        "setns by pidfd",
        remedy: "use Linux 5.8 or later",
        probe: |lab| {
            let process = lab.process_on(Ground::Root, "probe")?;
            match process.pidfd_open(process.pid(), 0)? {
                Outcome::Returned(Value::Number(pidfd)) => {
                    succeeded("setns(pidfd, CLONE_NEWUTS)", process.setns(pidfd as i32, NEWUTS)?)
                }
                other => succeeded("pidfd_open", other),
            }
        },
    }

    /// A fresh procfs can be mounted.
    PROCFS {
        "a fresh procfs",
        remedy: "run where /proc is not masked (in a container: unmask /proc), or as root",
        probe: |lab| {
            let process = lab.process_on(Ground::Root, "probe")?;
            let fresh = Value::text(process.pid().to_string());
            match process.readlink("/proc/self")? {
                Outcome::Returned(value) if value == fresh => Ok(Ok(())),
                Outcome::Returned(_) => {
                    Ok(Err("/proc shows another PID namespace: mounting a fresh procfs was refused".into()))
                }
                other => succeeded("readlink(\"/proc/self\")", other),
            }
        },
    }

    /// execve(2) finds a program in the sealed place.
    PROGRAM {
        "a program to execute",
        remedy: "make /proc/self/maps readable, or use the static program",
        probe: |lab| {
            let process = lab.process_on(Ground::Root, "probe")?;
            match process.execve(crate::seal::PROGRAM)? {
                Outcome::Returned(_) => succeeded("getpid after execve", process.getpid()?),
                other => succeeded("execve", other),
            }
        },
    }

    /// clone3(2) takes chosen PIDs.
    SET_TID {
        "clone3 with chosen PIDs",
        remedy: "use Linux 5.5 or later, as root or where user namespaces are allowed",
        probe: |lab| {
            let process = lab.process_on(Ground::Root, "probe")?;
            succeeded("clone3 with set_tid", process.try_clone3("child", Flags::empty(), &[77])?)
        },
    }

    /// Time namespaces can be created by root.
    TIME_NS {
        "time namespaces",
        remedy: "use Linux 5.6 or later built with CONFIG_TIME_NS",
        probe: |lab| can_unshare(lab, Kind::Time),
    }

    /// An ordinary user can create user namespaces.
    USER_NS {
        "user namespaces for ordinary users",
        remedy: "raise user.max_user_namespaces; on Debian set kernel.unprivileged_userns_clone=1; on Ubuntu set kernel.apparmor_restrict_unprivileged_userns=0; in a container, allow it in the seccomp filter",
        probe: |lab| {
            let process = lab.process_on(Ground::User, "probe")?;
            succeeded("unshare(CLONE_NEWUSER)", process.unshare(NEWUSER)?)
        },
    }

    /// UTS namespaces can be created by root.
    UTS_NS { "UTS namespaces", remedy: NAMESPACE_REMEDY, probe: |lab| can_unshare(lab, Kind::Uts) }
}

/// The requirement with this name.
pub fn by_name(name: &str) -> Option<Need> {
    ALL.iter().copied().find(|need| need.name == name)
}

fn can_unshare(lab: &Lab, kind: Kind) -> Result<Finding, Interrupt> {
    let process = lab.process_on(Ground::Root, "probe")?;
    let what = format!("unshare({})", crate::call::argument::flag_names(&kind.flag()));
    succeeded(&what, process.unshare(kind.flag())?)
}

/// Met if the call succeeded; otherwise the reason is its errno.
fn succeeded(what: &str, outcome: Outcome) -> Result<Finding, Interrupt> {
    Ok(match outcome {
        Outcome::Returned(_) => Ok(()),
        Outcome::Failed(errno) => Err(format!("{what} gives {}", errno.describe())),
        Outcome::Gone => Err(format!("{what} ended the process")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found() {
        for need in ALL {
            assert!(std::ptr::eq(by_name(need.name).unwrap(), *need), "{} is there twice", need.name);
        }
    }
}
