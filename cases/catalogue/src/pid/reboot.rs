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
    Case {
        id: "pid.reboot-bad-magic",
        claim: "reboot takes its first magic number and any of the four second ones; with others it gives EINVAL and does nothing.",
        sources: &[man("reboot(2)", "DESCRIPTION"), man("reboot(2)", "ERRORS")],
        since: "3.4",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "a wrong number ends init, or one of the four is refused",
        play: |lab| {
            let outer = lab.process("outer")?;
            let restart = RebootCommand::LINUX_REBOOT_CMD_RESTART;
            let init = outer.clone("init", NEWPID)?;
            lab.note("wrong ones, each beside a right one")?;
            init.reboot_magic(RebootMagic(0), RebootMagic::LINUX_REBOOT_MAGIC2, restart)?;
            init.reboot_magic(RebootMagic::LINUX_REBOOT_MAGIC1, RebootMagic(0), restart)?;
            let swapped = RebootMagic::LINUX_REBOOT_MAGIC1;
            init.reboot_magic(RebootMagic::LINUX_REBOOT_MAGIC2, swapped, restart)?;
            outer.waitpid(init, WaitOptions::WNOHANG)?;
            lab.note("the four, each for an init of its own")?;
            for (name, second) in [
                ("first", RebootMagic::LINUX_REBOOT_MAGIC2),
                ("second", RebootMagic::LINUX_REBOOT_MAGIC2A),
                ("third", RebootMagic::LINUX_REBOOT_MAGIC2B),
                ("fourth", RebootMagic::LINUX_REBOOT_MAGIC2C),
            ] {
                let ending = outer.clone(name, NEWPID)?;
                ending.reboot_magic(RebootMagic::LINUX_REBOOT_MAGIC1, second, restart)?;
                outer.waitpid(ending, WAIT)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.reboot-capability",
        claim: "reboot takes CAP_SYS_BOOT in the user namespace that owns the caller's PID namespace; in another one it counts for nothing.",
        sources: &[man("reboot(2)", "ERRORS"), man("capabilities(7)", "CAP_SYS_BOOT")],
        since: "3.4",
        starts_as: Credentials::User,
        needs: &[&need::PID_NS, &need::USER_NS, &need::PROCFS],
        wrong: "a member without the capability there ends init, or the owner's root is refused",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER)?;
            user.map_ids("/proc/self", "0 1000 1", "0 1000 1")?;
            let init = user.clone("init", NEWPID)?;
            let without = init.fork("without")?;
            without.capset_drop(CAP_SYS_BOOT)?;
            let guest = init.clone("guest", NEWUSER)?;
            lab.note(
                "a member without it, one that has it in a user namespace of its own, one that has it here",
            )?;
            for process in [without, guest] {
                process.capget()?;
                process.reboot(RebootCommand::LINUX_REBOOT_CMD_RESTART)?;
            }
            user.waitpid(init, WaitOptions::WNOHANG)?;
            let with = init.fork("with")?;
            with.capget()?;
            with.reboot(RebootCommand::LINUX_REBOOT_CMD_RESTART)?;
            user.waitpid(init, WAIT)?;
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
