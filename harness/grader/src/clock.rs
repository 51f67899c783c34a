//! The time of a stage, which counts only while the submission could run.
//!
//! proc_pid_schedstat(5) tells for how long a thread was ready to run and did not: the clock does not
//! charge that time to the submission. Nor does it charge the time that a process spends in an
//! uninterruptible sleep, as while the kernel removes a mount, or the time by which the watcher is
//! late to see the event that it waits for. It charges a submission that sleeps, however busy the
//! machine is.
//!
//! Limits keep a submission from hiding behind that: one on the processor time of all its processes, one
//! on its uninterruptible sleep, which it can bring about for ever (execve(2) waits for a thread that a
//! tracer holds), and one on the time of the wall clock. Nor does the time count in which its threads
//! may have waited for each other: of that only a multiple of the time that a check may take is excused.

use super::observed;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How many times the time that a check may take its processes may use of the processors.
const MOST_PROCESSOR_TIME: u32 = 4;
/// How many times the time that a check may take its processes may sleep without being interruptible,
/// or may have waited for each other.
const MOST_TIME_EXCUSED: u32 = 5;
/// How many times as long a check may take by the clock on the wall, before nothing can be said.
const MOST_WALL_TIME: u32 = 30;
/// Added to that, for very short deadlines.
const LEAST_WALL_TIME: Duration = Duration::from_secs(20);

/// The time that a stage has left.
pub(super) enum TimeBudget {
    /// There is time left.
    Left,
    /// The submission has used up its time.
    Over,
    /// Its processes have used this much processor time, which is too much.
    Processors(Duration),
    /// The clock on the wall says that nothing can come of it: so long, with so much of it charged.
    TooBusy { wall: Duration, charged: Duration },
}

/// The clock of a stage.
pub(super) struct Clock {
    last: Instant,
    /// How much each thread had run, and had waited for a processor, at the last look; by TID.
    threads: HashMap<i32, [u64; 2]>,
    /// How much the watcher itself had waited at the last look.
    own_wait: u64,
    /// For how long the watcher has waited between the last two looks.
    late: Duration,
    charged: Duration,
    wall: Duration,
    processors: Duration,
    /// For how long the kernel has held one of its processes up.
    held_up: Duration,
    /// The time in which its threads, if they waited, may have waited for each other.
    not_for_others: Duration,
    /// `charged`, `wall`, `processors`, `held_up` and `not_for_others` at the last start of the submission.
    since: [Duration; 5],
}

impl Clock {
    pub(super) fn start() -> Clock {
        Clock {
            last: Instant::now(),
            threads: HashMap::new(),
            own_wait: own_wait(),
            late: Duration::ZERO,
            charged: Duration::ZERO,
            wall: Duration::ZERO,
            processors: Duration::ZERO,
            held_up: Duration::ZERO,
            not_for_others: Duration::ZERO,
            since: [Duration::ZERO; 5],
        }
    }

    /// Looks at these processes, and charges what has passed since the last look.
    pub(super) fn look(&mut self, processes: &[i32]) {
        let now = Instant::now();
        let passed = now - self.last;
        self.last = now;
        let own_wait = own_wait();
        self.late = Duration::from_nanos(own_wait.saturating_sub(self.own_wait)).min(passed);
        self.own_wait = own_wait;
        let (mut waited, mut ran, mut busy) = (0, 0, 0_u64);
        let mut threads = HashMap::with_capacity(processes.len());
        let mut is_held_up = false;
        for pid in processes {
            for (thread, [run, wait]) in observed::scheduling(*pid) {
                // A thread that was not there at the last look has got all of it since then.
                let [run_before, wait_before] = self.threads.get(&thread).copied().unwrap_or([0, 0]);
                let (waited_now, ran_now) =
                    (wait.saturating_sub(wait_before), run.saturating_sub(run_before));
                waited += waited_now;
                ran += ran_now;
                busy += u64::from(waited_now + ran_now > 0);
                threads.insert(thread, [run, wait]);
            }
            is_held_up |= observed::is_held_up(*pid);
        }
        self.threads = threads;
        self.wall += passed;
        // While one of its threads ran, all others may have waited for that one.
        let for_others = waited.saturating_sub(ran.saturating_mul(busy.saturating_sub(1)));
        if is_held_up {
            self.held_up += passed;
        } else {
            self.charged += passed.saturating_sub(Duration::from_nanos(waited));
            self.not_for_others += passed.saturating_sub(Duration::from_nanos(for_others));
        }
        self.processors += Duration::from_nanos(ran);
    }

    /// Takes back the time by which the watcher was late to see the event that it waited for.
    pub(super) fn excuse_lateness(&mut self) {
        self.charged = self.charged.saturating_sub(self.late).max(self.since[0]);
        self.late = Duration::ZERO;
    }

    /// Charges nobody for the time since the last look: the grader has spent it on its own work.
    pub(super) fn skip(&mut self) {
        let now = Instant::now();
        self.wall += now - self.last;
        self.last = now;
    }

    /// The submission is started: it has all its time again.
    pub(super) fn restart(&mut self) {
        self.since = [self.charged, self.wall, self.processors, self.held_up, self.not_for_others];
    }

    /// The time that the submission has been charged so far.
    pub(super) fn charged(&self) -> Duration {
        self.charged
    }

    /// How things stand, where the submission may take this long after it was started.
    pub(super) fn standing(&self, allowed: Duration) -> TimeBudget {
        let [charged, wall, processors, held_up, not_for_others] = self.since;
        let (charged, wall) = (self.charged - charged, self.wall - wall);
        let processors = self.processors - processors;
        let excused = (self.held_up - held_up).max(self.not_for_others - not_for_others);
        if charged >= allowed || excused >= allowed * MOST_TIME_EXCUSED {
            TimeBudget::Over
        } else if processors >= allowed * MOST_PROCESSOR_TIME {
            TimeBudget::Processors(processors)
        } else if wall >= allowed * MOST_WALL_TIME + LEAST_WALL_TIME {
            TimeBudget::TooBusy { wall, charged }
        } else {
            TimeBudget::Left
        }
    }
}

/// Nanoseconds for which the watcher has waited for a processor.
fn own_wait() -> u64 {
    // PID 1 is the watcher.
    observed::scheduling(1).into_iter().map(|(_, [_, wait])| wait).sum()
}
