//! Conduct: everything that happens around the calls of a run, a type of its own each.
//!
//! | module | what it does around a call |
//! |---|---|
//! | `injection` | injects one fault: withholds a call, alters it, or pretends another answer |
//! | `delay` | delays calls at random |
//! | `watch` | compares the run with an expected one and stops it where they differ |
//! | `record` | writes calls and answers into the journal |
//!
//! A run without any of the first three is *plain*. Whether a written script may pass over steps that
//! cannot be taken is a matter of the player, in `script`. The director asks `Around` at each of the
//! moments of a call and knows none of the four; who the processes are lives in `director`.

pub mod delay;
pub mod injection;
mod record;
pub mod watch;

use crate::call::Call;
use crate::interrupt::{Interrupt, Play};
use crate::journal::Journal;
use crate::trace::Event;
use delay::{Delays, Jitter};
use injection::{Injection, Injector, Treatment};
use record::Recorder;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::os::fd::OwnedFd;
use watch::{Expected, Watch};

/// How a run is conducted; plain by default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Conduct {
    /// The fault that is injected.
    pub injection: Option<Injection>,
    /// The delays before calls.
    pub jitter: Option<Jitter>,
    /// The trace that the run must show; the run is stopped where it shows another one.
    pub expected: Option<Expected>,
    /// Whether a written script passes over the steps that cannot be taken, instead of being
    /// interrupted: so every part of a script can be played.
    pub passes_over: bool,
}

/// The conduct of one run while it is played.
pub(crate) struct Around<'j> {
    recorder: Recorder<'j>,
    injector: Option<Injector>,
    delays: Option<RefCell<Delays>>,
    watch: Option<RefCell<Watch>>,
}

impl<'j> Around<'j> {
    pub(crate) fn new(journal: &'j Journal, conduct: Conduct) -> Around<'j> {
        let Conduct { injection, jitter, expected, passes_over: _ } = conduct;
        Around {
            recorder: Recorder::new(journal),
            injector: injection.map(Injector::new),
            delays: jitter.map(|jitter| RefCell::new(Delays::new(jitter))),
            watch: expected.map(|expected| RefCell::new(Watch::new(expected))),
        }
    }

    /// Waits until the next call may be asked: the director has its turn, and the delay is over.
    pub(crate) fn before_call(&self) -> Play {
        self.recorder.wait_for_turn()?;
        if let Some(delays) = &self.delays {
            delays.borrow_mut().delay();
        }
        Ok(())
    }

    /// Decides how the next call is treated, and alters it where the injected fault says so. The
    /// journal holds the call as the script asked for it.
    pub(crate) fn treat(&self, call: &mut Call) -> Treatment {
        self.injector.as_ref().map_or(Treatment::Performed, |injector| injector.treat(call))
    }

    /// Records an event.
    ///
    /// # Errors
    /// When the journal is full, and when a watched run shows something else than is expected.
    pub(crate) fn record(&self, event: &Event) -> Play {
        self.recorder.record(event)?;
        match &self.watch {
            Some(watch) if !watch.borrow_mut().agrees(event) => Err(Interrupt::Differs),
            _ => Ok(()),
        }
    }

    /// The place in the journal behind the last event.
    pub(crate) fn place(&self) -> u32 {
        self.recorder.place()
    }

    /// Forgets the events from a place in the journal on.
    pub(crate) fn forget_from(&self, place: u32) {
        self.recorder.forget_from(place);
    }

    /// Waits for a message on `socket` if the run is watched. If it is not, only the deadline ends
    /// the waiting, and receiving is enough.
    ///
    /// # Errors
    /// When nothing in a watched run moves any more.
    pub(crate) fn wait_for_message(&self, socket: &OwnedFd) -> Play {
        self.watch.as_ref().map_or(Ok(()), |watch| watch.borrow().wait_for_message(socket))
    }
}
