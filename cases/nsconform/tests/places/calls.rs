//! Each system call that approved traces make, refused by itself with each errno that filters choose:
//! nothing goes wrong in any of these places, and but for the calls that the engine cannot do without
//! most cases are tested.
//!
//! They are as many as a hundred places, and are tried where `NSCONFORM_CALLS` is set. Which verdicts are
//! wrong in whatever place is said in `table`.

use crate::{Seen, obstacle, under_refusal, usual};
use libtest_mimic::{Completion, Failed, Trial};
use nsconform_suite::verdict::{SkipReason, Verdict};
use nsconform_sys::errno::Errno;
use nsconform_sys::harmless::CALLS;
use std::collections::BTreeMap;
use std::path::Path;

/// The errors of filters.
const ERRORS: [Errno; 2] = [Errno(libc::EPERM), Errno(libc::ENOSYS)];

/// Without one of these nothing can be sealed or directed: then the run says which call it is.
const OF_THE_ENGINE: [&str; 12] = [
    "clone",
    "close",
    "fcntl",
    "getpid",
    "openat",
    "pipe2",
    "recvfrom",
    "recvmsg",
    "sendmsg",
    "sendto",
    "socket",
    "socketpair",
];

/// Without one of these no program of Rust or of the C library comes so far that it could say anything.
const OF_THE_RUNTIME: [&str; 5] = ["execve", "poll", "read", "rt_sigaction", "write"];

/// A trial for each call and errno.
pub fn trials(program: Option<&Path>) -> Vec<Trial> {
    // Sockets of one family have the number of all others.
    let numbers: BTreeMap<i64, &'static str> =
        CALLS.iter().rev().map(|call| (call.number, call.name)).collect();
    let all = numbers.into_iter().filter(|(_, name)| !OF_THE_RUNTIME.contains(name));
    let both = all.flat_map(|call| ERRORS.map(|errno| (call, errno)));
    both.map(|((number, name), errno)| {
        let program = program.map(Path::to_path_buf);
        Trial::ignorable_test(format!("call-{name}-{}", errno.name()), move || {
            if std::env::var_os("NSCONFORM_CALLS").is_none() {
                return Ok(Completion::ignored_with("`.ci/places --calls` runs it".to_string()));
            }
            if let Some(obstacle) = obstacle(program.as_deref(), "") {
                return Ok(Completion::ignored_with(obstacle));
            }
            let program = program.as_deref().unwrap_or(Path::new(""));
            let seen = under_refusal(program, Box::leak(Box::new([number])), errno.0)?;
            judge(name, &seen, usual(program)?).map(|()| Completion::Completed)
        })
    })
    .collect()
}

/// Holds what must be true of a run under a filter that refuses this call.
fn judge(name: &str, seen: &Seen, usual: &Seen) -> Result<(), Failed> {
    let mut wrong = seen.faults(usual);
    let skipped = seen.verdicts.values().filter(|verdict| matches!(verdict, Verdict::Skip { .. })).count();
    let reasons: Vec<String> = seen
        .verdicts
        .values()
        .filter_map(|verdict| match verdict {
            Verdict::Skip { reason: SkipReason::Seal { what } } => Some(what.clone()),
            _ => None,
        })
        .chain(seen.said.iter().cloned())
        .collect();
    let nothing = skipped == seen.verdicts.len();
    if nothing && !OF_THE_ENGINE.contains(&name) {
        wrong.push(format!("nothing is tested: {:?}", reasons.first()));
    }
    let named = |reason: &String| {
        let other = match name {
            "clone" => "fork",
            name => name,
        };
        reason.contains(name) || reason.contains(other)
    };
    if nothing && !reasons.first().is_some_and(named) {
        wrong.push(format!("the call is not named: {:?}", reasons.first()));
    }
    if nothing && !matches!(seen.status, Some(3 | 4)) {
        wrong.push(format!("the exit status is {:?}", seen.status));
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}
