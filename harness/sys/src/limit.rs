//! Resource limits (getrlimit(2)): asked for and set, by another way where the call is refused.
//!
//! Which limits somebody needs, and what follows from one that is too low, is the business of the caller.

use crate::errno::Errno;

/// A resource limit.
pub struct ResourceLimit {
    resource: libc::__rlimit_resource_t,
    /// As getrlimit(2) and ulimit name it.
    pub name: &'static str,
    /// The beginning of its line in proc_pid_limits(5).
    line: &'static str,
}

const fn limit(resource: libc::__rlimit_resource_t, name: &'static str, line: &'static str) -> ResourceLimit {
    ResourceLimit { resource, name, line }
}

/// Bytes of address space.
pub const AS: ResourceLimit = limit(libc::RLIMIT_AS, "RLIMIT_AS (ulimit -v)", "Max address space");
/// Bytes of a core file.
pub const CORE: ResourceLimit = limit(libc::RLIMIT_CORE, "RLIMIT_CORE (ulimit -c)", "Max core file size");
/// Seconds of processor time.
pub const CPU: ResourceLimit = limit(libc::RLIMIT_CPU, "RLIMIT_CPU (ulimit -t)", "Max cpu time");
/// Bytes of data.
pub const DATA: ResourceLimit = limit(libc::RLIMIT_DATA, "RLIMIT_DATA (ulimit -d)", "Max data size");
/// Bytes of a file.
pub const FSIZE: ResourceLimit = limit(libc::RLIMIT_FSIZE, "RLIMIT_FSIZE (ulimit -f)", "Max file size");
/// Bytes that may be locked in memory.
pub const MEMLOCK: ResourceLimit =
    limit(libc::RLIMIT_MEMLOCK, "RLIMIT_MEMLOCK (ulimit -l)", "Max locked memory");
/// Bytes of POSIX message queues.
pub const MSGQUEUE: ResourceLimit =
    limit(libc::RLIMIT_MSGQUEUE, "RLIMIT_MSGQUEUE (ulimit -q)", "Max msgqueue size");
/// One more than the highest descriptor.
pub const NOFILE: ResourceLimit = limit(libc::RLIMIT_NOFILE, "RLIMIT_NOFILE (ulimit -n)", "Max open files");
/// Processes of the user.
pub const NPROC: ResourceLimit = limit(libc::RLIMIT_NPROC, "RLIMIT_NPROC (ulimit -u)", "Max processes");
/// Signals that may be pending.
pub const SIGPENDING: ResourceLimit =
    limit(libc::RLIMIT_SIGPENDING, "RLIMIT_SIGPENDING (ulimit -i)", "Max pending signals");
/// Bytes of the stack.
pub const STACK: ResourceLimit = limit(libc::RLIMIT_STACK, "RLIMIT_STACK (ulimit -s)", "Max stack size");

impl ResourceLimit {
    /// That of the calling process; by proc_pid_limits(5) where getrlimit(2) is refused.
    ///
    /// # Errors
    /// Those of getrlimit(2), where the file does not tell either.
    pub fn find(&self) -> Result<libc::rlimit, Errno> {
        let mut found = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: the limit outlives the call.
        match Errno::result(unsafe { libc::getrlimit(self.resource, &mut found) }) {
            Ok(_) => Ok(found),
            Err(errno) => {
                let table = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
                self.in_table(&table).ok_or(errno)
            }
        }
    }

    /// That in the text of proc_pid_limits(5).
    fn in_table(&self, table: &str) -> Option<libc::rlimit> {
        let rest = table.lines().find_map(|line| line.strip_prefix(self.line))?;
        let mut values = rest.split_whitespace().map(|word| match word {
            "unlimited" => Some(libc::RLIM_INFINITY),
            number => number.parse().ok(),
        });
        Some(libc::rlimit { rlim_cur: values.next()??, rlim_max: values.next()?? })
    }

    /// Sets that of the calling process.
    ///
    /// # Errors
    /// Those of setrlimit(2).
    pub fn set(&self, limits: libc::rlimit) -> Result<(), Errno> {
        // SAFETY: the limits outlive the call.
        Errno::result(unsafe { libc::setrlimit(self.resource, &limits) }).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proc_tells_the_same_as_getrlimit() {
        let table = std::fs::read_to_string("/proc/self/limits").unwrap();
        for limit in [AS, CORE, CPU, DATA, FSIZE, MEMLOCK, MSGQUEUE, NOFILE, NPROC, SIGPENDING, STACK] {
            let (asked, read) = (limit.find().unwrap(), limit.in_table(&table).expect(limit.name));
            assert_eq!((asked.rlim_cur, asked.rlim_max), (read.rlim_cur, read.rlim_max), "{}", limit.name);
        }
    }
}
