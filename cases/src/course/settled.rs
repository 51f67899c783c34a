//! What several assignments ask: whether processes that wait, the one that was started above all,
//! stay, asleep, and whether everything on the stage is as it was before. Everything that one
//! assignment alone asks is in its own module.

use nsconform_harness::grade::{Break, Checked, Mount, Run, Seen, Stage, ensure};

/// So much time of a processor (ns) is more than any program needs to end: it must be looping.
const LOOPS: u64 = 50_000_000;

/// Whether a process sleeps, loops or has ended, that is, does nothing new by itself.
pub(super) fn is_idle(process: &Seen<'_>) -> bool {
    let sleeps = process.state().is_ok_and(|state| state == 'S');
    sleeps || !process.is_alive() || process.run_time().is_ok_and(|time| time > LOOPS)
}

/// Waits until the process that was started sleeps, loops or has ended; tells whether it is there.
pub(super) fn stays(stage: &Stage<'_>, run: &Run<'_>) -> Result<bool, Break> {
    let front = run.process();
    stage.wait("the program to wait for its child", || is_idle(&front).then(|| front.is_alive()))
}

/// Demands that it is there, asleep.
pub(super) fn sleeps(stage: &Stage<'_>, run: &Run<'_>) -> Checked {
    let expected = || "the program waits for its child, asleep".to_string();
    let there = stays(stage, run)?;
    ensure(there, expected, || "it has ended before its child".into())?;
    is_asleep(&run.process(), expected)
}

/// Demands that a process sleeps now.
pub(super) fn is_asleep(process: &Seen<'_>, expected: impl FnOnce() -> String) -> Checked {
    let state = process.state()?;
    ensure(state == 'S', expected, || format!("it keeps a processor busy (state {state})"))
}

/// A number of seconds that no check waits for, and that nobody could know beforehand.
pub(super) fn long_time(stage: &Stage<'_>) -> String {
    stage.number(10_000..100_000).to_string()
}

/// Demands that the mounts of the stage are these.
pub(super) fn mounts_as_before(stage: &Stage<'_>, before: &[Mount]) -> Checked {
    let after = stage.mounts_now()?;
    let other = |one: &[Mount], than: &[Mount]| one.iter().find(|mount| !than.contains(mount)).cloned();
    let (new, old) = (other(&after, before), other(before, &after));
    ensure(
        new.is_none() && old.is_none(),
        || "the mounts outside are as before".into(),
        || match (new, old) {
            (Some(new), _) => format!("there is {} on {}", new.filesystem, new.point),
            (_, old) => format!("that of {} is gone", old.map(|mount| mount.point).unwrap_or_default()),
        },
    )
}

/// What a submission might leave behind: mounts, and something in the scratch directory.
pub(super) struct Left {
    mounts: Vec<Mount>,
    names: Vec<String>,
}

impl Left {
    /// What is there before anything could be left.
    pub(super) fn before(stage: &Stage<'_>) -> Result<Left, Break> {
        Ok(Left { mounts: stage.mounts_now()?, names: stage.names_in("/tmp")? })
    }

    /// Demands that there is no more, and no process.
    pub(super) fn is_nothing(&self, stage: &Stage<'_>) -> Checked {
        let processes = stage.all().len();
        ensure(processes == 0, || "no process is left".into(), || format!("there are {processes}"))?;
        mounts_as_before(stage, &self.mounts)?;
        let names = stage.names_in("/tmp")?;
        ensure(
            names == self.names,
            || format!("in /tmp is what was there before: {:?}", self.names),
            || format!("there is {names:?}"),
        )
    }
}
