//! Progress of processes: signs of it, and for how long there were none.
//!
//! The watcher looks in `observed`; checks draw the conclusions.

use nsconform_sys::procfs;
use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

/// Signs of progress of a process: what has changed when it does something else than before.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Signs {
    /// Minor and major page faults.
    faults: [u64; 2],
    /// Bytes read.
    read: u64,
    /// Bytes written.
    written: u64,
    /// The address of its stack, which another program gets anew.
    image: u64,
}

impl Signs {
    /// Those of the process with this directory; none if it is gone.
    pub(super) fn of(process: &Path) -> Option<Signs> {
        let stat = procfs::stat(process)?;
        // proc_pid_stat(5) numbers the fields from 1, and the list begins with the third.
        let field = |number: usize| stat.get(number - 3)?.parse::<u64>().ok();
        let io = std::fs::read_to_string(process.join("io")).unwrap_or_default();
        let count = |name: &str| field_of(&io, name).and_then(|text| text.parse().ok()).unwrap_or(0);
        Some(Signs {
            faults: [field(10)?, field(12)?],
            read: count("rchar"),
            written: count("wchar"),
            image: field(28)?,
        })
    }
}

/// The value of a field of a file like /proc/PID/status.
pub(super) fn field_of<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    text.lines().find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(':')?.trim()))
}

/// The progress of the processes of a stage when the watcher last saw it change, by PID.
#[derive(Default)]
pub(super) struct ProgressRecord {
    /// Its signs, and for how many nanoseconds the process had run.
    running: HashMap<i32, (Signs, u64)>,
    /// Its signs while it naps, and since when.
    napping: HashMap<i32, (Signs, Duration)>,
}

impl ProgressRecord {
    /// For how long a process, which has run for so many nanoseconds, has run without a sign.
    pub(super) fn idle_run_time(&mut self, pid: i32, run_time: u64, signs: Signs) -> Duration {
        let (before, then) = self.running.entry(pid).or_insert((signs, run_time));
        if *before != signs {
            (*before, *then) = (signs, run_time);
        }
        Duration::from_nanos(run_time.saturating_sub(*then))
    }

    /// For how long a process has napped without a sign, if it does so `now`; `signs` are none if not.
    /// One that reads between its naps looks whether something has happened.
    pub(super) fn nap_time(&mut self, pid: i32, signs: Option<Signs>, now: Duration) -> Option<Duration> {
        let Some(signs) = signs else {
            self.napping.remove(&pid);
            return None;
        };
        let (before, since) = self.napping.entry(pid).or_insert((signs, now));
        if (Signs { read: before.read, ..signs }) != *before {
            *since = now;
        }
        *before = signs;
        Some(now.saturating_sub(*since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNS: Signs = Signs { faults: [1, 2], read: 3, written: 4, image: 5 };

    #[test]
    fn whoever_does_something_else_is_not_idle() {
        let mut record = ProgressRecord::default();
        assert_eq!(record.idle_run_time(7, 100, SIGNS), Duration::ZERO);
        assert_eq!(record.idle_run_time(7, 150, SIGNS), Duration::from_nanos(50));
        assert_eq!(record.idle_run_time(7, 190, Signs { read: 9, ..SIGNS }), Duration::ZERO);
    }

    #[test]
    fn naps_count_from_the_first_to_one_that_follows_work() {
        let (mut record, at) = (ProgressRecord::default(), Duration::from_millis);
        assert_eq!(record.nap_time(7, Some(SIGNS), at(10)), Some(Duration::ZERO));
        // It has looked at something meanwhile.
        assert_eq!(record.nap_time(7, Some(Signs { read: 9, ..SIGNS }), at(50)), Some(at(40)));
        assert_eq!(record.nap_time(7, Some(Signs { written: 9, ..SIGNS }), at(60)), Some(Duration::ZERO));
        assert_eq!(record.nap_time(7, None, at(70)), None);
        assert_eq!(record.nap_time(7, Some(SIGNS), at(90)), Some(Duration::ZERO));
    }
}
