//! The foundations of the engine as claims: which cases test the rule of each, and which
//! requirements rest on it.
//!
//! How a foundation is asked lives in the crate `nsconform-sys`.

use crate::needs;
use nsconform_suite::requirement::Basis;
use nsconform_sys::foundation::*;

/// Every foundation, in the order in which broken ones are reported.
pub static ALL: &[Basis] = &[
    Basis {
        foundation: &MOUNT_NAMESPACES,
        own: &["mnt.flag-clone-newns", "mnt.isolates-mount-list", "api.newns-is-mount"],
        carries: &[&needs::MNT_NS],
        rests: &[],
        ends: false,
        sandbox: true,
    },
    Basis {
        foundation: &UTS_NAMESPACES,
        own: &["uts.isolates-nodename-domainname", "uts.copied-at-creation"],
        carries: &[&needs::UTS_NS],
        rests: &[],
        ends: false,
        sandbox: true,
    },
    Basis {
        foundation: &IPC_NAMESPACES,
        own: &["ipc.isolates-sysv-objects", "ipc.starts-empty"],
        carries: &[&needs::IPC_NS],
        rests: &[],
        ends: false,
        sandbox: true,
    },
    Basis {
        foundation: &USER_NAMESPACES,
        own: &["user.flag-clone-newuser", "user.isolates-uids-and-gids"],
        carries: &[&needs::ROOT_USER_NS, &needs::USER_NS],
        rests: &[],
        ends: false,
        sandbox: false,
    },
    Basis {
        foundation: &CGROUP_NAMESPACES,
        own: &["cgroup.flag", "cgroup.unshare-makes-current-the-root"],
        carries: &[&needs::CGROUP_NS, &needs::CGROUP2],
        rests: &[],
        ends: false,
        sandbox: false,
    },
    Basis {
        foundation: &NETWORK_NAMESPACES,
        // They only look: where the flag does nothing, a script that sets something reaches the host.
        own: &["net.flag-clone-newnet", "net.own-devices"],
        carries: &[&needs::NET_NS, &needs::IPV4, &needs::IPV6, &needs::SYSFS, &needs::VETH],
        rests: &[],
        ends: false,
        sandbox: false,
    },
    Basis {
        foundation: &FIRST_PROCESS_IS_1,
        own: &["pid.first-child-is-init", "pid.own-init"],
        carries: &[&needs::PID_NS],
        rests: &[],
        ends: false,
        sandbox: true,
    },
    Basis {
        foundation: &ANCESTORS_KILL_INIT,
        own: &[
            "pid.sig-ancestor-kill",
            "pid.sig-ancestor-stop",
            "pid.sig-middle-namespace",
            "pid.sig-unprivileged-owner",
            "pid.pidfd-signal-descendant",
        ],
        carries: &[],
        rests: &[],
        ends: true,
        sandbox: false,
    },
    Basis {
        foundation: &END_OF_INIT_ENDS_ALL,
        own: &[
            "pid.init-death-kills-all",
            "pid.joined-members-die-too",
            "pid.init-last-thread",
            "pid.five-nested-die",
            "pid.init-wait-after-all-gone",
        ],
        carries: &[],
        rests: &[
            "pid.reboot-restart-sighup",
            "pid.reboot-poweroff-sigint",
            "pid.sig-hardware-exception",
            "pid.sig-ancestor-kill",
            "pid.fork-enomem-after-init",
            "pid.init-exit-status",
        ],
        ends: true,
        sandbox: false,
    },
    Basis {
        foundation: &INIT_ADOPTS_ORPHANS,
        own: &[
            "pid.init-reaps-orphans",
            "pid.orphan-of-outer-parent",
            "pid.orphan-below-setns-parent",
            "pid.subreaper-outside-no-effect",
            "pid.init-not-reaping-zombies",
            "pid.init-sigchld-ign-autoreap",
        ],
        carries: &[],
        rests: &[],
        ends: true,
        sandbox: false,
    },
    Basis {
        foundation: &NO_FORK_AFTER_INIT,
        own: &["pid.fork-enomem-after-init", "api.life-dead-pidns-is-useless", "pid.recover-by-setns-own"],
        carries: &[],
        rests: &[],
        ends: false,
        sandbox: false,
    },
    Basis {
        foundation: &PROCFS_OF_ITS_MOUNTER,
        own: &["pid.proc-shows-mounters-ns", "pid.proc-self", "user.mountable-proc"],
        carries: &[&needs::PROCFS],
        rests: &[],
        ends: false,
        sandbox: false,
    },
    Basis {
        foundation: &CREDENTIALS_ARE_TRANSLATED,
        own: &["pid.scm-credentials-translated", "pid.scm-credentials-forge"],
        carries: &[],
        rests: &[],
        ends: false,
        sandbox: false,
    },
    Basis {
        // The engine learns by it where in /proc a process of a script is found.
        foundation: &OWNER_IS_TRANSLATED,
        own: &[],
        carries: &[&needs::PROCFS],
        rests: &[],
        ends: false,
        sandbox: false,
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_foundation_is_there_once() {
        let here: Vec<&str> = ALL.iter().map(|basis| basis.foundation.name).collect();
        let there: Vec<&str> = nsconform_sys::foundation::ALL.iter().map(|one| one.name).collect();
        assert_eq!(here, there);
    }

    /// Requirements that are no documented rule: facts of the place where nsconform was started.
    const FACTS: [&str; 9] = [
        "a start in the initial PID namespace",
        "the initial time namespace",
        "the initial user namespace",
        "an ordinary user that is not root outside",
        "pages of 4096 bytes",
        "user ids above 100000",
        "several user ids",
        "thousands of user ids",
        "user namespaces for ordinary users",
    ];

    /// The cases that judge the rule that a requirement is, even where its probe finds it wrong.
    fn judges(need: &nsconform_suite::requirement::Requirement) -> BTreeSet<&'static str> {
        let carried = ALL.iter().filter(|basis| basis.carries.iter().any(|one| one.name == need.name));
        let of_bases = carried.flat_map(|basis| basis.own.iter().copied());
        need.own.iter().copied().chain(of_bases).collect()
    }

    /// Those in `facilities` are features that a kernel may lack: no page promises them. Those in
    /// `place` are facts of the place.
    #[test]
    fn a_requirement_that_is_a_rule_has_cases_that_judge_it() {
        for need in needs::ALL {
            match FACTS.contains(&need.name) {
                true => {}
                false => assert!(!judges(need).is_empty(), "nothing judges '{}'", need.name),
            }
        }
        for fact in FACTS {
            assert!(needs::ALL.iter().any(|need| need.name == fact), "there is no requirement '{fact}'");
        }
    }

    /// A case that judges a requirement has it: otherwise the probe says nothing of that case.
    #[test]
    fn a_case_that_judges_a_requirement_needs_it() {
        let claims = crate::claims();
        for need in crate::requirements() {
            for id in need.own {
                let case = claims.cases.iter().find(|case| case.id == *id).expect("it is in the catalogue");
                let has = claims.needs(case).iter().any(|other| other.name == need.name);
                assert!(has, "{id} does not need '{}'", need.name);
            }
        }
    }

    #[test]
    fn own_cases_are_in_the_catalogue() {
        let ids: BTreeSet<&str> = crate::catalogue().iter().map(|case| case.id).collect();
        let of_needs = crate::requirements().iter().flat_map(|need| need.own);
        for id in ALL.iter().flat_map(|basis| basis.own.iter().chain(basis.rests)).chain(of_needs) {
            assert!(ids.contains(id), "there is no case {id}");
        }
    }
}
