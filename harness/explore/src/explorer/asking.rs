//! A relation as two sides of a difference: a kernel that is asked it after each script, and the documentation,
//! by which it always holds. So the reducer keeps a violation as it keeps a difference of two kernels.

use super::relations::{Asked, Relation, asking, judge_all, subject};
use crate::player::ScriptPlayer;
use crate::replay::{Replay, ReplayEnd, ReplayLine};
use nsconform_lab::script::Script;
use std::cell::RefCell;

/// The answer where the law holds.
const HOLDS: &str = "holds";

/// A kernel that is asked a relation after each script.
pub(super) struct AskedKernel<'l, 'p> {
    pub(super) player: &'p mut dyn ScriptPlayer,
    pub(super) relation: &'static Relation,
    /// The last play, as the documentation has it.
    pub(super) last: &'l RefCell<Option<Replay>>,
}

impl ScriptPlayer for AskedKernel<'_, '_> {
    fn name(&self) -> &str {
        self.player.name()
    }

    fn play(&mut self, script: &Script) -> Result<Replay, String> {
        let mut replay = self.player.play(&asking(script, &[self.relation])?)?;
        if replay.end == ReplayEnd::TimedOut {
            return Err("a script did not end before its deadline".to_string());
        }
        let asked = judge_all(&[self.relation], &replay, script.steps.len()).pop();
        let line = |answer: &str| ReplayLine {
            step: script.steps.len().saturating_sub(1),
            process: subject(script).unwrap_or_default().to_string(),
            call: self.relation.name.to_string(),
            text: self.relation.law.to_string(),
            answer: Some(answer.to_string()),
        };
        let mut documented = replay.clone();
        documented.lines.push(line(HOLDS));
        self.last.replace(Some(documented));
        replay.lines.push(match &asked {
            Some(Asked::Broken(violation)) => line(&violation.cause),
            _ => line(HOLDS),
        });
        Ok(replay)
    }
}

/// The documentation: each answer is the one that the kernel has given, and the relation holds.
pub(super) struct Documented<'l> {
    pub(super) last: &'l RefCell<Option<Replay>>,
}

impl ScriptPlayer for Documented<'_> {
    fn name(&self) -> &str {
        "the documentation"
    }

    fn play(&mut self, _: &Script) -> Result<Replay, String> {
        self.last.borrow().clone().ok_or_else(|| "the kernel was not asked before".to_string())
    }
}
