//! What a case needs to be meaningful here, and how the need is probed: by trying, in a sealed
//! throw-away place, never by a version or a configuration text.

use crate::call::file::FileCalls;
use crate::call::namespace::{NamespaceCalls, Resource};
use crate::kind::{Flags, Kind, NEWUSER};
use crate::lab::{Interrupt, Lab};
use crate::outcome::Outcome;
use crate::seal::Ground;
use serde::{Deserialize, Serialize};

/// A requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Need {
    /// Namespaces of this kind can be created by root.
    Namespace(Kind),
    /// An ordinary user can create user namespaces.
    UserNamespaces,
    /// A fresh procfs can be mounted.
    Procfs,
    /// setns(2) takes a pidfd.
    PidfdSetns,
    /// clone3(2) takes chosen PIDs.
    SetTid,
    /// kcmp(2) is there.
    Kcmp,
}

/// What a probe found: met, or why not.
pub type Finding = Result<(), String>;

impl Need {
    /// Every requirement there is, for `doctor`.
    pub fn all() -> Vec<Need> {
        let mut all: Vec<Need> = Kind::ALL
            .into_iter()
            .filter(|kind| *kind != Kind::User)
            .map(Need::Namespace)
            .collect();
        all.extend([Need::UserNamespaces, Need::Procfs, Need::PidfdSetns, Need::SetTid, Need::Kcmp]);
        all
    }

    /// What is needed, in a few words.
    pub fn name(self) -> String {
        match self {
            Need::Namespace(kind) => format!("{} namespaces", kind.link()),
            Need::UserNamespaces => "user namespaces for ordinary users".to_string(),
            Need::Procfs => "a fresh procfs".to_string(),
            Need::PidfdSetns => "setns by pidfd".to_string(),
            Need::SetTid => "clone3 with chosen PIDs".to_string(),
            Need::Kcmp => "kcmp".to_string(),
        }
    }

    /// How to get what is needed.
    pub fn remedy(self) -> &'static str {
        match self {
            Need::Namespace(Kind::Time) => "use Linux 5.6 or later built with CONFIG_TIME_NS",
            Need::Namespace(_) => {
                "build the kernel with this kind of namespace (CONFIG_*_NS); in a container, allow unshare(2) in its seccomp filter"
            }
            Need::UserNamespaces => {
                "raise user.max_user_namespaces; on Debian set kernel.unprivileged_userns_clone=1; on Ubuntu set kernel.apparmor_restrict_unprivileged_userns=0; in a container, allow it in the seccomp filter"
            }
            Need::Procfs => "run where /proc is not masked (in a container: unmask /proc), or as root",
            Need::PidfdSetns => "use Linux 5.8 or later",
            Need::SetTid => "use Linux 5.5 or later, as root or where user namespaces are allowed",
            Need::Kcmp => "build the kernel with CONFIG_KCMP (or CONFIG_CHECKPOINT_RESTORE)",
        }
    }

    /// Tries it.
    ///
    /// # Errors
    /// When the engine fails; that the need is not met is in the finding.
    pub(crate) fn probe(self, lab: &Lab) -> Result<Finding, Interrupt> {
        match self {
            Need::Namespace(kind) => {
                let process = lab.process_on(Ground::Root, "probe")?;
                Ok(succeeded("unshare", process.unshare(kind.flag())?))
            }
            Need::UserNamespaces => {
                let process = lab.process_on(Ground::User, "probe")?;
                Ok(succeeded("unshare(CLONE_NEWUSER)", process.unshare(NEWUSER)?))
            }
            Need::Procfs => {
                let process = lab.process_on(Ground::Root, "probe")?;
                match process.readlink("/proc/self")? {
                    Outcome::Returned(value) if value == crate::outcome::Value::text(process.pid().to_string()) => {
                        Ok(Ok(()))
                    }
                    Outcome::Returned(_) => Ok(Err("/proc shows another PID namespace: mounting a fresh procfs was refused".into())),
                    other => Ok(succeeded("readlink(\"/proc/self\")", other)),
                }
            }
            Need::PidfdSetns => {
                let process = lab.process_on(Ground::Root, "probe")?;
                let pidfd = process.pidfd_open(process.pid(), 0)?;
                if !pidfd.is_ok() {
                    return Ok(succeeded("pidfd_open", pidfd));
                }
                Ok(succeeded("setns(pidfd)", process.setns(pidfd.id()?, Flags::CLONE_NEWUTS)?))
            }
            Need::SetTid => {
                let process = lab.process_on(Ground::Root, "probe")?;
                Ok(succeeded("clone3", process.try_clone3("child", Flags::empty(), &[77])?))
            }
            Need::Kcmp => {
                let process = lab.process_on(Ground::Root, "probe")?;
                let own = process.pid();
                let compared = process.kcmp(own, own, Resource::KCMP_FILES)?;
                Ok(succeeded("kcmp", compared))
            }
        }
    }
}

fn succeeded(what: &str, outcome: Outcome) -> Finding {
    match outcome {
        Outcome::Returned(_) => Ok(()),
        Outcome::Failed(errno) => Err(format!("{what} gives {}", errno.describe())),
        Outcome::Gone => Err(format!("{what} ended the process")),
    }
}
