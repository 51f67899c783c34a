//! The time of a stage, which counts only while the submission could run.
//!
//! proc_pid_schedstat(5) tells for how long a thread was ready to run and did not: the clock does not
//! charge that time to the submission. The kernel counts a wait when it has ended, and a run some
//! milliseconds late, so that a thread that is ready, while neither number changes, is taken to wait until
//! they tell. Nor does the clock charge the time that a process spends in an uninterruptible sleep, as while
//! the kernel removes a mount; the time for which the watcher itself waits for a processor, as it cannot see
//! then whether the submission has done its part; or that for which a hypervisor has taken a processor away (`steal` of proc_stat(5)), which is in neither
//! number, and by which the end of a sleep comes late. It charges a submission that sleeps, however busy the
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
/// The unit in which proc_stat(5) counts: USER_HZ, which is 100 on x86, Arm and RISC-V.
const STEAL_TICK: Duration = Duration::from_millis(10);

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

/// The times of a thread at a look, in nanoseconds.
#[derive(Clone, Copy, Default)]
struct ThreadTimes {
    /// How much it has run.
    ran: u64,
    /// How much it has waited for a processor, but for a wait that has not ended.
    waited: u64,
    /// For how long it has been seen in a wait that has not ended.
    waits_since: u64,
    /// Whether it has neither run nor ended a wait since the last look, and is ready to run.
    is_ready: bool,
}

/// The counts of the kernel that the clock goes by, as one look finds them.
#[derive(Default)]
struct KernelCounts {
    /// Those of each thread, by TID.
    threads: HashMap<i32, ThreadTimes>,
    /// How much the watcher itself has waited, in nanoseconds.
    own_wait: u64,
    /// For how long a hypervisor has taken away each processor, in nanoseconds; by its number.
    stolen: HashMap<u32, u64>,
    /// Whether the kernel holds one of the processes up.
    is_held_up: bool,
}

impl KernelCounts {
    /// Those of these processes; `before` are those of the last look.
    fn of(processes: &[i32], before: &KernelCounts) -> KernelCounts {
        let threads = processes.iter().flat_map(|pid| {
            observed::scheduling(*pid).into_iter().map(|(thread, [ran, waited])| {
                let same =
                    before.threads.get(&thread).is_some_and(|last| (last.ran, last.waited) == (ran, waited));
                let is_ready = same && observed::is_ready(*pid, thread);
                (thread, ThreadTimes { ran, waited, waits_since: 0, is_ready })
            })
        });
        KernelCounts {
            threads: threads.collect(),
            own_wait: own_wait(),
            stolen: stolen(&std::fs::read_to_string(format!("{}/stat", observed::PROC)).unwrap_or_default()),
            is_held_up: processes.iter().any(|pid| observed::is_held_up(*pid)),
        }
    }

    /// For how long the processor that a hypervisor took away for longest was taken away since these
    /// counts. It may have been the one for which everybody waited.
    fn stolen_since(&self, before: &KernelCounts) -> Duration {
        let one = |(processor, stolen): (&u32, &u64)| {
            // One that was not there at the last look tells of a time before that.
            before.stolen.get(processor).map_or(0, |before| stolen.saturating_sub(*before))
        };
        Duration::from_nanos(self.stolen.iter().map(one).max().unwrap_or(0))
    }
}

/// The clock of a stage.
pub(super) struct Clock {
    last: Instant,
    /// The counts at the last look.
    counts: KernelCounts,
    /// The time that was taken away and is not excused yet: the kernel counts it in hundredths of a
    /// second, so that some of it was before the last look.
    stolen: Duration,
    charged: Duration,
    /// The time that would be charged if nothing but waits for a processor were excused.
    unexcused: Duration,
    wall: Duration,
    processors: Duration,
    /// For how long the kernel has held one of its processes up.
    held_up: Duration,
    /// The time in which its threads, if they waited, may have waited for each other.
    not_for_others: Duration,
    /// `charged`, `wall`, `processors`, `held_up` and `not_for_others` at the last start of the submission.
    since: [Duration; 5],
    /// `unexcused` at that start.
    unexcused_at_start: Duration,
}

impl Clock {
    pub(super) fn start() -> Clock {
        Clock::start_with(KernelCounts::of(&[], &KernelCounts::default()))
    }

    fn start_with(counts: KernelCounts) -> Clock {
        Clock {
            last: Instant::now(),
            counts,
            stolen: Duration::ZERO,
            charged: Duration::ZERO,
            unexcused: Duration::ZERO,
            wall: Duration::ZERO,
            processors: Duration::ZERO,
            held_up: Duration::ZERO,
            not_for_others: Duration::ZERO,
            since: [Duration::ZERO; 5],
            unexcused_at_start: Duration::ZERO,
        }
    }

    /// Looks at these processes, and charges what has passed since the last look.
    pub(super) fn look(&mut self, processes: &[i32]) {
        let now = Instant::now();
        let passed = now - self.last;
        self.last = now;
        let counts = KernelCounts::of(processes, &self.counts);
        self.charge(passed, counts);
    }

    /// Charges a time that has passed since the last look, which these counts were found at the end of.
    fn charge(&mut self, passed: Duration, counts: KernelCounts) {
        let before = std::mem::replace(&mut self.counts, counts);
        let counts = &mut self.counts;
        let own_wait = Duration::from_nanos(counts.own_wait.saturating_sub(before.own_wait));
        let (mut waited, mut ran, mut busy, mut mistaken, mut before_that) = (0, 0, 0_u64, 0, 0);
        for (thread, now) in &mut counts.threads {
            // A thread that was not there at the last look has got all of it since then.
            let last = before.threads.get(thread).copied().unwrap_or_default();
            let ran_now = now.ran.saturating_sub(last.ran);
            let waited_now = if now.is_ready {
                now.waits_since = last.waits_since + passed.as_nanos() as u64;
                passed.as_nanos() as u64
            } else {
                let told = now.waited.saturating_sub(last.waited);
                mistaken = last.waits_since.saturating_sub(told).max(mistaken);
                // A wait that began while it also ran was charged until the last look.
                let untold = told.saturating_sub(last.waits_since);
                before_that = untold.saturating_sub(passed.as_nanos() as u64).max(before_that);
                untold
            };
            waited += waited_now;
            ran += ran_now;
            busy += u64::from(waited_now + ran_now > 0);
        }
        let counts = &self.counts;
        self.wall += passed;
        // While one of its threads ran, all others may have waited for that one.
        let for_others = waited.saturating_sub(ran.saturating_mul(busy.saturating_sub(1)));
        let stolen = self.stolen + counts.stolen_since(&before);
        self.stolen = stolen.saturating_sub(passed).min(STEAL_TICK);
        // A thread that was taken to wait, and ran, is charged for that now.
        let mistaken = Duration::from_nanos(mistaken);
        self.unexcused += passed.saturating_sub(Duration::from_nanos(waited)) + mistaken;
        let charged = |nanoseconds| {
            passed.saturating_sub(stolen + own_wait + Duration::from_nanos(nanoseconds)) + mistaken
        };
        if counts.is_held_up {
            self.held_up += passed;
        } else {
            self.charged += charged(waited);
            self.not_for_others += charged(for_others);
        }
        self.processors += Duration::from_nanos(ran);
        self.take_back(Duration::from_nanos(before_that));
    }

    /// Takes back a time that was charged before the kernel had counted it as a wait.
    fn take_back(&mut self, time: Duration) {
        let [charged, _, _, _, not_for_others] = self.since;
        self.charged = self.charged.saturating_sub(time).max(charged);
        self.not_for_others = self.not_for_others.saturating_sub(time).max(not_for_others);
        self.unexcused = self.unexcused.saturating_sub(time).max(self.unexcused_at_start);
    }

    /// Charges nobody for the time since the last look: the grader has spent it on its own work.
    pub(super) fn skip(&mut self) {
        let now = Instant::now();
        self.wall += now - self.last;
        self.unexcused += now - self.last;
        self.last = now;
    }

    /// The submission is started: it has all its time again.
    pub(super) fn restart(&mut self) {
        self.since = [self.charged, self.wall, self.processors, self.held_up, self.not_for_others];
        self.unexcused_at_start = self.unexcused;
    }

    /// The time that the submission has been charged so far.
    pub(super) fn charged(&self) -> Duration {
        self.charged
    }

    /// The time so far but for that in which its threads waited for a processor: the most that it can have
    /// had for itself, where the charged time is the least.
    pub(super) fn unexcused(&self) -> Duration {
        self.unexcused
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

/// The nanoseconds for which a hypervisor has taken away each processor, by a text like that of
/// proc_stat(5); none where the kernel is not told of it.
fn stolen(stat: &str) -> HashMap<u32, u64> {
    let lines = stat.lines().filter_map(|line| {
        let mut fields = line.strip_prefix("cpu")?.split(' ');
        // The line of all processors together has no number.
        let number = fields.next()?.parse().ok()?;
        // `steal` is the eighth of the times.
        let ticks: u64 = fields.nth(7)?.parse().ok()?;
        Some((number, ticks * STEAL_TICK.as_nanos() as u64))
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// KernelCounts of one thread, which has run and has waited for so many milliseconds, on a machine of two
    /// processors, of which so many milliseconds were taken away.
    fn counts([ran, waited]: [u64; 2], taken: [u64; 2]) -> KernelCounts {
        let nanoseconds = |milliseconds: u64| milliseconds * 1_000_000;
        KernelCounts {
            threads: HashMap::from([(7, thread([ran, waited].map(nanoseconds)))]),
            stolen: (0..).zip(taken.map(nanoseconds)).collect(),
            ..KernelCounts::default()
        }
    }

    fn thread([ran, waited]: [u64; 2]) -> ThreadTimes {
        ThreadTimes { ran, waited, ..ThreadTimes::default() }
    }

    fn at(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn steal_is_read() {
        let text =
            "cpu  8 1 2 3 4 5 6 30 9 9\ncpu0 4 1 2 3 4 5 6 10 9 9\ncpu1 4 1 2 3 4 5 6 20 9 9\nintr 1\n";
        assert_eq!(stolen(text), HashMap::from([(0, 100_000_000), (1, 200_000_000)]));
        // A kernel from before Linux 2.6.11.
        assert_eq!(stolen("cpu0 4 1 2 3\n"), HashMap::new());
    }

    #[test]
    fn whoever_sleeps_is_charged_and_whoever_waits_is_not() {
        let mut clock = Clock::start_with(counts([0, 0], [0, 0]));
        clock.charge(at(100), counts([1, 0], [0, 0]));
        assert_eq!(clock.charged(), at(100));
        clock.charge(at(100), counts([2, 90], [0, 0]));
        assert_eq!(clock.charged(), at(110));
        assert_eq!(clock.unexcused(), at(110));
    }

    #[test]
    fn a_wait_is_not_charged_before_the_kernel_has_counted_it() {
        let mut clock = Clock::start_with(counts([5, 0], [0, 0]));
        let mut ready = counts([5, 0], [0, 0]);
        for _ in 0..9 {
            ready.threads.get_mut(&7).expect("it is there").is_ready = true;
            clock.charge(at(100), ready);
            ready = counts([5, 0], [0, 0]);
        }
        assert_eq!(clock.charged(), at(0));
        // It ran at last, 950 ms after it was ready; the rest of this time it slept.
        clock.charge(at(100), counts([6, 950], [0, 0]));
        assert_eq!(clock.charged(), at(50));
        clock.charge(at(100), counts([6, 950], [0, 0]));
        assert_eq!(clock.charged(), at(150));
    }

    #[test]
    fn a_wait_of_the_watcher_is_nobodys() {
        let mut clock = Clock::start_with(counts([5, 0], [0, 0]));
        clock.charge(at(3000), KernelCounts { own_wait: 2_900_000_000, ..counts([6, 0], [0, 0]) });
        // The submission may have slept meanwhile, and may have ended.
        assert_eq!([clock.charged(), clock.unexcused()], [at(100), at(3000)]);
    }

    #[test]
    fn a_wait_that_began_before_the_last_look_is_not_charged() {
        let mut clock = Clock::start_with(counts([5, 0], [0, 0]));
        // It ran for 10 ms and waits since then, which nothing tells.
        clock.charge(at(1000), counts([15, 0], [0, 0]));
        assert_eq!(clock.charged(), at(1000));
        // The watcher looks again at once, and it has run.
        clock.charge(at(5), counts([16, 990], [0, 0]));
        assert_eq!([clock.charged(), clock.unexcused()], [at(15); 2]);
        // Of an earlier start nothing is taken back.
        clock.restart();
        clock.charge(at(5), counts([17, 5000], [0, 0]));
        assert_eq!(clock.charged(), at(15));
    }

    #[test]
    fn a_thread_that_runs_is_charged_although_the_kernel_counts_that_late() {
        let mut clock = Clock::start_with(counts([5, 0], [0, 0]));
        for _ in 0..2 {
            let mut running = counts([5, 0], [0, 0]);
            running.threads.get_mut(&7).expect("it is there").is_ready = true;
            clock.charge(at(5), running);
        }
        assert_eq!(clock.charged(), at(0));
        clock.charge(at(5), counts([20, 0], [0, 0]));
        assert_eq!(clock.charged(), at(15));
    }

    #[test]
    fn time_that_a_hypervisor_took_is_not_charged() {
        let mut clock = Clock::start_with(counts([0, 0], [500, 900]));
        // It slept, and the processor that was to wake it was away for 60 ms of the time.
        clock.charge(at(100), counts([0, 0], [560, 920]));
        assert_eq!(clock.charged(), at(40));
        // It waited for the other one as well.
        clock.charge(at(100), counts([10, 30], [580, 980]));
        assert_eq!(clock.charged(), at(50));
        // Nothing is excused beyond the time that has passed.
        clock.charge(at(100), counts([10, 30], [1580, 980]));
        assert_eq!(clock.charged(), at(50));
        clock.charge(at(100), counts([10, 30], [1580, 980]));
        assert_eq!(clock.charged(), at(140));
        // All but the one wait may have been its own sleep.
        assert_eq!(clock.unexcused(), at(370));
    }

    #[test]
    fn a_tick_of_steal_counts_although_looks_are_closer() {
        let mut clock = Clock::start_with(counts([0, 0], [0, 0]));
        for taken in [0, 0, 10, 10, 20, 20] {
            clock.charge(at(5), counts([0, 0], [taken, 0]));
        }
        assert_eq!(clock.charged(), at(10));
    }

    #[test]
    fn a_machine_that_is_taken_away_ends_nothing_too_early() {
        let mut clock = Clock::start_with(counts([0, 0], [0, 0]));
        // Nine tenths of one processor.
        for taken in 1..=500 {
            clock.charge(at(100), counts([0, 0], [taken * 90, 0]));
        }
        assert!(matches!(clock.standing(at(10_000)), TimeBudget::Left));
        // Threads that wait for each other are charged after some time, whatever schedstat says.
        let mut clock = Clock::start_with(counts([0, 0], [0, 0]));
        for step in 1..=500 {
            let turn = thread([step * 50_000_000; 2]);
            let threads = HashMap::from([(7, turn), (8, turn)]);
            clock.charge(at(100), KernelCounts { threads, ..counts([0, 0], [0, 0]) });
        }
        assert!(matches!(clock.standing(at(9_000)), TimeBudget::Over));
    }
}
