//! The eight kinds of namespaces, their flags and their /proc names.

use bitflags::bitflags;
use serde::{Deserialize, Serialize};

/// A kind of namespace, as namespaces(7) lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Kind {
    Cgroup,
    Ipc,
    Mnt,
    Net,
    Pid,
    Time,
    User,
    Uts,
}

impl Kind {
    /// All kinds, in the order of the links in /proc/PID/ns.
    pub const ALL: [Kind; 8] =
        [Kind::Cgroup, Kind::Ipc, Kind::Mnt, Kind::Net, Kind::Pid, Kind::Time, Kind::User, Kind::Uts];

    /// The name of the link in /proc/PID/ns, and the word before the colon in its text.
    pub fn link(self) -> &'static str {
        match self {
            Kind::Cgroup => "cgroup",
            Kind::Ipc => "ipc",
            Kind::Mnt => "mnt",
            Kind::Net => "net",
            Kind::Pid => "pid",
            Kind::Time => "time",
            Kind::User => "user",
            Kind::Uts => "uts",
        }
    }

    /// The kind with this link name.
    pub fn from_link(link: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.link() == link)
    }

    /// The flag for clone(2), unshare(2) and setns(2).
    pub fn flag(self) -> Flags {
        match self {
            Kind::Cgroup => NEWCGROUP,
            Kind::Ipc => NEWIPC,
            Kind::Mnt => NEWNS,
            Kind::Net => NEWNET,
            Kind::Pid => NEWPID,
            Kind::Time => NEWTIME,
            Kind::User => NEWUSER,
            Kind::Uts => NEWUTS,
        }
    }

    /// The path of the caller's own link to its namespace of this kind.
    pub fn own_path(self) -> String {
        format!("/proc/self/ns/{}", self.link())
    }
}

bitflags! {
    /// The flags of clone(2), unshare(2) and setns(2).
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    pub struct Flags: u64 {
        #[allow(missing_docs)] const CLONE_NEWTIME = 0x80;
        #[allow(missing_docs)] const CLONE_VM = 0x100;
        #[allow(missing_docs)] const CLONE_FS = 0x200;
        #[allow(missing_docs)] const CLONE_FILES = 0x400;
        #[allow(missing_docs)] const CLONE_SIGHAND = 0x800;
        #[allow(missing_docs)] const CLONE_PIDFD = 0x1000;
        #[allow(missing_docs)] const CLONE_VFORK = 0x4000;
        #[allow(missing_docs)] const CLONE_PARENT = 0x8000;
        #[allow(missing_docs)] const CLONE_THREAD = 0x10000;
        #[allow(missing_docs)] const CLONE_NEWNS = 0x20000;
        #[allow(missing_docs)] const CLONE_SYSVSEM = 0x40000;
        #[allow(missing_docs)] const CLONE_SETTLS = 0x80000;
        #[allow(missing_docs)] const CLONE_PARENT_SETTID = 0x10_0000;
        #[allow(missing_docs)] const CLONE_DETACHED = 0x40_0000;
        #[allow(missing_docs)] const CLONE_CHILD_SETTID = 0x100_0000;
        #[allow(missing_docs)] const CLONE_NEWCGROUP = 0x200_0000;
        #[allow(missing_docs)] const CLONE_NEWUTS = 0x400_0000;
        #[allow(missing_docs)] const CLONE_NEWIPC = 0x800_0000;
        #[allow(missing_docs)] const CLONE_NEWUSER = 0x1000_0000;
        #[allow(missing_docs)] const CLONE_NEWPID = 0x2000_0000;
        #[allow(missing_docs)] const CLONE_NEWNET = 0x4000_0000;
        #[allow(missing_docs)] const CLONE_IO = 0x8000_0000;
        #[allow(missing_docs)] const CLONE_CLEAR_SIGHAND = 0x1_0000_0000;
        #[allow(missing_docs)] const CLONE_INTO_CGROUP = 0x2_0000_0000;
        #[allow(missing_docs)] const CLONE_EMPTY_MNTNS = 0x20_0000_0000;
        const _ = !0;
    }
}

impl Flags {
    /// The meaning of each flag, for readers who do not know it yet.
    pub const EXPLAINED: &[(&'static str, &'static str)] = &[
        ("CLONE_NEWCGROUP", "a new cgroup namespace"),
        ("CLONE_NEWIPC", "a new IPC namespace (System V objects, POSIX message queues)"),
        ("CLONE_NEWNET", "a new network namespace (devices, addresses, ports)"),
        ("CLONE_NEWNS", "a new mount namespace (the first kind, hence the general name)"),
        ("CLONE_NEWPID", "a new PID namespace, of which the next child is PID 1"),
        ("CLONE_NEWTIME", "a new time namespace (offsets of the monotonic and boot-time clocks)"),
        ("CLONE_NEWUSER", "a new user namespace (user ids, capabilities)"),
        ("CLONE_NEWUTS", "a new UTS namespace (host name, NIS domain name)"),
        ("CLONE_CHILD_SETTID", "the kernel stores the child's number in the memory of the child"),
        ("CLONE_EMPTY_MNTNS", "a new mount namespace with nothing but an empty root"),
        ("CLONE_FILES", "both processes share one table of descriptors"),
        ("CLONE_INTO_CGROUP", "the child starts in a cgroup that the caller names"),
        ("CLONE_FS", "both processes share root directory, current directory and umask"),
        ("CLONE_PARENT", "the child's parent is the caller's parent"),
        ("CLONE_PARENT_SETTID", "the kernel stores the child's number in the memory of the caller"),
        ("CLONE_PIDFD", "the caller also gets a descriptor that stands for the child"),
        ("CLONE_SIGHAND", "both processes share their signal handlers"),
        ("CLONE_SYSVSEM", "both processes share their list of semaphore adjustments"),
        ("CLONE_THREAD", "the child is a thread of the caller's process"),
        ("CLONE_VM", "both processes share their memory"),
    ];
}

#[allow(missing_docs)]
mod short {
    use super::Flags;
    pub const NEWTIME: Flags = Flags::CLONE_NEWTIME;
    pub const NEWNS: Flags = Flags::CLONE_NEWNS;
    pub const NEWCGROUP: Flags = Flags::CLONE_NEWCGROUP;
    pub const NEWUTS: Flags = Flags::CLONE_NEWUTS;
    pub const NEWIPC: Flags = Flags::CLONE_NEWIPC;
    pub const NEWUSER: Flags = Flags::CLONE_NEWUSER;
    pub const NEWPID: Flags = Flags::CLONE_NEWPID;
    pub const NEWNET: Flags = Flags::CLONE_NEWNET;
    /// The flags that pthread_create(3) passes to clone(2), except those that take an address.
    pub const THREAD: Flags = Flags::CLONE_VM
        .union(Flags::CLONE_FS)
        .union(Flags::CLONE_FILES)
        .union(Flags::CLONE_SIGHAND)
        .union(Flags::CLONE_THREAD)
        .union(Flags::CLONE_SYSVSEM);
}
pub use short::*;

/// The names of the set bits joined by `|`, unknown bits in hexadecimal, `0` for none.
pub fn flag_names<F>(flags: &F) -> String
where
    F: bitflags::Flags + Copy,
    F::Bits: std::fmt::LowerHex + PartialEq,
{
    let mut names: Vec<String> = Vec::new();
    let mut unnamed = *flags;
    for (name, bit) in flags.iter_names() {
        names.push(name.to_string());
        unnamed.remove(bit);
    }
    if !unnamed.is_empty() {
        names.push(format!("{:#x}", unnamed.bits()));
    }
    if names.is_empty() { "0".to_string() } else { names.join("|") }
}

/// Of these flags those that ask for a new namespace, each for itself.
pub fn creations(flags: Flags) -> Vec<Flags> {
    Kind::ALL.into_iter().map(Kind::flag).filter(|flag| flags.contains(*flag)).collect()
}
