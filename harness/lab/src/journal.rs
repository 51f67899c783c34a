//! The journal: memory that a director shares with the fork server, and to which it writes the events
//! of its run.
//!
//! Nothing needs to be sent, so writing costs no system call, and the server can show everything
//! that a director wrote before it hung or was killed. Through the same memory the server tells a
//! director that it started ahead of its turn when that turn has come.

use crate::trace::{Event, Trace};
use std::io;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// The size of a journal in bytes. The kernel gives memory only to pages that are written to.
const CAPACITY: usize = 1024 * 1024;
/// The place of the first event: behind the count of used bytes and the word that holds the director.
const START: usize = 8;
/// The values of that word: the director waits, or makes its calls.
const HELD: u32 = 1;
const LET_GO: u32 = 0;
/// The time that a director waits for its turn: longer than a deadline is in the slowest guest.
const LONGEST_HOLD: Duration = Duration::from_secs(600);

/// A journal that a director writes and the fork server reads.
pub struct Journal {
    base: *mut u8,
    /// Shared by journals that were made together.
    _memory: Rc<Memory>,
}

/// Memory for several journals: in one piece, since a fork takes longer with each mapping.
struct Memory {
    base: *mut u8,
    size: usize,
}

impl Memory {
    fn new(size: usize) -> io::Result<Memory> {
        // SAFETY: a fresh anonymous mapping, zeroed by the kernel.
        let base = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                size,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(Memory { base: base.cast(), size })
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and the journals in it are gone.
        unsafe { libc::munmap(self.base.cast(), self.size) };
    }
}

impl Journal {
    /// New, empty journals.
    ///
    /// # Errors
    /// Those of mmap(2).
    pub fn several(count: usize) -> io::Result<Vec<Journal>> {
        let memory = Rc::new(Memory::new(count * CAPACITY)?);
        // SAFETY: each place lies in the mapping.
        let place = |number| unsafe { memory.base.add(number * CAPACITY) };
        Ok((0..count).map(|number| Journal { base: place(number), _memory: memory.clone() }).collect())
    }

    fn used(&self) -> &AtomicU32 {
        // SAFETY: the mapping starts with a page-aligned, initialised u32 and lives as long as self.
        unsafe { &*self.base.cast::<AtomicU32>() }
    }

    fn turn(&self) -> &AtomicU32 {
        // SAFETY: the second u32 of the mapping, as `used` is the first.
        unsafe { &*self.base.cast::<AtomicU32>().add(1) }
    }

    /// Forgets all events, for the next director, which is held or may go at once.
    pub fn clear(&self, held: bool) {
        self.used().store(0, Ordering::Release);
        self.turn().store(if held { HELD } else { LET_GO }, Ordering::Release);
    }

    /// Lets the director go.
    pub fn let_go(&self) {
        self.turn().store(LET_GO, Ordering::Release);
        // SAFETY: the word lies in a mapping that outlives the call; the other arguments are unused.
        unsafe { libc::syscall(libc::SYS_futex, self.turn().as_ptr(), libc::FUTEX_WAKE, 1, 0, 0, 0) };
    }

    /// Waits, in the director, until the server lets it go; the kernel kills it if the server ends
    /// before. Gives false after a time that is longer than any other director may take: where the
    /// kernel has no pidfd, the director may have missed the end of the server.
    pub fn wait_for_turn(&self) -> bool {
        let end = Instant::now() + LONGEST_HOLD;
        while self.turn().load(Ordering::Acquire) == HELD {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let left = nix::sys::time::TimeSpec::from_duration(left);
            let word = self.turn().as_ptr();
            // SAFETY: as in `let_go`; the time outlives the call.
            unsafe { libc::syscall(libc::SYS_futex, word, libc::FUTEX_WAIT, HELD, left.as_ref(), 0, 0) };
        }
        true
    }

    /// Appends one event.
    ///
    /// # Errors
    /// When the journal is full.
    pub fn append(&self, event: &Event) -> Result<(), String> {
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

    /// The place behind the last event, for [`Journal::forget_from`].
    pub fn place(&self) -> u32 {
        self.used().load(Ordering::Relaxed)
    }

    /// Forgets the events from a place on.
    pub fn forget_from(&self, place: u32) {
        self.used().fetch_min(place, Ordering::Release);
    }

    /// The bytes of all complete events.
    pub fn bytes(&self) -> &[u8] {
        let used = (self.used().load(Ordering::Acquire) as usize).min(CAPACITY - START);
        // SAFETY: within the mapping; only read after the director has ended.
        unsafe { std::slice::from_raw_parts(self.base.add(START), used) }
    }
}

/// The trace that was written as these bytes.
///
/// # Errors
/// When an event cannot be decoded.
pub fn decode(mut bytes: &[u8]) -> Result<Trace, String> {
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

    fn journal() -> Journal {
        Journal::several(1).unwrap().remove(0)
    }

    #[test]
    fn what_is_appended_is_read_back() {
        let journal = journal();
        let events = [Event::Process("outer".into()), Event::Note("a copy".into())];
        for event in &events {
            journal.append(event).unwrap();
        }
        assert_eq!(decode(journal.bytes()).unwrap().0, events);
        journal.clear(false);
        assert!(journal.bytes().is_empty());
    }

    #[test]
    fn what_came_after_a_place_is_forgotten() {
        let journal = journal();
        let (kept, forgotten) = (Event::Note("kept".into()), Event::Note("forgotten".into()));
        journal.append(&kept).unwrap();
        let place = journal.place();
        journal.append(&forgotten).unwrap();
        journal.forget_from(place);
        journal.append(&kept).unwrap();
        assert_eq!(decode(journal.bytes()).unwrap().0, [kept.clone(), kept]);
    }

    #[test]
    fn journals_made_together_are_apart() {
        let journals = Journal::several(2).unwrap();
        let event = Event::Note("x".repeat(100_000));
        while journals[0].append(&event).is_ok() {}
        assert!(journals[1].bytes().is_empty());
    }

    #[test]
    fn a_full_journal_keeps_what_it_holds() {
        let journal = journal();
        let event = Event::Note("x".repeat(100_000));
        let kept = (0..).take_while(|_| journal.append(&event).is_ok()).count();
        assert_eq!(decode(journal.bytes()).unwrap().0.len(), kept);
    }

    #[test]
    fn a_cut_journal_is_an_error() {
        let journal = journal();
        journal.append(&Event::Note("a copy".into())).unwrap();
        let cut = &journal.bytes()[..3];
        assert!(decode(cut).unwrap_err().contains("event 1"));
    }
}
