//! Under what a process was started that may refuse a system call in the kernel's place, or show it
//! another machine: a seccomp filter, no_new_privs, a tracer, the domain of a security module, a
//! chroot, a container. Reported at the head of a run; and where something may refuse, a refusal
//! says nothing against the kernel.

use crate::errno::Errno;
use crate::{mountinfo, reap};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::Duration;

/// All that a process was started under. Nothing in it is the plain state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confinement {
    /// `strict` or `filter`: the mode of seccomp(2), by `Seccomp` of proc_pid_status(5).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub seccomp: Option<String>,
    /// Whether no_new_privs is set (PR_SET_NO_NEW_PRIVS(2const)).
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub no_new_privs: bool,
    /// Whether the process is traced (ptrace(2)), by `TracerPid` of proc_pid_status(5).
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub traced: bool,
    /// The label that a security module gave it, unless that means no confinement, as
    /// /proc/PID/attr/current shows it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub security_label: Option<String>,
    /// Whether the root directory is no mount point, or known not to be that of the mount namespace.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub chroot: bool,
    /// The kind of container, or `container` where its manager does not name itself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub container: Option<String>,
}

impl Confinement {
    /// Looks at the calling process. Where /proc tells nothing, nothing is known.
    pub fn look() -> Confinement {
        let variable = std::env::var("container").ok().filter(|name| !name.is_empty());
        let manager = variable.or_else(|| {
            // The files by which podman, docker and systemd mark a container for those inside.
            let named = read("/run/systemd/container").trim().to_string();
            let marks = [("/run/.containerenv", "podman"), ("/.dockerenv", "docker")];
            let marked = marks.into_iter().find(|(file, _)| Path::new(file).exists());
            Some(named).filter(|name| !name.is_empty()).or(marked.map(|(_, name)| name.to_string()))
        });
        Confinement {
            chroot: root_is_no_mount_point(read("/proc/self/mountinfo").as_bytes())
                || root_is_not_that_of_the_namespace(),
            container: manager,
            ..Confinement::by_refusers()
        }
    }

    /// The part of it that may refuse a system call in the kernel's place: two files tell.
    fn by_refusers() -> Confinement {
        Confinement {
            security_label: label_of_a_domain(&read("/proc/self/attr/current")),
            ..Confinement::of_status(&read("/proc/self/status"))
        }
    }

    /// The errors with which something may refuse a system call of the calling process in the kernel's
    /// place; none where nothing may.
    pub fn refusals_here() -> &'static [Errno] {
        Confinement::by_refusers().refusals()
    }

    /// The part of it that proc_pid_status(5) tells.
    fn of_status(status: &str) -> Confinement {
        let field = |name: &str| {
            let lines = status.lines().filter_map(|line| line.split_once(':'));
            lines.filter(|(field, _)| *field == name).map(|(_, value)| value.trim()).next().unwrap_or("0")
        };
        Confinement {
            seccomp: match field("Seccomp") {
                "1" => Some("strict".to_string()),
                "2" => Some("filter".to_string()),
                _ => None,
            },
            no_new_privs: field("NoNewPrivs") == "1",
            traced: field("TracerPid") != "0",
            ..Confinement::default()
        }
    }

    /// The errors with which something may refuse a system call in the kernel's place: filters choose
    /// EPERM or, as a kernel without the call, ENOSYS; security modules give EACCES, too.
    fn refusals(&self) -> &'static [Errno] {
        const ALL: [Errno; 3] = [Errno(libc::EPERM), Errno(libc::ENOSYS), Errno(libc::EACCES)];
        if self.security_label.is_some() {
            &ALL
        } else if self.seccomp.is_some() || self.traced {
            &ALL[..2]
        } else {
            &[]
        }
    }

    /// Whether there is nothing to be said.
    pub fn is_plain(&self) -> bool {
        *self == Confinement::default()
    }

    /// The parts, for people; empty in the plain state.
    pub fn describe(&self) -> String {
        let parts = [
            self.seccomp.as_ref().map(|mode| match mode.as_str() {
                "filter" => "under a seccomp filter".to_string(),
                mode => format!("under seccomp mode {mode}"),
            }),
            self.no_new_privs.then(|| "with no_new_privs".to_string()),
            self.traced.then(|| "under a tracer".to_string()),
            self.security_label.as_ref().map(|label| format!("under the security label {label}")),
            self.chroot.then(|| "in a chroot".to_string()),
            self.container.as_ref().map(|name| match name.as_str() {
                "container" => "in a container".to_string(),
                name => format!("in a container ({name})"),
            }),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// A label that confines: AppArmor's `unconfined` and SELinux's unconfined and kernel types do not.
fn label_of_a_domain(label: &str) -> Option<String> {
    let label = label.trim_end_matches(['\0', '\n', ' ']);
    let free = label.is_empty()
        || label == "kernel"
        || label == "unconfined"
        || label.ends_with("(unconfined)")
        || label.split(':').nth(2).is_some_and(|kind| matches!(kind, "unconfined_t" | "kernel_t"));
    (!free).then(|| label.to_string())
}

/// Whether the root directory of the process that sees this mountinfo (proc_pid_mountinfo(5)) is no
/// mount point: then it is in a chroot.
fn root_is_no_mount_point(mountinfo: &[u8]) -> bool {
    let mounts = mountinfo::mounts(mountinfo);
    !mountinfo.is_empty() && !mounts.iter().any(|mount| mount.point == Path::new("/"))
}

/// Whether the root of the own mount namespace is known to be another directory: a child joins that
/// namespace, as root may, and setns(2) then leads it there.
fn root_is_not_that_of_the_namespace() -> bool {
    use std::os::fd::AsRawFd;
    const ANOTHER: i32 = 1;
    let Ok(namespace) = std::fs::File::open("/proc/self/ns/mnt") else { return false };
    let root = || {
        // SAFETY: all-zero is a valid stat, which outlives the call.
        let mut found: libc::stat = unsafe { std::mem::zeroed() };
        // SAFETY: as above; the path is a C string.
        (unsafe { libc::stat(c"/".as_ptr(), &mut found) } == 0).then_some((found.st_dev, found.st_ino))
    };
    let before = root();
    let act = || {
        // SAFETY: takes numbers only.
        let joined = unsafe { libc::setns(namespace.as_raw_fd(), libc::CLONE_NEWNS) } == 0;
        if joined && root() != before { ANOTHER } else { 0 }
    };
    // SAFETY: the child makes two system calls, which change nothing outside of it.
    let status = unsafe { reap::status_of_child(Duration::from_secs(1), act) };
    status.is_some_and(|status| libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == ANOTHER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::plain("TracerPid:\t0\nNoNewPrivs:\t0\nSeccomp:\t0\nSeccomp_filters:\t0\n", "", false)]
    #[case::filter("Seccomp:\t2\nNoNewPrivs:\t1\n", "under a seccomp filter, with no_new_privs", true)]
    #[case::tracer("TracerPid:\t77\n", "under a tracer", true)]
    #[case::no_new_privileges("NoNewPrivs:\t1\n", "with no_new_privs", false)]
    #[case::no_proc("", "", false)]
    fn a_status_tells(#[case] status: &str, #[case] described: &str, #[case] may_refuse: bool) {
        let found = Confinement::of_status(status);
        assert_eq!((found.describe().as_str(), !found.refusals().is_empty()), (described, may_refuse));
        assert_eq!(found.is_plain(), described.is_empty());
    }

    #[test]
    fn a_security_module_refuses_by_one_error_more() {
        let label = Some("docker-default (enforce)".to_string());
        let found = Confinement { security_label: label, ..Confinement::default() };
        assert!(found.refusals().contains(&Errno(libc::EACCES)));
        assert!(
            !Confinement { traced: true, ..Confinement::default() }.refusals().contains(&Errno(libc::EACCES))
        );
    }

    #[rstest]
    #[case::apparmor("docker-default (enforce)\n", Some("docker-default (enforce)"))]
    #[case::apparmor_free("unconfined\n", None)]
    #[case::apparmor_complains_not("flatpak (unconfined)\n", None)]
    #[case::selinux(
        "system_u:system_r:container_t:s0:c1,c2\0",
        Some("system_u:system_r:container_t:s0:c1,c2")
    )]
    #[case::selinux_free("unconfined_u:unconfined_r:unconfined_t:s0\0", None)]
    #[case::none("", None)]
    fn a_label_confines_or_not(#[case] label: &str, #[case] expected: Option<&str>) {
        assert_eq!(label_of_a_domain(label).as_deref(), expected);
    }

    #[rstest]
    #[case::a_whole_file_system("1 0 8:1 / / rw - ext4 /dev/sda1 rw\n", false)]
    #[case::a_subvolume("1 0 0:20 /@ / rw - btrfs /dev/sda1 rw\n", false)]
    #[case::no_mount_point("1 0 0:5 / /proc rw - proc proc rw\n", true)]
    #[case::no_proc("", false)]
    fn mountinfo_shows_a_chroot(#[case] table: &str, #[case] expected: bool) {
        assert_eq!(root_is_no_mount_point(table.as_bytes()), expected);
    }
}
