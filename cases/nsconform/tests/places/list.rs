//! The places, and how the program gets into each of them. How a place is entered, and what becomes of
//! the verdicts, is the business of `main` and `table`.

/// A place and how the program gets there.
pub struct Place {
    /// The name of the trial, and of the file with the expected verdicts.
    pub name: &'static str,
    /// The program that must be installed, if any.
    pub tool: &'static str,
    /// The way into it.
    pub enter: Enter,
}

/// A way into a place.
pub enum Enter {
    /// A shell script that runs in a mount namespace of its own; `$PROGRAM` is the static program,
    /// `$ROOT` an empty directory, `$SCRATCH` another one, and `$RUN` the words that run the cases.
    Script(&'static str),
    /// As [`Enter::Script`], as an ordinary user.
    UserScript(&'static str),
    /// Under a filter that answers these system calls with this errno.
    Refuse(&'static [i64], i32),
    /// Under a filter that answers a system call with EPERM where the argument with this index has
    /// this value.
    RefuseWith(i64, u8, u64),
    /// In a container of runc(8) with the capabilities, masked files and system calls of Docker's
    /// default profile.
    Docker,
}
use Enter::{Docker, Refuse, RefuseWith, Script, UserScript};

const fn place(name: &'static str, tool: &'static str, enter: Enter) -> Place {
    Place { name, tool, enter }
}

/// A place under a filter that refuses one call with EPERM.
const fn refused(name: &'static str, call: &'static [i64]) -> Place {
    place(name, "", Refuse(call, libc::EPERM))
}

/// Makes `$ROOT` a root directory with the program, /proc, /sys, /dev and /tmp.
macro_rules! in_root {
    ($rest:literal) => {
        concat!(
            "cp $PROGRAM $ROOT/nsconform; mkdir $ROOT/proc $ROOT/sys $ROOT/dev $ROOT/tmp; ",
            "mount -t proc proc $ROOT/proc; mount --rbind /sys $ROOT/sys; mount --rbind /dev $ROOT/dev; ",
            $rest
        )
    };
}

/// Containers want one hierarchy of cgroups; others see those that the machine has.
macro_rules! one_hierarchy {
    ($rest:expr) => {
        concat!("umount -R /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup; ", $rest)
    };
}

/// The words of podman that every container has. Images, locks and logs stay below `$SCRATCH`, and
/// limits are ones that every starter may set.
macro_rules! podman {
    ($options:literal) => {
        concat!(
            "podman --cgroup-manager=cgroupfs --root $SCRATCH/graph --runroot $SCRATCH/run --tmpdir $SCRATCH/tmp ",
            "run --rm --network=none --cgroups=disabled --ulimit nofile=1024:1024 --ulimit nproc=1000:1000 ",
            $options,
            " --rootfs $ROOT /nsconform $RUN"
        )
    };
}

macro_rules! podman_of_root {
    ($options:literal) => {
        one_hierarchy!(concat!("cp $PROGRAM $ROOT/nsconform; mkdir $ROOT/tmp; exec ", podman!($options)))
    };
}

/// Gives nobody(65534) ids of its own, as a line in /etc/subuid does.
macro_rules! with_subuids {
    ($rest:expr) => {
        concat!(
            "echo nobody:100000:65536 >$SCRATCH/ids; ",
            "mount --bind $SCRATCH/ids /etc/subuid; mount --bind $SCRATCH/ids /etc/subgid; ",
            $rest
        )
    };
}

macro_rules! as_nobody {
    ($rest:expr) => {
        concat!("exec setpriv --reuid 65534 --regid 65534 --clear-groups ", $rest)
    };
}

/// A process of podman's stays behind a rootless container: a PID namespace of its own ends it.
macro_rules! podman_of_nobody {
    ($options:literal) => {
        one_hierarchy!(with_subuids!(concat!(
            "cp $PROGRAM $ROOT/nsconform; mkdir $ROOT/tmp; chown -R 65534:65534 $ROOT $SCRATCH; ",
            "exec unshare --pid --fork --kill-child --mount-proc setpriv --reuid 65534 --regid 65534 --clear-groups ",
            "env HOME=$SCRATCH XDG_RUNTIME_DIR=$SCRATCH ",
            podman!($options)
        )))
    };
}

/// As root that may not raise a hard limit, as in most containers.
macro_rules! limited {
    ($limits:literal) => {
        concat!(
            "exec setpriv --bounding-set=-sys_resource prlimit ",
            $limits,
            " setpriv --bounding-set=-sys_resource $PROGRAM $RUN"
        )
    };
}

/// All places, in the order in which they are tried.
#[rustfmt::skip]
pub const PLACES: &[Place] = &[
    place("ordinary-user", "setpriv", UserScript("exec $PROGRAM $RUN")),
    place("user-namespace-of-one-id", "unshare",
        UserScript("exec unshare --user --map-root-user $PROGRAM $RUN")),
    place("user-with-subuids", "newuidmap",
        Script(with_subuids!(as_nobody!("unshare --user --map-root-user --map-auto $PROGRAM $RUN")))),
    // chroots
    place("chroot", "", Script(in_root!("exec chroot $ROOT /nsconform $RUN"))),
    place("chroot-at-a-mount-point", "",
        Script(concat!("mount -t tmpfs tmpfs $ROOT; ", in_root!("exec chroot $ROOT /nsconform $RUN")))),
    place("empty-root", "", Script("cp $PROGRAM $ROOT/nsconform; exec chroot $ROOT /nsconform $RUN")),
    place("empty-root-of-a-user", "",
        Script("cp $PROGRAM $ROOT/nsconform; exec chroot --userspec=65534:65534 $ROOT /nsconform $RUN")),
    // containers
    place("bubblewrap", "bwrap",
        UserScript("exec bwrap --ro-bind / / --dev /dev --proc /proc --tmpfs /tmp --unshare-all --ro-bind $PROGRAM /tmp/n /tmp/n $RUN")),
    place("podman", "podman", Script(podman_of_root!(""))),
    place("podman-unmasked", "podman", Script(podman_of_root!("--security-opt unmask=ALL"))),
    place("podman-privileged", "podman", Script(podman_of_root!("--privileged"))),
    place("podman-without-capabilities", "podman", Script(podman_of_root!("--cap-drop=all"))),
    place("podman-without-filter", "podman", Script(podman_of_root!("--security-opt seccomp=unconfined"))),
    place("podman-rootless", "podman", Script(podman_of_nobody!(""))),
    place("podman-rootless-unmasked", "podman", Script(podman_of_nobody!("--security-opt unmask=ALL"))),
    place("podman-rootless-privileged", "podman", Script(podman_of_nobody!("--privileged"))),
    place("podman-rootless-without-capabilities", "podman", Script(podman_of_nobody!("--cap-drop=all"))),
    place("runc-with-the-profile-of-docker", "runc", Docker),
    place("systemd-nspawn", "systemd-nspawn", Script(one_hierarchy!(
        "cp $PROGRAM $ROOT/nsconform; mkdir $ROOT/usr; status=0; \
         systemd-nspawn --quiet --register=no --keep-unit --pipe -D $ROOT /nsconform $RUN || status=$?; \
         rmdir /sys/fs/cgroup/payload /sys/fs/cgroup/supervisor 2>/dev/null || true; exit $status"))),
    // inherited attributes
    place("umask-077", "", Script("umask 077; exec $PROGRAM $RUN")),
    place("umask-027-of-a-user", "", UserScript("umask 027; exec $PROGRAM $RUN")),
    place("no-new-privileges", "setpriv", Script("exec setpriv --no-new-privs $PROGRAM $RUN")),
    place("inheritable-and-ambient-capabilities", "setpriv",
        Script("exec setpriv --inh-caps=+sys_admin,+net_admin,+setuid,+chown --ambient-caps=+sys_admin,+net_admin $PROGRAM $RUN")),
    place("securebits", "setpriv", Script("exec setpriv --securebits=+noroot,+no_setuid_fixup $PROGRAM $RUN")),
    place("root-without-setfcap", "setpriv", Script("exec setpriv --bounding-set=-setfcap $PROGRAM $RUN")),
    place("root-without-sys-admin", "setpriv", Script("exec setpriv --bounding-set=-sys_admin $PROGRAM $RUN")),
    place("root-without-net-admin", "setpriv", Script("exec setpriv --bounding-set=-net_admin $PROGRAM $RUN")),
    place("personality", "setarch", Script("exec setarch -R -3 $PROGRAM $RUN")),
    place("nice", "nice", Script("exec nice -n 19 $PROGRAM $RUN")),
    place("idle-scheduling", "chrt", Script("exec chrt --idle 0 $PROGRAM $RUN")),
    place("real-time-scheduling", "chrt", Script("exec chrt --fifo 1 $PROGRAM $RUN")),
    place("one-processor", "taskset", Script("exec taskset --cpu-list 0 $PROGRAM $RUN")),
    place("nohup", "nohup", Script("exec nohup $PROGRAM $RUN")),
    place("no-environment", "env", Script("exec env -i $PROGRAM $RUN")),
    place("closed-standard-input", "", Script("exec $PROGRAM $RUN <&-")),
    // limits
    place("few-descriptors", "prlimit", Script(limited!("--nofile=256:256"))),
    place("too-few-descriptors", "prlimit", Script(limited!("--nofile=64:64"))),
    place("no-pending-signals", "prlimit", Script(limited!("--sigpending=0:0"))),
    place("no-message-queues", "prlimit", Script(limited!("--msgqueue=0:0"))),
    place("no-locked-memory", "prlimit", Script(limited!("--memlock=0:0"))),
    place("small-files", "prlimit", Script(limited!("--fsize=4096:4096"))),
    place("small-stack", "prlimit", Script(limited!("--stack=262144:262144"))),
    place("little-memory", "prlimit", Script(limited!("--as=134217728:134217728"))),
    place("little-data", "prlimit", Script(limited!("--data=8388608:8388608"))),
    place("no-core-dumps", "prlimit", Script(limited!("--core=0:0"))),
    // /proc and /sys
    place("hidepid", "", Script(concat!("mount -t proc -o hidepid=invisible proc /proc; ", as_nobody!("$PROGRAM $RUN")))),
    place("masked-proc", "", Script("mount -t tmpfs tmpfs /proc/sys/kernel; exec $PROGRAM $RUN")),
    place("masked-proc-of-a-user", "",
        Script(concat!("mount -t tmpfs tmpfs /proc/sys/kernel; ", as_nobody!("$PROGRAM $RUN")))),
    place("masked-keys-of-a-user", "",
        Script(concat!("mount --bind /dev/null /proc/keys; ", as_nobody!("$PROGRAM $RUN")))),
    place("read-only-proc-sys", "", Script("mount --bind -o ro /proc/sys /proc/sys; exec $PROGRAM $RUN")),
    place("read-only-sys", "", Script("mount -o remount,bind,ro /sys; exec $PROGRAM $RUN")),
    place("no-sys", "", Script("umount -l -R /sys; exec $PROGRAM $RUN")),
    place("no-proc", "", Script("umount -l /proc; exec $PROGRAM $RUN")),
    place("no-dev", "", Script("mount -t tmpfs tmpfs /dev; exec $PROGRAM $RUN")),
    place("read-only-root", "", Script("mount -o remount,bind,ro /; exec $PROGRAM $RUN")),
    // refused calls, as by the filters of containers
    refused("refused-clone3", &[libc::SYS_clone3]),
    place("absent-clone3", "", Refuse(&[libc::SYS_clone3], libc::ENOSYS)),
    refused("refused-setns", &[libc::SYS_setns]),
    refused("refused-pidfd-open", &[libc::SYS_pidfd_open]),
    place("absent-pidfd-open", "", Refuse(&[libc::SYS_pidfd_open], libc::ENOSYS)),
    refused("refused-pidfd-send-signal", &[libc::SYS_pidfd_send_signal]),
    refused("refused-unshare", &[libc::SYS_unshare]),
    refused("refused-mount", &[libc::SYS_mount]),
    refused("refused-umount", &[libc::SYS_umount2]),
    refused("refused-pivot-root", &[libc::SYS_pivot_root]),
    refused("refused-sethostname", &[libc::SYS_sethostname]),
    refused("refused-setdomainname", &[libc::SYS_setdomainname]),
    refused("refused-close-range", &[libc::SYS_close_range]),
    place("absent-close-range", "", Refuse(&[libc::SYS_close_range], libc::ENOSYS)),
    refused("refused-capset", &[libc::SYS_capset]),
    refused("refused-prctl", &[libc::SYS_prctl]),
    refused("refused-personality", &[libc::SYS_personality]),
    refused("refused-prlimit", &[libc::SYS_prlimit64, libc::SYS_setrlimit]),
    refused("refused-scheduling", &[libc::SYS_sched_setaffinity, libc::SYS_sched_setscheduler]),
    refused("refused-chroot", &[libc::SYS_chroot]),
    refused("refused-mknod", &[libc::SYS_mknod, libc::SYS_mknodat]),
    refused("refused-reboot", &[libc::SYS_reboot]),
    refused("refused-setgroups", &[libc::SYS_setgroups]),
    refused("refused-setuid", &[libc::SYS_setuid, libc::SYS_setreuid, libc::SYS_setresuid]),
    refused("refused-keyctl", &[libc::SYS_keyctl, libc::SYS_add_key, libc::SYS_request_key]),
    place("absent-mount-api", "", Refuse(&[
        libc::SYS_open_tree,
        libc::SYS_move_mount,
        libc::SYS_fsopen,
        libc::SYS_fsmount,
        libc::SYS_mount_setattr,
    ], libc::ENOSYS)),
    refused("refused-kcmp", &[libc::SYS_kcmp]),
    refused("refused-mq-open", &[libc::SYS_mq_open]),
    refused("refused-shmget", &[libc::SYS_shmget, libc::SYS_semget, libc::SYS_msgget]),
    refused("refused-ptrace", &[libc::SYS_ptrace]),
    refused("refused-timers", &[libc::SYS_timer_create, libc::SYS_timerfd_create]),
    refused("refused-clock-settime", &[libc::SYS_clock_settime, libc::SYS_settimeofday]),
    refused("refused-signalfd", &[libc::SYS_signalfd4]),
    refused("refused-memfd", &[libc::SYS_memfd_create]),
    refused("refused-inotify", &[libc::SYS_inotify_init1]),
    place("refused-netlink", "", RefuseWith(libc::SYS_socket, 0, libc::AF_NETLINK as u64)),
    place("refused-packet-sockets", "", RefuseWith(libc::SYS_socket, 0, libc::AF_PACKET as u64)),
    place("refused-ipv4", "", RefuseWith(libc::SYS_socket, 0, libc::AF_INET as u64)),
    place("refused-ipv6", "", RefuseWith(libc::SYS_socket, 0, libc::AF_INET6 as u64)),
];
