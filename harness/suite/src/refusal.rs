//! Answers that say nothing against the kernel: a call that somebody refuses in its place, found
//! before the cases by the harmless forms of calls and after a case by its first difference; and a
//! machine that had nothing left to give.
//!
//! The harmless forms live in the crate `nsconform-sys`; which verdict follows is the business of
//! `runner`.

use crate::verdict::SkipReason;
use nsconform_lab::call::declaration::{Declaration, Mark};
use nsconform_lab::call::device::Device;
use nsconform_lab::call::netfilter::Netfilter;
use nsconform_lab::call::netlink::Netlink;
use nsconform_lab::call::{Call, declarations};
use nsconform_lab::interrupt::Interrupt;
use nsconform_lab::job::{ProbeResult, Unmet};
use nsconform_lab::lab::Lab;
use nsconform_lab::outcome::Outcome;
use nsconform_lab::trace::{Event, Trace};
use nsconform_sys::errno::Errno;
use nsconform_sys::foundation;
use nsconform_sys::harmless::{self, CALLS, Refusal};
use nsconform_sys::kind;
use std::collections::{BTreeMap, BTreeSet};

/// The script of a director that makes each call in its harmless form. It is unmet where some are
/// refused: each by its name, a letter, and a number.
pub(crate) fn ask_all(_: &Lab) -> Result<ProbeResult, Interrupt> {
    let refused = harmless::refused().into_iter().map(|(call, refusal)| {
        let (letter, number) = match refusal {
            Refusal::Fails(Errno(number)) => ('f', number),
            Refusal::Ends(signal) => ('e', signal),
        };
        format!("{} {letter} {number}\n", call.name)
    });
    let refused: String = refused.collect();
    Ok(if refused.is_empty() { Ok(()) } else { Err(Unmet::Absent(refused)) })
}

/// The harmless calls that are refused.
pub(crate) struct Refusals {
    refused: BTreeMap<&'static str, Refusal>,
    /// The harmless calls by which each printed call is made; empty where none is refused.
    made_by: BTreeMap<&'static str, BTreeSet<&'static str>>,
}

impl Refusals {
    fn of(refused: BTreeMap<&'static str, Refusal>) -> Refusals {
        let made_by = if refused.is_empty() { BTreeMap::new() } else { made_by() };
        Refusals { refused, made_by }
    }

    /// The refusals in the finding of [`ask_all`]. EPERM counts only where somebody may refuse calls:
    /// otherwise the kernel itself gives it, which the cases judge.
    pub(crate) fn parse(found: &str, somebody_may: bool) -> Refusals {
        let line = |line: &str| {
            let mut words = line.split(' ');
            let name = words.next()?;
            let call = CALLS.iter().find(|call| call.name == name)?;
            let (letter, number) = (words.next()?, words.next()?.parse().ok()?);
            let refusal = if letter == "f" { Refusal::Fails(Errno(number)) } else { Refusal::Ends(number) };
            let counts = somebody_may || refusal != Refusal::Fails(Errno(libc::EPERM));
            counts.then_some((call.name, refusal))
        };
        Refusals::of(found.lines().filter_map(line).collect())
    }

    /// Why a case cannot be run whose approved trace makes one of these calls, if it does.
    pub(crate) fn of_trace(&self, trace: &str) -> Option<SkipReason> {
        if self.refused.is_empty() {
            return None;
        }
        let made = self.calls_of(trace);
        let (call, refusal) = self.refused.iter().find(|(call, _)| made.contains(*call))?;
        let how = match refusal {
            Refusal::Fails(errno) => format!("gives {}", errno.describe()),
            Refusal::Ends(signal) => format!("ends the caller by signal {signal}"),
        };
        Some(SkipReason::Need {
            need: call.to_string(),
            found: format!("it {how} even where it would change nothing"),
            remedy: allow(call),
        })
    }

    /// The harmless calls that a trace makes, by their names.
    fn calls_of(&self, trace: &str) -> BTreeSet<&'static str> {
        let mut calls = BTreeSet::new();
        for printed in trace.lines().filter_map(printed_call) {
            let Some(name) = name_of(printed) else { continue };
            calls.extend(self.made_by.get(name).into_iter().flatten());
            // A filter may let sockets of some families pass.
            let family = printed.strip_prefix("socket(").and_then(|rest| rest.split(',').next());
            let family = family.map(|family| format!("socket({family})"));
            calls.extend(CALLS.iter().map(|call| call.name).find(|name| Some(*name) == family.as_deref()));
        }
        calls
    }
}

fn allow(call: &str) -> String {
    format!(
        "use a kernel that has {call}; in a container, or under a seccomp filter, a security module or a tracer, allow it there"
    )
}

/// The system calls of library functions and of manual pages that have another name, as the C library
/// makes them.
const OTHER_NAMES: [(&str, &str); 35] = [
    ("adjtimex", "clock_adjtime"),
    ("fork", "clone"),
    ("fstat", "newfstatat"),
    ("getdomainname", "uname"),
    ("gethostname", "uname"),
    ("getrlimit", "prlimit64"),
    ("lstat", "newfstatat"),
    ("mkfifo", "mknodat"),
    ("mknod", "mknodat"),
    ("mq_getattr", "mq_getsetattr"),
    ("mq_receive", "mq_timedreceive"),
    ("mq_send", "mq_timedsend"),
    ("nanosleep", "clock_nanosleep"),
    ("open", "openat"),
    ("pipe", "pipe2"),
    ("pread", "pread64"),
    ("prlimit", "prlimit64"),
    ("pwrite", "pwrite64"),
    ("recv", "recvfrom"),
    ("semop", "semtimedop"),
    ("send", "sendto"),
    ("setrlimit", "prlimit64"),
    ("sigaction", "rt_sigaction"),
    ("signalfd", "signalfd4"),
    ("sigprocmask", "rt_sigprocmask"),
    ("sigsuspend", "rt_sigsuspend"),
    ("sigtimedwait", "rt_sigtimedwait"),
    ("stat", "newfstatat"),
    ("statvfs", "statfs"),
    ("tcgetpgrp", "ioctl"),
    ("tcsetpgrp", "ioctl"),
    ("umount", "umount2"),
    ("vfork", "clone"),
    ("wait", "wait4"),
    ("waitpid", "wait4"),
];

/// The harmless calls by which each printed call is made, by its printed name: itself, or those that
/// the declaration of an observation or of a composite names.
fn made_by() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let of_netlink = [Device::DECLARATIONS, Netfilter::DECLARATIONS, Netlink::DECLARATIONS].concat();
    let mut made: BTreeMap<&'static str, BTreeSet<&'static str>> = BTreeMap::new();
    for declaration in declarations() {
        let calls = made.entry(printed_name(declaration)).or_default();
        match declaration.mark {
            Mark::Call => calls.extend(asked_by(printed_name(declaration))),
            Mark::Observation { reads: text } | Mark::Composite { makes: text } => {
                calls.extend(named_in(text).flat_map(asked_by));
                if text.contains("/proc/") || text.contains("the file") {
                    calls.extend(["openat", "read"]);
                }
            }
        }
        if declaration.mark != Mark::Call && of_netlink.iter().any(|call| call.name == declaration.name) {
            // The engine sets the loopback of the sealed place up by ioctl(2), which such traces show.
            calls.extend(["socket(AF_NETLINK)", "ioctl"]);
        }
    }
    made
}

/// The name of a call as traces print it.
fn printed_name(declaration: &Declaration) -> &'static str {
    let template = declaration.template.unwrap_or(declaration.name);
    template.split(['(', ' ']).next().unwrap_or(template)
}

/// The manual pages of calls and functions that a text names: `open(2) and statvfs(3)`.
fn named_in(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || "_()".contains(letter)));
    words.filter_map(|word| word.strip_suffix("(2)").or_else(|| word.strip_suffix("(3)")))
}

/// The harmless forms by which a call is asked that manual pages name so.
fn asked_by(name: &str) -> impl Iterator<Item = &'static str> {
    let other = OTHER_NAMES.iter().find(|(called, _)| *called == name).map_or(name, |(_, other)| other);
    CALLS.iter().map(|call| call.name).filter(move |call| *call == other)
}

/// The call in a line of a trace with what stands behind it, if the line shows one.
fn printed_call(line: &str) -> Option<&str> {
    // A name of a process may have spaces; a column ends by two.
    let (process, call) = line.split_once("  ")?;
    if process.starts_with('#') {
        return None;
    }
    Some(call.trim_start().trim_start_matches("? ").trim_start_matches("! "))
}

/// The name of a printed call.
fn name_of(printed: &str) -> Option<&str> {
    printed.split(['(', ' ']).next().filter(|name| !name.is_empty())
}

/// The lines in which a trace first differs from the approved one: the approved and the observed.
/// Columns do not count: they are as wide as the longest name in a trace, which one that ended early
/// may not have.
fn first_difference<'t>(expected: &'t str, observed: &'t str) -> Option<(&'t str, &'t str)> {
    let differ = |(approved, line): &(&str, &str)| !approved.split_whitespace().eq(line.split_whitespace());
    let mut approved = expected.lines();
    observed.lines().map(|line| (approved.next().unwrap_or_default(), line)).find(differ)
}

/// The one of these errors with which the call in a line of a trace failed.
fn fails_with(line: &str, errors: &[Errno]) -> Option<Errno> {
    errors.iter().find(|errno| line.contains(&format!(" = -1 {} ", errno.name()))).copied()
}

/// The reason if the first difference is an error that somebody gives in the kernel's place: one of
/// `refusals`. Nothing is said against the kernel then.
pub(crate) fn refused(trace: &Trace, expected: &str, refusals: &[Errno]) -> Option<SkipReason> {
    let observed = trace.text();
    let (approved, line) = first_difference(expected, &observed)?;
    let errno = fails_with(line, refusals)?;
    if fails_with(approved, &[errno]).is_some() {
        return None;
    }
    let call = printed_call(line).and_then(name_of).unwrap_or(line);
    Some(SkipReason::Need {
        need: call.to_string(),
        found: format!(
            "it gives {} where another answer is documented: refused by a filter, a security module or a tracer?",
            errno.name()
        ),
        remedy: allow(call),
    })
}

/// The reason if the engine could not do its part since a call of its own gave one of `refusals`: it
/// says which call and which error, `setsid: EPERM (Operation not permitted)`.
pub(crate) fn refused_to_engine(why: &str, refusals: &[Errno]) -> Option<SkipReason> {
    let errno = refusals.iter().find(|errno| why.contains(&format!(": {} (", errno.name())))?;
    let (before, _) = why.split_once(&format!(": {} (", errno.name()))?;
    let call = before.rsplit(": ").next().unwrap_or(before);
    Some(SkipReason::Need {
        need: call.to_string(),
        found: format!(
            "the engine makes it, and it gives {}: refused by a filter, a security module or a tracer?",
            errno.name()
        ),
        remedy: allow(call),
    })
}

/// Why something of the engine failed, and which calls are refused here, where something may refuse them
/// and does.
pub(crate) fn explained(why: &str, refusals: &[Errno]) -> String {
    let refused = if refusals.is_empty() { Vec::new() } else { harmless::refused_to_anybody() };
    let names: Vec<&str> = refused.iter().map(|(call, _)| call.name).collect();
    match names.is_empty() {
        true => why.to_string(),
        false => format!("{why} (refused here: {})", names.join(", ")),
    }
}

/// Whether a call is refused here that the questions about the engine's foundations make.
pub(crate) fn hinders_the_survey(refusals: &[Errno]) -> bool {
    !refusals.is_empty()
        && harmless::refused_to_anybody().iter().any(|(call, _)| foundation::CALLS.contains(&call.name))
}

/// The answer that says that the machine had nothing left to give, if there is one that the
/// approved trace does not expect: then the run says nothing about the rule.
pub(crate) fn exhausted(trace: &Trace, expected: &str) -> Option<String> {
    let mut called: BTreeMap<u16, &Call> = BTreeMap::new();
    trace.0.iter().find_map(|event| match event {
        Event::Call { process, call } => {
            called.insert(*process, call);
            None
        }
        Event::Answer { process, outcome: Outcome::Failed(errno) } => {
            let call = called.get(process)?;
            let remedy = match errno.0 {
                libc::EAGAIN if call.creates().is_some() => {
                    "more processes (ulimit -u, pids.max of the cgroup)"
                }
                libc::ENOSPC if call.flags().is_some_and(|flags| !kind::creations(flags).is_empty()) => {
                    "more namespaces (/proc/sys/user/max_*_namespaces)"
                }
                libc::EMFILE => "more descriptors (ulimit -n)",
                libc::ENFILE => "more open files (fs.file-max)",
                _ => return None,
            };
            // Where the approved trace shows an error, too, the kernel gives the wrong one.
            let observed = trace.text();
            let another =
                first_difference(expected, &observed).is_some_and(|(line, _)| line.contains(" = -1 E"));
            let unexpected = !another && !expected.contains(&errno.name());
            unexpected.then(|| format!("{} gives {}: allow {remedy}", call.name(), errno.describe()))
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const TRACE: &str = "\
# setns(2) is a word of a note
outer        clone(CLONE_NEWUTS)                      = <inner>
inner guest  ! link_set_up(\"lo\")                      = 0
outer        ? cat(\"/proc/self/setns\")                = \"\"
outer        chroot(\"x\")                            = -1 EPERM (Operation not permitted)
";

    const REFUSED: Refusal = Refusal::Fails(Errno(libc::ENOSYS));

    /// The harmless calls that a trace makes.
    fn made(trace: &str) -> BTreeSet<&'static str> {
        Refusals::of([("clone3", REFUSED)].into()).calls_of(trace)
    }

    #[test]
    fn a_trace_makes_calls() {
        let expected = ["chroot", "clone", "close", "ioctl", "openat", "read", "socket(AF_NETLINK)"];
        assert_eq!(made(TRACE), expected.into());
    }

    #[rstest]
    #[case::a_socket_of_the_script("a  socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE) = 3\n", true)]
    #[case::a_question("a  ? rules()  = [0]\n", true)]
    #[case::a_rule("a  ! nft_drop_output(\"t\")  = 0\n", true)]
    #[case::another_family("a  socket(AF_INET, SOCK_DGRAM, 0) = 3\n", false)]
    fn sockets_of_netlink_are_found(#[case] trace: &str, #[case] found: bool) {
        assert_eq!(made(trace).contains("socket(AF_NETLINK)"), found);
    }

    #[rstest]
    #[case::a_function("a  mq_send(3, \"x\", 0) = 0\n", "mq_timedsend")]
    #[case::an_observation("a  ? statfs_flags(\"/tmp\") = 0\n", "statfs")]
    #[case::a_composite("a  ! capset_drop(CAP_KILL) = 0\n", "capset")]
    #[case::one_of_several_forms("a  shmctl(0, IPC_SET, {uid=1, gid=1}) = 0\n", "shmctl")]
    fn the_calls_behind_a_word_are_found(#[case] trace: &str, #[case] call: &str) {
        assert!(made(trace).contains(call), "{:?}", made(trace));
    }

    /// Each call of the vocabulary that is a system call, or is made of some, can be asked before; or it
    /// is told here why not.
    #[test]
    fn every_call_of_the_vocabulary_is_asked_in_a_harmless_form() {
        // A right kernel refuses these in some places, whatever their arguments.
        const OF_THE_MACHINE: [&str; 6] =
            ["acct", "open_by_handle_at", "setgroups", "swapoff", "syslog", "clock_settime"];
        // No system call, or one that the C library need not make, or that no process can do without.
        const ELSEWHERE: [&str; 4] = ["clock_gettime", "exit", "syscall", "sched_getcpu"];
        let made_by = made_by();
        let unasked: Vec<&str> = declarations()
            .filter(|declaration| declaration.mark == Mark::Call)
            .map(printed_name)
            .filter(|name| made_by[name].is_empty())
            .filter(|name| !OF_THE_MACHINE.contains(name) && !ELSEWHERE.contains(name))
            .collect();
        assert_eq!(unasked, [""; 0]);
    }

    #[test]
    fn other_names_stand_for_harmless_calls() {
        let unknown: Vec<_> =
            OTHER_NAMES.iter().filter(|(name, _)| asked_by(name).next().is_none()).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
        assert!(OTHER_NAMES.is_sorted());
    }

    #[test]
    fn the_width_of_columns_is_no_difference() {
        let expected = "a         getpid()      = 1\na         chroot(\"x\")   = 0\nlong-name getpid() = 2\n";
        let observed = "a  getpid()    = 1\na  chroot(\"x\") = -1 EPERM (Operation not permitted)\n";
        let (_, line) = first_difference(expected, observed).expect("chroot differs");
        assert!(line.contains("chroot"), "{line}");
    }

    #[rstest]
    #[case::of_the_kernel(false, &["clone3"])]
    #[case::of_a_filter(true, &["capset", "clone3", "chroot"])]
    fn eperm_counts_where_somebody_may_refuse(#[case] may: bool, #[case] expected: &[&str]) {
        let found = format!("chroot f {}\nclone3 f {}\n", libc::EPERM, libc::ENOSYS);
        let found = if may { found + "capset e 31\n" } else { found };
        let refused: BTreeSet<&str> = Refusals::parse(&found, may).refused.into_keys().collect();
        assert_eq!(refused, expected.iter().copied().collect());
    }

    #[test]
    fn a_case_is_skipped_for_the_call_that_it_makes() {
        let refusals = |name| Refusals::of([(name, REFUSED)].into());
        assert_eq!(refusals("setns").of_trace(TRACE), None);
        let reason = refusals("clone").of_trace(TRACE).expect("it makes the call");
        assert!(reason.missing().starts_with("needs clone: it gives ENOSYS"), "{}", reason.missing());
    }

    #[rstest]
    #[case::the_engine("sealing: setsid: EPERM (Operation not permitted)", Some("setsid"))]
    #[case::not_by_a_filter("sealing: setsid: EBUSY (Device or resource busy)", None)]
    #[case::another("the case asked nothing of the kernel", None)]
    fn a_call_of_the_engine_is_named(#[case] why: &str, #[case] call: Option<&str>) {
        let found = refused_to_engine(why, &[Errno(libc::EPERM)]);
        let named = found.map(|reason| match reason {
            SkipReason::Need { need, .. } => need,
            other => other.missing(),
        });
        assert_eq!(named.as_deref(), call);
    }
}
