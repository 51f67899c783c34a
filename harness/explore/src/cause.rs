//! The cause of a difference: the first call that two kernels answer differently, and their answers.

use crate::replay::{Replay, ReplayEnd, ReplayLine, masked};

/// The first difference of two plays of one script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The name of the call in its declaration.
    pub call: String,
    /// The answer of the kernel that is looked at, masked.
    pub answer: String,
    /// The answer of the other one, masked.
    pub other: String,
}

/// The answer in the place of one that there is not.
const NONE: &str = "no answer";

/// The first line in which two replays differ, by its number, and the cause. Calls that only one of them
/// has are a difference of the call before them.
pub fn first_difference(replay: &[ReplayLine], other: &[ReplayLine]) -> Option<(usize, Cause)> {
    let at = replay.iter().zip(other).position(|(one, other)| one != other);
    let at = at.or_else(|| (replay.len() != other.len()).then(|| replay.len().min(other.len())))?;
    let line = replay.get(at).or_else(|| other.get(at))?;
    let same_call = |lines: &[ReplayLine]| {
        lines.get(at).filter(|found| found.process == line.process && found.text == line.text).cloned()
    };
    let answer = |found: Option<ReplayLine>| {
        let answer = found.and_then(|line| line.answer);
        answer.map_or(NONE.to_string(), |answer| masked(&answer))
    };
    let cause =
        Cause { call: line.call.clone(), answer: answer(same_call(replay)), other: answer(same_call(other)) };
    Some((at, cause))
}

/// Whether a replay says enough to be compared: a kernel that was not asked says nothing.
///
/// # Errors
/// Says what the engine could not do.
pub fn is_whole(replay: &Replay) -> Result<bool, String> {
    match &replay.end {
        ReplayEnd::Played => Ok(true),
        ReplayEnd::Interrupted(_) | ReplayEnd::TimedOut => Ok(false),
        ReplayEnd::Failed(why) => Err(why.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn lines(answers: &[(&str, &str)]) -> Vec<ReplayLine> {
        let line = |(step, (text, answer)): (usize, &(&str, &str))| ReplayLine {
            step,
            process: "a".into(),
            call: text.split('(').next().unwrap().into(),
            text: text.to_string(),
            answer: (!answer.is_empty()).then(|| answer.to_string()),
        };
        answers.iter().enumerate().map(line).collect()
    }

    #[rstest]
    #[case::none(&[("getpid()", "2")], &[("getpid()", "2")], None)]
    #[case::an_answer(&[("getpid()", "2"), ("x(1)", "0")], &[("getpid()", "2"), ("x(1)", "-1 EPERM")], Some((1, "x", "0", "-1 EPERM")))]
    #[case::ends_early(&[("x(1)", "0")], &[("x(1)", "0"), ("y()", "7")], Some((1, "y", NONE, "#")))]
    #[case::blocks(&[("x(1)", "")], &[("x(1)", "0")], Some((0, "x", NONE, "0")))]
    fn the_first_difference_is_found(
        #[case] one: &[(&str, &str)],
        #[case] other: &[(&str, &str)],
        #[case] expected: Option<(usize, &str, &str, &str)>,
    ) {
        let found = first_difference(&lines(one), &lines(other));
        let expected = expected.map(|(at, call, answer, other)| {
            (at, Cause { call: call.into(), answer: answer.into(), other: other.into() })
        });
        assert_eq!(found, expected);
    }
}
