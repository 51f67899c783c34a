//! The requirements that follow from an approved trace: whoever writes a case need not say them.
//!
//! The requirements themselves, with their probes, live in `needs`; that each call of a trace is
//! allowed at all is asked by the engine.

use crate::needs::*;
use nsconform_lab::call::argument::flag_names;
use nsconform_lab::seal::Credentials;
use nsconform_sys::kind::Kind;
use std::collections::BTreeSet;

/// A need of each trace that holds one of these texts.
static BY_TEXT: &[(&Requirement, &[&str])] = &[
    (&CLONE3, &["clone3("]),
    (&FSOPEN, &["fsopen(", "fspick("]),
    (&IPV4, &["(AF_INET, ", "127.0.0.1", "10.1.1.1", "/proc/sys/net/ipv4/", "/net/tcp\""]),
    (&IPV6, &["(AF_INET6, ", "/proc/sys/net/ipv6/"]),
    (&KCMP, &["kcmp("]),
    (&LOCKED_MEMORY, &["SHM_LOCK)", "mlock("]),
    (&MOUNT_SETATTR, &["mount_setattr("]),
    (&NETNS_COOKIE, &["SO_NETNS_COOKIE"]),
    (&OPEN_TREE, &["open_tree("]),
    (&OPEN_TREE_ATTR, &["open_tree_attr("]),
    (&OVERFLOW_IDS, &["65534"]),
    (&PACKET_SOCKETS, &["socket(AF_PACKET, "]),
    (&PENDING_SIGNALS, &["? timer_settime(", "rt_sigqueueinfo(", "mq_notify("]),
    (&POSIX_MQ, &["mq_open("]),
    (&STATMOUNT, &["statmount", "listmount"]),
    (&SYSV_IPC, &["shmget(", "semget(", "msgget("]),
    (&UNIQUE_MOUNT_IDS, &["STATX_MNT_ID_UNIQUE"]),
    (&USUAL_NICE, &["setpriority(", "sched_setscheduler("]),
    (&VETH, &["link_add_veth"]),
];

/// The requirements of a case by its approved trace, so that nobody need say them.
pub fn implied(trace: &str, credentials: Credentials) -> Vec<&'static Requirement> {
    let mut implied: Vec<&'static Requirement> = Vec::new();
    let word_at = |at: usize| {
        let rest = &trace[at..];
        let end = rest.find(|letter: char| !letter.is_ascii_uppercase() && letter != '_');
        &rest[..end.unwrap_or(rest.len())]
    };
    let flags: BTreeSet<&str> = trace.match_indices("CLONE_NEW").map(|(at, _)| word_at(at)).collect();
    for kind in Kind::ALL {
        if flags.contains(flag_names(&kind.flag()).as_str()) {
            implied.push(match kind {
                Kind::Cgroup => &CGROUP_NS,
                Kind::Ipc => &IPC_NS,
                Kind::Mnt => &MNT_NS,
                Kind::Net => &NET_NS,
                Kind::Pid => &PID_NS,
                Kind::Time => &TIME_NS,
                Kind::User if credentials == Credentials::User => &USER_NS,
                Kind::User => &ROOT_USER_NS,
                Kind::Uts => &UTS_NS,
            });
        }
    }
    // Numbers in paths of /proc, or names of processes in their place, are those of the sealed PID
    // namespace; whether a call that was begun has blocked is read there too.
    let names_a_process = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit() || c == '<');
    let numbered = trace.split("/proc/").skip(1).any(names_a_process);
    if numbered || trace.contains("<unfinished ...>") {
        implied.push(&PROCFS);
    }
    if trace.contains(&format!("\"{}", nsconform_lab::seal::HOST_NAME)) {
        implied.push(&SEALED_NAMES);
    }
    if trace.contains("execve(") {
        implied.push(&PROGRAM);
    }
    let shown = BY_TEXT.iter().filter(|(_, texts)| texts.iter().any(|text| trace.contains(text)));
    implied.extend(shown.map(|(need, _)| *need));
    if credentials == Credentials::User {
        implied.push(&ORDINARY_USER);
    }
    implied
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::nothing("outer  getpid() = 2", Credentials::Root, &[])]
    #[case::one_kind("outer  clone(CLONE_NEWUTS) = 3<inner>", Credentials::Root, &["UTS namespaces"])]
    #[case::two_kinds("a  unshare(CLONE_NEWIPC|CLONE_NEWUTS) = 0", Credentials::Root, &["IPC namespaces", "UTS namespaces"])]
    #[case::user_by_root("a  unshare(CLONE_NEWUSER) = 0", Credentials::Root, &["user namespaces"])]
    #[case::user_by_user("a  unshare(CLONE_NEWUSER) = 0", Credentials::User,
        &["user namespaces for ordinary users", "an ordinary user"])]
    #[case::own_files("a  cat(\"/proc/self/uid_map\") = \"\"", Credentials::Root, &[])]
    #[case::others_files("a  cat(\"/proc/3/uid_map\") = \"\"", Credentials::Root, &["a fresh procfs"])]
    #[case::ipv4("a  socket(AF_INET, SOCK_STREAM) = 3", Credentials::Root, &["IPv4"])]
    #[case::ipv6("a  socket(AF_INET6, SOCK_STREAM) = 3", Credentials::Root, &["IPv6"])]
    #[case::a_timer("a  ? timer_settime(CLOCK_MONOTONIC, 20) = in time", Credentials::Root, &["pending signals"])]
    #[case::a_timer_descriptor("a  ? timerfd_settime(CLOCK_MONOTONIC, 20) = in time", Credentials::Root, &[])]
    #[case::files_of_a_name("a  cat(\"/proc/<inner>/uid_map\") = \"\"", Credentials::Root, &["a fresh procfs"])]
    #[case::program("a  execve(\"/program\") = 0", Credentials::Root, &["a program to execute"])]
    fn a_trace_implies_needs(
        #[case] trace: &str,
        #[case] credentials: Credentials,
        #[case] expected: &[&str],
    ) {
        let names: Vec<&str> = implied(trace, credentials).into_iter().map(|need| need.name).collect();
        assert_eq!(names, expected);
    }
}
