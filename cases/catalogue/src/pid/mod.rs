//! PID namespaces: numbers, init, signals, orphans.

crate::topics! {
    nesting,
    membership,
    init,
    ends,
    kill,
    signals,
    terminals,
    orphans,
    setns,
    procfs,
    proc_mounts,
    views,
    numbers,
    limits,
    credentials,
    carried,
    reach,
    pidfd,
    reboot,
}

use crate::prelude::*;

/// No clone flags: a plain child.
const PLAIN: Flags = Flags::empty();

/// waitpid(2) without options.
const WAIT: WaitOptions = WaitOptions::empty();

/// Chooses the PID of the next process in the PID namespace of `process`: the kernel tries the number
/// after ns_last_pid first (Documentation/admin-guide/sysctl/kernel.rst). Nothing else says which
/// number comes next. Needs [`need::NS_LAST_PID`].
fn choose_next_pid(process: Process, pid: i32) -> Play {
    process.echo((pid - 1).to_string(), "/proc/sys/kernel/ns_last_pid")?;
    Ok(())
}

/// How procfs is mounted everywhere.
const PROC_FLAGS: MountFlags = MountFlags::MS_NOSUID.union(MountFlags::MS_NODEV).union(MountFlags::MS_NOEXEC);

/// Mounts a procfs for the caller's PID namespace at a new directory.
fn own_proc(process: Process, at: &str, options: &str) -> Play {
    process.mkdir(at, 0o755)?;
    process.mount("proc", at, "proc", PROC_FLAGS, options)?;
    Ok(())
}

/// Signal 0 of kill(2): only asks whether a signal could be sent.
const PROBE: Signal = Signal(0);

/// The excuse for a signal that shall have no effect.
const NO_EFFECT: &str = "the claim is that this signal does nothing, so there is nothing to see of it";
