//! The areas of the explorer: kinds of namespaces, by the names of their files in /proc/PID/ns.

use std::fmt;
use std::str::FromStr;

/// An area.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Area {
    /// Mounts and their propagation.
    Mnt,
    /// Host and domain names.
    Uts,
    /// Ids, their maps, capabilities.
    User,
    /// PIDs, parents and ends.
    Pid,
    /// System V objects.
    Ipc,
}

impl Area {
    /// All of them.
    pub const ALL: [Area; 5] = [Area::Mnt, Area::Uts, Area::User, Area::Pid, Area::Ipc];

    /// The name of its file in /proc/PID/ns (namespaces(7)).
    pub const fn name(self) -> &'static str {
        match self {
            Area::Mnt => "mnt",
            Area::Uts => "uts",
            Area::User => "user",
            Area::Pid => "pid",
            Area::Ipc => "ipc",
        }
    }
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Area {
    type Err = String;

    fn from_str(name: &str) -> Result<Area, String> {
        let found = Area::ALL.into_iter().find(|area| area.name() == name);
        found.ok_or_else(|| {
            let known = Area::ALL.map(Area::name).join(", ");
            format!("`{name}` is no area that can be explored; these are: {known}")
        })
    }
}
