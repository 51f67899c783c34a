//! Random delays before calls, to show that a trace does not depend on timing.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How a run is disturbed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jitter {
    /// The seed of the random delays.
    pub seed: u64,
    /// The longest delay before a call, in microseconds.
    pub max_delay: u32,
    /// The processor that the server keeps the director and its processes on, if any.
    pub processor: Option<u16>,
}

/// Draws the delays of one run.
pub(crate) struct Delays {
    random: fastrand::Rng,
    max_delay: u32,
}

impl Delays {
    pub(crate) fn new(jitter: Jitter) -> Delays {
        Delays { random: fastrand::Rng::with_seed(jitter.seed), max_delay: jitter.max_delay }
    }

    /// Sleeps for the next delay.
    pub(crate) fn delay(&mut self) {
        let delay = self.random.u32(0..=self.max_delay);
        std::thread::sleep(Duration::from_micros(delay.into()));
    }
}
