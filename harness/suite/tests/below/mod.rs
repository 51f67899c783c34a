//! Answers altered below the engine: a seccomp(2) filter answers a system call in the kernel's place,
//! in a child of the test and everything that it starts. So the engine sees a kernel that refuses the
//! call, lacks it, or says that it was done and does nothing.

use libtest_mimic::Failed;
use nsconform_sys::reap;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};
use std::time::Duration;

/// Has a system call of the calling process answered with this errno, or with 0: done, without being
/// done. With `argument` only where the argument of this number, from 0, has this value.
pub fn answer(call: libc::c_long, argument: Option<(u8, u64)>, errno: i32) -> Result<(), Failed> {
    let rules = match argument {
        Some((index, value)) => {
            let same = SeccompCondition::new(index, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value)?;
            vec![SeccompRule::new(vec![same])?]
        }
        None => Vec::new(),
    };
    let filter = SeccompFilter::new(
        [(call, rules)].into_iter().collect(),
        SeccompAction::Allow,
        SeccompAction::Errno(errno as u32),
        std::env::consts::ARCH.try_into()?,
    )?;
    let program: BpfProgram = filter.try_into()?;
    Ok(seccompiler::apply_filter(&program)?)
}

/// Tries something in a child, which a filter may be set for.
pub fn in_a_child(try_out: impl FnOnce() -> Result<(), Failed>) -> Result<(), Failed> {
    const LONGEST: Duration = Duration::from_secs(240);
    // SAFETY: trials run in the one thread of this process; the child ends by _exit.
    match unsafe { libc::fork() } {
        -1 => Err(std::io::Error::last_os_error().into()),
        0 => {
            let failed = try_out().err();
            if let Some(failed) = &failed {
                eprintln!("{failed:?}");
            }
            // SAFETY: as above.
            unsafe { libc::_exit(i32::from(failed.is_some())) }
        }
        child => match reap::within(child, LONGEST)? {
            Some(0) => Ok(()),
            Some(status) => Err(format!("the child ended with status {status:#x}").into()),
            None => {
                reap::kill_within(child, LONGEST);
                Err("the child did not end".into())
            }
        },
    }
}
