//! The end of processes and of whole PID namespaces, as their parents see it.
//!
//! The end of init as such lives in `init`, orphans in `orphans`.

use super::{PROBE, WAIT};
use crate::prelude::*;

const INIT: &str = "The namespace init process";

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "pid.init-exit-status",
        claim: "The parent of an init learns how it ended: the status that it gave, or the signal that killed it.",
        sources: &[man("pid_namespaces(7)", INIT), man("wait(2)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::PID_NS],
        wrong: "the end of the namespace shows as another status than that of its init",
        play: |lab| {
            let outer = lab.process("outer")?;
            let exits = outer.clone("exits", NEWPID)?;
            let member = exits.fork("member")?;
            exits.exit(5)?;
            outer.waitpid(exits, WAIT)?;
            member.wait_for_end()?;
            let killed = outer.clone("killed", NEWPID)?;
            killed.getpid()?;
            outer.kill(killed, Signal::SIGKILL)?;
            outer.waitpid(killed, WAIT)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.init-wait-after-all-gone",
        claim: "When the wait for an init returns every process of its namespace is gone, those at deeper levels included.",
        sources: &[man("pid_namespaces(7)", INIT)],
        since: "2.6.24",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "a process of the namespace is still there when its init has been waited for",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            let member = init.fork("member")?;
            let below = member.clone("below", NEWPID)?;
            below.getpid()?;
            for process in [member, below] {
                outer.kill(process.sealed(), PROBE)?;
            }
            outer.kill(init, Signal::SIGKILL)?;
            outer.waitpid(init, WAIT)?;
            for process in [member, below] {
                outer.kill(process.sealed(), PROBE)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.five-nested-die",
        claim: "The end of the outermost of five nested inits ends the processes of all five levels, and nothing beside them.",
        sources: &[man("pid_namespaces(7)", INIT)],
        since: "2.6.24",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "a deeper level outlives the level above it",
        play: |lab| {
            let outer = lab.process("outer")?;
            let sibling = outer.clone("sibling", NEWPID)?;
            let first = outer.clone("first", NEWPID)?;
            let mut levels = vec![first];
            for name in ["second", "third", "fourth", "fifth"] {
                levels.push(levels[levels.len() - 1].clone(name, NEWPID)?);
            }
            lab.note("each level has its own PID 1, and is alive")?;
            for level in &levels {
                level.getpid()?;
                outer.kill(level.sealed(), PROBE)?;
            }
            lab.note("the outermost of the five ends, and with it all levels")?;
            outer.kill(first, Signal::SIGKILL)?;
            outer.waitpid(first, WAIT)?;
            for level in &levels {
                outer.kill(level.sealed(), PROBE)?;
            }
            lab.note("the namespace beside them lives")?;
            sibling.getpid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.init-sigchld-ign-autoreap",
        claim: "The children of an init that ignores SIGCHLD do not become zombies, adopted ones neither.",
        sources: &[man("wait(2)", "NOTES"), man("pid_namespaces(7)", INIT)],
        since: "2.6.24",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "the numbers of ended children stay taken",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            init.sigaction(Signal::SIGCHLD, Disposition::SIG_IGN)?;
            let parent = init.fork("parent")?;
            let orphan = parent.fork("orphan")?;
            parent.exit(0)?;
            init.waitpid(parent, WAIT)?;
            init.kill(parent, PROBE)?;
            orphan.getppid()?;
            let waiting = init.begin().waitpid(-1, WAIT)?;
            waiting.blocked()?;
            orphan.exit(0)?;
            waiting.finish()?;
            outer.kill(orphan.sealed(), PROBE)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.init-not-reaping-zombies",
        claim: "An orphan that its init does not wait for stays a zombie with a number of its own until it is waited for.",
        sources: &[text("LWN 532748, Namespaces in operation, part 4")],
        since: "2.6.24",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "the kernel reaps the orphan by itself, or its number is given out again",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            let parent = init.fork("parent")?;
            let orphan = parent.fork("orphan")?;
            parent.exit(0)?;
            init.waitpid(parent, WAIT)?;
            orphan.exit(3)?;
            lab.note("the number still stands for somebody, who is waited for now")?;
            init.waitid(orphan, WaitOptions::WEXITED | WaitOptions::WNOWAIT)?;
            init.kill(orphan, PROBE)?;
            init.waitpid(orphan, WAIT)?;
            init.kill(orphan, PROBE)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.clone-parent-member",
        claim: "A member that is not init may create a process with CLONE_PARENT: the new process is a child of the caller's parent.",
        sources: &[man("clone(2)", "The flags mask")],
        since: "2.6.24",
        needs: &[&need::PID_NS],
        wrong: "the flag is refused to every member, or the new process is the caller's child",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            let member = init.fork("member")?;
            let sibling = member.clone("sibling", Flags::CLONE_PARENT)?;
            sibling.getppid()?;
            sibling.exit(4)?;
            member.waitpid(-1, WAIT)?;
            init.waitpid(sibling, WAIT)?;
            Ok(())
        },
        ..CASE
    },
];
