//! The requirements of cases that are resource limits: enough of something that setrlimit(2) can take
//! away.
//!
//! They are asked, not tried: whether the kernel keeps a limit is judged by cases. Requirements of
//! other kinds live in `needs` and `facilities`.

use nsconform_suite::needs;
use nsconform_suite::prelude::*;
use nsconform_suite::requirement::Unmet;

needs! {
    /// A process without capabilities may lock a page in memory.
    LOCKED_MEMORY {
        "locked memory",
        remedy: "raise RLIMIT_MEMLOCK (ulimit -l)",
        probe: |lab| at_least(lab, Rlimit::RLIMIT_MEMLOCK, "RLIMIT_MEMLOCK", 65536),
    }

    /// Signals may be pending, as a timer of timer_create(2) needs: more than a script has at a time.
    PENDING_SIGNALS {
        "pending signals",
        remedy: "raise RLIMIT_SIGPENDING (ulimit -i)",
        probe: |lab| at_least(lab, Rlimit::RLIMIT_SIGPENDING, "RLIMIT_SIGPENDING", 16),
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
