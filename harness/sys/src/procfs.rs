//! What a procfs tells of a process or thread, given its directory there: for the engine, which
//! looks at its own, and for the grader, whose watcher has another one.
//!
//! What follows from that is the business of whoever asks.

use std::path::Path;

/// The state letter, as proc_pid_stat(5) lists them: `Z` is a zombie.
pub type State = char;

/// The fields of `stat` from the state on (proc_pid_stat(5)): what stands before may hold anything.
/// None if there is no such task any more.
pub fn stat(task: &Path) -> Option<Vec<String>> {
    let text = std::fs::read_to_string(task.join("stat")).ok()?;
    let (_, rest) = text.rsplit_once(") ")?;
    Some(rest.split_whitespace().map(str::to_string).collect())
}

/// Its state; none if it is gone.
pub fn state(task: &Path) -> Option<State> {
    stat(task)?.first()?.chars().next()
}

/// Whether it sleeps until something wakes it.
pub fn is_asleep(task: &Path) -> bool {
    // One that has lost the processor on its way into a sleep, which it may not even need, as that
    // of waitpid(2) with WNOHANG, shows S as well; proc_pid_syscall(5) knows better. The state is
    // asked again after that, as one that has ended meanwhile does not run either.
    let runs = || std::fs::read_to_string(task.join("syscall")).is_ok_and(|text| text.starts_with("running"));
    let sleeps = || state(task) == Some('S');
    sleeps() && !runs() && sleeps()
}
