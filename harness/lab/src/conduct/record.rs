//! Recording: every event of a run goes into the journal, in the order in which it happens.
//!
//! The memory that the director shares with the server lives in `journal`.

use crate::interrupt::{Play, engine};
use crate::journal::Journal;
use crate::trace::Event;

/// Writes the events of one run.
pub(crate) struct Recorder<'j> {
    journal: &'j Journal,
}

impl<'j> Recorder<'j> {
    pub(crate) fn new(journal: &'j Journal) -> Recorder<'j> {
        Recorder { journal }
    }

    /// Waits until the server lets this director make its first call.
    pub(crate) fn wait_for_turn(&self) -> Play {
        if self.journal.wait_for_turn() { Ok(()) } else { Err(engine("its turn did not come")) }
    }

    /// Appends an event.
    pub(crate) fn record(&self, event: &Event) -> Play {
        self.journal.append(event).map_err(engine)
    }

    /// The place behind the last event.
    pub(crate) fn place(&self) -> u32 {
        self.journal.place()
    }

    /// Forgets the events from a place on.
    pub(crate) fn forget_from(&self, place: u32) {
        self.journal.forget_from(place);
    }
}
