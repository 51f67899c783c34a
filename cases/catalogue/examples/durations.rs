//! Records how long each case takes, in `durations.txt`: the median of five runs of the whole
//! catalogue. The machine should be quiet; run it as root, who can run the most cases.

use nsconform_catalogue::{catalogue, claims};
use nsconform_suite::runner::{Runner, Setup};
use nsconform_sys::single_threaded::SingleThreaded;
use std::collections::BTreeMap;
use std::path::Path;

const ROUNDS: usize = 5;

fn main() {
    nsconform_lab::actor::continue_if_asked();
    let single = SingleThreaded::prove().expect("no thread is started before the cases are run");
    let mut runner = Runner::start(&single, claims(), Setup::default()).expect("the fork server starts");
    let all: Vec<usize> = (0..catalogue().len()).collect();
    let mut durations: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for _ in 0..ROUNDS {
        // Cases that are skipped take no time.
        runner.run_cases(&all, &[], &mut |_, record| {
            if record.duration_us > 0 {
                durations.entry(record.id).or_default().push(record.duration_us);
            }
        });
    }
    let lines = durations.into_iter().map(|(id, mut taken)| {
        taken.sort_unstable();
        format!("{} {id}\n", (taken[taken.len() / 2] + 500) / 1000)
    });
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("durations.txt");
    std::fs::write(&file, lines.collect::<String>()).expect("durations.txt can be written");
}
