//! Resource limits with which no command can work: the program says so, before the lack of memory ends
//! it in the middle of something.
//!
//! Limits that cases depend on are the business of `nsconform_sys::inherited`.

use super::Failure;
use nsconform_sys::limit::{self, ResourceLimit};

/// Each limit, and the least that lists and reports need, in bytes.
const LEAST: [(ResourceLimit, libc::rlim_t); 3] =
    [(limit::AS, 48 << 20), (limit::DATA, 4 << 20), (limit::STACK, 96 << 10)];

/// Looks at the limits of memory.
///
/// # Errors
/// When one is too low. One that nothing tells is no obstacle.
pub fn suffice() -> Result<(), Failure> {
    LEAST.iter().try_for_each(|(limit, least)| {
        let (name, soft) = (limit.name, limit.find().map_or(libc::RLIM_INFINITY, |found| found.rlim_cur));
        if soft < *least {
            return Err(Failure::harness(format!(
                "{name} is {soft} bytes, and at least {least} are needed: raise it"
            )));
        }
        Ok(())
    })
}
