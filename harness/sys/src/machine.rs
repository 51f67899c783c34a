//! Facts about the machine that a result depends on: kernel, privileges, security modules and the
//! settings that limit namespaces. Reported, never used to decide what to test.

use crate::confinement::Confinement;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `st_ino` of the initial PID namespace on nsfs: PROC_PID_INIT_INO of the kernel.
pub const INITIAL_PID_NAMESPACE: u64 = 0xefff_fffc;

/// The machine of a run, as its record describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// `uname -r`.
    pub kernel_release: String,
    /// `uname -v`.
    pub kernel_version: String,
    /// `uname -m`.
    pub architecture: String,
    /// How many processors may be used.
    pub processors: usize,
    /// The effective uid that nsconform was started with.
    pub uid: u32,
    /// The effective capabilities that it was started with, in hexadecimal, as in
    /// proc_pid_status(5); none where /proc is missing.
    pub capabilities: Option<String>,
    /// The active security modules; none where securityfs is not mounted.
    pub security_modules: Option<String>,
    /// Settings that limit namespaces, by their sysctl names, where they are there.
    pub sysctls: BTreeMap<String, String>,
    /// Under what nsconform was started that may refuse system calls; absent in the plain state.
    #[serde(skip_serializing_if = "Confinement::is_plain", default)]
    pub confinement: Confinement,
}

/// Settings that bear on what can be tested.
const SYSCTLS: [&str; 18] = [
    "fs.mount-max",
    "fs.mqueue.msg_max",
    "fs.mqueue.queues_max",
    "kernel.apparmor_restrict_unprivileged_userns",
    "kernel.ns_last_pid",
    "kernel.pid_max",
    "kernel.threads-max",
    "kernel.unprivileged_userns_clone",
    "kernel.yama.ptrace_scope",
    "net.core.fb_tunnels_only_for_init_net",
    "user.max_cgroup_namespaces",
    "user.max_ipc_namespaces",
    "user.max_mnt_namespaces",
    "user.max_net_namespaces",
    "user.max_pid_namespaces",
    "user.max_time_namespaces",
    "user.max_user_namespaces",
    "user.max_uts_namespaces",
];

impl Machine {
    /// Looks at the machine as the calling process sees it.
    pub fn look() -> Machine {
        let names = nix::sys::utsname::uname();
        let read = |path: &str| std::fs::read_to_string(path).ok().map(|text| text.trim().to_string());
        // Where uname(2) is refused files tell the same.
        let field = |of: fn(&nix::sys::utsname::UtsName) -> &std::ffi::OsStr, otherwise: &str| match &names {
            Ok(names) => of(names).to_string_lossy().into_owned(),
            Err(_) => read(otherwise).unwrap_or_default(),
        };
        let status = read("/proc/self/status").unwrap_or_default();
        Machine {
            kernel_release: field(|names| names.release(), "/proc/sys/kernel/osrelease"),
            kernel_version: field(|names| names.version(), "/proc/sys/kernel/version"),
            architecture: field(|names| names.machine(), "/proc/sys/kernel/arch"),
            processors: std::thread::available_parallelism().map_or(1, usize::from),
            uid: nix::unistd::geteuid().as_raw(),
            capabilities: status
                .lines()
                .find_map(|line| line.strip_prefix("CapEff:"))
                .map(|set| set.trim().to_string()),
            security_modules: read("/sys/kernel/security/lsm"),
            sysctls: SYSCTLS
                .into_iter()
                .filter_map(|name| {
                    // A dot separates; none of these names holds one within a part.
                    let value = read(&format!("/proc/sys/{}", name.replace('.', "/")))?;
                    Some((name.to_string(), value))
                })
                .collect(),
            confinement: Confinement::look(),
        }
    }

    /// One line for people: which kernel, as whom, and under what unless that is the plain state.
    pub fn headline(&self) -> String {
        let whom = if self.uid == 0 { "root".to_string() } else { format!("uid {}", self.uid) };
        let under = match self.confinement.is_plain() {
            true => String::new(),
            false => format!(", {}", self.confinement.describe()),
        };
        format!("Linux {} {}, started as {whom}{under}", self.kernel_release, self.architecture)
    }
}
