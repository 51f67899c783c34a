//! The time of a guest's deadlines: neither a busy machine nor a slow one makes a guest late.
//!
//! * Busy: while the program that plays the machine waits for a processor, its guest could not have
//!   run. [`GuestClock`] leaves that time out. The kernel counts it for each thread
//!   (`/proc/PID/task/TID/schedstat`, second number, in nanoseconds: Documentation/scheduler/sched-stats
//!   of the kernel source).
//! * Slow: [`time_scale`] measures once how long a fixed piece of work takes, in time of the processor.
//!   A guest's own measurement takes its place as soon as the guest has said hello.

use nix::time::{ClockId, clock_gettime};
use std::hint::black_box;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// How old a sample of the waiting time may be. A sample reads a file for each thread: between two
/// messages of a guest that is more than reading the message.
const SAMPLE_AGE: Duration = Duration::from_millis(100);

/// The time since the start of a guest in which it could have run.
pub struct GuestClock {
    started: Instant,
    threads: PathBuf,
    waited: Duration,
    sampled: Instant,
}

impl GuestClock {
    /// The clock of the guest whose machine a process plays.
    pub fn new(started: Instant, process: u32) -> GuestClock {
        let threads = PathBuf::from(format!("/proc/{process}/task"));
        GuestClock { started, threads, waited: Duration::ZERO, sampled: started }
    }

    /// The time by now, with a waiting time that may be a little old: never too early.
    pub fn now(&mut self) -> Duration {
        if self.sampled.elapsed() > SAMPLE_AGE { self.exact() } else { self.passed() }
    }

    /// The time by now.
    pub fn exact(&mut self) -> Duration {
        self.waited = self.waited.max(longest_wait(&self.threads));
        self.sampled = Instant::now();
        self.passed()
    }

    fn passed(&self) -> Duration {
        self.started.elapsed().saturating_sub(self.waited)
    }
}

/// The longest time that a thread has waited for a processor so far. One thread executes the guest's
/// instructions; the sum of all would count a moment twice. Zero where the kernel does not count it.
fn longest_wait(threads: &PathBuf) -> Duration {
    std::fs::read_dir(threads)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|thread| {
            let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
            text.split_whitespace().nth(1)?.parse().ok()
        })
        .map(Duration::from_nanos)
        .max()
        .unwrap_or_default()
}

/// How many steps the piece of work has. Each needs the result of the one before it, so that compilers
/// and wide processors gain nothing.
const STEPS: u32 = 2_000_000;
/// The time of the piece of work on the reference machine, for which the limits were chosen: a server
/// with 3.5 GHz.
const REFERENCE: Duration = Duration::from_micros(2800);
/// How often the piece of work is done: the shortest time counts.
const REPETITIONS: u32 = 5;

/// How much slower this machine's processor is than the reference machine's; at least 1, at most 1000.
/// Measured once, in the time of the processor: other load does not count.
pub fn time_scale() -> f64 {
    static MEASURED: OnceLock<f64> = OnceLock::new();
    *MEASURED.get_or_init(|| {
        let shortest = (0..REPETITIONS).map(|_| time_of_work()).min().unwrap_or(REFERENCE);
        (shortest.as_secs_f64() / REFERENCE.as_secs_f64()).clamp(1.0, 1000.0)
    })
}

fn time_of_work() -> Duration {
    // Where there is no such clock, nothing is known against the machine.
    let Ok(before) = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID) else { return REFERENCE };
    let mut state = black_box(0x9e37_79b9_7f4a_7c15_u64);
    for _ in 0..STEPS {
        state = state.wrapping_mul(0xd134_2543_de82_ef95) ^ (state >> 29);
    }
    black_box(state);
    let Ok(after) = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID) else { return REFERENCE };
    Duration::from(after).saturating_sub(before.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Child, Command};

    struct Killed(Child);

    impl Drop for Killed {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    #[test]
    fn the_machine_is_measured_once() {
        let first = time_scale();
        assert!((1.0..=1000.0).contains(&first), "{first}");
        assert_eq!(time_scale(), first);
    }

    #[test]
    fn a_process_that_does_not_wait_loses_no_time() {
        let sleeper = Killed(Command::new("sleep").arg("1000").spawn().unwrap());
        let started = Instant::now();
        let mut clock = GuestClock::new(started, sleeper.0.id());
        let before = started.elapsed();
        let time = clock.exact();
        assert!(time + longest_wait(&clock.threads) >= before, "{time:?} of {before:?}");
    }

    /// Two processes that share a processor: each waits while the other one runs.
    #[test]
    fn waiting_for_a_processor_does_not_count() {
        let spin = || {
            let mut command = Command::new("taskset");
            command.args(["-c", "0", "sh", "-c", "while :; do :; done"]);
            Killed(command.spawn().unwrap())
        };
        let started = Instant::now();
        let (one, _other) = (spin(), spin());
        let mut clock = GuestClock::new(started, one.0.id());
        // However busy the machine is, they wait for each other at last.
        while longest_wait(&clock.threads) < Duration::from_millis(200) {
            assert!(started.elapsed() < Duration::from_secs(60), "neither waits");
            std::thread::yield_now();
        }
        let time = clock.exact();
        assert!(time + Duration::from_millis(200) <= started.elapsed(), "{time:?}");
    }

    #[test]
    fn a_process_that_is_gone_has_a_clock_all_the_same() {
        let started = Instant::now();
        let mut clock = GuestClock::new(started, u32::MAX);
        assert!(clock.exact() <= started.elapsed());
    }
}
