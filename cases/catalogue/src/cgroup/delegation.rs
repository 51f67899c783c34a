//! The nsdelegate option: cgroup namespaces as borders of delegation.

use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[];

/// The claims of this topic that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[
    Untested {
        id: "cgroup.nsdelegate-interface-files",
        claim: "With the mount option nsdelegate, the controller files of a cgroup namespace's root cannot be written from inside.",
        sources: &[man("cgroups(7)", "Cgroups delegation: nsdelegate and cgroup namespaces")],
        why: "the option is one for the whole machine",
        part: None,
    },
    Untested {
        id: "cgroup.nsdelegate-migration",
        claim: "With the mount option nsdelegate, no process can be moved across the border of a cgroup namespace from inside.",
        sources: &[man("cgroups(7)", "Cgroups delegation: nsdelegate and cgroup namespaces")],
        why: "the option is one for the whole machine",
        part: None,
    },
    Untested {
        id: "cgroup.nsdelegate-where",
        claim: "The option nsdelegate is obeyed only when given from the initial namespaces.",
        sources: &[man("cgroups(7)", "Cgroups delegation: nsdelegate and cgroup namespaces")],
        why: "trying it from there changes the whole machine",
        part: None,
    },
    Untested {
        id: "cgroup.prevents-leak-and-delegation-escape",
        claim: "A process that owns a cgroup above the root of its namespace cannot change it through a mount made inside.",
        sources: &[man("cgroup_namespaces(7)", "NOTES")],
        why: "it follows from what cannot be reached by path; ownership adds nothing that could be seen",
        part: Some("cgroup.ancestors-hidden"),
    },
];
