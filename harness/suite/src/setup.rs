//! The setup of a run: how many directors go at a time, how long they may take, how far they are kept from the
//! machine. Running itself lives in `runner`.

use nsconform_lab::seal::Isolation;

/// How cases are run.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// How many directors are at work side by side.
    pub jobs: usize,
    /// The factor by which every deadline is multiplied.
    pub deadline_scale: f64,
    /// How far the cases are kept from the machine.
    pub isolation: Isolation,
}

impl Default for Setup {
    /// Three directors per processor, since the kernel makes some wait (for a network namespace to go,
    /// above all); usual deadlines, usual isolation.
    fn default() -> Setup {
        let jobs = 3 * std::thread::available_parallelism().map_or(1, usize::from);
        Setup { jobs, deadline_scale: 1.0, isolation: Isolation::Usual }
    }
}
