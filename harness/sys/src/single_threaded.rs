//! Proof that the process has one thread, which every safe function that forks demands.
//!
//! A child that a process with several threads forks gets a copy of locks that nobody will ever
//! release; a process with one thread has no such locks. `main` makes the proof once and hands it
//! down by reference. Nothing here says what the child does after the fork.

use crate::errno::Errno;
use std::marker::PhantomData;

/// The calling process has one thread. A forked child has one as well, so the proof of its parent
/// is good there.
///
/// It stays in the thread that made it: whoever holds it starts no other one while it is used.
#[derive(Debug)]
pub struct SingleThreaded(PhantomData<*const ()>);

impl SingleThreaded {
    /// Counts the threads of the calling process.
    ///
    /// Where no procfs is mounted unshare(2) tells: it accepts CLONE_THREAD, and does nothing, in a
    /// process of one thread alone.
    ///
    /// # Errors
    /// Says how many threads there are, or why they cannot be counted.
    pub fn prove() -> Result<SingleThreaded, String> {
        match std::fs::read_dir("/proc/self/task") {
            Ok(tasks) => match tasks.count() {
                1 => Ok(SingleThreaded(PhantomData)),
                threads => Err(format!("the process has {threads} threads, and only one may fork")),
            },
            // SAFETY: takes a number only.
            Err(_) => match Errno::result(unsafe { libc::unshare(libc::CLONE_THREAD) }) {
                Ok(_) => Ok(SingleThreaded(PhantomData)),
                Err(Errno(libc::EINVAL)) => {
                    Err("the process has several threads, and only one may fork".to_string())
                }
                Err(errno) => Err(format!(
                    "the threads of the process cannot be counted: /proc/self/task is missing, and \
                     unshare(CLONE_THREAD) gives {}",
                    errno.describe()
                )),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tests run in threads of their own beside the first one.
    #[test]
    fn several_threads_are_counted() {
        let why = SingleThreaded::prove().unwrap_err();
        assert!(why.contains("threads"), "{why}");
    }

    #[test]
    fn a_forked_child_has_one_thread() {
        // SAFETY: the child counts threads, which allocates in glibc's allocator that fork(3) keeps
        // consistent, and ends by _exit.
        let child = unsafe { libc::fork() };
        if child == 0 {
            // SAFETY: ends the child.
            unsafe { libc::_exit(i32::from(SingleThreaded::prove().is_err())) }
        }
        let mut status = 0;
        // SAFETY: reaps our own child.
        assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
        assert_eq!(status, 0);
    }
}
