//! The requirements of cases, each with its probe: by trying, in a sealed throw-away place.
//!
//! Which of them a case has is said beside the case, or follows from its approved trace: see
//! `implied`. Steps that several probes take live in `probes`, those on the place in `place`.

pub use crate::facilities::{
    ACCESS_LISTS, ALTERNATIVE_NAMES, AUDIT, BINFMT_MISC, BPF_FILESYSTEM, BRIDGE, CHILD_HASH_TABLES,
    CHILDREN_FILE, COUNTS_PER_USER_NS, DEVPTS, EXT4, FANOTIFY, FILE_CAPABILITIES, FUSE, INOTIFY_LIMIT,
    KERNEL_FILESYSTEMS, KEYS, MACHINE_CALLS, MEMFD_NOEXEC, NEW_IFINDEX, NEW_PRIVILEGES, NEXT_ID, NFTABLES,
    NO_NSDELEGATE, NSFS_HANDLES, NSFS_IDS, NSFS_MOUNTS, NSFS_PIDS, OVERLAY, PACKET_SOCKETS, PERSISTENT_KEYS,
    PID_MAX, PIDFD_EXIT, PIDFD_INFO, PIDFD_NAMESPACES, PIDNS_WITHOUT_INIT, POLICY_RULES, PROC_PIDNS,
    PROC_SYS_NET, PROTECTED_HARDLINKS, PTRACE, SECCOMP, TMPFS_HANDLES, TUN, UNFILTERED, USUAL_IPC_LIMITS,
    USUAL_NICE, VSOCK_MODE,
};
pub use crate::mount_features::{
    ATTACH_TO_DETACHED, BENEATH, BENEATH_LOCKED, DEVICE_FILES, EMPTY_MNTNS, FANOTIFY_MOUNTS, FCHROOT,
    FSMOUNT_NAMESPACE, FSOPEN, IDMAPPED_TMPFS, LISTMOUNT_REVERSE, MOUNT_MAX, MOUNT_SETATTR, OPEN_TREE,
    OPEN_TREE_ATTR, OPEN_TREE_NAMESPACE, PROC_SUBSET_COVERED, SET_GROUP, STATMOUNT, STATMOUNT_BY_FD,
    STATMOUNT_IDMAP, STATMOUNT_NAMESPACE, STATMOUNT_NAMESPACE_FD, UNIQUE_MOUNT_IDS,
};
pub use crate::pidfd_features::{PEER_PIDFD, PIDFD_HANDLES, PIDFD_MOUNTS};
pub use crate::place::{LOCKED_MEMORY, NON_DUMPABLE, PENDING_SIGNALS, UP_FOR_A_SECOND, WHOLE_PROC};
use crate::probes::{can_unshare, has_room, ids_can_be_taken, in_new_network};
use nsconform_suite::needs;
use nsconform_suite::prelude::*;
pub use nsconform_suite::requirement::Requirement;
use nsconform_suite::requirement::{Unmet, succeeded};
const NAMESPACE_REMEDY: &str = "build the kernel with this kind of namespace (CONFIG_*_NS); in a container, allow unshare(2) in its seccomp filter";

/// `PROC_USER_INIT_INO` of linux/proc_ns.h.
const INITIAL_USER_NAMESPACE: u64 = 0xEFFF_FFFD;

needs! {
    /// Cgroup namespaces can be created by root.
    CGROUP_NS {
        "cgroup namespaces",
        remedy: "use Linux 4.6 or later built with CONFIG_CGROUPS",
        probe: |lab| can_unshare(lab, Kind::Cgroup),
    }

    /// Each case gets a version 2 cgroup of its own, in which it can make others and move its
    /// processes; that cgroup is the root of the cgroup namespace that it starts in.
    CGROUP2 {
        "cgroups of its own",
        cgroup: true,
        remedy: "run as root outside any container, or in a delegated cgroup (systemd-run --user --scope -p Delegate=yes), where the version 2 hierarchy is available",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            process.mkdir("hierarchy", 0o755)?;
            let mounted = process.mount("", "hierarchy", "cgroup2", MountFlags::empty(), "")?;
            if !mounted.is_ok() {
                return succeeded("mount of cgroup2", mounted);
            }
            let made = process.mkdir("hierarchy/inner", 0o755)?;
            if !made.is_ok() {
                return succeeded("mkdir in cgroup2", made);
            }
            succeeded("moving into an inner cgroup", process.echo("0", "hierarchy/inner/cgroup.procs")?)
        },
    }

    /// clone3(2) is there.
    CLONE3 {
        "clone3",
        own: &["api.same-constants-three-calls", "user.clone-moves-only-child"],
        remedy: "use Linux 5.3 or later; in a container, allow clone3 in its seccomp filter",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            succeeded("clone3", process.try_clone3("child", Flags::empty(), &[])?)
        },
    }

    /// nsconform was started in the initial PID namespace: the sealed one is level 1.
    INITIAL_PID_NS {
        "a start in the initial PID namespace",
        remedy: "start nsconform outside any container",
        probe: |_| {
            Ok(if nsconform_lab::seal::started_in_initial_pid_namespace() {
                Ok(())
            } else {
                Err("/proc/self/ns/pid does not show the initial PID namespace".into())
            })
        },
    }

    /// nsconform was started in the initial time namespace, from which offsets are counted.
    INITIAL_TIME_NS {
        "the initial time namespace",
        remedy: "start nsconform outside any container that has a time namespace of its own",
        probe: |lab| {
            // Fixed in the kernel's sources (PROC_TIME_INIT_INO).
            let initial = Value::Namespace { kind: Kind::Time, inode: 0xefff_fffa };
            match lab.process_as(Credentials::Root, "probe")?.readlink("/proc/self/ns/time")? {
                Outcome::Returned(own) if own == initial => Ok(Ok(())),
                Outcome::Returned(_) => Ok(Err("nsconform was started in another one".into())),
                other => succeeded("readlink(\"/proc/self/ns/time\")", other),
            }
        },
    }

    /// nsconform itself was started in the first user namespace, so that the depth is known.
    INITIAL_USER_NS {
        "the initial user namespace",
        remedy: "run as root outside any container with a user namespace of its own",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            Ok(match process.readlink("/proc/self/ns/user")? {
                Outcome::Returned(Value::Namespace { inode: INITIAL_USER_NAMESPACE, .. }) => Ok(()),
                _ => Err("/proc/self/ns/user is not the user namespace that the kernel started with".into()),
            })
        },
    }

    /// IPC namespaces can be created by root.
    IPC_NS { "IPC namespaces", remedy: NAMESPACE_REMEDY, probe: |lab| can_unshare(lab, Kind::Ipc) }

    /// Root has CAP_IPC_OWNER over the IPC namespace.
    IPC_OWNER {
        "CAP_IPC_OWNER",
        own: &["ipc.cap-ipc-owner-in-owner"],
        remedy: "run with this capability (in a container: --cap-add=IPC_OWNER), or as an ordinary user",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            match process.msgget(libc::IPC_PRIVATE, GetFlags::IPC_CREAT)? {
                Outcome::Returned(Value::Number(id)) => {
                    let read = process.msgctl(id as i32, IpcCommand::IPC_STAT)?;
                    let what = "msgctl on a queue without permission bits";
                    match get_capabilities() {
                        // The director has what its processes have.
                        Ok(sets) if sets.effective.contains(Capabilities::CAP_IPC_OWNER) && !read.is_ok() => {
                            Ok(Err(Unmet::Wrong(format!("{what} fails with CAP_IPC_OWNER"))))
                        }
                        _ => succeeded(what, read),
                    }
                }
                other => succeeded("msgget", other),
            }
        },
    }

    /// The settings of an IPC namespace can be written by the root of the user namespace that owns it.
    IPC_SYSCTLS {
        "writable settings of an IPC namespace",
        own: &["ipc.sysctls-sysv-per-ns", "ipc.sysctls-mq-per-ns"],
        remedy: "use Linux 5.19 or later, or run as root outside any user namespace; in a container, mount /proc/sys writable",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            let outcome = process.unshare(NEWIPC)?;
            if !outcome.is_ok() {
                return succeeded("unshare(CLONE_NEWIPC)", outcome);
            }
            for (setting, text) in [("kernel/msgmax", "8192"), ("fs/mqueue/msg_max", "10")] {
                let path = format!("/proc/sys/{setting}");
                let outcome = process.echo(text, &path)?;
                if !outcome.is_ok() {
                    return succeeded(&format!("writing {path}"), outcome);
                }
            }
            Ok(Ok(()))
        },
    }

    /// IPv4 works in a new network namespace, even while its loopback is down.
    IPV4 {
        "IPv4",
        own: &["net.own-port-numbers", "net.lo-down-unreachable"],
        remedy: "build the kernel with CONFIG_INET",
        probe: |lab| {
            in_new_network(lab, |process| {
                match process.socket(Domain::AF_INET, SocketType::SOCK_STREAM)? {
                    Outcome::Returned(Value::Number(fd)) => {
                        succeeded("bind(\"0.0.0.0:80\")", process.bind(fd as i32, "0.0.0.0:80")?)
                    }
                    other => succeeded("socket(AF_INET)", other),
                }
            })
        },
    }

    /// IPv6 works in a new network namespace.
    IPV6 {
        "IPv6",
        own: &["net.own-protocol-stacks", "net.lo-up-reachable"],
        remedy: "build the kernel with CONFIG_IPV6 (or load the module ipv6) and start it without ipv6.disable=1 and ipv6.disable_ipv6=1",
        probe: |lab| {
            in_new_network(lab, |process| {
                process.link_set_up("lo")?;
                match process.socket(Domain::AF_INET6, SocketType::SOCK_STREAM)? {
                    Outcome::Returned(Value::Number(fd)) => {
                        succeeded("bind(\"[::1]:80\")", process.bind(fd as i32, "[::1]:80")?)
                    }
                    other => succeeded("socket(AF_INET6)", other),
                }
            })
        },
    }

    /// kcmp(2) is there.
    KCMP {
        "kcmp",
        own: &["api.unshare-files", "api.unshare-fs"],
        remedy: "build the kernel with CONFIG_KCMP (or CONFIG_CHECKPOINT_RESTORE)",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            let own = process.pid();
            succeeded("kcmp", process.kcmp(own, own, Resource::KCMP_FILES)?)
        },
    }

    /// User and group ids above 100000 are mapped here, as needed for a namespace with ids of its own.
    HUNDRED_THOUSAND_IDS {
        "user ids above 100000",
        remedy: "run as root outside any container; in a container, map at least the ids 0 to 101000 into it",
        probe: |lab| ids_can_be_taken(lab, 100_999),
    }

    /// More than one user and group id is mapped here, as needed for two users that do not trust each other.
    MANY_IDS {
        "several user ids",
        remedy: "run as root outside any container; in a container, map at least the ids 0 to 2000 into it",
        probe: |lab| ids_can_be_taken(lab, 1001),
    }

    /// Some thousands of user and group ids are mapped here, as needed for maps of many lines.
    MANY_USER_IDS {
        "thousands of user ids",
        remedy: "run as root outside any container; in a container, map at least the ids 0 to 5000 into it",
        probe: |lab| ids_can_be_taken(lab, 5000),
    }

    /// Mount namespaces can be created by root.
    MNT_NS { "mount namespaces", remedy: NAMESPACE_REMEDY, probe: |lab| can_unshare(lab, Kind::Mnt) }

    /// The POSIX message queues of an IPC namespace can be mounted.
    MQUEUE {
        "the mqueue filesystem",
        own: &["ipc.own-mqueue-filesystem", "user.mountable-mqueue"],
        remedy: "build the kernel with CONFIG_POSIX_MQUEUE; in a container, allow mount(2)",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            let mounted = process.mount("", "/tmp", "mqueue", MountFlags::empty(), "")?;
            succeeded("mounting mqueue", mounted)
        },
    }

    /// Sockets can be asked for the cookie of their network namespace.
    NETNS_COOKIE {
        "SO_NETNS_COOKIE",
        own: &["net.netns-cookie"],
        remedy: "use Linux 5.14 or later",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            match process.socket(Domain::AF_UNIX, SocketType::SOCK_STREAM)? {
                Outcome::Returned(Value::Number(fd)) => {
                    succeeded("getsockopt(SO_NETNS_COOKIE)", process.getsockopt_netns_cookie(fd as i32)?)
                }
                other => succeeded("socket(AF_UNIX)", other),
            }
        },
    }

    /// Network namespaces can be created by root.
    NET_NS { "network namespaces", remedy: NAMESPACE_REMEDY, probe: |lab| can_unshare(lab, Kind::Net) }

    /// The last PID that was given out can be read and written.
    NS_LAST_PID {
        "kernel.ns_last_pid",
        own: &["pid.last-pid-chooses-next", "pid.last-pid-per-ns"],
        remedy: "build the kernel with CONFIG_CHECKPOINT_RESTORE; run where /proc is not masked",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            succeeded("reading kernel.ns_last_pid", process.cat("/proc/sys/kernel/ns_last_pid")?)
        },
    }

    /// A process can become an ordinary user. Needed by every case that starts as one.
    ORDINARY_USER {
        "an ordinary user",
        own: &["user.isolates-uids-and-gids"],
        remedy: "run as root outside any user namespace, or raise user.max_user_namespaces; in a container, allow setgroups(2), setresgid(2) and setresuid(2)",
        probe: |lab| succeeded("becoming an ordinary user", lab.process_as(Credentials::User, "probe")?.getpid()?),
    }

    /// The overflow ids are those that the documentation names as the defaults.
    OVERFLOW_IDS {
        "the usual overflow ids",
        own: &["user.overflow-ids"],
        remedy: "set kernel.overflowuid and kernel.overflowgid to 65534; run where /proc is not masked",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            for file in ["/proc/sys/kernel/overflowuid", "/proc/sys/kernel/overflowgid"] {
                match process.cat(file)? {
                    Outcome::Returned(found) if found == Value::text("65534\n") => {}
                    Outcome::Returned(_) => return Ok(Err(format!("{file} is set to another one").into())),
                    other => return succeeded(&format!("reading {file}"), other),
                }
            }
            Ok(Ok(()))
        },
    }

    /// PID namespaces can be created by root.
    PID_NS { "PID namespaces", remedy: NAMESPACE_REMEDY, probe: |lab| can_unshare(lab, Kind::Pid) }

    /// A page has 4096 bytes, as the limit of a map's text shows.
    PAGES_OF_4096 {
        "pages of 4096 bytes",
        remedy: "run on an architecture or a kernel with pages of that size",
        probe: |_| {
            // SAFETY: takes a number only.
            let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
            Ok(if size == 4096 { Ok(()) } else { Err(format!("a page has {size} bytes").into()) })
        },
    }

    /// There may be as many PID namespaces at once as nest: no limit outside is lower.
    PID_NS_ROOM {
        "room for 36 PID namespaces",
        own: &["pid.depth-limit-32"],
        remedy: "raise user.max_pid_namespaces and kernel.pid_max, in the user namespaces around this one too",
        probe: |lab| has_room(lab, NEWPID),
    }

    /// setns(2) takes a pidfd.
    PIDFD_SETNS {
        "setns by pidfd",
        own: &["api.setns-pidfd-many", "api.setns-pidfd-pid"],
        remedy: "use Linux 5.8 or later",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            match process.pidfd_open(process.pid(), 0)? {
                Outcome::Returned(Value::Number(pidfd)) => {
                    succeeded("setns(pidfd, CLONE_NEWUTS)", process.setns(pidfd as i32, NEWUTS)?)
                }
                other => succeeded("pidfd_open", other),
            }
        },
    }

    /// The ordinary user of a case is not uid 0 of the initial user namespace.
    PLAIN_UID {
        "an ordinary user that is not root outside",
        remedy: "run as an ordinary user, or as root that may create namespaces without a user namespace",
        probe: |lab| {
            let process = lab.process_as(Credentials::User, "probe")?;
            match process.open("/proc/sys/kernel/hostname", OpenFlags::O_WRONLY)? {
                Outcome::Returned(_) => Ok(Err("the user may write /proc/sys/kernel/hostname, a file of root".into())),
                _ => Ok(Ok(())),
            }
        },
    }

    /// POSIX message queues can be created.
    POSIX_MQ {
        "POSIX message queues",
        own: &["ipc.isolates-posix-mq", "ipc.own-mqueue-filesystem"],
        remedy: "build the kernel with CONFIG_POSIX_MQUEUE; raise RLIMIT_MSGQUEUE (ulimit -q) if it is 0",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            let created = process.mq_open("/probe", OpenFlags::O_CREAT, SMALL_QUEUE)?;
            succeeded("mq_open", created)
        },
    }

    /// A fresh procfs can be mounted.
    PROCFS {
        "a fresh procfs",
        remedy: "run where /proc is not masked (in a container: unmask /proc), or as root",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            let fresh = Value::text(process.pid().to_string());
            match process.readlink("/proc/self")? {
                Outcome::Returned(value) if value == fresh => Ok(Ok(())),
                Outcome::Returned(_) => {
                    Ok(Err("/proc shows another PID namespace: mounting a fresh procfs was refused".into()))
                }
                // Where readlink(2) is refused a file tells the same.
                other => match process.field("/proc/self/status", "Pid")? {
                    Outcome::Returned(Value::Number(pid)) if pid == i64::from(process.pid()) => Ok(Ok(())),
                    _ => succeeded("readlink(\"/proc/self\")", other),
                },
            }
        },
    }

    /// execve(2) finds a program in the sealed place.
    PROGRAM {
        "a program to execute",
        own: &["time.execve-keeps-namespace"],
        remedy: "make /proc/self/maps readable, or use the static program",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            match process.execve(nsconform_lab::seal::PROGRAM)? {
                Outcome::Returned(_) => succeeded("getpid after execve", process.getpid()?),
                Outcome::Gone => Ok(Err("the program ends at once: a library of it was not found".into())),
                other => succeeded("execve", other),
            }
        },
    }

    /// User namespaces can be created by root.
    ROOT_USER_NS {
        "user namespaces",
        remedy: "raise user.max_user_namespaces; in a container, allow unshare(2) in its seccomp filter",
        probe: |lab| can_unshare(lab, Kind::User),
    }

    /// clone3(2) takes chosen PIDs.
    SET_TID {
        "clone3 with chosen PIDs",
        own: &["api.setid-any-level", "pid.same-pids-after-migration"],
        remedy: "use Linux 5.5 or later, as root or where user namespaces are allowed",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            succeeded("clone3 with set_tid", process.try_clone3("child", Flags::empty(), &[77])?)
        },
    }

    /// The sealed place has the names that traces show.
    SEALED_NAMES {
        "names of the sealed place",
        own: &["uts.set-by-sethostname", "uts.set-by-setdomainname", "uts.two-names-independent"],
        remedy: "in a container, allow sethostname(2) and setdomainname(2) in its seccomp filter",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            let names = [
                (process.gethostname()?, nsconform_lab::seal::HOST_NAME, "sethostname"),
                (process.getdomainname()?, nsconform_lab::seal::DOMAIN_NAME, "setdomainname"),
            ];
            for (found, name, call) in names {
                if found == Outcome::Returned(Value::text(name)) {
                    continue;
                }
                // Asked again: a name that was set and does not show is no refusal.
                let set = match call {
                    "sethostname" => process.sethostname(name)?,
                    _ => process.setdomainname(name)?,
                };
                return match set.is_ok() {
                    true => Ok(Err(Unmet::Wrong(format!("{call}(\"{name}\") gives 0, and another name shows")))),
                    false => succeeded(call, set),
                };
            }
            Ok(Ok(()))
        },
    }

    /// setgroups(2) is allowed here, and so in user namespaces made here.
    SETGROUPS {
        "setgroups",
        own: &["user.setgroups-deny-works", "user.setgroups-needs-gid-map"],
        remedy: "run as root outside any container; in a container, one that maps at least the ids 0 to 2000 and does not deny setgroups(2)",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            succeeded("setgroups([1001])", process.setgroups([1001])?)
        },
    }

    /// A sysfs can be mounted for a new network namespace.
    SYSFS {
        "a fresh sysfs",
        own: &["net.own-sys-class-net"],
        remedy: "run where /sys is not masked (in a container: as privileged), or as root",
        probe: |lab| {
            in_new_network(lab, |process| {
                process.mkdir("/tmp/sys", 0o755)?;
                let done = process.mount("sysfs", "/tmp/sys", "sysfs", MountFlags::empty(), "")?;
                succeeded("mounting sysfs", done)
            })
        },
    }

    /// System V shared memory, semaphores and message queues can be created.
    SYSV_IPC {
        "System V inter-process communication",
        own: &["ipc.isolates-sysv-objects", "ipc.own-identifiers"],
        remedy: "build the kernel with CONFIG_SYSVIPC; in a container, allow shmget(2), semget(2) and msgget(2)",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            for (call, outcome) in [
                ("shmget", process.shmget(libc::IPC_PRIVATE, 4096, CREATE)?),
                ("semget", process.semget(libc::IPC_PRIVATE, 1, CREATE)?),
                ("msgget", process.msgget(libc::IPC_PRIVATE, CREATE)?),
            ] {
                if !outcome.is_ok() {
                    return succeeded(call, outcome);
                }
            }
            Ok(Ok(()))
        },
    }

    /// Time namespaces can be created by root.
    TIME_NS {
        "time namespaces",
        own: &["time.only-unshare-creates", "api.unshare-pid-time-children-only"],
        remedy: "use Linux 5.6 or later built with CONFIG_TIME_NS",
        probe: |lab| can_unshare(lab, Kind::Time),
    }

    /// An ordinary user can create user namespaces.
    USER_NS {
        "user namespaces for ordinary users",
        remedy: "raise user.max_user_namespaces; on Debian set kernel.unprivileged_userns_clone=1; on Ubuntu set kernel.apparmor_restrict_unprivileged_userns=0; in a container, allow it in the seccomp filter",
        probe: |lab| {
            let process = lab.process_as(Credentials::User, "probe")?;
            succeeded("unshare(CLONE_NEWUSER)", process.unshare(NEWUSER)?)
        },
    }

    /// There may be as many user namespaces at once as nest: no limit outside is lower.
    USER_NS_ROOM {
        "room for 36 user namespaces",
        own: &["user.nesting-limit-32"],
        remedy: "raise user.max_user_namespaces, in the user namespaces around this one too",
        probe: |lab| has_room(lab, NEWUSER),
    }

    /// The host name can be written through /proc/sys/kernel.
    UTS_FILES {
        "writable /proc/sys/kernel/hostname",
        own: &["uts.proc-write-sets", "uts.proc-write-ignores-capability"],
        remedy: "run as root outside any user namespace: the file belongs to uid 0 of the initial one; in a container, mount /proc/sys writable",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            succeeded("writing /proc/sys/kernel/hostname", process.echo("probe", "/proc/sys/kernel/hostname")?)
        },
    }

    /// UTS namespaces can be created by root.
    UTS_NS { "UTS namespaces", remedy: NAMESPACE_REMEDY, probe: |lab| can_unshare(lab, Kind::Uts) }

    /// Pairs of veth devices can be created.
    VETH {
        "veth devices",
        own: &["net.device-in-one-ns", "net.container-has-own-virtual-device"],
        remedy: "load the module veth (modprobe veth), or build the kernel with CONFIG_VETH",
        probe: |lab| {
            in_new_network(lab, |process| {
                succeeded("creating a pair of veth devices", process.link_add_veth("v0", "v1")?)
            })
        },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique() {
        let mut met = BTreeSet::new();
        for need in crate::requirements() {
            assert!(met.insert(need.name), "{} is there twice", need.name);
        }
    }
}
