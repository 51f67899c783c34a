//! Clocks and timers: clock_gettime(2), clock_nanosleep(2), timerfd_create(2), time_namespaces(7).

use super::calls;
use crate::outcome::Value;

calls! {
    /// Clocks and timers: clock_gettime(2), clock_nanosleep(2), timerfd_create(2), time_namespaces(7).
    Time, TimeCalls, actor:

    /// Sends a SIGALRM to the caller after some seconds.
    alarm(seconds: i32) {
        // SAFETY: takes a number only.
        Ok(Value::Number(unsafe { libc::alarm(seconds as u32) }.into()))
    }
}
