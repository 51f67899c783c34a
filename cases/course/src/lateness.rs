//! Whether something comes in time: a verdict on a span of time of which a busy machine, or a watcher that
//! looks late, shows only bounds. How the time of a submission is counted is the stage's business.

use nsconform_grader::{CheckAbort, CheckResult, Stage};
use std::time::{Duration, Instant};

/// How often a span is measured that could be in time and could be too long.
const MEASUREMENTS: usize = 6;
/// How many of these spans too long but for a hypervisor's steal are taken for too long. A sleep ends late
/// by what is taken away at its end alone, and not each time by so much.
const TOO_LONG_BUT_FOR_STEAL: usize = 3;

/// A moment of a stage.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    /// By the clock on the wall.
    pub(super) at: Instant,
    /// The times of the stage so far.
    charged: Duration,
    unexcused: Duration,
}

impl Moment {
    pub(super) fn now(stage: &Stage<'_>) -> Moment {
        let (at, [charged, unexcused]) = (Instant::now(), stage.times());
        Moment { at, charged, unexcused }
    }
}

/// The time between two events, or a part of it, as far as it is known.
#[derive(Clone, Copy)]
pub(super) struct Span {
    /// The submission has taken so long for certain.
    least: Duration,
    /// It has, unless a hypervisor held it up.
    least_but_for_steal: Duration,
    /// It has taken no longer.
    most: Duration,
}

impl Span {
    /// That between two events, given as [`event`] gives them.
    pub(super) fn between(first: [Moment; 2], second: [Moment; 2]) -> Span {
        Span {
            least: second[0].charged.saturating_sub(first[1].charged),
            least_but_for_steal: second[0].unexcused.saturating_sub(first[1].unexcused),
            most: second[1].unexcused.saturating_sub(first[0].unexcused),
        }
    }

    /// The same where other processes of the submission may have waited for a processor meanwhile, whose waits
    /// are no excuse for this one: it has taken no longer than the clock on the wall says.
    pub(super) fn at_most(self, wall: Duration) -> Span {
        Span { most: wall, ..self }
    }

    /// That from one of so many equal events to the next.
    pub(super) fn divided(self, times: u32) -> Span {
        let Span { least, least_but_for_steal, most } = self;
        let [least, least_but_for_steal, most] =
            [least, least_but_for_steal, most].map(|time| time / times.max(1));
        Span { least, least_but_for_steal, most }
    }
}

/// How an event stands at a look.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum EventState {
    /// It has not happened.
    Pending,
    /// It may have happened.
    Unknown,
    /// It has happened.
    Happened,
}

impl From<bool> for EventState {
    fn from(has_happened: bool) -> EventState {
        if has_happened { EventState::Happened } else { EventState::Pending }
    }
}

/// Waits for an event that had not happened before `start`, and gives the last moment for which that is
/// certain, and the first one after it.
///
/// # Errors
/// When a limit is reached before.
pub(super) fn event(
    stage: &Stage<'_>,
    what: &str,
    start: Moment,
    mut look: impl FnMut() -> EventState,
) -> Result<[Moment; 2], CheckAbort> {
    let mut before = start;
    stage.wait(what, || {
        let now = Moment::now(stage);
        match look() {
            EventState::Pending => before = now,
            EventState::Unknown => {}
            EventState::Happened => return Some(()),
        }
        None
    })?;
    Ok([before, Moment::now(stage)])
}

/// Whether a span is shorter than this; how long it is, if not. One that may be and may not be is measured
/// again.
///
/// # Errors
/// Those of a measurement; or when the machine is too busy to tell.
pub(super) fn shorter(
    limit: Duration,
    mut measure: impl FnMut() -> Result<Span, CheckAbort>,
) -> Result<Result<(), Duration>, CheckAbort> {
    let (mut late, mut last) = (0, None);
    for _ in 0..MEASUREMENTS {
        let span = measure()?;
        if span.most < limit {
            return Ok(Ok(()));
        }
        late += usize::from(span.least_but_for_steal >= limit);
        if span.least >= limit || late >= TOO_LONG_BUT_FOR_STEAL {
            return Ok(Err(span.least_but_for_steal));
        }
        last = Some(span);
    }
    let [least, most] = last.map_or([0, 0], |span| [span.least, span.most].map(|time| time.as_millis()));
    Err(CheckAbort::TooBusy(format!(
        "a time of less than {} ms was seen no closer than as {least} to {most} ms",
        limit.as_millis()
    )))
}

/// Demands that a span is shorter than this, as `shorter` tells it.
///
/// # Errors
/// When it is longer, with `expected`; and those of `shorter`.
pub(super) fn is_shorter(
    limit: Duration,
    expected: impl Fn() -> String,
    measure: impl FnMut() -> Result<Span, CheckAbort>,
) -> CheckResult {
    let took = shorter(limit, measure)?;
    took.map_err(|took| CheckAbort::mismatch(expected(), format!("it took {} ms", took.as_millis())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_millis(300);

    /// A span that has taken at least so many milliseconds, with and without steal, and at most so many.
    fn span(milliseconds: [u64; 3]) -> Span {
        let [least, least_but_for_steal, most] = milliseconds.map(Duration::from_millis);
        Span { least, least_but_for_steal, most }
    }

    #[test]
    fn a_span_is_shortest_between_the_looks_inside_of_it() {
        let at = Instant::now();
        let moment = |charged, unexcused| {
            let [charged, unexcused] = [charged, unexcused].map(Duration::from_millis);
            Moment { at, charged, unexcused }
        };
        let span = Span::between([moment(10, 20), moment(11, 22)], [moment(50, 70), moment(60, 90)]);
        let times = |span: Span| [span.least, span.least_but_for_steal, span.most].map(|t| t.as_millis());
        assert_eq!(times(span), [39, 48, 70]);
        assert_eq!(times(span.divided(2)), [19, 24, 35]);
    }

    /// The verdict on spans of which the last is the one that decides.
    fn verdict(spans: &[[u64; 3]]) -> CheckResult {
        let mut left = spans.iter();
        let verdict =
            is_shorter(LIMIT, String::new, || Ok(span(*left.next().expect("one more is measured"))));
        assert!(left.next().is_none(), "nothing more is measured");
        verdict
    }

    #[test]
    fn a_span_that_is_surely_short_or_long_is_measured_once() {
        assert!(verdict(&[[0, 0, 299]]).is_ok());
        assert!(matches!(verdict(&[[300, 310, 500]]), Err(CheckAbort::Mismatch(_))));
    }

    #[test]
    fn a_span_that_was_seen_late_is_measured_again() {
        assert!(verdict(&[[20, 20, 2000], [0, 0, 310], [100, 100, 105]]).is_ok());
        assert!(matches!(verdict(&[[20, 20, 2000], [400, 400, 405]]), Err(CheckAbort::Mismatch(_))));
    }

    #[test]
    fn steal_excuses_a_sleep_that_ends_late_and_not_all_sleeps() {
        assert!(verdict(&[[250, 400, 410], [250, 400, 410], [5, 10, 20]]).is_ok());
        let always = [[250, 400, 410]; TOO_LONG_BUT_FOR_STEAL];
        assert!(matches!(verdict(&always), Err(CheckAbort::Mismatch(_))));
    }

    #[test]
    fn a_machine_that_shows_nothing_is_too_busy() {
        let never = [[20, 20, 2000]; MEASUREMENTS];
        assert!(matches!(verdict(&never), Err(CheckAbort::TooBusy(_))));
    }
}
