//! The rules that the manual pages of command-line tools give: unshare(1), nsenter(1), lsns(8),
//! ip-netns(8).

use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[];

/// The reason for all of them.
const WHY: &str =
    "it is a rule of the tool, not of the kernel: the calls that the tool makes have cases of their own";

/// The claims of this topic that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[
    Untested {
        id: "api.cli-unshare-persist",
        claim: "unshare(1) with a file for a kind makes the new namespace last by a bind mount, which nsenter(1) takes.",
        sources: &[man("unshare(1)", "OPTIONS")],
        why: WHY,
        part: Some("api.bind-mount-ns-file"),
    },
    Untested {
        id: "api.cli-unshare-mnt-private-parent",
        claim: "unshare(1) keeps a mount namespace only by a file on a mount that is not shared.",
        sources: &[man("unshare(1)", "OPTIONS")],
        why: WHY,
        part: Some("api.bind-mount-own-mnt-refused"),
    },
    Untested {
        id: "api.cli-unshare-pid-needs-fork",
        claim: "Without --fork the program of unshare(1) is outside the new PID namespace, and can create nothing once its first child has ended.",
        sources: &[man("unshare(1)", "OPTIONS")],
        why: WHY,
        part: Some("api.unshare-pid-time-children-only"),
    },
    Untested {
        id: "api.cli-unshare-persist-pid-needs-fork",
        claim: "unshare(1) keeps a PID namespace by a file only together with --fork.",
        sources: &[man("unshare(1)", "OPTIONS")],
        why: WHY,
        part: Some("api.procns-pfc-empty-before-first-child"),
    },
    Untested {
        id: "api.cli-unshare-kill-child",
        claim: "With --kill-child the end of unshare(1) ends its child, and with --pid the namespace.",
        sources: &[man("unshare(1)", "OPTIONS")],
        why: WHY,
        part: None,
    },
    Untested {
        id: "api.cli-unshare-mount-proc",
        claim: "unshare(1) with --mount-proc mounts a procfs of the new PID namespace in a mount namespace of its own.",
        sources: &[man("unshare(1)", "OPTIONS")],
        why: WHY,
        part: None,
    },
    Untested {
        id: "api.cli-nsenter-forks-for-pid",
        claim: "nsenter(1) forks to be in a PID namespace, unless --no-fork is given.",
        sources: &[man("nsenter(1)", "OPTIONS")],
        why: WHY,
        part: Some("api.setns-pid-children-only"),
    },
    Untested {
        id: "api.cli-nsenter-skips-own-userns",
        claim: "nsenter(1) with --all leaves out the user namespace that it is in already.",
        sources: &[man("nsenter(1)", "OPTIONS")],
        why: WHY,
        part: Some("api.setns-same-namespace"),
    },
    Untested {
        id: "api.cli-lsns-blind-spot",
        claim: "lsns(8) finds namespaces by the processes in /proc, and others only in newer versions.",
        sources: &[man("lsns(8)", "DESCRIPTION")],
        why: WHY,
        part: None,
    },
    Untested {
        id: "api.cli-netns-named",
        claim: "A named network namespace of ip-netns(8) is a bind mount below /run/netns, and lives on without its name as long as it is used.",
        sources: &[man("ip-netns(8)", "DESCRIPTION")],
        why: WHY,
        part: Some("api.life-bind-mount-pins"),
    },
];
