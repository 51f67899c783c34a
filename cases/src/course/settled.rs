//! What several assignments ask of the process that was started: whether it stays, asleep, while
//! its child runs. Everything that one assignment alone asks is in its own module.

use nsconform_harness::grade::{Break, Checked, Run, Stage, ensure};

/// So much time of a processor (ns) is more than any program needs to end: it must be looping.
const LOOPS: u64 = 50_000_000;

/// Waits until the process that was started sleeps, loops or has ended; tells whether it is there.
pub(super) fn stays(stage: &Stage<'_>, run: &Run<'_>) -> Result<bool, Break> {
    let front = run.process();
    stage.wait("the program to wait for its child", || {
        if !front.is_alive() {
            return Some(false);
        }
        let idle = front.state().is_ok_and(|state| state == 'S');
        let loops = front.run_time().is_ok_and(|time| time > LOOPS);
        (idle || loops).then_some(true)
    })
}

/// Demands that it is there, asleep.
pub(super) fn sleeps(stage: &Stage<'_>, run: &Run<'_>) -> Checked {
    let expected = || "the program waits for its child, asleep".to_string();
    let there = stays(stage, run)?;
    ensure(there, expected, || "it has ended before its child".into())?;
    let state = run.process().state()?;
    ensure(state == 'S', expected, || format!("it keeps a processor busy (state {state})"))
}
