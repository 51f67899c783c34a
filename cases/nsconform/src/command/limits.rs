//! Resource limits with which no command can work: the program says so, before the lack of memory ends
//! it in the middle of something.
//!
//! Limits that cases depend on are the business of `nsconform_sys::inherited`.

use super::Failure;

/// Each limit, its name, and the least that lists and reports need, in bytes.
const LEAST: [(libc::__rlimit_resource_t, &str, libc::rlim_t); 3] = [
    (libc::RLIMIT_AS, "RLIMIT_AS (ulimit -v)", 48 << 20),
    (libc::RLIMIT_DATA, "RLIMIT_DATA (ulimit -d)", 4 << 20),
    (libc::RLIMIT_STACK, "RLIMIT_STACK (ulimit -s)", 96 << 10),
];

/// Looks at the limits of memory.
///
/// # Errors
/// When one is too low, or the kernel does not tell it.
pub fn suffice() -> Result<(), Failure> {
    LEAST.into_iter().try_for_each(|(resource, name, least)| {
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: the limit outlives the call.
        if unsafe { libc::getrlimit(resource, &mut limit) } == -1 {
            let error = std::io::Error::last_os_error();
            return Err(Failure::harness(format!("getrlimit of {name}: {error}")));
        }
        let soft = limit.rlim_cur;
        if soft < least {
            return Err(Failure::harness(format!(
                "{name} is {soft} bytes, and at least {least} are needed: raise it"
            )));
        }
        Ok(())
    })
}
