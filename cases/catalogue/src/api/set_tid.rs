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
    Case {
        id: "api.setid-size-limit",
        claim: "set_tid may hold no more PIDs than there are PID namespaces that the child will be in: more are EINVAL.",
        sources: &[man("clone(2)", "ERRORS"), man("clone(2)", "The set_tid array")],
        since: "5.5",
        needs: &[&need::SET_TID, &need::INITIAL_PID_NS],
        wrong: "a PID for a namespace that does not exist is taken, or one for each that does is not",
        play: |lab| {
            let outer = lab.process("outer")?;
            lab.note("in two PID namespaces: that of the machine, and the sealed one")?;
            outer.try_clone3("child", Flags::empty(), &[50, 4_000_001, 4_000_001])?;
            let init = outer.clone("init", NEWPID)?;
            lab.note("one level more")?;
            init.try_clone3("child", Flags::empty(), &[7, 60, 4_000_001, 4_000_001])?;
            let child = init.clone3("child", Flags::empty(), &[7, 60])?;
            child.getpid()?;
            outer.field("/proc/60/status", "NSpid")?;
            lab.note("more than there can be levels")?;
            init.try_clone3("child", Flags::empty(), &[7; 33])?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.setid-invalid-einval",
        claim: "A PID in set_tid that is 0, negative, or larger than any can be is EINVAL.",
        sources: &[man("clone(2)", "ERRORS")],
        since: "5.5",
        needs: &[&need::SET_TID],
        wrong: "such a PID is given, or another one in its place",
        play: |lab| {
            let parent = lab.process("parent")?;
            for pid in [0, -1, i32::MAX] {
                parent.try_clone3("child", Flags::empty(), &[pid])?;
            }
            let child = parent.clone3("child", Flags::empty(), &[77])?;
            child.getpid()?;
            Ok(())
        },
        ..CASE
    },
];
