//! The requirements of cases on single facilities of the kernel, each with its probe: file systems,
//! keys, settings, requests of rtnetlink(7).
//!
//! Those on namespaces, ids and the place in which nsconform runs live in `needs`, which hands on
//! the ones of here.

use crate::probes::in_new_network;
use nsconform_suite::needs;
use nsconform_suite::prelude::*;
use nsconform_suite::requirement::{ProbeResult, succeeded};

needs! {
    /// Files of the scratch place can have access control lists.
    ACCESS_LISTS {
        "access control lists on tmpfs",
        remedy: "build the kernel with CONFIG_TMPFS_POSIX_ACL",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            process.creat_excl("/tmp/file")?;
            succeeded("setting one", process.set_acl("/tmp/file", 0)?)
        },
    }

    /// Devices can have alternative names.
    ALTERNATIVE_NAMES {
        "alternative names of devices",
        remedy: "use Linux 5.5 or later",
        probe: |lab| {
            in_new_network(lab, |process| {
                succeeded("giving one to lo", process.link_altname_add("lo", "alternative")?)
            })
        },
    }

    /// The kernel has audit messages.
    AUDIT {
        "audit",
        remedy: "build the kernel with CONFIG_AUDIT",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            succeeded("socket(NETLINK_AUDIT)", process.socket_netlink(NetlinkProtocol::NETLINK_AUDIT)?)
        },
    }

    /// A binfmt_misc of one's own can be mounted in a user namespace.
    BINFMT_MISC {
        "binfmt_misc in user namespaces",
        remedy: "use Linux 6.7 or later built with CONFIG_BINFMT_MISC, or load the module binfmt_misc",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            process.unshare(NEWUSER | NEWNS)?;
            let mounted = process.mount("", "/tmp", "binfmt_misc", MountFlags::empty(), "")?;
            succeeded("mounting binfmt_misc", mounted)
        },
    }

    /// The kernel has the bpf file system.
    BPF_FILESYSTEM {
        "the file system bpf",
        remedy: "build the kernel with CONFIG_BPF_SYSCALL",
        probe: |lab| file_systems_are_listed(lab, &["bpf"]),
    }

    /// Bridges can be created.
    BRIDGE {
        "bridges",
        remedy: "load the module bridge (modprobe bridge), or build the kernel with CONFIG_BRIDGE",
        probe: |lab| {
            in_new_network(lab, |process| succeeded("creating a bridge", process.link_add("b0", "bridge")?))
        },
    }

    /// A network namespace can give those that are made in it hash tables of their own.
    CHILD_HASH_TABLES {
        "hash tables of network namespaces",
        remedy: "use Linux 6.2 or later; in a container, mount /proc/sys writable",
        probe: |lab| {
            in_new_network(lab, |process| {
                succeeded("writing", process.echo("256", "/proc/sys/net/ipv4/udp_child_hash_entries")?)
            })
        },
    }

    /// The children of a thread are listed in /proc.
    CHILDREN_FILE {
        "/proc/PID/task/TID/children",
        remedy: "build the kernel with CONFIG_PROC_CHILDREN",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            succeeded("reading it", process.cat("/proc/thread-self/children")?)
        },
    }

    /// devpts can be mounted.
    DEVPTS {
        "the file system devpts",
        remedy: "build the kernel with CONFIG_UNIX98_PTYS",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            succeeded("mounting devpts", process.mount("", "/tmp", "devpts", MountFlags::empty(), "newinstance")?)
        },
    }

    /// The kernel has a file system that lies on block devices.
    EXT4 {
        "the file system ext4",
        remedy: "build the kernel with CONFIG_EXT4_FS, or load the module ext4",
        probe: |lab| file_systems_are_listed(lab, &["ext4"]),
    }

    /// Ordinary users may have fanotify groups.
    FANOTIFY {
        "fanotify for ordinary users",
        own: &["api.fanotify-limit-per-userns"],
        remedy: "use Linux 5.13 or later built with CONFIG_FANOTIFY; in a container, allow fanotify_init(2) in its seccomp filter",
        probe: |lab| {
            let process = lab.process_as(Credentials::User, "probe")?;
            succeeded("fanotify_init", process.fanotify_init(FanotifyFlags::FAN_REPORT_FID)?)
        },
    }

    /// Files of the scratch place can have capabilities.
    FILE_CAPABILITIES {
        "file capabilities on tmpfs",
        remedy: "build the kernel with CONFIG_TMPFS_XATTR",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            process.creat_excl("/tmp/file")?;
            succeeded("setting file capabilities", process.set_file_capabilities("/tmp/file", CAP_KILL)?)
        },
    }

    /// The kernel has file systems in user space.
    FUSE {
        "the file system fuse",
        remedy: "build the kernel with CONFIG_FUSE_FS, or load the module fuse",
        probe: |lab| file_systems_are_listed(lab, &["fuse"]),
    }

    /// The inotify instances of a user namespace are limited.
    INOTIFY_LIMIT {
        "user.max_inotify_instances",
        own: &["api.inotify-limit-per-userns"],
        remedy: "build the kernel with CONFIG_INOTIFY_USER",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            succeeded("reading it", process.cat("/proc/sys/user/max_inotify_instances")?)
        },
    }

    /// The kernel knows the file systems that are refused to user namespaces.
    KERNEL_FILESYSTEMS {
        "devtmpfs and securityfs",
        remedy: "build the kernel with CONFIG_DEVTMPFS and CONFIG_SECURITYFS",
        probe: |lab| file_systems_are_listed(lab, &["devtmpfs", "securityfs"]),
    }

    /// Keys and keyrings are there.
    KEYS {
        "keys and keyrings",
        remedy: "build the kernel with CONFIG_KEYS; in a container, allow keyctl(2), add_key(2) and request_key(2) in its seccomp filter",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            process.unshare(NEWUSER)?;
            succeeded("keyctl(KEYCTL_JOIN_SESSION_KEYRING)", process.keyctl_join_session_keyring("probe")?)
        },
    }

    /// The calls about the whole machine are there, whoever may make them.
    MACHINE_CALLS {
        "acct, swapoff and syslog",
        remedy: "build the kernel with CONFIG_BSD_PROCESS_ACCT, CONFIG_SWAP and CONFIG_PRINTK",
        probe: |lab| {
            let process = lab.process_as(Credentials::User, "probe")?;
            for (call, outcome) in [
                ("acct", process.acct("/tmp/none")?),
                ("swapoff", process.swapoff("/tmp/none")?),
                ("syslog", process.syslog_console_level(0)?),
            ] {
                if outcome.errno() == Some(Errno(libc::ENOSYS)) {
                    return Ok(Err(format!("{call} gives ENOSYS").into()));
                }
            }
            Ok(Ok(()))
        },
    }

    /// vm.memfd_noexec is there, for each PID namespace, and here not set yet.
    MEMFD_NOEXEC {
        "vm.memfd_noexec",
        remedy: "use Linux 6.3 or later, leave vm.memfd_noexec at 0 or 1, and run where root outside any user namespace creates the PID namespace",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            let inner = process.clone("inner", NEWPID)?;
            succeeded("writing vm.memfd_noexec", inner.echo("1", "/proc/sys/vm/memfd_noexec")?)
        },
    }

    /// Processes and signals of a user are counted in each user namespace by themselves.
    COUNTS_PER_USER_NS {
        "limits that count in each user namespace",
        remedy: "use Linux 5.14 or later",
        probe: |lab| {
            let _first = lab.process_as(Credentials::User, "first")?;
            let _second = lab.process_as(Credentials::User, "second")?;
            let process = lab.process_as(Credentials::User, "probe")?;
            process.unshare(NEWUSER)?;
            process.setrlimit(Rlimit::RLIMIT_NPROC, 2, 2)?;
            succeeded("a second process of a limit of two", process.try_clone("child", Flags::empty())?)
        },
    }

    /// A device that moves can be given a number.
    NEW_IFINDEX {
        "IFLA_NEW_IFINDEX",
        remedy: "use Linux 5.13 or later, with veth devices",
        probe: |lab| {
            in_new_network(lab, |process| {
                process.link_add_veth("v0", "v1")?;
                let inner = process.clone("inner", NEWNET)?;
                process.link_set_netns_pid_index("v0", inner, 77)?;
                let index = inner.link_index("v0")?;
                Ok(match index {
                    Outcome::Returned(Value::Number(77)) => Ok(()),
                    _ => Err("the number that was asked for is ignored".into()),
                })
            })
        },
    }

    /// A program that is executed can gain privileges, by its set-user-ID bit or its capabilities.
    NEW_PRIVILEGES {
        "programs that gain privileges",
        remedy: "start nsconform without no_new_privs: containers and services set it (allowPrivilegeEscalation, NoNewPrivileges=)",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            Ok(match process.prctl_get_no_new_privs()? {
                Outcome::Returned(Value::Number(0)) => Ok(()),
                _ => Err("nsconform was started with no_new_privs".into()),
            })
        },
    }

    /// Packet filters can be set by nf_tables.
    NFTABLES {
        "nf_tables",
        remedy: "build the kernel with CONFIG_NF_TABLES and CONFIG_NF_TABLES_IPV4, or load the module nf_tables",
        probe: |lab| {
            in_new_network(lab, |process| succeeded("adding a chain", process.nft_drop_output("probe")?))
        },
    }

    /// The identifier of the next System V object can be chosen.
    NEXT_ID {
        "kernel.msg_next_id, sem_next_id and shm_next_id",
        remedy: "use Linux 5.19 or later built with CONFIG_CHECKPOINT_RESTORE, or run as root outside any user namespace; in a container, mount /proc/sys writable",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            succeeded("writing kernel.msg_next_id", process.echo("1", "/proc/sys/kernel/msg_next_id")?)
        },
    }

    /// Namespaces have numbers that are never used again.
    NSFS_IDS {
        "NS_GET_ID",
        own: &["api.ns-id-every-kind"],
        remedy: "use Linux 6.18 or later",
        probe: |lab| asked_of_namespace(lab, "NS_GET_ID", |process, fd| process.ioctl_ns_id(fd)),
    }

    /// The mounts of a mount namespace can be counted.
    NSFS_MOUNTS {
        "NS_MNT_GET_INFO",
        own: &["api.ioctl-mnt-info"],
        remedy: "use Linux 6.12 or later",
        probe: |lab| asked_of_namespace(lab, "NS_MNT_GET_INFO", |process, fd| process.ioctl_mnt_info(fd)),
    }

    /// PID namespaces translate PIDs, and mount namespaces have numbers.
    NSFS_PIDS {
        "NS_GET_MNTNS_ID",
        own: &["api.ioctl-mntns-id"],
        remedy: "use Linux 6.11 or later",
        probe: |lab| asked_of_namespace(lab, "NS_GET_MNTNS_ID", |process, fd| process.ioctl_mntns_id(fd)),
    }

    /// File handles of namespaces can be opened.
    NSFS_HANDLES {
        "file handles of namespaces",
        own: &["api.handle-own-unprivileged"],
        remedy: "use Linux 6.18 or later built with CONFIG_FHANDLE",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            succeeded("name_to_handle_at", process.name_to_handle_at("/proc/self/ns/uts")?)
        },
    }

    /// The version 2 hierarchy is mounted without nsdelegate.
    NO_NSDELEGATE {
        "cgroup2 without nsdelegate",
        remedy: "use a machine whose version 2 hierarchy is mounted without the option nsdelegate: systemd sets it",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            process.unshare(NEWCGROUP)?;
            let mounted = process.mount("", "/tmp", "cgroup2", MountFlags::empty(), "")?;
            if !mounted.is_ok() {
                return succeeded("mount of cgroup2", mounted);
            }
            let mounts = process.cat("/proc/self/mounts")?.text()?;
            let set = mounts.lines().any(|line| line.contains(" cgroup2 ") && line.contains("nsdelegate"));
            Ok(if set { Err("the option is set".into()) } else { Ok(()) })
        },
    }

    /// Overlays can be mounted with the option userxattr, as user namespaces need it.
    OVERLAY {
        "overlays with the option userxattr",
        remedy: "use Linux 5.11 or later built with CONFIG_OVERLAY_FS, or load the module overlay",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            for name in ["lower", "upper", "work", "merged"] {
                process.mkdir(format!("/tmp/{name}"), 0o755)?;
            }
            let data = "lowerdir=/tmp/lower,upperdir=/tmp/upper,workdir=/tmp/work,userxattr";
            succeeded("mounting", process.mount("", "/tmp/merged", "overlay", MountFlags::empty(), data)?)
        },
    }

    /// Packets can be taken from devices, below any protocol.
    PACKET_SOCKETS {
        "packet sockets",
        remedy: "build the kernel with CONFIG_PACKET, or load the module af_packet; in a container, give CAP_NET_RAW",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            succeeded("socket(AF_PACKET)", process.socket(Domain::AF_PACKET, SocketType::SOCK_RAW)?)
        },
    }

    /// Users have persistent keyrings.
    PERSISTENT_KEYS {
        "persistent keyrings",
        remedy: "build the kernel with CONFIG_PERSISTENT_KEYRINGS",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            process.unshare(NEWUSER)?;
            process.map_ids("/proc/self", "0 0 1", "0 0 1")?;
            process.keyctl_join_session_keyring("probe")?;
            let found = process.keyctl_get_persistent(-1, Keyring::KEY_SPEC_SESSION_KEYRING)?;
            succeeded("keyctl(KEYCTL_GET_PERSISTENT)", found)
        },
    }

    /// A pidfd tells how its process has ended.
    PIDFD_EXIT {
        "PIDFD_INFO_EXIT",
        own: &["api.pidfd-info-exit"],
        remedy: "use Linux 6.15 or later",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            let child = process.fork("child")?;
            let pidfd = process.pidfd_open(child, 0)?.id()?;
            child.exit(0)?;
            process.waitpid(child, WaitOptions::empty())?;
            succeeded("PIDFD_GET_INFO", process.ioctl_pidfd_exit(pidfd)?)
        },
    }

    /// A pidfd tells which process it stands for.
    PIDFD_INFO {
        "PIDFD_GET_INFO",
        own: &["api.pidfd-info-relative"],
        remedy: "use Linux 6.13 or later",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            let pidfd = process.pidfd_open(process.sealed(), 0)?.id()?;
            succeeded("PIDFD_GET_INFO", process.ioctl_pidfd_info(pidfd)?)
        },
    }

    /// A pidfd gives descriptors of the namespaces of its process.
    PIDFD_NAMESPACES {
        "PIDFD_GET_UTS_NAMESPACE",
        own: &["api.pidfd-ns-ioctls"],
        remedy: "use Linux 6.11 or later",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            let pidfd = process.pidfd_open(process.sealed(), 0)?.id()?;
            let asked = process.ioctl_pidfd_namespace(pidfd, PidfdNamespace::PIDFD_GET_UTS_NAMESPACE)?;
            succeeded("PIDFD_GET_UTS_NAMESPACE", asked)
        },
    }

    /// A PID namespace has a kernel.pid_max of its own. Where it has none a write would change the
    /// machine: an ordinary user tries, who is refused there.
    PID_MAX {
        "a kernel.pid_max of each PID namespace",
        remedy: "use Linux 6.14 or later; in a container, mount /proc/sys writable",
        probe: |lab| {
            let process = lab.process_as(Credentials::User, "probe")?;
            process.unshare(NEWUSER)?;
            process.map_ids("/proc/self", "0 1000 1", "0 1000 1")?;
            let inner = process.clone("inner", NEWPID)?;
            succeeded("opening it", inner.open("/proc/sys/kernel/pid_max", OpenFlags::O_WRONLY)?)
        },
    }

    /// Routing is decided by policy rules.
    POLICY_RULES {
        "policy rules",
        remedy: "build the kernel with CONFIG_IP_MULTIPLE_TABLES",
        probe: |lab| in_new_network(lab, |process| succeeded("adding a policy rule", process.rule_add(100)?)),
    }

    /// A PID namespace that has no init yet can be opened.
    PIDNS_WITHOUT_INIT {
        "PID namespaces that can be joined before they have an init",
        remedy: "use Linux 7.1 or later",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            process.unshare(NEWPID)?;
            succeeded("opening its link", process.open("/proc/self/ns/pid_for_children", O_RDONLY)?)
        },
    }

    /// The PID namespace of a procfs can be chosen.
    PROC_PIDNS {
        "the option pidns of procfs",
        remedy: "use Linux 6.18 or later",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            let data = "pidns=/proc/self/ns/pid";
            succeeded("mounting", process.mount("proc", "/tmp", "proc", MountFlags::empty(), data)?)
        },
    }

    /// The settings of a network namespace can be written by its owner.
    PROC_SYS_NET {
        "writable settings in /proc/sys/net",
        remedy: "in a container, mount /proc/sys writable",
        probe: |lab| {
            in_new_network(lab, |process| {
                succeeded("writing", process.echo("77", "/proc/sys/net/ipv4/ip_unprivileged_port_start")?)
            })
        },
    }

    /// Hard links to the files of others are refused.
    PROTECTED_HARDLINKS {
        "protected hard links",
        remedy: "set fs.protected_hardlinks to 1",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            let setting = process.words("/proc/sys/fs/protected_hardlinks")?;
            Ok(match setting {
                Outcome::Returned(Value::List(words)) if words == [Value::Number(1)] => Ok(()),
                _ => Err("fs.protected_hardlinks is not 1".into()),
            })
        },
    }

    /// A process may trace its child.
    PTRACE {
        "ptrace",
        remedy: "set kernel.yama.ptrace_scope to 0 or 1; in a container, allow ptrace(2) in its seccomp filter",
        probe: |lab| {
            let process = lab.process_as(Credentials::User, "probe")?;
            let child = process.fork("child")?;
            succeeded("ptrace(PTRACE_SEIZE)", process.ptrace_seize(child)?)
        },
    }

    /// System calls can be filtered.
    SECCOMP {
        "seccomp filters",
        remedy: "build the kernel with CONFIG_SECCOMP_FILTER",
        probe: |lab| {
            let process = lab.process_as(Credentials::User, "probe")?;
            process.prctl_set_no_new_privs()?;
            succeeded("seccomp", process.seccomp_filter()?)
        },
    }

    /// File handles can be made of files of the scratch place.
    TMPFS_HANDLES {
        "file handles of tmpfs",
        remedy: "build the kernel with CONFIG_FHANDLE; in a container, allow name_to_handle_at(2) in its seccomp filter",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            succeeded("name_to_handle_at", process.name_to_handle_at("/tmp")?)
        },
    }

    /// tun devices can be made, through a file of their driver that root makes.
    TUN {
        "tun devices",
        remedy: "run as root outside any user namespace, with CAP_MKNOD; build the kernel with CONFIG_TUN, or load the module tun",
        probe: |lab| {
            in_new_network(lab, |process| {
                process.mknod("/tmp/tun", 0o600, 10, 200)?;
                match process.open("/tmp/tun", OpenFlags::O_RDWR)? {
                    Outcome::Returned(Value::Number(tun)) => {
                        succeeded("TUNSETIFF", process.ioctl_tunsetiff(tun as i32, "t0")?)
                    }
                    other => succeeded("opening its file", other),
                }
            })
        },
    }

    /// No filter of system calls is on when a case starts.
    UNFILTERED {
        "no seccomp filter that is inherited",
        remedy: "run without a seccomp filter: in a container, with one that is not confined by it",
        probe: |lab| {
            let process = lab.process_as(Credentials::User, "probe")?;
            Ok(match process.field("/proc/self/status", "Seccomp")? {
                Outcome::Returned(Value::Word(mode)) if mode != "0" => Err(format!("Seccomp is {mode} already").into()),
                _ => Ok(()),
            })
        },
    }

    /// There are as many System V identifiers as usual.
    USUAL_IPC_LIMITS {
        "the usual number of System V identifiers",
        remedy: "start the kernel without ipcmni_extend",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            let options = process.cat("/proc/cmdline")?.text()?;
            Ok(match options.split_whitespace().any(|option| option == "ipcmni_extend") {
                true => Err("the kernel was started with ipcmni_extend".into()),
                false => Ok(()),
            })
        },
    }

    /// Processes start with the nice value 0 and the policy SCHED_OTHER: without privilege nobody gets
    /// from another one to either (setpriority(2), sched(7)).
    USUAL_NICE {
        "a nice value of 0",
        remedy: "start nsconform with the nice value 0 and SCHED_OTHER: not by nice(1) or chrt(1), and not from a shell that they started",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            Ok(match (process.getpriority(process)?, process.sched_getscheduler(process)?) {
                (Outcome::Returned(Value::Number(0)), Outcome::Returned(Value::Number(0))) => Ok(()),
                _ => Err("nsconform was started with another nice value or scheduling policy".into()),
            })
        },
    }

    /// A network namespace has a mode for the addresses of vsock(7).
    VSOCK_MODE {
        "modes of vsock in network namespaces",
        remedy: "use Linux 7.0 or later with the module vsock",
        probe: |lab| {
            in_new_network(lab, |process| succeeded("reading it", process.cat("/proc/sys/net/vsock/ns_mode")?))
        },
    }
}

/// Asks something of the own mount namespace.
fn asked_of_namespace(
    lab: &Lab,
    what: &str,
    ask: impl Fn(Process, i32) -> Done,
) -> Result<ProbeResult, Interrupt> {
    let process = lab.process_as(Credentials::Root, "probe")?;
    match process.open("/proc/self/ns/mnt", O_RDONLY)? {
        Outcome::Returned(Value::Number(fd)) => succeeded(what, ask(process, fd as i32)?),
        other => succeeded("opening /proc/self/ns/mnt", other),
    }
}

/// Whether /proc/filesystems lists all of these: a module that is not loaded is not there.
fn file_systems_are_listed(lab: &Lab, names: &[&str]) -> Result<ProbeResult, Interrupt> {
    let process = lab.process_as(Credentials::Root, "probe")?;
    let listed = process.cat("/proc/filesystems")?.text()?;
    let missing = names.iter().find(|name| !listed.split_whitespace().any(|word| word == **name));
    Ok(missing.map_or(Ok(()), |name| Err(format!("/proc/filesystems does not list {name}").into())))
}
