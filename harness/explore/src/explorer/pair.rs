//! Two kernels as the two sides of a difference, for the reducer: both play each script at once, and where they
//! draw other mount trees, the kind of that difference is what is kept, not the whole drawing.

use super::relations::drawings_differ;
use crate::cause::first_difference;
use crate::player::ScriptPlayer;
use crate::replay::{Replay, ReplayEnd};
use nsconform_lab::script::Script;
use std::cell::RefCell;

/// The answer in the place of a drawing that the other kernel draws otherwise.
const DRAWN_OTHERWISE: &str = "drawn otherwise";

/// Plays a script on all kernels side by side.
///
/// # Errors
/// When one of them is lost, or the engine fails in it.
pub(super) fn play_all<P: ScriptPlayer + Send>(
    kernels: &mut [&mut P],
    script: &Script,
) -> Result<Vec<Replay>, String> {
    std::thread::scope(|scope| {
        let playing: Vec<_> =
            kernels.iter_mut().map(|kernel| scope.spawn(move || kernel.play(script))).collect();
        let played = playing.into_iter().map(|thread| {
            thread.join().unwrap_or_else(|_| Err("a kernel could not be asked to play".to_string()))
        });
        played.collect()
    })
}

/// The kernel that is looked at; whenever it plays, so does the other one.
pub(super) struct PairedKernel<'l, 'p, P> {
    pub(super) kernel: &'p mut P,
    pub(super) other: &'p mut P,
    /// The last play of the other one.
    pub(super) last: &'l RefCell<Option<Replay>>,
}

impl<P: ScriptPlayer + Send> ScriptPlayer for PairedKernel<'_, '_, P> {
    fn name(&self) -> &str {
        self.kernel.name()
    }

    fn play(&mut self, script: &Script) -> Result<Replay, String> {
        let mut played = play_all(&mut [&mut *self.kernel, &mut *self.other], script)?.into_iter();
        let (Some(mut own), Some(mut other)) = (played.next(), played.next()) else {
            return Err("a kernel has not played".to_string());
        };
        if let Some(name) = cut_off(&own, self.kernel).or_else(|| cut_off(&other, self.other)) {
            return Err(format!("{name}: a script did not end before its deadline"));
        }
        summarise(&mut own, &mut other);
        self.last.replace(Some(other));
        Ok(own)
    }
}

/// The name of a kernel whose play was cut off: it would seem to answer otherwise.
fn cut_off<'k>(replay: &Replay, kernel: &'k impl ScriptPlayer) -> Option<&'k str> {
    (replay.end == ReplayEnd::TimedOut).then(|| kernel.name())
}

/// The other one of two kernels: it has played already.
pub(super) struct PlayedKernel<'l> {
    pub(super) name: String,
    pub(super) last: &'l RefCell<Option<Replay>>,
}

impl ScriptPlayer for PlayedKernel<'_> {
    fn name(&self) -> &str {
        &self.name
    }

    fn play(&mut self, _: &Script) -> Result<Replay, String> {
        self.last.borrow().clone().ok_or_else(|| "the kernel has not played before".to_string())
    }
}

/// Puts the kind of the first difference in the place of the drawings that differ.
pub(super) fn summarise(own: &mut Replay, other: &mut Replay) {
    let Some((at, _)) = first_difference(&own.lines, &other.lines) else { return };
    let (Some(ours), Some(theirs)) = (own.lines.get_mut(at), other.lines.get_mut(at)) else { return };
    if ours.text != theirs.text {
        return;
    }
    let drawn = ours.answer.as_deref().zip(theirs.answer.as_deref());
    if let Some(violation) = drawn.and_then(|(ours, theirs)| drawings_differ(ours, theirs)) {
        ours.answer = Some(DRAWN_OTHERWISE.to_string());
        theirs.answer = Some(violation.cause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::ReplayLine;

    fn replay(answers: &[&str]) -> Replay {
        let line = |(step, answer): (usize, &&str)| ReplayLine {
            step,
            process: "a".into(),
            call: "x".into(),
            text: "x()".into(),
            answer: Some(answer.to_string()),
        };
        let lines = answers.iter().enumerate().map(line).collect();
        Replay { lines, passed_over: Vec::new(), trace: Vec::new(), end: ReplayEnd::Played }
    }

    fn drawing(optional: &str) -> String {
        let mount = r#"{at="/", on=none, root="/", options=rw, optional="#;
        format!("[{mount}[{optional}], fstype=tmpfs}}]")
    }

    #[test]
    fn the_kind_stands_for_two_drawings() {
        let (mut own, mut other) = (replay(&["0", &drawing("unbindable")]), replay(&["0", &drawing("")]));
        summarise(&mut own, &mut other);
        let answer = |replay: &Replay| replay.lines[1].answer.clone().unwrap();
        assert_eq!(answer(&own), DRAWN_OTHERWISE);
        assert_eq!(answer(&other), "optional [unbindable] became []");
    }

    #[test]
    fn other_answers_stay() {
        let (mut own, mut other) = (replay(&["0"]), replay(&["-1 EPERM (Operation not permitted)"]));
        let before = (own.clone(), other.clone());
        summarise(&mut own, &mut other);
        assert_eq!((own, other), before);
    }
}
