//! reboot(2) inside a PID namespace: how it ends init, and what it refuses.

use super::{PROBE, WAIT};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "pid.reboot-restart-sighup",
        claim: "reboot with the command to restart, called in a child PID namespace, restarts nothing: init of that namespace ends as if killed by SIGHUP.",
        sources: &[
            man("reboot(2)", "Behavior inside PID namespaces"),
            man("pid_namespaces(7)", "The namespace init process"),
        ],
        since: "3.4",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "init survives, or its parent is told another signal",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            let member = init.fork("member")?;
            let sibling = init.fork("sibling")?;
            member.reboot(RebootCommand::LINUX_REBOOT_CMD_RESTART)?;
            outer.waitpid(init, WAIT)?;
            outer.kill(sibling.sealed(), PROBE)?;
            outer.getpid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.reboot-poweroff-sigint",
        claim: "reboot with the command to power off or to halt, called in a child PID namespace, ends only its init, as if killed by SIGINT.",
        sources: &[man("reboot(2)", "Behavior inside PID namespaces")],
        since: "3.4",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "init survives, or its parent is told another signal",
        play: |lab| {
            let outer = lab.process("outer")?;
            let first = outer.clone("first", NEWPID)?;
            first.reboot(RebootCommand::LINUX_REBOOT_CMD_POWER_OFF)?;
            outer.waitpid(first, WAIT)?;
            let second = outer.clone("second", NEWPID)?;
            second.reboot(RebootCommand::LINUX_REBOOT_CMD_HALT)?;
            outer.waitpid(second, WAIT)?;
            outer.getpid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.reboot-others-einval",
        claim: "The commands of reboot that have no meaning for a PID namespace, as those for the keys Ctrl-Alt-Del, give EINVAL in it and leave init alone.",
        sources: &[man("reboot(2)", "Behavior inside PID namespaces")],
        since: "3.4",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "a command is accepted, or ends init",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            init.reboot(RebootCommand::LINUX_REBOOT_CMD_CAD_ON)?;
            init.reboot(RebootCommand::LINUX_REBOOT_CMD_CAD_OFF)?;
            init.getpid()?;
            outer.waitpid(init, WaitOptions::WNOHANG)?;
            Ok(())
        },
        ..CASE
    },
];

/// The claims of this topic that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[Untested {
    id: "pid.reboot-never-in-initial",
    claim: "In the initial PID namespace reboot acts on the machine.",
    sources: &[man("reboot(2)", "DESCRIPTION")],
    why: "the test would restart or stop the machine that it runs on",
    part: Some("pid.reboot-restart-sighup"),
}];
