//! The time of a job: how long its processes could have run. Time during which they waited for a
//! processor that others had does not count, nor time in the kernel's own queues: whoever creates a
//! network namespace waits until the kernel has cleaned up those of others.
//!
//! The kernel counts a wait for a processor when it ends, and forgets it with the process. So the server
//! looks several times before the deadline, and takes a process that could run at the deadline for one
//! that waits, unless the job has computed for its whole time. No count tells of uninterruptible waits:
//! a process in one at the deadline puts it off until the next look.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use nsconform_sys::procfs::ProcessorUse;

/// How much longer than its time a job may take where it has to wait for a processor.
const LONGEST_WAIT: u32 = 20;
/// The same where it has to wait for something of the kernel, which may never come where a kernel is broken.
const LONGEST_UNINTERRUPTIBLE: u32 = 4;
/// Parts of its time after each of which the server looks.
const LOOKS: u32 = 4;

/// The deadline of a job, and what puts it off.
pub(super) struct Patience {
    time: Duration,
    deadline: Instant,
    next_look: Instant,
    /// By how much the deadline was put off.
    granted: Duration,
    /// The waits of each process, by its PID, as they were last seen.
    waits: BTreeMap<i32, Duration>,
}

impl Patience {
    /// The patience with a job that begins now.
    pub(super) fn starting(now: Instant, time: Duration) -> Patience {
        let (deadline, next_look) = (now + time, now + time / LOOKS);
        Patience { time, deadline, next_look, granted: Duration::ZERO, waits: BTreeMap::new() }
    }

    /// When the server must look.
    pub(super) fn due(&self) -> Instant {
        self.deadline.min(self.next_look)
    }

    /// Takes a look at the processes of the job, each with the use that it has made of processors: says
    /// whether the job is over its time.
    pub(super) fn is_over(&mut self, now: Instant, processes: &[(i32, ProcessorUse)]) -> bool {
        self.next_look = now + self.time / LOOKS;
        // A job's processes act in turn.
        self.waits.extend(processes.iter().map(|(pid, found)| (*pid, found.waited)));
        if now < self.deadline {
            return false;
        }
        let mut due: Duration = self.waits.values().sum();
        let ran: Duration = processes.iter().map(|(_, found)| found.ran).sum();
        if processes.iter().any(|(_, found)| found.runnable) && ran < self.time {
            due = due.max(self.granted + self.time / LOOKS);
        }
        if processes.iter().any(|(_, found)| found.uninterruptible) {
            due = due.max((self.granted + self.time / LOOKS).min(self.time * LONGEST_UNINTERRUPTIBLE));
        }
        let due = due.min(self.time * LONGEST_WAIT);
        if due > self.granted {
            self.deadline += due - self.granted;
            self.granted = due;
        }
        now >= self.deadline
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const TIME: Duration = Duration::from_secs(2);
    const NONE: Duration = Duration::ZERO;

    fn found(ran: Duration, waited: Duration, runnable: bool) -> ProcessorUse {
        ProcessorUse { ran, waited, runnable, uninterruptible: false }
    }

    /// A process that waits for something of the kernel.
    fn uninterruptible() -> ProcessorUse {
        ProcessorUse { uninterruptible: true, ..found(NONE, NONE, false) }
    }

    #[rstest]
    #[case::asleep(&[(1, found(NONE, NONE, false))], true)]
    #[case::waited(&[(1, found(NONE, TIME, false))], false)]
    #[case::waits_now(&[(1, found(NONE, NONE, true))], false)]
    #[case::waits_for_the_kernel(&[(1, uninterruptible())], false)]
    #[case::computes(&[(1, found(TIME, NONE, true))], true)]
    #[case::nobody(&[], true)]
    fn only_waiting_puts_a_deadline_off(#[case] processes: &[(i32, ProcessorUse)], #[case] over: bool) {
        let now = Instant::now();
        assert_eq!(Patience::starting(now, TIME).is_over(now + TIME, processes), over);
    }

    #[test]
    fn the_wait_of_a_process_that_has_ended_counts() {
        let now = Instant::now();
        let mut patience = Patience::starting(now, TIME);
        assert_eq!(patience.due(), now + TIME / LOOKS);
        assert!(!patience.is_over(now + TIME / LOOKS, &[(7, found(NONE, TIME / 2, true))]));
        assert!(!patience.is_over(now + TIME, &[]));
        assert!(patience.is_over(now + TIME * 3 / 2, &[]));
    }

    #[rstest]
    #[case::for_a_processor(found(NONE, NONE, true), LONGEST_WAIT)]
    #[case::for_the_kernel(uninterruptible(), LONGEST_UNINTERRUPTIBLE)]
    fn no_job_is_waited_for_without_end(#[case] waits: ProcessorUse, #[case] longest: u32) {
        let now = Instant::now();
        let mut patience = Patience::starting(now, TIME);
        let mut later = now;
        while !patience.is_over(later, &[(1, waits)]) {
            later = patience.due();
            assert!(later <= now + TIME * (longest + 1));
        }
        assert_eq!(later, now + TIME * (longest + 1));
    }
}
