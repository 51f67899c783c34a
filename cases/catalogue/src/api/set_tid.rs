//! PIDs chosen by the set_tid array of clone3(2).

use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "api.setid-any-level",
        claim: "set_tid of clone3 chooses the PIDs of the child, in its innermost PID namespace first and then outwards.",
        sources: &[man("clone(2)", "The set_tid array")],
        since: "5.5",
        needs: &[&need::PID_NS, &need::PROCFS, &need::SET_TID],
        wrong: "the child has another PID on one of the levels, or the order is reversed",
        play: |lab| {
            let outer = lab.process("outer")?;
            let one = outer.clone3("one level", Flags::empty(), &[50])?;
            one.getpid()?;
            let init = outer.clone("init", NEWPID)?;
            let two = init.clone3("two levels", Flags::empty(), &[7, 60])?;
            two.getpid()?;
            outer.field("/proc/60/status", "NSpid")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setid-existing-eexist",
        claim: "Choosing a PID that is taken is EEXIST.",
        sources: &[man("clone(2)", "ERRORS")],
        since: "5.5",
        needs: &[&need::SET_TID],
        wrong: "the PID is given twice, or stays taken after its owner has been waited for",
        play: |lab| {
            let parent = lab.process("parent")?;
            let child = parent.clone3("child", Flags::empty(), &[50])?;
            child.getpid()?;
            parent.try_clone3("second", Flags::empty(), &[50])?;
            parent.try_clone3("second", Flags::empty(), &[1])?;
            child.exit(0)?;
            parent.waitpid(child, WaitOptions::empty())?;
            let second = parent.clone3("second", Flags::empty(), &[50])?;
            second.getpid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setid-init-must-be-one",
        claim: "The first process of a PID namespace must be PID 1 there: another choice is EINVAL.",
        sources: &[man("clone(2)", "The set_tid array"), man("clone(2)", "ERRORS")],
        since: "5.5",
        needs: &[&need::PID_NS, &need::SET_TID],
        wrong: "a namespace begins with another PID than 1",
        play: |lab| {
            let parent = lab.process("parent")?;
            parent.try_clone3("init", NEWPID, &[5])?;
            let init = parent.clone3("init", NEWPID, &[1, 70])?;
            init.getpid()?;
            let member = init.clone3("member", Flags::empty(), &[5])?;
            member.getpid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setid-capability",
        claim: "Choosing PIDs takes CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE in the user namespace that owns the PID namespace, for each level.",
        sources: &[man("clone(2)", "The set_tid array")],
        since: "5.9",
        needs: &[&need::ORDINARY_USER, &need::PID_NS, &need::PROCFS, &need::SET_TID, &need::USER_NS],
        wrong: "PIDs are chosen in a namespace that the caller has no capability over, or cannot be with one of the two",
        play: |lab| {
            let root = lab.process("root")?;
            let no_admin = root.fork("no admin")?;
            no_admin.capset_drop(CAP_SYS_ADMIN)?;
            no_admin.clone3("by restore", Flags::empty(), &[50])?.getpid()?;
            no_admin.capset_drop(CAP_CHECKPOINT_RESTORE)?;
            no_admin.try_clone3("refused", Flags::empty(), &[51])?;
            let user = lab.process_as(Credentials::User, "user")?;
            user.try_clone3("refused", Flags::empty(), &[51])?;
            let init = user.clone("init", NEWUSER | NEWPID)?;
            init.clone3("member", Flags::empty(), &[7])?.getpid()?;
            lab.note("the outer PID namespace is not its own")?;
            init.try_clone3("refused", Flags::empty(), &[8, 52])?;
            Ok(())
        },
        ..CASE
    },
];
