//! Watching a run into which a fault was injected: the director stops it as soon as its trace
//! differs from the expected one, or nothing in it moves any more. Neither the rest of the script
//! nor a deadline needs to be waited for.
//!
//! A run that is not stopped here is judged by `suite`, as any other run is.

use crate::interrupt::{Interrupt, Play};
use crate::trace::{Entry, Event, Writer};
use nix::poll::PollTimeout;
use nsconform_sys::procfs;
use serde::{Deserialize, Serialize};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The trace that a run must show; the director stops it as soon as it shows another one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expected {
    /// The entries of the trace.
    pub entries: Vec<Entry>,
    /// How long the director waits for an answer before it asks whether anything still moves. The
    /// kernel may work while every process sleeps: it takes a network namespace away, or sends a
    /// packet again.
    pub patience: Duration,
}

/// Compares a run with the expected one while it is played.
pub(crate) struct Watch {
    expected: std::vec::IntoIter<Entry>,
    writer: Writer,
    patience: PollTimeout,
}

impl Watch {
    pub(crate) fn new(Expected { entries, patience }: Expected) -> Watch {
        let patience = PollTimeout::try_from(patience).unwrap_or(PollTimeout::MAX);
        Watch { expected: entries.into_iter(), writer: Writer::default(), patience }
    }

    /// Takes the next event; tells whether the trace up to it is as expected.
    pub(crate) fn agrees(&mut self, event: &Event) -> bool {
        self.writer.write(event).all(|entry| self.expected.next() == Some(entry))
    }

    /// Waits until there is a message on `socket`.
    ///
    /// # Errors
    /// When nothing moves any more that could send one.
    pub(crate) fn wait_for_message(&self, socket: &OwnedFd) -> Play {
        while !crate::director::readable(socket, self.patience) {
            if nothing_moves() {
                // The last one to move may have sent the answer.
                let answered = crate::director::readable(socket, PollTimeout::ZERO);
                return if answered { Ok(()) } else { Err(Interrupt::Stuck) };
            }
        }
        Ok(())
    }
}

/// Tells whether all processes of the sealed place except the director, which calls this, sleep, are
/// stopped or have ended. A process that waits for a processor, however long, moves.
fn nothing_moves() -> bool {
    let rest: Vec<bool> = tasks("/proc").filter_map(|task| rests(&task)).collect();
    // No process at all: it is /proc that cannot be seen.
    !rest.is_empty() && rest.iter().all(|rests| *rests)
}

/// Tells whether a thread rests; none if it is gone.
fn rests(task: &Path) -> Option<bool> {
    let state = procfs::state(task)?;
    Some(matches!(state, 'T' | 't' | 'Z' | 'X') || procfs::is_asleep(task))
}

/// The directories of all threads of other processes than this one, PID 1.
fn tasks(proc: &str) -> impl Iterator<Item = PathBuf> {
    let is_other = |path: &PathBuf| {
        let number = path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
        number.is_some_and(|number| number != 1)
    };
    entries(Path::new(proc)).filter(is_other).flat_map(|process| entries(&process.join("task")))
}

fn entries(directory: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    std::fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;
    use crate::call::uts::Uts;
    use crate::outcome::{Errno, Outcome, Value};
    use crate::trace::Trace;
    use rstest::rstest;

    fn ask(process: u16) -> Event {
        Event::Call { process, call: Call::Uts(Uts::gethostname {}) }
    }

    fn answer(process: u16, outcome: Outcome) -> Event {
        Event::Answer { process, outcome }
    }

    fn said(text: &str) -> Outcome {
        Outcome::Returned(Value::text(text))
    }

    /// Two processes; the second answers while the first is still asked.
    fn run() -> Vec<Event> {
        vec![
            Event::Process("a".into()),
            Event::Process("b".into()),
            ask(0),
            answer(0, said("x")),
            ask(0),
            ask(1),
            answer(1, said("y")),
            answer(0, said("z")),
            Event::Note("the end".into()),
        ]
    }

    /// The place of the first event with which the run is known to differ.
    fn caught(change: impl Fn(&mut Vec<Event>)) -> Option<usize> {
        let mut watch = Watch::new(Expected { entries: Trace(run()).entries(), patience: Duration::ZERO });
        let mut changed = run();
        change(&mut changed);
        changed.iter().position(|event| !watch.agrees(event))
    }

    #[test]
    fn the_same_run_agrees_to_its_end() {
        assert_eq!(caught(|_| {}), None);
    }

    #[rstest]
    #[case::an_answer(3, answer(0, said("other")), 3)]
    #[case::a_refusal(6, answer(1, Outcome::Failed(Errno(libc::EPERM))), 6)]
    #[case::a_late_answer(7, answer(0, said("y")), 7)]
    #[case::a_note(8, Event::Note("another end".into()), 8)]
    #[case::the_name_of_a_process_with_its_first_line(0, Event::Process("c".into()), 3)]
    #[case::a_call_with_its_answer(2, ask(1), 3)]
    fn a_difference_is_known_with_its_event(
        #[case] place: usize,
        #[case] event: Event,
        #[case] expected: usize,
    ) {
        assert_eq!(caught(|events| events[place] = event.clone()), Some(expected));
    }

    #[test]
    fn more_than_expected_is_a_difference() {
        assert_eq!(caught(|events| events.push(Event::Note("more".into()))), Some(9));
    }
}
