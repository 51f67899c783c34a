//! Composing: a script is chosen step by step while it is played, by what is really there.
//!
//! A composer looks at the stage before each step, through /proc and without a call in the trace. The
//! trace is then the script: each trace is one. Choosing itself is the business of whoever writes a
//! composer; `play` takes the steps.

use super::Step;
use super::play::Cast;
use crate::interrupt::{Interrupt, Play};
use crate::lab::Lab;

/// A process on the stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageProcess {
    /// Its name in the script.
    pub name: String,
    /// Its PID in the sealed PID namespace, which is that of the director's /proc; 0 if it has none there.
    pub pid: i32,
}

/// A step that a composer has chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftStep {
    /// The step.
    pub step: Step,
    /// Whether it stays in the script if the kernel refuses it.
    pub keeps_refusal: bool,
}

/// Chooses the steps of a script.
pub trait Composer {
    /// The next step, for these processes, in the order in which they were created; none at the end.
    fn next_step(&mut self, stage: &[StageProcess]) -> Option<DraftStep>;
}

/// Plays what a composer chooses. A step that cannot be taken, and a refused one that is not to stay, leave
/// no mark in the trace.
///
/// # Errors
/// When the engine fails.
pub fn compose(lab: &Lab, composer: &mut dyn Composer) -> Play {
    let mut cast = Cast::new(lab);
    loop {
        let stage: Vec<StageProcess> = cast
            .members
            .iter()
            .map(|member| StageProcess { name: member.name.clone(), pid: member.process.sealed_pid() })
            .collect();
        let Some(DraftStep { step, keeps_refusal }) = composer.next_step(&stage) else { return Ok(()) };
        let (place, members) = (lab.place(), cast.members.len());
        let stays = match cast.take(&step) {
            Ok(()) => keeps_refusal || !cast.refused,
            Err(Interrupt::Script(_) | Interrupt::Ended(_) | Interrupt::NoValue(_)) => false,
            Err(other) => return Err(other),
        };
        // The trace must not lose a process that exists.
        if !stays && cast.members.len() == members {
            lab.forget_from(place);
        }
    }
}
