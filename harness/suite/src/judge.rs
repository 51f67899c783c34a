//! The meaning of a run that has ended: the verdict on a case, by its approved trace, and the finding of a
//! probe.
//!
//! Whom to run, and what becomes of a verdict in the light of the place, is the business of `runner`.

use crate::refusal::exhausted;
use crate::requirement::{Probed, Unmet};
use crate::runner::JobResult;
use crate::snapshot;
use crate::verdict::Verdict;
use nsconform_lab::interrupt::Interrupt;
use nsconform_lab::job::Finish;
use nsconform_lab::trace::End;
use std::time::Duration;

/// The remedy where a machine is too busy or too slow for the deadlines.
pub(crate) const BUSY_REMEDY: &str =
    "run fewer cases side by side (--jobs 1) or allow more time (--deadline-scale)";

/// Whether a run lacked something that jobs beside it may have taken: its director could not be
/// started, or there were no more processes, namespaces or descriptors.
pub(crate) fn is_starved(run: &JobResult) -> bool {
    matches!(run.finish, Finish::NotStarted(_)) || exhausted(&run.trace, "").is_some()
}

/// The result of the run of a probe.
pub(crate) fn probed(run: &JobResult, deadline: Duration) -> Probed {
    let absent = |why: String| Probed::Unmet(Unmet::Absent(why));
    match (&run.finish, run.trace.end()) {
        (Finish::Ended, Some(End::Played)) => Probed::Met,
        (Finish::Ended, Some(End::Unmet(why))) => Probed::Unmet(why.clone()),
        (Finish::Ended, Some(End::Interrupted(Interrupt::Engine(why)))) => absent(why.clone()),
        (Finish::Ended, Some(End::Interrupted(why))) => absent(format!("the probe {why}")),
        (Finish::TimedOut | Finish::NotEnded, _) => Probed::Late(format!(
            "its probe did not end within {:.1} s: {BUSY_REMEDY}",
            deadline.as_secs_f64()
        )),
        (finish, _) => absent(format!("the probe failed: {finish:?}")),
    }
}

/// The verdict on a run, given the approved trace.
pub(crate) fn judge(run: &JobResult, approved: Option<&str>, deadline: Duration) -> Verdict {
    let late = || format!("did not end within {:.1} s", deadline.as_secs_f64());
    match &run.finish {
        Finish::NotStarted(why) | Finish::Died(why) => return Verdict::Error { reason: why.clone() },
        Finish::TimedOut => return Verdict::Timeout { reason: late() },
        Finish::NotEnded => {
            let reason = late() + ", and the kernel did not end its processes when they were killed";
            return Verdict::Timeout { reason };
        }
        Finish::Ended => {}
    }
    match run.trace.end() {
        None => return Verdict::Error { reason: "the director ended without ending its trace".to_string() },
        Some(End::Panicked(message)) => {
            return Verdict::Error { reason: format!("the case panicked: {message}") };
        }
        Some(End::Interrupted(Interrupt::Engine(why) | Interrupt::Script(why))) => {
            return Verdict::Error { reason: why.clone() };
        }
        Some(_) => {}
    }
    if run.trace.calls() == 0 {
        return Verdict::Error { reason: "the case asked nothing of the kernel".to_string() };
    }
    match approved {
        None => Verdict::Error { reason: "there is no approved trace to compare with".to_string() },
        Some(expected) if snapshot::agrees(expected, &run.trace.text()) => Verdict::Pass,
        Some(expected) => match exhausted(&run.trace, expected) {
            Some(reason) => Verdict::Error { reason },
            None => Verdict::Fail,
        },
    }
}
