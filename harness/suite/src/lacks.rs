//! The things that approved traces use and that the place lacks: refused calls, files of /proc, file
//! systems. Each is asked for before the cases, in a form that changes nothing.
//!
//! How each is asked for lives in `refusal`, `proc_files` and `filesystems`; which verdict follows is
//! the business of `runner`.

use crate::filesystems::{self, Absent};
use crate::proc_files::{self, Hindrances};
use crate::refusal::Refusals;
use crate::verdict::SkipReason;
use nsconform_lab::job::Unmet;
use nsconform_lab::script::Script;
use nsconform_lab::trace::{End, Trace};
use std::collections::BTreeSet;

/// The things that the place lacks, as far as they were asked for.
#[derive(Default)]
pub(crate) struct Lacks {
    /// None as long as nobody has asked.
    refusals: Option<Refusals>,
    hindrances: Hindrances,
    absent: Absent,
}

/// The files and file systems that traces use, and the scripts that ask for them.
pub(crate) struct Wanted {
    files: BTreeSet<String>,
    types: BTreeSet<String>,
}

impl Wanted {
    /// The things that any of these traces uses.
    pub(crate) fn of_traces<'t>(traces: impl Iterator<Item = &'t str> + Clone) -> Wanted {
        Wanted { files: proc_files::of_traces(traces.clone()), types: filesystems::of_traces(traces) }
    }

    /// The questions, to whose answers [`Lacks::take_answers`] listens.
    pub(crate) fn questions(&self) -> [Script; 2] {
        [proc_files::question(&self.files), filesystems::question(&self.types)]
    }
}

impl Lacks {
    /// Whether refused calls were asked for.
    pub(crate) fn knows_refusals(&self) -> bool {
        self.refusals.is_some()
    }

    /// Takes the end of the script that asks for refused calls; see [`Refusals::parse`].
    pub(crate) fn take_refusals(&mut self, end: Option<&End>, somebody_may: bool) {
        let found = match end {
            Some(End::Unmet(Unmet::Absent(found))) => found,
            _ => "",
        };
        self.refusals = Some(Refusals::parse(found, somebody_may));
    }

    /// Takes the answers to the question with this number.
    pub(crate) fn take_answers(&mut self, wanted: &Wanted, number: usize, answers: &Trace) {
        match number {
            0 => self.hindrances = proc_files::judge(&wanted.files, answers),
            _ => self.absent = filesystems::judge(&wanted.types, answers),
        }
    }

    /// The thing for which a case cannot be run with this approved trace, if it cannot.
    pub(crate) fn of(&self, trace: &str) -> Option<SkipReason> {
        let refused = self.refusals.as_ref().and_then(|refusals| refusals.of_trace(trace));
        refused.or_else(|| self.hindrances.of(trace)).or_else(|| self.absent.of(trace))
    }
}
