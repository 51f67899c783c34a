//! How far a command is, on a terminal only; and its last words when somebody interrupts it.

use indicatif::{ProgressBar, ProgressStyle};
use nix::sys::signal::{SigHandler, SigSet, Signal, raise, signal};
use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A bar on a terminal, by this template of indicatif; hidden elsewhere. It has no thread of its own, so
/// a command that forks can show it.
pub fn bar(total: usize, template: &str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(total as u64);
    if let Ok(style) = ProgressStyle::with_template(template) {
        // Any terminal has these, in whatever locale.
        bar.set_style(style.progress_chars("=> "));
    }
    bar
}

/// A line that shows how far a command is.
pub struct ProgressLine {
    bar: ProgressBar,
    done: Arc<AtomicUsize>,
    total: Arc<AtomicUsize>,
}

impl ProgressLine {
    /// A line for this many things; `what` names them in the plural. Whoever starts it has no
    /// process to fork any more: a thread waits for the signals that end us.
    pub fn start(total: usize, what: &'static str) -> ProgressLine {
        let bar = bar(total, "{pos}/{len} {wide_msg}");
        bar.set_message(what);
        let done = Arc::new(AtomicUsize::new(0));
        let total = Arc::new(AtomicUsize::new(total));
        speak_when_interrupted(bar.clone(), done.clone(), total.clone(), what);
        ProgressLine { bar, done, total }
    }

    /// One more is done; `message` names it.
    pub fn step(&self, message: &str) {
        self.done.fetch_add(1, Ordering::Relaxed);
        self.bar.set_message(message.to_string());
        self.bar.inc(1);
    }

    /// So many of so many are done.
    pub fn reach(&self, done: usize, total: usize) {
        self.done.store(done, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
        self.bar.set_length(total as u64);
        self.bar.set_position(done as u64);
    }

    /// Does something, such as printing, while the line is away.
    pub fn aside<T>(&self, act: impl FnOnce() -> T) -> T {
        self.bar.suspend(act)
    }

    /// Clears the line.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}

/// At a signal that ends us: clears the line, says what was done, and then ends us by that signal,
/// as whoever waits for us expects.
fn speak_when_interrupted(
    bar: ProgressBar,
    done: Arc<AtomicUsize>,
    total: Arc<AtomicUsize>,
    what: &'static str,
) {
    let signals: SigSet = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP].into_iter().collect();
    // Where signals cannot be blocked, they end us without last words.
    if signals.thread_block().is_err() {
        return;
    }
    let waits = move || {
        let Ok(caught) = signals.wait() else { return };
        bar.finish_and_clear();
        // A closed error output leaves nobody to tell.
        let _ = writeln!(
            std::io::stderr(),
            "nsconform: interrupted by {caught}: {} of {} {what} were done; results that were written \
             before are complete",
            done.load(Ordering::Relaxed),
            total.load(Ordering::Relaxed)
        );
        // SAFETY: no handler is installed, so that nothing runs at the signal.
        let _ = unsafe { signal(caught, SigHandler::SigDfl) };
        let _ = signals.thread_unblock();
        let _ = raise(caught);
    };
    // A filter may refuse threads: then signals end us without last words.
    if std::thread::Builder::new().spawn(waits).is_err() {
        let _ = signals.thread_unblock();
    }
}
