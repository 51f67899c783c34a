//! The requirements of cases on the place where nsconform was started: resource limits, the age of the
//! machine, the state of /proc.
//!
//! They are asked, not tried: whether the kernel keeps a limit is judged by cases. Requirements on the
//! kernel live in `needs` and `facilities`.

use nsconform_suite::needs;
use nsconform_suite::prelude::*;
use nsconform_suite::requirement::{Unmet, succeeded};

needs! {
    /// A process without capabilities may lock a page in memory.
    LOCKED_MEMORY {
        "locked memory",
        remedy: "raise RLIMIT_MEMLOCK (ulimit -l)",
        probe: |lab| at_least(lab, Rlimit::RLIMIT_MEMLOCK, "RLIMIT_MEMLOCK", 65536),
    }

    /// Root may look at a process that is not dumpable since it has changed its ids: for that the kernel
    /// asks for CAP_SYS_PTRACE in the user namespace in which nsconform was executed (ptrace(2)).
    NON_DUMPABLE {
        "a look at processes that are not dumpable",
        remedy: "start nsconform as root that may create namespaces without a user namespace (with all capabilities), or execute nsconform inside of a user namespace (unshare --user --map-root-user --map-auto)",
        probe: |lab| {
            let process = lab.process_as(Credentials::Root, "probe")?;
            let child = process.fork("child")?;
            child.setresuid(-1, 1001, -1)?;
            succeeded("readlink of its namespace", process.readlink(child.proc("ns/uts"))?)
        },
    }

    /// Signals may be pending, as a timer of timer_create(2) needs: more than a script has at a time.
    PENDING_SIGNALS {
        "pending signals",
        remedy: "raise RLIMIT_SIGPENDING (ulimit -i)",
        probe: |lab| at_least(lab, Rlimit::RLIMIT_SIGPENDING, "RLIMIT_SIGPENDING", 16),
    }

    /// The machine has run for longer than a second: no clock of a time namespace may be negative.
    UP_FOR_A_SECOND {
        "a second since the start of the machine",
        remedy: "run a second later",
        probe: |_| {
            let mut up = libc::timespec { tv_sec: 0, tv_nsec: 0 };
            // SAFETY: the structure outlives the call.
            unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut up) };
            Ok(if up.tv_sec > 1 { Ok(()) } else { Err("it has just been started".into()) })
        },
    }

    /// Nothing but binfmt_misc is mounted below the /proc that nsconform was started with. Who covers
    /// parts of it (systemd-nspawn does) may keep a whole procfs in the same mount namespace, out of
    /// sight.
    WHOLE_PROC {
        "a /proc of which no part is covered",
        remedy: "run outside the container: its mount namespace may hold a second procfs, which the kernel counts",
        probe: |_| {
            let table = std::fs::read(nsconform_sys::mountinfo::OWN).unwrap_or_default();
            let mounts = nsconform_sys::mountinfo::all_mounts(&table).unwrap_or_default();
            let mut places = mounts.iter().filter_map(|mount| mount.point.to_str());
            let covers = |place: &&str| place.starts_with("/proc/") && *place != "/proc/sys/fs/binfmt_misc";
            Ok(match places.find(covers) {
                Some(place) => Err(format!("something is mounted at {place}").into()),
                None => Ok(()),
            })
        },
    }
}

/// Whether the soft limit is `enough`, in the unit of the resource. A limit that is no number is
/// infinite.
fn at_least(lab: &Lab, resource: Rlimit, name: &str, enough: i64) -> Result<Result<(), Unmet>, Interrupt> {
    let process = lab.process_as(Credentials::User, "probe")?;
    let Outcome::Returned(Value::Fields(limits)) = process.getrlimit(resource)? else { return Ok(Ok(())) };
    Ok(match limits.first() {
        Some((_, Value::Number(limit))) if *limit < enough => Err(format!("{name} is {limit}").into()),
        _ => Ok(()),
    })
}
