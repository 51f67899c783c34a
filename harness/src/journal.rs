//! Where a run's events are written while it runs: memory shared with the fork server.
//!
//! Nothing needs to be sent, so writing costs no system call, and what was written before a hang
//! or a kill is there to be shown.

use crate::trace::{Event, Trace};
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};

/// The size of a journal in bytes. Only pages that are written to take memory.
const CAPACITY: usize = 1024 * 1024;
/// Where the events begin: behind the count of used bytes.
const START: usize = 8;

/// A journal that a director writes and the fork server reads.
pub(crate) struct Journal {
    base: *mut u8,
}

impl Journal {
    /// A new, empty journal.
    ///
    /// # Errors
    /// Those of mmap(2).
    pub(crate) fn new() -> io::Result<Journal> {
        // SAFETY: a fresh anonymous mapping, zeroed by the kernel.
        let base = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                CAPACITY,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(Journal { base: base.cast() })
    }

    fn used(&self) -> &AtomicU32 {
        // SAFETY: the mapping starts with a page-aligned, initialised u32 and lives as long as self.
        unsafe { &*self.base.cast::<AtomicU32>() }
    }

    /// Forgets all events.
    pub(crate) fn clear(&self) {
        self.used().store(0, Ordering::Release);
    }

    /// Appends one event.
    ///
    /// # Errors
    /// When the journal is full.
    pub(crate) fn append(&self, event: &Event) -> Result<(), String> {
        let used = self.used().load(Ordering::Relaxed) as usize;
        // SAFETY: the range behind the used bytes lies in the mapping and is written by this
        // process alone: one director per journal at a time.
        let free =
            unsafe { std::slice::from_raw_parts_mut(self.base.add(START + used), CAPACITY - START - used) };
        let written = postcard::to_slice(event, free)
            .map_err(|_| format!("the trace is longer than {CAPACITY} bytes"))?
            .len();
        self.used().store((used + written) as u32, Ordering::Release);
        Ok(())
    }

    /// The bytes of all complete events.
    pub(crate) fn bytes(&self) -> &[u8] {
        let used = (self.used().load(Ordering::Acquire) as usize).min(CAPACITY - START);
        // SAFETY: within the mapping; only read after the director has ended.
        unsafe { std::slice::from_raw_parts(self.base.add(START), used) }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours and nobody else refers to it.
        unsafe { libc::munmap(self.base.cast(), CAPACITY) };
    }
}

/// The trace that was written as these bytes.
///
/// # Errors
/// When an event cannot be decoded.
pub(crate) fn decode(mut bytes: &[u8]) -> Result<Trace, String> {
    let mut events = Vec::new();
    while !bytes.is_empty() {
        let (event, rest) = postcard::take_from_bytes(bytes)
            .map_err(|error| format!("event {} of the trace cannot be decoded: {error}", events.len() + 1))?;
        events.push(event);
        bytes = rest;
    }
    Ok(Trace(events))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_appended_is_read_back() {
        let journal = Journal::new().unwrap();
        let events = [Event::Process("outer".into()), Event::Note("a copy".into())];
        for event in &events {
            journal.append(event).unwrap();
        }
        assert_eq!(decode(journal.bytes()).unwrap().0, events);
        journal.clear();
        assert!(journal.bytes().is_empty());
    }

    #[test]
    fn a_full_journal_keeps_what_it_holds() {
        let journal = Journal::new().unwrap();
        let event = Event::Note("x".repeat(100_000));
        let kept = (0..).take_while(|_| journal.append(&event).is_ok()).count();
        assert_eq!(decode(journal.bytes()).unwrap().0.len(), kept);
    }

    #[test]
    fn a_cut_journal_is_an_error() {
        let journal = Journal::new().unwrap();
        journal.append(&Event::Note("a copy".into())).unwrap();
        let cut = &journal.bytes()[..3];
        assert!(decode(cut).unwrap_err().contains("event 1"));
    }
}
